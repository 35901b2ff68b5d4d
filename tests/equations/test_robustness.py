"""Whatever the file, a report: never a traceback, never a hang."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcnref.equations import Notation, Verdict, check_equation, check_page

DATA = Path(__file__).parent / "data"
PAGES = sorted(DATA.rglob("*.md"))
LATEX = r"""
\frac \partial J W Z A b z a w j k i l L m n [l] [l-1] _{ ^{ { } ( ) [ ] \{ \} = + - \cdot \odot
\sum \sum_{i=1}^m ^T ^\top ' g \sigma \delta \nabla_ \begin{bmatrix} \end{bmatrix} & \\ \dots
\vdots \begin{cases} \end{cases} \text{if} \in \mathbb{R} , ; | \| $ $$ 1 0 2 \over \left( \right)
\left. \mathbf{1} diag softmax \log \exp \max e^ % # ~ \label{x} \tag{1} := \neq \quad ∂ δ σ \boxed
\underbrace \hat \sqrt : . / *
"""
PIECES = tuple(LATEX.split())

quiet = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@quiet
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_any_sequence_of_latex_gets_a_verdict(pieces):
    assert isinstance(check_equation(" ".join(pieces)), Verdict)


@quiet
@given(st.text(max_size=200))
def test_any_text_gets_a_report(text):
    assert isinstance(check_page(text + "\n$$" + text + "$$\n"), list)


@quiet
@given(st.integers(0, 10**6))
def test_damaged_pages_get_a_report(seed):
    rng = random.Random(seed)
    text = rng.choice(PAGES).read_text(encoding="utf-8")
    for _ in range(rng.randint(1, 12)):
        start = rng.randrange(len(text))
        end = min(len(text), start + rng.randint(0, 20))
        text = text[:start] + rng.choice(["", " ", *PIECES]) + text[end:]
    text = text[: rng.randint(1, 1500)]
    for verdict in check_page(text + "\n"):
        assert str(verdict)


@pytest.mark.parametrize(
    "text",
    [
        "$$" + "{" * 5000 + "$$\n",
        "$$" + "(" * 200 + "a" + ")" * 200 + " = b$$\n",
        "$$" + r"\frac{" * 300 + "$$\n",
        "$$ a = " + "b + " * 4000 + "c $$\n",
        "$" * 3001 + "\n",
        "```{math}\n" * 400,
        r"\begin{align}" * 300 + "\n",
        "---\nequations:\n  notation: nothing\n---\n$$ a = b $$\n",
        "---\nequations:\n  symbols: 3\n---\n",
        "---\n" * 50,
        "$$ \\sum_{j=1}^{999999} a_{ji}^{[l]} = z_{ji}^{[l]} $$\n",
        "$$ a_{ji}^{[l]} = " + r"\sum_{p=1}^{m}\sum_{q=1}^{m}" * 8 + " z_{pq}^{[l]} $$\n",
        r"\newcommand{\x}{\x\x}" + "\n$$ \\x = \\x $$\n",
        "\ufeff\x00\x01$$ \x02 = \x03 $$\n",
    ],
    ids=range(14),
)
def test_extreme_pages_get_a_report(text):
    assert isinstance(check_page(text), list)


def test_a_statement_has_a_bound_on_its_time(monkeypatch):
    page = r"$$ \nabla_{b_j^{[l]}} J = \sum_{i=1}^m \nabla_{z_{ji}^{[l]}} J $$"
    assert check_page(page)[0].status == "true"
    monkeypatch.setattr("fcnref.equations.judging.SECONDS", 0.0)
    (verdict,) = check_page(page)
    assert (verdict.status, verdict.codes) == ("not read", ("time",))


def test_a_page_that_is_no_text(tmp_path):
    path = tmp_path / "page.md"
    path.write_bytes(bytes(range(256)) * 20)
    assert isinstance(check_page(path), list)
    notebook = tmp_path / "page.ipynb"
    notebook.write_text("{ not json", encoding="utf-8")
    assert check_page(notebook) == []


def test_a_broken_declaration_fails_the_page():
    (verdict,) = check_page("---\nequations:\n  jacobian: sideways\n---\n")
    assert verdict.fails
    assert "jacobian must be one of numerator, denominator" in verdict.message


def test_a_side_that_is_no_real_number_gets_a_verdict():
    symbols = {"f": "any function", "h": "step", "i": "imaginary unit"}
    tex = r"f'(x) \approx \frac{f(x + h) - f(x i h)}{h}"
    assert check_equation(tex, Notation().extend({"symbols": symbols})).status == "wrong"
