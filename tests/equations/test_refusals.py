"""What the checker does not read, and what it calls ill-shaped: each with the reason in words."""

import pytest

from fcnref.equations import Notation, check_equation, check_page, checking
from fcnref.equations.comparison import Bench, Outcome
from fcnref.equations.expression import ONE, Free, Index, Node, Number, Power, Quotient, Sum, show
from fcnref.equations.networks import Network
from fcnref.equations.strength import Strength, strength

DW = r"\frac{\partial J}{\partial W^{[l]}}"
DZ = r"\frac{\partial J}{\partial Z^{[l]}}"
ZIJ = r"z_{ji}^{[l]}"


def message(tex, **declared):
    verdict = check_equation(tex, Notation().extend(declared))
    assert verdict.status in {"not read", "wrong"}, str(verdict)
    return verdict.message


@pytest.mark.parametrize(
    ("tex", "words"),
    [
        # Derivatives.
        (r"\nabla = Z^{[l]}", "∇ needs the variable below it"),
        (r"\nabla_{W^{[l]}} = Z^{[l]}", "∇ needs the variable below it"),
        (r"\frac{\partial}{\partial W^{[l]}} = Z^{[l]}", "∂ stands alone in a numerator"),
        (r"\frac{\partial J}{\partial} = Z^{[l]}", "∂ stands alone in a denominator"),
        (rf"\frac{{\partial J}}{{\partial {ZIJ} \partial b_j^{{[l]}}}} = 0", "by two variables"),
        (r"\frac{\partial W^{[l]}}{\partial J} = Z^{[l]}", "by the cost is not read"),
        (r"\frac{\partial J}{\partial (W^{[l]} + W^{[l]})} = Z^{[l]}", "is not read"),
        # Factors.
        (r"\langle Z^{[l]} \rangle = J", "two factors of an inner product only"),
        (r"\mathbb{E}[z_{ji}^{[l]}] = 0", "an expectation is read where the notation says"),
        # Functions.
        (r"g_3(z_{ji}^{[l]}) = a_{ji}^{[l]}", "has an index that is not read"),
        (r"\tanh(Z^{[l]}, A^{[l]}) = Z^{[l]}", "has one argument"),
        (r"\tanh(Z^{[l]} = A^{[l]}) = Z^{[l]}", "the argument of"),
        (r"\| Z^{[l]} \|_7 = J", "the norm with index 7 is not read"),
        (r"g = Z^{[l]}", "is a function without an argument"),
        # Ones and cases.
        (r"Z^{[l]} = \mathbf{1}_{2 \times 3} A^{[l]}", "a matrix of ones is not read"),
        (r"b^{[l]} = \mathbf{1}_{j, k} A^{[l]}", "is not read"),
        (r"Z^{[l]} = \begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}", "different lengths"),
        (r"Z^{[l]} = \begin{bmatrix} 1 & 2 = 3 \\ 3 & 4 \end{bmatrix}", "a cell of a matrix"),
        (r"a_{ji}^{[l]} = \begin{cases} = 1 & j = 1 \\ 0 & j \neq 1 \end{cases}", "a case is not"),
        (r"a_{ji}^{[l]} = \begin{cases} 1 & j \in k \\ 0 \end{cases}", "the condition of a case"),
        (r"a_{ji}^{[l]} = \begin{cases} 1 & = k \\ 0 \end{cases}", "the condition of a case"),
        (rf"{DZ} = \frac{{Z = A}}{{2}}", "what stands within braces is not understood"),
        # Indices and superscripts.
        (r"J^{[l]} = 0", "the cost J carries a layer or a prime"),
        (r"Y^{[l]} = 0 \cdot Y", "Y has no layer"),
        (r"w_{j}^{[l]} = 0", "needs two indices"),
        (r"b_{jk}^{[l]} = 0", "b has one index"),
        (r"z_{3}^{[l]} = 0", "needs two indices"),
        (r"(W^{[l]} A^{[l-1]})_{jki} = 0", "a bracket carries more than two indices"),
        (r"(W^{[l]} A^{[l-1]})^{[l]} = 0", "a bracket carries a superscript that is not read"),
        (r"Z^{[l = 1]} = 0", "the superscript"),
        (r"W^{[-l]} = 1", "-l is no index"),
        # Sums.
        (r"J = \sum z_{ji}^{[l]}", "Σ stands without an index"),
        (r"J = \sum_{i=1}^m", "Σ stands without a summand"),
        (r"J = \sum_{i = 1 = 2} z_{ji}^{[l]}", "the bounds of Σ are not understood"),
        (r"J = \sum_{i \approx 1} z_{ji}^{[l]}", "the bounds of Σ are not understood"),
        (r"J = \sum_{i=1}^{300} 2", "a sum has more than 200 terms"),
        (r"\sum_{} Z^{[l]} = J", "the bounds of Σ are not understood"),
        (r"\sum_{l=1}^{L} Z^{[l]} = J", "the terms of Σ_{l=1}^{L} Z^{[l]}"),
        (r"J = \sum_{axis=3} Z^{[l]}", "axis=3 is no axis of a matrix"),
        (
            r"Z^{[l]} = \begin{bmatrix} W^{[l]} & b^{[l]} \\ A^{[l]} & Z^{[l]} \end{bmatrix}",
            "do not fit",
        ),
        # Matrices with dots.
        (
            (
                r"Z^{[l]} = \begin{bmatrix} z_{11}^{[l]} & z_{12}^{[l]} \\ \vdots & \vdots \\"
                r" z_{n^{[l]}1}^{[l]} & z_{n^{[l]}2}^{[l]} \end{bmatrix}"
            ),
            "a matrix with dots in one direction only is not read",
        ),
        (
            (
                r"Z^{[l]} = \begin{bmatrix} z_{11}^{[l]} & \dots & z_{1m}^{[l]} \\ \vdots & \ddots"
                r" & \vdots \\ z_{n^{[l]}1}^{[l]} & \dots & z_{1m}^{[l]} \end{bmatrix}"
            ),
            "the rows of a matrix with dots do not vary in one index",
        ),
        (
            (
                r"Z^{[l]} = \begin{bmatrix} z_{11}^{[l]} & z_{13}^{[l]} & \dots & z_{1m}^{[l]} \\"
                r" \vdots & \vdots & \ddots & \vdots \\ z_{n^{[l]}1}^{[l]} & z_{n^{[l]}3}^{[l]}"
                r" & \dots & z_{n^{[l]}m}^{[l]} \end{bmatrix}"
            ),
            "3 is out of order in a matrix with dots",
        ),
        (
            r"Z^{[l]} = \begin{bmatrix} \dots & 2 \\ 3 & 4 \end{bmatrix}",
            "the dots of a matrix are not in rows and columns of their own",
        ),
        # Operators and relations.
        (r"Z^{[l]} = (\odot A^{[l]})", "an operand of a product is missing"),
        (r"w^{*} = 0", "an operand of a product is missing"),
        (r"Z^{[l]} = W^{[l]} @ A^{[l-1]} + b^{[l]}", "not understood at '@"),
        (r"Z^{[l]} = W^{[l]} \otimes A^{[l-1]}", r"the operator \otimes is not read"),
        (r"Z^{[l]} = W^{[l]} \cdot", "an operand of · is missing"),
        (r"Z^{[l]} = W^{[l]} \times", "an operand of × is missing"),
        (r"Z^{[l]} = W^{[l]} \odot", "an operand of an entrywise product is missing"),
        (r"Z^{[l]} = W^{[l]} A^{[l-1]} \dots", "a product ends in dots"),
        (r"Z^{[l]} = / m", "an operand of / is missing"),
        (r"Z^{[l]} = ", "one side of a relation is empty"),
        (r"Z^{[l]} \in Q", "is not a space of real arrays"),
        (r"Z^{[l]} \in \mathbb{R}_2", "the exponent of ℝ is not understood"),
        (r"Z^{[l]} = Z^{[l]} + A^{[l]} \quad (j = )", "a side condition is incomplete"),
        (r"Z^{[l]} = A^{[l]} \quad (j \sim k)", "the side condition with"),
        # What has no meaning.
        (r"Z^{[l]} = \operatorname{diag}(W^{[l]}) A^{[l]}", "it takes a vector"),
        (r"Z^{[l]} = I \odot I", "shows no size"),
        (r"\mathbf{1} = Z^{[l]}", "a vector of ones shows no size"),
        (r"I_3 Z^{[l]} = Z^{[l]}", "(3×3)·(5×7): I times Z^{[l]}"),
        (
            r"(1_{n^{[l]}}^\top Z^{[l]})_i = \sum_{j=1}^{n^{[l]}} z_{ji}^{[l]}",
            "index i is outside 1..2",
        ),
        (r"Z^{[l]} = I + I", "I + I shows no size"),
        (r"Z^{[l]} = I I", "I I shows no size"),
        (r"\mathbf{1} Z^{[l]} = 0", "a column of ones before an array that is 5×7"),
        (r"(b^{[l]})^{-1} = 0 \cdot b^{[l]}", "of a vector is not read"),
        (rf"{DZ} = g() Z^{{[l]}}", "the brackets behind g are empty; write its argument, as in g("),
        (rf"{DZ} = g'^{{[l]}}( )", "the brackets behind g'^[l] are empty"),
        (r"a_{j,i}^{[l]} = \max(0,)", r"the argument of \max is not understood"),
        (
            r"\frac{\partial J}{} = Z^{[l]}",
            r"the denominator of a fraction is empty; write a derivative as \frac{\partial J}{",
        ),
        (
            r"\frac{}{\partial Z^{[l]}} = Z^{[l]}",
            r"the numerator of a fraction is empty; write a derivative as \frac{\partial J}{",
        ),
        (rf"{DZ} = \frac{{}}{{m}}", "the numerator of a fraction is empty"),
        (rf"{DZ} = \frac{{1}}{{}} Z^{{[l]}}", "the denominator of a fraction is empty"),
        (r"J = \cap", r"\cap is not declared"),
        (r"\int = J", r"\int is not declared"),
        (r"f(\infty) = \infty", r"\infty is not declared"),
        (rf"{DZ} = \sqrt{{}}", "a pair of braces is empty"),
        (rf"{DZ} = ()", "a bracket is empty"),
        (r"w_{}^{[l]} = 1", "a subscript or superscript is empty; write an index, or a layer as"),
        (r"w_{j,k}^{[]} = 1", "a subscript or superscript is empty; write an index, or a layer as"),
        (r"Z^{[l]} = W^{[l]} +", "something is missing at the end, after 'Z^{[l]} = W^{[l]} +'"),
        (r"\frac{\partial J}", r"something is missing at the end, after '\frac{\partial J}'"),
        (r"Z^{[l]} = \frac{1}{m", "a brace is not closed"),
        (r"Z^{[l]} = \{ Z^{[l]}", "something is missing at the end, after"),
        (r"a_{ji}^{[l]} [j = k = p] = 0", "is not read"),
        (r"\delta_{j=1,k} = 0", "is not read"),
        (r"z_{jk}^{[l](i)} = 0", "z carries more than one example"),
        (r"Z^{[l]} \in \mathbb{R}^{n = m}", "the exponent of ℝ is not understood"),
        (r"x_{jki} + Z^{[l]} = 0", "x has two indices"),
        (r"\tanh = g", "is a function without an argument"),
        (r"(A^{[l]})^{\star} = A^{[l]}", "is not declared"),
        (r"z_{(j,k)i}^{[l]} = 0", "z has two indices"),
        (r"\delta_{j,k,p} = 0", "shows no layer"),
        (r"\sum_q 1 = J", "the summation index q does not occur in the summand"),
        (r"\sum_{q} w_{qq}^{[l]} = J", "index q = 5 is outside 1..4"),
        (r"J = \sum_{i=1}^{\frac{m}{2}} z_{ji}^{[l]}", "is no index"),
        (r"\frac{\partial Z^{[l]}}{\partial Y} = 0", "has no matrix form"),
        (r"I = W^{[l]} W^{[l]\top}", "the identity matrix shows no size"),
        (r"\frac{\partial z_{ji}^{[l]}}{\partial (Z^{[l]} A^{[l]\top})_{jk}} = 0", "is not read"),
        (r"[Z^{[l]} > W^{[l]}] = 0", "(5×7) > (5×4)"),
        (
            (
                r"Z^{[l]} = \begin{bmatrix} z_{1,1}^{[l]} & \dots & z_{1,m}^{[l]} \\ \vdots"
                r" & \ddots & \vdots \\ z_{5000,1}^{[l]} & \dots & z_{5000,m}^{[l]} \end{bmatrix}"
            ),
            "a matrix with dots is too large",
        ),
        (
            (
                r"Z^{[l]} = \begin{bmatrix} z_{11}^{[l]} a_{11}^{[l]} & \dots &"
                r" z_{1m}^{[l]} a_{1n^{[l]}}^{[l]} \\ \vdots & \ddots & \vdots \\"
                r" z_{n^{[l]}1}^{[l]} a_{n^{[l]}1}^{[l]} & \dots &"
                r" z_{n^{[l]}m}^{[l]} a_{n^{[l]}n^{[l]}}^{[l]} \end{bmatrix}"
            ),
            "vary in more than one index",
        ),
        (r"b^{[l]} \in \mathbb{R}^m", "the shape is 5×1, claimed is 7"),
        (
            r"\frac{\partial}{\partial b_j^{[l]}} \frac{\partial J}{\partial b_j^{[l]}} = 0",
            "second derivatives are not read",
        ),
        (r"\partial J / W^{[l]} = 0", "first wrong value"),
        (
            r"\partial Z^{[l]} A^{[l]} / \partial W^{[l]} = 0",
            "the first factor transposed would fit",
        ),
        (r"\tanh'''(x) = 0", "a derivative of a derivative is read as g″ only"),
        (r"\max(Z^{[l]}, W^{[l]}) = Z^{[l]}", "max"),
        (r"\max(Z^{[l]}) = Z^{[l]}", "is not read"),
        (r"\operatorname{softmax}'(Z^{[l]}) = Z^{[l]}", "is a Jacobian"),
    ],
)
def test_what_is_not_read_says_why(tex, words):
    assert words in message(tex)


