"""Printed equation = function = complex step, for every labelled equation that has a function.

The right-hand side is read from the page, in the notation and with the definitions of its place,
and evaluated in probe networks; the function of fcnref gets the arrays of the same networks. Where
the left-hand side is a derivative, its value is a complex step through the forward pass.
"""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import fcnref
from fcnref import activations, conventions, initializers, losses, regularization
from fcnref.activations import second_derivatives as second
from fcnref.differences import central_difference, complex_step
from fcnref.equations import Notation
from fcnref.equations.checking import check_displays
from fcnref.equations.comparison import Bench, needed, probes_of
from fcnref.equations.declarations import read_mapping
from fcnref.equations.expression import Apply, Free, Limit, rewrite
from fcnref.equations.knowledge import Known
from fcnref.equations.meaning import Claim, Context, read
from fcnref.equations.networks import EPSILON, Network, Values, build
from fcnref.equations.page import Display, read_tex_macros, statements
from fcnref.equations.value import Scope, evaluate
from fcnref.equations.value.stored import free_value
from fcnref.gradcheck import relative_error
from fcnref.network import Layer

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SITE = Notation().extend({"macros": read_tex_macros(DOCS / "conf.py")})
LAYER = 2


class Printed(NamedTuple):
    """A statement under a label, with a notation in which it holds."""

    claim: Claim
    notation: Notation


@cache
def page_of(label: str) -> Path:
    marks = (f":label: {label}\n", f"({label})")
    pages = (p for p in sorted(DOCS.rglob("*.md")) if not {"_build", "node_modules"} & {*p.parts})
    return next(p for p in pages if any(mark in p.read_text("utf-8") for mark in marks))


@cache
def labelled(page: Path) -> Mapping[str, tuple[Display, Known]]:
    checked = check_displays(page.read_text(encoding="utf-8") + "\n", SITE)
    return {display.label: (display, known) for display, known, _ in checked if display.label}


@cache
def printed(label: str) -> list[Printed]:
    """Return the statements of a labelled display, read where they stand."""
    display, known = labelled(page_of(label))[label]
    given = read_mapping(display.options.get("given", "").replace(";", "\n"))
    known = known._replace(notation=known.notation.extend(given))
    found = []
    for statement in statements(display, SITE.macros):
        for claim in read(statement.tex, replace(known.context, notation=known.notation)):
            found.append(Printed(claim, holding(claim, known)))
            known = known.with_claim(claim)
    return found


def holding(claim: Claim, known: Known) -> Notation:
    for notation, _ in known.readings():
        bench = Bench(needed(claim, notation), claim.conditions)
        outcomes = [bench.tried(claim.members[0], member) for member in claim.members]
        if all(outcome is not None and outcome.failure is None for outcome in outcomes):
            return bench.notation
    return needed(claim, known.notation)


def value(member: Any, scope: Scope, runs: Mapping[str, int]) -> Values:
    """Evaluate at all values of some letters; the axes of the result are the letters."""
    grid = np.meshgrid(*(np.arange(1, n + 1) for n in runs.values()), indexing="ij")
    for letter, places in zip(runs, grid, strict=True):
        scope = scope.bind(letter, places.ravel())
    found = evaluate(member, scope)
    if not runs:
        return found
    return np.broadcast_to(found, (grid[0].size, 1, 1)).reshape([*runs.values()])


class Bound(NamedTuple):
    """What an equation is compared with.

    The letters are those whose values make up the array of the function; "i1" is example 1 alone.
    `outputs` says that they run over the last layer, `input_rests` that only parameters move.
    """

    function: Callable[[Network], Any]
    statement: int = 0
    letters: str = ""
    notation: Mapping[str, Any] = {}
    outputs: bool = False
    input_rests: bool = False


def key(n: Network, family: str) -> Values:
    layer = 0 if family in {"Y", "J"} else n.depth if family in {"A_L", "Z_L"} else LAYER
    return n.values[family.removesuffix("_L"), layer]


def gradient(n: Network, family: str, layer: int = LAYER) -> Values:
    shape = n.values[family, layer].shape
    return n.jacobian(("J", 0), (family, layer)).reshape(shape)


def layers(n: Network, name: str = "tanh") -> tuple[Layer, ...]:
    activation = activations.ACTIVATIONS[name]
    count = range(1, n.depth + 1)
    return tuple(Layer(n.values["W", l], n.values["b", l], activation) for l in count)


def backward(n: Network) -> Any:
    trace = fcnref.forward(n.values["A", 0], layers(n))
    return fcnref.backward(gradient(n, "A", n.depth), layers(n), trace, with_dA_0=True)


