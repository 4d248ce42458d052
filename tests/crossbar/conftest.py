"""A second solution of an array, by a general sparse LU of its nodal matrix: what the structured one is held against."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_array, csc_array
from scipy.sparse.linalg import splu


class NodalSystem:
    """The conductance matrix of an array's nodes, from its list of branches, and currents and voltages by it."""

    def __init__(self, crossbar):
        self.topology, self.cells = crossbar.topology, crossbar.conductances
        topology = self.topology
        branches = [*topology.wires, topology.cell_branches(self.cells)]
        tail, head = (np.concatenate([getattr(part, end) for part in branches]) for end in ("tail", "head"))
        conductance = 1.0 / np.concatenate([part.resistance for part in branches])
        count = topology.representative.size
        index = np.arange(tail.size)
        signs = np.repeat([1.0, -1.0], tail.size)
        incidence = coo_array(
            (signs, (np.concatenate([index, index]), np.concatenate([tail, head]))), shape=(tail.size, count)
        ).tocsr()
        self.held = np.unique(np.concatenate([topology.drivers[topology.driven], topology.senses[topology.sensed]]))
        touched = np.zeros(count, bool)
        touched[tail] = touched[head] = True
        touched[self.held] = False
        self.free = np.flatnonzero(touched)
        whole = csc_array(incidence.T @ (conductance[:, np.newaxis] * incidence).tocsc())
        self.inner, self.across = whole[self.free][:, self.free].tocsc(), whole[self.free][:, self.held]

    def solve(self, drivers, senses):
        """Voltages of the nodes on word lines and bit lines, (m, n)."""
        topology = self.topology
        nodes = np.zeros(topology.representative.size)
        nodes[topology.drivers[topology.driven]] = np.asarray(drivers, float)[topology.driven]
        nodes[topology.senses[topology.sensed]] = np.asarray(senses, float)[topology.sensed]
        if self.free.size:
            nodes[self.free] = splu(self.inner).solve(-(self.across @ nodes[self.held]))
        return nodes[topology.word_nodes], nodes[topology.bit_nodes]


@pytest.fixture
def sparse_lu():
    """Makes the second solution of a crossbar."""
    return NodalSystem
