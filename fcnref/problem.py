"""What a backward pass is checked on: layers, data, loss, penalty and dropout, declared once.

A `Problem` is the whole objective J as a function of the parameters. The checks and the diagnosis
read everything from it, so that nothing about the loss has to be guessed from a gradient.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from fcnref._arrays import Array, check_array
from fcnref.activations import ACTIVATIONS, Activation, layer_norm_with, leaky_relu_with
from fcnref.affine import affine
from fcnref.losses import HALF_SQUARED_ERROR, LOSSES, Loss
from fcnref.network import Layer
from fcnref.regularization import (
    L2Scaling,
    dropout,
    dropout_mask,
    l1_penalty,
    l2_coefficient,
    l2_penalty,
    norm_penalty,
)

__all__ = [
    "NO_PENALTY",
    "Pass",
    "Penalty",
    "Problem",
    "data_loss",
    "forward_pass",
    "informative_problem",
    "kinks",
    "objective",
    "parameters",
    "penalty_of",
    "random_problem",
    "thorough_problem",
    "with_parameters",
]

Params: TypeAlias = dict[str, Array]


class Penalty(NamedTuple):
    """What is added to the loss of the data: any mixture of three penalties.

    Attributes
    ----------
    l2
        The strength λ of the squared norm.
    l2_scaling
        Whether it enters as λ, λ/2 or λ/(2m) times ‖W‖²: "lambda", "lambda/2" or "lambda/2m".
    l1
        The strength of the sum of absolute values.
    l1_scaling
        Whether it enters as it is, "lambda", or divided by the number of examples, "lambda/m".
    norm
        The strength of the norm ‖W‖ that is not squared.
    on_bias
        Whether the squared norm counts the biases too.

    Examples
    --------
    >>> from fcnref.problem import Penalty
    >>> Penalty(l2=0.1, l2_scaling="lambda/2m").l2
    0.1
    """

    l2: float = 0.0
    l2_scaling: L2Scaling = "lambda/2"
    l1: float = 0.0
    l1_scaling: Literal["lambda", "lambda/m"] = "lambda"
    norm: float = 0.0
    on_bias: bool = False


NO_PENALTY = Penalty()

SQUARED_ERROR = Loss(
    "squared_error",
    lambda A, Y: 2 * HALF_SQUARED_ERROR.value(A, Y),
    lambda A, Y: 2 * HALF_SQUARED_ERROR.grad(A, Y),
)


@dataclass(frozen=True, eq=False)
class Problem:
    """An objective J, a function of the weights and biases of its layers.

    Parameters
    ----------
    layers
        The layers 1, ..., L with their weights, biases and activations.
    X
        Input, one column per example.
    Y
        Targets, one column per example.
    loss
        A `Loss`, or the name of one in `LOSSES`; "squared_error" is the sum over the units of
        (a - y)², without the 1/2. A loss on logits belongs to a last layer without activation.
    reduction
        Whether J is the "mean" or the "sum" over the examples.
    per_output
        Whether the loss is divided by the number of output units as well. "mean_squared_error"
        is divided in any case.
    penalty
        What is added to the loss of the data.
    masks
        The dropout masks by layer, in the shape of A[l]: 0 where a unit is dropped, 1/keep where
        it stays.
    learning_rate
        The learning rate of the code that is checked, where it is known. It lets a diagnosis
        recognize weights that were updated too early.

    Raises
    ------
    ValueError
        If a shape does not fit the others, or a name is unknown.
    TypeError
        If an array holds no floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import SIGMOID, TANH, Layer
    >>> from fcnref.problem import Problem, objective
    >>> layers = [
    ...     Layer(np.array([[0.5, -1.0], [1.0, 0.0]]), np.zeros((2, 1)), TANH),
    ...     Layer(np.array([[1.0, 2.0]]), np.zeros((1, 1)), SIGMOID),
    ... ]
    >>> X, Y = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]]), np.array([[1.0, 0.0, 1.0]])
    >>> problem = Problem(layers, X, Y, "binary_cross_entropy")
    >>> problem
    Problem(2-2-1, tanh/sigmoid, binary_cross_entropy, m = 3)
    >>> round(float(objective(problem)), 4)
    0.7474
    """

    layers: Sequence[Layer]
    X: Array
    Y: Array
    loss: Loss | str
    reduction: Literal["mean", "sum"] = "mean"
    per_output: bool = False
    penalty: Penalty = NO_PENALTY
    masks: Mapping[int, Array] = field(default_factory=lambda: MappingProxyType({}))
    learning_rate: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "loss", _loss_named(self.loss))
        _check(self)

    @property
    def L(self) -> int:
        """The number of layers."""
        return len(self.layers)

    @property
    def m(self) -> int:
        """The number of examples."""
        return int(self.X.shape[1])

    @property
    def sizes(self) -> tuple[int, ...]:
        """The widths n_0, ..., n_L."""
        return (int(self.X.shape[0]), *(int(layer.W.shape[0]) for layer in self.layers))

    @property
    def kind(self) -> str:
        """The name of the loss."""
        return self.loss if isinstance(self.loss, str) else self.loss.name

    @property
    def scale(self) -> float:
        """The factor between J and the loss function: m for a sum, 1/n_L per output."""
        m = self.m if self.reduction == "sum" else 1
        return m / self.sizes[-1] if self.per_output else float(m)

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.sizes))
        names = "/".join(layer.activation.name for layer in self.layers)
        extras = [
            f", {self.reduction} over the examples" if self.reduction == "sum" else "",
            ", per output" if self.per_output else "",
            _penalty_in_words(self.penalty),
            f", dropout after layer {_listed(self.masks)}" if self.masks else "",
        ]
        return f"Problem({sizes}, {names}, {self.kind}, m = {self.m}{''.join(extras)})"


class Pass(NamedTuple):
    """The tensors of one forward pass, indexed like the mathematics.

    Attributes
    ----------
    Z
        Pre-activations; Z[0] is X.
    H
        Activations before dropout; H[0] is X.
    A
        What the next layer sees, after dropout; A[0] is X.
    """

    Z: tuple[Array, ...]
    H: tuple[Array, ...]
    A: tuple[Array, ...]


def forward_pass(problem: Problem, layers: Sequence[Layer] | None = None) -> Pass:
    """Run the network of a problem, dropout included.

    Parameters
    ----------
    problem
        The problem.
    layers
        Other parameters to run it with.

    Returns
    -------
    Pass
        Every Z and A.

    Examples
    --------
    >>> from fcnref.problem import forward_pass, informative_problem
    >>> [A.shape for A in forward_pass(informative_problem()).A]
    [(5, 11), (4, 11), (4, 11), (3, 11)]
    """
    Z, H, A = [problem.X], [problem.X], [problem.X]
    for l, (W, b, activation) in enumerate(layers or problem.layers, start=1):
        Z.append(affine(A[-1], W, b))
        H.append(activation.forward(Z[-1]))
        A.append(dropout(H[-1], problem.masks[l]) if l in problem.masks else H[-1])
    return Pass(tuple(Z), tuple(H), tuple(A))


def data_loss(problem: Problem, A_L: Array) -> Any:
    """Compute the loss of the data alone, from the output of the network.

    Parameters
    ----------
    problem
        The problem.
    A_L
        Output of the last layer.

    Returns
    -------
    loss
        J without the penalty.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.problem import data_loss, informative_problem
    >>> float(data_loss(informative_problem(), np.full((3, 11), 1 / 3)) / np.log(3))
    1.0
    """
    loss = _loss_named(problem.loss)
    return problem.scale * loss.value(A_L, problem.Y)


def penalty_of(problem: Problem, W: Array, which: Literal["W", "b"] = "W") -> Any:
    """Compute the penalty on one weight matrix, or on one bias.

    Parameters
    ----------
    problem
        The problem.
    W
        The weights, or the bias.
    which
        Which of the two it is.

    Returns
    -------
    penalty
        Its part of J, 0.0 where nothing is penalized.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.problem import Penalty, informative_problem, penalty_of
    >>> problem = informative_problem(penalty=Penalty(l2=0.5))
    >>> float(penalty_of(problem, np.array([[2.0]]))), penalty_of(problem, np.array([[2.0]]), "b")
    (1.0, 0.0)
    """
    l2, scaling, l1, l1_scaling, norm, on_bias = problem.penalty
    total: Any = 0.0
    if l2 and (which == "W" or on_bias):
        total = total + l2_penalty(W, l2_coefficient(l2, scaling, problem.m))
    if l1 and which == "W":
        total = total + l1_penalty(W, l1 / problem.m if l1_scaling == "lambda/m" else l1)
    if norm and which == "W":
        total = total + norm_penalty(W, norm)
    return total


def objective(problem: Problem, layers: Sequence[Layer] | None = None) -> Any:
    """Compute J, the loss of the data and the penalty.

    Parameters
    ----------
    problem
        The problem.
    layers
        Other parameters to compute it for.

    Returns
    -------
    J
        The number that the gradients are gradients of.

    Examples
    --------
    >>> from fcnref.problem import informative_problem, objective
    >>> float(objective(informative_problem())) > 0
    True
    """
    layers = layers or problem.layers
    total = data_loss(problem, forward_pass(problem, layers).A[-1])
    for W, b, _ in layers:
        total = total + penalty_of(problem, W) + penalty_of(problem, b, "b")
    return total


def parameters(problem: Problem) -> Params:
    """List the parameters by name: W1, b1, ..., WL, bL.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    params
        Copies, which a function under test may change without harm.

    Examples
    --------
    >>> from fcnref.problem import informative_problem, parameters
    >>> {name: array.shape for name, array in parameters(informative_problem()).items()}
    {'W1': (4, 5), 'b1': (4, 1), 'W2': (4, 4), 'b2': (4, 1), 'W3': (3, 4), 'b3': (3, 1)}
    """
    params: Params = {}
    for l, (W, b, _) in enumerate(problem.layers, start=1):
        params |= {f"W{l}": np.array(W), f"b{l}": np.array(b)}
    return params


def with_parameters(problem: Problem, params: Mapping[str, Array]) -> Problem:
    """Make the same problem with other parameters.

    Parameters
    ----------
    problem
        The problem.
    params
        New arrays by name, W1, b1, ...; what is not named stays.

    Returns
    -------
    Problem
        The new problem.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.problem import informative_problem, with_parameters
    >>> problem = with_parameters(informative_problem(), {"b1": np.zeros((4, 1))})
    >>> float(problem.layers[0].b.sum())
    0.0
    """
    layers = tuple(
        Layer(params.get(f"W{l}", layer.W), params.get(f"b{l}", layer.b), layer.activation)
        for l, layer in enumerate(problem.layers, start=1)
    )
    return replace(problem, layers=layers)


def kinks(problem: Problem, margin: float = 0.0) -> list[tuple[str, int, tuple[int, ...]]]:
    """List the entries that sit on a kink, where J has no derivative.

    Parameters
    ----------
    problem
        The problem.
    margin
        How near to the kink counts as on it.

    Returns
    -------
    kinks
        Triples such as ("Z", 1, (0, 2)): an entry of Z[1] under ReLU or leaky ReLU, or an entry
        of a W under an L1 penalty. Indices count from 0, as in code.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import RELU, Layer
    >>> from fcnref.problem import Problem, kinks
    >>> layers = [Layer(np.array([[1.0]]), np.array([[0.0]]), RELU)]
    >>> kinks(Problem(layers, np.array([[0.0, 1.0]]), np.ones((1, 2)), "half_squared_error"))
    [('Z', 1, (0, 0))]
    """
    found: list[tuple[str, int, tuple[int, ...]]] = []
    Z = forward_pass(problem).Z
    for l, layer in enumerate(problem.layers, start=1):
        if layer.activation.name in {"relu", "leaky_relu"}:
            found += [("Z", l, tuple(map(int, at))) for at in np.argwhere(np.abs(Z[l]) <= margin)]
        if problem.penalty.l1:
            found += [
                ("W", l, tuple(map(int, at))) for at in np.argwhere(np.abs(layer.W) <= margin)
            ]
    return found


def random_problem(
    sizes: Sequence[int],
    activations: Sequence[str | Activation],
    loss: Loss | str,
    m: int,
    seed: int = 0,
    slope: float = 0.01,
    keep: Mapping[int, float] | None = None,
    **declared: Any,
) -> Problem:
    """Draw a problem with random data and parameters, clear of kinks.

    Parameters
    ----------
    sizes
        The widths n_0, ..., n_L.
    activations
        One name or `Activation` per layer.
    loss
        The loss.
    m
        Number of examples.
    seed
        Seed of the random numbers.
    slope
        Slope of the layers named "leaky_relu".
    keep
        The share of units that dropout keeps, by layer.
    declared
        More fields of `Problem`.

    Returns
    -------
    Problem
        The biases are not zero, and the targets suit the loss.

    Raises
    ------
    RuntimeError
        If a thousand draws all have an entry near a kink.

    Examples
    --------
    >>> from fcnref.problem import random_problem
    >>> random_problem((3, 4, 2), ("relu", "softmax"), "cross_entropy", m=5)
    Problem(3-4-2, relu/softmax, cross_entropy, m = 5)
    """
    records = [_activation_named(activation, slope) for activation in activations]
    for attempt in range(1000):
        rng = np.random.default_rng((seed, attempt))
        layers = [
            Layer(0.9 * rng.standard_normal((n, n_prev)), 0.4 * rng.standard_normal((n, 1)), record)
            for n_prev, n, record in zip(sizes[:-1], sizes[1:], records, strict=True)
        ]
        X = rng.standard_normal((sizes[0], m))
        Y = _random_targets(rng, sizes[-1], m, _loss_named(loss).name, records[-1].name)
        masks = {l: _random_mask(rng, (sizes[l], m), share) for l, share in (keep or {}).items()}
        problem = Problem(layers, X, Y, loss, masks=masks, **declared)
        if not kinks(problem, margin=1e-3):
            return problem
    raise RuntimeError("random_problem: no draw was clear of kinks; use fewer units or examples.")


def informative_problem(penalty: Penalty = NO_PENALTY, seed: int = 0, **declared: Any) -> Problem:
    """Draw a problem on which every mistake of the catalogue shows that can show in its network.

    Three layers of which the middle one is square, more examples than units and none equal, a
    softmax with three classes, biases that are not zero, and another activation in each layer.

    Parameters
    ----------
    penalty
        What is added to the loss.
    seed
        Seed of the random numbers.
    declared
        More fields of `Problem`.

    Returns
    -------
    Problem
        5-4-4-3, tanh, sigmoid and softmax, cross-entropy, m = 11.

    Examples
    --------
    >>> from fcnref.problem import informative_problem
    >>> informative_problem()
    Problem(5-4-4-3, tanh/sigmoid/softmax, cross_entropy, m = 11)
    """
    return random_problem(
        (5, 4, 4, 3),
        ("tanh", "sigmoid", "softmax"),
        "cross_entropy",
        m=11,
        seed=seed,
        penalty=penalty,
        **declared,
    )


def thorough_problem(loss: str = "cross_entropy", seed: int = 0, **declared: Any) -> Problem:
    """Draw a problem on which every mistake shows that its loss allows.

    Six layers, each with another activation, as wide as there are examples, so that no shape gives
    anything away; dropout after two of them, a penalty, and a learning rate. What one problem
    cannot show, because it excludes one another, is spread over the losses: J is a mean for
    "cross_entropy", a sum for "binary_cross_entropy"; the penalty counts the biases for
    "half_squared_error"; "squared_error" is divided by the number of outputs too.

    Parameters
    ----------
    loss
        "cross_entropy", "binary_cross_entropy", "half_squared_error" or "squared_error".
    seed
        Seed of the random numbers.
    declared
        Other fields of `Problem` than the ones described.

    Returns
    -------
    Problem
        5-7-7-7-7-7-3, or 7 outputs for "half_squared_error"; m = 7.

    Raises
    ------
    ValueError
        If the loss is none of the four.

    Examples
    --------
    >>> from fcnref.problem import thorough_problem
    >>> thorough_problem("half_squared_error").sizes
    (5, 7, 7, 7, 7, 7, 7)
    """
    if loss not in THOROUGH:
        raise ValueError(
            f"thorough_problem: the loss must be one of {', '.join(THOROUGH)}, got {loss!r}."
        )
    n_L, output, fields = THOROUGH[loss]
    norm = layer_norm_with(np.linspace(0.5, 2.0, 7)[:, None], np.zeros((7, 1)))
    return random_problem(
        (5, 7, 7, 7, 7, 7, n_L),
        (norm, "leaky_relu", "relu", "tanh", "sigmoid", output),
        loss,
        m=7,
        seed=seed,
        slope=0.2,
        **{"keep": {4: 0.6, 5: 0.7}, "learning_rate": 0.13, **fields, **declared},
    )


MIXED = Penalty(l2=0.3, l2_scaling="lambda/2m", l1=0.2)
THOROUGH: dict[str, tuple[int, str, dict[str, Any]]] = {
    "cross_entropy": (3, "softmax", {"penalty": MIXED}),
    "binary_cross_entropy": (3, "sigmoid", {"penalty": MIXED, "reduction": "sum"}),
    "half_squared_error": (7, "tanh", {"penalty": Penalty(l2=0.3, norm=0.2, on_bias=True)}),
    "squared_error": (3, "identity", {"penalty": MIXED, "per_output": True}),
}


def _random_targets(rng: np.random.Generator, n: int, m: int, loss: str, activation: str) -> Array:
    if loss in {"cross_entropy", "softmax_cross_entropy"}:
        return np.eye(n)[:, rng.permutation(np.arange(m) % n)]
    if loss in {"binary_cross_entropy", "sigmoid_cross_entropy"}:
        return (rng.permutation(np.arange(n * m) % 2) * 1.0).reshape(n, m)
    if activation in {"sigmoid", "softmax"}:
        return rng.random((n, m))
    return rng.standard_normal((n, m))


def _random_mask(rng: np.random.Generator, shape: tuple[int, int], keep: float) -> Array:
    mask = dropout_mask(rng, shape, keep)
    if np.all(mask > 0) or not np.any(mask > 0):
        # A mask that drops nothing, or everything, tells nothing about dropout.
        first = (np.arange(mask.size) == 0).reshape(shape)
        return np.where(first, 0.0, 1 / keep) if np.all(mask > 0) else np.where(first, 1 / keep, 0)
    return mask


def _activation_named(activation: str | Activation, slope: float) -> Activation:
    if isinstance(activation, Activation):
        return activation
    if activation == "leaky_relu":
        return leaky_relu_with(slope)
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"random_problem: an activation must be an Activation or one of "
            f"{', '.join(ACTIVATIONS)}, got {activation!r}."
        )
    return ACTIVATIONS[activation]


def _loss_named(loss: Loss | str) -> Loss:
    if isinstance(loss, Loss):
        return loss
    known: dict[str, Loss] = {**LOSSES, "squared_error": SQUARED_ERROR}
    if loss not in known:
        raise ValueError(
            f"Problem: the loss must be a Loss or one of {', '.join(sorted(known))}, got {loss!r}."
        )
    return known[loss]


def _check(problem: Problem) -> None:
    who = "Problem"
    check_array(who, "X", problem.X, "n_0 m")
    if problem.reduction not in {"mean", "sum"}:
        raise ValueError(
            f"{who}: reduction must be 'mean' or 'sum' over the examples, "
            f"got {problem.reduction!r}."
        )
    if not problem.layers:
        raise ValueError(f"{who}: a network needs at least one layer, got none.")
    n_prev = problem.X.shape[0]
    for l, layer in enumerate(problem.layers, start=1):
        if not isinstance(layer, Layer):
            raise TypeError(
                f"{who}: layer {l} must be a Layer(W, b, activation), got {type(layer).__name__}."
            )
        check_array(who, f"W[{l}]", layer.W, f"n_{l} n_{l - 1}", **{f"n_{l - 1}": n_prev})
        check_array(who, f"b[{l}]", layer.b, f"n_{l} 1", **{f"n_{l}": layer.W.shape[0]})
        n_prev = layer.W.shape[0]
    sizes: dict[str, int] = {"n_L": n_prev, "m": problem.m}
    check_array(who, "Y", problem.Y, "n_L m", **sizes)
    l2_coefficient(problem.penalty.l2, problem.penalty.l2_scaling, problem.m)
    for l, mask in problem.masks.items():
        if not 1 <= l <= problem.L:
            raise ValueError(f"{who}: there is no layer {l} to drop out; masks are keyed 1..L.")
        check_array(
            who, f"masks[{l}]", mask, f"n_{l} m", **{f"n_{l}": problem.sizes[l], "m": problem.m}
        )
    fused = problem.kind in {"sigmoid_cross_entropy", "softmax_cross_entropy"}
    if fused and problem.layers[-1].activation.name != "identity":
        raise ValueError(
            f"{who}: {problem.kind} takes logits, so the last activation must be the identity, "
            f"got {problem.layers[-1].activation.name}."
        )
    for name, array in {"X": problem.X, "Y": problem.Y, **parameters(problem)}.items():
        if not np.all(np.isfinite(array)):
            raise ValueError(f"{who}: {name} must be finite, got a NaN or an infinity in it.")


def _penalty_in_words(penalty: Penalty) -> str:
    forms: list[tuple[float, Callable[[float], str]]] = [
        (penalty.l2, lambda s: f"{penalty.l2_scaling.replace('lambda', f'{s:g}')} ‖W‖²"),
        (penalty.l1, lambda s: f"{penalty.l1_scaling.replace('lambda', f'{s:g}')} ‖W‖₁"),
        (penalty.norm, lambda s: f"{s:g} ‖W‖"),
    ]
    words = " + ".join(say(strength) for strength, say in forms if strength)
    return f", penalty {words}{' on W and b' if penalty.on_bias else ''}" if words else ""


def _listed(layers: Mapping[int, Array]) -> str:
    return ", ".join(str(l) for l in sorted(layers))
