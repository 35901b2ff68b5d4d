"""What is cited stays: the names of sections and equations do not depend on their order."""

import re

import pytest

bs4 = pytest.importorskip("bs4", reason="beautifulsoup4 comes with the docs group")


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
