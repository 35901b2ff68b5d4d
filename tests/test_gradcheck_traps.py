"""Cases in which a check of a backward rule must not be fooled."""

import numpy as np

from fcnref.gradcheck import check_backward


def test_a_gradient_of_nan_is_wrong():
    report = check_backward(np.tanh, lambda dA, Z: dA * np.nan, [np.array([[0.5, -1.0]])])
    assert not report.ok
    assert report.rows[0].verdict == "wrong"
    assert not any("state" in note for note in report.notes)


def test_the_incoming_gradient_differs_from_an_argument_of_the_same_seed():
    Z = np.random.default_rng(0).standard_normal((3, 7))
    seen = []

    def rule(dA, Z):
        seen.append(dA)
        return dA * (1 - np.tanh(Z) ** 2)

    assert check_backward(np.tanh, rule, [Z], seed=0).ok
    assert not np.any(seen[0] == Z)
