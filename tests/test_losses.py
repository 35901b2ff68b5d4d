"""The losses: value and gradient, the only home of 1/m, and what they refuse."""

import math
import pickle
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

import fcnref
from fcnref import LOSSES, one_hot
from tests.oracles import (
    CENTRAL_DIFFERENCE,
    COMPLEX_STEP,
    assert_close,
    central_difference,
    complex_step,
    readonly,
)
from tests.registry import output_before

N, M = 5, 7
ON_LOGITS = {
    "sigmoid_cross_entropy": (fcnref.SIGMOID, fcnref.BINARY_CROSS_ENTROPY),
    "softmax_cross_entropy": (fcnref.SOFTMAX, fcnref.CROSS_ENTROPY),
}

every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
each = {name: pytest.mark.parametrize("loss", [LOSSES[name]], ids=[name]) for name in LOSSES}


@pytest.fixture
def output(draw):
    """What a network hands to a loss: probabilities or any numbers, as the loss expects."""

    def output(loss, n=N, m=M):
        return readonly(output_before(loss).forward(draw(n, m, scale=0.5)) + 0)

    return output


@pytest.fixture(params=["soft", "one-hot"])
def targets(request, draw_distributions, rng):
    def targets(n=N, m=M):
        if request.param == "soft":
            return draw_distributions(n, m)
        return readonly(one_hot(rng.integers(0, n, m), n))

    return targets


# The printed equations, with both sums and 1/m written out.


def mean_of_entries(of_entry):
    def J(A, Y):
        m = A.shape[1]
        return sum(of_entry(A[j, i], Y[j, i]) for i in range(m) for j in range(len(A))) / m

    return J


def log_sum_exp(column):
    return math.log(sum(math.exp(z) for z in column))


BY_ENTRY = {
    "half_squared_error": mean_of_entries(lambda a, y: (a - y) ** 2 / 2),
    "mean_squared_error": lambda A, Y: mean_of_entries(lambda a, y: (a - y) ** 2)(A, Y) / len(A),
    "binary_cross_entropy": mean_of_entries(
        lambda a, y: -y * math.log(a) - (1 - y) * math.log(1 - a)
    ),
    "cross_entropy": mean_of_entries(lambda a, y: -y * math.log(a)),
    "sigmoid_cross_entropy": mean_of_entries(
        lambda z, y: y * math.log(1 + math.exp(-z)) + (1 - y) * math.log(1 + math.exp(z))
    ),
    "softmax_cross_entropy": lambda Z, Y: (
        sum(
            -Y[j, i] * (Z[j, i] - log_sum_exp(Z[:, i]))
            for i in range(Z.shape[1])
            for j in range(len(Z))
        )
        / Z.shape[1]
    ),
}


@every_loss
def test_value_is_the_equation_entry_by_entry(loss, output, targets):
    A, Y = output(loss), targets()
    assert math.isclose(loss.value(A, Y), BY_ENTRY[loss.name](A, Y), rel_tol=1e-13)


@every_loss
@pytest.mark.parametrize(
    ("oracle", "rtol"), [(complex_step, COMPLEX_STEP), (central_difference, CENTRAL_DIFFERENCE)]
)
def test_grad_is_the_derivative_of_value(loss, oracle, rtol, output, targets):
    A, Y = output(loss), targets()
    expected = oracle(lambda A: loss.value(A, Y), A, np.float64(1))
    assert_close(loss.grad(A, Y), expected, rtol)


@every_loss
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 1), (3, 3)], ids=str)
def test_grad_is_the_derivative_of_value_at_any_size(loss, shape, output, draw_distributions):
    A, Y = output(loss, *shape), draw_distributions(*shape)
    expected = complex_step(lambda A: loss.value(A, Y), A, np.float64(1))
    np.testing.assert_allclose(loss.grad(A, Y), expected, rtol=COMPLEX_STEP, atol=1e-15)


@every_loss
def test_the_loss_is_a_mean_over_the_examples(loss, output, targets):
    """Every example twice: the same mean, and half the gradient for each of the copies."""
    A, Y = output(loss), targets()
    A_twice, Y_twice = np.hstack([A, A]), np.hstack([Y, Y])
    assert math.isclose(loss.value(A_twice, Y_twice), loss.value(A, Y), rel_tol=1e-14)
    half = loss.grad(A, Y) / 2
    assert_close(loss.grad(A_twice, Y_twice), np.hstack([half, half]), 1e-14)


