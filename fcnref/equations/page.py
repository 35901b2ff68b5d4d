"""From a page to its displays, and from a display to its statements; every one with its line."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

LONGEST = 20_000
"""A display with more characters than this is not read."""


class Display(NamedTuple):
    """A piece of mathematics on a page.

    Attributes
    ----------
    line
        The line of the page on which the mathematics begins, from 1.
    tex
        The LaTeX between the delimiters.
    label
        The label of the equation, or "".
    inline
        True for mathematics within a sentence.
    options
        The options of a directive, such as `class` and `because`.
    declares
        The declarations of a notation block; such a display holds no mathematics.
    section
        The level of a heading, which ends the declarations of sections inside it.
    """

    line: int
    tex: str
    label: str = ""
    inline: bool = False
    options: Mapping[str, str] = {}
    declares: str = ""
    section: int = 0


class Statement(NamedTuple):
    """One chain of relations, with the line it begins on."""

    line: int
    tex: str
    label: str = ""


_ROWS = (
    "align|aligned|alignat|alignedat|equation|eqnarray|gather|gathered|multline|split|flalign|"
    "displaymath|math|subequations|darray"
)
_BEGIN = re.compile(rf"\\(begin|end)\s*\{{({_ROWS})\*?\}}(\s*\[[tcb]\])?(?<=\}})?")
_LABEL = re.compile(r"\\label\s*\{([^{}]*)\}")
_CODE = re.compile(r"(?<![`}])(`+)(?!`).*?(?<!`)\1(?!`)")
_FENCE = re.compile(r"\s*(?:>\s*)*(?P<ticks>`{3,}|~{3,}|:{3,})\s*(?P<info>.*)")
_LINE = re.compile(r"\s*(?::(?P<key>[A-Za-z-]+):\s*(?P<value>.*)|(?P<rest>.*))")
_ENVIRONMENT = re.compile(rf"\\begin\s*\{{({_ROWS})(\*?)\}}", re.DOTALL)


def read_page(source: str | Path) -> list[Display]:
    r"""Find the displays, inline formulas and declarations of a page.

    Parameters
    ----------
    source
        The path of a page (Markdown, MyST, LaTeX or a notebook), or the text itself.

    Examples
    --------
    >>> from fcnref.equations.page import read_page
    >>> read_page("Then\n\n$$ A^{[0]} = X $$ (eq-input)\n")[0].label
    'eq-input'
    """
    if isinstance(source, Path):
        text = source.read_text(encoding="utf-8", errors="replace")
        if source.suffix == ".ipynb":
            return _read_notebook(text)
        if source.suffix in {".tex", ".ltx"}:
            return list(_read_tex(text))
    else:
        text = source
    if r"\begin{document}" in text:
        return list(_read_tex(text))
    return list(_read_markdown(text))


def _read_notebook(text: str) -> list[Display]:
    try:
        cells = json.loads(text)["cells"]
        sources = [
            source if isinstance(source := cell["source"], str) else "".join(source)
            for cell in cells
            if cell["cell_type"] == "markdown"
        ]
    except (ValueError, KeyError, TypeError):
        return list(_read_markdown(text))
    return list(_read_markdown("\n\n".join(sources)))


def _read_markdown(text: str) -> Iterator[Display]:
    lines = text.splitlines()
    first = 0
    if lines and lines[0].strip() == "---":
        ends = (n for n, line in enumerate(lines[1:], 1) if line.strip() in {"---", "..."})
        first = next(ends, 0) + 1 if len(lines) > 1 else 0
    found: list[Display] = []
    prose = [""] * first + _prose(lines[first:], first, found)
    found.extend(_read_maths(_without_comments("\n".join(prose), found)))
    yield from sorted(found, key=lambda display: display.line)


_TEXT = re.compile(
    r"\{(?:exercise|solution|note|tip|hint|important|warning|attention|caution|danger|error|seealso"
    r"|admonition|margin|sidebar|dropdown|prf:\w+|theorem|proof|lemma|definition|example|remark"
    r"|grid|grid-item|grid-item-card|card|tab-set|tab-item)\}.*"
)
"""The directives whose content is text with formulas; that of others is code or data."""


def _prose(lines: Sequence[str], start: int, found: list[Display], depth: int = 0) -> list[str]:
    """Return the lines of text, the others blank, and collect what is marked by whole lines."""
    prose: list[str] = []
    number = 0
    while number < len(lines):
        fence = _FENCE.fullmatch(lines[number])
        if fence is None:
            if marked := re.match(r"%\s*notation\s*:(.*)", lines[number]):
                declared = marked[1].replace(";", "\n")
                found.append(Display(start + number + 1, "", declares=declared))
            if heading := re.match(r"(#{1,6})\s", lines[number]):
                found.append(Display(start + number + 1, "", section=len(heading[1])))
            prose.append(_CODE.sub(lambda code: " " * len(code[0]), lines[number]))
            number += 1
            continue
        body, end = _fenced(lines, number, fence["ticks"])
        info = fence["info"].strip()
        if info.startswith("{math}") or info == "math":
            found.append(_directive(body, start + number, info))
        elif info.startswith("{notation}"):
            found.append(Display(start + number + 1, "", declares="\n".join(body)))
        elif depth < 8 and _TEXT.fullmatch(info):
            prose.append("")
            prose.extend(_prose(body, start + number + 1, found, depth + 1))
            number += 1 + len(body)
        elif fence["ticks"][0] == ":":
            prose.append("")
            number += 1
            continue
        prose.extend([""] * (end - number))
        number = end
    return prose


def _fenced(lines: Sequence[str], start: int, ticks: str) -> tuple[list[str], int]:
    for end in range(start + 1, len(lines)):
        closing = lines[end].strip().lstrip("> ")
        if closing.startswith(ticks) and not closing.strip(ticks[0]):
            return list(lines[start + 1 : end]), end + 1
    return list(lines[start + 1 :]), len(lines)


def _directive(body: list[str], number: int, info: str) -> Display:
    options: dict[str, str] = {}
    skipped = 0
    for line in body:
        option = _LINE.fullmatch(line)
        if option is None or not option["key"]:
            break
        options[option["key"]] = option["value"].strip()
        skipped += 1
    argument = info.removeprefix("{math}").strip() if info.startswith("{") else ""
    tex = "\n".join(([argument] if argument else []) + body[skipped:])
    start = number + 2 + skipped - bool(argument)
    return Display(start, tex, options.get("label", ""), options=options)


def _without_comments(text: str, found: list[Display]) -> str:
    def blank(comment: re.Match[str]) -> str:
        declared = re.match(r"<!--\s*notation\b:?(.*)-->", comment[0], re.DOTALL)
        if declared:
            line = text.count("\n", 0, comment.start()) + 1
            found.append(Display(line, "", declares=declared[1].replace(";", "\n")))
        return re.sub(r"[^\n]", " ", comment[0])

    return re.sub(r"<!--.*?-->", blank, text, flags=re.DOTALL)


_MATHS = re.compile(
    r"(?P<double>\$\$(?P<display>.+?)\$\$(?:[ \t]*\((?P<label>[\w:.\-]+)\))?)"
    r"|(?P<bracket>\\\\?\[(?P<brackets>.+?)\\\\?\])(?<!\\\\\\\])"
    r"|(?P<paren>\\\\?\((?P<parens>[^\n]+?)\\\\?\))"
    r"|(?P<single>(?<![\\$\w])\$(?P<inline>[^\s$](?:[^$\n]|\n(?!\s*\n))*?)(?<![\\\s])\$(?![\d$]))"
    r"|(?P<role>\{math\}(?P<blank>\s*)`(?P<rolled>[^`]+)`)",
    re.DOTALL,
)


def _read_maths(text: str) -> Iterator[Display]:
    taken: list[tuple[int, int]] = []
    for found in _MATHS.finditer(text):
        kind = found.lastgroup or "double"
        group = next(
            name
            for name in ("display", "brackets", "parens", "inline", "rolled")
            if found[name] is not None
        )
        if kind == "bracket" and text[max(0, found.start() - 1)] == "\\":
            continue
        taken.append(found.span())
        start = found.start(group)
        yield Display(
            text.count("\n", 0, start) + 1,
            found[group],
            found["label"] or "",
            inline=group in {"parens", "inline", "rolled"} or _in_sentence(text, found),
        )
    position = 0
    while begin := _ENVIRONMENT.search(text, position):
        closing = rf"\\end\s*\{{{begin[1]}{re.escape(begin[2])}\}}"
        end = re.compile(closing).search(text, begin.end())
        position = end.end() if end else begin.end()
        inside = any(left <= begin.start() < right for left, right in taken)
        if end and not inside and begin[1] not in {"split", "aligned", "gathered"}:
            line = text.count("\n", 0, begin.start()) + 1
            yield Display(line, text[begin.start() : position])


def _in_sentence(text: str, found: re.Match[str]) -> bool:
    """Tell whether a formula between double dollars has words before it on its line."""
    before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
    return bool(re.search(r"[A-Za-z]{2}", before)) and "\n" not in found[0]


def _read_tex(text: str) -> Iterator[Display]:
    found: list[Display] = []
    for mark in re.finditer(r"^[ \t]*%\s*notation\s*:(.*)$", text, re.MULTILINE):
        line = text.count("\n", 0, mark.start()) + 1
        found.append(Display(line, "", declares=mark[1].replace(";", "\n")))
    levels = {"chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4}
    for mark in re.finditer(r"\\(chapter|section|subsection|subsubsection)\*?\s*\{", text):
        line = text.count("\n", 0, mark.start()) + 1
        found.append(Display(line, "", section=levels[mark[1]]))
    plain = re.sub(r"(?<!\\)%.*", "", text)
    plain = re.sub(
        r"\\begin\{(verbatim|lstlisting|minted)\}.*?\\end\{\1\}", _blank, plain, flags=re.DOTALL
    )
    preamble = plain.partition(r"\begin{document}")
    if preamble[1]:
        plain = re.sub(r"[^\n]", " ", preamble[0]) + preamble[2]
    found.extend(_read_maths(plain))
    yield from sorted(found, key=lambda display: display.line)


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


_NEWCOMMAND = re.compile(
    r"\\(?:re|provide)?(?:newcommand|def|DeclareMathOperator)\*?\s*\{?\\(?P<name>[A-Za-z]+)\}?"
    r"\s*(?:\[(?P<count>\d)\])?(?:#\d)*\s*(?=\{)"
)


def read_macros(text: str) -> dict[str, str]:
    r"""Collect what a page defines by \newcommand, \def and \DeclareMathOperator."""
    macros: dict[str, str] = {}
    for found in _NEWCOMMAND.finditer(text[: 40 * LONGEST]):
        body = _braced(text, found.end())
        if body is not None:
            word = "DeclareMathOperator" in found[0]
            macros["\\" + found["name"]] = rf"\operatorname{{{body}}}" if word else body
    return macros


def read_tex_macros(conf: Path) -> dict[str, str]:
    """Return the macros that a conf.py declares, without running it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fcnref.equations.page import read_tex_macros
    >>> read_tex_macros(Path("no/conf.py"))
    {}
    """
    if not conf.is_file():
        return {}
    for statement in ast.parse(conf.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "tex_macros":
            return dict(ast.literal_eval(statement.value))
    return {}


def _braced(text: str, start: int) -> str | None:
    if text[start : start + 1] != "{":
        return None
    depth = 0
    for position in range(start, min(len(text), start + LONGEST)):
        if text[position - 1] == "\\" and position > start:
            continue
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return text[start + 1 : position]
    return None


def expand(tex: str, macros: Mapping[str, str]) -> str:
    """Replace macros, with their arguments, a bounded number of times."""
    for _ in range(8):
        before = tex
        for name, body in macros.items():
            name = name if name.startswith("\\") else "\\" + name
            count = max((int(n) for n in re.findall(r"#(\d)", body)), default=0)
            for found in reversed(list(re.finditer(re.escape(name) + r"(?![A-Za-z])", tex))):
                end = found.end()
                filled = body
                for position in range(1, count + 1):
                    end += len(tex[end:]) - len(tex[end:].lstrip())
                    argument = _braced(tex, end)
                    width = len(argument) + 2 if argument is not None else 1
                    filled = filled.replace(f"#{position}", argument or tex[end : end + 1])
                    end += width
                tex = f"{tex[: found.start()]}{{{filled}}}{tex[end:]}" if count else (
                    tex[: found.start()] + filled + " " + tex[end:]
                )  # fmt: skip
            if len(tex) > LONGEST:
                return tex
        if tex == before:
            break
    return tex


def statements(display: Display, macros: Mapping[str, str]) -> Iterator[Statement]:
    r"""Split a display into its statements.

    Rows that begin with a relation or an operator continue the row before them.
    """
    tex = expand(display.tex, macros) if macros else display.tex
    tex = re.sub(r"(?<!\\)%[^\n]*", "", tex)
    tex = _BEGIN.sub(_keep_argument, tex)
    rows = [(line, row) for line, row in _rows(tex, display.line) if row.strip(" \n\t&.,")]
    pending: tuple[int, str, str] | None = None
    for line, raw in rows:
        label = _LABEL.search(raw)
        row = _cleaned(raw)
        if not row:
            continue
        if pending is not None and (_CONTINUES.match(row) or _UNFINISHED.search(pending[1])):
            joined = pending[1].rstrip(" ,") + " " + row
            pending = (pending[0], joined, label[1] if label else pending[2])
            continue
        if pending is not None:
            yield Statement(*pending)
        pending = (line, row, label[1] if label else display.label)
    if pending is not None:
        yield Statement(*pending)


_CONTINUES = re.compile(
    r"(?:=|\+|-(?!>)|\\(?:cdot|times|odot|circ|ast|equiv|approx|in|pm)(?![A-Za-z])|[<>*/]|:=)"
)
_UNFINISHED = re.compile(
    r"(?:=|\+|-|\\(?:cdot|times|odot|circ|ast|quad|left\s*[(\[{|]|left\\\{)|\()\s*$"
)


def _keep_argument(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _rows(tex: str, line: int) -> Iterator[tuple[int, str]]:
    depth, start, position = 0, 0, 0
    while position < len(tex):
        if tex.startswith(r"\begin", position):
            depth, position = depth + 1, position + 6
        elif tex.startswith(r"\end", position):
            depth, position = depth - 1, position + 4
        elif (end := _row_break(tex, position)) and depth <= 0:
            yield line + tex.count("\n", 0, _first(tex, start)), tex[start:position]
            start = position = end
        elif tex[position] == "\\":
            position += 2
        else:
            depth += {"{": 1, "}": -1}.get(tex[position], 0)
            position += 1
    yield line + tex.count("\n", 0, _first(tex, start)), tex[start:]


def _first(tex: str, start: int) -> int:
    return start + len(tex[start:]) - len(tex[start:].lstrip(" \n\t&"))


_BREAK = re.compile(
    r"\\\\\*?(\s*\[\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in)\s*\])?"
    r"|\\newline(?![A-Za-z])|\\ newline\b|\\cr(?![A-Za-z])"
)


def _row_break(tex: str, position: int) -> int:
    found = _BREAK.match(tex, position)
    return found.end() if found else 0


_DROPPED = re.compile(
    r"\\(?:label|tag|tag\*|eqref|ref|hspace|vspace|hspace\*|phantom|hphantom|vphantom|color|class|cssId|htmlClass|mathchoice|raisebox|footnote)\s*\*?\s*\{[^{}]*\}"
    r"|\\(?:smash|small|large|Large|normalsize|tiny|footnotesize|allowbreak|nobreak|noindent|centering|hline|unicode|relax|protect)(?![A-Za-z])"
)

_SPACE = r"(?:\s|~|\\[,;:! ]|\\q?quad(?![A-Za-z]))"


def _cleaned(row: str) -> str:
    row = _DROPPED.sub(" ", row)
    row = re.sub(r"\\textcolor\s*\{[^{}]*\}", " ", row)
    row = _without_ampersands(re.sub(r"=\s*\{\s*\}", "= ", row))
    row = re.sub(r"\\q?quad\s*\(\d+(?:\.\d+)*\)\s*$", "", row)
    row = re.sub(rf"(?:{_SPACE}|[.,;:])+$", "", row)
    return re.sub(rf"^(?:{_SPACE}|,)+", "", row).strip()


_RELATES = r"(?:=|:=|<|>|\\(?:equiv|approx|in|leq?|geq?|neq?|sim|to|gets|leftarrow)(?![A-Za-z]))"


def _without_ampersands(row: str) -> str:
    """Drop the marks of alignment; one that begins a second column becomes a space between."""
    depth, parts = 0, [""]
    pieces = re.split(r"(\\begin\s*\{|\\end\s*\{|(?<!\\)&)", row)
    for number, piece in enumerate(pieces):
        depth += piece.startswith(r"\begin") - piece.startswith(r"\end")
        if piece != "&" or depth > 0:
            parts.append(piece)
            continue
        before, after = "".join(parts), pieces[number + 1] if number + 1 < len(pieces) else ""
        complete = re.search(_RELATES, before) and not re.search(_RELATES + r"\s*$", before)
        starts = after.strip() and not re.match(rf"\s*(?:{_RELATES}|[+\-*/]|\\cdot|\\times)", after)
        parts.append(r" \qquad " if complete and starts else " ")
    return "".join(parts)
