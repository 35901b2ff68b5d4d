"""The classic mistakes of a backward pass: what each one is, and what to write instead.

The formulas themselves are in `fcnref.diagnosis`, which composes them slot by slot; here are their
names and the words of the reports. A slug is stable: tests and pages may refer to it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["MISTAKES", "PAGES", "Mistake"]


class Mistake(NamedTuple):
    """One classic mistake.

    Attributes
    ----------
    slug
        Its stable name.
    slot
        What it spoils: the "forward" pass, or a rule of the backward pass, "loss", "activation",
        "chain", "dW", "db", "scale", "penalty", "dropout" or "update".
    sentence
        What is wrong, in one sentence.
    fix
        What to write instead.
    """

    slug: str
    slot: str
    sentence: str
    fix: str

    @property
    def page(self) -> str:
        """The page that derives the right rule."""
        return PAGES[self.slot]


PAGES: Mapping[str, str] = MappingProxyType(
    {
        "forward": "derivation/forward",
        "loss": "derivation/losses",
        "activation": "derivation/activations",
        "chain": "derivation/previous-layer",
        "dW": "derivation/weights-and-biases",
        "db": "derivation/weights-and-biases",
        "scale": "derivation/losses",
        "penalty": "derivation/regularization",
        "dropout": "derivation/regularization",
        "update": "derivation/whole-network",
    }
)

ELEMENTWISE = "dZ = dA * g'(Z), with g' the derivative of this layer's activation at this layer's Z"
SOFTMAX = "dZ = A * (dA - np.sum(dA * A, axis=0, keepdims=True))"
FUSED = "dZ = (A - Y) / m for softmax or sigmoid with its cross-entropy, and nothing more"
CHAIN = "dA_prev = W.T @ dZ, with the W of the forward pass and the dZ of the same layer"
WEIGHTS = "dW = dZ @ A_prev.T"
BIAS = "db = np.sum(dZ, axis=1, keepdims=True)"
ONE_M = "let the 1/m of the mean enter once: in dA[L], or else in every dW and db"
LOSS = "differentiate the loss that you print, with its own constants"
PENALTY = "dW += the derivative of exactly the penalty that is added to J"
MASK = "dA = dA * mask, with the mask of the forward pass, its 1/keep included"

_TABLE: dict[str, list[tuple[str, str, str]]] = {
    "forward": [
        (
            "other_forward_pass",
            "The gradient is right for another forward pass than the one that is declared.",
            "make the forward pass and the declared problem the same",
        ),
    ],
    "scale": [
        ("missing_1_over_m", "J is a mean over the examples, and the 1/m is missing.", ONE_M),
        ("one_over_m_twice", "The 1/m of the mean is applied more than once.", ONE_M),
        (
            "wrong_denominator",
            "The sum is divided by a number other than m, the number of examples.",
            "divide by m = X.shape[1]; X.shape[0] is the number of inputs",
        ),
        (
            "averaged_although_sum",
            "J is a sum over the examples, and the gradient is divided by m.",
            "leave out the 1/m, or make the loss a mean",
        ),
        (
            "m_in_sum",
            "J is a sum over the examples, and the gradient is multiplied by m.",
            "leave out the factor",
        ),
        (
            "missing_1_over_n_out",
            "The loss is divided by the number of outputs, and the gradient is not.",
            "divide dA[L] by n_L as the loss is",
        ),
        (
            "extra_1_over_n_out",
            "The gradient is divided by the number of outputs, and the loss is not.",
            "leave out the 1/n_L (np.mean over both axes divides by it), or put it in the loss",
        ),
        ("n_out_factor", "The gradient is n_L times too large.", "remove the factor"),
        ("width_factor", "The gradient is too large by the width of a layer.", "remove the factor"),
        (
            "unnamed_constant",
            "A constant factor stands here that the problem does not explain.",
            "look for a hard-coded number, or a size of other data",
        ),
        ("stray_constant", "A constant factor stands where none belongs.", "remove the factor"),
        (
            "sign_error",
            "The sign is wrong.",
            "differentiate J itself, (A - Y) and not (Y - A); the update subtracts the gradient",
        ),
        (
            "integer_division_factor",
            "A factor of the loss is computed by integer division and becomes 0.",
            "divide with /, not with //",
        ),
        (
            "gradient_clipped",
            "Large entries of the gradient are cut off.",
            "return the gradient; clip in the optimizer, if at all",
        ),
        (
            "learning_rate_in_gradient",
            "The gradient already contains the learning rate.",
            "return the gradient; the optimizer multiplies by the learning rate",
        ),
        (
            "zero_gradient",
            "Nothing arrives: the gradient handed to this layer is zero.",
            "look for integer division, a detached array or an overwritten dA",
        ),
    ],
    "loss": [
        (
            "mse_factor2_extra",
            "dA[L] has a 2 that cancels against the 1/2 of this loss.",
            "dA[L] = (A - Y) / m for the half squared error",
        ),
        (
            "mse_factor2_missing",
            "dA[L] lacks the 2 of a squared error without 1/2.",
            "dA[L] = 2 (A - Y) / m, or put the 1/2 in the loss",
        ),
        ("loss_of_another_kind", "dA[L] is the gradient of another loss.", LOSS),
        ("loss_value_as_gradient", "The loss itself stands where its derivative belongs.", LOSS),
        (
            "bce_term_missing",
            "One of the two terms of the binary cross-entropy is missing in dA[L].",
            "dA = (-Y / A + (1 - Y) / (1 - A)) / m",
        ),
        (
            "bce_term_sign",
            "The second term of the binary cross-entropy has the wrong sign in dA[L].",
            "dA = (-Y / A + (1 - Y) / (1 - A)) / m",
        ),
        ("cce_term_dropped", "dA[L] of the cross-entropy lacks a factor.", "dA = -Y / A / m"),
        (
            "broadcast_n_vs_n1",
            "A column minus a row broadcasts to a matrix: every output meets every target.",
            "give A and Y the same shape (n_L, m) before subtracting",
        ),
        (
            "error_averaged_too_early",
            "The error is averaged before it is propagated.",
            "keep one column per example until dW and db sum over them",
        ),
        ("logits_for_output", "The logits Z stand where the outputs A belong.", "use A[L] - Y"),
        (
            "decision_for_output",
            "The rounded prediction stands where the output A belongs.",
            "use A[L] - Y; a decision has no derivative",
        ),
        (
            "log_for_output",
            "The logarithm of the outputs stands where the outputs belong.",
            "use A[L] - Y; a log-softmax has to be exponentiated first",
        ),
        (
            "label_subtracted_everywhere",
            "1 is subtracted for every class and not for the label alone.",
            "subtract the one-hot Y, or index rows and labels in pairs",
        ),
        (
            "label_off_by_one",
            "Every label is moved by one class.",
            "count classes from 0 in the code as in the labels",
        ),
        (
            "softmax_not_normalized",
            "The exponentials of the softmax are not divided by their sum.",
            "A = np.exp(Z) / np.sum(np.exp(Z), axis=0, keepdims=True)",
        ),
        (
            "epsilon_too_large",
            "An ε against a division by zero is large enough to change the gradient.",
            "take the loss of the logits, whose gradient (A - Y) / m divides by nothing",
        ),
        ("error_absolute", "The absolute error, or its sign, stands where A - Y belongs.", LOSS),
        (
            "label_entry_only",
            "Only the entry of the label gets a gradient.",
            "A - Y has an entry for every class",
        ),
        ("error_term_dropped", "A - Y has lost a term, or has the wrong sign within.", "use A - Y"),
        (
            "error_of_previous_activation",
            "The output went through its activation twice.",
            "A is the output already",
        ),
        (
            "examples_misaligned",
            "The targets belong to other examples than the outputs.",
            "shuffle X and Y by the same permutation",
        ),
        ("target_transposed", "Y is transposed.", "Y has one column per example, like A"),
        (
            "missing_output_derivative",
            "dZ[L] lacks the derivative of the output activation.",
            "dZ[L] = dA[L] * g'(Z[L]); only the cross-entropy that fits the activation cancels it",
        ),
        (
            "ce_extra_derivative",
            "A - Y is dZ[L] already, and it is multiplied by an output derivative once more.",
            FUSED,
        ),
        ("target_in_hidden_layer", "A hidden layer is compared with the target.", CHAIN),
    ],
    "activation": [
        (
            "missing_derivative",
            "The derivative of the activation is missing: dZ = dA.",
            ELEMENTWISE,
        ),
        (
            "missing_derivative_in_dW_only",
            "dW is made of dA and not of dZ, so the derivative is missing in dW alone.",
            "dW = dZ @ A_prev.T, with the dZ that is propagated",
        ),
        (
            "missing_derivative_in_db_only",
            "db sums dA and not dZ, so the derivative is missing in db alone.",
            "db = np.sum(dZ, axis=1, keepdims=True), with the dZ that is propagated",
        ),
        (
            "relu_mask_always_true",
            "The mask of ReLU lets everything through: dZ = dA.",
            "dZ = dA * (Z > 0); A >= 0 holds for every entry",
        ),
        ("relu_mask_inverted", "The mask of ReLU is inverted.", "dZ = dA * (Z > 0)"),
        (
            "relu_on_gradient",
            "ReLU's mask is taken from the gradient and not from Z.",
            "dZ = dA * (Z > 0)",
        ),
        ("relu_sign_for_mask", "The sign of Z stands where the mask belongs.", "dZ = dA * (Z > 0)"),
        (
            "leaky_slope_lost",
            "The forward pass is leaky, the backward pass has a mask of 0 and 1.",
            "dZ = dA * np.where(Z > 0, 1, slope)",
        ),
        (
            "leaky_alpha_mismatch",
            "The backward pass has another slope than the forward pass.",
            "dZ = dA * np.where(Z > 0, 1, slope), with the slope of the forward pass",
        ),
        (
            "leaky_slope_everywhere",
            "The slope is applied on both sides.",
            "dZ = dA * np.where(Z > 0, 1, slope)",
        ),
        (
            "leaky_slope_sides_swapped",
            "The slope is applied on the positive side.",
            "dZ = dA * np.where(Z > 0, 1, slope)",
        ),
        (
            "leaky_slope_sign",
            "The slope has the wrong sign.",
            "dZ = dA * np.where(Z > 0, 1, slope)",
        ),
        (
            "a_formula_fed_with_z",
            "The derivative is written in terms of a, and Z is put in.",
            "A * (1 - A) and 1 - A**2 take A; g'(Z) takes Z",
        ),
        (
            "derivative_at_A",
            "The derivative is taken at A, as if the activation were applied twice.",
            "take g' at Z, or use its formula in terms of A",
        ),
        (
            "derivative_after_dropout",
            "The derivative is computed from the activation after dropout.",
            "take g' at Z, or at the activation before its mask",
        ),
        (
            "derivative_assigned",
            "The slope is assigned to the gradient, which it overwrites.",
            "multiply, dZ[Z <= 0] *= slope",
        ),
        ("derivative_at_dA", "The derivative is taken at the incoming gradient.", ELEMENTWISE),
        ("derivative_at_dZ", "The derivative is taken at a gradient.", ELEMENTWISE),
        ("derivative_at_bias", "The derivative is taken at the bias.", ELEMENTWISE),
        ("derivative_at_input", "The derivative is taken at the input of the layer.", ELEMENTWISE),
        ("derivative_at_target", "The derivative is taken at the target.", ELEMENTWISE),
        (
            "derivative_without_bias",
            "The derivative is taken at W A_prev, without the bias.",
            ELEMENTWISE,
        ),
        (
            "derivative_of_wrong_layer",
            "The derivative is taken at the tensor of another layer.",
            ELEMENTWISE,
        ),
        (
            "derivative_mixes_layers",
            "The two factors of the derivative come from different tensors.",
            ELEMENTWISE,
        ),
        (
            "wrong_activation_derivative",
            "The derivative belongs to another activation.",
            ELEMENTWISE,
        ),
        (
            "activation_as_derivative",
            "The activation stands where its derivative belongs.",
            ELEMENTWISE,
        ),
        ("z_as_derivative", "Z stands where the derivative belongs.", ELEMENTWISE),
        ("derivative_term_dropped", "The derivative has lost a term or a factor.", ELEMENTWISE),
        ("derivative_sign_flipped", "A sign within the derivative is wrong.", ELEMENTWISE),
        ("derivative_wrong_power", "A power within the derivative is wrong.", ELEMENTWISE),
        ("derivative_applied_twice", "The derivative is multiplied twice.", ELEMENTWISE),
        ("derivative_divided", "The gradient is divided by the derivative.", ELEMENTWISE),
        ("derivative_times_activation", "The derivative is multiplied by A as well.", ELEMENTWISE),
        ("derivative_times_z", "The derivative is multiplied by Z as well.", ELEMENTWISE),
        ("upstream_squared", "The incoming gradient is multiplied twice.", ELEMENTWISE),
        (
            "derivative_on_first_unit_only",
            "The derivative reaches the first unit only.",
            ELEMENTWISE,
        ),
        (
            "derivative_on_part_only",
            "The derivative reaches a part of the entries only.",
            ELEMENTWISE,
        ),
        (
            "derivative_averaged",
            "One derivative is used for entries that each have their own.",
            ELEMENTWISE,
        ),
        ("derivative_transposed", "The derivative is transposed.", ELEMENTWISE),
        ("derivative_added", "The derivative is added instead of multiplied.", ELEMENTWISE),
        (
            "matmul_instead_of_hadamard",
            "A matrix product stands where the product of the entries belongs.",
            ELEMENTWISE,
        ),
        (
            "derivative_outside_sum",
            "The derivative is applied after the sum over the examples.",
            ELEMENTWISE,
        ),
        (
            "softmax_elementwise",
            "Only the diagonal of the softmax Jacobian is used, A (1 - A).",
            SOFTMAX,
        ),
        (
            "softmax_jacobian_skipped",
            "The softmax Jacobian is skipped: dZ = dA, although the loss is not fused with it.",
            SOFTMAX,
        ),
        ("softmax_jacobian_term_dropped", "A term of the softmax Jacobian is missing.", SOFTMAX),
        ("softmax_wrong_axis", "The sum of the softmax rule runs over the wrong axis.", SOFTMAX),
        ("softmax_sign", "The sum of the softmax rule has the wrong sign.", SOFTMAX),
        ("softmax_applied_twice", "The softmax is applied twice in the backward pass.", SOFTMAX),
        (
            "jacobian_untransposed",
            "The Jacobian is multiplied without its transpose.",
            "dz = J.T @ da, column by column",
        ),
        (
            "jacobian_diagonal_only",
            "Only the diagonal of the Jacobian is used.",
            "dz = J.T @ da, column by column",
        ),
        (
            "input_applied_twice",
            "The input of the layer is multiplied once too often.",
            "A_prev belongs in dW alone, once",
        ),
    ],
    "chain": [
        ("upstream_dropped", "The gradient from above is dropped: the chain stops.", ELEMENTWISE),
        ("dA_prev_skips_derivative", "dA, not dZ, is handed through the weights.", CHAIN),
        (
            "derivative_applied_twice_in_chain",
            "dZ is multiplied by g' of its layer once more on its way down.",
            CHAIN,
        ),
        (
            "derivative_before_W",
            "The derivative is multiplied before the weights, not after them.",
            ELEMENTWISE,
        ),
        ("dW_instead_of_W", "The gradient is handed through dW and not through W.", CHAIN),
        ("W_transpose_missing", "The weights are not transposed.", CHAIN),
        ("W_of_wrong_layer", "The gradient is handed through the weights of another layer.", CHAIN),
        ("W_missing_from_chain", "The weights are missing on the way down.", CHAIN),
        ("W_summed", "Sums replace the matrix product on the way down.", CHAIN),
        ("W_squared", "The weights are squared on the way down.", CHAIN),
        ("W_absolute", "The absolute weights are used on the way down.", CHAIN),
        ("W_normalized", "The weights are normalized on the way down.", CHAIN),
        ("one_unit_only", "Only one unit of the next layer sends its gradient down.", CHAIN),
        ("examples_averaged_too_early", "The examples are averaged on the way down.", CHAIN),
        (
            "stale_upstream_gradient",
            "A gradient of another layer is used again.",
            "give every layer its own dA and dZ; check what the loop variable holds",
        ),
        (
            "sum_not_reset",
            "A sum is not set to zero before it starts anew.",
            "set the accumulator to zero where its loop begins",
        ),
        (
            "bias_column_misaligned",
            "The bias is stored as a column of W, and the wrong column is cut off.",
            "cut off the column that multiplies the constant 1 before transposing",
        ),
    ],
    "dW": [
        (
            "reshaped_not_transposed",
            "A reshape stands where a transpose belongs.",
            "use .T; a reshape keeps the order of the numbers and mixes their places",
        ),
        ("dW_transposed", "This is dW transposed.", WEIGHTS),
        (
            "this_layer_activation",
            "dW is formed with this layer's output, not with its input.",
            WEIGHTS,
        ),
        ("wrong_layer_activation", "dW is formed with the activations of another layer.", WEIGHTS),
        ("z_prev_instead_of_a_prev", "dW is formed with Z_prev, not with A_prev.", WEIGHTS),
        (
            "derivative_for_activation",
            "dW is formed with a derivative of A_prev, not with A_prev.",
            WEIGHTS,
        ),
        ("inner_product", "An inner product stands where the outer product belongs.", WEIGHTS),
        ("outer_product_summed", "The entries of dW are summed.", WEIGHTS),
        ("A_prev_missing", "dW lacks the factor A_prev.", WEIGHTS),
        ("A_prev_absolute", "dW is formed with the absolute values of A_prev.", WEIGHTS),
        ("target_for_A_prev", "dW is formed with the targets.", WEIGHTS),
        ("dZ_missing", "The gradient dZ is missing in the product.", WEIGHTS),
        ("dZ_not_summed", "This is dZ, before the product.", WEIGHTS),
        (
            "sums_before_product",
            "The examples are summed before the product and not by it.",
            WEIGHTS,
        ),
        ("one_example_only", "Only one example contributes.", "sum over all examples"),
        ("example_left_out", "One example is left out.", "sum over all examples"),
        ("part_of_the_batch", "Only a part of the examples contributes.", "sum over all examples"),
        (
            "chunks_of_unequal_size",
            "Means over chunks of different sizes are added.",
            "divide every chunk by the m of the whole batch, or weight its mean by its share",
        ),
        ("dW_is_W", "This is W itself.", WEIGHTS),
        ("W_in_dW", "dW is multiplied by W.", WEIGHTS),
        ("dW_zero", "dW is zero.", WEIGHTS),
        ("dW_absolute", "The sign is lost in dW.", WEIGHTS),
        ("dW_averaged_over_units", "dZ is averaged over the units before dW is formed.", WEIGHTS),
        ("dW_diagonal_only", "Only the diagonal of dW is filled.", WEIGHTS),
        ("dW_entry_not_accumulated", "The row of one unit is used for all units.", WEIGHTS),
        ("gradient_of_wrong_layer", "This is the gradient of another layer.", WEIGHTS),
    ],
    "db": [
        ("db_zero", "db is zero: the biases never learn.", BIAS),
        ("db_sum_all_axes", "db is summed over the units too, one number for all of them.", BIAS),
        ("db_wrong_axis", "db is summed over the units, not over the examples.", BIAS),
        ("db_not_summed", "db is not summed over the examples.", BIAS),
        ("db_rowsum_of_dW", "db is the sum of the rows of dW.", BIAS),
        ("db_from_dW", "db is a column of dW.", BIAS),
        ("db_from_dA_prev", "db is the sum of dA_prev, the gradient of the layer below.", BIAS),
        ("db_from_activation", "db contains an activation; ∂z/∂b is 1.", BIAS),
        ("db_of_one_unit", "The bias gradient of one unit is used for all units.", BIAS),
        ("db_is_b", "This is b itself.", BIAS),
        ("b_in_db", "db contains b; ∂z/∂b is 1.", BIAS),
        ("db_absolute", "The sign is lost in db.", BIAS),
    ],
    "penalty": [
        ("reg_missing", "The penalty is in the loss and not in the gradient.", PENALTY),
        (
            "reg_factor2_missing",
            "The penalty's gradient is half of what it should be.",
            "λ ‖W‖² has the gradient 2λ W; λ/2 ‖W‖² has λ W",
        ),
        (
            "reg_factor2_extra",
            "The penalty's gradient is twice what it should be.",
            "λ ‖W‖² has the gradient 2λ W; λ/2 ‖W‖² has λ W",
        ),
        ("reg_1_over_m_missing", "The penalty is divided by m, and its gradient is not.", PENALTY),
        (
            "reg_extra_1_over_m",
            "The penalty's gradient is divided by m, and the penalty is not.",
            PENALTY,
        ),
        ("reg_sign", "The penalty's gradient has the wrong sign.", PENALTY),
        (
            "reg_bias_missing",
            "The biases are penalized in the loss and not in db.",
            "add the penalty's gradient to db, or leave the biases out of the penalty",
        ),
        ("reg_on_bias", "db contains a penalty that the loss has not.", "penalize W alone"),
        ("reg_bias_constant", "A constant of the penalty is added to db.", "penalize W alone"),
        ("reg_weights_in_db", "The penalty on the weights is added to db.", "penalize W alone"),
        (
            "reg_l1_sign_missing",
            "The gradient of an L1 penalty lacks the sign of W.",
            "dW += λ np.sign(W)",
        ),
        ("reg_constant", "A constant is added to dW where λ W belongs.", PENALTY),
        ("reg_wrong_kind", "The gradient of another penalty is added.", PENALTY),
        (
            "reg_norm_vs_square",
            "The gradients of the norm and of its square are confused.",
            "λ ‖W‖ has the gradient λ W / ‖W‖; λ/2 ‖W‖² has λ W",
        ),
        ("reg_summed_to_scalar", "The penalty's gradient is summed to one number.", PENALTY),
        (
            "reg_value_as_gradient",
            "The penalty itself is added where its gradient belongs.",
            PENALTY,
        ),
        ("reg_absolute", "The sign is lost in the penalty's gradient.", PENALTY),
        (
            "reg_skips_part",
            "The penalty's gradient is missing in a row or a column of W.",
            "where the bias is no part of W, all of W is penalized",
        ),
        ("reg_transposed", "The penalty's gradient is transposed.", PENALTY),
        ("reg_wrong_index", "The penalty of another layer's weights is added.", PENALTY),
        (
            "reg_extra",
            "A penalty is in the gradient that the problem does not declare.",
            "declare the penalty in the Problem, or remove it from the gradient",
        ),
    ],
    "dropout": [
        ("dropout_ignored_in_backward", "The dropout mask is missing in the backward pass.", MASK),
        (
            "dropout_mask_missing",
            "The 1/keep is applied in the backward pass, the mask is not.",
            MASK,
        ),
        (
            "dropout_scale_missing",
            "The mask is applied in the backward pass, the 1/keep is not.",
            MASK,
        ),
        ("dropout_scale_twice", "The 1/keep is applied twice.", MASK),
        ("dropout_scale_inverted", "The gradient is multiplied by keep instead of divided.", MASK),
        ("dropout_scale_of_dropped", "The scale is 1 / (1 - keep).", MASK),
        ("dropout_mask_inverted", "The mask is inverted.", MASK),
        ("dropout_mask_of_wrong_layer", "The mask of another layer is applied.", MASK),
        (
            "dropout_missing_in_dW",
            "dW is formed with activations that dropout has not touched.",
            "A_prev is what the layer saw, after dropout",
        ),
    ],
    "update": [
        (
            "updated_weights",
            "The gradient is handed through weights that were updated already.",
            "compute all gradients first, then update all parameters",
        ),
    ],
}

MISTAKES: Mapping[str, Mistake] = MappingProxyType(
    {
        slug: Mistake(slug, slot, sentence, fix)
        for slot, rows in _TABLE.items()
        for slug, sentence, fix in rows
    }
)
"""Every mistake by its slug."""
