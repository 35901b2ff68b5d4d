"""Small random networks in which every quantity can be pushed and everything after it read.

The derivatives come from the complex step [1]_ through the forward functions of fcnref, so that
nothing here shares a line with a backward rule.

.. [1] W. Squire and G. Trapp, "Using Complex Variables to Estimate Derivatives of Real
   Functions", SIAM Review 40 (1998), 110-112.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property, partial
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fcnref import activations
from fcnref.affine import affine

Values: TypeAlias = npt.NDArray[Any]
Key: TypeAlias = tuple[str, int]
Environment: TypeAlias = Mapping[Key, Values]

STEP = 1e-30
"""The complex step: no difference is taken, so it can be as small as this."""

MOST_ENTRIES = 4000
"""The most entries of an array of a network: every one is pushed in a copy of its own."""

RECTANGULAR = ((4, 5, 3, 2), 7)
SQUARE = ((4, 4, 4, 4), 4)
FEW_EXAMPLES = ((5, 3, 4, 6), 2)


class Own(str):
    """The name of an elementwise activation that a page defines itself, with its values.

    Attributes
    ----------
    values
        The values in a network, at the pre-activations of a layer.
    """

    values: Callable[[Network, Values], Values]


class Probe(NamedTuple):
    """All that decides what a probing network is.

    Attributes
    ----------
    widths
        The number of units of every layer, the inputs first.
    examples
        The number of examples.
    activation, output
        The maps of the hidden layers and of the last one; see `Notation`.
    cost
        The cost; see `Notation`.
    dropout
        Whether a random mask multiplies what the hidden layers hand on.
    variance
        The rule for the variance of the weights; see `Notation`.
    """

    widths: tuple[int, ...]
    examples: int
    activation: str = "generic"
    output: str = ""
    cost: str = "any"
    dropout: bool = False
    variance: str = "any"


class Network:
    """A random network with its values, and the derivatives of every quantity by every other."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self.depth = len(probe.widths) - 1
        self.examples = probe.examples
        rng = np.random.default_rng((*probe.widths, probe.examples))
        base: dict[Key, Values] = {("A", 0): rng.normal(size=(probe.widths[0], probe.examples))}
        for layer, (before, width) in enumerate(
            zip(probe.widths, probe.widths[1:], strict=False), 1
        ):
            base["W", layer] = rng.normal(size=(width, before)) / np.sqrt(before)
            base["b", layer] = rng.normal(size=(width, 1)) / 2
            base["V", layer] = np.full((1, 1), VARIANCES[probe.variance](before, width))
            base["gain", layer] = rng.uniform(0.5, 1.5, size=(width, 1))
            base["shift", layer] = rng.normal(size=(width, 1)) / 2
        outputs = (probe.widths[-1], probe.examples)
        for layer, width in enumerate(probe.widths):
            mask = rng.choice([0.0, 1.6, 2.5], p=[0.2, 0.4, 0.4], size=(width, probe.examples))
            dropped = probe.dropout and 0 < layer < self.depth
            base["K", layer] = mask if dropped else np.ones_like(mask)
        self._mixing = [rng.normal(size=(width, width)) for width in probe.widths]
        self._weights = rng.normal(size=(3, *outputs))
        targets = rng.uniform(0.1, 0.9, size=outputs)
        base["Y", 0] = targets / targets.sum(axis=0) if self.output == "softmax" else targets
        self._parameters = base
        self._moves = {
            key: rng.normal(size=value.shape) / 4
            for key, value in base.items()
            if key[0] in {"A", "W", "b"}
        }
        self._ripples: dict[Key, dict[Key, Values]] = {}
        self._jacobians: dict[tuple[Key, Key], Values] = {}
        self._moved: dict[float, Network] = {}
        self._ensembles: dict[int, dict[Key, Values]] = {}

    def along(self, t: float) -> Network:
        """Return the network at parameters and inputs moved by t in one random direction."""
        if t not in self._moved:
            other = Network(self.probe)
            moves = {key: self._parameters[key] + t * move for key, move in self._moves.items()}
            other._parameters = {**self._parameters, **moves}
            self._moved[t] = other
        return self._moved[t]

    @property
    def output(self) -> str:
        """The map of the last layer, which some costs choose."""
        declared = self.probe.output
        by_cost = {"cross-entropy": "softmax", "binary-cross-entropy": "sigmoid"}
        loss = self.probe.cost.removeprefix("sum ")
        return declared or by_cost.get(loss, self.probe.activation)

    def activation(
        self, layer: int, gain: Values | None = None, shift: Values | None = None
    ) -> Callable[[Values], Values]:
        """Return the map of a layer, on columns."""
        name = self.output if layer == self.depth else self.probe.activation
        if isinstance(name, Own):
            return partial(name.values, self)
        if name == "generic":
            mixing = self._mixing[layer]
            return lambda Z: np.tanh(mixing @ Z / 2) + 0.4 * np.sin(Z)
        if name == "elementwise":
            return _ELEMENTWISE[layer % len(_ELEMENTWISE)]
        if name == "layer_norm":
            own_gain = self._parameters["gain", layer] if gain is None else gain
            own_shift = self._parameters["shift", layer] if shift is None else shift

            def normalized(Z: Values) -> Values:
                kind = np.result_type(Z, own_gain, own_shift)
                gain, shift = own_gain.astype(kind), own_shift.astype(kind)
                return activations.layer_norm(Z.astype(kind), gain, shift, EPSILON)

            return normalized
        return NAMED[name]

    def mixes(self, layer: int) -> bool:
        """Tell whether the map of a layer takes the units of a column together."""
        name = self.output if layer == self.depth else self.probe.activation
        return name in MIXING

    @cached_property
    def values(self) -> dict[Key, Values]:
        """The value of every quantity."""
        values = dict(self._parameters)
        values["D", 0] = values["A", 0]
        for layer in range(1, self.depth + 1):
            W, b = values["W", layer], values["b", layer]
            values["Z", layer] = affine(values["D", layer - 1], W, b)
            values["A", layer] = self.activation(layer)(values["Z", layer])
            values["D", layer] = values["K", layer] * values["A", layer]
        values["J", 0], values["losses", 0] = self._cost(values["D", self.depth], values["Y", 0])
        return values

    def ripple(self, key: Key) -> dict[Key, Values]:
        """Return what a step in each entry of one quantity does to all that follow.

        Every array has a leading axis, one copy of the network per entry.
        """
        if key not in self._ripples:
            self._ripples[key] = self._spread(key)
        return self._ripples[key]

    def _spread(self, key: Key) -> dict[Key, Values]:
        family, layer = key
        start = self.values[key]
        pushed = start + 1j * STEP * np.eye(start.size).reshape(start.size, *start.shape)
        moved: dict[Key, Values] = {key: pushed}
        Y = self.values["Y", 0]
        if family == "Y":
            Y = pushed
        if family in {"W", "b"}:
            A_prev = self.values["D", layer - 1].astype(complex)
            W, b = self.values["W", layer].astype(complex), self.values["b", layer].astype(complex)
            Z = [affine(A_prev, p, b) if family == "W" else affine(A_prev, W, p) for p in pushed]
            moved["Z", layer] = np.stack(Z)
        if family in {"gain", "shift"}:
            maps = [self.activation(layer, **{family: p}) for p in pushed]
            moved["A", layer] = np.stack([g(self.values["Z", layer]) for g in maps])
        if family in {"A", "gain", "shift"}:
            moved["D", layer] = self.values["K", layer] * moved["A", layer]
        if family != "Y":
            self._run(moved, layer + (family in {"A", "D", "gain", "shift"}))
        outputs = moved.get(("D", self.depth), self.values["D", self.depth])
        for name, value in zip(("J", "losses"), self._cost(outputs, Y), strict=True):
            moved[name, 0] = np.broadcast_to(value, (start.size, *value.shape[-2:]))
        return moved

    def _run(self, moved: dict[Key, Values], first: int) -> None:
        """Compute the copies of all layers from one on, as far as they are not there yet."""
        for layer in range(first, self.depth + 1):
            if ("Z", layer) not in moved:
                kind = moved["D", layer - 1].dtype
                W, b = self.values["W", layer].astype(kind), self.values["b", layer].astype(kind)
                moved["Z", layer] = self._folded(partial(affine, W=W, b=b), moved["D", layer - 1])
            moved["A", layer] = self._folded(self.activation(layer), moved["Z", layer])
            moved["D", layer] = self.values["K", layer] * moved["A", layer]

    def with_random_weights(self, layer: int) -> dict[Key, Values]:
        """Return copies in which the weights of a layer are ±√v, pairwise uncorrelated, its bias 0.

        The signs are rows of a Hadamard matrix and of its negative: the mean over the copies is
        that over independent weights for everything of second order, and for what is even.
        """
        if layer not in self._ensembles:
            shape = self.values["W", layer].shape
            signs = np.ones((1, 1))
            while len(signs) <= shape[0] * shape[1]:
                signs = np.block([[signs, signs], [signs, -signs]])
            both = np.concatenate([signs, -signs])[:, 1 : 1 + shape[0] * shape[1]]
            W = np.sqrt(self.values["V", layer]) * both.reshape(-1, *shape)
            moved = {("W", layer): W, ("b", layer): np.zeros((len(W), shape[0], 1))}
            moved["Z", layer] = W @ self.values["D", layer - 1]
            self._run(moved, layer)
            self._ensembles[layer] = moved
        return self._ensembles[layer]

    @staticmethod
    def _folded(function: Callable[[Values], Values], copies: Values) -> Values:
        """Apply a function of columns to all copies at once, their columns side by side."""
        count, rows, columns = copies.shape
        side_by_side = np.moveaxis(copies, 0, 1).reshape(rows, count * columns)
        result = function(side_by_side)
        return np.moveaxis(result.reshape(-1, count, columns), 1, 0)

    def jacobian(self, of: Key, by: Key) -> Values:
        """Return the derivative of one quantity by another: (entries of `by`, rows, columns)."""
        if (of, by) not in self._jacobians:
            shape = (self.values[by].size, *self.values[of].shape)
            moved = self.ripple(by).get(of)
            self._jacobians[of, by] = np.zeros(shape) if moved is None else moved.imag / STEP
        return self._jacobians[of, by]

    def _cost(self, A: Values, Y: Values) -> tuple[Values, Values]:
        """Return the cost and the loss of each example, as (1, 1) and (1, m)."""
        name = self.probe.cost
        if name == "any":
            first, second, third = self._weights
            linear = np.sum(first * A + np.sin(third * A * Y), axis=(-2, -1), keepdims=True)
            coupled = np.sum((second + Y) * A, axis=(-2, -1), keepdims=True)
            total = linear + 0.3 * coupled**2
            return total, np.zeros((1, self.examples))
        loss = name.removeprefix("sum ")
        if loss in {"mean", "sum"}:
            first, second = self._weights[:2, :, :1]
            losses = np.sum(first * A + np.sin(A * Y), axis=-2, keepdims=True)
            losses = losses + 0.3 * np.sum(second * A, axis=-2, keepdims=True) ** 2
        else:
            losses = LOSSES[loss](A, Y)
        total = np.sum(losses, axis=-1, keepdims=True)
        return (total if name.startswith("sum") else total / self.examples), losses

    def dead(self) -> list[Key]:
        """Return the quantities by which the derivative of J vanishes somewhere."""
        keys = [key for key in self.values if key[0] in {"W", "b", "Z", "A"}]
        return [key for key in keys if not np.all(np.abs(self.jacobian(("J", 0), key)) > 1e-9)]


