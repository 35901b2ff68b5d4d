"""The slot of the activation's backward: dZ = dA ⊙ g′(Z), and what people write instead.

A derivative has a formula and a tensor it is evaluated at. Each can be another one, a factor can
be lost, and the result can reach a part of the entries only. The rules below are these changes,
one at a time, for whatever activation the layer has.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from fcnref._arrays import Array
from fcnref.activations import ACTIVATIONS, gelu_tanh_prime, sigmoid, silu_prime, softmax
from fcnref.diagnosis.pieces import Map, Rule
from fcnref.diagnosis.scene import Scene, Seen

__all__ = ["activation_rules", "own_record", "tensors_like"]


class Formula(NamedTuple):
    """A derivative as people write it: from z, from a, and the activation it belongs to."""

    of_z: Map
    of_a: Map
    value: Map
    z: str
    a: str
    v: str


def _sigmoid_prime(T: Array) -> Array:
    return sigmoid(T) * (1 - sigmoid(T))


FORMULAS: dict[str, Formula] = {
    "sigmoid": Formula(
        _sigmoid_prime, lambda T: T * (1 - T), sigmoid, "σ′({})", "{0} ⊙ (1 − {0})", "σ({})"
    ),
    "tanh": Formula(
        lambda T: 1 - np.tanh(T) ** 2,
        lambda T: 1 - T**2,
        np.tanh,
        "tanh′({})",
        "(1 − {}²)",
        "tanh({})",
    ),
    "relu": Formula(
        lambda T: 1.0 * (T > 0),
        lambda T: 1.0 * (T > 0),
        lambda T: np.where(T > 0, T, 0.0),
        "[{} > 0]",
        "[{} > 0]",
        "relu({})",
    ),
    "softplus": Formula(
        sigmoid,
        lambda T: -np.expm1(-T),
        lambda T: np.logaddexp(0.0, T),
        "σ({})",
        "(1 − exp(−{}))",
        "softplus({})",
    ),
    "silu": Formula(
        silu_prime, silu_prime, lambda T: T * sigmoid(T), "silu′({})", "silu′({})", "silu({})"
    ),
    "gelu_tanh": Formula(
        gelu_tanh_prime,
        gelu_tanh_prime,
        lambda T: T * sigmoid(1.702 * T),
        "gelu′({})",
        "gelu′({})",
        "gelu({})",
    ),
}


def leaky(slope: float) -> Formula:
    """The formulas of a leaky ReLU with this slope."""
    step: Map = lambda T: np.where(T > 0, 1.0, slope)  # noqa: E731 - a map, like its neighbors
    says = f"[{{0}} > 0] + {slope:g} [{{0}} ≤ 0]"
    return Formula(
        step, step, lambda T: np.where(T > 0, T, slope * T), says, says, "leaky_relu({})"
    )


def formula_of(scene: Scene, l: int) -> Formula | None:
    """The formula of the activation of layer l, None where it is no elementwise map we know."""
    name = scene.activation(l)
    if name == "leaky_relu":
        return leaky(scene.slope(l))
    return FORMULAS.get("gelu_tanh" if name == "gelu" else name) or _of_its_record(scene, l)


def own_record(scene: Scene, l: int) -> bool:
    """Whether layer l has an elementwise activation that this package does not bring along."""
    return scene.elementwise[l] and scene.activation(l) not in ACTIVATIONS


def _of_its_record(scene: Scene, l: int) -> Formula | None:
    """What the record of an activation says of itself, where the formulas are not written out."""
    if not own_record(scene, l):
        return None
    activation = scene.problem.layers[l - 1].activation

    def of_a(T: Array) -> Array:
        return activation.backward(np.ones_like(T), T)

    def of_z(T: Array) -> Array:
        return of_a(activation.forward(T) if activation.reads == "A" else T)

    name = activation.name
    return Formula(
        of_z, of_a, activation.forward, f"{name}′({{}})", f"{name}′({{}})", f"{name}({{}})"
    )


def tensors_like(scene: Scene, seen: Seen, l: int, dA: Array) -> Iterator[tuple[str, str, Array]]:
    """Name every tensor that fits the shape (n_l, m): name, slug of reading it as Z[l], tensor."""
    shape = scene.Z(l).shape
    here = [
        ("Z", "", scene.Z(l)),
        ("A", "derivative_at_A", scene.H(l)),
    ]
    if scene.mask(l) is not None:
        here.append(("(A after dropout)", "derivative_after_dropout", scene.A(l)))
    here += [
        ("dA", "derivative_at_dA", dA),
        ("(dA/m)", "derivative_at_dA", dA / scene.m),
    ]
    for k in range(scene.L + 1):
        if k == l:
            continue
        slug = "derivative_at_input" if k < l else "derivative_of_wrong_layer"
        here.append((f"Z[{k}]" if k else "X", slug, scene.Z(k)))
        if k:
            here.append((f"A[{k}]", slug, scene.A(k)))
    here += [(f"dZ[{k}]", "derivative_at_dZ", dZ) for k, dZ in seen.dZ.items()]
    b = scene.b(l) + np.zeros(shape)
    here += [
        ("b", "derivative_at_bias", b),
        ("(Z − b)", "derivative_without_bias", scene.Z(l) - b),
        ("Y", "derivative_at_target", scene.Y),
    ]
    for name, slug, tensor in here:
        if tensor.shape == shape:
            yield name, slug, tensor
        elif tensor.shape == (1, shape[1]):
            # One output unit: its row broadcasts over all the units of a hidden layer.
            yield name, slug, tensor + np.zeros(shape)


def activation_rules(scene: Scene, seen: Seen, l: int, dA: Array) -> Iterator[Rule]:
    """Yield the right backward rule of the activation of layer l, then every classic wrong one."""
    yield Rule("", "", 0.0, lambda dA: scene.backward(l, dA))
    if scene.activation(l) == "softmax":
        yield from _softmax_rules(scene, l)
    if scene.activation(l) == "log_softmax":
        yield from _log_softmax_rules(scene, l)
    if not scene.elementwise[l]:
        yield from _elementwise_where_columnwise(scene, l)
        return
    D = scene.backward(l, np.ones_like(dA))
    name = scene.activation(l)
    yield from _omitted(scene, l)
    yield from (
        _times(*piece)
        for piece in _pieces(scene, seen, l, dA, D, name)
        # A factor of ones leaves the derivative out, which has a name already.
        if not np.all(piece[3] == 1.0)
    )
    yield from _assigned(scene, l, name)
    yield from _partial(D)
    yield from _misassembled(dA.shape, D)
    yield from _unbracketed(name, scene.H(l))


def _times(slug: str, says: str, cost: float, factor: Array) -> Rule:
    return Rule(slug, f"dZ = dA ⊙ {says}", cost, lambda dA: dA * factor)


def _omitted(scene: Scene, l: int) -> Iterator[Rule]:
    name = scene.activation(l)
    if name == "identity":
        return
    if l == scene.L:
        yield Rule("missing_output_derivative", "dZ = dA", 0.85, lambda dA: dA)
    elif name == "relu":
        yield Rule("relu_mask_always_true", "dZ = dA ⊙ [A ≥ 0] = dA", 0.85, lambda dA: dA)
    else:
        yield Rule("missing_derivative", "dZ = dA", 0.85, lambda dA: dA)


Factor = tuple[str, str, float, Array]


def _pieces(scene: Scene, seen: Seen, l: int, dA: Array, D: Array, name: str) -> Iterator[Factor]:
    own = formula_of(scene, l)
    Z, H = scene.Z(l), scene.H(l)
    fitting = list(tensors_like(scene, seen, l, dA))
    if own is not None:
        yield from _own_formula_elsewhere(own, fitting, name)
        if name in {"leaky_relu", "relu"}:
            yield from _kinked(scene, l, dA, name)
        yield from _fragments(name, Z, H)
        yield ("activation_as_derivative", own.v.format("Z"), 1.0, H)
        yield ("activation_as_derivative", own.v.format("A"), 1.4, own.value(H))
        yield ("z_as_derivative", "Z", 1.2, Z)
    yield ("derivative_applied_twice", "g′(Z) ⊙ g′(Z)", 1.0, D * D)
    if np.all(D != 0):
        yield ("derivative_divided", "1 / g′(Z)", 1.4, 1 / D)
    yield ("derivative_times_activation", "g′(Z) ⊙ A", 1.2, D * H)
    yield ("derivative_times_z", "g′(Z) ⊙ Z", 1.3, D * Z)
    yield ("upstream_squared", "dA ⊙ g′(Z)", 1.3, D * dA)
    for other, formula in FORMULAS.items():
        if other in {name, "silu", "gelu_tanh"} or (name == "leaky_relu" and other == "relu"):
            continue
        yield ("wrong_activation_derivative", formula.a.format("A"), 1.0, formula.of_a(H))
        yield ("wrong_activation_derivative", formula.z.format("Z"), 1.0, formula.of_z(Z))
        yield ("wrong_activation_derivative", formula.a.format("Z"), 1.35, formula.of_a(Z))
        yield ("wrong_activation_derivative", formula.z.format("A"), 1.35, formula.of_z(H))
        yield ("wrong_activation_derivative", formula.v.format("Z"), 1.45, formula.value(Z))
        if scene.mask(l) is not None:
            dropped = formula.of_a(scene.A(l))
            says = formula.a.format("(A after dropout)")
            yield ("wrong_activation_derivative", says, 1.2, dropped)
    for slope in (0.01, 0.1, 0.2, 0.3):
        if name not in {"leaky_relu", "identity"}:
            says = leaky(slope).z.format("Z")
            yield ("wrong_activation_derivative", says, 1.3, leaky(slope).of_z(Z))
    if name in {"sigmoid", "tanh"}:
        yield from _mixed(name, fitting)


def _own_formula_elsewhere(
    own: Formula, fitting: list[tuple[str, str, Array]], name: str
) -> Iterator[Factor]:
    for tensor, slug, T in fitting:
        same = name in {"relu", "leaky_relu"}
        if tensor != "Z" and not (tensor == "A" and same):
            # A relu mask from its own output is right, so only other tensors are worth naming.
            yield (slug, own.z.format(tensor), 1.0, own.of_z(T))
        if tensor == "Z" and not same:
            yield ("a_formula_fed_with_z", own.a.format("Z"), 0.9, own.of_a(T))
        elif tensor != "A" and not same:
            near = {"derivative_at_bias", "derivative_of_wrong_layer", "derivative_at_dA"}
            cost = 1.0 if slug in near else 1.2
            yield (slug or "derivative_at_A", own.a.format(tensor), cost, own.of_a(T))
    for tensor, slug, T in fitting:
        if tensor not in {"Z", "A"}:
            yield (slug, own.v.format(tensor), 1.6, own.value(T))
        if name == "sigmoid":
            nested = own.value(1 - own.value(T))
            yield (slug or "activation_as_derivative", f"σ(1 − σ({tensor}))", 1.4, nested)


def _kinked(scene: Scene, l: int, dA: Array, name: str) -> Iterator[Factor]:
    Z = scene.Z(l)
    yield ("relu_mask_inverted", "[Z ≤ 0]", 1.0, 1.0 * (Z <= 0))
    yield ("relu_on_gradient", "[dA > 0]", 0.95, 1.0 * (dA > 0))
    yield ("relu_on_gradient", "[dA > 0] ⊙ [Z > 0]", 1.1, 1.0 * (dA > 0) * (Z > 0))
    yield ("relu_sign_for_mask", "sign(Z)", 1.1, np.sign(Z))
    if name == "leaky_relu":
        s = scene.slope(l)
        negative = np.where(Z > 0, 1.0, s * Z)
        yield ("activation_as_derivative", f"([Z > 0] + {s:g} Z [Z ≤ 0])", 1.1, negative)
        pairs = [
            ("leaky_slope_lost", "[Z > 0], the slope lost", 0.9, 1.0, 0.0),
            ("leaky_slope_everywhere", f"{s:g} everywhere", 1.1, s, s),
            ("leaky_slope_sides_swapped", f"{s:g} [Z > 0] + [Z ≤ 0]", 1.0, s, 1.0),
            ("leaky_slope_sign", f"[Z > 0] − {s:g} [Z ≤ 0]", 1.0, 1.0, -s),
            ("leaky_alpha_mismatch", f"[Z > 0] + {1 - s:g} [Z ≤ 0]", 1.0, 1.0, 1 - s),
        ]
        pairs += [
            ("leaky_alpha_mismatch", f"[Z > 0] + {t:g} [Z ≤ 0]", 0.95, 1.0, t)
            for t in (0.01, 0.001, 0.02, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5)
            if t != s
        ]
        for slug, says, cost, up, down in pairs:
            yield (slug, says, cost, np.where(Z > 0, up, down))


def _assigned(scene: Scene, l: int, name: str) -> Iterator[Rule]:
    """dZ[mask] = slope, where dZ[mask] *= slope is meant."""
    if name not in {"relu", "leaky_relu"}:
        return
    Z = scene.Z(l)
    # A gradient that holds its 1/m already is m times smaller than what overwrites it.
    for scale in {1.0, 1 / scene.averaging}:
        yield _assignment("dZ[Z > 0] = 1", 1.05, Z > 0, scale)
        if name == "leaky_relu":
            s = scene.slope(l)
            yield _assignment(f"dZ[Z ≤ 0] = {s:g}", 1.0, Z <= 0, scale * s)


def _assignment(code: str, cost: float, where: Any, value: float) -> Rule:
    says = f"{code}, which overwrites dA"
    return Rule("derivative_assigned", says, cost, lambda dA: np.where(where, value, dA))


def _fragments(name: str, Z: Array, A: Array) -> list[Factor]:
    """The derivative with a factor or a term lost, or a sign turned."""
    dropped, flipped = "derivative_term_dropped", "derivative_sign_flipped"
    if name == "sigmoid":
        return [
            (dropped, "(1 − A)", 0.95, 1 - A),
            (dropped, "A² instead of A − A²", 1.0, A**2),
            (dropped, "−A²", 1.0, -(A**2)),
            (flipped, "A ⊙ (1 + A)", 1.0, A * (1 + A)),
            (flipped, "A ⊙ (A − 1)", 0.95, A * (A - 1)),
            (flipped, "A − (1 − A)", 1.0, 2 * A - 1),
            ("derivative_wrong_power", "A / (1 − A)", 1.2, A / (1 - A)),
            ("derivative_wrong_power", "(1 − 2 A)", 1.2, 1 - 2 * A),
            ("derivative_wrong_power", "A ⊙ (1 − A) ⊙ (1 − 2 A)", 1.2, A * (1 - A) * (1 - 2 * A)),
            ("derivative_wrong_power", "A² ⊙ (1 − A)", 1.1, A**2 * (1 - A)),
            ("derivative_wrong_power", "A ⊙ (1 − A)²", 1.1, A * (1 - A) ** 2),
            ("derivative_wrong_power", "A ⊙ (1 − A²)", 1.1, A * (1 - A**2)),
            ("derivative_wrong_power", "(1 − A)²", 1.1, (1 - A) ** 2),
            (dropped, "exp(−Z)", 1.2, np.exp(-Z)),
            ("derivative_mixes_layers", "A ⊙ (1 − Z)", 1.1, A * (1 - Z)),
            ("derivative_mixes_layers", "Z ⊙ (1 − A)", 1.1, Z * (1 - A)),
            ("derivative_mixes_layers", "Z ⊙ (A − 1)", 1.15, Z * (A - 1)),
        ]
    if name == "tanh":
        return [
            (dropped, "−A²", 0.95, -(A**2)),
            (dropped, "A²", 1.0, A**2),
            (flipped, "(1 + A²)", 0.95, 1 + A**2),
            (flipped, "(A² − 1)", 0.95, A**2 - 1),
            ("derivative_wrong_power", "(1 − A)", 1.0, 1 - A),
            ("derivative_wrong_power", "(1 − A)²", 1.1, (1 - A) ** 2),
            ("derivative_wrong_power", "(1 + A)", 1.2, 1 + A),
            ("derivative_wrong_power", "1 / cosh(Z)", 1.0, 1 / np.cosh(Z)),
            ("derivative_wrong_power", "A ⊙ (1 − A²)", 1.2, A * (1 - A**2)),
            ("derivative_wrong_power", "(1 − A³)", 1.3, 1 - A**3),
            ("derivative_wrong_power", "(1 − 2 A)", 1.2, 1 - 2 * A),
            ("derivative_wrong_power", "−2 A ⊙ (1 − A²)", 1.2, -2 * A * (1 - A**2)),
            ("derivative_wrong_power", "1 / (1 − A²)", 1.3, 1 / (1 - A**2)),
        ]
    if name == "softplus":
        return [
            (dropped, "(1 − σ(Z))", 1.1, sigmoid(-Z)),
            (dropped, "exp(Z)", 1.2, np.exp(Z)),
            ("derivative_wrong_power", "1 / (1 + exp(Z))", 1.1, sigmoid(-Z)),
        ]
    return []


def _mixed(name: str, fitting: list[tuple[str, str, Array]]) -> Iterator[Factor]:
    """A derivative of two factors that were read from two tensors."""
    for one, _, S in fitting:
        for other, _, T in fitting:
            if one != other and not {one, other} <= {"Z", "A"}:
                if name == "sigmoid":
                    yield ("derivative_mixes_layers", f"{one} ⊙ (1 − {other})", 1.25, S * (1 - T))
                elif one < other:
                    yield ("derivative_mixes_layers", f"(1 − {one} ⊙ {other})", 1.25, 1 - S * T)


def _partial(D: Array) -> Iterator[Rule]:
    """The right derivative on some of the entries, or one entry's derivative for all."""
    rows, columns = np.arange(D.shape[0])[:, None], np.arange(D.shape[1])[None, :]
    parts = [
        ("the first unit only", rows == 0, 1.0),
        ("all units but the first", rows != 0, 1.3),
        ("the last unit only", rows == D.shape[0] - 1, 1.1),
        ("all units but the last", rows != D.shape[0] - 1, 1.2),
        ("the first example only", columns == 0, 1.1),
        ("the last example only", columns == D.shape[1] - 1, 1.2),
    ]
    for says, where, cost in parts:
        factor = np.where(where, D, 1.0)
        slug = (
            "derivative_on_first_unit_only"
            if says == "the first unit only"
            else "derivative_on_part_only"
        )
        yield _times(slug, f"g′(Z), on {says}", cost, factor)
    spread = [
        ("g′ of the first example, for all", D[:, :1]),
        ("g′ of the last example, for all", D[:, -1:]),
        ("g′ of the first unit, for all", D[:1, :]),
        ("mean of g′ over the examples", np.mean(D, axis=1, keepdims=True)),
        ("mean of g′ over the units", np.mean(D, axis=0, keepdims=True)),
        ("mean of g′ over everything", np.mean(D, keepdims=True)),
    ]
    for says, value in spread:
        yield _times("derivative_averaged", says, 1.3, value + np.zeros_like(D))


