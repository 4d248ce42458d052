"""Gurobi and HiGHS behind one function each: a small mixed-integer program in, an answer with its bound out.

Measured on items uniform on [-1, 1] and on geometric ones (n from 8 to 21), residuals recomputed from the settings:

- Gurobi 13 with ``IntegralityFocus`` brings the true optimum at every scale from 1 to 2**30, its bound within a last
  bit of it. Without, a residual is off by up to 1e-8 on items of 2**14, from variables that are nearly integers.
- HiGHS (SciPy 1.17) leaves alone whatever would improve the objective by less than 1e-6, a tolerance that SciPy does
  not hand out: with items of order 1 it calls residuals optimal that are not, from n = 15 on. Larger items make this
  harmless, but the larger they are, the more often it ends in a "solve error" (1 in 100 at 2**12, 1 in 20 at 2**20),
  and at 2**30 it calls residuals 20 times the optimum optimal. So it begins with 2**12 and, on an error, tries again
  with less.
"""

from __future__ import annotations

import math
from time import monotonic
from typing import Any, NamedTuple

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import MissingToolError, RescircuitError

__all__ = ["Answer", "Program", "solve_with_gurobi", "solve_with_highs"]

_GUROBI_SCALE = 20  # items of the order of 2**20: the larger, the faster; sums still have 30 bits below 1
_GUROBI_TOLERANCE = 1e-9  # the tightest that it takes
_NEGLIGIBLE = 1e-9  # of the largest item: Gurobi was seen to leave smaller ones out of its bound, one time in 250
_HIGHS_SCALES = (12, 10, 7, 4, 0)
_HIGHS_IMPROVEMENT, _HIGHS_TOLERANCE = 1e-6, 1e-7  # its own, which SciPy leaves as they are


class Program(NamedTuple):
    """Minimise ``|sum(s * items) - target|`` over ``s`` in {0, 1}^n with ``low <= rows @ s <= high``.

    Attributes
    ----------
    items : array (n,)
        The largest magnitude from 1/2 to 1, or all 0.
    target : float
        Not above the largest sum, nor below the smallest.
    rows : array (m, n)
        The largest magnitude of each row from 1/2 to 1.
    low, high : array (m,)
        May be infinite.
    """

    items: Array
    target: float
    rows: Array
    low: Array
    high: Array


class Answer(NamedTuple):
    """What a solver says.

    Attributes
    ----------
    values : array (n,) or None
        The setting as the solver has it, nearly 0 or 1; None without one.
    bound : float
        The solver's lower bound on the objective, at least 0.
    tolerance : float
        How far its tolerances may have lifted that bound above the true optimum.
    finished : bool
        Whether it claims to be done, and not to have run out of time.
    """

    values: Array | None
    bound: float
    tolerance: float
    finished: bool


def solve_with_gurobi(program: Program, seconds: float) -> tuple[Answer, str]:
    """Gurobi's answer, within so many seconds or until Ctrl-C, and its name and version.

    Raises
    ------
    MissingToolError
        Without gurobipy, or where its licence has expired or does not reach.
    """
    try:
        import gurobipy as gp
    except ImportError:
        raise _no_gurobi("gurobipy", "Install it (pip install gurobipy)") from None
    try:
        env = gp.Env(params={"OutputFlag": 0})
    except gp.GurobiError as error:
        raise _no_gurobi("A valid Gurobi licence", _said(error)) from None
    name = "Gurobi " + ".".join(map(str, gp.gurobi.version()))
    reach = (gp.GRB.Error.NO_LICENSE, gp.GRB.Error.SIZE_LIMIT_EXCEEDED)
    with env, gp.Model(env=env) as model:
        _set_parameters(model, seconds)
        objective, matrix, low, high = _as_linear(program, _GUROBI_SCALE)
        n = program.items.size
        upper = np.append(np.ones(n), math.inf)
        x = model.addMVar(n + 1, ub=upper, obj=objective, vtype=np.array(["B"] * n + ["C"]))
        for rows, sides, sense in ((np.isfinite(low), low, ">"), (np.isfinite(high), high, "<")):
            if rows.any():
                model.addMConstr(matrix[rows], x, sense, sides[rows])
        try:
            model.optimize()
        except gp.GurobiError as error:
            if error.errno in reach:
                raise _no_gurobi("A Gurobi licence that reaches", _said(error)) from None
            raise
        values = np.asarray(x.X)[:n] if model.SolCount else None
        infeasible = model.Status in (gp.GRB.INFEASIBLE, gp.GRB.INF_OR_UNBD)
        bound = math.inf if infeasible else max(0.0, float(model.ObjBound))
        answer = Answer(
            values=values,
            bound=math.ldexp(bound, -_GUROBI_SCALE),
            tolerance=_rounding(program, _GUROBI_SCALE, _GUROBI_TOLERANCE),
            finished=infeasible or model.Status == gp.GRB.OPTIMAL,
        )
    return answer, name


