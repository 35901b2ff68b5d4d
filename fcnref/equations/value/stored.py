"""The arrays of the network, their rows, columns and entries; and variables of the equation."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from fcnref.equations.expression import ONE, Defined, Entry, Free, Node, show
from fcnref.equations.networks import STEP, Key, Network, Values
from fcnref.equations.value.scope import (
    VECTOR,
    IndexFault,
    NoLayer,
    NoMeaning,
    Scope,
    evaluate,
    outside,
    shape_of,
    taken,
)


def node_key(node: Node, scope: Scope) -> Key:
    """Return the key of the stored array behind a node."""
    if node.layer is None:
        return node.family, 0
    layer = scope.fixed(node.layer)
    if not (0 if node.family == "A" else 1) <= layer <= scope.network.depth:
        raise NoLayer(f"{node.shown} has no layer {layer}")
    return node.family, layer


def part_of(stored: Values, node: Node, scope: Scope) -> Values:
    """Return the rows and columns of a stored array that a node names."""
    single = node.single and shape_of(stored)[1] == 1
    base = scope.notation.base
    for slot, place in enumerate((node.row, None if single else node.column)):
        if place is None:
            continue
        count = shape_of(stored)[slot]
        number = scope.place(place) - base
        wrong = outside(number, count)
        if wrong is not None:
            layer = f", layer {scope.place(node.layer)}" if node.layer is not None else ""
            raise IndexFault(
                f"index {show(place)} = {wrong + base} is outside {base}..{base + count - 1} "
                f"(slot {2 - slot if node.flipped else slot + 1} of {show(node)}{layer})"
            )
        stored = taken(stored, number, slot - 2)
    return np.swapaxes(stored, -1, -2) if node.flipped else stored


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
    return part_of(stored, node, scope)


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
    return part_of_free(value, node, scope)


def part_of_free(value: Values, node: Free, scope: Scope) -> Values:
    """Return the rows and columns of the value of a variable that its indices name."""
    for axis, place in enumerate(node.places):
        if place is not None:
            number = scope.place(place) - scope.notation.base
            if outside(number, VECTOR) is not None:
                raise IndexFault(f"index {show(place)} is outside the vector {node.name}")
            value = taken(value, number, axis - 2)
    return value


def defined_key(node: Defined) -> str:
    """Return what a defined quantity is called where it is perturbed, at the places kept there."""
    return f"= {node.name}"


def places_of(node: Defined, scope: Scope) -> Values:
    """Return the values of the places of a defined quantity as a column."""
    places = [scope.place(place) for place in node.places]
    return np.stack(np.broadcast_arrays(0, *places), axis=-1)[..., 1:, None]


@evaluate.register
def _(node: Defined, scope: Scope) -> Values:
    inner = scope
    for letter, place in zip(node.letters, node.places, strict=True):
        inner = inner.bind(letter, scope.place(place))
    value = scope.remembered(node, lambda: evaluate(node.body, inner))
    at = scope.moved.get(defined_key(node))
    if at is None:
        return value
    here = np.all(places_of(node, scope) == at, axis=-2, keepdims=True)
    return np.asarray(value + 1j * STEP * here)


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
            if outside(number, count) is not None:
                raise IndexFault(f"index {show(place)} is outside 1..{count} of {show(node)}")
            value = taken(value, number, axis - 2)
    return value
