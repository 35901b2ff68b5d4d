"""A tree printed on one line, near to how the page prints it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import singledispatch
from typing import Any

from fcnref.equations.expression.records import (
    LAYERS,
    Apply,
    Called,
    Cases,
    Compare,
    Count,
    Defined,
    Derivative,
    Dotted,
    Entry,
    Expression,
    Free,
    Functional,
    Grid,
    Hadamard,
    Index,
    Limit,
    Mean,
    Negative,
    Node,
    Number,
    Ones,
    Place,
    Power,
    Product,
    Quotient,
    Rate,
    Series,
    Size,
    Space,
    Sum,
    Transpose,
    Truth,
    Unit,
)
from fcnref.equations.expression.sizes import FRAME

__all__ = ["accented", "show"]


_ACCENT = re.compile(r"\\(hat|widehat|bar|overline|dot|tilde|widetilde|vec)(?=[A-Za-z\\])(.+)")


def accented(name: str) -> str:
    r"""Print a name with the braces behind its accents: \hat{z}."""
    found = _ACCENT.fullmatch(name)
    return f"\\{found[1]}{{{accented(found[2])}}}" if found else name


@singledispatch
def show(node: Any) -> str:
    """Print a tree on one line, near to how the page prints it."""
    raise TypeError(f"show: expected a part of an equation, got {type(node).__name__}")


@show.register
def _(node: Index) -> str:
    if not node.letter:
        return str(node.shift)
    return node.letter + (f"{node.shift:+d}" if node.shift else "")


@show.register
def _(node: Size) -> str:
    base = f"n^{{[{show(node.layer)}]}}" if node.layer is not None else node.kind
    return base + (f"{node.shift:+d}" if node.shift else "")


@show.register
def _(node: Number) -> str:
    return "i" if node.value == 1j else f"{node.value:g}"


@show.register
def _(node: Count) -> str:
    return show(node.size)


def _scripts(layer: Place | None, places: tuple[Place | None, ...]) -> str:
    inner = ",".join(":" if place is None else show(place) for place in places)
    below = f"_{{{inner}}}" if any(place is not None for place in places) else ""
    return below + (f"^{{[{show(layer)}]}}" if layer is not None else "")


@show.register
def _(node: Node) -> str:
    places = (node.row,) if node.single or FRAME[node.family][1] == "1" else (node.row, node.column)
    if node.family == "losses":
        places = (node.column,)
    return accented(node.shown) + _scripts(node.layer, places[::-1] if node.flipped else places)


@show.register
def _(node: Free) -> str:
    return accented(node.name) + _scripts(None, node.places)


@show.register
def _(node: Called) -> str:
    return f"{node.name}{chr(39) * node.primes}({show(node.argument)})"


@show.register
def _(node: Defined) -> str:
    layers = [p for x, p in zip(node.letters, node.places, strict=True) if x in LAYERS]
    others = [p for x, p in zip(node.letters, node.places, strict=True) if x not in LAYERS]
    return accented(node.name) + _scripts(layers[0] if layers else None, tuple(others))


@show.register
def _(node: Functional) -> str:  # noqa: ARG001, the type alone says what to print
    return "J"


@show.register
def _(node: Entry) -> str:
    return f"({show(node.of)})" + _scripts(None, (node.row, node.column))


@show.register
def _(node: Sum) -> str:
    return " + ".join(show(term) for term in node.terms).replace("+ −", "− ")


@show.register
def _(node: Negative) -> str:
    return f"−{_tight(node.of)}"


@show.register
def _(node: Product) -> str:
    return " ".join(_tight(factor) for factor in node.factors)


@show.register
def _(node: Hadamard) -> str:
    return " ⊙ ".join(_tight(factor) for factor in node.factors)


@show.register
def _(node: Quotient) -> str:
    return f"{_tight(node.top)}/{_unbroken(node.bottom)}"


@show.register
def _(node: Power) -> str:
    return f"{_unbroken(node.base)}^{_unbroken(node.exponent)}"


@show.register
def _(node: Transpose) -> str:
    return f"{_tight(node.of)}ᵀ"


@show.register
def _(node: Apply) -> str:
    layer = f"^{{[{show(node.layer)}]}}" if node.layer is not None else ""
    name = "g" if node.function == "activation" else node.function
    inner = ", ".join(show(argument) for argument in node.arguments)
    return f"{name}{chr(39) * node.primes}{layer}({inner})"


@show.register
def _(node: Derivative) -> str:
    return f"∂{_tight(node.top)}/∂{show(node.bottom)}"


@show.register
def _(node: Rate) -> str:
    if isinstance(node.of, Node) and node.of.shown.isalpha():
        return show(replace(node.of, shown=rf"\dot{node.of.shown}"))
    return f"d{_tight(node.of)}/dt"


@show.register
def _(node: Limit) -> str:
    return show(node.of)


@show.register
def _(node: Mean) -> str:
    return f"E[{show(node.of)}]"


@show.register
def _(node: Series) -> str:
    upper = f"^{{{show(node.upper)}}}" if node.upper is not None else ""
    sign = "Σ" if node.kind == "sum" else "Π"
    return f"{sign}_{{{node.letter}={show(node.lower)}}}{upper} {_tight(node.body)}"


@show.register
def _(node: Grid) -> str:
    return "[" + "; ".join(", ".join(show(cell) for cell in row) for row in node.rows) + "]"


@show.register
def _(node: Dotted) -> str:
    return f"[{show(node.cell)}]"


@show.register
def _(node: Truth) -> str:
    return f"[{show(node.left)} {node.relation} {show(node.right)}]"


@show.register
def _(node: Cases) -> str:
    return "cases(" + ", ".join(show(value) for value, _ in node.branches) + ")"


@show.register
def _(node: Compare) -> str:
    return f"[{show(node.left)} {node.relation} {show(node.right)}]"


@show.register
def _(node: Ones) -> str:
    return "1" + (f"_{show(node.size)}" if node.size is not None else "")


@show.register
def _(node: Unit) -> str:  # noqa: ARG001, the type alone says what to print
    return "I"


@show.register
def _(node: Space) -> str:
    return "ℝ^{" + " × ".join(show(size) for size in node.shape) + "}"


def _tight(node: Expression) -> str:
    text = show(node)
    loose = isinstance(node, Sum | Negative | Hadamard | Series) or (
        isinstance(node, Product) and len(node.factors) > 1
    )
    return f"({text})" if loose else text


def _unbroken(node: Expression) -> str:
    """Show an expression so that a stroke in it does not look like one beside it."""
    text = _tight(node)
    return f"({text})" if isinstance(node, Quotient | Derivative | Rate) else text
