"""From LaTeX to meaning: what a statement claims, or in words why it cannot be read.

The grammar accepts nearly everything; here the notation of the page decides what was meant. A
fault that leaves no doubt about the meaning becomes a reproach, and reading goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import pi
from typing import NamedTuple, cast

from lark import Token, Tree

from fcnref.equations.expression import (
    COST,
    LAST,
    ONE,
    Apply,
    Called,
    Cases,
    Compare,
    Count,
    Derivative,
    Dotted,
    Entry,
    Expression,
    Free,
    Grid,
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
    free_letters,
    ranges,
    rewrite,
    show,
    substitute,
    walk,
)
from fcnref.equations.matrices import dotted
from fcnref.equations.networks import EPSILON
from fcnref.equations.notation import Notation, Symbol
from fcnref.equations.syntax import (
    DEFINES,
    INEQUALITIES,
    Clause,
    Item,
    NotRead,
    Statement,
    atom_of,
    clause_tree,
    clauses_of,
    items_of,
    limits,
    parse,
    scripts_of,
    side_of,
    spell,
    statements_of,
    subtrees,
    token_of,
    without_words,
)


class Reproach(NamedTuple):
    """A fault of notation that leaves the meaning clear; a note is a matter of style."""

    code: str
    text: str
    note: bool = False


class Definition(NamedTuple):
    """What a page gives a name to: the letters of its layer and indices, and the body."""

    name: str
    layer: str
    letters: tuple[str, ...]
    body: Expression


class Claim(NamedTuple):
    """A statement understood.

    Attributes
    ----------
    kind
        "equation", "space", "definition", "update", "remark" or "expression".
    members
        The sides, the first of which all others are compared with.
    conditions
        The side conditions, such as p ≠ j.
    lowest, highest
        Bounds of the layer that the statement gives, or None.
    reproaches
        Faults of notation.
    defines
        The name that the statement gives to its other side, or None.
    identity
        True where the statement is about functions of free variables, not about a network.
    """

    kind: str
    members: tuple[Expression, ...]
    conditions: tuple[Truth, ...] = ()
    reproaches: tuple[Reproach, ...] = ()
    defines: Definition | None = None
    identity: bool = False


@dataclass(frozen=True)
class Context:
    """What is known when a statement is read: the notation and the page's own definitions.

    `reopened` holds the names that a statement may define anew: those of an earlier section that
    stand for no derivative.
    """

    notation: Notation
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    reopened: frozenset[str] = frozenset()


def read(tex: str, context: Context, *, loose: bool = False, identity: bool = False) -> list[Claim]:
    """Read the statements of one piece of LaTeX.

    Parameters
    ----------
    tex
        LaTeX, without delimiters.
    context
        The notation and the definitions so far.
    loose
        True to read A ⊙ B C from the left, as (A ⊙ B) C.
    identity
        True to read symbols without a layer as free variables.

    Raises
    ------
    NotRead
        If something is not understood.
    """
    groups = statements_of(parse(tex))
    claims: list[Claim] = []
    own: dict[int, Claim] = {}
    named: dict[int, Definition] = {}
    for number, group in enumerate(groups):
        found = _function_defined(context, group)
        if found is not None:
            known = {**context.definitions, found.name: found}
            context = replace(context, definitions=known)
            if len(group.main.sides) == 2:
                own[number] = Claim("definition", (found.body,), defines=found)
            named[number] = found
    for number, group in enumerate(groups):
        if number in own:
            claims.append(own[number])
            continue
        reader = _Reader(context, loose=loose)
        try:
            if identity:
                raise NotRead("layer", "the symbols are free")
            claim = reader.claim(group)
            if any(reproach.code == "bare" for reproach in reader.reproaches):
                claim = _of_functions(context, group) or claim
        except NotRead as error:
            if error.code not in {"undeclared", "layer", "indices", "argument"}:
                raise
            claim = _as_identity(context, group, error)
        if claim is not None:
            claims.append(claim._replace(defines=named.get(number, claim.defines)))
            if claim.defines is not None:
                known = {**context.definitions, claim.defines.name: claim.defines}
                context = replace(context, definitions=known)
    return claims


def _function_defined(context: Context, group: Statement) -> Definition | None:
    """Return the function that a statement f(x) = ... defines, wherever else it is used."""
    sides = [side for side in group.main.sides if side is not None]
    if set(group.main.relations) - {"=", *DEFINES} or len(sides) < 2:
        return None
    try:
        return _Reader(context).function_definition(sides)
    except NotRead:
        return None


def _of_functions(context: Context, group: Statement) -> Claim | None:
    """Read a statement about functions, whose bare letters stand for any number, or none."""
    try:
        return _as_identity(context, group, NotRead("layer", "the symbols are free"))
    except NotRead:
        return None


def _as_identity(context: Context, group: Statement, reason: NotRead) -> Claim | None:
    reader = _Reader(context, identity=True)
    try:
        claim = reader.claim(group)
    except NotRead:
        raise reason from None
    if claim is None or claim.kind != "equation":
        raise reason
    parts = [part for member in claim.members for part in walk(member)]
    if any(isinstance(part, Node) for part in parts):
        raise reason
    for part in parts:
        if isinstance(part, Derivative) and _variable(part.bottom) not in {
            inner.name for inner in walk(part.top) if isinstance(inner, Free)
        }:
            raise reason
    if not any(isinstance(part, Apply | Called | Derivative) for part in parts):
        raise reason
    first, *others = (
        {part.name for part in walk(member) if isinstance(part, Free)} for member in claim.members
    )
    numbers = {name for name, symbol in context.notation.lookup.items() if symbol.kind == "number"}
    if isinstance(claim.members[0], Free) or any(names - first - numbers for names in others):
        raise reason
    return claim._replace(members=_as_vectors(claim.members), identity=True)


def _as_vectors(members: tuple[Expression, ...]) -> tuple[Expression, ...]:
    """Let a letter stand for a vector where it has an index elsewhere, or is given to softmax."""
    parts = [part for member in members for part in walk(member)]
    vectors = {part.name for part in parts if isinstance(part, Free) and len(part.places) == 1}
    for part in parts:
        if isinstance(part, Apply) and part.function in {"softmax", "log_softmax", "norm", "diag"}:
            vectors |= {inner.name for inner in part.arguments if isinstance(inner, Free)}

    def change(part: object) -> object:
        if isinstance(part, Free) and part.name in vectors and not part.places:
            return replace(part, places=(None,))
        return part

    return cast("tuple[Expression, ...]", rewrite(members, change))


def _variable(node: Node | Free) -> str:
    return node.name if isinstance(node, Free) else node.shown


_TRANSPARENT = frozenset(
    r"\mathbf \boldsymbol \bm \vec \pmb \bold \bf \underline \overrightarrow".split()  # noqa: SIM905
)
_ONES = frozenset(
    r"\mathbf1 \boldsymbol1 \bm1 \mathbb1 \vec1 \pmb1 \mathds1".split()  # noqa: SIM905
)
_INDICATORS = frozenset(
    r"\mathbb1 \mathbf1 \boldsymbol1 \mathds1 \mathbbI \mathbfI \mathcalI I".split()  # noqa: SIM905
)
_HIDING = {r"\boxed", r"\underbrace", r"\overbrace"}
_TRANSPOSES = {"T", r"\top", r"\intercal", "t", r"\transpose", r"\mathsfT", "⊤"}
_SPELLINGS = {
    "abs": "abs",
    "cos": r"\cos",
    "diag": r"diag Diag \diag",
    "erf": r"erf \erf",
    "erfc": r"erfc \erfc",
    "exp": r"exp \exp",
    "gelu": "gelu GELU",
    "gelu_tanh": "gelu_tanh",
    "log": r"log ln \log \ln",
    "log_softmax": "logsoftmax log_softmax",
    "max": r"max \max",
    "min": r"min \min",
    "relu": r"ReLU relu Relu \ReLU \relu",
    "sigmoid": r"sigmoid Sigmoid \sigmoid",
    "sign": "sign sgn",
    "silu": "silu SiLU",
    "sin": r"\sin",
    "softmax": r"softmax Softmax \softmax",
    "softplus": "softplus",
    "step": "step",
    "tanh": r"tanh \tanh",
    "trace": r"tr Tr \tr \Tr",
}
_PLAIN_FUNCTIONS = {
    spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings.split()
}
_MANY = {"max", "min"}


@dataclass
class _Marks:
    """What the scripts of a symbol say."""

    layer: Place | None = None
    example: Place | None = None
    places: tuple[Place | None, ...] | None = None
    transposed: bool = False
    power: Expression | None = None
    primes: int = 0


def _is_times(item: Item) -> bool:
    return isinstance(item, Token) and item.type == "OPERATOR"


def _flattened(side: Tree[Token]) -> list[Item]:
    """Return the signs, operators and factors of a side in a row."""
    items: list[Item] = []
    for child in side.children:
        items.extend([child] if isinstance(child, Token) else child.children)
    return items


class _Reader:
    """Reads one statement and collects its reproaches."""

    def __init__(self, context: Context, *, loose: bool = False, identity: bool = False) -> None:
        self.notation, self.definitions = context.notation, context.definitions
        self.reopened = context.reopened
        self.loose, self.identity = loose, identity
        self.reproaches: list[Reproach] = []

    def reproach(self, code: str, text: str, *, note: bool = False) -> None:
        """Record a fault once."""
        fault = Reproach(code, text, note)
        if fault not in self.reproaches:
            self.reproaches.append(fault)

    # statements

    def claim(self, group: Statement) -> Claim | None:
        """Read one statement with its side conditions."""
        clause = group.main
        conditions = tuple(c for part in group.conditions for c in self.conditions(part))
        relations = set(clause.relations)
        if not relations:
            if group.main.sides[0] is not None:
                member = self.side(group.main.sides[0])
                return Claim("expression", (member,), (), tuple(self.reproaches))
            return None
        if limits(clause):
            return Claim("remark", (), (), tuple(self.reproaches))
        for relation in relations - {"=", r"\in", "∈"} - DEFINES:
            raise NotRead("relation", f"the relation {relation} is not one the checker can test")
        sides = [side for side in clause.sides if side is not None]
        if len(sides) != len(clause.sides):
            raise NotRead("side", "one side of a relation is empty")
        if relations & {r"\in", "∈"}:
            if len(sides) != 2:
                raise NotRead("relation", "∈ stands in a chain with other relations")
            claimed = (self.side(sides[0]), self.space(sides[1]))
            return Claim("space", claimed, conditions, tuple(self.reproaches))
        definition = self.definition(sides, relations)
        if definition is not None:
            return Claim(
                "definition", (definition.body,), conditions, tuple(self.reproaches), definition
            )
        members = tuple([self.side(side) for side in sides])
        if relations & DEFINES or self.updates(members):
            kind = "update" if self.updates(members) else "definition"
            return Claim(kind, members, conditions, tuple(self.reproaches))
        return Claim("equation", members, conditions, tuple(self.reproaches))

    @staticmethod
    def updates(members: Sequence[Expression]) -> bool:
        """Tell whether a statement is an update such as W = W - alpha dW."""
        first = members[0]
        return (
            isinstance(first, Node)
            and first.family in {"W", "b"}
            and any(
                isinstance(member, Sum)
                and first in member.terms
                and any(isinstance(term, Negative) for term in member.terms)
                for member in members[1:]
            )
        )

    def function_definition(self, sides: Sequence[Tree[Token]]) -> Definition | None:
        """Read f(x) = ... as the definition of f, where f has no meaning yet."""
        items = items_of(sides[0])
        if len(items) != 2 or len(sides[0].children) != 1:
            return None
        name, symbol = self.symbol(items[0])
        bracket = atom_of(items[1])
        if symbol is not None and not (symbol.kind == "function" and symbol.family == "activation"):
            return None
        if not name or name in _PLAIN_FUNCTIONS or f"{name}()" in self.definitions:
            return None
        if any(script.data != "subscript" for script in scripts_of(items[0])) or scripts_of(
            items[1]
        ):
            return None
        inner = self.inner_side(bracket) if isinstance(bracket, Tree) else None
        if inner is None or not isinstance(bracket, Tree) or bracket.data != "round":
            return None
        arguments = items_of(inner)
        if len(arguments) != 1 or len(inner.children) != 1 or scripts_of(arguments[0]):
            return None
        parameter = self.bare(atom_of(arguments[0]))
        if not parameter:
            return None
        reader = _Reader(Context(self.notation, self.definitions), identity=True)
        body = reader.side(sides[1])
        if any(isinstance(part, Node) for part in walk(body)):
            return None
        return Definition(f"{name}()", "", (parameter,), body)

    def definition(self, sides: Sequence[Tree[Token]], relations: set[str]) -> Definition | None:
        """Read a statement whose left side is a new name."""
        if self.identity or any(isinstance(child, Token) for child in sides[0].children):
            return None
        items = items_of(sides[0])
        if len(items) != 1:
            return None
        name, symbol = self.symbol(items[0])
        explicit = bool(relations & DEFINES)
        number = symbol is not None and symbol.kind == "number"
        if not name or (symbol is not None and not (symbol.soft or explicit or number)):
            return None
        if symbol is not None and symbol.kind not in {"gradient", "number"}:
            return None
        settled = name in self.definitions and name not in self.reopened
        if settled and not (explicit or number):
            return None
        if symbol is None and self.special(atom_of(items[0])):
            return None
        marks = self.marks([s for s in scripts_of(items[0]) if not self.is_word(s)], None)
        if marks.transposed or marks.power is not None or marks.primes:
            return None
        if symbol is not None and not explicit and not number:
            body = self.side(sides[1])
            if not isinstance(body, Derivative) or body.top != COST:
                return None
            if body == self.side(sides[0]):
                return None
        layer, letters = marks.layer, marks.places or ()
        if marks.example is not None:
            letters = (*letters, marks.example)
        named = [p for p in letters if isinstance(p, Index) and p.letter and not p.shift]
        if len(named) != len(letters) or not (layer is None or isinstance(layer, Index)):
            return None
        body = _fresh(self.side(sides[-1] if len(sides) == 2 else sides[1]))
        if layer is not None and layer.shift and layer.letter:
            body = substitute(body, {layer.letter: Index(layer.letter, -layer.shift)})
        letter = layer.letter if isinstance(layer, Index) else ""
        missing = free_letters(body) - {p.letter for p in named} - {letter}
        missing -= set(self.notation.layer_letters) | {self.example_letter}
        if missing and not {p.letter for p in named} >= missing:
            raise NotRead("undeclared", f"{spell(items[0])} is not declared")
        return Definition(name, letter, tuple(p.letter for p in named), body)

    def conditions(self, clause: Clause) -> Iterator[Truth]:
        """Read a side condition; what merely lists the values of a letter says nothing new."""
        sides = [side for side in clause.sides if side is not None]
        if not clause.relations:
            return
        if clause.relations[0] in {r"\in", "∈"}:
            return
        if len(sides) != len(clause.sides):
            raise NotRead("condition", "a side condition is incomplete")
        texts = [spell(side) for side in sides]
        if any(re.search(r"dots|\.\.|…", text) for text in texts):
            return
        for left, relation, right in zip(sides, clause.relations, sides[1:], strict=False):
            a, b = self.place_of_side(left), self.place_of_side(right)
            name = INEQUALITIES.get(relation, relation)
            if name not in {"=", "≠", "<", ">", "≤", "≥"}:
                raise NotRead("condition", f"the side condition with {relation} is not understood")
            if name == "=" and a == Index("l") and b in {ONE, LAST} and len(sides) == 2:
                follows = b == ONE
                if follows and self.notation.depth != 1:
                    yield Truth(a, "≥", b)
                    continue
            yield Truth(a, name, b)

    def space(self, side: Tree[Token]) -> Space:
        r"""Read \mathbb{R}^{n \times m}."""
        items = items_of(side)
        if (
            len(items) == 1
            and isinstance(listed := atom_of(items[0]), Tree)
            and listed.data == "round"
        ):
            parts_of = [part.sides[0] for part in clauses_of(listed.children[0])]
            return Space(tuple(self.place_of_side(part) for part in parts_of if part is not None))
        if len(items) != 1 or not spell(atom_of(items[0])).endswith(("R", "ℝ", r"\Reals")):
            raise NotRead("space", "the set after ∈ is not a space of real arrays")
        scripts = scripts_of(items[0])
        if not scripts:
            return Space(())
        if len(scripts) != 1 or scripts[0].data != "superscript":
            raise NotRead("space", "the exponent of ℝ is not understood")
        inner = scripts[0].children[0]
        group = atom_of(inner)
        return Space((self.place([inner]),) if isinstance(group, Token) else self.shape_of(group))

    def shape_of(self, group: Tree[Token]) -> tuple[Place, ...]:
        """Read the sizes of n × m."""
        parts: list[list[Item]] = [[]]
        sides = [s for clause in clauses_of(group.children[0]) for s in clause.sides]
        if len(sides) != 1 or sides[0] is None:
            raise NotRead("space", "the exponent of ℝ is not understood")
        for item in _flattened(sides[0]):
            if _is_times(item):
                parts.append([])
            else:
                parts[-1].append(item)
        return tuple(self.place(part) for part in parts)

    # places

    def place_of_side(self, side: Item) -> Place:
        """Read a side as a place: an index, a layer or a size."""
        if isinstance(side, Token):
            return self.place([side])
        return self.place(_flattened(side))

    def place(self, items: Sequence[Item]) -> Place:
        """Read factors and signs as a place such as l-1, n^{[l]} or 3."""
        base: Place | None = None
        shift, sign = 0, 1
        for item in items:
            if isinstance(item, Token) and item.type == "SIGN":
                sign = -1 if item in {"-", "−"} else 1
                continue
            token = token_of(item)
            if token is not None and token.type == "NUMBER" and not scripts_of(item):
                shift, sign = shift + sign * int(float(token)), 1
                continue
            if base is not None or sign < 0:
                raise NotRead("index", f"{''.join(map(spell, items))} is no index")
            base = self.place_letter(item)
        return replace(base, shift=base.shift + shift) if base is not None else Index("", shift)

    def place_letter(self, item: Item) -> Place:
        """Read one letter with its scripts as a place."""
        atom = atom_of(item)
        if isinstance(atom, Tree):
            inner = self.inner_side(atom)
            if inner is None:
                raise NotRead("index", f"{spell(item)} is no index")
            return self.place_of_side(inner)
        name, scripts = spell(atom), scripts_of(item)
        primes = "'" * sum(script.data == "prime" for script in scripts)
        rest = [script for script in scripts if script.data != "prime"]
        symbol = self.notation.lookup.get(spell(item)) or self.notation.lookup.get(name)
        if name == "L" and not rest:
            return LAST
        if name in self.notation.layer_letters:
            return Index(name)
        if name in self.notation.index and not rest:
            return Index(name + primes)
        if symbol is not None and symbol.kind == "size":
            if symbol.family != "n":
                return Size(symbol.family)
            marks = self.marks(rest, None, layer_below=True)
            return Size("n", self.layer(symbol, marks, name, ()))
        if rest or atom.type not in {"LETTER", "COMMAND"} or (
            atom.type == "COMMAND" and name in {r"\partial", r"\sum", r"\top", r"\starred"}
        ):  # fmt: skip
            raise NotRead("index", f"{spell(item)} is no index")
        return Index(name + primes)

    def inner_side(self, tree: Tree[Token]) -> Tree[Token] | None:
        """Return the only side inside brackets or braces, or None."""
        if tree.data not in {"group", "round", "square", "curly"}:
            return None
        clauses = clauses_of(tree.children[0])
        if len(clauses) != 1 or clauses[0].relations:
            return None
        return clauses[0].sides[0]

    def places(self, item: Item, slots: int) -> list[Place | None]:
        """Read a subscript as a list of places; None stands for a colon."""
        atom = atom_of(item)
        if isinstance(atom, Token):
            return self.listed([item], slots)
        if atom.data not in {"group", "round", "square"}:
            raise NotRead("index", f"{spell(item)} is no index")
        found: list[Place | None] = []
        clauses = clauses_of(atom.children[0])
        for clause in clauses:
            side = clause.sides[0]
            if clause.relations or side is None:
                raise NotRead("index", f"{spell(item)} is no index")
            if any(isinstance(child, Token) for child in side.children):
                found.append(self.place_of_side(side))
            else:
                found.extend(self.listed(items_of(side), slots if len(clauses) == 1 else 1))
        return found

    def listed(self, items: Sequence[Item], slots: int) -> list[Place | None]:
        """Read letters and numbers set side by side as places, one each."""
        found: list[Place | None] = []
        for item in items:
            atom = atom_of(item)
            if isinstance(atom, Token) and (
                atom.type in {"COLON", "OPERATOR"} or atom == r"\bullet"
            ):
                found.append(None)
            elif isinstance(atom, Token) and atom.type == "NUMBER" and not scripts_of(item):
                digits = [*atom] if len(items) == 1 and len(atom) == slots > 1 else [str(atom)]
                found.extend(Index("", int(float(digit))) for digit in digits)
            elif isinstance(atom, Tree) and atom.data in {"round", "group", "square"}:
                found.extend(self.places(atom, slots))
            else:
                found.append(self.place_letter(item))
        return found

    def marks(
        self, scripts: Sequence[Tree[Token]], symbol: Symbol | None, *, layer_below: bool = False
    ) -> _Marks:
        """Read the scripts of a symbol."""
        marks = _Marks()
        slots = 1
        if symbol is not None and symbol.kind in {"node", "gradient"}:
            one = symbol.family in {"b", "gain", "shift"} or self.notation.examples == "one"
            slots = 2 if symbol.family == "W" or not one else 1
        for script in scripts:
            if script.data == "prime":
                marks.primes += 1
            elif script.data == "subscript":
                below = self.notation.layers == "subscript" or layer_below
                try:
                    places = self.places(script.children[0], slots)
                except NotRead:
                    self.superscript(script.children[0], marks, symbol)
                    continue
                if (
                    below
                    and places
                    and isinstance(places[0], Index | Size)
                    and (symbol is None or symbol.family != "Y")
                    and self.is_layer(places[0])
                ):
                    marks.layer, places = places[0], places[1:]
                marks.places = tuple(places) if places else marks.places
            else:
                self.superscript(script.children[0], marks, symbol)
        return marks

    def is_layer(self, place: Place) -> bool:
        """Tell whether a place can be a layer."""
        if isinstance(place, Size):
            return place.kind == "L"
        return place.letter in self.notation.layer_letters or not place.letter

    def superscript(self, item: Item, marks: _Marks, symbol: Symbol | None) -> None:
        """Read a superscript: a layer, an example, a transpose, primes or a power."""
        atom = atom_of(item)
        if isinstance(atom, Tree) and atom.data == "group" and not scripts_of(item):
            for clause in clauses_of(atom.children[0]):
                side = clause.sides[0]
                if clause.relations or side is None:
                    raise NotRead("superscript", f"the superscript {spell(item)} is not read")
                if any(isinstance(child, Token) for child in side.children):
                    self.mark_place(side, marks, symbol)
                else:
                    for part in items_of(side):
                        self.superscript(part, marks, symbol)
            return
        if isinstance(atom, Tree) and atom.data in {"square", "round"}:
            inner = self.inner_side(atom)
            if inner is None:
                raise NotRead("superscript", f"the superscript {spell(item)} is not read")
            place = self.place_of_side(inner)
            if self.is_example(place, marks, square=atom.data == "square"):
                marks.example = place
            else:
                marks.layer = place
            for script in scripts_of(item):
                if script.data == "prime":
                    marks.primes += 1
                else:
                    self.superscript(script.children[0], marks, symbol)
            return
        spelled = spell(atom)
        if spelled in {r"\prime", "'"} or (isinstance(atom, Token) and atom.type == "PRIME"):
            marks.primes += 1
        elif spelled in _TRANSPOSES and spelled not in self.notation.index:
            marks.transposed = True
            for script in scripts_of(item):
                self.superscript(script.children[0], marks, symbol)
        elif isinstance(atom, Token) and atom.type == "OPERATOR" and atom == ",":
            return
        else:
            self.mark_place(side_of([atom]), marks, symbol)
            for script in scripts_of(item):
                self.superscript(script.children[0], marks, symbol)

    def mark_place(self, side: Tree[Token], marks: _Marks, symbol: Symbol | None) -> None:
        """Read an unbracketed superscript: a layer where it can be one, else a power."""
        try:
            place: Place | None = self.place_of_side(side)
        except NotRead:
            place = None
        layered = symbol is None or symbol.layer is not None or symbol.kind in {"function", "size"}
        if place is not None and layered and self.notation.layers != "subscript":
            number = isinstance(place, Index) and not place.letter
            if self.is_layer(place) and (self.notation.layers == "plain" or not number):
                marks.layer = place
                return
        if isinstance(place, Index) and self.range_of(place.letter) == Size("m"):
            marks.example = place
            return
        marks.power = self.side(side)

    def is_example(self, place: Place, marks: _Marks, *, square: bool) -> bool:
        """Tell whether a bracketed superscript names an example: x^{(i)}, a^{[1](i)}."""
        if isinstance(place, Size):
            return place.kind == "m"
        if place.letter in self.notation.layer_letters:
            return False
        if place.letter:
            return True
        return marks.layer is not None and not square

    # expressions

    def side(self, side: Item) -> Expression:
        """Read a sum of products."""
        if isinstance(side, Token):
            return self.product([side])
        terms: list[Expression] = []
        negative = False
        if self.dotted_sum(side):
            raise NotRead("dots", "a sum written with dots is not read; write it with Σ")
        for child in side.children:
            if isinstance(child, Token):
                if child in {r"\pm", r"\mp"}:
                    raise NotRead("sign", f"{child} is not one sign")
                negative ^= child in {"-", "−"}
                continue
            term = self.product(list(child.children))
            terms.append(Negative(term) if negative else term)
            negative = False
        return terms[0] if len(terms) == 1 else Sum(tuple(terms))

    @staticmethod
    def dotted_sum(side: Tree[Token]) -> bool:
        """Tell whether a sum has dots for a term."""
        return any(
            isinstance(child, Tree)
            and len(child.children) == 1
            and (token := token_of(child.children[0])) is not None
            and token.type == "DOTS"
            for child in side.children
        )

    def product(self, items: Sequence[Item]) -> Expression:
        """Read factors: juxtaposition binds closest, then · and ⊙ from the left."""
        result: Expression | None = None
        operator = ""
        tight: list[Expression] = []
        position = 0

        def close() -> None:
            nonlocal result, tight
            if not tight:
                raise NotRead("operator", f"an operand of {operator or 'a product'} is missing")
            factor = tight[0] if len(tight) == 1 else Product(tuple(tight))
            if result is None:
                result = factor
            elif operator == "hadamard":
                parts = result.factors if isinstance(result, Hadamard) else (result,)
                result = Hadamard((*parts, factor))
            else:
                result = Product((result, factor), dot=operator == "dot")
            tight = []

        while position < len(items):
            item = items[position]
            if isinstance(item, Token) and item.type == "OPERATOR":
                position += 1
                if item in {"/", r"\div"}:
                    if not tight or position >= len(items):
                        raise NotRead("operator", "an operand of / is missing")
                    start = position
                    below, position = self.factor(items, position)
                    if self.ambiguous_divisor(items, start, position):
                        raise NotRead("slash", "what / divides by is ambiguous; write \\frac{}{}")
                    above = tight[0] if len(tight) == 1 else Product(tuple(tight))
                    tight = [Quotient(above, below)]
                    continue
                if item in {r"\otimes", r"\oplus"}:
                    raise NotRead("operator", f"the operator {item} is not read")
                close()
                hadamard = item in self.notation.hadamard
                operator = "hadamard" if hadamard else ("times" if "times" in item else "dot")
                continue
            factor, position = self.factor(items, position)
            if self.loose and tight and operator == "hadamard":
                close()
                operator = "times"
            tight.append(factor)
        close()
        assert result is not None
        return result

    @staticmethod
    def ambiguous_divisor(items: Sequence[Item], start: int, end: int) -> bool:
        """Tell whether a number after a slash is followed directly by a letter, as in 1/2m."""
        token = token_of(items[start])
        after = items[end] if end < len(items) else None
        follower = token_of(after) if after is not None and isinstance(after, Tree) else None
        return (
            token is not None
            and token.type == "NUMBER"
            and follower is not None
            and follower.type == "LETTER"
        )

    def factor(self, items: Sequence[Item], position: int) -> tuple[Expression, int]:
        """Read the factor at a position; return it and the position after it."""
        item = items[position]
        if isinstance(item, Token) and item.type in {"OPERATOR", "SIGN"}:
            raise NotRead("operator", f"{item} has nothing before it")
        atom, scripts = atom_of(item), scripts_of(item)
        if isinstance(atom, Token) and atom.type == "DOTS":
            raise NotRead("dots", "dots outside a matrix are not read")
        if isinstance(atom, Token) and atom.type in {"TEXT", "COLON", "PRIME"}:
            raise NotRead("words", f"{atom} stands in the formula")
        spelled = spell(atom)
        if spelled in {r"\sum", r"\prod", "∑"}:
            return self.series(scripts, items[position + 1 :], spelled), len(items)
        if spelled in {r"\nabla", "∇"}:
            return self.nabla(scripts, items, position + 1)
        if spelled in {r"\partial", "∂"}:
            return self.lone_partial(items, position)
        if spelled == "d" and position + 1 < len(items) and not scripts:
            found = self.differential(items, position)
            if found is not None:
                return found
        if spelled in {r"\pi", "π"} and self.symbol(item)[1] is None:
            return self.scripted(Number(pi), scripts), position + 1
        if isinstance(atom, Token) and atom.type == "NUMBER":
            return self.number(atom, scripts, items, position)
        if (called := self.called(items, position)) is not None:
            return called
        if self.is_indicator(spelled) and (truth := self.indicator(items, position)):
            return truth
        if spelled in _ONES:
            return self.ones(scripts), position + 1
        name, symbol = self.symbol(item)
        function = self.function_of(name, symbol)
        if function is not None:
            return self.application(function, items, position)
        if spelled in {"e", r"\mathrme"} and symbol is None and scripts:
            return self.exponential(scripts), position + 1
        hiding = _HIDING | {r"\norm", r"\abs"}
        if isinstance(atom, Tree) and (
            atom.data not in {"styled", "stacked"} or spell(atom.children[0]) in hiding
        ):
            return self.composed(atom, scripts, items, position)
        if spelled in {r"\mathbfI", "I", r"\mathbbI", r"\boldsymbolI"} and symbol is None:
            size = self.marks(scripts, None).places
            return Unit(size[0] if size else None), position + 1
        return self.named(item, name, symbol, items, position)

    def called(self, items: Sequence[Item], position: int) -> tuple[Expression, int] | None:
        """Read a function that the page has defined, with its argument."""
        item = items[position]
        name, symbol = self.symbol(item)
        definition = self.definitions.get(f"{name}()")
        if definition is None or (symbol is not None and not self.identity):
            return None
        if position + 1 >= len(items) or not self.is_bracket(items[position + 1]):
            return None
        bracket = cast("Tree[Token]", atom_of(items[position + 1]))
        inner = self.inner_side(bracket)
        if inner is None:
            return None
        primes = sum(script.data == "prime" for script in scripts_of(item))
        (parameter,) = definition.letters
        value = Called(name, parameter, definition.body, self.side(inner), primes)
        return self.scripted(value, scripts_of(items[position + 1])), position + 2

    def symbol(self, item: Item) -> tuple[str, Symbol | None]:
        """Look a factor up: as printed with its scripts, then bare, then without bold type."""
        atom = atom_of(item)
        lookup = self.notation.lookup
        bare = self.bare(atom)
        if not bare:
            return "", None
        worded = "".join(spell(s) for s in scripts_of(item) if self.is_word(s))
        if worded and bare + worded not in lookup:
            return bare + worded, None
        for spelled in (spell(item), *self.prefixes(item), spell(atom), bare):
            if spelled in self.definitions:
                return spelled, lookup.get(spelled)
            if spelled in lookup:
                return spelled, lookup[spelled]
        return bare, None

    @staticmethod
    def is_word(script: Tree[Token]) -> bool:
        """Tell whether a subscript is a word or a command that belongs to the name."""
        atom = atom_of(script.children[0])
        while isinstance(atom, Tree) and atom.data == "group":
            clauses = clauses_of(atom.children[0])
            items = items_of(clauses[0].sides[0]) if clauses[0].sides[0] is not None else []
            if len(clauses) != 1 or len(items) != 1:
                return False
            atom = atom_of(items[0])
        if script.data != "subscript" or not isinstance(atom, Token):
            return False
        function = atom in _PLAIN_FUNCTIONS and atom.type in {"COMMAND", "WORD"}
        return atom.type in {"TEXT", "WORD"} or function

    @staticmethod
    def prefixes(item: Item) -> Iterator[str]:
        """Yield the spellings of a factor with its first script only."""
        for script in scripts_of(item):
            if script.data != "prime":
                yield spell(atom_of(item)) + spell(script)

    @classmethod
    def bare(cls, atom: Item) -> str:
        """Return the name of a symbol without bold type or arrows, or ""."""
        if isinstance(atom, Token):
            return spell(atom) if atom.type in {"LETTER", "COMMAND", "WORD"} else ""
        if atom.data == "styled":
            style, inner = str(atom.children[0]), atom_of(atom.children[1])
            if style in _HIDING | {r"\norm", r"\abs"}:
                return ""
            name = cls.bare(inner)
            if style in _TRANSPARENT:
                return name
            return style + name if name else ""
        if atom.data == "group":
            clauses = clauses_of(atom.children[0])
            if len(clauses) == 1 and not clauses[0].relations and clauses[0].sides[0] is not None:
                side = clauses[0].sides[0]
                items = items_of(side)
                lone = len(items) == 1 and not scripts_of(items[0]) and len(side.children) == 1
                return cls.bare(atom_of(items[0])) if lone else ""
        return ""

    @staticmethod
    def special(atom: Item) -> bool:
        """Tell whether an atom is a sign of mathematics, not a name that a page may give."""
        spelled = spell(atom)
        return spelled in {
            r"\sum", r"\prod", r"\nabla", r"\partial", "∂", "∇", r"\infty", r"\dots", r"\forall",
            r"\mathbfI", "I", r"\to", r"\mathbb1", r"\mathbf1",
        } or spelled in _PLAIN_FUNCTIONS  # fmt: skip

    def named(
        self, item: Item, name: str, symbol: Symbol | None, items: Sequence[Item], position: int
    ) -> tuple[Expression, int]:
        """Read a symbol with its scripts."""
        scripts = scripts_of(item)
        if name in self.definitions and not self.identity:
            scripts = [script for script in scripts if not self.is_word(script)]
            return self.defined(self.definitions[name], scripts, item), position + 1
        if self.identity and (
            symbol is None or (symbol.kind in {"node", "gradient"} and symbol.family != "J")
        ):
            if name == r"\delta" and (kronecker := self.kronecker(scripts)):
                return kronecker, position + 1
            if not name or (token_of(item) is not None and self.special(atom_of(item))):
                raise NotRead("undeclared", f"{spell(item)} is not declared")
            marks = self.marks(scripts, None)
            free: Expression = Free(name, tuple(marks.places or ()))
            return self.finished(free, marks), position + 1
        if symbol is None:
            raise NotRead("undeclared", f"{spell(item) or name} is not declared")
        if name == r"\delta" and (kronecker := self.kronecker(scripts)):
            return kronecker, position + 1
        # a script that is part of the declared name is not read a second time
        printed = [s for s in scripts if name != spell(atom_of(item)) + spell(s)]
        if name == spell(item):
            printed = []
        after = position + 1
        if symbol.family in {"J", "losses"} and self.notation.examples == "one":
            printed = [script for script in printed if not self.names_example(script)]
        marks = self.marks(printed, symbol)
        match symbol.kind:
            case "number" if symbol.family == "epsilon":
                return self.finished(Number(EPSILON), marks), after
            case "number":
                printed_below = "".join(spell(s) for s in printed if s.data == "subscript")
                return self.finished(Free(name + printed_below), marks), after
            case "size":
                if symbol.family == "n":
                    marks = self.marks(printed, symbol, layer_below=True)
                    size = Size("n", self.layer(symbol, marks, name, ()))
                    return self.finished(Count(size), marks), after
                return self.finished(Count(Size(symbol.family)), marks), after
            case "function":
                raise NotRead("argument", f"{spell(item)} is a function without an argument")
        if symbol.family in {"J", "losses"}:
            if after < len(items) and self.holds_arguments(items[after]):
                after += 1
            return self.finished(self.cost(symbol, marks, name), marks), after
        bold = isinstance(atom_of(item), Tree) and spell(atom_of(item)) != name
        if (
            marks.transposed
            and marks.places
            and len(marks.places) == 2
            and None not in marks.places
        ):
            # an entry of the transpose: (X^T)_{jk} is X_{kj}
            marks.transposed, marks.places = False, marks.places[::-1]
        node = self.node(name, symbol, marks, bold=bold)
        return self.finished(self.quantity(symbol, node), marks), after

    @staticmethod
    def names_example(script: Tree[Token]) -> bool:
        """Tell whether a script of the cost names the one example there is, as n in E_n."""
        return bool(re.fullmatch(r"[_^]\(?[a-z]\)?", spell(script)))

    @staticmethod
    def holds_arguments(item: Item) -> bool:
        """Tell whether brackets hold arguments, as in J(W, b), and not a factor."""
        atom = atom_of(item)
        if not isinstance(atom, Tree) or atom.data not in {"round", "square"} or scripts_of(item):
            return False
        sides = [side for clause in clauses_of(atom.children[0]) for side in clause.sides]
        return all(side is not None and len(items_of(side)) == 1 for side in sides)

    @staticmethod
    def quantity(symbol: Symbol, node: Node) -> Expression:
        """Return a node, or the gradient by it where the symbol is one."""
        value: Expression = node
        if symbol.kind == "gradient":
            whole = node.row is None or node.column is None
            shown = node.family if whole and not node.single else node.family.lower()
            value = Derivative(COST, replace(node, shown=shown))
        if symbol.scaled:
            value = Product((Count(Size("m")), value))
        return Rate(value) if symbol.rate else value

    def cost(self, symbol: Symbol, marks: _Marks, name: str) -> Node:
        """Read the cost, or the loss of one example where an index is printed."""
        place = marks.example or (marks.places[0] if marks.places else None)
        if marks.layer is not None or marks.primes:
            raise NotRead("cost", f"the cost {name} carries a layer or a prime")
        if place is None and symbol.family == "J":
            return replace(COST, shown=name)
        if self.notation.examples == "one":
            return replace(COST, shown=name)
        return Node("losses", None, ONE, place, name, flipped=self.notation.examples == "rows")

    def kronecker(self, scripts: Sequence[Tree[Token]]) -> Truth | None:
        """Read δ_{pj}, without a layer, as Kronecker's symbol."""
        if self.notation.layers in {"implicit", "index"} and self.notation.examples != "one":
            return None
        if len(scripts) != 1 or scripts[0].data != "subscript":
            return None
        try:
            places = self.places(scripts[0].children[0], 2)
        except NotRead:
            return None
        if len(places) != 2 or places[0] is None or places[1] is None:
            return None
        if self.notation.layers == "subscript" and self.is_layer(places[0]):
            return None
        return Truth(places[0], "=", places[1])

    @property
    def times(self) -> set[str]:
        """The letters that stand for the time of a directional derivative."""
        lookup = self.notation.lookup
        return {name for name, symbol in lookup.items() if symbol.family == "time"}

    @property
    def example_letter(self) -> str:
        """The letter that runs over the examples."""
        letters = (k for k, size in self.notation.index.items() if size == Size("m"))
        return next(letters, "i")

    def range_of(self, letter: str) -> Place | None:
        """Return the declared range of an index letter."""
        return self.notation.index.get(letter.rstrip("'"))

    def layer(
        self, symbol: Symbol, marks: _Marks, name: str, places: Sequence[Place | None]
    ) -> Place | None:
        """Return the layer of a symbol from its declaration and from what is printed."""
        declared = symbol.layer
        if declared is None:
            return None
        letter = declared.letter if isinstance(declared, Index) else ""
        if letter not in self.notation.layer_letters and letter != "l":
            if marks.layer is not None and marks.layer != declared:
                raise NotRead("layer", f"{name} has a layer of its own and carries another")
            return declared
        printed = marks.layer
        if printed is None and symbol.family in {"gain", "shift", "K"}:
            printed = Index("l")
        if printed is None and self.notation.layers == "implicit":
            printed = Index("l")
        if printed is None and self.notation.layers == "index":
            printed = self.layer_of_index(places)
        if printed is None:
            raise NotRead("layer", f"{name} shows no layer")
        return replace(printed, shift=printed.shift + declared.shift)

    def layer_of_index(self, places: Sequence[Place | None]) -> Place | None:
        """Return the layer that an index letter belongs to."""
        first = places[0] if places else None
        size = self.range_of(first.letter) if isinstance(first, Index) else None
        return size.layer if isinstance(size, Size) else None

    def node(self, name: str, symbol: Symbol, marks: _Marks, *, bold: bool) -> Node:
        """Build the part of the network that a symbol with its indices names."""
        if marks.primes:
            raise NotRead("prime", f"{name} carries a prime")
        family, one = symbol.family, self.notation.examples == "one"
        places = [self.counted(place, name) for place in marks.places or ()]
        layer = self.layer(symbol, marks, name, places)
        flipped = self.notation.flips(family)
        if family == "Y" and marks.layer is not None:
            raise NotRead("layer", f"{name} has no layer")
        row: Place | None = None
        column: Place | None = None
        single = one and family != "W"
        shown = name
        if family == "W":
            if len(places) not in {0, 2}:
                raise NotRead("indices", f"{name} needs two indices")
            if not places and symbol.view == "entries" and not bold:
                self.reproach("bare", f"{name} denotes an entry and needs its indices")
            row, column = (places[::-1] if flipped else places) if places else (None, None)
        elif family in {"b", "gain", "shift"}:
            if len(places) > 1 and places[1] not in {ONE, None}:
                raise NotRead("indices", f"{name} has one index")
            row, column = (places[0] if places else None), None
        elif one:
            if len(places) > 1 or marks.example is not None:
                raise NotRead("indices", f"{name} has one index where there is one example")
            row = places[0] if places else None
        else:
            row, column, single = self.batch(name, symbol, marks, places, bold=bold)
        if places and None not in places and name[-1:].isupper():
            self.reproach(
                "capital", f"the capital {name} denotes the matrix, not an entry", note=True
            )
        return Node(family, layer, row, column, shown, flipped, single)

    def batch(
        self, name: str, symbol: Symbol, marks: _Marks, places: list[Place | None], *, bold: bool
    ) -> tuple[Place | None, Place | None, bool]:
        """Return row, column and whether the example is unprinted, where pages treat many."""
        flipped = self.notation.examples == "rows"
        implied = Index(self.example_letter)
        if marks.example is not None:
            if len(places) > 1:
                raise NotRead("indices", f"{name} carries more than one example")
            return (places[0] if places else None), self.counted(marks.example, name), False
        if len(places) > 2:
            raise NotRead("indices", f"{name} has two indices")
        if len(places) == 2:
            row, column = places[::-1] if flipped else places
            return row, column, False
        if len(places) == 1:
            only = places[0]
            if isinstance(only, Index) and only.letter:
                if self.range_of(only.letter) == Size("m"):
                    return None, only, False
                return only, implied, True
            raise NotRead("indices", f"{name} needs two indices")
        if symbol.view == "matrix":
            return None, None, False
        if symbol.view == "entries" and not bold:
            self.reproach("bare", f"{name} denotes an entry or a column and needs its index")
        return None, implied, False

    def counted(self, place: Place | None, name: str) -> Place | None:
        """Correct an index 0 where the page counts from 1."""
        if place == Index("", 0) and self.notation.base == 1:
            self.reproach("zero", f"{name} has the index 0, but indices begin at 1")
            return ONE
        return place

    def finished(self, expression: Expression, marks: _Marks) -> Expression:
        """Apply a power and a transpose."""
        if marks.power is not None:
            if isinstance(marks.power, Free) and "starred" in marks.power.name:
                raise NotRead("superscript", "the superscript * is not read")
            expression = Power(expression, marks.power)
        return Transpose(expression) if marks.transposed else expression

    def defined(
        self, definition: Definition, scripts: Sequence[Tree[Token]], item: Item
    ) -> Expression:
        """Put the body of a definition in place of its name."""
        marks = self.marks(scripts, None)
        places = list(marks.places or ())
        if marks.example is not None:
            places.append(marks.example)
        letters: dict[str, Place] = {}
        if definition.layer:
            if marks.layer is None:
                raise NotRead("layer", f"{spell(item)} shows no layer")
            letters[definition.layer] = marks.layer
        elif marks.layer is not None:
            raise NotRead("layer", f"{spell(item)} was defined without a layer")
        elif self.notation.layers == "index":
            here = self.layer_of_index(places)
            there = self.layer_of_index([Index(letter) for letter in definition.letters])
            if isinstance(here, Index) and isinstance(there, Index):
                letters["l"] = Index("l", here.shift - there.shift)
        if len(places) == len(definition.letters):
            if None in places:
                raise NotRead("indices", f"{spell(item)} with a colon is not read")
            named = zip(definition.letters, places, strict=True)
            letters |= {letter: place for letter, place in named if place is not None}
            body: Expression = substitute(definition.body, letters)
        elif not definition.letters and len(places) in {1, 2}:
            body = substitute(definition.body, letters)
            row, column = places[0], places[1] if len(places) == 2 else None
            body = Entry(body, row, ONE if len(places) == 1 else column)
        elif not places and len(definition.letters) == 1:
            (letter,) = definition.letters
            size = next(ranges(definition.body, letter), None)
            if size is None:
                raise NotRead("indices", f"{spell(item)} needs its index")
            body = Dotted(definition.body, letter, size, "\N{DEGREE SIGN}", ONE)
            body = substitute(body, letters)
        else:
            raise NotRead("indices", f"{spell(item)} was defined with other indices")
        return self.finished(body, marks)

    # the parts of mathematics

    def number(
        self, token: Token, scripts: Sequence[Tree[Token]], items: Sequence[Item], position: int
    ) -> tuple[Expression, int]:
        """Read a number, a vector of ones 1_m, or an indicator 1{p = j}."""
        after = items[position + 1] if position + 1 < len(items) else None
        if token == "1" and not scripts and after is not None and isinstance(after, Tree):
            inner = atom_of(after)
            if isinstance(inner, Tree) and inner.data in {"curly", "square"}:
                truth = self.truth(inner)
                if truth is not None:
                    return truth, position + 2
        if token == "1" and any(script.data == "subscript" for script in scripts):
            return self.ones(scripts), position + 1
        marks = self.marks(scripts, Symbol("number", "number"))
        return self.finished(Number(float(token)), marks), position + 1

    def ones(self, scripts: Sequence[Tree[Token]]) -> Expression:
        """Read a column of ones, or an indicator with its relation below."""
        size: Place | None = None
        transposed = False
        for script in scripts:
            inner = script.children[0]
            if script.data == "superscript":
                marks = self.marks([script], None)
                transposed ^= marks.transposed
                continue
            group = atom_of(inner)
            if isinstance(group, Tree) and (truth := self.truth(group)) is not None:
                return truth
            if isinstance(group, Tree) and any(group.scan_values(_is_times)):
                shape = self.shape_of(group)
                if len(shape) != 2 or ONE not in shape:
                    raise NotRead("ones", "a matrix of ones is not read")
                size = shape[1] if shape[0] == ONE else shape[0]
                transposed ^= shape[0] == ONE
            else:
                places = self.places(inner, 1)
                size = places[0] if len(places) == 1 else None
                if size is None:
                    raise NotRead("ones", f"1_{spell(inner)} is not read")
        column = Ones(size)
        return Transpose(column) if transposed else column

    @staticmethod
    def is_indicator(spelled: str) -> bool:
        """Tell whether a symbol is that of an indicator function."""
        return spelled in _INDICATORS

    def indicator(self, items: Sequence[Item], position: int) -> tuple[Expression, int] | None:
        """Read an indicator with its relation below or in brackets."""
        for script in scripts_of(items[position]):
            group = atom_of(script.children[0])
            if script.data == "subscript" and isinstance(group, Tree):
                truth = self.truth(group)
                if truth is not None:
                    return truth, position + 1
        if position + 1 < len(items) and not scripts_of(items[position]):
            after = atom_of(items[position + 1])
            if isinstance(after, Tree) and after.data in {"round", "square", "curly"}:
                truth = self.truth(after)
                if truth is not None:
                    return truth, position + 2
        return None

    def truth(self, tree: Tree[Token]) -> Expression | None:
        """Read a relation in brackets, such as [p = j] or [z > 0], or return None."""
        if tree.data not in {"group", "round", "square", "curly"}:
            return None
        clauses = clauses_of(tree.children[0])
        if len(clauses) != 1:
            return None
        clause = clauses[0]
        if not clause.relations:
            side = clause.sides[0]
            items = items_of(side) if side is not None else []
            inner = atom_of(items[0]) if len(items) == 1 else None
            return self.truth(inner) if isinstance(inner, Tree) else None
        if len(clause.relations) != 1:
            return None
        left, right = clause.sides
        if left is None or right is None:
            return None
        relation = {
            r"\neq": "≠", r"\ne": "≠", r"\ge": "≥", r"\geq": "≥", r"\le": "≤", r"\leq": "≤",
            r"\gt": ">", r"\lt": "<", "==": "=",
        }.get(clause.relations[0], clause.relations[0])  # fmt: skip
        if relation not in {"=", "≠", "<", ">", "≤", "≥"}:
            return None
        try:
            truth = Truth(self.place_of_side(left), relation, self.place_of_side(right))
        except NotRead:
            return Compare(self.side(left), relation, self.side(right))
        known = {*self.notation.index, *self.notation.layer_letters}
        if not self.identity or {x.rstrip("'") for x in free_letters(truth)} <= known:
            return truth
        return Compare(self.side(left), relation, self.side(right))

    def series(self, scripts: Sequence[Tree[Token]], rest: Sequence[Item], sign: str) -> Expression:
        """Read a sum over an index; it reaches to the end of its term."""
        lower_tree = next((s.children[0] for s in scripts if s.data == "subscript"), None)
        upper_tree = next((s.children[0] for s in scripts if s.data == "superscript"), None)
        if not rest:
            raise NotRead("summand", "Σ stands without a summand")
        body = self.product(rest)
        if lower_tree is None:
            raise NotRead("bounds", "Σ stands without an index")
        kind = "product" if "prod" in sign else "sum"
        upper: Place | None = None
        if upper_tree is not None:
            group = atom_of(upper_tree)
            inner = self.inner_side(group) if isinstance(group, Tree) else None
            try:
                upper = self.place_of_side(inner) if inner is not None else self.place([upper_tree])
            except NotRead:
                if not self.identity:
                    raise
        group = atom_of(lower_tree)
        if isinstance(group, Token):
            clauses = [Clause((side_of([lower_tree]),), ())]
        else:
            clauses = clauses_of(group.children[0])
        result = body
        bound: list[tuple[str, Place | None, Truth | None]] = []
        unless: Truth | None = None
        for clause in clauses:
            left = clause.sides[0]
            if left is None:
                raise NotRead("bounds", "the index of Σ is not understood")
            if not clause.relations:
                bound.extend((self.letter(item), None, None) for item in items_of(left))
                continue
            if spell(left) == "axis":
                return self.axis(body, spell(clause.sides[1]))
            if len(clause.relations) != 1 or clause.sides[1] is None:
                raise NotRead("bounds", "the bounds of Σ are not understood")
            letter = self.letter_of(left)
            if clause.relations[0] in {r"\neq", r"\ne"}:
                unless = Truth(Index(letter), "≠", self.place_of_side(clause.sides[1]))
                if letter not in [name for name, _, _ in bound]:
                    bound.append((letter, None, unless))
            elif clause.relations[0] == "=":
                bound.append((letter, self.place_of_side(clause.sides[1]), None))
            else:
                raise NotRead("bounds", "the bounds of Σ are not understood")
        for letter, lower, condition in reversed(bound):
            result = self.bounded(letter, lower, upper, result, kind, condition or unless)
            unless = None
        return result

    def letter(self, item: Item) -> str:
        """Read a summation index."""
        place = self.place_letter(item) if isinstance(item, Tree) else None
        if not isinstance(place, Index) or not place.letter or place.shift:
            raise NotRead("bounds", f"{spell(item)} is no summation index")
        return place.letter

    def letter_of(self, side: Tree[Token]) -> str:
        """Read the summation index of a bound such as i = 1."""
        items = items_of(side)
        if len(items) != 1:
            raise NotRead("bounds", f"{spell(side)} is no summation index")
        return self.letter(items[0])

    def axis(self, body: Expression, number: str) -> Expression:
        """Read Σ_{axis=1}, which is a line of NumPy and no mathematics."""
        self.reproach(
            "axis", f"Σ_{{axis={number}}} names no index; write the sum over the examples"
        )
        if number not in {"0", "1"}:
            raise NotRead("bounds", f"axis={number} is no axis of a matrix")
        if number == "1":
            return Product((body, Ones(None)))
        return Product((Transpose(Ones(None)), body))

    def bounded(
        self, letter: str, lower: Place | None, upper: Place | None, body: Expression,
        kind: str, unless: Truth | None,
    ) -> Expression:  # fmt: skip
        """Build a sum, with its bounds put right where the page counts from 1."""
        slot = next(ranges(body, letter), None)
        declared = self.range_of(letter)
        used = letter in free_letters(body)
        if not used:
            self.reproach(
                "unused", f"the summation index {letter} does not occur in the summand",
                note=upper is not None,
            )  # fmt: skip
        if upper is None:
            self.reproach("bounds", f"Σ over {letter} shows no upper bound", note=True)
            upper = slot or declared
            if upper is None and not used:
                letters = [part.letter for part in walk(body) if isinstance(part, Index)]
                upper = next((size for x in letters for size in ranges(body, x)), None)
            if upper is not None and upper == slot:
                first = self.first(letter, lower, slot, declared)
                return Series(letter, first, None, body, kind, unless)
            if upper is None:
                raise NotRead("bounds", f"Σ over {letter} has no bounds, and no range is declared")
            upper = replace(upper, shift=upper.shift + self.notation.base - 1)
        elif (
            isinstance(upper, Index)
            and not upper.letter
            and upper.shift > 1
            and not (self.notation.widths or self.notation.examples_count)
            and slot is not None
        ):
            raise NotRead("size", f"Σ runs to {upper.shift}: declare the widths of the network")
        first = self.first(letter, lower, slot, declared)
        if first != lower and isinstance(upper, Size) and upper.shift == -1 and lower is not None:
            upper = replace(upper, shift=0)
        return Series(letter, first, upper, body, kind, unless)

    def first(
        self, letter: str, lower: Place | None, slot: Place | None, declared: Place | None
    ) -> Place:
        """Return the lower bound of a sum, put right where the page counts from 1."""
        if lower == Index("", 0) and self.notation.base == 1 and (slot or declared):
            self.reproach("lower", f"Σ over {letter} begins at 0, but indices begin at 1")
            return ONE
        return lower or Index("", self.notation.base)

    def nabla(
        self, scripts: Sequence[Tree[Token]], items: Sequence[Item], position: int
    ) -> tuple[Expression, int]:
        """Read a gradient written with nabla."""
        below = [script.children[0] for script in scripts if script.data == "subscript"]
        if len(below) != 1 or len(scripts) != 1 or position >= len(items):
            raise NotRead("gradient", "∇ needs the variable below it and the cost after it")
        name, symbol = self.symbol(items[position - 1])
        top, position = self.factor(items, position)
        if symbol is not None and symbol.kind == "gradient":
            return self.quantity(symbol, self.node(name, symbol, _Marks(), bold=False)), position
        group = atom_of(below[0])
        inner = self.inner_side(group) if isinstance(group, Tree) else None
        variable = self.side(inner) if inner is not None else self.product([below[0]])
        return self.derivative(top, variable), position

    def lone_partial(self, items: Sequence[Item], position: int) -> tuple[Expression, int]:
        """Read ∂J / ∂W in one line, or reproach a ∂ that stands alone."""
        found = self.inline_derivative(items, position, {r"\partial", "∂"})
        if found is not None:
            return found
        if position + 1 >= len(items):
            raise NotRead("partial", "∂ stands alone")
        self.reproach("spurious", "∂ stands before a factor without a fraction")
        return self.factor(items, position + 1)

    def inline_derivative(
        self, items: Sequence[Item], position: int, signs: set[str]
    ) -> tuple[Expression, int] | None:
        """Read ∂x/∂y written with a slash, or return None."""
        slash = next(
            (n for n in range(position + 1, len(items)) if items[n] == "/"), None
        )  # fmt: skip
        if slash is None or slash not in {position + 2, position + 3} or slash + 2 >= len(items):
            return None
        if spell(atom_of(items[slash + 1])) not in signs:
            return None
        top, end = self.factor(items[:slash], position + 1)
        if end != slash:
            return None
        bottom, after = self.factor(items, slash + 2)
        return self.derivative(top, bottom), after

    def differential(self, items: Sequence[Item], position: int) -> tuple[Expression, int] | None:
        """Read dW, the gradient of J by W, or dJ/dW."""
        found = self.inline_derivative(items, position, {"d"})
        if found is not None:
            return found
        following = items[position + 1]
        if isinstance(following, Token):
            return None
        bare = self.bare(atom_of(following))
        declared = self.notation.lookup.get("d" + bare)
        name, symbol = self.symbol(following)
        if declared is None and (symbol is None or symbol.kind != "node" or symbol.family == "J"):
            return None
        if self.identity:
            return None
        symbol = declared or cast(Symbol, symbol)._replace(kind="gradient")
        marks = self.marks(scripts_of(following), symbol)
        bold = isinstance(atom_of(following), Tree) and spell(atom_of(following)) != name
        node = self.node(bare, symbol, marks, bold=bold)
        return self.finished(self.quantity(symbol, node), marks), position + 2

    def fraction(self, top: Item, bottom: Item, rest: Sequence[Item]) -> tuple[Expression, bool]:
        """Read a fraction, or a derivative; True where it took the rest of its term along."""
        above, below = self.unwrapped(top), self.unwrapped(bottom)
        signs = [spell(atom_of(items[0])) if items else "" for items in (above, below)]
        for sign in (r"\delta", "d", r"\mathrmd"):
            if signs == [sign, sign] and (len(above) > 1 or len(below) > 1) and len(below) > 1:
                if sign == r"\delta":
                    self.reproach("delta", "δ stands for ∂")
                signs = [r"\partial", r"\partial"]
        partial = [sign in {r"\partial", "∂"} for sign in signs]
        if not any(partial):
            return Quotient(self.inside(top), self.inside(bottom)), False
        if partial[0] and any(s.data == "superscript" for s in scripts_of(above[0])):
            raise NotRead("second", "second derivatives are not read")
        variables = below[1:] if partial[1] else below
        if not partial[1]:
            self.reproach("lost", "a denominator lacks its ∂")
        if any(spell(atom_of(item)) in {r"\partial", "∂"} for item in variables):
            raise NotRead("second", "a derivative by two variables is not read")
        if not variables:
            raise NotRead("partial", "∂ stands alone in a denominator")
        bottom_value = self.product(variables)
        if partial[0] and len(above) == 1:
            if not rest:
                raise NotRead("partial", "∂ stands alone in a numerator")
            return self.derivative(self.product(rest), bottom_value), True
        quantity = above
        if partial[0]:
            quantity = self.without_second_partial(above[1:])
        else:
            self.reproach("lost", "a numerator lacks its ∂")
        return self.derivative(self.product(quantity), bottom_value), False

    def without_second_partial(self, items: list[Item]) -> list[Item]:
        """Drop the second sign of ∂∂J."""
        inner = self.unwrapped(items[0]) if len(items) == 1 else items
        if inner and spell(atom_of(inner[0])) in {r"\partial", "∂"} and len(inner) > 1:
            self.reproach("doubled", "∂∂ is doubled")
            return inner[1:]
        return items

    def unwrapped(self, item: Item) -> list[Item]:
        """Return the factors within braces that hold one product, or the item itself."""
        atom = atom_of(item)
        if isinstance(atom, Tree) and atom.data == "group" and not scripts_of(item):
            side = self.inner_side(atom)
            if side is None or any(isinstance(child, Token) for child in side.children):
                return []
            items = items_of(side)
            return self.unwrapped(items[0]) if len(items) == 1 else items
        return [item]

    def inside(self, item: Item) -> Expression:
        """Read what stands within braces."""
        atom = atom_of(item)
        if isinstance(atom, Tree) and atom.data == "group" and not scripts_of(item):
            side = self.inner_side(atom)
            if side is None:
                raise NotRead("fraction", "a part of a fraction is not understood")
            return self.side(side)
        return self.product([item])

    def derivative(self, top: Expression, bottom: Expression) -> Expression:
        """Build a derivative by a quantity, or by the transpose of one."""
        match bottom:
            case Transpose(Node() as node) if isinstance(top, Node) and top.family == "J":
                return Transpose(Derivative(top, node))
            case Entry(Node(row=None, column=None, flipped=False) as node, row, column):
                bottom = replace(node, row=row, column=column)
        if isinstance(bottom, Free) and bottom.name in self.times:
            return Rate(top)
        if not isinstance(bottom, Node | Free):
            raise NotRead("variable", f"a derivative by {show(bottom)} is not read")
        if isinstance(bottom, Node) and bottom.family in {"J", "losses"}:
            raise NotRead("variable", "a derivative by the cost is not read")
        return Derivative(top, bottom)

    @staticmethod
    def is_bracket(item: Item) -> bool:
        """Tell whether an item is a bracket that can hold arguments."""
        atom = atom_of(item)
        return isinstance(atom, Tree) and atom.data in {"round", "square"}

    @staticmethod
    def function_of(name: str, symbol: Symbol | None) -> str | None:
        """Return the function that a symbol names here, or None."""
        if symbol is not None and symbol.kind == "function":
            return symbol.family
        if symbol is not None:
            return None
        return _PLAIN_FUNCTIONS.get(name)

    def application(
        self, function: str, items: Sequence[Item], position: int
    ) -> tuple[Expression, int]:
        """Read a function with its argument."""
        item = items[position]
        marks = self.marks(scripts_of(item), Symbol("function", function, Index("l")))
        if marks.places:
            if len(marks.places) == 1 and self.notation.layers == "subscript":
                pass
            raise NotRead("function", f"{spell(item)} has an index that is not read")
        position += 1
        if position >= len(items) or isinstance(items[position], Token):
            raise NotRead("argument", f"{spell(item)} is a function without an argument")
        argument = items[position]
        after: list[Tree[Token]] = []
        group = atom_of(argument)
        if isinstance(group, Tree) and group.data in {"round", "square", "curly"}:
            clauses = clauses_of(group.children[0])
            arguments = []
            for clause in clauses:
                if clause.relations or clause.sides[0] is None:
                    raise NotRead("argument", f"the argument of {spell(item)} is not understood")
                arguments.append(self.side(clause.sides[0]))
            after, position = scripts_of(argument), position + 1
        elif function == "activation" or function in _MANY:
            raise NotRead("argument", f"{spell(item)} is a function without an argument")
        else:
            only, position = self.factor(items, position)
            arguments = [only]
        layer = marks.layer
        if function == "activation" and layer is None:
            nodes = [p for a in arguments for p in walk(a) if isinstance(p, Node)]
            layer = next((node.layer for node in nodes if node.layer is not None), None)
            if layer is None and not self.identity:
                raise NotRead("layer", f"{spell(item)} shows no layer")
        result: Expression = Apply(function, tuple(arguments), marks.primes, layer)
        if len(arguments) > 1 and function not in _MANY:
            raise NotRead("argument", f"{spell(item)} has one argument")
        if marks.power is not None:
            result = Power(result, marks.power)
        if marks.transposed:
            result = Transpose(result)
        return self.scripted(result, after), position

    def exponential(self, scripts: Sequence[Tree[Token]]) -> Expression:
        """Read e with an exponent."""
        above = [script.children[0] for script in scripts if script.data == "superscript"]
        if len(above) != 1 or len(scripts) != 1:
            raise NotRead("undeclared", "e is not declared")
        return Apply("exp", (self.inside(above[0]),))

    def composed(
        self, atom: Tree[Token], scripts: Sequence[Tree[Token]], items: Sequence[Item],
        position: int,
    ) -> tuple[Expression, int]:  # fmt: skip
        """Read brackets, fractions, matrices, norms and braces, with their scripts."""
        after = position + 1
        match atom.data:
            case "fraction":
                value, took = self.fraction(atom.children[1], atom.children[2], items[after:])
                if took:
                    return value, len(items)
            case "over":
                braced = [Tree("group", [child]) for child in atom.children]
                value, took = self.fraction(braced[0], braced[1], items[after:])
                if took:
                    return value, len(items)
            case "root":
                value = Apply("sqrt", (self.inside(atom.children[1]),))
            case "styled":
                style = str(atom.children[0])
                value = self.inside(atom.children[1])
                if style in _HIDING:
                    scripts = ()
                elif style == r"\norm":
                    return self.norm(value, scripts), after
                elif style == r"\abs":
                    value = Apply("abs", (value,))
            case "stacked":
                value = self.inside(atom.children[2])
            case "grid":
                value = self.grid(atom)
            case _:
                truth = self.truth(atom) if atom.data == "square" else None
                side = self.inner_side(atom)
                if truth is not None:
                    value = truth
                elif side is None:
                    raise NotRead("list", f"the list {spell(atom)[:40]} is not read")
                else:
                    value = self.side(side)
        return self.scripted(value, scripts), after

    def norm(self, value: Expression, scripts: Sequence[Tree[Token]]) -> Expression:
        """Read a norm: the Euclidean or Frobenius one, or with index 1 the sum of sizes."""
        kind = "norm"
        for script in scripts:
            if script.data == "subscript":
                spelled = spell(script.children[0])
                if spelled not in {"2", "F", "1"}:
                    raise NotRead("norm", f"the norm with index {spelled} is not read")
                kind = "norm1" if spelled == "1" else kind
        rest = [script for script in scripts if script.data != "subscript"]
        return self.scripted(Apply(kind, (value,)), rest)

    def scripted(self, value: Expression, scripts: Sequence[Tree[Token]]) -> Expression:
        """Apply indices, a transpose and a power to a composed expression."""
        if not scripts:
            return value
        marks = self.marks(scripts, Symbol("number", "number"))
        if marks.layer is not None or marks.primes or marks.example is not None:
            raise NotRead("superscript", "a bracket carries a superscript that is not read")
        if marks.places:
            if len(marks.places) > 2:
                raise NotRead("indices", "a bracket carries more than two indices")
            row = self.counted(marks.places[0], "a bracket")
            column = self.counted(marks.places[1], "a bracket") if len(marks.places) == 2 else ONE
            one_row = len(marks.places) == 1 and self.notation.examples == "rows"
            if marks.transposed:
                value, marks.transposed = Transpose(value), False
            value = Entry(value, ONE, row) if one_row else Entry(value, row, column)
        return self.finished(value, marks)

    # matrices

    def grid(self, tree: Tree[Token]) -> Expression:
        """Read a matrix cell by cell, a matrix with dots, or cases."""
        rows: list[list[list[Clause]]] = []
        for row in subtrees(tree, "row"):
            cells = [clauses_of(cell) for cell in subtrees(row, "clauses")]
            filled = [[c for c in cell if any(s is not None for s in c.sides)] for cell in cells]
            if any(filled):
                rows.append(filled)
        if "cases" in str(tree.children[0]):
            return self.cases(rows)
        kinds = [[self.is_dots(cell) for cell in row] for row in rows]
        real_rows = [n for n, row in enumerate(kinds) if not all(row)]
        width = max((len(row) for row in rows), default=0)
        real_columns = [
            n for n in range(width) if any(n < len(kinds[r]) and not kinds[r][n] for r in real_rows)
        ]
        if not real_rows or any(len(rows[r]) <= max(real_columns) for r in real_rows):
            raise NotRead("matrix", "the rows of a matrix have different lengths")
        full = [[self.cell(rows[r][c]) for c in real_columns] for r in real_rows]
        dotted_down = len(real_rows) < len(rows)
        dotted_across = len(real_columns) < width
        if not dotted_down and not dotted_across:
            return Grid(tuple(tuple(line) for line in full))
        return self.with_dots(full, down=dotted_down, across=dotted_across)

    def with_dots(self, cells: list[list[Expression]], *, down: bool, across: bool) -> Expression:
        """Read a matrix with dots, and reproach a letter used in both directions."""
        matrix, repeated = dotted(cells, down=down, across=across, base=self.notation.base)
        if repeated:
            self.reproach("repeated", f"{repeated} labels both the rows and the columns")
        return matrix

    @staticmethod
    def is_dots(cell: list[Clause]) -> bool:
        """Tell whether a cell is empty or holds dots."""
        if not cell:
            return True
        side = cell[0].sides[0]
        token = token_of(items_of(side)[0]) if side is not None and items_of(side) else None
        return token is not None and token.type == "DOTS"

    def cell(self, cell: list[Clause]) -> Expression:
        """Read one cell."""
        if self.is_dots(cell):
            raise NotRead("matrix", "the dots of a matrix are not in rows and columns of their own")
        side = cell[0].sides[0]
        if len(cell) != 1 or cell[0].relations or side is None:
            raise NotRead("matrix", "a cell of a matrix is not understood")
        return self.side(side)

    def cases(self, rows: list[list[list[Clause]]]) -> Expression:
        """Read cases with their conditions."""
        branches: list[tuple[Expression, Truth | Compare | None]] = []
        for row in rows:
            clauses = [clause for cell in row for clause in cell]
            if not clauses or clauses[0].sides[0] is None or clauses[0].relations:
                raise NotRead("cases", "a case is not understood")
            value = self.side(clauses[0].sides[0])
            condition: Truth | Compare | None = None
            for clause in clauses[1:]:
                clause, _ = without_words(clause)
                if clause.relations:
                    read_one = self.truth(clause_tree(clause))
                    if not isinstance(read_one, Truth | Compare):
                        raise NotRead("cases", "the condition of a case is not understood")
                    condition = read_one
            branches.append((value, condition))
        if any(condition is None for _, condition in branches[:-1]):
            raise NotRead("cases", "a case has no condition")
        return Cases(tuple(branches))


def _fresh(body: Expression) -> Expression:
    """Rename the letters bound in a definition, so that none captures a letter put in later."""

    def renamed(node: Expression) -> Expression:
        for letter in bound_letters(node):
            if isinstance(node, Series):
                new = letter + "\N{DEGREE SIGN}"
                node = replace(
                    node,
                    letter=new,
                    body=substitute(node.body, {letter: Index(new)}),
                    unless=substitute(node.unless, {letter: Index(new)}) if node.unless else None,
                )
        return node

    return cast("Expression", rewrite(body, renamed))
