"""What a notebook asks for, and that every page with code has one that stands on its own."""

import json
import re
import tomllib
from pathlib import Path

import pytest

notebooks = pytest.importorskip("notebooks", reason="the docs group is not installed")
nbformat = pytest.importorskip("nbformat")

CODE = r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)"

ROOT = Path(__file__).resolve().parents[2]


def test_a_page_needs_what_its_cells_import_and_the_extras_it_names():
    sources = [
        "import numpy as np\nimport sklearn.datasets",
        "def f():\n    from scipy import stats",
    ]
    assert notebooks.requirements(sources) == ["fcnref", "scikit-learn", "scipy"]
    assert notebooks.requirements([], ["train", "equations"]) == ["fcnref[equations,train]"]


def test_a_command_can_be_typed_into_a_shell():
    needs = ["fcnref[train]", "scipy"]
    assert notebooks.install_command(needs) == 'pip install "fcnref[train]" scipy'


@pytest.fixture(scope="module")
def made(site):
    paths = sorted(site.rglob("*.ipynb"))
    assert len(paths) > 15
    return {
        path.relative_to(site).as_posix(): json.loads(path.read_text("utf-8")) for path in paths
    }


def test_they_are_valid(made):
    for book in made.values():
        nbformat.validate(nbformat.from_dict(book))


def test_every_cell_of_the_page_is_there(made, site):
    for name, book in made.items():
        executed = site.with_name("jupyter_execute") / name
        given = json.loads(executed.read_text("utf-8"))["cells"]
        skipped = [c for c in given if "skip-execution" in c["metadata"].get("tags", [])]
        code = [c for c in given if c["cell_type"] == "code" and c not in skipped]
        mine = [c for c in book["cells"] if c["cell_type"] == "code"]
        assert [c["source"] for c in mine] == [
            "".join(c["source"]).splitlines(keepends=True) for c in code
        ], name


def test_no_myst_is_left_in_the_text(made, site):
    macro = re.compile(r"\\(?:R|E|pd|tr|lay|ii|jj|pp|kk|htmlClass)(?![A-Za-z])")
    for name, book in made.items():
        for cell in book["cells"]:
            if cell["cell_type"] == "markdown":
                text = re.sub(CODE, "", "".join(cell["source"]), flags=re.DOTALL)
                assert not re.search(
                    r"\{(?:eq|doc|numref|ref|func|math|cite[:a-z]*)\}|:::", text
                ), name
                assert not macro.search(text), (name, macro.search(text))


def test_the_first_cell_states_what_is_needed(made):
    for name, book in made.items():
        command = notebooks.install_command(book["metadata"]["fcnref"]["requires"])
        assert command in "".join(book["cells"][0]["source"]), name


def test_the_extras_exist(made):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for name, book in made.items():
        wanted = re.findall(r"\w+", book["metadata"]["fcnref"]["requires"][0].partition("[")[2])
        assert set(wanted) <= set(project["optional-dependencies"]), name


def test_nothing_tells_where_they_were_made(made, site):
    for name, book in made.items():
        assert str(site.parents[2]) not in json.dumps(book), name
