"""The rooms of docs/_ext, and the files of the site that was built last."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "docs" / "_build" / "html"
sys.path.append(str(ROOT / "docs" / "_ext"))


@pytest.fixture(scope="session")
def site():
    """Return the folder of the built site."""
    if not (SITE / "searchindex.js").exists():
        pytest.skip("the site is not built; nox --session docs builds it")
    return SITE
