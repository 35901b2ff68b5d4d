"""Garbage for the readers of files: a sentence and a status, never a traceback."""

import numpy as np
import pytest

from fcnref.cli import main

pytest.importorskip("lark", reason="the equation checker needs its parser")

from fcnref.equations.__main__ import main as check_equations

rng = np.random.default_rng(1986)


def bytes_of_all_kinds(count):
    return bytes(rng.integers(0, 256, count, dtype=np.uint8))


GARBAGE = {
    "nothing": b"",
    "zeros": bytes(64),
    "noise": bytes_of_all_kinds(512),
    "more noise": bytes_of_all_kinds(4096),
    "another encoding": "def grads(params, X, Y): return {'é': 1}".encode("utf-16"),
    "a mark of the order of bytes": b"\xef\xbb\xbf$a = a$",
    "half a string": b'grads = """',
    "half a display": b"$$\\frac{1}{",
    "half a cell": b"```{math}\n:label: eq-x\n\\begin{bmatrix}",
    "brackets": b"{[(" * 200,
    "dollars": b"$" * 999,
    "backslashes": b"\\" * 999,
    "one long line": b"$" + b"a+" * 3000 + b"a$",
    "front matter that is none": b"---\nequations: [1, 2\n---\n$a = a$",
    "front matter of the wrong kind": b"---\nequations: 3\n---\n$a = a$",
    "a notation that is a list": b"---\nequations:\n  symbols: [a, b]\n---\n$a = a$",
    "lines of an archive": b"PK\x03\x04" + bytes_of_all_kinds(200),
}

every_kind = pytest.mark.parametrize("kind", GARBAGE)


@pytest.fixture
def file(tmp_path):
    def file(kind, name):
        path = tmp_path / name
        path.write_bytes(GARBAGE[kind])
        return str(path)

    return file


def one_sentence(error):
    assert "Traceback" not in error
    assert error.strip()


@every_kind
def test_a_backward_pass_that_is_garbage_cannot_be_run(kind, file, capsys):
    assert main(["diagnose", file(kind, "backward.py")]) == 2
    one_sentence(capsys.readouterr().err)


FUNCTIONS = {
    "raises": "raise RuntimeError('no')",
    "returns None": "return None",
    "returns a number": "return 3",
    "returns a string": "return 'dW1'",
    "returns half": "return {'dW1': params['W1']}",
    "returns other shapes": "return {'d' + name: 0 for name in params}",
    "returns nan": "return {'d' + name: array * float('nan') for name, array in params.items()}",
    "returns objects": "return {'d' + name: [None] for name in params}",
    "returns a ragged list": "return {'d' + name: [[1.0], [1.0, 2.0]] for name in params}",
    "exits": "raise ValueError",
    "recurs": "return grads(params, X, Y)",
}


@pytest.mark.parametrize("body", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_a_backward_pass_that_returns_garbage_gets_a_sentence_or_a_report(body, tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(f"def grads(params, X, Y):\n    {body}\n")
    status = main(["diagnose", str(path)])
    out, err = capsys.readouterr()
    assert status in (1, 2)
    one_sentence(err if status == 2 else out)


OPTIONS = [
    ["--sizes", "a-b"],
    ["--sizes", "3-2", "--activations", "tanh/tanh", "--loss", "half_squared_error"],
    ["--sizes", "3-2", "--activations", "unheard_of", "--loss", "half_squared_error"],
    ["--sizes", "3-2", "--activations", "tanh", "--loss", "unheard_of"],
    ["--sizes", "0-2", "--activations", "tanh", "--loss", "half_squared_error"],
    ["--sizes", "-", "--activations", "tanh", "--loss", "half_squared_error"],
    ["--sizes", "3-2", "--activations", "tanh", "--loss", "half_squared_error", "--m", "0"],
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_options_that_describe_no_network_get_a_sentence(options, tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text("def grads(params, X, Y):\n    return {}\n")
    assert main(["diagnose", str(path), *options]) == 2
    one_sentence(capsys.readouterr().err)


@every_kind
@pytest.mark.parametrize("name", ["page.md", "page.tex", "page.ipynb"])
def test_a_page_that_is_garbage_gets_a_report_or_a_sentence(kind, name, file, capsys):
    status = check_equations([file(kind, name)])
    assert status in (0, 1, 2)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err


@every_kind
def test_a_notation_that_is_garbage_is_refused(kind, file, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("$a = a$")
    status = check_equations([str(page), "--notation", file(kind, "notation.toml")])
    assert status in (0, 1, 2)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
