"""The statements of one piece of LaTeX, each read with what those before it have defined."""

from __future__ import annotations

from dataclasses import replace

from fcnref.equations.expression import Expression
from fcnref.equations.meaning.claims import Claim, Context, Definition
from fcnref.equations.meaning.definitions import function_definition
from fcnref.equations.meaning.factors import FACTORS
from fcnref.equations.meaning.identities import as_identity
from fcnref.equations.meaning.reader import Reader
from fcnref.equations.meaning.statements import read_claim
from fcnref.equations.syntax import DEFINES, NotRead, Statement, parse, statements_of

_MAY_BE_FREE = frozenset({"undeclared", "layer", "indices", "argument"})
"""What a statement about functions looks like to a reader who expects a network."""


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
    statements = statements_of(parse(tex))
    functions: dict[int, Definition] = {}
    for number, statement in enumerate(statements):
        function = _function_defined(context, statement)
        if function is not None:
            functions[number], context = function, _with(context, function)
    claims: list[Claim] = []
    for number, statement in enumerate(statements):
        function = functions.get(number)
        if function is not None and len(statement.main.sides) == 2:
            claims.append(Claim("definition", (function.body,), defines=function))
            continue
        claim = _read_one(context, statement, loose=loose, identity=identity)
        claims.append(claim._replace(defines=function or claim.defines))
        if claim.defines is not None:
            context = _with(context, claim.defines)
    return claims


def read_name(tex: str, context: Context) -> Expression | None:
    """Read what a statement gives a name to, its first side, or return None."""
    try:
        name = statements_of(parse(tex))[0].main.sides[0]
        return None if name is None else _reader(context).side(name)
    except (NotRead, RecursionError):
        return None


def _with(context: Context, definition: Definition) -> Context:
    return replace(context, definitions={**context.definitions, definition.name: definition})


def _reader(context: Context, *, loose: bool = False, identity: bool = False) -> Reader:
    return Reader(context.notation, context.definitions, FACTORS, context.reopened, loose, identity)


def _function_defined(context: Context, statement: Statement) -> Definition | None:
    """Return the function that a statement f(x) = ... defines, wherever else it is used."""
    sides = [side for side in statement.main.sides if side is not None]
    if set(statement.main.relations) - {"=", *DEFINES} or len(sides) < 2:
        return None
    try:
        return function_definition(_reader(context), sides)
    except NotRead:
        return None


def _read_one(context: Context, statement: Statement, *, loose: bool, identity: bool) -> Claim:
    """Read a statement about the network; where that fails, or says less, one about functions."""
    if identity:
        free = NotRead("layer", "the symbols are free")
        return as_identity(_reader(context, identity=True), statement, free)
    reader = _reader(context, loose=loose)
    try:
        claim = read_claim(reader, statement)
    except NotRead as error:
        if error.code not in _MAY_BE_FREE:
            raise
        return as_identity(_reader(context, identity=True), statement, error)
    if not any(reproach.code == "bare" for reproach in reader.reproaches):
        return claim
    try:
        return as_identity(
            _reader(context, identity=True), statement, NotRead("layer", "the symbols are free")
        )
    except NotRead:
        return claim
