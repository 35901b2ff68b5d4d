"""Elementwise maps: entry [j, i] of the output depends on entry [j, i] of the input alone.

Each map f comes with its derivative ``f_prime(Z)``, its backward rule ``f_backward(dA, Z)``, which
is dA times that derivative entry by entry, and the dense Jacobian ``f_jacobian(z)`` of one example,
which is diagonal. All take the pre-activations Z; none overflows, and none loses its digits where
the map saturates.
"""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from fcnref._arrays import AnyShape, Array, Column, Jacobian, checked, unchecked

__all__ = [
    "gelu",
    "gelu_backward",
    "gelu_jacobian",
    "gelu_prime",
    "gelu_tanh",
    "gelu_tanh_backward",
    "gelu_tanh_jacobian",
    "gelu_tanh_prime",
    "identity",
    "identity_backward",
    "identity_jacobian",
    "identity_prime",
    "leaky_relu",
    "leaky_relu_backward",
    "leaky_relu_jacobian",
    "leaky_relu_prime",
    "relu",
    "relu_backward",
    "relu_jacobian",
    "relu_prime",
    "sigmoid",
    "sigmoid_backward",
    "sigmoid_jacobian",
    "sigmoid_prime",
    "silu",
    "silu_backward",
    "silu_jacobian",
    "silu_prime",
    "softplus",
    "softplus_backward",
    "softplus_jacobian",
    "softplus_prime",
    "tanh",
    "tanh_backward",
    "tanh_jacobian",
    "tanh_prime",
]

Prime: TypeAlias = Callable[[Array], Array]


def _backward_of(prime: Prime) -> Callable[[Array, Array], Array]:
    """Make the backward rule of an elementwise map from its derivative."""
    f_prime = unchecked(prime)

    def rule(dA: AnyShape, Z: AnyShape) -> AnyShape:
        return dA * f_prime(Z)

    name = prime.__name__.removesuffix("_prime")
    return checked(_named(rule, f"{name}_backward", _BACKWARD, name))


def _jacobian_of(prime: Prime) -> Callable[[Array], Array]:
    """Make the dense Jacobian of an elementwise map from its derivative."""

    def dense(z: Column) -> Jacobian:
        return np.diag(prime(z)[:, 0])

    name = prime.__name__.removesuffix("_prime")
    return checked(_named(dense, f"{name}_jacobian", _JACOBIAN, name))


def _named(
    function: Callable[..., Array], name: str, template: str, of: str
) -> Callable[..., Array]:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = template.format(f=of)
    return function


_BACKWARD = """Compute dZ = dA ⊙ {f}′(Z), the gradient by the input of `{f}`.

    Implements :eq:`eq-activations-dZ-elementwise`. Holds no 1/m of its own.

    Parameters
    ----------
    dA
        Gradient of the loss by the output of `{f}`.
    Z
        Input that `{f}` was called with.

    Returns
    -------
    dZ
        Gradient of the loss by Z, in its shape.

    Raises
    ------
    ValueError
        If dA and Z differ in shape.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import {f}_backward, {f}_prime
    >>> dA, Z = np.array([[2.0, -1.0]]), np.array([[0.5, -3.0]])
    >>> bool(np.all({f}_backward(dA, Z) == dA * {f}_prime(Z)))
    True
    """

_JACOBIAN = """Compute the Jacobian of `{f}` at one example, a diagonal matrix.

    Implements :eq:`eq-activations-jacobian-elementwise`, in numerator layout.

    Parameters
    ----------
    z
        One example, as a column.

    Returns
    -------
    jacobian
        Entry [p, j] is the derivative of output p by input j.

    Raises
    ------
    ValueError
        If z is not one column.
    TypeError
        If z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import {f}_jacobian, {f}_prime
    >>> z = np.array([[0.5], [-3.0]])
    >>> bool(np.all({f}_jacobian(z) == np.diagflat({f}_prime(z))))
    True
    """


def _exp_minus_abs(Z: Array) -> Array:
    """Compute exp(-|z|) by the sign of the real part, so that a complex step passes through."""
    return np.exp(np.where(Z.real < 0, Z, -Z))


