"""A side of an equation read from the left: terms, their factors, and what stands between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from lark import Token, Tree

from fcnref.equations.expression import (
    Expression,
    Hadamard,
    Negative,
    Product,
    Quotient,
    Series,
    Size,
    Sum,
)
from fcnref.equations.meaning.claims import Definition, Reproach
from fcnref.equations.meaning.patterns import sequence
from fcnref.equations.notation import Notation
from fcnref.equations.syntax import (
    Item,
    NotRead,
    atom_of,
    inner_side,
    is_empty,
    is_operator,
    scripts_of,
    spell,
    token_of,
)


class Cursor:
    """The factors of a product, taken from the left."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items, self.position = items, 0
        self._spelled: dict[int, str] = {}

    def ahead(self, distance: int = 0) -> Item | None:
        """Return an item without taking it: the next, or one further on."""
        place = self.position + distance
        return self.items[place] if place < len(self.items) else None

    @property
    def here(self) -> Item:
        """The next item, where there is one."""
        return self.items[self.position]

    def take(self, count: int = 1) -> Item:
        """Take items; return the first of them."""
        self.position += count
        return self.items[self.position - count]

    def rest(self) -> Sequence[Item]:
        """Take all items that are left."""
        left, self.position = self.items[self.position :], len(self.items)
        return left

    @property
    def atom(self) -> Item:
        """What the scripts of the next item belong to."""
        return atom_of(self.here)

    @property
    def scripts(self) -> list[Tree[Token]]:
        """The scripts of the next item."""
        return scripts_of(self.here)

    @property
    def spelled(self) -> str:
        """The next item without its scripts, as it is looked up."""
        if self.position not in self._spelled:
            self._spelled[self.position] = spell(self.atom)
        return self._spelled[self.position]


_PRODUCTS = {"": "a product", "dot": "·", "times": "×", "hadamard": "an entrywise product"}


