"""Where an expression is evaluated, what can go wrong there, and the one way to evaluate.

Every value is an array with at least two axes, numbers being 1 × 1; a leading axis holds the copies
of a perturbed network. Shapes are compared strictly: only a 1 × 1 array acts as a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from time import process_time
from typing import Any

import numpy as np

from fcnref.equations.expression import Expression, Index, Place, free_letters, show
from fcnref.equations.networks import Key, Network, Values
from fcnref.equations.notation import Notation

VECTOR = 5


class Fault(Exception):  # noqa: N818, a fault of the equation and no error of the program
    """A fault that evaluation meets, with a code and a sentence."""

    code = "fault"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class ShapeFault(Fault):
    """Two shapes that do not fit."""

    code = "shape"


class IndexFault(Fault):
    """An index outside its range."""

    code = "index"


class NoLayer(Fault):
    """A layer that does not exist in the network."""

    code = "layer"


class NoMeaning(Fault):
    """An expression without a value, such as the matrix ∂A/∂W."""

    code = "meaning"


class TooLong(Fault):
    """An evaluation that takes longer than its bound."""

    code = "time"


@dataclass(frozen=True)
class Scope:
    """Where an expression is evaluated.

    Parameters
    ----------
    network
        The network.
    notation
        The notation: layouts and the first index.
    letters
        The values of the index letters.
    moved
        What differs from the network's own values where it is perturbed.
    deadline
        The time by which to be done.
    memo
        Sums and derivatives evaluated before, by node and by the letters that occur in it; with
        each the objects whose identity is part of its key.
    """

    network: Network
    notation: Notation
    letters: Mapping[str, int] = field(default_factory=dict)
    moved: Mapping[Key | str, Values] = field(default_factory=dict)
    deadline: float = float("inf")
    memo: dict[Any, Any] = field(default_factory=dict)

    def remembered(self, node: Expression, compute: Callable[[], Values]) -> Values:
        """Return a value computed before for the same node, letters and perturbation.

        Sums and derivatives are all that can take long, so this is where time is kept.
        """
        if process_time() > self.deadline:
            raise TooLong("the equation takes too long to evaluate")
        if (known := self.memo.get(id(node))) is None:
            known = self.memo[id(node)] = (node, sorted(free_letters(node)))
        bound = tuple(self.letters.get(letter) for letter in known[1])
        key = (id(node), bound, id(self.moved) if self.moved else 0)
        if key not in self.memo:
            self.memo[key] = (compute(), self.moved)
        return self.memo[key][0]  # type: ignore[no-any-return]  # the memo holds all kinds

    def bind(self, letter: str, value: int) -> Scope:
        """Return this scope with one more letter."""
        letters = {**self.letters, letter: value}
        return Scope(self.network, self.notation, letters, self.moved, self.deadline, self.memo)

    def place(self, place: Place) -> int:
        """Return the value of a place, as the page counts."""
        if isinstance(place, Index):
            if not place.letter:
                return place.shift
            if place.letter not in self.letters:
                raise NoMeaning(f"index {place.letter} has no value")
            return self.letters[place.letter] + place.shift
        return self.size(place.kind, place.layer) + place.shift

    def size(self, kind: str, layer: Place | None) -> int:
        """Return a size of the network."""
        if kind == "L":
            return self.network.depth
        if kind == "m":
            return self.network.examples
        if kind == "v":
            return VECTOR
        number = self.place(layer) if layer is not None else self.network.depth
        if not 0 <= number <= self.network.depth:
            raise NoLayer(f"there is no layer {number}")
        return self.network.probe.widths[number]


@singledispatch
def evaluate(node: Any, scope: Scope) -> Values:  # noqa: ARG001, the others read it
    """Return the value of an expression, at least two axes.

    Raises
    ------
    Fault
        If the expression has no value here.
    """
    raise NoMeaning(f"{show(node)} has no value")


def as_number(value: float) -> Values:
    """Return a number as an array."""
    return np.full((1, 1), value)


def shape_of(value: Values) -> tuple[int, int]:
    """Return the shape without the axis of the copies."""
    return value.shape[-2], value.shape[-1]


def is_number(value: Values) -> bool:
    """Tell whether an array acts as a number."""
    return shape_of(value) == (1, 1)


def sizes(value: Values) -> str:
    """Write a shape as messages do."""
    rows, columns = shape_of(value)
    return f"{rows}×{columns}"
