"""What becomes of a statement: the five verdicts, the guard against passing for nothing, scopes."""

import pytest

from fcnref.equations import Notation, assert_page, check_equation, check_page

DW = r"\frac{\partial J}{\partial W^{[l]}}"
DZ = r"\frac{\partial J}{\partial Z^{[l]}}"
DA = r"\frac{\partial J}{\partial A^{[l]}}"


def page(*displays: str) -> str:
    return "\n\n".join(f"$$ {display} $$" for display in displays) + "\n"


def test_a_true_equation_tells_its_evidence():
    verdict = check_equation(rf"{DW} = {DZ} A^{{[l-1]\top}}")
    assert verdict.status == "true"
    assert (verdict.networks, verdict.variants) == (3, verdict.rejected)
    assert verdict.reproaches == ()
    assert verdict.places == 5 * 4 + 3 * 5 + 2 * 3 + 3 * 16 + 3 * 5 + 4 * 3 + 6 * 4
    assert verdict.evidence.startswith("holds at 140 places in 3 networks, error ")


@pytest.mark.parametrize(
    ("tex", "status", "code"),
    [
        (r"Z^{[l]} = W^{[l]} A^{[l-1]} + b^{[l]}", "definition", "forward"),
        (r"dW^{[l]} = \frac{\partial J}{\partial W^{[l]}}", "definition", "notation"),
        (
            r"W^{[l]} := W^{[l]} - \alpha \frac{\partial J}{\partial W^{[l]}}",
            "definition",
            "update",
        ),
        (r"W^{[l]} := W^{[l]} - \alpha \frac{\partial J}{\partial Z^{[l]}}", "wrong", "shape"),
        (rf"{DW} = {DW}", "not read", "vacuous"),
        (r"\frac{\partial Y}{\partial Z^{[L]}} = 0 \cdot Y", "not read", "meaning"),
        (rf"{DW} \approx {DZ} A^{{[l-1]\top}}", "not read", "relation"),
        (rf"{DW} = Q^{{[l]}}", "not read", "undeclared"),
        (r"\frac{\partial J}{\partial W} = 0", "not read", "layer"),
        (r"\partial", "not read", "partial"),
        ("", "not read", "nothing"),
        (rf"{DW} = {DZ} \frac{{\partial Z^{{[l]}}}}{{\partial W^{{[l]}}}}", "not read", "meaning"),
        (
            r"\frac{\partial^2 J}{\partial w_{jk}^{[l]} \partial b_j^{[l]}} = 0",
            "not read",
            "second",
        ),
        (rf"{DW} = 1/2m {DZ}", "not read", "slash"),
        (r"a_{ji}^{[l]} = \sum_{p=1}^{5} z_{pi}^{[l]}", "not read", "size"),
        (r"0 \cdot \nabla_{b_j^{[l]}} J = 0", "not read", "vacuous"),
        (r"0 \cdot \nabla_{b_j^{[l]}} J = 0 \cdot b_j^{[l]}", "not read", "vacuous"),
        (r"Z^{[l]} = \nabla_{b^{[l]}} J + Z^{[l]}", "wrong", "shape"),
        (r"\nabla_{Z^{[l]}} J = \nabla_{b^{[l]}} J + \nabla_{Z^{[l]}} J", "wrong", "shape"),
        (r"\left(W^{[l]}\right)^2 = W^{[l]} \odot W^{[l]}", "not read", "meaning"),
        (r"\| z_{:,i}^{[l]} \|^2 = z_{:,i}^{[l]} z_{:,i}^{[l]}", "wrong", "shape"),
        (r"\| z_{:,i}^{[l]} \|^2 = z_{:,i}^{[l]} \cdot z_{:,i}^{[l]}", "true", ""),
        (
            r"Z^{[l]} = \begin{bmatrix} z_{:,2}^{[l]} & \dots & z_{:,m}^{[l]} \end{bmatrix}",
            "not read",
            "matrix",
        ),
    ],
)
def test_every_statement_has_the_verdict_it_deserves(tex, status, code):
    verdict = check_equation(tex)
    assert (verdict.status, *(verdict.codes[:1] or ("",))) == (status, code)


def test_members_of_a_chain_are_compared_with_the_first():
    wrong_in_the_middle = rf"{DW} = {DZ} A^{{[l]\top}} = {DZ} A^{{[l-1]\top}}"
    verdict = check_equation(wrong_in_the_middle)
    assert verdict.repair == "true with A^{[l-1]} for A^{[l]}"


