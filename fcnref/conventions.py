"""Translations between this site's conventions and those of other texts and libraries.

Here examples are columns, W is (n, n_prev), b is a column, 1/m lives in the loss and Jacobians are
in numerator layout. Every function below takes arrays to another convention or brings them back;
the two undo each other exactly. A gradient has the layout of its parameter, so the functions for
parameters translate gradients as well: wherever a pair (W, b) is meant, (dW, db) may stand.

Every translation returns new arrays. The libraries update their parameters in place, and must not
reach ours.
"""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple, TypeAlias

from fcnref._arrays import (
    Array,
    Batch,
    Bias,
    Weights,
    check_array,
    check_list,
    check_pairs,
    checked,
)
from fcnref.regularization import L2Scaling, l2_coefficient

__all__ = [
    "SklearnParameters",
    "to_rows",
    "from_rows",
    "to_torch",
    "from_torch",
    "to_keras",
    "from_keras",
    "to_sklearn",
    "from_sklearn",
    "to_per_example",
    "from_per_example",
    "other_layout",
    "translate_l2",
]

Layers: TypeAlias = Sequence[tuple[Any, ...]]
"""A `Layer`, a `LayerGradients` or any tuple that starts with (W, b), for every layer."""

Pairs: TypeAlias = tuple[tuple[Weights, Bias], ...]
"""(W, b) of every layer, in this site's convention."""

RowWeights: TypeAlias = Annotated[Array, "n_prev n"]
"""One row per unit of the previous layer, one column per unit of this layer."""

Vector: TypeAlias = Annotated[Array, "n"]
"""A bias with one axis."""

JacobianOf: TypeAlias = Annotated[Array, "n_out n_in"]
"""The derivatives of n_out numbers by n_in numbers."""


class SklearnParameters(NamedTuple):
    """The parameters of a multi-layer perceptron of scikit-learn.

    Attributes
    ----------
    coefs
        ``coefs_``: for every layer the weights, of shape (n_prev, n).
    intercepts
        ``intercepts_``: for every layer the bias, of shape (n,).
    """

    coefs: list[Array]
    intercepts: list[Array]


def to_rows(layers: Layers) -> tuple[tuple[RowWeights, Vector], ...]:
    """Translate parameters to rows as examples, Z = A_prev W + b with W of shape (n_prev, n).

    The batches of that convention are the transposes of ours: its Z is Zᵀ here.

    Parameters
    ----------
    layers
        The layers, their gradients, or pairs (W, b).

    Returns
    -------
    pairs
        (Wᵀ, b as a vector) for every layer.

    Raises
    ------
    ValueError
        If an array has another shape than its neighbors ask for.
    TypeError
        If an array holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import to_rows
    >>> [(W, b)] = to_rows([(np.array([[1.0, 2.0, 3.0]]), np.array([[0.5]]))])
    >>> W.shape, b.shape
    ((3, 1), (1,))
    """
    _check_chain("to_rows", layers)
    return tuple((W.T.copy(), b[:, 0].copy()) for W, b, *_ in layers)


def from_rows(pairs: Sequence[tuple[RowWeights, Vector]]) -> Pairs:
    """Translate parameters from rows as examples; undoes `to_rows`.

    Parameters
    ----------
    pairs
        For every layer W of shape (n_prev, n) and b of shape (n,) or (1, n).

    Returns
    -------
    pairs
        (W, b) for every layer, in this site's convention.

    Raises
    ------
    ValueError
        If an array has another shape than its neighbors ask for.
    TypeError
        If an array holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import RELU, Layer, from_rows
    >>> [(W, b)] = from_rows([(np.array([[1.0], [2.0], [3.0]]), np.array([0.5]))])
    >>> Layer(W, b, RELU).W
    array([[1., 2., 3.]])
    """
    return _from_their("from_rows", pairs, "n_prev n")


def to_torch(layers: Layers) -> tuple[Array, ...]:
    """Translate parameters to the order and shapes of ``torch.nn.Linear``: weight, bias, ...

    A linear layer of PyTorch holds a weight of shape (n, n_prev), like ours, and applies it to
    examples in rows. The arrays come in the order of ``model.parameters()``.

    Parameters
    ----------
    layers
        The layers, their gradients, or pairs (W, b).

    Returns
    -------
    arrays
        Weight (n, n_prev) and bias (n,) of the first layer, of the second, and so on.

    Raises
    ------
    ValueError
        If an array has another shape than its neighbors ask for.
    TypeError
        If an array holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import to_torch
    >>> [array.shape for array in to_torch([(np.zeros((2, 3)), np.zeros((2, 1)))])]
    [(2, 3), (2,)]
    """
    _check_chain("to_torch", layers)
    return tuple(array for W, b, *_ in layers for array in (W.copy(), b[:, 0].copy()))


