"""Print the derivation as one PDF: the chapters of the built site, on paper.

    python docs/_ext/booklet.py TARGET.pdf

The chapters are the pages that the site shows, so that numbers, formulas and pictures are the same.
A Chromium prints them, twice: the first print tells on which page each heading stands, and the
second has these numbers in its table of contents.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath

from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader

DOCS = Path(__file__).resolve().parent.parent
SITE = DOCS / "_build" / "html"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
MARGIN, WIDTH = "18mm", 658  # 658 pixels are the 174 mm between two margins of a sheet of A4
SCREEN_ONLY = (
    ".headerlink, .fcnref-mark, template, script, .copybtn, .take-along, details.hide, "
    "link, style.screen, .viewcode-link"
)
FOOT = """
<div style="width:100%;text-align:center;font:8pt serif;color:#5b6068"><span class="pageNumber">
</span></div>"""
FIT = """() => {
  for (const box of document.querySelectorAll(".formula, table, pre")) {
    const held = box.matches("table") ? box.parentElement : box;
    for (let size = 100; held.scrollWidth > held.clientWidth + 1 && size > 40; size -= 2)
      box.style.fontSize = `${size}%`;
  }
  return [...document.querySelectorAll(".formula, table, pre, img, .fcn")]
    .filter((box) => {
      const { left, right } = box.getBoundingClientRect();
      const cut = box.matches(".formula, pre") && box.scrollWidth > box.clientWidth + 1;
      return cut || left < -1 || right > innerWidth + 1;
    })
    .map((box) => box.textContent.slice(0, 80));
}"""


def chapters() -> list[str]:
    """Read which pages the derivation is made of, and in which order."""
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    [listed] = re.findall(
        r"\{toctree\}\n:caption: Derivation\n(?::[^\n]*\n)*\n(.*?)\n```", index, flags=re.DOTALL
    )
    return str(listed).split()


def slug(docname: str) -> str:
    """Shorten the name of a page to what is unique in the booklet."""
    return docname.rpartition("/")[2]


def chapter(docname: str, published: str = "") -> Tag:
    """Take the text out of a page, and make its names and links those of the booklet."""
    page = BeautifulSoup((SITE / f"{docname}.html").read_text("utf-8"), "html.parser")
    text = page.select_one(".bd-article > section")
    if text is None:
        raise SystemExit(f"{docname}.html has no text; build the site first")
    for part in text.select(SCREEN_ONLY):
        part.decompose()
    for part in [text, *text.select("[id]")]:
        if "id" in part.attrs:
            part["id"] = f"{slug(docname)}--{part['id']}"
    text["id"] = slug(docname)
    text["class"] = "chapter"
    for picture in text.select("img[src]"):
        if not picture["src"].startswith("data:"):
            picture["src"] = f"../html/{normpath(join(dirname(docname), picture['src']))}"
    for link in text.select("a[href]"):
        target = booklet_link(docname, link["href"], published)
        if target:
            link["href"] = target
        else:
            link.unwrap()
    return text


def booklet_link(docname: str, href: str, published: str) -> str:
    """Return where a link of a page leads on paper; "" if it leads nowhere."""
    if re.match(r"[a-z]+:", href):
        return href
    path, _, anchor = href.partition("#")
    target = normpath(join(dirname(docname), path)).removesuffix(".html") if path else docname
    if target in chapters():
        return f"#{slug(target)}--{anchor}" if anchor else f"#{slug(target)}"
    return f"{published}{target}.html{'#' * bool(anchor)}{anchor}" if published else ""


def contents(texts: list[Tag], pages: dict[str, int]) -> Iterator[str]:
    """List the chapters and their sections, with the pages on which they begin."""
    for text in texts:
        for level, heading in [("chapter", text.h1), *(("part", h2) for h2 in text.select("h2"))]:
            anchor = heading.parent["id"]
            title = heading.decode_contents()
            number = pages.get(anchor, "")
            yield f'<li class="{level}"><a href="#{anchor}">{title}</a><i>{number}</i></li>'


def booklet(texts: list[Tag], pages: dict[str, int]) -> str:
    """Put the chapters between two covers."""
    start = BeautifulSoup((SITE / "index.html").read_text("utf-8"), "html.parser")
    about = start.select_one("meta[property='og:description']")
    sheets = "".join(
        f'<link rel="stylesheet" href="../html/{sheet["href"]}">'
        for sheet in start.select("link[rel~=stylesheet][href]")
    )
    return f"""<!doctype html>
<html lang="en" data-theme="light" data-fcn-colors="on">
<meta charset="utf-8"><title>Back-propagation, formula by formula</title>{sheets}
<style>{Path(__file__).with_suffix(".css").read_text("utf-8")}</style>
<body><main class="bd-article booklet">
<header><h1>Back-propagation, formula by formula</h1>
<p>{about["content"] if about else ""}</p>
<p>fcnref {version()}, the derivation. The numbers of the equations are those of the site.</p>
</header>
<nav><h2>Contents</h2><ul>{"".join(contents(texts, pages))}</ul></nav>
{"".join(map(str, texts))}
</main></html>"""


def version() -> str:
    """Read the version without importing the package."""
    source = (DOCS.parent / "fcnref" / "__init__.py").read_text(encoding="utf-8")
    [found] = re.findall(r'^__version__ = "(.*)"', source, flags=re.MULTILINE)
    return str(found)


def print_page(page: Page, target: Path) -> None:
    """Print what a browser shows, after making every formula as wide as the paper."""
    page.emulate_media(media="print")
    page.wait_for_function("document.fonts.status === 'loaded'")
    if cut := page.evaluate(FIT):
        raise SystemExit("wider than the paper:\n" + "\n".join(cut))
    page.pdf(
        path=str(target),
        format="A4",
        margin=dict.fromkeys(("left", "right", "top"), MARGIN) | {"bottom": "20mm"},
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOT,
        print_background=True,
        outline=True,
        tagged=True,
    )


def page_numbers(printed: Path) -> dict[str, int]:
    """Read on which page every target of a link stands."""
    reader = PdfReader(printed)
    return {
        name.removeprefix("/"): (reader.get_destination_page_number(place) or 0) + 1
        for name, place in reader.named_destinations.items()
    }


def print_with(browser: Browser, target: Path) -> None:
    """Print the booklet, and once more with the page numbers of the first time."""
    published = os.environ.get("FCNREF_ADDRESS", "")
    texts = [chapter(docname, published and f"{published.rstrip('/')}/") for docname in chapters()]
    source = DOCS / "_build" / "pdf" / "booklet.html"
    source.parent.mkdir(parents=True, exist_ok=True)
    pages: dict[str, int] = {}
    for _ in range(2):
        source.write_text(booklet(texts, pages), encoding="utf-8")
        page = browser.new_page(viewport={"width": WIDTH, "height": 930})
        page.set_default_timeout(300_000)  # a hundred pages, on a machine that may be busy
        page.goto(source.as_uri())
        print_page(page, target)
        page.close()
        pages = page_numbers(target)


def main(target: Path) -> None:
    """Make the booklet."""
    path = os.environ.get("CHROMIUM")
    if not path:
        raise SystemExit("CHROMIUM names no browser; nox --session pdf looks for one")
    target.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        print_with(browser, target)
        browser.close()
    print(f"{len(PdfReader(target).pages)} pages: {target}")  # noqa: T201 - the result of a command


if __name__ == "__main__":
    main(Path(sys.argv[1]))
