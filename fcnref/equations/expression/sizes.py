"""How far an index runs: the sizes of stored arrays, of what is made of them, and of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fcnref.equations.expression.letters import free_letters, substitute
from fcnref.equations.expression.records import (
    FRESH,
    LAST,
    LAYERS,
    NOTHING,
    ONE,
    Apply,
    Count,
    Defined,
    Derivative,
    Dotted,
    Entry,
    Expression,
    Free,
    Functional,
    Hadamard,
    Index,
    Limit,
    Mean,
    Negative,
    Node,
    Number,
    Place,
    Power,
    Product,
    Quotient,
    Rate,
    Series,
    Size,
    Sum,
    Transpose,
    Truth,
)
from fcnref.equations.expression.trees import children

__all__ = ["FRAME", "extent", "frame", "is_scalar", "over_all_places", "ranges"]


FRAME: dict[str, tuple[str, str]] = {
    "W": ("n", "n_prev"),
    "b": ("n", "1"),
    "gain": ("n", "1"),
    "K": ("n", "m"),
    "D": ("n", "m"),
    "shift": ("n", "1"),
    "Z": ("n", "m"),
    "A": ("n", "m"),
    "Y": ("n", "m"),
    "V": ("1", "1"),
    "losses": ("1", "m"),
    "J": ("1", "1"),
}
"""The two dimensions of the stored array of every family, by name."""


def frame(node: Node) -> tuple[Place, Place]:
    """Return the sizes of the stored array behind a node."""
    layer = node.layer if node.layer is not None else LAST

    def size(name: str) -> Place:
        if name == "n":
            return Size("n", layer)
        if name == "n_prev":
            return Size("n", replace(layer, shift=layer.shift - 1))
        return Size("m") if name == "m" else ONE

    rows, columns = FRAME[node.family]
    return size(rows), size(columns)


def is_scalar(node: Any) -> bool:
    """Tell whether an expression is a number whatever the network."""
    match node:
        case Number() | Count() | Truth():
            return True
        case Defined() | Functional():
            return isinstance(node, Functional) or is_scalar(node.body)
        case Node():
            fixed = node.column is not None or node.single or FRAME[node.family][1] == "1"
            return node.family in {"J", "V"} or (node.row is not None and fixed)
        case Free():
            return None not in node.places
        case Rate():
            return is_scalar(node.of)
        case Limit() | Mean():
            return is_scalar(node.of)
        case Derivative():
            return is_scalar(node.top) and is_scalar(node.bottom)
        case Entry():
            return node.row is not None and node.column is not None
        case Sum():
            return all(map(is_scalar, node.terms))
        case Product() | Hadamard():
            return all(map(is_scalar, node.factors))
        case Quotient():
            return is_scalar(node.top) and is_scalar(node.bottom)
        case Negative() | Transpose():
            return is_scalar(node.of)
        case Series():
            return is_scalar(node.body)
        case Power():
            return is_scalar(node.base)
        case Apply():
            return node.function in {"norm", "trace"} or all(map(is_scalar, node.arguments))
    return False


def ranges(node: Any, letter: str) -> Iterator[Place]:
    """Yield the size of every slot that an index letter stands in."""
    if letter not in free_letters(node):
        return
    slots: list[tuple[Place | None, Place | None]] = []
    if isinstance(node, Node):
        slots = list(zip((node.row, node.column), frame(node), strict=True))
    elif isinstance(node, Free):
        slots = [(place, Size("v")) for place in node.places]
    elif isinstance(node, Defined):
        slots = [(node.places[n], size) for n, size in _slots(node)]
    if isinstance(node, Entry):
        slots = list(zip((node.row, node.column), extent(node.of), strict=True))
    for place, size in slots:
        if isinstance(place, Index) and place.letter == letter and size is not None:
            yield size
    for child in () if isinstance(node, Defined) else children(node):
        yield from ranges(child, letter)


def extent(node: Expression) -> tuple[Place | None, Place | None]:
    """Return the rows and columns of an array, as far as its first array tells; None is unknown."""
    if isinstance(node, Node):
        rows, columns = frame(node)
        fixed = node.column is not None or node.single
        shape = (ONE if node.row is not None else rows, ONE if fixed else columns)
        return shape[::-1] if node.flipped else shape
    if isinstance(node, Transpose):
        rows_of, columns_of = extent(node.of)
        return columns_of, rows_of
    parts = (part for part in children(node) if not isinstance(part, Index | Size))
    shapes = [extent(part) for part in parts]  # type: ignore[arg-type]  # a record is an expression
    arrays = [shape for shape in shapes if shape not in {(None, None), (ONE, ONE)}]
    if not arrays:
        return None, None
    return arrays[0][0], (arrays[-1] if isinstance(node, Product) else arrays[0])[1]


def _slots(node: Defined) -> Iterator[tuple[int, Place]]:
    """Yield the ranges of the letters of a definition, its layer being the one printed here."""
    given = dict(zip(node.letters, node.places, strict=True))
    for number, letter in enumerate(node.letters):
        for size in ranges(node.body, letter):
            yield number, substitute(size, {x: p for x, p in given.items() if x != letter})


def over_all_places(node: Defined | Entry) -> tuple[Expression, tuple[Place | None, ...]]:
    """Return the array of a defined quantity at all its places, and the places printed here.

    Raises
    ------
    ValueError
        If the range of a letter is not known.
    """
    if isinstance(node, Entry):
        return node.of, (node.row, node.column)
    own = [n for n, letter in enumerate(node.letters) if letter not in LAYERS]
    if not own:
        return node, (None, None)
    sizes = dict(reversed(list(_slots(node))))
    if len(own) > 2 or any(n not in sizes for n in own):
        raise ValueError("over_all_places: the ranges of the indices are not known")
    fresh = dict(zip(own, FRESH, strict=False))
    spread = tuple(Index(fresh[n]) if n in fresh else p for n, p in enumerate(node.places))
    cell = replace(node, places=spread)
    runs = [(fresh[n], sizes[n]) for n in own]
    return Dotted(cell, *runs[0], *(runs[1:] or [NOTHING])[0]), (
        *(node.places[n] for n in own),
        ONE,
    )[:2]
