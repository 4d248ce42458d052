"""Cells as circuits: their elements by name, and ngspice's currents through them wherever the bit line is."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar.cells import BankCells, LinearCells, SelectedCells, SinhCells
from rescircuit.errors import InputError
from rescircuit.spice import (
    Circuit,
    Instance,
    Level1Model,
    Mosfet,
    Resistor,
    VoltageSource,
    run_deck,
    write_deck,
)
from rescircuit.spice.circuits.behavioural import SinhConductor
from rescircuit.spice.circuits.sources import driven
from rescircuit.spice.makers.cells import cell_elements, cell_models, shared_elements

CONDUCTANCES = np.array([[1e-5, 0.0, 3e-6], [1e-7, 2e-4, 1e-6]])
MASK = np.array([True, False, True])

FORWARDS = [(w, b) for w in (0.0, 0.01, 0.1, 0.5, 2.0) for b in (0.0, 0.01, 0.3, 1.0)]
BELOW_GROUND = [(w, b) for w in (-0.3, -0.1, 0.0, 0.2) for b in (-0.25, -0.05, 0.1)]


def cells_behind(switch):
    """Two by two banks of three, of 100 Ω to 1 MΩ, set at random."""
    rng = np.random.default_rng(5)
    bank = rc.Bank(resistances=10.0 ** rng.uniform(2, 6, (2, 2, 3)), switch=switch)
    return BankCells(bank=bank, mask=rng.random((2, 2, 3)) < 0.6)


def circuit_of(cells, voltages):
    """Each cell between sources of its own, and one that senses its current."""
    v_word, v_bit = np.transpose(voltages)
    elements = [*shared_elements(cells)]
    for i, j in np.ndindex(*cells.shape):
        word, bit, foot = f"word_{i}_{j}", f"bit_{i}_{j}", f"foot_{i}_{j}"
        elements += [driven(word, v_word), driven(foot, v_bit)]
        elements.append(VoltageSource(name=f"v_sense_{i}_{j}", plus=bit, minus=foot, voltage=0.0))
        elements += cell_elements(cells, i, j, word, bit)
    ends = frozenset(node for element in elements for node in element.nodes)
    return Circuit(elements=tuple(elements), models=cell_models(cells), open_ends=ends)


def in_ngspice(cells, voltages):
    """Currents (K, m, n)."""
    currents = run_deck(write_deck(circuit_of(cells, voltages))).source_currents
    m, n = cells.shape
    return np.stack([currents[f"v_sense_{i}_{j}"] for i, j in np.ndindex(m, n)], axis=-1).reshape(-1, m, n)


def by_our_law(cells, voltages):
    v_word, v_bit = np.transpose(voltages)[..., np.newaxis, np.newaxis] * np.ones(cells.shape)
    return cells.currents(v_word, v_bit)[0]


@pytest.mark.parametrize(
    "switch",
    [
        rc.NMOS(w_over_l=10),
        rc.NMOS(w_over_l=10, r_off=1e6),
        rc.NMOS(w_over_l=100, v_gate=1.0, gamma=0.0, lambda_=0.2),
        rc.NMOS(w_over_l=2, v_gate=1.2, vto=0.3, kp=3e-4, gamma=1.1, phi=0.45, lambda_=0.0),
    ],
)
@pytest.mark.parametrize("voltages", [FORWARDS, BELOW_GROUND])
def test_banks_behind_transistors(switch, voltages):
    """Linear and saturated, forwards and backwards, and on both sides of the body effect's kink."""
    cells = cells_behind(switch)
    theirs = in_ngspice(cells, voltages)
    assert by_our_law(cells, voltages) == pytest.approx(theirs, rel=2e-9, abs=1e-16)


@pytest.mark.parametrize("r_off", [math.inf, 1e6])
def test_one_branch_at_a_time(r_off):
    """No sum hides a branch: closed and open, from 10 Ω to 10 MΩ, the bit line at 0, 10 mV and 0.3 V."""
    resistances = np.array([[[1e1], [1e3]], [[1e5], [1e7]]])
    bank = rc.Bank(resistances=resistances, switch=rc.NMOS(w_over_l=10, r_off=r_off))
    for closed in (True, False):
        cells = BankCells(bank=bank, mask=[closed])
        assert by_our_law(cells, FORWARDS) == pytest.approx(in_ngspice(cells, FORWARDS), rel=2e-9, abs=1e-16)


@pytest.mark.parametrize("switch", [rc.IdealSwitch(), rc.IdealSwitch(r_on=50.0, r_off=1e8)])
def test_banks_behind_ideal_switches(switch):
    cells = cells_behind(switch)
    assert by_our_law(cells, FORWARDS) == pytest.approx(in_ngspice(cells, FORWARDS), rel=1e-12, abs=1e-17)


