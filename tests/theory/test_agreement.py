"""Chi-square: against its own law, by simulation, and against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rescircuit.errors import InputError
from rescircuit.theory.agreement import (
    agreement_of_counts,
    agreement_of_means,
    agreement_of_shares,
    exponential_agreement,
)


def test_shares_that_follow_the_curve_have_uniform_p_values_and_others_none():
    rng = np.random.default_rng(1)
    chances = np.linspace(0.1, 0.9, 9)
    trials = np.full(9, 400)
    found = [agreement_of_shares(rng.binomial(trials, chances), trials, chances) for _ in range(400)]
    assert {each.points for each in found} == {9}
    assert stats.kstest([each.p_value for each in found], "uniform").pvalue > 0.01
    assert agreement_of_shares(rng.binomial(trials, chances), trials, chances + 0.05).p_value < 1e-4


def test_points_without_enough_expected_are_left_out():
    found = agreement_of_shares([100, 50, 0], [100, 100, 100], [0.96, 0.5, 0.0])
    assert (found.statistic, found.points, found.p_value) == (0.0, 1, 1.0)
    assert agreement_of_shares([], [], []).p_value == 1.0


def test_counts_are_those_of_scipy_and_rare_ones_are_taken_together():
    seen, wanted = np.array([[30.0, 50.0, 15.0, 3.0, 2.0]]), np.array([[35.0, 45.0, 14.0, 4.0, 2.0]])
    found = agreement_of_counts(seen, wanted)
    reference = stats.chisquare([30, 50, 15, 5], [35, 45, 14, 6])
    assert (found.statistic, found.p_value) == pytest.approx((reference.statistic, reference.pvalue))
    assert found.points == 3
    assert agreement_of_counts(np.array([[2.0, 98.0]]), np.array([[1.0, 99.0]])).points == 0


def test_means_count_in_standard_errors():
    found = agreement_of_means([1.0, 2.0], [0.1, 0.2], [1.1, 1.8])
    assert found.statistic == pytest.approx(2.0)
    assert found.p_value == pytest.approx(stats.chi2.sf(2.0, 2))
    with pytest.raises(InputError, match="same length"):
        agreement_of_means([1.0], [0.1, 0.2], [1.0])


def test_an_exponential_sample_is_known_from_another():
    rng = np.random.default_rng(2)
    assert exponential_agreement(rng.exponential(size=500))[1] > 0.01
    assert exponential_agreement(rng.uniform(0, 2, 500))[1] < 1e-6
