"""Declarations: what they mean, and what is refused."""

import re

import pytest

from fcnref.equations import BUNDLED, Notation, NotationError, check_equation, check_page
from fcnref.equations.__main__ import main
from fcnref.equations.declarations import front_matter, read_mapping
from fcnref.equations.expression import show
from fcnref.equations.notation import read_symbol

DB = r"\nabla_{b_j^{[l]}} J = \sum_i \nabla_{z_{j,i}^{[l]}} J"
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
        (3, "a declaration must be a map from keys to values, got 3"),
        ({"notation": "mine"}, "'mine' is not bundled; choose from columns-are-examples, rows-"),
        ({"notation": 3}, "notation must be the name of a notation, got 3"),
        ({"examples": "diagonal"}, "examples must be one of columns, rows, one, got 'diagonal'"),
        ({"weights": True}, "weights must be one of out-in, in-out, got True"),
        ({"layers": ["plain"]}, "layers must be one of superscript, plain, subscript, implicit,"),
        ({"jacobian": "sideways"}, "jacobian must be one of numerator, denominator, got 'sideways"),
        ({"gradients": 1}, "gradients must be one of variable, transposed, got 1"),
        ({"chain": ""}, "chain must be one of strict, formal, got ''"),
        ({"expectation": "examples"}, "expectation must be one of weights, weights and examples,"),
        ({"variance": "xavier"}, "variance must be one of any, lecun, he, glorot, got 'xavier'"),
        (
            {"activation": "ReLU"},
            "activation must be one of generic, elementwise, layer_norm, iden",
        ),
        (
            {"activation": ""},
            "activation must be one of generic, elementwise, layer_norm, identity",
        ),
        (
            {"output": 3},
            "output must be one of generic, elementwise, layer_norm, identity, sigmoid",
        ),
        ({"cost": "mene"}, "cost must be one of any, mean, sum, half-squared-error, squared-error"),
        ({"cost": "sum any"}, "got 'sum any'"),
        ({"depth": "two"}, "depth must be a whole number from 1 to 100, got 'two'"),
        ({"depth": 0}, "depth must be a whole number from 1 to 100, got 0"),
        ({"depth": 2.0}, "depth must be a whole number from 1 to 100, got 2.0"),
        ({"depth": True}, "depth must be a whole number from 1 to 100, got True"),
        ({"base": "²"}, "base must be a whole number from 0 to 1, got '²'"),
        ({"base": 2}, "base must be a whole number from 0 to 1, got 2"),
        ({"examples_count": -3}, "examples_count must be a whole number from 1 to 1000, got -3"),
        ({"examples_count": "9" * 30}, "examples_count must be a whole number from 1 to 1000, got"),
        ({"widths": 4}, "widths must be a list of 2 or more, got 4"),
        ({"widths": [4]}, r"widths must be a list of 2 or more, got \[4\]"),
        ({"widths": {"a": 1, "b": 2}}, "widths must be a list of 2 or more, got {'a': 1, 'b': 2}"),
        ({"widths": [4, 0]}, "each of widths must be a whole number from 1 to 1000, got 0"),
        ({"widths": [4, 3], "depth": 2}, "depth must be 1, as widths has the inputs and 1 layers"),
        ({"layer_letters": 5}, "layer_letters must be a list, got 5"),
        ({"layer_letters": []}, r"layer_letters must be a list, got \[\]"),
        ({"layer_letters": ["layer"]}, "each of layer_letters must be a letter or a command such"),
        ({"hadamard": "+"}, r"each of hadamard must be one of \*, ⊙, ·, .*, got '\+'"),
        ({"dropout": "maybe"}, "dropout must be true or false, got 'maybe'"),
        ({"dropout": 1}, "dropout must be true or false, got 1"),
        ({"einstein": ["yes"]}, r"einstein must be true or false, got \['yes'\]"),
        ({"symbols": "W"}, "symbols must be a map from names to text, got 'W'"),
        ({"symbols": {"Q": "weighs[l]"}}, "symbol 'Q': 'weighs\\[l\\]' is no meaning; write for"),
        ({"symbols": {"Q": {"a": "b"}}}, "Q in symbols must be text, got {'a': 'b'}"),
        ({"symbols": {"Q": True}}, "Q in symbols must be text, got True"),
        ({"symbols": {3: "W[l]"}}, "a name in symbols must be text, got 3"),
        ({"symbols": {" ": "W[l]"}}, "a name in symbols must be text, got ' '"),
        ({"symbols": {"Q": "m W[l]"}}, "symbol 'Q': 'm W\\[l\\]' is no meaning"),
        ({"symbols": {"Q": "Y[2]"}}, r"symbol 'Q': Y has no layer, got 'Y\[2\]'"),
        ({"symbols": {"Q": "dJ/dJ[l]"}}, r"symbol 'Q': J has no layer, got 'dJ/dJ\[l\]'"),
        ({"symbols": {"Q": "X[3]"}}, r"symbol 'Q': X has no layer, got 'X\[3\]'"),
        (
            {"symbols": {"Q": "W[layer]"}},
            "symbol 'Q': expected a layer such as l-1, L or 2, got 'l",
        ),
        ({"symbols": {"Q": "W[m]"}}, "symbol 'Q': expected a layer such as l-1, L or 2, got 'm'"),
        ({"symbols": {"Q": "W[l1]"}}, "symbol 'Q': expected a place such as l-1, L or 2, got 'l1'"),
        ({"symbols": {"Q": "W[]"}}, "symbol 'Q': expected a place such as l-1, L or 2, got ''"),
        ({"symbols": {"Q": "size n[p]"}}, "symbol 'Q': expected a layer such as l-1, L or 2, got"),
        ({"index": ["j"]}, r"index must be a map from names to text, got \['j'\]"),
        ({"index": {"j": "n["}}, r"index 'j': expected a place such as l-1, L or 2, got 'n\['"),
        ({"index": {"j": "units"}}, "index 'j': expected a layer such as l-1, L or 2, got 'units'"),
        ({"index": {"j": "n[m]"}}, "index 'j': expected a layer such as l-1, L or 2, got 'm'"),
        ({"index": {"jk": "m"}}, "an index must be a letter or a command such as .*, got 'jk'"),
        ({"macros": {r"\R": ["a", 1]}}, r"\\R in macros must be text, got \['a', 1\]"),
        (
            {"colour": "red"},
            "'colour' is not a declaration; choose from examples, weights, layers,",
        ),
        ({"symbol": {}}, "'symbol' is not a declaration; did you mean 'symbols'?"),
        ({7: {}}, "7 is not a declaration; choose from"),
    ],
)
def test_what_cannot_be_understood_is_named(declared, sentence):
    with pytest.raises(NotationError, match=f"^notation: .*{sentence}"):
        Notation().extend(declared)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("equations: mine", "'mine' is not bundled"),
        ("equations: 3", "'3' is not bundled"),
        (
            "equations: true",
            "equations must be the name of a notation or a map of declarations, got",
        ),
        ("equations: [mine]", r"map of declarations, got \['mine'\]"),
        (
            "title: A\nequation:\n  cost: mean",
            "the front matter says 'equation'; declarations stand",
        ),
        ("equations:\n  cost mean", "'cost mean' is not read; write 'key: value', and a list as"),
        ("equations:\n  cost:mean", "'cost:mean' is not read; write 'key: value'"),
        ("equations:\n  widths:\n    - 3\n    - 4", "'- 3' is not read; write 'key: value', and"),
        ("equations:\n  index: {i: m, j}", "'j' is not read; write 'key: value'"),
        ("equations:\n  cost:\n  symbols: W", "cost must be one of .*, got {}"),
        ("equations:\n  symbols:\n  W: W[1]", "'W' is not a declaration"),
        ("equations:\n  cost: mean\n  cost: sum", "'cost' stands twice in one map; keep one of"),
        ("equations:\n  index: {i: m, i: L}", "'i' stands twice in one map"),
        ("equations:\n  index:\n  index:\n    i: m", "'index' stands twice in one map"),
    ],
)
def test_front_matter_that_cannot_be_understood_fails_the_page(text, sentence):
    (verdict,) = check_page(f"---\n{text}\n---\n\n$$ A^{{[0]}} = X $$\n")
    assert verdict.fails
    assert re.match(f"notation: .*{sentence}", verdict.message)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.toml", "cost = ", "is no TOML: "),
        (
            "a.toml",
            "equations = 3",
            "equations must be the name of a notation or a map of .*, got 3",
        ),
        ("a.toml", "[equation]\ncost = 'mean'", "'equation' is not a declaration"),
        ("a.toml", "cost = 'mean'\n[equations]\ndepth = 2", "'cost' stands outside of 'equations'"),
        ("a.toml", "[symbols]\nQ = 3", "symbol 'Q': '3' is no meaning"),
        ("a.toml", "widths = [3, 2.5]", "each of widths must be a whole number from 1 to 1000"),
        ("a.md", "---\nequations: true\n---\n", "equations must be the name of a notation"),
        ("a.yaml", "cost: mean", "a.yaml' is neither a .toml or .md file nor a bundled notation"),
        ("colums-are-examples", "", "nor a bundled notation; these are columns-are-examples, "),
    ],
)
def test_a_file_that_cannot_be_understood_gets_one_sentence(name, text, sentence, tmp_path, capsys):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert main([POST, "--notation", str(path)]) == 2
    told = capsys.readouterr().err
    assert re.match(f"notation: .*{sentence}", told)
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("conf", "sentence"),
    [
        ("tex_macros = {", "the tex_macros of .*conf.py are not read: '{' was never closed"),
        ("tex_macros = dict(R='R')", "the tex_macros of .*conf.py are not read: malformed node"),
        ("tex_macros = ['R']", r"tex_macros must be a map from names to text, got \['R'\]"),
        ("tex_macros: dict = {'R': ('R', 1)}", r"R in tex_macros must be text, got \('R', 1\)"),
    ],
)
def test_macros_that_cannot_be_understood_get_one_sentence(conf, sentence, tmp_path, capsys):
    path = tmp_path / "conf.py"
    path.write_text(conf, encoding="utf-8")
    assert main([POST, "--macros", str(path)]) == 2
    assert re.match(f"notation: {sentence}", capsys.readouterr().err)


