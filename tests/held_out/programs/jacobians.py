"""The softmax by its whole Jacobian, per example, and einsum; cross-entropy on probabilities."""

import numpy as np

NET = ((5, 6, 4), "tanh softmax", "cross_entropy")


def grads(params, X, Y, problem):
    W1, b1, W2, b2 = (params[k] for k in ("W1", "b1", "W2", "b2"))
    z1 = np.einsum("jk,ki->ji", W1, X) + b1
    h = np.tanh(z1)
    z2 = np.einsum("jk,ki->ji", W2, h) + b2
    e = np.exp(z2 - np.max(z2, axis=0))
    p = e / np.sum(e, axis=0)
    m = X.shape[1]
    dp = -Y / p / m
    jac = np.einsum("ai,ab->abi", p, np.eye(p.shape[0])) - np.einsum("ai,bi->abi", p, p)
    dz2 = np.einsum("abi,ai->bi", jac, dp)
    dW2 = np.einsum("ji,ki->jk", dz2, h)
    db2 = np.einsum("ji->j", dz2)[:, None]
    dh = np.einsum("jk,ji->ki", W2, dz2)
    dz1 = np.einsum("ji,ji->ji", dh, 1 - h * h)
    dW1 = np.einsum("ji,ki->jk", dz1, X)
    db1 = np.einsum("ji->j", dz1)[:, None]
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
