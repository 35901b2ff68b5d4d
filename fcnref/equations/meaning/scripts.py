"""Indices, layers, transposes and powers: what stands above and below a symbol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from lark import Token, Tree

from fcnref.equations.expression import (
    LAST,
    ONE,
    Entry,
    Expression,
    Free,
    Index,
    Place,
    Power,
    Size,
    Transpose,
)
from fcnref.equations.meaning.reader import Reader
from fcnref.equations.notation import Notation, Symbol
from fcnref.equations.syntax import (
    Item,
    NotRead,
    atom_of,
    clauses_of,
    flattened,
    inner_side,
    is_empty,
    is_operator,
    items_of,
    scripts_of,
    side_of,
    spell,
    token_of,
)

_TRANSPOSES = {"T", r"\top", r"\intercal", "t", r"\transpose", r"\mathsfT", "⊤"}


@dataclass
class Marks:
    """What the scripts of a symbol say."""

    layer: Place | None = None
    example: Place | None = None
    places: tuple[Place | None, ...] | None = None
    transposed: bool = False
    power: Expression | None = None
    primes: int = 0


def place_of_side(reader: Reader, side: Tree[Token]) -> Place:
    """Read a side as a place: an index, a layer or a size."""
    return read_place(reader, flattened(side))


def read_place(reader: Reader, items: Sequence[Item]) -> Place:
    """Read factors and signs as a place such as l-1, n^{[l]} or 3."""
    base: Place | None = None
    shift, sign = 0, 1
    for item in items:
        if isinstance(item, Token) and item.type == "SIGN":
            sign = -1 if item in {"-", "−"} else 1
            continue
        token = token_of(item)
        if token is not None and token.type == "NUMBER" and not scripts_of(item):
            shift, sign = shift + sign * int(float(token)), 1
            continue
        if base is not None or sign < 0:
            raise NotRead("index", f"{''.join(map(spell, items))} is no index")
        base = read_index(reader, item)
    return replace(base, shift=base.shift + shift) if base is not None else Index("", shift)


def read_index(reader: Reader, item: Item) -> Place:
    """Read one letter with its scripts as a place."""
    atom = atom_of(item)
    if isinstance(atom, Tree):
        inner = inner_side(atom)
        if inner is None:
            raise NotRead("index", f"{spell(item)} is no index")
        return place_of_side(reader, inner)
    name, scripts = spell(atom), scripts_of(item)
    primes = "'" * sum(script.data == "prime" for script in scripts)
    rest = [script for script in scripts if script.data != "prime"]
    symbol = reader.notation.lookup.get(spell(item)) or reader.notation.lookup.get(name)
    if name == "L" and not rest:
        return LAST
    if name in reader.notation.layer_letters:
        return Index(name)
    if name in reader.notation.index and not rest:
        return Index(name + primes)
    if symbol is not None and symbol.kind == "size":
        if symbol.family != "n":
            return Size(symbol.family)
        marks = read_marks(reader, rest, None, layer_below=True)
        return Size("n", layer_of(reader, symbol, marks, name, ()))
    if rest or atom.type not in {"LETTER", "COMMAND"} or (
        atom.type == "COMMAND" and name in {r"\partial", r"\sum", r"\top", r"\starred"}
    ):  # fmt: skip
        raise NotRead("index", f"{spell(item)} is no index")
    return Index(name + primes)


def read_places(reader: Reader, item: Item, slots: int) -> list[Place | None]:
    """Read a subscript as a list of places; None stands for a colon."""
    atom = atom_of(item)
    if isinstance(atom, Token):
        return _listed(reader, [item], slots)
    if atom.data not in {"group", "round", "square"}:
        raise NotRead("index", f"{spell(item)} is no index")
    found: list[Place | None] = []
    clauses = clauses_of(atom.children[0])
    for clause in clauses:
        side = clause.sides[0]
        if clause.relations or side is None:
            raise NotRead("index", f"{spell(item)} is no index")
        if any(isinstance(child, Token) for child in side.children):
            found.append(place_of_side(reader, side))
        else:
            found.extend(_listed(reader, items_of(side), slots if len(clauses) == 1 else 1))
    return found


def _listed(reader: Reader, items: Sequence[Item], slots: int) -> list[Place | None]:
    """Read letters and numbers set side by side as places, one each."""
    found: list[Place | None] = []
    for item in items:
        atom = atom_of(item)
        if isinstance(atom, Token) and (atom.type in {"COLON", "OPERATOR"} or atom == r"\bullet"):
            found.append(None)
        elif isinstance(atom, Token) and atom.type == "NUMBER" and not scripts_of(item):
            digits = [*atom] if len(items) == 1 and len(atom) == slots > 1 else [str(atom)]
            found.extend(Index("", int(float(digit))) for digit in digits)
        elif isinstance(atom, Tree) and atom.data in {"round", "group", "square"}:
            found.extend(read_places(reader, atom, slots))
        else:
            found.append(read_index(reader, item))
    return found


def shape_of(reader: Reader, group: Tree[Token]) -> tuple[Place, ...]:
    """Read the sizes of n × m."""
    parts: list[list[Item]] = [[]]
    sides = [s for clause in clauses_of(group.children[0]) for s in clause.sides]
    if len(sides) != 1 or sides[0] is None:
        raise NotRead("space", "the exponent of ℝ is not understood")
    for item in flattened(sides[0]):
        if is_operator(item):
            parts.append([])
        else:
            parts[-1].append(item)
    return tuple(read_place(reader, part) for part in parts)


def layer_of(
    reader: Reader, symbol: Symbol, marks: Marks, name: str, places: Sequence[Place | None]
) -> Place | None:
    """Return the layer of a symbol from its declaration and from what is printed."""
    declared = symbol.layer
    if declared is None:
        return None
    letter = declared.letter if isinstance(declared, Index) else ""
    if letter not in reader.notation.layer_letters and letter != "l":
        if marks.layer is not None and marks.layer != declared:
            raise NotRead("layer", f"{name} has a layer of its own and carries another")
        return declared
    printed = marks.layer
    if printed is None and symbol.family in {"gain", "shift", "K"}:
        printed = Index("l")
    if printed is None and reader.notation.layers == "implicit":
        printed = Index("l")
    if printed is None and reader.notation.layers == "index":
        printed = layer_of_index(reader.notation, places)
    if printed is None:
        raise NotRead("layer", f"{name} shows no layer")
    return replace(printed, shift=printed.shift + declared.shift)


def layer_of_index(notation: Notation, places: Sequence[Place | None]) -> Place | None:
    """Return the layer that an index letter belongs to."""
    first = places[0] if places else None
    size = notation.range_of(first.letter) if isinstance(first, Index) else None
    return size.layer if isinstance(size, Size) else None


def read_marks(
    reader: Reader,
    scripts: Sequence[Tree[Token]],
    symbol: Symbol | None,
    *,
    layer_below: bool = False,
) -> Marks:
    """Read the scripts of a symbol."""
    marks = Marks()
    slots = 1
    if symbol is not None and symbol.kind in {"node", "gradient"}:
        one = symbol.family in {"b", "gain", "shift", "V"} or reader.notation.examples == "one"
        slots = 2 if symbol.family == "W" or not one else 1
    for script in scripts:
        if script.data == "prime":
            marks.primes += 1
        elif script.data == "subscript":
            below = reader.notation.layers == "subscript" or layer_below
            try:
                places = read_places(reader, script.children[0], slots)
            except NotRead:
                _superscript(reader, script.children[0], marks, symbol)
                continue
            if (
                below
                and places
                and isinstance(places[0], Index | Size)
                and (symbol is None or symbol.family != "Y")
                and reader.notation.is_layer(places[0])
            ):
                marks.layer, places = places[0], places[1:]
            marks.places = tuple(places) if places else marks.places
        else:
            _superscript(reader, script.children[0], marks, symbol)
    return marks


def _superscript(reader: Reader, item: Item, marks: Marks, symbol: Symbol | None) -> None:
    """Read a superscript: a layer, an example, a transpose, primes or a power."""
    atom = atom_of(item)
    if isinstance(atom, Tree) and atom.data == "group" and not scripts_of(item):
        _superscripts(reader, atom, marks, symbol)
        return
    if isinstance(atom, Tree) and atom.data in {"square", "round"}:
        inner = inner_side(atom)
        if inner is None:
            _refuse_script(atom)
        place = place_of_side(reader, inner)
        parameter = symbol is not None and symbol.family in {"W", "b", "gain", "shift"}
        square = atom.data == "square"
        if not parameter and _is_example(reader.notation, place, marks, square=square):
            marks.example = place
        else:
            marks.layer = place
    elif spell(atom) in {r"\prime", "'"}:
        marks.primes += 1
    elif spell(atom) in _TRANSPOSES and spell(atom) not in reader.notation.index:
        marks.transposed = True
    else:
        _mark_place(reader, side_of([atom]), marks, symbol)
    for script in scripts_of(item):
        if script.data == "prime":
            marks.primes += 1
        else:
            _superscript(reader, script.children[0], marks, symbol)


def _refuse_script(script: Tree[Token]) -> NoReturn:
    if is_empty(script):
        text = "a subscript or superscript is empty; write an index, or a layer as in [l]"
        raise NotRead("superscript", text)
    raise NotRead("superscript", f"the superscript {spell(script)} is not read")


def _superscripts(reader: Reader, group: Tree[Token], marks: Marks, symbol: Symbol | None) -> None:
    """Read what braces hold above a symbol, one after another."""
    for clause in clauses_of(group.children[0]):
        side = clause.sides[0]
        if clause.relations or side is None:
            _refuse_script(group)
        if any(isinstance(child, Token) for child in side.children):
            _mark_place(reader, side, marks, symbol)
        else:
            for part in items_of(side):
                _superscript(reader, part, marks, symbol)


def _mark_place(reader: Reader, side: Tree[Token], marks: Marks, symbol: Symbol | None) -> None:
    """Read an unbracketed superscript: a layer where it can be one, else a power."""
    try:
        place: Place | None = place_of_side(reader, side)
    except NotRead:
        place = None
    layered = symbol is None or symbol.layer is not None or symbol.kind in {"function", "size"}
    if place is not None and layered and reader.notation.layers != "subscript":
        number = isinstance(place, Index) and not place.letter
        if reader.notation.is_layer(place) and (reader.notation.layers == "plain" or not number):
            marks.layer = place
            return
    if isinstance(place, Index) and reader.notation.range_of(place.letter) == Size("m"):
        marks.example = place
        return
    marks.power = reader.side(side)


def _is_example(notation: Notation, place: Place, marks: Marks, *, square: bool) -> bool:
    """Tell whether a bracketed superscript names an example: x^{(i)}, a^{[1](i)}."""
    if isinstance(place, Size):
        return place.kind == "m"
    if place.letter:
        return place.letter not in notation.layer_letters
    return marks.layer is not None and not square


def counted(reader: Reader, place: Place | None, name: str) -> Place | None:
    """Correct an index 0 where the page counts from 1."""
    if place == Index("", 0) and reader.notation.base == 1:
        reader.reproach("zero", f"{name} has the index 0, but indices begin at 1")
        return ONE
    return place


def finished(expression: Expression, marks: Marks) -> Expression:
    """Apply a power and a transpose."""
    if marks.power is not None:
        if isinstance(marks.power, Free) and "starred" in marks.power.name:
            raise NotRead("superscript", "the superscript * is not read")
        expression = Power(expression, marks.power)
    return Transpose(expression) if marks.transposed else expression


def scripted(reader: Reader, value: Expression, scripts: Sequence[Tree[Token]]) -> Expression:
    """Apply indices, a transpose and a power to a composed expression."""
    if not scripts:
        return value
    marks = read_marks(reader, scripts, Symbol("number", "number"))
    if marks.layer is not None or marks.primes or marks.example is not None:
        raise NotRead("superscript", "a bracket carries a superscript that is not read")
    if marks.places:
        if len(marks.places) > 2:
            raise NotRead("indices", "a bracket carries more than two indices")
        row = counted(reader, marks.places[0], "a bracket")
        column = counted(reader, marks.places[1], "a bracket") if len(marks.places) == 2 else ONE
        one_row = len(marks.places) == 1 and reader.notation.examples == "rows"
        if marks.transposed:
            value, marks.transposed = Transpose(value), False
        value = Entry(value, ONE, row) if one_row else Entry(value, row, column)
    return finished(value, marks)
