"""The work on fcnref, one session for each kind: ``nox --list`` shows them.

Nothing but Python has to be on the machine. The versions come from constraints.txt, so that a
session does the same next year.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.sessions = ["docs"]
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
SITE = ROOT / "docs" / "_build" / "html"
PINNED = ["--quiet", "--constraint", "constraints.txt"]
TREES = SITE.with_name("doctrees")
STRICT = ["-n", "-W", "--keep-going", "-j", "auto"]
SPHINX = ["python", "-m", "sphinx", *STRICT, "-d", str(TREES), "docs", str(SITE)]


def works(python: str) -> bool:
    """Whether `python` can be started: a name on the PATH may be an empty promise."""
    if not (path := shutil.which(python)):
        return False
    ask = [path, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"]
    answer = subprocess.run(ask, capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.strip() == python.removeprefix("python")


HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
PYTHONS = [
    version
    for version in (f"3.{minor}" for minor in range(11, 21))
    if version == HERE or works(f"python{version}")
]


BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), "")
BUILT = ["docs"] if CHROMIUM else []  # what a session that only a browser can do needs first


def install(session: nox.Session, *groups: str) -> None:
    """Install fcnref and dependency groups, in the versions of constraints.txt."""
    requirements = nox.project.dependency_groups(PROJECT, *groups)
    session.install(*PINNED, *requirements, "--editable", ".")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site and print its address; ``-- --open`` shows it in a browser."""
    install(session, "docs")
    session.run(*SPHINX, "--quiet")
    address = (SITE / "index.html").as_uri()
    print(f"\nThe site is built. Open\n\n    {address}\n")
    if "--open" in session.posargs:
        webbrowser.open(address)


@nox.session
def serve(session: nox.Session) -> None:
    """Serve the site on this machine and build it again whenever a source changes."""
    install(session, "serve")
    session.run(
        *["sphinx-autobuild", "-n", "-j", "auto", "-d", str(TREES), "docs", str(SITE)],
        *["--watch", "fcnref", "--re-ignore", "__pycache__"],
        *["--ignore", "docs/_build", "--ignore", "docs/node_modules"],
        *["--port", "0", "--open-browser", *session.posargs],
    )


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests, the examples of the docstrings and the cells of the pages."""
    install(session, "tests")
    install_peers(session)
    session.run("pytest", "tests", "fcnref", "docs", *session.posargs)


@nox.session(name="diagnose-report")
def diagnose_report(session: nox.Session) -> None:
    """Print the figures of the diagnosis: published cases, false alarms, the catalogue."""
    install(session, "tests")
    session.run("python", "benchmarks/diagnose_report.py")


@nox.session
def exactness(session: nox.Session) -> None:
    """Print errors in units in the last place, ours and others'; ``-- 2000`` is quick."""
    install(session, "tests")
    install_peers(session)
    session.run("python", "benchmarks/exactness.py", *session.posargs)


@nox.session
def scale(session: nox.Session) -> None:
    """Measure a gradient over more data than memory, by 1 and 2 processes; ``-- --write`` keeps."""
    install(session, "scale")
    session.run("python", "benchmarks/scale.py", *session.posargs)


@nox.session(name="equations-report")
def equations_report(session: nox.Session) -> None:
    """Edit every labelled equation in every place, and print how many edits are noticed."""
    install(session, "tests")
    session.run("python", "benchmarks/edits.py", *session.posargs)


