"""Gated maps, z G(z), where the gate G rises from 0 to 1: SiLU, GELU, and GELU with tanh.

The gates satisfy G(z) + G(-z) = 1, and so the derivatives satisfy f′(z) + f′(-z) = 1: the left
side, z = -t, is computed, and the right one is its mirror image. On the left digits get lost, where
the gate closes and where the derivative has its root; each function says how its form keeps them.
All are computed in double precision and return the precision of Z.
"""

import functools
import math
import operator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fcnref._arrays import AnyShape, Array, checked
from fcnref.activations._rules import backward_of, jacobian_of
from fcnref.activations._twofold import product, total

if TYPE_CHECKING:
    from decimal import Decimal

__all__ = [
    "gelu",
    "gelu_backward",
    "gelu_jacobian",
    "gelu_prime",
    "gelu_tanh",
    "gelu_tanh_backward",
    "gelu_tanh_jacobian",
    "gelu_tanh_prime",
    "silu",
    "silu_backward",
    "silu_jacobian",
    "silu_prime",
]


@checked
def silu(Z: AnyShape) -> AnyShape:
    """Compute z σ(z), also called swish (Elfwing, Uchibe and Doya, 2018).

    Implements :eq:`eq-activations-silu`, and keeps its digits where σ(z) alone is too small a
    number to have all of its own, below z = -708.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    A
        Activations, at least -0.2785.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import silu
    >>> silu(np.array([-1.0, 0.0, 1.0]))
    array([-0.26894142,  0.        ,  0.73105858])
    """
    return _gated(Z, -_double(Z))


@checked
def silu_prime(Z: AnyShape) -> AnyShape:
    """Compute the derivative of SiLU, σ(z) + z σ′(z).

    Implements :eq:`eq-activations-silu-prime`. For z < 0 this is σ′(z) (1 + z + e^z), which has a
    root. Written with the distance d from the root, the bracket is d + e^z₀ (e^d - 1): two terms
    of one sign, where those of the first form cancel.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    derivative
        Values between -0.0998 and 1.0998.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import silu_prime
    >>> silu_prime(np.array([-1.0, 0.0, 1.0]))
    array([0.07232949, 0.5       , 0.92767051])
    """
    t = _distance(Z)
    d = (SILU_ROOT[0] - t) + SILU_ROOT[1]
    near = d + 0.2784645427610738 * np.expm1(d)
    far = 1 - t + np.exp(-t)
    bracket = np.where(d.real < 0.7, near, far)
    return _mirrored(Z, _times_sigmoid_prime(bracket, t))


silu_backward = backward_of(silu_prime)
silu_jacobian = jacobian_of(silu_prime)


@checked
def gelu(Z: AnyShape) -> AnyShape:
    """Compute the Gaussian error linear unit, z Φ(z) (Hendrycks and Gimpel, 2016).

    Implements :eq:`eq-activations-gelu`, exactly: Φ is the distribution function of the standard
    normal. Its left tail is exp(-z²/2) times an integral of positive terms, which is summed by the
    midpoint rule (Trefethen and Weideman, 2014); further left, times φ(0) less such an integral.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    A
        Activations, at least -0.17.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import gelu
    >>> gelu(np.array([-1.0, 0.0, 1.0]))
    array([-0.15865525,  0.        ,  0.84134475])
    """
    t = _distance(Z)
    normal = _normal()
    near = t * t * _midpoint_rule(normal.weights, t)
    far = PHI_0 - _midpoint_rule(normal.weights_r2, t)
    t_tail = _times_bell(np.where(t.real < 1.2, near, far), t, t * _pole(t))
    A: AnyShape = np.where(Z.real < 0, -t_tail, Z - t_tail).astype(Z.dtype)
    return A


@checked
def gelu_prime(Z: AnyShape) -> AnyShape:
    """Compute the derivative of GELU, Φ(z) + z φ(z), with φ the standard normal density.

    Implements :eq:`eq-activations-gelu-prime`. Left of 0 the terms have opposite signs. Where they
    cancel, around the root -0.7518, a Taylor series from the root stands for their sum.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    derivative
        Values between -0.129 and 1.129.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import gelu_prime
    >>> gelu_prime(np.array([-1.0, 0.0, 1.0]))
    array([-0.08331547,  0.5       ,  1.08331547])
    """
    t = _distance(Z)
    normal = _normal()
    slope, *curvature = normal.series
    d, rest_of_d = t - GELU_ROOT[0], -GELU_ROOT[1]
    near = slope * d + (d * d * _polynomial(curvature, d) + slope * rest_of_d)
    far = t * (_midpoint_rule(normal.weights, t) - PHI_0)
    is_near = t.real < 1.8
    left = _times_bell(np.where(is_near, near, far), t, np.where(is_near, 0, _pole(t)))
    return _mirrored(Z, left)


gelu_backward = backward_of(gelu_prime)
gelu_jacobian = jacobian_of(gelu_prime)


