"""Pictures that explain: a gradient entry by entry, and a network step by step.

Every function returns a record that a notebook shows as a picture to explore and a terminal shows
as text. A picture is one piece of HTML with its style sheet and its script: it needs no server and
no network, and without JavaScript its matrices and sums are all there.
"""

from fcnref.show._matrices import Matrix
from fcnref.show.products import (
    Product,
    show_dA_prev,
    show_db,
    show_dW,
    show_softmax_dZ,
)
from fcnref.show.steps import NetworkStep, NetworkSteps, show_steps

__all__ = [
    "Matrix",
    "NetworkSteps",
    "Product",
    "NetworkStep",
    "show_dA_prev",
    "show_dW",
    "show_db",
    "show_softmax_dZ",
    "show_steps",
]
