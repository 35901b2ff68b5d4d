"""The drawing of a small network, with the part that a step concerns."""

from collections.abc import Iterator, Mapping, Sequence

from fcnref._display import Html, tag

__all__ = ["draw_network"]

GAP = 122
HEIGHT = 40
UNIT = (56, 26)
MARGIN = 44


def draw_network(
    sizes: Sequence[int],
    reads: Sequence[str],
    makes: Sequence[str],
    letters: Mapping[int, str],
    way: str,
    label: str,
) -> Html:
    """Draw the units of all layers and their weights.

    The parts are ``A0``, ``W1``, ``b1``, ``Z1``, ``A1``, ... and ``J``. What a step reads is drawn
    in strong lines, what it makes in stronger ones; units are in the color of the index that runs
    over their layer. The left half of a unit is its z, the right half its a; the stroke above it
    is its bias.
    """
    tallest = max(sizes) * HEIGHT
    width = GAP * len(sizes) + 2 * MARGIN - 20

    def place(l: int, unit: int) -> tuple[int, int]:
        return MARGIN + GAP * l, 24 + (tallest - sizes[l] * HEIGHT) // 2 + HEIGHT * unit + 20

    def mark(part: str, l: int = -1) -> str | None:
        kind = "makes" if part in makes else "reads" if part in reads else None
        return f"{kind} fcn-{letters[l]}" if kind and l in letters else kind

    def weights(l: int) -> Iterator[Html]:
        for k in range(sizes[l - 1]):
            for j in range(sizes[l]):
                (x, y), (x_end, y_end) = place(l - 1, k), place(l, j)
                start = x + (UNIT[0] // 2 if l > 1 else 14)
                end = x_end - UNIT[0] // 2
                yield tag("line", x1=start, y1=y, x2=end, y2=y_end, class_=mark(f"W{l}"))

    def units(l: int) -> Iterator[Html]:
        for j in range(sizes[l]):
            x, y = place(l, j)
            top = y - UNIT[1] // 2
            if l == 0:
                yield _box(x - 14, top, 28, mark("A0", 0))
                yield _text(x, y + 4, "a")
            else:
                half = UNIT[0] // 2
                bias = {"x1": x - half // 2, "y1": top - 7, "x2": x - half // 2, "y2": top}
                yield tag("line", **bias, class_=mark(f"b{l}", l))
                yield _box(x - half, top, half, mark(f"Z{l}", l))
                yield _box(x, top, half, mark(f"A{l}", l))
                yield _text(x - half // 2, y + 4, "z")
                yield _text(x + half // 2, y + 4, "a")

    L = len(sizes) - 1
    layers = range(L + 1)
    x_loss, y_loss = MARGIN + GAP * (L + 1) - 40, 24 + tallest // 2
    ends = [place(L, j) for j in range(sizes[L])]
    to_loss = [
        tag("line", x1=x + UNIT[0] // 2, y1=y, x2=x_loss - 14, y2=y_loss, class_=mark("J"))
        for x, y in ends
    ]
    return tag(
        "svg",
        _text(width // 2, 14, "forward →" if way == "forward" else "← backward"),
        *(line for l in layers[1:] for line in weights(l)),
        *to_loss,
        *(box for l in layers for box in units(l)),
        _box(x_loss - 14, y_loss - UNIT[1] // 2, 28, mark("J")),
        _text(x_loss, y_loss + 4, "J"),
        *(_text(place(l, 0)[0], tallest + 40, *_name(l, letters.get(l))) for l in layers),
        viewBox=f"0 0 {width} {tallest + 50}",
        role="img",
        aria_label=label,
    )


def _box(x: int, y: int, width: int, mark: str | None) -> Html:
    return tag("rect", x=x, y=y, width=width, height=UNIT[1], rx=3, class_=mark)


def _text(x: int, y: int, *parts: str) -> Html:
    return tag("text", *parts, x=x, y=y)


def _name(l: int, letter: str | None) -> list[str]:
    """Name a layer, and the index that runs over its units in this step."""
    name = f"layer {l}" if l else "input"
    return [f"{name}, unit ", tag("tspan", letter, class_=f"fcn-{letter}")] if letter else [name]
