"""Mistakes with penalties, with dropout, with the order of updates, and with the forward pass."""

from fcnref.mistakes.record import family, row

__all__ = ["DROPOUT", "FORWARD", "PENALTY", "UPDATE"]

SQUARE = "dW = dZ @ A_prev.T + lam * W"
PLAIN = "db = np.sum(dZ, axis=1, keepdims=True)"
OWN = "dW += the derivative of exactly the penalty that is added to J"
ALONE = "penalize W alone"
MASKED = "dA = W_next.T @ dZ_next * mask"
MASK = "dA = dA * mask, with the mask of the forward pass, its 1/keep included"

PENALTY = family(
    "penalty",
    row(
        "reg_missing",
        "The penalty is in the loss and not in the gradient.",
        wrong="dW = dZ @ A_prev.T",
        right=SQUARE,
        tempting="The penalty is added where the loss is printed. That it has a derivative shows "
        "in no shape.",
        fix=OWN,
        seen="Artelnics/opennn/issues/241 deeplearning4j/deeplearning4j/issues/327",
    ),
    row(
        "reg_factor2_missing",
        "The penalty's gradient is half of what it should be.",
        wrong="dW = dZ @ A_prev.T + lam * W  # J has lam * sum(W²)",
        right="dW = dZ @ A_prev.T + 2 * lam * W  # J has lam * sum(W²)",
        tempting="λ/2 ‖W‖² is the other common penalty, and its gradient has no 2. A wrong one "
        "trains with another λ, which nobody notices.",
        fix="λ ‖W‖² has the gradient 2λ W; λ/2 ‖W‖² has λ W",
        seen="jingtinghuang/CS231n-Spring-2017/issues/3",
    ),
    row(
        "reg_factor2_extra",
        "The penalty's gradient is twice what it should be.",
        wrong="dW = dZ @ A_prev.T + 2 * lam * W  # J has lam / 2 * sum(W²)",
        right="dW = dZ @ A_prev.T + lam * W  # J has lam / 2 * sum(W²)",
        tempting="The square has a 2 in its derivative, and the 1/2 of the penalty is in another "
        "function.",
        fix="λ ‖W‖² has the gradient 2λ W; λ/2 ‖W‖² has λ W",
    ),
    row(
        "reg_1_over_m_missing",
        "The penalty is divided by m, and its gradient is not.",
        wrong="dW = dZ @ A_prev.T + lam * W  # J has lam / (2 m) * sum(W²)",
        right="dW = dZ @ A_prev.T + lam / m * W  # J has lam / (2 m) * sum(W²)",
        tempting="Courses differ in whether λ is divided by m, and the two formulas are mixed.",
        fix=OWN,
    ),
    row(
        "reg_extra_1_over_m",
        "The penalty's gradient is divided by m, and the penalty is not.",
        wrong="dW = dZ @ A_prev.T + lam * W / m",
        right=SQUARE,
        tempting="dW is divided by m at the end, the penalty with it.",
        fix=OWN,
    ),
    row(
        "reg_sign",
        "The penalty's gradient has the wrong sign.",
        wrong="dW = dZ @ A_prev.T - lam * W",
        right=SQUARE,
        tempting="'Decay' makes weights smaller, so one subtracts; but the update subtracts "
        "already.",
        fix=OWN,
        seen="andersbll/deeppy/issues/17 chainer/chainer/issues/261",
    ),
    row(
        "reg_bias_missing",
        "The biases are penalized in the loss and not in db.",
        wrong="db = np.sum(dZ, axis=1, keepdims=True)",
        right="db = np.sum(dZ, axis=1, keepdims=True) + lam * b",
        tempting="The loss sums over all parameters in one loop, the gradient is written by hand.",
        fix="add the penalty's gradient to db, or leave the biases out of the penalty",
        seen="Burton2000/CS231n-2017/issues/9",
    ),
    row(
        "reg_on_bias",
        "db contains a penalty that the loss has not.",
        wrong="db = np.sum(dZ, axis=1, keepdims=True) + lam * b",
        right=PLAIN,
        tempting="One loop over all parameters adds λ p to each.",
        fix=ALONE,
        seen="rasmusbergpalm/DeepLearnToolbox/issues/32",
    ),
    row(
        "reg_bias_constant",
        "A constant of the penalty is added to db.",
        wrong="db = np.sum(dZ, axis=1, keepdims=True) + lam",
        right=PLAIN,
        tempting="The weight that multiplies the 1 was penalized, and the 1 was put in for it.",
        fix=ALONE,
        seen="JWarmenhoven/Coursera-Machine-Learning/issues/3",
    ),
    row(
        "reg_weights_in_db",
        "The penalty on the weights is added to db.",
        wrong="db = np.sum(dZ, axis=1, keepdims=True) + lam * W.sum(axis=1, keepdims=True)",
        right=PLAIN,
        tempting="The line of dW was copied, and W fits after a sum.",
        fix=ALONE,
    ),
    row(
        "reg_l1_sign_missing",
        "The gradient of an L1 penalty lacks the sign of W.",
        wrong="dW = dZ @ A_prev.T + lam",
        right="dW = dZ @ A_prev.T + lam * np.sign(W)",
        tempting="The derivative of |w| is 1, for the half of the weights that is positive.",
        fix="dW += λ np.sign(W)",
        seen="ufal/npfl114/pull/34 bashardudin/Epita-SCIA-OCVX/issues/1",
    ),
    row(
        "reg_constant",
        "A constant is added to dW where λ W belongs.",
        wrong="dW = dZ @ A_prev.T + lam",
        right=SQUARE,
        tempting="λ is added as a number, and broadcasting makes a matrix of it.",
        fix=OWN,
        seen="rasbt/python-machine-learning-book-2nd-edition/issues/94",
    ),
    row(
        "reg_wrong_kind",
        "The gradient of another penalty is added.",
        wrong="dW = dZ @ A_prev.T + lam * np.sign(W)",
        right=SQUARE,
        tempting="L1 was exchanged for L2 in the loss and not in the gradient.",
        fix=OWN,
    ),
    row(
        "reg_norm_vs_square",
        "The gradients of the norm and of its square are confused.",
        wrong="dW = dZ @ A_prev.T + lam * W / np.linalg.norm(W)",
        right=SQUARE,
        tempting="np.linalg.norm returns the root, and 'the L2 norm' is what many call its square.",
        fix="λ ‖W‖ has the gradient λ W / ‖W‖; λ/2 ‖W‖² has λ W",
        seen="ddbourgin/numpy-ml/issues/53",
    ),
    row(
        "reg_summed_to_scalar",
        "The penalty's gradient is summed to one number.",
        wrong="dW = dZ @ A_prev.T + lam * np.sum(W)",
        right=SQUARE,
        tempting="The penalty is a sum, so its derivative is taken to be one.",
        fix=OWN,
        seen="https://community.deeplearning.ai/t/dw-for-l2-regularization/165181",
    ),
    row(
        "reg_value_as_gradient",
        "The penalty itself is added where its gradient belongs.",
        wrong="dW = dZ @ A_prev.T + lam * np.sum(W * W)",
        right=SQUARE,
        tempting="What was added to the loss is added to its gradient too.",
        fix=OWN,
    ),
    row(
        "reg_absolute",
        "The sign is lost in the penalty's gradient.",
        wrong="dW = dZ @ A_prev.T + lam * np.abs(W)",
        right=SQUARE,
        tempting="Weights are to get smaller in size, and sizes are positive.",
        fix=OWN,
    ),
    row(
        "reg_skips_part",
        "The penalty's gradient is missing in a row or a column of W.",
        wrong="P = lam * W\nP[:, 0] = 0\ndW = dZ @ A_prev.T + P",
        right=SQUARE,
        tempting="Where the bias is the first column of W, that column is not penalized. Here it "
        "is no bias.",
        fix="where the bias is no part of W, all of W is penalized",
        seen="dibgerge/ml-coursera-python-assignments/issues/45",
    ),
    row(
        "reg_transposed",
        "The penalty's gradient is transposed.",
        wrong="dW = dZ @ A_prev.T + lam * W.T",
        right=SQUARE,
        tempting="W.T is what stands everywhere else in a backward pass.",
        fix=OWN,
    ),
    row(
        "reg_wrong_index",
        "The penalty of another layer's weights is added.",
        wrong="dW = dZ @ A_prev.T + lam * W_other",
        right=SQUARE,
        tempting="The index of the weights is off by one in this line only.",
        fix=OWN,
    ),
    row(
        "reg_extra",
        "A penalty is in the gradient that the problem does not declare.",
        wrong="dW = dZ @ A_prev.T + 0.123 * W",
        right="dW = dZ @ A_prev.T",
        tempting="Weight decay is a part of the optimizer and of the gradient, or was never told "
        "to the check.",
        fix="declare the penalty in the Problem, or remove it from the gradient",
    ),
)

