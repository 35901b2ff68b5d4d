r"""TeX without the macros of this site, for readers that do not know them.

A notebook is rendered by three programs that treat ``\newcommand`` in three ways, so the macros
are replaced before it is written. The color of an index is dropped: it is for the site alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

NAME = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}(?:(?!\\begin\{\1\}).)*\\end\{\1\}", re.DOTALL)
COLOR = {r"\htmlClass": "#2"}


def expand(tex: str, macros: Mapping[str, str]) -> str:
    r"""Replace every macro by what it stands for: ``\pd{J}{w}`` is ``\frac{\partial J}{...}``."""
    known = {**macros, **COLOR}
    done, rest = "", tex
    while found := NAME.search(rest):
        before, name, rest = rest[: found.start()], found[0], rest[found.end() :]
        done += before
        if name not in known:
            done += name
            continue
        body = known[name]
        for number in range(1, _arguments(body) + 1):
            argument, rest = _argument(rest)
            body = body.replace(f"#{number}", argument)
        body = expand(body, macros)
        glued = re.search(r"\\[A-Za-z]+$", done) and body[:1].isalpha()
        done += f" {body}" if glued else body
    return done + rest


def _arguments(body: str) -> int:
    return max((int(number) for number in re.findall(r"#(\d)", body)), default=0)


def _argument(tex: str) -> tuple[str, str]:
    """Split off the next argument: a group in braces, or one token."""
    tex = tex.lstrip()
    if not tex.startswith("{"):
        token = NAME.match(tex)
        end = token.end() if token else 1
        return tex[:end], tex[end:]
    depth = position = 0
    while position < len(tex):
        if tex[position] == "\\":
            position += 2
            continue
        depth += {"{": 1, "}": -1}.get(tex[position], 0)
        position += 1
        if depth == 0:
            break
    return tex[1 : position - 1], tex[position:]


def rows(tex: str) -> list[str]:
    """Split the text of a display into formulas; one with several rows becomes ``aligned``."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", tex) if part.strip()]
    return [
        rf"\begin{{aligned}}{part}\end{{aligned}}"
        if r"\\" in part and not ENVIRONMENT.fullmatch(part)
        else part
        for part in parts
    ]
