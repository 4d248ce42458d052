"""General solvers against our exact methods and against brute force: none may beat them, their bounds must hold."""

from __future__ import annotations

import itertools
import math
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.subsetsum import mip, mip_solvers
from rescircuit.subsetsum.mip import solve_mip

RNG = np.random.default_rng(20260404)


@pytest.fixture(params=["gurobi", "highs"])
def solver(request):
    """The name of a solver that is here."""
    return request.param if request.param == "highs" else the_gurobi()


def the_gurobi():
    try:
        solve_mip([1.0], 1.0, solver="gurobi")
    except rc.MissingToolError as error:
        pytest.skip(str(error))
    return "gurobi"


def every_setting(n):
    return np.array(list(itertools.product([False, True], repeat=n)))


def best_allowed(items, target, allowed):
    """The smallest distance of all settings that `allowed`, a function of the settings (s, n), lets through."""
    settings = every_setting(len(items))
    settings = settings[allowed(settings)]
    return min((abs(math.fsum([*items[mask], -target])) for mask in settings), default=math.inf)


def check_certificate(items, target, result):
    assert result.residual == math.fsum([*np.asarray(items)[result.mask], -target])
    assert result.total == math.fsum(np.asarray(items)[result.mask])
    assert result.bound <= abs(result.residual)
    if result.status == "optimal":
        assert abs(result.residual) - result.bound <= 3 * result.tolerance


def laws(n):
    geometric = 1.7 ** -np.arange(n) * RNG.normal(1, 0.01, n)
    return {
        "uniform": (RNG.uniform(-1, 1, n), RNG.uniform(-1, 1)),
        "geometric": (geometric, RNG.uniform(0, 1) * geometric.sum()),
        "siemens": (RNG.uniform(0.8e-6, 1.2e-6, n), RNG.uniform(0, n) * 1e-6),
        "out of reach": (RNG.uniform(-1, 1, n), 1e6),
        "ties": (RNG.integers(-3, 4, n).astype(float), 2.5),
        "equal": (np.full(n, 0.1), 0.234),
        "far apart": (RNG.choice([-1, 1], n) * 10.0 ** RNG.integers(-12, 12, n), 1.0),
    }


@pytest.mark.parametrize("n", [1, 2, 6, 9, 12])
def test_a_referee_never_beats_the_exact_methods_and_its_bound_holds(n, solver):
    proved = []
    for _ in range(3 if n < 12 else 1):
        for law, (items, target) in laws(n).items():
            ours = rc.subset_sum(items, target)
            result = solve_mip(items, target, solver=solver)
            check_certificate(items, target, result)
            assert abs(ours.residual) <= abs(result.residual), law
            assert result.bound <= abs(ours.residual), law
            proved.append(result.status == "optimal")
            if proved[-1]:
                assert abs(result.residual) <= abs(ours.residual) + 3 * result.tolerance, law
    assert sum(proved) >= 0.8 * len(proved)  # now and then a solver is worse than it believes, and its answer says so


def test_at_fourteen_items_the_optimum_is_found(solver):
    items, target = RNG.uniform(-1, 1, 14), 0.1
    result = solve_mip(items, target, solver=solver)
    assert result.status == "optimal"
    assert abs(result.residual) == pytest.approx(abs(rc.subset_sum(items, target).residual), rel=1e-6)
    assert result.solver.lower().startswith(solver)
    assert 0 < result.seconds < 60


@pytest.mark.parametrize("unit", [1e-300, 1e-9, 1e9, 1e300])
def test_the_unit_does_not_matter(unit, solver):
    items, target = RNG.uniform(0.5, 1.5, 9), 3.3
    plain, scaled = (solve_mip(items * factor, target * factor, solver=solver) for factor in (1.0, unit))
    assert np.array_equal(plain.mask, scaled.mask)
    assert scaled.residual / unit == pytest.approx(plain.residual, rel=1e-9, abs=1e-15)
    assert plain.status == scaled.status == "optimal"
    assert scaled.tolerance / unit == pytest.approx(plain.tolerance, rel=1.01)


@pytest.mark.parametrize("count", [0, 3, 10, (2, 4), (7, 99), (0, 10)])
def test_counts_against_brute_force(count, solver):
    items, target = RNG.uniform(-1, 1, 10), 0.4
    low, high = (count, count) if isinstance(count, int) else count
    result = solve_mip(items, target, count=count, solver=solver)
    check_certificate(items, target, result)
    best = best_allowed(items, target, lambda s: (s.sum(axis=1) >= low) & (s.sum(axis=1) <= high))
    assert abs(result.residual) == pytest.approx(best, rel=1e-6)
    assert low <= result.mask.sum() <= high
    assert result.bound <= best


