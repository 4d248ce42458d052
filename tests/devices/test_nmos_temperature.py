"""Transistors over temperature and below their threshold: against ngspice, closed forms and bracketing."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from scipy.optimize import brentq

import rescircuit as rc
from rescircuit.devices.switches.nmos_temperature import NOMINAL, thermal_voltage

NGSPICE = shutil.which("ngspice")
LEAKY = rc.NMOS(w_over_l=10, i_threshold=1e-7)
OTHER = rc.NMOS(
    w_over_l=4, vto=0.55, kp=90e-6, gamma=0.7, phi=0.8, lambda_=0.05, v_gate=2.5, i_threshold=3e-8, swing=1.3
)


@pytest.fixture
def ngspice(tmp_path):
    """A function that runs the cards of a deck and returns the current out of its source ``v_out``, ampere."""
    if NGSPICE is None:
        pytest.skip("ngspice is not installed")

    def run(cards: list[str]) -> float:
        tolerances = "reltol=1e-12 vntol=1e-15 abstol=1e-21 gmin=1e-21 itl1=500"
        deck = ["a switch over temperature", *cards, f".options tnom=27 {tolerances}", ".op", ".end"]
        (tmp_path / "deck.cir").write_text("\n".join(deck) + "\n", encoding="utf-8")
        command = [NGSPICE, "-n", "-b", "-r", "out.raw", "deck.cir"]
        surroundings = {**os.environ, "SPICE_ASCIIRAWFILE": "1"}
        done = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, timeout=60, check=True)
        assert not re.search(rb"warning|error|singular|stepping", done.stderr, re.IGNORECASE), done.stderr
        names, values = (tmp_path / "out.raw").read_text(encoding="utf-8").split("Values:")
        place = int(re.search(r"(\d+)\ti\(v_out\)", names)[1])
        return float(values.split()[1:][place])

    return run


def cards_of(switch, resistance, v_in, v_out, *, closed):
    """A branch as a deck: the parameters at 27 °C and the deck's own temperature do the rest, and below the threshold
    a behavioural source in ngspice's ``temper``, the leakage's formula as it is documented.
    """
    model = f"vto={switch.vto!r} kp={switch.kp!r} lambda={switch.lambda_!r} gamma={switch.gamma!r} phi={switch.phi!r}"
    a, b = ("middle", "out") if switch.side == "ground" else ("in", "middle")
    ends = "in middle" if switch.side == "ground" else "middle out"
    cards = [
        f"v_in in 0 {v_in!r}",
        f"v_out out 0 {v_out!r}",
        f"v_gate gate 0 {switch.v_gate if closed else 0.0!r}",
        f"r_1 {ends} {resistance!r}",
        f"m_1 {a} gate {b} 0 switch w={switch.w_over_l}u l=1u",
        f".model switch nmos level=1 {model} is=1e-40",
        f".options temp={switch.temperature!r}",
    ]
    if switch.i_threshold and not closed:
        vto, _, phi = switch.level_1
        thermal = "(8.6173303e-5*(temper+273.15))"
        source = f"min(v({a}),v({b}))"
        overdrive = f"(-{source}-{vto!r}-{switch.gamma!r}*(sqrt({phi!r}+{source})-{math.sqrt(phi)!r}))"
        size = f"{switch.i_threshold * switch.w_over_l!r}*sqrt((temper+273.15)/300.15)"
        weak = f"exp(min({overdrive},0)/({switch.swing!r}*{thermal}))*(1-exp(-abs(v({a})-v({b}))/{thermal}))"
        cards.append(f"b_1 {a} {b} i={size}*{weak}*sgn(v({a})-v({b}))")
    return cards


@pytest.mark.parametrize("temperature", [-40.0, 0.0, 27.0, 85.0, 125.0])
@pytest.mark.parametrize("switch", [LEAKY, OTHER])
@pytest.mark.parametrize("side", ["ground", "driven"])
def test_a_closed_switch_over_temperature_is_ngspices(ngspice, switch, side, temperature):
    switch = rc.NMOS(**{name: getattr(switch, name) for name in switch.__dataclass_fields__} | {"side": side})
    hot = switch.at(temperature)
    for resistance, v_in, v_out in ((1e3, 0.5, 0.0), (1e4, 0.2, 0.05), (100.0, 2.4, 0.0), (1e4, 0.05, 0.3)):
        expected = ngspice(cards_of(hot, resistance, v_in, v_out, closed=True))
        current = hot.branch(np.array(resistance), np.array(v_in), np.array(v_out), closed=True)[0]
        assert float(current) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("temperature", [-40.0, 27.0, 85.0, 125.0])
@pytest.mark.parametrize("side", ["ground", "driven"])
def test_an_open_switchs_leakage_is_that_of_a_behavioural_source(ngspice, side, temperature):
    hot = rc.NMOS(w_over_l=10, i_threshold=1e-7, side=side, temperature=temperature)
    for resistance, v_in, v_out in ((1e4, 0.5, 0.0), (1e8, 0.3, 0.05), (1e4, 0.02, 0.3)):
        expected = ngspice(cards_of(hot, resistance, v_in, v_out, closed=False))
        current = hot.branch(np.array(resistance), np.array(v_in), np.array(v_out), closed=False)[0]
        # ngspice's own convergence and its thermal voltage's digits; 1e-18 A are its abstol's and gmin's.
        assert float(current) == pytest.approx(expected, rel=2e-7, abs=1e-18)


def test_parameters_at_27_degrees_are_as_given():
    assert (LEAKY.level_1.vto, LEAKY.level_1.kp, LEAKY.level_1.phi) == (0.4, 200e-6, 0.7)
    near = LEAKY.at(27.0 + 1e-9).level_1
    assert near == pytest.approx((0.4, 200e-6, 0.7), rel=1e-9)


def test_at_starts_from_27_degrees_whatever_the_switch_is_at():
    assert LEAKY.at(85.0).at(-40.0) == LEAKY.at(-40.0)
    assert LEAKY.at(125.0).at(27.0) == LEAKY
    assert LEAKY.at(85.0).temperature == 85.0
    assert LEAKY.at(85.0).vto == 0.4  # decks write it, with tnom = 27
    sampled = rc.NMOS(w_over_l=10, vto_matching=5e-9)
    assert sampled.at(85.0).sample(5, seed=1) == sampled.sample(5, seed=1).at(85.0)


def test_the_mobility_falls_as_the_temperature_to_minus_three_halves():
    ratio = (85.0 + 273.15) / 300.15
    assert LEAKY.at(85.0).level_1.kp == pytest.approx(200e-6 * ratio**-1.5, rel=1e-14)
    slope = (LEAKY.at(85.0).level_1.vto - LEAKY.at(-40.0).level_1.vto) / 125
    assert slope == pytest.approx(-1.3e-3, abs=0.1e-3)  # V/K, within the usual 0.5 to 3 mV/K


def leakage(switch, source, drain):
    """The formula as documented, from the source, the lower one, to the drain; without its end at the threshold."""
    vto, _, phi = switch.level_1
    v_t = thermal_voltage(switch.temperature)
    body = switch.gamma * (math.sqrt(phi + source) - math.sqrt(phi))
    prefactor = switch.i_threshold * switch.w_over_l * math.sqrt((switch.temperature + 273.15) / NOMINAL)
    return prefactor * math.exp((-source - vto - body) / (switch.swing * v_t)) * -math.expm1(-(drain - source) / v_t)


@pytest.mark.parametrize("temperature", [-40.0, 27.0, 85.0, 125.0])
@pytest.mark.parametrize("r_off", [math.inf, 1e9])
@pytest.mark.parametrize("resistance", [1.0, 1e4, 1e8, 1e12, 1e16])
@pytest.mark.parametrize(("v_in", "v_out"), [(0.1, 0.0), (5.0, 0.0), (0.3, 0.2), (1e-9, 0.0), (0.0, 0.2), (0.1, 3.0)])
def test_an_open_branch_equals_bisections(temperature, r_off, resistance, v_in, v_out):
    """Brent's bracketing root finder on the documented formula, either way."""
    switch = rc.NMOS(w_over_l=10, i_threshold=1e-7, r_off=r_off, temperature=temperature)

    def into_middle(middle):
        if middle >= v_out:
            return leakage(switch, v_out, middle) + (middle - v_out) / r_off
        return -leakage(switch, middle, v_out) + (middle - v_out) / r_off

    low, high = min(v_in, v_out), max(v_in, v_out)
    middle = brentq(lambda m: m + resistance * into_middle(m) - v_in, low, high, xtol=1e-300, rtol=1e-15, maxiter=1000)
    current = switch.branch(np.array(resistance), np.array(v_in), np.array(v_out), closed=False)[0]
    by_resistor, by_switch = (v_in - middle) / resistance, into_middle(middle)
    # The one of the two that cancels less; some 1e-16 V of each node's voltage are lost in differences.
    expected = by_resistor if abs(v_in - middle) > abs(middle - v_out) else by_switch
    assert float(current) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("side", ["ground", "driven"])
