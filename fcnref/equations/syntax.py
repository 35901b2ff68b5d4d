"""From LaTeX to a syntax tree, and from the tree to statements with their side conditions.

The grammar is permissive; nothing is refused here for what it means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple, TypeAlias

from lark import Lark, Token, Tree
from lark.exceptions import LarkError

from fcnref.equations.notation import canonical_name
from fcnref.equations.page import LONGEST

Item: TypeAlias = "Token | Tree[Token]"


class NotRead(Exception):  # noqa: N818, a verdict and no error of the program
    """Something that the checker does not understand, with a code and a sentence."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@cache
def _parser() -> Lark:
    grammar = files("fcnref.equations").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False)


def parse(tex: str) -> Tree[Token]:
    """Parse LaTeX with the permissive grammar.

    Raises
    ------
    NotRead
        If the grammar does not know it, or if it is too long or nested too deeply.
    """
    if len(tex) > LONGEST:
        raise NotRead("long", f"the display is longer than {LONGEST} characters")
    prepared = _prepare(tex)
    depth = deepest = 0
    for mark in re.findall(r"(?<!\\)[{}()\[\]]", prepared):
        depth += 1 if mark in "{([" else -1
        deepest = max(deepest, depth)
    if deepest > 60:
        raise NotRead("deep", "brackets are nested more than 60 deep")
    try:
        tree = _parser().parse(prepared)
    except LarkError as error:
        if getattr(getattr(error, "token", None), "type", "") == "$END":
            braces = re.findall(r"(?<!\\)[{}]", prepared)
            if braces.count("{") > braces.count("}"):
                raise NotRead("syntax", "a brace is not closed") from None
            last = prepared.rstrip()[-24:].lstrip()
            raise NotRead("syntax", f"something is missing at the end, after '{last}'") from None
        column = getattr(error, "pos_in_stream", None)
        place = prepared[column : column + 24].strip() if isinstance(column, int) else ""
        where = f"at '{place}'" if place else "at its end"
        raise NotRead("syntax", f"not understood {where}") from None
    for part in tree.iter_subtrees():
        part.data = str(part.data)  # lark's own names are tokens, which compare slowly
    return tree


