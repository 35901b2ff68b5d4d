"""Printed equations, executed: read from a page, evaluated on random networks, and judged.

The checker reads the LaTeX of back-propagation notes in the notation that the page declares and
evaluates both sides of every equation. Needs lark: ``pip install fcnref[equations]``.
"""

from fcnref.equations.checking import assert_page, check_equation, check_page
from fcnref.equations.declarations import NotationError
from fcnref.equations.notation import BUNDLED, Notation, Symbol
from fcnref.equations.verdict import Verdict

__all__ = [
    "BUNDLED",
    "Notation",
    "NotationError",
    "Symbol",
    "Verdict",
    "assert_page",
    "check_equation",
    "check_page",
]
