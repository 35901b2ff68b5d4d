"""What a browser sees of a page, and what is wrong with it, each fault as one sentence."""

import gzip
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

HERE = Path(__file__).parent
CHECKS = (HERE / "page_checks.js").read_text("utf-8")
WATCH = (HERE / "watch_shifts.js").read_text("utf-8")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
FRAME = "const frame = () => new Promise((done) => requestAnimationFrame(() => done()));"
TURNED = f"""async () => {{
    {FRAME}
    await frame();
    await frame();
    document.getAnimations().forEach((fading) => fading.finish());
}}"""
SETTLED = f"""async () => {{
    {FRAME}
    await document.fonts.ready;
    for (const top of [1e6, 0]) {{
      scrollTo({{ top, behavior: "instant" }});
      await frame();
      await frame();
    }}
}}"""


class Visit:
    """A page in a browser that has seen nothing before: what it asked for and complained of."""

    def __init__(self, browser, url, **options):
        self.url = url
        self.requests, self.complaints = [], []
        self.context = browser.new_context(**{"viewport": DESKTOP, **options})
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", self.miss)
        self.page.on("response", self.note)
        self.page.on("console", self.listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.set_default_timeout(30_000)
        self.page.goto(url)
        if options.get("java_script_enabled", True):
            self.page.evaluate(SETTLED)

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self.context.close()

    def note(self, response):
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    def miss(self, request):
        if request.failure != "net::ERR_ABORTED":  # which is what leaving a page does
            self.complaints.append(f"no answer: {request.url}")

    def listen(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def turn(self, theme, viewport):
        self.page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        if viewport != self.page.viewport_size:
            self.page.set_viewport_size(viewport)
        self.page.evaluate(TURNED)

    def faults(self, *names):
        self.page.evaluate(CHECKS)
        return self.page.evaluate("names => names.flatMap((n) => pageChecks[n]())", list(names))

    def shift(self):
        return self.page.evaluate("() => shifts.reduce((sum, { value }) => sum + value, 0)")

    def moved(self):
        return self.page.evaluate("() => shifts.map(({ value, moved }) => [value, moved])")


def leaves(visit, *homes):
    """What of the requests of a visit went elsewhere than to these addresses."""
    kept = (*homes, "data:", "blob:", "about:")
    return [f"request to {url}" for url in visit.requests if not url.startswith(kept)]


@cache
def axe_script():
    return pytest.importorskip("axe_playwright_python.base").AXE_SCRIPT


def accessibility(page, contrast=False):
    """The serious and critical findings of axe: those of color, or all others."""
    if contrast:
        page.evaluate("() => pageChecks.markInks()")
        context, rules = {"include": [["[data-ink]"]]}, {"runOnly": ["color-contrast"]}
    else:
        context, rules = {"include": [["html"]]}, {"rules": {"color-contrast": {"enabled": False}}}
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe_script())
    options = {"resultTypes": ["violations"], "preload": False, **rules}
    run = "async ([context, options]) => (await axe.run(context, options)).violations"
    found = page.evaluate(run, [context, options])
    return [
        f"axe {violation['id']}: {', '.join(map(str, node['target']))} {node['html'][:120]}"
        for violation in found
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


@cache
def compressed(path: Path) -> int:
    """Bytes of a file on the way to the reader."""
    content = path.read_bytes()
    packed = path.suffix in {".woff2", ".png", ".jpg", ".webp", ".ico"}
    return len(content) if packed else len(gzip.compress(content, 6))


def weight(urls, home, site) -> int:
    """Bytes that these addresses cost together."""
    paths = {urlsplit(url).path.lstrip("/") for url in urls if url.startswith(home)}
    return sum(compressed(site / unquote(path or "index.html")) for path in paths)
