"""Sums, products, fractions, powers and transposes, with strict shapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fcnref.equations.expression import (
    Apply,
    Count,
    Expression,
    Hadamard,
    Negative,
    Node,
    Number,
    Ones,
    Power,
    Product,
    Quotient,
    Series,
    Sum,
    Transpose,
    Unit,
    show,
)
from fcnref.equations.networks import Values
from fcnref.equations.value.derivatives import contracted
from fcnref.equations.value.scope import (
    NoMeaning,
    Scope,
    ShapeFault,
    as_number,
    evaluate,
    is_number,
    misfit,
    shape_of,
    sizes,
)


@evaluate.register
def _(node: Number, scope: Scope) -> Values:  # noqa: ARG001, the others read it
    return as_number(node.value)


@evaluate.register
def _(node: Count, scope: Scope) -> Values:
    return as_number(scope.place(node.size))


@evaluate.register
def _(node: Sum, scope: Scope) -> Values:
    known = [term for term in node.terms if not _unsized(term)]
    if not known:
        raise NoMeaning(f"{show(node)} shows no size")
    total: Values | None = None
    written = True
    for term in known:
        value = evaluate(term, scope)
        if total is None or shape_of(total) == shape_of(value):
            total = value if total is None else total + value
        elif (_fits(shape_of(value), shape_of(total)) and _stretches(term)) or (
            _fits(shape_of(total), shape_of(value)) and written
        ):
            total = total + value
        else:
            raise misfit(total, "+", value, f"the terms of {show(node)}")
        written = written and _stretches(term)
    assert total is not None
    for term in node.terms:
        if _unsized(term):
            total = total + sized(term, shape_of(total), scope)
    return total


def _stretches(node: Expression) -> bool:
    """Tell whether a term may stand beside a larger array: a written number, or a bias."""
    if isinstance(node, Negative | Transpose):
        return _stretches(node.of)
    if isinstance(node, Node):
        return node.family == "b"
    return isinstance(node, Number)


def _fits(small: tuple[int, int], large: tuple[int, int]) -> bool:
    return all(a in {1, b} for a, b in zip(small, large, strict=True))


def _unsized(node: Expression) -> bool:
    if isinstance(node, Negative | Transpose):
        return _unsized(node.of)
    if isinstance(node, Product):
        return isinstance(node.factors[0], Ones) and node.factors[0].size is None
    return isinstance(node, Ones | Unit) and node.size is None


def sized(node: Expression, shape: tuple[int, int], scope: Scope) -> Values:
    """Return an expression that shows no size of its own in the shape that its place asks for."""
    if not _unsized(node):
        value = evaluate(node, scope)
        empty = isinstance(node, Series) and node.kind != "sum" and is_number(value)
        return value * np.eye(shape[0]) if empty and shape[0] == shape[1] else value
    if isinstance(node, Negative):
        return -sized(node.of, shape, scope)
    if isinstance(node, Transpose):
        return np.swapaxes(sized(node.of, shape[::-1], scope), -1, -2)
    if isinstance(node, Product):
        row = evaluate(replace(node, factors=node.factors[1:]), scope)
        if shape_of(row) != (1, shape[1]):
            raise ShapeFault(f"a column of ones before an array that is {sizes(row)}")
        return np.ones((shape[0], 1)) @ row
    if isinstance(node, Unit):
        if shape[0] != shape[1]:
            raise ShapeFault(f"I beside an array that is {shape[0]}×{shape[1]}")
        return np.eye(shape[0])
    return np.ones(shape)


@evaluate.register
def _(node: Negative, scope: Scope) -> Values:
    return -evaluate(node.of, scope)


@evaluate.register
def _(node: Product, scope: Scope) -> Values:
    if scope.notation.chain == "formal" and (chained := contracted(node, scope)) is not None:
        return chained
    result: Values | None = None
    shown = node.factors[0]
    pending: list[Expression] = []
    for factor in node.factors:
        if _unsized(factor):
            if isinstance(factor, Unit):
                continue
            if result is None or is_number(result):
                pending.append(factor)
                continue
            value = _ones_after(factor, result, scope)
        else:
            value = evaluate(factor, scope)
            if pending:
                value = _ones_before(pending.pop(), value) @ value
        result = value if result is None else times(result, value, shown, factor, dot=node.dot)
        shown = factor
    if pending:
        raise NoMeaning("a vector of ones shows no size")
    if result is None:
        raise NoMeaning(f"{show(node)} shows no size")
    return result


def _ones_after(node: Expression, left: Values, scope: Scope) -> Values:
    if isinstance(node, Transpose):
        return np.ones((1, scope.network.examples))
    return np.ones((shape_of(left)[1], 1))


def _ones_before(node: Expression, right: Values) -> Values:
    if not isinstance(node, Transpose):
        raise ShapeFault(f"a column of ones before an array that is {sizes(right)}")
    return np.ones((1, shape_of(right)[0]))


def times(
    a: Values, b: Values, left: Expression, right: Expression, *, dot: bool = False
) -> Values:
    """Multiply two values, as matrices or as numbers."""
    if is_number(a) or is_number(b):
        return np.asarray(a * b)
    if shape_of(a)[1] == shape_of(b)[0]:
        return np.asarray(a @ b)
    if dot and shape_of(a) == shape_of(b) and 1 in shape_of(a):
        return np.asarray(np.sum(a * b, axis=(-2, -1), keepdims=True))
    hint = ""
    if shape_of(a)[0] == shape_of(b)[0]:
        hint = "; the first factor transposed would fit"
    elif shape_of(a)[1] == shape_of(b)[1]:
        hint = "; the second factor transposed would fit"
    raise ShapeFault(f"({sizes(a)})·({sizes(b)}): {show(left)} times {show(right)}{hint}")


@evaluate.register
def _(node: Hadamard, scope: Scope) -> Values:
    known = [factor for factor in node.factors if not _unsized(factor)]
    if not known:
        raise NoMeaning(f"{show(node)} shows no size")
    result = evaluate(known[0], scope)
    for factor in (*known[1:], *(f for f in node.factors if _unsized(f))):
        value = sized(factor, shape_of(result), scope)
        if shape_of(result) != shape_of(value) and not (is_number(result) or is_number(value)):
            raise misfit(result, "⊙", value, f"the factors of {show(node)}")
        result = result * value
    return result


@evaluate.register
def _(node: Quotient, scope: Scope) -> Values:
    top, bottom = evaluate(node.top, scope), evaluate(node.bottom, scope)
    if not (is_number(bottom) or is_number(top) or shape_of(top) == shape_of(bottom)):
        raise misfit(top, "/", bottom, show(node))
    return top / bottom


@evaluate.register
def _(node: Power, scope: Scope) -> Values:
    base, exponent = evaluate(node.base, scope), evaluate(node.exponent, scope)
    if not is_number(exponent):
        raise ShapeFault(f"the exponent of {show(node)} is {sizes(exponent)}")
    elementwise = isinstance(node.base, Apply | Hadamard)
    if not elementwise and 1 not in shape_of(base):
        raise NoMeaning(f"the power {show(node)} of a matrix is not read; write ⊙")
    if np.all(exponent == 2):
        return base * base
    if not elementwise and not is_number(base) and np.any(exponent < 0):
        raise NoMeaning(f"the power {show(node)} of a vector is not read")
    return base**exponent


@evaluate.register
def _(node: Transpose, scope: Scope) -> Values:
    return np.swapaxes(evaluate(node.of, scope), -1, -2)


@evaluate.register
def _(node: Ones, scope: Scope) -> Values:
    if node.size is None:
        raise NoMeaning("a vector of ones shows no size")
    return np.ones((scope.fixed(node.size), 1))


@evaluate.register
def _(node: Unit, scope: Scope) -> Values:
    if node.size is None:
        raise NoMeaning("the identity matrix shows no size")
    return np.eye(scope.fixed(node.size))
