"""The backward rule and the Jacobian that every elementwise map has, made from its derivative."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from fcnref._arrays import AnyShape, Array, Column, Jacobian, checked, unchecked

__all__ = ["backward_of", "jacobian_of"]

Prime: TypeAlias = Callable[[Array], Array]


def backward_of(prime: Prime) -> Callable[[Array, Array], Array]:
    """Make the backward rule of an elementwise map from its derivative."""
    f_prime = unchecked(prime)

    def rule(dA: AnyShape, Z: AnyShape) -> AnyShape:
        return dA * f_prime(Z)

    return checked(_beside(prime, rule, "backward", _BACKWARD))


def jacobian_of(prime: Prime) -> Callable[[Array], Array]:
    """Make the dense Jacobian of an elementwise map from its derivative."""

    def dense(z: Column) -> Jacobian:
        return np.diag(prime(z)[:, 0])

    return checked(_beside(prime, dense, "jacobian", _JACOBIAN))


def _beside(
    prime: Prime, made: Callable[..., Array], what: str, template: str
) -> Callable[..., Array]:
    """Give what was made from a derivative its name, its docstring, and the room to find it in."""
    f = prime.__name__.removesuffix("_prime")
    made.__module__ = prime.__module__
    made.__name__ = made.__qualname__ = f"{f}_{what}"
    made.__doc__ = template.format(f=f)
    return made


_BACKWARD = """Compute dZ = dA ⊙ {f}′(Z), the gradient by the input of `{f}`.

    Implements :eq:`eq-activations-dZ-elementwise`. Holds no 1/m of its own.

    Parameters
    ----------
    dA
        Gradient of the loss by the output of `{f}`.
    Z
        Input that `{f}` was called with.

    Returns
    -------
    dZ
        Gradient of the loss by Z, in its shape.

    Raises
    ------
    ValueError
        If dA and Z differ in shape.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import {f}_backward, {f}_prime
    >>> dA, Z = np.array([[2.0, -1.0]]), np.array([[0.5, -3.0]])
    >>> bool(np.all({f}_backward(dA, Z) == dA * {f}_prime(Z)))
    True
    """

_JACOBIAN = """Compute the Jacobian of `{f}` at one example, a diagonal matrix.

    Implements :eq:`eq-activations-jacobian-elementwise`, in numerator layout.

    Parameters
    ----------
    z
        One example, as a column.

    Returns
    -------
    jacobian
        Entry [p, j] is the derivative of output p by input j.

    Raises
    ------
    ValueError
        If z is not one column.
    TypeError
        If z is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import {f}_jacobian, {f}_prime
    >>> z = np.array([[0.5], [-3.0]])
    >>> bool(np.all({f}_jacobian(z) == np.diagflat({f}_prime(z))))
    True
    """
