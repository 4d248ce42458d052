"""Small networks, and their chips."""

from __future__ import annotations

import numpy as np
import pytest

from rescircuit.network import ArraySpec, map_network
from rescircuit.network.layers import Activation, Conv, Dense, Flatten, MaxPool, Network

SMALL = {"rows": 8, "cols": 6, "bank_size": 6}


@pytest.fixture
def chip():
    """A network on small tiles; fields of the spec and arguments of the mapping by their names."""

    def make(network, seed=1, calibration_inputs=None, compensation=(), progress=None, number=0, **fields):
        return map_network(
            network,
            ArraySpec(**(SMALL | fields)),
            seed=seed,
            chip=number,
            calibration_inputs=calibration_inputs,
            compensation=compensation,
            progress=progress,
        )

    return make


@pytest.fixture
def dense():
    """One layer of 11 inputs and 4 outputs, with biases."""
    rng = np.random.default_rng(4)
    return Network([Dense(weight=rng.normal(size=(4, 11)), bias=rng.normal(size=4), name="only")])


@pytest.fixture
def convolutional():
    """A grouped convolution and a dense layer behind it, for pictures (4, 6, 6)."""
    rng = np.random.default_rng(5)
    return Network(
        [
            Conv(weight=rng.normal(size=(6, 2, 3, 3)), bias=rng.normal(size=6), groups=2, padding=1, name="conv"),
            Activation(kind="relu"),
            MaxPool(kernel=2, stride=2),
            Flatten(),
            Dense(weight=rng.normal(size=(3, 54)) / 7, bias=rng.normal(size=3), name="fc"),
        ],
        input_shape=(4, 6, 6),
    )


@pytest.fixture
def weights_of():
    """The weights that conductances of all tiles of one copy stand for, (groups, inputs, outputs), and the biases."""

    def read(layer, values, copy=0):
        weights, bias = np.zeros(layer.weighted.matrices.shape), np.zeros(layer.weighted.outputs)
        for tile in layer.tiles:
            if tile.copy == copy:
                columns = layer.outputs_of(tile)
                found = tile.difference(values(tile)) / layer.siemens_per_weight[columns]
                if tile.has_bias:
                    found, on_line = found[:-1], found[-1]
                    bias[columns] += on_line * layer.input_full_scale
                weights[tile.group, tile.inputs, tile.outputs] += found
        return weights, bias

    return read
