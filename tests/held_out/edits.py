"""Slips in the programs beside this file: what was edited, what it is, what it should be called.

The slips were written down before anybody looked whether the catalogue has them.
"""

from typing import NamedTuple


class Slip(NamedTuple):
    program: str
    what: str
    named: str
    edits: tuple[tuple[str, str], ...]


SLIPS: list[Slip] = []


def slip(program: str, what: str, named: str, *edits: tuple[str, str]) -> None:
    SLIPS.append(Slip(program, what, named, edits))


slip(
    "layer_loop",
    "dA is handed down from dA, not from dZ",
    "dA_prev_skips_derivative",
    ("np.dot(Ws[i].T, dZ)", "np.dot(Ws[i].T, dA)"),
)
slip(
    "layer_loop",
    "the derivative of tanh at the pre-activations of the layer before",
    "derivative_at_input + derivative_of_wrong_layer",
    ("(5, 7, 4, 2)", "(4, 4, 4, 4)"),
    ("np.tanh(Zs[i]) ** 2", "np.tanh(Zs[i - 1]) ** 2"),
)
slip(
    "layer_loop",
    "tanh' of the activation: tanh is applied twice",
    "derivative_at_A",
    ("np.tanh(Zs[i]) ** 2", "np.tanh(As[i + 1]) ** 2"),
)
slip(
    "layer_loop",
    "the mean over the examples is taken again for the bias",
    "one_over_m_twice",
    ("np.sum(dZ, axis=1, keepdims=True)", "np.mean(dZ, axis=1, keepdims=True)"),
)
slip(
    "layer_loop",
    "the 1/2 of the loss is differentiated away and a 2 put back",
    "mse_factor2_extra",
    ("(As[-1] - Y) / m", "2 * (As[-1] - Y) / m"),
)
slip(
    "layer_loop",
    "a linear output is derived as a tanh",
    "wrong_activation_derivative",
    (
        "if i < L - 1:\n            dZ = dA * (1 - np.tanh(Zs[i]) ** 2)",
        "if i < L:\n            dZ = dA * (1 - np.tanh(Zs[i]) ** 2)",
    ),
)
slip(
    "layer_loop",
    "the square of tanh is forgotten",
    "derivative_wrong_power",
    ("1 - np.tanh(Zs[i]) ** 2", "1 - np.tanh(Zs[i])"),
)

slip(
    "caches", "weight decay without its 1/m", "reg_1_over_m_missing", ("lambd / m * W", "lambd * W")
)
slip(
    "caches",
    "weight decay on the bias as well",
    "reg_on_bias",
    ("axis=1, keepdims=True) / m", "axis=1, keepdims=True) / m + lambd / m * b"),
)
slip(
    "caches",
    "the mask of ReLU from dA instead of Z",
    "relu_on_gradient",
    ("dZ[Z <= 0] = 0", "dZ[dA <= 0] = 0"),
)
slip("caches", "the sign of the loss gradient", "sign_error", ("dAL = -(np", "dAL = (np"))
slip(
    "caches",
    "1/m again in what is handed down",
    "one_over_m_twice",
    ("dA_prev = np.dot(W.T, dZ)", "dA_prev = np.dot(W.T, dZ) / m"),
)
slip(
    "caches",
    "the plus of the two terms of the cross-entropy",
    "bce_term_sign",
    ("- np.divide(1 - Y, 1 - AL))", "+ np.divide(1 - Y, 1 - AL))"),
)
slip(
    "caches",
    "ReLU is ignored on the way back",
    "relu_mask_always_true",
    ("    dZ[Z <= 0] = 0\n", ""),
)
slip(
    "caches",
    "the fused gradient goes through sigmoid' again, and the decay is forgotten",
    "ce_extra_derivative + reg_missing",
    ("dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))", "dAL = AL - Y"),
    (" + lambd / m * W", ""),
)

