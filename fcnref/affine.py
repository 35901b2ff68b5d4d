"""The affine map of a layer, Z = W A_prev + b, and its backward rule.

The map is linear in each of its three inputs, so its backward rule holds no activation and no
loss: it takes the gradient dZ and hands on dA_prev, dW and db. No bias appears in it.
"""

from typing import NamedTuple

from fcnref._arrays import Batch, BatchPrev, Bias, Weights, checked
from fcnref._display import arrays_html, arrays_text

__all__ = [
    "AffineGradients",
    "LayerGradients",
    "affine",
    "affine_backward",
    "affine_backward_input",
    "affine_backward_parameters",
]


class LayerGradients(NamedTuple):
    """The gradients of one layer's parameters.

    Attributes
    ----------
    dW
        The gradient of the loss by the weights, of shape (n, n_prev).
    db
        The gradient of the loss by the bias, of shape (n, 1).
    """

    dW: Weights
    db: Bias

    def __repr__(self) -> str:
        return arrays_text("LayerGradients", self._asdict().items())

    def _repr_html_(self) -> str:
        return arrays_html("LayerGradients", self._asdict().items())


class AffineGradients(NamedTuple):
    """The gradients of the three inputs of `affine`, in their order.

    Attributes
    ----------
    dA_prev
        The gradient of the loss by the previous activations, of shape (n_prev, m).
    dW
        The gradient of the loss by the weights, of shape (n, n_prev).
    db
        The gradient of the loss by the bias, of shape (n, 1).
    """

    dA_prev: BatchPrev
    dW: Weights
    db: Bias

    def __repr__(self) -> str:
        return arrays_text("AffineGradients", self._asdict().items())

    def _repr_html_(self) -> str:
        return arrays_html("AffineGradients", self._asdict().items())


@checked
def affine(A_prev: BatchPrev, W: Weights, b: Bias) -> Batch:
    """Compute the pre-activations of a layer, Z = W A_prev + b.

    Implements :eq:`eq-forward-Z`. The bias is one column, added to the column of every example.

    Parameters
    ----------
    A_prev
        Activations of the previous layer, one column per example.
    W
        Weights: row j holds what unit j takes from each unit of the previous layer.
    b
        Bias, one entry per unit.

    Returns
    -------
    Z
        Pre-activations, one column per example.

    Raises
    ------
    ValueError
        If a shape does not fit the others.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import affine
    >>> A_prev = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])  # 3 units, 2 examples
    >>> W = np.array([[1.0, 0.0, -1.0]])
    >>> b = np.array([[0.5]])
    >>> affine(A_prev, W, b)
    array([[-3.5, -3.5]])
    """
    return W @ A_prev + b


@checked
def affine_backward(dZ: Batch, A_prev: BatchPrev, W: Weights) -> AffineGradients:
    """Compute the gradients of the inputs of `affine` from the gradient of its output.

    Implements :eq:`eq-previous-layer-dA_prev`, :eq:`eq-weights-and-biases-dW` and
    :eq:`eq-weights-and-biases-db`. The rule holds no 1/m: where the loss is a mean over the
    examples, dZ carries the factor already.

    Parameters
    ----------
    dZ
        Gradient of the loss by the pre-activations Z.
    A_prev
        Activations that `affine` was called with.
    W
        Weights that `affine` was called with, before any update.

    Returns
    -------
    AffineGradients
        dA_prev, dW and db, each in the shape of the array it is the gradient of.

    Raises
    ------
    ValueError
        If a shape does not fit the others.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import affine_backward
    >>> A_prev = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> W = np.array([[1.0, 0.0, -1.0]])
    >>> dZ = np.array([[10.0, 1.0]])
    >>> dA_prev, dW, db = affine_backward(dZ, A_prev, W)
    >>> dW
    array([[12., 34., 56.]])
    >>> db
    array([[11.]])
    >>> dA_prev
    array([[ 10.,   1.],
           [  0.,   0.],
           [-10.,  -1.]])
    """
    dW, db = affine_backward_parameters(dZ, A_prev)
    return AffineGradients(affine_backward_input(dZ, W), dW, db)


@checked
def affine_backward_parameters(dZ: Batch, A_prev: BatchPrev) -> LayerGradients:
    """Compute the gradients of the weights and the bias, the half of `affine_backward` kept.

    Implements :eq:`eq-weights-and-biases-dW` and :eq:`eq-weights-and-biases-db`: both sum over
    the examples. Neither holds a 1/m of its own.

    Parameters
    ----------
    dZ
        Gradient of the loss by the pre-activations Z.
    A_prev
        Activations of the previous layer.

    Returns
    -------
    LayerGradients
        dW and db.

    Raises
    ------
    ValueError
        If dZ and A_prev hold different numbers of examples.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import affine_backward_parameters
    >>> dZ = np.array([[10.0, 1.0]])
    >>> affine_backward_parameters(dZ, A_prev=np.array([[1.0, 2.0], [3.0, 4.0]]))
    LayerGradients
      dW (1, 2)
        [[12. 34.]]
      db (1, 1)
        [[11.]]
    """
    dW = dZ @ A_prev.T
    db: Bias = dZ.sum(axis=1, keepdims=True)
    return LayerGradients(dW, db)


@checked
def affine_backward_input(dZ: Batch, W: Weights) -> BatchPrev:
    """Compute the gradient by the previous activations, the half of `affine_backward` passed on.

    Implements :eq:`eq-previous-layer-dA_prev`. Column i of the result depends on column i of dZ
    alone: the affine map does not mix examples. Holds no 1/m of its own.

    Parameters
    ----------
    dZ
        Gradient of the loss by the pre-activations Z.
    W
        Weights that the forward pass used, before any update.

    Returns
    -------
    dA_prev
        Gradient of the loss by A_prev.

    Raises
    ------
    ValueError
        If dZ and W hold different numbers of units.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import affine_backward_input
    >>> affine_backward_input(np.array([[10.0, 1.0]]), W=np.array([[1.0, 0.0, -1.0]]))
    array([[ 10.,   1.],
           [  0.,   0.],
           [-10.,  -1.]])
    """
    return W.T @ dZ
