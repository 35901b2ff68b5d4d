"""A gallery of the mistakes: what the catalogue says of each, and what happens when it is made."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from fcnref._display import Html, html_facts, prose, tag
from fcnref.diagnosis.blind import effects
from fcnref.diagnosis.diagnose import diagnose
from fcnref.diagnosis.make import Made, same, single_mistakes
from fcnref.diagnosis.report import Finding, Report
from fcnref.mistakes import MISTAKES, Mistake
from fcnref.mistakes.record import mistake_html
from fcnref.problem import THOROUGH, Problem, forward_pass, informative_problem, thorough_problem

__all__ = ["Card", "Cards", "cards"]


class Card(NamedTuple):
    """A mistake, made on a problem.

    Attributes
    ----------
    mistake
        What the catalogue says of it.
    problem
        The problem that it was made on.
    wrong
        The blocks that came out wrong.
    finding
        What the report says of it.
    hidden
        Changes of the thorough problems that hide it wherever it is made.
    """

    mistake: Mistake
    problem: Problem
    wrong: tuple[str, ...]
    finding: Finding
    hidden: tuple[str, ...]

    def _facts(self) -> list[tuple[str, str]]:
        return [
            ("made at", f"{', '.join(self.finding.places)} of {self.problem!r}"),
            ("spoils", ", ".join(self.wrong)),
            ("yours", "; ".join(self.finding.formulas)),
            ("write", self.finding.write),
            ("hides", self._hides()),
        ]

    def _hides(self) -> str:
        return "; ".join(self.hidden) or "on none of the problems that were tried"

    def __str__(self) -> str:
        return "\n".join([str(self.mistake), *(f"  {k:8}{v}" for k, v in self._facts())])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        name = tag("code", self.mistake.slug, style=NAME)
        title = tag("summary", name, " ", prose(self.mistake.sentence))
        body = (mistake_html(self.mistake), html_facts("The report says", self._facts()))
        return tag("details", title, *body, id=self.mistake.slug, style=FRAME)


NAME = "margin-right: 0.4em"
FRAME = (
    "border: 1px solid rgba(128, 128, 128, 0.5); border-radius: 4px; padding: 0.3em 0.8em; "
    "margin: 0.4em 0; overflow-wrap: anywhere"
)


class Cards(tuple[Card, ...]):
    """Cards, one below the other."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n\n".join(map(str, self))

    def _repr_html_(self) -> str:
        return tag("div", *(Html(card._repr_html_()) for card in self))


def cards(*slugs: str) -> Cards:
    """Make mistakes and show what comes of them, a card for each.

    Parameters
    ----------
    slugs
        Keys of `fcnref.mistakes.MISTAKES`, or slots such as "chain", for all mistakes of them.

    Returns
    -------
    Cards
        Leave it as the last line of a notebook cell, or print it.

    Raises
    ------
    ValueError
        If a name is neither a slug nor a slot.

    Examples
    --------
    >>> from fcnref.diagnosis import cards
    >>> [card] = cards("updated_weights")
    >>> card.wrong
    ('dW1', 'db1', 'dW2', 'db2')
    >>> card.hidden
    ('without a hidden layer',)
    """
    return Cards(_card(slug) for slug in _each(slugs))


def _each(names: Iterable[str]) -> Iterable[str]:
    slots = {mistake.slot for mistake in MISTAKES.values()}
    for name in names:
        if name in MISTAKES:
            yield name
        elif name in slots:
            yield from _of_slot(name)
        else:
            raise ValueError(
                f"cards: {name!r} is no mistake; take a key of fcnref.mistakes.MISTAKES or one of "
                f"{', '.join(sorted(slots))}."
            )


@lru_cache(maxsize=256)
def _card(slug: str) -> Card:
    mistake, (problem, _, report) = MISTAKES[slug], named(slug)
    [finding] = (finding for finding in report.findings if finding.slug == slug)
    wrong = (row.name for row in report.rows if row.verdict in {"wrong", "shape"})
    return Card(mistake, problem, tuple(wrong), finding, _where_it_hides(mistake))


