"""The slot of the chain: the gradient that a layer hands down through its weights."""

from collections.abc import Iterator

import numpy as np

from fcnref._arrays import Array
from fcnref.diagnosis.pieces import Candidates, Piece
from fcnref.diagnosis.scene import Scene, Seen

__all__ = ["handed_down"]


def handed_down(scene: Scene, seen: Seen, l: int) -> Iterator[Piece]:
    """The right dA[l] that layer l + 1 hands down, then the wrong ones. No mask yet."""
    W, dZ, dA = scene.W(l + 1), seen.dZ[l + 1], seen.dA[l + 1]
    shape = scene.Z(l).shape
    yield Piece("", "", 0.0, W.T @ dZ)
    up = f"[{l + 1}]"
    above = scene.elementwise[l + 1]
    candidates: list[tuple[str, str, float, Array]] = [
        ("dA_prev_skips_derivative", f"dA = Wᵀ dA{up}, dA for dZ", 0.9, W.T @ dA),
        ("dW_instead_of_W", f"dA = dW{up}ᵀ dZ{up}", 0.9, seen.dW[l + 1].T @ dZ)
        if seen.dW[l + 1].shape == W.shape
        else ("", "", 9.0, W.T @ dZ),
        ("W_squared", "dA = (W ⊙ W)ᵀ dZ", 1.3, (W * W).T @ dZ),
        ("W_absolute", "dA = |W|ᵀ dZ", 1.2, np.abs(W).T @ dZ),
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
            "W_normalized",
            "W divided by its row sums",
            1.2,
            (W / np.sum(W, axis=1, keepdims=True)).T @ dZ,
        ),
        (
            "W_normalized",
            "W divided by its column sums",
            1.2,
            (W / np.sum(W, axis=0, keepdims=True)).T @ dZ,
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
            "examples_averaged_too_early",
            "dA = Wᵀ mean of dZ over the examples",
            1.1,
            W.T @ np.mean(dZ, axis=1, keepdims=True) + np.zeros(shape),
        ),
        ("upstream_dropped", "dA = 1: the chain stops", 1.05, np.ones(shape)),
        ("upstream_dropped", "dA = Wᵀ 1, without dZ", 1.15, W.T @ np.ones(dZ.shape)),
        ("zero_gradient", "dA = 0: nothing is handed down", 1.2, np.zeros(shape)),
    ]
    if above and scene.activation(l + 1) != "identity":
        twice = scene.backward(l + 1, dZ)
        candidates.append(
            ("derivative_applied_twice_in_chain", f"dA = Wᵀ (dZ{up} ⊙ g′(Z{up}))", 1.0, W.T @ twice)
        )
    candidates += _running_sums(W, dZ)
    if 1 not in W.shape and W.shape[0] != W.shape[1]:
        turned = W.reshape(W.shape[::-1]) @ dZ
        candidates.append(("reshaped_not_transposed", "dA = W.reshape(n, n_next) dZ", 1.1, turned))
    if scene.n[l] == scene.n[l + 1]:
        sums = [("Σ_j W_jk", np.sum(W, axis=0)), ("Σ_k W_jk", np.sum(W, axis=1))]
        candidates += [("W_summed", f"dA = {s} ⊙ dZ", 1.1, v[:, None] * dZ) for s, v in sums]
        candidates.append(("W_summed", "dA = Σ W ⊙ dZ", 1.15, np.sum(W) * dZ))
    candidates.append(
        ("W_summed", "dA = Σ W Σ_j dZ_j", 1.2, np.sum(W) * np.sum(dZ, axis=0, keepdims=True))
    )
    candidates += _reused(scene, seen, l)
    candidates += _other_weights(scene, l, dZ)
    candidates += _misaligned(scene, l, dZ)
    candidates += _updated(scene, seen, l)
    for slug, says, cost, value in candidates:
        if value.shape == (1, shape[1]):
            value = value + np.zeros(shape)
        if slug and value.shape == shape:
            yield Piece(slug, says, cost, value)


