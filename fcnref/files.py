"""Training runs in files: written whole or not at all, and read back bit for bit.

A run is one ``.npz`` file, which `numpy.load` reads as well: W1, b1, W2, ... are the parameters,
the other arrays are those of the history and of the memory, and ``run`` is a text in JSON that says
where they belong. Nothing is pickled or unpickled: a file cannot make anybody run its code.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from fcnref._arrays import check_array
from fcnref.activations import ACTIVATIONS, Activation
from fcnref.affine import LayerGradients
from fcnref.network import Layer
from fcnref.optimizers import AdamState
from fcnref.training import History, Memory, Trained

__all__ = ["load", "save"]

VERSION = 1

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]

RECORDS: Mapping[str, Any] = {
    record.__name__: record for record in (AdamState, History, LayerGradients, Memory)
}
"""The records that a file may name: reading one makes these, and no other object."""


def save(path: str | os.PathLike[str], trained: Trained) -> None:
    """Save a training run: the layers, the history, and what `train` needs to go on.

    The file is written beside its place and moved there when it is complete. Whatever interrupts
    this, what was there before remains.

    Parameters
    ----------
    path
        The file, by custom with the ending ``.npz``. One that exists is replaced.
    trained
        What `train` returned, or handed to its checkpoint.

    Raises
    ------
    TypeError
        If something in it is neither a number, a string, an array of NumPy, nor a tuple, list or
        dictionary of these: what a monitor returned, for example, or the state of an optimizer
        that is not of this package.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from functools import partial
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from fcnref import HALF_SQUARED_ERROR, TANH, adam, initialize, train
    >>> from fcnref.files import load, save
    >>> rng = np.random.default_rng(0)
    >>> layers = initialize(rng, [2, 1], [TANH])
    >>> problem = rng, rng.uniform(-1, 1, (2, 8)), np.zeros((1, 8))
    >>> trained = train(*problem, layers, HALF_SQUARED_ERROR, adam, epochs=3, batch_size=4,
    ...                 progress=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Path(folder, "run.npz"), trained)
    ...     again = load(Path(folder, "run.npz"))
    >>> bool(np.all(again.layers[0].W == trained.layers[0].W)), again.history == trained.history
    (True, True)
    """
    import json

    arrays: Arrays = {}
    for l, (W, b, _) in enumerate(trained.layers, start=1):
        arrays |= {f"W{l}": _plain("save", f"W[{l}]", W), f"b{l}": _plain("save", f"b[{l}]", b)}
    run = {
        "version": VERSION,
        "activations": [_name_of(layer.activation) for layer in trained.layers],
        "history": _described(trained.history, "history", arrays),
        "memory": _described(trained.memory, "memory", arrays),
    }
    arrays["run"] = np.array(json.dumps(run))
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type] # mypy fears one is named allow_pickle
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def load(path: str | os.PathLike[str], activations: Sequence[Activation] | None = None) -> Trained:
    """Load a training run that `save` wrote, bit for bit.

    Parameters
    ----------
    path
        The file.
    activations
        The activation of every layer. A file holds their names, so this is needed where one of
        them is not in `ACTIVATIONS`: a leaky ReLU of another slope, a layer norm, one of your own.

    Returns
    -------
    Trained
        The layers, the history and the memory; pass it to `train` to go on.

    Raises
    ------
    ValueError
        If the file is no complete run, is of another version, holds pickled objects or layers
        that do not fit each other; or if the activations are not one for each layer.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> from fcnref.files import load
    >>> load("run-of-yesterday.npz")
    Traceback (most recent call last):
        ...
    FileNotFoundError: [Errno 2] No such file or directory: 'run-of-yesterday.npz'
    """
    with Path(path).open("rb") as file, _one_sentence(path):
        run, arrays = _read(file)
        names = run["activations"]
        pairs = [(arrays[f"W{l}"], arrays[f"b{l}"]) for l in range(1, len(names) + 1)]
        _check_chain(pairs)
        history = _rebuilt(run["history"], arrays, History)
        memory = _rebuilt(run["memory"], arrays, Memory)
    found = _activations(path, names, activations)
    layers = tuple(Layer(W, b, g) for (W, b), g in zip(pairs, found, strict=True))
    return Trained(layers, history, memory)


def _name_of(activation: Activation) -> str | None:
    """Return the name that means this very activation; a leaky ReLU may have another slope."""
    return activation.name if ACTIVATIONS.get(activation.name) == activation else None


def _activations(
    path: object, names: Sequence[str | None], given: Sequence[Activation] | None
) -> Sequence[Activation]:
    if given is not None:
        if len(given) != len(names):
            raise ValueError(
                f"load: activations must be {len(names)}, one for each layer of {path}, "
                f"got {len(given)}."
            )
        return given
    for l, name in enumerate(names, start=1):
        if name not in ACTIVATIONS:
            raise ValueError(
                f"load: the activation of layer {l} of {path} must be given, as it is none of "
                "fcnref.ACTIVATIONS; pass activations=[...], one for each layer."
            )
    return [ACTIVATIONS[name] for name in names if name is not None]


def _plain(who: str, where: str, array: Any) -> npt.NDArray[Any]:
    if not isinstance(array, np.ndarray) or array.dtype.hasobject:
        raise TypeError(
            f"{who}: {where} must be an array of numbers of NumPy, got {type(array).__name__}."
        )
    return array


def _described(value: Any, where: str, arrays: Arrays) -> Any:
    """Describe `value` in JSON; its arrays go into `arrays`, named after where they were."""
    if isinstance(value, np.ndarray | np.generic):
        arrays[where] = _plain("save", where, np.asarray(value))
        return {"array" if isinstance(value, np.ndarray) else "number": where}
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is tuple and value and all(type(item) is float for item in value):
        arrays[where] = np.array(value)
        return {"floats": where}
    if type(value) in (tuple, list):
        items = [_described(item, f"{where}.{i}", arrays) for i, item in enumerate(value)]
        return {type(value).__name__: items}
    if type(value) is dict and all(type(key) is str for key in value):
        return {"dict": {key: _described(value[key], f"{where}.{key}", arrays) for key in value}}
    if RECORDS.get(type(value).__name__) is type(value):
        fields = _described(value._asdict(), where, arrays)["dict"]
        return {"record": type(value).__name__, "fields": fields}
    raise TypeError(
        f"save: {where} must be a number, a string, an array of NumPy, or a tuple, list or "
        f"dictionary of these, got {type(value).__name__}."
    )


def _rebuilt(described: Any, arrays: Arrays, record: type | None = None) -> Any:
    """Undo `_described`; what should be a certain record and is not raises TypeError."""
    if record is not None and described["record"] != record.__name__:
        raise TypeError(f"a {described['record']} for a {record.__name__}")
    match described:
        case {"array": where}:
            return arrays[where]
        case {"number": where}:
            return arrays[where][()]
        case {"floats": where}:
            return tuple(arrays[where].tolist())
        case {"tuple": items}:
            return tuple(_rebuilt(item, arrays) for item in items)
        case {"list": items}:
            return [_rebuilt(item, arrays) for item in items]
        case {"record": name, "fields": fields}:
            return RECORDS[name](**{key: _rebuilt(fields[key], arrays) for key in fields})
        case {"dict": items}:
            return {key: _rebuilt(items[key], arrays) for key in items}
        case None | bool() | int() | float() | str():
            return described
    raise TypeError(f"{described!r}, which describes nothing")


def _read(file: BinaryIO) -> tuple[dict[str, Any], Arrays]:
    import json

    archive = np.load(file, allow_pickle=False)
    if isinstance(archive, np.ndarray):
        raise TypeError("a single array")
    arrays: Arrays = {name: archive[name] for name in archive.files}
    run = json.loads(str(arrays["run"]))
    if run["version"] != VERSION:
        raise ValueError(f"version {run['version']}, where this fcnref reads {VERSION}")
    return run, arrays


def _check_chain(pairs: Sequence[tuple[npt.NDArray[Any], npt.NDArray[Any]]]) -> None:
    sizes: dict[str, int] = {}
    for l, (W, b) in enumerate(pairs, start=1):
        check_array("load", f"W[{l}]", W, f"n_{l} n_{l - 1}", **sizes)
        sizes = {f"n_{l}": W.shape[0]}
        check_array("load", f"b[{l}]", b, f"n_{l} 1", **sizes)


@contextmanager
def _one_sentence(path: object) -> Iterator[None]:
    """Say of a file that cannot be understood which one it is, and why."""
    try:
        yield
    except KeyError as error:
        raise ValueError(f"load: {path} must be a run that save wrote, got no {error}.") from error
    except Exception as error:
        reason = f"{error}".split("\n")[0].split(". ")[0].rstrip(".") or type(error).__name__
        raise ValueError(f"load: {path} must be a run that save wrote, got: {reason}.") from error
