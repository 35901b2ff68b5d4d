"""From a page to statements: Markdown, MyST, LaTeX, notebooks; lines, labels, macros."""

import json
from pathlib import Path

import pytest

from fcnref.equations import check_equation, check_page
from fcnref.equations.__main__ import main
from fcnref.equations.page import Display, expand, read_macros, read_page, statements

DW = r"\frac{\partial J}{\partial W^{[l]}} = \frac{\partial J}{\partial Z^{[l]}} A^{[l-1]\top}"


def rows(tex: str) -> list[tuple[int, str]]:
    return [
        (s.line, " ".join(s.tex.replace(r"\quad", " ").split()))
        for s in statements(Display(1, tex), {})
    ]


@pytest.mark.parametrize(
    ("text", "line", "label", "inline"),
    [
        (f"$$ {DW} $$", 1, "", False),
        (f"$$ {DW} $$ (eq-a)", 1, "eq-a", False),
        (f"Words.\n\n\\[ {DW} \\]", 3, "", False),
        (f"\\begin{{equation}}\\label{{eq-b}}\n{DW}\n\\end{{equation}}", 1, "eq-b", False),
        (f"```{{math}}\n:label: eq-c\n{DW}\n```", 3, "eq-c", False),
        (f"::::{{math}}\n{DW}\n::::", 2, "", False),
        (f"```math\n{DW}\n```", 2, "", False),
        (f"It holds that ${DW}$ here.", 1, "", True),
        (f"It holds that {{math}}`{DW}` here.", 1, "", True),
        (f"It holds that \\({DW}\\) here.", 1, "", True),
        (f":::{{note}}\n$$ {DW} $$\n:::", 2, "", False),
        (f"::::{{note}}\nWords.\n\n```{{math}}\n{DW}\n```\n::::", 5, "", False),
        (f":::{{note}}\nWords.\n:::\n\n$$ {DW} $$", 5, "", False),
        (f"---\ntitle: A page\n---\n$$ {DW} $$", 4, "", False),
    ],
)
def test_mathematics_is_found_wherever_it_stands(text, line, label, inline):
    (verdict,) = check_page(text + "\n")
    assert (verdict.status, verdict.line, verdict.label, verdict.inline) == (
        "true", line, label, inline,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        f"```python\n$$ {DW} $$\n```",
        f"`$$ {DW} $$`",
        f"<!-- $$ {DW} $$ -->",
        "It costs $5, and $6 more.",
        "---\nx: $$ a = b $$\n---",
    ],
)
def test_code_comments_and_prices_are_no_mathematics(text):
    assert check_page(text + "\n") == []


def test_rows_that_begin_with_a_relation_continue_the_row_before():
    assert rows(r"\begin{align} a &= b \\ &= c \\ d &= e \\ & \quad + f \end{align}") == [
        (1, "a = b = c"),
        (1, "d = e + f"),
    ]


def test_a_second_column_of_an_alignment_is_a_statement_of_its_own():
    ((_, tex),) = rows(r"\begin{align} a &= b & c &= d \end{align}")
    assert r"\qquad" in tex


DEFINITIONS = "\n".join(
    [
        r"\newcommand{\pd}[2]{\frac{\partial#1}{\partial#2}}",
        r"\newcommand{\lay}[1]{^{[#1]}}",
        r"\providecommand{\at}[1]{_{#1,i}\lay l}",
        r"\def\of#1#2{#1\left(#2\right)}",
        r"\newcommand{\is}[1]{&= #1 \\}",
        r"\newcommand{\below}{\lay{l-1}}",
        r"\newcommand{\loss}{J}",
    ]
)
FRONT = r"""---
equations:
  macros:
    '\pd': '\frac{\partial#1}{\partial#2}'
    '\lay': '^{[#1]}'
    "\\at": "_{#1,i}\\lay l"
    \of: '#1\left(#2\right)'
    \is: '&= #1 \\'
    \below: \lay{l-1}
    loss: J
---
"""


CELLS = [
    {"cell_type": "markdown", "source": DEFINITIONS.splitlines(keepends=True)},
    {"cell_type": "code", "source": r"$$ \pd{J}{W} = 1 $$"},
    {"cell_type": "markdown", "source": "$$ @@ $$"},
]


