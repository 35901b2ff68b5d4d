"""The colors of the indices on a page follow what the page lets them run over."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from fcnref.equations import Notation

DOCS = Path(__file__).parents[1] / "docs"
STANDARD = {"i": "fcn-i", "j": "fcn-j", "p": "fcn-p", "k": "fcn-k"}


@pytest.fixture(scope="module")
def index_colors():
    spec = spec_from_file_location("index_colors", DOCS / "_ext" / "index_colors.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_letters_of_the_site(index_colors):
    assert index_colors.page_indices(DOCS / "derivation" / "weights-and-biases.md") == STANDARD
    assert index_colors.page_indices(DOCS / "derivation" / "activations.md") == STANDARD


def test_letters_of_another_author(index_colors, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "---\nequations:\n  index:\n    s: m\n    i: n[l]\n    j: n[l-1]\n    k: L\n---\n"
    )
    assert index_colors.page_indices(page) == {
        "i": "fcn-j", "j": "fcn-k", "p": "fcn-p", "s": "fcn-i",
    }  # fmt: skip


def test_of_many_letters_for_the_units_of_a_layer_two_are_told_apart(index_colors):
    ranges = Notation().extend({"index": {"u": "n[l]", "i": "n[1]"}}).index
    assert index_colors.index_classes(ranges) == {"j": "fcn-j", "p": "fcn-p", "k": "fcn-k"}
