"""Why an equation fails: other worlds, other conventions, and the edits that mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple, TypeAlias

import numpy as np

from fcnref.equations.comparison import Bench, Outcome
from fcnref.equations.expression import (
    LAST,
    Defined,
    Derivative,
    Expression,
    Index,
    Node,
    Truth,
    free_letters,
    walk,
)
from fcnref.equations.missing import (
    in_definitions,
    with_factors,
    with_terms,
    with_unseen_factors,
)
from fcnref.equations.networks import LOSSES
from fcnref.equations.notation import Notation
from fcnref.equations.repairs import larger_edits, with_other_numbers
from fcnref.equations.variants import Variant, variants


class Repair(NamedTuple):
    """An edit after which an equation holds: its code, its words, and both sides then."""

    code: str
    text: str
    left: Expression
    right: Expression


class Explanation(NamedTuple):
    """What makes a wrong equation true: special cases, and the likely repairs, likeliest first."""

    codes: tuple[str, ...]
    causes: tuple[str, ...]
    repairs: tuple[Repair, ...]


MOST_REPAIRS = 3
"""How many repairs are looked for; each alone makes the equation true."""

PATIENCE = 200
"""After how many edits that mend nothing no further repair is looked for, once there is one."""


def explain(
    left: Expression,
    right: Expression,
    outcome: Outcome,
    bench: Bench,
    members: Sequence[Expression] = (),
    defined: Sequence[Defined] = (),
) -> Explanation:
    """Try other worlds, other conventions and single edits on an equation that fails.

    The members of the chain that it belongs to, and what the page has defined, tell which factors
    may be missing.
    """
    codes: list[str] = []
    causes: list[str] = []
    for code, text, notation, extra in _worlds(bench.notation, left, right):
        if code in _ALONE and codes:
            continue
        if Bench(notation, (*bench.conditions, *extra), bench.deadline).holds(left, right):
            codes.append(code)
            causes.append(text)
    scale = _scale(outcome)
    if scale:
        codes.append("scale")
        causes.append(f"right side = {scale} × left side")
    plain = not scale
    repairs = _mending(_edits(left, right, bench.notation, members), bench, plain=plain)
    if not repairs:
        additions = _additions(left, right, bench.notation, members, defined)
        repairs = _mending(additions, bench, plain=plain)
    if scale and not repairs:
        text = f"true with the right side divided by {scale}"
        repairs.append(Repair("scale", text, left, right))
    codes.extend(repair.code for repair in repairs[:1])
    return Explanation(tuple(codes), tuple(causes), tuple(repairs))


Edit: TypeAlias = tuple[Variant, Expression, Expression, str]
"""An edit, both sides after it, and words for its place."""


def _mending(edits: Iterator[Edit], bench: Bench, *, plain: bool) -> list[Repair]:
    """Return the first edits after which the sides agree; only `plain` ones may be a factor."""
    repairs: list[Repair] = []
    patience = 0
    for variant, left, right, where in edits:
        patience -= 1
        if (where or not plain) and variant.code in {"scale", "sign"}:
            continue
        if bench.holds(left, right):
            repairs.append(Repair(variant.code, f"true with{where} {variant.text}", left, right))
            patience = PATIENCE
        if len(repairs) == MOST_REPAIRS or (repairs and not patience) or bench.out_of_time:
            break
    return repairs


def _edits(
    left: Expression, right: Expression, notation: Notation, members: Sequence[Expression]
) -> Iterator[Edit]:
    """Yield the edits of the right side, then those of the left, with both sides."""
    letters = free_letters(left) | free_letters(right)
    for variant in larger_edits(left, right, notation):
        yield variant, left, variant.expression, ""
    for variant in _ordered(variants(right, letters, notation, far=True)):
        yield variant, left, variant.expression, ""
    for variant in (*with_other_numbers(right), *with_factors(right, (left, *members))):
        yield variant, left, variant.expression, ""
    for variant in _ordered(variants(left, letters, notation, far=True)):
        yield variant, variant.expression, right, ", on the left,"


def _additions(
    left: Expression,
    right: Expression,
    notation: Notation,
    members: Sequence[Expression],
    defined: Sequence[Defined],
) -> Iterator[Edit]:
    """Yield what is looked for where no edit helps: what is missing, and wrong definitions."""
    members = (left, *members)
    for variant in chain(with_unseen_factors(right, members, defined), with_terms(right, members)):
        yield variant, left, variant.expression, ""
    for variant in chain(
        larger_edits(right, left, notation),
        with_factors(left, members),
        with_unseen_factors(left, members, defined),
    ):
        yield variant, variant.expression, right, ", on the left,"
    for variant, a, b in in_definitions(left, right, notation):
        yield variant, a, b, ""


_ALONE = {"elementwise", "activation", "cost"}
"""Special cases that are mentioned only where no other one explains the failure."""


_EFFORT = ("layer", "index", "transpose", "order", "product", "layout", "quantity", "prime",
           "bound", "sign", "scale", "factor")  # fmt: skip


def _ordered(found: Iterator[Variant]) -> list[Variant]:
    return sorted(found, key=lambda variant: _EFFORT.index(variant.code))


def _worlds(
    notation: Notation, left: Expression, right: Expression
) -> Iterator[tuple[str, str, Notation, Sequence[Truth]]]:
    other = "denominator" if notation.jacobian == "numerator" else "numerator"
    parts = [*walk(left), *walk(right)]
    if any(isinstance(part, Derivative) for part in parts):
        yield "layout", "true in the other Jacobian layout", replace(notation, jacobian=other), ()
    for letter in sorted(set(notation.layer_letters) & (free_letters(left) | free_letters(right))):
        last = Truth(Index(letter), "=", LAST)
        yield "last-layer", f"true only at {letter} = L", notation, (last,)
    if notation.examples != "one" and notation.examples_count != 1:
        single = replace(notation, examples_count=1)
        yield "one-example", "true only for m = 1", single, ()
    if notation.activation == "generic":
        elementwise = replace(notation, activation="elementwise")
        yield "elementwise", "true only for elementwise g", elementwise, ()
        for name in ("sigmoid", "tanh", "relu", "softmax", "identity"):
            yield "activation", f"true only for g = {name}", replace(notation, activation=name), ()
    elif notation.activation == "elementwise":
        for name in ("sigmoid", "tanh", "relu", "identity"):
            yield "activation", f"true only for g = {name}", replace(notation, activation=name), ()
    mentions_targets = any(isinstance(part, Node) and part.family == "Y" for part in parts)
    if notation.cost in {"any", "mean", "sum"} and mentions_targets:
        for cost in LOSSES:
            text = f"true only for the cost {cost}"
            yield "cost", text, replace(notation, cost=cost), ()
            yield (
                "cost",
                f"{text} with g = sigmoid",
                replace(notation, cost=cost, output="sigmoid"),
                (),
            )
    elif notation.cost == "any":
        yield "cost", "true only for a mean of losses", replace(notation, cost="mean"), ()


def _scale(outcome: Outcome) -> str:
    """Name the constant between the sides, where there is one."""
    ratios = [ratio for _, ratio in outcome.ratios]
    known = len(ratios) == outcome.networks and np.isfinite(ratios).all()
    if not ratios or not all(ratios) or not known:
        return ""
    if outcome.failure is None or outcome.failure.code != "value":
        return ""
    counts = [probe.examples for probe, _ in outcome.ratios]
    outputs = [probe.widths[-1] for probe, _ in outcome.ratios]
    names: list[tuple[str, Sequence[float]]] = [
        ("−1", [-1.0] * len(ratios)),
        ("2", [2.0] * len(ratios)),
        ("1/2", [0.5] * len(ratios)),
        ("m", [float(m) for m in counts]),
        ("1/m", [1 / m for m in counts]),
        ("m²", [float(m * m) for m in counts]),
        ("n^{[L]}", [float(n) for n in outputs]),
        ("1/n^{[L]}", [1 / n for n in outputs]),
        ("2/m", [2 / m for m in counts]),
        ("m/2", [m / 2 for m in counts]),
    ]
    for name, values in names:
        if np.allclose(ratios, values, rtol=1e-7):
            return name
    plain = np.allclose(ratios, ratios[0], rtol=1e-7) and 1e-3 < abs(ratios[0]) < 1e3
    return f"{ratios[0]:g}" if plain else ""
