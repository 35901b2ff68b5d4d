"""The search for the mistakes: layer by layer from the output, the simplest explanation first.

Given what a backward pass held above layer l, every dZ[l] with few mistakes predicts dW[l] and
db[l] up to a constant and a penalty. Those predictions that reproduce the given dW[l] and db[l]
say what it held in layer l, and the search goes one layer down. Blocks above the first wrong one
pin the rest, so that mistakes that compose do not multiply the work.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from fcnref._arrays import Array
from fcnref.diagnosis.constants import constants
from fcnref.diagnosis.deltas import deltas
from fcnref.diagnosis.derivatives import own_record
from fcnref.diagnosis.matching import Block, Features, Match, largest_of
from fcnref.diagnosis.penalties import bias_penalties, penalties
from fcnref.diagnosis.pieces import (
    Budget,
    Constant,
    Delta,
    Item,
    Piece,
    Wanted,
    items_of,
    merged_cost,
)
from fcnref.diagnosis.products import bias_sums, weight_products
from fcnref.diagnosis.scene import Scene, Seen

__all__ = ["Hypothesis", "search"]

UNEXPLAINED = 4.0
ENOUGH = 1.65
BEAM = 16
MARGIN = 1.6
RIGHT = Piece("", "", 0.0, np.zeros(0))


class Hypothesis(NamedTuple):
    """What a backward pass did down to some layer: its mistakes, and what it holds."""

    items: tuple[Item, ...]
    unexplained: tuple[str, ...]
    extra: float
    error: float
    seen: Seen
    cost: float
    """How unlikely it is, in mistakes."""


def search(
    scene: Scene, given: Mapping[str, Array], tolerance: float, thorough: bool = True
) -> list[Hypothesis]:
    """Explain given gradients ("dW1", "db1", ...), the cheapest hypothesis first."""
    with np.errstate(all="ignore"):
        return _search(scene, given, tolerance, thorough)


def _search(
    scene: Scene, given: Mapping[str, Array], tolerance: float, thorough: bool
) -> list[Hypothesis]:
    beam = [Hypothesis((), (), 0.0, 0.0, Seen({}, {}, {}), 0.0)]
    for l in range(scene.L, 0, -1):
        start = beam[0].cost
        made = frozenset(item.slug for old in beam for item in old.items)
        layer = _Layer(scene, given, l, tolerance, made)
        found = [new for old in beam for new in layer.explain(old, mistakes=1)]
        if thorough and min(new.cost for new in found) - start > ENOUGH:
            found += [new for old in beam[:3] for new in layer.explain(old, mistakes=2)]
        if thorough and min(new.cost for new in found) - start >= 2 * UNEXPLAINED:
            found += list(layer.explain(beam[0], mistakes=3))
        beam = _best(found, layer)
    return beam


def _fingerprint(seen: Seen) -> int:
    """A number that tells states apart that differ by more than rounding."""
    tensors = [*seen.dZ.values(), *seen.dA.values()]
    return hash(tuple((t + 0.0).astype(np.float32).tobytes() for t in tensors))


class _Carried(NamedTuple):
    """What a backward pass may have done in a layer, and what it hands down."""

    items: tuple[Item, ...]
    extra: float
    way: Delta
    factor: float = 1.0


class _Extension(NamedTuple):
    """A hypothesis with one more layer: its mistakes, what it carries down, and what it costs."""

    old: Hypothesis
    items: tuple[Item, ...]
    unexplained: tuple[str, ...]
    error: float
    carried: _Carried
    cost: float


class _Priced(NamedTuple):
    """A match of a block, or that there is none, and what it costs with the dZ that it is of."""

    price: float
    items: tuple[Item, ...]
    slugs: set[str]
    match: Match | None

    def price_beside(self, made: set[str]) -> float:
        """The least it costs where some mistakes are made already."""
        if self.slugs.isdisjoint(made):
            return self.price
        return sum((item.cost for item in self.items if item.slug not in made), 0.0)


_Found: TypeAlias = tuple[list[Delta], list[Match], list[Match]]


class _Layer:
    """The search within one layer."""

    def __init__(
        self,
        scene: Scene,
        given: Mapping[str, Array],
        l: int,
        tolerance: float,
        made: frozenset[str],
    ) -> None:
        self.made = made
        self.scene, self.l, self.tolerance = scene, l, tolerance
        self.dW, self.db = given[f"dW{l}"], given[f"db{l}"]
        self.known: dict[tuple[int, int], _Found] = {}
        self.largest = max(float(np.max(np.abs(block))) for block in given.values())
        named, added, added_b = constants(scene, l), penalties(scene, l), bias_penalties(scene, l)
        self.one = named[0]
        self.block_W = Block(f"dW{l}", self.dW, list(added), named, tolerance)
        self.block_b = Block(f"db{l}", self.db, list(added_b), named, tolerance)
        self.bound = np.inf

    def explain(self, old: Hypothesis, mistakes: int) -> Iterator[_Extension]:
        """Extend a hypothesis by this layer in every way that reproduces its blocks."""
        if mistakes > 1 and self.scene.n[self.l] * self.scene.m > 5000:
            return
        if old.cost > self.bound:
            return
        # Hypotheses that differ in their mistakes but hold the same tensors share the work.
        key = (_fingerprint(old.seen), mistakes)
        if key not in self.known:
            budget = Budget(self.bound - old.cost + 1e-9, self.made)
            self.known[key] = self._matches(old.seen, mistakes, budget.allows)
        yield from self._combine(old, *self.known[key])

    def _matches(self, seen: Seen, mistakes: int, wanted: Wanted) -> _Found:
        scene, l = self.scene, self.l
        ways = list(deltas(scene, seen, l, mistakes, wanted))
        ways += self._fitted(seen, ways[0])
        s, A = scene.averaging, scene.A(l - 1)
        dZ, right, every = np.stack([way.dZ for way in ways]), [RIGHT] * len(ways), range(len(ways))
        of_W = Features(right, every, s * dZ @ A.T)
        of_b = Features(right, every, s * np.sum(dZ, axis=2, keepdims=True))
        block_W, right_W = self.block_W, of_W.values[0]
        block_b, right_b = self.block_b, of_b.values[0]
        typical_W, typical_b = largest_of(of_W.values[:1]), largest_of(of_b.values[:1])
        W_matches = block_W.matches(of_W, typical_W)
        b_matches = block_b.matches(of_b, typical_b)
        for_W = {0, *(match.delta for match in b_matches[:12])}
        for_b = {0, *(match.delta for match in W_matches[:12])}
        if mistakes > 1 and not W_matches and len(ways) < 2000:
            for_W |= {i for i, way in enumerate(ways) if len(way.items) < 2}
        products = self._weight_products(seen, ways, sorted(for_W))
        W_matches += block_W.matches(block_W.features(products, s), typical_W)
        for_b |= {match.delta for match in W_matches[:12]}
        sums = self._bias_sums(seen, ways, sorted(for_b))
        b_matches += block_b.matches(block_b.features(sums, s), typical_b)
        W_matches += block_W.undeclared_penalty(scene.W(l), of_W.at(sorted(for_W)))
        plain_W, plain_b = block_W.with_penalty(right_W), block_b.with_penalty(right_b)
        W_matches += block_W.clipped(plain_W, self.largest)
        b_matches += block_b.clipped(plain_b, self.largest)
        W_matches = W_matches or block_W.unnamed_constant(plain_W, b_matches)
        b_matches = b_matches or block_b.unnamed_constant(plain_b, W_matches)
        return ways, W_matches, b_matches

    def _fitted(self, seen: Seen, right: Delta) -> list[Delta]:
        """Mistakes with a number of their own, which the given dW determines."""
        scene, l, s = self.scene, self.l, self.scene.averaging
        if self.dW.shape != scene.W(l).shape or self.dW.size < 3:
            return []
        residual = self.dW - self.block_W.added[0].value - s * right.dZ @ scene.A(l - 1).T
        found = []
        for slug, says, directions, offset in self._with_a_number(seen, right):
            moved = np.stack([(s * T @ scene.A(l - 1).T).ravel() for T in directions], axis=1)
            t = np.linalg.lstsq(moved, residual.ravel(), rcond=None)[0]
            off = float(np.linalg.norm(residual.ravel() - moved @ t))
            moves = min(np.max(np.abs(t)), np.max(np.abs(offset + t))) > 1e-6
            if moves and off <= self.tolerance * float(np.linalg.norm(self.dW)):
                item = Item(slug, says.format(*(offset + t)), f"dZ{l}", 1.1)
                dZ = right.dZ + np.tensordot(t, np.stack(directions), 1)
                found.append(Delta((item,), 1.1, right.dA, dZ))
        return found

    def _with_a_number(
        self, seen: Seen, right: Delta
    ) -> Iterator[tuple[str, str, list[Array], Array]]:
        scene, l = self.scene, self.l
        if l < scene.L and seen.dW[l + 1].shape == scene.W(l + 1).shape:
            dA = -seen.dW[l + 1].T @ seen.dZ[l + 1]
            direction = scene.backward(l, scene.masked(l, dA))
            says = "dA = (W − {:.4g} dW)ᵀ dZ, after the update"
            yield "updated_weights", says, [direction], np.zeros(1)
        below = scene.Z(l) <= 0
        if scene.activation(l) == "leaky_relu":
            says = "dZ = dA ⊙ ([Z > 0] + {:.4g} [Z ≤ 0])"
            yield "leaky_alpha_mismatch", says, [right.dA * below], np.full(1, scene.slope(l))
        elif own_record(scene, l) and np.any(below) and self.dW.size > 4:
            says = "dZ = dA ⊙ ({:.4g} g′(Z) + {:.4g}) where Z ≤ 0"
            sides = [right.dZ * below, right.dA * below]
            yield "derivative_term_dropped", says, sides, np.array([1.0, 0.0])

    def _weight_products(
        self, seen: Seen, ways: Sequence[Delta], of: Sequence[int]
    ) -> Iterator[tuple[int, Piece]]:
        for i in of:
            for piece in weight_products(self.scene, seen, self.l, ways[i].dA, ways[i].dZ):
                yield i, piece

    def _bias_sums(
        self, seen: Seen, ways: Sequence[Delta], of: Sequence[int]
    ) -> Iterator[tuple[int, Piece]]:
        for i in of:
            for piece in bias_sums(self.scene, seen, self.l, ways[i].dA, ways[i].dZ, self.dW):
                yield i, piece

    def _combine(
        self,
        old: Hypothesis,
        ways: Sequence[Delta],
        W_matches: Sequence[Match],
        b_matches: Sequence[Match],
    ) -> Iterator[_Extension]:
        nothing = Match((), 0, self.one, 0.0)
        before, known = old.cost, {item.slug for item in old.items}
        of_W, of_b = self._priced(W_matches, ways), self._priced(b_matches, ways)
        for W in of_W:
            W_match, already = W.match, known | W.slugs
            at_least = before + W.price_beside(known)
            lost_W = () if W_match else (f"dW{self.l}",)
            for b in of_b:
                # What costs more than the best by a margin would not be kept.
                if at_least + b.price_beside(already) > self.bound:
                    continue
                b_match = b.match
                lost = lost_W if b_match else (*lost_W, f"db{self.l}")
                if len(lost) == 2:
                    at_W, at_b = nothing, nothing
                else:
                    at_W = W_match or nothing._replace(delta=b_match.delta if b_match else 0)
                    at_b = b_match or nothing._replace(delta=W_match.delta if W_match else 0)
                error = max(old.error, at_W.error, at_b.error)
                unexplained = old.unexplained + lost
                for carried in self._carried(ways, at_W, at_b, lost):
                    items = old.items + carried.items
                    extra = old.extra + carried.extra
                    cost = merged_cost(items) + UNEXPLAINED * len(unexplained) + extra
                    if cost <= self.bound:
                        self.bound = min(self.bound, cost + MARGIN)
                        yield _Extension(old, items, unexplained, error, carried, cost)

    def extended(self, new: _Extension) -> Hypothesis:
        """Write down what a backward pass holds that did this layer in this way."""
        l, old, (_, extra, way, c) = self.l, new.old, new.carried
        seen = Seen(
            {**old.seen.dA, l: c * way.dA},
            {**old.seen.dZ, l: c * way.dZ},
            {**old.seen.dW, l: self.dW},
        )
        return Hypothesis(new.items, new.unexplained, old.extra + extra, new.error, seen, new.cost)

    def _priced(self, matches: Sequence[Match], ways: Sequence[Delta]) -> list[_Priced]:
        """The cheapest matches of a block, and that there is none."""
        by_price = sorted(
            ((match.cost + ways[match.delta].cost, match) for match in matches),
            key=lambda entry: entry[0],
        )
        priced = []
        for price, match in by_price[:40]:
            items = (*match.items, *ways[match.delta].items, *_of_constant(match.constant, ""))
            priced.append(_Priced(price, items, {item.slug for item in items}, match))
        return [*priced, _Priced(UNEXPLAINED, (), set(), None)]

    def _carried(
        self, ways: Sequence[Delta], at_W: Match, at_b: Match, lost: tuple[str, ...]
    ) -> Iterator[_Carried]:
        """Decide what is handed down: the dZ behind dW, the one behind db, or the right one."""
        l = self.l
        W_way, b_way, right = ways[at_W.delta], ways[at_b.delta], ways[0]
        common = at_W.constant == at_b.constant or bool(lost)
        constant = at_b.constant if f"dW{l}" in lost else at_W.constant
        below = at_W.items + at_b.items
        if at_W.delta == at_b.delta:
            both = _of_constant(constant, f"dZ{l}") if common else ()
            apart = (
                ()
                if common
                else (
                    *_of_constant(at_W.constant, f"dW{l}"),
                    *_of_constant(at_b.constant, f"db{l}"),
                )
            )
            items = W_way.items + both + apart + below
            c = constant.value if common else 1.0
            yield _Carried(items, 0.0, W_way, c)
            if l > 1 and (W_way.items or both):
                if both:
                    local = tuple(
                        i
                        for d in "Wb"
                        if f"d{d}{l}" not in lost
                        for i in _of_constant(constant, f"d{d}{l}")
                    )
                    yield _Carried(W_way.items + local + below, 0.02, W_way)
                if W_way.items:
                    locally = tuple(i._replace(where=f"dW{l} and db{l}") for i in W_way.items)
                    yield _Carried(locally + both + apart + below, 0.4, right)
            return
        only = {"missing_output_derivative", "missing_derivative"}
        of_W = tuple(
            i._replace(
                where=f"dW{l}", slug="missing_derivative_in_dW_only" if i.slug in only else i.slug
            )
            for i in W_way.items
        )
        of_b = tuple(
            i._replace(
                where=f"db{l}", slug="missing_derivative_in_db_only" if i.slug in only else i.slug
            )
            for i in b_way.items
        )
        items = (
            *of_W,
            *of_b,
            *_of_constant(at_W.constant, f"dW{l}"),
            *_of_constant(at_b.constant, f"db{l}"),
            *below,
        )
        carried = {at_W.delta, at_b.delta, 0} if l > 1 else {0}
        slugs = {item.slug for item in (*W_way.items, *b_way.items)}
        for way in carried:
            extra = 0.0 if way == 0 else 0.05 if {at_W.delta, at_b.delta} >= {0} else 0.3
            # What spoils one block alone is more likely in the line of that block than above it.
            extra += 0.0 if only & slugs else 0.06
            yield _Carried(items, extra, ways[way])


def _of_constant(constant: Constant, where: str) -> tuple[Item, ...]:
    return items_of(constant.slug, f"{where} times {constant.says}", where, constant.cost)


def _best(found: Sequence[_Extension], layer: _Layer) -> list[Hypothesis]:
    kept: dict[object, Hypothesis] = {}
    priced = sorted(((new.cost, i) for i, new in enumerate(found)))
    for cost, i in priced:
        if cost > priced[0][0] + MARGIN or len(kept) == BEAM:
            break
        h = layer.extended(found[i])
        key = (
            frozenset((item.slug, item.where[1:]) for item in h.items),
            frozenset(h.unexplained),
            _fingerprint(h.seen),
        )
        kept.setdefault(key, h)
    return list(kept.values())