@pytest.mark.parametrize(
    "cells", [LinearCells(conductances=CONDUCTANCES), SinhCells(conductances=CONDUCTANCES, v_scale=0.25)]
)
def test_cells_of_two_terminals(cells):
    voltages = [*FORWARDS, (-0.4, 0.3)]
    assert by_our_law(cells, voltages) == pytest.approx(in_ngspice(cells, voltages), rel=1e-9, abs=1e-18)


@pytest.mark.parametrize(("i_selector", "v_selector"), [(1e-6, 0.5), (1e-9, 0.05), (1e-12, 0.03)])
@pytest.mark.parametrize(
    "cells",
    [
        LinearCells(conductances=CONDUCTANCES),
        SinhCells(conductances=CONDUCTANCES, v_scale=0.25),
        cells_behind(rc.NMOS(w_over_l=10)),
    ],
)
def test_cells_behind_selectors(cells, i_selector, v_selector):
    """ngspice's gmin of 1e-18 S stands beside each, so small currents count relative to what it takes."""
    selected = SelectedCells(cells=cells, i_selector=i_selector, v_selector=v_selector)
    theirs = in_ngspice(selected, FORWARDS)
    assert by_our_law(selected, FORWARDS) == pytest.approx(theirs, rel=1e-9, abs=1e-17)


def test_ngspice_sees_ten_millivolts_on_the_bit_line_too():
    cells = BankCells(bank=rc.Bank(resistances=[[[1e4]]], switch=rc.NMOS(w_over_l=10)), mask=[True])
    at_ground, raised = in_ngspice(cells, [(0.1, 0.0), (0.11, 0.01)]).ravel()
    assert 1 - raised / at_ground == pytest.approx(3.1e-4, abs=2e-5)


def test_the_elements_of_a_bank():
    bank = rc.Bank(resistances=[[[1e3, 2e3, 5e3]] * 2], switch=rc.NMOS(w_over_l=10, v_gate=1.5, r_off=1e8))
    cells = BankCells(bank=bank, mask=MASK)
    (instance,) = cell_elements(cells, 0, 1, "w", "b")
    assert instance == Instance(name="x_cell_0_1", ports=("w", "b", "gate_on"), model="cell_0_1")
    model, *insides = cell_models(cells)
    assert [inside.name for inside in insides] == ["cell_0_0", "cell_0_1"]
    assert insides[1].ports == ("word", "bit", "gate_on")
    assert insides[1].comment == "word line 0, bit line 1: code 101"
    elements = {element.name: element for element in insides[1].elements}
    assert elements["r_2"] == Resistor(name="r_2", plus="word", minus="branch_2", resistance=5e3)
    gates = [elements[f"m_{k}"].nodes for k in range(3)]
    assert gates == [(f"branch_{k}", gate, "bit", "0") for k, gate in enumerate(("gate_on", "0", "gate_on"))]
    assert elements["r_leak_1"].nodes == ("branch_1", "bit")
    assert len(elements) == 9
    assert shared_elements(cells) == (VoltageSource(name="v_gate_on", plus="gate_on", minus="0", voltage=1.5),)
    transistor = elements["m_0"]
    assert isinstance(transistor, Mosfet)
    assert transistor.model == model.name


def test_the_elements_of_ideal_switches():
    bank = rc.Bank(resistances=[[[1e3, 2e3]]], switch=rc.IdealSwitch(r_off=1e9))
    cells = BankCells(bank=bank, mask=[True, False])
    (instance,) = cell_elements(cells, 0, 0, "w", "b")
    assert instance == Instance(name="x_cell_0_0", ports=("w", "b"), model="cell_0_0")
    (inside,) = cell_models(cells)
    assert [(element.name, *element.nodes) for element in inside.elements] == [
        ("r_0", "word", "bit"),
        ("r_1", "word", "branch_1"),
        ("r_switch_1", "branch_1", "bit"),
    ]
    assert inside.ports == ("word", "bit")
    assert shared_elements(cells) == ()


