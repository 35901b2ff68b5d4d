"""Training in files: bit for bit, whole or not at all, and one sentence for every bad file."""

import contextlib
import json
import os
import pickle
import re
import zipfile
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcnref import (
    ACTIVATIONS,
    HALF_SQUARED_ERROR,
    IDENTITY,
    TANH,
    Activation,
    History,
    Memory,
    Trained,
    adam,
    gradient_descent,
    initialize,
    leaky_relu_with,
    momentum,
    train,
)
from fcnref.files import load, save
from tests.test_interruption import same
from tests.trees import leaves

settings_of_training = {"epochs": 2, "batch_size": 4, "progress": False}

OPTIMIZERS = {
    "gradient descent": partial(gradient_descent, learning_rate=0.1),
    "momentum": partial(momentum, learning_rate=0.1),
    "adam": adam,
}


def run(rng, X, Y, layers, step=adam, **change):
    return train(rng, X, Y, layers, HALF_SQUARED_ERROR, step, **settings_of_training | change)


@pytest.fixture
def start(draw, rng):
    return draw(3, 11), draw(2, 11), initialize(rng, [3, 4, 2], [TANH, IDENTITY])


@pytest.fixture
def trained(start):
    return run(np.random.default_rng(5), *start)


@pytest.fixture
def file(tmp_path, trained):
    save(tmp_path / "run.npz", trained)
    return tmp_path / "run.npz"


def refusal(path, *arguments):
    with pytest.raises(ValueError) as raised:
        load(path, *arguments)
    message = str(raised.value)
    assert message.startswith("load: ")
    assert message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("step", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
@pytest.mark.parametrize("bits", ["PCG64", "MT19937", "Philox", "SFC64"])
def test_a_training_that_was_saved_goes_on_as_if_nothing_had_happened(start, step, bits, tmp_path):
    def generator(seed):
        return np.random.Generator(getattr(np.random, bits)(seed))

    whole = run(generator(1), *start, step, epochs=4)
    save(tmp_path / "run.npz", run(generator(1), *start, step))
    again = load(tmp_path / "run.npz")
    assert same(run(generator(2), *start[:2], again, step, epochs=4), whole)


def test_a_training_interrupted_in_an_epoch_goes_on_from_its_file(start, tmp_path):
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return adam(*arguments)

    save(tmp_path / "run.npz", run(np.random.default_rng(1), *start, interrupted))
    part = load(tmp_path / "run.npz")
    assert (part.memory.epoch, part.memory.batch) == (1, 1)
    whole = run(np.random.default_rng(1), *start)
    assert same(run(np.random.default_rng(), *start[:2], part), whole)


def test_everything_comes_back_bit_for_bit(file, trained):
    again = load(file)
    assert same(again, trained)
    assert list(map(type, leaves(again))) == list(map(type, leaves(trained)))
    assert [a.dtype for a in leaves(again) if isinstance(a, np.ndarray)] == [
        a.dtype for a in leaves(trained) if isinstance(a, np.ndarray)
    ]


def with_monitored(*monitored):
    return Trained((), History((), monitored), Memory(None, {}, 0, 0, 0))


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -(2**127), 0.1, float("-inf"), "σ\n\0", (), [], {}, (1, (2.5, [3])),
        {"share": 0.5, "of": (1, None)}, (0.1, 1e-320, -0.0), (0.1, 1),
        np.float32(0.1), np.int8(-3), np.bool_(True), np.complex64(1j),
        np.array([np.nan, -0.0, np.inf, 5e-324]), np.array(2.5), np.zeros((0, 3)),
        np.arange(6, dtype=">f8").reshape(2, 3), np.arange(6.0, dtype=np.longdouble),
        np.asfortranarray(np.arange(6.0, dtype=np.float16).reshape(2, 3)), np.arange(9.0)[::-2],
        np.frombuffer(b"\1\2\3\4\5\6\xf8\x7f", np.float64),
    ],
    ids=repr,
)  # fmt: skip
def test_what_a_monitor_returned_comes_back(value, tmp_path):
    save(tmp_path / "run.npz", with_monitored(value))
    [again] = load(tmp_path / "run.npz").history.monitored
    assert type(again) is type(value)
    if isinstance(value, np.ndarray | np.generic):
        assert (again.dtype, again.shape) == (value.dtype, value.shape)
        assert again.tobytes() == value.tobytes()
        assert np.isfortran(np.asarray(again)) == np.isfortran(np.asarray(value))
    else:
        assert repr(again) == repr(value)


