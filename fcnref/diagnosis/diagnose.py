"""From given gradients to a report: shapes, verdicts, and the search for an explanation."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from fcnref._arrays import Array
from fcnref._reports import QuantityRow
from fcnref.diagnosis.forward import explained_by_another_forward_pass
from fcnref.diagnosis.report import Report, findings_of
from fcnref.diagnosis.scene import scene_of
from fcnref.diagnosis.search import Hypothesis, search
from fcnref.diagnosis.shapes import Shaped, in_our_shapes
from fcnref.gradcheck import check_network
from fcnref.gradients import read_gradients
from fcnref.problem import Problem

__all__ = ["diagnose"]

SAME_COST = 0.3
ONE_MISTAKE = 1.5


def diagnose(problem: Problem, grads: Any) -> Report:
    """Say whether gradients are right, and if not, which mistake makes them wrong.

    The verdict on each block comes from complex steps through the forward pass. The explanation
    comes from a search, layer by layer, through the classic mistakes of every rule of the
    backward pass: an explanation reproduces the given numbers, all of them, or says which it does
    not reproduce.

    Parameters
    ----------
    problem
        What the gradients are gradients of. A small problem is best, a few units per layer and
        about ten examples; `fcnref.problem.informative_problem` draws one.
    grads
        Gradients in any form that `fcnref.gradients.read_gradients` reads, or a function of
        (params, X, Y) that returns them.

    Returns
    -------
    Report
        Print it, or leave it as the last line of a notebook cell.

    Raises
    ------
    ValueError
        If a gradient is missing or not finite, or the function fails.
    TypeError
        If the gradients cannot be read.

    Examples
    --------
    >>> from fcnref import loss_and_grads
    >>> from fcnref.diagnosis import diagnose
    >>> from fcnref.gradients import read_gradients
    >>> from fcnref.problem import informative_problem
    >>> problem = informative_problem()
    >>> J, grads = loss_and_grads(problem.X, problem.Y, problem.layers, problem.loss)
    >>> diagnose(problem, grads).verdict
    'correct'
    >>> right = read_gradients(problem, grads)
    >>> summed = {name: 11 * array for name, array in right.items()}
    >>> diagnose(problem, summed).mistakes
    ('missing_1_over_m',)
    """
    given = read_gradients(problem, grads)
    shaped = in_our_shapes(problem, given)
    report = check_network(problem, shaped.blocks)
    rows = report.rows
    notes = [*shaped.conventions, *shaped.misshaped, *_precision(rows)]
    if report.kinks:
        notes.append(
            f"{report.kinks} entries sit exactly on a kink; move the data a little to be sure."
        )
    if report.ok and not shaped.misshaped:
        return Report("correct", rows, (), (), (), 0.0, tuple(notes))
    notes += _square_and_turned(problem, shaped, rows)
    hypotheses = _explanations(problem, shaped.blocks)
    best = hypotheses[0]
    wrong = {row.name for row in rows if row.verdict in {"wrong", "shape"}}
    unexplained = tuple(name for name in best.unexplained if name in wrong)
    alternatives = _as_good(problem, best, hypotheses) if not unexplained else ()
    verdict: Literal["wrong", "partly explained", "unexplained"] = "wrong"
    if unexplained:
        verdict = "partly explained" if best.items else "unexplained"
    findings = findings_of(problem, best.items)
    return Report(verdict, rows, findings, alternatives, unexplained, best.error, tuple(notes))


def _explanations(problem: Problem, blocks: Mapping[str, Array]) -> list[Hypothesis]:
    single = any(block.dtype.itemsize < 8 for block in blocks.values())
    in_double: dict[str, Array] = {name: block.astype(np.float64) for name, block in blocks.items()}
    scene, tolerance = scene_of(problem), 1e-4 if single else 1e-8
    found = search(scene, in_double, tolerance, thorough=False)
    if found[0].cost < ONE_MISTAKE:
        return found
    if another := explained_by_another_forward_pass(problem, in_double, tolerance):
        item, error = another
        return [found[0]._replace(items=(item,), unexplained=(), error=error, cost=item.cost)]
    found = search(scene, in_double, tolerance)
    if not single and found[0].unexplained:
        # Numbers that were float32 once, or hold an epsilon, match less closely.
        coarser = search(scene, in_double, 1e-5)
        if coarser[0].cost < found[0].cost:
            return coarser
    return found


def _as_good(problem: Problem, best: Hypothesis, all_of_them: list[Hypothesis]) -> tuple[Any, ...]:
    seen = {frozenset(item.slug for item in best.items)}
    others = []
    for hypothesis in all_of_them[1:]:
        slugs = frozenset(item.slug for item in hypothesis.items)
        near = hypothesis.cost <= best.cost + SAME_COST and len(slugs) <= len(min(seen, key=len))
        if near and slugs not in seen and not hypothesis.unexplained:
            seen.add(slugs)
            others.append(findings_of(problem, hypothesis.items))
    return tuple(others[:4])


def _precision(rows: tuple[QuantityRow, ...]) -> list[str]:
    right = [row.error for row in rows if row.verdict == "right"]
    if right and max(right) > 1e-9:
        note = (
            f"The right blocks agree to {max(right):.0e} only, as float32 does, or an epsilon in a "
            "logarithm or a denominator."
        )
        return [note]
    return []


def _square_and_turned(
    problem: Problem, shaped: Shaped, rows: tuple[QuantityRow, ...]
) -> list[str]:
    """A transposed gradient of a square layer has the right shape, so it is looked for by value."""
    if shaped.conventions or any(layer.W.shape[0] != layer.W.shape[1] for layer in problem.layers):
        return []
    turned = {name: b.T if name[1] == "W" else b for name, b in shaped.blocks.items()}
    if check_network(problem, turned).ok and any(row.verdict == "wrong" for row in rows):
        return [
            "Transposed, every dW is right. With examples in rows that would be the convention."
        ]
    return []
