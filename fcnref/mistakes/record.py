"""What is known about a mistake, and how it is shown."""

import re
import textwrap
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from fcnref._display import Html, html_card, html_code, prose, tag

__all__ = ["PAGES", "Mistake", "family", "mistake_html", "row", "why_lines"]

PAGES: Mapping[str, str] = MappingProxyType(
    {
        "forward": "derivation/forward",
        "loss": "derivation/losses",
        "activation": "derivation/activations",
        "chain": "derivation/previous-layer",
        "dW": "derivation/weights-and-biases",
        "db": "derivation/weights-and-biases",
        "scale": "derivation/losses",
        "penalty": "derivation/regularization",
        "dropout": "derivation/regularization",
        "update": "derivation/whole-network",
    }
)
"""The page that derives the right rule, by slot."""


class Mistake(NamedTuple):
    """One classic mistake.

    Attributes
    ----------
    slug
        Its stable name.
    slot
        What it spoils: the "forward" pass, or a rule of the backward pass, "loss", "activation",
        "chain", "dW", "db", "scale", "penalty", "dropout" or "update".
    sentence
        What is wrong, in one sentence.
    fix
        What to write instead.
    wrong
        The mistake as a line of code, in the names of the derivation; what belongs to the layer
        after is called W_next, dZ_next and so on.
    right
        The same line without it.
    tempting
        Why one writes it.
    sightings
        Public places where somebody did.
    """

    slug: str
    slot: str
    sentence: str
    fix: str
    wrong: str
    right: str
    tempting: str
    sightings: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """The page that derives the right rule."""
        return PAGES[self.slot]

    def __str__(self) -> str:
        lines = [
            f"{self.slug}: {self.sentence}",
            *_in_columns("wrong", self.wrong),
            *_in_columns("right", self.right),
            *why_lines(self),
            f"  fix     {self.fix}",
            f"  page    {self.page}",
            *(f"  seen    {url}" for url in self.sightings),
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        sentence = tag("p", prose(self.sentence), style=TEXT)
        return html_card(self.slug, [sentence, mistake_html(self)], [])


TEXT = "margin: 0.5em 0.4em"


def mistake_html(mistake: Mistake) -> Html:
    """Write the two lines of code, why one writes the wrong one, and the sightings."""
    parts = [
        html_code("wrong", mistake.wrong),
        html_code("right", mistake.right),
        tag("p", prose(mistake.tempting), style=TEXT),
    ]
    if mistake.sightings:
        links = (tag("a", _place(url), href=url) for url in mistake.sightings)
        parts.append(tag("p", "Seen in ", *_listed(links), ".", style=TEXT))
    return Html("".join(parts))


def _in_columns(name: str, text: str) -> list[str]:
    """Write what is known under a short name, line by line, beside it."""
    first, *more = text.split("\n")
    return [f"  {name:8}{first}", *(f"{'':10}{line}" for line in more)]


def why_lines(mistake: Mistake) -> list[str]:
    """Write why one makes a mistake, in lines that a terminal shows whole."""
    return _in_columns("why", textwrap.fill(mistake.tempting, 78))


def _listed(links: Iterable[Html]) -> list[str]:
    listed: list[str] = []
    for link in links:
        listed += [", ", link] if listed else [link]
    return listed


def _place(url: str) -> str:
    """Name a public place by its repository, or by its site."""
    if match := re.match(r"https://github\.com/[^/]+/([^/]+)/(?:issues|pull)/(\d+)", url):
        return f"{match[1]} #{match[2]}"
    if match := re.match(r"https://github\.com/[^/]+/([^/]+)", url):
        return match[1]
    sites = {
        "stackoverflow.com": "Stack Overflow",
        "ai.stackexchange.com": "AI Stack Exchange",
        "datascience.stackexchange.com": "Data Science Stack Exchange",
        "community.deeplearning.ai": "a course forum",
    }
    site = url.split("/")[2]
    return sites.get(site, site)


def row(
    slug: str,
    sentence: str,
    *,
    wrong: str,
    right: str,
    tempting: str,
    fix: str,
    seen: str = "",
) -> Mistake:
    """Note a mistake; a place without a site is one on GitHub."""
    places = tuple(
        place if place.startswith("https://") else f"https://github.com/{place}"
        for place in seen.split()
    )
    return Mistake(slug, "", sentence, fix, wrong, right, tempting, places)


def family(slot: str, *rows: Mistake) -> tuple[Mistake, ...]:
    """Gather the mistakes of one slot."""
    return tuple(mistake._replace(slot=slot) for mistake in rows)