@pytest.mark.parametrize(
    ("tex", "declared", "words"),
    [
        (
            r"\mathbb{E}[Z^{[l]} = 0] = 0",
            {"expectation": "weights"},
            "what an expectation is taken of",
        ),
        (
            r"v_j^{[l]} = 0",
            {"expectation": "weights", "symbols": {"v": "variance[l]"}},
            "v has no index",
        ),
        (r"z_{jk}^{[l]} = 0", {"examples": "one"}, "z has one index where there is one example"),
        (
            r"\tilde{W}^{[1]} = 0 \cdot W^{[1]}",
            {"symbols": {r"\tilde{W}": "W[2]"}},
            "has a layer of its own and carries another",
        ),
        (
            r"\gamma^{[l]} = \beta^{[l]}",
            {"symbols": {r"\gamma": "gain[l]", r"\beta": "shift[l]"}},
            "declare activation: layer_norm",
        ),
        (r"\delta_{pj} a_{ji} = 0", {"layers": "implicit"}, "first wrong value"),
        (
            r"\frac{\partial}{\partial z_{ji}^{[l]}} \mathbb{E}[z_{ji}^{[l]}] = 0",
            {"expectation": "weights"},
            "an expectation within a derivative is not read",
        ),
        (r"a_{ji}^{[l]} = g(z_{ji}^{[l]})", {"activation": "softmax"}, "g takes 5 units"),
    ],
)
def test_what_is_not_read_in_a_declared_notation_says_why(tex, declared, words):
    assert words in message(tex, **declared)


