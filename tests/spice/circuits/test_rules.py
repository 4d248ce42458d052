"""The rules of a circuit: the smallest that breaks each of them, one that does not, and all circuits that we make."""

from __future__ import annotations

import dataclasses
import itertools
import json

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.errors import InputError
from rescircuit.spice import (
    Capacitor,
    Circuit,
    CurrentMirror,
    CurrentSource,
    Deck,
    Element,
    GivenCurrent,
    Instance,
    Level1Model,
    Mosfet,
    PiecewiseLinearSource,
    Resistor,
    SelectedSource,
    SineSource,
    Subcircuit,
    Transient,
    VoltageSource,
    check_rules,
    write_deck,
)
from rescircuit.spice.circuits.census import LazyElements
from rescircuit.spice.circuits.connections import Connections
from rescircuit.spice.circuits.flattening import flattened
from rescircuit.spice.circuits.rules import Finding, duplicate_names, electrical_check
from rescircuit.spice.circuits.rules.findings import MOST_LISTED, RULES

MODEL = Level1Model(name="switch", vto=0.4, kp=200e-6, lambda_=0.02, gamma=0.4, phi=0.7)
CHARGED = Transient(stop=1e-3, max_step=1e-6)
SETTLED = dataclasses.replace(CHARGED, use_initial_conditions=False)


def resistor(name, plus, minus):
    return Resistor(name=name, plus=plus, minus=minus, resistance=1e3)


def source(name, plus, minus="0"):
    return VoltageSource(name=name, plus=plus, minus=minus, voltage=1.0)


def capacitor(name, plus, minus):
    return Capacitor(name=name, plus=plus, minus=minus, capacitance=1e-9)


def current(name, plus, minus="0"):
    return CurrentSource(name=name, plus=plus, minus=minus, current=1e-3)


def mosfet(name, drain, gate, end, bulk="0"):
    return Mosfet(name=name, drain=drain, gate=gate, source=end, bulk=bulk, model="switch", width=1e-6, length=1e-7)


def subcircuit(name, ports, *elements, **fields):
    return Subcircuit(name=name, ports=tuple(ports), elements=elements, **fields)


def instance(name, model, *ports):
    return Instance(name=name, ports=ports, model=model)


def with_more(circuit, *elements, **fields):
    return dataclasses.replace(circuit, elements=circuit.elements + elements, **fields)


def brief(circuit):
    """Rules and names of the findings."""
    return [(finding.rule, finding.names) for finding in electrical_check(circuit)]


def test_a_sound_circuit_passes(divider, transistor):
    for circuit in (divider, transistor):
        check_rules(circuit)
        assert electrical_check(circuit) == ()


