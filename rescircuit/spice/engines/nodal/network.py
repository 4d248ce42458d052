"""A linear network at rest as arrays, its solution, and the trees that its voltage sources form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.spice.engines.nodal.double_double import two_sum

__all__ = ["Ends", "Forest", "LinearNetwork", "NetworkSolution", "refuse_floating"]

Ends = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearNetwork:
    """R conductances, S voltage sources, I current sources and F mirrors between N nodes, with K samples.

    Attributes
    ----------
    nodes : sequence of str (N,)
        Their names; the first is ground.
    sources : sequence of str (S,)
        Names of the voltage sources.
    ends : int array (2, R)
        Nodes at the two ends of each conductance.
    conductances : array (R,)
        Siemens, above 0.
    source_ends : int array (2, S)
        Plus and minus.
    voltages : array (S, K)
        Volt.
    current_ends : int array (2, I)
        Plus and minus; the current flows from plus through the source to minus.
    currents : array (I, K)
        Ampere.
    mirror_ends : int array (2, F)
        Plus and minus of mirrors, as those of the current sources.
    mirrored : int array (F,)
        Which voltage source's current each mirrors.
    gains : array (F,)
        How many times.
    """

    nodes: Sequence[str]
    sources: Sequence[str]
    ends: Ends
    conductances: Array
    source_ends: Ends
    voltages: Array
    current_ends: Ends
    currents: Array
    mirror_ends: Ends
    mirrored: Ends
    gains: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkSolution:
    """What :func:`rescircuit.spice.engines.nodal.system.solve_network` found.

    Attributes
    ----------
    node_voltages : array (N, K)
        Volt.
    source_currents : array (S, K)
        Ampere, from plus through the source to minus.
    residual : float
        Backward error ``|Y v - i| / (|Y| |v| + |i|)``, with largest entries as norms, of the worst sample.
    imbalance : float
        The largest sum of the currents at a node, as a share of the sum of their magnitudes. A current counts as at
        least one rounding of the largest voltage times the node's conductance.
    error : float
        Bound of the voltages' error, as a share of the largest: what the currents' imbalance and their roundings can
        make of them, by the magnitudes of 1/Y. With mirrors also that of their sources' currents, likewise.
    condition : float
        ``|Y| |1/Y|`` in the same norms; 1.0 where nothing is unknown.
    unknowns : int
    fill : int
        Entries of both factors.
    """

    node_voltages: Array
    source_currents: Array
    residual: float
    imbalance: float
    error: float
    condition: float
    unknowns: int
    fill: int


def refuse_floating(network: LinearNetwork) -> None:
    """Without a path to ground a node's voltage is not determined, whatever currents are driven into it."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    plus, minus = np.concatenate([network.ends, network.source_ends], axis=1)
    size = len(network.nodes)
    joined = coo_array((np.ones(plus.size), (plus, minus)), shape=(size, size))
    _, label = connected_components(joined, directed=False)
    floating = np.flatnonzero(label != label[0])
    if floating.size:
        named = network.nodes[int(floating[0])]
        got = "no such path" if floating.size == 1 else f"no such path, as for {floating.size - 1} other nodes"
        raise InputError(f"node {named}", "joined to ground, node 0, by resistors and voltage sources", got)


@dataclass(frozen=True, kw_only=True, eq=False)
class Forest:
    """The trees that voltage sources form.

    Attributes
    ----------
    roots : int array (N,)
        For each node the first node of its tree, itself where no source is.
    held : int array (S,)
        The nodes that a source joins to their parent in a tree; parents stand before their children.
    parents : int array (S,)
    joining : int array (S,)
        The source between the two.
    signs : array (S,)
        1.0 where the held node is the source's plus, -1.0 where it is its minus.
    offsets : pair of arrays (S, K)
        Voltage of the held node above its tree's first node, as the sum of the two: a millivolt on top of a volt keeps
        its digits.
    """

    roots: Ends
    held: Ends
    parents: Ends
    joining: Ends
    signs: Array
    offsets: tuple[Array, Array]

    @classmethod
    def of(cls, network: LinearNetwork) -> Forest:
        """The trees of these sources, by name refused where they form a loop."""
        touching: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
        for source, (plus, minus) in enumerate(network.source_ends.T.tolist()):
            touching[plus].append((source, minus, -1.0))
            touching[minus].append((source, plus, 1.0))
        order: list[tuple[int, int, int, float]] = []
        roots = np.arange(len(network.nodes))
        offsets: dict[int, tuple[Array, Array]] = {}
        nothing = np.zeros(network.voltages.shape[1])
        used: set[int] = set()
        for start in chain((0,), touching):
            if start in offsets:
                continue
            offsets[start] = nothing, nothing
            reached = [start]
            while reached:
                parent = reached.pop()
                for source, child, sign in touching.get(parent, ()):
                    if source in used:
                        continue
                    if child in offsets:
                        raise _loop(network, source)
                    used.add(source)
                    total, rest = two_sum(offsets[parent][0], sign * network.voltages[source])
                    offsets[child] = total, offsets[parent][1] + rest
                    roots[child] = start
                    order.append((child, parent, source, sign))
                    reached.append(child)
        columns = zip(*order, strict=True) if order else ((), (), (), ())
        held, parents, joining, signs = columns
        above = [np.array([offsets[node][part] for node in held]) for part in (0, 1)]
        shape = len(held), network.voltages.shape[1]
        return cls(
            roots=roots,
            held=np.array(held, np.intp),
            parents=np.array(parents, np.intp),
            joining=np.array(joining, np.intp),
            signs=np.array(signs, np.float64),
            offsets=(above[0].reshape(shape), above[1].reshape(shape)),
        )

    def subtree(self, source: int) -> tuple[list[int], float]:
        """The nodes that hang on `source`, and the sign of its current away from them."""
        place = int(np.flatnonzero(self.joining == source)[0])
        members = {int(self.held[place])}
        for child, parent in zip(self.held[place:].tolist(), self.parents[place:].tolist(), strict=True):
            if parent in members:
                members.add(child)
        return sorted(members), float(self.signs[place])

    def source_currents(self, leaving: Array) -> Array:
        """Currents of the sources, (S, K), where `leaving` flows from each node into all other elements, (N, K)."""
        totals = leaving.copy()
        currents = np.empty((self.held.size, leaving.shape[1]))
        for place in reversed(range(self.held.size)):
            child = self.held[place]
            currents[self.joining[place]] = -self.signs[place] * totals[child]
            totals[self.parents[place]] += totals[child]
        return currents


def _loop(network: LinearNetwork, source: int) -> InputError:
    plus, minus = (network.nodes[node] for node in network.source_ends[:, source].tolist())
    required = "between nodes that no other voltage sources already hold"
    hint = "A loop of voltage sources has no definite currents."
    return InputError(f"source {network.sources[source]}", required, f"{plus} and {minus}", hint)
