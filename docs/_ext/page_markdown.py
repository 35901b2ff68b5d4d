"""A page as plain Markdown: what MyST and Sphinx add is written out, or left out.

References are resolved already, so that a formula carries the number that it has on the site.
Formulas stand between dollars and hold no macros; a link leads to the published site, or is its
text where the site is not published. A code cell stays a node, for whoever asked for the page.
"""

from __future__ import annotations

import posixpath
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes
from tex import expand, rows

INVISIBLE = (
    nodes.comment,
    nodes.image,
    nodes.Invisible,
    nodes.raw,
    nodes.substitution_definition,
    nodes.system_message,
    nodes.target,
    addnodes.toctree,
)
WRONG = "✗ *This is wrong, on purpose:*"


class Page(NamedTuple):
    """What the text of a page rests on.

    Attributes
    ----------
    address
        The address of the published page, or "" if the site has none.
    macros
        The macros of the formulas.
    numbers
        The numbers of equations, figures and exercises of the page, by their anchors.
    chapter
        The number of the page among the chapters, or "".
    """

    address: str = ""
    macros: Mapping[str, str] = {}
    numbers: Mapping[str, str] = {}
    chapter: str = ""


Part = str | nodes.container
"""A piece of Markdown, or a code cell."""


def parts(tree: nodes.Node, page: Page, level: int = 0) -> Iterator[Part]:
    """Walk through blocks; give their Markdown, and the code cells between them."""
    for node in tree.children:
        if isinstance(node, nodes.Text | nodes.Inline):
            yield from filter(None, [_piece(node, page).strip()])
        elif isinstance(node, INVISIBLE) or "toctree-wrapper" in node["classes"]:
            continue
        elif node.get("nb_element") == "cell_code":
            yield node
        elif isinstance(node, nodes.title):
            chapter = f"{page.chapter}. " if page.chapter and level == 1 else ""
            yield f"{'#' * max(level, 1)} {chapter}{inline(node, page)}"
        elif isinstance(node, nodes.section):
            yield from parts(node, page, level + 1)
        elif isinstance(node, nodes.Admonition | nodes.sidebar):
            yield from _remark(node, page, level)
        elif written := block(node, page):
            yield written
        else:
            yield from parts(node, page, level)


def markdown(tree: nodes.Node, page: Page) -> str:
    """Write blocks that hold no code cell, or leave the cells out."""
    return "\n\n".join(part for part in parts(tree, page) if isinstance(part, str))


def _remark(node: nodes.Element, page: Page, level: int) -> Iterator[Part]:
    """Write an admonition, an exercise or a note; one with code in it cannot be a quotation."""
    names = {nodes.important: "Important", nodes.note: "Note", nodes.warning: "Warning"}
    head = next((child for child in node.children if isinstance(child, nodes.title)), None)
    title = _title(head, node, page) if head else names.get(type(node), "")
    inner = list(parts(_without(node, nodes.title), page, level))
    first = [f"**{title}**"] if title else []
    if any(isinstance(part, nodes.Node) for part in inner):
        yield from [*first, *inner]
    else:
        yield _quoted("\n\n".join([*first, *map(str, inner)]))


def _title(head: nodes.title, node: nodes.Element, page: Page) -> str:
    """Write a title; that of an exercise has a place for a number."""
    number = next((page.numbers[name] for name in node["ids"] if name in page.numbers), "")
    return head.get("title", "").replace("%s", number) + inline(head, page)


def _quoted(text: str) -> str:
    return re.sub(r"^", "> ", text, flags=re.MULTILINE)


def _without(node: nodes.Element, kind: type[nodes.Node]) -> nodes.Element:
    return nodes.container("", *(c.deepcopy() for c in node.children if not isinstance(c, kind)))


