"""The extension: warnings with file and line, marks that need no script, a ledger, a JSON file."""

import ast
import json
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("sphinx")
pytest.importorskip("myst_parser")

from fcnref.equations.ledger import labels_tested

PAGE = r"""
# Page

$$ \nabla_{W^{[l]}} J = \frac{\partial J}{\partial Z^{[l]}} A^{[l-1]\top} $$ (eq-right)

```{math}
:label: eq-mistake
:class: wrong
:because: layer
\frac{\partial J}{\partial W^{[l]}} = \frac{\partial J}{\partial Z^{[l]}} A^{[l]\top}
```

EXTRA

```{symbol-table}
:only: W b
```

```{equation-ledger}
```
"""
WRONG = (
    r"$$ \frac{\partial J}{\partial b^{[l]}} = \frac{\partial J}{\partial Z^{[l]}} $$ (eq-wrong)"
)


@pytest.fixture
def build(tmp_path):
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    def run(
        extra: str, conf: str = "", name: str = "html", parallel: int = 1, **pages: str
    ) -> tuple[Path, str]:
        for page, text in pages.items():
            (tmp_path / f"{page}.md").write_text(text, encoding="utf-8")
        (tmp_path / "conf.py").write_text(
            textwrap.dedent(
                """
                extensions = ["myst_parser", "fcnref.sphinx_ext"]
                myst_enable_extensions = ["dollarmath"]
                html_theme = "basic"
                """
            )
            + conf,
            encoding="utf-8",
        )
        (tmp_path / "index.md").write_text(PAGE.replace("EXTRA", extra), encoding="utf-8")
        out, warnings = tmp_path / "out", tmp_path / "warnings.txt"
        with docutils_namespace(), warnings.open("w", encoding="utf-8") as stream:
            app = Sphinx(
                *(tmp_path, tmp_path, out, tmp_path / "trees", name),
                status=None,
                warning=stream,
                freshenv=True,
                parallel=parallel,
            )
            app.build()
        return out, warnings.read_text(encoding="utf-8")

    return run


@pytest.mark.filterwarnings("default")
def test_a_page_that_passes_warns_of_nothing(build):
    out, warnings = build("")
    assert warnings == ""
    verdicts = json.loads((out / "equations.json").read_text(encoding="utf-8"))
    assert {label: v["status"] for label, v in verdicts.items()} == {
        "eq-right": "true",
        "eq-mistake": "wrong on purpose",
    }


@pytest.mark.filterwarnings("default")
def test_a_mark_stands_beside_every_label_and_is_reached_by_the_keyboard(build):
    out, _ = build("")
    html = (out / "index.html").read_text(encoding="utf-8")
    assert html.count('<a class="fcnref-mark') == 2
    assert 'aria-describedby="evidence-eq-right"' in html
    assert "holds at 140 places in 3 networks" in html
    assert html.count('id="equation-eq-right"') == 1
    assert ":focus > span" in (out / "_static" / "fcnref-equations.css").read_text()


@pytest.mark.filterwarnings("default")
def test_a_wrong_equation_is_a_warning_with_file_line_and_repair(build):
    _, warnings = build(WRONG)
    assert "index.md:13: WARNING: equation eq-wrong is wrong: left side is 5×1" in warnings
    assert "true with the sum over the examples, 1 after the right side" in warnings


@pytest.mark.filterwarnings("default")
def test_an_equation_that_is_not_read_is_a_warning_where_it_has_a_label(build):
    _, warnings = build("$$ Q = 1 + \\int x $$ (eq-unread)")
    assert "equation eq-unread is not read" in warnings
    assert build("$$ Q = 1 + \\int x $$")[1] == ""


DOCUMENTED = """```{py:function} gradient_of_the_weights(dZ)
Implements {eq}`eq-right`.
```"""


@pytest.mark.filterwarnings("default")
def test_the_ledger_links_an_equation_to_what_is_documented_as_implementing_it(build):
    out, warnings = build(DOCUMENTED)
    assert warnings == ""
    html = (out / "index.html").read_text(encoding="utf-8")
    rows = [part.partition("</tr>")[0] for part in html.split("<tr")[1:]]
    [row] = [r for r in rows if "#equation-eq-right" in r]
    assert 'href="#gradient_of_the_weights">gradient_of_the_weights</a>' in row
    assert "implemented by " in row
    [other] = [r for r in rows if "#equation-eq-mistake" in r]
    assert "gradient_of_the_weights" not in other
    assert "implemented by" not in other


