"""The site for language models: ``llms.txt`` with every equation, ``llms-full.txt`` with all pages.

Formulas are in TeX without macros. sphinx-llms-txt would copy the sources, with directives in
place of what they produce and labels in place of numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from equation_names import Equation, equations
from notebooks import page_of
from page_guards import executed_notebook
from page_markdown import fenced, parts
from tex import expand

from fcnref.equations.ledger import implementations

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HEAD = """\
# fcnref

> Back-propagation through fully connected networks: every formula derived, executed and tested, \
with a small typed NumPy package of the same functions.

Columns are examples: A batch has the shape (n, m), a bias the shape (n, 1). Layer l has n^{[l]} \
units; j and p are units of layer l, k is a unit of layer l-1, i is an example. The factor 1/m \
lives in the loss and nowhere else. dX is exactly the derivative of J by X. Jacobians are in \
numerator layout. All formulas are evaluated on random networks whenever the site is built.
"""


def keep(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep the Markdown of a page that is written."""
    if app.builder.format == "html":
        target = kept(app, docname)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n\n".join(text_of(app, doctree, docname)) + "\n", encoding="utf-8")
        target.with_name("changed").touch()


def kept(app: Sphinx, docname: str) -> Path:
    """Where the Markdown of a page is kept between two builds."""
    return Path(app.outdir).parent / "markdown" / f"{docname.replace('/', '-')}.md"


def text_of(app: Sphinx, doctree: nodes.document, docname: str) -> Iterator[str]:
    """Give the text of a page, with its cells and what they printed."""
    executed = executed_notebook(app, docname)
    cells = json.loads(executed.read_text("utf-8"))["cells"] if executed.exists() else []
    for part in parts(doctree, page_of(app, docname)):
        if isinstance(part, str):
            yield part
            continue
        cell = cells[part["cell_index"]]
        if "remove-input" not in cell["metadata"].get("tags", []):
            yield fenced(_joined(cell["source"]), "python")
        yield from (fenced(text, "text") for text in map(_printed, cell["outputs"]) if text)


def _printed(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return _joined(output["text"]).rstrip()
    return _joined(output.get("data", {}).get("text/plain", "")).rstrip()


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def reading_order(app: Sphinx) -> list[str]:
    """List the pages as the reader meets them."""
    found = [app.config.root_doc]
    for docname in found:
        found += [d for d in app.env.toctree_includes.get(docname, []) if d not in found]
    return sorted(found, key=lambda d: (_chapter(app, d), found.index(d)))


def _chapter(app: Sphinx, docname: str) -> bool:
    return docname.startswith("reference/")


def page_line(app: Sphinx, docname: str) -> str:
    """Name a page, with its address."""
    base = app.config.html_baseurl
    title = app.env.titles[docname].astext()
    return f"- [{title}]({base}{app.builder.get_target_uri(docname)})"


def equation_line(app: Sphinx, equation: Equation, functions: list[str]) -> str:
    """Say everything about an equation on one line."""
    number = equations(app.env).number(equation.label)
    page = f"{app.config.html_baseurl}{app.builder.get_target_uri(equation.docname)}"
    names = "; ".join((equation.title, *equation.also))
    tex = " ".join(expand(equation.tex, app.config.tex_macros).split())
    warned = " WRONG ON PURPOSE:" if equation.wrong else ""
    in_code = f" In code: {', '.join(functions)}." if functions else ""
    link = f"[({number}), {equation.label}]({page}#{equation.anchor})"
    return f"- {names} {link}:{warned} $${tex}$${in_code}"


def write(app: Sphinx, error: Exception | None) -> None:
    """Write both files if a page was written."""
    changed = kept(app, "index").with_name("changed")
    if error or app.builder.format != "html" or not changed.exists():
        return
    functions = {
        label: [x["refuri"].partition("#")[2] for x in links if isinstance(x, nodes.reference)]
        for label, links in implementations(app, app.config.root_doc).items()
    }
    order = [docname for docname in reading_order(app) if kept(app, docname).exists()]
    listed = sorted(
        equations(app.env).named.values(), key=lambda equation: order.index(equation.docname)
    )
    lines = (equation_line(app, e, functions.get(e.label, [])) for e in listed)
    pages = (page_line(app, docname) for docname in order)
    short = [HEAD, "## Pages", "\n".join(pages), "## Equations", "\n".join(lines)]
    texts = (kept(app, docname).read_text("utf-8").rstrip() for docname in order)
    out = Path(app.outdir)
    (out / "llms.txt").write_text("\n\n".join(part.rstrip() for part in short) + "\n", "utf-8")
    (out / "llms-full.txt").write_text("\n\n---\n\n".join([HEAD.rstrip(), *texts]) + "\n", "utf-8")
    changed.unlink()


def setup(app: Sphinx) -> dict[str, Any]:
    """Keep every page as it is written; write the files at the end."""
    app.connect("doctree-resolved", keep, priority=900)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
