"""Declarations as a page writes them: the part of YAML that they need, and what every key takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeAlias

from fcnref.equations.networks import LOSSES, MADE, NAMED, VARIANCES

Reader: TypeAlias = "Callable[[str, Any], Any]"


class NotationError(ValueError):
    """A declaration that cannot be understood."""


def _refused(key: str, expected: str, value: Any) -> NotationError:
    return NotationError(f"notation: {key} must be {expected}, got {value!r}")


def one_of(*options: str) -> Reader:
    """Take one of some words."""

    def read(key: str, value: Any) -> str:
        if not isinstance(value, str) or value not in options:
            raise _refused(key, f"one of {', '.join(filter(None, options))}", value)
        return value

    return read


def whole(first: int, last: int) -> Reader:
    """Take a whole number, or the word for one."""

    def read(key: str, value: Any) -> int:
        if not re.fullmatch("[0-9]{1,9}", str(value)) or not first <= int(value) <= last:
            raise _refused(key, f"a whole number from {first} to {last}", value)
        return int(value)

    return read


def flag(key: str, value: Any) -> bool:
    """Take true or false."""
    if (word := str(value).lower()) not in _FLAGS:
        raise _refused(key, "true or false", value)
    return _FLAGS[word]


def list_of(reader: Reader, fewest: int = 1) -> Reader:
    """Take a list, or words with spaces between."""

    def read(key: str, value: Any) -> tuple[Any, ...]:
        items = value.split() if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or len(items) < fewest:
            raise _refused(key, f"a list of {fewest} or more" if fewest > 1 else "a list", value)
        return tuple(reader(f"each of {key}", item) for item in items)

    return read


def letter(key: str, value: Any) -> str:
    r"""Take a letter, or a command for one such as \ell."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z]|\\[A-Za-z]+", value):
        raise _refused(key, r"a letter or a command such as \ell", value)
    return value


def words(key: str, value: Any) -> dict[str, str]:
    """Take a map from text to text."""
    if not isinstance(value, Mapping):
        raise _refused(key, "a map from names to text", value)
    for name, text in value.items():
        if not isinstance(name, str) or not name.strip():
            raise _refused(f"a name in {key}", "text", name)
        if not isinstance(text, str | int) or isinstance(text, bool):
            raise _refused(f"{name} in {key}", "text", text)
    return {name: str(text) for name, text in value.items()}


_FLAGS = {"true": True, "yes": True, "false": False, "no": False}
_OPERATORS = (
    *("*", "⊙", "·", "×", "∘", r"\cdot", r"\times", r"\odot", r"\circ", r"\ast", r"\star"),
    *(r"\otimes", r"\bullet", r"\oplus"),
)
READERS: dict[str, Reader] = {
    "examples": one_of("columns", "rows", "one"),
    "weights": one_of("out-in", "in-out"),
    "layers": one_of("superscript", "plain", "subscript", "implicit", "index"),
    "layer_letters": list_of(letter),
    "jacobian": one_of("numerator", "denominator"),
    "gradients": one_of("variable", "transposed"),
    "activation": one_of(*MADE, *NAMED),
    "output": one_of("", *MADE, *NAMED),
    "cost": one_of("any", "mean", "sum", *LOSSES, *(f"sum {loss}" for loss in LOSSES)),
    "chain": one_of("strict", "formal"),
    "depth": whole(1, 100),
    "widths": list_of(whole(1, 1000), 2),
    "examples_count": whole(1, 1000),
    "base": whole(0, 1),
    "dropout": flag,
    "einstein": flag,
    "expectation": one_of("", "weights", "weights and examples"),
    "variance": one_of(*VARIANCES),
    "hadamard": list_of(one_of(*_OPERATORS)),
    "symbols": words,
    "index": words,
    "macros": words,
}
"""What each key of a declaration takes."""


def read_declarations(declared: Any) -> dict[str, Any]:
    """Return what is declared, every value as its key takes it, and the name of a notation."""
    if not isinstance(declared, Mapping):
        raise _refused("a declaration", "a map from keys to values", declared)
    read: dict[str, Any] = {}
    for key, value in declared.items():
        if key == "notation":
            if not isinstance(value, str):
                raise _refused(key, "the name of a notation", value)
            read[key] = value
        elif key in READERS:
            read[key] = READERS[key](key, value)
        else:
            close = get_close_matches(str(key), READERS, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(READERS)}"
            raise NotationError(f"notation: {key!r} is not a declaration; {hint}")
    return read


