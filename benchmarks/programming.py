"""Programming banks: our exact solver against general ones, on the same instances, in one run."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np

import rescircuit as rc
from benchmarks.report import RESULTS, apart, seconds, show, table

Solver = Callable[[np.ndarray, float], np.ndarray]

# What is measured: items, instances with items of their own or targets of one bank, runs, and what others took.
WORK = (
    (12, 400_000, "own", 5, ""),
    (21, 397_000, "own", 3, "21.5 h on 36 cores, Gurobi (Pensia et al. 2020, experiment 1)"),
    (30, 2_572, "own", 3, "1 h on 32 cores, Gurobi (da Cunha 2023, section 4.3)"),
    (40, 1, "own", 15, ""),
    (50, 1, "own", 5, ""),
    (60, 1, "own", 1, ""),
    (20, 1_000_000, "one bank", 5, ""),
)
PEERS = (10, 15, 18, 21)
INSTANCES_FOR_PEERS = 3
LONGEST_PEER = 60.0  # seconds an instance, after which a peer is not asked for larger ones

SIZES = {
    "codebook": (8, 12, 16, 20, 24),
    "meet in the middle": (8, 12, 16, 20, 24, 28, 32, 36, 40, 44),
    "repeated scans": (36, 40, 44, 48, 52, 56),
    "counted": (8, 12, 16, 20, 24, 28, 32, 36),
    "halves": (8, 12, 16, 20, 24, 28, 32, 36),
    "integers": (8, 16, 24, 32, 40, 48, 56, 64),
}


def run() -> str:
    """All tables, in Markdown; the plot of time against n goes beside them."""
    return f"{_ours()}\n{_peers()}\n{_methods()}"


def instances(n: int, count: int, kind: str = "own") -> tuple[np.ndarray, np.ndarray]:
    """Items uniform on [-1, 1] as in Lueker's theorem, targets likewise, at a fixed seed."""
    rng = np.random.default_rng(n)
    return rng.uniform(-1, 1, n if kind == "one bank" else (count, n)), rng.uniform(-1, 1, count)


def timed(n: int, count: int, kind: str, repeat: int) -> tuple[float, float, bool, str]:
    """Seconds, median |residual|, whether all were proved optimal exactly, and the method."""
    items, targets = instances(n, count, kind)
    rc.subset_sum(*instances(min(n, 20), min(count, 2), kind))  # compilation is not counted
    times, solution = [], None
    for _ in range(repeat):
        start = perf_counter()
        solution = rc.subset_sum(items, targets)
        times.append(perf_counter() - start)
    distance = np.abs(solution.residual)
    proved = bool(np.all(solution.status == "optimal") and np.all(solution.bound == distance))
    return float(np.median(times)), float(np.median(distance)), proved, solution.method


def _ours() -> str:
    rows = []
    for n, count, kind, repeat, elsewhere in WORK:
        (taken, error, proved, method), memory = apart(timed, n, count, kind, repeat)
        what = f"{count:,} targets of one bank" if kind == "one bank" else f"{count:,}"
        sure = "all" if proved else "not all"
        rows.append([str(n), what, show(taken), show(taken / count), f"{error:.1e}", sure, method, memory, elsewhere])
    columns = ["n", "instances", "time", "each", "median residual", "proved optimal exactly", "method"]
    return "Settings, residuals and proofs included, all cores:\n\n" + table(
        [*columns, "peak memory", "elsewhere"], rows
    )


def _peers() -> str:
    rows, slow = [], set()
    for n in PEERS:
        items, targets = instances(n, INSTANCES_FOR_PEERS)
        batch = apart(timed, n, 50_000, "own", 3)[0][0] / 50_000
        best = np.abs(rc.subset_sum(items, targets).residual)
        rows.append([str(n), "rescircuit, in a batch", show(batch), "1", "1"])
        for name, solve in (("Gurobi", gurobi), ("HiGHS (SciPy)", highs), ("CP-SAT", cp_sat)):
            if name in slow:
                continue
            residuals, start = [], perf_counter()
            for row, target in zip(items, targets, strict=True):
                residuals.append(abs(row[solve(row, target)].sum() - target))
            taken = (perf_counter() - start) / len(items)
            if taken > LONGEST_PEER / 4:
                slow.add(name)
            ratios = np.array(residuals) / best
            rows.append(
                [str(n), name, show(taken), f"{taken / batch:,.0f}", f"{ratios.min():.3g} to {ratios.max():.3g}"]
            )
    columns = ["n", "solver", "an instance", "times slower", "residual / ours"]
    return "The same instances, residuals recomputed from the settings:\n\n" + table(columns, rows)


def _methods() -> str:
    rows, curves = [], {}
    for method, sizes in SIZES.items():
        for n in sizes:
            taken = _one_instance(method, n)
            curves.setdefault(method, []).append((n, taken))
        rows.append([method, *(f"{n}: {show(taken)}" for n, taken in curves[method][-4:])])
    _plot(curves)
    longest = max(map(len, rows))
    return "One instance by each method, the largest sizes measured:\n\n" + table(
        ["method", *[""] * (longest - 1)], [row + [""] * (longest - len(row)) for row in rows]
    )


def _one_instance(method: str, n: int) -> float:
    items, targets = instances(n, 1)
    demands: dict[str, object] = {"method": method}
    if method == "counted":
        demands["count"] = n // 2
    elif method == "halves":
        demands["best"] = 10
    elif method == "codebook":
        items = items[0]
    elif method == "integers":
        demands["step"] = 1.0
        items, targets = np.rint(items * 2**16), np.rint(targets * 2**16)
    return seconds(lambda: rc.subset_sum(items, targets, **demands), repeat=1 if n > 50 else 3)


def _plot(curves: dict[str, list[tuple[int, float]]]) -> None:
    """Time against n, for the documentation."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.6), layout="constrained")
    for method, points in curves.items():
        axes.plot(*zip(*points, strict=True), "o-", ms=4, label=method)
    axes.set_yscale("log")
    axes.set_xlabel("items, n")
    axes.set_ylabel("time for one instance (s)")
    axes.set_title("Exact programming: time against n")
    axes.grid(True, alpha=0.3)
    axes.legend()
    RESULTS.mkdir(exist_ok=True)
    figure.savefig(RESULTS / "programming_time.png", dpi=130)
    plt.close(figure)


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
