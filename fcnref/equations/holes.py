"""Holes: empty brackets and sums of nothing, and which quantity of the equation belongs there."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SCRIPTS = r"(?:\s*[_^]\s*(?:\{(?:[^{}]|\{[^{}]*\})*\}|\\?\w+))"
_HERE = r"\s*(?=$|[-+=&,)}|]|\\right|\\\\)"
_HOLES = (
    re.compile(rf"[({{|]{_HERE}(?=[)}}|]|\\right)"),
    re.compile(rf"\\sum{_SCRIPTS}*{_HERE}"),
    re.compile(rf"\\(?:log|exp|ln|tanh|sqrt)(?![A-Za-z]){_HERE}"),
)
_QUANTITY = re.compile(
    rf"(?:\\(?:hat|bar|dot|tilde)\s*(?:\{{[a-zA-Z]\}}|[a-zA-Z])|(?<![\\A-Za-z{{])[a-zA-Z]){_SCRIPTS}+"
)


def fillings(tex: str) -> Iterator[tuple[str, str]]:
    r"""Yield the quantities that an equation prints, and the equation with each in its first hole.

    Examples
    --------
    >>> from fcnref.equations.holes import fillings
    >>> [whole for _, whole in fillings("a_j = g() + z_j")]
    ['a_j = g( a_j ) + z_j', 'a_j = g( z_j ) + z_j']
    """
    end = next((found.end() for hole in _HOLES for found in hole.finditer(tex)), None)
    if end is None:
        return
    for quantity in dict.fromkeys(found[0].strip() for found in _QUANTITY.finditer(tex)):
        yield quantity, f"{tex[:end]} {quantity} {tex[end:]}"
