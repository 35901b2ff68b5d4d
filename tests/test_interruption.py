"""Ctrl-C at any moment: what comes back is a training of fewer steps, and can be gone on with."""

import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest

from fcnref import (
    HALF_SQUARED_ERROR,
    IDENTITY,
    TANH,
    adam,
    initialize,
    loss_and_grads,
    mini_batches,
    momentum,
    train,
)
from fcnref.files import load
from tests.trees import leaves

M, EPOCHS, BATCH = 11, 2, 4
BATCHES = 3

settings = {"epochs": EPOCHS, "batch_size": BATCH, "progress": False}
STEPS = {"momentum": partial(momentum, learning_rate=0.1), "adam": adam}
every_step = pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())


def seeded():
    return np.random.default_rng(5)


@pytest.fixture
def start(draw, rng):
    return draw(3, M), draw(2, M), initialize(rng, [3, 4, 2], [TANH, IDENTITY])


def same(one, other):
    """Bit for bit: arrays, numbers, and everything else by equality."""
    mine, theirs = leaves(one), leaves(other)
    return len(mine) == len(theirs) and all(
        a.tobytes() == b.tobytes() if isinstance(a, np.ndarray) else a == b
        for a, b in zip(mine, theirs, strict=True)
    )


def norm(layers):
    return float(sum(np.sum(W**2) for W, _, _ in layers))


def every_moment(start, step):
    """The layers after 0, 1, 2, ... steps, by the loop written out."""
    X, Y, layers = start
    rng, moments, state = seeded(), [tuple(layers)], None
    for _ in range(EPOCHS):
        for batch in mini_batches(rng, M, BATCH):
            _, grads = loss_and_grads(X[:, batch], Y[:, batch], layers, HALF_SQUARED_ERROR)
            layers, state = step(layers, grads, state)
            moments.append(layers)
    return moments


class Interrupted:
    """Interrupt the code of `train` before its n-th instruction, as Ctrl-C may."""

    def __init__(self, n):
        self.n, self.seen = n, 0

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self.trace)
        return self

    def __exit__(self, *_):
        sys.settrace(self.before)

    def trace(self, frame, event, _):
        if frame.f_code.co_filename != train.__code__.co_filename:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.seen += 1
            if self.seen == self.n:
                raise KeyboardInterrupt
        return self.trace


@every_step
def test_an_interruption_before_any_instruction_tears_nothing(start, step):
    moments = every_moment(start, step)

    def run(rng, layers):
        arguments = rng, *start[:2], layers, HALF_SQUARED_ERROR, step
        return train(*arguments, monitor=norm, **settings)

    whole = run(seeded(), start[2])
    with Interrupted(0) as watched:
        run(seeded(), start[2])
    taken = []
    for n in range(1, watched.seen + 1):
        try:
            with Interrupted(n):
                part = run(seeded(), start[2])
        except KeyboardInterrupt:
            taken.append(None)
            continue
        steps = len(part.history.loss)
        taken.append(steps)
        assert same(part.layers, moments[steps])
        assert part.history.loss == whole.history.loss[:steps]
        assert steps == BATCHES * part.memory.epoch + part.memory.batch
        assert len(part.history.monitored) == part.memory.epoch
        assert same(run(np.random.default_rng(), part), whole)
    # Only before training has begun and after it has ended does Ctrl-C end more than the training.
    during = [steps for steps in taken if steps is not None]
    first, last = taken.index(0), len(taken) - taken[::-1].index(EPOCHS * BATCHES)
    assert during == taken[first:last] == sorted(during)
    assert set(during) == set(range(EPOCHS * BATCHES + 1))
    assert len(taken) - last < 50


@every_step
@pytest.mark.parametrize("call", range(1, EPOCHS * BATCHES + 1))
def test_an_interruption_within_a_step_leaves_it_out(start, step, call):
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        result = step(*arguments)
        if len(calls) == call:
            raise KeyboardInterrupt
        return result

    part = train(seeded(), *start, HALF_SQUARED_ERROR, interrupted, **settings)
    assert len(part.history.loss) == call - 1
    assert same(part.layers, every_moment(start, step)[call - 1])


@pytest.mark.parametrize("which", ["monitor", "checkpoint"])
def test_an_interruption_between_epochs_keeps_the_epoch(start, which):
    def interrupted(_):
        raise KeyboardInterrupt

    arguments = HALF_SQUARED_ERROR, adam
    part = train(seeded(), *start, *arguments, **settings, **{which: interrupted})
    assert len(part.history.loss) == BATCHES
    assert part.memory.epoch == (which == "checkpoint")
    whole = train(seeded(), *start, *arguments, **settings)
    assert same(train(seeded(), *start[:2], part, *arguments, **settings), whole)


