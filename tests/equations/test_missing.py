"""What is missing is named: a factor, a summand, an argument, the index of a definition."""

import pytest

from fcnref.equations import check_equation, check_page
from fcnref.equations.holes import fillings
from fcnref.equations.notation import Notation

DZ = r"\frac{\partial J}{\partial z_{j,i}^{[l]}}"
DA = r"\frac{\partial J}{\partial a_{j,i}^{[l]}}"

DIRECTIONS = Notation.bundled("columns-are-examples").extend(
    {
        "symbols": {
            r"\dot{x}": "rate of entries of X",
            r"\dot{w}": "rate of entries of W[l]",
            r"\dot{b}": "rate of b[l]",
            r"\dot{a}": "rate of entries of A[l]",
            r"\bar{w}": "entries of dJ/dW[l]",
            r"\bar{b}": "dJ/db[l]",
            r"\bar{z}": "entries of dJ/dZ[l]",
            r"\bar{a}": "entries of dJ/dA[l]",
            r"\dot{\bar{w}}": "rate of entries of dJ/dW[l]",
            r"\dot{\bar{z}}": "rate of entries of dJ/dZ[l]",
        }
    }
)

LAYER_NORM = r"""
<!-- notation:
activation: layer_norm
symbols:
  '\gamma': entries of gain
  '\beta': entries of shift
  '\varepsilon': epsilon
-->

$$ \mu_i = \frac{1}{n^{[l]}} \sum_{p=1}^{n^{[l]}} z_{p,i}^{[l]} $$ (eq-mu)

$$ s_i = \sqrt{
\frac{1}{n^{[l]}} \sum_{p=1}^{n^{[l]}} (z_{p,i}^{[l]} - \mu_i)^2 + \varepsilon} $$ (eq-s)

$$ \hat z_{j,i} = \frac{z_{j,i}^{[l]} - \mu_i}{s_i} $$ (eq-normal)

$$ a_{j,i}^{[l]} = \gamma_j \, \hat z_{j,i} + \beta_j $$ (eq-a)

"""
ITS_BACKWARD_PASS = r"""
$$ r_{j,i} = \gamma_j \frac{\partial J}{\partial a_{j,i}^{[l]}} $$ (eq-r)

$$ \frac{\partial J}{\partial z_{j,i}^{[l]}} = \frac{1}{s_i} \left( r_{j,i}
- \frac{1}{n^{[l]}} \sum_{p=1}^{n^{[l]}} r_{p,i}
- \hat z_{j,i} \, \frac{1}{n^{[l]}} \sum_{p=1}^{n^{[l]}} r_{p,i} \, \hat z_{p,i} \right) $$ (eq-dz)

$$ \frac{\partial J}{\partial \gamma_j} = \sum_{i=1}^{m}
\frac{\partial J}{\partial a_{j,i}^{[l]}} \, \hat z_{j,i} $$ (eq-dgain)
"""


WHOLE = LAYER_NORM + ITS_BACKWARD_PASS


def told(page, was, new):
    """What is said of a page with one edit, by label."""
    assert page.count(was) == 1
    return {verdict.label: verdict for verdict in check_page(page.replace(was, new))}


def test_the_page_holds():
    assert not any(verdict.fails for verdict in check_page(WHOLE))


@pytest.mark.parametrize(
    ("was", "new", "label", "repair"),
    [
        (r"\, \hat z_{j,i} $$ (eq-dgain)", "$$ (eq-dgain)", "eq-dgain", r"true with \hat{z}_{j,i}"),
        (r"\, \hat z_{p,i} \right)", r"\right)", "eq-dz", r"true with \hat{z}_{p,i} times r_{p,i}"),
        (r"\, \hat z_{j,i} + \beta_j", r"+ \beta_j", "eq-a", r"true with \hat{z}_{j,i} times"),
        (r"(z_{p,i}^{[l]} - \mu_i)^2", r"( - \mu_i)^2", "eq-a", r"true with −\mu_{i} + z_{p,i}^{["),
        (
            "z_{p,i}^{[l]} $$ (eq-mu)",
            "z_{p,p}^{[l]} $$ (eq-mu)",
            "eq-mu",
            "true with z_{p,i}^{[l]}",
        ),
        (r"{z_{j,i}^{[l]} - \mu_i}", r"{z_{i,i}^{[l]} - \mu_i}", "eq-normal", "true with z_{j,i}^"),
        (
            r"\mu_i = \frac{1}{n^{[l]}}",
            r"\mu_i = \frac{1}{n^{[l-1]}}",
            "eq-a",
            "true with n^{[l]} for",
        ),
    ],
)
def test_what_a_page_has_defined_is_found_missing(was, new, label, repair):
    page = LAYER_NORM if was in LAYER_NORM else WHOLE
    assert told(page, was, new)[label].repair.startswith(repair)


