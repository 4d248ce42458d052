"""Crossbars (figure 6.2 of da Cunha 2023): arrays of cells with their wires, and their exact solution."""

from rescircuit.crossbar.array import Crossbar
from rescircuit.crossbar.batch import effective_conductances
from rescircuit.crossbar.cells import BankCells, CellLaw, LinearCells, SelectedCells, SinhCells
from rescircuit.crossbar.nonlinear import NonlinearCrossbar
from rescircuit.crossbar.solution import CrossbarSolution
from rescircuit.crossbar.topology import Branches, Topology

__all__ = [
    "BankCells",
    "Branches",
    "CellLaw",
    "Crossbar",
    "CrossbarSolution",
    "LinearCells",
    "NonlinearCrossbar",
    "SelectedCells",
    "SinhCells",
    "Topology",
    "effective_conductances",
]
