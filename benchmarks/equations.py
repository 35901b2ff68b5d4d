"""What the equation checker costs: its networks, the pages of the site, and all pages together.

Processor time in one thread is counted, so that what else the machine does disturbs the figures
little. The networks are those of the usual notation, with the derivative of every quantity by every
one before it. A page is checked as if it were the only one; all pages together are one process of
``fcnref check-equations``, its start included.
"""

import argparse
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import threadpoolctl
from clock import best_of
from results import save

from fcnref.equations import Notation, check_page
from fcnref.equations.networks import Network, build, probes
from fcnref.equations.page import read_tex_macros

DOCS = Path(__file__).parents[1] / "docs"
CONF = DOCS / "conf.py"
QUANTITIES = frozenset({"W", "b", "Z", "A", "D", "Y"})
"""What a network can be differentiated by, apart from the parameters of other activations."""


def all_derivatives() -> int:
    """Build the usual networks with all their derivatives; return how many these are."""
    count = 0
    for probe in probes(activation="generic", output="", cost="any"):
        network = Network(probe)
        for by in network.values:
            if by[0] in QUANTITIES and by != ("D", 0):
                count += sum(network.jacobian(of, by).size for of in network.ripple(by))
    return count


def check_of(page: Path, notation: Notation) -> Callable[[], Any]:
    """Return the check of a page with no network built yet."""

    def check() -> None:
        build.cache_clear()
        check_page(page, notation)

    return check


def by_command(pages: list[Path]) -> float:
    """Return the user time of the command over pages, in a process of its own."""
    check = [sys.executable, "-m", "fcnref.cli", "check-equations", "--macros", CONF, *pages]
    one_thread = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(check, check=True, stdout=subprocess.DEVNULL, env=one_thread)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", action="store_true", help="put the figures on the page")
    options = parser.parse_args()
    threadpoolctl.threadpool_limits(1)
    pages = [p for p in sorted(DOCS.rglob("*.md")) if not {"_build", "node_modules"} & {*p.parts}]
    notation = Notation().extend({"macros": read_tex_macros(CONF)})
    numbers = all_derivatives()
    networks = best_of(20, all_derivatives)
    print(f"{numbers:,} derivatives in three networks {1e3 * networks:.1f} ms")
    times = {str(p.relative_to(DOCS)): best_of(3, check_of(p, notation)) for p in pages}
    slowest = sorted(times, key=times.__getitem__, reverse=True)[:3]
    shown = {name: times[name] for name in (*slowest, "errata/the-original.md")}
    for name, seconds in shown.items():
        print(f"{name:42}{seconds:6.2f} s")
    site = min(by_command(pages) for _ in range(3))
    print(f"{len(pages):3} pages by the command{site:21.2f} s")
    if options.save:
        figures = {"derivatives": numbers, "networks": networks, "shown": shown}
        save("equations", {**figures, "pages": len(pages), "site": site})


if __name__ == "__main__":
    main()
