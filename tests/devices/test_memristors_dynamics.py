"""Memristors under changing voltages: closed forms, pinched loops, thresholds, and one line for an error."""

from __future__ import annotations

import doctest
import importlib
import math
from itertools import pairwise

import numpy as np
import pytest

from rescircuit.devices.memristors import (
    VTEAM,
    LinearDriftMemristor,
    PiecewiseLinear,
    Pulses,
    Sine,
    dynamics,
    simulate_memristor,
)
from rescircuit.errors import InputError, SolutionError

HP, FREE = LinearDriftMemristor(), LinearDriftMemristor(window=None)
TRIANGLE = PiecewiseLinear(times=[0.0, 0.5, 1.5, 2.0], voltages_at=[0.0, 1.0, -1.0, 0.0])
TRAIN = Pulses(low=-0.1, high=0.3, delay=0.4, rise=0.1, width=0.3, fall=0.2, period=0.6)


def flux(wave, times):
    """The integral of a sine from 0, volt second."""
    omega = 2 * math.pi * wave.frequency
    return wave.offset * times + wave.amplitude / omega * (math.cos(wave.phase) - np.cos(omega * times + wave.phase))


@pytest.mark.parametrize(
    "wave",
    [Sine(amplitude=1.0, frequency=1.0), Sine(amplitude=0.7, frequency=2.0, offset=0.05, phase=1.0)],
    ids=["plain", "shifted"],
)
def test_linear_drift_without_a_window_follows_its_closed_form(wave):
    run = simulate_memristor(FREE, wave, 2.0, 0.2)
    # R(x) dx = mobility r_on / thickness² v dt, so r_off x - (r_off - r_on) x² / 2 grows by that times the flux
    slope, start = FREE.r_off - FREE.r_on, 0.2
    grown = FREE.r_off * start - slope * start**2 / 2 + FREE.drift * flux(wave, run.time)
    exact = (FREE.r_off - np.sqrt(FREE.r_off**2 - 2 * slope * grown)) / slope
    assert 0 < exact.min() < exact.max() < 1
    assert np.abs(run.state - exact).max() <= 1e-8
    assert run.state_error <= 1e-8
    assert np.abs(run.current - run.voltage / (FREE.r_on * exact + FREE.r_off * (1 - exact))).max() <= 1e-11


@pytest.mark.parametrize("law", ["linear", "exponential"])
@pytest.mark.parametrize("alpha", [1.0, 3.0, 2.5])
def test_vteam_at_a_constant_voltage_moves_as_its_equation_says(alpha, law):
    model = VTEAM(alpha_off=alpha, alpha_on=alpha, k_on=-2e-4, law=law)
    for volt, sign in ((0.05, -1), (-0.5, 1)):
        threshold, k = (model.v_off, model.k_off) if volt > 0 else (model.v_on, -model.k_on)
        speed = k / (model.w_off - model.w_on) * (volt / threshold - 1) ** alpha
        wave = PiecewiseLinear(times=[0.0, 1.0], voltages_at=[volt, volt])
        run = simulate_memristor(model, wave, 0.9 / speed, 0.5)
        assert run.state == pytest.approx(np.clip(0.5 + sign * speed * run.time, 0.0, 1.0), abs=1e-9)
        off = 1 - run.state
        ohm = model.r_on + (model.r_off - model.r_on) * off if law == "linear" else model.r_on * 20.0**off
        assert run.resistance == pytest.approx(ohm, rel=1e-12)
        assert run.state[-1] == (1 + sign) / 2  # it ran into the end, and stays exactly there


def test_vteam_rests_between_its_thresholds():
    wave = Sine(amplitude=0.1, frequency=1e6, offset=-0.09)  # from -0.19 to 0.01 V; thresholds at -0.2 and 0.02 V
    run = simulate_memristor(VTEAM(), wave, 5e-6, 0.4)
    assert set(run.state.tolist()) == {0.4}
    assert (run.steps, run.state_error) == (0, 0.0)


def test_vteam_starts_at_its_threshold_even_where_its_law_is_flat():
    gentle = VTEAM(alpha_on=10.0, window=2)
    run = simulate_memristor(gentle, Sine(amplitude=0.6, frequency=1e6, phase=math.pi), 1e-6, 0.1)
    reached = np.flatnonzero(run.state > 0.5)[0]
    assert 0.2 < -run.voltage[reached] < 0.6
    assert run.state.max() > 0.9