slip(
    "row_classes",
    "derivative of sigmoid from its input",
    "a_formula_fed_with_z",
    (
        "self.out = 1 / (1 + np.exp(-x))\n        return self.out",
        "self.out = x\n        return 1 / (1 + np.exp(-x))",
    ),
)
slip(
    "row_classes",
    "the slope multiplied where the input is positive",
    "leaky_slope_sides_swapped",
    ("dx[self.x < 0]", "dx[self.x > 0]"),
)
slip(
    "row_classes",
    "the mean over all entries in place of the examples",
    "extra_1_over_n_out",
    ("/ self.target.shape[0]", "/ self.target.size"),
)
slip(
    "row_classes",
    "bias gradients as means",
    "one_over_m_twice",
    ("grad.sum(axis=0)", "grad.mean(axis=0)"),
)
slip(
    "row_classes",
    "the softmax shares one denominator over the batch",
    "softmax_wrong_axis",
    ("e.sum(axis=1, keepdims=True)", "e.sum()"),
)
slip(
    "row_classes",
    "a derivative of the softmax after the fused gradient",
    "ce_extra_derivative",
    (
        "return (self.p - self.target) / self.target.shape[0]",
        "return (self.p - self.target) * self.p * (1 - self.p) / self.target.shape[0]",
    ),
)
slip(
    "row_classes",
    "leaky mask treated as ReLU",
    "leaky_slope_lost",
    ("dx[self.x < 0] = self.alpha", "dx[self.x < 0] = 0"),
)

slip(
    "nabla",
    "sigmoid' of the activation",
    "derivative_at_A",
    ("sigmoid_prime(zs[-1])", "sigmoid_prime(activations[-1])"),
)
slip(
    "nabla",
    "the last example only: sums are overwritten",
    "one_example_only",
    ("[nb + dnb for nb", "[dnb for nb"),
    ("[nw + dnw for nw", "[dnw for nw"),
)
slip(
    "nabla",
    "no derivative in the output layer (cross-entropy's delta)",
    "missing_output_derivative",
    ("(activations[-1] - y) * sigmoid_prime(zs[-1])", "activations[-1] - y"),
)
slip("nabla", "no mean over the examples", "missing_1_over_m", ("(w / n, b / n)", "(w, b)"))
slip("nabla", "target minus output", "sign_error", ("activations[-1] - y", "y - activations[-1]"))
slip(
    "nabla",
    "the first example of the batch is left out",
    "example_left_out",
    ("for i in range(n)", "for i in range(1, n)"),
)

slip(
    "jacobians",
    "the diagonal of the Jacobian only",
    "softmax_elementwise",
    (' - np.einsum("ai,bi->abi", p, p)', " * (1 - p)"),
)
slip(
    "jacobians",
    "plus instead of minus in the Jacobian",
    "softmax_sign",
    (') - np.einsum("ai,bi', ') + np.einsum("ai,bi'),
)
slip(
    "jacobians",
    "the gradient of the probabilities is handed down, not that of the logits",
    "dA_prev_skips_derivative",
    ('np.einsum("jk,ji->ki", W2, dz2)', 'np.einsum("jk,ji->ki", W2, dp)'),
)
slip(
    "jacobians",
    "the forward tanh is derived as a sigmoid",
    "wrong_activation_derivative",
    ("1 - h * h", "h * (1 - h)"),
)
slip("jacobians", "the loss gradient without its minus", "sign_error", ("dp = -Y", "dp = Y"))
slip(
    "jacobians",
    "the bias gradient of the hidden layer from dh",
    "missing_derivative_in_db_only",
    ('db1 = np.einsum("ji->j", dz1)', 'db1 = np.einsum("ji->j", dh)'),
)

