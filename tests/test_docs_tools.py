"""The tools of the site: pages dealt to processes, letters that a typeface lacks."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx")
sys.path.insert(0, str(Path(__file__).parents[1] / "docs" / "_ext"))
processes = pytest.importorskip("several_processes")
deal, weight = processes.deal, processes.weight


def test_a_page_weighs_what_it_declares_beside_its_text():
    cells = "```{code-cell}\nseconds: 90\n```\n" * 3
    assert weight(f"---\nkernelspec: python3\nseconds: 12\n---\n{cells}") == pytest.approx(12.6)
    assert weight(f"---\nkernelspec: python3\n---\n{cells}") == pytest.approx(1.7)
    assert weight("# A page\n") < weight(cells)


def test_every_page_is_dealt_once():
    weights = {f"page{n}": float(n % 5) for n in range(17)}
    assert sorted(deal(weights, [7, 7, 3])) == sorted(weights)


def test_heavy_pages_go_to_different_hands():
    weights = {"a": 9.0, "b": 8.0, "c": 7.0, "d": 1.0, "e": 1.0, "f": 1.0}
    dealt = deal(weights, [2, 2, 2])
    hands = [set(dealt[n : n + 2]) for n in (0, 2, 4)]
    assert all(len(hand & {"a", "b", "c"}) == 1 for hand in hands)


def test_a_hand_holds_no_more_than_its_size():
    weights = {"a": 9.0, "b": 0.1, "c": 0.1, "d": 0.1}
    assert set(deal(weights, [1, 3])[:1]) == {"a"}


def test_a_sign_that_a_reduced_typeface_lacks_is_found():
    missing_letters = pytest.importorskip("typefaces").missing_letters
    assert missing_letters('<span class="mord mathbb">R</span><span class="mord">≲</span>') == set()
    assert missing_letters('<span class="mrel amsrm">≲</span>') == {"≲"}


def test_a_formula_in_a_docstring_gets_its_signs_and_stays_whole():
    formula = pytest.importorskip("typography").formula
    assert (
        formula("exp(-z) + 1 lies in 0 to n - 1")
        == "exp(−z)\u00a0+\u00a01 lies in 0 to n\u00a0−\u00a01"
    )
    assert formula("two well-known, floating-point words") == "two well-known, floating-point words"
    assert formula("W - α V") == "W\u00a0−\u00a0α\u00a0V"


def test_a_range_of_numbers_stays_on_a_line_and_code_is_left_alone():
    keep = pytest.importorskip("typography").keep_ranges_together
    nodes = pytest.importorskip("docutils.nodes")
    line = nodes.paragraph("", "", nodes.Text("lines 19–20, 27"), nodes.literal("", "1–2"))
    keep(None, nodes.container("", line), "")
    assert line.astext() == "lines 19–20, 271–2"
    [kept] = line.findall(nodes.inline)
    assert (kept.astext(), kept["classes"]) == ("19–20,", ["together"])


def test_a_path_in_a_table_may_go_on_in_the_next_line():
    break_paths = pytest.importorskip("typography").break_paths
    nodes = pytest.importorskip("docutils.nodes")
    cell = nodes.paragraph("", "", nodes.Text("second/long_name, n/m"), nodes.literal("", "aa/bb"))
    outside = nodes.paragraph("", "", nodes.Text("activations/gated"))
    break_paths(None, nodes.container("", nodes.entry("", cell), outside), "")
    assert cell.astext() == "second/\N{ZERO WIDTH SPACE}long_\N{ZERO WIDTH SPACE}name, n/maa/bb"
    assert outside.astext() == "activations/gated"
