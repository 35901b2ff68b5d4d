"""Check the equations of pages from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fcnref.equations.checking import check_page
from fcnref.equations.declarations import NotationError
from fcnref.equations.notation import BUNDLED, Notation
from fcnref.equations.page import read_tex_macros
from fcnref.equations.verdict import Verdict, totals


def main(argv: Sequence[str] | None = None) -> int:
    """Check pages and report; return 0 if all pass, 1 if one fails, 2 if none can be read.

    Parameters
    ----------
    argv
        The arguments of the command; those of the process where there are none.
    """
    parser = argparse.ArgumentParser(
        prog="fcnref check-equations",
        description="Evaluate the equations that a page prints, on random networks.",
    )
    parser.add_argument("pages", nargs="+", metavar="PAGE", help=".md, .ipynb or .tex")
    parser.add_argument(
        "--notation",
        metavar="NAME_OR_FILE",
        help=f"a TOML file, or one of {', '.join(BUNDLED)}; the page's front matter is added",
    )
    parser.add_argument(
        "--strict", action="store_true", help="fail where a display is not read, labelled or not"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="list what passes, and formulas in sentences"
    )
    parser.add_argument(
        "--summary", action="store_true", help="print one line of figures for all pages together"
    )
    parser.add_argument(
        "--macros",
        metavar="CONF",
        type=Path,
        help="a Sphinx conf.py whose tex_macros the pages use",
    )
    options = parser.parse_args(argv)
    try:
        notation = _notation(options.notation)
        if options.macros is not None:
            macros = read_tex_macros(options.macros)
            notation = (notation or Notation()).extend({"macros": macros})
        reports = [(page, check_page(Path(page), notation)) for page in options.pages]
    except (NotationError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    failing = 0
    for page, verdicts in reports:
        failing += _report(page, verdicts, strict=options.strict, verbose=options.verbose)
    if options.summary:
        sys.stdout.write(totals(v for _, verdicts in reports for v in verdicts) + "\n")
    return 1 if failing else 0


def _notation(name: str | None) -> Notation | None:
    if name is None:
        return None
    return Notation.bundled(name) if name in BUNDLED else Notation.load(name)


def _report(page: str, verdicts: Sequence[Verdict], *, strict: bool, verbose: bool) -> int:
    """Print the report on one page and return how many statements fail."""
    failing = 0
    for verdict in verdicts:
        unread = strict and verdict.status == "not read" and not verdict.inline
        fails = verdict.fails or unread
        failing += fails
        shown = fails or (not verdict.inline and verdict.status == "not read")
        if shown or verbose:
            sys.stdout.write(f"{page}:{verdict}\n")
    counts: dict[str, int] = {}
    for verdict in verdicts:
        if not verdict.inline or verdict.status != "not read":
            counts[verdict.status] = counts.get(verdict.status, 0) + 1
    told = ", ".join(f"{count} {status}" for status, count in counts.items()) or "nothing to check"
    sys.stdout.write(f"{page}: {told}\n")
    return failing


if __name__ == "__main__":
    sys.exit(main())
