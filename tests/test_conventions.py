"""Translations between conventions: round trips, and every row of the table against its library."""

import numpy as np
import pytest

from fcnref import (
    HALF_SQUARED_ERROR,
    IDENTITY,
    SOFTMAX_CROSS_ENTROPY,
    TANH,
    Layer,
    LayerGradients,
    affine,
    forward,
    from_keras,
    from_per_example,
    from_rows,
    from_sklearn,
    from_torch,
    half_squared_error,
    loss_and_grads,
    other_layout,
    to_keras,
    to_per_example,
    to_rows,
    to_sklearn,
    to_torch,
    translate_l2,
)
from fcnref.activations import layer_norm_jacobian
from fcnref.affine import affine_backward_parameters
from fcnref.regularization import l2_coefficient, l2_penalty, l2_penalty_grad
from tests.oracles import COMPLEX_STEP, PEER, assert_close, complex_step, jacobian

SIZES = (5, 3, 2)
M = 7
SCALINGS = ("lambda", "lambda/2", "lambda/2m")


@pytest.fixture
def layers(draw):
    return [
        Layer(draw(n, n_prev), draw(n, 1), activation)
        for n_prev, n, activation in zip(SIZES[:-1], SIZES[1:], [TANH, IDENTITY], strict=True)
    ]


@pytest.fixture
def batch(draw):
    return draw(SIZES[0], M), draw(SIZES[-1], M)


@pytest.fixture
def grads(layers, batch):
    return loss_and_grads(*batch, layers, HALF_SQUARED_ERROR).grads.layers


LAYOUTS = {
    "rows": (to_rows, from_rows),
    "torch": (to_torch, from_torch),
    "keras": (to_keras, from_keras),
    "sklearn": (to_sklearn, lambda theirs: from_sklearn(*theirs)),
}


@pytest.fixture(params=LAYOUTS.values(), ids=LAYOUTS.keys())
def layout(request):
    return request.param


def leaves(tree):
    """Every array of lists and tuples inside each other."""
    return (
        [tree] if isinstance(tree, np.ndarray) else [a for branch in tree for a in leaves(branch)]
    )


def assert_same(ours, expected):
    assert len(ours) == len(expected)
    for (W, b), (W_expected, b_expected, *_) in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(W, W_expected, strict=True)
        np.testing.assert_array_equal(b, b_expected, strict=True)


def test_there_and_back_is_the_identity(layout, layers, grads):
    there, back = layout
    assert_same(back(there(layers)), layers)
    assert_same(back(there(grads)), grads)


def test_back_and_there_is_the_identity(layout, layers):
    there, back = layout
    theirs = there(layers)
    for once, twice in zip(leaves(theirs), leaves(there(back(theirs))), strict=True):
        np.testing.assert_array_equal(once, twice, strict=True)


def test_gradients_keep_their_record(grads):
    assert [LayerGradients(*pair).dW.shape for pair in from_torch(to_torch(grads))] == [
        (3, 5),
        (2, 3),
    ]


def test_translations_share_no_memory(layout, layers):
    there, back = layout
    ours = [array for layer in layers for array in layer[:2]]
    theirs = there(layers)
    for ones, others in [(ours, leaves(theirs)), (leaves(theirs), leaves(back(theirs)))]:
        assert not any(np.shares_memory(one, other) for one in ones for other in others)


def test_translations_keep_the_precision(layout, layers):
    there, back = layout
    single = [(W.astype(np.float32), b.astype(np.float32)) for W, b, _ in layers]
    assert {a.dtype for a in leaves(there(single))} == {np.dtype(np.float32)}
    assert {a.dtype for a in leaves(back(there(single)))} == {np.dtype(np.float32)}


def test_rows_compute_the_transpose(layers, batch):
    X, _ = batch
    A = X.T
    for (W, b), layer in zip(to_rows(layers), layers, strict=True):
        A = layer.activation.forward(A @ W + b)
    assert_close(A.T, forward(X, layers).A[-1], 1e-14)


def test_rows_take_a_bias_that_is_a_row(layers):
    with_row_bias = [(W, b.reshape(1, -1)) for W, b in to_rows(layers)]
    assert_same(from_rows(with_row_bias), layers)


def test_keras_is_the_kernel_behind_the_input_then_the_bias(layers, batch):
    X, _ = batch
    kernel, bias, *_ = to_keras(layers)
    assert_close((np.dot(X.T, kernel) + bias).T, affine(X, layers[0].W, layers[0].b), 1e-14)