@pytest.mark.parametrize(
    ("tex", "status"),
    [
        (r"\pd{J}{W\lay{l}} = \pd{J}{Z\lay{l}} A\below{}^\top", "true"),
        (r"\pd\loss{W\lay l} \is{\pd\loss{Z\lay l} {A\lay{l-1}}^{\top}}", "true"),
        (r"\pd{\loss}{b_j\lay l} = \sum_i \frac{\partial\loss}{\partial z\at{j}}", "true"),
        (r"a\at j = \of{g}{z\at{j}}", "definition"),
        (r"\pd{J}{W\lay{l}} = \pd{J}{Z\lay{l}} A\lay{l}{}^\top", "wrong"),
        (r"\pd{J}{W\lay{l}} = \pd{J}{Z\lay{l} A\below{}^\top", "not read"),
    ],
)
@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("front.md", FRONT + "$$ @@ $$\n"),
        ("page.md", DEFINITIONS + "\n\n$$ @@ $$\n"),
        ("display.md", f"$$\n{DEFINITIONS}\n@@\n$$\n"),
        ("notes.tex", DEFINITIONS + "\n\\begin{document}\n\\[ @@ \\]\n\\end{document}\n"),
        ("notes.ipynb", json.dumps({"cells": CELLS})),
    ],
)
def test_macros_stand_for_their_bodies_without_braces(name, page, tex, status, tmp_path):
    path = tmp_path / name
    written = json.dumps(tex)[1:-1] if name == "notes.ipynb" else tex
    path.write_text(page.replace("@@", written), encoding="utf-8")
    assert [verdict.status for verdict in check_page(path)] == [status]
    assert [verdict.status for verdict in check_page(path.read_text("utf-8"))] == [status]


def test_the_macros_of_this_site_are_read_from_its_conf(tmp_path, capsys):
    path = tmp_path / "page.md"
    path.write_text(r"$$ \pd{J}{W\lay{l}} = \pd{J}{Z\lay{l}} {A\lay{l-1}}\tr $$", encoding="utf-8")
    assert main([str(path), "--macros", "docs/conf.py"]) == 0
    assert capsys.readouterr().out == f"{path}: 1 true\n"


@pytest.mark.parametrize(
    ("macros", "tex", "expanded"),
    [
        ({r"\x": r"\x"}, r"\x + 1", r"\x + 1"),
        ({r"\x": r"\y", r"\y": r"\x"}, r"\x", r"\x"),
        ({r"\x": "#2 #1"}, r"\x{a}{b}", "b a"),
        ({r"\x": "#1"}, r"\cdot\x{}a", r"\cdot a"),
        ({r"\x": r"\cdot"}, r"\x{a}", r"\cdot{a}"),
        ({r"\x": r"#1\cdot"}, r"\x{a}b", r"a\cdot b"),
        ({r"\x": r"\cdot#1"}, r"\x{a}", r"\cdot a"),
        ({r"\x": "#1"}, r"\x{\{ \\}}b", r"\{ \\}b"),
        ({r"\x": "#1"}, r"\x{a", "{a"),
        ({r"\x": "#1"}, r"\x", ""),
    ],
)
def test_a_macro_is_replaced_as_tex_does_it(macros, tex, expanded):
    assert expand(tex, macros) == expanded


def test_a_macro_that_doubles_ends():
    assert check_page("\\def\\x{\\x\\x}\n\n$$ a = \\x $$")[0].status == "not read"
    assert check_page("\\def\\x{a + a\\x}\n\n$$ a = \\x $$")[0].status == "not read"


def test_a_latex_file(tmp_path):
    path = tmp_path / "notes.tex"
    path.write_text(
        "\n".join(
            [
                r"\documentclass{article}",
                r"\newcommand{\T}{^{\top}}",
                r"\begin{document}",
                r"\section{Identity} % notation: activation: identity",
                r"% notation: activation: identity",
                r"\begin{equation}\label{eq-x}",
                r"  \nabla_{Z^{[l]}} J = \nabla_{A^{[l]}} J % a comment with a $",
                r"\end{equation}",
                r"\section{Any}",
                r"\begin{align}",
                r"  \nabla_{W^{[l]}} J &= \nabla_{Z^{[l]}} J \, (A^{[l-1]})\T \\",
                r"  \nabla_{Z^{[l]}} J &= \nabla_{A^{[l]}} J",
                r"\end{align}",
                r"\end{document}",
            ]
        ),
        encoding="utf-8",
    )
    found = [(v.status, v.line, v.label) for v in check_page(path)]
    assert found == [("true", 6, "eq-x"), ("true", 11, ""), ("wrong", 12, "")]