@pytest.mark.parametrize("model", [HP, LinearDriftMemristor(window=1), VTEAM(window=4)], ids=["p10", "p1", "vteam"])
def test_loops_are_pinched_and_the_state_stays_in_its_range(model):
    frequency = 1.0 if isinstance(model, LinearDriftMemristor) else 5e6
    run = simulate_memristor(model, Sine(amplitude=2.0, frequency=frequency), 2 / frequency)
    zero = np.abs(run.voltage) < 1e-12
    assert zero.sum() == 5
    assert np.abs(run.current[zero]).max() < 1e-12 / model.r_on
    assert run.state.min() >= 0
    assert run.state.max() <= 1
    assert (run.voltage * run.current >= 0).all()  # passive
    assert run.energy() > 0


def test_loop_area_shrinks_as_the_frequency_rises():
    frequencies = (0.8, 1.0, 2.0, 5.0, 100.0, 500.0)
    areas = [simulate_memristor(HP, Sine(amplitude=1.0, frequency=f), 2 / f).loop_area(1 / f) for f in frequencies]
    assert all(later < before for before, later in pairwise(areas))
    assert areas[-2] / areas[-1] == pytest.approx(5.0, rel=0.02)  # far above what it can follow: as 1 / f


def test_a_symmetric_loop_comes_back_and_turns_round_under_the_opposite_sine():
    run = simulate_memristor(FREE, Sine(amplitude=1.0, frequency=1.0), 1.0, 0.3)
    half = run.time.size // 2
    assert run.state == pytest.approx(run.state[::-1], abs=1e-8)
    assert run.current[: half + 1] == pytest.approx(-run.current[half:][::-1], abs=1e-11)
    # VTEAM with equal sides: the mirrored voltage moves 1 - x as the plain one moves x
    even = VTEAM(k_on=-5e-4, v_on=-0.02, alpha_on=1.0, window=3)
    plus, minus = (
        simulate_memristor(even, Sine(amplitude=0.1, frequency=1e6, phase=phase), 2e-6, x)
        for phase, x in ((0.0, 0.3), (math.pi, 0.7))
    )
    assert minus.state == pytest.approx(1 - plus.state, abs=1e-8)


def test_area_and_energy_of_a_resistor_s_loop():
    """Far above its frequencies a memristor is a resistor: no area, V² / 2R."""
    run = simulate_memristor(HP, Sine(amplitude=1.0, frequency=1e5), 1e-5, 0.5)
    assert run.energy() == pytest.approx(0.5e-5 / run.resistance[0], rel=1e-4)
    assert run.loop_area() < 1e-4 * run.energy() / run.duration


def test_a_tighter_tolerance_brings_a_smaller_error_that_the_estimate_tells():
    wave = Sine(amplitude=1.2, frequency=1.0)
    reference = simulate_memristor(HP, wave, 2.0, rtol=1e-11)
    for rtol in (1e-5, 1e-7, 1e-9):
        run = simulate_memristor(HP, wave, 2.0, rtol=rtol)
        error = np.abs(run.state - reference.state).max()
        assert error <= 1.5 * run.state_error + 1e-8
        assert error <= 3e3 * rtol


def test_the_result_may_be_asked_at_other_times():
    run = simulate_memristor(HP, Sine(amplitude=1.2, frequency=1.0), 2.0, points=5)
    fine = simulate_memristor(HP, Sine(amplitude=1.2, frequency=1.0), 2.0, points=401)
    shuffled = np.random.default_rng(1).permutation(401)
    voltage, current, state = run.at(fine.time[shuffled])
    for ours, theirs in ((voltage, fine.voltage), (current, fine.current), (state, fine.state)):
        assert np.array_equal(ours, theirs[shuffled])
    assert not run.state.flags.writeable
    for wrong in ([-1.0], [2.1], 1.0):
        with pytest.raises(InputError, match=r"times must be a row of times from 0 to 2 \(s\)"):
            run.at(wrong)


@pytest.mark.parametrize("wave", [Sine(amplitude=1.0, frequency=2.0, offset=0.3, phase=0.7), TRIANGLE, TRAIN])
@pytest.mark.parametrize("level", [0.0, 0.2, -0.05])
def test_waveforms_know_where_they_cross_a_level(wave, level):
    times = np.linspace(0.0, 1.9, 200_001)
    above = wave.voltages(times) > level
    passing = np.flatnonzero(above[2:] != above[1:-1]) + 1  # what begins on the level does not cross it
    found = wave.crossings(level, 1.9)
    assert found == pytest.approx(0.5 * (times[passing] + times[passing + 1]), abs=1e-5)
    assert wave.voltages(found) == pytest.approx(np.full(found.size, level), abs=1e-12)
    assert np.abs(wave.voltages(times)).max() <= wave.largest
    assert wave.crossings(5.0, 1.9).size == 0