def block(node: nodes.Element, page: Page) -> str:
    """Write one block of text, or nothing if it only holds others."""
    match node:
        case nodes.math_block():
            return _display(node, page)
        case nodes.paragraph() | nodes.rubric() | nodes.attribution() | nodes.caption():
            text = inline(node, page).strip()
            return f"**{text}**" if isinstance(node, nodes.rubric) else text
        case nodes.literal_block() | nodes.doctest_block():
            return fenced(node.astext(), _language(node))
        case nodes.bullet_list() | nodes.enumerated_list():
            return _list(node, page)
        case nodes.definition_list() | nodes.field_list() | nodes.option_list():
            return "\n\n".join(_definition(item, page) for item in node.children)
        case nodes.block_quote():
            return _quoted(markdown(node, page))
        case nodes.table():
            return _table(node, page)
        case addnodes.desc_signature():
            return f"**`{' '.join(node.astext().removesuffix('[source]').split())}`**"
        case nodes.transition():
            return "---"
    return ""


def fenced(code: str, language: str = "") -> str:
    """Put code between more backticks than it holds in a row."""
    longest = max(map(len, re.findall(r"`{3,}", code)), default=2)
    return f"{'`' * (longest + 1)}{language}\n{code.rstrip()}\n{'`' * (longest + 1)}"


def _display(node: nodes.math_block, page: Page) -> str:
    formulas = rows(expand(node.astext(), page.macros))
    number = page.numbers.get(nodes.make_id(f"equation-{node.get('label')}"))
    if number and formulas:
        formulas[-1] += rf" \tag{{{number}}}"
    written = [f"$$\n{formula}\n$$" for formula in formulas]
    return "\n\n".join([WRONG, *written] if "wrong" in node["classes"] else written)


def _language(node: nodes.Element) -> str:
    language = node.get("language", "")
    return "" if language in {"default", "none", "text", "myst-ansi"} else language


def _list(node: nodes.Element, page: Page) -> str:
    lines = []
    for number, item in enumerate(node.children, start=1):
        mark = "- " if isinstance(node, nodes.bullet_list) else f"{number}. "
        body = textwrap.indent(markdown(item, page), " " * len(mark))
        lines.append(mark + body.lstrip())
    gap = "\n\n" if any("\n\n" in line for line in lines) else "\n"
    return gap.join(lines)


def _definition(item: nodes.Element, page: Page) -> str:
    head, *bodies = item.children
    body = "\n\n".join(filter(None, (markdown(part, page) for part in bodies)))
    return f"**{inline(head, page)}**\n\n{body}"


def _table(node: nodes.table, page: Page) -> str:
    lines = []
    for row in node.findall(nodes.row):
        cells = (
            " ".join(markdown(cell, page).split()).replace("|", r"\|")
            for cell in row.findall(nodes.entry)
        )
        lines.append("| " + " | ".join(cells) + " |")
    columns = len(list(node.findall(nodes.colspec)))
    lines.insert(1, "|" + " --- |" * columns)
    return "\n".join(lines)


def inline(node: nodes.Node, page: Page) -> str:
    """Write running text."""
    return "".join(_piece(child, page) for child in node.children)


def _piece(node: nodes.Node, page: Page) -> str:
    match node:
        case nodes.Text():
            return re.sub(r"([\\`*_\[\]<$])", r"\\\1", node.astext()).replace("\n", " ")
        case nodes.math():
            return f"${expand(node.astext(), page.macros)}$"
        case nodes.literal():
            code = node.astext()
            return f"`` {code} ``" if "`" in code else f"`{code}`"
        case nodes.strong():
            return f"**{inline(node, page)}**"
        case nodes.emphasis() | nodes.title_reference():
            return f"*{inline(node, page)}*"
        case nodes.superscript():
            return f"^{inline(node, page)}"
        case nodes.reference():
            address = absolute(node, page)
            return f"[{inline(node, page)}]({address})" if address else inline(node, page)
        case nodes.Invisible() | nodes.raw() | nodes.image() | nodes.target():
            return ""
    return inline(node, page)


def absolute(node: nodes.reference, page: Page) -> str:
    """Return where a link leads when it is followed from somewhere else; "" for nowhere."""
    uri = node.get("refuri", "")
    if re.match(r"[a-z]+:", uri):
        return str(uri)
    if not page.address:
        return ""
    if "refid" in node:
        return f"{page.address}#{node['refid']}"
    scheme, _, path = page.address.partition("://")
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), uri))
    return f"{scheme}://{joined}"
