"""Figures: shrink what matplotlib wrote to half its size, and keep room for them on the page."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from katex_math import node_program
from sphinx.errors import ExtensionError
from sphinx.util.images import get_image_size

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PROGRAM = Path(__file__).with_suffix(".mjs")
PROLOG = "<?xml"  # with which matplotlib begins, and svgo does not


def shrink_figures(app: Sphinx, error: Exception | None) -> None:
    """Shrink the figures that this build has copied; those of a page read again are known."""
    if error or app.builder.format != "html":
        return
    folder = app.outdir / app.builder.imagedir
    figures = [file for file in sorted(folder.glob("*.svg")) if file.read_text().startswith(PROLOG)]
    made = Path(app.doctreedir, "figures")
    kept = {figure: made / _digest(app, figure) for figure in figures}
    new = {figure: file for figure, file in kept.items() if not file.exists()}
    if new:
        _shrink(new)
    for figure, file in kept.items():
        shutil.copyfile(file, figure)


def _digest(app: Sphinx, figure: Path) -> str:
    """Name what a figure, the program and its packages make."""
    makers = [PROGRAM, Path(app.confdir, "package-lock.json"), figure]
    return hashlib.sha256(b"".join(file.read_bytes() for file in makers)).hexdigest()


def _shrink(new: dict[Path, Path]) -> None:
    """Shrink figures in place, and keep what came out."""
    done = subprocess.run([node_program(), PROGRAM, *new], capture_output=True, text=True)
    if done.returncode:
        raise ExtensionError(f"the figures could not be made smaller:\n{done.stderr}")
    for figure, file in new.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")  # a build may be stopped at any line
        shutil.copyfile(figure, part)
        part.replace(file)


def reserve_room(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Tell a page how large its figures are, so that nothing moves when they arrive."""
    for image in doctree.findall(nodes.image):
        size = get_image_size(app.srcdir / image["uri"])
        if size and "width" not in image and app.builder.format == "html":
            image["width"], image["height"] = map(str, size)


def setup(app: Sphinx) -> dict[str, Any]:
    """Keep room while a page is written, and shrink figures when all are."""
    app.connect("doctree-resolved", reserve_room)
    app.connect("build-finished", shrink_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
