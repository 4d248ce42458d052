"""A circuit built in PySpice is the same circuit: ngspice finds the same voltages and currents in it."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.errors import InputError, MissingToolError
from rescircuit.spice import bank_circuit, crossbar_circuit, run_deck, to_pyspice, write_deck


def run_both(circuit):
    """Results of our deck and of PySpice's netlist with our deck's cards for tolerances and analysis."""
    deck = write_deck(circuit)
    cards = deck.text[deck.text.index(".options") :]
    if circuit.n_samples is not None:  # PySpice's netlist has its own selector
        cards = cards.replace("v_sample_index sample_index 0 dc 0.0\n", "")
    translated = dataclasses.replace(deck, text=f"{to_pyspice(circuit)}{cards}")
    return run_deck(deck), run_deck(translated)


def assert_same(circuit):
    ours, theirs = run_both(circuit)
    assert set(ours.node_voltages) == set(circuit.nodes)
    for node, voltages in ours.node_voltages.items():
        assert theirs.node_voltages[node] == pytest.approx(voltages, rel=1e-12, abs=1e-15)
    for source, currents in ours.source_currents.items():
        assert theirs.source_currents[source] == pytest.approx(currents, rel=1e-12, abs=1e-20)


def test_resistors_and_sources(divider):
    assert_same(divider)


def test_a_bank_with_transistors_over_samples():
    bank = rc.Bank.sample(rc.Resistor(nominal=10e3, mismatch=0.01), n=6, switch=rc.NMOS(w_over_l=10, r_off=1e9), seed=3)
    mask = np.array([True, False, True, True, False, True])
    assert_same(bank_circuit(bank, mask=mask, voltages=[0.0, 0.1, 1 / 3]))


def test_a_crossbar_with_wires():
    conductances = np.random.default_rng(2).uniform(1e-6, 1e-5, (4, 3))
    assert_same(crossbar_circuit(rc.Crossbar(conductances, 1.0, 2.0)))


def test_elements_and_nodes_can_be_reached_in_pyspice(transistor):
    netlist = to_pyspice(transistor)
    assert netlist["M_1"].width == 1.8e-6
    assert netlist["V_gate"].dc_value == 1.8
    assert {str(node) for node in netlist.nodes} == {"0", "drain", "gate", "out"}


def test_a_node_named_like_a_keyword_of_python_makes_no_noise(divider, caplog, capfd):
    to_pyspice(divider)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_a_circuit_that_breaks_a_rule_is_refused(divider):
    with pytest.raises(InputError, match="at least two elements"):
        to_pyspice(dataclasses.replace(divider, elements=divider.elements[:-1]))


def test_without_pyspice_the_message_says_how_to_get_it(divider, monkeypatch):
    monkeypatch.setitem(sys.modules, "PySpice.Spice.Netlist", None)
    with pytest.raises(MissingToolError, match="pip install PySpice"):
        to_pyspice(divider)
