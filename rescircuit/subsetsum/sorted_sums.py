"""Sorted lists of subset sums, by merging: the larger part of the work of meeting in the middle.

A merge is one dependent chain: which number to read next is known only after the last comparison, some ten cycles a
step. A processor can run several such chains side by side, so a long merge is cut into four of equal length, whose
starting points a binary search finds ("merge path", Odeh et al. 2012), and short merges of both halves go together.

Indices are unsigned throughout: numba then leaves out the test for negative ones. Mixing them with signed integers
would turn both into floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.compiled import kernel

__all__ = ["INFINITE", "ONE", "ZERO", "sorted_halves", "sorted_list"]

ONE = np.uint64(1)
ZERO = np.uint64(0)
INFINITE = np.int64(1 << 62)  # above all sums, and no overflow when an item is added

_LANES = 4
_LONG = np.uint64(128)  # items of a list from which four chains pay for finding their starts


@kernel
def sorted_halves(magnitudes: Any, left: Any, right: Any, spare: Any) -> None:
    """All subset sums of the first and of the second half of `magnitudes`, ascending.

    Parameters
    ----------
    magnitudes : int64 array (n,)
        At least 0; their sum below 2**60.
    left : int64 array (2**(n // 2) + 1,)
        Filled from place 0, and closed by :data:`INFINITE`.
    right : int64 array (2**(n - n // 2) + 2,)
        Filled from place 1; ``-INFINITE`` stands before and ``INFINITE`` behind.
    spare : int64 array (2, 2**(n - n // 2) + 1)
        Room for the lists that are merged from.
    """
    n = magnitudes.size
    half = n // 2
    more = n - half  # half, or one more
    right[0] = -INFINITE
    right_list = right[1:]
    # Lists go to and fro between their own place and the spare one, and must end in their own.
    source_left, other_left = (left, spare[0]) if half % 2 == 0 else (spare[0], left)
    source_right, other_right = (right_list, spare[1]) if more % 2 == 0 else (spare[1], right_list)
    source_left[0] = 0
    source_right[0] = 0
    size = ONE
    for k in range(more):
        source_right[size] = INFINITE
        if k == half:
            _merge(source_right, size, magnitudes[half + k], other_right)
        else:
            source_left[size] = INFINITE
            if size < _LONG:
                _merge_two(
                    source_left, other_left, magnitudes[k], source_right, other_right, magnitudes[half + k], size
                )
            else:
                _merge(source_left, size, magnitudes[k], other_left)
                _merge(source_right, size, magnitudes[half + k], other_right)
            source_left, other_left = other_left, source_left
        source_right, other_right = other_right, source_right
        size <<= ONE
    left[ONE << np.uint64(half)] = INFINITE
    right_list[ONE << np.uint64(more)] = INFINITE


@kernel
def sorted_list(magnitudes: Any, sums: Any, spare: Any) -> None:
    """All subset sums of `magnitudes` (h,), ascending: ``sums[: 2**h]``, closed by :data:`INFINITE`.

    `spare` is room for as many, ``2**h + 1``.
    """
    source, other = (sums, spare) if magnitudes.size % 2 == 0 else (spare, sums)
    source[0] = 0
    size = ONE
    for k in range(magnitudes.size):
        source[size] = INFINITE
        _merge(source, size, magnitudes[k], other)
        source, other = other, source
        size <<= ONE
    sums[size] = INFINITE


@kernel
def _merge(source: Any, size: Any, shift: int, merged: Any) -> None:
    """Merge ``source[:size]`` with its copy shifted upwards by `shift` into ``merged[:2 * size]``."""
    if size < _LONG:
        a = ZERO
        b = ZERO
        for place in range(size + size):
            x = source[a]
            y = source[b] + shift
            take = x <= y
            merged[place] = x if take else y
            step = np.uint64(take)
            a += step
            b += ONE - step
        return
    quarter = size >> ONE
    place1 = quarter
    place2 = place1 + quarter
    place3 = place2 + quarter
    a0 = ZERO
    a1 = _merge_path(source, size, shift, place1)
    a2 = _merge_path(source, size, shift, place2)
    a3 = _merge_path(source, size, shift, place3)
    b0 = ZERO
    b1 = place1 - a1
    b2 = place2 - a2
    b3 = place3 - a3
    for place in range(quarter):
        x0, y0 = source[a0], source[b0] + shift
        x1, y1 = source[a1], source[b1] + shift
        x2, y2 = source[a2], source[b2] + shift
        x3, y3 = source[a3], source[b3] + shift
        take0, take1, take2, take3 = x0 <= y0, x1 <= y1, x2 <= y2, x3 <= y3
        merged[place] = x0 if take0 else y0
        merged[place1 + place] = x1 if take1 else y1
        merged[place2 + place] = x2 if take2 else y2
        merged[place3 + place] = x3 if take3 else y3
        step0, step1, step2, step3 = np.uint64(take0), np.uint64(take1), np.uint64(take2), np.uint64(take3)
        a0 += step0
        a1 += step1
        a2 += step2
        a3 += step3
        b0 += ONE - step0
        b1 += ONE - step1
        b2 += ONE - step2
        b3 += ONE - step3


@kernel
def _merge_path(source: Any, size: Any, shift: int, place: Any) -> Any:
    """How many of the first `place` numbers of the merged list come from the list that is not shifted."""
    low = place - size if place > size else ZERO
    high = min(place, size)
    while low < high:
        middle = (low + high) >> ONE
        if source[middle] <= source[place - middle - ONE] + shift:
            low = middle + ONE
        else:
            high = middle
    return low


@kernel
def _merge_two(source0: Any, merged0: Any, shift0: int, source1: Any, merged1: Any, shift1: int, size: Any) -> None:
    """Two short merges of the same size, side by side."""
    a0 = ZERO
    b0 = ZERO
    a1 = ZERO
    b1 = ZERO
    for place in range(size + size):
        x0, y0 = source0[a0], source0[b0] + shift0
        x1, y1 = source1[a1], source1[b1] + shift1
        take0, take1 = x0 <= y0, x1 <= y1
        merged0[place] = x0 if take0 else y0
        merged1[place] = x1 if take1 else y1
        step0, step1 = np.uint64(take0), np.uint64(take1)
        a0 += step0
        a1 += step1
        b0 += ONE - step0
        b1 += ONE - step1
