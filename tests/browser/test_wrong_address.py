"""The page for wrong addresses, at any depth."""

import pytest

from tests.browser.pages import Visit, leaves


@pytest.fixture(params=["nothing.html", "derivation/nothing.html", "a/b/c/d"])
def page(browser, address, request):
    with Visit(browser, address + request.param) as visit:
        yield visit.page
        assert leaves(visit, address) == []


def test_it_is_styled_and_leads_back(page, address):
    heading = page.locator(".bd-article h1")
    assert heading.inner_text().startswith("There is no page")
    assert "Source Serif" in heading.evaluate("h => getComputedStyle(h).fontFamily")
    sheets = page.evaluate("[...document.styleSheets].map((sheet) => sheet.cssRules.length)")
    assert len(sheets) > 5
    page.locator(".bd-article a", has_text="front page").click()
    page.wait_for_url(f"{address}index.html")


def test_its_search_searches(page, address):
    page.locator(".bd-article input[type=search]").fill("gradient of the bias")
    page.locator(".bd-article button").click()
    page.wait_for_url(f"{address}search.html?q=gradient+of+the+bias")
