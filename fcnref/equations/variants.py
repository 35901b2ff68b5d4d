"""The variants of an equation by one edit: what it could have said instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from fcnref.equations.expression import (
    FRAME,
    LAYERS,
    Apply,
    Count,
    Defined,
    Derivative,
    Done,
    Dotted,
    Entry,
    Expression,
    Free,
    Hadamard,
    Index,
    Negative,
    Node,
    Number,
    Ones,
    Place,
    Pool,
    Product,
    Quotient,
    Series,
    Size,
    Sum,
    Transpose,
    bound_letters,
    edits,
    is_scalar,
    ranges,
    rewrite,
    show,
    substitute,
    walk,
)
from fcnref.equations.notation import Notation


class Variant(NamedTuple):
    """An expression changed in one place."""

    code: str
    text: str
    expression: Expression


def variants(
    side: Expression, letters: frozenset[str], notation: Notation, *, far: bool = False
) -> Iterator[Variant]:
    """Yield every variant of a side by one plain edit, those that mean the same left out.

    The edits: an index, a layer, Z for A, a transpose, the order of factors, · for ⊙, a bound of a
    sum, a sign, a factor m or 1/m, the layout of a Jacobian. With `far`, a layer moves by two.
    """
    canonical = Canonical()
    seen = {id(canonical(side))}
    inside = letters | {x for part in walk(side) for x in bound_letters(part)}
    places = sorted(x for x in inside if x not in notation.layer_letters and x.isalpha())
    whole: list[tuple[str, str, Expression]] = [
        ("sign", "the other sign", Negative(side)),
        ("scale", "a factor 1/m", Quotient(side, Count(Size("m")))),
        ("scale", "a factor m", Product((Count(Size("m")), side))),
    ]
    if notation.examples == "one":
        whole = whole[:1]
    for code, text, new in whole:
        seen.add(id(canonical(new)))
        yield Variant(code, text, new)

    def edit(node: Any) -> Iterator[tuple[str, Any]]:
        yield from _edit(node, tuple(places), notation)
        if far:
            yield from _edit_far(node, tuple(places), notation)

    for described, changed in edits(side, edit):
        key = id(canonical(changed))
        if key not in seen and is_legal(changed):
            seen.add(key)
            code, _, text = described.partition("|")
            yield Variant(code, text, changed)


def _edit_far(node: Any, letters: Sequence[str], notation: Notation) -> Iterator[tuple[str, Any]]:
    """Yield what is no likely slip, or as good as another edit, but may be what was meant."""
    new: Any
    if isinstance(node, Node) and node.layer is not None:
        yield from _edit_layer(node, (-2, 2))
    if isinstance(node, Node) and node.family == "losses" and isinstance(node.column, Index):
        for letter in letters:
            new = replace(node, column=Index(letter))
            yield f"index|{show(new)} for {show(node)}", new
    if isinstance(node, Count) and isinstance(node.size, Size) and node.size.kind == "n":
        for layer in _other_layers(node.size.layer, (-1, 1)):
            new = Count(replace(node.size, layer=layer))
            yield f"layer|{show(new)} for {show(node)}", new
    if isinstance(node, Ones):
        yield f"transpose|{show(node)}ᵀ for {show(node)}", Transpose(node)
    if isinstance(node, Derivative) and not is_scalar(node):
        yield f"layout|{show(node)}ᵀ for {show(node)}", Transpose(node)
    if isinstance(node, Apply) and node.function == "activation" and not node.primes:
        new = replace(node, primes=1)
        yield f"prime|{show(new)} for {show(node)}", new
        for layer in _other_layers(node.layer, (-1, 1)):
            new = replace(node, layer=layer)
            yield f"layer|{show(new)} for {show(node)}", new
    if notation.layers == "index":
        for letter in letters:
            moved = _with_letter(node, letter, notation)
            if moved is not None and moved != node:
                yield f"index|{show(moved)} for {show(node)}", moved


def _with_letter(node: Any, letter: str, notation: Notation) -> Any:
    """Put another index at a symbol, where the index tells the layer, too."""
    size = notation.range_of(letter)
    if not isinstance(size, Size) or size.layer is None:
        return None
    if isinstance(node, Apply) and node.function == "activation" and len(node.arguments) == 1:
        argument = _with_letter(node.arguments[0], letter, notation)
        return None if argument is None else replace(node, arguments=(argument,), layer=size.layer)
    if not isinstance(node, Node) or not is_scalar(node) or node.layer is None:
        return None
    if node.family == "W":
        return replace(node, row=node.column, column=node.row, layer=size.layer)
    return replace(node, row=Index(letter), layer=size.layer)


def is_legal(side: Expression) -> bool:
    """Tell whether all derivatives are by something that one can differentiate by."""
    derivatives = [part for part in walk(side) if isinstance(part, Derivative)]
    return not any(
        isinstance(derivative.top, Transpose)
        or not isinstance(derivative.bottom, Node | Free | Defined | Entry)
        for derivative in derivatives
    )


def _edit(node: Any, letters: Sequence[str], notation: Notation) -> Iterator[tuple[str, Any]]:
    new: Any
    match node:
        case Node():
            yield from _edit_node(node, letters)
        case Transpose(of):
            yield f"transpose|{show(of)} for {show(node)}", of
        case Product(factors):
            for n in range(len(factors) - 1):
                pair = (factors[n + 1], factors[n])
                new = replace(node, factors=(*factors[:n], *pair, *factors[n + 2 :]))
                text = f"{show(Product(pair))} for {show(Product(pair[::-1]))}"
                yield f"order|{text}", new
            if len(factors) == 2 and not any(map(is_scalar, factors)):
                yield f"product|⊙ in {show(node)}", Hadamard(factors)
        case Hadamard(factors):
            if len(factors) == 2 and not any(map(is_scalar, factors)):
                yield f"product|the matrix product in {show(node)}", Product(factors)
        case Series():
            yield from _edit_series(node)
        case Defined():
            yield from _edit_defined(node, letters)
        case Dotted():
            exchanged: dict[str, Place] = {
                node.row: Index(node.column),
                node.column: Index(node.row),
            }
            new = replace(node, cell=substitute(node.cell, exchanged))
            yield "index|rows and columns exchanged", new
        case Entry(_, Index() as row, Index() as column) if row.letter and column.letter:
            yield "index|the two indices exchanged", replace(node, row=column, column=row)
            for letter in letters:
                yield f"index|{letter} for {show(row)}", replace(node, row=Index(letter))
                yield f"index|{letter} for {show(column)}", replace(node, column=Index(letter))
        case Sum(terms):
            for n, term in enumerate(terms):
                flipped = term.of if isinstance(term, Negative) else Negative(term)
                new = Sum((*terms[:n], flipped, *terms[n + 1 :]))
                yield f"sign|the other sign of {show(term)}", new
        case Derivative(Node() as top, Node() as bottom) if is_scalar(top) and is_scalar(bottom):
            if isinstance(top.row, Index) and isinstance(bottom.row, Index) and top.row.letter:
                new = Derivative(replace(top, row=bottom.row), replace(bottom, row=top.row))
                yield f"index|{show(new)} for {show(node)}", new
        case Derivative(top, bottom):
            jacobian = not (is_scalar(top) or is_scalar(bottom))
            if jacobian and notation.activation == "generic":
                new = replace(node, other_layout=not node.other_layout)
                yield "layout|the other Jacobian layout", new
        case Ones(Size("n", Index() as layer) as size):
            for shift in (-1, 1):
                new = Ones(replace(size, layer=replace(layer, shift=layer.shift + shift)))
                yield f"layer|{show(new)} for {show(node)}", new
        case Free(_, places) if None in places:
            yield f"transpose|{show(node)}ᵀ for {show(node)}", Transpose(node)
        case Number(float() as value) if value not in {0, 1}:
            yield f"factor|{value + 1:g} for {value:g}", Number(value + 1)
        case Apply("activation", _, primes, Index() as layer) if primes:
            for shift in (-1, 1):
                new = _with_layer(node, layer, replace(layer, shift=layer.shift + shift))
                yield f"layer|{show(new)} for {show(node)}", new
            yield f"prime|g for g′ in {show(node)}", replace(node, primes=primes - 1)


def _with_layer(node: Apply, layer: Index, new: Index) -> Any:
    """Put another layer into a function and its argument alike."""
    return rewrite(node, lambda part: new if part == layer else part)


def _edit_defined(node: Defined, letters: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for n, (letter, place) in enumerate(zip(node.letters, node.places, strict=True)):
        if not isinstance(place, Index) or not place.letter:
            continue
        if letter in LAYERS:
            code = "layer"
            others = [replace(place, shift=place.shift + shift) for shift in (-1, 1)]
        else:
            code = "index"
            others = [Index(x, place.shift) for x in letters if x != place.letter]
        for other in others:
            new = replace(node, places=(*node.places[:n], other, *node.places[n + 1 :]))
            yield f"{code}|{show(new)} for {show(node)}", new
    match node.places:
        case [*layer, Index() as row, Index() as column] if row.letter and column.letter:
            new = replace(node, places=(*layer, column, row))
            yield f"index|{show(new)} for {show(node)}", new


def _edit_series(node: Series) -> Iterator[tuple[str, Series]]:
    for shift in (1, -1):
        lower = replace(node.lower, shift=node.lower.shift + shift)
        yield f"bound|Σ from {show(lower)}", replace(node, lower=lower)
        if node.upper is not None:
            upper = replace(node.upper, shift=node.upper.shift + shift)
            yield f"bound|Σ to {show(upper)}", replace(node, upper=upper)
    slot = next(ranges(node.body, node.letter), node.upper)
    if node.upper is not None and slot is not None and slot != node.upper:
        yield f"bound|Σ to {show(slot)}", replace(node, upper=slot)


OTHER_CASE = {"Z": "A", "z": "a", "A": "Z", "a": "z"}
"""What is easily confused with a pre-activation or an activation."""


def _edit_node(node: Node, letters: Sequence[str]) -> Iterator[tuple[str, Any]]:
    if node.family in {"J", "losses"}:
        return

    def told(code: str, new: Node) -> tuple[str, Node]:
        return f"{code}|{show(new)} for {show(node)}", new

    if node.layer is not None:
        yield from _edit_layer(node, (-1, 1))
    if node.family in {"Z", "A"} and node.layer != Index("", 0):
        family = OTHER_CASE[node.family]
        shown = OTHER_CASE.get(node.shown, node.shown)
        if shown == node.shown:
            shown = family if node.row is None else family.lower()
        yield told("quantity", replace(node, family=family, shown=shown))
    row, column = node.row, node.column
    for letter in letters:
        if isinstance(row, Index) and row.letter not in {"", letter}:
            yield told("index", replace(node, row=Index(letter, row.shift)))
        if isinstance(column, Index) and column.letter not in {"", letter} and not node.single:
            yield told("index", replace(node, column=Index(letter, column.shift)))
    if (node.row, node.column) != (None, None) and not node.single and FRAME[node.family][1] != "1":
        yield told("index", replace(node, row=node.column, column=node.row))
    if not is_scalar(node):
        yield f"transpose|{show(node)}ᵀ for {show(node)}", Transpose(node)


def _edit_layer(node: Node, shifts: Sequence[int]) -> Iterator[tuple[str, Node]]:
    for other in _other_layers(node.layer, shifts):
        new = replace(node, layer=other)
        yield f"layer|{show(new)} for {show(node)}", new


def _other_layers(layer: Place | None, shifts: Sequence[int]) -> Iterator[Place]:
    """Yield the layers beside one; beside the last one, l as well, and none above."""
    if isinstance(layer, Index):
        for shift in shifts:
            yield replace(layer, shift=layer.shift + shift)
    elif isinstance(layer, Size):
        yield Index("l", layer.shift)
        for shift in shifts:
            if layer.shift + shift <= 0:
                yield replace(layer, shift=layer.shift + shift)


class Canonical:
    """Normal forms: numbers commute, a transposed number is the number, names do not matter.

    Equal forms are the same object.
    """

    def __init__(self) -> None:
        self._pool, self._done = Pool(), Done()

    def __call__(self, node: Expression) -> Expression:
        """Return the normal form of a tree."""
        return rewrite(node, lambda part: self._pool.keep(self._form(part)), self._done)  # type: ignore[no-any-return]  # a tree becomes a tree

    def _form(self, part: Any) -> Any:
        match part:
            case Node():
                return replace(part, shown=part.family)
            case Transpose(of) if is_scalar(of):
                return of
            case Transpose(Transpose(of)) | Negative(Negative(of)):
                return of
            case Product(factors):
                return self._product(factors)
            case Hadamard(factors):
                if all(map(is_scalar, factors)):
                    return Product(self._sorted(factors))
                return Hadamard(self._sorted(factors))
            case Sum(terms):
                return Sum(self._sorted(terms))
        return part

    def _product(self, factors: Sequence[Expression]) -> Expression:
        flat = [f for factor in factors for f in _factors(factor)]
        numbers = [factor for factor in flat if is_scalar(factor)]
        rest = [factor for factor in flat if not is_scalar(factor)]
        return Product((*self._sorted(numbers), *rest)) if len(flat) > 1 else flat[0]

    def _sorted(self, parts: Sequence[Expression]) -> tuple[Expression, ...]:
        return tuple(sorted(parts, key=self._pool.number))


def _factors(node: Expression) -> Sequence[Expression]:
    return node.factors if isinstance(node, Product) else (node,)
