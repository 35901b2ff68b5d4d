"""What a browser sees of a page, and what is wrong with it, each fault as one sentence."""

import gzip
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

HERE = Path(__file__).parent
CHECKS = (HERE / "page_checks.js").read_text("utf-8")
WATCH = (HERE / "watch_shifts.js").read_text("utf-8")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SETTLED = """async () => {
    await document.fonts.ready;
    const frame = () => new Promise((done) => requestAnimationFrame(() => done()));
    for (const top of [1e6, 0]) {
      scrollTo({ top, behavior: "instant" });
      await frame();
      await frame();
    }
}"""


class Visit:
    """A page in a browser that has seen nothing before: what it asked for and complained of."""

    def __init__(self, browser, url, **options):
        self.url = url
        self.requests, self.complaints = [], []
        self.context = browser.new_context(**{"viewport": DESKTOP, **options})
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda r: self.complaints.append(f"no answer: {r.url}"))
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

    def listen(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def turn(self, theme, viewport):
        self.page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        self.page.set_viewport_size(viewport)
        self.page.evaluate("() => document.documentElement.offsetHeight")

    def faults(self, *names):
        self.page.evaluate(CHECKS)
        return self.page.evaluate("names => names.flatMap((n) => pageChecks[n]())", list(names))

    def shift(self):
        return self.page.evaluate("() => shifts.reduce((sum, { value }) => sum + value, 0)")

    def moved(self):
        return self.page.evaluate("() => shifts.map(({ value, moved }) => [value, moved])")


def leaves(visit, home):
    """What of the requests of a visit went elsewhere than to `home`."""
    kept = (home, "data:", "blob:", "about:")
    return [f"request to {url}" for url in visit.requests if not url.startswith(kept)]


def accessibility(page, axe, contrast=False):
    """The serious and critical findings of axe: those of color, or all others."""
    if contrast:
        page.evaluate("() => pageChecks.markInks()")
        context, rules = {"include": [["[data-ink]"]]}, {"runOnly": ["color-contrast"]}
    else:
        context, rules = None, {"rules": {"color-contrast": {"enabled": False}}}
    options = {"resultTypes": ["violations"], "preload": False, **rules}
    return [
        f"axe {violation['id']}: {', '.join(map(str, node['target']))} {node['html'][:120]}"
        for violation in axe.run(page, context, options).response["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


class Anchors(HTMLParser):
    """The links and the targets of one page."""

    def __init__(self, html):
        super().__init__()
        self.links, self.ids = [], set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids |= {values.get("id"), values.get("name") if tag == "a" else None} - {None}
        self.links += [
            values[name]
            for name in ("href", "src", "srcset", "data", "poster")
            if values.get(name) and not (tag == "a" and name == "name")
        ]


@cache
def anchors(path):
    return Anchors(path.read_text("utf-8"))


def broken_links(site: Path) -> Iterator[str]:
    """Every link inside the site that leads nowhere."""
    for path in sorted(site.rglob("*.html")):
        here = path.relative_to(site).as_posix()
        if here.startswith("_static/"):  # templates that the theme leaves there
            continue
        for link in anchors(path).links:
            if re.match(r"\w+:|//", link):
                continue
            parts = urlsplit(urljoin(f"http://site/{here}", link))
            target = site / unquote(parts.path).lstrip("/")
            if target.is_dir():
                target /= "index.html"
            fragment = unquote(parts.fragment)
            page = fragment and target.suffix == ".html"
            if not target.is_file() or (page and fragment not in anchors(target).ids):
                yield f"{here}: {link}"


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
