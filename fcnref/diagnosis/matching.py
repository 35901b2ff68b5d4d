"""Which predictions make a given block: up to a named constant, plus a penalty, or all but cut off.

A prediction is compared with the block as a direction first, all of them at once; what is left over
must be a penalty, and the constant must have a name.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np

from fcnref._arrays import Array
from fcnref.diagnosis.pieces import Constant, Item, Piece, merged_cost

__all__ = ["Block", "Feature", "Match", "size_of"]

UNNAMED = ("unnamed_constant", "", 1.7)


class Feature(NamedTuple):
    """A prediction of a block, up to a constant: its mistakes below dZ, and the dZ it is of."""

    items: tuple[Item, ...]
    delta: int
    value: Array


class Match(NamedTuple):
    """A prediction that holds: the mistakes below dZ, the constant, and how well it holds."""

    items: tuple[Item, ...]
    delta: int
    constant: Constant
    error: float

    @property
    def cost(self) -> float:
        """How unlikely it is, in mistakes."""
        return merged_cost(self.items) + self.constant.cost


class Block:
    """A given dW[l] or db[l], and all that may stand beside a prediction in it."""

    def __init__(
        self,
        where: str,
        given: Array,
        added: Sequence[Piece],
        constants: Sequence[Constant],
        tolerance: float,
    ) -> None:
        self.where, self.given, self.added, self.tolerance = where, given, added, tolerance
        self.size = float(np.linalg.norm(given))
        self.one = constants[0]
        self.by_value = sorted(constants, key=lambda c: c.value)
        self.values = [c.value for c in self.by_value]
        # The factors that the penalty may have in common with the rest.
        self.whole = [c for c in constants if 0 < c.cost < 1.35 and np.any(added[0].value)]

    def with_penalty(self, right: Feature) -> Feature:
        """Return the right prediction of the whole block."""
        return right._replace(value=right.value + self.added[0].value)

    def matches(self, features: Sequence[Feature], typical: float) -> list[Match]:
        """Find the features that make the block, times a named constant and plus a penalty.

        The largest entry of the right prediction is `typical`, by which zeros are told from sums
        that cancel.
        """
        largest = max(typical, size_of(features[:4], below=1e9 * typical))
        given, size, added = self.given, self.size, self.added
        features = _finite([f for f in features if f.value.shape == given.shape])
        if not features:
            return []
        if size <= 1e-13 * largest and not np.any(added[0].value):
            return self._nothing(features, exact=size == 0.0, floor=1e-13 * largest)
        targets = [(piece, None) for piece in added if piece.value.shape == given.shape]
        targets = targets or [(Piece("", "", 0.0, np.zeros(given.shape)), None)]
        whole = self.whole if added[0].value.shape == given.shape else []
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
        found = []
        for i, r in np.argwhere(close & (FF[:, None] > floor)):
            piece, total = labels[r]
            for constant in self._named(float(C[i, r])):
                if total is not None and constant.value != total.value:
                    continue
                error = float(np.linalg.norm(R[r] - constant.value * F[i])) / max(size, 1e-300)
                if error <= self.tolerance:
                    items = features[i].items + piece.items(self.where)
                    if total is None or constant.value != 1.0:
                        found.append(Match(items, features[i].delta, constant, error))
        for i, r in np.argwhere((FF[:, None] <= floor) & (RR[None, :] <= floor)):
            if labels[r][1] is None:
                items = features[i].items + labels[r][0].items(self.where)
                found.append(Match(items, features[i].delta, self.one, 0.0))
        return sorted(found, key=lambda match: match.cost)

    def _named(self, value: float) -> list[Constant]:
        near = max(self.tolerance, 1e-7) * abs(value)
        start, end = bisect_left(self.values, value - near), bisect_right(self.values, value + near)
        return sorted(self.by_value[start:end], key=lambda c: c.cost)[:3]

    def _nothing(self, features: Sequence[Feature], exact: bool, floor: float) -> list[Match]:
        """A block of zeros: because dZ is zero, or its sum, or by itself."""
        found = [
            Match(f.items, f.delta, self.one, 0.0)
            for f in features
            if not np.any(f.value) or (_cancels(f, exact) and np.linalg.norm(f.value) <= floor)
        ]
        # Under softmax and cross-entropy the units cancel: a sum over them all is zero.
        found = [
            match._replace(items=tuple(i._replace(cost=0.75) for i in match.items))
            if any(i.slug == "db_sum_all_axes" for i in match.items) and match.delta == 0
            else match
            for match in found
        ]
        if exact and any(f.delta == 0 and not f.items for f in features):
            name = self.where[:2]
            item = Item(f"{name}_zero", f"{name} = 0", self.where, 0.8)
            found.append(Match((item,), 0, self.one, 0.0))
        return sorted(found, key=lambda match: match.cost)

    def clipped(self, right: Feature, largest: float) -> list[Match]:
        """Find that the large entries of the right block were cut off.

        The largest entry of all blocks is `largest`: in a small block a cut is told from a factor
        only if it is cut like the others.
        """
        limit = float(np.max(np.abs(self.given)))
        small = self.given.size < 3 and limit < largest
        if self.given.shape != right.value.shape or small:
            return []
        off = float(np.linalg.norm(self.given - np.clip(right.value, -limit, limit)))
        uncut = float(np.max(np.abs(right.value))) <= limit
        if not self.size or uncut or off > self.tolerance * self.size:
            return []
        item = Item("gradient_clipped", f"{self.where} cut off at ±{limit:.4g}", self.where, 1.0)
        return [Match((item,), 0, self.one, off / self.size)]

    def unnamed_constant(self, right: Feature, other: Sequence[Match]) -> list[Match]:
        """Fit a number that nothing explains; in a small block it is that of the other block."""
        given, F = self.given, right.value
        if given.shape != F.shape or not np.any(F):
            return []
        fitted = Constant(float(np.sum(given * F) / np.sum(F**2)), *UNNAMED)
        shared = [m.constant for m in other if m.constant.slug == fitted.slug]
        for constant in (*shared, *([fitted] if given.size >= 3 else ())):
            off = float(np.linalg.norm(given - constant.value * F))
            if off <= self.tolerance * self.size:
                says = f"{constant.value:.6g}"
                return [Match((), 0, constant._replace(says=says), off / self.size)]
        return []

    def undeclared_penalty(self, W: Array, features: Sequence[Feature]) -> list[Match]:
        """Find a multiple of W, or of its sign, that the declared penalty does not explain."""
        found: list[Match] = []
        if self.given.shape != W.shape or W.size < 3 or not self.size:
            return found
        for feature in features:
            residual = self.given - self.added[0].value - feature.value
            for says, tensor in (("W", W), ("sign(W)", np.sign(W))):
                t = float(np.sum(residual * tensor) / np.sum(tensor * tensor))
                off = float(np.linalg.norm(residual - t * tensor))
                if abs(t) > 1e-6 * self.size and off <= self.tolerance * self.size:
                    says = f"dW with {t:.4g} {says} on top"
                    item = Item("reg_extra", says, self.where, 1.25)
                    found.append(Match((item,), feature.delta, self.one, off / self.size))
        return found


def size_of(features: Sequence[Feature], below: float = np.inf) -> float:
    """Return the largest entry of predictions, without those that overflow."""
    sizes = (float(np.max(np.abs(feature.value))) for feature in features)
    return max((size for size in sizes if size <= below), default=0.0)


def _finite(features: Sequence[Feature]) -> list[Feature]:
    if not features:
        return []
    # One look at all of them: there are hundreds, each of a few numbers.
    finite = np.isfinite(np.stack([f.value.ravel() for f in features]))
    return list(compress(features, np.all(finite, axis=1)))


def _cancels(feature: Feature, exact: bool) -> bool:
    """Whether zeros may be what is left of a sum: rounding seldom leaves an exact zero."""
    return not exact or any(item.slug == "db_sum_all_axes" for item in feature.items)
