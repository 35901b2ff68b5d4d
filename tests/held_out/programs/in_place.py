"""Masks and copies in place, dictionaries of everything; leaky ReLU, a mean over everything."""

NET = ((3, 8, 5, 4), "leaky_relu leaky_relu identity", "mean_squared_error")
DECLARED = {"slope": 0.05}
slope = 0.05


def grads(params, X, Y, problem):
    A, Z = {0: X}, {}
    for l in (1, 2, 3):
        Z[l] = params[f"W{l}"] @ A[l - 1] + params[f"b{l}"]
        A[l] = Z[l].copy()
        if l < 3:
            A[l][Z[l] < 0] *= slope
    g = {}
    G = A[3] - Y
    G *= 2.0 / G.size
    for l in (3, 2, 1):
        if l < 3:
            G[Z[l] < 0] *= slope
        g[f"dW{l}"] = G @ A[l - 1].T
        g[f"db{l}"] = G.sum(1, keepdims=True)
        G = params[f"W{l}"].T @ G
    return g
