"""A two-layer classifier in rows with integer labels and a penalty of half its strength."""

import numpy as np

from fcnref.problem import Penalty

NET = ((4, 9, 3), "relu softmax", "cross_entropy")
DECLARED = {"penalty": Penalty(l2=0.25, l2_scaling="lambda/2")}
reg = 0.25


def grads(params, X, Y, problem):
    W1, b1, W2, b2 = params["W1"].T, params["b1"].T, params["W2"].T, params["b2"].T
    X, y = X.T, np.argmax(Y, axis=0)
    N = X.shape[0]
    hidden = np.maximum(0, X.dot(W1) + b1)
    scores = hidden.dot(W2) + b2
    scores -= np.max(scores, axis=1, keepdims=True)
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)

    dscores = probs
    dscores[range(N), y] -= 1
    dscores /= N
    dW2 = hidden.T.dot(dscores)
    db2 = np.sum(dscores, axis=0, keepdims=True)
    dhidden = dscores.dot(W2.T)
    dhidden[hidden <= 0] = 0
    dW1 = X.T.dot(dhidden)
    db1 = np.sum(dhidden, axis=0, keepdims=True)
    dW2 += reg * W2
    dW1 += reg * W1
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
