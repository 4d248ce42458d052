"""A crossbar as a circuit: figure 6.2, node by node."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar import BankCells, LinearCells, SelectedCells, SinhCells
from rescircuit.errors import InputError
from rescircuit.spice import (
    Instance,
    Level1Model,
    Mosfet,
    Resistor,
    SelectedSource,
    SinhConductor,
    VoltageSource,
    crossbar_circuit,
    run_deck,
    write_deck,
)
from rescircuit.spice.circuits.flattening import flattened

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


def sources(circuit):
    return {source.name: source for source in circuit.sources}


@pytest.mark.parametrize(
    "bit_line_voltages", [[0.1], [0.1] * 2, np.ones((3, 3)), np.ones((1, 1, 3)), [0.1, 0.2, math.inf]]
)
def test_bit_line_voltages_that_do_not_fit_are_refused(bit_line_voltages):
    """Among them three samples beside two of the word lines'."""
    with pytest.raises(InputError, match="bit_line_voltages"):
        crossbar_circuit(rc.Crossbar(CELLS), voltages=np.ones((2, 2)), bit_line_voltages=bit_line_voltages)


def test_a_line_driven_at_both_ends_begins_and_ends_at_one_source():
    crossbar = rc.Crossbar(CELLS, 1.0, 2.0, drive=["both", "right"], sense=["both", "top", "bottom"])
    circuit = crossbar_circuit(crossbar)
    found = connections(circuit)
    assert found["r_word_0_0"] == ("drive_0", "word_0_0", 1.0)
    assert found["r_right_0"] == ("word_0_2", "drive_0", 1.0)
    assert found["r_right_1"] == ("word_1_2", "drive_1", 1.0)
    assert found["r_top_0"] == ("sense_0", "bit_0_0", 2.0)
    assert found["r_bit_1_0"] == ("bit_1_0", "sense_0", 2.0)
    assert found["r_top_1"] == ("sense_1", "bit_0_1", 2.0)
    assert not {"r_word_1_0", "r_bit_1_1", "r_top_2"} & set(found)
    assert list(sources(circuit)) == ["v_drive_0", "v_drive_1", "v_sense_0", "v_sense_1", "v_sense_2"]


def test_resistances_of_drivers_and_senses_are_part_of_the_ends_and_the_deck_says_so():
    crossbar = rc.Crossbar(CELLS, 1.0, 2.0, r_driver=[10.0, 20.0], r_sense=5.0, drive="both")
    circuit = crossbar_circuit(crossbar, comment="as measured")
    found = connections(circuit)
    assert (found["r_word_1_0"][2], found["r_word_1_1"][2], found["r_right_1"][2]) == (21.0, 1.0, 21.0)
    assert (found["r_bit_0_2"][2], found["r_bit_1_2"][2]) == (2.0, 7.0)
    assert circuit.comment.count("r_driver") == circuit.comment.count("r_sense") == 1
    assert circuit.comment.endswith(" as measured")
    assert crossbar_circuit(rc.Crossbar(CELLS, r_sense=5.0)).comment.count("r_driver") == 0
    assert crossbar_circuit(rc.Crossbar(CELLS, 1.0, 2.0), comment="as measured").comment == "as measured"
    with pytest.raises(InputError, match="comment must be text"):
        crossbar_circuit(crossbar, comment=3)


def test_floating_lines_have_no_source():
    crossbar = rc.Crossbar(
        CELLS, 1.0, 1.0, r_driver=3.0, drive=["left", "floating"], sense=["bottom", "floating", "top"]
    )
    circuit = crossbar_circuit(crossbar)
    assert set(sources(circuit)) == {"v_drive_0", "v_sense_0", "v_sense_2"}
    assert not {"drive_1", "sense_1"} & set(circuit.nodes)
    write_deck(circuit)  # whose rules allow the open ends


