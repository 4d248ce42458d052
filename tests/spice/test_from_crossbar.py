"""A crossbar as a circuit: figure 6.2, node by node."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.errors import InputError
from rescircuit.spice import Resistor, crossbar_circuit, run_deck, write_deck

CELLS = np.array([[1e-4, 2e-4, 3e-4], [4e-4, 5e-4, 6e-4]])


def connections(circuit):
    return {e.name: (*e.nodes, e.resistance) for e in circuit.elements if isinstance(e, Resistor)}


def test_wires_lead_from_the_drivers_along_the_lines_to_the_senses():
    r_word_line, r_bit_line = np.arange(1.0, 9.0).reshape(2, 4), np.arange(11.0, 20.0).reshape(3, 3)
    found = connections(crossbar_circuit(rc.Crossbar(CELLS, r_word_line, r_bit_line)))
    assert found["r_word_0_0"] == ("drive_0", "word_0_0", 1.0)
    assert found["r_word_1_2"] == ("word_1_1", "word_1_2", 7.0)
    assert found["r_bit_0_1"] == ("bit_0_1", "bit_1_1", 15.0)
    assert found["r_bit_1_2"] == ("bit_1_2", "sense_2", 19.0)
    assert found["r_cell_1_0"] == ("word_1_0", "bit_1_0", pytest.approx(2500.0))
    assert Counter(name.rsplit("_", 2)[0] for name in found) == {"r_word": 6, "r_bit": 6, "r_cell": 6}


def test_wires_without_resistance_make_one_node_of_a_line():
    circuit = crossbar_circuit(rc.Crossbar(CELLS))
    assert set(circuit.nodes) == {"drive_0", "drive_1", "sense_0", "sense_1", "sense_2"}
    assert connections(circuit)["r_cell_1_2"] == ("drive_1", "sense_2", pytest.approx(1 / 6e-4))


def test_cells_that_conduct_nothing_are_left_out():
    cells = CELLS.copy()
    cells[0] = 0.0
    circuit = crossbar_circuit(rc.Crossbar(cells, 1.0, 1.0))
    assert {name for name in connections(circuit) if "cell" in name} == {"r_cell_1_0", "r_cell_1_1", "r_cell_1_2"}
    result = run_deck(write_deck(circuit))
    assert result.node_voltages["word_0_2"] == pytest.approx([0.1])


def test_one_cell_with_its_wires_is_a_series_circuit():
    circuit = crossbar_circuit(rc.Crossbar([[1e-3]], 10.0, 20.0), voltages=[0.5])
    result = run_deck(write_deck(circuit))
    assert result.source_currents["v_sense_0"] == pytest.approx([0.5 / 1030], rel=1e-13)
    assert result.node_voltages["word_0_0"] == pytest.approx([0.5 - 0.5 / 1030 * 10], rel=1e-13)
    assert result.node_voltages["bit_0_0"] == pytest.approx([0.5 / 1030 * 20], rel=1e-13)


def test_without_wires_the_currents_are_voltages_times_conductances():
    voltages = np.array([[0.1, -0.2], [0.0, 0.3], [1.0, 1.0]])
    result = run_deck(write_deck(crossbar_circuit(rc.Crossbar(CELLS), voltages=voltages)))
    for j in range(3):
        expected = voltages @ CELLS[:, j]
        assert result.source_currents[f"v_sense_{j}"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("voltages", [0.1, [0.1], [0.1] * 3, np.ones((2, 3)), np.ones((1, 2, 2)), [0.1, math.nan]])
def test_voltages_that_do_not_fit_are_refused(voltages):
    with pytest.raises(InputError, match="voltages"):
        crossbar_circuit(rc.Crossbar(CELLS), voltages=voltages)
