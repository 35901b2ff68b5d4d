import numpy as np
import pytest

from fcnref import (
    ACTIVATIONS,
    Activation,
    affine,
    affine_backward,
    layer_norm,
    layer_norm_backward,
    layer_norm_with,
    loss_and_grads,
    softmax,
    softmax_backward,
)
from fcnref._reports import QuantityRow
from fcnref.differences import central_difference, complex_step
from fcnref.gradcheck import (
    _at_kink,
    check_backward,
    check_network,
    network_derivatives,
    relative_error,
)
from fcnref.gradients import read_gradients
from fcnref.problem import (
    Penalty,
    informative_problem,
    kinks,
    objective,
    parameters,
    random_problem,
    with_parameters,
)


def right(problem):
    _, grads = loss_and_grads(problem.X, problem.Y, problem.layers, problem.loss)
    return read_gradients(problem, grads)


# Steps.
def test_a_complex_step_is_exact_where_a_central_difference_is_not(draw):
    X = draw(3, 5)
    exact = 3 * X**2 * np.cos(X**3)
    by_step = complex_step(lambda X: np.sum(np.sin(X**3)), X)
    by_difference = central_difference(lambda X: np.sum(np.sin(X**3)), X)
    np.testing.assert_allclose(by_step, exact, rtol=1e-14, atol=1e-15)
    assert 1e-13 < np.max(np.abs(by_difference - exact)) < 1e-5


def test_a_function_of_arrays_has_a_jacobian_in_numerator_layout(draw):
    z = draw(5, 1)
    jacobian = complex_step(softmax, z).reshape(5, 5)
    A = softmax(z)
    np.testing.assert_allclose(jacobian, np.diagflat(A) - A @ A.T, atol=1e-15)
    np.testing.assert_allclose(
        central_difference(softmax, z).reshape(5, 5), jacobian, rtol=0, atol=1e-9
    )


def test_a_direction_gives_the_jacobian_times_the_direction(draw):
    Z, v = draw(5, 7), draw(5, 7)
    whole = complex_step(softmax, Z)
    np.testing.assert_allclose(
        complex_step(softmax, Z, direction=v), np.sum(whole * v, axis=(-2, -1)), atol=1e-15
    )


@pytest.mark.parametrize("step", [complex_step, central_difference])
def test_integers_are_refused(step):
    with pytest.raises(TypeError, match="floating-point numbers, got int64"):
        step(np.sum, np.array([1, 2, 3]))


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda X: np.sum(np.abs(X)), "drops the imaginary part"),
        (lambda X: np.sum(X.real**2), "drops the imaginary part"),
        (lambda X: np.sum(X * np.conj(X)) + 0j, "not holomorphic"),
        (lambda X: np.sum(np.maximum(X * X.conj(), X)), "not holomorphic"),
    ],
    ids=["abs", "real", "conj", "maximum"],
)
def test_a_function_that_is_not_holomorphic_is_noticed(f, words, draw):
    with pytest.raises(ValueError, match=words):
        complex_step(f, draw(3, 5))


def test_a_direction_of_another_shape_is_refused(draw):
    with pytest.raises(ValueError, match="shape of X"):
        complex_step(np.sum, draw(3, 5), direction=draw(5, 3))


# One rule.
def test_right_rules_pass(draw):
    gain, shift = draw(5, 1), draw(5, 1)
    A_prev, W, b = draw(3, 7), draw(5, 3), draw(5, 1)
    assert check_backward(softmax, softmax_backward, [draw(5, 7)]).ok
    affine_rule = lambda dZ, A_prev, W, b: affine_backward(dZ, A_prev, W)  # noqa: E731
    assert check_backward(affine, affine_rule, [A_prev, W, b]).ok

    def rule(dA, Z, gain, shift):
        return layer_norm_backward(dA, Z, gain)

    assert check_backward(layer_norm, rule, [draw(5, 7), gain, shift]).ok


