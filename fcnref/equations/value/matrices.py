"""Matrices put together from their cells, and the shapes that a page claims."""

from __future__ import annotations

import numpy as np

from fcnref.equations.expression import Dotted, Grid, Space
from fcnref.equations.networks import Values
from fcnref.equations.value.scope import NoMeaning, Scope, ShapeFault, evaluate, shape_of


@evaluate.register
def _(node: Grid, scope: Scope) -> Values:
    return _block([[evaluate(cell, scope) for cell in row] for row in node.rows])


def _block(cells: list[list[Values]]) -> Values:
    leading = np.broadcast_shapes(*(cell.shape[:-2] for row in cells for cell in row))
    try:
        rows = [
            np.concatenate([np.broadcast_to(c, (*leading, *shape_of(c))) for c in row], axis=-1)
            for row in cells
        ]
        return np.concatenate(rows, axis=-2)
    except ValueError:
        raise ShapeFault("the cells of a matrix have shapes that do not fit") from None


@evaluate.register
def _(node: Dotted, scope: Scope) -> Values:
    base = scope.notation.base
    rows, columns = scope.fixed(node.row_upper), scope.fixed(node.column_upper)
    if (rows - base + 1) * (columns - base + 1) > 2000:
        raise NoMeaning("a matrix with dots is too large")
    return _block(
        [
            [
                evaluate(node.cell, scope.bind(node.row, row).bind(node.column, column))
                for column in range(base, columns + 1)
            ]
            for row in range(base, rows + 1)
        ]
    )


def claimed_shape(space: Space, scope: Scope) -> tuple[int, ...]:
    """Return the shape that ℝ^{n × m} names."""
    return tuple(scope.fixed(size) for size in space.shape)
