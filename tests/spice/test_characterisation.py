"""A foundry's card swept in ngspice: programmed natively, and verified with the card itself."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar import BankCells
from rescircuit.devices.switches.bsim4 import BSIM4Card, BSIM4Switch
from rescircuit.errors import InputError, SolutionError, SpiceError
from rescircuit.spice import LIMITS, Bsim4Model, TemperatureSweep, characterise, run_deck, to_pyspice
from rescircuit.spice.makers.bank import bank_circuit

CARD = BSIM4Card.parse(
    ".model n nmos level=54 version=4.5 toxe=3n vth0=0.4 u0=0.04\n"
    "+ k1=0.5 k2=-0.01 vsat=1e5 ndep=2e17 nfactor=1.2 rdsw=150"
)
SWITCH = BSIM4Switch(card=CARD, width=2e-6, length=180e-9)
RESISTANCES = 10e3 * 1.7 ** np.arange(8)


@pytest.fixture(scope="module")
def table():
    return characterise(SWITCH, v_max=0.6)


def test_the_certificate(table):
    certificate = table.characterisation
    assert certificate.card_digest == CARD.digest
    assert certificate.ngspice_version == rc.spice.ngspice_version(rc.spice.find_ngspice())
    assert certificate.temperature == 27.0
    assert 0 < certificate.on_error < 1e-10
    assert 0 < certificate.off_error < 1e-7
    assert certificate.bulk_current < 1e-15
    assert table.source is SWITCH


def test_a_bank_is_programmed_natively_and_right_in_ngspice(table):
    bank = rc.Bank(resistances=RESISTANCES, switch=table)
    setting = bank.program(0.4 * float(bank.full_scale))
    check = rc.verify(bank, setting=setting, voltages=[0.0, 0.001, 0.1, 0.5])
    assert check.passed
    assert check.max_relative_error < 1e-9
    assert check.limit == LIMITS["tabulated"].relative
    card_itself = rc.Bank(resistances=RESISTANCES, switch=SWITCH)
    result = run_deck(rc.deck(card_itself, setting=setting))
    assert result.source_currents["v_out"][0] / bank.v_read == pytest.approx(setting.conductance, rel=1e-9)
    by_card, by_table = (list(rc.deck(each, setting=setting).lines()) for each in (card_itself, bank))
    assert cards_of(by_card) == cards_of(by_table)
    notes = [line for line in by_table if line not in by_card]
    assert len(notes) == 1  # which conductance the setting has: of a card alone nobody knows
    assert notes[0].startswith("* code ")


def cards_of(lines):
    return [line for line in lines if not line.startswith("*")]


def test_what_leaks_through_open_switches(table):
    """8 of them leak less than the 1 nA at which a verification's errors begin to count in full."""
    opened = np.zeros(8, bool)
    bank = rc.Bank(resistances=RESISTANCES, switch=table)
    theirs = run_deck(rc.deck(bank, mask=opened, voltages=[0.01, 0.1, 0.5])).source_currents["v_out"]
    assert (theirs > 5e-15).all()
    assert bank.current(opened, np.array([0.01, 0.1, 0.5])) == pytest.approx(theirs, rel=1e-5)


def test_cells_on_lines_that_rise(table):
    rng = np.random.default_rng(1)
    bank = rc.Bank(resistances=rng.uniform(1e4, 1e5, (3, 3, 2)), switch=table)
    crossbar = rc.NonlinearCrossbar(BankCells(bank=bank, mask=rng.random((3, 3, 2)) < 0.5), 10.0, 10.0)
    check = rc.verify(crossbar)
    assert check.passed, check.summary()


@pytest.mark.parametrize("temperature", [-40.0, 125.0])
def test_at_another_temperature(temperature, table):
    there = characterise(SWITCH, v_max=0.6, temperature=temperature)
    assert there.characterisation.temperature == there.temperature == temperature
    bank = rc.Bank(resistances=RESISTANCES, switch=there, temperature=temperature)
    check = rc.verify(bank, voltages=[0.1, 0.5])
    assert check.passed
    assert f" tnom=27.0 temp={temperature!r}\n" in check.deck.text
    assert bank.full_scale != pytest.approx(rc.Bank(resistances=RESISTANCES, switch=table).full_scale, rel=1e-3)
    with pytest.raises(InputError, match="temperature of the switch"):
        rc.deck(rc.Bank(resistances=RESISTANCES, switch=there))


def test_a_deck_with_a_card_at_a_temperature():
    text = rc.deck(rc.Bank(resistances=[1e4], switch=SWITCH), temperature=85.0).text
    assert "m_0 branch_0 gate_0 out 0 switch w=2e-06 l=1.8e-07\n" in text
    assert ".model switch nmos (level=14 version=4.5 toxe=3e-09 vth0=0.4 u0=0.04" in text
    assert " tnom=27.0 temp=85.0\n" in text


