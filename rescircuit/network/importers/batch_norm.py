"""Batch normalisation of a trained network: a scale and a shift for each channel, folded away where that is exact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array, non_negative_array
from rescircuit.errors import InputError
from rescircuit.network.layers import Conv, Dense, Layer, Network, Scale

__all__ = ["batch_norm", "folded"]


def batch_norm(name: str, *, mean: Any, variance: Any, epsilon: float, weight: Any = None, bias: Any = None) -> Scale:
    """What a trained batch normalisation does to new inputs: ``(x - mean) / sqrt(variance + epsilon) * weight + bias``.

    Parameters
    ----------
    name : str
        The layer's name, also for messages.
    mean, variance : array (channels,)
        The running statistics.
    epsilon : float
        What keeps the root away from zero.
    weight, bias : array (channels,), optional
        The learned factors and shifts; ones and zeros by default.

    Raises
    ------
    InputError
        For values that are not finite, negative variances, channels whose variance and `epsilon` are both zero, or
        arrays of different lengths.
    """
    mean = finite_array(f"{name}.running_mean", mean)
    variance = non_negative_array(f"{name}.running_var", variance)
    weight = np.ones_like(mean) if weight is None else finite_array(f"{name}.weight", weight)
    bias = np.zeros_like(mean) if bias is None else finite_array(f"{name}.bias", bias)
    for part, values in (("running_mean", mean), ("running_var", variance), ("weight", weight), ("bias", bias)):
        if values.ndim != 1 or values.shape != mean.shape:
            raise InputError(f"{name}.{part}", f"of shape ({mean.size},)", f"shape {values.shape}")
    spread = np.sqrt(variance + epsilon)
    if not np.all(spread > 0):  # a NaN too
        raise InputError(f"{name}.running_var", "above 0 once eps is added", float(np.min(variance)))
    scale = weight / spread
    return Scale(scale=scale, shift=bias - mean * scale, name=name)


def folded(network: Network) -> Network:
    """The same network with each :class:`Scale` multiplied into the weights before it, where that is exact.

    That is where the scale takes the output of a convolution, or of a dense layer without positions, that nothing
    else takes. The weighted layer keeps its name. Other scales stay.
    """
    layers: list[Layer] = []
    sources: list[tuple[int, ...]] = []
    place = {-1: -1}  # where each layer's output stands in the new network
    for k, (layer, taken) in enumerate(zip(network.layers, network.sources, strict=True)):
        before = place[taken[0]]
        if isinstance(layer, Scale) and before >= 0 and _foldable(network, taken[0], layers[before]):
            layers[before] = _multiplied(layers[before], layer)
            place[k] = before
        else:
            place[k] = len(layers)
            layers.append(layer)
            sources.append(tuple(place[j] for j in taken))
    return Network(tuple(layers), input_shape=network.input_shape, sources=tuple(sources))


def _foldable(network: Network, k: int, layer: Layer) -> bool:
    """Whether a scale of the output of layer `k`, which `layer` makes now, may go into its weights."""
    takers = sum(taken.count(k) for taken in network.sources)
    # A dense layer's channels are its last axis, a scale's channels the first.
    return takers == 1 and (isinstance(layer, Conv) or (isinstance(layer, Dense) and len(network.shapes[k]) == 1))


def _multiplied(layer: Any, scale: Scale) -> Layer:
    """The weighted layer followed by the scale, as one."""
    factors: Array = scale.scale.reshape(-1, *(1,) * (layer.weight.ndim - 1))
    return replace(layer, weight=layer.weight * factors, bias=layer.bias * scale.scale + scale.shift)
