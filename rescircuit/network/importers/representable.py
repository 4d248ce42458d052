"""What importers ask of shapes and constants: whether a network's layers can represent them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from rescircuit.network.layers import Activation, Shape

__all__ = ["clipping", "differing_axes", "filled_in", "flattened_from", "over_positions"]

_LARGEST, _LARGEST_SINGLE = float(np.finfo(np.float64).max), float(np.finfo(np.float32).max)


def filled_in(sizes: Sequence[int], total: int) -> Shape:
    """A shape of `total` numbers in all, of sizes of which one may be left open as -1."""
    known = math.prod(size for size in sizes if size != -1)
    return tuple((total // known if known > 0 else 0) if size == -1 else size for size in sizes)


def flattened_from(shape: Shape, target: Shape) -> int | None:
    """The axis from which on a flattening brings one input from a shape to another; None if none does."""
    start = len(target) - 1
    if 0 <= start < len(shape) and target == (*shape[:start], math.prod(shape[start:])):
        return start
    return None


def over_positions(axes: Iterable[int], shape: Shape) -> bool:
    """Whether axes, which count the batch's as the first, are those of all positions of an input."""
    rank = len(shape) + 1
    return rank in (3, 4) and sorted(axis + rank if axis < 0 else axis for axis in axes) == list(range(2, rank))


def differing_axes(constants: Shape, shape: Shape) -> tuple[int, ...] | None:
    """The axes of one input along which constants differ, none if there is one for all.

    Constants broadcast as NumPy's: shapes are aligned at their last axes, and that of the batch stands before `shape`.
    None where the constants are larger than an input, or differ along the batch.
    """
    sizes = (1,) * (len(shape) + 1 - len(constants)) + constants
    if len(sizes) != len(shape) + 1 or sizes[0] != 1:
        return None
    axes = tuple(axis for axis, size in enumerate(sizes[1:]) if size != 1)
    return axes if all(sizes[axis + 1] == shape[axis] for axis in axes) else None


def clipping(name: str, low: float | None, high: float | None) -> Activation:
    """The activation that keeps numbers between limits, each of which may be missing or infinite.

    Raises
    ------
    InputError
        For limits that are no numbers, or a lower one above the upper one.
    """
    low = -_LARGEST if low is None else max(low, -_LARGEST)
    high = _LARGEST if high is None else min(high, _LARGEST)
    if low == 0.0 and high >= _LARGEST_SINGLE:
        return Activation(kind="relu", name=name)
    return Activation(kind="hardtanh", parameters=(low, high), name=name)