def solve_with_highs(program: Program, seconds: float) -> tuple[Answer, str]:
    """The answer of HiGHS as SciPy brings it, within so many seconds, and its name and version.

    Ctrl-C takes effect when HiGHS returns, which the time limit bounds. About once in 5,000 instances it prints a
    line of its own to standard output (``HighsMipSolverData::transformNewIntegerFeasibleSolution ...``), which no
    option can prevent.

    Raises
    ------
    RescircuitError
        Where HiGHS ends in an error at every scale.
    """
    import scipy

    end = monotonic() + seconds
    name = f"HiGHS (SciPy {scipy.__version__})"
    message = ""
    for scale in _HIGHS_SCALES:
        found = _run_highs(program, scale, max(0.0, end - monotonic()))
        if found.status in (_OPTIMAL, _OUT_OF_TIME, _INFEASIBLE):
            bound = math.inf if found.status == _INFEASIBLE else max(0.0, float(found.mip_dual_bound or 0.0))
            answer = Answer(
                values=None if found.x is None else found.x[: program.items.size],
                bound=math.ldexp(bound, -scale),
                tolerance=math.ldexp(_HIGHS_IMPROVEMENT, -scale) + _rounding(program, scale, _HIGHS_TOLERANCE),
                finished=found.status in (_OPTIMAL, _INFEASIBLE),
            )
            return answer, name
        message = " ".join(str(found.message).split())
    raise RescircuitError(f"{name} ended in an error at every scale, and says: {message}")


_OPTIMAL, _OUT_OF_TIME, _INFEASIBLE = range(3)  # as SciPy numbers them


def _run_highs(program: Program, scale: int, seconds: float) -> Any:
    from scipy import optimize

    scipy: Any = optimize  # whose types take the defaults, which are numbers, for all that may come
    objective, matrix, low, high = _as_linear(program, scale)
    setting = np.append(np.ones(program.items.size), 0.0)
    return scipy.milp(
        c=objective,
        constraints=scipy.LinearConstraint(matrix, low, high),
        integrality=setting,
        bounds=scipy.Bounds(0.0, np.where(setting, 1.0, math.inf)),
        options={"mip_rel_gap": 0.0} | ({"time_limit": seconds} if math.isfinite(seconds) else {}),
    )


def _as_linear(program: Program, scale: int) -> tuple[Array, Array, Array, Array]:
    """Objective (n + 1,), matrix (2 + m, n + 1) and its bounds, over the setting and the residual's magnitude.

    The last variable is at least the residual and at least its negative. Rows of the side constraints get the scale
    of the items, so that they are kept as strictly.
    """
    items, target = np.ldexp(program.items, scale), math.ldexp(program.target, scale)
    ones = np.ones((2, 1))
    matrix = np.block(
        [
            [np.stack([items, items]), ones * [[-1.0], [1.0]]],
            [np.ldexp(program.rows, scale), np.zeros((program.rows.shape[0], 1))],
        ]
    )
    low = np.concatenate([[-math.inf, target], np.ldexp(program.low, scale)])
    high = np.concatenate([[target, math.inf], np.ldexp(program.high, scale)])
    return np.append(np.zeros(items.size), 1.0), matrix, low, high


def _set_parameters(model: Any, seconds: float) -> None:
    model.Params.MIPGap = model.Params.MIPGapAbs = 0.0
    model.Params.FeasibilityTol = model.Params.IntFeasTol = model.Params.OptimalityTol = _GUROBI_TOLERANCE
    model.Params.IntegralityFocus = 1
    if math.isfinite(seconds):
        model.Params.TimeLimit = seconds


def _rounding(program: Program, scale: int, tolerance: float) -> float:
    """What a tolerance on each row and each variable, the roundings of sums, and negligible items come to."""
    sizes = np.abs(program.items)
    n = sizes.size
    return (n + 2) * (math.ldexp(tolerance, -scale) + (n + 2) * 2.0**-53) + float(sizes[sizes < _NEGLIGIBLE].sum())


def _no_gurobi(tool: str, remedy: str) -> MissingToolError:
    return MissingToolError(
        tool, 'solver="gurobi"', f'{remedy}, or leave the solver to "auto", which then takes HiGHS.'
    )


def _said(error: Any) -> str:
    return f"Gurobi says: {str(error).strip().rstrip('.')}; renew or extend the licence"