DROPOUT = family(
    "dropout",
    row(
        "dropout_ignored_in_backward",
        "The dropout mask is missing in the backward pass.",
        wrong="dA = W_next.T @ dZ_next",
        right=MASKED,
        tempting="Dropout is two lines in the forward pass. A unit that was dropped still gets a "
        "gradient.",
        fix=MASK,
        seen="rohitg00/ai-engineering-from-scratch/pull/17",
    ),
    row(
        "dropout_mask_missing",
        "The 1/keep is applied in the backward pass, the mask is not.",
        wrong="dA = W_next.T @ dZ_next / keep",
        right=MASKED,
        tempting="The scale is an attribute of the layer, the mask was a local variable.",
        fix=MASK,
        seen="ddbourgin/numpy-ml/issues/94",
    ),
    row(
        "dropout_scale_missing",
        "The mask is applied in the backward pass, the 1/keep is not.",
        wrong="dA = W_next.T @ dZ_next * (mask > 0)",
        right=MASKED,
        tempting="The mask is kept as zeros and ones, and the division is a line of its own.",
        fix=MASK,
    ),
    row(
        "dropout_scale_twice",
        "The 1/keep is applied twice.",
        wrong="dA = W_next.T @ dZ_next * mask / keep",
        right=MASKED,
        tempting="The mask holds its 1/keep already, and the course divides once more.",
        fix=MASK,
    ),
    row(
        "dropout_scale_inverted",
        "The gradient is multiplied by keep instead of divided.",
        wrong="dA = W_next.T @ dZ_next * (mask > 0) * keep",
        right=MASKED,
        tempting="Going back, one takes the inverse; but the derivative of c x is c.",
        fix=MASK,
    ),
    row(
        "dropout_scale_of_dropped",
        "The scale is made of 1 - keep, the share that is dropped.",
        wrong="dA = W_next.T @ dZ_next * (mask > 0) / (1 - keep)",
        right=MASKED,
        tempting="Some libraries are given the share to keep, others the share to drop.",
        fix=MASK,
        seen="NVIDIA/apex/pull/816",
    ),
    row(
        "dropout_mask_inverted",
        "The mask is inverted.",
        wrong="dA = W_next.T @ dZ_next * (mask == 0) / keep",
        right=MASKED,
        tempting="The mask says which units are dropped, or which are kept, and is read as the "
        "other.",
        fix=MASK,
    ),
    row(
        "dropout_mask_of_wrong_layer",
        "The mask of another layer is applied.",
        wrong="dA = W_next.T @ dZ_next * mask_other",
        right=MASKED,
        tempting="Masks are appended going up and read going down.",
        fix=MASK,
    ),
    row(
        "dropout_missing_in_dW",
        "dW is formed with activations that dropout has not touched.",
        wrong="dW = dZ @ H_prev.T  # H_prev is before the mask",
        right="dW = dZ @ A_prev.T  # A_prev is H_prev * mask_prev",
        tempting="The cache was filled one line before the mask was applied.",
        fix="A_prev is what the layer saw, after dropout",
    ),
)

UPDATE = family(
    "update",
    row(
        "updated_weights",
        "The gradient is handed through weights that were updated already.",
        wrong="dA = (W_next - rate * dW_next).T @ dZ_next",
        right="dA = W_next.T @ dZ_next",
        tempting="The loop that computes dW may as well apply it. The error grows with the "
        "learning rate and is small enough to train for years.",
        fix="compute all gradients first, then update all parameters",
        seen="VikParuchuri/zero_to_gpt/issues/12 "
        "joelgrus/data-science-from-scratch/issues/31 "
        "CodingTrain/Toy-Neural-Network-JS/issues/72 "
        "kim-marcel/basic_neural_network/issues/7 "
        "Bot-Academy/NeuralNetworkFromScratch/pull/3",
    ),
)

FORWARD = family(
    "forward",
    row(
        "other_forward_pass",
        "The gradient is right for another forward pass than the one that is declared.",
        wrong="Z = W @ A_prev",
        right="Z = W @ A_prev + b",
        tempting="A bias is left out, data are cast to integers or standardized, an activation was "
        "exchanged, or dropout is off. The backward pass is right, for that network.",
        fix="make the forward pass and the declared problem the same",
    ),
)
