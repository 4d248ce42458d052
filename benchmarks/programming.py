"""Programming banks: our exact solver against general ones, on the same instances, in one run."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np

import rescircuit as rc
from benchmarks.report import peak_memory, seconds, show, table

Solver = Callable[[np.ndarray, float], np.ndarray]

OURS = ((10, 400_000), (12, 400_000), (16, 200_000), (21, 50_000), (30, 2_572), (40, 16))
PEERS = (10, 15, 18)
INSTANCES_FOR_PEERS = 3


def run() -> str:
    """Both tables, in Markdown."""
    return f"{_ours()}\n{_peers()}"


def instances(n: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Items uniform on [-1, 1] as in Lueker's theorem, targets likewise, at a fixed seed."""
    rng = np.random.default_rng(n)
    return rng.uniform(-1, 1, (count, n)), rng.uniform(-1, 1, count)


def _ours() -> str:
    rows = []
    for n, count in OURS:
        items, targets = instances(n, count)
        taken = seconds(lambda items=items, targets=targets: rc.subset_sum(items, targets))
        error = np.median(np.abs(rc.subset_sum(items, targets).residual))
        rows.append([str(n), f"{count:,}", show(taken), show(taken / count), f"{error:.1e}", peak_memory()])
    columns = ["n", "own-items instances", "time", "an instance", "median residual", "peak memory so far"]
    return "Exact, proved, settings included, all cores:\n\n" + table(columns, rows)


def _peers() -> str:
    rows = []
    for n in PEERS:
        items, targets = instances(n, INSTANCES_FOR_PEERS)
        many_items, many_targets = instances(n, 20_000)
        batch = seconds(lambda items=many_items, targets=many_targets: rc.subset_sum(items, targets)) / 20_000
        best = np.abs(rc.subset_sum(items, targets).residual)
        rows.append([str(n), "rescircuit, in a batch", show(batch), "1", "1"])
        for name, solve in (("Gurobi", gurobi), ("HiGHS (SciPy)", highs), ("CP-SAT", cp_sat)):
            residuals, start = [], perf_counter()
            for row, target in zip(items, targets, strict=True):
                residuals.append(abs(row[solve(row, target)].sum() - target))
            taken = (perf_counter() - start) / len(items)
            worse = np.max(np.array(residuals) / best)
            rows.append([str(n), name, show(taken), f"{taken / batch:,.0f}", f"{worse:.3g}"])
    columns = ["n", "solver", "an instance", "times slower", "worst residual / ours"]
    return "The same instances, residuals recomputed from the settings:\n\n" + table(columns, rows)


def gurobi(items: np.ndarray, target: float) -> np.ndarray:
    """Equation (6.1) as a mixed-integer program, tolerances at their tightest."""
    import gurobipy as gp

    with gp.Env(params={"OutputFlag": 0}) as env, gp.Model(env=env) as model:
        model.Params.MIPGap, model.Params.MIPGapAbs, model.Params.FeasibilityTol = 0, 0, 1e-9
        s = model.addMVar(items.size, vtype="B")
        error = model.addVar()
        model.addConstr(items @ s - target <= error)
        model.addConstr(target - items @ s <= error)
        model.setObjective(error)
        model.optimize()
        return np.asarray(s.X) > 0.5


def highs(items: np.ndarray, target: float) -> np.ndarray:
    """The same through SciPy's HiGHS."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    n = items.size
    rows = np.block([[items, -np.ones(1)], [-items, -np.ones(1)]])
    found = milp(
        c=np.append(np.zeros(n), 1.0),
        constraints=LinearConstraint(rows, ub=[target, -target]),
        integrality=np.append(np.ones(n), 0),
        bounds=Bounds(0, np.append(np.ones(n), np.inf)),
        options={"mip_rel_gap": 0.0},
    )
    return found.x[:n] > 0.5


def cp_sat(items: np.ndarray, target: float) -> np.ndarray:
    """The same on integers of 1e-12, the finest grid that its sums allow."""
    from ortools.sat.python import cp_model

    scale = 1e12
    model = cp_model.CpModel()
    s = [model.new_bool_var("") for _ in items]
    error = model.new_int_var(0, int(scale * items.size), "")
    total = sum(round(value * scale) * chosen for value, chosen in zip(items, s, strict=True))
    model.add(total - round(target * scale) <= error)
    model.add(round(target * scale) - total <= error)
    model.minimize(error)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    solver.solve(model)
    return np.array([solver.value(chosen) == 1 for chosen in s])
