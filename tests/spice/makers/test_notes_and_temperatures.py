"""What a deck says of a setting's conductance holds at the deck's own temperature; and a pair has one temperature."""

from __future__ import annotations

import re

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank.series import SeriesBank
from rescircuit.devices.coefficients import Coefficients
from rescircuit.errors import InputError
from rescircuit.quantities import parse_quantity
from rescircuit.spice import run_deck
from rescircuit.spice.circuits.analyses import TemperatureSweep

WARM = Coefficients(tc1=5e-3, tc2=1e-6)
BANK = rc.Bank(resistances=[1e4, 2e4, 4e4], coefficients=WARM, switch=rc.NMOS(w_over_l=10))
SERIES = SeriesBank(resistances=[1e4, 2e4, 4e4], coefficients=WARM, switch=rc.IdealSwitch(r_on=10.0))
MASK = np.array([True, False, True])


def notes(written):
    return [line for line in written.text.splitlines() if line.startswith("* code")]


@pytest.mark.parametrize("temperature", [-40.0, 27.0, 125.0])
def test_a_note_is_true_at_the_temperature_of_its_deck(temperature):
    """Told by ngspice: what flows at the read voltage is what the note says, to its four digits."""
    written = rc.deck(BANK, mask=MASK, temperature=temperature)
    (note,) = notes(written)
    said = re.fullmatch(r"\* code 101, .*: (\S+ \S+) at 0\.1 V, (\S+) degrees C", note)
    assert said is not None
    assert float(said[2]) == temperature
    current = run_deck(written).source_currents["v_out"][0]
    assert parse_quantity(said[1].replace(" ", ""), "S") == pytest.approx(current / 0.1, rel=5e-4)


@pytest.mark.parametrize("temperature", [-40.0, 125.0])
def test_a_string_s_note_is_true_at_the_temperature_of_its_deck(temperature):
    written = rc.deck(SERIES, mask=MASK, temperature=temperature)
    (note,) = notes(written)
    said = re.fullmatch(r"\* code 101, .*: (\S+ \S+), (\S+) degrees C", note)
    assert said is not None
    assert float(said[2]) == temperature
    current = run_deck(written).source_currents["v_out"][0]
    assert parse_quantity(said[1].replace(" ", ""), "ohm") == pytest.approx(0.1 / current, rel=5e-4)


def test_a_sweep_s_note_is_that_of_the_bank_as_it_was_made():
    sweep = TemperatureSweep(start=0.0, stop=100.0, step=50.0)
    (swept,), (plain,) = notes(rc.deck(BANK, temperature=sweep)), notes(rc.deck(BANK))
    assert swept == f"{plain}, 27 degrees C"


def test_a_capacitor_bank_s_note_says_its_temperature():
    bank = rc.CapacitorBank(capacitances=[1e-13, 2e-13], coefficients=Coefficients(tc1=1e-3))
    (note,) = notes(rc.deck(bank, temperature=127.0))
    assert note.endswith(": 330 fF at 1 V, 127 degrees C")


@pytest.mark.parametrize("function", [rc.deck, rc.verify])
def test_banks_of_a_pair_at_two_temperatures_are_refused(function):
    """One deck would have both transistors at the first's."""
    pair = rc.DifferentialPair(positive=BANK.at(temperature=85.0), negative=BANK)
    with pytest.raises(InputError, match="negative must be a bank at the positive one's 85 °C, got 27"):
        function(pair)
