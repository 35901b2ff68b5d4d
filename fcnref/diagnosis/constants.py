"""The constants in front: the numbers that a gradient may be off by, with their names."""

import numpy as np

from fcnref.diagnosis.pieces import Constant
from fcnref.diagnosis.scene import Scene

__all__ = ["constants"]


def constants(scene: Scene, l: int) -> list[Constant]:
    """List the factors that can be named, the likely ones first."""
    m, n = float(scene.m), scene.n
    summed = scene.problem.reduction == "sum"
    found = [Constant(1.0, "", "", 0.0), Constant(-1.0, "sign_error", "−1", 0.9)]
    if summed:
        found.append(Constant(1 / m, "averaged_although_sum", "1/m", 0.9))
        found.append(Constant(m, "m_in_sum", "m", 1.0))
    else:
        found.append(Constant(m, "missing_1_over_m", "m", 0.85))
        found.append(Constant(1 / m, "one_over_m_twice", "1/m", 0.9))
        found.append(Constant(1 / m**2, "one_over_m_twice", "1/m²", 1.3))
    n_L = float(n[-1])
    divided = scene.per_output != 1.0
    found += [
        Constant(n_L, "missing_1_over_n_out" if divided else "n_out_factor", f"n_L = {n_L:g}", 1.0),
        Constant(1 / n_L, "extra_1_over_n_out", "1/n_L", 1.0),
    ]
    if not summed:
        for k, width in sorted(enumerate(n), key=lambda item: -item[0]):
            near = 0.0 if k in {l, l - 1, 0, scene.L} else 0.1
            says = f"m/n_{k}"
            found.append(Constant(m / width, "wrong_denominator", says, 1.0 + near))
            found.append(Constant(1 / width, "wrong_denominator", f"1/n_{k}", 1.15 + near))
        found += [
            Constant(m / max(m - 1, 0.5), "wrong_denominator", "m/(m − 1)", 1.1),
            Constant(m / (m + 1), "wrong_denominator", "m/(m + 1)", 1.2),
            Constant(m / n_L / n[0], "wrong_denominator", "m/(n_0 n_L)", 1.4),
        ]
    slug = "stray_constant"
    found += [Constant(2.0, slug, "2", 0.95), Constant(0.5, slug, "½", 0.95)]
    found += [Constant(c, slug, f"{c:g}", 1.1) for c in (4.0, 0.25, 3.0, 10.0, 0.1)]
    found += [Constant(1 / 3, slug, "1/3", 1.2), Constant(8.0, slug, "8", 1.3)]
    found += [
        Constant(float(w), "width_factor", f"n_{k} = {w}", 1.2)
        for k, w in enumerate(n)
        if k < scene.L
    ]
    if summed:
        found += [Constant(1 / w, "width_factor", f"1/n_{k} = 1/{w}", 1.2) for k, w in enumerate(n)]
    rate = scene.problem.learning_rate
    if rate:
        found.append(Constant(rate, "learning_rate_in_gradient", "the learning rate", 0.9))
        found.append(Constant(-rate, "learning_rate_in_gradient", "−learning rate", 0.92))
    for k in scene.problem.masks:
        keep = scene.keep(k)
        found.append(Constant(keep, "dropout_scale_missing", f"keep of layer {k}", 1.1))
        found.append(Constant(1 / keep, "dropout_scale_twice", f"1/keep of layer {k}", 1.1))
    products = [
        (a, b)
        for i, a in enumerate(found[1:])
        for b in found[i + 2 :]
        if a.slug != b.slug and a.cost < 1.05 and b.cost < 1.05
    ]
    single = np.array([c.value for c in found])
    values = np.array([a.value * b.value for a, b in products])
    known = np.abs(values[:, None] - single) <= 1e-9 * np.abs(single)
    found += [
        Constant(a.value * b.value, f"{a.slug}+{b.slug}", f"{a.says} · {b.says}", a.cost + b.cost)
        for (a, b), named in zip(products, known.any(axis=1), strict=True)
        if not named
    ]
    return sorted(found, key=lambda c: c.cost)
