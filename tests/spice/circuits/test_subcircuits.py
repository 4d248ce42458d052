"""Subcircuits: what they refuse by themselves, and what a circuit refuses of their uses."""

from __future__ import annotations

import dataclasses

import pytest

from rescircuit.errors import InputError
from rescircuit.spice import (
    Circuit,
    CurrentMirror,
    Instance,
    Level1Model,
    Mosfet,
    Resistor,
    SelectedSource,
    Subcircuit,
    VoltageSource,
    run_deck,
    write_deck,
)

SWITCH = Level1Model(name="switch", vto=0.4, kp=200e-6, lambda_=0.02, gamma=0.4, phi=0.7)
HALF = Subcircuit(
    name="half",
    ports=("a", "b"),
    elements=(
        Resistor(name="r_1", plus="a", minus="middle", resistance=1e3),
        Resistor(name="r_2", plus="middle", minus="b", resistance=3e3),
    ),
)
WHOLE = Subcircuit(
    name="whole",
    ports=("plus", "minus"),
    elements=(
        Instance(name="x_left", ports=("plus", "joint"), model="half"),
        Instance(name="x_right", ports=("joint", "minus"), model="half"),
        Resistor(name="r_1", plus="joint", minus="0", resistance=8e3),
    ),
)
SUPPLY = VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0)
SENSE = VoltageSource(name="v_out", plus="out", minus="0", voltage=0.0)


def instance(model, *ports, name="x_1"):
    return Instance(name=name, ports=ports or ("in", "out"), model=model)


def around(*elements, models=(HALF, WHOLE), **options):
    return Circuit(elements=(SUPPLY, *elements, SENSE), models=models, **options)


def test_its_nodes_and_its_lines():
    assert HALF.nodes == ("a", "b", "middle")
    assert WHOLE.nodes == ("plus", "minus", "joint")
    assert HALF.cards == (
        (".subckt", "half", "a", "b"),
        ("r_1", "a", "middle", "1000.0"),
        ("r_2", "middle", "b", "3000.0"),
        (".ends", "half"),
    )


def test_definitions_stand_before_elements_with_their_comments():
    said = dataclasses.replace(WHOLE, comment="Two halves\n.control\nshell touch x")
    lines = write_deck(around(instance("whole"), models=(HALF, said))).text.splitlines()
    assert lines[1:11] == [
        ".subckt half a b",
        "r_1 a middle 1000.0",
        "r_2 middle b 3000.0",
        ".ends half",
        "* Two halves .control shell touch x",
        ".subckt whole plus minus",
        "x_left plus joint half",
        "x_right joint minus half",
        "r_1 joint 0 8000.0",
        ".ends whole",
    ]
    assert lines[12] == "x_1 in out whole"


def test_subcircuits_in_subcircuits_and_their_inner_nodes():
    """4 kΩ, then 8 kΩ to ground beside 4 kΩ to the output: 0.4 V at the joint, and 0.1 mA out."""
    probes = ("x_1.joint", "x_1.x_left.middle", "x_1.x_right.middle")
    result = run_deck(write_deck(around(instance("whole"), probes=probes)))
    assert result.node_voltages["x_1.joint"] == pytest.approx([0.4], rel=1e-12)
    assert result.node_voltages["x_1.x_left.middle"] == pytest.approx([0.85], rel=1e-12)
    assert result.node_voltages["x_1.x_right.middle"] == pytest.approx([0.3], rel=1e-12)
    assert result.source_currents["v_out"] == pytest.approx([1e-4], rel=1e-12)


def test_probes_come_back_in_the_spelling_of_the_circuit():
    renamed = dataclasses.replace(
        HALF, elements=tuple(dataclasses.replace(e, **_swapped(e, "middle", "Middle")) for e in HALF.elements)
    )
    use = instance("half", name="X_One")
    result = run_deck(write_deck(around(use, models=(renamed,), probes=("X_One.Middle",))))
    assert result.node_voltages["X_One.Middle"] == pytest.approx([0.75], rel=1e-12)


def _swapped(element, old, new):
    return {end: new for end in ("plus", "minus") if getattr(element, end) == old}