@pytest.mark.filterwarnings("default")
def test_the_ledger_tells_its_figures_and_lists_what_is_not_read_with_the_reason(build):
    out, _ = build("$$ Q = 1 + \\int x $$")
    html = (out / "index.html").read_text(encoding="utf-8")
    told = "Labelled equations: 2 of 2 true, definition or wrong on purpose. Other displays: 0 of 1"
    assert told in html
    rows = [part.partition("</tr>")[0] for part in html.split("<tr")[1:]]
    [row] = [r for r in rows if "index, line 13" in r]
    assert "is not declared" in row


@pytest.mark.filterwarnings("default")
def test_a_block_of_notation_declares_and_is_not_shown(build):
    out, warnings = build(
        "```{notation}\nactivation: identity\n```\n\n"
        r"$$ \nabla_{Z^{[l]}} J = \nabla_{A^{[l]}} J $$ (eq-linear)"
    )
    assert warnings == ""
    assert "activation: identity" not in (out / "index.html").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("as_file", [False, True])
def test_all_pages_may_start_from_a_notation_of_their_own(as_file, build, tmp_path):
    (tmp_path / "ours.toml").write_text('activation = "identity"\n', encoding="utf-8")
    named = repr(str(tmp_path / "ours.toml")) if as_file else '{"activation": "identity"}'
    extra = r"$$ \nabla_{Z^{[l]}} J = \nabla_{A^{[l]}} J $$ (eq-linear)"
    assert build(extra, f"fcnref_equations_notation = {named}\n")[1] == ""
    assert "eq-linear is wrong" in build(extra)[1]


@pytest.mark.filterwarnings("default")
def test_a_notation_that_is_not_understood_is_a_warning(build):
    _, warnings = build("", 'fcnref_equations_notation = {"colour": "red"}\n')
    assert warnings.count("'colour' is not a declaration") == 2  # for the page, and for its table


@pytest.mark.filterwarnings("default")
def test_pages_can_be_left_out(build):
    other = f"---\norphan: true\n---\n# Other\n\n{WRONG}\n"
    assert "eq-wrong is wrong" in build("", other=other)[1]
    assert build("", 'fcnref_equations_exclude = ["oth*"]\n', other=other)[1] == ""


@pytest.mark.filterwarnings("default")
def test_other_formats_have_the_equations_without_marks(build):
    out, warnings = build("", name="text")
    assert warnings == ""
    assert "holds at" not in (out / "index.txt").read_text(encoding="utf-8").split("Ledger")[0]


@pytest.mark.filterwarnings("default")
def test_the_ledger_links_errata_and_tests(build, tmp_path):
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_it.py").write_text("def test_it():\n    check('eq-right')\n")
    errata = "---\norphan: true\n---\n# Errata\n\n## Layers\n\nSee {eq}`eq-mistake`.\n"
    out, warnings = build("", 'fcnref_equations_tests = "tests"\n', errata=errata)
    assert warnings == ""
    html = (out / "index.html").read_text(encoding="utf-8")
    rows = [part.partition("</tr>")[0] for part in html.split("<tr")[1:]]
    [right] = [r for r in rows if "#equation-eq-right" in r]
    [mistake] = [r for r in rows if "#equation-eq-mistake" in r]
    assert "test_it.py::test_it" in right
    assert "tested by " in right
    assert ">Layers</a>" in mistake
    assert "corrects " in mistake
    assert "Layers" not in right


def test_the_ledger_names_tests_as_pytest_does():
    module = ast.parse(
        textwrap.dedent(
            """
            TABLE = {"eq-a": 1, "eq-b": 2}

            @pytest.mark.parametrize("label", TABLE)
            def test_all(label):
                pass

            def test_one():
                assert printed("eq-c")

            def helper():
                return "eq-d"
            """
        )
    )
    assert list(labels_tested(module)) == [
        ("eq-a", "test_all[eq-a]"),
        ("eq-b", "test_all[eq-b]"),
        ("eq-c", "test_one"),
    ]