def from_torch(arrays: Sequence[Array]) -> Pairs:
    """Translate parameters from those of ``torch.nn.Linear``; undoes `to_torch`.

    Parameters
    ----------
    arrays
        Weight and bias of every layer in the order of ``model.parameters()``, as NumPy arrays:
        ``[p.detach().numpy() for p in model.parameters()]``, or ``p.grad.numpy()`` for gradients.

    Returns
    -------
    pairs
        (W, b) for every layer, in this site's convention.

    Raises
    ------
    ValueError
        If the arrays do not come in twos, or have other shapes than their neighbors ask for.
    TypeError
        If an array holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import from_torch
    >>> [(W, b)] = from_torch([np.zeros((2, 3)), np.zeros(2)])
    >>> W.shape, b.shape
    ((2, 3), (2, 1))
    """
    return _from_their("from_torch", _in_twos("from_torch", arrays), "n n_prev")


def to_keras(layers: Layers) -> list[Array]:
    """Translate parameters to the order and shapes of Keras' ``Dense``: kernel, bias, ...

    Parameters
    ----------
    layers
        The layers, their gradients, or pairs (W, b).

    Returns
    -------
    arrays
        Kernel (n_prev, n) and bias (n,) of the first layer, of the second, and so on: what
        ``model.set_weights`` takes.

    Raises
    ------
    ValueError
        If an array has another shape than its neighbors ask for.
    TypeError
        If an array holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import to_keras
    >>> [array.shape for array in to_keras([(np.zeros((2, 3)), np.zeros((2, 1)))])]
    [(3, 2), (2,)]
    """
    _check_chain("to_keras", layers)
    return [array for W, b, *_ in layers for array in (W.T.copy(), b[:, 0].copy())]


def from_keras(arrays: Sequence[Array]) -> Pairs:
    """Translate parameters from those of Keras' ``Dense``; undoes `to_keras`.

    Parameters
    ----------
    arrays
        What ``model.get_weights`` returns: kernel and bias of every layer.

    Returns
    -------
    pairs
        (W, b) for every layer, in this site's convention.

    Raises
    ------
    ValueError
        If the arrays do not come in twos, or have other shapes than their neighbors ask for.
    TypeError
        If an array holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import from_keras
    >>> [(W, b)] = from_keras([np.zeros((3, 2)), np.zeros(2)])
    >>> W.shape, b.shape
    ((2, 3), (2, 1))
    """
    return _from_their("from_keras", _in_twos("from_keras", arrays), "n_prev n")


def to_sklearn(layers: Layers) -> SklearnParameters:
    """Translate parameters to ``coefs_`` and ``intercepts_`` of scikit-learn.

    Parameters
    ----------
    layers
        The layers, their gradients, or pairs (W, b).

    Returns
    -------
    SklearnParameters
        The weights (n_prev, n) of all layers, and their biases (n,).

    Raises
    ------
    ValueError
        If an array has another shape than its neighbors ask for.
    TypeError
        If an array holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import to_sklearn
    >>> coefs, intercepts = to_sklearn([(np.zeros((2, 3)), np.zeros((2, 1)))])
    >>> coefs[0].shape, intercepts[0].shape
    ((3, 2), (2,))
    """
    _check_chain("to_sklearn", layers)
    coefs = [W.T.copy() for W, *_ in layers]
    return SklearnParameters(coefs, [b[:, 0].copy() for _, b, *_ in layers])


def from_sklearn(coefs: Sequence[Array], intercepts: Sequence[Array]) -> Pairs:
    """Translate parameters from ``coefs_`` and ``intercepts_``; undoes `to_sklearn`.

    Parameters
    ----------
    coefs
        The weights (n_prev, n) of all layers.
    intercepts
        The biases (n,) of all layers.

    Returns
    -------
    pairs
        (W, b) for every layer, in this site's convention.

    Raises
    ------
    ValueError
        If there are not as many intercepts as coefs, or a shape does not fit its neighbors.
    TypeError
        If an array holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import from_sklearn
    >>> [(W, b)] = from_sklearn([np.zeros((3, 2))], [np.zeros(2)])
    >>> W.shape, b.shape
    ((2, 3), (2, 1))
    """
    if len(coefs) != len(intercepts):
        raise ValueError(
            f"from_sklearn: {len(coefs)} coefs need as many intercepts, got {len(intercepts)}."
        )
    return _from_their("from_sklearn", list(zip(coefs, intercepts, strict=True)), "n_prev n")


@checked
def to_per_example(dX: Batch) -> Batch:
    """Compute the gradients of the single examples' losses, m dX, from dZ or dA.

    Implements :eq:`eq-conventions-per-example`. Texts that write dW = 1/m dZ A_prevᵀ mean this by
    dZ: column i is the gradient of the loss of example i alone. Their dW and db are ours.

    Parameters
    ----------
    dX
        Gradient of J, a mean over the examples, by Z or A of any layer. Holds the 1/m.

    Returns
    -------
    per_example
        The same without the 1/m.

    Raises
    ------
    ValueError
        If dX is no matrix.
    TypeError
        If dX holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import half_squared_error_grad, to_per_example
    >>> A, Y = np.array([[1.0, 5.0]]), np.array([[0.0, 2.0]])
    >>> to_per_example(half_squared_error_grad(A, Y))
    array([[1., 3.]])
    """
    m: int = dX.shape[1]
    return m * dX


