"""The files for language models hold every equation, by name, number and formula."""

import json
import re

CODE = r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)"


def test_every_labelled_equation_is_listed_once(site):
    verdicts = json.loads((site / "equations.json").read_text("utf-8"))
    lines = (site / "llms.txt").read_text("utf-8").splitlines()
    listed = [re.findall(r", (eq-[\w-]+)\]\(", line) for line in lines if "$$" in line]
    assert sorted(label for labels in listed for label in labels) == sorted(verdicts)


def test_a_line_says_what_an_equation_is_and_what_implements_it(site):
    lines = (site / "llms.txt").read_text("utf-8").splitlines()
    [line] = [line for line in lines if ", eq-weights-and-biases-db](" in line]
    assert line.startswith("- Gradient of the bias, db;")
    assert r"$$\frac{\partial J}{\partial b^{[l]}} = \frac{\partial J}{\partial Z^{[l]}}" in line
    assert re.search(r"\[\(3\.\d+\), ", line)
    assert "fcnref.affine.affine_backward" in line
    assert "derivation/weights-and-biases.html#equation-eq-weights-and-biases-db" in line


def test_all_pages_are_in_the_full_text_and_no_directive_is(site):
    text = (site / "llms-full.txt").read_text("utf-8")
    for title in ("3. Weights and biases", "Gradient checking", "fcnref.affine", "Bibliography"):
        assert re.search(rf"^# {re.escape(title)}", text, flags=re.MULTILINE), title
    prose = re.sub(CODE, "", text, flags=re.DOTALL)
    assert not re.search(r"\{(?:eq|doc|numref|ref|func|math|cite[:a-z]*)\}", prose)
