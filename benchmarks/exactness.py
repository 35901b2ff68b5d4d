"""How exact values and derivatives are: the largest errors in units in the last place.

The oracle is mpmath with 60 digits, over all magnitudes of both signs in double and in single
precision. SciPy, PyTorch and JAX stand beside where they are installed; their derivatives are the
ones that their automatic differentiation takes, SciPy's the textbook formula of its own values.
Then every number of single precision where the maps bend is tried, with double precision as the
oracle.

Of a loss or a column map the units are those of the largest term that a result is the sum of, and
every column is a batch of its own; the gradient of a map is its backward rule.
"""

import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import fcnref

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests import exact_columns, extended
from tests.exact import MAPS, exact, ulps, whole_range, worst_of_singles
from tests.exact_columns import CASES, EPSILON, GAIN, SHIFT

Map = Callable[..., Any]
Maps = dict[str, tuple[Map, Map | None]]
"""Value and derivative by name: of Z for an elementwise map, of Z and Y for the others."""

MOST = 4
ALL = 20_000
TIMES_MORE = 10
"""How many times as many doubles fcnref is tried at alone."""
MILLIONS = 10
"""How many millions of doubles, and of their negatives, the hunt tries."""
ONE_COLUMN_IN = 10
"""Numbers of an elementwise map: a column of a loss takes as long as they do."""


def of_fcnref() -> Maps:
    maps = {name: (getattr(fcnref, name), getattr(fcnref, f"{name}_prime")) for name in MAPS}
    losses = {name: (loss.value, loss.grad) for name, loss in fcnref.LOSSES.items()}

    def layer_norm(Z: Any, _: Any) -> Any:
        return fcnref.layer_norm(Z, column(GAIN, Z), column(SHIFT, Z), EPSILON)

    def layer_norm_backward(Z: Any, dA: Any) -> Any:
        return fcnref.layer_norm_backward(dA, Z, column(GAIN, Z), EPSILON).dZ

    return {
        **maps,
        **losses,
        "softmax": (lambda Z, _: fcnref.softmax(Z), None),
        "log_softmax": (lambda Z, _: fcnref.log_softmax(Z), None),
        "layer_norm": (layer_norm, layer_norm_backward),
    }


def column(entries: Any, like: Any) -> Any:
    return np.array(entries, like.dtype)[:, np.newaxis]


def of_scipy() -> Maps:
    from scipy.special import erf, expit, log_expit, log_softmax, softmax, xlog1py, xlogy

    def gelu(Z: Any) -> Any:
        return (Z * (1 + erf(Z / np.sqrt(Z.dtype.type(2)))) / 2).astype(Z.dtype)

    def gelu_prime(Z: Any) -> Any:
        density = np.exp(-Z * Z / 2) / np.sqrt(2 * np.pi)
        return ((1 + erf(Z / np.sqrt(Z.dtype.type(2)))) / 2 + Z * density).astype(Z.dtype)

    return {
        "sigmoid": (expit, lambda Z: expit(Z) * (1 - expit(Z))),
        "tanh": (np.tanh, lambda Z: 1 - np.tanh(Z) ** 2),
        "softplus": (lambda Z: -log_expit(-Z), expit),
        "silu": (
            lambda Z: Z * expit(Z),
            lambda Z: expit(Z) + Z * expit(Z) * (1 - expit(Z)),
        ),
        "gelu": (gelu, gelu_prime),
        "softmax": (lambda Z, _: softmax(Z, axis=0), None),
        "log_softmax": (lambda Z, _: log_softmax(Z, axis=0), None),
        "binary_cross_entropy": (
            lambda A, Y: -np.sum(xlogy(Y, A) + xlog1py(1 - Y, -A)),
            lambda A, Y: (A - Y) / (A * (1 - A)),
        ),
        "cross_entropy": (lambda A, Y: -np.sum(xlogy(Y, A)), lambda A, Y: -Y / A),
        "sigmoid_cross_entropy": (
            lambda Z, Y: -np.sum(Y * log_expit(Z) + (1 - Y) * log_expit(-Z)),
            lambda Z, Y: expit(Z) - Y,
        ),
        "softmax_cross_entropy": (
            lambda Z, Y: -np.sum(Y * log_softmax(Z, axis=0)),
            lambda Z, Y: softmax(Z, axis=0) - Y,
        ),
    }


