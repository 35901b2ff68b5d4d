"""Every page of the built site in a browser: wide and narrow, light and dark, with no network."""

import pytest

from tests.browser.conftest import SITE
from tests.browser.pages import DESKTOP, PHONE, Visit, accessibility, broken_links, leaves, weight

KB = 1024
FILES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
PAGES = [file for file in FILES if not file.startswith("_static/")]  # there lie templates
WRITTEN = [page for page in PAGES if not page.startswith("_modules/")]
# The listings of the source all come from one template.
LISTINGS = sorted({"_modules/index.html", "_modules/fcnref/affine.html"} & set(PAGES))
DERIVATION = [page for page in PAGES if page.startswith("derivation/")]


@pytest.fixture(scope="session")
def axe():
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


@pytest.mark.parametrize("page", WRITTEN + LISTINGS)
def test_page_over_http(browser, address, axe, page):
    faults = []
    with Visit(browser, address + page, viewport=DESKTOP, color_scheme="light") as visit:
        if visit.shift() >= 0.05:
            faults.append(f"moves by {visit.shift():.3f}: {visit.moved()}")
        laid_out = "formulas", "duplicateIds", "sideways"
        faults += [f"light, 1280: {fault}" for fault in visit.faults(*laid_out)]
        visit.turn("dark", PHONE)
        faults += [f"dark, 390: {fault}" for fault in visit.faults(*laid_out)]
        visit.faults("flattenFormulas")
        for theme, viewport in [("dark", PHONE), ("light", DESKTOP)]:
            visit.turn(theme, viewport)
            for contrast in (True, False):
                found = accessibility(visit.page, axe, contrast=contrast)
                faults += [f"{theme}, {viewport['width']}: {fault}" for fault in found]
        faults += visit.complaints + leaves(visit, address)
    assert faults == []


@pytest.mark.parametrize("page", WRITTEN + LISTINGS)
def test_page_from_its_folder(browser, site, page):
    with Visit(browser, (site / page).as_uri(), viewport=PHONE, color_scheme="dark") as visit:
        faults = visit.complaints + leaves(visit, site.as_uri())
        if visit.shift() >= 0.05:
            faults.append(f"moves by {visit.shift():.3f}: {visit.moved()}")
        assert visit.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert faults == []


@pytest.mark.parametrize("page", WRITTEN)
def test_page_without_scripts(browser, site, page):
    options = {"viewport": PHONE, "java_script_enabled": False}
    with Visit(browser, (site / page).as_uri(), **options) as visit:
        assert visit.faults("formulas", "hiddenText") == []


@pytest.mark.parametrize(("theme", "other"), [("light", "dark"), ("dark", "light")])
def test_the_mark_stands_once_and_the_page_can_be_turned(browser, site, theme, other):
    with Visit(
        browser, (site / "index.html").as_uri(), viewport=DESKTOP, color_scheme=theme
    ) as visit:
        marks = visit.page.locator(".logo__image").all()
        assert sum(mark.is_visible() for mark in marks) == 1
        ground = "getComputedStyle(document.body).backgroundColor"
        before = visit.page.evaluate(ground)
        for _ in range(3):  # the switch goes round: as the system has it, light, dark
            visit.page.locator(".bd-header-article .theme-switch-button:visible").first.click()
            item = visit.page.locator(f'.dropdown-menu [data-mode="{other}"]:visible')
            if item.count():
                item.first.click()
            if visit.page.evaluate("document.documentElement.dataset.theme") == other:
                break
        assert visit.page.evaluate(ground) != before


def test_links_lead_somewhere(site):
    assert list(broken_links(site)) == []


@pytest.fixture(scope="session")
def first_page(browser, address):
    """What a reader has who opened the first page of the derivation."""
    with Visit(browser, f"{address}derivation/notation.html") as visit:
        return set(visit.requests)


@pytest.mark.parametrize("page", DERIVATION)
def test_page_is_light(browser, address, site, page, first_page):
    with Visit(browser, address + page) as visit:
        asked = set(visit.requests)
    assert weight(asked, address, site) <= 350 * KB
    if page != "derivation/notation.html":
        assert weight(asked - first_page, address, site) <= 100 * KB


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("affine_backward_parameters", "reference/affine.html"),
        ("softmax", "derivation/activations.html"),
        ("cross entropy", "derivation/losses.html"),
        ("weight decay", "derivation/regularization.html"),
        ("dropout", "derivation/regularization.html"),
        ("hessian vector product", "derivation/second-order.html"),
        ("complex step", "checking/gradient-checking.html"),
        ("vanishing gradients", "practice/initialization.html"),
        ("learning rate digits", "practice/training.html"),
        ("notation", "derivation/notation.html"),
    ],
)
def test_search_finds_the_page(browser, address, query, page):
    with Visit(browser, f"{address}search.html?q={query}") as visit:
        visit.page.wait_for_selector("#search-results ul.search li a")
        visit.page.wait_for_function("!document.querySelector('#search-progress')?.innerText")
        links = visit.page.locator("#search-results ul.search > li > a")
        found = links.evaluate_all("links => links.map((link) => link.href)")
        assert visit.complaints == []
    assert page in [link.removeprefix(address).split("?")[0].split("#")[0] for link in found[:3]]
