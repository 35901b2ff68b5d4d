"""What an equation may lack: a factor, a term, or the right definition of what it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from fcnref.equations.expression import (
    LAST,
    LAYERS,
    Apply,
    Called,
    Count,
    Defined,
    Expression,
    Index,
    Negative,
    Node,
    Number,
    Ones,
    Product,
    Quotient,
    Rate,
    Series,
    Size,
    Sum,
    Transpose,
    Truth,
    free_letters,
    is_scalar,
    rewrite,
    show,
    walk,
)
from fcnref.equations.notation import Notation
from fcnref.equations.variants import Variant, is_legal, variants


def with_factors(right: Expression, members: Sequence[Expression]) -> Iterator[Variant]:
    """Yield a side with a factor more in one of its terms, out of what the equation is made of."""
    numbers: list[Expression] = [Quotient(Number(1.0), Count(Size("m"))), Count(Size("m"))]
    for factor in dict.fromkeys((*_entries((*members, right)), *numbers)):
        for place in _terms(right):
            new = _exchanged(right, place, Product((factor, place)))
            if _keeps_its_letters(new, right, members):
                yield Variant("factor", f"{show(factor)} times {_in_brackets(place)}", new)


def with_unseen_factors(right: Expression, members: Sequence[Expression]) -> Iterator[Variant]:
    """Yield a side with a factor more that the equation shows nowhere else."""
    everything = (*members, right)
    for place in dict.fromkeys(_terms(right)):
        for factor in _neighbors(everything) if is_scalar(place) else _arrays(everything):
            pair = (factor, place)
            for factors in (pair,) if is_scalar(place) else (pair[::-1], pair):
                new = _exchanged(right, place, Product(factors))
                if _keeps_its_letters(new, right, members):
                    yield Variant("factor", " times ".join(map(_in_brackets, factors)), new)


def with_terms(right: Expression, members: Sequence[Expression]) -> Iterator[Variant]:
    """Yield a side with a term more, added or subtracted, that belongs to the equation."""
    everything = (*members, right)
    numbers = (*dict.fromkeys(_entries(everything)), *_neighbors(everything))
    for place in dict.fromkeys((right, *filter(_is_written, walk(right)))):
        for term in numbers if is_scalar(place) else _arrays(everything):
            for signed, word in ((term, "+"), (Negative(term), "\N{MINUS SIGN}")):
                new = _exchanged(right, place, Sum((place, signed)))
                if _keeps_its_letters(new, right, members):
                    yield Variant("term", f"{show(place)} {word} {show(term)}", new)


def in_definitions(
    left: Expression, right: Expression, notation: Notation
) -> Iterator[tuple[Variant, Expression, Expression]]:
    """Yield both sides with one edit in the definition of something that they are made of."""
    named = (p for side in (left, right) for p in walk(side) if isinstance(p, Called | Defined))
    for part in dict.fromkeys(replace(p, **_ANYWHERE[type(p)]) for p in named):
        for code, text, body in variants(part.body, free_letters(part.body), notation, far=True):

            def redefined(node: Any, old: Any = part, body: Expression = body) -> Any:
                used = type(node) is type(old) and node.name == old.name and node.body == old.body
                return replace(node, body=body) if used else node

            told = Variant(code, f"{text} in the definition of {part.name}", body)
            yield told, rewrite(left, redefined), rewrite(right, redefined)


_ANYWHERE: dict[type, dict[str, Any]] = {
    Called: {"argument": Number(0.0), "primes": 0},
    Defined: {"places": ()},
}
"""What differs where a name is used, and not in what it means."""


def _entries(members: Sequence[Expression]) -> list[Expression]:
    """The numbers that an equation is made of, with the slopes of its units."""
    parts = [part for member in members for part in walk(member)]
    entries: list[Expression] = [
        part
        for part in parts
        if isinstance(part, Node | Truth | Defined) and is_scalar(part) and not _is_cost(part)
    ]
    units = [part for part in entries if isinstance(part, Node) and part.family == "Z"]
    return [*entries, *(Apply("activation", (unit,), 1, unit.layer) for unit in units)]


def _neighbors(members: Sequence[Expression]) -> dict[Expression, None]:
    """What belongs to the entries of an equation: their like at other indices, weights, rates."""
    parts = [part for member in members for part in walk(member)]
    entries = [e for e in _entries(members) if isinstance(e, Node | Defined)]
    known = {part.letter for part in parts if isinstance(part, Series)}
    known |= free_letters(tuple(members))
    letters = [Index(letter) for letter in sorted(known)]
    examples = [None] if _is_of_one(parts) else letters
    near = [n for e in entries if isinstance(e, Node) for n in _beside(e, letters, examples)]
    alike = [like for entry in entries for like in _elsewhere(entry, letters)]
    rates = [Rate(e) for e in entries] if any(isinstance(p, Rate) for p in parts) else []
    return dict.fromkeys((*rates, *near, *alike))


def _beside(
    entry: Node, letters: Sequence[Index], examples: Sequence[Index | None]
) -> Iterator[Node]:
    """Yield z and a of a unit, its target, its bias, and what its weights meet."""
    layer, row, column = entry.layer, entry.row, entry.column
    if entry.family == "Y":
        yield replace(entry, family="A", layer=LAST, shown="a")
    if entry.family in {"Z", "A"}:
        other = "A" if entry.family == "Z" else "Z"
        yield replace(entry, family=other, shown=other.lower())
        yield replace(entry, family="Y", layer=None, shown="y")
    if isinstance(layer, Index) and entry.family in {"Z", "A"}:
        yield Node("b", layer, row, None, "b")
        for letter in letters:
            yield Node("W", layer, row, letter, "w")
            yield Node("W", _next(layer), letter, row, "w")
    if isinstance(layer, Index) and entry.family == "W":
        for example in examples:
            yield Node("A", _next(layer, -1), column, example, "a", single=example is None)


def _elsewhere(entry: Node | Defined, letters: Sequence[Index]) -> Iterator[Expression]:
    """Yield an entry at other indices."""
    for letter in letters:
        if isinstance(entry, Defined):
            for n, place in enumerate(entry.places):
                if isinstance(place, Index) and place.letter and entry.letters[n] not in LAYERS:
                    new = (*entry.places[:n], letter, *entry.places[n + 1 :])
                    yield replace(entry, places=new)
        elif isinstance(entry.row, Index) and entry.row.letter:
            yield replace(entry, row=letter)


def _arrays(members: Sequence[Expression]) -> dict[Expression, None]:
    """The arrays of an equation, their rates, and the input, weights and bias of their layers."""
    parts = [part for member in members for part in walk(member)]
    arrays = [part for part in parts if isinstance(part, Node) and not is_scalar(part)]
    rates = [Rate(a) for a in arrays] if any(isinstance(part, Rate) for part in parts) else []
    row_of_ones, single = Transpose(Ones(Size("m"))), _is_of_one(parts)
    near: list[Expression] = [Ones(Size("m"))]
    for array in arrays:
        if isinstance(layer := array.layer, Index):
            bias = Node("b", layer, None, None, "b")
            shown = "A" if array.column is None and not single else "a"
            near.append(Node("A", _next(layer, -1), None, array.column, shown, single=single))
            near += [Node("W", beside, None, None, "W") for beside in (layer, _next(layer))]
            near += [bias, Product((bias, row_of_ones))]
    found = dict.fromkeys((*arrays, *rates, *near))
    return found | dict.fromkeys(Transpose(array) for array in found)


def _in_brackets(part: Expression) -> str:
    return f"({show(part)})" if isinstance(part, Sum) else show(part)


def _is_of_one(parts: Sequence[Expression]) -> bool:
    """Tell whether an equation is about a single example, whose index nothing shows."""
    return any(isinstance(part, Node) and part.single for part in parts)


def _next(layer: Index, shift: int = 1) -> Index:
    return replace(layer, shift=layer.shift + shift)


def _is_cost(part: Expression) -> bool:
    return isinstance(part, Node) and part.family == "J"


def _is_written(part: Any) -> bool:
    """Tell whether a part is a number that a term can stand beside."""
    return isinstance(
        part, Sum | Series | Negative | Product | Node | Apply | Defined
    ) and is_scalar(part)


def _terms(side: Expression) -> Iterator[Expression]:
    """Yield what a factor can be missing from: terms, summands, and the whole."""
    yield side
    for part in walk(side):
        if isinstance(part, Sum):
            yield from part.terms
        elif isinstance(part, Series):
            yield part.body


def _exchanged(side: Expression, part: Any, new: Any) -> Any:
    """Return a side with one of its parts replaced."""
    return rewrite(side, lambda node: new if node == part else node)


def _keeps_its_letters(new: Expression, right: Expression, members: Sequence[Expression]) -> bool:
    """Tell whether a side is legal and has no index that the equation does not know."""
    known = free_letters(tuple(members)) | free_letters(right)
    return is_legal(new) and free_letters(new) <= known
