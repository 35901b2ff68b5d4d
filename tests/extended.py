"""Activations and derivatives in extended precision: an oracle that is quick enough for millions.

It has 11 bits more than a double, where a machine has such numbers at all. That is not enough where
the terms of a formula cancel: around the root of a derivative, and where 2u is rounded before it
becomes an exponent.
"""

from collections.abc import Callable

import mpmath as mp
import numpy as np

from tests.oracles import Array

__all__ = ["MAPS", "PRESENT", "worst"]

PRESENT = np.finfo(np.longdouble).nmant >= 63


def _extended(number: mp.mpf) -> np.longdouble:
    head = np.longdouble(float(number))
    return head + np.longdouble(float(number - mp.mpf(float(number))))


with mp.workdps(40):
    _K = _extended(mp.sqrt(2 / mp.pi))
    _KC = _extended(mp.sqrt(2 / mp.pi) * mp.mpf("0.044715"))
    _STEP = mp.mpf(1) / 2  # another than the one in the package
    _SQUARES = [(_STEP * (n + mp.mpf(1) / 2)) ** 2 for n in reversed(range(19))]
    _RULE = [(_extended(r2), _extended(_STEP / mp.pi * mp.exp(-r2 / 2))) for r2 in _SQUARES]
    _END = _extended(2 * mp.pi / _STEP)
    _PHI_0 = _extended(1 / mp.sqrt(2 * mp.pi))


def _sigmoid(z: Array) -> Array:
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


def _sigmoid_prime(z: Array) -> Array:
    return _sigmoid(z) * _sigmoid(-z)


def _normal_cdf(z: Array) -> Array:
    t = np.abs(z)
    integral = sum(weight / (t * t + r2) for r2, weight in _RULE)
    pole = np.where(t < _END, 1 / (1 + np.exp(_END * t)), 0)
    tail = t * integral * np.exp(-t * t / 2) + pole
    return np.where(z < 0, tail, 1 - tail)


def _normal_density(z: Array) -> Array:
    return _PHI_0 * np.exp(-z * z / 2)


def _two_u(z: Array) -> Array:
    return 2 * z * (_K + _KC * z * z)


def _gelu_tanh_prime(z: Array) -> Array:
    two_u_prime = 2 * (_K + 3 * _KC * z * z)
    return _sigmoid(_two_u(z)) + z * two_u_prime * _sigmoid_prime(_two_u(z))


Map = Callable[[Array], Array]
MAPS: dict[str, tuple[Map, Map]] = {
    "sigmoid": (_sigmoid, _sigmoid_prime),
    "tanh": (np.tanh, lambda z: 4 * _sigmoid_prime(2 * z)),
    "softplus": (lambda z: np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))), _sigmoid),
    "silu": (lambda z: z * _sigmoid(z), lambda z: _sigmoid(z) + z * _sigmoid_prime(z)),
    "gelu": (lambda z: z * _normal_cdf(z), lambda z: _normal_cdf(z) + z * _normal_density(z)),
    "gelu_tanh": (lambda z: z * _sigmoid(_two_u(z)), _gelu_tanh_prime),
}
"""Value and derivative by name."""

ROOTS = {"silu": -1.278, "gelu": -0.752, "gelu_tanh": -0.752}


def worst(name: str, which: int, f: Map, Z: Array) -> float:
    """The largest error over doubles in units in the last place, apart from where digits cancel."""
    if which and name in ROOTS:
        Z = Z[np.abs(Z - ROOTS[name]) > 0.05]
    wanted = MAPS[name][which](Z.astype(np.longdouble))
    unit = np.spacing(np.abs(wanted.astype(np.float64)))
    return float(np.max(np.abs(f(Z) - wanted) / unit))
