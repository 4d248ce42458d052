"""The answer to the programming problem, with its certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BEST_FOUND", "INFEASIBLE", "OPTIMAL", "Solution"]

OPTIMAL, BEST_FOUND, INFEASIBLE = "optimal", "best found", "infeasible"


@dataclass(frozen=True, kw_only=True)
class Solution:
    """The best subset and the proof of it; the leading axes are those of items and targets, broadcast.

    Where several of the best were asked for, the last leading axis numbers them, the closest first.

    Attributes
    ----------
    mask : bool array (..., n)
        ``True`` where the item is in the subset.
    total : float or array (...)
        The sum of the offset and the chosen items, correctly rounded.
    residual : float or array (...)
        ``total - target`` before any rounding of the total, correctly rounded once.
    bound : float or array (...)
        Proved, to its last bit: no subset that was allowed has a ``|residual|`` below it; never above ``|residual|``.
    status : str or str array (...)
        ``"optimal"``: proved that no subset is closer. Where the bound equals ``|residual|``, which is nearly always,
        this holds in exact arithmetic on the doubles given; where so many subsets fall into the rounding to the
        method's grid that they cannot be compared, the bound lies below by that rounding (2**-60 of the sum of all
        magnitudes for each item). With a tolerance, ``"optimal"`` means that no subset within it has fewer items, or
        costs less, and the bound is 0.
        ``"best found"``: the work was ended before it was proved; the bound is what was known.
        ``"infeasible"``: no subset is within the tolerance, or meets the constraints; the mask is then the closest
        there is, or empty.
        ``"nothing found"``: with constraints, the time was up before any setting that meets them was known; the mask is
        empty.
    method : str
        The method that was used.
    cost : float or array (...), or None
        What the chosen items cost, where a cost was given.
    """

    mask: NDArray[np.bool_]
    total: Any
    residual: Any
    bound: Any
    status: Any
    method: str
    cost: Any = None