slip(
    "manual_steps",
    "dcounts assigned, not accumulated",
    "error_term_dropped",
    ("dcounts += np.ones", "dcounts = np.ones"),
)
slip(
    "manual_steps",
    "the second path through the sum is forgotten",
    "softmax_jacobian_term_dropped",
    ("    dcounts += np.ones_like(counts) * dcounts_sum\n", ""),
)
slip(
    "manual_steps",
    "the sign of the inverse's derivative",
    "softmax_sign",
    ("-(counts_sum**-2)", "(counts_sum**-2)"),
)
slip(
    "manual_steps",
    "the bias gradient from the unmasked gradient",
    "missing_derivative_in_db_only",
    ("db1 = dhpreact.sum(0)", "db1 = dh.sum(0)"),
)
slip(
    "manual_steps",
    "n is the number of columns",
    "wrong_denominator",
    ("n = x.shape[0]", "n, k = x.shape"),
    ("-1.0 / n", "-1.0 / k"),
)
slip(
    "manual_steps",
    "labels are off by one",
    "label_off_by_one",
    ("Y.argmax(axis=0)", "Y.argmax(axis=0) - 1"),
)

slip(
    "dropped",
    "keep is forgotten on the way back; the mask is in A > 0 already",
    "dropout_scale_missing",
    ("    dA2 = dA2 * D2\n    dA2 /= keep2\n", ""),
    ("    dA1 = dA1 * D1\n    dA1 /= keep1\n", ""),
)
slip(
    "dropped",
    "no division by keep on the way back",
    "dropout_scale_missing",
    ("    dA1 /= keep1\n    dZ1", "    dZ1"),
)
slip(
    "dropped",
    "the other layer's keep",
    "wrong_denominator",
    ("    dA1 /= keep1\n    dZ1", "    dA1 /= keep2\n    dZ1"),
)
slip(
    "dropped",
    "the loss itself as delta",
    "loss_value_as_gradient",
    ("dZ3 = A3 - Y", "dZ3 = np.full_like(A3, np.mean(-Y * np.log(A3) - (1 - Y) * np.log(1 - A3)))"),
)
slip(
    "dropped",
    "activation derivative of a sigmoid in the hidden layer",
    "wrong_activation_derivative",
    ("np.multiply(dA2, np.int64(A2 > 0))", "dA2 * A2 * (1 - A2)"),
)
slip(
    "dropped",
    "the division by m twice in the first layer, and the bias not divided",
    "one_over_m_twice + missing_1_over_m",
    ("db1 = 1.0 / m * np.sum", "db1 = np.sum"),
    ("dW1 = 1.0 / m * dZ1 @ X.T", "dW1 = 1.0 / m * dZ1 @ X.T / m"),
)

slip(
    "elastic",
    "sign of W forgotten: the penalty's strength added plainly",
    "reg_l1_sign_missing",
    ("beta * np.sign(W[l])", "beta"),
)
slip("elastic", "abs in place of sign", "reg_absolute", ("np.sign(W[l])", "np.abs(W[l])"))
slip("elastic", "2 alpha for the half", "reg_factor2_extra", ("alpha * W[l]", "2 * alpha * W[l]"))
slip("elastic", "decay subtracted", "reg_sign", ("gW[l] += alpha", "gW[l] -= alpha"))
slip(
    "elastic",
    "softplus derived as ReLU",
    "wrong_activation_derivative",
    ("/ (1 + np.exp(-Z1))", "* (Z1 > 0)"),
)
slip(
    "elastic",
    "penalties on the last layer only: the loop's variable is stale",
    "reg_missing",
    ("for l in W:\n        gW[l] += alpha", "for l in [2]:\n        gW[l] += alpha"),
)
slip(
    "elastic",
    "sigmoid of the activation instead of Z",
    "derivative_at_A",
    ("np.exp(-Z1)", "np.exp(-A1)"),
)

