"""Index letters: which are free in a tree and which are bound, and what is put for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fcnref.equations.expression.records import Defined, Dotted, Index, Mean, Place, Record, Series
from fcnref.equations.expression.trees import children, rewrite

__all__ = ["bound_letters", "free_letters", "substitute", "unfolded"]


def bound_letters(node: Any) -> frozenset[str]:
    """Return the letters that a record binds: a summation index, the labels of a matrix."""
    if isinstance(node, Series):
        return frozenset({node.letter})
    if isinstance(node, Mean):
        return frozenset({node.letter} - {""})
    if isinstance(node, Dotted):
        return frozenset({node.row, node.column})
    return frozenset()


def free_letters(node: Any) -> frozenset[str]:
    """Return the index letters that occur unbound in a tree, layers included."""
    if isinstance(node, Index):
        return frozenset({node.letter} - {""})
    if isinstance(node, tuple):
        return frozenset[str]().union(*map(free_letters, children(node)))
    if not isinstance(node, Record):
        return frozenset()
    try:
        return node._free
    except AttributeError:
        if isinstance(node, Defined):
            found = free_letters(node.body) - set(node.letters) | free_letters(node.places)
        else:
            found = free_letters(tuple(children(node))) - bound_letters(node)
        object.__setattr__(node, "_free", found)
        return found


def substitute(node: Any, letters: dict[str, Place]) -> Any:
    """Replace index letters by places, shifts added; letters bound inside are left alone."""
    if isinstance(node, tuple):
        return tuple(substitute(part, letters) for part in node)
    if letters.keys().isdisjoint(free_letters(node)):
        return node
    if isinstance(node, Index):
        place = letters[node.letter]
        return replace(place, shift=place.shift + node.shift)
    bound = bound_letters(node)
    inner = {letter: place for letter, place in letters.items() if letter not in bound}
    if isinstance(node, Defined):
        own = {letter: place for letter, place in letters.items() if letter not in node.letters}
        places = substitute(node.places, letters)
        return replace(node, places=places, body=substitute(node.body, own))
    parts = {name: getattr(node, name) for name in node.__slots__}
    return node.changed(**{name: substitute(part, inner) for name, part in parts.items()})


def unfolded(node: Any) -> Any:
    """Return a tree with what the page has defined written out."""

    def change(part: Any) -> Any:
        if not isinstance(part, Defined):
            return part
        return substitute(part.body, dict(zip(part.letters, part.places, strict=True)))

    return rewrite(node, change)