@checked
def identity(Z: AnyShape) -> AnyShape:
    """Return Z itself: the activation of a layer whose output is its pre-activation.

    Implements :eq:`eq-activations-identity`.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    A
        The same array, not a copy.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import identity
    >>> identity(np.array([[-1.0, 2.0]]))
    array([[-1.,  2.]])
    """
    return Z


@checked
def identity_prime(Z: AnyShape) -> AnyShape:
    """Compute the derivative of the identity, 1 everywhere.

    Implements :eq:`eq-activations-identity`.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    derivative
        Ones in the shape and precision of Z.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import identity_prime
    >>> identity_prime(np.array([[-1.0, 2.0]]))
    array([[1., 1.]])
    """
    return np.ones_like(Z)


identity_backward = _backward_of(identity_prime)
identity_jacobian = _jacobian_of(identity_prime)


@checked
def sigmoid(Z: AnyShape) -> AnyShape:
    """Compute the logistic sigmoid, 1 / (1 + exp(-z)).

    Implements :eq:`eq-activations-sigmoid`. Only ``exp(-|z|)`` is evaluated, which cannot overflow
    and keeps the digits of the left tail.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    A
        Values between 0 and 1.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    The textbook form overflows at -800 before it arrives at the same limit.

    >>> import numpy as np
    >>> from fcnref import sigmoid
    >>> sigmoid(np.array([-800.0, -40.0, 0.0, 800.0]))
    array([0.00000000e+00, 4.24835426e-18, 5.00000000e-01, 1.00000000e+00])
    """
    e = _exp_minus_abs(Z)
    return np.where(Z.real < 0, e, 1) / (1 + e)


@checked
def sigmoid_prime(Z: AnyShape) -> AnyShape:
    """Compute the derivative of the sigmoid, σ(z) σ(-z).

    Implements :eq:`eq-activations-sigmoid-prime`. Taken from z, not from the activation: the form
    a (1 - a) loses every digit once a rounds to 1, beyond z = 37 in float64.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    derivative
        Values between 0 and 1/4.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import sigmoid, sigmoid_prime
    >>> Z = np.array([0.0, 40.0])
    >>> sigmoid_prime(Z)
    array([2.50000000e-01, 4.24835426e-18])
    >>> sigmoid(Z) * (1 - sigmoid(Z))
    array([0.25, 0.  ])
    """
    e = _exp_minus_abs(Z)
    return e / (1 + e) ** 2


sigmoid_backward = _backward_of(sigmoid_prime)
sigmoid_jacobian = _jacobian_of(sigmoid_prime)


@checked
def tanh(Z: AnyShape) -> AnyShape:
    """Compute the hyperbolic tangent.

    Implements :eq:`eq-activations-tanh`.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    A
        Values between -1 and 1.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import tanh
    >>> tanh(np.array([-800.0, 0.0, 1.0]))
    array([-1.        ,  0.        ,  0.76159416])
    """
    return np.tanh(Z)


@checked
def tanh_prime(Z: AnyShape) -> AnyShape:
    """Compute the derivative of tanh, 1 - tanh(z)², as 4 σ′(2z).

    Implements :eq:`eq-activations-tanh-prime`. The second form keeps its digits where the first
    one, a difference from 1, has lost them all: beyond z = 20 in float64.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    derivative
        Values between 0 and 1.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import tanh_prime
    >>> tanh_prime(np.array([0.0, 20.0]))
    array([1.0000000e+00, 1.6993417e-17])
    >>> 1 - np.tanh(np.array([0.0, 20.0])) ** 2
    array([1., 0.])
    """
    return 4 * sigmoid_prime(2 * Z)


tanh_backward = _backward_of(tanh_prime)
tanh_jacobian = _jacobian_of(tanh_prime)


@checked
def relu(Z: AnyShape) -> AnyShape:
    """Compute the rectified linear unit, max(z, 0).

    Implements :eq:`eq-activations-relu`.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    A
        Z where it is positive, 0 elsewhere.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import relu
    >>> relu(np.array([[-1.0, 0.0, 2.0]]))
    array([[0., 0., 2.]])
    """
    return np.maximum(Z, 0)


