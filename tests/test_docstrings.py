"""The docstrings of all public names: what they promise is there, and what they show is true."""

import doctest
import importlib
import inspect
import pkgutil
import re
import sys

import numpy as np
import pytest

import fcnref
from fcnref import activations
from fcnref.activations import _record, columnwise, elementwise, gated

ROOMS = [
    f"fcnref.{found.name}"
    for found in pkgutil.iter_modules(fcnref.__path__)
    if not found.name.startswith("_")
]
"""The modules and packages that names are public in; what lies deeper is their own affair."""


ENTRY_POINTS = {"setup", "main"}
"""What Sphinx and the shell call, and no reader."""


def public_objects():
    """Every function and class that a room exports."""
    seen = {}
    for module_name in ROOMS:
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as missing:
            if missing.name.startswith("fcnref"):
                raise
            continue  # an extra that is not installed here
        for name in module.__all__:
            item = getattr(module, name)
            if name not in ENTRY_POINTS and (inspect.isroutine(item) or inspect.isclass(item)):
                seen.setdefault(id(item), pytest.param(item, id=f"{module_name}.{name}"))
    return list(seen.values())


OBJECTS = public_objects()
FUNCTIONS = [parameter for parameter in OBJECTS if inspect.isroutine(parameter.values[0])]
RECORDS = [parameter for parameter in OBJECTS if hasattr(parameter.values[0], "_fields")]

every_object = pytest.mark.parametrize("item", OBJECTS)
every_function = pytest.mark.parametrize("function", FUNCTIONS)
every_record = pytest.mark.parametrize("record", RECORDS)


def sections(item):
    """The summary and the sections of a numpydoc docstring, by their headings."""
    parts = re.split(r"\n\n([A-Z][a-z]+)\n-{3,}\n", "\n\n" + inspect.getdoc(item).strip())
    return {"Summary": parts[0].strip(), **dict(zip(parts[1::2], parts[2::2], strict=True))}


def entries(section):
    """The names of a section, which stand at the margin; several may share a description."""
    lines = [line for line in section.splitlines() if line and not line.startswith(" ")]
    return [name.lstrip("*") for line in lines for name in line.split(", ")]


@every_object
def test_the_summary_is_a_sentence_on_one_line(item):
    first, *rest = sections(item)["Summary"].split("\n")
    assert first.endswith((".", ":"))
    assert not rest or rest[0] == ""


@every_function
def test_every_parameter_is_described_in_order_and_without_its_type(function):
    parameters = list(inspect.signature(function).parameters)
    assert entries(sections(function).get("Parameters", "")) == parameters


@every_function
def test_what_is_returned_is_described(function):
    described = sections(function).keys() & {"Returns", "Yields"}
    assert bool(described) == (function.__annotations__["return"] not in (None, "None"))


@every_function
def test_what_a_function_raises_itself_is_described(function):
    raised = set(re.findall(r"raise (\w+Error)\(", inspect.getsource(inspect.unwrap(function))))
    if hasattr(function, "__wrapped__"):
        raised.add("TypeError")
    described = entries(sections(function).get("Raises", ""))
    assert raised <= set(described)
    assert all(re.fullmatch(r"\w+(Error|Exception|Exit)", name) for name in described)


@every_record
def test_every_field_of_a_record_is_described_in_order_and_without_its_type(record):
    assert entries(sections(record)["Attributes"]) == list(record._fields)


@every_function
def test_a_function_comes_with_an_example(function):
    examples = doctest.DocTestParser().get_examples(sections(function).get("Examples", ""))
    assert examples
    assert any(function.__name__ in example.source for example in examples)


@every_object
def test_the_examples_run_as_a_reader_would_run_them(item):
    """From an empty namespace: an example imports what it uses."""
    test = doctest.DocTestParser().get_doctest(
        inspect.getdoc(item), {}, item.__qualname__, inspect.getsourcefile(item), 0
    )
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    printed = []
    with np.printoptions():
        runner = doctest.DocTestRunner(optionflags=flags)
        runner.run(test, out=printed.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(printed)


@pytest.mark.parametrize("name", ["fcnref", *ROOMS])
def test_a_module_says_what_it_is_for_and_what_is_public(name):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as missing:
        pytest.skip(f"needs {missing.name}, which is not installed")
    assert module.__doc__.split("\n")[0].endswith((".", ":"))
    assert all(hasattr(module, public) for public in module.__all__)
    assert len(set(module.__all__)) == len(module.__all__)


def test_what_the_package_exports_has_a_room_of_its_own():
    rooms = [sys.modules[name] for name in ROOMS if name in sys.modules]
    for name in fcnref.__all__:
        homes = [room for room in rooms if name in room.__all__]
        assert any(getattr(home, name) is getattr(fcnref, name) for home in homes)


def test_the_package_of_the_activations_exports_all_that_its_rooms_do():
    rooms = (_record, columnwise, elementwise, gated)
    assert sorted(activations.__all__) == sorted(name for room in rooms for name in room.__all__)
