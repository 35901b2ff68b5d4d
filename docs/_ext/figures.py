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
    from sphinx.builders import Builder

PROGRAM = Path(__file__).with_suffix(".mjs")
PROLOG = "<?xml"  # with which matplotlib begins, and svgo does not


class Shrinking:
    """What matplotlib wrote, shrunk while the pages are written and kept for later builds."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.parts: dict[Path, Path] = {}

    def begin(self, app: Sphinx, builder: Builder) -> None:
        """Start to shrink the figures of this build; those of a page read again are known."""
        if builder.format != "html":
            return
        figures = (app.outdir.parent / "jupyter_execute").glob("*.svg")  # where MyST-NB puts them
        kept = {_kept(app, figure): figure for figure in figures if _is_from_matplotlib(figure)}
        self.parts = {file.with_suffix(".part"): file for file in kept if not file.exists()}
        for part, file in self.parts.items():  # a build may be stopped at any line
            part.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(kept[file], part)
        if self.parts:
            command = [node_program(), PROGRAM, *self.parts]
            self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def end(self, app: Sphinx, error: Exception | None) -> None:
        """Put the small figures into the place of those that were copied to the site."""
        if self.process:
            complaints = self.process.communicate()[1]
            if self.process.returncode:
                raise ExtensionError(f"the figures could not be made smaller:\n{complaints}")
            for part, file in self.parts.items():
                part.replace(file)
        if error or app.builder.format != "html":
            return
        for figure in (app.outdir / app.builder.imagedir).glob("*.svg"):
            if _is_from_matplotlib(figure):
                shutil.copyfile(_kept(app, figure), figure)


def _is_from_matplotlib(figure: Path) -> bool:
    return figure.read_text("utf-8").startswith(PROLOG)


def _kept(app: Sphinx, figure: Path) -> Path:
    """Name the file of what a figure, the program and its packages make."""
    makers = [PROGRAM, Path(app.confdir, "package-lock.json"), figure]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in makers))
    return Path(app.doctreedir, "figures", digest.hexdigest())


def reserve_room(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Tell a page how large its figures are, so that nothing moves when they arrive."""
    for image in doctree.findall(nodes.image):
        size = get_image_size(app.srcdir / image["uri"])
        if size and "width" not in image and app.builder.format == "html":
            image["width"], image["height"] = map(str, size)


def setup(app: Sphinx) -> dict[str, Any]:
    """Keep room while a page is written, and shrink figures when all are."""
    app.connect("doctree-resolved", reserve_room)
    shrinking = Shrinking()
    app.connect("write-started", shrinking.begin)
    app.connect("build-finished", shrinking.end)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
