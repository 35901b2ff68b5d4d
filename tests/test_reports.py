"""What records and reports look like: in text, in HTML, and as a truth value."""

import re

import numpy as np
import pytest

from fcnref import AffineGradients
from fcnref._display import html_table, number
from fcnref.diagnosis import blind_spots, cards, diagnose, wrong_gradients
from fcnref.diagnosis.deltas import right_blocks
from fcnref.diagnosis.examples import example_weights
from fcnref.diagnosis.pieces import Item
from fcnref.diagnosis.report import findings_of
from fcnref.diagnosis.scene import scene_of
from fcnref.diagnosis.shapes import in_our_shapes
from fcnref.mistakes import MISTAKES
from fcnref.mistakes.record import mistake_html
from fcnref.problem import informative_problem, random_problem, with_parameters


@pytest.mark.parametrize(
    ("value", "text"),
    [(np.inf, "inf"), (-np.inf, "−inf"), (np.nan, "nan"), (-1.25, "−1.250"), (-1e-9, "0.000")],
)
def test_a_number_that_is_none_is_written_as_a_word(value, text):
    assert number(value, 3) == text


def test_the_gradients_of_a_layer_show_their_shapes(draw):
    grads = AffineGradients(draw(5, 7), draw(3, 5), draw(3, 1))
    for shape in ("(5, 7)", "(3, 5)", "(3, 1)"):
        assert shape in repr(grads)
    assert repr(grads).startswith("AffineGradients")
    for name in grads._fields:
        assert name in repr(grads)
        assert name in grads._repr_html_()


def test_a_diagnosis_is_true_where_the_gradient_is_right():
    problem = informative_problem()
    right = diagnose(problem, right_blocks(scene_of(problem)))
    wrong = diagnose(problem, wrong_gradients(problem, "db_zero"))
    assert right
    assert not wrong
    assert repr(wrong) == str(wrong)


def test_a_rule_for_two_blocks_at_once_is_the_one_of_the_catalogue():
    [finding] = findings_of(
        informative_problem(), [Item("dW_transposed", "dW = its transpose", "dW2 and db2", 1.0)]
    )
    assert finding.write == MISTAKES["dW_transposed"].fix


def test_cards_are_one_below_the_other():
    two = cards("updated_weights", "dW_transposed")
    first, second = two
    assert repr(two) == f"{first}\n\n{second}"
    assert repr(first).startswith("updated_weights: ")
    assert "hides" in repr(first)


@pytest.mark.parametrize("slug", MISTAKES)
def test_a_mistake_links_to_where_it_was_seen(slug):
    mistake = MISTAKES[slug]
    assert repr(mistake) == str(mistake)
    for html in (mistake._repr_html_(), mistake_html(mistake)):
        assert html.count("<a ") == html.count("</a>") == len(mistake.sightings)
        assert all(f'href="{url}"' in html for url in mistake.sightings)
        assert ("Seen in " in html) == bool(mistake.sightings)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/someone/something/issues/7", "something #7"),
        ("https://github.com/someone/something/pull/11", "something #11"),
        ("https://github.com/someone/something/blob/main/a.py", "something"),
        ("https://stackoverflow.com/questions/1", "Stack Overflow"),
        ("https://example.org/page", "example.org"),
    ],
)
def test_a_place_is_called_by_its_name(url, name):
    mistake = MISTAKES["db_zero"]._replace(sightings=(url, url))
    link = f'<a href="{url}">{name}</a>'
    assert f"Seen in {link}, {link}." in mistake_html(mistake)


def test_a_square_gradient_of_nonsense_shape_is_not_turned_with_the_others():
    problem = random_problem((4, 4, 3), ("tanh", "sigmoid"), "binary_cross_entropy", m=7)
    right = right_blocks(scene_of(problem))
    shaped = in_our_shapes(problem, {**right, "dW1": np.ones((2, 2)), "dW2": right["dW2"].T})
    np.testing.assert_array_equal(shaped.blocks["dW2"], right["dW2"])
    assert shaped.conventions == (
        "Every dW is transposed, (n_prev, n): the convention with examples in rows.",
    )
    assert any("dW1" in sentence for sentence in shaped.misshaped)


# What a problem hides.
def test_no_blind_spot_is_said_in_a_sentence():
    spots = blind_spots(informative_problem())._replace(
        hidden=(), hidden_in_places=(), look_like_a_factor=(), reasons=()
    )
    assert repr(spots) == "No blind spot: every mistake that can be made here shows."
    assert "No blind spot" in spots._repr_html_()
    assert "<table" not in spots._repr_html_()


def test_every_reason_for_a_blind_spot_is_named():
    problem = random_problem((3, 5, 7, 5, 2), ("relu",) * 4, "half_squared_error", m=7)
    no_bias = {f"b{l}": np.zeros_like(problem.layers[l - 1].b) for l in (1, 2, 3, 4)}
    spots = blind_spots(with_parameters(problem, no_bias))
    assert spots.reasons[:3] == (
        "m = n_2 = 7: a sum over the wrong axis has the right shape.",
        "All biases are zero: mistakes that read b are hidden.",
        "All hidden layers have one activation: mixing them up is hidden.",
    )
    assert "<table" in spots._repr_html_()


def test_a_mask_that_is_all_on_one_side_is_a_reason():
    problem = random_problem((3, 5, 2), ("relu", "identity"), "half_squared_error", m=7)
    above = with_parameters(problem, {"b1": np.full((5, 1), 100.0)})
    assert (
        "All of Z[1] is on one side of the kink: its mask is hidden." in blind_spots(above).reasons
    )
    assert not any("kink" in reason for reason in blind_spots(problem).reasons)


@pytest.mark.parametrize("m", [2, 3, 5, 11])
def test_no_way_to_weigh_the_examples_is_listed_twice_or_right(m):
    ways = [tuple(np.broadcast_to(way.value, (1, m)).ravel()) for way in example_weights(m)]
    assert len(set(ways)) == len(ways)
    assert (1.0,) * m not in ways
    units = {tuple(row) for row in np.eye(m)}
    assert units <= set(ways)


@pytest.mark.parametrize("m", [0, 1, 65])
def test_one_example_and_very_many_are_not_weighed(m):
    assert example_weights(m) == ()


def test_a_transpose_in_a_heading_is_a_raised_letter():
    table = html_table(["⟨Jᵀ g, v⟩", "a < b"], [["1", "2"]], ["right"])
    assert re.search(r"⟨J<sup[^>]*>T</sup> g, v⟩</th>", table)
    assert "a &lt; b</th>" in table