def of_torch() -> Maps:
    import torch
    from torch.nn import functional

    def value(f: Map) -> Map:
        return lambda *arrays: f(*map(torch.tensor, arrays)).numpy()

    def derivative(f: Map) -> Map:
        def prime(Z: Any, *Y: Any) -> Any:
            z = torch.tensor(Z, requires_grad=True)
            f(z, *map(torch.tensor, Y)).sum().backward()
            return z.grad.numpy()

        return prime

    def layer_norm(z: Any, _: Any) -> Any:
        gain, shift = torch.tensor(GAIN, dtype=z.dtype), torch.tensor(SHIFT, dtype=z.dtype)
        return functional.layer_norm(z.T, gain.shape, gain, shift, EPSILON).T

    def total(loss: Map) -> Map:
        return lambda z, y: loss(z.T, y.T, reduction="sum")

    maps = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": functional.leaky_relu,
        "softplus": functional.softplus,
        "silu": functional.silu,
        "gelu": functional.gelu,
        "gelu_tanh": lambda z: functional.gelu(z, approximate="tanh"),
        "half_squared_error": lambda a, y: total(functional.mse_loss)(a, y) / 2,
        "mean_squared_error": functional.mse_loss,
        "binary_cross_entropy": total(functional.binary_cross_entropy),
        "cross_entropy": lambda a, y: -torch.xlogy(y, a).sum(),
        "sigmoid_cross_entropy": total(functional.binary_cross_entropy_with_logits),
        "softmax_cross_entropy": total(functional.cross_entropy),
    }
    return {name: (value(f), derivative(f)) for name, f in maps.items()} | {
        "softmax": (value(lambda z, _: z.softmax(0)), None),
        "log_softmax": (value(lambda z, _: z.log_softmax(0)), None),
        "layer_norm": (value(layer_norm), derivative(lambda z, dA: dA * layer_norm(z, dA))),
    }


def of_jax() -> Maps:
    import jax
    from jax.scipy.special import xlog1py, xlogy

    jax.config.update("jax_enable_x64", True)
    jnp, nn = jax.numpy, jax.nn

    def value(f: Map) -> Map:
        compiled = jax.jit(f)
        return lambda *arrays: np.asarray(compiled(*arrays))

    def derivative(f: Map) -> Map:
        return value(jax.grad(lambda *arrays: f(*arrays).sum()))

    def layer_norm(z: Any, _: Any) -> Any:
        return column(GAIN, z) * nn.standardize(z, axis=0, epsilon=EPSILON) + column(SHIFT, z)

    maps = {
        "sigmoid": nn.sigmoid,
        "tanh": jnp.tanh,
        "relu": nn.relu,
        "leaky_relu": nn.leaky_relu,
        "softplus": nn.softplus,
        "silu": nn.silu,
        "gelu": lambda z: nn.gelu(z, approximate=False),
        "gelu_tanh": lambda z: nn.gelu(z, approximate=True),
        "half_squared_error": lambda a, y: jnp.sum((a - y) ** 2) / 2,
        "mean_squared_error": lambda a, y: jnp.mean((a - y) ** 2),
        "binary_cross_entropy": lambda a, y: -jnp.sum(xlogy(y, a) + xlog1py(1 - y, -a)),
        "cross_entropy": lambda a, y: -jnp.sum(xlogy(y, a)),
        "sigmoid_cross_entropy": lambda z, y: (
            -jnp.sum(y * nn.log_sigmoid(z) + (1 - y) * nn.log_sigmoid(-z))
        ),
        "softmax_cross_entropy": lambda z, y: -jnp.sum(y * nn.log_softmax(z, axis=0)),
    }
    return {name: (value(f), derivative(f)) for name, f in maps.items()} | {
        "softmax": (value(lambda z, _: nn.softmax(z, axis=0)), None),
        "log_softmax": (value(lambda z, _: nn.log_softmax(z, axis=0)), None),
        "layer_norm": (value(layer_norm), derivative(lambda z, dA: dA * layer_norm(z, dA))),
    }