@pytest.mark.filterwarnings("default")
def test_a_ledger_is_written_anew_only_if_what_it_tells_has_changed(tmp_path):
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    equation = r"$$ \nabla_{W^{[l]}} J = \frac{\partial J}{\partial Z^{[l]}} A^{[l-1]\top} $$ "
    (tmp_path / "conf.py").write_text(
        'extensions = ["myst_parser", "fcnref.sphinx_ext"]\n'
        'myst_enable_extensions = ["dollarmath"]\nhtml_theme = "basic"\n'
    )
    (tmp_path / "index.md").write_text("# I\n\n```{toctree}\npage\nledger\n```\n")
    (tmp_path / "ledger.md").write_text("# L\n\n```{equation-ledger}\n```\n")
    page, ledger = tmp_path / "page.md", tmp_path / "out" / "ledger.html"

    def build(text: str) -> str:
        page.write_text(text)
        if ledger.exists():
            ledger.write_text("")  # stays empty if it is not written anew
        with docutils_namespace():
            Sphinx(tmp_path, tmp_path, tmp_path / "out", tmp_path / "trees", "html",
                   status=None).build()  # fmt: skip
        return ledger.read_text()

    assert "eq-one" in build(f"# P\n\n{equation} (eq-one)\n")
    assert build(f"# P\n\nMore words.\n\n{equation} (eq-one)\n") == ""
    assert "eq-two" in build(f"# P\n\nMore words.\n\n{equation} (eq-two)\n")


@pytest.mark.filterwarnings("default")
def test_pages_read_in_several_processes_share_one_ledger(build):
    pages = {f"p{n}": f"---\norphan: true\n---\n$$ X = A^{{[0]}} $$ (eq-{n})\n" for n in range(7)}
    out, warnings = build("", parallel=2, **pages)
    assert warnings == ""
    html = (out / "index.html").read_text(encoding="utf-8")
    assert "Labelled equations: 9 of 9 true, definition or wrong on purpose" in html


@pytest.mark.filterwarnings("default")
def test_a_definition_that_is_not_compared_stands_in_the_ledger_as_one(build):
    out, _ = build(r"$$ \mathbb{S}(x) = x^2 $$ (eq-defined)" + "\n\n$$ f(x) = x^2 $$ (eq-f)")
    html = (out / "index.html").read_text(encoding="utf-8")
    rows = [part.partition("</tr>")[0] for part in html.split("<tr")[1:]]
    [row] = [row for row in rows if "#equation-eq-f" in row]
    assert "definition" in row
    assert "holds at" not in row


@pytest.mark.filterwarnings("default")
def test_pages_of_another_kind_are_left_alone_and_other_formats_have_no_marks(build, tmp_path):
    (tmp_path / "other.rst").write_text(":orphan:\n\nOther\n=====\n\n.. math:: A = 2 A\n")
    out, warnings = build("", name="text")
    assert warnings == ""
    assert (
        "holds at" not in (out / "index.txt").read_text(encoding="utf-8").partition("Equation")[0]
    )


@pytest.mark.filterwarnings("default")
def test_a_build_that_breaks_off_writes_no_verdicts(build, tmp_path):
    conf = textwrap.dedent(
        """
        def stop(*_):
            raise RuntimeError("no more")

        def setup(app):
            app.connect("html-page-context", stop)
        """
    )
    with pytest.raises(Exception, match="no more"):
        build("", conf)
    assert not (tmp_path / "out" / "equations.json").exists()


@pytest.mark.filterwarnings("default")
def test_a_table_shows_all_symbols_and_a_function_without_an_address_implements_nothing(build):
    silent = "```{py:function} silent()\n:no-index:\n\nImplements {eq}`eq-right`.\n```\n"
    out, warnings = build("```{symbol-table}\n```\n\n" + silent)
    assert warnings == ""
    html = (out / "index.html").read_text(encoding="utf-8")
    assert html.count("<table") == 3
    rows = [part.partition("</tr>")[0] for part in html.split("<tr")[1:]]
    assert not any("silent" in row for row in rows)
