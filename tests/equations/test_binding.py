"""Printed equation = function = complex step, for the equations that the package is built on."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fcnref
from fcnref import losses
from fcnref.equations import Notation
from fcnref.equations.comparison import needed, probes_of
from fcnref.equations.meaning import Claim, Context, read
from fcnref.equations.networks import Network, Values, build
from fcnref.equations.page import read_page, statements
from fcnref.equations.value import Scope, evaluate

DOCS = Path(__file__).parents[2] / "docs"
COLUMNS = Notation.bundled("columns-are-examples")
LAYER = 2


@cache
def displays() -> dict[str, str]:
    """Return the first statement of every labelled display of the derivation."""
    found: dict[str, str] = {}
    for path in sorted((DOCS / "derivation").glob("*.md")):
        for display in read_page(path):
            if display.label:
                for statement in statements(display, {}):
                    found.setdefault(display.label, statement.tex)
    return found


def gradient(network: Network, family: str, layer: int = LAYER) -> Values:
    shape = network.values[family, layer].shape
    return network.jacobian(("J", 0), (family, layer)).reshape(shape)


def claim_of(label: str, notation: Notation) -> Claim:
    return read(displays()[label], Context(notation))[0]


BOUND: list[tuple[str, dict[str, str], Callable[[Network], Any]]] = [
    (
        "eq-forward-Z",
        {},
        lambda n: fcnref.affine(n.values["A", 1], n.values["W", 2], n.values["b", 2]),
    ),
    (
        "eq-weights-and-biases-dW",
        {},
        lambda n: fcnref.affine_backward_parameters(gradient(n, "Z"), n.values["A", 1]).dW,
    ),
    (
        "eq-weights-and-biases-db",
        {},
        lambda n: fcnref.affine_backward_parameters(gradient(n, "Z"), n.values["A", 1]).db,
    ),
    (
        "eq-previous-layer-dA_prev",
        {},
        lambda n: fcnref.affine_backward_input(gradient(n, "Z"), n.values["W", 2]),
    ),
    (
        "eq-activations-dZ-elementwise",
        {"activation": "tanh"},
        lambda n: fcnref.tanh_backward(gradient(n, "A"), n.values["Z", 2]),
    ),
    (
        "eq-activations-dZ-softmax",
        {"activation": "softmax"},
        lambda n: fcnref.softmax_backward(gradient(n, "A"), n.values["Z", 2]),
    ),
    (
        "eq-activations-dZ-log-softmax",
        {"activation": "log_softmax"},
        lambda n: fcnref.log_softmax_backward(gradient(n, "A"), n.values["Z", 2]),
    ),
    (
        "eq-losses-dA-half-squared-error",
        {"cost": "half-squared-error"},
        lambda n: losses.half_squared_error_grad(n.values["A", 3], n.values["Y", 0]),
    ),
    (
        "eq-losses-dZ-softmax-cross-entropy",
        {"cost": "cross-entropy"},
        lambda n: losses.softmax_cross_entropy_grad(n.values["Z", 3], n.values["Y", 0]),
    ),
]


@pytest.mark.parametrize(("label", "declared", "function"), BOUND, ids=[row[0] for row in BOUND])
def test_the_printed_equation_is_the_function_and_the_complex_step(label, declared, function):
    notation = COLUMNS.extend(declared)
    claim = claim_of(label, notation)
    for probe in probes_of(needed(claim, notation)):
        network = build(probe)
        scope = Scope(network, notation).bind("l", LAYER)
        complex_step, *printed = (evaluate(member, scope) for member in claim.members)
        for value in printed:
            np.testing.assert_allclose(value, complex_step, rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(function(network), complex_step, rtol=1e-10, atol=1e-13)
