"""Sums of doubles rounded once, at the end, whatever cancels on the way (Shewchuk 1997, as in ``math.fsum``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.compiled import kernel
from rescircuit.subsetsum.tasks import run_tasks

__all__ = ["exact_sum", "subset_totals"]

_INSTANCES_PER_TASK = 1 << 16


def subset_totals(
    items: Array, bits: NDArray[np.uint64], targets: Array, offsets: Array
) -> tuple[NDArray[np.bool_], Array, Array]:
    """What chosen subsets sum to.

    Parameters
    ----------
    items : array (b, n)
    bits : uint64 array (b, t)
        Bit k is set where item k is chosen.
    targets, offsets : array (b, t)

    Returns
    -------
    mask : bool array (b, t, n)
    total, residual : array (b, t)
        The correctly rounded sum of the offset and the chosen items, and that sum less the target, correctly rounded.
    """
    mask = np.empty((*bits.shape, items.shape[1]), np.bool_)
    total, residual = np.empty(bits.shape), np.empty(bits.shape)

    def sum_up(block: tuple[slice, slice]) -> int:
        rows, columns = block
        part = (rows, columns)
        _sum_up(items[rows], bits[part], targets[part], offsets[part], mask[part], total[part], residual[part])
        return 0

    banks, count = bits.shape
    rows = max(1, _INSTANCES_PER_TASK // count)
    blocks = [
        (slice(first, first + rows), slice(start, start + _INSTANCES_PER_TASK))
        for first in range(0, banks, rows)
        for start in range(0, count, _INSTANCES_PER_TASK)
    ]
    # A Ctrl-C now would lose what has been found: it is heard once, and the sums, soon done, are made all the same.
    if not run_tasks(sum_up, blocks) and not run_tasks(sum_up, blocks):
        raise KeyboardInterrupt
    return mask, total, residual


@kernel
def _sum_up(items: Any, bits: Any, targets: Any, offsets: Any, mask: Any, total: Any, residual: Any) -> None:
    n = items.shape[1]
    terms = np.empty(n + 2)
    partials = np.empty(n + 2)
    for bank in range(bits.shape[0]):
        for t in range(bits.shape[1]):
            terms[0] = offsets[bank, t]
            count = 1
            for k in range(n):
                chosen = (bits[bank, t] >> np.uint64(k)) & np.uint64(1) == np.uint64(1)
                mask[bank, t, k] = chosen
                terms[count] = items[bank, k]
                count += chosen
            total[bank, t] = exact_sum(terms, count, partials)
            terms[count] = -targets[bank, t]
            residual[bank, t] = exact_sum(terms, count + 1, partials)


@kernel
def exact_sum(terms: Any, count: int, partials: Any) -> float:
    """The correctly rounded sum of ``terms[:count]``; `partials` is room for as many numbers.

    Nearly always the sum of the terms and the sum of their roundings hold it exactly, two doubles. Where the latter
    is rounded in its turn, partials without overlap are kept, as many as it takes.
    """
    high, low = 0.0, 0.0
    for index in range(count):
        high, lost = _two_sum(high, terms[index])
        low, lost = _two_sum(low, lost)
        if lost != 0.0:
            return _sum_of_partials(terms, count, partials)
    return high + low


@kernel
def _two_sum(a: float, b: float) -> tuple[float, float]:
    """The rounded sum and what its rounding lost, exactly (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


@kernel
def _sum_of_partials(terms: Any, count: int, partials: Any) -> float:
    """The correctly rounded sum of ``terms[:count]``."""
    used = 0
    for index in range(count):
        x = terms[index]
        kept = 0
        for k in range(used):
            x, low = _two_sum(x, partials[k])
            if low != 0.0:
                partials[kept] = low
                kept += 1
        partials[kept] = x
        used = kept + 1
    if used == 0:
        return 0.0
    used -= 1
    high, low = partials[used], 0.0
    while used > 0:
        x = high
        used -= 1
        high, low = _two_sum(x, partials[used])
        if low != 0.0:
            break
    # What is left below decides a tie of the last rounding: it may turn "half" into "more than half".
    if used > 0 and ((low < 0.0 and partials[used - 1] < 0.0) or (low > 0.0 and partials[used - 1] > 0.0)):
        twice = low * 2.0
        rounded = high + twice
        if twice == rounded - high:
            high = rounded
    return high
