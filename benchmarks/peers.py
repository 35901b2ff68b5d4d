"""The loss and its gradients, as fcnref and its peers compute them; one process runs one of them.

Each peer is written the way its own documentation would write it: examples in the layout that the
library prefers, its own fused loss, its own way to ask for a value with gradients. A peer takes a
case and returns a function that computes the loss and every gradient anew.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any, NamedTuple

import numpy as np
import threadpoolctl

Answer = tuple[Any, Any]
Run = Callable[[], Answer]


class Case(NamedTuple):
    """A network with ReLU and the softmax cross-entropy, and a batch of m examples."""

    sizes: tuple[int, ...]
    m: int
    dtype: str

    @property
    def name(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, m = {self.m}, {self.dtype}"

    def arrays(self) -> tuple[Any, Any, list[Any], list[Any]]:
        """Draw X, the classes, the weights and the biases: the same ones in every process."""
        rng = np.random.default_rng(7)
        X = rng.normal(size=(self.sizes[0], self.m)).astype(self.dtype)
        classes = rng.integers(0, self.sizes[-1], self.m)
        shapes = list(zip(self.sizes[1:], self.sizes[:-1], strict=True))
        Ws = [(rng.normal(size=s) * np.sqrt(2 / s[1])).astype(self.dtype) for s in shapes]
        bs = [rng.normal(size=(n, 1)).astype(self.dtype) / 10 for n, _ in shapes]
        return X, classes, Ws, bs

    def one_hot(self, classes: Any) -> Any:
        return np.eye(self.sizes[-1], dtype=self.dtype)[classes]


def floor(case: Case) -> Run:
    """The matrix products alone, through NumPy: Z and dW of every layer, dA of all but A[0]."""
    X, _, Ws, bs = case.arrays()
    A = [X]
    for W, b in zip(Ws, bs, strict=True):
        A.append(np.maximum(W @ A[-1] + b, 0))
    dZ = [np.zeros(0), *(np.ones_like(A_l) for A_l in A[1:])]
    L = len(Ws)

    def run() -> Answer:
        for l in range(1, L + 1):
            Ws[l - 1] @ A[l - 1]
        dWs = []
        for l in range(L, 0, -1):
            dWs.append(dZ[l] @ A[l - 1].T)
            if l > 1:
                Ws[l - 1].T @ dZ[l]
        return 0.0, dWs

    return run


def bare(case: Case) -> Run:
    """The lines of the pass one below the other: no function, no check, no record."""
    X, classes, Ws, bs = case.arrays()
    Y = np.ascontiguousarray(case.one_hot(classes).T)
    m, L = case.m, len(Ws)

    def run() -> Answer:
        A = [X]
        for W, b in zip(Ws[:-1], bs[:-1], strict=True):
            A.append(np.maximum(W @ A[-1] + b, 0))
        Z = Ws[-1] @ A[-1] + bs[-1]
        shifted = Z - Z.max(axis=0, keepdims=True)
        E = np.exp(shifted)
        total = E.sum(axis=0, keepdims=True)
        J = -(Y * (shifted - np.log(total))).sum() / m
        dZ = (E / total - Y) / m
        grads = []
        for l in range(L, 0, -1):
            grads.append((dZ @ A[l - 1].T, dZ.sum(axis=1, keepdims=True)))
            if l > 1:
                dZ = (Ws[l - 1].T @ dZ) * (A[l - 1] > 0)
        return J, grads[-1][0]

    return run


def fcnref(case: Case) -> Run:
    from fcnref import IDENTITY, RELU, SOFTMAX_CROSS_ENTROPY, Layer, loss_and_grads

    X, classes, Ws, bs = case.arrays()
    activations = [RELU] * (len(Ws) - 1) + [IDENTITY]
    layers = [Layer(*layer) for layer in zip(Ws, bs, activations, strict=True)]
    Y = np.ascontiguousarray(case.one_hot(classes).T)

    def run() -> Answer:
        J, grads = loss_and_grads(X, Y, layers, SOFTMAX_CROSS_ENTROPY)
        return J, grads.layers[0].dW

    return run


def pytorch(case: Case) -> Run:
    """Eager, examples in rows, cross_entropy of the class numbers, autograd.grad."""
    import torch
    from torch.nn.functional import cross_entropy, linear, relu

    X, classes, Ws, bs = case.arrays()
    X, classes = torch.tensor(np.ascontiguousarray(X.T)), torch.tensor(classes)
    Ws = [torch.tensor(W, requires_grad=True) for W in Ws]
    bs = [torch.tensor(b[:, 0], requires_grad=True) for b in bs]

    def run() -> Answer:
        A = X
        for W, b in zip(Ws[:-1], bs[:-1], strict=True):
            A = relu(linear(A, W, b))
        J = cross_entropy(linear(A, Ws[-1], bs[-1]), classes)
        grads = torch.autograd.grad(J, [*Ws, *bs])
        return J, grads[0]

    return run


def scikit_learn(case: Case) -> Run:
    """MLPClassifier, its internal loss and gradients: `_backprop`, without the update."""
    from sklearn.neural_network import MLPClassifier

    X, classes, Ws, bs = case.arrays()
    X, Y = np.ascontiguousarray(X.T), case.one_hot(classes)
    model = MLPClassifier(case.sizes[1:-1], activation="relu", alpha=0, batch_size=case.m)
    n = case.sizes[-1]
    model.partial_fit(X, np.arange(case.m) % n, classes=np.arange(n))
    model.coefs_ = [np.ascontiguousarray(W.T) for W in Ws]
    model.intercepts_ = [b[:, 0] for b in bs]
    grads = [np.empty_like(W) for W in model.coefs_], [np.empty_like(b) for b in model.intercepts_]

    def run() -> Answer:
        activations: list[Any] = [X] + [None] * len(Ws)
        deltas: list[Any] = [None] * len(Ws)
        J, dWs, _ = model._backprop(X, Y, None, activations, deltas, *grads)
        return J, dWs[0]

    return run


def autograd(case: Case) -> Run:
    """HIPS autograd, `value_and_grad` of the loss written with its logsumexp."""
    import autograd.numpy as anp
    from autograd import value_and_grad
    from autograd.scipy.special import logsumexp

    X, classes, Ws, bs = case.arrays()
    X, Y = np.ascontiguousarray(X.T), case.one_hot(classes)

    def J(parameters: Any) -> Any:
        A = X
        for W, b in parameters[:-1]:
            A = anp.maximum(A @ W + b, 0)
        W, b = parameters[-1]
        logits = A @ W + b
        log_A = logits - logsumexp(logits, axis=1, keepdims=True)
        return -anp.sum(Y * log_A) / case.m

    J_and_grads = value_and_grad(J)
    parameters = [(np.ascontiguousarray(W.T), b[:, 0]) for W, b in zip(Ws, bs, strict=True)]

    def run() -> Answer:
        value, grads = J_and_grads(parameters)
        return value, grads[0][0]

    return run


def mygrad(case: Case) -> Run:
    """Its ReLU and its softmax_crossentropy of the class numbers, `backward`."""
    import mygrad as mg
    from mygrad.nnet.activations import relu
    from mygrad.nnet.losses import softmax_crossentropy

    X, classes, Ws, bs = case.arrays()
    X = np.ascontiguousarray(X.T)
    Ws = [mg.tensor(np.ascontiguousarray(W.T)) for W in Ws]
    bs = [mg.tensor(b[:, 0]) for b in bs]

    def run() -> Answer:
        A = X
        for W, b in zip(Ws[:-1], bs[:-1], strict=True):
            A = relu(A @ W + b)
        J = softmax_crossentropy(A @ Ws[-1] + bs[-1], classes)
        J.backward()
        return J, Ws[0].grad

    return run


def jax(case: Case) -> Run:
    """Compiled: jit of value_and_grad, waited for."""
    import jax
    import jax.numpy as jnp
    from jax.nn import log_softmax, relu

    jax.config.update("jax_enable_x64", True)
    X, classes, Ws, bs = case.arrays()
    X, Y = jnp.asarray(X.T), jnp.asarray(case.one_hot(classes))

    def J(parameters: Any, X: Any, Y: Any) -> Any:
        A = X
        for W, b in parameters[:-1]:
            A = relu(A @ W + b)
        W, b = parameters[-1]
        return -(Y * log_softmax(A @ W + b, axis=1)).sum() / case.m

    J_and_grads = jax.jit(jax.value_and_grad(J))
    parameters = [(jnp.asarray(W.T), jnp.asarray(b[:, 0])) for W, b in zip(Ws, bs, strict=True)]

    def run() -> Answer:
        value, grads = jax.block_until_ready(J_and_grads(parameters, X, Y))
        return value, grads[0][0]

    return run


PEERS: dict[str, tuple[Callable[[Case], Run], str, str]] = {
    "floor": (floor, "numpy", "the products alone"),
    "bare": (bare, "numpy", "the bare lines"),
    "fcnref": (fcnref, "fcnref", "fcnref"),
    "pytorch": (pytorch, "torch", "PyTorch, eager"),
    "scikit-learn": (scikit_learn, "sklearn", "scikit-learn"),
    "autograd": (autograd, "autograd", "HIPS autograd"),
    "mygrad": (mygrad, "mygrad", "MyGrad"),
    "jax": (jax, "jax", "JAX, compiled"),
}
"""Of each peer: its function, the module that it needs, its name in the tables."""


def limit(threads: int) -> None:
    """Hold this process to a number of threads, and to one processor if that is one thread."""
    if threads == 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    threadpoolctl.threadpool_limits(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)


def facts(module: str) -> dict[str, Any]:
    """The version of what runs here, and the kernels that multiply its matrices."""
    version = getattr(sys.modules[module], "__version__", None) or metadata.version(module)
    pools = threadpoolctl.threadpool_info()
    blas = [p for p in pools if p["user_api"] == "blas"]
    kernels = sorted({f"{p['internal_api']} {p['version']} {p.get('architecture')}" for p in blas})
    return {"version": str(version), "blas": kernels}


def fastest(run: Run, calls: int, batches: int, clock: Callable[[], float]) -> float:
    """Seconds of one call in the fastest of some batches, after a call to warm up."""
    run()
    times = []
    for _ in range(batches):
        start = clock()
        for _ in range(calls):
            run()
        times.append(clock() - start)
    return min(times) / calls


def serve(name: str, threads: int) -> None:
    """Answer the conductor, line by line: prepare a case, or time a number of calls."""
    prepare, module, _ = PEERS[name]
    __import__(module)
    limit(threads)
    # One thread's processor time leaves out what other processes took from it.
    clock = time.process_time if threads == 1 else time.perf_counter
    print(json.dumps(facts(module)), flush=True)
    run: Run
    for line in sys.stdin:
        order = json.loads(line)
        if "sizes" in order:
            run = prepare(Case(tuple(order["sizes"]), order["m"], order["dtype"]))
            J, dW = run()
            norm = 0.0 if name == "floor" else float(np.linalg.norm(np.asarray(dW, float)))
            J = J.detach() if hasattr(J, "detach") else J
            print(json.dumps({"J": float(J), "norm": norm}), flush=True)
        else:
            print(json.dumps(fastest(run, order["calls"], order["batches"], clock)), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