@checked
def from_per_example(per_example: Batch) -> Batch:
    """Compute dZ or dA from the gradients of the single examples' losses; undoes `to_per_example`.

    Implements :eq:`eq-conventions-per-example`.

    Parameters
    ----------
    per_example
        Column i is the gradient of the loss of example i by its column of Z or A.

    Returns
    -------
    dX
        The gradient of J, the mean of these losses. Holds the 1/m.

    Raises
    ------
    ValueError
        If the argument is no matrix.
    TypeError
        If the argument holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import from_per_example
    >>> from_per_example(np.array([[1.0, 3.0]]))
    array([[0.5, 1.5]])
    """
    m: int = per_example.shape[1]
    return per_example / m


@checked
def other_layout(jacobian: JacobianOf) -> Annotated[Array, "n_in n_out"]:
    """Translate a Jacobian from numerator to denominator layout, or from denominator to numerator.

    Implements :eq:`eq-conventions-layout`. Applied twice it gives the Jacobian back.

    Parameters
    ----------
    jacobian
        In numerator layout, entry [p, j] is the derivative of output p by input j.

    Returns
    -------
    jacobian
        In the other layout, entry [j, p] is that derivative.

    Raises
    ------
    ValueError
        If the argument is no matrix.
    TypeError
        If the argument holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import other_layout
    >>> other_layout(np.array([[1.0, 2.0, 3.0]]))
    array([[1.],
           [2.],
           [3.]])
    """
    return jacobian.T.copy()


def translate_l2(
    strength: float, scaling: L2Scaling, wanted: L2Scaling, m: int | None = None
) -> float:
    """Compute the strength λ that means the same penalty in another scaling.

    Implements :eq:`eq-conventions-l2`. The penalty is λ ‖W‖² ("lambda", Keras), λ/2 ‖W‖²
    ("lambda/2", the weight decay of ``torch.optim.SGD``) or λ/(2m) ‖W‖² ("lambda/2m",
    scikit-learn's ``alpha``).

    Parameters
    ----------
    strength
        The number λ.
    scaling
        The scaling that it is meant in.
    wanted
        The scaling to translate to.
    m
        Number of examples that the loss is a mean over. Needed where one of the scalings holds it.

    Returns
    -------
    strength
        The number λ in the wanted scaling.

    Raises
    ------
    ValueError
        If a scaling is none of the three, or needs an m that is not given.

    Examples
    --------
    >>> from fcnref import translate_l2
    >>> translate_l2(0.5, "lambda", "lambda/2")
    1.0
    >>> translate_l2(0.5, "lambda/2", "lambda/2m", m=32)
    16.0
    """
    if not m and "lambda/2m" in (scaling, wanted):
        raise ValueError(
            f"translate_l2: m must be given to translate from {scaling!r} to {wanted!r}; "
            "it is the number of examples that the loss is a mean over."
        )
    return l2_coefficient(strength, scaling, m or 1) / l2_coefficient(1.0, wanted, m or 1)


def _from_their(who: str, pairs: Sequence[tuple[Array, Array]], dims: str) -> Pairs:
    check_pairs(who, "pairs", pairs, "(W, b)")
    ours = tuple(
        _layer_from_their(who, l, weights, bias, dims)
        for l, (weights, bias) in enumerate(pairs, start=1)
    )
    _check_chain(who, ours)
    return ours


def _layer_from_their(
    who: str, l: int, weights: Array, bias: Array, dims: str
) -> tuple[Weights, Bias]:
    check_array(who, f"the weights of layer {l}", weights, dims)
    W = weights.copy() if dims == "n n_prev" else weights.T.copy()
    # Rows as examples: NumPy code often keeps the bias as a row.
    b = bias[0] if getattr(bias, "shape", ()) == (1, W.shape[0]) else bias
    check_array(who, f"the bias of layer {l}", b, "n", n=W.shape[0])
    return W, b[:, None].copy()


def _in_twos(who: str, arrays: Sequence[Array]) -> list[tuple[Array, Array]]:
    check_list(who, "arrays", arrays, "arrays")
    if len(arrays) % 2:
        raise ValueError(
            f"{who}: every layer has weights and a bias, so the arrays must come in twos, "
            f"got {len(arrays)}."
        )
    return list(zip(arrays[::2], arrays[1::2], strict=True))


def _check_chain(who: str, layers: Layers) -> None:
    """Each layer takes what the one before it gives: transposed weights rarely do."""
    check_pairs(who, "layers", layers, "(W, b)")
    n_prev: int | None = None
    for l, (W, b, *_) in enumerate(layers, start=1):
        check_array(who, f"W[{l}]", W, "n n_prev")
        check_array(who, f"b[{l}]", b, "n 1", n=W.shape[0])
        if n_prev is not None and W.shape[1] != n_prev:
            raise ValueError(
                f"{who}: layer {l} takes {W.shape[1]} units, but layer {l - 1} has {n_prev}; "
                "are the weights in another layout?"
            )
        n_prev = W.shape[0]
