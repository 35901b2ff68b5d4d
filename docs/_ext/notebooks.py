"""Every page with code as an executed notebook beside it, with nothing in it that only MyST reads.

The text is the page's own, with its references resolved; the cells and what they gave are those of
the build. What a notebook needs is stated in its first cell and in its metadata: the packages that
its cells import, and the extras of fcnref that the page names in its front matter.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from page_guards import ANNOUNCED, executed_notebook, last_error
from page_markdown import Page, fenced, inline, parts

import fcnref

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HIDDEN = {"hide-input", "remove-input", "hide-cell"}


def page_of(app: Sphinx, docname: str) -> Page:
    """Gather what the text of a page rests on."""
    base = app.config.html_baseurl
    numbered = app.env.toc_fignumbers.get(docname, {}).values()
    numbers = {
        anchor: ".".join(map(str, parts)) for kind in numbered for anchor, parts in kind.items()
    }
    chapter = app.env.toc_secnumbers.get(docname, {}).get("", ())
    return Page(
        address=f"{base}{app.builder.get_target_uri(docname)}" if base else "",
        macros=app.config.tex_macros,
        numbers=numbers,
        chapter=".".join(map(str, chapter)),
    )


def requirements(sources: Iterable[str], extras: Iterable[str] = ()) -> list[str]:
    """Return what `pip install` has to be told so that the cells run."""
    wanted = sorted(extras)
    imported = {name for source in sources for name in _imports(source)}
    others = imported - sys.stdlib_module_names - {"fcnref", "numpy"}
    return [
        f"fcnref[{','.join(wanted)}]" if wanted else "fcnref",
        *sorted(_distribution(name) for name in others),
    ]


@cache
def _distribution(module: str) -> str:
    """Return what is installed to have a module: mostly a distribution of the same name."""
    try:
        return metadata.distribution(module).name
    except metadata.PackageNotFoundError:
        return metadata.packages_distributions()[module][0]


def _imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def extras_of(app: Sphinx, docname: str) -> list[str]:
    """Read the extras of fcnref that a page names in its front matter."""
    return str(app.env.metadata[docname].get("extras", "")).split()


def notebook(app: Sphinx, doctree: nodes.document, docname: str) -> dict[str, Any] | None:
    """Make the notebook of a page; None for a page without code."""
    executed = executed_notebook(app, docname)
    if not executed.exists():
        return None
    page, given = page_of(app, docname), json.loads(executed.read_text("utf-8"))
    cells: list[dict[str, Any]] = []
    for part in parts(doctree, page):
        if isinstance(part, str):
            cells += [_text(part)]
            continue
        cell = given["cells"][part["cell_index"]]
        if "skip-execution" in cell["metadata"].get("tags", []):
            cells += [_text(fenced(_joined(cell["source"]), "python"))]
        else:
            cells += [_code(cell), *map(_text, _captions(part, page))]
    needs = requirements(
        [_joined(cell["source"]) for cell in cells if cell["cell_type"] == "code"],
        extras_of(app, docname),
    )
    cells.insert(1, _text(introduction(page, needs)))
    return {
        "cells": list(_numbered(_merged(cells))),
        "metadata": {
            "fcnref": {"requires": needs},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"file_extension": ".py", "name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def introduction(page: Page, needs: list[str]) -> str:
    """Say where a notebook comes from and what it needs."""
    origin = f"[a page]({page.address})" if page.address else "a page"
    return (
        f"*This is {origin} of the fcnref site as a notebook, made with {fcnref.__version__}. "
        f"To run it, install what it needs:* `{install_command(needs)}`"
    )


def install_command(needs: list[str]) -> str:
    """Return the line to type in a terminal."""
    return " ".join(["pip install", *(f'"{need}"' if "[" in need else need for need in needs)])


def _text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _code(cell: dict[str, Any]) -> dict[str, Any]:
    tags = cell["metadata"].get("tags", [])
    metadata: dict[str, Any] = {"tags": tags} if tags else {}
    if HIDDEN & set(tags):
        metadata["jupyter"] = {"source_hidden": True}
    outputs = cell["outputs"]
    if ANNOUNCED in tags:
        outputs = [_without_frames(output) for output in outputs]
    return {
        "cell_type": "code",
        "execution_count": cell["execution_count"],
        "metadata": metadata,
        "outputs": outputs,
        "source": _joined(cell["source"]),
    }


def _without_frames(output: dict[str, Any]) -> dict[str, Any]:
    if output["output_type"] != "error":
        return output
    return {**output, "traceback": [last_error("\n".join(output["traceback"]))]}


def _captions(cell: nodes.container, page: Page) -> Iterator[str]:
    for figure in cell.findall(nodes.figure):
        for caption in figure.findall(nodes.caption):
            number = next(
                (page.numbers[name] for name in figure["ids"] if name in page.numbers), ""
            )
            yield (f"**Fig. {number}** " if number else "") + inline(caption, page)


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _merged(cells: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Join the pieces of text between two cells of code."""
    text: list[str] = []
    for cell in [*cells, None]:
        if cell and cell["cell_type"] == "markdown":
            text.append(cell["source"])
            continue
        if text:
            yield _text("\n\n".join(text))
            text = []
        if cell:
            yield cell


def _numbered(cells: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, cell in enumerate(cells, start=1):
        yield {**cell, "id": f"cell-{number}", "source": cell["source"].splitlines(keepends=True)}


def write(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write the notebook beside the page, and keep what it needs for the page to state."""
    if app.builder.format != "html" or not (made := notebook(app, doctree, docname)):
        return
    target = Path(app.outdir, f"{docname}.ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True)
    target.write_text(text + "\n", encoding="utf-8")


def offer(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Tell the template where the notebook is, and what it needs."""
    target = Path(app.outdir, f"{pagename}.ipynb")
    if doctree and executed_notebook(app, pagename).exists():
        needs = json.loads(target.read_text("utf-8"))["metadata"]["fcnref"]["requires"]
        context["notebook"] = {
            "uri": context["pathto"](f"{pagename}.ipynb", resource=True),
            "install": install_command(needs),
        }


def setup(app: Sphinx) -> dict[str, Any]:
    """Write a notebook whenever its page is written."""
    app.connect("doctree-resolved", write, priority=900)
    app.connect("html-page-context", offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
