"""Initial weights: their distribution, their precision, and where their randomness comes from."""

import numpy as np
import pytest

from fcnref import IDENTITY, RELU, TANH, forward, glorot_uniform, he_normal, initialize
from tests.oracles import assert_close

N, N_PREV = 211, 307
"""Enough draws, 64777, to tell a variance to a per cent."""


def test_glorot_uniform_fills_its_interval_evenly(rng):
    W = glorot_uniform(rng, N, N_PREV)
    limit = np.sqrt(6 / (N + N_PREV))
    counts, _ = np.histogram(W, bins=10, range=(-limit, limit))
    assert counts.sum() == W.size
    np.testing.assert_allclose(counts, W.size / 10, rtol=0.05)


def test_glorot_uniform_has_the_variance_of_the_paper(rng):
    np.testing.assert_allclose(glorot_uniform(rng, N, N_PREV).var(), 2 / (N + N_PREV), rtol=0.02)


def test_he_normal_has_the_variance_of_the_paper_and_the_shape_of_a_bell(rng):
    """The quantiles 2.3, 16, 84 and 97.7 % of a normal distribution are -2, -1, 1 and 2 sigma."""
    W = he_normal(rng, N, N_PREV) / np.sqrt(2 / N_PREV)
    np.testing.assert_allclose(W.var(), 1, rtol=0.02)
    quantiles = np.quantile(W, [0.02275, 0.15866, 0.5, 0.84134, 0.97725])
    np.testing.assert_allclose(quantiles, [-2, -1, 0, 1, 2], atol=0.05)


def test_he_normal_keeps_the_size_of_activations_through_twenty_layers_of_relu(rng):
    layers = initialize(rng, [N] * 21, [RELU] * 20)
    X = rng.standard_normal((N, 31))
    assert 0.2 < np.mean(forward(X, layers).A[-1] ** 2) / np.mean(X**2) < 5


@pytest.mark.parametrize("scheme", [glorot_uniform, he_normal])
class TestScheme:
    def test_it_draws_from_the_generator_alone(self, scheme):
        one, same, other = (scheme(np.random.default_rng(seed), 5, 3) for seed in (7, 7, 8))
        assert np.all(one == same)
        assert np.all(one != other)

    def test_it_moves_the_generator_on(self, scheme, rng):
        assert np.all(scheme(rng, 5, 3) != scheme(rng, 5, 3))

    def test_single_precision_is_the_rounded_double(self, scheme):
        double = scheme(np.random.default_rng(7), 5, 3)
        single = scheme(np.random.default_rng(7), 5, 3, np.float32)
        assert (double.dtype, single.dtype) == (np.float64, np.float32)
        assert np.all(single == double.astype(np.float32))

    def test_one_unit_is_a_layer(self, scheme, rng):
        assert scheme(rng, 1, 1).shape == (1, 1)

    @pytest.mark.parametrize(("n", "n_prev"), [(0, 3), (5, 0), (-1, 3)])
    def test_it_refuses_layers_without_units(self, scheme, n, n_prev, rng):
        with pytest.raises(ValueError) as raised:
            scheme(rng, n, n_prev)
        assert str(raised.value) == (
            f"{scheme.__name__}: n and n_prev must be at least 1, got n = {n}, n_prev = {n_prev}."
        )

    def test_initialize_draws_every_layer_with_it_in_order(self, scheme):
        layers = initialize(np.random.default_rng(7), [3, 5, 2], [TANH, IDENTITY], scheme)
        rng = np.random.default_rng(7)
        first, second = scheme(rng, 5, 3), scheme(rng, 2, 5)
        assert_close(layers[0].W, first, 0)
        assert_close(layers[1].W, second, 0)


def test_initialize_makes_a_network(rng):
    layers = initialize(rng, [3, 5, 2], [TANH, IDENTITY], dtype=np.float32)
    assert [layer.activation for layer in layers] == [TANH, IDENTITY]
    assert [layer.b.tolist() for layer in layers] == [[[0.0]] * 5, [[0.0]] * 2]
    assert {array.dtype for W, b, _ in layers for array in (W, b)} == {np.dtype(np.float32)}
    assert forward(rng.standard_normal((3, 7)).astype(np.float32), layers).A[2].shape == (2, 7)


def test_initialize_takes_he_normal_unless_told_otherwise():
    layer, *_ = initialize(np.random.default_rng(7), [3, 5], [RELU])
    W = he_normal(np.random.default_rng(7), 5, 3)
    assert np.all(layer.W == W)


@pytest.mark.parametrize(("sizes", "activations"), [([3, 5], []), ([3, 5], [TANH, TANH]), ([], [])])
def test_initialize_counts_sizes_and_activations(sizes, activations, rng):
    with pytest.raises(ValueError) as raised:
        initialize(rng, sizes, activations)
    assert str(raised.value) == (
        "initialize: sizes n_0, ..., n_L and activations must be L + 1 and L in number, "
        f"L at least 1, got {len(sizes)} and {len(activations)}."
    )
