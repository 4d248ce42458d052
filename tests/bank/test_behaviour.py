"""What a bank in one setting does, against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rescircuit as rc

K_T = 1.380649e-23 * 300.15


def test_a_linear_bank():
    bank = rc.Bank(resistances=[1e3, 3e3, 5e3], coefficients=rc.Coefficients(tc1=1e-3, drift=0.02), areas=[1e-12] * 3)
    found = rc.describe(bank, [True, False, True])
    conductance = 1e-3 + 0.2e-3
    assert found.value == pytest.approx(conductance, rel=1e-15)
    assert found.nonlinearity < 1e-15
    assert found.inl < 1e-15
    assert found.values_over_temperature == pytest.approx(
        conductance / (1 + 1e-3 * (found.temperatures - 27)), rel=1e-14
    )
    assert found.temperature_coefficient == pytest.approx((1 / 1.098 - 1 / 0.933) / 165, rel=1e-12)
    assert found.values_over_age[[0, 1]] == pytest.approx([conductance, conductance / 1.02], rel=1e-14)
    assert found.noise == pytest.approx(math.sqrt(4 * K_T * conductance), rel=1e-12)
    assert found.power == pytest.approx(0.01 * conductance, rel=1e-14)
    assert found.area == pytest.approx(3e-12)
    assert found.unit == "S"


def test_a_voltage_coefficient_is_seen():
    """i = v / (R (1 + a v)): the largest change is at the top, INL of a hyperbola."""
    a, top = 0.02, 0.5
    bank = rc.Bank(resistances=[1e4], coefficients=rc.Coefficients(vc1=a))
    found = rc.describe(bank, [True], v_max=top)
    at_read = 1 / (1 + a * 0.1)
    assert found.nonlinearity == pytest.approx((at_read - 1 / (1 + a * top)) / at_read, rel=1e-12)
    v = found.voltages
    assert found.inl == pytest.approx(np.max(np.abs(v / (1 + a * v) * (1 + a * top) / top - v / top)), rel=1e-9)


def test_a_transistor_moves_by_what_ngspice_measured():
    """-163 ppm from 0.1 to 0.5 V of a 10 kohm branch with the switch on the virtual-ground side (ngspice 39)."""
    bank = rc.Bank(resistances=[1e4], switch=rc.NMOS(w_over_l=10))
    found = rc.describe(bank, [True])
    assert found.values_over_voltage[-1] / found.value - 1 == pytest.approx(-163e-6, rel=0.02)
    # Nyquist at rest: the channel is a resistor of 1 / (beta (v_gate - vto)) there.
    channel = 1 / (200e-6 * 10 * 1.4)
    assert found.noise == pytest.approx(math.sqrt(4 * K_T / (1e4 + channel)), rel=1e-12)


def test_strings_capacitors_and_pairs():
    string = rc.SeriesBank(resistances=[1e3, 2e3])
    assert rc.describe(string, [True, True]).value == pytest.approx(1 / 3e3, rel=1e-15)
    bank = rc.CapacitorBank(capacitances=[1e-12, 2e-12], coefficients=rc.Coefficients(tc1=1e-5))
    found = rc.describe(bank, [False, True])
    assert found.unit == "F"
    assert found.value == pytest.approx(2e-12, rel=1e-15)
    assert found.noise == pytest.approx(math.sqrt(K_T * 2e-12), rel=1e-12)
    assert found.temperature_coefficient == pytest.approx(1e-5, rel=1e-9)
    pair = rc.DifferentialPair(positive=rc.Bank(resistances=[1e3]), negative=rc.Bank(resistances=[2e3]))
    found = rc.describe(pair, [True, True])
    assert found.value == pytest.approx(0.5e-3, rel=1e-15)
    assert found.noise == pytest.approx(math.sqrt(4 * K_T * 1.5e-3), rel=1e-12)
    assert found.power == pytest.approx(0.01 * 1.5e-3, rel=1e-14)


def test_nothing_closed_is_nothing():
    found = rc.describe(rc.Bank(resistances=[1e3]), [False])
    assert (found.value, found.nonlinearity, found.inl, found.noise, found.temperature_coefficient) == (0, 0, 0, 0, 0)


def test_a_table_holds_at_one_temperature(tabulated):
    bank = rc.Bank(resistances=[1e4, 3e4], switch=tabulated)
    found = rc.describe(bank, [True, False], v_max=0.3)
    assert found.temperatures.tolist() == [27.0]
    assert found.values_over_temperature.tolist() == [found.value]
    assert found.temperature_coefficient is None
    pair = rc.DifferentialPair(positive=rc.Bank(resistances=[1e3]), negative=bank)
    assert rc.describe(pair, [True, True, False], v_max=0.3).temperatures.tolist() == [27.0]
    with pytest.raises(rc.InputError, match="27 °C for this tabulated switch"):
        rc.describe(bank, [True, False], v_max=0.3, temperatures=[27.0, 85.0])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: rc.describe(3, [True]), "bank must be a Bank, a SeriesBank"),
        (lambda: rc.describe(rc.Bank(resistances=[[1e3]]), [True]), "bank must be a single bank"),
        (lambda: rc.describe(rc.Bank(resistances=[1e3]), [[True]]), "mask must be 1 booleans"),
        (lambda: rc.describe(rc.Bank(resistances=[1e3]), [True], v_max=0), "v_max must be a finite number above 0"),
        (lambda: rc.describe(rc.Bank(resistances=[1e3]), [True], ages=3.0), "ages must be a list of numbers (s)"),
        (lambda: rc.describe(rc.Bank(resistances=[1e3]).at(age=9.0), [True]), "bank must be as it was made"),
    ],
)
def test_bad_input_gets_one_clear_line(make, says):
    with pytest.raises(rc.InputError) as caught:
        make()
    assert says in str(caught.value)


def test_a_balanced_pair_that_moves_moves_infinitely_relative_to_nothing():
    tilted = rc.Bank(resistances=[1e3], coefficients=rc.Coefficients(vc1=1.0))
    pair = rc.DifferentialPair(positive=rc.Bank(resistances=[1e3 * 1.1]), negative=tilted)
    found = rc.describe(pair, [True, True])
    assert found.value == 0
    assert found.nonlinearity == math.inf