@checked
def gelu_tanh(Z: AnyShape) -> AnyShape:
    """Compute the tanh approximation of GELU, z (1 + tanh u) / 2 = z σ(2u).

    Implements :eq:`eq-activations-gelu-tanh`, with u = √(2/π) (z + 0.044715 z³) (Hendrycks and
    Gimpel, 2016). The form with σ keeps the digits of the left tail.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    A
        Activations, within 0.0005 of `gelu`.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import gelu_tanh
    >>> gelu_tanh(np.array([-1.0, 0.0, 1.0]))
    array([-0.15880801,  0.        ,  0.84119199])
    """
    return _gated(Z, *_twice_u(-_double(Z)))


@checked
def gelu_tanh_prime(Z: AnyShape) -> AnyShape:
    """Compute the derivative of `gelu_tanh`, σ(2u) + 2 z u′ σ′(2u).

    Implements :eq:`eq-activations-gelu-tanh-prime`. For z < 0 this is σ′(2u) (1 + 2 z u′ + e^2u);
    the bracket is written with the distance from its root, as in `silu_prime`.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    derivative
        Values between -0.13 and 1.13.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import gelu_tanh_prime
    >>> gelu_tanh_prime(np.array([-1.0, 0.0, 1.0]))
    array([-0.08296408,  0.5       ,  1.08296408])
    """
    t = _distance(Z)
    w, rest = _twice_u(t)
    d, rest_of_d = GELU_TANH_ROOT[0] - t, GELU_TANH_ROOT[1]
    cubes = t * (t + GELU_TANH_ROOT[0])  # (t₀³ - t³) / (t₀ - t) - t₀²
    # 2k (1 + 3c t₀²) d + 6kc cubes d + e^(-2u(t₀)) (e^(2u(t₀) - 2u) - 1), the largest term last,
    # and the slope at the root times what d lacks
    two_u = d * (1.6361700895487292 + 0.07135481627260025 * cubes)
    curved = 0.21406444881780073 * cubes * d + 0.29195521191476714 * np.expm1(two_u)
    near = 1.716972025434726 * d + (curved + 2.4606567646302394 * rest_of_d)
    linear, rest_of_linear = _one_and_2_z_u_prime(t, w, rest)
    decay = np.exp(-w)
    far = linear + (decay + (rest_of_linear - decay * rest))
    bracket = np.where(np.abs(d.real) < 0.2, near, far)
    return _mirrored(Z, _times_sigmoid_prime(bracket, w, rest))


gelu_tanh_backward = backward_of(gelu_tanh_prime)
gelu_tanh_jacobian = jacobian_of(gelu_tanh_prime)


def _double(Z: Array) -> Array:
    """Z in double precision, and inside of ±2000: further out every gate is 0 or 1 to the bit."""
    z: Array = np.clip(Z, -2000, 2000).astype(np.complex128 if Z.dtype.kind == "c" else np.float64)
    return z


def _distance(Z: Array) -> Array:
    """Compute t = |z| by the sign of the real part, so that a complex step passes through."""
    z = _double(Z)
    return np.where(z.real < 0, -z, z)


def _mirrored(Z: Array, left: Array) -> Array:
    """Continue a derivative from the left side to the right one by f′(z) + f′(-z) = 1."""
    prime: Array = np.where(Z.real < 0, left, 1 - left).astype(Z.dtype)
    return prime


# The derivatives have their roots at -t₀. Each t₀ is a sum of two doubles, and so is the distance
# to it.

SILU_ROOT = (1.2784645427610737, 1.0946994183093437e-16)
GELU_ROOT = (0.7517915246935645, -1.4956759177009883e-17)
GELU_TANH_ROOT = (0.7524614220710163, -3.635560509207687e-17)


# Logistic gates, σ(-w) = 1 / (1 + e^w). Of an exponent above 700, the part above is set apart: e^w
# would overflow before the product that it divides is 0.


def _gated(Z: Array, w: Array, rest: Array | float = 0.0) -> Array:
    """Compute z σ(-w), where w + rest has the sign of -z."""
    z = np.where(Z.real < 0, _double(Z), Z)
    most = np.minimum(w, 700)
    e = np.exp(most)
    A: Array = (z / (1 + (e + e * rest)) * np.exp(most - w)).astype(Z.dtype)
    return A


def _times_sigmoid_prime(factor: Array, w: Array, rest: Array | float = 0.0) -> Array:
    """Compute the factor times σ′(w) = 1 / (e^w + 2 + e^-w), for w + rest of at least 0."""
    most = np.minimum(w, 700)
    e = np.exp(most)
    return factor / (e + (2 + (1 / e + e * rest))) * np.exp(most - w)


# The normal distribution. With the integral from 0 to infinity,
#
#     Φ(-t) = e^(-t²/2) t/π ∫ e^(-r²/2) / (t² + r²) dr   and   φ(0) = 1/π ∫ e^(-r²/2) dr,
#
# so that tΦ(-t) has another form, e^(-t²/2) (φ(0) - 1/π ∫ e^(-r²/2) r² / (t² + r²) dr). The
# midpoint rule with the step k is exact but for a part of e^(-2π²/k²), less than a rounding error,
# once the pole at r = it has been paid for. Its constants are computed in decimal numbers, so that
# each is rounded once.

