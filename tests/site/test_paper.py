"""The summary is one sheet of paper; the derivation is a book with all its numbers."""

import re

import pytest

pypdf = pytest.importorskip("pypdf", reason="pypdf comes with the site group")


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_summary_prints_on_one_sheet(visit, site, tmp_path, paper):
    page = visit((site / "derivation" / "summary.html").as_uri())
    target = tmp_path / "sheet.pdf"
    page.pdf(path=target, format=paper, prefer_css_page_size=False)
    [sheet] = pypdf.PdfReader(target).pages
    text = sheet.extract_text()
    for heading in ("Symbols", "Forward", "Losses", "Regularization", "In a direction"):
        assert heading in text


def test_nothing_on_the_sheet_is_cut(visit, site):
    page = visit((site / "derivation" / "summary.html").as_uri())
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 733, "height": 1062})  # A4 without margins of 8 mm
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".bd-article table .katex-html")]
        .filter((formula) => {
          const cell = formula.closest("td, th");
          return formula.getBoundingClientRect().right > cell.getBoundingClientRect().right + 2;
        }).map((formula) => formula.textContent)"""
    )
    assert cut == []


@pytest.fixture(scope="module")
def book(browser, site, tmp_path_factory):
    booklet = pytest.importorskip("booklet")
    target = tmp_path_factory.mktemp("paper") / "book.pdf"
    booklet.print_with(browser, target)
    return pypdf.PdfReader(target), booklet.chapters()


def test_the_book_has_all_chapters_in_order_and_a_table_of_contents(book, site):
    reader, chapters = book
    text = [page.extract_text() for page in reader.pages]
    assert len(chapters) == 10
    titles = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert len(titles) >= 10
    contents = "".join(text[1:4])
    numbers = [int(n) for n in re.findall(r"^\d+\. .*?(\d+)$", contents, flags=re.MULTILINE)]
    assert numbers == sorted(numbers)
    assert len(numbers) == 10


def test_the_book_has_every_numbered_equation_of_its_chapters(book, site):
    reader, chapters = book
    text = "".join(page.extract_text() for page in reader.pages)
    for chapter in chapters:
        html = (site / f"{chapter}.html").read_text("utf-8")
        for number in re.findall(r'class="eqno">\((\d+\.\d+)\)', html):
            assert f"({number})" in text, (chapter, number)


def test_every_link_inside_the_book_leads_somewhere(book):
    reader, _ = book
    known, links = set(reader.named_destinations), 0
    for page in reader.pages:
        for annotation in page.get("/Annots", []):
            link = annotation.get_object()
            if "/Dest" in link:
                assert str(link["/Dest"]) in known
                links += 1
            else:
                assert not str(link["/A"].get("/URI", "")).startswith("file:")
    assert links > 200
