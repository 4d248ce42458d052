"""How close the nearest of 2**n random subset sums comes to a target.

Near any target the sums of random items look like independent points (the local version of the random energy model;
Borgs, Chayes and Pittel 2001 prove it for number partitioning), so the chance that none lies within ``e`` of the
target is ``exp(-N(e))`` with ``N(e)`` the expected number that does. ``N`` follows from the items' laws. As the number
of sums doubles with each item, the distance to the nearest halves: the logarithm in Lueker's theorem (1998).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr

from rescircuit.checks import Array, finite_array, non_negative_number, positive_array
from rescircuit.devices import Resistor
from rescircuit.errors import InputError

__all__ = ["conductance_moments", "predicted_median_error"]

_LARGEST_N = 16  # all subsets are enumerated


def conductance_moments(resistor: Resistor) -> tuple[float, float]:
    """Mean and standard deviation of a resistor's conductance relative to ``1 / nominal``, local variation alone.

    Exact for `tolerance` (the inverse of a uniform variable), to second order in `mismatch`.
    """
    mean, square = 1.0, 1.0
    if resistor.tolerance:
        a = resistor.tolerance
        mean, square = math.atanh(a) / a, 1.0 / (1.0 - a * a)
    m = resistor.mismatch
    mean, square = mean * (1.0 + m * m), square * (1.0 + 3.0 * m * m)
    return mean, math.sqrt(max(square - mean * mean, 0.0))


def predicted_median_error(means: Array, deviation: float, targets: Array) -> float:
    """The median distance from targets to the nearest subset sum, over chips and targets.

    Parameters
    ----------
    means : array (n,)
        Expected items (conductances, siemens), n at most 16.
    deviation : float
        Standard deviation of an item relative to its mean, independent between items.
    targets : array (t,)
        What is to be summed to, in the items' unit.

    Returns
    -------
    float
        In the items' unit.
    """
    means = positive_array("means", means)
    if means.ndim != 1 or means.size > _LARGEST_N:
        raise InputError("means", f"of shape (n,) with n at most {_LARGEST_N}", f"shape {means.shape}")
    deviation = non_negative_number("deviation", deviation)
    goals = finite_array("targets", targets).reshape(-1, 1)
    centre, variance = np.zeros(1), np.zeros(1)
    for item in means:
        centre = np.concatenate([centre, centre + item])
        variance = np.concatenate([variance, variance + (deviation * item) ** 2])
    # Equal items give many equal subsets: count them once.
    scale = means.sum()
    table = np.round(np.column_stack([centre / scale, variance / scale**2]), 12)
    _, first, count = np.unique(table, axis=0, return_index=True, return_counts=True)
    centre, spread = centre[first], np.sqrt(variance[first]) + 1e-9 * scale

    def share_farther(distance: float) -> float:
        inside = ndtr((goals + distance - centre) / spread) - ndtr((goals - distance - centre) / spread)
        return float(np.exp(-(inside @ count)).mean())

    low, high = 0.0, float(scale + np.abs(goals).max())
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if share_farther(middle) > 0.5 else (low, middle)
    return high
