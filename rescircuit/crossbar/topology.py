"""The one description of an array: its nodes, wires and ends. The native solvers and the decks both read it.

Nodes are numbered drivers first (m), then senses (n), then the cells' ends on the word lines (m, n) and on the bit
lines (m, n), in C order. A wire segment of zero resistance joins its two ends into one node, exactly, and so does a
shorted cell: each node has a representative, the lowest number it is joined with, so a line joined to its driver or
sense end *is* that end. A segment of infinite resistance is a broken wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rescircuit.checks import Array, non_negative_array
from rescircuit.crossbar.kept import kept
from rescircuit.errors import InputError

__all__ = ["LARGEST", "Branches", "Flags", "Topology", "wired", "without_infinity"]

Nodes = NDArray[np.intp]
Flags = NDArray[np.bool_]

LARGEST = 1e30  # ohm, and its inverse the least resistance: beyond lies nothing physical


@dataclass(frozen=True, kw_only=True, eq=False)
class Branches:
    """Branches of one kind: what conducts between two nodes.

    Attributes
    ----------
    kind : str
        ``"word"`` and ``"bit"`` for wire segments, ``"cell"`` for cells.
    tail, head : int array (k,)
        The nodes at both ends; current counts from tail to head: along word lines from the left to the right, along
        bit lines downwards, through cells from word line to bit line.
    resistance : array (k,)
        Ohm, above zero and finite.
    row, column : int array (k,)
        Where the branch stands in the array of its kind.
    """

    kind: str
    tail: Nodes
    head: Nodes
    resistance: Array
    row: Nodes
    column: Nodes


@dataclass(frozen=True, kw_only=True, eq=False)
class Topology:
    """Nodes and wires of an m x n array; :func:`wired` makes one from what a person states.

    Attributes
    ----------
    r_word_line : array (m, n + 1)
        Word-line segments, ohm; the first leads from the left end to the first cell, the last from the last cell to
        the right end. ``inf`` for a broken wire.
    r_bit_line : array (m + 1, n)
        Bit-line segments, ohm, from the top end down to the bottom end.
    r_driver : array (m,)
        Between each word line's source and each of its driven ends, ohm.
    r_sense : array (n,)
        Between each of a bit line's sensed ends and its virtual ground, ohm.
    left, right : bool array (m,)
        Which ends of the word lines are driven.
    top, bottom : bool array (n,)
        Which ends of the bit lines are sensed.
    shorted : bool array (m, n)
        Cells that join their two lines.
    """

    r_word_line: Array
    r_bit_line: Array
    r_driver: Array
    r_sense: Array
    left: Flags
    right: Flags
    top: Flags
    bottom: Flags
    shorted: Flags

    @property
    def shape(self) -> tuple[int, int]:
        """Word lines m and bit lines n."""
        rows, columns = self.shorted.shape
        return rows, columns

    @kept
    def word_segments(self) -> Array:
        """What stands between neighbours on a word line, ohm, (m, n + 1): wires, at the ends with the drivers.

        ``inf`` at ends that are not driven.
        """
        segments = self.r_word_line.copy()
        segments[:, 0] = np.where(self.left, segments[:, 0] + self.r_driver, np.inf)
        segments[:, -1] = np.where(self.right, segments[:, -1] + self.r_driver, np.inf)
        segments.flags.writeable = False
        return segments

    @kept
    def bit_segments(self) -> Array:
        """What stands between neighbours on a bit line, ohm, (m + 1, n): wires, at the ends with the senses."""
        segments = self.r_bit_line.copy()
        segments[0] = np.where(self.top, segments[0] + self.r_sense, np.inf)
        segments[-1] = np.where(self.bottom, segments[-1] + self.r_sense, np.inf)
        segments.flags.writeable = False
        return segments

    @kept
    def has_joined_nodes(self) -> bool:
        """Whether any segment or cell joins two nodes into one."""
        return bool(self.shorted.any() or (self.word_segments == 0).any() or (self.bit_segments == 0).any())

    @kept
    def driven(self) -> Flags:
        """Which word lines have a source, (m,); the others float."""
        return self.left | self.right

    @kept
    def sensed(self) -> Flags:
        """Which bit lines end in a virtual ground, (n,); the others float."""
        return self.top | self.bottom

    @kept
    def representative(self) -> Nodes:
        """For each node the node that stands for it once its joined neighbours are one, (2mn + m + n,)."""
        count = self._offsets[-1]
        if not self.has_joined_nodes:
            return np.arange(count)
        parts = [(tail, head, resistance) for _, tail, head, resistance in self._all_wires]
        tail, head, resistance = (np.concatenate([part[k].ravel() for part in parts]) for k in range(3))
        joined = resistance == 0
        tail = np.concatenate([tail[joined], self._own_words[self.shorted]])
        head = np.concatenate([head[joined], self._own_bits[self.shorted]])
        graph = coo_array((np.ones(tail.size), (tail, head)), shape=(count, count))
        _, label = connected_components(graph, directed=False)
        first = np.full(label.max() + 1, count)
        np.minimum.at(first, label, np.arange(count))
        return first[label]

    @property
    def drivers(self) -> Nodes:
        """The sources of the word lines, (m,)."""
        return self.representative[: self.shape[0]]

    @property
    def senses(self) -> Nodes:
        """The virtual grounds of the bit lines, (n,)."""
        return self.representative[self._offsets[1] : self._offsets[2]]

    @property
    def word_nodes(self) -> Nodes:
        """The cells' ends on their word lines, (m, n)."""
        return self.representative[self._offsets[2] : self._offsets[3]].reshape(self.shape)

    @property
    def bit_nodes(self) -> Nodes:
        """The cells' ends on their bit lines, (m, n)."""
        return self.representative[self._offsets[3] :].reshape(self.shape)

    @kept
    def wires(self) -> tuple[Branches, ...]:
        """The segments that resist: word lines, then bit lines."""
        found = []
        for kind, tail, head, resistance in self._all_wires:
            rows, columns = np.nonzero((resistance > 0) & np.isfinite(resistance))
            found.append(
                Branches(
                    kind=kind,
                    tail=self.representative[tail[rows, columns]],
                    head=self.representative[head[rows, columns]],
                    resistance=resistance[rows, columns],
                    row=rows,
                    column=columns,
                )
            )
        return tuple(found)

    def cell_branches(self, conductances: Array) -> Branches:
        """Cells (m, n), siemens, as branches; open and shorted ones are none."""
        rows, columns = np.nonzero((conductances > 0) & np.isfinite(conductances))
        return Branches(
            kind="cell",
            tail=self.word_nodes[rows, columns],
            head=self.bit_nodes[rows, columns],
            resistance=1.0 / conductances[rows, columns],
            row=rows,
            column=columns,
        )

    def check_paths(self, conducting: Flags) -> None:
        """Refuse arrays whose voltages are not determined, or whose sources are short-circuited.

        Parameters
        ----------
        conducting : bool array (m, n)
            Which cells conduct.

        Raises
        ------
        InputError
            For a part of a line without any path to a source or a virtual ground, and for sources or virtual grounds
            that zero resistances join.
        """
        m = self.shape[0]
        if self.has_joined_nodes:
            held = np.concatenate([np.flatnonzero(self.driven), m + np.flatnonzero(self.sensed)])
            ends = self.representative[held]
            twice = held[ends != held]
            if twice.size:
                names = f"{self.node_name(int(twice[0]))} and {self.node_name(int(self.representative[twice[0]]))}"
                hint = "Give a wire on the way a resistance, or the shorted cell a conductance."
                raise InputError("the array", "without short circuits between sources", f"{names} joined", hint)
        whole = np.isfinite(self.r_word_line[:, 1:-1]).all() and np.isfinite(self.r_bit_line[1:-1]).all()
        if whole and np.isfinite(self.word_segments[:, [0, -1]]).any(axis=1).all():
            ends = np.isfinite(self.bit_segments[[0, -1]]).any(axis=0)
            if (ends | (conducting | self.shorted).any(axis=0)).all():
                return  # each line leads to a source, or through a cell to a line that does
        self._check_every_node(conducting)

    def _check_every_node(self, conducting: Flags) -> None:
        """The same, node by node."""
        m, n = self.shape
        count = self._offsets[-1]
        source = count  # one more node, which all sources and virtual grounds are joined with
        joined = (conducting & ~self.shorted).nonzero()
        tail = [self.word_nodes[joined], *(wires.tail for wires in self.wires)]
        head = [self.bit_nodes[joined], *(wires.head for wires in self.wires)]
        held = np.concatenate([self.drivers[self.driven], self.senses[self.sensed]])
        tail.append(np.full(held.size, source))
        head.append(held)
        ends = (np.concatenate(tail), np.concatenate(head))
        graph = coo_array((np.ones(ends[0].size), ends), shape=(count + 1, count + 1))
        _, label = connected_components(graph, directed=False)
        lost = np.flatnonzero(label[self.representative[m + n :]] != label[source])
        if lost.size:
            name = self.node_name(m + n + int(lost[0]))
            hint = "Drive or sense its line, or let a cell conduct."
            raise InputError("the array", "with a path from each node to a source or a virtual ground", name, hint)

    def node_name(self, node: int) -> str:
        """A name for people and decks: ``drive_i``, ``sense_j``, ``word_i_j``, ``bit_i_j``."""
        return self._node_names[node]

    @cached_property
    def _node_names(self) -> list[str]:
        rows, columns = self.shape
        lines = [f"drive_{i}" for i in range(rows)] + [f"sense_{j}" for j in range(columns)]
        return lines + [f"{line}_{i}_{j}" for line in ("word", "bit") for i in range(rows) for j in range(columns)]

    @property
    def _offsets(self) -> tuple[int, int, int, int, int]:
        """Where drivers, senses, word nodes and bit nodes begin, and the number of nodes."""
        m, n = self.shape
        return 0, m, m + n, m + n + m * n, m + n + 2 * m * n

    @property
    def _own_words(self) -> Nodes:
        """The word lines' nodes by their own numbers, joined or not, (m, n)."""
        return np.arange(self._offsets[2], self._offsets[3]).reshape(self.shape)

    @property
    def _own_bits(self) -> Nodes:
        return np.arange(self._offsets[3], self._offsets[4]).reshape(self.shape)

    @property
    def _all_wires(self) -> tuple[tuple[str, Nodes, Nodes, Array], ...]:
        """Kind, tail, head and resistance of all segments, (m, n + 1) on word lines and (m + 1, n) on bit lines.

        A line driven or sensed at both ends begins and ends at one node.
        """
        m, n = self.shape
        drivers, senses = np.arange(m), np.arange(m, m + n)
        along = np.column_stack([drivers, self._own_words, drivers])
        down = np.vstack([senses, self._own_bits, senses])
        return (
            ("word", along[:, :-1], along[:, 1:], self.word_segments),
            ("bit", down[:-1], down[1:], self.bit_segments),
        )