def test_a_forgotten_transpose_fails_where_the_jacobian_is_not_symmetric(draw):
    gain = draw(5, 1)

    def untransposed(dA, Z):
        return complex_step(lambda Z: layer_norm(Z, gain, 0 * gain), Z, direction=dA)

    report = check_backward(lambda Z: layer_norm(Z, gain, 0 * gain), untransposed, [draw(5, 7)])
    assert not report.ok
    assert report.rows[0].error > 0.1


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (lambda dA, Z: dA * (1 - np.tanh(Z) ** 2) + 1e-3, "not linear"),
        (lambda dA, Z: np.abs(dA) * (1 - np.tanh(Z) ** 2), "not linear"),
    ],
    ids=["affine", "absolute"],
)
def test_a_rule_that_is_not_linear_is_named(rule, words, draw):
    report = check_backward(np.tanh, rule, [draw(3, 5)])
    assert not report.ok
    assert words in str(report)


def test_a_rule_that_changes_its_inputs_is_named(draw):
    def careless(dA, Z):
        dA *= 1 - np.tanh(Z) ** 2
        return dA

    report = check_backward(np.tanh, careless, [draw(3, 5)])
    assert all(row.verdict == "right" for row in report.rows)
    assert not report.ok
    assert "changes the incoming gradient in place" in str(report)


def test_a_rule_with_a_state_is_named(draw):
    calls = []

    def accumulating(dA, Z):
        calls.append(1)
        return len(calls) * dA * (1 - np.tanh(Z) ** 2)

    assert "keeps a state" in str(check_backward(np.tanh, accumulating, [draw(3, 5)]))


def test_a_gradient_of_another_shape_is_named(draw):
    report = check_backward(np.tanh, lambda dA, Z: (dA * (1 - np.tanh(Z) ** 2)).T, [draw(3, 5)])
    assert report.rows[0].verdict == "shape"
    assert "(5, 3)" in str(report)


def test_a_function_that_drops_complex_numbers_is_compared_with_differences(draw):
    report = check_backward(np.abs, lambda dA, Z: dA * np.sign(Z), [draw(3, 5)])
    assert report.ok
    assert "central difference" in str(report)


def test_a_rule_returns_one_gradient_per_argument(draw):
    with pytest.raises(ValueError, match="one gradient per argument, 1, got 2"):
        check_backward(np.tanh, lambda dA, Z: (dA, dA), [draw(3, 5)])


def test_an_argument_that_needs_no_gradient_is_left_out(draw):
    A_prev, W, b = draw(3, 7), draw(5, 3), draw(5, 1)

    def rule(dZ, A_prev, W, b):
        return None, *affine_backward(dZ, A_prev, W)[1:]

    report = check_backward(affine, rule, [A_prev, W, b])
    assert report
    assert [row.name for row in report.rows] == ["argument 2", "argument 3"]


def test_a_rule_that_changes_an_argument_is_named(draw):
    def careless(dA, Z):
        Z *= 1
        Z += 1
        return dA * (1 - np.tanh(Z - 1) ** 2)

    report = check_backward(np.tanh, careless, [draw(3, 5)])
    assert not report
    assert "changes argument 1 in place" in repr(report)


def test_an_argument_of_integers_is_refused():
    with pytest.raises(TypeError, match="argument 2 must hold real floating-point numbers, got i"):
        check_backward(np.add, lambda d, a, b: (d, d), [np.ones(3), np.arange(3)])


def test_the_derivative_to_compare_with_can_be_chosen(draw):
    X = draw(3, 5)
    by_differences = check_backward(
        np.tanh, lambda dA, Z: dA * (1 - np.tanh(Z) ** 2), [X], method="central"
    )
    assert by_differences.ok
    assert by_differences.compared_with == "central difference"
    assert 1e-14 < by_differences.rows[0].error < 1e-6
    with pytest.raises(ValueError, match="drops the imaginary part"):
        check_backward(np.abs, lambda dA, Z: dA * np.sign(Z), [X], method="complex")


@pytest.mark.parametrize(
    ("got", "wanted", "error"),
    [([6.0, 8.0], [3.0, 4.0], 0.5), ([3.0, 4.0], [0.0, 0.0], 1.0), ([0.0, 0.0], [0.0, 0.0], 0.0)],
)
def test_the_relative_error_is_that_of_the_larger_one(got, wanted, error):
    assert relative_error(np.array(got), np.array(wanted)) == error
    assert relative_error(np.array(wanted), np.array(got)) == error


