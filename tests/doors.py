"""Arguments for every public function, made from its annotations, and a check of its shapes.

The shapes in the signatures are read by people, by the documentation and by the check at the door.
Here they are read once more: to make arguments that fit, and to see that what comes back has the
shape that the signature promises.
"""

import inspect
import types
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import numpy as np

import fcnref
from tests.oracles import Array, readonly

SIZES: Mapping[str, Any] = {"1": 1, "n": 5, "n_prev": 3, "m": 7, "n_0": 3, "n_L": 2, "...": (5, 7)}


def shape_of(hint: Any) -> tuple[str, ...] | None:
    """The dimension names of an annotated array, None for everything else."""
    return tuple(hint.__metadata__[0].split()) if get_origin(hint) is Annotated else None


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(function, include_extras=True)


def array_arguments(function: Callable[..., Any]) -> dict[str, tuple[str, ...]]:
    """The array parameters of a function, with the names of their dimensions."""
    return {
        name: dims
        for name, hint in hints_of(function).items()
        if name != "return" and (dims := shape_of(hint)) is not None
    }


def arguments(
    function: Callable[..., Any], dtype: Any = np.float64, sizes: Mapping[str, Any] = SIZES
) -> dict[str, Any]:
    """Arguments that a public function accepts: read-only arrays of its shapes, and the rest."""
    rng = np.random.default_rng(1847)
    arrays = {
        name: _array(rng, name, dims, dtype, sizes)
        for name, dims in array_arguments(function).items()
    }
    others = _others(rng, dtype, sizes)
    return {
        name: arrays[name] if name in arrays else others[name]
        for name, parameter in inspect.signature(function).parameters.items()
        if name in arrays or name in others or parameter.default is parameter.empty
    }


def _array(
    rng: np.random.Generator, name: str, dims: tuple[str, ...], dtype: Any, sizes: Mapping[str, Any]
) -> Array:
    shape = sizes["..."] if dims == ("...",) else tuple(sizes[dim] for dim in dims)
    if name in ("A", "Y"):  # columns of probabilities, which every loss takes
        P = rng.uniform(0.1, 1, shape)
        return readonly((P / P.sum(axis=0)).astype(dtype))
    return readonly(rng.standard_normal(shape).astype(dtype))


def _others(rng: np.random.Generator, dtype: Any, sizes: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that are no arrays of a known shape, by the names they have everywhere."""
    n_0, n_L, m = sizes["n_0"], sizes["n_L"], sizes["m"]
    activations = (fcnref.TANH, fcnref.IDENTITY)
    layers = tuple(
        fcnref.Layer(
            readonly(rng.standard_normal((n, n_prev)).astype(dtype)),
            readonly(rng.standard_normal((n, 1)).astype(dtype)),
            activation,
        )
        for n_prev, n, activation in zip((n_0, 5), (5, n_L), activations, strict=True)
    )
    trace = fcnref.forward(readonly(rng.standard_normal((n_0, m)).astype(dtype)), layers)
    dA_L = readonly(rng.standard_normal((n_L, m)).astype(dtype))
    direction = tuple(fcnref.LayerGradients(layer.b * layer.W, layer.b) for layer in layers)
    return {
        "activations": activations,
        "batch_size": 3,
        "coefficient": 0.5,
        "direction": direction,
        "dtype": dtype,
        "epochs": 2,
        "grads": fcnref.backward(dA_L, layers, trace),
        "keep": 0.5,
        "labels": readonly(rng.integers(0, sizes["n"], m)),
        "layers": layers,
        "learning_rate": 0.125,
        "loss": fcnref.HALF_SQUARED_ERROR,
        "m": m,
        "n": sizes["n"],
        "n_prev": sizes["n_prev"],
        "progress": False,
        "rng": rng,
        "sizes": (n_0, 5, n_L),
        "shape": (5, 7),
        "slope": 0.25,
        "step": partial(fcnref.gradient_descent, learning_rate=0.125),
        "strength": 0.5,
        "trace": trace,
        "with_dA_0": True,
    }


def fits(function: Callable[..., Any], given: Mapping[str, Any]) -> bool:
    """Whether the arrays of a call agree with the annotations, with each other and the network."""
    hints = hints_of(function)
    sizes: dict[str, Any] = {"1": 1}
    if "layers" in given:
        sizes |= {"n_0": SIZES["n_0"], "n_L": SIZES["n_L"]}
    if "trace" in given:
        sizes |= {"m": SIZES["m"]}
    try:
        for name in array_arguments(function):
            _bind(name, hints[name], given[name], sizes)
    except (AssertionError, ValueError):
        return False
    return True


def assert_shapes_as_annotated(
    function: Callable[..., Any], given: Mapping[str, Any], result: Any
) -> None:
    """Bind the dimension names to the arguments, and compare the result with the same names."""
    hints = hints_of(function)
    sizes = {"1": 1} | {
        name: value for name, value in given.items() if isinstance(value, int) and name in SIZES
    }
    for name, value in given.items():
        if name in hints:
            _bind(name, hints[name], value, sizes)
    _bind("the result", hints["return"], result, sizes)


def _bind(what: str, hint: Any, value: Any, sizes: dict[str, Any]) -> None:
    dims, shape, origin = shape_of(hint), getattr(value, "shape", None), get_origin(hint)
    if dims == ("...",):
        assert sizes.setdefault("...", shape) == shape, f"{what} is {shape} where {sizes}"
    elif dims is not None:
        bound = [sizes.setdefault(dim, n) for dim, n in zip(dims, shape, strict=True)]
        assert tuple(bound) == shape, f"{what}: {dims} is {shape} where {sizes}"
    elif origin is np.floating:
        assert shape == (), f"{what}: a number has shape {shape}"
    elif hasattr(hint, "_fields"):
        for field, field_hint in hints_of(hint).items():
            _bind(f"{what}.{field}", field_hint, getattr(value, field), sizes)
    elif origin is tuple and get_args(hint)[1:] == (...,):
        for number, item in enumerate(value):  # each has dimensions of its own
            _bind(f"{what}[{number}]", get_args(hint)[0], item, {"1": 1})
    elif origin in (Union, types.UnionType) and value is not None:
        _bind(what, get_args(hint)[0], value, sizes)


def arrays_in(result: Any) -> list[Array]:
    """Every array and every number of a result, however deep."""
    if isinstance(result, np.ndarray | np.generic):
        return [np.asarray(result)]
    if isinstance(result, tuple):
        return [array for item in result for array in arrays_in(item)]
    return []