@dataclass
class Reader:
    """Reads the sides of one statement and collects its reproaches.

    Parameters
    ----------
    notation
        The notation of the page.
    definitions
        What the page has defined so far.
    factor_readers
        What can be a factor, in the order in which it is tried.
    reopened
        The names that a statement may define anew.
    loose
        True to read A ⊙ B C from the left, as (A ⊙ B) C.
    identity
        True to read symbols without a layer as free variables.
    reproaches
        The faults of notation met so far.
    """

    notation: Notation
    definitions: Mapping[str, Definition]
    factor_readers: Sequence[FactorReader]
    reopened: frozenset[str] = frozenset()
    loose: bool = False
    identity: bool = False
    reproaches: list[Reproach] = field(default_factory=list)

    def reproach(self, code: str, text: str, *, note: bool = False) -> None:
        """Record a fault once."""
        fault = Reproach(code, text, note)
        if fault not in self.reproaches:
            self.reproaches.append(fault)

    def with_free_letters(self) -> Reader:
        """Return a reader of the body of a function, whose symbols are free."""
        return replace(self, identity=True, reproaches=[])

    def side(self, side: Tree[Token]) -> Expression:
        """Read a sum of products."""
        terms: list[Expression] = []
        negative = dots = False
        for child in side.children:
            if isinstance(child, Token):
                if child in {r"\pm", r"\mp"}:
                    raise NotRead("sign", f"{child} is not one sign")
                negative ^= child in {"-", "−"}
                continue
            if _is_dots(child):
                dots, negative = True, False
                continue
            term = self.product(child.children)
            terms.append(Negative(term) if negative else term)
            if dots:
                terms = with_dots(terms, "sum")
            negative = dots = False
        if dots:
            raise NotRead("dots", "a sum ends in dots")
        return terms[0] if len(terms) == 1 else Sum(tuple(terms))

    def inside(self, item: Item) -> Expression:
        """Read what stands within braces, or one factor without them."""
        atom = atom_of(item)
        if isinstance(atom, Tree) and atom.data == "group" and not scripts_of(item):
            side = inner_side(atom)
            if is_empty(atom):
                raise NotRead("fraction", "a pair of braces is empty; write what stands in it")
            if side is None:
                raise NotRead("fraction", "what stands within braces is not understood")
            return self.side(side)
        return self.product([item])

    def product(self, items: Sequence[Item]) -> Expression:
        """Read factors: juxtaposition binds closest, then · and ⊙ from the left."""
        cursor = Cursor(items)
        product: Expression | None = None
        operator = ""
        tight: list[Expression] = []
        dots = False
        while (item := cursor.ahead()) is not None:
            if _kind_of(item) == "DOTS" and tight:
                cursor.take()
                dots = True
            elif item in {"/", r"\div"}:
                tight = [self._divided(cursor, tight)]
            elif is_operator(item):
                product = self._combined(product, operator, tight)
                operator, tight = self._kind(str(cursor.take())), []
            else:
                factor = self.factor(cursor)
                if self.loose and tight and operator == "hadamard":
                    product = self._combined(product, operator, tight)
                    operator, tight = "times", []
                tight.append(factor)
                if dots:
                    tight, dots = with_dots(tight, "product"), False
        if dots:
            raise NotRead("dots", "a product ends in dots")
        return self._combined(product, operator, tight)

    def _kind(self, operator: str) -> str:
        if operator in self.notation.hadamard:
            return "hadamard"
        if operator in {r"\otimes", r"\oplus"}:
            raise NotRead("operator", f"the operator {operator} is not read")
        return "times" if "times" in operator else "dot"

    @staticmethod
    def _combined(
        product: Expression | None, operator: str, tight: Sequence[Expression]
    ) -> Expression:
        """Multiply what was read so far by the factors after the last operator."""
        if not tight:
            raise NotRead("operator", f"an operand of {_PRODUCTS[operator]} is missing")
        factor = tight[0] if len(tight) == 1 else Product(tuple(tight))
        if product is None:
            return factor
        if operator == "hadamard":
            parts = product.factors if isinstance(product, Hadamard) else (product,)
            return Hadamard((*parts, factor))
        return Product((product, factor), dot=operator == "dot")

    def _divided(self, cursor: Cursor, tight: Sequence[Expression]) -> Quotient:
        cursor.take()
        divisor = cursor.ahead()
        if not tight or divisor is None:
            raise NotRead("operator", "an operand of / is missing")
        below = self.factor(cursor)
        if _kind_of(divisor) == "NUMBER" and _kind_of(cursor.ahead()) == "LETTER":
            raise NotRead("slash", r"what / divides by is ambiguous; write \frac{}{}")
        return Quotient(tight[0] if len(tight) == 1 else Product(tuple(tight)), below)

    def factor(self, cursor: Cursor) -> Expression:
        """Read the next factor."""
        item = cursor.here
        if isinstance(item, Token) and item.type in {"OPERATOR", "SIGN"}:
            raise NotRead("operator", f"{item} has nothing before it")
        found = (read(self, cursor) for read in self.factor_readers)
        return next(expression for expression in found if expression is not None)


FactorReader: TypeAlias = Callable[[Reader, Cursor], Expression | None]
"""Reads the next factor and takes it, or leaves it and returns None."""


def with_dots(terms: list[Expression], kind: str) -> list[Expression]:
    """Put a sum or a product for the terms around dots, of which the last is the one behind them.

    The terms before the dots that follow its pattern are as many as fit, two where there are two.
    """
    for count in (3, 2, 1):
        try:
            body, letter, first, last = sequence(terms[-count - 1 :])
        except NotRead:
            continue
        if len(terms) > count:
            second = sequence(terms[-count - 1 : -1])[2:] if count > 1 else (first, last)
            falling = count > 1 and second[1].shift < second[0].shift
            falling = falling or (count == 1 and isinstance(first, Size))
            named = f"falling {kind}" if falling else kind
            return [*terms[: -count - 1], Series(letter, first, last, body, named)]
    raise NotRead("dots", "the terms around dots follow no pattern; write Σ or Π")


def _kind_of(item: Item | None) -> str:
    token = None if item is None else token_of(item)
    return "" if token is None else token.type


def _is_dots(child: Item) -> bool:
    """Tell whether a term of a sum is nothing but dots."""
    if isinstance(child, Token) or len(child.children) != 1:
        return False
    return _kind_of(child.children[0]) == "DOTS"
