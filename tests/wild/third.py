"""A third round of wrong gradients gathered blind, a small one, after the second was used."""

from functools import partial
from typing import Any

import numpy as np

from fcnref.problem import Problem
from tests.wild.backward import Tensors, bias_rule, chain_rule, gradients, weight_rule
from tests.wild.cases import CCE, HALF, SQUARED, Case, case

MISSED_AT_THIRD = frozenset(
    {
        "x_times_p_minus_one",
        "product_over_the_features",
        "prediction_of_the_first_parameters",
        "delta_of_the_layer_below",
    }
)
THIRD: list[Case] = []
blind = partial(case, into=THIRD)


@blind(
    "sum_over_all_points",
    ["tsycnh/mlbasic/issues/2"],
    "missing_1_over_m",
    "all_da and all_db are not divided by the number of points.",
    ((1, 1), "identity", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return {name: problem.m * value for name, value in gradients(problem).items()}


@blind(
    "mean_loss_and_averaging_step",
    ["d2l-ai/d2l-en/pull/1000"],
    "one_over_m_twice",
    "The loss is a mean, and the step divides by the batch size again.",
    ((2, 1), "identity", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return {name: value / problem.m for name, value in gradients(problem).items()}


@blind(
    "slope_times_x",
    ["pluskid/Mocha.jl/pull/94"],
    "activation_as_derivative",
    "0.01 x for the derivative of 0.01 x.",
    ((4, 6, 3), "leaky_relu softmax", CCE),
    slope=0.01,
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(
        problem, hidden=lambda t, l: t.dA[l] * np.where(t.Z[l] > 0, 1.0, 0.01 * t.Z[l])
    )


@blind(
    "x_times_p_minus_one",
    ["eriklindernoren/ML-From-Scratch/issues/71"],
    "softmax_elementwise derivative_mixes_layers",
    "A reader proposes x (p - 1) for the derivative of the softmax.",
    ((4, 5, 3), "tanh softmax", CCE),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, output=lambda t: t.dA[t.L] * t.Z[t.L] * (t.A[t.L] - 1))


@blind(
    "means_multiplied",
    ["FesianXu/AI_Blog/issues/1"],
    "sums_before_product",
    "dW1 is the mean gradient times the mean input of the batch.",
    ((3, 3, 1), "sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    def weights(t: Tensors, l: int) -> Any:
        mean_dZ, mean_A = t.dZ[l].mean(axis=1), t.A[l - 1].mean(axis=1)
        return np.outer(mean_dZ, mean_A) if l == 1 else weight_rule(t, l)

    return gradients(problem, weights=weights)


@blind(
    "only_the_weights_are_trained",
    ["dragen1860/Deep-Learning-with-TensorFlow-book/issues/217"],
    "db_zero",
    "backpropagation() updates the weights and never the biases.",
    ((2, 5, 4, 2), "sigmoid sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, biases=lambda t, l: np.zeros_like(t.b[l]))


@blind(
    "sum_taken_away",
    ["SethHWeidman/DLFS_code/issues/8"],
    "db_not_summed",
    "A reader proposes to drop the sum over the examples.",
    ((4, 5, 1), "sigmoid identity", SQUARED),
)
def _(problem: Problem) -> dict[str, Any]:
    def biases(t: Tensors, l: int) -> Any:
        return t.mean * t.dZ[l] if l == 1 else bias_rule(t, l)

    return gradients(problem, biases=biases)


@blind(
    "product_over_the_features",
    ["h2oai/datatable/pull/3234"],
    "product_not_reset",
    "The gradient is multiplied by feature after feature and never set back.",
    ((4, 1), "sigmoid", SQUARED),
)
def _(problem: Problem) -> dict[str, Any]:
    def weights(t: Tensors, l: int) -> Any:
        return t.mean * t.dZ[l] @ np.cumprod(t.X, axis=0).T

    return gradients(problem, weights=weights)


@blind(
    "prediction_of_the_first_parameters",
    ["kaleko/CourseraML/issues/7"],
    "error_term_dropped",
    "h is computed with the initial θ, which is zero: what is left of h - y is -y.",
    ((2, 1), "identity", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    return gradients(problem, loss=lambda t: -t.Y)


@blind(
    "delta_of_the_layer_below",
    ["hanbt/learn_dl/issues/23"],
    "gradient_of_wrong_layer",
    "A reader forms dW and db with the delta that the layer hands down.",
    ((4, 4, 4), "sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    def handed_down(t: Tensors, l: int) -> Any:
        A = t.A[l - 1]
        return t.W[l].T @ t.dZ[l] * A * (1 - A)

    return gradients(
        problem,
        weights=lambda t, l: t.mean * handed_down(t, l) @ t.A[l - 1].T,
        biases=lambda t, l: t.mean * handed_down(t, l).sum(axis=1, keepdims=True),
    )


@blind(
    "output_for_input",
    ["hanbt/learn_dl/issues/15", "hanbt/learn_dl/issues/3"],
    "derivative_of_wrong_layer",
    "A reader takes the derivative at the output of the layer above, not at its input.",
    ((4, 5, 5, 5), "sigmoid sigmoid sigmoid", HALF),
)
def _(problem: Problem) -> dict[str, Any]:
    def hidden(t: Tensors, l: int) -> Any:
        A = t.A[l + 1]
        return chain_rule(t, l) * A * (1 - A)

    return gradients(problem, hidden=hidden)
