"""What dots stand for: what varies from term to term is found by position, not by letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, cast

from fcnref.equations.expression import (
    FRESH,
    NOTHING,
    Dotted,
    Expression,
    Index,
    Number,
    Ones,
    Place,
    Product,
    Record,
    Size,
    Transpose,
    show,
)
from fcnref.equations.syntax import NotRead


class _Pattern(NamedTuple):
    cell: Expression
    values: tuple[Place, ...] | None


def _merge(parts: Sequence[object], fresh: str) -> tuple[object, set[tuple[Place, ...]]]:
    """Replace, in trees that agree otherwise, the places in which they differ by one letter."""
    first = parts[0]
    if all(part == first for part in parts):
        return first, set()
    if all(isinstance(part, Index | Size) for part in parts):
        return Index(fresh), {cast("tuple[Place, ...]", tuple(parts))}
    if isinstance(first, tuple) and all(
        isinstance(part, tuple) and len(part) == len(first) for part in parts
    ):
        columns = zip(*cast("list[tuple[object, ...]]", parts), strict=True)
        merged = [_merge(column, fresh) for column in columns]
        kept: set[tuple[Place, ...]] = set()
        return tuple(value for value, _ in merged), kept.union(*(found for _, found in merged))
    if not isinstance(first, Record) or any(type(p) is not type(first) for p in parts):
        raise NotRead("matrix", "the cells of a matrix with dots do not follow one pattern")
    changes: dict[str, object] = {}
    found: set[tuple[Place, ...]] = set()
    for name in first.__slots__:
        value, inner = _merge([getattr(part, name) for part in parts], fresh)
        changes[name] = value
        found |= inner
    return first.changed(**changes), found


def _line(cells: Sequence[Expression], fresh: str) -> _Pattern:
    merged, found = _merge(cells, fresh)
    if len(found) > 1:
        raise NotRead("matrix", "the cells of a matrix with dots vary in more than one index")
    return _Pattern(cast("Expression", merged), found.pop() if found else None)


def dotted(
    cells: Sequence[Sequence[Expression]], *, down: bool, across: bool, base: int
) -> tuple[Expression, str]:
    """Find the pattern of the cells of a matrix written with dots.

    Parameters
    ----------
    cells
        The printed cells, without the rows and columns that hold dots.
    down, across
        Whether there are dots along a column and along a row.
    base
        The first index.

    Returns
    -------
    matrix
        The matrix that the cells stand for; rows or columns that repeat are a product with ones.
    repeated
        The letter that labels both the rows and the columns, or "".

    Raises
    ------
    NotRead
        If the cells follow no pattern.
    """
    if (len(cells) > 1 and not down) or (len(cells[0]) > 1 and not across):
        raise NotRead("matrix", "a matrix with dots in one direction only is not read")
    columns = [_line([line[c] for line in cells], FRESH[0]) for c in range(len(cells[0]))]
    if len({pattern.values for pattern in columns}) != 1:
        raise NotRead("matrix", "the rows of a matrix with dots do not vary in one index")
    row_values = columns[0].values
    cell, column_values = _line([pattern.cell for pattern in columns], FRESH[1])
    labels = [_label(values, base) for values in (row_values, column_values) if values]
    repeated = labels[0] if len(labels) == 2 and labels[0] == labels[1] else ""
    rows = NOTHING if row_values is None else (FRESH[0], row_values[-1])
    across_run = NOTHING if column_values is None else (FRESH[1], column_values[-1])
    matrix: Expression = Dotted(cell, *rows, *across_run)
    if down and row_values is None:
        matrix = Ones(None) if cell == Number(1) else Product((Ones(None), matrix))
    if across and column_values is None:
        matrix = Product((matrix, Transpose(Ones(None))))
    return matrix, repeated


def sequence(terms: Sequence[Expression]) -> tuple[Expression, str, Place, Place]:
    """Find the pattern of terms before dots and the one behind them.

    Returns
    -------
    body, letter, first, last
        The term for every value of the letter, which runs from the first place to the last; down,
        where the second place lies below the first.

    Raises
    ------
    NotRead
        If the terms follow no pattern.
    """
    body, values = _line(terms, FRESH[0])
    if values is None:
        raise NotRead("dots", "the terms around dots are all the same")
    first, *between, last = values
    steps = [value.shift - first.shift for value in between if _beside(value, first)]
    if steps not in ([step * n for n in range(1, len(between) + 1)] for step in (1, -1)):
        raise NotRead("dots", "the terms before dots do not count in order")
    return body, FRESH[0], first, last


def _beside(a: Place, b: Place) -> bool:
    return replace(a, shift=0) == replace(b, shift=0)


def _label(values: tuple[Place, ...], base: int) -> str:
    """Return the letter of the generic row or column, or ""; what lies between must be in order."""
    first, *between, last = values
    if first != Index("", base):
        raise NotRead("matrix", "a matrix with dots does not begin at its first index")
    label = ""
    for number, value in enumerate(between, base + 1):
        generic = isinstance(value, Index) and value.letter and not value.shift
        if generic and not label:
            label = cast("Index", value).letter
        elif value not in {Index("", number), replace(last, shift=last.shift - 1)}:
            raise NotRead("matrix", f"{show(value)} is out of order in a matrix with dots")
    return label
