"""Switches in series with a resistor."""

from rescircuit.devices.switches.fuses import AntiFuse, Fuse, OneTimeSwitches
from rescircuit.devices.switches.ideal import IdealSwitch
from rescircuit.devices.switches.nmos import NMOS
from rescircuit.devices.switches.protocol import BranchCurrent, Switch
from rescircuit.devices.switches.selector import ThresholdSelector

__all__ = [
    "NMOS",
    "AntiFuse",
    "BranchCurrent",
    "Fuse",
    "IdealSwitch",
    "OneTimeSwitches",
    "Switch",
    "ThresholdSelector",
]
