"""The small records that the grammar of mistakes is made of."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from fcnref._arrays import Array

__all__ = ["Candidates", "Constant", "Delta", "Item", "Map", "Piece", "Rule"]

Map: TypeAlias = Callable[[Array], Array]
Candidates: TypeAlias = list[tuple[str, str, float, Array]]


class Item(NamedTuple):
    """One mistake at one place: its slug, the wrong formula, the tensor it spoils, how unlikely."""

    slug: str
    says: str
    where: str
    cost: float = 1.0


class Piece(NamedTuple):
    """One tensor that a slot can be filled with."""

    slug: str
    says: str
    cost: float
    value: Array


class Delta(NamedTuple):
    """A dZ[l] that a backward pass could hold, the dA[l] it made it from, and its mistakes."""

    items: tuple[Item, ...]
    cost: float
    dA: Array
    dZ: Array


class Rule(NamedTuple):
    """One way to fill a slot: the right one has no slug and costs nothing."""

    slug: str
    says: str
    cost: float
    apply: Map


class Constant(NamedTuple):
    """A number that a gradient may be off by."""

    value: float
    slug: str
    says: str
    cost: float