def test_an_error_is_not_swallowed(start):
    def broken(*_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train(seeded(), *start, HALF_SQUARED_ERROR, broken, **settings)


def test_training_goes_on_for_more_epochs(start):
    arguments = HALF_SQUARED_ERROR, adam
    two = train(seeded(), *start, *arguments, **settings, monitor=norm)
    more = settings | {"epochs": 2 * EPOCHS, "monitor": norm}
    four = train(seeded(), *start, *arguments, **more)
    assert same(train(np.random.default_rng(), *start[:2], two, *arguments, **more), four)
    assert same(train(np.random.default_rng(), *start[:2], four, *arguments, **settings), four)


def test_the_checkpoint_is_what_a_shorter_training_returns(start):
    kept = []
    arguments = HALF_SQUARED_ERROR, adam
    train(seeded(), *start, *arguments, **settings, monitor=norm, checkpoint=kept.append)
    for epochs, checkpoint in enumerate(kept, start=1):
        shorter = settings | {"epochs": epochs, "monitor": norm}
        assert same(checkpoint, train(seeded(), *start, *arguments, **shorter))
    assert len(kept) == EPOCHS


@pytest.mark.parametrize("kind", ["MT19937", "Philox", "SFC64", "PCG64DXSM"])
def test_every_generator_goes_on_where_it_was(start, kind):
    def generator(seed):
        return np.random.Generator(getattr(np.random, kind)(seed))

    arguments = HALF_SQUARED_ERROR, adam
    one = train(generator(1), *start, *arguments, **settings | {"epochs": 1})
    two = train(generator(2), *start[:2], one, *arguments, **settings)
    assert same(two.layers, train(generator(1), *start, *arguments, **settings).layers)


def interrupted_in_the_middle(start):
    def interrupted(layers, grads, state):
        if state is not None:
            raise KeyboardInterrupt
        return adam(layers, grads, state)

    return train(seeded(), *start, HALF_SQUARED_ERROR, interrupted, **settings)


def test_other_mini_batches_are_refused_in_the_middle_of_an_epoch(start):
    part = interrupted_in_the_middle(start)
    with pytest.raises(ValueError) as raised:
        train(seeded(), *start[:2], part, HALF_SQUARED_ERROR, adam, **settings | {"batch_size": 2})
    assert str(raised.value) == (
        "train: an epoch must have 3 mini-batches, as in the training that goes on in the middle "
        "of one, got 6; pass the same X, Y and batch_size."
    )


def test_another_kind_of_generator_is_refused(start):
    part = interrupted_in_the_middle(start)
    with pytest.raises(ValueError) as raised:
        train(
            np.random.Generator(np.random.MT19937(0)),
            *start[:2],
            part,
            HALF_SQUARED_ERROR,
            adam,
            **settings,
        )
    assert str(raised.value) == (
        "train: rng must be a generator on PCG64, as in the training that goes on, "
        "got one on MT19937."
    )


LONG = """
import signal, sys
from functools import partial
import numpy as np
from fcnref import TANH, IDENTITY, HALF_SQUARED_ERROR, adam, initialize, train
from fcnref.files import save

def problem():
    rng = np.random.default_rng(7)
    layers = initialize(rng, [3, 16, 2], [TANH, IDENTITY])
    return rng, rng.standard_normal((3, 50)), rng.standard_normal((2, 50)), layers

def begin(checkpoint):
    arguments = HALF_SQUARED_ERROR, adam
    return train(*problem(), *arguments, epochs=10**9, batch_size=20, checkpoint=checkpoint,
                 progress=False)

def say(trained):
    if trained.memory.epoch == 3:
        print("trained for three epochs", flush=True)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored if a shell's background job
    save(sys.argv[1], begin(say))
    print("saved", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("milliseconds", [0, 1, 7, 19, 53])
def test_a_process_that_is_sent_sigint_saves_what_it_has(milliseconds, tmp_path):
    script, file = tmp_path / "long.py", tmp_path / "run.npz"
    script.write_text(LONG, "utf-8")
    process = subprocess.Popen([sys.executable, script, file], stdout=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout.readline() == "trained for three epochs\n"
            time.sleep(milliseconds / 1000)
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "saved\n"
        finally:
            process.kill()
    part = load(file)
    epochs = part.memory.epoch + 1
    assert part.memory.epoch >= 3
    scope = {"__name__": "long"}
    exec(LONG, scope)
    settings = {"epochs": epochs, "batch_size": 20, "progress": False}
    rng, X, Y, layers = scope["problem"]()
    whole = train(rng, X, Y, layers, HALF_SQUARED_ERROR, adam, **settings)
    rest = train(np.random.default_rng(), X, Y, part, HALF_SQUARED_ERROR, adam, **settings)
    assert same(rest, whole)
