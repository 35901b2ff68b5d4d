"""The error as target minus output, so the steps are added; a short script in rows."""

import numpy as np

NET = ((4, 4, 2), "sigmoid sigmoid", "half_squared_error")


def nonlin(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))


def grads(params, X, Y, problem):
    syn0, syn1 = params["W1"].T, params["W2"].T
    l0 = X.T
    l1 = nonlin(l0 @ syn0 + params["b1"].T)
    l2 = nonlin(l1 @ syn1 + params["b2"].T)
    l2_error = Y.T - l2
    l2_delta = l2_error * nonlin(l2, deriv=True)
    l1_error = l2_delta.dot(syn1.T)
    l1_delta = l1_error * nonlin(l1, deriv=True)
    step1 = l1.T.dot(l2_delta) / len(l0)
    step0 = l0.T.dot(l1_delta) / len(l0)
    bias1 = l2_delta.mean(axis=0)
    bias0 = l1_delta.mean(axis=0)
    return {"dW1": -step0.T, "db1": -bias0, "dW2": -step1.T, "db2": -bias1}