def test_a_complex_step_finds_what_a_central_difference_cannot(draw):
    """An error in the seventh digit."""

    def rule(dA, Z):
        return (1 + 1e-7) * dA * (1 - np.tanh(Z) ** 2)

    X = draw(3, 5)
    assert not check_backward(np.tanh, rule, [X], method="complex")
    assert check_backward(np.tanh, rule, [X], method="central")


def test_the_two_inner_products_are_one_number_where_the_rule_is_right(draw):
    X = draw(3, 5)
    for factor in (1.0, 3.0):
        report = check_backward(
            np.tanh, lambda dA, Z, c=factor: c * dA * (1 - np.tanh(Z) ** 2), [X]
        )
        from_f, from_the_rule = report.rows[0].inner
        assert from_the_rule == pytest.approx(factor * from_f, rel=1e-12)


def test_a_rule_that_returns_a_gradient_only_once_keeps_a_state(draw):
    calls = []

    def forgetful(dA, Z):
        calls.append(1)
        return None if len(calls) > 1 else dA * (1 - np.tanh(Z) ** 2)

    assert "keeps a state" in str(check_backward(np.tanh, forgetful, [draw(3, 5)]))


def test_nothing_has_no_derivatives():
    assert central_difference(np.sum, np.empty((0, 3))).shape == (0, 3)


# A network.
ELEMENTWISE = ["identity", "sigmoid", "tanh", "relu", "leaky_relu", "softplus", "silu", "gelu"]


@pytest.mark.parametrize("activation", [*ELEMENTWISE, "gelu_tanh", "softmax", "log_softmax"])
def test_the_steps_agree_with_the_backward_pass_for_every_activation(activation):
    problem = random_problem((5, 3, 2), (activation, "identity"), "half_squared_error", m=7)
    report = check_network(problem, right(problem))
    assert report.ok, str(report)
    assert max(row.error for row in report.rows) < 1e-12


@pytest.mark.parametrize(
    ("loss", "last"),
    [
        ("half_squared_error", "identity"),
        ("mean_squared_error", "tanh"),
        ("binary_cross_entropy", "sigmoid"),
        ("cross_entropy", "softmax"),
        ("sigmoid_cross_entropy", "identity"),
        ("softmax_cross_entropy", "identity"),
    ],
)
def test_the_steps_agree_with_the_backward_pass_for_every_loss(loss, last):
    problem = random_problem((5, 3, 2), ("tanh", last), loss, m=7)
    assert max(row.error for row in check_network(problem, right(problem)).rows) < 1e-12


def central(problem):
    grads = {}
    for name, value in parameters(problem).items():
        grads["d" + name] = central_difference(
            lambda V, name=name: objective(with_parameters(problem, {name: V})), value
        )
    return grads


@pytest.mark.parametrize(
    "declared",
    [
        {"reduction": "sum"},
        {"per_output": True},
        {"penalty": Penalty(l2=0.3, l2_scaling="lambda/2m", on_bias=True)},
        {"penalty": Penalty(l1=0.3, l1_scaling="lambda/m", norm=0.2)},
        {"keep": {1: 0.6}},
    ],
    ids=["sum", "per output", "l2", "l1 and norm", "dropout"],
)
def test_the_steps_agree_with_central_differences_of_the_whole_objective(declared):
    problem = random_problem((5, 3, 2), ("tanh", "softmax"), "cross_entropy", m=7, **declared)
    wanted = central(problem)
    for name, value in network_derivatives(problem).items():
        np.testing.assert_allclose(value, wanted[name], rtol=1e-6, atol=1e-9)


