"""The command `fcnref check-equations`: what it prints, and its exit status."""

import sys

import pytest

from fcnref.cli import main

RIGHT = r"$$ \nabla_{Z^{[l]}} J = \nabla_{A^{[l]}} J \odot g'(Z^{[l]}) $$"
WRONG = r"$$ \nabla_{Z^{[l]}} J = \nabla_{A^{[l]}} J \odot A^{[l]} $$"
UNREAD = r"$$ Q = 1 + \int x $$"


@pytest.fixture
def page(tmp_path):
    def page(*displays):
        path = tmp_path / "page.md"
        path.write_text("\n\n".join(displays) + "\n", encoding="utf-8")
        return str(path)

    return page


def test_a_page_that_passes_is_told_in_one_line(page, capsys):
    path = page(RIGHT)
    assert main(["check-equations", path]) == 0
    assert capsys.readouterr().out == f"{path}: 1 true\n"


def test_a_wrong_equation_is_shown_and_fails(page, capsys):
    path = page(RIGHT, WRONG)
    assert main(["check-equations", path]) == 1
    told = capsys.readouterr().out
    assert f"{path}:3: wrong: first wrong value" in told
    assert told.endswith(f"{path}: 1 true, 1 wrong\n")


def test_what_is_not_read_fails_where_one_is_strict(page):
    path = page(RIGHT, UNREAD)
    assert main(["check-equations", path]) == 0
    assert main(["check-equations", "--strict", path]) == 1


def test_the_figures_of_all_pages_stand_in_one_line(page, capsys):
    assert main(["check-equations", "--summary", page(RIGHT, UNREAD)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert "0 of 0" in last
    assert "1 of 2" in last


def test_macros_come_from_a_conf(page, tmp_path, capsys):
    conf = tmp_path / "conf.py"
    path = page(RIGHT.replace(r"\nabla", r"\grad"))
    conf.write_text('project = "A"\ntex_macros = {r"\\grad": r"\\nabla"}\n', encoding="utf-8")
    assert main(["check-equations", "--macros", str(conf), path]) == 0
    assert "1 true" in capsys.readouterr().out
    conf.write_text('project = "A"\n', encoding="utf-8")
    main(["check-equations", "--macros", str(conf), path])
    assert "1 not read" in capsys.readouterr().out


def test_a_page_that_is_not_there_gets_a_sentence(capsys):
    assert main(["check-equations", "no_such_page.md"]) == 2
    assert "no_such_page.md" in capsys.readouterr().err


def test_without_the_parser_the_command_says_what_to_install(monkeypatch, capsys):
    for name in [*sys.modules]:
        if name.partition(".")[0] == "lark" or name.startswith("fcnref.equations"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lark", None)
    assert main(["check-equations", "page.md"]) == 2
    assert capsys.readouterr().err == (
        "fcnref: the equation checker needs lark; install fcnref[equations].\n"
    )
