"""Make a test of every code cell of the pages: ``pytest docs`` runs them, each with its line."""

import os
import sys
from collections.abc import Iterable

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.myst.lexers import DirectiveLexer

os.environ["MPLBACKEND"] = "agg"
collect_ignore_glob = ["*.py", "_build", "node_modules"]

run = PythonEvaluator()


def evaluate(cell: Example) -> None:
    """Run a cell; one that announces an exception has to raise it."""
    if "raises-exception" in tags(cell.region):
        with pytest.raises(Exception):  # noqa: B017, PT011 - the page shows which one
            run(cell)
    else:
        run(cell)


def tags(region: Region) -> str:
    return str(region.lexemes["options"].get("tags", ""))


def cells(document: Document) -> Iterable[Region]:
    """Find the code cells of a page."""
    for region in DirectiveLexer("code-cell")(document):
        if "skip-execution" not in tags(region):
            region.parsed = region.lexemes["source"]
            region.evaluator = evaluate
            yield region


def close_figures(namespace: dict[str, object]) -> None:
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


pytest_collect_file = Sybil(
    parsers=[cells],
    patterns=["*.md"],
    excludes=["_build/*", "node_modules/*"],
    teardown=close_figures,
).pytest()
