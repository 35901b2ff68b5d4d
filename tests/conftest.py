"""What every test draws from: one seeded generator, and arrays that cannot be written to."""

import numpy as np
import pytest

from tests.oracles import readonly


@pytest.fixture
def rng():
    return np.random.default_rng(1986)


@pytest.fixture
def draw(rng):
    """Standard normal entries, read-only: inputs, and incoming gradients that are never ones."""

    def draw(*shape, scale=1.0):
        return readonly(scale * rng.standard_normal(shape))

    return draw


@pytest.fixture
def draw_distributions(rng):
    """Columns of positive entries that sum to 1, read-only."""

    def draw_distributions(n, m):
        P = rng.uniform(0.1, 1, (n, m))
        return readonly(P / P.sum(axis=0))

    return draw_distributions
