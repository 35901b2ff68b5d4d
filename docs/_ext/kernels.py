"""Fork the kernels that run the pages from a process that has imported what most of them import.

A kernel of its own for every page takes longer to start than most pages to run, nearly all of it
imports, and one in four hesitates for 2.5 seconds before it ends. The fork server of Python's
``multiprocessing`` imports once; every page still gets a new process, in which nothing has been
computed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from jupyter_client.provisioning import LocalProvisioner

if TYPE_CHECKING:
    from jupyter_client.connect import KernelConnectionInfo

HERE = str(Path(__file__).parent)

forks = get_context("forkserver")
forks.set_forkserver_preload(
    [
        "ipykernel.kernelapp",
        "ipykernel.ipkernel",
        "matplotlib.pyplot",
        "fcnref",
    ]
)


class ForkedKernel(LocalProvisioner):
    """Starts a kernel as a fork where its parent class starts a program."""

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        """Start a kernel with the settings, in the folder and with the environment of a command."""
        settings = cmd[cmd.index("-f") :]
        self.process = forks.Process(target=run, args=(settings, options["cwd"], options["env"]))
        self.process.start()
        self.pid = self.process.pid
        return self.connection_info

    async def poll(self) -> int | None:
        """Return the exit code of a kernel that has ended."""
        return self.process.exitcode if self.process else 0

    async def wait(self) -> int | None:
        """Wait until the kernel has ended."""
        while (code := await self.poll()) is None:
            await asyncio.sleep(0.01)
        self.process = None
        return code

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel."""
        if self.process:
            os.kill(self.pid, signum)


def run(settings: list[str], home: str, environment: dict[str, str]) -> None:
    """Be a kernel until a message ends it, or the build ends without one."""
    from ipykernel.kernelapp import launch_new_instance

    Thread(target=end_with_the_build, daemon=True).start()
    sys.path[:] = [folder for folder in sys.path if folder != HERE]
    os.chdir(home)
    os.environ.clear()
    os.environ.update(environment)
    launch_new_instance([*settings, f"--IPKernelApp.parent_handle={os.getppid()}"])


def end_with_the_build() -> None:
    """End this process when the one that asked for it is gone."""
    parent_process().join()
    os._exit(1)
