"""One instance of up to 64 items in bounded memory: two lists made once, walked for every choice of the other items.

With 2 h items in the two lists the others are chosen in all 2**(n - 2h) ways, each a walk of 2**(h + 1) steps with a
target of its own. The walks share their record of the best, so that later ones hardly ever stop to note a pair; what
they keep as possibly as close is settled at the end in exact arithmetic.
"""

from __future__ import annotations

from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescircuit.subsetsum.closest_pair import (
    ABOVE,
    BEST,
    OVERFLOW,
    I,
    J,
    all_near_pairs,
    near_pairs,
    new_record,
    start_record,
)
from rescircuit.subsetsum.coded_sums import coded_sums
from rescircuit.subsetsum.exact_choice import ExactInstance
from rescircuit.subsetsum.meet_in_the_middle import PROVED, UNSOLVED, UNSURE
from rescircuit.subsetsum.sorted_sums import INFINITE, sorted_list
from rescircuit.subsetsum.subset_recovery import subset_with_sum
from rescircuit.subsetsum.tasks import Progress, run_tasks

__all__ = ["items_in_lists", "scan_bytes", "solve_by_scans"]

_LARGEST_LIST = 26  # items; longer lists only cost memory: the work is the same
_MOST_CANDIDATES = 20_000


def scan_bytes(h: int) -> int:
    """Memory of the lists of 2**h sums: two of them, and one to merge from."""
    return 3 * 8 * (2**h + 2)


def items_in_lists(n: int, memory: int) -> int:
    """How many items each half's list takes, so that all lists fit into `memory` bytes; 0 where none do."""
    h = min((n + 1) // 2, _LARGEST_LIST)
    while h > 0 and scan_bytes(h) > memory:
        h -= 1
    return h


class _Candidate(NamedTuple):
    """A pair of sums that may be the closest, with the items chosen outside the lists."""

    distance: int
    rest: int
    left: int
    right: int


def solve_by_scans(
    exact: ExactInstance,
    items: NDArray[np.int64],
    goal: int,
    doubt: int,
    *,
    memory: int,
    progress: Progress | None = None,
    deadline: float | None = None,
) -> tuple[int, int]:
    """The closest subset of one instance.

    Parameters
    ----------
    exact : ExactInstance
        n at most 64.
    items, goal, doubt : int64
        The same on its grid, see :class:`~rescircuit.subsetsum.fixed_point.Grid`.
    memory : int
        Bytes that the lists may take.
    progress : callable, optional
        Called with the share of the work done since the last call.
    deadline : float, optional

    Returns
    -------
    bits : int
    state : int
        ``PROVED``: the closest in exact arithmetic. ``UNSURE``: the closest on the grid, with too many others within
        its rounding to compare. ``UNSOLVED``: the closest found when the time was up.
    """
    places = np.flatnonzero(items)
    magnitudes = np.abs(items[places])
    aim = goal - int(items[items < 0].sum())
    h = items_in_lists(places.size, memory)
    rest, left_items, right_items = np.split(magnitudes, [max(0, places.size - 2 * h), max(0, places.size - h)])
    left, right = _lists(left_items, right_items)
    rest_sums, rest_codes = coded_sums(rest)

    best = [int(INFINITE), 1, 0, 0, 0]  # distance, above, code of the rest, left and right sum
    candidates: list[_Candidate] = []
    overflow = False
    lock = Lock()

    def walk(k: int) -> float:
        nonlocal best, overflow
        here = aim - int(rest_sums[k])
        record = new_record()
        start_record(record)
        record[BEST], record[ABOVE] = best[0], best[1]
        near_pairs(left, right, here, doubt, record)
        near = int(record[BEST]) + doubt
        pairs = all_near_pairs(left, right, here, near, record)
        with lock:
            overflow |= bool(record[OVERFLOW]) or len(candidates) > _MOST_CANDIDATES
            if (record[BEST], record[ABOVE]) < (best[0], best[1]):
                found = left[record[I]], right[record[J]]
                best = [int(record[BEST]), int(record[ABOVE]), int(rest_codes[k]), int(found[0]), int(found[1])]
            if not overflow:
                for i, j in pairs.tolist():
                    x, y = int(left[i]), int(right[j])
                    candidates.append(_Candidate(abs(x + y - here), int(rest_codes[k]), x, y))
        return 1.0 / rest_sums.size

    # Those first whose rest leaves the lists a target in their middle, where sums are dense: the best is soon small.
    order = np.argsort(np.abs(aim - rest_sums - (left[-2] + right[-2]) // 2), kind="stable")
    finished = run_tasks(walk, order.tolist(), progress=progress, deadline=deadline)

    def bits_of(code: int, lefts: int, rights: int) -> int:
        packed = code | lefts << rest.size | rights << (rest.size + left_items.size)
        chosen = sum(1 << int(place) for k, place in enumerate(places) if packed >> k & 1)
        return chosen ^ sum(1 << int(place) for place in np.flatnonzero(items < 0))

    if best[0] >= INFINITE:
        return 0, UNSOLVED  # the time was up before the first walk
    room = np.empty((2, 2 ** (-(-max(left_items.size, right_items.size) // 2))), np.int64)
    plain = bits_of(
        best[2],
        int(subset_with_sum(left_items, 0, left_items.size, best[3], room)),
        int(subset_with_sum(right_items, 0, right_items.size, best[4], room)),
    )
    if not finished:
        return plain, UNSOLVED
    if doubt == 0:
        return plain, PROVED
    if overflow:
        return plain, UNSURE
    subsets = {
        bits_of(candidate.rest, lefts, rights)
        for candidate in set(candidates)
        if candidate.distance <= best[0] + doubt
        for lefts in _all_subsets_with_sum(left_items, candidate.left)
        for rights in _all_subsets_with_sum(right_items, candidate.right)
    }
    return exact.closest_of(subsets), PROVED


def _lists(left_items: NDArray[np.int64], right_items: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Both halves' sums, ascending, with the sentinels that walks need."""
    left = np.empty(2**left_items.size + 1, np.int64)
    right = np.empty(2**right_items.size + 2, np.int64)
    spare = np.empty(max(left.size, right.size), np.int64)
    sorted_list(left_items, left, spare)
    sorted_list(right_items, right[1:], spare)
    right[0] = -INFINITE
    return left, right


def _all_subsets_with_sum(magnitudes: NDArray[np.int64], value: int) -> list[int]:
    """The bits of every subset whose sum is `value`."""
    half = magnitudes.size // 2
    low_sums, low_codes = coded_sums(magnitudes[:half])
    high_sums, high_codes = coded_sums(magnitudes[half:])
    first = np.searchsorted(low_sums, value - high_sums, side="left")
    last = np.searchsorted(low_sums, value - high_sums, side="right")
    return [
        int(low_codes[i]) | int(high_codes[j]) << half
        for j in np.flatnonzero(last > first)
        for i in range(first[j], last[j])
    ]
