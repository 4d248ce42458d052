"""What ngspice found of a crossbar, in the shapes of our own solution, and how well it can know each number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.crossbar import Crossbar, NonlinearCrossbar
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.engines.ngspice import SpiceResult
from rescircuit.spice.verification.agreement import Limit
from rescircuit.spice.verification.comparison import Reference

__all__ = ["QUANTITIES", "read_crossbar"]

_CURRENTS, _INPUTS = "output_currents", "input_currents"
_WORD_LINES, _BIT_LINES = "word_line_voltages", "bit_line_voltages"
QUANTITIES = (_CURRENTS, _INPUTS, _WORD_LINES, _BIT_LINES)

_Array = Crossbar | NonlinearCrossbar


def read_crossbar(crossbar: _Array, circuit: Circuit, result: SpiceResult, limit: Limit) -> dict[str, Reference]:
    """The solution of ngspice in the shapes of our own, with the floors of its quantities.

    What ngspice rounds is a node's voltage times its largest conductance, a wire's. That is one of the terms of the
    current at the line's own ends. In a line that has lost its source it flows on through the cells, and so is a term
    of every current, and of a voltage when divided by the cells' conductance.
    """
    topology = crossbar.topology
    into = {source.plus: result.source_currents[source.name] for source in circuit.sources}
    nothing = np.zeros_like(next(iter(into.values())))  # the current of a floating line, and the voltage of its end

    def read(found: Mapping[str, Array], nodes: NDArray[np.intp]) -> Array:
        columns = [found.get(topology.node_name(node), nothing) for node in nodes.ravel().tolist()]
        return np.stack(columns, axis=-1).reshape(-1, *nodes.shape)

    at = result.node_voltages
    words, bits = read(at, topology.word_nodes), read(at, topology.bit_nodes)
    drivers, senses = read(at, topology.drivers), read(at, topology.senses)
    through, drops = np.abs(_cell_currents(crossbar, words, bits)), np.abs(words - bits)
    conducted = np.divide(through, drops, out=np.full_like(drops, np.inf), where=(drops > 0) & (through > 0))
    word_lines = _Lines(topology.word_segments, topology.driven, drivers, words, conducted.min(axis=2))
    bit_lines = _Lines(topology.bit_segments.T, topology.sensed, senses, np.swapaxes(bits, 1, 2), conducted.min(axis=1))
    largest = max(np.abs(drivers).max(), np.abs(senses).max())
    stray = np.maximum(word_lines.stray, bit_lines.stray)[:, np.newaxis]
    return {
        _CURRENTS: Reference(
            values=read(into, topology.senses),
            floor=limit.floor_of_currents(through.sum(axis=1) + bit_lines.rounded + stray),
            compared=topology.sensed,
        ),
        _INPUTS: Reference(
            values=-read(into, topology.drivers),
            floor=limit.floor_of_currents(through.sum(axis=2) + word_lines.rounded + stray),
            compared=topology.driven,
        ),
        _WORD_LINES: Reference(
            values=words,
            floor=limit.floor_of_voltages(np.maximum(largest, word_lines.stray_voltages))[:, :, np.newaxis],
        ),
        _BIT_LINES: Reference(
            values=bits,
            floor=limit.floor_of_voltages(np.maximum(largest, bit_lines.stray_voltages))[:, np.newaxis, :],
        ),
    }


def _cell_currents(crossbar: _Array, words: Array, bits: Array) -> Array:
    """What the cells take at the voltages of their lines, ampere, (k, m, n); 0 in a shorted one."""
    if isinstance(crossbar, NonlinearCrossbar):
        return crossbar.cells.currents(words, bits)[0]
    cells = crossbar.conductances
    return np.where(np.isinf(cells), 0.0, cells) * (words - bits)


@dataclass(frozen=True, eq=False)
class _Lines:
    """The word lines of an array, or its bit lines, as far as their wires limit what ngspice knows of them.

    Attributes
    ----------
    segments : array (m, n + 1)
        The wires, ohm.
    held : bool array (m,)
        Which lines have a source.
    ends : array (k, m)
        The sources' voltages, volt.
    nodes : array (k, m, n)
        Voltages along the lines, volt.
    conducted : array (k, m)
        The least conductance of a line's cells, siemens.
    """

    segments: Array
    held: NDArray[np.bool_]
    ends: Array
    nodes: Array
    conducted: Array

    @cached_property
    def rounded(self) -> Array:
        """The largest product of a line's voltage and a wire's conductance, ampere, (k, m)."""
        ends = self.ends[..., np.newaxis]
        along = np.abs(np.concatenate([ends, self.nodes, ends], axis=-1))
        wires = np.divide(1.0, self.segments, out=np.zeros_like(self.segments), where=self.segments > 0)
        return (np.maximum(along[..., :-1], along[..., 1:]) * wires).max(axis=-1)

    @cached_property
    def loose(self) -> NDArray[np.bool_]:
        """Which lines have parts without a source of their own, (m,)."""
        return ~self.held | np.isinf(self.segments[:, 1:-1]).any(axis=-1)

    @property
    def stray(self) -> Array:
        """The largest such product of all loose lines, ampere, (k,)."""
        return np.where(self.loose, self.rounded, 0.0).max(axis=-1)

    @property
    def stray_voltages(self) -> Array:
        """What such a current makes of a loose line's voltage, (k, m)."""
        return np.where(self.loose, self.rounded / self.conducted, 0.0)
