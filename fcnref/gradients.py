"""Reading the gradients that somebody else computed, in whatever container they come."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fcnref._arrays import Array
from fcnref.network import LossAndGradients, NetworkGradients
from fcnref.problem import Problem, parameters

__all__ = ["read_gradients"]


def read_gradients(problem: Problem, grads: Any) -> dict[str, Array]:
    """Read gradients into a dictionary dW1, db1, ..., dWL, dbL of NumPy arrays, shapes as given.

    Parameters
    ----------
    problem
        The problem that they are of.
    grads
        A mapping with the keys dW1, db1, ...; W1, b1, ... and dW[1] are read too. Or a
        `NetworkGradients`, or pairs (dW, db) layer by layer, or a flat sequence dW1, db1, dW2 and
        so on. Or a function of (params, X, Y) that returns one of these.

    Returns
    -------
    gradients
        By name, layer by layer.

    Raises
    ------
    ValueError
        If a gradient is missing, or not finite, or the function fails.
    TypeError
        If an array holds no numbers, or the container is none of the above.

    Examples
    --------
    >>> from fcnref import loss_and_grads
    >>> from fcnref.gradients import read_gradients
    >>> from fcnref.problem import informative_problem
    >>> problem = informative_problem()
    >>> J, grads = loss_and_grads(problem.X, problem.Y, problem.layers, problem.loss)
    >>> list(read_gradients(problem, grads))
    ['dW1', 'db1', 'dW2', 'db2', 'dW3', 'db3']
    """
    if callable(grads) and not isinstance(grads, Mapping):
        grads = _called(problem, grads)
    if isinstance(grads, LossAndGradients):
        grads = grads.grads
    if isinstance(grads, NetworkGradients):
        grads = grads.layers
    names = [f"{d}{l}" for l in range(1, problem.L + 1) for d in ("dW", "db")]
    if isinstance(grads, Mapping):
        found = _from_mapping(grads, names)
    elif isinstance(grads, Sequence) and not isinstance(grads, str):
        found = _from_sequence(grads, names)
    else:
        raise TypeError(
            "gradients: expected a mapping with dW1, db1, ... or one pair (dW, db) per layer, got "
            f"{type(grads).__name__}."
        )
    return {name: _array(name, found[name]) for name in names}


def _called(problem: Problem, function: Callable[..., Any]) -> Any:
    params, X, Y = parameters(problem), np.array(problem.X), np.array(problem.Y)
    try:
        returned = function(params, X, Y)
    except Exception as error:
        where = _where(error)
        raise ValueError(
            f"gradients: your function raised {type(error).__name__}: {error}{where}. It is called "
            f"with params ({', '.join(f'{k} {v.shape}' for k, v in params.items())}), X {X.shape} "
            f"and Y {Y.shape}; examples are columns."
        ) from error
    if returned is None:
        raise ValueError(
            "gradients: your function returned None; end it with "
            'return {"dW1": dW1, "db1": db1, ...}.'
        )
    if isinstance(returned, tuple) and len(returned) == 2 and isinstance(returned[1], Mapping):
        # Many backward passes return the loss as well, in front.
        return returned[1]
    return returned


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f" (line {trace.tb_lineno} of {trace.tb_frame.f_code.co_name})"


def _from_mapping(grads: Mapping[Any, Any], names: Sequence[str]) -> dict[str, Any]:
    plain = {_plain(key): value for key, value in grads.items()}
    for before in ("d", "", "grad", "dJd", "delta"):
        keys = {name: (before + name[1:]).lower() for name in names}
        if all(key in plain for key in keys.values()):
            return {name: plain[key] for name, key in keys.items()}
    missing = [name for name in names if name.lower() not in plain]
    got = ", ".join(map(str, grads)) or "nothing"
    raise ValueError(
        f"gradients: {_listed(missing)} missing; expected the keys {', '.join(names)}, got {got}."
    )


def _plain(key: Any) -> str:
    return "".join(c for c in str(key) if c.isalnum()).lower()


def _listed(missing: Sequence[str]) -> str:
    return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'}"


def _from_sequence(grads: Sequence[Any], names: Sequence[str]) -> dict[str, Any]:
    layers = len(names) // 2
    if len(grads) == layers and all(_is_pair(pair) for pair in grads):
        flat = [array for pair in grads for array in pair]
    elif len(grads) == 2 * layers:
        flat = list(grads)
    else:
        raise ValueError(
            f"gradients: expected {layers} pairs (dW, db) or {2 * layers} arrays for {layers} "
            f"layers, got {len(grads)} items."
        )
    return dict(zip(names, flat, strict=True))


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, tuple | list) and len(pair) == 2


def _array(name: str, value: Any) -> Array:
    try:
        array = np.asarray(value)
    except Exception as error:
        raise TypeError(
            f"gradients: {name} cannot be read as an array ({error}); pass a NumPy array, "
            "for a tensor of PyTorch x.detach().cpu().numpy()."
        ) from error
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise TypeError(
            f"gradients: {name} must hold real numbers, got {array.dtype}; "
            "a ragged list or None reads as object."
        )
    finite = np.isfinite(array)
    if not np.all(finite):
        at = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"gradients: {name} holds {array[at]} at index {list(at)}; look for log(0), a division "
            "by zero or an overflow of exp before looking at any rule."
        )
    return array
