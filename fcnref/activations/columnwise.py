"""Column maps: column i of the output depends on the whole of column i of the input.

Their Jacobians are full matrices, one per example, and the backward rule multiplies each column of
dA by the transpose of its own. The rules below do so without ever forming the matrices. The
Jacobian of layer norm is not symmetric: it tells a rule that forgot the transpose from a right one.
"""

from typing import NamedTuple

import numpy as np

from fcnref._arrays import Array, Batch, Bias, Column, Jacobian, checked

__all__ = [
    "LayerNormGradients",
    "layer_norm",
    "layer_norm_backward",
    "layer_norm_jacobian",
    "log_softmax",
    "log_softmax_backward",
    "log_softmax_jacobian",
    "softmax",
    "softmax_backward",
    "softmax_jacobian",
]


def _sum_units(Z: Array) -> Array:
    total: Array = Z.sum(axis=0, keepdims=True)
    return total


def _mean_units(Z: Array) -> Array:
    mean: Array = Z.mean(axis=0, keepdims=True)
    return mean


def _below_its_maximum(Z: Array) -> Array:
    """Shift each column so that its largest entry is 0; the softmax does not notice."""
    maximum: Array = Z.real.max(axis=0, keepdims=True)
    return Z - maximum


@checked
def softmax(Z: Batch) -> Batch:
    """Compute the softmax of every column: positive entries that sum to 1.

    Implements :eq:`eq-activations-softmax`. The column's maximum is taken off first, so that no
    exponential overflows (Blanchard, Higham and Higham, 2021). An entry that lies d below the
    maximum is exact to about d + 4 units in the last place. A logit of -inf has probability 0; a
    column with inf or NaN becomes NaN.

    Parameters
    ----------
    Z
        Pre-activations (logits), one column per example.

    Returns
    -------
    A
        Probabilities, one column per example.

    Raises
    ------
    ValueError
        If Z is not a matrix.
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import softmax
    >>> softmax(np.array([[1.0, 800.0], [1.0, -800.0]]))
    array([[0.5, 1. ],
           [0.5, 0. ]])
    """
    E = np.exp(_below_its_maximum(Z))
    return E / _sum_units(E)


@checked
def softmax_backward(dA: Batch, Z: Batch) -> Batch:
    """Compute dZ = A ⊙ (dA - 1 (1ᵀ (dA ⊙ A))), the gradient by the input of `softmax`.

    Implements :eq:`eq-activations-dZ-softmax`. Holds no 1/m of its own.

    Parameters
    ----------
    dA
        Gradient of the loss by the output of `softmax`.
    Z
        Input that `softmax` was called with.

    Returns
    -------
    dZ
        Gradient of the loss by Z. Every column sums to 0.

    Raises
    ------
    ValueError
        If dA and Z differ in shape.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import softmax_backward
    >>> softmax_backward(np.array([[1.0], [0.0]]), np.array([[0.0], [0.0]]))
    array([[ 0.25],
           [-0.25]])
    """
    return _softmax_backward_from_A(dA, softmax(Z))


def _softmax_backward_from_A(dA: Array, A: Array) -> Array:
    return A * (dA - _sum_units(dA * A))


