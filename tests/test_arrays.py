"""Shapes and dtypes at the doors: what the annotations promise, and what comes back."""

import inspect
from typing import Annotated, NamedTuple

import numpy as np
import pytest

import fcnref
from fcnref._arrays import AnyShape, Array, Batch, Bias, Scalar, Weights, check_array, checked
from tests.doors import (
    SIZES,
    arguments,
    array_arguments,
    arrays_in,
    assert_shapes_as_annotated,
    hints_of,
    shape_of,
)
from tests.oracles import assert_close, readonly
from tests.registry import FUNCTIONS, KINKED

every_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
SMOOTH = {
    name: function
    for name, function in FUNCTIONS.items()
    if array_arguments(function)
    and hasattr(function, "__wrapped__")
    and not any(name.startswith(kinked) for kinked in KINKED)
}


@every_function
@pytest.mark.parametrize(
    "sizes",
    [
        SIZES,
        SIZES | {"m": 1, "...": (2, 3, 5)},
        SIZES | {"n": 1, "n_prev": 1, "...": ()},
        SIZES | {"n": 3, "n_prev": 3, "n_0": 3, "n_L": 3, "m": 3, "...": (3, 3)},
    ],
    ids=["primes", "one example", "one unit", "all equal"],
)
def test_what_comes_back_has_the_shapes_of_the_annotation(function, sizes):
    given = arguments(function, sizes=sizes)
    assert_shapes_as_annotated(function, given, function(**given))


@every_function
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_precision_that_goes_in_comes_out(function, dtype):
    results = arrays_in(function(**arguments(function, dtype)))
    floats = [array for array in results if array.dtype.kind != "i"]
    assert all(array.dtype == dtype for array in floats)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if array_arguments(FUNCTIONS[name])])
def test_single_precision_is_the_rounded_double(name):
    function = FUNCTIONS[name]
    double = arrays_in(function(**arguments(function, np.float64)))
    single = arrays_in(function(**arguments(function, np.float32)))
    for rounded, exact in zip(single, double, strict=True):
        assert_close(rounded, exact, 1e-5)


@pytest.mark.parametrize("function", SMOOTH.values(), ids=SMOOTH.keys())
def test_a_smooth_function_continues_to_complex_numbers(function):
    """On the real line it stays the function it was; off it, it is complex."""
    given = arguments(function)
    arrays = list(array_arguments(function))
    there = {name: given[name].astype(complex) if name in arrays else given[name] for name in given}
    for continued, real in zip(
        arrays_in(function(**there)), arrays_in(function(**given)), strict=True
    ):
        assert continued.dtype.kind == "c"
        assert_close(continued, real.astype(complex), 1e-14)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if array_arguments(FUNCTIONS[name])])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_arrays_may_be_passed_by_position_or_by_name(name, count):
    function = FUNCTIONS[name]
    by_name = arguments(function)
    by_position = [by_name.pop(first) for first in list(by_name)[:count]]
    mixed = arrays_in(function(*by_position, **by_name))
    for one, other in zip(mixed, arrays_in(function(**arguments(function))), strict=True):
        assert np.all(one == other)


@every_function
def test_a_check_leaves_name_docstring_and_signature(function):
    assert FUNCTIONS[function.__name__] is function
    assert function.__doc__
    assert "return" in function.__annotations__
    assert set(function.__annotations__) == {*inspect.signature(function).parameters, "return"}


def test_every_function_with_arrays_is_checked_or_hands_them_to_one_that_is():
    by_others = {"forward", "backward", "loss_and_grads", "train", "jvp", "hvp", "layer_norm_with"}
    unchecked = {
        name
        for name, function in FUNCTIONS.items()
        if array_arguments(function) and not hasattr(function, "__wrapped__")
    }
    assert unchecked == by_others


# The check itself.


@checked
def scaled(W: Weights, b: Bias, factor: float = 2.0) -> Weights:
    return factor * W * b


