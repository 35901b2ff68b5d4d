"""Names of other projects that the API pages mention, so that a build needs no network.

Intersphinx usually downloads the whole list of names of a project. The few that occur here are
written down instead; the links still lead to the online documentation.
"""

from __future__ import annotations

import zlib
from pathlib import Path

PYTHON = (
    "https://docs.python.org/3",
    {
        "py:class": {
            "bool": "library/functions.html#$",
            "bytes": "library/stdtypes.html#$",
            "complex": "library/functions.html#$",
            "dict": "library/stdtypes.html#$",
            "float": "library/functions.html#$",
            "frozenset": "library/stdtypes.html#$",
            "int": "library/functions.html#$",
            "list": "library/stdtypes.html#$",
            "object": "library/functions.html#$",
            "set": "library/stdtypes.html#$",
            "slice": "library/functions.html#$",
            "str": "library/stdtypes.html#$",
            "tuple": "library/stdtypes.html#$",
            "type": "library/functions.html#$",
            "collections.abc.Callable": "library/collections.abc.html#$",
            "collections.abc.Iterable": "library/collections.abc.html#$",
            "collections.abc.Iterator": "library/collections.abc.html#$",
            "collections.abc.Mapping": "library/collections.abc.html#$",
            "collections.abc.Sequence": "library/collections.abc.html#$",
            "os.PathLike": "library/os.html#$",
            "pathlib.Path": "library/pathlib.html#$",
            "typing.NamedTuple": "library/typing.html#$",
        },
        "py:data": {
            "Ellipsis": "library/constants.html#$",
            "None": "library/constants.html#$",
            "typing.Annotated": "library/typing.html#$",
            "typing.Any": "library/typing.html#$",
            "typing.Literal": "library/typing.html#$",
            "typing.Optional": "library/typing.html#$",
            "typing.Union": "library/typing.html#$",
        },
        "py:exception": {
            "ImportError": "library/exceptions.html#$",
            "ModuleNotFoundError": "library/exceptions.html#$",
            "OSError": "library/exceptions.html#$",
            "TypeError": "library/exceptions.html#$",
            "ValueError": "library/exceptions.html#$",
        },
    },
)

NUMPY = (
    "https://numpy.org/doc/stable",
    {
        "py:class": {
            "numpy.dtype": "reference/generated/$.html#$",
            "numpy.float32": "reference/arrays.scalars.html#$",
            "numpy.float64": "reference/arrays.scalars.html#$",
            "numpy.floating": "reference/arrays.scalars.html#$",
            "numpy.inexact": "reference/arrays.scalars.html#$",
            "numpy.int64": "reference/arrays.scalars.html#$",
            "numpy.integer": "reference/arrays.scalars.html#$",
            "numpy.ndarray": "reference/generated/$.html#$",
            "numpy.random.Generator": "reference/random/generator.html#$",
        },
        "py:data": {
            "numpy.typing.ArrayLike": "reference/typing.html#$",
            "numpy.typing.DTypeLike": "reference/typing.html#$",
            "numpy.typing.NDArray": "reference/typing.html#$",
        },
        "py:function": {
            "numpy.asarray": "reference/generated/$.html#$",
            "numpy.einsum": "reference/generated/$.html#$",
            "numpy.heaviside": "reference/generated/$.html#$",
            "numpy.load": "reference/generated/$.html#$",
            "numpy.random.default_rng": "reference/random/generator.html#$",
        },
    },
)


def write_inventories(folder: Path) -> dict[str, tuple[str, str]]:
    """Write one inventory for each project; return the value of ``intersphinx_mapping``."""
    folder.mkdir(parents=True, exist_ok=True)
    mapping = {}
    for name, (address, names) in {"python": PYTHON, "numpy": NUMPY}.items():
        file = folder / f"{name}.inv"
        head = f"# Sphinx inventory version 2\n# Project: {name}\n# Version: \n"
        zlib_line = "# The remainder of this file is compressed using zlib.\n"
        rows = (
            f"{entry} {role} 1 {place.replace('$', entry)} -\n"
            for role, places in names.items()
            for entry, place in places.items()
        )
        file.write_bytes((head + zlib_line).encode() + zlib.compress("".join(rows).encode()))
        mapping[name] = (address, str(file))
    return mapping
