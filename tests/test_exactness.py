"""Exactness: value and derivative of every elementwise map within 4 units in the last place.

The oracle is mpmath with 60 digits, over the whole range of the doubles and of single precision;
`nox -s exactness` takes many more numbers, and other libraries.
"""

import functools
import tracemalloc

import numpy as np
import pytest

import fcnref
from fcnref.activations import gated
from tests.networks import network
from tests.oracles import readonly
from tests.registry import ELEMENTWISE, RECORDS, UNITS

mp = pytest.importorskip("mpmath")
exact = pytest.importorskip("tests.exact")

every_map = pytest.mark.parametrize("name", ELEMENTWISE)
both_precisions = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def test_every_elementwise_map_has_an_oracle():
    assert exact.MAPS.keys() == ELEMENTWISE.keys()


@every_map
@both_precisions
@pytest.mark.parametrize("which", [0, 1], ids=["value", "derivative"])
def test_over_the_whole_range_an_error_stays_below_4_units_in_the_last_place(
    name, which, dtype, rng
):
    Z = readonly(exact.whole_range(rng, 400, dtype))
    error, at = exact.worst(ELEMENTWISE[name][which](Z), exact.MAPS[name][which], Z)
    assert error <= 4, f"{name} at {at!r}: {error:.1f}"


ROOTS = {
    "silu": gated.SILU_ROOT,
    "gelu": gated.GELU_ROOT,
    "gelu_tanh": gated.GELU_TANH_ROOT,
}


@pytest.mark.parametrize("name", ROOTS)
def test_the_root_of_a_derivative_is_known_to_twice_the_digits(name):
    head, tail = ROOTS[name]
    with mp.workdps(50):
        root = mp.findroot(exact.MAPS[name][1], -head)
        assert abs(root + head + tail) < 1e-31


@pytest.mark.parametrize("name", ROOTS)
def test_around_its_root_a_derivative_keeps_its_digits(name, rng):
    """Within a distance that shrinks to the spacing of the doubles."""
    root = -ROOTS[name][0]
    near = root + rng.choice([-1, 1], 300) * np.exp(rng.uniform(np.log(1e-16), np.log(0.3), 300))
    neighbors = [root, np.nextafter(root, 0), np.nextafter(root, -2)]
    Z = readonly(np.concatenate([near, neighbors]))
    error, at = exact.worst(ELEMENTWISE[name].prime(Z), exact.MAPS[name][1], Z)
    assert error <= 4, f"{name} at {at!r}: {error:.1f}"


@pytest.mark.parametrize("name", ["silu", "gelu", "gelu_tanh"])
def test_the_constants_of_the_gated_maps_have_all_their_digits(name, rng):
    """Near the smallest number, where a wrong digit of an exponent would show."""
    edge = {"silu": 745, "gelu": 38.5, "gelu_tanh": 21.2}[name]
    Z = readonly(-rng.uniform(0.9 * edge, edge, 200))
    for which in (0, 1):
        error, at = exact.worst(ELEMENTWISE[name][which](Z), exact.MAPS[name][which], Z)
        assert error <= 4, f"{name} at {at!r}: {error:.1f}"


@every_map
def test_infinities_give_the_limits_and_nan_stays_nan(name):
    of = ELEMENTWISE[name]
    ends = readonly(np.array([-np.inf, np.inf]))
    far = readonly(np.array([-1e30, 1e30]))
    expected = of.f(far)
    expected = np.where(np.abs(expected) > 1e20, np.copysign(np.inf, expected), expected)
    np.testing.assert_array_equal(of.f(ends), expected)
    np.testing.assert_array_equal(of.prime(ends), of.prime(far))
    assert np.isnan(of.f(np.array([np.nan]))).all()
    choice = {"identity": 1.0, "relu": 0.0, "leaky_relu": 0.01}.get(name, np.nan)
    np.testing.assert_array_equal(of.prime(np.array([np.nan])), choice)


# The fused losses, relative to their terms.


