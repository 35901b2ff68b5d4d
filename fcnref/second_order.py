"""Derivatives in a direction: of a network's output, and of its gradient.

Every array of the forward and of the backward pass gets a companion, its derivative in one chosen
direction of the parameters, with ``_dot`` in its name. `jvp` carries the companions forward, `hvp`
carries them forward and back again. Neither forms a Jacobian or a Hessian.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import numpy as np

from fcnref._arrays import Array, Bias, Input, Output, Weights, check_array, check_pairs
from fcnref.activations import Activation, sigmoid_prime, softmax, softmax_backward
from fcnref.activations.second_derivatives import (
    gelu_double_prime,
    gelu_tanh_double_prime,
    sigmoid_double_prime,
    silu_double_prime,
    softplus_double_prime,
    tanh_double_prime,
)
from fcnref.affine import LayerGradients, affine
from fcnref.losses import Loss, _x_over_y
from fcnref.network import Layer, _check_network

__all__ = ["Direction", "OutputAndDerivative", "hvp", "jvp"]

Direction: TypeAlias = Sequence[tuple[Weights, Bias]]
"""One pair (W_dot, b_dot) for each layer, in the shapes of its W and b."""


class OutputAndDerivative(NamedTuple):
    """The output of a network and its derivative in a direction.

    Attributes
    ----------
    A_L
        The output A[L].
    A_L_dot
        Its derivative in the direction, in the same shape.
    """

    A_L: Output
    A_L_dot: Output


class _Trace(NamedTuple):
    """Every array of the forward pass and its companion, indexed like the mathematics."""

    A: Mapping[int, Array]
    Z: Mapping[int, Array]
    A_dot: Mapping[int, Array]
    Z_dot: Mapping[int, Array]


def jvp(
    X: Input,
    layers: Sequence[Layer],
    direction: Direction | None = None,
    X_dot: Input | None = None,
) -> OutputAndDerivative:
    """Compute the derivative of a network's output in a direction: the Jacobian times a vector.

    Implements :eq:`eq-second-order-jvp`. The direction may point into the parameters, into the
    input, or into both. One pass forward, at about three times the cost of `forward`.

    Parameters
    ----------
    X
        Input, one column per example.
    layers
        The layers 1, ..., L; any activation but the layer norm.
    direction
        One pair (W_dot, b_dot) for each layer, in the shapes of its W and b. `LayerGradients` serve
        as they are. Without it the parameters are held constant.
    X_dot
        How the input moves, in the shape of X. Without it the input is held constant.

    Returns
    -------
    OutputAndDerivative
        The output A[L], and its derivative in the direction.

    Raises
    ------
    ValueError
        If there is no layer, a shape does not fit the others, or an activation has no rule here.
    TypeError
        If an array holds no floating-point numbers, or a layer is no `Layer`.

    Examples
    --------
    Along the first weight, the output of a linear layer changes as the first unit of its input:

    >>> import numpy as np
    >>> from fcnref import IDENTITY, Layer, jvp
    >>> layers = [Layer(np.array([[1.0, -1.0]]), np.array([[0.5]]), IDENTITY)]
    >>> direction = [(np.array([[1.0, 0.0]]), np.array([[0.0]]))]
    >>> jvp(np.array([[3.0, 4.0], [5.0, 6.0]]), layers, direction).A_L_dot
    array([[3., 4.]])
    """
    _check_problem("jvp", X, layers)
    if direction is not None:
        _check_direction("jvp", layers, direction)
    if X_dot is not None:
        check_array("jvp", "X_dot", X_dot, "n_0 m", n_0=X.shape[0], m=X.shape[1])
    trace = _forward(X, layers, _or_zeros(direction, layers), _zero_if_none(X_dot, X))
    L = len(layers)
    return OutputAndDerivative(trace.A[L], trace.A_dot[L])


def hvp(
    X: Input, Y: Output, layers: Sequence[Layer], loss: Loss, direction: Direction
) -> tuple[LayerGradients, ...]:
    """Compute the derivative of a network's gradient in a direction: the Hessian times a vector.

    Implements :eq:`eq-second-order-hvp`, forward over reverse (Pearlmutter, 1994): exact, and about
    three times the cost of `loss_and_grads` however many parameters there are.

    Parameters
    ----------
    X
        Input, one column per example.
    Y
        Targets, one column per example.
    layers
        The layers 1, ..., L; any activation but the layer norm. ReLU and leaky ReLU count as linear
        on each side, with the second derivative 0.
    loss
        The loss, one of `LOSSES`. The 1/m is in it, and from there in the result.
    direction
        One pair (W_dot, b_dot) for each layer, in the shapes of its W and b. `LayerGradients`, and
        earlier results of this function, serve as they are.

    Returns
    -------
    product
        For each layer the derivatives of dW and db in the direction.

    Raises
    ------
    ValueError
        If there is no layer, a shape does not fit the others, or an activation or the loss has no
        rule here.
    TypeError
        If an array holds no floating-point numbers, or a layer is no `Layer`.

    Examples
    --------
    A linear layer under the half squared error has the Hessian X Xᵀ / m in each row of W:

    >>> import numpy as np
    >>> from fcnref import HALF_SQUARED_ERROR, IDENTITY, Layer, hvp
    >>> X, Y = np.array([[1.0, 0.0], [2.0, 4.0]]), np.array([[0.0, 1.0]])
    >>> layers = [Layer(np.array([[1.0, -1.0]]), np.array([[0.5]]), IDENTITY)]
    >>> W_dot = np.array([[1.0, 0.0]])
    >>> hvp(X, Y, layers, HALF_SQUARED_ERROR, [(W_dot, np.array([[0.0]]))])[0].dW
    array([[0.5, 1. ]])
    >>> W_dot @ (X @ X.T / 2)
    array([[0.5, 1. ]])
    """
    _check_problem("hvp", X, layers)
    _check_direction("hvp", layers, direction)
    if not isinstance(loss, Loss):
        raise TypeError(
            f"hvp: loss must be a Loss such as fcnref.HALF_SQUARED_ERROR, got {loss!r}."
        )
    if loss.name not in _LOSSES:
        raise ValueError(
            f"hvp: loss must have a second derivative here, got {loss.name!r}; "
            f"use one of {', '.join(_LOSSES)}."
        )
    L = len(layers)
    A, Z, A_dot, Z_dot = _forward(X, layers, direction, np.zeros_like(X))
    dA, dA_dot = loss.grad(A[L], Y), _LOSSES[loss.name](A[L], Y, A_dot[L])
    product: list[LayerGradients] = []
    for l in range(L, 0, -1):
        (W, _, activation), (W_dot, _) = layers[l - 1], direction[l - 1]
        kept = Z[l] if activation.reads == "Z" else A[l]
        dZ = activation.backward(dA, kept)
        dZ_dot = activation.backward(dA_dot, kept) + _bend(activation, dA, Z[l], Z_dot[l])
        dW_dot = dZ_dot @ A[l - 1].T + dZ @ A_dot[l - 1].T
        db_dot: Bias = np.sum(dZ_dot, axis=1, keepdims=True)
        product.append(LayerGradients(dW_dot, db_dot))
        if l > 1:
            dA, dA_dot = W.T @ dZ, W.T @ dZ_dot + W_dot.T @ dZ
    return tuple(reversed(product))


def _forward(X: Array, layers: Sequence[Layer], direction: Direction, X_dot: Array) -> _Trace:
    A, Z, A_dot, Z_dot = {0: X}, {}, {0: X_dot}, {}
    for l, ((W, b, activation), (W_dot, b_dot)) in enumerate(
        zip(layers, direction, strict=True), start=1
    ):
        Z[l] = affine(A[l - 1], W, b)
        Z_dot[l] = W_dot @ A[l - 1] + W @ A_dot[l - 1] + b_dot
        A[l] = activation.forward(Z[l])
        A_dot[l] = _push(activation, Z[l], A[l], Z_dot[l])
    return _Trace(A, Z, A_dot, Z_dot)


def _push(activation: Activation, Z: Array, A: Array, Z_dot: Array) -> Array:
    """Multiply every column of Z_dot by the Jacobian of the activation."""
    if activation.name == "log_softmax":
        return Z_dot - _sum_units(softmax(Z) * Z_dot)
    # The other Jacobians are symmetric, and the backward rule multiplies by their transpose.
    return activation.backward(Z_dot, Z if activation.reads == "Z" else A)


def _bend(activation: Activation, dA: Array, Z: Array, Z_dot: Array) -> Array:
    """Differentiate the backward rule in the direction Z_dot, with dA held constant."""
    return _BENDS[activation.name](dA, Z, Z_dot)


def _elementwise(double_prime: Callable[[Array], Array]) -> Callable[[Array, Array, Array], Array]:
    return lambda dA, Z, Z_dot: dA * double_prime(Z) * Z_dot


def _flat(dA: Array, _Z: Array, _Z_dot: Array) -> Array:
    return np.zeros_like(dA)


def _softmax_bend(dA: Array, Z: Array, Z_dot: Array) -> Array:
    A = softmax(Z)
    A_dot = softmax_backward(Z_dot, Z)
    return A_dot * (dA - _sum_units(dA * A)) - A * _sum_units(dA * A_dot)


def _log_softmax_bend(dA: Array, Z: Array, Z_dot: Array) -> Array:
    return -softmax_backward(Z_dot, Z) * _sum_units(dA)


def _sum_units(Z: Array) -> Array:
    total: Array = np.sum(Z, axis=0, keepdims=True)
    return total


_BENDS: Mapping[str, Callable[[Array, Array, Array], Array]] = MappingProxyType(
    {
        "identity": _flat,
        "relu": _flat,
        "leaky_relu": _flat,
        "sigmoid": _elementwise(sigmoid_double_prime),
        "tanh": _elementwise(tanh_double_prime),
        "softplus": _elementwise(softplus_double_prime),
        "silu": _elementwise(silu_double_prime),
        "gelu": _elementwise(gelu_double_prime),
        "gelu_tanh": _elementwise(gelu_tanh_double_prime),
        "softmax": _softmax_bend,
        "log_softmax": _log_softmax_bend,
    }
)


def _half_squared_error(A: Array, _Y: Array, A_dot: Array) -> Array:
    return A_dot / _examples(A)


def _mean_squared_error(A: Array, _Y: Array, A_dot: Array) -> Array:
    return 2 * A_dot / (len(A) * _examples(A))


def _binary_cross_entropy(A: Array, Y: Array, A_dot: Array) -> Array:
    return (_x_over_y(Y, A**2) + _x_over_y(1 - Y, (1 - A) ** 2)) * A_dot / _examples(A)


def _cross_entropy(A: Array, Y: Array, A_dot: Array) -> Array:
    return _x_over_y(Y, A**2) * A_dot / _examples(A)


def _sigmoid_cross_entropy(logits: Array, _Y: Array, logits_dot: Array) -> Array:
    return sigmoid_prime(logits) * logits_dot / _examples(logits)


def _softmax_cross_entropy(logits: Array, _Y: Array, logits_dot: Array) -> Array:
    # The Jacobian of the softmax is symmetric, so its backward rule pushes forward as well.
    return softmax_backward(logits_dot, logits) / _examples(logits)


def _examples(A: Array) -> int:
    m: int = A.shape[1]
    return m


_LOSSES: Mapping[str, Callable[[Array, Array, Array], Array]] = MappingProxyType(
    {
        "half_squared_error": _half_squared_error,
        "mean_squared_error": _mean_squared_error,
        "binary_cross_entropy": _binary_cross_entropy,
        "cross_entropy": _cross_entropy,
        "sigmoid_cross_entropy": _sigmoid_cross_entropy,
        "softmax_cross_entropy": _softmax_cross_entropy,
    }
)


def _or_zeros(direction: Direction | None, layers: Sequence[Layer]) -> Direction:
    if direction is None:
        return [(np.zeros_like(W), np.zeros_like(b)) for W, b, _ in layers]
    return direction


def _zero_if_none(X_dot: Array | None, X: Array) -> Array:
    return np.zeros_like(X) if X_dot is None else X_dot


def _check_problem(who: str, X: Input, layers: Sequence[Layer]) -> None:
    _check_network(who, X, layers)
    for l, layer in enumerate(layers, start=1):
        if layer.activation.name not in _BENDS:
            raise ValueError(
                f"{who}: the activation of layer {l} must have a rule for directions, "
                f"got {layer.activation.name!r}; use one of {', '.join(_BENDS)}."
            )


def _check_direction(who: str, layers: Sequence[Layer], direction: Direction) -> None:
    check_pairs(who, "direction", direction, "(W_dot, b_dot)")
    if len(direction) != len(layers):
        raise ValueError(
            f"{who}: direction must hold L = {len(layers)} pairs (W_dot, b_dot), one for each "
            f"layer, got {len(direction)}."
        )
    for l, ((W, _, _), (W_dot, b_dot)) in enumerate(zip(layers, direction, strict=True), start=1):
        sizes = {f"n_{l}": W.shape[0], f"n_{l - 1}": W.shape[1]}
        check_array(who, f"W_dot[{l}]", W_dot, f"n_{l} n_{l - 1}", **sizes)
        check_array(who, f"b_dot[{l}]", b_dot, f"n_{l} 1", **sizes)
