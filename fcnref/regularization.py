"""Regularization: penalties on the weights, and dropout.

A penalty is added to the loss, so its gradient is added to dW and passes through nothing else.
Dropout multiplies activations by a mask that is drawn once per step, and its backward rule
multiplies the incoming gradient by the same mask.
"""

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from fcnref._arrays import AnyShape, Array, Scalar, checked

__all__ = [
    "L2Scaling",
    "dropout",
    "dropout_backward",
    "dropout_mask",
    "l1_penalty",
    "l1_penalty_grad",
    "l2_coefficient",
    "l2_penalty",
    "l2_penalty_grad",
    "norm_penalty",
    "norm_penalty_grad",
]

L2Scaling: TypeAlias = Literal["lambda", "lambda/2", "lambda/2m"]
"""How the strength λ enters the penalty: λ‖W‖², (λ/2)‖W‖² or (λ/2m)‖W‖²."""


def l2_coefficient(strength: float, scaling: L2Scaling = "lambda/2", m: int = 1) -> float:
    """Compute the number c of the penalty c‖W‖² from the strength λ and its scaling.

    Implements :eq:`eq-regularization-l2-coefficient`. The three scalings differ by a constant, and
    so do their gradients: 2λW, λW and (λ/m)W. Most wrong penalty gradients mix two of them.

    Parameters
    ----------
    strength
        The number λ.
    scaling
        "lambda", "lambda/2" or "lambda/2m".
    m
        Number of examples, read by "lambda/2m" alone.

    Returns
    -------
    coefficient
        The number c.

    Raises
    ------
    ValueError
        If the scaling is none of the three.

    Examples
    --------
    >>> from fcnref.regularization import l2_coefficient
    >>> scalings = ("lambda", "lambda/2", "lambda/2m")
    >>> [l2_coefficient(0.5, scaling, m=4) for scaling in scalings]
    [0.5, 0.25, 0.0625]
    """
    divisors = {"lambda": 1, "lambda/2": 2, "lambda/2m": 2 * m}
    if scaling not in divisors:
        raise ValueError(
            f"l2_coefficient: scaling must be one of {', '.join(divisors)}, got {scaling!r}; "
            "they stand for λ‖W‖², (λ/2)‖W‖² and (λ/2m)‖W‖²."
        )
    return strength / divisors[scaling]


@checked
def l2_penalty(W: AnyShape, coefficient: float) -> Scalar:
    """Compute the penalty c‖W‖², the sum of the squared entries times a number.

    Implements :eq:`eq-regularization-l2`.

    Parameters
    ----------
    W
        Weights.
    coefficient
        The number c, see `l2_coefficient`.

    Returns
    -------
    penalty
        What is added to the loss.

    Raises
    ------
    TypeError
        If W is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.regularization import l2_penalty
    >>> float(l2_penalty(np.array([[1.0, -2.0]]), 0.5))
    2.5
    """
    penalty: Scalar = coefficient * np.sum(W * W)
    return penalty


@checked
def l2_penalty_grad(W: AnyShape, coefficient: float) -> AnyShape:
    """Compute the gradient of `l2_penalty`, 2c W.

    Implements :eq:`eq-regularization-l2-dW`. It is added to dW as it is: the 1/m of a mean over
    the examples is in c already where the scaling has one.

    Parameters
    ----------
    W
        Weights.
    coefficient
        The number c, see `l2_coefficient`.

    Returns
    -------
    dW
        The part of dW that the penalty contributes.

    Raises
    ------
    TypeError
        If W is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.regularization import l2_penalty_grad
    >>> l2_penalty_grad(np.array([[1.0, -2.0]]), 0.5)
    array([[ 1., -2.]])
    """
    return 2 * coefficient * W


@checked
def l1_penalty(W: AnyShape, coefficient: float) -> Scalar:
    """Compute the penalty c‖W‖₁, the sum of the absolute entries times a number.

    Implements :eq:`eq-regularization-l1`. Complex entries are taken to be on the side of zero that
    their real part is on, so that the penalty can be differentiated by a complex step.

    Parameters
    ----------
    W
        Weights.
    coefficient
        The number c.

    Returns
    -------
    penalty
        What is added to the loss.

    Raises
    ------
    TypeError
        If W is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.regularization import l1_penalty
    >>> float(l1_penalty(np.array([[1.0, -2.0]]), 0.5))
    1.5
    """
    penalty: Scalar = coefficient * np.sum(np.sign(W.real) * W)
    return penalty


@checked
def l1_penalty_grad(W: AnyShape, coefficient: float) -> AnyShape:
    """Compute the gradient of `l1_penalty`, c sign(W).

    Implements :eq:`eq-regularization-l1-dW`. The choice at the kink is 0.

    Parameters
    ----------
    W
        Weights.
    coefficient
        The number c.

    Returns
    -------
    dW
        The part of dW that the penalty contributes.

    Raises
    ------
    TypeError
        If W is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.regularization import l1_penalty_grad
    >>> l1_penalty_grad(np.array([[1.0, -2.0, 0.0]]), 0.5)
    array([[ 0.5, -0.5,  0. ]])
    """
    return coefficient * np.sign(W)


