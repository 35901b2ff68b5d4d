"""PyTorch as an oracle: its gradients of the same networks, written in its own operations."""

import numpy as np
import pytest

import fcnref
from fcnref import LOSSES, loss_and_grads
from tests.networks import problem
from tests.oracles import PEER, assert_close, readonly
from tests.registry import RECORDS, UNITS, parameter_of

torch = pytest.importorskip("torch", reason="PyTorch has wheels for some Pythons only")
F = torch.nn.functional


def tensor(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


# In PyTorch examples are rows, so units are dimension 1. A map that PyTorch calls by another name,
# or computes approximately, is spelled out.

MAPS = {
    "identity": lambda Z: Z,
    # F.softplus gives up its digits beyond 20.
    "softplus": lambda Z: torch.logaddexp(Z, torch.zeros_like(Z)),
    "gelu_tanh": lambda Z: F.gelu(Z, approximate="tanh"),
    "softmax": lambda Z: F.softmax(Z, dim=1),
    "log_softmax": lambda Z: F.log_softmax(Z, dim=1),
    "layer_norm": lambda Z: F.layer_norm(
        Z,
        (UNITS,),
        torch.tensor(parameter_of("gain", UNITS).ravel()),
        torch.tensor(parameter_of("shift", UNITS).ravel()),
        eps=1e-3,
    ),
}

LOSSES_THERE = {
    "half_squared_error": lambda A, Y: F.mse_loss(A, Y, reduction="sum") / (2 * len(A)),
    "mean_squared_error": F.mse_loss,
    "binary_cross_entropy": lambda A, Y: F.binary_cross_entropy(A, Y, reduction="sum") / len(A),
    "cross_entropy": lambda A, Y: -(Y * torch.log(A)).sum() / len(A),
    "sigmoid_cross_entropy": lambda Z, Y: (
        F.binary_cross_entropy_with_logits(Z, Y, reduction="sum") / len(Z)
    ),
    "softmax_cross_entropy": F.cross_entropy,
}


def map_there(name):
    return MAPS.get(name) or getattr(F, name)


@pytest.mark.parametrize("hidden", RECORDS.values(), ids=RECORDS.keys())
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_gradients_of_a_network_with_three_hidden_layers(hidden, loss, rng):
    X, Y, layers = problem(rng, hidden, loss)
    J, grads = loss_and_grads(X, Y, layers, loss, with_dA_0=True)

    X_there = tensor(X.T)
    parameters = [(tensor(W), tensor(b.ravel())) for W, b, _ in layers]
    A = X_there
    for (W, b), layer in zip(parameters, layers, strict=True):
        A = map_there(layer.activation.name)(F.linear(A, W, b))
    J_there = LOSSES_THERE[loss.name](A, torch.tensor(Y.T))
    J_there.backward()

    assert_close(J, J_there.detach(), PEER)
    assert_close(grads.dA_0, X_there.grad.T, PEER)
    for (dW, db), (W, b) in zip(grads.layers, parameters, strict=True):
        assert_close(dW, W.grad, PEER)
        assert_close(db, b.grad.reshape(-1, 1), PEER)


@pytest.mark.parametrize("name", RECORDS)
def test_values_and_gradients_of_one_map_out_to_30(name, draw):
    """Far into saturation, where a network of normal weights never gets."""
    activation = RECORDS[name]
    dA = draw(UNITS, 11)
    Z = readonly(np.linspace(-30, 30, UNITS * 11).reshape(11, UNITS).T + 0.01)
    A = activation.forward(Z)
    dZ = activation.backward(dA, Z if activation.reads == "Z" else A)
    Z_there = tensor(Z.T)
    A_there = map_there(name)(Z_there)
    A_there.backward(torch.tensor(dA.T))
    assert_close(A, A_there.detach().T, PEER)
    assert_close(dZ, Z_there.grad.T, PEER)


def test_the_parameters_of_layer_norm(draw):
    dA, Z, gain, shift = draw(UNITS, 7), draw(UNITS, 7), draw(UNITS, 1), draw(UNITS, 1)
    grads = fcnref.layer_norm_backward(dA, Z, gain)
    there = tensor(Z.T), tensor(gain.ravel()), tensor(shift.ravel())
    F.layer_norm(there[0], (UNITS,), there[1], there[2]).backward(torch.tensor(dA.T))
    assert_close(grads.dZ, there[0].grad.T, PEER)
    assert_close(grads.dgain.ravel(), there[1].grad, PEER)
    assert_close(grads.dshift.ravel(), there[2].grad, PEER)


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_the_same_choice_at_the_kink(name):
    Z, dA = readonly(np.zeros((1, 1))), readonly(np.full((1, 1), -7.0))
    activation = RECORDS[name]
    Z_there = tensor(Z)
    map_there(name)(Z_there).backward(torch.tensor(dA))
    assert activation.backward(dA, activation.forward(Z)) == Z_there.grad.item()


STEPS = {
    "gradient_descent": (
        fcnref.gradient_descent,
        {"learning_rate": 0.1},
        lambda parameters: torch.optim.SGD(parameters, lr=0.1),
    ),
    "momentum": (
        fcnref.momentum,
        {"learning_rate": 0.1, "beta": 0.8},
        lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.8),
    ),
    "adam": (
        fcnref.adam,
        {"learning_rate": 0.03, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4},
        lambda parameters: torch.optim.Adam(parameters, lr=0.03, betas=(0.8, 0.95), eps=1e-4),
    ),
    "adam by default": (fcnref.adam, {}, torch.optim.Adam),
}


@pytest.mark.parametrize(("step", "settings", "there"), STEPS.values(), ids=STEPS.keys())
def test_ten_steps_of_an_optimizer(step, settings, there, rng):
    loss = fcnref.SOFTMAX_CROSS_ENTROPY
    X, Y, layers = problem(rng, fcnref.TANH, loss)
    parameters = [tensor(array) for W, b, _ in layers for array in (W, b)]
    optimizer = there(parameters)
    state = None
    for _ in range(10):
        grads = loss_and_grads(X, Y, layers, loss).grads
        for parameter, gradient in zip(
            parameters, (array for layer in grads.layers for array in layer), strict=True
        ):
            parameter.grad = torch.tensor(gradient)
        optimizer.step()
        layers, state = step(layers, grads, state, **settings)
    arrays = [array for W, b, _ in layers for array in (W, b)]
    for array, parameter in zip(arrays, parameters, strict=True):
        assert_close(array, parameter.detach(), PEER)
