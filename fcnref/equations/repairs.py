"""Repairs that change more than one place, such as a missing sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

from fcnref.equations.expression import (
    ONE,
    Apply,
    Expression,
    Index,
    Node,
    Number,
    Ones,
    Place,
    Product,
    Series,
    Size,
    Space,
    Transpose,
    edits,
    free_letters,
    is_scalar,
    ranges,
    rewrite,
    show,
    substitute,
    walk,
)
from fcnref.equations.notation import Notation
from fcnref.equations.variants import OTHER_CASE, Variant


def larger_edits(left: Expression, right: Expression, notation: Notation) -> Iterator[Variant]:
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
                inner = replace(argument, family="Z", shown=OTHER_CASE.get(argument.shown, "Z"))
                fixed = replace(part, arguments=(inner,))
                new = _with(right, part, fixed)
                yield Variant("quantity", f"{show(fixed)} for {show(part)}", new)


def with_other_numbers(right: Expression) -> Iterator[Variant]:
    """Yield a side with the next digit in place of one of its own."""

    def other(node: Any) -> Iterator[tuple[str, Expression]]:
        if isinstance(node, Number):
            for n in range(1, 10):
                if node.value in {n - 1, n + 1}:
                    yield f"{n} for {show(node)}", Number(float(n))

    return (Variant("number", text, new) for text, new in edits(right, other))


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
    letter = notation.example_letter
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
