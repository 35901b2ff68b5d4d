"""What holds for every public function, however its arrays are stored and whatever is in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fcnref
from tests.doors import SIZES, arguments, array_arguments, arrays_in
from tests.oracles import assert_close, readonly
from tests.properties.strategies import STORED, broad
from tests.registry import FUNCTIONS, RECORDS

WITH_ARRAYS = {
    name: function
    for name, function in FUNCTIONS.items()
    if array_arguments(function) and name != "layer_norm_with"
}
functions = st.sampled_from(sorted(WITH_ARRAYS))
NO_EXAMPLE_IS_AN_ERROR = ("cross_entropy", "squared_error", "loss_and_grads", "hvp", "train")


def sizes():
    units = st.integers(1, 5)
    return st.builds(
        lambda n, n_prev, m, shape: SIZES | {"n": n, "n_prev": n_prev, "m": m, "...": tuple(shape)},
        units,
        units,
        st.integers(1, 6),
        st.lists(st.integers(0, 4), max_size=3),
    )


def stored(given_arguments, function, how):
    arrays = array_arguments(function)
    return {
        name: readonly(how(value)) if name in arrays and value.ndim else value
        for name, value in given_arguments.items()
    }


@broad
@given(
    functions, sizes(), st.sampled_from(sorted(STORED)), st.sampled_from([np.float32, np.float64])
)
def test_how_an_array_is_stored_changes_nothing(name, sizes, how, dtype):
    function = WITH_ARRAYS[name]
    plain = arguments(function, dtype, sizes)
    other = stored(arguments(function, dtype, sizes), function, STORED[how])
    tolerance = 8 * np.finfo(dtype).eps  # products of matrices add in another order
    for one, two in zip(arrays_in(function(**other)), arrays_in(function(**plain)), strict=True):
        assert_close(one, two, tolerance)


@broad
@given(functions, sizes(), st.sampled_from([np.float16, np.float32, np.longdouble]))
def test_every_precision_comes_out_as_it_went_in(name, sizes, dtype):
    function = WITH_ARRAYS[name]
    if "layer_norm" in name:  # of two units nearly everything is subtracted away
        sizes = sizes | {"n": 5}
    results = arrays_in(function(**arguments(function, dtype, sizes)))
    doubles = arrays_in(function(**arguments(function, np.float64, sizes)))
    tolerance = 200 * max(float(np.finfo(dtype).eps), 2.3e-16)
    for got, wanted in zip(results, doubles, strict=True):
        assert got.dtype in (dtype, wanted.dtype) if got.dtype.kind == "i" else got.dtype == dtype
        assert_close(got.astype(float), wanted, tolerance)


@broad
@given(
    functions,
    st.sampled_from([{"n": 1, "n_prev": 1}, {"n": 1, "n_prev": 4}, {"n": 4, "n_prev": 1}]),
)
def test_one_unit_is_a_layer_like_others(name, units):
    function = WITH_ARRAYS[name]
    for array in arrays_in(function(**arguments(function, sizes=SIZES | units))):
        assert np.all(np.isfinite(array))


@pytest.mark.parametrize("name", sorted(WITH_ARRAYS))
def test_no_examples_are_an_empty_batch_or_a_sentence(name):
    """A mean over no examples does not exist; everything else has no column, or sums to 0."""
    function = WITH_ARRAYS[name]
    nothing = SIZES | {"m": 0, "...": (5, 0)}
    given_arguments = arguments(function, sizes=nothing)
    if any(part in name for part in NO_EXAMPLE_IS_AN_ERROR):
        with pytest.raises(ValueError, match=r"^\w+: .*, got m = 0|at least one"):
            function(**given_arguments)
    else:
        for array in arrays_in(function(**given_arguments)):
            assert array.size == 0 or np.all(np.isfinite(array))


@pytest.mark.parametrize("name", sorted(WITH_ARRAYS))
def test_subnormal_numbers_neither_warn_nor_turn_into_nan(name):
    function = WITH_ARRAYS[name]
    arrays = set(array_arguments(function)) - {"A", "Y", "mask"}
    given_arguments = {
        key: readonly(value * 1e-310) if key in arrays else value
        for key, value in arguments(function).items()
    }
    for array in arrays_in(function(**given_arguments)):
        assert not np.any(np.isnan(array))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_a_logit_of_minus_infinity_is_a_class_that_is_ruled_out(name):
    Z = readonly(np.array([[1.0, -np.inf], [-np.inf, 2.0], [1.0, 2.0]]))
    A = RECORDS[name].forward(Z)
    probabilities = A if name == "softmax" else np.exp(A)
    assert_close(probabilities, [[0.5, 0], [0, 0.5], [0.5, 0.5]], 1e-15)


@pytest.mark.parametrize("number", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "layer_norm"])
def test_a_column_with_a_number_that_is_none_is_nan_and_the_others_are_not(name, number):
    Z = np.ones((5, 3))
    Z[2, 1] = number
    with np.errstate(invalid="ignore"):
        A = RECORDS[name].forward(readonly(Z))
    assert np.all(np.isnan(A[:, 1]))
    assert np.all(np.isfinite(A[:, [0, 2]]))


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_an_entry_that_is_not_finite_passes_through_the_affine_map_as_arithmetic_has_it(number):
    A_prev = np.ones((3, 2))
    A_prev[1, 0] = number
    Z = fcnref.affine(readonly(A_prev), readonly(np.full((4, 3), 0.5)), readonly(np.ones((4, 1))))
    assert np.array_equal(Z[:, 0], np.full(4, number), equal_nan=True)
    assert np.all(np.isfinite(Z[:, 1]))