def moves(n: Network) -> tuple[Any, Values]:
    count = range(1, n.depth + 1)
    return tuple((n._moves["W", l], n._moves["b", l]) for l in count), n._moves["A", 0]


def moved_activations(n: Network) -> Values:
    direction, X_dot = moves(n)
    return fcnref.jvp(n.values["A", 0], layers(n)[:LAYER], direction[:LAYER], X_dot)[1]


def moved_gradients(n: Network) -> Any:
    direction, _ = moves(n)
    X, Y = n.values["A", 0], n.values["Y", 0]
    return fcnref.hvp(X, Y, layers(n), fcnref.HALF_SQUARED_ERROR, direction)


def loss(f: Callable[[Values, Values], Any], of: str = "A") -> Bound:
    return Bound(lambda n: np.reshape(f(n.values[of, n.depth], key(n, "Y")), (1, 1)))


def slope(
    f: Callable[[Values, Values], Any], of: str = "A", letters: str = "", **notation: str
) -> Bound:
    def gradient_of(n: Network) -> Values:
        return f(n.values[of, n.depth], key(n, "Y"))

    return Bound(gradient_of, 0, letters, notation, outputs=bool(letters))


def column(n: Network) -> Values:
    return key(n, "Z")[:, :1]


TANH = {"activation": "tanh", "output": "tanh"}
STEPS = {"cost": "half-squared-error", **TANH}


def c(n: Network) -> float:
    """Return the value that a coefficient c has in a network."""
    return free_value(Free("c"), n).item()


