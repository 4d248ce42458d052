"""Sources whose current is an expression: what they refuse, and their laws where no bank reaches."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.errors import InputError
from rescircuit.spice import Circuit, VoltageSource, run_deck, write_deck
from rescircuit.spice.circuits.behavioural import HeldDevice, WeakInversionCurrent
from rescircuit.spice.circuits.sources import driven

HELD = HeldDevice(name="b_1", plus="in", minus="out", r_on=500.0, r_off=1e6, v_hold=0.05)
SWITCH = rc.NMOS(w_over_l=10, i_threshold=1e-7)
LEAK = WeakInversionCurrent.beside("b_1", "in", "out", SWITCH)


def currents(element, voltages, v_out=0.0, temperature=27.0):
    circuit = Circuit(
        elements=(
            driven("in", voltages),
            element,
            VoltageSource(name="v_out", plus="out", minus="0", voltage=v_out),
        ),
        temperature_celsius=temperature,
    )
    return run_deck(write_deck(circuit)).source_currents["v_out"]


def test_a_held_device_either_way():
    v = np.array([-0.3, -0.05, -0.01, 0.0, 0.01, 0.05, 0.0501, 0.3])
    expected = np.copysign(np.maximum((np.abs(v) - 0.05) / 500.0, np.abs(v) / 1e6), v)
    assert currents(HELD, v) == pytest.approx(expected, rel=1e-12, abs=1e-20)
    endless = dataclasses.replace(HELD, r_off=math.inf)
    expected = np.copysign(np.maximum((np.abs(v) - 0.05) / 500.0, 0.0), v)
    assert currents(endless, v) == pytest.approx(expected, rel=1e-12, abs=1e-17)


@pytest.mark.parametrize("temperature", [-40.0, 27.0, 125.0])
@pytest.mark.parametrize("v_out", [-0.1, 0.0, 0.2])
def test_weak_inversion_forwards_backwards_and_below_the_bulk(temperature, v_out):
    """A resistor of 1 pΩ takes nothing of a branch's voltage."""
    switch = SWITCH.at(temperature)
    v_in = np.array([-0.2, -0.05, 0.0, 0.1, 0.2, 0.5])
    ours = switch.branch(np.array(1e-12), v_in, np.array(v_out), closed=False)[0]
    theirs = currents(WeakInversionCurrent.beside("b_1", "in", "out", switch), v_in, v_out, temperature)
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-17)


def test_its_parameters_are_those_of_one_temperature():
    with pytest.raises(InputError, match="temperature_celsius must be 27 °C, for which b_1 was made"):
        currents(LEAK, [0.1], temperature=85.0)


@pytest.mark.parametrize(
    ("element", "field", "value"),
    [
        (HELD, "r_on", 0.0),
        (HELD, "r_off", -1.0),
        (HELD, "r_off", math.nan),
        (HELD, "v_hold", 0.0),
        (HELD, "v_hold", "50m"),
        (HELD, "plus", "a)+v(b"),
        (LEAK, "at_threshold", 0.0),
        (LEAK, "at_threshold", 1e-40),
        (LEAK, "vto", math.nan),
        (LEAK, "gamma", "0.4"),
        (LEAK, "phi", 0.0),
        (LEAK, "slope", -0.04),
        (LEAK, "thermal", math.inf),
        (LEAK, "celsius", None),
    ],
)
def test_what_cannot_be_is_refused_by_name(element, field, value):
    with pytest.raises(InputError, match=field):
        dataclasses.replace(element, **{field: value})
