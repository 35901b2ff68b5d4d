"""What a statement claims, once it is understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from fcnref.equations.expression import Derivative, Expression, Truth
from fcnref.equations.notation import Notation


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

    @property
    def derivative(self) -> bool:
        """True for a name of a derivative, such as δ; it is read as what it stands for."""
        return isinstance(self.body, Derivative)

    @property
    def of_function(self) -> bool:
        """True for a function f(x) = ..."""
        return self.name.endswith("()")


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
