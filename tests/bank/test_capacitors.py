"""Capacitor banks: charge in place of current."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import rescircuit as rc

MIM = rc.Capacitor(nominal=100e-15, common=0.1, mismatch=0.01, density=1e-3, vc2=50e-6)


def test_the_best_of_all_settings():
    bank = rc.CapacitorBank.sample(MIM, n=8, seed=2, c_off=1e-15)
    every = np.array(list(itertools.product([False, True], repeat=8)))
    values = bank.capacitance(every)
    for target in np.linspace(0, 1.1, 12) * float(bank.full_scale):
        setting = bank.program(target)
        assert abs(setting.error) <= np.abs(values - target).min() + 1e-15 * bank.full_scale
        assert setting.capacitance == bank.capacitance(setting.mask)
        assert setting.status == "optimal"
    assert bank.program(0.5e-12, best=3).mask.shape == (3, 8)


def test_an_open_switch_is_a_small_capacitor_in_series():
    bank = rc.CapacitorBank(capacitances=[100e-15], c_off=1e-15)
    assert bank.capacitance([False]) == pytest.approx(100e-15 * 1e-15 / 101e-15, rel=1e-14)
    assert bank.capacitance([True]) == 100e-15


def test_charge_is_capacitance_times_voltage_and_more_with_a_coefficient():
    bank = rc.CapacitorBank(capacitances=[[1e-13, 2e-13]], coefficients=rc.Coefficients(vc1=0.01, vc2=0.001))
    charge = bank.charge(np.array([True, True]), [0.5, -2.0])
    assert charge == pytest.approx([0.5 * 3e-13 * 1.00525, -2.0 * 3e-13 * 1.024], rel=1e-14)


def test_larger_capacitors_settle_last():
    bank = rc.CapacitorBank(capacitances=[1e-12, 3e-12], switch=rc.IdealSwitch(r_on=1e3))
    assert bank.settling_time(1e-3) == pytest.approx(3e-9 * math.log(1e3), rel=1e-14)


def test_geometric_nominals_fall_and_sum_to_the_same_as_equal_ones():
    bank = rc.CapacitorBank.sample(rc.Capacitor(nominal=1e-13), n=6, seed=1)
    assert bank.capacitances.sum() == pytest.approx(6e-13, rel=1e-14)
    assert bank.capacitances[:-1] / bank.capacitances[1:] == pytest.approx(1.7, rel=1e-14)
    assert rc.CapacitorBank.sample(MIM, n=6, seed=1).area == pytest.approx(600e-12, rel=1e-12)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"capacitances": [0.0]}, "capacitances at index 0 must be finite numbers above 0 (F)"),
        ({"capacitances": [1e-12], "switch": rc.NMOS(w_over_l=1)}, "switch must be an IdealSwitch"),
        ({"capacitances": [1e-12], "switch": rc.IdealSwitch(r_off=1e9)}, "switch must be one without leakage"),
        ({"capacitances": [1e-12], "c_off": -1.0}, "c_off must be a finite number of at least 0 (F)"),
    ],
)
def test_bad_input_gets_one_clear_line(options, says):
    with pytest.raises(rc.InputError) as caught:
        rc.CapacitorBank(**options)
    assert says in str(caught.value)
