"""Quantised subset sums: closed forms against all instances listed, the experiment against brute force and theory."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import integrate

from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.theory.partition_counts import uniform_integers
from rescircuit.theory.quantised_sums import measure_quantised_sums
from rescircuit.theory.quantised_theory import (
    expected_subsets,
    leading_bounds,
    rate_moments,
    rate_of_instance,
    subset_sum_limit,
    subset_sum_probability,
)


@pytest.mark.parametrize(("n", "m", "target"), [(3, 3, 0), (3, 3, 2), (4, 2, -1), (2, 4, 9)])
def test_the_expected_number_is_that_of_all_instances(n, m, target):
    values = [x for x in range(-m, m + 1) if x]
    bits = np.array(list(itertools.product((0, 1), repeat=n)))[1:]  # not the empty set
    numbers = [(bits @ np.array(items) == target).sum() for items in itertools.product(values, repeat=n)]
    assert expected_subsets(n, m, target) == pytest.approx(np.mean(numbers), abs=1e-12)


@pytest.mark.parametrize("share", [0.0, 1.0, 3.0])
@pytest.mark.parametrize(("n", "tolerance"), [(16, 6e-3), (40, 1e-3)])
def test_the_mean_rate_is_the_exact_first_moment_to_second_order(n, share, tolerance):
    m = round(2 ** (0.95 * n))
    mean, variance = rate_moments(n, m, round(share * m))
    assert mean == pytest.approx(expected_subsets(n, m, round(share * m)), rel=tolerance)
    assert variance > mean  # not a Poisson law's


def test_the_curve_tends_to_the_limit():
    """Against an integral of its own, and 1 / sqrt(2) of rho where hardly any solution is expected."""
    for rho, shift in ((0.3, 0.0), (5.0, 0.0), (5.0, 1.5)):
        expected = integrate.quad(
            lambda g, rho=rho, shift=shift: (
                math.exp(-g * g / 2) * -math.expm1(-rho * math.exp(-((g - shift) ** 2) / 2)) / math.sqrt(2 * math.pi)
            ),
            -8,
            8,
        )[0]
        assert subset_sum_limit(rho, shift) == pytest.approx(expected, rel=1e-6)
    assert subset_sum_limit(1e-6) == pytest.approx(1e-6 / math.sqrt(2), rel=1e-5)
    n, m = 60, round(math.ldexp(math.sqrt(6 / (60 * math.pi)), 60))
    assert subset_sum_probability(n, m, 0) == pytest.approx(float(subset_sum_limit(1.0)), rel=5e-3)


def test_failures_die_out_as_one_over_rho():
    """The instances with rho exp(-h**2 / 2) < 1 fail: their share is about 1 / (rho sqrt(log(rho) pi)) and no less."""
    rho = np.array([2.0**8, 2.0**12, 2.0**16])
    failures = 1 - subset_sum_limit(rho)
    assert (failures * rho * np.sqrt(math.pi * np.log(rho)) > 0.5).all()
    assert (failures * rho < 1).all()
    assert (failures > np.exp(-rho / 2)).all()


def test_the_leading_terms_of_lemma_3_hold_where_z_is_zero():
    rho = np.geomspace(1e-3, 1e3, 13)
    lower, upper = leading_bounds(rho)
    given = -np.expm1(-rho)  # at z = 0
    assert (lower <= given).all()
    assert (given <= upper).all()
    assert subset_sum_limit(0.1) < leading_bounds(0.1)[0]


def test_an_experiment_counts_what_a_list_of_all_subsets_has():
    found = measure_quantised_sums(n=[7], kappa=[0.6], targets=[-1, 0, 0.5], samples=30, seed=4)
    m = found.points[0].m
    places = uniform_integers(Stream(seed=4, source=f"theory.quantised-sums/7/{m}").words(210), 2 * m)
    bits = np.array(list(itertools.product((0, 1), repeat=7)))[1:]
    goals = [-m, 0, round(0.5 * m)]
    assert [point.target for point in found.points] == goals
    for sample, each in enumerate(places.reshape(30, 7)):
        items = np.where(each > m, each - m, each - m - 1)  # 1 ... M become -M ... -1
        assert items.all()
        assert np.abs(items).max() <= m
        for point, goal in zip(found.points, goals, strict=True):
            assert point.subsets[sample] == (bits @ items == goal).sum()
            assert point.totals[sample] == items.sum()
            assert point.squares[sample] == (items**2).sum()


def test_measured_probabilities_lie_on_the_finite_size_curve_also_given_each_instance():
    found = measure_quantised_sums(n=[18, 22], offsets=range(-4, 6), targets=[0, 2], samples=1200, seed=1)
    for each in found.agreements:
        assert each.finite_size.points >= 8
        assert each.finite_size.p_value > 0.003
        assert each.given.points == 20
        assert each.given.p_value > 0.003
        assert each.means.p_value > 0.003
    assert any("finite-size curve" in line for line in found.remarks())
    assert len(found.tables()) == 5
    # An instance's own sum matters: aside of the target the chance is far less.
    (point,) = [each for each in found.chosen(22, 0) if abs(each.offset + 2) < 0.1]
    aside, near = np.abs(point.distances) > 2, np.abs(point.distances) < 0.5
    assert (point.subsets[aside] > 0).mean() < 0.7
    assert (point.subsets[near] > 0).mean() > 0.95


def test_the_rate_of_an_instance_is_the_share_of_its_sums():
    """For one instance: sums near the target, counted, against the normal law with its correction."""
    n = 20
    items = np.random.default_rng(3).integers(1, 2**30, n) * np.random.default_rng(4).choice((-1, 1), n)
    sums = np.zeros(1)
    for item in items:
        sums = np.concatenate([sums, sums + item])
    squares = float((items.astype(float) ** 2).sum())
    for t in (0.0, 0.5, -1.0):
        target = items.sum() / 2 + t * math.sqrt(squares)
        width = 0.05 * math.sqrt(squares)
        near = (np.abs(sums - target) < width / 2).sum() / width
        distance = (items.sum() - 2 * target) / math.sqrt(squares)
        assert rate_of_instance(n, squares, distance) == pytest.approx(near, rel=0.03)


def test_other_arguments_are_refused():
    with pytest.raises(InputError, match="targets must be 1 to 20 numbers"):
        measure_quantised_sums(n=[8], kappa=[1.0], targets=[])
    with pytest.raises(InputError, match="targets must be 1 to 20 numbers, in M, from -64 to 64"):
        measure_quantised_sums(n=[8], kappa=[1.0], targets=[65])
