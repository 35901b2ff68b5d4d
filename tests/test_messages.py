"""The errors: one sentence with who, what was expected, what came, and what to do.

A table over all public functions and all their arrays, generated from the annotations; then the
wording of each kind of message, word by word.
"""

import re

import numpy as np
import pytest

import fcnref
from fcnref import (
    IDENTITY,
    TANH,
    Activation,
    Layer,
    Trace,
    backward,
    forward,
    loss_and_grads,
    train,
)
from tests.doors import SIZES, arguments, array_arguments, fits
from tests.oracles import readonly
from tests.registry import FUNCTIONS

ARRAYS = [
    pytest.param(function, name, dims, id=f"{function.__name__}-{name}")
    for function in FUNCTIONS.values()
    if function.__name__ != "layer_norm_with"  # a record is checked by the map that it calls
    for name, dims in array_arguments(function).items()
]
every_array = pytest.mark.parametrize(("function", "name", "dims"), ARRAYS)

HANDED_ON = {
    ("hvp", "Y"): "half_squared_error_grad",
}
"""Who speaks about an array, where it is not the function that was called."""


def refusal(function, name, value):
    """The error of a call in which one array is exchanged."""
    with pytest.raises((TypeError, ValueError)) as raised:
        function(**arguments(function) | {name: value})
    return raised.value


def assert_well_worded(error, function, name):
    who = HANDED_ON.get((function.__name__, name), function.__name__)
    message = str(error)
    assert message.startswith(f"{who}: {name} must ")
    assert re.search(r", got .+[;.]", message)
    assert message.endswith(".")
    assert "\n" not in message


@every_array
@pytest.mark.parametrize(
    "wrong",
    [
        lambda array: array.tolist(),
        lambda array: None,
        lambda array: 3.5,
        lambda array: "array",
        lambda array: Trace((array,), (None,)),
    ],
    ids=["list", "None", "float", "str", "record"],
)
def test_what_is_no_array_is_named_by_its_type(function, name, dims, wrong):
    value = wrong(arguments(function)[name])
    error = refusal(function, name, value)
    assert_well_worded(error, function, name)
    assert type(error) is TypeError
    assert f"got {type(value).__name__};" in str(error)
    assert str(error).endswith(f"convert it with np.asarray({name}, dtype=float).")


@every_array
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_, object], ids=lambda d: d.__name__)
def test_numbers_without_a_point_are_refused_with_their_dtype(function, name, dims, dtype):
    error = refusal(function, name, arguments(function)[name].astype(dtype))
    assert_well_worded(error, function, name)
    assert type(error) is TypeError
    assert f"got {np.dtype(dtype)};" in str(error)
    assert str(error).endswith(f"convert it with {name}.astype(float).")


def test_a_tensor_of_another_library_is_no_array():
    class Tensor:
        """Like those of PyTorch: its dtype has no kind."""

        shape, dtype = (5, 7), "float32"

    error = refusal(fcnref.tanh, "Z", Tensor())
    assert str(error) == (
        "tanh: Z must be an array, got Tensor; convert it with np.asarray(Z, dtype=float)."
    )


def misfits():
    """Shapes that are near a right one: transposed, of another rank, size 1, one too many."""
    for parameter in ARRAYS:
        function, name, _ = parameter.values
        given = arguments(function)
        right = given[name].shape
        near = {
            "transposed": right[::-1],
            "vector": right[:1],
            "number": (),
            "stack": (1, *right),
            "one column": (right[0], 1),
            "one row": (1, right[1]),
            "one more row": (right[0] + 1, right[1]),
            "one more column": (right[0], right[1] + 1),
        }
        for kind, shape in near.items():
            wrong = given | {name: readonly(np.full(shape, 0.5))}
            if not fits(function, wrong):
                yield pytest.param(function, name, wrong, id=f"{parameter.id}-{kind}")


@pytest.mark.parametrize(("function", "name", "wrong"), list(misfits()))
def test_a_shape_that_does_not_fit_is_told_beside_the_one_that_would(function, name, wrong):
    """Also where NumPy would broadcast it: a target of one row, a bias without its axis."""
    with pytest.raises(ValueError) as raised:
        function(**wrong)
    message = str(raised.value)
    # train hands its mini-batches on to loss_and_grads.
    speakers = {function.__name__, "loss_and_grads", *HANDED_ON.values()}
    assert re.fullmatch(rf"({'|'.join(speakers)}): .* must (have|be) .*, got .*\.", message)
    if hasattr(function, "__wrapped__"):
        assert any(f"{other} must" in message for other in array_arguments(function)) or all(
            f"{other} {wrong[other].shape}" in message for other in array_arguments(function)
        )


