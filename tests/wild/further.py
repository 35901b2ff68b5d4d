"""Further wrong gradients that people published, all of them gathered blind.

They were looked for in public threads by symptom, not by the names of the catalogue, and written
down, names included, before the diagnosis had seen one of them. `MISSED_AT_FIRST` are those that
it did not name then.
"""

from functools import partial
from typing import Any

import numpy as np

from fcnref.activations import Activation
from fcnref.losses import Loss
from fcnref.problem import Penalty, Problem
from tests.wild.backward import (
    PRIMES,
    Tensors,
    bias_rule,
    chain_rule,
    gradients,
    weight_rule,
)
from tests.wild.cases import BCE, CCE, DLAI, HALF, SQUARED, Case, case, sigmoid

HOTEXAMPLES = (
    "https://csharp.hotexamples.com/ko/examples/-/MatrixD/ByRows/"
    "php-matrixd-byrows-method-examples.html"
)
WHOSEBUG = (
    "https://whosebug.com/question/2948401/Backpropagation-Why-doesn-t-error-approach-zero-"
    "when-it-is-multiplied-by-deriv-of-sigmoid"
)
PYTROUBLES = (
    "https://pytroubles.com/en/posts/id1785-fixing-numpy-mnist-training-"
    "correct-gradient-axes-bias-reductions-and-stable-softmax"
)
MISSED_AT_FIRST = frozenset(
    {
        "divided_by_the_neurons",
        "alpha_lost_in_pseudo_huber",
        "squared_error_hard_coded",
        "one_minus_softmax",
        "log_softmax_like_softmax",
        "log_softmax_plus",
        "a_minus_sign_in_sigma_prime",
        "steepness_lost",
        "lambda_in_the_wrong_bracket",
        "derivative_of_the_incoming_gradient",
        "error_in_the_formula_for_a",
        "output_error_in_the_hidden_layer",
        "updated_and_without_derivative",
        "added_before_and_after_the_update",
        "four_at_once",
        "elementwise_for_the_product",
    }
)
"""In `steepness_lost` the diagnosis named then what it names now: the name that had been written
down, a constant factor, was the poorer one."""
FURTHER: list[Case] = []
blind = partial(case, into=FURTHER)

STEEP_SIGMOID = Activation(
    "steep_sigmoid",
    lambda Z: sigmoid(1.7 * Z),
    lambda dA, A: dA * PRIMES["steep_sigmoid"](None, A),
    "A",
)
SELU = Activation(
    "selu",
    lambda Z: 1.0507 * np.where(Z > 0, Z, 1.6733 * (np.exp(Z) - 1)),
    lambda dA, Z: dA * np.where(Z > 0, 1.0507, 1.0507 * 1.6733 * np.exp(Z)),
    "Z",
)


def mean_of(value: Any, grad: Any, name: str) -> Loss:
    """A loss whose value is a sum over the units and a mean over the examples."""
    return Loss(
        name,
        lambda A, Y: value(A, Y).sum() / Y.shape[1],
        lambda A, Y: grad(A, Y) / Y.shape[1],
    )


PSEUDO_HUBER = mean_of(
    lambda A, Y: 0.9**2 * (np.sqrt(1 + ((A - Y) / 0.9) ** 2) - 1),
    lambda A, Y: 0.9 * (A - Y) / np.sqrt((A - Y) ** 2 + 0.9**2),
    "pseudo_huber",
)
ABSOLUTE = mean_of(
    lambda A, Y: np.where(A > Y, A - Y, Y - A), lambda A, Y: np.sign(A - Y), "absolute_error"
)
NLL = mean_of(lambda A, Y: -Y * A, lambda A, Y: -Y, "negative_log_likelihood")