def test_a_notebook(tmp_path):
    path = tmp_path / "notes.ipynb"
    cells = [
        {"cell_type": "code", "source": ["x = '$$ a = b $$'"]},
        {"cell_type": "markdown", "source": ["Text\n", f"\n$$ {DW} $$\n"]},
        {"cell_type": "markdown", "source": f"$$ {DW.replace('l-1', 'l')} $$"},
    ]
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert [verdict.status for verdict in check_page(path)] == ["true", "wrong"]


def test_the_path_may_be_a_word(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(f"$$ {DW} $$\n", encoding="utf-8")
    assert check_page(str(path)) == check_page(path) == check_page(f"$$ {DW} $$\n")
    assert read_page(Path(path))[0].tex.strip() == DW


def test_an_environment_is_found_on_its_line():
    text = "\\begin{document}\nWords.\n\n\\begin{equation}\n a = b\n\\end{equation}\n"
    (display,) = read_page(text)
    assert display.line == 4


def test_cells_of_different_shape_are_no_pattern():
    cell = r"\max(z_{1,i}^{[l]}, 0)"
    other = r"\max(z_{n^{[l]},i}^{[l]}, 0, 1)"
    tex = rf"z_{{:,i}}^{{[l]}} = \begin{{bmatrix}} {cell} \\ \vdots \\ {other} \end{{bmatrix}}"
    assert check_equation(tex).codes == ("matrix",)


@pytest.mark.parametrize("end", [r"\,", r" \,.", r"~.", r"\quad,", r"\;;", r" \! , "])
def test_the_space_before_the_punctuation_is_no_part_of_an_equation(end):
    assert check_equation(DW + end).status == "true"
    assert check_equation(rf"\, {DW}{end}").status == "true"


def test_a_macro_takes_one_letter_where_no_braces_follow():
    macro = "\\newcommand{\\at}[1]{a_{#1,i}^{[l]}}\n\n"
    (verdict,) = check_page(f"{macro}$$ \\at j = g(z_{{j,i}}^{{[l]}}) $$\n")
    assert verdict.places == 144


@pytest.mark.parametrize(
    ("tex", "read"),
    [
        (r"\pd{W}", r"\frac{\partial J}{\partial W}"),
        (r"\pd[z_{j}]{w}", r"\frac{\partial z_{j}}{\partial w}"),
        (r"\pd [Z^{[l]}] W", r"\frac{\partial Z^{[l]}}{\partial W}"),
        (r"\pd{W} [p = j]", r"\frac{\partial J}{\partial W} [p = j]"),
        (r"\pd[", r"\frac{\partial J}{\partial [}"),
    ],
)
def test_an_optional_argument_of_a_macro_is_given_in_brackets_or_by_its_default(tex, read):
    macros = read_macros(r"\newcommand{\pd}[2][J]{\frac{\partial #1}{\partial #2}}")
    assert expand(tex, macros) == read


def test_a_macro_that_is_defined_anew_without_a_default_has_none():
    macros = read_macros(r"\newcommand{\x}[1][J]{(#1)} \renewcommand{\x}[1]{<#1>}")
    assert expand(r"\x{W}", macros) == "<W>"


def test_a_page_whose_macro_has_an_optional_argument_is_read():
    macro = r"\newcommand{\pd}[2][J]{\frac{\partial #1}{\partial #2}}"
    [verdict] = check_page(macro + "\n\n" + r"$$ \pd{W^{[l]}} = \pd{Z^{[l]}} A^{[l-1]\top} $$")
    assert verdict.status == "true"


def test_a_declared_operator_is_set_and_read_as_one():
    macros = read_macros(r"\DeclareMathOperator{\soft}{softmax}")
    assert macros == {r"\soft": r"\operatorname{softmax}"}


def test_what_follows_a_definition_in_a_display_is_read_whole():
    tex = r"\newcommand{\T}{^{\top}}\frac{\partial J}{\partial W^{[l]}} = 0"
    [statement] = statements(Display(1, tex), read_macros(tex))
    assert statement.tex.startswith(r"\frac")


def test_lines_are_counted_through_what_is_verbatim(tmp_path):
    tex = "\\begin{verbatim}\n$$ a = b $$\n\n\\end{verbatim}\n\n$$ c = d $$\n"
    notes = tmp_path / "notes.tex"
    notes.write_text(tex)
    [display] = read_page(notes)
    assert (display.line, display.tex.strip()) == (6, "c = d")


def test_a_declaration_that_is_not_understood_is_told_with_its_line():
    [verdict] = check_page("# Notes\n\n% notation: cost: none\n")
    assert (verdict.line, verdict.codes) == (3, ("notation",))
