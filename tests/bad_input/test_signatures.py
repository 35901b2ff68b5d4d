"""Wrong inputs × public functions, from the signatures: a sentence that names the argument.

Whatever is refused, nothing that was passed is changed, and nothing warns (every warning is an
error here).
"""

import inspect
import re

import numpy as np
import pytest

import fcnref
from tests.doors import arguments, array_arguments, arrays_in
from tests.oracles import readonly
from tests.registry import FUNCTIONS

WRONG_ARRAYS = {
    "None": None,
    "a number": 3.5,
    "a string": "array",
    "a list": [[1.0, 2.0]],
    "a dictionary": {"W": 1.0},
    "a function": np.tanh,
    "integers": np.ones((5, 7), int),
    "booleans": np.ones((5, 7), bool),
    "objects": np.array([[None, 1.0]]),
    "strings": np.array([["1.0"]]),
    "dates": np.array([["2026-01-01"]], "datetime64[D]"),
    "records": np.zeros((2, 2), [("x", float)]),
    "no axis": np.float64(1),
    "five axes": np.ones((1, 2, 3, 1, 2)),
    "another size": np.ones((11, 13)),
}

WRONG = {
    "activations": [None, 3, "tanh", [np.tanh], [fcnref.TANH]],
    "batch_size": [0, -3],
    "direction": [None, 3, "W", [], [(1.0, 2.0)]],
    "keep": [0.0, -0.5, 1.5, float("nan")],
    "labels": [np.array([0.5]), np.array([[1]]), np.array([-1]), np.array([9]), np.array(["a"])],
    "layers": [None, 3, [], "layers", [None], [(1.0, 2.0)], [(1.0, 2.0, fcnref.TANH)]],
    "loss": [None, 3, "half_squared_error", np.sum],
    "scaling": ["half", "", None],
    "wanted": ["half", "", None],
    "sizes": [None, 3, [], [3], [3, 0, 2], [3, -1, 2], ["3", "5", "2"]],
    "trace": [None, 3, (), "trace"],
}
"""What is wrong for the arguments that are no arrays of a known shape."""


def snapshot(given):
    return [array.copy() for array in arrays_in(tuple(given.values()))]


def refused(function, name, value):
    """Call with one wrong argument; return the error, after a look at what was passed."""
    given = arguments(function) | {name: value}
    before = snapshot(given)
    with pytest.raises((TypeError, ValueError)) as raised:
        function(**given)
    for array, copy in zip(arrays_in(tuple(given.values())), before, strict=True):
        assert array.dtype.kind == "O" or np.array_equal(array, copy)
    return str(raised.value)


ARRAYS = [
    pytest.param(function, name, id=f"{function.__name__}-{name}")
    for function in FUNCTIONS.values()
    if function.__name__ != "layer_norm_with"  # a record is checked by the map that it calls
    for name in array_arguments(function)
]


@pytest.mark.parametrize(("function", "name"), ARRAYS)
def test_a_wrong_array_is_named(function, name):
    dims = array_arguments(function)[name]
    alone = sum(d == ("...",) for d in array_arguments(function).values()) == 1
    for kind, value in WRONG_ARRAYS.items():
        if dims == ("...",) and alone and kind in ("no axis", "five axes", "another size"):
            continue  # an elementwise map takes any shape
        free = len(array_arguments(function)) == 1 and kind == "another size" and "1" not in dims
        if free and len(dims) == 2:
            continue  # a matrix like any other
        message = refused(function, name, value)
        assert re.match(r"^\w+: ", message), (kind, message)
        # two arrays of which each fits without the other: either may be the wrong one
        named = array_arguments(function) if kind == "another size" else [name]
        assert any(re.search(rf"\b{other}\b", message) for other in named), (kind, message)
        assert message.endswith("."), (kind, message)
        assert "\n" not in message


OTHERS = [
    pytest.param(function, name, value, id=f"{function.__name__}-{name}-{number}")
    for function in FUNCTIONS.values()
    for name in inspect.signature(function).parameters
    if name in WRONG and name in arguments(function) | {"scaling": 0}
    for number, value in enumerate(WRONG[name])
    if (function.__name__, name, value) != ("jvp", "direction", None)  # None stands for no motion
]


@pytest.mark.parametrize(("function", "name", "value"), OTHERS)
def test_another_wrong_argument_is_named(function, name, value):
    message = refused(function, name, value)
    assert re.match(r"^\w+: ", message), message
    words = {"layers": "layer", "activations": "activation", "direction": "direction"}
    assert words.get(name, name) in message, message
    assert message.endswith("."), message
    assert "\n" not in message


ROOM_OF_CONVENTIONS = ["to_rows", "to_torch", "to_keras", "to_sklearn"]


@pytest.mark.parametrize("name", ROOM_OF_CONVENTIONS)
@pytest.mark.parametrize("value", [None, 3, "W", [None], [(1.0,)], [(1.0, 2.0)], [np.ones(3)]])
def test_a_translation_of_what_are_no_layers_is_refused(name, value):
    with pytest.raises((TypeError, ValueError), match=rf"^{name}: "):
        getattr(fcnref, name)(value)


@pytest.mark.parametrize("name", ["from_rows", "from_torch", "from_keras"])
@pytest.mark.parametrize("value", [None, 3, "W", [None], [1.0, 2.0], [(1.0, 2.0)], [np.ones(3)]])
def test_a_translation_from_what_are_no_arrays_is_refused(name, value):
    with pytest.raises((TypeError, ValueError), match=rf"^{name}: "):
        getattr(fcnref, name)(value)


def test_what_is_passed_is_locked():
    assert not readonly(np.ones(3)).flags.writeable
