"""The verdict on every statement of a page, and the report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import NamedTuple, cast

import numpy as np

from fcnref.equations.comparison import (
    Failure,
    Outcome,
    compare,
    needed,
    recognized_activation,
    recognized_cost,
    recognized_output,
)
from fcnref.equations.explain import Strength, canonical, explain, strength
from fcnref.equations.expression import (
    Apply,
    Count,
    Derivative,
    Expression,
    Free,
    Node,
    Truth,
    walk,
)
from fcnref.equations.meaning import Claim, Context, Definition, Reproach, read
from fcnref.equations.networks import LOSSES
from fcnref.equations.notation import Notation, NotationError, front_matter, read_mapping
from fcnref.equations.page import LONGEST, Display, read_macros, read_page, statements
from fcnref.equations.syntax import NotRead
from fcnref.equations.value import Fault, NoMeaning

SECONDS = 4.0
"""The most time of the processor spent on one statement."""

MOST_STATEMENTS = 4000
"""The most statements read from one page."""


class Verdict(NamedTuple):
    """What became of one statement.

    Attributes
    ----------
    status
        "true", "definition", "wrong on purpose", "wrong" or "not read".
    line
        The line of the page.
    label
        The label of the display, or "".
    tex
        The statement as printed.
    message
        What is wrong or was not understood; "" for a true equation.
    codes
        Short names of the reasons, such as "index", "shape", "layer", "delta".
    repair
        The likely repair, or "".
    reproaches
        Faults of notation, kept apart from the verdict on the mathematics.
    places, networks, error
        How many numbers were compared, in how many networks, and the largest relative error.
    rejected, variants
        How many single-edit variants were rejected, of how many.
    survivors
        The variants that hold as well.
    inline
        True for mathematics within a sentence.
    """

    status: str
    line: int
    label: str
    tex: str
    message: str = ""
    codes: tuple[str, ...] = ()
    repair: str = ""
    reproaches: tuple[Reproach, ...] = ()
    places: int = 0
    networks: int = 0
    error: float = 0.0
    rejected: int = 0
    variants: int = 0
    survivors: tuple[str, ...] = ()
    inline: bool = False

    @property
    def faults(self) -> tuple[Reproach, ...]:
        """The reproaches that are more than a matter of style."""
        return tuple(fault for fault in self.reproaches if not fault.note)

    @property
    def fails(self) -> bool:
        """True where a page should not be published like this.

        A statement that is not read counts where it carries a label: nothing that a page can be
        cited for is passed over in silence.
        """
        if self.status == "not read":
            return (
                self.codes == ("notation",)
                or bool(self.label)
                or (bool(self.faults) and not self.inline)
            )
        if self.status == "wrong on purpose":
            return False
        return self.status == "wrong" or bool(self.faults)

    @property
    def evidence(self) -> str:
        """The evidence in words: where it holds, how closely, and how well guarded."""
        if not self.places:
            return ""
        places = "1 place" if self.places == 1 else f"{self.places} places"
        networks = "1 network" if self.networks == 1 else f"{self.networks} networks"
        text = f"holds at {places} in {networks}, error {self.error:.0e}"
        if self.variants:
            text += f"; {self.rejected} of {self.variants} variants rejected"
        return text

    def __str__(self) -> str:
        parts = [self.message] if self.message else []
        if self.repair:
            parts.append(self.repair)
        parts.extend(fault.text for fault in self.reproaches)
        if self.status in {"true", "definition"} and self.evidence:
            parts.insert(0, self.evidence)
        label = f" ({self.label})" if self.label else ""
        return f"{self.line}: {self.status}{label}" + (": " + " / ".join(parts) if parts else "")


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
    chosen = Notation.bundled(notation) if isinstance(notation, str) else notation
    verdicts = list(_check_displays([Display(1, tex)], chosen, {}))
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
    source: str | Path = page
    if isinstance(page, str) and "\n" not in page and len(page) < 1024:
        named = Path(page)
        try:
            source = named if named.suffix and named.is_file() else page
        except (OSError, ValueError):
            source = page
    text = source if isinstance(source, str) else source.read_text("utf-8", errors="replace")
    start = Notation.bundled(notation) if isinstance(notation, str) else notation
    if start is None:
        start = Notation.bundled("columns-are-examples")
    try:
        start = start.extend(front_matter(text))
    except NotationError as error:
        return [Verdict("not read", 1, "", "", str(error), ("notation",))]
    macros = {**read_macros(text), **start.macros}
    verdicts = _check_displays(read_page(source), start, macros)
    return sorted(verdicts, key=lambda verdict: verdict.line)


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


class _Page(NamedTuple):
    """What a page has declared and defined up to a place.

    `activation` is what a definition g(z) = ... says; `here` is what a forward equation such as
    a = softmax(z) says of the section that it stands in.
    """

    notation: Notation
    context: Context
    activation: str = ""
    here: str = ""
    costs: tuple[str, ...] = ()


def _reopened(page: _Page) -> _Page:
    """Let the next section define names anew, except those that stand for a derivative."""
    names = (
        name
        for name, definition in page.context.definitions.items()
        if not any(isinstance(part, Derivative) for part in walk(definition.body))
    )
    return page._replace(context=replace(page.context, reopened=frozenset(names)))


def _check_displays(
    displays: Sequence[Display], notation: Notation, macros: Mapping[str, str]
) -> Iterator[Verdict]:
    page = _Page(notation, Context(notation))
    outer: list[tuple[int, Notation]] = []
    deferred: list[tuple[Display, _Page]] = []
    level = here = count = 0
    for display in displays:
        if display.section:
            level = display.section
            page = _reopened(page)
            if level <= here:
                page = page._replace(here="")
            while outer and outer[-1][0] >= level:
                page = page._replace(notation=outer.pop()[1])
            continue
        if display.declares:
            try:
                declared = page.notation.extend(read_mapping(display.declares))
            except NotationError as error:
                yield Verdict(
                    "not read", display.line, "", display.declares, str(error), ("notation",)
                )
                continue
            outer.append((level, page.notation))
            page = page._replace(notation=declared)
            continue
        before = page.here
        found, page = _check_display(display, page, macros)
        here = level if page.here != before else here
        if any(verdict.codes == ("undeclared",) for verdict in found):
            deferred.append((display, page))
        else:
            yield from found
        count += len(found)
        if count > MOST_STATEMENTS:
            break
    for display, then in deferred:
        known = {**page.context.definitions, **then.context.definitions}
        context = replace(then.context, definitions=known)
        yield from _check_display(display, then._replace(context=context), macros)[0]


def _check_display(
    display: Display, page: _Page, macros: Mapping[str, str]
) -> tuple[list[Verdict], _Page]:
    verdicts: list[Verdict] = []
    if len(display.tex) > LONGEST:
        text = f"the display is longer than {LONGEST} characters"
        return [
            Verdict("not read", display.line, display.label, display.tex[:80], text, ("long",))
        ], page
    outer, before = page.notation, page.context
    if given := display.options.get("given"):
        try:
            page = page._replace(notation=outer.extend(read_mapping(given.replace(";", "\n"))))
        except NotationError as error:
            text, codes = str(error), ("notation",)
            return [Verdict("not read", display.line, display.label, given, text, codes)], page
    for statement in statements(display, macros):
        if display.inline and not any(x in statement.tex for x in ("=", r"\in", r"\equiv")):
            continue
        label = statement.label or display.label
        found, page = _check_statement(statement.tex, statement.line, label, page)
        verdicts.extend(found)
    verdicts = [verdict._replace(inline=display.inline) for verdict in verdicts]
    if len(verdicts) > 1:
        verdicts = [v for v in verdicts if v.codes != ("nothing",) or v.faults] or verdicts[:1]
    if display.inline:
        page = page._replace(context=_without_numbers(page.context, before))
        verdicts = [
            _in_sentence(v) for v in verdicts if v.codes[:1] not in {("nothing",), ("remark",)}
        ]
    page = page._replace(notation=outer)
    classes = display.options.get("class", "").split()
    if "elsewhere" in classes:
        text, codes = "it is about another network", ("elsewhere",)
        blank = Verdict("not read", display.line, display.label, display.tex, text, codes)
        return [blank], page
    if "definition" in classes:
        verdicts = [_declared_definition(verdict) for verdict in verdicts]
    if "wrong" in classes:
        verdicts = _on_purpose(verdicts, display.options.get("because", ""))
    return verdicts, page


def _without_numbers(context: Context, before: Context) -> Context:
    """Forget the values that a sentence supposes for numbers, such as c = 1/2."""
    kept = {
        name: definition
        for name, definition in context.definitions.items()
        if before.definitions.get(name) is definition
        or any(isinstance(part, Node) for part in walk(definition.body))
    }
    return replace(context, definitions=kept)


def _declared_definition(verdict: Verdict) -> Verdict:
    """Take a display that is not read for the definition that its author declares it to be."""
    if verdict.status != "not read":
        return verdict
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


def _check_statement(tex: str, line: int, label: str, page: _Page) -> tuple[list[Verdict], _Page]:
    blank = Verdict("not read", line, label, tex)
    context = replace(page.context, notation=page.notation)
    try:
        claims = read(tex, context)
    except NotRead as error:
        return [blank._replace(message=error.text, codes=(error.code,))], page
    except RecursionError:
        return [blank._replace(message="it is nested too deeply", codes=("deep",))], page
    verdicts = []
    for number, claim in enumerate(claims):
        if claim.defines is not None:
            known = {**page.context.definitions, claim.defines.name: claim.defines}
            page = page._replace(context=replace(page.context, definitions=known))
        page = _learned(claim, page)
        with np.errstate(all="ignore"):
            verdict = _judged(claim, page, blank)
        if "shape" in verdict.codes and verdict.status == "wrong":
            verdict = _read_otherwise(tex, number, context, page, blank) or verdict
        verdicts.append(verdict)
    return verdicts, page


def _read_otherwise(
    tex: str, number: int, context: Context, page: _Page, blank: Verdict
) -> Verdict | None:
    """Read A ⊙ B C as (A ⊙ B) C, or z as a number, where shapes leave no other reading."""
    for reading in ({"loose": True}, {"identity": True}):
        try:
            claim = read(tex, context, **reading)[number]
        except (NotRead, IndexError):
            continue
        with np.errstate(all="ignore"):
            verdict = _judged(claim, page, blank)
        if verdict.status == "true":
            return verdict
    return None


def _learned(claim: Claim, page: _Page) -> _Page:
    """Note the activation and the cost that a page defines, as a second reading for later."""
    if len(claim.members) < 2 or any(
        isinstance(p, Derivative) for m in claim.members for p in walk(m)
    ):
        return page
    left = claim.members[0]
    with np.errstate(all="ignore"):
        if isinstance(left, Apply):
            name = recognized_activation(claim, page.notation)
            return page._replace(activation=name or page.activation)
        if isinstance(left, Node) and left.family == "A":
            name = recognized_output(claim, page.notation)
            return page._replace(here=name or page.here)
        if isinstance(left, Node) and left.family in {"J", "losses"}:
            names = [prefix + name for prefix in ("", "sum ") for name in LOSSES]
            trial = replace(page.notation, output="sigmoid")
            found = recognized_cost(claim.members[1], trial, names, left.family)
            costs = (
                (found, *(cost for cost in page.costs if cost != found)) if found else page.costs
            )
            return page._replace(costs=costs[:3])
    return page


def _readings(page: _Page) -> Iterator[tuple[Notation, str]]:
    """Yield the declared notation, then those with what the page itself has defined."""
    yield page.notation, ""
    open_activation = page.notation.activation in {"generic", "elementwise"}
    for name in dict.fromkeys((page.here, page.activation)):
        if name and open_activation:
            changed = replace(page.notation, activation=name)
            yield changed, f"with g = {name}, as the page defines"
    for cost in page.costs if page.notation.cost in {"any", "mean", "sum"} else ():
        changed = replace(page.notation, cost=cost)
        yield changed, f"with the cost {cost}, as the page defines"
        if page.activation and open_activation:
            changed = replace(changed, output=page.activation)
            yield (
                changed,
                f"with the cost {cost} and g = {page.activation}, as the page defines",
            )


def _judged(claim: Claim, page: _Page, blank: Verdict) -> Verdict:
    blank = blank._replace(reproaches=claim.reproaches)
    first: Verdict | None = None
    for notation, note in _readings(page):
        verdict = _judged_in(claim, notation, blank)
        if verdict.status not in {"wrong", "not read"}:
            if note:
                reading = Reproach("reading", note, note=True)
                return verdict._replace(reproaches=(*verdict.reproaches, reading))
            return verdict
        first = first or verdict
    assert first is not None
    return first


def _judged_in(claim: Claim, notation: Notation, blank: Verdict) -> Verdict:
    deadline = process_time() + SECONDS
    if claim.kind == "remark":
        return blank._replace(status="definition", codes=("remark",))
    defines = claim.kind == "definition" and claim.defines is not None
    if defines and len(claim.members) == 1 and cast(Definition, claim.defines).name.endswith("()"):
        return blank._replace(status="definition", codes=("function",))
    if claim.kind == "expression":
        return blank._replace(message="it states nothing: there is no relation", codes=("nothing",))
    notation = needed(claim, notation)
    try:
        if claim.kind == "update" or defines:
            return _defined(claim, notation, blank, deadline)
        return _equated(claim, notation, blank, deadline)
    except NoMeaning as fault:
        return blank._replace(message=fault.text, codes=(fault.code,))
    except ValueError as error:
        return blank._replace(message=str(error), codes=("notation",))
    except Fault as fault:
        status = "not read" if fault.code == "time" else "wrong"
        return blank._replace(status=status, message=fault.text, codes=(fault.code,))


def _defined(claim: Claim, notation: Notation, blank: Verdict, deadline: float) -> Verdict:
    """Check that a definition or an update has a value, and an update the right shape."""
    left, right = claim.members[0], claim.members[-1]
    outcome = compare(left, right, notation, conditions=claim.conditions, deadline=deadline)
    if outcome.failure is not None and outcome.failure.code != "value":
        status = "not read" if outcome.failure.code == "layer" else "wrong"
        codes = (outcome.failure.code,)
        return blank._replace(status=status, message=outcome.failure.text, codes=codes)
    return blank._replace(status="definition", codes=(claim.kind,))


def _equated(claim: Claim, notation: Notation, blank: Verdict, deadline: float) -> Verdict:
    left, *others = claim.members
    outcomes: list[Outcome] = []
    for right in others:
        outcome = compare(left, right, notation, conditions=claim.conditions, deadline=deadline)
        if outcome.failure is not None:
            if _settles(left, right, claim, notation):
                text = "it settles what the notation leaves open"
                return blank._replace(status="definition", codes=("definition",), message=text)
            return _wrong(left, right, outcome, claim, notation, blank, deadline)
        outcomes.append(outcome)
    places = sum(outcome.places for outcome in outcomes)
    networks = min(outcome.networks for outcome in outcomes)
    blank = blank._replace(
        places=places, networks=networks, error=max(outcome.error for outcome in outcomes)
    )
    if claim.kind == "space":
        return blank._replace(status="true", codes=("space",))
    forward = isinstance(left, Node) or (isinstance(left, Apply) and not left.primes)
    if forward and not any(isinstance(p, Derivative) for m in claim.members for p in walk(m)):
        return blank._replace(status="definition", codes=("forward",))
    if all(canonical(right) == canonical(left) for right in others):
        if len({side.strip() for side in blank.tex.split("=")}) > 1:
            return blank._replace(status="definition", codes=("notation",))
        return blank._replace(message="both sides say the same", codes=("vacuous",))
    dead = [o for o, r in zip(outcomes, others, strict=True) if not o.alive and not _zero(r)]
    if dead:
        return blank._replace(message="both sides vanish everywhere", codes=("vacuous",))
    total = Strength(0, 0)
    for right in others:
        found = strength(left, right, notation, claim.conditions, deadline)
        total = total.with_others(found)
    blank = blank._replace(rejected=total.rejected, variants=total.tried, survivors=total.survivors)
    if not total.rejected and (total.tried or total.equivalent):
        return blank._replace(message="it would hold whatever it said", codes=("vacuous",))
    status = "definition" if claim.kind == "definition" else "true"
    return blank._replace(status=status)


def _zero(side: Expression) -> bool:
    return getattr(side, "value", None) == 0


def _settles(left: Expression, right: Expression, claim: Claim, notation: Notation) -> bool:
    """Tell whether a statement says what J, g, a size or a number is, where that is open."""
    if any(isinstance(part, Derivative) for member in claim.members for part in walk(member)):
        return False
    if not claim.identity:
        if isinstance(left, Count):
            return True
        numbers = [{p.name for p in walk(side) if isinstance(p, Free)} for side in (left, right)]
        if all(numbers) and numbers[0] != numbers[1]:
            return True
    if isinstance(left, Node) and left.family in {"J", "losses"}:
        return notation.cost in {"any", "mean", "sum"}
    is_g = isinstance(left, Apply) and left.function == "activation" and not left.primes
    return is_g and notation.activation in {"generic", "elementwise"}


def _wrong(
    left: Expression,
    right: Expression,
    outcome: Outcome,
    claim: Claim,
    notation: Notation,
    blank: Verdict,
    deadline: float,
) -> Verdict:
    failure: Failure = outcome.failure or Failure("value", "")
    if failure.code == "layer":
        return blank._replace(message=failure.text, codes=("layer",))
    conditions: Sequence[Truth] = claim.conditions
    found = explain(left, right, outcome, notation, conditions, deadline)
    unused = next((r for r in claim.reproaches if r.code == "unused"), None)
    parts = [failure.text, *found.causes]
    if unused is not None:
        parts.insert(0, unused.text)
    codes = dict.fromkeys((failure.code, *found.codes, *(r.code for r in claim.reproaches)))
    return blank._replace(
        status="wrong", message=" / ".join(parts), codes=tuple(codes), repair=found.repair
    )