class TestNodes:
    def test_a_node_on_one_element_is_refused(self, divider):
        circuit = with_more(divider, resistor("r_3", "midle", "out"))
        assert brief(circuit) == [("single-connection", ("r_3", "midle"))]
        with pytest.raises(InputError, match=r"Node midle is on r_3 alone.*spelt"):
            check_rules(circuit)

    def test_an_end_that_is_meant_to_be_open_may_be(self, divider):
        circuit = with_more(divider, resistor("r_3", "end", "out"), open_ends=frozenset({"end", "elsewhere"}))
        assert electrical_check(circuit) == ()

    def test_both_terminals_of_one_transistor_are_one_element(self, divider):
        circuit = with_more(divider, mosfet("m_1", "in", "in", "x", "x"), models=(MODEL,))
        assert brief(circuit)[0] == ("single-connection", ("m_1", "x"))

    def test_terminals_that_ports_join_are_one_element_too(self, divider):
        inside = subcircuit("pass", "abc", mosfet("m_1", "a", "b", "c", "b"))
        assert (
            electrical_check(with_more(divider, instance("x_1", "pass", "in", "in", "out"), models=(MODEL, inside)))
            == ()
        )
        lonely = with_more(divider, instance("x_1", "pass", "in", "n", "n"), models=(MODEL, inside))
        assert brief(lonely)[0] == ("single-connection", ("x_1.m_1", "n"))

    def test_inside_an_instance_names_are_full_ones(self, divider):
        inner = subcircuit("inner", "p", resistor("r_a", "p", "loose"))
        outer = subcircuit("outer", "qs", resistor("r_b", "q", "s"), instance("x_in", "inner", "q"))
        circuit = with_more(divider, instance("x_out", "outer", "in", "out"), models=(inner, outer))
        assert brief(circuit) == [("single-connection", ("x_out.x_in.r_a", "x_out.x_in.loose"))]
        meant = dataclasses.replace(inner, open_ends=frozenset({"loose"}))
        assert electrical_check(dataclasses.replace(circuit, models=(meant, outer))) == ()

    def test_an_open_port_opens_the_node_around_it(self, divider):
        inside = subcircuit("stub", ["a", "end"], resistor("r_a", "a", "end"), open_ends=frozenset({"end"}))
        assert electrical_check(with_more(divider, instance("x_1", "stub", "in", "left"), models=(inside,))) == ()

    def test_a_node_on_ports_that_lead_nowhere_is_refused(self, divider):
        """ngspice 39 leaves such a node out of its results without a word."""
        inside = subcircuit("half", "ab", resistor("r_a", "a", "0"), open_ends=frozenset("b"))
        circuit = with_more(divider, instance("x_1", "half", "in", "n"), models=(inside,), open_ends=frozenset("n"))
        assert brief(circuit) == [("floating-node", ("n",))]

    def test_an_island_is_refused(self, divider):
        circuit = with_more(divider, resistor("r_3", "p", "q"), resistor("r_4", "p", "q"))
        assert brief(circuit) == [("no-dc-path", ("p", "q"))]
        with pytest.raises(InputError, match="No direct current joins nodes p and q to ground"):
            check_rules(circuit)

    def test_each_island_is_a_finding_of_its_own(self, divider):
        first = [resistor("r_3", "p", "q"), resistor("r_4", "p", "q")]
        second = [capacitor("c_1", "s", "in"), capacitor("c_2", "s", "out")]
        assert brief(with_more(divider, *first, *second)) == [("no-dc-path", ("p", "q")), ("no-dc-path", ("s",))]

    def test_many_floating_nodes_are_named_in_part(self, divider):
        ring = [resistor(f"r_ring_{k}", f"p{k}", f"p{(k + 1) % 50}") for k in range(50)]
        (finding,) = electrical_check(with_more(divider, *ring))
        assert "nodes p0, p1, p2 and 47 more to ground" in finding.message
        assert finding.names == tuple(f"p{k}" for k in range(20))

    def test_a_circuit_without_ground_is_refused(self):
        circuit = Circuit(elements=(source("v1", "a", "b"), resistor("r1", "a", "b")))
        assert brief(circuit) == [("no-ground", ())]
        with pytest.raises(InputError, match="No element is on ground"):
            check_rules(circuit)

    def test_ground_inside_an_instance_is_ground(self):
        inside = subcircuit("load", "a", resistor("r_1", "a", "0"), source("v_1", "a"))
        assert electrical_check(Circuit(elements=(instance("x_1", "load", "n"),), models=(inside,))) == ()

    def test_capacitors_hold_nodes_where_a_transient_starts_from_their_voltages(self, divider):
        circuit = with_more(divider, capacitor("c_1", "in", "p"), capacitor("c_2", "p", "out"))
        assert brief(circuit) == brief(dataclasses.replace(circuit, transient=SETTLED)) == [("no-dc-path", ("p",))]
        assert electrical_check(dataclasses.replace(circuit, transient=CHARGED)) == ()