FORWARD = r"W^{[l]} A^{[l-1]} + b^{[l]}"
DW_RIGHT = rf"{DZ} A^{{[l-1]\top}}"
DIJ = r"\frac{\partial J}{\partial z_{ji}^{[l]}}"


@pytest.mark.parametrize(
    "tex",
    [
        rf"dJ/dW^{{[l]}} = {DW_RIGHT}",
        rf"{{\partial J \over \partial W^{{[l]}}}} = {DW_RIGHT}",
        rf"\frac{{\partial J}}{{\partial W^{{[l]\top}}}} = \left({DW_RIGHT}\right)^\top",
        (
            rf"\frac{{\partial J}}{{\partial \left(W^{{[l]}}\right)_{{jk}}}}"
            rf" = \sum_{{i=1}}^m {DIJ} a_{{ki}}^{{[l-1]}}"
        ),
        (
            rf"\sum_{{j=1}}^{{n^{{[l]}}}} W_{{kj}}^{{[l]\top}} {DIJ}"
            r" = \frac{\partial J}{\partial a_{ki}^{[l-1]}}"
        ),
        rf"({DW_RIGHT})^\top_{{kj}} = \frac{{\partial J}}{{\partial w_{{jk}}^{{[l]}}}}",
        r"\tanh^\top(Z^{[l]}) = \tanh(Z^{[l]\top})",
        rf"\nabla_{{b^{{[l]}}}} J = {DZ} \mathbf{{1}}_{{m \times 1}}",
        rf"(\nabla_{{b^{{[l]}}}} J)^\top = \mathbf{{1}}_{{1 \times m}} {DZ}^\top",
        r"a_{ji}^{[l]} [p = j] = a_{pi}^{[l]} \mathbf{1}\{p = j\}",
        r"a_{ji}^{[l]} [p = j] = a_{pi}^{[l]} \mathbf{1}_{\{p = j\}}",
        r"a_{ji}^{[l]} [p = j] = a_{pi}^{[l]} \mathbf{1}_{p = j}",
        (
            r"\sum_{p = 1, p \neq j}^{n^{[l]}} z_{pi}^{[l]}"
            r" = \sum_{p=1}^{n^{[l]}} z_{pi}^{[l]} - z_{ji}^{[l]}"
        ),
        r"a_{ji}^{[l]} [p = j] = a_{pi}^{[l]} 1[p = j]",
        r"a_{ji}^{[l]} [p = j] = a_{pi}^{[l]} \mathbf{1}_{[p = j]}",
        rf"I Z^{{[l]}} = {FORWARD}",
        rf"I_{{n^{{[l]}}}} Z^{{[l]}} = {FORWARD}",
        r"J \in \mathbb{R}",
        r"\sum_i 1 = m",
        r"\nabla_{b_j^{[l]}} J = \sum_{i=0}^{m-1} \frac{\partial J}{\partial z_{ji}^{[l]}}",
        rf"(\nabla_{{b^{{[l]}}}} J)^\top = \sum_{{axis=0}} {DZ}^\top",
        r"(b^{[l]\top} W^{[l]})_k = \sum_{j=1}^{n^{[l]}} b_j^{[l]} w_{jk}^{[l]}",
        r"(W^{[l]} A^{[l-1]})_{:i} = z_{:i}^{[l]} - b^{[l]}",
        r"b^{[l]} \in \mathbb{R}^{n^{[l]}}",
    ],
)
def test_it_is_true_however_it_is_written(tex):
    assert check_equation(tex).status == "true"