def test_a_large_penalized_layer_takes_the_same_derivative():
    problem = random_problem(
        (30, 20, 2), ("tanh", "softmax"), "cross_entropy", m=7, penalty=Penalty(l2=0.3, l1=0.2)
    )
    free = random_problem((30, 20, 2), ("tanh", "softmax"), "cross_entropy", m=7)
    W = np.array(problem.layers[0].W)
    W[3, 5] = 0
    problem, free = (with_parameters(of, {"W1": W}) for of in (problem, free))
    added = network_derivatives(problem)["dW1"] - network_derivatives(free)["dW1"]
    np.testing.assert_allclose(added, 0.3 * W + 0.2 * np.sign(W), atol=1e-12)


def test_the_norm_of_a_large_layer_is_penalized_as_a_whole():
    sizes, activations = (30, 20, 2), ("tanh", "softmax")
    problem, free = (
        random_problem(sizes, activations, "cross_entropy", m=7, penalty=penalty)
        for penalty in (Penalty(norm=0.2), Penalty())
    )
    W = problem.layers[0].W
    added = network_derivatives(problem)["dW1"] - network_derivatives(free)["dW1"]
    np.testing.assert_allclose(added, 0.2 * W / np.linalg.norm(W), atol=1e-12)


def test_a_saturated_softmax_is_differentiated_too():
    problem = random_problem((64, 100, 10), ("relu", "softmax"), "cross_entropy", m=64)
    report = check_network(problem, right(problem))
    assert report.ok
    assert max(row.error for row in report.rows) < 1e-11


@pytest.mark.parametrize("m", [2, 7])
def test_the_memory_bound_changes_nothing(m):
    problem = random_problem((5, 7, 3), ("softmax", "tanh"), "half_squared_error", m=m)
    for name, value in network_derivatives(problem, memory=1).items():
        np.testing.assert_allclose(value, network_derivatives(problem)[name], rtol=1e-13)


@pytest.mark.parametrize("name", ["dW1", "db1", "dW2", "db2", "dW3", "db3"])
def test_one_wrong_entry_is_found_and_shown(name):
    problem = informative_problem()
    grads = right(problem)
    grads[name] = grads[name] + 0.01 * (np.arange(grads[name].size) == 2).reshape(grads[name].shape)
    report = check_network(problem, grads)
    assert not report.ok
    assert [row.name for row in report.rows if row.verdict == "wrong"] == [name]
    row = next(row for row in report.rows if row.name == name)
    assert np.ravel_multi_index(row.at, grads[name].shape) == 2


@pytest.mark.parametrize("name", ["dW1", "db1", "dW2", "db2", "dW3", "db3"])
def test_random_directions_find_the_wrong_block(name):
    problem = informative_problem()
    grads = right(problem)
    assert check_network(problem, grads, directions=3).ok
    report = check_network(problem, grads | {name: 1.1 * grads[name]}, directions=3)
    assert [row.name for row in report.rows if row.verdict == "wrong"] == [name]


def test_directions_tell_of_a_gradient_of_another_shape():
    problem = informative_problem()
    grads = right(problem)
    report = check_network(problem, grads | {"dW3": grads["dW3"].T}, directions=3)
    assert [(row.name, row.verdict) for row in report.rows] == [("dW3", "shape")]
    assert report.kinks == 0


@pytest.mark.parametrize("directions", [None, 3])
def test_single_precision_may_be_wrong_in_the_fifth_digit_and_double_may_not(directions):
    problem = informative_problem()
    off = {name: (1 + 1e-4) * array for name, array in right(problem).items()}
    single = {name: array.astype(np.float32) for name, array in off.items()}
    assert check_network(problem, single, directions)
    assert not check_network(problem, off, directions)


@pytest.mark.parametrize("share", [0.8, 1.2])
@pytest.mark.parametrize(("dtype", "limit"), [(np.float64, 1e-5), (np.float32, 1e-3)])
def test_a_relative_error_is_judged_by_the_precision_of_the_gradient(dtype, limit, share):
    problem = informative_problem()
    off = {name: (1 + share * limit) * array for name, array in right(problem).items()}
    off = {name: array.astype(dtype) for name, array in off.items()}
    assert check_network(problem, off).ok == (share < 1)


