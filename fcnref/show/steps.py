"""The network stepper: a small network, forward and backward, one step at a time."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from fcnref._arrays import Array, Input, Output
from fcnref._display import MINUS, Html, tag
from fcnref.activations import Activation
from fcnref.affine import affine, affine_backward_input, affine_backward_parameters
from fcnref.losses import LOSSES, Loss
from fcnref.network import Layer, loss_and_grads
from fcnref.show._matrices import Matrix, check_size, equation_row, text_row
from fcnref.show._notation import math, plain
from fcnref.show._page import frame
from fcnref.show._picture import draw_network

__all__ = ["NetworkSteps", "NetworkStep", "show_steps"]

ELEMENTWISE = {
    *("identity", "sigmoid", "tanh", "relu", "leaky_relu", "softplus", "silu", "gelu", "gelu_tanh")
}
ON_LOGITS = {"sigmoid_cross_entropy", "softmax_cross_entropy"}
LAYER = re.compile(r"[ZA]\[(\d+)\]")
PAGES = ("forward", "weights-and-biases", "activations", "previous-layer", "losses")


class NetworkStep(NamedTuple):
    """One step of a pass forward and back.

    Attributes
    ----------
    title
        What is computed.
    formula
        Its formula.
    equation
        The label of the equation in the derivation; empty for the input.
    row
        The formula in numbers: matrices and the signs between them.
    reads
        The parts of the network that the step reads.
    makes
        The parts that it computes something for.
    words
        What there is to see.
    way
        Whether the step belongs to the forward or to the backward pass.
    """

    title: str
    formula: str
    equation: str
    row: Sequence[Matrix | str]
    reads: Sequence[str]
    makes: Sequence[str]
    words: str
    way: Literal["forward", "backward"] = "forward"


class NetworkSteps(NamedTuple):
    """All steps of a pass forward and back.

    Attributes
    ----------
    sizes
        Number of units of the input and of every layer.
    steps
        The steps, in order.
    digits
        How many digits after the point are shown.
    pages
        Address of the pages of the derivation, to which the equations are linked, or None.
    """

    sizes: tuple[int, ...]
    steps: tuple[NetworkStep, ...]
    digits: int
    pages: str | None

    def __repr__(self) -> str:
        blocks = []
        for number, step in enumerate(self.steps, start=1):
            head = f"{number}. {step.title}: {plain(step.formula)}"
            blocks.append(f"{head}\n{text_row(step.row, self.digits)}")
        return "\n\n".join(blocks)

    def _repr_html_(self) -> str:
        return frame(
            "fcn-stepper",
            f"A network with {'-'.join(map(str, self.sizes))} units, step by step",
            tag(
                "div",
                tag("button", "Back", type="button"),
                tag("button", "Next", type="button"),
                tag(
                    "input",
                    type="range",
                    min=1,
                    max=len(self.steps),
                    value=1,
                    aria_label="Step",
                ),
                tag("output"),
                class_="fcn-controls",
                hidden=True,
            ),
            tag("ol", *(tag("li", *self._parts(step)) for step in self.steps), class_="fcn-steps"),
        )

    def _parts(self, step: NetworkStep) -> Iterator[Html]:
        yield tag("p", step.title, class_="fcn-title")
        label = f"The network {'-'.join(map(str, self.sizes))}, {step.way}: {step.title}"
        letters = _unit_letters(step.row)
        yield draw_network(self.sizes, step.reads, step.makes, letters, step.way, label)
        yield tag("p", math(step.formula), self._link(step.equation), class_="fcn-formula")
        yield equation_row(step.row, self.digits)
        yield tag("p", step.words)

    def _link(self, equation: str) -> Html:
        if self.pages is None or not equation:
            return Html("")
        page = next(page for page in PAGES if equation.startswith(f"eq-{page}-"))
        anchor = f"equation-{equation}".lower().replace("_", "-")
        address = f"{self.pages.rstrip('/')}/{page}.html#{anchor}"
        return tag("a", "to the equation", href=address)


def show_steps(
    X: Input,
    Y: Output,
    layers: Sequence[Layer],
    loss: Loss,
    digits: int = 2,
    pages: str | None = None,
) -> NetworkSteps:
    """Show a network forward and backward, one step at a time.

    Shows :eq:`eq-forward-recursion` and :eq:`eq-whole-network-recursion`. The numbers are those of
    the functions that `forward` and `backward` call.

    Parameters
    ----------
    X
        Input, one column per example.
    Y
        Targets, one column per example.
    layers
        The layers 1, ..., L. Before a loss on logits the last activation is the identity.
    loss
        The loss.
    digits
        How many digits after the point are shown.
    pages
        Address of the folder with the pages of the derivation. With it, every step links to its
        equation.

    Returns
    -------
    NetworkSteps
        A picture to step through in a notebook, and text in a terminal.

    Raises
    ------
    ValueError
        If a shape does not fit, or an array has more than 12 rows or columns.
    TypeError
        If an array holds no floating-point numbers, or the loss is no `Loss`.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref import HALF_SQUARED_ERROR, IDENTITY, Layer
    >>> from fcnref.show import show_steps
    >>> layers = [Layer(np.array([[2.0]]), np.array([[1.0]]), IDENTITY)]
    >>> steps = show_steps(np.array([[3.0]]), np.array([[5.0]]), layers, HALF_SQUARED_ERROR).steps
    >>> for step in steps[:3]:
    ...     print(step.title)
    Input
    Layer 1, pre-activations
    Layer 1, activations
    >>> steps[-2].row[0].values
    array([[6.]])
    """
    loss_and_grads(X, Y, layers, loss)  # refuses what does not fit, in the words of the network
    check_size("show_steps", X=X, Y=Y, **{f"W[{l}]": layer.W for l, layer in enumerate(layers, 1)})
    sizes = (X.shape[0], *(len(layer.W) for layer in layers))
    steps = tuple(_steps(X, Y, layers, loss))
    return NetworkSteps(sizes, steps, digits, pages)


def _steps(X: Array, Y: Array, layers: Sequence[Layer], loss: Loss) -> Iterator[NetworkStep]:
    """Run the recursion and stop at every array that it computes."""
    L = len(layers)
    A, Z = [X], [X]
    yield _input_step(X)
    for l, (W, b, activation) in enumerate(layers, start=1):
        Z.append(affine(A[-1], W, b))
        A.append(activation.forward(Z[l]))
        yield _affine_step(l, Z[l], W, A[l - 1], b)
        yield _activation_step(l, A[l], activation, Z[l])
    dA = loss.grad(A[L], Y)
    yield _loss_step(L, A[L], Y, loss)
    yield _output_step(L, dA, loss)
    for l in range(L, 0, -1):
        W, _, activation = layers[l - 1]
        kept = Z[l] if activation.reads == "Z" else A[l]
        dZ = activation.backward(dA, kept)
        dW, db = affine_backward_parameters(dZ, A[l - 1])
        yield _through_step(l, dZ, dA, activation, kept)
        yield _weights_step(l, dW, dZ, A[l - 1])
        yield _bias_step(l, db, dZ)
        if l > 1:
            dA = affine_backward_input(dZ, W)
            yield _previous_step(l, dA, W, dZ)


def _input_step(X: Array) -> NetworkStep:
    return NetworkStep(
        "Input",
        f"{_lay('A', 0)} = X",
        "",
        [_batch("A", 0, X, "k")],
        (),
        ("A0",),
        "Every column is an example.",
    )


def _affine_step(l: int, Z: Array, W: Array, A_prev: Array, b: Array) -> NetworkStep:
    product = [_weights("W", l, W), _batch("A", l - 1, A_prev, "k")]
    return NetworkStep(
        f"Layer {l}, pre-activations",
        f"{_lay('Z', l)} = {_lay('W', l)} {_lay('A', l - 1)} + {_lay('b', l)} 1^{{T}}",
        "eq-forward-Z",
        [_batch("Z", l, Z), "=", *product, "+", _bias("b", l, b)],
        (f"W{l}", f"A{l - 1}", f"b{l}"),
        (f"Z{l}",),
        "The bias is added to every column.",
    )


def _activation_step(l: int, A: Array, activation: Activation, Z: Array) -> NetworkStep:
    alone = activation.name in ELEMENTWISE
    return NetworkStep(
        f"Layer {l}, activations",
        f"{_lay('A', l)} = {activation.name}({_lay('Z', l)})",
        "eq-forward-A",
        [_batch("A", l, A), f"= {activation.name} of", _batch("Z", l, Z, "j" if alone else "p")],
        (f"Z{l}",),
        (f"A{l}",),
        "Every entry depends on the one at its own place."
        if alone
        else "Every entry depends on its whole column.",
    )


def _loss_step(L: int, A: Array, Y: Array, loss: Loss) -> NetworkStep:
    return NetworkStep(
        "Loss",
        f"J = {float(loss.value(A, Y)):.6g}".replace("-", MINUS),
        _loss_label(loss, ""),
        [_batch("A", L, A), "against", _batch("Y", L, Y)],
        (f"A{L}",),
        ("J",),
        f"The {loss.name.replace('_', ' ')} of the output and the targets Y.",
    )


def _output_step(L: int, dA: Array, loss: Loss) -> NetworkStep:
    return NetworkStep(
        f"Layer {L}, gradient of the output",
        f"∂J/∂{_lay('A', L)}",
        _loss_label(loss, "dZ-" if loss.name in ON_LOGITS else "dA-"),
        [_batch("dA", L, dA)],
        ("J",),
        (f"A{L}",),
        "The 1/m of the mean over the examples enters here, and nowhere else.",
        way="backward",
    )


def _through_step(l: int, dZ: Array, dA: Array, activation: Activation, kept: Array) -> NetworkStep:
    title = f"Layer {l}, gradient of the pre-activations"
    J_Z, J_A = f"∂J/∂{_lay('Z', l)}", f"∂J/∂{_lay('A', l)}"
    name = activation.name
    reads, makes = (f"A{l}",), (f"Z{l}",)
    if name in ELEMENTWISE:
        prime = activation.backward(np.ones_like(dA), kept)
        slopes = Matrix(f"{name}_prime(Z[{l}])", (f"n_{l}", "m"), "g′_{j,i}", "j", "i", prime)
        return NetworkStep(
            title,
            f"{J_Z} = {J_A} ⊙ {name}′({_lay('Z', l)})",
            "eq-activations-dZ-elementwise",
            [_batch("dZ", l, dZ), "=", _batch("dA", l, dA), "⊙", slopes],
            reads,
            makes,
            "Every entry is multiplied by the slope at its own place.",
            way="backward",
        )
    column, column_A = f"z_{{:,i}}^{{[{l}]}}", f"a_{{:,i}}^{{[{l}]}}"
    return NetworkStep(
        title,
        f"∂J/∂{column} = (∂{column_A}/∂{column})^{{T}} ∂J/∂{column_A}",
        "eq-activations-dZ-column",
        [_batch("dZ", l, dZ), "from", _batch("dA", l, dA, "p")],
        reads,
        makes,
        f"Every entry depends on its whole column, through the Jacobian of {name}.",
        way="backward",
    )


def _weights_step(l: int, dW: Array, dZ: Array, A_prev: Array) -> NetworkStep:
    A_prev_T = _transposed(_batch("A", l - 1, A_prev, "k"))
    return NetworkStep(
        f"Layer {l}, gradient of the weights",
        f"∂J/∂{_lay('W', l)} = ∂J/∂{_lay('Z', l)} {_lay('A', l - 1)}^{{T}}",
        "eq-weights-and-biases-dW",
        [_weights("dW", l, dW), "=", _batch("dZ", l, dZ), A_prev_T],
        (f"Z{l}", f"A{l - 1}"),
        (f"W{l}",),
        "The sum runs over the examples: every one of them used the same weights.",
        way="backward",
    )


def _bias_step(l: int, db: Array, dZ: Array) -> NetworkStep:
    return NetworkStep(
        f"Layer {l}, gradient of the bias",
        f"∂J/∂{_lay('b', l)} = ∂J/∂{_lay('Z', l)} 1",
        "eq-weights-and-biases-db",
        [_bias("db", l, db), "= sums of the rows of", _batch("dZ", l, dZ)],
        (f"Z{l}",),
        (f"b{l}",),
        "The bias was added to every column, and every column sends its gradient back.",
        way="backward",
    )


def _previous_step(l: int, dA_prev: Array, W: Array, dZ: Array) -> NetworkStep:
    product = [_transposed(_weights("W", l, W)), _batch("dZ", l, dZ)]
    return NetworkStep(
        f"Layer {l - 1}, gradient of the activations",
        f"∂J/∂{_lay('A', l - 1)} = {_lay('W', l)}^{{T}} ∂J/∂{_lay('Z', l)}",
        "eq-previous-layer-dA_prev",
        [_batch("dA", l - 1, dA_prev, "k"), "=", *product],
        (f"Z{l}", f"W{l}"),
        (f"A{l - 1}",),
        f"The sum runs over the units of layer {l}, all of which used the activation.",
        way="backward",
    )


def _unit_letters(row: Sequence[Matrix | str]) -> dict[int, str]:
    """Find the index that runs over the units of each layer, where a step names one."""
    letters: dict[int, str] = {}
    for matrix in row:
        layer = LAYER.search(matrix.name) if isinstance(matrix, Matrix) else None
        if isinstance(matrix, Matrix) and layer and "i" in (matrix.rows, matrix.columns):
            unit = matrix.rows if matrix.columns == "i" else matrix.columns
            letters.setdefault(int(layer[1]), unit)
    return letters


def _loss_label(loss: Loss, what: str) -> str:
    return f"eq-losses-{what}{loss.name.replace('_', '-')}" if loss.name in LOSSES else ""


def _lay(name: str, l: int) -> str:
    return f"{name}^{{[{l}]}}"


def _batch(name: str, l: int, values: Array, unit: str = "j") -> Matrix:
    """Show an array with a row for each unit of layer l and a column for each example."""
    letter = name.lower().removeprefix("d")
    entry = f"∂J/∂{letter}" if name.startswith("d") else letter
    code = name if name == "Y" else f"{name}[{l}]"
    return Matrix(code, (f"n_{l}", "m"), f"{entry}_{{{unit},i}}", unit, "i", values)


def _weights(name: str, l: int, values: Array) -> Matrix:
    entry = "∂J/∂w" if name == "dW" else "w"
    return Matrix(f"{name}[{l}]", (f"n_{l}", f"n_{l - 1}"), f"{entry}_{{j,k}}", "j", "k", values)


def _bias(name: str, l: int, values: Array) -> Matrix:
    entry = "∂J/∂b" if name == "db" else "b"
    return Matrix(f"{name}[{l}]", (f"n_{l}", "1"), f"{entry}_{{j}}", "j", "", values)


def _transposed(matrix: Matrix) -> Matrix:
    """Turn a matrix over; its entries keep their names."""
    return matrix._replace(
        name=f"{matrix.name}.T",
        dims=(matrix.dims[1], matrix.dims[0]),
        rows=matrix.columns,
        columns=matrix.rows,
        values=matrix.values.T,
    )
