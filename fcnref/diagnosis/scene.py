"""Everything a backward pass could have laid its hands on: the tensors of the forward pass, named.

A wrong rule is nearly always a right one with another tensor in it. The scene holds the tensors,
so that the grammar of mistakes can put each of them where it fits.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from fcnref._arrays import Array
from fcnref.activations import sigmoid, softmax
from fcnref.losses import Loss
from fcnref.problem import Pass, Problem, data_loss, forward_pass
from fcnref.regularization import (
    l1_penalty_grad,
    l2_coefficient,
    l2_penalty_grad,
    norm_penalty_grad,
)

__all__ = ["Scene", "Seen", "scene_of"]

FUSED_PAIRS = {
    ("binary_cross_entropy", "sigmoid"),
    ("cross_entropy", "softmax"),
    ("sigmoid_cross_entropy", "identity"),
    ("softmax_cross_entropy", "identity"),
}


class Seen(NamedTuple):
    """What a backward pass holds when it comes to layer l: the gradients above, as it has them.

    Gradients here are per example: the 1/m of a mean is applied where dW and db are formed.
    """

    dA: dict[int, Array]
    dZ: dict[int, Array]
    dW: dict[int, Array]


@dataclass(frozen=True, eq=False)
class Scene:
    """A problem, its forward pass, and the constants that belong into its backward pass."""

    problem: Problem
    run: Pass

    @property
    def L(self) -> int:
        """The number of layers."""
        return self.problem.L

    @property
    def m(self) -> int:
        """The number of examples."""
        return self.problem.m

    @cached_property
    def n(self) -> tuple[int, ...]:
        """The widths n_0, ..., n_L."""
        return self.problem.sizes

    @property
    def Y(self) -> Array:
        """The targets."""
        return self.problem.Y

    @property
    def averaging(self) -> float:
        """The 1/m of a mean over the examples, 1 for a sum."""
        return 1.0 if self.problem.reduction == "sum" else 1.0 / self.m

    @cached_property
    def per_output(self) -> float:
        """The 1/n_L of a mean over the output units, 1 where there is none."""
        divided = self.problem.per_output or self.kind == "mean_squared_error"
        return 1.0 / self.n[-1] if divided else 1.0

    @cached_property
    def value(self) -> float:
        """The loss of the data, J without the penalty."""
        return float(data_loss(self.problem, self.run.A[-1]))

    @property
    def kind(self) -> str:
        """The name of the loss."""
        return self.problem.kind

    @cached_property
    def fused(self) -> bool:
        """Whether dZ[L] = A[L] - Y is right."""
        return (self.kind, self.problem.layers[-1].activation.name) in FUSED_PAIRS

    def activation(self, l: int) -> str:
        """The activation of layer l; before a loss on logits, the one inside the loss."""
        inside = {"sigmoid_cross_entropy": "sigmoid", "softmax_cross_entropy": "softmax"}
        if l == self.L and self.kind in inside:
            return inside[self.kind]
        return self.problem.layers[l - 1].activation.name

    def W(self, l: int) -> Array:
        """The weights of layer l."""
        return self.problem.layers[l - 1].W

    def b(self, l: int) -> Array:
        """The bias of layer l."""
        return self.problem.layers[l - 1].b

    def Z(self, l: int) -> Array:
        """The pre-activations of layer l; Z[0] is X."""
        return self.run.Z[l]

    def H(self, l: int) -> Array:
        """Activations before dropout; before a loss on logits, the probabilities."""
        return self.output if l == self.L else self.run.H[l]

    def A(self, l: int) -> Array:
        """What layer l + 1 sees."""
        return self.output if l == self.L else self.run.A[l]

    @cached_property
    def output(self) -> Array:
        """The output A[L], probabilities where the loss takes logits."""
        if self.kind == "sigmoid_cross_entropy":
            return sigmoid(self.run.A[-1])
        if self.kind == "softmax_cross_entropy":
            return softmax(self.run.A[-1])
        return self.run.A[-1]

    @cached_property
    def dA_L(self) -> Array:
        """The right gradient by the output, per example."""
        if self.kind == "sigmoid_cross_entropy":
            return self.per_output * (-self.Y / self.output + (1 - self.Y) / (1 - self.output))
        if self.kind == "softmax_cross_entropy":
            return -self.per_output * self.Y / self.output
        return self._loss_grad(self.run.A[-1])

    @cached_property
    def fused_dZ_L(self) -> Array:
        """A[L] - Y, what a fused loss makes of dZ[L]."""
        if self.kind in {"sigmoid_cross_entropy", "softmax_cross_entropy"}:
            return self._loss_grad(self.run.A[-1])
        return self.per_output * (self.output - self.Y)

    def backward(self, l: int, dA: Array) -> Array:
        """The right rule of the activation of layer l."""
        if l == self.L and self.kind in {"sigmoid_cross_entropy", "softmax_cross_entropy"}:
            if self.kind == "sigmoid_cross_entropy":
                return dA * self.output * (1 - self.output)
            along: Array = np.sum(dA * self.output, axis=0, keepdims=True)
            return self.output * (dA - along)
        activation = self.problem.layers[l - 1].activation
        return activation.backward(dA, self.run.Z[l] if activation.reads == "Z" else self.run.H[l])

    @cached_property
    def elementwise(self) -> tuple[bool, ...]:
        """Whether the activation of each layer acts entry by entry, by layer; [0] is unused."""
        names = [self.activation(l) for l in range(1, self.L + 1)]
        return (True, *(name not in {"softmax", "log_softmax", "layer_norm"} for name in names))

    def mask(self, l: int) -> Array | None:
        """The dropout mask of layer l, if it has one."""
        return self.problem.masks.get(l)

    def masked(self, l: int, dA: Array) -> Array:
        """What is left of a gradient that is handed down to layer l, behind its dropout mask."""
        mask = self.mask(l)
        return dA if mask is None else dA * mask

    def keep(self, l: int) -> float:
        """The share of units that dropout keeps in layer l."""
        return 1.0 / float(np.max(self.problem.masks[l]))

    def slope(self, l: int) -> float:
        """The slope of a leaky ReLU, read off the activation itself."""
        one = np.array([[-1.0]])
        return -float(self.problem.layers[l - 1].activation.forward(one)[0, 0])

    def penalty_grad(self, l: int) -> Array:
        """The right contribution of the penalty to dW[l]."""
        return self._penalty_grads[l - 1]

    @cached_property
    def _penalty_grads(self) -> list[Array]:
        return [self._penalty_grad(l) for l in range(1, self.L + 1)]

    def _penalty_grad(self, l: int) -> Array:
        l2, scaling, l1, l1_scaling, norm, _ = self.problem.penalty
        total = np.zeros_like(self.W(l))
        if l2:
            total = total + l2_penalty_grad(self.W(l), l2_coefficient(l2, scaling, self.m))
        if l1:
            total = total + l1_penalty_grad(
                self.W(l), l1 / self.m if l1_scaling == "lambda/m" else l1
            )
        return total + norm_penalty_grad(self.W(l), norm) if norm else total

    def penalty_grad_b(self, l: int) -> Array:
        """The right contribution of the penalty to db[l]."""
        l2, scaling, *_, on_bias = self.problem.penalty
        coefficient = l2_coefficient(l2, scaling, self.m) if on_bias else 0.0
        return l2_penalty_grad(self.b(l), coefficient)

    def _loss_grad(self, A: Array) -> Array:
        loss = self.problem.loss
        assert isinstance(loss, Loss)
        return self.problem.scale * loss.grad(A, self.Y) / self.averaging


def scene_of(problem: Problem) -> Scene:
    """Run the forward pass of a problem and set the scene."""
    return Scene(problem, forward_pass(problem))