_STEP = 11 / 16
_SQUARES = [(_STEP * (n + 0.5)) ** 2 for n in reversed(range(13))]
PHI_0 = 1 / math.sqrt(2 * math.pi)


class _Normal(NamedTuple):
    """The weights of the midpoint rule by r², these times r², and a Taylor series at the root."""

    weights: dict[float, float]
    weights_r2: dict[float, float]
    series: list[float]


@functools.cache
def _normal() -> _Normal:
    """Compute the constants once they are asked for: loading decimal numbers takes its time."""
    from decimal import Context, Decimal, localcontext

    with localcontext(Context(prec=40)):
        pi = Decimal("3.141592653589793238462643383279502884197")
        weights = {r2: Decimal(_STEP) / pi * (-Decimal(r2) / 2).exp() for r2 in _SQUARES}
        series = _series(sum(map(Decimal, GELU_ROOT), Decimal()), 1 / (2 * pi).sqrt(), terms=30)
        return _Normal(
            {r2: float(weight) for r2, weight in weights.items()},
            {r2: float(weight * Decimal(r2)) for r2, weight in weights.items()},
            [float(d) for d in series],
        )


def _series(t_0: "Decimal", phi_0: "Decimal", terms: int) -> "list[Decimal]":
    """Expand D(t) = gelu′(-t) exp(t²/2) = exp(t²/2) Φ(-t) - t φ(0) at its root t₀, from t - t₀ on.

    D′ = t D + φ(0) (t² - 2). Comparing the powers of t - t₀ gives each Taylor coefficient from the
    two before it.
    """
    inhomogeneity = {0: phi_0 * (t_0 * t_0 - 2), 1: 2 * phi_0 * t_0, 2: phi_0}
    D: dict[int, Any] = {-1: 0, 0: 0}
    for k in range(terms):
        D[k + 1] = (t_0 * D[k] + D[k - 1] + inhomogeneity.get(k, 0)) / (k + 1)
    return [D[k + 1] for k in range(terms)]


def _midpoint_rule(weights: dict[float, float], t: Array) -> Array:
    """Compute 1/π ∫ e^(-r²/2) / (t² + r²) dr, or with r² times the integrand."""
    terms = (weight / (t * t + r2) for r2, weight in weights.items())
    return functools.reduce(operator.add, terms)


def _pole(t: Array) -> Array:
    """Compute what the midpoint rule owes Φ(-t): 1 / (1 + e^(2πt/k)) as long as t < 2π/k."""
    end = 2 * math.pi / _STEP
    return np.where(t.real < end, 1 / (1 + np.exp(end * np.minimum(t, end))), 0)


def _times_bell(factor: Array, t: Array, owed: Array | float) -> Array:
    """Compute factor e^(-t²/2) + owed, without the rounding of t².

    The last factor is what would underflow in e^(-t²/2) alone; by then nothing is owed.
    """
    square, rest = product(t, t)
    most = np.minimum(square / 2, 700)
    bell = factor * np.exp(-most)
    return (bell + (owed - bell * (rest / 2))) * np.exp(most - square / 2)


def _polynomial(coefficients: list[float], x: Array) -> Array:
    """Evaluate by Horner's rule."""
    return functools.reduce(lambda value, c: value * x + c, reversed(coefficients), 0 * x)


# GELU with tanh: 2u(z) = 2√(2/π) (z + 0.044715 z³), as a sum of two doubles, and what follows.

_K, _K_TAIL = 0.7978845608028654, -4.98465440455546e-17
_KC, _KC_TAIL = 0.035677408136300125, -3.0875749590776575e-19


def _twice_u(z: Array) -> tuple[Array, Array]:
    """Compute 2z (k + k c z²): what is rounded away would be multiplied by 2u in exp(2u)."""
    square, square_tail = product(z, z)
    curve, curve_tail = product(_KC, square)
    factor, factor_tail = total(_K, curve)
    u, u_tail = product(z, factor)
    tails = factor_tail + _K_TAIL + curve_tail + _KC_TAIL * square + _KC * square_tail
    return 2 * u, 2 * (u_tail + z * tails)


def _one_and_2_z_u_prime(t: Array, w: Array, rest: Array) -> tuple[Array, Array]:
    """Compute 1 + 2z u′(z) at z = -t, with w + rest = 2u(t): that is 1 + 4k t - 3 (w + rest)."""
    linear, linear_tail = product(4 * _K, t)
    cubic, cubic_tail = product(3.0, w)
    difference, difference_tail = total(linear, -cubic)
    one_more, one_more_tail = total(1.0, difference)
    tails = linear_tail + 4 * _K_TAIL * t - cubic_tail - 3 * rest
    return one_more, difference_tail + one_more_tail + tails
