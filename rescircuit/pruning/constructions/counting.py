"""How many subsets of random whole numbers have a given sum, and how many random weights a network must have.

The products of weights that the constructions choose from are not uniform; what is expected of them is computed from
their own law. Kumar and Natale (2025) reject samples until they are uniform, which their proof needs and these counts
do not.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from rescircuit.checks import Array, finite_number, whole_number
from rescircuit.compiled import kernel
from rescircuit.errors import InputError

__all__ = ["expected_subsets", "items_needed", "parameter_bound", "poisson_share", "product_law", "subsets_given"]

_LARGEST_LAW = 2**13  # parts: the products of two have 2**27 values
_STEPS = 60  # of Newton's method: some six are needed, and 45 of halving
_STEEPEST = 600.0  # of which the exponential is no infinity
_DOUBT = 1e-3  # that any weight of a network be without a subset, as the default number of items allows


def parameter_bound(weights: int, parts: int, probability: float = 1.0) -> float:
    """Theorem 3 of Kumar and Natale (2025): random weights that are not 0 a network must have, at least.

    A network that can be pruned, with at least this probability, to each of the ``(2 / delta + 1)**weights`` matrices
    of precision ``delta = 1 / parts`` has ``log2(probability) + weights * log2(2 / delta + 1)`` of them.
    """
    weights, parts = whole_number("weights", weights, 1), whole_number("parts", parts, 1)
    share = finite_number("probability", probability)
    if not 0 < share <= 1:
        raise InputError("probability", "above 0 and at most 1", probability)
    return math.log2(share) + weights * math.log2(2 * parts + 1)


def product_law(parts: int) -> Array:
    """The law of ``a * b`` in units of ``1 / parts**2``, a uniform on 1 to `parts`, b on ``-parts`` to `parts`.

    Returns
    -------
    array (2 * parts**2 + 1,)
        The probability of each value from ``-parts**2`` to ``parts**2``.
    """
    parts = whole_number("parts", parts, 1, _LARGEST_LAW)
    law = np.zeros(2 * parts**2 + 1)
    for a in range(1, parts + 1):
        law[parts**2 - a * parts : parts**2 + a * parts + 1 : a] += 1.0
    return law / (parts * (2 * parts + 1))


def expected_subsets(law: Array, n: int, targets: Any) -> Array:
    """The expected number of subsets, of those of `n` independent items that are not 0, whose sum is the target.

    An item is left out, or taken with its value: the expected number is the coefficient at the target of
    ``(1 + law(z))**n``, law(z) without its term of order 0. It is computed by Fourier transform; the rounding is below
    1e-14 of ``2**n``.

    Parameters
    ----------
    law : array (2 * largest + 1,)
        The probability of each value from -largest to largest; the rest to 1 is that of no item at all.
    n : int
    targets : int array (...)

    Returns
    -------
    array (...)
    """
    n = whole_number("n", n, 1)
    goals = np.asarray(targets)
    largest = law.size // 2
    reach = n * largest
    size = 1 << (2 * reach).bit_length()
    factor = np.zeros(size)
    factor[: largest + 1] = law[largest:]
    factor[-largest:] = law[:largest]
    factor[0] = 1.0  # left out; and items that are 0 are none
    total = factor.sum()  # at most 2; scaled, so that no power is large
    counts = np.fft.irfft(np.fft.rfft(factor / total) ** n, size)
    inside = np.abs(goals) <= reach
    return np.where(inside, np.maximum(counts[np.where(inside, goals, 0) % size], 0.0), 0.0) * total**n


def subsets_given(items: NDArray[np.int64], targets: NDArray[np.int64]) -> Array:
    """About how many subsets of given whole numbers have the target's sum, by the method of the saddle point.

    The subset sums of k items are weighted by ``exp(s * sum)``, with s such that their mean is the target; near it they
    are normal, so that there are ``exp(K(s) - s t) / sqrt(2 pi K''(s))``, with ``K(s)`` the sum of
    ``log(1 + exp(s x))`` over the items x: relative to the number, the error is about 1/k, even at the edge of the
    sums. Of items with a common divisor g, multiples of g are hit g times as often, and others never.

    It differs from :func:`expected_subsets` by being about the items at hand: where their sum is far from twice the
    target there are few subsets, and in the mean over all items many of few.

    Parameters
    ----------
    items : int64 array (b, n)
        Zeros are no items.
    targets : int64 array (b,)

    Returns
    -------
    array (b,)
    """
    counts = _saddle_points(items.astype(np.float64), targets.astype(np.float64))
    divisor = np.gcd.reduce(items, axis=1)
    divisor[divisor == 0] = 1
    return np.where(targets % divisor == 0, counts * divisor, 0.0)


@kernel
def _saddle_points(items: Any, targets: Any) -> Any:
    """The saddle-point count of each problem, items (b, n) and targets (b,); 1 at the ends of the sums, 0 beyond."""
    counts = np.zeros(targets.size)
    for row in range(targets.size):
        low = 0.0
        high = 0.0
        for x in items[row]:
            low += min(x, 0.0)
            high += max(x, 0.0)
        if low < targets[row] < high:
            counts[row] = _saddle_point(items[row], targets[row], max(-low, high))
        elif targets[row] == low or targets[row] == high:
            counts[row] = 1.0
    return counts


@kernel
def _saddle_point(values: Any, target: float, scale: float) -> float:
    """About how many subsets of `values` have the sum `target`, which lies between the ends."""
    s = _tilt(values, target, scale)
    exponent = -s * target / scale
    variance = 0.0
    for x in values:
        if x != 0.0:
            y = s * x / scale
            exponent += max(y, 0.0) + math.log1p(math.exp(-abs(y)))
            share = 1.0 / (1.0 + math.exp(-y))
            variance += share * (1.0 - share) * x * x
    return math.exp(exponent) / math.sqrt(2.0 * math.pi * variance) if variance > 0.0 else 1.0


@kernel
def _tilt(values: Any, target: float, scale: float) -> float:
    """The weight ``s / scale`` with which the subset sums have the mean `target`: Newton's method, kept in bounds."""
    left, right, s = -_STEEPEST, _STEEPEST, 0.0
    for _ in range(_STEPS):
        slope = -target / scale
        curvature = 0.0
        for x in values:
            y = x / scale
            share = 1.0 / (1.0 + math.exp(-s * y))
            slope += share * y
            curvature += share * (1.0 - share) * y * y
        if slope < 0.0:
            left = s
        else:
            right = s
        following = s - slope / curvature if curvature > 0.0 else left
        if not left < following < right:
            following = 0.5 * (left + right)
        if abs(following - s) <= 1e-9 * (1.0 + abs(s)):
            break
        s = following
    return s


def poisson_share(expected: Any) -> Any:
    """The probability of at least one solution, were their number Poisson's: ``1 - exp(-expected)``."""
    return -np.expm1(-np.asarray(expected))


def items_needed(problems: int, parts: int, *, usable: float | None = None) -> int:
    """Random numbers for each subset-sum problem with which all of several problems have a solution, mostly.

    With k usable numbers of up to `parts` parts, some ``2**k / (parts * sqrt(pi * k / 6))`` subsets have the target's
    sum. As the items' own sum varies, the probability that there is none falls about as the inverse of this number and
    not exponentially: so 1000 are asked for in each of all problems.

    Parameters
    ----------
    problems : int
        Subset-sum problems in all.
    parts : int
        The largest magnitude of an item.
    usable : float, optional
        The probability that a random number may be chosen, as where the sign of another decides, of which there are
        then twice as many as are returned; so many that in all cases but one in a thousand enough of them are usable.
    """
    needed = 1
    while needed - math.log2(parts * math.sqrt(math.pi * needed / 6.0)) < math.log2(problems / _DOUBT):
        needed += 1
    items = needed
    while usable is not None and binom.cdf(needed - 1, 2 * items, usable) > _DOUBT / problems:
        items += 1
    return items
