"""The slot of the chain: the gradient that a layer hands down through its weights."""

from collections.abc import Iterator

import numpy as np

from fcnref._arrays import Array
from fcnref.diagnosis.pieces import Candidates, Piece
from fcnref.diagnosis.scene import Scene, Seen

__all__ = ["handed_down"]


def handed_down(scene: Scene, seen: Seen, l: int, mistakes: int = 1) -> Iterator[Piece]:
    """The right dA[l] that layer l + 1 hands down, then the wrong ones. No mask yet."""
    W, dZ = scene.W(l + 1), seen.dZ[l + 1]
    shape = scene.Z(l).shape
    yield Piece("", "", 0.0, W.T @ dZ)
    weights, gradients = _instead_of_W(scene, seen, l), _instead_of_dZ(scene, seen, l)
    candidates: Candidates = [
        (slug, f"dA = {V} dZ[{l + 1}]", cost, T.T @ dZ) for slug, V, cost, T in weights
    ]
    candidates += [(slug, f"dA = Wᵀ {v}", cost, W.T @ T) for slug, v, cost, T in gradients]
    candidates += _instead_of_the_product(scene, seen, l)
    if mistakes > 1:
        candidates += [
            (f"{one}+{other}", f"dA = {V} {v}", cost_V + cost_v, T_V.T @ T_v)
            for one, V, cost_V, T_V in weights
            for other, v, cost_v, T_v in gradients
            if cost_V < 1.1 and cost_v < 1.1
        ]
    for slug, says, cost, value in candidates:
        if value.shape == (1, shape[1]):
            value = value + np.zeros(shape)
        if value.shape == shape:
            yield Piece(slug, says, cost, value)


def _instead_of_W(scene: Scene, seen: Seen, l: int) -> Candidates:
    """What stands where the weights belong, in their shape."""
    W, dW = scene.W(l + 1), seen.dW[l + 1]
    found: Candidates = [
        ("W_squared", "(W ⊙ W)ᵀ", 1.3, W * W),
        ("W_absolute", "|W|ᵀ", 1.2, np.abs(W)),
        ("W_normalized", "(W divided by its row sums)ᵀ", 1.2, W / np.sum(W, axis=1, keepdims=True)),
        (
            "W_normalized",
            "(W divided by its column sums)ᵀ",
            1.2,
            W / np.sum(W, axis=0, keepdims=True),
        ),
    ]
    if dW.shape == W.shape:
        found.append(("dW_instead_of_W", f"dW[{l + 1}]ᵀ", 0.9, dW))
    return [*found, *_other_weights(scene, l), *_misaligned(scene, l), *_updated(scene, dW, W)]


def _instead_of_dZ(scene: Scene, seen: Seen, l: int) -> Candidates:
    """What stands where the gradient of the layer above belongs, in its shape."""
    W, dZ, dA = scene.W(l + 1), seen.dZ[l + 1], seen.dA[l + 1]
    over = "with every example"
    found: Candidates = [
        ("dA_prev_skips_derivative", f"dA[{l + 1}], dA for dZ", 0.9, dA),
        (
            "examples_averaged_too_early",
            "(mean of dZ over the examples)",
            1.1,
            np.mean(dZ, axis=1, keepdims=True) + np.zeros(dZ.shape),
        ),
        ("upstream_dropped", "1, without dZ", 1.15, np.ones(dZ.shape)),
        (
            "sum_not_reset",
            f"(dZ summed up to this example), not reset {over}",
            1.1,
            np.cumsum(dZ, axis=1),
        ),
        (
            "sum_not_reset",
            f"(dZ summed up to the previous example), not reset {over}",
            1.15,
            np.cumsum(dZ, axis=1) - dZ,
        ),
    ]
    if scene.elementwise[l + 1] and scene.activation(l + 1) != "identity":
        twice = scene.backward(l + 1, dZ)
        says = f"(dZ[{l + 1}] ⊙ g′(Z[{l + 1}]))"
        found.append(("derivative_applied_twice_in_chain", says, 1.0, twice))
    for k in range(l + 2, scene.L + 1):
        if W.shape[0] == seen.dZ[k].shape[0]:
            slug = "stale_upstream_gradient"
            found.append((slug, f"dZ[{k}], of the wrong layer", 1.0, seen.dZ[k]))
            found.append((slug, f"dA[{k}], of the wrong layer", 1.1, seen.dA[k]))
    error = scene.output - scene.Y
    if l + 1 < scene.L and W.shape[0] == error.shape[0]:
        found.append(("stale_upstream_gradient", "(A[L] − Y)", 1.1, error))
    return found


