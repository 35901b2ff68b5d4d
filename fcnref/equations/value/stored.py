"""The arrays of the network, their rows, columns and entries; and variables of the equation."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from fcnref.equations.expression import ONE, Entry, Free, Node, Place, show
from fcnref.equations.networks import Key, Network, Values
from fcnref.equations.value.scope import (
    VECTOR,
    IndexFault,
    NoLayer,
    NoMeaning,
    Scope,
    evaluate,
    shape_of,
)


def node_key(node: Node, scope: Scope) -> Key:
    """Return the key of the stored array behind a node."""
    if node.layer is None:
        return node.family, 0
    layer = scope.place(node.layer)
    if not (0 if node.family == "A" else 1) <= layer <= scope.network.depth:
        raise NoLayer(f"{node.shown} has no layer {layer}")
    return node.family, layer


def positions(node: Node, shape: tuple[int, int], scope: Scope) -> tuple[slice, slice]:
    """Return the rows and the columns of a stored array that a node names."""

    def position(place: Place | None, count: int, slot: int) -> slice:
        if place is None:
            return slice(None)
        value = scope.place(place)
        base = scope.notation.base
        if not base <= value < base + count:
            layer = f", layer {scope.place(node.layer)}" if node.layer is not None else ""
            raise IndexFault(
                f"index {show(place)} = {value} is outside {base}..{base + count - 1} "
                f"(slot {3 - slot if node.flipped else slot} of {show(node)}{layer})"
            )
        return slice(value - base, value - base + 1)

    column = None if node.single and shape[1] == 1 else node.column
    return position(node.row, shape[0], 1), position(column, shape[1], 2)


@evaluate.register
def _(node: Node, scope: Scope) -> Values:
    key = node_key(node, scope)
    if node.family in {"gain", "shift"} and scope.network.probe.activation != "layer_norm":
        raise NoMeaning(
            f"{node.shown} belongs to layer normalization; declare activation: layer_norm"
        )
    if node.family == "losses" and scope.network.probe.cost == "any":
        raise NoMeaning("the cost is no sum of losses here; declare the cost, for instance mean")
    stored = scope.moved.get(key)
    if stored is None:
        stored = scope.network.values[key]
    value = stored[(..., *positions(node, shape_of(stored), scope))]
    return np.swapaxes(value, -1, -2) if node.flipped else value


def free_key(node: Free) -> str:
    """Return what a variable is called where it is perturbed."""
    return f"{node.name}/{len(node.places)}"


def free_value(node: Free, network: Network) -> Values:
    """Return the random value of a variable of the equation, the same at every occurrence."""
    seed = crc32(f"{free_key(node)} {network.probe.widths}".encode())
    rng = np.random.default_rng(seed)
    shape = [(1, 1), (VECTOR, 1), (VECTOR, VECTOR)][len(node.places)]
    return rng.uniform(0.2, 1.2, size=shape)


@evaluate.register
def _(node: Free, scope: Scope) -> Values:
    if len(node.places) > 2:
        raise NoMeaning(f"{show(node)} has too many indices")
    value = scope.moved.get(free_key(node))
    if value is None:
        value = free_value(node, scope.network)
    for axis, place in enumerate(node.places):
        if place is not None:
            number = scope.place(place) - scope.notation.base
            if not 0 <= number < VECTOR:
                raise IndexFault(f"index {show(place)} is outside the vector {node.name}")
            value = np.take(value, [number], axis=value.ndim - 2 + axis)
    return value


@evaluate.register
def _(node: Entry, scope: Scope) -> Values:
    value = evaluate(node.of, scope)
    places = (node.row, node.column)
    if shape_of(value)[0] == 1 and node.column == ONE and shape_of(value)[1] > 1:
        places = (ONE, node.row)
    for axis, place in enumerate(places):
        if place is not None:
            count, base = shape_of(value)[axis], scope.notation.base
            number = scope.place(place) - (1 if place == ONE else base)
            if not 0 <= number < count:
                raise IndexFault(f"index {show(place)} is outside 1..{count} of {show(node)}")
            value = np.take(value, [number], axis=value.ndim - 2 + axis)
    return value
