"""Right gradients in other clothes: none of them may be called wrong."""

from collections.abc import Callable

import numpy as np
import pytest

from fcnref import loss_and_grads
from fcnref.diagnosis import diagnose
from fcnref.gradients import read_gradients
from fcnref.problem import Penalty, Problem, random_problem
from tests.wild.backward import Tensors, chain_rule, gradients

CLOTHES: dict[str, Callable[[], tuple[Problem, object]]] = {}


def clothes(function):
    CLOTHES[function.__name__] = function
    return function


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def bce(**declared):
    net = ((5, 4, 3), ("sigmoid", "sigmoid"), "binary_cross_entropy")
    return random_problem(*net, m=7, **declared)


def cce(**declared):
    return random_problem((5, 4, 3), ("relu", "softmax"), "cross_entropy", m=7, **declared)


def half(*activations, **declared):
    return random_problem((5, 4, 3), activations, "half_squared_error", m=7, **declared)


@clothes
def our_own_backward():
    problem = cce()
    return problem, loss_and_grads(problem.X, problem.Y, problem.layers, problem.loss)


@clothes
def sigmoid_prime_from_a():
    problem = half("sigmoid", "sigmoid")
    return problem, gradients(problem, hidden=lambda t, l: t.dA[l] * t.A[l] * (1 - t.A[l]))


@clothes
def sigmoid_prime_from_z():
    problem = half("sigmoid", "sigmoid")

    def hidden(t, l):
        E = np.exp(-t.Z[l])
        return t.dA[l] * E / (1 + E) ** 2

    return problem, gradients(problem, hidden=hidden)


@clothes
def sigmoid_prime_as_a_minus_a_squared():
    problem = half("sigmoid", "sigmoid")
    return problem, gradients(problem, hidden=lambda t, l: t.dA[l] * (t.A[l] - t.A[l] ** 2))


@clothes
def tanh_prime_as_one_over_cosh_squared():
    problem = half("tanh", "tanh")
    return problem, gradients(problem, hidden=lambda t, l: t.dA[l] / np.cosh(t.Z[l]) ** 2)


@clothes
def relu_mask_from_a():
    problem = cce()
    return problem, gradients(problem, hidden=lambda t, l: t.dA[l] * (t.A[l] > 0))


@clothes
def relu_by_assignment():
    problem = cce()

    def hidden(t, l):
        dZ = np.array(t.dA[l])
        dZ[t.Z[l] <= 0] = 0
        return dZ

    return problem, gradients(problem, hidden=hidden)


@clothes
def leaky_relu_mask_from_a():
    problem = half("leaky_relu", "identity", slope=0.2)
    return problem, gradients(problem, hidden=lambda t, l: t.dA[l] * np.where(t.A[l] > 0, 1, 0.2))


@clothes
def fused_sigmoid():
    problem = bce()
    return problem, gradients(problem, output=lambda t: t.A[t.L] - t.Y)


@clothes
def fused_softmax():
    problem = cce()
    return problem, gradients(problem, output=lambda t: t.A[t.L] - t.Y)


@clothes
def softmax_by_full_jacobians():
    problem = half("tanh", "softmax")

    def output(t):
        columns = []
        for a, da in zip(t.A[t.L].T, t.dA[t.L].T, strict=True):
            columns.append((np.diag(a) - np.outer(a, a)).T @ da)
        return np.stack(columns, axis=1)

    return problem, gradients(problem, output=output)


@clothes
def one_over_m_in_the_loss():
    problem = bce()
    t = Tensors(problem)
    dZ2 = (t.A[2] - t.Y) / t.m
    dZ1 = t.W[2].T @ dZ2 * t.A[1] * (1 - t.A[1])
    return problem, [
        (dZ1 @ t.X.T, dZ1.sum(axis=1, keepdims=True)),
        (dZ2 @ t.A[1].T, dZ2.sum(axis=1, keepdims=True)),
    ]


@clothes
def one_example_at_a_time():
    problem = bce()
    t = Tensors(problem)
    total = {f"d{d}{l}": 0.0 for l in (1, 2) for d in "Wb"}
    for i in range(t.m):
        column = slice(i, i + 1)
        dz2 = (t.A[2] - t.Y)[:, column]
        dz1 = t.W[2].T @ dz2 * (t.A[1] * (1 - t.A[1]))[:, column]
        total["dW2"] += np.outer(dz2, t.A[1][:, column]) / t.m
        total["db2"] += dz2 / t.m
        total["dW1"] += np.outer(dz1, t.X[:, column]) / t.m
        total["db1"] += dz1 / t.m
    return problem, total


@clothes
def by_einsum():
    problem = cce()
    return problem, gradients(
        problem, weights=lambda t, l: np.einsum("ji,ki->jk", t.dZ[l], t.A[l - 1]) / t.m
    )


@clothes
def bias_by_a_product_with_ones():
    problem = cce()
    return problem, gradients(problem, biases=lambda t, l: t.dZ[l] @ np.ones((t.m, 1)) / t.m)


@clothes
def bias_by_a_mean():
    problem = cce()
    return problem, gradients(problem, biases=lambda t, l: t.dZ[l].mean(axis=1, keepdims=True))


@clothes
def flat_biases():
    problem = cce()
    return problem, gradients(problem, biases=lambda t, l: t.dZ[l].mean(axis=1))


@clothes
def rows_as_examples():
    problem = cce()
    return problem, {
        name: value.T if name[1] == "W" else value.ravel()
        for name, value in gradients(problem).items()
    }


