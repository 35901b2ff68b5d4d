"""Derivatives: ∂x/∂y in a fraction or on one line, ∇, and gradients such as dW."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lark import Token, Tree

from fcnref.equations.expression import (
    Defined,
    Derivative,
    Entry,
    Expression,
    Free,
    Node,
    Quotient,
    Rate,
    Transpose,
    is_scalar,
    show,
)
from fcnref.equations.meaning.names import PARTIAL, bare_name, is_bold, look_up
from fcnref.equations.meaning.quantities import quantity, read_node
from fcnref.equations.meaning.reader import Cursor, Reader
from fcnref.equations.meaning.scripts import Marks, finished, read_marks, scripted
from fcnref.equations.syntax import (
    Item,
    NotRead,
    atom_of,
    is_empty,
    scripts_of,
    spell,
    unwrapped,
)


def read_nabla(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read a gradient written with nabla."""
    if cursor.spelled not in {r"\nabla", "∇"}:
        return None
    below = [script.children[0] for script in cursor.scripts if script.data == "subscript"]
    if len(below) != 1 or len(cursor.scripts) != 1 or cursor.ahead(1) is None:
        raise NotRead("gradient", "∇ needs the variable below it and the cost after it")
    name, symbol = look_up(reader, cursor.take())
    top = reader.factor(cursor)
    if symbol is not None and symbol.kind == "gradient":
        return quantity(symbol, read_node(reader, name, symbol, Marks(), bold=False))
    return _derivative(reader, top, reader.inside(below[0]))


def read_partial(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read ∂J / ∂W in one line, or reproach a ∂ that stands alone."""
    if cursor.spelled not in PARTIAL:
        return None
    inline = _with_slash(reader, cursor, PARTIAL)
    if inline is not None:
        return inline
    cursor.take()
    if cursor.ahead() is None:
        raise NotRead("partial", "∂ stands alone")
    reader.reproach("spurious", "∂ stands before a factor without a fraction")
    return reader.factor(cursor)


def _with_slash(reader: Reader, cursor: Cursor, signs: frozenset[str]) -> Expression | None:
    """Read ∂x/∂y written with a slash, or return None."""
    width = next((n for n in (2, 3) if cursor.ahead(n) == "/"), None)
    if width is None or cursor.ahead(width + 2) is None:
        return None
    if spell(atom_of(cursor.items[cursor.position + width + 1])) not in signs:
        return None
    above = Cursor(cursor.items[cursor.position + 1 : cursor.position + width])
    top = reader.factor(above)
    if above.ahead() is not None:
        return None
    cursor.take(width + 2)
    return _derivative(reader, top, reader.factor(cursor))


def read_differential(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read dW, the gradient of J by W, or dJ/dW."""
    following = cursor.ahead(1)
    if cursor.spelled != "d" or cursor.scripts or following is None:
        return None
    inline = _with_slash(reader, cursor, frozenset({"d"}))
    if inline is not None:
        return inline
    if isinstance(following, Token) or reader.identity:
        return None
    bare = bare_name(atom_of(following))
    name, symbol = look_up(reader, following)
    declared = reader.notation.lookup.get("d" + bare)
    if declared is None:
        if symbol is None or symbol.kind != "node" or symbol.family == "J":
            return None
        declared = symbol._replace(kind="gradient")
    marks = read_marks(reader, scripts_of(following), declared)
    node = read_node(reader, bare, declared, marks, bold=is_bold(following, name))
    cursor.take(2)
    return finished(quantity(declared, node), marks)


def read_fraction(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read a fraction, or a derivative, which may take the rest of its term along."""
    atom = cursor.atom
    if not isinstance(atom, Tree) or atom.data not in {"fraction", "over"}:
        return None
    top, bottom = atom.children[-2:]
    if atom.data == "over":
        top, bottom = Tree("group", [top]), Tree("group", [bottom])
    scripts = cursor.scripts
    cursor.take()
    _refuse_empty(top, "numerator", bottom)
    _refuse_empty(bottom, "denominator", top)
    above, below = unwrapped(top), unwrapped(bottom)
    signed = _signs(reader, above, below)
    if not any(signed):
        return scripted(reader, Quotient(reader.inside(top), reader.inside(bottom)), scripts)
    if signed[0] and any(script.data == "superscript" for script in scripts_of(above[0])):
        raise NotRead("second", "second derivatives are not read")
    variable = _variable(reader, below, signed=signed[1])
    if signed[0] and len(above) == 1:
        rest = cursor.rest()
        if not rest:
            raise NotRead("partial", "∂ stands alone in a numerator")
        return _derivative(reader, reader.product(rest), variable)
    numerator = _numerator(reader, above, signed=signed[0])
    return scripted(reader, _derivative(reader, numerator, variable), scripts)


def _refuse_empty(part: Item, name: str, other: Item) -> None:
    """Refuse a fraction without a numerator or denominator."""
    if is_empty(part):
        derives = any(spell(atom_of(item)) in PARTIAL for item in unwrapped(other)[:1])
        hint = r"; write a derivative as \frac{\partial J}{\partial w}" if derives else ""
        raise NotRead("fraction", f"the {name} of a fraction is empty{hint}")


def _signs(reader: Reader, above: Sequence[Item], below: Sequence[Item]) -> tuple[bool, bool]:
    """Tell on which sides of a fraction a sign of differentiation stands."""
    top, bottom = (spell(atom_of(items[0])) if items else "" for items in (above, below))
    if top == bottom and top in {"d", r"\mathrmd", r"\delta"} and len(below) > 1:
        if top == r"\delta":
            reader.reproach("delta", "δ stands for ∂")
        return True, True
    return top in PARTIAL, bottom in PARTIAL


def _variable(reader: Reader, below: Sequence[Item], *, signed: bool) -> Expression:
    """Read what a derivative is taken by."""
    if not signed:
        reader.reproach("lost", "a denominator lacks its ∂")
    items = below[1:] if signed else below
    if any(spell(atom_of(item)) in PARTIAL for item in items):
        raise NotRead("second", "a derivative by two variables is not read")
    if not items:
        raise NotRead("partial", "∂ stands alone in a denominator")
    return reader.product(items)


def _numerator(reader: Reader, above: Sequence[Item], *, signed: bool) -> Expression:
    """Read what is differentiated."""
    if not signed:
        reader.reproach("lost", "a numerator lacks its ∂")
        return reader.product(above)
    inner = unwrapped(above[1]) if len(above) == 2 else above[1:]
    if len(inner) > 1 and spell(atom_of(inner[0])) in PARTIAL:
        reader.reproach("doubled", "∂∂ is doubled")
        return reader.product(inner[1:])
    return reader.product(above[1:])


def _derivative(reader: Reader, top: Expression, bottom: Expression) -> Expression:
    """Build a derivative by a quantity, or by the transpose of one."""
    match bottom:
        case Transpose(Node() as node) if is_scalar(top):
            return Transpose(Derivative(top, node))
        case Entry(Node(row=None, column=None, flipped=False) as node, row, column):
            bottom = replace(node, row=row, column=column)
    if isinstance(bottom, Free) and bottom.name in reader.notation.times:
        return Rate(top)
    if not isinstance(bottom, Node | Free | Defined) and not (
        isinstance(bottom, Entry) and isinstance(bottom.of, Defined)
    ):
        raise NotRead("variable", f"a derivative by {show(bottom)} is not read")
    if isinstance(bottom, Node) and bottom.family in {"J", "losses"}:
        raise NotRead("variable", "a derivative by the cost is not read")
    return Derivative(top, bottom)
