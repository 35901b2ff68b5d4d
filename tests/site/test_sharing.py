"""What a page says about itself elsewhere."""

import pytest
from docutils import nodes

sharing = pytest.importorskip("sharing", reason="the docs group is not installed")
publishing = pytest.importorskip("publishing")


def page(*pieces):
    paragraph = nodes.paragraph("", "", *pieces)
    return nodes.container("", nodes.section("", nodes.title("", "Title"), paragraph))


def test_a_formula_in_a_description_is_read_without_tex():
    gradient = nodes.math("", r"\frac{\partial J}{\partial b^{[l]}}")
    described = sharing.description(page(nodes.Text("The gradient "), gradient), {})
    assert described == "The gradient ∂J/∂b^[l]"


def test_a_long_description_ends_with_a_sentence():
    long = "This is a sentence of some length, and it is a good one. " * 9
    assert sharing.description(page(nodes.Text(long)), {}).endswith("a good one.")
    assert len(sharing.description(page(nodes.Text("word " * 100)), {})) <= sharing.LONGEST


def test_a_card_is_drawn_alike_twice_and_has_the_size_it_claims(tmp_path):
    image = pytest.importorskip("PIL.Image")
    formula = r"\frac{\partial J}{\partial W^{[l]}} = \frac{\partial J}{\partial Z^{[l]}}"
    for name in ("one.png", "two.png"):
        sharing.draw("A title that is so long that it has to be broken", formula, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with image.open(tmp_path / "one.png") as drawn:
        assert drawn.size == (sharing.WIDTH, sharing.HEIGHT)


def test_a_wrong_address_is_answered_from_the_root_of_the_site():
    assert 'href="/books/fcnref/"' in publishing.base_tag("x://host/books/fcnref/")
    assert 'href="/"' in publishing.base_tag("x://host")
    assert "file:" in publishing.base_tag("")


def test_a_sitemap_holds_whole_addresses():
    from xml.etree import ElementTree as ET

    tree = ET.fromstring(publishing.sitemap("x://host/", ["a.html", "b/c.html?d&e"]))
    assert [loc.text for loc in tree.iter() if loc.tag.endswith("loc")] == [
        "x://host/a.html",
        "x://host/b/c.html?d&e",
    ]