class TestGates:
    def test_a_gate_conducts_no_direct_current(self, divider):
        gates = [mosfet(f"m_{k}", "in", "gate", "out") for k in range(2)]
        circuit = with_more(divider, *gates, models=(MODEL,))
        assert brief(circuit) == [("undriven-node", ("m_0", "m_1", "gate"))]
        assert electrical_check(with_more(circuit, source("v_gate", "gate"))) == ()

    def test_a_formula_that_reads_a_node_does_not_drive_it(self, divider):
        readers = [GivenCurrent(name=f"b_{k}", plus="in", minus="out", formula="v(in) * v(control)") for k in range(2)]
        assert brief(with_more(divider, *readers)) == [("undriven-node", ("b_0", "b_1", "control"))]

    def test_a_channel_conducts(self, divider):
        stacked = [mosfet("m_0", "in", "in", "between"), mosfet("m_1", "between", "in", "out")]
        assert electrical_check(with_more(divider, *stacked, models=(MODEL,))) == ()


class TestCurrents:
    """ngspice 39 gives 5.8e14 V behind 1 mA that cannot flow back, with code 0."""

    def test_a_current_into_a_floating_part_is_refused(self, divider):
        part = [current("i_1", "0", "a"), resistor("r_a", "a", "b"), resistor("r_b", "a", "b")]
        circuit = with_more(divider, *part)
        assert brief(circuit) == [("current-cut", ("i_1", "a", "b"))]
        assert electrical_check(with_more(circuit, resistor("r_c", "b", "0"))) == ()

    @pytest.mark.parametrize("transient", [None, SETTLED])
    def test_a_capacitor_is_no_way_back(self, divider, transient):
        circuit = with_more(divider, current("i_1", "0", "a"), capacitor("c_1", "a", "0"), transient=transient)
        assert brief(circuit) == [("current-cut", ("i_1", "a"))]
        assert electrical_check(dataclasses.replace(circuit, transient=CHARGED)) == ()

    def test_a_current_within_an_island_does_not_feed_it(self, divider):
        island = [resistor("r_a", "a", "b"), current("i_1", "a", "b")]
        assert brief(with_more(divider, *island)) == [("no-dc-path", ("a", "b"))]

    def test_currents_in_series_are_refused(self, divider):
        circuit = with_more(divider, current("i_1", "in", "a"), current("i_2", "a", "out"))
        assert brief(circuit) == [("current-cut", ("i_1", "i_2", "a"))]

    @pytest.mark.parametrize(
        "feeding",
        [
            CurrentMirror(name="f_1", plus="0", minus="a", source="v_out"),
            GivenCurrent(name="b_1", plus="0", minus="a", formula="1.0e-3 * v(in)"),
        ],
    )
    def test_other_currents_that_do_not_follow_their_voltage_are_refused(self, divider, feeding):
        circuit = with_more(divider, feeding, capacitor("c_1", "a", "0"))
        assert brief(circuit) == [("current-cut", (feeding.name, "a"))]

    def test_a_formula_over_its_own_voltage_conducts(self, divider):
        conducting = [GivenCurrent(name=f"b_{k}", plus="a", minus="0", formula="1.0e-3 * v(a)") for k in range(2)]
        assert electrical_check(with_more(divider, *conducting)) == ()

    def test_inside_an_instance_names_are_full_ones(self, divider):
        inside = subcircuit("fed", "p", current("i_1", "p", "n"), capacitor("c_1", "n", "0"))
        circuit = with_more(divider, instance("x_1", "fed", "in"), models=(inside,))
        assert brief(circuit) == [("current-cut", ("x_1.i_1", "x_1.n"))]


