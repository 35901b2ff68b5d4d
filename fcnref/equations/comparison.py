"""Two sides of an equation compared: in every network, layer, and value of the free indices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from fcnref.equations.expression import (
    Apply,
    Expression,
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
from fcnref.equations.networks import Probe, Values, build, probes
from fcnref.equations.notation import Notation
from fcnref.equations.value import (
    Fault,
    IndexFault,
    NoLayer,
    NoMeaning,
    Scope,
    ShapeFault,
    Varies,
    claimed_shape,
    evaluate,
    holds,
    shape_of,
    sized,
)

TOLERANCE = 1e-8
"""Largest relative difference of equal sides: rounding stays below 1e-12, mistakes above 1e-1."""

FLOOR = 1e-7
"""Differences are relative to the larger side, or to this where both sides are smaller."""

MOST = 4096
"""The most values of the indices compared in one network and layer."""


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

    def with_step(self, step: Outcome) -> Outcome:
        """Return this outcome with what one more comparison found."""
        return self._replace(
            places=self.places + step.places,
            error=max(self.error, step.error),
            failure=_joined(self.failure, step.failure),
            alive=self.alive or step.alive,
        )

    def settled(self, *, thorough: bool) -> bool:
        """Tell whether nothing that follows can add to what is known."""
        if self.failure is None:
            return False
        return not thorough or self.failure.code not in {"value", "index"}


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
        variance=notation.variance,
    )


class Bench:
    """Where sides are compared; what one comparison evaluates is kept for the next.

    Parameters
    ----------
    notation
        The notation, which decides the networks.
    conditions
        The side conditions of the equation.
    deadline
        The time by which to be done.
    """

    def __init__(
        self,
        notation: Notation,
        conditions: Sequence[Truth] = (),
        deadline: float = float("inf"),
    ) -> None:
        self.notation, self.conditions, self.deadline = notation, tuple(conditions), deadline
        self._scopes: dict[Any, list[Scope]] = {}

    def compare(
        self,
        left: Expression,
        right: Expression,
        *,
        networks: Sequence[Probe] | None = None,
        thorough: bool = True,
    ) -> Outcome:
        """Compare two sides everywhere, or, where not `thorough`, until they first differ.

        Raises
        ------
        NoMeaning
            If a side has no value.
        """
        layers = set(self.notation.layer_letters)
        bound = free_letters(left).union(*map(free_letters, self.conditions))
        stray = sorted(free_letters(right) - bound - layers)
        if stray:
            text = f"index {stray[0]} is free on the right but not on the left"
            return Outcome(failure=Failure("free", text))
        over_layers = (*sorted(bound & layers), *sorted(free_letters(right) & layers - bound))
        runs = tuple((x, self._size(x, left, right)) for x in sorted(bound - layers))
        outcome = Outcome()
        reached = False
        for probe in networks if networks is not None else probes_of(self.notation):
            seen: list[float] = []
            counts = False
            for scope in self._scopes_of(probe, over_layers, runs):
                try:
                    step, ratios = _compared(left, right, scope, thorough=thorough)
                except NoLayer:
                    continue
                counts = reached = True
                seen.extend(ratios)
                outcome = outcome.with_step(step)
                if outcome.settled(thorough=thorough):
                    return outcome
            outcome = outcome._replace(networks=outcome.networks + counts)
            if seen:
                same = np.isrealobj(seen) and np.ptp(seen) <= TOLERANCE * max(abs(seen[0]), 1)
                found = (probe, float(seen[0]) if same else float("nan"))
                outcome = outcome._replace(ratios=(*outcome.ratios, found))
        if not reached:
            text = "there is no layer at which both sides exist"
            return outcome._replace(failure=Failure("layer", text))
        return outcome

    def tried(
        self, left: Expression, right: Expression, networks: Sequence[Probe] | None = None
    ) -> Outcome | None:
        """Compare until two sides first differ; None where nothing can be said."""
        try:
            return self.compare(left, right, networks=networks, thorough=False)
        except Fault:
            return None

    @property
    def out_of_time(self) -> bool:
        """True once the deadline has passed; nothing is tried any more."""
        return process_time() > self.deadline

    def holds(self, left: Expression, right: Expression) -> bool:
        """Tell whether two sides agree, and not for nothing."""
        if self.out_of_time:
            return False
        found = self.tried(left, right)
        return found is not None and found.failure is None and found.places > 0 and found.alive

    def _size(self, letter: str, left: Expression, right: Expression) -> Place:
        """Return the range of a free letter: from the left, a declaration or the right."""
        declared = self.notation.range_of(letter)
        size = next(ranges(left, letter), declared) or next(ranges(right, letter), None)
        if size is None:
            raise NoMeaning(f"index {letter} has no range; declare it")
        return size

    def _scopes_of(
        self, probe: Probe, over_layers: Sequence[str], runs: Sequence[tuple[str, Place]]
    ) -> list[Scope]:
        """Return a scope for every layer, in which each free letter runs over all its values."""
        key = (probe, tuple(over_layers), tuple(runs))
        if key not in self._scopes:
            start = Scope(build(probe), self.notation, deadline=self.deadline)
            layers = product(range(start.network.depth + 1), repeat=len(over_layers))
            scopes = (self._at_layers(start, over_layers, chosen, runs) for chosen in layers)
            self._scopes[key] = [scope for scope in scopes if scope is not None]
        return self._scopes[key]

    def _at_layers(
        self,
        scope: Scope,
        over_layers: Sequence[str],
        layers: Sequence[int],
        runs: Sequence[tuple[str, Place]],
    ) -> Scope | None:
        """Bind all letters, or return None where the layers or the side conditions forbid it."""
        for letter, layer in zip(over_layers, layers, strict=True):
            scope = scope.bind(letter, layer)
        base = self.notation.base
        try:
            values = [range(base, base + scope.fixed(size)) for _, size in runs]
            for (letter, _), grid in zip(runs, np.meshgrid(*values, indexing="ij"), strict=True):
                scope = scope.bind(letter, grid.ravel())
            met = np.logical_and.reduce(
                np.broadcast_arrays(True, *(holds(c, scope) for c in self.conditions))
            )
        except NoLayer:
            return None
        if not np.any(met) or not runs:
            return scope if np.all(met) else None
        count = len(np.asarray(scope.letters[runs[0][0]]))
        kept = np.flatnonzero(np.broadcast_to(met, count))
        if kept.size > MOST:
            kept = np.sort(np.random.default_rng(0).permutation(kept)[:MOST])
        for letter, _ in runs:
            scope = scope.bind(letter, np.asarray(scope.letters[letter])[kept])
        return scope


def _joined(first: Failure | None, second: Failure | None) -> Failure | None:
    """Keep the first failure; to an index outside its range add where the values differ."""
    if first is None or second is None:
        return first or second
    if first.code == "index" and second.code == "value" and "where sizes" not in first.text:
        return Failure("index", f"{first.text}; where sizes agree, {second.text}")
    return first


def _compared(
    left: Expression, right: Expression, scope: Scope, *, thorough: bool
) -> tuple[Outcome, list[float]]:
    """Compare at all values of the letters together; one by one where that meets a fault."""
    try:
        return _at_all(left, right, scope)
    except (IndexFault, ShapeFault) as fault:
        if not thorough:
            return Outcome(failure=Failure(fault.code, fault.text)), []
    except Varies:
        pass
    outcome, seen = Outcome(), list[float]()
    for single in _one_by_one(scope):
        try:
            step, ratios = _at_all(left, right, single)
        except (IndexFault, ShapeFault) as fault:
            step, ratios = Outcome(failure=Failure(fault.code, fault.text)), []
        seen.extend(ratios)
        outcome = outcome.with_step(step)
        if outcome.settled(thorough=thorough):
            break
    return outcome, seen


def _one_by_one(scope: Scope) -> Iterator[Scope]:
    arrays = {x: value for x, value in scope.letters.items() if isinstance(value, np.ndarray)}
    count = max((value.size for value in arrays.values()), default=1)
    for n in range(count):
        single = scope
        for letter, value in arrays.items():
            single = single.bind(letter, int(value[n]))
        yield single


def _at_all(left: Expression, right: Expression, scope: Scope) -> tuple[Outcome, list[float]]:
    a = evaluate(left, scope)
    if isinstance(right, Space):
        return _in_space(a, right, scope), []
    b = sized(right, shape_of(a), scope)
    if shape_of(a) != shape_of(b):
        if not (isinstance(right, Number) and right.value == 0):
            (n, m), (p, q) = shape_of(a), shape_of(b)
            text = f"left side is {n}×{m}, right side is {p}×{q}{_where_at(scope, 0)}"
            return Outcome(failure=Failure("shape", text)), []
        b = np.zeros_like(a)
    a, b = (np.broadcast_to(x, (*_axis(scope), *shape_of(a))) for x in (a, b))
    difference = np.abs(a - b)
    size = np.maximum(np.abs(a), np.abs(b)).max(axis=(-2, -1), keepdims=True)
    errors = difference / np.maximum(size, FLOOR)
    large = (np.abs(a) > 1e-6 * size) | (difference > 1e-6 * size)
    ratios = (b[large] / a[large]).tolist()
    alive = bool(np.abs(a).max() > FLOOR)
    wrong = ~(errors <= TOLERANCE)
    if wrong.any():
        first = int(np.flatnonzero(wrong.any(axis=(-2, -1)))[0])
        row, column = np.unravel_index(
            int(np.argmax(np.nan_to_num(errors[first], nan=np.inf))), shape_of(a)
        )
        entry = f", entry ({row + 1}, {column + 1})" if a[first].size > 1 else ""
        values = f"left {a[first, row, column]:.6g}, right {b[first, row, column]:.6g}"
        text = f"first wrong value{_where_at(scope, first)}{entry}: {values}"
        return Outcome(failure=Failure("value", text), alive=alive), ratios
    return Outcome(places=a.size, error=float(errors.max()), alive=alive), ratios


def _axis(scope: Scope) -> tuple[int, ...]:
    """Return the shape of the values of the letters, in front of that of each side."""
    sizes = [value.shape for value in scope.letters.values() if isinstance(value, np.ndarray)]
    return np.broadcast_shapes((1,), *sizes)


def _where_at(scope: Scope, n: int) -> str:
    """Say at which values of the letters something was found."""
    shown = (
        f"{letter}={value[n] if isinstance(value, np.ndarray) else value}"
        for letter, value in scope.letters.items()
    )
    where = ", ".join(shown)
    return f" at {where}" if where else ""


def _in_space(value: Values, space: Space, scope: Scope) -> Outcome:
    claimed = claimed_shape(space, scope)
    vector = (claimed[0], 1) if len(claimed) == 1 else claimed or (1, 1)
    if len(claimed) == 1 and shape_of(value)[0] == 1:
        vector = vector[::-1]
    if shape_of(value) != vector:
        shape = "×".join(map(str, claimed)) or "a number"
        found = "×".join(map(str, shape_of(value)))
        text = f"the shape is {found}, claimed is {shape}{_where_at(scope, 0)}"
        return Outcome(failure=Failure("shape", text))
    return Outcome(places=1, alive=True)