def named_or_declared(value: Any) -> dict[str, Any]:
    """Return what stands under `equations`; a name alone is that of a notation."""
    if isinstance(value, str):
        return {"notation": value}
    if not isinstance(value, Mapping):
        raise _refused("equations", "the name of a notation or a map of declarations", value)
    return dict(value)


_ENTRY = re.compile(
    r"""(?P<indent>\s*)(?P<key>"(?:[^"\\]|\\.)*"|'[^']*'|[^:#'"{\s][^:#'"]*?)\s*:(?:\s+(?P<value>.*))?"""
)


def read_mapping(text: str) -> dict[str, Any]:
    r"""Read the part of YAML that declarations need: nested maps, words, quoted words, lists.

    Examples
    --------
    >>> from fcnref.equations.declarations import read_mapping
    >>> read_mapping("cost: mean\nindex: {i: m}")
    {'cost': 'mean', 'index': {'i': 'm'}}
    """
    root: dict[str, Any] = {}
    stack: list[tuple[int, dict[str, Any]]] = [(-1, root)]
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _entry(line.rstrip())
        indent = len(found["indent"].expandtabs())
        while stack[-1][0] >= indent:
            stack.pop()
        key, value = str(_scalar(found["key"])), (found["value"] or "").strip()
        if value and not value.startswith("#"):
            _put(stack[-1][1], key, _scalar(value))
        else:
            inner: dict[str, Any] = {}
            _put(stack[-1][1], key, inner)
            stack.append((indent, inner))
    return root


def _put(mapping: dict[str, Any], key: str, value: Any) -> None:
    if key in mapping:
        raise NotationError(f"notation: {key!r} stands twice in one map; keep one of the two")
    mapping[key] = value


def _entry(text: str) -> re.Match[str]:
    found = _ENTRY.fullmatch(text)
    if found is None:
        raise NotationError(
            f"notation: {text.strip()!r} is not read; write 'key: value', and a list as [a, b]"
        )
    return found


def _scalar(text: str) -> Any:
    text = text.strip()
    if text[:1] == "'":
        return text[1 : text.find("'", 1)] if text.find("'", 1) > 0 else text[1:]
    if text[:1] == '"':
        end = re.match(r'"((?:[^"\\]|\\.)*)"', text)
        return re.sub(r'\\(["\\])', r"\1", end[1]) if end else text[1:]
    text = re.sub(r"\s+#.*", "", text)
    if text[:1] == "{" and text[-1:] == "}":
        entries: dict[str, Any] = {}
        for entry in (_entry(part.strip()) for part in _parts(text[1:-1])):
            _put(entries, str(_scalar(entry["key"])), _scalar(entry["value"] or ""))
        return entries
    if text[:1] == "[" and text[-1:] == "]":
        return [_scalar(part) for part in _parts(text[1:-1])]
    return {"true": True, "false": False}.get(text, text)


_PIECE = re.compile(r"""(?:^|(?<=[\s:{\[]))(?:"(?:[^"\\]|\\.)*"|'[^']*')|.""", re.DOTALL)


def _parts(text: str) -> Sequence[str]:
    """Split what a list or a map holds at its own commas."""
    parts, depth = [""], 0
    for piece in _PIECE.findall(text):
        depth += (piece in {"{", "["}) - (piece in {"}", "]"})
        if piece == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return [part for part in parts if part.strip()]


def front_matter(text: str) -> dict[str, Any]:
    """Return what the front matter of a page declares under `equations`."""
    found = re.match(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", text, re.DOTALL)
    if found is None:
        return {}
    own = re.search(r"^equations[ \t]*:.*(?:\n(?:[ \t].*)?$)*", found[1], re.MULTILINE)
    if own is not None:
        return named_or_declared(read_mapping(own[0])["equations"])
    keys = re.findall(r"^([A-Za-z_]+)[ \t]*:", found[1], re.MULTILINE)
    if close := get_close_matches("equations", keys, 1, 0.8):
        raise NotationError(
            f"notation: the front matter says {close[0]!r}; declarations stand under 'equations'"
        )
    return {}