@pytest.mark.parametrize("temperature", [-40.0, 27.0, 125.0])
def test_the_derivatives_of_an_open_branch_are_those_of_its_current(side, temperature):
    """Central differences of 1e-5 V, over ten decades of resistance and both directions."""
    switch = rc.NMOS(w_over_l=10, i_threshold=1e-7, side=side, temperature=temperature)
    rng = np.random.default_rng(4)
    resistance = 10.0 ** rng.uniform(2, 12, 500)
    v_in, v_out = rng.uniform(0.0, 1.0, (2, 500))
    h = 1e-5

    def current(by_in, by_out):
        return switch.branch(resistance, v_in + by_in, v_out + by_out, closed=False)[0]

    _, d_in, d_out = switch.branch(resistance, v_in, v_out, closed=False)
    scale = 1e-15 * np.abs(current(0, 0)) / h  # rounding
    in_difference, out_difference = (
        (current(h, 0) - current(-h, 0)) / (2 * h),
        (current(0, h) - current(0, -h)) / (2 * h),
    )
    assert (np.abs(d_in - in_difference) <= 1e-6 * d_in + 100 * scale).all()
    assert (np.abs(d_out - out_difference) <= 1e-6 * -d_out + 100 * scale).all()


def test_the_leakage_at_no_gate_voltage_is_the_extrapolated_threshold_current():
    """A decade a ``n V_T ln 10`` = 89 mV below 1e-7 A at the threshold, for each square of its width."""
    current = LEAKY.branch_current(np.array(1.0), np.array(1.0), closed=False)
    decades = 0.4 / (1.5 * thermal_voltage(27.0) * math.log(10))
    assert float(current) == pytest.approx(10 * 1e-7 * 10**-decades, rel=1e-9)
    i_off = 3e-11  # as a data sheet says it, of a transistor of ten squares
    matched = rc.NMOS(w_over_l=10, i_threshold=i_off / 10 * math.exp(0.4 / (1.5 * thermal_voltage(27.0))))
    assert float(matched.branch_current(np.array(1.0), np.array(1.0), closed=False)) == pytest.approx(i_off, rel=1e-9)


