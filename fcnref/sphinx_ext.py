"""The equation checker as a Sphinx extension: ``extensions = ["fcnref.sphinx_ext"]``."""

from fcnref.equations.sphinx import setup

__all__ = ["setup"]
