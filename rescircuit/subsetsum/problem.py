"""The problem, its checks, and the certificate that every answer carries."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_array
from rescircuit.errors import InputError

__all__ = ["LARGEST_N", "Solution", "subset_sum"]

LARGEST_N = 40  # two lists of 2**20 sums a thread


@dataclass(frozen=True, kw_only=True)
class Solution:
    """The best subset and the proof of it; the leading axes are those of items and targets, broadcast.

    Attributes
    ----------
    mask : bool array (..., n)
        ``True`` where the item is in the subset.
    total : float or array (...)
        The chosen items' sum, correctly rounded.
    residual : float or array (...)
        ``total - target`` before any rounding of the total, correctly rounded once.
    bound : float or array (...)
        Proved: no subset has a ``|residual|`` below it; never above ``|residual|``.
    status : str or str array (...)
        ``"optimal"``: proved, in exact arithmetic on the doubles given, that no subset is closer.
    method : str
        The exact method that was used.
    """

    mask: NDArray[np.bool_]
    total: Any
    residual: Any
    bound: Any
    status: Any
    method: str


def subset_sum(items: Any, targets: Any, *, progress: Callable[[int], None] | None = None) -> Solution:
    """The subset of `items` whose sum is closest to each target, exactly: ``min |target - sum(s * items)|``.

    This is equation (6.1) of da Cunha (2023), "Pruning random structures", solved by meeting in the middle in
    fixed point, see :mod:`rescircuit.subsetsum.meet_in_the_middle`.

    Parameters
    ----------
    items : array (n,) or (..., n)
        Any finite numbers, of any sign, 1 <= n <= 40; leading axes are instances with items of their own.
    targets : float or array (...)
        Finite; broadcast against the leading axes of `items`. Many targets for the same items share the work.
    progress : callable, optional
        Called with the number of instances solved since the last call. Between calls, Ctrl-C ends the work.

    Returns
    -------
    Solution
        Of two subsets equally close, the one whose sum is not above the target; a zero is never chosen; beyond
        that, ties are broken by a function of the items and the target alone, never by threads or batches.

    Raises
    ------
    InputError
        For empty, non-finite or non-numeric input, shapes that do not broadcast, too many items, or magnitudes
        whose sum overflows a double.

    Examples
    --------
    >>> import rescircuit as rc
    >>> solution = rc.subset_sum([0.9, 0.5, 0.3, -0.2], 0.65)
    >>> solution.mask.tolist(), solution.status
    ([True, False, False, True], 'optimal')
    """
    values, goals, shape = _checked(items, targets)
    # numba is imported with the first problem, not with the package.
    from rescircuit.subsetsum.exact_summation import subset_totals
    from rescircuit.subsetsum.fixed_point import to_grid
    from rescircuit.subsetsum.meet_in_the_middle import solve_batch
    from rescircuit.subsetsum.unbounded_integers import closest_subset

    bits, unsure = solve_batch(to_grid(values, goals), progress)
    for bank, column in np.argwhere(unsure):
        bits[bank, column] = closest_subset(values[bank].tolist(), float(goals[bank, column]))
    mask, total, residual = subset_totals(values, bits, goals)
    residual = residual.reshape(shape)
    return Solution(
        mask=mask.reshape(*shape, values.shape[1]),
        total=total.reshape(shape)[()],
        residual=residual[()],
        bound=np.abs(residual)[()],
        status=np.full(shape, "optimal") if shape else "optimal",
        method="meet in the middle",
    )


def _checked(items: Any, targets: Any) -> tuple[Array, Array, tuple[int, ...]]:
    """Items (b, n) and targets (b, t), contiguous, and the shape (...) that their results take.

    Trailing axes on which all instances share their items become t, so that the shared work is done once.
    """
    values = finite_array("items", items)
    goals = finite_array("targets", targets)
    if values.ndim == 0:
        raise InputError("items", "an array (..., n)", float(values), "Write [x] for one item.")
    n = values.shape[-1]
    if n > LARGEST_N:
        raise InputError("items", f"at most {LARGEST_N} numbers an instance", n, "Use smaller banks.")
    try:
        shape = np.broadcast_shapes(values.shape[:-1], goals.shape)
    except ValueError:
        required = f"of a shape that broadcasts against the instances' {values.shape[:-1]}"
        raise InputError("targets", required, f"shape {goals.shape}") from None
    with np.errstate(over="ignore"):
        reach = np.abs(values).sum(axis=-1).max() + np.abs(goals).max()
    if not reach < np.finfo(np.float64).max / 4:
        raise InputError("items", "numbers whose magnitudes sum well within a double", float(reach), "Scale them.")

    own = (1,) * (len(shape) - values.ndim + 1) + values.shape[:-1]
    split = len(shape)
    while split > 0 and own[split - 1] == 1:
        split -= 1
    banks, columns = math.prod(shape[:split]), math.prod(shape[split:])
    spread = np.broadcast_to(values.reshape(*own[:split], n), (*shape[:split], n))
    goals = np.broadcast_to(goals, shape).reshape(banks, columns)
    return np.ascontiguousarray(spread.reshape(banks, n)), np.ascontiguousarray(goals), shape
