"""Mutate the equation checker, one change at a time, and see whether its tests notice.

A mutant changes a comparison, an operator, a constant or a condition of one module in a copy of the
package; the tests of the checker run against the copy and stop at the first failure. Arguments: how
many mutants, the seed of the draw, and the tests. Prints the mutants that no test noticed.
"""

import ast
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHECKER = ROOT / "fcnref" / "equations"
TESTS = ["tests/equations/test_verdicts.py", "tests/equations/test_corpus.py"]
SWAPS: dict[type, type] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE,
    ast.LtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def sites(tree: ast.Module) -> list[ast.AST]:
    """Return the nodes that can be mutated, those of messages and annotations left out."""
    inside = {
        n for f in ast.walk(tree) if isinstance(f, ast.JoinedStr | ast.Raise) for n in ast.walk(f)
    }
    kinds = ast.Compare | ast.BoolOp | ast.BinOp | ast.UnaryOp | ast.Constant | ast.IfExp
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    found = [
        n for f in functions for part in f.body for n in ast.walk(part) if isinstance(n, kinds)
    ]
    return [n for n in dict.fromkeys(found) if n not in inside and mutable(n)]


def mutable(node: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=[op]) | ast.BoolOp(op=op) | ast.BinOp(op=op):
            return type(op) in SWAPS
        case ast.UnaryOp(op=ast.Not()) | ast.IfExp():
            return True
        case ast.Constant(value=bool()):
            return True
        case ast.Constant(value=int()):
            return True
    return False


def mutate(node: ast.AST) -> None:
    match node:
        case ast.Compare():
            node.ops = [SWAPS[type(node.ops[0])]()]
        case ast.BoolOp() | ast.BinOp():
            node.op = SWAPS[type(node.op)]()
        case ast.UnaryOp():
            node.op = ast.UAdd()
            node.operand = ast.Call(ast.Name("bool", ast.Load()), [node.operand], [])
        case ast.IfExp():
            node.body, node.orelse = node.orelse, node.body
        case ast.Constant():
            node.value = not node.value if isinstance(node.value, bool) else node.value + 1


def main() -> int:
    count, seed = (int(x) for x in (*sys.argv[1:3], "20", "0")[:2])
    tests = sys.argv[3:] or TESTS
    rng = random.Random(seed)
    modules = sorted(p for p in CHECKER.rglob("*.py") if p.name not in {"sphinx.py", "ledger.py"})
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in modules}
    every = [(path, n) for path, tree in trees.items() for n in range(len(sites(tree)))]
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("fcnref", "tests", "docs", "pyproject.toml"):
            source = ROOT / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("_build", "node_modules", "__pycache__")
                shutil.copytree(source, copy / name, ignore=ignored)
            else:
                shutil.copy(source, copy / name)
        for path, number in rng.sample(every, count):
            target = copy / path.relative_to(ROOT)
            before = target.read_text(encoding="utf-8")
            tree = ast.parse(before)
            node = sites(tree)[number]
            was = ast.unparse(node)
            mutate(node)
            target.write_text(ast.unparse(ast.fix_missing_locations(tree)), encoding="utf-8")
            command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
            environment = {"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin"}
            try:
                done = subprocess.run(
                    command,
                    cwd=copy,
                    env=environment,
                    capture_output=True,
                    timeout=300,
                    check=False,
                )
                noticed = done.returncode != 0
            except subprocess.TimeoutExpired:
                noticed = True
            target.write_text(before, encoding="utf-8")
            survivors += not noticed
            if not noticed:
                place = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
                print(f"survived {place}: {was}  ->  {ast.unparse(node)}", flush=True)
    print(f"{count - survivors} of {count} mutants noticed; {len(every)} places to mutate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
