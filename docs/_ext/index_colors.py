"""Which color an index has on a page: by what the notation of the page lets it run over."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fcnref.equations import Notation
from fcnref.equations.expression import Index, Place, Size

__all__ = ["index_classes", "page_indices"]

COLORS: Mapping[Place, str] = {
    Size("m"): "i",
    Size("n", Index("l")): "jp",
    Size("n", Index("l", -1)): "k",
}
"""The colors, by range. Of several letters for the units of this layer, two are told apart."""


def index_classes(ranges: Mapping[str, Place]) -> dict[str, str]:
    """Give every index letter the class of its color.

    Examples
    --------
    >>> index_classes({"s": Size("m"), "o": Size("n", Index("l")), "r": Size("L")})
    {'s': 'fcn-i', 'o': 'fcn-j'}
    """
    left = {place: iter(colors) for place, colors in COLORS.items()}
    given = {letter: next(left[place], None) for letter, place in ranges.items() if place in left}
    return {letter: f"fcn-{color}" for letter, color in given.items() if color}


@cache
def page_indices(page: Path) -> dict[str, str]:
    """Return the classes of the index letters of a page, by its front matter."""
    return index_classes(Notation.load(page).index)