def test_a_card_reaches_pyspice():
    netlist = str(to_pyspice(bank_circuit(rc.Bank(resistances=[1e4], switch=SWITCH))))
    (card,) = re.findall(r"\.model switch nmos \((.*)\)", netlist)
    expected = {"level=14", "version=4.5", *(f"{name}={value!r}" for name, value in CARD.parameters)}
    assert set(card.split()) == expected


def test_a_bank_behind_a_card_alone_is_not_computed_here():
    with pytest.raises(InputError, match="characterise"):
        rc.verify(rc.Bank(resistances=[1e4], switch=SWITCH))


def test_what_ngspice_complains_of_is_not_used():
    card = dataclasses.replace(CARD, parameters=(*CARD.parameters, ("mobmod", 7.0)))
    with pytest.raises(SpiceError, match="mobMod has been set to its default value"):
        characterise(dataclasses.replace(SWITCH, card=card), v_max=0.6)


def test_what_ngspice_remarks_on_a_card_is_told():
    card = dataclasses.replace(CARD, parameters=tuple(p for p in CARD.parameters if p[0] != "k2"))
    remark = "Warning: k2 should be specified with k1."
    there = characterise(dataclasses.replace(SWITCH, card=card), v_max=0.2)
    assert there.characterisation.remarks == (remark,)
    check = rc.verify(rc.Bank(resistances=RESISTANCES, switch=there), voltages=0.1)
    assert check.passed
    assert check.as_dict()["remarks"] == [remark]
    assert check.summary().endswith(f" s; {remark}")


def test_a_gate_that_leaks_is_refused():
    """Its current is no function of the voltage across; a bank of them was 1 % to 50 % off its table."""
    thin = (("toxe", 1.75e-9), ("igcmod", 1.0), ("igbmod", 1.0), ("aigc", 0.012), ("bigc", 0.0028), ("cigc", 0.002))
    others = tuple(p for p in CARD.parameters if p[0] != "toxe")
    leaky = dataclasses.replace(SWITCH, card=dataclasses.replace(CARD, parameters=(*others, *thin)))
    with pytest.raises(InputError, match=r"at most 1e-12 A at its output.*igcmod=0 and igbmod=0"):
        characterise(leaky, v_max=0.2)


def test_a_goal_that_is_out_of_reach_is_an_error():
    with pytest.raises(SolutionError, match="Table of a transistor's currents"):
        characterise(SWITCH, v_max=0.05, v_ground=0.03, goal=1e-17)


@pytest.mark.parametrize(
    ("switch", "options", "message"),
    [
        (rc.NMOS(w_over_l=10), {}, "switch must be a BSIM4Switch"),
        (SWITCH, {"v_max": 0.0}, "v_max"),
        (SWITCH, {"v_max": 30.0}, "v_max must be at most 20 V"),
        (SWITCH, {"v_ground": 0.7}, "v_ground must be at most v_max"),
        (SWITCH, {"goal": 0.0}, "goal"),
        (SWITCH, {"temperature": -300.0}, "temperature"),
    ],
)
def test_what_cannot_be_swept_is_refused(switch, options, message):
    with pytest.raises(InputError, match=message):
        characterise(switch, **{"v_max": 0.6, **options})


def test_a_deck_holds_plain_numbers():
    card = BSIM4Card(parameters=(("toxe", np.float64(3e-9)), ("vth0", np.float64(0.4))))
    (words,) = Bsim4Model(name="switch", card=card).cards
    assert words == (".model", "switch", "nmos", "(level=14", "version=4.8", "toxe=3e-09", "vth0=0.4)")


def test_numbers_that_no_deck_holds_are_refused():
    card = BSIM4Card(parameters=(("toxe", 1e-40),))
    with pytest.raises(InputError, match="toxe of switch must be zero or of a magnitude from 1e-30"):
        Bsim4Model(name="switch", card=card)
    with pytest.raises(InputError, match="card must be a BSIM4Card"):
        Bsim4Model(name="switch", card="toxe=1n")


def test_a_table_has_one_temperature_and_a_card_has_all(table):
    """ngspice moves a card over a sweep; a table is of one temperature, and says so."""
    sweep = TemperatureSweep(start=-40, stop=125, step=55)
    swept = run_deck(rc.deck(rc.Bank(resistances=RESISTANCES, switch=SWITCH), temperature=sweep))
    currents = swept.source_currents["v_out"]
    assert currents.shape == (4, 1)
    assert (np.diff(currents[:, 0]) < 0).all()
    with pytest.raises(InputError, match="temperature") as caught:
        rc.deck(rc.Bank(resistances=RESISTANCES, switch=table), temperature=sweep)
    assert "\n" not in str(caught.value)
