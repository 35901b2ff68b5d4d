"""Matrices written with dots: what varies from cell to cell is found by position, not by letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, cast

from fcnref.equations.expression import Dotted, Expression, Index, Place, Record, Size, show
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
    cells: list[list[Expression]], *, down: bool, across: bool, base: int
) -> tuple[Dotted, str]:
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
        The matrix that the cells stand for.
    repeated
        The letter that labels both the rows and the columns, or "".

    Raises
    ------
    NotRead
        If the cells follow no pattern.
    """
    row_letter, column_letter = "ρ", "κ"
    row_values: tuple[Place, ...] | None = None
    if down:
        columns = [_line([line[c] for line in cells], row_letter) for c in range(len(cells[0]))]
        row_values = columns[0].values
        if row_values is None or len({pattern.values for pattern in columns}) != 1:
            raise NotRead("matrix", "the rows of a matrix with dots do not vary in one index")
        line = [pattern.cell for pattern in columns]
    elif len(cells) == 1:
        line = cells[0]
    else:
        raise NotRead("matrix", "a matrix with dots along its rows only is not read")
    column_values: tuple[Place, ...] | None = None
    if across:
        pattern = _line(line, column_letter)
        if (column_values := pattern.values) is None:
            raise NotRead("matrix", "the columns of a matrix with dots do not vary in one index")
        cell = pattern.cell
    elif len(line) == 1:
        cell = line[0]
    else:
        raise NotRead("matrix", "a matrix with dots along its columns only is not read")
    labels = [_label(values, base) for values in (row_values, column_values) if values]
    repeated = labels[0] if len(labels) == 2 and labels[0] == labels[1] else ""
    first = Index("", base)
    matrix = Dotted(
        cell,
        row_letter if row_values else "\N{DEGREE SIGN}",
        row_values[-1] if row_values else first,
        column_letter if column_values else "\N{DEGREE SIGN}\N{DEGREE SIGN}",
        column_values[-1] if column_values else first,
    )
    return matrix, repeated


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
