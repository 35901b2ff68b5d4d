r"""TeX without the macros of this site, for readers that do not know them.

A notebook is rendered by three programs that treat ``\newcommand`` in three ways, so the macros
are replaced before it is written. The color of an index is dropped: it is for the site alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fcnref.equations import page

ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}(?:(?!\\begin\{\1\}).)*\\end\{\1\}", re.DOTALL)
COLOR = {r"\htmlClass": "#2"}


def expand(tex: str, macros: Mapping[str, str]) -> str:
    r"""Replace every macro by what it stands for: ``\pd{J}{w}`` is ``\frac{\partial J}{...}``."""
    return page.expand(tex, {**macros, **COLOR})


def rows(tex: str) -> list[str]:
    """Split the text of a display into formulas; one with several rows becomes ``aligned``."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", tex) if part.strip()]
    return [
        rf"\begin{{aligned}}{part}\end{{aligned}}"
        if r"\\" in part and not ENVIRONMENT.fullmatch(part)
        else part
        for part in parts
    ]
