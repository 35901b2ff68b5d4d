"""Every elementwise map and its derivative to 60 digits, and errors in units in the last place."""

from collections.abc import Callable, Iterator
from typing import Any

import mpmath as mp
import numpy as np

from tests.oracles import Array

Exact = Callable[[Any], Any]

DIGITS = 60
SATURATED = 1e5
"""Beyond it every exponential that is left is 0 in 60 digits and in every double."""


def exact(f: Exact, z: float) -> Any:
    with mp.workdps(DIGITS):
        return f(mp.mpf(z))


def exp(z: Any) -> Any:
    return mp.mpf(0) if z < -SATURATED else mp.exp(z)


def sigmoid(z: Any) -> Any:
    return exp(min(z, 0)) / (1 + exp(-abs(z)))


def sigmoid_prime(z: Any) -> Any:
    return sigmoid(z) * sigmoid(-z)


def normal_cdf(z: Any) -> Any:
    return mp.mpf(z > 0) if abs(z) > 50 else mp.erfc(-z / mp.sqrt(2)) / 2


def normal_density(z: Any) -> Any:
    return exp(-z * z / 2) / mp.sqrt(2 * mp.pi)


def two_u(z: Any) -> Any:
    return 2 * mp.sqrt(2 / mp.pi) * (z + mp.mpf("0.044715") * z**3)


def two_u_prime(z: Any) -> Any:
    return 2 * mp.sqrt(2 / mp.pi) * (1 + 3 * mp.mpf("0.044715") * z**2)


MAPS: dict[str, tuple[Exact, Exact]] = {
    "identity": (lambda z: z, lambda z: mp.mpf(1)),
    "sigmoid": (sigmoid, sigmoid_prime),
    "tanh": (lambda z: mp.tanh(z), lambda z: 4 * sigmoid_prime(2 * z)),
    "relu": (lambda z: max(z, 0), lambda z: mp.mpf(z > 0)),
    "leaky_relu": (
        lambda z: z if z > 0 else mp.mpf("0.01") * z,
        lambda z: mp.mpf(1) if z > 0 else mp.mpf("0.01"),
    ),
    "softplus": (lambda z: max(z, 0) + mp.log1p(exp(-abs(z))), sigmoid),
    "silu": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) + z * sigmoid_prime(z)),
    "gelu": (lambda z: z * normal_cdf(z), lambda z: normal_cdf(z) + z * normal_density(z)),
    "gelu_tanh": (
        lambda z: z * sigmoid(two_u(z)),
        lambda z: sigmoid(two_u(z)) + z * two_u_prime(z) * sigmoid_prime(two_u(z)),
    ),
}
"""Value and derivative by name, as the equations are printed: 60 digits forgive cancellation."""


def ulps(got: Any, wanted: Any, dtype: Any = np.float64, term: Any = None) -> float:
    """How many units in the last place of `wanted`, or of a term of it, it is off the number got.

    A result beyond the largest number should be infinite. Below the smallest normal number the
    units stop shrinking.
    """
    info = np.finfo(dtype)
    if abs(wanted) > info.max:
        return 0.0 if np.isinf(got) else np.inf
    if not np.isfinite(got):
        return np.inf
    with mp.workdps(DIGITS):
        unit = ulp(wanted if term is None else term, dtype)
        return float(abs(mp.mpf(float(got)) - wanted) / unit)


def ulp(number: Any, dtype: Any = np.float64) -> Any:
    """The unit in the last place of a number in this precision."""
    info = np.finfo(dtype)
    exponent = mp.frexp(number)[1] if number else info.minexp
    return mp.mpf(2) ** max(exponent - 1 - info.nmant, info.minexp - info.nmant)


def worst(got: Array, f: Exact, Z: Array) -> tuple[float, float]:
    """The largest error over Z in units in the last place, and where it is."""
    errors = [ulps(g, exact(f, float(z)), Z.dtype) for g, z in zip(got.flat, Z.flat, strict=True)]
    at = int(np.argmax(errors))
    return errors[at], float(Z.flat[at])


def whole_range(rng: np.random.Generator, count: int, dtype: Any = np.float64) -> Array:
    """Numbers of both signs: a half where maps bend, a half over all magnitudes."""
    info = np.finfo(dtype)
    smallest, largest = np.log(float(info.smallest_subnormal)), np.log(float(info.max))
    every = np.exp(rng.uniform(smallest, largest, count // 4))
    bent = np.exp(rng.uniform(np.log(1e-3), np.log(800), count // 4))
    Z = np.concatenate([every, bent])
    special = [0.0, float(info.tiny), float(info.smallest_subnormal), float(info.max), 1.0, 708.5]
    Z = np.concatenate([Z, special])
    return np.concatenate([Z, -Z]).astype(dtype)


def singles(stride: int) -> Iterator[Array]:
    """The numbers of single precision from 2⁻²⁶ to 2⁷ in order, every `stride`-th, in blocks.

    Below, every map is its own tangent to all digits; above, it is saturated.
    """
    first, last = (int(np.float32(2.0**power).view(np.uint32)) for power in (-26, 7))
    block = stride << 20
    for start in range(first, last, block):
        numbers = np.arange(start, min(start + block, last), stride, np.uint32).view(np.float32)
        yield np.concatenate([-numbers, numbers])


def worst_of_singles(f: Callable[[Array], Array], stride: int) -> float:
    """The largest error in units in the last place of single precision, beside double precision."""
    return max(
        float(np.max(np.abs(f(Z) - wanted) / np.spacing(np.abs(wanted).astype(np.float32))))
        for Z in singles(stride)
        for wanted in [f(Z.astype(np.float64))]
    )
