"""The full gradient check beside torch.autograd.gradcheck, in one run.

Needs PyTorch. Prints the time for every entry of every gradient, the time per parameter, and how
exact each of the two is. Both run in one thread, and processor time is counted, so that what else
the machine does leaves the figures alone.
"""

import argparse
import importlib.util
from collections.abc import Callable
from functools import partial
from importlib import metadata

import numpy as np
import threadpoolctl
from clock import best_of
from results import save

from fcnref import loss_and_grads
from fcnref.gradcheck import check_network, network_derivatives
from fcnref.problem import Problem, parameters, random_problem

SIZES = [(32, 24, 6), (64, 100, 10), (128, 200, 10), (128, 128, 128, 10), (784, 100, 10)]


def network(sizes: tuple[int, ...]) -> Problem:
    activations = ["tanh"] * (len(sizes) - 2) + ["softmax"]
    return random_problem(sizes, activations, "cross_entropy", m=7)


def torch_check(problem: Problem) -> Callable[[], bool]:
    import torch

    X, Y = torch.tensor(problem.X), torch.tensor(problem.Y)
    leaves = [torch.tensor(array, requires_grad=True) for array in parameters(problem).values()]

    def J(*arrays: torch.Tensor) -> torch.Tensor:
        A = X
        for l in range(problem.L):
            Z = arrays[2 * l] @ A + arrays[2 * l + 1]
            A = torch.tanh(Z) if l < problem.L - 1 else torch.softmax(Z, dim=0)
        return -(Y * torch.log(A)).sum() / problem.m

    return lambda: torch.autograd.gradcheck(J, leaves)


def limit(threads: int) -> None:
    """Hold both sides to the same number of threads."""
    import torch

    threadpoolctl.threadpool_limits(threads)
    torch.set_num_threads(threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help="put the figures on the page")
    options = parser.parse_args()
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed, and the gradient checks are not compared.")
        return
    limit(threads=1)
    rows = []
    print(f"{'sizes':16} {'parameters':>10} {'fcnref':>10} {'per param.':>10} {'error':>8}"
          f" {'fast':>9} {'torch':>9} {'ratio':>7}")  # fmt: skip
    for sizes in SIZES:
        problem = network(sizes)
        _, right = loss_and_grads(problem.X, problem.Y, problem.layers, problem.loss)
        count = sum(array.size for array in parameters(problem).values())
        report = check_network(problem, right)
        error = max(row.error for row in report.rows)
        full = best_of(5, partial(check_network, problem, right))
        fast = best_of(5, partial(check_network, problem, right, directions=3))
        line = (
            f"{'-'.join(map(str, sizes)):16} {count:10,} {1e3 * full:7.1f} ms"
            f" {1e6 * full / count:7.2f} µs {error:8.0e} {1e3 * fast:6.2f} ms"
        )
        row = {"sizes": sizes, "parameters": count, "full": full, "fast": fast, "error": error}
        if count < 10_000:
            theirs = best_of(1, torch_check(problem))
            row["torch"] = theirs
            line += f" {1e3 * theirs:6.0f} ms {theirs / full:6.0f}×"
        assert report.ok
        rows.append(row)
        print(line)
    version = metadata.version("torch")
    print(f"numpy {np.__version__}, torch {version}")
    assert network_derivatives(network(SIZES[0]))
    if options.save:
        save("gradcheck", {"torch": version, "rows": rows})


if __name__ == "__main__":
    main()
