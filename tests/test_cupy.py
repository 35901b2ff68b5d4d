"""The same functions on the arrays of CuPy, by the same protocols; runs where a GPU is."""

import numpy as np
import pytest

import fcnref
from fcnref import LOSSES, loss_and_grads
from tests.doors import arguments
from tests.networks import problem
from tests.oracles import PEER, assert_close
from tests.registry import RECORDS, UNITS
from tests.test_protocols import CARRIED
from tests.trees import leaves, mapped

cupy = pytest.importorskip("cupy", reason="CuPy needs a GPU of NVIDIA or AMD")
try:
    cupy.cuda.runtime.getDeviceCount()
except cupy.cuda.runtime.CUDARuntimeError:
    pytest.skip("CuPy is installed, and there is no GPU", allow_module_level=True)


def assert_same(there, here):
    assert len(leaves(there)) == len(leaves(here))
    for mine, theirs in zip(leaves(there), leaves(here), strict=True):
        if isinstance(theirs, np.ndarray | np.generic):
            assert isinstance(mine, cupy.ndarray)
            assert mine.dtype == theirs.dtype
            assert_close(cupy.asnumpy(mine), theirs, PEER)


@pytest.mark.parametrize("function", CARRIED.values(), ids=CARRIED.keys())
def test_a_function_stays_on_the_gpu(function):
    given = arguments(function)
    assert_same(function(**mapped(cupy.asarray, given)), function(**given))


every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


@pytest.mark.parametrize("name", sorted(RECORDS.keys() - {"layer_norm"}))
@every_loss
def test_a_network_stays_on_the_gpu(name, loss, rng):
    X, Y, layers = problem(rng, RECORDS[name], loss)
    there = loss_and_grads(*mapped(cupy.asarray, (X, Y, layers)), loss, with_dA_0=True)
    assert_same(there, loss_and_grads(X, Y, layers, loss, with_dA_0=True))


@every_loss
def test_a_network_whose_activation_has_parameters_stays_on_the_gpu(loss, rng):
    gain, shift = rng.standard_normal((2, UNITS, 1))
    X, Y, layers = problem(rng, fcnref.layer_norm_with(gain, shift), loss)
    hidden = fcnref.layer_norm_with(cupy.asarray(gain), cupy.asarray(shift))
    theirs = (*(layer._replace(activation=hidden) for layer in layers[:-1]), layers[-1])
    there = loss_and_grads(*mapped(cupy.asarray, (X, Y, theirs)), loss, with_dA_0=True)
    assert_same(there, loss_and_grads(X, Y, layers, loss, with_dA_0=True))


@pytest.mark.parametrize("step", [fcnref.gradient_descent, fcnref.momentum, fcnref.adam])
def test_an_optimizer_stays_on_the_gpu(step, rng):
    loss = fcnref.SOFTMAX_CROSS_ENTROPY
    X, Y, layers = problem(rng, fcnref.TANH, loss)
    grads = loss_and_grads(X, Y, layers, loss).grads
    there = step(*mapped(cupy.asarray, (layers, grads)), learning_rate=0.1)
    assert_same(there, step(layers, grads, learning_rate=0.1))