class TestSources:
    @pytest.mark.parametrize(
        ("extra", "names"),
        [
            ([source("v_twin", "in")], ("v_in", "v_twin")),
            ([source("v_turned", "0", "in")], ("v_in", "v_turned")),
            ([source("v_a", "in", "top"), source("v_b", "top", "out")], ("v_in", "v_out", "v_a", "v_b")),
            ([SelectedSource(name="b_1", plus="in", minus="0", voltages=(0.0, 1.0))], ("v_in", "b_1")),
        ],
    )
    def test_a_loop_is_refused(self, divider, extra, names):
        circuit = with_more(divider, *extra)
        assert brief(circuit) == [("voltage-loop", names)]
        with pytest.raises(InputError, match=rf"sources {', '.join(names[:-1])} and {names[-1]} form a loop"):
            check_rules(circuit)

    def test_sources_that_change_are_sources_too(self, divider):
        changing = [
            SineSource(name="v_sine", plus="in", minus="0", amplitude=1.0, frequency=1e3),
            PiecewiseLinearSource(name="v_lines", plus="out", minus="in", times=(0.0, 1.0), voltages=(0.0, 1.0)),
        ]
        circuit = with_more(divider, *changing, transient=CHARGED)
        assert brief(circuit) == [("voltage-loop", ("v_in", "v_sine")), ("voltage-loop", ("v_in", "v_out", "v_lines"))]

    def test_a_loop_leads_through_instances(self, divider):
        inside = subcircuit("cell", "ab", source("v_1", "a", "b"), resistor("r_1", "a", "b"))
        ring = [instance("x_1", "cell", "in", "n"), instance("x_2", "cell", "n", "0")]
        assert brief(with_more(divider, *ring, models=(inside,))) == [("voltage-loop", ("v_in", "x_1.v_1", "x_2.v_1"))]

    def test_sources_in_series_are_no_loop(self, divider):
        assert electrical_check(with_more(divider, source("v_a", "top", "in"), resistor("r_3", "top", "0"))) == ()

    def test_ports_on_one_node_short_what_is_inside(self, divider):
        """ngspice 39 stops at a shorted source, and does not mind a shorted resistor."""
        inside = subcircuit("cell", "ab", resistor("r_1", "a", "b"), source("v_1", "a", "b"))
        circuit = with_more(divider, instance("x_1", "cell", "in", "in"), models=(inside,))
        assert brief(circuit) == [("shorted-source", ("x_1.v_1", "in")), ("shorted-element", ("x_1.r_1", "in"))]
        assert [each.severity for each in electrical_check(circuit)] == ["error", "warning"]

    def test_what_is_shorted_is_one_element_on_its_node(self, divider):
        inside = subcircuit("cell", "ab", resistor("r_1", "a", "b"))
        circuit = with_more(divider, instance("x_1", "cell", "n", "n"), models=(inside,))
        assert brief(circuit) == [("single-connection", ("x_1.r_1", "n")), ("shorted-element", ("x_1.r_1", "n"))]

    def test_a_port_on_ground_shorts_what_leads_to_ground(self, divider):
        inside = subcircuit("load", "ab", resistor("r_1", "a", "b"), resistor("r_2", "b", "0"))
        circuit = with_more(divider, instance("x_1", "load", "in", "0"), models=(inside,))
        assert brief(circuit) == [("shorted-element", ("x_1.r_2", "0"))]
        check_rules(circuit)


