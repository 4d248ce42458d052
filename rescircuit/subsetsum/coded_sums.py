"""Sorted subset sums together with the subset behind each: for methods that look at many of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.compiled import kernel
from rescircuit.subsetsum.sorted_sums import INFINITE, ONE, ZERO

__all__ = ["coded_sums"]


@kernel
def coded_sums(magnitudes: Any) -> tuple[Any, Any]:
    """All subset sums, ascending, and their subsets.

    Parameters
    ----------
    magnitudes : int64 array (n,)
        At least 0; n at most 31.

    Returns
    -------
    sums : int64 array (2**n,)
    codes : uint32 array (2**n,)
        Bit k is set where item k is in the subset.
    """
    n = magnitudes.size
    count = 1 << n
    sums, spare_sums = np.empty(count + 1, np.int64), np.empty(count + 1, np.int64)
    codes, spare_codes = np.empty(count, np.uint32), np.empty(count, np.uint32)
    sums[0], codes[0] = 0, 0
    size = ONE
    for k in range(n):
        sums[size] = INFINITE
        _merge(sums, codes, size, magnitudes[k], np.uint32(1 << k), spare_sums, spare_codes)
        sums, spare_sums = spare_sums, sums
        codes, spare_codes = spare_codes, codes
        size <<= ONE
    return sums[:count], codes


@kernel
def _merge(sums: Any, codes: Any, size: Any, shift: int, bit: Any, merged_sums: Any, merged_codes: Any) -> None:
    """Merge a list with its copy shifted by one item, whose bit is set in the copy's codes."""
    a = ZERO
    b = ZERO
    for place in range(size + size):
        x, y = sums[a], sums[b] + shift
        take = x <= y
        merged_sums[place] = x if take else y
        merged_codes[place] = codes[a] if take else codes[b] | bit
        step = np.uint64(take)
        a += step
        b += ONE - step
