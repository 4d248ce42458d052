"""The ranges of output converters: how large a current the last code stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rescircuit.checks import Array
from rescircuit.devices.streams import Stream
from rescircuit.network.inference.converters import quantise

if TYPE_CHECKING:
    from rescircuit.network.arrays import Converters
    from rescircuit.network.layers import WeightedLayer

__all__ = ["calibrated_range", "calibration_rows", "evenly", "kept_currents", "least_error_range"]

_MOST_NUMBERS = 1 << 21  # kept of a layer's calibration inputs
_MOST_ROWS = 8192
_FEWEST_ROWS = 64
_MOST_CURRENTS = 1 << 22  # looked at for one range
_AT_ONCE = 1 << 22  # numbers of rows that are made at a time
_LEAST_SHARE = 1 / 256  # of the peak: the smallest range that is tried
_GRID = 65
_REFINEMENTS = 24
_GOLDEN = (5**0.5 - 1) / 2


def calibration_rows(weighted: WeightedLayer, x: Array) -> Array:
    """What a layer's matrices multiply for sample inputs, (groups, rows, inputs), a bounded number of rows of it.

    One row at chance from each of as many equal parts of all inputs and positions, the same at each call.

    Parameters
    ----------
    weighted : WeightedLayer
    x : array (k, ...)
        Inputs of the layer.
    """
    groups, _, positions, inputs = weighted.rows(x[:1]).shape
    count = len(x) * positions
    kept = max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_NUMBERS // (groups * inputs)))
    chosen = evenly(count, kept)
    rows = np.empty((groups, len(chosen), inputs))
    step = max(1, _AT_ONCE // (groups * positions * inputs))
    for first in range(0, len(x), step):
        low, high = np.searchsorted(chosen, [first * positions, (first + step) * positions])
        if high > low:
            part = weighted.rows(x[first : first + step]).reshape(groups, -1, inputs)
            rows[:, low:high] = part[:, chosen[low:high] - first * positions]
    return rows


def evenly(count: int, most: int) -> np.ndarray:
    """At most so many of the numbers from 0 to `count` - 1, in order: one at chance from each of as many parts."""
    if count <= most:
        return np.arange(count)
    chance = Stream(seed=0, source="network.calibration_rows").uniform(most)
    return ((np.arange(most) + chance) * (count / most)).astype(np.intp)


def kept_currents(converters: Converters, currents: Array, parts: int) -> Array:
    """What the range's rule needs of currents, where `parts` such arrays are kept, (n,)."""
    flat = currents.ravel()
    if converters.adc_range in ("percentile", "least_error"):
        return flat[evenly(flat.size, max(1, _MOST_CURRENTS // parts))]
    return np.abs(flat).max(initial=0.0, keepdims=True)


def calibrated_range(
    converters: Converters, currents: Sequence[Array], bits: int, *, signed: bool, reach: float
) -> float:
    """The current of the last code, ampere, above 0.

    Parameters
    ----------
    converters : Converters
        Which rule: ``"all"``, ``"peak"``, ``"percentile"``, ``"least_error"`` or ``"fixed"``.
    currents : sequence of arrays (n,)
        What sample inputs bring, ampere, see :func:`kept_currents`. Where there are no samples, or none that brings a
        current, ``"all"`` holds: what samples leave at rest has to be read all the same.
    bits : int
        Of the converter.
    signed : bool
        Whether it has codes below 0.
    reach : float
        The largest current that inputs within the full scale can bring, ampere.
    """
    rule = converters.adc_range
    if rule == "fixed":
        return float(converters.adc_full_scale or 1.0)
    values = np.concatenate([np.zeros(0), *currents])
    peak = float(np.abs(values).max(initial=0.0))
    if rule == "all" or peak == 0.0:
        return reach or 1.0
    if rule == "percentile":
        return float(np.percentile(np.abs(values), converters.percentile)) or peak
    return least_error_range(values, bits, signed=signed) if rule == "least_error" else peak


def least_error_range(values: Array, bits: int, *, signed: bool) -> float:
    """The full scale that gives the least squared error of converted `values`: less clips, more makes steps coarse.

    Searched over a grid of 65 ranges, evenly spaced by their ratios between the largest value, which is not 0, and
    1/256 of it, then by golden sections between the neighbours of the best of them.
    """
    peak = float(np.abs(values).max())

    def error(logarithm: float) -> float:
        deviation = quantise(values, peak * float(np.exp(logarithm)), bits, signed=signed) - values
        return float(deviation @ deviation)

    grid = np.linspace(np.log(_LEAST_SHARE), 0.0, _GRID)
    errors = [error(float(place)) for place in grid]
    best = int(np.argmin(errors))
    tried = [(errors[best], float(grid[best]))]
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, _GRID - 1)])
    for _ in range(_REFINEMENTS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        outcomes = (error(left), left), (error(right), right)
        tried.extend(outcomes)
        low, high = (low, right) if outcomes[0] <= outcomes[1] else (left, high)
    return peak * float(np.exp(min(tried)[1]))
