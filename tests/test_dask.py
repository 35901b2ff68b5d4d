"""The same functions, unchanged, on Dask arrays: lazy, in chunks, equal to NumPy to rounding."""

import re
from functools import partial

import numpy as np
import pytest

import fcnref
from fcnref import (
    LOSSES,
    SOFTMAX_CROSS_ENTROPY,
    Layer,
    adam,
    loss_and_grads,
    one_hot,
)
from tests.doors import arguments
from tests.networks import problem
from tests.oracles import assert_close
from tests.registry import RECORDS
from tests.test_protocols import CARRIED
from tests.trees import leaves, mapped

dask = pytest.importorskip("dask", reason="Dask is not installed")
da = pytest.importorskip("dask.array")

SPLITS = {"examples": (5, 3), "units": (2, 7), "both": (2, 3)}
"""The most rows and columns of a chunk; 5 units and 7 examples are multiples of none of them."""


def refuse(*_, **__):
    raise AssertionError("a lazy array was computed")


@pytest.fixture(autouse=True)
def lazy():
    """Nothing may be computed behind the back of a test."""
    with dask.config.set(scheduler=refuse):
        yield


def compute(tree):
    with dask.config.set(scheduler="synchronous"):
        return dask.compute(tree)[0]


def in_chunks(split, array):
    rows, columns = SPLITS[split]
    return da.from_array(array, chunks=(rows, columns) if array.ndim == 2 else columns)


def assert_promised(lazily, expected):
    """Nothing is computed, but shape and precision are known."""
    mine, theirs = leaves(lazily), leaves(expected)
    assert len(mine) == len(theirs)
    for array, wanted in zip(mine, theirs, strict=True):
        if isinstance(wanted, np.ndarray | np.generic):
            assert isinstance(array, da.Array)
            assert isinstance(array._meta, np.ndarray)
            assert (array.shape, array.dtype) == (wanted.shape, wanted.dtype)


def assert_same(lazily, expected, rtol=1e-13):
    """What was promised comes, with the expected values."""
    assert_promised(lazily, expected)
    for array, wanted in zip(leaves(compute(lazily)), leaves(expected), strict=True):
        if isinstance(wanted, np.ndarray | np.generic):
            assert array.dtype == wanted.dtype
            assert_close(array, wanted, rtol)


every_split = pytest.mark.parametrize("split", SPLITS)
every_function = pytest.mark.parametrize("function", CARRIED.values(), ids=CARRIED.keys())


@pytest.mark.parametrize("split", ["examples", "both"])
@every_function
def test_a_function_on_chunks(function, split):
    given = arguments(function)
    assert_same(function(**mapped(partial(in_chunks, split), given)), function(**given))


@every_function
def test_a_function_keeps_single_precision(function):
    given = arguments(function, np.float32)
    assert_promised(function(**mapped(partial(in_chunks, "both"), given)), function(**given))


@pytest.mark.parametrize("hidden", RECORDS.values(), ids=RECORDS.keys())
def test_a_network_on_chunks_of_units_and_examples(hidden, rng):
    X, Y, layers = problem(rng, hidden, SOFTMAX_CROSS_ENTROPY)
    chunked = mapped(partial(in_chunks, "both"), (X, Y))
    lazily = loss_and_grads(*chunked, layers, SOFTMAX_CROSS_ENTROPY)
    assert_same(lazily, loss_and_grads(X, Y, layers, SOFTMAX_CROSS_ENTROPY))


@every_split
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_every_loss_on_chunks(loss, split, rng):
    X, Y, layers = problem(rng, fcnref.RELU, loss)
    lazily = loss_and_grads(in_chunks(split, X), in_chunks(split, Y), layers, loss, with_dA_0=True)
    assert_same(lazily, loss_and_grads(X, Y, layers, loss, with_dA_0=True))


def test_parameters_in_chunks_as_well(rng):
    X, Y, layers = problem(rng, fcnref.SIGMOID, SOFTMAX_CROSS_ENTROPY)
    expected = loss_and_grads(X, Y, layers, SOFTMAX_CROSS_ENTROPY)
    chunked = mapped(partial(in_chunks, "both"), (X, Y, layers))
    assert_same(loss_and_grads(*chunked, SOFTMAX_CROSS_ENTROPY), expected)