BOUND: dict[str, list[Bound]] = {
    "eq-forward-Z": [Bound(lambda n: fcnref.affine(n.values["A", 1], key(n, "W"), key(n, "b")))],
    "eq-forward-recursion": [
        Bound(lambda n: fcnref.forward(n.values["A", 0], layers(n)).A[0]),
        Bound(lambda n: fcnref.affine(n.values["A", 1], key(n, "W"), key(n, "b")), 1),
        Bound(lambda n: fcnref.forward(n.values["A", 0], layers(n)).A[LAYER], 2, "", TANH),
    ],
    "eq-whole-network-recursion": [
        Bound(lambda n: fcnref.tanh_backward(gradient(n, "A"), key(n, "Z"))[:, :1], 0, "i1", TANH),
        Bound(lambda n: backward(n).layers[LAYER - 1].dW, 1, "", TANH),
        Bound(lambda n: backward(n).layers[LAYER - 1].db, 2, "", TANH),
        Bound(lambda n: fcnref.affine_backward_input(gradient(n, "Z"), key(n, "W")), 3, "", TANH),
    ],
    "eq-weights-and-biases-dW": [
        Bound(lambda n: fcnref.affine_backward_parameters(gradient(n, "Z"), n.values["A", 1]).dW)
    ],
    "eq-weights-and-biases-db": [
        Bound(lambda n: fcnref.affine_backward_parameters(gradient(n, "Z"), n.values["A", 1]).db)
    ],
    "eq-previous-layer-dA_prev": [
        Bound(lambda n: fcnref.affine_backward_input(gradient(n, "Z"), key(n, "W")))
    ],
    "eq-activations-dZ-column": [
        Bound(
            lambda n: fcnref.softmax_backward(gradient(n, "A"), key(n, "Z"))[:, :1], 0, "i1",
            {"activation": "softmax"},
        )
    ],
    "eq-activations-dZ-elementwise": [
        Bound(lambda n: fcnref.tanh_backward(gradient(n, "A"), key(n, "Z")), 0, "", TANH)
    ],
    "eq-activations-jacobian-elementwise": [
        Bound(lambda n: fcnref.tanh_jacobian(column(n)), 0, "p j i1", TANH)
    ],
    "eq-activations-softmax": [Bound(lambda n: fcnref.softmax(key(n, "Z")), 0, "j i")],
    "eq-activations-jacobian-softmax": [
        Bound(lambda n: fcnref.softmax_jacobian(column(n)), 0, "p j i1")
    ],
    "eq-activations-dZ-softmax": [
        Bound(lambda n: fcnref.softmax_backward(gradient(n, "A"), key(n, "Z")))
    ],
    "eq-activations-log-softmax": [Bound(lambda n: fcnref.log_softmax(key(n, "Z")), 0, "j i")],
    "eq-activations-jacobian-log-softmax": [
        Bound(lambda n: fcnref.log_softmax_jacobian(column(n)), 0, "p j i1")
    ],
    "eq-activations-dZ-log-softmax": [
        Bound(lambda n: fcnref.log_softmax_backward(gradient(n, "A"), key(n, "Z")))
    ],
    "eq-activations-layer-norm": [
        Bound(
            lambda n: fcnref.layer_norm(key(n, "Z"), key(n, "gain"), key(n, "shift"), EPSILON),
            3, "j i",
        )
    ],
    "eq-activations-jacobian-layer-norm": [
        Bound(
            lambda n: fcnref.layer_norm_jacobian(column(n), key(n, "gain"), EPSILON), 0, "p j i1"
        )
    ],
    "eq-activations-dZ-layer-norm": [
        Bound(
            lambda n: fcnref.layer_norm_backward(
                gradient(n, "A"), key(n, "Z"), key(n, "gain"), EPSILON
            )[0],
            0, "j i",
        )
    ],
    "eq-losses-half-squared-error": [loss(losses.half_squared_error)],
    "eq-losses-mean-squared-error": [loss(losses.mean_squared_error)],
    "eq-losses-binary-cross-entropy": [loss(losses.binary_cross_entropy)],
    "eq-losses-cross-entropy": [loss(losses.cross_entropy)],
    "eq-losses-sigmoid-cross-entropy": [loss(losses.sigmoid_cross_entropy, "Z")],
    "eq-losses-softmax-cross-entropy": [loss(losses.softmax_cross_entropy, "Z")],
    "eq-losses-dA-half-squared-error": [slope(losses.half_squared_error_grad)],
    "eq-losses-dA-mean-squared-error": [slope(losses.mean_squared_error_grad)],
    "eq-losses-dA-binary-cross-entropy": [slope(losses.binary_cross_entropy_grad, "A", "j i")],
    "eq-losses-dA-cross-entropy": [slope(losses.cross_entropy_grad, "A", "j i")],
    "eq-losses-dZ-sigmoid-cross-entropy": [
        slope(losses.sigmoid_cross_entropy_grad, "Z", cost="binary-cross-entropy", output="sigmoid")
    ],
    "eq-losses-dZ-softmax-cross-entropy": [
        slope(losses.softmax_cross_entropy_grad, "Z", cost="cross-entropy", output="softmax")
    ],
    "eq-regularization-l2": [Bound(lambda n: regularization.l2_penalty(key(n, "W"), c(n)))],
    "eq-regularization-l2-dW": [Bound(lambda n: regularization.l2_penalty_grad(key(n, "W"), c(n)))],
    "eq-regularization-l1": [Bound(lambda n: regularization.l1_penalty(key(n, "W"), c(n)))],
    "eq-regularization-l1-dW": [Bound(lambda n: regularization.l1_penalty_grad(key(n, "W"), c(n)))],
    "eq-regularization-norm": [Bound(lambda n: regularization.norm_penalty(key(n, "W"), c(n)))],
    "eq-regularization-norm-dW": [
        Bound(lambda n: regularization.norm_penalty_grad(key(n, "W"), c(n)))
    ],
    "eq-regularization-dropout": [
        Bound(lambda n: regularization.dropout(key(n, "A"), key(n, "K")))
    ],
    "eq-regularization-dropout-backward": [
        Bound(lambda n: regularization.dropout_backward(gradient(n, "D"), key(n, "K")))
    ],
    "eq-second-order-jvp": [
        Bound(lambda n: moved_activations(n)[:, :1], 1, "i1", TANH),
    ],
    "eq-second-order-hvp": [
        Bound(lambda n: moved_gradients(n)[LAYER - 1][0], 0, "", STEPS, False, True),
        Bound(lambda n: moved_gradients(n)[LAYER - 1][1], 1, "", STEPS, False, True),
    ],
    "eq-conventions-per-example": [
        Bound(lambda n: conventions.to_per_example(gradient(n, "Z"))[:, :1], 0, "i1")
    ],
    "eq-conventions-layout": [
        Bound(lambda n: conventions.other_layout(fcnref.softmax_jacobian(column(n))), 0, "i1",
              {"activation": "softmax"})
    ],
    "eq-initialization-he": [
        Bound(lambda n: variance(initializers.he_normal, key(n, "W").shape), 0, "", {}),
    ],
    "eq-initialization-glorot": [
        Bound(lambda n: variance(initializers.glorot_uniform, key(n, "W").shape), 0, "", {}),
    ],
}  # fmt: skip


