"""The small records that the grammar of mistakes is made of."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from fcnref._arrays import Array

__all__ = [
    "Candidates",
    "Constant",
    "Delta",
    "Item",
    "Map",
    "Piece",
    "Rule",
    "items_of",
    "slugs_of",
]

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


def slugs_of(slug: str) -> list[str]:
    """Split the slug of several mistakes at once, "one+other"; the right one is none."""
    return slug.split("+") if slug else []


def items_of(slug: str, says: str, where: str, cost: float) -> tuple[Item, ...]:
    """Note a formula with one mistake, or with several of which each costs its share."""
    slugs = slugs_of(slug)
    return tuple(Item(each, says, where, cost / len(slugs)) for each in slugs)