def test_a_zero_derivative_is_true_only_under_its_condition():
    left = r"\frac{\partial z_{p,i}^{[l]}}{\partial w_{j,k}^{[l]}} = 0"
    assert check_equation(left).status == "wrong"
    assert check_equation(rf"{left} \quad (p \neq j)").status == "true"


def test_a_label_must_be_read():
    (verdict,) = check_page("$$ a = Q $$ (eq-q)\n")
    assert (verdict.status, verdict.label, verdict.fails) == ("not read", "eq-q", True)
    (verdict,) = check_page("$$ a = Q $$\n")
    assert not verdict.fails


def test_the_sections_of_a_page_may_declare():
    text = "\n".join(
        [
            "# Page",
            "## Softmax",
            "% notation: activation: softmax",
            r"$$ \sum_{p=1}^{n^{[l]}} \frac{\partial a_{pi}^{[l]}}{\partial z_{ji}^{[l]}} = 0 $$",
            "## After",
            r"$$ \sum_{p=1}^{n^{[l]}} \frac{\partial a_{pi}^{[l]}}{\partial z_{ji}^{[l]}} = 0 $$",
        ]
    )
    assert [verdict.status for verdict in check_page(text)] == ["true", "wrong"]


def test_a_display_may_declare_for_itself():
    body = rf"{DZ} = {DA}"
    directive = "```{{math}}\n:given: activation: identity\n{}\n```\n"
    assert check_page(directive.format(body))[0].status == "true"
    assert check_page(f"$$ {body} $$\n")[0].status == "wrong"


@pytest.mark.parametrize(
    ("because", "status"),
    [("transpose", "wrong on purpose"), ("", "wrong on purpose"), ("index", "wrong")],
)
def test_wrong_on_purpose_fails_for_the_stated_reason(because, status):
    body = r"\frac{\partial J}{\partial A^{[l-1]}} = W^{[l]} \frac{\partial J}{\partial Z^{[l]}}"
    text = f"```{{math}}\n:class: wrong\n:because: {because}\n{body}\n```\n"
    (verdict,) = check_page(text)
    assert verdict.status == status
    assert verdict.fails == (status == "wrong")


def test_what_is_declared_wrong_must_not_be_right():
    text = f"```{{math}}\n:class: wrong\n{DW} = {DZ} A^{{[l-1]\\top}}\n```\n"
    (verdict,) = check_page(text)
    assert (verdict.status, verdict.codes) == ("wrong", ("not-wrong",))


def test_what_the_page_defines_is_used():
    text = page(
        r"r_{ji}^{[l]} = \frac{\partial J}{\partial z_{ji}^{[l]}} a_{ji}^{[l]}",
        r"\sum_{i=1}^m r_{ji}^{[l]} = \sum_{i=1}^m a_{ji}^{[l]} \nabla_{z_{ji}^{[l]}} J",
        r"\sum_{i=1}^m r_{ji}^{[l]} = \sum_{i=1}^m z_{ji}^{[l]} \nabla_{z_{ji}^{[l]}} J",
    )
    assert [v.status for v in check_page(text)] == ["definition", "definition", "wrong"]


def test_an_index_put_into_a_definition_is_not_captured():
    text = page(
        r"s_{ji}^{[l]} = \sum_{p=1}^{n^{[l]}} [p = j] a_{pi}^{[l]}",
        r"\sum_{p=1}^{n^{[l]}} s_{pi}^{[l]} \frac{\partial J}{\partial a_{pi}^{[l]}}"
        r" = \sum_{p=1}^{n^{[l]}} a_{pi}^{[l]} \frac{\partial J}{\partial a_{pi}^{[l]}}",
    )
    assert [v.status for v in check_page(text)] == ["definition", "true"]


def test_the_activation_that_the_page_defines_is_used_in_its_section_only():
    softmax = r"a_{ji}^{[l]} = \frac{e^{z_{ji}^{[l]}}}{\sum_{p=1}^{n^{[l]}} e^{z_{pi}^{[l]}}}"
    jacobian = (
        r"\frac{\partial a_{pi}^{[l]}}{\partial z_{ji}^{[l]}}"
        r" = a_{pi}^{[l]} ([p = j] - a_{ji}^{[l]})"
    )
    inside = check_page("## Softmax\n\n" + page(softmax, jacobian))
    assert [v.status for v in inside] == ["definition", "true"]
    after = check_page("## Softmax\n\n" + page(softmax) + "\n## Other\n\n" + page(jacobian))
    assert after[-1].status == "wrong"


