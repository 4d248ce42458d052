"""Error bars against published figures, SciPy, and how often they hold what they are to hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.theory.findings import range_text, with_limits
from rescircuit.theory.intervals import mean_interval, median_interval, quantile_interval, resampled, wilson_interval


@pytest.mark.parametrize(
    ("successes", "samples", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_published_wilson_intervals(successes, samples, low, high):
    """Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3."""
    assert wilson_interval(successes, samples) == pytest.approx((low, high), abs=5.1e-5)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_wilson_agrees_with_scipy(level):
    successes = np.array([0, 1, 7, 19, 20])
    low, high = wilson_interval(successes, 20, level)
    for k, count in enumerate(successes.tolist()):
        expected = stats.binomtest(count, 20).proportion_ci(level, method="wilson")
        assert (low[k], high[k]) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert low[0] == 0
    assert high[-1] == 1


def test_wilson_solves_its_equation():
    """At the limits the share seen is just the normal quantile's multiple of the deviation away."""
    for p in wilson_interval(30, 100):
        assert abs(0.3 - p) == pytest.approx(1.959964 * math.sqrt(p * (1 - p) / 100), rel=1e-6)


def test_the_mean_and_its_limits():
    values = np.array([1.0, 2.0, 3.0, 6.0])
    mean, low, high = mean_interval(values)
    half = 1.959964 * math.sqrt((4 + 1 + 0 + 9) / 3) / 2
    assert (mean, low, high) == pytest.approx((3.0, 3.0 - half, 3.0 + half), rel=1e-6)
    assert mean_interval([5.0]) == (5.0, -math.inf, math.inf)


def test_ranks_of_the_median_of_a_hundred():
    """The tabulated ranks 40 and 61 (Conover 1999, section 3.2): 1 - 2 P(B(100, 1/2) <= 39) = 0.9648."""
    assert median_interval(np.arange(1.0, 101.0)[::-1]) == (50.5, 40.0, 61.0)


@pytest.mark.parametrize(("size", "share"), [(10, 0.5), (40, 0.9), (200, 0.05), (25, 0.5)])
def test_quantile_limits_hold_their_level_and_no_wider_ones_do(size, share):
    """From the binomial law: the limits' ranks miss at most 2.5 % on each side, and the next ranks inwards more."""
    _, low, high = quantile_interval(np.arange(1.0, size + 1.0), share)
    binomial = stats.binom(size, share)
    if math.isfinite(low):
        assert binomial.cdf(low - 1) <= 0.025 < binomial.cdf(low)
    else:
        assert binomial.cdf(0) > 0.025
    if math.isfinite(high):
        assert binomial.sf(high - 1) <= 0.025 < binomial.sf(high - 2)
    else:
        assert binomial.sf(size - 1) > 0.025


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: wilson_interval(5, 4), "successes must be whole numbers from 0 to the number of samples"),
        (lambda: wilson_interval(1.5, 4), "successes must be"),
        (lambda: wilson_interval(0, 0), "samples must be whole numbers of at least 1"),
        (lambda: wilson_interval([1, 2], [3, 4, 5]), "successes must be"),
        (lambda: wilson_interval(1, 2, 1.0), "level must be a confidence above 0 and below 1"),
        (lambda: quantile_interval([1.0], 1.0), "share must be above 0 and below 1"),
        (lambda: median_interval([[1.0]]), r"values must be of one dimension, got shape \(1, 1\)"),
        (lambda: mean_interval([]), "values must be finite numbers, at least one"),
    ],
)
def test_other_arguments_are_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_values_drawn_again_vary_as_new_ones_would():
    """The mean of k values drawn again has the deviation of a mean, std / sqrt(k) (Efron 1979)."""
    values = Stream(seed=5, source="test.resampled").normal(400)
    again = np.array(list(resampled(values, 500, seed=1, source="test")))
    assert again.shape == (500, 400)
    assert np.isin(again, values).all()
    assert again.mean(axis=1).std(ddof=1) == pytest.approx(values.std() / 20, rel=0.12)  # 4 / sqrt(2 * 500)


def test_figures_say_where_there_is_no_limit():
    assert with_limits(0.5, 0.25, 1.0) == "0.5 (0.25 to 1)"
    assert with_limits(0.5, 0.25, np.inf) == "0.5 (0.25 or more)"
    assert with_limits(0.5, -np.inf, 1.0) == "0.5 (1 or less)"
    assert with_limits(0.5, -np.inf, np.inf) == "0.5 (no limits)"
    assert range_text([0.95, 1.04]) == "0.95 to 1.04"
    assert range_text([0.631, 0.632]) == "0.63"
