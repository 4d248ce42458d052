"""All rules together."""

from __future__ import annotations

from typing import Protocol

from rescircuit.errors import InputError
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.connections import Connections
from rescircuit.spice.circuits.rules.definitions import unused_definitions, unused_ports, wrong_depth
from rescircuit.spice.circuits.rules.findings import RULES, Finding
from rescircuit.spice.circuits.rules.nodes import lonely_nodes, undetermined_nodes, without_ground
from rescircuit.spice.circuits.rules.sources import shorted_elements, shorted_sources, voltage_loops
from rescircuit.spice.circuits.rules.switches import unused_switches

__all__ = ["check_rules", "circuit_of", "electrical_check"]

_ORDER = {rule: place for place, rule in enumerate(RULES)}


class HasCircuit(Protocol):
    """What holds a circuit, as a deck does."""

    @property
    def circuit(self) -> Circuit:
        """The circuit."""
        ...


def circuit_of(given: Circuit | HasCircuit) -> Circuit:
    """The circuit that is meant: it itself, or that of a deck.

    Raises
    ------
    InputError
        For anything else.
    """
    found = given if isinstance(given, Circuit) else getattr(given, "circuit", None)
    if not isinstance(found, Circuit):
        hint = "For a bank or an array give rc.deck(bank).circuit."
        raise InputError("circuit", "a Circuit or a Deck", given, hint)
    return found


def electrical_check(circuit: Circuit | HasCircuit) -> tuple[Finding, ...]:
    """What is wrong with a circuit, or is likely to be.

    Parameters
    ----------
    circuit : Circuit or Deck
        With what is inside its instances; of a deck, its circuit.

    Returns
    -------
    tuple of Finding
        Errors before warnings, by rule, and in the order of the circuit; none for a sound circuit. Of one rule the
        first 20, and one that counts the others. The rules, errors first:

        - no-ground: no element is on node 0.
        - deep-nesting: more subcircuits inside each other than ngspice reads.
        - floating-node: a node on ports that lead nowhere, which ngspice leaves out.
        - single-connection: a node on one element alone that is not among the open ends.
        - undriven-node: a node that gates, bulks or formulas read and nothing drives.
        - current-cut: nodes that only current sources (and capacitors) join to ground.
        - no-dc-path: other nodes that no direct current joins to ground. In a transient that starts from initial
          conditions capacitors hold their nodes.
        - shorted-source: a voltage source with both ends on one node, through the ports of an instance.
        - voltage-loop: voltage sources in a loop, such as two in parallel.
        - shorted-element: any other element with both ends on one node.
        - unused-switch: a transistor whose channel can pass no current, because what is behind it leads nowhere.
        - unused-port: a port of a subcircuit on which nothing inside is.
        - unused-model, unused-subcircuit: what no element of the circuit uses.

    Raises
    ------
    InputError
        For more than 20 million elements, with those inside instances, and for what is no circuit.
    """
    circuit = circuit_of(circuit)
    connections = Connections.of(circuit)
    findings = [
        *_errors(circuit, connections),
        *shorted_elements(connections),
        *unused_switches(circuit, connections),
        *unused_ports(connections),
        *unused_definitions(circuit),
    ]
    return tuple(_sorted(findings))


def check_rules(circuit: Circuit | HasCircuit) -> tuple[Finding, ...]:
    """Refuse a circuit in which :func:`electrical_check` finds an error; returns its warnings.

    Raises
    ------
    InputError
        That says the first one, or that this is no circuit.
    """
    findings = electrical_check(circuit)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        more = "" if len(errors) == 1 else f" {len(errors) - 1} more: see electrical_check."
        raise InputError("circuit", "free of electrical errors", errors[0].rule, f"{errors[0].message}{more}")
    return findings


def _errors(circuit: Circuit, connections: Connections) -> list[Finding]:
    return [
        *without_ground(connections),
        *wrong_depth(connections),
        *lonely_nodes(connections),
        *undetermined_nodes(circuit, connections),
        *shorted_sources(connections),
        *voltage_loops(connections),
    ]


def _sorted(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (finding.severity, _ORDER[finding.rule]))