@both_precisions
def test_sigmoid_cross_entropy_is_exact_term_by_term(dtype, rng):
    Z = exact.whole_range(rng, 200, dtype)
    Z = Z[np.abs(Z) < np.finfo(dtype).max / 4]
    for y in (0.0, 0.25, 1.0):
        Y = np.full((1, 1), y, dtype)
        for z in Z:
            logits = readonly(np.full((1, 1), z))
            J = fcnref.sigmoid_cross_entropy(logits, Y)
            softplus = functools.partial(exact.exact, exact.MAPS["softplus"][0])
            wanted = y * softplus(-float(z)) + (1 - y) * softplus(float(z))
            assert exact.ulps(J, wanted, dtype) <= 4
            d = fcnref.sigmoid_cross_entropy_grad(logits, Y)[0, 0]
            sigma = exact.exact(exact.sigmoid, float(z))
            unit = max(exact.ulp(sigma, dtype), exact.ulp(mp.mpf(y), dtype))
            assert abs(mp.mpf(float(d)) - (sigma - y)) <= 4 * unit


@both_precisions
def test_softmax_cross_entropy_is_exact_relative_to_its_terms(dtype, rng):
    """The terms of J are z_j - max and log Σ, where Σ is at least 1; of its gradient, a and y."""
    unit, smallest = np.finfo(dtype).eps, float(np.finfo(dtype).smallest_subnormal)
    for scale in (1e-3, 1.0, 30.0, 600.0):
        logits = readonly((scale * rng.standard_normal((5, 1))).astype(dtype))
        Y = readonly(fcnref.one_hot(np.array([rng.integers(5)]), 5, dtype))
        with mp.workdps(exact.DIGITS):
            column = [mp.mpf(float(z)) for z in logits[:, 0]]
            largest = max(column)
            total = mp.fsum(mp.exp(z - largest) for z in column)
            picked = column[int(np.argmax(Y))] - largest
            wanted = mp.log(total) - picked
        J = fcnref.softmax_cross_entropy(logits, Y)
        terms = max(-picked, mp.log(total), 1)
        assert abs(mp.mpf(float(J)) - wanted) <= 4 * unit * terms
        d = fcnref.softmax_cross_entropy_grad(logits, Y)[:, 0]
        for j, z in enumerate(column):
            with mp.workdps(exact.DIGITS):
                a = mp.exp(z - largest) / total
            y = float(Y[j, 0])
            # a rounded difference of d logits moves a by d roundings
            bound = (4 + (largest - z)) * a + y
            assert abs(mp.mpf(float(d[j])) - (a - y)) <= 4 * unit * bound + smallest


# What exactness costs: the arrays that a rule says it reads, and none beside.


@pytest.mark.parametrize("name", RECORDS)
def test_the_trace_keeps_what_the_rules_declare_and_nothing_more(name, rng):
    activation = RECORDS[name]
    layers = network(rng, activation)
    trace = fcnref.forward(readonly(rng.standard_normal((3, 7))), layers)
    kept = [Z is not None for Z in trace.Z]
    assert kept == [False, *[activation.reads == "Z"] * 3, False]
    arrays = {id(array.base if array.base is not None else array): array for array in trace.A}
    for Z in trace.Z:
        if Z is not None:
            arrays[id(Z)] = Z
    names = len(trace.A) + sum(kept)
    shared = 3 if name == "identity" else 0  # the identity hands on the array that it was given
    assert len(arrays) in (names, names - shared)
    assert all(array.dtype == np.float64 for array in arrays.values())


@pytest.mark.parametrize("name", RECORDS)
def test_a_saturated_trace_takes_the_memory_of_a_calm_one(name, rng):
    """Counted by the allocator: one array for A and, where the rule reads Z, one for Z."""
    activation = RECORDS[name]
    m = 4001
    layers = [
        fcnref.Layer(np.full((UNITS, UNITS), 1e3), np.ones((UNITS, 1)), activation)
        for _ in range(2)
    ]
    X = readonly(rng.standard_normal((UNITS, m)))
    fcnref.forward(X, layers)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    trace = fcnref.forward(X, layers)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    arrays = len(layers) * (2 if activation.reads == "Z" else 1)
    assert len(trace.A) == 3
    assert after - before < 1.02 * arrays * X.nbytes
