"""Derivatives: complex steps through the network, and differences of them for the second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from fcnref.equations.expression import Derivative, Expression, Free, Node, Product, Rate, show
from fcnref.equations.networks import STEP, Key, Values
from fcnref.equations.value.scope import NoMeaning, Scope, evaluate, shape_of
from fcnref.equations.value.stored import free_key, free_value, node_key, positions

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
    change, shape = _change(node.top, node.bottom, scope)
    return _laid_out(change, shape, node, scope)


def _change(top: Expression, bottom: Node, scope: Scope) -> tuple[Values, tuple[int, int]]:
    """Return the derivative of `top` by every entry of `bottom`, and the shape of `bottom`."""
    network, key = scope.network, node_key(bottom, scope)
    stored = network.values[key]
    rows, columns = positions(bottom, shape_of(stored), scope)
    numbers = np.arange(stored.size).reshape(stored.shape)[rows, columns]
    numbers = numbers.T if bottom.flipped else numbers
    chosen = numbers.ravel()
    if isinstance(top, Node):
        if top.family == "losses":
            evaluate(top, scope)
        top_key = node_key(top, scope)
        change = network.jacobian(top_key, key)[chosen]
        change = change[(slice(None), *positions(top, shape_of(change), scope))]
        return (np.swapaxes(change, -1, -2) if top.flipped else change), shape_of(numbers)
    moved: dict[Key | str, Values] = {k: v[chosen] for k, v in network.ripple(key).items()}
    value = evaluate(top, replace(scope, moved=moved))
    change = np.broadcast_to(value.imag / STEP, (chosen.size, *shape_of(value)))
    return change, shape_of(numbers)


def _by_free(node: Derivative, bottom: Free, scope: Scope) -> Values:
    start = free_value(bottom, scope.network)
    pushed = start + 1j * STEP * np.eye(start.size).reshape(start.size, *start.shape)
    value = evaluate(node.top, replace(scope, moved={free_key(bottom): pushed}))
    change = np.broadcast_to(value.imag / STEP, (start.size, *shape_of(value)))
    numbers = np.arange(start.size).reshape(start.shape)
    for axis, place in enumerate(bottom.places):
        if place is not None:
            numbers = np.take(numbers, [scope.place(place) - scope.notation.base], axis=axis)
    return _laid_out(change[numbers.ravel()], shape_of(numbers), node, scope)


def _laid_out(change: Values, by: tuple[int, int], node: Derivative, scope: Scope) -> Values:
    """Arrange a derivative as a gradient, a Jacobian or a number."""
    of = shape_of(change)
    if of == (1, 1):
        gradient = change.reshape(by)
        transposed = (scope.notation.gradients == "transposed") != node.other_layout
        return gradient.T if transposed else gradient
    if by == (1, 1):
        return change.reshape(of)
    if 1 in of and 1 in by:
        jacobian = change.reshape(by[0] * by[1], -1).T
        denominator = (scope.notation.jacobian == "denominator") != node.other_layout
        return jacobian.T if denominator else jacobian
    raise NoMeaning(
        f"{show(node)} is {of[0]}×{of[1]} by {by[0]}×{by[1]}: a derivative of a matrix has no "
        "matrix form; if the chain rule is meant formally, declare chain: formal"
    )


def contracted(node: Product, scope: Scope) -> Values | None:
    """Contract a product of derivatives that hands one quantity on to the next."""
    flat = _flat(node)
    links = [f for f in flat if isinstance(f, Derivative)]
    if len(links) < 2 or len(links) != len(flat):
        return None
    if all(a.top == b.bottom for a, b in pairwise(links)):
        links.reverse()
    if not all(a.bottom == b.top for a, b in pairwise(links)):
        return None
    first = links[0]
    if not isinstance(first.bottom, Node) or scope.moved:
        return None
    change, shape = _change(first.top, first.bottom, scope)
    for link in links[1:]:
        if not isinstance(link.bottom, Node):
            return None
        following, new_shape = _change(link.top, link.bottom, scope)
        flat_following = following.reshape(following.shape[0], -1)
        change = np.tensordot(flat_following, change, axes=(1, 0))
        shape = new_shape
    whole = Derivative(first.top, links[-1].bottom)
    return _laid_out(change, shape, whole, scope)


def _flat(node: Product) -> list[Expression]:
    found: list[Expression] = []
    for factor in node.factors:
        found.extend(_flat(factor) if isinstance(factor, Product) else [factor])
    return found
