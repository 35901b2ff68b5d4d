"""Matrices written out cell by cell, matrices with dots, and cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from lark import Token, Tree

from fcnref.equations.expression import (
    Cases,
    Compare,
    Expression,
    Grid,
    Node,
    Size,
    Truth,
    free_letters,
    rewrite,
    show,
    walk,
)
from fcnref.equations.meaning.indicators import read_truth
from fcnref.equations.meaning.patterns import dotted
from fcnref.equations.meaning.reader import Cursor, Reader
from fcnref.equations.meaning.scripts import scripted
from fcnref.equations.syntax import (
    Clause,
    NotRead,
    clause_tree,
    clauses_of,
    items_of,
    subtrees,
    token_of,
    without_words,
)
from fcnref.equations.variants import Variant, variants

Cell: TypeAlias = list[Clause]

MOST_CELLS = 16
"""The most printed cells of a matrix with dots among which a wrong one is looked for."""


MOST_EDITS = 3
"""The most edits that are named where each of them gives a matrix another pattern."""


def read_grid(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read a matrix, or cases."""
    atom = cursor.atom
    if not isinstance(atom, Tree) or atom.data != "grid":
        return None
    scripts = cursor.scripts
    cursor.take()
    rows = [row for row in map(_cells, subtrees(atom, "row")) if any(row)]
    cases = "cases" in str(atom.children[0])
    return scripted(reader, (_cases if cases else _matrix)(reader, rows), scripts)


def _cells(row: Tree[Token]) -> list[Cell]:
    cells = [clauses_of(cell) for cell in subtrees(row, "clauses")]
    return [[c for c in cell if any(side is not None for side in c.sides)] for cell in cells]


def _matrix(reader: Reader, rows: Sequence[Sequence[Cell]]) -> Expression:
    empty = [[_is_dots(cell) for cell in row] for row in rows]
    real_rows = [n for n, row in enumerate(empty) if not all(row)]
    width = max((len(row) for row in rows), default=0)
    real_columns = [
        n for n in range(width) if any(n < len(empty[r]) and not empty[r][n] for r in real_rows)
    ]
    if not real_rows or any(len(rows[r]) <= max(real_columns) for r in real_rows):
        raise NotRead("matrix", "the rows of a matrix have different lengths")
    cells = [[_cell(reader, rows[r][c]) for c in real_columns] for r in real_rows]
    down, across = len(real_rows) < len(rows), len(real_columns) < width
    if not (down or across):
        return Grid(tuple(map(tuple, cells)))
    runs = {"down": down, "across": across}
    try:
        matrix, repeated = dotted(cells, base=reader.notation.base, **runs)
    except NotRead as fault:
        matrix, repeated = _corrected(reader, cells, fault, runs)
    if repeated:
        reader.reproach("repeated", f"{repeated} labels both the rows and the columns")
    return matrix


def _corrected(
    reader: Reader, cells: Sequence[Sequence[Expression]], fault: NotRead, runs: Mapping[str, bool]
) -> tuple[Expression, str]:
    """Read a matrix in which one printed cell breaks the pattern as if the cell followed it.

    Raises
    ------
    NotRead
        If no edit of one cell, or more than one, gives all of them a pattern.
    """
    if sum(map(len, cells)) > MOST_CELLS:
        raise fault
    found: dict[tuple[Expression, str], str] = {}
    letters = free_letters(tuple(map(tuple, cells)))
    sizes = {size: None for row in cells for cell in row for _, _, size in _sizes(cell)}
    for r, row in enumerate(cells):
        for c, cell in enumerate(row):
            edits = (*variants(cell, letters, reader.notation), *_resized(cell, sizes))
            for variant in edits:
                edited = [*row[:c], variant.expression, *row[c + 1 :]]
                try:
                    read = dotted(
                        [*cells[:r], edited, *cells[r + 1 :]], base=reader.notation.base, **runs
                    )
                except NotRead:
                    continue
                found.setdefault(read, variant.text)
    if 1 < len(found) <= MOST_EDITS:
        named = " or with ".join(found.values())
        raise NotRead(fault.code, f"{fault.text}; they would with {named}")
    if len(found) != 1:
        raise fault
    [(read, text)] = found.items()
    reader.reproach("pattern", f"{fault.text}; they would with {text}")
    return read


def _sizes(cell: Expression) -> Iterator[tuple[Node, str, Size]]:
    """Yield the indices of a cell that are sizes, each with its symbol."""
    for part in walk(cell):
        if isinstance(part, Node):
            for name in ("row", "column"):
                if isinstance(size := getattr(part, name), Size):
                    yield part, name, size


def _resized(cell: Expression, sizes: Iterable[Size]) -> Iterator[Variant]:
    """Yield a cell with one of some sizes for an index that is another one."""
    for part, name, size in _sizes(cell):
        for other in sizes:
            new = part.changed(**{name: other})

            def exchanged(node: Any, old: Node = part, new: Node = new) -> Any:
                return new if node == old else node

            if other != size:
                text = f"{show(new)} for {show(part)}"
                yield Variant("index", text, rewrite(cell, exchanged))


def _is_dots(cell: Cell) -> bool:
    """Tell whether a cell is empty or holds dots."""
    if not cell:
        return True
    side = cell[0].sides[0]
    items = items_of(side) if side is not None else []
    token = token_of(items[0]) if items else None
    return token is not None and token.type == "DOTS"


def _cell(reader: Reader, cell: Cell) -> Expression:
    if _is_dots(cell):
        raise NotRead("matrix", "the dots of a matrix are not in rows and columns of their own")
    side = cell[0].sides[0]
    if len(cell) != 1 or cell[0].relations or side is None:
        raise NotRead("matrix", "a cell of a matrix is not understood")
    return reader.side(side)


def _cases(reader: Reader, rows: Sequence[Sequence[Cell]]) -> Expression:
    branches: list[tuple[Expression, Truth | Compare | None]] = []
    for row in rows:
        first, *clauses = [clause for cell in row for clause in cell]
        if first.sides[0] is None or first.relations:
            raise NotRead("cases", "a case is not understood")
        condition: Truth | Compare | None = None
        for clause, _ in map(without_words, clauses):
            if clause.relations:
                condition = read_truth(reader, clause_tree(clause))
                if condition is None:
                    raise NotRead("cases", "the condition of a case is not understood")
        branches.append((reader.side(first.sides[0]), condition))
    if any(condition is None for _, condition in branches[:-1]):
        raise NotRead("cases", "a case has no condition")
    return Cases(tuple(branches))
