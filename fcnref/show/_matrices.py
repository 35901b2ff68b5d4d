"""Matrices with headers, whose entries know their indices."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import numpy as np

from fcnref._arrays import Array
from fcnref._display import Html, number, tag
from fcnref.show._notation import entry, index_number, math, plain

__all__ = ["At", "Matrix", "check_size", "crossing", "equation_row", "text_row"]

At: TypeAlias = Mapping[str, int]
"""Which number each index has, counted from 1."""

LARGEST = 12
CHARACTER, PADDING, HEADERS = 7, 8, 52
ON_PAGE, ON_PHONE = 656, 340
"""In pixels: of a number, and what a picture has room for on a page and on a phone."""


class Matrix(NamedTuple):
    """A matrix as it is shown.

    Attributes
    ----------
    name
        The code that computes it, such as ``A_prev.T``.
    dims
        The names of its sizes, such as ``("m", "n_prev")``.
    entry
        The entry with the indices that name it, such as ``a_{k,i}``.
    rows
        The index that runs down the rows.
    columns
        The index that runs along the columns; empty for a single column.
    values
        The numbers.
    fixed
        Indices that are the same in the whole matrix.
    """

    name: str
    dims: tuple[str, str]
    entry: str
    rows: str
    columns: str
    values: Array
    fixed: At = MappingProxyType({})

    def at(self, row: int, column: int) -> dict[str, int]:
        """Return the indices of an entry, from its place counted from 0."""
        along = {self.columns: column + 1} if self.columns else {}
        return {**self.fixed, self.rows: row + 1, **along}

    def holds(self, at: At) -> bool:
        """Whether the entry with these indices is in this matrix."""
        return all(at[letter] == value for letter, value in self.fixed.items())

    def value(self, at: At) -> float:
        """Return the number with these indices."""
        column = at[self.columns] - 1 if self.columns else 0
        return float(self.values[at[self.rows] - 1, column])

    def symbol(self, at: At) -> str:
        """Return the entry with these indices filled in, ``a_{k→2,i→1}``."""
        return entry(self.entry, at)

    def places(self) -> Iterable[dict[str, int]]:
        """Run through the indices of all entries, row by row."""
        height, width = self.values.shape
        return (self.at(row, column) for row in range(height) for column in range(width))


def check_size(who: str, **arrays: Array) -> None:
    """Raise unless every array can be looked at."""
    for name, array in arrays.items():
        if np.iscomplexobj(array):
            raise TypeError(
                f"{who}: {name} must hold real numbers to be looked at, got {array.dtype}; "
                f"pass {name}.real."
            )
        if max(array.shape) > LARGEST or array.size == 0:
            raise ValueError(
                f"{who}: {name} must have between 1 and {LARGEST} rows and columns to be looked "
                f"at, got {array.shape}; pass a part of it."
            )


def equation_row(items: Sequence[Matrix | str], digits: int) -> Html:
    """Set matrices and the signs between them in a row."""
    parts: list[Html] = []
    sign: list[Html] = []
    for item in items:
        if isinstance(item, Matrix):  # a sign stays with what follows it when the row is broken
            parts.append(tag("div", *sign, matrix_table(item, digits), class_="fcn-pair"))
            sign = []
        else:
            sign = [tag("span", math(item), class_="fcn-sign")]
    return tag("div", *parts, class_="fcn-row")


def crossing(result: Matrix, factors: Sequence[Matrix], digits: int) -> Html | None:
    """Set a product so that the row and the column of an entry cross in it (Falk's scheme).

    The first factor stands beside the result and the second, if there is one, above it. Nothing is
    returned for matrices that are too wide to stand side by side.
    """
    matrices = [result, *factors]
    numbers = [number(float(x), digits) for matrix in matrices for x in np.ravel(matrix.values)]
    characters = max(3, *map(len, numbers))
    columns = factors[0].values.shape[1] + result.values.shape[1]
    width = columns * (characters * CHARACTER + PADDING) + HEADERS
    if width > ON_PAGE:
        return None
    tables = (matrix_table(matrix, digits) for matrix in matrices)
    narrow = width - columns * (PADDING - 3) <= ON_PHONE
    kind = "fcn-row fcn-cross fcn-small" if narrow else "fcn-row fcn-cross"
    return tag("div", *tables, class_=kind, style=f"--characters: {characters}")


def matrix_table(matrix: Matrix, digits: int) -> Html:
    """Write a matrix as a table with the numbers of the indices as headers."""
    height, width = matrix.values.shape
    sizes = f"({', '.join(matrix.dims)}) = ({height}, {width})"
    where = [Html(f" {index_number(a, a)} = {index_number(a, n)}") for a, n in matrix.fixed.items()]
    corner = [index_number(matrix.rows, matrix.rows)]
    if matrix.columns:
        corner += [Html("\\"), index_number(matrix.columns, matrix.columns)]
        along = [_header("col", matrix.columns, i + 1) for i in range(width)]
    else:
        along = [tag("td")]
    body = [
        tag(
            "tr",
            _header("row", matrix.rows, j + 1),
            *(
                tag("td", number(matrix.values[j, i], digits), data_at=address(matrix.at(j, i)))
                for i in range(width)
            ),
        )
        for j in range(height)
    ]
    return tag(
        "table",
        tag("caption", tag("code", matrix.name), *where, tag("span", sizes)),
        tag("thead", tag("tr", tag("td", *corner), *along)),
        tag("tbody", *body),
        class_="fcn-m",
    )


def address(at: At) -> str:
    """Write indices for the script: ``j2 i3``."""
    return " ".join(f"{letter}{value}" for letter, value in at.items())


def _header(scope: str, letter: str, value: int) -> Html:
    name = f"{letter} = {value}"
    here = f"{letter}{value}"
    return tag("th", index_number(letter, value), scope=scope, data_at=here, aria_label=name)


def text_row(items: Sequence[Matrix | str], digits: int) -> str:
    """Set matrices side by side as text."""
    blocks = [
        _text_block(item, digits) if isinstance(item, Matrix) else ["", "", plain(item)]
        for item in items
    ]
    height = max(len(block) for block in blocks)
    widths = [max(map(len, block)) for block in blocks]
    lines = []
    for y in range(height):
        cells = [block[y] if y < len(block) else "" for block in blocks]
        line = "  ".join(cell.ljust(w) for cell, w in zip(cells, widths, strict=True))
        lines.append(line.rstrip())
    return "\n".join(lines)


def _text_block(matrix: Matrix, digits: int) -> list[str]:
    rows = [[number(x, digits) for x in row] for row in np.asarray(matrix.values)]
    width = max(len(cell) for row in rows for cell in row)
    fixed = "".join(f", {letter} = {value}" for letter, value in matrix.fixed.items())
    body = ["[" + " ".join(cell.rjust(width) for cell in row) + "]" for row in rows]
    return [matrix.name + fixed, str(matrix.values.shape), *body]
