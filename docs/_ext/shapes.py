"""Shapes in signatures: ``Annotated[Array, "n m"]`` is shown as ndarray ∈ ℝ^{n×m}, with links."""

from __future__ import annotations

import inspect
import re
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NamedTuple,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np
import numpy.typing as npt
from docutils import nodes
from sphinx.util.docutils import SphinxRole
from sphinx.util.typing import restify

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class Record(NamedTuple):
    """Any record: its field tells what the fields of all records are."""

    field: None


Field = type(Record.__dict__["field"])


class TypehintsFormatter:
    """What sphinx-autodoc-typehints calls for every annotation.

    An instance and no function, because Sphinx pickles and compares its configuration.
    """

    def __call__(self, annotation: Any, config: object = None) -> str | None:  # noqa: ARG002 - passed to every formatter
        """Return markup for an array, with its shape where it has one; None for all else."""
        if get_origin(annotation) is Annotated:
            array, shape = get_args(annotation)[:2]
            if _is_array(array) and shape == "...":
                return self(array)
            if _is_array(array) and isinstance(shape, str):
                return f":py:class:`~numpy.ndarray` :shape:`{shape}`"
        if _is_array(annotation):
            return ":py:class:`~numpy.ndarray`"
        if annotation == npt.DTypeLike:
            return ":py:data:`~numpy.typing.DTypeLike`"
        if get_origin(annotation) is np.inexact:
            return ":py:class:`~numpy.inexact`"
        if get_origin(annotation) is np.floating:
            return ":py:class:`~numpy.floating`"
        if isinstance(annotation, type) and "._" in annotation.__module__:
            return f":py:class:`~{_public(annotation.__module__)}.{annotation.__qualname__}`"
        return None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


def spell(annotation: Any) -> str:
    """Spell any annotation as markup, with the shapes of the arrays inside it."""
    if known := TypehintsFormatter()(annotation):
        return known
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation is Ellipsis:
        return "..."
    if isinstance(annotation, list):
        return f"[{', '.join(map(spell, annotation))}]"
    if origin is Literal:
        return " | ".join(f"``{value!r}``" for value in args)
    if origin in (Union, UnionType):
        return " | ".join(map(spell, args))
    if args:
        return rf"{restify(origin, 'smart')}\ [{', '.join(map(spell, args))}]"
    return restify(annotation, "smart")


def _is_array(annotation: Any) -> bool:
    # From NumPy 2.5 on, NDArray stays visible as an alias.
    return get_origin(annotation) in (np.ndarray, npt.NDArray)


def _public(module: str) -> str:
    """Leave the private parts out of the name of a module, as in numpy.random._generator."""
    return ".".join(part for part in module.split(".") if not part.startswith("_"))


class ShapeRole(SphinxRole):
    """``:shape:`n m``` becomes the set that an array of this shape is an element of."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Make the mathematics."""
        tex = shape_as_tex(self.text)
        return [nodes.math(tex, tex)], []


def shape_as_tex(shape: str) -> str:
    r"""Spell a shape in TeX: ``n_prev m`` is \in \mathbb{R}^{n_\text{prev} \times m}."""
    return r"\in \mathbb{R}^{" + r" \times ".join(map(_dimension, shape.split())) + "}"


def _dimension(name: str) -> str:
    letter, _, suffix = name.partition("_")
    return rf"{letter}_\text{{{suffix}}}" if suffix else letter


def describe_fields(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Turn the attributes in the docstring of a record into fields with their types.

    Sphinx would list them once more, as numbered aliases and without their shapes.
    """
    if what != "class" or not hasattr(obj, "_fields") or "Attributes" not in lines:
        return
    heading = lines.index("Attributes")
    lines[heading : heading + 2] = ["Fields", "------"]
    types = get_type_hints(obj, include_extras=True)
    for number in range(heading + 2, len(lines)):
        fields = lines[number].split(", ")
        spelled = [spell(types[field]) for field in fields if field in types]
        if len(spelled) == len(fields):
            lines[number] = f"{lines[number]} : {', '.join(dict.fromkeys(spelled))}"


def keep_colons(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Keep napoleon from reading the first words of a property, up to a colon, as its type."""
    if what in {"attribute", "data", "property"}:
        lines[:0] = ["..", ""]


def describe_aliases(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Say what a name of a type stands for, with its shapes. Sphinx says it without."""
    if what == "data" and get_origin(obj):
        lines += ["", f"It stands for {spell(obj)}."]


def drop_aliases(app: Sphinx, domain: str, objtype: str, content: nodes.Element) -> None:
    """Drop what Sphinx says of a name that `describe_aliases` has described."""
    if objtype == "data" and content and content[-1].astext().startswith("alias of "):
        del content[-1]


def keep_defaults(app: Sphinx, obj: Any, bound_method: bool) -> None:
    """Keep a default as it is written, 1e-5, for sphinx-autodoc-typehints, which unwraps."""
    if hasattr(obj, "__wrapped__") and "__signature__" in vars(obj):
        inspect.unwrap(obj).__signature__ = obj.__signature__


def keep_backslashes(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Undo that sphinx-autodoc-typehints doubles the backslashes of a default, which is code."""
    default = r"(?<=default: ``).*?(?=``)"
    lines[:] = [re.sub(default, lambda m: m[0].replace(2 * "\\", "\\"), line) for line in lines]


def skip_fields(
    app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out what `describe_fields` has described."""
    return True if isinstance(obj, Field) else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the role, and the steps that concern records, aliases and defaults."""
    app.add_role("shape", ShapeRole())
    app.connect("autodoc-process-docstring", describe_fields, priority=400)
    app.connect("autodoc-process-docstring", keep_colons, priority=400)
    app.connect("autodoc-process-docstring", describe_aliases, priority=400)
    app.connect("autodoc-process-docstring", keep_backslashes, priority=600)
    app.connect("autodoc-before-process-signature", keep_defaults, priority=900)
    app.connect("object-description-transform", drop_aliases)
    app.connect("autodoc-skip-member", skip_fields)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
