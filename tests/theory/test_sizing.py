"""Sizes with certificates: against brute force, counting bounds, and fresh samples."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.errors import InputError, SolutionError
from rescircuit.theory.intervals import wilson_interval
from rescircuit.theory.populations import ResistorPopulation, population
from rescircuit.theory.sizing import measure_sizes, required_size, samples_to_prove
from rescircuit.theory.sizing_points import SizePoint
from rescircuit.theory.sizing_rule import fit_rule
from rescircuit.theory.sizing_study import study_sizing

BANKS = ResistorPopulation(resistor=rc.Resistor(nominal=1e6, tolerance=0.2), nominals="geometric")


def brute_worst(items, low, high):
    """The worst error of a fine grid of targets, for each bank of conductances (count, n)."""
    n = items.shape[1]
    masks = (np.arange(2**n)[:, np.newaxis] >> np.arange(n)) & 1
    grid = np.linspace(low, high, 3001)
    return np.array([np.abs((masks @ bank)[:, np.newaxis] - grid).min(axis=0).max() for bank in items])


def test_the_worst_targets_are_found():
    (point,) = measure_sizes(BANKS, (7,), samples=30, seed=2)
    seen = brute_worst(BANKS.items(7, 30, seed=2) / 7, 0.1, 0.8)
    assert (point.worst >= seen - 1e-12).all()
    assert point.worst == pytest.approx(seen, abs=0.7 / 3000)


def test_a_size_comes_with_its_yields():
    found = required_size(BANKS, 0.01, 0.9, samples=300, seed=1)
    assert found.reached.limits[0] >= 0.9
    assert found.one_less is not None
    assert found.one_less.limits[0] < 0.9
    assert found.one_less.n == found.n - 1
    assert (found.reached.limits) == wilson_interval(found.reached.good, 300)
    worst = measure_sizes(BANKS, (found.n,), samples=300, seed=1)[0].worst
    assert found.reached.good == (worst <= 0.01).sum()
    assert found.n >= found.least == math.ceil(math.log2(0.7 / 0.02))


def test_fresh_banks_have_the_yield_that_was_proved():
    found = required_size(BANKS, 0.005, 0.8, samples=400, seed=1)
    fresh = measure_sizes(BANKS, (found.n,), samples=400, seed=99)[0].good(0.005)
    assert fresh.limits[1] >= 0.8


def test_more_accuracy_and_more_yield_take_no_fewer():
    sizes = [required_size(BANKS, accuracy, 0.5, samples=100).n for accuracy in (0.1, 0.03, 0.01, 0.003)]
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0]
    assert required_size(BANKS, 0.01, 0.95, samples=100).n >= sizes[2]


def test_one_binary_weight_by_hand():
    """One item, targets from 0 to 0.5, accuracy 0.5: the sum 0 alone serves all, so one item will always do."""
    found = required_size(population("uniform"), 0.5, 0.9, span=(0.0, 0.5), samples=50)
    assert (found.n, found.reached.share, found.one_less) == (1, 1.0, None)


def test_no_n_below_the_counting_bound_ever_serves():
    points = measure_sizes(population("uniform"), range(1, 9), samples=200)
    for point in points:
        assert (point.worst >= 1.0 / 2.0 ** (point.n + 1)).all()  # 2**n sums, each 2 eps wide, over a range of 1


def test_the_fewest_samples_that_prove_a_yield():
    for asked in (0.5, 0.9, 0.99):
        count = samples_to_prove(asked)
        assert wilson_interval(count, count)[0] >= asked > wilson_interval(count - 1, count - 1)[0]
    assert samples_to_prove(0.99) == 381


def made_up(sizes, slope=1.25, samples=4000):
    """Banks whose errors are 2**(-n / slope) times exponential variables: each halving of the bad is a factor."""
    rng = np.random.default_rng(4)
    return [
        SizePoint(
            n=n, worst=2.0 ** (-n / slope) * 2.0 ** rng.exponential(0.3, samples), densities=np.ones((1, 2)), width=1.0
        )
        for n in sizes
    ]


def test_a_known_rule_is_found():
    """log2 of the error is -n / 1.25 + E, and E exceeds 0.3 ln 2 log2(1/b) with probability b."""
    rule = fit_rule(made_up((8, 10, 12, 14)), (0.5, 0.9, 0.99))
    assert rule.per_bit == pytest.approx(1.25, abs=0.02)
    assert rule.per_halving == pytest.approx(1.25 * 0.3 * math.log(2), abs=0.04)
    assert rule.per_bit_bar < 0.02
    assert 0 <= rule.margin < 0.1
    for point in made_up((8, 10, 12, 14)):
        for asked in (0.5, 0.9, 0.99):
            assert rule.size(float(np.quantile(point.worst, asked)), asked) in (point.n, point.n + 1)


def test_the_rule_serves_fresh_banks():
    found = study_sizing(BANKS, 0.02, 0.9, sizes=(5, 6, 7, 8, 9, 10), samples=200, seed=3)
    assert len(found.trials) == 9
    for trial in found.trials:
        assert trial.reached.limits[1] >= trial.asked
        assert trial.reached.n == found.rule.size(trial.accuracy, trial.asked)
    assert 1 < found.rule.per_bit < 1.5  # 1 is the least; ratios of 1.7 without variation give 1 / log2(1.7) = 1.31
    assert found.required.reached.limits[0] >= 0.9
    tables = found.tables()
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
    assert len(found.remarks()) == 5
    assert found.as_dict()["required"]["n"] == found.required.n
    assert set(found.arrays()) == {f"worst_{n}" for n in range(5, 11)}


def test_what_cannot_be_reached_is_said_with_the_reason():
    """Banks of ratio 1.7 that vary by 20 % do not all reach 97 % of the nominal full scale, however many parts."""
    with pytest.raises(
        SolutionError, match=r"Both ends of the range are within reach of \d\d\.\d\d% \(.*narrower range"
    ):
        required_size(BANKS, 0.01, 0.9, span=(0.1, 0.97), samples=100)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"accuracy": 0.0}, "accuracy must be a share of full scale"),
        ({"accuracy": 1.0}, "accuracy must be"),
        ({"yield_": 1.0}, "yield_ must be a share above 0 and below 1"),
        ({"yield_": 0.999}, "samples must be a whole number from 3838 to 10000000, got 100"),
        ({"span": (0.8, 0.1)}, "span must be the least and the largest target"),
        ({"span": (0.1,)}, "span must be"),
    ],
)
def test_other_arguments_are_refused(given, says):
    with pytest.raises(InputError, match=says):
        required_size(BANKS, **{"accuracy": 0.01, "yield_": 0.9, "samples": 100, **given})


def test_a_rule_takes_three_sizes_and_two_yields():
    for sizes, yields in (((8, 10), (0.5, 0.9)), ((8, 10, 12), (0.5,))):
        with pytest.raises(InputError, match="sizes must be at least three"):
            fit_rule(made_up(sizes), yields)
