import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fcnref import layer_norm_with, loss_and_grads
from fcnref.cli import main
from fcnref.diagnosis import blind_spots, diagnose, single_mistakes, wrong_gradients
from fcnref.diagnosis.deltas import right_blocks
from fcnref.diagnosis.make import same
from fcnref.diagnosis.scene import scene_of
from fcnref.gradcheck import check_network, network_derivatives
from fcnref.mistakes import MISTAKES
from fcnref.mistakes.record import PAGES
from fcnref.problem import Penalty, informative_problem, random_problem, with_parameters
from fcnref.testing import assert_gradients_close

GAIN = np.array([[1.0], [2.0], [0.5], [1.5]])
PROBLEMS = [
    informative_problem(),
    informative_problem(penalty=Penalty(l2=0.7, l2_scaling="lambda/2m")),
    random_problem(
        (5, 4, 4, 3),
        ("leaky_relu", "relu", "softmax"),
        "half_squared_error",
        m=11,
        slope=0.2,
    ),
    random_problem(
        (5, 4, 4, 3),
        ("relu", "tanh", "identity"),
        "squared_error",
        m=11,
        per_output=True,
        learning_rate=0.13,
    ),
    random_problem((5, 4, 4, 3), ("softplus", "sigmoid", "sigmoid"), "binary_cross_entropy", m=11),
    random_problem(
        (5, 6, 6, 3), ("tanh", "sigmoid", "softmax"), "cross_entropy", m=11, keep={1: 0.6, 2: 0.7}
    ),
    random_problem(
        (4, 4, 4, 4),
        ("tanh", "sigmoid", "tanh"),
        "half_squared_error",
        m=4,
        penalty=Penalty(l2=0.3, on_bias=True),
    ),
    informative_problem(reduction="sum"),
    informative_problem(penalty=Penalty(l1=0.7, l1_scaling="lambda/m", norm=0.3)),
    informative_problem(penalty=Penalty(l2=0.3, l2_scaling="lambda", l1=0.2)),
    random_problem(
        (5, 4, 4, 3),
        (layer_norm_with(GAIN, 0 * GAIN), "relu", "tanh"),
        "half_squared_error",
        m=11,
        learning_rate=0.13,
    ),
]


@pytest.fixture(scope="module")
def made():
    """Every mistake once at every place of every problem, by slug."""
    table = {}
    for number, problem in enumerate(PROBLEMS):
        mistakes = single_mistakes(problem)
        right = next(mistakes).blocks
        for one in mistakes:
            for slug in one.slug.split("+"):
                if not same(one.blocks, right):
                    table.setdefault(slug, []).append((number, one))
    return table


@pytest.mark.parametrize("number", range(len(PROBLEMS)))
def test_the_grammar_without_a_mistake_is_right(number):
    problem = PROBLEMS[number]
    wanted = network_derivatives(problem)
    for name, value in right_blocks(scene_of(problem)).items():
        np.testing.assert_allclose(value, wanted[name], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("slug", MISTAKES)
def test_every_mistake_fails_the_check_and_is_named(slug, made):
    assert slug in made, "no problem of this test can show it"
    tried = []
    by_problem = {}
    for number, one in made[slug]:
        by_problem.setdefault(number, []).append(one)
    # One instance of each problem, then the next of each.
    longest = max(map(len, by_problem.values()))
    order = [
        (number, ones[i])
        for i in range(longest)
        for number, ones in by_problem.items()
        if i < len(ones)
    ]
    for number, one in order[:12]:
        problem = PROBLEMS[number]
        assert any(
            one.blocks[name].shape != value.shape
            or not np.allclose(one.blocks[name], value, rtol=1e-6, atol=1e-12)
            for name, value in network_derivatives(problem).items()
        )
        report = diagnose(problem, one.blocks)
        assert not report.ok
        if slug in report.mistakes:
            assert set(report.mistakes) == set(one.slug.split("+"))
            return
        tried.append(f"{one.says} at {one.where} of {problem!r}: {report.mistakes}")
    pytest.fail("\n".join(tried))


def test_no_slug_is_without_words(made):
    assert set(made) == set(MISTAKES)
    for mistake in MISTAKES.values():
        assert mistake.sentence.endswith(".")
        assert mistake.fix
        assert mistake.slot in PAGES


@pytest.mark.parametrize("number", [0, 3, 5])
def test_two_mistakes_in_two_layers_are_both_named(number):
    problem = PROBLEMS[number]
    grads = right_blocks(scene_of(problem))
    grads["dW3"] = problem.m * grads["dW3"]
    grads["db1"] = np.full_like(grads["db1"], grads["db1"].sum())
    report = diagnose(problem, grads)
    assert set(report.mistakes) == {"missing_1_over_m", "db_sum_all_axes"}
    assert report.verdict == "wrong"


def test_mixtures_of_two_and_three_mistakes_are_explained(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "benchmarks"))
    mixtures = importlib.import_module("diagnose_mixtures").mixtures
    counted = mixtures(informative_problem(), 12, seed=1)
    assert counted["explained"] == 12
    assert counted["listed"] >= 10


