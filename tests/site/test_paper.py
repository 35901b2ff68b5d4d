"""The derivation is a book with all its numbers; nox --session pdf prints it."""

import re

import pytest

pypdf = pytest.importorskip("pypdf", reason="pypdf comes with the site group")


@pytest.fixture(scope="module")
def book(site):
    booklet = pytest.importorskip("booklet")
    printed = site.with_name("pdf") / "fcnref.pdf"
    pages = [site / f"{chapter}.html" for chapter in booklet.chapters()]
    written = max(page.stat().st_mtime for page in pages)
    if not printed.exists() or printed.stat().st_mtime < written:
        pytest.skip("the book of this site is not printed; nox --session pdf prints it")
    return pypdf.PdfReader(printed), booklet.chapters()


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
