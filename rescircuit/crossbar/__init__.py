"""Crossbars (figure 6.2 of da Cunha 2023): arrays of cells with their wires, and their exact solution."""

from rescircuit.crossbar.array import Crossbar
from rescircuit.crossbar.batch import effective_conductances
from rescircuit.crossbar.cells import BankCells, CellLaw, LinearCells, SelectedCells, SinhCells
from rescircuit.crossbar.noise import ThermalNoise, thermal_noise
from rescircuit.crossbar.nonlinear import NonlinearCrossbar
from rescircuit.crossbar.readings import (
    COPPER_LIMIT,
    CurrentDensity,
    IrDrop,
    Power,
    current_density,
    ir_drop,
    power,
)
from rescircuit.crossbar.schemes import SCHEMES, CellReading, ReadMargin, read_cell, read_margin
from rescircuit.crossbar.solution import CrossbarSolution
from rescircuit.crossbar.topology import Branches, Topology
from rescircuit.crossbar.transients import Settling, SettlingCourse, settling, settling_course

__all__ = [
    "COPPER_LIMIT",
    "SCHEMES",
    "BankCells",
    "Branches",
    "CellLaw",
    "CellReading",
    "Crossbar",
    "CrossbarSolution",
    "CurrentDensity",
    "IrDrop",
    "LinearCells",
    "NonlinearCrossbar",
    "Power",
    "ReadMargin",
    "SelectedCells",
    "Settling",
    "SettlingCourse",
    "SinhCells",
    "ThermalNoise",
    "Topology",
    "current_density",
    "effective_conductances",
    "ir_drop",
    "power",
    "read_cell",
    "read_margin",
    "settling",
    "settling_course",
    "thermal_noise",
]
