"""The slot of the loss: its gradient by the output, and what people write instead."""

from collections.abc import Iterator

import numpy as np

from fcnref._arrays import Array
from fcnref.activations import sigmoid, softmax
from fcnref.diagnosis.pieces import Piece
from fcnref.diagnosis.scene import Scene

__all__ = ["fused_kernels", "kernels", "without_brackets"]


def kernels(scene: Scene) -> Iterator[Piece]:
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
        for says, value in (
            ("dA = −Y / (1 − A) + (1 − Y) / A", -Y / (1 - A) + (1 - Y) / A),
            ("dA = (A − Y) / A", E / A),
            ("dA = (A − Y) / (1 − A)", E / (1 - A)),
            ("dA = (A − Y) / (A (1 + A))", E / (A * (1 + A))),
            ("dA = (A − Y) / A²", E / A**2),
            ("dA = (A − Y) ⊙ A (1 − A), multiplied", E * A * (1 - A)),
        ):
            yield Piece("bce_denominator_wrong", says, 1.05, po * value)
        yield Piece(
            "loss_value_as_gradient",
            "dA = J per entry",
            1.2,
            -po * (Y * np.log(A) + (1 - Y) * np.log(1 - A)),
        )
    if base == "cross_entropy":
        yield Piece("loss_value_as_gradient", "dA = −Y log A", 1.2, -po * Y * np.log(A))
        yield Piece("loss_value_as_gradient", "dA = −log A", 1.2, -po * np.log(A))
        yield Piece("cce_term_dropped", "dA = −1 / A, without Y", 1.2, -po / A)
        yield Piece("cce_term_dropped", "dA = −Y, without 1 / A", 1.2, -po * Y)
    yield from _other_losses(base, A, Y, po)
    J = scene.value / scene.averaging / scene.m + np.zeros_like(A)
    yield Piece("loss_value_as_gradient", "dA = J, one number for all", 1.0, J)
    yield from _with_epsilon(base, A, Y, po)
    if po != 1.0:
        yield Piece("missing_1_over_n_out", "dA without the 1/n_L of the loss", 0.9, right / po)
    elif n > 1:
        yield Piece("extra_1_over_n_out", "dA divided by n_L", 0.95, right / n)
    means = [(1, "over the examples"), (0, "over the units"), (None, "over everything")]
    for axis, words in means:
        mean = np.mean(right, axis=axis, keepdims=True) + np.zeros_like(right)
        yield Piece("error_averaged_too_early", f"dA = its mean {words}", 1.1, mean)
        total = np.sum(right, axis=axis, keepdims=True) + np.zeros_like(right)
        yield Piece("error_averaged_too_early", f"dA = its sum {words}", 1.2, total)
    yield Piece("zero_gradient", "dA = 0", 1.2, np.zeros_like(right))
    yield Piece(
        "upstream_dropped", "dA = 1: the chain starts without the loss", 1.05, 0 * right + 1
    )


def _with_epsilon(base: str, A: Array, Y: Array, po: float) -> Iterator[Piece]:
    """An ε against a division by zero that is large enough to change the gradient."""
    slug = "epsilon_too_large"
    binary = base == "binary_cross_entropy"
    if not binary and base != "cross_entropy":
        return
    for e in (1e-1, 5e-2, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6):
        P, cost = np.clip(A, e, 1 - e), 1.1
        if binary:
            says = f"dA = −Y / (A + {e:g}) + (1 − Y) / (1 − A + {e:g})"
            yield Piece(slug, says, cost, po * (-Y / (A + e) + (1 - Y) / (1 - A + e)))
            says = f"dA = (A − Y) / (A (1 − A) + {e:g})"
            yield Piece(slug, says, cost, po * (A - Y) / (A * (1 - A) + e))
            if np.any(P != A):
                says = f"dA = (P − Y) / (P (1 − P)), P = A clipped to [{e:g}, {1 - e:g}]"
                yield Piece(slug, says, cost, po * (P - Y) / (P * (1 - P)))
        else:
            yield Piece(slug, f"dA = −Y / (A + {e:g})", cost, -po * Y / (A + e))
            if np.any(P != A):
                says = f"dA = −Y / P, P = A clipped to [{e:g}, {1 - e:g}]"
                yield Piece(slug, says, cost, -po * Y / P)


