"""What an equation may lack: a factor, a term, or the right definition of what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, TypeAlias

from fcnref.equations.expression import (
    COST,
    LAST,
    LAYERS,
    Apply,
    Called,
    Count,
    Defined,
    Derivative,
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
    edits,
    free_letters,
    is_scalar,
    rewrite,
    show,
    walk,
)
from fcnref.equations.notation import Notation
from fcnref.equations.repairs import with_other_numbers
from fcnref.equations.variants import Variant, is_legal, variants


def with_factors(side: Expression, members: Sequence[Expression]) -> Iterator[Variant]:
    """Yield a side with a factor more in one of its terms, out of what the equation is made of."""
    numbers: list[Expression] = [Quotient(Number(1.0), Count(Size("m"))), Count(Size("m"))]
    for factor in dict.fromkeys((*_entries((*members, side)), *numbers)):

        def multiplied(term: Expression, factor: Expression = factor) -> Iterator[Edited]:
            yield f"{show(factor)} times {_in_brackets(term)}", Product((factor, term))

        yield from _legal("factor", _in_each_term(side, multiplied), (*members, side))


def with_unseen_factors(
    side: Expression, members: Sequence[Expression], defined: Sequence[Defined] = ()
) -> Iterator[Variant]:
    """Yield a side with a factor more that the equation shows nowhere else.

    It may be one of the quantities that the page has defined.
    """
    everything = (*members, side)
    letters = _letters(everything)
    named = [like for part in defined for like in (part, *_elsewhere(part, letters))]
    for factor in dict.fromkeys((*_neighbors(everything), *_arrays(everything), *named)):

        def multiplied(term: Expression, factor: Expression = factor) -> Iterator[Edited]:
            if is_scalar(factor) is is_scalar(term):
                pair = (factor, term)
                for factors in (pair,) if is_scalar(term) else (pair[::-1], pair):
                    yield " times ".join(map(_in_brackets, factors)), Product(factors)

        yield from _legal("factor", _in_each_term(side, multiplied), everything)


def with_terms(side: Expression, members: Sequence[Expression]) -> Iterator[Variant]:
    """Yield a side with a term more, added or subtracted, that belongs to the equation."""
    everything = (*members, side)
    numbers = dict.fromkeys((*_entries(everything), *_neighbors(everything)))
    arrays = _arrays(everything)

    def added(part: Expression) -> Iterator[Edited]:
        for term in numbers if is_scalar(part) else arrays:
            for signed, word in ((term, "+"), (Negative(term), "\N{MINUS SIGN}")):
                yield f"{show(part)} {word} {show(term)}", Sum((part, signed))

    def at_numbers(part: Any) -> Iterator[Edited]:
        return added(part) if part is not side and _is_written(part) else iter(())

    yield from _legal("term", chain(added(side), edits(side, at_numbers)), everything)


Edited: TypeAlias = tuple[str, Any]
"""What an edit is called, and what it makes of a part or of a side."""


def _in_each_term(
    side: Expression, change: Callable[[Expression], Iterator[Edited]]
) -> Iterator[Edited]:
    """Yield a side with one change, in a term or a summand of it or to all of it."""

    def in_terms(part: Any) -> Iterator[Edited]:
        if isinstance(part, Sum):
            for n, term in enumerate(part.terms):
                for text, new in change(term):
                    yield text, Sum((*part.terms[:n], new, *part.terms[n + 1 :]))
        elif isinstance(part, Series):
            for text, new in change(part.body):
                yield text, replace(part, body=new)

    yield from change(side)
    yield from edits(side, in_terms)


def _legal(code: str, edited: Iterable[Edited], members: Sequence[Expression]) -> Iterator[Variant]:
    """Yield the edits that are legal and have no index that the equation does not know."""
    known = free_letters(tuple(members))
    for text, new in edited:
        if is_legal(new) and free_letters(new) <= known:
            yield Variant(code, text, new)


def in_definitions(
    left: Expression, right: Expression, notation: Notation
) -> Iterator[tuple[Variant, Expression, Expression]]:
    """Yield both sides with one edit in the definition of something that they are made of."""
    named = (p for side in (left, right) for p in walk(side) if isinstance(p, Called | Defined))
    for part in dict.fromkeys(replace(p, **_ANYWHERE[type(p)]) for p in named):
        letters = free_letters(part.body)
        for code, text, body in (
            *variants(part.body, letters, notation, far=True),
            *with_other_numbers(part.body),
            *with_terms(part.body, (left, right)),
        ):

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
    letters = _letters(members)
    examples = [None] if _is_of_one(parts) else letters
    near = [n for e in entries if isinstance(e, Node) for n in _beside(e, letters, examples)]
    alike = [like for entry in entries for like in _elsewhere(entry, letters)]
    rates = [Rate(e) for e in entries] if any(isinstance(p, Rate) for p in parts) else []
    given = any(isinstance(part, Derivative) and part.top == COST for part in parts)
    by = [like for entry in entries for like in (entry, *_elsewhere(entry, letters))]
    gradients = [Derivative(COST, part) for part in by if given and isinstance(part, Node)]
    return dict.fromkeys((*rates, *alike, *near, *gradients))


def _letters(members: Sequence[Expression]) -> list[Index]:
    """The index letters of an equation, free and bound."""
    parts = [part for member in members for part in walk(member)]
    known = {part.letter for part in parts if isinstance(part, Series)}
    return [Index(letter) for letter in sorted(known | free_letters(tuple(members)))]


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