@checked
def relu_prime(Z: AnyShape) -> AnyShape:
    """Compute the derivative of ReLU: 1 where z > 0, else 0.

    Implements :eq:`eq-activations-relu-prime`. At the kink the derivative does not exist; the
    choice made here is ReLU′(0) = 0.

    Parameters
    ----------
    Z
        Pre-activations. ReLU's output does as well: it is positive where Z is.

    Returns
    -------
    derivative
        Zeros and ones in the precision of Z.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import relu_prime
    >>> relu_prime(np.array([[-1.0, 0.0, 2.0]]))
    array([[0., 0., 1.]])
    """
    return (Z.real > 0).astype(Z.real.dtype)


relu_backward = _backward_of(relu_prime)
relu_jacobian = _jacobian_of(relu_prime)


@checked
def leaky_relu(Z: AnyShape, slope: float = 0.01) -> AnyShape:
    """Compute the leaky rectified linear unit: z where z > 0, slope times z elsewhere.

    Implements :eq:`eq-activations-leaky-relu` (Maas, Hannun and Ng, 2013).

    Parameters
    ----------
    Z
        Pre-activations.
    slope
        Derivative on the negative side.

    Returns
    -------
    A
        Activations.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import leaky_relu
    >>> leaky_relu(np.array([[-1.0, 0.0, 2.0]]), slope=0.25)
    array([[-0.25,  0.  ,  2.  ]])
    """
    return np.where(Z.real > 0, Z, slope * Z)


@checked
def leaky_relu_prime(Z: AnyShape, slope: float = 0.01) -> AnyShape:
    """Compute the derivative of leaky ReLU: 1 where z > 0, else the slope.

    Implements :eq:`eq-activations-leaky-relu-prime`. The choice at the kink is the slope.

    Parameters
    ----------
    Z
        Pre-activations.
    slope
        Derivative on the negative side, and at 0.

    Returns
    -------
    derivative
        Ones and slopes in the precision of Z.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import leaky_relu_prime
    >>> leaky_relu_prime(np.array([[-1.0, 0.0, 2.0]]), slope=0.25)
    array([[0.25, 0.25, 1.  ]])
    """
    return np.where(Z.real > 0, np.ones_like(Z.real), slope)


@checked
def leaky_relu_backward(dA: AnyShape, Z: AnyShape, slope: float = 0.01) -> AnyShape:
    """Compute dZ = dA ⊙ leaky_relu′(Z), the gradient by the input of `leaky_relu`.

    Implements :eq:`eq-activations-dZ-elementwise`. Holds no 1/m of its own.

    Parameters
    ----------
    dA
        Gradient of the loss by the output of `leaky_relu`.
    Z
        Input that `leaky_relu` was called with.
    slope
        Slope that `leaky_relu` was called with.

    Returns
    -------
    dZ
        Gradient of the loss by Z, in its shape.

    Raises
    ------
    ValueError
        If dA and Z differ in shape.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import leaky_relu_backward
    >>> leaky_relu_backward(np.array([[2.0, 4.0]]), np.array([[0.5, -3.0]]), slope=0.25)
    array([[2., 1.]])
    """
    return dA * leaky_relu_prime(Z, slope)


@checked
def leaky_relu_jacobian(z: Column, slope: float = 0.01) -> Jacobian:
    """Compute the Jacobian of `leaky_relu` at one example, a diagonal matrix.

    Implements :eq:`eq-activations-jacobian-elementwise`, in numerator layout.

    Parameters
    ----------
    z
        One example, as a column.
    slope
        Slope that `leaky_relu` was called with.

    Returns
    -------
    jacobian
        Entry [p, j] is the derivative of output p by input j.

    Raises
    ------
    ValueError
        If z is not one column.
    TypeError
        If z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import leaky_relu_jacobian
    >>> leaky_relu_jacobian(np.array([[0.5], [-3.0]]), slope=0.25)
    array([[1.  , 0.  ],
           [0.  , 0.25]])
    """
    return np.diag(leaky_relu_prime(z, slope)[:, 0])


