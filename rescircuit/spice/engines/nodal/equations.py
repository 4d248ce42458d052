"""Kirchhoff's current law of a linear network over what is unknown of it.

Nodes that voltage sources join have known differences, so they are one unknown, or none where ground is among them.
What is left is a symmetric matrix of conductances, except for mirrors, whose currents are further unknowns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.spice.engines.nodal.double_double import two_sum
from rescircuit.spice.engines.nodal.network import Ends, Forest, LinearNetwork

__all__ = ["Equations"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Equations:
    """Kirchhoff's current law of what is unknown, over branches: conductances, current sources and mirrors, in turn.

    Attributes
    ----------
    incidence : sparse array (N, M)
        1 where a branch begins at a node and -1 where it ends there.
    laws : sparse array (U, M)
        The sums of branch currents that are zero, with `own` times the unknown currents. A row for each unknown
        voltage: a node's or a tree's; then one for each mirrored current: the nodes that hang on its source.
    own : array (U,)
        0 for voltages; the sign of a mirrored current, times `unit`.
    unit : float
        Siemens; a mirrored current is this times its unknown, which so has the size of a voltage.
    matrix : sparse array (U, U)
        Of these laws over the unknowns.
    magnitudes : sparse array (U, U)
        The same where nothing cancels.
    mirrors : sparse array (F, U)
        The mirrors' currents over the unknowns.
    unknown : int array (N,)
        Place of each node's voltage among the unknowns; U where ground is in its tree.
    conductances : array (U,)
        Sums of the magnitudes in the matrix's rows.
    """

    network: LinearNetwork
    forest: Forest
    incidence: Any
    laws: Any
    own: Array
    unit: float
    matrix: Any
    magnitudes: Any
    mirrors: Any
    unknown: Ends
    conductances: Array

    @classmethod
    def of(cls, network: LinearNetwork, forest: Forest) -> Equations:
        """The equations of a network whose voltage sources form this forest."""
        from scipy.sparse import coo_array, diags_array, hstack, vstack

        size = len(network.nodes)
        incidence = _incidence(size, network.ends, network.current_ends, network.mirror_ends)
        free = np.flatnonzero((forest.roots == np.arange(size)) & (np.arange(size) > 0))
        places = np.full(size, -1)
        places[free] = np.arange(free.size)
        unknown = places[forest.roots]
        members = np.flatnonzero(unknown >= 0)
        sums = coo_array((np.ones(members.size), (unknown[members], members)), shape=(free.size, size)).tocsr()
        mirrored, which = np.unique(network.mirrored, return_inverse=True)
        hanging = [forest.subtree(source) for source in mirrored.tolist()]
        rows = np.repeat(np.arange(len(hanging)), [len(nodes) for nodes, _ in hanging]).astype(np.intp)
        columns = np.array([node for nodes, _ in hanging for node in nodes], np.intp)
        trees = coo_array((np.ones(rows.size), (rows, columns)), shape=(len(hanging), size)).tocsr()
        laws = (vstack([sums, trees]) @ incidence).tocsr()
        laws.eliminate_zeros()  # branches inside a tree: their currents add to nothing
        count = network.conductances.size
        unit = float(np.median(network.conductances)) if count else 1.0
        entries = network.gains * unit, (np.arange(which.size), free.size + which)
        mirrors = coo_array(entries, shape=(which.size, free.size + mirrored.size)).tocsr()
        own = np.concatenate([np.zeros(free.size), unit * np.array([sign for _, sign in hanging])])
        across = hstack([(sums @ incidence[:, :count]).T, coo_array((count, mirrored.size))])
        across = diags_array(network.conductances) @ across
        parts = [(laws[:, :count], across), (laws[:, incidence.shape[1] - which.size :], mirrors)]
        matrix = sum((law @ currents for law, currents in parts), diags_array(own))
        magnitudes = sum((abs(law) @ abs(currents) for law, currents in parts), abs(diags_array(own)))
        return cls(
            network=network,
            forest=forest,
            incidence=incidence,
            laws=laws,
            own=own,
            unit=unit,
            matrix=matrix.tocsc(),
            magnitudes=magnitudes,
            mirrors=mirrors,
            unknown=np.where(unknown < 0, own.size, unknown),
            conductances=abs(matrix).sum(axis=1),
        )

    def voltages(self, unknowns: tuple[Array, Array], block: slice) -> tuple[Array, Array]:
        """Those of the nodes, (N, k), in two parts, at `unknowns` in two parts, (U, k)."""
        known = np.zeros((1, unknowns[0].shape[1]))
        high, low = (np.concatenate([part, known])[self.unknown] for part in unknowns)
        forest = self.forest
        total, rest = two_sum(high[forest.held], forest.offsets[0][:, block])
        rest += low[forest.held] + forest.offsets[1][:, block]
        high[forest.held], low[forest.held] = two_sum(total, rest)  # the first part may have vanished
        return high, low

    def currents(self, voltages: tuple[Array, Array], unknowns: tuple[Array, Array], block: slice) -> Array:
        """Those of all branches, (M, k)."""
        high, low = voltages
        tail, head = self.network.ends
        across = (high[tail] - high[head]) + (low[tail] - low[head])
        conducted = self.network.conductances[:, np.newaxis] * across
        mirrored = self.mirrors @ unknowns[0] + self.mirrors @ unknowns[1]
        return np.concatenate([conducted, self.network.currents[:, block], mirrored])


def _incidence(size: int, *branches: Ends) -> Any:
    """1 where a branch begins at a node and -1 where it ends there, (size, branches)."""
    from scipy.sparse import coo_array

    tail, head = np.concatenate(branches, axis=1)
    count = np.arange(tail.size)
    entries = np.concatenate([np.ones(tail.size), -np.ones(tail.size)])
    places = np.concatenate([tail, head]), np.concatenate([count, count])
    return coo_array((entries, places), shape=(size, tail.size)).tocsr()
