"""Switches in series with a resistor."""

from rescircuit.devices.switches.bsim4 import BSIM4Card, BSIM4Switch
from rescircuit.devices.switches.fuses import AntiFuse, Fuse, OneTimeSwitches
from rescircuit.devices.switches.ideal import IdealSwitch
from rescircuit.devices.switches.nmos import NMOS
from rescircuit.devices.switches.protocol import BranchCurrent, Switch
from rescircuit.devices.switches.selector import ThresholdSelector
from rescircuit.devices.switches.tabulated import Characterisation, TabulatedSwitch

__all__ = [
    "NMOS",
    "AntiFuse",
    "BSIM4Card",
    "BSIM4Switch",
    "BranchCurrent",
    "Characterisation",
    "Fuse",
    "IdealSwitch",
    "OneTimeSwitches",
    "Switch",
    "TabulatedSwitch",
    "ThresholdSelector",
]