def test_a_sentence_may_suppose():
    text = "If $A^{[1]} = W^{[1]}$, nothing follows.\n"
    assert check_page(text)[0].codes == ("supposition",)
    text = rf"If $g$ is the identity, then ${DZ} = {DA}$." + "\n"
    assert check_page(text)[0].codes == ("supposition",)
    text = rf"Hence ${DW} = {DZ} A^{{[l]\top}}$." + "\n"
    assert check_page(text)[0].status == "wrong"


def test_assert_page_reports_and_needs_something_to_check():
    assert_page(page(rf"{DW} = {DZ} A^{{[l-1]\top}}"))
    with pytest.raises(AssertionError, match=r"1: wrong: .*true with A\^\{\[l-1\]\}"):
        assert_page(page(rf"{DW} = {DZ} A^{{[l]\top}}"))
    with pytest.raises(AssertionError, match="no equation of the page was read"):
        assert_page("Nothing here.\n")


def test_fixed_sizes_are_declared():
    text = r"\nabla_{b_j^{[l]}} J = \sum_{i=1}^{3} \nabla_{z_{ji}^{[l]}} J"
    three = Notation().extend({"widths": [2, 4, 3], "examples_count": 3})
    assert check_equation(text).status == "not read"
    assert check_equation(text, three).status == "true"


def test_second_derivatives_and_rates():
    assert check_equation(r"\tanh''(x) = -2 \tanh(x) \tanh'(x)").status == "true"
    assert check_equation(r"\tanh''(x) = 2 \tanh(x) \tanh'(x)").status == "wrong"
    dots = {r"\dot{Z}": "rate of Z[l]", r"\dot{W}": "rate of W[l]", r"\dot{A}": "rate of A[l]",
            r"\dot{b}": "rate of b[l]"}  # fmt: skip
    notation = Notation().extend({"symbols": dots})
    right = (
        r"\dot{Z}^{[l]} = \dot{W}^{[l]} A^{[l-1]}"
        r" + W^{[l]} \dot{A}^{[l-1]} + \dot{b}^{[l]} 1_m^\top"
    )
    assert check_equation(right, notation).status == "true"
    assert (
        check_equation(right.replace(r"W^{[l]} \dot{A}", r"W^{[l]} A"), notation).status != "true"
    )


def test_dropout():
    notation = Notation().extend(
        {"dropout": True, "symbols": {"K": "K[l]", r"\tilde{A}": "D[l]"}, "depth": 3}
    )
    right = r"\nabla_{A^{[l]}} J = K^{[l]} \odot \nabla_{\tilde{A}^{[l]}} J"
    assert check_equation(right, notation).status == "true"
    assert check_equation(right.replace(r"K^{[l]} \odot", ""), notation).status == "wrong"


@pytest.mark.parametrize(
    ("right", "status"),
    [
        (r"W^{[l+1]\top} W^{[l+2]\top} \cdots W^{[L]\top}", "true"),
        (r"W^{[l]\top} W^{[l+1]\top} \cdots W^{[L]\top}", "wrong"),
        (r"W^{[L]\top} W^{[L-1]\top} \cdots W^{[l+1]\top}", "wrong"),
        (r"\left( W^{[L]} \cdots W^{[l+1]} \right)^\top", "true"),
        (r"\left( \prod_{p=l+1}^{L} W^{[p]\top} \right)", "true"),
    ],
)
def test_products_with_dots_keep_their_order(right, status):
    linear = Notation().extend({"activation": "identity"})
    tex = rf"{DA} = {right} \frac{{\partial J}}{{\partial A^{{[L]}}}}"
    assert check_equation(tex, linear).status == status


@pytest.mark.parametrize(
    ("right", "status"),
    [
        (r"z_{j,1}^{[l]} + z_{j,2}^{[l]} + \dots + z_{j,m}^{[l]}", "true"),
        (r"z_{j,1}^{[l]} + \dots + z_{j,m}^{[l]}", "true"),
        (r"z_{j,2}^{[l]} + \dots + z_{j,m}^{[l]}", "wrong"),
        (r"z_{j,1}^{[l]} + z_{j,3}^{[l]} + \dots + z_{j,m}^{[l]}", "wrong"),
        (r"z_{j,1}^{[l]} + z_{j,2}^{[l]} + \dots", "not read"),
    ],
)
def test_sums_with_dots(right, status):
    left = r"\sum_{i=1}^m z_{j,i}^{[l]} - 0 = "
    assert check_equation(left + right).status == status