def test_what_nothing_explains_is_said_to_be_unexplained(rng):
    problem = informative_problem()
    grads = right_blocks(scene_of(problem))
    grads["dW2"] = grads["dW2"] + 0.1 * rng.standard_normal(grads["dW2"].shape)
    report = diagnose(problem, grads)
    assert report.verdict == "unexplained"
    assert report.unexplained == ("dW2",)
    assert not report.findings
    assert "Start at dW2" in str(report)


def test_what_is_explained_in_part_is_said_so(rng):
    problem = informative_problem()
    grads = right_blocks(scene_of(problem))
    grads["dW3"] = -grads["dW3"]
    grads["dW1"] = grads["dW1"] + rng.standard_normal(grads["dW1"].shape)
    report = diagnose(problem, grads)
    assert report.verdict == "partly explained"
    assert report.mistakes == ("sign_error",)
    assert report.unexplained == ("dW1",)


def test_a_constant_of_nowhere_is_reported_as_a_number():
    problem = informative_problem()
    grads = right_blocks(scene_of(problem))
    report = diagnose(problem, grads | {"dW2": 0.6180339 * grads["dW2"]})
    assert report.mistakes == ("unnamed_constant",)
    assert "0.618034" in str(report)


def test_ties_are_reported():
    problem = random_problem((3, 4, 2), ("tanh", "identity"), "squared_error", m=7)
    grads = right_blocks(scene_of(problem))
    report = diagnose(problem, {name: value / 2 for name, value in grads.items()})
    others = {finding.slug for other in report.alternatives for finding in other}
    assert report.mistakes == ("mse_factor2_missing",)
    assert "extra_1_over_n_out" in others
    assert "On this problem the same numbers would come from" in str(report)


# Shapes.
@pytest.mark.parametrize(
    ("name", "change", "slug", "words"),
    [
        ("dW1", lambda g, dZ: g.T, "dW_transposed", "the shape of its transpose"),
        ("db2", lambda g, dZ: dZ, "db_not_summed", "the shape of dZ2"),
        ("db2", lambda g, dZ: dZ.sum(axis=0), "db_wrong_axis", "one number per example"),
        ("db2", lambda g, dZ: dZ.sum(), "db_sum_all_axes", "is one number"),
    ],
    ids=["transposed", "not summed", "wrong axis", "one number"],
)
def test_a_gradient_of_another_shape_is_recognized(name, change, slug, words):
    problem = informative_problem()
    blocks = right_blocks(scene_of(problem))
    scene = scene_of(problem)
    dZ3 = (scene.output - problem.Y) / problem.m
    dZ2 = problem.layers[2].W.T @ dZ3 * scene.A(2) * (1 - scene.A(2))
    report = diagnose(problem, blocks | {name: change(blocks[name], dZ2)})
    assert report.mistakes == (slug,)
    assert words in str(report)


def test_a_gradient_of_nonsense_shape_is_no_crash():
    problem = informative_problem()
    grads = right_blocks(scene_of(problem))
    report = diagnose(problem, grads | {"dW2": np.ones((9, 2, 1)), "db1": np.ones((6, 5))})
    assert not report.ok
    assert set(report.unexplained) == {"dW2", "db1"}
    assert "no shape that we recognize" in str(report)


def test_transposed_square_layers_are_pointed_out():
    problem = random_problem((4, 4, 4), ("tanh", "sigmoid"), "binary_cross_entropy", m=7)
    grads = right_blocks(scene_of(problem))
    turned = {name: value.T if name[1] == "W" else value for name, value in grads.items()}
    report = diagnose(problem, turned)
    assert report.mistakes == ("dW_transposed",)
    assert "Transposed, every dW is right" in str(report)


# Blind spots.
@pytest.mark.parametrize(
    ("sizes", "activations", "loss", "m", "hidden"),
    [
        ((3, 4, 2), ("tanh", "softmax"), "cross_entropy", 1, "missing_1_over_m"),
        ((3, 4, 2), ("tanh", "softmax"), "cross_entropy", 1, "one_example_only"),
        ((3, 4, 1), ("tanh", "sigmoid"), "binary_cross_entropy", 7, "extra_1_over_n_out"),
    ],
)
def test_blind_spots_are_found(sizes, activations, loss, m, hidden):
    problem = random_problem(sizes, activations, loss, m=m)
    spots = blind_spots(problem)
    assert hidden in spots.hidden or hidden not in {one.slug for one in single_mistakes(problem)}
    assert hidden not in blind_spots(informative_problem()).hidden


