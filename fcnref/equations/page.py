"""From a page to its displays, and from a display to its statements; every one with its line."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fcnref.equations.declarations import NotationError, words

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
    text = text_of(source)
    tex = isinstance(source, Path) and source.suffix in {".tex", ".ltx"}
    if tex or r"\begin{document}" in text:
        return list(_read_tex(text))
    return list(_read_markdown(text))


def text_of(source: str | Path) -> str:
    """Return the text of a page; that of a notebook stands in its Markdown cells."""
    if isinstance(source, Path):
        text = source.read_text(encoding="utf-8-sig", errors="replace")
    else:
        text = source
    if not text.lstrip().startswith("{"):
        return text
    try:
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
        return "\n\n".join("".join(cell["source"]) for cell in cells)
    except (ValueError, KeyError, TypeError):
        return text


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
        declared = re.match(r"<!--\s*notation\s*[:\n](.*)-->", comment[0], re.DOTALL)
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
    before = text[: found.start()].rpartition("\n")[2]
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
    r"\\(?:(?:re)?newcommand|providecommand|[gex]?def|DeclareMathOperator)\*?"
    r"\s*\{?\s*\\(?P<name>[A-Za-z]+)\s*\}?\s*(?:\[\d\])?\s*(?:\[(?P<default>[^]]*)\])?"
    r"(?:#\d)*\s*(?=\{)"
)


def read_macros(text: str) -> dict[str, str]:
    r"""Collect what a page defines by \newcommand, \def and \DeclareMathOperator.

    The default of an optional argument is kept under the name with brackets behind it.
    """
    macros: dict[str, str] = {}
    for found in _NEWCOMMAND.finditer(text[: 40 * LONGEST]):
        body = _braced(text, found.end())
        if body is not None:
            name, word = "\\" + found["name"], "DeclareMathOperator" in found[0]
            macros[name] = rf"\operatorname{{{body}}}" if word else body
            macros.pop(name + "[]", None)  # that of a definition before this one
            if found["default"] is not None:
                macros[name + "[]"] = found["default"]
    return macros


def _without_definitions(tex: str) -> str:
    """Blank the definitions of macros in a display."""
    for found in reversed(list(_NEWCOMMAND.finditer(tex))):
        end = found.end() + len(_braced(tex, found.end()) or "") + 2
        tex = tex[: found.start()] + re.sub(r"[^\n]", " ", tex[found.start() : end]) + tex[end:]
    return tex


def read_tex_macros(conf: Path) -> dict[str, str]:
    r"""Return the macros that a conf.py declares, without running it.

    Raises
    ------
    NotationError
        If it is no Python, or if its `tex_macros` are no map that is written out.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from fcnref.equations.page import read_tex_macros
    >>> with TemporaryDirectory() as folder:
    ...     conf = Path(folder, "conf.py")
    ...     written = conf.write_text(r'tex_macros = {r"\R": r"\mathbb{R}"}')
    ...     read_tex_macros(conf)
    {'\\R': '\\mathbb{R}'}
    """
    try:
        assigned = [
            ast.literal_eval(statement.value)
            for statement in ast.parse(conf.read_bytes()).body
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None
            if re.match("tex_macros( =|:)", ast.unparse(statement))
        ]
    except (SyntaxError, ValueError) as error:
        raise NotationError(f"notation: the tex_macros of {conf} are not read: {error}") from None
    return words("tex_macros", assigned[-1]) if assigned else {}


_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


def _braced(text: str, start: int) -> str | None:
    """Return what stands in the braces that begin at a position, or None."""
    if text[start : start + 1] != "{":
        return None
    depth = 0
    for mark in _BRACE.finditer(text, start, start + LONGEST):
        depth += {"{": 1, "}": -1}.get(mark[0], 0)
        if depth == 0:
            return text[start + 1 : mark.start()]
    return None


_NAME = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
_BRACKETS = re.compile(r"\s*\[((?:[^][{}]|\{[^{}]*\}|\[[^][]*\])*)\]")
_MOST_EXPANSIONS = 2_000


def expand(tex: str, macros: Mapping[str, str]) -> str:
    r"""Replace macros by what they stand for, as TeX does: without braces, and then read again.

    Parameters
    ----------
    tex
        The formula.
    macros
        From a name to a body, with #1 where the first argument goes; under a name with brackets
        behind it, what the first argument is where none is given in brackets.

    Examples
    --------
    >>> from fcnref.equations.page import expand
    >>> expand(r"\partial\loss W\at{l-1}", {r"\loss": "J", r"\at": "^{[#1]}"})
    '\\partial J W^{[l-1]}'
    >>> derivative = {r"\pd": r"\frac{\partial #1}{\partial #2}", r"\pd[]": "J"}
    >>> expand(r"\pd{W} = \pd[Z]{W}", derivative)
    '\\frac{\\partial J}{\\partial W} = \\frac{\\partial Z}{\\partial W}'
    """
    bodies = {"\\" + name.removeprefix("\\"): body for name, body in macros.items()}
    done, rest = "", tex
    for _ in range(_MOST_EXPANSIONS):  # a macro may stand for itself
        found = next((name for name in _NAME.finditer(rest) if name[0] in bodies), None)
        if found is None or len(done) + len(rest) > LONGEST:
            break
        done, rest = done + rest[: found.start()], rest[found.end() :]
        text, *parameters = re.split(r"#(\d)", bodies[found[0]])
        arguments = {}
        for number in range(1, max(map(int, parameters[::2]), default=0) + 1):
            default = bodies.get(found[0] + "[]") if number == 1 else None
            arguments[str(number)], rest = _argument(rest, default)
        for parameter, after in zip(parameters[::2], parameters[1::2], strict=True):
            text += _apart(text, arguments[parameter]) + arguments[parameter]
            text += _apart(text, after) + after
        rest = text + _apart(text, rest) + rest
        done += _apart(done, rest)
    return done + rest


def _argument(tex: str, default: str | None) -> tuple[str, str]:
    """Split off the argument of a macro: what stands in braces, or one sign.

    Where there is a default, the argument stands in brackets or is that.
    """
    if default is not None:
        given = _BRACKETS.match(tex)
        return (given[1], tex[given.end() :]) if given else (default, tex)
    tex = tex.lstrip()
    inside = _braced(tex, 0)
    if inside is not None:
        return inside, tex[len(inside) + 2 :]
    name = _NAME.match(tex)
    end = name.end() if name else 1
    return tex[:end], tex[end:]


def _apart(left: str, right: str) -> str:
    """Return the space without which a letter becomes part of the command before it, or ""."""
    return " " if right[:1].isalpha() and re.search(r"\\[A-Za-z]+$", left) else ""


def statements(display: Display, macros: Mapping[str, str]) -> Iterator[Statement]:
    r"""Split a display into its statements.

    Rows that begin with a relation or an operator continue the row before them.
    """
    tex = expand(_without_definitions(display.tex), macros)
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