def test_what_is_computed_together_comes_back_as_the_same_records(rng):
    X, Y, layers = problem(rng, fcnref.TANH, SOFTMAX_CROSS_ENTROPY)
    expected = loss_and_grads(X, Y, layers, SOFTMAX_CROSS_ENTROPY)
    chunked = partial(in_chunks, "examples")
    J, grads = compute(loss_and_grads(chunked(X), chunked(Y), layers, SOFTMAX_CROSS_ENTROPY))
    assert_close(J, expected.loss, 1e-13)
    assert type(grads) is fcnref.NetworkGradients
    step = adam(layers, grads)
    for mine, theirs in zip(leaves(step), leaves(adam(layers, expected.grads)), strict=True):
        if isinstance(theirs, np.ndarray):
            assert_close(mine, theirs, 1e-12)


def test_the_graph_grows_with_the_chunks_and_not_with_the_examples(draw, draw_distributions):
    """So that a thousand times the data, in chunks a thousand times as large, costs no more."""
    layers = (
        Layer(draw(5, 3), draw(5, 1), fcnref.RELU),
        Layer(draw(2, 5), draw(2, 1), fcnref.IDENTITY),
    )

    def tasks(chunks, width):
        m = chunks * width
        X = da.from_array(draw(3, m), chunks=(3, width))
        Y = da.from_array(draw_distributions(2, m), chunks=(2, width))
        ran = []
        with dask.callbacks.Callback(pretask=lambda key, *_: ran.append(key)):
            compute(loss_and_grads(X, Y, layers, SOFTMAX_CROSS_ENTROPY))
        return len(ran)

    assert tasks(8, 3) == tasks(8, 300)
    per_chunk = (tasks(16, 3) - tasks(8, 3)) / 8
    assert 0 < per_chunk < 40


def test_values_are_looked_at_where_they_are_at_hand(draw):
    """Targets that are no distributions: refused by NumPy, computed by Dask."""
    logits, wrong = draw(2, 7), np.ones((2, 7))
    with pytest.raises(ValueError, match="must sum to 1"):
        fcnref.softmax_cross_entropy(logits, wrong)
    lazily = fcnref.softmax_cross_entropy(in_chunks("examples", logits), da.from_array(wrong))
    assert isinstance(lazily, da.Array)
    labels = da.from_array(np.array([0, 9]), chunks=1)
    assert_close(compute(one_hot(labels, 2)), np.array([[1.0, 0.0], [0.0, 0.0]]), 0)


def test_shapes_are_compared_before_anything_is_computed(draw):
    A_prev, W, b = (da.from_array(array) for array in (draw(3, 7), draw(5, 4), draw(5, 1)))
    with pytest.raises(ValueError, match=re.escape("A_prev must have shape (n_prev, m) = (4, m)")):
        fcnref.affine(A_prev, W, b)


def unknown(array):
    """The columns whose first entry is positive: how many, only a computation tells."""
    lazily = da.from_array(array)
    return lazily[:, lazily[0] > 0]


@pytest.mark.parametrize(
    "function", [fcnref.softmax, fcnref.affine_backward, fcnref.loss_and_grads]
)
def test_an_array_that_does_not_know_its_sizes_is_told_what_to_do(function):
    given = arguments(function)
    name = next(name for name in given if given[name] is not None)
    with pytest.raises(ValueError) as raised:
        function(**given | {name: unknown(given[name])})
    rows = given[name].shape[0]
    assert str(raised.value) == (
        f"{function.__name__}: {name} must know its sizes, got ({rows}, nan); "
        f"a lazy array finds them out by {name}.compute_chunk_sizes()."
    )


def test_a_probability_of_zero_costs_infinitely_much_without_a_warning():
    A, Y = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1.0, 1.0], [0.0, 0.0]])
    lazy_A = da.from_array(A, chunks=1)
    for name in ("cross_entropy", "binary_cross_entropy"):
        loss = LOSSES[name]
        assert compute(loss.value(lazy_A, Y)) == np.inf
        np.testing.assert_array_equal(compute(loss.grad(lazy_A, Y)), loss.grad(A, Y))


def test_a_lazy_result_is_shown_without_being_computed(rng):
    X, Y, layers = problem(rng, fcnref.TANH, SOFTMAX_CROSS_ENTROPY)
    lazily = loss_and_grads(in_chunks("examples", X), Y, layers, SOFTMAX_CROSS_ENTROPY)
    for record in (lazily, lazily.grads, fcnref.forward(in_chunks("examples", X), layers)):
        assert "(5, 1)" in repr(record) or "(5, 7)" in repr(record)
        assert "(5, " in record._repr_html_()
