"""More data than memory, measured: one gradient over a data set on disk, by 1 and 2 processes.

Prints the tables of the page "more data than memory" and, told ``--write``, writes the figures into
it. Every worker is a process of one thread on this
machine, told to stay within `LIMIT`; all listen on the loopback interface alone.
"""

import json
import logging
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import dask.bag as db
import numpy as np
import results
import zarr
from distributed import Client, LocalCluster
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from fcnref import (
    IDENTITY,
    RELU,
    SOFTMAX_CROSS_ENTROPY,
    Layer,
    LayerGradients,
    NetworkGradients,
    adam,
    initialize,
    loss_and_grads,
    mini_batches,
    one_hot,
)

SIZES = [128, 64, 10]
WIDTH, CHUNKS = 4_096, 256
LIMIT = "256MiB"
PAGE = Path(__file__).parents[1] / "docs" / "practice" / "more-data-than-memory.md"
BATCH = 4
WORKERS = (1, 2)

Part = tuple[int, Any, tuple[LayerGradients, ...]]


def draw(c: int) -> tuple[np.ndarray, np.ndarray]:
    """Chunk c of the data: inputs, and the class that a fixed matrix gives them."""
    X = np.random.default_rng([1, c]).random((SIZES[0], WIDTH)) - 0.5
    W = np.random.default_rng(0).standard_normal((SIZES[-1], SIZES[0]))
    return X, (W @ X).argmax(axis=0)


def write(store: str, c: int) -> None:
    root = zarr.open_group(store, mode="r+")
    columns = slice(c * WIDTH, (c + 1) * WIDTH)
    root["X"][:, columns], root["labels"][columns] = draw(c)


def read(store: str, c: int) -> tuple[np.ndarray, np.ndarray]:
    root = zarr.open_group(store, mode="r")
    columns = slice(c * WIDTH, (c + 1) * WIDTH)
    return root["X"][:, columns], one_hot(root["labels"][columns], SIZES[-1])


def part(c: int, store: str, layers: Sequence[Layer]) -> Part:
    X, Y = read(store, c)
    J, grads = loss_and_grads(X, Y, layers, SOFTMAX_CROSS_ENTROPY)
    return X.shape[1], J, grads.layers


def pooled(one: Part, other: Part) -> Part:
    """Join two means into the mean over both."""
    (m_1, J_1, grads_1), (m_2, J_2, grads_2) = one, other
    m = m_1 + m_2

    def mean(a: Any, b: Any) -> Any:
        return (m_1 * a + m_2 * b) / m

    joined = tuple(
        LayerGradients(mean(a.dW, b.dW), mean(a.db, b.db))
        for a, b in zip(grads_1, grads_2, strict=True)
    )
    return m, mean(J_1, J_2), joined


def over_chunks(chunks: Sequence[int], store: str, layers: Sequence[Layer], workers: int) -> Part:
    return planned(chunks, store, layers, workers).compute()


def planned(chunks: Sequence[int], store: str, layers: Sequence[Layer], workers: int) -> Any:
    bag = db.from_sequence(chunks, npartitions=workers)
    return bag.map(partial(part, store=store, layers=layers)).fold(pooled)


def on_arrays(store: str, layers: Sequence[Layer]) -> tuple[Any, int]:
    """The loss and gradients as Dask arrays, and the number of tasks that they are made of."""
    X = da.from_zarr(store, component="X")
    Y = one_hot(da.from_zarr(store, component="labels"), SIZES[-1])
    lazily = loss_and_grads(X, Y, layers, SOFTMAX_CROSS_ENTROPY)
    arrays = [lazily.loss, *(array for pair in lazily.grads.layers for array in pair)]
    return lazily, count_tasks(*arrays)


def count_tasks(*lazily: Any) -> int:
    """How many tasks are left after Dask has joined what it can."""
    return len(set().union(*(dict(one.dask) for one in dask.optimize(*lazily))))


def peak() -> int:
    """The most memory that this process has held, as Linux counts it."""
    [line] = [line for line in Path("/proc/self/status").read_text().split("\n") if "VmHWM" in line]
    return 1024 * int(line.split()[1])


def sent(dask_worker: Any) -> int:
    return dask_worker.transfer_outgoing_bytes_total


