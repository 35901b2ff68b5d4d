"""The typefaces of the site, in the style sheets themselves, so that nothing moves on a page.

A typeface that arrives after the text moves the text. What every page needs is therefore part of
``fonts.css`` and ``katex.css``, which a browser has before it draws anything and keeps for the
next page; rare alphabets stay in files of their own.
"""

from __future__ import annotations

import json
import re
import shutil
import string
from base64 import b64encode
from io import BytesIO
from pathlib import Path

TEXT = {
    "source-serif-4": ("Source Serif", ["400-normal", "400-italic", "600-normal"]),
    "source-sans-3": ("Source Sans", ["400-normal", "600-normal"]),
    "source-code-pro": ("Source Code", ["400-normal"]),
}
RARE = {"source-serif-4": ["greek", "latin-ext"]}
WEIGHTS = {"400": "200 500", "600": "600 900"}  # the range that a face stands for

FEATURES = ["kern", "liga", "lnum", "onum", "pnum", "tnum", "ccmp", "locl", "mark", "mkmk"]

# What a formula is made of on nearly every page.
FORMULAS = {"Main-Regular", "Math-Italic", "Main-Bold", "AMS-Regular", "SansSerif-Regular"}
FORMULAS |= {f"Size{n}-Regular" for n in range(1, 5)}

# Of these only the letters are taken, which stand under KaTeX's classes.
LETTERS = set(string.ascii_letters + string.digits)
ONLY = {"AMS-Regular": LETTERS, "Main-Bold": LETTERS, "SansSerif-Regular": LETTERS}
FACES = "amsrm|mathbb|mathbf|textbf|mathsf|textsf"
CLASSES = re.compile(rf'class="[^"]*\b(?:{FACES})\b[^"]*"[^>]*>([^<]+)<')


def missing_letters(html: str) -> set[str]:
    """Return what a rendered formula shows in a typeface that was reduced to its letters."""
    shown = "".join(CLASSES.findall(html))
    return set(shown) - LETTERS - set("\u200b\xa0 ")


def reduced(font: Path, characters: set[str] | None = None) -> bytes:
    """Return a font with these characters, or all of its own, and nothing that the site ignores.

    Of its names it keeps what says whose it is and under which license; an altered font may not
    go by a reserved name.
    """
    # Loaded here: it takes its time, and most builds have the typefaces of the last one.
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    face = TTFont(font, recalcTimestamp=False)
    options = Options()
    options.flavor = face.flavor
    options.hinting = False
    options.layout_features = FEATURES
    options.name_IDs = [0, 13, 14]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=map(ord, characters) if characters else face.getBestCmap())
    subsetter.subset(face)
    packed = BytesIO()
    face.save(packed)
    return packed.getvalue()


def inline(font: bytes) -> str:
    """Write a font as an address that holds it."""
    return f"data:font/woff2;base64,{b64encode(font).decode()}"


def write_katex(source: Path, target: Path) -> None:
    """Write KaTeX's style sheet with the common typefaces in it, and the others beside it."""
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    css = (source / "katex.min.css").read_text("utf-8")
    # Every browser that the site is made for reads woff2; the other formats stay behind.
    css = re.sub(r',url\(fonts/[^)]+\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)', "", css)
    for font in sorted((source / "fonts").glob("*.woff2")):
        name = font.stem.removeprefix("KaTeX_")
        if name in FORMULAS:
            data = inline(reduced(font, ONLY.get(name)))
            css = css.replace(f"url(fonts/{font.name})", f"url({data})")
        else:
            shutil.copy(font, target / "fonts")
    (target / "katex.css").write_text(css, "utf-8")


def write_text(source: Path, target: Path) -> None:
    """Write the style sheet of the text faces."""
    target.mkdir(parents=True, exist_ok=True)
    rules = []
    for package, (family, faces) in TEXT.items():
        home = source / package
        ranges = json.loads((home / "unicode.json").read_text("utf-8"))
        for face in faces:
            for script in ["latin", *RARE.get(package, [])]:
                file = home / "files" / f"{package}-{script}-{face}.woff2"
                weight, style = face.split("-")
                if script == "latin":
                    address = inline(reduced(file))
                else:
                    address = Path(shutil.copy(file, target)).name
                rules.append(
                    f'@font-face{{font-family:"{family}";font-style:{style};font-display:block;'
                    f'font-weight:{WEIGHTS[weight]};src:url({address}) format("woff2");'
                    f"unicode-range:{ranges[script]}}}"
                )
    (target / "fonts.css").write_text("\n".join(rules) + "\n", "utf-8")
