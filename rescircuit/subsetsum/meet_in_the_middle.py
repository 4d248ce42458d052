"""Exact solution of many instances of up to 40 items each, by meeting in the middle (Horowitz and Sahni 1974).

All sums of each half of the items are 2**(n/2) numbers; sorted (:mod:`~rescircuit.subsetsum.sorted_sums`), a walk
through one list upwards and the other downwards meets the pair whose sum is closest to the target
(:mod:`~rescircuit.subsetsum.closest_pair`), whose subset is then found from its sums
(:mod:`~rescircuit.subsetsum.subset_recovery`). In int64 all of this is exact.

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

from rescircuit.subsetsum.closest_pair import I, J, is_only, near_pairs, new_record, start_record
from rescircuit.subsetsum.fixed_point import Grid
from rescircuit.subsetsum.sorted_sums import ONE, sorted_halves
from rescircuit.subsetsum.subset_recovery import subset_with_sum

__all__ = ["solve_batch"]

_SECONDS_PER_TASK = 0.1  # between two chances to interrupt or to report progress
_SECONDS_PER_SUM = 3e-9  # of one of the 2**(n/2) sums of a half, merging and walking, measured

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


@njit(nogil=True, cache=True)
def _solve_block(
    items: Any, targets: Any, doubt: Any, bits: Any, unsure: Any, first: int, last: int, start: int, stop: int
) -> None:
    """Solve banks `first` to `last - 1` for targets `start` to `stop - 1`, writing into `bits` and `unsure`."""
    n = items.shape[1]
    half = n // 2
    left = np.empty((1 << half) + 1, np.int64)
    right = np.empty((1 << (n - half)) + 2, np.int64)
    spare = np.empty((2, (1 << (n - half)) + 1), np.int64)
    magnitudes = np.empty(n, np.int64)
    record = new_record()
    for bank in range(first, last):
        flipped = np.uint64(0)  # negative items are turned round, and the target moved: lists then start at zero
        zeros = np.uint64(0)
        below = np.int64(0)
        for k in range(n):
            value = items[bank, k]
            if value < 0:
                flipped |= ONE << np.uint64(k)
                below += value
            elif value == 0:
                zeros |= ONE << np.uint64(k)
            magnitudes[k] = abs(value)
        sorted_halves(magnitudes, left, right, spare)
        for t in range(start, stop):
            target = targets[bank, t] - below
            start_record(record)
            near_pairs(left, right, target, doubt[bank, t], record)
            i, j = record[I], record[J]
            chosen = subset_with_sum(magnitudes, 0, half, left[i], spare)
            chosen |= subset_with_sum(magnitudes, half, n, right[j], spare)
            bits[bank, t] = (chosen & ~zeros) ^ flipped
            unsure[bank, t] = doubt[bank, t] > 0 and not is_only(left, right, target, doubt[bank, t], record)
