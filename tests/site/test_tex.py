"""Macros are replaced by what they stand for, with nothing gained or lost around them."""

import pytest

from tex import expand, rows  # isort: skip

MACROS = {
    r"\R": r"\mathbb{R}",
    r"\pd": r"\frac{\partial #1}{\partial #2}",
    r"\tr": r"^{\mathsf{T}}",
    r"\lay": r"^{[#1]}",
    r"\jj": r"\htmlClass{fcn-j}{#1}",
    r"\dW": r"\pd{J}{W\lay{l}}",
}


@pytest.mark.parametrize(
    ("tex", "expanded"),
    [
        (r"\pd{J}{w_{j,k}}", r"\frac{\partial J}{\partial w_{j,k}}"),
        (r"\pd J w", r"\frac{\partial J}{\partial w}"),
        (r"W\lay{l}\tr x", r"W^{[l]}^{\mathsf{T}} x"),
        (r"\dW", r"\frac{\partial J}{\partial W^{[l]}}"),
        (
            r"\pd{\pd{J}{a}}{\sqrt{\}}}",
            r"\frac{\partial \frac{\partial J}{\partial a}}{\partial \sqrt{\}}}",
        ),
        (r"w_{\jj{j},k}", "w_{j,k}"),
        (r"a \cdot\jj{j}", r"a \cdot j"),
        (r"\Re\R\Rho \\ \R", r"\Re\mathbb{R}\Rho \\ \mathbb{R}"),
        (r"\alpha \\[0.3em] \{x\}", r"\alpha \\[0.3em] \{x\}"),
    ],
)
def test_macros_are_replaced(tex, expanded):
    assert expand(tex, MACROS) == expanded


def test_several_rows_become_aligned_and_environments_stay():
    assert rows("a &= b \\\\\n c &= d") == ["\\begin{aligned}a &= b \\\\\n c &= d\\end{aligned}"]
    assert rows("\\begin{aligned}a \\\\ b\\end{aligned}") == [
        "\\begin{aligned}a \\\\ b\\end{aligned}"
    ]
    assert rows("a\n\nb") == ["a", "b"]
