"""Limits as a step goes to zero, and means over random weights."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from fcnref.equations.expression import Limit, Mean
from fcnref.equations.networks import Values
from fcnref.equations.value.scope import NoLayer, NoMeaning, Scope, evaluate

_STEPS = 0.2 / 2 ** np.arange(10)


@evaluate.register
def _(node: Limit, scope: Scope) -> Values:
    """Extrapolate to the step zero by the polynomial through the values at several steps."""
    row = [_with_step(node, scope, step) for step in _STEPS]
    for order in range(1, len(_STEPS)):
        row = [
            fine + (fine - coarse) / (_STEPS[n] / _STEPS[n + order] - 1)
            for n, (coarse, fine) in enumerate(pairwise(row))
        ]
    return row[0]


def _with_step(node: Limit, scope: Scope, step: float) -> Values:
    moved = {**scope.moved, f"{node.step}/0": np.full((1, 1), step)}
    return evaluate(node.of, replace(scope, moved=moved))


@evaluate.register
def _(node: Mean, scope: Scope) -> Values:
    if scope.moved:
        raise NoMeaning("an expectation within a derivative is not read")
    layer = scope.fixed(node.layer)
    if not 1 <= layer <= scope.network.depth:
        raise NoLayer(f"there are no weights of layer {layer}")
    inner = scope.perturbed(scope.network.with_random_weights(layer))
    if not node.letter:
        return _mean(evaluate(node.of, inner))
    base, count = scope.notation.base, scope.network.examples
    values = [evaluate(node.of, inner.bind(node.letter, n)) for n in range(base, base + count)]
    return np.asarray(sum(map(_mean, values)) / count)


def _mean(value: Values) -> Values:
    """Average over the copies of the network, where a value has them."""
    return np.asarray(np.mean(value, axis=-3)) if value.ndim > 2 else value
