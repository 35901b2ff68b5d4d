"""Leave out what the theme brings and the site does not use.

That is 1.5 MB of icons as a script, whose icons come from a font as well; of this font all icons
but a dozen; of the theme's style sheet three rules in four; and the index of the search on pages
where nothing is searched.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from katex_math import DOCS, node_program
from markupsafe import Markup
from typefaces import inline, reduced

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ICON_SCRIPT = re.compile(r"<script[^>]*/fontawesome\.js[^>]*></script>")
CLASS = re.compile(r'\b(?:class|id)="([^"]*)"')
TAG = re.compile(r"<(\w+)")
WORD = re.compile(r"[\w-]+")
ICON = re.compile(r'"\\(f[0-9a-f]{2,3})"')
ICON_FONT = re.compile(r"url\(\.\./vendor/fontawesome/webfonts/fa-solid-900\.woff2\)")
LARGE = ("styles/pydata-sphinx-theme.css", "sphinx-design.min.css")


def without_icon_script(html: str) -> Markup:
    """Take the link to the script out of the head of a page."""
    return Markup(ICON_SCRIPT.sub("", html))


def _offer(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object) -> None:
    context["without_icon_script"] = without_icon_script


def used_names(site: Path) -> set[str]:
    """Everything on the pages and in their scripts that a selector could name."""
    names: set[str] = set()
    for page in site.rglob("*.html"):
        html = page.read_text("utf-8")
        names.update(TAG.findall(html), *map(str.split, set(CLASS.findall(html))))
    for script in site.glob("_static/**/*.js"):
        names.update(WORD.findall(script.read_text("utf-8")))
    return names


def purged(css: str, names: set[str]) -> str:
    """Return the style sheet without the rules that none of the names can meet."""
    task = json.dumps({"tokens": sorted(names), "css": css})
    script = Path(__file__).with_name("purge.mjs")
    digest = hashlib.sha256(script.read_bytes() + task.encode()).hexdigest()[:16]
    kept = DOCS / "_build" / "purged" / f"{digest}.css"
    if not kept.exists():
        done = subprocess.run(
            [node_program(), script, DOCS], input=task, capture_output=True, text=True, check=True,
            encoding="utf-8",
        )  # fmt: skip
        kept.parent.mkdir(exist_ok=True, parents=True)
        kept.write_text(done.stdout, "utf-8")
    return kept.read_text("utf-8")


def slim(static: Path) -> None:
    """Reduce the large style sheets to what the pages use, and the icons to those they name."""
    names = used_names(static.parent)
    styles = {name: purged((static / name).read_text("utf-8"), names) for name in LARGE}
    for file in static.rglob("*.css"):
        styles.setdefault(file.relative_to(static).as_posix(), file.read_text("utf-8"))
    icons = {chr(int(code, 16)) for css in styles.values() for code in ICON.findall(css)}
    font = static / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.woff2"
    icon_font = f"url({inline(reduced(font, icons))})"
    for name in LARGE:
        (static / name).write_text(ICON_FONT.sub(icon_font, styles[name]), "utf-8")


def _make_room(app: Sphinx) -> None:
    # The theme copies its mark even if a build is broken off, and where there is no folder yet, the
    # mark would take the folder's name.
    if app.builder.format == "html":
        (app.outdir / "_static").mkdir(parents=True, exist_ok=True)


def _tidy(app: Sphinx, error: Exception | None) -> None:
    static = app.outdir / "_static"
    for file in [*static.glob("scripts/fontawesome.js*"), *static.rglob("*.map")]:
        file.unlink(missing_ok=True)
    if error is None and app.builder.format == "html" and (static / LARGE[0]).exists():
        slim(static)


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the filter to ``layout.html`` and tidy up after the build."""
    app.connect("builder-inited", _make_room)
    app.connect("html-page-context", _offer)
    app.connect("build-finished", _tidy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
