"""Differential pairs: programmed jointly they are the best of all pairs of settings."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import rescircuit as rc

FOUNDRY = rc.Resistor(nominal=10e3, common=0.20, mismatch=0.01)
SWITCH = rc.NMOS(w_over_l=10, r_off=1e8)


def pair_of_banks(n, m, seed, switch=SWITCH, **options):
    positive = rc.Bank.sample(FOUNDRY, n=n, seed=seed, switch=switch, **options)
    return positive, rc.Bank.sample(FOUNDRY, n=m, seed=seed, chip=1, switch=switch, **options)


def pair_of(positive, negative):
    return rc.DifferentialPair(positive=positive, negative=negative)


def every_conductance(bank):
    return bank.conductance(np.array(list(itertools.product([False, True], repeat=bank.n))))


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 5), (5, 5), (6, 4)])
def test_the_best_of_all_pairs_of_settings(n, m):
    """Leakage of both banks included."""
    positive, negative = pair_of_banks(n, m, seed=n)
    every = np.subtract.outer(every_conductance(positive), every_conductance(negative)).ravel()
    scale = float(positive.full_scale)
    for target in np.linspace(-1.2, 1.2, 13) * scale:
        pair = pair_of(positive, negative).program(target)
        assert abs(pair.error) <= np.abs(every - target).min() + 1e-15 * scale
        assert pair.positive_conductance == pytest.approx(positive.conductance(pair.positive_mask), rel=1e-14)
        assert pair.negative_conductance == pytest.approx(negative.conductance(pair.negative_mask), rel=1e-14)
        difference = pair.positive_conductance - pair.negative_conductance
        assert pair.difference == pytest.approx(difference, abs=1e-15 * scale)
        assert pair.error == pytest.approx(pair.difference - target, abs=1e-15 * scale)
        assert pair.bound == abs(pair.error)
        assert pair.status == "optimal"
        assert pair.v_read == positive.v_read


def test_together_the_error_is_far_smaller_than_one_after_the_other():
    """With 10 resistors a bank: the second bank alone makes up for the first one's error to 1e-4 of full scale."""
    positive, negative = pair_of_banks(10, 10, seed=3, shape=(200,))
    scale = positive.full_scale
    targets = np.linspace(-0.5, 0.5, 200) * scale
    first = positive.program(0.5 * scale + targets / 2)
    second = negative.program(np.maximum(first.conductance - targets, 0.0))
    one_by_one = np.abs(first.conductance - second.conductance - targets) / scale
    together = pair_of(positive, negative).program(targets)
    jointly = np.abs(together.error) / scale
    assert (jointly <= one_by_one + 1e-15).all()
    assert np.median(one_by_one) > 1e-5
    assert np.median(jointly) < np.median(one_by_one) / 100


def test_arrays_of_banks_and_targets_broadcast():
    positive, negative = pair_of_banks(4, 3, seed=1, shape=(3, 2))
    targets = np.linspace(-1e-4, 1e-4, 2)
    together = pair_of(positive, negative).program(targets)
    assert together.positive_mask.shape == (3, 2, 4)
    assert together.negative_mask.shape == (3, 2, 3)
    assert together.target.shape == together.error.shape == (3, 2)
    for place in np.ndindex(3, 2):
        rows = [rc.Bank(resistances=bank.resistances[place], switch=SWITCH) for bank in (positive, negative)]
        alone = pair_of(*rows).program(targets[place[1]])
        assert np.array_equal(alone.positive_mask, together.positive_mask[place])
        assert np.array_equal(alone.negative_mask, together.negative_mask[place])
        assert alone.error == together.error[place]
    one = rc.Bank(resistances=negative.resistances[0, 0], switch=SWITCH)
    assert pair_of(positive, one).program(1e-5).positive_mask.shape == (3, 2, 4)
    assert pair_of(one, one).program([0.0, 1e-5]).difference.shape == (2,)


def test_the_difference_of_a_bank_and_itself_is_zero_and_signs_turn():
    bank = rc.Bank.sample(FOUNDRY, n=6, seed=2)
    assert pair_of(bank, bank).program(0.0).error == 0.0
    positive, negative = pair_of_banks(5, 5, seed=7)
    there, back = pair_of(positive, negative).program(3e-5), pair_of(negative, positive).program(-3e-5)
    assert abs(there.error) == abs(back.error)


def test_progress_counts_all_pairs():
    seen = []
    pair_of(*pair_of_banks(3, 3, seed=1)).program(np.linspace(-1e-4, 1e-4, 20), progress=seen.append)
    assert sum(seen) == 20


BANK = rc.Bank(resistances=[1e3, 2e3])


@pytest.mark.parametrize(
    ("positive", "negative", "difference", "says"),
    [
        ([1e3], BANK, 0.0, "positive must be a Bank"),
        (BANK, rc.SeriesBank(resistances=[1e3]), 0.0, "negative must be a Bank"),
        (BANK, rc.Bank(resistances=[1e3], v_read=0.2), 0.0, "negative must be read at the same voltage, 0.1 V"),
        (BANK, rc.Bank(resistances=np.ones(63)), 0.0, "resistors beside the positive, got 63"),
        (BANK, BANK, math.nan, "difference must be finite numbers (S)"),
        (BANK, BANK, "1", "difference must be finite numbers (S)"),
        (
            rc.Bank(resistances=np.ones((3, 2))),
            rc.Bank(resistances=np.ones((2, 2))),
            0.0,
            "negative must be of a shape",
        ),
        (rc.Bank(resistances=np.ones((3, 2))), BANK, [0.0, 1.0], "difference must be of a shape that broadcasts"),
    ],
)
def test_bad_input_gets_one_clear_line(positive, negative, difference, says):
    with pytest.raises(rc.InputError) as caught:
        pair_of(positive, negative).program(difference)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_blown_banks_are_not_programmed_again():
    bank = rc.Bank(resistances=[1e3, 2e3], switch=rc.devices.Fuse())
    blown = bank.blow([True, False])
    for pair in (pair_of(blown, bank), pair_of(bank, blown)):
        with pytest.raises(rc.InputError, match="must be a bank whose switches still move, got 'blown ones'"):
            pair.program(1e-4)
    mask = np.array([True, True, False, False])
    assert pair_of(blown, bank).conductance(mask) == blown.conductance(mask[:2])
