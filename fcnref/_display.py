"""How arrays are shown: as text in a terminal, as HTML in a notebook.

HTML is built from tags, and every plain string in it is escaped; `Html` marks what is ready.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np

from fcnref._arrays import Array

__all__ = [
    "Html",
    "arrays_html",
    "arrays_text",
    "html_card",
    "html_code",
    "html_facts",
    "html_table",
    "number",
    "prose",
    "tag",
    "text_table",
]

MINUS = "\N{MINUS SIGN}"
VOID = {"input", "br", "wbr"}
UNBROKEN = re.compile(
    r"((?:\S+ [*⊙@] )?\S*\([^()]{1,12}\)[^\s\w]*"
    r"|\S+ [<>=]=? [^\s()]+(?=\s|$)"
    r"|\S*\de[-+]\d+\S*)"
)
"""A short formula in brackets, a comparison, and a number with an exponent: set on one line."""
AT_MOST = 8
"""Rows and columns of an array that are shown; what lies between the ends is left out."""

# Tints that are see-through, and inherited text: readable on light and on dark pages.
TINTS = {
    "right": "rgba(46, 160, 67, 0.18)",
    "wrong": "rgba(218, 54, 51, 0.18)",
    "shape": "rgba(218, 54, 51, 0.18)",
    "kink": "rgba(187, 128, 9, 0.18)",
    "unexplained": "rgba(187, 128, 9, 0.18)",
}

Named: TypeAlias = Iterable[tuple[str, Any]]


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: object) -> Html:
    """Make an element. Children are escaped unless they are `Html`; ``data_at`` is ``data-at``.

    An attribute that is True stands without a value, one that is None or False is left out.
    """
    from html import escape  # a sixth of the time of importing fcnref, and only notebooks need it

    words = [name]
    for key, value in attributes.items():
        key = key.rstrip("_").replace("_", "-")
        if value is True:
            words.append(key)
        elif value is not None and value is not False:
            words.append(f'{key}="{escape(str(value))}"')
    opening = f"<{' '.join(words)}>"
    if name in VOID:
        return Html(opening)
    inside = "".join(c if isinstance(c, Html) else escape(c) for c in children)
    return Html(f"{opening}{inside}</{name}>")


def prose(text: str) -> str:
    """Set the straight quotes of a sentence as quotes, apostrophes and primes.

    Examples
    --------
    >>> prose("the layer's g' is 'the inner derivative'")
    'the layer’s g′ is “the inner derivative”'
    """
    text = re.sub(r"(?<![\w(\[=])'(\w[\w ,]*)'(?!\w)", r"“\1”", text)
    text = re.sub(r"(?<=\w)'(?=\w)", "’", text)
    return re.sub(r"(?<=\w)'(?=[\s(.,;]|$)", "′", text)


def number(value: float, digits: int) -> str:
    """Write a number with a fixed count of digits after the point; a huge one in powers of ten."""
    x = float(value)
    if not np.isfinite(x):
        return str(x).replace("-", MINUS)
    text = f"{x:.{digits}e}" if abs(x) >= 1e5 else f"{x:.{digits}f}"
    is_zero = not text.strip("-0.")
    return text.lstrip("-") if is_zero else text.replace("-", MINUS)


def text_table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Lay out a table in columns."""
    lines = [list(head), *(list(row) for row in body)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def html_table(
    head: Sequence[str],
    body: Sequence[Sequence[str]],
    tints: Sequence[str],
    *,
    wrapped: bool = False,
) -> Html:
    """Lay out a table in HTML, tinted by verdict: a line a row, which scrolls, unless wrapped."""
    cell = "text-align: left; padding: 0.2em 0.8em 0.2em 0.4em"
    inner = cell if wrapped else f"{cell}; white-space: nowrap"
    rows = [
        tag(
            "tr",
            *(tag("td", text, style=inner) for text in line),
            style=f"background: {TINTS.get(tint, 'transparent')}",
        )
        for line, tint in zip(body, tints, strict=True)
    ]
    top = tag("tr", *(tag("th", *_raised(text), scope="col", style=cell) for text in head))
    style = "border-collapse: collapse; color: inherit"
    return tag("table", tag("thead", top), tag("tbody", *rows), style=style)


def _raised(text: str) -> list[str]:
    """Raise the T of a transpose, for which few typefaces have a letter of its own."""
    letter = tag("sup", "T", style="line-height: 0")
    return [letter if part == "ᵀ" else part for part in re.split("(ᵀ)", text) if part]


def html_facts(title: str, facts: Iterable[tuple[str, str]]) -> Html:
    """Lay out what is known under a title: short names on the left, what they stand for beside."""
    name, value = "margin: 0; font-weight: normal; opacity: 0.8", "margin: 0"
    pairs = (
        part
        for key, text in facts
        for part in (tag("dt", key, style=name), tag("dd", *_at_slashes(prose(text)), style=value))
    )
    grid = "display: grid; grid-template-columns: max-content 1fr; gap: 0.1em 1em; margin: 0 0.4em"
    heading = tag("p", tag("strong", prose(title)), style="margin: 0.8em 0.4em 0.2em")
    return tag("div", heading, tag("dl", *pairs, style=grid))


def _at_slashes(text: str) -> list[str]:
    """Let a line end after a slash between words, as in the activations of a network."""
    first, *rest = re.split(r"(?<=[a-z]{2}/)(?=[a-z]{2})", text)
    parts = [first, *(part for word in rest for part in (tag("wbr"), word))]
    return [kept for part in parts for kept in _kept_whole(part)]


def _kept_whole(text: str) -> list[str]:
    """Let no line end within a short formula."""
    if isinstance(text, Html):
        return [text]
    return [
        tag("span", part, style="white-space: nowrap") if number % 2 else part
        for number, part in enumerate(UNBROKEN.split(text))
        if part
    ]


def html_code(verdict: str, text: str) -> Html:
    """Set lines of code beside a verdict, in its tint; what is too long is wrapped."""
    style = (
        f"background: {TINTS[verdict]}; display: grid; align-items: baseline; "
        "grid-template-columns: 4em 1fr; padding: 0.3em 0.6em; margin: 0.2em 0"
    )
    plain = "margin: 0; padding: 0; border: 0; background: none; color: inherit; "
    pre = tag(
        "pre",
        tag("code", text, style=plain),
        style=f"{plain} white-space: pre-wrap; overflow-wrap: anywhere",
    )
    return tag("div", tag("span", verdict, style="opacity: 0.8"), pre, style=style)


def html_card(title: str, blocks: Sequence[Html], words: Sequence[str]) -> Html:
    """Frame what is shown: a title, what is ready, and paragraphs."""
    return tag(
        "div",
        tag("p", tag("strong", *_kept_whole(title)), style="margin: 0 0 0.5em"),
        *blocks,
        *(tag("p", *_kept_whole(text), style="margin: 0.5em 0") for text in words),
        style="border: 1px solid rgba(128, 128, 128, 0.5); border-radius: 4px; "
        "padding: 0.7em 1em; color: inherit; overflow-x: auto",
    )


def arrays_text(title: str, named: Named) -> str:
    """Lay out named arrays for a terminal: the shape of each, and its values below."""
    lines = [title]
    for name, value in named:
        lines.append(f"  {name}{_shape(value)}")
        if isinstance(value, np.ndarray):
            values = np.array2string(value, precision=4, suppress_small=True, threshold=64)
            lines += [f"    {line}" for line in values.split("\n")]
    return "\n".join(lines)


def arrays_html(title: str, named: Named) -> Html:
    """Lay out named arrays for a notebook."""
    above = "caption-side: top; text-align: left; white-space: nowrap; color: inherit"
    table = (
        "border-collapse: collapse; margin: 0 1.5em 0.8em 0; color: inherit; "
        "display: inline-table; vertical-align: top; font-variant-numeric: tabular-nums"
    )
    blocks = []
    for name, value in named:
        caption = tag("caption", tag("code", name), _shape(value), style=above)
        rows = isinstance(value, np.ndarray) and value.ndim in {1, 2}
        body = _rows(np.atleast_2d(value)) if rows else Html("")
        blocks.append(tag("table", caption, tag("tbody", body), style=table))
    return html_card(title, blocks, [])


def _shape(value: Any) -> str:
    """Say the shape of an array, and the value of a word or of a number that is known."""
    if isinstance(value, str | int):
        return f" = {value}"
    shape = getattr(value, "shape", None)
    if shape == () and isinstance(value, np.number | np.ndarray):
        return f" = {value:.6g}"
    return "" if shape is None else f" {tuple(shape)}"


def _rows(value: Array) -> Html:
    """Write the rows of a matrix, with an ellipsis for what is left out."""
    cell = "text-align: right; padding: 0.1em 0.6em 0.1em 0; border: 0"
    rows = [tag("tr", *(tag("td", text, style=cell) for text in line)) for line in _shown(value)]
    return Html("".join(rows))


def _shown(value: Array) -> list[list[str]]:
    digits = _digits(value)
    rows, columns = (_picked(size) for size in value.shape)
    return [
        ["⋯" if j is None or i is None else number(value[j, i].real, digits) for i in columns]
        for j in rows
    ]


def _digits(value: Array) -> int:
    """Choose the digits after the point that show four digits of the largest entry."""
    sizes = np.abs(value[np.isfinite(value)])
    largest = float(np.max(sizes, initial=0.0))
    return min(max(3 - int(np.floor(np.log10(largest))), 0), 12) if largest > 0 else 1


def _picked(size: int) -> list[int | None]:
    """Choose the rows or columns that are shown; None stands for what is left out."""
    if size <= AT_MOST:
        return list(range(size))
    half = AT_MOST // 2
    return [*range(half), None, *range(size - half, size)]
