"""What a link to a page shows elsewhere: title, description and a card, by the Open Graph protocol.

The card is drawn during the build with the fonts that Matplotlib brings along. It shows the title
and, where the front matter names one under ``card``, an equation of the page.

sphinxext-opengraph writes the same tags. Its descriptions keep the TeX of a formula as it is, and
its cards have no formulas.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import textwrap
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from equation_names import equations
from pylatexenc.latex2text import LatexNodes2Text
from sphinx.util.osutil import relative_uri
from tex import expand

if TYPE_CHECKING:
    from sphinx.application import Sphinx

WIDTH, HEIGHT = 1200, 630
LONGEST = 200
PAPER, INK, MUTED, BLUE = "#fffefb", "#1a1d22", "#5b6068", "#24588c"


def description(doctree: nodes.document, macros: dict[str, str]) -> str:
    """Return the first paragraph of a page without markup, cut after a sentence or a word."""
    section = doctree.next_node(nodes.section) or doctree
    first = next((c for c in section.children if isinstance(c, nodes.paragraph)), None)
    text = " ".join(_words(first, macros).split()) if first else ""
    if len(text) <= LONGEST:
        return text
    sentences = re.match(rf"(.{{40,{LONGEST}}}[.!?])\s", text)
    return sentences[1] if sentences else textwrap.shorten(text, LONGEST, placeholder=" …")


def _words(node: nodes.Node, macros: dict[str, str]) -> str:
    if isinstance(node, nodes.math):
        return spoken(node.astext(), macros)
    if isinstance(node, nodes.Text):
        return node.astext()
    return "".join(_words(child, macros) for child in node.children)


def spoken(tex: str, macros: dict[str, str]) -> str:
    r"""Write a formula on one line without TeX: ``\frac{\partial J}{\partial b}`` is ∂J/∂b."""
    text = _converter().latex_to_text(f"${expand(tex, macros)}$")
    return re.sub(r"∂ (?=\w)", "∂", text)


@cache
def _converter() -> LatexNodes2Text:
    return LatexNodes2Text(math_mode="text")


def draw(title: str, formula: str, target: Path) -> None:
    """Draw a card."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style = {"font.family": "STIXGeneral", "mathtext.fontset": "stix", "text.usetex": False}
    with rc_context(style):
        figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, facecolor=PAPER)
        canvas = FigureCanvasAgg(figure)
        figure.text(0.07, 0.84, "fcnref", color=MUTED, fontsize=27, va="center")
        lines = textwrap.wrap(title, 30)
        figure.text(0.07, 0.73, "\n".join(lines), color=INK, fontsize=46, va="top", wrap=False)
        if formula:
            tex = formula.replace(r"\frac", r"\dfrac")
            drawn = figure.text(0.07, 0.21, f"${tex}$", color=BLUE, fontsize=46, va="center")
            width = drawn.get_window_extent(canvas.get_renderer()).width
            drawn.set_fontsize(min(46, 46 * 0.86 * WIDTH / width))
        else:
            words = "Back-propagation, derived, executed and tested"
            figure.text(0.07, 0.17, words, color=BLUE, fontsize=29, va="center")
        canvas.print_png(target, metadata={"Software": None})


def card(app: Sphinx, docname: str) -> tuple[str, str]:
    """Draw the card of a page unless it is drawn; return its name and the words for it."""
    title, macros = app.env.titles[docname].astext(), app.config.tex_macros
    label = app.env.metadata[docname].get("card", "")
    formula = expand(equations(app.env).named[label].tex, macros) if label else ""
    formula = re.sub(r"\\math(\w+) (\w)", r"\\math\1{\2}", " ".join(formula.split()))
    words = f"{title}: {spoken(formula, macros)}" if formula else title
    recipe = Path(__file__).read_bytes() + f"{title}\n{formula}".encode()
    drawn = Path(app.outdir).parent / "cards" / f"{hashlib.sha256(recipe).hexdigest()[:20]}.png"
    if not drawn.exists():
        drawn.parent.mkdir(parents=True, exist_ok=True)
        unfinished = drawn.with_suffix(f".{os.getpid()}")  # another process may want it as well
        draw(title, formula, unfinished)
        unfinished.replace(drawn)
    name = f"_static/cards/{docname.replace('/', '-')}.png"
    target = Path(app.outdir, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(drawn, target)
    return name, words


def tags(app: Sphinx, docname: str, doctree: nodes.document) -> dict[str, str]:
    """Gather what the head of a page says about it; addresses are whole if the site has one."""
    base = app.config.html_baseurl
    owner = "reference/index" if docname.startswith("reference/") else docname
    picture, words = card(app, owner)
    about = description(doctree, app.config.tex_macros)
    said = {
        "description": about,
        "og:title": app.env.titles[docname].astext(),
        "og:type": "website" if docname == "index" else "article",
        "og:site_name": "fcnref",
        "og:description": about,
        "og:url": f"{base}{app.builder.get_target_uri(docname)}" if base else "",
        "og:image": base + picture if base else relative_uri(f"{docname}.html", picture),
        "og:image:width": str(WIDTH),
        "og:image:height": str(HEIGHT),
        "og:image:alt": words,
        "twitter:card": "summary_large_image",
    }
    return {name: content for name, content in said.items() if content}


def add(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Write the tags into the head of a page."""
    if doctree:
        context["metatags"] += "".join(
            f'\n<meta {"property" if name.startswith("og:") else "name"}="{name}"'
            f' content="{escape(content)}">'
            for name, content in tags(app, pagename, doctree).items()
        )


def setup(app: Sphinx) -> dict[str, Any]:
    """Describe every page."""
    app.connect("html-page-context", add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
