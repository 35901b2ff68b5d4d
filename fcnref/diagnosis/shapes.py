"""Shapes before numbers: gradients in another convention, and gradients that cannot be right."""

from typing import NamedTuple

import numpy as np

from fcnref._arrays import Array
from fcnref.problem import Problem

__all__ = ["Shaped", "in_our_shapes"]


class Shaped(NamedTuple):
    """Gradients in the shapes of the problem where that is a matter of convention."""

    blocks: dict[str, Array]
    conventions: tuple[str, ...]
    misshaped: tuple[str, ...]


def in_our_shapes(problem: Problem, given: dict[str, Array]) -> Shaped:
    """Undo what is convention, and name what is left."""
    blocks: dict[str, Array] = dict(given)
    conventions: list[str] = []
    flat: list[str] = []
    weights = {l: problem.layers[l - 1].W.shape for l in range(1, problem.L + 1)}
    oblong = [l for l, shape in weights.items() if shape[0] != shape[1]]
    turned = [l for l in oblong if given[f"dW{l}"].shape == weights[l][::-1]]
    if oblong and turned == oblong:
        conventions.append(
            "Every dW is transposed, (n_prev, n): the convention with examples in rows."
        )
        for l in weights:
            if blocks[f"dW{l}"].shape == weights[l][::-1]:
                blocks[f"dW{l}"] = blocks[f"dW{l}"].T
    for name, value in blocks.items():
        l = int(name[2:])
        n = problem.sizes[l]
        if name[1] == "b" and value.shape in {(n,), (1, n)} and value.shape != (n, 1):
            blocks[name] = value.reshape(n, 1)
            flat.append(name)
        elif name[1] == "b" and value.size == 1 and n > 1:
            # One number for all the units: the search will compare it as the column it acts as.
            blocks[name] = np.full((n, 1), float(value.reshape(())))
        elif name[1] == "b" and value.ndim == 1:
            blocks[name] = value.reshape(1, -1)
    if flat:
        conventions.append(f"{', '.join(flat)}: flat, (n,) or (1, n), not columns (n, 1).")
    misshaped = []
    for l in range(1, problem.L + 1):
        for name, wanted in ((f"dW{l}", weights[l]), (f"db{l}", (problem.sizes[l], 1))):
            if blocks[name].shape != wanted:
                misshaped.append(_in_words(name, blocks[name].shape, wanted, problem, l))
            elif given[name].size == 1 and np.prod(wanted) > 1:
                misshaped.append(f"{name} is one number, it should have shape {wanted}.")
    return Shaped(blocks, tuple(dict.fromkeys(conventions)), tuple(misshaped))


def _in_words(
    name: str, got: tuple[int, ...], wanted: tuple[int, ...], problem: Problem, l: int
) -> str:
    known = {
        (problem.sizes[l - 1], problem.m): f"the shape of A[{l - 1}]",
        wanted[::-1]: "the shape of its transpose",
        (problem.sizes[l], problem.m): f"the shape of dZ{l}, one column per example",
        (1, problem.m): "one number per example",
    }
    as_many = int(np.prod(got)) == int(np.prod(wanted))
    other = "as many numbers in another shape" if as_many else "no shape that we recognize"
    words = known.get(got, other)
    return f"{name} has shape {got}, {words}; it should have {wanted}."