def functional(array: Values) -> Values:
    """Return a smooth number that sees every entry of an array, and couples them."""
    rng = np.random.default_rng(array.shape[-2:])
    first, second, third = rng.normal(size=(3, *array.shape[-2:]))
    apart = np.sum(first * array + np.sin(third * array), axis=(-2, -1), keepdims=True)
    together = np.sum(second * array, axis=(-2, -1), keepdims=True)
    return np.asarray(apart + 0.3 * together**2)


def _relu(Z: Values) -> Values:
    return np.where(Z.real > 0, Z, 0 * Z)


def _leaky_relu(Z: Values) -> Values:
    return np.where(Z.real > 0, Z, 0.01 * Z)


NAMED: dict[str, Callable[[Values], Values]] = {
    "identity": activations.identity,
    "sigmoid": activations.sigmoid,
    "tanh": activations.tanh,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "softplus": activations.softplus,
    "silu": activations.silu,
    "gelu": lambda Z: activations.gelu(Z),
    "gelu_tanh": activations.gelu_tanh,
    "softmax": activations.softmax,
    "log_softmax": activations.log_softmax,
}
"""The maps that a page can name, extended to complex arguments where they have a kink."""

MADE = ("generic", "elementwise", "layer_norm")
"""The maps that a page can declare and that no formula names; a network makes them."""