class FixedDraw:
    """A stand-in for a random generator, whose draws have their variance written in them."""

    def normal(self, _, scale, size):
        return np.full(size, scale)

    def uniform(self, low, high, size):
        return np.full(size, (high - low) / np.sqrt(12))


def variance(draw: Callable[..., Values], shape: tuple[int, int]) -> Values:
    return draw(FixedDraw(), *shape)[:1, :1] ** 2


FUNCTIONS: dict[str, list[tuple[int, Callable[[Values], Values]]]] = {
    "eq-activations-identity": [(0, fcnref.identity), (1, activations.identity_prime)],
    "eq-activations-sigmoid": [(0, fcnref.sigmoid)],
    "eq-activations-sigmoid-prime": [(0, activations.sigmoid_prime)],
    "eq-activations-tanh": [(0, fcnref.tanh)],
    "eq-activations-tanh-prime": [(0, activations.tanh_prime)],
    "eq-activations-relu": [(0, fcnref.relu)],
    "eq-activations-relu-prime": [(0, activations.relu_prime)],
    "eq-activations-leaky-relu": [(0, fcnref.leaky_relu)],
    "eq-activations-leaky-relu-prime": [(0, activations.leaky_relu_prime)],
    "eq-activations-softplus": [(0, fcnref.softplus)],
    "eq-activations-softplus-prime": [(0, activations.softplus_prime)],
    "eq-activations-silu": [(0, fcnref.silu)],
    "eq-activations-silu-prime": [(0, activations.silu_prime)],
    "eq-activations-gelu": [(1, fcnref.gelu)],
    "eq-activations-gelu-prime": [(1, activations.gelu_prime)],
    "eq-activations-gelu-tanh": [(0, fcnref.gelu_tanh)],
    "eq-activations-gelu-tanh-prime": [(0, activations.gelu_tanh_prime)],
    "eq-second-order-sigmoid-double-prime": [(0, second.sigmoid_double_prime)],
    "eq-second-order-tanh-double-prime": [(0, second.tanh_double_prime)],
    "eq-second-order-softplus-double-prime": [(0, second.softplus_double_prime)],
    "eq-second-order-silu-double-prime": [(0, second.silu_double_prime)],
    "eq-second-order-gelu-double-prime": [(0, second.gelu_double_prime)],
    "eq-second-order-gelu-tanh-double-prime": [(0, second.gelu_tanh_double_prime)],
}
POINTS = np.array([-3.1, -1.3, -0.4, 0.3, 0.9, 2.2])

OWN_TESTS = {
    "eq-gradient-checking-central",
    "eq-gradient-checking-complex-step",
    "eq-gradient-checking-relative-error",
    "eq-regularization-l2-coefficient",
    "eq-regularization-mask",
    "eq-conventions-l2",
}


@pytest.mark.parametrize("label", BOUND)
def test_the_printed_equation_is_the_function_and_the_complex_step(label):
    for bound in BOUND[label]:
        claim, notation = printed(label)[bound.statement]
        notation = replace(notation, **bound.notation)
        for probe in probes_of(notation):
            network = Network(probe)
            network._moves["A", 0] *= not bound.input_rests
            scope = Scope(network, notation).bind("l", LAYER)
            runs = {}
            for letter in bound.letters.split():
                if letter == "i1":
                    scope = scope.bind("i", 1)
                else:
                    runs[letter] = network.examples if letter == "i" else probe.widths[LAYER]
            if bound.outputs:
                runs = {x: probe.widths[-1] if x != "i" else n for x, n in runs.items()}
            for member in claim.members:
                assert_same(value(member, scope, runs), np.asarray(bound.function(network)))


@pytest.mark.parametrize("label", FUNCTIONS)
def test_the_printed_function_is_the_function_and_the_complex_step(label):
    for statement, function in FUNCTIONS[label]:
        claim, notation = printed(label)[statement]
        (network, *_) = map(build, probes_of(notation))
        alpha = {f"{name}/0": np.full((1, 1), 0.01) for name in (r"\alpha", "alpha")}
        points = {"z/0": POINTS[:, None, None], **alpha}
        scope = Scope(network, notation, moved=points)
        for member in claim.members:
            assert_same(np.broadcast_to(evaluate(member, scope), (6, 1, 1)), function(POINTS))


