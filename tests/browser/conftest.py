"""One Chromium for all tests of this folder, and the built site over HTTP and from its folder."""

import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.browser.pages import Visit, leaves

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="session")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = os.environ.get("CHROMIUM")
    if not path:
        pytest.skip("CHROMIUM names no browser; nox --session browser looks for one")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site():
    if not (SITE / "index.html").exists():
        pytest.skip("the site is not built; nox --session docs builds it")
    return SITE


class Server(SimpleHTTPRequestHandler):
    """Serves the site, and its page for wrong addresses wherever there is nothing."""

    def send_error(self, code, message=None, explain=None):
        body = (SITE / "404.html").read_bytes()
        self.send_response(code, message)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *parts):
        pass


@pytest.fixture(scope="session")
def address(site):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def visit(browser, site, request):
    """Open pages of the site; nothing of theirs may be complained of or asked for elsewhere."""
    visits = []

    def visit(url, **options):
        visits.append(Visit(browser, url, **options))
        return visits[-1].page

    yield visit
    for seen in visits:
        seen.context.close()
    homes = "http://127.0.0.1:", site.as_uri()
    assert [fault for seen in visits for fault in seen.complaints + leaves(seen, *homes)] == []
