"""The classic mistakes of a backward pass: what each one is, and what to write instead.

The formulas that the diagnosis composes are in `fcnref.diagnosis`, slot by slot; here are their
names, the lines of code that make them, and the words of the reports. A slug is stable: tests and
pages may refer to it.

Examples
--------
>>> from fcnref.mistakes import MISTAKES
>>> MISTAKES["db_zero"].sentence
'db is zero: the biases never learn.'
>>> MISTAKES["db_zero"].wrong
'db = 0 * b'
"""

from collections.abc import Mapping
from types import MappingProxyType

from fcnref.mistakes.activation import ACTIVATION
from fcnref.mistakes.additions import DROPOUT, FORWARD, PENALTY, UPDATE
from fcnref.mistakes.chain import CHAIN
from fcnref.mistakes.loss import LOSS
from fcnref.mistakes.parameters import BIASES, WEIGHTS
from fcnref.mistakes.record import Mistake
from fcnref.mistakes.scale import SCALE
from fcnref.mistakes.softmax import SOFTMAX

__all__ = ["MISTAKES", "Mistake"]

FAMILIES = (
    SCALE,
    LOSS,
    ACTIVATION,
    SOFTMAX,
    CHAIN,
    WEIGHTS,
    BIASES,
    PENALTY,
    DROPOUT,
    UPDATE,
    FORWARD,
)

MISTAKES: Mapping[str, Mistake] = MappingProxyType(
    {mistake.slug: mistake for group in FAMILIES for mistake in group}
)
"""Every mistake by its slug."""
