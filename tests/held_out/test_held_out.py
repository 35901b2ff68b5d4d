"""Whole backward passes in many styles: right as they stand, and with a slip in a line."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fcnref.diagnosis import diagnose
from fcnref.problem import Problem, random_problem
from tests.held_out.edits import SLIPS, Slip

HERE = Path(__file__).parent / "programs"
PROGRAMS = sorted(path.stem for path in HERE.glob("*.py") if path.stem != "__init__")


def load(program: str, edits: tuple[tuple[str, str], ...] = ()) -> SimpleNamespace:
    """Run a program after exchanging some of its text."""
    text = (HERE / f"{program}.py").read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, f"{program} has no {old!r}"
        text = text.replace(old, new)
    names: dict[str, Any] = {}
    exec(compile(text, program, "exec"), names)
    return SimpleNamespace(**names)


def case(
    program: str, edits: tuple[tuple[str, str], ...] = (), seed: int = 0
) -> tuple[Problem, Callable[..., Any]]:
    """The problem of a program and its backward pass."""
    module = load(program, edits)
    sizes, activations, loss = module.NET
    declared = getattr(module, "DECLARED", {})
    problem = random_problem(sizes, activations.split(), loss, m=7, seed=seed, **declared)
    return problem, partial(module.grads, problem=problem)


def test_there_are_twenty_programs_and_sixty_slips():
    assert len(PROGRAMS) >= 20
    assert len(SLIPS) >= 60
    assert {slip.program for slip in SLIPS} == set(PROGRAMS)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_right_program_is_called_right(program: str, seed: int):
    report = diagnose(*case(program, seed=seed))
    assert report.ok, str(report)


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.program}: {slip.what}")
def test_a_slip_is_named(slip: Slip):
    report = diagnose(*case(slip.program, slip.edits))
    assert report.mistakes == tuple(slip.named.split(" + ")), str(report)
    assert report.verdict == "wrong"
