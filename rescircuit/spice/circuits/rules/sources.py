"""Rules about what both ends of an element are on, and about loops of voltage sources.

ngspice stops at most of these; it names one element of a loop, or none.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rescircuit.spice.circuits.connections import Connections, Kind
from rescircuit.spice.circuits.rules.findings import Finding, found, listed, some

__all__ = ["shorted_elements", "shorted_sources", "voltage_loops"]

_NAMED = 12  # sources of a loop in a message


def shorted_sources(connections: Connections) -> list[Finding]:
    """A voltage source across nothing: only the ports of an instance can bring that about."""
    said = "the voltage source {} are on node {}, which shorts it: lead the ports around it to different nodes."
    return _shorted(connections, "shorted-source", connections.are(Kind.VOLTAGE), said)


def shorted_elements(connections: Connections) -> list[Finding]:
    """Other elements that the ports of an instance short, so that they do nothing."""
    said = "{} are on node {}, so that it does nothing: lead the ports around it to different nodes, or leave it out."
    return _shorted(connections, "shorted-element", ~connections.are(Kind.VOLTAGE), said)


def _shorted(connections: Connections, rule: str, among: NDArray[np.bool_], said: str) -> list[Finding]:
    def shorted(element: int) -> Finding:
        name, node = connections.element_name(element), connections.node_name(int(connections.ends[element, 0]))
        return found(rule, (name, node), f"Both ends of {said.format(name, node)}")

    return listed(rule, np.flatnonzero(connections.shorted & among).tolist(), shorted)


def voltage_loops(connections: Connections) -> list[Finding]:
    """In a loop of voltage sources the currents are not determined, or the voltages contradict each other.

    One loop for each source that closes one, as short as those before it allow.
    """
    sources = np.flatnonzero(connections.are(Kind.VOLTAGE) & ~connections.shorted)
    ends = connections.ends[sources]
    held = np.unique(ends)
    if len(np.unique(connections.joined(ends)[held])) + len(ends) == len(held):
        return []  # a forest
    return _named_loops(connections, sources.tolist(), ends.tolist())


def _named_loops(connections: Connections, sources: list[int], ends: list[list[int]]) -> list[Finding]:
    import networkx as nx
    from networkx.utils import UnionFind

    forest, held = nx.Graph(), UnionFind()
    closing = []
    for source, (plus, minus) in zip(sources, ends, strict=True):
        if held[plus] == held[minus]:
            closing.append((source, plus, minus))
        else:
            held.union(plus, minus)
            forest.add_edge(plus, minus, source=source)

    def loop(closed: tuple[int, int, int]) -> Finding:
        source, plus, minus = closed
        path = nx.shortest_path(forest, plus, minus)
        around = sorted([source, *(forest.edges[step]["source"] for step in pairwise(path))])
        names = [connections.element_name(each) for each in around]
        message = (
            f"The voltage sources {some(names, shown=_NAMED)} form a loop, in which their currents are not determined: "
            "take one of them out, or put a resistor in series."
        )
        return found("voltage-loop", names, message)

    return listed("voltage-loop", closing, loop)
