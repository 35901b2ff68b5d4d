"""Arrays with shapes: the aliases that annotate the package, and the check that reads them.

A shape is a string of dimension names, ``Annotated[Array, "n m"]``. The same annotation is read
by the reader, by the documentation and by `checked`, which compares every call with it, so that
the three cannot disagree.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, ParamSpec, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = [
    "AnyShape",
    "Array",
    "Batch",
    "BatchPrev",
    "Bias",
    "Column",
    "Input",
    "Jacobian",
    "Output",
    "Scalar",
    "Weights",
    "check_array",
    "check_list",
    "check_pairs",
    "checked",
    "unchecked",
]

Array: TypeAlias = npt.NDArray[np.floating[Any]]
"""A NumPy array of floating-point numbers; the smooth functions take complex ones as well."""

Scalar: TypeAlias = np.floating[Any]
"""One number, in the precision of the arrays it was computed from."""

AnyShape: TypeAlias = Annotated[Array, "..."]
"""An array of any shape: what an elementwise map takes."""

Batch: TypeAlias = Annotated[Array, "n m"]
"""One row per unit of this layer, one column per example."""

BatchPrev: TypeAlias = Annotated[Array, "n_prev m"]
"""One row per unit of the previous layer, one column per example."""

Input: TypeAlias = Annotated[Array, "n_0 m"]
"""One row per unit of the input, one column per example."""

Output: TypeAlias = Annotated[Array, "n_L m"]
"""One row per unit of the last layer, one column per example."""

Weights: TypeAlias = Annotated[Array, "n n_prev"]
"""One row per unit of this layer, one column per unit of the previous layer."""

Bias: TypeAlias = Annotated[Array, "n 1"]
"""One entry per unit of this layer, as a column."""

Column: TypeAlias = Annotated[Array, "n 1"]
"""One example of a layer."""

Jacobian: TypeAlias = Annotated[Array, "n n"]
"""Entry [p, j] is the derivative of output p by input j: numerator layout."""

P = ParamSpec("P")
R = TypeVar("R")

Dims: TypeAlias = tuple[str, ...]


class _Argument(NamedTuple):
    name: str
    dims: Dims


Contract: TypeAlias = tuple[_Argument, ...]
Signature: TypeAlias = tuple[tuple[tuple[int, ...], str], ...]


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Compare the arrays of every call of `function` with the shapes in its annotations.

    The arrays are the first parameters. Equal names mean equal sizes, across all of them; nothing
    broadcasts. An argument that is no array of floating-point numbers raises TypeError, a shape
    that does not fit raises ValueError.
    """
    contract = _contract(function)
    arity = len(contract)
    # Training calls with the same few shapes over and over: remembering them costs a microsecond.
    fits = functools.lru_cache(maxsize=256)(functools.partial(_fits, contract))

    @functools.wraps(function)
    def at_the_door(*args: P.args, **kwargs: P.kwargs) -> R:
        given: tuple[Any, ...] = args
        if len(args) < arity:
            given = _in_order(function.__name__, contract, args, kwargs)
        try:
            welcome = fits(tuple([(array.shape, array.dtype.kind) for array in given[:arity]]))
        except (AttributeError, TypeError):
            welcome = False
        if not welcome:
            raise _explain(function.__name__, contract, given)
        return function(*args, **kwargs)

    at_the_door.unchecked = function  # type: ignore[attr-defined] # a function may carry a field
    return at_the_door


def unchecked(function: Callable[P, R]) -> Callable[P, R]:
    """Return what stands behind the door of a `checked` function; others are returned as they are.

    Meant for a caller that has compared the shapes already.
    """
    behind: Callable[P, R] = getattr(function, "unchecked", function)
    return behind


def check_array(who: str, name: str, value: object, dims: str, **sizes: int) -> None:
    """Raise unless `value` is a float array of shape `dims`; `sizes` are the known dimensions."""
    argument = _Argument(name, tuple(dims.split()))
    if not _is_float_array(value):
        raise _explain_type(who, argument, value)
    if _has_unknown_size(value):
        raise _explain_unknown(who, argument, value)
    if not _bind(argument.dims, _shape(value), {"1": 1} | sizes):
        raise _explain_shape(who, argument, _shape(value), sizes, {})


def check_list(who: str, name: str, value: object, of: str) -> None:
    """Raise unless `value` can be counted and gone through; `of` says what it should hold."""
    if isinstance(value, str) or not (hasattr(value, "__len__") and hasattr(value, "__iter__")):
        raise TypeError(f"{who}: {name} must be a list of {of}, got {type(value).__name__}.")


def check_pairs(who: str, name: str, value: Any, pair: str) -> None:
    """Raise unless `value` is a list of tuples that hold `pair`, and perhaps more."""
    check_list(who, name, value, f"pairs {pair}")
    for l, item in enumerate(value, start=1):
        if not isinstance(item, Sequence) or isinstance(item, str) or len(item) < 2:
            raise TypeError(
                f"{who}: {name} must hold pairs {pair}, got {type(item).__name__} for layer {l}."
            )


def _contract(function: Callable[..., object]) -> Contract:
    return tuple(
        _Argument(name, tuple(annotation.__metadata__[0].split()))
        for name, annotation in function.__annotations__.items()
        if name != "return" and hasattr(annotation, "__metadata__")
    )


