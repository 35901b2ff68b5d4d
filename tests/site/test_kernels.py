"""The kernels that run the pages: forks, and yet as good as new."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient", reason="the docs group is not installed")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")
processes = pytest.importorskip("several_processes")

EXTENSIONS = Path(processes.__file__).parent
pytestmark = pytest.mark.skipif(
    "forkserver" not in processes.get_all_start_methods(), reason="there are no forks here"
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    from jupyter_client.provisioning import KernelProvisionerFactory

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))  # no settings of the person who tests
    KernelProvisionerFactory.clear_instance()
    processes.fork_kernels()

    def printed(*cells, **options):
        """Run cells in a new kernel and return what they print."""
        notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
        nbclient.execute(notebook, cwd=str(tmp_path), **options)
        return "".join(out.get("text", "") for cell in notebook.cells for out in cell.outputs)

    yield printed
    KernelProvisionerFactory.clear_instance()


def test_a_kernel_is_the_main_module_of_its_folder_and_environment(run, tmp_path, monkeypatch):
    monkeypatch.setenv("FCNREF_TRIED", "yes")
    cell = "import os\nprint(__name__, os.getcwd(), os.environ['FCNREF_TRIED'])"
    assert run(cell) == f"__main__ {tmp_path} yes\n"


def test_a_kernel_imports_nothing_that_only_the_build_can(run):
    assert run("import sys\nprint(sys.path)").count(str(EXTENSIONS)) == 0
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="ModuleNotFoundError"):
        run("import several_processes")


def test_a_kernel_knows_nothing_of_the_one_before_it(run):
    first = run("import os, numpy\nnumpy.seen = before = 1\nprint(os.getpid())")
    second = run("import os, numpy\nprint(os.getpid())\nprint(hasattr(numpy, 'seen'))")
    assert second.endswith("\nFalse\n")
    assert second.split()[0] != first.strip()
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="NameError"):
        run("before")


def test_a_cell_that_fails_or_lasts_or_ends_its_kernel_is_told(run):
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="ZeroDivisionError"):
        run("1 / 0")
    with pytest.raises(nbclient.exceptions.CellTimeoutError):
        run("import time\ntime.sleep(60)", timeout=1)
    with pytest.raises(nbclient.exceptions.DeadKernelError):
        run("import os\nos._exit(3)")


BUILD = """
import sys
sys.path.insert(0, {extensions!r})
import nbclient, nbformat, several_processes
several_processes.fork_kernels()
cell = "import os, time\\nprint(os.getpid(), file=open('pid', 'w'), flush=True)\\ntime.sleep(60)"
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
nbclient.execute(notebook, cwd={folder!r})
"""


def wait_until(met, seconds=30):
    end = time.monotonic() + seconds
    while not met() and time.monotonic() < end:
        time.sleep(0.05)
    return met()


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_kernel_does_not_outlive_a_build_that_was_killed(tmp_path):
    program = BUILD.format(extensions=str(EXTENSIONS), folder=str(tmp_path))
    environment = os.environ | {"IPYTHONDIR": str(tmp_path)}
    build = subprocess.Popen([sys.executable, "-c", program], env=environment)
    written = tmp_path / "pid"
    assert wait_until(lambda: written.exists() and written.read_text())
    build.send_signal(signal.SIGKILL)
    build.wait()
    assert wait_until(lambda: not lives(int(written.read_text())))
