"""Doubles as 64-bit integers on a grid of their own, so that sums are exact and ties are ties.

Above some fifty items hundreds of subsets fall into one last bit of a double, and even below it a rounded sum may
hide the better of two subsets. An instance is therefore put on the grid ``2**exponent``, chosen such that the sum of
all magnitudes stays below 2**60 steps: finer than a double's last bit of that sum. Items within a factor of about
2**7 of the sum lie on the grid exactly; of the others we count how many were rounded, which bounds what the integers
can get wrong.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.subsetsum.problem import Problem

__all__ = ["Grid", "to_grid"]

_BITS = 60
_ORDINARY = 900  # the largest exponent of two at which neither a step nor its inverse overflows

Int64Array = NDArray[np.int64]


class Grid(NamedTuple):
    """Instances in integers.

    Attributes
    ----------
    items : int64 array (b, n)
        Zero where the item is not free.
    targets : int64 array (b, t)
        Less the offset and the chosen items. One further from zero than twice the sum of all magnitudes is moved
        there: the best subset stays.
    doubt : int64 array (b, t)
        Two subsets whose distances to the target differ by more than this many steps are in their true order.
    """

    items: Int64Array
    targets: Int64Array
    doubt: Int64Array


def to_grid(problem: Problem) -> tuple[Grid, Array]:
    """Put instances on their grids.

    Returns
    -------
    grid : Grid
    step : array (b, 1)
        The grids' steps, in the items' unit.
    """
    reach = np.abs(problem.items).sum(axis=1, keepdims=True)
    exponent = np.frexp(reach)[1] - (_BITS - 1)
    integers, rounded_items = _round(problem.items, exponent)
    # A zero is never chosen, so what only seems zero on the grid becomes one step, off by up to a whole one.
    vanished = (integers == 0) & rounded_items
    integers[vanished] = np.sign(problem.items[vanished]).astype(np.int64)

    # The gap between target and offset is two doubles: its rounded value, and what that lost.
    gap = problem.targets - problem.offsets
    part = gap + problem.offsets
    lost = (problem.targets - part) + ((part - gap) - problem.offsets)
    bounded = np.clip(gap, -2.0 * reach, 2.0 * reach)
    moved = bounded != gap
    goals, rounded_goals = _round(bounded, exponent)
    more, rounded_more = _round(np.where(moved, 0.0, lost), exponent)
    goals += more - np.where(problem.chosen, integers, 0).sum(axis=1, keepdims=True)

    # Each rounding moves a distance by at most half a step; comparing two distances doubles it. A target out of
    # reach moves all distances alike, and its own rounding no longer matters.
    doubt = ((rounded_items.astype(np.int64) + vanished) * ~problem.excluded).sum(axis=1, keepdims=True)
    doubt = doubt + (rounded_goals & ~moved) + (rounded_more & ~moved)
    free = ~(problem.chosen | problem.excluded)
    return Grid(np.where(free, integers, 0), goals, doubt.astype(np.int64)), np.ldexp(1.0, exponent)


def _round(values: Array, exponent: NDArray[np.int32]) -> tuple[Int64Array, NDArray[np.bool_]]:
    """Nearest grid points as integers, and which values were not on the grid."""
    if np.abs(exponent).max() < _ORDINARY:
        step = np.ldexp(1.0, exponent)  # its inverse is a double, too, and products are quicker
        nearest = np.rint(values * (1.0 / step))
        return nearest.astype(np.int64), nearest * step != values
    nearest = np.rint(np.ldexp(values, -exponent))
    return nearest.astype(np.int64), np.ldexp(nearest, exponent) != values
