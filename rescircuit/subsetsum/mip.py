"""The programming problem as a mixed-integer program: for linear side constraints on the setting, and as referee.

    minimise    e
    subject to  -e <= offset + sum(s * items) - target <= e
                low <= constraints @ s <= high,  s in {0, 1}^n

The thesis solved equation (6.1) in this form with Gurobi (da Cunha 2023, section 6.3). Without side constraints the
exact methods are a million times faster, and exact; a solver works in rounded numbers with tolerances. What it brings
is therefore looked at again: its setting is made of zeros and ones and summed exactly, its side constraints are
checked exactly, and its bound is lowered by its tolerances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_array, finite_number, positive_number, whole_number
from rescircuit.errors import InputError, MissingToolError
from rescircuit.subsetsum.mip_solvers import Answer, Program, solve_with_gurobi, solve_with_highs
from rescircuit.subsetsum.solution import BEST_FOUND, INFEASIBLE, OPTIMAL

__all__ = ["NOTHING_FOUND", "MipResult", "solve_mip"]

NOTHING_FOUND = "nothing found"

_SOLVERS = ("auto", "gurobi", "highs")
_MOST_ATTEMPTS = 20  # at a setting that keeps the side constraints exactly, and not only to the solver's tolerance

Mask = NDArray[np.bool_]
Constraints = tuple[Array, Array, Array]


@dataclass(frozen=True, kw_only=True)
class MipResult:
    """What a solver found, checked.

    Attributes
    ----------
    mask : bool array (n,) or None
        ``True`` where the item is chosen; None where no setting was found.
    total : float
        The sum of the offset and the chosen items, correctly rounded; NaN without a setting.
    residual : float
        ``total - target`` before any rounding of the total, correctly rounded once; NaN without a setting.
    bound : float
        No setting that keeps the constraints has a ``|residual|`` below it, as far as the solver can be trusted to
        keep its tolerances: its own bound less `tolerance`, at least 0; ``inf`` where no setting keeps them.
    tolerance : float
        What the solver's tolerances and roundings may come to, in the items' unit.
    status : str
        ``"optimal"``: the solver has finished, and ``|residual|`` is within `tolerance` of its bound.
        ``"best found"``: it was stopped, or its setting is worse than it believes.
        ``"infeasible"``: no setting keeps the constraints.
        ``"nothing found"``: it was stopped before it had any setting.
    contradiction : str
        Where the status is ``"infeasible"`` and a single constraint is to blame, which one and why; else empty.
    solver : str
        Name and version.
    seconds : float
        Wall-clock time.
    """

    mask: Mask | None
    total: float
    residual: float
    bound: float
    tolerance: float
    status: str
    contradiction: str
    solver: str
    seconds: float


def solve_mip(
    items: Any,
    target: Any,
    *,
    offset: float = 0.0,
    count: int | tuple[int, int] | None = None,
    constraints: Any = None,
    solver: str = "auto",
    time_limit: float | None = None,
) -> MipResult:
    """The subset of `items` whose sum is closest to `target`, with side constraints, by a general solver.

    Parameters
    ----------
    items : array (n,)
        Any finite numbers, of any size: they are scaled to where the solver's tolerances bite least.
    target : float
    offset : float
        Added to every sum.
    count : int or (int, int), optional
        Choose exactly so many items, or from so many to so many.
    constraints : (array (m, n), array (m,), array (m,)), optional
        A matrix, and the least and the largest values of its product with the setting; they may be infinite.
    solver : "auto", "gurobi" or "highs"
        ``"auto"`` takes Gurobi where it is installed and its licence reaches, else HiGHS.
    time_limit : float, optional
        Seconds after which the best found is returned, and its status says so. With Gurobi Ctrl-C does the same;
        HiGHS, as SciPy runs it, can't be interrupted: there Ctrl-C takes effect when its time is up.

    Returns
    -------
    MipResult
        Of several subsets equally close the solver takes any.

    Raises
    ------
    InputError
        For input that is not finite, of the wrong shape, or contradicts itself.
    MissingToolError
        With ``"gurobi"``, where it is missing or its licence does not reach.
    RescircuitError
        Where HiGHS ends in an error.

    Examples
    --------
    >>> from rescircuit.subsetsum.mip import solve_mip
    >>> result = solve_mip([0.9, 0.5, 0.3, -0.2], 0.65, count=1, solver="highs")
    >>> result.mask.tolist(), result.status
    ([False, True, False, False], 'optimal')
    """
    start = monotonic()
    values, goal, base = _checked_items(items, target, offset)
    matrix, low, high, names = _checked_constraints(count, constraints, values.size)
    if solver not in _SOLVERS:
        raise InputError("solver", '"auto", "gurobi" or "highs"', solver)
    limit = math.inf if time_limit is None else positive_number("time_limit", time_limit, "s")
    contradiction = _contradiction(matrix, low, high, names)
    if contradiction:
        return _infeasible(contradiction, "none needed", monotonic() - start)

    program, exponent, outside = _scaled(values, goal, base, (matrix, low, high))
    mask, answer, name = _solve(program, (matrix, low, high), start + limit, solver)
    if math.isinf(answer.bound):
        return _infeasible("", name, monotonic() - start)

    # The gap between target and offset, and what of it is out of reach, are rounded as well.
    rounding = outside * 2.0**-51 + (abs(goal) + abs(base) if base else 0.0) * 2.0**-53
    tolerance = math.ldexp(answer.tolerance, exponent) + rounding
    bound = max(0.0, math.ldexp(answer.bound, exponent) + outside - tolerance)
    if mask is None:
        total = residual = math.nan
        status = NOTHING_FOUND
    else:
        terms = [base, *values[mask].tolist()]
        total, residual = math.fsum(terms), math.fsum([*terms, -goal])
        status = OPTIMAL if answer.finished and abs(residual) <= bound + 2 * tolerance else BEST_FOUND
        bound = min(bound, abs(residual))
    return MipResult(
        mask=mask,
        total=total,
        residual=residual,
        bound=bound,
        tolerance=tolerance,
        status=status,
        contradiction="",
        solver=name,
        seconds=monotonic() - start,
    )


def _solve(program: Program, kept: Constraints, end: float, solver: str) -> tuple[Mask | None, Answer, str]:
    """A setting that keeps the side constraints exactly, if one was found, and what the solver said last."""
    attempts = 1
    while True:
        answer, name = _run(program, max(0.0, end - monotonic()), solver)
        mask = None if answer.values is None else answer.values > 0.5
        if mask is None or _keeps(mask, *kept):
            return mask, answer, name
        if attempts == _MOST_ATTEMPTS or monotonic() > end:
            return None, answer, name
        program = _without(program, mask)
        attempts += 1


def _run(program: Program, seconds: float, solver: str) -> tuple[Answer, str]:
    """The answer of the solver that is meant."""
    if solver != "highs":
        try:
            return solve_with_gurobi(program, seconds)
        except MissingToolError:
            if solver == "gurobi":
                raise
    return solve_with_highs(program, seconds)


def _infeasible(contradiction: str, name: str, seconds: float) -> MipResult:
    return MipResult(
        mask=None,
        total=math.nan,
        residual=math.nan,
        bound=math.inf,
        tolerance=0.0,
        status=INFEASIBLE,
        contradiction=contradiction,
        solver=name,
        seconds=seconds,
    )


def _scaled(values: Array, goal: float, base: float, constraints: Constraints) -> tuple[Program, int, float]:
    """The program in numbers of order 1; the exponent of its unit; how far the target is out of reach.

    Scaling is by powers of two and thus exact. A target out of reach is moved to the end of the range, from where
    the best subset is the same, and all residuals are smaller by as much.
    """
    exponent = int(np.frexp(np.abs(values).max())[1])
    lowest, highest = math.fsum(values[values < 0]), math.fsum(values[values > 0])
    gap = goal - base
    near = min(max(gap, lowest), highest)
    matrix, low, high = constraints
    # Limits that no setting reaches are left out: a solver may stumble over their size.
    low = np.where(low > np.minimum(matrix, 0.0).sum(axis=1), low, -np.inf)
    high = np.where(high < np.maximum(matrix, 0.0).sum(axis=1), high, np.inf)
    shifts = np.frexp(np.abs(matrix).max(axis=1, initial=0.0))[1]
    program = Program(
        items=np.ldexp(values, -exponent),
        target=math.ldexp(near, -exponent),
        rows=np.ldexp(matrix, -shifts[:, np.newaxis]),
        low=np.ldexp(low, -shifts),
        high=np.ldexp(high, -shifts),
    )
    return program, exponent, abs(gap - near)


def _without(program: Program, mask: Mask) -> Program:
    """The same without one setting: some chosen item goes, or some other one comes.

    That setting keeps the side constraints to the solver's tolerance only. It is not allowed, so that the bound on
    what is left holds for all that are.
    """
    change = np.where(mask, -1.0, 1.0)
    return program._replace(
        rows=np.vstack([program.rows, 0.5 * change]),
        low=np.append(program.low, 0.5 * (1.0 - mask.sum())),
        high=np.append(program.high, np.inf),
    )


def _keeps(mask: Mask, matrix: Array, low: Array, high: Array) -> bool:
    """Whether a setting keeps the side constraints, exactly on the doubles given."""
    sums = [math.fsum(row[mask]) for row in matrix]
    return all(a <= value <= b for a, value, b in zip(low, sums, high, strict=True))


def _contradiction(matrix: Array, low: Array, high: Array, names: list[str]) -> str:
    """The first constraint that no setting keeps, and why; empty if each is kept by some, as far as its range tells."""
    for row, a, b, name in zip(matrix, low, high, names, strict=True):
        least, most = math.fsum(row[row < 0]), math.fsum(row[row > 0])
        if a > most:
            return f"{name} asks for at least {a:g}, and all settings give at most {most:g}"
        if b < least:
            return f"{name} asks for at most {b:g}, and all settings give at least {least:g}"
    return ""


def _checked_items(items: Any, target: Any, offset: Any) -> tuple[Array, float, float]:
    values = finite_array("items", items)
    if values.ndim != 1:
        raise InputError("items", "an array (n,), one instance", f"shape {values.shape}")
    goal, base = finite_number("target", target), finite_number("offset", offset)
    with np.errstate(over="ignore"):
        reach = float(np.abs(values).sum()) + abs(goal) + abs(base)
    if not reach < np.finfo(np.float64).max / 4:
        raise InputError("items", "numbers whose magnitudes sum well within a double", reach, "Scale them.")
    return values, goal, base


def _checked_constraints(count: Any, constraints: Any, n: int) -> tuple[Array, Array, Array, list[str]]:
    """All side constraints as one matrix with its bounds, and what to call each."""
    matrix, low, high = np.empty((0, n)), np.empty(0), np.empty(0)
    if constraints is not None:
        matrix, low, high = _checked_triple(constraints, n)
    names = [f"constraint {k}" for k in range(low.size)]
    if count is not None:
        least, most = _checked_count(count, n)
        matrix, low, high = np.vstack([matrix, np.ones(n)]), np.append(low, least), np.append(high, most)
        names.append("count")
    return matrix, low, high, names


def _checked_triple(constraints: Any, n: int) -> Constraints:
    required = f"a triple of a matrix (m, {n}), least values (m,) and largest values (m,)"
    try:
        matrix, low, high = constraints
        low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    except (TypeError, ValueError):
        raise InputError("constraints", required, constraints) from None
    matrix = finite_array("constraints", matrix, allow_empty=True)
    if matrix.ndim != 2 or matrix.shape[1] != n or low.shape != matrix.shape[:1] or high.shape != low.shape:
        raise InputError("constraints", required, f"shape {matrix.shape}, {low.shape} and {high.shape}")
    for k, (a, b) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        if not a <= b:  # NaN neither
            raise InputError(f"constraints at index {k}", "a least value not above the largest", (a, b))
    return matrix, low, high


def _checked_count(count: Any, n: int) -> tuple[int, int]:
    required = "a whole number, or a pair of the least and the largest"
    try:
        low, high = (count, count) if np.ndim(count) == 0 else count
    except (TypeError, ValueError):
        raise InputError("count", required, count) from None
    low, high = whole_number("count", low, 0, n), whole_number("count", high, 0)
    if low > high:
        raise InputError("count", "a pair whose first is not above its second", (low, high))
    return low, min(high, n)
