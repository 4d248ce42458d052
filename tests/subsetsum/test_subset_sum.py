"""`subset_sum` against brute force in rational arithmetic, and the properties of its certificate."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.subsetsum import (
    closest_pair,
    meet_in_the_middle,
    sorted_sums,
    subset_recovery,
    tasks,
    unbounded_integers,
)
from rescircuit.subsetsum.exact_summation import exact_sum
from rescircuit.subsetsum.fixed_point import to_grid
from rescircuit.subsetsum.problem import state_problem


def brute_force(items, target) -> Fraction:
    """The smallest distance of any subset sum, exactly, from all 2**n of them."""
    sums = [Fraction(0)]
    for item in items:
        exact = Fraction(float(item))
        sums += [total + exact for total in sums]
    return min(abs(total - Fraction(float(target))) for total in sums)


def exact_residual(items, mask, target) -> Fraction:
    return sum((Fraction(float(x)) for x in np.asarray(items)[mask]), Fraction(0)) - Fraction(float(target))


def grid_of(items, targets):
    """Instances (b, n) and (b, t) on their grids."""
    return to_grid(state_problem(items[:, np.newaxis], np.reshape(targets, (len(items), -1))))[0]


def check(items, target, solution, k=...):
    """One instance: the true optimum, the residual and the total correctly rounded, the bound met."""
    residual = exact_residual(items, solution.mask[k], target)
    assert abs(residual) == brute_force(items, target)
    assert np.asarray(solution.residual)[k] == float(residual)
    assert np.asarray(solution.total)[k] == math.fsum(np.asarray(items)[solution.mask[k]])
    assert np.asarray(solution.bound)[k] == abs(float(residual))
    assert np.asarray(solution.status)[k] == "optimal"


RNG = np.random.default_rng(20260101)
LAWS = {
    "uniform": lambda n: RNG.uniform(-1, 1, n),
    "positive": lambda n: RNG.uniform(0.8, 1.2, n),
    "ties": lambda n: RNG.integers(-3, 4, n).astype(float),
    "equal": lambda n: np.full(n, 0.1),
    "zeros": lambda n: RNG.integers(0, 2, n) * RNG.normal(size=n),
    "decimal near-ties": lambda n: RNG.integers(1, 400, n) / 1000,
    "tiny and huge": lambda n: RNG.choice([-1, 1], n) * 10.0 ** RNG.integers(-300, 300, n),
    "far apart": lambda n: RNG.choice([-1, 1], n) * 10.0 ** RNG.integers(-12, 12, n) * RNG.uniform(1, 2, n),
    "subnormal": lambda n: RNG.integers(-5, 6, n) * 5e-324,
    "powers of two": lambda n: 2.0 ** RNG.permutation(np.arange(n) * 5 - 40),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 11])
def test_equals_brute_force_in_batches(law, n):
    """2,400 instances over all laws and sizes, each with items of its own."""
    items = np.array([LAWS[law](n) for _ in range(40)])
    inside = np.array([row[RNG.random(n) < 0.5].sum() for row in items])
    targets = np.where(np.arange(40) % 4 == 0, inside, RNG.uniform(-1, 1, 40) * np.abs(items).sum(axis=1))
    targets[::7] = 0.0
    solution = rc.subset_sum(items, targets)
    for k in range(40):
        check(items[k], targets[k], solution, k)


@pytest.mark.parametrize("law", LAWS)
def test_equals_brute_force_at_sixteen_items(law):
    items = LAWS[law](16)
    for target in (RNG.uniform(-1, 1) * np.abs(items).sum(), items[::2].sum(), np.abs(items).max() * 1e6):
        check(items, target, rc.subset_sum(items, target))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.floats(-1e100, 1e100, allow_nan=False), min_size=1, max_size=8),
    st.floats(-1e100, 1e100, allow_nan=False),
)
def test_equals_brute_force_on_what_hypothesis_finds(items, target):
    check(items, target, rc.subset_sum(items, target))


def test_the_order_of_items_does_not_matter():
    items = RNG.uniform(-1, 1, (50, 14))
    targets = RNG.uniform(-1, 1, 50)
    order = RNG.permutation(14)
    first, second = rc.subset_sum(items, targets), rc.subset_sum(items[:, order], targets)
    assert np.array_equal(first.residual, second.residual)
    assert np.array_equal(first.mask[:, order], second.mask)


def near_ties(rng, kind, n):
    """Items whose sums differ by less than the grid of an instance may show."""
    if kind == 0:
        return np.concatenate(
            [rng.integers(-4, 5, n // 2).astype(float), 2.0 ** -rng.integers(50, 66, n - n // 2) * rng.integers(1, 8)]
        )
    if kind == 1:
        return rng.integers(1, 5, n) * 2.0 ** -rng.integers(0, 64, n)
    if kind == 2:
        return rng.choice([1.0, 1 / 3, 0.1, 1e-17, 3e-18, 1e-300], n) * rng.choice([1, -1], n)
    return np.nextafter(rng.integers(1, 4, n).astype(float), rng.choice([0, 10], n)) * rng.choice([1, -1, 2.0**-55], n)


@pytest.mark.parametrize("kind", range(4))
def test_near_ties_below_the_grid_are_told_apart(kind):
    """Without the proof that the best pair is the only one within doubt, some of these come out wrong."""
    rng = np.random.default_rng(kind)
    for _ in range(250):
        items = near_ties(rng, kind, int(rng.integers(2, 11)))
        subset = items[rng.random(items.size) < 0.5].sum()
        target = rng.choice([subset, np.nextafter(subset, 9), subset + 2.0**-60, subset / 2, 1e9 * subset, 2.0**-62])
        solution = rc.subset_sum(items, target)
        residual = exact_residual(items, solution.mask, target)
        assert abs(residual) == brute_force(items, target)
        assert not solution.mask[items == 0].any()


def test_ties_prefer_the_sum_below_and_leave_zeros_out():
    assert rc.subset_sum([1.0, 3.0], 2.0).total == 1.0
    assert rc.subset_sum([-1.0, -3.0], -2.0).total == -3.0
    assert not rc.subset_sum([0.0, 0.0, 5.0], 1.0).mask.any()
    # the same rule in unbounded integers, which far-apart magnitudes call for
    assert rc.subset_sum([2.0**-99, 3 * 2.0**-99, 1e30], 2.0**-98).total == 2.0**-99


@pytest.mark.parametrize(
    ("items_shape", "targets_shape", "shape"),
    [
        ((5,), (), ()),
        ((5,), (4,), (4,)),
        ((5,), (2, 3), (2, 3)),
        ((4, 5), (), (4,)),
        ((4, 5), (4,), (4,)),
        ((4, 1, 5), (3,), (4, 3)),
        ((4, 5), (3, 4), (3, 4)),
        ((2, 1, 5), (2, 3), (2, 3)),
        ((1, 5), (1,), (1,)),
    ],
)
def test_shapes_broadcast_and_batches_equal_single_instances(items_shape, targets_shape, shape):
    items, targets = RNG.uniform(-1, 1, items_shape), RNG.uniform(-1, 1, targets_shape)
    solution = rc.subset_sum(items, targets)
    assert solution.mask.shape == (*shape, 5)
    assert np.shape(solution.residual) == np.shape(solution.bound) == np.shape(solution.status) == shape
    each_items = np.broadcast_to(items, (*shape, 5))
    each_target = np.broadcast_to(targets, shape)
    for place in np.ndindex(shape):
        alone = rc.subset_sum(each_items[place], each_target[place])
        assert np.array_equal(alone.mask, solution.mask[place])
        assert alone.residual == np.asarray(solution.residual)[place]


def test_results_do_not_depend_on_threads_or_blocks(monkeypatch):
    items, targets = RNG.uniform(-1, 1, (300, 12)), RNG.uniform(-1, 1, 300)
    whole = rc.subset_sum(items, targets)
    monkeypatch.setattr(meet_in_the_middle, "_SECONDS_PER_TASK", 5e-6)
    monkeypatch.setattr(tasks.os, "cpu_count", lambda: 5)
    seen = []
    cut = rc.subset_sum(items, targets, progress=seen.append)
    assert np.array_equal(whole.mask, cut.mask)
    assert sum(seen) == 300
    assert len(seen) > 10


@pytest.mark.parametrize("n", [20, 31, 40])
def test_large_instances_against_a_planted_subset(n):
    """Integer items with a subset planted: the residual must be exactly zero, whichever subset is found."""
    items = RNG.integers(1, 2**45, n).astype(float)
    target = items[RNG.random(n) < 0.5].sum()
    solution = rc.subset_sum(items, target)
    assert solution.residual == 0.0
    assert items[solution.mask].sum() == target


def test_an_exact_rational_referee_agrees_at_forty_items():
    """Two independent codes, 64-bit and unbounded integers, on the same 28-item instance."""
    items, target = RNG.uniform(-1, 1, 28), 0.123
    *integers, goal = unbounded_integers.as_integers([*items.tolist(), target])
    bits = unbounded_integers.closest_subset(integers, goal)
    mask = np.array([bits >> k & 1 for k in range(28)], dtype=bool)
    solution = rc.subset_sum(items, target)
    assert np.array_equal(mask, solution.mask)


def test_unsure_instances_are_found_and_settled_exactly():
    """2**-70 is lost on the grid of an instance that also holds 1: the kernel must say so, not guess."""
    items, target = np.array([[1.0, 2.0**-70, 2.0**-71]]), np.array([[1.0 + 2.0**-52]])
    _, state = meet_in_the_middle.solve_batch(grid_of(items, target))
    assert (state == meet_in_the_middle.UNSURE).all()
    check(items[0], target[0, 0], rc.subset_sum(items[0], target[0, 0]))


def python_twin(monkeypatch):
    """Run the kernels as the plain Python that they are."""
    for module in (sorted_sums, closest_pair, subset_recovery, meet_in_the_middle):
        for name, kernel in vars(module).copy().items():
            if hasattr(kernel, "py_func"):
                monkeypatch.setattr(module, name, kernel.py_func)


@pytest.mark.parametrize("n", [1, 2, 13, 16])
def test_compiled_kernels_equal_their_python_twins(n, monkeypatch):
    items, targets = RNG.uniform(-1, 1, (3, n)), RNG.uniform(-2, 2, (3, 2))
    grid = grid_of(items, targets)
    compiled = meet_in_the_middle.solve_batch(grid)
    python_twin(monkeypatch)
    plain = meet_in_the_middle.solve_batch(grid)
    assert np.array_equal(compiled[0], plain[0])
    assert np.array_equal(compiled[1], plain[1])


@settings(max_examples=500, deadline=None)
@given(st.lists(st.floats(-1e300, 1e300, allow_nan=False), max_size=20))
def test_exact_sum_equals_fsum(terms):
    expected = math.fsum(terms)
    assert exact_sum(np.array(terms, dtype=float), len(terms), np.empty(len(terms) + 1)) == expected
    assert exact_sum.py_func(np.array(terms, dtype=float), len(terms), np.empty(len(terms) + 1)) == expected


def test_exact_sum_breaks_halves_as_fsum_does():
    for terms in ([1.0, 2**-53, 2**-106], [1.0, 2**-53, -(2**-106)], [1e16, 1.0, 1e-16], [2**53, 1.0, 2**-60]):
        assert exact_sum(np.array(terms), 3, np.empty(4)) == math.fsum(terms)


@pytest.mark.parametrize(
    ("items", "targets", "says"),
    [
        ([], 1.0, "items must be finite numbers, at least one"),
        ([1.0, math.nan], 1.0, "items at index 1 must be finite"),
        ([1.0, math.inf], 1.0, "items at index 1 must be finite"),
        ([1.0], math.nan, "targets must be finite"),
        ([1.0], [], "targets must be finite numbers, at least one"),
        ("abc", 1.0, "items must be finite numbers"),
        ([[1.0], [1.0, 2.0]], 1.0, "rectangular"),
        (1.0, 1.0, "items must be an array"),
        (np.ones((3, 4)), np.ones(2), "targets must be of a shape that broadcasts"),
        (np.ones(65), 1.0, "items must be at most 64 numbers"),
        ([1e308, 1e308], 1.0, "well within a double"),
        ([True, False], 1.0, "items must be finite numbers"),
    ],
)
def test_bad_input_gets_one_clear_line(items, targets, says):
    with pytest.raises(rc.InputError) as caught:
        rc.subset_sum(items, targets)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
