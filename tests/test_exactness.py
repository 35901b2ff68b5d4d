"""Exactness: every value and derivative within 4 units in the last place, a sum's of its terms.

The oracle is mpmath with 60 digits, over the whole range of the doubles and of single precision;
`nox -s exactness` takes many more numbers, and other libraries.
"""

import tracemalloc

import numpy as np
import pytest

import fcnref
from fcnref import LOSSES
from fcnref.activations import gated
from tests.networks import network
from tests.oracles import readonly
from tests.registry import COLUMNWISE, ELEMENTWISE, RECORDS, UNITS

mp = pytest.importorskip("mpmath")
exact = pytest.importorskip("tests.exact")
columns = pytest.importorskip("tests.exact_columns")
extended = pytest.importorskip("tests.extended")

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


@every_map
@pytest.mark.parametrize("which", [0, 1], ids=["value", "derivative"])
def test_one_in_a_thousand_numbers_of_single_precision_shows_no_error_of_4_units(name, which):
    """Double precision is the oracle, whose own errors are a billionth of these units."""
    assert exact.worst_of_singles(ELEMENTWISE[name][which], stride=997) <= 4


@pytest.mark.skipif(not extended.PRESENT, reason="a long double is a double here")
@pytest.mark.parametrize("name", extended.MAPS)
@pytest.mark.parametrize("which", [0, 1], ids=["value", "derivative"])
def test_the_oracle_in_extended_precision_is_a_quarter_of_a_unit_off_at_most(name, which, rng):
    most = 10 if name == "gelu_tanh" else 30
    Z = readonly(rng.choice([-1, 1], 300) * np.exp(rng.uniform(np.log(1e-4), np.log(most), 300)))

    def rounded(Z):
        with mp.workdps(exact.DIGITS):
            return np.array([np.longdouble(f"{exact.exact(f, z)}") for z in Z.tolist()])

    f = exact.MAPS[name][which]
    assert extended.worst(name, which, rounded, Z) <= 0.25


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


@pytest.mark.parametrize("name", ROOTS)
@pytest.mark.parametrize("which", [0, 1], ids=["value", "derivative"])
def test_where_one_form_hands_over_to_another_no_digit_is_lost(name, which, rng):
    """Each gated map is made of forms that are exact in different places."""
    Z = readonly(rng.uniform(-3, 0, 499))
    error, at = exact.worst(ELEMENTWISE[name][which](Z), exact.MAPS[name][which], Z)
    assert error <= 4, f"{name} at {at!r}: {error:.1f}"


RARE = [
    *[("gelu", 0, z) for z in (-1.3106552966019835, -1.316894280735602, -1.3523360190166824)],
    *[("gelu", 0, z) for z in (-1.375286969103111, -1.4001087456405101, -1.4012226029846282)],
    *[("gelu", 0, z) for z in (-2.238879529637045, -2.7696606447019945, -7.966974599457783)],
    *[("gelu", 1, z) for z in (-1.6528116920373486, -1.7687538534330898, -2.2248165780035363)],
    *[("gelu_tanh", 1, z) for z in (-0.5140806372693971, -0.5172253737852882)],
    *[("gelu_tanh", 1, z) for z in (-0.9194443820129119, -2.889690706218333)],
]


@pytest.mark.parametrize(("name", "which", "z"), RARE)
def test_where_a_form_with_one_more_rounding_was_off_this_one_is_not(name, which, z):
    """One number in a hundred thousand or a million: no sample of a test would meet it."""
    Z = readonly(np.array([z]))
    error, _ = exact.worst(ELEMENTWISE[name][which](Z), exact.MAPS[name][which], Z)
    assert error <= 4


def test_what_gelu_tanh_adds_up_is_rounded_once(rng):
    """1 + 2z u′(z) at z = -t, with a root between 0.5 and 0.7."""
    t = readonly(np.concatenate([rng.uniform(0, 3, 499), rng.uniform(0.3, 0.7, 499)]))
    got = sum(gated._one_and_2_z_u_prime(t, *gated._twice_u(t)))
    error, at = exact.worst(got, lambda t: 1 - t * exact.two_u_prime(t), t)
    assert error <= 0.5, f"at {at!r}: {error}"


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


# Losses and column maps, relative to their terms.


def of_columns(name):
    """Value and gradient of a loss, or of a column map with its parameters."""
    f, grad = getattr(fcnref, name), getattr(fcnref, f"{name}_grad", None)
    if grad is not None:
        return f, grad
    if name != "layer_norm":
        return (lambda Z, _: f(Z)), None

    def parameters(Z):
        return (np.array(p, Z.dtype)[:, np.newaxis] for p in (columns.GAIN, columns.SHIFT))

    def value(Z, _):
        return f(Z, *parameters(Z), columns.EPSILON)

    def backward(Z, dA):
        gain, _ = parameters(Z)
        return fcnref.layer_norm_backward(dA, Z, gain, columns.EPSILON).dZ

    return value, backward


def test_every_loss_and_column_map_has_an_oracle():
    assert columns.CASES.keys() == LOSSES.keys() | COLUMNWISE.keys()


@both_precisions
@pytest.mark.parametrize(
    ("name", "which"),
    [(name, which) for name, case in columns.CASES.items() for which in (0, 1) if case[which]],
    ids=lambda item: item if isinstance(item, str) else ["value", "gradient"][item],
)
def test_a_column_is_exact_to_4_units_in_the_last_place_of_its_terms(name, which, dtype, rng):
    case = columns.CASES[name]
    Z, Y = map(readonly, case.draw(rng, 120, dtype))
    f = of_columns(name)[which]
    with np.errstate(over="ignore"):  # of a quotient that should be infinite
        got = [np.atleast_1d(f(Z[:, [i]], Y[:, [i]])) for i in range(Z.shape[1])]
    error, at = columns.worst(got, columns.wanted(case[which], Z, Y), dtype)
    assert error <= 4, f"{name} at {Z[:, at]}, {Y[:, at]}: {error:.1f}"


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
