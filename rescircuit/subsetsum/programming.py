"""The façade of the programming problem: state it, choose a method, solve it, certify the answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.errors import InputError
from rescircuit.subsetsum.problem import DEFAULT_MEMORY, state_problem
from rescircuit.subsetsum.solution import OPTIMAL, Solution
from rescircuit.subsetsum.tasks import Progress

__all__ = ["subset_sum"]


def subset_sum(
    items: Any,
    targets: Any,
    *,
    method: str = "auto",
    offset: Any = 0.0,
    count: int | tuple[int, int] | None = None,
    chosen: Any = None,
    excluded: Any = None,
    best: int | None = None,
    tolerance: float | None = None,
    cost: Any = None,
    constraints: Any = None,
    step: float | None = None,
    time_limit: float | None = None,
    memory_limit: int = DEFAULT_MEMORY,
    progress: Progress | None = None,
) -> Solution:
    """The subset of `items` whose sum is closest to each target, exactly: ``min |offset + sum(s * items) - target|``.

    This is equation (6.1) of da Cunha (2023), "Pruning random structures", with what circuits ask of it.

    Parameters
    ----------
    items : array (n,) or (..., n)
        Any finite numbers, of any sign, 1 <= n <= 64; leading axes are instances with items of their own.
    targets : float or array (...)
        Finite; broadcast against the leading axes of `items`. Many targets for the same items share the work.
    method : str
        ``"auto"``, see :func:`~rescircuit.subsetsum.methods.choose_method`, or a name in
        :data:`~rescircuit.subsetsum.methods.METHODS`.
    offset : float or array (...)
        Added to every sum: the leakage of open switches, say.
    count : int or (int, int)
        Choose exactly so many items, or from so many to so many.
    chosen, excluded : bool array (n,) or (..., n)
        Items that must be in the subset (switches stuck closed), and that must not (stuck open).
    best : int
        Give so many of the best subsets, the closest first, on an axis of their own before the last.
    tolerance : float
        Any residual up to this will do; then the fewest items are chosen, or the least cost.
    cost : array (n,)
        What each item costs (a variance, a temperature coefficient, a power), of any sign; with a tolerance.
    constraints : (array (c, n), array (c,), array (c,))
        Linear constraints on the setting ``s``: a matrix, and the least and the largest values of its product with
        ``s``. Solved as a mixed-integer program, one instance at a time.
    step : float
        All items and targets are multiples of it (a unit resistor, a converter's step): solved in integers.
    time_limit : float
        Seconds after which the best found is returned, and its status says so. Ctrl-C does the same.
    memory_limit : int
        Bytes that may be taken; a problem that takes more is refused before it is begun.
    progress : callable
        Called with the number of instances (or parts of one) solved since the last call.

    Returns
    -------
    Solution
        Of two subsets equally close, the one whose sum is not above the target; a zero is never chosen unless it
        makes up a count; beyond that, ties are broken by a function of the items and the target alone, never by
        threads or batches.

    Raises
    ------
    InputError
        For empty, non-finite or non-numeric input, shapes that do not broadcast, too many items for the method or
        the memory, contradictory demands, or magnitudes whose sum overflows a double.

    Examples
    --------
    >>> import rescircuit as rc
    >>> solution = rc.subset_sum([0.9, 0.5, 0.3, -0.2], 0.65)
    >>> solution.mask.tolist(), solution.status
    ([True, False, False, True], 'optimal')
    """
    problem = state_problem(
        items,
        targets,
        offset=offset,
        count=count,
        chosen=chosen,
        excluded=excluded,
        best=best,
        tolerance=tolerance,
        cost=cost,
        constraints=constraints,
        step=step,
        time_limit=time_limit,
        memory_limit=memory_limit,
        progress=progress,
    )
    # numba is imported with the first problem, not with the package.
    from rescircuit.subsetsum.exact_summation import subset_totals
    from rescircuit.subsetsum.methods import METHODS, check_method, choose_method

    name = choose_method(problem) if method == "auto" else method
    if name not in METHODS:
        raise InputError("method", f'"auto" or one of {", ".join(METHODS)}', method)
    check_method(name, problem)
    outcome = METHODS[name](problem)

    shape = problem.shape if problem.best is None else (*problem.shape, problem.best)
    several = outcome.bits.reshape(problem.items.shape[0], -1)

    def spread(values: np.ndarray) -> np.ndarray:
        return np.repeat(values, problem.best or 1, axis=1)

    mask, total, residual = subset_totals(problem.items, several, spread(problem.targets), spread(problem.offsets))
    distance = np.abs(residual)
    bound = np.maximum(0.0, distance - outcome.doubt.reshape(distance.shape))
    status = outcome.status.reshape(distance.shape)
    if problem.tolerance is not None:
        bound = np.where((status == OPTIMAL) | (problem.tolerance > 0), 0.0, bound)
    return Solution(
        mask=mask.reshape(*shape, problem.n),
        total=total.reshape(shape)[()],
        residual=residual.reshape(shape)[()],
        bound=bound.reshape(shape)[()],
        status=status.reshape(shape).astype(str) if shape else str(status.item()),
        method=name,
        cost=None if problem.cost is None else (mask @ problem.cost).reshape(shape)[()],
    )
