"""How the site is built."""

import atexit
import gc
import hashlib
import os
import platform
import shutil
import sys
import time
import warnings
from importlib.metadata import version as installed
from pathlib import Path

import fcnref

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
BUILD = DOCS / "_build"
sys.path[:0] = [str(DOCS / "_ext")]
# A build ends soon, and looking through trees of pages that stay takes seconds, at its end as well.
gc.disable()
atexit.register(gc.freeze)

from inventories import write_inventories  # noqa: E402 - lies on the path above
from shapes import TypehintsFormatter  # noqa: E402 - lies on the path above

project = "fcnref"
author = "The fcnref contributors"
project_copyright = "2026, the fcnref contributors"
version = release = fcnref.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_autodoc_typehints",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_exercise",
    "sphinx_multitoc_numbering",
    "sphinx_togglebutton",
    "sphinxcontrib.bibtex",
    "fcnref.sphinx_ext",
    "citing",
    "equation_names",
    "figures",
    "katex_math",
    "llms",
    "notebooks",
    "page_guards",
    "previews",
    "publishing",
    "several_processes",
    "shapes",
    "sharing",
    "short_names",
    "theme_assets",
    "typography",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "node_modules", "**/.ipynb_checkpoints", "README.md"]
nitpicky = True

# Mathematics. One table for the site and the PDF.
html_math_renderer = "katex"
tex_macros = {
    r"\R": r"\mathbb{R}",
    r"\E": r"\mathbb{E}",
    r"\pd": r"\frac{\partial #1}{\partial #2}",
    r"\tr": r"^{\mathsf{T}}",
    r"\lay": r"^{[#1]}",
    # the colors of the indices, in fcnref/show/assets/indices.css
    r"\ii": r"\htmlClass{fcn-i}{#1}",
    r"\jj": r"\htmlClass{fcn-j}{#1}",
    r"\pp": r"\htmlClass{fcn-p}{#1}",
    r"\kk": r"\htmlClass{fcn-k}{#1}",
}
math_numfig = True
numfig = True
numfig_secnum_depth = 1
math_eqref_format = "({number})"

# The printed equations are executed, and the ledger names what tests them.
fcnref_equations_notation = "columns-are-examples"
fcnref_equations_tests = "../tests"

# Pages.
myst_enable_extensions = [
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
    "fieldlist",
    "smartquotes",
    "strikethrough",
    "substitution",
]
myst_heading_anchors = 3
myst_dmath_double_inline = True
myst_update_mathjax = False
suppress_warnings = ["myst.strikethrough"]  # it only says that LaTeX output lacks it
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"
bibtex_default_style = "plain"
copybutton_exclude = ".linenos, .gp, .go"
togglebutton_hint = "Show"
togglebutton_hint_hide = "Hide"

# Code cells. Every one is executed; what they gave is kept for as long as neither the page, nor
# the package, nor what it rests on has changed.
kinds = {".py", ".css", ".mjs", ".lark"}
package = [file for file in (ROOT / "fcnref").rglob("*") if file.suffix in kinds]
sources = sorted([*package, DOCS / "_ext" / "matplotlibrc"])
ground = [sys.version, platform.machine(), *map(installed, ("numpy", "matplotlib"))]
digest = hashlib.sha256("\n".join(ground).encode())
for source in sources:
    digest.update(source.relative_to(ROOT).as_posix().encode() + source.read_bytes())
executions = BUILD / "executions"
for old in executions.glob("*"):
    if time.time() - old.stat().st_mtime > 24 * 3600:  # younger ones may serve another build
        shutil.rmtree(old, ignore_errors=True)

nb_execution_mode = "cache"
nb_execution_cache_path = str(executions / digest.hexdigest()[:16])
nb_execution_raise_on_error = False  # a warning instead, so that a build lists every failing page
nb_execution_timeout = 120
nb_execution_show_tb = True
nb_output_stderr = "warn"
nb_merge_streams = True
nb_code_prompt_show = "Show the {type}"
nb_code_prompt_hide = "Hide the {type}"
nb_number_source_lines = False
nb_ipywidgets_js = {}

# A kernel of this build: it reads no settings of the person who builds, and leaves nothing behind.
home = BUILD / "home"
profile = home / "ipython" / "profile_default"
profile.mkdir(parents=True, exist_ok=True)
shutil.copy(DOCS / "_ext" / "ipython_kernel_config.py", profile)
os.environ |= {
    "IPYTHONDIR": str(home / "ipython"),
    "JUPYTER_PREFER_ENV_PATH": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OPENBLAS_NUM_THREADS": "1",  # the pages share the cores, and sums end in the same bits
    "MPLCONFIGDIR": str(home / "matplotlib"),
    "MATPLOTLIBRC": str(DOCS / "_ext" / "matplotlibrc"),
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}

# Reference.
warnings.filterwarnings("ignore", message=".*set_application", module="sphinx_autodoc_typehints")
default_role = "py:obj"
add_module_names = False
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_preserve_defaults = True
autodoc_typehints = "none"
strip_signature_backslash = True  # sphinx-autodoc-typehints writes each twice
always_use_bars_union = True
typehints_defaults = "comma"
typehints_document_rtype_none = False
typehints_formatter = TypehintsFormatter()
typehints_use_rtype = True
napoleon_google_docstring = False
napoleon_custom_sections = [("Fields", "params_style")]
napoleon_use_rtype = False
viewcode_line_numbers = True
intersphinx_mapping = write_inventories(BUILD / "inventories")

# Publishing: the address of the site, where it has one, stands here and nowhere else.
address = os.environ.get("FCNREF_ADDRESS") or os.environ.get("READTHEDOCS_CANONICAL_URL", "")
html_baseurl = address and f"{address.rstrip('/')}/"
html_additional_pages = {"404": "not-found.html"}
html_context = {"default_mode": "auto", "printable": os.environ.get("FCNREF_PDF", "")}

# Look.
html_theme = "sphinx_book_theme"
html_title = "fcnref"
html_short_title = "fcnref"
html_static_path = ["_static", "../fcnref/show/assets/indices.css"]
html_css_files = ["book.css", "indices.css", "pictures.css"]
html_js_files = [("page.js", {"defer": "defer"}), "index-colors.js"]
html_favicon = "_static/mark.svg"
html_copy_source = False
html_domain_indices = False  # the reference lists the modules
html_search_scorer = str(DOCS / "_ext" / "search_scorer.js")
html_show_sourcelink = False
html_last_updated_fmt = None
pygments_style = "friendly"
html_theme_options = {
    "article_header_end": "notebook-button.html, article-header-buttons.html",
    "article_footer_items": "take-along.html",
    "logo": {
        "text": "fcnref",
        "image_light": "_static/mark.svg",
        "image_dark": "_static/mark.svg",
        "alt_text": "",
    },
    "footer_content_items": "copyright.html",
    "home_page_in_toc": True,
    "navbar_persistent": [],
    "pygments_light_style": "friendly",
    "pygments_dark_style": "github-dark",
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "toc_title": "On this page",
    "use_download_button": False,
    "use_fullscreen_button": False,
}

# The same pages as a PDF.
latex_engine = "xelatex"
latex_use_xindy = False
latex_elements = {"preamble": "\\setcounter{MaxMatrixCols}{20}\n\\newcommand{\\htmlClass}[2]{#2}\n"}
