"""Let a docstring name a function of another module by its short name, `affine_backward`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sphinx.util.nodes import make_refnode

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.Element
) -> nodes.reference | None:
    """Find the one object of the package that ends in the name, if there is just one."""
    if node.get("refdomain") != "py":
        return None
    domain = env.domains.python_domain
    short = node["reftarget"].removeprefix("fcnref.")
    found = [
        (name, entry)
        for name, entry in domain.objects.items()
        if name.startswith("fcnref.") and name.endswith(f".{short}") and not entry.aliased
    ]
    if len(found) != 1:
        return None
    [(name, entry)] = found
    return make_refnode(
        app.builder, node["refdoc"], entry.docname, entry.node_id, contnode, title=name
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the search."""
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
