"""What an equation means: a tree of frozen records, with its walk, its edits and its printing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any, Self, TypeAlias


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


def children(node: Any) -> Iterator[Record]:
    """Yield the records inside a record or a tuple, through tuples."""
    parts = node if isinstance(node, tuple) else [getattr(node, name) for name in node.__slots__]
    for part in parts:
        if isinstance(part, Record):
            yield part
        elif isinstance(part, tuple):
            yield from children(part)


def walk(node: Any) -> Iterator[Any]:
    """Yield a record and every record below it."""
    if isinstance(node, Record):
        yield node
        for child in children(node):
            yield from walk(child)


Done: TypeAlias = dict[int, tuple[Any, Any]]
"""What became of records, by their identity: with each the record, so that it stays alive."""


def rewrite(node: Any, change: Callable[[Any], Any], done: Done | None = None) -> Any:
    """Rebuild a tree from below, with `change` applied to every record.

    With `done`, what a record became is kept, so that a part of many trees is rebuilt once.
    """
    if isinstance(node, tuple):
        parts = tuple([rewrite(part, change, done) for part in node])
        return node if all(new is old for new, old in zip(parts, node, strict=True)) else parts
    if not isinstance(node, Record):
        return node
    if done is not None and id(node) in done:
        return done[id(node)][1]
    changes = {}
    for name in node.__slots__:
        value = getattr(node, name)
        new = rewrite(value, change, done)
        if new is not value:
            changes[name] = new
    result = change(node.changed(**changes))
    if done is not None:
        done[id(node)] = (node, result)
    return result


class Pool:
    """Keeps one object of all that are equal, so that equal parts are recognized by identity."""

    def __init__(self) -> None:
        self._kept: dict[Any, tuple[int, Any]] = {}
        self._done: Done = {}

    def shared(self, node: Any) -> Any:
        """Return a tree whose equal parts are the same object."""
        return rewrite(node, self.keep, self._done)

    def keep(self, node: Any) -> Any:
        """Return the object that stands for a record whose parts are in the pool."""
        return self._kept.setdefault(_key(node), (len(self._kept), node))[1]

    def number(self, node: Any) -> int:
        """Return the place of a record in the order of the pool."""
        return self._kept[_key(node)][0]


def _key(node: Any) -> tuple[Any, ...]:
    return type(node), *(_part(getattr(node, name)) for name in node.__slots__)


def _part(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_part, value))
    return id(value) if isinstance(value, Record) else value


def edits(node: Any, edit: Callable[[Any], Iterator[tuple[str, Any]]]) -> Iterator[tuple[str, Any]]:
    """Yield every tree that differs from `node` by one edit at one place, with its description."""
    if isinstance(node, tuple):
        for position, part in enumerate(node):
            for text, new in edits(part, edit):
                yield text, (*node[:position], new, *node[position + 1 :])
        return
    if not isinstance(node, Record):
        return
    yield from edit(node)
    if isinstance(node, Defined | Functional):
        return  # what is defined elsewhere on the page is not printed here
    for name in node.__slots__:
        for text, new in edits(getattr(node, name), edit):
            yield text, node.changed(**{name: new})


def substitute(node: Any, letters: dict[str, Place]) -> Any:
    """Replace index letters by places, shifts added; letters bound inside are left alone."""
    if isinstance(node, tuple):
        return tuple(substitute(part, letters) for part in node)
    if letters.keys().isdisjoint(free_letters(node)):
        return node
    if isinstance(node, Index):
        place = letters[node.letter]
        return replace(place, shift=place.shift + node.shift)
    bound = bound_letters(node)
    inner = {letter: place for letter, place in letters.items() if letter not in bound}
    if isinstance(node, Defined):
        own = {letter: place for letter, place in letters.items() if letter not in node.letters}
        places = substitute(node.places, letters)
        return replace(node, places=places, body=substitute(node.body, own))
    parts = {name: getattr(node, name) for name in node.__slots__}
    return node.changed(**{name: substitute(part, inner) for name, part in parts.items()})


def unfolded(node: Any) -> Any:
    """Return a tree with what the page has defined written out."""

    def change(part: Any) -> Any:
        if not isinstance(part, Defined):
            return part
        return substitute(part.body, dict(zip(part.letters, part.places, strict=True)))

    return rewrite(node, change)


def over_all_places(node: Defined | Entry) -> tuple[Expression, tuple[Place | None, ...]]:
    """Return the array of a defined quantity at all its places, and the places printed here.

    Raises
    ------
    ValueError
        If the range of a letter is not known.
    """
    if isinstance(node, Entry):
        return node.of, (node.row, node.column)
    own = [n for n, letter in enumerate(node.letters) if letter not in LAYERS]
    if not own:
        return node, (None, None)
    sizes = dict(reversed(list(_slots(node))))
    if len(own) > 2 or any(n not in sizes for n in own):
        raise ValueError("over_all_places: the ranges of the indices are not known")
    fresh = dict(zip(own, FRESH, strict=False))
    spread = tuple(Index(fresh[n]) if n in fresh else p for n, p in enumerate(node.places))
    cell = replace(node, places=spread)
    runs = [(fresh[n], sizes[n]) for n in own]
    return Dotted(cell, *runs[0], *(runs[1:] or [NOTHING])[0]), (
        *(node.places[n] for n in own),
        ONE,
    )[:2]


def bound_letters(node: Any) -> frozenset[str]:
    """Return the letters that a record binds: a summation index, the labels of a matrix."""
    if isinstance(node, Series):
        return frozenset({node.letter})
    if isinstance(node, Mean):
        return frozenset({node.letter} - {""})
    if isinstance(node, Dotted):
        return frozenset({node.row, node.column})
    return frozenset()


def free_letters(node: Any) -> frozenset[str]:
    """Return the index letters that occur unbound in a tree, layers included."""
    if isinstance(node, Index):
        return frozenset({node.letter} - {""})
    if isinstance(node, tuple):
        return frozenset[str]().union(*map(free_letters, children(node)))
    if not isinstance(node, Record):
        return frozenset()
    try:
        return node._free
    except AttributeError:
        if isinstance(node, Defined):
            found = free_letters(node.body) - set(node.letters) | free_letters(node.places)
        else:
            found = free_letters(tuple(children(node))) - bound_letters(node)
        object.__setattr__(node, "_free", found)
        return found


FRAME: dict[str, tuple[str, str]] = {
    "W": ("n", "n_prev"),
    "b": ("n", "1"),
    "gain": ("n", "1"),
    "K": ("n", "m"),
    "D": ("n", "m"),
    "shift": ("n", "1"),
    "Z": ("n", "m"),
    "A": ("n", "m"),
    "Y": ("n", "m"),
    "V": ("1", "1"),
    "losses": ("1", "m"),
    "J": ("1", "1"),
}
"""The two dimensions of the stored array of every family, by name."""


def frame(node: Node) -> tuple[Place, Place]:
    """Return the sizes of the stored array behind a node."""
    layer = node.layer if node.layer is not None else LAST

    def size(name: str) -> Place:
        if name == "n":
            return Size("n", layer)
        if name == "n_prev":
            return Size("n", replace(layer, shift=layer.shift - 1))
        return Size("m") if name == "m" else ONE

    rows, columns = FRAME[node.family]
    return size(rows), size(columns)


def ranges(node: Any, letter: str) -> Iterator[Place]:
    """Yield the size of every slot that an index letter stands in."""
    if letter not in free_letters(node):
        return
    slots: list[tuple[Place | None, Place | None]] = []
    if isinstance(node, Node):
        slots = list(zip((node.row, node.column), frame(node), strict=True))
    elif isinstance(node, Free):
        slots = [(place, Size("v")) for place in node.places]
    elif isinstance(node, Defined):
        slots = [(node.places[n], size) for n, size in _slots(node)]
    if isinstance(node, Entry):
        slots = list(zip((node.row, node.column), extent(node.of), strict=True))
    for place, size in slots:
        if isinstance(place, Index) and place.letter == letter and size is not None:
            yield size
    for child in () if isinstance(node, Defined) else children(node):
        yield from ranges(child, letter)


def extent(node: Expression) -> tuple[Place | None, Place | None]:
    """Return the rows and columns of an array, as far as its first array tells; None is unknown."""
    if isinstance(node, Node):
        rows, columns = frame(node)
        fixed = node.column is not None or node.single
        shape = (ONE if node.row is not None else rows, ONE if fixed else columns)
        return shape[::-1] if node.flipped else shape
    if isinstance(node, Transpose):
        rows_of, columns_of = extent(node.of)
        return columns_of, rows_of
    parts = (part for part in children(node) if not isinstance(part, Index | Size))
    shapes = [extent(part) for part in parts]  # type: ignore[arg-type]  # a record is an expression
    arrays = [shape for shape in shapes if shape not in {(None, None), (ONE, ONE)}]
    if not arrays:
        return None, None
    return arrays[0][0], (arrays[-1] if isinstance(node, Product) else arrays[0])[1]


def _slots(node: Defined) -> Iterator[tuple[int, Place]]:
    """Yield the ranges of the letters of a definition, its layer being the one printed here."""
    given = dict(zip(node.letters, node.places, strict=True))
    for number, letter in enumerate(node.letters):
        for size in ranges(node.body, letter):
            yield number, substitute(size, {x: p for x, p in given.items() if x != letter})


@singledispatch
def show(node: Any) -> str:
    """Print a tree on one line, near to how the page prints it."""
    raise TypeError(f"show: expected a part of an equation, got {type(node).__name__}")


@show.register
def _(node: Index) -> str:
    if not node.letter:
        return str(node.shift)
    return node.letter + (f"{node.shift:+d}" if node.shift else "")


@show.register
def _(node: Size) -> str:
    base = f"n^{{[{show(node.layer)}]}}" if node.layer is not None else node.kind
    return base + (f"{node.shift:+d}" if node.shift else "")


@show.register
def _(node: Number) -> str:
    return "i" if node.value == 1j else f"{node.value:g}"


@show.register
def _(node: Count) -> str:
    return show(node.size)


def _scripts(layer: Place | None, places: tuple[Place | None, ...]) -> str:
    inner = ",".join(":" if place is None else show(place) for place in places)
    below = f"_{{{inner}}}" if any(place is not None for place in places) else ""
    return below + (f"^{{[{show(layer)}]}}" if layer is not None else "")


@show.register
def _(node: Node) -> str:
    places = (node.row,) if node.single or FRAME[node.family][1] == "1" else (node.row, node.column)
    if node.family == "losses":
        places = (node.column,)
    return node.shown + _scripts(node.layer, places[::-1] if node.flipped else places)


@show.register
def _(node: Free) -> str:
    return node.name + _scripts(None, node.places)


@show.register
def _(node: Called) -> str:
    return f"{node.name}{chr(39) * node.primes}({show(node.argument)})"


@show.register
def _(node: Defined) -> str:
    layers = [p for x, p in zip(node.letters, node.places, strict=True) if x in LAYERS]
    others = [p for x, p in zip(node.letters, node.places, strict=True) if x not in LAYERS]
    return node.name + _scripts(layers[0] if layers else None, tuple(others))


@show.register
def _(node: Functional) -> str:  # noqa: ARG001, the type alone says what to print
    return "J"


@show.register
def _(node: Entry) -> str:
    return f"({show(node.of)})" + _scripts(None, (node.row, node.column))


@show.register
def _(node: Sum) -> str:
    return " + ".join(show(term) for term in node.terms).replace("+ −", "− ")


@show.register
def _(node: Negative) -> str:
    return f"−{_tight(node.of)}"


@show.register
def _(node: Product) -> str:
    return " ".join(_tight(factor) for factor in node.factors)


@show.register
def _(node: Hadamard) -> str:
    return " ⊙ ".join(_tight(factor) for factor in node.factors)


@show.register
def _(node: Quotient) -> str:
    return f"{_tight(node.top)}/{_tight(node.bottom)}"


@show.register
def _(node: Power) -> str:
    return f"{_tight(node.base)}^{_tight(node.exponent)}"


@show.register
def _(node: Transpose) -> str:
    return f"{_tight(node.of)}ᵀ"


@show.register
def _(node: Apply) -> str:
    layer = f"^{{[{show(node.layer)}]}}" if node.layer is not None else ""
    name = "g" if node.function == "activation" else node.function
    inner = ", ".join(show(argument) for argument in node.arguments)
    return f"{name}{chr(39) * node.primes}{layer}({inner})"


@show.register
def _(node: Derivative) -> str:
    return f"∂{_tight(node.top)}/∂{show(node.bottom)}"


@show.register
def _(node: Rate) -> str:
    return f"d{_tight(node.of)}/dt"


@show.register
def _(node: Limit) -> str:
    return show(node.of)


@show.register
def _(node: Mean) -> str:
    return f"E[{show(node.of)}]"


@show.register
def _(node: Series) -> str:
    upper = f"^{{{show(node.upper)}}}" if node.upper is not None else ""
    sign = "Σ" if node.kind == "sum" else "Π"
    return f"{sign}_{{{node.letter}={show(node.lower)}}}{upper} {_tight(node.body)}"


@show.register
def _(node: Grid) -> str:
    return "[" + "; ".join(", ".join(show(cell) for cell in row) for row in node.rows) + "]"


@show.register
def _(node: Dotted) -> str:
    return f"[{show(node.cell)}]"


@show.register
def _(node: Truth) -> str:
    return f"[{show(node.left)} {node.relation} {show(node.right)}]"


@show.register
def _(node: Cases) -> str:
    return "cases(" + ", ".join(show(value) for value, _ in node.branches) + ")"


@show.register
def _(node: Compare) -> str:
    return f"[{show(node.left)} {node.relation} {show(node.right)}]"


@show.register
def _(node: Ones) -> str:
    return "1" + (f"_{show(node.size)}" if node.size is not None else "")


@show.register
def _(node: Unit) -> str:  # noqa: ARG001, the type alone says what to print
    return "I"


@show.register
def _(node: Space) -> str:
    return "ℝ^{" + " × ".join(show(size) for size in node.shape) + "}"


def _tight(node: Expression) -> str:
    text = show(node)
    loose = isinstance(node, Sum | Negative | Hadamard | Series) or (
        isinstance(node, Product) and len(node.factors) > 1
    )
    return f"({text})" if loose else text