def test_only_the_mean_squared_error_is_a_mean_over_the_units(draw):
    A, Y = draw(N, M), draw(N, M)
    half, mean = fcnref.half_squared_error, fcnref.mean_squared_error
    A_twice, Y_twice = np.vstack([A, A]), np.vstack([Y, Y])
    assert math.isclose(half(A_twice, Y_twice), 2 * half(A, Y), rel_tol=1e-14)
    assert math.isclose(mean(A_twice, Y_twice), mean(A, Y), rel_tol=1e-14)
    assert math.isclose(mean(A, Y), 2 / N * half(A, Y), rel_tol=1e-14)


def test_squared_errors_in_fractions():
    A = readonly(np.array([[0.5, -1.25, 3.0], [2.0, 0.75, -0.5]]))
    Y = readonly(np.array([[1.0, 1.25, -2.0], [0.5, 0.25, 4.0]]))
    total = sum((Fraction(a) - Fraction(y)) ** 2 for a, y in zip(A.flat, Y.flat, strict=True))
    assert math.isclose(fcnref.half_squared_error(A, Y), total / 6, rel_tol=1e-15)
    assert math.isclose(fcnref.mean_squared_error(A, Y), total / 6, rel_tol=1e-15)


@pytest.mark.parametrize("name", ON_LOGITS)
def test_a_fused_loss_is_its_activation_and_its_loss_in_one(name, draw, targets):
    logits, Y = draw(N, M), targets()
    activation, loss = ON_LOGITS[name]
    fused = LOSSES[name]
    A = activation.forward(logits)
    assert math.isclose(fused.value(logits, Y), loss.value(A, Y), rel_tol=1e-14)
    kept = logits if activation.reads == "Z" else A
    assert_close(fused.grad(logits, Y), activation.backward(loss.grad(A, Y), kept), 1e-14)


# Where probabilities have rounded to 0 and 1.

EXTREME = np.array([[0.0, 40.0, -40.0, 800.0, -800.0], [1.0, -3.0, 20.0, -800.0, 0.0]])


def in_digits(formula, *numbers):
    with localcontext() as context:
        context.prec = 800
        return float(formula(*map(Decimal, numbers)))


@pytest.mark.parametrize(
    ("z", "y"), [(40.0, 1.0), (-40.0, 0.0), (700.0, 1.0), (800.0, 0.0), (-800.0, 0.25)]
)
def test_sigmoid_cross_entropy_keeps_its_digits(z, y):
    J = fcnref.sigmoid_cross_entropy(readonly(np.array([[z]])), readonly(np.array([[y]])))
    expected = in_digits(
        lambda z, y: y * (1 + (-z).exp()).ln() + (1 - y) * (1 + z.exp()).ln(), z, y
    )
    assert math.isclose(J, expected, rel_tol=1e-14)


@pytest.mark.parametrize("label", [0, 1, 2])
@pytest.mark.parametrize("column", [(0.0, -40.0, -45.0), (800.0, -800.0, 0.0), (-700.0, 2.0, 2.0)])
def test_softmax_cross_entropy_keeps_its_digits(column, label):
    logits = readonly(np.array([column]).T)
    J = fcnref.softmax_cross_entropy(logits, readonly(one_hot(np.array([label]), 3)))
    expected = in_digits(lambda *z: sum(entry.exp() for entry in z).ln() - z[label], *column)
    np.testing.assert_allclose(J, expected, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("name", ON_LOGITS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_at_800_a_fused_loss_neither_warns_nor_loses_its_way(name, dtype):
    logits = readonly(EXTREME.astype(dtype))
    for label in (0, 1):
        Y = readonly(one_hot(np.full(5, label), 2, dtype))
        J, dlogits = LOSSES[name].value(logits, Y), LOSSES[name].grad(logits, Y)
        assert np.isfinite(J)
        assert np.all(np.isfinite(dlogits))
        activation, _ = ON_LOGITS[name]
        assert_close(dlogits, (activation.forward(logits) - Y) / 5, 1e-15)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "cross_entropy"])
def test_certain_and_right_costs_nothing_and_certain_and_wrong_everything(name):
    A = readonly(np.array([[1.0, 0.0], [0.0, 1.0]]))
    right, wrong = A, readonly(1 - A)
    loss = LOSSES[name]
    assert loss.value(A, right) == 0
    assert np.all(np.isfinite(loss.grad(A, right)))
    assert loss.value(A, wrong) == np.inf
    assert np.all(np.isneginf(loss.grad(A, wrong)[wrong == 1]))


