"""The checker inside a Sphinx build.

Add ``fcnref.sphinx_ext`` to the extensions of any ``conf.py``. Every page is checked as it is read:
an equation that is wrong, or labelled and not read, is a warning with file and line, and so fails a
build under ``-W``. Beside the number of every labelled equation stands a mark; hovering or focusing
it tells the evidence, with style sheets alone. ``equations.json`` in the output folder holds the
verdict of every label.

A page declares its notation in its front matter, under ``equations``. Directives:

``{math}``
    Takes ``:class: wrong`` with ``:because:`` and the codes of the reasons for a display that is
    wrong on purpose, and ``:given:`` with declarations that hold for this display alone.
``{notation}``
    Declarations that hold until the section ends.
``{symbol-table}``
    The symbols of the page, from the same declaration that the checker reads.
``{equation-ledger}``
    Every labelled equation with its verdict, what implements it, and the tests that name it.
"""

from __future__ import annotations

import json
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.directives.patches import MathDirective
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from fcnref.equations.checking import check_page
from fcnref.equations.declarations import NotationError, front_matter
from fcnref.equations.ledger import (
    SIGNS,
    build_ledger,
    by_label,
    implemented,
    math_of,
    summary,
    table,
)
from fcnref.equations.notation import Notation
from fcnref.equations.verdict import Verdict

logger = logging.getLogger(__name__)

STYLE = """\
.fcnref-equation { align-items: center; display: flex; gap: 0.5em; }
.fcnref-equation > div.math, .fcnref-equation > dl { flex: 1 1 auto; min-width: 0; }
.fcnref-mark { border-radius: 0.2em; flex: none; font-size: 0.85em; line-height: 24px;
  min-height: 24px; min-width: 24px; position: relative; text-align: center;
  text-decoration: none; }
.fcnref-mark, .fcnref-mark:visited { color: inherit; opacity: 0.75; }
.fcnref-mark:hover, .fcnref-mark:focus { opacity: 1; }
.fcnref-mark > span { background: #222; border: 1px solid #888; border-radius: 0.3em;
  bottom: 100%; color: #fff; line-height: 1.5; opacity: 0; padding: 0.4em 0.7em;
  pointer-events: none; position: absolute; right: 0;
  text-align: left; transition: opacity 0.1s; visibility: hidden; width: max-content;
  max-width: min(22em, 80vw); z-index: 10; }
.fcnref-mark:hover > span, .fcnref-mark:focus > span { opacity: 1; visibility: visible; }
.fcnref-ledger, .fcnref-ledger tbody, .fcnref-ledger tr, .fcnref-ledger td { display: block; }
.fcnref-ledger { width: 100%; }
.fcnref-ledger colgroup, .fcnref-ledger td:has(> p > span:empty) { display: none; }
.fcnref-ledger thead { clip-path: inset(50%); position: absolute; }
.fcnref-ledger tr { border-bottom: 1px solid #8888; padding: 0.6em 0; }
.fcnref-ledger td { border: 0; overflow-wrap: anywhere; padding: 0.1em 0; white-space: normal; }
.fcnref-ledger td p { margin: 0; text-align: left; }
.fcnref-ledger code, .fcnref-ledger code span { overflow-wrap: anywhere; white-space: normal; }
@media print { .fcnref-mark > span { display: none; } }
"""


class Mark(nodes.General, nodes.Element):
    """The mark beside an equation."""


class Ledger(nodes.General, nodes.Element):
    """The place of the ledger, filled when all pages are read."""


class CheckedMath(MathDirective):
    """The math directive, with the reasons for which a display is wrong on purpose."""

    option_spec: ClassVar = {
        **(MathDirective.option_spec or {}),
        "because": directives.unchanged_required,
        "given": directives.unchanged_required,
    }


class NotationBlock(SphinxDirective):
    """Declarations for a section; the reader does not see them."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return nothing: the checker reads the block from the source."""
        return []