@pytest.mark.parametrize(
    "tex",
    [
        rf"\boxed{{Z^{{[l]}} = {FORWARD}}}",
        r"z_{i}^{[l]} = W^{[l]} a_{i}^{[l-1]} + b^{[l]}",
        r"z_j^{[l] i} = b_j^{[l]} + \sum_{k=1}^{n^{[l-1]}} w_{jk}^{[l]} a_k^{[l-1] i}",
        r"A^{[(l)]} = g(Z^{[l]})",
        r"z_{(j)i}^{[l]} = b_j^{[l]} + \sum_{k=1}^{n^{[l-1]}} w_{jk}^{[l]} a_{ki}^{[l-1]}",
    ],
)
def test_it_is_the_forward_pass_however_it_is_written(tex):
    verdict = check_equation(tex)
    assert (verdict.status, verdict.codes[0]) == ("definition", "forward")


CASES = r"z_{ji}^{[l]} & z_{ji}^{[l]} > 0 \\ 0 & z_{ji}^{[l]} \le 0"


@pytest.mark.parametrize(
    "right",
    [
        rf"\begin{{cases}} {CASES} \end{{cases}}",
        rf"\left\{{ \begin{{array}}{{ll}} {CASES} \end{{array}} \right.",
        r"\begin{cases} 0 & z_{ji}^{[l]} \le 0 \\ z_{ji}^{[l]} & z_{ji}^{[l]} > 0 \end{cases}",
    ],
)
def test_relu_in_cases(right):
    relu = Notation().extend({"activation": "relu"})
    assert check_equation(rf"a_{{ji}}^{{[l]}} = {right}", relu).codes == ("forward",)
    broken = rf"a_{{ji}}^{{[l]}} = {right}".replace("z_{ji}^{[l]} &", "2 z_{ji}^{[l]} &")
    assert check_equation(broken, relu).status == "wrong"


# What a page declares, and what it cannot.
def test_a_declaration_that_is_not_understood_is_a_verdict():
    for text in (
        f"% notation: colour: red\n\n$$ {DW} = {DW_RIGHT} $$\n",
        f"```{{math}}\n:given: colour: red\n{DW} = {DW_RIGHT}\n```\n",
    ):
        first = check_page(text)[0]
        assert (first.status, first.codes) == ("not read", ("notation",))
        assert "colour" in first.message


def test_a_block_declares_for_what_follows():
    text = f"```{{notation}}\nactivation: identity\n```\n\n$$ {DZ} = "
    text += r"\frac{\partial J}{\partial A^{[l]}} $$" + "\n"
    assert [verdict.status for verdict in check_page(text)] == ["true"]


def test_a_display_about_another_network_is_left_alone():
    text = f"```{{math}}\n:class: elsewhere\n{DW} = 0\n```\n"
    (verdict,) = check_page(text)
    assert (verdict.status, verdict.codes) == ("not read", ("elsewhere",))


def test_a_display_that_is_declared_a_definition_is_checked_all_the_same():
    (right,) = check_page(f"```{{math}}\n:class: definition\n{DW} = {DW_RIGHT}\n```\n")
    assert right.status == "true"


def test_a_display_without_end_is_not_read():
    (verdict,) = check_page("$$ " + "a + " * 9000 + "a $$\n")
    assert (verdict.status, verdict.codes) == ("not read", ("long",))


@pytest.mark.parametrize("text", ["x" * 5000 + ".md", "x" * 900 + ".md"])
def test_a_text_that_is_too_long_for_a_name_is_a_page(text):
    assert check_page(text) == []


def test_a_page_with_very_many_statements_is_read_as_far_as_it_goes(monkeypatch):
    monkeypatch.setattr(checking, "MOST_STATEMENTS", 5)
    assert len(check_page("$$ Q = 1 $$\n\n" * 100)) == 6


def test_macros_that_grow_are_not_followed_for_ever():
    (verdict,) = check_page(r"\def\x{" + r"\x" * 30 + "} $$ \\x = 0 $$\n")
    assert verdict.codes == ("long",)


def test_what_stands_verbatim_in_a_latex_file_is_no_mathematics(tmp_path):
    path = tmp_path / "notes.tex"
    shown = rf"\begin{{verbatim}} $$ {DW} = 0 $$ \end{{verbatim}}"
    path.write_text(
        rf"\documentclass{{article}} \begin{{document}} {shown} \end{{document}}", encoding="utf-8"
    )
    assert check_page(path) == []


def test_a_product_after_an_entrywise_one_is_read_as_the_shapes_allow():
    entrywise = r"\nabla_{A^{[l]}} J \odot g'(Z^{[l]})"
    assert check_equation(rf"{DW} = {entrywise} A^{{[l-1]\top}}").status == "true"
    assert check_equation(rf"{DW} = {entrywise} A^{{[l]\top}}").status == "wrong"


def test_a_fraction_within_a_power_is_printed_in_brackets():
    third, two = Quotient(Number(1.0), Number(3.0)), Number(2.0)
    assert show(Power(third, two)) == "(1/3)^2"
    assert show(Power(two, third)) == "2^(1/3)"


def test_what_is_no_part_of_an_equation_is_not_printed():
    with pytest.raises(TypeError, match="expected a part of an equation, got int"):
        show(3)


def test_a_rate_of_change_is_described_as_one():
    rows = Notation().extend({"symbols": {r"\dot{W}": "rate of W[l]"}}).rows()
    assert ["rate of change" in meaning for name, meaning, _ in rows if name == r"\dot{W}"] == [
        True
    ]


