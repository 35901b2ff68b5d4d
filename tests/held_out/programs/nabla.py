"""One example at a time, with sums that grow; sigmoid everywhere, the quadratic cost."""

import numpy as np

NET = ((4, 6, 5, 3), "sigmoid sigmoid sigmoid", "half_squared_error")


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))


def backprop(weights, biases, x, y):
    nabla_b = [np.zeros(b.shape) for b in biases]
    nabla_w = [np.zeros(w.shape) for w in weights]
    activation = x
    activations = [x]
    zs = []
    for b, w in zip(biases, weights, strict=True):
        z = np.dot(w, activation) + b
        zs.append(z)
        activation = sigmoid(z)
        activations.append(activation)
    delta = (activations[-1] - y) * sigmoid_prime(zs[-1])
    nabla_b[-1] = delta
    nabla_w[-1] = np.dot(delta, activations[-2].T)
    for l in range(2, len(weights) + 1):
        z = zs[-l]
        sp = sigmoid_prime(z)
        delta = np.dot(weights[-l + 1].T, delta) * sp
        nabla_b[-l] = delta
        nabla_w[-l] = np.dot(delta, activations[-l - 1].T)
    return nabla_b, nabla_w


def grads(params, X, Y, problem):
    weights = [params[f"W{l}"] for l in (1, 2, 3)]
    biases = [params[f"b{l}"] for l in (1, 2, 3)]
    n = X.shape[1]
    nabla_b = [np.zeros(b.shape) for b in biases]
    nabla_w = [np.zeros(w.shape) for w in weights]
    for i in range(n):
        x, y = X[:, [i]], Y[:, [i]]
        delta_b, delta_w = backprop(weights, biases, x, y)
        nabla_b = [nb + dnb for nb, dnb in zip(nabla_b, delta_b, strict=True)]
        nabla_w = [nw + dnw for nw, dnw in zip(nabla_w, delta_w, strict=True)]
    return [(w / n, b / n) for w, b in zip(nabla_w, nabla_b, strict=True)]