class TestTorch:
    @pytest.fixture
    def torch(self):
        return pytest.importorskip("torch", reason="PyTorch has wheels for some Pythons only")

    @pytest.fixture
    def model(self, torch):
        n_0, n_1, n_2 = SIZES
        return torch.nn.Sequential(
            torch.nn.Linear(n_0, n_1), torch.nn.Tanh(), torch.nn.Linear(n_1, n_2)
        ).double()

    def test_parameters_fit_and_the_output_is_the_transpose(self, torch, model, layers, batch):
        X, _ = batch
        with torch.no_grad():
            for parameter, array in zip(model.parameters(), to_torch(layers), strict=True):
                assert tuple(parameter.shape) == array.shape
                parameter.copy_(torch.from_numpy(array))
            there = model(torch.tensor(X.T)).numpy()
        assert_close(there.T, forward(X, layers).A[-1], 1e-14)

    def test_gradients_come_back_as_ours(self, torch, model, batch):
        X, Y = batch
        loss = 0.5 * ((model(torch.tensor(X.T)) - torch.tensor(Y.T)) ** 2).sum(dim=1).mean()
        loss.backward()
        pairs = from_torch([p.detach().numpy() for p in model.parameters()])
        layers = [
            Layer(*pair, activation)
            for pair, activation in zip(pairs, [TANH, IDENTITY], strict=True)
        ]
        J, ours = loss_and_grads(X, Y, layers, HALF_SQUARED_ERROR)
        assert_close(J, loss.item(), PEER)
        theirs = from_torch([p.grad.numpy() for p in model.parameters()])
        for (dW, db), (dW_theirs, db_theirs) in zip(ours.layers, theirs, strict=True):
            assert_close(dW, dW_theirs, PEER)
            assert_close(db, db_theirs, PEER)

    def test_a_sum_over_the_examples_is_m_times_the_mean(self, torch, draw):
        Z, labels = draw(SIZES[-1], M), np.array([0, 1, 1, 0, 1, 0, 0])
        logits = torch.tensor(Z.T, requires_grad=True)
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels), reduction="sum")
        loss.backward()
        Y = np.eye(SIZES[-1])[:, labels]
        ours = SOFTMAX_CROSS_ENTROPY.grad(Z, Y)
        assert_close(to_per_example(ours), logits.grad.numpy().T, PEER)

    def test_weight_decay_is_half_lambda_on_weights_and_biases(self, torch, model):
        before = from_torch([p.detach().numpy() for p in model.parameters()])
        optimizer = torch.optim.SGD(model.parameters(), lr=1.0, weight_decay=0.3)
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
        after = from_torch([p.detach().numpy() for p in model.parameters()])
        c = l2_coefficient(0.3, "lambda/2")
        for (W, b), (W_after, b_after) in zip(before, after, strict=True):
            assert_close(W_after, W - l2_penalty_grad(W, c), 1e-14)
            assert_close(b_after, b - l2_penalty_grad(b, c), 1e-14)


class TestSklearn:
    ALPHA = 0.3

    @pytest.fixture
    def model(self, layers, batch):
        """A regressor with our parameters, which takes plain gradient steps of length 1."""
        sklearn = pytest.importorskip("sklearn.neural_network")
        X, Y = batch
        model = sklearn.MLPRegressor(
            hidden_layer_sizes=SIZES[1:-1],
            activation="tanh",
            solver="sgd",
            alpha=self.ALPHA,
            batch_size=M,
            learning_rate_init=1.0,
            momentum=0.0,
            nesterovs_momentum=False,
        )
        model.partial_fit(X.T, Y.T)
        model.coefs_, model.intercepts_ = to_sklearn(layers)
        return model

    def test_the_output_is_the_transpose(self, model, layers, batch):
        X, _ = batch
        assert_close(model.predict(X.T).T, forward(X, layers).A[-1], 1e-14)

    def test_a_step_is_ours_with_alpha_as_lambda_over_2m(self, model, layers, grads, batch):
        X, Y = batch
        model.partial_fit(X.T, Y.T)
        after = from_sklearn(model.coefs_, model.intercepts_)
        c = l2_coefficient(self.ALPHA, "lambda/2m", M)
        for (W, b, _), (dW, db), (W_after, b_after) in zip(layers, grads, after, strict=True):
            assert_close(W_after, W - (dW + l2_penalty_grad(W, c)), PEER)
            assert_close(b_after, b - db, PEER)

    def test_its_loss_is_divided_by_the_outputs_and_its_gradients_are_not(
        self, model, layers, batch
    ):
        X, Y = batch
        model.partial_fit(X.T, Y.T)
        c = l2_coefficient(self.ALPHA, "lambda/2m", M)
        penalty = sum(l2_penalty(W, c) for W, *_ in layers)
        J = half_squared_error(forward(X, layers).A[-1], Y)
        assert_close(model.loss_, J / SIZES[-1] + penalty, PEER)