_WORDS = (
    "softmax|log_softmax|sigmoid|tanh|relu|ReLU|diag|exp|log|max|min|vec|tr|trace|sign|sgn|gelu|"
    "silu|softplus|argmax|Diag|prod"
)
_BAR = r"(?:\\\||\|\||\\Vert)"
_NAME = r"(?![A-Za-z])"
_CASES_AS_ARRAY = r"\\left\s*\\?\{\s*(\\begin\s*\{)(?:array|aligned)\}"
_REWRITES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    # delimiters
    (r"\\(left|right)\s*\.", ""),
    (_CASES_AS_ARRAY, r"\1cases}"),
    (r"\\begin\s*\{cases\}\s*\{[lcr\s|]*\}", r"\\begin{cases}"),
    (rf"\\(?:left|right|[bB]igg?[lr]?|middle){_NAME}\s*", " "),
    (rf"\\lbrace{_NAME}", r"\\{"),
    (rf"\\rbrace{_NAME}", r"\\}"),
    (rf"\\lbrack{_NAME}", "["),
    (rf"\\rbrack{_NAME}", "]"),
    (rf"\\[lr]vert{_NAME}", "|"),
    (r"(?s)\\lVert(.+?)\\rVert", r"\\norm{\1}"),
    (rf"(?s){_BAR}(?![_^])(.+?){_BAR}", r"\\norm{\1}"),
    (r"\|([^|&]{1,200}?)\|", r"\\abs{\1}"),
    (r"(?<![_^A-Za-z}])\{\s*\}(?!\s*[_^])", " "),
    (r"(?<=\})\s*\{\s*\}(?=\s*[_^])", ""),
    (r"\\part(?![A-Za-z])", r"\\partial "),
    (r"(\\forall[^:=]{1,40}):", r"\1;"),
    # relations
    (
        (
            r"\\(?:stackrel|overset|underset)\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}"
            r"\s*\{\s*(=|\\equiv)\s*\}"
        ),
        lambda found: ":=" if re.search("def|triangle", found[1]) else found[2],
    ),
    (r"\\not\s*=|!=|≠", r"\\neq "),
    (r":\s*=", ":="),
    # digits that LaTeX takes one by one
    (r"(\\[dtc]?frac)\s*(\d)\s*(\d|\w)", r"\1{\2}{\3}"),
    (r"(\\[dtc]?frac)\s*(\d)(?=\s*[{\\])", r"\1{\2}"),
    (r"([_^])\s*(\d)(?=\d)", r"\1{\2}"),
    (r"(?<=\d)(?:\\,|\{,\})(?=\d{3}(?!\d))", ""),
    (r"\\_", "_"),
    # names of functions, however they are set
    (
        rf"\\(?:text|mathbf|textbf|textsf|mathsf)\s*\{{\s*({_WORDS})\s*\}}",
        r"\\operatorname{\1}",
    ),
    (rf"(?<![\\A-Za-z{{])({_WORDS})(?![A-Za-z}}])", r"\\operatorname{\1}"),
    # the sign of a transpose, however it is set
    (
        r"\\(?:mathrm|mathsf|mathit|textsf|mathbf|text|intercal)\s*\{\s*(?:T|\\top|⊤)\s*\}",
        r"\\top ",
    ),
    (rf"\\(?:mathsf|mathrm|mathit|rm|sf)\s+T{_NAME}", r"\\top "),
    (rf"\\(?:intercal|transpose){_NAME}|⊤", r"\\top "),
    ("ᵀ", r"^\\top "),
    # upright letters
    (r"\\(?:mathrm|textrm|text)\s*\{\s*d\s*\}", "d "),
    (r"\\(?:mathrm|textrm)\s*\{\s*([A-Za-z])\s*\}", r"{\1}"),
    (r"\^\s*\\star|\^\s*\{\s*\\(?:star|ast)\s*\}|\^\s*\*", r"^{\\starred}"),
)
"""What the grammar does without: one spelling for each of the many ways to set the same sign."""


_LETTERS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "η": "eta",
    "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ρ": "rho", "σ": "sigma",
    "φ": "phi", "ψ": "psi", "ω": "omega", "∇": "nabla", "∑": "sum", "∏": "prod",
}  # fmt: skip
_UNICODE = {ord(sign): f"\\{name} " for sign, name in _LETTERS.items()}
_BOXED = re.compile(r"\s*\\boxed\s*\{(?P<inner>.*)\}\s*", re.DOTALL)


def _prepare(tex: str) -> str:
    tex = tex.translate(_UNICODE)
    if (boxed := _BOXED.fullmatch(tex)) and boxed["inner"].count("{") == boxed["inner"].count("}"):
        tex = boxed["inner"]
    if re.search(_CASES_AS_ARRAY, tex):
        tex = re.sub(r"\\end\s*\{(?:array|aligned)\}", r"\\end{cases}", tex)
    for pattern, replacement in _REWRITES:
        tex = re.sub(pattern, replacement, tex)
    return _separate_words(tex)


_MARKS = re.compile(
    r"(\\[{}]|[{}()\[\]]|\\begin(?=\s*\{)|\\end(?=\s*\{)"
    r"|\\(?:text|mbox|textrm|textit|hbox)\s*\{[^{}]*\}|\\forall(?![A-Za-z]))"
)


def _separate_words(tex: str) -> str:
    """Set a separator before words between formulas."""
    depth, parts = 0, [""]
    for part in _MARKS.split(tex):
        if part in {"{", "(", "[", r"\{", r"\begin"}:
            depth += 1
        elif part in {"}", ")", "]", r"\}", r"\end"}:
            depth -= 1
        elif depth == 0 and re.match(r"\\(?:text|mbox|textit|hbox|forall)", part):
            parts.append("" if parts[-1].rstrip().endswith(("_", "^")) else ";")
        parts.append(part)
    return "".join(parts)


