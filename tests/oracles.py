"""Oracles that share nothing with the backward rules: derivatives taken from the map alone.

Each takes a map of one array. A gradient is that of ⟨d_out, f(X)⟩, the number that a loss would
make of the output if its gradient there were d_out.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Map = Callable[[Array], Array]

COMPLEX_STEP = 1e-12
CENTRAL_DIFFERENCE = 1e-7
PEER = 1e-12


def complex_step(f: Map, X: Array, d_out: Array) -> Array:
    """Im ⟨d_out, f(X + ih E)⟩ / h, without cancellation, for every entry of X in turn."""
    h = 1e-30
    return _entry_by_entry(X, lambda E: np.sum(d_out * f(X + 1j * h * E)).imag / h)


def central_difference(f: Map, X: Array, d_out: Array) -> Array:
    """⟨d_out, f(X + hE) - f(X - hE)⟩ / 2h for every entry of X in turn."""
    h = 1e-5
    return _entry_by_entry(X, lambda E: np.sum(d_out * (f(X + h * E) - f(X - h * E))) / (2 * h))


def jacobian(f: Map, z: Array) -> Array:
    """The derivative of output p by input j in entry [p, j], by complex steps."""
    h = 1e-30
    columns = [f(z + 1j * h * e.reshape(z.shape)).imag.ravel() / h for e in np.eye(z.size)]
    return np.stack(columns, axis=1)


def _entry_by_entry(X: Array, derivative: Callable[[Array], float]) -> Array:
    directions = np.eye(X.size).reshape(X.size, *X.shape)
    return np.array([derivative(E) for E in directions]).reshape(X.shape)


def assert_close(actual: Any, expected: Any, rtol: float) -> None:
    """Compare shapes exactly, and entries relative to the largest one of `expected`."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    largest = np.max(np.abs(expected), initial=0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=rtol * largest)


def assert_linear(rule: Map, first: Array, second: Array) -> None:
    """A backward rule is linear in its incoming gradient, whatever else it reads."""
    assert_close(rule(3 * first - 2 * second), 3 * rule(first) - 2 * rule(second), 1e-13)
    assert np.all(rule(0 * first) == 0)


def readonly(array: Array) -> Array:
    """Return the array locked: whoever writes into it is caught in the act."""
    array.setflags(write=False)
    return array
