"""Edit every labelled equation of the site in one place, and see whether that is noticed.

The edits are made in the LaTeX that the page prints: an index, a layer, a transpose, a factor, a
sign. An edit that leaves a true equation, such as the swap of two indices of a symmetric matrix, is
counted apart as equal: it has to hold in further networks of other sizes as well. "undone" counts
the edits whose undoing is among the repairs that the message names, "mended" those for which it
names another edit that makes the equation true, or says what to write where something is missing,
at the equation or, for a definition, further down the page. "later" counts those that are noticed
further down without that, "not read" those that leave what the checker cannot read.

Prints a table for the equations that are true by evaluation and one for the definitions; with
``--verbose`` the edits that pass, and those whose undoing is not named. ``--quick`` looks for no
repairs, which takes half of the minutes. Arguments choose pages. ``--part 3/16 --save FILE`` makes
every sixteenth edit, and ``--add FILE ...`` prints the sum of what was saved.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeAlias
from zlib import crc32

import numpy as np

from fcnref.equations import Notation, Verdict, checking, comparison, judging, strength
from fcnref.equations.checking import Checked
from fcnref.equations.declarations import front_matter
from fcnref.equations.explain import Explanation, explain
from fcnref.equations.expression import Expression, unfolded
from fcnref.equations.knowledge import Known
from fcnref.equations.meaning import Claim
from fcnref.equations.page import Display, read_page, read_tex_macros, statements
from fcnref.equations.variants import Canonical

DOCS = Path(__file__).parents[1] / "docs"
LAYER = re.compile(r"\[(l|L)([+-]1)?\]")
BELOW = re.compile(r"_(?:\{([^{}\[\]]+)\}|([A-Za-z]))")
TRANSPOSED = re.compile(r"\^\{?\s*\\(?:mathsf\s*\{?\s*T\s*\}?|top)\s*\}?")
ARRAY = re.compile(r"(?<![A-Za-z\\])[WAZ]\^\{\[[^\]]*\]\}")
ACCENT = r"\\(?:hat|bar|dot|tilde)\s*"
QUANTITY = re.compile(
    rf"(?:{ACCENT}\{{[wazy]\}}|{ACCENT}[wazy]|(?<![A-Za-z\\{{])[wazy])"
    r"(?:_\{[^{}]*\}|\^\{\[[^\]]*\]\})+(?!\})"
)
EQUALS = re.compile(r"=(?![^{]*\})(?![^\[]*\])(?!\s*\d+\s*,\s*\\dots)(?!\s*\\begin)(?=\s*\S)")
NUMBER = re.compile(r"(?<![\w^_\[+-])(?<![\^_]\{)[2-9](?![\w\]])|\\frac\{1\}\{[m2]\}")
WORDS = re.compile(r"\\text\{[^{}]*\}")
WOULD = re.compile(r"they would with .* for |transposed would fit|; write |; sum over ")
SIGN = re.compile(r"(?<=[\w}\])])\s*([+-])\s*(?=[\w\\({])")


def edits(tex: str) -> Iterator[tuple[str, str]]:
    """Yield the kind of every edit and the LaTeX after it."""
    inside = [m[1] or m[2] for m in BELOW.finditer(tex)]
    letters = sorted(set(re.findall(r"[ijkp](?!\w)", " ".join(inside))))
    for m in BELOW.finditer(tex):
        start = m.start(1) if m[1] else m.start(2)
        text = m[1] or m[2]
        for found in re.finditer(r"(?<![\w\\])[ijkp](?![\w'])", text):
            at = start + found.start()
            for letter in letters:
                if letter != found[0]:
                    yield "index", tex[:at] + letter + tex[at + 1 :]
        if pair := re.fullmatch(r"\s*(\w'?|:)\s*,\s*(\w'?|:)\s*", text):
            yield "index", tex[:start] + f"{pair[2]},{pair[1]}" + tex[start + len(text) :]
    for m in LAYER.finditer(tex):
        names = {"l": ("l", "l-1", "l+1"), "L": ("L", "L-1")}[m[1]]
        for name in names:
            if name != m[0][1:-1]:
                yield "layer", f"{tex[: m.start()]}[{name}]{tex[m.end() :]}"
    for m in TRANSPOSED.finditer(tex):
        yield "transpose", tex[: m.start()] + tex[m.end() :]
    for m in ARRAY.finditer(tex):
        if not TRANSPOSED.match(tex, m.end()) and not tex[m.end() :].lstrip(" }").startswith("^"):
            yield "transpose", f"{tex[: m.start()]}{{{m[0]}}}^{{\\mathsf T}}{tex[m.end() :]}"
    for m in QUANTITY.finditer(tex):
        before = tex[: m.start()].rstrip()
        if not before.endswith((r"\partial", "=", "+", "-")) and before:
            yield "factor", tex[: m.start()] + " " + tex[m.end() :]
    for m in NUMBER.finditer(WORDS.sub(lambda words: " " * len(words[0]), tex)):
        new = str(int(m[0]) + 1) if m[0].isdigit() else ""
        yield "factor", f"{tex[: m.start()]} {new} {tex[m.end() :]}"
    for m in EQUALS.finditer(tex):
        at = m.end() + len(re.match(r"\s*-?", tex[m.end() :])[0])  # a factor stands behind a sign
        yield "factor", rf"{tex[:at]} \frac{{1}}{{m}} {tex[at:]}"
    for m in SIGN.finditer(tex):
        if tex.count("{", 0, m.start()) == tex.count("}", 0, m.start()):
            yield "sign", tex[: m.start(1)] + {"+": "-", "-": "+"}[m[1]] + tex[m.end(1) :]


class Said(NamedTuple):
    """A display of a page, what the page has said before it, and its statements."""

    display: Display
    known: Known
    rows: list[str]

    @property
    def edited(self) -> Display:
        return self.display._replace(tex=r" \\ ".join(self.rows))

    def verdicts(self) -> list[Verdict]:
        return checking.check_display(self.edited, self.known, {})[0]


class Page(NamedTuple):
    """What a page holds, in its order, and the notation that it declares."""

    parts: list[Display]
    notation: Notation

    @classmethod
    def read(cls, path: Path, notation: Notation) -> Self:
        text = path.read_text(encoding="utf-8") + "\n"
        return cls(read_page(text), notation.extend(front_matter(text)))

    def checked(self) -> Iterator[Checked]:
        return checking._check_displays(self.parts, self.notation, self.notation.macros)

    def labelled(self) -> Iterator[Said]:
        """Yield the equations that have to be right."""
        for display, known, _ in self.checked():
            if display.label and "wrong" not in display.options.get("class", ""):
                rows = [row.tex for row in statements(display, self.notation.macros)]
                yield Said(display, known, rows)

    def where(self, said: Said) -> Self:
        """Return the page with one of its equations edited."""
        same = said.display.line, said.display.label
        edited = (said.edited if (x.line, x.label) == same else x for x in self.parts)
        return self._replace(parts=[*edited])


def fails(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict.fails for verdict in verdicts)


def names_a_repair(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict.repair or WOULD.search(str(verdict)) for verdict in verdicts)


def holds_elsewhere(edited: Said) -> bool:
    """Tell whether an equation holds in further networks, of other sizes than the usual ones."""
    usual = comparison.probes_of
    judging.probes_of = comparison.probes_of = strength._further
    verdicts = edited.verdicts()
    judging.probes_of = comparison.probes_of = usual
    return not fails(verdicts)


class Watch:
    """Notes the members of the claims that are judged and the explanations that are found."""

    def __init__(self, *, quick: bool) -> None:
        self.found: list[Verdict] = []
        self.members: list[Expression] = []
        self.explanations: list[Explanation] = []
        judged = checking.judged

        def remembering(claim: Claim, known: Known, blank: Verdict) -> Verdict:
            self.members.extend(claim.members)
            return judged(claim, known, blank)

        def noting(*arguments: Any) -> Explanation:
            found = Explanation((), (), ()) if quick else explain(*arguments)
            self.explanations.append(found)
            return found

        checking.judged, judging.explain = remembering, noting

    def verdicts(self, said: Said) -> list[Verdict]:
        """Check a display and note what becomes of it alone."""
        self.members, self.explanations = [], []
        self.found = said.verdicts()
        return self.found

    def names(self, members: Sequence[Expression]) -> bool:
        """Tell whether one of the repairs that were named is the equation as it was."""
        canonical = Canonical()
        was = {id(canonical(unfolded(member))) for member in members}
        return any(
            {id(canonical(unfolded(repair.left))), id(canonical(unfolded(repair.right)))} <= was
            for explanation in self.explanations
            for repair in explanation.repairs
        )


def fate(edited: Said, row: str, page: Page, was: list[Expression], watch: Watch) -> list[str]:
    """Return what becomes of an equation with an edited row: the columns that count it."""
    after = watch.verdicts(edited)
    if fails(after):
        if watch.names(was):
            return ["noticed", "undone"]
        if names_a_repair(after):
            return ["noticed", "mended"]
        unread = all(verdict.status != "wrong" and not verdict.faults for verdict in after)
        return ["noticed", "not read"] if unread else ["noticed"]
    further = [v for checked in page.where(edited).checked() for v in checked.verdicts if v.fails]
    if further:
        return ["noticed", "mended" if names_a_repair(further) else "later"]
    compared = all(verdict.places for verdict in after if verdict.tex == row)
    return ["equal"] if compared and holds_elsewhere(edited) else ["passed"]


COLUMNS = ("edits", "noticed", "undone", "mended", "later", "not read", "equal", "passed")
Counts: TypeAlias = Counter[tuple[str, str, str]]


def measured(paths: Sequence[Path], options: argparse.Namespace) -> Counts:
    """Make one part of all edits, and count what becomes of them."""
    macros = read_tex_macros(DOCS / "conf.py")
    notation = Notation.bundled("columns-are-examples").extend({"macros": macros})
    part, parts = map(int, options.part.split("/"))
    watch = Watch(quick=options.quick)
    counts: Counts = Counter()
    for page in (Page.read(path, notation) for path in paths):
        for said in page.labelled():
            true = {verdict.tex for verdict in watch.verdicts(said) if verdict.status == "true"}
            was, label = watch.members, said.display.label
            for n, row in enumerate(said.rows):
                group = "true equation" if row in true else "definition"
                for kind, tex in dict.fromkeys(edits(row)):
                    if crc32(f"{label} {tex}".encode()) % parts != part % parts or tex == row:
                        continue
                    edited = said._replace(rows=[*said.rows[:n], tex, *said.rows[n + 1 :]])
                    found = fate(edited, tex, page, was, watch)
                    counts.update((group, kind, column) for column in ("edits", *found))
                    if options.verbose and found[-1] != "undone":
                        told = " / ".join(map(str, watch.found))
                        print(
                            f"{group}, {kind}, {found[-1]}, {label}: {tex}\n    {told}", flush=True
                        )
    return counts


def table(counts: Counts, group: str) -> str:
    """Return the table of one group of equations, and what it comes to."""
    kinds = dict.fromkeys(kind for own, kind, _ in counts if own == group)
    lines = [f"{group + 's':12}" + "".join(f"{name:>10}" for name in COLUMNS)]
    for kind in kinds:
        numbers = (counts[group, kind, name] for name in COLUMNS)
        lines.append(f"{kind:12}" + "".join(f"{number:10}" for number in numbers))
    total = {name: sum(counts[group, kind, name] for kind in kinds) for name in COLUMNS}
    lines.append(f"{'all':12}" + "".join(f"{number:10}" for number in total.values()))
    change = max(total["edits"] - total["equal"], 1)
    lines.append(f"noticed: {total['noticed'] / change:.2%} of the edits that change the meaning")
    noticed = max(total["noticed"], 1)
    lines.append(
        f"named: the undoing of {total['undone'] / noticed:.1%} of those noticed, "
        f"a repair of {(total['undone'] + total['mended']) / noticed:.1%}"
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", type=Path)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--quick", action="store_true", help="look for no repairs")
    parser.add_argument("--part", default="1/1", help="which part of the edits, such as 1/16")
    parser.add_argument("--save", type=Path, help="keep the counts in a file")
    parser.add_argument("--add", nargs="+", type=Path, help="print the sum of counts kept before")
    options = parser.parse_args()
    every = (p for p in sorted(DOCS.rglob("*.md")) if not {"_build", "node_modules"} & {*p.parts})
    counts: Counts = Counter()
    if options.add:
        for path in options.add:
            counts.update({(g, k, c): n for g, k, c, n in json.loads(path.read_text())})
    else:
        counts = measured(options.pages or [*every], options)
    if options.save:
        options.save.write_text(json.dumps([(*key, number) for key, number in counts.items()]))
    print("\n\n".join(table(counts, group) for group in ("true equation", "definition")))
    return 0


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        sys.exit(main())
