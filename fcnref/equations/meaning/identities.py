"""Statements about functions, such as tanh′ = 1 − tanh²: their letters stand for any number."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from fcnref.equations.expression import (
    Apply,
    Called,
    Derivative,
    Expression,
    Free,
    Node,
    rewrite,
    walk,
)
from fcnref.equations.meaning.claims import Claim
from fcnref.equations.meaning.reader import Reader
from fcnref.equations.meaning.statements import read_claim
from fcnref.equations.syntax import NotRead, Statement

_OF_VECTORS = frozenset({"softmax", "log_softmax", "norm", "diag"})


def as_identity(reader: Reader, statement: Statement, reason: NotRead) -> Claim:
    """Read a statement whose letters are free.

    Raises
    ------
    NotRead
        For the given reason, if it is no statement about functions.
    """
    try:
        claim = read_claim(reader, statement)
    except NotRead:
        raise reason from None
    if claim.kind != "equation" or not _is_of_functions(claim, reader):
        raise reason
    return claim._replace(members=_as_vectors(claim.members), identity=True)


def _is_of_functions(claim: Claim, reader: Reader) -> bool:
    parts = [part for member in claim.members for part in walk(member)]
    if any(isinstance(part, Node) for part in parts):
        return False
    derivatives = [part for part in parts if isinstance(part, Derivative)]
    if any(not _depends(derivative) for derivative in derivatives):
        return False
    if not any(isinstance(part, Apply | Called | Derivative) for part in parts):
        return False
    names = reader.notation.lookup.items()
    numbers = {name for name, symbol in names if symbol.kind == "number"}
    first, *others = (_letters(member) for member in claim.members)
    alone = isinstance(claim.members[0], Free)
    return not alone and all(letters <= first | numbers for letters in others)


def _letters(member: Expression) -> set[str]:
    return {part.name for part in walk(member) if isinstance(part, Free)}


def _depends(derivative: Derivative) -> bool:
    """Tell whether a quantity holds the variable it is differentiated by."""
    return cast("Free", derivative.bottom).name in _letters(derivative.top)


def _as_vectors(members: tuple[Expression, ...]) -> tuple[Expression, ...]:
    """Let a letter stand for a vector where it has an index elsewhere, or is given to softmax."""
    parts = [part for member in members for part in walk(member)]
    vectors = {part.name for part in parts if isinstance(part, Free) and len(part.places) == 1}
    for part in parts:
        if isinstance(part, Apply) and part.function in _OF_VECTORS:
            vectors |= {inner.name for inner in part.arguments if isinstance(inner, Free)}

    def change(part: object) -> object:
        if isinstance(part, Free) and part.name in vectors and not part.places:
            return replace(part, places=(None,))
        return part

    return cast("tuple[Expression, ...]", rewrite(members, change))
