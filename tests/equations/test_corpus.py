"""Right and wrong statements in the notations of many authors.

The pages under data/right hold right statements; those under data/wrong hold statements that are
wrong in one way each, with the code of the reason for a label.
"""

from functools import cache
from pathlib import Path

import pytest

from fcnref.equations import Verdict
from fcnref.equations import check_page as check_anew

DATA = Path(__file__).parent / "data"
RIGHT = sorted(p for p in (DATA / "right").iterdir() if p.suffix in {".md", ".tex", ".ipynb"})
WRONG = sorted((DATA / "wrong").glob("*.md"))


@cache
def check_page(page: Path) -> list[Verdict]:
    return check_anew(page)


@pytest.mark.parametrize("page", RIGHT, ids=lambda page: page.name)
def test_right_statements_hold(page):
    blamed = [str(verdict) for verdict in check_page(page) if verdict.fails]
    unread = [str(verdict) for verdict in check_page(page) if verdict.status == "not read"]
    assert blamed + unread == []


@pytest.mark.parametrize("page", WRONG, ids=lambda page: page.stem)
def test_wrong_statements_are_found_for_the_stated_reason(page):
    labelled = [verdict for verdict in check_page(page) if verdict.label]
    missed = [str(v) for v in labelled if v.status != "wrong" or v.label not in v.codes]
    assert missed == []


def test_the_corpus_is_large_enough():
    right = [verdict for page in RIGHT for verdict in check_page(page)]
    wrong = [verdict for page in WRONG for verdict in check_page(page) if verdict.label]
    assert len(right) >= 260
    assert len(wrong) >= 150


def test_nine_repairs_of_ten_are_named():
    wrong = [verdict for page in WRONG for verdict in check_page(page) if verdict.label]
    assert sum(bool(verdict.repair) for verdict in wrong) >= 0.9 * len(wrong)


def test_single_edit_variants_are_rejected():
    verdicts = [v for page in RIGHT for v in check_page(page) if v.status == "true"]
    tried = sum(verdict.variants for verdict in verdicts)
    assert tried > 2000
    assert [(v.tex, v.survivors) for v in verdicts if v.survivors] == []
    assert sum(verdict.rejected for verdict in verdicts) == tried


def test_the_error_of_right_statements_is_far_below_the_tolerance():
    assert max(v.error for page in RIGHT for v in check_page(page)) < 1e-11