@pytest.mark.parametrize(
    ("define", "use", "words"),
    [
        (r"c_{ji}^{[l]} = 2 z_{ji}^{[l]}", r"c_{ji} + 1 = 0", "c_ji shows no layer"),
        (r"c_{ji}^{[l]} = 2 z_{ji}^{[l]}", r"c_j^{[l]} + 1 = 0", "was defined with other indices"),
        (r"c_{ji} = 2 y_{ji}", r"c_{ji}^{[l]} + 1 = 0", "was defined without a layer"),
        (r"c_{ji} = 2 y_{ji}", r"c_{ji} = q_r", "q_r is not declared"),
    ],
)
def test_what_a_page_defines_is_used_as_it_was_defined(define, use, words):
    defined, used = check_page(f"$$ {define} $$\n\n$$ {use} $$\n")
    assert (defined.status, used.status) == ("definition", "not read")
    assert words in used.message


def test_two_defined_quantities_are_not_differentiated_by_at_once():
    found = check_page(
        r"""
$$ c_{ji}^{[l]} = 2 z_{ji}^{[l]} $$

$$ d_{ji}^{[l]} = 3 z_{ji}^{[l]} $$

$$ \frac{\partial J}{\partial c_{ji}^{[l]}} = \frac{\partial J}{\partial d_{ji}^{[l]}} $$
"""
    )
    assert found[-1].message == "derivatives of J by two defined quantities are not read"


def test_a_quantity_that_is_defined_in_layer_l_plus_1_is_used_in_layer_l():
    text = f"$$ c^{{[l+1]}} = W^{{[l+1]}} $$\n\n$$ {FORWARD.replace('W', 'c')} = Z^{{[l]}} $$\n"
    assert [verdict.status for verdict in check_page(text)] == ["definition", "true"]


def test_derivatives_by_a_defined_quantity():
    found = check_page(
        r"""
$$ c_{ji}^{[l]} = 2 z_{ji}^{[l]} $$

$$ \frac{\partial c_{ji}^{[l]}}{\partial z_{ji}^{[l]}} = 2 $$

$$ \frac{\partial c_{pi}^{[l]}}{\partial c_{ji}^{[l]}} = [p = j] $$

$$ \frac{\partial c_{pi}^{[l]}}{\partial c_{ji}^{[l]}} = 1 $$
"""
    )
    assert [verdict.status for verdict in found] == ["definition", "true", "true", "wrong"]


@pytest.mark.parametrize(
    ("wanted", "status"), [(r"\frac{1}{m} (Y - A^{[L]})", "true"), ("Y", "wrong")]
)
def test_a_derivative_by_the_targets(wanted, status):
    squares = Notation().extend({"cost": "half-squared-error"})
    assert (
        check_equation(rf"\frac{{\partial J}}{{\partial Y}} = {wanted}", squares).status == status
    )


SIGMOID = r"$$ g(z_{ji}^{[l]}) = \frac{1}{1 + e^{-z_{ji}^{[l]}}} $$"
CROSS_ENTROPY = (
    r"$$ J = -\frac{1}{m} \sum_{i=1}^m \sum_{j=1}^{n^{[L]}} \left( y_{ji} \log a_{ji}^{[L]}"
    r" + (1 - y_{ji}) \log(1 - a_{ji}^{[L]}) \right) $$"
)


def test_the_activation_and_the_cost_that_the_page_defines_are_used():
    slope = r"\frac{\partial a_{ji}^{[l]}}{\partial z_{ji}^{[l]}} = a_{ji}^{[l]} (1 - a_{ji}^{[l]})"
    found = check_page(f"{SIGMOID}\n\n$$ {slope} $$\n")
    assert [verdict.status for verdict in found] == ["definition", "true"]
    assert check_page(f"$$ {slope} $$\n")[0].status == "wrong"
    first = r"\frac{\partial J}{\partial Z^{[L]}} = \frac{1}{m} (A^{[L]} - Y)"
    found = check_page(f"{SIGMOID}\n\n{CROSS_ENTROPY}\n\n$$ {first} $$\n")
    assert [verdict.status for verdict in found] == ["definition", "definition", "true"]
    assert check_page(f"{SIGMOID}\n\n$$ {first} $$\n")[-1].status == "wrong"


SLOPE = r"\frac{\partial a_j^{[l]}}{\partial z_j^{[l]}}"
LEAVES = r"\begin{cases} z & z > 0 \\ \alpha (e^z - 1) & z \le 0 \end{cases}"
SLOPE_OF_LEAVES = (
    r"\begin{cases} 1 & z_j^{[l]} > 0 \\ a_j^{[l]} + \alpha & z_j^{[l]} \le 0 \end{cases}"
)


@pytest.mark.parametrize(
    ("left", "body", "right", "wrong"),
    [
        ("g(z)", "3 z", "3", "2"),
        ("g(z)", r"\frac{1}{1 + e^{-z}}", "a_j^{[l]} (1 - a_j^{[l]})", "a_j^{[l]} (1 + a_j^{[l]})"),
        ("g(u)", r"\frac{u}{1 + |u|}", "(1 - |a_j^{[l]}|)^2", "(1 - |z_j^{[l]}|)^2"),
        ("g(z_j^{[l]})", "(z_j^{[l]})^3", "3 (z_j^{[l]})^2", "3 (a_j^{[l]})^2"),
        (r"\sigma(z)", LEAVES, SLOPE_OF_LEAVES, SLOPE_OF_LEAVES.replace(r"+ \alpha", "")),
        ("g(z)", r"\max(0, z)", "[z_j^{[l]} > 0]", "1"),
    ],
)
def test_what_a_page_says_of_its_activation_is_what_g_is_there(left, body, right, wrong):
    defined = f"$$ {left} = {body} $$\n\n$$ {SLOPE} = "
    found = check_page(f"{defined}{right} $$\n", "one-example")
    assert [verdict.status for verdict in found] == ["definition", "true"]
    assert "as the page defines" in str(found[1])
    assert check_page(f"{defined}{wrong} $$\n", "one-example")[1].status == "wrong"
    assert check_page(f"$$ {SLOPE} = {right} $$\n", "one-example")[0].status == "wrong"


SOFTMAX = r"\operatorname{softmax}(z^{[l]})"
WRITTEN_OUT = r"\frac{e^{z_j^{[l]}}}{\sum_{p=1}^{n^{[l]}} e^{z_p^{[l]}}}"