slip(
    "in_place",
    "the mean is over the examples only",
    "missing_1_over_n_out",
    ("2.0 / G.size", "2.0 / G.shape[1]"),
)
slip(
    "in_place",
    "the slope on the other side",
    "leaky_slope_sides_swapped",
    ("G[Z[l] < 0] *= slope", "G[Z[l] > 0] *= slope"),
)
slip(
    "in_place",
    "the slope set instead of multiplied",
    "derivative_assigned",
    ("G[Z[l] < 0] *= slope", "G[Z[l] < 0] = slope"),
)
slip(
    "in_place",
    "the bias summed over the units",
    "db_sum_all_axes",
    ("G.sum(1, keepdims=True)", "G.sum()"),
)
slip("in_place", "the 2 is forgotten", "mse_factor2_missing", ("2.0 / G.size", "1.0 / G.size"))
slip(
    "in_place",
    "the mask is applied twice",
    "derivative_applied_twice",
    (
        "            G[Z[l] < 0] *= slope\n",
        "            G[Z[l] < 0] *= slope\n            G[A[l] < 0] *= slope\n",
    ),
)

slip(
    "contexts",
    "a factor of sigmoid' is forgotten",
    "derivative_term_dropped",
    ("grad_output * result * (1 - result)", "grad_output * (1 - result)"),
)
slip(
    "contexts",
    "one-hot not subtracted",
    "error_term_dropped",
    ("        grad_input[np.arange(len(target)), target] -= 1\n", ""),
)
slip(
    "contexts",
    "indexed by columns: every class in the batch loses 1 everywhere",
    "label_subtracted_everywhere",
    ("grad_input[np.arange(len(target)), target] -= 1", "grad_input[:, target] -= 1"),
)
slip(
    "contexts",
    "log-probabilities used as probabilities",
    "log_for_output",
    ("grad_input = np.exp(logp)", "grad_input = logp.copy()"),
)
slip(
    "contexts",
    "ReLU masks the incoming gradient by its own sign",
    "relu_on_gradient",
    ("grad_input[input < 0] = 0", "grad_input[grad_output < 0] = 0"),
)

slip(
    "two_layer_svmless",
    "the penalty's 2 brought down though the loss has a half",
    "reg_factor2_extra",
    ("reg * W2", "2 * reg * W2"),
    ("reg * W1", "2 * reg * W1"),
)
slip(
    "two_layer_svmless", "no mask", "relu_mask_always_true", ("    dhidden[hidden <= 0] = 0\n", "")
)
slip("two_layer_svmless", "no division by N", "missing_1_over_m", ("    dscores /= N\n", ""))
slip(
    "two_layer_svmless",
    "the penalty missing on the first layer",
    "reg_missing",
    ("    dW1 += reg * W1\n", ""),
)
slip(
    "two_layer_svmless",
    "the denominators sum over the examples",
    "softmax_wrong_axis",
    ("np.sum(exp_scores, axis=1, keepdims=True)", "np.sum(exp_scores, axis=0, keepdims=True)"),
)
slip(
    "two_layer_svmless",
    "db of the hidden layer before the mask",
    "relu_mask_always_true",
    (
        "    dhidden[hidden <= 0] = 0\n    dW1 = X.T.dot(dhidden)\n    db1 = np.sum(dhidden, axis=0, keepdims=True)",
        "    db1 = np.sum(dhidden, axis=0, keepdims=True)\n    dhidden[hidden <= 0] = 0\n    dW1 = X.T.dot(dhidden)",
    ),
)

slip(
    "online",
    "assignment in place of accumulation",
    "one_example_only",
    ("gW2 += np.outer", "gW2 = np.outer"),
    ("gW1 += np.outer", "gW1 = np.outer"),
)
slip(
    "online",
    "a mean is computed where the loss is a sum",
    "averaged_although_sum",
    (
        '{"dW1": gW1, "db1": gb1, "dW2": gW2, "db2": gb2}',
        '{"dW1": gW1 / 7, "db1": gb1 / 7, "dW2": gW2 / 7, "db2": gb2 / 7}',
    ),
)
slip(
    "online",
    "the output's derivative is multiplied although it cancels",
    "ce_extra_derivative",
    ("delta2 = p - y", "delta2 = (p - y) * p * (1 - p)"),
)
slip(
    "online",
    "delta1 accumulates from the summed bias gradient",
    "sum_not_reset",
    ("(W2.T @ delta2)", "(W2.T @ gb2)"),
)
slip(
    "online",
    "outer product with the factors exchanged, reshaped",
    "reshaped_not_transposed",
    ("np.outer(delta1, x)", "np.outer(x, delta1).reshape(gW1.shape)"),
)

