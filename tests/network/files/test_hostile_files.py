"""Files made to mislead: one clear line for each, and nothing executed or taken from memory."""

import json
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network.files import list_layer_files, load_network

FC = b'input = [3]\n[[layers]]\nkind = "dense"\nname = "fc"\n'
WEIGHT = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}


def safetensors_file(path, header, data=b"\0" * 24, size=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if size is None else size) + text + data)
    return path


def refusal(load):
    tracemalloc.start()
    with pytest.raises(InputError) as refused:
        load()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50e6
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 1000
    return str(refused.value)


HEADERS = {
    "larger than the file": ({"fc.weight": WEIGHT}, {"size": 1 << 62}, "header of net.safetensors must be of at most"),
    "a gigabyte": ({"fc.weight": WEIGHT}, {"size": 1 << 30}, "header of net.safetensors must be of at most"),
    "no header": (b"", {"data": b""}, "a readable safetensors file"),
    "no JSON": (b"[[[[", {}, "a readable safetensors file"),
    "deep JSON": (b"[" * 100_000, {}, "a readable safetensors file"),
    "a list": (b"[1]", {}, "a readable safetensors file"),
    "no text": (b"\xff\xfe", {}, "a readable safetensors file"),
    "overlapping": (
        {"a.weight": WEIGHT, "b.weight": WEIGHT | {"data_offsets": [12, 36]}},
        {"data": b"\0" * 36},
        "a readable safetensors file",
    ),
    "a gap": ({"a.weight": WEIGHT | {"data_offsets": [8, 32]}}, {"data": b"\0" * 32}, "a readable safetensors file"),
    "beyond the end": ({"a.weight": WEIGHT}, {"data": b"\0" * 20}, "a readable safetensors file"),
    "left over": ({"a.weight": WEIGHT}, {"data": b"\0" * 40}, "a readable safetensors file"),
    "backwards": ({"a.weight": WEIGHT | {"data_offsets": [24, 0]}}, {}, "a readable safetensors file"),
    "another size": ({"a.weight": WEIGHT | {"shape": [200, 300]}}, {}, "a readable safetensors file"),
    "a huge size": ({"a.weight": WEIGHT | {"shape": [1 << 62, 1 << 62]}}, {}, "a readable safetensors file"),
    "huge and empty": (
        {"fc.weight": WEIGHT | {"shape": [1 << 40, 0], "data_offsets": [0, 0]}},
        {"data": b""},
        "fc.weight must be finite numbers, at least one",
    ),
    "negative": ({"a.weight": WEIGHT | {"shape": [-2, -3]}}, {}, "a readable safetensors file"),
    "unknown type": ({"a.weight": WEIGHT | {"dtype": "X9"}}, {}, "a readable safetensors file"),
    "type of no number": (
        {"a.weight": {"dtype": "BOOL", "shape": [24], "data_offsets": [0, 24]}},
        {},
        "'a.weight' must be of a type among F64",
    ),
    "path in a name": ({"../../x.weight": WEIGHT}, {}, "net.safetensors must be a file with fc.weight"),
    "long name": ({"x" * 5000 + ".weight": WEIGHT}, {}, "net.safetensors must be a file with fc.weight"),
    "no layers": ({"x": WEIGHT}, {}, "net.safetensors must be with a layer file"),
    "wrong layers": (
        {"fc.weight": WEIGHT, "__metadata__": {"layers": "import os"}},
        {},
        "layers in net.safetensors, line 1 must be TOML",
    ),
    "NaN": (
        {"fc.weight": WEIGHT},
        {"data": struct.pack("<6f", 1, 1, 1, 1, float("nan"), 1)},
        "fc.weight at index (1, 1)",
    ),
}


@pytest.mark.parametrize("case", HEADERS)
def test_hostile_safetensors(case, tmp_path):
    header, given, message = HEADERS[case]
    path = safetensors_file(tmp_path / "net.safetensors", header, **given)
    if case != "no layers":
        (tmp_path / "net.toml").write_bytes(FC)
    assert message in refusal(lambda: load_network(path))


def test_a_good_file_made_the_same_way_is_read(tmp_path):
    metadata = {"__metadata__": {"layers": FC.decode()}, "fc.weight": WEIGHT}
    path = safetensors_file(tmp_path / "net.safetensors", metadata, struct.pack("<6f", *range(6)))
    assert load_network(path).layers[0].weight.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("size", [0, 5, 8])
