"""Which random filters stay, such that together they are nearest to a target's kernels: vector subset sums."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.pruning.constructions.stages import BoolArray
from rescircuit.subsetsum import subset_sum
from rescircuit.subsetsum.solution import OPTIMAL
from rescircuit.subsetsum.vectors import vector_subset_sum

__all__ = ["LARGEST_DIMENSION", "Filters", "nearest_filters"]

LARGEST_DIMENSION = 8  # numbers in a vector that the solver takes
_OFFERED = 44  # vectors whose best subset is proved in seconds


class Filters(NamedTuple):
    """The subset of vectors that stays, and what is proved of it.

    Attributes
    ----------
    mask : bool array (n,)
    total : array (d,)
        The sum of those that stay.
    distance : float
        The largest magnitude of its difference from the target.
    bound : float
        Proved: no subset of those offered comes closer.
    status : str
        ``"optimal"``, or ``"best found"`` within the time.
    """

    mask: BoolArray
    total: Array
    distance: float
    bound: float
    status: str


def nearest_filters(
    vectors: Array, target: Array, *, size: int | None = None, time_limit: float | None = None
) -> Filters:
    """The subset of vectors (n, d) whose sum is nearest to the target (d,) in the max-norm.

    Parameters
    ----------
    vectors : array (n, d)
        Zero vectors never stay. Of the others the first 44 are offered, or all with a time limit.
    target : array (d,)
        At most 8 numbers.
    size : int, optional
        How many stay, no more and no fewer.
    time_limit : float, optional
        Seconds, after which the best that was found is the answer.

    Raises
    ------
    InputError
        For a size that is more than there are vectors, or for which there is one number too many.
    KeyboardInterrupt
        If Ctrl-C ended the work before, without a time limit.
    """
    offered = np.flatnonzero(vectors.any(axis=1))
    offered = offered if time_limit is not None else offered[:_OFFERED]
    if size is not None and size > offered.size:
        raise InputError("size", f"at most the {offered.size} filters that there are for a channel", size)
    if not offered.size:
        distance = float(np.abs(target).max())
        return Filters(np.zeros(len(vectors), np.bool_), np.zeros_like(target), distance, distance, OPTIMAL)
    found = _nearest(vectors[offered], target, size, time_limit)
    if found.status != OPTIMAL and time_limit is None:
        raise KeyboardInterrupt
    mask = np.zeros(len(vectors), np.bool_)
    mask[offered] = found.mask
    return found._replace(mask=mask)


def _nearest(vectors: Array, target: Array, size: int | None, time_limit: float | None) -> Filters:
    if target.size == 1 and size is None:
        one = subset_sum(vectors[:, 0], target[0], time_limit=time_limit)
        return Filters(one.mask, np.atleast_1d(one.total), abs(float(one.residual)), float(one.bound), str(one.status))
    if size is None:
        found = vector_subset_sum(vectors, target, time_limit=time_limit)
        return Filters(found.mask, found.total, float(found.distance), float(found.bound), str(found.status))

    # One more number counts the vectors. It weighs so much that no subset of another size comes near.
    heavy = 2.0 * float(np.abs(vectors).sum(axis=0).max() + np.abs(target).max() + 1.0)
    counted = np.column_stack([vectors, np.ones(len(vectors))])
    goal, weights = np.append(target, size), np.append(np.ones(target.size), heavy)
    found = vector_subset_sum(counted, goal, weights=weights, time_limit=time_limit)
    if np.count_nonzero(found.mask) != size:  # of a search cut short
        raise InputError("time_limit", f"enough for a subset of {size} filters", time_limit)
    return Filters(
        found.mask, found.total[:-1], float(np.abs(found.residual[:-1]).max()), float(found.bound), str(found.status)
    )
