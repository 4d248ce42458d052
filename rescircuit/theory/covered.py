"""The share of [-1, 1] that the subset sums of uniform items approximate, exactly, item by item.

Of items uniform on [-1, 1], ``f_t`` is the set of numbers within eps of a subset sum of the first t, and the volume
``v_t`` the share of [-1, 1] that it takes (da Cunha 2023, section 2.2.1). With each item the set is united with itself
moved by the item (equation 2.1). It is kept as a list of disjoint intervals over the whole line, whose number is
bounded by the line's covered length over 2 eps and not by ``2**t``; so volumes are exact, but for rounding, at any t.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array, finite_number
from rescircuit.compiled import kernel
from rescircuit.errors import InputError

__all__ = ["checked_error", "covered_volumes", "growth_bound", "tau_1_bound", "tau_2_bound"]

_LEAST_ERROR = 1e-6
_BETAS = np.linspace(0.001, 0.124, 247)


def growth_bound(volume: Any) -> Any:
    """Lemma 2.2.1 of da Cunha (2023): what ``E[v_{t+1} | X_1 ... X_t] / v_t`` is at least, ``1 + (1 - v_t) / 4``."""
    return 1.0 + 0.25 * (1.0 - np.asarray(volume))


def tau_1_bound(error: float, t: int) -> float:
    """Lemma 2.2.3: the probability that ``v`` has exceeded 1/2 by step t is at least this; at the best beta."""
    chance = 1.0 - 7.0 / (8.0 * (1.0 - _BETAS))
    steps = np.ceil(math.log(1.0 / (2.0 * error)) / np.log1p(_BETAS))
    beyond = t - steps / chance
    bounds = -np.expm1(-2.0 * np.square(chance * beyond) / max(t, 1))
    return float(np.where(beyond >= 0, bounds, 0.0).max())


def tau_2_bound(error: float, t: int) -> float:
    """Lemma 2.2.5: the probability that ``1 - v`` has come to eps / 2 within t steps from 1/2 is at least this."""
    return max(0.0, 1.0 - (7.0 / 8.0) ** t / error)


def covered_volumes(items: Any, error: float) -> tuple[Array, Array]:
    """Volumes after each item, and what the next one is expected to be.

    Parameters
    ----------
    items : array (count, t)
        Within [-1, 1].
    error : float
        eps, from 1e-6 to 1/3.

    Returns
    -------
    tuple of array (count, t + 1)
        The volumes ``v_0 ... v_t``, and ``E[v_{k+1} | X_1 ... X_k]`` over an item uniform on [-1, 1], exact as well
        (the integral in the proof of lemma 2.2.1).
    """
    samples = finite_array("items", items)
    if samples.ndim != 2 or np.abs(samples).max() > 1:
        raise InputError("items", "of shape (count, t), from -1 to 1", f"shape {samples.shape}")
    eps = checked_error(error)
    volumes, expected = np.empty((2, samples.shape[0], samples.shape[1] + 1))
    for i, sample in enumerate(samples):
        most = math.ceil(np.abs(sample).sum() / (2.0 * eps)) + 2  # disjoint intervals, each 2 eps wide or wider
        room = np.empty((2, 4, min(most, 1 << min(samples.shape[1], 40)) + 1))
        _follow(sample, eps, room[0], room[1], volumes[i], expected[i])
    return volumes, expected


def checked_error(error: float) -> float:
    """`error`, if intervals so wide can be followed."""
    required = f"from {_LEAST_ERROR:g} to 1/3, such as 1e-3"
    if not _LEAST_ERROR <= finite_number("error", error, required) <= 1.0 / 3.0:
        raise InputError("error", required, error)
    return float(error)


@kernel
def _follow(sample: Any, eps: float, here: Any, there: Any, volumes: Any, expected: Any) -> None:
    """Volumes of one sample; `here` and `there` (4, m) are room for intervals: left ends, right ends, and sums."""
    here[0, 0] = -eps
    here[1, 0] = eps
    size = 1
    volumes[0] = _volume(here, size)
    expected[0] = volumes[0] + _gain(here, size)
    for t in range(sample.size):
        size = _united(here, size, sample[t], there)
        here, there = there, here
        volumes[t + 1] = _volume(here, size)
        expected[t + 1] = volumes[t + 1] + _gain(here, size)


@kernel
def _united(here: Any, size: int, shift: float, there: Any) -> int:
    """Write the union of the intervals and their copies moved by `shift`; returns how many there are."""
    a = 0
    b = 0
    count = 0
    while a < size or b < size:
        if b >= size or (a < size and here[0, a] <= here[0, b] + shift):
            left = here[0, a]
            right = here[1, a]
            a += 1
        else:
            left = here[0, b] + shift
            right = here[1, b] + shift
            b += 1
        if count > 0 and left <= there[1, count - 1]:
            there[1, count - 1] = max(there[1, count - 1], right)
        else:
            there[0, count] = left
            there[1, count] = right
            count += 1
    return count


@kernel
def _volume(ends: Any, size: int) -> float:
    """The share of [-1, 1] within the intervals, from what is left: near 1 that is what counts."""
    left = 0.0
    reached = -1.0
    for k in range(size):
        if ends[0, k] >= 1.0:
            break
        if ends[1, k] > reached:
            left += max(ends[0, k] - reached, 0.0)
            reached = ends[1, k]
    left += max(1.0 - reached, 0.0)
    return 1.0 - 0.5 * left


@kernel
def _gain(ends: Any, size: int) -> float:
    """A quarter of the integral over z in [-1, 1], outside the set, of the set's length within [z - 1, z + 1].

    Fills the rows 2 and 3 of `ends`: the set's length up to each interval's left end, and the integral of that.
    """
    ends[2, 0] = 0.0
    ends[3, 0] = 0.0
    for k in range(1, size):
        length = ends[1, k - 1] - ends[0, k - 1]
        gap = ends[0, k] - ends[1, k - 1]
        ends[2, k] = ends[2, k - 1] + length
        ends[3, k] = ends[3, k - 1] + ends[2, k - 1] * length + 0.5 * length * length + ends[2, k] * gap
    total = 0.0
    reached = -1.0
    for k in range(size + 1):
        left = min(ends[0, k], 1.0) if k < size else 1.0
        if left > reached:
            upper = _twice(ends, size, left + 1.0) - _twice(ends, size, reached + 1.0)
            lower = _twice(ends, size, left - 1.0) - _twice(ends, size, reached - 1.0)
            total += upper - lower
        if k < size:
            reached = max(reached, ends[1, k])
    return 0.25 * total


@kernel
def _twice(ends: Any, size: int, z: float) -> float:
    """The set's indicator, integrated twice from minus infinity to `z`."""
    low = 0
    high = size  # the first interval that begins at z or beyond
    while low < high:
        middle = (low + high) // 2
        if ends[0, middle] < z:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return 0.0
    k = low - 1
    inside = z - ends[0, k]
    beyond = max(z - ends[1, k], 0.0)
    return ends[3, k] + ends[2, k] * inside + 0.5 * (inside * inside - beyond * beyond)
