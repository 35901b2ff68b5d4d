"""A course's functions with tuples as caches; ReLU, one sigmoid unit, a weight decay over 2m."""

import numpy as np

from fcnref.problem import Penalty

NET = ((6, 5, 3, 1), "relu relu sigmoid", "binary_cross_entropy")
DECLARED = {"penalty": Penalty(l2=0.7, l2_scaling="lambda/2m")}
lambd = 0.7


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def relu_backward(dA, cache):
    Z = cache
    dZ = np.array(dA, copy=True)
    dZ[Z <= 0] = 0
    return dZ


def sigmoid_backward(dA, cache):
    Z = cache
    s = 1 / (1 + np.exp(-Z))
    dZ = dA * s * (1 - s)
    return dZ


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T) / m + lambd / m * W
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db


def grads(params, X, Y, problem):
    caches = []
    A = X
    for l in (1, 2, 3):
        A_prev = A
        W, b = params[f"W{l}"], params[f"b{l}"]
        Z = np.dot(W, A_prev) + b
        caches.append(((A_prev, W, b), Z))
        A = np.maximum(0, Z) if l < 3 else sigmoid(Z)
    AL = A
    found = {}
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    linear_cache, activation_cache = caches[-1]
    dZ = sigmoid_backward(dAL, activation_cache)
    dA, found["dW3"], found["db3"] = linear_backward(dZ, linear_cache)
    for l in (1, 0):
        linear_cache, activation_cache = caches[l]
        dZ = relu_backward(dA, activation_cache)
        dA, found[f"dW{l + 1}"], found[f"db{l + 1}"] = linear_backward(dZ, linear_cache)
    return found
