"""A circuit built in PySpice is the same circuit, made of objects that PySpice's users know."""

from __future__ import annotations

import dataclasses
import sys

import pytest

from rescircuit.devices.switches.bsim4 import BSIM4Card
from rescircuit.errors import InputError, MissingToolError
from rescircuit.spice import (
    Bsim4Model,
    Capacitor,
    Circuit,
    CurrentMirror,
    CurrentSource,
    Element,
    GivenCharge,
    GivenCurrent,
    Instance,
    Model,
    Resistor,
    SineSource,
    Subcircuit,
    Transient,
    VoltageSource,
    to_pyspice,
    write_deck,
)
from rescircuit.spice.circuits.sources import SelectedSource

GROUND = VoltageSource(name="v_out", plus="out", minus="0", voltage=0.0)
SUPPLY = VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0)


def line_of(element, **options):
    """What PySpice writes for an element between in and out."""
    netlist = to_pyspice(Circuit(elements=(SUPPLY, element, GROUND), **options))
    return str(netlist[element.name[0].upper() + element.name[1:]])


def test_elements_and_nodes_can_be_reached_in_pyspice(transistor):
    netlist = to_pyspice(transistor)
    assert netlist["M_1"].width == 1.8e-6
    assert netlist["V_gate"].dc_value == 1.8
    assert {str(node) for node in netlist.nodes} == {"0", "drain", "gate", "out"}


def test_models_are_objects_with_their_parameters(transistor):
    netlist = to_pyspice(transistor)
    (model,) = netlist.models
    assert (model.model_type, model["level"], model["kp"], model["lambda"], model["is"]) == (
        "nmos",
        1,
        200e-6,
        0.02,
        1e-14,
    )
    card = BSIM4Card(parameters=(("toxe", 3e-9), ("vth0", 0.4)), version="4.5")
    other = dataclasses.replace(transistor, models=(Bsim4Model(name="switch", card=card),))
    (model,) = to_pyspice(other).models
    assert str(model) == ".model switch nmos (level=14 toxe=3e-09 version=4.5 vth0=0.4)"


@pytest.mark.parametrize(
    ("element", "line"),
    [
        (Resistor(name="r_1", plus="in", minus="out", resistance=1 / 3), "R_1 in out 0.3333333333333333"),
        (
            Resistor(name="r_1", plus="in", minus="out", resistance=1e3, tc1=1e-6, tc2=-2e-8),
            "R_1 in out 1000.0 tc1=1e-06 tc2=-2e-08",
        ),
        (CurrentSource(name="i_1", plus="in", minus="out", current=1e-3), "I_1 in out 0.001"),
        (CurrentMirror(name="f_1", plus="in", minus="out", source="v_in", gain=2.0), "F_1 in out v_in 2.0"),
        (
            GivenCurrent(name="b_1", plus="in", minus="out", formula="1e-6 * sinh(v(in, out) / 0.2)"),
            "B_1 in out i=1e-6 * sinh(v(in, out) / 0.2)",
        ),
        (
            GivenCharge(name="c_1", plus="in", minus="out", formula="1e-12 * v(in, out)"),
            "C_1 in out q = '1e-12 * v(in, out)'",
        ),
        (Capacitor(name="c_1", plus="in", minus="out", capacitance=1e-12, tc1=1e-6), "C_1 in out 1e-12 tc1=1e-06"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Element) else "",
)
def test_what_pyspice_writes(element, line):
    assert line_of(element) == line


def test_what_pyspice_writes_of_a_transient():
    over_time = Transient(stop=1e-3, max_step=1e-6)
    charged = Capacitor(name="c_1", plus="in", minus="out", capacitance=1e-12, initial_voltage=0.0)
    assert line_of(charged, transient=over_time) == "C_1 in out 1e-12 ic=0.0"
    sine = SineSource(name="v_1", plus="out", minus="0", amplitude=1.0, frequency=1e3)
    load = Resistor(name="r_1", plus="out", minus="0", resistance=1e3)
    netlist = to_pyspice(Circuit(elements=(sine, load), transient=over_time))
    assert str(netlist["V_1"]) == "V_1 out 0 sin(0.0 1.0 1000.0 0.0 0.0 0.0)"


def test_samples_follow_a_selector_that_can_be_swept():
    swept = SelectedSource(name="b_in", plus="in", minus="0", voltages=(0.1, 0.2))
    load = Resistor(name="r_1", plus="in", minus="0", resistance=1e3)
    netlist = to_pyspice(Circuit(elements=(swept, load)))
    assert str(netlist["B_in"]) == f"B_in in 0 v={swept.expression}"
    assert str(netlist["V_sample_index"]) == "V_sample_index sample_index 0 0.0"


def test_subcircuits_are_objects_with_elements(nested):
    netlist = to_pyspice(nested)
    assert netlist.raw_spice == ""
    half, whole = netlist.subcircuits
    assert (half.name, half.external_nodes) == ("half", ("a", "b"))
    assert half["R_1"].resistance == 1e3
    assert [str(element) for element in whole.elements] == [
        "X_left plus joint half",
        "X_right joint minus half",
        "R_1 joint 0 8000.0",
    ]
    assert str(netlist["X_whole"]) == "X_whole in out whole"


def test_comments_are_not_kept(divider):
    commented = dataclasses.replace(divider, comment="spoken", notes={"r_1": "of it"})
    assert str(to_pyspice(commented)) == str(to_pyspice(divider))


def test_a_node_named_like_a_keyword_of_python_makes_no_noise(divider, caplog, capfd):
    inside = Subcircuit(
        name="s", ports=("in", "is"), elements=(Resistor(name="r_1", plus="in", minus="is", resistance=1.0),)
    )
    used = Instance(name="x_1", ports=("in", "out"), model="s")
    to_pyspice(dataclasses.replace(divider, elements=(*divider.elements, used), models=(inside,)))
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_a_circuit_that_breaks_a_rule_is_refused(divider):
    with pytest.raises(InputError, match="alone"):
        to_pyspice(dataclasses.replace(divider, elements=divider.elements[:-1]))


def test_a_kind_that_pyspice_does_not_have_is_refused(divider, transistor):
    class Coil(Element):
        name = "l_1"
        terminals = ("in", "out")
        words = ("1e-9",)

    class Diode(Model):
        name = "switch"
        cards = ((".model", "switch", "d"),)

    with pytest.raises(InputError, match="that PySpice has, too, got 'Coil'"):
        to_pyspice(dataclasses.replace(divider, elements=(*divider.elements, Coil())))
    with pytest.raises(InputError, match="that PySpice has, too, got 'Diode'"):
        to_pyspice(dataclasses.replace(transistor, models=(Diode(),)))


def test_without_pyspice_the_message_says_how_to_get_it(divider, monkeypatch):
    monkeypatch.setitem(sys.modules, "PySpice.Spice.Netlist", None)
    with pytest.raises(MissingToolError, match="pip install PySpice"):
        to_pyspice(divider)


def test_a_deck_is_its_circuit(divider):
    assert str(to_pyspice(write_deck(divider))) == str(to_pyspice(divider))


def test_what_is_no_circuit_is_refused():
    with pytest.raises(InputError, match=r"circuit must be a Circuit or a Deck, got 'v_in in 0 1'.*rc\.deck"):
        to_pyspice("v_in in 0 1")
