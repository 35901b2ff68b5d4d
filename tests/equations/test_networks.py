"""The probes: alive, asymmetric, coupled, and independent of every backward rule."""

import ast
from pathlib import Path

import numpy as np
import pytest

import fcnref.equations.networks as networks
from fcnref import losses
from fcnref.equations.networks import LOSSES, NAMED, Network, Probe, build, probes
from fcnref.network import Layer, backward, forward

USUAL = probes(activation="generic", output="", cost="any")


def test_no_backward_rule_is_imported():
    for path in Path(networks.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom | ast.Import):
                names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
                assert not any("backward" in name or "grad" in name for name in names)
            if isinstance(node, ast.Attribute):
                assert not node.attr.endswith(("_backward", "_grad", "_prime", "_jacobian"))


@pytest.mark.parametrize("probe", USUAL, ids=str)
def test_every_derivative_of_the_cost_is_alive(probe):
    assert Network(probe).dead() == []


def test_the_usual_probes_differ_where_mistakes_hide():
    rectangular, square, few = USUAL
    assert len(set(rectangular.widths)) == 4
    assert len({*square.widths, square.examples}) == 1
    assert few.examples < min(few.widths)
    assert all(min(probe.widths) > 1 and probe.examples > 1 for probe in USUAL)


@pytest.mark.parametrize("probe", USUAL, ids=str)
def test_the_generic_activation_mixes_units_without_symmetry(probe):
    network = build(probe)
    for layer in range(1, network.depth + 1):
        width = probe.widths[layer]
        change = network.jacobian(("A", layer), ("Z", layer))
        first = change.reshape(width, probe.examples, width, probe.examples)[:, 0, :, 0]
        assert np.abs(first).min() > 1e-6
        assert np.abs(first - first.T).max() > 1e-2


def test_the_usual_cost_couples_the_examples():
    network = build(USUAL[0])
    before = network.jacobian(("J", 0), ("A", 3))
    A = network.values["A", 3].copy()
    A[:, 0] += 0.5
    moved = A + 1j * networks.STEP * np.eye(A.size).reshape(-1, *A.shape)
    after = network._cost(moved, network.values["Y", 0])[0].imag / networks.STEP
    last = -1
    assert abs(before.ravel()[last] - after.ravel()[last]) > 1e-3


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus", "silu"])
def test_the_derivatives_agree_with_the_backward_pass(name):
    from fcnref.activations import ACTIVATIONS

    network = build(Probe((4, 5, 3, 2), 7, name, "", "half-squared-error"))
    layers = tuple(
        Layer(network.values["W", n], network.values["b", n], ACTIVATIONS[name]) for n in (1, 2, 3)
    )
    trace = forward(network.values["A", 0], layers)
    A, Y = network.values["A", 3], network.values["Y", 0]
    grads = backward((A - Y) / 7, layers, trace)
    for n, gradient in enumerate(grads.layers, 1):
        found = network.jacobian(("J", 0), ("W", n)).reshape(gradient.dW.shape)
        np.testing.assert_allclose(found, gradient.dW, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("half-squared-error", losses.half_squared_error),
        ("mean-squared-error", losses.mean_squared_error),
        ("cross-entropy", losses.cross_entropy),
        ("binary-cross-entropy", losses.binary_cross_entropy),
    ],
)
def test_the_named_costs_are_those_of_the_package(name, loss):
    network = build(Probe((4, 5, 3), 7, "tanh", "", name))
    A, Y = network.values["A", 2], network.values["Y", 0]
    np.testing.assert_allclose(network.values["J", 0][0, 0], loss(A, Y), rtol=1e-13)
    assert name in LOSSES


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="'swishy' is no activation; choose from identity"):
        build(Probe((4, 5, 3), 7, "swishy"))
    with pytest.raises(ValueError, match="'hinge' is no cost; choose from any, mean"):
        build(Probe((4, 5, 3), 7, "tanh", "", "hinge"))


def test_every_named_activation_can_be_differentiated():
    for name in NAMED:
        network = build(Probe((4, 5, 3, 2), 7, name, "", "any"))
        assert np.isfinite(network.jacobian(("J", 0), ("W", 1))).all()
