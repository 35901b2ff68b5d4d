"""How exact values and derivatives are: the largest errors in units in the last place.

The oracle is mpmath with 60 digits, over all magnitudes of both signs in double and in single
precision. SciPy, PyTorch and JAX stand beside where they are installed; their derivatives are the
ones that their automatic differentiation takes, SciPy's the textbook formula of its own values.
"""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import fcnref

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.exact import MAPS, exact, ulps, whole_range

Map = Callable[[Any], Any]
LEAST = 4


def of_fcnref() -> dict[str, tuple[Map, Map]]:
    return {name: (getattr(fcnref, name), getattr(fcnref, f"{name}_prime")) for name in MAPS}


def of_scipy() -> dict[str, tuple[Map, Map]]:
    from scipy.special import erf, expit, log_expit

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
    }


def of_torch() -> dict[str, tuple[Map, Map]]:
    import torch
    from torch.nn import functional

    def pair(f: Map) -> tuple[Map, Map]:
        def prime(Z: Any) -> Any:
            z = torch.tensor(Z, requires_grad=True)
            f(z).sum().backward()
            return z.grad.numpy()

        return (lambda Z: f(torch.tensor(Z)).numpy()), prime

    maps = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": functional.leaky_relu,
        "softplus": functional.softplus,
        "silu": functional.silu,
        "gelu": functional.gelu,
        "gelu_tanh": lambda z: functional.gelu(z, approximate="tanh"),
    }
    return {name: pair(f) for name, f in maps.items()}


def of_jax() -> dict[str, tuple[Map, Map]]:
    import jax

    jax.config.update("jax_enable_x64", True)

    def pair(f: Map) -> tuple[Map, Map]:
        prime = jax.vmap(jax.grad(f))
        return (lambda Z: np.asarray(f(Z))), (lambda Z: np.asarray(prime(Z)))

    nn = jax.nn
    maps = {
        "sigmoid": nn.sigmoid,
        "tanh": jax.numpy.tanh,
        "relu": nn.relu,
        "leaky_relu": nn.leaky_relu,
        "softplus": nn.softplus,
        "silu": nn.silu,
        "gelu": lambda z: nn.gelu(z, approximate=False),
        "gelu_tanh": lambda z: nn.gelu(z, approximate=True),
    }
    return {name: pair(f) for name, f in maps.items()}


LIBRARIES = {"fcnref": of_fcnref, "scipy": of_scipy, "torch": of_torch, "jax": of_jax}


def error(got: Any, wanted: list[Any], dtype: Any) -> float:
    return max(ulps(g, w, dtype) for g, w in zip(got.flat, wanted, strict=True))


def printed(number: float | None) -> str:
    if number is None:
        return "-"
    return "lost" if np.isinf(number) else f"{number:.1f}" if number < 1e4 else f"{number:.0e}"


def table(count: int, dtype: Any) -> None:
    present = {name: make() for name, make in LIBRARIES.items() if find_spec(name)}
    Z = whole_range(np.random.default_rng(0), count, dtype)
    print(
        f"\n{np.dtype(dtype).name}, {Z.size} numbers: the largest error in units in the last place"
    )
    print(f"{'':20}" + "".join(f"{name:>10}" for name in present))
    for name, formulas in MAPS.items():
        for which, what in enumerate(("", "′")):
            wanted = [exact(formulas[which], float(z)) for z in Z]
            errors = []
            for maps in present.values():
                with np.errstate(all="ignore"):
                    f = maps.get(name, (None, None))[which]
                    errors.append(error(f(Z), wanted, dtype) if f else None)
            print(f"{name + what:20}" + "".join(f"{printed(e):>10}" for e in errors), flush=True)
            if errors[0] is not None:
                assert errors[0] <= LEAST, f"fcnref.{name}{what} is {errors[0]:.1f} units off"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    for dtype in (np.float64, np.float32):
        table(count, dtype)
    for name in LIBRARIES:
        if not find_spec(name):
            print(f"{name} is not installed and left out.")


if __name__ == "__main__":
    main()