def test_columns_that_repeat():
    matrix = (
        r"\begin{bmatrix} b_1^{[l]} & \dots & b_1^{[l]} \\ \vdots & & \vdots \\ X \end{bmatrix}"
    )
    last = r"b_{n^{[l]}}^{[l]} & \dots & b_{n^{[l]}}^{[l]}"
    left = r"b^{[l]} \mathbf{1}_m^\top - 0 \cdot Z^{[l]} = "
    assert check_equation(left + matrix.replace("X", last)).status == "true"
    wrong = last.replace("b_{n^{[l]}}", "a_{n^{[l]},1}")
    assert check_equation(left + matrix.replace("X", wrong)).status == "not read"


def test_a_defined_quantity_is_differentiated_by():
    define = r"c_{ji}^{[l]} = z_{ji}^{[l]} - \frac{1}{m} \sum_{p=1}^{m} z_{jp}^{[l]}"
    right = (
        r"\nabla_{z_{ji}^{[l]}} J = \frac{\partial J}{\partial c_{ji}^{[l]}}"
        r" - \frac{1}{m} \sum_{p=1}^{m} \frac{\partial J}{\partial c_{jp}^{[l]}}"
    )
    found = check_page(page(define, right, right.replace(r"- \frac", r"+ \frac")))
    assert [verdict.status for verdict in found] == ["definition", "true", "wrong"]


def test_small_steps_and_random_weights():
    steps = Notation().extend({"symbols": {"f": "any function", "h": "step"}})
    right = r"f'(x) \approx \frac{f(x + h) - f(x - h)}{2 h}"
    assert check_equation(right, steps).status == "true"
    assert check_equation(right.replace("2 h", "h"), steps).status == "wrong"
    assert check_equation(r"a_{ji}^{[l]} \approx z_{ji}^{[l]}").codes == ("relation",)
    random = Notation().extend({"expectation": "weights", "symbols": {"v": "variance[l]"}})
    square = r"\mathbb{E}[(z_{ji}^{[l]})^2] = v^{[l]} \sum_{k=1}^{n^{[l-1]}} (a_{ki}^{[l-1]})^2"
    assert check_equation(square, random).status == "true"
    assert check_equation(square.replace(r"= v^{[l]}", "="), random).status == "wrong"
    assert check_equation(square).codes == ("expectation",)


@pytest.mark.parametrize(
    ("last", "status"), [(r"\frac{1}{2m}", "definition"), (r"\frac{1}{2}", "wrong")]
)
def test_a_chain_that_begins_with_a_definition_is_compared_to_its_end(last, status):
    squares = r"\sum_{i=1}^{m} \left( a_{j,i}^{[l]} \right)^2"
    tex = rf"P_j^{{[l]}} = \frac{{1}}{{m}} \frac{{1}}{{2}} {squares} = {last} {squares}"
    assert check_equation(tex).status == status


def test_a_network_can_be_given_in_numbers():
    sizes = Notation().extend({"widths": [2, 2, 2], "examples_count": 1})
    column = r"\begin{bmatrix} 0.05 \\ 0.10 \end{bmatrix}"
    assert check_equation(f"X = {column}", sizes).status == "definition"
    assert check_equation("W^{[1]} = " + column, sizes).status == "wrong"
    assert check_equation("Z^{[1]} = " + column, sizes).status == "wrong"


@pytest.mark.parametrize(("last", "status"), [("j,k", "definition"), ("k,j", "wrong")])
def test_numbers_that_a_chain_leaves_open_excuse_no_member(last, status):
    numbers = {rf"\lambda_{n}": "number" for n in (1, 2, 3)}
    squares = r"\sum_{j=1}^{n^{[l]}} \sum_{k=1}^{n^{[l-1]}} \left( w_{%s}^{[l]} \right)^2"
    first, wrong = squares % "j,k", squares % last
    tex = rf"\lambda_1 {first} = \frac{{\lambda_2}}{{2}} {first} = \frac{{\lambda_3}}{{2m}} {wrong}"
    assert check_equation(tex, Notation().extend({"symbols": numbers})).status == status


@pytest.mark.parametrize(("layer", "status"), [("L", "definition"), ("L+1", "wrong")])
def test_what_a_declared_definition_names_has_to_exist(layer, status):
    cases = r"\begin{cases} 2 & \text{with probability } q \\ 0 & \text{otherwise} \end{cases}"
    body = rf"a_{{j,i}}^{{[{layer}]}} = {cases}"
    (verdict,) = check_page(f"```{{math}}\n:class: definition\n:label: eq-a\n{body}\n```\n")
    assert verdict.status == status
    assert verdict.repair == ("true with a_{j,i}^{[L]} for a_{j,i}^{[L+1]}" if layer != "L" else "")


