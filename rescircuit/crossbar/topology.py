"""The one description of an array: its nodes and branches. The native solver and the decks both read it.

Nodes are numbered drivers first (m), then senses (n), then the cells' ends on the word lines (m, n) and on the bit
lines (m, n), in C order. A wire segment of zero resistance joins its two ends into one node, exactly: each node has a
representative, the lowest number it is joined with, so a line joined to its driver or sense end *is* that end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rescircuit.checks import Array

__all__ = ["Branches", "Topology"]

Nodes = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Branches:
    """Branches of one kind: what conducts between two nodes.

    Attributes
    ----------
    kind : str
        ``"word"`` and ``"bit"`` for wire segments, ``"cell"`` for cells.
    tail, head : int array (k,)
        The nodes at both ends; current counts from tail to head.
    resistance : array (k,)
        Ohm, above zero; ``inf`` for an open cell.
    row, column : int array (k,)
        The cell that the branch is, or leads to (word line) or away from (bit line).
    """

    kind: str
    tail: Nodes
    head: Nodes
    resistance: Array
    row: Nodes
    column: Nodes


@dataclass(frozen=True, kw_only=True, eq=False)
class Topology:
    """Nodes and branches of an m x n array driven at the left of its word lines, sensed at the bottom of its bit lines.

    Parameters
    ----------
    conductances : array (m, n)
        Cells, siemens.
    r_word_line : array (m, n + 1)
        Word-line segments, ohm; the last column belongs to the right ends, which are not connected.
    r_bit_line : array (m + 1, n)
        Bit-line segments, ohm; the first row belongs to the top ends, which are not connected.
    """

    conductances: Array
    r_word_line: Array
    r_bit_line: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Word lines m and bit lines n."""
        rows, columns = self.conductances.shape
        return rows, columns

    @cached_property
    def representative(self) -> Nodes:
        """For each node the node that stands for it once zero-resistance segments are joined, (2mn + m + n,)."""
        _, wires_tail, wires_head, wires = self._all_wires
        joined = wires == 0
        count = self._offsets[-1]
        graph = coo_array((np.ones(joined.sum()), (wires_tail[joined], wires_head[joined])), shape=(count, count))
        _, label = connected_components(graph, directed=False)
        first = np.full(label.max() + 1, count)
        np.minimum.at(first, label, np.arange(count))
        return first[label]

    @property
    def drivers(self) -> Nodes:
        """The driven ends of the word lines, (m,)."""
        return self.representative[: self.shape[0]]

    @property
    def senses(self) -> Nodes:
        """The sensed ends of the bit lines, (n,)."""
        return self.representative[self._offsets[1] : self._offsets[2]]

    @property
    def word_nodes(self) -> Nodes:
        """The cells' ends on their word lines, (m, n)."""
        return self.representative[self._offsets[2] : self._offsets[3]].reshape(self.shape)

    @property
    def bit_nodes(self) -> Nodes:
        """The cells' ends on their bit lines, (m, n)."""
        return self.representative[self._offsets[3] :].reshape(self.shape)

    @cached_property
    def branches(self) -> tuple[Branches, ...]:
        """Wire segments that resist, and all cells: in this order word lines, bit lines, cells."""
        rows, columns = (grid.ravel() for grid in np.indices(self.shape))
        found = []
        kinds, tails, heads, resistances = self._all_wires
        for kind in ("word", "bit"):
            which = (kinds == kind) & (resistances > 0)
            place = which[kinds == kind]
            found.append(
                Branches(
                    kind=kind,
                    tail=self.representative[tails[which]],
                    head=self.representative[heads[which]],
                    resistance=resistances[which],
                    row=rows[place],
                    column=columns[place],
                )
            )
        with np.errstate(divide="ignore"):
            cells = 1.0 / self.conductances.ravel()
        found.append(
            Branches(
                kind="cell",
                tail=self.word_nodes.ravel(),
                head=self.bit_nodes.ravel(),
                resistance=cells,
                row=rows,
                column=columns,
            )
        )
        return tuple(found)

    def node_name(self, node: int) -> str:
        """A name for people and decks: ``drive_i``, ``sense_j``, ``word_i_j``, ``bit_i_j``."""
        rows, columns = self.shape
        if node < self._offsets[1]:
            return f"drive_{node}"
        if node < self._offsets[2]:
            return f"sense_{node - rows}"
        line, base = ("word", self._offsets[2]) if node < self._offsets[3] else ("bit", self._offsets[3])
        row, column = divmod(node - base, columns)
        return f"{line}_{row}_{column}"

    @property
    def _offsets(self) -> tuple[int, int, int, int, int]:
        """Where drivers, senses, word nodes and bit nodes begin, and the number of nodes."""
        m, n = self.shape
        return 0, m, m + n, m + n + m * n, m + n + 2 * m * n

    @cached_property
    def _all_wires(self) -> tuple[NDArray[np.str_], Nodes, Nodes, Array]:
        """Kind, tail, head and resistance of each segment that is connected at both ends, zero or not."""
        m, n = self.shape
        _, sense, word, bit, count = self._offsets
        words, bits = np.arange(word, bit).reshape(m, n), np.arange(bit, count).reshape(m, n)
        word_tail = np.column_stack([np.arange(m), words[:, :-1]])
        bit_head = np.vstack([bits[1:], np.arange(sense, word)])
        return (
            np.repeat(np.array(["word", "bit"]), m * n),
            np.concatenate([word_tail.ravel(), bits.ravel()]),
            np.concatenate([words.ravel(), bit_head.ravel()]),
            np.concatenate([self.r_word_line[:, :-1].ravel(), self.r_bit_line[1:].ravel()]),
        )
