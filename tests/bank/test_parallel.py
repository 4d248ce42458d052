"""The parallel bank: what a setting conducts, and that programming it is exact with its switches included."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank import spread_nominals

THESIS = rc.Resistor(nominal=10e3, tolerance=0.20)
FOUNDRY = rc.Resistor(nominal=10e3, common=0.20, mismatch=0.01)
SWITCH = rc.NMOS(w_over_l=10)


def all_masks(n):
    return np.array(list(itertools.product([False, True], repeat=n)))


def test_a_closed_branch_is_resistor_and_switch_in_series():
    bank = rc.Bank(resistances=[1e3, 2e3], switch=rc.IdealSwitch(r_on=100.0, r_off=1e6))
    assert bank.conductance([True, True]) == pytest.approx(1 / 1100 + 1 / 2100, rel=1e-15)
    assert bank.conductance([True, False]) == pytest.approx(1 / 1100 + 1 / 1002e3, rel=1e-15)
    assert bank.current([False, False], 2.0) == pytest.approx(2 / 1001e3 + 2 / 1002e3, rel=1e-15)
    assert bank.full_scale == pytest.approx(1 / 1100 + 1 / 2100, rel=1e-15)


@pytest.mark.parametrize("v_read", [0.05, 0.5])
@pytest.mark.parametrize("r_off", [math.inf, 1e7])
def test_programming_finds_the_best_of_all_settings(v_read, r_off):
    """Leakage of open switches and the switches' own resistance count; every setting is tried as referee."""
    switch = rc.NMOS(w_over_l=10, r_off=r_off)
    bank = rc.Bank.sample(THESIS, n=9, seed=3, switch=switch, v_read=v_read)
    every = bank.conductance(all_masks(9))
    for target in np.linspace(0.0, 1.1, 23) * bank.full_scale:
        setting = bank.program(target)
        assert setting.conductance == pytest.approx(bank.conductance(setting.mask), rel=1e-14)
        assert setting.error == pytest.approx(setting.conductance - target, abs=1e-15 * bank.full_scale)
        assert abs(setting.error) <= np.abs(every - target).min() + 1e-15 * bank.full_scale
        assert setting.status == "optimal"
        assert setting.bound <= abs(setting.error)


def test_what_circuits_ask_of_a_setting():
    """Stuck switches, a number of closed ones, several settings, and the fewest within a tolerance."""
    bank = rc.Bank.sample(THESIS, n=8, seed=5, switch=rc.NMOS(w_over_l=10, r_off=1e7), shape=(3,))
    every = np.stack([bank.conductance(mask) for mask in all_masks(8)])
    size = all_masks(8).sum(axis=1)
    targets = 0.45 * bank.full_scale
    distance = np.abs(every - targets)
    stuck_closed, stuck_open = np.arange(8) == 2, np.arange(8) == 5

    stuck = bank.program(targets, stuck_closed=stuck_closed, stuck_open=stuck_open)
    allowed = all_masks(8)[:, 2] & ~all_masks(8)[:, 5]
    assert np.abs(stuck.error) == pytest.approx(distance[allowed].min(axis=0), rel=1e-9)
    assert stuck.mask[:, 2].all()
    assert not stuck.mask[:, 5].any()

    three = bank.program(targets, closed=3)
    assert np.abs(three.error) == pytest.approx(distance[size == 3].min(axis=0), rel=1e-9)

    several = bank.program(targets, best=4)
    assert several.mask.shape == (3, 4, 8)
    assert np.abs(several.error) == pytest.approx(np.sort(distance, axis=0)[:4].T, rel=1e-9)
    assert several.conductance == pytest.approx(several.target + several.error, rel=1e-12)

    tolerance = 0.03 * float(bank.full_scale.min())
    few = bank.program(targets, tolerance=tolerance)
    fewest = [size[distance[:, k] <= tolerance].min() for k in range(3)]
    assert few.mask.sum(axis=1).tolist() == fewest


def test_the_public_example():
    bank = rc.Bank.sample(FOUNDRY, n=16, switch=SWITCH, seed=7)
    setting = bank.program(1.2e-3)
    assert setting.mask.shape == (16,)
    assert abs(setting.error) < 2e-4 * 1.2e-3
    assert np.array_equal(setting.switch_states(), setting.mask)


def test_arrays_of_banks_and_targets_broadcast():
    banks = rc.Bank.sample(THESIS, n=6, seed=1, shape=(3, 2), switch=SWITCH)
    targets = 0.5 * banks.full_scale
    together = banks.program(targets)
    assert together.mask.shape == (3, 2, 6)
    for place in np.ndindex(3, 2):
        alone = rc.Bank(resistances=banks.resistances[place], switch=SWITCH).program(targets[place])
        assert np.array_equal(alone.mask, together.mask[place])
        assert alone.conductance == pytest.approx(together.conductance[place], rel=1e-15)
    one = rc.Bank.sample(THESIS, n=6, seed=1, switch=SWITCH)
    assert one.program(np.linspace(0, 1e-3, 5)).mask.shape == (5, 6)