@pytest.mark.parametrize("share", [0.8, 1.2])
@pytest.mark.parametrize(("method", "limit"), [("complex", 1e-9), ("central", 1e-6)])
def test_a_relative_error_is_judged_by_the_derivative_it_is_compared_with(
    method, limit, share, draw
):
    def rule(dA, Z):
        return (1 + share * limit) * dA * np.cosh(Z)

    assert check_backward(np.sinh, rule, [draw(3, 5)], method=method).ok == (share < 1)


def test_a_right_gradient_says_in_how_many_directions_it_was_looked_at():
    problem = informative_problem()
    report = check_network(problem, right(problem), directions=3)
    assert repr(report).startswith("The gradient agrees in 3 random directions; the largest")


def test_an_activation_that_drops_the_imaginary_part_is_noticed():
    real = Activation("real", lambda Z: np.sinh(Z.real), lambda dA, Z: dA * np.cosh(Z), "Z")
    problem = random_problem((5, 3, 2), (real, "softmax"), "cross_entropy", m=7)
    with pytest.raises(ValueError, match="an activation returned real numbers for complex input"):
        network_derivatives(problem)


def test_an_activation_that_mixes_examples_is_noticed():
    def forward(Z):
        return Z - Z.mean(axis=1, keepdims=True)

    mixing = Activation("mixing", forward, lambda dA, kept: forward(dA), None)
    activations = ("tanh", mixing, "softmax")
    problem = random_problem((5, 3, 4, 2), activations, "cross_entropy", m=7)
    with pytest.raises(ValueError, match="mixes examples"):
        check_network(problem, right(problem))


def test_however_small_the_gradients_mixed_examples_are_noticed():
    def forward(Z):
        return 1e-12 * (Z - Z.mean(axis=1, keepdims=True))

    mixing = Activation("mixing", forward, lambda dA, kept: forward(dA), None)
    problem = random_problem((5, 3, 2), ("tanh", mixing), "half_squared_error", m=7)
    with pytest.raises(ValueError, match="mixes examples"):
        network_derivatives(problem)


def test_a_layer_norm_is_no_elementwise_map(draw):
    gain, shift = np.array([[1.0], [2.0], [-0.5]]), np.array([[0.1], [0.2], [0.3]])
    activation = layer_norm_with(gain, shift)
    problem = random_problem((5, 3, 2), (activation, "softmax"), "cross_entropy", m=7)
    assert max(row.error for row in check_network(problem, right(problem)).rows) < 1e-11


# Kinks.
def on_a_kink():
    problem = random_problem((3, 4, 2), ("relu", "identity"), "half_squared_error", m=5)
    b = np.array(problem.layers[0].b)
    Z = problem.layers[0].W @ problem.X
    b[1, 0] = -Z[1, 2]
    return with_parameters(problem, {"b1": b})


def test_a_kink_is_reported_as_one_and_not_as_an_error():
    problem = on_a_kink()
    assert kinks(problem) == [("Z", 1, (1, 2))]
    (W1, b1, _), (W2, b2, _) = problem.layers
    Z1 = W1 @ problem.X + b1
    A1 = np.where(Z1 > 0, Z1, 0)
    dZ2 = (W2 @ A1 + b2 - problem.Y) / problem.m
    dZ1 = W2.T @ dZ2 * (Z1 >= 0)
    grads = {
        "dW1": dZ1 @ problem.X.T,
        "db1": dZ1.sum(axis=1, keepdims=True),
        "dW2": dZ2 @ A1.T,
        "db2": dZ2.sum(axis=1, keepdims=True),
    }
    assert check_network(problem, right(problem)).ok
    report = check_network(problem, grads)
    assert report.ok
    assert [row.name for row in report.rows if row.verdict == "kink"] == ["dW1", "db1"]
    assert "exactly on a kink" in str(report)
    assert not check_network(problem, grads | {"dW1": 2 * grads["dW1"]}).ok
    left, beyond = right(problem)["dW1"], np.array(grads["dW1"])
    for share in (-0.5, 1.5):
        outside = left + share * (beyond - left)
        assert not check_network(problem, grads | {"dW1": outside, "db1": right(problem)["db1"]})
    behind = check_network(problem, grads | {"dW2": 2 * grads["dW2"]})
    assert [row.name for row in behind.rows if row.verdict == "wrong"] == ["dW2"]


