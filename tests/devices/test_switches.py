"""Switches: closed forms, Kirchhoff's law at a transistor's operating point, and what is refused."""

from __future__ import annotations

import dataclasses
import math
from decimal import Decimal, localcontext
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


def voltage_across(switch, resistance, voltage):
    """Voltage across a closed switch whose output is at 0 V."""
    return switch._voltage_across(resistance, voltage, np.zeros(()), np.array(switch.v_gate))


def channel(switch, v_ds):
    """Current through a closed switch whose output is at 0 V, and its derivative."""
    return switch._channel_current(v_ds, np.zeros(()), np.array(switch.v_gate))[:2]


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
    across = float(voltage_across(NMOS, np.array(resistance), np.array(voltage)))
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
    across = voltage_across(switch, resistance, voltage)
    current = switch.branch_current(resistance, voltage, closed=True)
    assert (np.abs(across + resistance * current - voltage) <= 1e-14 * voltage).all()


def test_a_weak_gate_on_a_wide_transistor_is_solved():
    """Near pinch-off the voltage across the switch is a small difference; its last bits may not settle."""
    rng = np.random.default_rng(1)
    for w_over_l, v_gate in ((10, 0.5), (1000, 0.41), (10_000, 0.41)):
        switch = rc.NMOS(w_over_l=w_over_l, v_gate=v_gate)
        resistance, voltage = 10.0 ** rng.uniform(-1, 6, 50_000), rng.uniform(0, 5, 50_000)
        current = switch.branch_current(resistance, voltage, closed=True)
        across = voltage_across(switch, resistance, voltage)
        assert (np.abs(across + resistance * current - voltage) <= 1e-14 * voltage).all()


@pytest.mark.parametrize("r_off", [math.inf, 1e6, 1e3])
def test_the_derivative_is_that_of_the_current(r_off):
    """Against central differences, below, at and above pinch-off at 1.4 V, where the second derivative jumps."""
    switch = rc.NMOS(w_over_l=10, r_off=r_off)
    v = np.array([0.0, 0.01, 0.5, 1.2, 1.4, 1.6, 5.0])
    h = 1e-6
    differences = (channel(switch, v + h)[0] - channel(switch, v - h)[0]) / (2 * h)
    # h times the jump of the second derivative, 2e-3 A/V²; rounding adds 1e-16 * 5 mA / h
    assert channel(switch, v)[1] == pytest.approx(differences, rel=1e-8, abs=3e-9)


def test_leakage_flows_beside_the_channel_and_through_an_open_switch():
    leaky, tight = rc.NMOS(w_over_l=10, r_off=1e5), rc.NMOS(w_over_l=10)
    resistance, voltage = np.array([1e3, 1e5]), np.array(0.4)
    assert leaky.branch_current(resistance, voltage, closed=False) == pytest.approx(0.4 / (resistance + 1e5), rel=1e-15)
    assert tight.branch_current(resistance, voltage, closed=False).tolist() == [0.0, 0.0]
    v = np.array([0.1, 2.0])
    extra = channel(leaky, v)[0] - channel(tight, v)[0]
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


def exact_channel(switch, middle, out, gate):
    """SPICE's level 1 between two nodes, its bulk at 0 V, in as many digits as the arguments have."""
    vto, kp, lambda_, gamma, phi, w_over_l = (
        Decimal(getattr(switch, name)) for name in ("vto", "kp", "lambda_", "gamma", "phi", "w_over_l")
    )
    sign, source, drain = (1, out, middle) if middle >= out else (-1, middle, out)
    root = (phi + source).sqrt() if source >= 0 else max(phi.sqrt() + source / (2 * phi.sqrt()), Decimal(0))
    overdrive = gate - source - vto - gamma * (root - phi.sqrt())
    v_ds = drain - source
    if overdrive <= 0:
        square = Decimal(0)
    elif v_ds < overdrive:
        square = v_ds * (overdrive - v_ds / 2)
    else:
        square = overdrive**2 / 2
    leakage = v_ds / Decimal(switch.r_off) if math.isfinite(switch.r_off) else 0
    return sign * (kp * w_over_l * square * (1 + lambda_ * v_ds) + leakage)


def exact_current(switch, resistance, v_in, v_out, closed):
    """The branch's current by halving 200 times."""
    gate = Decimal(switch.v_gate if closed else 0)
    low, high = min(v_in, v_out), max(v_in, v_out)
    for _ in range(200):
        middle = (low + high) / 2
        if middle + resistance * exact_channel(switch, middle, v_out, gate) > v_in:
            high = middle
        else:
            low = middle
    return (v_in - middle) / resistance


