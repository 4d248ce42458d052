"""Networks written and read again, and files of arrays from elsewhere with a layer file."""

import zipfile

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network.files import layers_text, list_layer_files, load_network, save_network
from rescircuit.network.layers import ACTIVATIONS, Activation, Conv, Dense, Network
from rescircuit.pruning.constructions import random_quantised_network

ENDINGS = [".npz", ".safetensors"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("which", ["all_kinds", "signal"])
def test_a_saved_network_is_the_same_once_loaded(which, ending, tmp_path, request):
    network = request.getfixturevalue(which)
    loaded = load_network(save_network(network, tmp_path / f"net{ending}"))
    assert [type(layer) for layer in loaded.layers] == [type(layer) for layer in network.layers]
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in network.layers]
    assert (loaded.sources, loaded.shapes) == (network.sources, network.shapes)
    x = np.random.default_rng(0).normal(size=(3, *network.input_shape))
    assert np.array_equal(loaded(x), network(x))
    assert layers_text(loaded) == layers_text(network)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_network_makes_the_same_bytes(all_kinds, ending, tmp_path):
    first = save_network(all_kinds, tmp_path / f"first{ending}").read_bytes()
    again = save_network(load_network(tmp_path / f"first{ending}"), tmp_path / f"again{ending}").read_bytes()
    assert first == again
    if ending == ".npz":
        with zipfile.ZipFile(tmp_path / "first.npz") as archive:  # no time of writing
            assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_fields_as_they_are_by_default_are_left_out(signal):
    assert layers_text(signal).split("\n\n") == [
        "input = [2, 11]",
        '[[layers]]\nkind = "conv"\nname = "c"\npadding = [[2, 1]]',
        '[[layers]]\nkind = "max_pool"\nname = "maxpool"\nkernel = [3]\nstride = 2',
        '[[layers]]\nkind = "adaptive_avg_pool"\nname = "adaptive_avgpool"\noutput = [2]',
        '[[layers]]\nkind = "dense"\nname = "fc"\n',
    ]


@pytest.mark.parametrize("ending", ENDINGS)
def test_arrays_from_elsewhere_with_a_layer_file_beside_them(lenet5_arrays, ending, tmp_path):
    path = save(tmp_path / f"net{ending}", lenet5_arrays)
    with pytest.raises(InputError, match=r"(?s)with a layer file.*Write net\.toml beside it.*kind = \"conv\".*lenet5"):
        load_network(path)
    (tmp_path / "net.toml").write_text(list_layer_files()["lenet5"].read_text(encoding="utf-8"), encoding="utf-8")
    beside, named = load_network(path), load_network(path, layers="lenet5")
    elsewhere = load_network(path, layers=list_layer_files()["lenet5"])
    x = np.random.default_rng(1).random((2, 1, 28, 28))
    assert np.array_equal(beside(x), named(x))
    assert np.array_equal(beside(x), elsewhere(x))
    assert beside.shapes[5] == (16, 7, 7)
    assert np.array_equal(beside.layers[3].weight, lenet5_arrays["conv2.weight"])


def test_lenet5_is_as_pytorch_computes_it(lenet5_arrays, tmp_path):
    torch = pytest.importorskip("torch", reason="needs PyTorch (make torch)")
    nn = torch.nn
    network = load_network(save(tmp_path / "net.npz", lenet5_arrays), layers="lenet5")
    module = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(784, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    ).double()  # fmt: skip
    values = [torch.from_numpy(array.astype(np.float64)) for array in lenet5_arrays.values()]
    module.load_state_dict(dict(zip(module.state_dict(), values, strict=True)))
    x = np.random.default_rng(1).random((3, 1, 28, 28))
    assert np.allclose(network(x), module(torch.from_numpy(x)).detach().numpy(), rtol=1e-12, atol=1e-12)


def test_what_a_file_says_of_itself_goes_before_what_lies_beside_it(signal, tmp_path):
    path = save_network(signal, tmp_path / "net.npz")
    (tmp_path / "net.toml").write_text("nonsense", encoding="utf-8")
    assert load_network(path).shapes == signal.shapes
    with pytest.raises(InputError, match=r"layers net\.toml, line 1 must be TOML"):
        load_network(path, layers=tmp_path / "net.toml")