@pytest.mark.parametrize(
    ("was", "new", "label", "advice"),
    [
        (r"$$ \mu_i", r"$$ \mu_p", "eq-mu", r"on the right but not on the left; write \mu_{i}"),
        (r"$$ s_i", r"$$ s_p", "eq-s", "on the right but not on the left; write s_{i}"),
        (
            r"\sum_{p=1}^{n^{[l]}} z_{p,i}^{[l]} $$ (eq-mu)",
            r"\sum_{i=1}^{n^{[l]}} z_{p,i}^{[l]} $$ (eq-mu)",
            "eq-mu",
            "and to define it this leaves p free; write Σ over p for Σ over i",
        ),
        (r"$$ \hat z_{j,i} =", r"$$ \hat z_{i,i} =", "eq-normal", r"free; write \hat{z}_{j,i}"),
    ],
)
def test_a_definition_that_leaves_an_index_free_says_what_covers_it(was, new, label, advice):
    assert advice in str(told(LAYER_NORM, was, new)[label])


@pytest.mark.parametrize(("outer", "inner", "new"), [("k", "k", "j"), ("j", "j", "k")])
def test_a_sum_that_is_taken_twice_is_told_which_index_is_left(outer, inner, new):
    sums = rf"\sum_{{{outer}=1}}^{{n^{{[l]}}}} \sum_{{{inner}=1}}^{{n^{{[l-1]}}}}"
    verdict = check_equation(rf"R^{{[l]}} = {sums} w_{{j,k}}^{{[l]}}")
    assert verdict.message.endswith(f"leaves {new} free; write Σ over {new} for Σ over {outer}")


ADJOINT = r"""\sum_{i=1}^{m} \sum_{j=1}^{n^{[L]}} \bar{a}_{j,i}^{[L]} \, \dot{a}_{j,i}^{[L]}
= \sum_{l=1}^{L} \sum_{j=1}^{n^{[l]}} \left( \sum_{k=1}^{n^{[l-1]}} \bar{w}_{j,k}^{[l]} \,
\dot{w}_{j,k}^{[l]} + \bar{b}_j^{[l]} \, \dot{b}_j^{[l]} \right)
+ \sum_{i=1}^{m} \sum_{k=1}^{n^{[0]}} \bar{a}_{k,i}^{[0]} \, \dot{x}_{k,i}"""
DW_DOT = r"""\dot{\bar{w}}_{j,k}^{[l]} = \sum_{i=1}^{m} \left(
\dot{\bar{z}}_{j,i}^{[l]} a_{k,i}^{[l-1]} + \bar{z}_{j,i}^{[l]} \dot{a}_{k,i}^{[l-1]} \right)"""


@pytest.mark.parametrize(
    ("tex", "missing", "repair"),
    [
        (ADJOINT, r"\bar{a}_{j,i}^{[L]} \,", ", on the left, ∂J/∂a_{j,i}^{[L]} times"),
        (ADJOINT, r"\, \dot{a}_{j,i}^{[L]}", r", on the left, \dot{a}_{j,i}^{[L]} times"),
        (ADJOINT, r"\bar{w}_{j,k}^{[l]} \,", " ∂J/∂w_{j,k}^{[l]} times"),
        (ADJOINT, r"\bar{a}_{k,i}^{[0]} \,", " ∂J/∂x_{k,i}^{[0]} times"),
        (DW_DOT, r"\dot{a}_{k,i}^{[l-1]}", r" \dot{a}_{k,i}^{[l-1]} times"),
    ],
)
def test_a_missing_rate_or_gradient_is_named_on_either_side(tex, missing, repair):
    assert check_equation(tex, DIRECTIONS).status == "true"
    assert tex.count(missing) == 1
    verdict = check_equation(tex.replace(missing, ""), DIRECTIONS)
    assert verdict.status == "wrong"
    assert verdict.repair.startswith(f"true with{repair}")


def test_a_wrong_number_in_a_definition_is_named():
    page = r"""
<!-- notation:
symbols:
  '\varphi': function normal_density
-->
$$ f(z) = \frac{1}{\sqrt{2 \pi}} \, e^{-z^2 / 3}, \qquad \varphi(z) = f(z) $$ (eq-density)
"""
    wrong = next(v for v in check_page(page) if v.status == "wrong")
    assert wrong.repair == "true with 2 for 3 in the definition of f"