def test_a_chip_is_the_same_in_any_chunking():
    whole = rc.Bank.sample(FOUNDRY, n=5, seed=9, chip=2, shape=(10,)).resistances
    parts = [rc.Bank.sample(FOUNDRY, n=5, seed=9, chip=2, shape=(k,), start=s).resistances for s, k in ((0, 3), (3, 7))]
    assert np.array_equal(whole, np.concatenate(parts))
    assert np.array_equal(whole[4], rc.Bank.sample(FOUNDRY, n=5, seed=9, chip=2, start=4).resistances)
    assert not np.array_equal(whole, rc.Bank.sample(FOUNDRY, n=5, seed=9, chip=3, shape=(10,)).resistances)


def test_spread_nominals_are_the_same_bits_everywhere():
    """Powers differ in their last bit between processors; quotients, one after the other, do not."""
    quotients = [1.0]
    for _ in range(23):
        quotients.append(quotients[-1] / 1.7)
    total = math.fsum(quotients)
    assert spread_nominals(1e4, 24, ratio=1.7).tolist() == [1e4 / (24 * q / total) for q in quotients]


def test_spread_nominals_keep_the_full_scale_and_the_ratio():
    spread = 1 / spread_nominals(10e3, 12)
    assert spread.sum() == pytest.approx(12 / 10e3, rel=1e-14)
    assert spread[:-1] / spread[1:] == pytest.approx(1.7, rel=1e-14)
    assert np.array_equal(spread_nominals(10e3, 3, "equal"), [10e3] * 3)
    assert np.array_equal(spread_nominals(10e3, 2, [1.0, 2.0]), [1.0, 2.0])


def test_published_worst_errors_of_the_three_kinds_of_bank():
    """At n = 12 equal nominals with 3 % mismatch leave a worst error of 3 % of full scale,
    independent ±20 % leaves 0.4 %, geometric nominals with 1 % leave 0.06 %: in the middle half of the range."""

    def worst(resistor, nominals):
        errors = []
        for seed in range(12):
            bank = rc.Bank.sample(resistor, n=12, seed=seed, nominals=nominals)
            targets = np.linspace(0.25, 0.75, 2000) * bank.full_scale
            errors.append(np.abs(bank.program(targets).error).max() / bank.full_scale)
        return np.median(errors)

    assert 0.02 < worst(rc.Resistor(nominal=1e6, mismatch=0.03), "equal") < 0.04
    assert 0.002 < worst(rc.Resistor(nominal=1e6, tolerance=0.20), "equal") < 0.008
    assert 0.0003 < worst(rc.Resistor(nominal=1e6, mismatch=0.01), "geometric") < 0.0009


def test_negative_inputs_are_refused_for_nmos_and_fine_for_ideal_switches():
    mask = [True, False]
    with pytest.raises(rc.InputError, match="at least 0 V at an NMOS switch"):
        rc.Bank(resistances=[1e3, 1e3], switch=SWITCH).current(mask, -0.1)
    assert rc.Bank(resistances=[1e3, 1e3]).current(mask, -0.1) == pytest.approx(-1e-4)


def test_a_bank_cannot_be_changed_behind_its_cached_values():
    given = np.array([1e3, 2e3])
    bank = rc.Bank(resistances=given)
    given[0] = 5.0
    assert bank.resistances[0] == 1e3
    for values in (bank.resistances, bank.on_conductances, bank.off_conductances):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1.0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: rc.Bank(resistances=[]), "resistances must be finite numbers (ohm), at least one"),
        (lambda: rc.Bank(resistances=[1e3, 0.0]), "resistances at index 1 must be finite numbers above 0"),
        (lambda: rc.Bank(resistances=[1e3, -1.0]), "resistances at index 1 must be finite numbers above 0"),
        (lambda: rc.Bank(resistances=[1e3, math.nan]), "resistances at index 1 must be finite"),
        (lambda: rc.Bank(resistances=5.0), "resistances must be an array"),
        (lambda: rc.Bank(resistances=[1e3], v_read=0.0), "v_read must be a finite number above 0"),
        (lambda: rc.Bank.sample(THESIS, n=0, seed=1), "n must be a whole number from 1 to 4096"),
        (lambda: rc.Bank.sample(THESIS, n=4, seed=-1), "seed must be a whole number from 0"),
        (lambda: rc.Bank.sample(THESIS, n=4, seed=1, nominals="spread"), "nominals must be"),
        (lambda: rc.Bank.sample(THESIS, n=4, seed=1, nominals=[1.0, 2.0]), "nominals must be shape (4,)"),
        (lambda: rc.Bank.sample(THESIS, n=4, seed=1, ratio=2.5), "ratio must be above 1 and at most 2"),
        (lambda: rc.Bank(resistances=[1e3]).program(-1e-6), "target must be finite numbers of at least 0"),
        (lambda: rc.Bank(resistances=[1e3]).program(math.inf), "target must be finite"),
        (lambda: rc.Bank(resistances=np.ones((3, 2))).program([1.0, 1.0]), "target must be of a shape that broadcasts"),
        (lambda: rc.Bank(resistances=np.ones(65)).program(1.0), "items must be at most 64"),
        (lambda: rc.Bank(resistances=[1e3]).conductance([True, True]), "mask must be booleans (..., 1)"),
        (lambda: rc.Bank(resistances=[1e3]).conductance([1]), "mask must be booleans (..., 1)"),
        (lambda: rc.Bank(resistances=[1e3]).conductance(True), "mask must be booleans (..., 1)"),
    ],
)
def test_bad_input_gets_one_clear_line(make, says):
    with pytest.raises(rc.InputError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