@pytest.mark.parametrize(
    "defined",
    [
        f"g(z^{{[l]}}) = {SOFTMAX}",
        r"g(z) = \operatorname{softmax}(z)",
        r"g(z^{[l]}) = \frac{e^{z^{[l]}}}{\sum_{p=1}^{n^{[l]}} e^{z_p^{[l]}}}",
        f"a_j^{{[l]}} = {WRITTEN_OUT}",
    ],
)
def test_an_activation_of_whole_columns_is_recognized_too(defined):
    slope = r"\frac{\partial a_j^{[l]}}{\partial z_p^{[l]}} = a_j^{[l]} ([j = p] - a_p^{[l]})"
    found = check_page(f"$$ {defined} $$\n\n$$ {slope} $$\n", "one-example")
    assert [verdict.status for verdict in found] == ["definition", "true"]
    assert "g = softmax" in str(found[1])


def test_a_repair_that_is_found_in_two_ways_is_told_once():
    found = check_page(f"$$ g(z) = 3 z $$\n\n$$ {SLOPE} = 2 $$\n", "one-example")[1]
    assert found.repair == "true with 3 for 2"
    assert found.alternatives == ()


def test_two_activations_that_are_printed_alike_are_not_confused():
    numbers = ("0.33333331", "0.33333339")
    for number in (*numbers, numbers[0]):
        for said in numbers:
            page = f"$$ g(z) = {number} z $$\n\n$$ {SLOPE} = {said} $$\n"
            right = check_page(page, "one-example")[1].status == "true"
            assert right == (said == number)


@pytest.mark.parametrize(
    ("left", "body", "right", "name"),
    [
        ("g(z)", r"\frac{1}{1 + e^{-z}}", "a_j^{[l]} (1 - a_j^{[l]})", "sigmoid"),
        ("g(z_j^{[l]})", r"1 - \frac{2}{e^{2 z_j^{[l]}} + 1}", "1 - (a_j^{[l]})^2", "tanh"),
        ("g(u)", r"\begin{cases} u & u > 0 \\ 0 & u \le 0 \end{cases}", "[a_j^{[l]} > 0]", "relu"),
    ],
)
def test_an_activation_that_has_a_name_is_called_by_it(left, body, right, name):
    page = f"$$ {left} = {body} $$\n\n$$ {SLOPE} = {right} $$\n"
    assert f"g = {name}, as the page defines" in str(check_page(page, "one-example")[1])


@pytest.mark.parametrize(
    "body", [r"\frac{z}{0}", r"\log(-1 - z^2)", "W^{[l]} z", "q(z)", r"2 \operatorname{softmax}(z)"]
)
def test_what_is_no_elementwise_map_is_not_taken_for_the_activation(body):
    for slope in ("3", "0"):
        found = check_page(f"$$ g(z) = {body} $$\n\n$$ {SLOPE} = {slope} $$\n", "one-example")
        assert found[1].status == "wrong"
        assert "as the page defines" not in str(found[1])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f":::\n\n$$ {DW} = 0 $$\n", 1),
        (f"::: {{math}}\n{DW} = 0\n:::\n", 1),
        ("```{math}\n:label: eq-a\n```\n", 0),
        (rf"\\[{DW} = 0\\]" + "\n", 0),
        (r"\newcommand{\x} $$ \x = 0 $$" + "\n", 1),
        (r"\newcommand{\x}{{0 $$ \x = 0 $$" + "\n", 1),
        (r"\def\x{\x\x} $$ \x = 0 $$" + "\n", 1),
        (f"```python\n$$ {DW} = 0 $$\n", 0),
    ],
)
def test_a_page_that_is_not_well_formed_is_read_as_far_as_it_goes(text, count):
    found = check_page(text)
    assert len(found) == count
    assert not any(verdict.status == "true" for verdict in found)


def last(*displays, **declared):
    return check_page(
        "".join(f"$$ {display} $$\n\n" for display in displays), Notation().extend(declared)
    )[-1]


@pytest.mark.parametrize(
    ("displays", "status", "words"),
    [
        # A sum whose bound is an index of the equation.
        (
            [
                r"a_{j,i}^{[l]} = \sum_{k=1}^{j} a_{k,i}^{[l]} - \sum_{k=1}^{j-1} a_{k,i}^{[l]}",
            ],
            "definition",
            "holds at 198 places",
        ),
        # Functions of the page.
        ([r"g(z) = z^3 + 1"], "definition", ""),
        ([r"f(x) = x^2", r"f x = 1"], "not read", "f is a function without an argument"),
        ([r"f(x) = x^2", r"f(x, y) = 1"], "not read", "f has one argument"),
        ([r"x = g(y_{j,i}) + a_{j,i}^{[l]}"], "not read", "g shows no layer"),
        # Derivatives.
        ([r"\partial J / \partial W^{[l]} = 0 \cdot W^{[l]}"], "wrong", "first wrong value"),
        ([r"\partial J / \exp Z^{[l]} = 1"], "wrong", "∂ stands before a factor without"),
        ([r"d\tanh = 1"], "not read", "d is not declared"),
        (
            [
                r"\frac{\partial J}{b^{[l]}} = \frac{\partial J}{\partial Z^{[l]}} \mathbf 1_m",
            ],
            "true",
            "a denominator lacks its ∂",
        ),
        ([r"\frac{\partial z_{:,i}^{[l]}}{\partial w_{j,k}^{[l]}} = 0"], "wrong", "entry (1, 1)"),
        ([r"\frac{\partial E(w)}{\partial W^{[l]}} = 0"], "wrong", "first wrong value"),
        # Indices.
        ([r"w^{[l]} = 2"], "wrong", "w denotes an entry and needs its indices"),
        ([r"b^{[\pi]} = b^{[l]}"], "not read", r"index \pi has no range; declare it"),
        ([r"\frac{\partial J}{\partial W^{[q]}} = 1"], "not read", "index l has no value"),
        ([r"J = \sum_{[l-1]} 3"], "not read", "[l-1] is no summation index"),
        ([r"A^{[l]} = 2^{Z^{[l]} + 1}"], "wrong", "the exponent of 2^(Z^{[l]} + 1) is 5×7"),
        ([r"a_{j,i}^{[l]} = z_{j,i}^{[l]}, \quad j \neq"], "not read", "is incomplete"),
        ([r"a_{j,i}^{[l]} = z_{j,i}^{[l]}, \quad 1 \leq"], "not read", "is incomplete"),
        # Definitions.
        ([r"r_{j,k,i} = w_{j,k}^{[l]} a_{k,i}^{[l-1]}"], "not read", "r_j,k,i is not declared"),
        ([r"r_j = 2 z_{j,i}^{[l]}"], "definition", "index i is free on the right but not on"),
        ([r"R = 2 Y", r"R_{j,i} = 2 y_{j,i}"], "true", "42 places"),
        (
            [r"v = \frac{1}{m} Y \mathbf 1_m", r"v_j = \frac{1}{m} \sum_{i=1}^m y_{j,i}"],
            "true",
            "12 places",
        ),
        # Not even a statement.
        (["a = " + r"\sqrt" * 3000 + " b"], "not read", "it is nested too deeply"),
    ],
)
def test_rare_ways_of_writing_get_what_they_deserve(displays, status, words):
    verdict = last(*displays)
    assert verdict.status == status
    assert words in str(verdict)