@pytest.mark.parametrize("cell", ["w_{1,2}^{[l]}", "w_{2,1}^{[l]}"])
def test_one_cell_that_breaks_the_pattern_of_a_matrix_is_named(cell):
    matrix = r" \\ ".join(
        [
            rf"w_{{1,1}}^{{[l]}} & {cell} & \cdots & w_{{1,n^{{[l-1]}}}}^{{[l]}}",
            r"w_{2,1}^{[l]} & w_{2,2}^{[l]} & \cdots & w_{2,n^{[l-1]}}^{[l]}",
            r"\vdots & \vdots & \ddots & \vdots",
            r"w_{n^{[l]},1}^{[l]} & w_{n^{[l]},2}^{[l]} & \cdots & w_{n^{[l]},n^{[l-1]}}^{[l]}",
        ]
    )
    verdict = check_equation(rf"W^{{[l]}} = \begin{{bmatrix}} {matrix} \end{{bmatrix}}")
    assert verdict.fails == (cell == "w_{2,1}^{[l]}")
    assert verdict.fails == ("with w_{1,2}^{[l]} for w_{2,1}^{[l]}" in str(verdict))


WEIGHTS = r"""W^{[l]} = \begin{bmatrix}
w_{1,1}^{[l]} & w_{1,2}^{[l]} & \dots & w_{1,n^{[l-1]}}^{[l]} \\
w_{2,1}^{[l]} & w_{2,2}^{[l]} & \dots & w_{2,n^{[l-1]}}^{[l]} \\
\vdots & \vdots & \ddots & \vdots \\
w_{n^{[l]},1}^{[l]} & w_{n^{[l]},2}^{[l]} & \dots & w_{n^{[l]},n^{[l-1]}}^{[l]} \end{bmatrix}"""


@pytest.mark.parametrize(
    ("was", "new"),
    [
        ("w_{1,n^{[l-1]}}^{[l]}", "w_{1,n^{[l]}}^{[l]}"),
        ("w_{n^{[l]},2}^{[l]}", "w_{n^{[l-1]},2}^{[l]}"),
        ("w_{n^{[l]},n^{[l-1]}}^{[l]}", "w_{n^{[l]},n^{[l]}}^{[l]}"),
    ],
)
def test_a_wrong_size_in_a_matrix_with_dots_is_named(was, new):
    assert not check_equation(WEIGHTS).fails
    verdict = check_equation(WEIGHTS.replace(was, new))
    assert verdict.fails
    assert verdict.faults[0].text.endswith(f"they would with {was} for {new}")


def test_two_sizes_in_a_matrix_with_dots_that_would_do_are_both_named():
    square = r"""W^{[l]} = \begin{bmatrix} w_{1,1}^{[l]} & \dots & w_{1,n^{[l-1]}}^{[l]} \\
    \vdots & \ddots & \vdots \\ w_{n^{[l]},1}^{[l]} & \dots & w_{n^{[l]},n^{[l-1]}}^{[l]}
    \end{bmatrix}"""
    assert not check_equation(square).fails
    verdict = check_equation(square.replace("w_{1,n^{[l-1]}}", "w_{1,n^{[l]}}"))
    assert verdict.message.endswith(
        "they would with w_{1,n^{[l-1]}}^{[l]} for w_{1,n^{[l]}}^{[l]}"
        " or with w_{n^{[l]},n^{[l]}}^{[l]} for w_{n^{[l]},n^{[l-1]}}^{[l]}"
    )


def test_a_name_that_cannot_be_defined_says_what_is_left_free():
    verdict = check_equation(r"Q^{[l]} = a_{j,i}^{[l]} + \alpha")
    assert verdict.message == (
        "Q^{[l]} is not declared, and to define it this leaves j free; "
        "sum over j, or write Q_{j}^{[l]}"
    )


LOSSES = r"\frac{1}{m} \sum_{i=1}^m J_i"
SQUARES = r"\sum_{j=1}^{n^{[l]}} \left( w_{j,1}^{[l]} \right)^2"


@pytest.mark.parametrize(
    ("tex", "status"),
    [
        (rf"J = {LOSSES} = \frac{{1}}{{2m}} \sum_{{i=1}}^m 2 J_i", "definition"),
        (rf"J = {LOSSES} = \frac{{1}}{{2m}} \sum_{{i=1}}^m J_i", "wrong"),
        (r"f(x) = x^2 + 2 x + 1 = (x + 1)^2", "true"),
        (r"f(x) = x^2 + 2 x + 1 = (x + 2)^2", "wrong"),
    ],
)
def test_the_members_behind_one_that_settles_something_are_compared(tex, status):
    assert check_equation(tex).status == status


