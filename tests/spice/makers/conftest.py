"""Circuits on their way through PySpice, for the tests of this folder."""

from __future__ import annotations

import pytest

from rescircuit.spice import Deck, run_deck, to_pyspice, write_deck


class TranslatedDeck(Deck):
    """PySpice's netlist of a circuit, with our deck's cards for tolerances and analysis."""

    def lines(self):
        netlist = str(to_pyspice(self.circuit)).rstrip().splitlines()
        own = list(super().lines())
        cards = own[next(k for k, line in enumerate(own) if line.startswith(".options")) :]
        yield from netlist
        yield from (line for line in cards if line != "v_sample_index sample_index 0 dc 0.0")


@pytest.fixture
def both_ways():
    """A function that runs a circuit's deck, and PySpice's netlist of it, in ngspice."""

    def run(circuit):
        translated = TranslatedDeck(circuit)
        assert translated.text != write_deck(circuit).text
        return run_deck(write_deck(circuit)), run_deck(translated)

    return run