class SymbolTable(SphinxDirective):
    """A table of the symbols that the page declares."""

    option_spec: ClassVar = {"only": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Build the table from the notation of the page."""
        source = Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8")
        try:
            notation = base_notation(self.config).extend(front_matter(source))
        except NotationError as error:
            raise self.error(str(error)) from None
        only = str(self.options.get("only", "")).split()
        rows = [row for row in notation.rows() if not only or row[0] in only]
        if only:
            rows.sort(key=lambda row: only.index(row[0]))
        cells = [
            [math_of(name), nodes.Text(meaning), math_of(shape) if shape else nodes.Text("")]
            for name, meaning, shape in rows
        ]
        return [table(("Symbol", "Meaning", "Shape"), cells)]


class EquationLedger(SphinxDirective):
    """A table of all labelled equations of the site."""

    def run(self) -> list[nodes.Node]:
        """Leave a place that is filled when all pages are read."""
        return [Ledger()]


def base_notation(config: Any) -> Notation:
    """Return the notation that all pages start from."""
    declared = config.fcnref_equations_notation
    if isinstance(declared, dict):
        return Notation().extend(declared)
    if str(declared).endswith((".toml", ".md")):
        return Notation.load(declared)
    return Notation.bundled(declared)


def check_source(app: Sphinx, docname: str, source: list[str]) -> None:
    """Check a page as it is read, and warn of every equation that fails."""
    if any(fnmatch(docname, pattern) for pattern in app.config.fcnref_equations_exclude):
        return
    if not str(app.env.doc2path(docname)).endswith((".md", ".ipynb")):
        return
    try:
        notation = base_notation(app.config)
        notation = notation.extend({"macros": _macros(app.config)})
        verdicts = check_page(source[0] + "\n", notation)
    except NotationError as error:
        logger.warning("%s", error, location=docname, type="fcnref", subtype="notation")
        return
    stored(app.env)[docname] = verdicts
    for verdict in verdicts:
        if verdict.fails:
            report(verdict, docname)


def _macros(config: Any) -> dict[str, str]:
    declared = getattr(config, "tex_macros", {})
    return {str(name): str(body) for name, body in dict(declared).items()}


def report(verdict: Verdict, docname: str) -> None:
    """Emit the warning for an equation that fails."""
    parts = [verdict.message, verdict.advice, *(fault.text for fault in verdict.faults)]
    named = f"equation {verdict.label}" if verdict.label else "an equation"
    text = f"{named} is {verdict.status}: " + " / ".join(part for part in parts if part)
    code = verdict.codes[0] if verdict.codes else (verdict.faults[0].code if verdict.faults else "")
    logger.warning(
        "%s", text, location=(docname, verdict.line), type="fcnref", subtype=code or verdict.status
    )


def stored(env: BuildEnvironment) -> dict[str, list[Verdict]]:
    """Return the verdicts on every page read so far."""
    if not hasattr(env, "fcnref_verdicts"):
        env.fcnref_verdicts = {}  # type: ignore[attr-defined]  # ours to set
    return env.fcnref_verdicts  # type: ignore[attr-defined,no-any-return]  # set above


def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:  # noqa: ARG001, as Sphinx calls it
    """Forget the verdicts on a page that is read anew."""
    stored(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: list[str], other: Any) -> None:  # noqa: ARG001, as Sphinx calls it
    """Take over the verdicts of a process that read other pages."""
    stored(env).update({name: v for name, v in stored(other).items() if name in docnames})


def add_marks(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Set the mark beside every labelled equation, and fill the ledger."""
    if app.builder.format == "html":
        found = by_label(stored(app.env).get(docname, []))
        for block in list(doctree.findall(nodes.math_block)):
            label = block.get("label") or ""
            if label in found:
                status, text = summary(found[label])
                mark = Mark(status=status, text=text, label=label)
                wrapper = nodes.container("", classes=["fcnref-equation"])
                parent = block.parent
                parent[parent.index(block)] = wrapper
                wrapper += [block, mark]
    for place in list(doctree.findall(Ledger)):
        place.replace_self(build_ledger(app, docname, stored(app.env)))


def write_json(app: Sphinx, exception: Exception | None) -> None:
    """Write the verdict of every label beside the pages."""
    if exception is not None:
        return
    verdicts = {
        label: {
            "page": page,
            "line": found[0].line,
            "status": summary(found)[0],
            "evidence": summary(found)[1],
            "places": sum(v.places for v in found),
            "error": max(v.error for v in found),
            "rejected": sum(v.rejected for v in found),
            "variants": sum(v.variants for v in found),
        }
        for page, all_of_page in sorted(stored(app.env).items())
        for label, found in by_label(all_of_page).items()
    }
    text = json.dumps(verdicts, indent=1, ensure_ascii=False, sort_keys=True)
    (Path(app.outdir) / "equations.json").write_text(text + "\n", encoding="utf-8")


def write_style(app: Sphinx, exception: Exception | None) -> None:
    """Write the style sheet of the marks."""
    if exception is None and app.builder.format == "html":
        folder = Path(app.outdir) / "_static"
        folder.mkdir(exist_ok=True)
        (folder / "fcnref-equations.css").write_text(STYLE, encoding="utf-8")


def told(app: Sphinx, env: BuildEnvironment) -> list[object]:
    """Return what a ledger tells of the pages and the tests."""
    verdicts = [
        (page, label, summary(found))
        for page, all_of_page in sorted(stored(env).items())
        for label, found in by_label(all_of_page).items()
    ]
    unread = [
        (page, verdict.line, verdict.message)
        for page, all_of_page in sorted(stored(env).items())
        for verdict in all_of_page
        if verdict.status == "not read"
    ]
    folder = app.config.fcnref_equations_tests
    tests = (Path(app.srcdir) / folder).rglob("*.py") if folder else ()
    return [verdicts, unread, sorted((path.as_posix(), path.stat().st_mtime) for path in tests)]


def note_reading(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:  # noqa: ARG001, as Sphinx calls it
    """Note which pages this build reads."""
    env.fcnref_read = set(docnames)  # type: ignore[attr-defined]  # ours to set


def note_implementations(app: Sphinx, doctree: nodes.document) -> None:
    """Keep what a page describes in equations, so that no page has to be opened for it again."""
    app.env.metadata[app.env.docname]["implements"] = implemented(doctree)


def refresh_ledgers(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the pages with a ledger, if what they tell has changed."""
    read: set[str] = getattr(env, "fcnref_read", set())
    now = told(app, env)
    documented = {entry.docname for entry in env.domains.python_domain.objects.values()}
    errata = {name for name in read if name.startswith("errata")}
    if not (read & documented or errata) and now == getattr(env, "fcnref_told", None):
        return []
    env.fcnref_told = now  # type: ignore[attr-defined]  # ours to set
    pages = [name for name in env.found_docs if Path(env.doc2path(name)).suffix == ".md"]
    return [
        name
        for name in pages
        if "{equation-ledger}" in Path(app.env.doc2path(name)).read_text(encoding="utf-8")
    ]


def visit_mark(writer: Any, node: Mark) -> None:
    """Write a mark: a link that tells its evidence when hovered or focused."""
    sign, word = SIGNS[node["status"]]
    number = nodes.make_id("evidence-" + node["label"])
    target = "#" + nodes.make_id("equation-" + node["label"])
    kind = node["status"].replace(" ", "-")
    writer.body.append(
        f'<a class="fcnref-mark fcnref-{kind}" href="{target}" aria-label="{word}" '
        f'aria-describedby="{number}">{sign}'
        f'<span role="tooltip" id="{number}">{writer.encode(node["text"])}</span></a>'
    )
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_config_value("fcnref_equations_notation", "columns-are-examples", "env", (str, dict))
    app.add_config_value("fcnref_equations_exclude", [], "env")
    app.add_config_value("fcnref_equations_tests", "", "env")
    app.add_node(Mark, html=(visit_mark, None))  # other formats have none
    app.add_node(Ledger)
    app.add_directive("math", CheckedMath, override=True)
    app.add_directive("notation", NotationBlock)
    app.add_directive("symbol-table", SymbolTable)
    app.add_directive("equation-ledger", EquationLedger)
    app.connect("source-read", check_source)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-before-read-docs", note_reading)
    app.connect("doctree-read", note_implementations)
    app.connect("env-updated", refresh_ledgers)
    app.connect("doctree-resolved", add_marks)
    app.connect("build-finished", write_json)
    app.connect("build-finished", write_style)
    app.add_css_file("fcnref-equations.css")
    return {
        "version": "1",
        "env_version": 2,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