def test_leakage_doubles_each_eight_to_twelve_kelvin():
    temperatures = np.array([-40.0, 0.0, 27.0, 60.0, 85.0, 125.0])
    currents = [float(LEAKY.at(t).branch_current(np.array(1.0), np.array(1.0), closed=False)) for t in temperatures]
    assert currents == pytest.approx([leakage(LEAKY.at(t), 0.0, 1.0) for t in temperatures], rel=1e-9)
    per_doubling = np.diff(temperatures) * math.log(2) / np.diff(np.log(currents))
    assert (np.diff(per_doubling) > 0).all()  # steeper when cold
    assert (per_doubling[1:4] > 8).all()
    assert (per_doubling[1:4] < 13).all()


def test_a_raised_source_stops_the_leakage():
    """By its gate voltage and the body effect: 0.1 V are more than a decade."""
    at_ground = LEAKY.branch(np.array(1.0), np.array(0.5), np.array(0.0), closed=False)[0]
    raised = LEAKY.branch(np.array(1.0), np.array(0.6), np.array(0.1), closed=False)[0]
    assert raised / at_ground == pytest.approx(leakage(LEAKY, 0.1, 0.6) / leakage(LEAKY, 0.0, 0.5), rel=1e-9)
    assert raised / at_ground < 0.05


