"""Sums and products over an index, with their bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from lark import Token, Tree

from fcnref.equations.expression import (
    ONE,
    Expression,
    Index,
    Ones,
    Place,
    Product,
    Series,
    Size,
    Transpose,
    Truth,
    free_letters,
    ranges,
    walk,
)
from fcnref.equations.meaning.reader import Cursor, Reader
from fcnref.equations.meaning.scripts import place_of_side, read_index, read_place
from fcnref.equations.syntax import (
    INEQUALITIES,
    Clause,
    Item,
    NotRead,
    atom_of,
    clauses_of,
    inner_side,
    items_of,
    side_of,
    spell,
)


class _Bound(NamedTuple):
    """What is printed below Σ about one index."""

    letter: str
    lower: Place | None = None
    unless: Truth | None = None


def read_series(reader: Reader, cursor: Cursor) -> Expression | None:
    """Read a sum over an index; it reaches to the end of its term."""
    sign = cursor.spelled
    if sign not in {r"\sum", r"\prod", "∑"}:
        return None
    scripts = {script.data: script.children[0] for script in reversed(cursor.scripts)}
    cursor.take()
    rest = cursor.rest()
    if not rest:
        raise NotRead("summand", "Σ stands without a summand; write behind it what is added up")
    body = reader.product(rest)
    if "subscript" not in scripts:
        raise NotRead("bounds", "Σ stands without an index")
    upper = _upper(reader, scripts.get("superscript"))
    clauses = _clauses_below(scripts["subscript"])
    if clauses and spell(clauses[0].sides[0]) == "axis":
        return _over_axis(reader, body, spell(clauses[0].sides[-1]))
    kind = "product" if "prod" in sign else "sum"
    for bound in reversed(_bounds(reader, clauses)):
        body = _bounded(reader, bound, upper, body, kind)
    return body


def _upper(reader: Reader, item: Item | None) -> Place | None:
    if item is None:
        return None
    inner = inner_side(atom_of(item))
    try:
        return read_place(reader, [item]) if inner is None else place_of_side(reader, inner)
    except NotRead:
        if not reader.identity:
            raise
        return None


def _clauses_below(item: Item) -> list[Clause]:
    group = atom_of(item)
    if isinstance(group, Token):
        return [Clause((side_of([item]),), ())]
    return clauses_of(group.children[0])


def _bounds(reader: Reader, clauses: Sequence[Clause]) -> list[_Bound]:
    """Read i, i = 1, i ≠ j, or several of them."""
    bounds: list[_Bound] = []
    unless: Truth | None = None
    for left, *right in (clause.sides for clause in clauses):
        if left is None or None in right or len(right) > 1:
            raise NotRead("bounds", "the bounds of Σ are not understood")
        if not right:
            bounds.extend(_Bound(_letter(reader, [item])) for item in items_of(left))
    for clause in clauses:
        if not clause.relations:
            continue
        left, right_side = clause.sides
        assert left is not None
        assert right_side is not None
        letter, place = _letter(reader, items_of(left)), place_of_side(reader, right_side)
        if INEQUALITIES.get(clause.relations[0]) == "≠":
            unless = Truth(Index(letter), "≠", place)
            if letter not in {bound.letter for bound in bounds}:
                bounds.append(_Bound(letter))
        elif clause.relations[0] == "=":
            bounds.append(_Bound(letter, place))
        else:
            raise NotRead("bounds", "the bounds of Σ are not understood")
    if unless is not None:
        bounds[-1] = bounds[-1]._replace(unless=unless)
    return bounds


def _letter(reader: Reader, items: Sequence[Item]) -> str:
    """Read a summation index."""
    spelled = "".join(map(spell, items))
    place = read_index(reader, items[0]) if len(items) == 1 and isinstance(items[0], Tree) else None
    if not isinstance(place, Index) or not place.letter or place.shift:
        raise NotRead("bounds", f"{spelled} is no summation index")
    return place.letter


def _over_axis(reader: Reader, body: Expression, number: str) -> Expression:
    """Read Σ_{axis=1}, which is a line of NumPy and no mathematics."""
    reader.reproach("axis", f"Σ_{{axis={number}}} names no index; write the sum over the examples")
    if number not in {"0", "1"}:
        raise NotRead("bounds", f"axis={number} is no axis of a matrix")
    if number == "1":
        return Product((body, Ones(None)))
    return Product((Transpose(Ones(None)), body))


def _bounded(
    reader: Reader, bound: _Bound, upper: Place | None, body: Expression, kind: str
) -> Expression:
    """Build a sum, with its bounds put right where the page counts from 1."""
    letter, lower, unless = bound
    slot = next(ranges(body, letter), None)
    declared = reader.notation.range_of(letter)
    used = letter in free_letters(body)
    if not used:
        text = f"the summation index {letter} does not occur in the summand"
        reader.reproach("unused", text, note=upper is not None)
    first = lower or Index("", reader.notation.base)
    if lower == Index("", 0) and reader.notation.base == 1 and (slot or declared):
        reader.reproach("lower", f"Σ over {letter} begins at 0, but indices begin at 1")
        first = ONE
        if isinstance(upper, Size) and upper.shift == -1:
            upper = replace(upper, shift=0)
    if upper is None:
        reader.reproach("bounds", f"Σ over {letter} shows no upper bound", note=True)
        if slot is not None:
            return Series(letter, first, None, body, kind, unless)
        size = declared if used else declared or _some_range(body)
        if size is None:
            raise NotRead("bounds", f"Σ over {letter} has no bounds, and no range is declared")
        upper = replace(size, shift=size.shift + reader.notation.base - 1)
    elif slot is not None and _is_large(upper) and not reader.notation.fixes_sizes:
        raise NotRead("size", f"Σ runs to {upper.shift}: declare the widths of the network")
    return Series(letter, first, upper, body, kind, unless)


def _is_large(place: Place) -> bool:
    return isinstance(place, Index) and not place.letter and place.shift > 1


def _some_range(body: Expression) -> Place | None:
    """Return the range of some letter in a summand that lacks its own."""
    letters = [part.letter for part in walk(body) if isinstance(part, Index)]
    return next((size for letter in letters for size in ranges(body, letter)), None)
