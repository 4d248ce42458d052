"""The subset behind a sum. Nothing is carried along while merging; it is found again from its value."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.compiled import kernel
from rescircuit.subsetsum.sorted_sums import ONE, ZERO

__all__ = ["subset_with_sum"]

_FEW = 5  # items of which trying all subsets is quicker than splitting them once more


@kernel
def subset_with_sum(magnitudes: Any, low: int, high: int, value: Any, room: Any) -> Any:
    """The bits of a subset of ``magnitudes[low:high]`` whose sum is exactly `value`, which must exist.

    The items are split in two, and a pair of sums is looked for, until few enough are left to try all their subsets.

    Parameters
    ----------
    magnitudes : int64 array
        At least 0.
    low, high : int
    value : int
    room : int64 array (2, r)
        With r at least ``2**ceil((high - low) / 2)``.
    """
    pending = np.empty((8, 3), np.int64)  # a stack of (low, high, value); halving 32 items takes it 4 deep
    pending[0, 0], pending[0, 1], pending[0, 2] = low, high, value
    depth = 1
    chosen = ZERO
    while depth > 0:
        depth -= 1
        low, high, value = pending[depth, 0], pending[depth, 1], pending[depth, 2]
        if high - low <= _FEW:
            chosen |= _enumerated_subset(magnitudes, low, value)
            continue
        middle = (low + high) // 2
        left = room[0, : 1 << (middle - low)]
        right = room[1, : 1 << (high - middle)]
        _merge_in_place(magnitudes, low, middle, left)
        _merge_in_place(magnitudes, middle, high, right)
        i, j = ZERO, np.uint64(right.size)
        excess = left[i] + right[j - ONE] - value
        while excess != 0:
            step = np.uint64(excess > 0)
            i += ONE - step
            j -= step
            excess = left[i] + right[j - ONE] - value
        pending[depth, 0], pending[depth, 1], pending[depth, 2] = low, middle, left[i]
        pending[depth + 1, 0], pending[depth + 1, 1], pending[depth + 1, 2] = middle, high, right[j - ONE]
        depth += 2
    return chosen


@kernel
def _merge_in_place(magnitudes: Any, low: int, high: int, sums: Any) -> None:
    """Fill `sums` with all subset sums of ``magnitudes[low:high]``, ascending.

    A list and its copy shifted by the next item are merged from the top downwards: the next sum to write stands at
    the number of sums still unread, so nothing unread is overwritten, and once the shifted copy is used up the rest
    already stands where it belongs.
    """
    sums[0] = 0
    size = ONE
    for k in range(low, high):
        shift = magnitudes[k]
        shifted = size
        plain = size
        while shifted > ZERO:
            x = sums[shifted - ONE] + shift
            y = sums[plain - ONE]
            larger = x >= y
            sums[shifted + plain - ONE] = x if larger else y
            step = np.uint64(larger)
            shifted -= step
            plain -= ONE - step
        size <<= ONE


@kernel
def _enumerated_subset(magnitudes: Any, low: int, value: Any) -> Any:
    """The bits of the first subset of the items from `low` on, in Gray-code order, whose sum is `value`."""
    gray = 0
    total = np.int64(0)
    counter = 0
    while total != value:
        counter += 1
        bit = 0
        while not (counter >> bit) & 1:
            bit += 1
        gray ^= 1 << bit
        total += magnitudes[low + bit] if (gray >> bit) & 1 else -magnitudes[low + bit]
    return np.uint64(gray) << np.uint64(low)
