"""Assertions about gradients, for the tests of other people's code."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fcnref._display import text_table
from fcnref._reports import QuantityRow
from fcnref.diagnosis import diagnose
from fcnref.gradcheck import check_network
from fcnref.gradients import read_gradients
from fcnref.problem import Problem

if TYPE_CHECKING:
    from fcnref.equations import Notation

__all__ = ["assert_gradients_close", "assert_page"]


def assert_page(page: str | Path, notation: "Notation | str | None" = None) -> None:
    r"""Raise AssertionError with a report unless every equation of a page passes.

    A statement passes if it is true, a definition or wrong on purpose; one that is not read passes
    only where it carries no label. Needs lark, which is loaded here and not before.

    Parameters
    ----------
    page
        The path of a page, or the text of one.
    notation
        A notation, or the name of a bundled one; what the page declares is added to it.

    Raises
    ------
    AssertionError
        If an equation fails, or if no equation of the page is read.

    Examples
    --------
    >>> from fcnref.testing import assert_page
    >>> assert_page(r"$$ dW^{[l]} = dZ^{[l]} A^{[l-1]\top} $$")
    """
    from fcnref.equations import assert_page as check

    check(page, notation)


def assert_gradients_close(got: Any, wanted: Any, rtol: float = 1e-7) -> None:
    """Raise AssertionError unless gradients are right, with a message that says what is wrong.

    Parameters
    ----------
    got
        The gradients under test, in any form that `fcnref.gradients.read_gradients` reads where
        ``wanted`` is a problem; else a mapping.
    wanted
        A `Problem`: every entry is compared with complex steps, and the message names the mistake.
        Or a mapping with the same keys: the arrays are compared.
    rtol
        Largest relative error of one array, ‖got − wanted‖ / max(‖got‖, ‖wanted‖).

    Raises
    ------
    AssertionError
        If a gradient is wrong, missing, or of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.testing import assert_gradients_close
    >>> assert_gradients_close({"dW": np.ones((2, 3))}, {"dW": np.ones((2, 3))})
    >>> assert_gradients_close({"dW": np.ones((2, 3))}, {"dW": np.ones((3, 2))})
    Traceback (most recent call last):
    ...
    AssertionError: dW is wrong.
    quantity  verdict  relative error  worst entry  got     wanted
    dW        shape                    shape        (2, 3)  (3, 2)
    """
    __tracebackhide__ = True
    if isinstance(wanted, Problem):
        _against_problem(got, wanted, rtol)
        return
    missing = sorted(set(wanted) ^ set(got))
    if missing:
        raise AssertionError(
            f"gradients: the names differ in {', '.join(map(str, missing))}; got "
            f"{', '.join(map(str, got))}, wanted {', '.join(map(str, wanted))}."
        )
    rows = [_row(str(key), got[key], wanted[key], rtol) for key in wanted]
    _raise_unless_right(rows)


def _against_problem(got: Any, problem: Problem, rtol: float) -> None:
    __tracebackhide__ = True
    grads = read_gradients(problem, got)
    report = check_network(problem, grads)
    strict = [
        row._replace(verdict="wrong") if row.verdict == "right" and row.error > rtol else row
        for row in report.rows
    ]
    if report.ok:
        _raise_unless_right(strict)
    else:
        raise AssertionError(str(diagnose(problem, grads)))


def _row(name: str, got: Any, wanted: Any, rtol: float) -> QuantityRow:
    a, b = np.asarray(got, dtype=float), np.asarray(wanted, dtype=float)
    if a.shape != b.shape:
        return QuantityRow.misshaped(name, a.shape, b.shape)
    return QuantityRow.compare(name, a, b, rtol)


def _raise_unless_right(rows: list[QuantityRow]) -> None:
    __tracebackhide__ = True
    bad = [row for row in rows if row.verdict in {"wrong", "shape"}]
    if not bad:
        return
    head = ["quantity", "verdict", "relative error", "worst entry", "got", "wanted"]
    body = [
        [
            row.name,
            row.verdict,
            "" if row.verdict == "shape" else f"{row.error:.1e}",
            "shape" if row.verdict == "shape" else str(list(row.at)),
            row.got,
            row.wanted,
        ]
        for row in rows
    ]
    verb = "is" if len(bad) == 1 else "are"
    names = ", ".join(row.name for row in bad)
    raise AssertionError(f"{names} {verb} wrong.\n{text_table(head, body)}")
