"""Sweeps of temperatures: the same as ngspice's own, and refused where they cannot be."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescircuit.errors import InputError
from rescircuit.spice import (
    Circuit,
    PiecewiseLinearSource,
    Resistor,
    TemperatureSweep,
    Transient,
    VoltageDependentResistor,
    VoltageSource,
    run_deck,
    write_deck,
)
from rescircuit.spice.circuits.sources import driven

USUAL = TemperatureSweep(start=-40, stop=125, step=15)
OHMIC = Resistor(name="r_1", plus="in", minus="out", resistance=1e3, tc1=1e-3, tc2=-2e-6)
BENT = VoltageDependentResistor(name="b_1", plus="in", minus="out", resistance=1e3, tc1=1e-3, tc2=-2e-6, vc1=2e-3)
SENSE = VoltageSource(name="v_out", plus="out", minus="0", voltage=0.0)


def swept(element=OHMIC, voltages=(0.1,), temperatures=USUAL, **options):
    return Circuit(elements=(driven("in", voltages), element, SENSE), temperatures=temperatures, **options)


def factors(celsius, nominal=27.0):
    warmer = np.array(celsius) - nominal
    return 1.0 + 1e-3 * warmer - 2e-6 * warmer**2


def test_its_temperatures():
    assert USUAL.values == tuple(float(celsius) for celsius in range(-40, 126, 15))
    assert repr(USUAL.start) == "-40.0"


@pytest.mark.parametrize("nominal", [27.0, 0.0])
def test_one_input_is_a_sweep_of_temperatures(nominal):
    deck = write_deck(swept(nominal_temperature_celsius=nominal))
    assert "\n.dc temp -40.0 125.0 15.0\n" in deck.text
    assert (deck.plot, deck.scale, deck.points) == ("DC transfer characteristic", "temp-sweep", 12)
    assert deck.shape == (12, 1)
    assert "temp-sweep" in deck.variables
    found = run_deck(deck).source_currents["v_out"]
    assert found.shape == (12, 1)
    assert found[:, 0] == pytest.approx(1e-4 / factors(USUAL.values, nominal), rel=1e-13)


def test_several_inputs_are_swept_at_each_temperature():
    voltages = np.array([-0.3, 0.1, 0.2, 0.5])
    deck = write_deck(swept(BENT, voltages))
    assert "\n.dc v_sample_index 0.0 3.0 1.0 temp -40.0 125.0 15.0\n" in deck.text
    assert (deck.scale, deck.points, deck.shape) == ("v(v-sweep)", 48, (12, 4))
    result = run_deck(deck)
    bend = 1.0 + 2e-3 * np.abs(voltages)
    expected = voltages / (1e3 * np.multiply.outer(factors(USUAL.values), bend))
    assert result.source_currents["v_out"] == pytest.approx(expected, rel=1e-13)
    assert result.node_voltages["in"] == pytest.approx(np.broadcast_to(voltages, (12, 4)), rel=1e-15)


def test_a_probe_has_the_same_shape(divider):
    result = run_deck(write_deck(dataclasses.replace(divider, temperatures=USUAL)))
    assert {values.shape for values in (result.node_voltages | result.source_currents).values()} == {(12, 1)}


def test_a_last_temperature_that_ngspice_s_sum_would_miss():
    """Ten steps of 0.1 K from 273.15 K are more than 1 °C."""
    missed = TemperatureSweep(start=0.0, stop=1.0, step=0.1)
    assert missed.values == pytest.approx(np.linspace(0.0, 1.0, 11), rel=1e-15)
    assert missed.stop == pytest.approx(1.0, abs=1.1e-7)
    assert run_deck(write_deck(swept(temperatures=missed))).source_currents["v_out"].shape == (11, 1)
    again = TemperatureSweep(start=missed.start, stop=missed.stop, step=missed.step)
    assert again == missed
    assert again.values == missed.values


@given(
    start=st.floats(-270, 200, allow_subnormal=False).map(lambda celsius: round(celsius, 3)),
    step=st.sampled_from([0.1, 0.3, 1.0, 1 / 3, 7.7, 15.0, 1e-2]),
    count=st.integers(2, 40),
)
@settings(max_examples=25, deadline=None)
def test_ngspice_takes_the_same_steps(start, step, count):
    """By the voltage of a source that is the temperature, on which no last digit is lost."""
    temperatures = TemperatureSweep(start=start, stop=start + (count - 1) * step, step=step)
    assert len(temperatures.values) == count
    slope = 1e-5
    element = Resistor(name="r_1", plus="in", minus="out", resistance=1.0, tc1=slope)
    found = run_deck(write_deck(swept(element, (1.0,), temperatures))).source_currents["v_out"]
    celsius = 27.0 + (1.0 / found[:, 0] - 1.0) / slope
    assert celsius == pytest.approx(temperatures.values, abs=1e-9)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("start", -273.15),
        ("start", math.nan),
        ("start", "cold"),
        ("start", None),
        ("stop", math.inf),
        ("stop", -40.0),
        ("stop", -50.0),
        ("step", 0.0),
        ("step", -15.0),
        ("step", 14.0),
        ("step", 200.0),
        ("step", 1e-4),
        ("step", 1e-12),
        ("step", "15\n.control"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused(field, value):
    with pytest.raises(InputError, match=f"{field} must be") as caught:
        dataclasses.replace(USUAL, **{field: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("temperatures", [(0.0, 50.0), 85.0, "0 to 50", range(3)])
def test_what_is_no_sweep_is_refused(temperatures):
    with pytest.raises(InputError, match="temperatures must be a TemperatureSweep"):
        swept(temperatures=temperatures)


def test_a_resistance_must_be_above_zero_at_all_temperatures():
    """That of this parabola is not in the middle of the sweep, though it is at both ends."""
    bowl = dataclasses.replace(OHMIC, tc1=-0.04, tc2=4e-4)
    for element in (bowl, dataclasses.replace(BENT, tc1=-0.04, tc2=4e-4)):
        with pytest.raises(InputError, match=f"resistance of {element.name} at 77 °C must be above 0 ohm"):
            swept(element, temperatures=TemperatureSweep(start=27, stop=127, step=10))
    assert swept(bowl, temperatures=TemperatureSweep(start=27, stop=67, step=10)).temperatures is not None


def test_a_transient_has_one_temperature():
    source = PiecewiseLinearSource(name="v_in", plus="in", minus="0", times=(0.0, 1.0), voltages=(0.0, 1.0))
    circuit = Circuit(elements=(source, OHMIC, SENSE), transient=Transient(stop=1.0, max_step=0.1))
    with pytest.raises(InputError, match="temperatures must be left out for a transient"):
        dataclasses.replace(circuit, temperatures=USUAL)
