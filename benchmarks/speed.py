"""How long the loss and its gradients take, beside the matrix products alone and beside the peers.

Every peer runs in a process of its own. The processes take short turns, one at a time, so that
whatever else the machine does meets all of them. A turn warms up, repeats the call in batches and
counts the fastest batch. A ratio is taken within each round of turns, and the table shows the
median over the rounds with its quartiles.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from peers import PEERS, Case
from results import load, save

CASES = [
    Case(sizes, m, dtype)
    for sizes, m in [
        ((2, 4, 3), 32),
        ((64, 64, 10), 64),
        ((784, 128, 10), 128),
        ((784, 512, 512, 10), 256),
        ((1024, 1024, 1024, 1024, 10), 1024),
    ]
    for dtype in ("float32", "float64")
]
BATCH, TURN = 0.0003, 0.02  # seconds; one call, where a call takes longer


class Worker:
    """A peer in its own process, spoken to in lines of JSON."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        script = str(Path(__file__).with_name("peers.py"))
        self.process = subprocess.Popen(
            [sys.executable, script, name, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(threads),
        )
        self.facts = self.hear()

    def hear(self) -> Any:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def ask(self, **order: Any) -> Any:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self.hear()

    def seconds(self, calls: int = 1, batches: int = 3) -> float:
        answer: float = self.ask(calls=calls, batches=batches)
        return answer

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def environment(threads: int) -> dict[str, str]:
    """The same for all: a number of threads, and no setting that picks a kernel for OpenBLAS."""
    names = ["OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR"]
    flags = f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()}"
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    }
    fixed = {f"{name}_NUM_THREADS": str(threads) for name in names}
    return kept | fixed | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}


def same_gradients(case: Case, answers: dict[str, Any]) -> None:
    """Refuse to compare what does not compute the same."""
    ours = answers["fcnref"]
    tolerance = 1e-4 if case.dtype == "float32" else 1e-10
    for name, answer in answers.items():
        for key in ("J", "norm"):
            apart = abs(answer[key] - ours[key]) / ours[key]
            if name != "floor" and not apart <= tolerance:
                raise AssertionError(f"{case.name}: {key} of {name} differs by {apart:.1e}")


def measure(case: Case, workers: list[Worker], seconds: float) -> dict[str, Any]:
    """Let the workers take turns for some seconds; return times and ratios to the floor."""
    order = case._asdict()
    same_gradients(case, {w.name: w.ask(**order) for w in workers})
    plan = {}
    for worker in workers:
        one = worker.seconds()
        calls = max(1, round(BATCH / one))
        plan[worker.name] = {"calls": calls, "batches": max(1, round(TURN / one / calls))}
    start = time.perf_counter()
    rounds: list[dict[str, float]] = []
    while len(rounds) < 5 or time.perf_counter() - start < seconds:
        rounds.append({w.name: w.seconds(**plan[w.name]) for w in workers})
    peers = {
        name: {
            "seconds": min(times[name] for times in rounds),
            "ratio": quartiles([times[name] / times["floor"] for times in rounds]),
            "to_fcnref": quartiles([times[name] / times["fcnref"] for times in rounds]),
        }
        for name in plan
    }
    return {"case": order, "rounds": len(rounds), "peers": peers}


def quartiles(ratios: list[float]) -> list[float]:
    lower, median, upper = statistics.quantiles(ratios, n=4)
    return [round(ratio, 4) for ratio in (median, lower, upper)]


def table(results: list[dict[str, Any]], names: list[str]) -> str:
    head = ["network, m, precision", "floor", *(PEERS[name][2] for name in names)]
    lines = [" | ".join(f"{cell:>26}" if i else f"{cell:42}" for i, cell in enumerate(head))]
    for result in results:
        cells = []
        for name in names:
            median, lower, upper = result["peers"][name]["ratio"]
            cells.append(f"{median:10.2f} ({lower:.2f} to {upper:.2f})")
        case = Case(**result["case"])
        seconds = f"{1e6 * result['peers']['floor']['seconds']:,.1f} µs"
        lines.append(
            " | ".join([f"{case.name:42}", *(f"{cell:>26}" for cell in [seconds, *cells])])
        )
    return "\n".join(lines)


def with_the_others(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the networks that this run measured in their place among those of earlier runs."""
    measured = {Case(**result["case"]).name: result for result in results}
    earlier = {Case(**result["case"]).name: result for result in load("speed")["results"]}
    both = earlier | measured
    return [both[case.name] for case in CASES if case.name in both]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=8, help="for each network")
    parser.add_argument("--only", default="", help="networks whose name begins so")
    parser.add_argument("--save", action="store_true", help="put the figures on the page")
    options = parser.parse_args()
    here = {name: peer for name, peer in PEERS.items() if importlib.util.find_spec(peer[1])}
    for name in PEERS.keys() - here.keys():
        print(f"{PEERS[name][2]} is not installed and left out.")
    workers = [Worker(name, options.threads) for name in here]
    cases = [case for case in CASES if case.name.startswith(options.only)]
    results = [measure(case, workers, options.seconds) for case in cases]
    for worker in workers:
        worker.stop()
    print(f"\nRatios to the products alone, medians and quartiles; {options.threads} thread(s).\n")
    print(table(results, [name for name in here if name != "floor"]))
    facts = {worker.name: worker.facts for worker in workers}
    for name, fact in facts.items():
        print(f"{PEERS[name][2]:20} {fact['version']:16} {', '.join(fact['blas'])}")
    if options.save:
        figures = {"threads": options.threads, "versions": facts}
        save("speed", figures | {"results": with_the_others(results)})


if __name__ == "__main__":
    main()
