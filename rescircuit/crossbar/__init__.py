"""Crossbars (figure 6.2 of da Cunha 2023): arrays of cells with their wires, and their exact solution."""

from rescircuit.crossbar.array import Crossbar, CrossbarSolution
from rescircuit.crossbar.topology import Branches, Topology

__all__ = ["Branches", "Crossbar", "CrossbarSolution", "Topology"]
