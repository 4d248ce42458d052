"""Windows that slide over positions: how many there are, and what lies in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.network.layers.layer import Shape, per_axis, refuse_large, refused_shape

__all__ = ["Windows", "padded", "paddings", "windows_of"]

Padding = tuple[tuple[int, int], ...]


def paddings(argument: str, value: Any, axes: int) -> Padding:
    """How many positions are added (before, after) each axis.

    They come as a whole number for all, as one for each axis, or as a pair for each axis.

    Raises
    ------
    InputError
        For others.
    """
    if isinstance(value, tuple | list | np.ndarray) and len(value) == axes:
        pairs = tuple(per_axis(argument, each, 2, 0) for each in value)
    else:
        pairs = tuple((each, each) for each in per_axis(argument, value, axes, 0))
    return tuple((before, after) for before, after in pairs)


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Windows of one size that slide over one or two axes of positions.

    Parameters
    ----------
    kernel : tuple of int
        Positions in a window, for each axis.
    stride : tuple of int
        From one window to the next.
    padding : tuple of pairs
        Positions added (before, after) each axis.
    dilation : tuple of int
        From one position in a window to the next.
    ceil_mode : bool
        Whether there is one more window where the last ones would leave positions over, if it begins within the input
        or the padding before it, as in PyTorch.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Padding
    dilation: tuple[int, ...]
    ceil_mode: bool = False

    @property
    def spans(self) -> tuple[int, ...]:
        """Positions from a window's first to its last, both included, for each axis."""
        return tuple(step * (length - 1) + 1 for length, step in zip(self.kernel, self.dilation, strict=True))

    def counts(self, name: str, shape: Shape) -> Shape:
        """Windows along each axis of an input (channels, positions ...) of the layer `name`.

        Raises
        ------
        InputError
            For an input with another number of axes, one that no window fits into, or one too large with its padding.
        """
        axes = len(self.kernel)
        if len(shape) != axes + 1:
            raise refused_shape(name, "(channels, length)" if axes == 1 else "(channels, height, width)", shape)
        counts = tuple(self._count(name, axis, shape) for axis in range(axes))
        lengths = (sum(pads) + length for pads, length in zip(self.padding, shape[1:], strict=True))
        refuse_large(f"padded input of layer '{name}'", (shape[0], *lengths))
        return counts

    def _count(self, name: str, axis: int, shape: Shape) -> int:
        (before, after), stride, length = self.padding[axis], self.stride[axis], shape[axis + 1]
        room = length + before + after - self.spans[axis]
        if room < 0:
            least = tuple(span - sum(pads) for span, pads in zip(self.spans, self.padding, strict=True))
            raise refused_shape(name, f"(channels, {', '.join(f'at least {n}' for n in least)})", shape)
        count = room // stride + 1
        if self.ceil_mode and room % stride and count * stride < length + before:
            count += 1
        return count


def padded(x: Array, padding: Padding, value: float = 0.0) -> Array:
    """An array (k, channels, positions ...) with `value` around the positions; itself where there is no padding."""
    if not any(map(any, padding)):
        return x
    around = ((0, 0), (0, 0), *padding)
    out = np.full([sum(pads) + length for pads, length in zip(around, x.shape, strict=True)], value)
    out[tuple(slice(first, first + length) for (first, _), length in zip(around, x.shape, strict=True))] = x
    return out


def windows_of(x: Array, windows: Windows) -> Array:
    """What lies in each window of an array (k, channels, positions ...) that is padded already.

    A view (k, channels, windows ..., positions in a window ...), made without copying.
    """
    axes = tuple(range(2, x.ndim))
    every = np.lib.stride_tricks.sliding_window_view(x, windows.spans, axes)
    return every[(..., *(slice(None, None, step) for step in (*windows.stride, *windows.dilation)))]
