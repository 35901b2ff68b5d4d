"""Sums and products of two doubles without rounding error: the result, and what rounding took.

An exponential turns a rounding error of its argument into one that is |argument| times as large:
in the tail of a map, where the argument is 700, nothing would be left of the last three digits.
Dekker (1971) showed how the arithmetic itself tells what it rounded away.
"""

from typing import Any

from fcnref._arrays import Array

__all__ = ["product", "total"]


def product(a: Array | float, b: Array) -> tuple[Array, Array]:
    """Compute ab as p + rest, with p the rounded product."""
    a_head, a_tail = _halves(a)
    b_head, b_tail = _halves(b)
    p: Array = a * b
    return p, a_tail * b_tail - (p - a_head * b_head - a_tail * b_head - a_head * b_tail)


def total(a: Array | float, b: Array) -> tuple[Array, Array]:
    """Compute a + b as s + rest, with s the rounded sum."""
    s: Array = a + b
    b_in_s = s - a
    return s, (a - (s - b_in_s)) + (b - b_in_s)


def _halves(a: Array | float) -> tuple[Any, Any]:
    """Split a double into two of at most 26 bits, whose products are exact."""
    c = (2**27 + 1) * a
    head = c - (c - a)
    return head, a - head