@pytest.mark.parametrize("n", [5, 8, 11])
def test_linear_constraints_against_brute_force(n, solver):
    """A power budget, a temperature coefficient near zero, and "not both of the first two", with an offset."""
    for _ in range(4):
        items, target, offset = RNG.uniform(0.5, 1.5, n), 0.35 * n, 0.1
        power, drift = 1e-9 * RNG.uniform(0.5, 1.5, n), 1e3 * RNG.normal(size=n)
        matrix = np.array([power, drift, [1, 1] + [0] * (n - 2)])
        low, high = np.array([-np.inf, -400.0, -np.inf]), np.array([0.4e-9 * n, 400.0, 1.0])

        def allowed(settings, matrix=matrix, low=low, high=high):
            sums = settings @ matrix.T
            return ((sums >= low) & (sums <= high)).all(axis=1)

        result = solve_mip(items, target, offset=offset, constraints=(matrix, low, high), solver=solver)
        best = best_allowed(items, target - offset, allowed)
        if math.isinf(best):
            assert result.status == "infeasible"
            continue
        assert allowed(result.mask[np.newaxis])[0]
        assert result.residual == math.fsum([offset, *items[result.mask], -target])
        assert abs(result.residual) == pytest.approx(best, rel=1e-6)
        assert result.bound <= best * (1 + 1e-12)


def test_a_constraint_missed_by_less_than_the_tolerance_is_missed(solver):
    """The closest setting breaks its limit by the last bit of a double; exactly that one is not allowed."""
    items = np.array([1.0, 2.0, 4.0])
    weights = np.array([[0.1, 0.2, 0.7]])
    limit = np.array([0.3])
    assert math.fsum([0.1, 0.2]) > 0.3
    result = solve_mip(items, 3.0, constraints=(weights, np.array([-np.inf]), limit), solver=solver)
    assert result.mask.tolist() == [False, True, False]
    assert result.residual == -1.0
    assert result.status == "optimal"


def test_constraints_that_contradict_each_other_are_infeasible(solver):
    row = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    result = solve_mip([1.0, 2.0, 3.0], 2.0, constraints=(row, [2.0, 0.0], [2.0, 1.0]), solver=solver)
    assert result.status == "infeasible"
    assert result.mask is None
    assert result.bound == math.inf
    assert math.isnan(result.residual)
    # nor is there a setting between the sums of a row
    result = solve_mip([1.0, 2.0, 3.0], 2.0, constraints=(row[:1], [1.25], [1.75]), solver=solver)
    assert result.status == "infeasible"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"constraints": ([[1, -1], [1, 1]], [-9, 3], [9, 9])},
            "constraint 1 asks for at least 3, and all settings give at most 2",
        ),
        (
            {"constraints": ([[-1, -2]], [-np.inf], [-4])},
            "constraint 0 asks for at most -4, and all settings give at least -3",
        ),
    ],
)
def test_one_constraint_that_no_setting_keeps_is_named(options, says):
    result = solve_mip([1.0, 2.0], 1.0, **options)
    assert result.status == "infeasible"
    assert result.contradiction == says


def test_without_gurobi_highs_answers_and_gurobi_is_missed_kindly(monkeypatch):
    monkeypatch.setitem(sys.modules, "gurobipy", None)
    assert solve_mip([1.0, 2.0], 2.2).solver.startswith("HiGHS")
    with pytest.raises(rc.MissingToolError) as caught:
        solve_mip([1.0, 2.0], 2.2, solver="gurobi")
    assert "pip install gurobipy" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_expired_licence_falls_back_to_highs(monkeypatch):
    gp = pytest.importorskip("gurobipy")

    def expired(**_):
        raise gp.GurobiError(gp.GRB.Error.NO_LICENSE, "License expired 2026-11-29")

    monkeypatch.setattr(gp, "Env", expired)
    assert solve_mip([1.0, 2.0], 2.2).solver.startswith("HiGHS")
    with pytest.raises(rc.MissingToolError, match="Gurobi says: License expired 2026-11-29; renew"):
        solve_mip([1.0, 2.0], 2.2, solver="gurobi")


def test_a_model_beyond_the_bundled_licence_falls_back_to_highs():
    """It ends at 2,000 variables. All items alike and one to choose: any solver does that at once."""
    pytest.importorskip("gurobipy")
    items = np.ones(2100)
    try:
        result = solve_mip(items, 1.0, solver="gurobi")
    except rc.MissingToolError as error:
        assert "size-limited" in str(error)
        result = solve_mip(items, 1.0, time_limit=20)
        assert result.solver.startswith("HiGHS")
    assert result.residual == 0.0


