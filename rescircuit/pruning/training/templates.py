"""Networks to be filled with random weights: perceptrons of any widths, and LeNet-5."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rescircuit.checks import checked_shape, whole_number
from rescircuit.network.layers import Activation, Conv, Dense, Flatten, Layer, MaxPool, Network, Scale
from rescircuit.network.layers.layer import refuse_large

__all__ = ["lenet5", "normalised", "perceptron"]


def perceptron(input_shape: Sequence[int], hidden: Sequence[int], outputs: int) -> Network:
    """Fully connected layers with rectified units between them and weights of zero.

    Parameters
    ----------
    input_shape : sequence of int
        Of one input, such as (1, 28, 28); its numbers become a row.
    hidden : sequence of int
        The units of each hidden layer.
    outputs : int

    Raises
    ------
    InputError
        For layers of more weights than can be held.
    """
    shape = checked_shape(tuple(input_shape), 1)
    return Network((Flatten(), *_dense((math.prod(shape), *hidden, outputs))), shape)


def lenet5(outputs: int = 10, hidden: Sequence[int] = (120, 84)) -> Network:
    """LeNet-5 for images of 28 x 28 pixels, as the layer file of this name has it, with weights of zero.

    5 x 5 kernels that keep the size, rectified units and 2 x 2 max pooling, then dense layers of the `hidden` units and
    of `outputs` (da Cunha, Natale and Viennot; thesis "Pruning random structures", section 4.3).
    """
    layers: list[Layer] = []
    for number, shape in enumerate(((6, 1, 5, 5), (16, 6, 5, 5)), 1):
        layers.append(Conv(weight=np.zeros(shape), padding=2, name=f"conv{number}"))
        layers += [Activation(kind="relu"), MaxPool(kernel=(2, 2))]
    return Network((*layers, Flatten(), *_dense((784, *hidden, outputs))), (1, 28, 28))


def normalised(network: Network, mean: float, deviation: float) -> Network:
    """The network behind a layer that subtracts the mean of its inputs and divides by their standard deviation."""
    channels = network.input_shape[0] if len(network.input_shape) > 1 else network.inputs
    scale = Scale(scale=np.full(channels, 1.0 / deviation), shift=np.full(channels, -mean / deviation))
    sources = [(-1,), *(tuple(source + 1 for source in taken) for taken in network.sources)]
    return Network((scale, *network.layers), network.input_shape, sources)


def _dense(widths: Sequence[int]) -> list[Layer]:
    widths = [whole_number("width", width, 1) for width in widths]
    layers: list[Layer] = []
    for number, (inputs, units) in enumerate(pairwise(widths), 1):
        refuse_large("width", (units, inputs))
        layers.append(Dense(weight=np.zeros((units, inputs)), name=f"fc{number}"))
        layers.append(Activation(kind="relu"))
    return layers[:-1]
