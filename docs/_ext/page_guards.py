"""What must not slip into a built page: an unannounced error, a picture without words, a path.

MyST-NB fails the build when a cell raises. It does not when an object fails to display itself,
it gives a picture without alternative text the name of its file, and where a cell announces an
error it prints the whole traceback, with the folders of the machine that built the page.
"""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging

import fcnref

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger(__name__)

ANNOUNCED = "raises-exception"
COMMON = {"exercise-content", "solution-content"}
ERROR_LINE = re.compile(r"(?:\x1b\[[\d;]*m)*[A-Z][\w.]*(?:\x1b\[[\d;]*m)*: ")


def executed_notebook(app: Sphinx, docname: str) -> Path:
    """Where MyST-NB keeps the executed cells of a page."""
    return app.outdir.parent / "jupyter_execute" / f"{docname}.ipynb"


def check_outputs(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of every error among the outputs of a cell that does not announce one."""
    for docname in sorted(env.found_docs):
        notebook = executed_notebook(app, docname)
        if not notebook.exists():
            continue
        for number, cell in enumerate(json.loads(notebook.read_text("utf-8"))["cells"], start=1):
            if ANNOUNCED in cell["metadata"].get("tags", []):
                continue
            for output in cell.get("outputs", []):
                if output["output_type"] == "error":
                    message = "cell %s shows %s: %s"
                    value = (number, output["ename"], output["evalue"])
                    logger.warning(message, *value, location=docname, type="page")


def check_pictures(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Warn of every picture that has no alternative text."""
    for image in doctree.findall(nodes.image):
        words = image.get("alt", "")
        if not words or Path(words).name == Path(image["uri"]).name:
            message = "picture without alternative text: %s"
            logger.warning(message, image["uri"], location=(docname, image.line), type="page")


def shorten_tracebacks(app: Sphinx, doctree: nodes.document) -> None:
    """Keep of an announced error what it says, without where on this machine it was raised."""
    for cell in doctree.findall(nodes.container):
        if ANNOUNCED not in (cell.get("cell_metadata") or {}).get("tags", []):
            continue
        for block in cell.findall(nodes.literal_block):
            if "traceback" in block["classes"]:
                said = last_error(block.astext())
                block.replace_self(nodes.literal_block(said, said, **block.attributes))


def drop_common_ids(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Take from every exercise and solution the identifier that all of them carry."""
    for part in doctree.findall(nodes.section):
        part["ids"] = [name for name in part["ids"] if name not in COMMON]


def last_error(traceback: str) -> str:
    """Return the part of a traceback that follows its last frame."""
    lines = traceback.splitlines()
    starts = [n for n, line in enumerate(lines) if ERROR_LINE.match(line)]
    return "\n".join(lines[starts[-1] :]) if starts else lines[-1]


def check_reference(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of every public name of the package that the reference leaves out."""
    described = {name.rpartition(".")[2] for name in env.domains.python_domain.objects}
    for name, value in vars(fcnref).items():
        if not name.startswith("_") and not inspect.ismodule(value) and name not in described:
            logger.warning("fcnref.%s is missing from the reference", name, type="page")


def forget_failed_build(app: Sphinx, error: Exception | None) -> None:
    """Have the next build read every page again if this one had something to warn of.

    Sphinx repeats no warning of a page that has not changed, so that a build which failed would
    pass when it is only started once more.
    """
    if error or app._warncount:
        (app.doctreedir / "environment.pickle").unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Run the checks in every build."""
    app.connect("env-check-consistency", check_outputs)
    app.connect("env-check-consistency", check_reference)
    app.connect("doctree-read", shorten_tracebacks)
    app.connect("doctree-resolved", drop_common_ids)
    app.connect("build-finished", forget_failed_build)
    app.connect("doctree-resolved", check_pictures, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
