"""A crossbar as a circuit (figure 6.2 of da Cunha 2023), made from the topology that its solver reads too."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.bank import DEFAULT_READ_VOLTAGE
from rescircuit.checks import finite_array
from rescircuit.crossbar import Crossbar
from rescircuit.errors import InputError
from rescircuit.spice.circuit import Circuit, Element, Resistor, VoltageSource, driven
from rescircuit.spice.names import GROUND

__all__ = ["crossbar_circuit", "sense_name"]


def crossbar_circuit(crossbar: Crossbar, *, voltages: Any = None, comment: str = "") -> Circuit:
    """The circuit of a crossbar with its wires.

    Nodes are ``drive_i`` and ``word_i_j`` along word line i, ``bit_i_j`` and ``sense_j`` along bit line j;
    resistors ``r_word_i_j``, ``r_bit_i_j`` and ``r_cell_i_j``. The sources ``v_sense_j`` hold the ends of the
    bit lines at 0 V: their currents are those into the virtual ground. Segments without resistance join nodes
    into one, and cells that conduct nothing are left out.

    Parameters
    ----------
    crossbar : Crossbar
        m word lines and n bit lines.
    voltages : array (m,) or (K, m), optional
        At the driven ends of the word lines, volt, a row for each sample; by default 0.1 V on all of them.
    comment : str
        Free text for the head of a deck.

    Raises
    ------
    InputError
        For voltages of another shape.
    """
    rows, _ = crossbar.shape
    inputs = finite_array("voltages", np.full(rows, DEFAULT_READ_VOLTAGE) if voltages is None else voltages, "V")
    if inputs.ndim not in (1, 2) or inputs.shape[-1] != rows:
        raise InputError("voltages", f"of shape ({rows},) or (K, {rows}), one a word line", f"shape {inputs.shape}")
    topology = crossbar.topology
    drivers = [topology.node_name(int(node)) for node in topology.drivers]
    senses = [topology.node_name(int(node)) for node in topology.senses]
    samples = np.atleast_2d(inputs)
    elements: list[Element] = [driven(node, samples[:, i]) for i, node in enumerate(drivers)]
    for branches in (*topology.wires, topology.cell_branches(crossbar.conductances)):
        columns = (branches.tail, branches.head, branches.resistance, branches.row, branches.column)
        for tail, head, resistance, row, column in zip(*(c.tolist() for c in columns), strict=True):
            elements.append(
                Resistor(
                    name=_name(branches.kind, row, column, crossbar.shape),
                    plus=topology.node_name(tail),
                    minus=topology.node_name(head),
                    resistance=resistance,
                )
            )
    for j, node in enumerate(senses):
        elements.append(VoltageSource(name=sense_name(j), plus=node, minus=GROUND, voltage=0.0))
    # Lines end openly on the sides that are not connected, and wherever cells conduct nothing.
    open_ends = frozenset(node for element in elements for node in element.nodes)
    return Circuit(elements=tuple(elements), comment=comment, open_ends=open_ends)


def _name(kind: str, row: int, column: int, shape: tuple[int, int]) -> str:
    """Of a resistor: wires have the number of the cell that they lead to (word line) or away from (bit line)."""
    if kind == "word" and column == shape[1]:
        return f"r_right_{row}"
    if kind == "bit":
        return f"r_bit_{row - 1}_{column}" if row else f"r_top_{column}"
    return f"r_{kind}_{row}_{column}"


def sense_name(column: int) -> str:
    """Name of the source whose current is the output current of bit line `column`."""
    return f"v_sense_{column}"
