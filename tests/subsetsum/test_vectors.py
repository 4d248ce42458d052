"""Subsets of vectors against all subsets in rational arithmetic, and the honesty of what is not proved."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.subsetsum import vectors
from rescircuit.subsetsum.vectors import vector_subset_sum

RNG = np.random.default_rng(20260103)


def exactly(values, scale):
    return [[Fraction(float(x)) * Fraction(float(w)) for x, w in zip(row, scale, strict=True)] for row in values]


def brute_force(items, target, scale) -> Fraction:
    """The smallest distance of any subset, from all 2**n of them."""
    rows, (goal,) = exactly(items, scale), exactly([target], scale)
    unit = math.lcm(*(x.denominator for row in (*rows, goal) for x in row))
    whole = [np.array([int(x * unit) for x in row], dtype=object) for row in (*rows, goal)]
    sums = -whole[-1][None]
    for row in whole[:-1]:
        sums = np.vstack([sums, sums + row])
    return Fraction(int(np.abs(sums).max(axis=1).min()), unit)


def check(items, target, solution, scale=None, k=...):
    """One instance: the true optimum, and total, residual and distance correctly rounded."""
    scale = np.ones(items.shape[1]) if scale is None else scale
    mask = solution.mask[k] if solution.mask.ndim > 1 else solution.mask
    goal = [Fraction(float(x)) for x in target]
    total = [sum((Fraction(float(x)) for x in column), Fraction(0)) for column in items[mask].T]
    distance = max(abs(s - t) * Fraction(float(w)) for s, t, w in zip(total, goal, scale, strict=True))
    assert distance == brute_force(items, target, scale)
    assert np.asarray(solution.total)[k].tolist() == [float(s) for s in total]
    assert np.asarray(solution.residual)[k].tolist() == [float(s - t) for s, t in zip(total, goal, strict=True)]
    assert np.asarray(solution.distance)[k] == float(distance) == np.asarray(solution.bound)[k]
    assert np.asarray(solution.status)[k] == "optimal"
    assert not mask[~items.any(axis=1)].any()


LAWS = {
    "uniform": lambda n, d: RNG.uniform(-1, 1, (n, d)),
    "positive": lambda n, d: RNG.uniform(0.8, 1.2, (n, d)),
    "ties": lambda n, d: RNG.integers(-3, 4, (n, d)).astype(float),
    "equal": lambda n, d: np.tile(RNG.choice([0.1, 0.2, 1 / 3], d), (n, 1)),
    "zeros": lambda n, d: RNG.integers(0, 2, (n, d)) * RNG.normal(size=(n, d)),
    "zero vectors": lambda n, d: RNG.integers(0, 2, (n, 1)) * RNG.normal(size=(n, d)),
    "decimal near-ties": lambda n, d: RNG.integers(1, 40, (n, d)) / 1000,
    "tiny and huge": lambda n, d: RNG.choice([-1, 1], (n, d)) * 10.0 ** RNG.integers(-290, 290, (n, d)),
    "far apart": lambda n, d: RNG.choice([-1, 1], (n, d)) * 10.0 ** RNG.integers(-12, 12, (n, d)),
    "coordinates far apart": lambda n, d: RNG.uniform(-1, 1, (n, d)) * 10.0 ** RNG.integers(-9, 9, d),
    "subnormal": lambda n, d: RNG.integers(-5, 6, (n, d)) * 5e-324,
    "powers of two": lambda n, d: 2.0 ** RNG.permuted(np.tile(np.arange(n) * 5 - 40, (d, 1)), axis=1).T,
    "same coordinates": lambda n, d: np.repeat(RNG.uniform(-1, 1, (n, 1)), d, axis=1),
    "two temperatures": lambda n, d: (
        RNG.uniform(0.8, 1.2, (n, 1)) * (1 + RNG.normal(-4e-4, 1e-4, (n, 1)) * np.arange(d))
    ),
}


def four_targets(items):
    """A sum itself, somewhere in reach, the origin, and out of reach."""
    n, d = items.shape
    reach = np.abs(items).sum(axis=0)
    return np.array(
        [
            items[RNG.random(n) < 0.5].sum(axis=0),
            RNG.uniform(-1, 1, d) * reach,
            np.zeros(d),
            RNG.choice([1.0, 1e6, -3.0], d) * reach,
        ]
    )


@pytest.mark.parametrize("law", LAWS)
def test_equals_brute_force(law):
    """More than 1,500 instances over all laws, sizes and dimensions, weighted or not."""
    for n in (1, 2, 3, 5, 8, 10):
        for d in (2, 3, 8) if n != 5 else (4, 5, 6, 7):
            items = LAWS[law](n, d)
            targets = four_targets(items)
            scale = None if RNG.random() < 0.5 else RNG.choice([1.0, 2.0, 0.5, 1 / 3, 1e-6, 7.0], d)
            solution = vector_subset_sum(items, targets, weights=scale)
            for k in range(4):
                check(items, targets[k], solution, scale, k)


@pytest.mark.parametrize("law", LAWS)
def test_equals_brute_force_at_sixteen_items(law):
    items = LAWS[law](16, 2)
    for target in four_targets(items)[[1, 3]]:
        check(items, target, vector_subset_sum(items, target))


FLOATS = st.floats(-1e100, 1e100, allow_nan=False)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=7), st.tuples(FLOATS, FLOATS))
def test_equals_brute_force_on_what_hypothesis_finds(items, target):
    check(np.array(items), target, vector_subset_sum(items, target))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-4, 4)] * 3), min_size=1, max_size=8), st.tuples(*[st.floats(-9, 9)] * 3))
def test_targets_off_the_grid_of_the_items(items, target):
    """The rounding of a target must not turn the order of two distances."""
    check(np.array(items, dtype=float), target, vector_subset_sum(items, target))


@pytest.mark.parametrize(("n", "d"), [(30, 2), (30, 8), (38, 3)])
def test_planted_subsets_of_many_items(n, d):
    items = RNG.integers(-(2**40), 2**40, (n, d)).astype(float)
    target = items[RNG.random(n) < 0.5].sum(axis=0)
    solution = vector_subset_sum(items, target)
    assert solution.distance == 0.0
    assert solution.status == "optimal"
    assert np.array_equal(items[solution.mask].sum(axis=0), target)


def test_no_random_subset_and_no_single_change_is_closer_at_thirty_items():
    items, target = RNG.uniform(-1, 1, (30, 2)), np.array([0.3, -0.2])
    solution = vector_subset_sum(items, target)
    masks = RNG.random((200_000, 30)) < 0.5
    masks[:30] = solution.mask ^ np.eye(30, dtype=bool)
    assert solution.distance < np.abs(masks @ items - target).max(axis=1).min()


def test_equal_coordinates_are_the_problem_in_one_dimension():
    items = RNG.uniform(-1, 1, 24)
    solution = vector_subset_sum(np.stack([items, items, items], axis=1), [0.2] * 3)
    assert solution.distance == abs(rc.subset_sum(items, 0.2).residual)


def test_sixty_items_of_spread_sizes_are_proved():
    items = 1.3 ** -np.arange(60)[:, None] * RNG.uniform(0.8, 1.2, (60, 3))
    target = items[RNG.random(60) < 0.5].sum(axis=0)
    solution = vector_subset_sum(items, target, time_limit=10)
    assert solution.status == "optimal"
    assert solution.distance <= 1e-14


def test_weights_are_units():
    items, target = RNG.uniform(-1, 1, (14, 3)), RNG.uniform(-1, 1, 3)
    scale = np.array([4.0, 1.0, 0.125])
    weighted = vector_subset_sum(items, target, weights=scale)
    scaled = vector_subset_sum(items * scale, target * scale)
    assert np.array_equal(weighted.mask, scaled.mask)
    assert weighted.distance == scaled.distance == np.abs(weighted.residual * scale).max()


def test_the_order_of_items_and_of_coordinates_does_not_matter():
    items, target = RNG.uniform(-1, 1, (18, 4)), RNG.uniform(-1, 1, 4)
    first = vector_subset_sum(items, target)
    order, axes = RNG.permutation(18), RNG.permutation(4)
    second = vector_subset_sum(items[order][:, axes], target[axes])
    assert np.array_equal(first.mask[order], second.mask)
    assert np.array_equal(first.residual[axes], second.residual)


def test_shapes():
    items, targets = RNG.uniform(-1, 1, (9, 3)), RNG.uniform(-1, 1, (5, 3))
    many, one = vector_subset_sum(items, targets), vector_subset_sum(items, targets[2])
    assert many.mask.shape == (5, 9)
    assert many.total.shape == many.residual.shape == (5, 3)
    assert many.distance.shape == many.bound.shape == many.status.shape == (5,)
    assert one.mask.shape == (9,)
    assert one.total.shape == (3,)
    assert isinstance(one.distance, float)
    assert one.status == "optimal"
    assert np.array_equal(one.mask, many.mask[2])
    assert vector_subset_sum(items, targets[:1]).mask.shape == (1, 9)


def test_results_do_not_depend_on_threads(monkeypatch):
    """With ties by the thousand and small tasks, so that which comes first could matter."""
    monkeypatch.setattr(vectors, "_CHUNK", 8)
    for items in (RNG.integers(-2, 3, (18, 3)).astype(float), RNG.integers(1, 20, (18, 2)) / 1000):
        targets = np.array([items[::2].sum(axis=0) + 0.001, items[1::2].sum(axis=0)])
        masks = []
        for count in (1, 2, 7):
            monkeypatch.setattr(vectors, "workers", lambda count=count: count)
            masks.append(vector_subset_sum(items, targets).mask)
        assert np.array_equal(masks[0], masks[1])
        assert np.array_equal(masks[0], masks[2])


def test_progress_adds_up_to_one(monkeypatch):
    monkeypatch.setattr(vectors, "_CHUNK", 16)
    seen = []
    vector_subset_sum(RNG.uniform(-1, 1, (20, 2)), RNG.uniform(-1, 1, (3, 2)), progress=seen.append)
    assert math.isclose(sum(seen), 1.0)
    assert len(seen) > 20
    assert min(seen) > 0


def interrupting(after):
    """A progress that presses Ctrl-C."""
    calls = iter(range(10**9))

    def tell(_):
        if next(calls) == after:
            raise KeyboardInterrupt

    return tell


@pytest.mark.parametrize("after", [0, 5, 40])
def test_interrupted_it_returns_the_best_found(after, monkeypatch):
    monkeypatch.setattr(vectors, "_CHUNK", 32)
    items, targets = RNG.uniform(-1, 1, (22, 3)), RNG.uniform(-1, 1, (4, 3))
    whole = vector_subset_sum(items, targets)
    cut = vector_subset_sum(items, targets, progress=interrupting(after))
    assert set(cut.status) <= {"optimal", "best found"}
    assert cut.status[-1] == "best found"
    assert np.all(cut.bound <= whole.distance)
    assert np.all(cut.distance >= whole.distance)
    assert np.array_equal(cut.distance, np.abs(cut.residual).max(axis=1))


@pytest.mark.parametrize("n", [44, 62, 120])
def test_a_time_limit_is_kept_and_marked(n):
    items, target = RNG.uniform(-1, 1, (n, 4)), RNG.uniform(-1, 1, 4)
    vector_subset_sum(items[:5], target)  # whatever must be compiled is
    begun = time.monotonic()
    solution = vector_subset_sum(items, target, time_limit=0.2)
    assert time.monotonic() - begun < 1.5
    assert solution.status == "best found"
    assert 0.0 <= solution.bound < solution.distance
    assert solution.distance < 0.1  # far better than what setting one item after the other finds
    assert solution.distance == np.abs(solution.residual).max()


def test_what_is_set_once_is_never_called_proved(monkeypatch):
    """The greedy rule takes the largest item wrongly here; all the rest is searched to the end."""
    monkeypatch.setattr(vectors, "_plan", lambda *_: vectors._Plan(1, 0, 0, 2, 3))
    items = np.array([[10.0, 0.0], [9.0, 0.0], [2.0, 0.0], [1.0, 1.5], [0.5, 1.0], [0.25, 0.5]])
    target = [11.9, 0.01]
    solution = vector_subset_sum(items, target)
    optimum = float(brute_force(items, target, [1.0, 1.0]))
    assert solution.status == "best found" or solution.distance == optimum
    assert solution.bound <= optimum <= solution.distance


def test_every_way_to_deal_out_the_items_finds_the_optimum(monkeypatch):
    items, target = RNG.uniform(-1, 1, (9, 2)), RNG.uniform(-1, 1, 2)
    for plan in [(0, 0, 0, 0, 9), (0, 0, 0, 4, 5), (0, 0, 9, 0, 0), (0, 9, 0, 0, 0), (0, 2, 2, 2, 3), (0, 3, 0, 1, 5)]:
        monkeypatch.setattr(vectors, "_plan", lambda *_, plan=plan: vectors._Plan(*plan))
        check(items, target, vector_subset_sum(items, target))


def test_too_many_in_doubt_are_called_so(monkeypatch):
    """Decimals tie but for their last bits; with little room to keep them apart, the bound gives way by so much."""
    monkeypatch.setattr(vectors, "_ROOM", 3)
    items = np.repeat([[0.1, 0.3], [0.3, 0.0007], [0.7, 0.1]], [5, 4, 4], axis=0)
    target = np.array([1.21, 0.83])
    solution = vector_subset_sum(items, target)
    optimum = brute_force(items, target, [1.0, 1.0])
    assert solution.status == "best found"
    assert Fraction(solution.bound) <= optimum
    assert float(optimum) <= solution.distance
    assert solution.distance - solution.bound < 1e-14
    monkeypatch.undo()
    check(items, target, vector_subset_sum(items, target))


def test_out_of_reach_and_between_multiples_the_bound_is_met():
    items = np.array([[2.0, 4.0]] * 30)
    far = vector_subset_sum(items, [1e9, -3.0])
    assert (far.distance, far.bound, far.status) == (1e9 - 60, 1e9 - 60, "optimal")
    assert far.mask.all()
    odd = vector_subset_sum(items, [21.0, 42.0])
    assert (odd.distance, odd.bound, odd.status) == (2.0, 2.0, "optimal")


def python_twin(monkeypatch):
    """Run the kernels as the plain Python that they are."""
    for name, kernel in vars(vectors).copy().items():
        if hasattr(kernel, "py_func"):
            monkeypatch.setattr(vectors, name, kernel.py_func)


@pytest.mark.parametrize("law", ["uniform", "ties", "equal", "decimal near-ties", "far apart"])
def test_compiled_kernels_equal_their_python_twins(law, monkeypatch):
    items = LAWS[law](11, 3)
    targets = four_targets(items)
    compiled = vector_subset_sum(items, targets)
    python_twin(monkeypatch)
    plain = vector_subset_sum(items, targets)
    assert np.array_equal(compiled.mask, plain.mask)
    assert np.array_equal(compiled.bound, plain.bound)


def test_the_tree_holds_every_sum_in_its_boxes():
    steps = RNG.integers(-(2**50), 2**50, (19, 3))
    tree = vectors._planted(steps)
    with ThreadPoolExecutor(2) as pool:
        vectors._grow(pool, tree)
    sums = (tree.order[:, None] >> np.arange(19) & 1) @ steps
    assert np.array_equal(sums, tree.points)
    assert np.array_equal(np.sort(tree.order), np.arange(2**19))
    for node in (1, 2, 5, 77, 2**14 + 5, 2**16 - 1):
        level = node.bit_length() - 1
        start = (node - (1 << level)) * (2**19 >> level)
        points = tree.points[start : start + (2**19 >> level)]
        assert np.array_equal(tree.boxes[node], [points.min(axis=0), points.max(axis=0)])
        if node < tree.axes.size:
            lower, upper = np.split(points[:, tree.axes[node]], 2)
            assert tree.limits[node].tolist() == [lower.min(), lower.max(), upper.min(), upper.max()]
            assert lower.max() <= upper.min()


def test_what_does_not_fit_is_refused_before_it_is_tried():
    with pytest.raises(rc.InputError, match=r"memory_limit must be at least [\d,]+ bytes for 40 items and 1 targets"):
        vector_subset_sum(np.ones((40, 2)), [1.0, 1.0], memory_limit=1000)
    with pytest.raises(rc.InputError, match="time_limit must be given, in seconds, for more than 50 items"):
        vector_subset_sum(np.ones((51, 2)), [1.0, 1.0])
    small = vectors._plan(40, 1, 8, 10**8, None)
    assert vectors._room(small, 40, 1, 8) <= 10**8


@pytest.mark.parametrize(
    ("items", "target", "options", "says"),
    [
        ([], [1.0, 1.0], {}, "items must be finite numbers, at least one"),
        (np.ones((0, 2)), [1.0, 1.0], {}, "items must be finite numbers, at least one"),
        (np.ones((3, 0)), [], {}, "items must be finite numbers, at least one"),
        ([1.0, 2.0], [1.0, 1.0], {}, "items must be an array (n, d) with d from 2 to 8, got shape (2,)"),
        (np.ones((3, 1)), [1.0], {}, "For d = 1 there is subset_sum()"),
        (np.ones((3, 9)), np.ones(9), {}, "with d from 2 to 8, got shape (3, 9)"),
        (np.ones((3, 2, 2)), [1.0, 1.0], {}, "with d from 2 to 8, got shape (3, 2, 2)"),
        ([[1.0, math.nan]], [1.0, 1.0], {}, "items at index (0, 1) must be finite"),
        ([[1.0, math.inf]], [1.0, 1.0], {}, "items at index (0, 1) must be finite"),
        ([[1.0, 2.0], [1.0]], [1.0, 1.0], {}, "rectangular"),
        ([["1", "2"]], [1.0, 1.0], {}, "items must be finite numbers"),
        ([[1e308, 0.0], [1e308, 0.0]], [1.0, 1.0], {}, "well within a double"),
        ([[1.0, 2.0]], [1.0, math.nan], {}, "target at index 1 must be finite"),
        ([[1.0, 2.0]], [1.0, 1.0, 1.0], {}, "target must be an array (2,) or (t, 2), as the items are, got shape (3,)"),
        ([[1.0, 2.0]], 1.0, {}, "target must be an array (2,) or (t, 2)"),
        ([[1.0, 2.0]], np.ones((1, 1, 2)), {}, "target must be an array (2,) or (t, 2)"),
        ([[1.0, 2.0]], np.ones((0, 2)), {}, "target must be finite numbers, at least one"),
        ([[1.0, 2.0]], [1.0, 1.0], {"weights": [1.0, 0.0]}, "weights at index 1 must be finite numbers above 0"),
        ([[1.0, 2.0]], [1.0, 1.0], {"weights": [1.0]}, "weights must be an array (2,)"),
        ([[1.0, 2.0]], [1.0, 1.0], {"time_limit": 0}, "time_limit must be a finite number above 0 (s)"),
        ([[1.0, 2.0]], [1.0, 1.0], {"time_limit": math.nan}, "time_limit must be a finite number above 0 (s)"),
        ([[1.0, 2.0]], [1.0, 1.0], {"memory_limit": 0.5}, "memory_limit must be a whole number of at least 1"),
    ],
)
def test_bad_input_gets_one_clear_line(items, target, options, says):
    with pytest.raises(rc.InputError) as caught:
        vector_subset_sum(items, target, **options)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
