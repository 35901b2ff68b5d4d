"""The pictures: the numbers are fcnref's, the HTML is sound, and all is there without a script."""

import re
from functools import partial
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest

import fcnref
from fcnref.equations import Verdict, check_page
from fcnref.show import show_dA_prev, show_db, show_dW, show_softmax_dZ, show_steps

N_PREV, N, M = 2, 3, 5
VOID = {"input", "br"}


def tenths(rng, *shape):
    """Numbers with one digit, so that sums of products are exact in two."""
    values = rng.integers(-9, 10, size=shape) / 10
    values.flags.writeable = False
    return values


@pytest.fixture
def arrays():
    rng = np.random.default_rng(2)
    return {
        "dZ": tenths(rng, N, M),
        "A_prev": tenths(rng, N_PREV, M),
        "W": tenths(rng, N, N_PREV),
        "dA": tenths(rng, N, 2),
        "Z": tenths(rng, N, 2) * 3,
    }


@pytest.fixture
def products(arrays):
    dZ, dA, Z = arrays["dZ"], arrays["dA"], arrays["Z"]
    return {
        "dW": (show_dW(dZ, arrays["A_prev"]), dZ @ arrays["A_prev"].T),
        "db": (show_db(dZ), dZ.sum(axis=1, keepdims=True)),
        "dA_prev": (show_dA_prev(dZ, arrays["W"]), arrays["W"].T @ dZ),
        "dZ": (show_softmax_dZ(dA, Z, digits=4), fcnref.softmax_backward(dA, Z)),
    }


def network(last=fcnref.IDENTITY):
    rng = np.random.default_rng(3)
    layers = [
        fcnref.Layer(tenths(rng, 3, 2), tenths(rng, 3, 1), fcnref.TANH),
        fcnref.Layer(tenths(rng, 2, 3), tenths(rng, 2, 1), last),
    ]
    return tenths(rng, 2, M), fcnref.one_hot(rng.integers(0, 2, size=M), 2), layers


@pytest.fixture
def steps():
    X, Y, layers = network()
    return show_steps(X, Y, layers, fcnref.SOFTMAX_CROSS_ENTROPY, digits=3, pages=".")


@pytest.fixture
def pictures(products, steps):
    return [*(product for product, _ in products.values()), steps]


