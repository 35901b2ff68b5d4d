"""Declarations: what they mean, and what is refused."""

import pytest

from fcnref.equations import BUNDLED, Notation, NotationError
from fcnref.equations.__main__ import main
from fcnref.equations.notation import front_matter, read_mapping, read_symbol

POST = "tests/equations/data/original-post.md"


def test_every_bundled_notation_has_a_table_of_its_symbols():
    for notation in BUNDLED.values():
        rows = {symbol: (meaning, shape) for symbol, meaning, shape in notation.rows()}
        assert rows["W"][0] == "weights of layer l"
        shape = (
            r"n^{[l-1]} \times n^{[l]}"
            if notation.weights == "in-out"
            else r"n^{[l]} \times n^{[l-1]}"
        )
        assert rows["W"][1] == shape


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"notation": "mine"}, "'mine' is not bundled; choose from columns-are-examples"),
        ({"examples": "diagonal"}, "examples must be one of columns, rows, one, got 'diagonal'"),
        ({"symbols": {"Q": "weighs[l]"}}, "'weighs\\[l\\]' is no meaning; write for instance"),
        ({"symbols": "W"}, "symbols must map names to meanings"),
        ({"index": {"j": "n["}}, "expected a place such as l-1"),
        ({"colour": "red"}, "'colour' is not a declaration"),
        ({"depth": "two"}, "depth must be a whole number"),
        ({"base": "²"}, "base must be a whole number, got '²'"),
        ({"dropout": "maybe"}, "dropout must be true or false, got 'maybe'"),
        ({"einstein": ["yes"]}, r"einstein must be true or false, got \['yes'\]"),
        ({"layer_letters": 5}, "layer_letters must be a list, got 5"),
    ],
)
def test_what_cannot_be_understood_is_named(declared, sentence):
    with pytest.raises(NotationError, match=sentence):
        Notation().extend(declared)


@pytest.mark.parametrize(
    ("printed", "meant"), [("true", True), ("yes", True), ("False", False), ("no", False)]
)
def test_a_declaration_is_switched_by_a_word(printed, meant):
    declared = front_matter(f"---\nequations:\n  einstein: {printed}\n---\n")
    assert Notation().extend(declared).einstein is meant


def test_meanings():
    assert read_symbol("m dJ/dZ[l]").scaled
    assert read_symbol("rate of entries of dJ/dW[l]").rate
    assert read_symbol("columns of A[l-1]").view == "columns"
    assert read_symbol("function tanh").family == "tanh"


def test_front_matter_reads_what_declarations_need():
    text = """---
title: "A: page"
equations:
  notation: one-example   # a word
  symbols:
    '\\delta': dJ/dZ[l]
    "h_1": A[1]
  index: {j: "n[l]", i: m}
  hadamard: ["*", "\\\\odot"]
---
"""
    declared = front_matter(text)
    assert declared["symbols"] == {r"\delta": "dJ/dZ[l]", "h_1": "A[1]"}
    assert declared["index"] == {"j": "n[l]", "i": "m"}
    assert declared["hadamard"] == ["*", r"\odot"]
    assert Notation().extend(declared).examples == "one"
    assert read_mapping("a:\n  b: 1\nc: 2") == {"a": {"b": "1"}, "c": "2"}


def test_a_notation_is_loaded_from_toml(tmp_path):
    path = tmp_path / "notation.toml"
    path.write_text('cost = "mean"\n[symbols]\n"h" = "A[l]"\n', encoding="utf-8")
    assert Notation.load(path).cost == "mean"
    path.write_text("cost = ", encoding="utf-8")
    with pytest.raises(NotationError, match="is no TOML"):
        Notation.load(path)


def test_a_name_alone_is_that_of_a_notation(tmp_path):
    path = tmp_path / "notation.toml"
    path.write_text('equations = "one-example"\n', encoding="utf-8")
    assert Notation.load(path).examples == "one"
    assert front_matter("---\nequations: one-example\n---\n") == {"notation": "one-example"}


@pytest.mark.parametrize("text", ["equations: [mine]", "equations: true", "a line of prose"])
def test_front_matter_without_declarations_declares_nothing(text):
    assert front_matter(f"---\n{text}\n---\n") == {}


def test_the_command_reports_and_fails(capsys):
    assert main([POST]) == 1
    output = capsys.readouterr().out
    assert f"{POST}:81: wrong: " in output
    assert output.splitlines()[-1].startswith(f"{POST}: ")


def test_the_command_passes(tmp_path, capsys):
    path = tmp_path / "page.md"
    path.write_text(r"$$ dW^{[l]} = dZ^{[l]} A^{[l-1]\top} $$" + "\n", encoding="utf-8")
    assert main([str(path), "--notation", "columns-are-examples"]) == 0
    assert capsys.readouterr().out == f"{path}: 1 true\n"
    assert main([str(path), "--verbose"]) == 0


def test_the_command_explains_bad_arguments(tmp_path, capsys):
    assert main([str(tmp_path / "missing.md")]) == 2
    assert "missing.md" in capsys.readouterr().err
    assert main([POST, "--notation", "nothing.toml"]) == 2
