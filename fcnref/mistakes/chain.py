"""Mistakes on the way down: what a layer hands to the one below."""

from fcnref.mistakes.record import family, row

__all__ = ["CHAIN"]

RIGHT = "dA = W_next.T @ dZ_next"
OWN = "dA_prev = W.T @ dZ, with the W of the forward pass and the dZ of the same layer"

CHAIN = family(
    "chain",
    row(
        "upstream_dropped",
        "The gradient from above is dropped: the chain stops.",
        wrong="dZ = g_prime(Z) / m",
        right="dZ = dA * g_prime(Z)",
        tempting="backward() returns the local derivative, and the product with what comes in is "
        "left to somebody else.",
        fix="dZ = dA * g'(Z), with the dA that comes from above",
        seen="yizt/numpy_neural_network/issues/6 ooples/AiDotNet/pull/497 "
        "haifengl/smile/issues/528",
    ),
    row(
        "dA_prev_skips_derivative",
        "dA, not dZ, is handed through the weights.",
        wrong="dA = W_next.T @ dA_next",
        right=RIGHT,
        tempting="'The error of the layer' is the name of both, and dA is computed first.",
        fix=OWN,
        seen="https://stackoverflow.com/questions/53287032 SciML/SciMLBook/issues/164 "
        "makeyourownneuralnetwork/makeyourownneuralnetwork/issues/88",
    ),
    row(
        "derivative_applied_twice_in_chain",
        "dZ is multiplied by g' of its layer once more on its way down.",
        wrong="dA = W_next.T @ (dZ_next * g_prime_next(Z_next))",
        right=RIGHT,
        tempting="dZ was formed for dW, and for the way down the code starts again from dZ "
        "instead of dA.",
        fix=OWN,
    ),
    row(
        "derivative_before_W",
        "The derivative is multiplied before the weights, not after them.",
        wrong="dZ = W_next.T @ (dZ_next * g_prime(Z))",
        right="dZ = (W_next.T @ dZ_next) * g_prime(Z)",
        tempting="Without brackets the order is the reader's choice; layers of one width allow "
        "both.",
        fix="dZ = (W_next.T @ dZ_next) * g'(Z)",
    ),
    row(
        "dW_instead_of_W",
        "The gradient is handed through dW and not through W.",
        wrong="dA = dW_next.T @ dZ_next",
        right=RIGHT,
        tempting="dW has just been computed, has the shape of W, and differs by one letter.",
        fix=OWN,
        seen="https://community.deeplearning.ai/t/w3-ex-6-assertionerror-wrong-values-for-dw1/"
        "402919",
    ),
    row(
        "W_transpose_missing",
        "The weights are not transposed.",
        wrong="dA = W_next @ dZ_next",
        right=RIGHT,
        tempting="A square layer takes it. In every other one the shapes object.",
        fix=OWN,
        seen="Lupino/bpnn/issues/2",
    ),
    row(
        "W_of_wrong_layer",
        "The gradient is handed through the weights of another layer.",
        wrong="dA = W.T @ dZ_next",
        right=RIGHT,
        tempting="weights[l] in a list that starts at 0 belongs to layer l + 1 of the formulas.",
        fix=OWN,
    ),
    row(
        "W_missing_from_chain",
        "The weights are missing on the way down.",
        wrong="dA = np.sum(dZ_next, axis=0, keepdims=True) + 0 * Z",
        right=RIGHT,
        tempting="The error of the output is given to every hidden unit alike.",
        fix=OWN,
        seen="https://whosebug.com/question/2948401/Backpropagation-Why-doesn-t-error-approach-"
        "zero-when-it-is-multiplied-by-deriv-of-sigmoid",
    ),
    row(
        "W_summed",
        "Sums replace the matrix product on the way down.",
        wrong="dA = np.sum(W_next, axis=0)[:, None] * np.sum(dZ_next, axis=0, keepdims=True)",
        right=RIGHT,
        tempting="Two loops are written one after the other that belong inside one another.",
        fix=OWN,
    ),
    row(
        "W_squared",
        "The weights are squared on the way down.",
        wrong="dA = (W_next * W_next).T @ dZ_next",
        right=RIGHT,
        tempting="The products W x of the forward pass were kept and multiplied by W again.",
        fix=OWN,
    ),
    row(
        "W_absolute",
        "The absolute weights are used on the way down.",
        wrong="dA = np.abs(W_next).T @ dZ_next",
        right=RIGHT,
        tempting="Blame is shared by the strength of a connection, and a strength is positive.",
        fix=OWN,
    ),
    row(
        "W_normalized",
        "The weights are normalized on the way down.",
        wrong="dA = (W_next / W_next.sum(axis=1, keepdims=True)).T @ dZ_next",
        right=RIGHT,
        tempting="Some introductions split the error in proportion to the weights. That is an "
        "illustration and no derivative.",
        fix=OWN,
    ),
    row(
        "one_unit_only",
        "Only one unit of the next layer sends its gradient down.",
        wrong="dA = W_next[:1].T @ dZ_next[:1]",
        right=RIGHT,
        tempting="The sum over the units is assigned and not accumulated, or the code was written "
        "for one output.",
        fix=OWN,
    ),
    row(
        "examples_averaged_too_early",
        "The examples are averaged on the way down.",
        wrong="dA = W_next.T @ dZ_next.mean(axis=1, keepdims=True) + 0 * Z",
        right=RIGHT,
        tempting="After db has summed over the examples, its delta is at hand and small.",
        fix="keep one column per example until dW and db sum over them",
    ),
    row(
        "stale_upstream_gradient",
        "A gradient of another layer is used again.",
        wrong="dA = dZ_next",
        right=RIGHT,
        tempting="The loop has one variable for what comes down, and one line forgets to renew it. "
        "Layers of one width do not object.",
        fix="give every layer its own dA and dZ; check what the loop variable holds",
        seen="fanghao6666/neural-networks-and-deep-learning/pull/7 "
        "ImagineAILab/ai-by-hand-excel/issues/9",
    ),
    row(
        "sum_not_reset",
        "A sum is not set to zero before it starts anew.",
        wrong="dA = np.cumsum(W_next.T @ dZ_next, axis=0)",
        right=RIGHT,
        tempting="error = 0 stands one line too high, before the loop instead of in it.",
        fix="set the accumulator to zero where its loop begins",
        seen="itskonrad/miniMNIST-c/issues/7",
    ),
    row(
        "bias_column_misaligned",
        "The bias is stored as a column of W, and the wrong column is cut off.",
        wrong="dA = np.hstack([W_next, b_next])[:, 1:].T @ dZ_next",
        right="dA = np.hstack([W_next, b_next])[:, :-1].T @ dZ_next",
        tempting="Half of the world puts the 1 before the inputs, the other half behind.",
        fix="cut off the column that multiplies the constant 1 before transposing",
        seen="louisjc/mnist-neural-network/issues/1",
    ),
)
