import re
from pathlib import Path

import pytest

from fcnref.diagnosis import cards, single_mistakes
from fcnref.diagnosis.blind import effects
from fcnref.diagnosis.gallery import named
from fcnref.gradcheck import check_network
from fcnref.mistakes import MISTAKES
from fcnref.problem import THOROUGH, thorough_problem

PAGES = Path(__file__).parent.parent / "docs" / "checking" / "gallery"

ONE_LOSS_EXCLUDES = {
    "cross_entropy": """
        averaged_although_sum m_in_sum missing_1_over_n_out integer_division_factor
        bce_term_missing bce_term_sign bce_denominator_wrong mse_factor2_extra mse_factor2_missing
        missing_output_derivative reg_bias_missing target_transposed target_for_A_prev
        target_in_hidden_layer derivative_at_target
    """,
    "binary_cross_entropy": """
        missing_1_over_m one_over_m_twice wrong_denominator missing_1_over_n_out
        integer_division_factor cce_term_dropped mse_factor2_extra mse_factor2_missing
        reg_bias_missing softmax_elementwise softmax_jacobian_skipped softmax_sign
        softmax_jacobian_term_dropped softmax_wrong_axis softmax_applied_twice
        softmax_not_normalized target_transposed target_for_A_prev target_in_hidden_layer
    """,
    "half_squared_error": """
        averaged_although_sum m_in_sum missing_1_over_n_out integer_division_factor
        bce_term_missing bce_term_sign bce_denominator_wrong cce_term_dropped mse_factor2_missing
        ce_extra_derivative reg_on_bias reg_l1_sign_missing epsilon_too_large log_for_output
        loss_of_another_kind softmax_elementwise softmax_jacobian_skipped softmax_sign
        softmax_jacobian_term_dropped softmax_wrong_axis softmax_applied_twice
        softmax_not_normalized
    """,
    "squared_error": """
        averaged_although_sum m_in_sum n_out_factor bce_term_missing bce_term_sign
        bce_denominator_wrong cce_term_dropped mse_factor2_extra ce_extra_derivative
        missing_output_derivative reg_bias_missing epsilon_too_large log_for_output
        loss_of_another_kind logits_for_output softmax_elementwise softmax_jacobian_skipped
        softmax_sign softmax_jacobian_term_dropped softmax_wrong_axis softmax_applied_twice
        softmax_not_normalized target_transposed target_for_A_prev target_in_hidden_layer
        derivative_at_target
    """,
}
"""What another loss, reduction, penalty or number of outputs is needed for."""


@pytest.fixture(scope="module")
def shown():
    """The mistakes that show on the thorough problem of each loss, and those that do not."""
    found = {loss: effects(thorough_problem(loss)) for loss in THOROUGH}
    for loss, (seen, concealed, _) in found.items():
        assert set(concealed) - set(seen) == HIDDEN.get(loss, set())
    return {loss: set(one.shown) for loss, one in found.items()}


HIDDEN = {"squared_error": {"logits_for_output"}}
"""Before a linear output the logits are the output."""


@pytest.mark.parametrize("loss", THOROUGH)
def test_a_thorough_problem_shows_all_that_its_loss_allows(loss, shown):
    assert set(MISTAKES) - shown[loss] == set(ONE_LOSS_EXCLUDES[loss].split())


def test_one_problem_for_each_loss_shows_everything(shown):
    assert set().union(*shown.values()) == set(MISTAKES)
    for left_out in shown:
        others = (slugs for loss, slugs in shown.items() if loss != left_out)
        assert set().union(*others) != set(MISTAKES)


def test_a_thorough_problem_of_another_loss_is_refused():
    with pytest.raises(ValueError, match="the loss must be one of cross_entropy"):
        thorough_problem("hinge")


@pytest.mark.parametrize("slug", MISTAKES)
def test_every_mistake_is_named_on_the_informative_or_a_thorough_problem(slug):
    problem, made, report = named(slug)
    assert not check_network(problem, made.blocks).ok
    assert report.verdict == "wrong"
    assert set(report.mistakes) == set(made.slug.split("+"))


@pytest.fixture(scope="module")
def everything():
    """For one problem of each kind of output, where each mistake is made."""
    problems = [thorough_problem("cross_entropy"), thorough_problem("squared_error")]
    return [(problem, [made[:3] for made in single_mistakes(problem)]) for problem in problems]


@pytest.mark.parametrize("slot", sorted({mistake.slot for mistake in MISTAKES.values()}))
def test_mistakes_that_are_asked_for_are_made_as_among_all_of_them(slot, everything):
    slugs = {slug for slug, mistake in MISTAKES.items() if mistake.slot == slot}
    for problem, (right, *others) in everything:
        wanted = [one for one in others if slugs & set(one[0].split("+"))]
        assert [made[:3] for made in single_mistakes(problem, slugs)] == [right, *wanted]


def test_cards_of_a_slot_and_of_a_slug():
    [card] = cards("updated_weights")
    assert cards("update") == (card,)
    assert "rate" in str(card)
    html = cards("relu_on_gradient")._repr_html_()
    assert html.count("<details") == 1
    assert "dA &gt; 0" in html
    assert "<script" not in html
    with pytest.raises(ValueError, match="'relu' is no mistake"):
        cards("relu")


def test_what_a_card_says_of_hiding_is_executed():
    [card] = cards("missing_1_over_n_out")
    assert card.hidden == ("with one output",)
    [card] = cards("reg_on_bias")
    assert "with biases of zero" in card.hidden


def test_the_pages_have_every_card_once():
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES.glob("*.md"))
    found = re.findall(r"\"([A-Za-z0-9_]+)\"", pages)
    assert sorted(found) == sorted(MISTAKES)
