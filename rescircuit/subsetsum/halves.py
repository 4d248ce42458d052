"""One instance cut in two, with all sums of each half in order and the subset behind each.

For methods that look at many pairs: all subsets within a distance, the several best, the cheapest.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.compiled import kernel
from rescircuit.subsetsum.coded_sums import coded_sums

__all__ = ["Halves", "cheapest_pair", "costs_of", "count_near", "cut_in_two", "list_near"]

Bits = NDArray[np.uint64]


class Halves(NamedTuple):
    """The two halves of an instance's non-zero items, negative ones turned round.

    Attributes
    ----------
    left, right : int64 array (2**(m // 2),), (2**(m - m // 2),)
        Sums, ascending.
    left_bits, right_bits : uint64 arrays
        Their subsets of the items as they were given.
    below : int
        What to take from a target: the sum of the negative items.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    left_bits: Bits
    right_bits: Bits
    below: int


def cut_in_two(items: NDArray[np.int64], *, keep_zeros: bool = False) -> Halves:
    """Cut one instance, int64 array (n,), in two; at most 60 items, zeros among them only where they are kept."""
    places = np.arange(items.size) if keep_zeros else np.flatnonzero(items)
    half = places.size // 2
    parts = []
    for part in (places[:half], places[half:]):
        sums, codes = coded_sums(np.abs(items[part]))
        bits = np.zeros(codes.size, np.uint64)
        for k, place in enumerate(part):
            turned = np.uint64(items[place] < 0)
            bits |= (codes.astype(np.uint64) >> np.uint64(k) & np.uint64(1) ^ turned) << np.uint64(place)
        parts.append((sums, bits))
    (left, left_bits), (right, right_bits) = parts
    return Halves(left, right, left_bits, right_bits, int(items[items < 0].sum()))


@kernel
def count_near(left: Any, right: Any, target: int, distance: int) -> Any:
    """How many pairs sum to within `distance` of `target`."""
    count = 0
    low = right.size
    high = right.size
    for i in range(left.size):
        while high > 0 and left[i] + right[high - 1] - target > distance:
            high -= 1
        while low > 0 and left[i] + right[low - 1] - target >= -distance:
            low -= 1
        count += high - low
    return count


@kernel
def list_near(left: Any, right: Any, target: int, distance: int, count: int) -> Any:
    """The places (count, 2) of all pairs that sum to within `distance` of `target`; `count` as counted before."""
    pairs = np.empty((count, 2), np.int64)
    found = 0
    low = right.size
    high = right.size
    for i in range(left.size):
        while high > 0 and left[i] + right[high - 1] - target > distance:
            high -= 1
        while low > 0 and left[i] + right[low - 1] - target >= -distance:
            low -= 1
        for j in range(low, high):
            pairs[found, 0], pairs[found, 1] = i, j
            found += 1
    return pairs


@kernel
def cheapest_pair(left: Any, right: Any, left_cost: Any, right_cost: Any, target: int, distance: int) -> Any:
    """The places of the pair of least total cost among those within `distance` of `target`, or (-1, -1).

    As the left place goes up, the window of right places that will do goes down, and a queue keeps those of its
    costs that may still become the least: each place enters and leaves it once.
    """
    queue = np.empty(right.size, np.int64)  # right places, descending, their costs ascending
    head = 0
    tail = 0
    low = right.size
    high = right.size
    best = np.inf
    best_i, best_j = -1, -1
    for i in range(left.size):
        while high > 0 and left[i] + right[high - 1] - target > distance:
            high -= 1
        while low > 0 and left[i] + right[low - 1] - target >= -distance:
            low -= 1
            while tail > head and right_cost[queue[tail - 1]] >= right_cost[low]:
                tail -= 1
            queue[tail] = low
            tail += 1
        while tail > head and queue[head] >= high:
            head += 1
        if tail > head and left_cost[i] + right_cost[queue[head]] < best:
            best = left_cost[i] + right_cost[queue[head]]
            best_i, best_j = i, queue[head]
    return best_i, best_j


def costs_of(bits: Bits, cost: Array) -> Array:
    """What the items set in each of `bits` cost together."""
    total = np.zeros(bits.size)
    for k, each in enumerate(cost):
        total += each * (bits >> np.uint64(k) & np.uint64(1)).astype(np.float64)
    return total
