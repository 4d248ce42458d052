"""Neighbouring sums and closest reciprocals against brute force in rational arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescircuit.subsetsum import one_sided
from rescircuit.subsetsum.one_sided import exact_neighbours, neighbouring_sums
from rescircuit.subsetsum.reciprocal import closest_reciprocals

RNG = np.random.default_rng(20260303)


def all_sums(items, offset=0.0):
    """Every subset's sum, exactly."""
    sums = [Fraction(offset)]
    for item in items:
        exact = Fraction(float(item))
        sums += [total + exact for total in sums]
    return sums


def neighbours_of(items, target, remainder=0.0, offset=0.0):
    """The kernel on one instance: both sums as rationals, ``None`` where there is none, and the whole answer."""
    exact = Fraction(target) + Fraction(remainder) - Fraction(offset)
    parts = [np.array([[float(x)]]) for x in (target, remainder, offset)]
    near = neighbouring_sums(np.array([items], float), *parts, lambda bank, column: exact)
    sums = [
        sum((Fraction(float(x)) for x in np.asarray(items, float)[near.mask[side, 0, 0]]), Fraction(offset))
        if math.isfinite(near.residual[side, 0, 0])
        else None
        for side in range(2)
    ]
    return sums, near


def check_neighbours(items, target, remainder=0.0, offset=0.0):
    exact = Fraction(target) + Fraction(remainder)
    every = all_sums(items, offset)
    (below, above), near = neighbours_of(items, target, remainder, offset)
    assert below == max((total for total in every if total <= exact), default=None)
    assert above == min((total for total in every if total > exact), default=None)
    for side, total in enumerate((below, above)):
        if total is not None:
            assert near.total[side, 0, 0] == float(total)
            assert near.residual[side, 0, 0] == pytest.approx(float(total - exact), rel=1e-15, abs=1e-300)


LAWS = {
    "uniform": lambda n: RNG.uniform(-1, 1, n),
    "ties": lambda n: RNG.integers(-3, 4, n).astype(float),
    "equal": lambda n: np.full(n, 0.1),
    "geometric": lambda n: 1.7 ** -np.arange(n) * RNG.uniform(0.99, 1.01, n),
    "decimal near-ties": lambda n: RNG.integers(1, 400, n) / 1000,
    "far apart": lambda n: RNG.choice([-1, 1], n) * 10.0 ** RNG.integers(-12, 12, n) * RNG.uniform(1, 2, n),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("n", [1, 2, 5, 10])
def test_neighbours_equal_brute_force(law, n):
    for trial in range(12):
        items = LAWS[law](n)
        reach = np.abs(items).sum()
        target = [items[RNG.random(n) < 0.5].sum(), RNG.uniform(-1, 1) * reach, 3 * reach, -3 * reach][trial % 4]
        check_neighbours(items, float(target), offset=[0.0, 0.25 * reach][trial % 2])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats(-1e50, 1e50, allow_nan=False), min_size=1, max_size=7),
    st.floats(-1e50, 1e50, allow_nan=False),
    st.floats(-0.5, 0.5),
    st.floats(-1e50, 1e50, allow_nan=False),
)
def test_neighbours_equal_brute_force_on_what_hypothesis_finds(items, target, share, offset):
    check_neighbours(items, target, share * math.ulp(target), offset)


def test_a_remainder_decides_on_which_side_a_sum_is():
    """The target is the sum 3 itself, or less than a rounding above or below it."""
    for remainder, below in ((0.0, 3), (1e-20, 3), (-1e-20, 2)):
        sums, near = neighbours_of([1.0, 2.0, 4.0], 3.0, remainder)
        assert sums[0] == below
        assert near.exact[0, 0] == (remainder != 0)


def test_large_instances_equal_python_integers_and_are_settled_by_the_kernel():
    items = RNG.uniform(0, 1, 26)
    target = 0.4 * items.sum()
    _, near = neighbours_of(items, target)
    assert not near.exact.any()
    for side, bits in enumerate(exact_neighbours(items.tolist(), Fraction(target))):
        assert np.array_equal(near.mask[side, 0, 0], [bits >> k & 1 for k in range(26)])


def test_blocks_and_progress(monkeypatch):
    items, targets = RNG.uniform(0, 1, (30, 8)), RNG.uniform(0, 4, (30, 7))
    nothing = np.zeros_like(targets)

    def solve(**options):
        return neighbouring_sums(items, targets, nothing, nothing, lambda b, t: Fraction(targets[b, t]), **options)

    whole, seen = solve(), []
    monkeypatch.setattr(one_sided, "_SUMS_PER_TASK", 40)
    cut = solve(progress=seen.append)
    assert np.array_equal(whole.mask, cut.mask)
    assert sum(seen) == targets.size
    assert len(seen) > 10


def test_compiled_kernels_equal_their_python_twins(monkeypatch):
    items, targets = RNG.uniform(-1, 1, (3, 9)), RNG.uniform(-2, 2, (3, 4))
    grid = one_sided._to_grid(items, targets, np.zeros((3, 4)), np.zeros((3, 4)))
    compiled = one_sided._solve(grid, None)
    for name in ("_solve_block", "_walk", "_is_sure"):
        monkeypatch.setattr(one_sided, name, getattr(one_sided, name).py_func)
    plain = one_sided._solve(grid, None)
    assert np.array_equal(compiled[0], plain[0])
    assert np.array_equal(compiled[1], plain[1])


def check_reciprocal(items, target, offset=0.0):
    found = closest_reciprocals(np.array(items), np.array(target), np.array(offset))
    exact = Fraction(target)
    best = min(abs(1 / total - exact) for total in all_sums(items, offset) if total)
    total = sum((Fraction(float(x)) for x in np.asarray(items)[found.mask]), Fraction(offset))
    error = 1 / total - exact
    assert abs(error) == best
    assert found.total == float(total)
    assert found.error == pytest.approx(float(error), rel=3e-15, abs=0)


@pytest.mark.parametrize("offset", [0.0, 0.3])
@pytest.mark.parametrize("n", [1, 2, 6, 10])
def test_reciprocals_equal_brute_force(n, offset):
    """Anywhere in the range, at the reciprocals of sums, and out of reach on both sides."""
    for _ in range(15):
        items = RNG.uniform(0.5, 1.5, n)
        sums = items[RNG.random(n) < 0.5].sum() + offset
        targets = [1 / RNG.uniform(0.3, n), 1 / (sums or 1.0), 0.0, 1e-9, 50.0, math.nextafter(1 / (sums or 1.0), 2)]
        for target in targets:
            check_reciprocal(items, float(target), offset)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=7), st.floats(1e-9, 1e5), st.sampled_from([0.0, 1e-3, 7.5]))
def test_reciprocals_equal_brute_force_on_what_hypothesis_finds(items, target, offset):
    check_reciprocal(items, target, offset)


def test_the_best_reciprocal_is_not_the_reciprocal_of_the_closest_sum():
    """1/0.5 is 1.5 nearer the sum 1 than 3.5 is, but 1/3.5 misses 0.5 by 0.214 and 1/1 by 0.5."""
    found = closest_reciprocals(np.array([1.0, 3.5]), np.array(0.5), np.array(0.0))
    assert found.mask.tolist() == [False, True]


def test_of_two_reciprocals_equally_close_the_lower_is_taken():
    """1/1 and 1/2 around 3/4."""
    found = closest_reciprocals(np.array([1.0, 2.0]), np.array(0.75), np.array(0.0))
    assert found.mask.tolist() == [False, True]
    assert found.error == -0.25
