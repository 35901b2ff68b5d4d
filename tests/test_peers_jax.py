"""JAX as an oracle: its gradients, and its derivatives of gradients, of the same networks."""

import re
from pathlib import Path

import numpy as np
import pytest

import fcnref
from fcnref import LOSSES, hvp, jvp, loss_and_grads
from tests.networks import problem
from tests.oracles import PEER, assert_close, readonly
from tests.registry import RECORDS, UNITS, parameter_of

jax = pytest.importorskip("jax", reason="JAX has wheels for some Pythons only")
jnp = jax.numpy


@pytest.fixture(autouse=True)
def double():
    """JAX computes in single precision unless told not to."""
    with jax.enable_x64(True):
        yield


def layer_norm(Z):
    D = Z - Z.mean(axis=0)
    return parameter_of("gain", UNITS) * D / jnp.sqrt((D**2).mean(axis=0) + 1e-3) + parameter_of(
        "shift", UNITS
    )


MAPS = {
    "identity": lambda Z: Z,
    "tanh": jnp.tanh,
    "gelu": lambda Z: jax.nn.gelu(Z, approximate=False),
    "gelu_tanh": lambda Z: jax.nn.gelu(Z, approximate=True),
    "softmax": lambda Z: jax.nn.softmax(Z, axis=0),
    "log_softmax": lambda Z: jax.nn.log_softmax(Z, axis=0),
    "layer_norm": layer_norm,
}


def binary(A, Y):
    return -(Y * jnp.log(A) + (1 - Y) * jnp.log1p(-A)).sum() / Y.shape[1]


LOSSES_THERE = {
    "half_squared_error": lambda A, Y: ((A - Y) ** 2).sum() / (2 * Y.shape[1]),
    "mean_squared_error": lambda A, Y: ((A - Y) ** 2).mean(),
    "binary_cross_entropy": binary,
    "cross_entropy": lambda A, Y: -(Y * jnp.log(A)).sum() / Y.shape[1],
    "sigmoid_cross_entropy": lambda Z, Y: binary(jax.nn.sigmoid(Z), Y),
    "softmax_cross_entropy": lambda Z, Y: -(Y * MAPS["log_softmax"](Z)).sum() / Y.shape[1],
}


def map_there(name):
    return MAPS.get(name) or getattr(jax.nn, name)


def output_there(pairs, X, names):
    A = X
    for name, (W, b) in zip(names, pairs, strict=True):
        A = map_there(name)(W @ A + b)
    return A


def there(hidden, loss, rng):
    """A network, and its loss as a function of the parameters and of the input, for JAX."""
    X, Y, layers = problem(rng, hidden, loss)
    names = [layer.activation.name for layer in layers]
    pairs = [(W, b) for W, b, _ in layers]

    def J(pairs, X):
        return LOSSES_THERE[loss.name](output_there(pairs, X, names), Y)

    return X, Y, layers, pairs, J


def assert_same(layers, pairs, rtol):
    for (dW, db), (dW_there, db_there) in zip(layers, pairs, strict=True):
        assert_close(dW, dW_there, rtol)
        assert_close(db, db_there, rtol)


@pytest.mark.parametrize("hidden", RECORDS.values(), ids=RECORDS.keys())
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_gradients_of_a_network_with_three_hidden_layers(hidden, loss, rng):
    X, Y, layers, pairs, J_there = there(hidden, loss, rng)
    J, grads = loss_and_grads(X, Y, layers, loss, with_dA_0=True)
    expected, (by_parameters, by_input) = jax.value_and_grad(J_there, argnums=(0, 1))(pairs, X)
    assert_close(J, expected, PEER)
    assert_close(grads.dA_0, by_input, PEER)
    assert_same(grads.layers, by_parameters, PEER)


@pytest.mark.parametrize("name", ["tanh", "softplus", "softmax"])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_derivatives_in_a_direction(name, loss, rng):
    """The output's by forward mode, the gradients' by forward over reverse mode."""
    X, Y, layers, pairs, J_there = there(RECORDS[name], loss, rng)
    direction = [
        (readonly(rng.standard_normal(W.shape)), readonly(rng.standard_normal(b.shape)))
        for W, b in pairs
    ]
    names = [layer.activation.name for layer in layers]
    _, dA_there = jax.jvp(lambda pairs: output_there(pairs, X, names), (pairs,), (direction,))
    assert_close(jvp(X, layers, direction).A_L_dot, dA_there, PEER)
    _, Hv_there = jax.jvp(jax.grad(lambda pairs: J_there(pairs, X)), (pairs,), (direction,))
    assert_same(hvp(X, Y, layers, loss, direction), Hv_there, 10 * PEER)


def test_the_round_trip_that_the_page_prints(rng):
    """Parameters to JAX, gradients back: the block of the page itself is run."""
    page = Path(__file__).parents[1] / "docs" / "practice" / "conventions.md"
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```", page.read_text("utf-8"))
    [block] = [block for block in blocks if "jax" in block]
    X, Y, layers = problem(rng, fcnref.TANH, fcnref.SOFTMAX_CROSS_ENTROPY)
    scope = vars(fcnref) | {"np": np, "X": X, "Y": Y, "layers": layers}
    exec(block, scope)
    assert all(type(dW) is np.ndarray and type(db) is np.ndarray for dW, db in scope["grads"])
    expected = loss_and_grads(X, Y, layers, fcnref.SOFTMAX_CROSS_ENTROPY).grads.layers
    assert_same(scope["grads"], expected, PEER)
