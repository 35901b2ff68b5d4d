"""What a reference to an equation shows before it is followed: the equation itself.

An equation of the same page is taken from the page by the script. One of another page is rendered
here, once, and put at the end of every page that refers to it, inside a ``template`` that costs the
browser nothing until it is asked for. No file is fetched, so it works from a folder as well.

sphinx-tippy would do the same for every link. It names its scripts at random, which no two builds
repeat, and takes its own scripts from outside.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from equation_names import Equation, equations
from sphinx import addnodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


def note_references(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the labels that a page refers to."""
    app.env.metadata[app.env.docname]["equations-used"] = " ".join(
        sorted({x["reftarget"] for x in doctree.findall(addnodes.pending_xref) if _is_eq(x)})
    )


def _is_eq(reference: addnodes.pending_xref) -> bool:
    return bool(reference.get("refdomain") == "math" and reference.get("reftype") == "eq")


def rewrite_readers(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the pages that show an equation which has changed since the last build."""
    domain = equations(env)
    now = {label: (e, domain.number(label)) for label, e in domain.named.items()}
    before = getattr(env, "fcn_previews", now)
    env.fcn_previews = now  # type: ignore[attr-defined]  # what the environment is for
    changed = {label for label in now if before.get(label) != now[label]}
    return [
        docname
        for docname, about in env.metadata.items()
        if changed.intersection(about.get("equations-used", "").split())
    ]


def referred(doctree: nodes.document, named: dict[str, Equation]) -> list[Equation]:
    """Find the equations that a resolved page refers to by their numbers."""
    anchors = {equation.anchor: equation for equation in named.values()}
    found: dict[str, Equation] = {}
    for link in doctree.findall(nodes.reference):
        anchor = link.get("refid") or link.get("refuri", "").partition("#")[2]
        if anchor in anchors and link.astext().startswith("("):
            found.setdefault(anchor, anchors[anchor])
    return list(found.values())


def preview(app: Sphinx, equation: Equation, docname: str) -> str:
    """Make the template for one equation: its name, and its formula unless it is on the page."""
    number = equations(app.env).number(equation.label)
    here = equation.docname == docname
    where = "" if here else f" · {escape(app.env.titles[equation.docname].astext())}"
    name = f'<p class="name">({number}) {escape(equation.title)}{where}</p>'
    formula = "" if here else _rendered(app, equation)
    return f'<template data-equation="{equation.anchor}">{name}{formula}</template>'


def _rendered(app: Sphinx, equation: Equation) -> str:
    """Render a formula as on its own page, whose notation tells the colors of the indices."""
    cache: dict[str, str] = app.builder.__dict__.setdefault("fcn_formulas", {})
    if equation.label not in cache:
        reader, app.builder.current_docname = app.builder.current_docname, equation.docname
        block = nodes.math_block(equation.tex, equation.tex, number=None, nowrap=False)
        cache[equation.label] = app.builder.render_partial(block)["fragment"]
        app.builder.current_docname = reader
    return cache[equation.label]


def add(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Put the templates at the end of the text of a page."""
    if doctree:
        found = referred(doctree, equations(app.env).named)
        context["body"] += "".join(preview(app, equation, pagename) for equation in found)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the steps, the script and its style."""
    app.connect("doctree-read", note_references)
    app.connect("env-get-updated", rewrite_readers, priority=900)  # the numbers are given by then
    app.connect("html-page-context", add)
    app.add_js_file("previews.js", loading_method="defer")
    app.add_css_file("previews.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
