"""Leave out what the theme brings and the site does not use: 1.5 MB of icons as a script.

The same icons come from a font that the theme loads anyway.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ICON_SCRIPT = re.compile(r"<script[^>]*/fontawesome\.js[^>]*></script>")


def without_icon_script(html: str) -> Markup:
    """Take the link to the script out of the head of a page."""
    return Markup(ICON_SCRIPT.sub("", html))


def _offer(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object) -> None:
    context["without_icon_script"] = without_icon_script


def _tidy(app: Sphinx, error: Exception | None) -> None:
    static = app.outdir / "_static"
    for file in [*static.glob("scripts/fontawesome.js*"), *static.rglob("*.map")]:
        file.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the filter to ``layout.html`` and tidy up after the build."""
    app.connect("html-page-context", _offer)
    app.connect("build-finished", _tidy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
