"""The whole network: the trace, the backward pass, and gradients against complex steps."""

import importlib
import itertools
import re

import numpy as np
import pytest

import fcnref
from fcnref import (
    IDENTITY,
    LOSSES,
    RELU,
    SIGMOID,
    TANH,
    Layer,
    Trace,
    backward,
    forward,
    loss_and_grads,
)
from tests.networks import EXAMPLES, INPUTS, OUTPUTS, network, problem
from tests.oracles import (
    COMPLEX_STEP,
    assert_close,
    assert_linear,
    complex_step,
    jacobian,
    readonly,
)
from tests.registry import RECORDS, UNITS

every_activation = pytest.mark.parametrize("hidden", RECORDS.values(), ids=RECORDS.keys())
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())

L = 4


def changed(layers, l, **parameters):
    """The network with other parameters in layer l."""
    return (*layers[: l - 1], layers[l - 1]._replace(**parameters), *layers[l:])


def output(X, layers):
    return forward(X, layers).A[-1]


@every_activation
@every_loss
def test_gradients_are_the_derivatives_of_the_loss_by_every_parameter(hidden, loss, rng):
    X, Y, layers = problem(rng, hidden, loss)

    def J(X, layers):
        return loss.value(output(X, layers), Y)

    value, grads = loss_and_grads(X, Y, layers, loss, with_dA_0=True)
    assert value == J(X, layers)
    one = np.float64(1)
    for l in range(1, L + 1):
        dW, db = grads.layers[l - 1]
        W, b, _ = layers[l - 1]
        assert_close(
            dW, complex_step(lambda W, l=l: J(X, changed(layers, l, W=W)), W, one), COMPLEX_STEP
        )
        assert_close(
            db, complex_step(lambda b, l=l: J(X, changed(layers, l, b=b)), b, one), COMPLEX_STEP
        )
    assert_close(grads.dA_0, complex_step(lambda X: J(X, layers), X, one), COMPLEX_STEP)


def test_forward_is_the_recursion_entry_by_entry(draw):
    sizes = (3, 5, 2)
    X = draw(3, EXAMPLES)
    W = {l: draw(sizes[l], sizes[l - 1]) for l in (1, 2)}
    b = {l: draw(sizes[l], 1) for l in (1, 2)}
    A = {0: X, 1: np.empty((5, EXAMPLES)), 2: np.empty((2, EXAMPLES))}
    for l, g in ((1, np.tanh), (2, np.positive)):
        for j, i in itertools.product(range(sizes[l]), range(EXAMPLES)):
            z = b[l][j, 0] + sum(W[l][j, k] * A[l - 1][k, i] for k in range(sizes[l - 1]))
            A[l][j, i] = g(z)
    trace = forward(X, [Layer(W[1], b[1], TANH), Layer(W[2], b[2], IDENTITY)])
    for l in (0, 1, 2):
        assert_close(trace.A[l], A[l], 1e-14)


@every_activation
def test_backward_is_linear_in_the_incoming_gradient(hidden, rng, draw):
    layers = network(rng, hidden)
    trace = forward(draw(INPUTS, EXAMPLES), layers)
    dA_L = draw(OUTPUTS, EXAMPLES), draw(OUTPUTS, EXAMPLES)
    for l in range(1, L + 1):
        assert_linear(lambda dA, l=l: backward(dA, layers, trace).layers[l - 1].dW, *dA_L)
        assert_linear(lambda dA, l=l: backward(dA, layers, trace).layers[l - 1].db, *dA_L)
    assert_linear(lambda dA: backward(dA, layers, trace, with_dA_0=True).dA_0, *dA_L)


def test_each_example_goes_back_through_the_transposed_jacobian_of_its_own_column(rng, draw):
    """Layer norm in the middle, whose J is not symmetric and differs from example to example."""
    norm = RECORDS["layer_norm"]
    layers = network(rng, norm)[2:]
    (W_1, b_1, _), (W_2, _, _) = layers
    X, dA_2 = draw(UNITS, EXAMPLES), draw(OUTPUTS, EXAMPLES)
    Z_1, dA_1 = W_1 @ X + b_1, W_2.T @ dA_2
    dZ_1 = [jacobian(norm.forward, Z_1[:, [i]]).T @ dA_1[:, [i]] for i in range(EXAMPLES)]
    grads = backward(dA_2, layers, forward(X, layers))
    assert_close(grads.layers[0].dW, np.hstack(dZ_1) @ X.T, COMPLEX_STEP)


