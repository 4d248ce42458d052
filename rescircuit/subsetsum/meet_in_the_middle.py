"""Exact solution of many instances of up to some 44 items each, by meeting in the middle (Horowitz and Sahni 1974).

All sums of each half of the items are 2**(n/2) numbers; sorted (:mod:`~rescircuit.subsetsum.sorted_sums`), a walk
through one list upwards and the other downwards meets the pair whose sum is closest to the target
(:mod:`~rescircuit.subsetsum.closest_pair`), whose subset is then found from its sums
(:mod:`~rescircuit.subsetsum.subset_recovery`). In int64 all of this is exact.

The walk also proves that its answer is the only one within the doubt of the integers (see
:mod:`rescircuit.subsetsum.fixed_point`). Where it cannot, the instance is marked unsure, and
:mod:`rescircuit.subsetsum.exact_choice` decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.compiled import kernel
from rescircuit.subsetsum.closest_pair import I, J, is_only, near_pairs, new_record, start_record
from rescircuit.subsetsum.fixed_point import Grid
from rescircuit.subsetsum.sorted_sums import ONE, ZERO, sorted_halves
from rescircuit.subsetsum.subset_recovery import subset_with_sum
from rescircuit.subsetsum.tasks import Progress, run_tasks, workers

__all__ = ["PROVED", "UNSOLVED", "UNSURE", "bytes_needed", "solve_batch"]

UNSOLVED, PROVED, UNSURE = range(3)

_SECONDS_PER_TASK = 0.1  # between two chances to interrupt or to report progress
_SECONDS_PER_SUM = 3e-9  # of one of the 2**(n/2) sums of a half, merging and walking, measured


def bytes_needed(n: int) -> int:
    """Memory that instances of `n` items take, all threads together."""
    return workers() * 8 * 4 * 2 ** (n - n // 2)


def solve_batch(
    grid: Grid, *, progress: Progress | None = None, deadline: float | None = None
) -> tuple[NDArray[np.uint64], NDArray[np.int8]]:
    """The best subset of every instance.

    Parameters
    ----------
    grid : Grid
        Items (b, n) and targets (b, t) in integers.
    progress, deadline
        See :func:`~rescircuit.subsetsum.tasks.run_tasks`.

    Returns
    -------
    bits : uint64 array (b, t)
        Bit k is set where item k is chosen. Of two sums equally close, the one not above the target; which of
        several subsets of the same sum is a function of the items and the target alone. A zero is never chosen.
    state : int8 array (b, t)
        :data:`PROVED`; :data:`UNSURE` where another subset may be closer by less than the rounding to the grid;
        :data:`UNSOLVED` where the time was up.
    """
    banks, targets = grid.targets.shape
    bits = np.zeros((banks, targets), np.uint64)
    state = np.zeros((banks, targets), np.int8)

    def solve(block: tuple[int, int, int, int]) -> int:
        first, last, start, stop = block
        _solve_block(*grid, bits, state, first, last, start, stop)
        return (last - first) * (stop - start)

    run_tasks(solve, _blocks(banks, targets, grid.items.shape[1]), progress=progress, deadline=deadline)
    return bits, state


def _blocks(banks: int, targets: int, n: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut the batch into tasks of about a tenth of a second: whole banks, or one bank's targets."""
    size = max(1, int(_SECONDS_PER_TASK / (_SECONDS_PER_SUM * 2 ** ((n + 1) / 2))))
    size = min(size, max(1, -(-banks * targets // workers())))
    rows = max(1, size // targets)
    columns = min(targets, size)
    for first in range(0, banks, rows):
        for start in range(0, targets, columns):
            yield first, min(first + rows, banks), start, min(start + columns, targets)


@kernel
def _solve_block(
    items: Any, targets: Any, doubt: Any, bits: Any, state: Any, first: int, last: int, start: int, stop: int
) -> None:
    """Solve banks `first` to `last - 1` for targets `start` to `stop - 1`, writing into `bits` and `state`."""
    n = items.shape[1]
    left_room = np.empty((1 << (n // 2)) + 1, np.int64)
    right_room = np.empty((1 << (n - n // 2)) + 2, np.int64)
    spare = np.empty((2, (1 << (n - n // 2)) + 1), np.int64)
    magnitudes = np.empty(n, np.int64)
    places = np.empty(n, np.uint64)
    record = new_record()
    for bank in range(first, last):
        # Negative items are turned round and the target moved, so that lists start at zero; zeros are left out, as
        # they would double every sum.
        flipped = ZERO
        below = np.int64(0)
        m = 0
        for k in range(n):
            value = items[bank, k]
            if value < 0:
                flipped |= ONE << np.uint64(k)
                below += value
            if value != 0:
                magnitudes[m] = abs(value)
                places[m] = k
                m += 1
        half = m // 2
        left = left_room[: (1 << half) + 1]
        right = right_room[: (1 << (m - half)) + 2]
        sorted_halves(magnitudes[:m], left, right, spare)
        for t in range(start, stop):
            target = targets[bank, t] - below
            start_record(record)
            near_pairs(left, right, target, doubt[bank, t], record)
            packed = subset_with_sum(magnitudes, 0, half, left[record[I]], spare)
            packed |= subset_with_sum(magnitudes, half, m, right[record[J]], spare)
            chosen = flipped
            for k in range(m):
                chosen ^= ((packed >> np.uint64(k)) & ONE) << places[k]
            bits[bank, t] = chosen
            sure = doubt[bank, t] == 0 or is_only(left, right, target, doubt[bank, t], record)
            state[bank, t] = PROVED if sure else UNSURE
