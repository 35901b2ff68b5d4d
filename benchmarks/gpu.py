"""`loss_and_grads` on the arrays of CuPy beside PyTorch on the same GPU, as a ratio.

Needs CuPy, PyTorch with CUDA and a GPU. Each time is the best of several, between two moments at
which the GPU has nothing left to do.
"""

import time
from collections.abc import Callable
from typing import Any

import cupy
import numpy as np
import torch

from fcnref import IDENTITY, RELU, SOFTMAX_CROSS_ENTROPY, Layer, initialize, loss_and_grads, one_hot

CASES = [
    ((64, 64, 10), 64),
    ((784, 128, 10), 128),
    ((784, 512, 512, 10), 256),
    ((1024, 1024, 1024, 1024, 10), 1024),
]


def best(wait: Callable[[], Any], f: Callable[[], Any], runs: int = 30) -> float:
    times = []
    for _ in range(runs + 3):  # the first calls compile
        wait()
        start = time.perf_counter()
        f()
        wait()
        times.append(time.perf_counter() - start)
    return min(times[3:])


def torch_step(X: np.ndarray, Y: np.ndarray, layers: tuple[Layer, ...]) -> Callable[[], Any]:
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
    print(f"{'network':26} {'m':>5} {'type':8} {'fcnref':>10} {'torch':>10} {'ratio':>6}")
    rng = np.random.default_rng(0)
    for sizes, m in CASES:
        for dtype in (np.float32, np.float64):
            activations = [RELU] * (len(sizes) - 2) + [IDENTITY]
            layers = initialize(rng, sizes, activations, dtype=dtype)
            X = rng.standard_normal((sizes[0], m)).astype(dtype)
            Y = one_hot(rng.integers(0, sizes[-1], m), sizes[-1], dtype)
            there = [Layer(cupy.asarray(W), cupy.asarray(b), g) for W, b, g in layers]
            X_there, Y_there = cupy.asarray(X), cupy.asarray(Y)
            ours = best(
                cupy.cuda.Device().synchronize,
                lambda X=X_there, Y=Y_there, layers=there: loss_and_grads(
                    X, Y, layers, SOFTMAX_CROSS_ENTROPY
                ),
            )
            theirs = best(torch.cuda.synchronize, torch_step(X, Y, layers))
            print(f"{'-'.join(map(str, sizes)):26} {m:5} {np.dtype(dtype).name:8}"
                  f" {1e6 * ours:7.0f} µs {1e6 * theirs:7.0f} µs {ours / theirs:6.2f}")  # fmt: skip
    print(torch.cuda.get_device_name(), f"cupy {cupy.__version__}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
