"""A layer of a target as single positions first and d x d kernels behind, pruned (da Cunha 2023, section 4.2.1)."""

from __future__ import annotations

import math

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.network.layers import Conv, Shape, WeightedLayer
from rescircuit.pruning.constructions.error_intervals import Emulated
from rescircuit.pruning.constructions.stages import Draw, Stage, joined, scalar_subsets, single_position, stage_of

__all__ = ["points_first"]


def points_first(layer: WeightedLayer, draw: Draw, n: int, shape: Shape, *, signed: bool, tolerance: float) -> Stage:
    """``U * relu(V * X)``, V with n channels for each input channel, whose blocks are all of V that stays.

    With a bias there are n more channels for each group of channels, which take no input but their own random bias.

    Parameters
    ----------
    layer : WeightedLayer
        Of the target.
    draw : Draw
    n : int
        Channels for each input channel.
    shape : tuple of int
        Of the layer's input.
    signed : bool
        Whether inputs may be negative. If not, the channels with negative weights are pruned.
    tolerance : float
        Of each weight, which subsets need not be closer to.
    """
    out, groups, (inputs, *kernel) = layer.outputs, layer.groups, layer.weight.shape[1:]
    taps, biased = math.prod(kernel), bool(layer.bias.any())
    blocks = inputs + int(biased)
    v, u = (
        draw.uniform("first.weight", (n, groups, blocks, inputs)),
        draw.uniform("second.weight", (n, out, blocks, taps)),
    )
    biases = draw.uniform("first.bias", (n, groups, blocks)) if biased else np.zeros((n, groups, blocks))
    constant = np.arange(blocks) == inputs

    passed = np.where(constant, np.maximum(biases, 0.0), np.pad(_diagonal(v), ((0, 0), (0, 0), (0, int(biased)))))
    factor = passed[:, np.arange(out) // (out // groups), :, None]  # (n, out, blocks, 1)
    items, goals = u * factor, np.zeros((out, blocks, taps))
    goals[:, :inputs] = layer.weight.reshape(out, inputs, taps)
    if biased:
        tap = _inner_tap(layer, shape)
        items[:, :, inputs, np.arange(taps) != tap] = 0.0
        goals[:, inputs, tap] = layer.bias
    plus = scalar_subsets(np.moveaxis(np.where(factor > 0.0, items, 0.0), 0, -1), goals, tolerance)
    minus = plus
    if signed:
        goals[:, inputs:] = 0.0
        minus = scalar_subsets(np.moveaxis(np.where(factor < 0.0, items, 0.0), 0, -1), goals, tolerance)

    own = np.arange(blocks)[:, None] == np.arange(inputs)
    parts = {
        "first.weight": joined(
            v,
            np.broadcast_to(own, v.shape) if signed else own & (v > 0.0),
            2,
            (groups * blocks * n, inputs, *single_position(layer)),
        ),
        "second.weight": joined(u, np.moveaxis(plus.mask | minus.mask, -1, 0), 2, (out, blocks * n, *kernel)),
    }
    if biased:
        parts["first.bias"] = joined(biases, constant & (biases > 0.0), 2, (groups * blocks * n,))
    sizes = [(np.abs(items) * np.moveaxis(each.mask, -1, 0)).sum(axis=0) for each in (plus, minus)]
    emulated = Emulated(
        positive=plus.total[:, :inputs].reshape(layer.weight.shape),
        negative=minus.total[:, :inputs].reshape(layer.weight.shape),
        bias=plus.total[:, inputs:].sum(axis=(1, 2)),
        magnitude=np.maximum(*sizes)[:, :inputs].reshape(layer.weight.shape),
        bias_magnitude=sizes[0][:, inputs:].sum(axis=(1, 2)),
        terms=inputs + blocks * n * taps,
    )
    return stage_of(layer, draw.name, parts, emulated, max(plus.residual, minus.residual), kernels="second")


def _diagonal(v: Array) -> Array:
    """The weight of each channel for the input that it takes, (n, groups, inputs)."""
    return np.diagonal(v[:, :, : v.shape[3]], axis1=2, axis2=3)


def _inner_tap(layer: WeightedLayer, shape: Shape) -> int:
    """A position of the kernel that lies on the input, never on its padding, wherever the kernel stands.

    Raises
    ------
    InputError
        If there is none.
    """
    if not isinstance(layer, Conv):
        return 0
    windows, places = layer.windows, []
    for axis, count in enumerate(windows.counts(layer.name, shape)):
        first = np.arange(windows.kernel[axis]) * windows.dilation[axis] - windows.padding[axis][0]
        inner = np.flatnonzero((first >= 0) & (first + (count - 1) * windows.stride[axis] < shape[axis + 1]))
        if not inner.size:
            hint = "The order 'kernels first' (method convolutional) takes biases with any padding."
            required = "such that a position of the kernel never lies on it, as there is a bias"
            raise InputError(f"padding of layer '{layer.name}'", required, windows.padding, hint)
        places.append(int(inner[inner.size // 2]))
    return int(np.ravel_multi_index(places, windows.kernel))
