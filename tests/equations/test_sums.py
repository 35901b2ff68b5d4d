"""Sums evaluated at once and term by term, beside the same sums in plain NumPy."""

import numpy as np
import pytest

from fcnref.equations import Notation, check_equation
from fcnref.equations.meaning import Context, read
from fcnref.equations.networks import Probe, build
from fcnref.equations.value import Scope, evaluate, series

NETWORK = build(Probe((4, 5, 3, 2), 7))
LAYER = 2
W, Z = NETWORK.values["W", LAYER], NETWORK.values["Z", LAYER]
A_prev = NETWORK.values["A", LAYER - 1]
dA_prev = NETWORK.jacobian(("J", 0), ("A", LAYER - 1)).reshape(A_prev.shape)
BIASES = [NETWORK.values["b", layer] for layer in (1, 2, 3)]

SUMS = {
    r"\sum_{k=1}^{n^{[l-1]}} w_{j,k}^{[l]} a_{k,i}^{[l-1]}": W @ A_prev,
    r"\sum_{p=1}^{n^{[l]}} 2": np.full(Z.shape, 6.0),
    r"\sum_{p \neq j} z_{p,i}^{[l]}": Z.sum(axis=0) - Z,
    r"\sum_{i=1}^{m} \sum_{p=1}^{n^{[l]}} z_{p,i}^{[l]}": np.full(Z.shape, Z.sum()),
    r"\sum_{p=1}^{j} z_{p,i}^{[l]}": np.cumsum(Z, axis=0),
    r"\sum_{p=1}^{n^{[l]}} \sum_{i'=1}^{p} z_{p,i'}^{[l]}": np.full(
        Z.shape, np.tril(Z[:, :3]).sum()
    ),
    r"\sum_{l=1}^{L} \sum_{p=1}^{n^{[l]}} b_p^{[l]}": np.full(
        Z.shape, sum(b.sum() for b in BIASES)
    ),
    r"""\sum_{p=1}^{n^{[l]}} \sum_{i'=1}^{m} \frac{\partial J}{\partial z_{p,i'}^{[l]}}
    \frac{\partial z_{p,i'}^{[l]}}{\partial a_{j,i}^{[l-1]}}""": dA_prev[:3],
    r"\frac{\partial}{\partial z_{j,i}^{[l]}} \sum_{p=1}^{n^{[l]}} (z_{p,i}^{[l]})^3": 3 * Z**2,
    r"\prod_{p=1}^{n^{[l]}} z_{p,i}^{[l]}": np.broadcast_to(Z.prod(axis=0), Z.shape),
}


@pytest.mark.parametrize("most", [0, 200, series.MOST_AT_ONCE])
@pytest.mark.parametrize("tex", SUMS)
def test_a_sum_is_what_numpy_makes_of_it(tex, most, monkeypatch):
    monkeypatch.setattr(series, "MOST_AT_ONCE", most)
    notation = Notation.bundled("columns-are-examples")
    [claim] = read(tex, Context(notation))
    rows, columns = (grid.ravel() + 1 for grid in np.indices(Z.shape))
    scope = Scope(NETWORK, notation).bind("l", LAYER)
    found = [
        evaluate(claim.members[0], scope.bind("j", int(j)).bind("i", int(i))).item()
        for j, i in zip(rows, columns, strict=True)
    ]
    np.testing.assert_allclose(np.reshape(found, Z.shape), SUMS[tex], rtol=1e-13)
    if r"}^{j}" not in tex:
        together = evaluate(claim.members[0], scope.bind("j", rows).bind("i", columns))
        spread = np.broadcast_to(together, (Z.size, 1, 1)).reshape(Z.shape)
        np.testing.assert_allclose(spread, SUMS[tex], rtol=1e-13)


def test_the_sum_of_a_column_at_every_example_is_that_of_its_entries():
    notation = Notation().extend({"symbols": {"S": "function sum"}})
    for right, status in [
        (r"\sum_{j=1}^{n^{[l]}} z_{j,i}^{[l]}", "definition"),
        ("z_{1,i}^{[l]}", "wrong"),
    ]:
        assert check_equation(f"S(z_{{:,i}}^{{[l]}}) = {right}", notation).status == status
