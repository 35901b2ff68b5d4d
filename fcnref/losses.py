"""The losses, J(A, Y): the mean over the examples, and therefore the only home of 1/m.

Each loss f comes with its gradient ``f_grad``, which holds the 1/m; every gradient further down
inherits it from there. Targets Y never broadcast. The two losses on logits fuse the last activation
with the cross-entropy: they are the stable form, and the one to train with.

Shapes are compared in every array. Values, such as those of targets that must be distributions, are
looked at in the arrays of NumPy alone: a lazy array would have to be computed for it, and an array
on another device be waited for.
"""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fcnref._arrays import Array, Batch, Scalar, checked
from fcnref.activations import log_softmax, sigmoid, softmax, softplus
from fcnref.activations.columnwise import _softmax_and_log_softmax

__all__ = [
    "BINARY_CROSS_ENTROPY",
    "CROSS_ENTROPY",
    "HALF_SQUARED_ERROR",
    "LOSSES",
    "MEAN_SQUARED_ERROR",
    "SIGMOID_CROSS_ENTROPY",
    "SOFTMAX_CROSS_ENTROPY",
    "Loss",
    "binary_cross_entropy",
    "binary_cross_entropy_grad",
    "cross_entropy",
    "cross_entropy_grad",
    "half_squared_error",
    "half_squared_error_grad",
    "mean_squared_error",
    "mean_squared_error_grad",
    "one_hot",
    "sigmoid_cross_entropy",
    "sigmoid_cross_entropy_grad",
    "softmax_cross_entropy",
    "softmax_cross_entropy_grad",
]


class Loss(NamedTuple):
    """A loss as a network uses it.

    Attributes
    ----------
    name
        The name in reports and in `LOSSES`.
    value
        The loss, ``J = value(A, Y)``, with A the output of the last layer.
    grad
        Its gradient by A, ``dA = grad(A, Y)``. Holds the 1/m.
    value_and_grad
        Both at once, where they share work; None where they share none.
    """

    name: str
    value: Callable[[Array, Array], Scalar]
    grad: Callable[[Array, Array], Array]
    value_and_grad: Callable[[Array, Array], tuple[Scalar, Array]] | None = None

    def __repr__(self) -> str:
        return f"Loss({self.name!r})"


@checked
def half_squared_error(A: Batch, Y: Batch) -> Scalar:
    """Compute half the squared distance to the target, averaged over the examples.

    Implements :eq:`eq-losses-half-squared-error`: the sum over units and examples, divided by 2m.

    Parameters
    ----------
    A
        Output of the network, one column per example.
    Y
        Targets, in the shape of A.

    Returns
    -------
    J
        The loss, holding 1/m.

    Raises
    ------
    ValueError
        If A and Y differ in shape or hold no example.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import half_squared_error
    >>> float(half_squared_error(np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]])))
    1.25
    """
    m = _examples("half_squared_error", A)
    return np.sum((A - Y) ** 2) / (2 * m)


@checked
def half_squared_error_grad(A: Batch, Y: Batch) -> Batch:
    """Compute the gradient of `half_squared_error` by A, (A - Y) / m.

    Implements :eq:`eq-losses-dA-half-squared-error`. Holds the 1/m.

    Parameters
    ----------
    A
        Output of the network, one column per example.
    Y
        Targets, in the shape of A.

    Returns
    -------
    dA
        Gradient of the loss by A.

    Raises
    ------
    ValueError
        If A and Y differ in shape or hold no example.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import half_squared_error_grad
    >>> half_squared_error_grad(np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]]))
    array([[ 0.5, -1. ]])
    """
    m = _examples("half_squared_error_grad", A)
    return (A - Y) / m


