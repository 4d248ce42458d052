"""One set of items, many targets: all sums sorted once, and each target looked up among them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.compiled import kernel
from rescircuit.subsetsum.coded_sums import coded_sums
from rescircuit.subsetsum.fixed_point import Grid
from rescircuit.subsetsum.meet_in_the_middle import PROVED, UNSURE
from rescircuit.subsetsum.tasks import Progress, run_tasks, workers

__all__ = ["codebook_bytes", "solve_by_codebook"]

_TARGETS_PER_TASK = 1 << 16


def codebook_bytes(n: int) -> int:
    """Memory that the codebook of `n` items takes while it is built."""
    return 2**n * 2 * (8 + 4)


def solve_by_codebook(
    grid: Grid, *, progress: Progress | None = None, deadline: float | None = None
) -> tuple[NDArray[np.uint64], NDArray[np.int8]]:
    """The best subset of one bank for each of many targets, by looking it up among all sums.

    Parameters and results are those of :func:`~rescircuit.subsetsum.meet_in_the_middle.solve_batch`, with one bank.
    """
    items = grid.items[0]
    places = np.flatnonzero(items)  # zeros would double every sum
    negative = items[places] < 0
    sums, codes = coded_sums(np.abs(items[places]))
    flips = np.uint32(sum(1 << k for k in np.flatnonzero(negative)))
    goals = grid.targets[0] - items[items < 0].sum()
    shift, table = _buckets(sums)
    found = np.zeros(goals.size, np.int64)
    state = np.zeros(goals.size, np.int8)

    def look_up(block: slice) -> int:
        _look_up(sums, table, shift, goals[block], grid.doubt[0, block], found[block], state[block])
        return block.stop - block.start

    size = min(_TARGETS_PER_TASK, -(-goals.size // workers()))
    blocks = (slice(start, min(start + size, goals.size)) for start in range(0, goals.size, size))
    run_tasks(look_up, blocks, progress=progress, deadline=deadline)
    packed = codes[found] ^ flips
    bits = np.zeros(goals.size, np.uint64)
    for k, place in enumerate(places):
        bits |= (packed >> np.uint32(k) & np.uint32(1)).astype(np.uint64) << np.uint64(place)
    return bits[np.newaxis], state[np.newaxis]


def _buckets(sums: NDArray[np.int64]) -> tuple[int, NDArray[np.int64]]:
    """Where among `sums` those begin whose leading bits are 0, 1, 2, ...: as many buckets as sums, at most."""
    shift = max(0, int(sums[-1]).bit_length() - (sums.size.bit_length() - 1))
    edges = np.arange((int(sums[-1]) >> shift) + 2, dtype=np.int64) << shift
    return shift, np.searchsorted(sums, edges).astype(np.int64)


@kernel
def _look_up(sums: Any, table: Any, shift: int, goals: Any, doubt: Any, found: Any, state: Any) -> None:
    """For each goal the place of the nearest sum, below before above, and whether it is the only one within doubt."""
    last = sums.size - 1
    for t in range(goals.size):
        goal = min(max(goals[t], 0), sums[last])
        bucket = goal >> shift
        low, high = table[bucket], table[bucket + 1]
        while low < high:  # the first sum that is not below the goal
            middle = (low + high) >> 1
            if sums[middle] < goal:
                low = middle + 1
            else:
                high = middle
        above = min(low, last)
        place = above
        if above > 0 and goal - sums[above - 1] <= sums[above] - goal:
            place = above - 1
        found[t] = place
        near = abs(sums[place] - goal) + doubt[t]
        only = place == 0 or abs(sums[place - 1] - goal) > near
        only &= place == last or abs(sums[place + 1] - goal) > near
        state[t] = PROVED if only or doubt[t] == 0 else UNSURE
