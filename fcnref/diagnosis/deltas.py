"""The slots above dW and db, composed.

`deltas` puts the loss gradient or the gradient handed down, the dropout mask and the backward rule
of the activation together, into every dZ[l] that a backward pass with few mistakes could hold,
given what it holds above.
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np

from fcnref._arrays import Array
from fcnref.diagnosis.chain import handed_down
from fcnref.diagnosis.derivatives import activation_rules
from fcnref.diagnosis.examples import example_weights
from fcnref.diagnosis.output import fused_kernels, kernels, without_brackets
from fcnref.diagnosis.pieces import Delta, Item, Piece, Rule, Wanted, every, slugs_of
from fcnref.diagnosis.scene import Scene, Seen

__all__ = ["deltas", "right_blocks", "right_delta"]


def right_delta(scene: Scene, seen: Seen, l: int) -> Delta:
    """Apply the right rules to what the backward pass holds above layer l."""
    if l == scene.L:
        dA = scene.dA_L
        return Delta((), 0.0, dA, scene.fused_dZ_L if scene.fused else scene.backward(l, dA))
    dA = scene.masked(l, scene.W(l + 1).T @ seen.dZ[l + 1])
    return Delta((), 0.0, dA, scene.backward(l, dA))


def right_blocks(scene: Scene) -> dict[str, Array]:
    """The right gradients, by the rules of the grammar."""
    seen, blocks = Seen({}, {}, {}), dict[str, Array]()
    for l in range(scene.L, 0, -1):
        way = right_delta(scene, seen, l)
        dW = scene.averaging * way.dZ @ scene.A(l - 1).T + scene.penalty_grad(l)
        db = scene.averaging * np.sum(way.dZ, axis=1, keepdims=True) + scene.penalty_grad_b(l)
        seen = Seen({**seen.dA, l: way.dA}, {**seen.dZ, l: way.dZ}, {**seen.dW, l: dW})
        blocks |= {f"dW{l}": dW, f"db{l}": db}
    return blocks


def deltas(
    scene: Scene, seen: Seen, l: int, mistakes: int = 1, wanted: Wanted = every
) -> Iterator[Delta]:
    """Yield every dZ[l] with at most this many mistakes in its slots, the right one first."""
    right = right_delta(scene, seen, l)
    yield right
    if l == scene.L:
        yield from _output_deltas(scene, seen, right, mistakes, wanted)
    else:
        yield from _hidden_deltas(scene, seen, l, right, mistakes, wanted)
    for slug, says, cost, c in example_weights(scene.m):
        item = Item(slug, f"dZ {says}", f"dZ{l}", cost)
        if wanted(item):
            yield Delta((item,), cost, c * right.dA, c * right.dZ)


_Part = TypeVar("_Part", Piece, Rule)


def _of(parts: Iterable[_Part], wanted: Wanted) -> list[_Part]:
    """The right way to fill a slot, and the wanted wrong ones."""
    return [part for part in parts if not part.slug or wanted(part)]


def _output_deltas(
    scene: Scene, seen: Seen, right: Delta, mistakes: int, wanted: Wanted
) -> Iterator[Delta]:
    l = scene.L
    all_rules = list(activation_rules(scene, seen, l, right.dA))
    rules = _of(all_rules, wanted)
    right_rules = [rule for rule in rules if not rule.slug]
    for kernel in _of(kernels(scene), wanted):
        # Two wrong pieces at once count as two mistakes; one is enough for most.
        for rule in rules if bool(kernel.slug) < mistakes else right_rules:
            if kernel.slug or rule.slug:
                yield _delta(l, kernel, rule, kernel.value)
    if scene.elementwise[l] and scene.activation(l) != "identity":
        D = scene.backward(l, np.ones_like(right.dA))
        for piece in _of(without_brackets(scene, D), wanted):
            yield _delta(l, piece, Rule("", "", 0.0, lambda dA: dA), piece.value)
    fused_rule = Rule("", "dZ = A − Y", 0.0, lambda dA: dA)
    for kernel in _of(fused_kernels(scene), wanted):
        if kernel.slug:
            yield _delta(l, kernel, fused_rule, kernel.value)
        if scene.fused or mistakes > 1:
            for rule in all_rules:
                own = not rule.slug or rule.slug == "softmax_elementwise"
                says = (rule.says or "dZ = (A − Y) ⊙ g′(Z)").replace("dA", "(A − Y)")
                extra = rule._replace(
                    slug="ce_extra_derivative",
                    says=f"{says}, though A − Y holds g′ already",
                    cost=0.9 if own else rule.cost + 0.15,
                )
                slugs = {kernel.slug, extra.slug} - {""}
                likely = len(slugs) <= mistakes and kernel.slug != "missing_output_derivative"
                if likely and wanted(extra):
                    yield _delta(l, kernel, extra, kernel.value)


def _hidden_deltas(
    scene: Scene, seen: Seen, l: int, right: Delta, mistakes: int, wanted: Wanted
) -> Iterator[Delta]:
    upstream = _of(handed_down(scene, seen, l, mistakes), wanted)
    masks = _of(_masks(scene, l), wanted)
    rules = _of(activation_rules(scene, seen, l, right.dA), wanted)
    right_rules = [rule for rule in rules if not rule.slug]
    for up in upstream:
        for mask in masks:
            before = len(slugs_of(up.slug)) + bool(mask.slug)
            if before > mistakes:
                continue
            dA = up.value * mask.value
            left = mistakes - before
            for rule in rules if left else right_rules:
                likely = before < 2 or rule.cost <= 1.0
                if likely and (up.slug or mask.slug or rule.slug):
                    yield _delta(l, up, rule, dA, mask)
    if scene.n[l] == scene.n[l + 1] and scene.elementwise[l]:
        D = scene.backward(l, np.ones_like(right.dA))
        W = scene.W(l + 1)
        for name, above in (("dZ", seen.dZ[l + 1]), ("dA", seen.dA[l + 1])):
            says = f"dZ = Wᵀ ({name}[{l + 1}] ⊙ g′(Z[{l}])), the derivative before W"
            item = Item("derivative_before_W", says, f"dZ{l}", 1.1)
            if wanted(item):
                yield Delta((item,), 1.1, right.dA, W.T @ (above * D))
    if right.dA.shape == scene.A(l - 1).shape:
        item = Item("input_applied_twice", "dZ ⊙ A_prev", f"dZ{l}", 1.2)
        if wanted(item):
            yield Delta((item,), 1.2, right.dA, right.dZ * scene.A(l - 1))
    if wanted(Item("bias_column_misaligned", "", f"dZ{l}", 1.1)):
        yield from _with_a_row_of_ones(scene, seen, l, right)


def _with_a_row_of_ones(scene: Scene, seen: Seen, l: int, right: Delta) -> Iterator[Delta]:
    """The bias as a column of W: the wrong row of dZ is cut off, after the derivative."""
    if not scene.elementwise[l] or scene.mask(l) is not None:
        return
    W, b, n = scene.W(l + 1), scene.b(l + 1), scene.n[l]
    one = {"relu": 1.0, "leaky_relu": 1.0, "identity": 1.0, "softplus": float(-np.expm1(-1.0))}
    D = scene.backward(l, np.ones_like(right.dA))
    constant = np.full((1, scene.m), one.get(scene.activation(l), 0.0))
    for own, where, stacked, slopes in (
        (n, "[W | b]", np.hstack([W, b]), np.vstack([D, constant])),
        (0, "[b | W]", np.hstack([b, W]), np.vstack([constant, D])),
    ):
        dZ = (stacked.T @ seen.dZ[l + 1]) * slopes
        for row in range(n + 1):
            if row != own:
                says = f"dZ = {where}ᵀ dZ_next ⊙ g′ with row {row} cut off instead of the bias's"
                item = Item("bias_column_misaligned", says, f"dZ{l}", 1.1 + 0.001 * row)
                yield Delta((item,), 1.1, right.dA, np.delete(dZ, row, axis=0))


def _delta(l: int, piece: Piece, rule: Rule, dA: Array, mask: Piece | None = None) -> Delta:
    items, cost = piece.items(f"dA{l}"), piece.cost
    if mask:
        items, cost = items + mask.items(f"dA{l}"), cost + mask.cost
    return Delta(items + rule.items(f"dZ{l}"), cost + rule.cost, dA, rule.apply(dA))


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
    says = "dA ⊙ [mask > 0] · (1 − keep)"
    yield Piece("dropout_scale_of_dropped", says, 1.0, kept * (1 - keep))
    for k, other in scene.problem.masks.items():
        if k != l and other.shape == mask.shape:
            yield Piece("dropout_mask_of_wrong_layer", f"dA ⊙ mask[{k}]", 1.0, other)
