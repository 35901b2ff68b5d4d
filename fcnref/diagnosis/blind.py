"""Blind spots: the mistakes that a problem cannot show, and those it cannot tell apart."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fcnref._display import html_card, html_table, text_table
from fcnref.diagnosis.constants import constants
from fcnref.diagnosis.make import Blocks, Made, same, single_mistakes
from fcnref.diagnosis.pieces import Constant
from fcnref.diagnosis.scene import scene_of
from fcnref.problem import Problem, forward_pass

__all__ = ["BlindSpots", "Effects", "blind_spots", "effects"]


class BlindSpots(NamedTuple):
    """What a problem cannot see.

    Attributes
    ----------
    hidden
        Slugs of mistakes that change no gradient of this problem, wherever they are made.
    hidden_in_places
        Pairs of a slug and the places where this problem hides it, though it shows elsewhere.
    look_like_a_factor
        Pairs of a slug and the constant that everything seems to be multiplied by.
    reasons
        What about the problem hides things, in sentences.
    """

    hidden: tuple[str, ...]
    hidden_in_places: tuple[tuple[str, tuple[str, ...]], ...]
    look_like_a_factor: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]

    def _rows(self) -> list[list[str]]:
        rows = [[slug, "hidden", ""] for slug in self.hidden]
        rows += [
            [slug, "hidden in places", ", ".join(places)] for slug, places in self.hidden_in_places
        ]
        rows += [[slug, "looks like a factor", says] for slug, says in self.look_like_a_factor]
        return rows

    def __str__(self) -> str:
        if not self._rows() and not self.reasons:
            return "No blind spot: every mistake that can be made here shows."
        table = text_table(["mistake", "on this problem", "where, or which"], self._rows())
        return "\n".join([*self.reasons, "", table] if self._rows() else self.reasons)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        head = ["mistake", "on this problem", "where, or which"]
        table = html_table(head, self._rows(), [""] * len(self._rows()), wrapped=True)
        title = "Blind spots" if self._rows() else "No blind spot"
        return html_card(title, [table] if self._rows() else [], self.reasons)


def blind_spots(problem: Problem) -> BlindSpots:
    """Make every mistake of the catalogue on a problem and say which of them do not show.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    BlindSpots
        What is hidden, and why.

    Examples
    --------
    >>> from fcnref.diagnosis import blind_spots
    >>> from fcnref.problem import informative_problem, random_problem
    >>> one = random_problem((3, 4, 2), ("tanh", "softmax"), "cross_entropy", m=1)
    >>> "missing_1_over_m" in blind_spots(one).hidden
    True
    >>> "missing_1_over_m" in blind_spots(informative_problem()).hidden
    False
    """
    shown, concealed, like = effects(problem)
    in_places = {slug: concealed[slug] - shown[slug] for slug in concealed if slug in shown}
    return BlindSpots(
        tuple(sorted(slug for slug in concealed if slug not in shown)),
        tuple((slug, tuple(sorted(where))) for slug, where in sorted(in_places.items()) if where),
        tuple(sorted(like.items())),
        tuple(_reasons(problem)),
    )


class Effects(NamedTuple):
    """Where each mistake shows, where it changes nothing, and the factor that it looks like."""

    shown: dict[str, set[str]]
    concealed: dict[str, set[str]]
    like: dict[str, str]


def effects(problem: Problem, only: Sequence[str] = ()) -> Effects:
    """Make every mistake everywhere and look at what the gradients become."""
    made = single_mistakes(problem, only)
    right = next(made).blocks
    scene = scene_of(problem)
    factors = [c for c in constants(scene, scene.L) if c.slug and "+" not in c.slug]
    plain = {c.slug for c in factors} | FACTORS
    name = max(right, key=lambda block: float(np.max(np.abs(right[block]))))
    largest = (name, int(np.argmax(np.abs(right[name]))))
    found = Effects({}, {}, {})
    for one in made:
        unchanged = same(one.blocks, right)
        for slug in one.slug.split("+"):
            if unchanged:
                found.concealed.setdefault(slug, set()).add(one.where)
                continue
            found.shown.setdefault(slug, set()).add(one.where)
            factor = "" if slug in plain else _factor(one, right, largest, factors)
            if factor:
                found.like.setdefault(slug, factor)
    return found


FACTORS = {"mse_factor2_extra", "mse_factor2_missing", "missing_1_over_n_out", "extra_1_over_n_out"}


def _factor(one: Made, right: Blocks, largest: tuple[str, int], factors: list[Constant]) -> str:
    """The named constant that everything is multiplied by, if there is one.

    Where the right gradients are largest, the ratio is a first guess.
    """
    name, at = largest
    if one.blocks[name].shape != right[name].shape:
        return ""
    ratio = float(one.blocks[name].flat[at] / right[name].flat[at])
    for constant in factors:
        if abs(ratio - constant.value) <= 1e-8 * abs(ratio) and same(
            one.blocks, right, constant.value
        ):
            return f"everything times {constant.says}"
    return ""


def _reasons(problem: Problem) -> list[str]:
    m, sizes = problem.m, problem.sizes
    reasons = []
    if m == 1:
        reasons.append("m = 1: every sum and every mean over the examples is the example itself.")
    for l in range(1, problem.L + 1):
        if sizes[l] == sizes[l - 1] and sizes[l] > 1:
            reasons.append(
                f"W{l} is square: a transpose shows in the numbers of dW{l}, not in its shape."
            )
        if sizes[l] == 1:
            reasons.append(
                f"Layer {l} has one unit: sums over its units, and their order, are hidden."
            )
    for l, size in enumerate(sizes):
        if size == m > 1:
            reasons.append(f"m = n_{l} = {m}: a sum over the wrong axis has the right shape.")
    if all(not layer.b.any() for layer in problem.layers):
        reasons.append("All biases are zero: mistakes that read b are hidden.")
    if len({layer.activation.name for layer in problem.layers[:-1]}) == 1 < problem.L - 1:
        reasons.append("All hidden layers have one activation: mixing them up is hidden.")
    distributions = np.allclose(np.sum(problem.Y, axis=0), 1)
    squared = "squared_error" in problem.kind
    softmax = problem.layers[-1].activation.name == "softmax"
    if softmax and squared and sizes[-1] == 2 and distributions:
        reasons.append(
            "Two classes: under a squared error the elementwise softmax is half of the truth."
        )
    Z = forward_pass(problem).Z
    for l, layer in enumerate(problem.layers, start=1):
        if layer.activation.name in {"relu", "leaky_relu"} and not (
            (Z[l] > 0).any() and (Z[l] <= 0).any()
        ):
            reasons.append(f"All of Z[{l}] is on one side of the kink: its mask is hidden.")
    return reasons
