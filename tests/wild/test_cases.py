import numpy as np
import pytest

from fcnref.diagnosis import diagnose
from fcnref.gradcheck import check_network
from tests.wild.backward import gradients
from tests.wild.cases import CASES, Case
from tests.wild.further import FURTHER, MISSED_AT_FIRST

SEEDS = (0, 1, 2)
EVERY = [*CASES, *FURTHER]
WILD = pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)


def test_there_are_forty_one_and_forty_five_cases_with_sources():
    assert len(CASES) == 41
    assert len(FURTHER) == 45
    assert len({case.name for case in EVERY}) == 41 + 45
    assert {case.name for case in FURTHER} >= MISSED_AT_FIRST
    assert all(url.startswith("https://") for case in EVERY for url in case.urls)


def test_no_further_case_is_from_the_thread_of_another():
    known = {url for case in CASES for url in case.urls}
    shared = {url for case in FURTHER for url in case.urls if url in known}
    # One thread with two slips: an activation in place, and db along the wrong axis.
    assert shared == {"https://github.com/deeplearning4j/deeplearning4j/pull/364"}


@WILD
@pytest.mark.parametrize("seed", SEEDS)
def test_the_loop_is_right_until_a_rule_is_exchanged(case: Case, seed: int):
    problem = case.problem(seed)
    report = check_network(problem, gradients(problem))
    assert report.ok, str(report)
    assert max(row.error for row in report.rows) < 1e-12


@WILD
@pytest.mark.parametrize("seed", SEEDS)
def test_the_case_is_wrong_and_named_first(case: Case, seed: int):
    problem = case.problem(seed)
    grads = case.grads(problem)
    assert all(np.all(np.isfinite(value)) for value in grads.values())
    report = diagnose(problem, grads)
    assert not check_network(problem, grads).ok
    assert set(report.mistakes) == case.mistakes, str(report)
    assert report.verdict == "wrong"
    assert report.match < 1e-8
    assert not report.unexplained