def wired(
    shape: tuple[int, int],
    r_word_line: Any,
    r_bit_line: Any,
    r_driver: Any,
    r_sense: Any,
    drive: str | Sequence[str],
    sense: str | Sequence[str],
    shorted: Flags | None = None,
) -> Topology:
    """The topology of an array as :class:`rescircuit.Crossbar` takes it; see there.

    Raises
    ------
    InputError
        For resistances that are negative or NaN, shapes that don't match, and ends that are unknown.
    """
    m, n = shape
    left, right = _ends("drive", drive, m, ("left", "right"))
    top, bottom = _ends("sense", sense, n, ("top", "bottom"))
    return Topology(
        r_word_line=_resistances("r_word_line", r_word_line, (m, n + 1)),
        r_bit_line=_resistances("r_bit_line", r_bit_line, (m + 1, n)),
        r_driver=_resistances("r_driver", r_driver, (m,)),
        r_sense=_resistances("r_sense", r_sense, (n,)),
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        shorted=np.zeros(shape, bool) if shorted is None else shorted,
    )


def _ends(argument: str, choice: str | Sequence[str], count: int, names: tuple[str, str]) -> tuple[Flags, Flags]:
    """Which lines are connected at their first and at their last end."""
    known = (*names, "both", "floating")
    required = " or ".join((", ".join(f'"{name}"' for name in known[:-1]), f'"{known[-1]}"'))
    try:
        choices = [choice] * count if isinstance(choice, str) else list(choice)
    except TypeError:
        raise InputError(argument, f"{required}, or a list of them, one a line", choice) from None
    if len(choices) != count:
        raise InputError(argument, f"{required}, or a list of {count} of them, one a line", f"{len(choices)} of them")
    for name in choices:
        if not isinstance(name, str) or name not in known:
            raise InputError(argument, required, name)
    given = np.array(choices, dtype=object)
    both = given == "both"
    return (given == names[0]) | both, (given == names[1]) | both