SHAPES = [
    pytest.param(
        lambda: fcnref.affine_backward(np.zeros((7, 5)), np.zeros((3, 7)), np.zeros((5, 3))),
        "affine_backward: dZ must have shape (n, m) = (5, 7), got (7, 5); examples are columns: "
        "pass dZ.T.",
        id="gradient the other way round",
    ),
    pytest.param(
        lambda: fcnref.affine_backward(np.zeros((5, 6)), np.zeros((3, 7)), np.zeros((5, 3))),
        "affine_backward: dZ must have shape (n, m) = (5, 7), got (5, 6); examples are columns, "
        "and the sizes come from A_prev and W.",
        id="gradient of another batch",
    ),
    pytest.param(
        lambda: fcnref.affine(np.zeros((3, 7)), np.zeros((3, 5)), np.zeros((5, 1))),
        "affine: W must have shape (n, n_prev) = (5, 3), got (3, 5); rows are units of this "
        "layer: pass W.T.",
        id="weights the other way round",
    ),
    pytest.param(
        lambda: fcnref.affine(np.zeros((3, 7)), np.zeros((5, 3)), np.zeros(5)),
        "affine: b must have shape (n, 1) = (5, 1), got (5,); make it a column with "
        "b.reshape(-1, 1).",
        id="bias without its axis",
    ),
    pytest.param(
        lambda: fcnref.affine(np.zeros((3, 7)), np.zeros((5, 3)), np.zeros(3)),
        "affine: b must have shape (n, 1) = (5, 1), got (3,); rows are units of this layer, and "
        "the sizes come from A_prev and W.",
        id="bias of another layer without its axis",
    ),
    pytest.param(
        lambda: fcnref.affine(np.zeros((3, 7)), np.zeros((5, 3)), np.zeros((3, 1))),
        "affine: b must have shape (n, 1) = (5, 1), got (3, 1); rows are units of this layer, "
        "and the sizes come from A_prev and W.",
        id="bias of another layer",
    ),
    pytest.param(
        lambda: fcnref.layer_norm_backward(np.zeros((5, 7)), np.zeros((4, 7)), np.zeros((3, 1))),
        "layer_norm_backward: the shapes must be dA (n, m), Z (n, m), gain (n, 1), got dA (5, 7), "
        "Z (4, 7), gain (3, 1); examples are columns.",
        id="nothing fits",
    ),
    pytest.param(
        lambda: fcnref.sigmoid_backward(np.zeros((7, 5)), np.zeros((5, 7))),
        "sigmoid_backward: dA must have the shape of Z, (5, 7), got (7, 5); nothing broadcasts.",
        id="elementwise",
    ),
    pytest.param(
        lambda: fcnref.softmax(np.zeros(5)),
        "softmax: Z must have shape (n, m), got (5,); make it a column with Z.reshape(-1, 1).",
        id="one example without its axis",
    ),
    pytest.param(
        lambda: fcnref.softmax_jacobian(np.zeros((1, 5))),
        "softmax_jacobian: z must have shape (n, 1), got (1, 5); rows are units of this layer: "
        "pass z.T.",
        id="row for a column",
    ),
    pytest.param(
        lambda: fcnref.half_squared_error(np.zeros((5, 7)), np.zeros((1, 7))),
        "half_squared_error: Y must have shape (n, m) = (5, 7), got (1, 7); examples are "
        "columns, and the sizes come from A.",
        id="target of one row",
    ),
    pytest.param(
        lambda: fcnref.softmax_cross_entropy(np.zeros((5, 7)), np.full((7, 5), 1 / 7)),
        "softmax_cross_entropy: Y must have shape (n, m) = (5, 7), got (7, 5); examples are "
        "columns: pass Y.T.",
        id="targets in rows",
    ),
]


@pytest.mark.parametrize(("call", "message"), SHAPES)
def test_shapes_word_by_word(call, message):
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value) == message


# Networks.

W_1, b_1, W_2, b_2 = (readonly(np.full(shape, 0.5)) for shape in ((5, 3), (5, 1), (2, 5), (2, 1)))
X, Y = readonly(np.full((3, 7), 0.5)), readonly(np.full((2, 7), 0.5))
LAYERS = (Layer(W_1, b_1, TANH), Layer(W_2, b_2, IDENTITY))
TRACE = forward(X, LAYERS)
NARROW = Activation("narrow", lambda Z: Z[:, :1], lambda dA, _: dA, None)
FLAT = Activation("flat", lambda Z: Z, lambda dA, _: dA[:1], None)