@pytest.mark.parametrize(
    ("value", "where", "kind"),
    [
        (IDENTITY, "history.monitored.0", "Activation"),
        ({1: 2}, "history.monitored.0", "dict"),
        ([0, {"a": object()}], "history.monitored.0.1.a", "object"),
        (1j, "history.monitored.0", "complex"),
        ({1, 2}, "history.monitored.0", "set"),
    ],
)
def test_what_would_have_to_be_pickled_is_refused(value, where, kind, tmp_path):
    with pytest.raises(TypeError) as raised:
        save(tmp_path / "run.npz", with_monitored(value))
    assert str(raised.value) == (
        f"save: {where} must be a number, a string, an array of NumPy, or a tuple, list or "
        f"dictionary of these, got {kind}."
    )
    assert list(tmp_path.iterdir()) == []


def test_arrays_of_objects_are_refused(trained, tmp_path):
    with pytest.raises(TypeError, match=r"history\.monitored\.0 must be an array of numbers"):
        save(tmp_path / "run.npz", with_monitored(np.array([object()])))
    strange = trained._replace(layers=(trained.layers[0]._replace(W=[[1.0]]),))
    with pytest.raises(TypeError) as raised:
        save(tmp_path / "run.npz", strange)
    assert str(raised.value) == "save: W[1] must be an array of numbers of NumPy, got list."


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS.keys())
def test_activations_come_back_by_name(activation, trained, tmp_path):
    layers = tuple(layer._replace(activation=activation) for layer in trained.layers)
    save(tmp_path / "run.npz", trained._replace(layers=layers))
    assert all(layer.activation is activation for layer in load(tmp_path / "run.npz").layers)


@pytest.mark.parametrize(
    "own", [leaky_relu_with(0.2), Activation("cube", np.cbrt, np.cbrt, None)], ids=repr
)
def test_an_activation_that_its_name_does_not_determine_has_to_be_given(own, trained, tmp_path):
    """A leaky ReLU of another slope must not come back as the one of the table."""
    path = tmp_path / "run.npz"
    first, second = trained.layers
    save(path, trained._replace(layers=(first._replace(activation=own), second)))
    assert refusal(path) == (
        f"load: the activation of layer 1 of {path} must be given, as it is none of "
        "fcnref.ACTIVATIONS; pass activations=[...], one for each layer."
    )
    assert refusal(path, [own]) == (
        f"load: activations must be 2, one for each layer of {path}, got 1."
    )
    again = load(path, activations=[own, IDENTITY])
    assert [layer.activation for layer in again.layers] == [own, IDENTITY]


def test_the_parameters_can_be_read_without_this_package(file, trained):
    with np.load(file, allow_pickle=False) as arrays:
        assert arrays["W1"].tobytes() == trained.layers[0].W.tobytes()
        assert arrays["b2"].tobytes() == trained.layers[1].b.tobytes()


def test_the_same_training_gives_the_same_file(file, trained):
    before = file.read_bytes()
    save(file, trained)
    assert file.read_bytes() == before


