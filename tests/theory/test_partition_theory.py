"""Number partitioning in closed form: against all instances listed, published limits, and simulated laws."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from rescircuit.theory.partition_theory import (
    critical_ratio,
    expected_solutions,
    limit_probability,
    moments_of_solutions,
    parity_classes,
    partition_probability,
    probability_bounds,
    target_of_parity,
)


def listed(n, m, target):
    """Pairs of solutions of all m**n instances: those of even sum, and those of odd sum."""
    signs = np.array(list(itertools.product((-1, 1), repeat=n)))
    pairs = [[], []]
    for items in itertools.product(range(1, m + 1), repeat=n):
        odd = sum(items) % 2
        goal = target + (target + odd) % 2
        pairs[odd].append(int((np.abs(signs @ np.array(items)) == goal).sum()) // 2)
    return pairs


@pytest.mark.parametrize(
    ("n", "m", "target"), [(3, 4, 0), (4, 3, 0), (4, 3, 2), (5, 2, 1), (3, 7, 3), (4, 1, 0), (3, 1, 2)]
)
def test_shares_and_moments_are_those_of_all_instances(n, m, target):
    pairs = listed(n, m, target)
    every = np.array(pairs[0] + pairs[1], dtype=float)
    classes = parity_classes(n, m, target)
    assert len(classes) == sum(bool(each) for each in pairs)
    for found, numbers in zip(classes, (np.array(each, dtype=float) for each in pairs if each), strict=True):
        assert found.share == pytest.approx(numbers.size / every.size, rel=1e-12)
        assert found.mean == pytest.approx(numbers.mean(), rel=1e-12)
        assert found.mean**2 * (1 + found.excess) == pytest.approx((numbers * (numbers - 1)).mean(), abs=1e-10)
    assert moments_of_solutions(n, m, target) == pytest.approx((2 * every.mean(), 4 * (every**2).mean()), rel=1e-12)


@pytest.mark.parametrize(("n", "m", "target"), [(4, 5, 0), (4, 5, 1), (5, 3, 2)])
def test_the_bounds_hold_for_all_instances(n, m, target):
    parity = target % 2
    pairs = listed(n, m, target)
    solved = sum(found > 0 for found in pairs[parity]) / m**n
    lower, upper = probability_bounds(n, m, target)
    assert lower <= solved <= upper


def test_the_first_factor_of_the_lower_bound_differs_at_target_zero():
    """Kumar and Natale (2025), lemma 1: 1 / (2 (1 + 1 / rho)) exceeds the probability where z is 0 and rho small."""
    n, m = 40, 2**44
    rho = expected_solutions(n, m)
    poisson = 0.5 * -math.expm1(-rho / 2)
    assert probability_bounds(n, m, 0)[0] == pytest.approx(1 / (2 * (1 + 2 / rho)), rel=0.01)
    assert probability_bounds(n, m, 1)[0] == pytest.approx(1 / (2 * (1 + 1 / rho)), rel=0.01)
    assert probability_bounds(n, m, 0)[0] < poisson < 1 / (2 * (1 + 1 / rho))


@pytest.mark.parametrize("mean", [0.3, 2.0, 20.0])
@pytest.mark.parametrize("excess", [-0.02, 0.0, 0.1])
def test_the_law_of_numbers_has_its_moments(mean, excess):
    found = parity_classes(4, 3)[0].__class__(target=0, share=1.0, mean=mean, excess=excess)
    laws = found.numbers(200)
    k = np.arange(201)
    assert laws.sum() == pytest.approx(1, abs=1e-9)
    assert laws @ k == pytest.approx(mean, rel=1e-9)
    assert laws @ (k * (k - 1)) == pytest.approx(mean**2 * (1 + excess), rel=1e-6)
    assert found.none == laws[0]


def test_one_solution_is_expected_at_the_critical_ratio():
    """Mertens (1998): kappa_c = 1 - log2(pi n / 6) / (2 n); rho_n is 2**-lambda around it."""
    assert critical_ratio(20) == pytest.approx(1 - math.log2(20 * math.pi / 6) / 40)
    for n, offset in ((20, 0.0), (40, 0.0), (40, 3.0)):
        m = round(2 ** (n * critical_ratio(n) + offset))
        assert expected_solutions(n, m) == pytest.approx(2**-offset, rel=1e-4)
    assert critical_ratio(10**6) == pytest.approx(1, abs=1e-4)


def test_the_limit_is_that_of_borgs_chayes_and_pittel():
    """Theorem 2.2, M = 2**(n + l) / sqrt(n): 1 - exp(-r / 2) (1 + exp(-r / 2)) / 2, r = sqrt(3 / (2 pi)) 2**(1 - l)."""
    n = 40
    for shift in (-3.0, 0.0, 2.0):
        r = math.sqrt(3 / (2 * math.pi)) * 2 ** (1 - shift)
        published = 1 - math.exp(-r / 2) * (1 + math.exp(-r / 2)) / 2
        assert limit_probability(n, round(2 ** (n + shift) / math.sqrt(n))) == pytest.approx(published, rel=1e-9)


def test_the_curve_tends_to_the_limit_as_one_over_n():
    gaps = []
    for n in (16, 32, 64):
        m = round(2 ** (n * critical_ratio(n) - 1))
        gaps.append(n * (limit_probability(n, m) - partition_probability(n, m)))
    assert gaps[0] > 0
    assert gaps[1:] == pytest.approx(gaps[:-1], rel=0.1)


def test_instances_differ_by_one_fifth_over_n():
    """The mean goes as Q**(-1/2), Q = sum(X**2) of relative variance 4 / (5 n): a relative variance of 1 / (5 n)."""
    n = 60
    for found in parity_classes(n, round(2 ** (n * critical_ratio(n)))):
        assert n * found.excess == pytest.approx(0.2, rel=0.05)


def test_far_from_the_step_the_answer_is_certain():
    assert partition_probability(20, 2**8) == pytest.approx(1, abs=1e-9)
    assert partition_probability(20, 2**40) < 1e-5
    assert [target_of_parity(3, odd) for odd in (False, True)] == [4, 3]
