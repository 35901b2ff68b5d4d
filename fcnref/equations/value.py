"""The value of an expression in a network, for one assignment of its letters.

Every value is an array with at least two axes, numbers being 1 × 1; a leading axis holds the copies
of a perturbed network. Shapes are compared strictly: only a 1 × 1 array acts as a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatch
from itertools import pairwise
from time import process_time
from typing import Any
from zlib import crc32

import numpy as np

from fcnref.equations.expression import (
    COST,
    ONE,
    Apply,
    Called,
    Cases,
    Compare,
    Count,
    Derivative,
    Dotted,
    Entry,
    Expression,
    Free,
    Grid,
    Hadamard,
    Index,
    Negative,
    Node,
    Number,
    Ones,
    Place,
    Power,
    Product,
    Quotient,
    Rate,
    Series,
    Space,
    Sum,
    Transpose,
    Truth,
    Unit,
    free_letters,
    ranges,
    show,
)
from fcnref.equations.networks import NAMED, STEP, Key, Network, Values
from fcnref.equations.notation import Notation

SPACING = 4e-3
_STENCIL = ((1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280))
VECTOR = 5
"""The length of a free vector."""


class Fault(Exception):  # noqa: N818, a fault of the equation and no error of the program
    """A fault that evaluation meets, with a code and a sentence."""

    code = "fault"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class ShapeFault(Fault):
    """Two shapes that do not fit."""

    code = "shape"


class IndexFault(Fault):
    """An index outside its range."""

    code = "index"


class NoLayer(Fault):
    """A layer that does not exist in the network."""

    code = "layer"


class NoMeaning(Fault):
    """An expression without a value, such as the matrix ∂A/∂W."""

    code = "meaning"


class TooLong(Fault):
    """An evaluation that takes longer than its bound."""

    code = "time"


@dataclass(frozen=True)
class Scope:
    """Where an expression is evaluated.

    Parameters
    ----------
    network
        The network.
    notation
        The notation: layouts and the first index.
    letters
        The values of the index letters.
    moved
        What differs from the network's own values where it is perturbed.
    deadline
        The time by which to be done.
    memo
        Sums and derivatives evaluated before, by node and by the letters that occur in it; with
        each the objects whose identity is part of its key.
    """

    network: Network
    notation: Notation
    letters: Mapping[str, int] = field(default_factory=dict)
    moved: Mapping[Key | str, Values] = field(default_factory=dict)
    deadline: float = float("inf")
    memo: dict[Any, Any] = field(default_factory=dict)

    def remembered(self, node: Expression, compute: Callable[[], Values]) -> Values:
        """Return a value computed before for the same node, letters and perturbation.

        Sums and derivatives are all that can take long, so this is where time is kept.
        """
        if process_time() > self.deadline:
            raise TooLong("the equation takes too long to evaluate")
        if (known := self.memo.get(id(node))) is None:
            known = self.memo[id(node)] = (node, sorted(free_letters(node)))
        bound = tuple(self.letters.get(letter) for letter in known[1])
        key = (id(node), bound, id(self.moved) if self.moved else 0)
        if key not in self.memo:
            self.memo[key] = (compute(), self.moved)
        return self.memo[key][0]  # type: ignore[no-any-return]  # the memo holds all kinds

    def bind(self, letter: str, value: int) -> Scope:
        """Return this scope with one more letter."""
        letters = {**self.letters, letter: value}
        return Scope(self.network, self.notation, letters, self.moved, self.deadline, self.memo)

    def place(self, place: Place) -> int:
        """Return the value of a place, as the page counts."""
        if isinstance(place, Index):
            if not place.letter:
                return place.shift
            if place.letter not in self.letters:
                raise NoMeaning(f"index {place.letter} has no value")
            return self.letters[place.letter] + place.shift
        return self.size(place.kind, place.layer) + place.shift

    def size(self, kind: str, layer: Place | None) -> int:
        """Return a size of the network."""
        if kind == "L":
            return self.network.depth
        if kind == "m":
            return self.network.examples
        if kind == "v":
            return VECTOR
        number = self.place(layer) if layer is not None else self.network.depth
        if not 0 <= number <= self.network.depth:
            raise NoLayer(f"there is no layer {number}")
        return self.network.probe.widths[number]


def evaluate(node: Expression, scope: Scope) -> Values:
    """Return the value of an expression, at least two axes.

    Raises
    ------
    Fault
        If the expression has no value here.
    """
    return _value(node, scope)


@singledispatch
def _value(node: Any, scope: Scope) -> Values:  # noqa: ARG001, the others read it
    raise NoMeaning(f"{show(node)} has no value")


def _number(value: float) -> Values:
    return np.full((1, 1), value)


def _shape(value: Values) -> tuple[int, int]:
    return value.shape[-2], value.shape[-1]


def _is_number(value: Values) -> bool:
    return _shape(value) == (1, 1)


def _text(value: Values) -> str:
    rows, columns = _shape(value)
    return f"{rows}×{columns}"


@_value.register
def _(node: Number, scope: Scope) -> Values:  # noqa: ARG001, the others read it
    return _number(node.value)


@_value.register
def _(node: Count, scope: Scope) -> Values:
    return _number(scope.place(node.size))


def node_key(node: Node, scope: Scope) -> Key:
    """Return the key of the stored array behind a node."""
    if node.layer is None:
        return node.family, 0
    layer = scope.place(node.layer)
    if not (0 if node.family == "A" else 1) <= layer <= scope.network.depth:
        raise NoLayer(f"{node.shown} has no layer {layer}")
    return node.family, layer


def _positions(node: Node, shape: tuple[int, int], scope: Scope) -> tuple[slice, slice]:
    def position(place: Place | None, count: int, slot: int) -> slice:
        if place is None:
            return slice(None)
        value = scope.place(place)
        base = scope.notation.base
        if not base <= value < base + count:
            layer = f", layer {scope.place(node.layer)}" if node.layer is not None else ""
            raise IndexFault(
                f"index {show(place)} = {value} is outside {base}..{base + count - 1} "
                f"(slot {3 - slot if node.flipped else slot} of {show(node)}{layer})"
            )
        return slice(value - base, value - base + 1)

    column = None if node.single and shape[1] == 1 else node.column
    return position(node.row, shape[0], 1), position(column, shape[1], 2)


@_value.register
def _(node: Node, scope: Scope) -> Values:
    key = node_key(node, scope)
    if node.family in {"gain", "shift"} and scope.network.probe.activation != "layer_norm":
        raise NoMeaning(
            f"{node.shown} belongs to layer normalization; declare activation: layer_norm"
        )
    if node.family == "losses" and scope.network.probe.cost == "any":
        raise NoMeaning("the cost is no sum of losses here; declare the cost, for instance mean")
    stored = scope.moved.get(key)
    if stored is None:
        stored = scope.network.values[key]
    value = stored[(..., *_positions(node, _shape(stored), scope))]
    return np.swapaxes(value, -1, -2) if node.flipped else value


def _free_key(node: Free) -> str:
    return f"{node.name}/{len(node.places)}"


def free_value(node: Free, network: Network) -> Values:
    """Return the random value of a variable of the equation, the same at every occurrence."""
    seed = crc32(f"{_free_key(node)} {network.probe.widths}".encode())
    rng = np.random.default_rng(seed)
    shape = [(1, 1), (VECTOR, 1), (VECTOR, VECTOR)][len(node.places)]
    return rng.uniform(0.2, 1.2, size=shape)


@_value.register
def _(node: Free, scope: Scope) -> Values:
    if len(node.places) > 2:
        raise NoMeaning(f"{show(node)} has too many indices")
    value = scope.moved.get(_free_key(node))
    if value is None:
        value = free_value(node, scope.network)
    for axis, place in enumerate(node.places):
        if place is not None:
            number = scope.place(place) - scope.notation.base
            if not 0 <= number < VECTOR:
                raise IndexFault(f"index {show(place)} is outside the vector {node.name}")
            value = np.take(value, [number], axis=value.ndim - 2 + axis)
    return value


@_value.register
def _(node: Entry, scope: Scope) -> Values:
    value = evaluate(node.of, scope)
    places = (node.row, node.column)
    if _shape(value)[0] == 1 and node.column == ONE and _shape(value)[1] > 1:
        places = (ONE, node.row)
    for axis, place in enumerate(places):
        if place is not None:
            count, base = _shape(value)[axis], scope.notation.base
            number = scope.place(place) - (1 if place == ONE else base)
            if not 0 <= number < count:
                raise IndexFault(f"index {show(place)} is outside 1..{count} of {show(node)}")
            value = np.take(value, [number], axis=value.ndim - 2 + axis)
    return value


def _stretches(node: Expression) -> bool:
    """Tell whether a term may stand beside a larger array: a written number, or a bias."""
    if isinstance(node, Negative | Transpose):
        return _stretches(node.of)
    if isinstance(node, Node):
        return node.family == "b"
    return isinstance(node, Number)


@_value.register
def _(node: Called, scope: Scope) -> Values:
    argument = evaluate(node.argument, scope)
    if not _is_number(argument):
        raise NoMeaning(f"{show(node)} is a function of numbers, its argument is {_text(argument)}")

    def function(x: Values) -> Values:
        return evaluate(node.body, replace(scope, moved={**scope.moved, f"{node.parameter}/0": x}))

    return _differentiated(function, argument, node.primes)


def _differentiated(function: Callable[[Values], Values], x: Values, primes: int) -> Values:
    """Return a derivative entry by entry: a complex step, and differences of it for the second."""
    if primes == 0:
        return function(x)
    if np.iscomplexobj(x) or primes > 2:
        raise NoMeaning("a derivative of a derivative is read as g″ only")
    if primes == 1:
        return np.asarray(function(x + 1j * STEP).imag / STEP)
    return _rate(lambda t: _differentiated(function, x + t, 1))


def _rate(at: Callable[[float], Values]) -> Values:
    """Return the derivative of a smooth function at 0, by central differences of eighth order."""
    total = sum(weight * (at(n * SPACING) - at(-n * SPACING)) for n, weight in _STENCIL)
    return np.asarray(total / SPACING)


@_value.register
def _(node: Rate, scope: Scope) -> Values:
    if scope.moved:
        raise NoMeaning("a derivative of a rate is not read")
    return scope.remembered(node, lambda: _rate(lambda t: _at(node.of, scope, t)))


def _at(node: Expression, scope: Scope, t: float) -> Values:
    """Return a value in the network moved by t."""
    moved = scope.memo.setdefault(("moved", t), {})
    return evaluate(node, replace(scope, network=scope.network.along(t), memo=moved))


def _unsized(node: Expression) -> bool:
    if isinstance(node, Negative | Transpose):
        return _unsized(node.of)
    if isinstance(node, Product):
        return isinstance(node.factors[0], Ones) and node.factors[0].size is None
    return isinstance(node, Ones | Unit) and node.size is None


@_value.register
def _(node: Sum, scope: Scope) -> Values:
    known = [term for term in node.terms if not _unsized(term)]
    if not known:
        raise NoMeaning(f"{show(node)} shows no size")
    total: Values | None = None
    written = True
    for term in known:
        value = evaluate(term, scope)
        if total is None or _shape(total) == _shape(value):
            total = value if total is None else total + value
        elif (_fits(_shape(value), _shape(total)) and _stretches(term)) or (
            _fits(_shape(total), _shape(value)) and written
        ):
            total = total + value
        else:
            raise ShapeFault(f"({_text(total)}) + ({_text(value)}): the terms of {show(node)}")
        written = written and _stretches(term)
    assert total is not None
    for term in node.terms:
        if _unsized(term):
            total = total + sized(term, _shape(total), scope)
    return total


def _fits(small: tuple[int, int], large: tuple[int, int]) -> bool:
    return all(a in {1, b} for a, b in zip(small, large, strict=True))


def sized(node: Expression, shape: tuple[int, int], scope: Scope) -> Values:
    """Return an expression that shows no size of its own in the shape that its place asks for."""
    if not _unsized(node):
        return evaluate(node, scope)
    if isinstance(node, Negative):
        return -sized(node.of, shape, scope)
    if isinstance(node, Transpose):
        return np.swapaxes(sized(node.of, shape[::-1], scope), -1, -2)
    if isinstance(node, Product):
        row = evaluate(replace(node, factors=node.factors[1:]), scope)
        if _shape(row) != (1, shape[1]):
            raise ShapeFault(f"a column of ones before an array that is {_text(row)}")
        return np.ones((shape[0], 1)) @ row
    if isinstance(node, Unit):
        if shape[0] != shape[1]:
            raise ShapeFault(f"I beside an array that is {shape[0]}×{shape[1]}")
        return np.eye(shape[0])
    return np.ones(shape)


@_value.register
def _(node: Negative, scope: Scope) -> Values:
    return -evaluate(node.of, scope)


@_value.register
def _(node: Product, scope: Scope) -> Values:
    if scope.notation.chain == "formal" and (chained := _chained(node, scope)) is not None:
        return chained
    result: Values | None = None
    shown = node.factors[0]
    pending: list[Expression] = []
    for factor in node.factors:
        if _unsized(factor):
            if isinstance(factor, Unit):
                continue
            if result is None or _is_number(result):
                pending.append(factor)
                continue
            value = _ones_after(factor, result, scope)
        else:
            value = evaluate(factor, scope)
            if pending:
                value = _ones_before(pending.pop(), value) @ value
        result = value if result is None else _times(result, value, shown, factor, dot=node.dot)
        shown = factor
    if pending:
        raise NoMeaning("a vector of ones shows no size")
    if result is None:
        raise NoMeaning(f"{show(node)} shows no size")
    return result


def _ones_after(node: Expression, left: Values, scope: Scope) -> Values:
    if isinstance(node, Transpose):
        return np.ones((1, scope.network.examples))
    return np.ones((_shape(left)[1], 1))


def _ones_before(node: Expression, right: Values) -> Values:
    if not isinstance(node, Transpose):
        raise ShapeFault(f"a column of ones before an array that is {_text(right)}")
    return np.ones((1, _shape(right)[0]))


def _times(a: Values, b: Values, left: Expression, right: Expression, *, dot: bool) -> Values:
    if _is_number(a) or _is_number(b):
        return np.asarray(a * b)
    if _shape(a)[1] == _shape(b)[0]:
        return np.asarray(a @ b)
    if dot and _shape(a) == _shape(b) and 1 in _shape(a):
        return np.asarray(np.sum(a * b, axis=(-2, -1), keepdims=True))
    hint = ""
    if _shape(a)[0] == _shape(b)[0]:
        hint = "; the first factor transposed would fit"
    elif _shape(a)[1] == _shape(b)[1]:
        hint = "; the second factor transposed would fit"
    raise ShapeFault(f"({_text(a)})·({_text(b)}): {show(left)} times {show(right)}{hint}")


@_value.register
def _(node: Hadamard, scope: Scope) -> Values:
    known = [factor for factor in node.factors if not _unsized(factor)]
    if not known:
        raise NoMeaning(f"{show(node)} shows no size")
    result = evaluate(known[0], scope)
    for factor in (*known[1:], *(f for f in node.factors if _unsized(f))):
        value = sized(factor, _shape(result), scope)
        if _shape(result) != _shape(value) and not (_is_number(result) or _is_number(value)):
            raise ShapeFault(f"({_text(result)}) ⊙ ({_text(value)}): the factors of {show(node)}")
        result = result * value
    return result


@_value.register
def _(node: Quotient, scope: Scope) -> Values:
    top, bottom = evaluate(node.top, scope), evaluate(node.bottom, scope)
    if not (_is_number(bottom) or _is_number(top) or _shape(top) == _shape(bottom)):
        raise ShapeFault(f"({_text(top)}) / ({_text(bottom)}): {show(node)}")
    return top / bottom


@_value.register
def _(node: Power, scope: Scope) -> Values:
    base, exponent = evaluate(node.base, scope), evaluate(node.exponent, scope)
    if not _is_number(exponent):
        raise ShapeFault(f"the exponent of {show(node)} is {_text(exponent)}")
    elementwise = isinstance(node.base, Apply | Hadamard)
    if not elementwise and 1 not in _shape(base):
        raise NoMeaning(f"the power {show(node)} of a matrix is not read; write ⊙")
    if np.all(exponent == 2):
        return base * base
    if not elementwise and not _is_number(base) and np.any(exponent < 0):
        raise NoMeaning(f"the power {show(node)} of a vector is not read")
    return base**exponent


@_value.register
def _(node: Transpose, scope: Scope) -> Values:
    return np.swapaxes(evaluate(node.of, scope), -1, -2)


@_value.register
def _(node: Ones, scope: Scope) -> Values:
    if node.size is None:
        raise NoMeaning("a vector of ones shows no size")
    return np.ones((scope.place(node.size), 1))


@_value.register
def _(node: Unit, scope: Scope) -> Values:
    if node.size is None:
        raise NoMeaning("the identity matrix shows no size")
    return np.eye(scope.place(node.size))


@_value.register
def _(node: Truth, scope: Scope) -> Values:
    return _number(float(holds(node, scope)))


def holds(node: Truth, scope: Scope) -> bool:
    """Tell whether a relation of two places holds."""
    return bool(_RELATIONS[node.relation](scope.place(node.left), scope.place(node.right)))


_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda a, b: a == b,
    "≠": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "≤": lambda a, b: a <= b,
    "≥": lambda a, b: a >= b,
}


@_value.register
def _(node: Compare, scope: Scope) -> Values:
    left, right = evaluate(node.left, scope), evaluate(node.right, scope)
    if _shape(left) != _shape(right) and not _is_number(right):
        raise ShapeFault(f"({_text(left)}) {node.relation} ({_text(right)})")
    return np.asarray(_RELATIONS[node.relation](left.real, right.real), dtype=float)


@_value.register
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


@_value.register
def _(node: Grid, scope: Scope) -> Values:
    return _block([[evaluate(cell, scope) for cell in row] for row in node.rows])


def _block(cells: list[list[Values]]) -> Values:
    if len({len(row) for row in cells}) != 1:
        raise ShapeFault("the rows of a matrix have different lengths")
    leading = np.broadcast_shapes(*(cell.shape[:-2] for row in cells for cell in row))
    try:
        rows = [
            np.concatenate([np.broadcast_to(c, (*leading, *_shape(c))) for c in row], axis=-1)
            for row in cells
        ]
        return np.concatenate(rows, axis=-2)
    except ValueError:
        raise ShapeFault("the cells of a matrix have shapes that do not fit") from None


@_value.register
def _(node: Dotted, scope: Scope) -> Values:
    base = scope.notation.base
    rows, columns = scope.place(node.row_upper), scope.place(node.column_upper)
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


@_value.register
def _(node: Series, scope: Scope) -> Values:
    return scope.remembered(node, lambda: _summed(node, scope))


def _summed(node: Series, scope: Scope) -> Values:
    lower, upper = scope.place(node.lower), _upper(node, scope)
    if upper - lower > 200:
        raise NoMeaning("a sum has more than 200 terms")
    total: Values | None = None
    for number in range(lower, upper + 1):
        inner = scope.bind(node.letter, number)
        if node.unless is not None and not holds(node.unless, inner):
            continue
        value = evaluate(node.body, inner)
        if total is None:
            total = value
        elif _shape(total) != _shape(value):
            raise ShapeFault(f"({_text(total)}) + ({_text(value)}): the terms of {show(node)}")
        else:
            total = total + value if node.kind == "sum" else total * value
    return _number(float(node.kind != "sum")) if total is None else total


def _upper(node: Series, scope: Scope) -> int:
    """Return the last value of a summation index, from its slot where no bound is printed."""
    if node.upper is not None:
        return scope.place(node.upper)
    size = next(ranges(node.body, node.letter), None)
    if size is None:
        raise NoMeaning(f"Σ over {node.letter} has no bounds")
    return scope.place(size) + scope.notation.base - 1


# functions


def _real_choice(choose: Callable[[Values, Values], Values]) -> Callable[[Values, Values], Values]:
    return lambda a, b: np.where(choose(a.real, b.real) == a.real, a, b)


def _norm(x: Values) -> Values:
    return np.asarray(np.sqrt(np.sum(x * x, axis=(-2, -1), keepdims=True)))


def _abs(x: Values) -> Values:
    return np.where(x.real < 0, -x, x)


def _diagonal(x: Values) -> Values:
    if 1 not in _shape(x):
        raise ShapeFault(f"diag of an array that is {_text(x)}; it takes a vector")
    column = x if _shape(x)[1] == 1 else np.swapaxes(x, -1, -2)
    return column * np.eye(_shape(column)[0])


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


@_value.register
def _(node: Apply, scope: Scope) -> Values:
    arguments = [evaluate(argument, scope) for argument in node.arguments]
    if node.function in {"max", "min"}:
        return _extreme(node, arguments)
    (argument,) = arguments
    function = _function(node, scope)
    _check_width(node, scope, argument)
    if node.primes and node.function in {*_WHOLE, "softmax", "log_softmax"}:
        raise NoMeaning(f"{node.function}′ is a Jacobian, not a derivative entry by entry")
    return _differentiated(function, argument, node.primes)


def _extreme(node: Apply, arguments: list[Values]) -> Values:
    if node.primes or len(arguments) < 2:
        raise NoMeaning(f"{show(node)} is not read")
    choose = np.maximum if node.function == "max" else np.minimum
    result = arguments[0]
    for argument in arguments[1:]:
        if not (_is_number(result) or _is_number(argument) or _shape(result) == _shape(argument)):
            raise ShapeFault(f"({_text(result)}), ({_text(argument)}): {show(node)}")
        result = _real_choice(choose)(result, argument)
    return result


def _check_width(node: Apply, scope: Scope, argument: Values) -> None:
    """Compare the argument of a map of columns with the width of its layer."""
    if node.function != "activation" or node.layer is None:
        return
    layer = scope.place(node.layer)
    probe, axis = scope.network.probe, 1 if scope.notation.examples == "rows" else 0
    width = probe.widths[layer]
    if scope.network.mixes(layer) and _shape(argument)[axis] != width:
        raise ShapeFault(f"g takes {width} units, its argument is {_text(argument)}")


def _function(node: Apply, scope: Scope) -> Callable[[Values], Values]:
    name = node.function
    if name == "activation":
        if node.layer is None:
            if scope.network.probe.activation not in NAMED:
                raise NoMeaning("the notation does not say which function g is")
            return _function(replace(node, function=scope.network.probe.activation), scope)
        layer = scope.place(node.layer)
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
    if name in _WHOLE:
        return _WHOLE[name]
    if name not in _ELEMENTWISE:
        raise NoMeaning(f"the function {name} is not known")
    return _ELEMENTWISE[name]


def _by_columns(
    function: Callable[[Values], Values], *, flipped: bool
) -> Callable[[Values], Values]:
    """Apply a function of columns to arrays with a leading axis, or whose rows are examples."""

    def apply(x: Values) -> Values:
        x = np.swapaxes(x, -1, -2) if flipped else x
        if x.ndim == 2:
            y = function(x)
        else:
            y = np.stack([function(copy) for copy in x.reshape(-1, *_shape(x))])
            y = y.reshape(*x.shape[:-2], *_shape(y))
        return np.swapaxes(y, -1, -2) if flipped else y

    return apply


# derivatives


@_value.register
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
    rows, columns = _positions(bottom, _shape(stored), scope)
    numbers = np.arange(stored.size).reshape(stored.shape)[rows, columns]
    numbers = numbers.T if bottom.flipped else numbers
    chosen = numbers.ravel()
    if isinstance(top, Node):
        if top.family == "losses":
            evaluate(top, scope)
        top_key = node_key(top, scope)
        change = network.jacobian(top_key, key)[chosen]
        change = change[(slice(None), *_positions(top, _shape(change), scope))]
        return (np.swapaxes(change, -1, -2) if top.flipped else change), _shape(numbers)
    moved: dict[Key | str, Values] = {k: v[chosen] for k, v in network.ripple(key).items()}
    value = evaluate(top, replace(scope, moved=moved))
    change = np.broadcast_to(value.imag / STEP, (chosen.size, *_shape(value)))
    return change, _shape(numbers)


def _by_free(node: Derivative, bottom: Free, scope: Scope) -> Values:
    start = free_value(bottom, scope.network)
    pushed = start + 1j * STEP * np.eye(start.size).reshape(start.size, *start.shape)
    value = evaluate(node.top, replace(scope, moved={_free_key(bottom): pushed}))
    change = np.broadcast_to(value.imag / STEP, (start.size, *_shape(value)))
    numbers = np.arange(start.size).reshape(start.shape)
    for axis, place in enumerate(bottom.places):
        if place is not None:
            numbers = np.take(numbers, [scope.place(place) - scope.notation.base], axis=axis)
    return _laid_out(change[numbers.ravel()], _shape(numbers), node, scope)


def _laid_out(change: Values, by: tuple[int, int], node: Derivative, scope: Scope) -> Values:
    """Arrange a derivative as a gradient, a Jacobian or a number."""
    of = _shape(change)
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


def _chained(node: Product, scope: Scope) -> Values | None:
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


def claimed_shape(space: Space, scope: Scope) -> tuple[int, ...]:
    """Return the shape that ℝ^{n × m} names."""
    return tuple(scope.place(size) for size in space.shape)


__all__ = [
    "COST",
    "Fault",
    "IndexFault",
    "NoLayer",
    "NoMeaning",
    "Scope",
    "ShapeFault",
    "TooLong",
    "claimed_shape",
    "evaluate",
    "holds",
]
