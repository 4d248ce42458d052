"""Error bars: between which limits a probability, a mean or a quantile lies, as seen in a finite sample.

All are two-sided confidence intervals: over many repetitions of the experiment the share `level` of them holds what is
estimated. The normal quantile at 95 % is 1.96.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import bdtr, ndtri

from rescircuit.checks import Array, finite_array, finite_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError

__all__ = ["mean_interval", "median_interval", "quantile_interval", "resampled", "wilson_interval"]


def wilson_interval(successes: Any, samples: Any, level: float = 0.95) -> tuple[Any, Any]:
    """The least and the largest probability that agree with so many successes.

    Those p at which the number of successes lies within the normal quantile's multiple of ``sqrt(p (1 - p) / samples)``
    of its mean (Wilson 1927, equation 3); it covers well at few successes too, and stays within 0 and 1.

    Parameters
    ----------
    successes, samples : whole number or array of them
        Broadcast; 0 to `samples`, and at least 1.
    level : float
        Of confidence, above 0 and below 1.

    Returns
    -------
    tuple of float or array
        The lower and the upper limit.

    Examples
    --------
    >>> low, high = wilson_interval(0, 10)
    >>> low, round(high, 3)
    (0.0, 0.278)
    """
    hits, trials = finite_array("successes", successes), finite_array("samples", samples)
    if not ((trials >= 1) & (trials % 1 == 0)).all():
        raise InputError("samples", "whole numbers of at least 1", samples)
    try:
        fits = ((hits >= 0) & (hits <= trials) & (hits % 1 == 0)).all()
    except ValueError:
        fits = False
    if not fits:
        raise InputError("successes", "whole numbers from 0 to the number of samples", successes)
    z = _two_sided(level)
    share, weight = hits / trials, z * z / trials
    centre = (share + weight / 2.0) / (1.0 + weight)
    half = z * np.sqrt(share * (1.0 - share) / trials + weight / (4.0 * trials)) / (1.0 + weight)
    low = np.where(hits == 0, 0.0, np.maximum(centre - half, 0.0))  # exactly, whatever the rounding
    high = np.where(hits == trials, 1.0, np.minimum(centre + half, 1.0))
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


def mean_interval(values: Any, level: float = 0.95) -> tuple[float, float, float]:
    """The mean of independent `values` (k,) and its limits, by the normal law of means: for k of 30 and more.

    Returns
    -------
    tuple of float
        The mean, the lower and the upper limit; of one value alone the limits are infinite.
    """
    sample = _sample(values)
    mean = float(sample.mean())
    if sample.size == 1:
        return mean, -math.inf, math.inf
    half = _two_sided(level) * float(sample.std(ddof=1)) / math.sqrt(sample.size)
    return mean, mean - half, mean + half


def quantile_interval(values: Any, share: float, level: float = 0.95) -> tuple[float, float, float]:
    """A quantile of the law of independent `values` (k,), and its limits, whatever the law.

    The limits are two of the values: how many lie below the true quantile is binomial (David and Nagaraja 2003,
    "Order statistics", section 7.1). Where no value can be the limit, it is infinite.

    Parameters
    ----------
    values : array (k,)
    share : float
        Of the law below the quantile, above 0 and below 1.
    level : float
        Of confidence; the intervals hold it or more.

    Returns
    -------
    tuple of float
        The sample's quantile, the lower and the upper limit.
    """
    sample = np.sort(_sample(values))
    if not 0 < finite_number("share", share) < 1:
        raise InputError("share", "above 0 and below 1", share)
    outside = (1.0 - _level(level)) / 2.0
    below = bdtr(np.arange(sample.size, dtype=np.float64), sample.size, share)  # at most k values below the quantile
    # The r-th value (from 1) is above the quantile with the probability of fewer than r below it.
    low_rank = int(np.searchsorted(below, outside, side="right"))
    high_rank = int(np.searchsorted(below, 1.0 - outside, side="left")) + 1
    low = float(sample[low_rank - 1]) if low_rank >= 1 else -math.inf
    high = float(sample[high_rank - 1]) if high_rank <= sample.size else math.inf
    return float(np.quantile(sample, share)), low, high


def median_interval(values: Any, level: float = 0.95) -> tuple[float, float, float]:
    """The median of independent `values` (k,), its lower and its upper limit, see :func:`quantile_interval`."""
    return quantile_interval(values, 0.5, level)


def resampled(values: Array, times: int, *, seed: int, source: str) -> Iterator[Array]:
    """`values` (k,) drawn again with replacement, so many times: what a figure of them varies by (Efron 1979)."""
    stream = Stream(seed=seed, source=f"theory.resampling.{source}")
    for again in range(times):
        places = stream.uniform(values.size, again * values.size) * values.size
        yield values[places.astype(np.int64)]


def _two_sided(level: float) -> float:
    return float(ndtri(0.5 + _level(level) / 2.0))


def _level(level: float) -> float:
    required = "a confidence above 0 and below 1, such as 0.95"
    if not 0 < finite_number("level", level, required) < 1:
        raise InputError("level", required, level)
    return float(level)


def _sample(values: Any) -> Array:
    array = finite_array("values", values)
    if array.ndim != 1:
        raise InputError("values", "of one dimension", f"shape {array.shape}")
    return array
