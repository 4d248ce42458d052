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

__all__ = ["Grid", "to_grid"]

_BITS = 60

Int64Array = NDArray[np.int64]


class Grid(NamedTuple):
    """Instances in integers.

    Attributes
    ----------
    items : int64 array (b, n)
    targets : int64 array (b, t)
        A target further from zero than twice the sum of all magnitudes is moved there: the best subset stays.
    doubt : int64 array (b, t)
        Two subsets whose distances to the target differ by more than this many steps are in their true order.
    """

    items: Int64Array
    targets: Int64Array
    doubt: Int64Array


def to_grid(items: Array, targets: Array) -> Grid:
    """Put instances on their grids.

    Parameters
    ----------
    items : array (b, n)
        Finite, with finite sums of magnitudes.
    targets : array (b, t)
    """
    reach = np.abs(items).sum(axis=1, keepdims=True)
    exponent = np.frexp(reach)[1] - (_BITS - 1)
    bounded = np.clip(targets, -2.0 * reach, 2.0 * reach)
    moved = bounded != targets
    integer_items, rounded_items = _round(items, exponent)
    integer_targets, rounded_targets = _round(bounded, exponent)
    # Each rounding moves a distance by at most half a step; comparing two distances doubles it. A target out of
    # reach moves all distances alike, and its own rounding no longer matters.
    doubt = rounded_items.sum(axis=1, keepdims=True) + (rounded_targets & ~moved)
    return Grid(integer_items, integer_targets, doubt.astype(np.int64))


def _round(values: Array, exponent: NDArray[np.int32]) -> tuple[Int64Array, NDArray[np.bool_]]:
    """Nearest grid points as integers, and which values were not on the grid."""
    nearest = np.rint(np.ldexp(values, -exponent))
    return nearest.astype(np.int64), np.ldexp(nearest, exponent) != values