def _misassembled(shape: tuple[int, ...], D: Array) -> Iterator[Rule]:
    """The right factors, combined by another operation than the entrywise product."""
    slug = "matmul_instead_of_hadamard"
    zeros = np.zeros(shape)
    n, m = shape
    if n == m:
        yield Rule(slug, "dZ = dA g′(Z), the matrix product", 1.0, lambda dA: dA @ D)
        yield Rule(slug, "dZ = g′(Z) dA, the matrix product", 1.1, lambda dA: D @ dA)
        yield Rule(slug, "dZ = dAᵀ g′(Z)", 1.2, lambda dA: dA.T @ D)
        yield Rule(slug, "dZ = dA g′(Z)ᵀ", 1.1, lambda dA: dA @ D.T)
        yield Rule(slug, "dZ = g′(Z)ᵀ dA", 1.2, lambda dA: D.T @ dA)
        yield Rule("derivative_transposed", "dZ = dA ⊙ g′(Z)ᵀ", 1.2, lambda dA: dA * D.T)
    yield Rule(
        slug,
        "dZ = Σ_j dA ⊙ g′(Z), one number per example",
        1.25,
        lambda dA: np.sum(dA * D, axis=0, keepdims=True) + zeros,
    )
    yield Rule(
        slug,
        "dZ = Σ_i dA ⊙ g′(Z), one number per unit",
        1.5,
        lambda dA: np.sum(dA * D, axis=1, keepdims=True) + zeros,
    )
    yield Rule(slug, "dZ = Σ dA ⊙ g′(Z), one number", 1.5, lambda dA: np.sum(dA * D) + zeros)
    yield Rule("derivative_added", "dZ = dA + g′(Z)", 1.2, lambda dA: dA + D)
    yield Rule("upstream_dropped", "dZ = g′(Z), without dA", 1.0, lambda dA: D + 0 * dA)


