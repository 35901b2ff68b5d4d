"""Blocks and references of a page as plain Markdown."""

from docutils import nodes

from page_markdown import Page, absolute, markdown, parts  # isort: skip

PAGE = Page(
    address="x://site/derivation/losses.html",
    macros={r"\pd": r"\frac{\partial #1}{\partial #2}"},
    numbers={"equation-eq-a": "6.3"},
    chapter="6",
)


def text(*children):
    return markdown(nodes.container("", *children), PAGE)


def test_an_equation_keeps_its_number_and_loses_its_macros():
    block = nodes.math_block("", r"\pd{J}{b}", label="eq-a")
    assert text(block) == "$$\n\\frac{\\partial J}{\\partial b} \\tag{6.3}\n$$"
    assert "tag" not in text(nodes.math_block("", "x", label="eq-b"))


def test_a_wrong_equation_says_so():
    assert text(nodes.math_block("", "x", classes=["wrong"])).startswith("✗ *This is wrong")


def test_what_markdown_would_read_is_escaped_in_text_and_kept_in_code():
    paragraph = nodes.paragraph("", "", nodes.Text("a*b_c $5"), nodes.literal("", "a*b_c"))
    assert text(paragraph) == r"a\*b\_c \$5`a*b_c`"


def test_links_lead_to_the_published_page():
    def address(**attributes):
        return absolute(nodes.reference("", "", **attributes), PAGE)

    assert address(refuri="../errata/a.html#b") == "x://site/errata/a.html#b"
    assert address(refuri="forward.html") == "x://site/derivation/forward.html"
    assert address(refid="here") == "x://site/derivation/losses.html#here"
    assert address(refuri="y://elsewhere/") == "y://elsewhere/"
    nowhere = nodes.reference("", "", refuri="forward.html")
    assert absolute(nowhere, PAGE._replace(address="")) == ""


def test_a_link_that_leads_nowhere_is_its_text():
    link = nodes.paragraph("", "", nodes.reference("", "(6.3)", refid="equation-eq-a"))
    assert markdown(nodes.container("", link), PAGE._replace(address="")) == "(6.3)"


def test_headings_have_their_level_and_the_page_its_chapter():
    inner = nodes.section("", nodes.title("", "Inner"))
    outer = nodes.section("", nodes.title("", "Outer"), inner)
    assert text(outer) == "# 6. Outer\n\n## Inner"


def test_a_list_in_a_remark_is_quoted_with_it():
    items = [nodes.list_item("", nodes.paragraph("", name)) for name in ("one", "two")]
    remark = nodes.admonition("", nodes.title("", "Note"), nodes.bullet_list("", *items))
    assert text(remark) == "> **Note**\n> \n> - one\n> - two"


def test_an_exercise_has_its_number():
    head = nodes.title("", "", title="Exercise %s")
    exercise = nodes.admonition("", head, nodes.paragraph("", "Show it."), ids=["equation-eq-a"])
    assert text(exercise) == "> **Exercise 6.3**\n> \n> Show it."


def test_a_table_is_a_table_even_with_bars_in_its_cells():
    def row(*words):
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", word)) for word in words))

    group = nodes.tgroup("", nodes.colspec(), nodes.colspec(), cols=2)
    group += [nodes.thead("", row("a", "b")), nodes.tbody("", row("c", "|d|"))]
    assert text(nodes.table("", group)) == "| a | b |\n| --- | --- |\n| c | \\|d\\| |"


def test_code_cells_are_handed_on_where_they_stand():
    cell = nodes.container("", nb_element="cell_code", cell_index=1)
    solution = nodes.admonition("", nodes.title("", "Solution"), nodes.paragraph("", "So:"), cell)
    found = list(parts(nodes.container("", solution, nodes.paragraph("", "Then.")), PAGE))
    assert [p if isinstance(p, str) else p["cell_index"] for p in found] == [
        "**Solution**", "So:", 1, "Then.",
    ]  # fmt: skip
