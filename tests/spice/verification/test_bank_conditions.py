"""Banks over temperature and voltage, with every kind of switch, and with faults: ours against ngspice."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar import BankCells
from rescircuit.devices import AntiFuse, Coefficients, Fuse, ThresholdSelector
from rescircuit.errors import InputError
from rescircuit.spice import LIMITS, Resistor, VoltageDependentResistor, bank_circuit, series_bank_circuit

TEMPERATURES = [-40.0, 27.0, 85.0, 125.0]
VOLTAGES = np.array([0.0, 0.01, 0.1, 0.25, 0.5])
RNG = np.random.default_rng(8)
N = 8
RESISTANCES = 10e3 * 1.5 ** np.arange(N) * RNG.uniform(0.9, 1.1, N)
SPREAD = {"tc1": RNG.normal(8e-4, 2e-4, N), "tc2": RNG.normal(3e-7, 1e-7, N)}
BENT = {"vc1": RNG.normal(1e-3, 3e-4, N), "vc2": -5e-4}
MASK = np.array([True, False, True, True, False, True, False, True])
OWN = {"vto": 0.4 + 0.02 * RNG.standard_normal(N), "kp": 2e-4 * (1 + 0.05 * RNG.standard_normal(N))}
NMOS = {
    "nmos": rc.NMOS(w_over_l=10),
    "driven": rc.NMOS(w_over_l=10, side="driven"),
    "each its own": rc.NMOS(w_over_l=10, **OWN),
    "leaky": rc.NMOS(w_over_l=10, i_threshold=1e-7),
    "leaky, driven, each its own": rc.NMOS(w_over_l=10, i_threshold=1e-7, side="driven", r_off=1e12, **OWN),
}
OTHERS = {
    "ideal": rc.IdealSwitch(r_on=100.0, r_off=1e9),
    "selector": ThresholdSelector(r_on=np.full(N, 500.0), r_off=1e9, v_threshold=1.0),
    "held": ThresholdSelector(r_on=500.0, r_off=1e9, v_threshold=1.0, v_hold=0.05),
    "held without leakage": ThresholdSelector(r_on=500.0, v_threshold=1.0, v_hold=0.05),
    "fuse": Fuse(r_on=RNG.uniform(20, 80, N), r_off=1e10),
    "antifuse": AntiFuse(r_on=50.0, r_off=1e11),
}


def make_bank(switch, **coefficients):
    return rc.Bank(resistances=RESISTANCES, switch=switch, coefficients=Coefficients(**coefficients))


def inside(circuit):
    """The elements of the bank itself, by name."""
    return {element.name: element for element in circuit.subcircuits["bank"].elements}


def assert_agrees(bank, within=1e-8, **options):
    check = rc.verify(bank, **{"voltages": VOLTAGES, "mask": MASK, **options})
    assert check.passed, check.summary()
    assert check.max_relative_error <= within, check.summary()
    return check


@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("switch", NMOS.values(), ids=NMOS)
def test_a_bank_behind_transistors_over_temperature(switch, temperature):
    check = assert_agrees(make_bank(switch, **SPREAD), temperature=temperature)
    assert check.limit == LIMITS["mos"].relative
    assert f" tnom=27.0 temp={temperature!r}\n" in check.deck.text
    assert_agrees(make_bank(switch, **SPREAD, **BENT), temperature=temperature)


@pytest.mark.parametrize("temperature", [-40.0, 125.0])
@pytest.mark.parametrize("switch", OTHERS.values(), ids=OTHERS)
def test_a_bank_behind_two_terminals_over_temperature_and_voltage(switch, temperature):
    check = assert_agrees(make_bank(switch, **SPREAD, **BENT), within=1e-10, temperature=temperature)
    assert check.limit == LIMITS["sinh"].relative
    plain = assert_agrees(make_bank(switch, **SPREAD), within=1e-10, temperature=temperature)
    held = getattr(switch, "v_hold", 0.0) > 0
    assert plain.limit == LIMITS["sinh" if held else "linear"].relative


def test_what_is_compared_moves():
    """The agreement is no accident of coefficients too small to see."""
    cold, hot = (make_bank(NMOS["nmos"], **SPREAD, **BENT).at(temperature=t).current(MASK, 0.5) for t in (-40.0, 125.0))
    assert hot < 0.9 * cold
    bank = make_bank(NMOS["nmos"], **BENT)
    assert abs(bank.conductance(MASK, 0.5) / bank.conductance(MASK, 0.01) - 1) > 1e-4


@pytest.mark.parametrize("side", ["ground", "driven"])
def test_leakage_of_an_open_bank_at_125_degrees(side):
    """All open: nothing hides the weak inversion, which is far above the floor of 1 nA."""
    bank = make_bank(rc.NMOS(w_over_l=10, i_threshold=1e-7, side=side), **SPREAD)
    check = assert_agrees(bank, mask=np.zeros(N, bool), temperature=125.0)
    hot = bank.at(temperature=125.0).current(np.zeros(N, bool), 0.5)
    assert hot > 10e-9
    assert check.deck.text.count("b_leak_") == N


def test_transistors_with_the_same_parameters_share_a_model():
    vto = np.array([0.4, 0.41, 0.4, 0.42, 0.41, 0.4, 0.4, 0.4])
    circuit = bank_circuit(make_bank(rc.NMOS(w_over_l=10, vto=vto)))
    *switches, bank = circuit.models
    assert [(model.name, model.vto) for model in switches] == [
        ("switch_0", 0.4),
        ("switch_1", 0.41),
        ("switch_2", 0.42),
    ]
    named = {e.name: e.model for e in bank.elements if e.name.startswith("m_")}
    assert [named[f"m_{k}"][-1] for k in range(N)] == list("01021000")
    alike = bank_circuit(make_bank(rc.NMOS(w_over_l=10, vto=np.full(N, 0.4))))
    assert [model.name for model in alike.models] == ["switch", "bank"]


def test_a_driven_switch_comes_before_its_resistor():
    elements = inside(bank_circuit(make_bank(rc.NMOS(w_over_l=10, side="driven"))))
    assert elements["m_3"].terminals == ("in", "gate_3", "branch_3", "0")
    assert elements["r_3"].terminals == ("branch_3", "out")


def test_resistors_are_written_as_they_are_made():
    elements = inside(bank_circuit(make_bank(rc.IdealSwitch(), **SPREAD), temperature=85.0))
    assert elements["r_2"] == Resistor(
        name="r_2", plus="in", minus="out", resistance=RESISTANCES[2], tc1=SPREAD["tc1"][2], tc2=SPREAD["tc2"][2]
    )
    elements = inside(bank_circuit(make_bank(rc.IdealSwitch(), **BENT)))
    assert isinstance(elements["b_r_2"], VoltageDependentResistor)
    assert (elements["b_r_2"].vc1, elements["b_r_2"].vc2) == (BENT["vc1"][2], BENT["vc2"])


@pytest.mark.parametrize("age", [0.0, 3.6e7])
def test_a_bank_at_its_conditions_is_written_as_it_is_there(age):
    bank = make_bank(NMOS["leaky"], drift=0.01, **SPREAD, **BENT).at(temperature=85.0, age=age)
    check = assert_agrees(bank)
    assert " temp=85.0\n" in check.deck.text
    assert "tc1" not in check.deck.text


@pytest.mark.parametrize("switch", [NMOS["nmos"], OTHERS["ideal"]], ids=["nmos", "ideal"])
def test_faults_of_the_chip_are_in_its_deck(switch):
    stuck = {"stuck_closed": np.arange(N) == 1, "stuck_open": np.arange(N) == 2}
    bank = dataclasses.replace(make_bank(switch), **stuck)
    assert_agrees(bank)
    mended = make_bank(switch)
    assert rc.deck(bank, mask=MASK).text == rc.deck(mended, mask=bank.actual_mask(MASK)).text
    assert rc.deck(bank, mask=MASK).text != rc.deck(mended, mask=MASK).text


@pytest.mark.parametrize("asked", [True, False])
def test_faults_of_cells(asked):
    rng = np.random.default_rng(5)
    shape = (3, 4, 2)
    faults = {"stuck_closed": rng.random(shape) < 0.2}
    faults["stuck_open"] = (rng.random(shape) < 0.2) & ~faults["stuck_closed"]
    bank = rc.Bank(resistances=rng.uniform(1e4, 1e5, shape), switch=NMOS["nmos"], **faults)
    check = rc.verify(rc.NonlinearCrossbar(BankCells(bank=bank, mask=np.full(2, asked)), 10.0, 10.0))
    assert check.passed, check.summary()
    closed = faults["stuck_closed"] if not asked else ~faults["stuck_open"]
    assert check.deck.text.count(" gate_on bit 0 switch ") == closed.sum()
    assert check.deck.text.count(" 0 bit 0 switch ") == (~closed).sum()


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_a_series_bank(temperature):
    bank = rc.SeriesBank(
        resistances=RESISTANCES,
        switch=rc.IdealSwitch(r_on=100.0, r_off=1e9),
        coefficients=Coefficients(**SPREAD, **BENT),
    )
    check = assert_agrees(bank, within=1e-10, temperature=temperature)
    assert check.limit == LIMITS["sinh"].relative
    circuit = series_bank_circuit(bank, temperature=temperature)
    assert circuit.temperature_celsius == temperature


def test_cells_at_their_banks_temperature():
    rng = np.random.default_rng(4)
    shape = (3, 3, 2)
    switch = rc.NMOS(w_over_l=10, vto=rng.normal(0.4, 0.02, shape), i_threshold=1e-7)
    bank = rc.Bank(
        resistances=rng.uniform(1e4, 1e5, shape), switch=switch, coefficients=Coefficients(tc1=1e-3, vc1=1e-3)
    ).at(temperature=85.0)
    crossbar = rc.NonlinearCrossbar(BankCells(bank=bank, mask=rng.random(shape) < 0.5), 10.0, 10.0)
    check = rc.verify(crossbar)
    assert check.passed, check.summary()
    assert " temp=85.0\n" in check.deck.text
    with pytest.raises(InputError, match="temperature must be left out for a NonlinearCrossbar"):
        rc.deck(crossbar, temperature=85.0)


@pytest.mark.parametrize(
    ("bank", "temperature", "message"),
    [
        (make_bank(rc.IdealSwitch(), **SPREAD).at(temperature=85.0), 27.0, "as it was made"),
        (make_bank(rc.IdealSwitch(), tc1=-0.02), 85.0, "temperature"),
        (
            make_bank(rc.NMOS(w_over_l=10, temperature=85.0)),
            None,
            "temperature of the switch must be the bank's, 27 °C",
        ),
        (make_bank(rc.IdealSwitch()), -300.0, "temperature"),
        (make_bank(ThresholdSelector(v_threshold=1.0, v_hold=0.05)), None, "r_on of the switch must be above 0 ohm"),
    ],
)
def test_what_a_deck_cannot_hold_is_refused(bank, temperature, message):
    for function in (rc.deck, rc.verify):
        with pytest.raises(InputError, match=message):
            function(bank, temperature=temperature)