class TestUnused:
    def test_a_transistor_with_a_dead_end_is_told_of(self, divider):
        ring = [resistor("r_3", "x", "y"), resistor("r_4", "x", "y")]
        circuit = with_more(divider, mosfet("m_1", "in", "in", "x"), *ring, models=(MODEL,))
        assert brief(circuit) == [("unused-switch", ("m_1", "x"))]
        check_rules(circuit)
        assert electrical_check(with_more(circuit, resistor("r_5", "y", "out"))) == ()

    def test_an_end_that_is_meant_to_be_open_may_be_behind_it(self, divider):
        dead = [mosfet("m_1", "x", "in", "in"), mosfet("m_2", "x", "in", "y")]
        circuit = with_more(divider, *dead, models=(MODEL,), open_ends=frozenset("y"))
        assert electrical_check(circuit) == ()

    def test_a_gate_behind_it_is_driven_through_it(self, divider):
        driving = [mosfet("m_1", "in", "in", "x"), mosfet("m_2", "in", "x", "out")]
        assert electrical_check(with_more(divider, *driving, models=(MODEL,))) == ()

    def test_a_capacitor_behind_it_counts_over_time(self, divider):
        behind = [mosfet("m_1", "in", "in", "x"), capacitor("c_1", "x", "0")]
        circuit = with_more(divider, *behind, models=(MODEL,))
        assert brief(circuit) == [("unused-switch", ("m_1", "x"))]
        assert electrical_check(dataclasses.replace(circuit, transient=SETTLED)) == ()

    def test_a_chain_of_dead_ends_is_told_of_one_by_one(self, divider):
        inside = subcircuit(
            "chain",
            "a",
            mosfet("m_1", "a", "a", "b"),
            mosfet("m_2", "c", "a", "b"),
            resistor("r_1", "c", "d"),
            resistor("r_2", "c", "d"),
        )
        circuit = with_more(divider, instance("x_1", "chain", "in"), models=(MODEL, inside))
        expected = [("unused-switch", ("x_1.m_1", "x_1.b")), ("unused-switch", ("x_1.m_2", "x_1.c"))]
        assert brief(circuit) == expected

    def test_two_channels_side_by_side_are_no_dead_end(self, divider):
        pair = [mosfet("m_1", "in", "in", "x"), mosfet("m_2", "x", "out", "in")]
        assert electrical_check(with_more(divider, *pair, models=(MODEL,))) == ()

    def test_a_port_on_which_nothing_is(self, divider):
        inner = subcircuit("half", "ab", resistor("r_1", "a", "0"))
        outer = subcircuit("whole", "ab", instance("x_1", "half", "a", "b"))
        circuit = with_more(divider, instance("x_2", "whole", "in", "out"), models=(inner, outer))
        assert brief(circuit) == [("unused-port", ("half.b",)), ("unused-port", ("whole.b",))]
        meant = [dataclasses.replace(each, open_ends=frozenset("b")) for each in (inner, outer)]
        assert electrical_check(dataclasses.replace(circuit, models=tuple(meant))) == ()

    def test_models_and_subcircuits_that_nothing_uses(self, divider):
        inner = subcircuit("inner", "ab", mosfet("m_1", "a", "a", "b"))
        outer = subcircuit("outer", "ab", instance("x_1", "inner", "a", "b"))
        circuit = dataclasses.replace(divider, models=(MODEL, inner, outer))
        expected = [("unused-model", ("switch",)), *(("unused-subcircuit", (name,)) for name in ("inner", "outer"))]
        assert brief(circuit) == expected
        assert electrical_check(with_more(circuit, instance("x_2", "outer", "in", "out"))) == ()

    def test_no_more_subcircuits_inside_each_other_than_ngspice_reads(self, divider):
        """ngspice 39 reads 19 and calls 20 an infinite recursion."""
        models = [subcircuit("s_0", "ab", resistor("r_1", "a", "b"))]
        models += [subcircuit(f"s_{k}", "ab", instance("x_1", f"s_{k - 1}", "a", "b")) for k in range(1, 20)]
        deepest = [with_more(divider, instance("x_1", f"s_{k}", "in", "out"), models=tuple(models)) for k in (18, 19)]
        assert [("deep-nesting", ()) in brief(circuit) for circuit in deepest] == [False, True]


class TestDuplicates:
    def test_case_does_not_tell_names_apart(self):
        (finding,) = duplicate_names(["r_1", "R_2", "r_2", "v_1", "r_2"])
        assert (finding.rule, finding.severity, finding.names) == ("duplicate-name", "error", ("R_2", "r_2"))
        assert "3 elements are called R_2 and r_2" in finding.message
        assert duplicate_names(f"r_{k}" for k in range(5)) == ()

    def test_one_spelling_is_named_once(self):
        (finding,) = duplicate_names(["switch", "switch"], kind="models")
        assert "2 models are called switch, one name to ngspice" in finding.message

    def test_a_circuit_refuses_them_when_it_is_made(self, divider):
        with pytest.raises(InputError, match="R_1"):
            with_more(divider, resistor("R_1", "in", "out"))
        with pytest.raises(InputError, match="Switch"):
            dataclasses.replace(divider, models=(MODEL, subcircuit("Switch", "a", resistor("r_1", "a", "0"))))

    def test_no_name_can_be_that_of_another_inside_an_instance(self):
        with pytest.raises(InputError, match="letters, digits and underscores"):
            resistor("r.x_1.r_1", "a", "b")
        with pytest.raises(InputError, match="letters, digits and underscores"):
            resistor("r_1", "x_1.a", "b")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Star(Element):
    """Conducts between its first node and each of the others."""

    name: str
    terminals: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def direct_paths(self):
        return tuple((self.terminals[0], end) for end in self.terminals[1:])


