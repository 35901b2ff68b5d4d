"""The checks of a page find what they are for: each is shown a page that is wrong on purpose."""

import pytest

from tests.browser.pages import PHONE, Visit, accessibility, leaves, weight

FORMULA = """<p>{text} <span class="katex"><span class="katex-html"><span class="katex-base"
  style="display: inline-block; {style}">{ink}</span></span></span> after</p>"""


@pytest.fixture
def faults(browser, tmp_path):
    def look(body, check, head="", **options):
        page = tmp_path / "page.html"
        page.write_text(
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>p</title>'
            f'<meta name="viewport" content="width=device-width">{head}</head>'
            f"<body><main>{body}</main></body></html>",
            "utf-8",
        )
        with Visit(browser, page.as_uri(), **options) as visit:
            return check(visit)

    return look


def named(*checks):
    return lambda visit: visit.faults(*checks)


def formula(style="", ink="x", text="before"):
    return FORMULA.format(style=style, ink=ink, text=text)


def test_a_sound_page_has_no_faults(faults):
    body = formula() + '<p id="one">text</p>'
    assert faults(body, named("formulas", "duplicateIds", "sideways", "hiddenText")) == []


def test_formula_of_no_height(faults):
    [fault] = faults(formula("height: 0; overflow: hidden"), named("formulas"))
    assert "no height" in fault


def test_formula_that_is_cut_off(faults):
    box = f'<div style="height: 10px; overflow: hidden">{formula("height: 40px")}</div>'
    [fault] = faults(box, named("formulas"))
    assert "cut off" in fault


def test_formula_wider_than_its_box(faults):
    wide = formula("width: 900px")
    narrow = '<div style="width: 300px; {}">' + wide + "</div>"
    assert any("wider" in fault for fault in faults(narrow.format(""), named("formulas")))
    assert any("wider" in f for f in faults(narrow.format("overflow: hidden"), named("formulas")))


def test_formula_in_a_box_that_scrolls(faults):
    scrolling = f'<div style="width: 300px; overflow-x: auto">{formula("width: 900px")}</div>'
    body = scrolling.replace("<p>", '<span style="white-space: nowrap">').replace("</p>", "</span>")
    assert faults(body, named("formulas")) == []


def test_formulas_that_overlap(faults):
    above = formula("width: 50px; height: 60px; position: relative; top: -40px")
    [fault] = faults(formula("width: 50px") + above, named("formulas"))
    assert "overlap" in fault


def test_id_that_occurs_twice(faults):
    assert faults('<p id="a">1</p><p id="a">2</p>', named("duplicateIds")) == ["id a occurs twice"]


def test_page_that_scrolls_sideways(faults):
    wide = '<p style="width: 500px">text</p>'
    assert faults(wide, named("sideways")) == []
    [fault] = faults(wide, named("sideways"), viewport=PHONE)
    assert "px wide on a screen of 390" in fault


def test_text_that_needs_a_script(faults):
    hidden = "<p style='display: none'>unseen</p><p style='visibility: hidden'>nor this</p>"
    body = f"<p>seen</p>{hidden}"
    found = faults(body, named("hiddenText"), java_script_enabled=False)
    assert found == ["text “unseen” is not shown", "text “nor this” is not shown"]


def test_complaint_of_a_script(faults):
    def complaints(visit):
        return visit.complaints

    assert faults("<script>console.error('a')</script>", complaints) == ["a"]
    assert faults("<script>throw Error('b')</script>", complaints) == ["b"]
    assert any("none.png" in f for f in faults('<img src="none.png" alt="">', complaints))


def test_request_that_leaves(faults, tmp_path):
    body = '<img src="http://127.0.0.1:9/mark.png" alt="">'
    found = faults(body, lambda visit: leaves(visit, tmp_path.as_uri()))
    assert found == ["request to http://127.0.0.1:9/mark.png"]


def test_page_that_moves(faults):
    late = """<div id="late"></div><p>text</p><script>
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
          document.querySelector("#late").style.height = "400px"; }, 100)));</script>"""

    def shift(visit):
        visit.page.wait_for_timeout(400)
        return visit.shift()

    assert faults("<p>text</p>", shift) == 0
    assert faults(late, shift) > 0.05


def test_what_axe_finds(faults):
    def look(contrast):
        def check(visit):
            visit.faults()
            return accessibility(visit.page, contrast=contrast)

        return check

    pale = '<h1>Title</h1><p style="color: #ccc; background: #fff">pale</p>'
    assert "color-contrast" in faults(pale, look(contrast=True))[0]
    assert faults(pale, look(contrast=False)) == []
    assert "image-alt" in faults('<h1>Title</h1><img src="data:,">', look(contrast=False))[0]


def test_weight_is_that_of_the_compressed_files(tmp_path):
    (tmp_path / "a.css").write_text("p {} " * 10_000)
    (tmp_path / "b.woff2").write_bytes(bytes(3000))
    urls = ["http://h/a.css?v=1", "http://h/a.css?v=1", "http://h/b.woff2", "data:,x"]
    assert 3000 < weight(urls, "http://h/", tmp_path) < 4000
