"""How long the site takes: from nothing, with nothing changed, with one word changed; and twice.

Builds in folders of its own copy of the sources, so that no cache of an earlier build helps, and
compares two sites from nothing byte by byte. Needs what the session ``docs`` installs. Seconds are
of the clock, so that the machine should have nothing else to do.
"""

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from results import save

ROOT = Path(__file__).resolve().parent.parent
STRICT = ["-n", "-W", "--keep-going", "-j", "auto", "-q"]
PAGE = "derivation/forward.md"  # has cells


def copy_sources(folder: Path) -> Path:
    """Copy what is under version control, and the packages of the lock file, as if installed."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    packages = Path("docs", "node_modules")
    shutil.copytree(ROOT / packages, folder / packages, symlinks=True)
    return folder


def build(root: Path) -> float:
    """Build the site and return the seconds it took."""
    where = ["-d", "docs/_build/doctrees", "docs", "docs/_build/html"]
    start = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "sphinx", *STRICT, *where]
    subprocess.run(command, cwd=root, env=environment, check=True)
    return time.perf_counter() - start


def executed(root: Path) -> int:
    """Count the pages whose cells have been run."""
    return len(list((root / "docs" / "_build" / "executions").glob("*/executed/*")))


def differing(one: Path, other: Path) -> list[str]:
    """List the files that two sites do not have in common byte by byte.

    Sphinx leaves a note for itself, which depends on the folder that the site is built in.
    """
    names = {path.relative_to(top) for top in (one, other) for path in top.rglob("*")}
    files = [name for name in names if not (one / name).is_dir() and name.name != ".buildinfo"]
    _, unlike, missing = filecmp.cmpfiles(one, other, files, shallow=False)
    return sorted(map(str, [*unlike, *missing]))


def measured(root: Path, again: Path) -> tuple[list[tuple[str, float, int]], list[str]]:
    """Build four times: the seconds and the pages executed, and the files that are unlike."""
    site, kept = root / "docs" / "_build" / "html", root / "kept"
    rows = [("from nothing", build(root), executed(root))]
    shutil.copytree(site, kept)
    rows.append(("nothing changed", build(root), executed(root) - rows[0][2]))
    with (root / "docs" / PAGE).open("a", encoding="utf-8") as page:
        page.write("\nOne more line.\n")
    rows.append(("a line more on a page", build(root), executed(root) - rows[0][2]))
    rows.append(("from nothing, another folder", build(again), executed(again)))
    return rows, differing(kept, again / "docs" / "_build" / "html")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help="put the figures on the page")
    options = parser.parse_args()
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        rows, unlike = measured(copy_sources(Path(first)), copy_sources(Path(second)))
    print(f"{'build':34}{'seconds':>9}{'pages executed':>16}")
    for name, seconds, pages in rows:
        print(f"{name:34}{seconds:9.1f}{pages:16d}")
    print(f"\nfiles that the two builds from nothing do not share: {len(unlike)}")
    print(*unlike[:20], sep="\n")
    if options.save:
        save("build", {"cores": os.cpu_count(), "rows": rows, "unlike": len(unlike)})


if __name__ == "__main__":
    main()
