"""How to cite a page: an entry for BibTeX, made from CITATION.cff."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

CITATION = Path(__file__).resolve().parents[2] / "CITATION.cff"
ENTRY, ITEM = 'role="doc-biblioentry"', 'role="listitem"'
SPECIAL = re.compile(r"[&%$#_{}]")


@cache
def citation() -> dict[str, Any]:
    """Read CITATION.cff."""
    return dict(yaml.safe_load(CITATION.read_text(encoding="utf-8")))


def bibtex(cited: dict[str, Any], title: str, docname: str, year: str, address: str = "") -> str:
    """Write the entry of one page of the work that `cited` describes."""
    fields = {
        "author": " and ".join(map(_author, cited["authors"])),
        "title": f"{{{_plain(title)}}}",
        "howpublished": f"A page of {{{_plain(cited['title'])}}}",
        "year": year,
        "note": f"Version {cited['version']}",
        "url": address,
    }
    rows = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    key = "fcnref" if docname == "index" else f"fcnref-{docname.rpartition('/')[2]}"
    return f"@misc{{{key},\n{rows}\n}}"


def _author(person: dict[str, str]) -> str:
    if "name" in person:
        return f"{{{_plain(person['name'])}}}"
    return f"{_plain(person['family-names'])}, {_plain(person['given-names'])}"


def _plain(text: str) -> str:
    return SPECIAL.sub(r"\\\g<0>", text)


def offer(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Hand the entry to the template at the foot of a page."""
    if doctree:
        # docutils puts the entries into a list, which may hold items only
        context["body"] = context["body"].replace(ENTRY, ITEM)
        base = app.config.html_baseurl
        context["bibtex"] = bibtex(
            citation(),
            app.env.titles[pagename].astext(),
            pagename,
            app.config.copyright[:4],
            f"{base}{app.builder.get_target_uri(pagename)}" if base else "",
        )


def setup(app: Sphinx) -> dict[str, Any]:
    """Write every page anew when what is cited has changed."""
    app.add_config_value("citation", citation(), "html", types=frozenset({dict}))
    app.connect("html-page-context", offer)
    app.add_js_file("citing.js", loading_method="defer")
    app.add_css_file("take-along.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