MIXING = frozenset({"generic", "softmax", "log_softmax", "layer_norm"})
"""The maps that take the units of a column together."""

EPSILON = 0.3
"""What layer normalization adds to the variance: large, so that an error in it shows."""

_ELEMENTWISE = (activations.softplus, activations.tanh, activations.silu, activations.sigmoid)

VARIANCES: dict[str, Callable[[int, int], float]] = {
    "any": lambda n_prev, n: 0.5 + n / (1 + n_prev),
    "lecun": lambda n_prev, _: 1 / n_prev,
    "he": lambda n_prev, _: 2 / n_prev,
    "glorot": lambda n_prev, n: 2 / (n_prev + n),
}
"""The variance of the weights of a layer from the widths before and behind them."""

LOSSES: dict[str, Callable[[Values, Values], Values]] = {
    "half-squared-error": lambda A, Y: np.sum((A - Y) ** 2, axis=-2, keepdims=True) / 2,
    "squared-error": lambda A, Y: np.sum((A - Y) ** 2, axis=-2, keepdims=True),
    "mean-squared-error": lambda A, Y: np.mean((A - Y) ** 2, axis=-2, keepdims=True),
    "cross-entropy": lambda A, Y: -np.sum(Y * np.log(A), axis=-2, keepdims=True),
    "binary-cross-entropy": lambda A, Y: (
        -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A), axis=-2, keepdims=True)
    ),
}
"""The loss of every column of A against its column of Y."""


