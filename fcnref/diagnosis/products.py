"""The slots below dZ: the products dW and db.

They are sums over the examples without the 1/m of a mean; the search compares them with a given
gradient up to a constant and then names the constant.
"""

from collections.abc import Iterator

import numpy as np

from fcnref._arrays import Array
from fcnref.diagnosis.derivatives import FORMULAS
from fcnref.diagnosis.examples import counts, example_weights
from fcnref.diagnosis.pieces import Candidates, Piece, slugs_of
from fcnref.diagnosis.scene import Scene, Seen

__all__ = ["bias_sums", "weight_products"]


def weight_products(scene: Scene, seen: Seen, l: int, dA: Array, dZ: Array) -> Iterator[Piece]:
    """Yield the wrong ways to make dW[l] of dZ[l] and the tensors at hand."""
    A, n, n_prev = scene.A(l - 1), scene.n[l], scene.n[l - 1]
    shape = (n, n_prev)
    candidates: list[tuple[str, str, float, Array]] = [
        ("dW_transposed", "dW = A_prev dZᵀ", 0.85, A @ dZ.T),
        *_reshaped(A @ dZ.T, shape),
        ("A_prev_missing", "dW = Σ_i dZ, without A_prev", 1.0, _row_sums(dZ) + np.zeros(shape)),
        ("sums_before_product", "dW = (Σ_i dZ) (Σ_i A_prev)ᵀ", 1.1, _row_sums(dZ) @ _row_sums(A).T),
        (
            "sums_before_product",
            "dW = (mean of dZ) (mean of A_prev)ᵀ",
            1.1,
            _row_sums(dZ) @ _row_sums(A).T / scene.m,
        ),
        *(
            (slug, f"dW {says}", cost + 0.05, value)
            for (slug, says, cost, _), value in zip(
                example_weights(scene.m), (counts(scene.m) * dZ) @ A.T, strict=True
            )
        ),
        ("dZ_missing", "dW = Σ_i A_prev, without dZ", 1.2, np.zeros(shape) + _row_sums(A).T),
        (
            "product_not_reset",
            "dW = dZ (A_prev multiplied unit by unit)ᵀ",
            1.2,
            dZ @ np.cumprod(A, axis=0).T,
        ),
        ("A_prev_divided", "dW = dZ (1 / A_prev)ᵀ", 1.2, dZ @ (1 / A).T),
        (
            "derivative_added",
            "dW = Σ_i (g′(Z) + dA A_prevᵀ)",
            1.3,
            dA @ A.T + _row_sums(scene.backward(l, np.ones_like(dA))),
        ),
        *_alone("dW_is_W", "dW = W", 1.3, scene.W(l), scene.averaging),
        ("W_in_dW", "dW = (dZ A_prevᵀ) ⊙ W", 1.2, (dZ @ A.T) * scene.W(l)),
        ("dW_absolute", "dW = |dZ A_prevᵀ|", 1.2, np.abs(dZ @ A.T)),
        ("dW_absolute", "dW = |dZ| A_prevᵀ", 1.2, np.abs(dZ) @ A.T),
        (
            "dW_averaged_over_units",
            "dW = mean of dZ over the units, A_prevᵀ",
            1.2,
            np.zeros(shape) + np.mean(dZ, axis=0, keepdims=True) @ A.T,
        ),
        ("dW_diagonal_only", "dW on the diagonal only", 1.2, np.eye(n, n_prev) * (dZ @ A.T)),
        (
            "derivative_outside_sum",
            "dW = Σ_i dA A_prevᵀ, times the mean of g′",
            1.2,
            (dA @ A.T) * np.mean(scene.backward(l, np.ones_like(dA)), axis=1, keepdims=True),
        ),
        (
            "dW_entry_not_accumulated",
            "dW of one unit, for all",
            1.2,
            np.zeros(shape) + dZ[:1] @ A.T,
        ),
    ]
    below = _dZ_below(scene, l, dZ)
    if below is not None:
        slug = "gradient_of_wrong_layer"
        candidates.append((slug, f"dW = dZ[{l - 1}] A_prevᵀ", 1.2, below @ A.T))
    candidates += _other_second_factor(scene, l, dA, dZ)
    candidates += _inner_products(scene, l, dZ)
    for k, dW in seen.dW.items():
        candidates.append(("gradient_of_wrong_layer", f"dW = dW[{k}]", 1.1, dW / scene.averaging))
    for k, dZ_above in seen.dZ.items():
        if dZ_above.shape[0] == n:
            product = dZ_above @ A.T
            candidates.append(("stale_upstream_gradient", f"dW = dZ[{k}] A_prevᵀ", 1.0, product))
    if 1 in {n, n_prev} or n == n_prev:
        says = "dW = dZ ⊙ A_prev, entry by entry"
        candidates += _alone("hadamard_instead_of_matmul", says, 1.0, dZ * A, scene.averaging)
    candidates += _alone("dZ_not_summed", "dW = dZ, without A_prev", 1.3, dZ, scene.averaging)
    for slug, says, cost, value in candidates:
        yield Piece(slug, says, cost, value)


