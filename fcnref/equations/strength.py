"""Whether an equation that holds could have failed: its variants, tried one by one."""

from __future__ import annotations

from time import process_time
from typing import NamedTuple

from fcnref.equations.comparison import Bench, probes_of
from fcnref.equations.expression import Expression, Number, Unit, free_letters
from fcnref.equations.networks import Probe
from fcnref.equations.notation import Notation
from fcnref.equations.variants import variants


class Strength(NamedTuple):
    """How many variants of an equation were tried, how many rejected, and which say the same.

    A variant that the probes accept is tried on further networks of other sizes. Where it holds
    there as well it is an equation of its own right, equal term by term, and no blind spot.
    """

    rejected: int = 0
    tried: int = 0
    survivors: tuple[str, ...] = ()
    equivalent: tuple[str, ...] = ()

    def with_others(self, other: Strength) -> Strength:
        """Return the counts of two sides together."""
        return Strength(
            self.rejected + other.rejected,
            self.tried + other.tried,
            self.survivors + other.survivors,
            self.equivalent + other.equivalent,
        )


_FURTHER = (((6, 5, 7, 3, 4), 3), ((2, 3, 5, 4), 6), ((7, 3, 3, 5, 2), 5))


def strength(left: Expression, right: Expression, bench: Bench) -> Strength:
    """Try the variants of a true equation: the guard against passing for nothing."""
    letters = free_letters(left) | free_letters(right)
    swapped = isinstance(right, Number | Unit)
    found = Strength()
    for variant in variants(left if swapped else right, letters, bench.notation):
        if process_time() > bench.deadline:
            break
        pair = (variant.expression, right) if swapped else (left, variant.expression)
        stray = free_letters(variant.expression) - free_letters(left)
        if swapped and (variant.code in {"sign", "scale"} or stray):
            continue
        outcome = bench.tried(*pair)
        if outcome is None:
            continue
        if outcome.failure is not None:
            found = found.with_others(Strength(1, 1))
        elif further := bench.tried(*pair, _further(bench.notation)):
            same, text = further.failure is None, (variant.text,)
            found = found.with_others(Strength(0, 0, (), text) if same else Strength(0, 1, text))
    return found


def _further(notation: Notation) -> tuple[Probe, ...]:
    """Return networks that none of the usual probes resembles."""
    kinds = (
        *(notation.activation, notation.output, notation.cost),
        *(notation.dropout, notation.variance),
    )
    single = notation.examples == "one"
    if notation.widths or notation.depth:
        first = probes_of(notation)[0]
        return (first._replace(widths=tuple(n + 2 for n in first.widths)),)
    return tuple(Probe(widths, 1 if single else m, *kinds) for widths, m in _FURTHER)
