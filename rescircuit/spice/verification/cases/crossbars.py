"""Crossbars: the currents of all their sources, and the voltages at both ends of all their cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.crossbar import BankCells, Crossbar, LinearCells, NonlinearCrossbar, SelectedCells
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.engines.results import SpiceResult
from rescircuit.spice.makers.crossbar import crossbar_circuit, crossbar_inputs
from rescircuit.spice.verification.agreement import LIMITS, Limit
from rescircuit.spice.verification.cases.banks import kind_of_bank
from rescircuit.spice.verification.cases.case import Asked, Case
from rescircuit.spice.verification.comparison import Reference

__all__ = ["crossbar_case", "inputs_asked", "kind_of_crossbar"]

_CURRENTS, _INPUTS = "output_currents", "input_currents"
_WORD_LINES, _BIT_LINES = "word_line_voltages", "bit_line_voltages"
_QUANTITIES = (_CURRENTS, _INPUTS, _WORD_LINES, _BIT_LINES)
_SAMPLES, _SEED, _LARGEST = 4, 1, 0.2  # the last in volt

_Array = Crossbar | NonlinearCrossbar


def crossbar_case(crossbar: _Array, asked: Asked, *, notes: Mapping[str, str] | None = None) -> Case:
    """An array; `notes` as in :func:`rescircuit.spice.crossbar_circuit`."""
    reasons = {
        "temperature": "Take cells whose banks are at that temperature: bank.at(temperature=...).",
        "mask": "Its cells are given.",
        "setting": "Its cells are given.",
    }
    asked.only(crossbar, "voltages", "bit_line_voltages", **reasons)
    inputs = inputs_asked(crossbar, asked)
    circuit = crossbar_circuit(
        crossbar, voltages=inputs[0], bit_line_voltages=inputs[1], comment=asked.comment, notes=notes
    )
    limit = LIMITS[kind_of_crossbar(crossbar)]

    def ours(_: SpiceResult) -> dict[str, Array]:
        solution = crossbar.solve(*inputs)
        return {name: getattr(solution, name) for name in _QUANTITIES}

    def theirs(result: SpiceResult) -> dict[str, Reference]:
        return _read(crossbar, circuit, result, limit)

    return Case(circuit=circuit, ours=ours, theirs=theirs)


def inputs_asked(crossbar: _Array, asked: Asked) -> tuple[Array, Array]:
    """The voltages of word lines, (K, m), and bit lines, (K, n), each K perhaps 1; random ones where none are given."""
    words = asked.voltages
    if words is None and asked.verifying:
        words = _random_voltages(crossbar, asked.bit_line_voltages)
    return crossbar_inputs(crossbar, words, asked.bit_line_voltages)


def kind_of_crossbar(crossbar: _Array) -> str:
    """Which of the limits holds."""
    if isinstance(crossbar, Crossbar):
        return "linear"
    cells = crossbar.cells.cells if isinstance(crossbar.cells, SelectedCells) else crossbar.cells
    if isinstance(cells, BankCells):
        kind = kind_of_bank(cells.bank)
        return "sinh" if kind == "linear" and isinstance(crossbar.cells, SelectedCells) else kind
    return "linear" if crossbar.cells is cells and isinstance(cells, LinearCells) else "sinh"


def _random_voltages(crossbar: _Array, bit_line_voltages: Any) -> Array:
    """As many vectors as there are of the bit lines' voltages, or some; behind transistors none is negative."""
    _, bits = crossbar_inputs(crossbar, None, bit_line_voltages)
    count = _SAMPLES if len(bits) == 1 else len(bits)
    samples = _LARGEST * np.random.default_rng(_SEED).uniform(-1.0, 1.0, (count, crossbar.shape[0]))
    return np.abs(samples) if kind_of_crossbar(crossbar) in ("mos", "tabulated") else samples


def _read(crossbar: _Array, circuit: Circuit, result: SpiceResult, limit: Limit) -> dict[str, Reference]:
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
    source_at = {source.plus: source.name for source in circuit.sources}

    def source(nodes: NDArray[np.intp]) -> Callable[[tuple[int, ...]], str]:
        return lambda place: source_at.get(topology.node_name(int(nodes[place[1:]])), "no source")

    def node(nodes: NDArray[np.intp]) -> Callable[[tuple[int, ...]], str]:
        return lambda place: topology.node_name(int(nodes[place[1:]]))

    return {
        _CURRENTS: Reference(
            values=read(into, topology.senses),
            unit="A",
            axes=("bit line",),
            element=source(topology.senses),
            floor=limit.floor_of_currents(through.sum(axis=1) + bit_lines.rounded + stray),
            limit=limit,
            compared=topology.sensed,
        ),
        _INPUTS: Reference(
            values=-read(into, topology.drivers),
            unit="A",
            axes=("word line",),
            element=source(topology.drivers),
            floor=limit.floor_of_currents(through.sum(axis=2) + word_lines.rounded + stray),
            limit=limit,
            compared=topology.driven,
        ),
        _WORD_LINES: Reference(
            values=words,
            unit="V",
            axes=("word line", "bit line"),
            element=node(topology.word_nodes),
            floor=limit.floor_of_voltages(np.maximum(largest, word_lines.stray_voltages(stray)))[:, :, np.newaxis],
            limit=limit,
        ),
        _BIT_LINES: Reference(
            values=bits,
            unit="V",
            axes=("word line", "bit line"),
            element=node(topology.bit_nodes),
            floor=limit.floor_of_voltages(np.maximum(largest, bit_lines.stray_voltages(stray)))[:, np.newaxis, :],
            limit=limit,
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

    def stray_voltages(self, currents: Array) -> Array:
        """What such currents, (k, 1), those of all loose lines, make of a loose line's voltage, (k, m)."""
        return np.where(self.loose, currents / self.conducted, 0.0)
