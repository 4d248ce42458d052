"""Layers with weights: what goes onto arrays."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array, whole_number
from rescircuit.errors import InputError
from rescircuit.network.layers.layer import Shape, per_axis, refuse_large, refused_shape, sole
from rescircuit.network.layers.windows import Windows, padded, paddings, windows_of

__all__ = ["Conv", "Dense", "WeightedLayer"]


@dataclass(frozen=True, kw_only=True, eq=False)
class WeightedLayer(ABC):
    """A layer that multiplies by matrices: the same ones at each of its positions, one for each group of channels.

    Parameters
    ----------
    weight : array (out, in / groups, ...)
        As in PyTorch.
    bias : array (out,), optional
        By default zeros.
    name : str
        For messages, files and reports.

    Attributes
    ----------
    groups : int
        Parts of the channels that do not mix; one but for convolutions that say otherwise.
    """

    weight: Array = field(repr=False)
    bias: Any = field(default=None, repr=False)
    name: str = "layer"
    groups: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        weight = np.ascontiguousarray(finite_array(f"{self.name}.weight", self.weight))
        self._check_weight(weight)
        bias = np.zeros(len(weight)) if self.bias is None else finite_array(f"{self.name}.bias", self.bias)
        if bias.shape != weight.shape[:1]:
            raise InputError(f"{self.name}.bias", f"of shape {weight.shape[:1]}", f"shape {bias.shape}")
        for name, values in (("weight", weight), ("bias", bias)):
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    @property
    def outputs(self) -> int:
        """Outputs of each position, of all groups together."""
        return self.weight.shape[0]

    @property
    def matrices(self) -> Array:
        """The weights the array's way round, (groups, inputs, outputs): inputs on word lines."""
        return self.weight.reshape(self.groups, self.outputs // self.groups, -1).transpose(0, 2, 1)

    def positions(self, shape: Shape) -> int:
        """How many times an input of this shape makes the layer use its matrices."""
        return math.prod(self.output_shape(shape)) // self.outputs

    @abstractmethod
    def __call__(self, *x: Array) -> Array:
        """Outputs (k, ...) for inputs (k, ...)."""

    @abstractmethod
    def output_shape(self, *shapes: Shape) -> Shape:
        """The shape of the output for an input of this shape; InputError for others."""

    @abstractmethod
    def rows(self, x: Array) -> Array:
        """What the matrices multiply, (groups, k, positions, inputs), for inputs (k, ...) of the layer."""

    @abstractmethod
    def assembled(self, products: Array, shape: Shape) -> Array:
        """The layer's output (k, ...), of products (groups, k, positions, outputs) of inputs of this shape."""

    @abstractmethod
    def _check_weight(self, weight: Array) -> None:
        """Refuse weights of another shape."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Dense(WeightedLayer):
    """A fully connected layer, ``x @ weight.T + bias``, along the last axis.

    Parameters
    ----------
    weight : array (out, in)
    bias, name
        See :class:`WeightedLayer`.

    Raises
    ------
    InputError
        For arrays of other shapes, or values that are not finite.
    """

    name: str = "dense"

    def __call__(self, *x: Array) -> Array:
        """Outputs (k, ..., out) for inputs (k, ..., in)."""
        (inputs,) = x
        products = inputs.reshape(-1, inputs.shape[-1]) @ self.weight.T  # all positions of all inputs at once
        products += self.bias
        return products.reshape(*inputs.shape[:-1], self.outputs)

    def output_shape(self, *shapes: Shape) -> Shape:
        """(..., out) for (..., in): the axes before the last are positions."""
        shape = sole(self.name, shapes)
        if not shape or shape[-1] != self.weight.shape[1]:
            inputs = self.weight.shape[1]
            raise refused_shape(self.name, f"({inputs},), or (..., {inputs}) with positions before it", shape)
        return (*shape[:-1], self.outputs)

    def rows(self, x: Array) -> Array:
        """(1, k, positions, in)."""
        return x.reshape(1, len(x), math.prod(x.shape[1:-1]), x.shape[-1])

    def assembled(self, products: Array, shape: Shape) -> Array:
        """(k, ..., out)."""
        return products.reshape(products.shape[1], *shape[:-1], self.outputs)

    def _check_weight(self, weight: Array) -> None:
        if weight.ndim != 2:
            raise InputError(f"{self.name}.weight", "of shape (out, in)", f"shape {weight.shape}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Conv(WeightedLayer):
    """A convolution over one or two axes of positions, as PyTorch means it: a cross-correlation.

    Parameters
    ----------
    weight : array (out, in / groups, length) or (out, in / groups, height, width)
    bias, name
        See :class:`WeightedLayer`.
    stride, dilation : int or one for each axis of positions
    padding : int, one for each axis, or a pair (before, after) for each axis
        Zeros around the positions; kept as pairs.
    groups : int
        Parts of the channels that do not mix; ``in`` for a depthwise convolution.

    Raises
    ------
    InputError
        For arrays of other shapes, values that are not finite, or numbers out of range.
    """

    name: str = "conv"
    stride: Any = 1
    padding: Any = 0
    dilation: Any = 1
    groups: int = 1
    windows: Windows = field(init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        kernel = self.weight.shape[2:]
        groups = whole_number(f"{self.name}.groups", self.groups, 1)
        if self.outputs % groups:
            raise InputError(f"{self.name}.groups", f"a divisor of {self.outputs} output channels", groups)
        values: dict[str, Any] = {
            "stride": per_axis(f"{self.name}.stride", self.stride, len(kernel), 1),
            "padding": paddings(f"{self.name}.padding", self.padding, len(kernel)),
            "dilation": per_axis(f"{self.name}.dilation", self.dilation, len(kernel), 1),
        }
        values |= {"groups": groups, "windows": Windows(kernel=kernel, **values)}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __call__(self, *x: Array) -> Array:
        """Outputs (k, out, positions ...) for inputs (k, in, positions ...)."""
        (inputs,) = x
        columns = self._columns(inputs)
        groups, length, k, positions = columns.shape
        products = self.matrices.transpose(0, 2, 1) @ columns.reshape(groups, length, k * positions)
        products += self.bias.reshape(groups, -1, 1)
        return self.assembled(products.reshape(groups, -1, k, positions).transpose(0, 2, 3, 1), inputs.shape[1:])

    def output_shape(self, *shapes: Shape) -> Shape:
        """(out, positions ...) for (in, positions ...)."""
        shape = sole(self.name, shapes)
        counts = self.windows.counts(self.name, shape)
        channels = self.weight.shape[1] * self.groups
        if shape[0] != channels:
            raise refused_shape(self.name, f"({channels}, {', '.join(map(str, shape[1:]))})", shape)
        refuse_large(f"windows of layer '{self.name}'", (*counts, channels, *self.windows.kernel))
        return (self.outputs, *counts)

    def rows(self, x: Array) -> Array:
        """(groups, k, positions, channels of a group x positions of the kernel), in memory the last axis first.

        So each input of the matrices has its values at all positions side by side, which is how they are copied and
        multiplied most quickly.
        """
        return self._columns(x).transpose(0, 2, 3, 1)

    def assembled(self, products: Array, shape: Shape) -> Array:
        """(k, out, positions ...), contiguous."""
        out = np.ascontiguousarray(products.transpose(1, 0, 3, 2))
        return out.reshape(products.shape[1], *self.output_shape(shape))

    def _columns(self, x: Array) -> Array:
        """(groups, inputs of the matrices, k, positions), contiguous."""
        self.output_shape(x.shape[1:])
        views = windows_of(padded(x, self.windows.padding), self.windows)
        axes = len(self.windows.kernel)
        positions, kernel = range(2, 2 + axes), range(2 + axes, 2 + 2 * axes)
        columns = np.ascontiguousarray(views.transpose(1, *kernel, 0, *positions))
        return columns.reshape(self.groups, self.weight[0].size, len(x), -1)

    def _check_weight(self, weight: Array) -> None:
        if weight.ndim not in (3, 4):
            required = "of shape (out, in / groups, length) or (out, in / groups, height, width)"
            raise InputError(f"{self.name}.weight", required, f"shape {weight.shape}")
