"""Column maps and losses to 60 digits, each number with the term that its error is measured by.

A sum is as exact as its largest term lets it be, and a difference of nearly equal numbers is not
exact relative to itself: so an error counts in units in the last place of the largest term that a
result is the sum, or the image, of.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np

from tests.exact import DIGITS, MAPS, exp, sigmoid, ulps, whole_range
from tests.oracles import Array

Column = Sequence[Any]
Terms = list[tuple[Any, Any]]
"""What is wanted, entry by entry, and its largest term."""

GAIN, SHIFT, EPSILON = (0.5, 2.0, -1.5), (0.25, -1.0, 3.0), 1e-5
"""Of the layer norm; three units, as all columns here."""


def _below(z: Column) -> tuple[Column, Any]:
    """How far each entry lies below the largest, and what the others add to its exponential, 1."""
    d = [max(z) - entry for entry in z]
    return d, mp.fsum(sorted(exp(-entry) for entry in d)[:-1])


def softmax(z: Column, _: Column) -> Terms:
    """A rounding of d is d roundings of exp(d)."""
    d, others = _below(z)
    A = [exp(-far) / (1 + others) for far in d]
    return [(a, a * max(1, far)) for a, far in zip(A, d, strict=True)]


def log_softmax(z: Column, _: Column) -> Terms:
    """The logarithm is that of a sum that is rounded near 1."""
    d, others = _below(z)
    return [(-far - mp.log1p(others), max(1, far)) for far in d]


def softmax_cross_entropy(z: Column, y: Column) -> Terms:
    J = -mp.fsum(t * log for t, (log, _) in zip(y, log_softmax(z, y), strict=True))
    return [(J, max(1, J))]


def softmax_cross_entropy_grad(z: Column, y: Column) -> Terms:
    return [(a - t, max(term, t)) for (a, term), t in zip(softmax(z, y), y, strict=True)]


def sigmoid_cross_entropy(z: Column, y: Column) -> Terms:
    softplus, _ = MAPS["softplus"]
    J = mp.fsum(t * softplus(-x) + (1 - t) * softplus(x) for x, t in zip(z, y, strict=True))
    return [(J, J)]


def sigmoid_cross_entropy_grad(z: Column, y: Column) -> Terms:
    return [(sigmoid(x) - t, max(sigmoid(x), t)) for x, t in zip(z, y, strict=True)]


def cross_entropy(a: Column, y: Column) -> Terms:
    J = -mp.fsum(t * mp.log(x) for x, t in zip(a, y, strict=True) if t)
    return [(J, J)]


def cross_entropy_grad(a: Column, y: Column) -> Terms:
    return [(-t / x, t / x) for x, t in zip(a, y, strict=True)]


def binary_cross_entropy(a: Column, y: Column) -> Terms:
    """The logarithm of 1 - a is that of a difference that is rounded near 1."""
    (yes, _), (no, _) = (
        *cross_entropy(a, y),
        *cross_entropy([1 - x for x in a], [1 - t for t in y]),
    )
    return [(yes + no, max(1, yes + no))]


def binary_cross_entropy_grad(a: Column, y: Column) -> Terms:
    parts = [(t / x, (1 - t) / (1 - x)) for x, t in zip(a, y, strict=True)]
    return [(no - yes, max(no, yes)) for yes, no in parts]


def half_squared_error(a: Column, y: Column) -> Terms:
    J = mp.fsum((x - t) ** 2 for x, t in zip(a, y, strict=True)) / 2
    return [(J, J)]


def half_squared_error_grad(a: Column, y: Column) -> Terms:
    return [(x - t, x - t) for x, t in zip(a, y, strict=True)]


def mean_squared_error(a: Column, y: Column) -> Terms:
    [(J, _)] = half_squared_error(a, y)
    return [(2 * J / len(a), 2 * J / len(a))]


def mean_squared_error_grad(a: Column, y: Column) -> Terms:
    return [(2 * d / len(a), 2 * d / len(a)) for d, _ in half_squared_error_grad(a, y)]


def layer_norm(z: Column, _: Column) -> Terms:
    """The mean that is subtracted is rounded as the largest entry is."""
    z_hat, scale = _normalized(z)
    largest = max(map(abs, z)) / scale
    return [
        (gain * x + shift, max(abs(gain) * largest, abs(shift)))
        for x, gain, shift in zip(z_hat, GAIN, SHIFT, strict=True)
    ]


def layer_norm_grad(z: Column, dA: Column) -> Terms:
    z_hat, scale = _normalized(z)
    dz_hat = [gain * d for gain, d in zip(GAIN, dA, strict=True)]
    mean, slope = mp.fsum(dz_hat) / len(z), mp.fdot(dz_hat, z_hat) / len(z)
    term = max(map(abs, dz_hat)) * max(1, *map(abs, z_hat), max(map(abs, z)) / scale) / scale
    return [((d - mean - x * slope) / scale, term) for d, x in zip(dz_hat, z_hat, strict=True)]


def _normalized(z: Column) -> tuple[Column, Any]:
    mean = mp.fsum(z) / len(z)
    scale = mp.sqrt(mp.fsum((x - mean) ** 2 for x in z) / len(z) + EPSILON)
    return [(x - mean) / scale for x in z], scale


# What they are tried on: columns of three entries, all magnitudes and both signs among them.


def _columns(rng: np.random.Generator, count: int, dtype: Any) -> Array:
    """A half of entries of all magnitudes, a half of one magnitude, some of these far from 0."""
    every = whole_range(rng, count // 2, dtype)
    wide = np.stack([rng.permutation(every) for _ in range(3)])
    scale = np.exp(rng.uniform(np.log(1e-3), np.log(800), wide.shape[1]))
    far = rng.choice([0, 1], scale.size) * 10 ** rng.uniform(0, 5, scale.size)
    return np.hstack([wide, scale * rng.standard_normal(wide.shape) + far]).astype(dtype)


def _distributions(rng: np.random.Generator, m: int, dtype: Any) -> Array:
    """A half of them certain; the sums are exactly 1."""
    certain = np.eye(3)[rng.integers(3, size=m)]
    shared = rng.multinomial(64, np.full(3, 1 / 3), m) / 64
    return np.where(rng.random((m, 1)) < 0.5, certain, shared).T.astype(dtype)


def logits(rng: np.random.Generator, count: int, dtype: Any) -> tuple[Array, Array]:
    """Logits whose differences are numbers."""
    Z = _columns(rng, count, dtype)
    Z = Z[:, np.all(np.abs(Z) < np.finfo(dtype).max / 4, axis=0)]
    return Z, _distributions(rng, Z.shape[1], dtype)


def probabilities(rng: np.random.Generator, count: int, dtype: Any) -> tuple[Array, Array]:
    """Numbers between 0 and 1, all magnitudes of their distance from both."""
    Z, Y = logits(rng, count, dtype)
    tail = 1 / np.maximum(np.abs(Z), 1)
    A = np.where(np.abs(Z) < 1, np.abs(Z), 1 - tail).astype(dtype)
    info = np.finfo(dtype)
    return np.clip(A, info.smallest_subnormal, 1 - info.epsneg), Y


def numbers(rng: np.random.Generator, count: int, dtype: Any) -> tuple[Array, Array]:
    """Numbers whose squares are numbers, and others, some of them close to the first."""
    largest = np.sqrt(np.finfo(dtype).max) / 8
    A = np.clip(_columns(rng, count, dtype), -largest, largest)
    close = A * (1 + 1e-3 * rng.standard_normal(A.shape))
    return A, np.where(rng.random(A.shape) < 0.5, close, rng.permuted(A, axis=1)).astype(dtype)


class Case(NamedTuple):
    value: Callable[[Column, Column], Terms]
    grad: Callable[[Column, Column], Terms] | None
    draw: Callable[[np.random.Generator, int, Any], tuple[Array, Array]]


CASES = {
    "softmax": Case(softmax, None, logits),
    "log_softmax": Case(log_softmax, None, logits),
    "layer_norm": Case(layer_norm, layer_norm_grad, numbers),
    "half_squared_error": Case(half_squared_error, half_squared_error_grad, numbers),
    "mean_squared_error": Case(mean_squared_error, mean_squared_error_grad, numbers),
    "binary_cross_entropy": Case(binary_cross_entropy, binary_cross_entropy_grad, probabilities),
    "cross_entropy": Case(cross_entropy, cross_entropy_grad, probabilities),
    "sigmoid_cross_entropy": Case(sigmoid_cross_entropy, sigmoid_cross_entropy_grad, logits),
    "softmax_cross_entropy": Case(softmax_cross_entropy, softmax_cross_entropy_grad, logits),
}
"""Value, gradient, and what to try them on, by name; the gradient of a map is its backward rule."""


def wanted(oracle: Callable[[Column, Column], Terms], Z: Array, Y: Array) -> list[Terms]:
    """The numbers of every column, as a batch of one example."""
    with mp.workdps(DIGITS):
        return [
            oracle([mp.mpf(float(z)) for z in column], [mp.mpf(float(y)) for y in targets])
            for column, targets in zip(Z.T, Y.T, strict=True)
        ]


def worst(got: list[Array], exact: list[Terms], dtype: Any) -> tuple[float, int]:
    """The largest error in units in the last place of the term, and the column that it is in."""
    errors = [
        max(ulps(g, w, dtype, term) for g, (w, term) in zip(column.flat, terms, strict=True))
        for column, terms in zip(got, exact, strict=True)
    ]
    at = int(np.argmax(errors))
    return errors[at], at