@checked
def softplus(Z: AnyShape) -> AnyShape:
    """Compute log(1 + exp(z)), the smooth relative of ReLU.

    Implements :eq:`eq-activations-softplus` as ``max(z, 0) + log1p(exp(-|z|))``: the exponential
    cannot overflow, and log1p keeps the digits of the left tail (Mächler, 2012).

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    A
        Positive values.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import softplus
    >>> softplus(np.array([-40.0, 0.0, 800.0]))
    array([4.24835426e-18, 6.93147181e-01, 8.00000000e+02])
    >>> np.log(1 + np.exp(np.array([-40.0])))
    array([0.])
    """
    return np.where(Z.real < 0, 0, Z) + np.log1p(_exp_minus_abs(Z))


@checked
def softplus_prime(Z: AnyShape) -> AnyShape:
    """Compute the derivative of softplus, the sigmoid.

    Implements :eq:`eq-activations-softplus-prime`.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    derivative
        Values between 0 and 1.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import softplus_prime
    >>> softplus_prime(np.array([-800.0, 0.0, 800.0]))
    array([0. , 0.5, 1. ])
    """
    return sigmoid(Z)


softplus_backward = _backward_of(softplus_prime)
softplus_jacobian = _jacobian_of(softplus_prime)


@checked
def silu(Z: AnyShape) -> AnyShape:
    """Compute z σ(z), also called swish (Elfwing, Uchibe and Doya, 2018).

    Implements :eq:`eq-activations-silu`.

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
    return Z * sigmoid(Z)


@checked
def silu_prime(Z: AnyShape) -> AnyShape:
    """Compute the derivative of SiLU, σ(z) + z σ′(z).

    Implements :eq:`eq-activations-silu-prime`.

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
    return sigmoid(Z) + Z * sigmoid_prime(Z)


silu_backward = _backward_of(silu_prime)
silu_jacobian = _jacobian_of(silu_prime)


@checked
def gelu(Z: AnyShape) -> AnyShape:
    """Compute the Gaussian error linear unit, z Φ(z) (Hendrycks and Gimpel, 2016).

    Implements :eq:`eq-activations-gelu`, exactly: Φ is the distribution function of the standard
    normal, here through the complementary error function of SciPy, which keeps the digits of the
    left tail. SciPy is loaded at the first call.

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
    ModuleNotFoundError
        If SciPy is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import gelu
    >>> gelu(np.array([-1.0, 0.0, 1.0]))
    array([-0.15865525,  0.        ,  0.84134475])
    """
    return Z * _normal_cdf(Z)


@checked
def gelu_prime(Z: AnyShape) -> AnyShape:
    """Compute the derivative of GELU, Φ(z) + z φ(z), with φ the standard normal density.

    Implements :eq:`eq-activations-gelu-prime`.

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
    ModuleNotFoundError
        If SciPy is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import gelu_prime
    >>> gelu_prime(np.array([-1.0, 0.0, 1.0]))
    array([-0.08331547,  0.5       ,  1.08331547])
    """
    return _normal_cdf(Z) + Z * _normal_density(Z)


gelu_backward = _backward_of(gelu_prime)
gelu_jacobian = _jacobian_of(gelu_prime)


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
    return Z * sigmoid(2 * _gelu_tanh_inner(Z))


@checked
def gelu_tanh_prime(Z: AnyShape) -> AnyShape:
    """Compute the derivative of `gelu_tanh`, σ(2u) + 2 z u′ σ′(2u).

    Implements :eq:`eq-activations-gelu-tanh-prime`.

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
    u = _gelu_tanh_inner(Z)
    u_prime: Array = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * Z**2)
    return sigmoid(2 * u) + 2 * Z * u_prime * sigmoid_prime(2 * u)


gelu_tanh_backward = _backward_of(gelu_tanh_prime)
gelu_tanh_jacobian = _jacobian_of(gelu_tanh_prime)


def _normal_cdf(Z: Array) -> Array:
    try:
        from scipy.special import erfc
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "gelu: the exact GELU needs SciPy; install fcnref[gelu], or use gelu_tanh."
        ) from error
    cdf: Array = erfc(-Z / math.sqrt(2)) / 2
    return cdf


def _normal_density(Z: Array) -> Array:
    return np.exp(-(Z**2) / 2) / math.sqrt(2 * math.pi)


def _gelu_tanh_inner(Z: Array) -> Array:
    return math.sqrt(2 / math.pi) * (Z + 0.044715 * Z**3)
