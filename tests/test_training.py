"""The training loop: every example once per epoch, from a seed, with a history and a bar."""

import itertools
import math
import sys
from functools import partial

import numpy as np
import pytest

import fcnref
from fcnref import (
    HALF_SQUARED_ERROR,
    IDENTITY,
    SOFTMAX_CROSS_ENTROPY,
    TANH,
    Layer,
    Loss,
    adam,
    gradient_descent,
    initialize,
    loss_and_grads,
    mini_batches,
    momentum,
    one_hot,
    train,
)
from tests.oracles import readonly

M, EPOCHS, BATCH = 17, 3, 5
BATCHES = 4
"""17 examples in batches of 5 at most: 5, 4, 4 and 4."""

descend = partial(gradient_descent, learning_rate=0.1)
settings = {"epochs": EPOCHS, "batch_size": BATCH, "progress": False}


@pytest.fixture
def problem(draw, rng):
    layers = initialize(rng, [3, 5, 2], [TANH, IDENTITY])
    return draw(3, M), draw(2, M), layers


def seeded(seed=1):
    return np.random.default_rng(seed)


def same(layers, others):
    return all(
        np.all(mine.W == theirs.W) and np.all(mine.b == theirs.b)
        for mine, theirs in zip(layers, others, strict=True)
    )


@pytest.mark.parametrize(("m", "batch_size"), [(17, 5), (15, 5), (4, 5), (5, 5), (3, 1), (0, 2)])
def test_mini_batches_deal_every_example_once(m, batch_size, rng):
    batches = list(mini_batches(rng, m, batch_size))
    assert sorted(itertools.chain(*batches)) == list(range(m))
    sizes = {len(batch) for batch in batches}
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1
    assert len(batches) == max(1, math.ceil(m / batch_size))


def test_mini_batches_shuffle_anew(rng):
    one, other = (np.concatenate(list(mini_batches(rng, 101, 10))) for _ in range(2))
    assert not np.all(one == np.arange(101))
    assert not np.all(one == other)


@pytest.mark.parametrize("batch_size", [0, -5])
def test_a_batch_without_examples_is_refused_at_the_call(batch_size, rng):
    with pytest.raises(ValueError) as raised:
        mini_batches(rng, M, batch_size)
    assert str(raised.value) == f"mini_batches: batch_size must be at least 1, got {batch_size}."


def test_training_is_the_loop_written_out(problem):
    X, Y, layers = problem
    trained, history, _ = train(
        seeded(), X, Y, layers, HALF_SQUARED_ERROR, partial(momentum, learning_rate=0.1), **settings
    )
    rng, state, losses = seeded(), None, []
    for _ in range(EPOCHS):
        order = rng.permutation(M)
        for batch in (order[:5], order[5:9], order[9:13], order[13:]):
            J, grads = loss_and_grads(X[:, batch], Y[:, batch], layers, HALF_SQUARED_ERROR)
            losses.append(J)
            layers, state = momentum(layers, grads, state, learning_rate=0.1)
    assert same(trained, layers)
    assert history.loss == tuple(losses)
    assert all(type(J) is float for J in history.loss)


def test_training_depends_on_the_seed_alone(problem):
    one, again, other = (
        train(seeded(seed), *problem, HALF_SQUARED_ERROR, adam, **settings) for seed in (1, 1, 2)
    )
    assert same(one.layers, again.layers)
    assert one.history == again.history
    assert not same(one.layers, other.layers)


def test_every_example_is_seen_once_per_epoch_with_its_own_target():
    """Example i is the number i, its own target, and comes out of a network that does nothing."""
    X = readonly(np.arange(M, dtype=float).reshape(1, M))
    layers = [Layer(np.eye(1), np.zeros((1, 1)), IDENTITY)]
    seen = []

    def note(A, Y):
        assert np.all(A == Y)
        seen.append(Y[0])
        return np.float64(0)

    spy = Loss("spy", note, lambda A, Y: np.zeros_like(A))
    train(seeded(), X, X, layers, spy, descend, **settings)
    assert [len(batch) for batch in seen] == [5, 4, 4, 4] * EPOCHS
    for epoch in range(EPOCHS):
        examples = np.concatenate(seen[epoch * BATCHES : (epoch + 1) * BATCHES])
        assert sorted(examples) == list(range(M))


