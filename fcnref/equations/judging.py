"""From a claim to its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from time import process_time
from typing import cast

from fcnref.equations.comparison import Bench, Failure, Outcome, needed
from fcnref.equations.explain import explain
from fcnref.equations.expression import (
    Apply,
    Count,
    Defined,
    Derivative,
    Expression,
    Free,
    Grid,
    Index,
    Negative,
    Node,
    Number,
    Place,
    frame,
    free_letters,
    show,
    substitute,
    unfolded,
    walk,
)
from fcnref.equations.knowledge import Known
from fcnref.equations.meaning import Claim, Definition, Reproach
from fcnref.equations.notation import Notation
from fcnref.equations.strength import Strength, strength
from fcnref.equations.value import Fault, NoMeaning
from fcnref.equations.variants import Canonical, variants
from fcnref.equations.verdict import Verdict

SECONDS = 4.0
"""The most time of the processor spent on one statement."""


def judged(claim: Claim, known: Known, blank: Verdict) -> Verdict:
    """Return the verdict on a claim, in the first reading in which it holds or can be mended."""
    blank = blank._replace(reproaches=claim.reproaches)
    if passing := passed(claim, known, blank):
        return passing
    defined = known.quantities()
    first, *others = (
        _judged_in(claim, notation, blank, defined, mend=True) for notation, _ in known.readings()
    )
    return next((verdict for verdict in (first, *others) if verdict.repair), first)


def passed(claim: Claim, known: Known, blank: Verdict) -> Verdict | None:
    """Return the verdict on a claim in the first reading in which it passes, or None."""
    for notation, note in known.readings():
        verdict = _judged_in(claim, notation, blank)
        if verdict.status not in {"wrong", "not read"}:
            notes = (Reproach("reading", note, note=True),) if note else ()
            return verdict._replace(reproaches=(*verdict.reproaches, *notes))
    return None


def _judged_in(
    claim: Claim,
    notation: Notation,
    blank: Verdict,
    defined: Sequence[Defined] = (),
    *,
    mend: bool = False,
) -> Verdict:
    """Return the verdict in one reading; only with `mend` a wrong equation is explained."""
    if claim.kind == "remark":
        return blank._replace(status="definition", codes=("remark",))
    defines = claim.kind == "definition" and claim.defines is not None
    if defines and len(claim.members) == 1 and cast("Definition", claim.defines).of_function:
        return blank._replace(status="definition", codes=("function",))
    if claim.kind == "expression":
        return blank._replace(message="it states nothing: there is no relation", codes=("nothing",))
    bench = Bench(needed(claim, notation), claim.conditions, process_time() + SECONDS)
    try:
        if claim.kind == "update" or (defines and len(claim.members) == 1):
            return _defined(claim, bench, blank)
        return _equated(claim, bench, blank, notation.cost, defined, mend=mend)
    except NoMeaning as fault:
        return blank._replace(message=fault.text, codes=(fault.code,))
    except ValueError as error:
        return blank._replace(message=str(error), codes=("notation",))
    except Fault as fault:
        status = "not read" if fault.code == "time" else "wrong"
        return blank._replace(status=status, message=fault.text, codes=(fault.code,))


def named(name: Expression, known: Known, blank: Verdict) -> Verdict:
    """Return the verdict on a name whose meaning is not read.

    It is one where it has a value, and where its indices run over what they are declared for.
    """
    if isinstance(name, Node) and (fitting := _fitting(name, known.notation)) != name:
        text = f"the indices of {show(name)} are declared for other ranges"
        return blank._replace(
            status="wrong", message=text, codes=("index",), repair=f"true with {show(fitting)}"
        )
    return judged(Claim("update", (name,)), known, blank)


def _fitting(name: Node, notation: Notation) -> Node:
    """Return a name of which every index letter runs as far as it is declared to."""

    def fits(node: Node) -> bool:
        return all(_runs(place, size, notation) for place, size in _slots(node))

    if not (isinstance(name.layer, Index) and name.layer.letter):
        return name  # the letters of layer l are those of every single one
    near = (name, replace(name, layer=replace(name.layer, shift=0)))
    return next(filter(fits, near), None) or _relettered(name, notation)


def _slots(node: Node) -> list[tuple[Place | None, Place]]:
    """Return what stands in the slots of a name, and how far each runs where layers are l."""
    renamed: dict[str, Place] = {letter: Index("l") for letter in free_letters(node.layer)}
    slots = zip((node.row, node.column), frame(node), strict=True)
    return [(place, substitute(size, renamed)) for place, size in slots]


def _runs(place: Place | None, size: Place, notation: Notation) -> bool:
    """Tell whether an index letter may run to a size: an undeclared one may run to any."""
    letter = place.letter if isinstance(place, Index) else ""
    return notation.range_of(letter) in {None, size}


def _relettered(node: Node, notation: Notation) -> Node:
    """Put the first letter that is declared for it in every slot that lacks one."""
    places = [
        place
        if _runs(place, size, notation)
        else next((Index(x) for x, own in notation.index.items() if own == size), place)
        for place, size in _slots(node)
    ]
    return replace(node, row=places[0], column=places[1])


def _defined(claim: Claim, bench: Bench, blank: Verdict) -> Verdict:
    """Check that a definition or an update has a value, and an update the right shape."""
    failure = bench.compare(claim.members[0], claim.members[-1]).failure
    if failure is not None and failure.code != "value":
        own = claim.defines.letters if claim.defines else ()
        repair = _mended(claim.members[-1], frozenset(own), bench)
        status = "not read" if failure.code == "layer" and not repair else "wrong"
        codes = (failure.code,)
        return blank._replace(status=status, message=failure.text, codes=codes, repair=repair)
    return blank._replace(status="definition", codes=(claim.kind,))


def _mended(body: Expression, own: frozenset[str], bench: Bench) -> str:
    """Return the edit after which what a definition says has a value, or ""."""
    letters = free_letters(body) | own
    for variant in variants(body, letters, bench.notation):
        new = variant.expression
        if free_letters(new) <= letters and bench.holds(new, new):
            return f"true with {variant.text}"
    return ""


def _equated(
    claim: Claim,
    bench: Bench,
    blank: Verdict,
    declared_cost: str,
    defined: Sequence[Defined],
    *,
    mend: bool,
) -> Verdict:
    left, *others = claim.members
    outcomes: list[Outcome] = []
    first = left
    for right in others:
        outcome = bench.compare(first, right)
        if outcome.failure is None:
            outcomes.append(outcome)
        elif _chooses_numbers(first, right, claim, outcome) or (
            not outcomes and _settles(first, right, claim, bench.notation, outcome, declared_cost)
        ):
            first = right
        else:
            return _wrong(first, right, outcome, claim, bench, blank, defined, mend=mend)
    if first is not left:
        text = "it settles what the notation leaves open"
        return blank._replace(status="definition", codes=("definition",), message=text)
    blank = blank._replace(
        places=sum(outcome.places for outcome in outcomes),
        networks=min(outcome.networks for outcome in outcomes),
        error=max(outcome.error for outcome in outcomes),
    )
    if claim.kind == "space":
        return blank._replace(status="true", codes=("space",))
    whole = isinstance(left, Apply) and left.function in {"inner", "norm", "norm1", "trace"}
    forward = isinstance(left, Node) or (isinstance(left, Apply) and not (left.primes or whole))
    if forward and not _derives(claim):
        return blank._replace(status="definition", codes=("forward",))
    canonical = Canonical()
    if all(canonical(unfolded(right)) is canonical(unfolded(left)) for right in others):
        if len({side.strip() for side in blank.tex.split("=")}) > 1:
            return blank._replace(status="definition", codes=("notation",))
        return blank._replace(message="both sides say the same", codes=("vacuous",))
    dead = [o for o, r in zip(outcomes, others, strict=True) if not o.alive and not _zero(r)]
    if dead:
        return blank._replace(message="both sides vanish everywhere", codes=("vacuous",))
    total = Strength()
    for right in others:
        total = total.with_others(strength(left, right, bench))
    blank = blank._replace(rejected=total.rejected, variants=total.tried, survivors=total.survivors)
    if not total.rejected and (total.tried or total.equivalent):
        return blank._replace(message="it would hold whatever it said", codes=("vacuous",))
    status = "definition" if claim.kind == "definition" else "true"
    return blank._replace(status=status)


def _zero(side: Expression) -> bool:
    return getattr(side, "value", None) == 0


def _settles(
    left: Expression,
    right: Expression,
    claim: Claim,
    notation: Notation,
    outcome: Outcome,
    declared_cost: str,
) -> bool:
    """Tell whether a statement says what J, g, a size or a number is, where that is open."""
    if _derives(claim):
        return False
    if isinstance(left, Count) and not claim.identity:
        return True
    if isinstance(left, Node) and _given_in_numbers(left, right):
        return _differs(outcome)
    if isinstance(left, Node) and left.family == "V":
        return notation.variance == "any"
    if isinstance(left, Node) and left.family in {"J", "losses"}:
        of_losses = any(isinstance(p, Node) and p.family == "losses" for p in walk(right))
        is_open = declared_cost in ({"any"} if of_losses else {"any", "mean", "sum"})
        return is_open and _differs(outcome)  # a cost is a number, whichever it is
    is_g = isinstance(left, Apply) and left.function == "activation" and not left.primes
    return is_g and notation.activation in {"generic", "elementwise"}


def _chooses_numbers(left: Expression, right: Expression, claim: Claim, outcome: Outcome) -> bool:
    """Tell whether the numbers in a statement can be chosen so that its sides agree."""
    numbers = [{p.name for p in walk(side) if isinstance(p, Free)} for side in (left, right)]
    if claim.identity or _derives(claim) or not all(numbers) or numbers[0] == numbers[1]:
        return False
    ratios = [ratio for _, ratio in outcome.ratios]
    return _differs(outcome) and bool(ratios) and all(map(isfinite, ratios))


def _differs(outcome: Outcome) -> bool:
    """Tell whether both sides exist, in one shape and with the same free indices, and differ."""
    return outcome.failure is not None and outcome.failure.code == "value"


def _derives(claim: Claim) -> bool:
    return any(isinstance(part, Derivative) for member in claim.members for part in walk(member))


def _given_in_numbers(left: Node, right: Expression) -> bool:
    """Tell whether an input, a target or a parameter is written out in numbers."""
    given = left.family in {"W", "b", "Y"} or (left.family == "A" and left.layer == Index("", 0))
    written = (Grid, Number, Negative)
    return given and isinstance(right, Grid) and all(isinstance(p, written) for p in walk(right))


def _wrong(
    left: Expression,
    right: Expression,
    outcome: Outcome,
    claim: Claim,
    bench: Bench,
    blank: Verdict,
    defined: Sequence[Defined],
    *,
    mend: bool,
) -> Verdict:
    failure = outcome.failure or Failure("value", "")
    if not mend:
        return blank._replace(status="wrong", message=failure.text, codes=(failure.code,))
    found = explain(left, right, outcome, bench, claim.members, defined)
    if failure.code == "layer" and not found.repairs:
        return blank._replace(message=failure.text, codes=("layer",))
    unused = [fault.text for fault in claim.reproaches if fault.code == "unused"]
    parts = [*unused[:1], failure.text, *found.causes]
    codes = dict.fromkeys((failure.code, *found.codes, *(r.code for r in claim.reproaches)))
    repair, *others = dict.fromkeys(repair.text for repair in found.repairs) or [""]
    return blank._replace(
        status="wrong",
        message=" / ".join(parts),
        codes=tuple(codes),
        repair=repair,
        alternatives=tuple(others),
    )
