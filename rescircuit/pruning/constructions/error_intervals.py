"""How far a pruned network's outputs may lie from its target's, over all inputs of a domain: interval arithmetic.

Each number of each layer's output gets the interval that it stays in and the most that the pruned network's may differ
from it. A layer with weights multiplies both by the signs and the magnitudes of its weights, so that stride, padding,
dilation and groups are those of the layer itself; what stands between such layers (rectified units, pools, Flatten) is
monotone and brings no two inputs further apart, so that it is simply applied to all three.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.network.layers import (
    Activation,
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AvgPool,
    Conv,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    Network,
    WeightedLayer,
)

__all__ = [
    "SMALLEST",
    "Emulated",
    "Reach",
    "check_chain",
    "domain",
    "emulated_reach",
    "error_bound",
    "non_negative_layers",
    "passed_reach",
    "tolerances",
    "weighted_reach",
]

SMALLEST = 1e-100  # for what may be 0 and is divided by, as where later weights are all 0
_LARGEST_WEIGHT = 1e30
_UNIT = 2.0**-53  # of rounding
_PASSED = (AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, Flatten, MaxPool)
_ACTIVATIONS = ("identity", "relu")


@dataclass(frozen=True, kw_only=True, eq=False)
class Emulated:
    """What stands in the pruned network for a layer of the target: ``positive * x+ - negative * x- + bias``.

    Attributes
    ----------
    positive : array of the shape of the layer's weight
        What the positive parts of the inputs are multiplied by.
    negative : array of the same shape
        And the negative parts; anything where inputs are never negative.
    bias : array (out,)
    magnitude : array of the shape of the weight
        The sum of the magnitudes of all products that make up each weight, for the rounding.
    bias_magnitude : array (out,)
    terms : int
        The roundings that a product may go through on its way to the output.
    """

    positive: Array
    negative: Array
    bias: Array
    magnitude: Array
    bias_magnitude: Array
    terms: int


class Reach(NamedTuple):
    """For each number of a layer's output its least and largest value, and the most that the pruned one's differs."""

    low: Array
    high: Array
    error: Array


def error_bound(target: Network, emulated: Mapping[int, Emulated], input_range: tuple[float, float]) -> float:
    """The most that any output differs from the target's over the domain, rounding in float64 included.

    Parameters
    ----------
    target : Network
        A chain, see :func:`check_chain`.
    emulated : mapping
        For the number of each layer with weights what stands for it; itself where there is none.
    input_range : (float, float)
    """
    reach = domain(target, input_range)
    for number, layer in enumerate(target.layers):
        if isinstance(layer, WeightedLayer):
            reach = emulated_reach(layer, emulated[number] if number in emulated else _itself(layer), reach)
        else:
            reach = passed_reach(layer, reach)
    return float(reach.error.max())


def tolerances(target: Network, epsilon: float, input_range: tuple[float, float]) -> dict[int, float]:
    """For each layer with weights how far all of its weights and biases may be off.

    If all are off by that at once, each layer adds the same share of `epsilon` to the worst output (to first order).
    """
    inputs, reach = {}, domain(target, input_range)
    for number, layer in enumerate(target.layers):
        inputs[number] = reach
        reach = weighted_reach(layer, reach) if isinstance(layer, WeightedLayer) else passed_reach(layer, reach)
    found = {}
    for number, first in target.weighted_layers:
        largest = _largest(inputs[number])
        error = _times(first, np.ones_like(first.weight), largest) + 1.0
        for layer in target.layers[number + 1 :]:
            error = (
                _times(layer, np.abs(layer.weight), error) if isinstance(layer, WeightedLayer) else _on(layer, error)
            )
        found[number] = epsilon / len(target.weighted) / max(float(error.max()), SMALLEST)
    return found


def check_chain(target: Any, able: tuple[type, ...] = (Conv, Dense)) -> Network:
    """The target, if it is a chain of convolutions or dense layers with rectified units, pools and Flatten between.

    Raises
    ------
    InputError
        For another one, with the layer that is not taken, or weights above 1e30.
    """
    if not isinstance(target, Network):
        raise InputError("target", "a Network", target)
    if target.sources != tuple((number - 1,) for number in range(len(target.layers))):
        raise InputError("target", "a chain, in which each layer takes the one before", "one with branches")
    if not target.weighted:
        raise InputError("target", "a network with weights", target)
    for layer in target.layers:
        activation = isinstance(layer, Activation) and layer.kind in _ACTIVATIONS
        if not isinstance(layer, (*able, *_PASSED)) and not activation:
            kind = layer.kind if isinstance(layer, Activation) else type(layer).__name__
            kinds = ", ".join(each.__name__ for each in able)
            raise InputError("target", f"of {kinds}, relu, pools and Flatten", f"{kind} ('{layer.name}')")
    for _, layer in target.weighted_layers:
        largest = max(float(np.abs(layer.weight).max()), float(np.abs(layer.bias).max()))
        if largest > _LARGEST_WEIGHT:
            raise InputError("target", f"of weights up to {_LARGEST_WEIGHT:g}", f"{largest:g} ('{layer.name}')")
    return target


def non_negative_layers(target: Network, input_range: tuple[float, float]) -> dict[int, bool]:
    """For each layer with weights whether its inputs are never negative, in the pruned network as in the target."""
    known, found = input_range[0] >= 0.0, {}
    for number, layer in enumerate(target.layers):
        if isinstance(layer, WeightedLayer):
            found[number], known = known, False
        known = known or (isinstance(layer, Activation) and layer.kind == "relu")
    return found


def domain(target: Network, input_range: tuple[float, float]) -> Reach:
    """The network's input, each number of it anywhere in the range."""
    low, high = (np.full(target.input_shape, value) for value in input_range)
    return Reach(low, high, np.zeros(target.input_shape))


