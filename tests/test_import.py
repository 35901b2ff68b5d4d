"""What `import fcnref` brings along, and what it costs beside NumPy."""

import functools
import os
import re
import subprocess
import sys
from importlib.resources import files

import pytest

import fcnref


def run(*arguments, env=None):
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=env)


@functools.cache
def modules_after(statement):
    printed = run("-c", f"import sys; {statement}; print(*sorted(sys.modules))").stdout
    return set(printed.split())


def packages(modules):
    return {name.partition(".")[0] for name in modules}


def test_importing_fcnref_loads_numpy_and_nothing_else_that_is_installed():
    added = packages(modules_after("import fcnref")) - packages(modules_after("import numpy"))
    assert added - set(sys.stdlib_module_names) == {"fcnref"}


@pytest.mark.parametrize("heavy", ["scipy", "tqdm", "matplotlib", "lark", "torch", "numpy.random"])
def test_importing_fcnref_does_not_load(heavy):
    loaded = modules_after("import fcnref")
    assert not any(name == heavy or name.startswith(f"{heavy}.") for name in loaded)


def test_no_activation_loads_scipy():
    maps = "[a.forward(numpy.ones((3, 2))) for a in fcnref.ACTIVATIONS.values()]"
    assert "scipy" not in packages(modules_after(f"import fcnref, numpy; {maps}"))


def test_the_cost_of_the_import_is_reported():
    """No assertion on a time, which would fail on a busy machine: run with -rP to read it."""
    numpy, fcnref_on_top = min(import_times() for _ in range(3))
    assert numpy > 0
    assert fcnref_on_top > 0
    sys.stdout.write(
        f"import numpy: {numpy:.1f} ms; fcnref on top of it: {fcnref_on_top:.1f} ms, "
        f"{100 * fcnref_on_top / numpy:.0f} % more\n"
    )


def import_times():
    """Milliseconds for NumPy, and for fcnref after it, with the bytecode that Python keeps."""
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    lines = run("-X", "importtime", "-c", "import numpy, fcnref", env=environment).stderr
    found = re.findall(r"\| +(\d+) \| (numpy|fcnref)$", lines, flags=re.MULTILINE)
    (numpy, _), (fcnref_on_top, _) = sorted(found, key=lambda row: row[1] == "fcnref")
    return int(numpy) / 1000, int(fcnref_on_top) / 1000


def test_the_package_says_that_it_is_typed_and_which_version_it_is():
    assert files("fcnref").joinpath("py.typed").is_file()
    assert re.fullmatch(r"\d+\.\d+\.\d+", fcnref.__version__)