def test_per_example_gradients_are_those_of_batches_of_one(batch, layers):
    X, Y = batch
    Z = forward(X, layers).A[-1]
    columns = [HALF_SQUARED_ERROR.grad(Z[:, [i]], Y[:, [i]]) for i in range(M)]
    assert_close(to_per_example(HALF_SQUARED_ERROR.grad(Z, Y)), np.hstack(columns), 1e-14)


def test_one_over_m_in_dW_and_db_gives_the_same_dW_and_db(draw):
    dZ, A_prev = draw(3, M), draw(5, M)
    theirs = to_per_example(dZ)
    ours = affine_backward_parameters(dZ, A_prev)
    assert_close(theirs @ A_prev.T / M, ours.dW, 1e-14)
    assert_close(theirs.sum(axis=1, keepdims=True) / M, ours.db, 1e-14)


def test_per_example_there_and_back(draw):
    dX = draw(3, M)
    assert_close(from_per_example(to_per_example(dX)), dX, 1e-15)
    assert_close(to_per_example(from_per_example(dX)), dX, 1e-15)
    assert to_per_example(dX.astype(np.float32)).dtype == np.float32


def test_the_other_layout_transposes(draw):
    z, gain = draw(5, 1), draw(5, 1)
    J = layer_norm_jacobian(z, gain, 1e-5)
    assert not np.allclose(J, J.T)
    np.testing.assert_array_equal(other_layout(other_layout(J)), J)
    W = draw(3, 5)
    numerator = jacobian(lambda x: W @ x, z)
    assert_close(other_layout(numerator), W.T, COMPLEX_STEP)


@pytest.mark.parametrize("wanted", SCALINGS)
@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_translated_strength_means_the_same_penalty(scaling, wanted, draw):
    W, strength = draw(3, 5), 0.7
    there = translate_l2(strength, scaling, wanted, M)
    c, c_there = l2_coefficient(strength, scaling, M), l2_coefficient(there, wanted, M)
    assert_close(l2_penalty(W, c_there), l2_penalty(W, c), 1e-15)
    gradient = complex_step(lambda W: l2_penalty(W, c), W, np.float64(1))
    assert_close(l2_penalty_grad(W, c_there), gradient, COMPLEX_STEP)
    assert translate_l2(there, wanted, scaling, M) == pytest.approx(strength, rel=1e-15)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda W, b: from_keras([W, b[:, 0]]),
            ValueError,
            r"from_keras: the bias of layer 1 must have shape \(n\) = \(5\), got \(3,\)",
        ),
        (
            lambda W, b: from_torch([W, b[:, 0], W]),
            ValueError,
            r"from_torch: every layer has weights and a bias, so the arrays must come in twos",
        ),
        (
            lambda W, b: from_torch([W, b[:, 0], W, b[:, 0]]),
            ValueError,
            r"from_torch: layer 2 takes 5 units, but layer 1 has 3; are the weights in another",
        ),
        (
            lambda W, b: to_rows([(W.T, b)]),
            ValueError,
            r"to_rows: b\[1\] must have shape \(n, 1\) = \(5, 1\), got \(3, 1\)",
        ),
        (
            lambda W, b: to_torch([(W.astype(int), b)]),
            TypeError,
            r"to_torch: W\[1\] must hold floating-point numbers, got int64",
        ),
        (
            lambda W, b: from_sklearn([W.T], []),
            ValueError,
            r"from_sklearn: 1 coefs need as many intercepts, got 0\.",
        ),
        (
            lambda W, b: to_per_example(b[:, 0]),
            ValueError,
            r"to_per_example: dX must have shape \(n, m\), got \(3,\)",
        ),
        (
            lambda W, b: translate_l2(0.1, "lambda/2m", "lambda"),
            ValueError,
            r"translate_l2: m must be given to translate from 'lambda/2m' to 'lambda'",
        ),
        (
            lambda W, b: translate_l2(0.1, "lambda", "lambda/2m", m=0),
            ValueError,
            r"translate_l2: m must be given to translate from 'lambda' to 'lambda/2m'",
        ),
        (
            lambda W, b: translate_l2(0.1, "lambda", "lambda/3"),
            ValueError,
            r"scaling must be one of lambda, lambda/2, lambda/2m, got 'lambda/3'",
        ),
    ],
)
def test_errors_say_what_to_do(call, error, message, draw):
    with pytest.raises(error, match=message):
        call(draw(3, 5), draw(3, 1))
