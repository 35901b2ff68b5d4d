"""Mistakes in the constants in front: 1/m, the number of outputs, the sign."""

from fcnref.mistakes.record import family, row

__all__ = ["SCALE"]

MEAN = "dA = (A - Y) / m"
ONE_M = "let the 1/m of the mean enter once: in dA[L], or else in every dW and db"

SCALE = family(
    "scale",
    row(
        "missing_1_over_m",
        "J is a mean over the examples, and the 1/m is missing.",
        wrong="dZ = A - Y",
        right="dZ = (A - Y) / m",
        tempting="One text keeps the 1/m in dA[L], another in dW and db. Code that is pieced "
        "together from both has it nowhere, and the learning rate makes up for it.",
        fix=ONE_M,
        seen="dennybritz/nn-from-scratch/issues/13 "
        "stephencwelch/Neural-Networks-Demystified/issues/15 "
        "hunkim/DeepLearningZeroToAll/issues/173 "
        "TheIndependentCode/Neural-Network/issues/1 ageron/handson-ml/issues/179 "
        "campusx-official/100-days-of-machine-learning/issues/9 "
        "eriklindernoren/ML-From-Scratch/issues/124 tsycnh/mlbasic/issues/2",
    ),
    row(
        "one_over_m_twice",
        "The 1/m of the mean is applied more than once.",
        wrong="dW = dZ @ A_prev.T / m",
        right="dW = dZ @ A_prev.T  # dZ holds the 1/m of the mean",
        tempting="The line with / m is right in a text whose dZ has no 1/m. Steps that are m "
        "times too small look like a learning rate that is too small.",
        fix=ONE_M,
        seen="https://community.deeplearning.ai/t/course-1-week-3-planar-assignment-4-5-exerci"
        "se-6-backward-propagation-error-for-dw1-values/63071 "
        "deeplearning4j/deeplearning4j/pull/366 d2l-ai/d2l-en/pull/1000",
    ),
    row(
        "wrong_denominator",
        "The sum is divided by a number other than m, the number of examples.",
        wrong="dW = dZ @ A_prev.T * m / len(X)",
        right="dW = dZ @ A_prev.T * m / X.shape[1]",
        tempting="len(X) counts the examples where they stand in rows, and the inputs where they "
        "stand in columns. Nothing breaks when code moves from one to the other.",
        fix="divide by m = X.shape[1]; X.shape[0] is the number of inputs",
    ),
    row(
        "averaged_although_sum",
        "J is a sum over the examples, and the gradient is divided by m.",
        wrong="dW = dZ @ A_prev.T / m",
        right="dW = dZ @ A_prev.T",
        tempting="Dividing by m is a habit, and with a sum as the loss it is one factor too many.",
        fix="leave out the 1/m, or make the loss a mean",
        seen="kvfrans/notes/issues/5",
    ),
    row(
        "m_in_sum",
        "J is a sum over the examples, and the gradient is multiplied by m.",
        wrong="dW = m * dZ @ A_prev.T",
        right="dW = dZ @ A_prev.T",
        tempting="Somebody turns a mean back into a sum by a factor m, in code that has summed "
        "already.",
        fix="leave out the factor",
    ),
    row(
        "missing_1_over_n_out",
        "The loss is divided by the number of outputs, and the gradient is not.",
        wrong="dA = 2 * (A - Y) / m",
        right="dA = 2 * (A - Y) / A.size",
        tempting="np.mean divides by every entry of the matrix, the formula of the textbook by m. "
        "With one output they agree.",
        fix="divide dA[L] by n_L as the loss is",
        seen="oysteijo/simd_neuralnet/issues/1",
    ),
    row(
        "extra_1_over_n_out",
        "The gradient is divided by the number of outputs, and the loss is not.",
        wrong="dA = (A - Y) / A.size",
        right=MEAN,
        tempting="A.size looks like the number of examples. It is m times the number of outputs.",
        fix="leave out the 1/n_L (np.mean over both axes divides by it), or put it in the loss",
    ),
    row(
        "n_out_factor",
        "The gradient is n_L times too large.",
        wrong="dW = n_L * dZ @ A_prev.T",
        right="dW = dZ @ A_prev.T",
        tempting="A mean over the outputs was differentiated as a sum, in a loss that has no mean.",
        fix="remove the factor",
    ),
    row(
        "width_factor",
        "The gradient is too large or too small by the width of a layer.",
        wrong="dW = n_prev * dZ @ A_prev.T",
        right="dW = dZ @ A_prev.T",
        tempting="A mean over the wrong axis is taken, or undone by a factor of the wrong size.",
        fix="remove the factor, or the division",
        seen="eriklindernoren/ML-From-Scratch/issues/76",
    ),
    row(
        "unnamed_constant",
        "A constant factor stands here that the problem does not explain.",
        wrong="dW = 2.718 * dZ @ A_prev.T",
        right="dW = dZ @ A_prev.T",
        tempting="A number was tuned until training worked, or is a size of the data of another "
        "day.",
        fix="look for a hard-coded number, or a size of other data",
        seen="RubixML/ML/pull/446",
    ),
    row(
        "stray_constant",
        "A constant factor stands where none belongs.",
        wrong="dW = 2 * dZ @ A_prev.T",
        right="dW = dZ @ A_prev.T",
        tempting="A 2 comes from a square that is differentiated elsewhere already, or from two "
        "backward passes without setting the gradients to zero in between.",
        fix="remove the factor",
        seen="bighuang624/Andrew-Ng-Deep-Learning-notes/issues/10 "
        "XingxingHuang/deeplearning.ai/issues/4 "
        "42-AI/bootcamp_machine-learning/issues/20",
    ),
    row(
        "sign_error",
        "The sign is wrong.",
        wrong="dZ = (Y - A) / m",
        right="dZ = (A - Y) / m",
        tempting="Many old programs compute the error as Y - A and add the step. Half of that, "
        "brought into a loop that subtracts, climbs.",
        fix="differentiate J itself, (A - Y) and not (Y - A); the update subtracts the gradient",
        seen="dennybritz/nn-from-scratch/issues/11 "
        "deeplearning4j/deeplearning4j/issues/349 "
        "JuliaAI/MLJLinearModels.jl/issues/104",
    ),
    row(
        "integer_division_factor",
        "A factor of the loss is computed by integer division and becomes 0.",
        wrong="dA = (2 // n_L) * (A - Y) / m",
        right="dA = 2 / n_L * (A - Y) / m",
        tempting="In many languages 2 / n of two integers is an integer. It is right for one and "
        "two outputs, and 0 from three on.",
        fix="divide with /, not with //",
        seen="GiorgosXou/NeuralNetworks/issues/4",
    ),
    row(
        "gradient_clipped",
        "Large entries of the gradient are cut off.",
        wrong="dW = np.clip(dW, -np.abs(dW).max() / 2, np.abs(dW).max() / 2)",
        right="dW = dZ @ A_prev.T",
        tempting="Clipping keeps a training run from exploding, and a line in the backward pass "
        "is quickly written. What comes out is no gradient any more.",
        fix="return the gradient; clip in the optimizer, if at all",
    ),
    row(
        "learning_rate_in_gradient",
        "The gradient already contains the learning rate.",
        wrong="dW = rate * dZ @ A_prev.T",
        right="dW = dZ @ A_prev.T",
        tempting="The function returned the step once. Now an optimizer multiplies by its rate "
        "again.",
        fix="return the gradient; the optimizer multiplies by the learning rate",
    ),
    row(
        "zero_gradient",
        "Nothing arrives: the gradient handed to this layer is zero.",
        wrong="dA = 0 * dA",
        right="dA = W_next.T @ dZ_next",
        tempting="An array of integers swallows small numbers, an accumulator is cleared too late, "
        "or a new variable shadows the one that was filled.",
        fix="look for integer division, a detached array or an overwritten dA",
    ),
)
