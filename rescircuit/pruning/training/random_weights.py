"""Random networks: the weights that are pruned and never trained."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from rescircuit.checks import Array, positive_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.network.layers import Network

__all__ = ["DISTRIBUTIONS", "random_network", "random_weights"]


def random_weights(distribution: str, shape: tuple[int, ...], fan_in: int, stream: Stream, scale: float = 1.0) -> Array:
    """Random weights by He et al. (2015), whose sums of `fan_in` rectified inputs neither grow nor vanish.

    Parameters
    ----------
    distribution : str
        ``"kaiming-normal"``; ``"signed-constant"``, plus or minus its standard deviation; or ``"kaiming-uniform"``, of
        the same standard deviation.
    shape : tuple of int
    fan_in : int
        Weights that each sum has.
    stream : Stream
    scale : float
        A factor on all of them.

    Returns
    -------
    array of the shape, float64 numbers that float32 has too

    Raises
    ------
    InputError
        For an unknown distribution.
    """
    if distribution not in DISTRIBUTIONS:
        raise InputError("distribution", f"one of {', '.join(DISTRIBUTIONS)}", distribution)
    deviation = positive_number("scale", scale) * math.sqrt(2.0 / fan_in)
    values = deviation * DISTRIBUTIONS[distribution](stream, math.prod(shape))
    return values.astype(np.float32).astype(np.float64).reshape(shape)


def random_network(
    template: Network, *, seed: int, distribution: str = "kaiming-normal", scale: float | Any = 1.0
) -> Network:
    """The network with random weights in the place of its own and without biases.

    Parameters
    ----------
    template : Network
        Only its layers and their shapes matter.
    seed : int
    distribution : str
        Of :func:`random_weights`.
    scale : float, optional
        A factor on all weights. For a share k that is to stay, sqrt(1 / k) lets sums be as large as they would be of
        all of them (Ramanujan et al. 2020, "scaled Kaiming normal").
    """
    layers = list(template.layers)
    for number, layer in template.weighted_layers:
        weight = layer.weight
        stream = Stream(seed=seed, source=f"pruning.training.weights.{number}")
        drawn = random_weights(distribution, weight.shape, weight[0].size, stream, scale)
        layers[number] = replace(layer, weight=drawn, bias=None)
    return Network(layers, template.input_shape, template.sources)


def _normal(stream: Stream, count: int) -> Array:
    return stream.normal(count)


def _signed(stream: Stream, count: int) -> Array:
    return np.where(stream.uniform(count) < 0.5, -1.0, 1.0)


def _uniform(stream: Stream, count: int) -> Array:
    return math.sqrt(3.0) * (2.0 * stream.uniform(count) - 1.0)


DISTRIBUTIONS: dict[str, Callable[[Stream, int], Array]] = {
    "kaiming-normal": _normal,
    "signed-constant": _signed,
    "kaiming-uniform": _uniform,
}
