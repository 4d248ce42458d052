"""What circuits ask of the programming problem, each against all subsets in rational arithmetic."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.subsetsum import meet_in_the_middle, methods, repeated_scans, tasks
from rescircuit.subsetsum.methods import METHODS, choose_method
from rescircuit.subsetsum.problem import state_problem

RNG = np.random.default_rng(31)

LAWS = {
    "uniform": lambda n: RNG.uniform(-1, 1, n),
    "positive": lambda n: RNG.uniform(0.8, 1.2, n),
    "ties": lambda n: RNG.integers(-3, 4, n).astype(float),
    "decimal near-ties": lambda n: RNG.integers(1, 400, n) / 1000,
    "far apart": lambda n: RNG.choice([-1, 1], n) * 10.0 ** RNG.integers(-12, 12, n) * RNG.uniform(1, 2, n),
}


def every(items, target, offset=0.0):
    """All subsets as (mask, exact residual)."""
    exact = [Fraction(float(x)) for x in items]
    start = Fraction(float(offset)) - Fraction(float(target))
    for mask in itertools.product([False, True], repeat=len(items)):
        yield np.array(mask), start + sum((x for x, s in zip(exact, mask, strict=True) if s), Fraction(0))


def sample(law, n):
    items = LAWS[law](n)
    return items, RNG.uniform(-0.5, 1.0) * np.abs(items).sum()


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("n", [1, 4, 9])
@pytest.mark.parametrize("method", ["codebook", "meet in the middle", "repeated scans", "counted"])
def test_every_method_finds_the_optimum(method, law, n):
    for _ in range(5):
        items, target = sample(law, n)
        solution = rc.subset_sum(items, target, method=method)
        best = min(abs(residual) for _, residual in every(items, target))
        assert abs(solution.residual) == float(best) == solution.bound
        assert solution.status == "optimal"
        assert solution.method == method


@pytest.mark.parametrize("law", LAWS)
def test_stuck_items_and_offsets(law):
    for _ in range(8):
        items, target = sample(law, 8)
        offset = float(RNG.normal())
        kind = RNG.integers(0, 4, 8)
        chosen, excluded = kind == 0, kind == 1
        allowed = [
            residual
            for mask, residual in every(items, target, offset)
            if mask[chosen].all() and not mask[excluded].any()
        ]
        solution = rc.subset_sum(items, target, offset=offset, chosen=chosen, excluded=excluded)
        assert abs(solution.residual) == float(min(map(abs, allowed)))
        assert solution.mask[chosen].all()
        assert not solution.mask[excluded].any()
        assert solution.total == math.fsum([offset, *items[solution.mask]])


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("count", [0, 3, 8, (2, 4), (0, 8)])
def test_exactly_or_at_most_so_many(law, count):
    low, high = (count, count) if isinstance(count, int) else count
    items = np.array([LAWS[law](8) for _ in range(6)])
    targets = RNG.uniform(-0.5, 1, 6) * np.abs(items).sum(axis=1)
    solution = rc.subset_sum(items, targets, count=count)
    for k in range(6):
        allowed = [abs(r) for mask, r in every(items[k], targets[k]) if low <= mask.sum() <= high]
        assert abs(solution.residual[k]) == float(min(allowed)) == solution.bound[k]
        assert low <= solution.mask[k].sum() <= high


def test_a_count_together_with_stuck_items():
    for _ in range(10):
        items, target = sample("uniform", 9)
        kind = RNG.integers(0, 4, 9)
        chosen, excluded = kind == 0, kind == 1
        count = int(RNG.integers(chosen.sum(), 9 - excluded.sum() + 1))
        solution = rc.subset_sum(items, target, count=count, chosen=chosen, excluded=excluded)
        allowed = [
            abs(r)
            for mask, r in every(items, target)
            if mask.sum() == count and mask[chosen].all() and not mask[excluded].any()
        ]
        assert abs(solution.residual) == float(min(allowed))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("best", [1, 5, 32])
def test_several_of_the_best_in_order(law, best):
    for _ in range(4):
        items, target = sample(law, 7)
        items = np.where(items == 0, 1.5, items)  # a zero makes no other setting
        distances = sorted(abs(residual) for _, residual in every(items, target))
        solution = rc.subset_sum(items, target, best=best)
        assert solution.mask.shape == (best, 7)
        assert np.abs(solution.residual).tolist() == [float(x) for x in distances[:best]]
        assert len({tuple(mask) for mask in solution.mask.tolist()}) == best


@pytest.mark.parametrize("law", ["uniform", "positive", "decimal near-ties", "far apart"])
def test_the_fewest_within_a_tolerance(law):
    for share in (1e-3, 0.02, 0.1):
        items, target = sample(law, 9)
        tolerance = share * np.abs(items).sum()
        within = [mask.sum() for mask, r in every(items, target) if abs(r) <= Fraction(tolerance)]
        solution = rc.subset_sum(items, target, tolerance=tolerance)
        if within:
            assert solution.status == "optimal"
            assert abs(solution.residual) <= tolerance
            assert solution.mask.sum() == min(within)
            size = [abs(r) for mask, r in every(items, target) if mask.sum() == min(within)]
            assert abs(solution.residual) == float(min(size))  # and among those the closest
        else:
            assert solution.status == "infeasible"
            assert abs(solution.residual) == float(min(abs(r) for _, r in every(items, target)))


def test_the_fewest_where_instances_have_different_items_stuck():
    items = RNG.uniform(0.5, 1, (4, 7))
    chosen = np.array([[False] * 7, [True] * 3 + [False] * 4, [True] * 7, [False] * 7])
    excluded = np.array([[False] * 7, [False] * 6 + [True], [False] * 7, [True] * 6 + [False]])
    targets = np.array([2.0, 3.1, items[2].sum(), 0.7])
    solution = rc.subset_sum(items, targets, tolerance=0.25, chosen=chosen, excluded=excluded)
    for k in range(4):
        within = [
            mask.sum()
            for mask, r in every(items[k], targets[k])
            if abs(r) <= 0.25 and mask[chosen[k]].all() and not mask[excluded[k]].any()
        ]
        assert solution.status[k] == ("optimal" if within else "infeasible")
        assert not within or solution.mask[k].sum() == min(within)


@pytest.mark.parametrize("law", LAWS)
def test_the_cheapest_within_a_tolerance(law):
    for share in (0.0, 0.02, 0.2):
        items, target = sample(law, 9)
        cost = RNG.normal(size=9)
        tolerance = share * np.abs(items).sum()
        within = [cost[mask].sum() for mask, r in every(items, target) if abs(r) <= Fraction(tolerance)]
        solution = rc.subset_sum(items, target, tolerance=tolerance, cost=cost)
        if not within:
            assert solution.status == "infeasible"
        elif law == "ties":  # zeros are never chosen, not even where they would be paid for
            assert abs(solution.residual) <= tolerance
        else:
            assert solution.status == "optimal"
            assert abs(solution.residual) <= tolerance
            assert solution.cost == pytest.approx(min(within), abs=1e-12)


def test_a_step_below_the_grid_is_settled_for_long_scans_too():
    """Items far apart: the lists' grid loses the small ones, and the candidates decide exactly."""
    for _ in range(5):
        items, target = sample("far apart", 12)
        best = min(abs(residual) for _, residual in every(items, target))
        assert abs(rc.subset_sum(items, target, method="repeated scans").residual) == float(best)


