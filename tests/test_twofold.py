"""Sums and products of two doubles, against fractions: nothing is lost."""

from fractions import Fraction

import pytest

from fcnref.activations._twofold import product, total
from tests.oracles import readonly


@pytest.mark.parametrize("scale", [1.0, 2.0**40, 2.0**-40])
def test_nothing_is_lost(scale, rng):
    a, b = readonly(rng.standard_normal(1009)), readonly(scale * rng.standard_normal(1009))
    p, rest_of_p = product(a, b)
    s, rest_of_s = total(a, b)
    for x, y, *parts in zip(a, b, p, rest_of_p, s, rest_of_s, strict=True):
        p_xy, rest, s_xy, rest_s = map(Fraction, parts)
        assert p_xy + rest == Fraction(x) * Fraction(y)
        assert s_xy + rest_s == Fraction(x) + Fraction(y)
