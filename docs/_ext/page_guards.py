"""What must not slip into a built page: an error that no cell announced, a picture without words.

MyST-NB fails the build when a cell raises. It does not when an object fails to display itself,
and it gives a picture without alternative text the name of its file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger(__name__)

ANNOUNCED = "raises-exception"


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


def setup(app: Sphinx) -> dict[str, Any]:
    """Run the checks in every build."""
    app.connect("env-check-consistency", check_outputs)
    app.connect("doctree-resolved", check_pictures, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