def test_a_deck_is_its_circuit(divider):
    lonely = dataclasses.replace(divider, elements=divider.elements[:-1])
    assert electrical_check(write_deck(divider)) == check_rules(write_deck(divider)) == ()
    assert electrical_check(Deck(lonely)) == electrical_check(lonely) != ()
    with pytest.raises(InputError, match="alone"):
        check_rules(Deck(lonely))


@pytest.mark.parametrize("thing", ["v_in in 0 1", None, {"circuit": 1}, rc.Bank(resistances=[1e3, 2e3])], ids=type)
@pytest.mark.parametrize("check", [electrical_check, check_rules])
def test_what_is_no_circuit_is_refused(check, thing):
    required = r"circuit must be a Circuit or a Deck, got .*rc\.deck\(bank\)\.circuit"
    with pytest.raises(InputError, match=required) as caught:
        check(thing)
    assert "\n" not in str(caught.value)


def test_an_element_may_conduct_between_more_than_two_ends(divider):
    star = Star(name="y_1", terminals=("in", "a", "b"))
    circuit = with_more(divider, star, capacitor("c_1", "a", "out"), capacitor("c_2", "b", "out"))
    assert electrical_check(circuit) == ()
    inside = subcircuit("star", "pqr", dataclasses.replace(star, terminals=("p", "q", "r")))
    extra = [instance("x_1", "star", "in", "a", "b"), *circuit.elements[-2:]]
    assert electrical_check(with_more(divider, *extra, models=(inside,))) == ()


class TestFindings:
    def test_very_many_are_cut_and_counted(self, divider):
        loose = [resistor(f"r_{k}", "in", f"loose_{k}") for k in range(10, 1310)]
        findings = electrical_check(with_more(divider, *loose))
        assert len(findings) == MOST_LISTED + 1
        assert findings[0].names == ("r_10", "loose_10")
        assert findings[-1].names == ()
        assert findings[-1].message == "There are 1,280 more findings of the rule single-connection."

    def test_errors_come_first_and_rules_in_their_order(self, divider):
        inside = subcircuit("cell", "ab", resistor("r_1", "a", "b"))
        extra = [instance("x_1", "cell", "in", "in"), source("v_twin", "in"), resistor("r_3", "in", "loose")]
        findings = electrical_check(with_more(divider, *extra, models=(MODEL, inside)))
        assert [each.rule for each in findings] == [
            "single-connection",
            "voltage-loop",
            "shorted-element",
            "unused-model",
        ]
        assert [each.severity for each in findings] == ["error", "error", "warning", "warning"]
        with pytest.raises(InputError, match=r"r_3 alone.* 1 more: see electrical_check"):
            check_rules(with_more(divider, *extra, models=(MODEL, inside)))

    def test_one_is_plain_data_and_one_line(self):
        finding = Finding(rule="no-ground", severity="error", names=("a",), message="No ground.")
        assert json.loads(json.dumps(finding.as_dict())) == {
            "rule": "no-ground",
            "severity": "error",
            "names": ["a"],
            "message": "No ground.",
        }
        assert str(finding) == "error no-ground: No ground."

    def test_no_deck_is_written_of_a_circuit_that_breaks_a_rule(self, divider):
        with pytest.raises(InputError, match="v_twin"):
            write_deck(with_more(divider, source("v_twin", "in")))


