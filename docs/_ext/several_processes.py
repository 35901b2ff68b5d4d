"""Read the pages in several processes, and give none of these all the long ones.

Sphinx hands every process a run of neighbors in the alphabet, and the chapters that compute much
are neighbors. A page whose cells take long says in its front matter how many ``seconds``. What the
cells gave is kept in a database, which one process makes before the others want it. The processes
that run the cells are forks, where the system can fork.
"""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint
from multiprocessing import get_all_start_methods
from typing import TYPE_CHECKING, Any

from sphinx.util.parallel import make_chunks

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


SECONDS = re.compile(r"---\n(?:(?!---\n).*\n)*seconds: (\d+)\n")


def weight(page: str) -> float:
    """Guess how many seconds a page takes: its text, and its kernel and cells as it declares."""
    if "{code-cell}" not in page:
        return 0.2
    declared = SECONDS.match(page)
    return 0.6 + (float(declared[1]) if declared else 1.1)


def deal(weights: dict[str, float], hands: list[int]) -> list[str]:
    """Fill hands of the given sizes, the heaviest card first and always to the lightest hand."""
    dealt: list[list[str]] = [[] for _ in hands]
    held = [0.0] * len(hands)
    for name in sorted(weights, key=lambda name: (-weights[name], name)):
        open_hands = [n for n, size in enumerate(hands) if len(dealt[n]) < size]
        lightest = min(open_hands, key=lambda n: held[n])
        dealt[lightest].append(name)
        held[lightest] += weights[name]
    return [name for hand in dealt for name in hand]


def reorder(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Reorder the pages that are to be read."""
    weights = {name: weight(env.doc2path(name).read_text("utf-8")) for name in docnames}
    hands = [len(chunk) for chunk in make_chunks(docnames, app.parallel)]
    docnames[:] = deal(weights, hands)


def prepare_execution(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Make the database of executed pages and fork kernels, if something is to be read."""
    if docnames:
        from jupyter_cache import get_cache  # takes its time, and mostly nothing is to be read

        get_cache(app.config.nb_execution_cache_path).list_cache_records()
        fork_kernels()


def fork_kernels() -> None:
    """Let kernels be forks, where there are any."""
    from jupyter_client.provisioning import KernelProvisionerFactory

    if "forkserver" in get_all_start_methods():
        factory = KernelProvisionerFactory.instance()
        forked = EntryPoint("forked", "kernels:ForkedKernel", factory.GROUP_NAME)
        factory.provisioners[forked.name] = forked
        factory.default_provisioner_name = forked.name


def setup(app: Sphinx) -> dict[str, Any]:
    """Reorder before anything is read."""
    # This extension says nothing about processes; it numbers when everything has been read.
    app.setup_extension("sphinx_multitoc_numbering")
    app.extensions["sphinx_multitoc_numbering"].parallel_read_safe = True
    app.connect("env-before-read-docs", reorder)
    app.connect("env-before-read-docs", prepare_execution)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
