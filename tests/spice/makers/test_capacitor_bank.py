"""A capacitor bank over time: ngspice moves the charge that we say."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank import CapacitorBank
from rescircuit.devices import Coefficients
from rescircuit.errors import InputError
from rescircuit.spice import (
    LIMITS,
    CurrentMirror,
    Instance,
    TemperatureSweep,
    VoltageDependentCapacitor,
    capacitor_bank_circuit,
    run_deck,
    to_pyspice,
    write_deck,
)
from rescircuit.spice.makers.capacitor_bank import read_charges

RNG = np.random.default_rng(6)
N = 8
CAPACITANCES = 100e-15 * 1.5 ** np.arange(N)
MASK = np.array([True, False, True, True, False, True, False, True])
VOLTAGES = [0.1, 0.5, -0.3, 0.0]
SPREAD = {"tc1": RNG.normal(3e-5, 1e-5, N), "tc2": 1e-8}
BENT = {"vc1": RNG.normal(1e-3, 3e-4, N), "vc2": -5e-4}
SWITCHES = {"perfect": rc.IdealSwitch(), "resistive": rc.IdealSwitch(r_on=1e3)}


def make_bank(switch=SWITCHES["resistive"], c_off=1e-15, **coefficients):
    return CapacitorBank(
        capacitances=CAPACITANCES, switch=switch, c_off=c_off, coefficients=Coefficients(**coefficients)
    )


@pytest.mark.parametrize("temperature", [-40.0, 27.0, 125.0])
@pytest.mark.parametrize("c_off", [0.0, 1e-15])
@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_charges_over_temperature_and_voltage(switch, c_off, temperature):
    for coefficients in ({}, SPREAD, SPREAD | BENT):
        bank = make_bank(switch, c_off, **coefficients)
        check = rc.verify(bank, mask=MASK, voltages=VOLTAGES, temperature=temperature)
        assert check.passed, check.summary()
        assert check.max_relative_error < 1e-10, check.summary()
        assert check.limit == LIMITS["charge"].relative
        assert check.compared == 4


@pytest.mark.parametrize("r_on", [1.0, 1e3, 1e6])
def test_branches_of_unlike_time_constants_settle(r_on):
    """Of twelve capacitors the largest takes 340 times as long as the smallest, behind whose steps trapezoids ring."""
    mim = rc.Capacitor(nominal=100e-15, common=0.1, mismatch=0.005)
    bank = rc.CapacitorBank.sample(mim, n=12, seed=1, switch=rc.IdealSwitch(r_on=r_on))
    check = rc.verify(bank, mask=bank.program(0.2e-12).mask)
    assert check.max_relative_error < 1e-10, check.summary()


def test_a_programmed_bank():
    bank = make_bank()
    setting = bank.program(0.4 * float(bank.full_scale))
    check = rc.verify(bank, setting=setting)
    assert check.passed
    assert check.compared == 4
    result = run_deck(rc.deck(bank, setting=setting))
    assert read_charges(bank, None, result) == pytest.approx([0.1 * setting.capacitance], rel=1e-9)
    with pytest.raises(InputError, match="setting must be one of a CapacitorBank"):
        rc.verify(bank, setting=rc.Bank(resistances=np.full(N, 1e4)).program(1e-4))


@pytest.mark.parametrize("mask", [np.zeros(N, bool), np.ones(N, bool)], ids=["all open", "all closed"])
@pytest.mark.parametrize("c_off", [0.0, 1e-15])
def test_all_open_and_all_closed(mask, c_off):
    check = rc.verify(make_bank(c_off=c_off), mask=mask)
    assert check.passed, check.summary()


def test_no_voltage_moves_no_charge():
    check = rc.verify(make_bank(), voltages=[0.0])
    assert check.passed
    assert check.max_relative_error == 0


def test_a_wrong_charge_is_found(monkeypatch):
    right = CapacitorBank.charge
    monkeypatch.setattr(CapacitorBank, "charge", lambda *arguments: right(*arguments) * (1 + 2e-9))
    check = rc.verify(make_bank(), voltages=[0.1, 0.2])
    assert not check.passed
    assert check.quantity.startswith("charges[")


def test_the_elements():
    circuit = capacitor_bank_circuit(make_bank(vc1=1e-3), mask=MASK)
    (inside,) = circuit.models
    elements = {e.name: e for e in (*circuit.elements, *inside.elements)}
    assert elements["x_bank"] == Instance(name="x_bank", ports=("in", "out"), model="bank")
    assert (inside.name, inside.ports) == ("bank", ("in", "out"))
    assert isinstance(elements["c_0"], VoltageDependentCapacitor)
    assert elements["c_0"].terminals == ("in", "branch_0")
    assert elements["r_switch_0"].terminals == ("branch_0", "out")
    assert elements["c_off_1"].terminals == ("branch_1", "out")
    assert elements["f_charge"] == CurrentMirror(name="f_charge", plus="0", minus="charge", source="v_out")
    perfect = capacitor_bank_circuit(make_bank(SWITCHES["perfect"], c_off=0.0), mask=MASK)
    names = [e.name for e in perfect.elements]
    assert names == ["v_in", "x_bank", "v_out", "f_charge", "c_charge"]
    (inside,) = perfect.models
    assert [e.name for e in inside.elements] == ["c_0", "c_2", "c_3", "c_5", "c_7"]
    assert inside.elements[0].terminals == ("in", "out")
    empty = capacitor_bank_circuit(make_bank(SWITCHES["perfect"], c_off=0.0), mask=np.zeros(N, bool))
    assert [e.name for e in empty.elements] == ["v_in", "v_out", "f_charge", "c_charge"]
    assert empty.models == ()
    assert empty.notes == {}


def test_its_deck_and_pyspice_say_the_same():
    circuit = capacitor_bank_circuit(make_bank(tc1=1e-5, vc1=1e-3), mask=MASK, voltages=[0.1, 0.2])
    text, netlist = write_deck(circuit).text.replace("\n+ ", " ").lower(), str(to_pyspice(circuit)).lower()
    (inside,) = circuit.models
    elements = [e for e in (*circuit.elements, *inside.elements) if e.name.startswith(("c_", "f_"))]
    assert len(elements) == 2 + N + (~MASK).sum()
    for element in elements:
        line = " ".join((element.name, *element.terminals, *element.words))
        assert f"\n{line}\n" in text
        assert f"\n{line}\n" in netlist


def test_the_deck_says_which_code_the_bank_holds():
    lines = write_deck(capacitor_bank_circuit(make_bank(c_off=0.0), mask=MASK)).text.splitlines()
    note = lines[lines.index("x_bank in out bank") - 1]
    assert note.startswith("* code 10110101, capacitor 0 first, closed switches 1: ")
    assert note.endswith("F at 1 V")


def test_what_does_not_fit_is_refused():
    array = CapacitorBank(capacitances=np.ones((2, 3)) * 1e-13)
    for bank, options, message in (
        (array, {}, "a single bank"),
        (make_bank(), {"mask": [True]}, "mask"),
        (make_bank(), {"voltages": [[0.1]]}, "voltages"),
        (make_bank(), {"voltages": math.nan}, "voltages"),
        (make_bank(), {"bit_line_voltages": 0.1}, "left out for a CapacitorBank"),
        (make_bank(tc1=-0.02), {"temperature": 125.0}, "temperature"),
        (
            make_bank(),
            {"temperature": TemperatureSweep(start=0, stop=50, step=25)},
            "temperature must be one number for a CapacitorBank",
        ),
    ):
        with pytest.raises(InputError, match=message):
            rc.deck(bank, **options)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("capacitance", 0.0),
        ("tc1", math.nan),
        ("vc2", "1m"),
        ("minus", "a"),
        ("name", "r_1"),
        ("nominal_celsius", None),
    ],
)
def test_a_capacitor_that_cannot_be_is_refused(field, value):
    good = VoltageDependentCapacitor(name="c_1", plus="a", minus="0", capacitance=1e-12)
    with pytest.raises(InputError, match=field):
        dataclasses.replace(good, **{field: value})


def test_a_mirror_needs_its_source():
    circuit = capacitor_bank_circuit(make_bank())
    mirror = CurrentMirror(name="f_charge", plus="0", minus="charge", source="v_elsewhere")
    elements = tuple(mirror if e.name == "f_charge" else e for e in circuit.elements)
    with pytest.raises(InputError, match="source of f_charge must be one of the voltage sources beside it"):
        dataclasses.replace(circuit, elements=elements)
    with pytest.raises(InputError, match="source of f_charge"):
        dataclasses.replace(mirror, source="v_out\n.control")


def test_a_capacitance_that_would_not_be_above_zero_is_refused():
    circuit = capacitor_bank_circuit(make_bank(tc1=-0.02))
    with pytest.raises(InputError, match="capacitance of c_0 at 125 °C must be above 0 F"):
        dataclasses.replace(circuit, temperature_celsius=125.0)