def _in_order(
    who: str, contract: Contract, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Pick the arrays of a call that names some of them."""
    given = dict(zip((argument.name for argument in contract), args, strict=False))
    given.update(kwargs)
    for name, dims in contract:
        if name not in given:
            raise TypeError(f"{who}: {name} is missing; pass an array of shape {_symbols(dims)}.")
    return tuple(given[argument.name] for argument in contract)


def _fits(contract: Contract, signature: Signature) -> bool:
    sizes: dict[str, Any] = {"1": 1}
    return all(
        kind in "fc" and _bind(argument.dims, shape, sizes)
        for argument, (shape, kind) in zip(contract, signature, strict=True)
    )


def _is_float_array(value: Any) -> bool:
    return hasattr(value, "shape") and _kind(value) in ("f", "c")


def _kind(value: Any) -> str | None:
    """Return the letter that NumPy gives to a kind of numbers; tensors of PyTorch have none."""
    return getattr(getattr(value, "dtype", None), "kind", None)


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape)


def _has_unknown_size(value: Any) -> bool:
    """Tell whether a lazy array does not know one of its sizes, which is NaN then."""
    return any(size != size for size in value.shape)


def _bind(dims: Dims, shape: tuple[int, ...], sizes: dict[str, Any]) -> bool:
    """Give the names in `dims` their sizes; False when a name would have two."""
    if dims == ("...",):
        return bool(sizes.setdefault("...", shape) == shape)
    if len(dims) != len(shape):
        return False
    return all(sizes.setdefault(dim, size) == size for dim, size in zip(dims, shape, strict=True))


def _explain(who: str, contract: Contract, given: Sequence[Any]) -> TypeError | ValueError:
    """Word the error for the argument that disagrees with all the others."""
    for argument, value in zip(contract, given, strict=False):
        if not _is_float_array(value):
            return _explain_type(who, argument, value)
        if _has_unknown_size(value):
            return _explain_unknown(who, argument, value)
    shapes = {a.name: _shape(value) for a, value in zip(contract, given, strict=False)}
    # Incoming gradients and targets are suspected before the arrays that they belong to, and so is
    # a bias before the weights.
    suspects = sorted(contract, key=lambda a: (a.name[0] not in "dY", a.dims[-1] != "1"))
    for suspect in suspects:
        sizes: dict[str, Any] = {"1": 1}
        others = [a for a in contract if a is not suspect]
        if all(_bind(a.dims, shapes[a.name], sizes) for a in others) and not _bind(
            suspect.dims, shapes[suspect.name], dict(sizes)
        ):
            return _explain_shape(who, suspect, shapes[suspect.name], sizes, _owners(others))
    wanted = ", ".join(f"{a.name} ({', '.join(a.dims)})" for a in contract)
    got = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
    return ValueError(f"{who}: the shapes must be {wanted}, got {got}; examples are columns.")


def _explain_type(who: str, argument: _Argument, value: Any) -> TypeError:
    name = argument.name
    if hasattr(value, "shape") and _kind(value) is not None:
        return TypeError(
            f"{who}: {name} must hold floating-point numbers, got {value.dtype}; "
            f"convert it with {name}.astype(float)."
        )
    shape = "" if argument.dims == ("...",) else f" of shape {_symbols(argument.dims)}"
    return TypeError(
        f"{who}: {name} must be an array{shape}, got {type(value).__name__}; "
        f"convert it with np.asarray({name}, dtype=float)."
    )


def _explain_unknown(who: str, argument: _Argument, value: Any) -> ValueError:
    name = argument.name
    return ValueError(
        f"{who}: {name} must know its sizes, got {_symbols(_shape(value))}; "
        f"a lazy array finds them out by {name}.compute_chunk_sizes()."
    )


def _explain_shape(
    who: str,
    argument: _Argument,
    got: tuple[int, ...],
    sizes: Mapping[str, Any],
    owners: Mapping[str, str],
) -> ValueError:
    name, dims = argument.name, argument.dims
    if dims == ("...",):
        return ValueError(
            f"{who}: {name} must have the shape of {owners['...']}, {sizes['...']}, got {got}; "
            "nothing broadcasts."
        )
    wanted = tuple({"1": 1, **sizes}.get(dim, dim) for dim in dims)
    numbers = "" if _symbols(dims) == _symbols(wanted) else f" = {_symbols(wanted)}"
    return ValueError(
        f"{who}: {name} must have shape {_symbols(dims)}{numbers}, got {got}; "
        f"{_advice(name, dims, wanted, got, owners)}."
    )


def _symbols(dims: Sequence[object]) -> str:
    return f"({', '.join(map(str, dims))})"


def _owners(arguments: Sequence[_Argument]) -> dict[str, str]:
    """Which argument each size was read from."""
    owners: dict[str, str] = {}
    for argument in arguments:
        for dim in argument.dims:
            if dim != "1":
                owners.setdefault(dim, argument.name)
    return owners


def _advice(
    name: str,
    dims: Dims,
    wanted: tuple[Any, ...],
    got: tuple[int, ...],
    owners: Mapping[str, str],
) -> str:
    def fits(shape: tuple[int, ...]) -> bool:
        return len(shape) == len(wanted) and all(
            isinstance(w, str) or w == s for w, s in zip(wanted, shape, strict=True)
        )

    layout = "examples are columns" if "m" in dims else "rows are units of this layer"
    if len(got) == 1 and fits((*got, 1)):
        return f"make it a column with {name}.reshape(-1, 1)"
    if len(got) == 2 and fits(got[::-1]):
        return f"{layout}: pass {name}.T"
    source = f", and the sizes come from {_listed(set(owners.values()))}" if owners else ""
    return layout + source


def _listed(names: set[str]) -> str:
    return " and ".join(sorted(names))
