"""The search of the site, driven in a browser: equations by their names, functions by theirs."""

from urllib.parse import quote

import pytest

QUERIES = {
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


def results(page):
    page.wait_for_function(
        "document.querySelector('.search-summary')?.textContent.startsWith('Search finished')"
    )
    return page.locator("ul.search a").evaluate_all("links => links.map(a => a.href)")


@pytest.mark.parametrize("query", QUERIES)
def test_the_first_result_is_the_thing_itself(visit, address, query):
    page = visit(f"{address}/search.html?q={quote(query)}")
    first, *_ = results(page)
    assert QUERIES[query] in first
    page.locator("ul.search a").first.click()
    page.wait_for_load_state()
    anchor = page.url.partition("#")[2]
    assert page.locator(f'[id="{anchor}"]').count() == 1


def test_it_works_from_a_folder(browser, site):
    """A browser reads no text from a folder that a result could quote, but the index is there."""
    page = browser.new_page()
    page.goto(f"{(site / 'search.html').as_uri()}?q=gradient%20of%20the%20bias")
    assert "equation-eq-weights-and-biases-db" in results(page)[0]
    page.close()