def test_a_switched_off_term_has_no_gradient():
    A, Y = readonly(np.array([[0.0, 1.0, 0.25]])), readonly(np.array([[0.0, 1.0, 1.0]]))
    assert_close(fcnref.binary_cross_entropy_grad(A, Y), np.array([[1.0, -1.0, -4.0]]) / 3, 1e-15)
    A, Y = readonly(np.array([[0.0], [1.0]])), readonly(np.array([[0.0], [1.0]]))
    assert_close(fcnref.cross_entropy_grad(A, Y), [[0.0], [-1.0]], 1e-15)


def test_a_class_that_is_ruled_out_costs_nothing_where_its_target_is_0():
    logits = readonly(np.array([[2.0, 1.0], [-np.inf, 3.0], [2.0, -np.inf]]))
    Y = readonly(np.array([[1.0, 0.25], [0.0, 0.75], [0.0, 0.0]]))
    J = fcnref.softmax_cross_entropy(logits, Y)
    e = math.exp(2)
    wanted = math.log(2) + 0.25 * math.log(1 + e) + 0.75 * math.log(1 + 1 / e)
    assert math.isclose(J, wanted / 2, rel_tol=1e-15)
    dlogits = fcnref.softmax_cross_entropy_grad(logits, Y)
    A = np.array([[0.5, 1 / (1 + e)], [0, e / (1 + e)], [0.5, 0]])
    assert_close(dlogits, (A - Y) / 2, 1e-15)
    at_once = fcnref.SOFTMAX_CROSS_ENTROPY.value_and_grad(logits, Y)
    assert at_once[0] == J
    np.testing.assert_array_equal(at_once[1], dlogits)


def test_a_certain_logit_costs_nothing_if_it_is_right():
    logits = readonly(np.array([[np.inf, -np.inf, 0.0]]))
    Y = readonly(np.array([[1.0, 0.0, 0.5]]))
    assert math.isclose(fcnref.sigmoid_cross_entropy(logits, Y), math.log(2) / 3)
    assert_close(fcnref.sigmoid_cross_entropy_grad(logits, Y), np.zeros((1, 3)), 0)


@pytest.mark.parametrize("name", ON_LOGITS)
@pytest.mark.parametrize("share", [0.25, 1.0])
def test_a_class_that_is_ruled_out_and_a_target_costs_everything(name, share):
    """The loss has no bound there, but its gradient has."""
    logits, Y = readonly(np.array([[-np.inf], [0.0]])), readonly(np.array([[share], [1 - share]]))
    loss = LOSSES[name]
    assert loss.value(logits, Y) == np.inf
    other = 1 if name == "softmax_cross_entropy" else 0.5
    assert_close(loss.grad(logits, Y), np.array([[0.0], [other]]) - Y, 1e-15)


# What is refused.


@every_loss
@pytest.mark.parametrize("function", ["value", "grad"])
def test_a_mean_over_no_examples_is_refused(loss, function):
    nothing = readonly(np.empty((N, 0)))
    with pytest.raises(ValueError, match=r"^\w+: a mean over the examples needs .* got m = 0\.$"):
        getattr(loss, function)(nothing, nothing)


@pytest.mark.parametrize(
    "name", sorted(LOSSES.keys() - {"half_squared_error", "mean_squared_error"})
)
@pytest.mark.parametrize("function", ["value", "grad"])
@pytest.mark.parametrize("entry", [-0.125, 1.125, float("nan"), float("inf")])
def test_targets_that_are_no_probabilities_are_refused(name, function, entry):
    A = readonly(np.full((2, 3), 0.5))
    Y = readonly(np.array([[0.5, entry, 0.5], [0.5, 1 - entry, 0.5]]))
    door = getattr(LOSSES[name], function)
    with pytest.raises(ValueError, match=rf"^{door.__name__}: Y must lie between 0 and 1, got"):
        door(A, Y)


@pytest.mark.parametrize("name", ["binary_cross_entropy", "cross_entropy"])
@pytest.mark.parametrize("function", ["value", "grad"])
@pytest.mark.parametrize("entry", [-0.125, 1.125, float("nan"), float("inf")])
def test_outputs_that_are_no_probabilities_are_refused(name, function, entry):
    A, Y = readonly(np.array([[0.5, entry], [0.5, 0.5]])), readonly(np.full((2, 2), 0.5))
    door = getattr(LOSSES[name], function)
    with pytest.raises(ValueError, match=rf"^{door.__name__}: A must lie between 0 and 1, got"):
        door(A, Y)


