"""What a page has declared and defined up to a place, and what that says of its network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fcnref.equations.comparison import Bench
from fcnref.equations.expression import (
    ONE,
    Apply,
    Defined,
    Derivative,
    Expression,
    Free,
    Index,
    Node,
    rewrite,
    show,
    walk,
)
from fcnref.equations.meaning import Claim, Context, Definition
from fcnref.equations.networks import LOSSES, MIXING, NAMED, Own, Probe, build
from fcnref.equations.notation import Notation
from fcnref.equations.value import Fault, own_activation


class Known(NamedTuple):
    """What a page has declared and defined up to a place.

    `activation` is what a definition g(z) = ... says; `here` is what a forward equation such as
    a = softmax(z) says of the section that it stands in.
    """

    notation: Notation
    context: Context
    activation: str = ""
    here: str = ""
    costs: tuple[str, ...] = ()

    def next_section(self) -> Known:
        """Let the next section define names anew, except those that stand for a derivative."""
        names = (
            name
            for name, definition in self.context.definitions.items()
            if not any(isinstance(part, Derivative) for part in walk(definition.body))
        )
        return self._replace(context=replace(self.context, reopened=frozenset(names)))

    def with_claim(self, claim: Claim) -> Known:
        """Add what a statement defines: a name, the activation or the cost."""
        known = self
        if claim.defines is not None:
            definitions = {**self.context.definitions, claim.defines.name: claim.defines}
            known = self._replace(context=replace(self.context, definitions=definitions))
        parts = [part for member in claim.members for part in walk(member)]
        derives = any(isinstance(part, Derivative) for part in parts)
        with np.errstate(all="ignore"):
            if claim.defines is not None and claim.defines.of_function:
                return known._with_function(claim.defines)
            return known if len(claim.members) < 2 or derives else known._recognizing(claim)

    def _with_function(self, definition: Definition) -> Known:
        """Add what a definition f(x) = ... says of the activation, if f is one."""
        symbol = self.notation.symbols.get(definition.name.removesuffix("()"))
        if symbol is None or symbol.family != "activation":
            return self
        (parameter,) = definition.letters
        return self._with_activation(Free(parameter), definition.body)

    def _with_activation(self, argument: Free | Node, body: Expression) -> Known:
        """Add that the activation of the argument is the body."""
        found = _defined_activation(argument, body, self.notation)
        return self._replace(activation=found or self.activation)

    def _recognizing(self, claim: Claim) -> Known:
        left, right, *_ = claim.members
        if isinstance(left, Apply) and left.function == "activation" and not left.primes:
            (argument,) = left.arguments
            if not isinstance(argument, Free | Node):
                return self
            return self._with_activation(argument, claim.members[-1])
        if isinstance(left, Node) and left.family == "A":
            name = _recognized_output(claim, self.notation)
            return self._replace(here=name or self.here)
        if isinstance(left, Node) and left.family in {"J", "losses"}:
            names = [prefix + name for prefix in ("", "sum ") for name in LOSSES]
            if any(isinstance(part, Node) and part.family == "losses" for part in walk(right)):
                names = ["mean", "sum"]
            trial = replace(self.notation, output="sigmoid")
            found = _recognized_cost(right, trial, names, left.family)
            if found:
                others = (cost for cost in self.costs if cost != found)
                return self._replace(costs=(found, *others)[:3])
        return self

    def quantities(self) -> list[Defined]:
        """What the page has defined, at the letters of its definition, the latest first."""
        return [
            Defined(name, letters, tuple(map(Index, letters)), definition.body)
            for name, definition in reversed([*self.context.definitions.items()])
            for letters in [tuple(filter(None, (definition.layer, *definition.letters)))]
            if not (definition.of_function or definition.derivative)
        ]

    def readings(self) -> Iterator[tuple[Notation, str]]:
        """Yield the declared notation, then those with what the page itself has defined."""
        yield self.notation, ""
        activation_open = self.notation.activation in {"generic", "elementwise"}
        for name in dict.fromkeys((self.here, self.activation)):
            if name and activation_open:
                changed = replace(self.notation, activation=name)
                yield changed, f"with {_said(name)}"
        for cost in filter(self._may_be_the_cost, self.costs):
            changed = replace(self.notation, cost=cost)
            yield changed, f"with the cost {cost}, as the page defines"
            if self.activation and activation_open:
                note = f"with the cost {cost} and {_said(self.activation)}"
                yield replace(changed, output=self.activation), note

    def _may_be_the_cost(self, name: str) -> bool:
        """Tell whether the declarations leave it open that this is the cost."""
        declared = self.notation.cost
        return declared == "any" or declared == ("sum" if name.startswith("sum") else "mean")


def _said(activation: str) -> str:
    if isinstance(activation, Own):
        return "g as the page defines it"
    return f"g = {activation}, as the page defines"


def _defined_activation(argument: Free | Node, body: Expression, notation: Notation) -> str:
    """Return the activation of which g(argument) = body: by its name, if it has one."""
    if isinstance(body, Apply) and body.function in MIXING and body.arguments == (argument,):
        return body.function
    if isinstance(argument, Node) and (name := _name_in_a_network(argument, body, notation)):
        return name
    z = Free(show(argument))
    body = rewrite(body, lambda part: z if part == argument else part)
    if any(
        isinstance(p, Node) or (isinstance(p, Apply) and p.function in MIXING) for p in walk(body)
    ):
        return ""
    own, Z = own_activation(z, body, notation), np.linspace(-3, 3, 24)[None]
    try:
        values = own.values(build(Probe((4, 4, 4), 1, own)), Z)
    except (Fault, ValueError):
        return ""
    elementwise = ((name, g) for name, g in NAMED.items() if name not in MIXING)
    return next((name for name, g in elementwise if np.allclose(g(Z), values)), own)


def _name_in_a_network(argument: Node, body: Expression, notation: Notation) -> str:
    """Return the name of the activation that takes a quantity of a network to the body, or ""."""
    bench, probe = Bench(notation), Probe((4, 4, 4), 1, "elementwise")
    for name in NAMED:
        outcome = bench.tried(Apply(name, (argument,)), body, networks=(probe,))
        if outcome is not None and outcome.failure is None and outcome.places:
            return name
    return ""


def _recognized_output(claim: Claim, notation: Notation) -> str:
    """Return the activation with which a forward equation a = ... holds, or ""."""
    if notation.activation not in {"generic", "elementwise"}:
        return ""
    if any(
        isinstance(p, Apply) and p.function == "activation" for m in claim.members for p in walk(m)
    ):
        return ""
    if _holds_in(notation, claim):
        return ""
    named = (n for n in NAMED if _holds_in(replace(notation, activation=n, output=n), claim))
    return next(named, "")


def _holds_in(notation: Notation, claim: Claim) -> bool:
    """Tell whether all members of a claim agree in a notation."""
    first, *others = claim.members
    try:
        bench = Bench(notation, claim.conditions)
        found = [bench.compare(first, member, thorough=False) for member in others]
    except (Fault, ValueError):
        return False
    return all(outcome.failure is None and outcome.places for outcome in found)


def _recognized_cost(
    right: Expression, notation: Notation, candidates: Sequence[str], family: str
) -> str:
    """Return the name of the cost that a definition J = ... gives, or ""."""
    layer = ONE if family == "losses" else None
    cost = Node(family, None, layer, None, "J")
    for name in candidates:
        try:
            trial = Bench(replace(notation, cost=name))
            outcome = trial.compare(cost, right, thorough=False)
        except (Fault, ValueError):
            continue
        if outcome.failure is None and outcome.places:
            return name
    return ""
