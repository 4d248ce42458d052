"""Energies of number partitioning: kernels against lists, closed forms against sums, simulations and each other."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from rescircuit.devices.streams import Stream
from rescircuit.theory.energies import measure_energies
from rescircuit.theory.energy_levels import boltzmann_sums, energy_levels
from rescircuit.theory.energy_theory import closed_form, freezing, ground_temperature, saddle_point
from rescircuit.theory.partition_counts import uniform_integers


def test_levels_and_their_sums_are_those_of_a_list_of_all_signs():
    items = np.array([5, 11, 3, 8, 20])
    signs = np.array(list(itertools.product((-1, 1), repeat=5)))
    energies = np.abs(signs @ items)
    levels = energy_levels(items)
    assert sorted([*levels, *levels]) == sorted(energies)
    log_z, means = boltzmann_sums(levels, 100.0, 10)
    for k in range(10):
        weights = np.exp(-energies / (100.0 / 2**k))
        assert log_z[k] == pytest.approx(math.log(weights.sum()), rel=1e-12)
        assert means[k] == pytest.approx(weights @ energies / weights.sum(), rel=1e-12)


def test_the_saddle_point_is_mertens():
    """<E> = (coth**2 - 1) / coth and S = n log 2 + log sqrt(2 / (pi Q)) + log coth + beta <E> (Kumar 2025, 3.2.1)."""
    n, squares = 20, 1e9
    for t in (0.3, 1.0, 7.0):
        coth = 1 / math.tanh(1 / t)
        energy = (coth**2 - 1) / coth
        entropy = n * math.log(2) + 0.5 * math.log(2 / (math.pi * squares)) + math.log(coth) + energy / t
        assert saddle_point(n, squares, t) == pytest.approx((energy, entropy), rel=1e-12)
        assert closed_form(n, squares, 0.0, False, t) == pytest.approx((energy, entropy), rel=1e-6)


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("t", [0.5, 3.0, 200.0, 5e3, 1e5])
def test_the_closed_form_is_the_sum_over_the_differences(odd, t):
    """sum over even, or odd, d of the density with its fourth cumulant times exp(-|d| / t)."""
    n, root, w = 20, 700.0, 0.09
    d = np.arange(int(odd), 8000, 2).astype(float)
    x = d / root
    density = 2**n * 2 / (root * math.sqrt(2 * math.pi)) * np.exp(-x * x / 2)
    density *= (1 - w / 12 * (x**4 - 6 * x**2 + 3)) * np.where(d == 0, 1, 2)
    weights = density * np.exp(-d / t)
    energy, log_z = weights @ d / weights.sum(), math.log(weights.sum())
    found = closed_form(n, root**2, w * root**4, odd, t)
    assert found[0] == pytest.approx(energy, rel=1e-4, abs=1e-5)
    assert found[1] == pytest.approx(log_z + energy / t, abs=1e-4)


def test_energy_and_entropy_are_derivatives_of_the_same_free_energy():
    n, squares, fourths = 20, 3e7, 1.6e13
    t = np.geomspace(0.3, 1e5, 60)
    energy, entropy = closed_form(n, squares, fourths, False, t)
    h = 1e-4
    above, below = (closed_form(n, squares, fourths, False, t * (1 + s)) for s in (h, -h))
    np.testing.assert_allclose((above[1] - below[1]) / (2 * h), (above[0] - below[0]) / (2 * h * t), atol=2e-4)
    assert (np.diff(energy) > 0).all()
    assert (np.diff(entropy) > 0).all()
    assert entropy[-1] == pytest.approx(n * math.log(2), abs=0.01)


def test_freezing_is_that_of_simulated_poisson_levels():
    ratios = np.array([0.05, 0.3, 1.0, 3.0])
    levels = np.cumsum(np.random.default_rng(1).exponential(size=(6_000, 100)), axis=1)
    above, log_z = freezing(ratios)
    for k, t in enumerate(ratios):
        weights = np.exp(-(levels - levels[:, :1]) / t)
        sums = weights.sum(axis=1)
        energies = (weights * levels).sum(axis=1) / sums / t
        logarithms = np.log(sums) - levels[:, 0] / t
        assert above[k] + 1 == pytest.approx(energies.mean(), abs=4 * energies.std() / 6_000**0.5)
        assert log_z[k] + math.log(t) == pytest.approx(logarithms.mean(), abs=4 * logarithms.std() / 6_000**0.5)
    cold, hot = freezing(np.array([1e-3, 1e3]))[0]
    assert cold + 1 == pytest.approx(1e3, rel=0.01)  # the ground state's mean, T_0
    assert hot == pytest.approx(0, abs=1e-3)


def test_the_ground_temperature_is_the_published_one():
    """E_0 = T_0 = 2**-n sqrt(2 pi sum(X**2)) (Kumar 2025, section 3.2.2)."""
    assert ground_temperature(10, 50.0) == pytest.approx(math.sqrt(2 * math.pi * 50) / 1024)


def test_an_experiment_enumerates_its_instances():
    found = measure_energies(n=[6], kappa=[1.0], samples=5, seed=7)
    (point,) = found.points
    items = uniform_integers(Stream(seed=7, source="theory.energies/6/64").words(30), 64).reshape(5, 6)
    for sample, each in enumerate(items):
        levels = np.sort(energy_levels(each))
        assert point.lowest[sample].tolist() == levels[:3].tolist()
        assert point.odd[sample] == each.sum() % 2
        assert point.fourths[sample] == (each**4).sum()
        assert point.shares[sample].sum() <= 1 + 1e-12
    assert point.temperatures[0] == pytest.approx(10 * 64 * math.sqrt(2))


def test_instances_agree_with_the_closed_forms_in_both_phases():
    found = measure_energies(n=[16], kappa=[0.5, 1.4], samples=120, seed=1)
    easy, hard = found.points
    assert found.hard == [hard]
    for point in (easy, hard):
        for odd in (False, True):
            curve = point.curve(odd)
            # To the order 1 / n**2 the closed form is not exact: 2 permille of a nat where instances differ by less.
            noise = np.hypot(4 * curve.entropy_noise, 0.005)
            assert (np.abs(curve.entropy_deviation) < noise).all()
            scale = np.maximum(curve.temperatures, curve.energy_theory)
            assert (np.abs(curve.energy_deviation) < np.hypot(4 * curve.energy_noise / scale, 0.005)).all()
    even, odd = easy.curve(False), easy.curve(True)
    assert even.energies[-1] == pytest.approx(0, abs=0.01)
    assert odd.energies[-1] == pytest.approx(1, abs=0.01)
    assert odd.entropies[-1] - even.entropies[-1] == pytest.approx(math.log(2), abs=0.2)
    # Without solutions the published entropy falls below that of one pair; the instances' don't.
    frozen = hard.curve(False)
    assert frozen.entropy_saddle[-1] < 0 < math.log(2) <= frozen.entropies[-1]
    assert hard.spacings.mean(axis=0) == pytest.approx([1, 1, 1], abs=4 / 120**0.5)
    np.testing.assert_allclose(hard.shares.mean(axis=0)[:20], hard.expected_shares[:20], rtol=0.05)
    assert len(found.tables()) == 5
