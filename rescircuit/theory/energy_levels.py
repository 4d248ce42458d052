"""All energies ``|sigma . X|`` of an instance, by enumeration, and what they sum to at falling temperatures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.compiled import kernel

__all__ = ["boltzmann_sums", "energy_levels"]


def energy_levels(items: NDArray[np.int64]) -> NDArray[np.int64]:
    """The energies of all pairs sigma, -sigma, array (2**(n - 1),), of `items` (n,), in no order."""
    levels = np.empty(2 ** (items.size - 1), np.int64)
    _fill(np.ascontiguousarray(items), levels)
    return levels


def boltzmann_sums(levels: NDArray[np.int64], highest: float, count: int) -> tuple[Array, Array]:
    """``log(Z)``, of both signs of a pair, and the mean energy at `count` temperatures, each half of the one before.

    Halving a temperature squares every weight, so that only the first ones are exponentials.

    Parameters
    ----------
    levels : int64 array (k,)
        Energies of pairs.
    highest : float
        The first temperature.
    count : int

    Returns
    -------
    tuple of array (count,)
    """
    least = int(levels.min())
    above = (levels - least).astype(np.float64)
    sums, moments = np.empty(count), np.empty(count)
    _sum_all(above, np.exp(-above / highest), sums, moments)
    beta = np.ldexp(1.0 / highest, np.arange(count))
    return np.log(2.0 * sums) - beta * least, least + moments / sums


@kernel
def _fill(items: Any, levels: Any) -> None:
    last = items.size - 1
    levels[0] = items[last]
    size = 1
    for k in range(last):
        for place in range(size):
            value = levels[place]
            levels[size + place] = value - items[k]
            levels[place] = value + items[k]
        size *= 2
    for place in range(size):
        levels[place] = abs(levels[place])


@kernel
def _sum_all(above: Any, weights: Any, sums: Any, moments: Any) -> None:
    for step in range(sums.size):
        total, moment = 0.0, 0.0
        for k in range(above.size):
            weight = weights[k]
            total += weight
            moment += weight * above[k]
            weights[k] = weight * weight
        sums[step], moments[step] = total, moment
