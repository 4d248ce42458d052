"""Resistors over temperature and voltage: ngspice against the laws that they state."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.spice import (
    Circuit,
    Resistor,
    VoltageDependentResistor,
    VoltageSource,
    run_deck,
    to_pyspice,
    write_deck,
)
from rescircuit.spice.circuits.sources import driven

TEMPERATURES = [-40.0, 27.0, 85.0, 125.0]
SENSE = VoltageSource(name="v_out", plus="out", minus="0", voltage=0.0)
OHMIC = Resistor(name="r_1", plus="in", minus="out", resistance=1e3, tc1=1e-3, tc2=-2e-6)
BENT = VoltageDependentResistor(
    name="b_1", plus="in", minus="out", resistance=1e3, tc1=1e-3, tc2=-2e-6, vc1=2e-3, vc2=-1e-3
)


def current(element, temperature, voltages=(0.1,), nominal=27.0):
    circuit = Circuit(
        elements=(driven("in", voltages), element, SENSE),
        temperature_celsius=temperature,
        nominal_temperature_celsius=nominal,
    )
    return run_deck(write_deck(circuit)).source_currents["v_out"]


def factor(temperature, nominal=27.0):
    difference = temperature - nominal
    return 1.0 + 1e-3 * difference - 2e-6 * difference**2


@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("nominal", [27.0, 0.0])
def test_a_resistor_with_temperature_coefficients(temperature, nominal):
    found = current(OHMIC, temperature, nominal=nominal)
    assert found == pytest.approx([1e-4 / factor(temperature, nominal)], rel=1e-14)


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_a_resistor_that_follows_its_voltage(temperature):
    voltages = np.array([-0.5, -0.1, 0.0, 0.01, 0.25, 0.5])
    bend = 1.0 + 2e-3 * np.abs(voltages) - 1e-3 * voltages**2
    expected = voltages / (1e3 * factor(temperature) * bend)
    assert current(BENT, temperature, voltages) == pytest.approx(expected, rel=1e-13, abs=1e-24)


def test_its_own_nominal_temperature_counts_and_not_that_of_the_deck():
    at_zero = dataclasses.replace(BENT, nominal_celsius=0.0, vc1=0.0, vc2=0.0)
    assert current(at_zero, 50.0, nominal=30.0) == pytest.approx([1e-4 / factor(50.0, 0.0)], rel=1e-14)


def test_only_what_is_there_is_written():
    plain = dataclasses.replace(OHMIC, tc1=0.0, tc2=0.0)
    assert plain.words == ("1000.0",)
    assert dataclasses.replace(OHMIC, tc1=0.0).words == ("1000.0", "tc2=-2e-06")
    unbent = dataclasses.replace(BENT, tc1=0.0, tc2=0.0, vc1=0.0, vc2=0.0)
    assert unbent.expression == "v(in, out) / (1000.0)"
    size = "min(abs(v(in, out)), 10.0)"
    assert dataclasses.replace(unbent, vc1=0.5).expression == f"v(in, out) / (1000.0 * (1.0 + 0.5 * {size}))"


def test_beyond_ten_volts_voltage_coefficients_act_as_at_ten():
    expected = [v / (1e3 * (1.0 + 2e-2 - 1e-1)) for v in (10.0, 12.0, -30.0)]
    assert current(BENT, 27.0, (10.0, 12.0, -30.0)) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("element", [OHMIC, BENT], ids=["resistor", "voltage dependent"])
def test_a_resistance_that_would_not_be_above_zero_is_refused(element):
    steep = dataclasses.replace(element, tc1=-0.02, tc2=0.0)
    with pytest.raises(InputError, match=f"resistance of {element.name} at 85 °C must be above 0 ohm"):
        current(steep, 85.0)
    assert current(steep, 70.0) > 0


@pytest.mark.parametrize("element", [OHMIC, BENT], ids=["resistor", "voltage dependent"])
@pytest.mark.parametrize("field", ["tc1", "tc2"])
@pytest.mark.parametrize("value", ["1m", np.nan, 1e40])
def test_coefficients_that_are_no_numbers_are_refused(element, field, value):
    with pytest.raises(InputError, match=f"{field} of {element.name}"):
        dataclasses.replace(element, **{field: value})


def test_coefficients_reach_pyspice():
    circuit = Circuit(elements=(driven("in", [0.1]), OHMIC, BENT, SENSE))
    netlist = str(to_pyspice(circuit))
    assert "R_1 in out 1000.0 tc1=0.001 tc2=-2e-06\n" in netlist
    assert f"B_1 in out i={BENT.expression}\n" in netlist