def _running_sums(W: Array, dZ: Array) -> Candidates:
    """A sum that goes on where it should start anew: with every example, or with every unit."""
    over_examples, over_units = "with every example", "with every unit"
    return [
        (
            "sum_not_reset",
            f"dA = Wᵀ (dZ summed up to this example), not reset {over_examples}",
            1.1,
            W.T @ np.cumsum(dZ, axis=1),
        ),
        (
            "sum_not_reset",
            f"dA = Wᵀ (dZ summed up to the previous example), not reset {over_examples}",
            1.15,
            W.T @ (np.cumsum(dZ, axis=1) - dZ),
        ),
        (
            "sum_not_reset",
            f"dA = Wᵀ dZ summed up to this unit, not reset {over_units}",
            1.1,
            np.cumsum(W.T @ dZ, axis=0),
        ),
    ]


def _reused(scene: Scene, seen: Seen, l: int) -> Candidates:
    found: Candidates = []
    for k in range(l + 1, scene.L + 1):
        cost = 0.95 if k == l + 1 else 1.0
        found.append(("stale_upstream_gradient", f"dA = dA[{k}], reused", cost, seen.dA[k]))
        found.append(("stale_upstream_gradient", f"dA = dZ[{k}], reused", cost + 0.02, seen.dZ[k]))
        if k > l + 1:
            W = scene.W(l + 1)
            if W.shape[0] == seen.dZ[k].shape[0]:
                says = f"dA = W[{l + 1}]ᵀ dZ[{k}], of the wrong layer"
                found.append(("stale_upstream_gradient", says, 1.0, W.T @ seen.dZ[k]))
                says = f"dA = W[{l + 1}]ᵀ dA[{k}], of the wrong layer"
                found.append(("stale_upstream_gradient", says, 1.1, W.T @ seen.dA[k]))
    error = scene.output - scene.Y
    W = scene.W(l + 1)
    if l + 1 < scene.L and W.shape[0] == error.shape[0]:
        says = f"dA = W[{l + 1}]ᵀ (A[L] − Y)"
        found.append(("stale_upstream_gradient", says, 1.1, W.T @ error))
    found.append(("stale_upstream_gradient", "dA = A[L] − Y, reused", 1.1, error))
    if scene.A(l).shape == scene.Y.shape and l < scene.L:
        found.append(("target_in_hidden_layer", "dA = A[l] − Y", 1.1, scene.A(l) - scene.Y))
    if error.shape[0] == 1:
        zeros = np.zeros(scene.Z(l).shape)
        found.append(
            ("W_missing_from_chain", "dA = dA[L], without W", 1.1, seen.dA[scene.L] + zeros)
        )
    return found


def _other_weights(scene: Scene, l: int, dZ: Array) -> Candidates:
    found: Candidates = []
    n, n_above = scene.n[l], scene.n[l + 1]
    W = scene.W(l + 1)
    if n == n_above:
        found.append(
            ("W_transpose_missing", f"dA = W[{l + 1}] dZ[{l + 1}], no transpose", 0.9, W @ dZ)
        )
    for k in range(1, scene.L + 1):
        if k == l + 1:
            continue
        V = scene.W(k)
        cost = 0.95 if k == l else 1.05
        if V.shape == (n_above, n):
            found.append(("W_of_wrong_layer", f"dA = W[{k}]ᵀ dZ[{l + 1}]", cost, V.T @ dZ))
        if V.shape == (n, n_above):
            found.append(("W_of_wrong_layer", f"dA = W[{k}] dZ[{l + 1}]", cost + 0.05, V @ dZ))
    return found


def _misaligned(scene: Scene, l: int, dZ: Array) -> Candidates:
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
                says = f"dA = {where}ᵀ dZ with column {column} cut off instead of b"
                found.append((slug, says, 1.05 + 0.001 * column, V.T @ dZ))
    return found


def _updated(scene: Scene, seen: Seen, l: int) -> Candidates:
    W, dZ, rate = scene.W(l + 1), seen.dZ[l + 1], scene.problem.learning_rate
    dW = seen.dW[l + 1]
    if dW.shape != W.shape:
        return []
    rates = [rate] if rate else [1.0, 0.1, 0.01, 0.5, 0.001, 0.05, 0.2, 0.3]
    slug = "updated_weights"
    return [
        (
            slug,
            f"dA = (W − {eta:g} dW)ᵀ dZ, after the update",
            0.9 if rate else 1.0,
            (W - eta * dW).T @ dZ,
        )
        for eta in rates
    ]
