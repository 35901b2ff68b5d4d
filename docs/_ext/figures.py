"""Figures as they leave matplotlib are twice as large as they need be: shrink what was built."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from katex_math import node_program
from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PROLOG = "<?xml"  # with which matplotlib begins, and svgo does not


def shrink_figures(app: Sphinx, error: Exception | None) -> None:
    """Shrink the figures that this build has copied."""
    if error or app.builder.format != "html":
        return
    folder = app.outdir / app.builder.imagedir
    figures = [file for file in sorted(folder.glob("*.svg")) if file.read_text().startswith(PROLOG)]
    command = [node_program(), Path(__file__).with_suffix(".mjs"), *figures]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ExtensionError(f"the figures could not be made smaller:\n{done.stderr}")


def setup(app: Sphinx) -> dict[str, Any]:
    """Shrink figures when all pages are written."""
    app.connect("build-finished", shrink_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
