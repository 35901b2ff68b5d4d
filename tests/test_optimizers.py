"""The steps: against a loop over every number of a network, and without a memory of their own."""

import math
from functools import partial

import numpy as np
import pytest

from fcnref import (
    TANH,
    AdamState,
    LayerGradients,
    NetworkGradients,
    adam,
    gradient_descent,
    momentum,
)
from tests.networks import network
from tests.oracles import assert_close, readonly

# One number at a time: w, its gradient of every step, and what it becomes.


def descent_of_one_number(w, gradients, learning_rate):
    for d in gradients:
        w = w - learning_rate * d
    return w


def momentum_of_one_number(w, gradients, learning_rate, beta=0.9):
    v = 0.0
    for d in gradients:
        v = beta * v + d
        w = w - learning_rate * v
    return w


def adam_of_one_number(w, gradients, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    mean = square = 0.0
    for t, d in enumerate(gradients, start=1):
        mean = beta_1 * mean + (1 - beta_1) * d
        square = beta_2 * square + (1 - beta_2) * d * d
        unbiased_mean, unbiased_square = mean / (1 - beta_1**t), square / (1 - beta_2**t)
        w = w - learning_rate * unbiased_mean / (math.sqrt(unbiased_square) + epsilon)
    return w


STEPS = {
    "gradient_descent": (gradient_descent, descent_of_one_number, {"learning_rate": 0.1}),
    "momentum": (momentum, momentum_of_one_number, {"learning_rate": 0.1}),
    "momentum, beta 0.5": (
        momentum,
        momentum_of_one_number,
        {"learning_rate": 0.1, "beta": 0.5},
    ),
    "adam": (adam, adam_of_one_number, {}),
    "adam, all settings": (
        adam,
        adam_of_one_number,
        {"learning_rate": 0.03, "beta_1": 0.5, "beta_2": 0.8, "epsilon": 0.1},
    ),
}

every_step = pytest.mark.parametrize(
    ("step", "of_one_number", "settings"), STEPS.values(), ids=STEPS.keys()
)


@pytest.fixture
def layers(rng):
    return network(rng, TANH)


@pytest.fixture
def draw_grads(draw, layers):
    def draw_grads():
        return NetworkGradients(
            tuple(LayerGradients(draw(*W.shape), draw(*b.shape)) for W, b, _ in layers), None
        )

    return draw_grads


def numbers(network):
    """Every number of the parameters, or of the gradients, in one row."""
    return np.concatenate([array.ravel() for layer in network for array in layer[:2]])


@every_step
def test_four_steps_move_every_number_as_the_loop_does(
    step, of_one_number, settings, layers, draw_grads
):
    every_grads = [draw_grads() for _ in range(4)]
    state, moved = None, layers
    for grads in every_grads:
        moved, state = step(moved, grads, state, **settings)
    gradients = zip(*(numbers(grads.layers) for grads in every_grads), strict=True)
    expected = [
        of_one_number(w, ds, **settings) for w, ds in zip(numbers(layers), gradients, strict=True)
    ]
    assert_close(numbers(moved), expected, 1e-14)


@every_step
def test_a_step_is_a_pure_function(step, of_one_number, settings, layers, draw_grads):
    """The same step twice from the same state: the state is handed over, not remembered."""
    _, state = step(layers, draw_grads(), **settings)
    grads = draw_grads()
    before = numbers(layers).copy()
    first, second = (step(layers, grads, state, **settings).layers for _ in range(2))
    assert np.all(numbers(first) == numbers(second))
    assert np.all(numbers(layers) == before)
    assert [layer.activation for layer in first] == [layer.activation for layer in layers]


@every_step
def test_single_precision_stays_single(step, of_one_number, settings, layers, draw_grads):
    def single(items):
        return tuple(
            item._replace(
                **{
                    name: array.astype(np.float32)
                    for name, array in item._asdict().items()
                    if isinstance(array, np.ndarray)
                }
            )
            for item in items
        )

    moved, state = single(layers), None
    for _ in range(2):
        grads = NetworkGradients(single(draw_grads().layers), None)
        moved, state = step(moved, grads, state, **settings)
    assert numbers(moved).dtype == np.float32


@every_step
def test_without_a_gradient_nothing_moves(step, of_one_number, settings, layers):
    zeros = tuple(LayerGradients(0 * W, 0 * b) for W, b, _ in layers)
    moved = step(layers, NetworkGradients(zeros, None), **settings).layers
    assert np.all(numbers(moved) == numbers(layers))


@every_step
def test_only_the_last_layer_moves_when_only_it_has_a_gradient(
    step, of_one_number, settings, layers, draw_grads
):
    *first, last = draw_grads().layers
    zeros = [LayerGradients(0 * dW, 0 * db) for dW, db in first]
    moved = step(layers, NetworkGradients((*zeros, last), None), **settings).layers
    assert np.all(numbers(moved[:-1]) == numbers(layers[:-1]))
    assert np.all(numbers(moved[-1:]) != numbers(layers[-1:]))


def test_gradient_descent_remembers_nothing(layers, draw_grads):
    assert gradient_descent(layers, draw_grads(), learning_rate=0.1).state is None


def test_adam_counts_its_steps(layers, draw_grads):
    state = None
    for t in (1, 2, 3):
        state = adam(layers, draw_grads(), state).state
        assert isinstance(state, AdamState)
        assert state.t == t


def test_momentum_without_memory_is_gradient_descent(layers, draw_grads):
    state, one, other = None, layers, layers
    for grads in (draw_grads(), draw_grads()):
        one, state = momentum(one, grads, state, learning_rate=0.1, beta=0.0)
        other, _ = gradient_descent(other, grads, learning_rate=0.1)
    assert np.all(numbers(one) == numbers(other))


# What is refused.

STEPPERS = [
    partial(gradient_descent, learning_rate=0.1),
    partial(momentum, learning_rate=0.1),
    adam,
]
every_stepper = pytest.mark.parametrize(
    "step", STEPPERS, ids=["gradient_descent", "momentum", "adam"]
)


def name_of(step):
    return getattr(step, "func", step).__name__


@every_stepper
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"db": np.ones(5)},
            ValueError,
            r"db\[1\] must have shape \(n, 1\) = \(5, 1\), got \(5,\)",
        ),
        ({"db": np.ones((1, 1))}, ValueError, r"db\[1\] must have shape .* got \(1, 1\)"),
        ({"dW": np.ones((3, 5))}, ValueError, r"dW\[1\] must have shape .* pass dW\[1\]\.T"),
        ({"dW": np.ones((5, 3), int)}, TypeError, r"dW\[1\] must hold floating-point numbers"),
        ({"dW": [[1.0]]}, TypeError, r"dW\[1\] must be an array of shape \(n, n_prev\), got list"),
    ],
)
def test_a_gradient_that_does_not_fit_is_refused(step, change, error, message, layers, draw_grads):
    first, *others = draw_grads().layers
    grads = NetworkGradients((first._replace(**change), *others), None)
    with pytest.raises(error, match=f"^{name_of(step)}: {message}"):
        step(layers, grads)


@every_stepper
def test_as_many_gradients_as_layers_are_asked_for(step, layers, draw_grads):
    with pytest.raises(ValueError) as raised:
        step(layers[1:], draw_grads())
    assert str(raised.value) == f"{name_of(step)}: 3 layers need as many gradients, got 4."


@pytest.mark.parametrize("step", STEPPERS[1:], ids=["momentum", "adam"])
def test_the_state_of_other_layers_is_refused_even_if_it_would_broadcast(step, layers):
    def grads(size):
        return NetworkGradients((LayerGradients(np.ones((size, size)), np.ones((size, 1))),), None)

    def layer(size):
        return [layers[0]._replace(W=np.ones((size, size)), b=readonly(np.ones((size, 1))))]

    state = step(layer(1), grads(1)).state
    with pytest.raises(ValueError, match=rf"^{name_of(step)}: the state must be that of these"):
        step(layer(3), grads(3), state)
