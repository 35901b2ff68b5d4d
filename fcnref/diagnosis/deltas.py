"""The slots above dW and db: the loss gradient, the gradient handed down, and the dropout mask.

`deltas` composes them with the backward rule of the activation into every dZ[l] that a backward
pass with few mistakes could hold, given what it holds above.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from fcnref._arrays import Array
from fcnref.activations import sigmoid, softmax
from fcnref.diagnosis.derivatives import Rule, activation_rules
from fcnref.diagnosis.scene import Scene, Seen

__all__ = ["Delta", "Item", "Piece", "deltas", "right_delta"]


class Item(NamedTuple):
    """One mistake at one place: its slug, the wrong formula, the tensor it spoils, how unlikely."""

    slug: str
    says: str
    where: str
    cost: float = 1.0


class Piece(NamedTuple):
    """One tensor that a slot can be filled with."""

    slug: str
    says: str
    cost: float
    value: Array


class Delta(NamedTuple):
    """A dZ[l] that a backward pass could hold, the dA[l] it made it from, and its mistakes."""

    items: tuple[Item, ...]
    cost: float
    dA: Array
    dZ: Array


def right_delta(scene: Scene, seen: Seen, l: int) -> Delta:
    """Apply the right rules to what the backward pass holds above layer l."""
    if l == scene.L:
        dA = scene.dA_L
        return Delta((), 0.0, dA, scene.fused_dZ_L if scene.fused else scene.backward(l, dA))
    dA = scene.W(l + 1).T @ seen.dZ[l + 1]
    mask = scene.mask(l)
    dA = dA if mask is None else dA * mask
    return Delta((), 0.0, dA, scene.backward(l, dA))


def deltas(scene: Scene, seen: Seen, l: int, mistakes: int = 1) -> Iterator[Delta]:
    """Yield every dZ[l] with at most this many mistakes in its slots, the right one first."""
    right = right_delta(scene, seen, l)
    yield right
    if l == scene.L:
        yield from _output_deltas(scene, seen, right, mistakes)
    else:
        yield from _hidden_deltas(scene, seen, l, right, mistakes)


def _output_deltas(scene: Scene, seen: Seen, right: Delta, mistakes: int) -> Iterator[Delta]:
    l = scene.L
    rules = list(activation_rules(scene, seen, l, right.dA))
    kernels = list(_kernels(scene))
    for kernel in kernels:
        for rule in rules:
            # Two wrong pieces at once count as two mistakes; one is enough for most.
            if (kernel.slug or rule.slug) and (bool(kernel.slug) + bool(rule.slug) <= mistakes):
                yield _delta(l, kernel, rule, kernel.value)
    fused_rule = Rule("", "dZ = A − Y", 0.0, lambda dA: dA)
    for kernel in _fused_kernels(scene):
        if kernel.slug:
            yield _delta(l, kernel, fused_rule, kernel.value)
        if scene.fused or mistakes > 1:
            for rule in rules:
                own = not rule.slug or rule.slug == "softmax_elementwise"
                says = (rule.says or "dZ = (A − Y) ⊙ g′(Z)").replace("dA", "(A − Y)")
                extra = rule._replace(
                    slug="ce_extra_derivative",
                    says=f"{says}, though A − Y holds g′ already",
                    cost=0.9 if own else rule.cost + 0.15,
                )
                slugs = {kernel.slug, extra.slug} - {""}
                if len(slugs) <= mistakes and kernel.slug != "missing_output_derivative":
                    yield _delta(l, kernel, extra, kernel.value)


def _hidden_deltas(
    scene: Scene, seen: Seen, l: int, right: Delta, mistakes: int
) -> Iterator[Delta]:
    upstream = list(_upstream(scene, seen, l))
    masks = list(_masks(scene, l))
    rules = list(activation_rules(scene, seen, l, right.dA))
    for up in upstream:
        for mask in masks:
            if bool(up.slug) + bool(mask.slug) > mistakes:
                continue
            dA = up.value * mask.value
            for rule in rules:
                wrong = bool(up.slug) + bool(mask.slug) + bool(rule.slug)
                if 0 < wrong <= mistakes:
                    mixed = up._replace(value=dA)
                    yield _delta(l, mixed, rule, dA, mask)
    if scene.n[l] == scene.n[l + 1] and scene.elementwise[l]:
        D = scene.backward(l, np.ones_like(right.dA))
        W = scene.W(l + 1)
        for name, above in (("dZ", seen.dZ[l + 1]), ("dA", seen.dA[l + 1])):
            says = f"dZ = Wᵀ ({name}[{l + 1}] ⊙ g′(Z[{l}])), the derivative before W"
            item = Item("derivative_before_W", says, f"dZ{l}", 1.1)
            yield Delta((item,), 1.1, right.dA, W.T @ (above * D))
    if right.dA.shape == scene.A(l - 1).shape:
        extra = right.dZ * scene.A(l - 1)
        item = Item("input_applied_twice", "dZ ⊙ A_prev", f"dZ{l}", 1.2)
        yield Delta((item,), 1.2, right.dA, extra)


def _delta(l: int, piece: Piece, rule: Rule, dA: Array, mask: Piece | None = None) -> Delta:
    items = [
        Item(piece.slug, piece.says, f"dA{l}", piece.cost),
        Item(mask.slug, mask.says, f"dA{l}", mask.cost) if mask else Item("", "", ""),
        Item(rule.slug, rule.says, f"dZ{l}", rule.cost),
    ]
    cost = piece.cost + rule.cost + (mask.cost if mask else 0.0)
    return Delta(tuple(item for item in items if item.slug), cost, dA, rule.apply(dA))


def _kernels(scene: Scene) -> Iterator[Piece]:
    """The right gradient of the loss by the output, then the wrong ones."""
    A, Y, po, n = scene.output, scene.Y, scene.per_output, scene.n[-1]
    right = scene.dA_L
    E = A - Y
    yield Piece("", "", 0.0, right)
    base = scene.kind.replace("sigmoid_cross", "binary_cross").replace("softmax_cross", "cross")
    squared = base in {"half_squared_error", "squared_error", "mean_squared_error"}
    if squared:
        one = 1.0 if base == "half_squared_error" else 2.0
        other = 2.0 if one == 1.0 else 1.0
        slug = "mse_factor2_extra" if one == 1.0 else "mse_factor2_missing"
        yield Piece(slug, f"dA = {_times(other)}(A − Y)", 0.85, other * po * E)
        yield Piece(
            "broadcast_n_vs_n1",
            "dA = A − mean(Y): a column minus a row is a matrix",
            0.9,
            one * po * (A - np.mean(Y, axis=1, keepdims=True)),
        )
        yield Piece(
            "broadcast_n_vs_n1",
            "dA = mean(A) − Y: a column minus a row is a matrix",
            0.95,
            one * po * (np.mean(A, axis=1, keepdims=True) - Y),
        )
        yield from _on_the_error(scene, one * po)
        yield Piece("loss_value_as_gradient", "dA = (A − Y)²", 1.1, po * E**2)
        if po != 1.0:
            yield _integer_division(one, n, E)
    if base == "binary_cross_entropy":
        first, second = "dA = −Y / A, without (1 − Y) / (1 − A)", "dA = (1 − Y) / (1 − A) alone"
        yield Piece("bce_term_missing", first, 0.9, -po * Y / A)
        yield Piece("bce_term_missing", second, 1.0, po * (1 - Y) / (1 - A))
        yield Piece(
            "bce_term_sign",
            "dA = −Y / A − (1 − Y) / (1 − A)",
            1.0,
            -po * (Y / A + (1 - Y) / (1 - A)),
        )
        yield Piece(
            "loss_value_as_gradient",
            "dA = J per entry",
            1.2,
            -po * (Y * np.log(A) + (1 - Y) * np.log(1 - A)),
        )
    if base == "cross_entropy":
        yield Piece("loss_value_as_gradient", "dA = −Y log A", 1.2, -po * Y * np.log(A))
        yield Piece("cce_term_dropped", "dA = −1 / A, without Y", 1.2, -po / A)
        yield Piece("cce_term_dropped", "dA = −Y, without 1 / A", 1.2, -po * Y)
    yield from _other_losses(base, A, Y, po)
    if po != 1.0:
        yield Piece("missing_1_over_n_out", "dA without the 1/n_L of the loss", 0.9, right / po)
    elif n > 1:
        yield Piece("extra_1_over_n_out", "dA divided by n_L", 0.95, right / n)
    means = [(1, "over the examples"), (0, "over the units"), (None, "over everything")]
    for axis, words in means:
        mean = np.mean(right, axis=axis, keepdims=True) + np.zeros_like(right)
        yield Piece("error_averaged_too_early", f"dA = its mean {words}", 1.1, mean)
    yield Piece("zero_gradient", "dA = 0", 1.2, np.zeros_like(right))


def _times(factor: float) -> str:
    return "" if factor == 1.0 else f"{factor:g} "


def _integer_division(one: float, n: int, E: Array) -> Piece:
    factor = int(one) // n
    says = f"dA = ({int(one)} // {n}) (A − Y), integer division"
    return Piece("integer_division_factor", says, 0.8 if factor == 0 else 1.0, factor * E)


def _on_the_error(scene: Scene, factor: float) -> Iterator[Piece]:
    """Changes to A − Y itself, for the losses whose gradient is a multiple of it."""
    A, Y, Z = scene.output, scene.Y, scene.Z(scene.L)
    rounded = np.where(A > 0.5, 1.0, 0.0)
    winner = 1.0 * (np.max(A, axis=0, keepdims=True) == A)
    table = [
        ("logits_for_output", "Z − Y", 1.0, Z - Y),
        ("decision_for_output", "[A > ½] − Y", 1.0, rounded - Y),
        ("decision_for_output", "one_hot(argmax A) − Y", 1.0, winner - Y),
        ("error_absolute", "|A − Y|", 1.1, np.abs(A - Y)),
        ("error_absolute", "sign(A − Y)", 1.1, np.sign(A - Y)),
        ("label_entry_only", "(A − Y) ⊙ Y", 1.1, (A - Y) * Y),
        ("error_term_dropped", "A, without Y", 1.1, A),
        ("error_term_dropped", "−Y, without A", 1.1, -Y),
        ("error_term_dropped", "A + Y", 1.1, A + Y),
        ("error_of_previous_activation", "softmax(A) − Y", 1.2, softmax(A) - Y),
        ("error_of_previous_activation", "σ(A) − Y", 1.2, sigmoid(A) - Y),
        ("broadcast_n_vs_n1", "A − mean(Y)", 1.0, A - np.mean(Y, axis=1, keepdims=True)),
        ("broadcast_n_vs_n1", "mean(A) − Y", 1.05, np.mean(A, axis=1, keepdims=True) - Y),
        ("examples_misaligned", "A − Y of the next example", 1.3, A - np.roll(Y, -1, axis=1)),
        ("examples_misaligned", "A − Y of the previous example", 1.3, A - np.roll(Y, 1, axis=1)),
        ("examples_misaligned", "A − Y in reverse order", 1.3, A - Y[:, ::-1]),
    ]
    if A.shape[0] == A.shape[1]:
        table.append(("target_transposed", "A − Yᵀ", 1.1, A - Y.T))
    for slug, says, cost, value in table:
        yield Piece(
            slug, f"dA = {says}" if not scene.fused else f"dZ = {says}", cost, factor * value
        )


def _other_losses(base: str, A: Array, Y: Array, po: float) -> Iterator[Piece]:
    slug = "loss_of_another_kind"
    E = A - Y
    inside = (A > 0) & (A < 1)
    if not np.all(inside):
        return
    if base not in {"half_squared_error", "squared_error", "mean_squared_error"}:
        yield Piece(slug, "dA = A − Y, the gradient of a squared error", 1.0, po * E)
        yield Piece(slug, "dA = 2 (A − Y), the gradient of a squared error", 1.05, 2 * po * E)
    if base != "binary_cross_entropy":
        value = -Y / A + (1 - Y) / (1 - A)
        yield Piece(slug, "dA of the binary cross-entropy", 1.0, po * value)
    if base != "cross_entropy" and base != "binary_cross_entropy":
        yield Piece(slug, "dA = −Y / A, of the cross-entropy", 1.0, -po * Y / A)
    yield Piece(slug, "dA = −Y / A + 1 / A", 1.4, po * E / A)


def _fused_kernels(scene: Scene) -> Iterator[Piece]:
    """What people write for dZ[L] directly."""
    E, po, n = scene.output - scene.Y, scene.per_output, scene.n[-1]
    if scene.fused:
        yield Piece("", "", 0.0, scene.fused_dZ_L)
        yield from _on_the_error(scene, po)
        if po != 1.0:
            yield Piece("missing_1_over_n_out", "dZ = A − Y, without 1/n_L", 0.85, E)
        elif n > 1:
            yield Piece("extra_1_over_n_out", "dZ = (A − Y) / n_L", 0.9, E / n)
        means = [(1, "over the examples"), (0, "over the units"), (None, "over everything")]
        for axis, words in means:
            mean = np.mean(E, axis=axis, keepdims=True) + np.zeros_like(E)
            yield Piece("error_averaged_too_early", f"dZ = mean of A − Y {words}", 1.1, po * mean)
        yield Piece("loss_value_as_gradient", "dZ = (A − Y)²", 1.2, po * E**2)
        yield Piece("zero_gradient", "dZ = 0", 1.2, 0 * E)
        return
    slug = "missing_output_derivative"
    if scene.activation(scene.L) == "identity" and scene.kind == "half_squared_error":
        return
    yield Piece(slug, "dZ = A − Y, as if the loss were a fused cross-entropy", 0.95, E)
    if po != 1.0:
        yield Piece(slug, "dZ = (A − Y) / n_L, as if the loss were fused", 1.0, po * E)


def _upstream(scene: Scene, seen: Seen, l: int) -> Iterator[Piece]:
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
    candidates += _reused(scene, seen, l)
    candidates += _other_weights(scene, l, dZ)
    candidates += _misaligned(scene, l, dZ)
    candidates += _updated(scene, seen, l)
    for slug, says, cost, value in candidates:
        if slug and value.shape == shape:
            yield Piece(slug, says, cost, value)


Candidates = list[tuple[str, str, float, Array]]


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


def _masks(scene: Scene, l: int) -> Iterator[Piece]:
    mask = scene.mask(l)
    if mask is None:
        yield Piece("", "", 0.0, np.ones((1, 1)))
        return
    keep, kept = scene.keep(l), 1.0 * (mask > 0)
    yield Piece("", "", 0.0, mask)
    yield Piece("dropout_ignored_in_backward", "dA without the mask", 0.85, np.ones((1, 1)))
    yield Piece("dropout_mask_missing", "dA / keep, without the mask", 0.85, np.ones((1, 1)) / keep)
    yield Piece("dropout_scale_missing", "dA ⊙ [mask > 0], without 1/keep", 0.85, kept)
    yield Piece("dropout_scale_twice", "dA ⊙ mask / keep²", 0.95, mask / keep)
    yield Piece("dropout_scale_inverted", "dA ⊙ [mask > 0] · keep", 0.95, kept * keep)
    yield Piece("dropout_mask_inverted", "dA ⊙ [mask = 0]", 1.0, (1 - kept) / keep)
    yield Piece("dropout_mask_inverted", "dA ⊙ [mask = 0]", 1.05, 1 - kept)
    wrong = 1 / (1 - keep) if keep < 1 else 1.0
    yield Piece("dropout_scale_of_dropped", "dA ⊙ [mask > 0] / (1 − keep)", 1.0, kept * wrong)
    for k, other in scene.problem.masks.items():
        if k != l and other.shape == mask.shape:
            yield Piece("dropout_mask_of_wrong_layer", f"dA ⊙ mask[{k}]", 1.0, other)
