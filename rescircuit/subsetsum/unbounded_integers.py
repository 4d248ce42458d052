"""The last word on an instance whose subsets 64 bits cannot tell apart: the same method in Python's own integers.

Doubles are integers times powers of two, so with a common exponent their sums are exact, however far apart their
magnitudes lie. Slow (a second at 40 items), and seldom needed: for near-ties below the last bit of the sum.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["as_integers", "closest_subset"]


def closest_subset(integers: Sequence[int], goal: int) -> int:
    """The bits of the subset whose sum is closest to `goal`, below before above at equal distance; no zeros."""
    magnitudes = [abs(value) for value in integers]
    goal -= sum(value for value in integers if value < 0)
    half = len(integers) // 2
    left, right = _sorted_sums(magnitudes[:half]), _sorted_sums(magnitudes[half:])
    low, high = _closest_pair(left, right, goal)
    chosen = _subset_with_sum(magnitudes[:half], low) | _subset_with_sum(magnitudes[half:], high) << half
    for k, value in enumerate(integers):
        if value < 0:
            chosen ^= 1 << k
    return chosen


def as_integers(values: Sequence[float]) -> list[int]:
    """Doubles as integers of a common step, exactly."""
    ratios = [float(value).as_integer_ratio() for value in values]
    denominator = max(bottom for _, bottom in ratios)  # powers of two: the largest is common to all
    return [top * (denominator // bottom) for top, bottom in ratios]


def _sorted_sums(magnitudes: list[int]) -> list[int]:
    sums = [0]
    for value in magnitudes:
        sums += [total + value for total in sums]
        sums.sort()  # two ascending runs: Timsort merges them in one pass
    return sums


def _closest_pair(left: list[int], right: list[int], target: int) -> tuple[int, int]:
    """The values in two ascending lists whose sum is closest to `target`."""
    best = (0, 0)
    closest = None
    i, j = 0, len(right) - 1
    while i < len(left) and j >= 0:
        excess = left[i] + right[j] - target
        rank = (abs(excess), excess > 0)
        if closest is None or rank < closest:
            closest, best = rank, (left[i], right[j])
        if excess > 0:
            j -= 1
        else:
            i += 1
    return best


def _subset_with_sum(magnitudes: list[int], value: int) -> int:
    """The bits of a subset whose sum is exactly `value`, which must exist; zeros are never chosen."""
    half = len(magnitudes) // 2
    left, right = _subsets_by_sum(magnitudes[:half]), _subsets_by_sum(magnitudes[half:])
    return next(bits | right[value - total] << half for total, bits in left.items() if value - total in right)


def _subsets_by_sum(magnitudes: list[int]) -> dict[int, int]:
    """For each sum, the first subset that gives it."""
    subsets = {0: 0}
    for k, value in enumerate(magnitudes):
        for total, bits in list(subsets.items()):
            subsets.setdefault(total + value, bits | 1 << k)
    return subsets
