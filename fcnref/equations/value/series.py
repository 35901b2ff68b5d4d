"""Sums over an index, and the relations that choose their terms."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from fcnref.equations.expression import Cases, Compare, Series, Truth, ranges, show
from fcnref.equations.networks import Values
from fcnref.equations.value.arithmetic import times
from fcnref.equations.value.scope import (
    IndexFault,
    NoMeaning,
    Scope,
    Varies,
    as_number,
    evaluate,
    is_number,
    misfit,
    shape_of,
)

MOST_AT_ONCE = 10_000
"""The most terms of a sum, at all values of the letters, that are held together."""


@evaluate.register
def _(node: Series, scope: Scope) -> Values:
    return scope.remembered(node, lambda: _summed(node, scope))


def _summed(node: Series, scope: Scope) -> Values:
    numbers = _numbers(node, scope)
    if node.kind == "sum" and 0 < len(numbers) * scope.count <= MOST_AT_ONCE:
        with suppress(IndexFault, Varies):
            return _summed_at_once(node, scope, numbers)
    return _one_by_one(node, scope, numbers)


def _numbers(node: Series, scope: Scope) -> range:
    """Return the values of a summation index."""
    first, last = scope.fixed(node.lower), _upper(node, scope)
    falling = node.kind.startswith("falling")
    numbers = range(first, last - 1, -1) if falling else range(first, last + 1)
    if len(numbers) > 200:
        raise NoMeaning("a sum has more than 200 terms")
    return numbers


def _upper(node: Series, scope: Scope) -> int:
    """Return the last value of a summation index, from its slot where no bound is printed."""
    if node.upper is not None:
        return scope.fixed(node.upper)
    size = next(ranges(node.body, node.letter), None)
    if size is None:
        raise NoMeaning(f"Σ over {node.letter} has no bounds")
    return scope.fixed(size) + scope.notation.base - 1


def _summed_at_once(node: Series, scope: Scope, numbers: range) -> Values:
    """Return a sum from all its terms along an axis of their own: they have to be of one shape."""
    inner = scope.spread(node.letter, numbers)
    terms = evaluate(node.body, inner)
    if node.unless is not None:
        terms = np.where(as_number(holds(node.unless, inner)) > 0, terms, 0)
    if terms.ndim == 2 or terms.shape[-3] == 1:
        return terms.reshape(*terms.shape[:-3], *shape_of(terms)) * len(numbers)
    return np.asarray(terms.sum(axis=-3))


def _one_by_one(node: Series, scope: Scope, numbers: range) -> Values:
    """Return a sum or a product term by term, each with sizes and faults of its own."""
    neutral = float(node.kind != "sum")
    total: Values | None = None
    for number in numbers:
        inner = scope.bind(node.letter, number)
        chosen = node.unless is None or holds(node.unless, inner)
        if not np.any(chosen):
            continue
        value = evaluate(node.body, inner)
        if not np.all(chosen):
            value = np.where(as_number(chosen) > 0, value, neutral)
        if total is None:
            total = value
        elif node.kind != "sum":
            total = times(total, value, node.body, node.body)
        elif shape_of(total) != shape_of(value):
            raise misfit(total, "+", value, f"the terms of {show(node)}")
        else:
            total = total + value
    return as_number(neutral) if total is None else total


@evaluate.register
def _(node: Truth, scope: Scope) -> Values:
    return as_number(holds(node, scope))


def holds(node: Truth, scope: Scope) -> bool | npt.NDArray[np.bool_]:
    """Tell whether a relation of two places holds, for each value of the letters."""
    return _RELATIONS[node.relation](scope.place(node.left), scope.place(node.right))  # type: ignore[no-any-return]  # a table of comparisons


_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda a, b: a == b,
    "≠": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "≤": lambda a, b: a <= b,
    "≥": lambda a, b: a >= b,
}


@evaluate.register
def _(node: Compare, scope: Scope) -> Values:
    left, right = evaluate(node.left, scope), evaluate(node.right, scope)
    if shape_of(left) != shape_of(right) and not is_number(right):
        raise misfit(left, node.relation, right, show(node))
    return np.asarray(_RELATIONS[node.relation](left.real, right.real), dtype=float)


@evaluate.register
def _(node: Cases, scope: Scope) -> Values:
    result: Values | None = None
    for value, condition in reversed(node.branches):
        if condition is None:
            result = evaluate(value, scope)
            continue
        chosen = evaluate(condition, scope)
        if result is None:
            result = evaluate(value, scope)
            if not np.all(chosen):
                result = np.where(chosen > 0, result, np.nan)
            continue
        result = np.where(chosen > 0, evaluate(value, scope), result)
    assert result is not None
    return result
