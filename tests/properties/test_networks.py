"""What holds for every network: its gradients, and what examples may and may not do to it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import fcnref
from fcnref import Layer, forward, loss_and_grads
from tests.oracles import COMPLEX_STEP, assert_close, readonly
from tests.properties.strategies import cases, flat, quick

H = 1e-30


def gradients(case, X=None, Y=None):
    X, Y = (case.X if X is None else X), (case.Y if Y is None else Y)
    return flat(loss_and_grads(X, Y, case.layers, case.loss).grads)


@quick
@given(cases())
def test_the_gradients_are_those_of_the_loss(case):
    """A complex step of J in a random direction, through the forward pass alone."""
    X, Y, layers, loss, rng = case
    directions = [
        (rng.standard_normal(W.shape), rng.standard_normal(b.shape)) for W, b, _ in layers
    ]
    moved = [
        Layer(W + 1j * H * V, b + 1j * H * v, activation)
        for (W, b, activation), (V, v) in zip(layers, directions, strict=True)
    ]
    wanted = loss.value(forward(X, moved).A[-1], Y).imag / H
    along = np.concatenate([part.ravel() for pair in directions for part in pair])
    got = gradients(case)
    scale = np.linalg.norm(got) * np.linalg.norm(along)
    assert abs(got @ along - wanted) <= 10 * COMPLEX_STEP * max(scale, 1e-3)


@quick
@given(cases(), st.data())
def test_parts_of_a_batch_weighed_by_their_size_make_the_whole(case, data):
    m = case.X.shape[1]
    cut = data.draw(st.integers(0, m))
    parts = [part for part in (slice(0, cut), slice(cut, m)) if part.start < part.stop]
    summed = sum(
        (part.stop - part.start) / m * gradients(case, case.X[:, part], case.Y[:, part])
        for part in parts
    )
    assert_close(summed, gradients(case), 1e-13)


@quick
@given(cases(), st.randoms(use_true_random=False))
def test_permuted_examples_permute_the_columns_and_leave_the_gradients(case, random):
    order = list(range(case.X.shape[1]))
    random.shuffle(order)
    X, Y = case.X[:, order], case.Y[:, order]
    assert_close(forward(X, case.layers).A[-1], forward(case.X, case.layers).A[-1][:, order], 1e-15)
    assert_close(gradients(case, X, Y), gradients(case), 1e-13)


@quick
@given(cases(), st.integers(2, 3))
def test_every_example_several_times_leaves_the_mean_gradient(case, times):
    X, Y = np.tile(case.X, times), np.tile(case.Y, times)
    assert_close(gradients(case, X, Y), gradients(case), 1e-13)


@quick
@given(cases(), st.data(), st.sampled_from([np.nan, np.inf, -np.inf]))
def test_an_example_that_is_not_finite_leaves_the_others_alone(case, data, number):
    """Column i of every array is example i."""
    X = np.array(case.X)
    i = data.draw(st.integers(0, X.shape[1] - 1))
    X[data.draw(st.integers(0, len(X) - 1)), i] = number
    others = np.arange(X.shape[1]) != i
    with np.errstate(invalid="ignore"):
        A = forward(readonly(X), case.layers).A[-1]
    assert_close(A[:, others], forward(case.X, case.layers).A[-1][:, others], 1e-15)


@quick
@given(cases())
def test_the_gradients_do_not_depend_on_how_many_were_asked_for(case):
    with_dA_0 = loss_and_grads(case.X, case.Y, case.layers, case.loss, with_dA_0=True)
    assert np.all(flat(with_dA_0.grads) == gradients(case))
    assert with_dA_0.grads.dA_0.shape == case.X.shape


LAYOUTS = {
    "rows": (fcnref.to_rows, fcnref.from_rows),
    "torch": (fcnref.to_torch, fcnref.from_torch),
    "keras": (fcnref.to_keras, fcnref.from_keras),
    "sklearn": (fcnref.to_sklearn, lambda theirs: fcnref.from_sklearn(*theirs)),
}


@quick
@given(cases(), st.sampled_from(sorted(LAYOUTS)))
def test_there_and_back_is_nothing_at_all(case, name):
    there, back = LAYOUTS[name]
    for ours, (W, b, _) in zip(back(there(case.layers)), case.layers, strict=True):
        assert np.array_equal(ours[0], W)
        assert np.array_equal(ours[1], b)


SCALINGS = ["lambda", "lambda/2", "lambda/2m"]


@quick
@given(
    st.floats(1e-6, 1e6),
    st.sampled_from(SCALINGS),
    st.sampled_from(SCALINGS),
    st.integers(1, 10**6),
)
def test_a_strength_translated_there_and_back_is_the_same(strength, scaling, wanted, m):
    there = fcnref.translate_l2(strength, scaling, wanted, m)
    assert_close(fcnref.translate_l2(there, wanted, scaling, m), strength, 1e-15)
