"""The rule about transistors that switch nothing.

No current passes an element that alone joins two parts of a circuit (a bridge of its graph): what went through it would
have no way back. A channel that is one is a switch whose setting means nothing. A closed path over another channel is
enough to be none, so that a bank in which all but one are open is sound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.connections import Connections, Kind
from rescircuit.spice.circuits.rules.findings import Finding, found, listed

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["unused_switches"]


def unused_switches(circuit: Circuit, connections: Connections) -> list[Finding]:
    """Channels behind which nothing leads back to ground.

    Where an open end is behind one, that is meant to be so, and where a gate is, its voltage comes through the channel.
    """
    channels = np.flatnonzero(connections.are(Kind.CHANNEL) & ~connections.shorted)
    if not channels.size:
        return []
    passing = [Kind.CONDUCTOR, Kind.VOLTAGE, Kind.CURRENT, *((Kind.CHARGE,) if circuit.transient else ())]
    pairs = connections.ends[connections.are(*passing)]
    # What the other elements join is one part: a channel is a bridge between parts or not at all.
    parts = connections.joined(np.concatenate([pairs, connections.further_paths]))
    between = parts[connections.ends[channels]]
    channels, between = channels[between[:, 0] != between[:, 1]], between[between[:, 0] != between[:, 1]]
    wanted = np.concatenate([connections.open_ends, connections.touches[:, 1]])
    behind = _dead_ends(between, int(parts[0]), set(parts[wanted].tolist()))
    unused = [k for k, pair in enumerate(map(frozenset, between.tolist())) if pair in behind]

    def dead_end(k: int) -> Finding:
        channel, pair = int(channels[k]), between[k].tolist()
        end = pair.index(behind[frozenset(pair)])
        name, node = connections.element_name(channel), connections.node_name(int(connections.ends[channel, end]))
        message = (
            f"The channel of {name} passes no current, as nothing behind node {node} leads back to ground: connect "
            "that node, leave the transistor out, or list the node in open_ends."
        )
        return found("unused-switch", (name, node), message)

    return listed("unused-switch", unused, dead_end)


def _dead_ends(between: np.ndarray, ground: int, wanted: set[int]) -> dict[frozenset[int], int]:
    """The pairs of parts that one channel alone joins, and of each the part that is farther from ground.

    Pairs are left out where there is no way to ground at all, and where a wanted part is behind them.
    """
    import networkx as nx

    pairs, counts = np.unique(np.sort(between, axis=1), axis=0, return_counts=True)
    graph = nx.Graph()
    graph.add_edges_from(pairs.tolist())
    if ground not in graph:
        return {}
    graph = graph.subgraph(nx.node_connected_component(graph, ground)).copy()
    alone = {frozenset(pair) for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True) if count == 1}
    bridges = {frozenset(pair) for pair in nx.bridges(graph)} & alone
    return _useless(graph, bridges, ground, wanted)


def _useless(graph: nx.Graph, bridges: set[frozenset[int]], ground: int, wanted: set[int]) -> dict[frozenset[int], int]:
    """Those of the bridges behind which no wanted part is, and of each its farther end."""
    import networkx as nx

    # Each part, the farthest from ground first, hands on whether something wanted is behind it; bridges are in every
    # spanning tree, and what is behind a bridge in the tree is all that is behind it.
    farther = dict(nx.bfs_predecessors(graph, ground))
    wanted = wanted & set(graph)
    useless = {}
    for part, before in reversed(farther.items()):
        if part in wanted:
            wanted.add(before)
        elif (pair := frozenset((part, before))) in bridges:
            useless[pair] = part
    return useless
