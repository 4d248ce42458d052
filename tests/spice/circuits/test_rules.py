"""The rules of a circuit: each of its connections has a meaning."""

from __future__ import annotations

import dataclasses

import pytest

from rescircuit.errors import InputError
from rescircuit.spice import Circuit, Level1Model, Mosfet, Resistor, VoltageSource, check_rules, write_deck

MODEL = Level1Model(name="switch", vto=0.4, kp=200e-6, lambda_=0.02, gamma=0.4, phi=0.7)


def resistor(name, plus, minus):
    return Resistor(name=name, plus=plus, minus=minus, resistance=1e3)


def source(name, plus, minus):
    return VoltageSource(name=name, plus=plus, minus=minus, voltage=1.0)


def with_more(circuit, *elements, **fields):
    return dataclasses.replace(circuit, elements=circuit.elements + elements, **fields)


def test_a_sound_circuit_passes(divider, transistor):
    check_rules(divider)
    check_rules(transistor)


def test_a_node_on_one_element_is_refused(divider):
    with pytest.raises(InputError, match=r"node midle .*'r_3 alone'.*spelt"):
        check_rules(with_more(divider, resistor("r_3", "midle", "out")))


def test_an_end_that_is_meant_to_be_open_may_be(divider):
    check_rules(with_more(divider, resistor("r_3", "end", "out"), open_ends=frozenset({"end"})))


def test_both_terminals_of_one_transistor_are_one_element(divider):
    lone = Mosfet(name="m_1", drain="in", gate="in", source="x", bulk="x", model="switch", width=1e-6, length=1e-7)
    with pytest.raises(InputError, match="node x"):
        check_rules(with_more(divider, lone, models=(MODEL,)))


def test_an_island_is_refused(divider):
    island = (resistor("r_3", "p", "q"), resistor("r_4", "p", "q"))
    with pytest.raises(InputError, match="nodes p, q must be joined to ground"):
        check_rules(with_more(divider, *island))


def test_many_floating_nodes_are_named_in_part(divider):
    ring = [resistor(f"r_ring_{k}", f"p{k}", f"p{(k + 1) % 5}") for k in range(5)]
    with pytest.raises(InputError, match="nodes p0, p1, p2 and more"):
        check_rules(with_more(divider, *ring))


def test_a_circuit_without_ground_is_refused():
    with pytest.raises(InputError, match="joined to ground"):
        check_rules(Circuit(elements=(source("v1", "a", "b"), resistor("r1", "a", "b"))))


def test_a_gate_conducts_no_direct_current(divider):
    gates = [
        Mosfet(name=f"m_{k}", drain="in", gate="gate", source="out", bulk="0", model="switch", width=1e-6, length=1e-7)
        for k in range(2)
    ]
    with pytest.raises(InputError, match="node gate must be joined to ground"):
        check_rules(with_more(divider, *gates, models=(MODEL,)))


def test_a_channel_conducts(divider):
    stacked = [
        Mosfet(name=f"m_{k}", drain=drain, gate="in", source=end, bulk="0", model="switch", width=1e-6, length=1e-7)
        for k, (drain, end) in enumerate([("in", "between"), ("between", "out")])
    ]
    check_rules(with_more(divider, *stacked, models=(MODEL,)))


@pytest.mark.parametrize(
    "extra",
    [
        [source("v_twin", "in", "0")],
        [source("v_turned", "0", "in")],
        [source("v_a", "in", "top"), source("v_b", "top", "out")],
    ],
)
def test_a_loop_of_voltage_sources_is_refused(divider, extra):
    with pytest.raises(InputError, match=rf"source {extra[-1].name} must be"):
        check_rules(with_more(divider, *extra))


def test_sources_in_series_are_no_loop(divider):
    check_rules(with_more(divider, source("v_a", "top", "in"), resistor("r_3", "top", "0")))


def test_no_deck_is_written_of_a_circuit_that_breaks_a_rule(divider):
    with pytest.raises(InputError, match="v_twin"):
        write_deck(with_more(divider, source("v_twin", "in", "0")))