@pytest.mark.parametrize(("with_dA_0", "products"), [(False, L - 1), (True, L)])
def test_the_gradient_by_the_input_comes_only_when_asked_for(
    with_dA_0, products, rng, draw, monkeypatch
):
    """Otherwise not even the product with W[1] is computed, the largest of a training step."""
    module, read = importlib.import_module("fcnref.network"), []

    def spy(dZ, W):
        read.append(W)
        return fcnref.affine_backward_input(dZ, W)

    monkeypatch.setattr(module, "_affine_backward_input", spy)
    layers = network(rng, TANH)
    trace = forward(draw(INPUTS, EXAMPLES), layers)
    grads = backward(draw(OUTPUTS, EXAMPLES), layers, trace, with_dA_0)
    assert (grads.dA_0 is None) == (not with_dA_0)
    assert len(read) == products
    assert any(W is layers[0].W for W in read) == with_dA_0


def test_nobody_asks_for_the_gradient_by_the_input_without_knowing(rng):
    X, Y, layers = problem(rng, TANH, fcnref.HALF_SQUARED_ERROR)
    assert loss_and_grads(X, Y, layers, fcnref.HALF_SQUARED_ERROR).grads.dA_0 is None
    assert backward(Y, layers, forward(X, layers)).dA_0 is None


@every_activation
def test_the_trace_keeps_what_is_read_and_no_parameter(hidden, rng, draw):
    X, layers = draw(INPUTS, EXAMPLES), network(rng, hidden)
    trace = forward(X, layers)
    assert trace.A[0] is X
    assert len(trace.A) == len(trace.Z) == L + 1
    reads = [None, *(layer.activation.reads for layer in layers)]
    assert [Z is not None for Z in trace.Z] == [name == "Z" for name in reads]
    kept = [array for array in (*trace.A, *trace.Z) if array is not None]
    for array, layer in itertools.product(kept, layers):
        assert not np.shares_memory(array, layer.W)
        assert not np.shares_memory(array, layer.b)


@every_activation
@pytest.mark.parametrize("output", [IDENTITY, SIGMOID, RELU], ids=lambda record: record.name)
def test_backward_reads_nothing_but_what_the_record_says(hidden, output, rng, draw):
    """Poisoned with NaN: every bias, every Z that no rule reads, and the output unless read."""
    X, dA_L = draw(INPUTS, EXAMPLES), draw(OUTPUTS, EXAMPLES)
    layers = network(rng, hidden, output)
    trace = forward(X, layers)
    poison = [np.full((layer.W.shape[0], EXAMPLES), np.nan) for layer in layers]
    Z = [
        kept if layer.activation.reads == "Z" else nan
        for kept, nan, layer in zip(trace.Z[1:], poison, layers, strict=True)
    ]
    A_L = trace.A[L] if output.reads == "A" else poison[-1]
    poisoned_layers = [layer._replace(b=np.full_like(layer.b, np.nan)) for layer in layers]
    poisoned_trace = Trace((*trace.A[:L], A_L), (None, *Z))
    clean = backward(dA_L, layers, trace, with_dA_0=True)
    grads = backward(dA_L, poisoned_layers, poisoned_trace, with_dA_0=True)
    assert np.all(grads.dA_0 == clean.dA_0)
    for mine, theirs in zip(grads.layers, clean.layers, strict=True):
        assert np.all(mine.dW == theirs.dW)
        assert np.all(mine.db == theirs.db)


def test_backward_reads_the_weights_it_is_given(rng, draw):
    """No stale weights: other layers with the same trace give the gradients of the other layers."""
    X, dA_L = draw(INPUTS, EXAMPLES), draw(OUTPUTS, EXAMPLES)
    layers = network(rng, IDENTITY)
    trace = forward(X, layers)
    doubled = changed(layers, 4, W=2 * layers[3].W)
    mine, theirs = backward(dA_L, doubled, trace), backward(dA_L, layers, trace)
    assert_close(mine.layers[2].dW, 2 * theirs.layers[2].dW, 1e-15)
    assert_close(mine.layers[3].dW, theirs.layers[3].dW, 1e-15)


def test_the_order_of_the_examples_does_not_matter(rng):
    X, Y, layers = problem(rng, TANH, fcnref.SOFTMAX_CROSS_ENTROPY)
    order = rng.permutation(EXAMPLES)
    J, grads = loss_and_grads(X, Y, layers, fcnref.SOFTMAX_CROSS_ENTROPY, with_dA_0=True)
    J_2, grads_2 = loss_and_grads(
        X[:, order], Y[:, order], layers, fcnref.SOFTMAX_CROSS_ENTROPY, with_dA_0=True
    )
    assert_close(J_2, J, 1e-14)
    assert_close(grads_2.dA_0, grads.dA_0[:, order], 1e-14)
    for mine, theirs in zip(grads_2.layers, grads.layers, strict=True):
        assert_close(mine.dW, theirs.dW, 1e-14)


