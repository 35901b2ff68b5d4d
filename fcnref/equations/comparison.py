"""Two sides of an equation compared: in every network, layer, and value of the free indices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np

from fcnref.equations.expression import (
    ONE,
    Apply,
    Expression,
    Free,
    Node,
    Number,
    Place,
    Space,
    Truth,
    free_letters,
    ranges,
    walk,
)
from fcnref.equations.meaning import Claim
from fcnref.equations.networks import NAMED, Probe, Values, build, probes
from fcnref.equations.notation import Notation
from fcnref.equations.value import (
    Fault,
    IndexFault,
    NoLayer,
    NoMeaning,
    Scope,
    ShapeFault,
    claimed_shape,
    evaluate,
    holds,
    sized,
)

TOLERANCE = 1e-8
"""Largest relative difference of equal sides: rounding stays below 1e-12, mistakes above 1e-1."""

FLOOR = 1e-7
"""Differences are relative to the larger side, or to this where both sides are smaller."""

MOST = 240
"""The most assignments of indices compared in one network and layer."""


class Failure(NamedTuple):
    """Where two sides first differ."""

    code: str
    text: str


class Outcome(NamedTuple):
    """What a comparison found.

    Attributes
    ----------
    places
        How many numbers agree.
    networks
        In how many networks.
    error
        The largest relative difference.
    failure
        The first disagreement, or None.
    alive
        True where a compared number is not zero.
    ratio
        What right / left is in each network, where it is one number; else empty.
    """

    places: int = 0
    networks: int = 0
    error: float = 0.0
    failure: Failure | None = None
    alive: bool = False
    ratios: tuple[tuple[Probe, float], ...] = ()


def needed(claim: Claim, notation: Notation) -> Notation:
    """Return the notation with what the claim itself presupposes of activation and cost."""
    parts = [part for member in claim.members for part in walk(member)]
    if claim.identity:
        notation = replace(notation, index={})
    if notation.activation == "generic" and any(_presupposes_elementwise(part) for part in parts):
        notation = replace(notation, activation="elementwise")
    if notation.cost == "any" and any(isinstance(p, Node) and p.family == "losses" for p in parts):
        notation = replace(notation, cost="mean")
    return notation


def _presupposes_elementwise(part: object) -> bool:
    if not isinstance(part, Apply) or part.function != "activation":
        return False
    entry = any(
        isinstance(inner, Node) and inner.row is not None
        for argument in part.arguments
        for inner in walk(argument)
    )
    return part.primes > 0 or entry


def probes_of(notation: Notation) -> tuple[Probe, ...]:
    """Return the networks that a notation is probed with."""
    return probes(
        activation=notation.activation,
        output=notation.output,
        cost=notation.cost,
        single=notation.examples == "one",
        depth=notation.depth,
        widths=notation.widths,
        examples=notation.examples_count,
        dropout=notation.dropout,
    )


def compare(
    left: Expression,
    right: Expression,
    notation: Notation,
    *,
    conditions: Sequence[Truth] = (),
    deadline: float = float("inf"),
    networks: Sequence[Probe] | None = None,
    thorough: bool = True,
) -> Outcome:
    """Compare two sides everywhere, or, where not `thorough`, until they first differ.

    Raises
    ------
    NoMeaning
        If a side has no value.
    """
    outcome = Outcome()
    chosen = networks if networks is not None else probes_of(notation)
    stray = sorted(free_letters(right) - free_letters(left) - set(notation.layer_letters))
    stray = [letter for letter in stray if not any(letter in free_letters(c) for c in conditions)]
    if stray:
        text = f"index {stray[0]} is free on the right but not on the left"
        return outcome._replace(failure=Failure("free", text))
    ratios: list[tuple[Probe, float]] = []
    layers_seen = False
    for probe in chosen:
        seen: list[float] = []
        reached = False
        for scope in _assignments(left, right, conditions, probe, notation, deadline):
            layers_seen = reached = True
            step, ratio = _compared(left, right, scope)
            if step.failure is not None:
                if outcome.failure is None or (
                    outcome.failure.code == "index" and "where sizes" not in outcome.failure.text
                ):
                    outcome = outcome._replace(failure=_joined(outcome.failure, step.failure))
                if not thorough or step.failure.code not in {"value", "index"}:
                    return outcome
            if step.failure is None or step.failure.code == "value":
                seen.extend(ratio)
            outcome = outcome._replace(
                places=outcome.places + step.places,
                error=max(outcome.error, step.error),
                alive=outcome.alive or step.alive,
            )
            if outcome.failure is not None and len(seen) > 12:
                break
        outcome = outcome._replace(networks=outcome.networks + reached)
        if seen and np.ptp(seen) <= TOLERANCE * max(abs(seen[0]), 1):
            ratios.append((probe, float(seen[0])))
        elif seen:
            ratios.append((probe, float("nan")))
    if not layers_seen:
        return outcome._replace(
            failure=Failure("layer", "there is no layer at which both sides exist")
        )
    return outcome._replace(ratios=tuple(ratios))


def _joined(first: Failure | None, second: Failure) -> Failure:
    if first is None:
        return second
    if second.code != "value":
        return first
    return Failure("index", f"{first.text}; where sizes agree, {second.text}")


def _assignments(
    left: Expression,
    right: Expression,
    conditions: Sequence[Truth],
    probe: Probe,
    notation: Notation,
    deadline: float,
) -> Iterator[Scope]:
    """Yield a scope for every layer and every value of the free letters of the left side."""
    network = build(probe)
    start = Scope(network, notation, deadline=deadline)
    letters = sorted(free_letters(left) | {x for c in conditions for x in free_letters(c)})
    over_layers = [x for x in letters if x in notation.layer_letters]
    right_layers = free_letters(right) & set(notation.layer_letters) - set(over_layers)
    over_layers += sorted(right_layers)
    others = [x for x in letters if x not in over_layers]
    for layers in product(range(network.depth + 1), repeat=len(over_layers)):
        scope = start
        for letter, value in zip(over_layers, layers, strict=True):
            scope = scope.bind(letter, value)
        try:
            values = [_range(x, left, right, scope) for x in others]
        except NoLayer:
            continue
        combinations = list(product(*values))
        if len(combinations) > MOST:
            stride = np.linspace(0, len(combinations) - 1, MOST).astype(int)
            shuffled = np.random.default_rng(0).permutation(len(combinations))
            combinations = [combinations[n] for n in sorted({*shuffled[stride].tolist(), 0})]
        exists: bool | None = None
        for combination in combinations:
            inner = scope
            for letter, value in zip(others, combination, strict=True):
                inner = inner.bind(letter, value)
            try:
                if not all(holds(condition, inner) for condition in conditions):
                    continue
            except NoLayer:
                break
            if exists is None:
                exists = _exists(left, inner) and _exists(right, inner)
            if not exists:
                break
            yield inner


def _exists(side: Expression, scope: Scope) -> bool:
    """Tell whether the layers of a side exist, before its value is asked for."""
    if isinstance(side, Space):
        return True
    try:
        evaluate(side, scope)
    except NoLayer:
        return False
    except Fault:
        return True
    return True


def _range(letter: str, left: Expression, right: Expression, scope: Scope) -> range:
    notation = scope.notation
    size: Place | None = next(ranges(left, letter), None)
    if size is None:
        size = notation.index.get(letter.rstrip("'")) or next(ranges(right, letter), None)
    if size is None:
        raise NoMeaning(f"index {letter} has no range; declare it")
    count = scope.place(size)
    return range(notation.base, notation.base + count)


def _compared(left: Expression, right: Expression, scope: Scope) -> tuple[Outcome, list[float]]:
    where = ", ".join(f"{x}={value}" for x, value in scope.letters.items())
    at = f" at {where}" if where else ""
    a = evaluate(left, scope)
    if isinstance(right, Space):
        return _in_space(a, right, scope, at), []
    try:
        b = sized(right, (a.shape[0], a.shape[1]), scope)
    except IndexFault as fault:
        return Outcome(failure=Failure("index", fault.text)), []
    except ShapeFault as fault:
        return Outcome(failure=Failure("shape", fault.text)), []
    if a.shape != b.shape:
        zero = isinstance(right, Number) and right.value == 0
        if not zero:
            sizes = (
                f"left side is {a.shape[0]}×{a.shape[1]}, right side is {b.shape[0]}×{b.shape[1]}"
            )
            return Outcome(failure=Failure("shape", sizes + at)), []
        b = np.zeros_like(a)
    difference, scale = np.abs(a - b), max(np.abs(a).max(), np.abs(b).max(), FLOOR)
    error = float(difference.max() / scale)
    large = np.abs(a) > 1e-6 * scale
    ratio = (b[large] / a[large]).ravel().tolist() if large.any() else []
    alive = bool(np.abs(a).max() > FLOOR)
    if not error <= TOLERANCE:
        row, column = np.unravel_index(
            int(np.argmax(np.nan_to_num(difference, nan=np.inf))), a.shape
        )
        entry = f", entry ({row + 1}, {column + 1})" if a.size > 1 else ""
        text = (
            f"first wrong value{at}{entry}: left {a[row, column]:.6g}, right {b[row, column]:.6g}"
        )
        return Outcome(failure=Failure("value", text), alive=alive), ratio
    return Outcome(places=a.size, error=error, alive=alive), ratio


def _in_space(value: Values, space: Space, scope: Scope, at: str) -> Outcome:
    claimed = claimed_shape(space, scope)
    vector = (claimed[0], 1) if len(claimed) == 1 else claimed or (1, 1)
    if len(claimed) == 1 and value.shape[0] == 1:
        vector = vector[::-1]
    if value.shape != vector:
        shape = "×".join(map(str, claimed)) or "a number"
        text = f"the shape is {value.shape[0]}×{value.shape[1]}, claimed is {shape}{at}"
        return Outcome(failure=Failure("shape", text))
    return Outcome(places=1, alive=True)


def recognized_activation(claim: Claim, notation: Notation) -> str:
    """Return the name of the activation that a definition g(z) = ... gives, or ""."""
    left, right = claim.members[0], claim.members[-1]
    if not isinstance(left, Apply) or left.function != "activation" or left.primes:
        return ""
    argument = left.arguments[0]
    if not isinstance(argument, Free | Node):
        return ""
    for name in NAMED:
        named = replace(left, function=name)
        try:
            probe = Probe((4, 4, 4), 1, "elementwise")
            outcome = compare(named, right, notation, networks=(probe,), thorough=False)
        except Fault:
            continue
        if outcome.failure is None and outcome.places:
            return name
    return ""


def recognized_output(claim: Claim, notation: Notation) -> str:
    """Return the activation with which a forward equation a = ... holds, or ""."""
    if notation.activation not in {"generic", "elementwise"}:
        return ""
    if any(
        isinstance(p, Apply) and p.function == "activation" for m in claim.members for p in walk(m)
    ):
        return ""
    for name in NAMED:
        tried = replace(notation, activation=name, output=name)
        try:
            found = [
                compare(
                    claim.members[0], member, tried, conditions=claim.conditions, thorough=False
                )
                for member in claim.members[1:]
            ]
        except (Fault, ValueError):
            continue
        if all(outcome.failure is None and outcome.places for outcome in found):
            return name
    return ""


def recognized_cost(
    right: Expression, notation: Notation, candidates: Sequence[str], family: str
) -> str:
    """Return the name of the cost that a definition J = ... gives, or ""."""
    layer = ONE if family == "losses" else None
    cost = Node(family, None, layer, None, "J")
    for name in candidates:
        try:
            outcome = compare(cost, right, replace(notation, cost=name), thorough=False)
        except (Fault, ValueError):
            continue
        if outcome.failure is None and outcome.places:
            return name
    return ""
