"""How the checks report: a table that reads in a terminal, and the same in a notebook."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from fcnref._arrays import Array
from fcnref._display import html_card, html_table, text_table

__all__ = ["NetworkReport", "QuantityRow", "RuleReport"]

Verdict = Literal["right", "wrong", "shape", "kink"]


class QuantityRow(NamedTuple):
    """One quantity of a check.

    Attributes
    ----------
    name
        The quantity, such as dW2.
    verdict
        "right", "wrong", "shape" where it has another shape, or "kink" where it is right for
        another choice of the derivative at a kink.
    error
        The relative error of the whole quantity.
    size
        Number of entries.
    at
        Index of the worst entry, counted from 0.
    got
        The worst entry, or the shape.
    wanted
        What it should be.
    inner
        ⟨g, J v⟩ and ⟨Jᵀ g, v⟩, where the rule was checked by them.
    """

    name: str
    verdict: Verdict
    error: float
    size: int
    at: tuple[int, ...]
    got: str
    wanted: str
    inner: tuple[float, float] | None = None

    @classmethod
    def compare(cls, name: str, got: Array, wanted: Array, limit: float) -> "QuantityRow":
        """Compare two arrays of one shape."""
        apart = np.abs(got - wanted)
        at = tuple(int(i) for i in np.unravel_index(int(np.argmax(apart)), apart.shape))
        size = max(float(np.linalg.norm(got)), float(np.linalg.norm(wanted)))
        # written so that a NaN, which is not <= anything, ends as wrong
        error = 0.0 if size <= 1e-14 else float(np.linalg.norm(apart)) / size
        verdict: Verdict = "right" if error <= limit else "wrong"
        return cls(
            name, verdict, error, got.size, at, f"{float(got[at]):.6g}", f"{float(wanted[at]):.6g}"
        )

    @classmethod
    def misshaped(cls, name: str, got: tuple[int, ...], wanted: tuple[int, ...]) -> "QuantityRow":
        """Report that a quantity has another shape."""
        return cls(name, "shape", np.inf, 0, (), str(got), str(wanted))


class NetworkReport(NamedTuple):
    """What `check_network` found.

    Attributes
    ----------
    rows
        One row per dW and db.
    kinks
        How many entries of the problem sit on a kink.
    compared_with
        Where the wanted numbers come from.
    """

    rows: tuple[QuantityRow, ...]
    kinks: int
    compared_with: str

    @property
    def ok(self) -> bool:
        """Whether no gradient is wrong. A kink is no error."""
        return all(row.verdict in {"right", "kink"} for row in self.rows)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        if self.ok and not any(row.verdict == "kink" for row in self.rows):
            if "directions" in self.compared_with:
                worst = max(row.error for row in self.rows)
                return (
                    f"The gradient agrees in {self.compared_with}; the largest relative error is "
                    f"{worst:.1e}."
                )
            count = sum(row.size for row in self.rows)
            worst = max(row.error for row in self.rows)
            return (
                f"Every gradient is right: {count} entries, the largest relative error is "
                f"{worst:.1e} ({self.compared_with})."
            )
        return "\n".join(
            [_headline(self.rows), "", text_table(*_cells(self.rows)), *self._reading()]
        )

    def __repr__(self) -> str:
        return str(self)

    def _reading(self) -> list[str]:
        lines = ["", how_to_read(self.rows)]
        if any(row.verdict == "kink" for row in self.rows):
            lines.append(
                f"{self.kinks} entries sit exactly on a kink, where there is no derivative; your "
                "gradient is right for another choice there. Move the data a little to be sure."
            )
        if any(row.verdict in {"wrong", "shape"} for row in self.rows):
            lines.append("fcnref.diagnosis.diagnose(problem, grads) says which mistake it is.")
        return lines

    def _repr_html_(self) -> str:
        words = [] if self.ok else [line for line in self._reading() if line]
        title = str(self) if self.ok else _headline(self.rows)
        return html_card(
            title.split("\n")[0], [html_table(*_cells(self.rows), _verdicts(self.rows))], words
        )


class RuleReport(NamedTuple):
    """What `check_backward` found.

    Attributes
    ----------
    rows
        One row per argument.
    notes
        What is wrong besides numbers: a changed input, a state, a rule that is not linear.
    compared_with
        Where the wanted numbers come from.
    """

    rows: tuple[QuantityRow, ...]
    notes: tuple[str, ...]
    compared_with: str

    @property
    def ok(self) -> bool:
        """Whether the rule is the derivative, and pure."""
        return not self.notes and all(row.verdict == "right" for row in self.rows)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        table = text_table(*_cells(self.rows))
        good = "The rule is right." if self.ok else _headline(self.rows)
        how = f"Compared with: {self.compared_with}. {how_to_read(self.rows)}"
        return "\n".join([good, "", table, "", *self.notes, how])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        good = "The rule is right." if self.ok else _headline(self.rows)
        table = html_table(*_cells(self.rows), _verdicts(self.rows))
        how = f"Compared with: {self.compared_with}. {how_to_read(self.rows)}"
        return html_card(good, [table], [*self.notes, how])


def how_to_read(rows: Sequence[QuantityRow]) -> str:
    """Say what the size of the errors means."""
    bad = [row.error for row in rows if row.verdict == "wrong"]
    if any(row.verdict == "shape" for row in rows):
        return "A gradient has the shape of what it is the gradient of."
    if not bad:
        return "An error below 1e-12 is rounding; near 1e-7 it is float32."
    if min(bad) > 1e-2:
        return "An error of this size is a wrong formula; rounding stays below 1e-5."
    return "Errors above 1e-5 are no rounding; a small one is often an epsilon or few entries."


def _headline(rows: Sequence[QuantityRow]) -> str:
    wrong = [row.name for row in rows if row.verdict in {"wrong", "shape"}]
    kinked = [row.name for row in rows if row.verdict == "kink"]
    if wrong:
        verb = "is" if len(wrong) == 1 else "are"
        return f"{', '.join(wrong)} {verb} wrong."
    if kinked:
        return f"{', '.join(kinked)}: right up to the choice at a kink."
    return "Something besides the numbers is wrong."


def _cells(rows: Sequence[QuantityRow]) -> tuple[list[str], list[list[str]]]:
    with_inner = any(row.inner for row in rows)
    head = ["quantity", "verdict", "relative error", "worst entry", "got", "wanted"]
    head += ["⟨g, J v⟩", "⟨Jᵀ g, v⟩"] if with_inner else []
    body = []
    for row in rows:
        error = "" if row.verdict == "shape" else f"{row.error:.1e}"
        index = str(list(row.at)) if row.verdict != "shape" else "shape"
        cells = [row.name, row.verdict, error, index, row.got, row.wanted]
        if with_inner:
            cells += [f"{x:.10g}" for x in row.inner] if row.inner else ["", ""]
        body.append(cells)
    return head, body


def _verdicts(rows: Sequence[QuantityRow]) -> list[str]:
    return [row.verdict for row in rows]
