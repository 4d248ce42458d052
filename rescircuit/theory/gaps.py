"""How far the worst target of an interval is from its nearest subset sum: half the widest gap between sorted sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array, finite_number
from rescircuit.compiled import kernel
from rescircuit.errors import InputError

__all__ = ["LARGEST_ENUMERATED", "worst_errors"]

LARGEST_ENUMERATED = 24
"""Items of which all subset sums are listed: 2**24 of 8 bytes, twice."""


def worst_errors(items: Any, low: float, high: float) -> Array:
    """The largest distance of any target from `low` to `high` to its nearest subset sum, for each sample.

    Exact but for the rounding of sums: every gap between neighbouring sums is looked at.

    Parameters
    ----------
    items : array (count, n)
        Of any sign, n at most :data:`LARGEST_ENUMERATED`.
    low, high : float
        The interval of targets, in the items' unit.

    Returns
    -------
    array (count,)
        In the items' unit.
    """
    samples = finite_array("items", items)
    if samples.ndim != 2 or samples.shape[1] > LARGEST_ENUMERATED:
        required = f"of shape (count, n) with n at most {LARGEST_ENUMERATED}"
        raise InputError("items", required, f"shape {samples.shape}")
    if not finite_number("low", low) <= finite_number("high", high):
        raise InputError("low", "at most high", (low, high))
    room = np.empty((2, 1 << samples.shape[1]))
    return np.array([worst_distance(sample, float(low), float(high), room[0], room[1]) for sample in samples])


@kernel
def worst_distance(sample: Any, low: float, high: float, source: Any, other: Any) -> float:
    """The same for one sample (n,), with room for ``2**n`` sums, twice."""
    lowest = 0.0
    for item in sample:
        lowest += min(item, 0.0)
    source[0] = lowest
    size = 1
    for item in sample:
        _merged(source, size, abs(item), other)
        source, other = other, source
        size *= 2
    worst = max(source[0] - low, high - source[size - 1], 0.0)
    for k in range(size - 1):
        left = source[k]
        right = source[k + 1]
        if right < low:
            continue
        if left > high:
            break
        # Of the targets between the two sums, the one nearest to their middle.
        target = min(max(0.5 * (left + right), low), high)
        worst = max(worst, min(target - left, right - target))
    return worst


@kernel
def _merged(source: Any, size: int, shift: float, merged: Any) -> None:
    """Merge ``source[:size]``, ascending, with its copy shifted upwards by `shift`."""
    a = np.uint64(0)
    b = np.uint64(0)
    end = np.uint64(size)
    one = np.uint64(1)
    place = np.uint64(0)
    while a < end:  # the copy is never at its end before the original
        x = source[a]
        y = source[b] + shift
        take = x <= y
        merged[place] = x if take else y
        step = np.uint64(take)
        a += step
        b += one - step
        place += one
    while b < end:
        merged[place] = source[b] + shift
        b += one
        place += one