@contextmanager
def cluster(workers: int) -> Iterator[Client]:
    settings = {
        "n_workers": workers,
        "threads_per_worker": 1,
        "memory_limit": LIMIT,
        "host": "127.0.0.1",
        "scheduler_kwargs": {"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        "silence_logs": logging.CRITICAL,
    }
    with LocalCluster(**settings) as there, Client(there) as client:
        yield client


def timed(f: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = f()
    return time.perf_counter() - start, result


def best(runs: int, f: Callable[[], Any]) -> float:
    return min(timed(f)[0] for _ in range(runs))


def size_of(layers: Sequence[Layer]) -> int:
    return sum(layer.W.nbytes + layer.b.nbytes for layer in layers)


def difference(parts: Any, whole: Any) -> float:
    """The largest relative difference of a gradient."""
    pairs = [(a, b) for p, q in zip(parts, whole, strict=True) for a, b in zip(p, q, strict=True)]
    return max(float(np.max(np.abs(a - b)) / np.max(np.abs(b))) for a, b in pairs)


def prepare(store: str) -> int:
    root = zarr.open_group(store, mode="w")
    m = WIDTH * CHUNKS
    shapes = {"X": ((SIZES[0], m), (SIZES[0], WIDTH), "f8"), "labels": ((m,), (WIDTH,), "i8")}
    for name, (shape, chunks, dtype) in shapes.items():
        root.create_array(name, shape=shape, chunks=chunks, dtype=dtype, compressors=None)
    for c in tqdm(range(CHUNKS), desc="writing", leave=False):
        write(store, c)
    return m * SIZES[0] * 8


def in_memory(store: str, layers: Sequence[Layer]) -> Any:
    """NumPy's result, from all examples at once: this process has no limit."""
    root = zarr.open_group(store, mode="r")
    X, Y = root["X"][:], one_hot(root["labels"][:], SIZES[-1])
    return loss_and_grads(X, Y, layers, SOFTMAX_CROSS_ENTROPY)


def terms(client: Client, store: str, layers: Sequence[Layer]) -> dict[str, float]:
    """The terms of the model, each measured alone, with two workers."""
    X, Y = read(store, 0)
    with threadpool_limits(1):
        compute = best(5, lambda: loss_and_grads(X, Y, layers, SOFTMAX_CROSS_ENTROPY)) / WIDTH
    reading = best(5, lambda: read(store, 0)) / WIDTH

    def nothing(i: int) -> int:
        return i

    client.gather(client.map(nothing, range(10), pure=False))
    count = 500
    task = best(3, lambda: client.gather(client.map(nothing, range(count), pure=False))) / count
    a, b = client.scheduler_info()["workers"]
    sizes = [2**10, 2**24]
    moves = [best(3, lambda size=size: move(client, size, a, b)) for size in sizes]
    per_byte = (moves[1] - moves[0]) / (sizes[1] - sizes[0])
    rounds = best(5, lambda: over_chunks([0], store, layers, 1)) - WIDTH * (compute + reading)
    return {
        "compute per example": compute,
        "reading per example": reading,
        "task": task,
        "message": moves[0] - sizes[0] * per_byte,
        "byte": per_byte,
        "round": rounds,
    }


def move(client: Client, size: int, a: str, b: str) -> None:
    """Make `size` bytes on one worker and read them on another; the first part is not timed."""
    there = client.submit(np.zeros, size // 8, workers=[a], pure=False)
    client.submit(len, there, workers=[b], pure=False).result()


def full_batch(store: str, layers: Sequence[Layer], workers: int) -> dict[str, Any]:
    with cluster(workers) as client:
        over_chunks(range(2 * workers), store, layers, workers)  # the workers import what they need
        before = sum(client.run(sent).values())
        seconds, (_, J, grads) = timed(lambda: over_chunks(range(CHUNKS), store, layers, workers))
        row = {
            "workers": workers,
            "tasks": count_tasks(planned(range(CHUNKS), store, layers, workers)),
            "seconds": seconds,
            "sent": sum(client.run(sent).values()) - before,
            "peak": max(client.run(peak).values()),
        }
    return row | {"result": (J, grads)}


def fine_grained(store: str, layers: Sequence[Layer], workers: int) -> dict[str, Any]:
    with cluster(workers) as client:
        over_chunks(range(2 * workers), store, layers, workers)
        before = sum(client.run(sent).values())
        lazily, tasks = on_arrays(store, layers)
        seconds, (J, grads) = timed(lambda: dask.compute(lazily)[0])
        row = {
            "workers": workers,
            "tasks": tasks,
            "seconds": seconds,
            "sent": sum(client.run(sent).values()) - before,
            "peak": max(client.run(peak).values()),
        }
    return row | {"result": (J, grads.layers)}


def training(store: str, layers: Sequence[Layer], workers: int) -> dict[str, Any]:
    """One epoch of mini-batches of `BATCH` chunks."""
    rng, state, losses = np.random.default_rng(3), None, []
    with cluster(workers) as client:
        over_chunks(range(2 * workers), store, layers, workers)
        before = sum(client.run(sent).values())
        start = time.perf_counter()
        bar = tqdm(list(mini_batches(rng, CHUNKS, BATCH)), desc=f"{workers} workers", leave=False)
        for batch in bar:
            _, J, grads = over_chunks(batch.tolist(), store, layers, workers)
            layers, state = adam(layers, NetworkGradients(grads, None), state, learning_rate=0.01)
            losses.append(float(J))
            bar.set_postfix(loss=f"{J:.3f}")
        seconds = time.perf_counter() - start
        bytes_sent = sum(client.run(sent).values()) - before
    return {
        "workers": workers,
        "steps": len(losses),
        "seconds": seconds,
        "sent": bytes_sent,
        "first loss": losses[0],
        "last loss": losses[-1],
    }


def main() -> None:
    load = os.getloadavg()[0]
    layers = initialize(np.random.default_rng(2), SIZES, [RELU, IDENTITY])
    folder = tempfile.mkdtemp()
    store = str(Path(folder, "data.zarr"))
    try:
        data = prepare(store)
        (_, whole) = in_memory(store, layers)
        rows = [full_batch(store, layers, workers) for workers in WORKERS]
        fine = [fine_grained(store, layers, workers) for workers in WORKERS]
        for row in rows + fine:
            row["difference"] = difference(row.pop("result")[1], whole.layers)
        epochs = [training(store, layers, workers) for workers in WORKERS]
        with cluster(2) as client:
            model = terms(client, store, layers)
    finally:
        shutil.rmtree(folder)
    figures = {
        "cores": os.cpu_count(),
        "load": load,
        "dask": dask.__version__,
        "data": {"sizes": SIZES, "width": WIDTH, "chunks": CHUNKS, "batch": BATCH, "bytes": data},
        "limit": LIMIT,
        "parameters": size_of(layers),
        "full batch": rows,
        "arrays": fine,
        "training": epochs,
        "terms": model,
    }
    show(figures)
    if "--write" in sys.argv:
        keep({"machine": results.machine(), **figures})


def keep(figures: dict[str, Any]) -> None:
    """Put the figures into the cell of the page that shows them, with four digits."""
    short = json.loads(json.dumps(figures), parse_float=lambda text: float(f"{float(text):.4g}"))
    lines = [f"{json.dumps(key)}: {json.dumps(short[key])}" for key in short]
    cell = 'results = json.loads("""{\n ' + ",\n ".join(lines) + '\n}""")'
    text = PAGE.read_text("utf-8")
    PAGE.write_text(
        re.sub(r'(?s)results = json\.loads\("""\{.*?\}"""\)', lambda _: cell, text), "utf-8"
    )


def show(figures: dict[str, Any]) -> None:
    data, mib = figures["data"], 2**20
    print(f"{data['bytes'] / mib:.0f} MiB in {data['chunks']} chunks, limit {figures['limit']} for"
          f" each worker, parameters {figures['parameters'] / 1024:.1f} KiB")  # fmt: skip
    for title in ("full batch", "arrays"):
        print(f"\n{title}\nworkers  tasks   seconds       sent  peak of a worker  difference")
        for row in figures[title]:
            print(f"{row['workers']:7} {row['tasks']:6} {row['seconds']:9.2f}"
                  f" {row['sent'] / 1024:6.1f} KiB {row['peak'] / mib:13.0f} MiB"
                  f" {row['difference']:11.0e}")  # fmt: skip
    print("\ntraining\nworkers  steps   seconds   per step       sent  loss")
    for row in figures["training"]:
        print(f"{row['workers']:7} {row['steps']:6} {row['seconds']:9.2f}"
              f" {1e3 * row['seconds'] / row['steps']:7.1f} ms {row['sent'] / 1024:6.1f} KiB"
              f"  {row['first loss']:.3f} to {row['last loss']:.3f}")  # fmt: skip
    print("\nterms of the model, in microseconds")
    for name, seconds in figures["terms"].items():
        print(f"{name:20} {1e6 * seconds:12.5f}")
    print(results.machine(), f"{figures['cores']} cores, load before {figures['load']:.1f}")


if __name__ == "__main__":
    main()
