"""The record that a layer carries: a map, its backward rule, and what the rule reads."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from fcnref._arrays import Array, Bias, unchecked
from fcnref.activations.columnwise import (
    _log_softmax_backward_from_A,
    _softmax_backward_from_A,
    layer_norm,
    layer_norm_backward,
    log_softmax,
    softmax,
)
from fcnref.activations.elementwise import (
    identity,
    leaky_relu,
    leaky_relu_backward,
    relu,
    sigmoid,
    sigmoid_backward,
    softplus,
    tanh,
    tanh_backward,
)
from fcnref.activations.gated import (
    gelu,
    gelu_backward,
    gelu_tanh,
    gelu_tanh_backward,
    silu,
    silu_backward,
)

__all__ = [
    "ACTIVATIONS",
    "GELU",
    "GELU_TANH",
    "IDENTITY",
    "LOG_SOFTMAX",
    "RELU",
    "SIGMOID",
    "SILU",
    "SOFTMAX",
    "SOFTPLUS",
    "TANH",
    "Activation",
    "layer_norm_with",
    "leaky_relu_with",
]

Reads: TypeAlias = Literal["Z", "A"] | None


class Activation(NamedTuple):
    """An activation as a layer uses it: the map, its backward rule, and what the rule reads.

    The trace of a network keeps Z only for the layers whose rule reads it; A it keeps anyway,
    because the next layer's dW reads it. The sigmoid and tanh read Z here although they could read
    A: their derivative is exact only from Z.

    Attributes
    ----------
    name
        The name in reports and in `ACTIVATIONS`.
    forward
        The map, ``A = forward(Z)``.
    backward
        The rule, ``dZ = backward(dA, kept)``, where kept is Z, A or None as reads says.
    reads
        ``"Z"``, ``"A"``, or None where the rule needs neither.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import RELU, TANH
    >>> RELU.reads, TANH.reads
    ('A', 'Z')
    >>> A = RELU.forward(np.array([[-1.0, 2.0]]))
    >>> RELU.backward(np.array([[5.0, 5.0]]), A)
    array([[0., 5.]])
    """

    name: str
    forward: Callable[[Array], Array]
    backward: Callable[[Array, Array | None], Array]
    reads: Reads

    def __repr__(self) -> str:
        return f"Activation({self.name!r}, reads={self.reads!r})"

    def __reduce__(self) -> tuple[Callable[..., "Activation"], tuple[Any, ...]]:
        """Travel to another process by name, where the name says it all."""
        if ACTIVATIONS.get(self.name) == self:
            return _named, (self.name,)
        return Activation, tuple(self)


def _named(name: str) -> Activation:
    return ACTIVATIONS[name]


class _Rule(NamedTuple):
    """A backward rule that always reads something; a record, because a closure has no pickle."""

    name: str
    reads: Literal["Z", "A"]
    backward: Callable[[Array, Array], Array]

    def __call__(self, dA: Array, kept: Array | None) -> Array:
        if kept is None:
            raise ValueError(
                f"{self.name}: the backward rule reads {self.reads}, got None; pass {self.reads}."
            )
        return self.backward(dA, kept)

    @property
    def unchecked(self) -> Callable[[Array, Array], Array]:
        return unchecked(self.backward)


def _reading(
    reads: Literal["Z", "A"],
    name: str,
    forward: Callable[[Array], Array],
    backward: Callable[[Array, Array], Array],
) -> Activation:
    """Make the record of an activation whose rule always reads something."""
    rule = _Rule(name, reads, backward)
    return Activation(name, forward, rule, reads)  # type: ignore[arg-type]  # mypy calls no tuple


def _identity_backward(dA: Array, _: Array | None) -> Array:
    return dA


def _relu_backward_from_A(dA: Array, A: Array) -> Array:
    # ReLU is positive exactly where its input is; and a mask takes less room than a derivative.
    return dA * (A.real > 0)


def _softplus_backward_from_A(dA: Array, A: Array) -> Array:
    # σ(z) = 1 - exp(-softplus(z)), and expm1 keeps the digits of both tails.
    return dA * -np.expm1(-A)


IDENTITY = Activation("identity", identity, _identity_backward, None)
SIGMOID = _reading("Z", "sigmoid", sigmoid, sigmoid_backward)
TANH = _reading("Z", "tanh", tanh, tanh_backward)
RELU = _reading("A", "relu", relu, _relu_backward_from_A)
SOFTPLUS = _reading("A", "softplus", softplus, _softplus_backward_from_A)
SILU = _reading("Z", "silu", silu, silu_backward)
GELU = _reading("Z", "gelu", gelu, gelu_backward)
GELU_TANH = _reading("Z", "gelu_tanh", gelu_tanh, gelu_tanh_backward)
SOFTMAX = _reading("A", "softmax", softmax, _softmax_backward_from_A)
LOG_SOFTMAX = _reading("A", "log_softmax", log_softmax, _log_softmax_backward_from_A)


def leaky_relu_with(slope: float) -> Activation:
    """Make the record of a leaky ReLU with this slope.

    Parameters
    ----------
    slope
        Derivative on the negative side, at least 0.

    Returns
    -------
    Activation
        Its rule reads A, which is positive exactly where Z is.

    Raises
    ------
    ValueError
        If the slope is negative: A would no longer tell the sign of Z.

    Examples
    --------
    >>> from fcnref import leaky_relu_with
    >>> leaky_relu_with(0.2)
    Activation('leaky_relu', reads='A')
    """
    if not slope >= 0:
        raise ValueError(f"leaky_relu_with: slope must be at least 0, got {slope}.")
    return _reading(
        "A",
        "leaky_relu",
        partial(leaky_relu, slope=slope),
        partial(leaky_relu_backward, slope=slope),
    )


def layer_norm_with(gain: Bias, shift: Bias, epsilon: float = 1e-5) -> Activation:
    """Make the record of a layer norm with this gain and shift, held constant.

    Parameters
    ----------
    gain
        Factor of each unit.
    shift
        Summand of each unit.
    epsilon
        Added to the variance.

    Returns
    -------
    Activation
        Its rule reads Z. Its Jacobian is not symmetric, which makes it the activation to test a
        backward pass with.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import layer_norm_with
    >>> layer_norm_with(gain=np.array([[1.0], [2.0]]), shift=np.zeros((2, 1)))
    Activation('layer_norm', reads='Z')
    """
    return _reading(
        "Z",
        "layer_norm",
        partial(layer_norm, gain=gain, shift=shift, epsilon=epsilon),
        partial(_layer_norm_backward_to_Z, gain=gain, epsilon=epsilon),
    )


def _layer_norm_backward_to_Z(dA: Array, Z: Array, gain: Bias, epsilon: float) -> Array:
    return layer_norm_backward(dA, Z, gain, epsilon).dZ


ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        record.name: record
        for record in (
            IDENTITY,
            SIGMOID,
            TANH,
            RELU,
            leaky_relu_with(0.01),
            SOFTPLUS,
            SILU,
            GELU,
            GELU_TANH,
            SOFTMAX,
            LOG_SOFTMAX,
        )
    }
)