def test_the_elements_of_cells_with_two_terminals():
    linear = LinearCells(conductances=CONDUCTANCES)
    (resistor,) = cell_elements(linear, 0, 2, "w", "b")
    assert (resistor.name, resistor.nodes, resistor.resistance) == ("r_cell_0_2", ("w", "b"), 1 / 3e-6)
    bent = SinhCells(conductances=CONDUCTANCES, v_scale=0.2)
    (conductor,) = cell_elements(bent, 1, 1, "w", "b")
    assert conductor == SinhConductor(name="b_cell_1_1", plus="w", minus="b", conductance=2e-4, v_scale=0.2)
    selected = SelectedCells(cells=bent, i_selector=1e-9, v_selector=0.1)
    names = [(element.name, *element.nodes) for element in cell_elements(selected, 1, 1, "w", "b")]
    assert names == [("b_selector_1_1", "w", "selected_1_1"), ("b_cell_1_1", "selected_1_1", "b")]
    for cells in (linear, bent, selected):
        assert list(cell_elements(cells, 0, 1, "w", "b")) == []  # conducts nothing
        assert shared_elements(cells) == ()
        assert cell_models(cells) == ()


def test_without_closed_transistors_no_gate_is_driven():
    bank = rc.Bank(resistances=[[[1e3, 2e3]]], switch=rc.NMOS(w_over_l=10))
    assert shared_elements(BankCells(bank=bank, mask=[False, False])) == ()
    selected = SelectedCells(cells=BankCells(bank=bank, mask=[False, True]), i_selector=1e-9, v_selector=0.1)
    assert [element.name for element in shared_elements(selected)] == ["v_gate_on"]
    model, inside = cell_models(selected)
    assert isinstance(model, Level1Model)
    assert inside.ports == ("word", "bit", "gate_on")
    (conductor, instance) = cell_elements(selected, 0, 0, "w", "b")
    assert conductor.nodes == ("w", "selected_0_0")
    assert instance.ports == ("selected_0_0", "b", "gate_on")


def test_other_cells_and_switches_are_refused():
    for ask in (lambda c: list(cell_elements(c, 0, 0, "w", "b")), shared_elements, cell_models):
        with pytest.raises(InputError, match="cells must be LinearCells, BankCells, SinhCells or SelectedCells, got"):
            ask(CONDUCTANCES)

    class Relay:
        def branch_current(self, resistance, voltage, *, closed):
            return np.where(closed, voltage / resistance, 0.0)

        def branch(self, resistance, v_in, v_out, *, closed):
            slope = np.where(closed, 1 / resistance, 0.0)
            return slope * (v_in - v_out), slope, -slope

    cells = BankCells(bank=rc.Bank(resistances=[[[1e3]]], switch=Relay()), mask=[True])
    with pytest.raises(InputError, match="switch must be an NMOS or an IdealSwitch"):
        list(cell_elements(cells, 0, 0, "w", "b"))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"conductance": 0.0}, "conductance of b_1 must be a finite number above 0 (S)"),
        ({"conductance": math.inf}, "conductance of b_1 must be a finite number above 0 (S)"),
        ({"conductance": 1e-40}, "conductance of b_1 must be zero or of a magnitude from 1e-30"),
        ({"v_scale": -1.0}, "v_scale of b_1 must be a finite number above 0 (V)"),
        ({"v_scale": "1m"}, "v_scale of b_1 must be a finite number above 0 (V)"),
        ({"name": "r_1"}, "name must be the letter b"),
        ({"minus": "a"}, "minus of b_1 must be on another node than plus"),
    ],
)
def test_conductors_outside_their_range_are_refused(fields, says):
    with pytest.raises(InputError) as caught:
        SinhConductor(**{"name": "b_1", "plus": "a", "minus": "0", "conductance": 1e-6, "v_scale": 0.1, **fields})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_conductor_is_a_path_of_direct_current(divider):
    conductor = SinhConductor(name="b_1", plus="end", minus="middle", conductance=1e-6, v_scale=0.1)
    more = dataclasses.replace(divider, elements=(*divider.elements, conductor), open_ends=frozenset({"end"}))
    result = run_deck(write_deck(more))
    assert result.node_voltages["end"] == pytest.approx(0.75, rel=1e-9)


def test_a_conductor_beyond_the_range_of_its_sinh_follows_our_tangent():
    cells = SinhCells(conductances=[[1e-9]], v_scale=0.01)
    assert by_our_law(cells, [(0.45, 0.0)]) == pytest.approx(in_ngspice(cells, [(0.45, 0.0)]), rel=1e-9)


@pytest.mark.parametrize("samples", [[(0.4, 0.0)], [(0.1, 0.0), (0.4, 0.05)]])
def test_pyspice_has_the_same_conductors(samples, both_ways):
    """Its netlist with our deck's cards for tolerances and analysis brings the same currents."""
    cells = SelectedCells(cells=SinhCells(conductances=[[1e-5]], v_scale=0.2), i_selector=1e-9, v_selector=0.05)
    ours, theirs = both_ways(circuit_of(cells, samples))
    assert theirs.source_currents["v_sense_0_0"] == pytest.approx(ours.source_currents["v_sense_0_0"], rel=1e-12)
