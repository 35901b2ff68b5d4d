"""A second round of wrong gradients gathered blind, after the first had been learned from.

Like `further`: looked for by symptom, and written down, names included, before the diagnosis had
seen one of them.
"""

from functools import partial
from typing import Any

import numpy as np

from fcnref.activations import Activation
from fcnref.problem import Penalty, Problem
from tests.wild.backward import Tensors, bias_rule, chain_rule, gradients, weight_rule
from tests.wild.cases import BCE, CCE, DLAI, HALF, SQUARED, Case, case, sigmoid

MISSED_AT_SECOND = frozenset(
    {
        "parentheses_missing",
        "call_for_product",
        "one_minus_a_product",
        "sigma_times_sigma_minus_one",
        "argument_for_the_exponential",
        "divided_by_the_input",
        "plus_for_times",
        "dropped_share_for_its_reciprocal",
    }
)
"""Two of them are named now as they were then: for σ (σ - 1) and for the argument of exp the names
written down beforehand, a flipped sign in the formula and z for the derivative, were no better."""
SECOND: list[Case] = []
blind = partial(case, into=SECOND)

EXP = Activation("exp", np.exp, lambda dA, A: dA * A, "A")


# Constants.
@blind(
    "batch_not_divided",
    ["ageron/handson-ml/issues/179", "campusx-official/100-days-of-machine-learning/issues/9"],
    "missing_1_over_m",
    "The gradient of one example, 2 x (x θ - y), is used for a batch.",
    ((3, 1), "identity", SQUARED),
)
def _(problem: Problem) -> dict[str, Any]:
    return {name: problem.m * value for name, value in gradients(problem).items()}


