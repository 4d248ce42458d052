"""Threshold selectors: their laws, their spread, and reads that would switch them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import rescircuit as rc
from rescircuit.devices import ThresholdSelector

KEEPS = ThresholdSelector(r_on=1e3, r_off=1e9, v_threshold=0.6)
LETS_GO = ThresholdSelector(r_on=1e3, r_off=1e9, v_threshold=0.6, v_hold=0.1)


def test_a_device_that_keeps_its_state_is_ohmic():
    resistance = np.array([9e3, 99e3])
    assert KEEPS.branch_current(resistance, np.array(0.5), closed=True).tolist() == [0.5 / 10e3, 0.5 / 100e3]
    assert KEEPS.branch_current(resistance, np.array(-0.5), closed=False) == pytest.approx(-0.5 / (1e9 + resistance))


def test_a_device_that_lets_go_takes_its_holding_voltage():
    v = np.array([0.0, 0.05, 0.1, 0.3, 0.5])
    current = LETS_GO.branch_current(np.array(9e3), v, closed=True)
    assert current[2:] == pytest.approx(np.maximum((v[2:] - 0.1) / 10e3, v[2:] / 1.000009e9), rel=1e-14)
    assert current[:2] == pytest.approx(v[:2] / 1.000009e9, rel=1e-14)  # not held: as if it were open
    assert LETS_GO.branch_current(np.array(9e3), -v, closed=True).tolist() == (-current).tolist()
    opened = LETS_GO.branch_current(np.array(9e3), v, closed=False)
    assert opened == pytest.approx(v / 1.000009e9, rel=1e-14)


@pytest.mark.parametrize("switch", [KEEPS, LETS_GO, ThresholdSelector(v_threshold=0.6, v_hold=0.2, r_on=[0.0, 1e3])])
def test_derivatives_are_those_of_the_current_which_rises(switch):
    v_in, v_out = np.linspace(-0.7, 0.7, 281)[:, np.newaxis], np.array(0.0123)
    resistance, h = np.array([1e3, 1e6]), 1e-7
    for closed in (True, False):
        current, d_in, d_out = switch.branch(resistance, v_in, v_out, closed=closed)
        assert current.shape == d_in.shape == d_out.shape == (281, 2)
        assert (np.diff(current, axis=0) >= 0).all()
        by_in, by_out = (
            (switch.branch(resistance, v_in + a, v_out + b, closed=closed)[0]
             - switch.branch(resistance, v_in - a, v_out - b, closed=closed)[0]) / (2 * h)
            for a, b in ((h, 0.0), (0.0, h))
        )  # fmt: skip
        assert d_in == pytest.approx(by_in, rel=1e-6, abs=1e-15)
        assert d_out == pytest.approx(by_out, rel=1e-6, abs=1e-15)


def test_states_may_mix_and_parameters_may_be_arrays():
    switch = ThresholdSelector(r_on=[1e3, 2e3], r_off=[1e8, math.inf], v_threshold=[0.6, 0.5], v_hold=0.1)
    resistance, closed = np.array([9e3, 8e3]), np.array([[True, True], [False, False], [True, False]])
    current = switch.branch(resistance, np.array(0.4), np.array(0.0), closed=closed)[0]
    on, off = [0.3 / 10e3, 0.3 / 10e3], [0.4 / (1e8 + 9e3), 0.0]
    assert current == pytest.approx(np.array([on, off, [on[0], off[1]]]), rel=1e-14)
    assert switch.part((..., 1)) == ThresholdSelector(r_on=2e3, v_threshold=0.5, v_hold=0.1)


def test_a_sample_has_lognormal_resistances_and_thresholds():
    switch = ThresholdSelector(
        r_on=1e3, r_off=1e9, v_threshold=0.6, r_on_spread=0.1, r_off_spread=0.5, v_threshold_spread=0.05
    )
    sampled = switch.sample((100, 200), seed=4)
    for values, median, spread in (
        (sampled.r_on, 1e3, 0.1),
        (sampled.r_off, 1e9, 0.5),
        (sampled.v_threshold, 0.6, 0.05),
    ):
        assert values.shape == (100, 200)
        assert stats.kstest(np.log(values / median).ravel(), stats.norm(0, spread).cdf).pvalue > 0.01
    assert abs(np.corrcoef(np.log(sampled.r_on.ravel()), np.log(sampled.r_off.ravel()))[0, 1]) < 0.03
    assert sampled.sample((2,), seed=1) is sampled
    assert KEEPS.sample((2,), seed=1) is KEEPS
    for start, count in ((0, 777), (777, 1000)):
        part = switch.sample(count, seed=4, start=start)
        for name in ("r_on", "r_off", "v_threshold"):
            assert getattr(part, name).tolist() == getattr(sampled, name).ravel()[start : start + count].tolist()


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("voltage", [0.6, -0.6, 2.0])
def test_a_read_that_would_switch_is_refused_with_the_largest_that_would_not(voltage, closed):
    says = r"voltage must be below 0\.6 V either way at these threshold selectors, got .*read with less"
    with pytest.raises(rc.InputError, match=says):
        KEEPS.branch_current(np.array(1e4), np.array([0.1, voltage]), closed=closed)
    assert KEEPS.largest_read == 0.6


def test_the_weakest_device_limits_the_read():
    switch = ThresholdSelector(v_threshold=[0.6, 0.4, 0.5])
    assert switch.largest_read == 0.4
    switch.branch_current(np.array(1e4), np.array(0.39), closed=True)
    with pytest.raises(rc.InputError, match=r"voltage must be below 0\.4 V"):
        switch.branch_current(np.array(1e4), np.array(0.45), closed=True)
    switch.check_voltages(-0.1, 0.2)
    with pytest.raises(rc.InputError, match=r"voltage must be below 0\.4 V either way"):
        switch.check_voltages(-0.2, 0.2)  # from one line to the other


def test_a_bank_of_selectors_is_a_bank():
    bank = rc.Bank(resistances=[1e4, 2e4, 4e4], switch=KEEPS, v_read=0.3)
    assert bank.on_conductances == pytest.approx(1 / (np.array([1e4, 2e4, 4e4]) + 1e3), rel=1e-14)
    assert bank.off_conductances == pytest.approx(1 / (np.array([1e4, 2e4, 4e4]) + 1e9), rel=1e-14)
    with pytest.raises(rc.InputError, match=r"below 0\.6 V either way"):
        bank.current(np.array([True, False, True]), 0.8)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"v_threshold": 0.0}, "v_threshold must be a finite number above 0 (V), got 0.0"),
        ({"v_threshold": [0.5, math.nan]}, "v_threshold at index (1,) must be a finite number above 0 (V)"),
        ({"v_hold": 0.6}, "v_hold must be below the threshold, 0.6 V at its lowest, got 0.6"),
        ({"v_hold": -0.1}, "v_hold must be a finite number of at least 0 (V)"),
        ({"v_threshold_spread": 0.5}, "v_threshold_spread must be a standard deviation of at least 0 and below 0.5"),
        ({"r_on": -1.0}, "r_on must be a finite resistance of at least 0 (ohm), got -1.0"),
        ({"r_on": math.inf}, "r_on must be a finite resistance"),
        ({"r_off": 1e3, "r_on": 1e3}, "r_off must be above r_on (1000 ohm) at each switch, got 1000.0"),
        ({"r_off": [1e9, -1.0]}, "r_off at index (1,) must be a resistance above 0 (ohm); math.inf for none, got -1.0"),
        ({"r_off": [1e9, math.nan]}, "r_off at index (1,) must be a resistance above 0"),
        ({"r_off": ["a"]}, "r_off must be a resistance above 0"),
        ({"r_off": True}, "r_off must be a resistance above 0 (ohm); math.inf for none, got True"),
        ({"r_on": [1.0, [2.0, 3.0]]}, "r_on must be a finite resistance of at least 0 (ohm), got [1.0, [2.0, 3.0]]"),
        ({"r_on_spread": 3.0}, "r_on_spread must be a standard deviation of at least 0 and below 3, got 3.0"),
        ({"r_off_spread": True}, "r_off_spread must be a standard deviation"),
        ({"area": -1.0}, "area must be a finite number of at least 0 (m²)"),
    ],
)
def test_selectors_outside_their_range_are_refused(fields, says):
    with pytest.raises(rc.InputError) as caught:
        ThresholdSelector(**{"v_threshold": 0.6, **fields})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_samples_that_could_not_be_held_are_refused():
    switch = ThresholdSelector(v_threshold=0.6, v_hold=0.5, v_threshold_spread=0.2)
    with pytest.raises(rc.InputError, match=r"v_hold must be below the threshold, 0\.\d+ V at its lowest, got 0\.5"):
        switch.sample(100, seed=1)
