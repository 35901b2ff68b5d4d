"""The verdict on a statement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fcnref._display import html_card, tag
from fcnref.equations.meaning import Reproach


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
    alternatives
        Other edits, each of which alone mends the equation as well.
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
    alternatives: tuple[str, ...] = ()
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
        error = f"{self.error:.0e}" if self.error else "0"
        text = f"holds at {places} in {networks}, error {error}"
        if self.variants:
            text += f"; {self.rejected} of {self.variants} variants rejected"
        return text

    @property
    def advice(self) -> str:
        """The repair and its alternatives in one line."""
        others = (text.removeprefix("true with").lstrip(" ,") for text in self.alternatives)
        return ", or with ".join((self.repair, *others)) if self.repair else ""

    @property
    def reasons(self) -> list[str]:
        """What is said beside the status: evidence, faults, the likely repair."""
        parts = [self.message, self.advice, *(fault.text for fault in self.reproaches)]
        held = self.evidence if self.status in {"true", "definition"} else ""
        return [part for part in (held, *parts) if part]

    @property
    def headline(self) -> str:
        """The line, the status and the label."""
        label = f" ({self.label})" if self.label else ""
        return f"{self.line}: {self.status}{label}"

    def __str__(self) -> str:
        return ": ".join(
            [self.headline, " / ".join(self.reasons)] if self.reasons else [self.headline]
        )

    def __repr__(self) -> str:
        return f"{self}\n  {self.tex}"

    def _repr_html_(self) -> str:
        tex = tag("pre", self.tex, style="white-space: pre-wrap; margin: 0 0 0.5em")
        return html_card(self.headline, [tex], self.reasons)


def totals(verdicts: Iterable[Verdict]) -> str:
    """Say how many labelled equations pass and how many displays are read.

    Examples
    --------
    >>> from fcnref.equations import check_page
    >>> from fcnref.equations.verdict import totals
    >>> totals(check_page("$$ A^{[0]} = X $$ (eq-X)"))
    'Labelled equations: 1 of 1 true, definition or wrong on purpose. Other displays: 0 of 0 read.'
    """
    displays = [verdict for verdict in verdicts if not verdict.inline]
    labelled = [verdict for verdict in displays if verdict.label]
    others = [verdict for verdict in displays if not verdict.label]
    passing = sum(not verdict.fails for verdict in labelled)
    read = sum(verdict.status != "not read" for verdict in others)
    return (
        f"Labelled equations: {passing} of {len(labelled)} true, definition or wrong on purpose. "
        f"Other displays: {read} of {len(others)} read."
    )
