"""Training on mini-batches: shuffle, deal, gradients, step.

Where training stands is one record that every step replaces. It can be interrupted anywhere, and
taken up again from there.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fcnref._arrays import Input, Output, check_array, check_list
from fcnref._display import arrays_html, arrays_text
from fcnref.losses import Loss
from fcnref.network import Layer, loss_and_grads
from fcnref.optimizers import Step

__all__ = ["History", "Memory", "Trained", "mini_batches", "train"]


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

    def __repr__(self) -> str:
        return arrays_text("History", self._named())

    def _repr_html_(self) -> str:
        return arrays_html("History", self._named())

    def _named(self) -> Iterator[tuple[str, Any]]:
        yield "loss", np.asarray(self.loss)
        if self.monitored:
            yield "monitored", _numbers(self.monitored)


class Memory(NamedTuple):
    """What training remembers besides the layers: where another call takes it up again.

    Attributes
    ----------
    optimizer
        What the optimizer keeps from step to step.
    rng
        State that the random generator had when the epoch under way began.
    epoch
        How many epochs are finished.
    batch
        How many mini-batches of the epoch under way are done.
    batches
        How many it has.
    """

    optimizer: Any
    rng: Mapping[str, Any]
    epoch: int
    batch: int
    batches: int


class Trained(NamedTuple):
    """The result of training.

    Attributes
    ----------
    layers
        The trained layers.
    history
        The losses on the way.
    memory
        What `train` needs to go on.
    """

    layers: tuple[Layer, ...]
    history: History
    memory: Memory

    def __repr__(self) -> str:
        return arrays_text("Trained", self._named())

    def _repr_html_(self) -> str:
        return arrays_html("Trained", self._named())

    def _named(self) -> Iterator[tuple[str, Any]]:
        for l, layer in enumerate(self.layers, start=1):
            for name, value in layer._named():
                yield f"{name}[{l}]", value
        yield "epochs", self.memory.epoch
        yield from self.history._named()


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
    layers: Sequence[Layer] | Trained,
    loss: Loss,
    step: Callable[..., Step],
    *,
    epochs: int,
    batch_size: int,
    monitor: Callable[[tuple[Layer, ...]], Any] | None = None,
    checkpoint: Callable[[Trained], object] | None = None,
    progress: bool = True,
) -> Trained:
    """Train a network on mini-batches.

    Ctrl-C ends the training and not the program: what comes back is the network after the last
    complete step. Passed in place of the layers, it is trained on, and the result is the one of a
    training that was never interrupted, bit for bit.

    Parameters
    ----------
    rng
        Random generator that shuffles the examples. To go on, it is put into the state that the
        memory of the interrupted training names.
    X
        Inputs, one column per example.
    Y
        Targets, one column per example.
    layers
        The network to start from, or what an earlier call returned, to go on.
    loss
        The loss.
    step
        The optimizer with its settings, such as ``functools.partial(adam, learning_rate=0.01)``.
    epochs
        How often every example is seen, earlier calls included.
    batch_size
        The most examples that a mini-batch may hold.
    monitor
        Called with the layers after every epoch; what it returns is kept in the history.
    checkpoint
        Called after every epoch with what would be returned if training ended there, such as
        ``functools.partial(fcnref.files.save, "run.npz")``.
    progress
        Whether to show a progress bar, which needs tqdm.

    Returns
    -------
    Trained
        The trained layers, the history, and the memory to go on with.

    Raises
    ------
    ValueError
        If the inputs and targets hold different numbers of examples, a shape does not fit, or the
        training to go on with has other mini-batches or another kind of random generator.
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
    >>> layers, history, _ = train(rng, X, 3 * X + 1, layers, HALF_SQUARED_ERROR, step,
    ...                            epochs=40, batch_size=8, progress=False)
    >>> layers[0].W.round(3), layers[0].b.round(3)
    (array([[3.]]), array([[1.]]))
    """
    check_array("train", "X", X, "n_0 m")
    m = X.shape[1]
    check_array("train", "Y", Y, "n_L m", m=m)
    now, losses = _start(rng, layers)
    try:
        for _ in _bar(now.memory.epoch, epochs, progress):
            batches = list(mini_batches(rng, m, batch_size))
            _check_batches(now.memory, len(batches))
            for batch in batches[now.memory.batch :]:
                J, grads = loss_and_grads(X[:, batch], Y[:, batch], now.layers, loss)
                stepped, state = step(now.layers, grads, now.memory.optimizer)
                losses[now.steps :] = [float(J.real)]
                now = now.after_step(stepped, state, len(batches))
            seen = now.monitored if monitor is None else (*now.monitored, monitor(now.layers))
            now = now.after_epoch(seen, rng)
            if checkpoint is not None:
                checkpoint(now.with_losses(losses))
    except KeyboardInterrupt:
        pass
    return now.with_losses(losses)


class _Now(NamedTuple):
    """Where training stands. It is replaced as a whole, so that no interruption tears it."""

    layers: tuple[Layer, ...]
    memory: Memory
    steps: int
    monitored: tuple[Any, ...]

    def after_step(self, layers: tuple[Layer, ...], state: Any, batches: int) -> "_Now":
        memory = self.memory
        memory = memory._replace(optimizer=state, batch=memory.batch + 1, batches=batches)
        return _Now(layers, memory, self.steps + 1, self.monitored)

    def after_epoch(self, monitored: tuple[Any, ...], rng: "np.random.Generator") -> "_Now":
        memory = self.memory
        memory = memory._replace(rng=rng.bit_generator.state, epoch=memory.epoch + 1, batch=0)
        return _Now(self.layers, memory, self.steps, monitored)

    def with_losses(self, losses: list[float]) -> Trained:
        """Leave out the loss of a step that was not completed."""
        history = History(tuple(losses[: self.steps]), self.monitored)
        return Trained(self.layers, history, self.memory)


def _numbers(monitored: tuple[Any, ...]) -> Any:
    """Put what was monitored into one array, if it is numbers; else say how often it was."""
    try:
        return np.asarray(monitored, dtype=np.float64)
    except (TypeError, ValueError):
        return f"{len(monitored)} values"


def _start(
    rng: "np.random.Generator", layers: Sequence[Layer] | Trained
) -> tuple[_Now, list[float]]:
    """Begin with these layers, or go on where an earlier training stopped."""
    if not isinstance(layers, Trained):
        check_list("train", "layers", layers, "Layer(W, b, activation)")
        return _Now(tuple(layers), Memory(None, rng.bit_generator.state, 0, 0, 0), 0, ()), []
    (loss, monitored), memory = layers.history, layers.memory
    try:
        rng.bit_generator.state = memory.rng
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"train: rng must be a generator on {memory.rng['bit_generator']}, as in the training "
            f"that goes on, got one on {type(rng.bit_generator).__name__}."
        ) from error
    return _Now(layers.layers, memory, len(loss), monitored), list(loss)


def _check_batches(memory: Memory, batches: int) -> None:
    if memory.batch and batches != memory.batches:
        raise ValueError(
            f"train: an epoch must have {memory.batches} mini-batches, as in the training that "
            f"goes on in the middle of one, got {batches}; pass the same X, Y and batch_size."
        )


def _bar(first: int, epochs: int, progress: bool) -> Iterable[int]:
    if not progress:
        return range(first, epochs)
    try:
        from tqdm.auto import tqdm
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "train: the progress bar needs tqdm; install fcnref[train], or pass progress=False."
        ) from error
    bar: Iterable[int] = tqdm(
        range(first, epochs), desc="epochs", initial=first, total=epochs, leave=False
    )
    return bar
