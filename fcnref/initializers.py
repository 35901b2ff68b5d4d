"""Initial weights that keep the variance of activations and gradients from layer to layer.

Biases start at 0. Every function takes the random generator first and draws from it alone, so the
same generator state gives the same network.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from fcnref._arrays import Weights, check_list
from fcnref.activations import Activation
from fcnref.network import Layer

__all__ = ["glorot_uniform", "he_normal", "initialize"]

Scheme: TypeAlias = Callable[["np.random.Generator", int, int, npt.DTypeLike], Weights]


def glorot_uniform(
    rng: "np.random.Generator", n: int, n_prev: int, dtype: npt.DTypeLike = np.float64
) -> Weights:
    """Draw weights uniformly, with variance 2 / (n_prev + n) (Glorot and Bengio, 2010).

    Implements :eq:`eq-initialization-glorot`, a compromise between keeping the variance on the way
    forward, 1 / n_prev, and on the way back, 1 / n. Meant for tanh and other maps that are near the
    identity around 0.

    Parameters
    ----------
    rng
        Random generator.
    n
        Units of this layer.
    n_prev
        Units of the previous layer.
    dtype
        Precision of the weights.

    Returns
    -------
    W
        Weights of shape (n, n_prev).

    Raises
    ------
    ValueError
        If a size is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import glorot_uniform
    >>> W = glorot_uniform(np.random.default_rng(0), 3, 5)
    >>> W.shape, bool(np.all(abs(W) <= np.sqrt(6 / (3 + 5))))
    ((3, 5), True)
    """
    _check_sizes("glorot_uniform", n, n_prev)
    limit = math.sqrt(6 / (n_prev + n))
    return rng.uniform(-limit, limit, size=(n, n_prev)).astype(dtype)


def he_normal(
    rng: "np.random.Generator", n: int, n_prev: int, dtype: npt.DTypeLike = np.float64
) -> Weights:
    """Draw weights from a normal distribution of variance 2 / n_prev (He et al., 2015).

    Implements :eq:`eq-initialization-he`. The 2 makes up for the half of its inputs that ReLU sets
    to 0.

    Parameters
    ----------
    rng
        Random generator.
    n
        Units of this layer.
    n_prev
        Units of the previous layer.
    dtype
        Precision of the weights.

    Returns
    -------
    W
        Weights of shape (n, n_prev).

    Raises
    ------
    ValueError
        If a size is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import he_normal
    >>> W = he_normal(np.random.default_rng(0), 300, 200)
    >>> round(float(W.var() * 200), 1)
    2.0
    """
    _check_sizes("he_normal", n, n_prev)
    return rng.normal(0, math.sqrt(2 / n_prev), size=(n, n_prev)).astype(dtype)


def initialize(
    rng: "np.random.Generator",
    sizes: Sequence[int],
    activations: Sequence[Activation],
    scheme: Scheme = he_normal,
    dtype: npt.DTypeLike = np.float64,
) -> tuple[Layer, ...]:
    """Make the layers of a network with random weights and zero biases.

    Parameters
    ----------
    rng
        Random generator.
    sizes
        The numbers of units n_0, n_1, ..., n_L; n_0 is the size of the input.
    activations
        The activations of the layers 1, ..., L.
    scheme
        How the weights are drawn.
    dtype
        Precision of the parameters.

    Returns
    -------
    layers
        The layers 1, ..., L.

    Raises
    ------
    ValueError
        If the sizes and activations are not L + 1 and L in number.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import IDENTITY, RELU, initialize
    >>> layers = initialize(np.random.default_rng(0), [64, 32, 10], [RELU, IDENTITY])
    >>> [layer.W.shape for layer in layers]
    [(32, 64), (10, 32)]
    """
    check_list("initialize", "sizes", sizes, "whole numbers n_0, ..., n_L")
    check_list("initialize", "activations", activations, "activations such as fcnref.RELU")
    L = len(activations)
    if L == 0 or len(sizes) != L + 1:
        raise ValueError(
            "initialize: sizes n_0, ..., n_L and activations must be L + 1 and L in number, L at "
            f"least 1, got {len(sizes)} and {L}."
        )
    given: Sequence[Any] = sizes
    for l, n in enumerate(given):
        if not isinstance(n, int | np.integer) or n < 1:
            raise ValueError(
                f"initialize: sizes must be whole numbers of at least 1, got n_{l} = {n!r}."
            )
    return tuple(
        Layer(scheme(rng, n, n_prev, dtype), np.zeros((n, 1), dtype), activation)
        for n_prev, n, activation in zip(sizes[:-1], sizes[1:], activations, strict=True)
    )


def _check_sizes(who: str, n: int, n_prev: int) -> None:
    if n < 1 or n_prev < 1:
        raise ValueError(f"{who}: n and n_prev must be at least 1, got n = {n}, n_prev = {n_prev}.")
