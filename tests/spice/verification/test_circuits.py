"""Any linear circuit: all its nodes and sources by our nodal solver are those of ngspice."""

from __future__ import annotations

import dataclasses

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
    GivenCurrent,
    Instance,
    PiecewiseLinearSource,
    Resistor,
    SelectedSource,
    Subcircuit,
    TemperatureSweep,
    Transient,
    VoltageSource,
)
from rescircuit.spice.verification.cases import circuits

HALF = Subcircuit(
    name="half",
    ports=("a", "b"),
    elements=(
        Resistor(name="r_1", plus="a", minus="middle", resistance=1e3, tc1=1e-3),
        VoltageSource(name="v_1", plus="middle", minus="foot", voltage=0.1),
        Resistor(name="r_2", plus="foot", minus="b", resistance=3e3),
    ),
)
NESTED = Circuit(
    elements=(
        SelectedSource(name="b_in", plus="in", minus="0", voltages=(0.5, -1.0, 0.0)),
        Instance(name="x_1", ports=("in", "out"), model="half"),
        Instance(name="x_2", ports=("out", "0"), model="half"),
        VoltageSource(name="v_out", plus="out", minus="end", voltage=0.0),
        Resistor(name="r_1", plus="end", minus="0", resistance=500.0, tc1=-1e-3, tc2=1e-6),
        CurrentSource(name="i_1", plus="end", minus="0", current=1e-4),
        CurrentMirror(name="f_1", plus="0", minus="copy", source="v_out", gain=-2.5),
        Resistor(name="r_2", plus="copy", minus="0", resistance=1e4),
        Capacitor(name="c_1", plus="copy", minus="0", capacitance=1e-9),
    ),
    models=(HALF,),
    probes=("x_1.middle", "x_1.foot", "x_2.middle", "x_2.foot"),
)


@pytest.mark.parametrize("engine", ["ngspice", "nodal"])
@pytest.mark.parametrize(
    ("change", "points"),
    [
        ({}, 3),
        ({"temperature_celsius": 85.0}, 3),
        ({"temperature_celsius": 85.0, "nominal_temperature_celsius": 20.0}, 3),
        ({"temperatures": TemperatureSweep(start=-40, stop=85, step=25)}, 18),
    ],
)
def test_a_circuit_with_all_that_is_linear(change, points, engine):
    circuit = dataclasses.replace(NESTED, **change)
    check = rc.verify(circuit, engine=engine)
    assert check.passed, check.summary()
    assert check.limit == 1e-9
    assert check.compared == points * (4 + 4 + 2)
    assert [each.name for each in check.agreements] == ["node_voltages", "source_currents"]


def test_it_is_written_as_it_is():
    assert rc.deck(NESTED).circuit is NESTED


@st.composite
def networks(draw):
    """Resistors in a tree from ground, more between any two nodes, and sources of either kind on top."""
    count = draw(st.integers(1, 8))
    nodes = ["0", *(f"n_{k}" for k in range(count))]
    ohms = st.floats(1.0, 1e5, allow_nan=False)
    elements = [
        Resistor(
            name=f"r_{k}",
            plus=nodes[k],
            minus=nodes[draw(st.integers(0, k - 1))],
            resistance=draw(ohms),
            tc1=draw(st.sampled_from([0.0, 1e-3])),
        )
        for k in range(1, count + 1)
    ]
    for k in range(draw(st.integers(0, 6))):
        plus, minus = draw(st.permutations(nodes))[:2]
        elements.append(Resistor(name=f"r_more_{k}", plus=plus, minus=minus, resistance=draw(ohms)))
    volts = st.floats(-1.0, 1.0).map(lambda volt: round(volt, 6))
    elements.append(VoltageSource(name="v_1", plus="n_0", minus="0", voltage=draw(volts)))
    for k in range(draw(st.integers(0, 3))):
        plus, minus = draw(st.permutations(nodes))[:2]
        current = draw(volts) * 1e-3
        elements.append(CurrentSource(name=f"i_{k}", plus=plus, minus=minus, current=current))
    foot = draw(st.sampled_from(nodes))
    elements.append(VoltageSource(name="v_2", plus="top", minus=foot, voltage=draw(volts)))
    elements.append(Resistor(name="r_top", plus="top", minus="0", resistance=draw(ohms)))
    celsius = draw(st.sampled_from([27.0, 85.0]))
    return Circuit(elements=tuple(elements), temperature_celsius=celsius, open_ends=frozenset(nodes[1:]))