slip(
    "ones_row",
    "the first row is cut from the delta, the bias's is the last",
    "bias_column_misaligned",
    ("d1 = d1[:-1]", "d1 = d1[1:]"),
)
slip(
    "ones_row",
    "tanh is derived as a sigmoid",
    "wrong_activation_derivative",
    ("(1 - a1**2)", "a1 * (1 - a1)"),
)
slip(
    "ones_row",
    "the output delta without derivative",
    "missing_output_derivative",
    ("(a3 - Y) * a3 * (1 - a3)", "a3 - Y"),
)
slip(
    "ones_row",
    "the sign and the mean",
    "sign_error + missing_1_over_m",
    ("(a3 - Y) *", "(Y - a3) *"),
    ("d @ a.T / m", "d @ a.T"),
)

slip(
    "scalar_loops",
    "error is not reset for each hidden unit",
    "sum_not_reset",
    (
        "        for j in range(h):\n            error = 0.0\n",
        "        error = 0.0\n        for j in range(h):\n",
    ),
)
slip(
    "scalar_loops",
    "the weights are read in the order of the other matrix",
    "reshaped_not_transposed",
    ("error += out_delta[p] * W2[p, j]", "error += out_delta[p] * W2.ravel()[j * o + p]"),
)
slip(
    "scalar_loops",
    "a stale index: every hidden bias gets the last unit's delta",
    "db_of_one_unit",
    ("db1[j, 0] += hid_delta[j] / m", "db1[j, 0] += hid_delta[h - 1] / m"),
)
slip(
    "scalar_loops",
    "the error handed down is the difference, not the delta",
    "dA_prev_skips_derivative",
    ("error += out_delta[p] * W2[p, j]", "error += (output[p] - Y[p, t]) * W2[p, j]"),
)
slip(
    "scalar_loops",
    "the output bias without the derivative",
    "missing_derivative_in_db_only",
    ("db2[p, 0] += out_delta[p] / m", "db2[p, 0] += (output[p] - Y[p, t]) / m"),
)

slip(
    "error_minus",
    "the step is returned as the gradient",
    "sign_error",
    (
        '{"dW1": -step0.T, "db1": -bias0, "dW2": -step1.T, "db2": -bias1}',
        '{"dW1": step0.T, "db1": bias0, "dW2": step1.T, "db2": bias1}',
    ),
)
slip(
    "error_minus",
    "sigmoid' applied to what is not yet activated",
    "a_formula_fed_with_z",
    ("nonlin(l1, deriv=True)", 'nonlin(l0 @ syn0 + params["b1"].T, deriv=True)'),
)
slip(
    "error_minus",
    "the bias signs are forgotten",
    "sign_error",
    ('"db1": -bias0', '"db1": bias0'),
    ('"db2": -bias1', '"db2": bias1'),
)
slip(
    "error_minus",
    "the raw error is handed down",
    "dA_prev_skips_derivative",
    ("l1_error = l2_delta.dot", "l1_error = l2_error.dot"),
)
slip(
    "error_minus",
    "syn1 of a square layer not transposed",
    "W_transpose_missing",
    ("((4, 4, 2)", "((4, 3, 3)"),
    ("l2_delta.dot(syn1.T)", "l2_delta.dot(syn1)"),
)

slip(
    "updating",
    "the weights are updated before they are used",
    "updated_weights",
    (
        "        if l > 0:\n            dZ = W[l].T @ dZ * (1 - A[l] ** 2)\n        W[l] -= rate * dW\n",
        "        W[l] -= rate * dW\n        if l > 0:\n            dZ = W[l].T @ dZ * (1 - A[l] ** 2)\n",
    ),
)
slip(
    "updating",
    "the rate is inside twice",
    "learning_rate_in_gradient",
    ("W[l] -= rate * dW", "W[l] -= rate * rate * dW"),
)
slip(
    "updating",
    "a step uphill for the biases",
    "sign_error",
    ("b[l] -= rate * db", "b[l] += rate * db"),
)

