"""Files of networks that lie or are damaged: one clear line each, nothing run, no memory taken."""

import io
import json
import os
import pickle
import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescircuit import files
from rescircuit.errors import InputError
from rescircuit.network.files import load_network, save_network
from rescircuit.network.layers import Activation, Add, Conv, Dense, Flatten, MaxPool, Network, Scale

CHANGES = settings(max_examples=60, deadline=None)


class Canary:
    """What leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def network():
    rng = np.random.default_rng(0)
    layers = [
        Conv(name="conv", weight=rng.normal(size=(2, 1, 3, 3)), bias=rng.normal(size=2), padding=1),
        Activation(kind="relu", name="relu"),
        Scale(name="scale", scale=rng.normal(size=2), shift=rng.normal(size=2)),
        Add(name="add"),
        MaxPool(name="pool", kernel=(2, 2)),
        Flatten(name="flatten"),
        Dense(name="dense", weight=rng.normal(size=(3, 8)), bias=rng.normal(size=3)),
    ]
    return Network(layers, (1, 4, 4), [(-1,), (0,), (1,), (1, 2), (3,), (4,), (5,)])


def read_or_refuse(path, content):
    """Load a file that may be anything; what is taken must be a network of finite numbers."""
    path.write_bytes(content)
    started = time.monotonic()
    try:
        loaded = load_network(path)
    except InputError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 2000
    else:
        assert all(np.isfinite(loaded.layers[k].weight).all() for k in loaded.weighted)
    assert time.monotonic() - started < 20


def refusal(path, match, **arguments):
    with pytest.raises(InputError, match=match) as caught:
        load_network(path, **arguments)
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 2000
    return text


@pytest.fixture(scope="module", params=["npz", "safetensors"])
def whole_file(request, tmp_path_factory):
    """The bytes of a saved network, and a path for damaged copies of it."""
    path = save_network(network(), tmp_path_factory.mktemp("network") / f"network.{request.param}")
    content = path.read_bytes()
    read_or_refuse(path, content)
    assert load_network(path).output_shape == (3,)
    return content, path


@CHANGES
@given(flips=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), min_size=1, max_size=6))
def test_flipped_bytes(whole_file, flips):
    content, path = bytearray(whole_file[0]), whole_file[1]
    for place, change in flips:
        content[place % len(content)] ^= change
    read_or_refuse(path, bytes(content))


@CHANGES
@given(first=st.integers(0, 1 << 20), length=st.integers(0, 60), new=st.binary(max_size=60))
def test_replaced_and_cut_parts(whole_file, first, length, new):
    content, path = whole_file
    first %= len(content)
    read_or_refuse(path, content[:first] + new + content[first + length :])


def test_shorter_files(whole_file):
    content, path = whole_file
    for length in range(0, len(content), 41):
        path.write_bytes(content[:length])
        refusal(path, "must be")


@CHANGES
@given(content=st.binary(max_size=300))
def test_arbitrary_bytes(whole_file, content):
    read_or_refuse(whole_file[1], content)


def npz(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def npy(array, **options):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array), **options)
    return stream.getvalue()


def npy_header(shape, descr="<f8", order=False):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": descr, "fortran_order": order, "shape": shape})
    return stream.getvalue()


@pytest.mark.parametrize("entry", ["fc.weight", "fc.bias", "activation", "layers"])
@pytest.mark.parametrize("shape", [(), (1,), (2, 2)])
def test_pickles_in_an_archive_are_not_run(tmp_path, entry, shape):
    canary = tmp_path / "canary"
    objects = np.empty(shape, dtype=object)
    objects[...] = Canary(canary)
    members = {"fc.weight": npy(np.eye(2)), "fc.bias": npy(np.zeros(2))} | {entry: npy(objects, allow_pickle=True)}
    refusal(npz(tmp_path / "network.npz", members), "Pickles are not read")
    assert not canary.exists()
    with pytest.raises(FileExistsError):  # the trap works: unpickled twice, it finds its folder there
        [pickle.loads(pickle.dumps(Canary(canary))) for _ in range(2)]  # noqa: S301 - a pickle of the test's own


@pytest.mark.parametrize("name", ["network.npz", "network.safetensors", "network.pt", "network.pkl", "network.npy"])
def test_files_that_are_pickles_are_not_run(tmp_path, name):
    canary = tmp_path / "canary"
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Canary(canary)))
    refusal(path, "must be")
    assert not canary.exists()


def test_pickles_beside_the_arrays_are_not_run(tmp_path):
    canary = tmp_path / "canary"
    path = npz(tmp_path / "network.npz", {"fc.weight": npy(np.eye(2))})
    with zipfile.ZipFile(path, "a") as archive:  # where PyTorch's own files have theirs
        archive.writestr("archive/data.pkl", pickle.dumps(Canary(canary)))
    read_or_refuse(path, path.read_bytes())
    assert not canary.exists()


@pytest.mark.parametrize(
    "header",
    [
        npy_header((1 << 40, 1 << 40)),
        npy_header((1 << 62,)),
        npy_header((1 << 40, 0)),
        npy_header((0, 1 << 62)),
        npy_header((2, 2), "<f8", True),
        npy_header((-2, -2)),
        npy_header((2, 2), "|V0"),
        npy_header((1 << 50,), "|V0"),
        npy_header((2, 2), "<U1000000000"),
        npy_header((1,) * 300),
        npy_header((2, 2), "<M8[s]"),
        npy_header((2, 2), "<c16"),
        b"\x93NUMPY\x01\x00\xff\xff{",
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff{",
        b"\x93NUMPY\x09\x00\x10\x00{",
        b"\x93NUMPY\x01\x00\x20\x00" + b"__import__('os').mkdir('canary')".ljust(32),
        b"\x93NUMPY\x01\x00\x00\x20" + b"(" * 8192,
    ],
)
def test_arrays_that_are_not_what_their_header_says(tmp_path, monkeypatch, header):
    monkeypatch.chdir(tmp_path)
    path = npz(tmp_path / "network.npz", {"fc.weight": header + b"\0" * 8})
    tracemalloc.start()
    refusal(path, "must be")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 24
    assert not (tmp_path / "canary").exists()


def test_an_archive_that_unpacks_to_far_more_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGEST_BYTES", 1 << 22)  # of a GiB, so that the test is quick
    zeros = npy_header((1 << 9, 1 << 9)) + bytes(1 << 21)
    path = npz(tmp_path / "network.npz", {f"fc{k}.weight": zeros for k in range(3)}, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 15
    tracemalloc.start()
    refusal(path, "at most 4194304 bytes")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


def safetensors(path, header):
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(content)) + content + bytes(32))
    return path


def entry(shape=(2, 2), dtype="F64", offsets=(0, 32)):
    return {"fc.weight": {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}}


@pytest.mark.parametrize(
    "header",
    [
        entry(shape=(1 << 40,), offsets=(0, 1 << 43)),
        entry(offsets=(-32, 0)),
        entry(offsets=(1 << 62, (1 << 62) + 32)),
        entry(shape=[[2]]),
        entry(shape=[1] * 90 + [2, 2]),
        entry(dtype="F8_E4M3", shape=(32, 1)),
        entry() | {"__metadata__": {"layers": "[" * 5000}},
        entry() | {"__metadata__": {"layers": 7}},
        entry() | {"__metadata__": "text"},
        b'{"a":' * 50000,
    ],
)
def test_headers_of_safetensors_that_lie(tmp_path, header):
    path = safetensors(tmp_path / "network.safetensors", header)
    tracemalloc.start()
    refusal(path, "network.safetensors")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 24


@pytest.mark.parametrize(
    "layers",
    [
        'input = [1000000000, 1000000000]\n[[layers]]\nkind = "flatten"',
        'input = [1, 9, 9]\n[[layers]]\nkind = "max_pool"\nkernel = [1, 1]\npadding = 1000000000000',
        'input = [1, 9, 9]\n[[layers]]\nkind = "adaptive_max_pool"\noutput = 1000000000000',
        'input = [1, 9, 9]\n[[layers]]\nkind = "adaptive_avg_pool"\noutput = [1000000, 1000000]',
        "input = [" + "1, " * 5000 + "]",
        "a" + ".a" * 5000 + " = 1",
        "\x00",
    ],
)
def test_layer_files_that_ask_for_what_cannot_be(tmp_path, layers):
    path = tmp_path / "network.npz"
    np.savez(path, layers=np.array(layers))
    tracemalloc.start()
    refusal(path, "network.npz|layer")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 24