@cache
def build(probe: Probe) -> Network:
    """Return the network of a probe, built once.

    Raises
    ------
    ValueError
        If an activation or a cost is not known, if the network is large, or if it tells nothing.
    """
    maps = (probe.activation, probe.output)
    for name in maps:
        if not (isinstance(name, Own) or name in {"", *MADE, *NAMED}):
            raise ValueError(f"build: {name!r} is no activation; choose from {', '.join(NAMED)}")
    loss = probe.cost.removeprefix("sum ")
    if loss not in {"any", "mean", "sum", *LOSSES}:
        raise ValueError(f"build: {loss!r} is no cost; choose from any, mean, {', '.join(LOSSES)}")
    before = (probe.examples, *probe.widths)
    if max(n * max(probe.examples, m) for m, n in pairwise(before)) > MOST_ENTRIES:
        raise ValueError(
            f"build: an array of the network has more than {MOST_ENTRIES:,} entries; "
            "declare smaller widths, or a smaller examples_count"
        )
    network = Network(probe)
    kinked = any(isinstance(g, Own) or g in {"relu", "leaky_relu"} for g in maps)
    if not kinked and not probe.dropout and (dead := network.dead()):
        raise ValueError(
            f"build: the derivative of J by {dead[0]} vanishes; the probe tells nothing"
        )
    return network


def probes(
    *, activation: str, output: str, cost: str, single: bool = False, depth: int = 0,
    widths: tuple[int, ...] = (), examples: int = 0, dropout: bool = False, variance: str = "any",
) -> tuple[Probe, ...]:  # fmt: skip
    """Return the probes for a notation: unequal widths, a square network, few examples."""
    if widths:
        counts = (1,) if single else ((examples,) if examples else (7, 4, 2))
        kinds = (activation, output, cost, dropout, variance)
        return tuple(Probe(widths, count, *kinds) for count in counts)
    found = []
    for sizes, usual in (RECTANGULAR, SQUARE, FEW_EXAMPLES):
        hidden = (sizes[1:-1] * depth)[: depth - 1] if depth else sizes[1:-1]
        count = 1 if single else examples or usual
        layers = (sizes[0], *hidden, sizes[-1])
        found.append(Probe(layers, count, activation, output, cost, dropout, variance))
    return tuple(found)
