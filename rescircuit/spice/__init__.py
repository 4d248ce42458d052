"""From a circuit to ngspice and back: netlists and their rules, decks, runs, and the check of our solvers."""

from rescircuit.spice.characterisation import characterise
from rescircuit.spice.circuits.analyses import TemperatureSweep, Transient
from rescircuit.spice.circuits.behavioural import Behavioural, SinhConductor, VoltageDependentResistor
from rescircuit.spice.circuits.charges import CurrentMirror, VoltageDependentCapacitor
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Capacitor, Instance, Mosfet, Resistor
from rescircuit.spice.circuits.formulas import GivenCharge, GivenCurrent
from rescircuit.spice.circuits.models import Bsim4Model, Level1Model, Model
from rescircuit.spice.circuits.rules import Finding, check_rules, electrical_check
from rescircuit.spice.circuits.sameness import same_circuit
from rescircuit.spice.circuits.sources import (
    CurrentSource,
    PiecewiseLinearSource,
    SelectedSource,
    SineSource,
    VoltageSource,
)
from rescircuit.spice.circuits.subcircuits import Subcircuit
from rescircuit.spice.decks.reading import parse_deck, read_deck
from rescircuit.spice.decks.writing import Deck, write_deck
from rescircuit.spice.engines.ngspice import find_ngspice, ngspice_version, run_deck, run_decks
from rescircuit.spice.engines.nodal.circuits import solve_circuit
from rescircuit.spice.engines.nodal.decks import solve_deck
from rescircuit.spice.engines.nodal.table import CircuitSolution
from rescircuit.spice.engines.pyspice import to_pyspice
from rescircuit.spice.engines.pyspice_process import run_pyspice
from rescircuit.spice.engines.pyspice_simulator import pyspice_simulator
from rescircuit.spice.engines.raw import Plot, read_raw, read_raw_file, read_raw_plots
from rescircuit.spice.engines.results import SpiceResult
from rescircuit.spice.makers.bank import bank_circuit
from rescircuit.spice.makers.capacitor_bank import capacitor_bank_circuit
from rescircuit.spice.makers.crossbar import crossbar_circuit
from rescircuit.spice.makers.memristor import memristor_circuit
from rescircuit.spice.makers.pair import pair_circuit
from rescircuit.spice.makers.population import population_circuit
from rescircuit.spice.makers.series_bank import series_bank_circuit
from rescircuit.spice.makers.settling import settling_circuit
from rescircuit.spice.verification.agreement import LIMITS, Limit, relative_error
from rescircuit.spice.verification.cases.memristors import MemristorVerification, verify_memristor
from rescircuit.spice.verification.comparison import Verification
from rescircuit.spice.verification.settling import verify_settling
from rescircuit.spice.verification.verify import deck, verify

__all__ = [
    "LIMITS",
    "Behavioural",
    "Bsim4Model",
    "Capacitor",
    "Circuit",
    "CircuitSolution",
    "CurrentMirror",
    "CurrentSource",
    "Deck",
    "Element",
    "Finding",
    "GivenCharge",
    "GivenCurrent",
    "Instance",
    "Level1Model",
    "Limit",
    "MemristorVerification",
    "Model",
    "Mosfet",
    "PiecewiseLinearSource",
    "Plot",
    "Resistor",
    "SelectedSource",
    "SineSource",
    "SinhConductor",
    "SpiceResult",
    "Subcircuit",
    "TemperatureSweep",
    "Transient",
    "Verification",
    "VoltageDependentCapacitor",
    "VoltageDependentResistor",
    "VoltageSource",
    "bank_circuit",
    "capacitor_bank_circuit",
    "characterise",
    "check_rules",
    "crossbar_circuit",
    "deck",
    "electrical_check",
    "find_ngspice",
    "memristor_circuit",
    "ngspice_version",
    "pair_circuit",
    "parse_deck",
    "population_circuit",
    "pyspice_simulator",
    "read_deck",
    "read_raw",
    "read_raw_file",
    "read_raw_plots",
    "relative_error",
    "run_deck",
    "run_decks",
    "run_pyspice",
    "same_circuit",
    "series_bank_circuit",
    "settling_circuit",
    "solve_circuit",
    "solve_deck",
    "to_pyspice",
    "verify",
    "verify_memristor",
    "verify_settling",
    "write_deck",
]