@pytest.mark.parametrize("memory", [1 << 20, 1 << 24])
def test_repeated_scans_agree_with_one_walk_whatever_the_memory(memory, monkeypatch):
    items, targets = RNG.uniform(-1, 1, (3, 34)), RNG.uniform(-1, 1, 3)
    whole = rc.subset_sum(items, targets, method="meet in the middle")
    cut = rc.subset_sum(items, targets, method="repeated scans", memory_limit=max(memory, 1 << 23))
    assert np.array_equal(whole.mask, cut.mask)
    monkeypatch.setattr(tasks.os, "cpu_count", lambda: 5)
    assert np.array_equal(whole.mask, rc.subset_sum(items, targets, method="repeated scans").mask)


def test_fifty_items_with_a_planted_subset():
    items = RNG.integers(1, 2**46, 50).astype(float)  # their sums are doubles, exactly
    target = items[RNG.random(50) < 0.5].sum()
    solution = rc.subset_sum(items, target, memory_limit=1 << 28)
    assert solution.method == "repeated scans"
    assert solution.residual == 0.0
    assert math.fsum(items[solution.mask]) == target


def test_forty_eight_real_items_are_proved_to_the_last_bit():
    items, target = RNG.uniform(-1, 1, 48), 0.3
    solution = rc.subset_sum(items, target, memory_limit=1 << 28)
    assert solution.status == "optimal"
    assert solution.bound == abs(solution.residual) < 1e-12


