"""How large the inputs of a network's layers become: for samples, or at most."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.network.layers import (
    Activation,
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    Add,
    AvgPool,
    Flatten,
    Layer,
    MaxPool,
    Network,
    Scale,
    Shape,
    WeightedLayer,
    checked_inputs,
)

__all__ = ["largest_inputs", "layer_inputs", "typical_inputs"]

_AS_LARGE = (MaxPool, AvgPool, AdaptiveMaxPool, AdaptiveAvgPool, Flatten)

_BELOW_INPUT = ("gelu", "gelu_tanh", "silu", "hardswish")  # |f(x)| <= |x|, but not largest at an end of an interval


def layer_inputs(network: Network, samples: Array) -> dict[int, Array]:
    """What each weighted layer takes in for samples (k, *input_shape) in digital arithmetic, by the layer's number."""
    numbers = network.weighted
    taken: dict[int, list[Array]] = {number: [] for number in numbers}

    def looked_at(number: int, layer: Layer, *inputs: Array) -> Array:
        if number in taken:
            taken[number].append(inputs[0])
        return layer(*inputs)

    count = network.inputs_at_once()
    for first in range(0, len(samples), count):
        network.run(samples[first : first + count], looked_at)
    return {number: np.concatenate(parts) for number, parts in taken.items()}


def typical_inputs(
    network: Network, calibration_inputs: Any | None
) -> tuple[Array | None, dict[int, Array], dict[int, float]]:
    """Calibration inputs (k, *input_shape), what each weighted layer takes in for them, and the largest of that.

    Without any, no inputs, and the largest are those for all inputs from -1 to 1.

    Raises
    ------
    InputError
        For inputs of another shape, or none.
    """
    if calibration_inputs is None:
        return None, {}, largest_inputs(network)
    samples, _ = checked_inputs(calibration_inputs, network.input_shape)
    if not len(samples):
        raise InputError("calibration_inputs", "at least one input", "none")
    taken = layer_inputs(network, samples)
    return samples, taken, {number: float(np.abs(x).max()) or 1.0 for number, x in taken.items()}


def largest_inputs(network: Network, bound: float = 1.0) -> dict[int, float]:
    """A bound on the size of each weighted layer's inputs, for network inputs of at most `bound`: interval arithmetic.

    By the layer's number, all above 0.
    """
    reached: list[float] = []
    found: dict[int, float] = {}
    for number, (layer, sources) in enumerate(zip(network.layers, network.sources, strict=True)):
        bounds = [bound if source < 0 else reached[source] for source in sources]
        if isinstance(layer, WeightedLayer):
            found[number] = bounds[0] or 1.0
        shapes = network.source_shapes(number)
        reached.append(_largest_output(layer, bounds, shapes))
    return found


def _largest_output(layer: Layer, bounds: list[float], shapes: tuple[Shape, ...]) -> float:
    bound = bounds[0]
    if isinstance(layer, WeightedLayer):
        sums = np.abs(layer.weight).reshape(layer.outputs, -1).sum(axis=1) * bound + np.abs(layer.bias)
        return float(sums.max())
    if isinstance(layer, Add):
        return sum(bounds)
    if isinstance(layer, Scale):
        return float((np.abs(layer.scale) * bound + np.abs(layer.shift)).max())
    if isinstance(layer, Activation):
        return _largest_activation(layer, bound, shapes[0])
    if isinstance(layer, _AS_LARGE):
        return bound
    raise TypeError(f"no bound is known for {type(layer).__name__}")


def _largest_activation(layer: Activation, bound: float, shape: Shape) -> float:
    if layer.kind == "softmax":
        return 1.0
    if layer.kind == "log_softmax":
        return 2.0 * bound + math.log(shape[int(layer.parameters[0])])
    if layer.kind in _BELOW_INPUT:
        return bound
    return float(np.abs(layer(np.array([[-bound, 0.0, bound]]))).max())  # all others rise or fall on either side of 0
