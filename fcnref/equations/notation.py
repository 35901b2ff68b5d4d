"""What the symbols of a page stand for: declared once, read by the checker and by the reader."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

from fcnref.equations.declarations import (
    READERS,
    NotationError,
    front_matter,
    letter,
    named_or_declared,
    read_declarations,
)
from fcnref.equations.expression import LAST, Index, Place, Size, show

Kind = Literal["node", "gradient", "size", "function", "number"]


class Symbol(NamedTuple):
    """What one symbol stands for.

    Attributes
    ----------
    kind
        A quantity of the network (node), the gradient of J by one, a size, a function, a number.
    family
        W, b, Z, A, Y, J or losses; for a size n, m or L; for a function its name.
    layer
        The layer, where l stands for the layer that is printed at the symbol.
    view
        Whether the bare symbol is the whole array ("matrix"), one example ("columns") or, having
        to carry its indices, nothing at all ("entries").
    scaled
        True for the derivative of the sum of the losses, m times the derivative of their mean.
    soft
        True where a page may give the symbol another meaning by defining it.
    rate
        True for the derivative along one direction of inputs and parameters, d/dt.
    """

    kind: Kind
    family: str
    layer: Place | None = None
    view: str = "matrix"
    scaled: bool = False
    soft: bool = False
    rate: bool = False


_FAMILIES = {
    "gain": "gain",
    "shift": "shift",
    "K": "K",
    "D": "D",
    "W": "W",
    "b": "b",
    "B": "b",
    "Z": "Z",
    "A": "A",
    "Y": "Y",
    "J": "J",
    "X": "A",
    "variance": "V",
}
_MEANING = re.compile(
    r"(?P<rate>rate of )?(?:(?P<view>entries|columns|rows) of )?(?P<scaled>m )?(?P<gradient>dJ/d)?"
    r"(?P<family>losses|gain|shift|variance|[WbBZAYJXKD])(?:\[(?P<layer>[^\]]*)\])?"
)
_SIZE = re.compile(r"(?:size )?(?:(?P<n>n)\[(?P<layer>[^\]]*)\]|(?P<other>m|L))")
_PLACE = re.compile(r"(?P<letter>[A-Za-z]+)?\s*(?P<shift>(?(letter)[+-])\s*\d+)?")

FUNCTIONS = frozenset(
    {"sigmoid", "tanh", "relu", "leaky_relu", "softplus", "silu", "gelu", "gelu_tanh", "identity",
     "softmax", "log_softmax", "exp", "log", "sqrt", "abs", "max", "min", "sin", "cos", "sign",
     "step", "diag", "trace", "sum", "any", "imag", "real", "erf", "erfc",
     "normal_density", "normal_distribution"}
)  # fmt: skip


def read_place(text: str) -> Place:
    """Read l, l-1, L, m, 3 or n[l] as a place.

    Examples
    --------
    >>> from fcnref.equations.notation import read_place
    >>> read_place("l-1")
    Index(letter='l', shift=-1)
    """
    text = text.strip()
    if size := _SIZE.fullmatch(text):
        return Size("n", read_place(size["layer"])) if size["n"] else Size(size["other"])
    place = _PLACE.fullmatch(text)
    if place is None or not text:
        raise NotationError(f"notation: expected a place such as l-1, L or 2, got {text!r}")
    shift = int((place["shift"] or "0").replace(" ", ""))
    if place["letter"] == "L":
        return replace(LAST, shift=shift)
    return Index(place["letter"] or "", shift)


_FREE = frozenset({"number", "vector", "matrix", "epsilon", "time", "step", "imaginary unit"})
"""What is no part of a network: numbers and arrays that may be anything, and a few with a role."""


def read_symbol(meaning: str) -> Symbol:
    """Read the declared meaning of a symbol.

    Parameters
    ----------
    meaning
        "W[l]", "A[l-1]", "entries of Z[l]", "columns of A[l]", "dJ/dZ[l]", "m dJ/dZ[l]", "Y", "J",
        "losses", "size n[l]", "size m", "activation", "function tanh" or "number".

    Examples
    --------
    >>> from fcnref.equations.notation import read_symbol
    >>> read_symbol("entries of Z[l]").view
    'entries'
    """
    text = " ".join(meaning.split())
    if text in _FREE:
        return Symbol("number", text)
    if text == "any function":
        return Symbol("function", "any")
    if text in {"activation", "activation[l]"}:
        return Symbol("function", "activation")
    if text.removeprefix("function ") in FUNCTIONS:
        return Symbol("function", text.removeprefix("function "))
    if size := _SIZE.fullmatch(text):
        if size["n"]:
            return Symbol("size", "n", read_place(size["layer"]))
        return Symbol("size", size["other"])
    found = _MEANING.fullmatch(text)
    if found is None or (found["scaled"] and not found["gradient"]):
        raise NotationError(
            f"notation: {meaning!r} is no meaning; write for instance 'W[l]', 'entries of Z[l]', "
            "'dJ/dZ[l]', 'J', 'Y', 'size n[l]', 'activation', 'function tanh' or 'number'"
        )
    family = "losses" if found["family"] == "losses" else _FAMILIES[found["family"]]
    layer: Place | None = None
    if family in {"J", "Y", "losses"} or found["family"] == "X":
        if found["layer"] is not None:
            raise NotationError(f"notation: {found['family']} has no layer, got {meaning!r}")
        layer = Index("", 0) if family == "A" else None
    else:
        layer = read_place("l" if found["layer"] is None else found["layer"])
    view = {"rows": "columns", None: "matrix"}.get(found["view"], found["view"])
    kind: Kind = "gradient" if found["gradient"] else "node"
    return Symbol(kind, family, layer, view, bool(found["scaled"]), rate=bool(found["rate"]))


def _symbol(name: str, meaning: str, letters: Collection[str]) -> Symbol:
    """Read the declared meaning of a symbol, whose layer has one of some letters."""
    with _told_of(f"symbol {name!r}"):
        symbol = read_symbol(meaning)
        if symbol.layer is not None:
            _check_layer(symbol.layer, letters)
    return symbol


def _range(name: str, text: str, letters: Collection[str]) -> Place:
    """Read what an index runs over."""
    letter("an index", name.rstrip("'"))
    with _told_of(f"index {name!r}"):
        place = read_place(text)
        layer = place if isinstance(place, Index) else place.layer
        if layer is not None:
            _check_layer(layer, letters)
    return place


@contextmanager
def _told_of(what: str) -> Iterator[None]:
    """Say in the message of an error what it is about."""
    try:
        yield
    except NotationError as error:
        raise NotationError(f"notation: {what}: {str(error).removeprefix('notation: ')}") from None


def _check_layer(layer: Place, letters: Collection[str]) -> None:
    known = layer.letter in {"", *letters} if isinstance(layer, Index) else layer.kind == "L"
    if not known:
        raise NotationError(f"notation: expected a layer such as l-1, L or 2, got {show(layer)!r}")


def _table(text: str, *, soft: bool = False) -> dict[str, Symbol]:
    pairs = (line.split(": ", 1) for line in text.strip().splitlines())
    return {
        name: read_symbol(meaning.strip())._replace(soft=soft)
        for names, meaning in pairs
        for name in names.split()
    }


_ALWAYS = _table(
    r"""
    J C E L \mathcal{L} \ell \mathcal{J} \mathcal{C} \mathcal{E} \mathscr{L}: J
    g f \sigma \phi \varphi \psi: activation
    n: size n[l]
    m: size m
    \alpha \eta \lambda \epsilon \varepsilon \beta \gamma \mu \rho \nu \kappa: number
    """
)
_BATCH = {
    **_ALWAYS,
    **_table(
        r"""
        W: W[l]
        w: entries of W[l]
        b: b[l]
        B: b[l]
        Z: Z[l]
        z: entries of Z[l]
        A H: A[l]
        a h: entries of A[l]
        X: A[0]
        x: entries of A[0]
        Y: Y
        y: entries of Y
        \hat{Y} \widehat{Y}: A[L]
        \hat{y} \widehat{y}: entries of A[L]
        """
    ),
    **_table(r"\delta \Delta: dJ/dZ[l]", soft=True),
}
_ONE = {
    **_ALWAYS,
    **_table(
        r"""
        W w: W[l]
        b: b[l]
        Z z: Z[l]
        A a H h: A[l]
        X x: A[0]
        Y y t: Y
        \hat{Y} \hat{y} \widehat{y}: A[L]
        """
    ),
    **_table(r"\delta \Delta: dJ/dZ[l]", soft=True),
}


@dataclass(frozen=True)
class Notation:
    r"""The notation of a page.

    Parameters
    ----------
    name
        How reports call it.
    examples
        "columns", "rows", or "one" where the page treats a single example.
    weights
        "out-in" where W has one row per unit of its own layer, "in-out" where it has one column.
    layers
        Where a symbol shows its layer: "superscript" (brackets, parentheses or a bare letter),
        "plain" (bare numbers as well, so that z^2 is layer 2), "subscript", "implicit" (nowhere:
        the symbol alone means layer l) or "index" (the index letter tells the layer).
    layer_letters
        The letters that run over layers.
    jacobian
        "numerator" or "denominator": the layout of a vector differentiated by a vector.
    gradients
        "variable" where a gradient has the shape of its variable, "transposed" where it does not.
    activation, output
        What g may be here: "generic" (any map of columns), "elementwise", or the name of one; and
        the same for the last layer, "" where it is like the others.
    cost
        "any", "mean" or "sum" of losses, or the name of a loss.
    chain
        "strict", or "formal" where a product of derivatives of matrices means the chain rule.
    depth, widths, examples_count
        The size of the probes where the page fixes it; 0 and () leave it to the checker.
    base
        The first value of an index.
    dropout
        True where a mask K multiplies the activations of the hidden layers.
    einstein
        True where an index that the left side lacks is summed over, without a sign.
    expectation
        What 𝔼 averages over: "weights" of layer l, independent with mean 0, its bias being 0; or
        "weights and examples".
    variance
        The variance of the weights of a layer: "any", or "lecun", "he" or "glorot".
    symbols
        From the printed symbol to what it stands for.
    index
        From an index letter to its range.
    macros
        From a command to the LaTeX it stands for.
    hadamard
        The operators that multiply entry by entry.

    Examples
    --------
    >>> from fcnref.equations import Notation
    >>> notes = Notation.bundled("one-example").extend({"cost": "half-squared-error"})
    >>> notes.cost
    'half-squared-error'
    """

    name: str = "columns-are-examples"
    examples: str = "columns"
    weights: str = "out-in"
    layers: str = "superscript"
    layer_letters: tuple[str, ...] = ("l", r"\ell")
    jacobian: str = "numerator"
    gradients: str = "variable"
    activation: str = "generic"
    output: str = ""
    cost: str = "any"
    chain: str = "strict"
    depth: int = 0
    widths: tuple[int, ...] = ()
    examples_count: int = 0
    base: int = 1
    dropout: bool = False
    einstein: bool = False
    expectation: str = ""
    variance: str = "any"
    symbols: Mapping[str, Symbol] = field(default_factory=lambda: _BATCH)
    index: Mapping[str, Place] = field(
        default_factory=lambda: {
            "i": Size("m"),
            "j": Size("n", Index("l")),
            "p": Size("n", Index("l")),
            "q": Size("n", Index("l")),
            "k": Size("n", Index("l", -1)),
        }
    )
    macros: Mapping[str, str] = field(default_factory=dict)
    hadamard: tuple[str, ...] = (
        r"\odot", r"\circ", r"\ast", r"\star", "*", "⊙", "∘",
    )  # fmt: skip

    @classmethod
    def bundled(cls, name: str) -> Notation:
        """Return one of the notations that come with the package.

        Parameters
        ----------
        name
            One of the names in `BUNDLED`.
        """
        if name not in BUNDLED:
            raise NotationError(
                f"notation: {name!r} is not bundled; choose from {', '.join(BUNDLED)}"
            )
        return BUNDLED[name]

    @classmethod
    def load(cls, path: str | Path) -> Notation:
        """Read a notation from a TOML file, or from the front matter of a page."""
        path = Path(path)
        if path.suffix not in {".toml", ".md"}:
            raise NotationError(
                f"notation: {str(path)!r} is neither a .toml or .md file nor a bundled notation; "
                f"these are {', '.join(BUNDLED)}"
            )
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        declared = front_matter(text) if path.suffix == ".md" else _read_toml(path, text)
        return BUNDLED["columns-are-examples"].extend(declared)

    def extend(self, declared: Mapping[str, Any]) -> Notation:
        """Return this notation with declarations added, as a page or a section makes them."""
        changes = read_declarations(declared)
        base = Notation.bundled(changes.pop("notation")) if "notation" in changes else self
        letters = ("l", *changes.get("layer_letters", base.layer_letters))
        added = {k: _symbol(k, v, letters) for k, v in changes.get("symbols", {}).items()}
        ranges = {k: _range(k, v, letters) for k, v in changes.get("index", {}).items()}
        sizes = {k for k, symbol in added.items() if symbol.kind == "size"}
        index = {k: size for k, size in base.index.items() if k not in sizes}
        changes["symbols"] = {**base.symbols, **added}
        changes["index"] = {**index, **ranges}
        changes["macros"] = {**base.macros, **changes.get("macros", {})}
        extended = replace(base, **changes)
        layers = len(extended.widths) - 1
        if extended.depth and extended.widths and extended.depth != layers:
            raise NotationError(
                f"notation: depth must be {layers}, as widths has the inputs and {layers} layers, "
                f"got {extended.depth}"
            )
        return extended

    @cached_property
    def lookup(self) -> dict[str, Symbol]:
        """The symbols by the spelling under which they are looked up."""
        return {canonical_name(name): symbol for name, symbol in self.symbols.items()}

    def range_of(self, letter: str) -> Place | None:
        """Return the declared range of an index letter; i' has that of i unless it has its own."""
        return self.index.get(letter, self.index.get(letter.rstrip("'")))

    @cached_property
    def example_letter(self) -> str:
        """The letter that runs over the examples."""
        return next((letter for letter, size in self.index.items() if size == Size("m")), "i")

    def is_layer(self, place: Place) -> bool:
        """Tell whether a place can be a layer."""
        if isinstance(place, Size):
            return place.kind == "L"
        return place.letter in self.layer_letters or not place.letter

    @cached_property
    def times(self) -> frozenset[str]:
        """The letters that stand for the time of a directional derivative."""
        return frozenset(n for n, symbol in self.lookup.items() if symbol.family == "time")

    @cached_property
    def steps(self) -> frozenset[str]:
        """The letters that stand for a small step, to be taken to zero."""
        return frozenset(n for n, symbol in self.lookup.items() if symbol.family == "step")

    @property
    def fixes_sizes(self) -> bool:
        """True where the page says how many units or examples there are."""
        return bool(self.widths or self.examples_count)

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Yield symbol, meaning and shape, the rows of the symbol table of a page."""
        for name, symbol in self.symbols.items():
            yield name, describe(symbol), self.shape(symbol)

    def shape(self, symbol: Symbol) -> str:
        """Return the shape that a page prints for a symbol, as LaTeX."""
        if symbol.kind not in {"node", "gradient"} or symbol.family in {"J", "V"}:
            return ""
        layer = show(symbol.layer) if symbol.layer is not None else "L"
        own = f"n^{{[{layer}]}}"
        if symbol.family == "W":
            before = (
                show(replace(symbol.layer, shift=symbol.layer.shift - 1)) if symbol.layer else ""
            )
            sizes = (own, f"n^{{[{before}]}}")
        else:
            sizes = (
                own,
                "1" if symbol.family in {"b", "gain", "shift"} or self.examples == "one" else "m",
            )
        if symbol.view == "entries":
            return "1"
        if symbol.view == "columns":
            sizes = (own, "1")
        flipped = self.flips(symbol.family)
        return r" \times ".join(sizes[::-1] if flipped else sizes)

    def flips(self, family: str) -> bool:
        """Tell whether the page prints the transpose of the stored array of a family."""
        if family == "W":
            return self.weights == "in-out"
        return self.examples == "rows"


def _read_toml(path: Path, text: str) -> dict[str, Any]:
    """Return what a TOML file declares, by itself or under `equations`."""
    try:
        declared = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NotationError(f"notation: {path} is no TOML: {error}") from error
    if "equations" not in declared:
        return declared
    if stray := next((key for key in declared if key in READERS), None):
        raise NotationError(f"notation: {stray!r} stands outside of 'equations'")
    return named_or_declared(declared["equations"])


def canonical_name(name: str) -> str:
    """Return the spelling under which a symbol is looked up."""
    return re.sub(r"[\s{}]", "", name)


def describe(symbol: Symbol) -> str:
    """Say in words what a symbol stands for."""
    layer = f" of layer {show(symbol.layer)}" if symbol.layer is not None else ""
    words = {
        "W": "weights",
        "b": "bias",
        "K": "mask of the dropout",
        "D": "activations after dropout",
        "gain": "gain of the layer normalization",
        "shift": "shift of the layer normalization",
        "Z": "pre-activations",
        "A": "activations",
        "Y": "targets",
        "V": "variance of the weights",
        "J": "cost",
        "losses": "loss of each example",
    }
    if symbol.kind == "number":
        return {"step": "a small step", "time": "the time", "imaginary unit": symbol.family}.get(
            symbol.family, f"a {symbol.family}" if symbol.family != "epsilon" else "a small number"
        )
    if symbol.kind == "function":
        return "activation" if symbol.family == "activation" else symbol.family.replace("_", " ")
    if symbol.kind == "size":
        sizes = {"n": f"number of units{layer}", "m": "number of examples", "L": "number of layers"}
        return sizes[symbol.family]
    if symbol.layer == Index("", 0):
        text = "inputs"
    elif symbol.layer == LAST and symbol.family == "A":
        text = "outputs"
    else:
        text = words[symbol.family] + layer
    if symbol.kind == "gradient":
        text = f"gradient of {'the sum of the losses' if symbol.scaled else 'J'} by the {text}"
    if symbol.rate:
        text = f"rate of change of the {text}"
    return {"entries": "an entry of the ", "columns": "one example of the "}.get(
        symbol.view, ""
    ) + text


_UNITS: dict[str, Place] = {
    "j": Size("n", Index("l")),
    "p": Size("n", Index("l")),
    "q": Size("n", Index("l")),
    "k": Size("n", Index("l", -1)),
}
_COLUMNS = Notation(symbols=_BATCH)
_SINGLE = Notation(name="one-example", examples="one", symbols=_ONE, index=_UNITS)

BUNDLED: dict[str, Notation] = {
    "columns-are-examples": _COLUMNS,
    "rows-are-examples": replace(
        _COLUMNS, name="rows-are-examples", examples="rows", weights="in-out"
    ),
    "one-example": _SINGLE,
    "one-layer": _SINGLE.extend(
        {"layers": "implicit", "symbols": {"x": "A[l-1]", "X": "A[l-1]"}}
    ),
    "ng": _COLUMNS.extend(
        {
            "cost": "mean",
            "activation": "elementwise",
            "symbols": {"dZ": "m dJ/dZ[l]", "dz": "columns of m dJ/dZ[l]",
                        "dA": "m dJ/dA[l]", "da": "columns of m dJ/dA[l]"},
        }
    ),
    "nielsen": _SINGLE.extend(
        {"layers": "plain", "activation": "elementwise", "symbols": {r"\nabla_a": "dJ/dA[L]"}}
    ),
    "bishop": _SINGLE.extend(
        {
            "layers": "index",
            "activation": "elementwise",
            "symbols": {"a": "Z[l]", "z": "A[l]", "h": "activation"},
            "index": {"j": "n[l]", "i": "n[l-1]", "k": "n[l+1]"},
        }
    ),
}  # fmt: skip
BUNDLED = {name: replace(notation, name=name) for name, notation in BUNDLED.items()}
"""The notations that come with the package, by name."""
