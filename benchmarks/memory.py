"""How much memory the loss and its gradients take at their peak, beside what backward must read.

The gradients of the parameters are put where room was made for them before, so that the peak holds
what remains: the activations that the trace keeps, and whatever else is alive at the same time.
tracemalloc counts every byte that NumPy allocates, so the figures are the same at every run.
"""

import argparse
import importlib
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from peers import Case
from results import save
from speed import CASES

from fcnref import IDENTITY, RELU, SOFTMAX_CROSS_ENTROPY, Layer, LayerGradients, loss_and_grads

network: Any = importlib.import_module("fcnref.network")
DEEP = Case((512,) * 11 + (10,), 512, "float64")


@contextmanager
def gradients_elsewhere(layers: list[Layer]) -> Iterator[None]:
    """Let the gradients of the parameters be written to memory that is there already."""
    room = [LayerGradients(np.empty_like(layer.W), np.empty_like(layer.b)) for layer in layers]
    usual = network._affine_backward_parameters

    def into_the_room(dZ: Any, A_prev: Any) -> LayerGradients:
        dW, db = room.pop()
        np.matmul(dZ, A_prev.T, out=dW)
        dZ.sum(axis=1, keepdims=True, out=db)
        return LayerGradients(dW, db)

    network._affine_backward_parameters = into_the_room
    try:
        yield
    finally:
        network._affine_backward_parameters = usual


def peak(case: Case) -> dict[str, float]:
    """Bytes at the peak; those of A[1], ..., A[L]; and these with the largest gradient dA."""
    X, classes, Ws, bs = case.arrays()
    Y = np.ascontiguousarray(case.one_hot(classes).T)
    activations = [RELU] * (len(Ws) - 1) + [IDENTITY]
    layers = [Layer(*layer) for layer in zip(Ws, bs, activations, strict=True)]
    item = np.dtype(case.dtype).itemsize
    kept = [item * n * case.m for n in case.sizes[1:]]
    loss_and_grads(X, Y, layers, SOFTMAX_CROSS_ENTROPY)
    with gradients_elsewhere(layers):
        tracemalloc.start()
        loss_and_grads(X, Y, layers, SOFTMAX_CROSS_ENTROPY)
        _, top = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return {"peak": top, "kept": sum(kept), "read": sum(kept) + max(kept)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help="put the figures on the page")
    options = parser.parse_args()
    print(f"{'network, m, precision':44} {'peak':>10} {'kept':>10} {'to kept':>8} {'to read':>8}")
    rows = []
    for case in [*CASES, DEEP]:
        row = peak(case)
        rows.append({"case": case._asdict(), **row})
        print(
            f"{case.name:44} {row['peak'] / 2**20:7.2f} MB {row['kept'] / 2**20:7.2f} MB"
            f" {row['peak'] / row['kept']:8.2f} {row['peak'] / row['read']:8.2f}"
        )
    if options.save:
        save("memory", {"rows": rows})


if __name__ == "__main__":
    main()
