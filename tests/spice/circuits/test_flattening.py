"""A circuit without its subcircuits: every element once for each of its places, by full names."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.spice import (
    Circuit,
    GivenCurrent,
    Instance,
    Resistor,
    Subcircuit,
    VoltageSource,
    bank_circuit,
    run_deck,
    write_deck,
)
from rescircuit.spice.circuits.flattening import flattened

SUPPLY = VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0)
SENSE = VoltageSource(name="v_out", plus="out", minus="0", voltage=0.0)
HALF = Subcircuit(
    name="half",
    ports=("a", "b"),
    elements=(
        Resistor(name="r_1", plus="a", minus="middle", resistance=1e3),
        GivenCurrent(name="b_2", plus="middle", minus="b", formula="1e-3 * v(a, b) * v(middle)"),
        Resistor(name="r_3", plus="b", minus="0", resistance=1e4),
    ),
)
WHOLE = Subcircuit(
    name="whole",
    ports=("plus", "minus"),
    elements=(
        Instance(name="x_left", ports=("plus", "joint"), model="half"),
        Resistor(name="r_1", plus="joint", minus="0", resistance=8e3),
        Instance(name="x_right", ports=("0", "joint"), model="half"),
    ),
)
NESTED = Circuit(
    elements=(SUPPLY, Instance(name="x_1", ports=("in", "out"), model="whole"), SENSE), models=(HALF, WHOLE)
)


def test_names_and_nodes_are_full():
    found = {each.name: each.nodes for each in flattened(NESTED)}
    assert found == {
        "v_in": ("in", "0"),
        "x_1.r_1": ("x_1.joint", "0"),
        "x_1.x_left.r_1": ("in", "x_1.x_left.middle"),
        "x_1.x_left.b_2": ("x_1.x_left.middle", "x_1.joint", "in"),  # the node that it reads comes last
        "x_1.x_left.r_3": ("x_1.joint", "0"),
        "x_1.x_right.r_1": ("0", "x_1.x_right.middle"),
        "x_1.x_right.b_2": ("x_1.x_right.middle", "x_1.joint", "0"),
        "x_1.x_right.r_3": ("x_1.joint", "0"),
        "v_out": ("out", "0"),
    }


def test_elements_stay_what_they_are_and_where_they_stand():
    placed = list(flattened(NESTED))
    assert [placed[0].name, placed[-1].name] == ["v_in", "v_out"]
    by_name = {each.name: each.element for each in placed}
    assert by_name["x_1.x_left.r_1"] is by_name["x_1.x_right.r_1"] is HALF.elements[0]
    assert by_name["x_1.r_1"] is WHOLE.elements[1]


def test_a_circuit_without_instances_is_itself(divider):
    assert [(each.name, each.element, each.nodes) for each in flattened(divider)] == [
        (element.name, element, element.nodes) for element in divider.elements
    ]


@pytest.mark.parametrize("switch", [rc.IdealSwitch(r_on=50.0, r_off=1e8), rc.NMOS(w_over_l=10, r_off=1e8)])
def test_a_bank_flattened_gives_the_same_currents(switch):
    """Its elements at top level, with full names made into plain ones, are another deck of the same circuit."""
    bank = rc.Bank(resistances=np.array([1e3, 2e3, 5e3]), switch=switch)
    circuit = bank_circuit(bank, mask=np.array([True, False, True]))
    assert_same_when_flat(circuit)


def assert_same_when_flat(circuit):
    """By text: each flat element's line, with plain names."""
    plain = {"0": "0"}

    def node(name):
        return plain.setdefault(name, f"n{len(plain)}")

    elements = []
    for k, (_, element, nodes) in enumerate(flattened(circuit)):
        if nodes[0] == nodes[1]:  # two ports that an instance has on one node
            assert isinstance(element, Resistor)
            continue
        fields = dict(zip(_ends(element), (node(each) for each in nodes), strict=False))
        elements.append(type(element)(**{**vars(element), **fields, "name": f"{element.name[0]}_{k}"}))
    models = tuple(model for model in circuit.models if not isinstance(model, Subcircuit))
    result = run_deck(write_deck(circuit))
    flat = run_deck(write_deck(Circuit(elements=tuple(elements), models=models, open_ends=frozenset(plain))))
    for name in circuit.nodes + circuit.probes:
        assert flat.node_voltages[plain[name]] == pytest.approx(result.node_voltages[name], rel=1e-9, abs=1e-12)


def _ends(element):
    return [end for end in ("plus", "minus", "drain", "gate", "source", "bulk") if hasattr(element, end)]


@st.composite
def hierarchies(draw):
    """Random subcircuits of resistors, each of which may use those before it."""
    models: list[Subcircuit] = []
    for k in range(draw(st.integers(1, 4))):
        nodes = ["a", "b", "c", "d", "0"]
        elements = [
            Resistor(name=f"r_{i}", plus=one, minus=other, resistance=draw(st.floats(1.0, 1e4)))
            for i, (one, other) in enumerate(itertools.pairwise(nodes))
        ]
        elements += _uses(draw, models, nodes)
        models.append(Subcircuit(name=f"sub_{k}", ports=("a", "b"), elements=tuple(elements)))
    uses = _uses(draw, models, ["in", "middle", "0"])
    load = Resistor(name="r_load", plus="in", minus="middle", resistance=1e3)
    end = Resistor(name="r_end", plus="middle", minus="0", resistance=1e3)
    probes = sorted(_inner_nodes(uses, models))
    return Circuit(elements=(SUPPLY, load, end, *uses), models=tuple(models), probes=tuple(probes))


def _uses(draw, models, nodes):
    chosen = draw(st.lists(st.integers(0, len(models) - 1), max_size=2)) if models else []
    ends = [tuple(draw(st.permutations(nodes))[:2]) for _ in chosen]
    return tuple(
        Instance(name=f"x_{i}", ports=pair, model=models[k].name)
        for i, (k, pair) in enumerate(zip(chosen, ends, strict=True))
    )


def _inner_nodes(uses, models):
    if not uses:
        return set()
    placed = flattened(Circuit(elements=(SUPPLY, *uses), models=tuple(models)))
    return {node for each in placed for node in each.nodes if "." in node}


@given(hierarchies())
@settings(max_examples=20, deadline=None)
def test_any_hierarchy_gives_the_same_voltages_when_flat(circuit):
    """In ngspice, and by our own solver, which flattens it too."""
    assert_same_when_flat(circuit)
    check = rc.verify(circuit)
    assert check.passed, check.summary()
