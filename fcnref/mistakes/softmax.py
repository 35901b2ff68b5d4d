"""Mistakes in the backward rule of an activation that acts on a whole column."""

from fcnref.mistakes.record import family, row

__all__ = ["SOFTMAX"]

RIGHT = "dZ = A * (dA - np.sum(dA * A, axis=0, keepdims=True))"
JACOBIAN = "dZ = np.einsum('ipj,pi->ji', jacobians, dA)"
OWN = "dz = J.T @ da, column by column"

SOFTMAX = family(
    "activation",
    row(
        "softmax_elementwise",
        "Only the diagonal of the softmax Jacobian is used, A (1 - A).",
        wrong="dZ = dA * A * (1 - A)",
        right=RIGHT,
        tempting="Software that treats every activation as a map of single numbers has no place "
        "for the rest. With two classes, a squared error sees exactly half of the truth.",
        fix=RIGHT,
        seen="deeplearning4j/libnd4j/issues/440 "
        "SebLague/Neural-Network-Experiments/pull/5 "
        "casper-hansen/Neural-Network-From-Scratch/pull/1 "
        "neuroph/neuroph/issues/37",
    ),
    row(
        "softmax_jacobian_skipped",
        "The softmax Jacobian is skipped: dZ = dA, although the loss is not fused with it.",
        wrong="dZ = dA",
        right=RIGHT,
        tempting="The comment says 'done in the loss', and the loss was exchanged.",
        fix=RIGHT,
        seen="pjreddie/darknet/pull/96",
    ),
    row(
        "softmax_jacobian_term_dropped",
        "A term of the softmax Jacobian is missing.",
        wrong="dZ = A * dA",
        right=RIGHT,
        tempting="Each logit has two ways to the outputs, through its own exponential and through "
        "the sum, and one is easily overlooked.",
        fix=RIGHT,
        seen="uxlfoundation/oneDNN/issues/616 mlpack/mlpack/issues/2360 mlpack/mlpack/issues/3468",
    ),
    row(
        "softmax_wrong_axis",
        "The sum of the softmax, or of its rule, runs over the wrong axis.",
        wrong="dZ = A * (dA - np.sum(dA * A, axis=1, keepdims=True))",
        right=RIGHT,
        tempting="axis=1 is right where examples stand in rows. Both run.",
        fix="sum over the units: axis=0 where examples are columns",
        seen="deeplearning4j/deeplearning4j/issues/345 RubixML/ML/pull/480",
    ),
    row(
        "softmax_sign",
        "The sum of the softmax rule has the wrong sign.",
        wrong="dZ = A * (dA + np.sum(dA * A, axis=0, keepdims=True))",
        right=RIGHT,
        tempting="The derivative of 1 / s is -1 / s², and its minus is lost.",
        fix=RIGHT,
    ),
    row(
        "softmax_applied_twice",
        "The softmax is applied twice in the backward pass.",
        wrong="E = np.exp(A)\nS = E / E.sum(axis=0)\n"
        "dZ = S * (dA - np.sum(dA * S, axis=0, keepdims=True))",
        right=RIGHT,
        tempting="backward(x) computes softmax(x) anew, and is called with the probabilities.",
        fix=RIGHT,
    ),
    row(
        "jacobian_untransposed",
        "The Jacobian is multiplied without its transpose.",
        wrong="dZ = np.einsum('ipj,ji->pi', jacobians, dA)",
        right=JACOBIAN,
        tempting="The Jacobian of the softmax is symmetric, and that of an elementwise map is "
        "diagonal, so no one misses the transpose until the third kind comes.",
        fix=OWN,
    ),
    row(
        "jacobian_diagonal_only",
        "Only the diagonal of the Jacobian is used.",
        wrong="dZ = np.einsum('ijj,ji->ji', jacobians, dA)",
        right=JACOBIAN,
        tempting="The loop that handles activations takes one derivative per entry.",
        fix=OWN,
    ),
)
