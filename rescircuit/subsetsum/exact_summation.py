"""Sums of doubles rounded once, at the end, whatever cancels on the way (Shewchuk 1997, as in ``math.fsum``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["exact_sum", "subset_totals"]


@njit(nogil=True, cache=True)
def subset_totals(items: Any, bits: Any, targets: Any) -> tuple[Any, Any, Any]:
    """What chosen subsets sum to.

    Parameters
    ----------
    items : array (b, n)
    bits : uint64 array (b, t)
        Bit k is set where item k is chosen.
    targets : array (b, t)

    Returns
    -------
    mask : bool array (b, t, n)
    total, residual : array (b, t)
        The correctly rounded sum of the chosen items, and that sum less the target, correctly rounded.
    """
    banks, n = items.shape
    shape = (banks, targets.shape[1])
    mask = np.empty((shape[0], shape[1], n), np.bool_)
    total, residual = np.empty(shape), np.empty(shape)
    terms = np.empty(n + 1)
    partials = np.empty(n + 1)
    for bank in range(banks):
        for t in range(shape[1]):
            count = 0
            for k in range(n):
                chosen = (bits[bank, t] >> np.uint64(k)) & np.uint64(1) == np.uint64(1)
                mask[bank, t, k] = chosen
                if chosen:
                    terms[count] = items[bank, k]
                    count += 1
            total[bank, t] = exact_sum(terms, count, partials)
            terms[count] = -targets[bank, t]
            residual[bank, t] = exact_sum(terms, count + 1, partials)
    return mask, total, residual


@njit(nogil=True, cache=True)
def exact_sum(terms: Any, count: int, partials: Any) -> float:
    """The correctly rounded sum of ``terms[:count]``; `partials` is room for as many numbers.

    The partials are kept without overlap, so that they hold the sum exactly.
    """
    used = 0
    for index in range(count):
        x = terms[index]
        kept = 0
        for k in range(used):
            y = partials[k]
            if abs(x) < abs(y):
                x, y = y, x
            high = x + y
            low = y - (high - x)
            if low != 0.0:
                partials[kept] = low
                kept += 1
            x = high
        partials[kept] = x
        used = kept + 1
    if used == 0:
        return 0.0
    used -= 1
    high, low = partials[used], 0.0
    while used > 0:
        x = high
        used -= 1
        y = partials[used]
        high = x + y
        low = y - (high - x)
        if low != 0.0:
            break
    # What is left below decides a tie of the last rounding: it may turn "half" into "more than half".
    if used > 0 and ((low < 0.0 and partials[used - 1] < 0.0) or (low > 0.0 and partials[used - 1] > 0.0)):
        twice = low * 2.0
        rounded = high + twice
        if twice == rounded - high:
            high = rounded
    return high
