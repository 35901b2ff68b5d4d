"""The elementwise maps: value, derivative, backward rule and Jacobian of each."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest

from fcnref import leaky_relu, leaky_relu_backward, leaky_relu_jacobian, leaky_relu_prime
from tests.oracles import (
    CENTRAL_DIFFERENCE,
    COMPLEX_STEP,
    assert_close,
    assert_linear,
    central_difference,
    complex_step,
    jacobian,
    readonly,
)
from tests.registry import ELEMENTWISE, KINKED

N, M = 5, 7

every_map = pytest.mark.parametrize("of", ELEMENTWISE.values(), ids=ELEMENTWISE.keys())
every_name = pytest.mark.parametrize("name", ELEMENTWISE)
both_oracles = pytest.mark.parametrize(
    ("oracle", "rtol"), [(complex_step, COMPLEX_STEP), (central_difference, CENTRAL_DIFFERENCE)]
)


@every_map
@both_oracles
def test_prime_is_the_derivative_of_each_entry(of, oracle, rtol, draw):
    Z = draw(N, M, scale=3)
    derivative = oracle(of.f, Z, np.ones_like(Z))
    np.testing.assert_allclose(of.prime(Z), derivative, rtol=rtol, atol=1e-2 * rtol)


@every_map
@both_oracles
def test_backward_is_the_derivative_of_the_map(of, oracle, rtol, draw):
    dA, Z = draw(N, M), draw(N, M, scale=3)
    assert_close(of.backward(dA, Z), oracle(of.f, Z, dA), rtol)


@every_map
def test_backward_is_the_equation_entry_by_entry(of, draw):
    dA, Z = draw(N, M), draw(N, M, scale=3)
    dZ = [[dA[j, i] * of.prime(Z[j : j + 1, i : i + 1])[0, 0] for i in range(M)] for j in range(N)]
    assert_close(of.backward(dA, Z), dZ, 1e-15)


@every_map
def test_backward_is_linear_in_the_incoming_gradient(of, draw):
    Z = draw(N, M, scale=3)
    assert_linear(lambda dA: of.backward(dA, Z), draw(N, M), draw(N, M))


@every_map
def test_jacobian_is_the_derivative_of_one_column(of, draw):
    z = draw(N, 1, scale=3)
    assert_close(of.jacobian(z), jacobian(of.f, z), COMPLEX_STEP)


@every_map
def test_backward_is_the_transposed_jacobian_column_by_column(of, draw):
    dA, Z = draw(N, M), draw(N, M, scale=3)
    columns = [of.jacobian(Z[:, [i]]).T @ dA[:, [i]] for i in range(M)]
    assert_close(of.backward(dA, Z), np.hstack(columns), 1e-15)


@every_map
@pytest.mark.parametrize("shape", [(), (4,), (2, 3, 5), (0, 3)], ids=str)
def test_an_elementwise_map_takes_any_shape(of, shape, draw):
    dA, Z = draw(*shape), draw(*shape)
    assert np.shape(of.f(Z)) == np.shape(of.prime(Z)) == np.shape(of.backward(dA, Z)) == shape


# A value is compared with its textbook form, and a derivative with that of the textbook, in digits
# enough to make the cancellations of these forms harmless.


def _tanh(z):
    return (z.exp() - (-z).exp()) / (z.exp() + (-z).exp())


def _normal_cdf(z):
    """Φ from the erfc of the C library, which is not the one of SciPy."""
    return Decimal(math.erfc(-float(z) / math.sqrt(2)) / 2)


def _normal_density(z):
    return (-z * z / 2).exp() / (2 * _PI).sqrt()


def _gelu_tanh_inner(z):
    return (2 / _PI).sqrt() * (z + Decimal("0.044715") * z**3)


def _gelu_tanh_prime(z):
    u = _gelu_tanh_inner(z)
    u_prime = (2 / _PI).sqrt() * (1 + 3 * Decimal("0.044715") * z**2)
    return (1 + _tanh(u)) / 2 + z / 2 * (1 - _tanh(u) ** 2) * u_prime


_PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")

TEXTBOOK = {
    "identity": (lambda z: z, lambda z: Decimal(1)),
    "sigmoid": (
        lambda z: 1 / (1 + (-z).exp()),
        lambda z: (-z).exp() / (1 + (-z).exp()) ** 2,
    ),
    "tanh": (_tanh, lambda z: 1 - _tanh(z) ** 2),
    "relu": (lambda z: max(z, Decimal(0)), lambda z: Decimal(z > 0)),
    "leaky_relu": (
        lambda z: z if z > 0 else Decimal("0.01") * z,
        lambda z: Decimal(1) if z > 0 else Decimal("0.01"),
    ),
    "softplus": (lambda z: (1 + z.exp()).ln(), lambda z: 1 / (1 + (-z).exp())),
    "silu": (
        lambda z: z / (1 + (-z).exp()),
        lambda z: 1 / (1 + (-z).exp()) + z * (-z).exp() / (1 + (-z).exp()) ** 2,
    ),
    "gelu": (
        lambda z: z * _normal_cdf(z),
        lambda z: _normal_cdf(z) + z * _normal_density(z),
    ),
    "gelu_tanh": (lambda z: z / 2 * (1 + _tanh(_gelu_tanh_inner(z))), _gelu_tanh_prime),
}


def in_digits(formula, Z):
    with localcontext() as context:
        context.prec = 700
        return [float(formula(Decimal(z))) for z in Z.tolist()]


@every_name
def test_value_and_derivative_keep_their_digits_where_the_map_saturates(name):
    """Entry by entry: a tail of 1e-18 has as many correct digits as the middle."""
    of, (value, derivative) = ELEMENTWISE[name], TEXTBOOK[name]
    Z = readonly(np.array([-20, -9, -4, -1, -0.125, 0.125, 1, 4, 9, 20, 37, 40], dtype=float))
    np.testing.assert_allclose(of.f(Z), in_digits(value, Z), rtol=1e-13)
    np.testing.assert_allclose(of.prime(Z), in_digits(derivative, Z), rtol=1e-13)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus", "silu"])
def test_exponential_tails_keep_their_digits_down_to_the_smallest_numbers(name):
    of, (value, derivative) = ELEMENTWISE[name], TEXTBOOK[name]
    Z = readonly(np.array([-700, -300, -40, 40, 300]))
    np.testing.assert_allclose(of.f(Z / 1.0), in_digits(value, Z), rtol=1e-14)
    np.testing.assert_allclose(of.prime(Z / 1.0), in_digits(derivative, Z), rtol=1e-14)


@every_map
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_at_800_nothing_warns_and_the_derivative_is_that_of_the_asymptote(of, dtype):
    Z = readonly(np.array([[-800, 800]], dtype=dtype))
    dA = readonly(np.array([[0.75, -2.5]], dtype=dtype))
    slope = of.f(Z + 1) - of.f(Z)
    assert np.all(np.isfinite(of.f(Z)))
    np.testing.assert_allclose(of.prime(Z), slope, rtol=1e-2 if dtype == np.float32 else 1e-10)
    assert np.all(of.backward(dA, Z) == dA * of.prime(Z))
    assert np.all(np.isfinite(of.jacobian(Z.T)))


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("name", sorted(KINKED))
def test_at_the_kink_the_derivative_is_that_of_the_left_side(name, zero):
    of = ELEMENTWISE[name]
    left = float(of.prime(np.array(-1.0)))
    assert left == {"relu": 0.0, "leaky_relu": 0.01}[name]
    z = readonly(np.full((3, 1), zero))
    assert np.all(of.f(z) == 0)
    assert np.all(of.prime(z) == left)
    assert np.all(of.backward(readonly(np.full((3, 1), -7.0)), z) == -7 * left)
    assert np.all(of.jacobian(z) == left * np.eye(3))


@pytest.mark.parametrize("name", sorted(set(ELEMENTWISE) - KINKED))
def test_at_zero_a_smooth_map_is_no_special_case(name):
    of = ELEMENTWISE[name]
    z = readonly(np.zeros((3, 1)))
    assert_close(of.prime(z), complex_step(of.f, z, np.ones_like(z)), COMPLEX_STEP)


@pytest.mark.parametrize("slope", [0.0, 0.25, 1.75])
def test_every_part_of_leaky_relu_takes_the_slope(slope, draw):
    dA, Z = draw(N, M), draw(N, M)
    expected = np.array([[1.0 if z > 0 else slope for z in row] for row in Z])
    assert np.all(leaky_relu(Z, slope) == Z * expected)
    assert np.all(leaky_relu_prime(Z, slope) == expected)
    assert np.all(leaky_relu_backward(dA, Z, slope) == dA * expected)
    assert np.all(leaky_relu_jacobian(Z[:, [0]], slope) == np.diag(expected[:, 0]))


def test_the_documented_bounds_hold():
    Z = readonly(np.linspace(-10, 10, 20001))
    assert ELEMENTWISE["silu"].f(Z).min() > -0.2785
    assert ELEMENTWISE["gelu"].f(Z).min() > -0.17
    assert np.max(np.abs(ELEMENTWISE["gelu"].f(Z) - ELEMENTWISE["gelu_tanh"].f(Z))) < 5e-4
    for name, low, high in [
        ("sigmoid", 0, 0.25),
        ("tanh", 0, 1),
        ("silu", -0.0999, 1.0999),
        ("gelu", -0.129, 1.129),
        ("gelu_tanh", -0.13, 1.13),
    ]:
        prime = ELEMENTWISE[name].prime(Z)
        assert low <= prime.min() <= prime.max() <= high
        assert math.isclose(prime.max(), high, rel_tol=2e-3)