def _unbracketed(name: str, A: Array) -> Iterator[Rule]:
    """Formulas of a derivative without their bracket, or with matrix products in it."""
    lost, slug = "brackets_missing", "matmul_instead_of_hadamard"
    if name == "tanh":
        yield Rule(lost, "dZ = dA − A², without the bracket", 1.0, lambda dA: dA - A**2)
        yield Rule(slug, "dZ = dA (1 − Aᵀ A)", 1.2, lambda dA: dA @ (1 - A.T @ A))
        yield Rule(slug, "dZ = (1 − A Aᵀ) dA", 1.2, lambda dA: (1 - A @ A.T) @ dA)
    if name == "sigmoid":
        yield Rule(lost, "dZ = dA ⊙ A − A, without the bracket", 1.0, lambda dA: dA * A - A)
        yield Rule(slug, "dZ = dA Aᵀ (1 − A)", 1.2, lambda dA: dA @ A.T @ (1 - A))
        yield Rule(slug, "dZ = A (1 − A)ᵀ dA", 1.2, lambda dA: A @ (1 - A).T @ dA)


def _column_sums(T: Array) -> Array:
    sums: Array = np.sum(T, axis=0, keepdims=True)
    return sums


def _softmax_rules(scene: Scene, l: int) -> Iterator[Rule]:
    A = scene.H(l)

    def whole(dA: Array) -> Array:
        return A * (dA - _column_sums(dA * A))

    skipped, lost = "softmax_jacobian_skipped", "softmax_jacobian_term_dropped"
    yield Rule("softmax_elementwise", "dZ = dA ⊙ A ⊙ (1 − A)", 0.9, lambda dA: dA * A * (1 - A))
    for slug, says, cost, factor in _fragments("sigmoid", scene.Z(l), A):
        yield _times(f"softmax_elementwise+{slug}", says, 0.9 + cost, factor)
    yield Rule(skipped, "dZ = dA", 0.9, lambda dA: dA)
    yield Rule(lost, "dZ = A ⊙ dA", 1.0, lambda dA: A * dA)
    yield Rule(lost, "dZ = dA − Σ_p dA_p A_p", 1.0, lambda dA: dA - _column_sums(dA * A))
    yield Rule(lost, "dZ = A ⊙ (dA − Σ_p dA_p)", 1.1, lambda dA: A * (dA - _column_sums(dA)))
    yield Rule(lost, "dZ = −A ⊙ Σ_p dA_p A_p", 1.1, lambda dA: -A * _column_sums(dA * A))
    yield Rule(
        lost, "dZ_j = −A_j Σ_{p≠j} dA_p A_p", 1.1, lambda dA: -A * (_column_sums(dA * A) - dA * A)
    )
    yield Rule(
        "softmax_wrong_axis",
        "dZ = A ⊙ (dA − Σ_i dA A), summed over the examples",
        1.1,
        lambda dA: A * (dA - np.sum(dA * A, axis=1, keepdims=True)),
    )
    yield Rule(
        "softmax_wrong_axis",
        "dZ = A ⊙ (dA − Σ dA A), summed over everything",
        1.1,
        lambda dA: A * (dA - np.sum(dA * A)),
    )
    yield Rule(
        "softmax_sign",
        "dZ = A ⊙ (dA + Σ_p dA_p A_p)",
        1.1,
        lambda dA: A * (dA + _column_sums(dA * A)),
    )
    yield Rule(
        "softmax_applied_twice", "the Jacobian multiplied twice", 1.1, lambda dA: whole(whole(dA))
    )
    S = softmax(A)
    yield Rule(
        "softmax_applied_twice",
        "the Jacobian at softmax(A)",
        1.1,
        lambda dA: S * (dA - _column_sums(dA * S)),
    )


