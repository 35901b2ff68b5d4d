"""The maps and functions under test, read from the package: a new one is tested without a line."""

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, get_type_hints

import numpy as np

import fcnref
from fcnref.activations import columnwise, elementwise, gated
from tests.oracles import Array, readonly

ROOMS = [
    # By name, because the function `affine` hides the module in the namespace of the package.
    importlib.import_module(f"fcnref.{room}")
    for room in (
        "affine",
        "activations",
        "losses",
        "regularization",
        "network",
        "initializers",
        "optimizers",
        "training",
        "second_order",
    )
]

FUNCTIONS = {
    name: getattr(room, name)
    for room in ROOMS
    for name in room.__all__
    if inspect.isfunction(getattr(room, name))
}

UNITS = 5
"""Units of the layers that the activations are tested in."""

KINKED = {"relu", "leaky_relu"}
"""The maps without a derivative at 0; every other one is smooth."""


class Elementwise(NamedTuple):
    f: Callable[..., Array]
    prime: Callable[..., Array]
    backward: Callable[..., Array]
    jacobian: Callable[..., Array]


class Columnwise(NamedTuple):
    f: Callable[..., Array]
    backward: Callable[..., Any]
    jacobian: Callable[..., Array]


ELEMENTWISE = {
    name: Elementwise(
        *(getattr(room, name + suffix) for suffix in ("", "_prime", "_backward", "_jacobian"))
    )
    for room in (elementwise, gated)
    for name in room.__all__
    if f"{name}_prime" in room.__all__
}


def parameter_of(name: str, n: int) -> Array:
    """Gain, shift and their like: n distinct numbers, the same in every test."""
    rng = np.random.default_rng([ord(letter) for letter in name])
    return readonly(rng.uniform(0.5, 2, (n, 1)))


def _with_parameters(function: Callable[..., Any]) -> Callable[..., Any]:
    """Bind the parameters of a column map, which its annotations give the shape (n, 1)."""
    hints = get_type_hints(function, include_extras=True)
    return functools.partial(
        function,
        **{
            name: parameter_of(name, UNITS)
            for name, hint in hints.items()
            if name not in ("z", "return") and getattr(hint, "__metadata__", None) == ("n 1",)
        },
    )


COLUMNWISE = {
    name: Columnwise(
        *(
            _with_parameters(getattr(columnwise, name + suffix))
            for suffix in ("", "_backward", "_jacobian")
        )
    )
    for name in columnwise.__all__
    if f"{name}_jacobian" in columnwise.__all__
}

RECORDS = dict(fcnref.ACTIVATIONS) | {
    "layer_norm": fcnref.layer_norm_with(
        parameter_of("gain", UNITS), parameter_of("shift", UNITS), epsilon=1e-3
    )
}
"""Every activation as a layer of `UNITS` units carries it."""

OUTPUT_OF = {
    "binary_cross_entropy": fcnref.SIGMOID,
    "cross_entropy": fcnref.SOFTMAX,
}
"""The last activation that a loss on probabilities needs; before all others it is the identity."""


def output_before(loss: fcnref.Loss) -> fcnref.Activation:
    return OUTPUT_OF.get(loss.name, fcnref.IDENTITY)


def dZ_of(gradients: Any) -> Array:
    """The gradient by Z, from the rules that return it alone and from those with parameters."""
    return gradients.dZ if isinstance(gradients, tuple) else gradients
