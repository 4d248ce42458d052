"""Rules that a circuit must keep for its operating point to exist and to mean something.

ngspice finds an answer for circuits that have none: it joins loose ends through tiny conductances and steps
towards a solution, often without a word. These rules are checked before it runs.
"""

from __future__ import annotations

from collections import defaultdict

from rescircuit.errors import InputError
from rescircuit.spice.circuits.charges import VoltageDependentCapacitor
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.elements import Capacitor
from rescircuit.spice.circuits.names import GROUND

__all__ = ["check_rules"]

_NAMED = 3  # nodes that a message names before it says "and more"


def check_rules(circuit: Circuit) -> None:
    """Check a circuit's connections.

    Raises
    ------
    InputError
        Naming the node or the element, for a node on a single element that is not among the circuit's
        ``open_ends``, for nodes without a path of direct current to ground (an isolated island, a lone gate),
        and for a loop of voltage sources (such as two in parallel).
    """
    _check_single_connections(circuit)
    _check_paths_to_ground(circuit)
    _check_source_loops(circuit)


def _check_single_connections(circuit: Circuit) -> None:
    """A node on one element alone is most often a misspelt name."""
    touching: dict[str, list[str]] = defaultdict(list)
    for element in circuit.elements:
        for node in set(element.nodes) - circuit.open_ends:
            touching[node].append(element.name)
    for node in circuit.nodes:
        if len(touching[node]) == 1:
            hint = "Is its name spelt right? Where an end is meant to be open, list the node in open_ends."
            raise InputError(f"node {node}", "on at least two elements", f"{touching[node][0]} alone", hint)


def _check_paths_to_ground(circuit: Circuit) -> None:
    """Without a path of direct current to ground a node's voltage is not determined."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from((GROUND, *circuit.nodes))
    graph.add_edges_from(path for element in circuit.elements for path in element.direct_paths)
    if circuit.transient is not None and circuit.transient.use_initial_conditions:  # charge is what holds a node
        capacitors = (e for e in circuit.elements if isinstance(e, Capacitor | VoltageDependentCapacitor))
        graph.add_edges_from((e.plus, e.minus) for e in capacitors)
    grounded = nx.node_connected_component(graph, GROUND)
    floating = [node for node in circuit.nodes if node not in grounded]
    if floating:
        named = ", ".join(floating[:_NAMED]) + (" and more" if len(floating) > _NAMED else "")
        argument = f"node {named}" if len(floating) == 1 else f"nodes {named}"
        required = "joined to ground, node 0, by elements that conduct direct current"
        raise InputError(argument, required, "no such path", "A transistor's gate and bulk conduct none.")


def _check_source_loops(circuit: Circuit) -> None:
    """In a loop of voltage sources the currents are not determined, or the voltages contradict each other."""
    from networkx.utils import UnionFind

    held = UnionFind((GROUND, *circuit.nodes))
    for source in circuit.sources:
        if held[source.plus] == held[source.minus]:
            required = "between nodes that no other voltage sources already hold"
            hint = "A loop of voltage sources has no definite currents."
            raise InputError(f"source {source.name}", required, f"{source.plus} and {source.minus}", hint)
        held.union(source.plus, source.minus)
