"""Functions at their arguments: named ones, the activation, and those that the page defines."""

from __future__ import annotations

from collections.abc import Sequence

from lark import Token, Tree

from fcnref.equations.expression import (
    Apply,
    Called,
    Expression,
    Index,
    Node,
    Power,
    Product,
    Transpose,
    walk,
)
from fcnref.equations.meaning.names import PLAIN_FUNCTIONS, look_up
from fcnref.equations.meaning.reader import Cursor, Reader
from fcnref.equations.meaning.scripts import read_marks, scripted
from fcnref.equations.notation import Symbol
from fcnref.equations.syntax import (
    NotRead,
    bracket_of,
    clauses_of,
    inner_side,
    is_empty,
    scripts_of,
    spell,
)

_MANY = frozenset({"max", "min", "prod"})
"""The functions of several arguments."""


def read_call(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read a function that the page has defined, with its argument."""
    name, symbol = look_up(reader, cursor.here)
    definition = reader.definitions.get(f"{name}()")
    if definition is None or (symbol is not None and not reader.identity):
        return None
    bracket = bracket_of(cursor.ahead(1))
    inner = None if bracket is None else inner_side(bracket)
    if inner is None:
        return None
    primes = sum(script.data == "prime" for script in cursor.scripts)
    (parameter,) = definition.letters
    value = Called(name, parameter, definition.body, reader.side(inner), primes)
    cursor.take()
    return scripted(reader, value, scripts_of(cursor.take()))


def read_application(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read a function with its argument."""
    name, symbol = look_up(reader, cursor.here)
    function = PLAIN_FUNCTIONS.get(name) if symbol is None else symbol.family
    if function is None or (symbol is not None and symbol.kind != "function"):
        return None
    shown = spell(cursor.here)
    marks = read_marks(reader, cursor.scripts, Symbol("function", function, Index("l")))
    if marks.places:
        raise NotRead("function", f"{shown} has an index that is not read")
    cursor.take()
    arguments, scripts = _arguments(reader, cursor, function, shown)
    layer = marks.layer
    if function == "activation" and layer is None:
        nodes = [part for argument in arguments for part in walk(argument)]
        layers = (part.layer for part in nodes if isinstance(part, Node))
        layer = next((found for found in layers if found is not None), None)
        if layer is None and not reader.identity:
            raise NotRead("layer", f"{shown} shows no layer")
    if len(arguments) > 1 and function not in _MANY:
        raise NotRead("argument", f"{shown} has one argument")
    result: Expression = Apply(function, arguments, marks.primes, layer)
    if function == "prod":
        result = Product(arguments)
    if marks.power is not None:
        result = Power(result, marks.power)
    if marks.transposed:
        result = Transpose(result)
    return scripted(reader, result, scripts)


def _arguments(
    reader: Reader, cursor: Cursor, function: str, shown: str
) -> tuple[tuple[Expression, ...], Sequence[Tree[Token]]]:
    """Read what a function is applied to, and the scripts behind its bracket."""
    item = cursor.ahead()
    if item is None or isinstance(item, Token):
        text = f"{shown} is a function without an argument; write it, as in {shown}(z)"
        raise NotRead("argument", text)
    bracket = bracket_of(item)
    if bracket is not None:
        if is_empty(bracket):
            text = f"the brackets behind {shown} are empty; write its argument, as in {shown}(z)"
            raise NotRead("argument", text)
        sides = [c.sides[0] for c in clauses_of(bracket.children[0]) if not c.relations]
        if None in sides or len(sides) != len(clauses_of(bracket.children[0])):
            raise NotRead("argument", f"the argument of {shown} is not understood")
        arguments = tuple(reader.side(side) for side in sides if side is not None)
        return arguments, scripts_of(cursor.take())
    if function == "activation" or function in _MANY:
        text = f"{shown} is a function without an argument; write it, as in {shown}(z)"
        raise NotRead("argument", text)
    return (reader.factor(cursor),), ()


def read_exponential(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read e with an exponent."""
    if cursor.spelled not in {"e", r"\mathrme"} or look_up(reader, cursor.here)[1] is not None:
        return None
    scripts = cursor.scripts
    if [script.data for script in scripts] != ["superscript"]:
        return None
    cursor.take()
    return Apply("exp", (reader.inside(scripts[0].children[0]),))


def norm(reader: Reader, value: Expression, scripts: Sequence[Tree[Token]]) -> Expression:
    """Read a norm: the Euclidean or Frobenius one, or with index 1 the sum of sizes."""
    kind = "norm"
    for script in scripts:
        if script.data == "subscript":
            spelled = spell(script.children[0])
            if spelled not in {"2", "F", "1"}:
                raise NotRead("norm", f"the norm with index {spelled} is not read")
            kind = "norm1" if spelled == "1" else kind
    rest = [script for script in scripts if script.data != "subscript"]
    return scripted(reader, Apply(kind, (value,)), rest)
