"""Training on mini-batches: shuffle, deal, gradients, step."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fcnref._arrays import Input, Output, check_array
from fcnref.losses import Loss
from fcnref.network import Layer, loss_and_grads
from fcnref.optimizers import Step

__all__ = ["History", "Trained", "mini_batches", "train"]


class History(NamedTuple):
    """What happened during training.

    Attributes
    ----------
    loss
        The loss of every mini-batch, before its step, in order.
    monitored
        What the monitor returned after every epoch; empty without a monitor.
    """

    loss: tuple[float, ...]
    monitored: tuple[Any, ...]


class Trained(NamedTuple):
    """The result of training.

    Attributes
    ----------
    layers
        The trained layers.
    history
        The losses on the way.
    """

    layers: tuple[Layer, ...]
    history: History


def mini_batches(
    rng: "np.random.Generator", m: int, batch_size: int
) -> Iterator[npt.NDArray[np.intp]]:
    """Deal the examples 0, ..., m - 1 into mini-batches, in random order.

    Parameters
    ----------
    rng
        Random generator.
    m
        Number of examples.
    batch_size
        The most examples that a mini-batch may hold.

    Returns
    -------
    batches
        The column numbers of each mini-batch. Every example is in exactly one, and the sizes
        differ by at most one: a small last mini-batch would take a step as long as the others in
        a direction that is far noisier.

    Raises
    ------
    ValueError
        If the batch size is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import mini_batches
    >>> batches = list(mini_batches(np.random.default_rng(0), 7, 3))
    >>> [batch.size for batch in batches], sorted(int(i) for batch in batches for i in batch)
    ([3, 2, 2], [0, 1, 2, 3, 4, 5, 6])
    """
    if batch_size < 1:
        raise ValueError(f"mini_batches: batch_size must be at least 1, got {batch_size}.")
    return iter(np.array_split(rng.permutation(m), max(1, math.ceil(m / batch_size))))


def train(
    rng: "np.random.Generator",
    X: Input,
    Y: Output,
    layers: Sequence[Layer],
    loss: Loss,
    step: Callable[..., Step],
    *,
    epochs: int,
    batch_size: int,
    monitor: Callable[[tuple[Layer, ...]], Any] | None = None,
    progress: bool = True,
) -> Trained:
    """Train a network on mini-batches.

    Parameters
    ----------
    rng
        Random generator that shuffles the examples.
    X
        Inputs, one column per example.
    Y
        Targets, one column per example.
    layers
        The network to start from.
    loss
        The loss.
    step
        The optimizer with its settings, such as ``functools.partial(adam, learning_rate=0.01)``.
    epochs
        How often every example is seen.
    batch_size
        The most examples that a mini-batch may hold.
    monitor
        Called with the layers after every epoch; what it returns is kept in the history.
    progress
        Whether to show a progress bar, which needs tqdm.

    Returns
    -------
    Trained
        The trained layers and the history.

    Raises
    ------
    ValueError
        If the inputs and targets hold different numbers of examples, or a shape does not fit.
    TypeError
        If an array holds no floating-point numbers.
    ModuleNotFoundError
        If a progress bar is asked for and tqdm is not installed.

    Examples
    --------
    A line through points on a line:

    >>> from functools import partial
    >>> import numpy as np
    >>> from fcnref import HALF_SQUARED_ERROR, IDENTITY, gradient_descent, initialize, train
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (1, 32))
    >>> layers = initialize(rng, [1, 1], [IDENTITY])
    >>> step = partial(gradient_descent, learning_rate=0.5)
    >>> layers, history = train(rng, X, 3 * X + 1, layers, HALF_SQUARED_ERROR, step,
    ...                         epochs=40, batch_size=8, progress=False)
    >>> layers[0].W.round(3), layers[0].b.round(3)
    (array([[3.]]), array([[1.]]))
    """
    check_array("train", "X", X, "n_0 m")
    m = X.shape[1]
    check_array("train", "Y", Y, "n_L m", m=m)
    layers, state = tuple(layers), None
    losses: list[float] = []
    monitored: list[Any] = []
    for _ in _bar(range(epochs), progress):
        for batch in mini_batches(rng, m, batch_size):
            J, grads = loss_and_grads(X[:, batch], Y[:, batch], layers, loss)
            layers, state = step(layers, grads, state)
            losses.append(float(J.real))
        if monitor is not None:
            monitored.append(monitor(layers))
    return Trained(layers, History(tuple(losses), tuple(monitored)))


def _bar(epochs: range, progress: bool) -> Iterable[int]:
    if not progress:
        return epochs
    try:
        from tqdm.auto import tqdm
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "train: the progress bar needs tqdm; install fcnref[train], or pass progress=False."
        ) from error
    bar: Iterable[int] = tqdm(epochs, desc="epochs", leave=False)
    return bar
