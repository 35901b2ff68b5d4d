"""The value of an expression in a network, for one assignment of its letters.

`scope` holds the one way to evaluate and what can go wrong; each other room adds the values of some
kinds of expressions to it.
"""

from fcnref.equations.value import (  # noqa: F401, each registers the kinds it evaluates
    arithmetic,
    averages,
    derivatives,
    functions,
    matrices,
    series,
    stored,
)
from fcnref.equations.value.arithmetic import sized
from fcnref.equations.value.functions import own_activation
from fcnref.equations.value.matrices import claimed_shape
from fcnref.equations.value.scope import (
    Fault,
    IndexFault,
    NoLayer,
    NoMeaning,
    Scope,
    ShapeFault,
    TooLong,
    Varies,
    evaluate,
    shape_of,
)
from fcnref.equations.value.series import holds

__all__ = [
    "Fault",
    "IndexFault",
    "NoLayer",
    "NoMeaning",
    "Scope",
    "ShapeFault",
    "TooLong",
    "Varies",
    "claimed_shape",
    "evaluate",
    "holds",
    "own_activation",
    "shape_of",
    "sized",
]