def test_numbers_with_a_numeral_below_can_be_defined():
    text = page(
        r"\lambda_2 = 2 \lambda_1",
        rf"\lambda_1 {SQUARES} = \frac{{\lambda_2}}{{2}} {SQUARES}",
        rf"\lambda_1 {SQUARES} = \lambda_2 {SQUARES}",
        r"\lambda_2 = 3 \lambda_1",
    )
    assert [v.status for v in check_page(text)] == ["definition", "true", "wrong", "wrong"]


@pytest.mark.parametrize(
    ("was", "new"),
    [("z_{:,1}^{[l]}", "z_{:,1}^{[l-1]}"), ("z_{:,i}^{[l]}", "z_{i,:}^{[l]}")],
)
def test_a_cell_that_breaks_the_pattern_of_a_matrix_is_named(was, new):
    cells = r" & \dots & ".join(rf"\nabla_{{z_{{:,{x}}}^{{[l]}}}} J" for x in "1im")
    tex = rf"{DZ} = \begin{{bmatrix}} {cells} \end{{bmatrix}}"
    assert check_equation(tex).status == "true"
    verdict = check_equation(tex.replace(was, new))
    assert verdict.fails
    assert verdict.faults[0].text.endswith(f"they would with {was} for {new}")


def test_the_layer_at_which_something_exists_is_named():
    text = page(r"R^{[l]} = \sum_{j=1}^{n^{[l]}} b_j^{[l]}", r"F = J + \sum_{l=1}^{L} R^{[l-1]}")
    assert check_page(text)[-1].repair == "true with Σ from 2"


def test_the_input_says_nothing_of_the_activation():
    text = page(r"A^{[0]} = X", r"A^{[l]} = g^{[l-1]}(Z^{[l]})")
    assert [v.status for v in check_page(text)] == ["definition", "wrong"]


def test_a_declared_mean_of_losses_is_no_sum():
    mean = Notation().extend({"cost": "mean"})
    assert check_equation(rf"J = {LOSSES}", mean).status == "definition"
    assert check_equation(r"J = \sum_{i=1}^m J_i", mean).status == "wrong"


@pytest.mark.parametrize(
    ("right", "status", "codes"),
    [
        (r"\frac{1}{2m} \| A^{[L]} - Y \|^2", "definition", ("definition",)),
        (r"\frac{1}{m} W^{[l]}", "wrong", ("shape",)),
        (r"\frac{1}{m} \sum_{i=1}^m a_{j,i}^{[L]}", "wrong", ("free",)),
    ],
)
def test_a_cost_that_is_left_open_is_a_number_all_the_same(right, status, codes):
    verdict = check_equation(f"J = {right}")
    assert (verdict.status, verdict.codes[:1]) == (status, codes)


@pytest.mark.parametrize(
    ("tex", "repair"),
    [
        (r"\sigma'(z) = \sigma(z) (2 - \sigma(z))", "true with 1 for 2"),
        (r"\sigma''(z) = \sigma'(z) (1 - 3 \sigma(z))", "true with 2 for 3"),
    ],
)
def test_a_number_that_is_off_by_one_is_named(tex, repair):
    assert check_equation(tex, Notation().extend({"activation": "sigmoid"})).repair == repair


