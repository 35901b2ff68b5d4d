"""Second derivatives of the elementwise maps, read by the Hessian-vector product alone.

The piecewise linear maps have none to write down: theirs is 0 on every piece, and at a kink, where
it does not exist, the choice is 0 as well. Those of the gated maps are even, and are taken at -z
where z is negative.
"""

import math

import numpy as np

from fcnref._arrays import AnyShape, checked
from fcnref.activations.elementwise import sigmoid_prime, tanh, tanh_prime
from fcnref.activations.gated import PHI_0, _distance, _times_bell

__all__ = [
    "gelu_double_prime",
    "gelu_tanh_double_prime",
    "sigmoid_double_prime",
    "silu_double_prime",
    "softplus_double_prime",
    "tanh_double_prime",
]


@checked
def sigmoid_double_prime(Z: AnyShape) -> AnyShape:
    """Compute the second derivative of the sigmoid, -σ′(z) tanh(z/2).

    Implements :eq:`eq-second-order-sigmoid-double-prime`. The factor 1 - 2σ(z) is written as
    -tanh(z/2), which keeps its digits near 0.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    derivative
        Values between -0.0963 and 0.0963.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.activations.second_derivatives import sigmoid_double_prime
    >>> sigmoid_double_prime(np.array([-1.0, 0.0, 1.0]))
    array([ 0.09085775, -0.        , -0.09085775])
    """
    return -sigmoid_prime(Z) * np.tanh(Z / 2)


@checked
def tanh_double_prime(Z: AnyShape) -> AnyShape:
    """Compute the second derivative of tanh, -2 tanh(z) tanh′(z).

    Implements :eq:`eq-second-order-tanh-double-prime`.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    derivative
        Values between -0.77 and 0.77.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.activations.second_derivatives import tanh_double_prime
    >>> tanh_double_prime(np.array([-1.0, 0.0, 1.0]))
    array([ 0.63970001, -0.        , -0.63970001])
    """
    return -2 * tanh(Z) * tanh_prime(Z)


@checked
def softplus_double_prime(Z: AnyShape) -> AnyShape:
    """Compute the second derivative of softplus, the derivative of the sigmoid.

    Implements :eq:`eq-second-order-softplus-double-prime`.

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
    >>> from fcnref.activations.second_derivatives import softplus_double_prime
    >>> softplus_double_prime(np.array([-1.0, 0.0, 1.0]))
    array([0.19661193, 0.25      , 0.19661193])
    """
    return sigmoid_prime(Z)


@checked
def silu_double_prime(Z: AnyShape) -> AnyShape:
    """Compute the second derivative of SiLU, 2 σ′(z) + z σ″(z).

    Implements :eq:`eq-second-order-silu-double-prime`.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    derivative
        Values between -0.037 and 1/2.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.activations.second_derivatives import silu_double_prime
    >>> silu_double_prime(np.array([-1.0, 0.0, 1.0]))
    array([0.30236612, 0.5       , 0.30236612])
    """
    t = _distance(Z)
    return (2 * sigmoid_prime(t) + t * sigmoid_double_prime(t)).astype(Z.dtype)


@checked
def gelu_double_prime(Z: AnyShape) -> AnyShape:
    """Compute the second derivative of GELU, (2 - z²) φ(z).

    Implements :eq:`eq-second-order-gelu-double-prime`.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    derivative
        Values between -0.108 and 0.798.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.activations.second_derivatives import gelu_double_prime
    >>> gelu_double_prime(np.array([-1.0, 0.0, 1.0]))
    array([0.24197072, 0.79788456, 0.24197072])
    """
    t = _distance(Z)
    derivative: AnyShape = _times_bell((2 - t * t) * PHI_0, t, owed=0).astype(Z.dtype)
    return derivative


@checked
def gelu_tanh_double_prime(Z: AnyShape) -> AnyShape:
    """Compute the second derivative of `gelu_tanh`, 4 u′ σ′(2u) + 2z (u″ σ′(2u) + 2 u′² σ″(2u)).

    Implements :eq:`eq-second-order-gelu-tanh-double-prime`.

    Parameters
    ----------
    Z
        Pre-activations.

    Returns
    -------
    derivative
        Values between -0.108 and 0.798.

    Raises
    ------
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.activations.second_derivatives import gelu_tanh_double_prime
    >>> gelu_tanh_double_prime(np.array([-1.0, 0.0, 1.0]))
    array([0.2421482 , 0.79788456, 0.2421482 ])
    """
    t = _distance(Z)
    u = math.sqrt(2 / math.pi) * (t + 0.044715 * t**3)
    u_prime = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * t**2)
    u_double_prime = math.sqrt(2 / math.pi) * 6 * 0.044715 * t
    curved = u_double_prime * sigmoid_prime(2 * u) + 2 * u_prime**2 * sigmoid_double_prime(2 * u)
    derivative: AnyShape = 4 * u_prime * sigmoid_prime(2 * u) + 2 * t * curved
    return derivative.astype(Z.dtype)