def test_the_printed_differences_are_those_of_the_package():
    f, h = np.exp, 1e-4
    x = np.array([0.3])
    (central, _), (imaginary, _) = (
        printed(label)[0]
        for label in ("eq-gradient-checking-central", "eq-gradient-checking-complex-step")
    )
    names = {"x/0": x[:, None], "h/0": np.full((1, 1), h)}
    for claim, wanted in (
        (central, central_difference(f, x, h=h)),
        (imaginary, complex_step(f, x)),
    ):
        limit = claim.members[1]
        assert isinstance(limit, Limit)
        ours = rewrite(limit.of, lambda part: _exponential(part))
        found = evaluate(ours, Scope(build(probes_of(SITE)[0]), SITE, moved=names))
        np.testing.assert_allclose(np.squeeze(found), wanted, rtol=1e-7)


def _exponential(part: Any) -> Any:
    is_f = isinstance(part, Apply) and part.function == "any"
    return replace(part, function="exp") if is_f else part


def test_the_printed_error_is_that_of_the_check():
    symbols = {"G": "matrix", r"\hat{G}": "matrix"}
    display, known = labelled(page_of("eq-gradient-checking-relative-error"))[
        "eq-gradient-checking-relative-error"
    ]
    notation = known.notation.extend({"symbols": symbols})
    (statement,) = statements(display, SITE.macros)
    (claim,) = read(statement.tex, Context(notation))
    rng = np.random.default_rng(5)
    got, wanted = rng.normal(size=(2, 5, 5))
    moved = {"G/2": got, r"\hatG/2": wanted}
    printed_error = evaluate(claim.members[0], Scope(build(probes_of(SITE)[0]), SITE, moved=moved))
    assert_same(printed_error, np.array(relative_error(got, wanted)))


def rows_of(label: str) -> list[list[str]]:
    """Return the cells of a printed case distinction, or of aligned rows."""
    display, _ = labelled(page_of(label))[label]
    inside = re.search(r"\\begin\{(cases|aligned)\}(.*)\\end\{\1\}", display.tex, re.DOTALL)
    assert inside is not None
    rows = re.split(r"\\\\(?:\[[^\]]*\])?", inside[2])
    return [[cell.strip(" \n=,") for cell in row.split("&")] for row in rows]


def number(tex: str, **values: float) -> float:
    """Evaluate a printed number in which letters have these values."""
    notation = SITE.extend({"symbols": dict.fromkeys(values, "number")})
    (claim,) = read(tex, Context(notation))
    moved = {f"{name}/0": np.full((1, 1), x) for name, x in values.items()}
    scope = Scope(build(probes_of(SITE)[0]), notation, moved=moved)
    return evaluate(claim.members[0], scope).item()


def test_the_printed_scalings_are_those_of_the_package():
    m = probes_of(SITE)[0].examples
    for _, c, _, twice, _, words in rows_of("eq-regularization-l2-coefficient"):
        scaling = re.search(r"in ([\w/]+)", words)
        assert scaling is not None
        wanted = regularization.l2_coefficient(0.3, scaling[1], m)
        strength = {r"\lambda": 0.3}
        assert number(c, **strength) == pytest.approx(wanted)
        assert number(twice, **strength) == pytest.approx(2 * wanted)


def test_the_printed_mask_is_that_of_the_package():
    first, second_row = (cell for cell, _ in rows_of("eq-regularization-mask"))
    mask = regularization.dropout_mask(np.random.default_rng(0), (40, 50), keep=0.8)
    assert sorted(set(mask.ravel())) == pytest.approx([number(second_row), number(first, q=0.8)])


def test_the_printed_translations_are_those_of_the_package():
    second, third, _ = (statement.claim for statement in printed("eq-conventions-l2"))
    assert (second.defines.name, third.defines.name) == (r"\lambda_2", r"\lambda_3")
    m = probes_of(SITE)[0].examples
    scalings = ("lambda", "lambda/2", "lambda/2m")
    for name in scalings:
        strengths = [conventions.translate_l2(0.3, name, other, m) for other in scalings]
        first = {r"\lambda_1/0": np.full((1, 1), strengths[0])}
        scope = Scope(build(probes_of(SITE)[0]), SITE, moved=first)
        values = [evaluate(claim.members[0], scope).item() for claim in (second, third)]
        assert values == pytest.approx(strengths[1:]), name


def test_every_equation_that_a_docstring_implements_is_bound():
    named = {
        label
        for path in (ROOT / "fcnref").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for label in re.findall(r":eq:`(eq-[\w.-]+)`", node.value)
    }
    assert named == {*BOUND, *FUNCTIONS, *OWN_TESTS}


def assert_same(got: Values, wanted: Values) -> None:
    assert np.squeeze(got).shape == np.squeeze(wanted).shape
    np.testing.assert_allclose(np.squeeze(got), np.squeeze(wanted), rtol=1e-9, atol=1e-12)