def test_models_are_the_whole_circuit_s():
    inside = Subcircuit(
        name="cell",
        ports=("a", "b", "gate"),
        elements=(
            Mosfet(name="m_1", drain="a", gate="gate", source="b", bulk="0", model="switch", width=1e-6, length=1e-7),
        ),
    )
    gate = VoltageSource(name="v_gate", plus="gate", minus="0", voltage=1.8)
    use = instance("cell", "in", "out", "gate")
    result = run_deck(write_deck(around(use, gate, models=(SWITCH, inside))))
    assert result.source_currents["v_out"][0] > 1e-4
    with pytest.raises(InputError, match=r"model of m_1 must be one of the circuit's models before it \(it has none\)"):
        around(use, gate, models=(inside,))
    with pytest.raises(InputError, match=r"model of m_1 must be one of the circuit's models before it \(it has none\)"):
        around(use, gate, models=(inside, SWITCH))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "half a", "name must be letters"),
        ("name", "half\n.control", "name must be letters"),
        ("ports", (), "ports of half must be a tuple of nodes, at least one"),
        ("ports", ["a", "b"], "ports of half must be a tuple"),
        ("ports", ("a", "0"), "ports of half at index 1"),
        ("ports", ("a", "b c"), "ports of half at index 1"),
        ("ports", ("a", "b", "a"), "port of half a"),
        ("ports", ("a", "b", "A"), "a and A"),
        ("ports", ("a", "b", "Middle"), "Middle and middle"),
        ("elements", (), "elements of half must be at least one element"),
        ("elements", list(HALF.elements), "elements of half must be a tuple"),
        ("elements", ("r_1 a b 1",), "elements of half at index 0"),
        ("elements", HALF.elements * 2, "element of half r_1"),
        ("comment", b"bytes", "comment of half must be text"),
        (
            "elements",
            (SelectedSource(name="b_1", plus="a", minus="b", voltages=(0.0, 1.0)),),
            "elements of half must be without sources that have samples, got 'b_1'",
        ),
        (
            "elements",
            (*HALF.elements, CurrentMirror(name="f_1", plus="a", minus="b", source="v_in")),
            "source of f_1 must be one of the voltage sources beside it",
        ),
    ],
)
def test_what_cannot_be_is_refused(field, value, message):
    with pytest.raises(InputError, match=message) as caught:
        dataclasses.replace(HALF, **{field: value})
    assert "\n" not in str(caught.value)


def test_a_mirror_of_a_source_beside_it():
    sensed = Subcircuit(
        name="sensed",
        ports=("a", "b", "copy"),
        elements=(
            Resistor(name="r_1", plus="a", minus="foot", resistance=1e3),
            VoltageSource(name="v_in", plus="foot", minus="b", voltage=0.0),
            CurrentMirror(name="f_1", plus="0", minus="copy", source="v_in", gain=2.0),
        ),
    )
    load = Resistor(name="r_load", plus="copy", minus="0", resistance=100.0)
    result = run_deck(write_deck(around(instance("sensed", "in", "out", "copy"), load, models=(sensed,))))
    assert result.node_voltages["copy"] == pytest.approx([2.0 * 1e-3 * 100.0], rel=1e-12)


@pytest.mark.parametrize(
    ("models", "use", "message"),
    [
        ((HALF,), instance("half", "in"), "ports of x_1 must be 2 nodes, one for each port of half, got '1 nodes'"),
        ((HALF,), instance("half", "in", "out", "0"), "ports of x_1 must be 2 nodes"),
        ((HALF,), instance("Half"), r"model of x_1 must be one of the circuit's subcircuits before it \(half\)"),
        ((), instance("half"), r"model of x_1 must be one of the circuit's subcircuits before it \(it has none\)"),
        ((SWITCH,), instance("switch"), "model of x_1 must be one of the circuit's subcircuits"),
        ((WHOLE, HALF), instance("whole"), r"model of x_left must be one of .* subcircuits before it \(it has none\)"),
        ((WHOLE,), instance("whole"), "model of x_left must be one of the circuit's subcircuits"),
        ((HALF, HALF), instance("half"), "model half"),
        ((HALF, dataclasses.replace(SWITCH, name="HALF")), instance("half"), "half and HALF"),
    ],
)
def test_uses_that_do_not_fit_are_refused(models, use, message):
    with pytest.raises(InputError, match=message) as caught:
        around(use, models=models)
    assert "\n" not in str(caught.value)


def test_a_transistor_of_a_subcircuit_is_refused():
    transistor = Mosfet(
        name="m_1", drain="in", gate="in", source="out", bulk="0", model="half", width=1e-6, length=1e-7
    )
    with pytest.raises(InputError, match=r"model of m_1 must be one of the circuit's models before it \(it has none\)"):
        around(transistor, models=(HALF,))


@pytest.mark.parametrize("terminal", ["drain", "gate", "source", "bulk"])
@pytest.mark.parametrize("inside", [True, False])
def test_no_node_of_a_transistor_is_called_as_a_model(terminal, inside):
    """ngspice would leave the transistor out, of a subcircuit with code 0, or stop at it."""
    nodes = {"drain": "a", "gate": "gate", "source": "b", "bulk": "0"} | {terminal: "Switch"}
    transistor = Mosfet(name="m_1", **nodes, model="switch", width=1e-6, length=1e-7)
    others = tuple(Resistor(name=f"r_{end}", plus=end, minus="0", resistance=1e3) for end in ("a", "b", "Switch"))
    part = Subcircuit(name="part", ports=("a", "b"), elements=(transistor, *others))
    elements, models = ((instance("part"),), (SWITCH, part)) if inside else ((transistor, *others), (SWITCH,))
    with pytest.raises(InputError, match=r"nodes of m_1 must be without .* got 'Switch'\. Rename one of them"):
        around(*elements, models=models)


