"""The pictures in a browser, by mouse, by finger and by keyboard; their numbers are fcnref's."""

import re
from pathlib import Path

import numpy as np
import pytest

import fcnref
from fcnref.show import show_dA_prev, show_db, show_dW, show_softmax_dZ, show_steps

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

rng = np.random.default_rng(5)
n_prev, n, m = 2, 3, 5
dZ, A_prev, W, X = (
    rng.integers(-9, 10, size=shape) / 10 for shape in [(n, m), (n_prev, m), (n, n_prev), (2, m)]
)
dA, Z = rng.normal(size=(n, 2)), rng.normal(size=(n, 2))
Y = fcnref.one_hot(rng.integers(0, 2, size=m), 2)
layers = fcnref.initialize(rng, [2, 3, 2], [fcnref.TANH, fcnref.IDENTITY])
PICTURES = {
    "dW": show_dW(dZ, A_prev),
    "db": show_db(dZ),
    "dA_prev": show_dA_prev(dZ, W),
    "dZ": show_softmax_dZ(dA, Z),
    "steps": show_steps(X, Y, layers, fcnref.SOFTMAX_CROSS_ENTROPY, pages="."),
}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Put all pictures on one page that says nothing about style."""
    page = tmp_path_factory.mktemp("pictures") / "page.html"
    body = "".join(f'<h2 id="{k}">{k}</h2>{v._repr_html_()}' for k, v in PICTURES.items())
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>p</title>'
    )
    page.write_text(f'<!doctype html><html lang="en">{head}<main>{body}</main>', "utf-8")
    return page.as_uri()


@pytest.fixture
def visit(browser, address):
    """Open the page; at the end nothing may have been complained of or asked for."""
    contexts, complaints = [], []

    def visit(**options):
        context = browser.new_context(**{"viewport": DESKTOP, "offline": True, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: r.url == address or complaints.append(r.url))
        page.goto(address)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def picture(page, name):
    return page.locator(f"#{name} + .fcn")


def cell(root, table, at):
    return root.locator("table").nth(table).locator(f'tbody td[data-at="{at}"]')


def lit(root, table):
    marked = root.locator("table").nth(table).locator("tbody td[data-lit]")
    return marked.evaluate_all("cells => cells.map(cell => cell.dataset.at)")


def said(root):
    return root.locator(".fcn-said").inner_text().replace("−", "-")


def numbers(texts):
    return [float(text.replace("−", "-")) for text in texts]


def total(root):
    return float(re.findall(r"[-\d.]+", said(root))[-1])


def test_pointing_at_an_entry_writes_its_sum(visit):
    page = visit()
    for name, product in list(PICTURES.items())[:4]:
        root = picture(page, name)
        for at in product.result.places():
            address = " ".join(f"{letter}{value}" for letter, value in at.items())
            cell(root, 0, address).hover()
            assert total(root) == round(product.result.value(at), 2)


def test_pointing_lights_up_the_row_and_the_column(visit):
    page = visit()
    root = picture(page, "dW")
    cell(root, 0, "j3 k2").hover()
    assert lit(root, 1) == [f"j3 i{i}" for i in range(1, m + 1)]
    assert lit(root, 2) == [f"i{i} k2" for i in range(1, m + 1)]
    assert lit(root, 0) == []
    cell(root, 1, "j1 i4").hover()
    assert lit(root, 0) == ["j1 k1", "j1 k2"]
    assert lit(root, 2) == ["i4 k1", "i4 k2"]
    assert "is in the sums of 2 entries" in said(root)
    uses = re.findall(r"\(?(-?[\d.]+)\)? × \(?(-?[\d.]+)\)? to", said(root))
    assert [float(a) * float(b) for a, b in uses] == pytest.approx(dZ[0, 3] * A_prev[:, 3])


def test_every_example_has_its_own_jacobian(visit):
    root = picture(visit(), "dZ")
    cell(root, 0, "j2 i2").hover()
    assert lit(root, 1) == []
    assert lit(root, 2) == ["i2 j2 p1", "i2 j2 p2", "i2 j2 p3"]
    assert lit(root, 3) == ["p1 i2", "p2 i2", "p3 i2"]


def test_leaving_returns_to_the_entry_that_was_chosen(visit):
    page = visit()
    root = picture(page, "dW")
    worked = said(root)
    cell(root, 0, "j1 k1").hover()
    assert said(root) != worked
    page.mouse.move(2, 2)
    assert said(root) == worked
    cell(root, 0, "j3 k1").click()
    chosen = said(root)
    cell(root, 0, "j1 k1").hover()
    page.mouse.move(2, 2)
    assert said(root) == chosen != worked


def test_keys_do_what_the_mouse_does(visit):
    page = visit()
    root = picture(page, "dW")
    first = cell(root, 0, "j1 k1")
    first.focus()
    seen = {}
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowDown", "End", "Control+Home"):
        page.keyboard.press(key)
        focused = root.locator("td:focus")
        assert focused.get_attribute("aria-selected") == "true"
        seen[focused.get_attribute("data-at")] = total(root)
    dW = fcnref.affine_backward_parameters(dZ, A_prev).dW
    assert seen == {
        f"j{j} k{k}": round(dW[j - 1, k - 1], 2)
        for j, k in [(1, 2), (2, 2), (2, 1), (3, 1), (3, 2), (1, 1)]
    }
    page.keyboard.press("Tab")  # one stop for each matrix
    assert root.locator("td:focus").get_attribute("data-at") == "j1 i1"
    page.keyboard.press("Tab")
    assert root.locator("td:focus").get_attribute("data-at") == "i1 k1"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowUp")  # the edge
    assert root.locator("td:focus").get_attribute("data-at") == "j1 i1"
    assert lit(root, 0) == ["j1 k1", "j1 k2"]


def test_a_tap_does_what_the_mouse_does(visit):
    page = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    root = picture(page, "dA_prev")
    cell(root, 0, "k2 i4").tap()
    assert total(root) == round(fcnref.affine_backward_input(dZ, W)[1, 3], 2)
    assert lit(root, 1) == ["k2 j1", "k2 j2", "k2 j3"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_assistive_technology_is_told(visit):
    page = visit()
    root = picture(page, "dW")
    grid = root.get_by_role("grid", name=re.compile(r"^dW"))
    assert grid.get_by_role("gridcell").count() == n * n_prev + 1  # and the names of the indices
    assert grid.get_by_role("rowheader").all_inner_texts() == ["1", "2", "3"]
    assert grid.get_by_role("columnheader").all_inner_texts() == ["1", "2"]
    assert grid.get_by_role("rowheader", name="j = 3", exact=True).count() == 1
    assert grid.get_by_role("columnheader", name="k = 2", exact=True).count() == 1
    assert root.locator(".fcn-said").get_attribute("aria-live") == "polite"
    assert root.locator("td[tabindex='0']").count() == 3
    steps = picture(page, "steps")
    assert (
        steps.get_by_role("slider", name="Step", exact=True).get_attribute("aria-valuetext")
        == "Input"
    )
    assert steps.get_by_role("status").inner_text() == "Step 1 of 14: Input"
    assert steps.get_by_role("img").count() == 1  # the pictures of the other steps are hidden


def in_view(root):
    return root.locator(".fcn-steps > li:visible")


def check_step(root, number):
    step = PICTURES["steps"].steps[number - 1]
    now = in_view(root)
    assert now.count() == 1
    assert root.locator("output").inner_text() == f"Step {number} of 14: {step.title}"
    matrices = [item for item in step.row if not isinstance(item, str)]
    tables = now.locator("table")
    assert tables.count() == len(matrices)
    for place, matrix in enumerate(matrices):
        texts = tables.nth(place).locator("tbody td").all_inner_texts()
        assert numbers(texts) == [round(matrix.value(at), 2) for at in matrix.places()]
        caption = tables.nth(place).locator("caption").inner_text()
        assert str(matrix.values.shape) in caption


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
def test_buttons_go_through_all_steps(visit, viewport):
    root = picture(visit(viewport=viewport), "steps")
    back, onward = (root.get_by_role("button", name=name) for name in ("Back", "Next"))
    assert back.is_disabled()
    for number in range(1, 15):
        check_step(root, number)
        if number < 14:
            onward.click()
    assert onward.is_disabled()
    back.click()
    check_step(root, 13)


def test_keys_and_slider_go_through_the_steps(visit):
    page = visit()
    root = picture(page, "steps")
    root.get_by_role("button", name="Next").focus()
    for key, number in [("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2), ("End", 14)]:
        page.keyboard.press(key)
        check_step(root, number)
    slider = root.get_by_role("slider")
    slider.focus()
    for key, number in [("Home", 1), ("ArrowRight", 2), ("ArrowUp", 3)]:
        page.keyboard.press(key)
        check_step(root, number)
    slider.fill("11")
    check_step(root, 11)


def test_arrows_inside_a_matrix_do_not_change_the_step(visit):
    page = visit()
    root = picture(page, "steps")
    root.get_by_role("slider").fill("9")
    now = in_view(root)
    now.locator("tbody td").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    check_step(root, 9)
    assert now.locator("td[data-lit]").count() > 0


def test_last_step_is_the_gradient_of_the_package(visit):
    root = picture(visit(), "steps")
    grads = fcnref.loss_and_grads(X, Y, layers, fcnref.SOFTMAX_CROSS_ENTROPY).grads
    for number, wanted in [(9, grads.layers[1].dW), (10, grads.layers[1].db)]:
        root.get_by_role("slider").fill(str(number))
        texts = in_view(root).locator("table").first.locator("tbody td").all_inner_texts()
        np.testing.assert_allclose(numbers(texts), wanted.ravel(), atol=0.005)


def test_colors_can_be_switched_off_and_stay_off(visit):
    page = visit()
    letter = picture(page, "dW").locator(".fcn-said .fcn-j").first
    colored = letter.evaluate("letter => getComputedStyle(letter).color")
    plain = page.evaluate("getComputedStyle(document.querySelector('.fcn')).color")
    assert colored != plain
    picture(page, "db").get_by_role("button", name="Index colors").click()
    for _ in range(2):
        assert letter.evaluate("letter => getComputedStyle(letter).color") == plain
        line = letter.evaluate("letter => getComputedStyle(letter).textDecorationLine")
        assert line == "underline"  # what is left to tell the indices apart
        pressed = page.locator(".fcn-colors").evaluate_all("all => all.map(b => b.ariaPressed)")
        assert pressed == ["false"] * len(PICTURES)
        page.wait_for_timeout(500)  # the storage is written by another process
        page.reload()
    picture(page, "steps").get_by_role("button", name="Index colors").click()
    assert letter.evaluate("letter => getComputedStyle(letter).color") == colored


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_paper_go_together(visit, scheme):
    page = visit(color_scheme=scheme)
    page.add_style_tag(content=":root { color-scheme: light dark }")
    ink, paper = page.evaluate(
        "(({color, backgroundColor}) => [color, backgroundColor])"
        "(getComputedStyle(document.querySelector('.fcn')))"
    )
    black, white = "rgb(0, 0, 0)", "rgb(255, 255, 255)"
    assert (ink, paper) == (black, white) if scheme == "light" else ink == white != paper


def test_without_a_script_everything_stands_there(visit):
    page = visit(java_script_enabled=False)
    root = picture(page, "dW")
    assert root.locator("tbody td:visible").count() == n * n_prev + n * m + m * n_prev
    assert total(root) == round(fcnref.affine_backward_parameters(dZ, A_prev).dW[1, 0], 2)
    root.locator("summary").click()
    assert root.locator("details li:visible").count() == n * n_prev + n * m + m * n_prev
    steps = picture(page, "steps")
    assert in_view(steps).count() == 14
    assert steps.locator("svg:visible").count() == 14
    assert page.locator("button:visible").count() == 0


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
def test_the_row_and_the_column_lead_to_the_entry(visit, viewport):
    page = visit(viewport=viewport)
    for name, at, beside, above in [
        ("dW", "j3 k2", "j3 i4", "i1 k2"),
        ("dA_prev", "k2 i4", "k2 j1", "j3 i4"),
        ("db", "j2", "j2 i5", None),
    ]:
        if viewport is PHONE and name == "dA_prev":
            continue  # two digits more than fit
        root = picture(page, name)
        entry = cell(root, 0, at).bounding_box()
        left = cell(root, 1, beside).bounding_box()
        assert left["y"] == pytest.approx(entry["y"], abs=0.6)
        assert left["x"] < entry["x"]
        if above:
            top = cell(root, 2, above).bounding_box()
            assert top["y"] < entry["y"]
            assert top["x"] == pytest.approx(entry["x"], abs=0.6)
            assert top["width"] == pytest.approx(entry["width"], abs=0.6)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
def test_everything_that_is_pointed_at_is_large_enough(visit, viewport):
    page = visit(viewport=viewport)
    targets = page.locator("td[data-at]:visible, button:visible, input:visible, summary:visible")
    boxes = targets.evaluate_all(
        "all => all.map(e => e.getBoundingClientRect()).map(({width, height}) => [width, height])"
    )
    assert len(boxes) > 100
    assert min(min(box) for box in boxes) >= 24


def test_no_picture_is_wider_than_a_phone(visit):
    page = visit(viewport=PHONE)
    overflow = "rows => rows.map(row => row.scrollWidth - row.clientWidth)"
    assert set(page.locator(".fcn-row:visible").evaluate_all(overflow)) == {0}
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_the_sum_is_read_as_a_sentence(visit):
    page = visit()
    root = picture(page, "dW")
    cell(root, 0, "j2 k1").focus()
    read = root.locator(".fcn-said").evaluate(
        """said => {
            const copy = said.cloneNode(true);
            for (const quiet of copy.querySelectorAll("[aria-hidden]")) quiet.remove();
            for (const sum of copy.querySelectorAll("[role=img]")) sum.replaceWith(sum.ariaLabel);
            return copy.textContent.replaceAll("−", "-");
        }"""
    )
    _, numbers = PICTURES["dW"].sentence({"j": 2, "k": 1}).replace("−", "-").split("] ")
    assert read == f"∂J/∂w2,1 = the sum over i from 1 to {m} of ∂J/∂z2,i a1,i{numbers}"


def test_colors_fade_only_where_motion_is_wanted(visit):
    for motion, seconds in [("reduce", "0s"), ("no-preference", "0.15s")]:
        page = visit(reduced_motion=motion)
        duration = "cell => getComputedStyle(cell).transitionDuration.split(',')[0]"
        assert cell(picture(page, "dW"), 0, "j1 k1").evaluate(duration) == seconds


ROOT = Path(__file__).parents[2]
STYLES = ["fcnref/show/assets/indices.css", "docs/_static/pictures.css"]
FORMULA = '<span class="katex"><span class="mord mathnormal fcn-{0}">{0}</span></span>'
COLOR = "element => getComputedStyle(element).color"


@pytest.fixture(scope="module")
def colored_address(tmp_path_factory):
    """A page with what a page of the site has: buttons, formulas, a picture, the switch."""
    styles = "".join(f'<link rel="stylesheet" href="{(ROOT / file).as_uri()}">' for file in STYLES)
    script = f'<script src="{(ROOT / "docs/_static/index-colors.js").as_uri()}"></script>'
    formulas = "".join(FORMULA.format(letter) for letter in "ijpk")
    body = (
        f'<div class="article-header-buttons"></div><article class="bd-article">{formulas}'
        f'{PICTURES["db"]._repr_html_()}<img class="index-colors" alt="x"></article>'
    )
    page = tmp_path_factory.mktemp("colors") / "page.html"
    head = f'<meta charset="utf-8"><title>page</title>{styles}{script}'
    page.write_text(f'<!doctype html><html lang="en" data-theme="light">{head}{body}', "utf-8")
    return page.as_uri()


@pytest.fixture
def colored_page(browser, colored_address):
    context = browser.new_context()
    page = context.new_page()
    page.goto(colored_address)
    yield page
    context.close()


def colors(page):
    return [page.locator(f".katex .fcn-{letter}").evaluate(COLOR) for letter in "ijpk"]


def test_every_index_has_a_color_of_its_own(colored_page):
    page = colored_page
    assert len({*colors(page), page.locator("article").evaluate(COLOR)}) == 5


def test_one_switch_at_the_top_for_formulas_and_pictures(colored_page):
    page = colored_page
    switch = page.get_by_role("button", name="Index colors")
    assert switch.count() == 1  # that of the picture is hidden here
    assert switch.get_attribute("aria-pressed") == "true"
    colored = colors(page)
    in_picture = page.locator(".fcn .fcn-said .fcn-j").first
    assert in_picture.evaluate(COLOR) == colored[1]
    switch.press("Enter")
    assert switch.get_attribute("aria-pressed") == "false"
    plain = page.locator("article").evaluate(COLOR)
    assert colors(page) == [plain] * 4
    assert in_picture.evaluate(COLOR) == page.locator(".fcn").evaluate(COLOR)
    assert page.locator("img").evaluate("image => getComputedStyle(image).filter") == "grayscale(1)"
    switch.click()
    assert colors(page) == colored


def test_the_choice_is_remembered_and_known_before_the_page_is_read(colored_page):
    page = colored_page
    page.get_by_role("button", name="Index colors").click()
    page.wait_for_timeout(500)  # the storage is written by another process
    page.add_init_script(
        "new MutationObserver(() => { globalThis.first ??= document.body &&"
        " document.documentElement.dataset.fcnColors; })"
        ".observe(document, { childList: true, subtree: true });"
    )
    page.reload()
    assert page.evaluate("first") == "off"
    assert page.get_by_role("button", name="Index colors").get_attribute("aria-pressed") == "false"


def test_a_page_without_indices_has_no_switch(browser, tmp_path):
    bare = tmp_path / "bare.html"
    script = (ROOT / "docs/_static/index-colors.js").as_uri()
    buttons = '<div class="article-header-buttons"></div>'
    bare.write_text(f'<!doctype html><script src="{script}"></script>{buttons}<p>no formula</p>')
    page = browser.new_page()
    page.goto(bare.as_uri())
    assert page.locator("button").count() == 0
    page.close()
