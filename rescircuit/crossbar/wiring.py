"""The linear solution of an array's wires with given cells: elimination, refinement, certificate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, whole_number
from rescircuit.crossbar.blas_threads import one_blas_thread
from rescircuit.crossbar.elimination import Elimination, threads_by_default
from rescircuit.crossbar.kept import kept
from rescircuit.crossbar.kirchhoff import defects, flows
from rescircuit.crossbar.topology import Topology
from rescircuit.errors import InputError

__all__ = ["DEFAULT_MEMORY", "LinearSystem", "check_memory", "laplacian", "needed_memory"]

# Siemens, for a segment without resistance: so far above any other conductance (at most 1e30) that no digit of any
# result knows of it, and as far below the largest double. Star-mesh transforms keep the relative accuracy of each
# conductance whatever their range.
_SHORT = 1e200
_TRACE = 1e-100
_LEAST_ALONE = 1e-6  # below, too little is known of a cell's voltage to tell what a change of it does


class LinearSystem:
    """An array's wires with linear cells.

    Parameters
    ----------
    topology : Topology
    conductances : array (m, n)
        Cells, siemens; those that the topology takes as shorted are not read.
    threads : int, optional
        How many may compute; by default as many as there are cores.
    progress : callable, optional
        Called with the share of an elimination that is done.
    """

    def __init__(
        self,
        topology: Topology,
        conductances: Array,
        threads: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        self.topology = topology
        self._threads = threads_by_default() if threads is None else threads
        self._progress = progress
        with np.errstate(divide="ignore"):
            words, bits = 1.0 / topology.word_segments, 1.0 / topology.bit_segments
        cells = np.where(topology.shorted, 0.0, conductances) if topology.shorted.any() else conductances
        self.cells = np.array(cells)  # writable, as the kernels are compiled for
        if topology.has_joined_nodes:
            joined_words, joined_bits = np.isinf(words), np.isinf(bits)
            words[joined_words] = bits[joined_bits] = 0.0
            self._joined = (topology.shorted, joined_words, joined_bits)
        # Branches that resist; those that join nodes have no voltage of their own.
        self.words, self.bits = words, bits

    def transfer(self) -> Array:
        """Conductances from sources to virtual grounds, siemens, (m, n)."""
        elimination = self.__dict__.get("elimination") or Elimination(
            *self._all_branches, keep=False, threads=self._threads, progress=self._progress
        )
        return self._by_line(self._without_traces(elimination.transfer()))

    def _without_traces(self, conductances: Array) -> Array:
        """Zeros where only a trace is left of what stands for no resistance, :data:`_SHORT`."""
        return np.where(conductances < _TRACE, 0.0, conductances) if self.topology.has_joined_nodes else conductances

    def change_of_transfer(
        self, rows: NDArray[np.intp], columns: NDArray[np.intp], changes: Array
    ) -> tuple[Array, float]:
        """How the conductances from sources to virtual grounds change with some cells', (m, n), siemens.

        With it, by how much rounding is amplified: in the voltages across cells that conduct far better than their
        wires, and in the equations below.

        Changes D at cells whose voltages for 1 V at each end are P, and for currents at each other Z, draw the
        currents ``(1 + D Z)^-1 D P`` (Sherman, Morrison and Woodbury): an update of as low a rank as cells change.
        """
        arriving, across = self.elimination.response(rows, columns)
        words = int(self.elimination.sides[:2].sum())
        drops = changes[:, np.newaxis]
        alone = 1.0 - self.cells[rows, columns] * np.diag(across)  # the share of its current that wires would take
        m, n = self.topology.shape
        if not alone.min() > _LEAST_ALONE:
            return np.zeros((m, n)), np.inf
        with one_blas_thread():
            equations = np.eye(rows.size) + drops * across
            drawn = np.linalg.solve(equations, drops * arriving)
            transfer = -arriving[:, :words].T @ drawn[:, words:]
            amplified = 1.0 / float(alone.min()) + float(np.linalg.cond(equations, 1))
        return self._by_line(transfer), amplified

    def forget(self) -> None:
        """Give up the factors; they are made again when they are asked for."""
        vars(self).pop("elimination", None)

    @kept
    def elimination(self) -> Elimination:
        """All nodes but sources and virtual grounds eliminated, with what solutions need."""
        return Elimination(*self._all_branches, keep=True, threads=self._threads, progress=self._progress)

    def voltages(self, drivers: Array, senses: Array) -> tuple[Array, Array]:
        """Voltages of the nodes on word lines and bit lines, (k, m, n) each, from those of the lines' ends."""
        return self._as_one(*self.elimination.solve(self.port_voltages(drivers, senses)), drivers, senses)

    def corrections(self, words: Array, bits: Array) -> tuple[Array, Array]:
        """What currents (k, m, n) injected into the nodes change in their voltages."""
        if self.topology.has_joined_nodes:
            words, bits = self._gathered(words, bits)
        m, n = self.topology.shape
        drivers, senses = np.zeros((len(words), m)), np.zeros((len(words), n))
        ports = self.port_voltages(drivers, senses)
        return self._as_one(*self.elimination.solve(ports, words, bits), drivers, senses)

    def arriving(self, words: Array, bits: Array) -> tuple[Array, Array]:
        """Currents that arrive at sources (k, m) and virtual grounds (k, n), all at 0 V, when others are injected.

        Both ends of a line count together; at a floating line nothing arrives. `words` and `bits` (k, m, n) are what
        is injected into the nodes, ampere.
        """
        m, n = self.topology.shape
        arrived, at_words = self.elimination.arriving(words, bits), int(self.elimination.sides[:2].sum())
        return _lines_of_ends(arrived[:, :at_words], m), _lines_of_ends(arrived[:, at_words:], n)

    def defects(
        self, through: Array, slopes: Array, drivers: Array, senses: Array, words: Array, bits: Array
    ) -> tuple[Array, Array, Array]:
        """Kirchhoff's current law at the nodes, (k, m, n) each, ampere, and as a backward error, (k,).

        `through` (k, m, n) are the cells' currents, of shorted ones not read, and `slopes` (k, m, n) their
        conductances.
        """
        at_words, at_bits, scale = self._node_currents(through, slopes, drivers, senses, words, bits)
        if self.topology.has_joined_nodes:
            at_words, at_bits = self._gathered(at_words, at_bits)
        worst = np.maximum(np.abs(at_words).max(axis=(1, 2)), np.abs(at_bits).max(axis=(1, 2)))
        return at_words, at_bits, np.divide(worst, scale, out=np.zeros_like(worst), where=worst != 0)

    def end_currents(self, drivers: Array, senses: Array) -> tuple[Array, Array]:
        """Currents out of sources, (k, m), and into virtual grounds, (k, n), by the conductances between the ends."""
        m = self.topology.shape[0]
        out_of = flows(np.concatenate([drivers, senses], axis=1), self.between_lines)
        return out_of[:, :m], -out_of[:, m:]

    @kept
    def between_lines(self) -> Array:
        """Conductances between word lines' sources and bit lines' virtual grounds, siemens, (m + n, m + n)."""
        m, n = self.topology.shape
        sides = self.elimination.sides
        conductances = self._without_traces(self.elimination.conductances())
        if sides[:2].sum() == m and sides[2:].sum() == n:
            return conductances
        numbers = (range(m), range(m), range(m, m + n), range(m, m + n))
        lines = np.concatenate([line for line, size in zip(numbers, sides, strict=True) if size])
        between = np.zeros((m + n, m + n))
        np.add.at(between, np.ix_(lines, lines), conductances)
        np.fill_diagonal(between, 0.0)  # what lies between the two ends of one line
        return between

    def joined_currents(
        self, through: Array, slopes: Array, drivers: Array, senses: Array, words: Array, bits: Array
    ) -> Array:
        """Currents through shorted cells, (k, m, n), ampere: what arrives at each node and must go on.

        Arguments as of :meth:`defects`. Where zero resistances make loops, the currents are those of equal, vanishing
        resistances.
        """
        unit = Elimination(*(at.astype(float) for at in self._joined), keep=True)
        ports = np.zeros((len(words), int(unit.sides.sum())))
        at_words, at_bits, _ = self._node_currents(through, slopes, drivers, senses, words, bits)
        v_word, v_bit = unit.solve(ports, at_words, at_bits)
        return np.where(self.topology.shorted, v_word - v_bit, 0.0)

    @kept
    def condition(self) -> float:
        """The condition number of the nodes' conductance matrix in the 1-norm.

        The inverse of an M-matrix is nowhere negative, so its norm is the largest voltage of any node when 1 A is
        injected into each: no estimate is needed.
        """
        m, n = self.topology.shape
        injected = np.ones((1, m, n)), np.ones((1, m, n))
        if self.topology.has_joined_nodes:  # once for all nodes that are one
            own = np.arange(m + n, self.topology.representative.size)
            first = (self.topology.representative[m + n :] == own).astype(float).reshape(2, 1, m, n)
            injected = first[0], first[1]
        words, bits = self.elimination.solve(self.port_voltages(np.zeros((1, m)), np.zeros((1, n))), *injected)
        return max(1.0, float(self._largest_column() * max(words.max(), bits.max())))

    def _largest_column(self) -> float:
        """The 1-norm of the conductance matrix of all nodes that are not held."""
        topology = self.topology
        branches = (*topology.wires, topology.cell_branches(self.cells))
        tail, head = (np.concatenate([getattr(part, end) for part in branches]) for end in ("tail", "head"))
        conductance = 1.0 / np.concatenate([part.resistance for part in branches])
        count = topology.representative.size
        held = np.zeros(count, bool)
        held[topology.drivers[topology.driven]] = held[topology.senses[topology.sensed]] = True
        apart = tail != head
        # On the diagonal a branch counts, and once more between two nodes that are not held.
        weights = conductance * apart * (1.0 + ~(held[tail] | held[head]))
        columns = np.bincount(tail, weights, count) + np.bincount(head, weights, count)
        return float(columns[~held].max(initial=0.0))

    def port_voltages(self, drivers: Array, senses: Array) -> Array:
        """Voltages of the ends in the elimination's order, (k, p)."""
        sides = self.elimination.sides
        parts = (drivers, drivers, senses, senses)
        return np.concatenate([part for part, size in zip(parts, sides, strict=True) if size], axis=1)

    def _node_currents(
        self, through: Array, slopes: Array, drivers: Array, senses: Array, words: Array, bits: Array
    ) -> tuple[Array, Array, Array]:
        """What arrives at each node through branches that resist, (k, m, n) each, and what it is relative to, (k,)."""
        if self.topology.shorted.any():
            through = np.where(self.topology.shorted, 0.0, through)
        through, slopes = np.ascontiguousarray(through), np.array(slopes)
        found = [
            defects(*own, self.words, self.bits, *at)
            for own, at in zip(
                zip(through, slopes, strict=True), zip(drivers, senses, words, bits, strict=True), strict=True
            )
        ]
        at_words, at_bits = np.stack([each[0] for each in found]), np.stack([each[1] for each in found])
        return at_words, at_bits, np.array([each[2] for each in found])

    @property
    def _all_branches(self) -> tuple[Array, Array, Array]:
        """Conductances of cells and segments, those that join nodes too."""
        if not self.topology.has_joined_nodes:
            return self.cells, self.words, self.bits
        parts = (self.cells, self.words, self.bits)
        cells, words, bits = (np.where(at, _SHORT, part) for at, part in zip(self._joined, parts, strict=True))
        return cells, words, bits

    def _by_line(self, transfer: Array) -> Array:
        """Conductances between ends as those between lines, (m, n)."""
        m, n = self.topology.shape
        if transfer.shape == (m, n):
            return transfer
        return _lines_of_ends(_lines_of_ends(transfer, n).T, m).T

    def _gathered(self, words: Array, bits: Array) -> tuple[Array, Array]:
        """Currents of nodes that are one, at their representative; none at sources and virtual grounds."""
        topology = self.topology
        m, n = topology.shape
        count = topology.representative.size
        out_words, out_bits = np.zeros_like(words), np.zeros_like(bits)
        for k in range(len(words)):
            currents = np.concatenate([np.zeros(m + n), words[k].ravel(), bits[k].ravel()])
            nodes = np.bincount(topology.representative, weights=currents, minlength=count)
            out_words[k], out_bits[k] = nodes[m + n :].reshape(2, m, n)
        return out_words, out_bits

    def _as_one(self, words: Array, bits: Array, drivers: Array, senses: Array) -> tuple[Array, Array]:
        """Nodes that are one at exactly one voltage."""
        topology = self.topology
        if not topology.has_joined_nodes:
            return words, bits
        for k in range(len(words)):
            nodes = np.concatenate([drivers[k], senses[k], words[k].ravel(), bits[k].ravel()])
            nodes = nodes[topology.representative]
            words[k], bits[k] = nodes[sum(topology.shape) :].reshape(2, *topology.shape)
        return words, bits