@pytest.mark.parametrize("check", [check_page, check_equation])
def test_declarations_are_no_notation_by_themselves(check):
    with pytest.raises(NotationError, match=r"a Notation or the name of one, got \{'cost'"):
        check("$$ a = b $$\n", {"cost": "mean"})


def test_a_primed_index_runs_over_what_is_declared_for_it():
    notation = Notation().extend({"index": {"i": "m", "i'": "n[l]"}})
    assert [show(notation.range_of(x)) for x in ("i", "i'", "i''")] == ["m", "n^{[l]}", "m"]


def test_a_network_that_is_too_large_is_not_built():
    verdict = check_equation(DB, Notation().extend({"widths": [784, 10], "examples_count": 60}))
    assert verdict.status == "not read"
    assert "more than 4,000 entries" in verdict.message
    assert check_equation(DB, Notation().extend({"widths": "3 4", "depth": 1})).status == "true"


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
    assert show(read_symbol("W[L-1]").layer) == "L-1"
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
  widths: [3, 4]
  hadamard: ["*", "\\\\odot"]
---
"""
    declared = front_matter(text)
    assert declared["symbols"] == {r"\delta": "dJ/dZ[l]", "h_1": "A[1]"}
    assert declared["index"] == {"j": "n[l]", "i": "m"}
    assert declared["widths"] == ["3", "4"]
    assert declared["hadamard"] == ["*", r"\odot"]
    assert Notation().extend(declared).examples == "one"
    assert read_mapping("a:\n  b: 1\nc: 2") == {"a": {"b": "1"}, "c": "2"}
    nested = "a: {b: {'c,': [1, '2,'], d: \"]\"}, e: f}"
    assert read_mapping(nested) == {"a": {"b": {"c,": ["1", "2,"], "d": "]"}, "e": "f"}}


def test_a_notation_is_loaded_from_a_file(tmp_path):
    path = tmp_path / "notation.toml"
    path.write_text('cost = "mean"\n[symbols]\n"h" = "A[l]"\n', encoding="utf-8")
    assert Notation.load(path).cost == "mean"
    path.write_text('title = "Mine"\n[equations]\ncost = "sum"\n', encoding="utf-8")
    assert Notation.load(path).cost == "sum"
    page = tmp_path / "page.md"
    page.write_text("---\ntitle: Mine\nequations:\n\n  cost: sum\nseed: 3\n---\n", encoding="utf-8")
    assert Notation.load(page).cost == "sum"
    page.write_text("no front matter", encoding="utf-8")
    assert Notation.load(page) == Notation()
    page.write_text("---\nequations:\n  cost: sum\n---\n", encoding="utf-8-sig")
    assert Notation.load(page).cost == "sum"
    page.write_text("---\nequations:\n  cost: mene\n---\n", encoding="utf-8-sig")
    assert [verdict.codes for verdict in check_page(page)] == [("notation",)]


def test_a_comment_that_begins_with_the_word_notation_declares_nothing():
    page = f"<!-- notation of Bishop -->\n\n$$ {DB} $$\n"
    assert [verdict.status for verdict in check_page(page)] == ["true"]
    page = f"<!-- notation\ncost mean -->\n\n$$ {DB} $$\n"
    assert [verdict.status for verdict in check_page(page)] == ["not read", "true"]


def test_a_name_alone_is_that_of_a_notation(tmp_path):
    path = tmp_path / "notation.toml"
    path.write_text('equations = "one-example"\n', encoding="utf-8")
    assert Notation.load(path).examples == "one"
    assert front_matter("---\nequations: one-example\n---\n") == {"notation": "one-example"}


@pytest.mark.parametrize("text", ["equations:", "a line of prose", "number of equations: 3"])
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