slip(
    "chunks",
    "the gradient of the last chunk only",
    "part_of_the_batch",
    ('total["W2"] +=', 'total["W2"] ='),
    ('total["b2"] +=', 'total["b2"] ='),
    ('total["W1"] +=', 'total["W1"] ='),
    ('total["b1"] +=', 'total["b1"] ='),
)
slip(
    "chunks",
    "each chunk is divided by its own size, the sum is not",
    "chunks_of_unequal_size",
    ("(q - y) / m", "(q - y) / x.shape[1]"),
)
slip(
    "pullbacks",
    "the decay of the weights at half strength",
    "reg_factor2_missing",
    ("2 * decay * W", "decay * W"),
)
slip("pullbacks", "biases are not decayed", "reg_bias_missing", (" + 2 * decay * b", ""))
slip(
    "pullbacks",
    "softmax normalizes over the examples",
    "softmax_wrong_axis",
    ("np.exp(z).sum(axis=0)", "np.exp(z).sum(axis=1, keepdims=True)"),
)
slip(
    "pullbacks",
    "tanh's value for its derivative",
    "activation_as_derivative",
    ("g * (1 - y**2)", "g * y"),
)
slip(
    "pullbacks",
    "leaky mask of the gradient's sign, biases undecayed",
    "reg_bias_missing + derivative_at_dA",
    ("np.where(z > 0, g, slope * g)", "np.where(g > 0, g, slope * g)"),
    (" + 2 * decay * b", ""),
)

slip(
    "clipped",
    "per example instead of per entry",
    "missing_1_over_n_out",
    ("/ Y.size", "/ Y.shape[1]"),
)
slip(
    "clipped",
    "the derivative of the sigmoid is left out after the division",
    "missing_output_derivative",
    ("dS = dP * P * (1 - P)", "dS = dP"),
)
slip(
    "clipped",
    "only the half for the positive labels",
    "bce_term_missing",
    ("(P - Y) / (P * (1 - P))", "-Y / P"),
)
slip(
    "clipped",
    "eps in the denominator, large enough to see",
    "epsilon_too_large",
    ("/ (P * (1 - P))", "/ (P * (1 - P) + 1e-3)"),
)

slip(
    "engine",
    "the sigmoid is pushed through without s",
    "derivative_term_dropped",
    ("g * s * (1 - s)", "g * (1 - s)"),
)

slip(
    "engine",
    "two passes without setting the gradients to zero between them",
    "mse_factor2_extra",
    ("range(1)", "range(2)"),
)
slip(
    "manual_steps",
    "the data are cast to whole numbers",
    "other_forward_pass",
    ("x, labels = X.T,", "x, labels = X.T.astype(int),"),
)
slip(
    "layer_loop",
    "the forward pass has no bias",
    "other_forward_pass",
    ("@ As[i] + bs[i]", "@ As[i]"),
)
slip(
    "dropped",
    "the forward pass of testing: no dropout anywhere",
    "other_forward_pass",
    ("(problem.masks[1] > 0)", "(problem.masks[1] > -1)"),
    ("(problem.masks[2] > 0)", "(problem.masks[2] > -1)"),
    ("keep1, keep2 = 0.7, 0.6", "keep1, keep2 = 1.0, 1.0"),
)
slip(
    "row_classes",
    "another slope than declared, in both passes",
    "other_forward_pass",
    ("alpha = 0.1", "alpha = 0.01"),
)
slip(
    "engine",
    "the sigmoid pushes s along",
    "activation_as_derivative",
    ("a.grad += g * s * (1 - s)", "a.grad = g * s"),
)