def test_an_example_in_round_brackets_belongs_to_a_defined_quantity():
    rows = r"r^{(i)} = 2 a^{[1](i)}", r"r^{(i)} = a^{[1](i)} + a^{[1](i)}"
    assert last(*rows, notation="ng").status == "true"


def test_a_delta_of_two_indices_is_a_bracket_unless_one_names_a_layer():
    delta = r"\frac{\partial z_{p,i}^{[l]}}{\partial z_{j,i}^{[l]}} = \delta_{p j}"
    assert last(delta).status == "true"
    assert last(r"\delta_{l j} = 1", layers="subscript").status == "wrong"


def test_an_expectation_is_not_every_e():
    text = last(r"E(x) + \mathbb{E}[w_{j,k}^{[l]}] = 0", expectation="weights")
    assert "the terms of E[x_{:,i}^{[0]}]" in text.message


def test_more_indices_than_can_be_compared_are_drawn_from():
    factors = r"a_{p,i'}^{[l]} z_{k,i''}^{[l]}"
    one = r"\sum_{q=1}^{n^{[l]}} [q = j] a_{q,i}^{[l]}"
    verdict = last(rf"a_{{j,i}}^{{[l]}} {factors} = {one} {factors}")
    assert verdict.status == "true"
    assert 4096 < verdict.places < 3 * 3 * 4096


def test_after_its_time_nothing_is_compared_any_more():
    name, other = Free("x"), Sum((Free("x"), Free("x")))
    late = Bench(Notation(), deadline=0)
    assert Bench(Notation()).holds(name, name)
    assert not late.holds(name, name)
    assert strength(Sum((name, name)), other, late) == Strength()
    assert strength(Sum((name, name)), other, Bench(Notation())).rejected


GIVEN = r"r_i = \sum_{j=1}^{n^{[L]}} y_{j,i}"


@pytest.mark.parametrize(
    ("displays", "status", "words"),
    [
        (
            [r"r_q = 3", r"\frac{\partial J}{\partial r_q} = 1"],
            "not read",
            "the ranges of a defined",
        ),
        ([r"r_i = \frac{1}{m}", r"r^\top r = 1"], "not read", "r needs its index i"),
        ([GIVEN, r"s_i = 2 r_i", r"s^\top s = 4 \sum_{i=1}^m r_i^2"], "true", "3 places"),
        ([GIVEN, r"2 r_m = \sum_{j=1}^{n^{[L]}} 2 y_{j,m}"], "true", "3 places"),
        (
            [
                r"R^{[l]} = Z^{[l]} + 0",
                r"\partial J / \partial R_{j,i}^{[l]} = \partial J / \partial z_{j,i}^{[l]}",
            ],
            "true",
            "",
        ),
        (
            [r"R^{[l]} = 2 Z^{[l]}", r"\frac{\partial a_{j,i}^{[l]}}{\partial R^{[l]}} = 1"],
            "not read",
            "the derivative by a defined array is read for J only",
        ),
        ([r"u(x) = x^2", r"u(W^{[l]} A^{[l-1]}) = 1"], "not read", "is a function of numbers"),
        ([r"h(\sqrt{x}) = x"], "wrong", "first wrong value"),
        ([r"\sigma(z) = \frac{\partial E}{\partial b^{[l]}}"], "not read", "no layer"),
        (
            [r"a_{j,i}^{[l]} = g(z_{j,i}^{[l]}), \quad j = 1 \dots n^{[l]}"],
            "definition",
            "144 places",
        ),
        ([r"x \in \mathbb{R} = 3"], "not read", "∈ stands in a chain with other relations"),
        ([r"z_{j,i}^{[L+1]} = a_{j,i}^{[L+1]}"], "not read", "no layer at which both sides exist"),
        ([r"J = \delta_{1 2 3} x"], "not read", r"\delta shows no layer"),
        ([r"J = \sum_{p=1}^{m} \delta_{\underbrace i} J_p"], "not read", ""),
        (
            [r"\nabla_{Z^{[l]}} J = (\nabla_{A^{[l]}} J) \partial A^{[l]} / \partial Z^{[l]}"],
            "not read",
            "if the chain rule is meant formally, declare chain: formal",
        ),
        ([r"2 y_{j,i} = 4 (\frac{1}{2} \odot y_{j,i})"], "true", "42 places"),
        ([r"r_{j,i} = 2 y_{j,i}", "2 y_{j,i} = r_{p,i}"], "wrong", "true with j for p"),
        (
            [r"r_{j,i} = 2 y_{j,i}", r"y_{j,i} y_{p,i} = \frac{1}{4} r_{j,i}"],
            "wrong",
            "true with r_{p,i} times 1/4 r_{j,i}",
        ),
        (
            [
                r"r_{j,i}^{[l]} = 2 z_{j,i}^{[l]}",
                r"z_{j,i}^{[l]} z_{p,i}^{[l]} = \frac{1}{4} r_{j,i}^{[l]}",
            ],
            "wrong",
            "r_{p,i}",
        ),
        ([GIVEN, r"\sum_{j=1}^{n^{[L]}} 2 y_{j,m} = 2 r_m"], "true", "3 places"),
        ([r"g(z_{j,i}^{[l]}) = 3 z_{j,i}^{[l]}"], "definition", "it settles what"),
        ([r"g(z_{j,i}^{[l]}) = J_i"], "definition", "it settles what"),
        ([r"a_{j,i}^{[l]} = J_i"], "wrong", "first wrong value"),
        (
            [r"\partial z_{p,i}^{[l]} / \partial z_{j,i}^{[l]} = \mathbf{1}_{[p = j]}"],
            "true",
            "580 places",
        ),
        ([r"\partial z_{p,i}^{[l]} / \partial z_{j,i}^{[l]} = 1_{p = j}"], "true", "580 places"),
        ([r"z^{[l]} = w^{[l]} a^ \partial {l-1} u"], "not read", "∂ stands alone"),
        ([r"a_ \mathbb j = 2"], "not read", r"\mathbbj is not declared"),
        ([r"\mathbf{a}^{[l]} = g(\mathbf{z}^{[l]})"], "definition", "144 places"),
        ([r"\underset{i}{Z}^{[l]} = Z^{[l]}"], "not read", ""),
        ([r"J = [q = 1]"], "wrong", "index q is free on the right but not on the left"),
        ([r"z_{1,i}^{[l]} = 3 z_{1,i}^{[l]} + a_{1,i}^{[l]}"], "wrong", "first wrong value"),
        ([r"Z^{[l]} = 2 Z^{[l]} (= Z^{[l]})"], "not read", "is not read"),
        ([r"a_{j,i}^{[l]} = 0, \quad j \neq 3, \quad = 5"], "not read", "one side of a relation"),
        (["x $$\n\n\\newcommand{\\x} 3 and more\n\n$$ \\x = 3"], "definition", ""),
        (
            [r"R = 2 Y", r"\frac{\partial y_{1,1}}{\partial R_{j,i}} = 0"],
            "not read",
            "a derivative by (R)_{j,i} is not read",
        ),
        (
            [
                r"Z^{[l]} = \begin{bmatrix} "
                + " & ".join(rf"z_{{:,{n}}}^{{[l]}}" for n in range(1, 18))
                + r" & \dots & a_{:,m}^{[l]} \end{bmatrix}"
            ],
            "not read",
            "do not follow one pattern",
        ),
        ([r"\mathbf{1}_{(p = j)} = [p = j]"], "not read", ""),
    ],
)
def test_defined_quantities_are_used_where_that_has_a_meaning(displays, status, words):
    verdict = last(*displays)
    assert (verdict.status, str(verdict)) == (status, str(verdict))
    assert words in str(verdict)


