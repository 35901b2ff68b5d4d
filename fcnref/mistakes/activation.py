"""Mistakes in the backward rule of an activation that acts entry by entry."""

from fcnref.mistakes.record import family, row

__all__ = ["ACTIVATION"]

RIGHT = "dZ = dA * g_prime(Z)"
SIGMOID = "dZ = dA * A * (1 - A)  # sigmoid"
TANH = "dZ = dA * (1 - A**2)  # tanh"
RELU = "dZ = dA * (Z > 0)"
LEAKY = "dZ = dA * np.where(Z > 0, 1, slope)"
OWN = "dZ = dA * g'(Z), with g' the derivative of this layer's activation at this layer's Z"
MASK = "dZ = dA * (Z > 0)"
SLOPE = "dZ = dA * np.where(Z > 0, 1, slope)"

ACTIVATION = family(
    "activation",
    row(
        "missing_derivative",
        "The derivative of the activation is missing: dZ = dA.",
        wrong="dZ = dA",
        right=RIGHT,
        tempting="The layer was linear at first, or the activation lives in another function that "
        "has no backward rule.",
        fix=OWN,
        seen="arthurdouillard/deepcourse/issues/6 iamtrask/Grokking-Deep-Learning/issues/50",
    ),
    row(
        "missing_derivative_in_dW_only",
        "dW is made of dA and not of dZ, so the derivative is missing in dW alone.",
        wrong="dW = dA @ A_prev.T",
        right="dW = dZ @ A_prev.T",
        tempting="Two variables, 'error' and 'delta', differ by the derivative, and dW takes the "
        "wrong one. The layers below get the right one.",
        fix="dW = dZ @ A_prev.T, with the dZ that is propagated",
        seen="https://stackoverflow.com/questions/59399842",
    ),
    row(
        "missing_derivative_in_db_only",
        "db sums dA and not dZ, so the derivative is missing in db alone.",
        wrong="db = np.sum(dA, axis=1, keepdims=True)",
        right="db = np.sum(dZ, axis=1, keepdims=True)",
        tempting="The bias does not go through W, so one takes it to be outside the activation "
        "too. It is inside.",
        fix="db = np.sum(dZ, axis=1, keepdims=True), with the dZ that is propagated",
    ),
    row(
        "relu_mask_always_true",
        "The mask of ReLU lets everything through: dZ = dA.",
        wrong="dZ = dA * (A >= 0)",
        right=RELU,
        tempting="Z >= 0 would have been harmless. But A = max(Z, 0) is never negative, so A >= 0 "
        "holds everywhere.",
        fix="dZ = dA * (Z > 0); A >= 0 holds for every entry",
        seen="iamtrask/Grokking-Deep-Learning/issues/56 iamtrask/Grokking-Deep-Learning/issues/9 "
        "deeplearning4j/nd4j/issues/271 https://community.deeplearning.ai/t/"
        "regarding-derivative-of-relu-activation-function/115254",
    ),
    row(
        "relu_mask_inverted",
        "The mask of ReLU is inverted.",
        wrong="dZ = dA * (Z <= 0)",
        right=RELU,
        tempting="dZ[Z <= 0] = 0 became a product, and the comparison stayed as it was.",
        fix=MASK,
    ),
    row(
        "relu_on_gradient",
        "ReLU's mask is taken from the gradient and not from Z.",
        wrong="dZ = dA * (dA > 0)",
        right=RELU,
        tempting="ReLU cuts what is negative; on the way back what is at hand is the gradient. A "
        "function relu(x) applied to both looks consistent.",
        fix=MASK,
        seen="exacity/deeplearningbook-chinese/issues/127",
    ),
    row(
        "relu_sign_for_mask",
        "The sign of Z stands where the mask belongs.",
        wrong="dZ = dA * np.sign(Z)",
        right=RELU,
        tempting="sign is 1 where the mask is 1. Where the mask is 0 it is -1.",
        fix=MASK,
    ),
    row(
        "leaky_slope_lost",
        "The forward pass is leaky, the backward pass has a mask of 0 and 1.",
        wrong="dZ = dA * (Z > 0)",
        right=LEAKY,
        tempting="ReLU was made leaky in the forward pass, in one place of two.",
        fix=SLOPE,
        seen="scientific-computing/FKB/issues/15 SilasMarvin/dnns-from-scratch-in-zig/issues/5",
    ),
    row(
        "leaky_alpha_mismatch",
        "The backward pass has another slope than the forward pass.",
        wrong="dZ = dA * np.where(Z > 0, 1, 0.01)",
        right=LEAKY,
        tempting="The slope is a default argument of two functions, and one was changed.",
        fix="dZ = dA * np.where(Z > 0, 1, slope), with the slope of the forward pass",
    ),
    row(
        "leaky_slope_everywhere",
        "The slope is applied on both sides.",
        wrong="dZ = dA * slope",
        right=LEAKY,
        tempting="dZ = dA * slope, and the line that resets the positive side to 1 is missing.",
        fix=SLOPE,
    ),
    row(
        "leaky_slope_sides_swapped",
        "The slope is applied on the positive side.",
        wrong="dZ = dA * np.where(Z > 0, slope, 1)",
        right=LEAKY,
        tempting="np.where takes the value for 'true' first; one arm was written in the order of "
        "the sentence 'slope below zero, else 1'.",
        fix=SLOPE,
    ),
    row(
        "leaky_slope_sign",
        "The slope has the wrong sign.",
        wrong="dZ = dA * np.where(Z > 0, 1, -slope)",
        right=LEAKY,
        tempting="The function is negative below zero. Its slope is not.",
        fix=SLOPE,
    ),
    row(
        "a_formula_fed_with_z",
        "The derivative is written in terms of a, and Z is put in.",
        wrong="dZ = dA * Z * (1 - Z)  # sigmoid",
        right=SIGMOID,
        tempting="A function sigmoid_prime(x) may return x * (1 - x) or s(x) * (1 - s(x)), and its "
        "caller cannot see which.",
        fix="A * (1 - A) and 1 - A**2 take A; g'(Z) takes Z",
        seen="BoltzmannEntropy/interviews.ai/issues/15 "
        "BoltzmannEntropy/interviews.ai/issues/4 "
        "apache/incubator-retired-horn/pull/4 "
        "lazyprogrammer/facial-expression-recognition/issues/2 "
        "karpathy/nn-zero-to-hero/issues/52",
    ),
    row(
        "derivative_at_A",
        "The derivative is taken at A, as if the activation were applied twice.",
        wrong="dZ = dA * g_prime(A)",
        right=RIGHT,
        tempting="Only the activations were kept, or Z was overwritten by them in place. g' wants "
        "Z.",
        fix="take g' at Z, or use its formula in terms of A",
        seen="deeplearning4j/deeplearning4j/pull/364 davidrmiller/neural2d/issues/40 "
        "benoitfragit/libBrain/issues/78 "
        "rasbt/python-machine-learning-book-3rd-edition/issues/138",
    ),
    row(
        "derivative_after_dropout",
        "The derivative is computed from the activation after dropout.",
        wrong="dZ = dA * A * (1 - A)  # sigmoid; A is H * mask",
        right="dZ = dA * H * (1 - H)  # sigmoid; H is before the mask",
        tempting="A *= mask overwrites the array that the formula in terms of a is written for.",
        fix="take g' at Z, or at the activation before its mask",
    ),
    row(
        "derivative_assigned",
        "The slope is assigned to the gradient, which it overwrites.",
        wrong="dZ = np.where(Z > 0, dA, slope)",
        right=LEAKY,
        tempting="dZ[Z <= 0] = 0 is right for ReLU, because 0 times anything is 0. The same line "
        "with a slope forgets what stood there.",
        fix="multiply, dZ[Z <= 0] *= slope",
    ),
    row(
        "derivative_at_dA",
        "The derivative is taken at the incoming gradient.",
        wrong="dZ = dA * g_prime(dA)",
        right=RIGHT,
        tempting="backward(x) got one argument, the gradient, and the function needs one to take "
        "the derivative at.",
        fix=OWN,
        seen="yizt/numpy_neural_network/issues/6 "
        "https://datascience.stackexchange.com/questions/20139 "
        "yizt/numpy_neural_network/issues/3",
    ),
    row(
        "derivative_at_dZ",
        "The derivative is taken at a gradient.",
        wrong="dZ = dA * g_prime(m * dZ_next)",
        right=RIGHT,
        tempting="One variable, delta, runs through the loop and is read where Z was meant.",
        fix=OWN,
    ),
    row(
        "derivative_at_bias",
        "The derivative is taken at the bias.",
        wrong="dZ = dA * g_prime(b + 0 * Z)",
        right=RIGHT,
        tempting="For the gradient by b, b is put into the derivative, as W would be for W.",
        fix=OWN,
        seen="https://ai.stackexchange.com/questions/16675",
    ),
    row(
        "derivative_at_input",
        "The derivative is taken at the input of the layer.",
        wrong="dZ = dA * g_prime(A_prev)",
        right=RIGHT,
        tempting="A layer keeps its input, and its input is what most backward rules read.",
        fix=OWN,
        seen="udacity/deep-learning-v2-pytorch/issues/409",
    ),
    row(
        "derivative_at_target",
        "The derivative is taken at the target.",
        wrong="dZ = dA * g_prime(Y)",
        right=RIGHT,
        tempting="Output and target are passed in the wrong order.",
        fix=OWN,
    ),
    row(
        "derivative_without_bias",
        "The derivative is taken at W A_prev, without the bias.",
        wrong="dZ = dA * g_prime(W @ A_prev)",
        right=RIGHT,
        tempting="Z is computed anew in the backward pass, and the bias is forgotten there.",
        fix=OWN,
    ),
    row(
        "derivative_of_wrong_layer",
        "The derivative is taken at the tensor of another layer.",
        wrong="dZ = dA * g_prime(Z_next)",
        right=RIGHT,
        tempting="zs[-l] and zs[-l + 1] are one character apart, and layers of one width fit "
        "either.",
        fix=OWN,
        seen="dennybritz/nn-from-scratch/pull/3 hanbt/learn_dl/issues/15 hanbt/learn_dl/issues/3",
    ),
    row(
        "derivative_mixes_layers",
        "The two factors of the derivative come from different tensors.",
        wrong="dZ = dA * A * (1 - Z)  # sigmoid",
        right=SIGMOID,
        tempting="A and Z stand next to each other on the keyboard and in the cache.",
        fix=OWN,
        seen="eriklindernoren/ML-From-Scratch/issues/71",
    ),
    row(
        "wrong_activation_derivative",
        "The derivative belongs to another activation.",
        wrong="dZ = dA * A * (1 - A)  # tanh",
        right=TANH,
        tempting="The activation was exchanged in the forward pass. A * (1 - A) stayed.",
        fix=OWN,
        seen="ttezel/nn/issues/8 yzhao062/MetaOD/issues/6 "
        "jeffheaton/encog-java-core/issues/243 "
        "jeffheaton/encog-dotnet-core/issues/124",
    ),
    row(
        "activation_as_derivative",
        "The activation stands where its derivative belongs.",
        wrong="dZ = dA * A",
        right=RIGHT,
        tempting="The table of functions holds f twice, and no f'.",
        fix=OWN,
        seen="andersbll/nnet/issues/4 denggaoshan/DeepLearningStudy/issues/1 "
        "pluskid/Mocha.jl/pull/94",
    ),
    row(
        "z_as_derivative",
        "Z stands where the derivative belongs.",
        wrong="dZ = dA * Z",
        right=RIGHT,
        tempting="The cache is unpacked and multiplied without passing through g'.",
        fix=OWN,
    ),
    row(
        "derivative_term_dropped",
        "The derivative has lost a term or a factor.",
        wrong="dZ = dA * (1 - A)  # sigmoid",
        right=SIGMOID,
        tempting="a (1 - a) and 1 - a² are remembered as one formula, and come out as 1 - a.",
        fix=OWN,
        seen="scutan90/DeepLearning-500-questions/issues/544 mlpack/mlpack/pull/1540",
    ),
    row(
        "derivative_sign_flipped",
        "A sign within the derivative is wrong.",
        wrong="dZ = dA * (1 + A**2)  # tanh",
        right=TANH,
        tempting="The derivative of arctan has a plus, that of tan as well.",
        fix=OWN,
        seen="sausheong/gonn/issues/8 gy910210/neural-network-from-scratch/issues/2 "
        "nicodjimenez/lstm/issues/41",
    ),
    row(
        "derivative_wrong_power",
        "A power within the derivative is wrong.",
        wrong="dZ = dA * (1 - A)  # tanh",
        right=TANH,
        tempting="The square is lost between tanh(z)**2 and a.",
        fix=OWN,
    ),
    row(
        "derivative_applied_twice",
        "The derivative is multiplied twice.",
        wrong="dZ = dA * g_prime(Z) * g_prime(Z)",
        right=RIGHT,
        tempting="The activation has a backward rule, and the layer that calls it multiplies by "
        "the derivative as well.",
        fix=OWN,
    ),
    row(
        "derivative_divided",
        "The gradient is divided by the derivative.",
        wrong="dZ = dA / g_prime(Z)",
        right=RIGHT,
        tempting="'Undo the activation on the way back' sounds like a division.",
        fix=OWN,
    ),
    row(
        "derivative_times_activation",
        "The derivative is multiplied by A as well.",
        wrong="dZ = dA * g_prime(Z) * A",
        right=RIGHT,
        tempting="A belongs to dW of the next layer, and got into dZ of this one.",
        fix=OWN,
    ),
    row(
        "derivative_times_z",
        "The derivative is multiplied by Z as well.",
        wrong="dZ = dA * g_prime(Z) * Z",
        right=RIGHT,
        tempting="The chain rule multiplies by 'the inner derivative', and Z is the inner "
        "function. Its derivative is 1.",
        fix=OWN,
        seen="https://community.deeplearning.ai/t/wrong-values-for-dw1/85937",
    ),
    row(
        "upstream_squared",
        "The incoming gradient is multiplied twice.",
        wrong="dZ = dA * m * dA * g_prime(Z)",
        right=RIGHT,
        tempting="activation.backward(dA) multiplies by dA, and its caller does too.",
        fix=OWN,
    ),
    row(
        "derivative_on_first_unit_only",
        "The derivative reaches the first unit only.",
        wrong="dZ = dA.copy()\ndZ[0] *= g_prime(Z)[0]",
        right=RIGHT,
        tempting="A loop over the units returns from inside its body.",
        fix=OWN,
        seen="ralampay/ann/pull/22",
    ),
    row(
        "derivative_on_part_only",
        "The derivative reaches a part of the entries only.",
        wrong="dZ = dA.copy()\ndZ[1:] *= g_prime(Z)[1:]",
        right=RIGHT,
        tempting="The first row was the bias unit in the code that the slice comes from.",
        fix=OWN,
    ),
    row(
        "derivative_averaged",
        "One derivative is used for entries that each have their own.",
        wrong="dZ = dA * g_prime(Z).mean(axis=1, keepdims=True)",
        right=RIGHT,
        tempting="Only the last example's, or the average, Z of a batch was kept.",
        fix=OWN,
    ),
    row(
        "derivative_transposed",
        "The derivative is transposed.",
        wrong="dZ = dA * g_prime(Z).T",
        right=RIGHT,
        tempting="A batch as large as the layer accepts it, and a .T was tried until it ran.",
        fix=OWN,
    ),
    row(
        "derivative_added",
        "The derivative is added instead of multiplied.",
        wrong="dZ = m * dA + g_prime(Z)\ndZ = dZ / m",
        right=RIGHT,
        tempting="+= accumulates gradients all over the program, and one got here.",
        fix=OWN,
        seen="https://docs.rs/crate/flashlight/0.0.12/source/backprop_on_gpu.txt",
    ),
    row(
        "matmul_instead_of_hadamard",
        "A matrix product stands where the product of the entries belongs.",
        wrong="dZ = dA @ g_prime(Z)",
        right=RIGHT,
        tempting="In languages with a matrix type * is the matrix product. Square shapes let it "
        "pass.",
        fix=OWN,
        seen="https://community.deeplearning.ai/t/w3-ex-6-assertionerror-wrong-values-for-dw1/"
        "402919",
    ),
    row(
        "brackets_missing",
        "A bracket is missing: the product takes in one of two summands.",
        wrong="dZ = dA * 1 - A**2",
        right="dZ = dA * (1 - A**2)",
        tempting="(A - Y) and (1 - A**2) are read as one thing, and written without their bracket.",
        fix="set the bracket around the difference",
        seen="apache/tvm/pull/7340",
    ),
    row(
        "derivative_outside_sum",
        "The derivative is applied after the sum over the examples.",
        wrong="dW = dA @ A_prev.T * g_prime(Z).mean(axis=1, keepdims=True)",
        right="dW = (dA * g_prime(Z)) @ A_prev.T",
        tempting="A sum of products is taken for a product of sums.",
        fix=OWN,
    ),
    row(
        "input_applied_twice",
        "The input of the layer is multiplied once too often.",
        wrong="dW = dZ @ (A_prev * A_prev).T",
        right="dW = dZ @ A_prev.T",
        tempting="delta was already multiplied by the input, for a network of one unit.",
        fix="A_prev belongs in dW alone, once",
    ),
)
