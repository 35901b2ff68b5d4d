"""`loss_and_grads` on the arrays of CuPy beside PyTorch on the same GPU, as a ratio.

Needs CuPy, PyTorch with CUDA and a GPU. Both compute in full single or double precision, eagerly.
A run is timed between two moments at which the GPU has nothing left to do; the two take turns, and
of each the median counts.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import cupy
import numpy as np
import torch

from fcnref import IDENTITY, RELU, SOFTMAX_CROSS_ENTROPY, Layer, initialize, loss_and_grads, one_hot

Step = Callable[[], Any]

CASES = [
    ((64, 64, 10), 64),
    ((784, 128, 10), 128),
    ((784, 512, 512, 10), 256),
    ((1024, 1024, 1024, 1024, 10), 1024),
    ((4096, 4096, 4096, 4096, 10), 4096),
    ((8192, 8192, 8192, 8192, 10), 8192),
]
ROUNDS = 41
WARM_UP = 5  # kernels are compiled, and memory is asked for once


def seconds(step: Step) -> float:
    """Time one run from an idle GPU to an idle GPU."""
    torch.cuda.synchronize()  # the whole device: the work of CuPy as well
    start = time.perf_counter()
    step()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def medians(steps: list[Step]) -> list[float]:
    """Time the steps in turns, and take the median of each."""
    rounds = [[seconds(step) for step in steps] for _ in range(WARM_UP + ROUNDS)]
    return [statistics.median(column) for column in zip(*rounds[WARM_UP:], strict=True)]


def our_step(X: np.ndarray, Y: np.ndarray, layers: tuple[Layer, ...]) -> Step:
    there = [Layer(cupy.asarray(W), cupy.asarray(b), g) for W, b, g in layers]
    X_there, Y_there = cupy.asarray(X), cupy.asarray(Y)
    return lambda: loss_and_grads(X_there, Y_there, there, SOFTMAX_CROSS_ENTROPY)


def torch_step(X: np.ndarray, Y: np.ndarray, layers: tuple[Layer, ...]) -> Step:
    rows, targets = (torch.tensor(array.T.copy(), device="cuda") for array in (X, Y))
    leaves = [
        torch.tensor(array, device="cuda", requires_grad=True)
        for W, b, _ in layers
        for array in (W, b[:, 0])
    ]

    def step() -> Any:
        A = rows
        for l in range(0, len(leaves), 2):
            Z = torch.nn.functional.linear(A, leaves[l], leaves[l + 1])
            A = torch.relu(Z) if l + 2 < len(leaves) else Z
        return torch.autograd.grad(torch.nn.functional.cross_entropy(A, targets), leaves)

    return step


def main() -> None:
    torch.backends.cuda.matmul.allow_tf32 = False
    print(f"{'network':26} {'m':>5} {'type':8} {'fcnref':>10} {'torch':>10} {'ratio':>6}")
    rng = np.random.default_rng(0)
    for sizes, m in CASES:
        for dtype in (np.float32, np.float64):
            activations = [RELU] * (len(sizes) - 2) + [IDENTITY]
            layers = initialize(rng, sizes, activations, dtype=dtype)
            X = rng.standard_normal((sizes[0], m)).astype(dtype)
            Y = one_hot(rng.integers(0, sizes[-1], m), sizes[-1], dtype)
            ours, theirs = medians([our_step(X, Y, layers), torch_step(X, Y, layers)])
            print(f"{'-'.join(map(str, sizes)):26} {m:5} {np.dtype(dtype).name:8}"
                  f" {1e3 * ours:7.2f} ms {1e3 * theirs:7.2f} ms {ours / theirs:6.2f}")  # fmt: skip
    print(torch.cuda.get_device_name(), f"cupy {cupy.__version__}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
