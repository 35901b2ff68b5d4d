"""The page for wrong addresses, at any depth."""

import pytest


@pytest.mark.parametrize("path", ["/nothing.html", "/derivation/nothing.html", "/a/b/c/d"])
def test_it_is_styled_and_leads_back(visit, address, path):
    page = visit(address + path)
    assert page.locator(".bd-article h1").inner_text().startswith("There is no page")
    assert "Source Serif" in page.locator(".bd-article h1").evaluate(
        "h => getComputedStyle(h).fontFamily"
    )
    sheets = page.evaluate("[...document.styleSheets].map((sheet) => sheet.cssRules.length)")
    assert len(sheets) > 5
    page.locator(".bd-article a", has_text="front page").click()
    page.wait_for_url(f"{address}/index.html")


def test_its_search_searches(visit, address):
    page = visit(f"{address}/derivation/nothing")
    page.locator(".bd-article input[type=search]").fill("gradient of the bias")
    page.locator(".bd-article button").click()
    page.wait_for_url(f"{address}/search.html?q=gradient+of+the+bias")
