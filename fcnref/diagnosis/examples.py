"""The sum over the examples: who is counted, and how often."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from fcnref._arrays import Array

__all__ = ["Weights", "counts", "example_weights"]

MOST = 64


class Weights(NamedTuple):
    """How often each example is counted, where every one should be counted once."""

    slug: str
    says: str
    cost: float
    value: Array


@lru_cache(maxsize=32)
def example_weights(m: int) -> tuple[Weights, ...]:
    """List what a loop over m examples may make of its sum."""
    return tuple(_weights(m)) if 1 < m <= MOST else ()


@lru_cache(maxsize=32)
def counts(m: int) -> Array:
    """Stack the rows of `example_weights`, to apply them all at once."""
    return np.array([weights.value for weights in example_weights(m)]).reshape(-1, 1, m)


def _weights(m: int) -> Iterator[Weights]:
    index = np.arange(m)[None, :]
    for i in range(m):
        name = {0: "the first example", m - 1: "the last example"}.get(i, f"example {i}")
        near = 0.0 if i in {0, m - 1} else 0.2
        yield Weights("one_example_only", f"of {name} only", 0.95 + near, 1.0 * (index == i))
        if m > 2:
            left = 1.0 * (index != i)
            yield Weights("example_left_out", f"without {name}", 1.0 + near, left)
    for k in range(2, m - 1):
        part = "part_of_the_batch"
        yield Weights(part, f"of the first {k} examples only", 1.2, 1.0 * (index < k))
        yield Weights(part, f"of the last {m - k} examples only", 1.2, 1.0 * (index >= k))
    if m > 3:
        half = 1.0 * (index % 2 == 0)
        yield Weights("part_of_the_batch", "of every second example only", 1.2, half)
    for k in range(1, m):
        chunks = np.where(index < k, m / k, m / (m - k))
        says = f"of {k} and {m - k} examples, each part a mean, the means added"
        if 2 * k != m:
            yield Weights("chunks_of_unequal_size", says, 1.3, chunks)
            yield Weights("chunks_of_unequal_size", f"{says} and halved", 1.3, chunks / 2)
    counted = "sum_not_reset"
    yield Weights(counted, "with example i counted m − i times", 1.2, 1.0 * (m - index))
    yield Weights(counted, "with example i counted i + 1 times", 1.2, 1.0 * (index + 1))
