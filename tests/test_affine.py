"""The affine map and its backward rule, against loops over the printed equations and oracles."""

import numpy as np
import pytest

from fcnref import affine, affine_backward, affine_backward_input, affine_backward_parameters
from tests.oracles import (
    CENTRAL_DIFFERENCE,
    COMPLEX_STEP,
    assert_close,
    assert_linear,
    central_difference,
    complex_step,
)

N, N_PREV, M = 5, 3, 7
SIZES = [(N, N_PREV, M), (3, 3, 3), (1, 1, 1), (2, 7, 1), (1, 5, 2)]


@pytest.fixture(params=SIZES, ids=str)
def layer(request, draw):
    n, n_prev, m = request.param
    return draw(n, m), draw(n_prev, m), draw(n, n_prev), draw(n, 1)


def test_forward_is_the_equation_entry_by_entry(layer):
    _, A_prev, W, b = layer
    n, n_prev = W.shape
    expected = [
        [
            b[j, 0] + sum(W[j, k] * A_prev[k, i] for k in range(n_prev))
            for i in range(A_prev.shape[1])
        ]
        for j in range(n)
    ]
    assert_close(affine(A_prev, W, b), expected, 1e-14)


def test_backward_is_the_equations_entry_by_entry(layer):
    dZ, A_prev, W, _ = layer
    n, n_prev = W.shape
    m = dZ.shape[1]
    dA_prev, dW, db = affine_backward(dZ, A_prev, W)
    assert_close(
        dA_prev,
        [[sum(W[j, k] * dZ[j, i] for j in range(n)) for i in range(m)] for k in range(n_prev)],
        1e-14,
    )
    assert_close(
        dW,
        [[sum(dZ[j, i] * A_prev[k, i] for i in range(m)) for k in range(n_prev)] for j in range(n)],
        1e-14,
    )
    assert_close(db, [[sum(dZ[j, i] for i in range(m))] for j in range(n)], 1e-14)


@pytest.mark.parametrize(
    ("oracle", "rtol"), [(complex_step, COMPLEX_STEP), (central_difference, CENTRAL_DIFFERENCE)]
)
def test_backward_is_the_derivative_of_forward(layer, oracle, rtol):
    dZ, A_prev, W, b = layer
    grads = affine_backward(dZ, A_prev, W)
    assert_close(grads.dA_prev, oracle(lambda A_prev: affine(A_prev, W, b), A_prev, dZ), rtol)
    assert_close(grads.dW, oracle(lambda W: affine(A_prev, W, b), W, dZ), rtol)
    assert_close(grads.db, oracle(lambda b: affine(A_prev, W, b), b, dZ), rtol)


@pytest.mark.parametrize("field", ["dA_prev", "dW", "db"])
def test_backward_is_linear_in_the_incoming_gradient(draw, field):
    A_prev, W = draw(N_PREV, M), draw(N, N_PREV)
    assert_linear(lambda dZ: getattr(affine_backward(dZ, A_prev, W), field), draw(N, M), draw(N, M))


def test_the_two_halves_are_the_whole(layer):
    dZ, A_prev, W, _ = layer
    dA_prev, dW, db = affine_backward(dZ, A_prev, W)
    assert np.all(affine_backward_input(dZ, W) == dA_prev)
    assert np.all(affine_backward_parameters(dZ, A_prev).dW == dW)
    assert np.all(affine_backward_parameters(dZ, A_prev).db == db)


def test_gradients_of_the_parameters_add_up_over_the_examples(layer):
    """No 1/m hides in the rule: a batch counts as much as its examples one by one."""
    dZ, A_prev, W, _ = layer
    one_by_one = [affine_backward(dZ[:, [i]], A_prev[:, [i]], W) for i in range(dZ.shape[1])]
    dA_prev, dW, db = affine_backward(dZ, A_prev, W)
    assert_close(dW, sum(grads.dW for grads in one_by_one), 1e-14)
    assert_close(db, sum(grads.db for grads in one_by_one), 1e-14)
    assert_close(dA_prev, np.hstack([grads.dA_prev for grads in one_by_one]), 1e-14)


def test_an_empty_batch_moves_nothing(draw):
    dA_prev, dW, db = affine_backward(draw(N, 0), draw(N_PREV, 0), draw(N, N_PREV))
    assert dA_prev.shape == (N_PREV, 0)
    assert np.all(dW == np.zeros((N, N_PREV)))
    assert np.all(db == np.zeros((N, 1)))