def test_two_classes_make_the_elementwise_softmax_half_of_the_truth():
    activations = ("tanh", "softmax")
    two, three = (
        replace(
            random_problem((3, 4, n), activations, "half_squared_error", m=7),
            Y=random_problem((3, 4, n), activations, "cross_entropy", m=7).Y,
        )
        for n in (2, 3)
    )
    assert ("softmax_elementwise", "everything times ½") in blind_spots(two).look_like_a_factor
    assert "elementwise softmax is half" in str(blind_spots(two))
    assert "softmax_elementwise" not in dict(blind_spots(three).look_like_a_factor)


def test_reasons_are_given():
    problem = random_problem((4, 4, 1), ("relu", "sigmoid"), "binary_cross_entropy", m=1)
    words = str(blind_spots(problem))
    for part in ("m = 1", "W1 is square", "Layer 2 has one unit"):
        assert part in words


def test_a_mistake_that_cannot_be_made_is_refused():
    with pytest.raises(ValueError, match="cannot be made on Problem"):
        wrong_gradients(informative_problem(), "leaky_slope_lost")


# Reports.
def test_the_report_says_what_to_write_for_the_activation_at_hand():
    problem = informative_problem()
    report = diagnose(problem, wrong_gradients(problem, "a_formula_fed_with_z"))
    assert "dZ2 = dA2 * A2 * (1 - A2), for sigmoid" in str(report)


def test_the_report_is_html_without_scripts_and_escaped():
    problem = random_problem((5, 4, 3), ("relu", "identity"), "half_squared_error", m=7)
    report = diagnose(problem, wrong_gradients(problem, "relu_on_gradient"))
    html = report._repr_html_()
    assert "<script" not in html
    assert "[dA &gt; 0]" in html
    assert "[dA > 0]" not in html


def test_the_assertion_names_the_mistake():
    problem = informative_problem()
    grads = right_blocks(scene_of(problem))
    assert_gradients_close(grads, problem)
    with pytest.raises(AssertionError, match="db_sum_all_axes"):
        assert_gradients_close(wrong_gradients(problem, "db_sum_all_axes"), problem)
    with pytest.raises(AssertionError, match=r"dW1 is wrong\.\n"):
        assert_gradients_close(grads | {"dW1": (1 + 1e-6) * grads["dW1"]}, problem)
    with pytest.raises(AssertionError, match="the names differ in dW2"):
        assert_gradients_close({"dW1": 1.0}, {"dW1": 1.0, "dW2": 2.0})


def test_float32_gradients_are_diagnosed():
    problem = informative_problem()
    wrong = wrong_gradients(problem, "derivative_at_A")
    report = diagnose(problem, {name: value.astype(np.float32) for name, value in wrong.items()})
    assert report.mistakes == ("derivative_at_A",)


def test_numbers_that_were_float32_once_are_diagnosed():
    problem = informative_problem()
    wrong = wrong_gradients(problem, "derivative_at_A")
    rounded = {k: v.astype(np.float32).astype(np.float64) for k, v in wrong.items()}
    assert diagnose(problem, rounded).mistakes == ("derivative_at_A",)


# The command.
RIGHT = """\
import numpy as np

def grads(params, X, Y):
    W1, b1, W2, b2 = (params[name] for name in ("W1", "b1", "W2", "b2"))
    m = X.shape[1]
    A1 = np.tanh(W1 @ X + b1)
    A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
    dZ2 = (A2 - Y) / m
    dZ1 = W2.T @ dZ2 * (1 - A1**2)
    return {
        "dW1": dZ1 @ X.T, "db1": dZ1.sum(axis=1, keepdims=True),
        "dW2": dZ2 @ A1.T, "db2": dZ2.sum(axis=1, keepdims=True),
    }
"""
NETWORK = ["--sizes", "3-4-2", "--activations", "tanh/sigmoid", "--loss", "binary_cross_entropy"]