def _log_softmax_rules(scene: Scene, l: int) -> Iterator[Rule]:
    A = scene.H(l)
    P = np.exp(A)

    def whole(dA: Array, sums: Array) -> Array:
        return dA - P * sums

    lost, axis = "softmax_jacobian_term_dropped", "softmax_wrong_axis"
    yield Rule("softmax_elementwise", "dZ = dA ⊙ (1 − P), P = exp(A)", 0.9, lambda dA: dA * (1 - P))
    yield Rule("softmax_jacobian_skipped", "dZ = dA", 0.9, lambda dA: dA)
    yield Rule(lost, "dZ = dA − P, without Σ_p dA_p", 1.0, lambda dA: dA - P)
    yield Rule(lost, "dZ = dA + P, as if Σ_p dA_p were −1", 1.0, lambda dA: dA + P)
    yield Rule(lost, "dZ = dA − Σ_p dA_p, without P", 1.0, lambda dA: dA - _column_sums(dA))
    yield Rule(lost, "dZ = dA − Σ_p dA_p A_p", 1.05, lambda dA: dA - _column_sums(dA * A))
    yield Rule(lost, "dZ = dA − Σ_p dA_p P_p", 1.05, lambda dA: dA - _column_sums(dA * P))
    yield Rule(lost, "dZ = −P ⊙ Σ_p dA_p", 1.1, lambda dA: -P * _column_sums(dA))
    yield Rule(lost, "dZ = dA − A ⊙ Σ_p dA_p, A for P", 1.1, lambda dA: dA - A * _column_sums(dA))
    yield Rule(
        lost,
        "dZ = P ⊙ (dA − Σ_p dA_p P_p), the rule of the softmax",
        1.05,
        lambda dA: P * (dA - _column_sums(dA * P)),
    )
    yield Rule("softmax_sign", "dZ = dA + P ⊙ Σ_p dA_p", 1.0, lambda dA: dA + P * _column_sums(dA))
    yield Rule(
        axis,
        "dZ = dA − P ⊙ Σ_i dA, summed over the examples",
        1.1,
        lambda dA: whole(dA, np.sum(dA, axis=1, keepdims=True)),
    )
    yield Rule(
        axis,
        "dZ = dA − P ⊙ Σ dA, summed over everything",
        1.1,
        lambda dA: whole(dA, np.sum(dA, keepdims=True)),
    )


