"""What the properties quantify over: architectures with their data, and the ways to store an array.

The shapes and names are drawn by Hypothesis, which makes them small when something fails. The
numbers come from a seed that it draws.
"""

from typing import Any, NamedTuple

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

import fcnref
from tests.oracles import Array, readonly
from tests.registry import output_before

quick = settings(max_examples=40, deadline=None, derandomize=True, database=None)
broad = settings(quick, max_examples=150)
"""For properties of every public function, of which there are many."""

ACTIVATIONS = sorted(fcnref.ACTIVATIONS)
LOSSES = sorted(fcnref.LOSSES)


class Case(NamedTuple):
    X: Array
    Y: Array
    layers: tuple[fcnref.Layer, ...]
    loss: fcnref.Loss
    rng: np.random.Generator


@st.composite
def cases(draw: Any) -> Case:
    """A network of one to four layers, of one to five units each, and one to six examples."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=5))
    hidden = [draw(st.sampled_from(ACTIVATIONS)) for _ in sizes[2:]]
    loss = fcnref.LOSSES[draw(st.sampled_from(LOSSES))]
    m = draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    activations = [*(fcnref.ACTIVATIONS[name] for name in hidden), output_before(loss)]
    layers = tuple(
        fcnref.Layer(
            readonly(rng.standard_normal((n, n_prev)) / np.sqrt(n_prev)),
            readonly(rng.standard_normal((n, 1)) / 2),
            activation,
        )
        for n_prev, n, activation in zip(sizes[:-1], sizes[1:], activations, strict=True)
    )
    Y = rng.uniform(0.1, 1, (sizes[-1], m))
    X = readonly(rng.standard_normal((sizes[0], m)))
    return Case(X, readonly(Y / Y.sum(axis=0)), layers, loss, rng)


def flat(grads: Any) -> Array:
    """Every entry of dW and db, layer by layer."""
    return np.concatenate([array.ravel() for pair in grads.layers for array in pair])


def _backwards(array: Array) -> Array:
    """The same entries, stored from the last to the first."""
    stored = np.ascontiguousarray(array[tuple(slice(None, None, -1) for _ in array.shape)])
    return stored[tuple(slice(None, None, -1) for _ in array.shape)]


STORED = {
    "C order": np.ascontiguousarray,
    "Fortran order": np.asfortranarray,
    "negative strides": _backwards,
    "every second number of a larger array": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "the other byte order": lambda a: a.astype(a.dtype.newbyteorder()),
}
"""Ways to store an array that must not change what it means."""
