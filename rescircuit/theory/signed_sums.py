"""The law of a sum of independent integers, each uniform on -M ... -1, 1 ... M: exactly, and by the normal law.

It is the law of ``sum(sigma_i * X_i)`` for items X uniform on 1 ... M and fair signs, which the number partitioning
problem asks for (Borgs, Chayes and Pittel 2001; Kumar 2025, theorem 2), and of what subsets of items of either sign sum
to (Kumar and Natale 2025, lemma 3).
"""

from __future__ import annotations

import math
from functools import lru_cache

from rescircuit.checks import whole_number

__all__ = ["LARGEST_M", "MOST_ITEMS", "normal_probability", "second_moment", "sum_probabilities"]

LARGEST_M = 2**100
MOST_ITEMS = 64


def sum_probabilities(n: int, m: int, target: int) -> tuple[float, ...]:
    """The probability that k such integers sum to `target`, for k from 0 to n, each correctly rounded.

    The integers uniform on -M ... M, zero among them, sum to t in ``T_k(t)`` of ``(2 M + 1)**k`` ways, by inclusion and
    exclusion ``T_k(t) = sum_j (-1)**j C(k, j) C(t + k M - j (2 M + 1) + k - 1, k - 1)``; leaving out the zeros gives
    ``W_k(t) = sum_i (-1)**(k - i) C(k, i) T_i(t)`` of ``(2 M)**k``. All in whole numbers, as large as they get.

    Parameters
    ----------
    n : int
        0 to 64.
    m : int
        M, 1 to 2**100.
    target : int

    Returns
    -------
    tuple of float
        ``n + 1`` of them.
    """
    n, m = whole_number("n", n, 0, MOST_ITEMS), whole_number("m", m, 1, LARGEST_M)
    return _sum_probabilities(n, m, abs(whole_number("target", target, -(2**110), 2**110)))


@lru_cache(maxsize=4096)
def _sum_probabilities(n: int, m: int, target: int) -> tuple[float, ...]:
    ways = [_ways_with_zero(k, m, target) for k in range(n + 1)]
    return tuple(
        sum((-1) ** (k - i) * math.comb(k, i) * ways[i] for i in range(k + 1)) / (2 * m) ** k for k in range(n + 1)
    )


def _ways_with_zero(k: int, m: int, target: int) -> int:
    """In how many ways k numbers from -m to m sum to `target`."""
    if k == 0:
        return int(target == 0)
    total, rest = 0, target + k * m
    for j in range(k + 1):
        if rest < 0:
            break
        total += (-1) ** j * math.comb(k, j) * math.comb(rest + k - 1, k - 1)
        rest -= 2 * m + 1
    return total


def second_moment(m: int) -> float:
    """``c_M = E[X**2] / M**2 = 1/3 + 1/(2 M) + 1/(6 M**2)`` (Kumar 2025, theorem 2)."""
    return 1.0 / 3.0 + 1.0 / (2.0 * m) + 1.0 / (6.0 * m * m)


def normal_probability(n: int, m: int, target: float) -> float:
    """The leading term: ``gamma_n exp(-target**2 / (2 n M**2 c_M))``, ``gamma_n = 1 / (M sqrt(2 pi n c_M))``."""
    variance = n * float(m) ** 2 * second_moment(m)
    return math.exp(-0.5 * target * target / variance) / math.sqrt(2.0 * math.pi * variance)
