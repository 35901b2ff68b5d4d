"""Derivatives in a direction: against complex steps, their own symmetry, and another library."""

import numpy as np
import pytest

from fcnref import (
    HALF_SQUARED_ERROR,
    IDENTITY,
    LOSSES,
    RELU,
    SOFTMAX_CROSS_ENTROPY,
    TANH,
    Layer,
    LayerGradients,
    Loss,
    backward,
    forward,
    loss_and_grads,
)
from fcnref.activations import second_derivatives
from fcnref.second_order import hvp, jvp
from tests.networks import EXAMPLES, INPUTS, OUTPUTS, network, problem
from tests.oracles import COMPLEX_STEP, PEER, assert_close, readonly
from tests.registry import ELEMENTWISE, KINKED, RECORDS

COVERED = {name: record for name, record in RECORDS.items() if name != "layer_norm"}
TWICE = [name.removesuffix("_double_prime") for name in second_derivatives.__all__]

every_activation = pytest.mark.parametrize("hidden", COVERED.values(), ids=COVERED.keys())
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
every_second_derivative = pytest.mark.parametrize("name", TWICE)

H = 1e-30


def direction_in(rng, layers):
    return [
        (readonly(rng.standard_normal(W.shape)), readonly(rng.standard_normal(b.shape)))
        for W, b, _ in layers
    ]


def moved(layers, direction, step):
    return [
        Layer(W + step * W_dot, b + step * b_dot, activation)
        for (W, b, activation), (W_dot, b_dot) in zip(layers, direction, strict=True)
    ]


def calm(layers):
    """The same network with smaller weights, so that no probability comes close to 0 or 1."""
    return [Layer(readonly(W / 4), readonly(b / 4), activation) for W, b, activation in layers]


def flat(pairs):
    return np.concatenate([array.ravel() for pair in pairs for array in pair])


def double_prime(name):
    return getattr(second_derivatives, f"{name}_double_prime")


@every_second_derivative
def test_a_second_derivative_is_the_derivative_of_the_first(name, rng):
    Z = readonly(3 * rng.standard_normal((5, 7)))
    expected = ELEMENTWISE[name].prime(Z + 1j * H).imag / H
    assert_close(double_prime(name)(Z), expected, COMPLEX_STEP)


@every_second_derivative
def test_a_second_derivative_vanishes_far_out(name):
    assert np.all(double_prime(name)(np.array([-800.0, 800.0])) == 0)


@every_second_derivative
def test_a_second_derivative_keeps_the_precision(name):
    assert double_prime(name)(np.ones((2, 3), np.float32)).dtype == np.float32


def test_every_smooth_elementwise_map_has_a_second_derivative():
    assert set(TWICE) == set(ELEMENTWISE) - KINKED - {"identity"}


@every_activation
@every_loss
def test_hvp_is_the_derivative_of_the_gradient(hidden, loss, rng):
    X, Y, layers = problem(rng, hidden, loss)
    layers = calm(layers)
    direction = direction_in(rng, layers)
    gradient = loss_and_grads(X, Y, moved(layers, direction, 1j * H), loss).grads.layers
    for product, complex_gradient in zip(hvp(X, Y, layers, loss, direction), gradient, strict=True):
        assert_close(product.dW, complex_gradient.dW.imag / H, COMPLEX_STEP)
        assert_close(product.db, complex_gradient.db.imag / H, COMPLEX_STEP)


@every_activation
@pytest.mark.parametrize("along", ["parameters", "input", "both"])
def test_jvp_is_the_derivative_of_the_output(hidden, along, rng):
    layers = network(rng, hidden)
    X = readonly(rng.standard_normal((INPUTS, EXAMPLES)))
    X_dot = readonly(rng.standard_normal(X.shape)) if along != "parameters" else None
    direction = direction_in(rng, layers) if along != "input" else None
    X_there = X if X_dot is None else X + 1j * H * X_dot
    layers_there = layers if direction is None else moved(layers, direction, 1j * H)
    A_L, A_L_dot = jvp(X, layers, direction, X_dot)
    assert np.array_equal(A_L, forward(X, layers).A[-1])
    assert_close(A_L_dot, forward(X_there, layers_there).A[-1].imag / H, COMPLEX_STEP)


