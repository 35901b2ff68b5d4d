"""NumPy's dispatch protocols carry every function: nothing is turned into an array of NumPy.

`Elsewhere` stands for the array types of other libraries. It speaks the two protocols, has the few
methods that every array has, and no more. It refuses to become an array of NumPy and does not mix
with one: a function that made a constant with `np.zeros`, assigned to an entry or looked at a value
would fail.
"""

import operator
import pickle

import numpy as np
import pytest

import fcnref
from tests.doors import arguments
from tests.networks import problem
from tests.registry import FUNCTIONS, RECORDS
from tests.trees import leaves, mapped


class Elsewhere(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that lives elsewhere."""

    def __init__(self, here):
        self._here = here

    def __array__(self, *_, **__):
        raise AssertionError("was turned into an array of NumPy")

    def __bool__(self):
        raise AssertionError("was looked at")

    __float__ = __int__ = __iter__ = __setitem__ = __bool__

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        assert method == "__call__"
        assert "out" not in kwargs
        return bring(ufunc(*map(take, inputs), **kwargs))

    def __array_function__(self, function, types, args, kwargs):
        return bring(function(*map(take, args), **{key: take(kwargs[key]) for key in kwargs}))

    def __getitem__(self, key):
        return bring(self._here[key])

    def __len__(self):
        return len(self._here)

    def astype(self, dtype):
        return bring(self._here.astype(dtype))

    def copy(self):
        return bring(self._here.copy())

    def reshape(self, *shape):
        return bring(self._here.reshape(*shape))

    def sum(self, **axis):
        return bring(self._here.sum(**axis))

    def mean(self, **axis):
        return bring(self._here.mean(**axis))

    def max(self, **axis):
        return bring(self._here.max(**axis))

    shape = property(operator.attrgetter("_here.shape"))
    ndim = property(operator.attrgetter("_here.ndim"))
    dtype = property(operator.attrgetter("_here.dtype"))
    real = property(lambda self: bring(self._here.real))
    T = property(lambda self: bring(self._here.T))


def bring(value):
    return Elsewhere(np.asarray(value))


def take(value):
    assert not isinstance(value, np.ndarray | np.generic), f"{value!r} is of NumPy"
    return value._here if isinstance(value, Elsewhere) else value


NOT_OF_ARRAYS = {"initialize", "he_normal", "glorot_uniform", "dropout_mask", "mini_batches"}
"""They draw random numbers, with the generator of NumPy."""

LOOKS = {"train"}
"""The history of training holds the losses as numbers."""

CARRIED = {
    name: function for name, function in FUNCTIONS.items() if name not in NOT_OF_ARRAYS | LOOKS
}


@pytest.mark.parametrize("function", CARRIED.values(), ids=CARRIED.keys())
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=lambda dtype: dtype.__name__)
def test_a_function_stays_with_the_arrays_it_is_given(function, dtype):
    given = arguments(function, dtype)
    expected = leaves(function(**given))
    result = leaves(function(**mapped(bring, given)))
    assert len(result) == len(expected)
    for mine, theirs in zip(result, expected, strict=True):
        if isinstance(theirs, np.ndarray | np.generic):
            assert isinstance(mine, Elsewhere)
            assert (mine.shape, mine.dtype) == (theirs.shape, theirs.dtype)
            np.testing.assert_array_equal(mine._here, theirs)


@pytest.mark.parametrize("hidden", RECORDS.values(), ids=RECORDS.keys())
@pytest.mark.parametrize("loss", fcnref.LOSSES.values(), ids=fcnref.LOSSES.keys())
def test_a_network_stays_with_the_arrays_it_is_given(hidden, loss, rng):
    if hidden.name == "layer_norm":
        hidden = fcnref.layer_norm_with(bring(np.ones((5, 1))), bring(np.zeros((5, 1))))
        X, Y, layers = problem(rng, fcnref.layer_norm_with(np.ones((5, 1)), np.zeros((5, 1))), loss)
    else:
        X, Y, layers = problem(rng, hidden, loss)
    expected = fcnref.loss_and_grads(X, Y, layers, loss, with_dA_0=True)
    there = tuple(
        fcnref.Layer(bring(layer.W), bring(layer.b), hidden if l < 3 else layer.activation)
        for l, layer in enumerate(layers)
    )
    result = fcnref.loss_and_grads(bring(X), bring(Y), there, loss, with_dA_0=True)
    for mine, theirs in zip(leaves(result), leaves(expected), strict=True):
        np.testing.assert_array_equal(take(mine), theirs)


@pytest.mark.parametrize("step", [fcnref.gradient_descent, fcnref.momentum, fcnref.adam])
def test_two_steps_of_an_optimizer_stay_there(step, rng):
    X, Y, layers = problem(rng, fcnref.TANH, fcnref.HALF_SQUARED_ERROR)
    grads = fcnref.loss_and_grads(X, Y, layers, fcnref.HALF_SQUARED_ERROR).grads
    here, there = layers, mapped(bring, layers)
    state_here = state_there = None
    for _ in range(2):
        here, state_here = step(here, grads, state_here, learning_rate=0.1)
        there, state_there = step(there, mapped(bring, grads), state_there, learning_rate=0.1)
    for mine, theirs in zip(leaves(there), leaves(here), strict=True):
        if isinstance(theirs, np.ndarray):
            np.testing.assert_array_equal(take(mine), theirs)


def test_the_conventions_take_arrays_from_elsewhere(draw):
    pairs = ((draw(5, 3), draw(5, 1)), (draw(2, 5), draw(2, 1)))
    there = mapped(bring, pairs)
    for to, back in [
        (fcnref.to_rows, fcnref.from_rows),
        (fcnref.to_torch, fcnref.from_torch),
        (fcnref.to_keras, fcnref.from_keras),
        (fcnref.to_sklearn, lambda given: fcnref.from_sklearn(*given)),
    ]:
        for mine, theirs in zip(leaves(back(to(there))), leaves(pairs), strict=True):
            np.testing.assert_array_equal(take(mine), theirs)


def test_the_test_notices_a_function_that_does_not_stay(draw):
    with pytest.raises(AssertionError, match="turned into an array"):
        np.asarray(bring(draw(2, 3)))
    with pytest.raises(AssertionError, match="is of NumPy"):
        bring(draw(2, 3)) + np.zeros((2, 3))
    with pytest.raises(AssertionError, match="looked at"):
        bool(np.any(bring(draw(2, 3)) > 0))


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_a_function_goes_to_another_process_by_its_name(function):
    """Also a rule that was made, and has no ``def`` of its own."""
    assert pickle.loads(pickle.dumps(function)) is function
