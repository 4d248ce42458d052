"""The fitted constant: of made-up errors with a known one, and of random items above what information allows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.theory.lueker import (
    INFORMATION_BOUND,
    PROOF_CONSTANT,
    constants_table,
    fit_constant,
    fit_line,
    remarks_on,
)
from rescircuit.theory.populations import population
from rescircuit.theory.subset_sums import measure_errors

SIZES = (8, 10, 12, 14, 16, 18)


def made_up(constant, bend=0.0, samples=2000):
    """Errors that halve with `constant` items, times a power of n, each scattered by a factor of its own."""
    rng = np.random.default_rng(2)
    return {n: 2.0 ** (-n / constant) * n**bend * rng.lognormal(0, 0.5, samples) for n in SIZES}


@pytest.mark.parametrize("constant", [1.0, 1.3, 4.0])
def test_a_known_constant_is_found(constant):
    fit = fit_constant(made_up(constant), dict.fromkeys(SIZES, 1.0), failures=0.05, seed=1)
    assert fit is not None
    assert fit.sizes == SIZES[1:]
    assert fit.low < constant < fit.high
    assert fit.high - fit.low < 0.1 * constant
    assert fit.intercept == pytest.approx(constant * math.log2(math.exp(0.5 * 1.645)), abs=0.3)
    assert fit.misfit < 4


def test_finite_size_terms_are_taken_out():
    """Errors 2**-n n**1.5: by themselves 1.18 items a bit from 10 to 18, and 1 beside a prediction with n**1.5."""
    worst, predicted = made_up(1.0, bend=1.5), {n: 2.0**-n * n**1.5 for n in SIZES}
    fit = fit_constant(worst, predicted, failures=0.05, seed=1)
    assert fit is not None
    assert fit.low > 1.1
    assert fit.asymptotic_low < 1 < fit.asymptotic_high
    assert fit.asymptotic_high - fit.asymptotic_low < 0.05


def test_the_error_bars_hold_the_truth_as_often_as_they_should():
    rng, held = np.random.default_rng(3), 0
    for _ in range(400):
        x, bars = np.arange(6.0), np.array([1.0, 2.0, 1.0, 0.5, 1.0, 3.0])
        slope, bar, _, misfit = fit_line(x, 2.0 - 0.7 * x + bars * rng.normal(size=6), bars)
        held += abs(slope + 0.7) < 1.96 * bar
        assert misfit >= 0
    assert 0.93 < held / 400 <= 1  # a little above 95 %, as misfits above 1 widen the bars and others don't narrow them


def test_a_line_is_numpys_weighted_fit():
    x, y, bars = np.array([1.0, 2.0, 4.0, 7.0]), np.array([1.0, 3.0, 2.0, 8.0]), np.array([0.1, 0.3, 0.2, 0.5])
    slope, _, level, _ = fit_line(x, y, bars)
    assert (slope, level) == pytest.approx(tuple(np.polyfit(x, y, 1, w=1 / bars)), rel=1e-9)


def test_uniform_items_take_more_than_a_bit_and_far_less_than_the_proof():
    found = measure_errors([population("uniform")], sizes=(10, 12, 14), samples=400, seed=1)
    fit = found.fits["uniform"]
    assert fit.constant > INFORMATION_BOUND
    assert fit.high < 3
    assert fit.asymptotic_low < 1.1
    assert pytest.approx(60 * math.log(2) / math.log(17 / 16)) == PROOF_CONSTANT  # both logarithms of one base
    said = " ".join(remarks_on(found.fits, 0.05))
    assert "= 686" in said
    assert f"{fit.constant:.3f}" in constants_table(found.fits).rows[0][2]


def test_too_few_sizes_give_no_constant():
    worst = made_up(1.0)
    endless = {n: math.inf if n > 12 else 1.0 for n in SIZES}
    assert fit_constant(worst, endless, failures=0.05, seed=1) is None
    with pytest.raises(InputError, match="x must be as long as y and bars, at least 3"):
        fit_line(np.ones(2), np.ones(2), np.ones(2))
