"""The records that layers carry: each ties a map to its rule, and says what the rule reads."""

import pickle

import numpy as np
import pytest

import fcnref
from fcnref import ACTIVATIONS, layer_norm_with, leaky_relu_with
from tests.oracles import COMPLEX_STEP, assert_close, assert_linear, complex_step, readonly
from tests.registry import COLUMNWISE, ELEMENTWISE, RECORDS, UNITS, dZ_of

N, M = UNITS, 7

every_record = pytest.mark.parametrize("activation", RECORDS.values(), ids=RECORDS.keys())


def kept_by(activation, Z):
    return {"Z": Z, "A": readonly(activation.forward(Z)), None: None}[activation.reads]


def test_every_map_has_a_record_under_its_own_name():
    assert set(RECORDS) == set(ELEMENTWISE) | set(COLUMNWISE)
    assert [record.name for record in RECORDS.values()] == list(RECORDS)
    constants = [value for value in vars(fcnref).values() if isinstance(value, fcnref.Activation)]
    assert all(ACTIVATIONS[record.name] is record for record in constants)


def test_the_registry_cannot_be_written_to():
    with pytest.raises(TypeError):
        ACTIVATIONS["mine"] = fcnref.RELU


@every_record
def test_a_rule_that_reads_what_it_says_gives_the_derivative(activation, draw):
    dA, Z = draw(N, M), draw(N, M, scale=2)
    dZ = activation.backward(dA, kept_by(activation, Z))
    assert_close(dZ, complex_step(activation.forward, Z, dA), COMPLEX_STEP)


@every_record
def test_a_rule_is_linear_in_the_incoming_gradient(activation, draw):
    kept = kept_by(activation, draw(N, M))
    assert_linear(lambda dA: activation.backward(dA, kept), draw(N, M), draw(N, M))


@pytest.mark.parametrize("name", sorted(RECORDS.keys() - {"layer_norm"}))
def test_a_rule_from_the_activation_keeps_the_digits_of_the_rule_from_the_input(name, draw):
    """Entry by entry, also where the map saturates."""
    of = ELEMENTWISE.get(name) or COLUMNWISE[name]
    Z = readonly(np.linspace(-45, 45, N * M).reshape(N, M) + 0.123)
    dA = draw(N, M)
    activation = RECORDS[name]
    np.testing.assert_array_equal(activation.forward(Z), of.f(Z))
    np.testing.assert_allclose(
        activation.backward(dA, kept_by(activation, Z)), dZ_of(of.backward(dA, Z)), rtol=1e-13
    )


@every_record
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_at_800_a_rule_neither_warns_nor_loses_its_way(activation, dtype):
    Z = np.array([[-800, 800], [800, -800], [0, 1], [799, -2], [3, 800]], dtype)
    dA = readonly(np.array([[1, -2], [0.5, 4], [-3, 1], [7, 0.25], [2, -6]], dtype))
    assert np.all(np.isfinite(activation.backward(dA, kept_by(activation, readonly(Z)))))


@pytest.mark.parametrize("name", sorted(name for name in RECORDS if RECORDS[name].reads))
def test_a_rule_without_what_it_reads_says_so(name):
    reads = RECORDS[name].reads
    with pytest.raises(
        ValueError, match=rf"^{name}: the backward rule reads {reads}, got None; pass {reads}\.$"
    ):
        RECORDS[name].backward(np.zeros((N, M)), None)


def test_a_rule_that_reads_nothing_takes_nothing(draw):
    dA = draw(N, M)
    assert np.all(fcnref.IDENTITY.backward(dA, None) == dA)


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_at_the_kink_a_rule_that_reads_the_activation_agrees_with_the_left_side(zero):
    dA, Z = readonly(np.full((1, 1), -7.0)), readonly(np.full((1, 1), zero))
    for activation, left in [
        (fcnref.RELU, 0.0),
        (leaky_relu_with(0.25), 0.25),
        (leaky_relu_with(0.0), 0.0),
    ]:
        assert activation.backward(dA, activation.forward(Z)) == -7 * left


