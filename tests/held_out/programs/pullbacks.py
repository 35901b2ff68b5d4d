"""Every step returns its value and a function that pulls a gradient back; biases decay too."""

import numpy as np

from fcnref.problem import Penalty

NET = ((4, 6, 5, 3), "tanh leaky_relu identity", "softmax_cross_entropy")
DECLARED = {"slope": 0.2, "penalty": Penalty(l2=0.15, l2_scaling="lambda", on_bias=True)}
decay, slope = 0.15, 0.2


def linear(x, W, b):
    def pull(g):
        return W.T @ g, g @ x.T + 2 * decay * W, g.sum(axis=1, keepdims=True) + 2 * decay * b

    return W @ x + b, pull


def tanh(z):
    y = np.tanh(z)
    return y, lambda g: g * (1 - y**2)


def leaky(z):
    return np.where(z > 0, z, slope * z), lambda g: np.where(z > 0, g, slope * g)


def softmax_loss(z, y):
    p = np.exp(z) / np.exp(z).sum(axis=0)
    return -np.log(p[y > 0]).mean(), lambda g: g * (p - y) / y.shape[1]


def grads(params, X, Y, problem):
    z1, back_z1 = linear(X, params["W1"], params["b1"])
    a1, back_a1 = tanh(z1)
    z2, back_z2 = linear(a1, params["W2"], params["b2"])
    a2, back_a2 = leaky(z2)
    z3, back_z3 = linear(a2, params["W3"], params["b3"])
    _, back_loss = softmax_loss(z3, Y)
    g = back_loss(1.0)
    g, dW3, db3 = back_z3(g)
    g, dW2, db2 = back_z2(back_a2(g))
    _, dW1, db1 = back_z1(back_a1(g))
    return {"W1": dW1, "W2": dW2, "W3": dW3, "b1": db1, "b2": db2, "b3": db3}