def without_brackets(scene: Scene, D: Array) -> Iterator[Piece]:
    """The product of an error and a derivative, of which the bracket was left out."""
    A, Y, slug = scene.output, scene.Y, "brackets_missing"
    yield Piece(slug, "dZ = A − Y ⊙ g′(Z), without the bracket", 1.0, A - Y * D)
    yield Piece(slug, "dZ = −(Y − A ⊙ g′(Z)), without the bracket", 1.05, A * D - Y)


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
        ("decision_for_output", "[A > ½] − Y", 1.0, rounded - Y) if np.any(rounded) else NOTHING,
        ("decision_for_output", "one_hot(argmax A) − Y", 1.0, winner - Y),
        ("error_absolute", "|A − Y|", 1.1, np.abs(A - Y)),
        ("error_absolute", "sign(A − Y)", 1.1, np.sign(A - Y)),
        ("label_entry_only", "(A − Y) ⊙ Y", 1.1, (A - Y) * Y),
        ("log_for_output", "log A − Y", 1.1, np.log(A) - Y) if np.all(A > 0) else NOTHING,
        ("error_term_dropped", "A, without Y", 0.95, A),
        ("error_term_dropped", "−Y, without A", 1.1, -Y),
        ("error_term_dropped", "A + Y", 1.1, A + Y),
        ("label_subtracted_everywhere", "A − 1", 1.15, A - 1),
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
    elif A.shape[0] > 1:
        reshaped = A - Y.T.reshape(Y.shape)
        table.append(("reshaped_not_transposed", "A − Yᵀ.reshape(n_L, m)", 1.2, reshaped))
    if A.shape[0] > 1:
        for step, says in ((1, "the next"), (-1, "the previous")):
            words = f"A − Y with every label moved to {says} class"
            table.append(("label_off_by_one", words, 1.2, A - np.roll(Y, step, axis=0)))
    if scene.activation(scene.L) == "softmax":
        table += _normalized_otherwise(Z, Y)
    for slug, says, cost, value in table:
        if not slug:
            continue
        yield Piece(
            slug, f"dA = {says}" if not scene.fused else f"dZ = {says}", cost, factor * value
        )


NOTHING = ("", "", 0.0, np.zeros((0, 0)))


def _normalized_otherwise(Z: Array, Y: Array) -> list[tuple[str, str, float, Array]]:
    """The softmax with another denominator than the sum of its own column."""
    found: list[tuple[str, str, float, Array]] = []
    shifts = [
        ("exp(Z)", np.exp(Z)),
        ("exp(Z − max of the example)", np.exp(Z - np.max(Z, axis=0, keepdims=True))),
        ("exp(Z − max of the class)", np.exp(Z - np.max(Z, axis=1, keepdims=True))),
        ("exp(Z − max of the batch)", np.exp(Z - np.max(Z))),
    ]
    for number, (says, E) in enumerate(shifts):
        axis, slug = f"{says} / its sum over", "softmax_wrong_axis"
        cost = 1.05 + 0.01 * number
        found += [
            (slug, f"{axis} the examples − Y", cost, E / np.sum(E, axis=1, keepdims=True) - Y),
            (slug, f"{axis} everything − Y", cost, E / np.sum(E) - Y),
            ("softmax_not_normalized", f"{says} − Y", cost, E - Y),
        ]
        if number == 2:
            found.append((slug, f"{axis} the classes − Y", cost, E / np.sum(E, axis=0) - Y))
    return found


def _other_losses(base: str, A: Array, Y: Array, po: float) -> Iterator[Piece]:
    slug = "loss_of_another_kind"
    E = A - Y
    if base not in {"half_squared_error", "squared_error", "mean_squared_error"}:
        yield Piece(slug, "dA = A − Y, the gradient of a squared error", 1.0, po * E)
        yield Piece(slug, "dA = 2 (A − Y), the gradient of a squared error", 1.05, 2 * po * E)
        yield Piece(slug, "dA = sign(A − Y), of an absolute error", 1.2, po * np.sign(E))
    inside = (A > 0) & (A < 1)
    if not np.all(inside):
        return
    if base != "binary_cross_entropy":
        value = -Y / A + (1 - Y) / (1 - A)
        yield Piece(slug, "dA of the binary cross-entropy", 1.0, po * value)
    if base != "cross_entropy" and base != "binary_cross_entropy":
        yield Piece(slug, "dA = −Y / A, of the cross-entropy", 1.0, -po * Y / A)
    yield Piece(slug, "dA = −Y / A + 1 / A", 1.4, po * E / A)


def fused_kernels(scene: Scene) -> Iterator[Piece]:
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
        J = scene.value / scene.averaging / scene.m + np.zeros_like(E)
        yield Piece("loss_value_as_gradient", "dZ = J, one number for all", 1.0, J)
        for e in (1e-1, 5e-2, 1e-2):
            P = np.clip(scene.output, e, 1 - e)
            if np.any(scene.output != P):
                says = f"dZ = P − Y, P = A clipped to [{e:g}, {1 - e:g}]"
                yield Piece("epsilon_too_large", says, 1.1, po * (P - scene.Y))
        yield Piece("zero_gradient", "dZ = 0", 1.2, 0 * E)
        return
    slug = "missing_output_derivative"
    if scene.activation(scene.L) == "identity":
        return
    yield Piece(slug, "dZ = A − Y, as if the loss were a fused cross-entropy", 0.95, E)
    if po != 1.0:
        yield Piece(slug, "dZ = (A − Y) / n_L, as if the loss were fused", 1.0, po * E)