class Clause(NamedTuple):
    """Sides with the relations between them; an empty side is None."""

    sides: tuple[Tree[Token] | None, ...]
    relations: tuple[str, ...]


class Statement(NamedTuple):
    """A clause that states something, with the clauses that limit its letters."""

    main: Clause
    conditions: tuple[Clause, ...]


def clauses_of(tree: Item) -> list[Clause]:
    """Return the clauses of a list."""
    return [_clause(part) for part in subtrees(tree, "clause")]


def _clause(tree: Tree[Token]) -> Clause:
    sides: list[Tree[Token] | None] = [None]
    relations: list[str] = []
    for child in tree.children:
        if isinstance(child, Token):
            relations.append(str(child))
            sides.append(None)
        else:
            sides[-1] = child
    return Clause(tuple(sides), tuple(relations))


def subtrees(tree: Item, data: str) -> list[Tree[Token]]:
    """Return the children of one kind."""
    if isinstance(tree, Token):
        return []
    if tree.data == "start":
        return subtrees(tree.children[0], data)
    return [child for child in tree.children if isinstance(child, Tree) and child.data == data]


INEQUALITIES = {
    **dict.fromkeys(("<", r"\lt"), "<"),
    **dict.fromkeys((">", r"\gt"), ">"),
    **dict.fromkeys(("≤", r"\le", r"\leq", r"\leqslant"), "≤"),
    **dict.fromkeys(("≥", r"\ge", r"\geq", r"\geqslant"), "≥"),
    **dict.fromkeys(("≠", r"\ne", r"\neq"), "≠"),
}
"""One sign for every way to print an inequality."""

DEFINES = frozenset(
    {":=", r"\equiv", r"\triangleq", r"\coloneqq", r"\doteq", r"\gets", r"\leftarrow", r"\to"}
    | {r"\rightarrow"}
)
"""The relations that define or assign."""


def statements_of(tree: Tree[Token]) -> list[Statement]:
    """Give every clause that only limits letters to the statement before it."""
    groups: list[Statement] = []
    waiting: list[Clause] = []
    for printed in clauses_of(tree):
        clause, words = without_words(_without_brackets(printed))
        if all(side is None for side in clause.sides):
            continue
        if groups and re.search(r"\b(shape|size|dimension)", words) and not clause.relations:
            claimed = Clause((groups[-1].main.sides[0], clause.sides[0]), ("∈",))
            groups.append(Statement(claimed, ()))
            continue
        lists = bool(groups and groups[-1].conditions) and _is_place_like(clause.sides[0])
        follows = bool(groups) and not clause.relations and (_is_condition(words) or lists)
        leads = not groups and not clause.relations and _is_condition(words)
        if not (limits(clause) or follows or leads):
            groups.extend(Statement(part, tuple(waiting)) for part in _split_space(clause))
            waiting = []
        elif groups:
            groups[-1] = groups[-1]._replace(conditions=(*groups[-1].conditions, clause))
        else:
            waiting.append(clause)
    if waiting and not groups:
        groups.append(Statement(waiting[0], ()))
    return groups


def _split_space(clause: Clause) -> Iterator[Clause]:
    """Split a = b ∈ ℝ^n into a = b and b ∈ ℝ^n."""
    if len(clause.relations) > 1 and clause.relations[-1] in {r"\in", "∈"}:
        yield Clause(clause.sides[:-1], clause.relations[:-1])
        yield Clause(clause.sides[-2:], clause.relations[-1:])
    else:
        yield clause


