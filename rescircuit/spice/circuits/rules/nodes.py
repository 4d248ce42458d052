"""Rules about nodes: each on two elements or more, and joined to ground by direct current."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.connections import Connections, Kind
from rescircuit.spice.circuits.rules.findings import Finding, first_names, found, listed, some

__all__ = ["lonely_nodes", "undetermined_nodes", "without_ground"]

_CONDUCTING = (Kind.CONDUCTOR, Kind.VOLTAGE, Kind.CHANNEL)


def without_ground(connections: Connections) -> list[Finding]:
    """Voltages count from node 0."""
    if connections.touching[0]:
        return []
    message = "No element is on ground: name one node 0, from which all voltages count."
    return [found("no-ground", (), message)]


def lonely_nodes(connections: Connections) -> list[Finding]:
    """A node on one element alone is most often a misspelt name; one on none is on ports that lead nowhere."""

    def unheard(node: int) -> Finding:
        name = connections.node_name(node)
        message = (
            f"Node {name} is only on ports to which nothing inside is connected, and ngspice leaves it out: connect "
            "it to an element, or those ports."
        )
        return found("floating-node", (name,), message)

    def alone(node: int) -> Finding:
        name, element = connections.node_name(node), connections.element_name(connections.elements_at(node)[0])
        message = (
            f"Node {name} is on {element} alone: is its name spelt right? Where an end is meant to be open, list the "
            "node in open_ends."
        )
        return found("single-connection", (element, name), message)

    untouched = 1 + np.flatnonzero(connections.touching[1:] == 0)
    return [
        *listed("floating-node", untouched.tolist(), unheard),
        *listed("single-connection", _alone(connections).tolist(), alone),
    ]


def _alone(connections: Connections) -> NDArray[np.intp]:
    """The nodes on one element alone that are not meant to be."""
    lonely = connections.touching == 1
    lonely[0] = False
    lonely[connections.open_ends] = False
    return np.flatnonzero(lonely)


def undetermined_nodes(circuit: Circuit, connections: Connections) -> list[Finding]:
    """Nodes without a path of direct current to ground, each island of them once.

    Nodes on one element alone, on none, and all of a circuit without ground are left to their own rules.
    """
    if not connections.touching[0]:
        return []
    transient = circuit.transient
    held = (Kind.CHARGE,) if transient is not None and transient.use_initial_conditions else ()
    pairs = connections.ends[connections.are(*_CONDUCTING, *held)]
    labels = connections.joined(np.concatenate([pairs, connections.further_paths]))
    return _Islands(connections, labels).findings()


@dataclass(frozen=True, eq=False)
class _Islands:
    """The parts of a circuit that no direct current joins to ground; `labels` say to which part a node belongs."""

    connections: Connections
    labels: NDArray[np.int32]

    def findings(self) -> list[Finding]:
        """Those of each island under one of three rules."""
        wired = np.zeros(self.connections.n_nodes, dtype=bool)
        wired[self.connections.ends.ravel()] = True
        wired[self.connections.further_paths.ravel()] = True
        fed = set(self.labels[self.connections.ends[self._feeds]].ravel().tolist())
        by_rule: dict[str, list[NDArray[np.intp]]] = {"undriven-node": [], "current-cut": [], "no-dc-path": []}
        for nodes in self._islands():
            if self.labels[nodes[0]] in fed:
                by_rule["current-cut"].append(nodes)
            else:
                by_rule["no-dc-path" if wired[nodes[0]] else "undriven-node"].append(nodes)
        describe = {"undriven-node": self._undriven, "current-cut": self._cut, "no-dc-path": self._floating}
        return [finding for rule, islands in by_rule.items() for finding in listed(rule, islands, describe[rule])]

    def _islands(self) -> list[NDArray[np.intp]]:
        """The nodes of each, in the order of their first ones, but for nodes that another rule tells of."""
        floating = np.flatnonzero(self.labels != self.labels[0])
        if not floating.size:
            return []
        ordered = floating[np.argsort(self.labels[floating], kind="stable")]
        islands = np.split(ordered, 1 + np.flatnonzero(np.diff(self.labels[ordered])))
        told = {*_alone(self.connections).tolist(), *np.flatnonzero(self.connections.touching == 0).tolist()}
        untold = (nodes for nodes in islands if len(nodes) > 1 or int(nodes[0]) not in told)
        return sorted(untold, key=lambda nodes: nodes[0])

    @cached_property
    def _feeds(self) -> NDArray[np.intp]:
        """Elements with a current of their own between two parts."""
        sources = np.flatnonzero(self.connections.are(Kind.CURRENT))
        plus, minus = self.labels[self.connections.ends[sources]].T
        return sources[plus != minus]

    def _undriven(self, nodes: NDArray[np.intp]) -> Finding:
        node = int(nodes[0])
        readers = self.connections.elements_at(node)
        elements, name = first_names(self.connections.element_name, readers), self.connections.node_name(node)
        message = (
            f"Node {name} is read by {some(elements, len(readers))} and driven by nothing: a gate, a bulk and a "
            "formula conduct no direct current. Join it to a voltage source or to ground."
        )
        return found("undriven-node", (*elements, name), message)

    def _cut(self, nodes: NDArray[np.intp]) -> Finding:
        at_feeds = self.labels[self.connections.ends[self._feeds]]
        feeds = self._feeds[(at_feeds == self.labels[nodes[0]]).any(axis=1)]
        elements = first_names(self.connections.element_name, feeds.tolist())
        names = first_names(self.connections.node_name, nodes.tolist())
        message = (
            f"The current of {some(elements, len(feeds))} has no direct path between {_named(names, len(nodes))} and "
            "ground, so that no voltage there balances it: join them by an element that conducts."
        )
        return found("current-cut", (*elements, *names), message)

    def _floating(self, nodes: NDArray[np.intp]) -> Finding:
        names = first_names(self.connections.node_name, nodes.tolist())
        message = (
            f"No direct current joins {_named(names, len(nodes))} to ground, so that nothing determines the voltage "
            "there: join them by an element that conducts. A gate, a capacitor and a current source do not."
        )
        return found("no-dc-path", names, message)


def _named(names: list[str], count: int) -> str:
    return f"{'node' if count == 1 else 'nodes'} {some(names, count)}"
