"""Circuits compared as graphs: names and order do not count, and everything else does."""

from __future__ import annotations

import dataclasses
import math
from itertools import permutations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.errors import InputError
from rescircuit.spice import (
    Circuit,
    CurrentMirror,
    GivenCharge,
    GivenCurrent,
    Instance,
    Level1Model,
    Mosfet,
    Resistor,
    SelectedSource,
    Subcircuit,
    Transient,
    VoltageDependentResistor,
    VoltageSource,
    crossbar_circuit,
)
from rescircuit.spice.circuits import correspondence as from_correspondence
from rescircuit.spice.circuits import sameness as from_sameness
from rescircuit.spice.circuits.elements import Capacitor
from rescircuit.spice.circuits.sameness import same_circuit
from rescircuit.spice.circuits.sources import CurrentSource


def resistor(k, plus, minus, resistance=1e3):
    return Resistor(name=f"r_{k}", plus=plus, minus=minus, resistance=resistance)


def of(*elements, **options):
    return Circuit(elements=elements, **options)


def renamed(circuit, seed):
    """The same circuit with other names of nodes and elements, in another order, its resistors turned round."""
    rng = np.random.default_rng(seed)
    names = {node: f"n{k}" for k, node in enumerate(rng.permutation(circuit.nodes).tolist())} | {"0": "0"}
    elements = []
    for k, element in enumerate(circuit.elements):
        ends = {end: names[getattr(element, end)] for end in ("plus", "minus")}
        if isinstance(element, Resistor) and rng.random() < 0.5:
            ends = {"plus": ends["minus"], "minus": ends["plus"]}
        elements.append(dataclasses.replace(element, name=f"{element.name[0]}_new_{k}", **ends))
    order = rng.permutation(len(elements)).tolist()
    return dataclasses.replace(circuit, elements=tuple(elements[k] for k in order), notes={}, open_ends=frozenset())


def crossbar(conductances, *, wires=1.0, voltages=None):
    return crossbar_circuit(rc.Crossbar(conductances, r_word_line=wires, r_bit_line=wires), voltages=voltages)


RNG = np.random.default_rng(12)
ARRAYS = {
    "random": crossbar(RNG.uniform(1e-6, 1e-5, (8, 6)), voltages=RNG.uniform(0, 1, (3, 8))),
    "all alike": crossbar(np.full((8, 6), 1e-5)),
    "without wires": crossbar(RNG.uniform(1e-6, 1e-5, (8, 6)), wires=0.0),
    "without wires, all alike": crossbar(np.full((8, 6), 1e-5), wires=0.0),
    "two kinds of cells": crossbar(np.where(RNG.random((8, 6)) < 0.5, 1e-5, 1e-6), wires=0.0),
}


@pytest.mark.parametrize("circuit", ARRAYS.values(), ids=ARRAYS)
def test_names_order_and_the_ends_of_resistors_do_not_count(circuit):
    other = renamed(circuit, seed=1)
    assert same_circuit(circuit, other) is None
    assert same_circuit(other, circuit) is None


@pytest.mark.parametrize("circuit", ARRAYS.values(), ids=ARRAYS)
def test_one_value_off_by_one_bit_counts(circuit):
    elements = list(renamed(circuit, seed=2).elements)
    k = next(k for k, element in enumerate(elements) if isinstance(element, Resistor))
    elements[k] = dataclasses.replace(elements[k], resistance=math.nextafter(elements[k].resistance, math.inf))
    difference = same_circuit(circuit, of(*elements))
    assert difference is not None
    assert difference.startswith("the first circuit has")