@pytest.mark.parametrize(
    ("tex", "repair"),
    [
        (
            r"\frac{\partial J}{\partial a_{j,i}^{[L]}} = -\frac{1}{m} \frac{1}{a_{j,i}^{[L]}}",
            "y_{j,i} times −(1/m 1/a_{j,i}^{[L]})",
        ),
        (
            r"z_{j,i}^{[l]} = \sum_{k=1}^{n^{[l-1]}} a_{k,i}^{[l-1]} + b_j^{[l]}",
            "w_{j,k}^{[l]} times a_{k,i}^{[l-1]}",
        ),
        (
            r"z_{j,i}^{[l]} = \sum_{k=1}^{n^{[l-1]}} w_{j,k}^{[l]} a_{k,i}^{[l-1]}",
            "Σ_{k=1}^{n^{[l-1]}} (w_{j,k}^{[l]} a_{k,i}^{[l-1]}) + b_{j}^{[l]}",
        ),
        (
            r"\frac{\partial J}{\partial z_{j,i}^{[L]}} = \frac{1}{m} (-y_{j,i})",
            "−y_{j,i} + a_{j,i}^{[L]}",
        ),
        (rf"{DW} = {DZ}", "∂J/∂Z^{[l]} times A^{[l-1]}ᵀ"),
        (r"Z^{[l]} = A^{[l-1]} + b^{[l]} \mathbf 1_m^\top", "W^{[l]} times A^{[l-1]}"),
        (r"z_{:,i}^{[l]} = W^{[l]} + b^{[l]}", "W^{[l]} times a_{:,i}^{[l-1]}"),
        (r"z_{:,i}^{[l]} = W^{[l]} a_{:,i}^{[l-1]}", "W^{[l]} a_{:,i}^{[l-1]} + b^{[l]}"),
        (r"Z^{[l]} = W^{[l]} A^{[l-1]}", "W^{[l]} A^{[l-1]} + b^{[l]} 1_mᵀ"),
        (
            r"z_{j,i}^{[l]} = \sum_{k=1}^{n^{[l-1]}} w_{j,k}^{[l]} + b_j^{[l]}",
            "a_{k,i}^{[l-1]} times w_{j,k}^{[l]}",
        ),
        (
            r"A^{[l]} = g^{[l-1]}(Z^{[l]})",
            "g^{[l]}(Z^{[l]}) for g^{[l-1]}(Z^{[l]})",
        ),
        (rf"\frac{{\partial J}}{{\partial b^{{[l]}}}} = {DZ} \mathbf 1_m^\top", "1_m for 1_mᵀ"),
        (r"a_{j,i}^{[L]} \cdot n^{[L-1]} = n^{[L]} a_{j,i}^{[L]}", "n^{[L-1]} for n^{[L]}"),
        (r"\sum_{k=1}^{n^{[l-1]}} 1 = n^{[l]}", "n^{[l-1]} for n^{[l]}"),
        (r"\sum_{k=1}^{n^{[l-1]}} 1 = n^{[l-2]}", "n^{[l-1]} for n^{[l-2]}"),
        (
            rf"\frac{{1}}{{2}} {DW} = A^{{[l-1]\top}} \frac{{{DZ}}}{{2}}",
            "∂J/∂Z^{[l]}/2 A^{[l-1]}ᵀ for A^{[l-1]}ᵀ ∂J/∂Z^{[l]}/2",
        ),
        (
            rf"m {DW} = A^{{[l-1]\top}} \frac{{{DZ}}}{{\frac{{1}}{{m}}}}",
            "∂J/∂Z^{[l]}/(1/m) A^{[l-1]}ᵀ for A^{[l-1]}ᵀ ∂J/∂Z^{[l]}/(1/m)",
        ),
        (
            r"m \partial J / \partial a_{j,i}^{[L]} = \partial J_j / \partial a_{j,i}^{[L]}",
            "J_{i} for J_{j}",
        ),
    ],
)
def test_what_is_missing_is_named(tex, repair):
    notation = Notation().extend({"cost": "cross-entropy", "output": "softmax"})
    verdict = check_equation(tex, notation)
    assert verdict.status == "wrong"
    assert f"true with {repair}" in (verdict.repair, *verdict.alternatives)


@pytest.mark.parametrize(
    ("tex", "repair"),
    [
        (r"\nabla_{w_{j,k}^{[l]}} J = \delta_j^{[l]}", "a_{k}^{[l-1]} times ∂J/∂z_{j}^{[l]}"),
        (r"\nabla_{W^{[l]}} J = \delta^{[l]}", "∂J/∂z^{[l]} times a^{[l-1]}ᵀ"),
        (
            r"z_j^{[l]} = \sum_{k=1}^{n^{[l-1]}} w_{j,k}^{[l]} + b_j^{[l]}",
            "a_{k}^{[l-1]} times w_{j,k}^{[l]}",
        ),
        (r"\nabla_{z_j^{[L]}} J = -y_j", "−y_{j} + a_{j}^{[L]}"),
    ],
)
def test_what_is_missing_is_named_where_a_page_treats_one_example(tex, repair):
    notation = Notation.bundled("one-example").extend({"cost": "binary-cross-entropy"})
    verdict = check_equation(tex, notation)
    assert (verdict.status, verdict.repair) == ("wrong", f"true with {repair}")


def test_an_entry_of_a_declared_gradient_is_printed_as_one():
    verdict = check_equation(r"\nabla_{w_{j,k}^{[l]}} J = \sum_i \delta_{j,i}^{[l]}")
    assert verdict.repair == "true with a_{k,i}^{[l-1]} times ∂J/∂z_{j,i}^{[l]}"


