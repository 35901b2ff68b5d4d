"""The small records that the grammar of mistakes is made of, and what they cost together."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from fcnref._arrays import Array

__all__ = [
    "Budget",
    "Candidates",
    "Constant",
    "Delta",
    "Item",
    "Map",
    "Piece",
    "Rule",
    "Wanted",
    "every",
    "items_of",
    "merged_cost",
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

    def items(self, where: str) -> tuple[Item, ...]:
        """Note what is wrong about it: nothing, one mistake, or several that share its cost."""
        return items_of(self.slug, self.says, where, self.cost)


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

    def items(self, where: str) -> tuple[Item, ...]:
        """Note what is wrong about it, as a piece does."""
        return items_of(self.slug, self.says, where, self.cost)


class Constant(NamedTuple):
    """A number that a gradient may be off by."""

    value: float
    slug: str
    says: str
    cost: float


class Budget(NamedTuple):
    """What one more mistake may cost."""

    most: float
    made: frozenset[str]
    """Those made already, which come again for next to nothing."""

    def allows(self, part: Piece | Rule | Item) -> bool:
        """Whether a mistake can be part of an explanation that is cheap enough."""
        return part.cost <= self.most or not self.made.isdisjoint(slugs_of(part.slug))


Wanted: TypeAlias = Callable[[Piece | Rule | Item], bool]


def every(_: Piece | Rule | Item) -> bool:
    """Want any mistake."""
    return True


def slugs_of(slug: str) -> list[str]:
    """Split the slug of several mistakes at once, "one+other"; the right one is none."""
    return slug.split("+") if slug else []


def items_of(slug: str, says: str, where: str, cost: float) -> tuple[Item, ...]:
    """Note a formula with one mistake, or with several of which each costs its share."""
    if not slug:
        return ()
    slugs = slugs_of(slug)
    return tuple([Item(each, says, where, cost / len(slugs)) for each in slugs])


def merged_cost(items: Sequence[Item]) -> float:
    """Add up the mistakes, where the same one in further layers costs next to nothing."""
    if len(items) < 2:
        return sum((item.cost for item in items), 0.0)
    total, known, slugs = 0.0, set(), set()
    for item in items:
        key = _kind(item)
        if key in known:
            total += 0.05
        elif item.slug in slugs:
            total += 0.1 if _letter(item.where) in {"W", "b"} else 0.5 * item.cost
        else:
            total += item.cost
        known.add(key)
        slugs.add(item.slug)
    return total


@lru_cache(maxsize=65536)
def _kind(item: Item) -> tuple[str, str, str]:
    """What makes a mistake the same one in another layer."""
    return item.slug, re.sub(r"\[?\d+\]?", "", item.says), _letter(item.where)


def _letter(where: str) -> str:
    return where[1]