def test_another_value_of_an_element_is_shown_on_both_sides():
    def bank(resistance, name="r_1"):
        inside = resistor(0, "in", "0", 1e3), Resistor(name=name, plus="in", minus="0", resistance=resistance)
        return of(
            VoltageSource(name="v_1", plus="a", minus="0", voltage=1.0),
            Instance(name="x_bank", ports=("a",), model="bank"),
            models=(Subcircuit(name="bank", ports=("in",), elements=inside),),
        )

    says = "x_bank.r_1 is 'r 20766.96' in the first circuit and 'r 20777.0' in the second"
    assert same_circuit(bank(20766.96), bank(20777.0)) == says
    assert same_circuit(bank(20766.96), bank(20777.0, "r_2")) == (
        "the first circuit has 1 of 'r 20766.96' and the second 0, such as x_bank.r_1"
    )
    of_two = of(resistor(1, "a", "0", 5.0), resistor(2, "a", "0", 5.0))
    assert same_circuit(of(resistor(1, "a", "0", 5.0)), of_two) == (
        "r_1 is 'r 5.0' in the first circuit and 'r 5.0, 2 side by side' in the second"
    )
    exchanged = of(resistor(1, "a", "0", 6.0), resistor(2, "b", "0", 5.0), resistor(3, "b", "0", 7.0))
    other = of(resistor(1, "a", "0", 5.0), resistor(2, "b", "0", 6.0), resistor(3, "b", "0", 8.0))
    assert same_circuit(exchanged, other) == "r_3 is 'r 7.0' in the first circuit and 'r 8.0' in the second"


@pytest.mark.parametrize("name", ["random", "all alike", "two kinds of cells"])
def test_two_cells_exchanged_count(name):
    circuit = ARRAYS[name]
    cells = {e.name: e for e in circuit.elements if e.name.startswith("r_cell")}
    one, two = ("r_cell_0_0", "r_cell_3_4")
    values = cells[one].resistance, cells[two].resistance
    moved = {one: dataclasses.replace(cells[one], resistance=values[1])}
    moved[two] = dataclasses.replace(cells[two], resistance=values[0])
    other = of(*(moved.get(e.name, e) for e in circuit.elements))
    assert (same_circuit(circuit, other) is None) == (values[0] == values[1])


SWAPS = {
    "resistor": (resistor(1, "a", "b"), True),
    "capacitor": (Capacitor(name="c_1", plus="a", minus="b", capacitance=1e-9), True),
    "charged capacitor": (Capacitor(name="c_1", plus="a", minus="b", capacitance=1e-9, initial_voltage=1.0), False),
    "voltage source": (VoltageSource(name="v_1", plus="a", minus="b", voltage=1.0), False),
    "current source": (CurrentSource(name="i_1", plus="a", minus="b", current=1e-3), False),
    "formula": (GivenCurrent(name="b_1", plus="a", minus="b", formula="v(a, b) / 5.0"), False),
}


@pytest.mark.parametrize(("element", "alike"), SWAPS.values(), ids=SWAPS)
def test_ends_count_where_they_differ(element, alike):
    rest = resistor(8, "a", "0", 1.0), resistor(9, "b", "0", 2.0)
    turned = dataclasses.replace(element, plus="b", minus="a")
    assert (same_circuit(of(element, *rest), of(turned, *rest)) is None) == alike


def test_the_terminals_of_a_transistor_count():
    models = (Level1Model(name="n", vto=0.4, kp=2e-4, lambda_=0.0, gamma=0.0, phi=0.7),)
    rest = [resistor(k, node, "0", 1.0 + k) for k, node in enumerate("abc")]
    seen = []
    for drain, gate, source in permutations("abc"):
        mosfet = Mosfet(name="m_1", drain=drain, gate=gate, source=source, bulk="0", model="n", width=1e-6, length=1e-7)
        seen.append(of(mosfet, *rest, models=models))
    for k, one in enumerate(seen):
        assert [same_circuit(one, other) is None for other in seen] == [k == j for j in range(6)]
    other_model = (dataclasses.replace(models[0], name="other"),)
    renamed_model = dataclasses.replace(
        seen[0], elements=(dataclasses.replace(seen[0].elements[0], model="other"), *rest), models=other_model
    )
    assert same_circuit(seen[0], renamed_model) is None
    changed = dataclasses.replace(seen[0], models=(dataclasses.replace(models[0], vto=0.5),))
    assert same_circuit(seen[0], changed) is not None


def ring(*sizes):
    """Rings of equal resistors, each node with one to ground: all nodes have the same number of neighbours."""
    elements, first = [], 0
    for size in sizes:
        for k in range(size):
            here, there = f"n{first + k}", f"n{first + (k + 1) % size}"
            elements += [resistor(len(elements), here, there), resistor(len(elements) + 1, here, "0", 5.0)]
        first += size
    return of(*elements)