@pytest.mark.parametrize(
    ("name", "place"),
    [("rows-are-examples", "1ᵀ before"), ("columns-are-examples", "1 after")],
)
def test_a_sum_over_the_examples_stands_on_their_side(name, place):
    verdict = check_equation(r"\nabla_{b^{[l]}} J = \nabla_{Z^{[l]}} J", name)
    assert verdict.repair == f"true with the sum over the examples, {place} the right side"


@pytest.mark.parametrize(
    ("tex", "repair"),
    [
        (r"\frac{\partial a_{j,i}^{[l]}}{\partial z_{j,i}^{[l]}} = 1", "1"),
        (r"\nabla_{z_{j,i}^{[l]}} J = \nabla_{a_{j,i}^{[l]}} J", "∂J/∂a_{j,i}^{[l]}"),
    ],
)
def test_a_slope_that_is_missing_is_named(tex, repair):
    verdict = check_equation(tex, Notation().extend({"activation": "elementwise"}))
    assert verdict.status == "wrong"
    slope = "true with g'^{[l]}(z_{j,i}^{[l]}) times "
    assert slope + repair in (verdict.repair, *verdict.alternatives)


def test_an_activation_that_only_its_unit_tells_of_is_named():
    notation = Notation().extend({"activation": "sigmoid"})
    verdict = check_equation(r"g'(z_{j,i}^{[l]}) = 1 - g(z_{j,i}^{[l]})", notation)
    assert verdict.repair == "true with a_{j,i}^{[l]} times (1 − g^{[l]}(z_{j,i}^{[l]}))"


def test_the_sign_of_an_entrywise_product_is_declared():
    notation = Notation().extend({"activation": "elementwise", "hadamard": r"\otimes"})
    tex = rf"{DZ} = {DA} \otimes g'(Z^{{[l]}})"
    assert check_equation(tex, notation).status == "true"
    assert check_equation(tex).status == "not read"


def test_a_number_is_exchanged_in_one_place():
    text = page(r"u(z) = z^3", r"\tanh u(z) = 2 \sigma(3 u(z)) - 1")
    assert check_page(text, SIGMOID)[-1].repair == "true with 2 for 3"


def test_the_indices_of_a_defined_quantity_are_exchanged():
    text = page(r"r_{j,i} = 2 z_{j,i}^{[l]}", r"2 a_{j,i}^{[l]} = 2 g(\frac{1}{2} r_{i,j})")
    assert "r_{j,i} for r_{i,j}" in check_page(text)[-1].advice


def test_a_definition_that_contradicts_what_follows_is_named():
    text = page(r"f(x) = \sigma(2 x)", r"f'(x) = 3 \sigma(3 x) (1 - \sigma(3 x))")
    assert check_page(text, SIGMOID)[-1].repair == "true with 3 for 2 in the definition of f"


SIGMOID = Notation().extend({"symbols": {r"\sigma": "function sigmoid"}})


def test_a_verdict_shows_its_equation_in_a_terminal_and_in_a_notebook():
    verdict = check_equation(rf"{DW} = 2 {DW}")
    assert repr(verdict) == f"{verdict}\n  {verdict.tex}"
    html = verdict._repr_html_()
    assert r"\frac{\partial J}" in html
    assert "1: wrong" in html


SCALINGS = r"""
<!-- notation:
symbols:
  c: number
-->
$$
\begin{aligned}
c &= \frac{\lambda}{2} , & 2 c &= \lambda && \text{in one scaling} \\
c &= \frac{\lambda}{2m} , & 2 c &= \frac{\lambda}{m} && \text{in another}
\end{aligned}
$$ (eq-scalings)
"""


def test_a_number_with_several_values_in_one_display_has_each_in_its_own_row():
    first, true, second, true_too = check_page(SCALINGS)
    assert (first.status, second.status) == ("definition", "definition")
    assert (true.status, true_too.status) == ("true", "true")
    wrong = check_page(SCALINGS.replace(r"\frac{\lambda}{2m}", r"\frac{\lambda}{3m}"))
    assert [verdict.status for verdict in wrong] == ["definition", "true", "definition", "wrong"]


def test_a_number_with_several_values_in_one_display_has_none_of_them_after_it():
    *_, after = check_page(f"{SCALINGS}\n$$ 4 c = \\lambda $$\n")
    assert after.status == "definition"
    one = SCALINGS.replace(r"c &= \frac{\lambda}{2m} , & ", "")
    *_, after = check_page(f"{one}\n$$ 4 c = \\lambda $$\n")
    assert after.status == "wrong"
