"""Of the style sheets of others the site keeps the rules that something on its pages can meet."""

import pytest

assets = pytest.importorskip("theme_assets", reason="the docs group is not installed")
purged = assets.purged
pytestmark = pytest.mark.skipif(
    not (assets.DOCS / "node_modules" / "purgecss").exists(),
    reason="nox --session docs brings purgecss",
)

SHEETS = {
    "a.css": ".kept { color: red } .kept .gone { color: blue } p > em { color: green }",
    "b.css": ".show { top: 0 } h6 { margin: 0 } p { margin: 0 }",
}


def test_rules_that_nothing_meets_are_left_out():
    small = purged(SHEETS, {"kept", "p"})
    assert "red" in small["a.css"]
    assert "blue" not in small["a.css"]
    assert "green" not in small["a.css"]
    assert "p { margin: 0 }" in small["b.css"]
    assert "h6" not in small["b.css"]


def test_rules_for_what_scripts_switch_on_stay():
    assert ".show" in purged(SHEETS, {"p"})["b.css"]
