"""The names of symbols: how a factor is looked up, and which signs are never names."""

from __future__ import annotations

from collections.abc import Iterator

from lark import Token, Tree

from fcnref.equations.meaning.reader import Reader
from fcnref.equations.notation import Symbol
from fcnref.equations.syntax import (
    Item,
    atom_of,
    inner_side,
    items_of,
    scripts_of,
    spell,
    unwrapped,
)

_SPELLINGS = {
    "abs": "abs",
    "cos": r"\cos",
    "diag": r"diag Diag \diag",
    "erf": r"erf \erf",
    "erfc": r"erfc \erfc",
    "exp": r"exp \exp",
    "gelu": "gelu GELU",
    "imag": r"Im \Im",
    "real": r"Re \Re",
    "gelu_tanh": "gelu_tanh",
    "log": r"log ln \log \ln",
    "log_softmax": "logsoftmax log_softmax",
    "max": r"max \max",
    "min": r"min \min",
    "prod": "prod",
    "relu": r"ReLU relu Relu \ReLU \relu",
    "sigmoid": r"sigmoid Sigmoid \sigmoid",
    "sign": "sign sgn",
    "silu": "silu SiLU",
    "sin": r"\sin",
    "softmax": r"softmax Softmax \softmax",
    "softplus": "softplus",
    "step": "step",
    "tanh": r"tanh \tanh",
    "trace": r"tr Tr \tr \Tr",
}
PLAIN_FUNCTIONS = {
    spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings.split()
}
"""The functions that need no declaration, by every spelling of their name."""

PARTIAL = frozenset({r"\partial", "∂"})
HIDING = frozenset({r"\boxed", r"\underbrace", r"\overbrace"})
"""Decorations that are no part of a name and no part of a value."""

_TRANSPARENT = frozenset(
    {r"\mathbf", r"\boldsymbol", r"\bm", r"\vec", r"\pmb", r"\bold", r"\bf", r"\underline",
     r"\overrightarrow"}
)  # fmt: skip
_SIGNS = frozenset(
    {r"\sum", r"\prod", r"\nabla", r"\partial", "∂", "∇", r"\infty", r"\dots", r"\forall", r"\to",
     r"\int", r"\iint", r"\oint", r"\lim", r"\cap", r"\cup",
     "I", r"\mathbfI", r"\mathbf1", r"\mathbb1"}
)  # fmt: skip


def look_up(reader: Reader, item: Item) -> tuple[str, Symbol | None]:
    """Look a factor up: as printed with its scripts, then bare, then without bold type."""
    atom = atom_of(item)
    lookup = reader.notation.lookup
    bare = bare_name(atom)
    if not bare:
        return "", None
    worded = "".join(spell(script) for script in scripts_of(item) if is_word(script))
    if worded and bare + worded not in lookup:
        return bare + worded, None
    for spelled in (spell(item), *_prefixes(item), spell(atom), bare):
        if spelled in reader.definitions:
            return spelled, lookup.get(spelled)
        if spelled in lookup:
            return spelled, lookup[spelled]
    return bare, None


def scripts_beyond(name: str, item: Item) -> list[Tree[Token]]:
    """Return the scripts of a factor that are no part of the name it is looked up by."""
    stem = spell(atom_of(item))
    printed = [] if name == spell(item) else scripts_of(item)
    return [script for script in printed if name != stem + spell(script) and not is_word(script)]


def is_word(script: Tree[Token]) -> bool:
    """Tell whether a subscript is a word or a command that belongs to the name."""
    items = unwrapped(script.children[0])
    atom = atom_of(items[0]) if len(items) == 1 else None
    if script.data != "subscript" or not isinstance(atom, Token):
        return False
    function = atom in PLAIN_FUNCTIONS and atom.type in {"COMMAND", "WORD"}
    return atom.type in {"TEXT", "WORD"} or function


def _prefixes(item: Item) -> Iterator[str]:
    """Yield the spellings of a factor with its first script only."""
    for script in scripts_of(item):
        if script.data != "prime":
            yield spell(atom_of(item)) + spell(script)


def bare_name(atom: Item) -> str:
    """Return the name of a symbol without bold type or arrows, or ""."""
    if isinstance(atom, Token):
        return spell(atom) if atom.type in {"LETTER", "COMMAND", "WORD"} else ""
    if atom.data == "styled":
        style = str(atom.children[0])
        if style in HIDING | {r"\norm", r"\abs"}:
            return ""
        name = bare_name(atom_of(atom.children[1]))
        return name if style in _TRANSPARENT or not name else style + name
    if atom.data == "group" and (side := inner_side(atom)) is not None:
        items = items_of(side)
        lone = len(items) == 1 and not scripts_of(items[0]) and len(side.children) == 1
        return bare_name(atom_of(items[0])) if lone else ""
    return ""


def is_bold(item: Item, name: str) -> bool:
    """Tell whether a symbol is set in another type than the one it is declared in."""
    return isinstance(atom_of(item), Tree) and spell(atom_of(item)) != name


def is_sign(atom: Item) -> bool:
    """Tell whether an atom is a sign of mathematics, not a name that a page may give."""
    spelled = spell(atom)
    return spelled in _SIGNS or spelled in PLAIN_FUNCTIONS
