"""Derivatives: complex steps through the network, and differences of them for the second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from fcnref.equations.expression import (
    ONE,
    Defined,
    Derivative,
    Entry,
    Expression,
    Free,
    Functional,
    Node,
    Product,
    Rate,
    over_all_places,
    show,
)
from fcnref.equations.networks import STEP, Values, functional
from fcnref.equations.value.scope import (
    IndexFault,
    NoMeaning,
    Scope,
    evaluate,
    outside,
    shape_of,
    taken,
)
from fcnref.equations.value.stored import (
    defined_key,
    free_key,
    free_value,
    node_key,
    part_of,
    part_of_free,
    places_of,
)

SPACING = 4e-3


_STENCIL = ((1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280))


def differentiated(function: Callable[[Values], Values], x: Values, primes: int) -> Values:
    """Return a derivative entry by entry: a complex step, and differences of it for the second."""
    if primes == 0:
        return function(x)
    if np.iscomplexobj(x) or primes > 2:
        raise NoMeaning("a derivative of a derivative is read as g″ only")
    if primes == 1:
        return np.asarray(function(x + 1j * STEP).imag / STEP)
    return rate_at_zero(lambda t: differentiated(function, x + t, 1))


def rate_at_zero(at: Callable[[float], Values]) -> Values:
    """Return the derivative of a smooth function at 0, by central differences of eighth order."""
    total = sum(weight * (at(n * SPACING) - at(-n * SPACING)) for n, weight in _STENCIL)
    return np.asarray(total / SPACING)


@evaluate.register
def _(node: Rate, scope: Scope) -> Values:
    if scope.moved:
        raise NoMeaning("a derivative of a rate is not read")
    return scope.remembered(node, lambda: rate_at_zero(lambda t: _at(node.of, scope, t)))


def _at(node: Expression, scope: Scope, t: float) -> Values:
    """Return a value in the network moved by t."""
    moved = scope.memo.setdefault(("moved", t), {})
    return evaluate(node, replace(scope, network=scope.network.along(t), memo=moved))


@evaluate.register
def _(node: Derivative, scope: Scope) -> Values:
    if scope.moved:
        raise NoMeaning("second derivatives are not read")
    return scope.remembered(node, lambda: _derived(node, scope))


def _derived(node: Derivative, scope: Scope) -> Values:
    if isinstance(node.bottom, Free):
        return _by_free(node, node.bottom, scope)
    if isinstance(node.bottom, Defined | Entry):
        return _by_defined(node, node.bottom, scope)
    change, shape = _change(node.top, node.bottom, scope)
    return _laid_out(change, shape, node, scope)


def _change(top: Expression, bottom: Node, scope: Scope) -> tuple[Values, tuple[int, int]]:
    """Return the derivative of `top` by every entry of `bottom`, and the shape of `bottom`.

    The derivative has an axis over the entries of `bottom` before its rows and columns.
    """
    network, key = scope.network, node_key(bottom, scope)
    stored = network.values[key]
    numbers = part_of(np.arange(stored.size).reshape(stored.shape), bottom, scope)
    chosen = numbers.reshape(*numbers.shape[:-2], -1)
    if isinstance(top, Node):
        if top.family == "losses":
            evaluate(top, scope)
        change = network.jacobian(node_key(top, scope), key)[chosen]
        return part_of(change, top, scope.perturbed({})), shape_of(numbers)
    moved = {k: v[chosen] for k, v in network.ripple(key).items()}
    value = evaluate(top, scope.perturbed(moved))
    return _imaginary(value, chosen.shape[-1]), shape_of(numbers)


def _imaginary(value: Values, entries: int) -> Values:
    """Return the derivatives that a complex step has left, one for each entry."""
    leading = np.broadcast_shapes(value.shape[:-2], (entries,))
    return np.broadcast_to(value.imag / STEP, (*leading, *shape_of(value)))


def _by_free(node: Derivative, bottom: Free, scope: Scope) -> Values:
    start = free_value(bottom, scope.network)
    numbers = part_of_free(np.arange(start.size).reshape(start.shape), bottom, scope)
    chosen = numbers.reshape(*numbers.shape[:-2], -1)
    pushed = start + 1j * STEP * np.eye(start.size).reshape(start.size, *start.shape)
    value = evaluate(node.top, scope.perturbed({free_key(bottom): pushed[chosen]}))
    return _laid_out(_imaginary(value, chosen.shape[-1]), shape_of(numbers), node, scope)


def _by_defined(node: Derivative, bottom: Defined | Entry, scope: Scope) -> Values:
    """Return the derivative of J, or of another defined quantity, by a defined one."""
    if isinstance(node.top, Functional):
        _, (row, column) = over_all_places(bottom)
        gradient = slope(evaluate(node.top.of, scope))
        for axis, place in ((-2, row), (-1, column)):
            if place is not None:
                number = scope.place(place) - (1 if place == ONE else scope.notation.base)
                if outside(number, gradient.shape[axis]) is not None:
                    raise IndexFault(f"index {show(place)} of {show(bottom)} is outside its range")
                gradient = taken(gradient, number, axis)
        return gradient
    if isinstance(bottom, Entry):
        raise NoMeaning(f"a derivative by {show(bottom)} is not read")
    if shape_of(evaluate(bottom, scope)) != (1, 1):
        raise NoMeaning(f"{show(node)}: the derivative by a defined array is read for J only")
    at = places_of(bottom, scope.perturbed({}))
    value = evaluate(node.top, scope.perturbed({defined_key(bottom): at}))
    return _laid_out(_imaginary(value, 1), (1, 1), node, scope)


@evaluate.register
def _(node: Functional, scope: Scope) -> Values:
    return functional(evaluate(node.of, scope))


def slope(array: Values) -> Values:
    """Return the derivative of `functional` by every entry of an array."""
    rows, columns = shape_of(array)
    steps = 1j * STEP * np.eye(rows * columns).reshape(-1, rows, columns)
    change = functional(array[..., None, :, :] + steps).imag / STEP
    return change.reshape(*array.shape)


def _laid_out(change: Values, by: tuple[int, int], node: Derivative, scope: Scope) -> Values:
    """Arrange a derivative as a gradient, a Jacobian or a number."""
    of, leading = shape_of(change), change.shape[:-3]
    if of == (1, 1):
        gradient = change.reshape(*leading, *by)
        transposed = (scope.notation.gradients == "transposed") != node.other_layout
        return np.swapaxes(gradient, -1, -2) if transposed else gradient
    if by == (1, 1):
        return change.reshape(*leading, *of)
    if 1 in of and 1 in by:
        denominator = change.reshape(*leading, by[0] * by[1], of[0] * of[1])
        kept = (scope.notation.jacobian == "denominator") != node.other_layout
        return denominator if kept else np.swapaxes(denominator, -1, -2)
    raise NoMeaning(
        f"{show(node)} is {of[0]}×{of[1]} by {by[0]}×{by[1]}: a derivative of a matrix has no "
        "matrix form; if the chain rule is meant formally, declare chain: formal"
    )


def contracted(node: Product, scope: Scope) -> Values | None:
    """Contract a product of derivatives that hands one quantity on to the next."""
    flat = _flat(node)
    links = [factor for factor in flat if isinstance(factor, Derivative)]
    if len(links) < 2 or len(links) != len(flat) or scope.moved:
        return None
    if all(a.top == b.bottom for a, b in pairwise(links)):
        links.reverse()
    if not all(a.bottom == b.top for a, b in pairwise(links)):
        return None
    bottoms = [link.bottom for link in links if isinstance(link.bottom, Node)]
    if len(bottoms) != len(links):
        return None
    change, shape = _change(links[0].top, bottoms[0], scope)
    for top, bottom in pairwise(bottoms):
        following, shape = _change(top, bottom, scope)
        matrices = [x.reshape(*x.shape[:-2], -1) for x in (following, change)]
        change = (matrices[0] @ matrices[1]).reshape(*following.shape[:-2], *shape_of(change))
    return _laid_out(change, shape, Derivative(links[0].top, bottoms[-1]), scope)


def _flat(node: Product) -> list[Expression]:
    found: list[Expression] = []
    for factor in node.factors:
        found.extend(_flat(factor) if isinstance(factor, Product) else [factor])
    return found