def named(slug: str) -> tuple[Problem, Made, Report]:
    """Make a mistake on the first problem that can show it, and have it named."""
    stages = (_stage(MISTAKES[slug].slot, number) for number in range(len(THOROUGH) + 1))
    tried = (
        (problem, one, diagnose(problem, one.blocks))
        for problem, made in stages
        for one in made.get(slug, ())[:12]
    )
    return next(found for found in tried if slug in found[-1].mistakes)


@lru_cache(maxsize=64)
def _stage(slot: str, number: int) -> tuple[Problem, dict[str, list[Made]]]:
    """A problem to make the mistakes of a slot on: the easiest to read comes first."""
    losses = list(THOROUGH)
    problem = informative_problem() if number == 0 else thorough_problem(losses[number - 1])
    made = single_mistakes(problem, _of_slot(slot))
    right = next(made).blocks
    table: dict[str, list[Made]] = {}
    for one in made:
        for slug in one.slug.split("+"):
            if not same(one.blocks, right):
                table.setdefault(slug, []).append(one)
    return problem, table


def _of_slot(slot: str) -> list[str]:
    return [slug for slug, mistake in MISTAKES.items() if mistake.slot == slot]


def _where_it_hides(mistake: Mistake) -> tuple[str, ...]:
    """Changes after which the mistake shows nowhere."""
    hidden, slug = [], mistake.slug
    for change in CHANGES:
        pairs = zip(_effects("", mistake.slot), _effects(change, mistake.slot), strict=True)
        found = [after for before, after in pairs if after and slug in before.shown]
        if found and not any(slug in after.shown for after in found):
            hidden.append(change)
    return tuple(hidden)


@lru_cache(maxsize=64)
def _effects(change: str, slot: str) -> list[Any]:
    """The effects of all mistakes of a slot, for every loss that the change suits."""
    problems = [thorough_problem(loss) for loss in THOROUGH]
    if slot != "activation":
        problems = [_last_three_layers(problem) for problem in problems]
    changed = [CHANGES[change](problem) if change else problem for problem in problems]
    return [effects(problem, _of_slot(slot)) if problem else None for problem in changed]


def _last_three_layers(problem: Problem) -> Problem:
    """A smaller problem, where the mistake is none of an activation."""
    first = problem.L - 3
    masks = {l - first: mask for l, mask in problem.masks.items() if l > first}
    X = forward_pass(problem).A[first]
    return replace(problem, layers=problem.layers[first:], X=X, masks=masks)


def _one_example(problem: Problem) -> Problem:
    masks = {l: mask[:, :1] for l, mask in problem.masks.items()}
    return replace(problem, X=problem.X[:, :1], Y=problem.Y[:, :1], masks=masks)


def _without_biases(problem: Problem) -> Problem:
    return replace(problem, layers=[layer._replace(b=0 * layer.b) for layer in problem.layers])


def _two_classes(problem: Problem) -> Problem:
    last = problem.layers[-1]
    Y = np.vstack([problem.Y[:1] > 0.5, problem.Y[:1] <= 0.5]) * 1.0
    two = last._replace(W=last.W[:2], b=last.b[:2])
    return replace(problem, layers=[*problem.layers[:-1], two], Y=Y)


def _one_output(problem: Problem) -> Problem | None:
    if problem.kind == "cross_entropy":
        return None  # a softmax of one output is 1
    last = problem.layers[-1]
    one = last._replace(W=last.W[:1], b=last.b[:1])
    return replace(problem, layers=[*problem.layers[:-1], one], Y=problem.Y[:1])


def _no_hidden_layer(problem: Problem) -> Problem:
    last = problem.layers[-1]
    return replace(problem, layers=[last._replace(W=last.W[:, : problem.sizes[0]])], masks={})


CHANGES: dict[str, Callable[[Problem], Problem | None]] = {
    "with one example": _one_example,
    "with biases of zero": _without_biases,
    "with two classes": _two_classes,
    "with one output": _one_output,
    "without a hidden layer": _no_hidden_layer,
}
"""What small problems often have, by the words of a card."""
