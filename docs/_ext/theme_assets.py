"""Leave out what the theme brings and the site does not use.

That is 1.5 MB of icons as a script, whose icons come from a font as well; of this font all icons
but a dozen; of the style sheets most of the rules; and the index of the search on pages where
nothing is searched.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import typefaces
from katex_math import DOCS, node_program
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx

TABS = "design-tabs.js"
ICON_SCRIPT = re.compile(r"<script[^>]*/fontawesome\.js[^>]*></script>")
CLASS = re.compile(r'\b(?:class|id)="([^"]*)"')
TAG = re.compile(r"<(\w+)")
WORD = re.compile(r"[\w-]+")
ICON = re.compile(r'"\\(f[0-9a-f]{2,3})"')
ICON_FONT = re.compile(r"url\(\.\./vendor/fontawesome/webfonts/fa-solid-900\.woff2\)")
THEME = "styles/pydata-sphinx-theme.css"
BOOK, MYST = "styles/sphinx-book-theme.css", "mystnb.*.css"  # the latter has its hash in its name
LARGE = (THEME, BOOK, MYST, "sphinx-design.min.css", "basic.css")


def without_icon_script(html: str) -> Markup:
    """Take the link to the script out of the head of a page."""
    return Markup(ICON_SCRIPT.sub("", html))


def _offer(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object) -> None:
    context["without_icon_script"] = without_icon_script
    if "sd-tab-set" not in context.get("body", ""):
        scripts = context["script_files"]
        context["script_files"] = [script for script in scripts if TABS not in str(script)]


def used_names(site: Path) -> set[str]:
    """Everything on the pages and in their scripts that a selector could name."""
    names: set[str] = set()
    for page in site.rglob("*.html"):
        html = page.read_text("utf-8")
        names.update(TAG.findall(html), *map(str.split, set(CLASS.findall(html))))
    for script in site.glob("_static/**/*.js"):
        names.update(WORD.findall(script.read_text("utf-8")))
    return names


def purged(sheets: dict[str, str], names: set[str]) -> dict[str, str]:
    """Return the style sheets without the rules that none of the names can meet."""
    task = json.dumps({"tokens": sorted(names), "sheets": sheets})
    script = Path(__file__).with_name("purge.mjs")

    def purge() -> bytes:
        command = [node_program(), script, DOCS]
        return subprocess.run(command, input=task.encode(), capture_output=True, check=True).stdout

    return dict(json.loads(kept(purge, script.read_bytes(), task.encode())))


def kept(make: Callable[[], bytes], *made_of: bytes) -> bytes:
    """Return what was made of the same in an earlier build, or make it."""
    file = DOCS / "_build" / "purged" / hashlib.sha256(b"".join(made_of)).hexdigest()[:16]
    if not file.exists():
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_bytes(make())
    return file.read_bytes()


def slim(static: Path) -> None:
    """Reduce the large style sheets to what the pages use, and the icons to those they name."""
    styles = {
        file.relative_to(static).as_posix(): file.read_text("utf-8")
        for file in sorted(static.rglob("*.css"))
    }
    large = {name: css for name, css in styles.items() if any(map(PurePath(name).match, LARGE))}
    small = purged(large, used_names(static.parent))
    icons = {chr(int(code, 16)) for css in (styles | small).values() for code in ICON.findall(css)}
    font = static / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.woff2"
    made_of = Path(typefaces.__file__).read_bytes(), font.read_bytes(), str(sorted(icons)).encode()
    icon_font = f"url({typefaces.inline(kept(lambda: typefaces.reduced(font, icons), *made_of))})"
    for name, css in small.items():
        (static / name).write_text(ICON_FONT.sub(icon_font, css), "utf-8")


def _make_room(app: Sphinx) -> None:
    # The theme copies its mark even if a build is broken off, and where there is no folder yet, the
    # mark would take the folder's name. MyST-NB does not replace a style sheet that was reduced.
    if app.builder.format == "html":
        static = app.outdir / "_static"
        static.mkdir(parents=True, exist_ok=True)
        for sheet in static.glob(MYST):
            sheet.unlink()


def _tidy(app: Sphinx, error: Exception | None) -> None:
    static = app.outdir / "_static"
    for file in [*static.glob("scripts/fontawesome.js*"), *static.rglob("*.map")]:
        file.unlink(missing_ok=True)
    if error is None and app.builder.format == "html" and (static / THEME).exists():
        slim(static)


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the filter to ``layout.html`` and tidy up after the build."""
    app.connect("builder-inited", _make_room, priority=100)
    app.connect("html-page-context", _offer)
    app.connect("build-finished", _tidy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
