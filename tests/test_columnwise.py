"""The column maps: value, backward rule and Jacobian of each; symmetric and asymmetric ones."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest

from fcnref import (
    layer_norm,
    layer_norm_backward,
    layer_norm_jacobian,
    log_softmax,
    log_softmax_backward,
    softmax,
    softmax_backward,
)
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
from tests.registry import COLUMNWISE, UNITS, dZ_of

N, M = UNITS, 7

every_map = pytest.mark.parametrize("of", COLUMNWISE.values(), ids=COLUMNWISE.keys())
both_oracles = pytest.mark.parametrize(
    ("oracle", "rtol"), [(complex_step, COMPLEX_STEP), (central_difference, CENTRAL_DIFFERENCE)]
)


@every_map
@both_oracles
def test_backward_is_the_derivative_of_the_map(of, oracle, rtol, draw):
    dA, Z = draw(N, M), draw(N, M, scale=2)
    assert_close(dZ_of(of.backward(dA, Z)), oracle(of.f, Z, dA), rtol)


@every_map
def test_backward_is_linear_in_the_incoming_gradient(of, draw):
    Z = draw(N, M)
    assert_linear(lambda dA: dZ_of(of.backward(dA, Z)), draw(N, M), draw(N, M))


@every_map
def test_jacobian_is_the_derivative_of_one_column_in_numerator_layout(of, draw):
    z = draw(N, 1)
    assert_close(of.jacobian(z), jacobian(of.f, z), COMPLEX_STEP)


@every_map
def test_backward_sums_over_the_outputs_entry_by_entry(of, draw):
    """dZ[j, i] is the sum over p of dA[p, i] times the derivative of output p by input j."""
    dA, Z = draw(N, M), draw(N, M)
    dZ = np.empty((N, M))
    for i in range(M):
        J = jacobian(of.f, Z[:, [i]])
        for j in range(N):
            dZ[j, i] = sum(dA[p, i] * J[p, j] for p in range(N))
    assert_close(dZ_of(of.backward(dA, Z)), dZ, COMPLEX_STEP)


@pytest.mark.parametrize("name", ["log_softmax", "layer_norm"])
def test_an_asymmetric_jacobian_tells_its_transpose_apart(name, draw):
    """Softmax and every elementwise map would forgive a rule that forgot the transpose."""
    of = COLUMNWISE[name]
    dA, z = draw(N, 1), draw(N, 1)
    J = of.jacobian(z)
    assert np.max(np.abs(J - J.T)) > 0.1
    right, forgotten = dZ_of(of.backward(dA, z)), J @ dA
    assert np.max(np.abs(right - forgotten)) > 0.1 * np.max(np.abs(right))
    assert_close(right, J.T @ dA, 1e-14)


@every_map
def test_examples_do_not_mix(of, draw):
    dA, Z = draw(N, M), draw(N, M)
    A, dZ = of.f(Z), dZ_of(of.backward(dA, Z))
    for i in range(M):
        assert_close(A[:, [i]], of.f(Z[:, [i]]), 1e-15)
        assert_close(dZ[:, [i]], dZ_of(of.backward(dA[:, [i]], Z[:, [i]])), 1e-15)


@every_map
def test_a_shift_of_a_column_changes_nothing_so_its_gradient_sums_to_0(of, draw):
    dA, Z, shift = draw(N, M), draw(N, M), draw(1, M)
    assert_close(of.f(Z + shift), of.f(Z), 1e-13)
    np.testing.assert_allclose(dZ_of(of.backward(dA, Z)).sum(axis=0), 0, atol=1e-14)


@every_map
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_at_800_nothing_warns_and_everything_is_finite(of, dtype):
    Z = np.array([[-800, 800, 800], [800, 800, -800], [800, 799, -800], [0, 0, 0], [1, 2, 3]])
    dA = readonly(np.array([[0.5, -2, 3], [1, 0, 5], [2, 7, -1], [3, 1, 1], [-4, 2, 2]], dtype))
    Z = readonly(Z.astype(dtype))
    assert np.all(np.isfinite(of.f(Z)))
    assert np.all(np.isfinite(dZ_of(of.backward(dA, Z))))
    assert np.all(np.isfinite(of.jacobian(Z[:, [0]])))


# The printed equations, with every sum written out.


def softmax_by_entry(Z):
    return np.array(
        [
            [math.exp(Z[j, i]) / sum(math.exp(Z[p, i]) for p in range(len(Z))) for i in range(M)]
            for j in range(len(Z))
        ]
    )


def test_softmax_is_the_equation_entry_by_entry(draw):
    Z = draw(N, M)
    assert_close(softmax(Z), softmax_by_entry(Z), 1e-14)
    assert_close(log_softmax(Z), np.log(softmax_by_entry(Z)), 1e-14)


def test_softmax_backward_is_the_equation_entry_by_entry(draw):
    dA, Z = draw(N, M), draw(N, M)
    A = softmax_by_entry(Z)
    expected = [
        [sum(dA[p, i] * A[p, i] * ((p == j) - A[j, i]) for p in range(N)) for i in range(M)]
        for j in range(N)
    ]
    assert_close(softmax_backward(dA, Z), expected, 1e-14)


def test_log_softmax_backward_is_the_equation_entry_by_entry(draw):
    dA, Z = draw(N, M), draw(N, M)
    A = softmax_by_entry(Z)
    expected = [
        [sum(dA[p, i] * ((p == j) - A[j, i]) for p in range(N)) for i in range(M)] for j in range(N)
    ]
    assert_close(log_softmax_backward(dA, Z), expected, 1e-14)


@pytest.mark.parametrize("epsilon", [1e-5, 0.5])
def test_layer_norm_is_the_equation_entry_by_entry(draw, epsilon):
    Z, gain, shift = draw(N, M), draw(N, 1), draw(N, 1)
    expected = np.empty((N, M))
    for i in range(M):
        mean = sum(Z[p, i] for p in range(N)) / N
        variance = sum((Z[p, i] - mean) ** 2 for p in range(N)) / N
        for j in range(N):
            Z_hat = (Z[j, i] - mean) / math.sqrt(variance + epsilon)
            expected[j, i] = gain[j, 0] * Z_hat + shift[j, 0]
    assert_close(layer_norm(Z, gain, shift, epsilon), expected, 1e-14)


@pytest.mark.parametrize("epsilon", [1e-5, 0.5])
@both_oracles
def test_layer_norm_backward_is_the_derivative_by_each_of_its_inputs(draw, epsilon, oracle, rtol):
    dA, Z, gain, shift = draw(N, M), draw(N, M), draw(N, 1), draw(N, 1)
    dZ, dgain, dshift = layer_norm_backward(dA, Z, gain, epsilon)
    assert_close(dZ, oracle(lambda Z: layer_norm(Z, gain, shift, epsilon), Z, dA), rtol)
    assert_close(dgain, oracle(lambda gain: layer_norm(Z, gain, shift, epsilon), gain, dA), rtol)
    assert_close(dshift, oracle(lambda shift: layer_norm(Z, gain, shift, epsilon), shift, dA), rtol)
    J = layer_norm_jacobian(Z[:, [2]], gain, epsilon)
    assert_close(
        J, jacobian(lambda z: layer_norm(z, gain, shift, epsilon), Z[:, [2]]), COMPLEX_STEP
    )


def test_the_default_epsilon_is_the_same_in_value_and_derivative(draw):
    """Entries of 0.01, whose variance is not large against 1e-5."""
    dA, Z, gain, shift = draw(N, M), draw(N, M, scale=0.01), draw(N, 1), draw(N, 1)
    dZ = complex_step(lambda Z: layer_norm(Z, gain, shift), Z, dA)
    assert_close(layer_norm_backward(dA, Z, gain).dZ, dZ, COMPLEX_STEP)
    J = jacobian(lambda z: layer_norm(z, gain, shift), Z[:, [0]])
    assert_close(layer_norm_jacobian(Z[:, [0]], gain), J, COMPLEX_STEP)


def test_layer_norm_of_equal_units_is_the_shift(draw):
    gain, shift = draw(N, 1), draw(N, 1)
    Z = readonly(np.full((N, M), 3.25))
    assert np.all(layer_norm(Z, gain, shift) == shift)
    assert np.all(np.isfinite(layer_norm_backward(draw(N, M), Z, gain).dZ))


@pytest.mark.parametrize("rule", [softmax_backward, log_softmax_backward])
def test_one_unit_alone_has_nothing_to_choose(rule, draw):
    assert np.all(softmax(draw(1, M)) == 1)
    assert np.all(log_softmax(draw(1, M)) == 0)
    assert np.all(rule(draw(1, M), draw(1, M)) == 0)


def test_log_softmax_keeps_its_digits_where_softmax_has_none_left():
    Z = readonly(np.array([[0.0, 30.0, 800.0], [-40.0, -30.0, -700.0], [-80.0, 0.0, 790.0]]))
    with localcontext() as context:
        context.prec = 400
        columns = [[Decimal(z) for z in column] for column in Z.T.tolist()]
        normalizers = [sum(z.exp() for z in column).ln() for column in columns]
        expected = [
            [float(z - normalizer) for z in column]
            for column, normalizer in zip(columns, normalizers, strict=True)
        ]
        probabilities = [
            [float((z - normalizer).exp()) for z in column]
            for column, normalizer in zip(columns, normalizers, strict=True)
        ]
    np.testing.assert_allclose(softmax(Z).T, probabilities, rtol=1e-13)
    np.testing.assert_allclose(log_softmax(Z).T, expected, rtol=1e-14, atol=1e-16)