def test_the_monitor_is_asked_after_every_epoch(problem):
    X, Y, layers = problem
    asked = []

    def monitor(layers):
        asked.append(layers)
        return len(asked)

    trained, history, _ = train(
        seeded(), X, Y, layers, HALF_SQUARED_ERROR, descend, monitor=monitor, **settings
    )
    assert history.monitored == (1, 2, 3)
    assert len(history.loss) == EPOCHS * BATCHES
    assert asked[-1] is trained
    assert len({id(network) for network in asked}) == EPOCHS


def test_without_a_monitor_nothing_is_monitored_and_without_an_epoch_nothing_trained(problem):
    X, Y, layers = problem
    arguments = seeded(), X, Y, layers, HALF_SQUARED_ERROR, descend
    assert train(*arguments, **settings).history.monitored == ()
    untrained = train(*arguments, **settings | {"epochs": 0})
    assert untrained.layers == layers
    assert untrained.history.loss == ()


def test_the_layers_of_before_remain_as_they_were(problem):
    X, Y, layers = problem
    before = [layer._replace(W=layer.W.copy(), b=layer.b.copy()) for layer in layers]
    train(seeded(), X, Y, layers, HALF_SQUARED_ERROR, descend, **settings)
    assert same(layers, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_training_keeps_the_precision(problem, dtype, rng):
    X, Y, _ = problem
    layers = initialize(rng, [3, 5, 2], [TANH, IDENTITY], dtype=dtype)
    trained, *_ = train(
        seeded(), X.astype(dtype), Y.astype(dtype), layers, HALF_SQUARED_ERROR, adam, **settings
    )
    assert {array.dtype for W, b, _ in trained for array in (W, b)} == {np.dtype(dtype)}


def test_a_network_learns_to_tell_two_rings_apart(rng):
    """No line separates them, so the hidden layer has to work."""
    angle, inner = rng.uniform(0, 2 * np.pi, 200), rng.integers(0, 2, 200)
    X = readonly((2 - inner) * np.stack([np.cos(angle), np.sin(angle)]))
    layers = initialize(rng, [2, 16, 2], [fcnref.RELU, IDENTITY])
    trained, history, _ = train(
        rng,
        X,
        one_hot(inner, 2),
        layers,
        SOFTMAX_CROSS_ENTROPY,
        partial(adam, learning_rate=0.03),
        epochs=20,
        batch_size=20,
        progress=False,
    )
    guessed = np.argmax(fcnref.forward(X, trained).A[-1], axis=0)
    assert np.mean(guessed == inner) > 0.98
    assert history.loss[-1] < 0.1 < history.loss[0]


def test_a_bar_counts_the_epochs_unless_told_not_to(problem, capsys):
    arguments = *problem, HALF_SQUARED_ERROR, descend
    quiet = train(seeded(), *arguments, epochs=EPOCHS, batch_size=BATCH, progress=False)
    assert capsys.readouterr() == ("", "")
    loud = train(seeded(), *arguments, epochs=EPOCHS, batch_size=BATCH)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "epochs" in printed.err
    assert "/3" in printed.err
    assert same(quiet.layers, loud.layers)


def test_a_bar_without_tqdm_says_what_to_install(problem, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ModuleNotFoundError) as raised:
        train(seeded(), *problem, HALF_SQUARED_ERROR, descend, **settings | {"progress": True})
    assert str(raised.value) == (
        "train: the progress bar needs tqdm; install fcnref[train], or pass progress=False."
    )
    train(seeded(), *problem, HALF_SQUARED_ERROR, descend, **settings)