class TestNumbers:
    """The arrays that the rules look at are those of the elements one by one."""

    def test_names_are_those_of_the_flattened_circuit(self, divider):
        leaf = subcircuit("leaf", "ab", resistor("r_1", "a", "m"), mosfet("m_1", "m", "a", "b"))
        node = subcircuit(
            "node",
            "ab",
            resistor("r_1", "a", "n"),
            instance("x_1", "leaf", "a", "n"),
            instance("x_2", "leaf", "n", "b"),
            resistor("r_2", "a", "b"),
        )
        extra = [instance("x_1", "node", "in", "out"), resistor("r_3", "in", "p"), instance("x_2", "node", "p", "0")]
        circuit = with_more(divider, *extra, source("v_p", "p"), models=(MODEL, leaf, node))
        connections = Connections.of(circuit)
        placed = list(flattened(circuit))
        by_name = {connections.element_name(k): k for k in range(connections.n_elements)}
        assert by_name.keys() == {each.name for each in placed}
        names = [connections.node_name(k) for k in range(connections.n_nodes)]
        assert len(set(names)) == len(names)
        for each in placed:
            touched = {names[node] for node in connections.ends[by_name[each.name]]}
            touched |= {names[node] for element, node in connections.touches if element == by_name[each.name]}
            assert touched == set(each.nodes)

    def test_many_resistors_side_by_side_are_still_joined(self, divider):
        side_by_side = tuple(resistor(f"r_p_{k}", "in", "end") for k in range(512))
        elements = divider.elements + side_by_side
        assert electrical_check(Circuit(elements=LazyElements(lambda: iter(elements)))) == ()

    def test_a_circuit_that_unfolds_to_too_much_is_refused(self, divider, monkeypatch):
        monkeypatch.setattr("rescircuit.spice.circuits.circuit._MOST_ELEMENTS", 1000)
        models = [subcircuit("s_0", "ab", resistor("r_1", "a", "b"))]
        for k in range(1, 12):
            twice = [instance(f"x_{j}", f"s_{k - 1}", "a", "b") for j in range(2)]
            models.append(subcircuit(f"s_{k}", "ab", *twice))
        with pytest.raises(InputError, match="at most 1,000 elements"):
            with_more(divider, instance("x_1", "s_11", "in", "out"), models=tuple(models))


NODES = ["0", "a", "b", "c", "d", "e"]
MAKERS = {"r": resistor, "v": source, "c": capacitor, "i": current}


@st.composite
def circuits(draw):
    """A few elements between a few nodes, some of them twice inside an instance."""

    def elements(nodes, letters):
        made = []
        for k in range(draw(st.integers(1, 7))):
            letter = draw(st.sampled_from(letters))
            plus, minus = draw(st.permutations(nodes))[:2]
            if letter == "m":
                made.append(mosfet(f"m_{k}", plus, draw(st.sampled_from(nodes)), minus))
            else:
                made.append(MAKERS[letter](f"{letter}_{k}", plus, minus))
        return made

    cell = subcircuit("cell", ("p", "q"), *elements(["0", "p", "q", "n"], "rrvcim"))
    own = elements(NODES, "rrrvcim")
    for k in range(draw(st.integers(0, 2))):
        own.append(instance(f"x_{k}", "cell", *(draw(st.sampled_from(NODES)) for _ in range(2))))
    return Circuit(
        elements=tuple(own),
        models=(MODEL, cell),
        transient=draw(st.sampled_from([None, CHARGED, SETTLED])),
        open_ends=frozenset(draw(st.sets(st.sampled_from(NODES[1:]), max_size=2))),
    )


def graph_of(placed, kinds):
    graph = nx.MultiGraph()
    graph.add_node("0")
    for each in placed:
        graph.add_nodes_from(each.nodes)
        if isinstance(each.element, kinds):
            ends = (each.nodes[0], each.nodes[2]) if isinstance(each.element, Mosfet) else each.nodes
            graph.add_edge(*ends, key=each.name)
    return graph