def test_a_closed_switch_has_no_leakage_beside_its_channel():
    ends = np.array(1e4), np.array(0.3), np.array(0.0)
    tight = rc.NMOS(w_over_l=10)
    assert [float(x) for x in LEAKY.branch(*ends, closed=True)] == [float(x) for x in tight.branch(*ends, closed=True)]


def test_open_and_closed_branches_mix():
    resistance, closed = np.array([1e3, 1e4, 1e5]), np.array([True, False, True])
    mixed = LEAKY.branch(resistance, np.array(0.3), np.array(0.01), closed=closed)
    for k in range(3):
        alone = LEAKY.branch(resistance[k], np.array(0.3), np.array(0.01), closed=bool(closed[k]))
        assert [float(x[k]) for x in mixed] == pytest.approx([float(x) for x in alone], rel=1e-13)


@pytest.mark.parametrize("decade", [-9, -3, 0, 3, 12])
def test_a_leaking_branch_has_a_current_at_any_voltages(decade):
    """A solver passes through all kinds of them, also where the open channel conducts."""
    rng = np.random.default_rng(decade + 20)
    for temperature in (-100.0, 27.0, 125.0):
        switch = rc.NMOS(w_over_l=100, i_threshold=1e-6, swing=1.1, temperature=temperature)
        resistance = 10.0 ** rng.uniform(-6, 18, 2000)
        v_in, v_out = 10.0**decade * rng.normal(size=(2, 2000))
        current, d_in, d_out = switch.branch(resistance, v_in, v_out, closed=False)
        assert np.isfinite([current, d_in, d_out]).all()
        assert (d_in >= 0).all()
        assert (d_out <= 0).all()
        assert (current * (v_in - v_out) >= 0).all()


@pytest.mark.parametrize(
    ("switch", "temperature", "says"),
    [
        (LEAKY, -273.15, "temperature must be a temperature above -273.15 °C, got -273.15"),
        (LEAKY, math.inf, "temperature must be a temperature above -273.15 °C, got inf"),
        (LEAKY, "85", "temperature must be a temperature above -273.15 °C, got '85'"),
        (
            rc.NMOS(w_over_l=10, vto=0.1),
            125.0,
            "temperature must be one at which the threshold is at least 0 V; it would",
        ),
        (rc.NMOS(w_over_l=10, vto=[0.1, 0.4]), 125.0, "temperature must be one at which the threshold is at least 0 V"),
        (rc.NMOS(w_over_l=10, v_gate=0.41), -40.0, "v_gate must be above the threshold vto (0.48245 V at -40 °C)"),
        (
            LEAKY,
            400.0,
            "temperature must be one at which the surface potential, 0.7 V at 27 °C, is above 0 V, got 400.0",
        ),
    ],
)
def test_temperatures_without_a_switch_are_refused(switch, temperature, says):
    with pytest.raises(rc.InputError) as caught:
        switch.at(temperature)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_switch_at_its_own_temperature_is_itself():
    hot = LEAKY.at(85.0)
    assert hot.at(85) is hot
    assert hot.at(27.0) == LEAKY
    with pytest.raises(rc.InputError, match="temperature must be at most 10000 °C"):
        LEAKY.at(1e200)
