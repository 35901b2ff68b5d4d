"""The search finds equations by their names, functions by theirs, pages by what they tell."""

from urllib.parse import quote

import pytest

from tests.browser.pages import PHONE, Visit, leaves

FIRST = {
    "gradient of the bias": "eq-weights-and-biases-db",
    "db": "eq-weights-and-biases-db",
    "weight gradient": "eq-weights-and-biases-dw",
    "derivative of the loss by the weight matrix": "eq-weights-and-biases-dw",
    "softmax cross-entropy": "softmax-cross-entropy",
    "gradient of the softmax cross-entropy": "softmax-cross-entropy",
    "derivative of cross-entropy with softmax": "eq-losses-dz-softmax-cross-entropy",
    "backward pass of layer normalization": "eq-activations-dz-layer-norm",
    "jacobian of softmax": "eq-activations-jacobian-softmax",
    "derivative of the sigmoid": "eq-activations-sigmoid-prime",
    "gradient of relu": "eq-activations-relu-prime",
    "weight decay": "eq-regularization-l2",
    "inverted dropout": "eq-regularization-dropout",
    "hessian-vector product": "eq-second-order-hvp",
    "forward propagation": "eq-forward-recursion",
    "gradient of the previous layer": "eq-previous-layer-da-prev",
    "Xavier initialization": "eq-initialization-glorot",
    "complex-step derivative": "eq-gradient-checking-complex-step",
    "mean squared error": "mean-squared-error",
    "affine_backward": "fcnref.affine.affine_backward",
    "loss_and_grads": "fcnref.network.loss_and_grads",
    "diagnose": "fcnref.diagnosis.diagnose",
}
AMONG_THREE = {
    "softmax": "derivation/activations.html",
    "cross entropy": "derivation/losses.html",
    "vanishing gradients": "practice/initialization.html",
    "learning rate digits": "practice/training.html",
    "notation": "derivation/notation.html",
}


def results(page):
    page.wait_for_function(
        "document.querySelector('.search-summary')?.textContent.startsWith('Search finished')"
    )
    return page.locator("ul.search > li > a").evaluate_all("links => links.map(a => a.href)")


@pytest.fixture
def page(browser, address):
    with Visit(browser, f"{address}search.html") as visit:
        yield visit.page
        assert leaves(visit, address) == []


def test_the_first_result_is_the_thing_itself(page, address):
    ids = "href => !!document.getElementById(decodeURIComponent(href.split('#')[1]))"
    for query, wanted in FIRST.items():
        page.goto(f"{address}search.html?q={quote(query)}")
        first, *_ = results(page)
        assert wanted in first, query
        page.locator("ul.search > li > a").first.click()
        page.wait_for_url(first)
        assert page.evaluate(ids, first), query


def test_a_page_is_found_by_what_it_tells(page, address):
    for query, wanted in AMONG_THREE.items():
        page.goto(f"{address}search.html?q={quote(query)}")
        assert any(f"{address}{wanted}" in link for link in results(page)[:3]), query


def test_a_result_quotes_the_article_and_fits_a_phone(browser, address):
    with Visit(browser, f"{address}search.html?q=weights", viewport=PHONE) as visit:
        links = results(visit.page)
        visit.page.wait_for_function("document.querySelectorAll('.search .context').length > 20")
        quotes = visit.page.locator(".search .context").all_text_contents()
        assert not any("System Settings" in quote for quote in quotes)
        notation = next(n for n, link in enumerate(links) if "/notation.html" in link)
        quote = visit.page.locator("ul.search > li").nth(notation).inner_text()
        assert "W[l]" in quote
        assert "^" not in quote
        assert visit.faults("sideways") == []


def test_what_is_quoted_has_no_buttons_and_its_fractions_in_one_line(page):
    def quoted(at):
        return page.evaluate("async at => Search.htmlToText(await (await fetch(at)).text())", at)

    assert "∂J/∂W[l]" in quoted("derivation/weights-and-biases.html")
    gradient_checking = quoted("checking/gradient-checking.html")
    assert "f′(x)≈(f(x+h)−f(x))/h" in gradient_checking
    assert "fig, axes = plt.subplots" in gradient_checking
    assert "the source" not in gradient_checking


def test_it_works_from_a_folder(browser, site):
    """A browser reads no text from a folder that a result could quote, but the index is there."""
    address = f"{(site / 'search.html').as_uri()}?q=gradient%20of%20the%20bias"
    with Visit(browser, address) as visit:
        assert "equation-eq-weights-and-biases-db" in results(visit.page)[0]
