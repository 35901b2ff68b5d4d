"""What a diagnosis says: which blocks are wrong, which mistake explains them, what to write."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from fcnref._display import html_card, html_facts, html_table, prose, text_table
from fcnref._reports import QuantityRow
from fcnref.diagnosis.pieces import Item
from fcnref.mistakes import MISTAKES, Mistake
from fcnref.mistakes.record import why_lines
from fcnref.problem import Problem

__all__ = ["Finding", "Report", "findings_of"]


class Finding(NamedTuple):
    """One mistake of an explanation, with all the places it was made.

    Attributes
    ----------
    slug
        Its stable name, see `fcnref.mistakes.MISTAKES`.
    formulas
        The wrong formulas, as the search composed them.
    places
        The tensors that it spoils where it is made, such as dZ2, output side first.
    write
        What to write instead, for the activations of these layers.
    """

    slug: str
    formulas: tuple[str, ...]
    places: tuple[str, ...]
    write: str

    @property
    def mistake(self) -> Mistake:
        """What it is and how to fix it."""
        return MISTAKES[self.slug]

    def __str__(self) -> str:
        lines = [
            f"{self.mistake.sentence} [{self.slug}]",
            f"  where   {', '.join(self.places)}",
            f"  yours   {'; '.join(self.formulas)}",
            f"  write   {self.write}",
            *why_lines(self.mistake),
            f"  page    {self.mistake.page}",
        ]
        return "\n".join(lines)


class Report(NamedTuple):
    """What `diagnose` found.

    Attributes
    ----------
    verdict
        "correct"; "wrong", with an explanation that reproduces every block; "partly explained",
        with blocks that no mistake of the grammar reproduces; or "unexplained".
    rows
        One row per dW and db, compared with complex steps.
    findings
        The mistakes of the simplest explanation, output side first. All of them together
        reproduce the given gradient.
    alternatives
        Other explanations with the same number of mistakes, which this problem cannot tell from
        the first.
    unexplained
        The blocks that no mistake reproduces, output side first.
    match
        The relative error with which the explanation reproduces the gradient.
    notes
        Conventions, shapes, and what this problem cannot see.
    """

    verdict: Literal["correct", "wrong", "partly explained", "unexplained"]
    rows: tuple[QuantityRow, ...]
    findings: tuple[Finding, ...]
    alternatives: tuple[tuple[Finding, ...], ...]
    unexplained: tuple[str, ...]
    match: float
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the gradient is correct."""
        return self.verdict == "correct"

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The slugs of the findings."""
        return tuple(finding.slug for finding in self.findings)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        head, body = self._table()
        parts = [self._headline(), text_table(head, body)]
        parts += [f"{number}. {finding}" for number, finding in enumerate(self.findings, start=1)]
        parts += self._afterwards()
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        return str(self)

    def _headline(self) -> str:
        if self.ok:
            worst = max(row.error for row in self.rows)
            return f"The gradient is correct; the largest relative error is {worst:.1e}."
        bad = [row.name for row in self.rows if row.verdict in {"wrong", "shape"}]
        verb = "is" if len(bad) == 1 else "are"
        what = f"{', '.join(bad)} {verb} wrong."
        count = len(self.findings)
        several = f"{COUNTS.get(count, count)} mistakes"
        if self.verdict == "wrong":
            mistakes = "One mistake explains" if count == 1 else f"{several} together explain"
            return f"{what} {mistakes} every block, to {max(self.match, 1e-16):.0e}."
        start = self.unexplained[0]
        if self.verdict == "partly explained":
            mistakes = "One mistake explains" if count == 1 else f"{several} explain"
            return f"{what} {mistakes} a part; {', '.join(self.unexplained)} we cannot explain."
        return (
            f"{what} No mistake that we know reproduces it. Start at {start}: from the output "
            "side, it is the first block that is wrong."
        )

    def _table(self) -> tuple[list[str], list[list[str]]]:
        head = ["block", "verdict", "relative error", "worst entry", "got", "wanted"]
        body = []
        for row in self.rows:
            verdict = "unexplained" if row.name in self.unexplained else row.verdict
            error = "" if row.verdict == "shape" else f"{row.error:.1e}"
            at = "shape" if row.verdict == "shape" else str(list(row.at))
            body.append([row.name, verdict, error, at, row.got, row.wanted])
        return head, body

    def _afterwards(self) -> list[str]:
        lines = []
        if self.alternatives:
            others = "\n".join(f"  {_in_short(others)}" for others in self.alternatives)
            lines.append(f"On this problem the same numbers would come from:\n{others}")
        lines += self.notes
        return lines

    def _repr_html_(self) -> str:
        head, body = self._table()
        table = html_table(head, body, [line[1] for line in body])
        blocks = [table]
        for finding in self.findings:
            mistake = finding.mistake
            facts = [
                ("where", ", ".join(finding.places)),
                ("yours", "; ".join(finding.formulas)),
                ("write", finding.write),
                ("why", mistake.tempting),
                ("page", mistake.page),
            ]
            blocks.append(html_facts(f"{mistake.sentence} [{finding.slug}]", facts))
        words = [prose(text.replace("\n", " ")) for text in self._afterwards()]
        return html_card(self._headline(), blocks, words)


def _in_short(findings: Sequence[Finding]) -> str:
    return " and ".join(f"{f.slug} at {', '.join(f.places)} ({f.formulas[0]})" for f in findings)


COUNTS = {2: "Two", 3: "Three", 4: "Four", 5: "Five", 6: "Six"}


RULES = {
    "identity": "dZ{l} = dA{l}",
    "sigmoid": "dZ{l} = dA{l} * A{l} * (1 - A{l})",
    "tanh": "dZ{l} = dA{l} * (1 - A{l}**2)",
    "relu": "dZ{l} = dA{l} * (Z{l} > 0)",
    "leaky_relu": "dZ{l} = dA{l} * np.where(Z{l} > 0, 1, slope)",
    "softplus": "dZ{l} = dA{l} / (1 + np.exp(-Z{l}))",
    "softmax": "dZ{l} = A{l} * (dA{l} - np.sum(dA{l} * A{l}, axis=0, keepdims=True))",
}


SPELLED = {"activation", "chain", "dW", "db", "dropout"}


def _rule(problem: Problem, mistake: Mistake, places: Sequence[str]) -> str:
    """What to write, with the numbers of the layers, where the mistake is one of a rule."""
    if mistake.slot not in SPELLED and mistake.slug != "missing_output_derivative":
        return mistake.fix
    if mistake.slot == "chain":
        places = [w for place in places for w in (place.replace("dZ", "dA"), place)]
    lines = list(dict.fromkeys(_line(problem, place) for place in places))
    if not all(lines):
        return mistake.fix
    advice = [] if "=" in mistake.fix else [mistake.fix]
    return "; ".join([*lines, *advice])


def _penalized(problem: Problem) -> bool:
    l2, _, l1, _, norm, _ = problem.penalty
    return any((l2, l1, norm))


def _line(problem: Problem, place: str) -> str:
    """The right line for dA2, dZ2, dW2 or db2; empty where it depends on more."""
    found = re.fullmatch(r"d([AZWb])(\d+)", place)
    if found is None:
        return ""
    letter, l = found[1], int(found[2])
    penalty = " + the gradient of the penalty" if _penalized(problem) else ""
    if letter == "W":
        A_prev = f"A{l - 1}" if l > 1 else "X"
        return f"dW{l} = dZ{l} @ {A_prev}.T{penalty}"
    if letter == "b":
        also = penalty if problem.penalty.on_bias else ""
        return f"db{l} = np.sum(dZ{l}, axis=1, keepdims=True){also}"
    if letter == "A":
        mask = f" * mask{l}" if l in problem.masks else ""
        return f"dA{l} = W{l + 1}.T @ dZ{l + 1}{mask}" if l < problem.L else ""
    name = problem.layers[l - 1].activation.name
    return f"{RULES[name].format(l=l)}, for {name}" if name in RULES else ""


def findings_of(problem: Problem, items: Iterable[Item]) -> tuple[Finding, ...]:
    """Group mistakes by slug, in the order in which a backward pass meets them."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.slug, []).append(item)
    found = []
    for slug, group in groups.items():
        places = tuple(dict.fromkeys(item.where for item in group))
        formulas = tuple(dict.fromkeys(item.says for item in group))
        found.append(Finding(slug, formulas, places, _rule(problem, MISTAKES[slug], places)))
    return tuple(found)
