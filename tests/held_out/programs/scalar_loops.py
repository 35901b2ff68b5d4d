"""Nothing but loops over single numbers, as in a language without arrays."""

from math import exp

import numpy as np

NET = ((3, 4, 2), "sigmoid sigmoid", "half_squared_error")


def grads(params, X, Y, problem):
    W1, b1, W2, b2 = (params[k] for k in ("W1", "b1", "W2", "b2"))
    n, h, o = W1.shape[1], W1.shape[0], W2.shape[0]
    m = X.shape[1]
    dW1, db1 = np.zeros((h, n)), np.zeros((h, 1))
    dW2, db2 = np.zeros((o, h)), np.zeros((o, 1))
    for t in range(m):
        hidden = [0.0] * h
        for j in range(h):
            s = b1[j, 0]
            for k in range(n):
                s += W1[j, k] * X[k, t]
            hidden[j] = 1 / (1 + exp(-s))
        output = [0.0] * o
        for p in range(o):
            s = b2[p, 0]
            for j in range(h):
                s += W2[p, j] * hidden[j]
            output[p] = 1 / (1 + exp(-s))
        out_delta = [0.0] * o
        for p in range(o):
            out_delta[p] = (output[p] - Y[p, t]) * output[p] * (1 - output[p])
        hid_delta = [0.0] * h
        for j in range(h):
            error = 0.0
            for p in range(o):
                error += out_delta[p] * W2[p, j]
            hid_delta[j] = error * hidden[j] * (1 - hidden[j])
        for p in range(o):
            for j in range(h):
                dW2[p, j] += out_delta[p] * hidden[j] / m
            db2[p, 0] += out_delta[p] / m
        for j in range(h):
            for k in range(n):
                dW1[j, k] += hid_delta[j] * X[k, t] / m
            db1[j, 0] += hid_delta[j] / m
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