def test_dense_layers_need_no_layer_file(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {"a.weight": rng.normal(size=(4, 3)), "a.bias": rng.normal(size=4), "b.weight": rng.normal(size=(2, 4))}
    x = rng.normal(size=(5, 3))
    hidden = x @ arrays["a.weight"].T + arrays["a.bias"]
    rectified = load_network(save(tmp_path / "net.npz", arrays))
    assert np.allclose(rectified(x), np.maximum(hidden, 0) @ arrays["b.weight"].T)
    assert [layer.name for layer in rectified.layers] == ["a", "a.relu", "b"]
    other = load_network(save(tmp_path / "net.npz", arrays | {"activation": np.array("tanh")}))
    assert np.allclose(other(x), np.tanh(hidden) @ arrays["b.weight"].T)
    with pytest.raises(InputError, match=r"net\.safetensors must be with a layer file.*got 'a\.bias \(4,\), a\.weight"):
        load_network(save(tmp_path / "net.safetensors", arrays))  # which forgets the order of arrays


def test_halved_numbers_become_float64(tmp_path):
    torch = pytest.importorskip("torch", reason="needs PyTorch (make torch)")
    from safetensors.torch import save_file

    text = 'input = [4]\n[[layers]]\nkind = "dense"\nname = "fc"\n'
    weight = torch.randn(3, 4, generator=torch.manual_seed(0))
    for kind in (torch.bfloat16, torch.float16, torch.float32, torch.float64):
        halved = weight.to(kind)
        save_file({"fc.weight": halved}, tmp_path / "net.safetensors", {"layers": text})
        loaded = load_network(tmp_path / "net.safetensors").layers[0].weight
        assert loaded.dtype == np.float64
        assert np.array_equal(loaded, halved.double().numpy())


def test_weights_that_lie_column_after_column_are_saved_as_they_are(tmp_path):
    weight = np.random.default_rng(0).normal(size=(5, 3)).T
    for ending in ENDINGS:
        path = save_network(Network([Dense(weight=weight, name="fc")]), tmp_path / f"net{ending}")
        assert np.array_equal(load_network(path).layers[0].weight, weight)


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_every_activation_has_its_place_in_files(kind, tmp_path):
    network = Network([Activation(kind=kind)], (3,))
    loaded = load_network(
        save_network(
            network,
            tmp_path / "net.npz",
        ),
        layers=None,
    ).layers[0]
    assert (loaded.kind, loaded.parameters) == (kind, network.layers[0].parameters)


UNSAVED = [
    (["fc", "fc"], "network must be one whose layers have names of their own, got '2 layers called fc'"),
    (["fc", "../fc"], "a layer's name must be a name of at most 100 letters"),
    (["fc", "input"], 'a layer\'s name must be a name other than "input"'),
    (["fc", ""], "a layer's name must be a name of"),
]


@pytest.mark.parametrize(("names", "message"), UNSAVED)
@pytest.mark.parametrize("ending", ENDINGS)
def test_names_that_files_cannot_have(names, message, ending, tmp_path):
    network = Network([Dense(weight=np.eye(2), name=name) for name in names])
    with pytest.raises(InputError) as refused:
        save_network(network, tmp_path / f"net{ending}")
    assert message in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_layers_of_ones_own_are_not_saved(tmp_path):
    class Doubling:
        name = "doubling"

        def output_shape(self, *shapes):
            return shapes[0]

        def __call__(self, *x):
            return 2 * x[0]

    with pytest.raises(InputError, match="layer doubling must be of a kind that files know, got 'Doubling'"):
        save_network(Network([Doubling()], (3,)), tmp_path / "net.npz")


def test_layers_without_weights_may_share_a_name_unless_another_names_them(tmp_path):
    relu = Activation(kind="relu")
    network = Network([relu, Conv(weight=np.ones((1, 1, 1)), name="c"), relu], (1, 4))
    assert [layer.name for layer in load_network(save_network(network, tmp_path / "net.npz")).layers] == [
        "relu",
        "c",
        "relu",
    ]


@pytest.mark.parametrize("name", ["net.pt", "net.pkl"])
def test_pickles_are_not_read(name, tmp_path):
    (tmp_path / name).write_bytes(b"cos\nsystem\n")
    with pytest.raises(InputError, match=r"\.npz or \.safetensors.*Pickles can run anything and are not read"):
        load_network(tmp_path / name)


def test_other_endings_are_not_written(signal, tmp_path):
    with pytest.raises(InputError, match=r"file must be a network's, \.npz or \.safetensors"):
        save_network(signal, tmp_path / "net.txt")


def save(path, arrays):
    """Arrays in a file, as other programs leave them."""
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        import safetensors.numpy

        safetensors.numpy.save_file(arrays, path)
    return path


@pytest.mark.parametrize("given", [random_quantised_network((2, 2), parts=4, activations=4, seed=1), None, "net.npz"])
def test_only_networks_are_saved(tmp_path, given):
    with pytest.raises(InputError, match=rf"^network must be a Network, .*, got '{type(given).__name__}'$"):
        save_network(given, tmp_path / "net.npz")