def test_pulses_are_those_of_spice():
    times = [0.0, 0.39, 0.45, 0.5, 0.7, 0.9, 1.0, 1.1, 1.2]
    volts = [-0.1, -0.1, 0.1, 0.3, 0.3, 0.1, -0.1, 0.3, 0.3]
    assert TRAIN.voltages(times) == pytest.approx(volts, abs=1e-12)
    assert TRAIN.corners(1.2) == pytest.approx([0.4, 0.5, 0.8, 1.0, 1.1], abs=1e-12)
    assert TRAIN.as_lines(3.0).voltages(np.linspace(0, 3, 301)) == pytest.approx(TRAIN.voltages(np.linspace(0, 3, 301)))
    many = Pulses(high=1.0, rise=1e-9, width=1e-9, fall=1e-9, period=4e-9)
    with pytest.raises(InputError, match="duration must be at most 250000 periods"):
        simulate_memristor(HP, many, 1.0)


BAD = [
    (lambda: LinearDriftMemristor(r_on=0.0), "r_on must be a finite number above 0"),
    (lambda: LinearDriftMemristor(r_off=50.0), "r_off must be above r_on, 100 ohm"),
    (lambda: LinearDriftMemristor(window=0), "window must be a whole number from 1 to 100"),
    (lambda: LinearDriftMemristor(window=1.5), "window must be a whole number"),
    (lambda: LinearDriftMemristor(thickness=1e-200), "mobility must be of a size"),
    (lambda: VTEAM(w_off=0.0), "w_off must be above w_on"),
    (lambda: VTEAM(k_on=1.0), "k_on must be below 0"),
    (lambda: VTEAM(v_on=0.0), "v_on must be below 0"),
    (lambda: VTEAM(k_off=-1.0), "k_off must be a finite number above 0"),
    (lambda: VTEAM(alpha_on=0.5), "alpha_on must be at least 1"),
    (lambda: VTEAM(law="quadratic"), "law must be 'linear' or 'exponential'"),
    (lambda: Sine(amplitude=0.0, frequency=1.0), "amplitude must be a finite number above 0"),
    (lambda: Sine(amplitude=1.0, frequency=1e-30), "frequency must be from 1e-15 to"),
    (lambda: PiecewiseLinear(times=[0.0, 1.0, 1.0], voltages_at=[0, 1, 2]), "times must be a row of two or more"),
    (lambda: PiecewiseLinear(times=[0.0, 1.0], voltages_at=[0.0]), "voltages_at must be 2 voltages"),
    (lambda: Pulses(high=1.0, rise=1.0, width=1.0, fall=1.0, period=2.0), "period must be at least the length"),
    (lambda: simulate_memristor(HP, TRIANGLE, 0.0), "duration must be a finite number above 0"),
    (lambda: simulate_memristor(HP, TRIANGLE, 1e30), "duration must be from 1e-20 to 1e\\+20"),
    (lambda: simulate_memristor("hp", TRIANGLE, 1.0), "model must be a LinearDriftMemristor or a VTEAM"),
    (lambda: simulate_memristor(HP, 1.0, 1.0), "waveform must be a Sine"),
    (lambda: simulate_memristor(HP, TRIANGLE, 1.0, 1.1), "initial_state must be from 0"),
    (lambda: simulate_memristor(HP, TRIANGLE, 1.0, points=1), "points must be a whole number of at least 2|from 2"),
    (lambda: simulate_memristor(HP, TRIANGLE, 1.0, rtol=0.1), "rtol must be from 1e-11 to 1e-3"),
    (lambda: simulate_memristor(VTEAM(), Sine(amplitude=1e9, frequency=1.0), 1.0), "at most 1e\\+11 times"),
    (lambda: simulate_memristor(HP, Sine(amplitude=1.0, frequency=1e6), 1.0), "duration must be short enough"),
    (lambda: simulate_memristor(HP, Sine(amplitude=1.0, frequency=1e12), 1.0), "duration must be at most 1000000"),
    (lambda: simulate_memristor(HP, TRIANGLE, 1.0).loop_area(1.0), "since must be a time from 0 to less than 1"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message for _, message in BAD])
def test_slips_get_one_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_an_integrator_that_errs_is_not_believed(monkeypatch):
    monkeypatch.setattr(dynamics, "_TIGHTER", 1e5)  # the check is then the worse of the two
    with pytest.raises(SolutionError, match=r"a memristor's transient: residual .* is above the limit"):
        simulate_memristor(HP, Sine(amplitude=1.5, frequency=1.0), 2.0, rtol=1e-8)


@pytest.mark.parametrize("name", ["dynamics", "write_verify"])
def test_docstring_examples(name):
    outcome = doctest.testmod(importlib.import_module(f"rescircuit.devices.memristors.{name}"))
    assert outcome.attempted > 1
    assert outcome.failed == 0
