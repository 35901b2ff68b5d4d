"""The catalogue: every field is there, and the wrong line does what the diagnosis calls it."""

import re
from contextlib import suppress

import numpy as np
import pytest

from fcnref.diagnosis import single_mistakes
from fcnref.diagnosis.deltas import right_delta
from fcnref.diagnosis.make import same
from fcnref.diagnosis.scene import Seen, scene_of
from fcnref.mistakes import MISTAKES
from fcnref.mistakes.record import PAGES
from fcnref.problem import Penalty, random_problem
from tests.test_diagnose import PROBLEMS
from tests.wild.cases import CASES
from tests.wild.further import FURTHER
from tests.wild.second import SECOND
from tests.wild.third import THIRD

EVERY = pytest.mark.parametrize("slug", MISTAKES)
SHOWN = [
    *PROBLEMS,
    random_problem((5, 4, 4, 3), ("tanh", "relu", "softmax"), "cross_entropy", m=4),
    random_problem((5, 4, 4, 3), ("sigmoid", "sigmoid", "sigmoid"), "half_squared_error", m=11),
    random_problem((5, 5, 5, 5), ("tanh", "tanh", "softmax"), "cross_entropy", m=5),
    random_problem((5, 4, 3), ("tanh", "identity"), "squared_error", m=11),
    random_problem((5, 4, 1), ("tanh", "identity"), "half_squared_error", m=11),
    random_problem(
        (5, 4, 4, 3), ("tanh", "sigmoid", "softmax"), "cross_entropy", m=11, keep={2: 0.7}
    ),
    *(
        random_problem((5, 4, 4, 3), ("tanh",) * 3, "half_squared_error", m=11, penalty=penalty)
        for penalty in (
            Penalty(l2=0.3),
            Penalty(l2=0.3, l2_scaling="lambda"),
            Penalty(l2=0.3, l2_scaling="lambda/2m"),
            Penalty(l1=0.3),
            Penalty(l2=0.3, on_bias=True),
        )
    ),
]


def tensors(problem, l, scene, seen, way):
    """What a backward pass holds in layer l, under the names of the derivation."""
    s, L = scene.averaging, problem.L
    W, b, activation = problem.layers[l - 1]
    p = problem.penalty
    names = {
        "np": np, "m": problem.m, "n": scene.n[l], "n_prev": scene.n[l - 1], "n_L": scene.n[-1],
        "X": problem.X, "Y": problem.Y, "W": W, "b": b, "Z": scene.Z(l), "A": scene.A(l),
        "H": scene.H(l), "A_prev": scene.A(l - 1), "Z_prev": scene.Z(l - 1),
        "H_prev": scene.H(l - 1) if l > 1 else problem.X, "dA": s * way.dA, "dZ": s * way.dZ,
        "dW": s * way.dZ @ scene.A(l - 1).T + scene.penalty_grad(l),
        "rate": problem.learning_rate or 0.1, "lam": p.l2 or p.l1 or p.norm,
    }  # fmt: skip
    if activation.name == "leaky_relu":
        names["slope"] = scene.slope(l)
    if l in problem.masks:
        names |= {"mask": problem.masks[l], "keep": scene.keep(l)}
        others = [mask for k, mask in problem.masks.items() if k != l]
        names |= {"mask_other": others[-1]} if others else {}
    if scene.elementwise[l]:
        names["g_prime"] = derivative(activation)
    else:
        eye = np.eye(scene.n[l])
        rows = [scene.backward(l, np.tile(e[:, None], (1, problem.m))) for e in eye]
        names["jacobians"] = np.stack(rows).transpose(2, 0, 1)
    if l > 1 and scene.elementwise[l - 1]:
        names["g_prime_prev"] = derivative(problem.layers[l - 2].activation)
    if l < L:
        names |= {
            "W_next": scene.W(l + 1), "b_next": scene.b(l + 1), "Z_next": scene.Z(l + 1),
            "A_next": scene.A(l + 1), "dA_next": s * seen.dA[l + 1],
            "dZ_next": s * seen.dZ[l + 1], "dW_next": seen.dW[l + 1],
        }  # fmt: skip
        if scene.elementwise[l + 1]:
            names["g_prime_next"] = derivative(problem.layers[l].activation)
    others = [k for k in range(1, L + 1) if k != l and scene.W(k).shape == W.shape]
    return names | ({"W_other": scene.W(others[-1])} if others else {})


def derivative(activation):
    """The derivative of an activation at any tensor, from its own backward rule."""

    def g_prime(T):
        ones = np.ones_like(T)
        return activation.backward(ones, T if activation.reads == "Z" else activation.forward(T))

    return g_prime


