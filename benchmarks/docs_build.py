"""How long the site takes: from nothing, with nothing changed, with one word changed; and twice.

Builds in folders of its own copy of the sources, so that no cache of an earlier build helps, and
compares the HTML of two builds from nothing byte by byte. Needs what the session ``docs`` installs.
"""

import filecmp
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

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
    """List the files that two folders do not have in common byte by byte."""
    names = {path.relative_to(top) for top in (one, other) for path in top.rglob("*")}
    files = [name for name in names if not (one / name).is_dir()]
    _, unlike, missing = filecmp.cmpfiles(one, other, files, shallow=False)
    return sorted(map(str, [*unlike, *missing]))


def main() -> None:
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        root, again = copy_sources(Path(first)), copy_sources(Path(second))
        site, kept = root / "docs" / "_build" / "html", root / "kept"
        rows = [("from nothing, every cell executed", build(root), executed(root))]
        shutil.copytree(site, kept)
        rows.append(("nothing changed", build(root), executed(root) - rows[0][2]))
        with (root / "docs" / PAGE).open("a", encoding="utf-8") as page:
            page.write("\nOne more line.\n")
        rows.append((f"a line more in {PAGE}", build(root), executed(root) - rows[0][2]))
        rows.append(("from nothing, elsewhere", build(again), executed(again)))
        print(f"{'build':40} {'seconds':>8} {'pages executed':>15}")
        for name, seconds, pages in rows:
            print(f"{name:40} {seconds:8.1f} {pages:15d}")
        unlike = differing(kept, again / "docs" / "_build" / "html")
        print(f"\nfiles that the two builds from nothing do not share: {len(unlike)}")
        print(*unlike[:20], sep="\n")


if __name__ == "__main__":
    main()
