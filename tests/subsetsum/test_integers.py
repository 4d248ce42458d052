"""Subset sums of integers against enumeration, binomials and planted subsets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.subsetsum import integers
from rescircuit.subsetsum.integers import closest_integer_subset, count_subsets, to_steps

RNG = np.random.default_rng(20260102)
METHODS = ["dynamic programming", "meet in the middle"]


def all_sums(items):
    sums = [0]
    for item in items:
        sums += [total + int(item) for total in sums]
    return sums


def check(items, target, solution):
    """One instance: the true optimum, below before above, no zero chosen, everything in exact integers."""
    best = min(all_sums(items), key=lambda total: (abs(total - target), total > target))
    chosen = [int(item) for item, taken in zip(items, solution.mask, strict=True) if taken]
    assert solution.total == sum(chosen) == best
    assert solution.residual == best - target
    assert solution.bound == abs(best - target)
    assert solution.status == "optimal"
    assert 0 not in chosen
    assert isinstance(solution.residual, int)


def prefer(monkeypatch, method):
    """Make the choice fall on one method wherever it has room."""
    cheap, dear = (1e-30, 1e30) if method == "meet in the middle" else (1e30, 1e-30)
    for name, seconds in [("SUM", cheap), ("LARGE_SUM", cheap), ("WORD", dear), ("COUNT", dear)]:
        monkeypatch.setattr(integers, f"_SECONDS_PER_{name}", seconds)


LAWS = {
    "signs": lambda n: RNG.integers(-100, 101, n),
    "ties": lambda n: RNG.integers(-2, 3, n),
    "equal": lambda n: np.full(n, -7),
    "multiples": lambda n: 12 * RNG.integers(-30, 31, n),
    "zeros": lambda n: np.zeros(n, int),
    "words": lambda n: RNG.choice([63, 64, 65, 128, -64, 127], n),
    "powers of two": lambda n: 2 ** RNG.permutation(n),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("law", LAWS)
def test_equals_enumeration(law, method, monkeypatch):
    prefer(monkeypatch, method)
    for n in (1, 2, 3, 6, 11):
        for _ in range(6):
            items = LAWS[law](n)
            sums = all_sums(items)
            for target in (int(RNG.integers(min(sums) - 3, max(sums) + 4)), int(RNG.choice(sums)), 0):
                solution = closest_integer_subset(items, target)
                check(items, target, solution)
                assert solution.method in {method, "all or none"}
                assert count_subsets(items, target) == sums.count(target)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=9),
    st.integers(-(2**67), 2**67),
    st.integers(0, 511),
)
def test_any_integers_of_64_bits(items, target, bits):
    check(items, target, closest_integer_subset(items, target))
    sums = all_sums(items)
    planted = sums[bits % len(sums)]
    assert count_subsets(items, target) == sums.count(target)
    assert count_subsets(items, planted) == sums.count(planted)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-60, 60), min_size=1, max_size=10), st.integers(-400, 400))
def test_small_integers(items, target):
    check(items, target, closest_integer_subset(items, target))
    assert count_subsets(items, target) == all_sums(items).count(target)


@pytest.mark.parametrize("n", [100, 300])
def test_planted_subsets_of_many_items(n):
    items = RNG.integers(-3000, 3000, n)
    target = int(items[RNG.random(n) < 0.5].sum())
    solution = closest_integer_subset(items, target)
    assert solution.residual == 0
    assert items[solution.mask].sum() == target


@pytest.mark.parametrize("magnitude", [2**40, 2**60, 2**63])
def test_planted_subsets_of_large_items(magnitude):
    """Sums below and beyond 64 bits, by meeting in the middle."""
    items = [int(value) for value in RNG.integers(-magnitude, magnitude - 1, 26)]
    target = sum(items[::2])
    solution = closest_integer_subset(items, target)
    assert solution.residual == 0
    assert solution.method == "meet in the middle"
    assert count_subsets(items, target) >= 1


@pytest.mark.parametrize("n", [63, 64, 65, 130, 300])
def test_equal_items_are_counted_by_binomials(n):
    """Counts of more than 64 bits, with carries from word to word."""
    for k in (0, 1, n // 3, n // 2, n):
        assert count_subsets([5] * n, 5 * k) == math.comb(n, k)
        assert count_subsets([-5] * n, -5 * k) == math.comb(n, k)
    assert count_subsets([5] * n, 7) == 0
    assert count_subsets([5] * n, 5 * n + 5) == count_subsets([5] * n, -5) == 0


def test_all_counts_together_are_all_subsets():
    items = RNG.integers(-9, 10, 70).tolist()
    low, high = sum(x for x in items if x < 0), sum(x for x in items if x > 0)
    assert sum(count_subsets(items, target) for target in range(low, high + 1)) == 2**70


def test_zeros_double_the_count():
    assert count_subsets([0, 0, 0, 3], 3) == 8
    assert count_subsets([0, 0], 0) == 4
    assert count_subsets([0, 0], 1) == 0


def test_both_methods_agree(monkeypatch):
    items = RNG.integers(-(10**5), 10**5, 24)
    found = []
    for method in METHODS:
        prefer(monkeypatch, method)
        solution = closest_integer_subset(items, 31)
        found.append((solution.total, count_subsets(items, 31)))
        assert solution.method == method
    assert found[0] == found[1]


def test_the_same_subset_each_time_whatever_the_order():
    items = np.unique(RNG.integers(1, 10**5, 60))
    order = RNG.permutation(items.size)
    first, second = closest_integer_subset(items, 10**6), closest_integer_subset(items[order], 10**6)
    assert np.array_equal(first.mask[order], second.mask)


def test_agrees_with_cp_sat():
    cp_model = pytest.importorskip("ortools.sat.python.cp_model", reason="OR-Tools, the referee, is not installed")
    for _ in range(3):
        items, target = RNG.integers(-(10**5), 10**5, 14).tolist(), int(RNG.integers(-(10**5), 10**5))
        model = cp_model.CpModel()
        chosen = [model.new_bool_var(str(k)) for k in range(14)]
        distance = model.new_int_var(0, 10**7, "distance")
        total = sum(x * s for x, s in zip(items, chosen, strict=True))
        model.add(total - target <= distance)
        model.add(target - total <= distance)
        model.minimize(distance)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        assert solver.solve(model) == cp_model.OPTIMAL
        assert closest_integer_subset(items, target).bound == round(solver.objective_value)


def test_compiled_kernels_equal_their_python_twins(monkeypatch):
    items, target = RNG.integers(-300, 300, 12), 77
    prefer(monkeypatch, "dynamic programming")
    compiled = closest_integer_subset(items, target), count_subsets([9] * 66, 9 * 33)
    for name, kernel in vars(integers).copy().items():
        if hasattr(kernel, "py_func"):
            monkeypatch.setattr(integers, name, kernel.py_func)
    with np.errstate(over="ignore"):  # carries are overflows
        plain = closest_integer_subset(items, target), count_subsets([9] * 66, 9 * 33)
    assert np.array_equal(compiled[0].mask, plain[0].mask)
    assert compiled[1] == plain[1] == math.comb(66, 33)


def test_what_does_not_fit_is_refused_before_it_is_tried():
    items = RNG.integers(2**39, 2**40, 60)
    for solve in (closest_integer_subset, count_subsets):
        with pytest.raises(rc.InputError, match=r"memory_limit must be at least [\d,]+ bytes for these \d+ items"):
            solve(items, 2**43 + 1)
    needed = 8 * (2 * 10**6 // 64 + 2)
    items = [10**6 - 1, 10**6 + 1] + [0] * 100
    assert closest_integer_subset(items, 10**6, memory_limit=needed).total == 10**6 - 1
    with pytest.raises(rc.InputError, match="got 100"):
        closest_integer_subset(items, 10**6, memory_limit=100)


@pytest.mark.parametrize(
    ("items", "target", "says"),
    [
        ([], 1, "items must be integers, at least one"),
        ([1, 2.5], 1, "items at index 1 must be an integer, got 2.5. to_steps()"),
        (np.array([1.0, 2.0]), 1, "items at index 0 must be an integer"),
        ([1, math.nan], 1, "items at index 1 must be an integer"),
        ([1, math.inf], 1, "items at index 1 must be an integer"),
        ([1, True], 1, "items at index 1 must be an integer"),
        (np.ones((2, 2), int), 1, "items must be integers in an array (n,), got shape (2, 2)"),
        ("12", 1, "items must be integers in an array (n,)"),
        (3, 1, "items must be integers in an array (n,)"),
        ([1, 2**63], 1, "items at index 1 must be an integer within 64 bits"),
        ([1], 1.0, "target must be an integer"),
        ([1], True, "target must be an integer"),
        ([1], None, "target must be an integer"),
    ],
)
def test_bad_input_gets_one_clear_line(items, target, says):
    for solve in (closest_integer_subset, count_subsets):
        with pytest.raises(rc.InputError) as caught:
            solve(items, target)
        assert says in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("limit", [0, -1, 1.5, True, None])
def test_a_memory_limit_is_a_whole_number(limit):
    with pytest.raises(rc.InputError, match="memory_limit must be a whole number of at least 1"):
        closest_integer_subset([1, 2], 2, memory_limit=limit)


@given(st.lists(st.integers(-(2**32), 2**32), min_size=1), st.sampled_from([0.1, 1e-6, 0.25, 3.0, 1e5, 7e-12]))
def test_multiples_of_a_step_are_counted_exactly(multiples, step):
    values = np.array(multiples) * step
    steps = to_steps(values, step)
    assert steps.dtype == np.int64
    assert steps.tolist() == multiples


@pytest.mark.parametrize(
    ("values", "step", "says"),
    [
        ([1.0, 2.0, 2.5, 0.1], 1.0, "values at index 2 must be a multiple of the step 1.0 to within 1e-06"),
        ([[1.0, 2.0], [3.0, 4.00001]], 1.0, "values at index (1, 1) must be a multiple"),
        ([2.0**54], 1.0, "at most 2**53 steps"),
        ([1e300], 1e-300, "at most 2**53 steps"),
        ([math.nan], 1.0, "values at index 0 must be finite numbers"),
        ([1.0], 0.0, "step must be a finite number above 0"),
        ([1.0], math.inf, "step must be a finite number above 0"),
        ([], 1.0, "values must be finite numbers, at least one"),
        (["1"], 1.0, "values must be finite numbers"),
    ],
)
def test_values_off_the_grid_are_refused(values, step, says):
    with pytest.raises(rc.InputError) as caught:
        to_steps(values, step)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_within_the_tolerance_is_on_the_grid():
    assert to_steps([2.0000009, -0.0000009], 1.0).tolist() == [2, 0]
    assert to_steps(47e3, 1e3).tolist() == 47