@pytest.mark.parametrize("broken", ["savez", "fsync"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=repr)
def test_an_interrupted_save_leaves_the_old_file(broken, error, file, trained, monkeypatch):
    before = file.read_bytes()

    def fail(target, *_, **__):
        if broken == "savez":
            target.write(b"half of a file")
        raise error

    monkeypatch.setattr(*{"savez": (np, "savez"), "fsync": (os, "fsync")}[broken], fail)
    with pytest.raises(type(error)):
        save(file, trained._replace(layers=()))
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_training_saves_itself_after_every_epoch(start, tmp_path):
    path = tmp_path / "run.npz"
    seen = []

    def checkpoint(trained):
        save(path, trained)
        seen.append(load(path).memory.epoch)

    trained = run(np.random.default_rng(5), *start, checkpoint=checkpoint)
    assert seen == [1, 2]
    assert same(load(path), trained)


def test_a_file_cut_off_anywhere_is_refused(file):
    whole = file.read_bytes()
    for size in {*range(0, len(whole), 97), len(whole) - 1}:
        file.write_bytes(whole[:size])
        assert "must be a run that save wrote" in refusal(file)


def test_a_damaged_byte_is_noticed_where_it_matters(file, trained):
    """The archive keeps a checksum of every array; what it does not cover changes nothing."""
    whole = file.read_bytes()
    for at in range(0, len(whole), 31):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        with contextlib.suppress(ValueError):
            assert same(load(file), trained)


@settings(max_examples=60, deadline=None)
@given(
    begin=st.sampled_from([b"", b"PK\3\4", b"\x93NUMPY\1\0", b"\x80\4"]),
    garbage=st.binary(max_size=400),
)
def test_garbage_is_refused(begin, garbage, tmp_path_factory):
    path = tmp_path_factory.mktemp("garbage") / "run.npz"
    path.write_bytes(begin + garbage)
    refusal(path)


class Trap:
    def __reduce__(self):
        return (os._exit, (3,))


def written(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("inside", [True, False], ids=["in the archive", "instead of it"])
def test_pickles_are_never_opened(inside, tmp_path):
    path = tmp_path / "run.npz"
    if inside:
        written(path, run=np.array("{}"), W1=np.array([Trap()], dtype=object))
    else:
        path.write_bytes(pickle.dumps(Trap()))
    assert re.search("allow_pickle=False|pickled", refusal(path))


def described(file, change):
    """The file with another description of the run."""
    with np.load(file) as arrays:
        there = dict(arrays)
    run = json.loads(str(there["run"]))
    change(run)
    return written(file, **there | {"run": np.array(json.dumps(run))})


CHANGES = {
    "another version": (
        lambda run: run.update(version=2),
        "version 2, where this fcnref reads 1",
    ),
    "no version": (lambda run: run.pop("version"), "'version'"),
    "a layer too many": (lambda run: run["activations"].append("tanh"), "'W3"),
    "a record of another kind": (
        lambda run: run["history"].update(record="Memory"),
        "a Memory for a History",
    ),
    "a record that is none of ours": (
        lambda run: run["memory"]["fields"].update(optimizer={"record": "Popen", "fields": {}}),
        "'Popen'",
    ),
    "a field too many": (lambda run: run["memory"]["fields"].update(more=1), "more"),
    "what describes nothing": (
        lambda run: run["memory"]["fields"].update(optimizer={"what": 1}),
        "describes nothing",
    ),
}


@pytest.mark.parametrize(("change", "reason"), CHANGES.values(), ids=CHANGES.keys())
def test_a_description_that_does_not_fit_is_refused(change, reason, file):
    assert reason in refusal(described(file, change))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"W1": np.zeros((4, 3, 1))}, "W[1] must have shape (n_1, n_0), got (4, 3, 1)"),
        ({"b1": np.zeros(4)}, "b[1] must have shape (n_1, 1) = (4, 1), got (4,)"),
        ({"W2": np.zeros((2, 5))}, "W[2] must have shape (n_2, n_1) = (n_2, 4), got (2, 5)"),
        ({"W2": np.zeros((2, 4), int)}, "W[2] must hold floating-point numbers, got int64"),
    ],
)
def test_layers_that_do_not_fit_each_other_are_refused(change, reason, file):
    with np.load(file) as arrays:
        there = dict(arrays)
    assert reason in refusal(written(file, **there | change))


@pytest.mark.parametrize("name", ["run", "W1", "b2", "memory.optimizer.mean.0.dW"])
def test_a_missing_array_is_named(name, file):
    with np.load(file) as arrays:
        there = {key: arrays[key] for key in arrays if key != name}
    assert name in refusal(written(file, **there))


def test_an_archive_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "run.npz", "w") as archive:
        archive.writestr("letter.txt", "Dear reader")
    refusal(tmp_path / "run.npz")
    np.save(tmp_path / "array.npy", np.zeros(3))
    refusal(tmp_path / "array.npy")


def test_a_missing_file_is_the_error_of_python(tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape("run.npz")):
        load(tmp_path / "run.npz")


def test_memory_of_other_layers_is_refused_by_the_optimizer(start, trained, rng):
    X, Y, _ = start
    other = trained._replace(layers=initialize(rng, [3, 5, 2], [TANH, IDENTITY]))
    with pytest.raises(ValueError, match="the state must be that of these layers"):
        run(rng, X, Y, other, epochs=3)
