"""Pages checked: every statement in its place, with what the page has said before it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from time import process_time
from typing import NamedTuple

import numpy as np

from fcnref.equations.declarations import NotationError, front_matter, read_mapping
from fcnref.equations.expression import Node, walk
from fcnref.equations.holes import fillings
from fcnref.equations.judging import SECONDS, judged, named, passed
from fcnref.equations.knowledge import Known
from fcnref.equations.meaning import Context, read, read_name
from fcnref.equations.notation import Notation
from fcnref.equations.page import LONGEST, Display, read_macros, read_page, statements, text_of
from fcnref.equations.syntax import NotRead
from fcnref.equations.verdict import Verdict

MOST_STATEMENTS = 4000
"""The most statements read from one page."""


def check_equation(tex: str, notation: Notation | str = "columns-are-examples") -> Verdict:
    r"""Check one equation.

    Parameters
    ----------
    tex
        LaTeX, without delimiters. The verdict is that of the last statement, or of the first one
        that fails.
    notation
        A notation, or the name of a bundled one.

    Returns
    -------
    Verdict
        What the equation was found to be, and where it is wrong the change that mends it.

    Examples
    --------
    >>> from fcnref.equations import check_equation
    >>> wrong = r"\nabla_{A^{[l-1]}} J = W^{[l]} \nabla_{Z^{[l]}} J"
    >>> check_equation(wrong).repair
    'true with W^{[l]}ᵀ for W^{[l]}'
    """
    checked = _check_displays([Display(1, tex)], _notation(notation), {})
    verdicts = [verdict for one in checked for verdict in one.verdicts]
    if not verdicts:
        return Verdict("not read", 1, "", tex, "there is no statement", ("nothing",))
    return next((v for v in verdicts if v.status in {"wrong", "not read"}), verdicts[-1])


def check_page(page: str | Path, notation: Notation | str | None = None) -> list[Verdict]:
    r"""Check every statement of a page.

    Parameters
    ----------
    page
        The path of a page, as a path object or as a word that names a file, or the
        text of one.
    notation
        A notation, or the name of a bundled one. What the page declares in its front matter is
        added to it.

    Returns
    -------
    list of Verdict
        In the order of the page. Formulas in sentences are listed where they state a relation.

    Examples
    --------
    >>> from fcnref.equations import check_page
    >>> page = r"$$ \nabla_{b_j^{[l]}} J = \nabla_{z_{j,i}^{[l]}} J $$"
    >>> print(check_page(page)[0])
    1: wrong: index i is free on the right but not on the left / true with Σ_{i=1}^{m} on the right
    """
    checked = check_displays(page, notation)
    verdicts = (verdict for one in checked for verdict in one.verdicts)
    return sorted(verdicts, key=lambda verdict: verdict.line)


class Checked(NamedTuple):
    """A display of a page, what the page has said before it, and the verdicts on its statements."""

    display: Display
    known: Known
    verdicts: list[Verdict]


def check_displays(page: str | Path, notation: Notation | str | None = None) -> Iterator[Checked]:
    """Check a page display by display, as `check_page` does, and tell what each rests on."""
    source: str | Path = page
    if isinstance(page, str) and "\n" not in page and len(page) < 1024:
        named = Path(page)
        try:
            source = named if named.suffix and named.is_file() else page
        except (OSError, ValueError):
            source = page
    text = text_of(source)
    start = _notation("columns-are-examples" if notation is None else notation)
    try:
        start = start.extend(front_matter(text))
    except NotationError as error:
        verdict = Verdict("not read", 1, "", "", str(error), ("notation",))
        yield Checked(Display(1, ""), Known(start, Context(start)), [verdict])
        return
    macros = {**read_macros(text), **start.macros}
    yield from _check_displays(read_page(source), start, macros)


def _notation(notation: Notation | str) -> Notation:
    if isinstance(notation, str):
        return Notation.bundled(notation)
    if not isinstance(notation, Notation):
        raise NotationError(
            f"notation: expected a Notation or the name of one, got {notation!r}; "
            "Notation().extend(...) makes one of declarations"
        )
    return notation


def assert_page(page: str | Path, notation: Notation | str | None = None) -> None:
    r"""Raise AssertionError with a report unless every equation of a page passes.

    A statement passes if it is true, a definition or wrong on purpose; one that is not read passes
    only where it carries no label.

    Parameters
    ----------
    page
        The path of a page, or the text of one, as for `check_page`.
    notation
        A notation, or the name of a bundled one.

    Raises
    ------
    AssertionError
        If a statement does not pass, or if no equation of the page was read.

    Examples
    --------
    A test for pytest, which keeps a page of notes true:

    >>> from fcnref.equations import assert_page
    >>> page = r"$$ dW^{[l]} = dZ^{[l]} A^{[l-1]T} $$"
    >>> def test_my_notes():
    ...     assert_page(page)
    >>> test_my_notes()
    """
    verdicts = check_page(page, notation)
    failing = [verdict for verdict in verdicts if verdict.fails]
    if failing:
        raise AssertionError("\n".join(map(str, failing)))
    if not any(verdict.status in {"true", "definition"} for verdict in verdicts):
        raise AssertionError("assert_page: no equation of the page was read")


def _check_displays(
    displays: Sequence[Display], notation: Notation, macros: Mapping[str, str]
) -> Iterator[Checked]:
    known = Known(notation, Context(notation))
    outer: list[tuple[int, Notation]] = []
    deferred: list[tuple[Display, Known]] = []
    level = here = count = 0
    for display in displays:
        if display.section:
            level = display.section
            known = known.next_section()
            if level <= here:
                known = known._replace(here="")
            while outer and outer[-1][0] >= level:
                known = known._replace(notation=outer.pop()[1])
            continue
        if display.declares:
            declared = _extended(known.notation, display.declares, display)
            if isinstance(declared, Verdict):
                yield Checked(display, known, [declared])
                continue
            outer.append((level, known.notation))
            known = known._replace(notation=declared)
            continue
        before = known
        found, known = check_display(display, known, macros)
        here = level if known.here != before.here else here
        if any(verdict.codes == ("undeclared",) for verdict in found):
            deferred.append((display, known))
        else:
            yield Checked(display, before, found)
        count += len(found)
        if count > MOST_STATEMENTS:
            break
    yield from _read_again(deferred, known.context, macros)


def _read_again(
    deferred: Sequence[tuple[Display, Known]], context: Context, macros: Mapping[str, str]
) -> Iterator[Checked]:
    """Check what used a name before the page defined it, as long as that defines further names."""
    while deferred:
        waiting: list[tuple[Display, Known]] = []
        unread: list[Checked] = []
        definitions = dict(context.definitions)
        for display, then in deferred:
            own = replace(then.context, definitions={**definitions, **then.context.definitions})
            known = then._replace(context=own)
            found, after = check_display(display, known, macros)
            definitions = {**after.context.definitions, **definitions}
            if any(verdict.codes == ("undeclared",) for verdict in found):
                waiting.append((display, then))
                unread.append(Checked(display, known, found))
            else:
                yield Checked(display, known, found)
        if len(definitions) == len(context.definitions):
            yield from unread
            return
        deferred, context = waiting, replace(context, definitions=definitions)


def _extended(notation: Notation, declares: str, display: Display) -> Notation | Verdict:
    """Add declarations, or return the verdict on those that cannot be understood."""
    try:
        return notation.extend(read_mapping(declares.replace(";", "\n")))
    except NotationError as error:
        text, codes = str(error), ("notation",)
        return Verdict("not read", display.line, display.label, declares, text, codes)


def check_display(
    display: Display, known: Known, macros: Mapping[str, str]
) -> tuple[list[Verdict], Known]:
    """Return the verdicts on a display, and what is known after it."""
    blank = Verdict("not read", display.line, display.label, display.tex[:LONGEST])
    if len(display.tex) > LONGEST:
        text = f"the display is longer than {LONGEST} characters"
        return [blank._replace(message=text, codes=("long",))], known
    classes = display.options.get("class", "").split()
    if "elsewhere" in classes:
        text = "it is about another network"
        return [blank._replace(message=text, codes=("elsewhere",))], known
    outer, before = known.notation, known.context
    if given := display.options.get("given"):
        extended = _extended(outer, given, display)
        if isinstance(extended, Verdict):
            return [extended], known
        known = known._replace(notation=extended)
    verdicts: list[Verdict] = []
    given_values: Counter[str] = Counter()
    for statement in statements(display, macros):
        if display.inline and not any(x in statement.tex for x in ("=", r"\in", r"\equiv")):
            continue
        label = statement.label or display.label
        earlier = known.context
        found, known = _check_statement(statement.tex, statement.line, label, known)
        given_values.update(_numbers_given(known.context, earlier))
        verdicts.extend(verdict._replace(inline=display.inline) for verdict in found)
    passing = {name for name, values in given_values.items() if values > 1 or display.inline}
    known = known._replace(notation=outer, context=_without(passing, known.context, before))
    if len(verdicts) > 1:
        verdicts = [v for v in verdicts if v.codes != ("nothing",) or v.faults] or verdicts[:1]
    if display.inline:
        verdicts = [
            _in_sentence(v) for v in verdicts if v.codes[:1] not in {("nothing",), ("remark",)}
        ]
    if "definition" in classes:
        verdicts = [_declared_definition(verdict, known) for verdict in verdicts]
    if "wrong" in classes:
        verdicts = _on_purpose(verdicts, display.options.get("because", ""))
    return verdicts, known


def _numbers_given(context: Context, before: Context) -> Iterator[str]:
    """Yield the names of the numbers that were given a value, such as c = 1/2."""
    for name, definition in context.definitions.items():
        is_number = not any(isinstance(part, Node) for part in walk(definition.body))
        if is_number and before.definitions.get(name) is not definition:
            yield name


def _without(names: Collection[str], context: Context, before: Context) -> Context:
    """Forget the values of numbers that a sentence supposes, or a display as one of several."""
    kept = {name: d for name, d in context.definitions.items() if name not in names}
    earlier = {name: d for name, d in before.definitions.items() if name in names}
    return replace(context, definitions={**kept, **earlier})


def _declared_definition(verdict: Verdict, known: Known) -> Verdict:
    """Take a display that is not read for the definition that its author declares it to be.

    What it gives a meaning to has to exist all the same.
    """
    if verdict.status != "not read":
        return verdict
    name = read_name(verdict.tex, replace(known.context, notation=known.notation))
    if name is not None and (placed := named(name, known, verdict)).status == "wrong":
        return placed
    return verdict._replace(status="definition", message=f"declared, not read: {verdict.message}")


_SPECIAL = {"activation", "cost", "elementwise", "one-example", "last-layer"}


def _in_sentence(verdict: Verdict) -> Verdict:
    """Judge a formula in a sentence, which may speak of a special case or suppose something."""
    derives = re.search(r"\\partial|\\nabla|∂|∇|\bd[A-Z]", verdict.tex)
    if verdict.status == "wrong" and (not derives or _SPECIAL & set(verdict.codes)):
        text = "in a sentence this may be a supposition"
        return verdict._replace(status="not read", message=text, codes=("supposition",), repair="")
    return verdict


def _on_purpose(verdicts: list[Verdict], because: str) -> list[Verdict]:
    """Turn the verdict round on a display that is declared wrong."""
    reasons = because.replace(",", " ").split()
    blamed = [v for v in verdicts if v.status == "wrong" or (v.faults and v.status != "not read")]
    if not blamed:
        return [
            v._replace(status="wrong", message="declared wrong, but nothing is wrong with it",
                       codes=("not-wrong",)) if v.status != "not read" else v
            for v in verdicts
        ]  # fmt: skip
    given = {code for v in blamed for code in (*v.codes, *(r.code for r in v.reproaches))}
    missing = [reason for reason in reasons if reason not in given]
    if missing:
        text = (
            f"declared wrong because of {', '.join(missing)}, "
            f"but the reasons are {', '.join(sorted(given))}"
        )
        return [v._replace(status="wrong", message=text, codes=("because",)) for v in blamed]
    return [v._replace(status="wrong on purpose") if v in blamed else v for v in verdicts]


def _check_statement(tex: str, line: int, label: str, known: Known) -> tuple[list[Verdict], Known]:
    blank = Verdict("not read", line, label, tex)
    context = replace(known.context, notation=known.notation)
    try:
        claims = read(tex, context)
    except NotRead as error:
        repair = _filled(tex, context, known, blank)
        return [blank._replace(message=error.text, codes=(error.code,), repair=repair)], known
    except RecursionError:
        return [blank._replace(message="it is nested too deeply", codes=("deep",))], known
    verdicts = []
    for number, claim in enumerate(claims):
        known = known.with_claim(claim)
        with np.errstate(all="ignore"):
            verdict = judged(claim, known, blank)
            if "shape" in verdict.codes and verdict.status == "wrong":
                verdict = _read_otherwise(tex, number, context, known, blank) or verdict
        verdicts.append(verdict)
    return verdicts, known


def _filled(tex: str, context: Context, known: Known, blank: Verdict) -> str:
    """Return the quantity with which in its first hole a statement is true, in words, or ""."""
    end = process_time() + SECONDS
    for quantity, whole in takewhile(lambda _: process_time() < end, fillings(tex)):
        try:
            with np.errstate(all="ignore"):
                verdicts = [passed(claim, known, blank) for claim in read(whole, context)]
        except (NotRead, RecursionError):
            continue
        if any(v and v.status == "true" for v in verdicts) and all(verdicts):
            return f"true with {quantity} there"
    return ""


def _read_otherwise(
    tex: str, number: int, context: Context, known: Known, blank: Verdict
) -> Verdict | None:
    """Read A ⊙ B C as (A ⊙ B) C, or z as a number, where shapes leave no other reading."""
    for reading in ({"loose": True}, {"identity": True}):
        try:
            claim = read(tex, context, **reading)[number]
        except (NotRead, IndexError):
            continue
        verdict = judged(claim, known, blank)
        if verdict.status == "true":
            return verdict
    return None