def test_square_layers_hide_nothing(rng):
    """n = n_prev = m = 3: every wrong transpose has the right shape here."""
    layers = [
        Layer(readonly(rng.standard_normal((3, 3))), readonly(rng.standard_normal((3, 1))), g)
        for g in (TANH, RECORDS["log_softmax"], IDENTITY)
    ]
    X, Y = readonly(rng.standard_normal((3, 3))), readonly(rng.standard_normal((3, 3)))
    loss = fcnref.HALF_SQUARED_ERROR
    grads = loss_and_grads(X, Y, layers, loss, with_dA_0=True).grads
    for l in (1, 2, 3):
        for field, gradient in (("W", grads.layers[l - 1].dW), ("b", grads.layers[l - 1].db)):

            def J(parameter, l=l, field=field):
                return loss.value(output(X, changed(tuple(layers), l, **{field: parameter})), Y)

            expected = complex_step(J, getattr(layers[l - 1], field), np.float64(1))
            assert_close(gradient, expected, COMPLEX_STEP)
    expected = complex_step(lambda X: loss.value(output(X, layers), Y), X, np.float64(1))
    assert_close(grads.dA_0, expected, COMPLEX_STEP)


@pytest.mark.parametrize("hidden", [RELU, TANH, RECORDS["gelu"]], ids=lambda record: record.name)
def test_single_precision_stays_single(hidden, rng):
    X, Y, layers = problem(rng, hidden, fcnref.SOFTMAX_CROSS_ENTROPY)
    single = [
        layer._replace(W=layer.W.astype(np.float32), b=layer.b.astype(np.float32))
        for layer in layers
    ]
    J, grads = loss_and_grads(X, Y, layers, fcnref.SOFTMAX_CROSS_ENTROPY, with_dA_0=True)
    J_single, grads_single = loss_and_grads(
        X.astype(np.float32),
        Y.astype(np.float32),
        single,
        fcnref.SOFTMAX_CROSS_ENTROPY,
        with_dA_0=True,
    )
    assert J_single.dtype == grads_single.dA_0.dtype == np.float32
    assert_close(J_single, J, 1e-5)
    for mine, theirs in zip(grads_single.layers, grads.layers, strict=True):
        assert mine.dW.dtype == mine.db.dtype == np.float32
        assert_close(mine.dW, theirs.dW, 1e-5)


def test_one_layer_is_a_network(draw):
    X, dA_1 = draw(INPUTS, EXAMPLES), draw(OUTPUTS, EXAMPLES)
    W, b = draw(OUTPUTS, INPUTS), draw(OUTPUTS, 1)
    layers = [Layer(W, b, IDENTITY)]
    dA_0, dW, db = fcnref.affine_backward(dA_1, X, W)
    grads = backward(dA_1, layers, forward(X, layers), with_dA_0=True)
    assert np.all(grads.dA_0 == dA_0)
    assert np.all(grads.layers[0].dW == dW)
    assert np.all(grads.layers[0].db == db)


# What the check at the door of the network lets through, and what it does not.
def test_a_batch_of_no_examples_runs_through(rng, draw):
    layers = network(rng, TANH)
    assert forward(draw(INPUTS, 0), layers).A[-1].shape == (OUTPUTS, 0)


@pytest.mark.parametrize("l", [1, 2, 4, "all"])
def test_a_bias_of_several_columns_is_refused_where_it_would_fit_the_batch(l, rng, draw):
    layers = network(rng, TANH)
    for k in range(1, L + 1) if l == "all" else (l,):
        layers = changed(layers, k, b=np.hstack([layers[k - 1].b] * 2))
    with pytest.raises(ValueError, match=r"forward: b\[(\d)\] must have shape \(n_\1, 1\)"):
        forward(draw(INPUTS, 2), layers)


@pytest.mark.parametrize("name", ["W", "b"])
@pytest.mark.parametrize("l", [1, 2, 4, "all"])
def test_parameters_of_integers_are_refused(l, name, rng, draw):
    layers = network(rng, TANH)
    for k in range(1, L + 1) if l == "all" else (l,):
        layers = changed(layers, k, **{name: getattr(layers[k - 1], name).astype(int)})
    with pytest.raises(TypeError, match=rf"forward: {name}\[\d\] must hold floating-point"):
        forward(draw(INPUTS, EXAMPLES), layers)


# What the records show.
def names(record):
    """The arrays that a record shows, in their order, in text; and in HTML the same."""
    text = re.findall(r"\b(?:J|d?[AZWb]\[\d\])", repr(record))
    assert re.findall(r"\b(?:J|d?[AZWb]\[\d\])", record._repr_html_()) == text
    return " ".join(text)


def test_records_show_what_they_hold_in_the_order_of_the_mathematics(rng):
    loss = fcnref.HALF_SQUARED_ERROR
    X, Y, layers = problem(rng, RECORDS["gelu"], loss)
    of_layers = "dW[1] db[1] dW[2] db[2] dW[3] db[3] dW[4] db[4]"
    assert names(forward(X, layers)) == "A[0] Z[1] A[1] Z[2] A[2] Z[3] A[3] A[4]"
    assert names(loss_and_grads(X, Y, layers, loss)) == f"J {of_layers}"
    grads = loss_and_grads(X, Y, layers, loss, with_dA_0=True).grads
    assert names(grads) == f"{of_layers} dA[0]"
