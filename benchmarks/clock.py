"""The clock of the benchmarks that count the time of the processor."""

import time
from collections.abc import Callable
from typing import Any


def best_of(runs: int, f: Callable[[], Any]) -> float:
    """Return the least time of the processor over several runs."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        f()
        times.append(time.process_time() - start)
    return min(times)
