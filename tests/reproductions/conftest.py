"""Small stand-ins for MNIST and for the published network, which these tests do not have."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from rescircuit.pieces import Pieces
from rescircuit.reproductions.runs import Run

SHAPES = {"conv1": (6, 1, 5, 5), "conv2": (16, 6, 5, 5), "fc1": (120, 784), "fc2": (84, 120), "fc3": (10, 84)}


@pytest.fixture(scope="session")
def parameters():
    """Random parameters of a LeNet-5, by PyTorch's names, in 32 bits."""
    rng = np.random.default_rng(11)
    arrays = {}
    for name, shape in SHAPES.items():
        arrays[f"{name}.weight"] = (rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
        arrays[f"{name}.bias"] = (0.1 * rng.normal(size=shape[0])).astype(np.float32)
    return arrays


@pytest.fixture(scope="session")
def pixels():
    """Images of ten classes that a network can tell apart, (k, 28, 28), and their labels, for both parts."""
    rng = np.random.default_rng(12)
    prototypes = rng.integers(0, 2, (10, 7, 7)).repeat(4, axis=1).repeat(4, axis=2)
    parts = {}
    for part, count in (("train", 400), ("t10k", 120)):
        labels = rng.integers(0, 10, count).astype(np.uint8)
        noisy = 200 * prototypes[labels] + rng.integers(0, 56, (count, 28, 28))
        parts[part] = noisy.astype(np.uint8), labels
    parts["t10k"][0][0, 0, 0] = 255  # a full scale
    parts["train"][0][0, 0, 0] = 255
    return parts


@pytest.fixture
def data_dir(tmp_path, idx, pixels, parameters):
    """A folder with both."""
    folder = tmp_path / "data"
    (folder / "mnist").mkdir(parents=True)
    for part, (images, labels) in pixels.items():
        (folder / "mnist" / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images), 1))
        (folder / "mnist" / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels), 1))
    np.savez(folder / "lenet5-mnist.npz", **parameters)
    return folder


@pytest.fixture
def given(tmp_path, data_dir):
    """The circumstances of a small run; its steps are noted in the list that comes with it."""
    steps = []
    run = Run(
        data_dir=data_dir,
        seeds=2,
        images=60,
        pieces=Pieces(folder=tmp_path / "pieces"),
        tell=lambda *step: steps.append(step),
    )
    return run, steps
