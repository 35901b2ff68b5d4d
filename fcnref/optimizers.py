"""Optimizers as pure steps: layers, gradients and state in, new layers and new state out.

Every step has the form ``step(layers, grads, state, ...)`` and returns a `Step`; the state is None
at the start. Nothing is changed in place, so the layers of before the step remain what the trace
was made with.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from fcnref._arrays import Array, check_array, check_list
from fcnref.affine import LayerGradients
from fcnref.network import Layer, NetworkGradients

__all__ = ["AdamState", "Step", "adam", "gradient_descent", "momentum"]

Directions: TypeAlias = tuple[LayerGradients, ...]


class Step(NamedTuple):
    """The result of one step.

    Attributes
    ----------
    layers
        The updated layers.
    state
        What the next step needs; None for gradient descent.
    """

    layers: tuple[Layer, ...]
    state: Any


class AdamState(NamedTuple):
    """What Adam remembers from step to step.

    Attributes
    ----------
    t
        Number of steps taken.
    mean
        Running mean of the gradients, not yet corrected for its start at 0.
    square
        Running mean of their squares, not yet corrected either.
    """

    t: int
    mean: Directions
    square: Directions


def gradient_descent(
    layers: Sequence[Layer],
    grads: NetworkGradients,
    state: None = None,  # noqa: ARG001 - every step takes a state
    *,
    learning_rate: float,
) -> Step:
    """Step against the gradient: W - α dW and b - α db.

    Parameters
    ----------
    layers
        The layers that the gradients were computed with.
    grads
        Their gradients.
    state
        Gradient descent remembers nothing.
    learning_rate
        The factor α.

    Returns
    -------
    Step
        The updated layers, and None.

    Raises
    ------
    ValueError
        If a gradient has another shape than its parameter.
    TypeError
        If a gradient is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import IDENTITY, Layer, LayerGradients, NetworkGradients, gradient_descent
    >>> layers = [Layer(np.array([[1.0, 2.0]]), np.array([[0.0]]), IDENTITY)]
    >>> dW, db = np.array([[10.0, 0.0]]), np.array([[5.0]])
    >>> grads = NetworkGradients((LayerGradients(dW, db),), None)
    >>> gradient_descent(layers, grads, learning_rate=0.1).layers[0].W
    array([[0., 2.]])
    """
    _check_gradients("gradient_descent", layers, grads.layers)
    return Step(_moved(layers, grads.layers, learning_rate), None)


def momentum(
    layers: Sequence[Layer],
    grads: NetworkGradients,
    state: Directions | None = None,
    *,
    learning_rate: float,
    beta: float = 0.9,
) -> Step:
    """Step against the velocity V, a decaying sum of gradients (Polyak, 1964).

    V becomes β V + dW, and W becomes W - α V; the same for b.

    Parameters
    ----------
    layers
        The layers that the gradients were computed with.
    grads
        Their gradients.
    state
        The velocity, or None at the start.
    learning_rate
        The factor α.
    beta
        The part of the velocity that is kept.

    Returns
    -------
    Step
        The updated layers and the velocity.

    Raises
    ------
    ValueError
        If a gradient has another shape than its parameter, or the state is of other layers.
    TypeError
        If a gradient is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import IDENTITY, Layer, LayerGradients, NetworkGradients, momentum
    >>> layers = [Layer(np.array([[1.0]]), np.array([[0.0]]), IDENTITY)]
    >>> grads = NetworkGradients((LayerGradients(np.array([[1.0]]), np.array([[0.0]])),), None)
    >>> layers, velocity = momentum(layers, grads, learning_rate=0.1, beta=0.5)
    >>> layers, velocity = momentum(layers, grads, velocity, learning_rate=0.1, beta=0.5)
    >>> layers[0].W
    array([[0.75]])
    """
    _check_gradients("momentum", layers, grads.layers)
    V = grads.layers
    if state is not None:
        _check_state("momentum", grads.layers, state)
        V = _map(lambda v, d: beta * v + d, state, grads.layers)
    return Step(_moved(layers, V, learning_rate), V)


def adam(
    layers: Sequence[Layer],
    grads: NetworkGradients,
    state: AdamState | None = None,
    *,
    learning_rate: float = 1e-3,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
) -> Step:
    """Step against the mean gradient, each entry scaled by its own size (Kingma and Ba, 2015).

    Parameters
    ----------
    layers
        The layers that the gradients were computed with.
    grads
        Their gradients.
    state
        What the last step returned, or None at the start.
    learning_rate
        The size of a step.
    beta_1
        Decay of the mean of the gradients.
    beta_2
        Decay of the mean of their squares.
    epsilon
        Keeps the quotient finite where the gradients are 0.

    Returns
    -------
    Step
        The updated layers and an `AdamState`.

    Raises
    ------
    ValueError
        If a gradient has another shape than its parameter, or the state is of other layers.
    TypeError
        If a gradient is no array of floating-point numbers.

    Examples
    --------
    The first step moves every entry by the learning rate, whatever the size of its gradient.

    >>> import numpy as np
    >>> from fcnref import IDENTITY, Layer, LayerGradients, NetworkGradients, adam
    >>> layers = [Layer(np.array([[1.0, 1.0]]), np.array([[0.0]]), IDENTITY)]
    >>> dW, db = np.array([[9.0, -0.1]]), np.array([[0.0]])
    >>> grads = NetworkGradients((LayerGradients(dW, db),), None)
    >>> adam(layers, grads, learning_rate=0.25).layers[0].W.round(6)
    array([[0.75, 1.25]])
    """
    _check_gradients("adam", layers, grads.layers)
    if state is None:
        zeros = _map(np.zeros_like, grads.layers)
        state = AdamState(0, zeros, zeros)
    t, mean, square = state
    _check_state("adam", grads.layers, mean)
    t = t + 1
    mean = _map(lambda m, d: beta_1 * m + (1 - beta_1) * d, mean, grads.layers)
    square = _map(lambda s, d: beta_2 * s + (1 - beta_2) * d**2, square, grads.layers)
    direction = _map(
        lambda m, s: m / (1 - beta_1**t) / (np.sqrt(s / (1 - beta_2**t)) + epsilon), mean, square
    )
    return Step(_moved(layers, direction, learning_rate), AdamState(t, mean, square))


def _map(f: Callable[..., Array], *trees: Directions) -> Directions:
    """Apply `f` to the dW of every layer, and to the db."""
    return tuple(LayerGradients(*map(f, *same)) for same in zip(*trees, strict=True))


def _moved(
    layers: Sequence[Layer], directions: Directions, learning_rate: float
) -> tuple[Layer, ...]:
    return tuple(
        layer._replace(W=layer.W - learning_rate * dW, b=layer.b - learning_rate * db)
        for layer, (dW, db) in zip(layers, directions, strict=True)
    )


def _check_gradients(who: str, layers: Sequence[Layer], gradients: Directions) -> None:
    check_list(who, "layers", layers, "Layer(W, b, activation)")
    if len(layers) != len(gradients):
        raise ValueError(
            f"{who}: {len(layers)} layers need as many gradients, got {len(gradients)}."
        )
    for l, (layer, (dW, db)) in enumerate(zip(layers, gradients, strict=True), start=1):
        n, n_prev = layer.W.shape
        check_array(who, f"dW[{l}]", dW, "n n_prev", n=n, n_prev=n_prev)
        check_array(who, f"db[{l}]", db, "n 1", n=n)


def _check_state(who: str, gradients: Directions, state: Directions) -> None:
    """Refuse the state of another network, which may well broadcast."""
    if _shapes(state) != _shapes(gradients):
        raise ValueError(
            f"{who}: the state must be that of these layers, with shapes {_shapes(gradients)}, "
            f"got {_shapes(state)}; pass what the last step returned, or None to start."
        )


def _shapes(directions: Directions) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    return [(dW.shape, db.shape) for dW, db in directions]
