"""Layers that keep the largest number, or the mean, of each window of positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.network.layers.layer import Shape, per_axis, refused_shape, sole
from rescircuit.network.layers.windows import Windows, padded, paddings

__all__ = ["AdaptiveAvgPool", "AdaptiveMaxPool", "AvgPool", "MaxPool"]


@dataclass(frozen=True, kw_only=True, eq=False)
class _WindowPooling:
    """Windows of one size."""

    name: str = "pool"
    kernel: Any
    stride: Any = None
    padding: Any = 0
    dilation: Any = 1
    ceil_mode: bool = False
    axes: int | None = None
    windows: Windows = field(init=False, repr=False)

    def __post_init__(self) -> None:
        axes = len(self.kernel) if isinstance(self.kernel, Sequence) else self.axes or 2
        if axes not in (1, 2) or self.axes not in (None, axes):
            raise InputError(f"{self.name}.kernel", "one number for each of one or two axes", self.kernel)
        kernel = per_axis(f"{self.name}.kernel", self.kernel, axes, 1)
        values: dict[str, Any] = {
            "kernel": kernel,
            "stride": kernel if self.stride is None else per_axis(f"{self.name}.stride", self.stride, axes, 1),
            "padding": paddings(f"{self.name}.padding", self.padding, axes),
            "dilation": per_axis(f"{self.name}.dilation", self.dilation, axes, 1),
        }
        values |= {"axes": axes, "windows": Windows(ceil_mode=bool(self.ceil_mode), **values)}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def output_shape(self, *shapes: Shape) -> Shape:
        """(channels, windows ...) for (channels, positions ...)."""
        shape = sole(self.name, shapes)
        counts = self.windows.counts(self.name, shape)
        for axis, count in enumerate(counts):
            if not self._taps(axis, count, shape[axis + 1], inside=True).all():
                hint = "Its padding is wider than its kernel."
                raise InputError(
                    f"input of layer '{self.name}'", "in every window at least in part", f"shape {shape}", hint
                )
        return (shape[0], *counts)

    def _reduced(self, function: np.ufunc, x: Array, padding: float) -> Array:
        """The function of all numbers in each window, with this one in the padding: first down, then across."""
        counts = self.windows.counts(self.name, x.shape[1:])
        x = padded(x, tuple(self._reach(axis, count, x.shape[axis + 2]) for axis, count in enumerate(counts)), padding)
        for axis, count in enumerate(counts):
            x = self._reduced_along(function, x, axis, count)
        return x

    def _reduced_along(self, function: np.ufunc, x: Array, axis: int, count: int) -> Array:
        stride, dilation = self.windows.stride[axis], self.windows.dilation[axis]
        lines = np.moveaxis(x, axis + 2, 0)
        parts = [
            np.moveaxis(lines[first : first + stride * (count - 1) + 1 : stride], 0, axis + 2)
            for first in range(0, dilation * self.windows.kernel[axis], dilation)
        ]
        if len(parts) == 1:
            return parts[0]
        out = function(parts[0], parts[1])
        for part in parts[2:]:
            function(out, part, out=out)
        return out

    def _reach(self, axis: int, count: int, length: int) -> tuple[int, int]:
        """Positions before and after an axis that the windows reach into."""
        before = self.windows.padding[axis][0]
        last = self.windows.stride[axis] * (count - 1) + self.windows.spans[axis] - before
        return before, max(0, last - length)

    def _taps(self, axis: int, count: int, length: int, *, inside: bool) -> NDArray[np.intp]:
        """How many numbers each window along an axis takes from the input, or from it and its padding."""
        windows, step = self.windows, self.windows.dilation[axis]
        before, after = (0, 0) if inside else windows.padding[axis]
        firsts = np.arange(count) * windows.stride[axis] - windows.padding[axis][0]
        passed = (np.array([[-before], [length + after]]) - firsts + step - 1) // step  # taps before either end
        return np.diff(np.clip(passed, 0, windows.kernel[axis]), axis=0)[0]


@dataclass(frozen=True, kw_only=True, eq=False)
class MaxPool(_WindowPooling):
    """The largest number in each window; padding is below all numbers.

    Parameters
    ----------
    kernel, stride, dilation : int or one for each axis of positions
        The stride is the kernel's size by default.
    padding : int, one for each axis, or a pair (before, after) for each axis
    ceil_mode : bool
        Whether a last window may reach over the end, as in PyTorch.
    axes : int
        Axes of positions, 1 or 2; by default as many as the kernel has numbers, or 2.
    name : str
        For messages, files and reports.

    Raises
    ------
    InputError
        For numbers out of range, or as many as there are no axes.
    """

    name: str = "maxpool"

    def __call__(self, *x: Array) -> Array:
        """(k, channels, windows ...) for (k, channels, positions ...)."""
        (inputs,) = x
        return self._reduced(np.maximum, inputs, -np.inf)


@dataclass(frozen=True, kw_only=True, eq=False)
class AvgPool(_WindowPooling):
    """The mean of each window.

    Parameters
    ----------
    kernel, stride, padding, dilation, ceil_mode, axes, name
        See :class:`MaxPool`.
    count_include_pad : bool
        Whether zeros of the padding count as numbers, as they do in PyTorch unless told otherwise.

    Raises
    ------
    InputError
        For numbers out of range, or as many as there are no axes.
    """

    name: str = "avgpool"
    count_include_pad: bool = True

    def __call__(self, *x: Array) -> Array:
        """(k, channels, windows ...) for (k, channels, positions ...)."""
        (inputs,) = x
        sums = self._reduced(np.add, inputs, 0.0)
        for axis, count in enumerate(sums.shape[2:]):
            taps = self._taps(axis, count, inputs.shape[axis + 2], inside=not self.count_include_pad)
            sums = sums / taps.reshape(-1, *(1,) * (sums.ndim - axis - 3))
        return sums


@dataclass(frozen=True, kw_only=True, eq=False)
class _AdaptivePooling:
    """As many windows as are wanted; window k of n over L positions is those from floor(kL/n) below ceil((k+1)L/n)."""

    name: str = "pool"
    output: Any = 1
    axes: int | None = None

    def __post_init__(self) -> None:
        axes = len(self.output) if isinstance(self.output, Sequence) else self.axes or 2
        if axes not in (1, 2) or self.axes not in (None, axes):
            raise InputError(f"{self.name}.output", "one number for each of one or two axes", self.output)
        object.__setattr__(self, "output", per_axis(f"{self.name}.output", self.output, axes, 1))
        object.__setattr__(self, "axes", axes)

    def output_shape(self, *shapes: Shape) -> Shape:
        """(channels, output ...) for (channels, positions ...)."""
        shape = sole(self.name, shapes)
        if len(shape) != len(self.output) + 1:
            required = "(channels, length)" if len(self.output) == 1 else "(channels, height, width)"
            raise refused_shape(self.name, required, shape)
        return (shape[0], *self.output)

    def _reduced(self, function: Callable[..., Array], x: Array) -> Array:
        """The function of all numbers in each window: first down, then across."""
        for axis, count in enumerate(self.output, 2):
            length = x.shape[axis]
            lines = np.moveaxis(x, axis, 0)
            parts = [lines[k * length // count : -(-(k + 1) * length // count)] for k in range(count)]
            x = np.stack([function(part, axis=0) for part in parts], axis)
        return x


@dataclass(frozen=True, kw_only=True, eq=False)
class AdaptiveMaxPool(_AdaptivePooling):
    """The largest number in each of as many windows as are wanted, whatever the input's size, as in PyTorch.

    Parameters
    ----------
    output : int or one for each axis of positions
        Windows along each axis.
    axes : int
        Axes of positions, 1 or 2; by default as many as the output has numbers, or 2.
    name : str
        For messages, files and reports.

    Raises
    ------
    InputError
        For numbers out of range, or as many as there are no axes.
    """

    name: str = "adaptive_maxpool"

    def __call__(self, *x: Array) -> Array:
        """(k, channels, output ...) for (k, channels, positions ...)."""
        (inputs,) = x
        return self._reduced(np.max, inputs)


@dataclass(frozen=True, kw_only=True, eq=False)
class AdaptiveAvgPool(_AdaptivePooling):
    """The mean of each of as many windows as are wanted, whatever the input's size, as in PyTorch.

    Parameters
    ----------
    output, axes, name
        See :class:`AdaptiveMaxPool`.

    Raises
    ------
    InputError
        For numbers out of range, or as many as there are no axes.
    """

    name: str = "adaptive_avgpool"

    def __call__(self, *x: Array) -> Array:
        """(k, channels, output ...) for (k, channels, positions ...)."""
        (inputs,) = x
        return self._reduced(np.mean, inputs)
