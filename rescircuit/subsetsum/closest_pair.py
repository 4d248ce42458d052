"""The walk through two sorted lists that meets the pair whose sum is closest to a target, and proves it.

One place goes up in the left list, the other down in the right one; each step moves the one that brings the sum nearer
to the target. The walk does not visit every pair, but every pair that it passes by has a visited pair in its row or its
column that is on its side of the target and at least as close. So the visited pairs within a distance, and those that
follow from them along rows and columns, are all the pairs within that distance.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.compiled import kernel
from rescircuit.subsetsum.sorted_sums import ONE, ZERO

__all__ = [
    "BEST",
    "COUNT",
    "OVERFLOW",
    "I",
    "J",
    "all_near_pairs",
    "is_only",
    "near_pairs",
    "new_record",
    "start_record",
]

_LONG = np.uint64(256)  # steps of a walk from which four chains pay for finding their starts
_FAR = np.int64(1 << 62)
_MOST_PAIRS = 256  # that are kept; of more, only the closest is

# What walks remember, in an array: the closest pair's distance, whether its sum is above the target, and its places;
# how many pairs are kept; whether some had to be let go; and from FIRST on the kept pairs' distances and places.
BEST, ABOVE, I, J, COUNT, OVERFLOW, _FIRST = range(7)


@kernel
def new_record() -> Any:
    """Room for what walks remember."""
    return np.empty(_FIRST + 3 * _MOST_PAIRS, np.int64)


@kernel
def start_record(record: Any) -> None:
    """Forget what has been."""
    record[BEST], record[ABOVE], record[COUNT], record[OVERFLOW] = _FAR, 1, 0, 0


@kernel
def near_pairs(left: Any, right: Any, target: int, doubt: int, record: Any) -> None:
    """Walk once, noting in `record` the closest pair and the visited ones that may be as close.

    Parameters
    ----------
    left, right : int64 arrays
        Ascending, with sentinels: one behind `left`, one on each side of `right`, see
        :func:`~rescircuit.subsetsum.sorted_sums.sorted_halves`.
    target : int
    doubt : int
        How much nearer than it seems a sum may be, relative to another. Visited pairs within the best distance plus
        this are kept; where it is 0, only the closest, and of two as close the one not above the target.
    record : int64 array
        From :func:`new_record`; what it holds of earlier walks counts.
    """
    rows = np.uint64(left.size - 1)
    columns = np.uint64(right.size - 2)
    steps = rows + columns
    if steps < _LONG:
        _walk(left, right, target, ZERO, steps, doubt, record)
    else:
        quarter = steps >> np.uint64(2)
        _walk_four(left, right, target, quarter, doubt, record)
        _walk(left, right, target, quarter << np.uint64(2), steps, doubt, record)


@kernel
def is_only(left: Any, right: Any, target: int, doubt: int, record: Any) -> Any:
    """Whether the closest pair of one walk is proved to be closer than all others by more than `doubt`."""
    near = record[BEST] + doubt
    if record[OVERFLOW]:
        return False
    within = 0
    for k in range(record[COUNT]):
        within += record[_FIRST + 3 * k] <= near
    i, j = np.uint64(record[I]), np.uint64(record[J])
    only = within == 1
    only &= i + ONE == np.uint64(left.size - 1) or abs(left[i + ONE] + right[j] - target) > near
    only &= i == ZERO or abs(left[i - ONE] + right[j] - target) > near
    only &= j == np.uint64(right.size - 2) or abs(left[i] + right[j + ONE] - target) > near
    only &= j == ONE or abs(left[i] + right[j - ONE] - target) > near
    return only


@kernel
def all_near_pairs(left: Any, right: Any, target: int, near: int, record: Any) -> Any:
    """Places (k, 2) of all pairs within `near`, from the visited ones that `record` keeps of this walk.

    A pair that was passed by lies in the row or column of a visited one, and all between them are within, too. A pair
    may be listed more than once.
    """
    found = [(ZERO, ZERO) for _ in range(0)]
    for k in range(record[COUNT]):
        if record[_FIRST + 3 * k] > near:
            continue
        i, j = np.uint64(record[_FIRST + 3 * k + 1]), np.uint64(record[_FIRST + 3 * k + 2])
        found.append((i, j))
        for sign in (1, -1):
            step = ONE if sign > 0 else ZERO - ONE  # unsigned: adding 2**64 - 1 takes one away
            row = i + step
            while row < np.uint64(left.size - 1) and abs(left[row] + right[j] - target) <= near:
                found.append((row, j))
                row += step
            column = j + step
            while ZERO < column < np.uint64(right.size - 1) and abs(left[i] + right[column] - target) <= near:
                found.append((i, column))
                column += step
    pairs = np.empty((len(found), 2), np.uint64)
    for k in range(len(found)):
        pairs[k, 0], pairs[k, 1] = found[k]
    return pairs


@kernel
def _note(excess: int, i: Any, j: Any, doubt: int, record: Any) -> None:
    """Keep a visited pair that is among the closest."""
    distance = abs(excess)
    if distance > record[BEST] + doubt:
        return
    above = np.int64(excess > 0)
    if distance < record[BEST] or (distance == record[BEST] and above < record[ABOVE]):
        record[BEST], record[ABOVE], record[I], record[J] = distance, above, np.int64(i), np.int64(j)
    if doubt == 0:
        return
    if record[COUNT] == _MOST_PAIRS:
        _let_go(record[BEST] + doubt, record)
    if record[COUNT] == _MOST_PAIRS:
        record[OVERFLOW] = 1
        return
    place = _FIRST + 3 * record[COUNT]
    record[place], record[place + 1], record[place + 2] = distance, np.int64(i), np.int64(j)
    record[COUNT] += 1


@kernel
def _let_go(near: int, record: Any) -> None:
    """Let go of kept pairs farther than `near`."""
    kept = 0
    for k in range(record[COUNT]):
        if record[_FIRST + 3 * k] <= near:
            for part in range(3):
                record[_FIRST + 3 * kept + part] = record[_FIRST + 3 * k + part]
            kept += 1
    record[COUNT] = kept


@kernel
def _walk(left: Any, right: Any, target: int, start: Any, stop: Any, doubt: int, record: Any) -> None:
    """The walk's steps from `start` to `stop` as one chain."""
    i, j = _walk_path(left, right, target, start)
    near = record[BEST] + doubt
    for _ in range(stop - start):
        excess = left[i] + right[j] - target
        if abs(excess) <= near:
            _note(excess, i, j, doubt, record)
            near = record[BEST] + doubt
        step = np.uint64(excess > 0)
        j -= step
        i += ONE - step


@kernel
def _walk_four(left: Any, right: Any, target: int, length: Any, doubt: int, record: Any) -> None:
    """The walk's first steps in four chains of `length`, side by side, as merges are."""
    i0, j0 = _walk_path(left, right, target, ZERO)
    i1, j1 = _walk_path(left, right, target, length)
    i2, j2 = _walk_path(left, right, target, length + length)
    i3, j3 = _walk_path(left, right, target, length + length + length)
    near = record[BEST] + doubt
    for _ in range(length):
        excess0 = left[i0] + right[j0] - target
        excess1 = left[i1] + right[j1] - target
        excess2 = left[i2] + right[j2] - target
        excess3 = left[i3] + right[j3] - target
        if min(abs(excess0), abs(excess1), abs(excess2), abs(excess3)) <= near:
            _note(excess0, i0, j0, doubt, record)
            _note(excess1, i1, j1, doubt, record)
            _note(excess2, i2, j2, doubt, record)
            _note(excess3, i3, j3, doubt, record)
            near = record[BEST] + doubt
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


@kernel
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
