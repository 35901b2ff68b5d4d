"""An entry for BibTeX can be read back by a reader of BibTeX."""

import pytest

pybtex = pytest.importorskip("pybtex.database", reason="pybtex comes with the docs group")

from citing import bibtex, citation  # noqa: E402 - the path is set by conftest.py  # isort: skip

CITED = {
    "title": "Work & play_100%",
    "version": "1.2",
    "authors": [
        {"family-names": "Doe", "given-names": "Jane"},
        {"name": "The {curly} people"},
    ],
}


def read(entry):
    [(key, found)] = pybtex.parse_string(entry, "bibtex").entries.items()
    return key, found


def test_all_fields_are_read_back():
    key, entry = read(bibtex(CITED, "Weights & biases", "derivation/weights", "2031", "x://y/z"))
    assert key == "fcnref-weights"
    assert entry.fields["title"] == r"{Weights \& biases}"
    assert entry.fields["year"] == "2031"
    assert entry.fields["note"] == "Version 1.2"
    assert entry.fields["url"] == "x://y/z"
    first, second = entry.persons["author"]
    assert (first.last_names, first.first_names) == (["Doe"], ["Jane"])
    assert str(second) == r"{The \{curly\} people}"


def test_a_site_without_an_address_gives_none():
    _, entry = read(bibtex(CITED, "Start", "index", "2031"))
    assert "url" not in entry.fields


def test_the_entry_says_what_the_citation_file_says():
    _, entry = read(bibtex(citation(), "Losses", "derivation/losses", "2031"))
    assert citation()["version"] in entry.fields["note"]
    assert citation()["title"].rstrip("}") in entry.fields["howpublished"]