@given(networks())
@settings(max_examples=25, deadline=None)
def test_any_linear_circuit(circuit):
    check = rc.verify(circuit)
    assert check.passed, check.summary()
    assert check.compared == len(circuit.nodes) + 2


def test_a_circuit_without_voltage_sources():
    elements = (
        CurrentSource(name="i_1", plus="0", minus="a", current=1e-3),
        Resistor(name="r_1", plus="a", minus="0", resistance=1e3),
    )
    check = rc.verify(Circuit(elements=elements))
    assert check.passed
    assert [each.name for each in check.agreements] == ["node_voltages"]
    assert check.agreements[0].theirs == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(
    ("quantity", "name"), [("node_voltages", "x_2.foot"), ("node_voltages", "end"), ("source_currents", "v_out")]
)
def test_a_wrong_number_is_named(monkeypatch, quantity, name):
    right = circuits.solve_circuit

    def wrong(circuit):
        solution = right(circuit)
        values = {key: values * (1 + 1e-6 * (key == name)) for key, values in _items(solution, quantity, circuit)}
        return dataclasses.replace(solution, **{quantity: values})

    monkeypatch.setattr(circuits, "solve_circuit", wrong)
    check = rc.verify(NESTED)
    assert not check.passed
    assert check.element == name
    assert check.max_relative_error == pytest.approx(1e-6, rel=1e-2)
    failing = [each.name for each in check.agreements if each.worst > each.limit]
    assert failing == [quantity]


def _items(solution, quantity, circuit):
    names = circuit.nodes + circuit.probes if quantity == "node_voltages" else [each.name for each in circuit.sources]
    return [(name, getattr(solution, quantity)[name]) for name in names]


BENT = dataclasses.replace(
    NESTED, elements=(*NESTED.elements, GivenCurrent(name="b_1", plus="end", minus="0", formula="1e-3 * v(end)^2"))
)
RAMP = PiecewiseLinearSource(name="v_in", plus="in", minus="0", times=(0.0, 1.0), voltages=(0.0, 1.0))


@pytest.mark.parametrize(
    ("circuit", "options", "message"),
    [
        (BENT, {}, "circuit must be linear and at rest"),
        (
            Circuit(
                elements=(RAMP, Resistor(name="r_1", plus="in", minus="0", resistance=1.0)),
                transient=Transient(stop=1.0, max_step=0.1),
            ),
            {},
            "circuit must be linear and at rest",
        ),
        (NESTED, {"voltages": [0.1]}, "voltages must be left out for a Circuit"),
        (NESTED, {"mask": [True]}, "mask must be left out for a Circuit"),
        (NESTED, {"temperature": 85.0}, "temperature must be left out for a Circuit"),
        (NESTED, {"bit_line_voltages": 0.0}, "bit_line_voltages must be left out for a Circuit"),
    ],
)
def test_what_is_no_linear_circuit_at_rest_is_refused(circuit, options, message):
    with pytest.raises(InputError, match=message) as caught:
        rc.verify(circuit, **options)
    assert "\n" not in str(caught.value)


def test_a_circuit_that_breaks_a_rule_is_refused():
    loose = dataclasses.replace(NESTED, elements=(*NESTED.elements, dataclasses.replace(HALF.elements[0], name="r_9")))
    with pytest.raises(InputError, match="circuit must be free of electrical errors"):
        rc.verify(loose)


def test_values_that_are_all_zero_agree():
    elements = (
        VoltageSource(name="v_1", plus="a", minus="0", voltage=0.0),
        Resistor(name="r_1", plus="a", minus="0", resistance=1e3),
    )
    check = rc.verify(Circuit(elements=elements))
    assert check.passed
    assert check.max_relative_error == 0.0
    assert np.isfinite(check.agreements[0].errors).all()