# Reports and input.
@pytest.mark.parametrize("limit", [1e-5, 1e-3])
@pytest.mark.parametrize(
    ("share", "verdict"),
    [(-2, "wrong"), (-0.8, "kink"), (0.8, "kink")],
)
def test_a_choice_at_a_kink_may_be_off_by_the_limit(share, verdict, limit, draw):
    left, right = np.zeros((3, 5)), draw(3, 5)
    for got in (share * limit * right, (1 - share * limit) * right):
        row = QuantityRow.compare("dW1", got, left, limit)
        assert _at_kink(row, got, left, right, limit).verdict == verdict


def test_reports_are_html_without_scripts_and_escaped():
    problem = informative_problem()
    grads = right(problem)
    for report in (
        check_network(problem, grads),
        check_network(problem, grads | {"dW2": -grads["dW2"]}),
        check_backward(np.tanh, lambda dA, Z: dA, [np.ones((2, 3)) / 3]),
    ):
        html = report._repr_html_()
        assert "<script" not in html
        assert "<table" in html
        assert "⟨" not in html or "&lt;v" not in html
    assert bool(check_network(problem, grads)) is True


def test_gradients_come_in_many_containers():
    problem = informative_problem()
    grads = right(problem)
    pairs = [(grads[f"dW{l}"], grads[f"db{l}"]) for l in (1, 2, 3)]
    for form in (
        grads,
        pairs,
        [array for pair in pairs for array in pair],
        {name[1:]: array for name, array in grads.items()},
        {
            f"dW[{l}]" if d == "W" else f"db[{l}]": grads[f"d{d}{l}"]
            for l in (1, 2, 3)
            for d in "Wb"
        },
        {name: array.tolist() for name, array in grads.items()},
        lambda params, X, Y: grads,
        lambda params, X, Y: (0.7, grads),
    ):
        assert check_network(problem, form).ok


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda g: {k: v for k, v in g.items() if k != "db2"}, ValueError, "db2 is missing"),
        (lambda g: g | {"dW1": np.full((4, 5), np.nan)}, ValueError, "holds nan at index"),
        (lambda g: g | {"dW1": [[1, 2], [3]]}, TypeError, "cannot be read as an array"),
        (lambda g: g | {"dW1": np.array([["a"]])}, TypeError, "must hold real numbers"),
        (lambda g: 3.0, TypeError, "expected a mapping"),
        (lambda g: [g["dW1"]], ValueError, "3 pairs"),
        (lambda g: lambda params, X, Y: 1 / 0, ValueError, "raised ZeroDivisionError"),
        (lambda g: lambda params, X, Y: None, ValueError, "returned None"),
        (lambda g: lambda params, X, Y: params["W9"], ValueError, "W1"),
    ],
    ids=["missing", "nan", "ragged", "text", "number", "few", "raises", "none", "key"],
)
def test_bad_input_gets_a_sentence(change, error, words):
    problem = informative_problem()
    with pytest.raises(error, match=words):
        check_network(problem, change(right(problem)))


def test_gradients_of_torch_are_read():
    torch = pytest.importorskip("torch")
    problem = informative_problem()
    arrays = [torch.tensor(a, requires_grad=True) for a in parameters(problem).values()]
    A = torch.tensor(problem.X)
    for l, g in ((1, torch.tanh), (2, torch.sigmoid), (3, lambda Z: torch.softmax(Z, dim=0))):
        A = g(arrays[2 * l - 2] @ A + arrays[2 * l - 1])
    loss = -(torch.tensor(problem.Y) * torch.log(A)).sum() / problem.m
    loss.backward()
    grads = {f"d{name}": a.grad for name, a in zip(parameters(problem), arrays, strict=True)}
    assert max(row.error for row in check_network(problem, grads).rows) < 1e-12


def test_all_activations_are_known_to_the_check():
    assert set(ELEMENTWISE) | {"gelu_tanh", "softmax", "log_softmax"} == set(ACTIVATIONS)