@pytest.mark.parametrize(
    ("items", "targets", "demands", "method"),
    [
        (np.ones(12), np.ones(5000), {}, "codebook"),
        (np.ones(12), 1.0, {}, "meet in the middle"),
        (np.ones((3, 12)), np.ones(3), {}, "meet in the middle"),
        (np.ones(45), 1.0, {}, "repeated scans"),
        (np.ones(12), 1.0, {"count": 3}, "counted"),
        (np.ones(12), 1.0, {"best": 3}, "halves"),
        (np.ones(12), 1.0, {"tolerance": 0.1, "count": (1, 3)}, "halves"),
    ],
)
def test_the_choice_of_a_method(items, targets, demands, method):
    assert choose_method(state_problem(items, targets, **demands)) == method


def test_a_time_limit_returns_what_is_known_marked_so():
    items, targets = RNG.uniform(-1, 1, (2000, 36)), RNG.uniform(-1, 1, 2000)
    solution = rc.subset_sum(items, targets, time_limit=0.3)
    late = solution.status == "best found"
    assert late.any()
    assert not late.all()
    assert (solution.bound[late] == 0).all()
    assert (solution.bound[~late] == np.abs(solution.residual[~late])).all()
    assert np.abs(solution.residual).max() < 2  # a greedy setting for those whose turn did not come


def test_ctrl_c_returns_what_is_known_marked_so():
    def interrupt(_):
        raise KeyboardInterrupt

    items, targets = RNG.uniform(-1, 1, (4000, 32)), RNG.uniform(-1, 1, 4000)
    solution = rc.subset_sum(items, targets, progress=interrupt)
    assert set(solution.status) == {"optimal", "best found"}
    long = rc.subset_sum(RNG.uniform(-1, 1, 52), 0.1, time_limit=1e-3, memory_limit=1 << 25)
    assert long.status == "best found"
    assert long.bound == 0.0


def test_what_is_cut_short_still_keeps_to_its_demands():
    items, targets = RNG.uniform(-1, 1, (3000, 30)), RNG.uniform(-1, 1, 3000)
    stuck = np.arange(30) == 4
    counted = rc.subset_sum(items, targets, count=11, chosen=stuck, time_limit=0.05)
    assert (counted.status == "best found").any()
    assert (counted.mask.sum(axis=1) == 11).all()
    assert counted.mask[:, 4].all()
    late = rc.subset_sum(RNG.uniform(-1, 1, 60), 0.3, time_limit=1e-3, memory_limit=1 << 26)
    assert late.status == "best found"
    assert abs(late.residual) < 0.1


def test_progress_adds_up_to_the_whole():
    seen = []
    rc.subset_sum(RNG.uniform(-1, 1, 46), 0.2, memory_limit=1 << 25, progress=seen.append)
    assert sum(seen) == pytest.approx(1.0)
    assert len(seen) > 8


def test_the_codebook_as_an_object(tmp_path):
    items = RNG.uniform(0, 1, 10)
    book = rc.Codebook(items)
    assert np.array_equal(np.sort(book.values), book.values)
    assert book.values == pytest.approx(book.mask @ items, rel=1e-14)
    assert len(set(book.codes.tolist())) == 1024
    targets = np.linspace(1.0, 4.0, 5000)
    errors = np.abs(rc.subset_sum(items, targets).residual)
    assert errors.max() <= book.worst_error(1.0, 4.0) * (1 + 1e-12)
    assert errors.max() > 0.9 * book.worst_error(1.0, 4.0)
    assert book.gaps().sum() == pytest.approx(items.sum())
    lines = book.write_csv(tmp_path / "codes.csv").read_text().splitlines()
    assert lines[0] == "value,mask"
    value, mask = lines[-1].split(",")
    assert float(value) == book.values[-1]
    assert mask == "1" * 10


def test_a_million_targets_and_single_ones_agree():
    items = RNG.uniform(-1, 1, 13)
    targets = RNG.uniform(-8, 8, 3000)
    by_table = rc.subset_sum(items, targets, method="codebook")
    by_walk = rc.subset_sum(items, targets, method="meet in the middle")
    assert np.array_equal(by_table.residual, by_walk.residual)
    assert np.array_equal(by_table.mask, by_walk.mask)