def _without_brackets(clause: Clause) -> Clause:
    """Return the inner clause of a side condition in brackets, such as (p ≠ j)."""
    side = clause.sides[0]
    items = items_of(side) if side is not None and not clause.relations else []
    atom = atom_of(items[0]) if len(items) == 1 and not scripts_of(items[0]) else None
    if isinstance(atom, Tree) and atom.data in {"round", "square"}:
        inner = clauses_of(atom.children[0])
        if len(inner) == 1 and inner[0].relations and limits(without_words(inner[0])[0]):
            return inner[0]
    return clause


def _is_condition(words: str) -> bool:
    return bool(re.search(r"\b(for|if|when|all|where|with|forall)\b", words.lower()))


def without_words(clause: Clause) -> tuple[Clause, str]:
    """Return a clause without the words that it begins with, and the words."""
    first = clause.sides[0]
    if first is None:
        return clause, ""
    items = items_of(first)
    words = ""
    while items and (word := _word_of(items[0])) is not None:
        words, items = f"{words} {word}", items[1:]
    if not words:
        return clause, ""
    side = side_of(items) if items else None
    return clause._replace(sides=(side, *clause.sides[1:])), words


def _word_of(item: Item) -> str | None:
    token = token_of(item)
    if token is None or scripts_of(item):
        return None
    if token.type == "TEXT":
        return token[token.index("{") + 1 : -1]
    return "forall" if token in {r"\forall", r"\because", r"\text"} else None


def limits(clause: Clause) -> bool:
    """Tell whether a clause only says something about index letters: l = 1, p ≠ j, 1 ≤ i ≤ m."""
    if not clause.relations:
        return False
    sides = [side for side in clause.sides if side is not None]
    if any(INEQUALITIES.get(relation, "≠") != "≠" for relation in clause.relations):
        return all(_is_place_like(side) for side in sides)
    first = clause.sides[0]
    letter = None if first is None else _lone_letter(first)
    if letter is None:
        return False
    if clause.relations[0] in {r"\in", "∈"}:
        return letter in "ijklpqrs" and "R" not in spell(sides[-1])
    return letter in "ijklpqrs" and all(_is_place_like(side) for side in sides)


def _lone_letter(side: Tree[Token]) -> str | None:
    items = items_of(side)
    if len(items) != 1 or any(isinstance(child, Token) for child in side.children):
        return None
    token = token_of(items[0])
    if token is None or token.type != "LETTER":
        return None
    primes = sum(script.data == "prime" for script in scripts_of(items[0]))
    return None if len(scripts_of(items[0])) != primes else str(token)


def _is_place_like(side: Tree[Token] | None) -> bool:
    if side is None:
        return False
    spelled = spell(side)
    return bool(
        re.fullmatch(
            r"(?:\\?[A-Za-z]+'*(?:[\^_]\(?\[?[A-Za-z0-9+\-]+\]?\)?)?"
            r"|\d+|[+\-]|\\[ld]?c?dots|…|\.\.\.)+",
            spelled,
        )
    ) and not re.search(r"\\(frac|partial|sum|delta|nabla)", spelled)


def items_of(side: Tree[Token]) -> list[Item]:
    """Return the factors and operators of a side that has one product only."""
    products = [child for child in side.children if isinstance(child, Tree)]
    return list(products[0].children) if len(products) == 1 else []


def is_empty(item: Item) -> bool:
    """Tell whether a bracket or a pair of braces holds nothing."""
    atom = item if isinstance(item, Token) else atom_of(item)
    return (
        isinstance(atom, Tree)
        and atom.data in {"group", *BRACKETS}
        and clauses_of(atom.children[0]) == [Clause((None,), ())]
    )


def inner_side(tree: Item) -> Tree[Token] | None:
    """Return the only side inside brackets or braces, or None."""
    if isinstance(tree, Token) or tree.data not in {"group", *BRACKETS}:
        return None
    clauses = clauses_of(tree.children[0])
    if len(clauses) != 1 or clauses[0].relations:
        return None
    return clauses[0].sides[0]


BRACKETS = frozenset({"round", "square", "curly"})
"""The brackets that can hold an argument; braces of LaTeX are no brackets."""