@checked
def mean_squared_error(A: Batch, Y: Batch) -> Scalar:
    """Compute the squared error, averaged over the units and the examples.

    Implements :eq:`eq-losses-mean-squared-error`: the sum over units and examples, divided by nm.
    This is what PyTorch, Keras and scikit-learn call by this name; it is 2/n times
    `half_squared_error`.

    Parameters
    ----------
    A
        Output of the network, one column per example.
    Y
        Targets, in the shape of A.

    Returns
    -------
    J
        The loss, holding 1/(nm).

    Raises
    ------
    ValueError
        If A and Y differ in shape or hold no example.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import mean_squared_error
    >>> float(mean_squared_error(np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]])))
    2.5
    """
    n, m = A.shape[0], _examples("mean_squared_error", A)
    J: Scalar = np.sum((A - Y) ** 2) / (n * m)
    return J


@checked
def mean_squared_error_grad(A: Batch, Y: Batch) -> Batch:
    """Compute the gradient of `mean_squared_error` by A, 2 (A - Y) / (nm).

    Implements :eq:`eq-losses-dA-mean-squared-error`. Holds the 1/m, and a 1/n of its own.

    Parameters
    ----------
    A
        Output of the network, one column per example.
    Y
        Targets, in the shape of A.

    Returns
    -------
    dA
        Gradient of the loss by A.

    Raises
    ------
    ValueError
        If A and Y differ in shape or hold no example.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import mean_squared_error_grad
    >>> mean_squared_error_grad(np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]]))
    array([[ 1., -2.]])
    """
    n, m = A.shape[0], _examples("mean_squared_error_grad", A)
    dA: Batch = 2 * (A - Y) / (n * m)
    return dA


@checked
def binary_cross_entropy(A: Batch, Y: Batch) -> Scalar:
    """Compute the cross-entropy of independent yes-or-no units, from their probabilities.

    Implements :eq:`eq-losses-binary-cross-entropy`: summed over the units, averaged over the
    examples. For teaching; once a probability rounds to 0 or 1 the loss of a wrong answer is inf.
    `sigmoid_cross_entropy` takes the logits and has no such limit.

    Parameters
    ----------
    A
        Probabilities, between 0 and 1.
    Y
        Targets, between 0 and 1, in the shape of A.

    Returns
    -------
    J
        The loss, holding 1/m.

    Raises
    ------
    ValueError
        If A and Y differ in shape, hold no example, or hold an entry outside [0, 1].
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import binary_cross_entropy
    >>> A, Y = np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])
    >>> float(binary_cross_entropy(A, Y) / np.log(2))
    1.0
    """
    who = "binary_cross_entropy"
    m = _examples(who, A)
    _check_within_01(who, A=A, Y=Y)
    return -np.sum(_x_log_y(Y, A) + _x_log_y(1 - Y, 1 - A)) / m


@checked
def binary_cross_entropy_grad(A: Batch, Y: Batch) -> Batch:
    """Compute the gradient of `binary_cross_entropy` by A, (-Y/A + (1 - Y)/(1 - A)) / m.

    Implements :eq:`eq-losses-dA-binary-cross-entropy`. Holds the 1/m. Where a target is 0 or 1 the
    term that it switches off is 0, also at A = 0 or 1.

    Parameters
    ----------
    A
        Probabilities, between 0 and 1.
    Y
        Targets, between 0 and 1, in the shape of A.

    Returns
    -------
    dA
        Gradient of the loss by A.

    Raises
    ------
    ValueError
        If A and Y differ in shape, hold no example, or hold an entry outside [0, 1].
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import binary_cross_entropy_grad
    >>> binary_cross_entropy_grad(np.array([[0.5, 0.25]]), np.array([[1.0, 0.0]]))
    array([[-1.        ,  0.66666667]])
    """
    who = "binary_cross_entropy_grad"
    m = _examples(who, A)
    _check_within_01(who, A=A, Y=Y)
    return (_x_over_y(1 - Y, 1 - A) - _x_over_y(Y, A)) / m