def test_what_colours_alone_do_not_tell_apart_is_searched():
    """One ring of six and two of three look the same from each of their nodes."""
    assert same_circuit(ring(6), ring(3, 3)) is not None
    assert same_circuit(ring(3, 4, 5), ring(5, 3, 4)) is None
    assert same_circuit(ring(4, 4, 3, 5), ring(3, 5, 8)) is not None
    assert same_circuit(renamed(ring(3, 3, 3), seed=3), ring(3, 3, 3)) is None


def test_one_wire_moved_between_nodes_of_equal_degree_counts():
    """Two ladders whose rungs differ in where one of them ends."""
    rails = [resistor(f"{side}{k}", f"{side}{k}", f"{side}{k + 1}") for side in "ab" for k in range(4)]
    feed = (VoltageSource(name="v_1", plus="a0", minus="0", voltage=1.0), resistor("load", "b4", "0"))
    straight = of(*feed, *rails, resistor("rung", "a2", "b2"))
    slanted = of(*feed, *rails, resistor("rung", "a2", "b1"))
    assert "is connected as nothing in the other one" in same_circuit(straight, slanted)
    assert same_circuit(straight, renamed(straight, seed=4)) is None


def test_elements_side_by_side():
    two, three = ([resistor(k, "a", "0") for k in range(n)] for n in (2, 3))
    assert same_circuit(of(*two), of(*reversed(two))) is None
    assert "2 side by side" in same_circuit(of(*two), of(*three))
    apart = resistor(0, "a", "0"), resistor(1, "b", "0")
    assert same_circuit(of(*two), of(*apart)) is not None


def test_subcircuits_are_put_in_their_places():
    """Also where a formula inside reads a port that is on ground, or on the same node as another one."""
    formula = "v(p, q) * v(r) / (v(s)^2 + 1.0)"
    inside = (
        GivenCurrent(name="b_1", plus="p", minus="q", formula=formula),
        resistor(1, "p", "inner"),
        resistor(2, "inner", "r", 7.0),
        resistor(3, "q", "0"),
        resistor(4, "s", "0"),
    )
    sub = Subcircuit(name="sub", ports=("p", "q", "r", "s"), elements=inside)
    around = (VoltageSource(name="v_1", plus="in", minus="0", voltage=1.0), resistor(9, "x", "0"))
    nested = of(*around, Instance(name="x_1", ports=("in", "x", "0", "in"), model="sub"), models=(sub,))
    flat = of(
        *around,
        GivenCurrent(name="b_7", plus="in", minus="x", formula="v(in,x) * v(0) / (v(in)^2 + 1.0)"),
        resistor(1, "in", "z"),
        resistor(2, "0", "z", 7.0),
        resistor(3, "x", "0"),
        resistor(4, "in", "0"),
    )
    assert same_circuit(nested, flat) is None
    moved = dataclasses.replace(flat.elements[2], formula="v(in,x) * v(0) / (v(x)^2 + 1.0)")
    assert same_circuit(nested, of(*flat.elements[:2], moved, *flat.elements[3:])) is not None


def test_what_a_formula_reads_counts():
    rest = [resistor(k, node, "0", 1.0 + k) for k, node in enumerate("abcd")]

    def reading(formula, kind=GivenCurrent, letter="b"):
        return of(kind(name=f"{letter}_1", plus="a", minus="b", formula=formula), *rest)

    assert same_circuit(reading("v(c, d) * v(c)"), reading("v(d, c) * v(c)")) is not None
    assert same_circuit(reading("v(c, d) * v(c)"), reading("v(c, d) * v(d)")) is not None
    assert same_circuit(reading("v(c,d) * v(c)"), reading("v(c, d) * v(c)")) is None
    assert same_circuit(reading("v(c)"), reading("v(c)", GivenCharge, "c")) is not None


def test_a_formula_is_what_it_was_made_from():
    made = VoltageDependentResistor(name="b_1", plus="a", minus="b", resistance=1e3, vc1=1e-3)
    given_one = GivenCurrent(name="b_2", plus="a", minus="b", formula=made.expression)
    assert same_circuit(of(made, resistor(1, "b", "0")), of(given_one, resistor(1, "b", "0"))) is None