def without_infinity(values: Any) -> tuple[Any, Flags]:
    """Values with 1 in the place of ``inf``, and where that was; what is no array of floats is left to the checks."""
    try:
        infinite = np.isposinf(np.asarray(values)) if np.asarray(values).dtype.kind == "f" else np.zeros((), bool)
    except ValueError:  # rows of different lengths
        return values, np.zeros((), bool)
    if np.ma.is_masked(values) or not infinite.any():
        return values, infinite
    return np.where(infinite, 1.0, values), infinite


def _resistances(argument: str, values: Any, shape: tuple[int, ...]) -> Array:
    """Resistances as an array of `shape`; ``inf`` is a broken wire."""
    finite, broken = without_infinity(values)
    segments = non_negative_array(argument, finite, "ohm")
    wires = segments[segments > 0]
    if wires.size and not 1.0 / LARGEST <= wires.min() <= wires.max() <= LARGEST:
        offending = wires.min() if wires.min() < 1.0 / LARGEST else wires.max()
        raise InputError(argument, f"0, from {1 / LARGEST:g} to {LARGEST:g} ohm, or inf", float(offending))
    if broken.any():
        segments = np.where(broken, np.inf, segments)
    try:
        return np.broadcast_to(segments, shape)
    except ValueError:
        raise InputError(
            argument, f"a number or of a shape that broadcasts to {shape}", f"shape {segments.shape}"
        ) from None