@pytest.mark.parametrize("name", ["cross_entropy", "softmax_cross_entropy"])
@pytest.mark.parametrize("function", ["value", "grad"])
def test_columns_of_targets_that_do_not_sum_to_1_are_refused(name, function):
    """Also where the rows do: the targets of rows as examples."""
    A = readonly(np.full((2, 3), 0.5))
    Y = readonly(np.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]]))
    door = getattr(LOSSES[name], function)
    with pytest.raises(
        ValueError,
        match=rf"^{door.__name__}: every column of Y must sum to 1, column 1 sums to 0\.5; ",
    ):
        door(A, Y)


@pytest.mark.parametrize("entry", [-0.125, 1.125])
def test_the_entry_that_is_no_probability_is_named_and_not_a_0_or_1_before_it(entry):
    A, Y = readonly(np.array([[0.0, 1.0, entry, 7.0]])), readonly(np.full((1, 4), 0.5))
    with pytest.raises(ValueError, match=rf"got an entry {entry}\.$"):
        fcnref.binary_cross_entropy(A, Y)


def test_a_sum_of_targets_may_be_off_by_half_the_digits_and_no_more():
    logits = readonly(np.zeros((2, 1)))
    Y = np.array([[0.5], [0.5 + 2**-26]])
    assert math.isclose(fcnref.softmax_cross_entropy(logits, Y), math.log(2), rel_tol=2**-25)
    Y[1] += 2**-52
    with pytest.raises(ValueError, match="column 0 sums to"):
        fcnref.softmax_cross_entropy(logits, Y)


def test_independent_units_need_not_sum_to_1():
    A, Y = readonly(np.full((2, 3), 0.5)), readonly(np.ones((2, 3)))
    assert math.isclose(fcnref.binary_cross_entropy(A, Y), 2 * math.log(2))
    assert math.isclose(fcnref.sigmoid_cross_entropy(np.zeros((2, 3)), Y), 2 * math.log(2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_that_are_1_up_to_rounding_are_accepted(dtype, rng):
    Y = rng.uniform(0, 1, (97, 101)).astype(dtype)
    Y = readonly(Y / Y.sum(axis=0))
    assert np.isfinite(fcnref.softmax_cross_entropy(Y, Y))


# The records and one_hot.


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "loss",
    [loss for loss in LOSSES.values() if loss.value_and_grad is not None],
    ids=lambda loss: loss.name,
)
def test_value_and_gradient_at_once_are_the_two_to_the_last_bit(loss, dtype, draw):
    logits, Y = draw(N, M, scale=30).astype(dtype), one_hot(np.arange(M) % N, N, dtype)
    J, dA = loss.value_and_grad(logits, Y)
    assert loss.value(logits, Y) == J
    assert np.all(dA == loss.grad(logits, Y))
    assert J.dtype == dA.dtype == dtype
    with pytest.raises(ValueError, match="column 0 sums to"):
        loss.value_and_grad(logits, Y / 2)


def test_the_registry_names_its_losses_and_cannot_be_written_to():
    for name, loss in LOSSES.items():
        assert loss.name == name
        assert loss.value is getattr(fcnref, name)
        assert loss.grad is getattr(fcnref, f"{name}_grad")
        assert getattr(fcnref, name.upper()) is loss
        assert repr(loss) == f"Loss({name!r})"
    with pytest.raises(TypeError):
        LOSSES["mine"] = fcnref.HALF_SQUARED_ERROR


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_hot_marks_the_class_of_every_column(dtype, rng):
    labels = readonly(rng.integers(0, N, M))
    Y = one_hot(labels, N, dtype)
    assert Y.dtype == dtype
    assert_close(Y, [[float(labels[i] == j) for i in range(M)] for j in range(N)], 0)


def test_one_hot_takes_a_list_of_classes():
    assert_close(one_hot([2, 0], 3), [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]], 0)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0.0, 1.0], TypeError, "one_hot: labels must be integers, got float64."),
        ([True, False], TypeError, "one_hot: labels must be integers, got bool."),
        ([[0, 1]], ValueError, "one_hot: labels must have shape (m,), got (1, 2)."),
        ([0, 3], ValueError, "one_hot: labels must lie in 0..2, got 3."),
        ([0, -1], ValueError, "one_hot: labels must lie in 0..2, got -1."),
    ],
)
def test_one_hot_refuses_what_are_no_classes(labels, error, message):
    with pytest.raises(error) as raised:
        one_hot(np.array(labels), 3)
    assert str(raised.value) == message


@every_loss
def test_a_loss_and_its_fields_arrive_in_another_process(loss):
    assert pickle.loads(pickle.dumps(loss)) == loss
    assert pickle.loads(pickle.dumps(tuple(loss))) == loss
