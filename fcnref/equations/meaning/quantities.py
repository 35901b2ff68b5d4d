"""Quantities: the parts of the network, sizes, numbers, and what the page has defined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from lark import Token, Tree

from fcnref.equations.expression import (
    COST,
    FRESH,
    NOTHING,
    ONE,
    Count,
    Defined,
    Derivative,
    Dotted,
    Entry,
    Expression,
    Free,
    Index,
    Node,
    Number,
    Place,
    Product,
    Rate,
    Size,
    free_letters,
    ranges,
    substitute,
)
from fcnref.equations.meaning.claims import Definition
from fcnref.equations.meaning.indicators import kronecker
from fcnref.equations.meaning.names import is_bold, is_sign, look_up, scripts_beyond
from fcnref.equations.meaning.reader import Cursor, Reader
from fcnref.equations.meaning.scripts import (
    Marks,
    counted,
    finished,
    layer_of,
    layer_of_index,
    read_marks,
)
from fcnref.equations.networks import EPSILON
from fcnref.equations.notation import Symbol
from fcnref.equations.syntax import (
    Item,
    NotRead,
    atom_of,
    bracket_of,
    clauses_of,
    items_of,
    scripts_of,
    spell,
    token_of,
)

ARRAYS = {"vector": 1, "matrix": 2}
"""The number of indices of an array that belongs to no network."""


def read_quantity(reader: Reader, cursor: Cursor) -> Expression:
    """Read a symbol with its scripts."""
    name, symbol = look_up(reader, cursor.here)
    if name in reader.definitions and not reader.identity:
        return _defined(reader, reader.definitions[name], cursor.take())
    free = symbol is None or (symbol.kind in {"node", "gradient"} and symbol.family != "J")
    if reader.identity and free:
        return _free(reader, name, cursor.take())
    item = cursor.take()
    if symbol is None:
        raise NotRead("undeclared", f"{spell(item) or name} is not declared")
    if name == r"\delta" and (truth := kronecker(reader, scripts_of(item))):
        return truth
    printed = scripts_beyond(name, item)
    match symbol.kind:
        case "number":
            return _number(reader, name, symbol, printed)
        case "size":
            return _size(reader, name, symbol, printed)
    if symbol.family in {"J", "losses"}:
        if _holds_arguments(cursor.ahead()):
            cursor.take()
        return _cost(reader, name, symbol, printed)
    marks = read_marks(reader, printed, symbol)
    if marks.transposed and marks.places and len(marks.places) == 2 and None not in marks.places:
        # an entry of the transpose: (X^T)_{jk} is X_{kj}
        marks.transposed, marks.places = False, marks.places[::-1]
    node = read_node(reader, name, symbol, marks, bold=is_bold(item, name))
    return finished(quantity(symbol, node), marks)


def _free(reader: Reader, name: str, item: Item) -> Expression:
    if name == r"\delta" and (truth := kronecker(reader, scripts_of(item))):
        return truth
    if not name or (token_of(item) is not None and is_sign(atom_of(item))):
        raise NotRead("undeclared", f"{spell(item)} is not declared")
    marks = read_marks(reader, scripts_of(item), None)
    return finished(Free(name, tuple(marks.places or ())), marks)


def _number(
    reader: Reader, name: str, symbol: Symbol, printed: Sequence[Tree[Token]]
) -> Expression:
    marks = read_marks(reader, printed, symbol)
    if symbol.family == "epsilon":
        return finished(Number(EPSILON), marks)
    if symbol.family == "imaginary unit":
        return finished(Number(1j), marks)
    if symbol.family in ARRAYS:
        return finished(Free(name, marks.places or (None,) * ARRAYS[symbol.family]), marks)
    below = "".join(spell(script) for script in printed if script.data == "subscript")
    return finished(Free(name + below), marks)


def _size(reader: Reader, name: str, symbol: Symbol, printed: Sequence[Tree[Token]]) -> Expression:
    units = symbol.family == "n"
    marks = read_marks(reader, printed, symbol, layer_below=units)
    layer = layer_of(reader, symbol, marks, name, ()) if units else None
    return finished(Count(Size(symbol.family, layer)), marks)


def _cost(reader: Reader, name: str, symbol: Symbol, printed: Sequence[Tree[Token]]) -> Expression:
    """Read the cost, or the loss of one example where an index is printed."""
    one = reader.notation.examples == "one"
    if one:
        printed = [script for script in printed if not _names_example(script)]
    marks = read_marks(reader, printed, symbol)
    if marks.layer is not None or marks.primes:
        raise NotRead("cost", f"the cost {name} carries a layer or a prime")
    place = marks.example or (marks.places[0] if marks.places else None)
    if one or (place is None and symbol.family == "J"):
        return finished(replace(COST, shown=name), marks)
    flipped = reader.notation.examples == "rows"
    return finished(Node("losses", None, ONE, place, name, flipped=flipped), marks)


def _names_example(script: Tree[Token]) -> bool:
    """Tell whether a script of the cost names the one example there is, as n in E_n."""
    return bool(re.fullmatch(r"[_^]\(?[a-z]\)?", spell(script)))


def _holds_arguments(item: Item | None) -> bool:
    """Tell whether brackets hold arguments, as in J(W, b), and not a factor."""
    bracket = bracket_of(item)
    if bracket is None or bracket.data == "curly" or (item is not None and scripts_of(item)):
        return False
    sides = [side for clause in clauses_of(bracket.children[0]) for side in clause.sides]
    return all(side is not None and len(items_of(side)) == 1 for side in sides)


def quantity(symbol: Symbol, node: Node) -> Expression:
    """Return a node, or the gradient by it where the symbol is one."""
    node = replace(node, shown=node.shown.removeprefix(r"\dot")) if symbol.rate else node
    value: Expression = node
    if symbol.kind == "gradient":
        whole = node.row is None or node.column is None
        shown = node.family if whole and not node.single else node.family.lower()
        value = Derivative(COST, replace(node, shown=shown))
    if symbol.scaled:
        value = Product((Count(Size("m")), value))
    return Rate(value) if symbol.rate else value


def read_node(reader: Reader, name: str, symbol: Symbol, marks: Marks, *, bold: bool) -> Node:
    """Build the part of the network that a symbol with its indices names."""
    if marks.primes:
        raise NotRead("prime", f"{name} carries a prime")
    family, notation = symbol.family, reader.notation
    places = [counted(reader, place, name) for place in marks.places or ()]
    layer = layer_of(reader, symbol, marks, name, places)
    if family == "Y" and marks.layer is not None:
        raise NotRead("layer", f"{name} has no layer")
    flipped = notation.flips(family)
    row: Place | None = None
    column: Place | None = None
    single = notation.examples == "one" and family != "W"
    if family == "W":
        if len(places) not in {0, 2}:
            raise NotRead("indices", f"{name} needs two indices")
        if not places and symbol.view == "entries" and not bold:
            reader.reproach("bare", f"{name} denotes an entry and needs its indices")
        row, column = (places[::-1] if flipped else places) if places else (None, None)
    elif family == "V":
        if places:
            raise NotRead("indices", f"{name} has no index")
    elif family in {"b", "gain", "shift"}:
        if len(places) > 1 and places[1] not in {ONE, None}:
            raise NotRead("indices", f"{name} has one index")
        row, column = (places[0] if places else None), None
    elif single:
        if len(places) > 1 or marks.example is not None:
            raise NotRead("indices", f"{name} has one index where there is one example")
        row = places[0] if places else None
    else:
        row, column, single = _in_batch(reader, name, symbol, marks, places, bold=bold)
    if places and None not in places and name[-1:].isupper():
        text = f"the capital {name} denotes the matrix, not an entry"
        reader.reproach("capital", text, note=True)
    return Node(family, layer, row, column, name, flipped, single)


def _in_batch(
    reader: Reader,
    name: str,
    symbol: Symbol,
    marks: Marks,
    places: list[Place | None],
    *,
    bold: bool,
) -> tuple[Place | None, Place | None, bool]:
    """Return row, column and whether the example is unprinted, where pages treat many."""
    implied = Index(reader.notation.example_letter)
    if marks.example is not None:
        if len(places) > 1:
            raise NotRead("indices", f"{name} carries more than one example")
        return (places[0] if places else None), counted(reader, marks.example, name), False
    if len(places) > 2:
        raise NotRead("indices", f"{name} has two indices")
    if len(places) == 2:
        row, column = places[::-1] if reader.notation.examples == "rows" else places
        return row, column, False
    if len(places) == 1:
        only = places[0]
        if isinstance(only, Index) and only.letter:
            if reader.notation.range_of(only.letter) == Size("m"):
                return None, only, False
            return only, implied, True
        raise NotRead("indices", f"{name} needs two indices")
    if symbol.view == "matrix":
        return None, None, False
    if symbol.view == "entries" and not bold:
        reader.reproach("bare", f"{name} denotes an entry or a column and needs its index")
    return None, implied, False


def _defined(reader: Reader, definition: Definition, item: Item) -> Expression:
    """Read the name of a quantity that the page has defined."""
    marks = read_marks(reader, scripts_beyond(definition.name, item), None)
    places = list(marks.places or ())
    if marks.example is not None:
        places.append(marks.example)
    layer = _layer_put_in(reader, definition, marks, places, item)
    letters = (*layer, *definition.letters)
    value: Expression
    if len(places) == len(definition.letters):
        value = _at_places(definition, layer, places)
    elif not definition.letters and len(places) in {1, 2}:
        whole = Defined(definition.name, letters, tuple(layer.values()), definition.body)
        value = Entry(whole, places[0], places[1] if len(places) == 2 else ONE)
    elif not places and len(definition.letters) == 1:
        value = _at_places(definition, layer, [None])
    else:
        raise NotRead("indices", f"{spell(item)} was defined with other indices")
    return finished(value, marks)


def _at_places(
    definition: Definition, layer: dict[str, Place], places: Sequence[Place | None]
) -> Expression:
    """Put places for the letters of a definition; a colon stands for all of them."""
    taken = free_letters(tuple(places))
    fresh = [x if x not in taken else y for x, y in zip(definition.letters, FRESH, strict=False)]
    filled = [Index(new) if p is None else p for p, new in zip(places, fresh, strict=True)]
    letters, given = (*layer, *definition.letters), (*layer.values(), *filled)
    value: Expression = Defined(definition.name, letters, given, definition.body)
    if definition.derivative:
        value = substitute(definition.body, dict(zip(letters, given, strict=True)))
    if None not in places:
        return value
    runs: list[tuple[str, Place]] = []
    for place, letter, new in zip(places, definition.letters, fresh, strict=True):
        size = ONE if place is not None else next(ranges(value, new), None)
        if size is None:
            raise NotRead("indices", f"{definition.name} needs its index {letter}")
        runs.append((new, size))
    return Dotted(value, *runs[0], *(runs[1:] or [NOTHING])[0])


def _layer_put_in(
    reader: Reader,
    definition: Definition,
    marks: Marks,
    places: Sequence[Place | None],
    item: Item,
) -> dict[str, Place]:
    """Return what the layer letter of a definition stands for here."""
    if definition.layer:
        if marks.layer is None:
            raise NotRead("layer", f"{spell(item)} shows no layer")
        return {definition.layer: marks.layer}
    if marks.layer is not None:
        raise NotRead("layer", f"{spell(item)} was defined without a layer")
    if reader.notation.layers == "index":
        here = layer_of_index(reader.notation, places)
        there = layer_of_index(reader.notation, [Index(x) for x in definition.letters])
        if isinstance(here, Index) and isinstance(there, Index):
            return {"l": Index("l", here.shift - there.shift)}
    return {}
