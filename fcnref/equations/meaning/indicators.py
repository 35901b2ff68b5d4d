"""Numbers and what counts as one: a column of ones, an indicator, Kronecker's symbol."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

from lark import Token, Tree

from fcnref.equations.expression import (
    ONE,
    Compare,
    Expression,
    Number,
    Ones,
    Place,
    Transpose,
    Truth,
    Unit,
    free_letters,
)
from fcnref.equations.meaning.names import look_up
from fcnref.equations.meaning.reader import Cursor, Reader
from fcnref.equations.meaning.scripts import (
    finished,
    place_of_side,
    read_marks,
    read_places,
    scripted,
    shape_of,
)
from fcnref.equations.notation import Symbol
from fcnref.equations.syntax import (
    BRACKETS,
    INEQUALITIES,
    NotRead,
    atom_of,
    bracket_of,
    clauses_of,
    is_operator,
    items_of,
    spell,
)

_ONES = frozenset(
    {r"\mathbf1", r"\boldsymbol1", r"\bm1", r"\mathbb1", r"\vec1", r"\pmb1", r"\mathds1"}
)
_INDICATORS = frozenset(
    {r"\mathbb1", r"\mathbf1", r"\boldsymbol1", r"\mathds1", r"\mathbbI", r"\mathbfI",
     r"\mathcalI", "I"}
)  # fmt: skip
_UNITS = frozenset({r"\mathbfI", "I", r"\mathbbI", r"\boldsymbolI"})


def read_number(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read a number, a vector of ones 1_m, or an indicator 1{p = j}."""
    atom = cursor.atom
    if cursor.spelled in {r"\pi", "π"} and look_up(reader, cursor.here)[1] is None:
        return scripted(reader, Number(pi), _taken(cursor))
    if not isinstance(atom, Token) or atom.type != "NUMBER":
        return None
    if atom == "1" and not cursor.scripts:
        bracket = bracket_of(cursor.ahead(1))
        shown = bracket is not None and bracket.data != "round"
        truth = read_truth(reader, bracket) if shown else None
        if truth is not None:
            cursor.take(2)
            return truth
    scripts = _taken(cursor)
    if atom == "1" and any(script.data == "subscript" for script in scripts):
        return _ones(reader, scripts)
    marks = read_marks(reader, scripts, Symbol("number", "number"))
    return finished(Number(float(atom)), marks)


def _taken(cursor: Cursor) -> list[Tree[Token]]:
    """Take the next factor and return its scripts."""
    scripts = cursor.scripts
    cursor.take()
    return scripts


def read_ones(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read an indicator or a column of ones, set in a type of its own."""
    if cursor.spelled in _INDICATORS and (truth := _indicator(reader, cursor)):
        return truth
    return _ones(reader, _taken(cursor)) if cursor.spelled in _ONES else None


def read_unit(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read the identity matrix."""
    if cursor.spelled not in _UNITS or look_up(reader, cursor.here)[1] is not None:
        return None
    size = read_marks(reader, _taken(cursor), None).places
    return Unit(size[0] if size else None)


def _ones(reader: Reader, scripts: Sequence[Tree[Token]]) -> Expression:
    """Read a column of ones, or an indicator with its relation below."""
    size: Place | None = None
    transposed = False
    for script in scripts:
        inner = script.children[0]
        if script.data == "superscript":
            transposed ^= read_marks(reader, [script], None).transposed
            continue
        group = atom_of(inner)
        if isinstance(group, Tree) and (truth := read_truth(reader, group)) is not None:
            return truth
        if isinstance(group, Tree) and any(group.scan_values(is_operator)):
            shape = shape_of(reader, group)
            if len(shape) != 2 or ONE not in shape:
                raise NotRead("ones", "a matrix of ones is not read")
            size = shape[1] if shape[0] == ONE else shape[0]
            transposed ^= shape[0] == ONE
        else:
            places = read_places(reader, inner, 1)
            size = places[0] if len(places) == 1 else None
            if size is None:
                raise NotRead("ones", f"1_{spell(inner)} is not read")
    column = Ones(size)
    return Transpose(column) if transposed else column


def _indicator(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read an indicator with its relation below or in brackets."""
    for script in cursor.scripts:
        group = atom_of(script.children[0])
        if script.data == "subscript" and isinstance(group, Tree):
            truth = read_truth(reader, group)
            if truth is not None:
                cursor.take()
                return truth
    bracket = bracket_of(cursor.ahead(1))
    if cursor.scripts:
        return None
    truth = read_truth(reader, bracket)
    if truth is not None:
        cursor.take(2)
    return truth


def read_truth(reader: Reader, tree: Tree[Token] | None) -> Truth | Compare | None:
    """Read a relation in brackets, such as [p = j] or [z > 0], or return None."""
    if tree is None or tree.data not in {"group", *BRACKETS}:
        return None
    clauses = clauses_of(tree.children[0])
    if len(clauses) != 1:
        return None
    clause = clauses[0]
    if not clause.relations:
        side = clause.sides[0]
        items = items_of(side) if side is not None else []
        inner = atom_of(items[0]) if len(items) == 1 else None
        return read_truth(reader, inner) if isinstance(inner, Tree) else None
    if len(clause.relations) != 1:
        return None
    left, right = clause.sides
    relation = "=" if clause.relations[0] == "=" else INEQUALITIES.get(clause.relations[0])
    if left is None or right is None or relation is None:
        return None
    try:
        truth = Truth(place_of_side(reader, left), relation, place_of_side(reader, right))
    except NotRead:
        return Compare(reader.side(left), relation, reader.side(right))
    known = {*reader.notation.index, *reader.notation.layer_letters}
    if not reader.identity or {x.rstrip("'") for x in free_letters(truth)} <= known:
        return truth
    return Compare(reader.side(left), relation, reader.side(right))


def kronecker(reader: Reader, scripts: Sequence[Tree[Token]]) -> Truth | None:
    """Read δ_{pj}, without a layer, as Kronecker's symbol."""
    notation = reader.notation
    if notation.layers in {"implicit", "index"} and notation.examples != "one":
        return None
    if len(scripts) != 1 or scripts[0].data != "subscript":
        return None
    try:
        places = read_places(reader, scripts[0].children[0], 2)
    except NotRead:
        return None
    if len(places) != 2 or places[0] is None or places[1] is None:
        return None
    if notation.layers == "subscript" and notation.is_layer(places[0]):
        return None
    return Truth(places[0], "=", places[1])