@pytest.mark.parametrize(
    ("demands", "says"),
    [
        ({"count": 9}, "count must be a whole number from 0 to 8"),
        ({"count": (5, 3)}, "count must be a pair whose first is not above its second"),
        ({"count": 1, "chosen": [True] * 3 + [False] * 5}, "count must be at least 3, the number of chosen items"),
        (
            {"count": 7, "excluded": [True] * 3 + [False] * 5},
            "count must be at most 5, the number of items not excluded",
        ),
        ({"chosen": [True] * 8, "excluded": [True] * 8}, "excluded must be without items that are chosen"),
        ({"chosen": [1] * 8}, "chosen must be booleans (..., 8)"),
        ({"chosen": [True] * 7}, "chosen must be booleans (..., 8)"),
        ({"cost": [1.0] * 8}, "cost must be given together with a tolerance"),
        ({"cost": [1.0] * 7, "tolerance": 0.1}, "cost must be of shape (8,)"),
        ({"tolerance": -1.0}, "tolerance must be a finite number of at least 0"),
        ({"best": 0}, "best must be a whole number from 1"),
        ({"best": 257}, "best must be at most 256, the number of settings"),
        ({"best": 2, "count": 3}, "count must be left out where several"),
        ({"method": "halves"}, "tolerance must be given, or best, with the method halves"),
        ({"method": "guess"}, 'method must be "auto" or one of'),
        ({"method": "codebook", "count": 2}, "count must be left out with the method codebook"),
        ({"time_limit": 0.0}, "time_limit must be a finite number above 0"),
        ({"memory_limit": 10}, "memory_limit must be a whole number of at least"),
        ({"offset": math.nan}, "offset must be finite"),
        ({"offset": [1.0, 2.0]}, None),
    ],
)
def test_bad_demands_get_one_clear_line(demands, says):
    items = RNG.uniform(0.1, 1, 8)
    if says is None:
        assert rc.subset_sum(items, 0.5, **demands).mask.shape == (2, 8)
        return
    with pytest.raises(rc.InputError) as caught:
        rc.subset_sum(items, 0.5, **demands)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_memory_is_refused_before_it_is_taken():
    with pytest.raises(rc.InputError, match=r"memory_limit must be at least .* MiB, which meet in the middle of 40"):
        rc.subset_sum(np.ones(40), 1.0, memory_limit=1 << 22)
    with pytest.raises(rc.InputError, match=r"at most 44 numbers an instance for meet in the middle"):
        rc.subset_sum(np.ones(50), 1.0, method="meet in the middle")
    assert meet_in_the_middle.bytes_needed(40) >= 2**26
    assert repeated_scans.scan_bytes(26) < 2 << 30


@pytest.mark.parametrize("step", [0.1, 1.0, 2.0**-20])
def test_values_on_a_grid_in_whole_steps(step):
    for _ in range(6):
        items, target = RNG.integers(-40, 60, 9) * step, int(RNG.integers(-50, 200)) * step
        offset = int(RNG.integers(0, 5)) * step
        stuck = np.arange(9) == 4
        solution = rc.subset_sum(items, target, step=step, offset=offset, chosen=stuck)
        allowed = [abs(r) for mask, r in every(items, target, offset) if mask[4]]
        assert solution.method == "integers"
        assert abs(solution.residual) == pytest.approx(float(min(allowed)), abs=1e-12)
        assert solution.bound <= float(min(allowed)) <= solution.bound + 1e-12
    with pytest.raises(rc.InputError, match=r"a multiple of the step"):
        rc.subset_sum([0.3, 0.77], 1.0, step=0.1)


def test_side_constraints_go_to_a_general_solver():
    for _ in range(3):
        items, target = sample("positive", 9)
        area = RNG.integers(1, 6, 9).astype(float)
        stuck = np.arange(9) == 2
        constraints = (area[np.newaxis], [0.0], [12.0])
        solution = rc.subset_sum(items, target, constraints=constraints, chosen=stuck, count=(0, 6))
        allowed = [abs(r) for mask, r in every(items, target) if mask[2] and mask.sum() <= 6 and area[mask].sum() <= 12]
        assert solution.method == "mip"
        assert abs(solution.residual) == pytest.approx(float(min(allowed)), abs=1e-7)
        assert solution.mask[2]
        assert area[solution.mask].sum() <= 12
    none = rc.subset_sum(items, target, constraints=(np.ones((1, 9)), [3.0], [3.0]), count=2)
    assert none.status == "infeasible"


def test_methods_and_demands_are_one_table():
    assert set(METHODS) == set(methods._DEMANDS)
