"""Inverted dropout after both hidden layers; ReLU and one sigmoid unit on fused logits."""

import numpy as np

NET = ((4, 6, 5, 1), "relu relu identity", "sigmoid_cross_entropy")
DECLARED = {"keep": {1: 0.7, 2: 0.6}}
keep1, keep2 = 0.7, 0.6


def grads(params, X, Y, problem):
    m = X.shape[1]
    W1, W2, W3 = params["W1"], params["W2"], params["W3"]
    b1, b2, b3 = params["b1"], params["b2"], params["b3"]
    D1 = (problem.masks[1] > 0).astype(int)
    D2 = (problem.masks[2] > 0).astype(int)
    Z1 = W1 @ X + b1
    A1 = np.maximum(Z1, 0)
    A1 = A1 * D1
    A1 /= keep1
    Z2 = W2 @ A1 + b2
    A2 = np.maximum(Z2, 0)
    A2 = A2 * D2
    A2 /= keep2
    Z3 = W3 @ A2 + b3
    A3 = 1 / (1 + np.exp(-Z3))

    dZ3 = A3 - Y
    dW3 = 1.0 / m * dZ3 @ A2.T
    db3 = 1.0 / m * np.sum(dZ3, axis=1, keepdims=True)
    dA2 = W3.T @ dZ3
    dA2 = dA2 * D2
    dA2 /= keep2
    dZ2 = np.multiply(dA2, np.int64(A2 > 0))
    dW2 = 1.0 / m * dZ2 @ A1.T
    db2 = 1.0 / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = W2.T @ dZ2
    dA1 = dA1 * D1
    dA1 /= keep1
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1 = 1.0 / m * dZ1 @ X.T
    db1 = 1.0 / m * np.sum(dZ1, axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dW3": dW3, "db3": db3}
