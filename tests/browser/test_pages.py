"""Every page of the built site in a browser: wide and narrow, light and dark, with no network."""

import pytest

from tests.browser.conftest import SITE
from tests.browser.pages import DESKTOP, PHONE, Visit, accessibility, leaves, weight

KB = 1024
FILES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
PAGES = [file for file in FILES if not file.startswith("_static/")]  # there lie templates
WRITTEN = [page for page in PAGES if not page.startswith("_modules/")]
# The listings of the source all come from one template.
LISTINGS = sorted({"_modules/index.html", "_modules/fcnref/affine.html"} & set(PAGES))
FIRST_PAGE = "derivation/notation.html"
# A change of width lays the page out anew, a change of theme does not.
LOOKS = [("light", DESKTOP), ("dark", DESKTOP), ("dark", PHONE), ("light", PHONE)]


@pytest.fixture(scope="session")
def in_cache(browser, address):
    """What a reader has who opened the first page of the derivation."""
    with Visit(browser, address + FIRST_PAGE) as visit:
        return set(visit.requests)


@pytest.mark.parametrize("page", WRITTEN + LISTINGS)
def test_page_over_http(browser, address, site, in_cache, page):
    faults = []
    with Visit(browser, address + page, viewport=DESKTOP, color_scheme="light") as visit:
        faults += moves(visit)
        if page.startswith("derivation/"):
            faults += heavy(set(visit.requests), address, site, in_cache)
        for theme, viewport in LOOKS:
            visit.turn(theme, viewport)
            found = visit.faults("formulas", "duplicateIds", "sideways")
            faults += [f"{theme}, {viewport['width']}: {fault}" for fault in found]
        visit.faults("flattenFormulas")
        for theme, viewport in reversed(LOOKS):
            visit.turn(theme, viewport)
            found = accessibility(visit.page, contrast=True)
            if theme == "dark":  # besides their colors, the themes are the same
                found += accessibility(visit.page)
            faults += [f"{theme}, {viewport['width']}: {fault}" for fault in found]
        faults += visit.complaints + leaves(visit, address)
    assert faults == []


@pytest.mark.parametrize("page", WRITTEN + LISTINGS)
def test_page_from_its_folder(browser, site, page):
    with Visit(browser, (site / page).as_uri(), viewport=PHONE, color_scheme="dark") as visit:
        faults = moves(visit) + visit.complaints + leaves(visit, site.as_uri())
        assert visit.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert faults == []


@pytest.mark.parametrize("page", [page for page in WRITTEN if page != "search.html"])
def test_page_without_scripts(browser, site, page):
    options = {"viewport": PHONE, "java_script_enabled": False}
    with Visit(browser, (site / page).as_uri(), **options) as visit:
        assert visit.faults("formulas", "hiddenText") == []


def moves(visit):
    return [f"moves by {visit.shift():.3f}: {visit.moved()}"] if visit.shift() >= 0.05 else []


def heavy(asked, address, site, in_cache):
    """A page of the derivation costs at most this much, and less after the first page."""
    limits = [(asked, 350 * KB), (asked - in_cache, 100 * KB)]
    weights = [(weight(urls, address, site), most) for urls, most in limits]
    return [f"weighs {size} bytes, of {most}" for size, most in weights if size > most]


@pytest.mark.parametrize(("theme", "other"), [("light", "dark"), ("dark", "light")])
def test_the_mark_stands_once_and_the_page_can_be_turned(visit, site, theme, other):
    page = visit((site / "index.html").as_uri(), color_scheme=theme)
    marks = page.locator(".logo__image").all()
    assert sum(mark.is_visible() for mark in marks) == 1
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    for _ in range(3):  # the switch goes round: as the system has it, light, dark
        page.locator(".bd-header-article .theme-switch-button:visible").first.click()
        item = page.locator(f'.dropdown-menu [data-mode="{other}"]:visible')
        if item.count():
            item.first.click()
        if page.evaluate("document.documentElement.dataset.theme") == other:
            break
    assert page.evaluate(ground) != before
