"""Mistakes of the catalogue mixed at random: how often a diagnosis names all that were made."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from fcnref.diagnosis import diagnose
from fcnref.diagnosis.constants import constants
from fcnref.diagnosis.deltas import deltas, right_delta
from fcnref.diagnosis.products import bias_sums, weight_products
from fcnref.diagnosis.scene import Scene, Seen, scene_of
from fcnref.problem import Problem, informative_problem

SLOTS = ("dZ", "dZ", "dZ", "dW", "db", "times dW", "times db")
"""Where a mistake is put: half of them above the products, as half of the catalogue is."""

Site: TypeAlias = tuple[str, int]
Name: TypeAlias = tuple[str, str]
Options: TypeAlias = dict[Name, Any]
Blocks: TypeAlias = dict[str, Any]


class Mixture:
    """A backward pass with a mistake at each of some sites, drawn on the way down or given."""

    def __init__(self, scene: Scene, names: Mapping[Site, Name | None]) -> None:
        self.scene, self.names = scene, dict(names)

    def run(self, rng: np.random.Generator | None = None) -> Blocks:
        scene, s = self.scene, self.scene.averaging
        seen, blocks = Seen({}, {}, {}), dict[str, Any]()
        for l in range(scene.L, 0, -1):
            way = right_delta(scene, seen, l)
            ways = {(w.items[0].slug, w.items[0].says): w for w in single(deltas(scene, seen, l))}
            way = self._pick(("dZ", l), ways, way, rng)
            dA, dZ = way.dA, way.dZ
            products = {(p.slug, p.says): p.value for p in weight_products(scene, seen, l, dA, dZ)}
            dW = s * self._pick(("dW", l), products, dZ @ scene.A(l - 1).T, rng)
            sums = {(p.slug, p.says): p.value for p in bias_sums(scene, seen, l, dA, dZ, dW)}
            db = s * self._pick(("db", l), sums, np.sum(dZ, axis=1, keepdims=True), rng)
            factors = {(c.slug, c.says): np.float64(c.value) for c in named_constants(scene, l)}
            dW = dW * self._pick(("times dW", l), factors, np.float64(1.0), rng)
            db = db * self._pick(("times db", l), factors, np.float64(1.0), rng)
            seen = Seen({**seen.dA, l: dA}, {**seen.dZ, l: dZ}, {**seen.dW, l: dW})
            blocks |= {f"dW{l}": dW, f"db{l}": db}
        return blocks

    def _pick(
        self, site: Site, options: Options, right: Any, rng: np.random.Generator | None
    ) -> Any:
        if site not in self.names:
            return right
        if (name := self.names[site]) is None:
            assert rng is not None
            fitting = [n for n, value in options.items() if usable(value, right)]
            slugs = sorted({slug for slug, _ in fitting})
            slug = slugs[rng.integers(len(slugs))]
            of_slug = [n for n in fitting if n[0] == slug]
            name = self.names[site] = of_slug[rng.integers(len(of_slug))]
        return options[name]


def single(ways: Iterator[Any]) -> list[Any]:
    return [way for way in ways if len(way.items) == 1]


def named_constants(scene: Scene, l: int) -> list[Any]:
    return [c for c in constants(scene, l) if c.slug and "+" not in c.slug and c.cost < 1.2]


def usable(value: Any, right: Any) -> bool:
    T, R = getattr(value, "dZ", value), getattr(right, "dZ", right)
    return T.shape == R.shape and bool(np.all(np.isfinite(T)))


def alike(one: Blocks, other: Blocks) -> bool:
    return all(np.allclose(one[name], other[name], rtol=1e-6, atol=1e-12) for name in one)


def draw(scene: Scene, count: int, rng: np.random.Generator) -> tuple[set[str], Blocks]:
    """Mix mistakes of which every one shows: without it the gradients would be others."""
    while True:
        sites = [(SLOTS[rng.integers(len(SLOTS))], int(rng.integers(1, scene.L + 1)))]
        while len(sites) < count:
            site = (SLOTS[rng.integers(len(SLOTS))], int(rng.integers(1, scene.L + 1)))
            block = (site[0][-2:], site[1])
            if block not in {(slot[-2:], l) for slot, l in sites}:
                sites.append(site)
        mixture = Mixture(scene, dict.fromkeys(sites))
        blocks = mixture.run(rng)
        try:
            fewer = [
                Mixture(scene, {k: v for k, v in mixture.names.items() if k != site}).run()
                for site in sites
            ]
        except KeyError:
            # A formula that exists only beside the mistake above it.
            continue
        finite = all(np.all(np.isfinite(block)) for block in blocks.values())
        if finite and not any(alike(blocks, without) for without in fewer):
            slugs = {each for name in mixture.names.values() if name for each in name[0].split("+")}
            return slugs, blocks


def mixtures(problem: Problem, number: int, seed: int = 0) -> Counter[str]:
    rng, scene, counted = np.random.default_rng(seed), scene_of(problem), Counter[str]()
    for i in range(number):
        with np.errstate(all="ignore"):
            made, blocks = draw(scene, 2 + i % 2, rng)
        report = diagnose(problem, blocks)
        explained = report.verdict == "wrong"
        listed = [set(report.mistakes), *({f.slug for f in other} for other in report.alternatives)]
        counted["explained"] += explained
        counted["named"] += explained and listed[0] == made
        counted["listed"] += explained and made in listed
    return counted


def main() -> None:
    number = 200
    counted = mixtures(informative_problem(), number)
    print(
        f"{number} random mixtures of two or three mistakes on the informative problem: "
        f"{counted['explained']} explained to the last digit, {counted['named']} by exactly the "
        f"mistakes that were made, {counted['listed']} with these among the equally good readings"
    )


if __name__ == "__main__":
    main()
