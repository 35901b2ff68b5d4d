"""Wrong gradients that people published, each rewritten as a change to one textbook loop.

Every case names the public place it was found at. The formulas were derived anew from what is
said or coded there, in the convention of this project; nothing is copied.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fcnref.activations import Activation
from fcnref.losses import Loss
from fcnref.problem import Penalty, Problem, random_problem
from tests.wild.backward import (
    Tensors,
    bias_rule,
    chain_rule,
    gradients,
    hidden_rule,
    weight_rule,
)

GITHUB = "https://github.com/"
DLAI = "https://community.deeplearning.ai/t/"


class Case(NamedTuple):
    name: str
    urls: tuple[str, ...]
    mistakes: frozenset[str]
    says: str
    problem: Callable[[int], Problem]
    grads: Callable[[Problem], dict[str, Any]]


CASES: list[Case] = []


def case(
    name: str,
    urls: list[str],
    mistakes: str,
    says: str,
    net: tuple[tuple[int, ...], str | list[str | Activation], str | Loss],
    m: int = 7,
    into: list[Case] = CASES,
    **declared: Any,
) -> Callable[[Callable[[Problem], dict[str, Any]]], None]:
    sizes, activations, loss = net
    layers = activations.split() if isinstance(activations, str) else activations

    def problem(seed: int) -> Problem:
        return random_problem(sizes, layers, loss, m, seed=seed, **declared)

    def register(grads: Callable[[Problem], dict[str, Any]]) -> None:
        full = tuple(url if url.startswith("https") else GITHUB + url for url in urls)
        into.append(Case(name, full, frozenset(mistakes.split()), says, problem, grads))

    return register


def sigmoid(T: Any) -> Any:
    return 1 / (1 + np.exp(-T))


HALF, SQUARED = "half_squared_error", "squared_error"
BCE, CCE = "binary_cross_entropy", "cross_entropy"


# Constants.
@case(
    "no_1_over_m_anywhere",
    ["dennybritz/nn-from-scratch/issues/13", "stephencwelch/Neural-Networks-Demystified/issues/15"],
    "missing_1_over_m",
    "Loss and penalty are divided by m, no gradient is.",
    ((2, 3, 2), "tanh softmax", CCE),
    penalty=Penalty(l2=0.5, l2_scaling="lambda/2m"),
)
def _(problem: Problem) -> dict[str, Any]:
    return {name: problem.m * value for name, value in gradients(problem).items()}


@case(
    "planted_factors",
    [
        "bighuang624/Andrew-Ng-Deep-Learning-notes/issues/10",
        "XingxingHuang/deeplearning.ai/issues/4",
    ],
    "stray_constant",
    "dW2 = 2/m …, db1 = 4/m …, planted by an exercise on gradient checking and published so.",
    ((4, 5, 3, 1), "relu relu sigmoid", BCE),
)
def _(problem: Problem) -> dict[str, Any]:
    grads = gradients(problem)
    return grads | {"dW2": 2 * grads["dW2"], "db1": 4 * grads["db1"]}


@case(
    "two_for_half",
    ["ADGEfficiency/teaching-monolith/commit/e0a88b5"],
    "mse_factor2_extra",
    "The loss has a 1/2, and its gradient has a 2.",
    ((3, 4, 1), "tanh identity", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, loss=lambda t: 2 * (t.A[t.L] - t.Y))


@case(
    "outputs_not_averaged",
    ["oysteijo/simd_neuralnet/issues/1"],
    "missing_1_over_n_out",
    "The loss is a mean over the output units too, dZ = A - Y is not.",
    ((4, 5, 3), "tanh sigmoid", BCE),
    per_output=True,
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, output=lambda t: t.A[t.L] - t.Y)


@case(
    "two_divided_as_integers",
    ["GiorgosXou/NeuralNetworks/issues/4"],
    "integer_division_factor",
    "2 / n_out is computed with integers, so it is 0 from three outputs on.",
    ((4, 5, 3), "sigmoid sigmoid", SQUARED),
    per_output=True,
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, loss=lambda t: (2 // t.n_out) * (t.A[t.L] - t.Y))


@case(
    "averaged_bias_and_summed_weights",
    ["hunkim/DeepLearningZeroToAll/issues/173"],
    "missing_1_over_m",
    "db is a mean over the examples, dW a sum.",
    ((2, 2, 1), "sigmoid sigmoid", HALF),
    m=8,
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, weights=lambda t, l: t.m * weight_rule(t, l))


@case(
    "averaged_twice",
    [
        DLAI + "course-1-week-3-planar-assignment-4-5-exercise-6-backward-"
        "propagation-error-for-dw1-values/63071"
    ],
    "one_over_m_twice",
    "dZ1 holds a 1/m already, dW1 and db1 add their own.",
    ((2, 4, 1), "tanh sigmoid", BCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: hidden_rule(t, l) / t.m)


# Biases.
@case(
    "one_number_for_all_biases",
    ["rasbt/stat453-deep-learning-ss21/issues/5"],
    "db_sum_all_axes",
    "np.sum without an axis; for softmax with cross-entropy the number is 0.",
    ((2, 3), "softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, biases=lambda t, l: np.full_like(t.b[l], bias_rule(t, l).sum()))


@case(
    "biases_never_learn",
    ["OpenANN/OpenANN/issues/76", "glouw/tinn/issues/30", "mattm/simple-neural-network/issues/5"],
    "db_zero",
    "The biases are used and never trained.",
    ((4, 5, 3), "sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, biases=lambda t, l: np.zeros_like(t.b[l]))


@case(
    "derivative_at_the_bias",
    ["https://ai.stackexchange.com/questions/16675"],
    "derivative_at_bias",
    "db has a delta of its own, with the derivative taken at b.",
    ((3, 4, 1), "sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    def biases(t: Tensors, l: int) -> Any:
        return t.mean * (t.dA[l] * t.b[l] * (1 - t.b[l])).sum(axis=1, keepdims=True)

    return gradients(problem, biases=biases)


@case(
    "bias_from_the_rows_of_dW",
    ["rust0258/Deeplearning.ai-Natural-Language-Processing-Specialization/issues/64"],
    "db_rowsum_of_dW",
    "db sums the rows of dW instead of those of dZ.",
    ((6, 5, 4), "relu softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, biases=lambda t, l: weight_rule(t, l).sum(axis=1, keepdims=True))


# The derivative forgotten.
@case(
    "output_derivative_forgotten",
    ["jiexunsee/Neural-Network-with-Python/issues/1", "hunkim/DeepLearningZeroToAll/pull/113"],
    "missing_output_derivative",
    "dZ = A - Y under a squared error.",
    ((3, 4, 3, 1), "sigmoid sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, output=lambda t: t.dA[t.L])


@case(
    "derivative_forgotten_in_dW",
    ["https://stackoverflow.com/questions/59399842"],
    "missing_derivative_in_dW_only",
    "dW2 is formed with A - Y, while dZ2 is right on its way down.",
    ((2, 2, 1), "sigmoid sigmoid", HALF),
    m=4,
)
def _(problem: Problem) -> dict[str, Any]:
    def weights(t: Tensors, l: int) -> Any:
        return t.mean * t.dA[l] @ t.A[l - 1].T if l == t.L else weight_rule(t, l)

    return gradients(problem, weights=weights)


@case(
    "errors_handed_down_without_derivative",
    ["https://stackoverflow.com/questions/53287032"],
    "dA_prev_skips_derivative",
    "The errors go down through the weights alone; each layer applies its derivative on the side.",
    ((4, 5, 4, 3), "sigmoid sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, chain=lambda t, l: t.W[l + 1].T @ t.dA[l + 1])


@case(
    "derivative_in_the_first_row",
    ["ralampay/ann/pull/22"],
    "derivative_on_first_unit_only",
    "The loop that multiplies by g' runs over one row.",
    ((3, 4, 4, 2), "tanh tanh tanh", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    def hidden(t: Tensors, l: int) -> Any:
        first = np.arange(t.Z[l].shape[0])[:, None] == 0
        return np.where(first, t.dA[l] * t.prime(l), t.dA[l])

    return gradients(problem, hidden=hidden)


# The derivative at another place.
@case(
    "activated_in_place",
    ["deeplearning4j/deeplearning4j/pull/364"],
    "derivative_at_A",
    "Z was overwritten by A, so σ′ is taken at A.",
    ((4, 5, 3), "sigmoid softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    def hidden(t: Tensors, l: int) -> Any:
        S = sigmoid(t.A[l])
        return t.dA[l] * S * (1 - S)

    return gradients(problem, hidden=hidden)


@case(
    "z_in_the_formula_for_a",
    ["BoltzmannEntropy/interviews.ai/issues/15", "BoltzmannEntropy/interviews.ai/issues/4"],
    "a_formula_fed_with_z",
    "z (1 - z) for σ′(z).",
    ((4, 5, 3), "sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(
        problem,
        output=lambda t: t.dA[t.L] * t.Z[t.L] * (1 - t.Z[t.L]),
        hidden=lambda t, l: t.dA[l] * t.Z[l] * (1 - t.Z[l]),
    )


@case(
    "tanh_of_the_gradient",
    ["yizt/numpy_neural_network/issues/6"],
    "derivative_at_dA upstream_dropped",
    "dZ = 1 - tanh(dA)²: the derivative at the incoming gradient, which itself is lost.",
    ((4, 5, 3), "tanh softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: 1 - np.tanh(t.dA[l]) ** 2)


@case(
    "sigmoid_of_the_input",
    ["udacity/deep-learning-v2-pytorch/issues/409"],
    "derivative_at_input",
    "Each weight gets σ′ at its input instead of σ′ at the pre-activation.",
    ((5, 1), "sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    def weights(t: Tensors, l: int) -> Any:
        S = sigmoid(t.X)
        return t.mean * t.dA[l] @ (S * (1 - S) * t.X).T

    return gradients(problem, weights=weights)


@case(
    "derivative_of_the_next_layer",
    ["dennybritz/nn-from-scratch/pull/3"],
    "derivative_of_wrong_layer",
    "tanh′ at Z2 in the rule for dZ1, a slip of an index.",
    ((2, 3, 3), "tanh softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] * (1 - np.tanh(t.Z[l + 1]) ** 2))


# Another derivative.
@case(
    "sigmoid_hard_coded",
    ["ttezel/nn/issues/8"],
    "wrong_activation_derivative",
    "a (1 - a) in the code, and a network of tanh.",
    ((3, 4, 2), "tanh tanh", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(
        problem,
        output=lambda t: t.dA[t.L] * t.A[t.L] * (1 - t.A[t.L]),
        hidden=lambda t, l: t.dA[l] * t.A[l] * (1 - t.A[l]),
    )


@case(
    "tanh_as_its_derivative",
    ["andersbll/nnet/issues/4"],
    "activation_as_derivative",
    "The function that should return tanh′ returns tanh.",
    ((4, 5, 3), "tanh softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] * np.tanh(t.Z[l]))


@case(
    "the_one_of_tanh_prime",
    ["scutan90/DeepLearning-500-questions/issues/544"],
    "derivative_term_dropped",
    "-a² for 1 - a².",
    ((4, 5, 3), "tanh softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: -t.dA[l] * t.A[l] ** 2)


@case(
    "mask_of_nonnegative_outputs",
    [
        "iamtrask/Grokking-Deep-Learning/issues/56",
        "iamtrask/Grokking-Deep-Learning/issues/9",
        "deeplearning4j/nd4j/issues/271",
        DLAI + "regarding-derivative-of-relu-activation-function/115254",
    ],
    "relu_mask_always_true",
    "The mask is a >= 0, which holds for every output of ReLU.",
    ((4, 6, 3), "relu identity", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] * (t.A[l] >= 0))


@case(
    "leak_lost_on_the_way_back",
    ["scientific-computing/FKB/issues/15", "SilasMarvin/dnns-from-scratch-in-zig/issues/5"],
    "leaky_slope_lost",
    "A leaky ReLU forward, a plain one backward.",
    ((4, 6, 3), "leaky_relu identity", HALF),
    slope=0.3,
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] * (t.Z[l] > 0))


# Softmax, cross-entropy, targets.
@case(
    "softmax_as_if_elementwise",
    [
        "deeplearning4j/libnd4j/issues/440",
        "SebLague/Neural-Network-Experiments/pull/5",
        "casper-hansen/Neural-Network-From-Scratch/pull/1",
    ],
    "softmax_elementwise",
    "a (1 - a), the diagonal of the Jacobian alone.",
    ((4, 5, 3), "tanh softmax", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, output=lambda t: t.dA[t.L] * t.A[t.L] * (1 - t.A[t.L]))


@case(
    "softmax_jacobian_left_out",
    ["pjreddie/darknet/pull/96"],
    "softmax_jacobian_skipped",
    "The backward pass of the softmax layer hands dA on as dZ.",
    ((4, 5, 3), "relu softmax", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, output=lambda t: t.dA[t.L])


@case(
    "half_of_the_binary_cross_entropy",
    ["deeplearning4j/nd4j/issues/1328"],
    "bce_term_missing",
    "-y / a without the term for label 0.",
    ((4, 5, 2), "tanh sigmoid", BCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, loss=lambda t: -t.Y / t.A[t.L])


@case(
    "column_minus_row",
    [
        "manzilzaheer/DeepSets/pull/1",
        "Lasagne/Lasagne/issues/755",
        "LaurentMazare/tch-rs/issues/510",
        "pytorch/pytorch/issues/19991",
    ],
    "broadcast_n_vs_n1",
    "(m, 1) minus (m,) is (m, m): every output is compared with every target.",
    ((4, 5, 1), "relu identity", SQUARED),
)
def _(problem: Problem) -> dict[str, Any]:
    def loss(t: Tensors) -> Any:
        apart = t.A[t.L].reshape(-1, 1) - t.Y.reshape(-1)
        return 2 * apart.mean(axis=1)[None, :]

    return gradients(problem, loss=loss)


# The products.
@case(
    "inner_for_outer_product",
    ["casper-hansen/Neural-Network-From-Scratch/pull/1"],
    "this_layer_activation inner_product missing_output_derivative",
    "One number per weight matrix, of the layer's own output; and A - Y under a squared error.",
    ((4, 5, 4, 3), "sigmoid sigmoid softmax", SQUARED),
)
def _(problem: Problem) -> dict[str, Any]:
    def weights(t: Tensors, l: int) -> Any:
        return np.full_like(t.W[l], t.mean * np.vdot(t.dZ[l], t.A[l]))

    return gradients(problem, output=lambda t: t.A[t.L] - t.Y, weights=weights)


@case(
    "transposed_and_square",
    ["iamtrask/Grokking-Deep-Learning/issues/23"],
    "dW_transposed",
    "A_prev dZᵀ, in a layer with as many inputs as outputs.",
    ((3, 3), "identity", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, weights=lambda t, l: t.mean * t.A[l - 1] @ t.dZ[l].T)


@case(
    "upper_gradient_used_again",
    ["fanghao6666/neural-networks-and-deep-learning/pull/7"],
    "stale_upstream_gradient",
    "Every hidden layer reads the dA of the last one.",
    ((4, 5, 5, 1), "relu relu sigmoid", BCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, chain=lambda t, l: t.dA[2] if l == 1 else chain_rule(t, l))


@case(
    "gradient_for_weights",
    [DLAI + "w3-ex-6-assertionerror-wrong-values-for-dw1/402919"],
    "dW_instead_of_W",
    "dW2 where W2 belongs, one letter too many.",
    ((2, 4, 1), "tanh sigmoid", BCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, chain=lambda t, l: weight_rule(t, l + 1).T @ t.dZ[l + 1])


@case(
    "wrong_column_cut_off",
    ["louisjc/mnist-neural-network/issues/1"],
    "bias_column_misaligned",
    "[W | b] in one matrix, of which a column in the middle is deleted.",
    ((4, 5, 3), "sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    def chain(t: Tensors, l: int) -> Any:
        both = np.hstack([t.W[l + 1], t.b[l + 1]])
        return np.delete(both, 3, axis=1).T @ t.dZ[l + 1]

    return gradients(problem, chain=chain)


@case(
    "updated_before_use",
    ["VikParuchuri/zero_to_gpt/issues/12"],
    "updated_weights",
    "The loop over the layers updates W and then hands the gradient through it.",
    ((4, 6, 6, 1), "relu relu identity", HALF),
    learning_rate=0.1,
)
def _(problem: Problem) -> dict[str, Any]:
    def chain(t: Tensors, l: int) -> Any:
        return (t.W[l + 1] - 0.1 * weight_rule(t, l + 1)).T @ t.dZ[l + 1]

    return gradients(problem, chain=chain)


# Penalties.
@case(
    "two_of_the_square",
    ["jingtinghuang/CS231n-Spring-2017/issues/3"],
    "reg_factor2_missing",
    "The penalty is λ ‖W‖², its gradient is taken to be λ W.",
    ((4, 5, 3), "relu softmax", CCE),
    penalty=Penalty(l2=0.2, l2_scaling="lambda"),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, penalty=lambda t, l: 0.2 * t.W[l])


@case(
    "ones_for_the_bias",
    ["JWarmenhoven/Coursera-Machine-Learning/issues/3"],
    "reg_bias_constant",
    "The column that should spare the bias from the penalty holds ones, not zeros.",
    ((4, 5, 3), "sigmoid sigmoid", BCE),
    penalty=Penalty(l2=1.0, l2_scaling="lambda/2m"),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, bias_penalty=lambda t, l: 1.0 / t.m)


@case(
    "penalty_added_too_late",
    ["Artelnics/opennn/issues/241"],
    "reg_missing",
    "The gradient is assembled before the penalty is added to it.",
    ((4, 5, 2), "tanh identity", HALF),
    penalty=Penalty(l2=0.3),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, penalty=lambda t, l: 0.0)


@case(
    "absolute_value_as_identity",
    ["ufal/npfl114/pull/34", "bashardudin/Epita-SCIA-OCVX/issues/1"],
    "reg_l1_sign_missing",
    "The gradient of λ/m ‖W‖₁ is taken to be λ/m.",
    ((4, 5, 3), "relu softmax", CCE),
    penalty=Penalty(l1=0.5, l1_scaling="lambda/m"),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, penalty=lambda t, l: 0.5 / t.m)


# Dropout.
@case(
    "mask_forgotten",
    ["rohitg00/ai-engineering-from-scratch/pull/17"],
    "dropout_ignored_in_backward",
    "Dropout forward, nothing backward.",
    ((3, 8, 1), "relu sigmoid", BCE),
    keep={1: 0.6},
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, chain=lambda t, l: t.W[l + 1].T @ t.dZ[l + 1])


@case(
    "scaled_and_not_masked",
    ["ddbourgin/numpy-ml/issues/94"],
    "dropout_mask_missing",
    "The 1/keep comes back, the zeros do not.",
    ((4, 8, 3), "tanh softmax", CCE),
    keep={1: 0.6},
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, chain=lambda t, l: t.W[l + 1].T @ t.dZ[l + 1] / 0.6)