@checked
def softmax_jacobian(z: Column) -> Jacobian:
    """Compute the Jacobian of `softmax` at one example, diag(a) - a aᵀ.

    Implements :eq:`eq-activations-jacobian-softmax`. It happens to be symmetric.

    Parameters
    ----------
    z
        One example, as a column.

    Returns
    -------
    jacobian
        Entry [p, j] is a_p ([p = j] - a_j), the derivative of output p by input j.

    Raises
    ------
    ValueError
        If z is not one column.
    TypeError
        If z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import softmax_jacobian
    >>> softmax_jacobian(np.array([[0.0], [0.0]]))
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    a = softmax(z)
    return np.diag(a[:, 0]) - a @ a.T


@checked
def log_softmax(Z: Batch) -> Batch:
    """Compute the logarithm of the softmax of every column.

    Implements :eq:`eq-activations-log-softmax` as z - log Σ exp(z), after the shift of `softmax`:
    finite for all finite z, where log(softmax(z)) is -inf (Blanchard, Higham and Higham, 2021). The
    error is a few units in the last place of the larger of 1 and what the entry lies below the
    maximum: nearly certain classes have a logarithm that rounds to 0.

    Parameters
    ----------
    Z
        Pre-activations (logits), one column per example.

    Returns
    -------
    A
        Logarithms of probabilities, one column per example.

    Raises
    ------
    ValueError
        If Z is not a matrix.
    TypeError
        If Z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import log_softmax
    >>> log_softmax(np.array([[0.0, 800.0], [0.0, -800.0]]))
    array([[-6.93147181e-01,  0.00000000e+00],
           [-6.93147181e-01, -1.60000000e+03]])
    """
    shifted = _below_its_maximum(Z)
    return shifted - np.log(_sum_units(np.exp(shifted)))


def _softmax_and_log_softmax(Z: Array) -> tuple[Array, Array]:
    """Compute both of one set of exponentials."""
    shifted = _below_its_maximum(Z)
    E = np.exp(shifted)
    total = _sum_units(E)
    return E / total, shifted - np.log(total)


@checked
def log_softmax_backward(dA: Batch, Z: Batch) -> Batch:
    """Compute dZ = dA - softmax(Z) ⊙ 1 (1ᵀ dA), the gradient by the input of `log_softmax`.

    Implements :eq:`eq-activations-dZ-log-softmax`. Holds no 1/m of its own.

    Parameters
    ----------
    dA
        Gradient of the loss by the output of `log_softmax`.
    Z
        Input that `log_softmax` was called with.

    Returns
    -------
    dZ
        Gradient of the loss by Z. Every column sums to 0.

    Raises
    ------
    ValueError
        If dA and Z differ in shape.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import log_softmax_backward
    >>> log_softmax_backward(np.array([[1.0], [0.0]]), np.array([[0.0], [0.0]]))
    array([[ 0.5],
           [-0.5]])
    """
    return _log_softmax_backward_from_A(dA, log_softmax(Z))


def _log_softmax_backward_from_A(dA: Array, A: Array) -> Array:
    return dA - np.exp(A) * _sum_units(dA)


@checked
def log_softmax_jacobian(z: Column) -> Jacobian:
    """Compute the Jacobian of `log_softmax` at one example, I - 1 softmax(z)ᵀ.

    Implements :eq:`eq-activations-jacobian-log-softmax`. It is not symmetric.

    Parameters
    ----------
    z
        One example, as a column.

    Returns
    -------
    jacobian
        Entry [p, j] is [p = j] - softmax(z)_j, the derivative of output p by input j.

    Raises
    ------
    ValueError
        If z is not one column.
    TypeError
        If z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import log_softmax_jacobian
    >>> log_softmax_jacobian(np.log(np.array([[1.0], [3.0]])))
    array([[ 0.75, -0.75],
           [-0.25,  0.25]])
    """
    return np.diag(np.ones_like(z)[:, 0]) - softmax(z).T


class LayerNormGradients(NamedTuple):
    """The gradients of the three inputs of `layer_norm`, in their order.

    Attributes
    ----------
    dZ
        The gradient of the loss by the pre-activations, of shape (n, m).
    dgain
        The gradient of the loss by the gain, of shape (n, 1): a sum over the examples.
    dshift
        The gradient of the loss by the shift, of shape (n, 1): a sum over the examples.
    """

    dZ: Batch
    dgain: Bias
    dshift: Bias


@checked
def layer_norm(Z: Batch, gain: Bias, shift: Bias, epsilon: float = 1e-5) -> Batch:
    """Normalize every column to mean 0 and variance 1, then scale and shift its units.

    Implements :eq:`eq-activations-layer-norm` (Ba, Kiros and Hinton, 2016). The statistics are
    taken over the units of one example, so examples do not mix.

    Parameters
    ----------
    Z
        Pre-activations, one column per example.
    gain
        Factor of each unit.
    shift
        Summand of each unit.
    epsilon
        Added to the variance, which may be 0.

    Returns
    -------
    A
        Activations, one column per example.

    Raises
    ------
    ValueError
        If a shape does not fit the others.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import layer_norm
    >>> Z = np.array([[1.0], [3.0]])
    >>> layer_norm(Z, gain=np.array([[1.0], [10.0]]), shift=np.zeros((2, 1)), epsilon=0.0)
    array([[-1.],
           [10.]])
    """
    Z_hat, _ = _normalize(Z, epsilon)
    return gain * Z_hat + shift


@checked
def layer_norm_backward(
    dA: Batch, Z: Batch, gain: Bias, epsilon: float = 1e-5
) -> LayerNormGradients:
    """Compute the gradients of the inputs of `layer_norm` from the gradient of its output.

    Implements :eq:`eq-activations-dZ-layer-norm`. The shift does not appear in it. Holds no 1/m of
    its own: the means in it run over the units.

    Parameters
    ----------
    dA
        Gradient of the loss by the output of `layer_norm`.
    Z
        Input that `layer_norm` was called with.
    gain
        Gain that `layer_norm` was called with.
    epsilon
        Epsilon that `layer_norm` was called with.

    Returns
    -------
    LayerNormGradients
        dZ, dgain and dshift.

    Raises
    ------
    ValueError
        If a shape does not fit the others.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import layer_norm_backward
    >>> dA, Z = np.array([[1.0], [0.0], [0.0]]), np.array([[1.0], [3.0], [8.0]])
    >>> dZ, dgain, dshift = layer_norm_backward(dA, Z, gain=np.ones((3, 1)))
    >>> bool(abs(dZ.sum()) < 1e-15)
    True
    >>> dshift.ravel()
    array([1., 0., 0.])
    """
    Z_hat, scale = _normalize(Z, epsilon)
    dZ_hat = gain * dA
    dZ = (dZ_hat - _mean_units(dZ_hat) - Z_hat * _mean_units(dZ_hat * Z_hat)) / scale
    dgain: Bias = (dA * Z_hat).sum(axis=1, keepdims=True)
    dshift: Bias = dA.sum(axis=1, keepdims=True)
    return LayerNormGradients(dZ, dgain, dshift)


@checked
def layer_norm_jacobian(z: Column, gain: Bias, epsilon: float = 1e-5) -> Jacobian:
    """Compute the Jacobian of `layer_norm` by Z at one example.

    Implements :eq:`eq-activations-jacobian-layer-norm`. The gain multiplies the rows only, so the
    Jacobian is not symmetric.

    Parameters
    ----------
    z
        One example, as a column.
    gain
        Gain that `layer_norm` was called with.
    epsilon
        Epsilon that `layer_norm` was called with.

    Returns
    -------
    jacobian
        Entry [p, j] is the derivative of output p by input j.

    Raises
    ------
    ValueError
        If z is not one column, or gain does not fit it.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import layer_norm_jacobian
    >>> z, gain = np.array([[1.0], [3.0], [8.0]]), np.array([[1.0], [2.0], [3.0]])
    >>> J = layer_norm_jacobian(z, gain)
    >>> bool(np.allclose(J, J.T))
    False
    """
    z_hat, scale = _normalize(z, epsilon)
    identity = np.diag(np.ones_like(z)[:, 0])
    return gain * (identity - (1 + z_hat @ z_hat.T) / len(z)) / scale


def _normalize(Z: Array, epsilon: float) -> tuple[Array, Array]:
    """Return the normalized columns and the scale that each was divided by."""
    D = Z - _mean_units(Z)
    scale = np.sqrt(_mean_units(D * D) + epsilon)
    return D / scale, scale