def _on(layer: Layer, values: Array) -> Array:
    return layer(values[None])[0]


def _times(layer: WeightedLayer, weight: Array, values: Array) -> Array:
    """The layer with other weights and no bias."""
    return _on(replace(layer, weight=weight, bias=None), values)


def _largest(reach: Reach) -> Array:
    return np.maximum(np.abs(reach.low), np.abs(reach.high))


def _per_channel(layer: WeightedLayer, values: Array) -> Array:
    """A number for each channel, shaped to be added to the layer's output for one input."""
    return values.reshape(-1, *(1,) * (layer.weight.ndim - 2))


def _products(layer: WeightedLayer, weight: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """The least and the largest value of the layer with these weights and no bias, of inputs between two arrays."""
    above, below = np.maximum(weight, 0.0), np.maximum(-weight, 0.0)
    least = _times(layer, above, low) - _times(layer, below, high)
    return least, _times(layer, above, high) - _times(layer, below, low)


def weighted_reach(layer: WeightedLayer, reach: Reach) -> Reach:
    """The target's own values; the error is left at zero."""
    least, largest = _products(layer, layer.weight, reach.low, reach.high)
    bias = _per_channel(layer, layer.bias)
    return Reach(least + bias, largest + bias, np.zeros_like(least))


def _itself(layer: WeightedLayer) -> Emulated:
    return Emulated(
        positive=layer.weight,
        negative=layer.weight,
        bias=layer.bias,
        magnitude=np.abs(layer.weight),
        bias_magnitude=np.abs(layer.bias),
        terms=layer.weight[0].size,
    )


def emulated_reach(layer: WeightedLayer, emulated: Emulated, reach: Reach) -> Reach:
    """``|y' - y| <= sup |K'(x) - K x| + |K'| |x' - x|``, and the rounding of both."""
    low, high, _ = weighted_reach(layer, reach)
    deviation = np.maximum(*(_deviation(layer, emulated, reach, sign) for sign in (1.0, -1.0)))
    steepest = np.maximum(np.abs(emulated.positive), np.abs(emulated.negative))
    error = deviation + _times(layer, steepest, reach.error)
    error += _per_channel(layer, np.abs(emulated.bias - layer.bias))

    sizes = _times(layer, np.abs(layer.weight) + emulated.magnitude, _largest(reach) + reach.error)
    sizes += _per_channel(layer, np.abs(layer.bias) + emulated.bias_magnitude)
    rounding = (emulated.terms + layer.weight[0].size + 8) * _UNIT
    return Reach(low, high, error * (1.0 + 4.0 * rounding) + 2.0 * rounding * sizes)


def _deviation(layer: WeightedLayer, emulated: Emulated, reach: Reach, sign: float) -> Array:
    """The largest value of ``sign ((K'+ - K) x+ - (K'- - K) x-)``.

    No input has both parts. So the products of each weight with both may be added up, or the larger weight be taken
    with the larger part: neither is always the lower.
    """
    plus, minus = sign * (emulated.positive - layer.weight), sign * (emulated.negative - layer.weight)
    above = np.maximum(reach.low, 0.0), np.maximum(reach.high, 0.0)
    if (reach.low >= 0.0).all():
        return _products(layer, plus, *above)[1]
    below = np.maximum(-reach.high, 0.0), np.maximum(-reach.low, 0.0)
    both = _products(layer, plus, *above)[1] - _products(layer, minus, *below)[0]
    either = _times(layer, np.maximum(np.maximum(plus, -minus), 0.0), np.maximum(above[1], below[1]))
    return np.minimum(both, either)


def passed_reach(layer: Layer, reach: Reach) -> Reach:
    """The output of a layer without weights."""
    passed = Reach(*(_on(layer, values) for values in reach))
    if isinstance(layer, AvgPool | AdaptiveAvgPool):  # the mean of at most all positions, rounded
        rounding = 4.0 * math.prod(reach.low.shape[1:]) * _UNIT
        passed = passed._replace(error=passed.error + rounding * (_largest(reach) + reach.error).max())
    return passed
