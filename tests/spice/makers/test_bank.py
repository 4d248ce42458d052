"""A bank as a circuit: figure 6.1, element by element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.errors import InputError
from rescircuit.spice import Mosfet, Resistor, SelectedSource, VoltageSource, bank_circuit, run_deck, write_deck

RESISTANCES = np.array([1e3, 2e3, 5e3])
MASK = np.array([True, False, True])


def make_bank(switch):
    return rc.Bank(resistances=RESISTANCES, switch=switch)


def by_name(circuit) -> dict[str, Any]:
    return {element.name: element for element in circuit.elements}


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
    assert len(circuit.models) == 1
    assert "r_leak_0" not in elements


def test_leakage_stands_beside_every_transistor():
    elements = by_name(bank_circuit(make_bank(rc.NMOS(w_over_l=10, r_off=1e8)), mask=MASK))
    for k in range(3):
        assert elements[f"r_leak_{k}"].nodes == (f"branch_{k}", "out")
        assert elements[f"r_leak_{k}"].resistance == 1e8


def test_a_perfect_switch_is_one_node_when_closed_and_an_open_end_when_open():
    circuit = bank_circuit(make_bank(rc.IdealSwitch()), mask=MASK)
    assert [e.nodes for e in circuit.elements if isinstance(e, Resistor)] == [
        ("in", "out"),
        ("in", "branch_1"),
        ("in", "out"),
    ]
    assert circuit.models == ()


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
    assert result.node_voltages["branch_2"] == pytest.approx([0.1])


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
