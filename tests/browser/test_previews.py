"""A reference shows its equation: by mouse, by keyboard, by finger, from a folder."""

import pytest

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ELSEWHERE = "a.reference.internal[href*='forward.html#equation-']"
HERE = "a.reference.internal[href='#equation-eq-weights-and-biases-dw-entry']"


@pytest.fixture
def page(visit, site):
    return visit((site / "derivation" / "weights-and-biases.html").as_uri(), offline=True)


def box(page):
    return page.locator("#fcn-preview")


def inside(page):
    place = box(page).bounding_box()
    size = page.viewport_size
    return (
        place["x"] >= 0
        and place["y"] >= 0
        and place["x"] + place["width"] <= size["width"]
        and place["y"] + place["height"] <= size["height"]
    )


@pytest.mark.parametrize("link", [ELSEWHERE, HERE])
def test_pointing_at_a_reference_shows_the_equation(page, link):
    reference = page.locator(f".bd-article {link}").first
    assert not box(page).is_visible()
    reference.hover()
    box(page).wait_for(state="visible")
    assert reference.inner_text() in box(page).inner_text()
    formula = box(page).locator(".katex-html").first.bounding_box()
    assert formula["height"] > 15
    assert inside(page)
    assert reference.get_attribute("aria-describedby") == "fcn-preview"
    page.mouse.move(5, 5)
    box(page).wait_for(state="hidden")
    assert reference.get_attribute("aria-describedby") is None


def test_the_equation_shown_is_the_one_referred_to(page):
    target = page.locator("#equation-eq-weights-and-biases-dw-entry annotation").text_content()
    page.locator(f".bd-article {HERE}").first.hover()
    box(page).wait_for(state="visible")
    assert box(page).locator("annotation").text_content() == target
    assert page.locator("#equation-eq-weights-and-biases-dw-entry").count() == 1


def test_the_pointer_may_move_into_the_preview(page):
    page.locator(f".bd-article {ELSEWHERE}").first.hover()
    box(page).wait_for(state="visible")
    place = box(page).bounding_box()
    page.mouse.move(place["x"] + 20, place["y"] + 20)
    page.wait_for_timeout(400)
    assert box(page).is_visible()


def test_the_keyboard_opens_and_escape_closes(page):
    reference = page.locator(f".bd-article {ELSEWHERE}").first
    page.evaluate("document.activeElement.blur()")
    before = page.locator(".bd-article a[href]").first
    before.focus()
    for _ in range(60):
        page.keyboard.press("Tab")
        if reference.evaluate("link => link === document.activeElement"):
            break
    assert box(page).is_visible()
    assert inside(page)
    page.keyboard.press("Escape")
    assert not box(page).is_visible()
    assert reference.evaluate("link => link === document.activeElement")


def test_the_first_tap_shows_and_the_second_one_follows(visit, site):
    page = visit((site / "derivation" / "weights-and-biases.html").as_uri(), **PHONE)
    reference = page.locator(f".bd-article {ELSEWHERE}").first
    reference.tap()
    box(page).wait_for(state="visible")
    assert inside(page)
    page.locator(".bd-article h1").tap()
    box(page).wait_for(state="hidden")
    reference.tap()
    box(page).wait_for(state="visible")
    reference.tap()
    page.wait_for_url("**/forward.html#equation-eq-forward-z-entry")


def test_a_figure_is_shown_as_well(visit, site):
    page = visit((site / "derivation" / "losses.html").as_uri())
    page.locator(".bd-article a.reference.internal[href='#fig-losses-stable']").first.hover()
    box(page).wait_for(state="visible")
    assert box(page).locator("img").bounding_box()["height"] > 80