def _instead_of_the_product(scene: Scene, seen: Seen, l: int) -> Candidates:
    W, dZ, shape = scene.W(l + 1), seen.dZ[l + 1], scene.Z(l).shape
    found: Candidates = [
        (
            "W_missing_from_chain",
            "dA = Σ_j dZ_j, without W",
            1.0,
            np.sum(dZ, axis=0, keepdims=True) + np.zeros(shape),
        ),
        (
            "W_missing_from_chain",
            "dA = mean of dZ over the units, without W",
            1.1,
            np.mean(dZ, axis=0, keepdims=True) + np.zeros(shape),
        ),
        (
            "W_summed",
            "dA = Σ_j W_jk Σ_j dZ_j, two sums for one",
            1.1,
            np.sum(W, axis=0)[:, None] * np.sum(dZ, axis=0, keepdims=True),
        ),
        (
            "W_summed",
            "dA = mean over the units of dZ, times Wᵀ",
            1.2,
            np.sum(W, axis=0)[:, None] * np.mean(dZ, axis=0, keepdims=True),
        ),
        (
            "W_summed",
            "dA = Σ W Σ_j dZ_j",
            1.2,
            np.sum(W) * np.sum(dZ, axis=0, keepdims=True),
        ),
        (
            "one_unit_only",
            "dA = W[0]ᵀ dZ[0], the first unit of the next layer only",
            1.1,
            W[:1].T @ dZ[:1],
        ),
        (
            "one_unit_only",
            "dA = W[-1]ᵀ dZ[-1], the last unit of the next layer only",
            1.1,
            W[-1:].T @ dZ[-1:],
        ),
        (
            "sum_not_reset",
            "dA = Wᵀ dZ summed up to this unit, not reset with every unit",
            1.1,
            np.cumsum(W.T @ dZ, axis=0),
        ),
        ("upstream_dropped", "dA = 1: the chain stops", 1.05, np.ones(shape)),
        ("zero_gradient", "dA = 0: nothing is handed down", 1.2, np.zeros(shape)),
    ]
    if 1 not in W.shape and W.shape[0] != W.shape[1]:
        turned = W.reshape(W.shape[::-1]) @ dZ
        found.append(("reshaped_not_transposed", "dA = W.reshape(n, n_next) dZ", 1.1, turned))
    if scene.n[l] == scene.n[l + 1]:
        sums = [("Σ_j W_jk", np.sum(W, axis=0)), ("Σ_k W_jk", np.sum(W, axis=1))]
        found += [("W_summed", f"dA = {s} ⊙ dZ", 1.1, v[:, None] * dZ) for s, v in sums]
        found.append(("W_summed", "dA = Σ W ⊙ dZ", 1.15, np.sum(W) * dZ))
    return [*found, *_reused(scene, seen, l), *_added_twice(scene, seen, l)]


def _reused(scene: Scene, seen: Seen, l: int) -> Candidates:
    found: Candidates = []
    for k in range(l + 1, scene.L + 1):
        cost = 0.95 if k == l + 1 else 1.0
        if seen.dA[k].shape[0] == 1:
            # One row for all the units: what is missing is W.
            cost += 0.2
        found.append(("stale_upstream_gradient", f"dA = dA[{k}], reused", cost, seen.dA[k]))
        found.append(("stale_upstream_gradient", f"dA = dZ[{k}], reused", cost + 0.02, seen.dZ[k]))
    error = scene.output - scene.Y
    found.append(("stale_upstream_gradient", "dA = A[L] − Y, reused", 1.1, error))
    if scene.A(l).shape == scene.Y.shape and l < scene.L:
        found.append(("target_in_hidden_layer", "dA = A[l] − Y", 1.1, scene.A(l) - scene.Y))
    found += [
        ("W_missing_from_chain", f"dA = dA[{k}], without W", 1.05, seen.dA[k])
        for k in sorted({l + 1, scene.L})
        if seen.dA[k].shape[0] == 1
    ]
    return found


def _other_weights(scene: Scene, l: int) -> Candidates:
    found: Candidates = []
    n, n_above = scene.n[l], scene.n[l + 1]
    if n == n_above:
        found.append(("W_transpose_missing", "W, without its transpose,", 0.9, scene.W(l + 1).T))
    for k in range(1, scene.L + 1):
        V, cost = scene.W(k), 0.95 if k == l else 1.05
        if k != l + 1 and V.shape == (n_above, n):
            found.append(("W_of_wrong_layer", f"W[{k}]ᵀ", cost, V))
        if k != l + 1 and V.shape == (n, n_above):
            found.append(("W_of_wrong_layer", f"W[{k}]", cost + 0.05, V.T))
    return found


def _misaligned(scene: Scene, l: int) -> Candidates:
    """The bias stored as a column of W, and the wrong column cut off before the transpose."""
    W, b = scene.W(l + 1), scene.b(l + 1)
    slug, n = "bias_column_misaligned", W.shape[1]
    found: Candidates = []
    for where, stacked, own in (
        ("[W | b]", np.hstack([W, b]), n),
        ("[b | W]", np.hstack([b, W]), 0),
    ):
        for column in range(n + 1):
            if column != own:
                V = np.delete(stacked, column, axis=1)
                says = f"({where} with column {column} cut off instead of b)ᵀ"
                found.append((slug, says, 1.05 + 0.001 * column, V))
    return found


def _updated(scene: Scene, dW: Array, W: Array) -> Candidates:
    rate = scene.problem.learning_rate
    if dW.shape != W.shape:
        return []
    rates = [rate] if rate else [1.0, 0.1, 0.01, 0.5, 0.001, 0.05, 0.2, 0.3]
    cost = 0.9 if rate else 1.0
    slug = "updated_weights"
    return [(slug, f"(W − {eta:g} dW, after the update)ᵀ", cost, W - eta * dW) for eta in rates]


def _added_twice(scene: Scene, seen: Seen, l: int) -> Candidates:
    """A sum that is not emptied before the weights are gone through anew, after their update."""
    W, dZ = scene.W(l + 1), seen.dZ[l + 1]
    return [
        ("sum_not_reset+updated_weights", f"dA = Wᵀ dZ + {V} dZ", 1.4, W.T @ dZ + T.T @ dZ)
        for _, V, _, T in _updated(scene, seen.dW[l + 1], W)
    ]