# Constants and signs.
@blind(
    "learning_rate_not_divided",
    ["TheIndependentCode/Neural-Network/issues/1"],
    "missing_1_over_m",
    "The loss is a mean over the batch, each example is stepped along in full.",
    ((4, 5, 3), "tanh tanh", SQUARED),
    per_output=True,
)
def _(problem: Problem) -> dict[str, Any]:
    return {name: problem.m * value for name, value in gradients(problem).items()}


@blind(
    "one_for_two_over_n",
    ["Open-Deep-ML/DML-OpenProblem/issues/54"],
    "mse_factor2_missing",
    "1/n for the 2/n of a mean squared error.",
    ((3, 1), "sigmoid", SQUARED),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, loss=lambda t: t.A[t.L] - t.Y)


@blind(
    "target_minus_output",
    ["dennybritz/nn-from-scratch/issues/11", "deeplearning4j/deeplearning4j/issues/349"],
    "sign_error",
    "δ3 = y - ŷ, and the weights are moved against it.",
    ((2, 3, 2), "tanh softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, output=lambda t: t.Y - t.A[t.L])


@blind(
    "mean_for_the_bias",
    ["kvfrans/notes/issues/5"],
    "averaged_although_sum",
    "dW sums over the examples, db is a mean.",
    ((3, 4, 2), "relu identity", HALF),
    reduction="sum",
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, biases=lambda t, l: bias_rule(t, l) / t.m)


@blind(
    "divided_by_the_neurons",
    ["eriklindernoren/ML-From-Scratch/issues/76"],
    "width_factor",
    "A reader proposes to divide dW by the number of neurons of the layer.",
    ((4, 5, 3), "sigmoid identity", SQUARED),
    reduction="sum",
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, weights=lambda t, l: weight_rule(t, l) / t.W[l].shape[0])


# Losses.
@blind(
    "alpha_lost_in_pseudo_huber",
    ["RubixML/ML/pull/446"],
    "unnamed_constant",
    "e / √(e² + α²) lacks the α above the line; the test had α = 1.",
    ((4, 5, 2), "tanh identity", PSEUDO_HUBER),
)
def _(problem: Problem) -> dict[str, Any]:
    def loss(t: Tensors) -> Any:
        e = t.A[t.L] - t.Y
        return e / np.sqrt(e**2 + 0.9**2)

    return gradients(problem, loss=loss)


@blind(
    "squared_error_hard_coded",
    ["scikit-learn/scikit-learn/pull/14589"],
    "loss_of_another_kind",
    "An absolute error is added as a loss, and A - Y stays in the backward pass.",
    ((4, 5, 2), "relu identity", ABSOLUTE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, loss=lambda t: t.A[t.L] - t.Y)


@blind(
    "corrected_into_an_error",
    ["mnielsen/neural-networks-and-deep-learning/pull/77"],
    "ce_extra_derivative",
    "A reader multiplies the A - Y of the cross-entropy by σ′.",
    ((4, 5, 3), "sigmoid sigmoid", BCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, output=lambda t: (t.A[t.L] - t.Y) * t.prime(t.L))


# Softmax.
@blind(
    "one_minus_softmax",
    ["neuroph/neuroph/issues/37"],
    "softmax_elementwise derivative_term_dropped",
    "1 (1 - a): the elementwise rule, and its factor a lost.",
    ((4, 5, 3), "sigmoid softmax", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, output=lambda t: t.dA[t.L] * (1 - t.A[t.L]))


@blind(
    "softmax_over_the_batch",
    ["deeplearning4j/deeplearning4j/issues/345"],
    "softmax_wrong_axis",
    "The backward pass computes the softmax anew, over the examples.",
    ((4, 5, 3), "tanh softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    def output(t: Tensors) -> Any:
        E = np.exp(t.Z[t.L])
        return E / E.sum(axis=1, keepdims=True) - t.Y

    return gradients(problem, output=output)


@blind(
    "softmax_rule_over_the_batch",
    ["RubixML/ML/pull/480"],
    "softmax_wrong_axis",
    "The sum in the softmax rule runs over the examples.",
    ((4, 5, 3), "tanh softmax", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    def output(t: Tensors) -> Any:
        product = t.A[t.L] * t.dA[t.L]
        return product - t.A[t.L] * product.sum(axis=1, keepdims=True)

    return gradients(problem, output=output)


@blind(
    "log_softmax_like_softmax",
    ["uxlfoundation/oneDNN/issues/616"],
    "softmax_jacobian_term_dropped",
    "dA - Σ dA ⊙ log p: the exponential is missing, and the sum holds what it should not.",
    ((4, 5, 3), "relu log_softmax", NLL),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, output=lambda t: t.dA[t.L] - (t.dA[t.L] * t.A[t.L]).sum(axis=0))


@blind(
    "log_softmax_plus",
    ["mlpack/mlpack/issues/2360", "mlpack/mlpack/issues/3468"],
    "softmax_jacobian_term_dropped",
    "dA + p, right for a one-hot cross-entropy alone: the sum of dA is taken to be -1.",
    ((4, 5, 3), "relu log_softmax", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, output=lambda t: t.dA[t.L] + np.exp(t.A[t.L]))


# Derivatives.
@blind(
    "derivative_of_the_output",
    ["davidrmiller/neural2d/issues/40", "benoitfragit/libBrain/issues/78"],
    "derivative_at_A",
    "tanh′ is called with the output of tanh, in every layer.",
    ((3, 4, 2), "tanh tanh", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(
        problem,
        output=lambda t: t.dA[t.L] * (1 - np.tanh(t.A[t.L]) ** 2),
        hidden=lambda t, l: t.dA[l] * (1 - np.tanh(t.A[l]) ** 2),
    )


@blind(
    "phi_prime_of_a",
    ["rasbt/python-machine-learning-book-3rd-edition/issues/138"],
    "derivative_at_A",
    "φ′(a) in a figure where φ′(z) belongs.",
    ((4, 5, 3), "sigmoid sigmoid", BCE),
    reduction="sum",
)
def _(problem: Problem) -> dict[str, Any]:
    def hidden(t: Tensors, l: int) -> Any:
        S = sigmoid(t.A[l])
        return t.dA[l] * S * (1 - S)

    return gradients(problem, hidden=hidden)


@blind(
    "one_minus_z_squared",
    [
        "apache/incubator-retired-horn/pull/4",
        "lazyprogrammer/facial-expression-recognition/issues/2",
    ],
    "a_formula_fed_with_z",
    "1 - z² for tanh′(z).",
    ((3, 4, 4, 2), "tanh tanh identity", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] * (1 - t.Z[l] ** 2))


@blind(
    "a_minus_sign_in_sigma_prime",
    ["sausheong/gonn/issues/8"],
    "derivative_sign_flipped",
    "σ - (1 - σ) for σ (1 - σ): a product sign became a minus.",
    ((4, 5, 3), "sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(
        problem,
        output=lambda t: t.dA[t.L] * (2 * t.A[t.L] - 1),
        hidden=lambda t, l: t.dA[l] * (2 * t.A[l] - 1),
    )


@blind(
    "tan_for_tanh",
    ["gy910210/neural-network-from-scratch/issues/2", "nicodjimenez/lstm/issues/41"],
    "derivative_sign_flipped",
    "1 + a², the derivative of tan.",
    ((4, 5, 3), "tanh softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] * (1 + t.A[l] ** 2))


@blind(
    "steepness_lost",
    ["yzhao062/MetaOD/issues/6"],
    "wrong_activation_derivative",
    "The a of σ(a z) is missing in the derivative, which is that of σ(z) then.",
    ((4, 5, 3), [STEEP_SIGMOID, "identity"], HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] * t.A[l] * (1 - t.A[l]))


@blind(
    "lambda_in_the_wrong_bracket",
    ["mlpack/mlpack/pull/1540"],
    "derivative_term_dropped",
    "λ (a + α) for a + λ α, in SELU.",
    ((4, 5, 3), [SELU, "softmax"], CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    def hidden(t: Tensors, l: int) -> Any:
        return t.dA[l] * np.where(t.Z[l] > 0, 1.0507, 1.0507 * (t.A[l] + 1.6733))

    return gradients(problem, hidden=hidden)


@blind(
    "derivative_function_of_the_next_layer",
    ["jeffheaton/encog-java-core/issues/243"],
    "wrong_activation_derivative",
    "An index off by one: each layer takes the activation of the layer above for its derivative.",
    ((4, 5, 4, 3), "tanh sigmoid tanh", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    def hidden(t: Tensors, l: int) -> Any:
        above = t.problem.layers[l].activation.name
        return t.dA[l] * PRIMES[above](t.Z[l], t.A[l])

    return gradients(problem, hidden=hidden)


@blind(
    "copied_from_the_sigmoid",
    ["jeffheaton/encog-dotnet-core/issues/124"],
    "wrong_activation_derivative",
    "The class of ReLU has the derivative of the sigmoid.",
    ((4, 6, 3), "relu identity", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] * t.A[l] * (1 - t.A[l]))


@blind(
    "relu_for_its_mask",
    ["denggaoshan/DeepLearningStudy/issues/1"],
    "activation_as_derivative",
    "max(z, 0) dA for [z > 0] dA.",
    ((4, 6, 2), "relu identity", SQUARED),
    reduction="sum",
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] * np.maximum(t.Z[l], 0))


@blind(
    "where_the_gradient_is_negative",
    ["exacity/deeplearningbook-chinese/issues/127"],
    "relu_on_gradient",
    "A translation: ReLU zeroes what is negative in the gradient.",
    ((4, 6, 3), "relu softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] * (t.dA[l] > 0))


@blind(
    "times_z_as_well",
    [DLAI + "wrong-values-for-dw1/85937"],
    "derivative_times_z",
    "g′(Z1) is read as a product with Z1.",
    ((2, 4, 1), "tanh sigmoid", BCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] * (1 - t.A[l] ** 2) * t.Z[l])


@blind(
    "derivative_of_the_incoming_gradient",
    ["ooples/AiDotNet/pull/497"],
    "derivative_at_dA upstream_dropped",
    "The layer calls its derivative with the gradient and multiplies by nothing.",
    ((3, 4, 2), "sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    def prime(T: Any) -> Any:
        return sigmoid(T) * (1 - sigmoid(T))

    return gradients(problem, output=lambda t: prime(t.dA[t.L]), hidden=lambda t, l: prime(t.dA[l]))


@blind(
    "error_in_the_formula_for_a",
    ["https://datascience.stackexchange.com/questions/20139"],
    "derivative_at_dA upstream_dropped",
    "dz2 = dh2 (1 - dh2): the formula for σ′ in terms of a, fed with the error.",
    ((2, 3, 2), "sigmoid sigmoid", HALF),
    reduction="sum",
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, output=lambda t: t.dA[t.L] * (1 - t.dA[t.L]))


@blind(
    "grad_h_for_grad_htilde",
    ["arthurdouillard/deepcourse/issues/6"],
    "missing_derivative",
    "The hidden layer's gradients are made of the gradient behind the tanh.",
    ((2, 4, 2), "tanh softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l])


# The chain.
@blind(
    "bars_without_the_derivative",
    [
        "SciML/SciMLBook/issues/164",
        "makeyourownneuralnetwork/makeyourownneuralnetwork/issues/88",
    ],
    "dA_prev_skips_derivative",
    "v̄ of the layer below is made of v̄ and not of r̄: the derivative gets lost.",
    ((3, 5, 4, 2), "tanh tanh identity", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, chain=lambda t, l: t.W[l + 1].T @ t.dA[l + 1])


@blind(
    "summed_over_the_wrong_index",
    ["Lupino/bpnn/issues/2"],
    "W_transpose_missing",
    "Each hidden unit sums over the weights into an output, not over those out of itself.",
    ((3, 4, 4), "sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, chain=lambda t, l: t.W[l + 1] @ t.dZ[l + 1])


@blind(
    "output_error_in_the_hidden_layer",
    [WHOSEBUG],
    "W_missing_from_chain",
    "hidden_error is computed through the weights, and error is used.",
    ((2, 2, 1), "sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    def chain(t: Tensors, l: int) -> Any:
        return t.dA[t.L] + np.zeros(t.Z[l].shape)

    return gradients(problem, chain=chain)


@blind(
    "updated_in_the_loop",
    ["joelgrus/data-science-from-scratch/issues/31"],
    "updated_weights",
    "The output weights are adjusted before the hidden deltas are computed.",
    ((4, 5, 3), "sigmoid sigmoid", HALF),
    learning_rate=1.0,
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, chain=lambda t, l: (t.W[l + 1] - t.dW[l + 1]).T @ t.dZ[l + 1])


@blind(
    "updated_and_without_derivative",
    [
        "CodingTrain/Toy-Neural-Network-JS/issues/72",
        "kim-marcel/basic_neural_network/issues/7",
    ],
    "updated_weights dA_prev_skips_derivative",
    "The errors, not the gradients, go down through weights that were updated already.",
    ((2, 4, 3), "sigmoid sigmoid", HALF),
    learning_rate=0.1,
)
def _(problem: Problem) -> dict[str, Any]:
    def chain(t: Tensors, l: int) -> Any:
        return (t.W[l + 1] - 0.1 * t.dW[l + 1]).T @ t.dA[l + 1]

    return gradients(problem, chain=chain)


@blind(
    "added_before_and_after_the_update",
    ["itskonrad/miniMNIST-c/issues/7"],
    "updated_weights sum_not_reset",
    "input_grad is summed twice, through the old weights and through the new ones.",
    ((4, 6, 3), "relu softmax", CCE),
    learning_rate=0.1,
)
def _(problem: Problem) -> dict[str, Any]:
    def chain(t: Tensors, l: int) -> Any:
        updated = t.W[l + 1] - 0.1 * t.dW[l + 1]
        return chain_rule(t, l) + updated.T @ t.dZ[l + 1]

    return gradients(problem, chain=chain)


@blind(
    "shallow_copy",
    ["Bot-Academy/NeuralNetworkFromScratch/pull/3"],
    "missing_output_derivative missing_1_over_m db_sum_all_axes updated_weights",
    "A - Y without σ′, sums for means, one number for all biases, and a copy that is none.",
    ((6, 5, 4), "sigmoid sigmoid", SQUARED),
    learning_rate=0.05,
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(
        problem,
        output=lambda t: t.A[t.L] - t.Y,
        chain=lambda t, l: (t.W[l + 1] - 0.05 * t.dW[l + 1]).T @ t.dZ[l + 1],
        weights=lambda t, l: t.dZ[l] @ t.A[l - 1].T,
        biases=lambda t, l: np.full_like(t.b[l], t.dZ[l].sum()),
    )


@blind(
    "four_at_once",
    [HOTEXAMPLES],
    "derivative_applied_twice_in_chain updated_weights missing_derivative b_in_db",
    "σ′ of the output twice and of the hidden layer not at all, updated weights, b in db.",
    ((2, 3, 2), "sigmoid sigmoid", HALF),
    learning_rate=1.0,
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(
        problem,
        chain=lambda t, l: (t.W[l + 1] - t.dW[l + 1]).T @ (t.dZ[l + 1] * t.prime(l + 1)),
        hidden=lambda t, l: t.dA[l],
        biases=lambda t, l: t.b[l] * bias_rule(t, l),
    )


# dW and db.
@blind(
    "before_the_activation",
    ["maziarraissi/backprop/issues/1"],
    "z_prev_instead_of_a_prev",
    "dW is made of the pre-activations of the layer below.",
    ((3, 5, 4, 2), "tanh tanh identity", SQUARED),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, weights=lambda t, l: t.mean * t.dZ[l] @ t.Z[l - 1].T)


@blind(
    "elementwise_for_the_product",
    [DLAI + "week-2-exercise-5-computing-cost-using-np-dot/24805/29"],
    "hadamard_instead_of_matmul",
    "dw = X * (A - Y): a product entry by entry where a matrix product belongs.",
    ((3, 1), "sigmoid", BCE),
)
def _(problem: Problem) -> dict[str, Any]:
    def weights(t: Tensors, l: int) -> Any:
        return t.mean * t.X * t.dZ[l]

    return gradients(problem, weights=weights, penalty=lambda t, l: 0.0)


@blind(
    "bias_along_the_wrong_axis",
    [
        PYTROUBLES,
        "deeplearning4j/deeplearning4j/pull/364",
    ],
    "db_wrong_axis",
    "db is summed over the units, and has one entry per example.",
    ((4, 5, 3), "relu softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, biases=lambda t, l: t.mean * t.dZ[l].sum(axis=0))


@blind(
    "bias_gradient_per_example",
    [
        "mlpack/mlpack/pull/3679",
        DLAI + "trouble-understanding-b-vector-back-propagation/536725",
    ],
    "db_not_summed",
    "db = dZ, right for a batch of one.",
    ((4, 5, 3), "tanh softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, biases=lambda t, l: t.mean * t.dZ[l])


# Penalties.
@blind(
    "penalty_subtracted",
    [
        "andersbll/deeppy/issues/17",
        "chainer/chainer/issues/261",
    ],
    "reg_sign",
    "The weight decay is subtracted from the gradient, so the weights grow.",
    ((4, 5, 3), "relu softmax", CCE),
    penalty=Penalty(l2=0.3),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, penalty=lambda t, l: -0.3 * t.W[l])


@blind(
    "sum_of_the_weights",
    [DLAI + "dw-for-l2-regularization/165181"],
    "reg_summed_to_scalar",
    "λ/m ΣW, one number, for λ/m W.",
    ((4, 5, 3, 1), "relu relu sigmoid", BCE),
    penalty=Penalty(l2=0.7, l2_scaling="lambda/2m"),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, penalty=lambda t, l: 0.7 / t.m * t.W[l].sum())


@blind(
    "biases_penalized_in_the_loss",
    ["Burton2000/CS231n-2017/issues/9"],
    "reg_bias_missing",
    "The loss penalizes the biases, db knows nothing of it.",
    ((4, 5, 3), "relu softmax", CCE),
    penalty=Penalty(l2=0.2, l2_scaling="lambda", on_bias=True),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, bias_penalty=lambda t, l: 0.0)


@blind(
    "biases_in_the_same_matrix",
    ["rasmusbergpalm/DeepLearnToolbox/issues/32"],
    "reg_on_bias",
    "The bias is a column of W, and decays with it.",
    ((4, 5, 3), "tanh sigmoid", HALF),
    penalty=Penalty(l2=0.3),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, bias_penalty=lambda t, l: 0.3 * t.b[l])


@blind(
    "spared_the_wrong_one",
    ["dibgerge/ml-coursera-python-assignments/issues/45"],
    "reg_on_bias reg_skips_part",
    "theta[1] is spared from the penalty where theta[0], the bias, should be.",
    ((5, 1), "sigmoid", BCE),
    penalty=Penalty(l2=1.0, l2_scaling="lambda/2m"),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(
        problem,
        penalty=lambda t, l: t.W[l] * (np.arange(5) > 0) / t.m,
        bias_penalty=lambda t, l: t.b[l] / t.m,
    )
