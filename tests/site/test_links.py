"""Every link leads somewhere; and what is cited stays, whatever the order of the pages."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

bs4 = pytest.importorskip("bs4", reason="beautifulsoup4 comes with the docs group")


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


def test_links_lead_somewhere(site):
    assert list(broken_links(site)) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    links = '<a href="b.html#there">1</a><a href="b.html#gone">2</a><a href="c.html">3</a>'
    (tmp_path / "a.html").write_text(links + '<a href="#">4</a><a href="https://x.org">5</a>')
    (tmp_path / "b.html").write_text('<p id="there">1</p>')
    assert list(broken_links(tmp_path)) == ["a.html: b.html#gone", "a.html: c.html"]


@pytest.fixture(scope="module")
def pages(site):
    found = {}
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        if name.startswith(("derivation", "checking", "errata", "practice")):
            found[name] = bs4.BeautifulSoup(path.read_text("utf-8"), "html.parser")
    return found


def test_every_section_and_every_numbered_equation_has_a_link_that_stays(pages):
    for name, page in pages.items():
        article = page.select_one(".bd-article")
        for section in article.select("section:has(> :is(h1, h2, h3, h4))"):
            assert not re.fullmatch(r"(?:id|section-)\d+", section["id"]), (name, section["id"])
            assert section.select_one(":scope > :is(h1, h2, h3, h4) > a.headerlink"), section["id"]
        for equation in article.select("div.math.numbered"):
            assert re.fullmatch(r"equation-eq-[\w-]+", equation["id"]), (name, equation["id"])
            assert equation.select_one(f'a.headerlink[href="#{equation["id"]}"]'), equation["id"]


def test_every_reference_to_an_equation_elsewhere_brings_its_formula(pages):
    seen = 0
    for name, page in pages.items():
        templates = {t["data-equation"]: t for t in page.select("template[data-equation]")}
        for link in page.select(".bd-article a.reference.internal[href*='#equation-']"):
            if not re.fullmatch(r"\(\d+\.\d+\)", link.get_text()):
                continue
            path, _, anchor = link["href"].partition("#")
            template = templates[anchor]
            assert link.get_text() in template.get_text(), name
            assert bool(template.select(".katex")) == bool(path), (name, anchor)
            seen += 1
    assert seen > 100


def test_every_page_can_be_cited(pages):
    for name, page in pages.items():
        entry = page.select_one("pre.bibtex").get_text()
        title = page.select_one("h1").find_all(string=True, recursive=False)[0]
        assert entry.startswith("@misc{fcnref-"), name
        assert title.strip().split("$")[0][:20] in entry, name


def test_every_page_describes_itself(pages, site):
    for name, page in pages.items():
        said = {
            meta.get("property") or meta.get("name"): meta["content"]
            for meta in page.select("meta[content]")
        }
        assert 20 <= len(said["og:description"]) <= 200, name
        assert said["og:description"] == said["description"], name
        assert "\\" not in said["og:description"], name
        card = (site / name).parent / said["og:image"]
        assert card.read_bytes().startswith(b"\x89PNG"), name
