"""Numbers kept as the sum of two doubles, the second of them what the first leaves out."""

from __future__ import annotations

from rescircuit.checks import Array

__all__ = ["sum_of_parts", "two_sum"]


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """``a + b`` rounded, and what the rounding left out (Knuth, The Art of Computer Programming 2, 4.2.2)."""
    total = a + b
    shadow = total - a
    return total, (a - (total - shadow)) + (b - shadow)


def sum_of_parts(high: Array, low: Array, change: Array) -> tuple[Array, Array]:
    """``high + low + change`` in two parts."""
    total, rest = two_sum(high, change)
    return two_sum(total, low + rest)
