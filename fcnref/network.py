"""A fully connected network: the forward pass, the backward pass, and the loss with its gradients.

The loops below are the recursion of the derivation: l counts layers as it does there, and
``trace.A[l]`` is A[l]. The trace holds no parameter: a backward pass reads the weights from the
layers, so it cannot read stale ones. The shapes are compared once, where an array enters the
network; inside it the loops call functions that compare nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fcnref._arrays import (
    Array,
    Bias,
    Input,
    Output,
    Scalar,
    Weights,
    check_array,
    check_list,
    unchecked,
)
from fcnref._display import arrays_html, arrays_text
from fcnref.activations import Activation
from fcnref.affine import (
    LayerGradients,
    affine,
    affine_backward_input,
    affine_backward_parameters,
)
from fcnref.losses import Loss

__all__ = [
    "Layer",
    "LossAndGradients",
    "NetworkGradients",
    "Trace",
    "backward",
    "forward",
    "loss_and_grads",
]

_affine = unchecked(affine)
_affine_backward_input = unchecked(affine_backward_input)
_affine_backward_parameters = unchecked(affine_backward_parameters)


class Layer(NamedTuple):
    """One fully connected layer, A = activation(W A_prev + b).

    Attributes
    ----------
    W
        Weights, of shape (n, n_prev).
    b
        Bias, of shape (n, 1).
    activation
        The map applied to the pre-activations.
    """

    W: Weights
    b: Bias
    activation: Activation

    def __repr__(self) -> str:
        return arrays_text("Layer", self._named())

    def _repr_html_(self) -> str:
        return arrays_html("Layer", self._named())

    def _named(self) -> Iterator[tuple[str, Any]]:
        yield "W", self.W
        yield "b", self.b
        yield "activation", getattr(self.activation, "name", self.activation)


class Trace(NamedTuple):
    """What the forward pass keeps for the backward pass, indexed like the mathematics.

    Attributes
    ----------
    A
        A[0] = X, A[1], ..., A[L], the output.
    Z
        Z[l] where the backward rule of layer l reads it, None elsewhere. Z[0] is None.
    """

    A: tuple[Array, ...]
    Z: tuple[Array | None, ...]

    def __repr__(self) -> str:
        return arrays_text("Trace", self._named())

    def _repr_html_(self) -> str:
        return arrays_html("Trace", self._named())

    def _named(self) -> Iterator[tuple[str, Array]]:
        for l, (A, Z) in enumerate(zip(self.A, self.Z, strict=True)):
            if Z is not None:
                yield f"Z[{l}]", Z
            yield f"A[{l}]", A


class NetworkGradients(NamedTuple):
    """The gradients of a network's parameters, and of its input when asked for.

    Attributes
    ----------
    layers
        dW and db of the layers 1, ..., L; those of layer l are ``layers[l - 1]``.
    dA_0
        The gradient of the loss by the input X, or None.
    """

    layers: tuple[LayerGradients, ...]
    dA_0: Input | None

    def __repr__(self) -> str:
        return arrays_text("NetworkGradients", self._named())

    def _repr_html_(self) -> str:
        return arrays_html("NetworkGradients", self._named())

    def _named(self) -> Iterator[tuple[str, Array]]:
        for l, (dW, db) in enumerate(self.layers, start=1):
            yield f"dW[{l}]", dW
            yield f"db[{l}]", db
        if self.dA_0 is not None:
            yield "dA[0]", self.dA_0


class LossAndGradients(NamedTuple):
    """The loss and the gradients of one pass forward and back.

    Attributes
    ----------
    loss
        The loss J.
    grads
        Its gradients.
    """

    loss: Scalar
    grads: NetworkGradients

    def __repr__(self) -> str:
        return arrays_text("LossAndGradients", self._named())

    def _repr_html_(self) -> str:
        return arrays_html("LossAndGradients", self._named())

    def _named(self) -> Iterator[tuple[str, Array | Scalar]]:
        yield "J", self.loss
        yield from self.grads._named()


def forward(X: Input, layers: Sequence[Layer]) -> Trace:
    """Run the network on a batch and keep what the backward pass will read.

    Implements :eq:`eq-forward-recursion`.

    Parameters
    ----------
    X
        Input, one column per example.
    layers
        The layers 1, ..., L, in this order.

    Returns
    -------
    Trace
        The activations A[0], ..., A[L], and Z[l] for the layers whose backward rule reads it.

    Raises
    ------
    ValueError
        If there is no layer, or a shape does not fit the others.
    TypeError
        If an array holds no floating-point numbers, or a layer is no `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import IDENTITY, RELU, Layer, forward
    >>> layers = [
    ...     Layer(np.array([[1.0, -1.0]]), np.array([[0.5]]), RELU),
    ...     Layer(np.array([[2.0], [3.0]]), np.array([[0.0], [1.0]]), IDENTITY),
    ... ]
    >>> forward(np.array([[1.0, 0.0], [0.0, 4.0]]), layers).A[2]
    array([[3. , 0. ],
           [5.5, 1. ]])
    """
    _check_network("forward", X, layers)
    return _forward(X, layers)


def backward(
    dA_L: Output, layers: Sequence[Layer], trace: Trace, with_dA_0: bool = False
) -> NetworkGradients:
    """Run the network backward, from the gradient by its output to those of its parameters.

    Implements :eq:`eq-whole-network-recursion`. Holds no 1/m of its own; dA_L brings it along.

    Parameters
    ----------
    dA_L
        Gradient of the loss by the output A[L].
    layers
        The layers that `forward` ran, before any update.
    trace
        What `forward` returned.
    with_dA_0
        Whether to compute the gradient by the input, which training does not need.

    Returns
    -------
    NetworkGradients
        dW and db of every layer, and dA_0 if asked for.

    Raises
    ------
    ValueError
        If a shape does not fit the others, or the trace is of another network.
    TypeError
        If dA_L holds no floating-point numbers, or the trace is no `Trace`.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import IDENTITY, Layer, backward, forward
    >>> layers = [Layer(np.array([[1.0, -1.0]]), np.array([[0.5]]), IDENTITY)]
    >>> X = np.array([[1.0, 0.0], [2.0, 4.0]])
    >>> dA_L = np.array([[1.0, 10.0]])
    >>> grads = backward(dA_L, layers, forward(X, layers), with_dA_0=True)
    >>> grads.layers[0].dW
    array([[ 1., 42.]])
    >>> grads.dA_0
    array([[  1.,  10.],
           [ -1., -10.]])
    """
    _check_trace("backward", dA_L, layers, trace)
    return _backward(dA_L, layers, trace, with_dA_0)


def loss_and_grads(
    X: Input, Y: Output, layers: Sequence[Layer], loss: Loss, with_dA_0: bool = False
) -> LossAndGradients:
    """Compute the loss of a network on a batch, and its gradients by every parameter.

    Implements :eq:`eq-whole-network-recursion` from its base case, dA[L]. The 1/m is in the loss.

    Parameters
    ----------
    X
        Input, one column per example.
    Y
        Targets, one column per example.
    layers
        The layers 1, ..., L. Before a loss on logits the last activation is the identity.
    loss
        The loss.
    with_dA_0
        Whether to compute the gradient by the input as well.

    Returns
    -------
    LossAndGradients
        The loss and the gradients.

    Raises
    ------
    ValueError
        If a shape does not fit the others, or the loss refuses the targets.
    TypeError
        If an array holds no floating-point numbers, or the loss is no `Loss`.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import IDENTITY, SOFTMAX_CROSS_ENTROPY, Layer, loss_and_grads
    >>> layers = [Layer(np.zeros((2, 3)), np.zeros((2, 1)), IDENTITY)]
    >>> X, Y = np.eye(3), np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> J, grads = loss_and_grads(X, Y, layers, SOFTMAX_CROSS_ENTROPY)
    >>> float(J / np.log(2))
    1.0
    >>> grads.layers[0].db
    array([[-0.16666667],
           [ 0.16666667]])
    """
    if not isinstance(loss, Loss):
        raise TypeError(
            f"loss_and_grads: loss must be a Loss such as fcnref.HALF_SQUARED_ERROR, got {loss!r}."
        )
    _check_network("loss_and_grads", X, layers)
    trace = _forward(X, layers)
    _check_targets("loss_and_grads", Y, trace.A[-1])
    J, dA_L = _value_and_grad(loss, trace.A[-1], Y)
    return LossAndGradients(J, _backward(dA_L, layers, trace, with_dA_0))


def _forward(X: Input, layers: Sequence[Layer]) -> Trace:
    A: list[Array] = [X]
    kept: list[Array | None] = [None]
    for layer in layers:
        Z, A_l = _layer_forward(A[-1], layer)
        A.append(A_l)
        kept.append(Z)
    return Trace(tuple(A), tuple(kept))


def _layer_forward(A_prev: Array, layer: Layer) -> tuple[Array | None, Array]:
    """Compute the activations of one layer; Z outlives it only where the backward rule reads it."""
    W, b, activation = layer
    Z = _affine(A_prev, W, b)
    A = unchecked(activation.forward)(Z)
    if A.shape != Z.shape:
        raise _explain_lost_shape(activation.name, "A", A, "Z", Z)
    return Z if activation.reads == "Z" else None, A


def _backward(
    dA_L: Output, layers: Sequence[Layer], trace: Trace, with_dA_0: bool
) -> NetworkGradients:
    dA = dA_L
    grads: list[LayerGradients] = []
    for l in range(len(layers), 0, -1):
        W, _, activation = layers[l - 1]
        kept = trace.Z[l] if activation.reads == "Z" else trace.A[l]
        dZ = unchecked(activation.backward)(dA, kept)
        if dZ.shape != dA.shape:
            raise _explain_lost_shape(activation.name, "dZ", dZ, "dA", dA)
        grads.append(_affine_backward_parameters(dZ, trace.A[l - 1]))
        del dA  # at most two gradients of a layer's size are alive: this one and the next
        if l > 1 or with_dA_0:
            dA = _affine_backward_input(dZ, W)
        del dZ
    return NetworkGradients(tuple(reversed(grads)), dA if with_dA_0 else None)


def _value_and_grad(loss: Loss, A: Output, Y: Output) -> tuple[Scalar, Output]:
    if loss.value_and_grad is None:
        J, dA = unchecked(loss.value)(A, Y), unchecked(loss.grad)(A, Y)
    else:
        J, dA = unchecked(loss.value_and_grad)(A, Y)
    if dA.shape != A.shape:
        raise _explain_lost_shape(loss.name, "the gradient", dA, "A", A)
    return J, dA


def _check_network(who: str, X: Input, layers: Sequence[Layer]) -> None:
    """Say which layer does not fit, when one does not."""
    try:
        if _fits(X, layers):
            return
    except (AttributeError, TypeError, ValueError):
        pass
    _check_count(who, layers)
    sizes: dict[str, int] = {}
    for l, layer in enumerate(layers, start=1):
        _check_layer(who, l, layer, sizes)
        sizes = {f"n_{l}": layer.W.shape[0]}
    check_array(who, "X", X, "n_0 m", n_0=layers[0].W.shape[1])


def _fits(X: Any, layers: Sequence[Any]) -> bool:
    """Tell whether every array holds numbers and has the shape that its neighbors ask for."""
    n_prev, m = X.shape
    fits = len(layers) > 0 and m >= 0 and X.dtype.kind in "fc"  # a lazy m may be unknown, NaN
    for layer in layers:
        W, b, activation = layer
        n = W.shape[0]
        fits = (
            fits
            and W.shape == (n, n_prev)
            and b.shape == (n, 1)
            and W.dtype.kind in "fc"
            and b.dtype.kind in "fc"
            and isinstance(activation, Activation)
            and isinstance(layer, Layer)
        )
        n_prev = n
    return fits


def _check_count(who: str, layers: Sequence[Layer]) -> None:
    check_list(who, "layers", layers, "Layer(W, b, activation)")
    if len(layers) == 0:
        raise ValueError(f"{who}: a network needs at least one layer, got none.")


def _check_layer(who: str, l: int, layer: Layer, sizes: Mapping[str, int]) -> None:
    if not isinstance(layer, Layer):
        raise TypeError(
            f"{who}: layer {l} must be a Layer(W, b, activation), got {type(layer).__name__}."
        )
    if not isinstance(layer.activation, Activation):
        raise TypeError(
            f"{who}: the activation of layer {l} must be an Activation such as fcnref.RELU, "
            f"got {layer.activation!r}."
        )
    check_array(who, f"W[{l}]", layer.W, f"n_{l} n_{l - 1}", **sizes)
    check_array(who, f"b[{l}]", layer.b, f"n_{l} 1", **{f"n_{l}": layer.W.shape[0]})


def _check_targets(who: str, Y: Output, A_L: Output) -> None:
    if getattr(Y, "shape", None) != A_L.shape or Y.dtype.kind not in "fc":
        n_L, m = A_L.shape
        check_array(who, "Y", Y, "n_L m", n_L=n_L, m=m)


def _explain_lost_shape(who: str, name: str, got: Array, of: str, given: Array) -> ValueError:
    return ValueError(f"{who}: {name} must have the shape of {of}, {given.shape}, got {got.shape}.")


def _check_trace(who: str, dA_L: Output, layers: Sequence[Layer], trace: Trace) -> None:
    if not isinstance(trace, Trace):
        raise TypeError(
            f"{who}: trace must be the Trace that forward returned, got {type(trace).__name__}."
        )
    _check_count(who, layers)
    L = len(layers)
    if len(trace.A) != L + 1 or len(trace.Z) != L + 1:
        raise ValueError(
            f"{who}: the trace must hold A[0], ..., A[{L}] and as many Z for {L} layers, got "
            f"{len(trace.A)} and {len(trace.Z)}; pass what forward returned for these layers."
        )
    _, m = trace.A[0].shape
    for l, layer in enumerate(layers, start=1):
        _check_layer(who, l, layer, {})
        A, Z, n, n_prev = trace.A[l], trace.Z[l], len(trace.A[l]), len(trace.A[l - 1])
        if layer.W.shape != (n, n_prev):
            raise ValueError(
                f"{who}: the trace must be of these layers, got one of a layer {l} whose W has "
                f"shape (n_{l}, n_{l - 1}) = ({n}, {n_prev}), not {layer.W.shape}; "
                "pass what forward returned for these layers."
            )
        if layer.activation.reads == "Z" and Z is None:
            raise ValueError(
                f"{who}: the trace must hold Z[{l}], which the rule of {layer.activation.name} "
                "reads, got None; pass what forward returned for these layers."
            )
        sizes = {f"n_{l}": n, "m": m}
        check_array(who, f"A[{l}]", A, f"n_{l} m", **sizes)
        if Z is not None:
            check_array(who, f"Z[{l}]", Z, f"n_{l} m", **sizes)
    check_array(who, "dA_L", dA_L, f"n_{L} m", **sizes)
