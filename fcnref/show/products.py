"""The matrix explorer: a gradient as a product of matrices, entry by entry.

In a notebook, pointing at an entry of the result lights up the row and the column that make it
and writes the sum out; pointing at an entry of a factor lights up all that it goes into.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from fcnref._arrays import Batch, BatchPrev, Weights
from fcnref._display import MINUS, Html, number, tag
from fcnref.activations import softmax_backward, softmax_jacobian
from fcnref.affine import affine_backward_input, affine_backward_parameters
from fcnref.show._matrices import At, Matrix, check_size, crossing, equation_row, text_row
from fcnref.show._notation import index_number, math, plain
from fcnref.show._page import frame

__all__ = ["Product", "show_dA_prev", "show_dW", "show_db", "show_softmax_dZ"]

DZ = "∂J/∂z_{j,i}"


class Product(NamedTuple):
    """A gradient, each entry of which is a sum of products.

    Attributes
    ----------
    code
        The line that computes it.
    result
        The gradient.
    factors
        The matrices that it is made of: one of each tuple for each entry.
    summed
        The index that is summed.
    digits
        How many digits after the point are shown.
    """

    code: str
    result: Matrix
    factors: tuple[tuple[Matrix, ...], ...]
    summed: str
    digits: int

    def terms(self, at: At) -> list[tuple[int, tuple[float, ...]]]:
        """List what is summed for the entry with these indices: the index, and the factors."""
        return [
            (n, tuple(_holding(blocks, {**at, self.summed: n}) for blocks in self.factors))
            for n in range(1, self._count() + 1)
        ]

    def sentence(self, at: At) -> str:
        """Write the sum out for the entry with these indices, in numbers."""
        sign, terms, total = self._numbers(at)
        return f"{plain(self.result.symbol(at))} {sign} {' + '.join(terms)} {sign} {total}"

    def __repr__(self) -> str:
        return "\n".join(
            [self.code, "", text_row(self._row(), self.digits), "", self.sentence(self._worked())]
        )

    def _repr_html_(self) -> str:
        written = tag("ol", *(tag("li", text) for text in self._explanations()))
        return frame(
            "fcn-explorer",
            f"{self.code}, entry by entry",
            tag(
                "p",
                tag("code", self.code),
                tag(
                    "span",
                    "Point at an entry, or tap it, or move with the arrow keys.",
                    hidden=True,
                ),
                class_="fcn-bar",
            ),
            self._matrices(),
            tag("p", self._sum(self._worked()), class_="fcn-said", aria_live="polite"),
            tag("details", tag("summary", "Every entry in words"), written),
        )

    def _matrices(self) -> Html:
        alone = [blocks[0] for blocks in self.factors if len(blocks) == 1]
        crossed = len(alone) == len(self.factors) and crossing(self.result, alone, self.digits)
        return crossed or equation_row(self._row(), self.digits)

    def _row(self) -> list[Matrix | str]:
        row: list[Matrix | str] = [self.result, "="]
        for blocks in self.factors:
            row += blocks
        return row

    def _count(self) -> int:
        first = self.factors[0][0]
        height, width = first.values.shape
        return int(height if first.rows == self.summed else width)

    def _worked(self) -> At:
        """Choose the entry that is worked out before anybody points at one."""
        return self.result.at(min(1, len(self.result.values) - 1), 0)

    def _numbers(self, at: At) -> tuple[str, list[str], str]:
        """Write the terms and the total, and whether what is written is exact."""
        terms = self.terms(at)
        shown = [_times(values, self.digits) for _, values in terms]
        value = self.result.value(at)
        total = number(value, self.digits)
        printed = [*(x for _, xs in terms for x in xs), value]
        return _equals(printed, self.digits), shown, total

    def _sum(self, at: At) -> Html:
        """Write the entry of the result with these indices: in symbols, then in numbers."""
        sign, terms, total = self._numbers(at)
        factors = " ".join(blocks[0].symbol(at) for blocks in self.factors)
        s = self.summed
        bounds = tag(
            "span",
            tag("small", str(self._count())),
            "Σ",
            tag("small", index_number(s, s), " = 1"),
            class_="fcn-sum",
            role="img",
            aria_label=f"the sum over {s} from 1 to {self._count()} of",
        )
        numbers: list[Html] = []
        for (n, _), term in zip(self.terms(at), terms, strict=True):
            numbers += [Html(" + ")] if numbers else []
            name = [index_number(s, s), Html(" = "), index_number(s, n)]
            index = tag("small", *name, aria_hidden="true")
            numbers.append(tag("span", term, index, class_="fcn-term"))
        end = tag("span", f"{sign} ", tag("strong", total), class_="fcn-total")
        symbols = f"{math(self.result.symbol(at))} = {bounds} {math(factors)}"
        return Html(f"{symbols}<br>{sign} {''.join(numbers)} {end}")

    def _explanations(self) -> Iterator[Html]:
        """Explain every entry, in the order of the tables."""
        for at in self.result.places():
            yield self._sum(at)
        for blocks in self.factors:
            for matrix in blocks:
                for at in matrix.places():
                    yield self._influence(matrix, at)

    def _influence(self, matrix: Matrix, at: At) -> Html:
        """Say which entries of the result an entry of a factor goes into."""
        value = matrix.value(at)
        sign = _equals([value], self.digits)
        here = f"{math(matrix.symbol(at))} {sign} {number(value, self.digits)}"
        reached = [end for end in self.result.places() if _agree(at, end)]
        uses = []
        for end in reached:
            values = [_holding(blocks, {**at, **end}) for blocks in self.factors]
            uses.append(f"{_times(values, self.digits)} to {math(self.result.symbol(end))}")
        what = "1 entry" if len(uses) == 1 else f"{len(uses)} entries"
        return Html(f"{here} is in the sums of {what}. It brings {', '.join(uses)}.")


def show_dW(dZ: Batch, A_prev: BatchPrev, digits: int = 2) -> Product:
    """Show the gradient of the weights as a product, entry by entry.

    Shows :eq:`eq-weights-and-biases-dW`. The numbers are those of `affine_backward_parameters`.

    Parameters
    ----------
    dZ
        Gradient of the loss by the pre-activations Z.
    A_prev
        Activations of the previous layer.
    digits
        How many digits after the point are shown.

    Returns
    -------
    Product
        A picture to explore in a notebook, and text in a terminal.

    Raises
    ------
    ValueError
        If a shape does not fit, or an array has more than 12 rows or columns.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.show import show_dW
    >>> show_dW(np.array([[0.5, -1.0]]), A_prev=np.array([[2.0, 1.0], [0.0, 3.0]]), digits=1)
    dW = dZ @ A_prev.T
    <BLANKLINE>
    dW              dZ          A_prev.T
    (1, 2)          (1, 2)      (2, 2)
    [ 0.0 −3.0]  =  [ 0.5 −1.0]  [2.0 0.0]
                                 [1.0 3.0]
    <BLANKLINE>
    ∂J/∂w[1,1] = 0.5 × 2.0 + (−1.0) × 1.0 = 0.0
    """
    dW = affine_backward_parameters(dZ, A_prev).dW
    check_size("show_dW", dZ=dZ, A_prev=A_prev)
    return Product(
        "dW = dZ @ A_prev.T",
        Matrix("dW", ("n", "n_prev"), "∂J/∂w_{j,k}", "j", "k", dW),
        (
            (Matrix("dZ", ("n", "m"), DZ, "j", "i", dZ),),
            (Matrix("A_prev.T", ("m", "n_prev"), "a_{k,i}", "i", "k", A_prev.T),),
        ),
        "i",
        digits,
    )


def show_db(dZ: Batch, digits: int = 2) -> Product:
    """Show the gradient of the bias as a sum over the examples, entry by entry.

    Shows :eq:`eq-weights-and-biases-db`. The numbers are those of `affine_backward_parameters`.

    Parameters
    ----------
    dZ
        Gradient of the loss by the pre-activations Z.
    digits
        How many digits after the point are shown.

    Returns
    -------
    Product
        A picture to explore in a notebook, and text in a terminal.

    Raises
    ------
    ValueError
        If dZ is no matrix, or has more than 12 rows or columns.
    TypeError
        If dZ is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.show import show_db
    >>> print(show_db(np.array([[0.5, -1.0, 2.0]])).sentence({"j": 1}))
    ∂J/∂b[1] = 0.50 + (−1.00) + 2.00 = 1.50
    """
    db = affine_backward_parameters(dZ, dZ).db
    check_size("show_db", dZ=dZ)
    return Product(
        "db = np.sum(dZ, axis=1, keepdims=True)",
        Matrix("db", ("n", "1"), "∂J/∂b_{j}", "j", "", db),
        ((Matrix("dZ", ("n", "m"), DZ, "j", "i", dZ),),),
        "i",
        digits,
    )


def show_dA_prev(dZ: Batch, W: Weights, digits: int = 2) -> Product:
    """Show the gradient of the previous activations as a product, entry by entry.

    Shows :eq:`eq-previous-layer-dA_prev`. The numbers are those of `affine_backward_input`.

    Parameters
    ----------
    dZ
        Gradient of the loss by the pre-activations Z.
    W
        Weights that the forward pass used.
    digits
        How many digits after the point are shown.

    Returns
    -------
    Product
        A picture to explore in a notebook, and text in a terminal.

    Raises
    ------
    ValueError
        If a shape does not fit, or an array has more than 12 rows or columns.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.show import show_dA_prev
    >>> product = show_dA_prev(np.array([[1.0], [2.0]]), W=np.array([[0.5], [-1.0]]))
    >>> product.sentence({"k": 1, "i": 1})
    '∂J/∂a[1,1] = 0.50 × 1.00 + (−1.00) × 2.00 = −1.50'
    """
    dA_prev = affine_backward_input(dZ, W)
    check_size("show_dA_prev", dZ=dZ, W=W)
    return Product(
        "dA_prev = W.T @ dZ",
        Matrix("dA_prev", ("n_prev", "m"), "∂J/∂a_{k,i}", "k", "i", dA_prev),
        (
            (Matrix("W.T", ("n_prev", "n"), "w_{j,k}", "k", "j", W.T),),
            (Matrix("dZ", ("n", "m"), DZ, "j", "i", dZ),),
        ),
        "j",
        digits,
    )


def show_softmax_dZ(dA: Batch, Z: Batch, digits: int = 2) -> Product:
    """Show the gradient of the pre-activations of a softmax, entry by entry.

    Shows :eq:`eq-activations-dZ-column`: column i of dA is multiplied by the transposed Jacobian
    of example i. The numbers are those of `softmax_backward` and `softmax_jacobian`.

    Parameters
    ----------
    dA
        Gradient of the loss by the activations A = softmax(Z).
    Z
        Pre-activations.
    digits
        How many digits after the point are shown.

    Returns
    -------
    Product
        A picture to explore in a notebook, and text in a terminal.

    Raises
    ------
    ValueError
        If a shape does not fit, or an array has more than 12 rows or columns.
    TypeError
        If an argument is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from fcnref.show import show_softmax_dZ
    >>> product = show_softmax_dZ(np.array([[1.0], [3.0]]), Z=np.zeros((2, 1)))
    >>> product.sentence({"j": 1, "i": 1})
    '∂J/∂z[1,1] = 0.25 × 1.00 + (−0.25) × 3.00 = −0.50'
    """
    dZ = softmax_backward(dA, Z)
    check_size("show_softmax_dZ", dA=dA, Z=Z)
    columns = [Z[:, i : i + 1] for i in range(Z.shape[1])]
    return Product(
        "dZ[:, [i]] = softmax_jacobian(Z[:, [i]]).T @ dA[:, [i]]",
        Matrix("dZ", ("n", "m"), DZ, "j", "i", dZ),
        (
            tuple(
                Matrix(
                    "softmax_jacobian(z).T",
                    ("n", "n"),
                    "∂a_{p,i}/∂z_{j,i}",
                    "j",
                    "p",
                    softmax_jacobian(z).T,
                    {"i": i},
                )
                for i, z in enumerate(columns, start=1)
            ),
            (Matrix("dA", ("n", "m"), "∂J/∂a_{p,i}", "p", "i", dA),),
        ),
        "p",
        digits,
    )


def _holding(blocks: Sequence[Matrix], at: At) -> float:
    return next(matrix.value(at) for matrix in blocks if matrix.holds(at))


def _agree(one: At, other: At) -> bool:
    return all(one[letter] == other[letter] for letter in one if letter in other)


def _times(values: Sequence[float], digits: int) -> str:
    written = [number(x, digits) for x in values]
    return " × ".join(f"({x})" if x[0] == MINUS else x for x in written)


def _equals(values: Sequence[float], digits: int) -> str:
    """Choose the sign that is true of these numbers as they are printed."""
    printed = [float(number(x, digits).replace(MINUS, "-")) for x in values]
    exact = np.allclose(printed, values, rtol=1e-12, atol=1e-12, equal_nan=True)
    return "=" if exact else "≈"
