"""Exact solution of many instances of up to 40 items each, by meeting in the middle (Horowitz and Sahni 1974).

All sums of each half of the items, sorted, are 2**(n/2) numbers; a walk through one list upwards and the other
downwards meets the pair whose sum is closest to the target. The lists come from merging a list with its shifted copy,
never from sorting. In int64 all of this is exact.

The walk also proves that its answer is the only one within the doubt of the integers (see
:mod:`rescircuit.subsetsum.fixed_point`). Where it cannot, the instance is marked, and
:mod:`rescircuit.subsetsum.unbounded_integers` decides.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from rescircuit.subsetsum.fixed_point import Grid

__all__ = ["solve_batch"]

_BRUTE_FORCE = 5  # items below which enumeration beats another split
_SECONDS_PER_TASK = 0.1  # between two chances to interrupt or to report progress
_SECONDS_PER_SUM = 5e-9  # of one of the 2**(n/2) sums of a half, merging and walking, measured

Bits = NDArray[np.uint64]
BoolArray = NDArray[np.bool_]


def solve_batch(grid: Grid, progress: Callable[[int], None] | None = None) -> tuple[Bits, BoolArray]:
    """The best subset of every instance.

    Parameters
    ----------
    grid : Grid
        Items (b, n) and targets (b, t) in integers.
    progress : callable, optional
        Called with the number of instances solved since the last call.

    Returns
    -------
    bits : uint64 array (b, t)
        Bit k is set where item k is chosen. Of two sums equally close, the one not above the target; which of
        several subsets of the same sum is a function of the items and the target alone.
    unsure : bool array (b, t)
        Where another subset may be closer by less than the rounding to the grid.
    """
    banks, targets = grid.targets.shape
    bits = np.zeros((banks, targets), np.uint64)
    unsure = np.zeros((banks, targets), np.bool_)
    workers = min(8, os.cpu_count() or 1)

    def solve(block: tuple[int, int, int, int]) -> int:
        first, last, start, stop = block
        _solve_block(*grid, bits, unsure, first, last, start, stop)
        return (last - first) * (stop - start)

    blocks = _blocks(banks, targets, grid.items.shape[1], workers)
    with ThreadPoolExecutor(workers) as pool:
        waiting: set[Future[int]] = set()
        try:
            for block in blocks:
                waiting.add(pool.submit(solve, block))
                if len(waiting) > 2 * workers:
                    waiting = _collect(waiting, progress)
            while waiting:
                waiting = _collect(waiting, progress)
        finally:  # on Ctrl-C drop what has not begun
            for future in waiting:
                future.cancel()
    return bits, unsure


def _collect(waiting: set[Future[int]], progress: Callable[[int], None] | None) -> set[Future[int]]:
    """Wait for at least one task; raise what it raised, report what it did, return those still under way."""
    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        solved = future.result()
        if progress is not None:
            progress(solved)
    return waiting


def _blocks(banks: int, targets: int, n: int, workers: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut the batch into tasks of about a tenth of a second: whole banks, or one bank's targets."""
    size = max(1, int(_SECONDS_PER_TASK / (_SECONDS_PER_SUM * 2 ** ((n + 1) / 2))))
    size = min(size, max(1, -(-banks * targets // workers)))
    rows = max(1, size // targets)
    columns = min(targets, size)
    for first in range(0, banks, rows):
        for start in range(0, targets, columns):
            yield first, min(first + rows, banks), start, min(start + columns, targets)


# The kernels. Indices are unsigned throughout: numba then leaves out the test for negative ones, and mixing them
# with signed integers would turn both into floats.
_ONE = np.uint64(1)
_ZERO = np.uint64(0)


@njit(nogil=True, cache=True)
def _solve_block(
    items: Any, targets: Any, doubt: Any, bits: Any, unsure: Any, first: int, last: int, start: int, stop: int
) -> None:
    """Solve banks `first` to `last - 1` for targets `start` to `stop - 1`, writing into `bits` and `unsure`."""
    n = items.shape[1]
    half = n // 2
    left = np.empty(1 << half, np.int64)
    right = np.empty(1 << (n - half), np.int64)
    scratch = np.empty((2, 1 << (n + 3) // 4), np.int64)
    magnitudes = np.empty(n, np.int64)
    for bank in range(first, last):
        flipped = np.uint64(0)  # negative items are turned round, and the target moved: lists then start at zero
        zeros = np.uint64(0)
        below = np.int64(0)
        for k in range(n):
            value = items[bank, k]
            if value < 0:
                flipped |= _ONE << np.uint64(k)
                below += value
            elif value == 0:
                zeros |= _ONE << np.uint64(k)
            magnitudes[k] = abs(value)
        _sorted_sums(magnitudes, 0, half, left)
        _sorted_sums(magnitudes, half, n, right)
        for t in range(start, stop):
            target = targets[bank, t] - below
            i, j, only = _closest_pair(left, right, target, doubt[bank, t])
            chosen = _subset_with_sum(magnitudes, 0, half, left[i], scratch)
            chosen |= _subset_with_sum(magnitudes, half, n, right[j], scratch)
            bits[bank, t] = (chosen & ~zeros) ^ flipped
            unsure[bank, t] = not only


@njit(nogil=True, cache=True)
def _sorted_sums(magnitudes: Any, low: int, high: int, sums: Any) -> None:
    """Fill `sums` with all sums of subsets of ``magnitudes[low:high]``, ascending.

    A list and its copy shifted by the next item are merged from the top downwards, in place: the next sum to write
    stands at the number of sums still unread, so nothing unread is overwritten, and once the shifted copy is used up
    the rest already stands where it belongs.
    """
    sums[0] = 0
    size = _ONE
    for k in range(low, high):
        shift = magnitudes[k]
        shifted = size
        plain = size
        while shifted > _ZERO:
            x = sums[shifted - _ONE] + shift
            y = sums[plain - _ONE]
            larger = x >= y
            sums[shifted + plain - _ONE] = x if larger else y
            step = np.uint64(larger)
            shifted -= step
            plain -= _ONE - step
        size <<= _ONE


@njit(nogil=True, cache=True)
def _closest_pair(left: Any, right: Any, target: int, doubt: int) -> tuple[Any, Any, Any]:
    """The places in two ascending lists whose sum is closest to `target`, and whether no other pair can be closer.

    Every pair that the walk passes by has a visited pair in its row or column that is on its side of the target and
    at least as close. So if all other visited pairs and the four neighbours of the best are farther than the best by
    more than `doubt`, all pairs are.
    """
    i, j = _ZERO, np.uint64(right.size)
    end = np.uint64(left.size)
    best_i, best_j = _ZERO, j - _ONE
    best = np.int64(0x7FFFFFFFFFFFFFFF)
    second = best
    while i < end and j > _ZERO:
        excess = left[i] + right[j - _ONE] - target
        above = excess > 0
        rank = (abs(excess) << 1) | np.int64(above)  # the distance first; at equal distance, below before above
        better = rank < best
        second = min(second, max(rank, best))
        best_i = i if better else best_i
        best_j = j - _ONE if better else best_j
        best = rank if better else best
        step = np.uint64(above)
        i += _ONE - step
        j -= step
    if doubt == 0:
        return best_i, best_j, True
    near = (best >> 1) + doubt
    only = (second >> 1) > near
    if best_i + _ONE < end:
        only &= abs(left[best_i + _ONE] + right[best_j] - target) > near
    if best_i > _ZERO:
        only &= abs(left[best_i - _ONE] + right[best_j] - target) > near
    if best_j + _ONE < np.uint64(right.size):
        only &= abs(left[best_i] + right[best_j + _ONE] - target) > near
    if best_j > _ZERO:
        only &= abs(left[best_i] + right[best_j - _ONE] - target) > near
    return best_i, best_j, only


@njit(nogil=True, cache=True)
def _subset_with_sum(magnitudes: Any, low: int, high: int, value: Any, scratch: Any) -> Any:
    """The bits of a subset of ``magnitudes[low:high]`` whose sum is exactly `value`, which must exist.

    Nothing is carried along while merging; the subset is found again from its sum, by splitting the items in two
    and looking for the pair of sums, until few enough items are left to try all subsets.
    """
    pending = np.empty((8, 3), np.int64)  # a stack of (low, high, value); a half has at most 20 items
    pending[0, 0], pending[0, 1], pending[0, 2] = low, high, value
    depth = 1
    chosen = _ZERO
    while depth > 0:
        depth -= 1
        low, high, value = pending[depth, 0], pending[depth, 1], pending[depth, 2]
        if high - low <= _BRUTE_FORCE:
            chosen |= _enumerated_subset(magnitudes, low, value)
            continue
        middle = (low + high) // 2
        left = scratch[0, : 1 << (middle - low)]
        right = scratch[1, : 1 << (high - middle)]
        _sorted_sums(magnitudes, low, middle, left)
        _sorted_sums(magnitudes, middle, high, right)
        i, j = _ZERO, np.uint64(right.size)
        excess = left[i] + right[j - _ONE] - value
        while excess != 0:
            step = np.uint64(excess > 0)
            i += _ONE - step
            j -= step
            excess = left[i] + right[j - _ONE] - value
        pending[depth, 0], pending[depth, 1], pending[depth, 2] = low, middle, left[i]
        pending[depth + 1, 0], pending[depth + 1, 1], pending[depth + 1, 2] = middle, high, right[j - _ONE]
        depth += 2
    return chosen


@njit(nogil=True, cache=True)
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