class Reader(HTMLParser):
    """Read HTML strictly: every element is closed, in order."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tables, self.attributes, self.texts = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.attributes += [(tag, name, value) for name, value in attributes]
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names))
        if tag == "table":
            self.tables.append([])
        if tag not in VOID:
            self.open.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        tag, attributes = self.open[-1] if self.open else ("", {})
        if tag not in {"style", "script"}:
            self.texts.append(data)
        if tag == "td" and "data-at" in attributes:
            self.tables[-1].append((attributes["data-at"], float(data.replace("−", "-"))))

    @property
    def text(self):
        return "".join(self.texts)


def shown(matrix, digits):
    """What a table has to hold."""
    return [round(matrix.value(at), digits) for at in matrix.places()]


def test_result_of_a_product_is_that_of_the_package(products):
    for product, wanted in products.values():
        np.testing.assert_array_equal(product.result.values, wanted)


def test_tables_hold_the_numbers_of_the_matrices(products):
    for product, wanted in products.values():
        result, *factors = Reader(product._repr_html_()).tables
        assert [value for _, value in result] == [
            round(x, product.digits) for x in wanted.ravel().tolist()
        ]
        matrices = [matrix for blocks in product.factors for matrix in blocks]
        assert len(factors) == len(matrices)
        for table, matrix in zip(factors, matrices, strict=True):
            assert [value for _, value in table] == shown(matrix, product.digits)


def test_terms_add_up_to_every_entry(products):
    for product, wanted in products.values():
        for at in product.result.places():
            total = sum(np.prod(values) for _, values in product.terms(at))
            place = [at[product.result.rows] - 1, at.get(product.result.columns, 1) - 1]
            assert total == pytest.approx(wanted[tuple(place)], abs=1e-14)


def test_written_sum_is_right_as_it_stands(products):
    for name in ("dW", "db", "dA_prev"):
        product, _ = products[name]
        for at in product.result.places():
            entry, terms, total = product.sentence(at).split(" = ")
            assert entry == "∂J/∂" + {"dW": "w", "db": "b", "dA_prev": "a"}[name] + str(
                list(at.values())
            ).replace(" ", "")
            value = eval(terms.replace("×", "*").replace("−", "-"))
            assert value == pytest.approx(float(total.replace("−", "-")), abs=1e-12)


def test_rounded_numbers_are_not_called_equal(products):
    softmax, _ = products["dZ"]
    for at in softmax.result.places():
        assert softmax.sentence(at).count("≈") == 2
    explained = re.findall("<li>(.*?)</li>", softmax._repr_html_())
    signs = ["≈" in sentence for sentence in explained]
    assert signs == [True] * (N * 2 + N * N * 2) + [False] * (N * 2)  # dA is exact as printed


def test_every_entry_of_every_matrix_is_explained(products):
    for product, _ in products.values():
        html = product._repr_html_()
        cells = sum(len(table) for table in Reader(html).tables)
        assert html.count("<li>") == cells
        said = re.search(r'<p class="fcn-said"[^>]*>(.*?)</p>', html)[1]
        assert f"<li>{said}</li>" in html  # the worked entry is one of them


def test_influence_names_every_entry_reached(arrays):
    html = show_dW(arrays["dZ"], arrays["A_prev"])._repr_html_()
    sentences = [re.sub("<[^>]+>", "", item) for item in re.findall("<li>(.*?)</li>", html)]
    dz_23 = sentences[N * N_PREV + M + 2]
    value = [f"{x:.2f}".replace("-", "−") for x in (arrays["dZ"][1, 2], *arrays["A_prev"][:, 2])]
    bracket = [f"({x})" if x.startswith("−") else x for x in value]
    assert dz_23 == (
        f"∂J/∂z2,3 = {value[0]} is in the sums of 2 entries. It brings "
        f"{bracket[0]} × {bracket[1]} to ∂J/∂w2,1, {bracket[0]} × {bracket[2]} to ∂J/∂w2,2."
    )


def test_addresses_are_the_indices_of_the_mathematics(arrays):
    dW, dZ, A_prev_T = Reader(show_dW(arrays["dZ"], arrays["A_prev"])._repr_html_()).tables
    assert dict(dW)["j2 k1"] == dW[N_PREV][1]
    assert dict(dZ)["j3 i5"] == arrays["dZ"][2, 4]
    assert dict(A_prev_T)["i5 k2"] == arrays["A_prev"][1, 4]


def test_blocks_of_the_jacobian_say_their_example(products):
    tables = Reader(products["dZ"][0]._repr_html_()).tables
    assert tables[1][0][0] == "i1 j1 p1"
    assert tables[2][-1][0] == "i2 j3 p3"


@pytest.mark.parametrize("last", [fcnref.IDENTITY, fcnref.SOFTMAX, fcnref.SIGMOID])
def test_steps_end_at_the_gradients_of_the_package(last):
    X, Y, layers = network(last)
    loss = fcnref.SOFTMAX_CROSS_ENTROPY if last is fcnref.IDENTITY else fcnref.HALF_SQUARED_ERROR
    J, grads = fcnref.loss_and_grads(X, Y, layers, loss)
    trace = fcnref.forward(X, layers)
    steps = show_steps(X, Y, layers, loss)
    made = {step.row[0].name: step.row[0].values for step in steps.steps if step.title != "Loss"}
    for l in (1, 2):
        np.testing.assert_array_equal(made[f"A[{l}]"], trace.A[l])
        np.testing.assert_array_equal(made[f"dW[{l}]"], grads.layers[l - 1].dW)
        np.testing.assert_array_equal(made[f"db[{l}]"], grads.layers[l - 1].db)
    np.testing.assert_array_equal(made["Z[1]"], trace.Z[1])
    assert f"J = {float(J):.6g}" in [step.formula for step in steps.steps]


def test_slopes_of_an_elementwise_activation_multiply_to_dZ(steps):
    for step in steps.steps:
        if "pre-activations" in step.title and step.way == "backward":
            dZ, _, dA, _, slopes = step.row
            np.testing.assert_allclose(dZ.values, dA.values * slopes.values, rtol=1e-15)


def test_tables_of_the_steps_hold_their_numbers(steps):
    tables = Reader(steps._repr_html_()).tables
    matrices = [item for step in steps.steps for item in step.row if not isinstance(item, str)]
    for table, matrix in zip(tables, matrices, strict=True):
        assert [value for _, value in table] == shown(matrix, steps.digits)


def test_every_step_marks_its_part_of_the_picture(steps):
    pictures = re.findall("<svg.*?</svg>", steps._repr_html_())
    assert len(pictures) == len(steps.steps)
    sizes = {"A0": 2, "W1": 6, "b1": 3, "Z1": 3, "A1": 3, "W2": 6, "b2": 2, "Z2": 2, "A2": 2}
    sizes["J"] = 3  # its box and two lines
    for picture, step in zip(pictures, steps.steps, strict=True):
        for mark, parts in (("makes", step.makes), ("reads", step.reads)):
            marked = re.findall(rf'class="{mark}( fcn-[ijpk])?"', picture)
            assert len(marked) == sum(sizes[part] for part in parts)


def test_units_have_the_color_of_the_index_that_runs_over_them(steps):
    pictures = re.findall("<svg.*?</svg>", steps._repr_html_())
    titles = [step.title for step in steps.steps]
    for title, layers in {
        "Layer 2, gradient of the weights": {"layer 1": "k", "layer 2": "j"},
        "Layer 1, gradient of the activations": {"layer 1": "k", "layer 2": "j"},
        "Layer 1, activations": {"layer 1": "j"},
        "Layer 1, pre-activations": {"input": "k", "layer 1": "j"},
    }.items():
        picture = pictures[titles.index(title)]
        for name, letter in layers.items():
            assert f'{name}, unit <tspan class="fcn-{letter}">{letter}</tspan>' in picture
        assert picture.count("<tspan") == len(layers)
        units = [int(name[-1]) if name[-1].isdigit() else 0 for name in layers]
        boxes = re.findall(r'<rect [^>]*class="(?:makes|reads) fcn-(.)"', picture)
        counts = {letter: steps.sizes[l] for l, letter in zip(units, layers.values(), strict=True)}
        if title == "Layer 1, activations":
            counts = {"j": 2 * steps.sizes[1]}  # z and a
        assert {letter: boxes.count(letter) for letter in set(boxes)} == counts


def test_row_and_column_cross_in_their_entry(products):
    """The factor on the left shares its rows with the result, the one above shares its columns."""
    for name in ("dW", "db", "dA_prev"):
        product, _ = products[name]
        html = product._repr_html_()
        assert '<div class="fcn-row fcn-cross' in html
        result, left, *above = (dict(table) for table in Reader(html).tables)
        first = next(iter(result)).split()[0]
        assert {at.split()[0] for at in left} == {at.split()[0] for at in result}
        assert first in next(iter(left))
        for table in above:
            assert {at.split()[1] for at in table} == {at.split()[1] for at in result}


def test_matrices_too_wide_to_stand_side_by_side_stand_in_a_row():
    def kind(product):
        return re.search(r'<div class="(fcn-row[^"]*)"', product._repr_html_())[1]

    cross, small = "fcn-row fcn-cross", "fcn-row fcn-cross fcn-small"
    assert kind(show_dW(np.ones((2, 7)), np.ones((5, 7)), digits=0)) == small
    assert kind(show_dW(np.ones((2, 7)), np.ones((2, 7)))) == small
    assert kind(show_dW(np.ones((2, 12)), np.ones((2, 12)))) == cross
    assert kind(show_dW(np.ones((2, 12)), np.ones((3, 12)))) == "fcn-row"


def test_links_lead_to_equations_of_the_derivation(steps):
    html = steps._repr_html_()
    assert html.count("<a href=") == len(steps.steps) - 1
    assert '<a href="./weights-and-biases.html#equation-eq-weights-and-biases-dw">' in html
    assert '<a href="./previous-layer.html#equation-eq-previous-layer-da-prev">' in html
    assert "<a " not in steps._replace(pages=None)._repr_html_()


def test_html_is_sound_and_asks_for_nothing(pictures):
    for picture in pictures:
        html = picture._repr_html_()
        reader = Reader(html)
        names = {name for _, name, _ in reader.attributes}
        assert "id" not in names  # nothing that two pictures on a page could both claim
        assert not names & {"src", "onclick", "srcset"}
        assert not re.search(r"https?:|//[a-z]|@import|url\(", html.split("<script>")[0])
        assert "fetch(" not in html
        assert "</script" not in html.split("<script>")[1].removesuffix("</script></div>")


def test_html_is_the_same_every_time(pictures):
    for picture in pictures:
        assert picture._repr_html_() == picture._repr_html_()


def test_what_is_hidden_is_of_use_with_a_script_alone(pictures):
    for picture in pictures:
        hidden = re.findall(r"<(\w+)[^>]* hidden[ >]", picture._repr_html_().split("<script>")[0])
        assert hidden in (["span", "button"], ["div", "button"])


def test_names_from_outside_are_escaped():
    X, Y, layers = network()
    evil = fcnref.Activation("<script>alert(1)</script>", np.tanh, lambda dA, _: dA, None)
    layers[0] = layers[0]._replace(activation=evil)
    html = show_steps(X, Y, layers, fcnref.HALF_SQUARED_ERROR, pages='"><b>')._repr_html_()
    assert "alert(1)" in Reader(html).text
    assert html.count("<script>") == 1
    assert '"><b>' not in html


def test_text_shows_the_matrices_and_a_sum(arrays):
    lines = repr(show_dW(arrays["dZ"], arrays["A_prev"])).splitlines()
    assert lines[0] == "dW = dZ @ A_prev.T"
    assert lines[3].split("  ")[0] == "(3, 2)"
    assert lines[-1].startswith("∂J/∂w[2,1] = ")
    assert "<" not in repr(show_dW(arrays["dZ"], arrays["A_prev"]))


def test_text_of_the_steps_holds_every_step(steps):
    blocks = repr(steps).split("\n\n")
    assert [block.split(":")[0] for block in blocks] == [
        f"{number}. {step.title}" for number, step in enumerate(steps.steps, start=1)
    ]
    assert "<" not in repr(steps)


@pytest.mark.parametrize(
    ("show", "shapes", "message"),
    [
        (show_dW, [(13, 2), (3, 2)], "show_dW: dZ must have between 1 and 12 rows and columns"),
        (show_dA_prev, [(2, 13), (2, 3)], "show_dA_prev: dZ must have between 1 and 12"),
        (show_db, [(3, 40)], r"show_db: .* got \(3, 40\); pass a part of it."),
        (show_softmax_dZ, [(2, 13), (2, 13)], "show_softmax_dZ: dA must have between"),
        (show_dW, [(3, 2), (3, 5)], "affine_backward_parameters: dZ must have shape"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(show, shapes, message):
    with pytest.raises(ValueError, match=message):
        show(*(np.ones(shape) for shape in shapes))


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError, match=r"show_db: dZ must hold real numbers .* pass dZ\.real\."):
        show_db(np.ones((3, 2), dtype=complex))


def test_records_show_shapes_and_values():
    X, Y, layers = network()
    trace = fcnref.forward(X, layers)
    J, grads = both = fcnref.loss_and_grads(X, Y, layers, fcnref.HALF_SQUARED_ERROR, True)
    assert repr(trace).splitlines()[:2] == ["Trace", "  A[0] (2, 5)"]
    for record, names in [
        (trace, ["A[0] (2, 5)", "Z[1] (3, 5)", "A[1] (3, 5)", "A[2] (2, 5)"]),
        (grads, ["dW[1] (3, 2)", "db[1] (3, 1)", "dW[2] (2, 3)", "db[2] (2, 1)", "dA[0] (2, 5)"]),
        (grads.layers[0], ["dW (3, 2)", "db (3, 1)"]),
        (layers[0], ["W (3, 2)", "b (3, 1)", f"activation = {layers[0].activation.name}"]),
        (both, [f"J = {float(J):.6g}", "dW[1] (3, 2)", "dA[0] (2, 5)"]),
    ]:
        text = Reader(record._repr_html_()).text
        for name in names:
            assert f"  {name}\n" in f"{record!r}\n"
            assert name in text
    assert f"{grads.layers[0].dW[2, 1]:.4f}".replace("-", "−") in Reader(grads._repr_html_()).text


def test_a_training_shows_its_layers_and_its_losses(rng):
    X, Y, layers = network()
    step = partial(fcnref.gradient_descent, learning_rate=0.1)

    def run(monitor):
        return fcnref.train(
            rng, X, Y, layers, fcnref.HALF_SQUARED_ERROR, step,
            epochs=11, batch_size=2, monitor=monitor, progress=False,
        )  # fmt: skip

    trained = run(lambda layers: layers[0].W[0, 0])
    losses = trained.history.loss
    for record, names in [
        (trained, ["W[1] (3, 2)", "b[2] (2, 1)", "activation[2] = ", "epochs = 11", "loss (33,)"]),
        (trained.history, ["loss (33,)", "monitored (11,)"]),
    ]:
        text = Reader(record._repr_html_()).text
        for name in names:
            assert f"\n  {name}" in repr(record)
            assert name in text
        for value in (losses[0], losses[-1]):
            assert f"{value:.4f}"[:-1] in repr(record)
            assert f"{value:.4f}"[:-1] in text
    assert "monitored" not in repr(run(None))
    assert "monitored = 11 values" in repr(run(lambda layers: {"any": "thing"}).history)


def test_verdicts_on_equations_show_the_statement_and_the_reasons():
    [verdict] = check_page("$$\n\\frac{\\partial J}{\\partial b^{[l]}} = \\dot{b} < 3\n$$\n")
    wrong = verdict._replace(status="wrong", message="the shapes <differ>", repair="transpose it")
    assert repr(wrong).splitlines() == [str(wrong), f"  {wrong.tex}"]
    assert str(wrong) == "2: wrong: the shapes <differ> / transpose it"
    text = Reader(wrong._repr_html_()).text
    for part in ("2: wrong", wrong.tex, "the shapes <differ>", "transpose it"):
        assert part in text
    true = Verdict("true", 7, "eq-x", "a = b", places=3, networks=1, error=2e-16)
    assert str(true) == "7: true (eq-x): holds at 3 places in 1 network, error 2e-16"
    assert "holds at 3 places" in true._repr_html_()


def test_large_records_are_cut_short():
    A = np.arange(2000.0).reshape(20, 100)
    html = fcnref.Trace((A,), (None,))._repr_html_()
    assert html.count("<tr>") == 9
    assert html.count("⋯") == 9 + 8
    assert "<td" in html
    assert len(repr(fcnref.Trace((A,), (None,)))) < 600


def test_records_of_other_arrays_show_their_shape():
    class Elsewhere:
        shape = (7, 11)

    trace = fcnref.Trace((Elsewhere(),), (None,))
    assert repr(trace) == "Trace\n  A[0] (7, 11)"
    assert "(7, 11)" in trace._repr_html_()


@pytest.mark.parametrize("theme", [0, 1])
def test_colors_of_the_indices_can_be_read(theme):
    """The contrast of WCAG, on the paper of the site and on the tint of a row that is lit."""
    css = files("fcnref.show").joinpath("assets", "indices.css").read_text("utf-8")
    colors = re.findall(r"--fcn-(\w): light-dark\(#(\w{6}), #(\w{6})\)", css)
    assert [letter for letter, *_ in colors] == list("ijpk")
    for paper in ([("fffefb"), ("ffffff")], [("16191d"), ("121212"), ("1e2228")])[theme]:
        for _, *pair in colors:
            ink, ground = rgb(pair[theme]), rgb(paper)
            assert contrast(ink, ground) >= 4.5
            assert contrast(ink, 0.16 * ink + 0.84 * ground) >= 4.5


def rgb(text):
    return np.array([int(text[n : n + 2], 16) for n in (0, 2, 4)]) / 255


def contrast(one, other):
    def luminance(color):
        linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)
