"""Rules that a circuit must keep for its operating point to exist and to mean something.

ngspice 39 finds an answer for circuits that have none, and ends with code 0: it steps ``gmin`` until a tiny conductance
from each node to ground holds what floats. A current source of 1 mA into a floating part gives 5.8e14 V there, an
isolated island and a transistor's gate on nothing 0 V; a node on one element alone, or on no element but a port that
leads nowhere, gets no word at all. These rules are checked before it runs.
"""

from rescircuit.spice.circuits.rules.check import check_rules, circuit_of, electrical_check
from rescircuit.spice.circuits.rules.findings import Finding
from rescircuit.spice.circuits.rules.spelling import duplicate_names

__all__ = ["Finding", "check_rules", "circuit_of", "duplicate_names", "electrical_check"]