def _alone(
    slug: str, says: str, cost: float, value: Array, averaging: float
) -> list[tuple[str, str, float, Array]]:
    """A tensor that is no sum over examples, so that it comes without the 1/m, or with it."""
    if averaging == 1.0:
        return [(slug, says, cost, value)]
    return [(slug, says, cost, value / averaging), (slug, f"{says}, by m", cost + 0.02, value)]


def _reshaped(turned: Array, shape: tuple[int, int]) -> Candidates:
    """A transposed product that was brought into the right shape by a reshape."""
    if 1 in shape:
        return []
    slug, says = "reshaped_not_transposed", "dW = (A_prev dZᵀ).reshape(n, n_prev)"
    return [(slug, says, 1.0, turned.reshape(shape))]


def _dZ_below(scene: Scene, l: int, dZ: Array) -> Array | None:
    """The dZ that a layer makes for the one below, the input included, if it makes one."""
    dA = scene.W(l).T @ dZ
    if l > 1:
        return scene.backward(l - 1, scene.masked(l - 1, dA))
    own = FORMULAS.get(scene.activation(l))
    return None if own is None else dA * own.of_a(scene.Z(0))


def _row_sums(T: Array) -> Array:
    total: Array = np.sum(T, axis=1, keepdims=True)
    return total


def _other_second_factor(scene: Scene, l: int, dA: Array, dZ: Array) -> Candidates:
    """Another tensor than A_prev behind dZ."""
    found: Candidates = []
    wanted = scene.A(l - 1).shape
    fitting: list[tuple[str, str, float, Array]] = []
    for k in range(scene.L + 1):
        name = f"A[{k}]" if k else "X"
        slug = "this_layer_activation" if k == l else "wrong_layer_activation"
        if k != l - 1:
            fitting.append((slug, f"{name}ᵀ", 0.95, scene.A(k)))
        if k:
            same = k == l - 1
            slug = "z_prev_instead_of_a_prev" if same else slug
            fitting.append((slug, f"Z[{k}]ᵀ", 0.95 if same else 1.05, scene.Z(k)))
    if l > 1 and scene.mask(l - 1) is not None:
        H, kept = scene.H(l - 1), 1.0 * (scene.problem.masks[l - 1] > 0)
        slug = "dropout_missing_in_dW"
        fitting.append((slug, "A_prevᵀ before dropout", 0.9, H))
        fitting.append((slug, "A_prevᵀ without the 1/keep", 0.95, H * kept))
        twice = scene.A(l - 1) * scene.problem.masks[l - 1]
        fitting.append((slug, "A_prevᵀ with the mask twice", 1.0, twice))
    A = scene.A(l - 1)
    fitting += [
        ("input_applied_twice", "(A_prev ⊙ A_prev)ᵀ", 1.0, A * A),
        ("A_prev_absolute", "|A_prev|ᵀ", 1.2, np.abs(A)),
        ("target_for_A_prev", "Yᵀ", 1.2, scene.Y),
    ]
    if l > 1:
        g = scene.backward(l - 1, np.ones_like(A)) if scene.elementwise[l - 1] else None
        if g is not None:
            fitting.append(("derivative_for_activation", "g′(Z_prev)ᵀ", 1.0, g))
            fitting.append(("derivative_at_input", "(A_prev ⊙ g′(Z_prev))ᵀ", 1.1, A * g))
    found += [
        (slug, f"dW = dZ {says}", cost, dZ @ T.T)
        for slug, says, cost, T in fitting
        if T.shape == wanted
    ]
    own = FORMULAS.get(scene.activation(l))
    if own is not None:
        for says, prime in ((own.z, own.of_z), (own.a, own.of_a)):
            words = f"dW = dA (A_prev ⊙ {says.format('A_prev')})ᵀ"
            found.append(("derivative_at_input", words, 1.05, dA @ (A * prime(A)).T))
            words = f"dW = dZ (A_prev ⊙ {says.format('A_prev')})ᵀ"
            found.append(("derivative_at_input", words, 1.2, dZ @ (A * prime(A)).T))
            words = f"dW = dZ {says.format('A_prev')}ᵀ"
            found.append(("derivative_for_activation", words, 1.15, dZ @ prime(A).T))
    return found


