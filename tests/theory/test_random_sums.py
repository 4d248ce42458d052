"""The theory against simulation, integration and closed forms that its module does not use."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate

import rescircuit as rc
from rescircuit.bank import spread_nominals
from rescircuit.theory import conductance_moments, predicted_median_error

THESIS = rc.Resistor(nominal=10e3, tolerance=0.20)
FOUNDRY = rc.Resistor(nominal=10e3, common=0.20, mismatch=0.01)


def integrated_moments(density, low, high):
    """Mean and deviation of 1 / x for a relative resistance x with the density given."""
    mean = integrate.quad(lambda x: density(x) / x, low, high)[0]
    square = integrate.quad(lambda x: density(x) / x**2, low, high)[0]
    return mean, math.sqrt(square - mean**2)


@pytest.mark.parametrize("a", [0.01, 0.05, 0.2, 0.5, 0.9])
def test_moments_of_a_uniform_tolerance_are_exact(a):
    mean, deviation = conductance_moments(rc.Resistor(nominal=1.0, tolerance=a))
    expected = integrated_moments(lambda _: 0.5 / a, 1 - a, 1 + a)
    assert mean == pytest.approx(expected[0], rel=1e-13)
    assert deviation == pytest.approx(expected[1], rel=1e-9)  # a difference of nearly equal numbers


@pytest.mark.parametrize("m", [0.001, 0.01, 0.03, 0.09])
def test_moments_of_a_mismatch_are_right_to_second_order(m):
    """What is left out: 3 m**4 of the mean, and about 4.5 m**3 of the deviation (relative: 0.4 % at 3 %)."""
    mean, deviation = conductance_moments(rc.Resistor(nominal=1.0, mismatch=m))

    def density(x):
        return math.exp(-0.5 * ((x - 1) / m) ** 2) / (m * math.sqrt(2 * math.pi))

    expected = integrated_moments(density, 1 - 8 * m, 1 + 8 * m)
    assert mean == pytest.approx(expected[0], abs=4 * m**4)
    assert deviation == pytest.approx(expected[1], abs=6 * m**3)


def test_moments_of_both_together_agree_with_a_sample():
    resistor = rc.Resistor(nominal=10e3, tolerance=0.2, mismatch=0.03)
    conductance = 10e3 / resistor.sample((200_000,), seed=1)
    mean, deviation = conductance_moments(resistor)
    assert mean == pytest.approx(conductance.mean(), abs=4 * deviation / math.sqrt(200_000))
    assert deviation == pytest.approx(conductance.std(), rel=0.005)


def test_what_a_chip_shares_is_no_local_variation():
    """All resistors off by one factor keep the sums' distances relative to full scale."""
    local = rc.Resistor(nominal=10e3, mismatch=0.01)
    assert conductance_moments(FOUNDRY) == conductance_moments(local)
    assert conductance_moments(rc.Resistor(nominal=5.0, common=0.2)) == (1.0, 0.0)


def simulated_errors(resistor, nominals, n, shares, chips=200):
    """Distance from each target to the nearest of all 2**n sums, on sampled chips, by brute force."""
    resistances = resistor.sample((chips, n), seed=1, nominals=nominals)
    bits = (np.arange(2**n)[:, np.newaxis] >> np.arange(n)) & 1
    full_scale = (1 / nominals).sum()
    errors = []
    for conductances in 1 / resistances:
        sums = np.sort(bits @ conductances)
        targets = shares * full_scale
        above = np.searchsorted(sums, targets).clip(1, sums.size - 1)
        errors.append(np.minimum(np.abs(targets - sums[above - 1]), np.abs(targets - sums[above])))
    return np.array(errors) / full_scale


# How far the theory may be off. It takes the sums as independent points near the target. With equal nominals all
# sums of a chip share its items, and the density of sums varies from chip to chip: it promises up to 1.7 times too
# much. With geometric nominals few sums come near a target at n = 4, and not by accident: it promises too little.
@pytest.mark.parametrize(
    ("resistor", "nominals", "n", "low", "high"),
    [
        (THESIS, "equal", 4, 0.8, 1.4),
        (THESIS, "equal", 8, 1.2, 2.0),
        (THESIS, "equal", 12, 1.0, 1.7),
        (rc.Resistor(nominal=10e3, mismatch=0.01), "geometric", 4, 0.5, 1.0),
        (rc.Resistor(nominal=10e3, mismatch=0.01), "geometric", 8, 0.7, 1.1),
        (rc.Resistor(nominal=10e3, mismatch=0.01), "geometric", 12, 0.8, 1.1),
        (rc.Resistor(nominal=10e3, mismatch=0.01), "equal", 12, 0.9, 1.4),  # clumps of sums, the gaps between them
    ],
)
def test_predicted_median_error_against_simulation(resistor, nominals, n, low, high):
    nominals = spread_nominals(resistor.nominal, n, nominals)
    shares = np.linspace(0.1, 0.9, 41)
    mean, deviation = conductance_moments(resistor)
    full_scale = (1 / nominals).sum()
    predicted = predicted_median_error(mean / nominals, deviation / mean, shares * full_scale) / full_scale
    simulated = np.median(simulated_errors(resistor, nominals, n, shares))
    assert low < simulated / predicted < high


