"""What is alive at the peak of a pass: the trace, and two gradients of one layer's size.

tracemalloc counts what NumPy allocates, so that these figures are the same at every run. The
benchmark prints them for larger networks.
"""

import importlib
from pathlib import Path

import pytest

DEEP = (256,) * 11 + (10,)
"""Ten hidden layers: what one more array of a layer's size costs is a tenth."""


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "benchmarks"))
    return importlib.import_module("memory")


def test_the_peak_is_little_above_what_the_backward_pass_must_read(benchmark):
    row = benchmark.peak(benchmark.Case(DEEP, 256, "float64"))
    assert row["kept"] == 8 * 256 * (10 * 256 + 10)
    assert row["read"] <= row["peak"] <= 1.15 * row["read"]


def test_a_layer_as_wide_as_all_others_together_is_there_at_most_four_times(benchmark):
    """Its activations, the gradient by them, the derivative, and the gradient by Z."""
    m, wide, item = 256, 512, 8
    row = benchmark.peak(benchmark.Case((7, wide, 3), m, "float64"))
    assert row["peak"] <= 1.05 * item * m * 4 * wide
