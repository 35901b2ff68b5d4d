r"""Small mathematics in HTML and in plain text.

``w_{j,k}`` and ``A^{[l]}`` are written as in LaTeX; ``w_{j→2,k}`` is the entry with j = 2, whose
number keeps the color of its index.
"""

import re
from collections.abc import Mapping
from html import escape

from fcnref._display import Html

__all__ = ["INDICES", "entry", "index_number", "math", "plain"]

INDICES = "ijpk"
SCRIPT = re.compile(r"([_^])\{([^{}]*)\}")
GIVEN = re.compile(rf"([{INDICES}])→(\w+)")
INDEX = re.compile(rf"(?<![A-Za-z])([{INDICES}])(?![A-Za-z→])")
LETTER = re.compile(r"(?<![A-Za-z&])([A-Za-z])(?![A-Za-z;])")
TRANSPOSED = "T"


def entry(template: str, at: Mapping[str, int]) -> str:
    """Fill numbers in for the indices in the subscripts of `template`."""

    def fill(script: re.Match[str]) -> str:
        kind, inside = script.groups()
        return f"{kind}{{{INDEX.sub(lambda m: _given(m[1], at), inside)}}}"

    return SCRIPT.sub(fill, template)


def _given(letter: str, at: Mapping[str, int]) -> str:
    return f"{letter}→{at[letter]}" if letter in at else letter


def index_number(letter: str, number: object) -> Html:
    """Write an index, or the number that it has, in the color and the underline of the index."""
    return Html(f'<b class="fcn-{letter}">{escape(str(number))}</b>')


def math(text: str) -> Html:
    """Write mathematics as HTML: letters in italics, indices in their colors."""
    parts = []
    end = 0
    for script in SCRIPT.finditer(text):
        parts.append(_italics(text[end : script.start()]))
        name = "sub" if script[1] == "_" else "sup"
        parts.append(f"<{name}>{_script(script[2])}</{name}>")
        end = script.end()
    parts.append(_italics(text[end:]))
    return Html("".join(parts))


def _italics(text: str) -> str:
    return LETTER.sub(r"<var>\1</var>", escape(text))


def _script(text: str) -> str:
    if text == TRANSPOSED:
        return TRANSPOSED
    with_letters = INDEX.sub(lambda m: index_number(m[1], m[1]), escape(text))
    return GIVEN.sub(lambda m: index_number(m[1], m[2]), with_letters)


def plain(text: str) -> str:
    """Write mathematics as plain text: ``w[2,1]``."""

    def script(match: re.Match[str]) -> str:
        kind, inside = match.groups()
        inside = GIVEN.sub(r"\2", inside)
        if inside == TRANSPOSED:
            return "ᵀ"
        return inside if kind == "^" else f"[{inside}]"

    return SCRIPT.sub(script, text)
