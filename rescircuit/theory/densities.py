"""How dense the subset sums of given items lie at a target, without listing them.

A fair coin for each item makes a random subset, whose sum has the cumulant function ``K(s) = sum log((1 + exp(s x)) /
2)``. The saddle-point method gives its density at z as ``exp(K(s) - s z) / sqrt(2 pi K''(s))`` with ``K'(s) = z``
(Daniels 1954, equation 2.6): a normal density in the middle, and right also far from it, where a normal one is not.
Times ``2**n`` it is the density of sums. Near a target they look like independent points (the local version of the
random energy model, Borgs, Chayes and Pittel 2001), so that none lies within e with the probability ``exp(-2 e rho)``,
and no gap between points of an interval is above 2 e with about ``exp(-integral of rho exp(-2 e rho))``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array, finite_number
from rescircuit.compiled import kernel
from rescircuit.errors import InputError

__all__ = ["missed", "predicted_quantile", "sum_densities", "uncovered"]

_STEPS = 60


def sum_densities(items: Any, targets: Any) -> Array:
    """The number of subset sums for each unit of length at targets, from the saddle point.

    Parameters
    ----------
    items : array (count, n)
    targets : array (count, m) or (m,)
        Of each sample, or of all.

    Returns
    -------
    array (count, m)
        0 where a target is out of reach. Items that are 0 are left out, as they make no new sums.
    """
    samples, goals = finite_array("items", items), finite_array("targets", targets)
    if samples.ndim != 2:
        raise InputError("items", "of shape (count, n)", f"shape {samples.shape}")
    count = len(samples)
    if goals.ndim not in (1, 2) or (goals.ndim == 2 and len(goals) != count):
        raise InputError("targets", f"of shape ({count}, m) or (m,)", f"shape {goals.shape}")
    goals = np.broadcast_to(goals, (count, goals.shape[-1]))
    densities = np.zeros(goals.shape)
    _fill(samples, np.ascontiguousarray(goals), densities)
    return densities


def missed(densities: Array, error: float) -> Array:
    """The probability that no sum is within `error` of a target, from densities of any shape."""
    return np.exp(-2.0 * error * densities)


def uncovered(densities: Array, width: float, error: float) -> Array:
    """The probability that a target of an interval has no sum within `error`, (count,).

    Parameters
    ----------
    densities : array (count, m)
        At targets evenly spread over the interval, its ends among them.
    width : float
        Of the interval.
    error : float

    Notes
    -----
    Of independent points the gaps wider than 2 e that begin in the interval are nearly Poisson, ``rho exp(-2 e rho)``
    of them for each unit; one more may hold the interval's end. It holds where points are many; where the expected
    number of gaps is small, it is that number.
    """
    gaps = densities * np.exp(-2.0 * error * densities)
    expected = width * np.trapezoid(gaps, dx=1.0 / (densities.shape[1] - 1), axis=1)
    chance = -np.expm1(-expected - np.exp(-2.0 * error * densities[:, 0]))
    return np.where((densities > 0.0).all(axis=1), chance, 1.0)


def predicted_quantile(larger: Callable[[float], float], share: float, high: float) -> float:
    """The error that is not exceeded with the probability `share`: where ``larger(error)`` falls to ``1 - share``.

    It is infinite if `high` is exceeded more often: where targets are out of reach.
    """
    if not 0 < finite_number("share", share) < 1:
        raise InputError("share", "above 0 and below 1", share)
    if larger(high) > 1.0 - share:
        return math.inf
    low, top = math.log(high) - 80.0, math.log(high)  # e**-80 of it is less than any sum of 64 items can resolve
    for _ in range(_STEPS):
        middle = 0.5 * (low + top)
        low, top = (middle, top) if larger(math.exp(middle)) > 1.0 - share else (low, middle)
    return math.exp(top)


@kernel
def _fill(samples: Any, goals: Any, densities: Any) -> None:
    for i in range(samples.shape[0]):
        start = 0.0
        for j in range(goals.shape[1]):
            densities[i, j], start = _density(samples[i], goals[i, j], start)


@kernel
def _density(sample: Any, target: float, start: float) -> tuple[float, float]:
    """The density at one target, and its saddle point, found by Newton's steps within shrinking limits."""
    least = 0.0
    most = 0.0
    squares = 0.0
    for x in sample:
        least += min(x, 0.0)
        most += max(x, 0.0)
        squares += x * x
    if not least < target < most:
        return 0.0, 0.0
    scale = math.sqrt(squares)
    low = -1e4 * sample.size / scale
    high = -low
    s = start
    for _ in range(100):
        slope, curvature = _derivatives(sample, s)
        if slope > target:
            high = s
        else:
            low = s
        step = (target - slope) / curvature if curvature > 0.0 else math.inf
        following = s + step
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - s) * scale < 1e-9:
            break
        s = following
    _, curvature = _derivatives(sample, s)
    if not curvature > 0.0:
        return 0.0, 0.0
    logarithm = -s * target
    for x in sample:
        if x != 0.0:
            logarithm += max(s * x, 0.0) + math.log1p(math.exp(-abs(s * x)))
    return math.exp(logarithm) / math.sqrt(2.0 * math.pi * curvature), s


@kernel
def _derivatives(sample: Any, s: float) -> tuple[float, float]:
    """The first and the second derivative of the cumulant function at `s`."""
    slope = 0.0
    curvature = 0.0
    for x in sample:
        chosen = 0.5 + 0.5 * math.tanh(0.5 * s * x)
        slope += x * chosen
        curvature += x * x * chosen * (1.0 - chosen)
    return slope, curvature