def test_jvp_of_nothing_that_moves_is_zero(rng):
    layers = network(rng, TANH)
    A_L_dot = jvp(readonly(rng.standard_normal((INPUTS, EXAMPLES))), layers).A_L_dot
    assert A_L_dot.shape == (OUTPUTS, EXAMPLES)
    assert not A_L_dot.any()


@every_activation
def test_jvp_is_the_adjoint_of_backward(hidden, rng):
    layers = network(rng, hidden)
    X, X_dot = (readonly(rng.standard_normal((INPUTS, EXAMPLES))) for _ in range(2))
    direction = direction_in(rng, layers)
    dA_L = readonly(rng.standard_normal((OUTPUTS, EXAMPLES)))
    ahead = np.sum(dA_L * jvp(X, layers, direction, X_dot).A_L_dot)
    grads, dA_0 = backward(dA_L, layers, forward(X, layers), with_dA_0=True)
    back = flat(grads) @ flat(direction) + np.sum(dA_0 * X_dot)
    assert_close(ahead, back, 1e-12)


@every_activation
@every_loss
def test_the_hessian_is_symmetric(hidden, loss, rng):
    X, Y, layers = problem(rng, hidden, loss)
    layers = calm(layers)
    u, v = direction_in(rng, layers), direction_in(rng, layers)
    uHv = flat(u) @ flat(hvp(X, Y, layers, loss, v))
    vHu = flat(v) @ flat(hvp(X, Y, layers, loss, u))
    assert abs(uHv) > 1e-6
    assert_close(uHv, vHu, 1e-11)


def test_hvp_is_linear_in_the_direction_and_takes_gradients_and_its_own_results(rng):
    X, Y, layers = problem(rng, TANH, SOFTMAX_CROSS_ENTROPY)
    u = loss_and_grads(X, Y, layers, SOFTMAX_CROSS_ENTROPY).grads.layers
    v = hvp(X, Y, layers, SOFTMAX_CROSS_ENTROPY, u)
    assert all(isinstance(pair, LayerGradients) for pair in v)
    both = [(3 * a - 2 * c, 3 * b - 2 * d) for (a, b), (c, d) in zip(u, v, strict=True)]

    def H(direction):
        return flat(hvp(X, Y, layers, SOFTMAX_CROSS_ENTROPY, direction))

    assert_close(H(both), 3 * H(u) - 2 * H(v), 1e-13)


def test_the_hessian_of_a_linear_layer_is_written_down_by_hand(draw, rng):
    X, Y = draw(3, 7), draw(2, 7)
    layers = [Layer(draw(2, 3), draw(2, 1), IDENTITY)]
    [(W_dot, b_dot)] = direction_in(rng, layers)
    [(dW_dot, db_dot)] = hvp(X, Y, layers, HALF_SQUARED_ERROR, [(W_dot, b_dot)])
    with_one = np.vstack([X, np.ones((1, 7))])
    expected = np.hstack([W_dot, b_dot]) @ (with_one @ with_one.T) / 7
    assert_close(np.hstack([dW_dot, db_dot]), expected, 1e-13)


def test_doubling_the_data_leaves_the_hessian_as_it_is(rng):
    X, Y, layers = problem(rng, TANH, SOFTMAX_CROSS_ENTROPY)
    direction = direction_in(rng, layers)
    once = hvp(X, Y, layers, SOFTMAX_CROSS_ENTROPY, direction)
    XX, YY = np.hstack([X, X]), np.hstack([Y, Y])
    twice = hvp(XX, YY, layers, SOFTMAX_CROSS_ENTROPY, direction)
    assert_close(flat(twice), flat(once), 1e-13)


