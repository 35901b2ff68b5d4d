"""Networks to test with: three hidden layers of one activation, and the output a loss needs."""

import numpy as np

from fcnref import IDENTITY, Activation, Layer, Loss
from tests.oracles import readonly
from tests.registry import UNITS, output_before

INPUTS, OUTPUTS, EXAMPLES = 3, 2, 7


def network(rng: np.random.Generator, hidden: Activation, output: Activation = IDENTITY):
    """Draw the layers: sizes 3, 5, 5, 5, 2, and biases that matter."""
    sizes = (INPUTS, UNITS, UNITS, UNITS, OUTPUTS)
    return tuple(
        Layer(
            readonly(rng.standard_normal((n, n_prev)) / np.sqrt(n_prev)),
            readonly(rng.standard_normal((n, 1)) / 2),
            activation,
        )
        for n_prev, n, activation in zip(
            sizes[:-1], sizes[1:], (hidden, hidden, hidden, output), strict=True
        )
    )


def problem(rng: np.random.Generator, hidden: Activation, loss: Loss):
    """Draw a network with its input and with targets that every loss takes."""
    layers = network(rng, hidden, output_before(loss))
    X = readonly(rng.standard_normal((INPUTS, EXAMPLES)))
    Y = rng.uniform(0.1, 1, (OUTPUTS, EXAMPLES))
    return X, readonly(Y / Y.sum(axis=0)), layers
