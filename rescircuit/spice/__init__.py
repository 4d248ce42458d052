"""From a circuit to ngspice and back: netlists and their rules, decks, runs, and the check of our solvers."""

from rescircuit.spice.agreement import LIMITS, Limit, relative_error
from rescircuit.spice.circuit import (
    Circuit,
    Level1Model,
    Mosfet,
    Resistor,
    SelectedSource,
    SinhConductor,
    VoltageSource,
)
from rescircuit.spice.decks import Deck, write_deck
from rescircuit.spice.from_bank import bank_circuit
from rescircuit.spice.from_crossbar import crossbar_circuit
from rescircuit.spice.from_series_bank import series_bank_circuit
from rescircuit.spice.ngspice import SpiceResult, find_ngspice, ngspice_version, run_deck
from rescircuit.spice.pyspice import to_pyspice
from rescircuit.spice.rules import check_rules
from rescircuit.spice.verification import Verification, deck, verify

__all__ = [
    "LIMITS",
    "Circuit",
    "Deck",
    "Level1Model",
    "Limit",
    "Mosfet",
    "Resistor",
    "SelectedSource",
    "SinhConductor",
    "SpiceResult",
    "Verification",
    "VoltageSource",
    "bank_circuit",
    "check_rules",
    "crossbar_circuit",
    "deck",
    "find_ngspice",
    "ngspice_version",
    "relative_error",
    "run_deck",
    "series_bank_circuit",
    "to_pyspice",
    "verify",
    "write_deck",
]
