"""Each element is checked when it is made, the circuit as a whole when it is put together."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.spice import Circuit, Level1Model, Mosfet, Resistor, SelectedSource, VoltageSource

MODEL = Level1Model(name="switch", vto=0.4, kp=200e-6, lambda_=0.02, gamma=0.4, phi=0.7)
EXAMPLES = {
    "resistor": Resistor(name="r1", plus="a", minus="0", resistance=1e3),
    "source": VoltageSource(name="v1", plus="a", minus="0", voltage=1.0),
    "selected": SelectedSource(name="b1", plus="a", minus="0", voltages=(0.0, 1.0)),
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
