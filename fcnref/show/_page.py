"""What surrounds a picture: its style sheet and its script, so that it needs nothing else."""

from functools import cache
from importlib.resources import files

from fcnref._display import Html, tag

__all__ = ["frame"]

SWITCH = tag(
    "button", "Index colors", type="button", class_="fcn-colors", aria_pressed="true", hidden=True
)


def frame(kind: str, label: str, *children: Html) -> Html:
    """Make a picture that stands alone. It has no ids, so that no two pictures can collide."""
    return tag(
        "div",
        tag("style", style_sheet()),
        *children,
        SWITCH,
        tag("script", script()),
        class_=f"fcn {kind}",
        role="group",
        aria_label=label,
    )


@cache
def style_sheet() -> Html:
    """Return the colors of the indices and the style of the pictures."""
    return Html(_asset("indices.css") + _asset("show.css"))


@cache
def script() -> Html:
    """Return the module as a script that runs at once, before the page is painted."""
    body = _asset("show.mjs").replace("export const", "const")
    return Html(f'(() => {{\n"use strict";\n{body}}})();\n')


def _asset(name: str) -> str:
    return files("fcnref.show").joinpath("assets", name).read_text("utf-8")
