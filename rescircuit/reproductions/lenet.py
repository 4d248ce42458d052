"""The trained LeNet-5 of da Cunha, Natale and Viennot, from the file of its weights."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array
from rescircuit.datasets import data_folder
from rescircuit.errors import InputError
from rescircuit.files import read_npz
from rescircuit.network.layers import Activation, Conv, Dense, Flatten, MaxPool, Network

__all__ = ["FILE", "LeNet", "load_lenet"]

FILE = "lenet5-mnist.npz"
_SHAPES = {
    "conv1": (6, 1, 5, 5),
    "conv2": (16, 6, 5, 5),
    "fc1": (120, 784),
    "fc2": (84, 120),
    "fc3": (10, 84),
}
_CONVOLUTIONS = ("conv1", "conv2")


@dataclass(frozen=True, kw_only=True, eq=False)
class LeNet:
    """LeNet-5 with rectified units, 5 x 5 kernels with same padding and 2 x 2 max pooling (thesis, section 4.3).

    Attributes
    ----------
    network : Network
        For images (1, 28, 28).
    convolutional_layers : int
        How many of the layers are the convolutional section: up to the second pooling, right before the flattening.
    digest : str
        SHA-256 of the parameters, which tells one file of weights from another.
    """

    network: Network
    convolutional_layers: int
    digest: str

    @property
    def convolutional(self) -> Array:
        """The parameters of the convolutional layers, weights and then biases, layer by layer, (2572,)."""
        layers = [layer for layer in self.network.layers if isinstance(layer, Conv)]
        return np.concatenate([part.ravel() for layer in layers for part in (layer.weight, layer.bias)])

    def with_convolutional(self, parameters: Array) -> Network:
        """The network with other parameters in its convolutional layers, in the order of :attr:`convolutional`."""
        start, layers = 0, []
        for layer in self.network.layers:
            if isinstance(layer, Conv):
                middle = start + layer.weight.size
                end = middle + layer.bias.size
                weight = parameters[start:middle].reshape(layer.weight.shape)
                layers.append(replace(layer, weight=weight, bias=parameters[middle:end]))
                start = end
            else:
                layers.append(layer)
        return Network(layers, self.network.input_shape)


def load_lenet(data_dir: str | Path | None = None) -> LeNet:
    """The network from ``DATA_DIR/lenet5-mnist.npz``, whose arrays have PyTorch's names and layout.

    Raises
    ------
    InputError
        If the file is not there, or does not hold this network.
    """
    path = data_folder(data_dir) / FILE
    if not path.exists():
        hint = "--data-dir, or RESCIRCUIT_DATA, names the folder that has it."
        raise InputError("data_dir", f"one with {FILE}, the published network", str(path.parent), hint)
    arrays = read_npz(path)
    digest = hashlib.sha256()
    parts: dict[str, Any] = {}
    for name, shape in _SHAPES.items():
        for part, expected in (("weight", shape), ("bias", shape[:1])):
            key = f"{name}.{part}"
            if key not in arrays:
                raise InputError(FILE, f"a file with {key}", ", ".join(arrays))
            if arrays[key].shape != expected:
                raise InputError(f"{key} of {FILE}", f"of shape {expected}", f"shape {arrays[key].shape}")
            parts[key] = finite_array(f"{key} of {FILE}", arrays[key])
            digest.update(parts[key].astype("<f8").tobytes())
    convolutional = [
        layer
        for name in _CONVOLUTIONS
        for layer in (
            Conv(weight=parts[f"{name}.weight"], bias=parts[f"{name}.bias"], padding=2, name=name),
            Activation(kind="relu", name=f"{name} relu"),
            MaxPool(kernel=2, name=f"{name} pool"),
        )
    ]
    dense = [
        layer
        for name in ("fc1", "fc2", "fc3")
        for layer in (
            Dense(weight=parts[f"{name}.weight"], bias=parts[f"{name}.bias"], name=name),
            Activation(kind="relu", name=f"{name} relu"),
        )
    ]
    layers = [*convolutional, Flatten(), *dense[:-1]]
    network = Network(layers, (1, 28, 28))
    return LeNet(network=network, convolutional_layers=len(convolutional), digest=digest.hexdigest())
