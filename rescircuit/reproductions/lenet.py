"""The trained LeNet-5 of da Cunha, Natale and Viennot, from the file of its weights."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rescircuit.checks import Array
from rescircuit.datasets import data_folder
from rescircuit.errors import InputError
from rescircuit.network import load_network
from rescircuit.network.layers import Conv, Flatten, Network

__all__ = ["FILE", "LeNet", "load_lenet"]

FILE = "lenet5-mnist.npz"
_SHAPES = {
    "conv1": (6, 1, 5, 5),
    "conv2": (16, 6, 5, 5),
    "fc1": (120, 784),
    "fc2": (84, 120),
    "fc3": (10, 84),
}


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
    network = load_network(path, layers="lenet5")
    digest = hashlib.sha256()
    for _, layer in network.weighted_layers:
        expected = _SHAPES[layer.name]
        if layer.weight.shape != expected:
            raise InputError(f"{layer.name}.weight of {FILE}", f"of shape {expected}", f"shape {layer.weight.shape}")
        if not layer.bias.any():
            raise InputError(
                f"{layer.name}.bias of {FILE}", "there: the published network has biases", "zeros or nothing"
            )
        for part in (layer.weight, layer.bias):
            digest.update(part.astype("<f8").tobytes())
    flat = next(k for k, layer in enumerate(network.layers) if isinstance(layer, Flatten))
    return LeNet(network=network, convolutional_layers=flat, digest=digest.hexdigest())
