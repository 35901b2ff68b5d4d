"""Where the benchmarks leave their figures: in a cell of the page that shows them."""

import datetime as dt
import json
import platform
import re
from pathlib import Path
from typing import Any

import numpy as np

PAGE = Path(__file__).parents[1] / "docs" / "practice" / "performance.md"
STORE = re.compile(r'(?<=FIGURES = json.loads\("""\n).*?(?=\n"""\))', re.DOTALL)
ROW = re.compile(r' (?={"case"|{"sizes": \[[\d, ]*\], "parameters")')  # each on a line of its own


def machine() -> dict[str, str]:
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "processor": processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def processor() -> str:
    """The name that Linux gives to the processor; elsewhere what Python knows of it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def load(name: str) -> dict[str, Any]:
    figures: dict[str, Any] = everything()[name]
    return figures


def save(name: str, figures: dict[str, Any]) -> None:
    """Put the figures of one benchmark, and the machine they come from, in place of the last."""
    text = json.dumps(everything() | {name: {"machine": machine(), **figures}})
    lines = ROW.sub("\n", text)
    PAGE.write_text(STORE.sub(lambda _: lines, PAGE.read_text("utf-8")), "utf-8")


def everything() -> dict[str, Any]:
    """All figures of the page, by the name of the benchmark."""
    [text] = STORE.findall(PAGE.read_text("utf-8"))
    figures: dict[str, Any] = json.loads(text)
    return figures
