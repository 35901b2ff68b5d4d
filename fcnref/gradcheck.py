"""Gradient checking: whether a backward rule is the derivative of its forward function.

`check_backward` checks one rule, `check_network` every dW and db of a network. Neither calls a
backward function of this package: what is compared with comes from complex steps through forward
functions alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np

from fcnref._arrays import Array
from fcnref._reports import NetworkReport, QuantityRow, RuleReport
from fcnref.differences import STEP, central_difference, complex_step
from fcnref.gradients import read_gradients
from fcnref.network import Layer
from fcnref.problem import Problem, data_loss, forward_pass, kinks, objective, penalty_of

__all__ = [
    "NetworkReport",
    "QuantityRow",
    "RuleReport",
    "central_difference",
    "check_backward",
    "check_network",
    "complex_step",
    "network_derivatives",
    "relative_error",
]

EXACT = 1e-9
CENTRAL = 1e-6
DOUBLE = 1e-5
SINGLE = 1e-3
COLUMNWISE = frozenset({"softmax", "log_softmax", "layer_norm"})
KINKED = frozenset({"relu", "leaky_relu"})


def relative_error(got: Array, wanted: Array) -> float:
    """Compute ‖got − wanted‖ / max(‖got‖, ‖wanted‖), 0 where both vanish.

    Implements :eq:`eq-gradient-checking-relative-error`.

    Parameters
    ----------
    got
        What a rule returned.
    wanted
        What it should have returned.

    Returns
    -------
    error
        Between 0 and 2; 1 means that one of them is zero, 2 that the sign is wrong.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.gradcheck import relative_error
    >>> relative_error(np.array([1.0, 1.0]), np.array([-1.0, -1.0]))
    2.0
    """
    size = max(float(np.linalg.norm(got)), float(np.linalg.norm(wanted)))
    return float(np.linalg.norm(np.asarray(got) - wanted)) / size if size else 0.0


def check_backward(
    f: Callable[..., Any],
    f_backward: Callable[..., Any],
    args: Sequence[Any],
    seed: int = 0,
    method: Literal["auto", "complex", "central"] = "auto",
) -> RuleReport:
    """Check one backward rule against its forward function.

    The rule is called as ``f_backward(d_out, *args)`` and returns one gradient per argument, in
    their order; None for an argument that needs none. It is compared in five ways: the identity
    ⟨g, J v⟩ = ⟨Jᵀ g, v⟩ in a random direction, every entry, linearity in the incoming gradient,
    purity (no argument is changed, a second call returns the same), and shapes.

    Parameters
    ----------
    f
        The forward function of some arrays, to an array of any shape.
    f_backward
        The rule.
    args
        What f is called with.
    seed
        Seed of the random incoming gradient and direction. They are never ones: a sum would hide
        what a transpose moves around.
    method
        The derivative to compare with: "complex", "central", or the first where it works.

    Returns
    -------
    RuleReport
        Print it, or ask for ``report.ok``.

    Raises
    ------
    ValueError
        If the rule returns another number of gradients than there are arguments.
    TypeError
        If an argument holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.gradcheck import check_backward
    >>> X = np.array([[0.5, -1.0], [2.0, 0.25]])
    >>> check_backward(np.tanh, lambda dA, Z: dA * (1 - np.tanh(Z) ** 2), [X]).ok
    True
    >>> check_backward(np.tanh, lambda dA, Z: dA * (1 - Z**2), [X]).ok
    False
    """
    arrays = [_float_array(arg, i) for i, arg in enumerate(args)]
    before = [np.array(array) for array in arrays]
    # a stream of its own: default_rng(seed) would repeat an argument drawn from the same seed
    rng = np.random.default_rng((seed, 1))
    out = np.asarray(f(*arrays))
    g = rng.standard_normal(out.shape)
    incoming = np.array(g)
    first = _gradients(f_backward(incoming, *arrays), len(arrays))
    notes = _impurities(f_backward, incoming, g, arrays, before, first)
    notes += _nonlinearity(f_backward, rng, g, arrays, first)
    rows = []
    used: set[str] = set()
    for i, (array, got) in enumerate(zip(arrays, first, strict=True)):
        if got is None:
            continue
        name = f"argument {i + 1}"
        if got.shape != array.shape:
            rows.append(QuantityRow.misshaped(name, got.shape, array.shape))
            continue
        along = _weighted(f, arrays, i, g)
        wanted, how = _derivative(along, array, method)
        used.add(how)
        v = rng.standard_normal(array.shape)
        limit = EXACT if how == "complex step" else CENTRAL
        row = QuantityRow.compare(name, got, wanted, limit)
        rows.append(row._replace(inner=(float(np.sum(wanted * v)), float(np.sum(got * v)))))
    return RuleReport(tuple(rows), tuple(notes), " and ".join(sorted(used)))


def check_network(
    problem: Problem,
    grads: Any,
    directions: int | None = None,
    seed: int = 0,
    memory: int = 2**24,
) -> NetworkReport:
    """Check every dW and db of a network against complex steps.

    Parameters
    ----------
    problem
        The problem that the gradients are of.
    grads
        Gradients by name, ``{"dW1": ..., "db1": ...}``, or a `NetworkGradients`, or pairs
        (dW, db) layer by layer, of anything that `numpy.asarray` reads; or a function of
        (params, X, Y) that returns them.
    directions
        Where given, no entry is computed: the gradients are compared in this many random
        directions at the cost of as many forward passes, and block by block if they differ.
    seed
        Seed of the random directions.
    memory
        Bytes that one batch of perturbations may take.

    Returns
    -------
    NetworkReport
        Print it, or ask for ``report.ok``.

    Raises
    ------
    ValueError
        If a gradient is missing, or not finite.
    TypeError
        If the gradients cannot be read.

    Examples
    --------
    >>> from fcnref import loss_and_grads
    >>> from fcnref.gradcheck import check_network
    >>> from fcnref.problem import informative_problem
    >>> problem = informative_problem()
    >>> J, grads = loss_and_grads(problem.X, problem.Y, problem.layers, problem.loss)
    >>> print(check_network(problem, grads))
    Every gradient is right: 59 entries, the largest relative error is ...
    """
    given = read_gradients(problem, grads)
    if directions is not None:
        return _by_directions(problem, given, directions, seed)
    at_kinks = kinks(problem)
    wanted = network_derivatives(problem, memory)
    other = network_derivatives(problem, memory, side=1.0) if at_kinks else wanted
    rows = []
    for name, got in given.items():
        if got.shape != wanted[name].shape:
            rows.append(QuantityRow.misshaped(name, got.shape, wanted[name].shape))
            continue
        limit = SINGLE if got.dtype.itemsize < 8 else DOUBLE
        row = QuantityRow.compare(name, got, wanted[name], limit)
        if at_kinks and row.verdict == "wrong":
            row = _at_kink(row, got, wanted[name], other[name], limit)
        rows.append(row)
    return NetworkReport(tuple(rows), len(at_kinks), "complex step, every entry")


def network_derivatives(
    problem: Problem, memory: int = 2**24, side: float = -1.0
) -> dict[str, Array]:
    """Compute every dW and db by complex steps through forward functions, exact to rounding.

    An entry of W[l] moves one row of Z[l], so all its perturbations are batches of columns that
    the activation is applied to. What a change of A[l] does to J is needed once per layer and
    is a complex step as well: J moves by Σ ∂J/∂a da, whatever moved the a. The cost per parameter
    is therefore a few operations per example, in narrow networks and in wide ones. At the end one
    random direction is compared with a complex step through the whole of J.

    Parameters
    ----------
    problem
        The problem.
    memory
        Bytes that one batch of perturbations may take.
    side
        Which side of a kink an entry that sits on it counts as: -1 for the left, 1 for the right.

    Returns
    -------
    derivatives
        By name, dW1, db1, ..., in float64.

    Raises
    ------
    ValueError
        If the layers mix examples, or an activation is not holomorphic, so that complex steps
        cannot be trusted.

    Examples
    --------
    >>> from fcnref.gradcheck import network_derivatives
    >>> from fcnref.problem import informative_problem
    >>> [dW.shape for dW in network_derivatives(informative_problem()).values()]
    [(4, 5), (4, 1), (4, 4), (4, 1), (3, 4), (3, 1)]
    """
    problem = _in_float64(problem)
    Z, _, A = forward_pass(problem)
    columns = max(1, memory // (16 * 4))
    # ∂J/∂A[L], one entry at a time.
    dJ = complex_step(lambda A_L: data_loss(problem, A_L), A[-1], verify=False)
    found: dict[str, Array] = {}
    for l in range(problem.L, 0, -1):
        W, b, activation = problem.layers[l - 1]
        dJ = dJ * problem.masks[l] if l in problem.masks else dJ
        here = np.where(Z[l] == 0, side * 1e-200, Z[l]) if activation.name in KINKED else Z[l]
        step = _Step(activation.forward, here, dJ, activation.name not in COLUMNWISE, columns)
        found[f"dW{l}"] = step.by_rows(A[l - 1]) + _penalty_steps(problem, W, "W")
        found[f"db{l}"] = step.by_rows(np.ones((1, problem.m))) + _penalty_steps(problem, b, "b")
        if l > 1:
            dJ = step.by_columns(W)
    if not kinks(problem, margin=1e-12):
        _compare_with_the_whole(problem, found)
    return {f"{d}{l}": found[f"{d}{l}"] for l in range(1, problem.L + 1) for d in ("dW", "db")}


class _Step(NamedTuple):
    """Complex steps through one activation, weighted by what its output does to J."""

    forward: Callable[[Array], Array]
    Z: Array
    dJ: Array
    elementwise: bool
    columns: int

    def by_rows(self, A: Array) -> Array:
        """Entry [j, k]: what J does when row j of Z moves along row k of A."""
        n, m = self.Z.shape
        n_prev = A.shape[0]
        if self.elementwise:
            height = max(1, self.columns // (n_prev * m))
            parts = [
                self._elementwise_rows(A, slice(top, min(top + height, n)))
                for top in range(0, n, height)
            ]
            return np.concatenate(parts)
        height = max(1, self.columns // (n * m))
        return np.stack([
            np.concatenate([
                self._columnwise_row(A[top : top + height], j) for top in range(0, n_prev, height)
            ])
            for j in range(n)
        ])  # fmt: skip

    def _elementwise_rows(self, A: Array, rows: slice) -> Array:
        moved = self.Z[rows, None, :] + 1j * STEP * A
        height, n_prev, m = moved.shape
        change = _real_change(self.forward(moved.reshape(height * n_prev, m)))
        weighted: Array = np.matmul(
            change.reshape(height, n_prev, m), self.dJ[rows, :, None]
        )[:, :, 0]  # fmt: skip
        return weighted

    def _columnwise_row(self, A: Array, j: int) -> Array:
        n, m = self.Z.shape
        unit = np.where(np.arange(n)[:, None, None] == j, 1j * STEP, 0)
        moved = self.Z[:, None, :] + unit * A
        change = _real_change(self.forward(moved.reshape(n, -1))).reshape(n, -1, m)
        weighted: Array = np.einsum("pki,pi->k", change, self.dJ)
        return weighted

    def by_columns(self, W: Array) -> Array:
        """Entry [k, i]: what J does when the input a[k, i] of the layer moves."""
        n, m = self.Z.shape
        height = max(1, self.columns // (n * m))
        parts = []
        for top in range(0, W.shape[1], height):
            moved = self.Z[:, None, :] + 1j * STEP * W[:, top : top + height, None]
            change = _real_change(self.forward(moved.reshape(n, -1))).reshape(n, -1, m)
            parts.append(np.einsum("pki,pi->ki", change, self.dJ))
        return np.concatenate(parts)


def _real_change(value: Array) -> Array:
    if value.dtype.kind != "c":
        raise ValueError(
            "network_derivatives: an activation returned real numbers for complex input; write it "
            "without np.abs, .real or astype(float), so that a complex step passes through."
        )
    change: Array = value.imag / STEP
    return change


def _penalty_steps(problem: Problem, W: Array, which: Literal["W", "b"]) -> Array:
    """The derivative of the penalty: entry by entry for sums over entries, whole for the norm."""
    penalty = problem.penalty
    if not (penalty.l2 or penalty.l1 or penalty.norm):
        return np.zeros_like(W)
    if W.size <= 256 or penalty.norm:
        return complex_step(
            lambda W: penalty_of(problem, W, which) + 0 * np.sum(W), W, verify=False
        )
    ones = np.ones((1, 1))
    # A sum over the entries: one step of a 1 × 1 matrix per distinct entry would do the same.
    quadratic = penalty._replace(l1=0.0)
    scale = penalty_of(replace(problem, penalty=quadratic), ones, which)
    signed = penalty_of(replace(problem, penalty=penalty._replace(l2=0.0)), ones, which)
    moved = W + 1j * STEP
    return np.asarray((scale * moved**2 + signed * np.sign(W) * moved).imag / STEP)


def _compare_with_the_whole(problem: Problem, found: Mapping[str, Array]) -> None:
    rng = np.random.default_rng(1)
    layers, predicted, size = [], 0.0, 0.0
    for l, (W, b, activation) in enumerate(problem.layers, start=1):
        V, v = rng.standard_normal(W.shape), rng.standard_normal(b.shape)
        layers.append(Layer(W + 1j * STEP * V, b + 1j * STEP * v, activation))
        products = [found[f"dW{l}"] * V, found[f"db{l}"] * v]
        predicted += sum(float(np.sum(p)) for p in products)
        size += sum(float(np.sum(np.abs(p))) for p in products)
    whole = float(np.imag(objective(problem, layers)) / STEP)
    if not abs(whole - predicted) <= 1e-8 * max(size, 1e-300):
        raise ValueError(
            f"network_derivatives: a complex step through all of J gives {whole:.6g} in a random "
            f"direction, the layers one by one give {predicted:.6g}; an activation mixes examples, "
            "or is not holomorphic."
        )


def _by_directions(
    problem: Problem, given: Mapping[str, Array], directions: int, seed: int
) -> NetworkReport:
    problem = _in_float64(problem)
    rng = np.random.default_rng(seed)
    shapes = {
        f"d{d}{l}": array.shape
        for l, layer in enumerate(problem.layers, start=1)
        for d, array in (("W", layer.W), ("b", layer.b))
    }
    bad = [
        QuantityRow.misshaped(name, got.shape, shapes[name])
        for name, got in given.items()
        if got.shape != shapes[name]
    ]
    if bad:
        return NetworkReport(tuple(bad), 0, f"{directions} random directions")
    single = any(got.dtype.itemsize < 8 for got in given.values())
    limit = SINGLE if single else DOUBLE
    rows: list[QuantityRow] = []
    for _ in range(directions):
        V = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
        rows.append(_in_direction("all parameters", problem, given, V, limit))
    if any(row.verdict == "wrong" for row in rows):
        rows = []
        for name, shape in shapes.items():
            V = {other: np.zeros(s) for other, s in shapes.items()}
            V[name] = rng.standard_normal(shape)
            rows.append(_in_direction(name, problem, given, V, limit))
    return NetworkReport(tuple(rows), len(kinks(problem)), f"{directions} random directions")


def _in_direction(
    name: str, problem: Problem, given: Mapping[str, Array], V: Mapping[str, Array], limit: float
) -> QuantityRow:
    layers = [
        Layer(
            layer.W + 1j * STEP * V[f"dW{l}"], layer.b + 1j * STEP * V[f"db{l}"], layer.activation
        )
        for l, layer in enumerate(problem.layers, start=1)
    ]
    wanted = np.array([np.imag(objective(problem, layers)) / STEP])
    got = np.array([sum(float(np.sum(given[key] * V[key])) for key in V)])
    return QuantityRow.compare(name, got, wanted, limit)


def _at_kink(row: QuantityRow, got: Array, left: Array, right: Array, limit: float) -> QuantityRow:
    """Say "kink" where the gradient is right for another choice of the derivative at the kink."""
    apart = right - left
    size = float(np.sum(apart * apart))
    if not size:
        return row
    share = float(np.sum((got - left) * apart)) / size
    fits = relative_error(got, left + share * apart) <= limit
    return row._replace(verdict="kink") if fits and -limit <= share <= 1 + limit else row


def _in_float64(problem: Problem) -> Problem:
    layers = tuple(
        Layer(layer.W.astype(np.float64), layer.b.astype(np.float64), layer.activation)
        for layer in problem.layers
    )
    masks = {l: mask.astype(np.float64) for l, mask in problem.masks.items()}
    X, Y = problem.X.astype(np.float64), problem.Y.astype(np.float64)
    return replace(problem, layers=layers, X=X, Y=Y, masks=masks)


def _float_array(arg: Any, i: int) -> Array:
    array = np.asarray(arg)
    if array.dtype.kind != "f":
        raise TypeError(
            f"check_backward: argument {i + 1} must hold real floating-point numbers, got "
            f"{array.dtype}; convert it with .astype(float)."
        )
    return array.astype(np.float64)


def _gradients(returned: Any, count: int) -> list[Array | None]:
    several = returned if isinstance(returned, tuple | list) else (returned,)
    if len(several) != count:
        raise ValueError(
            f"check_backward: the rule must return one gradient per argument, {count}, got "
            f"{len(several)}; return None for an argument that needs none."
        )
    return [None if d is None else np.array(d, dtype=np.float64) for d in several]


def _weighted(
    f: Callable[..., Any], arrays: Sequence[Array], i: int, g: Array
) -> Callable[[Array], Any]:
    return lambda X: np.sum(g * np.asarray(f(*arrays[:i], X, *arrays[i + 1 :])))


def _derivative(along: Callable[[Array], Any], X: Array, method: str) -> tuple[Array, str]:
    if method != "central":
        try:
            return complex_step(along, X), "complex step"
        except (ValueError, TypeError):
            if method == "complex":
                raise
    return central_difference(along, X), "central difference"


def _impurities(
    rule: Callable[..., Any],
    incoming: Array,
    g: Array,
    arrays: Sequence[Array],
    before: Sequence[Array],
    first: Sequence[Array | None],
) -> list[str]:
    notes = []
    if not np.array_equal(incoming, g):
        notes.append("The rule changes the incoming gradient in place; compute a new array.")
    for i, (array, old) in enumerate(zip(arrays, before, strict=True)):
        if not np.array_equal(array, old):
            notes.append(f"The rule changes argument {i + 1} in place; compute a new array.")
    again = _gradients(rule(np.array(g), *(np.array(old) for old in before)), len(arrays))
    if any(not _same(a, b) for a, b in zip(first, again, strict=True)):
        notes.append("A second call returns something else; the rule keeps a state.")
    return notes


def _same(a: Array | None, b: Array | None) -> bool:
    return (a is None and b is None) or (
        a is not None and b is not None and np.array_equal(a, b, equal_nan=True)
    )


def _nonlinearity(
    rule: Callable[..., Any],
    rng: np.random.Generator,
    g: Array,
    arrays: Sequence[Array],
    first: Sequence[Array | None],
) -> list[str]:
    g2 = rng.standard_normal(g.shape)
    second = _gradients(rule(np.array(g2), *arrays), len(arrays))
    mixed = _gradients(rule(2 * g - 3 * g2, *arrays), len(arrays))
    for a, b, c in zip(first, second, mixed, strict=True):
        if a is None or b is None or c is None or not a.shape == b.shape == c.shape:
            continue
        if relative_error(c, 2 * a - 3 * b) > EXACT:
            return ["The rule is not linear in the incoming gradient; Jᵀ g is, for every f."]
    return []