def _elementwise_where_columnwise(scene: Scene, l: int) -> Iterator[Rule]:
    """A derivative of another activation, entry by entry, where the Jacobian is a full matrix."""
    Z, H = scene.Z(l), scene.H(l)
    slug = "wrong_activation_derivative"
    if scene.activation(l) not in {"softmax", "log_softmax"}:
        yield Rule("missing_derivative", "dZ = dA", 0.9, lambda dA: dA)
        jacobians = _jacobians(scene, l)
        yield Rule(
            "jacobian_untransposed",
            "dZ = J dA, without the transpose",
            0.9,
            lambda dA: np.einsum("ipj,ji->pi", jacobians, dA),
        )
        yield Rule(
            "jacobian_diagonal_only",
            "dZ = diag(J) ⊙ dA",
            0.9,
            lambda dA: np.einsum("ijj,ji->ji", jacobians, dA),
        )
    for name, formula in FORMULAS.items():
        if name in {"silu", "gelu_tanh"}:
            continue
        if not (scene.activation(l) == "softmax" and name == "sigmoid"):
            yield _times(slug, formula.a.format("A"), 1.1, formula.of_a(H))
        yield _times(slug, formula.z.format("Z"), 1.1, formula.of_z(Z))
        yield _times(slug, formula.a.format("Z"), 1.4, formula.of_a(Z))
        yield _times("derivative_at_A", formula.z.format("A"), 1.4, formula.of_z(H))
    yield _times("activation_as_derivative", "A", 1.2, H)


def _jacobians(scene: Scene, l: int) -> Array:
    """Entry [i, p, j] is ∂a_p/∂z_j of example i, row by row from the right backward rule."""
    n, m = scene.Z(l).shape
    rows = [scene.backward(l, np.tile(np.eye(n)[:, [p]], (1, m))) for p in range(n)]
    jacobians: Array = np.stack(rows).transpose(2, 0, 1)
    return jacobians