@checked
def norm_penalty(W: AnyShape, coefficient: float) -> Scalar:
    """Compute the penalty c‖W‖, the Frobenius norm itself and not its square.

    Implements :eq:`eq-regularization-norm`.

    Parameters
    ----------
    W
        Weights, not all of them zero.
    coefficient
        The number c.

    Returns
    -------
    penalty
        What is added to the loss.

    Raises
    ------
    TypeError
        If W is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.regularization import norm_penalty
    >>> float(norm_penalty(np.array([[3.0, -4.0]]), 0.5))
    2.5
    """
    penalty: Scalar = coefficient * np.sqrt(np.sum(W * W))
    return penalty


@checked
def norm_penalty_grad(W: AnyShape, coefficient: float) -> AnyShape:
    """Compute the gradient of `norm_penalty`, cW/‖W‖.

    Implements :eq:`eq-regularization-norm-dW`. Its length is c however long W is, where the
    gradient of the squared norm shrinks with W.

    Parameters
    ----------
    W
        Weights, not all of them zero.
    coefficient
        The number c.

    Returns
    -------
    dW
        The part of dW that the penalty contributes.

    Raises
    ------
    TypeError
        If W is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.regularization import norm_penalty_grad
    >>> norm_penalty_grad(np.array([[3.0, -4.0]]), 0.5)
    array([[ 0.3, -0.4]])
    """
    V = W / _largest(W)  # squares of tiny weights would vanish, and those of huge ones overflow
    direction: AnyShape = V / np.sqrt(np.sum(V * V))
    return coefficient * direction


def _largest(W: Array) -> Scalar | float:
    return 1.0 if 0 in W.shape else np.abs(W.real).max()


def dropout_mask(
    rng: "np.random.Generator",
    shape: tuple[int, ...],
    keep: float,
    dtype: npt.DTypeLike = np.float64,
) -> Array:
    """Draw the mask of inverted dropout: 1/keep where a unit stays, 0 where it is dropped.

    Implements :eq:`eq-regularization-mask`. Each entry stays with probability ``keep``; dividing by
    ``keep`` leaves the expected activation as it was, so that nothing changes at prediction
    (Srivastava et al., 2014).

    Parameters
    ----------
    rng
        Source of random numbers.
    shape
        Shape of the activations.
    keep
        Probability of staying, above 0 and at most 1.
    dtype
        Precision of the mask, that of the activations.

    Returns
    -------
    mask
        Zeros and 1/keep.

    Raises
    ------
    ValueError
        If ``keep`` is no probability above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.regularization import dropout_mask
    >>> dropout_mask(np.random.default_rng(0), (2, 3), keep=0.5)
    array([[0., 2., 2.],
           [2., 0., 0.]])
    """
    if not 0 < keep <= 1:
        raise ValueError(
            f"dropout_mask: keep must be a probability, 0 < keep <= 1, got {keep}; "
            "it is the share of units that stay."
        )
    mask: Array = ((rng.random(shape) < keep) / keep).astype(dtype)
    return mask


@checked
def dropout(A: AnyShape, mask: AnyShape) -> AnyShape:
    """Compute the activations after dropout, A ⊙ mask.

    Implements :eq:`eq-regularization-dropout`.

    Parameters
    ----------
    A
        Activations.
    mask
        Zeros and 1/keep, see `dropout_mask`.

    Returns
    -------
    dropped
        What the next layer sees.

    Raises
    ------
    ValueError
        If A and the mask differ in shape.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.regularization import dropout
    >>> dropout(np.array([[1.0, 3.0]]), mask=np.array([[2.0, 0.0]]))
    array([[2., 0.]])
    """
    return A * mask


@checked
def dropout_backward(d_out: AnyShape, mask: AnyShape) -> AnyShape:
    """Compute the gradient by the input of `dropout`, the incoming gradient times the same mask.

    Implements :eq:`eq-regularization-dropout-backward`. The mask is the one of the forward pass,
    with its 1/keep; a new one, or one without the factor, belongs to another loss.

    Parameters
    ----------
    d_out
        Gradient of the loss by the output of `dropout`.
    mask
        Mask that `dropout` was called with.

    Returns
    -------
    dA
        Gradient of the loss by the input of `dropout`.

    Raises
    ------
    ValueError
        If d_out and the mask differ in shape.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.regularization import dropout_backward
    >>> dropout_backward(np.array([[0.5, 0.5]]), mask=np.array([[2.0, 0.0]]))
    array([[1., 0.]])
    """
    return d_out * mask