def test_what_the_page_defines_is_tried_together_before_an_equation_is_wrong():
    displays = [
        *map(bare, (SIGMOID, CROSS_ENTROPY)),
        r"\frac{\partial J}{\partial Z^{[L]}} = A^{[L]} - Y",
    ]
    verdict = last(*displays)
    assert verdict.status == "wrong"
    assert "1/m" in verdict.repair


def bare(display):
    return display.strip("$ ")


@pytest.mark.parametrize("right", [r"\gamma z", r"\sum_{p=1}^{J_1} z"])
def test_a_definition_without_a_value_says_nothing_of_the_activation(right):
    assert last(rf"g(z) = {right}", r"\sigma(0) = \frac{1}{2}").status != "wrong"


def test_a_network_that_tells_nothing_is_no_evidence(monkeypatch):
    monkeypatch.setattr(Network, "dead", lambda network: ["W1"])
    assert "the derivative of J by W1 vanishes" in message(
        rf"{DW} = 2 {DW}", cost="mean", output="tanh"
    )


def test_a_variant_of_which_nothing_can_be_said_elsewhere_is_not_counted(monkeypatch):
    holds_here = Outcome(places=1)
    monkeypatch.setattr(
        Bench, "tried", lambda _, a, b, elsewhere=(): None if elsewhere else holds_here
    )
    assert strength(Free("x"), Sum((Free("x"), Free("x"))), Bench(Notation())) == Strength()


def test_what_has_no_meaning_is_no_repair():
    losses = Node("losses", None, ONE, Index("i"), "J")
    assert Bench(Notation()).tried(losses, losses) is None
    assert Bench(Notation().extend({"cost": "mean"})).holds(losses, losses)


@pytest.mark.parametrize(
    ("notation", "tex", "words"),
    [
        ("one-example", r"\nabla_\partial \odot x", r"\odot has nothing before it"),
        ("one-example", r"J = \sum_{i=1 0 m} J_i", "Σ over i has no bounds"),
        ("bishop", r"\frac{\partial z_{p,i}^{[l]}}{\partial w_{j,k}^{[l]}} = \delta_{pj} a_k", ""),
        (
            "rows-are-examples",
            r"\delta^l_j = \sum_ \frac{x}{h} ^{l+1}_{jk} \delta^l_k",
            "leaves k free",
        ),
    ],
)
def test_in_other_notations_too(notation, tex, words):
    verdict = last(tex, notation=notation)
    assert verdict.status == "not read"
    assert words in verdict.message


def test_a_rate_of_a_rate_is_not_read():
    rates = {"\\dot{z}": "rate of entries of Z[l]"}
    tex = r"\frac{\partial \dot{z}_{j,i}^{[l]}}{\partial z_{j,i}^{[l]}} = 1"
    assert message(tex, symbols=rates) == "a derivative of a rate is not read"


def test_a_formal_chain_through_a_defined_array_is_not_read():
    by = r"\frac{\partial J}{\partial R^{[l]}} \frac{\partial R^{[l]}}{\partial Z^{[l]}}"
    tex = rf"\nabla_{{Z^{{[l]}}}} J = {by}"
    assert last(r"R^{[l]} = 2 Z^{[l]}", tex, chain="formal").status == "not read"


def test_an_entry_with_three_indices_is_of_no_matrix():
    words = "c_{j,i,k} has too many indices"
    assert message(r"c_{j,i,k} z_{j,i}^{[l]} = 1", symbols={"c": "matrix"}) == words


def test_constants_and_losses_of_numbered_examples():
    assert last("c = 2", "2 c = 4", notation="bishop").status == "true"
    assert last(r"J = [q = 1]", einstein=True).status == "wrong"
    tex = r"\frac{\partial J_1}{\partial z_{j,i}^{[L]}} = 0 \cdot z_{j,i}^{[L]}"
    assert last(tex, cost="mean").status == "wrong"


def test_macros_without_a_body_are_passed_over():
    (first, second) = check_page("$$ x $$\n\n\\newcommand{\\x} 3 and \\x\n\n$$ \\x = 3 $$\n")
    assert (first.status, second.status) == ("not read", "definition")