def _inner_products(scene: Scene, l: int, dZ: Array) -> Candidates:
    """One number for the whole matrix, or one per row, where an outer product belongs."""
    zeros = np.zeros((scene.n[l], scene.n[l - 1]))
    found: Candidates = []
    tensors = [
        (f"A[{l}]", scene.A(l), "this_layer_activation+inner_product"),
        (f"Z[{l}]", scene.Z(l), "this_layer_activation+inner_product"),
    ]
    if scene.A(l - 1).shape == dZ.shape:
        tensors.insert(0, ("A_prev", scene.A(l - 1), "inner_product"))
    for name, T, slug in tensors:
        whole = np.sum(dZ * T) + zeros
        rows = _row_sums(dZ * T) + zeros
        cost = 1.3 * len(slugs_of(slug)) ** 0.5
        found.append((slug, f"dW = ⟨dZ, {name}⟩, one number", cost, whole))
        found.append((slug, f"dW_j = ⟨dZ_j, {name}_j⟩, one number per unit", cost + 0.05, rows))
    found.append(
        (
            "outer_product_summed",
            "dW = Σ dZ A_prevᵀ, one number",
            1.2,
            np.sum(dZ @ scene.A(l - 1).T) + zeros,
        )
    )
    row_sums = _row_sums(dZ @ scene.A(l - 1).T)
    found.append(("outer_product_summed", "dW = its row sums", 1.2, row_sums + zeros))
    columns: Array = np.sum(dZ @ scene.A(l - 1).T, axis=0, keepdims=True)
    found.append(("outer_product_summed", "dW = its column sums", 1.2, columns + zeros))
    return found


