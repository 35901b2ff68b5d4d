"""What a typographer would mend: formulas in docstrings, ranges, code, paths, links.

A docstring is read in a terminal as well and is plain text there. On a page its hyphens become
minus signs where they are meant so, and no line ends inside of a short formula.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

MINUS, SPACE, BREAK = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}", "\N{ZERO WIDTH SPACE}"
LONGEST = 30
VERBATIM = (nodes.literal, nodes.literal_block, nodes.doctest_block, nodes.math)
HYPHEN = re.compile(r"(?<= )-(?= )|(?<![^\s(\[])-(?=[\w|])")
OPERATOR = re.compile(r"(?<=[^\s,;:.]) ([+−/⊙×<>≤≥]) (?=\S)")
EQUALS = re.compile(r" (=) (?=−?\d|\w\])")
FUNCTION = re.compile(r"(?<=\b\w) (?=[σΦϕφ‖])|(?<=\b[αβλ]) (?=[A-Z]\b|d[A-Zb]\b)")
RANGE = re.compile(r"(\d+–\d+[,.;:)]*)")
JOINT = re.compile(r"(?<=\w\w[/_])(?=\w\w)")
PAIR = re.compile(r"(?<=\(\w), (?=\w+\))|(?<=_prev), (?=\w+\))")


def set_formulas(app: Sphinx, domain: str, objtype: str, content: nodes.Element) -> None:
    """Set the formulas in a docstring as a page sets them."""
    for text in list(content.findall(nodes.Text)):
        if not isinstance(text.parent, VERBATIM):
            parts = re.split(r"(?<=\be)\^(-?\w+)", formula(str(text)))
            mended = [
                nodes.superscript(part, part) if number % 2 else nodes.Text(part)
                for number, part in enumerate(parts)
            ]
            text.parent.replace(text, mended)


def formula(text: str) -> str:
    """Put minus signs for hyphens and spaces where no line ends into what reads as a formula."""
    text = HYPHEN.sub(MINUS, text)
    text = OPERATOR.sub(rf"{SPACE}\1{SPACE}", text)
    text = EQUALS.sub(rf"{SPACE}\1{SPACE}", text)
    text = text.replace(" = ", f"{SPACE}= ")
    text = FUNCTION.sub(SPACE, text)
    return PAIR.sub(f",{SPACE}", text)


def keep_code_together(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep the words of short code in one line; longer code would not fit on a phone."""
    for code in doctree.findall(nodes.literal):
        if len(code.astext()) <= LONGEST:
            code["classes"].append("together")


def keep_ranges_together(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Let no line end inside of a range of numbers."""
    for text in list(doctree.findall(nodes.Text)):
        parts = RANGE.split(text)
        if len(parts) > 1 and not isinstance(text.parent, (*VERBATIM, nodes.FixedTextElement)):
            pieces = [
                nodes.inline("", part, classes=["together"]) if number % 2 else nodes.Text(part)
                for number, part in enumerate(parts)
            ]
            text.parent.replace(text, pieces)


def break_paths(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Let a line of a table end after a slash or an underscore of a path."""
    for cell in doctree.findall(nodes.entry):
        for text in list(cell.findall(nodes.Text)):
            if not isinstance(text.parent, VERBATIM):
                text.parent.replace(text, nodes.Text(JOINT.sub(BREAK, text)))


def part_links(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the space between "Solution to" and its link before the link, which is underlined."""
    for title in doctree.findall(nodes.title):
        for link in list(title.findall(nodes.reference)):
            words = link.children[0]
            if isinstance(words, nodes.Text) and words.startswith(" "):
                link.replace(words, nodes.Text(words.lstrip()))
                link.parent.insert(link.parent.index(link), nodes.Text(" "))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register all of them."""
    app.connect("object-description-transform", set_formulas, priority=900)
    app.connect("doctree-resolved", keep_code_together)
    app.connect("doctree-resolved", keep_ranges_together)
    app.connect("doctree-resolved", break_paths)
    app.connect("doctree-resolved", part_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
