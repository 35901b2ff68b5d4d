"""A backward pass as code in the wild writes it: one loop whose every rule can be exchanged.

It shares nothing with the package's own backward functions. dZ is per example here, and the 1/m of
a mean is applied where dW and db are formed.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from fcnref.problem import Problem, forward_pass

PRIMES: dict[str, Callable[[Any, Any], Any]] = {
    "identity": lambda Z, A: np.ones_like(Z),
    "sigmoid": lambda Z, A: A * (1 - A),
    "tanh": lambda Z, A: 1 - A**2,
    "relu": lambda Z, A: 1.0 * (Z > 0),
    "softplus": lambda Z, A: 1 / (1 + np.exp(-Z)),
    "steep_sigmoid": lambda Z, A: 1.7 * A * (1 - A),
    "exp": lambda Z, A: A,
    "selu": lambda Z, A: np.where(Z > 0, 1.0507, A + 1.0507 * 1.6733),
}


class Tensors:
    """What the forward pass left behind, indexed like the mathematics."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.Z, self.H, self.A = forward_pass(problem)
        self.W = [None, *(layer.W for layer in problem.layers)]
        self.b = [None, *(layer.b for layer in problem.layers)]
        self.X, self.Y, self.m, self.L = problem.X, problem.Y, problem.m, problem.L
        self.n_out = problem.sizes[-1]
        self.mean = 1.0 if problem.reduction == "sum" else 1.0 / problem.m
        self.dA: dict[int, Any] = {}
        self.dZ: dict[int, Any] = {}
        self.dW: dict[int, Any] = {}

    def prime(self, l: int) -> Any:
        name = self.problem.layers[l - 1].activation.name
        if name == "leaky_relu":
            slope = -self.problem.layers[l - 1].activation.forward(np.array([[-1.0]]))[0, 0]
            return np.where(self.Z[l] > 0, 1.0, slope)
        return PRIMES[name](self.Z[l], self.H[l])

    def softmax_rule(self, dA: Any) -> Any:
        A = self.A[self.L]
        return A * (dA - (dA * A).sum(axis=0, keepdims=True))


def loss_gradient(t: Tensors) -> Any:
    A, Y = t.A[t.L], t.Y
    kernel = {
        "half_squared_error": lambda: A - Y,
        "squared_error": lambda: 2 * (A - Y),
        "binary_cross_entropy": lambda: (A - Y) / (A * (1 - A)),
        "cross_entropy": lambda: -Y / A,
        "negative_log_likelihood": lambda: -Y,
        "absolute_error": lambda: np.sign(A - Y),
        "pseudo_huber": lambda: 0.9 * (A - Y) / np.sqrt((A - Y) ** 2 + 0.9**2),
    }[t.problem.kind]()
    return kernel / t.n_out if t.problem.per_output else kernel


def output_rule(t: Tensors) -> Any:
    name = t.problem.layers[-1].activation.name
    if name == "softmax":
        return t.softmax_rule(t.dA[t.L])
    if name == "log_softmax":
        return t.dA[t.L] - np.exp(t.A[t.L]) * t.dA[t.L].sum(axis=0)
    return t.dA[t.L] * t.prime(t.L)


def mask_of(t: Tensors, l: int) -> Any:
    return t.problem.masks.get(l, 1.0)


def chain_rule(t: Tensors, l: int) -> Any:
    return t.W[l + 1].T @ t.dZ[l + 1] * mask_of(t, l)


def hidden_rule(t: Tensors, l: int) -> Any:
    return t.dA[l] * t.prime(l)


def weight_rule(t: Tensors, l: int) -> Any:
    return t.mean * t.dZ[l] @ t.A[l - 1].T


def bias_rule(t: Tensors, l: int) -> Any:
    return t.mean * t.dZ[l].sum(axis=1, keepdims=True)


def l2_factor(t: Tensors) -> float:
    p = t.problem.penalty
    return p.l2 * {"lambda": 2, "lambda/2": 1, "lambda/2m": 1 / t.m}[p.l2_scaling]


def penalty_rule(t: Tensors, l: int) -> Any:
    p, W, l2 = t.problem.penalty, t.W[l], l2_factor(t)
    l1 = p.l1 / t.m if p.l1_scaling == "lambda/m" else p.l1
    norm = p.norm / np.sqrt((W**2).sum())
    return l2 * W + l1 * np.sign(W) + norm * W


def bias_penalty_rule(t: Tensors, l: int) -> Any:
    return l2_factor(t) * t.b[l] if t.problem.penalty.on_bias else 0.0


def gradients(
    problem: Problem,
    loss: Callable[[Tensors], Any] = loss_gradient,
    output: Callable[[Tensors], Any] = output_rule,
    chain: Callable[[Tensors, int], Any] = chain_rule,
    hidden: Callable[[Tensors, int], Any] = hidden_rule,
    weights: Callable[[Tensors, int], Any] = weight_rule,
    biases: Callable[[Tensors, int], Any] = bias_rule,
    penalty: Callable[[Tensors, int], Any] = penalty_rule,
    bias_penalty: Callable[[Tensors, int], Any] = bias_penalty_rule,
) -> dict[str, Any]:
    """Run the loop; without arguments it is right."""
    t = Tensors(problem)
    t.dA[t.L] = loss(t)
    t.dZ[t.L] = output(t)
    grads = {}
    for l in range(t.L, 0, -1):
        if l < t.L:
            t.dA[l] = chain(t, l)
            t.dZ[l] = hidden(t, l)
        t.dW[l] = grads[f"dW{l}"] = weights(t, l) + penalty(t, l)
        grads[f"db{l}"] = biases(t, l) + bias_penalty(t, l)
    return grads
