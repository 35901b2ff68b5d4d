"""Functions at the values of their arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from fcnref.equations.expression import Apply, Called, Expression, Free, show
from fcnref.equations.networks import NAMED, Network, Own, Values
from fcnref.equations.notation import Notation
from fcnref.equations.value.derivatives import differentiated
from fcnref.equations.value.scope import (
    NoLayer,
    NoMeaning,
    Scope,
    ShapeFault,
    evaluate,
    is_number,
    shape_of,
    sizes,
)
from fcnref.equations.value.stored import free_key


def _real_choice(choose: Callable[[Values, Values], Values]) -> Callable[[Values, Values], Values]:
    return lambda a, b: np.where(choose(a.real, b.real) == a.real, a, b)


def _norm(x: Values) -> Values:
    return np.asarray(np.sqrt(np.sum(x * x, axis=(-2, -1), keepdims=True)))


def _abs(x: Values) -> Values:
    return np.where(x.real < 0, -x, x)


def _diagonal(x: Values) -> Values:
    if 1 not in shape_of(x):
        raise ShapeFault(f"diag of an array that is {sizes(x)}; it takes a vector")
    column = x if shape_of(x)[1] == 1 else np.swapaxes(x, -1, -2)
    return column * np.eye(shape_of(column)[0])


def _special(name: str) -> Callable[[Values], Values]:
    """Return a function of SciPy, which is loaded where a page asks for it."""

    def function(x: Values) -> Values:
        from scipy import special

        return np.asarray(getattr(special, name)(x))

    return function


_ELEMENTWISE: dict[str, Callable[[Values], Values]] = {
    **{name: f for name, f in NAMED.items() if name not in {"softmax", "log_softmax"}},
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "abs": _abs,
    "normal_density": lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi),
    "normal_distribution": lambda x: _special("erfc")(-x / np.sqrt(2)) / 2,
    "erf": _special("erf"),
    "erfc": _special("erfc"),
    "any": lambda x: np.sin(1.3 * x + 0.2) + np.exp(x / 2) / 3,
    "imag": lambda x: np.asarray(x.imag),
    "real": lambda x: np.asarray(x.real),
    "sign": lambda x: np.sign(x.real),
    "step": lambda x: (x.real > 0).astype(float),
}


_WHOLE: dict[str, Callable[[Values], Values]] = {
    "norm": _norm,
    "norm1": lambda x: np.sum(_abs(x), axis=(-2, -1), keepdims=True),
    "diag": _diagonal,
    "trace": lambda x: np.trace(x, axis1=-2, axis2=-1)[..., None, None],
    "sum": lambda x: np.sum(x, axis=(-2, -1), keepdims=True),
}


@evaluate.register
def _(node: Called, scope: Scope) -> Values:
    argument = evaluate(node.argument, scope)
    if not is_number(argument):
        raise NoMeaning(f"{show(node)} is a function of numbers, its argument is {sizes(argument)}")

    def function(x: Values) -> Values:
        return evaluate(node.body, replace(scope, moved={**scope.moved, f"{node.parameter}/0": x}))

    return differentiated(function, argument, node.primes)


def own_activation(z: Free, body: Expression, notation: Notation) -> Own:
    """Return the elementwise activation that a page defines as g(z) = body."""

    def values(network: Network, Z: Values) -> Values:
        entries = Z.reshape(-1, 1, 1)
        scope = Scope(network, notation, moved={free_key(z): entries})
        return np.broadcast_to(evaluate(body, scope), entries.shape).reshape(Z.shape)

    own = Own(f"{z} ↦ {body}")
    own.values = values
    return own


@evaluate.register
def _(node: Apply, scope: Scope) -> Values:
    arguments = [evaluate(argument, scope) for argument in node.arguments]
    if node.function in {"max", "min"}:
        return _extreme(node, arguments)
    if node.function == "inner":
        return _inner(node, *arguments)
    (argument,) = arguments
    function = _function(node, scope)
    _check_width(node, scope, argument)
    if node.primes and node.function in {*_WHOLE, "softmax", "log_softmax"}:
        raise NoMeaning(f"{node.function}′ is a Jacobian, not a derivative entry by entry")
    return differentiated(function, argument, node.primes)


def _inner(node: Apply, a: Values, b: Values) -> Values:
    if shape_of(a) != shape_of(b):
        raise ShapeFault(f"({sizes(a)}), ({sizes(b)}): {show(node)}")
    return np.asarray(np.sum(a * b, axis=(-2, -1), keepdims=True))


def _extreme(node: Apply, arguments: list[Values]) -> Values:
    if node.primes or len(arguments) < 2:
        raise NoMeaning(f"{show(node)} is not read")
    choose = np.maximum if node.function == "max" else np.minimum
    result = arguments[0]
    for argument in arguments[1:]:
        if not (is_number(result) or is_number(argument) or shape_of(result) == shape_of(argument)):
            raise ShapeFault(f"({sizes(result)}), ({sizes(argument)}): {show(node)}")
        result = _real_choice(choose)(result, argument)
    return result


def _check_width(node: Apply, scope: Scope, argument: Values) -> None:
    """Compare the argument of a map of columns with the width of its layer."""
    if node.function != "activation" or node.layer is None:
        return
    layer = scope.fixed(node.layer)
    probe, axis = scope.network.probe, 1 if scope.notation.examples == "rows" else 0
    width = probe.widths[layer]
    if scope.network.mixes(layer) and shape_of(argument)[axis] != width:
        raise ShapeFault(f"g takes {width} units, its argument is {sizes(argument)}")


def _function(node: Apply, scope: Scope) -> Callable[[Values], Values]:
    name = node.function
    if name == "activation":
        if node.layer is None:
            g = scope.network.probe.activation
            if isinstance(g, Own):
                return partial(g.values, scope.network)
            if g not in NAMED:
                raise NoMeaning("the notation does not say which function g is")
            return _function(replace(node, function=g), scope)
        layer = scope.fixed(node.layer)
        if not 1 <= layer <= scope.network.depth:
            raise NoLayer(f"there is no layer {layer}")
        own = scope.network.activation(layer)
        if not scope.network.mixes(layer):
            return own
        if node.primes:
            raise NoMeaning("g′ has a meaning for elementwise g only")
        return _by_columns(own, flipped=scope.notation.examples == "rows")
    if name in {"softmax", "log_softmax"}:
        vector = scope.notation.examples == "rows"
        return _by_columns(NAMED[name], flipped=vector)
    return _WHOLE[name] if name in _WHOLE else _ELEMENTWISE[name]


def _by_columns(
    function: Callable[[Values], Values], *, flipped: bool
) -> Callable[[Values], Values]:
    """Apply a function of columns to all columns of an array, or to its rows."""

    def apply(x: Values) -> Values:
        x = np.swapaxes(x, -1, -2) if flipped else x
        side_by_side = np.moveaxis(x, -2, 0).reshape(x.shape[-2], -1)
        y = np.moveaxis(function(side_by_side).reshape(-1, *x.shape[:-2], x.shape[-1]), 0, -2)
        return np.swapaxes(y, -1, -2) if flipped else y

    return apply
