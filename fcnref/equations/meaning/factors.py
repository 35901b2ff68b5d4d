"""What can be a factor of a product, in the order in which it is tried."""

from __future__ import annotations

from lark import Token, Tree

from fcnref.equations.expression import Apply, Expression, Index, Mean
from fcnref.equations.meaning.derivatives import (
    read_differential,
    read_fraction,
    read_nabla,
    read_partial,
)
from fcnref.equations.meaning.functions import (
    norm,
    read_application,
    read_call,
    read_exponential,
)
from fcnref.equations.meaning.indicators import read_number, read_ones, read_truth, read_unit
from fcnref.equations.meaning.matrices import read_grid
from fcnref.equations.meaning.names import HIDING
from fcnref.equations.meaning.quantities import read_quantity
from fcnref.equations.meaning.reader import Cursor, FactorReader, Reader
from fcnref.equations.meaning.scripts import scripted
from fcnref.equations.meaning.sums import read_series
from fcnref.equations.syntax import (
    NotRead,
    bracket_of,
    clauses_of,
    inner_side,
    is_empty,
    scripts_of,
    spell,
)


def refuse_words(_: Reader, cursor: Cursor) -> None:
    """Refuse what is no mathematics, and dots that stand for something left out."""
    atom = cursor.atom
    if isinstance(atom, Token) and atom.type == "DOTS":
        raise NotRead("dots", "dots stand where nothing is left out between two terms")
    if isinstance(atom, Token) and atom.type in {"TEXT", "COLON", "PRIME"}:
        raise NotRead("words", f"{atom} stands in the formula")


def read_decorated(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read what a norm, a root, a box or words below it surround."""
    atom, scripts = cursor.atom, cursor.scripts
    if isinstance(atom, Token) or atom.data not in {"styled", "stacked", "root"}:
        return None
    style = spell(atom.children[0])
    if atom.data == "styled" and style not in HIDING | {r"\norm", r"\abs"}:
        return None
    cursor.take()
    value = reader.inside(atom.children[-1])
    if atom.data == "root":
        value = Apply("sqrt", (value,))
    elif style == r"\abs":
        value = Apply("abs", (value,))
    elif style == r"\norm":
        return norm(reader, value, scripts)
    elif style in HIDING:
        return value
    return scripted(reader, value, scripts)


def read_bracket(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read a bracket around a side, or an indicator [p = j]."""
    atom = cursor.atom
    if not isinstance(atom, Tree) or atom.data not in {"group", "round", "square", "curly"}:
        return None
    scripts = cursor.scripts
    cursor.take()
    truth = read_truth(reader, atom) if atom.data == "square" else None
    side = inner_side(atom)
    if is_empty(atom):
        raise NotRead("list", "a bracket is empty; write what stands in it")
    if truth is None and side is None:
        raise NotRead("list", f"the list {spell(atom)[:40]} is not read")
    value = truth if truth is not None else reader.side(side)  # type: ignore[arg-type]  # not None
    return scripted(reader, value, scripts)


def read_inner_product(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read ⟨a, b⟩."""
    atom = cursor.atom
    if not isinstance(atom, Tree) or atom.data != "angle":
        return None
    sides = [clause.sides[0] for clause in clauses_of(atom.children[0]) if not clause.relations]
    if len(sides) != 2 or sides[0] is None or sides[1] is None:
        raise NotRead("angle", "⟨ ⟩ is read around two factors of an inner product only")
    scripts = cursor.scripts
    cursor.take()
    product = Apply("inner", (reader.side(sides[0]), reader.side(sides[1])))
    return scripted(reader, product, scripts)


def read_mean(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read an expectation."""
    bracket = bracket_of(cursor.ahead(1))
    if cursor.spelled not in {r"\mathbbE", r"\mathrmE", "E"} or bracket is None:
        return None
    if not reader.notation.expectation:
        if cursor.spelled == "E":
            return None
        text = "an expectation is read where the notation says what it averages over"
        raise NotRead("expectation", text)
    side = inner_side(bracket)
    if side is None:
        raise NotRead("expectation", "what an expectation is taken of is not understood")
    cursor.take()
    scripts = scripts_of(cursor.take())
    examples = "examples" in reader.notation.expectation
    letter = reader.notation.example_letter if examples else ""
    layer = Index(reader.notation.layer_letters[0])
    return scripted(reader, Mean(reader.side(side), layer, letter), scripts)


FACTORS: tuple[FactorReader, ...] = (
    refuse_words,
    read_series,
    read_mean,
    read_nabla,
    read_partial,
    read_differential,
    read_number,
    read_call,
    read_ones,
    read_application,
    read_exponential,
    read_fraction,
    read_grid,
    read_bracket,
    read_inner_product,
    read_decorated,
    read_unit,
    read_quantity,
)
