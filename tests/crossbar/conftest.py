"""Other solutions of an array, by sparse LU, in many digits and by dense matrices: what ours is held against."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal, localcontext
from functools import partial
from types import SimpleNamespace

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


DIGITS = 500
NOTHING = Decimal("1e-300")  # what cancels leaves less


class ExactArray:
    """Nodal analysis in five hundred digits of an array as a person states it; nothing of the library is used.

    Each node's voltage is kept as a combination of those of the sources and virtual grounds.
    """

    def __init__(self, cells, r_word=0.0, r_bit=0.0, *, r_driver=0.0, r_sense=0.0, drive="left", sense="bottom"):
        m, n = self.shape = np.shape(cells)
        self.cells, self.parent, self.branches = cells, {}, []
        r_word, r_bit = np.broadcast_to(r_word, (m, n + 1)), np.broadcast_to(r_bit, (m + 1, n))
        r_driver, r_sense = np.broadcast_to(r_driver, m), np.broadcast_to(r_sense, n)
        drive, sense = ([ends] * size if isinstance(ends, str) else ends for ends, size in ((drive, m), (sense, n)))
        self.held = [("drive", i) for i in range(m) if drive[i] != "floating"]
        self.held += [("sense", j) for j in range(n) if sense[j] != "floating"]
        with localcontext(prec=DIGITS):
            for i in range(m):
                for j in range(n - 1):
                    self._branch(("word", i, j), ("word", i, j + 1), Decimal(r_word[i, j + 1]))
                for end, j, k in (("left", 0, 0), ("right", n - 1, n)):
                    if drive[i] in {end, "both"}:
                        self._branch(("drive", i), ("word", i, j), Decimal(r_word[i, k]) + Decimal(r_driver[i]))
            for j in range(n):
                for i in range(m - 1):
                    self._branch(("bit", i, j), ("bit", i + 1, j), Decimal(r_bit[i + 1, j]))
                for end, i, k in (("top", 0, 0), ("bottom", m - 1, m)):
                    if sense[j] in {end, "both"}:
                        self._branch(("bit", i, j), ("sense", j), Decimal(r_bit[k, j]) + Decimal(r_sense[j]))
            for i, j in np.ndindex(m, n):
                ohm = 1 / Decimal(cells[i, j]) if cells[i, j] else Decimal("inf")
                self._branch(("word", i, j), ("bit", i, j), ohm)
            self._solve()

    def _find(self, node):
        while self.parent.get(node, node) != node:
            node = self.parent[node]
        return node

    def _branch(self, a, b, ohm):
        if ohm == 0:
            one, other = self._find(a), self._find(b)
            if one != other:
                keep, drop = (other, one) if other in self.held else (one, other)
                self.parent[drop] = keep
        elif ohm.is_finite():
            self.branches.append((a, b, 1 / ohm))

    def _equations(self):
        """Kirchhoff's current law at each node that is not held: what each voltage contributes."""
        rows = defaultdict(lambda: defaultdict(Decimal))
        for first, second, g in self.branches:
            a, b = self._find(first), self._find(second)
            for node, other in ((a, b), (b, a)):
                if node not in self.held and a != b:
                    rows[node][node] += g
                    rows[node][other] -= g
        return rows

    def _solve(self):
        """Gauss's elimination, the nodes with the fewest neighbours first, and back."""
        rows, order = self._equations(), []
        left = set(rows)
        while left:
            node = min(left, key=lambda each: (len(rows[each]), each))
            left.remove(node)
            order.append(node)
            own = rows[node]
            for other in left.intersection(own):
                factor = rows[other].pop(node) / own[node]
                for place in own.keys() - {node}:
                    rows[other][place] -= factor * own[place]
        self.voltage = {node: {node: Decimal(1)} for node in self.held}
        for node in reversed(order):
            own, found = rows[node], defaultdict(Decimal)
            for other in own.keys() - {node}:
                for source, share in self.voltage[other].items():
                    found[source] -= own[other] * share
            self.voltage[node] = {source: value / own[node] for source, value in found.items()}

    def transfer(self):
        """Currents into the virtual grounds for 1 V at each source alone, (m, n)."""
        m, n = self.shape
        with localcontext(prec=DIGITS):
            found = [self._outputs({("drive", i): Decimal(1)}) for i in range(m)]
        return np.array(found, dtype=float).reshape(m, n)

    def solve(self, drivers, senses):
        """Voltages on word lines and on bit lines, (m, n), output currents (n,), and input currents (m,)."""
        m, n = self.shape
        drivers, senses = np.broadcast_to(drivers, m), np.broadcast_to(senses, n)
        volts = {("drive", i): Decimal(float(v)) for i, v in enumerate(drivers)}
        volts |= {("sense", j): Decimal(float(v)) for j, v in enumerate(senses)}
        with localcontext(prec=DIGITS):
            nodes = [[float(self._at((line, i, j), volts)) for i, j in np.ndindex(m, n)] for line in ("word", "bit")]
            outputs = [float(value) for value in self._outputs(volts)]
            inputs = [-float(self._into(("drive", i), volts)) for i in range(m)]
        words, bits = np.reshape(nodes, (2, m, n))
        return words, bits, np.array(outputs), np.array(inputs)

    def _at(self, node, volts):
        shares = self.voltage[self._find(node)]
        return sum((share * volts[source] for source, share in shares.items() if source in volts), Decimal(0))

    def _into(self, end, volts):
        """The current into an end of a line, and so through all that is joined with it."""
        total = Decimal(0)
        if end in self.held:
            for a, b, g in self.branches:
                for node, other in ((a, b), (b, a)):
                    if self._find(node) == end:
                        total += g * (self._at(other, volts) - self._at(node, volts))
        return total if abs(total) > NOTHING else Decimal(0)

    def _outputs(self, volts):
        return [self._into(("sense", j), volts) for j in range(self.shape[1])]


def plain_kernels(monkeypatch, *modules):
    """Run these modules' kernels as the plain Python that they are."""
    for module in modules:
        for name, kernel in vars(module).copy().items():
            if hasattr(kernel, "py_func"):
                monkeypatch.setattr(module, name, kernel.py_func)


def laplacian(count, branches):
    """The conductance matrix of nodes 0 to count - 1 with branches (a, b, siemens)."""
    matrix = np.zeros((count, count))
    for a, b, g in branches:
        matrix[a, a] += g
        matrix[b, b] += g
        matrix[a, b] -= g
        matrix[b, a] -= g
    return matrix


def reduced(matrix, ports):
    """Conductances between the last `ports` nodes once all others are eliminated; 0 on the diagonal."""
    inner = len(matrix) - ports
    filled = matrix[:inner, inner:].T @ np.linalg.solve(matrix[:inner, :inner], matrix[:inner, inner:])
    left = filled - matrix[inner:, inner:]
    np.fill_diagonal(left, 0.0)
    return left


@pytest.fixture
def as_plain_python(monkeypatch):
    """Runs the kernels of some modules as the plain Python that they are."""
    return partial(plain_kernels, monkeypatch)


@pytest.fixture(scope="session")
def dense():
    """Dense matrices of networks: ``dense.laplacian`` and ``dense.reduced``."""
    return SimpleNamespace(laplacian=laplacian, reduced=reduced)


@pytest.fixture
def sparse_lu():
    """Makes the second solution of a crossbar."""
    return NodalSystem


@pytest.fixture(scope="session")
def exact():
    """Makes the third solution, of many digits, from a crossbar's arguments."""
    return ExactArray
