"""The summary prints on one sheet of paper."""

import pytest

pypdf = pytest.importorskip("pypdf", reason="pypdf comes with the browser group")


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