def test_an_error_of_highs_is_tried_again_on_a_smaller_scale(monkeypatch):
    """First it ends in an error, as it does now and then; then it answers."""
    right, scales = mip_solvers._run_highs, []

    def unsteady(program, scale, seconds):
        scales.append(scale)
        found = right(program, scale, seconds)
        if len(scales) < 3:
            found.status, found.x, found.message = 4, None, "(HiGHS Status 4: Solve\nerror)"
        return found

    monkeypatch.setattr(mip_solvers, "_run_highs", unsteady)
    assert solve_mip([1.0, 2.0, 4.0], 3.1, solver="highs").mask.tolist() == [True, True, False]
    assert scales == [12, 10, 7]

    monkeypatch.setattr(mip_solvers, "_HIGHS_SCALES", (3, 1))
    scales.clear()
    with pytest.raises(rc.RescircuitError, match=r"HiGHS .* ended in an error at every scale, and says: .*Solve error"):
        solve_mip([1.0, 2.0, 4.0], 3.1, solver="highs")


def test_when_the_time_is_up_the_best_found_is_marked(solver):
    items = np.random.default_rng(1).uniform(-1, 1, 40)
    result = solve_mip(items, 0.123, solver=solver, time_limit=0.4)
    assert result.status in {"best found", "nothing found"}
    assert result.seconds < 5
    if result.mask is not None:
        check_certificate(items, 0.123, result)
    assert result.bound <= abs(rc.subset_sum(items, 0.123).residual)
    none = solve_mip(items, 0.123, solver=solver, time_limit=1e-9)
    assert none.status in {"best found", "nothing found"}
    assert none.bound <= result.bound + none.tolerance + result.tolerance


def test_ctrl_c_ends_gurobi_with_the_best_found():
    the_gurobi()
    items = np.random.default_rng(1).uniform(-1, 1, 40)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    result = solve_mip(items, 0.123, solver="gurobi", time_limit=20)
    timer.join()
    assert result.seconds < 10
    assert result.status == "best found"
    check_certificate(items, 0.123, result)


def test_nothing_is_printed(solver):
    script = f"from rescircuit.subsetsum.mip import solve_mip; solve_mip([0.5, 0.7, 0.9], 1.3, solver={solver!r})"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == run.stderr == ""


def test_a_setting_worse_than_the_solver_believes_is_not_called_optimal(monkeypatch):
    """What variables that are nearly integers do: a residual of 0 that is none once they are rounded."""

    def believes(program, _seconds):
        values = np.where(np.arange(program.items.size) == 0, 1 - 1e-10, 1e-10)
        return mip_solvers.Answer(values=values, bound=0.0, tolerance=1e-12, finished=True), "a solver"

    monkeypatch.setattr(mip, "solve_with_gurobi", believes)
    result = solve_mip([1.0, 5.0], 1.5)
    assert result.residual == -0.5
    assert result.bound == 0.0
    assert result.status == "best found"


@pytest.mark.parametrize(
    ("items", "target", "options", "says"),
    [
        ([], 1.0, {}, "items must be finite numbers, at least one"),
        ([1.0, math.nan], 1.0, {}, "items at index 1 must be finite"),
        ([[1.0]], 1.0, {}, "items must be an array (n,), one instance"),
        ([1e308, 1e308], 1.0, {}, "well within a double"),
        ([1.0], math.inf, {}, "target must be a finite number"),
        ([1.0], [1.0, 2.0], {}, "target must be a finite number"),
        ([1.0], 1.0, {"offset": "x"}, "offset must be a finite number"),
        ([1.0], 1.0, {"count": 2}, "count must be a whole number from 0 to 1, got 2"),
        ([1.0], 1.0, {"count": (1, 0)}, "count must be a pair whose first is not above its second"),
        ([1.0], 1.0, {"count": (0, 1, 2)}, "count must be a whole number, or a pair"),
        ([1.0], 1.0, {"count": 0.5}, "count must be a whole number from 0 to 1"),
        ([1.0], 1.0, {"constraints": 3}, "constraints must be a triple"),
        ([1.0], 1.0, {"constraints": ([[1.0, 2.0]], [0], [1])}, "got shape (1, 2), (1,) and (1,)"),
        ([1.0], 1.0, {"constraints": ([[1.0]], [0, 0], [1])}, "got shape (1, 1), (2,) and (1,)"),
        ([1.0], 1.0, {"constraints": ([[math.inf]], [0], [1])}, "constraints at index (0, 0) must be finite"),
        ([1.0], 1.0, {"constraints": ([[1.0]], [math.nan], [1])}, "constraints at index 0 must be a least value not"),
        ([1.0], 1.0, {"constraints": ([[1.0]], [2], [1])}, "constraints at index 0 must be a least value not"),
        ([1.0], 1.0, {"solver": "cplex"}, 'solver must be "auto", "gurobi" or "highs"'),
        ([1.0], 1.0, {"time_limit": 0}, "time_limit must be a finite number above 0 (s)"),
    ],
)
def test_bad_input_gets_one_clear_line(items, target, options, says):
    with pytest.raises(rc.InputError) as caught:
        solve_mip(items, target, **options)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
