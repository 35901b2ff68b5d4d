"""What a statement claims: an equation, a shape, a definition or an update."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from lark import Token, Tree

from fcnref.equations.expression import (
    COST,
    ONE,
    Defined,
    Derivative,
    Entry,
    Expression,
    Free,
    Functional,
    Index,
    Limit,
    Negative,
    Node,
    Pool,
    Record,
    Series,
    Space,
    Sum,
    Truth,
    free_letters,
    over_all_places,
    ranges,
    rewrite,
    walk,
)
from fcnref.equations.meaning.claims import Claim
from fcnref.equations.meaning.definitions import read_definition
from fcnref.equations.meaning.reader import Reader
from fcnref.equations.meaning.scripts import place_of_side, read_place, shape_of
from fcnref.equations.syntax import (
    DEFINES,
    INEQUALITIES,
    Clause,
    NotRead,
    Statement,
    atom_of,
    bracket_of,
    clauses_of,
    items_of,
    limits,
    scripts_of,
    spell,
)

_MEMBER = frozenset({r"\in", "∈"})
_ABOUT = frozenset({r"\approx", "≈", r"\simeq", r"\cong"})


def read_claim(reader: Reader, statement: Statement) -> Claim:
    """Read one statement with its side conditions."""
    claim = _claim(reader, statement)
    members = Pool().shared(_through_defined(claim.members))
    return claim._replace(members=members, reproaches=tuple(reader.reproaches))


def _through_defined(members: tuple[Expression, ...]) -> tuple[Expression, ...]:
    """Where J is differentiated by a defined quantity, let J be computed from all of it."""
    parts = (part for member in members for part in walk(member))
    by = [part.bottom for part in parts if isinstance(part, Derivative) and part.top == COST]
    defined = [bottom for bottom in by if isinstance(bottom, Defined | Entry)]
    if not defined:
        return members
    try:
        arrays = {over_all_places(bottom)[0] for bottom in defined}
    except ValueError:
        raise NotRead("variable", "the ranges of a defined quantity are not known") from None
    if len(arrays) > 1:
        raise NotRead("variable", "derivatives of J by two defined quantities are not read")
    through = Functional(arrays.pop())

    def change(part: Record) -> Record:
        if isinstance(part, Derivative) and part.top == COST:
            return replace(part, top=through)
        return part

    return cast("tuple[Expression, ...]", rewrite(members, change))


def _claim(reader: Reader, statement: Statement) -> Claim:
    clause, relations = statement.main, set(statement.main.relations)
    conditions = tuple(c for part in statement.conditions for c in _conditions(reader, part))
    sides = [side for side in clause.sides if side is not None]
    if not relations:
        return Claim("expression", (reader.side(sides[0]),))
    if limits(clause):
        return Claim("remark", ())
    for relation in relations - {"=", *_MEMBER, *DEFINES, *_ABOUT}:
        raise NotRead("relation", f"the relation {relation} is not one the checker can test")
    if len(sides) != len(clause.sides):
        raise NotRead("side", "one side of a relation is empty")
    if relations & _MEMBER:
        if len(sides) != 2:
            raise NotRead("relation", "∈ stands in a chain with other relations")
        return Claim("space", (reader.side(sides[0]), _space(reader, sides[1])), conditions)
    about = bool(relations & _ABOUT)
    definition = (
        None if about else read_definition(reader, sides, explicit=bool(relations & DEFINES))
    )
    if definition is not None:
        chain = tuple([reader.side(side) for side in sides[1:]]) if len(sides) > 2 else ()
        members = chain or (definition.body,)
        return Claim("definition", members, conditions, defines=definition)
    members = tuple([reader.side(side) for side in sides])
    if reader.notation.einstein:
        members = (members[0], *(_summed(reader, members[0], side) for side in members[1:]))
    if about:
        return Claim("equation", _limits(reader, members), conditions)
    if _updates(members):
        return Claim("update", members, conditions)
    return Claim("definition" if relations & DEFINES else "equation", members, conditions)


def _summed(reader: Reader, left: Expression, right: Expression) -> Expression:
    """Sum every term over the indices that the left side lacks, as Einstein's convention has it."""
    if isinstance(right, Sum):
        return Sum(tuple(_summed(reader, left, term) for term in right.terms))
    for letter in sorted(free_letters(right) - free_letters(left)):
        if letter not in reader.notation.layer_letters and any(ranges(right, letter)):
            right = Series(letter, Index("", reader.notation.base), None, right)
    return right


def _limits(reader: Reader, members: Sequence[Expression]) -> tuple[Expression, ...]:
    """Read what is about equal for a small step as equal in the limit."""
    found = [next((x for x in _free_names(m) if x in reader.notation.steps), "") for m in members]
    if not any(found):
        raise NotRead("relation", "≈ is tested where a small step is declared only")
    return tuple(
        Limit(member, step) if step else member for member, step in zip(members, found, strict=True)
    )


def _free_names(member: Expression) -> set[str]:
    return {part.name for part in walk(member) if isinstance(part, Free)}


def _updates(members: Sequence[Expression]) -> bool:
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


def _conditions(reader: Reader, clause: Clause) -> Iterator[Truth]:
    """Read a side condition; what merely lists the values of a letter says nothing new."""
    if not clause.relations or clause.relations[0] in _MEMBER:
        return
    sides = [side for side in clause.sides if side is not None]
    if len(sides) != len(clause.sides):
        raise NotRead("condition", "a side condition is incomplete")
    if any(re.search(r"dots|\.\.|…", spell(side)) for side in sides):
        return
    for left, relation, right in zip(sides, clause.relations, sides[1:], strict=False):
        a, b = place_of_side(reader, left), place_of_side(reader, right)
        name = INEQUALITIES.get(relation, relation)
        if name not in {"=", "≠", "<", ">", "≤", "≥"}:
            raise NotRead("condition", f"the side condition with {relation} is not understood")
        begins = len(sides) == 2 and (a, name, b) == (Index("l"), "=", ONE)
        yield Truth(a, "≥" if begins and reader.notation.depth != 1 else name, b)


def _space(reader: Reader, side: Tree[Token]) -> Space:
    r"""Read \mathbb{R}^{n \times m}, or a pair of sizes."""
    items = items_of(side)
    item = items[0] if len(items) == 1 else None
    pair = bracket_of(item)
    if pair is not None and pair.data == "round":
        parts = [part.sides[0] for part in clauses_of(pair.children[0])]
        return Space(tuple(place_of_side(reader, part) for part in parts if part is not None))
    if item is None or not spell(atom_of(item)).endswith(("R", "ℝ", r"\Reals")):
        raise NotRead("space", "the set after ∈ is not a space of real arrays")
    scripts = scripts_of(item)
    if not scripts:
        return Space(())
    if [script.data for script in scripts] != ["superscript"]:
        raise NotRead("space", "the exponent of ℝ is not understood")
    exponent = scripts[0].children[0]
    group = atom_of(exponent)
    if isinstance(group, Token):
        return Space((read_place(reader, [exponent]),))
    return Space(shape_of(reader, group))