NETWORKS = [
    pytest.param(
        lambda: forward(X, []),
        ValueError,
        "forward: a network needs at least one layer, got none.",
        id="no layer",
    ),
    pytest.param(
        lambda: forward(X.T, LAYERS),
        ValueError,
        "forward: X must have shape (n_0, m) = (3, m), got (7, 3); examples are columns: pass X.T.",
        id="examples in rows",
    ),
    pytest.param(
        lambda: forward(X, [LAYERS[0], Layer(W_2.T, b_2, IDENTITY)]),
        ValueError,
        "forward: W[2] must have shape (n_2, n_1) = (n_2, 5), got (5, 2); rows are units of this "
        "layer: pass W[2].T.",
        id="weights the other way round",
    ),
    pytest.param(
        lambda: forward(X, LAYERS[::-1]),
        ValueError,
        "forward: W[2] must have shape (n_2, n_1) = (n_2, 2), got (5, 3); rows are units of this "
        "layer.",
        id="layers in the wrong order",
    ),
    pytest.param(
        lambda: forward(X, [Layer(W_1, b_1[:, 0], TANH)]),
        ValueError,
        "forward: b[1] must have shape (n_1, 1) = (5, 1), got (5,); make it a column with "
        "b[1].reshape(-1, 1).",
        id="bias without its axis",
    ),
    pytest.param(
        lambda: forward(X, [Layer(W_1.astype(int), b_1, TANH)]),
        TypeError,
        "forward: W[1] must hold floating-point numbers, got int64; convert it with "
        "W[1].astype(float).",
        id="weights in integers",
    ),
    pytest.param(
        lambda: forward(X, [Layer(W_1.tolist(), b_1, TANH)]),
        TypeError,
        "forward: W[1] must be an array of shape (n_1, n_0), got list; convert it with "
        "np.asarray(W[1], dtype=float).",
        id="weights in a list",
    ),
    pytest.param(
        lambda: forward(X, [(W_1, b_1)]),
        TypeError,
        "forward: layer 1 must be a Layer(W, b, activation), got tuple.",
        id="no activation",
    ),
    pytest.param(
        lambda: forward(X, [tuple(LAYERS[0])]),
        TypeError,
        "forward: layer 1 must be a Layer(W, b, activation), got tuple.",
        id="a plain tuple for a layer",
    ),
    pytest.param(
        lambda: forward(X, LAYERS[0]),
        TypeError,
        "forward: layer 1 must be a Layer(W, b, activation), got ndarray.",
        id="one layer instead of a list of one",
    ),
    pytest.param(
        lambda: forward(X, [Layer(W_1, b_1, np.tanh)]),
        TypeError,
        "forward: the activation of layer 1 must be an Activation such as fcnref.RELU, got "
        "<ufunc 'tanh'>.",
        id="a function for an activation",
    ),
    pytest.param(
        lambda: forward(X, [LAYERS[0], Layer(W_2, b_2, "tanh")]),
        TypeError,
        "forward: the activation of layer 2 must be an Activation such as fcnref.RELU, got 'tanh'.",
        id="a name for an activation",
    ),
    pytest.param(
        lambda: forward(X, [Layer(W_1, b_1, fcnref.layer_norm_with(b_2, b_2))]),
        ValueError,
        "layer_norm: Z must have shape (n, m) = (2, m), got (5, 7); examples are columns, and the "
        "sizes come from gain.",
        id="activation of another layer",
    ),
    pytest.param(
        lambda: backward(Y.T, LAYERS, TRACE),
        ValueError,
        "backward: dA_L must have shape (n_2, m) = (2, 7), got (7, 2); examples are columns: "
        "pass dA_L.T.",
        id="gradient the other way round",
    ),
    pytest.param(
        lambda: backward(Y[:1], LAYERS, TRACE),
        ValueError,
        "backward: dA_L must have shape (n_2, m) = (2, 7), got (1, 7); examples are columns.",
        id="gradient of one row",
    ),
    pytest.param(
        lambda: backward(Y, LAYERS, forward(X, LAYERS[:1])),
        ValueError,
        "backward: the trace must hold A[0], ..., A[2] and as many Z for 2 layers, got 2 and 2; "
        "pass what forward returned for these layers.",
        id="trace too short",
    ),
    pytest.param(
        lambda: backward(Y, LAYERS, TRACE._replace(Z=TRACE.Z[1:])),
        ValueError,
        "backward: the trace must hold A[0], ..., A[2] and as many Z for 2 layers, got 3 and 2; "
        "pass what forward returned for these layers.",
        id="trace of a pre-activation less",
    ),
    pytest.param(
        lambda: backward(Y, [Layer(W_2, b_2, TANH)], forward(X, [Layer(W_2[:, :3], b_2, TANH)])),
        ValueError,
        "backward: the trace must be of these layers, got one of a layer 1 whose W has shape "
        "(n_1, n_0) = (2, 3), not (2, 5); pass what forward returned for these layers.",
        id="trace of another network",
    ),
    pytest.param(
        lambda: backward(Y, LAYERS, TRACE._replace(Z=(None, None, None))),
        ValueError,
        "backward: the trace must hold Z[1], which the rule of tanh reads, got None; pass what "
        "forward returned for these layers.",
        id="trace without the pre-activations",
    ),
    pytest.param(
        lambda: backward(Y, LAYERS, TRACE._replace(Z=(None, TRACE.Z[1][:, :1], None))),
        ValueError,
        "backward: Z[1] must have shape (n_1, m) = (5, 7), got (5, 1); examples are columns.",
        id="trace with a pre-activation that would broadcast",
    ),
    pytest.param(
        lambda: backward(Y, LAYERS, TRACE._replace(A=(X, TRACE.A[1][:, :1], TRACE.A[2]))),
        ValueError,
        "backward: A[1] must have shape (n_1, m) = (5, 7), got (5, 1); examples are columns.",
        id="trace with activations that would broadcast",
    ),
    pytest.param(
        lambda: forward(X, [Layer(W_1, b_1, NARROW), LAYERS[1]]),
        ValueError,
        "narrow: A must have the shape of Z, (5, 7), got (5, 1).",
        id="activation that loses the examples",
    ),
    pytest.param(
        lambda: loss_and_grads(X, Y, [LAYERS[0], Layer(W_2, b_2, FLAT)], fcnref.HALF_SQUARED_ERROR),
        ValueError,
        "flat: dZ must have the shape of dA, (2, 7), got (1, 7).",
        id="rule that loses the units",
    ),
    pytest.param(
        lambda: loss_and_grads(
            X, Y, LAYERS, fcnref.HALF_SQUARED_ERROR._replace(grad=lambda A, _: A[:1])
        ),
        ValueError,
        "half_squared_error: the gradient must have the shape of A, (2, 7), got (1, 7).",
        id="loss whose gradient loses the units",
    ),
    pytest.param(
        lambda: backward(Y, [], Trace((X,), (None,))),
        ValueError,
        "backward: a network needs at least one layer, got none.",
        id="no layer to go back through",
    ),
    pytest.param(
        lambda: backward(Y, LAYERS, TRACE.A),
        TypeError,
        "backward: trace must be the Trace that forward returned, got tuple.",
        id="no trace",
    ),
    pytest.param(
        lambda: loss_and_grads(X, Y[:1], LAYERS, fcnref.HALF_SQUARED_ERROR),
        ValueError,
        "loss_and_grads: Y must have shape (n_L, m) = (2, 7), got (1, 7); examples are columns.",
        id="targets of one row",
    ),
    pytest.param(
        lambda: loss_and_grads(X, Y, LAYERS, len),
        TypeError,
        "loss_and_grads: loss must be a Loss such as fcnref.HALF_SQUARED_ERROR, got "
        "<built-in function len>.",
        id="a function for a loss",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), NETWORKS)
def test_networks_word_by_word(call, error, message):
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        pytest.param(
            {"X": X.tolist()},
            TypeError,
            "train: X must be an array of shape (n_0, m), got list; convert it with "
            "np.asarray(X, dtype=float).",
            id="list",
        ),
        pytest.param(
            {"Y": Y[:, :6]},
            ValueError,
            "train: Y must have shape (n_L, m) = (n_L, 7), got (2, 6); examples are columns.",
            id="fewer targets",
        ),
        pytest.param(
            {"Y": Y.T},
            ValueError,
            "train: Y must have shape (n_L, m) = (n_L, 7), got (7, 2); examples are columns: "
            "pass Y.T.",
            id="targets in rows",
        ),
        pytest.param(
            {"batch_size": 0},
            ValueError,
            "mini_batches: batch_size must be at least 1, got 0.",
            id="no batch",
        ),
    ],
)
def test_training_word_by_word(change, error, message):
    with pytest.raises(error) as raised:
        train(**arguments(train) | {"X": X, "Y": Y} | change)
    assert str(raised.value) == message


def test_every_size_of_these_tests_is_another_prime():
    sizes = [SIZES[name] for name in ("n", "n_prev", "m", "n_L")]
    assert sorted(sizes) == [2, 3, 5, 7]
