"""Each element is checked when it is made, the circuit as a whole when it is put together."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.spice import (
    Capacitor,
    Circuit,
    CurrentSource,
    Level1Model,
    Mosfet,
    PiecewiseLinearSource,
    Resistor,
    SelectedSource,
    Subcircuit,
    TemperatureSweep,
    Transient,
    VoltageSource,
    run_deck,
    write_deck,
)
from rescircuit.spice.circuits.census import LazyElements

MODEL = Level1Model(name="switch", vto=0.4, kp=200e-6, lambda_=0.02, gamma=0.4, phi=0.7)
EXAMPLES = {
    "resistor": Resistor(name="r1", plus="a", minus="0", resistance=1e3),
    "source": VoltageSource(name="v1", plus="a", minus="0", voltage=1.0),
    "selected": SelectedSource(name="b1", plus="a", minus="0", voltages=(0.0, 1.0)),
    "current": CurrentSource(name="i1", plus="a", minus="0", current=1e-3),
    "mosfet": Mosfet(name="m1", drain="a", gate="g", source="b", bulk="0", model="switch", width=1e-6, length=1e-7),
    "model": MODEL,
}


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("resistor", "name", "v1"),
        ("resistor", "plus", "a b"),
        ("resistor", "minus", "a"),
        ("resistor", "resistance", -1.0),
        ("resistor", "resistance", math.nan),
        ("resistor", "resistance", math.inf),
        ("resistor", "resistance", 1e300),
        ("resistor", "resistance", "1k"),
        ("source", "name", "r1"),
        ("source", "minus", "a"),
        ("source", "voltage", math.nan),
        ("current", "name", "v1"),
        ("current", "minus", "a"),
        ("current", "current", math.inf),
        ("current", "current", "1m"),
        ("selected", "name", "v1"),
        ("selected", "voltages", (1.0,)),
        ("selected", "voltages", [0.0, 1.0]),
        ("selected", "voltages", (0.0, math.inf)),
        ("mosfet", "name", "r1"),
        ("mosfet", "gate", "g\n.control"),
        ("mosfet", "source", "a"),
        ("mosfet", "model", "switch w=1"),
        ("mosfet", "width", 0.0),
        ("mosfet", "length", -1e-7),
        ("model", "name", "switch (level=2"),
        ("model", "vto", "0.4 tox=1"),
        ("model", "kp", 0.0),
        ("model", "lambda_", -0.1),
        ("model", "gamma", math.nan),
        ("model", "phi", 0.0),
        ("model", "is_", 0.0),
    ],
)
def test_a_field_that_cannot_be_is_refused_by_name(kind, field, value):
    with pytest.raises(InputError, match=field):
        dataclasses.replace(EXAMPLES[kind], **{field: value})


def test_zero_ohm_is_refused_with_the_remedy():
    with pytest.raises(InputError, match="nodes one"):
        Resistor(name="r1", plus="a", minus="b", resistance=0.0)


def test_numbers_are_kept_as_plain_floats():
    resistor = Resistor(name="r1", plus="a", minus="b", resistance=np.float64(3.0))
    selected = SelectedSource(name="b1", plus="a", minus="0", voltages=tuple(np.arange(2.0)))
    assert repr(resistor.resistance) == "3.0"
    assert repr(selected.voltages) == "(0.0, 1.0)"


def test_nodes_and_sources_in_order(divider):
    assert divider.nodes == ("in", "middle", "out")
    assert [source.name for source in divider.sources] == ["v_in", "v_out"]
    assert divider.n_samples is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"elements": ()}, "at least one"),
        ({"elements": [EXAMPLES["resistor"]]}, "a tuple"),
        ({"elements": ("r1 a 0 1",)}, "elements at index 0"),
        ({"elements": (EXAMPLES["resistor"], EXAMPLES["resistor"])}, "element r1"),
        ({"elements": (EXAMPLES["mosfet"],)}, "it has none"),
        ({"elements": (EXAMPLES["mosfet"],), "models": ("switch",)}, "models at index 0"),
        ({"models": (MODEL, dataclasses.replace(MODEL, name="Switch"))}, "model Switch"),
        ({"temperature_celsius": -273.15}, "absolute zero"),
        ({"temperature_celsius": math.nan}, "temperature_celsius"),
        ({"comment": b"bytes"}, "comment must be text"),
    ],
)
def test_a_circuit_that_cannot_be_is_refused(divider, change, message):
    with pytest.raises(InputError, match=message):
        dataclasses.replace(divider, **change)


def test_nodes_that_differ_in_case_alone_are_refused():
    elements = (
        Resistor(name="r1", plus="a", minus="0", resistance=1.0),
        Resistor(name="r2", plus="A", minus="0", resistance=1.0),
    )
    with pytest.raises(InputError, match="a and A"):
        Circuit(elements=elements)


def test_selected_sources_have_equally_many_samples():
    elements = (
        SelectedSource(name="b1", plus="a", minus="0", voltages=(0.0, 1.0)),
        SelectedSource(name="b2", plus="c", minus="0", voltages=(0.0, 1.0, 2.0)),
    )
    with pytest.raises(InputError, match="voltages of b2 must be 2 numbers"):
        Circuit(elements=elements)


def test_a_current_flows_through_its_source_from_plus_to_minus():
    """Out of the node minus, into a load: 2 mA through 1 kΩ."""
    elements = (
        CurrentSource(name="i_1", plus="0", minus="top", current=2e-3),
        Resistor(name="r_1", plus="top", minus="foot", resistance=1e3),
        VoltageSource(name="v_out", plus="foot", minus="0", voltage=0.0),
    )
    result = run_deck(write_deck(Circuit(elements=elements)))
    assert result.node_voltages["top"] == pytest.approx([2.0], rel=1e-12)
    assert result.source_currents["v_out"] == pytest.approx([2e-3], rel=1e-12)


def test_nodes_may_be_numbers():
    elements = (
        VoltageSource(name="v_1", plus="1", minus="0", voltage=1.0),
        Resistor(name="r_1", plus="1", minus="22", resistance=1e3),
        Resistor(name="r_2", plus="22", minus="0", resistance=3e3),
    )
    result = run_deck(write_deck(Circuit(elements=elements)))
    assert result.node_voltages["22"] == pytest.approx([0.75], rel=1e-12)


HOSTILE = [
    "a\n.control\nshell touch pwned\n.endc",
    "\n*#shell touch pwned",
    "*#shell touch pwned",
    "\r\n.include /etc/passwd",
    "+ r_9 in 0 1",
    "`touch pwned`",
    "$(touch pwned)",
    "\u2028r_9 in 0 1\x85r_8 in 0 1\x1c.end",
    "\x00\x1b[2J",
    ".end",
    "x" * 10_000,
    "",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_notes_and_comments_are_comment_lines_and_nothing_else(divider, text):
    """Without its comment lines the deck is the same deck, and ngspice brings the same."""
    said = dataclasses.replace(divider, comment=text, notes={"r_1": text, "v_out": text})
    plain = write_deck(divider).text.splitlines()
    lines = write_deck(said).text.splitlines()
    assert [line for line in lines if line and not line.startswith("* ")] == plain
    assert all(line.isprintable() and len(line) <= 100 for line in lines)
    ours, theirs = run_deck(write_deck(divider)), run_deck(write_deck(said))
    assert theirs.node_voltages == ours.node_voltages
    assert theirs.source_currents == ours.source_currents


def test_a_note_stands_before_its_element(divider):
    noted = dataclasses.replace(divider, notes={"r_2": "the larger one", "v_in": "one volt"})
    lines = write_deck(noted).text.splitlines()
    assert lines[1:5] == ["* one volt", "v_in in 0 dc 1.0", "r_1 in middle 1000.0", "* the larger one"]


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ({"r_9": "not there"}, "notes must be a mapping from the names of elements to text, got 'r_9'"),
        ({"R_1": "not so spelt"}, "notes must be a mapping from the names of elements"),
        ({"middle": "a node"}, "notes must be a mapping from the names of elements"),
        ({1: "a number"}, "notes must be a mapping from the names of elements"),
        ({"r_1": b"bytes"}, "notes of r_1 must be text"),
        ({"r_1": None}, "notes of r_1 must be text"),
        ([("r_1", "a pair")], "notes must be a mapping"),
        ("r_1", "notes must be a mapping"),
        (None, "notes must be a mapping"),
    ],
)
def test_notes_that_belong_to_nothing_are_refused(divider, notes, message):
    with pytest.raises(InputError, match=message) as caught:
        dataclasses.replace(divider, notes=notes)
    assert "\n" not in str(caught.value)


def test_elements_made_anew_each_time_make_the_same_circuit(divider):
    made = []

    def make():
        made.append(True)
        return iter(divider.elements)

    lazy = dataclasses.replace(divider, elements=LazyElements(make))
    assert write_deck(lazy).text == write_deck(divider).text
    assert (lazy.nodes, lazy.sources, lazy.n_samples) == (divider.nodes, divider.sources, None)
    assert lazy.census.n_elements == 4
    before = len(made)
    assert lazy.nodes == divider.nodes
    assert lazy.census.names == ["v_in", "r_1", "r_2", "v_out"]
    assert len(made) == before  # one way through them tells all of it


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ((), "elements must be at least one element"),
        ((EXAMPLES["resistor"], EXAMPLES["resistor"]), "element r1"),
        ((EXAMPLES["mosfet"],), "model of m1"),
        ((EXAMPLES["resistor"], "r2 a 0 1\n.control"), "elements at index 1 must be made by one of the classes"),
        ((None,), "elements at index 0"),
        ((MODEL,), "elements at index 0"),
    ],
)
def test_such_elements_are_checked_as_others_are(divider, elements, message):
    with pytest.raises(InputError, match=message):
        dataclasses.replace(divider, elements=LazyElements(lambda: iter(elements)))


def test_a_model_of_another_kind_is_refused(divider):
    inside = Subcircuit(name="switch", ports=("a",), elements=(EXAMPLES["resistor"],))
    message = r"model of m1 must be one of the circuit's models before it \(it has none\)"
    with pytest.raises(InputError, match=message):
        dataclasses.replace(divider, elements=(EXAMPLES["mosfet"],), models=(inside,))


def test_a_long_sweep_of_many_elements_is_checked_at_its_ends_and_between():
    """Each of 100,000 temperatures at each of 3000 resistors would take minutes."""
    warm = [Resistor(name=f"r_{k}", plus="a", minus="0", resistance=1e3, tc1=1e-3) for k in range(3000)]
    source = VoltageSource(name="v_1", plus="a", minus="0", voltage=1.0)
    sweep = TemperatureSweep(start=-73.0, stop=127.0, step=0.002)
    assert Circuit(elements=(*warm, source), temperatures=sweep).census.n_elements == 3001
    for coefficients, celsius in (({"tc1": -0.05, "tc2": 6.25e-4}, 67), ({"tc1": -0.011}, 127), ({"tc1": 0.011}, -73)):
        steep = dataclasses.replace(warm[-1], **coefficients)
        with pytest.raises(InputError, match=f"resistance of r_2999 at {celsius} °C must be above 0 ohm"):
            Circuit(elements=(steep, source), temperatures=sweep)


def test_what_changes_over_time_needs_a_transient(divider):
    ramp = PiecewiseLinearSource(name="v_in", plus="in", minus="0", times=(0.0, 1.0), voltages=(0.0, 1.0))
    changing = (ramp, *divider.elements[1:])
    with pytest.raises(InputError, match="transient must be given, as v_in changes over time"):
        dataclasses.replace(divider, elements=changing)
    inside = Subcircuit(name="ramp", ports=("in",), elements=(dataclasses.replace(ramp, name="v_1"),))
    with pytest.raises(InputError, match="transient must be given, as v_1 changes over time"):
        dataclasses.replace(divider, models=(inside,))
    course = Transient(stop=1.0, max_step=0.1)
    assert dataclasses.replace(divider, elements=changing, transient=course).transient is course
    selected = dataclasses.replace(EXAMPLES["selected"], plus="in")
    with pytest.raises(InputError, match="transient must be left out where selected sources have samples"):
        dataclasses.replace(divider, elements=(selected, *divider.elements[1:]), transient=course)
    with pytest.raises(InputError, match="transient must be a Transient"):
        dataclasses.replace(divider, transient=1.0)


def test_initial_voltages_need_a_transient_that_uses_them(divider):
    charged = Capacitor(name="c_1", plus="in", minus="0", capacitance=1e-9, initial_voltage=0.5)
    settled = Transient(stop=1.0, max_step=0.1, use_initial_conditions=False)
    inside = Subcircuit(name="charged", ports=("in",), elements=(charged,))
    for change in ({"elements": (*divider.elements, charged)}, {"models": (inside,)}):
        with pytest.raises(InputError, match="initial_voltage of c_1 must be left out"):
            dataclasses.replace(divider, transient=settled, **change)
