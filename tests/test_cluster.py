"""The cluster of the page "more data than memory": what it opens, what it sends, what it leaves."""

import logging
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import fcnref
from tests.oracles import assert_close
from tests.trees import leaves

distributed = pytest.importorskip("distributed", reason="Dask is not installed")
psutil = pytest.importorskip("psutil")
bag = pytest.importorskip("dask.bag")

PAGE = Path(__file__).parents[1] / "docs" / "practice" / "more-data-than-memory.md"
LOSS = fcnref.SOFTMAX_CROSS_ENTROPY
WIDTH, CHUNKS = 4096, 6


def started_as_on_the_page():
    """The call that the page prints."""
    [call] = re.findall(r"(?ms)^cluster = (LocalCluster\(.*?^\))$", PAGE.read_text("utf-8"))
    scope = {"LocalCluster": distributed.LocalCluster, "limit": 2**28, "logging": logging}
    return eval(call, scope)


def joined_as_on_the_page():
    [code] = re.findall(r"(?ms)^def pooled.*?^    \)$", PAGE.read_text("utf-8"))
    scope = vars(fcnref).copy()
    exec(code, scope)
    return scope["pooled"]


def draw(c):
    rng = np.random.default_rng([7, c])
    return rng.standard_normal((32, WIDTH + c)), fcnref.one_hot(rng.integers(0, 3, WIDTH + c), 3)


def part(c, layers):
    X, Y = draw(c)
    J, grads = fcnref.loss_and_grads(X, Y, layers, LOSS)
    return X.shape[1], J, grads.layers


def test_two_processes_send_gradients_and_listen_to_this_machine_alone(rng):
    layers = fcnref.initialize(rng, [32, 5, 3], [fcnref.TANH, fcnref.IDENTITY])
    me = psutil.Process()
    with started_as_on_the_page() as cluster, distributed.Client(cluster) as client:
        workers = [psutil.Process(pid) for pid in client.run(os_getpid).values()]
        assert len(workers) == 2
        assert all(worker.pid != me.pid for worker in workers)
        heard = [
            connection.laddr.ip
            for process in (me, *me.children(recursive=True))
            for connection in process.net_connections()
            if connection.status == psutil.CONN_LISTEN
        ]
        assert len(heard) >= 4
        assert set(heard) == {"127.0.0.1"}
        chunks = bag.from_sequence(range(CHUNKS), npartitions=2)
        parts = chunks.map(partial(part, layers=layers))
        m, J, grads = parts.fold(joined_as_on_the_page()).compute()
        sent = sum(client.run(bytes_sent).values())
    assert not any(worker.is_running() for worker in workers)
    X, Y = (np.hstack(parts) for parts in zip(*map(draw, range(CHUNKS)), strict=True))
    expected = fcnref.loss_and_grads(X, Y, layers, LOSS)
    assert m == X.shape[1]
    assert_close(J, expected.loss, 1e-13)
    for mine, theirs in zip(leaves(grads), leaves(expected.grads.layers), strict=True):
        assert_close(mine, theirs, 1e-12)
    gradient = sum(array.nbytes for array in leaves(grads))
    assert gradient < sent < 4 * (gradient + 1024) < X.nbytes / 100


def os_getpid():
    import os

    return os.getpid()


def bytes_sent(dask_worker):
    return dask_worker.transfer_outgoing_bytes_total
