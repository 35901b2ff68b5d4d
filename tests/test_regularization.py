import numpy as np
import pytest

from fcnref.differences import complex_step
from fcnref.regularization import (
    dropout,
    dropout_backward,
    dropout_mask,
    l1_penalty,
    l1_penalty_grad,
    l2_coefficient,
    l2_penalty,
    l2_penalty_grad,
    norm_penalty,
    norm_penalty_grad,
)

PENALTIES = pytest.mark.parametrize(
    ("value", "grad"),
    [
        (l2_penalty, l2_penalty_grad),
        (l1_penalty, l1_penalty_grad),
        (norm_penalty, norm_penalty_grad),
    ],
)


@PENALTIES
def test_the_gradient_is_the_derivative_of_the_value(value, grad, draw):
    W = draw(3, 5)
    wanted = complex_step(lambda W: value(W, 0.7), W)
    np.testing.assert_allclose(grad(W, 0.7), wanted, rtol=1e-13)


@PENALTIES
def test_float32_stays_float32(value, grad, draw):
    W = draw(3, 5).astype(np.float32)
    assert value(W, 0.7).dtype == grad(W, 0.7).dtype == np.float32


def test_the_three_scalings_are_the_three_penalties(draw):
    W, strength, m = draw(3, 5), 0.6, 7
    square = sum(float(w) ** 2 for w in W.ravel())
    for scaling, penalty in (
        ("lambda", strength * square),
        ("lambda/2", strength * square / 2),
        ("lambda/2m", strength * square / 2 / m),
    ):
        np.testing.assert_allclose(l2_penalty(W, l2_coefficient(strength, scaling, m)), penalty)


def test_an_unknown_scaling_is_refused():
    with pytest.raises(ValueError, match="scaling must be one of lambda, lambda/2, lambda/2m"):
        l2_coefficient(0.1, "half")


def test_the_l1_gradient_at_the_kink_is_zero():
    assert l1_penalty_grad(np.array([[0.0]]), 0.7) == 0.0


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_direction_of_weights_whose_squares_are_no_numbers(dtype):
    """Squares of the smallest numbers are 0, and those of the largest are infinite."""
    info = np.finfo(dtype)
    for unit in (info.smallest_subnormal, info.max / 8):
        W = np.array([[3, -4], [0, 0]], dtype) * unit
        wanted = 0.5 * np.array([[0.6, -0.8], [0, 0]])
        np.testing.assert_allclose(norm_penalty_grad(W, 0.5), wanted, rtol=4 * info.eps)


def test_a_mask_keeps_the_share_and_the_mean(rng):
    mask = dropout_mask(rng, (100, 1000), keep=0.8)
    assert set(np.unique(mask)) == {0.0, 1.25}
    assert abs(mask.mean() - 1) < 0.005


@pytest.mark.parametrize("keep", [0.0, -0.1, 1.5])
def test_keep_must_be_a_probability(keep, rng):
    with pytest.raises(ValueError, match="0 < keep <= 1"):
        dropout_mask(rng, (2, 3), keep)


def test_dropout_backward_is_the_transpose_of_dropout(rng, draw):
    mask = dropout_mask(rng, (5, 7), keep=0.6)
    A, v, g = draw(5, 7), draw(5, 7), draw(5, 7)
    forward = complex_step(lambda A: dropout(A, mask), A, direction=v)
    np.testing.assert_allclose(np.sum(g * forward), np.sum(dropout_backward(g, mask) * v))


def test_a_mask_of_another_shape_is_refused(draw):
    with pytest.raises(ValueError, match="nothing broadcasts"):
        dropout(draw(5, 7), draw(5, 1))


def test_without_a_number_of_examples_the_coefficient_is_that_of_one():
    for scaling, divisor in [("lambda", 1), ("lambda/2", 2), ("lambda/2m", 2)]:
        assert l2_coefficient(3.0, scaling) == 3.0 / divisor


def test_a_unit_stays_with_probability_keep_to_the_last_number_of_the_generator():
    """A generator draws from [0, 1), so that the share keep of its numbers is below keep."""

    class Generator:
        def random(self, shape):
            return np.array([[0.0, 0.25, 0.5, 0.75]])

    assert np.all(dropout_mask(Generator(), (1, 4), keep=0.5) == [[2.0, 2.0, 0.0, 0.0]])


def test_no_weights_have_no_direction():
    """A layer of no units: the largest of no entries is none, and nothing is divided by it."""
    assert norm_penalty_grad(np.empty((0, 3)), 0.5).shape == (0, 3)
