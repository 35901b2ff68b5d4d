"""Before the backward pass: right gradients of another forward pass than the problem declares."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from fcnref._arrays import Array
from fcnref.activations import ACTIVATIONS, leaky_relu_with
from fcnref.diagnosis.deltas import right_blocks
from fcnref.diagnosis.pieces import Item
from fcnref.diagnosis.scene import scene_of
from fcnref.network import Layer
from fcnref.problem import Problem

__all__ = ["explained_by_another_forward_pass", "other_forward_passes"]

SWAPPED = ("identity", "sigmoid", "tanh", "relu", "softplus")


def explained_by_another_forward_pass(
    problem: Problem, given: Mapping[str, Array], tolerance: float
) -> tuple[Item, float] | None:
    """Find a forward pass whose right gradients are the given ones, and how well they match."""
    with np.errstate(all="ignore"):
        for says, where, other in other_forward_passes(problem):
            right = right_blocks(scene_of(other))
            error = max(_off(given[name], right[name]) for name in given)
            if error <= tolerance:
                return Item("other_forward_pass", says, where, 1.1), error
    return None


def _off(one: Array, other: Array) -> float:
    if one.shape != other.shape:
        return np.inf
    size = float(np.linalg.norm(other)) or 1.0
    return float(np.linalg.norm(one - other)) / size


def other_forward_passes(problem: Problem) -> Iterator[tuple[str, str, Problem]]:
    """Yield problems with a slip in the forward pass: what it is, where, the problem."""
    layers, X = problem.layers, problem.X
    scene = scene_of(problem)
    last = scene.fused or problem.layers[-1].activation.name == "softmax"
    inner = len(layers) - (1 if last else 0)
    without = [layer._replace(b=0 * layer.b) for layer in layers]
    yield from _of_layers(problem, without, "Z{0} = W{0} @ A{1}, without b{0}", len(layers))
    for name in SWAPPED:
        swapped = [layer._replace(activation=ACTIVATIONS[name]) for layer in layers]
        yield from _of_layers(problem, swapped, f"{name} in layer {{0}}", inner)
    for slope in (0.01, 0.1, 0.2):
        leaky = [layer._replace(activation=leaky_relu_with(slope)) for layer in layers]
        says = f"a leaky ReLU of slope {slope:g} in layer {{0}}"
        yield from _of_layers(problem, leaky, says, inner)
    turned = [
        layer._replace(W=layer.W.T) if layer.W.shape[0] == layer.W.shape[1] else layer
        for layer in layers
    ]
    yield from _of_layers(problem, turned, "Z{0} = W{0}.T @ A{1} + b{0}", len(layers))
    if problem.masks:
        kept = {l: 1.0 * (mask > 0) for l, mask in problem.masks.items()}
        first = min(problem.masks)
        yield "no dropout", f"A{first}", replace(problem, masks={})
        yield "dropout without the 1/keep", f"A{first}", replace(problem, masks=kept)
    deviation = np.std(X, axis=1, keepdims=True)
    inputs = [("X cut to integers", np.trunc(X)), ("X rounded", np.round(X))]
    if np.all(deviation > 0):
        centered = X - np.mean(X, axis=1, keepdims=True)
        inputs += [("X centered", centered), ("X standardized", centered / deviation)]
    for says, other in inputs:
        yield says, "X", replace(problem, X=other)


def _of_layers(
    problem: Problem, other: list[Layer], says: str, count: int
) -> Iterator[tuple[str, str, Problem]]:
    """One layer exchanged after the other, then all of them."""
    layers = list(problem.layers)
    for l in range(1, count + 1):
        exchanged = [*layers[: l - 1], other[l - 1], *layers[l:]]
        yield says.format(l, l - 1), f"Z{l}", replace(problem, layers=exchanged)
    if count > 1:
        exchanged = [*other[:count], *layers[count:]]
        yield f"{says.format('l', 'l-1')}, in every layer", "Z1", replace(problem, layers=exchanged)
