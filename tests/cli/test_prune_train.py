"""``rescircuit prune train``: trains, resumes, saves and refuses."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from rescircuit.cli import prune_train
from rescircuit.datasets import load_digits
from rescircuit.network import load_network

SMALL = ("prune", "train", "--network", "mlp:40", "--epochs", 3, "--keep", "0.5,0.4", "--images", 600)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="needs PyTorch (make torch)")


@pytest.fixture
def without_torch(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("rescircuit.pruning.training")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("rescircuit.network.importers.torch")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)


@pytest.mark.usefixtures("torch")
def test_a_network_is_trained_and_saved_with_its_accuracy(run, tmp_path):
    code, out, err = run(*SMALL, "--out", "pruned.npz", "--json", "--checkpoint", "state")
    assert code == 0, err
    told = json.loads(out)
    assert (told["random_weights"], told["kept"]) == (64 * 40 + 400, 1280 + 160)
    assert told["shares"] == {"fc1": 0.5, "fc2": 0.4}
    assert [each["epoch"] for each in told["history"]] == [1, 2, 3]
    network = load_network(tmp_path / "pruned.npz")
    assert [np.count_nonzero(layer.weight) for _, layer in network.weighted_layers] == [1280, 160]
    digits = load_digits()
    accuracy = (network(digits.test_x.reshape(-1, 1, 8, 8)).argmax(axis=1) == digits.test_y).mean()
    assert accuracy == pytest.approx(told["accuracy"], abs=1 / len(digits.test_y) + 1e-9)
    assert accuracy > 0.5
    again = json.loads(run(*SMALL, "--json", "--checkpoint", "state")[1])
    assert {**again, "out": told["out"]} == told


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize(
    "more",
    [
        ("--structure", "relu", "--pairs", 2),
        ("--method", "probabilistic", "--weights", "signed-constant"),
    ],
)
def test_tables_in_words(run, more):
    # Five images have not all of the ten classes; the network has.
    code, out, err = run("prune", "train", "--network", "mlp:10", "--epochs", 1, "--images", 5, *more)
    assert code == 0, err
    assert "test accuracy" in out
    assert "Test accuracy" in out
    assert "after epoch 1 of 1, the best on the test images; " in out
    assert "fc2" in out


@pytest.mark.usefixtures("torch")
def test_convolutions_can_stay_as_they_are(torch, tmp_path):  # noqa: ARG001
    from rescircuit.network.files import save_network
    from rescircuit.network.layers import Conv
    from rescircuit.pruning.training import Labelled, lenet5

    save_network(lenet5(hidden=(6, 5)), tmp_path / "small.npz")
    images = Labelled(x=np.zeros((2, 1, 28, 28)), y=[0, 9])
    options = {"weights": "kaiming-normal", "seed": 1}
    read = prune_train._random(str(tmp_path / "small.npz"), images, gain=9.0, **options)
    built = prune_train._random("lenet5", images, gain=1.0, **options)
    assert [layer.weight.shape for _, layer in read.weighted_layers][2:] == [(6, 784), (5, 6), (10, 5)]
    assert np.allclose(read.layers[0].weight, built.layers[0].weight * 9 ** (1 / 5), rtol=1e-6)
    kinds = [type(built.layers[number]) for number in prune_train._dense(built)]
    assert len(kinds) == 3
    assert Conv not in kinds


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data", "letters"), "--data must be one of digits, mnist, fashion-mnist"),
        (("--data-dir", "."), "--data-dir must be left out for digits"),
        (("--network", "mlp:"), "--network must be mlp: and numbers of units"),
        (("--network", "mlp:0"), "--network must be a whole number of at least 1"),
        (("--network", "mlp:999999999"), "--network must be of at most"),
        (("--network", "vgg"), "--network must be mlp:UNITS, lenet5 or a file"),
        (("--network", "lenet5"), "--data must be images of 784 numbers"),
        (("--keep", "half"), "--keep must be a number, or several"),
        (("--keep", "0"), "--keep must be above 0"),
        (("--keep", "0.1,0.2,0.3"), "--keep must be one share, or 2"),
        (("--method", "magnitude"), "--method must be one of edge-popup, probabilistic"),
        (("--epochs", "0"), "--epochs must be a whole number"),
        (("--rate", "0"), "--rate must be a finite number above 0"),
        (("--gain", "0"), "--gain must be a finite number above 0"),
        (("--weights", "cauchy"), "--weights must be one of"),
        (("--structure", "figure-1b"), "--structure must be one of identity, relu"),
        (("--pairs", "3"), "--pairs must be left out without --structure, got 3"),
        (("--frozen-convolutions",), "--frozen-convolutions must be left out for a network without convolutions"),
        (("--structure", "relu", "--frozen-convolutions"), "--frozen-convolutions must be left out with --structure"),
        (("--structure", "relu", "--gain", "3"), "--gain must be left out where all layers are made of structures"),
        (("--structure", "relu", "--pairs", "0"), "--pairs must be a whole number"),
        (("--checkpoint", "/dev/null"), "--checkpoint must be a folder that can be made"),
        (("--images", "0"), "--images must be a whole number"),
        (("--seed", "-1"), "--seed must be a whole number"),
        (("--out", "pruned.txt"), "--out must be a file's name in .npz or .safetensors"),
    ],
)
@pytest.mark.usefixtures("torch")
def test_wrong_options_are_refused(refused, arguments, message):
    assert message in refused("prune", "train", "--network", "mlp:5", *arguments)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("train", ("--epochs", "0")),
        ("train", ("--weights", "cauchy")),
        ("train", ("--gain", "-1")),
        ("train", ("--pairs", "3")),
        ("chip", ("--epochs", "0")),
    ],
)
@pytest.mark.usefixtures("without_torch")
def test_simple_options_are_checked_before_pytorch_is_loaded(run, command, arguments):
    code, _, err = run("prune", command, *arguments)
    assert code == 2
    assert f"{arguments[0]} must be" in err


@pytest.mark.parametrize("command", ["train", "chip"])
@pytest.mark.usefixtures("without_torch")
def test_without_pytorch_it_says_what_to_install(run, command):
    code, out, err = run("prune", command)
    assert (code, out) == (3, "")
    assert "pip install 'rescircuit[torch]'" in err
