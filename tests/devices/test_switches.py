"""Switches: closed forms, Kirchhoff's law at a transistor's operating point, and what is refused."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

import rescircuit as rc

NMOS = rc.NMOS(w_over_l=10)


def level_1(switch, v_ds):
    """Drain current of SPICE's level 1 with source and bulk at 0 V (Shichman and Hodges 1968), without leakage."""
    beta, overdrive = switch.kp * switch.w_over_l, switch.v_gate - switch.vto
    if v_ds < overdrive:
        return beta * (overdrive * v_ds - v_ds**2 / 2) * (1 + switch.lambda_ * v_ds)
    return beta / 2 * overdrive**2 * (1 + switch.lambda_ * v_ds)


def test_an_ideal_switch_adds_its_resistance():
    switch = rc.IdealSwitch(r_on=100.0, r_off=1e6)
    resistance = np.array([900.0, 3900.0])
    assert switch.branch_current(resistance, np.array(2.0), closed=True).tolist() == [2.0 / 1000, 2.0 / 4000]
    assert switch.branch_current(resistance, np.array(2.0), closed=False).tolist() == [2.0 / 1000900, 2.0 / 1003900]


def test_an_ideal_switch_is_perfect_by_default_and_takes_any_sign():
    switch = rc.IdealSwitch()
    assert switch.branch_current(np.array([500.0]), np.array(-1.0), closed=True).tolist() == [-1.0 / 500]
    assert switch.branch_current(np.array([500.0]), np.array(-1.0), closed=False).tolist() == [0.0]


@pytest.mark.parametrize(("v_ds", "ohms"), [(0.010, 358.0), (0.5, 430.0)])
def test_on_resistance_as_measured_with_ngspice(v_ds, ohms):
    """ngspice 39, level 1 with the default parameters and W/L = 10, gate at 1.8 V: V over I, to the ohm."""
    current = NMOS.branch_current(np.array(1e-9), np.array(v_ds), closed=True)  # all but no resistor
    assert v_ds / current == pytest.approx(ohms, abs=0.6)


@settings(max_examples=300)
@given(st.floats(-3, 9), st.floats(0, 5))
def test_kirchhoffs_law_holds_at_the_operating_point(exponent, voltage):
    """The channel takes what the resistor brings, to 1e-14 of the voltage: linear, bent and saturated."""
    resistance = 10.0**exponent
    across = float(NMOS._voltage_across(np.array(resistance), np.array(voltage)))
    current = float(NMOS.branch_current(np.array(resistance), np.array(voltage), closed=True))
    assert 0 <= across <= voltage
    assert current == pytest.approx(level_1(NMOS, across), rel=1e-14, abs=1e-300)
    assert abs(across + resistance * current - voltage) <= max(1e-14 * voltage, 1e-300)


@pytest.mark.parametrize("resistance", [1e-3, 1.0, 200.0, 1e3, 3e3, 1e4, 1e6, 1e9])
@pytest.mark.parametrize("voltage", [1e-9, 0.01, 0.5, 1.3, 1.4, 1.5, 5.0])
@pytest.mark.parametrize("lambda_", [0.0, 0.02, 0.5])
def test_the_operating_point_equals_bisections(resistance, voltage, lambda_):
    """Brent's bracketing root finder on the textbook's current: another formula, another method."""
    switch = rc.NMOS(w_over_l=10, lambda_=lambda_)
    precision: Any = {"xtol": 1e-300, "rtol": 1e-15, "maxiter": 1000}
    across = brentq(lambda v: v + resistance * level_1(switch, v) - voltage, 0.0, voltage, **precision)
    current = switch.branch_current(np.array(resistance), np.array(voltage), closed=True)
    assert current == pytest.approx(level_1(switch, across), rel=3e-14)


def test_saturation_is_among_what_is_tested():
    """Behind a small resistor at 5 V the current is the square law's, 3.6 overdrives beyond pinch-off."""
    current = NMOS.branch_current(np.array(1.0), np.array(5.0), closed=True)
    assert current == pytest.approx(0.5 * 2e-3 * 1.4**2 * (1 + 0.02 * (5.0 - current)), rel=1e-14)


