"""The closest subset of a given size, or of a size within bounds: statistical element selection, and short fuses.

The sums of each half are sorted size by size (Keskin, Proesel and Pileggi select k of n elements so); a walk through
each pair of sizes that is allowed meets its closest pair. All of them together take n / 2 times the work of one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.compiled import kernel
from rescircuit.subsetsum.closest_pair import ABOVE, BEST, I, J, is_only, near_pairs, new_record, start_record
from rescircuit.subsetsum.fixed_point import Grid
from rescircuit.subsetsum.meet_in_the_middle import PROVED, UNSURE
from rescircuit.subsetsum.sorted_sums import INFINITE
from rescircuit.subsetsum.tasks import Progress, run_tasks

__all__ = ["solve_counted"]

_MOST_SUMS_PER_TASK = 1 << 20


def solve_counted(
    grid: Grid, low: int, high: int, *, progress: Progress | None = None, deadline: float | None = None
) -> tuple[NDArray[np.uint64], NDArray[np.int8]]:
    """The best subset of at least `low` and at most `high` items, of every instance; n at most 40.

    Parameters and results are those of :func:`~rescircuit.subsetsum.meet_in_the_middle.solve_batch`; a zero may be
    chosen, to make up the number.
    """
    banks, targets = grid.targets.shape
    n = grid.items.shape[1]
    bits = np.zeros((banks, targets), np.uint64)
    state = np.zeros((banks, targets), np.int8)

    def solve(block: tuple[int, int]) -> int:
        first, last = block
        _solve_block(*grid, low, high, bits, state, first, last)
        return (last - first) * targets

    rows = max(1, _MOST_SUMS_PER_TASK // (2 ** (n - n // 2) * max(n, 1)))
    blocks = ((first, min(first + rows, banks)) for first in range(0, banks, rows))
    run_tasks(solve, blocks, progress=progress, deadline=deadline)
    return bits, state


@kernel
def _solve_block(
    items: Any, targets: Any, doubt: Any, low: int, high: int, bits: Any, state: Any, first: int, last: int
) -> None:
    """Solve banks `first` to `last - 1`, writing into `bits` and `state`."""
    n = items.shape[1]
    half = n // 2
    record = new_record()
    for bank in range(first, last):
        left, left_codes, left_starts = _sums_by_size(items[bank, :half])
        right, right_codes, right_starts = _sums_by_size(items[bank, half:])
        for t in range(targets.shape[1]):
            start_record(record)
            best_left, best_right = 0, 0
            for a in range(half + 1):
                for b in range(max(0, low - a), min(n - half, high - a) + 1):
                    before = record[BEST], record[ABOVE]
                    near_pairs(
                        left[left_starts[a] + 1 : left_starts[a + 1]],
                        right[right_starts[b] : right_starts[b + 1]],
                        targets[bank, t],
                        doubt[bank, t],
                        record,
                    )
                    if (record[BEST], record[ABOVE]) != before:
                        best_left, best_right = a, b
            left_start, right_start = left_starts[best_left] + 1, right_starts[best_right]
            chosen = np.uint64(left_codes[left_start + record[I]])
            bits[bank, t] = chosen | np.uint64(right_codes[right_start + record[J]]) << np.uint64(half)
            sure = doubt[bank, t] == 0 or is_only(
                left[left_start : left_starts[best_left + 1]],
                right[right_start : right_starts[best_right + 1]],
                targets[bank, t],
                doubt[bank, t],
                record,
            )
            state[bank, t] = PROVED if sure else UNSURE


@kernel
def _sums_by_size(items: Any) -> tuple[Any, Any, Any]:
    """All subset sums of `items`, (n,), by the subset's size, ascending within a size.

    Returns
    -------
    sums : int64 array
        Size after size, each between two sentinels.
    codes : uint32 array
        The subsets, in the same places.
    starts : int array (n + 2,)
        Size k takes the places ``starts[k]`` to ``starts[k + 1] - 1``, sentinels included.
    """
    n = items.size
    count = 1 << n
    plain = np.empty(count, np.int64)
    size = np.empty(count, np.int64)
    plain[0], size[0] = 0, 0
    for k in range(n):
        for code in range(1 << k):
            plain[(1 << k) + code] = plain[code] + items[k]
            size[(1 << k) + code] = size[code] + 1
    starts = np.zeros(n + 2, np.int64)
    for code in range(count):
        starts[size[code] + 1] += 1
    for k in range(n + 1):
        starts[k + 1] += starts[k] + 2
    sums = np.empty(starts[n + 1], np.int64)
    codes = np.zeros(starts[n + 1], np.uint32)
    filled = starts[: n + 1] + 1
    for code in range(count):
        sums[filled[size[code]]] = plain[code]
        codes[filled[size[code]]] = code
        filled[size[code]] += 1
    for k in range(n + 1):
        first, last = starts[k] + 1, starts[k + 1] - 1
        order = np.argsort(sums[first:last], kind="mergesort")
        sums[first:last] = sums[first:last][order]
        codes[first:last] = codes[first:last][order]
        sums[starts[k]], sums[last] = -INFINITE, INFINITE
    return sums, codes, starts