@nox.session
def mutation(session: nox.Session) -> None:
    """Change one thing in the mathematics at a time and see a test fail; ``-- affine`` for one."""
    install(session, "tests")
    session.run("python", "benchmarks/mutation.py", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Say which lines and branches of the package no test runs."""
    install(session, "coverage")
    install_peers(session)
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", "-q", *(session.posargs or ["tests", "fcnref"]))
    session.run("coverage", "combine")
    session.run("coverage", "report")


@nox.session
def bench(session: nox.Session) -> None:
    """Print what the page on performance shows; ``-- --save`` keeps the figures for the page."""
    install(session, "bench")
    install_peers(session)
    for name in ("speed", "memory", "imports", "gradcheck", "equations", "docs_build"):
        session.run("python", f"benchmarks/{name}.py", *session.posargs)


@nox.session
def scripts(session: nox.Session) -> None:
    """Test the logic of the JavaScript with node, which comes as a Python package."""
    session.install(*PINNED, *nox.project.dependency_groups(PROJECT, "scripts"))
    if not Path("docs/node_modules/katex").exists():
        session.run("npm", "ci", "--prefix", "docs", "--ignore-scripts", "--no-audit", "--no-fund")
    session.run("node", "--test", *map(str, sorted(Path("tests/scripts").glob("*.test.mjs"))))


@nox.session(requires=BUILT)
def browser(session: nox.Session) -> None:
    """Look at every page of the site, and drive the pictures, in the Chromium of this machine."""
    require_chromium(session)
    install(session, "browser")
    session.run("pytest", "tests/browser", *session.posargs, env={"CHROMIUM": CHROMIUM})


@nox.session(requires=BUILT)
def pdf(session: nox.Session) -> None:
    """Print the derivation of the built site as one PDF with the Chromium of this machine."""
    require_chromium(session)
    install(session, "pdf")
    target = str(SITE.with_name("pdf") / "fcnref.pdf")
    session.run("python", "docs/_ext/booklet.py", target, env={"CHROMIUM": CHROMIUM})


def require_chromium(session: nox.Session) -> None:
    """Skip a session where there is no browser."""
    if not CHROMIUM:
        session.skip("no Chromium was found; install one, or name it in CHROMIUM")


@nox.session(requires=["docs"])
def site(session: nox.Session) -> None:
    """Examine the files of the built site: links, notebooks, texts, and the printed PDF."""
    install(session, "site")
    session.run("pytest", "tests/site", *session.posargs)


@nox.session(reuse_venv=False, requires=["docs"])
def notebooks(session: nox.Session) -> None:
    """Run the notebooks of the built site in a new environment of what they ask for."""
    books = sorted(SITE.rglob("*.ipynb"))
    needs = {need for book in books for need in requirements(book)}
    extras = {extra for need in needs for extra in re.findall(r"\w+", need.partition("[")[2])}
    others = {need for need in needs if not need.startswith("fcnref")}
    tools = nox.project.dependency_groups(PROJECT, "notebooks")
    session.install(*PINNED, *tools, f".[{','.join(sorted(extras))}]", *sorted(others))
    session.run("python", "docs/_ext/run_notebooks.py", *map(str, books))


def requirements(notebook: Path) -> list[str]:
    """Read what a notebook asks for."""
    return list(json.loads(notebook.read_text("utf-8"))["metadata"]["fcnref"]["requires"])


def install_peers(session: nox.Session) -> None:
    """Install PyTorch and JAX where small wheels exist; otherwise their tests are skipped.

    The wheel that is meant is the one for the CPU. Where the index offers only the one for GPUs,
    which brings gigabytes of packages along, the dry run shows it and nothing is installed.
    """
    for requirement in nox.project.dependency_groups(PROJECT, "peers"):
        plan = session.run(
            *["python", "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-"],
            *["--only-binary", ":all:", "--constraint", "constraints.txt", requirement],
            silent=True,
            success_codes=[0, 1],
            stderr=subprocess.DEVNULL,
        )
        reason = refusal(str(plan))
        if reason:
            session.log(f"{requirement} is left out, and with it the tests that need it: {reason}")
        else:
            session.install(*PINNED, requirement)


def refusal(plan: str) -> str:
    """Say why the plan of an installation should not be carried out; nothing if it should."""
    try:
        parts = json.loads(plan[plan.index("{") :])["install"]
    except ValueError:
        return "there is no wheel for this Python"
    names = [part["metadata"]["name"] for part in parts]
    if any(name.startswith("nvidia") for name in names):
        return "the index offers only the build for GPUs"
    return ""


@nox.session
def typing(session: nox.Session) -> None:
    """Check the types of the package with mypy, strictly."""
    install(session, "typing")
    session.run("mypy", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style with ruff, and the files for publishing against their schemas."""
    install(session, "lint")
    session.run("ruff", "check", *session.posargs)
    check = ["check-jsonschema", "--builtin-schema"]
    session.run(*check, "vendor.readthedocs", ".readthedocs.yaml")
    session.run(*check, "vendor.github-workflows", ".github/workflows/pages.yml")


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel and the sdist, install each into a clean environment and import it."""
    install(session, "build")
    folder = Path(session.create_tmp()).resolve()
    for old in folder.glob("fcnref-*"):
        old.unlink()
    session.run("python", "-m", "build", "--outdir", str(folder), str(ROOT))
    for kind in ("*.whl", "*.tar.gz"):
        [archive] = folder.glob(kind)
        clean = folder / "clean"
        shutil.rmtree(clean, ignore_errors=True)
        session.run("python", "-m", "venv", str(clean))
        python = str(clean / ("Scripts" if sys.platform == "win32" else "bin") / "python")
        options = ["--quiet", "--disable-pip-version-check"]
        session.run(python, "-m", "pip", "install", *options, str(archive), external=True)
        with session.chdir(folder):
            session.run(python, "-c", SMOKE, external=True)


SMOKE = """
from importlib.resources import files
import numpy as np
import fcnref
dW, db = fcnref.affine_backward_parameters(np.ones((3, 7)), np.ones((5, 7)))
assert dW.shape == (3, 5) and (db == 7).all()
assert files(fcnref).joinpath("py.typed").is_file()
print("fcnref", fcnref.__version__, "imported from", fcnref.__file__)
"""


@nox.session
def lock(session: nox.Session) -> None:
    """Write constraints.txt anew, with the newest versions that fit together."""
    install_unlocked = nox.project.dependency_groups(PROJECT, "lock")
    session.install("--quiet", *install_unlocked)
    session.run(
        *["uv", "pip", "compile", "pyproject.toml", "--universal", "--group", "dev", "--upgrade"],
        *["--no-emit-index-url", "--no-annotate", "--no-header", "--quiet"],
        *["--output-file", "constraints.txt"],
    )
