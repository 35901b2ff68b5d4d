"""Both penalties at once, added after the loop; softplus and a linear output."""

import numpy as np

from fcnref.problem import Penalty

NET = ((5, 6, 3), "softplus identity", "squared_error")
DECLARED = {"penalty": Penalty(l2=0.3, l2_scaling="lambda/2", l1=0.2)}
alpha, beta = 0.3, 0.2


def grads(params, X, Y, problem):
    W = {1: params["W1"], 2: params["W2"]}
    b = {1: params["b1"], 2: params["b2"]}
    N = X.shape[1]
    Z1 = W[1].dot(X) + b[1]
    A1 = np.logaddexp(0, Z1)
    Z2 = W[2].dot(A1) + b[2]
    error = Z2 - Y
    dZ = {2: 2 * error / N}
    dZ[1] = W[2].T.dot(dZ[2]) / (1 + np.exp(-Z1))
    gW = {2: dZ[2].dot(A1.T), 1: dZ[1].dot(X.T)}
    gb = {l: dZ[l].sum(axis=1).reshape(-1, 1) for l in W}
    for l in W:
        gW[l] += alpha * W[l]
        gW[l] += beta * np.sign(W[l])
    return {"W1": gW[1], "b1": gb[1], "W2": gW[2], "b2": gb[2]}
