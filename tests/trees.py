"""Records of arrays, and records of records: what goes into the functions and comes out of them."""

from collections.abc import Callable
from typing import Any

import numpy as np


def mapped(f: Callable[[Any], Any], tree: Any, kind: type = np.ndarray) -> Any:
    """Apply `f` to every array, through tuples, records and keyword arguments."""
    if isinstance(tree, kind):
        return f(tree)
    if isinstance(tree, dict):
        return {key: mapped(f, value, kind) for key, value in tree.items()}
    if isinstance(tree, tuple):
        children = [mapped(f, child, kind) for child in tree]
        return type(tree)(*children) if hasattr(tree, "_fields") else tuple(children)
    return tree


def leaves(tree: Any) -> list[Any]:
    """All that is no tuple, record or dictionary, in order."""
    if isinstance(tree, dict):
        tree = tuple(tree.values())
    return [leaf for child in tree for leaf in leaves(child)] if isinstance(tree, tuple) else [tree]
