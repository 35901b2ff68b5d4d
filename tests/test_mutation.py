"""The tool that changes the mathematics: it changes one thing, and leaves the rest as it was."""

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).parents[1] / "benchmarks" / "mutation.py"
spec = importlib.util.spec_from_file_location("mutation", PATH)
mutation = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mutation)

SOURCE = '''
"""A module. 1 + 1 in a docstring is no formula."""

def f(a: "1 + 1", b, m=2):
    if a < 0:
        raise ValueError(f"a + {a}")
    return -a * b + m
'''


def values(code):
    scope = {}
    exec(code, scope)
    try:
        return scope["f"](3, 5), scope["f"](0, 5, 7)
    except ValueError:
        return "refused"


@pytest.fixture
def mutants(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(SOURCE)
    return mutation.mutants(path)


def test_every_change_is_one_change_of_the_original(mutants):
    changes = [mutant.change for mutant in mutants]
    assert changes == [
        "2 to 3",
        "Lt to LtE",
        "Lt to GtE",
        "0 to 1",
        "Add to Sub",
        "Mult to Div",
        "sign",
    ]
    right = values(compile(SOURCE, "module", "exec"))
    results = [values(mutant.code) for mutant in mutants]
    assert right not in results
    assert len({str(result) for result in results}) >= 5


def test_a_mutant_is_named_by_its_line_and_its_change(mutants):
    assert mutants[-1].key == "return -a * b + m  [sign]"
    assert mutants[-1].line == 7


def test_the_same_change_twice_in_a_line_is_two_mutants_with_two_names(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("def f(x):\n    return x + 1 - (x + 1)\n")
    added = [mutant.key for mutant in mutation.mutants(path) if "1 to 2" in mutant.change]
    assert added == [
        "return x + 1 - (x + 1)  [1 to 2]",
        "return x + 1 - (x + 1)  [1 to 2 (2)]",
    ]


def test_every_module_of_the_mathematics_is_there_with_its_tests():
    root = PATH.parents[1]
    for module, tests in mutation.MODULES.items():
        assert (root / "fcnref" / f"{module}.py").is_file()
        assert all(Path(path).exists() for path in mutation.paths(tests))


def test_every_module_of_the_checker_can_be_drawn_from():
    assert {"equations/judging", "equations/meaning/sums"} <= set(mutation.CHECKER)
    assert all((PATH.parents[1] / "fcnref" / f"{name}.py").is_file() for name in mutation.CHECKER)
    assert all(Path(path).exists() for path in mutation.paths(mutation.CHECKER_TESTS))
