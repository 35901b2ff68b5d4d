"""Making the mistakes: every classic mistake as the gradients it leads to."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from fcnref._arrays import Array
from fcnref.diagnosis.constants import constants
from fcnref.diagnosis.deltas import deltas, right_delta
from fcnref.diagnosis.forward import other_forward_passes
from fcnref.diagnosis.penalties import bias_penalties, penalties
from fcnref.diagnosis.pieces import Delta
from fcnref.diagnosis.products import bias_sums, weight_products
from fcnref.diagnosis.scene import Scene, Seen, scene_of
from fcnref.mistakes import MISTAKES
from fcnref.problem import Problem

__all__ = ["Made", "single_mistakes", "wrong_gradients"]

Blocks = dict[str, Array]


class Made(NamedTuple):
    """The gradients of a backward pass with one mistake at one place.

    Attributes
    ----------
    slug
        The mistake.
    says
        The wrong formula.
    where
        The tensor that it spoils, such as dZ2.
    blocks
        The gradients dW1, db1 and so on.
    """

    slug: str
    says: str
    where: str
    blocks: Blocks


def wrong_gradients(problem: Problem, slug: str) -> Blocks:
    """Compute the gradients of a backward pass that makes one classic mistake once.

    Parameters
    ----------
    problem
        The problem.
    slug
        The mistake, a key of `fcnref.mistakes.MISTAKES`.

    Returns
    -------
    gradients
        By name: dW1, db1 and so on.

    Raises
    ------
    ValueError
        If the mistake cannot be made on this problem: no dropout, no ReLU, and so on.

    Examples
    --------
    >>> from fcnref.diagnosis import diagnose, wrong_gradients
    >>> from fcnref.problem import informative_problem
    >>> problem = informative_problem()
    >>> diagnose(problem, wrong_gradients(problem, "db_sum_all_axes")).mistakes
    ('db_sum_all_axes',)
    """
    right = next(single_mistakes(problem)).blocks
    for made in single_mistakes(problem):
        if slug in made.slug.split("+") and not same(made.blocks, right):
            return made.blocks
    raise ValueError(
        f"wrong_gradients: {slug!r} cannot be made on {problem!r}, or changes nothing there."
    )


def single_mistakes(problem: Problem, only: Sequence[str] = ()) -> Iterator[Made]:
    """Make every classic mistake once at every place of a backward pass.

    Parameters
    ----------
    problem
        The problem.
    only
        Slugs; the others are not made, where there are any.

    Yields
    ------
    Made
        First the right gradients, with an empty slug, then one wrong set after the other. Some of
        them are equal to the right ones: a mistake may change nothing on this problem.

    Examples
    --------
    >>> from fcnref.diagnosis import single_mistakes
    >>> from fcnref.problem import random_problem
    >>> right, first, *others = single_mistakes(
    ...     random_problem((3, 2), ("softmax",), "cross_entropy", m=5)
    ... )
    >>> first.slug, first.where
    ('softmax_elementwise', 'dZ1')
    """
    # Some wrong formulas overflow. They are made before anything is handed out, because a setting
    # of NumPy must not outlive the function that makes it.
    with np.errstate(all="ignore"):
        made = list(_single_mistakes(scene_of(problem), frozenset(only)))
    yield from made


def _single_mistakes(scene: Scene, only: frozenset[str]) -> Iterator[Made]:
    runs = _right_runs(scene)
    right = _finish(scene, scene.L, Seen({}, {}, {}), {})
    yield Made("", "", "", right)
    slots = {MISTAKES[slug].slot for slug in only or MISTAKES}
    for l in range(scene.L, 0, -1):
        seen, above = runs[l]
        if slots - BELOW:
            yield from _in_deltas(scene, l, seen, above, only)
        yield from _in_products(scene, l, seen, right, only)
        if "penalty" in slots:
            yield from _in_penalties(scene, l, right, only)
        yield from _in_one_block(scene, l, right, only)
        yield from _in_constants(scene, l, seen, above, right, only)
    others = other_forward_passes(scene.problem) if _wanted("other_forward_pass", only) else ()
    for says, where, other in others:
        blocks = _finish(scene_of(other), scene.L, Seen({}, {}, {}), {})
        yield Made("other_forward_pass", says, where, blocks)
    for constant in constants(scene, scene.L):
        single = constant.slug and "+" not in constant.slug and constant.cost < 1.2
        if single and _wanted(constant.slug, only):
            blocks = {name: constant.value * value for name, value in right.items()}
            yield Made(constant.slug, f"everything times {constant.says}", "dW, db", blocks)


BELOW = {"db", "penalty", "forward"}
"""Slots whose mistakes leave every dZ as it is."""


def _wanted(slug: str, only: frozenset[str]) -> bool:
    return not only or not only.isdisjoint(slug.split("+"))


def same(one: Blocks, other: Blocks, factor: float = 1.0) -> bool:
    """Whether two sets of gradients agree, up to a factor."""
    return all(
        (factor == 1.0 and one[name] is other[name]) or _close(one[name], factor * other[name])
        for name in other
    )


def _close(one: Array, other: Array) -> bool:
    if one.shape != other.shape:
        return False
    off = np.abs(one - other) <= 1e-13 + 1e-9 * np.abs(other)
    return bool(np.all(off))


def _right_runs(scene: Scene) -> dict[int, tuple[Seen, Blocks]]:
    """What a right backward pass holds when it comes to each layer."""
    runs: dict[int, tuple[Seen, Blocks]] = {}
    seen, blocks = Seen({}, {}, {}), dict[str, Array]()
    for l in range(scene.L, 0, -1):
        runs[l] = (seen, blocks)
        seen, blocks = _layer(scene, l, seen, blocks, right_delta(scene, seen, l))
    return runs


def _layer(scene: Scene, l: int, seen: Seen, blocks: Blocks, way: Delta) -> tuple[Seen, Blocks]:
    dW = scene.averaging * way.dZ @ scene.A(l - 1).T + scene.penalty_grad(l)
    db = scene.averaging * np.sum(way.dZ, axis=1, keepdims=True) + scene.penalty_grad_b(l)
    seen = Seen({**seen.dA, l: way.dA}, {**seen.dZ, l: way.dZ}, {**seen.dW, l: dW})
    return seen, {f"dW{l}": dW, f"db{l}": db, **blocks}


def _finish(scene: Scene, l: int, seen: Seen, blocks: Blocks) -> Blocks:
    """Go down from layer l by the right rules."""
    for k in range(l, 0, -1):
        seen, blocks = _layer(scene, k, seen, blocks, right_delta(scene, seen, k))
    return blocks


def _in_deltas(
    scene: Scene, l: int, seen: Seen, above: Blocks, only: frozenset[str]
) -> Iterator[Made]:
    forgettable = {"missing_output_derivative", "missing_derivative"}
    if not only.isdisjoint(IN_ONE_BLOCK.values()):
        only |= forgettable
    for way in deltas(scene, seen, l, wanted=lambda part: _wanted(part.slug, only)):
        if len(way.items) != 1:
            continue
        item = way.items[0]
        forgotten = item.slug in forgettable
        below, blocks = _layer(scene, l, seen, above, way)
        finished = _finish(scene, l - 1, below, blocks)
        yield Made(item.slug, item.says, item.where, finished)
        if forgotten:
            right = _finish(scene, l, seen, above)
            for which, slug in IN_ONE_BLOCK.items():
                block = f"{which}{l}"
                yield Made(slug, item.says, block, {**right, block: finished[block]})


IN_ONE_BLOCK = {"dW": "missing_derivative_in_dW_only", "db": "missing_derivative_in_db_only"}


def _in_products(
    scene: Scene, l: int, seen: Seen, right: Blocks, only: frozenset[str]
) -> Iterator[Made]:
    way = right_delta(scene, seen, l)
    dW, db = f"dW{l}", f"db{l}"
    penalty = {dW: scene.penalty_grad(l), db: scene.penalty_grad_b(l)}
    products = weight_products(scene, seen, l, way.dA, way.dZ)
    sums = bias_sums(scene, seen, l, way.dA, way.dZ, right[dW])
    for block, pieces in ((dW, products), (db, sums)):
        for piece in pieces:
            if _wanted(piece.slug, only):
                wrong = scene.averaging * piece.value
                wrong = wrong + penalty[block] if wrong.shape == right[block].shape else wrong
                yield Made(piece.slug, piece.says, block, {**right, block: wrong})


def _in_penalties(scene: Scene, l: int, right: Blocks, only: frozenset[str]) -> Iterator[Made]:
    dW, db = f"dW{l}", f"db{l}"
    penalty = {dW: scene.penalty_grad(l), db: scene.penalty_grad_b(l)}
    for block, pieces in ((dW, penalties(scene, l)), (db, bias_penalties(scene, l))):
        for piece in pieces:
            if piece.slug and _wanted(piece.slug, only):
                wrong = right[block] - penalty[block] + piece.value
                yield Made(piece.slug, piece.says, block, {**right, block: wrong})


def _in_one_block(scene: Scene, l: int, right: Blocks, only: frozenset[str]) -> Iterator[Made]:
    dW, db = f"dW{l}", f"db{l}"
    clipped = np.clip(right[dW], *(np.array([-0.5, 0.5]) * np.max(np.abs(right[dW]))))
    for slug, says, block, wrong in (
        ("db_zero", "db = 0", db, 0 * right[db]),
        ("dW_zero", "dW = 0", dW, 0 * right[dW]),
        ("gradient_clipped", "dW cut off at half its largest", dW, clipped),
        ("reg_extra", "dW with 0.123 W on top", dW, right[dW] + 0.123 * scene.W(l)),
    ):
        if _wanted(slug, only):
            yield Made(slug, says, block, {**right, block: wrong})


def _in_constants(
    scene: Scene, l: int, seen: Seen, above: Blocks, right: Blocks, only: frozenset[str]
) -> Iterator[Made]:
    way, named = right_delta(scene, seen, l), constants(scene, l)
    unnamed = named[0]._replace(value=2.718, slug="unnamed_constant", says="2.718")
    for constant in (*named, unnamed):
        single = constant.slug and "+" not in constant.slug and constant.cost <= 1.2
        if not single or not _wanted(constant.slug, only):
            continue
        c = constant.value
        scaled = way._replace(dA=c * way.dA, dZ=c * way.dZ)
        if constant is not unnamed:
            below, blocks = _layer(scene, l, seen, above, scaled)
            finished = _finish(scene, l - 1, below, blocks)
            yield Made(constant.slug, f"dZ{l} times {constant.says}", f"dZ{l}", finished)
        for name in (f"dW{l}", f"db{l}"):
            blocks = {**right, name: c * right[name]}
            yield Made(constant.slug, f"{name} times {constant.says}", name, blocks)