def test_sources_change_from_sample_to_sample_only_where_they_have_samples():
    crossbar = rc.Crossbar(CELLS)
    swept, fixed = np.array([[0.1, 0.2], [0.3, 0.4]]), [0.0, 0.05, 0.1]
    one = sources(crossbar_circuit(crossbar, voltages=swept, bit_line_voltages=fixed))
    assert isinstance(one["b_drive_1"], SelectedSource)
    assert one["b_drive_1"].voltages == (0.2, 0.4)
    assert one["v_sense_2"] == VoltageSource(name="v_sense_2", plus="sense_2", minus="0", voltage=0.1)
    other = sources(crossbar_circuit(crossbar, bit_line_voltages=np.outer([1.0, 2.0, 3.0], fixed)))
    assert other["v_drive_1"].voltage == 0.1
    assert other["b_sense_1"].voltages == pytest.approx((0.05, 0.1, 0.15))
    everywhere = sources(crossbar_circuit(crossbar, bit_line_voltages=0.2))
    assert {everywhere[f"v_sense_{j}"].voltage for j in range(3)} == {0.2}


@pytest.mark.parametrize("ends", [{}, {"drive": "both", "sense": "both"}, {"drive": "right", "sense": "top"}])
def test_currents_into_raised_bit_lines_have_their_sign(ends):
    """Positive into the virtual ground, negative where the bit line is the higher one, swept or not."""
    crossbar = rc.Crossbar([[1e-3]], r_driver=10.0, r_sense=10.0, **ends)
    resistance = 1010.0 if ends.get("drive") == "both" else 1020.0
    pairs = np.array([[0.5, 0.2], [0.1, 0.4]])
    swept = run_deck(write_deck(crossbar_circuit(crossbar, voltages=pairs[:, :1], bit_line_voltages=pairs[:, 1:])))
    expected = (pairs[:, 0] - pairs[:, 1]) / resistance
    assert swept.source_currents["b_sense_0"] == pytest.approx(expected, rel=1e-12)
    assert swept.source_currents["b_drive_0"] == pytest.approx(-expected, rel=1e-12)
    for (v_word, v_bit), current in zip(pairs, expected, strict=True):
        fixed = run_deck(write_deck(crossbar_circuit(crossbar, voltages=[v_word], bit_line_voltages=v_bit)))
        assert fixed.source_currents["v_sense_0"] == pytest.approx([current], rel=1e-12)


def test_a_shorted_cell_joins_its_lines():
    cells = CELLS.copy()
    cells[1, 1] = math.inf
    found = connections(crossbar_circuit(rc.Crossbar(cells, 1.0, 2.0)))
    assert "r_cell_1_1" not in found
    assert found["r_bit_1_1"] == ("word_1_1", "sense_1", 2.0)
    assert found["r_bit_0_1"] == ("bit_0_1", "word_1_1", 2.0)


def test_broken_wires_are_left_out():
    r_word_line = np.ones((2, 4))
    r_word_line[0, 2] = math.inf
    assert "r_word_0_2" not in connections(crossbar_circuit(rc.Crossbar(CELLS, r_word_line, 1.0)))


