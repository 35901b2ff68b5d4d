"""What a published site has beside its pages: a sitemap, and an answer to wrong addresses.

Both depend on the address of the site, ``html_baseurl``. Without one there is no sitemap, whose
entries have to be whole addresses, and the page for wrong addresses expects the site at the root.

sphinx-sitemap lists the pages that a build has written and no others. sphinx-notfound-page leaves
the navigation of this theme as it is, so that its links would start from the wrong address.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

AT_THE_ROOT = """
<script>
if (location.protocol !== "file:")
  document.head.append(Object.assign(document.createElement("base"), { href: "/" }));
</script>"""

NO_INDEX = '<meta name="robots" content="noindex">'


def base_tag(address: str) -> str:
    """Have the links of a page start from the root of the site, whatever its address."""
    return f'\n<base href="{escape(urlsplit(address).path or "/")}">' if address else AT_THE_ROOT


def not_found(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: nodes.document
) -> None:
    """Prepare the page that a server shows at any address, at any depth."""
    if pagename == "404":
        context["metatags"] = base_tag(app.config.html_baseurl) + NO_INDEX


def sitemap(base: str, addresses: list[str]) -> str:
    """Write the list of all pages for search engines."""
    entries = "".join(f"<url><loc>{escape(base + address)}</loc></url>\n" for address in addresses)
    schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return f'{head}<urlset xmlns="{schema}">\n{entries}</urlset>\n'


def write_sitemap(app: Sphinx, error: Exception | None) -> None:
    """Write the sitemap if the site has an address."""
    if base := "" if error or app.builder.format != "html" else app.config.html_baseurl:
        pages = [app.builder.get_target_uri(docname) for docname in sorted(app.env.found_docs)]
        Path(app.outdir, "sitemap.xml").write_text(sitemap(base, pages), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register both."""
    app.connect("html-page-context", not_found, priority=900)
    app.connect("build-finished", write_sitemap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
