"""Mistakes in the gradient of the loss by the output."""

from fcnref.mistakes.record import family, row

__all__ = ["LOSS"]

HALF = "dA = (A - Y) / m"
FUSED = "dZ = (A - Y) / m"
BINARY = "dA = (-Y / A + (1 - Y) / (1 - A)) / m"
OWN = "differentiate the loss that you print, with its own constants"

LOSS = family(
    "loss",
    row(
        "mse_factor2_extra",
        "dA[L] has a 2 that cancels against the 1/2 of this loss.",
        wrong="dA = 2 * (A - Y) / m",
        right=HALF,
        tempting="The square has a 2 in its derivative; that the loss has a 1/2 against it stands "
        "in another function.",
        fix="dA[L] = (A - Y) / m for the half squared error",
        seen="ADGEfficiency/teaching-monolith/commit/e0a88b5 "
        "mnielsen/neural-networks-and-deep-learning/pull/79",
    ),
    row(
        "mse_factor2_missing",
        "dA[L] lacks the 2 of a squared error without 1/2.",
        wrong="dA = (A - Y) / m",
        right="dA = 2 * (A - Y) / m",
        tempting="A - Y is what every text ends with, after it has put a 1/2 into the loss.",
        fix="dA[L] = 2 (A - Y) / m, or put the 1/2 in the loss",
        seen="Open-Deep-ML/DML-OpenProblem/issues/54",
    ),
    row(
        "loss_of_another_kind",
        "dA[L] is the gradient of another loss.",
        wrong="dA = (-Y / A + (1 - Y) / (1 - A)) / m",
        right=HALF,
        tempting="The loss was exchanged where it is printed and not where it is differentiated. "
        "The printed number still falls, since both losses want A to be Y.",
        fix=OWN,
        seen="scikit-learn/scikit-learn/pull/14589",
    ),
    row(
        "loss_value_as_gradient",
        "The loss itself stands where its derivative belongs.",
        wrong="dA = (A - Y)**2 / m",
        right=HALF,
        tempting="'Propagate the error backwards' sounds as if the error were the loss.",
        fix=OWN,
    ),
    row(
        "bce_term_missing",
        "One of the two terms of the binary cross-entropy is missing in dA[L].",
        wrong="dA = -Y / A / m",
        right=BINARY,
        tempting="-Y / A is all there is for the cross-entropy of many classes. With two, the "
        "examples of label 0 then contribute nothing.",
        fix="dA = (-Y / A + (1 - Y) / (1 - A)) / m",
        seen="deeplearning4j/nd4j/issues/1328",
    ),
    row(
        "bce_term_sign",
        "The second term of the binary cross-entropy has the wrong sign in dA[L].",
        wrong="dA = -(Y / A + (1 - Y) / (1 - A)) / m",
        right=BINARY,
        tempting="One minus stands before the whole loss, and the derivative of log(1 - A) brings "
        "a second, which is easily lost.",
        fix="dA = (-Y / A + (1 - Y) / (1 - A)) / m",
    ),
    row(
        "bce_denominator_wrong",
        "A denominator of the binary cross-entropy is wrong in dA[L].",
        wrong="dA = (-Y / (1 - A) + (1 - Y) / A) / m",
        right=BINARY,
        tempting="A and 1 - A stand side by side in the loss, and A (1 - A) is met again in the "
        "derivative of the sigmoid.",
        fix="Y is divided by A, 1 - Y by 1 - A",
    ),
    row(
        "cce_term_dropped",
        "dA[L] of the cross-entropy lacks a factor.",
        wrong="dA = -1 / A / m",
        right="dA = -Y / A / m",
        tempting="For the true class -Y / A is -1 / A; for all others it is 0, which the short "
        "form forgets.",
        fix="dA = -Y / A / m",
    ),
    row(
        "broadcast_n_vs_n1",
        "A column minus a row broadcasts to a matrix: every output meets every target.",
        wrong="dA = (A.reshape(-1, 1) - Y.reshape(1, -1)).mean(axis=1).reshape(1, -1) / m",
        right=HALF,
        tempting="(m, 1) - (m,) is (m, m), and the mean of its square is one number, as a loss "
        "should be. The network learns to predict the average target.",
        fix="give A and Y the same shape (n_L, m) before subtracting",
        seen="manzilzaheer/DeepSets/pull/1 Lasagne/Lasagne/issues/755 "
        "LaurentMazare/tch-rs/issues/510 pytorch/pytorch/issues/19991",
    ),
    row(
        "error_averaged_too_early",
        "The error is averaged, or summed, before it is propagated.",
        wrong="dA = dA.mean(axis=1, keepdims=True) + 0 * dA",
        right=HALF,
        tempting="The loss is a mean over the examples, so one propagates the mean error. But each "
        "example has its own activations to multiply it with.",
        fix="keep one column per example until dW and db sum over them",
    ),
    row(
        "logits_for_output",
        "The logits Z stand where the outputs A belong.",
        wrong="dZ = (Z - Y) / m",
        right=FUSED,
        tempting="A network that returns logits calls them its output, and the formula says "
        "'output minus target'.",
        fix="use A[L] - Y",
    ),
    row(
        "decision_for_output",
        "The rounded prediction stands where the output A belongs.",
        wrong="dZ = ((A > 0.5) - Y) / m",
        right=FUSED,
        tempting="It is the rule of the perceptron, and it stops as soon as every example is "
        "classified right.",
        fix="use A[L] - Y; a decision has no derivative",
    ),
    row(
        "log_for_output",
        "The logarithm of the outputs stands where the outputs belong.",
        wrong="dZ = (np.log(A) - Y) / m",
        right=FUSED,
        tempting="The stable code returns log-probabilities and names them outputs.",
        fix="use A[L] - Y; a log-softmax has to be exponentiated first",
    ),
    row(
        "label_subtracted_everywhere",
        "1 is subtracted for every class and not for the label alone.",
        wrong="dZ = (A - 1) / m",
        right=FUSED,
        tempting="probs[range(m), labels] -= 1 picks one entry per example. probs[:, labels] -= 1 "
        "looks alike and picks whole columns.",
        fix="subtract the one-hot Y, or index rows and labels in pairs",
    ),
    row(
        "label_off_by_one",
        "Every label is moved by one class.",
        wrong="dZ = (A - np.roll(Y, 1, axis=0)) / m",
        right=FUSED,
        tempting="The labels of the file start at 1, those of the code at 0. Index -1 is the last "
        "class, and no error is raised.",
        fix="count classes from 0 in the code as in the labels",
    ),
    row(
        "softmax_not_normalized",
        "The exponentials of the softmax are not divided by their sum.",
        wrong="dZ = (np.exp(Z) - Y) / m",
        right="dZ = (np.exp(Z) / np.exp(Z).sum(axis=0, keepdims=True) - Y) / m",
        tempting="The division was done on a copy, or in the line that prints the probabilities.",
        fix="A = np.exp(Z) / np.sum(np.exp(Z), axis=0, keepdims=True)",
    ),
    row(
        "epsilon_too_large",
        "An ε against a division by zero is large enough to change the gradient.",
        wrong="dA = -Y / (A + 0.01) / m",
        right="dA = -Y / A / m",
        tempting="It cures the NaN, and a larger ε cures it more often. The fused gradient needs "
        "none.",
        fix="take the loss of the logits, whose gradient (A - Y) / m divides by nothing",
    ),
    row(
        "error_absolute",
        "The absolute error, or its sign, stands where A - Y belongs.",
        wrong="dA = np.abs(A - Y) / m",
        right=HALF,
        tempting="An error that is printed is best positive. A gradient that is always positive "
        "drives the output in one direction only.",
        fix=OWN,
    ),
    row(
        "label_entry_only",
        "Only the entry of the label gets a gradient.",
        wrong="dZ = (A - Y) * Y / m",
        right=FUSED,
        tempting="The loss reads the probability of the true class alone. The other logits enter "
        "through the denominator.",
        fix="A - Y has an entry for every class",
    ),
    row(
        "error_term_dropped",
        "A - Y has lost a term, or has the wrong sign within.",
        wrong="dZ = A / m",
        right=FUSED,
        tempting="The one-hot target is subtracted in a line of its own, which is forgotten, or "
        "the second path through the softmax is.",
        fix="use A - Y",
        seen="kaleko/CourseraML/issues/7",
    ),
    row(
        "error_of_previous_activation",
        "The output went through its activation twice.",
        wrong="E = np.exp(A)\ndZ = (E / E.sum(axis=0) - Y) / m",
        right=FUSED,
        tempting="The model ends with a softmax and the loss applies its own. Training works, "
        "slowly, and never gets sure of anything.",
        fix="A is the output already",
    ),
    row(
        "examples_misaligned",
        "The targets belong to other examples than the outputs.",
        wrong="dZ = (A - np.roll(Y, 1, axis=1)) / m",
        right=FUSED,
        tempting="X was shuffled and Y was not, or a header line was skipped in one file only.",
        fix="shuffle X and Y by the same permutation",
    ),
    row(
        "target_transposed",
        "Y is transposed.",
        wrong="dA = (A - Y.T) / m",
        right=HALF,
        tempting="Where there are as many outputs as examples the shapes agree either way.",
        fix="Y has one column per example, like A",
    ),
    row(
        "missing_output_derivative",
        "dZ[L] lacks the derivative of the output activation.",
        wrong="dZ = dA",
        right="dZ = dA * g_prime(Z)",
        tempting="With the fitting cross-entropy dZ[L] is A - Y, and the formula is so short that "
        "it is carried over to losses where it is wrong. The signs are right, so it learns.",
        fix="dZ[L] = dA[L] * g'(Z[L]); only the cross-entropy that fits the activation cancels it",
        seen="jiexunsee/Neural-Network-with-Python/issues/1 "
        "hunkim/DeepLearningZeroToAll/pull/113 "
        "casper-hansen/Neural-Network-From-Scratch/pull/1 "
        "Frixoe/xor-neural-network/issues/1",
    ),
    row(
        "ce_extra_derivative",
        "A - Y is dZ[L] already, and it is multiplied by an output derivative once more.",
        wrong="dZ = (A - Y) * A * (1 - A) / m",
        right=FUSED,
        tempting="A generic loop multiplies by the derivative in every layer, and A - Y is taken "
        "for dA. Sure and wrong examples then hardly learn.",
        fix="dZ = (A - Y) / m for softmax or sigmoid with its cross-entropy, and nothing more",
        seen="mnielsen/neural-networks-and-deep-learning/pull/77",
    ),
    row(
        "target_in_hidden_layer",
        "A hidden layer is compared with the target.",
        wrong="dA = (A - Y) / m",
        right="dA = W_next.T @ dZ_next",
        tempting="The line of the output layer was copied into the loop over the layers.",
        fix="dA_prev = W.T @ dZ, with the W of the forward pass and the dZ of the same layer",
    ),
)
