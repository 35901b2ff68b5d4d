"""Definitions: a statement whose left side is a new name, for a quantity or a function."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lark import Token, Tree

from fcnref.equations.expression import (
    COST,
    ONE,
    Defined,
    Derivative,
    Entry,
    Expression,
    Index,
    Node,
    Place,
    Series,
    free_letters,
    ranges,
    show,
    substitute,
    walk,
)
from fcnref.equations.meaning.claims import Definition
from fcnref.equations.meaning.names import (
    PLAIN_FUNCTIONS,
    bare_name,
    is_sign,
    look_up,
    scripts_beyond,
)
from fcnref.equations.meaning.reader import Reader
from fcnref.equations.meaning.scripts import read_marks
from fcnref.equations.syntax import (
    NotRead,
    atom_of,
    bracket_of,
    inner_side,
    items_of,
    scripts_of,
    spell,
)


def function_definition(reader: Reader, sides: Sequence[Tree[Token]]) -> Definition | None:
    """Read f(x) = ... as the definition of f, where f has no meaning yet."""
    items = items_of(sides[0])
    if len(items) != 2 or len(sides[0].children) != 1:
        return None
    name, symbol = look_up(reader, items[0])
    if symbol is not None and not (symbol.kind == "function" and symbol.family == "activation"):
        return None
    if not name or name in PLAIN_FUNCTIONS or f"{name}()" in reader.definitions:
        return None
    indexed = any(script.data != "subscript" for script in scripts_of(items[0]))
    bracket = bracket_of(items[1])
    if indexed or scripts_of(items[1]) or bracket is None or bracket.data != "round":
        return None
    inner = inner_side(bracket)
    arguments = items_of(inner) if inner is not None and len(inner.children) == 1 else []
    if len(arguments) != 1 or scripts_of(arguments[0]):
        return None
    parameter = bare_name(atom_of(arguments[0]))
    if not parameter:
        return None
    body = reader.with_free_letters().side(sides[1])
    if any(isinstance(part, Node) for part in walk(body)):
        return None
    return Definition(f"{name}()", "", (parameter,), body)


def read_definition(
    reader: Reader, sides: Sequence[Tree[Token]], *, explicit: bool
) -> Definition | None:
    """Read a statement whose left side is a new name."""
    items = items_of(sides[0])
    signed = any(isinstance(child, Token) for child in sides[0].children)
    if reader.identity or signed or len(items) != 1:
        return None
    name, symbol = look_up(reader, items[0])
    if symbol is None:
        nameable = bool(name) and not is_sign(atom_of(items[0]))
        settled = name in reader.definitions and name not in reader.reopened and not explicit
    else:
        number = symbol.kind == "number"
        nameable = number or (symbol.kind == "gradient" and (symbol.soft or explicit))
        settled = name in reader.definitions and name not in reader.reopened
        settled = settled and not (explicit or number)
    if not nameable or settled:
        return None
    scripts = scripts_beyond(name, items[0])
    if symbol is not None and symbol.family == "number":
        numerals = [s for s in scripts if re.fullmatch(r"_\d+", spell(s))]
        name += "".join(map(spell, numerals))
        scripts = [script for script in scripts if script not in numerals]
    marks = read_marks(reader, scripts, None)
    if marks.transposed or marks.power is not None or marks.primes:
        return None
    if symbol is not None and symbol.kind == "gradient" and not explicit:
        body = reader.side(sides[1])
        derives = isinstance(body, Derivative) and body.top == COST
        if not derives or body == reader.side(sides[0]):
            return None
    layer, letters = marks.layer, marks.places or ()
    if marks.example is not None:
        letters = (*letters, marks.example)
    colon = "\N{DEGREE SIGN}"
    named = [_letter(place, colon) for place in letters]
    if "" in named or len(named) > 2 or not (layer is None or isinstance(layer, Index)):
        return None
    body = reader.side(sides[1])
    if colon in named:
        row, column = (Index(colon), ONE) if named[0] == colon else (ONE, Index(colon))
        body = Entry(body, row, column)
    if layer is not None and layer.shift and layer.letter:
        body = substitute(body, {layer.letter: Index(layer.letter, -layer.shift)})
    letter = "" if layer is None else layer.letter
    definition = Definition(name, letter, tuple(named), body)
    _bind(reader, definition)
    return definition


def _bind(reader: Reader, definition: Definition) -> None:
    """See that the letters of a definition cover those of its body, or say which would."""
    _, letter, named, body = definition
    example = reader.notation.example_letter
    if named and example not in named and _prints(body, example):
        text = f"index {example} is free on the right but not on the left"
        idle = [x for x in named if x not in free_letters(body)]
        advice = f"; write {_with_letter(definition, idle[0], example)}" if idle else ""
        reader.reproach("free", text + advice)
    known = {*named, letter, *reader.notation.layer_letters, example}
    if stray := sorted(free_letters(body) - known):
        text = f"{_shown(definition)} is not declared, and to define it this leaves {stray[0]} free"
        raise NotRead("undeclared", f"{text}; {_covering(definition, stray[0])}")


def _covering(definition: Definition, letter: str) -> str:
    """Say how a letter that a definition leaves free can be covered."""
    named, body = definition.letters, definition.body
    if repeated := [x for x in named if named.count(x) > 1]:
        return f"write {_with_letter(definition, repeated[0], letter)}"
    size = next(ranges(body, letter), None)
    sums = (p.letter for p in walk(body) if isinstance(p, Series) and p.upper == size)
    if over := next(sums, ""):
        return f"write Σ over {letter} for Σ over {over}"
    return f"sum over {letter}, or write {_with_letter(definition, '', letter)}"


def _with_letter(definition: Definition, old: str, new: str) -> str:
    """Print the name of a definition with a letter in the place of another, or after the last."""
    letters = [*definition.letters]
    at = letters.index(old) if old else len(letters)
    letters[at : at + 1] = [new]
    return _shown(definition._replace(letters=tuple(letters)))


def _shown(definition: Definition) -> str:
    """Print the name of a definition with its layer and its letters."""
    name, layer, letters, body = definition
    printed = (layer, *letters) if layer else letters
    return show(Defined(name, printed, tuple(map(Index, printed)), body))


def _prints(body: Expression, letter: str) -> bool:
    """Tell whether an index is printed in a body, free, and not merely understood."""
    parts = [part for part in walk(body) if isinstance(part, Node) and not part.single]
    return letter in free_letters(body) and any(part.column == Index(letter) for part in parts)


def _letter(place: Place | None, colon: str) -> str:
    """Return the letter that a place of a definition is, or ""."""
    if place is None:
        return colon
    return place.letter if isinstance(place, Index) and not place.shift else ""