def bias_sums(
    scene: Scene, seen: Seen, l: int, dA: Array, dZ: Array, dW: Array | None
) -> Iterator[Piece]:
    """Yield the wrong ways to make db[l]. `dW` is the given one, if it has its shape."""
    b, A = scene.b(l), scene.A(l - 1)
    zeros = np.zeros_like(b)
    yield Piece("db_sum_all_axes", "db = Σ dZ over units and examples", 0.9, np.sum(dZ) + zeros)
    yield Piece(
        "db_sum_all_axes",
        "db = mean of dZ over units and examples",
        0.92,
        np.sum(dZ) / scene.n[l] + zeros,
    )
    yield Piece(
        "db_sum_all_axes",
        "db = mean of dZ over units and examples, by m",
        0.96,
        np.sum(dZ) / scene.n[l] / scene.m + zeros,
    )
    for item in (
        *_alone("db_not_summed", "db = dZ, one column per example", 0.9, dZ, scene.averaging),
        *_alone("db_is_b", "db = b", 1.0, b, scene.averaging),
    ):
        yield Piece(*item)
    yield Piece(
        "db_wrong_axis", "db = Σ_j dZ over the units", 0.9, np.sum(dZ, axis=0, keepdims=True)
    )
    if scene.n[l] == scene.m:
        over_units = np.sum(dZ, axis=0, keepdims=True).T
        yield Piece("db_wrong_axis", "db = Σ_j dZ over the units", 0.85, over_units)
    counted: Array = np.sum(counts(scene.m) * dZ, axis=2, keepdims=True)
    for (slug, says, cost, _), value in zip(example_weights(scene.m), counted, strict=True):
        yield Piece(slug, f"db {says}", cost + 0.05, value)
    right_dW = dZ @ A.T
    yield Piece("db_rowsum_of_dW", "db = row sums of dW", 0.9, _row_sums(right_dW))
    if dW is not None and dW.shape == right_dW.shape:
        given = dW / scene.averaging
        yield Piece("db_rowsum_of_dW", "db = row sums of dW", 0.92, _row_sums(given))
        yield Piece("db_from_dW", "db = first column of dW", 1.1, given[:, :1])
        yield Piece("db_from_dW", "db = last column of dW", 1.1, given[:, -1:])
        if given.shape[0] == given.shape[1]:
            yield Piece("db_rowsum_of_dW", "db = column sums of dW", 1.1, _row_sums(given.T))
    yield Piece("db_from_dW", "db = first column of dZ A_prevᵀ", 1.15, right_dW[:, :1])
    yield Piece("b_in_db", "db = b ⊙ Σ_i dZ", 1.0, b * _row_sums(dZ))
    yield Piece("b_in_db", "db = b + Σ_i dZ / m", 1.1, b / scene.averaging + _row_sums(dZ))
    yield Piece("db_from_activation", "db = Σ_i dZ ⊙ A", 1.05, _row_sums(dZ * scene.A(l)))
    yield Piece("db_from_activation", "db = Σ_i dZ ⊙ Z", 1.2, _row_sums(dZ * scene.Z(l)))
    yield Piece("db_from_activation", "db = Σ_i A", 1.2, _row_sums(scene.A(l)))
    yield Piece("db_from_activation", "db = Σ_i Z", 1.3, _row_sums(scene.Z(l)))
    yield Piece("db_absolute", "db = Σ_i |dZ|", 1.2, _row_sums(np.abs(dZ)))
    yield Piece("db_absolute", "db = |Σ_i dZ|", 1.2, np.abs(_row_sums(dZ)))
    yield Piece("db_absolute", "db = max_i dZ", 1.3, np.max(dZ, axis=1, keepdims=True))
    for j in range(scene.n[l]) if scene.n[l] <= 8 and scene.n[l] > 1 else ():
        of_one = _row_sums(dZ[j : j + 1]) + zeros
        yield Piece("db_of_one_unit", f"db = Σ_i dZ of unit {j}, for all", 1.2, of_one)
    yield Piece("dZ_missing", "db = 1", 1.3, zeros + 1)
    if scene.elementwise[l]:
        g = scene.backward(l, np.ones_like(dA))
        value = _row_sums(dA) * np.mean(g, axis=1, keepdims=True)
        yield Piece("derivative_outside_sum", "db = Σ_i dA, times the mean of g′", 1.2, value)
        yield Piece("db_from_activation", "db = Σ_i g′(Z), without dA", 1.2, _row_sums(g))
    below = _dZ_below(scene, l, dZ)
    if below is not None:
        says = f"db = Σ_i dZ[{l - 1}]"
        yield Piece("gradient_of_wrong_layer", says, 1.2, _row_sums(below))
    for k, above in seen.dZ.items():
        if above.shape[0] == scene.n[l]:
            says = f"db = Σ_i dZ[{k}]"
            yield Piece("gradient_of_wrong_layer", says, 1.0, _row_sums(above))
    if scene.n[l - 1] == scene.n[l]:
        yield Piece("db_from_dA_prev", "db = Σ_i dA_prev", 1.0, _row_sums(scene.W(l).T @ dZ))