@clothes
def sums_where_a_sum_is_declared():
    problem = bce(reduction="sum")
    t = Tensors(problem)
    dZ2 = t.A[2] - t.Y
    dZ1 = t.W[2].T @ dZ2 * t.A[1] * (1 - t.A[1])
    return problem, {
        "dW1": dZ1 @ t.X.T,
        "db1": dZ1.sum(axis=1, keepdims=True),
        "dW2": dZ2 @ t.A[1].T,
        "db2": dZ2.sum(axis=1, keepdims=True),
    }


@clothes
def means_over_the_outputs_where_declared():
    problem = half("tanh", "identity", per_output=True)
    return problem, gradients(problem, loss=lambda t: (t.A[t.L] - t.Y) / 3)


@clothes
def two_in_the_loss_and_in_the_gradient():
    net = ((5, 4, 3), ("tanh", "identity"), "squared_error")
    problem = random_problem(*net, m=7)
    return problem, gradients(problem, loss=lambda t: 2 * (t.A[t.L] - t.Y))


@clothes
def in_float32():
    problem = cce()
    return problem, {k: v.astype(np.float32) for k, v in gradients(problem).items()}


@clothes
def rounded_to_float32_on_the_way():
    problem = cce()
    return problem, {
        k: v.astype(np.float32).astype(np.float64) for k, v in gradients(problem).items()
    }


@clothes
def logits_and_a_fused_loss():
    net = ((5, 4, 3), ("tanh", "identity"), "softmax_cross_entropy")
    problem = random_problem(*net, m=7)
    t = Tensors(problem)
    A = np.exp(t.Z[2]) / np.exp(t.Z[2]).sum(axis=0)
    return problem, gradients(problem, loss=lambda t: A - t.Y, output=lambda t: A - t.Y)


@clothes
def weight_decay_of_a_penalty_by_2m():
    problem = cce(penalty=Penalty(l2=0.5, l2_scaling="lambda/2m"))
    return problem, gradients(problem, penalty=lambda t, l: 0.5 / t.m * t.W[l])


@clothes
def penalized_biases_where_declared():
    problem = cce(penalty=Penalty(l2=0.5, on_bias=True))
    return problem, gradients(problem, bias_penalty=lambda t, l: 0.5 * t.b[l])


@clothes
def dropout_with_the_mask_on_the_other_side():
    problem = half("tanh", "softmax", keep={1: 0.6})

    def hidden(t, l):
        return t.W[l + 1].T @ t.dZ[l + 1] * t.prime(l) * t.problem.masks[l]

    return problem, gradients(problem, chain=chain_rule, hidden=hidden)


@clothes
def an_epsilon_in_the_logarithm():
    problem = cce()

    def loss(t):
        return -t.Y / (t.A[t.L] + 1e-9)

    return problem, gradients(problem, loss=loss)


@clothes
def a_function_that_returns_the_loss_too():
    problem = bce()

    def mine(params, X, Y):
        return 0.5, gradients(problem)

    return problem, mine


@clothes
def from_torch():
    torch = pytest.importorskip("torch")
    problem = bce()
    leaves = [
        torch.tensor(np.array(array), requires_grad=True)
        for layer in problem.layers
        for array in (layer.W, layer.b)
    ]
    W1, b1, W2, b2 = leaves
    A1 = torch.sigmoid(W1 @ torch.tensor(problem.X) + b1)
    logits = W2 @ A1 + b2
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, torch.tensor(problem.Y), reduction="sum"
    )
    (loss / problem.m).backward()
    return problem, [leaf.grad for leaf in leaves]


@clothes
def from_torch_nn_linear_in_float32():
    torch = pytest.importorskip("torch")
    problem = random_problem((5, 4, 3), ("relu", "identity"), "mean_squared_error", m=7)
    (W1, b1, _), (W2, b2, _) = problem.layers
    model = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    with torch.no_grad():
        for linear, W, b in ((model[0], W1, b1), (model[2], W2, b2)):
            linear.weight.copy_(torch.tensor(W))
            linear.bias.copy_(torch.tensor(b[:, 0]))
    rows = torch.tensor(problem.X.T, dtype=torch.float32)
    targets = torch.tensor(problem.Y.T, dtype=torch.float32)
    torch.nn.functional.mse_loss(model(rows), targets).backward()
    return problem, [(linear.weight.grad, linear.bias.grad) for linear in (model[0], model[2])]


def test_there_are_at_least_twenty():
    assert len(CLOTHES) >= 20


@pytest.mark.parametrize("name", CLOTHES)
def test_a_right_gradient_is_called_correct(name):
    problem, grads = CLOTHES[name]()
    report = diagnose(problem, grads)
    assert report.verdict == "correct", str(report)
    assert not report.findings


def test_the_convention_is_named():
    problem, grads = rows_as_examples()
    assert "examples in rows" in str(diagnose(problem, grads))
    problem, grads = flat_biases()
    assert "db1, db2: flat, (n,) or (1, n), not columns (n, 1)." in str(diagnose(problem, grads))


def test_float32_is_named():
    problem, grads = rounded_to_float32_on_the_way()
    assert "as float32 does" in str(diagnose(problem, grads))


def test_the_clothes_are_of_many_kinds():
    shapes = {
        tuple(value.shape for value in read_gradients(*CLOTHES[name]()).values())
        for name in ("flat_biases", "rows_as_examples", "by_einsum")
    }
    assert len(shapes) == 3
