"""Switches in series with a resistor."""

from rescircuit.devices.switches.ideal import IdealSwitch
from rescircuit.devices.switches.nmos import NMOS
from rescircuit.devices.switches.protocol import BranchCurrent, Switch

__all__ = ["NMOS", "BranchCurrent", "IdealSwitch", "Switch"]
