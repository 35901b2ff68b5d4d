"""Which predictions make a given block: up to a named constant, plus a penalty, or all but cut off.

A prediction is compared with the block as a direction first, all of them at once; what is left over
must be a penalty, and the constant must have a name.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from fcnref._arrays import Array
from fcnref.diagnosis.pieces import Constant, Item, Piece, merged_cost, slugs_of

__all__ = ["Block", "Features", "Match", "largest_of"]

UNNAMED = ("unnamed_constant", "", 1.7)


class Features(NamedTuple):
    """Predictions of a block, up to a constant."""

    pieces: Sequence[Piece]
    """What is wrong about each below dZ."""
    deltas: Sequence[int]
    """The dZ that each is of."""
    values: Array
    """The predictions, stacked."""

    def at(self, chosen: Sequence[int]) -> "Features":
        """Return some of them."""
        pieces, deltas = [self.pieces[i] for i in chosen], [self.deltas[i] for i in chosen]
        return Features(pieces, deltas, self.values[chosen])


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
        whole = [c for c in constants if 0 < c.cost < 1.35 and np.any(added[0].value)]
        self.beside: list[tuple[Piece, Constant | None]] = [
            (piece, None) for piece in added if piece.value.shape == given.shape
        ] or [(Piece("", "", 0.0, np.zeros(given.shape)), None)]
        if added[0].value.shape == given.shape:
            self.beside += [(added[0], c) for c in whole]
        rest = [given - (c.value if c else 1.0) * piece.value for piece, c in self.beside]
        self.rest = np.stack([R.ravel() for R in rest])

    def features(self, pieces: Iterable[tuple[int, Piece]], averaging: float) -> Features:
        """Take what has the shape of the block as predictions of it, each with its dZ."""
        shape = self.given.shape
        fitting = [(delta, piece) for delta, piece in pieces if piece.value.shape == shape]
        values = np.array([piece.value for _, piece in fitting]).reshape(-1, *shape)
        deltas, labels = [delta for delta, _ in fitting], [piece for _, piece in fitting]
        return Features(labels, deltas, averaging * values)

    def with_penalty(self, right: Array) -> Array:
        """Return the right prediction of the whole block."""
        return right + self.added[0].value

    def matches(self, features: Features, typical: float) -> list[Match]:
        """Find the features that make the block, times a named constant and plus a penalty.

        The largest entry of the right prediction is `typical`, by which zeros are told from sums
        that cancel.
        """
        if not len(features.values) or features.values.shape[1:] != self.given.shape:
            return []
        size, largest = self.size, max(typical, largest_of(features.values[:4], 1e9 * typical))
        F = features.values.reshape(len(features.values), -1)
        finite = np.all(np.isfinite(F), axis=1)
        if not np.all(finite):
            features, F = features.at(np.flatnonzero(finite).tolist()), F[finite]
        if not len(F):
            return []
        if size <= 1e-13 * largest and not np.any(self.added[0].value):
            return self._nothing(features, exact=size == 0.0, floor=1e-13 * largest)
        R = self.rest
        FF, RR, FR = np.sum(F * F, axis=1), np.sum(R * R, axis=1), F @ R.T
        with np.errstate(divide="ignore", invalid="ignore"):
            C = FR / FF[:, None]
            residual = RR[None, :] - C * FR
        floor = (1e-12 * max(size, 1e-30)) ** 2
        close = residual <= 1e-9 * RR[None, :] + floor
        found = []
        for i, r in np.argwhere(close & (FF[:, None] > floor)).tolist():
            piece, total = self.beside[r]
            for constant in self._named(float(C[i, r])):
                if total is not None and constant.value != total.value:
                    continue
                error = float(np.linalg.norm(R[r] - constant.value * F[i])) / max(size, 1e-300)
                if error <= self.tolerance:
                    items = self._items(features.pieces[i]) + self._items(piece)
                    if total is None or constant.value != 1.0:
                        found.append(Match(items, features.deltas[i], constant, error))
        for i, r in np.argwhere((FF[:, None] <= floor) & (RR[None, :] <= floor)).tolist():
            piece, total = self.beside[r]
            if total is None:
                items = self._items(features.pieces[i]) + self._items(piece)
                found.append(Match(items, features.deltas[i], self.one, 0.0))
        return sorted(found, key=lambda match: match.cost)

    def _items(self, piece: Piece) -> tuple[Item, ...]:
        return piece.items(self.where)

    def _named(self, value: float) -> list[Constant]:
        near = max(self.tolerance, 1e-7) * abs(value)
        start, end = bisect_left(self.values, value - near), bisect_right(self.values, value + near)
        return sorted(self.by_value[start:end], key=lambda c: c.cost)[:3]

    def _nothing(self, features: Features, exact: bool, floor: float) -> list[Match]:
        """A block of zeros: because dZ is zero, or its sum, or by itself."""
        of_all = ["db_sum_all_axes" in slugs_of(piece.slug) for piece in features.pieces]
        largest = np.max(np.abs(features.values), axis=(1, 2))
        lengths = np.linalg.norm(features.values, axis=(1, 2))
        # Zeros may be what is left of a sum: rounding seldom leaves an exact zero.
        zero = (largest == 0) | ((np.array(of_all) | (not exact)) & (lengths <= floor))
        found = []
        for i in np.flatnonzero(zero).tolist():
            items = self._items(features.pieces[i])
            if of_all[i] and features.deltas[i] == 0:
                # Under softmax and cross-entropy the units cancel: a sum over them all is zero.
                items = tuple(item._replace(cost=0.75) for item in items)
            found.append(Match(items, features.deltas[i], self.one, 0.0))
        whole = zip(features.pieces, features.deltas, strict=True)
        if exact and any(delta == 0 and not piece.slug for piece, delta in whole):
            name = self.where[:2]
            item = Item(f"{name}_zero", f"{name} = 0", self.where, 0.8)
            found.append(Match((item,), 0, self.one, 0.0))
        return sorted(found, key=lambda match: match.cost)

    def clipped(self, right: Array, largest: float) -> list[Match]:
        """Find that the large entries of the right block were cut off.

        The largest entry of all blocks is `largest`: in a small block a cut is told from a factor
        only if it is cut like the others.
        """
        limit = float(np.max(np.abs(self.given)))
        small = self.given.size < 3 and limit < largest
        if self.given.shape != right.shape or small:
            return []
        off = float(np.linalg.norm(self.given - np.clip(right, -limit, limit)))
        uncut = float(np.max(np.abs(right))) <= limit
        if not self.size or uncut or off > self.tolerance * self.size:
            return []
        item = Item("gradient_clipped", f"{self.where} cut off at ±{limit:.4g}", self.where, 1.0)
        return [Match((item,), 0, self.one, off / self.size)]

    def unnamed_constant(self, right: Array, other: Sequence[Match]) -> list[Match]:
        """Fit a number that nothing explains; in a small block it is that of the other block."""
        given, F = self.given, right
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

    def undeclared_penalty(self, W: Array, features: Features) -> list[Match]:
        """Find a multiple of W, or of its sign, that the declared penalty does not explain."""
        found: list[Match] = []
        if self.given.shape != W.shape or W.size < 3 or not self.size:
            return found
        for delta, value in zip(features.deltas, features.values, strict=True):
            residual = self.given - self.added[0].value - value
            for says, tensor in (("W", W), ("sign(W)", np.sign(W))):
                t = float(np.sum(residual * tensor) / np.sum(tensor * tensor))
                off = float(np.linalg.norm(residual - t * tensor))
                if abs(t) > 1e-6 * self.size and off <= self.tolerance * self.size:
                    says = f"dW with {t:.4g} {says} on top"
                    item = Item("reg_extra", says, self.where, 1.25)
                    found.append(Match((item,), delta, self.one, off / self.size))
        return found


def largest_of(values: Array, below: float = np.inf) -> float:
    """Return the largest entry of predictions, without those that overflow."""
    sizes = np.max(np.abs(values), axis=(1, 2), initial=0.0)
    return float(np.max(sizes, where=sizes <= below, initial=0.0))