@checked
def cross_entropy(A: Batch, Y: Batch) -> Scalar:
    """Compute the cross-entropy of one choice among n classes, from its probabilities.

    Implements :eq:`eq-losses-cross-entropy`: summed over the classes, averaged over the examples.
    For teaching; once a probability rounds to 0 the loss of that class is inf.
    `softmax_cross_entropy` takes the logits and has no such limit.

    Parameters
    ----------
    A
        Probabilities of the classes, between 0 and 1.
    Y
        Targets in the shape of A: every column non-negative with sum 1, for example one-hot.

    Returns
    -------
    J
        The loss, holding 1/m.

    Raises
    ------
    ValueError
        If A and Y differ in shape or hold no example, if an entry of A lies outside [0, 1], or if
        a column of Y is no distribution.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import cross_entropy
    >>> A = np.array([[0.5, 0.25], [0.5, 0.75]])
    >>> float(cross_entropy(A, np.array([[1.0, 1.0], [0.0, 0.0]])) / np.log(2))
    1.5
    """
    m = _examples("cross_entropy", A)
    _check_within_01("cross_entropy", A=A)
    _check_distributions("cross_entropy", Y)
    return -np.sum(_x_log_y(Y, A)) / m


@checked
def cross_entropy_grad(A: Batch, Y: Batch) -> Batch:
    """Compute the gradient of `cross_entropy` by A, -Y/A / m.

    Implements :eq:`eq-losses-dA-cross-entropy`. Holds the 1/m. Where a target is 0 the gradient is
    0, also at A = 0.

    Parameters
    ----------
    A
        Probabilities of the classes, between 0 and 1.
    Y
        Targets in the shape of A: every column non-negative with sum 1.

    Returns
    -------
    dA
        Gradient of the loss by A.

    Raises
    ------
    ValueError
        If A and Y differ in shape or hold no example, if an entry of A lies outside [0, 1], or if
        a column of Y is no distribution.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import cross_entropy_grad
    >>> cross_entropy_grad(np.array([[0.5], [0.5]]), np.array([[1.0], [0.0]]))
    array([[-2.],
           [-0.]])
    """
    m = _examples("cross_entropy_grad", A)
    _check_within_01("cross_entropy_grad", A=A)
    _check_distributions("cross_entropy_grad", Y)
    return -_x_over_y(Y, A) / m


@checked
def sigmoid_cross_entropy(logits: Batch, Y: Batch) -> Scalar:
    """Compute the binary cross-entropy of sigmoid(logits), from the logits.

    Implements :eq:`eq-losses-sigmoid-cross-entropy`: -log σ(z) = softplus(-z) and
    -log(1 - σ(z)) = softplus(z), so no logarithm of a rounded probability is taken. Summed over
    the units, averaged over the examples. A logit of inf or -inf is an answer given with certainty:
    it costs 0 if it is right, and inf otherwise.

    Parameters
    ----------
    logits
        Pre-activations of the last layer, whose activation is the identity.
    Y
        Targets, between 0 and 1, in the shape of the logits.

    Returns
    -------
    J
        The loss, holding 1/m.

    Raises
    ------
    ValueError
        If logits and Y differ in shape, hold no example, or Y holds an entry outside [0, 1].
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    A wrong answer given with certainty costs as much as it should:

    >>> import numpy as np
    >>> from fcnref import binary_cross_entropy, sigmoid, sigmoid_cross_entropy
    >>> logits, Y = np.array([[800.0]]), np.array([[0.0]])
    >>> float(sigmoid_cross_entropy(logits, Y))
    800.0
    >>> float(binary_cross_entropy(sigmoid(logits), Y))
    inf
    """
    m = _examples("sigmoid_cross_entropy", logits)
    _check_within_01("sigmoid_cross_entropy", Y=Y)
    J: Scalar = np.sum(_x_y(Y, softplus(-logits)) + _x_y(1 - Y, softplus(logits))) / m
    return J


