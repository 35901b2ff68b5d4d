"""Mutation testing of the mathematics: every small change of a formula has to fail a test.

One change at a time is made in the syntax tree of a module: a sign, an operator, a number, a
comparison, a transpose, the branches of a condition. The tests of that module then run in a forked
process that imports the changed module in place of the right one. Messages, docstrings and
annotations are left alone. A mutant that no test notices is printed, unless `equivalent.toml` says
why it computes the same.

    python benchmarks/mutation.py affine losses --workers 2

The equation checker has thousands of such places, and its tests take a minute or two. With
``--draw 20`` so many mutants are drawn at random, by ``--seed``, and the survivors are printed.

    python benchmarks/mutation.py --draw 20 --seed 7
"""

import argparse
import ast
import csv
import importlib.abc
import importlib.machinery
import os
import random
import signal
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
TABLE = Path(__file__).with_name("mutation.csv")

MODULES: dict[str, list[str]] = {
    "affine": ["test_affine"],
    "activations/_rules": ["test_elementwise"],
    "activations/_twofold": ["test_twofold", "test_exactness"],
    "activations/_record": ["test_activations"],
    "activations/elementwise": ["test_elementwise", "test_exactness", "test_activations"],
    "activations/gated": ["test_elementwise", "test_exactness"],
    "activations/columnwise": ["test_columnwise", "test_activations", "test_losses"],
    "activations/second_derivatives": ["test_second_order"],
    "losses": ["test_losses"],
    "regularization": ["test_regularization"],
    "network": ["test_network", "test_messages"],
    "gradcheck": ["test_gradcheck", "test_gradcheck_traps"],
    "conventions": ["test_conventions"],
}
"""The tests that are asked for each module, the quickest to notice first."""

CHECKER = [
    path.relative_to(ROOT / "fcnref").with_suffix("").as_posix()
    for path in sorted((ROOT / "fcnref" / "equations").rglob("*.py"))
    if not path.name.startswith("__")
]
CHECKER_TESTS = [
    f"equations/test_{name}"
    for name in ("verdicts", "refusals", "missing", "page", "sums", "notation", "binding", "corpus")
]

HEAVY = ["numpy", "pytest", "lark", "mpmath", "autograd", "sklearn.neural_network", "torch"]
"""What the tests import and no mutant changes."""


class Mutant(NamedTuple):
    """One changed module, compiled, and the line that was changed."""

    line: int
    source: str
    change: str
    code: CodeType

    @property
    def key(self) -> str:
        return f"{self.source}  [{self.change}]"


BINARY = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
          ast.Pow: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult}  # fmt: skip
COMPARED = {ast.Lt: [ast.LtE, ast.GtE], ast.LtE: [ast.Lt, ast.Gt], ast.Gt: [ast.GtE, ast.LtE],
            ast.GtE: [ast.Gt, ast.Lt], ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq],
            ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.In: [ast.NotIn],
            ast.NotIn: [ast.In]}  # fmt: skip


def changes(node: ast.AST) -> Iterator[tuple[str, Callable[[], Callable[[], None]]]]:
    """Every small change of one node: its name, and how to make it; making it returns the undo."""

    def put(**fields: Any) -> Callable[[], Callable[[], None]]:
        def make() -> Callable[[], None]:
            before = {name: getattr(node, name) for name in fields}
            vars(node).update(fields)
            return lambda: vars(node).update(before)

        return make

    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield "swapped factors", put(left=right, right=left)
        case ast.BinOp(op=op) if type(op) in BINARY:
            other_op = BINARY[type(op)]
            yield f"{type(op).__name__} to {other_op.__name__}", put(op=other_op())
        case ast.UnaryOp(op=ast.USub()):
            yield "sign", put(op=ast.UAdd())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            double = ast.copy_location(ast.UnaryOp(ast.Not(), operand), node)
            yield "negated", put(operand=double)
        case ast.Compare(ops=[op]) if type(op) in COMPARED:
            for other in COMPARED[type(op)]:
                yield f"{type(op).__name__} to {other.__name__}", put(ops=[other()])
        case ast.BoolOp(op=op):
            other = ast.Or if isinstance(op, ast.And) else ast.And
            yield f"{type(op).__name__} to {other.__name__}", put(op=other())
        case ast.Constant(value=bool(value)):
            yield f"{value} to {not value}", put(value=not value)
        case ast.Constant(value=int(value)):
            yield f"{value} to {value + 1}", put(value=value + 1)
        case ast.Constant(value=float(value)):
            yield f"{value} to {1.5 * value or 1.0}", put(value=1.5 * value or 1.0)
        case ast.Attribute(attr="T"):
            yield ".T dropped", put(attr="real")
        case ast.Call(func=ast.Attribute(attr="where"), args=[condition, one, other]):
            yield "swapped branches", put(args=[condition, other, one])
        case ast.IfExp(body=one, orelse=other):
            yield "swapped branches", put(body=other, orelse=one)


