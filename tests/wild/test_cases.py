import numpy as np
import pytest

from fcnref.diagnosis import diagnose
from fcnref.gradcheck import check_network
from tests.wild.backward import gradients
from tests.wild.cases import CASES, Case
from tests.wild.further import FURTHER, MISSED_AT_FIRST
from tests.wild.second import MISSED_AT_SECOND, SECOND
from tests.wild.third import MISSED_AT_THIRD, THIRD

SEEDS = (0, 1, 2)
EVERY = [*CASES, *FURTHER, *SECOND, *THIRD]
WILD = pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)


def test_every_case_has_a_name_and_sources():
    assert len(CASES) == 41
    assert len(FURTHER) == 45
    assert len(SECOND) == 20
    assert len(THIRD) == 11
    assert len({case.name for case in EVERY}) == 41 + 45 + 20 + 11
    assert {case.name for case in THIRD} >= MISSED_AT_THIRD
    assert {case.name for case in SECOND} >= MISSED_AT_SECOND
    assert {case.name for case in FURTHER} >= MISSED_AT_FIRST
    assert all(url.startswith("https://") for case in EVERY for url in case.urls)


def test_hardly_a_case_shares_its_thread_with_another():
    urls = [url for case in EVERY for url in case.urls]
    # Threads with two slips each.
    assert {url for url in urls if urls.count(url) > 1} == {
        "https://github.com/deeplearning4j/deeplearning4j/pull/364",
        "https://github.com/casper-hansen/Neural-Network-From-Scratch/pull/1",
        "https://community.deeplearning.ai/t/w3-ex-6-assertionerror-wrong-values-for-dw1/402919",
    }


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