def test_relu_has_no_curvature_even_at_its_kink(rng):
    layers = [
        Layer(np.zeros((5, 3)), np.zeros((5, 1)), RELU),
        Layer(rng.standard_normal((2, 5)), np.zeros((2, 1)), IDENTITY),
    ]
    X, Y = rng.standard_normal((3, 7)), rng.standard_normal((2, 7))
    direction = [(np.ones((5, 3)), np.ones((5, 1))), (np.zeros((2, 5)), np.zeros((2, 1)))]
    product = hvp(X, Y, layers, HALF_SQUARED_ERROR, direction)
    assert not product[0].dW.any()


def test_single_precision_stays_single(rng):
    X, Y, layers = problem(rng, TANH, SOFTMAX_CROSS_ENTROPY)
    single = [Layer(W.astype(np.float32), b.astype(np.float32), g) for W, b, g in layers]
    direction = [(W, b) for W, b, _ in single]
    Y32 = (Y / Y.sum(axis=0)).astype(np.float32)
    product = hvp(X.astype(np.float32), Y32, single, SOFTMAX_CROSS_ENTROPY, direction)
    assert {array.dtype for pair in product for array in pair} == {np.dtype(np.float32)}
    assert jvp(X.astype(np.float32), single, direction).A_L_dot.dtype == np.float32


def test_hvp_agrees_with_autograd(rng):
    autograd = pytest.importorskip("autograd", reason="an oracle that not everyone has installed")
    anp = autograd.numpy
    X, Y, layers = problem(rng, TANH, SOFTMAX_CROSS_ENTROPY)
    direction = direction_in(rng, layers)
    shapes = [array.shape for W, b, _ in layers for array in (W, b)]

    def J(theta):
        A = X
        for l in range(len(layers)):
            W, b = (
                anp.reshape(theta[begin : begin + size], shape)
                for begin, size, shape in places[2 * l : 2 * l + 2]
            )
            Z = anp.dot(W, A) + b
            A = anp.tanh(Z) if l < len(layers) - 1 else Z
        return -anp.sum(Y * (A - anp.log(anp.sum(anp.exp(A), axis=0)))) / X.shape[1]

    sizes = [int(np.prod(shape)) for shape in shapes]
    places = list(zip(np.cumsum([0, *sizes[:-1]]), sizes, shapes, strict=True))
    theta = flat([(W, b) for W, b, _ in layers])
    expected = autograd.hessian_vector_product(J)(theta, flat(direction))
    assert_close(flat(hvp(X, Y, layers, SOFTMAX_CROSS_ENTROPY, direction)), expected, PEER)


def test_errors_say_what_to_do(rng):
    X, Y, layers = problem(rng, TANH, HALF_SQUARED_ERROR)
    direction = direction_in(rng, layers)

    def H(**changes):
        given = {"layers": layers, "loss": HALF_SQUARED_ERROR, "direction": direction}
        return hvp(X, Y, **given | changes)

    with pytest.raises(ValueError, match=r"direction must hold L = 4 pairs .* got 3"):
        H(direction=direction[:3])
    turned = [(W.T, b) for W, b in direction]
    with pytest.raises(ValueError, match=r"hvp: W_dot\[1\] must have shape \(n_1, n_0\)"):
        H(direction=turned)
    with pytest.raises(TypeError, match=r"b_dot\[1\] must hold floating-point numbers"):
        H(direction=[(W, b.astype(int)) for W, b in direction])
    with pytest.raises(ValueError, match=r"must have a second derivative here, got 'huber'"):
        H(loss=Loss("huber", HALF_SQUARED_ERROR.value, HALF_SQUARED_ERROR.grad))
    with pytest.raises(ValueError, match=r"activation of layer 1 must have a rule .*'layer_norm'"):
        H(layers=network(rng, RECORDS["layer_norm"]))
    with pytest.raises(ValueError, match=r"jvp: a network needs at least one layer"):
        jvp(X, [])
    with pytest.raises(ValueError, match=r"jvp: X_dot must have shape \(n_0, m\) = \(3, 7\)"):
        jvp(X, layers, X_dot=X.T)
    with pytest.raises(ValueError, match=r"jvp: X must have shape"):
        jvp(X.T, layers)
