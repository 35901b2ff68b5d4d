"""Names of equations: ``:title:`` on a math directive, and ``:also:`` for what others call it.

The domain of mathematics keeps a labelled equation under its number alone. Here it gets a name as
well, under which the search and the inventory of the site list it like a function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.domains import ObjType
from sphinx.domains.math import MathDomain
from sphinx.util import logging

from fcnref.equations.sphinx import CheckedMath

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger(__name__)


class Equation(NamedTuple):
    """A labelled equation and what it is called."""

    label: str
    docname: str
    anchor: str
    title: str
    also: tuple[str, ...]
    tex: str
    wrong: bool


class NamedMath(CheckedMath):
    """The math directive with a name for the equation, and further names."""

    option_spec: ClassVar = {
        **CheckedMath.option_spec,
        "title": directives.unchanged_required,
        "also": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Leave the names on the block."""
        made = super().run()
        for part in made:
            for block in part.findall(nodes.math_block):
                block["title"] = self.options.get("title", "")
                block["also"] = self.options.get("also", "")
        return made


class NamedEquations(MathDomain):
    """The domain of mathematics, with the names."""

    object_types: ClassVar = {"formula": ObjType("equation", "eq")}
    initial_data: ClassVar = {**MathDomain.initial_data, "named": {}}
    data_version = MathDomain.data_version + 1

    @property
    def named(self) -> dict[str, Equation]:
        """All labelled equations by their labels."""
        found: dict[str, Equation] = self.data.setdefault("named", {})
        return found

    def process_doc(
        self,
        env: BuildEnvironment,  # noqa: ARG002 - what every domain is handed
        docname: str,
        document: nodes.document,
    ) -> None:
        """Take note of every labelled equation of a page; each must have a name."""
        for block in document.findall(nodes.math_block):
            if not (label := block.get("label")):
                continue
            title = block.get("title", "")
            if not title:
                logger.warning("equation %s has no :title:", label, location=block, type="page")
            also = tuple(name.strip() for name in block.get("also", "").split(";") if name.strip())
            anchor = nodes.make_id(f"equation-{label}")
            wrong = "wrong" in block["classes"]
            self.named[label] = Equation(label, docname, anchor, title, also, block.astext(), wrong)

    def clear_doc(self, docname: str) -> None:
        """Forget a page that is read anew."""
        super().clear_doc(docname)
        for label in [e.label for e in self.named.values() if e.docname == docname]:
            del self.named[label]

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Take over what another process has read."""
        super().merge_domaindata(docnames, otherdata)
        self.named.update(
            {label: e for label, e in otherdata["named"].items() if e.docname in docnames}
        )

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """List every equation under each of its names."""
        for label, docname, anchor, title, also, *_ in self.named.values():
            yield label, title or label, "formula", docname, anchor, 0
            for number, name in enumerate(also, start=1):
                yield f"{label}-{number}", name, "formula", docname, anchor, 0

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:  # noqa: A002, ARG002, as Sphinx calls it
        """Call an equation so; "mathematics equation" would be found by the word "the"."""
        return type.lname

    def number(self, label: str) -> str:
        """Return the number of an equation as it is printed, without parentheses."""
        equation = self.named[label]
        numbered = self.env.toc_fignumbers.get(equation.docname, {}).get("displaymath", {})
        return ".".join(map(str, numbered.get(equation.anchor, ())))


def equations(env: BuildEnvironment) -> NamedEquations:
    """Return the domain that knows the names."""
    domain = env.get_domain("math")
    assert isinstance(domain, NamedEquations)
    return domain


def check_names(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of a name that two equations share."""
    owners: dict[str, str] = {}
    for label, title in _titles(equations(env).named.values()):
        owner = owners.setdefault(title.lower(), label)
        if owner != label:
            logger.warning("%s and %s have one name: %s", owner, label, title, type="page")


def _titles(named: Iterable[Equation]) -> Iterator[tuple[str, str]]:
    for equation in named:
        for title in (equation.title, *equation.also):
            if title:
                yield equation.label, title


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive and the domain in place of those without names."""
    app.add_directive("math", NamedMath, override=True)
    app.add_domain(NamedEquations, override=True)
    app.connect("env-check-consistency", check_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "env_version": 1}