def test_what_has_both_ends_on_one_node_is_left_out():
    """The rest of a line whose other half has no resistance, and a cell beside shorted ones."""
    found = connections(crossbar_circuit(rc.Crossbar([[1e-3]], [[0.0, 5.0]], 1.0, drive="both")))
    assert set(found) == {"r_cell_0_0", "r_bit_0_0"}
    cells = [[math.inf, math.inf], [math.inf, 1e-3]]
    crossbar = rc.Crossbar(cells, [[1.0, 0.0, 0.0]] * 2, [[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    assert not any("cell" in name for name in connections(crossbar_circuit(crossbar)))


def elements(circuit, kind):
    return {element.name: element for element in circuit.elements if isinstance(element, kind)}


def test_banks_stand_between_their_lines():
    bank = rc.Bank(resistances=np.full((2, 3, 2), 1e4), switch=rc.NMOS(w_over_l=10))
    mask = np.array([True, False])
    circuit = crossbar_circuit(rc.NonlinearCrossbar(BankCells(bank=bank, mask=mask), 1.0, 2.0))
    assert connections(circuit)["r_word_1_2"] == ("word_1_1", "word_1_2", 1.0)
    cell = elements(circuit, Instance)["x_cell_1_2"]
    assert (cell.ports, cell.model) == (("word_1_2", "bit_1_2", "gate_on"), "cell_1_2")
    placed = {each.name: each for each in flattened(circuit)}
    assert placed["x_cell_1_2.r_0"].nodes == ("word_1_2", "x_cell_1_2.branch_0")
    assert placed["x_cell_1_2.r_0"].element.resistance == 1e4
    assert placed["x_cell_1_2.m_0"].nodes == ("x_cell_1_2.branch_0", "gate_on", "bit_1_2", "0")
    assert placed["x_cell_1_2.m_1"].nodes == ("x_cell_1_2.branch_1", "0", "bit_1_2", "0")
    assert sum(isinstance(each.element, Mosfet) for each in placed.values()) == 12
    assert sources(circuit)["v_gate_on"].voltage == 1.8
    switch, *insides = circuit.models
    assert isinstance(switch, Level1Model)
    assert [inside.name for inside in insides] == [f"cell_{i}_{j}" for i in range(2) for j in range(3)]
    assert insides[5].comment == "word line 1, bit line 2: code 10"


def test_memristors_and_selectors_stand_between_their_lines():
    memristors = SinhCells(conductances=CELLS, v_scale=0.25)
    circuit = crossbar_circuit(rc.NonlinearCrossbar(memristors, 1.0))
    assert elements(circuit, SinhConductor)["b_cell_1_2"].nodes == ("word_1_2", "sense_2")
    selected = SelectedCells(cells=LinearCells(conductances=CELLS), i_selector=1e-9, v_selector=0.1)
    circuit = crossbar_circuit(rc.NonlinearCrossbar(selected, 0.0, 1.0))
    assert elements(circuit, SinhConductor)["b_selector_0_1"].nodes == ("drive_0", "selected_0_1")
    assert connections(circuit)["r_cell_0_1"][:2] == ("selected_0_1", "bit_0_1")


def test_linear_cells_make_the_circuit_of_a_linear_crossbar():
    options = {"r_word_line": 1.0, "r_bit_line": 2.0, "r_driver": 3.0, "drive": "both", "sense": "top"}
    linear, general = rc.Crossbar(CELLS, **options), rc.NonlinearCrossbar(LinearCells(conductances=CELLS), **options)
    voltages = np.array([[0.1, 0.2], [0.3, 0.4]])
    of_linear, of_general = (crossbar_circuit(each, voltages=voltages) for each in (linear, general))
    assert of_linear.elements == of_general.elements
    assert of_linear.models == of_general.models == ()
    assert of_linear.open_ends <= of_general.open_ends
    assert write_deck(of_linear).text == write_deck(of_general).text


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize(
    "cells",
    [
        BankCells(bank=rc.Bank(resistances=np.full((2, 3, 1), 1e4), switch=rc.NMOS(w_over_l=10)), mask=[True]),
        SelectedCells(cells=SinhCells(conductances=CELLS, v_scale=0.25), i_selector=1e-8, v_selector=0.1),
    ],
)
def test_pyspice_has_the_same_array(cells, samples, both_ways):
    """Its netlist with our deck's cards for tolerances and analysis brings the same currents."""
    rng = np.random.default_rng(3)
    crossbar = rc.NonlinearCrossbar(cells, 1.0, 1.0, r_driver=5.0, drive="both")
    voltages, raised = rng.uniform(0.0, 0.5, (samples, 2)), rng.uniform(0.0, 0.2, (samples, 3))
    ours, theirs = both_ways(crossbar_circuit(crossbar, voltages=voltages, bit_line_voltages=raised))
    for source, currents in ours.source_currents.items():
        assert theirs.source_currents[source] == pytest.approx(currents, rel=1e-9, abs=1e-15)
