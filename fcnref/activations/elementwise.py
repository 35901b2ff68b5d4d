"""Elementwise maps: entry [j, i] of the output depends on entry [j, i] of the input alone.

Each map f comes with its derivative ``f_prime(Z)``, its backward rule ``f_backward(dA, Z)``, which
is dA times that derivative entry by entry, and the dense Jacobian ``f_jacobian(z)`` of one example,
which is diagonal. All take the pre-activations Z; none overflows, and none loses its digits where
the map saturates.
"""

import numpy as np

from fcnref._arrays import AnyShape, Array, Column, Jacobian, checked
from fcnref.activations._rules import backward_of, jacobian_of

__all__ = [
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
    "softplus",
    "softplus_backward",
    "softplus_jacobian",
    "softplus_prime",
    "tanh",
    "tanh_backward",
    "tanh_jacobian",
    "tanh_prime",
]


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


identity_backward = backward_of(identity_prime)
identity_jacobian = jacobian_of(identity_prime)


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
    return e / (1 + e * (2 + e))  # one rounding less near 1 than (1 + e) ** 2


sigmoid_backward = backward_of(sigmoid_prime)
sigmoid_jacobian = jacobian_of(sigmoid_prime)


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
    with np.errstate(over="ignore"):  # 2z may become inf, where the derivative is 0
        return 4 * sigmoid_prime(2 * Z)


tanh_backward = backward_of(tanh_prime)
tanh_jacobian = jacobian_of(tanh_prime)


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


relu_backward = backward_of(relu_prime)
relu_jacobian = jacobian_of(relu_prime)


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


softplus_backward = backward_of(softplus_prime)
softplus_jacobian = jacobian_of(softplus_prime)
