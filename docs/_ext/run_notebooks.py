"""Run notebooks, each with the packages that it asks for and no others.

    python docs/_ext/run_notebooks.py SITE/page.ipynb ...

The environment holds what all of them need together. For each one, the packages that it does not
ask for are hidden, so that a page which forgets to name one fails.
"""

import json
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from packaging.requirements import Requirement

TOOLS = ("ipykernel", "nbclient")


def asked_for(needs):
    """Name all packages that an installation of `needs` brings along."""
    waiting, found = [Requirement(need) for need in needs], set()
    while waiting:
        need = waiting.pop()
        if (key := (canonical(need.name), *sorted(need.extras))) in found:
            continue
        found.add(key)
        for line in requires(need.name) or []:
            part = Requirement(line)
            if not part.marker or any(
                part.marker.evaluate({"extra": extra}) for extra in (need.extras or {""})
            ):
                waiting.append(part)
    return {name for name, *_ in found}


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def hidden(needs):
    """Name the modules that are here and that a notebook has not asked for."""
    allowed = asked_for([*needs, *TOOLS])
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if module.isidentifier() and not allowed & {canonical(owner) for owner in owners}
    )


def run(path):
    """Run one notebook in an empty folder; return what went wrong."""
    book = nbformat.read(path, as_version=4)
    hide = f"import sys; sys.modules.update(dict.fromkeys({hidden(needs_of(path))!r}))"
    book.cells.insert(0, nbformat.v4.new_code_cell(hide))
    start = time.perf_counter()
    with TemporaryDirectory() as folder:
        client = NotebookClient(
            book,
            timeout=300,
            resources={"metadata": {"path": folder}},
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )
        try:
            client.execute()
        except CellExecutionError as error:
            return f"{path.name}: {error.ename}: {error.evalue}"
    unexpected = [f"{path.name}: {c.source}" for c in book.cells[1:] if surprises(c)]
    seconds = time.perf_counter() - start
    print(f"{seconds:6.1f} s  {path.name:34} {' '.join(needs_of(path))}", flush=True)
    return "\n".join(unexpected)


def needs_of(path):
    return json.loads(path.read_text("utf-8"))["metadata"]["fcnref"]["requires"]


def surprises(cell):
    """Whether a cell shows an error, or shows none although it announces one."""
    errors = [o for o in cell.get("outputs", []) if o["output_type"] == "error"]
    return bool(errors) != ("raises-exception" in cell.metadata.get("tags", []))


if __name__ == "__main__":
    with ThreadPoolExecutor(2) as pool:
        wrong = [found for found in pool.map(run, map(Path, sys.argv[1:])) if found]
    print("\n\n".join(wrong), file=sys.stderr)
    sys.exit(bool(wrong))
