"""Trees of records: walked, rebuilt, and changed in one place at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from fcnref.equations.expression.records import Called, Defined, Functional, Record

__all__ = ["Done", "Pool", "children", "edits", "rewrite", "walk"]


def children(node: Any) -> Iterator[Record]:
    """Yield the records inside a record or a tuple, through tuples."""
    parts = node if isinstance(node, tuple) else [getattr(node, name) for name in node.__slots__]
    for part in parts:
        if isinstance(part, Record):
            yield part
        elif isinstance(part, tuple):
            yield from children(part)


def walk(node: Any) -> Iterator[Any]:
    """Yield a record and every record below it, from the left."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Record):
            yield part
            waiting.extend([getattr(part, name) for name in reversed(part.__slots__)])
        elif isinstance(part, tuple):
            waiting.extend(reversed(part))


Done: TypeAlias = dict[int, tuple[Any, Any]]
"""What became of records, by their identity: with each the record, so that it stays alive."""


def rewrite(node: Any, change: Callable[[Any], Any], done: Done | None = None) -> Any:
    """Rebuild a tree from below, with `change` applied to every record.

    With `done`, what a record became is kept, so that a part of many trees is rebuilt once.
    """
    if isinstance(node, tuple):
        parts = tuple([rewrite(part, change, done) for part in node])
        return node if all(new is old for new, old in zip(parts, node, strict=True)) else parts
    if not isinstance(node, Record):
        return node
    if done is not None and id(node) in done:
        return done[id(node)][1]
    changes = {}
    for name in node.__slots__:
        value = getattr(node, name)
        new = rewrite(value, change, done)
        if new is not value:
            changes[name] = new
    result = change(node.changed(**changes))
    if done is not None:
        done[id(node)] = (node, result)
    return result


class Pool:
    """Keeps one object of all that are equal, so that equal parts are recognized by identity."""

    def __init__(self) -> None:
        self._kept: dict[Any, tuple[int, Any]] = {}
        self._done: Done = {}

    def shared(self, node: Any) -> Any:
        """Return a tree whose equal parts are the same object."""
        return rewrite(node, self.keep, self._done)

    def keep(self, node: Any) -> Any:
        """Return the object that stands for a record whose parts are in the pool."""
        return self._kept.setdefault(_key(node), (len(self._kept), node))[1]

    def number(self, node: Any) -> int:
        """Return the place of a record in the order of the pool."""
        return self._kept[_key(node)][0]


def _key(node: Any) -> tuple[Any, ...]:
    return type(node), *(_part(getattr(node, name)) for name in node.__slots__)


def _part(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_part, value))
    return id(value) if isinstance(value, Record) else value


def edits(node: Any, edit: Callable[[Any], Iterator[tuple[str, Any]]]) -> Iterator[tuple[str, Any]]:
    """Yield every tree that differs from `node` by one edit at one place, with its description."""
    if isinstance(node, tuple):
        for position, part in enumerate(node):
            for text, new in edits(part, edit):
                yield text, (*node[:position], new, *node[position + 1 :])
        return
    if not isinstance(node, Record):
        return
    yield from edit(node)
    if isinstance(node, Defined | Functional):
        return  # what is defined elsewhere on the page is not printed here
    for name in ("argument",) if isinstance(node, Called) else node.__slots__:
        for text, new in edits(getattr(node, name), edit):
            yield text, node.changed(**{name: new})