def formulas(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes whose value counts: no annotations, no decorators, no messages."""

    def walk(node: ast.AST) -> Iterator[ast.AST]:
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom):
            return
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return
        yield node
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from walk(child)

    yield from walk(tree)


def mutants(path: Path) -> list[Mutant]:
    """Every small change of a module; the same change of a line is counted, as in "0 to 1 (2)"."""
    text = path.read_text(encoding="utf-8")
    tree, lines = ast.parse(text), text.splitlines()
    seen: Counter[tuple[int, str]] = Counter()
    made = []
    for node in list(formulas(tree)):
        for change, make in changes(node):
            undo = make()
            ast.fix_missing_locations(tree)
            code = compile(tree, str(path), "exec")
            undo()
            line: int = node.lineno  # type: ignore[attr-defined] # what is changed has a place
            seen[line, change] += 1
            number = f" ({seen[line, change]})" if seen[line, change] > 1 else ""
            made.append(Mutant(line, lines[line - 1].strip(), change + number, code))
    return made


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from code that was compiled before."""

    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        self.name, self.path, self.code = name, path, code

    def find_spec(self, name: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.machinery.ModuleSpec(name, self, origin=str(self.path))

    def exec_module(self, module: Any) -> None:
        exec(self.code, module.__dict__)


def survives(module: str, mutant: Mutant, tests: Sequence[str], limit: float = 3600) -> bool:
    """Run the tests of one mutant in a process of its own; a test that hangs has noticed, too."""
    child = os.fork()
    if child == 0:
        os.setsid()
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        status = 1
        try:
            import pytest

            name = "fcnref." + module.replace("/", ".")
            sys.meta_path.insert(0, Changed(name, ROOT / "fcnref" / f"{module}.py", mutant.code))
            options = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=no"]
            status = int(pytest.main([*options, *tests]))
        finally:
            os._exit(status)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def paths(tests: Sequence[str]) -> list[str]:
    found = [ROOT / "tests" / name for name in tests]
    return [str(path if path.exists() else path.with_suffix(".py")) for path in found]


def seconds(module: str, tests: Sequence[str]) -> float:
    """Run the tests of a module as it is, and return how long they took."""
    path, begun = ROOT / "fcnref" / f"{module}.py", time.monotonic()
    right = Mutant(0, "", "", compile(path.read_text(encoding="utf-8"), str(path), "exec"))
    if not survives(module, right, tests):
        raise SystemExit(f"{module}: the tests fail without a change, so that no mutant counts.")
    return time.monotonic() - begun


def score(module: str, workers: int, equivalent: dict[str, str]) -> dict[str, int]:
    """Print the survivors of one module and return its figures."""
    tests = paths(MODULES[module])
    limit = 30 + 10 * workers * seconds(module, tests)
    all_of_them = mutants(ROOT / "fcnref" / f"{module}.py")
    with ThreadPoolExecutor(workers) as pool:
        alive = list(pool.map(lambda mutant: survives(module, mutant, tests, limit), all_of_them))
    survivors = [mutant for mutant, lives in zip(all_of_them, alive, strict=True) if lives]
    unexplained = [mutant for mutant in survivors if mutant.key not in equivalent]
    figures = {
        "mutants": len(all_of_them),
        "killed": len(all_of_them) - len(survivors),
        "equivalent": len(survivors) - len(unexplained),
        "survived": len(unexplained),
    }
    told = "".join(f"{value:8} {name}" for name, value in figures.items())
    print(f"{module:32}{told}", flush=True)
    for mutant in unexplained:
        print(f"    line {mutant.line}: {mutant.key}", flush=True)
    return figures


def try_drawn(count: int, seed: int, workers: int) -> int:
    """Print the survivors among mutants of the equation checker that are drawn at random."""
    every = [
        (module, mutant)
        for module in CHECKER
        for mutant in mutants(ROOT / "fcnref" / f"{module}.py")
    ]
    drawn, tests = random.Random(seed).sample(every, count), paths(CHECKER_TESTS)
    limit = 30 + 10 * workers * seconds(CHECKER[0], tests)
    with ThreadPoolExecutor(workers) as pool:
        alive = list(pool.map(lambda one: survives(*one, tests, limit), drawn))
    for (module, mutant), lives in zip(drawn, alive, strict=True):
        if lives:
            print(f"{module}, line {mutant.line}: {mutant.key}")
    print(f"{alive.count(False)} of {count} drawn from {len(every)} noticed")
    return 1 if any(alive) else 0


def note(figures: dict[str, dict[str, int]]) -> None:
    """Put the figures of some modules into the table that the page shows."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = {row["module"]: row for row in csv.DictReader(file)}
    rows |= {module: {"module": module, **row} for module, row in figures.items()}
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        columns = ["module", "mutants", "killed", "equivalent", "survived"]
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[module] for module in MODULES if module in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help=f"some of {', '.join(MODULES)}")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", action="store_true", help=f"note the figures in {TABLE.name}")
    parser.add_argument("--draw", type=int, help="so many mutants of the equation checker instead")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    options = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    # Imported once, before the forks; fcnref is not, so that each fork imports its own.
    for heavy in HEAVY:
        with suppress(ModuleNotFoundError):  # a peer that has no wheel for this Python
            importlib.import_module(heavy)
    if options.draw:
        return try_drawn(options.draw, options.seed, options.workers)
    equivalent = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))
    figures = {
        module: score(module, options.workers, equivalent.get(module, {}))
        for module in options.modules or MODULES
    }
    if options.write:
        note(figures)
    return 1 if any(row["survived"] for row in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