@settings(max_examples=100, deadline=None)
@given(
    st.floats(-3, 5),
    st.floats(-6, 0.7),
    st.floats(0, 1),
    st.floats(0, 2),
    st.integers(0, 2**32 - 1),
)
def test_any_transistor_has_its_operating_points(width, overdrive, vto, lambda_, seed):
    """Down to a microvolt of overdrive: most of the voltage then lies across the resistor, and cancels."""
    switch = rc.NMOS(w_over_l=10.0**width, vto=vto, v_gate=vto + 10.0**overdrive, lambda_=lambda_)
    rng = np.random.default_rng(seed)
    resistance, voltage = 10.0 ** rng.uniform(-3, 9, 200), rng.uniform(0, 5, 200)
    across = switch._voltage_across(resistance, voltage)
    current = switch.branch_current(resistance, voltage, closed=True)
    assert (np.abs(across + resistance * current - voltage) <= 1e-14 * voltage).all()


def test_a_weak_gate_on_a_wide_transistor_is_solved():
    """Near pinch-off the voltage across the switch is a small difference; its last bits may not settle."""
    rng = np.random.default_rng(1)
    for w_over_l, v_gate in ((10, 0.5), (1000, 0.41), (10_000, 0.41)):
        switch = rc.NMOS(w_over_l=w_over_l, v_gate=v_gate)
        resistance, voltage = 10.0 ** rng.uniform(-1, 6, 50_000), rng.uniform(0, 5, 50_000)
        current = switch.branch_current(resistance, voltage, closed=True)
        across = switch._voltage_across(resistance, voltage)
        assert (np.abs(across + resistance * current - voltage) <= 1e-14 * voltage).all()


@pytest.mark.parametrize("r_off", [math.inf, 1e6, 1e3])
def test_the_derivative_is_that_of_the_current(r_off):
    """Against central differences, below, at and above pinch-off at 1.4 V, where the second derivative jumps."""
    switch = rc.NMOS(w_over_l=10, r_off=r_off)
    v = np.array([0.0, 0.01, 0.5, 1.2, 1.4, 1.6, 5.0])
    h = 1e-6
    differences = (switch._channel_current(v + h)[0] - switch._channel_current(v - h)[0]) / (2 * h)
    # h times the jump of the second derivative, 2e-3 A/V²; rounding adds 1e-16 * 5 mA / h
    assert switch._channel_current(v)[1] == pytest.approx(differences, rel=1e-8, abs=3e-9)


def test_leakage_flows_beside_the_channel_and_through_an_open_switch():
    leaky, tight = rc.NMOS(w_over_l=10, r_off=1e5), rc.NMOS(w_over_l=10)
    resistance, voltage = np.array([1e3, 1e5]), np.array(0.4)
    assert leaky.branch_current(resistance, voltage, closed=False) == pytest.approx(0.4 / (resistance + 1e5), rel=1e-15)
    assert tight.branch_current(resistance, voltage, closed=False).tolist() == [0.0, 0.0]
    v = np.array([0.1, 2.0])
    extra = leaky._channel_current(v)[0] - tight._channel_current(v)[0]
    assert extra == pytest.approx(v / 1e5, rel=1e-10)


def test_zero_volts_give_zero_amperes():
    resistance = np.array([1e-3, 1e3, 1e9])
    for closed in (True, False):
        assert NMOS.branch_current(resistance, np.array(0.0), closed=closed).tolist() == [0.0, 0.0, 0.0]


def test_the_smallest_voltages_do_not_upset_the_solution():
    """Far below any physics, but a zero times a scale factor ends here."""
    voltage = np.array([5e-324, 1e-300, 1e-30])
    current = NMOS.branch_current(np.array(1e3), voltage, closed=True)
    assert current[1:] == pytest.approx(voltage[1:] / (1e3 + 1 / (2e-3 * 1.4)), rel=1e-12)
    assert current[0] >= 0


def test_arguments_broadcast():
    resistance, voltage = np.array([1e3, 2e3, 5e3]), np.array([[0.1], [2.0]])
    for switch in (NMOS, rc.NMOS(w_over_l=10, r_off=1e6), rc.IdealSwitch(r_on=5.0)):
        for closed in (True, False):
            currents = switch.branch_current(resistance, voltage, closed=closed)
            assert currents.shape == (2, 3)
            alone = switch.branch_current(resistance[1], voltage[1, 0], closed=closed)
            assert currents[1, 1] == pytest.approx(alone, rel=1e-14)
    assert NMOS.branch_current(np.empty((2, 0)), np.array(0.1), closed=True).shape == (2, 0)


