"""What importing fcnref costs on top of NumPy, in interpreters started for it in turn.

Processor time is counted, so that what else the machine does leaves the figures alone.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

from results import save

TIMED = """
import json, time
start = time.process_time()
import numpy
middle = time.process_time()
import fcnref
print(json.dumps([middle - start, time.process_time() - middle]))
"""
COMPILING = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def fresh() -> tuple[float, float]:
    """Seconds that NumPy takes, and seconds that fcnref takes after it."""
    answer = subprocess.run(
        [sys.executable, "-c", TIMED], capture_output=True, check=True, env=COMPILING
    )
    numpy, fcnref = json.loads(answer.stdout)
    return numpy, fcnref


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help="put the figures on the page")
    options = parser.parse_args()
    fresh()  # leaves the bytecode behind
    times = [fresh() for _ in range(41)]
    lower, median, upper = statistics.quantiles([f / n for n, f in times], n=4)
    numpy, fcnref = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"import numpy       {1e3 * numpy:6.1f} ms")
    print(f"and then fcnref    {1e3 * fcnref:6.1f} ms")
    print(
        f"ratio              {median:6.3f} ({lower:.3f} to {upper:.3f}), {len(times)} interpreters"
    )
    if options.save:
        save("import", {"numpy": numpy, "fcnref": fcnref, "ratio": [median, lower, upper]})


if __name__ == "__main__":
    main()
