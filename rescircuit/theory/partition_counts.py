"""How many subsets of integers have a sum exactly, and how close the others come: for many random instances.

All sums of each half of the items are sorted (:mod:`rescircuit.subsetsum.sorted_sums`), and a walk through one list
upwards and the other downwards meets every pair of the sum that is asked for (Horowitz and Sahni 1974): two lists of
2**20 sums for 40 items.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.compiled import kernel
from rescircuit.subsetsum.sorted_sums import INFINITE, ONE, ZERO, sorted_halves

__all__ = ["LARGEST_SUM", "counted_subsets", "uniform_integers"]

LARGEST_SUM = 2**60  # of all magnitudes together: what the sorted lists can hold
_HALF_WORD = np.uint64(32)
_LOW_HALF = np.uint64(2**32 - 1)

Integers = NDArray[np.int64]


def uniform_integers(words: NDArray[np.uint64], largest: int) -> Integers:
    """Random 64-bit words as whole numbers from 1 to `largest`, same shape.

    The upper half of the product ``word * largest`` (Lemire 2019); the probability of each number is ``1 / largest``
    within a share of ``largest * 2**-64``.

    Parameters
    ----------
    words : uint64 array
    largest : int
        1 to 2**60.
    """
    high, low = words >> _HALF_WORD, words & _LOW_HALF
    factor_high, factor_low = np.uint64(largest >> 32), np.uint64(largest & 0xFFFFFFFF)
    middle = high * factor_low + ((low * factor_low) >> _HALF_WORD)  # below 2**64: (2**32 - 1)**2 + 2**32
    carried = low * factor_high + (middle & _LOW_HALF)
    product = high * factor_high + (middle >> _HALF_WORD) + (carried >> _HALF_WORD)
    return product.astype(np.int64) + 1


def counted_subsets(magnitudes: Integers, goals: Integers) -> tuple[Integers, Integers, Integers]:
    """The number of subsets of each sum, and the nearest sums beside it.

    Parameters
    ----------
    magnitudes : int64 array (samples, n)
        At least 0; a row's sum below :data:`LARGEST_SUM`. n at least 2.
    goals : int64 array (samples, t)
        Within -2**60 and 2**60.

    Returns
    -------
    counts : int64 array (samples, t)
        Subsets, the empty one among them, whose sum is the goal.
    below : int64 array (samples, t)
        How far the largest sum up to the goal is below it: 0 where a subset reaches it; at least 2**61 for no such sum.
    above : int64 array (samples, t)
        How far the smallest sum above the goal is above it; at least 2**61 for no such sum.
    """
    n = magnitudes.shape[1]
    more = n - n // 2
    left, right = np.empty(2 ** (n // 2) + 1, np.int64), np.empty(2**more + 2, np.int64)
    spare = np.empty((2, 2**more + 1), np.int64)
    counts, below, above = (np.zeros(goals.shape, np.int64) for _ in range(3))
    rows, wanted = np.ascontiguousarray(magnitudes), np.ascontiguousarray(goals)
    _count_all(rows, wanted, left, right, spare, counts, below, above)
    return counts, below, above


@kernel
def _count_all(
    magnitudes: Any, goals: Any, left: Any, right: Any, spare: Any, counts: Any, below: Any, above: Any
) -> None:
    for sample in range(goals.shape[0]):
        sorted_halves(magnitudes[sample], left, right, spare)
        for which in range(goals.shape[1]):
            found = _walk(left, right, goals[sample, which])
            counts[sample, which], below[sample, which], above[sample, which] = found


@kernel
def _walk(left: Any, right: Any, goal: int) -> Any:
    """Count the pairs of sum `goal`; `left` ends in INFINITE, and `right` lies between -INFINITE and INFINITE."""
    i = ZERO
    j = np.uint64(right.size - 2)
    last = np.uint64(left.size - 1)
    count = 0
    under, over = INFINITE, INFINITE
    while i < last and j > ZERO:
        missing = goal - left[i] - right[j]
        if missing == 0:
            value = left[i]
            rows = 0
            while left[i] == value:
                rows += 1
                i += ONE
            columns = 0
            k = j
            while right[k] == right[j]:
                columns += 1
                k -= ONE
            count += rows * columns
            under = 0
            continue
        fits = missing > 0
        under = min(under, missing if fits else INFINITE)
        over = min(over, INFINITE if fits else -missing)
        step = np.uint64(fits)
        i += step
        j -= ONE - step
    return count, under, over