OPERATING_POINTS = [
    (0.1, 0.0),
    (0.11, 0.01),
    (0.4, 0.3),
    (5.0, 0.3),  # saturated: the output above 0 V takes overdrive away
    (0.3, 0.3),
    (0.3 + 1e-9, 0.3),
    (0.0, 0.2),  # backwards: the source is the middle node
    (0.1, 2.5),  # and saturated
    (0.5, -0.1),  # the tangent of the body effect
    (-0.2, 0.4),
    (-0.9, -0.8),  # an open switch conducts
    (-3.0, -2.0),  # the root has come down to 0
]
SWITCHES = [
    NMOS,
    rc.NMOS(w_over_l=100, v_gate=1.0, lambda_=0.3, gamma=1.5, phi=0.4, r_off=1e5),
    rc.NMOS(w_over_l=0.5, lambda_=0.0, gamma=0.0),
]


@pytest.mark.parametrize(("v_in", "v_out"), OPERATING_POINTS)
@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("closed", [True, False])
def test_a_branch_equals_one_of_sixty_digits(switch, v_in, v_out, closed):
    """Current and both derivatives, by other formulas, another method and differences of 1e-15 V."""
    resistances = np.array([1.0, 1e3, 1e4, 1e7])
    current, d_in, d_out = switch.branch(resistances, np.array(v_in), np.array(v_out), closed=closed)
    with localcontext(prec=60):
        h = Decimal("1e-15")
        for k, resistance in enumerate(map(Decimal, resistances)):

            def exact(by_in, by_out, resistance=resistance):
                return exact_current(switch, resistance, Decimal(v_in) + by_in, Decimal(v_out) + by_out, closed)

            assert current[k] == pytest.approx(float(exact(0, 0)), rel=2e-13, abs=1e-40)
            # Where drain and source change places the second derivative jumps, and a difference is off by h times that.
            by_in, by_out = (exact(h, 0) - exact(-h, 0)) / (2 * h), (exact(0, h) - exact(0, -h)) / (2 * h)
            assert d_in[k] == pytest.approx(float(by_in), rel=1e-12, abs=1e-40)
            assert d_out[k] == pytest.approx(float(by_out), rel=1e-12, abs=1e-40)


def test_the_channel_is_the_same_either_way():
    """Level 1 does not say which end is the drain: with hardly a resistor, exchanged ends reverse the current."""
    a, b = np.array([0.3, 1.0, 2.5]), np.array([0.0, 0.9, 0.1])
    forwards, d_in, d_out = NMOS.branch(np.array(1e-9), a, b, closed=True)
    backwards, e_in, e_out = NMOS.branch(np.array(1e-9), b, a, closed=True)
    assert backwards == pytest.approx(-forwards, rel=1e-9)
    assert (e_in, e_out) == (pytest.approx(-d_out, rel=1e-9), pytest.approx(-d_in, rel=1e-9))


@settings(max_examples=200, deadline=None)
@given(
    st.floats(-3, 4),
    st.floats(-6, 0.7),
    st.sampled_from([0.0, 0.02, 2.0]),
    st.sampled_from([0.0, 0.4, 3.0]),
    st.sampled_from([1e3, 1e9, math.inf]),
    st.floats(-9, 12),
    st.integers(0, 2**32 - 1),
)
def test_any_voltages_have_a_current_that_rises_and_falls(width, overdrive, lambda_, gamma, r_off, decade, seed):
    """A solver passes through all kinds of voltages; and a 1e-9 of them further the current has not turned back."""
    switch = rc.NMOS(w_over_l=10.0**width, v_gate=0.4 + 10.0**overdrive, lambda_=lambda_, gamma=gamma, r_off=r_off)
    rng = np.random.default_rng(seed)
    resistance, closed = 10.0 ** rng.uniform(-6, 12, 200), rng.random(200) < 0.7
    v_in, v_out = 10.0**decade * rng.normal(size=(2, 200))
    current, d_in, d_out = switch.branch(resistance, v_in, v_out, closed=closed)
    assert np.isfinite([current, d_in, d_out]).all()
    assert (d_in >= 0).all()
    assert (d_out <= 0).all()
    assert (current * (v_in - v_out) >= 0).all()
    step, margin = 1e-9 * (np.abs(v_in) + np.abs(v_out)), 1e-13 * np.abs(current)
    # Near pinch-off the overdrive is a small difference of voltages, whose last bits are as many volt.
    margin += 1e-14 * (np.abs(v_in) + np.abs(v_out) + switch.v_gate) * (d_in - d_out)
    assert (switch.branch(resistance, v_in + step, v_out, closed=closed)[0] >= current - margin).all()
    assert (switch.branch(resistance, v_in, v_out + step, closed=closed)[0] <= current + margin).all()


