"""A crossbar as a circuit (figure 6.2 of da Cunha 2023), made from the topology that its solver reads too."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank import DEFAULT_READ_VOLTAGE
from rescircuit.checks import Array
from rescircuit.crossbar import Branches, Crossbar, NonlinearCrossbar, Topology
from rescircuit.crossbar.topology import Flags
from rescircuit.errors import InputError
from rescircuit.spice.circuits.analyses import NOMINAL_CELSIUS
from rescircuit.spice.circuits.census import LazyElements
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Resistor
from rescircuit.spice.circuits.models import Model
from rescircuit.spice.circuits.sources import driven
from rescircuit.spice.makers.cells import cell_elements, cell_models, cell_temperature, shared_elements

__all__ = ["crossbar_circuit", "crossbar_inputs"]

_MOST_CELLS_HELD = 10_000  # beyond it elements are made anew each time they are gone through


def crossbar_circuit(
    crossbar: Crossbar | NonlinearCrossbar,
    *,
    voltages: Any = None,
    bit_line_voltages: Any = None,
    comment: str = "",
    notes: Mapping[str, str] | None = None,
) -> Circuit:
    """The circuit of a crossbar with its wires.

    Nodes are ``drive_i`` and ``word_i_j`` along word line i, ``bit_i_j`` and ``sense_j`` along bit line j;
    resistors ``r_word_i_j``, ``r_bit_i_j`` and ``r_cell_i_j``, and at the ends that are not there by default
    ``r_right_i`` and ``r_top_j``. The resistors at the lines' ends include those of drivers and senses. Cells of other
    kinds are what :func:`rescircuit.spice.makers.cells.cell_elements` makes of them.

    The sources ``v_drive_i`` and ``v_sense_j``, or ``b_drive_i`` and ``b_sense_j`` if they change from sample to
    sample, hold the lines' ends; both ends of a line driven at both are one node. The current of a source at a bit
    line is that into the virtual ground. A floating line has no source.

    Segments without resistance and shorted cells join nodes into one; what has both ends on one node is left out, and
    so are broken wires and cells that conduct nothing.

    Parameters
    ----------
    crossbar : Crossbar or NonlinearCrossbar
        m word lines and n bit lines.
    voltages : array (m,) or (K, m), optional
        At the driven ends of the word lines, volt, a row for each sample; by default 0.1 V on all of them. What stands
        there for floating lines is not used.
    bit_line_voltages : float or array (n,) or (K, n), optional
        At the sensed ends of the bit lines, volt; by default 0 V. Row k belongs to row k of `voltages`; where one of
        the two has a single row it belongs to all of the other's.
    comment : str
        Free text for the head of a deck.
    notes : mapping of str to str, optional
        Free text for the lines before elements, by their names.

    Raises
    ------
    InputError
        For voltages of another shape, or cells that have no circuit.
    """
    words, bits = crossbar_inputs(crossbar, voltages, bit_line_voltages)
    topology = crossbar.topology

    def make() -> Iterator[Element]:
        yield from _held(topology, topology.drivers, topology.driven, words)
        for branches in topology.wires:
            yield from _resistors(topology, branches)
        yield from _cells(crossbar)
        yield from _held(topology, topology.senses, topology.sensed, bits)

    large = math.prod(crossbar.shape) > _MOST_CELLS_HELD
    return Circuit(
        elements=LazyElements(make) if large else tuple(make()),
        models=_models(crossbar),
        temperature_celsius=_temperature(crossbar),
        comment=_with_ends(topology, comment),
        notes={} if notes is None else notes,
        open_ends=_open_ends(crossbar),
    )


def _open_ends(crossbar: Crossbar | NonlinearCrossbar) -> frozenset[str]:
    """Nodes that wires alone leave on a single element, or on none, and which their cell, if it conducts, may share."""
    topology = crossbar.topology
    met = np.zeros(len(topology.representative), dtype=np.intp)
    branches = list(topology.wires)
    if isinstance(crossbar, Crossbar):
        branches.append(topology.cell_branches(crossbar.conductances))
    for each in branches:
        apart = each.tail != each.head  # the others are left out
        np.add.at(met, np.concatenate([each.tail[apart], each.head[apart]]), 1)
    return frozenset(topology.node_name(node) for node in np.flatnonzero(met <= 1).tolist())


def crossbar_inputs(
    crossbar: Crossbar | NonlinearCrossbar, voltages: Any = None, bit_line_voltages: Any = None
) -> tuple[Array, Array]:
    """What :func:`crossbar_circuit` takes as voltages of word lines, (K, m), and bit lines, (K, n); each K may be 1.

    Raises
    ------
    InputError
        For voltages of another shape.
    """
    rows, columns = crossbar.shape
    words = np.full(rows, DEFAULT_READ_VOLTAGE) if voltages is None else voltages
    bits = 0.0 if bit_line_voltages is None else bit_line_voltages
    crossbar.checked_ends(words, bits)
    words, bits = np.asarray(words, np.float64), np.asarray(bits, np.float64)
    for argument, inputs, count in (("voltages", words, rows), ("bit_line_voltages", bits, columns)):
        if inputs.ndim > 2:
            raise InputError(argument, f"of shape ({count},) or (K, {count})", f"shape {inputs.shape}")
    return np.atleast_2d(words), np.atleast_2d(bits if bits.ndim else np.full(columns, bits))


def _held(topology: Topology, nodes: NDArray[np.intp], present: Flags, samples: Array) -> Iterator[Element]:
    """The sources of the lines that have one, with a column of the samples each."""
    for line in np.flatnonzero(present).tolist():
        yield driven(topology.node_name(int(nodes[line])), samples[:, line])


def _cells(crossbar: Crossbar | NonlinearCrossbar) -> Iterator[Element]:
    topology = crossbar.topology
    if isinstance(crossbar, Crossbar):
        yield from _resistors(topology, topology.cell_branches(crossbar.conductances))
        return
    yield from shared_elements(crossbar.cells)
    words, bits = topology.word_nodes, topology.bit_nodes
    for i, j in np.ndindex(*crossbar.shape):
        ends = (topology.node_name(int(nodes[i, j])) for nodes in (words, bits))
        yield from cell_elements(crossbar.cells, i, j, *ends)


def _models(crossbar: Crossbar | NonlinearCrossbar) -> tuple[Model, ...]:
    return () if isinstance(crossbar, Crossbar) else cell_models(crossbar.cells)


def _temperature(crossbar: Crossbar | NonlinearCrossbar) -> float:
    return NOMINAL_CELSIUS if isinstance(crossbar, Crossbar) else cell_temperature(crossbar.cells)


def _resistors(topology: Topology, branches: Branches) -> Iterator[Resistor]:
    columns = (branches.tail, branches.head, branches.resistance, branches.row, branches.column)
    kind, shape, node_name = branches.kind, topology.shape, topology.node_name
    for tail, head, resistance, row, column in zip(*(c.tolist() for c in columns), strict=True):
        if tail != head:  # around it a path without resistance carries all of the current
            name = _name(kind, row, column, shape)
            yield Resistor(name=name, plus=node_name(tail), minus=node_name(head), resistance=resistance)


def _name(kind: str, row: int, column: int, shape: tuple[int, int]) -> str:
    """Of a resistor: wires have the number of the cell that they lead to (word line) or away from (bit line)."""
    if kind == "word" and column == shape[1]:
        return f"r_right_{row}"
    if kind == "bit":
        return f"r_bit_{row - 1}_{column}" if row else f"r_top_{column}"
    return f"r_{kind}_{row}_{column}"


def _with_ends(topology: Topology, comment: str) -> str:
    """The comment, behind sentences on what stands in series with the lines' ends, if anything does."""
    about = []
    if topology.r_driver[topology.driven].any():
        about.append("The resistors at the driven ends of the word lines include r_driver.")
    if topology.r_sense[topology.sensed].any():
        about.append("The resistors at the sensed ends of the bit lines include r_sense.")
    return " ".join([*about, comment]) if about and isinstance(comment, str) else comment