@blind(
    "logistic_not_divided",
    ["eriklindernoren/ML-From-Scratch/issues/124"],
    "missing_1_over_m",
    "-(y - p) X without the 1/n of the cross-entropy.",
    ((5, 1), "sigmoid", BCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return {name: problem.m * value for name, value in gradients(problem).items()}


@blind(
    "half_as_large",
    ["42-AI/bootcamp_machine-learning/issues/20"],
    "stray_constant",
    "The example of the exercise was computed with 1/2m, the formula has 1/m.",
    ((3, 1), "identity", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return {name: value / 2 for name, value in gradients(problem).items()}


@blind(
    "factor_two_proposed",
    ["mnielsen/neural-networks-and-deep-learning/pull/79"],
    "mse_factor2_extra",
    "2 (a - y) for a cost with a 1/2.",
    ((4, 5, 3), "sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, loss=lambda t: 2 * (t.A[t.L] - t.Y))


@blind(
    "biases_divided_twice",
    ["deeplearning4j/deeplearning4j/pull/366"],
    "one_over_m_twice",
    "The biases take a mean of what is divided by the batch size afterwards.",
    ((4, 5, 3), "sigmoid softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, biases=lambda t, l: bias_rule(t, l) / t.m)


# Derivatives.
@blind(
    "gradient_overwritten_by_its_mask",
    ["haifengl/smile/issues/528"],
    "upstream_dropped",
    "g = 1 or 0 where g *= 1 or 0 is meant: ReLU forgets what comes from above.",
    ((4, 6, 5, 3), "relu relu softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: 1.0 * (t.Z[l] > 0))


@blind(
    "parentheses_missing",
    ["apache/tvm/pull/7340"],
    "brackets_missing",
    "dA * 1 - tanh² for dA * (1 - tanh²).",
    ((4, 5, 3), "tanh softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] - t.A[l] ** 2)


@blind(
    "call_for_product",
    ["yizt/numpy_neural_network/issues/3"],
    "derivative_at_dA upstream_dropped",
    "σ(1 - σ(dA)): the product became a call, of the gradient at that.",
    ((4, 5, 3), "sigmoid softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: sigmoid(1 - sigmoid(t.dA[l])))


@blind(
    "gradient_of_the_layer_above",
    ["ImagineAILab/ai-by-hand-excel/issues/9"],
    "stale_upstream_gradient",
    "∂L/∂Z2 is ∂L/∂A3 where Z2 > 0, in a sheet with equal widths.",
    ((3, 4, 3, 3), "relu relu softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, chain=lambda t, l: t.dA[3] if l == 2 else chain_rule(t, l))


@blind(
    "hidden_sigmoid_forgotten",
    ["iamtrask/Grokking-Deep-Learning/issues/50"],
    "missing_derivative",
    "A sigmoid forward, and no derivative of it backward.",
    ((4, 5, 1), "sigmoid sigmoid", BCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l])


@blind(
    "output_sigmoid_forgotten",
    ["Frixoe/xor-neural-network/issues/1"],
    "missing_output_derivative",
    "dz2 = a2 - y where the source has ∇C ⊙ σ′(z).",
    ((2, 3, 1), "sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, output=lambda t: t.A[t.L] - t.Y)


@blind(
    "one_minus_a_product",
    [DLAI + "w3-ex-6-assertionerror-wrong-values-for-dw1/402919"],
    "matmul_instead_of_hadamard",
    "dZ1 = (W2ᵀ dZ2) (1 - A1ᵀ A1): matrix products throughout, and the shapes fit.",
    ((2, 4, 1), "tanh sigmoid", BCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] @ (1 - t.A[l].T @ t.A[l]))


@blind(
    "sigma_times_sigma_minus_one",
    ["JuliaAI/MLJLinearModels.jl/issues/104"],
    "sign_error",
    "σ (σ - 1) for σ′.",
    ((4, 5, 3), "sigmoid identity", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] * t.A[l] * (t.A[l] - 1))


@blind(
    "argument_for_the_exponential",
    ["karpathy/nn-zero-to-hero/issues/52"],
    "a_formula_fed_with_z",
    "A reader takes z, not exp(z), for the derivative of exp.",
    ((3, 4, 2), [EXP, "identity"], HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, hidden=lambda t, l: t.dA[l] * t.Z[l])


# dW.
@blind(
    "divided_by_the_input",
    ["ArtemOnigiri/SimpleNN/issues/9"],
    "A_prev_divided",
    "A reader asks whether the gradient should be divided by the input.",
    ((3, 4, 2), "sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, weights=lambda t, l: t.mean * t.dZ[l] @ (1 / t.A[l - 1]).T)


@blind(
    "plus_for_times",
    ["https://docs.rs/crate/flashlight/0.0.12/source/backprop_on_gpu.txt"],
    "derivative_added",
    "relu′ + dA x for relu′ dA x, in the sum for dW.",
    ((3, 5, 2), "relu identity", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    def weights(t: Tensors, l: int) -> Any:
        if l == t.L:
            return weight_rule(t, l)
        return t.mean * (t.prime(l).sum(axis=1, keepdims=True) + t.dA[l] @ t.A[l - 1].T)

    return gradients(problem, weights=weights)


# Penalties and dropout.
@blind(
    "lambda_without_its_weights",
    ["rasbt/python-machine-learning-book-2nd-edition/issues/94"],
    "reg_constant",
    "Δ + λ for Δ + λ W.",
    ((4, 5, 3), "sigmoid sigmoid", BCE),
    penalty=Penalty(l2=0.3),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, penalty=lambda t, l: 0.3)


@blind(
    "norm_differentiated_as_square",
    ["ddbourgin/numpy-ml/issues/53"],
    "reg_norm_vs_square",
    "The penalty is γ ‖β‖, its gradient is taken to be γ β.",
    ((4, 1), "sigmoid", BCE),
    penalty=Penalty(norm=0.3),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, penalty=lambda t, l: 0.3 * t.W[l])


@blind(
    "l1_after_else",
    ["deeplearning4j/deeplearning4j/issues/327"],
    "reg_missing",
    "if L2 … else if L1: with both, L1 has no gradient.",
    ((4, 5, 3), "tanh softmax", CCE),
    penalty=Penalty(l2=0.3, l1=0.2),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, penalty=lambda t, l: 0.3 * t.W[l])


@blind(
    "dropped_share_for_its_reciprocal",
    ["NVIDIA/apex/pull/816"],
    "dropout_scale_of_dropped",
    "The mask is scaled by p, not by 1 / (1 - p), on the way back.",
    ((4, 8, 3), "relu softmax", CCE),
    keep={1: 0.7},
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(
        problem, chain=lambda t, l: t.W[l + 1].T @ t.dZ[l + 1] * (t.problem.masks[l] > 0) * 0.3
    )