@pytest.mark.parametrize(
    ("hole", "quantity"),
    [
        (rf"{DZ} = {DA} \, {{g^{{[l]}}}}'( )", "z_{j,i}^{[l]}"),
        (r"\frac{\partial a_{p,i}^{[l]}}{\partial z_{j,i}^{[l]}} = [p = j] g'()", "z_{j,i}^{[l]}"),
        (rf"{DZ} = \sum_{{p=1}}^{{n^{{[l+1]}}}}", ""),
    ],
)
def test_what_fills_a_hole_is_looked_for_among_what_is_printed(hole, quantity):
    elementwise = Notation.bundled("columns-are-examples").extend({"activation": "sigmoid"})
    verdict = check_equation(hole, elementwise)
    assert verdict.status == "not read"
    assert "; write " in verdict.message
    assert verdict.repair == (f"true with {quantity} there" if quantity else "")


def test_holes_are_filled_one_at_a_time():
    filled = [whole for _, whole in fillings(r"\log \left( \right) + x_i - |\,| + \sum_{k=1}^{m}")]
    assert filled == [r"\log \left(  x_i \right) + x_i - |\,| + \sum_{k=1}^{m}"]


@pytest.mark.parametrize(
    ("name", "repair"),
    [
        (r"\kappa_{j,i}^{[l]}", ""),
        (r"\kappa_{p,i}^{[l]}", ""),
        (r"\kappa_{j,i}^{[L]}", ""),
        (r"\kappa_{i,j}^{[l]}", r"true with \kappa_{j,i}^{[l]}"),
        (r"\kappa_{i,i}^{[l]}", r"true with \kappa_{j,i}^{[l]}"),
        (r"\kappa_{j,i}^{[l-1]}", r"true with \kappa_{j,i}^{[l]}"),
        (r"\kappa_{k,i}^{[l]}", r"true with \kappa_{j,i}^{[l]}"),
    ],
)
def test_the_indices_of_a_name_run_as_far_as_they_are_declared_to(name, repair):
    page = rf"""
<!-- notation:
dropout: true
symbols:
  '\kappa': entries of K[l]
-->

```{{math}}
:label: eq-mask
:class: definition
{name} = \begin{{cases}} 2 & \text{{with luck}} \\ 0 & \text{{otherwise}} \end{{cases}}
```
"""
    [verdict] = check_page(page)
    assert verdict.repair == repair
    assert verdict.fails == bool(repair)


@pytest.mark.parametrize("name", [r"Q^{\mathsf T}", "Q^2", r"Q^{[l]T}"])
def test_a_transpose_or_a_power_defines_no_name(name):
    verdict = check_equation(rf"{name} = W^{{[l]}}")
    assert (verdict.status, verdict.codes) == ("not read", ("undeclared",))


def test_what_is_too_much_in_one_term_is_left_out_of_that_term():
    softmax = Notation.bundled("columns-are-examples").extend(
        {"cost": "cross-entropy", "output": "softmax"}
    )
    dz = r"\frac{\partial J}{\partial z_{j,i}^{[L]}}"
    verdict = check_equation(rf"{dz} = \frac{{1}}{{m}} (a_{{j,i}}^{{[L]}} - 2 y_{{j,i}})", softmax)
    assert "2 left out" in verdict.advice


@pytest.mark.parametrize(
    ("factor", "name"), [(r"\frac{m}{2}", "m/2"), (r"\frac{2}{m}", "2/m"), ("n^{[L]}", "n^{[L]}")]
)
def test_the_constant_between_the_sides_is_named(factor, name):
    db = r"\frac{\partial J}{\partial b_j^{[l]}}"
    verdict = check_equation(rf"{db} = {factor} \sum_{{i=1}}^{{m}} {DZ}")
    assert f"right side = {name} × left side" in verdict.message


@pytest.mark.parametrize(("layer", "status"), [(0, "definition"), (1, "wrong")])
def test_numbers_may_be_written_out_for_the_input_and_not_for_what_is_computed(layer, status):
    small = Notation.bundled("columns-are-examples").extend({"widths": [2, 2], "examples_count": 2})
    written = r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}"
    assert check_equation(rf"A^{{[{layer}]}} = {written}", small).status == status


def test_a_sum_over_another_letter_takes_the_range_of_the_letter_that_is_put_for_it():
    da = r"\frac{\partial J}{\partial a_{k,i}^{[l-1]}}"
    verdict = check_equation(rf"{da} = \sum_{{p=1}}^{{m}} w_{{j,k}}^{{[l]}} {DZ}")
    assert verdict.repair == "true with p for j in the summand"