@pytest.mark.parametrize("switch", [NMOS, rc.NMOS(w_over_l=10, r_off=1e6), rc.IdealSwitch(r_on=5.0, r_off=1e6)])
def test_a_branch_into_a_virtual_ground_is_the_known_one(switch):
    resistance, voltage = np.array([1e3, 1e4]), np.array([[0.1], [2.0]])
    for closed in (True, False):
        expected = switch.branch_current(resistance, voltage, closed=closed)
        assert switch.branch(resistance, voltage, np.array(0.0), closed=closed)[0] == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("switch", [NMOS, rc.NMOS(w_over_l=10, r_off=1e6), rc.IdealSwitch(r_on=5.0, r_off=1e6)])
@pytest.mark.parametrize("v_in", [0.1, -2.0])  # without a channel anywhere, and with some
def test_arguments_of_a_branch_broadcast_and_switches_mix(switch, v_in):
    resistance, v_out = np.array([1e3, 2e3, 5e3]), np.array([[0.0], [0.02]])
    closed = np.array([[[True]], [[False]]])
    mixed = switch.branch(resistance, np.array(v_in), v_out, closed=closed)
    for part, together in enumerate(mixed):
        assert together.shape == (2, 2, 3)
        for k in range(2):
            apart = switch.branch(resistance, np.array(v_in), v_out, closed=not k)[part]
            assert together[k] == pytest.approx(apart, rel=1e-13)
    assert [d.shape for d in switch.branch(np.empty((2, 0)), np.array(v_in), v_out, closed=True)] == [(2, 0)] * 3
    opened = switch.branch(resistance, np.array(0.1), np.array(0.0), closed=np.zeros((4, 1), bool))
    assert [d.shape for d in opened] == [(4, 3)] * 3


def test_leakage_limits_an_open_branch_and_adds_to_a_closed_one():
    leaky, tight = rc.NMOS(w_over_l=10, r_off=1e5), rc.NMOS(w_over_l=10)
    ends = np.array(1e3), np.array(0.35), np.array(0.3)
    assert leaky.branch(*ends, closed=False)[0] == pytest.approx(0.05 / 1.01e5, rel=1e-13)
    assert leaky.branch(*ends, closed=False)[2] == pytest.approx(-1 / 1.01e5, rel=1e-13)
    assert [float(d) for d in tight.branch(*ends, closed=False)] == [0.0, 0.0, 0.0]
    assert leaky.branch(*ends, closed=True)[0] > tight.branch(*ends, closed=True)[0]


def test_ten_millivolts_on_the_bit_line_move_a_ten_kilohm_cell():
    """Its overdrive falls by them and by the body effect: 3e-4 of its current, at the same voltage across."""
    at_ground = NMOS.branch(np.array(1e4), np.array(0.1), np.array(0.0), closed=True)[0]
    raised = NMOS.branch(np.array(1e4), np.array(0.11), np.array(0.01), closed=True)[0]
    assert 1 - raised / at_ground == pytest.approx(3.1e-4, abs=2e-5)


def test_voltages_that_are_no_numbers_have_no_current():
    with pytest.raises(rc.SolutionError, match="NMOS operating point"):
        NMOS.branch(np.array([1e3]), np.array([math.nan]), np.array(0.0), closed=True)


@pytest.mark.parametrize("closed", [True, False])
def test_negative_voltages_are_refused_at_a_transistor(closed):
    """An open NMOS conducts below 0 V: 8 to 20 % of its closed current at -0.4 V, measured with ngspice."""
    with pytest.raises(rc.InputError, match=r"voltage must be at least 0 V at an NMOS switch, got -0.4\. .*two phases"):
        NMOS.branch_current(np.array([1e3, 1e3]), np.array([0.1, -0.4]), closed=closed)
    with pytest.raises(rc.InputError, match="voltage at index 0 must be finite numbers"):
        NMOS.branch_current(np.array([1e3]), np.array([math.nan]), closed=closed)


def test_an_unsettled_operating_point_is_an_error_and_no_number(monkeypatch):
    rng = np.random.default_rng(1)
    channel = lambda _, across, *ends: (rng.uniform(0, 1e-3, across.shape), np.ones(across.shape), -np.ones(()))  # noqa: E731
    monkeypatch.setattr(rc.NMOS, "_channel_current", channel)
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
