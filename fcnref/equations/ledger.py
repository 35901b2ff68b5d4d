"""The ledger: every labelled equation with its verdict, its function and its tests.

Nothing in it is written by hand: it is made from the verdicts of a build, from the reference, from
the tests and from the pages about errata.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from fcnref.equations.verdict import Verdict, totals

SIGNS = {
    "true": ("✓", "holds"),
    "definition": ("≔", "definition"),
    "wrong on purpose": ("✗", "wrong on purpose"),
    "wrong": ("!", "wrong"),
    "not read": ("?", "not read"),
}
"""The mark of every status, and the word for it."""


def math_of(tex: str) -> nodes.Node:
    """Return inline mathematics."""
    return nodes.math(tex, tex)


def table(heads: Iterable[str], rows: Iterable[Iterable[nodes.Node]]) -> nodes.table:
    """Build a table of ready-made cells."""
    names = list(heads)
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in names), cols=len(names))
    group += nodes.thead("", _row(nodes.Text(name) for name in names))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group)


def _row(cells: Iterable[nodes.Node]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def by_label(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """Group verdicts by the label of their display."""
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.label:
            found.setdefault(verdict.label, []).append(verdict)
    return found


def summary(verdicts: list[Verdict]) -> tuple[str, str]:
    """Return the status of a display and the sentence that its mark tells."""
    order = ["wrong", "not read", "wrong on purpose", "true", "definition"]
    status = min((v.status for v in verdicts), key=order.index)
    told = [v for v in verdicts if v.status == status]
    places = sum(v.places for v in told)
    if status == "true" and places:
        merged = told[0]._replace(
            places=places,
            networks=min(v.networks for v in told),
            error=max(v.error for v in told),
            rejected=sum(v.rejected for v in told),
            variants=sum(v.variants for v in told),
        )
        return status, merged.evidence
    if status == "definition":
        held = [v for v in told if v.places]
        return status, "definition" + (f"; {held[0].evidence}" if held else "")
    texts = [" / ".join(part for part in (v.message, v.repair) if part) for v in told]
    return status, f"{SIGNS[status][1]}: {texts[0]}"


def build_ledger(
    app: Sphinx, docname: str, verdicts: Mapping[str, Sequence[Verdict]]
) -> list[nodes.Node]:
    """Build the figures, the table of all labelled equations, and what is not read."""
    functions = implementations(app, docname)
    tests = naming_tests(app)
    corrections = corrected_errata(app, docname)
    rows: list[list[nodes.Node]] = []
    unread: list[list[nodes.Node]] = []
    for page, found in sorted(verdicts.items()):
        for label, own in by_label(found).items():
            status, text = summary(own)
            anchor = nodes.make_id("equation-" + label)
            rows.append(
                [
                    _link(app, docname, page, anchor, f"{SIGNS[status][0]} {label}"),
                    nodes.Text(text),
                    _cell("implemented by", functions.get(label, [])),
                    _cell("tested by", tests.get(label, [])),
                    _cell("corrects", corrections.get(label, [])),
                ]
            )
        for verdict in found:
            if verdict.status == "not read" and not verdict.inline and not verdict.label:
                tex = " ".join(verdict.tex.split())
                shown = tex if len(tex) < 90 else tex[:88].rsplit(" ", 1)[0] + " …"
                where = nodes.Text(f"{page}, line {verdict.line}")
                unread.append([where, nodes.literal("", shown), nodes.Text(verdict.message)])
    if not rows:
        return [nodes.paragraph("", "No equation carries a label.")]
    figures = totals(verdict for found in verdicts.values() for verdict in found)
    heads = ("Equation", "Verdict", "Implemented by", "Tested by", "Corrects")
    ledger = table(heads, rows)
    ledger["classes"].append("fcnref-ledger")
    built: list[nodes.Node] = [nodes.paragraph("", figures), ledger]
    if unread:
        listed = table(("Place", "What it says", "Why"), unread)
        listed["classes"].append("fcnref-ledger")
        built += [nodes.paragraph("", "Not read, and why:"), listed]
    return built


def _cell(said: str, parts: Sequence[nodes.Node]) -> nodes.Node:
    """Join parts with commas, after what they are: the head of its column is far above a cell."""
    commas = [node for part in parts for node in (nodes.Text(", "), part.deepcopy())][1:]
    return nodes.inline("", "", *([nodes.Text(f"{said} "), *commas] if parts else []))


def _link(app: Sphinx, docname: str, page: str, anchor: str, text: str) -> nodes.reference:
    uri = app.builder.get_relative_uri(docname, page) if app.builder.format == "html" else ""
    return nodes.reference("", text, internal=True, refuri=f"{uri}#{anchor}")


def _equations_named(part: nodes.Element) -> set[str]:
    references = part.findall(addnodes.pending_xref)
    return {str(x["reftarget"]) for x in references if x.get("reftype") == "eq"}


def implemented(doctree: nodes.document) -> list[tuple[str, str, str]]:
    """List what a page describes in equations: a name, its anchor, the label of the equation."""
    found = []
    for described in doctree.findall(addnodes.desc):
        signature = described.next_node(addnodes.desc_signature)
        if signature is not None and signature["ids"]:
            anchor = signature["ids"][0]
            name = signature.get("fullname", anchor)
            found += [(name, anchor, label) for label in sorted(_equations_named(described))]
    return found


def implementations(app: Sphinx, docname: str) -> dict[str, list[nodes.Node]]:
    """Find the documented objects whose description names an equation, as links to them."""
    found: dict[str, dict[str, nodes.Node]] = {}
    for page, about in sorted(app.env.metadata.items()):
        for name, anchor, label in about.get("implements", ()):
            link = _link(app, docname, page, anchor, name)
            found.setdefault(label, {}).setdefault(name, link)
    return {label: list(links.values()) for label, links in found.items()}


def corrected_errata(app: Sphinx, docname: str) -> dict[str, list[nodes.Node]]:
    """Find the sections about errata that name an equation, as links to them."""
    found: dict[str, dict[str, nodes.Node]] = {}
    for page in sorted(app.env.found_docs):
        if not page.startswith("errata"):
            continue
        for section in app.env.get_doctree(page).findall(nodes.section):
            inner = [x for x in section.findall(nodes.section) if x is not section]
            within = set().union(*map(_equations_named, inner)) if inner else set()
            title = section.next_node(nodes.title)
            for label in _equations_named(section) - within:
                text = title.astext() if title is not None else page
                found.setdefault(label, {})[text] = _link(
                    app, docname, page, section["ids"][0], text
                )
    return {label: list(links.values()) for label, links in found.items()}


def naming_tests(app: Sphinx) -> dict[str, list[nodes.Node]]:
    """Find the tests that name the label of an equation, as pytest names them."""
    found: dict[str, list[nodes.Node]] = {}
    folder = app.config.fcnref_equations_tests
    for path in sorted((Path(app.srcdir) / folder).rglob("*.py")) if folder else ():
        for label, item in labels_tested(ast.parse(path.read_text(encoding="utf-8"))):
            name = item.removesuffix(f"[{label}]")  # the row tells which
            found.setdefault(label, []).append(nodes.literal("", f"{path.name}::{name}"))
    return found


def labels_tested(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the labels that the tests of a module name, each with the name of the test.

    Examples
    --------
    >>> import ast
    >>> from fcnref.equations.ledger import labels_tested
    >>> list(labels_tested(ast.parse("def test_dW(): check('eq-dW')")))
    [('eq-dW', 'test_dW')]
    """
    tests = [
        part
        for part in module.body
        if isinstance(part, ast.FunctionDef) and part.name.startswith("test")
    ]
    tables: dict[str, list[str]] = {}
    for part in module.body:
        if isinstance(part, ast.Assign | ast.AnnAssign) and part.value is not None:
            target = part.targets[0] if isinstance(part, ast.Assign) else part.target
            tables[ast.unparse(target)] = _labels(part.value)
    for test in tests:
        for label in _labels(*test.body):
            yield label, test.name
        for decorator in test.decorator_list:
            names = {x.id for x in ast.walk(decorator) if isinstance(x, ast.Name)}
            for label in (label for name in names for label in tables.get(name, ())):
                yield label, f"{test.name}[{label}]"


def _labels(*parts: ast.AST) -> list[str]:
    texts: list[Any] = [
        node.value for part in parts for node in ast.walk(part) if isinstance(node, ast.Constant)
    ]
    return list(dict.fromkeys(x for x in texts if isinstance(x, str) and x.startswith("eq-")))