@pytest.mark.parametrize("slope", [0.0, 0.25, 1.75])
def test_a_leaky_relu_carries_its_slope_both_ways(slope, draw):
    dA, Z = draw(N, M), draw(N, M)
    activation = leaky_relu_with(slope)
    assert np.all(activation.forward(Z) == np.where(Z > 0, Z, slope * Z))
    assert np.all(activation.backward(dA, activation.forward(Z)) == np.where(Z > 0, dA, slope * dA))


@pytest.mark.parametrize("slope", [-0.1, float("nan")])
def test_a_slope_that_hides_the_sign_of_the_input_is_refused(slope):
    with pytest.raises(
        ValueError, match=rf"^leaky_relu_with: slope must be at least 0, got {slope}"
    ):
        leaky_relu_with(slope)


def test_a_layer_norm_carries_its_gain_shift_and_epsilon(draw):
    Z, gain, shift = draw(N, M), draw(N, 1), draw(N, 1)
    Z_hat = (Z - Z.mean(axis=0)) / np.sqrt(Z.var(axis=0) + 0.5)
    assert_close(layer_norm_with(gain, shift, 0.5).forward(Z), gain * Z_hat + shift, 1e-14)
    dA = draw(N, M)
    activation = layer_norm_with(gain, shift, 0.5)
    assert_close(activation.backward(dA, Z), complex_step(activation.forward, Z, dA), COMPLEX_STEP)


def test_a_layer_norm_carries_the_epsilon_of_the_map_unless_told_otherwise(draw):
    dA, Z, gain, shift = draw(N, M), draw(N, M, scale=0.01), draw(N, 1), draw(N, 1)
    activation = layer_norm_with(gain, shift)
    assert np.all(activation.forward(Z) == fcnref.layer_norm(Z, gain, shift))
    assert np.all(activation.backward(dA, Z) == fcnref.layer_norm_backward(dA, Z, gain).dZ)


def test_only_the_maps_that_lose_digits_in_their_output_read_their_input():
    """A is kept in any case, for the next layer; a rule that reads Z costs one more array."""
    from_output = {"relu", "leaky_relu", "softplus", "softmax", "log_softmax"}
    assert {name for name, record in RECORDS.items() if record.reads == "A"} == from_output
    assert {name for name, record in RECORDS.items() if record.reads is None} == {"identity"}


def test_a_record_says_its_name_and_what_it_reads():
    assert repr(fcnref.SIGMOID) == "Activation('sigmoid', reads='Z')"
    assert repr(fcnref.IDENTITY) == "Activation('identity', reads=None)"


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_record_arrives_in_another_process_as_the_one_that_is_there(name):
    record = ACTIVATIONS[name]
    assert pickle.loads(pickle.dumps(record)) is record
    assert pickle.loads(pickle.dumps(record._replace(name=name))) is record


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"leaky_relu"}))
def test_the_fields_of_a_record_arrive_by_themselves(name):
    """Dask takes a tuple apart and sends what is in it."""
    for field in ACTIVATIONS[name]:
        assert pickle.loads(pickle.dumps(field)) == field


@every_record
def test_what_is_no_record_of_the_package_arrives_with_its_parameters(activation, rng):
    own = activation._replace(name="own")
    there = pickle.loads(pickle.dumps(own))
    Z, dA = readonly(rng.standard_normal((N, M))), readonly(rng.standard_normal((N, M)))
    np.testing.assert_array_equal(there.forward(Z), own.forward(Z))
    kept = kept_by(own, Z)
    np.testing.assert_array_equal(there.backward(dA, kept), own.backward(dA, kept))


def test_a_record_of_ones_own_does_not_arrive_as_its_namesake():
    """By its name alone, a leaky ReLU of another slope would come back as the usual one."""
    own = fcnref.Activation("leaky_relu", np.cbrt, np.arctan2, "A")
    assert pickle.loads(pickle.dumps(own)) == own
    steep = pickle.loads(pickle.dumps(leaky_relu_with(0.2)))
    A = steep.forward(np.array([[-5.0, 5.0]]))
    np.testing.assert_array_equal(A, [[-1.0, 5.0]])
    np.testing.assert_array_equal(steep.backward(np.ones((1, 2)), A), [[0.2, 1.0]])