@pytest.mark.parametrize("name", ["off", "Thermal"])
def test_no_model_is_called_as_a_flag_of_transistors(name):
    with pytest.raises(InputError, match="name must be a word without a meaning on a transistor's line"):
        dataclasses.replace(SWITCH, name=name)


def test_subcircuits_that_nothing_uses_count_too():
    """The rules would look at each of them: the last of these is 2^40 elements."""
    models = [HALF]
    for k in range(40):
        halves = tuple(instance(models[-1].name, "a", "b", name=f"x_{j}") for j in range(2))
        models.append(Subcircuit(name=f"level_{k}", ports=("a", "b"), elements=halves))
    used = Resistor(name="r_1", plus="in", minus="out", resistance=1.0)
    with pytest.raises(InputError, match="circuit must be of at most 20,000,000 elements"):
        around(used, models=tuple(models))
    assert around(used, models=tuple(models[:10])).census.n_elements == 3


@pytest.mark.parametrize("open_ends", ["middle", {"middle"}, ("middle",), frozenset({1}), None, 5])
def test_open_ends_are_a_frozenset_of_names(open_ends):
    with pytest.raises(InputError, match="open_ends of half must be a frozenset of the names of nodes"):
        dataclasses.replace(HALF, open_ends=open_ends)
    with pytest.raises(InputError, match="open_ends must be a frozenset of the names of nodes"):
        around(instance("half"), open_ends=open_ends)


def test_a_circuit_and_its_deck_have_a_hash():
    first, again = (around(instance("half"), notes={"v_in": "what drives it"}) for _ in range(2))
    assert hash(first) == hash(again)
    assert len({write_deck(first), write_deck(again)}) == 1


def test_a_subcircuit_cannot_hold_itself():
    """Not at once, and not round a corner: each stands behind those that it uses."""
    itself = dataclasses.replace(HALF, elements=(*HALF.elements, instance("half", "a", "b", name="x_again")))
    with pytest.raises(InputError, match="model of x_again must be one of the circuit's subcircuits before it"):
        around(instance("half"), models=(itself,))
    egg = dataclasses.replace(HALF, name="egg", elements=(instance("hen", "a", "b"),))
    hen = dataclasses.replace(HALF, name="hen", elements=(instance("egg", "a", "b"),))
    for models in ((egg, hen), (hen, egg)):
        with pytest.raises(InputError, match="model of x_1 must be one of the circuit's subcircuits before it"):
            around(instance("hen"), models=models)


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        ("x_1.elsewhere", "probes at index 0 must be a node of its own of the subcircuit there"),
        ("x_1.plus", "a node of its own of the subcircuit there"),  # a port is a node of the circuit
        ("x_1.0", "a node of its own of the subcircuit there"),
        ("x_2.joint", "a node inside one of the circuit's instances"),
        ("X_1.joint", "a node inside one of the circuit's instances"),
        ("x_1.x_middle.middle", "a node inside one of the circuit's instances"),
        ("x_1.x_left.x_deeper.middle", "a node inside one of the circuit's instances"),
        ("joint", "a node inside an instance"),
        ("in", "a node inside an instance"),
        ("", "a node inside an instance"),
        ("x_1.", "probes at index 0 must be letters"),
        (".joint", "probes at index 0 must be"),
        ("x_1..joint", "probes at index 0 must be"),
        ("r_1.joint", "the letter x"),
        ("x_1.joint\n.control", "probes at index 0 must be letters"),
        ("x_1.joint) v(in", "probes at index 0 must be letters"),
        ("x_1.time", "a word without a meaning to ngspice"),
        (3, "a node inside an instance"),
        (None, "a node inside an instance"),
    ],
)
def test_probes_that_are_not_there_are_refused(probe, message):
    with pytest.raises(InputError, match=message) as caught:
        around(instance("whole"), probes=(probe,))
    assert "\n" not in str(caught.value)


def test_probes_are_a_tuple_of_different_nodes():
    with pytest.raises(InputError, match="probes must be a tuple"):
        around(instance("whole"), probes="x_1.joint")
    with pytest.raises(InputError, match=r"probe x_1\.joint must be unlike all others"):
        around(instance("whole"), probes=("x_1.joint", "x_1.joint"))