@checked
def sigmoid_cross_entropy_grad(logits: Batch, Y: Batch) -> Batch:
    """Compute the gradient of `sigmoid_cross_entropy` by the logits, (σ(logits) - Y) / m.

    Implements :eq:`eq-losses-dZ-sigmoid-cross-entropy`. Holds the 1/m.

    Parameters
    ----------
    logits
        Pre-activations of the last layer.
    Y
        Targets, between 0 and 1, in the shape of the logits.

    Returns
    -------
    dlogits
        Gradient of the loss by the logits.

    Raises
    ------
    ValueError
        If logits and Y differ in shape, hold no example, or Y holds an entry outside [0, 1].
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import sigmoid_cross_entropy_grad
    >>> sigmoid_cross_entropy_grad(np.array([[0.0, 800.0]]), np.array([[1.0, 0.0]]))
    array([[-0.25,  0.5 ]])
    """
    m = _examples("sigmoid_cross_entropy_grad", logits)
    _check_within_01("sigmoid_cross_entropy_grad", Y=Y)
    return (sigmoid(logits) - Y) / m


@checked
def softmax_cross_entropy(logits: Batch, Y: Batch) -> Scalar:
    """Compute the cross-entropy of softmax(logits), from the logits.

    Implements :eq:`eq-losses-softmax-cross-entropy`, through `log_softmax`. Summed over the
    classes, averaged over the examples. A logit of -inf rules its class out: it costs 0 where its
    target is 0, and inf elsewhere.

    Parameters
    ----------
    logits
        Pre-activations of the last layer, whose activation is the identity.
    Y
        Targets in the shape of the logits: every column non-negative with sum 1.

    Returns
    -------
    J
        The loss, holding 1/m.

    Raises
    ------
    ValueError
        If logits and Y differ in shape or hold no example, or if a column of Y is no distribution.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import softmax_cross_entropy
    >>> logits, Y = np.array([[800.0], [-800.0]]), np.array([[0.0], [1.0]])
    >>> float(softmax_cross_entropy(logits, Y))
    1600.0
    """
    m = _examples("softmax_cross_entropy", logits)
    _check_distributions("softmax_cross_entropy", Y)
    J: Scalar = -_x_y(Y, log_softmax(logits)).sum() / m
    return J


@checked
def softmax_cross_entropy_grad(logits: Batch, Y: Batch) -> Batch:
    """Compute the gradient of `softmax_cross_entropy` by the logits, (softmax(logits) - Y) / m.

    Implements :eq:`eq-losses-dZ-softmax-cross-entropy`. Holds the 1/m.

    Parameters
    ----------
    logits
        Pre-activations of the last layer.
    Y
        Targets in the shape of the logits: every column non-negative with sum 1.

    Returns
    -------
    dlogits
        Gradient of the loss by the logits.

    Raises
    ------
    ValueError
        If logits and Y differ in shape or hold no example, or if a column of Y is no distribution.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import softmax_cross_entropy_grad
    >>> softmax_cross_entropy_grad(np.array([[1.0], [1.0]]), np.array([[0.0], [1.0]]))
    array([[ 0.5],
           [-0.5]])
    """
    m = _examples("softmax_cross_entropy_grad", logits)
    _check_distributions("softmax_cross_entropy_grad", Y)
    return (softmax(logits) - Y) / m


def _softmax_cross_entropy_value_and_grad(logits: Array, Y: Array) -> tuple[Scalar, Array]:
    m = _examples("softmax_cross_entropy", logits)
    _check_distributions("softmax_cross_entropy", Y)
    A, log_A = _softmax_and_log_softmax(logits)
    return -_x_y(Y, log_A).sum() / m, (A - Y) / m


HALF_SQUARED_ERROR = Loss("half_squared_error", half_squared_error, half_squared_error_grad)
MEAN_SQUARED_ERROR = Loss("mean_squared_error", mean_squared_error, mean_squared_error_grad)
BINARY_CROSS_ENTROPY = Loss("binary_cross_entropy", binary_cross_entropy, binary_cross_entropy_grad)
CROSS_ENTROPY = Loss("cross_entropy", cross_entropy, cross_entropy_grad)
SIGMOID_CROSS_ENTROPY = Loss(
    "sigmoid_cross_entropy", sigmoid_cross_entropy, sigmoid_cross_entropy_grad
)
SOFTMAX_CROSS_ENTROPY = Loss(
    "softmax_cross_entropy",
    softmax_cross_entropy,
    softmax_cross_entropy_grad,
    _softmax_cross_entropy_value_and_grad,
)

