"""The ``fcnref`` command.

``fcnref diagnose`` says which mistake makes a gradient wrong, and ``fcnref check-equations``
evaluates the equations that a page prints. Each explains its options with ``--help``.
"""

import argparse
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from fcnref.problem import Problem, informative_problem, random_problem

__all__ = ["main"]

DESCRIPTION = "Check a backward pass, or the equations of a page."
TEMPLATE = """\
FILE holds grads(params, X, Y), which returns {"dW1": ..., "db1": ..., ...} for the parameters
params["W1"], params["b1"], ...; examples are columns. If it holds a variable `problem`, made by
fcnref.problem.Problem, the gradients are checked on that. Else the options describe a network,
which is drawn at random.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments
        What follows the name of the command; what it was called with, if None.

    Returns
    -------
    status
        0 if all is right, 1 if something is wrong, 2 if the input cannot be read.

    Examples
    --------
    >>> from fcnref.cli import main
    >>> main(["diagnose", "no_such_file.py"])
    2
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["check-equations"]:
        return _check_equations(given[1:])
    options = _parser().parse_args(given)
    try:
        return _diagnose(options)
    except (ValueError, TypeError, OSError) as error:
        print(f"fcnref: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fcnref", description=DESCRIPTION)
    commands = parser.add_subparsers(required=True, metavar="command")
    commands.add_parser(
        "check-equations", help="evaluate the printed equations of a page", add_help=False
    )
    diagnose = commands.add_parser(
        "diagnose",
        help="say which classic mistake a backward pass contains",
        description=TEMPLATE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    diagnose.add_argument("file", metavar="FILE[:FUNCTION]", help="a Python file")
    diagnose.add_argument("--sizes", help="widths n_0-...-n_L, such as 5-4-4-3")
    diagnose.add_argument("--activations", help="one per layer, such as tanh/sigmoid/softmax")
    diagnose.add_argument("--loss", help="such as cross_entropy or half_squared_error")
    diagnose.add_argument("--m", type=int, default=11, help="number of examples (default 11)")
    diagnose.add_argument("--sum", action="store_true", help="J is a sum, not a mean")
    diagnose.add_argument("--seed", type=int, default=0, help="seed of the random network")
    diagnose.add_argument("--learning-rate", type=float, help="where the code updates as it goes")
    return parser


def _check_equations(arguments: Sequence[str]) -> int:
    try:
        from fcnref.equations.__main__ import main as check_equations
    except ModuleNotFoundError as error:
        print(
            f"fcnref: the equation checker needs {error.name}; install fcnref[equations].",
            file=sys.stderr,
        )
        return 2
    return check_equations(arguments)


def _diagnose(options: argparse.Namespace) -> int:
    from fcnref.diagnosis import diagnose

    path, _, name = options.file.partition(":")
    module = _load(Path(path))
    function = _function(module, name or "grads", path)
    problem = _problem(module, options)
    print(f"{problem}\n")
    report = diagnose(problem, function)
    print(report)
    return 0 if report.ok else 1


def _load(path: Path) -> ModuleType:
    if not path.is_file():
        raise OSError(f"there is no file {path}; pass the Python file with your backward pass.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is no Python file; its name has to end in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # somebody's file: anything may come out of it
        raise ValueError(f"{path} cannot be run: {type(error).__name__}: {error}.") from error
    finally:
        sys.path.remove(str(path.parent))
    return module


def _function(module: ModuleType, name: str, path: str) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if not callable(function):
        names = [n for n, value in vars(module).items() if callable(value) and n[0] != "_"]
        found = f"it defines {', '.join(names)}" if names else "it defines no function"
        raise ValueError(
            f"{path} has no function {name}(params, X, Y); {found}. Name another with "
            f"{path}:FUNCTION."
        )
    checked: Callable[..., Any] = function
    return checked


def _problem(module: ModuleType, options: argparse.Namespace) -> Problem:
    declared = getattr(module, "problem", None)
    described = [options.sizes, options.activations, options.loss]
    if isinstance(declared, Problem) and not any(described):
        return declared
    reduction: Any = "sum" if options.sum else "mean"
    extras = {"reduction": reduction, "learning_rate": options.learning_rate}
    if not any(described):
        return informative_problem(seed=options.seed, **extras)
    if not all(described):
        raise ValueError("--sizes, --activations and --loss describe the network together.")
    try:
        sizes = [int(n) for n in options.sizes.split("-")]
    except ValueError:
        raise ValueError(f"--sizes must be like 5-4-4-3, got {options.sizes}.") from None
    activations = options.activations.split("/")
    if len(sizes) != len(activations) + 1:
        raise ValueError(
            f"--sizes names {len(sizes) - 1} layers and --activations {len(activations)}; "
            "the first size is that of the input."
        )
    return random_problem(sizes, activations, options.loss, options.m, options.seed, **extras)


if __name__ == "__main__":
    sys.exit(main())
