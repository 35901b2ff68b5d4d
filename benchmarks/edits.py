"""Edit every labelled equation of the site in one place, and see whether that is noticed.

The edits are made in the LaTeX that the page prints: an index, a layer, a transpose, a factor, a
sign. An edit that leaves a true equation, such as the swap of two indices of a symmetric matrix, is
counted apart: it has to hold in further networks of other sizes as well. "mended" counts the edits
whose undoing is among the repairs that the message names, "later" those of a definition that an
equation further down notices. Prints a table; with
``--verbose`` the edits that pass, and those whose undoing is not named. Arguments choose pages.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from fcnref.equations import Notation, Verdict, checking, comparison, judging, strength
from fcnref.equations.explain import Explanation, explain
from fcnref.equations.expression import Expression, unfolded
from fcnref.equations.knowledge import Known
from fcnref.equations.page import Display, read_tex_macros, statements
from fcnref.equations.variants import Canonical

DOCS = Path(__file__).parents[1] / "docs"
LAYER = re.compile(r"\[(l|L)([+-]1)?\]")
BELOW = re.compile(r"_(?:\{([^{}\[\]]+)\}|([A-Za-z]))")
TRANSPOSED = re.compile(r"\^\{?\s*\\(?:mathsf\s*\{?\s*T\s*\}?|top)\s*\}?")
ARRAY = re.compile(r"(?<![A-Za-z\\])[WAZ]\^\{\[[^\]]*\]\}")
QUANTITY = re.compile(r"(?<![A-Za-z\\{])[wazy](?:_\{[^{}]*\}|\^\{\[[^\]]*\]\})+(?!\})")
NUMBER = re.compile(r"(?<![\w^_{\[+-])[2-9](?![\w\]])|\\frac\{1\}\{[m2]\}")
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
    for m in NUMBER.finditer(tex):
        new = str(int(m[0]) + 1) if m[0].isdigit() else ""
        yield "factor", f"{tex[: m.start()]} {new} {tex[m.end() :]}"
    for m in re.finditer(r"=(?![^{]*\})", tex):
        if tex[m.end() :].strip() and not tex[m.end() :].lstrip().startswith(r"\begin"):
            yield "factor", rf"{tex[: m.end()]} \frac{{1}}{{m}} {tex[m.end() :]}"
    for m in SIGN.finditer(tex):
        if tex.count("{", 0, m.start()) == tex.count("}", 0, m.start()):
            yield "sign", tex[: m.start(1)] + {"+": "-", "-": "+"}[m[1]] + tex[m.end(1) :]


def displays(path: Path, notation: Notation) -> Iterator[tuple[Display, Known, list[str]]]:
    """Yield the displays of a page with what the page has said before them."""
    text = path.read_text(encoding="utf-8") + "\n"
    for display, known, _ in checking.check_displays(text, notation):
        if not display.inline and "wrong" not in display.options.get("class", ""):
            yield display, known, [row.tex for row in statements(display, notation.macros)]


def verdicts_of(display: Display, known: Known, rows: list[str]) -> list[Verdict]:
    return checking.check_display(display._replace(tex=r" \\ ".join(rows)), known, {})[0]


def noticed_later(
    display: Display, known: Known, rows: list[str], others: list[tuple[Display, Known, list[str]]]
) -> bool:
    """Tell whether an equation further down fails, which uses what the edited one defines."""
    edited = display._replace(tex=r" \\\\ ".join(rows))
    after = checking.check_display(edited, known, {})[1].context.definitions
    new = {k: v for k, v in after.items() if known.context.definitions.get(k) is not v}
    for other, then, own in others:
        if other.line > display.line and new:
            definitions = {**then.context.definitions, **new}
            context = replace(then.context, definitions=definitions)
            if any(v.fails for v in verdicts_of(other, then._replace(context=context), own)):
                return True
    return False


def mends(members: list[Expression], explanations: list[Explanation]) -> bool:
    """Tell whether one of the repairs that were named is the equation as it was."""
    canonical = Canonical()
    was = {id(canonical(unfolded(member))) for member in members}
    return any(
        {id(canonical(unfolded(repair.left))), id(canonical(unfolded(repair.right)))} <= was
        for explanation in explanations
        for repair in explanation.repairs
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", type=Path)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--part", default="1/1", help="which part of the equations, such as 1/2")
    options = parser.parse_args()
    part, parts = map(int, options.part.split("/"))
    macros = read_tex_macros(DOCS / "conf.py")
    notation = Notation.bundled("columns-are-examples").extend({"macros": macros})
    pages = options.pages or [
        p for p in sorted(DOCS.rglob("*.md")) if not {"_build", "node_modules"} & set(p.parts)
    ]
    explanations: list[Explanation] = []

    def noting(*arguments):  # type: ignore[no-untyped-def]  # passes all on
        explanations.append(explain(*arguments))
        return explanations[-1]

    judging.explain = noting
    judged = checking.judged
    members: list[Expression] = []

    def remembering(claim, *others):  # type: ignore[no-untyped-def]  # passes all on
        members.extend(claim.members)
        return judged(claim, *others)

    usual = comparison.probes_of
    counts: dict[str, Counter[str]] = {}
    number = 0
    for page in pages:
        for display, known, rows in displays(page, notation):
            if not display.label:
                continue
            members.clear()
            checking.judged = remembering
            before = {v.status for v in verdicts_of(display, known, rows)}
            checking.judged = judged
            for n, row in enumerate(rows):
                for kind, edited in dict.fromkeys(edits(row)):
                    number += 1
                    if number % parts != part % parts or edited == row:
                        continue
                    explanations.clear()
                    count = counts.setdefault(kind, Counter())
                    count["edits"] += 1
                    changed = [*rows[:n], edited, *rows[n + 1 :]]
                    after = verdicts_of(display, known, changed)
                    told = " / ".join(str(v) for v in after)
                    if any(verdict.fails for verdict in after):
                        count["noticed"] += 1
                        if not any(v.status == "wrong" for v in after):
                            count["not read"] += 1
                        elif mends(members, explanations):
                            count["mended"] += 1
                        elif options.verbose:
                            print(f"other repair {display.label}: {edited}\n    {told}")
                        continue
                    if noticed_later(display, known, changed, list(displays(page, notation))):
                        count["noticed"] += 1
                        count["later"] += 1
                        continue
                    judging.probes_of = comparison.probes_of = strength._further
                    still = verdicts_of(display, known, changed)
                    judging.probes_of = comparison.probes_of = usual
                    same = "true" in before and not any(verdict.fails for verdict in still)
                    count["equal" if same else "passed"] += 1
                    if options.verbose:
                        print(f"{'equal' if same else 'PASSED'} {display.label}: {edited}")
    names = ["edits", "noticed", "mended", "later", "not read", "equal", "passed"]
    print(f"{'':10}" + "".join(f"{name:>10}" for name in names))
    total: Counter[str] = Counter()
    for kind, count in counts.items():
        total.update(count)
        print(f"{kind:10}" + "".join(f"{count[name]:10}" for name in names))
    print(f"{'all':10}" + "".join(f"{total[name]:10}" for name in names))
    told = total["edits"] - total["equal"]
    print(f"noticed: {total['noticed'] / told:.2%} of the edits that change the meaning")
    print(f"undoing named: {total['mended'] / max(total['noticed'], 1):.1%} of those noticed")
    return 0


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        sys.exit(main())