LIBRARIES = {"fcnref": of_fcnref, "scipy": of_scipy, "torch": of_torch, "jax": of_jax}


def printed(number: float | None) -> str:
    if number is None:
        return "-"
    return "lost" if np.isinf(number) else f"{number:.1f}" if number < 1e4 else f"{number:.0e}"


def row(name: str, which: int, libraries: list[Maps], error: Callable[[Map], float]) -> None:
    """Print the errors of one value or derivative, and refuse too large a one of fcnref."""
    functions = [maps.get(name, (None, None))[which] for maps in libraries]
    with np.errstate(all="ignore"):
        errors = [error(f) if f else None for f in functions]
    label = name + "′" * which
    print(f"{label:24}" + "".join(f"{printed(e):>10}" for e in errors), flush=True)
    assert errors[0] is not None
    assert errors[0] <= MOST, f"fcnref.{label} is {errors[0]:.1f} units off"


def header(title: str, present: dict[str, Maps]) -> None:
    print(f"\n{title}: the largest error in units in the last place")
    print(f"{'':24}" + "".join(f"{name:>10}" for name in present))


def elementwise_maps(present: dict[str, Maps], count: int, dtype: Any) -> None:
    Z = whole_range(np.random.default_rng(0), count, dtype)
    header(f"{np.dtype(dtype).name}, {Z.size} numbers", present)
    for name, formulas in MAPS.items():
        for which, formula in enumerate(formulas):
            wanted = [exact(formula, float(z)) for z in Z]

            def error(f: Map, wanted: list[Any] = wanted) -> float:
                return max(ulps(g, w, dtype) for g, w in zip(f(Z).flat, wanted, strict=True))

            row(name, which, list(present.values()), error)


def losses_and_column_maps(present: dict[str, Maps], count: int, dtype: Any) -> None:
    header(f"{np.dtype(dtype).name}, about {count} columns, relative to terms", present)
    for name, case in CASES.items():
        Z, Y = case.draw(np.random.default_rng(0), count, dtype)
        columns = [(Z[:, [i]], Y[:, [i]]) for i in range(Z.shape[1])]
        for which, oracle in enumerate((case.value, case.grad)):
            if oracle is None:
                continue
            wanted = exact_columns.wanted(oracle, Z, Y)

            def error(f: Map, columns: Any = columns, wanted: list[Any] = wanted) -> float:
                got = [np.atleast_1d(f(*column)) for column in columns]
                return exact_columns.worst(got, wanted, dtype)[0]

            row(name, which, list(present.values()), error)


def every_single(present: dict[str, Maps], stride: int) -> None:
    which_numbers = "every number" if stride == 1 else f"every {stride}th number"
    header(f"float32, {which_numbers} from 2⁻²⁶ to 2⁷ and its negative", present)
    for name in MAPS:
        for which in (0, 1):
            row(name, which, list(present.values()), lambda f: worst_of_singles(f, stride))


def hunt(present: dict[str, Maps], millions: int) -> None:
    header(f"float64, {millions} million numbers from 10⁻⁴ to 10 and their negatives", present)
    for name in extended.MAPS:
        for which in (0, 1):
            error = partial(worst_of_millions, millions, name, which)
            row(name, which, list(present.values()), error)


def worst_of_millions(millions: int, name: str, which: int, f: Map) -> float:
    rng = np.random.default_rng(0)
    blocks = (np.exp(rng.uniform(np.log(1e-4), np.log(10), 10**6)) for _ in range(millions))
    return max(extended.worst(name, which, f, np.concatenate([Z, -Z])) for Z in blocks)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ALL
    present = {name: make() for name, make in LIBRARIES.items() if find_spec(name)}
    for dtype in (np.float64, np.float32):
        elementwise_maps(present, count, dtype)
        losses_and_column_maps(present, count // ONE_COLUMN_IN, dtype)
    ours = {"fcnref": present["fcnref"]}
    elementwise_maps(ours, TIMES_MORE * count, np.float64)
    if extended.PRESENT:
        hunt(ours, MILLIONS if count >= ALL else 1)
    every_single(ours, stride=1 if count >= ALL else 997)
    for name in LIBRARIES:
        if not find_spec(name):
            print(f"{name} is not installed and left out.")


if __name__ == "__main__":
    main()
