"""The records that an equation is made of, each a kind of part with its parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias

__all__ = [
    "Apply",
    "COST",
    "Called",
    "Cases",
    "Compare",
    "Count",
    "Defined",
    "Derivative",
    "Dotted",
    "Entry",
    "Expression",
    "FRESH",
    "Free",
    "Functional",
    "Grid",
    "Hadamard",
    "Index",
    "LAST",
    "LAYERS",
    "Limit",
    "Mean",
    "NOTHING",
    "Negative",
    "Node",
    "Number",
    "ONE",
    "Ones",
    "Place",
    "Power",
    "Product",
    "Quotient",
    "Rate",
    "Record",
    "Series",
    "Size",
    "Space",
    "Sum",
    "Transpose",
    "Truth",
    "Unit",
]


class Record:
    """A part of an equation; it remembers its free letters once they were asked for."""

    __slots__ = ("_free",)
    _free: frozenset[str]

    def changed(self, **changes: Any) -> Self:
        """Return this record with some parts replaced."""
        return replace(self, **changes) if changes else self  # type: ignore[type-var]  # each kind is a dataclass


@dataclass(frozen=True, slots=True)
class Index(Record):
    """A place or a layer: a letter and a shift, as in l - 1; the letter is empty for a number."""

    letter: str = ""
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Size(Record):
    """A count: n^{[layer]} units, m examples or L layers, and a shift."""

    kind: str
    layer: Index | Size | None = None
    shift: int = 0


Place: TypeAlias = Index | Size
ONE = Index("", 1)
FRESH = ("\N{GREEK SMALL LETTER RHO}", "\N{GREEK SMALL LETTER KAPPA}")
"""Letters that no page uses, for the rows and the columns of an array written from its entries."""

NOTHING: tuple[str, Place] = ("\N{DEGREE SIGN}", ONE)
"""The letter and the range of a direction in which an array has one place."""

LAYERS = ("l", r"\ell")
"""The letters that name layers unless a page says otherwise."""

LAST = Size("L")


@dataclass(frozen=True, slots=True)
class Number(Record):
    """A number written out."""

    value: float | complex


@dataclass(frozen=True, slots=True)
class Count(Record):
    """A size used as a number, as in 1/m."""

    size: Place


@dataclass(frozen=True, slots=True)
class Node(Record):
    """A quantity of the network, or a row, a column or an entry of it.

    `row` and `column` address the stored array, whose columns are examples; `flipped` says that
    the page prints its transpose, and `single` that the page shows no example index.
    """

    family: str
    layer: Place | None
    row: Place | None
    column: Place | None
    shown: str
    flipped: bool = False
    single: bool = False


@dataclass(frozen=True, slots=True)
class Free(Record):
    """A variable of the equation itself, such as a learning rate or the x of f(x)."""

    name: str
    places: tuple[Place | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Called(Record):
    """A function that the page has defined, at an argument; `primes` counts its derivatives."""

    name: str
    parameter: str
    body: Expression
    argument: Expression
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Defined(Record):
    """A quantity that the page has defined, at the places printed here.

    `letters` are those of the definition, which stand for `places` within its body.
    """

    name: str
    letters: tuple[str, ...]
    places: tuple[Place, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class Functional(Record):
    """A number computed from an array and from nothing else: J, where the array is all it sees."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Entry(Record):
    """An entry, a row or a column of a composed expression, as in (W^T d)_k."""

    of: Expression
    row: Place | None
    column: Place | None


@dataclass(frozen=True, slots=True)
class Sum(Record):
    """Terms added."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Negative(Record):
    """A term with its sign changed."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Product(Record):
    """Factors multiplied, as matrices or as numbers; `dot` lets two columns meet as w . x."""

    factors: tuple[Expression, ...]
    dot: bool = False


@dataclass(frozen=True, slots=True)
class Hadamard(Record):
    """Factors multiplied entry by entry."""

    factors: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Quotient(Record):
    """A fraction of numbers, or of arrays entry by entry."""

    top: Expression
    bottom: Expression


@dataclass(frozen=True, slots=True)
class Power(Record):
    """A power of a number, or of the entries of a row or column."""

    base: Expression
    exponent: Expression


@dataclass(frozen=True, slots=True)
class Transpose(Record):
    """A transpose."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Apply(Record):
    """A function of its arguments; `primes` counts its derivatives."""

    function: str
    arguments: tuple[Expression, ...]
    primes: int = 0
    layer: Place | None = None


@dataclass(frozen=True, slots=True)
class Derivative(Record):
    """The derivative of `top` by `bottom`, through everything downstream."""

    top: Expression
    bottom: Node | Free | Defined | Entry
    other_layout: bool = False


@dataclass(frozen=True, slots=True)
class Rate(Record):
    """The derivative along one random direction of inputs and parameters, d/dt at t = 0."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Limit(Record):
    """What an expression tends to as a small step goes to zero."""

    of: Expression
    step: str


@dataclass(frozen=True, slots=True)
class Mean(Record):
    """The mean over the weights of a layer, and over the examples where it has their letter."""

    of: Expression
    layer: Place
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Series(Record):
    """A sum (or a product) of `body` over an index; a bound left out is None.

    Of the kinds of products, "product" multiplies upwards and "falling product" downwards, from
    `lower` to `upper` as printed.
    """

    letter: str
    lower: Place
    upper: Place | None
    body: Expression
    kind: str = "sum"
    unless: Truth | None = None


@dataclass(frozen=True, slots=True)
class Grid(Record):
    """A matrix written out cell by cell."""

    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True, slots=True)
class Dotted(Record):
    """A matrix written with dots: `cell` for every value of the row and the column letter."""

    cell: Expression
    row: str
    row_upper: Place
    column: str
    column_upper: Place


@dataclass(frozen=True, slots=True)
class Truth(Record):
    """A relation of two places: 1 where it holds, 0 elsewhere."""

    left: Place
    relation: str
    right: Place


@dataclass(frozen=True, slots=True)
class Cases(Record):
    """Branches with the condition of each; None is otherwise."""

    branches: tuple[tuple[Expression, Truth | Compare | None], ...]


@dataclass(frozen=True, slots=True)
class Compare(Record):
    """A relation of two numbers, as in z > 0."""

    left: Expression
    relation: str
    right: Expression


@dataclass(frozen=True, slots=True)
class Ones(Record):
    """A column of ones; without a size it takes the one that fits."""

    size: Place | None


@dataclass(frozen=True, slots=True)
class Unit(Record):
    """The identity matrix, or one of its columns."""

    size: Place | None


@dataclass(frozen=True, slots=True)
class Space(Record):
    """The claim that something has this shape."""

    shape: tuple[Place, ...]


Expression: TypeAlias = (
    Number | Count | Node | Free | Called | Defined | Functional | Entry | Sum | Negative
    | Product | Hadamard | Quotient | Power | Transpose | Apply | Derivative | Rate | Limit
    | Mean | Series | Grid | Dotted | Truth | Cases | Compare | Ones | Unit | Space
)  # fmt: skip

COST = Node("J", None, None, None, "J")