def test_the_command_on_right_and_wrong_code(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(RIGHT, encoding="utf-8")
    assert main(["diagnose", str(file), *NETWORK]) == 0
    assert "The gradient is correct" in capsys.readouterr().out
    file.write_text(RIGHT.replace("(1 - A1**2)", "A1"), encoding="utf-8")
    assert main(["diagnose", f"{file}:grads", *NETWORK]) == 1
    assert "activation_as_derivative" in capsys.readouterr().out


def test_the_command_takes_the_problem_of_the_file(tmp_path, capsys):
    declared = (
        "from fcnref.problem import random_problem\n"
        'problem = random_problem((2, 3, 1), ("tanh", "sigmoid"), "binary_cross_entropy", m=5)\n'
    )
    file = tmp_path / "mine.py"
    file.write_text(declared + RIGHT, encoding="utf-8")
    assert main(["diagnose", str(file)]) == 0
    assert "Problem(2-3-1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "extra", "words"),
    [
        (None, [], "there is no file"),
        ("def grads(:", [], "cannot be run: SyntaxError"),
        ("x = 1", [], "it defines no function"),
        ("def other(p): pass", [], "it defines other"),
        (RIGHT.replace('"db2"', '"dc2"'), NETWORK, "db2 is missing"),
        (RIGHT.replace("A1.T", "A1"), NETWORK, "raised ValueError"),
        (RIGHT.replace("/ m", "/ 0.0"), NETWORK, "look for log"),
        (RIGHT, ["--sizes", "3-4"], "together"),
        (RIGHT, ["--sizes", "3", *NETWORK[2:]], "names 0 layers"),
        (RIGHT, [*NETWORK[:2], "--activations", "tan/sigmoid", *NETWORK[4:]], "one of identity"),
        (RIGHT, [*NETWORK[:4], "--loss", "mse"], "the loss must be"),
    ],
    ids=range(11),
)
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
def test_bad_input_gets_a_sentence(tmp_path, capsys, text, extra, words):
    file = tmp_path / "mine.py"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert main(["diagnose", str(file), *extra]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


def test_a_file_that_is_no_python_gets_a_sentence(tmp_path, capsys):
    file = tmp_path / "mine.txt"
    file.write_text(RIGHT, encoding="utf-8")
    assert main(["diagnose", str(file), *NETWORK]) == 2
    assert "is no Python file; its name has to end in .py." in capsys.readouterr().err


def test_gradients_at_a_kink_are_pointed_out():
    problem = random_problem((3, 4, 2), ("relu", "identity"), "half_squared_error", m=5)
    b = np.array(problem.layers[0].b)
    b[1, 0] = -(problem.layers[0].W @ problem.X)[1, 2]
    on_a_kink = with_parameters(problem, {"b1": b})
    report = diagnose(on_a_kink, right_blocks(scene_of(on_a_kink)))
    assert "1 entries sit exactly on a kink; move the data a little to be sure." in str(report)


# The problem itself.
@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"layers": ()}, ValueError, "a network needs at least one layer, got none"),
        ({"layers": ("tanh",)}, TypeError, "layer 1 must be a Layer"),
        ({"masks": {3: np.ones((4, 5))}}, ValueError, "there is no layer 3 to drop out"),
        ({"loss": "softmax_cross_entropy"}, ValueError, "takes logits, so the last activation"),
        ({"X": np.full((3, 5), np.nan)}, ValueError, "X must be finite"),
        ({"reduction": "median"}, ValueError, "reduction must be 'mean' or 'sum'"),
    ],
)
def test_a_problem_that_is_none_is_refused(change, error, words):
    problem = random_problem((3, 4, 2), ("tanh", "tanh"), "half_squared_error", m=5)
    with pytest.raises(error, match=words):
        replace(problem, **change)


@pytest.mark.parametrize(("keep", "kept"), [(1.0, 19), (1e-9, 1)])
def test_a_mask_drops_something_and_keeps_something(keep, kept):
    problem = random_problem((3, 4, 2), ("tanh", "tanh"), "half_squared_error", m=5, keep={1: keep})
    mask = problem.masks[1]
    assert np.count_nonzero(mask) == kept
    np.testing.assert_allclose(mask[mask > 0], 1 / keep)


def test_a_network_that_always_has_an_entry_near_a_kink_is_given_up():
    with pytest.raises(RuntimeError, match="no draw was clear of kinks"):
        random_problem((2, 300, 2), ("relu", "tanh"), "half_squared_error", m=200)


def test_all_the_same_the_check_alone_says_wrong():
    problem = informative_problem()
    assert not check_network(problem, wrong_gradients(problem, "db_zero")).ok


def test_two_mistakes_are_looked_for_in_layers_of_moderate_size_only():
    problem = random_problem((3, 60, 2), ("tanh", "softmax"), "cross_entropy", m=101)
    _, right = loss_and_grads(problem.X, problem.Y, problem.layers, problem.loss)
    (dW_1, db_1), (dW_2, db_2) = right.layers
    one = [(2 * dW_1, db_1), (dW_2, db_2)]
    assert diagnose(problem, one).verdict == "wrong"
    two = [(2 * dW_1 + 0.01 * np.sin(dW_1), db_1), (-3 * dW_2 * dW_2, db_2)]
    assert diagnose(problem, two).verdict in {"unexplained", "partly explained"}
