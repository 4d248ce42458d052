"""A series bank as a circuit: figure 6.3, element by element."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.devices import Coefficients
from rescircuit.errors import InputError
from rescircuit.spice import (
    Instance,
    Resistor,
    TemperatureSweep,
    VoltageDependentResistor,
    run_deck,
    series_bank_circuit,
    write_deck,
)

RESISTANCES = np.array([1e3, 2e3, 4e3])
MASK = np.array([True, False, True])


def make(r_on=100.0, r_off=1e6, **coefficients):
    switch = rc.IdealSwitch(r_on=r_on, r_off=r_off)
    return rc.SeriesBank(resistances=RESISTANCES, switch=switch, coefficients=Coefficients(**coefficients))


def test_the_string_and_its_bypasses():
    circuit = series_bank_circuit(make(), mask=MASK)
    (inside,) = circuit.models
    assert [(e.name, *e.nodes, e.resistance) for e in inside.elements] == [
        ("r_0", "in", "joint_0", 1e3),
        ("r_bypass_0", "in", "joint_0", 1e6),
        ("r_1", "joint_0", "joint_1", 2e3),
        ("r_bypass_1", "joint_0", "joint_1", 100.0),
        ("r_2", "joint_1", "out", 4e3),
        ("r_bypass_2", "joint_1", "out", 1e6),
    ]
    assert (inside.name, inside.ports) == ("bank", ("in", "out"))
    assert [e.name for e in circuit.elements] == ["v_in", "x_bank", "v_out"]
    assert circuit.elements[1] == Instance(name="x_bank", ports=("in", "out"), model="bank")


def test_an_endless_bypass_is_left_out():
    (inside,) = series_bank_circuit(make(r_off=np.inf), mask=MASK).models
    assert [e.name for e in inside.elements] == ["r_0", "r_1", "r_bypass_1", "r_2"]


def test_the_joints_are_probed():
    """1 V over 1 kΩ, 2 kΩ beside 2 kΩ, and 4 kΩ."""
    circuit = series_bank_circuit(make(r_on=2e3, r_off=np.inf), mask=MASK, voltages=[1.0, -2.0])
    assert circuit.probes == ("x_bank.joint_0", "x_bank.joint_1")
    result = run_deck(write_deck(circuit))
    assert result.node_voltages["x_bank.joint_0"] == pytest.approx([5 / 6, -10 / 6], rel=1e-12)
    assert result.node_voltages["x_bank.joint_1"] == pytest.approx([4 / 6, -8 / 6], rel=1e-12)
    assert result.source_currents["v_out"] == pytest.approx([1 / 6e3, -2 / 6e3], rel=1e-12)


def test_the_deck_says_which_code_the_bank_holds():
    lines = write_deck(series_bank_circuit(make(r_on=2e3, r_off=np.inf), mask=MASK)).text.splitlines()
    note = lines[lines.index("x_bank in out bank") - 1]
    assert note.startswith("* code 101, resistor 0 first, open bypasses 1: 6 k")


def test_resistors_are_written_as_they_are_made():
    (warm,) = series_bank_circuit(make(tc1=1e-3, tc2=1e-6), mask=MASK, temperature=85.0).models
    expected = Resistor(name="r_1", plus="joint_0", minus="joint_1", resistance=2e3, tc1=1e-3, tc2=1e-6)
    assert expected in warm.elements
    (bent,) = series_bank_circuit(make(vc1=1e-3), mask=MASK).models
    assert isinstance(bent.elements[0], VoltageDependentResistor)
    sweep = TemperatureSweep(start=0, stop=50, step=25)
    assert series_bank_circuit(make(), temperature=sweep).temperatures is sweep


@pytest.mark.parametrize(
    ("bank", "options", "message"),
    [
        (make(r_on=0.0), {"mask": np.zeros(3, bool)}, "mask must be a setting with a resistance"),
        (make(), {"mask": [True]}, "mask must be 3 booleans"),
        (make(), {"voltages": [[0.1]]}, "voltages"),
        (make(tc1=-0.02), {"temperature": 85.0}, "temperature"),
        (rc.SeriesBank(resistances=np.ones((2, 3))), {}, "a single bank"),
    ],
)
def test_what_does_not_fit_is_refused(bank, options, message):
    with pytest.raises(InputError, match=message) as caught:
        series_bank_circuit(bank, **options)
    assert "\n" not in str(caught.value)
