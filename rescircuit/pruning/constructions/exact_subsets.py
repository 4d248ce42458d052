"""Subsets of whole numbers that have exactly the sum asked for, of many small problems at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rescircuit.errors import SolutionError
from rescircuit.pruning.constructions.proved_subsets import proved_subsets

__all__ = ["exact_subsets"]

_MOST_OFFERED = 44  # items, of which a subset is sought by meeting in the middle
_FIRST_OFFERED, _MORE_OFFERED = 16, 4
_AT_ONCE = 4096  # problems


def exact_subsets(items: NDArray[np.int64], goals: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Subsets of whole numbers with exactly the sums asked for.

    Parameters
    ----------
    items : int64 array (b, n)
        Zeros are no items. Of more than 44 others the first 44 are offered.
    goals : int64 array (b,)

    Returns
    -------
    (bool array (b, n), bool array (b,))
        The subset, empty where there is none, and whether there is one. A few items are offered first, and more where
        they do not do: what has no subset has none of all that were offered.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C ended the work before.
    """
    order = np.argsort(items == 0, axis=1, kind="stable")  # the items that are not 0 first, in their order
    packed = np.take_along_axis(items, order, axis=1)
    most = min(int(np.count_nonzero(items, axis=1).max(initial=0)), _MOST_OFFERED)
    chosen = np.zeros(items.shape, np.bool_)
    solved = goals == 0
    for offered in _offers(most):
        for left in _blocks(np.flatnonzero(~solved)):
            found = proved_subsets(packed[left, :offered], goals[left], method="meet in the middle")
            exact = np.asarray(found.residual) == 0
            chosen[left[exact], :offered] = found.mask[exact]
            solved[left[exact]] = True
    mask = np.zeros_like(chosen)
    np.put_along_axis(mask, order, chosen, axis=1)
    wrong = int(np.count_nonzero(np.where(mask, items, 0).sum(axis=1) != np.where(solved, goals, 0)))
    if wrong:
        raise SolutionError("subsets in whole numbers that are not exact", wrong, 0, "Please report this.")
    return mask, solved


def _offers(most: int) -> Iterator[int]:
    yield from range(_FIRST_OFFERED, most, _MORE_OFFERED)
    if most:
        yield most


def _blocks(indices: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    return [indices[first : first + _AT_ONCE] for first in range(0, indices.size, _AT_ONCE)]