@pytest.mark.parametrize(("resistor", "nominals"), [(THESIS, "equal"), (FOUNDRY, "geometric")])
def test_the_error_halves_with_each_item(resistor, nominals):
    """The logarithm in Lueker's theorem (1998): n grows as log2 of the accuracy."""
    mean, deviation = conductance_moments(resistor)

    def relative_error(n):
        means = mean / spread_nominals(resistor.nominal, n, nominals)
        return predicted_median_error(means, deviation / mean, np.linspace(0.1, 0.9, 41) * means.sum()) / means.sum()

    errors = [relative_error(n) for n in range(7, 13)]
    ratios = np.divide(errors[:-1], errors[1:])
    assert (ratios > 1.8).all()
    assert (ratios < 2.3).all()


def test_many_items_make_a_normal_density_of_sums():
    """Around half the full scale 2**n sums have the density of a normal variable, by the central limit theorem.

    With equal means 1 and deviation d each summand, in or out by a fair coin, has the variance 1/4 + d**2 / 2. The
    median distance to the nearest of independent points of density rho is log(2) / (2 rho).
    """
    n, d = 16, 0.4
    density = 2**n / math.sqrt(2 * math.pi * n * (0.25 + d**2 / 2))
    predicted = predicted_median_error(np.ones(n), d, np.array([n / 2]))
    assert predicted == pytest.approx(math.log(2) / (2 * density), rel=0.03)


def test_the_chance_of_no_sum_is_the_exponential_of_the_expected_number():
    """1, 2 and 4 sum to 0 ... 7: a share 2 e of targets spread evenly has one sum within e, the others have none.

    So the share with none is (1 - 2 e) + 2 e exp(-1), and one half at e = 1 / (4 (1 - exp(-1))).
    """
    targets = np.arange(0.0005, 7.0, 0.001)
    predicted = predicted_median_error(np.array([1.0, 2.0, 4.0]), 0.0, targets)
    assert predicted == pytest.approx(0.25 / (1 - math.exp(-1)), abs=0.001)


def test_a_target_out_of_reach_stays_at_its_distance():
    means = np.array([1.0, 2.0, 4.0])
    assert predicted_median_error(means, 1e-6, np.array([70.0])) == pytest.approx(63.0, rel=1e-5)
    assert predicted_median_error(means, 1e-6, np.array([-50.0])) == pytest.approx(50.0, rel=1e-5)


def test_the_prediction_scales_with_the_unit_and_ignores_the_order():
    means, targets = np.array([5e-5, 8e-5, 1.3e-4, 2e-4]), np.linspace(1e-5, 4e-4, 30)
    predicted = predicted_median_error(means, 0.05, targets)
    assert predicted_median_error(1e6 * means, 0.05, 1e6 * targets) == pytest.approx(1e6 * predicted, rel=1e-9)
    assert predicted_median_error(means[::-1], 0.05, targets[::-1]) == pytest.approx(predicted, rel=1e-9)


@pytest.mark.parametrize(
    ("means", "deviation", "targets", "says"),
    [
        (np.ones(17), 0.1, [1.0], r"means must be of shape \(n,\) with n at most 16, got shape \(17,\)"),
        (np.ones((2, 2)), 0.1, [1.0], r"got shape \(2, 2\)"),
        (1.0, 0.1, [1.0], r"got shape \(\)"),
        ([1.0, 0.0], 0.1, [1.0], "means at index 1 must be finite numbers above 0"),
        ([], 0.1, [1.0], "means must be finite numbers, at least one"),
        ([1.0], -0.1, [1.0], "deviation must be a finite number of at least 0"),
        ([1.0], math.nan, [1.0], "deviation must be"),
        ([1.0], 0.1, [math.nan], "targets at index 0 must be finite"),
        ([1.0], 0.1, [], "targets must be finite numbers, at least one"),
    ],
)
def test_other_arguments_are_refused(means, deviation, targets, says):
    with pytest.raises(rc.InputError, match=says):
        predicted_median_error(means, deviation, targets)
