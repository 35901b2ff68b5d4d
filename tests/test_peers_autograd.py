"""HIPS autograd as an oracle: networks of textbook formulas, differentiated by another library."""

import pytest

from fcnref import LOSSES, loss_and_grads
from tests.networks import problem
from tests.oracles import PEER, assert_close
from tests.registry import RECORDS, UNITS, parameter_of

autograd = pytest.importorskip("autograd", reason="an oracle that not everyone has installed")
np = autograd.numpy
norm = pytest.importorskip("autograd.scipy.stats", reason="autograd reads GELU from SciPy").norm


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def softmax(Z):
    return np.exp(Z) / np.sum(np.exp(Z), axis=0)


def layer_norm(Z):
    D = Z - np.mean(Z, axis=0)
    D_hat = D / np.sqrt(np.mean(D**2, axis=0) + 1e-3)
    return parameter_of("gain", UNITS) * D_hat + parameter_of("shift", UNITS)


MAPS = {
    "identity": lambda Z: Z,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda Z: Z * (Z > 0),
    "leaky_relu": lambda Z: Z * (Z > 0) + 0.01 * Z * (Z <= 0),
    "softplus": lambda Z: np.log(1 + np.exp(Z)),
    "silu": lambda Z: Z * sigmoid(Z),
    "gelu": lambda Z: Z * norm.cdf(Z),
    "gelu_tanh": lambda Z: Z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (Z + 0.044715 * Z**3))),
    "softmax": softmax,
    "log_softmax": lambda Z: np.log(softmax(Z)),
    "layer_norm": layer_norm,
}


def binary_cross_entropy(A, Y):
    return -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / Y.shape[1]


def cross_entropy(A, Y):
    return -np.sum(Y * np.log(A)) / Y.shape[1]


LOSSES_THERE = {
    "half_squared_error": lambda A, Y: np.sum((A - Y) ** 2) / (2 * Y.shape[1]),
    "mean_squared_error": lambda A, Y: np.mean((A - Y) ** 2),
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
    "sigmoid_cross_entropy": lambda Z, Y: binary_cross_entropy(sigmoid(Z), Y),
    "softmax_cross_entropy": lambda Z, Y: cross_entropy(softmax(Z), Y),
}


@pytest.mark.parametrize("hidden", RECORDS.values(), ids=RECORDS.keys())
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_gradients_of_a_network_with_three_hidden_layers(hidden, loss, rng):
    X, Y, layers = problem(rng, hidden, loss)
    names = [layer.activation.name for layer in layers]

    def J_there(X, *parameters):
        A = X
        for name, W, b in zip(names, parameters[::2], parameters[1::2], strict=True):
            A = MAPS[name](np.dot(W, A) + b)
        return LOSSES_THERE[loss.name](A, Y)

    parameters = [array for W, b, _ in layers for array in (W, b)]
    by_all = range(1 + len(parameters))
    dX, *gradients = autograd.grad(J_there, argnum=tuple(by_all))(X, *parameters)

    J, grads = loss_and_grads(X, Y, layers, loss, with_dA_0=True)
    assert_close(J, J_there(X, *parameters), PEER)
    assert_close(grads.dA_0, dX, PEER)
    mine = [array for layer in grads.layers for array in layer]
    for gradient, theirs in zip(mine, gradients, strict=True):
        assert_close(gradient, theirs, PEER)
