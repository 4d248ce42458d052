"""Tiles whose resistors have a process's own temperature coefficients, faults and switches."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.devices import load_process
from rescircuit.network import ArraySpec, map_network
from rescircuit.network.layers import Dense, Network
from rescircuit.spice import Resistor


def mapped(name, *, switch=None, **options):
    process = load_process(name)
    weight = np.random.default_rng(3).normal(size=(2, 4))
    network = Network([Dense(weight=weight)])
    spec = ArraySpec(
        rows=4,
        cols=4,
        bank_size=5,
        r_word_line=1.0,
        r_bit_line=1.0,
        resistor=process.make_resistor(1e5),
        switch=process.make_switch() if switch is None else switch,
        nominals=process.nominals,
        **options,
    )
    return map_network(network, spec, seed=1)


@pytest.mark.parametrize("name", ["polysilicon", "thesis"])
@pytest.mark.parametrize("cells", ["banks", "conductances"])
def test_ngspice_agrees_on_a_tile_of_a_process(name, cells):
    check = rc.verify(mapped(name).tile(cells=cells))
    assert check.passed, check.summary()


@pytest.mark.parametrize(
    "switch",
    [
        rc.NMOS(w_over_l=10, side="driven"),
        rc.NMOS(w_over_l=10, vto_matching=5e-9, kp_matching=1e-8),
        rc.IdealSwitch(r_on=500.0, r_off=1e9),
    ],
    ids=["driven", "each its own", "ideal"],
)
def test_ngspice_agrees_behind_other_switches(switch):
    check = rc.verify(mapped("polysilicon", switch=switch).tile())
    assert check.passed, check.summary()


def test_each_resistor_of_a_cell_has_its_own_coefficient():
    part = mapped("polysilicon").tile()
    bank, circuit = part.bank, rc.deck(part).circuit
    assert np.unique(bank.coefficients.tc1).size == bank.resistances.size
    for i, j in np.ndindex(4, 4):
        inside = circuit.subcircuits[f"cell_{i}_{j}"].elements
        written = [each for each in inside if isinstance(each, Resistor)]
        assert [each.tc1 for each in written] == bank.coefficients.tc1[i, j].tolist()
        assert [each.resistance for each in written] == bank.resistances[i, j].tolist()


def test_its_banks_warmed_are_what_ngspice_makes_of_its_deck_when_it_is_warm():
    """The coefficients of a tile's deck act: at 85 °C its array is that of the same banks there."""
    part = mapped("polysilicon").tile()
    array = part.array
    warm = rc.NonlinearCrossbar(
        dataclasses.replace(array.cells, bank=array.cells.bank.at(temperature=85.0)), r_word_line=1.0, r_bit_line=1.0
    )
    written = rc.deck(array, voltages=[0.1, 0.05, 0.02, 0.1])
    heated = dataclasses.replace(written.circuit, temperature_celsius=85.0)
    found = rc.spice.run_deck(rc.spice.write_deck(heated))
    currents = [found.source_currents[f"v_sense_{j}"][0] for j in range(4)]
    expected = warm.solve([0.1, 0.05, 0.02, 0.1]).output_currents
    assert currents == pytest.approx(expected, rel=1e-7)
    assert np.abs(expected / array.solve([0.1, 0.05, 0.02, 0.1]).output_currents - 1).max() > 1e-3
    assert rc.verify(warm).passed
