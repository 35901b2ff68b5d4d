"""Where an expression is evaluated, what can go wrong there, and the one way to evaluate.

Every value is an array whose last two axes are its rows and columns, numbers being 1 × 1. An index
letter stands for one number or, to be quick, for an array of many: then a leading axis of every
value runs over them, and one more over the copies of a perturbed network. Shapes are compared
strictly: only a 1 × 1 array acts as a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from math import prod
from time import process_time
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from fcnref.equations.expression import Expression, Index, Place, free_letters, show
from fcnref.equations.networks import Network, Values
from fcnref.equations.notation import Notation

Number: TypeAlias = "int | npt.NDArray[np.int_]"
"""What an index letter stands for: one number, or many at once."""

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


class Varies(Fault):
    """A size or a layer that is another for every value of an index."""

    code = "varies"


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
        The values of the index letters: numbers, or arrays that run in step.
    moved
        What differs from the network's own values where it is perturbed, by the key of a quantity
        or by the name of a variable.
    deadline
        The time by which to be done.
    memo
        Sums and derivatives evaluated before, by node and by the letters that occur in it, and
        scopes spread before; with each the objects whose identity is part of its key.
    """

    network: Network
    notation: Notation
    letters: Mapping[str, Number] = field(default_factory=dict)
    moved: Mapping[Any, Any] = field(default_factory=dict)
    deadline: float = float("inf")
    memo: dict[Any, Any] = field(default_factory=dict)

    def remembered(self, node: Expression, compute: Callable[[], Values]) -> Values:
        """Return a value computed before for the same node, letters and perturbation.

        Sums and derivatives are all that can take long, so this is where time is kept.
        """
        if process_time() > self.deadline:
            raise TooLong("the equation takes too long to evaluate")
        found = (self.letters.get(letter) for letter in free_letters(node))
        bound = tuple(id(n) if isinstance(n, np.ndarray) else n for n in found)
        key = (id(node), bound, id(self.moved) if self.moved else 0)
        if key not in self.memo:
            self.memo[key] = (compute(), self.moved, self.letters, node)
        return self.memo[key][0]  # type: ignore[no-any-return]  # the memo holds all kinds

    def bind(self, letter: str, value: Number) -> Scope:
        """Return this scope with one more letter."""
        letters = {**self.letters, letter: value}
        return Scope(self.network, self.notation, letters, self.moved, self.deadline, self.memo)

    def perturbed(self, moved: Mapping[Any, Any]) -> Scope:
        """Return this scope in copies of the network, along an axis behind that of the letters."""
        letters = {
            letter: value[..., None] if isinstance(value, np.ndarray) else value
            for letter, value in self.letters.items()
        }
        return Scope(self.network, self.notation, letters, moved, self.deadline, self.memo)

    def spread(self, letter: str, numbers: range) -> Scope:
        """Return this scope with one letter at many values, along an axis behind all others."""
        held = tuple(id(n) if isinstance(n, np.ndarray) else n for n in self.letters.values())
        key = (letter, numbers, *self.letters, held, id(self.moved) if self.moved else 0)
        if key not in self.memo:
            moved = {name: value[..., None, :, :] for name, value in self.moved.items()}
            self.memo[key] = (self.perturbed(moved).bind(letter, np.array(numbers)), self)
        inner: Scope = self.memo[key][0]
        return inner

    @property
    def count(self) -> int:
        """How many values of the letters are treated at once."""
        shapes = (n.shape for n in self.letters.values() if isinstance(n, np.ndarray))
        return prod(np.broadcast_shapes(*shapes))

    def place(self, place: Place) -> Number:
        """Return the value of a place, as the page counts."""
        if isinstance(place, Index):
            if not place.letter:
                return place.shift
            if place.letter not in self.letters:
                raise NoMeaning(f"index {place.letter} has no value")
            return self.letters[place.letter] + place.shift
        return self.size(place.kind, place.layer) + place.shift

    def fixed(self, place: Place) -> int:
        """Return the value of a place that must not vary: a size, a layer or a bound."""
        value = self.place(place)
        if isinstance(value, np.ndarray):
            raise Varies(f"{show(place)} varies")
        return value

    def size(self, kind: str, layer: Place | None) -> int:
        """Return a size of the network."""
        if kind == "L":
            return self.network.depth
        if kind == "m":
            return self.network.examples
        if kind == "v":
            return VECTOR
        number = self.fixed(layer) if layer is not None else self.network.depth
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


def as_number(value: complex | npt.NDArray[Any]) -> Values:
    """Return a number, or one for each value of the letters, as an array."""
    kind = complex if isinstance(value, complex) else float
    return np.asarray(value, dtype=kind)[..., None, None]


def taken(value: Values, number: Number, axis: int) -> Values:
    """Return the rows (axis -2) or the columns (axis -1) with a number, or one for each value."""
    if isinstance(number, int):
        return np.take(value, [number], axis)
    if value.ndim == 2:
        lines = value[number] if axis == -2 else value.T[number]
        return np.expand_dims(lines, axis)
    leading = np.broadcast_shapes(value.shape[:-2], number.shape)
    spread = np.broadcast_to(value, (*leading, *value.shape[-2:]))
    return np.take_along_axis(spread, np.broadcast_to(number, leading)[..., None, None], axis)


def outside(number: Number, count: int) -> int | None:
    """Return the first number that is no position among `count`, or None."""
    numbers = np.atleast_1d(number).ravel()
    wrong = numbers[(numbers < 0) | (numbers >= count)]
    return int(wrong[0]) if wrong.size else None


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


def misfit(a: Values, operator: str, b: Values, where: str) -> ShapeFault:
    """Return the fault of two arrays that an operator cannot join."""
    return ShapeFault(f"({sizes(a)}) {operator} ({sizes(b)}): {where}")