def with_each_rule(circuit):
    """What breaks the rules about the graph, slowly, by the names of nodes and elements."""
    placed = list(flattened(circuit))
    touched = {node: [each.name for each in placed if node in each.nodes] for each in placed for node in each.nodes}
    alone = {node for node, by in touched.items() if len(by) == 1 and node != "0"} - circuit.open_ends
    nowhere = set(circuit.nodes) - set(touched)
    charged = circuit.transient is not None and circuit.transient.use_initial_conditions
    joined = graph_of(placed, (Resistor, VoltageSource, Mosfet, *((Capacitor,) if charged else ())))
    islands = [set(part) for part in nx.connected_components(joined) if "0" not in part]
    held = graph_of(placed, VoltageSource)
    loops = held.number_of_edges() - held.number_of_nodes() + nx.number_connected_components(held)
    held_short = [each.name for each in placed if isinstance(each.element, VoltageSource) and len(set(each.nodes)) == 1]
    over_time = (Capacitor,) if circuit.transient is not None else ()
    passing = graph_of(placed, (Resistor, VoltageSource, Mosfet, CurrentSource, *over_time))
    wanted = set(circuit.open_ends)
    for each in placed:
        if isinstance(each.element, Mosfet) and each.nodes[1] not in (each.nodes[0], each.nodes[2]):
            wanted.add(each.nodes[1])
    dead = set()
    for each in placed:
        if isinstance(each.element, Mosfet) and each.nodes[0] != each.nodes[2]:
            without = passing.copy()
            without.remove_edge(each.nodes[0], each.nodes[2], key=each.name)
            if nx.has_path(passing, each.nodes[0], "0"):
                behind = [end for end in (each.nodes[0], each.nodes[2]) if not nx.has_path(without, end, "0")]
                if behind and not wanted & nx.node_connected_component(without, behind[0]):
                    dead.add((each.name, behind[0]))
    has_ground = "0" in touched
    return {
        "no-ground": not has_ground,
        "single-connection": alone,
        "floating-node": nowhere,
        "islands": [part for part in islands if not (len(part) == 1 and part & alone)] if has_ground else [],
        "loops": loops - len(held_short),
        "shorted-source": set(held_short),
        "unused-switch": dead,
    }


@settings(max_examples=150, deadline=None)
@given(circuits())
def test_the_rules_find_what_a_slow_search_finds(circuit):
    findings = electrical_check(circuit)
    by_rule = {
        rule: [each.names for each in group] for rule, group in itertools.groupby(findings, lambda each: each.rule)
    }
    slow = with_each_rule(circuit)
    assert ("no-ground" in by_rule) == slow["no-ground"]
    for rule in ("single-connection", "floating-node", "shorted-source"):
        at = 0 if rule == "shorted-source" else -1
        assert {names[at] for names in by_rule.get(rule, [])} == slow[rule]
    assert len(by_rule.get("voltage-loop", [])) == slow["loops"]
    assert set(by_rule.get("unused-switch", [])) == slow["unused-switch"]
    nodes = [set(names) for rule in ("undriven-node", "current-cut", "no-dc-path") for names in by_rule.get(rule, [])]
    assert len(nodes) == len(slow["islands"])
    assert all(any(part <= names for names in nodes) for part in slow["islands"])
    assert all(finding.severity == RULES[finding.rule] and "\n" not in finding.message for finding in findings)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        with pytest.raises(InputError, match=errors[0].rule):
            check_rules(circuit)
    else:
        check_rules(circuit)


@settings(max_examples=100, deadline=None)
@given(circuits())
def test_a_loop_that_is_named_is_one(circuit):
    placed = {each.name: each for each in flattened(circuit)}
    for finding in electrical_check(circuit):
        if finding.rule == "voltage-loop":
            loop = nx.MultiGraph([placed[name].nodes for name in finding.names])
            assert nx.is_connected(loop)
            assert np.all([degree == 2 for _, degree in loop.degree()])
