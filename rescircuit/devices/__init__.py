"""Devices: resistors, capacitors, memristors and switches, their variation, and the processes that make them."""

from rescircuit.devices.capacitors import Capacitor
from rescircuit.devices.coefficients import Coefficients
from rescircuit.devices.components import Component
from rescircuit.devices.faults import Faults
from rescircuit.devices.laws import Empirical, LogNormal, Normal, Truncated, Uniform
from rescircuit.devices.memristors import (
    VTEAM,
    LinearDriftMemristor,
    Memristor,
    MemristorArray,
    MemristorTransient,
    PiecewiseLinear,
    Pulses,
    Sine,
    WriteVerifyResult,
    simulate_memristor,
    write_verify,
)
from rescircuit.devices.processes import Process, list_processes, load_process
from rescircuit.devices.resistors import Geometry, Resistor
from rescircuit.devices.switches import (
    NMOS,
    AntiFuse,
    BSIM4Card,
    BSIM4Switch,
    Fuse,
    IdealSwitch,
    OneTimeSwitches,
    Switch,
    TabulatedSwitch,
    ThresholdSelector,
)
from rescircuit.devices.variation import CorrelatedField, Gradient, Placement, Variation

__all__ = [
    "NMOS",
    "VTEAM",
    "AntiFuse",
    "BSIM4Card",
    "BSIM4Switch",
    "Capacitor",
    "Coefficients",
    "Component",
    "CorrelatedField",
    "Empirical",
    "Faults",
    "Fuse",
    "Geometry",
    "Gradient",
    "IdealSwitch",
    "LinearDriftMemristor",
    "LogNormal",
    "Memristor",
    "MemristorArray",
    "MemristorTransient",
    "Normal",
    "OneTimeSwitches",
    "PiecewiseLinear",
    "Placement",
    "Process",
    "Pulses",
    "Resistor",
    "Sine",
    "Switch",
    "TabulatedSwitch",
    "ThresholdSelector",
    "Truncated",
    "Uniform",
    "Variation",
    "WriteVerifyResult",
    "list_processes",
    "load_process",
    "simulate_memristor",
    "write_verify",
]