def test_safetensors_cut_off(size, tmp_path):
    path = safetensors_file(tmp_path / "net.safetensors", {"fc.weight": WEIGHT})
    path.write_bytes(path.read_bytes()[:size])
    assert "safetensors" in refusal(lambda: load_network(path))


class Trap:
    """What a pickle would run."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


ARRAYS = {
    "a pickle": ({"fc.weight": np.array([Trap()], dtype=object)}, "an array of numbers or text, got 'objects'"),
    "a pickle as layers": ({"layers": np.array([Trap()], dtype=object)}, "an array of numbers or text"),
    "layers as numbers": ({"layers": np.arange(3), "fc.weight": np.eye(2)}, "net.npz: layers must be one text"),
    "text as weights": ({"fc.weight": np.array([["a", "b"]])}, "fc.weight must be finite numbers"),
    "layers that are none": ({"layers": np.array("rm -rf"), "fc.weight": np.eye(2)}, "layers in net.npz, line 1"),
    "infinite": ({"fc.weight": np.array([[np.inf]])}, "fc.weight at index (0, 0) must be finite"),
    "an odd activation": ({"fc.weight": np.eye(2), "activation": np.array("os")}, "net.npz: activation must be one of"),
    "numbers as activation": ({"fc.weight": np.eye(2), "activation": np.eye(99)}, "net.npz: activation must be one of"),
    "complex": ({"fc.weight": np.eye(2) * 1j}, "fc.weight must be finite numbers"),
    "shapes that do not follow": (
        {"a.weight": np.ones((2, 3)), "b.weight": np.ones((2, 3))},
        "input of layer 'b' must be of shape (3,)",
    ),
    "another bias": ({"a.weight": np.ones((2, 3)), "a.bias": np.ones(3)}, "a.bias must be of shape (2,)"),
    "a bias alone": ({"a.bias": np.ones(3)}, "net.npz must be with a layer file"),
    "too much": ({"a.weight": np.ones((2, 3)), "b": np.ones(3)}, "got 'b'"),
    "a path": ({"../a.weight": np.ones((2, 3))}, "a layer's name must be a name of at most 100 letters"),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_hostile_arrays(case, tmp_path):
    arrays, message = ARRAYS[case]
    np.savez(tmp_path / "net.npz", **arrays)
    assert message in refusal(lambda: load_network(tmp_path / "net.npz"))


def test_a_bomb_of_zeros(tmp_path):
    with zipfile.ZipFile(tmp_path / "net.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 3), }"
        text = header.encode().ljust(117) + b"\n"
        archive.writestr("fc.weight.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + b"\0" * 1000)
    assert "as long as its header says" in refusal(lambda: load_network(tmp_path / "net.npz"))


def layers(text, arrays=None):
    """Load these arrays, by default of `fc`, with this layer file."""

    def load(folder):
        (folder / "mine.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        np.savez(folder / "net.npz", **({"fc.weight": np.ones((2, 3))} if arrays is None else arrays))
        return load_network(folder / "net.npz", layers=folder / "mine.toml")

    return load


HEAD = "input = [3]\n[[layers]]\nkind = "
SECOND = FC.decode() + "[[layers]]\nkind = "
LAYERS = [
    ("", "layers mine.toml, line 1: input must be given"),
    ("input = [3]\nlayers = []", "line 2: layers must be an array of at least 1"),
    ("input = []\n" + HEAD[12:] + '"relu"', "line 1: input must be an array of at least 1"),
    ("input = [0]\n" + HEAD[12:] + '"relu"', "line 1: input[0] must be a whole number of at least 1, got 0"),
    ("input = [1e3]\n" + HEAD[12:] + '"relu"', "line 1: input[0] must be a whole number"),
    (HEAD + '"rnn"', "line 3: kind must be one of 'dense', 'conv'"),
    (HEAD + '"conv"', "line 2: name must be given in [layers]"),
    (HEAD + '"dense"\nname = "a/b"', "line 4: name must be a name of at most 100 letters"),
    (HEAD + '"dense"\nname = "input"', 'line 4: name must be a name other than "input"'),
    (HEAD + '"dense"\nname = "fc"\nstride = 2', "line 5: stride must be one of inputs, name, kind"),
    (HEAD + '"conv"\nname = "fc"\nstrides = 2', "Did you mean stride?"),
    (HEAD + '"conv"\nname = "fc"\nstride = 0', "line 5: stride must be a whole number from 1 to 16777216, got 0"),
    (HEAD + '"conv"\nname = "fc"\npadding = "x"', "line 5: padding must be a whole number"),
    (HEAD + '"conv"\nname = "fc"\ngroups = 3', "line 5: groups must be a divisor of 2 output channels, got 3"),
    (HEAD + '"max_pool"', "line 2: kernel must be given in [layers]"),
    (HEAD + '"max_pool"\nkernel = [2]\nceil_mode = 1', "line 5: ceil_mode must be true or false, got 1"),
    (HEAD + '"relu"\nparameters = 3', "line 4: parameters must be an array, got 3"),
    (SECOND + '"elu"\nparameters = ["x"]', "line 5: alpha must be a finite number, got 'x'"),
    (SECOND + '"relu"\ninputs = ["fd"]', 'line 7: inputs must be "input" or names of layers before this one'),
    (HEAD + '"relu"\ninputs = "fc"', "line 4: inputs must be an array"),
    (
        SECOND + '"max_pool"\nkernel = 2',
        "layers mine.toml: input of layer 'maxpool' must be of shape (channels, height, width)",
    ),
    (
        HEAD + '"dense"\nname = "fc"\n[[layers]]\nkind = "add"',
        "layers mine.toml: inputs of layer 'add' must be at least two",
    ),
    (HEAD + '"dense"\nname = "fd"', "net.npz must be a file with fd.weight, as layers mine.toml tells, got 'fc.weight"),
    (HEAD + '"relu"', "net.npz must be a file with arrays of layers that layers mine.toml names, got 'fc.weight'"),
    (
        HEAD + '"dense"\nname = "fc"\n' + HEAD[12:] + '"dense"\nname = "fc"',
        "line 7: name must be that of no other layer",
    ),
    ("a" * (1 << 20) + "=1", "layers must be a file of at most 1048576 bytes"),
    (b"\xff = 1", "layers mine.toml, line 1 must be text in UTF-8"),
    ("x = " + "[" * 5000, "layers mine.toml"),
    (SECOND + '"adaptive_avg_pool"\noutput = 16777217', "line 7: output must be a whole number from 1 to 16777216"),
]


@pytest.mark.parametrize(("text", "message"), LAYERS, ids=[message for _, message in LAYERS])
def test_mistakes_in_layer_files(text, message, tmp_path):
    arrays = (
        {"fc.weight": np.ones((2, 3, 1))} if b"conv" in (text if isinstance(text, bytes) else text.encode()) else None
    )
    assert message in refusal(lambda: layers(text, arrays)(tmp_path))


def test_a_name_used_twice_is_not_taken_from(tmp_path):
    text = SECOND + '"relu"\n[[layers]]\nkind = "relu"\n[[layers]]\nkind = "add"\ninputs = ["relu", "fc"]\n'
    assert "line 11: inputs must be names that one layer has" in refusal(lambda: layers(text)(tmp_path))


def test_faults_in_arrays_are_told_with_their_file(tmp_path):
    load = layers(FC, {"fc.weight": np.full((2, 3), np.nan)})
    assert "net.npz: fc.weight at index (0, 0) must be finite numbers, got nan" in refusal(lambda: load(tmp_path))
    load = layers(FC, {"fc.weight": np.ones((2, 3)), "fc.bias": np.ones(3)})
    assert "net.npz: fc.bias must be of shape (2,), got shape (3,)" in refusal(lambda: load(tmp_path))


@pytest.mark.parametrize("name", ["lenet6", "no\0name", 3, "/dev/zero"])
def test_layer_files_that_are_none(name, tmp_path):
    np.savez(tmp_path / "net.npz", **{"fc.weight": np.eye(2)})
    message = refusal(lambda: load_network(tmp_path / "net.npz", layers=name))
    assert message.startswith("layers must be one of lenet5, or the path of a readable TOML file")


@pytest.mark.parametrize("name", ["none.npz", "none.safetensors", "folder.npz", "folder.safetensors"])
def test_files_that_are_none(name, tmp_path):
    if name.startswith("folder"):
        (tmp_path / name).mkdir()
    assert "file must be a readable file" in refusal(lambda: load_network(tmp_path / name))


def test_shipped_layer_files_are_listed():
    assert "lenet5" in list_layer_files()