@pytest.mark.parametrize("closed", [True, False])
def test_negative_voltages_are_refused_at_a_transistor(closed):
    """An open NMOS conducts below 0 V: 8 to 20 % of its closed current at -0.4 V, measured with ngspice."""
    with pytest.raises(rc.InputError, match=r"voltage must be at least 0 V at an NMOS switch, got -0.4\. .*two phases"):
        NMOS.branch_current(np.array([1e3, 1e3]), np.array([0.1, -0.4]), closed=closed)
    with pytest.raises(rc.InputError, match="voltage at index 0 must be finite numbers"):
        NMOS.branch_current(np.array([1e3]), np.array([math.nan]), closed=closed)


def test_an_unsettled_operating_point_is_an_error_and_no_number(monkeypatch):
    rng = np.random.default_rng(1)
    monkeypatch.setattr(rc.NMOS, "_channel_current", lambda _, v: (rng.uniform(0, 1e-3, v.shape), np.ones(v.shape)))
    with pytest.raises(rc.SolutionError, match=r"NMOS operating point: residual .* is above the limit 1e-14"):
        NMOS.branch_current(np.array([1e3]), np.array([1.0]), closed=True)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"r_on": -1.0}, "r_on must be a finite resistance of at least 0 (ohm), got -1.0"),
        ({"r_on": math.inf}, "r_on must be a finite resistance"),
        ({"r_on": math.nan}, "r_on must be a finite resistance"),
        ({"r_on": "5"}, "r_on must be a finite resistance"),
        ({"r_off": 0.0}, "r_off must be a resistance above 0 (ohm); math.inf for none, got 0.0"),
        ({"r_off": -1.0}, "r_off must be a resistance above 0"),
        ({"r_off": math.nan}, "r_off must be a resistance above 0"),
        ({"r_off": True}, "r_off must be a resistance above 0"),
        ({"r_off": "1meg"}, "r_off must be a resistance above 0"),
        ({"r_on": 10.0, "r_off": 10.0}, "r_off must be above r_on (10 ohm), got 10.0"),
    ],
)
def test_ideal_switches_outside_their_range_are_refused(fields, says):
    with pytest.raises(rc.InputError) as caught:
        rc.IdealSwitch(**fields)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"w_over_l": 0}, "w_over_l must be a finite number above 0, got 0"),
        ({"w_over_l": math.nan}, "w_over_l must be a finite number above 0"),
        ({"w_over_l": "10"}, "w_over_l must be a finite number above 0"),
        ({"kp": 0.0}, "kp must be a finite number above 0 (A/V²)"),
        ({"phi": -0.7}, "phi must be a finite number above 0 (V)"),
        ({"length": 0.0}, "length must be a finite number above 0 (m)"),
        ({"vto": -0.1}, "vto must be a finite number of at least 0 (V)"),  # a depletion transistor never opens
        ({"lambda_": -0.02}, "lambda_ must be a finite number of at least 0 (1/V)"),
        ({"gamma": math.inf}, "gamma must be a finite number of at least 0 (√V)"),
        ({"v_gate": 0.4}, "v_gate must be above the threshold vto (0.4 V), got 0.4"),
        ({"v_gate": -1.0}, "v_gate must be a finite number of at least 0 (V)"),
        ({"r_off": 0}, "r_off must be a resistance above 0"),
    ],
)
def test_transistors_outside_their_range_are_refused(fields, says):
    with pytest.raises(rc.InputError) as caught:
        rc.NMOS(**{"w_over_l": 10, **fields})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("switch", [NMOS, rc.IdealSwitch()])
def test_switches_are_frozen(switch):
    """A changed field would escape its check."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        switch.r_off = -1.0


@pytest.mark.parametrize("r_off", [np.float32(1e9), np.int64(10**9), np.float64(1e9), 10**9])
@pytest.mark.parametrize("kind", [rc.NMOS, rc.IdealSwitch])
def test_leakage_may_be_any_real_number(kind, r_off):
    fields = {"w_over_l": 10} if kind is rc.NMOS else {}
    banks = [rc.Bank(resistances=[1e4], switch=kind(**fields, r_off=value)) for value in (r_off, 1e9)]
    assert banks[0].off_conductances.tolist() == banks[1].off_conductances.tolist()
    texts = [rc.deck(bank, mask=[False]).text for bank in banks]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("endless", [math.inf, np.float32("inf"), np.float64("inf")])
def test_no_leakage_may_be_any_infinity(endless):
    assert rc.NMOS(w_over_l=10, r_off=endless) == rc.NMOS(w_over_l=10)
