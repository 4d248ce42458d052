"""Devices: resistors and switches, their variation, and the processes that make them."""

from rescircuit.devices.processes import Process, list_processes, load_process
from rescircuit.devices.resistors import Resistor
from rescircuit.devices.switches import NMOS, IdealSwitch, Switch

__all__ = ["NMOS", "IdealSwitch", "Process", "Resistor", "Switch", "list_processes", "load_process"]
