"""Shapes in signatures: ``Annotated[Array, "n m"]`` is shown as ndarray ∈ ℝ^{n×m}, with links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

import numpy as np
from docutils import nodes
from sphinx.util.docutils import SphinxRole

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config


class TypehintsFormatter:
    """What sphinx-autodoc-typehints calls for every annotation.

    An instance and no function, because Sphinx pickles and compares its configuration.
    """

    def __call__(self, annotation: Any, config: Config) -> str | None:
        """Return markup for an array, with its shape where it has one; None for all else."""
        if get_origin(annotation) is Annotated:
            array, shape = get_args(annotation)[:2]
            if _is_array(array) and isinstance(shape, str):
                return f":py:class:`~numpy.ndarray` :shape:`{shape}`"
        if _is_array(annotation):
            return ":py:class:`~numpy.ndarray`"
        if get_origin(annotation) is np.inexact:
            return ":py:class:`~numpy.inexact`"
        return None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


def _is_array(annotation: Any) -> bool:
    return get_origin(annotation) is np.ndarray


class ShapeRole(SphinxRole):
    """``:shape:`n m``` becomes the set that an array of this shape is an element of."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Make the mathematics."""
        tex = shape_as_tex(self.text)
        return ([nodes.math(tex, tex)] if tex else []), []


def shape_as_tex(shape: str) -> str:
    r"""Spell a shape in TeX: ``n_prev m`` is \in \mathbb{R}^{n_\text{prev} \times m}."""
    if shape == "...":
        return ""
    return r"\in \mathbb{R}^{" + r" \times ".join(map(_dimension, shape.split())) + "}"


def _dimension(name: str) -> str:
    letter, _, suffix = name.partition("_")
    return rf"{letter}_\text{{{suffix}}}" if suffix else letter


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the role."""
    app.add_role("shape", ShapeRole())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
