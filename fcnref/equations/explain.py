"""Why an equation fails, and whether one that holds could have failed: its single-edit variants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from fcnref.equations.comparison import Failure, Outcome, compare, probes_of
from fcnref.equations.expression import (
    FRAME,
    LAST,
    ONE,
    Apply,
    Count,
    Derivative,
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
    Power,
    Product,
    Quotient,
    Rate,
    Series,
    Size,
    Space,
    Sum,
    Transpose,
    Truth,
    Unit,
    bound_letters,
    edits,
    free_letters,
    ranges,
    rewrite,
    show,
    substitute,
    walk,
)
from fcnref.equations.networks import LOSSES, Probe
from fcnref.equations.notation import Notation
from fcnref.equations.value import Fault, NoMeaning


class Variant(NamedTuple):
    """An expression changed in one place."""

    code: str
    text: str
    expression: Expression


def variants(side: Expression, letters: frozenset[str], notation: Notation) -> Iterator[Variant]:
    """Yield every variant of a side by one plain edit, those that mean the same left out.

    The edits: an index, a layer, Z for A, a transpose, the order of factors, · for ⊙, a bound of a
    sum, a sign, a factor m or 1/m, the layout of a Jacobian.
    """
    own = canonical(side)
    seen = {own}
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
        if canonical(new) not in seen:
            seen.add(canonical(new))
            yield Variant(code, text, new)

    def edit(node: Any) -> Iterator[tuple[str, Any]]:
        yield from _edit(node, tuple(places), notation)

    for described, changed in edits(side, edit):
        key = canonical(changed)
        if key not in seen and _legal(changed):
            seen.add(key)
            code, _, text = described.partition("|")
            yield Variant(code, text, changed)


def _legal(side: Expression) -> bool:
    derivatives = (part for part in walk(side) if isinstance(part, Derivative))
    parts: list[object] = [inner for part in derivatives for inner in (part.top, part.bottom)]
    return not any(isinstance(part, Transpose) for part in parts)


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
        case Apply("activation", _, primes, Index() as layer) if primes:
            for shift in (-1, 1):
                new = substitute(node, {layer.letter: Index(layer.letter, shift)})
                yield f"layer|{show(new)} for {show(node)}", new
            yield f"prime|g for g′ in {show(node)}", replace(node, primes=primes - 1)


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


_CASE = {"Z": "A", "z": "a", "A": "Z", "a": "z"}


def _edit_node(node: Node, letters: Sequence[str]) -> Iterator[tuple[str, Any]]:
    if node.family not in {"W", "b", "Z", "A"}:
        return

    def told(code: str, new: Node) -> tuple[str, Node]:
        return f"{code}|{show(new)} for {show(node)}", new

    layer = node.layer
    if isinstance(layer, Index) and layer.letter:
        for shift in (-1, 1):
            yield told("layer", replace(node, layer=replace(layer, shift=layer.shift + shift)))
    elif isinstance(layer, Size):
        yield told("layer", replace(node, layer=Index("l", layer.shift)))
        for shift in (-1, 1):
            if layer.shift + shift <= 0:
                yield told("layer", replace(node, layer=replace(layer, shift=layer.shift + shift)))
    if node.family in {"Z", "A"} and node.layer != Index("", 0):
        family = _CASE[node.family]
        shown = _CASE.get(node.shown, node.shown)
        if shown == node.shown:
            shown = family if node.row is None else family.lower()
        yield told("quantity", replace(node, family=family, shown=shown))
    row, column = node.row, node.column
    for letter in letters:
        if isinstance(row, Index) and row.letter not in {"", letter}:
            yield told("index", replace(node, row=Index(letter, row.shift)))
        if isinstance(column, Index) and column.letter not in {"", letter} and not node.single:
            yield told("index", replace(node, column=Index(letter, column.shift)))
    if node.row is not None and node.column is not None and not node.single:
        yield told("index", replace(node, row=node.column, column=node.row))
    if not is_scalar(node):
        yield f"transpose|{show(node)}ᵀ for {show(node)}", Transpose(node)


def is_scalar(node: Any) -> bool:
    """Tell whether an expression is a number whatever the network."""
    match node:
        case Number() | Count() | Truth():
            return True
        case Node():
            fixed = node.column is not None or node.single or FRAME[node.family][1] == "1"
            return node.family == "J" or (node.row is not None and fixed)
        case Free():
            return None not in node.places
        case Rate():
            return is_scalar(node.of)
        case Derivative():
            return is_scalar(node.top) and is_scalar(node.bottom)
        case Entry():
            return node.row is not None and node.column is not None
        case Sum():
            return all(map(is_scalar, node.terms))
        case Product() | Hadamard():
            return all(map(is_scalar, node.factors))
        case Quotient():
            return is_scalar(node.top) and is_scalar(node.bottom)
        case Negative() | Transpose():
            return is_scalar(node.of)
        case Series():
            return is_scalar(node.body)
        case Power():
            return is_scalar(node.base)
        case Apply():
            return node.function in {"norm", "trace"} or all(map(is_scalar, node.arguments))
    return False


def canonical(node: Expression) -> Expression:
    """Return a normal form: numbers commute, and a transposed number is the number."""

    def change(part: Any) -> Any:
        match part:
            case Node() if part.family not in {"J", "losses"}:
                return replace(part, shown=part.family)
            case Node():
                return replace(part, shown=part.family)
            case Transpose(of) if is_scalar(of):
                return of
            case Transpose(Transpose(of)):
                return of
            case Negative(Negative(of)):
                return of
            case Product(factors):
                flat = [
                    inner
                    for factor in factors
                    for inner in (factor.factors if isinstance(factor, Product) else (factor,))
                ]
                numbers = sorted((f for f in flat if is_scalar(f)), key=repr)
                rest = [f for f in flat if not is_scalar(f)]
                return Product((*numbers, *rest)) if len(flat) > 1 else flat[0]
            case Hadamard(factors):
                if all(map(is_scalar, factors)):
                    return Product(tuple(sorted(factors, key=repr)))
                return Hadamard(tuple(sorted(factors, key=repr)))
            case Sum(terms):
                return Sum(tuple(sorted(terms, key=repr)))
        return part

    return rewrite(node, change)  # type: ignore[no-any-return]  # change keeps the kind of a node


class Strength(NamedTuple):
    """How many variants of an equation were tried, how many rejected, and which say the same.

    A variant that the probes accept is tried on further networks of other sizes. Where it holds
    there as well it is an equation of its own right, equal term by term, and no blind spot.
    """

    rejected: int
    tried: int
    survivors: tuple[str, ...] = ()
    equivalent: tuple[str, ...] = ()

    def with_others(self, other: Strength) -> Strength:
        """Return the counts of two sides together."""
        return Strength(
            self.rejected + other.rejected,
            self.tried + other.tried,
            self.survivors + other.survivors,
            self.equivalent + other.equivalent,
        )


_FURTHER = (((6, 5, 7, 3, 4), 3), ((2, 3, 5, 4), 6), ((7, 3, 3, 5, 2), 5))


def strength(
    left: Expression,
    right: Expression,
    notation: Notation,
    conditions: Sequence[Truth],
    deadline: float,
) -> Strength:
    """Try the variants of a true equation: the guard against passing for nothing."""
    letters = free_letters(left) | free_letters(right)
    swapped = isinstance(right, Number | Unit)
    edited = left if swapped else right
    rejected = tried = 0
    survivors: list[str] = []
    equivalent: list[str] = []
    for variant in variants(edited, letters, notation):
        if process_time() > deadline:
            break
        pair = (variant.expression, right) if swapped else (left, variant.expression)
        if swapped and (
            variant.code in {"sign", "scale"}
            or free_letters(variant.expression) - free_letters(left)
        ):
            continue
        if (outcome := _tried(*pair, notation, conditions, deadline)) is None:
            continue
        if outcome.failure is not None:
            rejected, tried = rejected + 1, tried + 1
            continue
        further = _tried(*pair, notation, conditions, deadline, _further(notation))
        if further is None:
            continue
        if further.failure is None:
            equivalent.append(variant.text)
        else:
            survivors.append(variant.text)
            tried += 1
    return Strength(rejected, tried, tuple(survivors), tuple(equivalent))


def _further(notation: Notation) -> tuple[Probe, ...]:
    """Return networks that none of the usual probes resembles."""
    kinds = (notation.activation, notation.output, notation.cost, notation.dropout)
    single = notation.examples == "one"
    if notation.widths or notation.depth:
        first = probes_of(notation)[0]
        return (first._replace(widths=tuple(n + 2 for n in first.widths)),)
    return tuple(Probe(widths, 1 if single else m, *kinds) for widths, m in _FURTHER)


def _tried(
    left: Expression,
    right: Expression,
    notation: Notation,
    conditions: Sequence[Truth],
    deadline: float,
    networks: Sequence[Probe] | None = None,
) -> Outcome | None:
    try:
        return compare(
            left,
            right,
            notation,
            conditions=conditions,
            deadline=deadline,
            networks=networks,
            thorough=False,
        )
    except NoMeaning:
        return None
    except Fault as fault:
        if fault.code == "time":
            return None
        return Outcome(failure=Failure(fault.code, fault.text))


class Explanation(NamedTuple):
    """What makes a wrong equation true: special cases, and the likely repair."""

    codes: tuple[str, ...]
    causes: tuple[str, ...]
    repair: str


def explain(
    left: Expression,
    right: Expression,
    outcome: Outcome,
    notation: Notation,
    conditions: Sequence[Truth],
    deadline: float,
) -> Explanation:
    """Try other worlds, other conventions and single edits on an equation that fails."""
    codes: list[str] = []
    causes: list[str] = []

    def works(a: Expression, b: Expression, tried: Notation, extra: Sequence[Truth] = ()) -> bool:
        if process_time() > deadline:
            return False
        found = _tried(a, b, tried, (*conditions, *extra), deadline)
        return found is not None and found.failure is None and found.places > 0 and found.alive

    for code, text, tried, extra in _worlds(notation, left, right):
        if (code not in _ALONE or not codes) and works(left, right, tried, extra):
            codes.append(code)
            causes.append(text)
    scale = _scale(outcome)
    if scale:
        codes.append("scale")
        causes.append(f"right side = {scale} × left side")
    for variant in (
        *_larger_edits(left, right, notation),
        *_ordered(variants(right, free_letters(left) | free_letters(right), notation)),
    ):
        if variant.code in {"scale", "sign"} and scale:
            continue
        if works(left, variant.expression, notation):
            return Explanation((*codes, variant.code), tuple(causes), f"true with {variant.text}")
    for variant in _ordered(variants(left, free_letters(left) | free_letters(right), notation)):
        if variant.code in {"scale", "sign"}:
            continue
        if works(variant.expression, right, notation):
            text = f"true with, on the left, {variant.text}"
            return Explanation((*codes, variant.code), tuple(causes), text)
    if scale:
        return Explanation(
            tuple(codes), tuple(causes), f"true with the right side divided by {scale}"
        )
    return Explanation(tuple(codes), tuple(causes), "")


_ALONE = {"elementwise", "activation", "cost"}
"""Special cases that are mentioned only where no other one explains the failure."""

_EFFORT = ("layer", "index", "transpose", "order", "product", "layout", "quantity", "prime",
           "bound", "sign", "scale")  # fmt: skip


def _ordered(found: Iterator[Variant]) -> list[Variant]:
    return sorted(found, key=lambda variant: _EFFORT.index(variant.code))


def _worlds(
    notation: Notation, left: Expression, right: Expression
) -> Iterator[tuple[str, str, Notation, Sequence[Truth]]]:
    other = "denominator" if notation.jacobian == "numerator" else "numerator"
    parts = [*walk(left), *walk(right)]
    if any(isinstance(part, Derivative) for part in parts):
        yield "layout", "true in the other Jacobian layout", replace(notation, jacobian=other), ()
    for letter in sorted(set(notation.layer_letters) & (free_letters(left) | free_letters(right))):
        last = Truth(Index(letter), "=", LAST)
        yield "last-layer", f"true only at {letter} = L", notation, (last,)
    if notation.examples != "one" and notation.examples_count != 1:
        single = replace(notation, examples_count=1)
        yield "one-example", "true only for m = 1", single, ()
    if notation.activation == "generic":
        elementwise = replace(notation, activation="elementwise")
        yield "elementwise", "true only for elementwise g", elementwise, ()
        for name in ("sigmoid", "tanh", "relu", "softmax", "identity"):
            yield "activation", f"true only for g = {name}", replace(notation, activation=name), ()
    elif notation.activation == "elementwise":
        for name in ("sigmoid", "tanh", "relu", "identity"):
            yield "activation", f"true only for g = {name}", replace(notation, activation=name), ()
    mentions_targets = any(isinstance(part, Node) and part.family == "Y" for part in parts)
    if notation.cost in {"any", "mean", "sum"} and mentions_targets:
        for cost in LOSSES:
            text = f"true only for the cost {cost}"
            yield "cost", text, replace(notation, cost=cost), ()
            yield (
                "cost",
                f"{text} with g = sigmoid",
                replace(notation, cost=cost, output="sigmoid"),
                (),
            )
    elif notation.cost == "any":
        yield "cost", "true only for a mean of losses", replace(notation, cost="mean"), ()


def _scale(outcome: Outcome) -> str:
    """Name the constant between the sides, where there is one."""
    ratios = [ratio for _, ratio in outcome.ratios]
    if not ratios or len(ratios) != outcome.networks or np.isnan(ratios).any():
        return ""
    if outcome.failure is None or outcome.failure.code != "value":
        return ""
    counts = [probe.examples for probe, _ in outcome.ratios]
    outputs = [probe.widths[-1] for probe, _ in outcome.ratios]
    names: list[tuple[str, Sequence[float]]] = [
        ("−1", [-1.0] * len(ratios)),
        ("2", [2.0] * len(ratios)),
        ("1/2", [0.5] * len(ratios)),
        ("m", [float(m) for m in counts]),
        ("1/m", [1 / m for m in counts]),
        ("m²", [float(m * m) for m in counts]),
        ("n^{[L]}", [float(n) for n in outputs]),
        ("1/n^{[L]}", [1 / n for n in outputs]),
        ("2/m", [2 / m for m in counts]),
        ("m/2", [m / 2 for m in counts]),
    ]
    for name, values in names:
        if np.allclose(ratios, values, rtol=1e-7):
            return name
    return f"{ratios[0]:g}" if np.allclose(ratios, ratios[0], rtol=1e-7) else ""


def _larger_edits(left: Expression, right: Expression, notation: Notation) -> Iterator[Variant]:
    """Yield the repairs that change more than one place, such as a missing sum."""
    layers = set(notation.layer_letters)
    stray = sorted(free_letters(right) - free_letters(left) - layers)
    unused = [
        part.letter
        for part in walk(right)
        if isinstance(part, Series) and part.letter not in free_letters(part.body)
    ]
    for letter in stray:
        for bound in unused:
            renamed = _resized(_relettered(right, letter, bound), bound)
            yield Variant("free", f"{bound} for {letter} in the summand", renamed)
        size = next(ranges(right, letter), None)
        for part in walk(right):
            if isinstance(part, Series):
                over = replace(part, letter=letter, upper=size)
                new = _with(right, part, over)
                yield Variant("sum", f"Σ over {letter} for Σ over {part.letter}", new)
        if size is not None:
            summed = Series(letter, Index("", notation.base), size, right)
            yield Variant(
                "sum", f"Σ_{{{letter}={notation.base}}}^{{{show(size)}}} on the right", summed
            )
        for other in sorted(free_letters(left) - layers):
            new = substitute(right, {letter: Index(other)})
            yield Variant("index", f"{other} for {letter}", new)
    yield from _rearranged(right)
    if notation.examples != "one":
        yield from _summed_examples(left, right, notation)
    for part in walk(right):
        if isinstance(part, Product) and len(part.factors) > 1:
            for n, factor in enumerate(part.factors):
                rest = (*part.factors[:n], *part.factors[n + 1 :])
                slim = rest[0] if len(rest) == 1 else replace(part, factors=rest)
                new = _with(right, part, slim)
                yield Variant("factor", f"{show(factor)} left out", new)
        if isinstance(part, Apply) and part.function == "activation" and part.primes:
            argument = part.arguments[0]
            if isinstance(argument, Node) and argument.family == "A":
                inner = replace(argument, family="Z", shown=_CASE.get(argument.shown, "Z"))
                fixed = replace(part, arguments=(inner,))
                new = _with(right, part, fixed)
                yield Variant("quantity", f"{show(fixed)} for {show(part)}", new)


def _with(side: Expression, part: Any, new: Any) -> Any:
    """Return a side with one of its parts replaced."""
    return rewrite(side, lambda node: new if node == part else node)


def _relettered(side: Expression, letter: str, new: str) -> Any:
    """Return a side with one index letter replaced, whether it is bound or not."""

    def change(node: Any) -> Any:
        found = isinstance(node, Index) and node.letter == letter
        return replace(node, letter=new) if found else node

    return rewrite(side, change)


def _rearranged(right: Expression) -> Iterator[Variant]:
    """Yield a side transposed, its sum over the examples on its other side, another shape."""
    if isinstance(right, Space):
        sizes: list[Place] = [Size("n", Index("l")), Size("n", Index("l", -1)), Size("m"), ONE]
        for shape in permutations(sizes, 2):
            space = Space(shape)
            yield Variant("shape", show(space), space)
        return
    if is_scalar(right):
        return
    yield Variant("transpose", "the right side transposed", Transpose(right))
    if isinstance(right, Product) and len(right.factors) > 1:
        first, last = right.factors[0], right.factors[-1]
        ones: Expression = Ones(None)
        if isinstance(first, Transpose) and isinstance(first.of, Ones):
            new = Product((*right.factors[1:], ones))
            yield Variant("order", "1 after the right side", new)
        if isinstance(last, Ones):
            new = Product((Transpose(ones), *right.factors[:-1]))
            yield Variant("order", "1ᵀ before the right side", new)


def _resized(node: Expression, letter: str) -> Expression:
    """Give sums over a letter the range that the letter now has."""

    def change(part: Any) -> Any:
        if isinstance(part, Series) and part.letter == letter:
            return replace(part, upper=next(ranges(part.body, letter), part.upper))
        return part

    return rewrite(node, change)  # type: ignore[no-any-return]  # change keeps the kind of a node


def _summed_examples(left: Expression, right: Expression, notation: Notation) -> Iterator[Variant]:
    """Sum the right side over the examples: those of a fixed example, or of whole columns."""
    letter = next((x for x, size in notation.index.items() if size == Size("m")), "i")
    fixed: set[Place] = {
        part.column
        for part in walk(right)
        if isinstance(part, Node) and part.family in {"Z", "A", "Y"} and part.column is not None
    }
    shared: set[Place] = {
        part.column
        for part in walk(left)
        if isinstance(part, Node) and part.family in {"Z", "A", "Y"} and part.column is not None
    }
    for place in fixed - shared:
        if isinstance(place, Index) and place.letter:
            continue

        def moved(part: Any, place: Place = place) -> Any:
            if isinstance(part, Node) and part.column == place and part.family in {"Z", "A", "Y"}:
                return replace(part, column=Index(letter))
            return part

        summed = Series(letter, Index("", notation.base), Size("m"), rewrite(right, moved))
        yield Variant(
            "sum", f"Σ_{{{letter}={notation.base}}}^{{m}} and {letter} for {show(place)}", summed
        )
    ones: Expression = Ones(None)
    if notation.examples == "rows":
        summed_rows = Product((Transpose(ones), right))
        yield Variant("sum", "the sum over the examples, 1ᵀ before the right side", summed_rows)
    else:
        yield Variant(
            "sum", "the sum over the examples, 1 after the right side", Product((right, ones))
        )