def follow(problem, l, line, scene, runs):
    """Run a backward pass with one line of layer l exchanged."""
    seen, blocks = runs[l]
    way = right_delta(scene, seen, l)
    names = tensors(problem, l, scene, seen, way)
    before = dict(names)
    exec(line, names)
    changed = {k for k in ("dA", "dZ", "dW", "db") if names.get(k) is not before.get(k)}
    s = scene.averaging
    if "dA" in changed:
        dA = names["dA"] / s
        way = way._replace(dA=dA, dZ=scene.backward(l, dA))
    if "dZ" in changed:
        way = way._replace(dZ=names["dZ"] / s)
    seen, made = step(scene, l, seen, blocks, way)
    made |= {f"{k}{l}": names[k] for k in ("dW", "db") if k in changed}
    for k in range(l - 1, 0, -1):
        seen, made = step(scene, k, seen, made, right_delta(scene, seen, k))
    return made


def step(scene, l, seen, blocks, way):
    """Form the blocks of one layer by the right rules."""
    dW = scene.averaging * way.dZ @ scene.A(l - 1).T + scene.penalty_grad(l)
    db = scene.averaging * np.sum(way.dZ, axis=1, keepdims=True) + scene.penalty_grad_b(l)
    seen = Seen({**seen.dA, l: way.dA}, {**seen.dZ, l: way.dZ}, {**seen.dW, l: dW})
    return seen, {f"dW{l}": dW, f"db{l}": db, **blocks}


@pytest.fixture(scope="module")
def scenes():
    """For each problem its scene, what a right pass holds above each layer, and all mistakes."""
    table = []
    for problem in SHOWN:
        scene = scene_of(problem)
        runs, seen, blocks = {}, Seen({}, {}, {}), {}
        for l in range(problem.L, 0, -1):
            runs[l] = seen, blocks
            seen, blocks = step(scene, l, seen, blocks, right_delta(scene, seen, l))
        made = {}
        for one in single_mistakes(problem):
            for slug in one.slug.split("+"):
                made.setdefault(slug, []).append(one)
        table.append((problem, scene, runs, made))
    return table


@EVERY
def test_every_field_is_there(slug):
    mistake = MISTAKES[slug]
    assert re.fullmatch(r"[A-Za-z0-9_]+", slug)
    assert mistake.slug == slug
    assert mistake.slot in PAGES
    assert mistake.fix
    for text in (mistake.sentence, mistake.tempting):
        assert text.endswith(".")
    assert mistake.wrong != mistake.right
    for line in (mistake.wrong + "\n" + mistake.right).split("\n"):
        compile(line, slug, "exec")
        assert len(line) <= 90


@EVERY
def test_sightings_are_public_addresses(slug):
    for url in MISTAKES[slug].sightings:
        assert re.fullmatch(r"https://[a-z0-9.-]+/[^\s<>\"]+", url)
    assert len(set(MISTAKES[slug].sightings)) == len(MISTAKES[slug].sightings)


def test_published_cases_are_sightings():
    for case in (*CASES, *FURTHER, *SECOND, *THIRD):
        seen = {url for slug in case.mistakes for url in MISTAKES[slug].sightings}
        assert set(case.urls) <= seen, case.name


def test_a_mistake_shows_itself():
    mistake = MISTAKES["relu_on_gradient"]
    assert "wrong   dZ = dA * (dA > 0)" in str(mistake)
    html = mistake._repr_html_()
    assert "dA &gt; 0" in html
    assert "<script" not in html
    assert 'href="https://github.com/' in MISTAKES["db_zero"]._repr_html_()


NOT_A_LINE_OF_THE_BACKWARD_PASS = {
    "other_forward_pass": "the line is one of the forward pass",
}


LINES = pytest.mark.parametrize(
    "slug", [slug for slug in MISTAKES if slug not in NOT_A_LINE_OF_THE_BACKWARD_PASS]
)


def test_nearly_every_mistake_is_a_line_of_the_backward_pass():
    assert set(NOT_A_LINE_OF_THE_BACKWARD_PASS) <= set(MISTAKES)
    assert len(NOT_A_LINE_OF_THE_BACKWARD_PASS) == 1


@LINES
def test_the_wrong_line_makes_the_mistake_and_the_right_one_does_not(slug, scenes):
    line, tried = MISTAKES[slug].wrong, []
    for problem, scene, runs, made in scenes:
        for l in range(problem.L, 0, -1):
            try:
                with np.errstate(all="ignore"):
                    blocks = follow(problem, l, line, scene, runs)
            except (NameError, ValueError) as reason:
                tried.append(f"{problem!r}, layer {l}: {reason}")
                continue
            if any(
                all(one.blocks[k].shape == blocks[k].shape for k in blocks)
                and same(one.blocks, blocks)
                and not same(blocks, made[""][0].blocks)
                for one in made.get(slug, ())
            ):
                with suppress(NameError, ValueError):
                    right = follow(problem, l, MISTAKES[slug].right, scene, runs)
                    if same(right, made[""][0].blocks):
                        return
                tried.append(f"{problem!r}, layer {l}: {MISTAKES[slug].right} is wrong there")
                continue
            tried.append(f"{problem!r}, layer {l}: other numbers")
    pytest.fail(f"{line}\n" + "\n".join(tried))
