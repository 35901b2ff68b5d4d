"""The slot of the penalty: what it adds to dW and db, and what people add instead."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from fcnref._arrays import Array
from fcnref.diagnosis.pieces import Piece
from fcnref.diagnosis.scene import Scene
from fcnref.problem import Penalty

__all__ = ["bias_penalties", "penalties"]


def penalties(scene: Scene, l: int) -> Iterator[Piece]:
    """Yield the right contribution of the penalty to dW[l], then the wrong ones."""
    right, W = scene.penalty_grad(l), scene.W(l)
    yield Piece("", "", 0.0, right)
    parts = list(_summands(scene))
    for words, alone in parts:
        part = Scene(replace(scene.problem, penalty=alone), scene.run)
        rest = right - part.penalty_grad(l)
        whose = "the penalty" if len(parts) == 1 else words
        for piece in _in_one_summand(part, l, whose):
            yield piece._replace(value=rest + piece.value)
    if len(parts) > 1:
        yield from _by_a_factor(right, scene, "the penalty")
    if not parts:
        return
    slug = "reg_skips_part"
    inner = 1.0 * (np.arange(W.shape[1])[None, :] > 0)
    yield Piece(slug, "the penalty's gradient without the first column", 1.0, right * inner)
    inner = 1.0 * (np.arange(W.shape[0])[:, None] > 0)
    yield Piece(slug, "the penalty's gradient without the first row", 1.0, right * inner)
    if W.shape[0] == W.shape[1]:
        yield Piece("reg_transposed", "the penalty's gradient transposed", 1.1, right.T)
    for k in range(1, scene.L + 1):
        other = scene.penalty_grad(k)
        if k != l and other.shape == right.shape:
            says = f"the penalty's gradient of W[{k}]"
            yield Piece("reg_wrong_index", says, 0.95, other)


def _summands(scene: Scene) -> Iterator[tuple[str, Penalty]]:
    """The penalties that a mixture consists of, each alone."""
    p = scene.problem.penalty
    single = [
        ("λ ‖W‖²", p.l2, p._replace(l1=0.0, norm=0.0)),
        ("λ ‖W‖₁", p.l1, p._replace(l2=0.0, norm=0.0)),
        ("λ ‖W‖", p.norm, p._replace(l2=0.0, l1=0.0)),
    ]
    yield from ((words, alone) for words, strength, alone in single if strength)


def _in_one_summand(scene: Scene, l: int, whose: str) -> Iterator[Piece]:
    yield from _by_a_factor(scene.penalty_grad(l), scene, whose)
    yield from _of_another_kind(scene, l, whose)


def _by_a_factor(right: Array, scene: Scene, whose: str) -> Iterator[Piece]:
    p, m, its = scene.problem.penalty, scene.m, f"the gradient of {whose}"
    divided = (p.l2 and p.l2_scaling == "lambda/2m") or (p.l1 and p.l1_scaling == "lambda/m")
    yield Piece("reg_missing", f"dW without {its}", 0.85, 0 * right)
    yield Piece("reg_factor2_extra", f"twice {its}", 0.9, 2 * right)
    yield Piece("reg_factor2_missing", f"half {its}", 0.9, right / 2)
    yield Piece("reg_sign", f"minus {its}", 0.9, -right)
    if divided:
        yield Piece("reg_1_over_m_missing", f"m times {its}", 0.9, m * right)
        yield Piece("reg_1_over_m_missing", f"2m times {its}", 1.2, 2 * m * right)
    yield Piece("reg_extra_1_over_m", f"{its} divided by m", 0.9, right / m)
    yield Piece("reg_extra_1_over_m", f"half {its} divided by m", 1.2, right / m / 2)


def _of_another_kind(scene: Scene, l: int, whose: str) -> Iterator[Piece]:
    p, m, W = scene.problem.penalty, scene.m, scene.W(l)
    strength = p.l2 or p.l1 or p.norm
    norm = np.sqrt(np.sum(W * W))
    everything = sum(float(np.sum(scene.W(k) ** 2)) for k in range(1, scene.L + 1))
    ones = np.ones_like(W)
    kinds: list[tuple[str, str, Array, float]] = [
        ("λ W", "reg_norm_vs_square" if p.norm else "reg_wrong_kind", W, 0.9),
        ("λ sign(W)", "reg_wrong_kind", np.sign(W), 0.95),
        ("λ W / ‖W‖", "reg_norm_vs_square", W / norm, 0.9),
        ("λ", "reg_l1_sign_missing" if p.l1 else "reg_constant", ones, 0.9),
        ("λ Σ W", "reg_summed_to_scalar", np.sum(W) * ones, 0.95),
        ("λ Σ W²", "reg_value_as_gradient", np.sum(W * W) * ones, 0.95),
        ("λ Σ W² over all layers", "reg_value_as_gradient", everything * ones, 1.0),
        ("λ Σ |W|", "reg_value_as_gradient", np.sum(np.abs(W)) * ones, 0.95),
        ("λ ‖W‖", "reg_value_as_gradient", norm * ones, 1.0),
        ("λ ‖W‖ W", "reg_norm_vs_square", norm * W, 1.1),
        ("λ |W|", "reg_absolute", np.abs(W), 1.0),
        ("λ W ⊙ W", "reg_value_as_gradient", W * W, 0.95),
        ("λ mean W", "reg_summed_to_scalar", np.mean(W) * ones, 1.1),
        ("λ row sums of W", "reg_summed_to_scalar", np.sum(W, axis=1, keepdims=True) * ones, 1.1),
        (
            "λ column sums of W",
            "reg_summed_to_scalar",
            np.sum(W, axis=0, keepdims=True) * ones,
            1.1,
        ),
    ]
    pairs = (("λ W", p.l2), ("λ sign(W)", p.l1), ("λ W / ‖W‖", p.norm))
    own = {words for words, present in pairs if present}
    factors = [
        ("", 1.0),
        ("2", 2.0),
        ("½ ", 0.5),
        ("1/m ", 1 / m),
        ("½ 1/m ", 0.5 / m),
        ("2/m ", 2 / m),
    ]
    for words, slug, tensor, cost in kinds:
        for says, factor in factors:
            value = factor * strength * tensor
            if words not in own:
                extra = 0.0 if factor in {1.0, 1 / m} else 0.05
                formula = f"{says}{words}".strip()
                yield Piece(
                    slug, f"dW with {formula} for the gradient of {whose}", cost + extra, value
                )


def bias_penalties(scene: Scene, l: int) -> Iterator[Piece]:
    """Yield the right contribution of the penalty to db[l], then the wrong ones."""
    right, b = scene.penalty_grad_b(l), scene.b(l)
    yield Piece("", "", 0.0, right)
    p, m = scene.problem.penalty, scene.m
    strength = p.l2 or p.l1 or p.norm
    if not strength:
        return
    if p.on_bias and p.l2:
        yield Piece("reg_bias_missing", "db without the penalty's gradient", 0.85, 0 * b)
        yield Piece("reg_factor2_extra", "twice the penalty's gradient in db", 0.95, 2 * right)
        yield Piece("reg_factor2_missing", "half the penalty's gradient in db", 0.95, right / 2)
        yield Piece("reg_sign", "minus the penalty's gradient in db", 0.95, -right)
        yield Piece("reg_1_over_m_missing", "m times the penalty's gradient in db", 1.0, m * right)
        yield Piece("reg_extra_1_over_m", "the penalty's gradient in db by m", 1.0, right / m)
    for says, factor in (
        ("λ", 1.0),
        ("2λ", 2.0),
        ("λ/m", 1 / m),
        ("λ/2", 0.5),
        ("2λ/m", 2 / m),
        ("λ/2m", 0.5 / m),
    ):
        c = factor * strength
        if not p.on_bias:
            yield Piece("reg_on_bias", f"db with {says} b", 0.9, c * b)
            yield Piece("reg_on_bias", f"db with {says} sign(b)", 1.2, c * np.sign(b))
        yield Piece("reg_bias_constant", f"db with {says}, a constant", 0.95, c * np.ones_like(b))
        W = scene.W(l)
        for words, tensor in (
            ("row sums of W", np.sum(W, axis=1, keepdims=True)),
            ("Σ W", np.sum(W) + 0 * b),
            ("W[:, 0]", W[:, :1]),
        ):
            yield Piece("reg_weights_in_db", f"db with {says} {words}", 1.2, c * tensor)