def _lines_of_ends(ends: Array, lines: int) -> Array:
    """Values at all ends of one kind, (k, 0, 1 or 2 times the lines), summed to those of lines, (k, lines)."""
    return ends.reshape(len(ends), ends.shape[1] // lines, lines).sum(axis=1)


def laplacian(conductances: Array) -> Array:
    """The admittance matrix of conductances between nodes: currents into the nodes for their voltages."""
    matrix = -conductances
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return matrix


DEFAULT_MEMORY = 12 << 30  # bytes


def needed_memory(shape: tuple[int, int], arrays: int = 0) -> int:
    """About how many bytes an elimination takes, and so many arrays (m, n) besides."""
    m, n = shape
    levels = max(1.0, np.log2(max(m, n) / 8))
    return int(8 * m * n * (64 + 8 * levels + arrays) + 8 * 3 * (m + n) ** 2)


def check_memory(shape: tuple[int, int], limit: int, arrays: int = 0) -> None:
    """Refuse an array that is too large before the work starts."""
    whole_number("memory_limit", limit, 1)
    needed = needed_memory(shape, arrays)
    if needed > limit:
        required = f"of a size whose solution needs at most {_size(limit)}"
        raise InputError("conductances", required, f"shape {shape} for about {_size(needed)}", _MORE_MEMORY)


def _size(count: int) -> str:
    return f"{count / 2**30:.3g} GiB" if count >= 1 << 30 else f"{count / 2**20:.3g} MiB"


_MORE_MEMORY = "Raise memory_limit (bytes), or split the array into tiles."