LOSSES: Mapping[str, Loss] = MappingProxyType(
    {
        loss.name: loss
        for loss in (
            HALF_SQUARED_ERROR,
            MEAN_SQUARED_ERROR,
            BINARY_CROSS_ENTROPY,
            CROSS_ENTROPY,
            SIGMOID_CROSS_ENTROPY,
            SOFTMAX_CROSS_ENTROPY,
        )
    }
)


def one_hot(
    labels: npt.NDArray[np.integer[Any]], n: int, dtype: npt.DTypeLike = np.float64
) -> Batch:
    """Turn class numbers into targets: one column per example, 1 in the row of its class.

    Parameters
    ----------
    labels
        Classes 0 to n - 1, one integer per example.
    n
        Number of classes.
    dtype
        Precision of the result.

    Returns
    -------
    Y
        Targets of shape (n, m).

    Raises
    ------
    ValueError
        If the labels are no vector, or one lies outside 0 to n - 1.
    TypeError
        If the labels are no integers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import one_hot
    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 1.],
           [0., 0.],
           [1., 0.]])
    """
    labels = labels if hasattr(labels, "__array_function__") else np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"one_hot: labels must be integers, got {labels.dtype}.")
    if labels.ndim != 1:
        raise ValueError(f"one_hot: labels must have shape (m,), got {labels.shape}.")
    if _at_hand(labels) and np.any(outside := (labels < 0) | (labels >= n)):
        raise ValueError(f"one_hot: labels must lie in 0..{n - 1}, got {labels[outside][0]}.")
    Y: Batch = (np.arange(n, like=labels)[:, np.newaxis] == labels).astype(dtype)
    return Y


def _examples(who: str, A: Array) -> int:
    m: int = A.shape[1]
    if m == 0:
        raise ValueError(f"{who}: a mean over the examples needs at least one, got m = 0.")
    return m


def _x_y(X: Array, Y: Array) -> Array:
    """Compute x y with 0 inf = 0: what a target switches off costs nothing, whatever it is."""
    return X * np.where(X, Y, 0)


def _x_log_y(X: Array, Y: Array) -> Array:
    """Compute x log y with 0 log 0 = 0, and log 0 = -inf without a warning."""
    return _x_y(X, np.where(Y == 0, -np.inf, np.log(np.where(Y == 0, 1, Y))))


def _x_over_y(X: Array, Y: Array) -> Array:
    """Compute x / y with 0 / 0 = 0, and x / 0 = inf without a warning."""
    Y = np.where(X == 0, 1, Y)
    return np.where(Y == 0, np.inf, X / np.where(Y == 0, 1, Y))


def _at_hand(array: npt.NDArray[Any]) -> bool:
    """Tell whether looking at the values is free: it would compute a lazy array."""
    return isinstance(array, np.ndarray)


def _check_within_01(who: str, **arrays: Array) -> None:
    for name, array in arrays.items():
        if not _at_hand(array):
            continue
        if not (array.real.min(initial=0) >= 0 and array.real.max(initial=1) <= 1):
            outside = ~((array.real >= 0) & (array.real <= 1))
            worst = array[outside].flat[0]
            raise ValueError(f"{who}: {name} must lie between 0 and 1, got an entry {worst}.")


def _check_distributions(who: str, Y: Array) -> None:
    if not _at_hand(Y):
        return
    if not Y.real.min(initial=0) >= 0:
        _check_within_01(who, Y=Y)
    off = abs(Y.sum(axis=0) - 1)
    if not off.max() <= _half_the_digits(Y.dtype):
        _check_within_01(who, Y=Y)
        i = int(np.argmax(off))
        raise ValueError(
            f"{who}: every column of Y must sum to 1, column {i} sums to {Y[:, i].sum()}; "
            "examples are columns."
        )


@functools.cache
def _half_the_digits(dtype: np.dtype[Any]) -> float:
    """How far a sum of targets may be from 1: half the digits of the precision."""
    return float(np.sqrt(np.finfo(dtype).eps))
