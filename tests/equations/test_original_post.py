"""The displays of the original post: every mathematical error found, no right line blamed."""

from pathlib import Path

import pytest

from fcnref.equations import Verdict, check_page

POST = Path(__file__).parent / "data" / "original-post.md"


@pytest.fixture(scope="module")
def verdicts() -> dict[int, list[Verdict]]:
    found: dict[int, list[Verdict]] = {}
    for verdict in check_page(POST):
        found.setdefault(verdict.line, []).append(verdict)
    return found


@pytest.mark.parametrize(
    ("line", "code", "repair"),
    [
        (20, "one-example", "true with Σ_{i=1}^{m} and i for 1"),
        (33, "layer", "true with a_{1,i}^{[l-1]} for a_{1,i}^{[l]}"),
        (40, "layer", "true with a_{k,i}^{[l-1]} for a_{k,i}^{[l]}"),
        (81, "last-layer", "true with A^{[l-1]} for A^{[L-1]}"),
        (94, "unused", "true with p for k in the summand"),
        (96, "unused", "true with p for k in the summand"),
        (129, "layout", "true with the other Jacobian layout"),
    ],
)
def test_wrong_mathematics_is_found_with_its_reason_and_its_repair(verdicts, line, code, repair):
    (verdict,) = verdicts[line]
    assert verdict.status == "wrong"
    assert code in verdict.codes
    assert verdict.repair == repair


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        (19, {"delta", "zero"}),
        (20, {"delta", "zero"}),
        (26, {"doubled"}),
        (27, {"delta"}),
        (33, {"delta", "zero", "lower"}),
        (40, {"delta", "lower"}),
        (50, {"doubled"}),
        (84, {"delta", "lower"}),
        (87, {"delta", "axis"}),
        (94, {"delta", "zero", "lower", "unused"}),
        (102, {"lost", "repeated"}),
        (129, {"bare"}),
        (151, {"zero"}),
        (194, {"spurious"}),
    ],
)
def test_faults_of_notation_are_named(verdicts, line, codes):
    assert codes <= {fault.code for verdict in verdicts[line] for fault in verdict.faults}


@pytest.mark.parametrize(
    ("line", "code"), [(33, "capital"), (94, "bounds"), (151, "bounds"), (156, "bounds")]
)
def test_matters_of_style_are_notes(verdicts, line, code):
    assert code in {fault.code for fault in verdicts[line][0].reproaches if fault.note}


@pytest.mark.parametrize("line", [50, 84, 87, 102, 132, 139, 151, 156, 164, 194])
def test_right_lines_are_not_blamed(verdicts, line):
    for verdict in verdicts[line]:
        assert verdict.status == "true"
        assert verdict.places > 0
        assert verdict.survivors == ()


@pytest.mark.parametrize("line", [132, 139, 156, 164])
def test_lines_without_any_fault_pass(verdicts, line):
    assert not any(verdict.fails for verdict in verdicts[line])


def test_scratch_is_reported_not_judged(verdicts):
    assert [v.codes for v in verdicts[23]] == [("summand",)]
    assert [v.codes for v in verdicts[25]] == [("partial",)]
