"""Derivatives without any rule of calculus: by a complex step, and by a central difference.

Both evaluate the function and nothing else, so what they say is independent of every backward rule.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from fcnref._arrays import Array

__all__ = ["central_difference", "complex_step"]

Function: TypeAlias = Callable[[Array], Any]

# Far below any probability that a saturated softmax leaves behind, far above the smallest float.
STEP = 1e-120


def complex_step(
    f: Function, X: Array, direction: Array | None = None, verify: bool = True
) -> Array:
    """Compute the derivative of f at X as Im f(X + ih) / h, exact to rounding.

    Implements :eq:`eq-gradient-checking-complex-step` (Squire and Trapp, 1998; Martins, Sturdza
    and Alonso, 2003). Nothing is subtracted, so h can be 1e-30 and no digit is lost. The
    function has to be holomorphic: written with arithmetic and smooth functions, and not with
    abs, real, conj or a comparison that reads the imaginary part.

    Parameters
    ----------
    f
        A function of an array, to a number or to an array.
    X
        Where to differentiate.
    direction
        An array in the shape of X, for the derivative in this direction alone.
    verify
        Whether to compare one random direction with a central difference, which notices a
        function that is not holomorphic.

    Returns
    -------
    derivative
        In a direction, the shape of f(X). Else the shape of f(X) followed by the shape of X: the
        gradient of a scalar function has the shape of X.

    Raises
    ------
    ValueError
        If f drops the imaginary part or is not holomorphic, or a shape does not fit.
    TypeError
        If X holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.differences import complex_step
    >>> complex_step(lambda X: np.sum(X**3), np.array([1.0, 2.0]))
    array([ 3., 12.])
    >>> complex_step(lambda X: np.sum(np.abs(X)), np.array([1.0, 2.0]))
    Traceback (most recent call last):
    ...
    ValueError: complex_step: f returned real numbers for a complex input, so it drops the
    imaginary part (np.abs, .real, astype(float)); use central_difference, or sign(x) x for |x|.
    """
    X = _float64(X, "complex_step")
    if direction is not None:
        derivative = _imaginary(f, X, _float64(direction, "complex_step", X.shape))
    else:
        derivative = _entry_by_entry(lambda V: _imaginary(f, X, V), X)
    if verify and X.size:
        _verify(f, X, derivative, direction)
    return derivative


def central_difference(
    f: Function, X: Array, direction: Array | None = None, h: float | None = None
) -> Array:
    """Compute the derivative of f at X as (f(X + h) − f(X − h)) / 2h.

    Implements :eq:`eq-gradient-checking-central`. The error is h² f‴/6 from the missing terms
    and about ``ε |f| / h`` from the subtraction; their sum is smallest where h is near the cube
    root of the machine epsilon ε, and is then about ε^(2/3): 1e-10 in float64, 1e-5 in float32.

    Parameters
    ----------
    f
        A function of an array, to a number or to an array.
    X
        Where to differentiate.
    direction
        An array in the shape of X, for the derivative in this direction alone.
    h
        The step; by default the cube root of the machine epsilon, times the size of the entry
        where that is above 1.

    Returns
    -------
    derivative
        In a direction, the shape of f(X). Else the shape of f(X) followed by the shape of X.

    Raises
    ------
    ValueError
        If a shape does not fit.
    TypeError
        If X holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.differences import central_difference
    >>> central_difference(lambda X: np.sum(np.abs(X)), np.array([1.0, -2.0])).round(9)
    array([ 1., -1.])
    """
    X = _floats(X, "central_difference")
    step = float(np.cbrt(np.finfo(X.dtype).eps)) if h is None else h

    def along(V: Array) -> Array:
        size = step * (max(1.0, float(np.max(np.abs(X[V != 0]), initial=0.0))) if h is None else 1)
        # The step that is added is the one that survives rounding, not the one that was asked for.
        upper, lower = X + size * V, X - size * V
        width = float(np.max(np.abs(upper - lower), initial=0.0)) / float(np.max(np.abs(V)))
        return np.asarray((np.asarray(f(upper)) - np.asarray(f(lower))) / width)

    if direction is not None:
        return along(_floats(direction, "central_difference", X.shape).astype(X.dtype))
    return _entry_by_entry(along, X)


def _entry_by_entry(along: Callable[[Array], Array], X: Array) -> Array:
    units = np.eye(X.size, dtype=X.dtype).reshape(X.size, *X.shape)
    if not X.size:
        return np.zeros(X.shape)
    columns = [along(unit) for unit in units]
    return np.stack(columns, axis=-1).reshape(*columns[0].shape, *X.shape)


def _imaginary(f: Function, X: Array, V: Array) -> Array:
    value = np.asarray(f(X + 1j * STEP * V))
    if value.dtype.kind != "c":
        raise ValueError(
            "complex_step: f returned real numbers for a complex input, so it drops the imaginary "
            "part (np.abs, .real, astype(float)); use central_difference, or sign(x) x for |x|."
        )
    return np.asarray(value.imag / STEP)


def _verify(f: Function, X: Array, derivative: Array, direction: Array | None) -> None:
    rng = np.random.default_rng(0)
    if direction is None:
        V = rng.standard_normal(X.shape)
        found = np.sum(derivative * V, axis=tuple(range(-X.ndim, 0))) if X.ndim else derivative * V
    else:
        V, found = np.asarray(direction, dtype=float), derivative
    compared = central_difference(f, X, V)
    size = max(float(np.max(np.abs(compared))), float(np.max(np.abs(found))), 1e-8)
    if not float(np.max(np.abs(compared - found))) <= 1e-3 * size:
        raise ValueError(
            "complex_step: a central difference disagrees in a random direction "
            f"({np.ravel(found)[0]:.6g} by the step, {np.ravel(compared)[0]:.6g}); f is not "
            "holomorphic (abs, conj, a comparison of complex numbers) or X sits on a kink."
        )


def _floats(X: Any, who: str, shape: tuple[int, ...] | None = None) -> Array:
    array = np.asarray(X)
    if array.dtype.kind != "f":
        raise TypeError(
            f"{who}: X must hold real floating-point numbers, got {array.dtype}; "
            "an integer cannot move by a small step, convert it with X.astype(float)."
        )
    if shape is not None and array.shape != shape:
        raise ValueError(
            f"{who}: the direction must have the shape of X, {shape}, got {array.shape}."
        )
    return array


def _float64(X: Any, who: str, shape: tuple[int, ...] | None = None) -> Array:
    return _floats(X, who, shape).astype(np.float64)