def test_which_source_a_mirror_copies_counts():
    def copying(source, inside=False):
        elements = (
            VoltageSource(name="v_1", plus="a", minus="0", voltage=1.0),
            VoltageSource(name="v_2", plus="b", minus="0", voltage=1.0),
            CurrentMirror(name="f_1", plus="c", minus="0", source=source, gain=2.0),
            *(resistor(k, node, "0", 1.0 + k) for k, node in enumerate("abc")),
        )
        if not inside:
            return of(*elements)
        sub = Subcircuit(name="sub", ports=("c",), elements=elements)
        return of(Instance(name="x_1", ports=("out",), model="sub"), models=(sub,))

    assert same_circuit(copying("v_1"), copying("v_1", inside=True)) is None
    assert same_circuit(copying("v_1"), copying("v_2", inside=True)) is not None


ASKED = {
    "temperature_celsius": 85.0,
    "nominal_temperature_celsius": 25.0,
    "transient": Transient(stop=1.0, max_step=0.1),
}


@pytest.mark.parametrize("name", ASKED)
def test_what_is_asked_counts(name, divider):
    difference = same_circuit(divider, dataclasses.replace(divider, **{name: ASKED[name]}))
    assert difference is not None
    assert difference.startswith(f"{name} is ")


def test_samples_and_probes_count(divider):
    swept = [
        dataclasses.replace(
            divider,
            elements=(SelectedSource(name="b_in", plus="in", minus="0", voltages=volts), *divider.elements[1:]),
        )
        for volts in ((0.1, 0.2), (0.1, math.nextafter(0.2, 1.0)), (0.2, 0.1))
    ]
    assert same_circuit(swept[0], swept[0]) is None
    assert all(same_circuit(swept[0], other) is not None for other in (divider, *swept[1:]))
    sub = Subcircuit(name="sub", ports=("p",), elements=(resistor(1, "p", "q"), resistor(2, "q", "0")))
    plain = of(Instance(name="x_1", ports=("a",), model="sub"), models=(sub,))
    assert same_circuit(plain, dataclasses.replace(plain, probes=("x_1.q",))) is not None


def test_comments_notes_and_open_ends_do_not_count(divider):
    other = dataclasses.replace(divider, comment="x", notes={"r_1": "y"}, open_ends=frozenset({"in"}))
    assert same_circuit(divider, other) is None


def test_too_large_or_too_symmetric_circuits_are_refused(monkeypatch):
    monkeypatch.setattr(from_correspondence, "_MOST_TRIALS", 5)
    with pytest.raises(InputError, match="circuits must be less symmetric to be compared"):
        same_circuit(ring(*[3] * 20), ring(*[3] * 20))
    monkeypatch.setattr(from_sameness, "_MOST_ELEMENTS", 10)
    with pytest.raises(InputError, match="circuits must be of at most 10 elements"):
        same_circuit(ring(6), ring(6))


def as_networkx(circuit):
    """The circuit's resistors as a graph of networkx: parallel ones as one edge with all their values."""
    graph = nx.Graph()
    graph.add_node("0", ground=True)
    graph.add_nodes_from(circuit.nodes, ground=False)
    for element in circuit.elements:
        values = graph.get_edge_data(element.plus, element.minus, {"values": ()})["values"]
        graph.add_edge(element.plus, element.minus, values=tuple(sorted((*values, element.resistance))))
    return graph


EDGES = st.lists(
    st.tuples(st.sampled_from("0abcde"), st.sampled_from("0abcde"), st.sampled_from([1.0, 1.0, 2.0])).filter(
        lambda edge: edge[0] != edge[1]
    ),
    min_size=1,
    max_size=9,
)


@settings(deadline=None, max_examples=200)
@given(first=EDGES, second=EDGES, seed=st.integers(0, 99))
def test_networkx_finds_the_same(first, second, seed):
    one, other = (of(*(resistor(k, *edge) for k, edge in enumerate(edges))) for edges in (first, second))
    pairs = [(one, other), (one, renamed(one, seed))]
    if len(second) <= len(first):  # the same values elsewhere: more often nearly alike
        moved = [(a, b, first[k][2]) for k, (a, b, _) in enumerate(second)]
        rest = first[len(second) :]
        pairs.append((one, of(*(resistor(k, *edge) for k, edge in enumerate([*moved, *rest])))))
    for left, right in pairs:
        theirs = nx.is_isomorphic(
            as_networkx(left),
            as_networkx(right),
            node_match=lambda a, b: a["ground"] == b["ground"],
            edge_match=lambda a, b: a["values"] == b["values"],
        )
        assert (same_circuit(left, right) is None) == theirs
