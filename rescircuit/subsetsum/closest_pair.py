"""The walk through two sorted lists that meets the pair whose sum is closest to a target, and proves it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from rescircuit.subsetsum.sorted_sums import ONE, ZERO

__all__ = ["closest_pair"]

_LONG = np.uint64(256)  # steps of a walk from which four chains pay for finding their starts
_FAR = np.int64(1 << 62)

# What a walk remembers, in an array of five numbers: the closest pair's distance, whether its sum is above the target,
# its places in both lists, and the distance of the second closest.
_BEST, _ABOVE, _I, _J, _SECOND = range(5)


@njit(nogil=True, cache=True)
def closest_pair(left: Any, right: Any, target: int, doubt: int, record: Any) -> tuple[Any, Any, Any]:
    """The places in two lists whose sum is closest to `target`, and whether no other pair can be closer.

    One place goes up in `left`, the other down in `right`; each step moves the one that brings the sum nearer to the
    target. Every pair that the walk passes by has a visited pair in its row or column that is on its side of the
    target and at least as close. So if all other visited pairs, and the four neighbours of the best, are farther than
    the best by more than `doubt`, all pairs are.

    Parameters
    ----------
    left, right : int64 arrays
        As :func:`~rescircuit.subsetsum.sorted_sums.sorted_halves` leaves them, with their sentinels.
    target : int
    doubt : int
        How much nearer than it seems a sum may be, relative to another.
    record : int64 array (5,)
        Room for what the walk remembers.

    Returns
    -------
    i, j : int
        Places in `left` and `right`. Of two sums equally close, the one not above the target.
    only : bool
    """
    rows = np.uint64(left.size - 1)
    columns = np.uint64(right.size - 2)
    record[_BEST], record[_ABOVE], record[_SECOND] = _FAR, 1, _FAR
    if rows + columns < _LONG:
        _walk(left, right, target, rows + columns, columns, record)
    else:
        _walk_four(left, right, target, (rows + columns) >> np.uint64(2), columns, record)
    i, j = np.uint64(record[_I]), np.uint64(record[_J])
    if doubt == 0:
        return i, j, True
    near = record[_BEST] + doubt
    only = record[_SECOND] > near
    only &= i + ONE == rows or abs(left[i + ONE] + right[j] - target) > near
    only &= i == ZERO or abs(left[i - ONE] + right[j] - target) > near
    only &= j == columns or abs(left[i] + right[j + ONE] - target) > near
    only &= j == ONE or abs(left[i] + right[j - ONE] - target) > near
    return i, j, only


@njit(nogil=True, cache=True)
def _note(excess: int, i: Any, j: Any, record: Any) -> None:
    """Remember a visited pair if it is among the two closest; at equal distance below goes before above."""
    distance = abs(excess)
    above = np.int64(excess > 0)
    if distance < record[_BEST] or (distance == record[_BEST] and above < record[_ABOVE]):
        record[_SECOND] = record[_BEST]
        record[_BEST], record[_ABOVE], record[_I], record[_J] = distance, above, np.int64(i), np.int64(j)
    elif distance < record[_SECOND]:
        record[_SECOND] = distance


@njit(nogil=True, cache=True)
def _walk(left: Any, right: Any, target: int, steps: Any, columns: Any, record: Any) -> None:
    """The walk as one chain."""
    i, j = ZERO, columns
    for _ in range(steps):
        excess = left[i] + right[j] - target
        if abs(excess) <= record[_SECOND]:
            _note(excess, i, j, record)
        step = np.uint64(excess > 0)
        j -= step
        i += ONE - step


@njit(nogil=True, cache=True)
def _walk_four(left: Any, right: Any, target: int, length: Any, columns: Any, record: Any) -> None:
    """The walk in four chains of `length` steps, side by side, as merges are."""
    i0, j0 = ZERO, columns
    i1, j1 = _walk_path(left, right, target, length)
    i2, j2 = _walk_path(left, right, target, length + length)
    i3, j3 = _walk_path(left, right, target, length + length + length)
    second = _FAR
    for _ in range(length):
        excess0 = left[i0] + right[j0] - target
        excess1 = left[i1] + right[j1] - target
        excess2 = left[i2] + right[j2] - target
        excess3 = left[i3] + right[j3] - target
        if min(abs(excess0), abs(excess1), abs(excess2), abs(excess3)) <= second:
            _note(excess0, i0, j0, record)
            _note(excess1, i1, j1, record)
            _note(excess2, i2, j2, record)
            _note(excess3, i3, j3, record)
            second = record[_SECOND]
        step0, step1 = np.uint64(excess0 > 0), np.uint64(excess1 > 0)
        step2, step3 = np.uint64(excess2 > 0), np.uint64(excess3 > 0)
        j0 -= step0
        j1 -= step1
        j2 -= step2
        j3 -= step3
        i0 += ONE - step0
        i1 += ONE - step1
        i2 += ONE - step2
        i3 += ONE - step3


@njit(nogil=True, cache=True)
def _walk_path(left: Any, right: Any, target: int, step: Any) -> tuple[Any, Any]:
    """Where the walk is after `step` steps."""
    rows = np.uint64(left.size - 1)
    columns = np.uint64(right.size - 2)
    low = step - columns if step > columns else ZERO
    high = min(step, rows)
    while low < high:
        middle = (low + high) >> ONE
        if left[middle] + right[columns - (step - middle - ONE)] <= target:
            low = middle + ONE
        else:
            high = middle
    return low, columns - (step - low)