def bracket_of(item: Item | None) -> Tree[Token] | None:
    """Return a bracket that can hold arguments, or None."""
    atom = None if item is None else atom_of(item)
    return atom if isinstance(atom, Tree) and atom.data in BRACKETS else None


def unwrapped(item: Item) -> list[Item]:
    """Return the factors within braces that hold one product, or the item itself."""
    atom = atom_of(item)
    if isinstance(atom, Tree) and atom.data == "group" and not scripts_of(item):
        side = inner_side(atom)
        if side is None or any(isinstance(child, Token) for child in side.children):
            return []
        items = items_of(side)
        return unwrapped(items[0]) if len(items) == 1 else items
    return [item]


def is_operator(item: Item | None) -> bool:
    """Tell whether an item multiplies or divides what stands beside it."""
    return isinstance(item, Token) and item.type == "OPERATOR"


def flattened(side: Tree[Token]) -> list[Item]:
    """Return the signs, operators and factors of a side in a row."""
    items: list[Item] = []
    for child in side.children:
        items.extend([child] if isinstance(child, Token) else child.children)
    return items


def atom_of(item: Item) -> Item:
    """Return what the scripts of a factor belong to; braces around one factor are no more."""
    if isinstance(item, Tree) and item.data == "factor":
        inner = _braced_factor(item.children[0])
        return atom_of(inner) if inner is not None else atom_of(item.children[0])
    if isinstance(item, Tree) and item.data == "atom":
        return item.children[0]
    return item


def _braced_factor(item: Item) -> Tree[Token] | None:
    """Return the factor with scripts that braces hold, as in {g^{[l]}}', or None."""
    if not isinstance(item, Tree) or item.data != "group":
        return None
    clauses = clauses_of(item.children[0])
    side = clauses[0].sides[0] if len(clauses) == 1 and not clauses[0].relations else None
    if side is None or len(side.children) != 1:
        return None
    items = items_of(side)
    factor = items[0] if len(items) == 1 else None
    if not isinstance(factor, Tree) or factor.data != "factor":
        return None
    return factor if scripts_of(factor) and isinstance(atom_of(factor), Token) else None


def token_of(item: Item) -> Token | None:
    """Return what the scripts of a factor belong to where that is a single sign."""
    atom = atom_of(item)
    return atom if isinstance(atom, Token) else None


def scripts_of(item: Item) -> list[Tree[Token]]:
    """Return the scripts of a factor."""
    if isinstance(item, Tree) and item.data == "factor":
        inner = _braced_factor(item.children[0])
        own = [child for child in item.children[1:] if isinstance(child, Tree)]
        return own if inner is None else scripts_of(inner) + own
    return []


def spell(item: Item | None) -> str:
    """Write a tree back, without spaces and braces."""
    if item is None:
        return ""
    if isinstance(item, Token):
        if item.type == "WORD":
            return re.sub(r"[\s\\]", "", item[item.index("{") + 1 : -1])
        return canonical_name(str(item))
    inner = [spell(child) for child in item.children]
    match item.data:
        case "subscript":
            return "_" + "".join(inner)
        case "superscript":
            return "^" + "".join(inner)
        case "round":
            return f"({''.join(inner)})"
        case "square":
            return f"[{''.join(inner)}]"
        case _:
            return "".join(inner)


def side_of(items: Sequence[Item]) -> Tree[Token]:
    """Return factors as a side of a relation."""
    children: list[Item] = [_tree("product", items)]
    return _tree("side", children)


def _tree(data: str, children: Sequence[Item]) -> Tree[Token]:
    return Tree(data, list(children))


def clause_tree(clause: Clause) -> Tree[Token]:
    """Return a clause as a tree in round brackets, as if it had been printed so."""
    children: list[Item] = []
    for position, side in enumerate(clause.sides):
        if position:
            children.append(Token("RELATION", clause.relations[position - 1]))
        if side is not None:
            children.append(side)
    return _tree("round", [_tree("clauses", [_tree("clause", children)])])
