"""The search for the mistakes: layer by layer from the output, the simplest explanation first.

Given what a backward pass held above layer l, every dZ[l] with few mistakes predicts dW[l] and
db[l] up to a constant and a penalty. Those predictions that reproduce the given dW[l] and db[l]
say what it held in layer l, and the search goes one layer down. Blocks above the first wrong one
pin the rest, so that mistakes that compose do not multiply the work.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import compress
from typing import NamedTuple, TypeAlias

import numpy as np

from fcnref._arrays import Array
from fcnref.diagnosis.constants import constants
from fcnref.diagnosis.deltas import deltas
from fcnref.diagnosis.derivatives import own_record
from fcnref.diagnosis.penalties import bias_penalties, penalties
from fcnref.diagnosis.pieces import Constant, Delta, Item, Piece, items_of, slugs_of
from fcnref.diagnosis.products import bias_sums, weight_products
from fcnref.diagnosis.scene import Scene, Seen

__all__ = ["Hypothesis", "merged_cost", "search"]

UNEXPLAINED = 4.0
ENOUGH = 1.65
BEAM = 16
MARGIN = 1.6
UNNAMED = ("unnamed_constant", "", 1.7)


class Hypothesis(NamedTuple):
    """What a backward pass did down to some layer: its mistakes, and what it holds."""

    items: tuple[Item, ...]
    unexplained: tuple[str, ...]
    extra: float
    error: float
    seen: Seen
    cost: float
    """How unlikely it is, in mistakes."""


def merged_cost(items: Iterable[Item]) -> float:
    """Add up the mistakes, where the same one in further layers costs next to nothing."""
    total, known, slugs = 0.0, set(), set()
    for item in items:
        key = _kind(item)
        if key in known:
            total += 0.05
        elif item.slug in slugs:
            total += 0.1 if _letter(item.where) in {"W", "b"} else 0.5 * item.cost
        else:
            total += item.cost
        known.add(key)
        slugs.add(item.slug)
    return total


@lru_cache(maxsize=65536)
def _kind(item: Item) -> tuple[str, str, str]:
    """What makes a mistake the same one in another layer."""
    return item.slug, re.sub(r"\[?\d+\]?", "", item.says), _letter(item.where)


def _letter(where: str) -> str:
    return where[1]


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
        layer = _Layer(scene, given, l, tolerance)
        found = [new for old in beam for new in layer.explain(old, mistakes=1)]
        if thorough and min(new.cost for new in found) - start > ENOUGH:
            found += [new for old in beam[:3] for new in layer.explain(old, mistakes=2)]
        if thorough and min(new.cost for new in found) - start >= 2 * UNEXPLAINED:
            found += list(layer.explain(beam[0], mistakes=3))
        beam = _best(found)
    return beam


def _best(found: Sequence[Hypothesis]) -> list[Hypothesis]:
    kept: dict[object, Hypothesis] = {}
    priced = sorted(((h.cost, i) for i, h in enumerate(found)))
    for cost, i in priced:
        if cost > priced[0][0] + MARGIN or len(kept) == BEAM:
            break
        h = found[i]
        key = (
            frozenset((item.slug, item.where[1:]) for item in h.items),
            frozenset(h.unexplained),
            _fingerprint(h.seen),
        )
        kept.setdefault(key, h)
    return list(kept.values())


def _fingerprint(seen: Seen) -> int:
    """A number that tells states apart that differ by more than rounding."""
    tensors = [*seen.dZ.values(), *seen.dA.values()]
    return hash(tuple((t + 0.0).astype(np.float32).tobytes() for t in tensors))


class _Feature(NamedTuple):
    """A prediction of a block, up to a constant: its mistakes below dZ, and the dZ it is of."""

    items: tuple[Item, ...]
    delta: int
    value: Array


class _Match(NamedTuple):
    """A prediction that holds: the mistakes below dZ, the constant, and how well it holds."""

    items: tuple[Item, ...]
    delta: int
    constant: Constant
    error: float

    @property
    def cost(self) -> float:
        return merged_cost(self.items) + self.constant.cost


_Found: TypeAlias = tuple[list[Delta], list[_Match], list[_Match]]


class _Layer:
    """The search within one layer."""

    def __init__(self, scene: Scene, given: Mapping[str, Array], l: int, tolerance: float) -> None:
        self.scene, self.l, self.tolerance = scene, l, tolerance
        self.dW, self.db = given[f"dW{l}"], given[f"db{l}"]
        self.known: dict[tuple[int, int], _Found] = {}
        self.largest = max(float(np.max(np.abs(block))) for block in given.values())
        self.constants = constants(scene, l)
        self.penalties = list(penalties(scene, l))
        self.bias_penalties = list(bias_penalties(scene, l))
        simple = [c for c in self.constants if 0 < c.cost < 1.35]
        self.whole = [c for c in simple if np.any(self.penalties[0].value)]
        self.whole_b = [c for c in simple if np.any(self.bias_penalties[0].value)]
        self.by_value = sorted(self.constants, key=lambda c: c.value)
        self.values = [c.value for c in self.by_value]
        self.bound = np.inf
        self.size_W = self.size_b = 0.0

    def explain(self, old: Hypothesis, mistakes: int) -> Iterator[Hypothesis]:
        """Extend a hypothesis by this layer in every way that reproduces its blocks."""
        if mistakes > 1 and self.scene.n[self.l] * self.scene.m > 5000:
            return
        # Hypotheses that differ in their mistakes but hold the same tensors share the work.
        key = (_fingerprint(old.seen), mistakes)
        if key not in self.known:
            self.known[key] = self._matches(old.seen, mistakes)
        yield from self._combine(old, *self.known[key])

    def _matches(self, seen: Seen, mistakes: int) -> _Found:
        scene, l = self.scene, self.l
        ways = list(deltas(scene, seen, l, mistakes))
        ways += self._fitted(seen, ways[0])
        s, A = scene.averaging, scene.A(l - 1)
        W_features = [_Feature((), i, s * way.dZ @ A.T) for i, way in enumerate(ways)]
        b_features = [
            _Feature((), i, s * np.sum(way.dZ, axis=1, keepdims=True)) for i, way in enumerate(ways)
        ]
        self.size_W, self.size_b = _size(W_features[:1]), _size(b_features[:1])
        W_matches, b_matches = self._match_W(W_features), self._match_b(b_features)
        for_W = {0, *(match.delta for match in b_matches[:12])}
        for_b = {0, *(match.delta for match in W_matches[:12])}
        if mistakes > 1 and not W_matches and len(ways) < 2000:
            for_W |= {i for i, way in enumerate(ways) if len(way.items) < 2}
        W_matches += self._match_W(self._weight_features(seen, ways, sorted(for_W)))
        for_b |= {match.delta for match in W_matches[:12]}
        b_matches += self._match_b(self._bias_features(seen, ways, sorted(for_b)))
        W_matches += self._undeclared_penalty([W_features[i] for i in sorted(for_W)])
        plain_W = W_features[0]._replace(value=W_features[0].value + self.penalties[0].value)
        plain_b = b_features[0]._replace(value=b_features[0].value + self.bias_penalties[0].value)
        W_matches += self._clipped(self.dW, plain_W, f"dW{l}")
        b_matches += self._clipped(self.db, plain_b, f"db{l}")
        if not W_matches:
            W_matches = self._unnamed_constant(self.dW, plain_W, b_matches)
        if not b_matches:
            b_matches = self._unnamed_constant(self.db, plain_b, W_matches)
        return ways, W_matches, b_matches

    def _fitted(self, seen: Seen, right: Delta) -> list[Delta]:
        """Mistakes with a number of their own, which the given dW determines."""
        scene, l, s = self.scene, self.l, self.scene.averaging
        if self.dW.shape != scene.W(l).shape or self.dW.size < 3:
            return []
        residual = self.dW - self.penalties[0].value - s * right.dZ @ scene.A(l - 1).T
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
            mask = scene.mask(l)
            direction = scene.backward(l, dA if mask is None else dA * mask)
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

    def _undeclared_penalty(self, features: Sequence[_Feature]) -> list[_Match]:
        """A multiple of W, or of its sign, that the declared penalty does not explain."""
        W, found = self.scene.W(self.l), []
        size = float(np.linalg.norm(self.dW))
        if self.dW.shape != W.shape or W.size < 3 or not size:
            return []
        for feature in features:
            residual = self.dW - self.penalties[0].value - feature.value
            for says, tensor in (("W", W), ("sign(W)", np.sign(W))):
                t = float(np.sum(residual * tensor) / np.sum(tensor * tensor))
                off = float(np.linalg.norm(residual - t * tensor))
                if abs(t) > 1e-6 * size and off <= self.tolerance * size:
                    item = Item("reg_extra", f"dW with {t:.4g} {says} on top", f"dW{self.l}", 1.25)
                    found.append(_Match((item,), feature.delta, self.constants[0], off / size))
        return found

    def _clipped(self, given: Array, right: _Feature, where: str) -> list[_Match]:
        """A right block whose large entries were cut off."""
        limit = float(np.max(np.abs(given)))
        # In a small block a cut is told from a factor only if it is cut like the others.
        if given.shape != right.value.shape or (given.size < 3 and limit < self.largest):
            return []
        off = float(np.linalg.norm(given - np.clip(right.value, -limit, limit)))
        size = float(np.linalg.norm(given))
        uncut = float(np.max(np.abs(right.value))) <= limit
        if not size or uncut or off > self.tolerance * size:
            return []
        item = Item("gradient_clipped", f"{where} cut off at ±{limit:.4g}", where, 1.0)
        return [_Match((item,), 0, self.constants[0], off / size)]

    def _unnamed_constant(
        self, given: Array, right: _Feature, other: Sequence[_Match]
    ) -> list[_Match]:
        """A number that nothing explains; in a small block it must be that of the other block."""
        if given.shape != right.value.shape or not np.any(right.value):
            return []
        size = float(np.linalg.norm(given))
        fitted = Constant(float(np.sum(given * right.value) / np.sum(right.value**2)), *UNNAMED)
        shared = [m.constant for m in other if m.constant.slug == fitted.slug]
        for constant in (*shared, *([fitted] if given.size >= 3 else ())):
            off = float(np.linalg.norm(given - constant.value * right.value))
            if off <= self.tolerance * size:
                says = f"{constant.value:.6g}"
                return [_Match((), 0, constant._replace(says=says), off / size)]
        return []

    def _weight_features(
        self, seen: Seen, ways: Sequence[Delta], of: Sequence[int]
    ) -> list[_Feature]:
        l, s = self.l, self.scene.averaging
        return [
            _Feature(_items(piece, f"dW{l}"), i, s * piece.value)
            for i in of
            for piece in weight_products(self.scene, seen, l, ways[i].dA, ways[i].dZ)
        ]

    def _bias_features(
        self, seen: Seen, ways: Sequence[Delta], of: Sequence[int]
    ) -> list[_Feature]:
        l, s = self.l, self.scene.averaging
        return [
            _Feature(_items(piece, f"db{l}"), i, s * piece.value)
            for i in of
            for piece in bias_sums(self.scene, seen, l, ways[i].dA, ways[i].dZ, self.dW)
        ]

    def _match_W(self, features: Sequence[_Feature]) -> list[_Match]:
        size = max(self.size_W, _size(features[:4], below=1e9 * self.size_W))
        return self._match(self.dW, features, self.penalties, self.whole, f"dW{self.l}", size)

    def _match_b(self, features: Sequence[_Feature]) -> list[_Match]:
        added, whole = self.bias_penalties, self.whole_b
        size = max(self.size_b, _size(features[:4], below=1e9 * self.size_b))
        return self._match(self.db, features, added, whole, f"db{self.l}", size)

    def _match(
        self,
        given: Array,
        features: Sequence[_Feature],
        added: Sequence[Piece],
        whole: Sequence[Constant],
        where: str,
        largest: float,
    ) -> list[_Match]:
        """Find the features that make the block, times a named constant and plus a penalty."""
        features = _finite([f for f in features if f.value.shape == given.shape])
        size = float(np.linalg.norm(given))
        if not features:
            return []
        if size <= 1e-13 * largest and not np.any(added[0].value):
            return self._nothing(features, where, exact=size == 0.0, floor=1e-13 * largest)
        targets = [(piece, None) for piece in added if piece.value.shape == given.shape]
        targets = targets or [(Piece("", "", 0.0, np.zeros(given.shape)), None)]
        whole = whole if added[0].value.shape == given.shape else []
        T = [given - piece.value for piece, _ in targets]
        T += [given - c.value * added[0].value for c in whole]
        labels: list[tuple[Piece, Constant | None]] = [*targets, *((added[0], c) for c in whole)]
        F = np.stack([f.value.ravel() for f in features])
        R = np.stack([t.ravel() for t in T])
        FF, RR, FR = np.sum(F * F, axis=1), np.sum(R * R, axis=1), F @ R.T
        with np.errstate(divide="ignore", invalid="ignore"):
            C = FR / FF[:, None]
            residual = RR[None, :] - C * FR
        floor = (1e-12 * max(size, 1e-30)) ** 2
        close = residual <= 1e-9 * RR[None, :] + floor
        matches = []
        for i, r in np.argwhere(close & (FF[:, None] > floor)):
            piece, total = labels[r]
            for constant in self._named(float(C[i, r])):
                if total is not None and constant.value != total.value:
                    continue
                error = float(np.linalg.norm(R[r] - constant.value * F[i])) / max(size, 1e-300)
                if error <= self.tolerance:
                    items = features[i].items + _items(piece, where)
                    if total is None or constant.value != 1.0:
                        matches.append(_Match(items, features[i].delta, constant, error))
        for i, r in np.argwhere((FF[:, None] <= floor) & (RR[None, :] <= floor)):
            if labels[r][1] is None:
                items = features[i].items + _items(labels[r][0], where)
                matches.append(_Match(items, features[i].delta, self.constants[0], 0.0))
        return sorted(matches, key=lambda match: match.cost)

    def _nothing(
        self, features: Sequence[_Feature], where: str, exact: bool, floor: float
    ) -> list[_Match]:
        """A block of zeros: because dZ is zero, or its sum, or by itself."""
        one = self.constants[0]
        found = [
            _Match(f.items, f.delta, one, 0.0)
            for f in features
            if not np.any(f.value) or (_cancels(f, exact) and np.linalg.norm(f.value) <= floor)
        ]
        # Under softmax and cross-entropy the units cancel: a sum over them all is zero.
        cheap = [
            match._replace(items=tuple(i._replace(cost=0.75) for i in match.items))
            if any(i.slug == "db_sum_all_axes" for i in match.items) and match.delta == 0
            else match
            for match in found
        ]
        found = cheap
        slug = "db_zero" if where[1] == "b" else "dW_zero"
        if exact and any(f.delta == 0 and not f.items for f in features):
            says = f"{where[:2]} = 0"
            found.append(_Match((Item(slug, says, where, 0.8),), 0, one, 0.0))
        return sorted(found, key=lambda match: match.cost)

    def _named(self, value: float) -> list[Constant]:
        near = max(self.tolerance, 1e-7) * abs(value)
        start, end = bisect_left(self.values, value - near), bisect_right(self.values, value + near)
        return sorted(self.by_value[start:end], key=lambda c: c.cost)[:3]

    def _combine(
        self,
        old: Hypothesis,
        ways: Sequence[Delta],
        W_matches: Sequence[_Match],
        b_matches: Sequence[_Match],
    ) -> Iterator[Hypothesis]:
        nothing = _Match((), 0, self.constants[0], 0.0)
        before, known = old.cost, {item.slug for item in old.items}
        of_W, of_b = self._priced(W_matches, ways), self._priced(b_matches, ways)
        for W_price, W_slugs, W_match in of_W:
            already = known | W_slugs
            at_least = before + (0.0 if W_slugs & known else W_price)
            for b_price, b_slugs, b_match in of_b:
                # What costs more than the best by a margin would not be kept.
                if at_least + (0.0 if b_slugs & already else b_price) > self.bound:
                    continue
                lost = tuple(
                    f"d{which}{self.l}"
                    for which, match in (("W", W_match), ("b", b_match))
                    if match is None
                )
                if len(lost) == 2:
                    at_W, at_b = nothing, nothing
                else:
                    at_W = W_match or nothing._replace(delta=b_match.delta if b_match else 0)
                    at_b = b_match or nothing._replace(delta=W_match.delta if W_match else 0)
                for new in self._carry(old, ways, at_W, at_b, lost):
                    self.bound = min(self.bound, new.cost + MARGIN)
                    if new.cost <= self.bound:
                        yield new

    def _priced(
        self, matches: Sequence[_Match], ways: Sequence[Delta]
    ) -> list[tuple[float, set[str], _Match | None]]:
        """The cheapest matches of a block, and that there is none, with their prices and slugs."""
        priced: list[tuple[float, set[str], _Match | None]] = [
            (
                match.cost + ways[match.delta].cost,
                {i.slug for i in (*match.items, *ways[match.delta].items)}
                | set(slugs_of(match.constant.slug)),
                match,
            )
            for match in matches
        ]
        return [*sorted(priced, key=lambda entry: entry[0])[:40], (UNEXPLAINED, set(), None)]

    def _carry(
        self,
        old: Hypothesis,
        ways: Sequence[Delta],
        at_W: _Match,
        at_b: _Match,
        lost: tuple[str, ...],
    ) -> Iterator[Hypothesis]:
        """Decide what is handed down: the dZ behind dW, the one behind db, or the right one."""
        l = self.l
        W_way, b_way, right = ways[at_W.delta], ways[at_b.delta], ways[0]
        error = max(old.error, at_W.error, at_b.error)
        common = at_W.constant == at_b.constant or bool(lost)
        constant = at_b.constant if f"dW{l}" in lost else at_W.constant
        below = at_W.items + at_b.items

        def hypothesis(items: tuple[Item, ...], extra: float, dA: Array, dZ: Array) -> Hypothesis:
            seen = Seen({**old.seen.dA, l: dA}, {**old.seen.dZ, l: dZ}, {**old.seen.dW, l: self.dW})
            unexplained, items, extra = old.unexplained + lost, old.items + items, old.extra + extra
            cost = merged_cost(items) + UNEXPLAINED * len(unexplained) + extra
            return Hypothesis(items, unexplained, extra, error, seen, cost)

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
            yield hypothesis(items, 0.0, c * W_way.dA, c * W_way.dZ)
            if l > 1 and (W_way.items or both):
                if both:
                    local = tuple(
                        i
                        for d in "Wb"
                        if f"d{d}{l}" not in lost
                        for i in _of_constant(constant, f"d{d}{l}")
                    )
                    yield hypothesis(W_way.items + local + below, 0.02, W_way.dA, W_way.dZ)
                if W_way.items:
                    locally = tuple(i._replace(where=f"dW{l} and db{l}") for i in W_way.items)
                    yield hypothesis(locally + both + apart + below, 0.4, right.dA, right.dZ)
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
            yield hypothesis(items, extra, ways[way].dA, ways[way].dZ)


def _finite(features: Sequence[_Feature]) -> list[_Feature]:
    if not features:
        return []
    # One look at all of them: there are hundreds, each of a few numbers.
    finite = np.isfinite(np.stack([f.value.ravel() for f in features]))
    return list(compress(features, np.all(finite, axis=1)))


def _size(features: Sequence[_Feature], below: float = np.inf) -> float:
    """The largest entry of predictions, without those that overflow."""
    sizes = (float(np.max(np.abs(feature.value))) for feature in features)
    return max((size for size in sizes if size <= below), default=0.0)


def _cancels(feature: _Feature, exact: bool) -> bool:
    """Whether zeros may be what is left of a sum: rounding seldom leaves an exact zero."""
    return not exact or any(item.slug == "db_sum_all_axes" for item in feature.items)


def _items(piece: Piece, where: str) -> tuple[Item, ...]:
    return items_of(piece.slug, piece.says, where, piece.cost)


def _of_constant(constant: Constant, where: str) -> tuple[Item, ...]:
    return items_of(constant.slug, f"{where} times {constant.says}", where, constant.cost)
