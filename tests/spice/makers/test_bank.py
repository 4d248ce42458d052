"""A bank as a circuit: figure 6.1, element by element."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.errors import InputError
from rescircuit.spice import (
    Instance,
    Level1Model,
    Mosfet,
    Resistor,
    SelectedSource,
    Subcircuit,
    VoltageSource,
    bank_circuit,
    run_deck,
    write_deck,
)

RESISTANCES = np.array([1e3, 2e3, 5e3])
MASK = np.array([True, False, True])


def make_bank(switch):
    return rc.Bank(resistances=RESISTANCES, switch=switch)


def by_name(circuit) -> dict[str, Any]:
    """Those around the bank and those inside it, which share no names."""
    inside = (element for model in circuit.models if isinstance(model, Subcircuit) for element in model.elements)
    return {element.name: element for element in (*circuit.elements, *inside)}


def test_transistors_sit_between_the_resistors_and_the_virtual_ground():
    switch = rc.NMOS(w_over_l=10, v_gate=1.5, length=200e-9)
    circuit = bank_circuit(make_bank(switch), mask=MASK)
    elements = by_name(circuit)
    assert elements["r_1"] == Resistor(name="r_1", plus="in", minus="branch_1", resistance=2e3)
    transistor = elements["m_1"]
    assert isinstance(transistor, Mosfet)
    assert transistor.nodes == ("branch_1", "gate_1", "out", "0")
    assert (transistor.width, transistor.length) == pytest.approx((2e-6, 200e-9))
    gates = [elements[f"v_gate_{k}"] for k in range(3)]
    assert [(gate.plus, gate.minus, gate.voltage) for gate in gates] == [
        ("gate_0", "0", 1.5),
        ("gate_1", "0", 0.0),
        ("gate_2", "0", 1.5),
    ]
    assert elements["v_out"] == VoltageSource(name="v_out", plus="out", minus="0", voltage=0.0)
    switch, inside = circuit.models
    assert isinstance(switch, Level1Model)
    assert transistor.model == switch.name
    assert inside.ports == ("in", "out", "gate_0", "gate_1", "gate_2")
    assert elements["x_bank"] == Instance(name="x_bank", ports=inside.ports, model="bank")
    assert inside.name == "bank"
    assert [e.name for e in circuit.elements] == ["v_in", "x_bank", *(f"v_gate_{k}" for k in range(3)), "v_out"]
    assert "r_leak_0" not in elements


def test_leakage_stands_beside_every_transistor():
    elements = by_name(bank_circuit(make_bank(rc.NMOS(w_over_l=10, r_off=1e8)), mask=MASK))
    for k in range(3):
        assert elements[f"r_leak_{k}"].nodes == (f"branch_{k}", "out")
        assert elements[f"r_leak_{k}"].resistance == 1e8


def test_a_perfect_switch_is_one_node_when_closed_and_an_open_end_when_open():
    circuit = bank_circuit(make_bank(rc.IdealSwitch()), mask=MASK)
    (inside,) = circuit.models
    assert isinstance(inside, Subcircuit)
    assert [(e.name, *e.nodes) for e in inside.elements] == [
        ("r_0", "in", "out"),
        ("r_1", "in", "branch_1"),
        ("r_2", "in", "out"),
    ]
    assert inside.ports == ("in", "out")
    assert not any(isinstance(e, Resistor) for e in circuit.elements)


def test_a_switch_with_resistances_is_a_resistor():
    elements = by_name(bank_circuit(make_bank(rc.IdealSwitch(r_on=50.0, r_off=1e9)), mask=MASK))
    assert [elements[f"r_switch_{k}"].resistance for k in range(3)] == [50.0, 1e9, 50.0]


@pytest.mark.parametrize(
    ("switch", "expected"),
    [
        (rc.IdealSwitch(), 1 / 1e3 + 1 / 5e3),
        (rc.IdealSwitch(r_on=50.0, r_off=1e6), 1 / 1050 + 1 / 1.002e6 + 1 / 5050),
    ],
)
def test_the_current_is_the_sum_over_the_branches(switch, expected):
    circuit = bank_circuit(make_bank(switch), mask=MASK, voltages=[0.2, -0.5])
    result = run_deck(write_deck(circuit))
    assert result.source_currents["v_out"] == pytest.approx([0.2 * expected, -0.5 * expected], rel=1e-12)


def test_with_all_switches_open_no_current_flows():
    circuit = bank_circuit(make_bank(rc.IdealSwitch()), mask=np.zeros(3, bool))
    result = run_deck(write_deck(circuit))
    assert result.source_currents["v_out"].tolist() == [0.0]
    assert result.node_voltages["x_bank.branch_2"] == pytest.approx([0.1])


def test_with_all_transistors_open_on_the_driven_side_no_current_flows():
    circuit = bank_circuit(make_bank(rc.NMOS(w_over_l=10, side="driven")), mask=np.zeros(3, bool))
    assert by_name(circuit)["m_0"].terminals == ("in", "gate_0", "branch_0", "0")
    result = run_deck(write_deck(circuit))
    assert result.source_currents["v_out"] == pytest.approx([0.0], abs=1e-15)


@pytest.mark.parametrize("switch", [rc.IdealSwitch(r_on=50.0, r_off=1e6), rc.NMOS(w_over_l=10)])
def test_the_nodes_between_resistors_and_switches_are_probed(switch):
    circuit = bank_circuit(make_bank(switch), mask=MASK)
    assert circuit.probes == tuple(f"x_bank.branch_{k}" for k in range(3))
    result = run_deck(write_deck(circuit))
    at = [result.node_voltages[probe][0] for probe in circuit.probes]
    through = (0.1 - np.array(at)) / RESISTANCES  # each resistor's current
    assert through.sum() == pytest.approx(result.source_currents["v_out"][0], rel=1e-12)
    assert through == pytest.approx(switch.branch_current(RESISTANCES, 0.1, closed=MASK), rel=1e-7, abs=1e-15)
    if isinstance(switch, rc.IdealSwitch):
        assert at == pytest.approx([0.1 * 50 / 1050, 0.1 * 1e6 / 1.002e6, 0.1 * 50 / 5050], rel=1e-12)


def test_the_deck_says_which_code_the_bank_holds():
    bank = make_bank(rc.IdealSwitch())
    lines = write_deck(bank_circuit(bank, mask=MASK)).text.splitlines()
    note = lines[lines.index("x_bank in out bank") - 1]
    assert note == "* code 101, branch 0 first, closed switches 1: 1.2 mS at 0.1 V"
    stuck = dataclasses.replace(bank, stuck_closed=np.array([False, True, False]))
    assert "* code 111, branch 0 first" in write_deck(bank_circuit(stuck, mask=MASK)).text


def test_one_voltage_is_an_operating_point_and_more_are_samples():
    bank = make_bank(rc.IdealSwitch())
    assert by_name(bank_circuit(bank))["v_in"].voltage == bank.v_read
    assert by_name(bank_circuit(bank, voltages=[0.3]))["v_in"].voltage == 0.3
    swept = by_name(bank_circuit(bank, voltages=[0.3, 0.4]))["b_in"]
    assert isinstance(swept, SelectedSource)
    assert swept.voltages == (0.3, 0.4)


class Relay:
    """A switch of a kind that no circuit is known for."""

    def branch_current(self, resistance, voltage, *, closed):
        return np.where(closed, voltage / resistance, 0.0)


@pytest.mark.parametrize(
    ("bank", "options", "message"),
    [
        (rc.Bank(resistances=np.ones((2, 3))), {}, "single bank"),
        (make_bank(rc.IdealSwitch()), {"mask": [True, False]}, "mask must be 3 booleans"),
        (make_bank(rc.IdealSwitch()), {"mask": [1, 0, 1]}, "mask must be 3 booleans"),
        (make_bank(rc.IdealSwitch()), {"voltages": [[0.1]]}, "voltages"),
        (make_bank(rc.IdealSwitch()), {"voltages": math.nan}, "voltages"),
        (make_bank(rc.IdealSwitch()), {"voltages": []}, "voltages"),
        (make_bank(Relay()), {}, "switch must be an NMOS or an IdealSwitch"),
    ],
)
def test_what_does_not_fit_is_refused(bank, options, message):
    with pytest.raises(InputError, match=message):
        bank_circuit(bank, **options)