def test_a_check_hands_on_what_it_was_given(draw):
    W, b = draw(5, 3), draw(5, 1)
    assert np.all(scaled(W, b) == 2 * W * b)
    assert np.all(scaled(W, b=b, factor=3.0) == 3 * W * b)
    assert np.all(scaled(b=b, W=W) == 2 * W * b)
    assert np.all(scaled(W, b, 5.0) == 5 * W * b)


def test_what_was_accepted_once_is_accepted_again_and_what_was_refused_is_refused_again(draw):
    W, b, wrong = draw(5, 3), draw(5, 1), draw(3, 1)
    for _ in range(2):
        scaled(W, b)
        with pytest.raises(ValueError, match="scaled: b must have shape"):
            scaled(W, wrong)
        with pytest.raises(TypeError, match="scaled: b must hold floating-point numbers"):
            scaled(W, b.astype(int))


def test_the_same_shape_in_another_dtype_is_another_question(draw):
    """What a check remembers holds the kind of the numbers as well."""
    W, b = draw(2, 2), draw(2, 1)
    scaled(W, b)
    scaled(W.astype(np.float32), b)
    scaled(W.astype(complex), b)
    for dtype in (int, np.uint8, bool, object, "datetime64[s]", "S4"):
        with pytest.raises(TypeError, match=r"^scaled: W must hold floating-point numbers, got "):
            scaled(W.astype(int).astype(dtype), b)


def test_a_missing_array_is_named_with_its_shape(draw):
    with pytest.raises(TypeError) as raised:
        scaled(draw(5, 3))
    assert str(raised.value) == "scaled: b is missing; pass an array of shape (n, 1)."


def test_dimensions_without_size_are_sizes_like_others():
    nothing = np.empty((0, 3))
    assert scaled(nothing, np.empty((0, 1))).shape == (0, 3)
    with pytest.raises(ValueError, match="scaled"):
        scaled(nothing, np.empty((1, 1)))


def test_check_array_takes_the_sizes_it_is_told(draw):
    check_array("here", "W[2]", draw(5, 3), "n_2 n_1", n_2=5)
    with pytest.raises(ValueError) as raised:
        check_array("here", "W[2]", draw(5, 3), "n_2 n_1", n_1=2)
    assert str(raised.value) == (
        "here: W[2] must have shape (n_2, n_1) = (n_2, 2), got (5, 3); "
        "rows are units of this layer."
    )


# The checker of these tests must be able to fail.


class Pair(NamedTuple):
    dW: Weights
    db: Bias


def wrong_transpose(dZ: Batch, A_prev: Annotated[Array, "n_prev m"]) -> Weights:
    return A_prev @ dZ.T


def wrong_rank(dZ: Batch) -> Bias:
    return dZ.sum(axis=1)


def wrong_field(W: Weights) -> Pair:
    return Pair(W, W[:1, :1])


def wrong_size(n: int, n_prev: int) -> Weights:
    return np.zeros((n_prev, n))


def wrong_item(W: Weights) -> tuple[Pair, ...]:
    return (Pair(W, W[:, :1]), Pair(W.T, W[:, :1]))


def wrong_broadcast(Z: AnyShape) -> AnyShape:
    return Z[np.newaxis]


def wrong_number(Z: AnyShape) -> Scalar:
    return Z[0]


@pytest.mark.parametrize(
    "function",
    [
        wrong_transpose,
        wrong_rank,
        wrong_field,
        wrong_size,
        wrong_item,
        wrong_broadcast,
        wrong_number,
    ],
)
def test_a_function_that_breaks_its_promise_is_caught(function):
    given = arguments(function)
    with pytest.raises((AssertionError, ValueError)):
        assert_shapes_as_annotated(function, given, function(**given))


def test_every_annotation_of_a_shape_uses_known_dimensions():
    for function in FUNCTIONS.values():
        for hint in hints_of(function).values():
            assert set(shape_of(hint) or ()) <= SIZES.keys()


def test_inputs_are_locked_in_all_of_these_tests():
    given = arguments(fcnref.affine)
    with pytest.raises(ValueError, match="read-only"):
        given["W"][0, 0] = 1
    assert not readonly(np.zeros(3)).flags.writeable
