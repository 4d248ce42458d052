"""Cells of a crossbar as elements of a circuit, between the nodes of their word line and their bit line.

What is on a line is not said here: a crossbar's circuit puts its wires and sources around these elements.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rescircuit.crossbar.cells import BankCells, CellLaw, LinearCells, SelectedCells, SinhCells
from rescircuit.errors import InputError
from rescircuit.spice.circuits.analyses import NOMINAL_CELSIUS
from rescircuit.spice.circuits.behavioural import SinhConductor
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Instance, Resistor
from rescircuit.spice.circuits.models import Model
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import VoltageSource
from rescircuit.spice.circuits.subcircuits import Subcircuit
from rescircuit.spice.makers.bank_subcircuits import bank_subcircuit, code_of
from rescircuit.spice.makers.branches import branch_writer, gate_voltage

__all__ = ["GATE_ON", "cell_elements", "cell_models", "cell_temperature", "shared_elements"]

GATE_ON = "gate_on"


def cell_elements(cells: CellLaw, row: int, column: int, word_node: str, bit_node: str) -> Iterator[Element]:
    """The elements of one cell; none for a cell that conducts nothing.

    A linear cell is the resistor ``r_cell_i_j``, a sinh's the source ``b_cell_i_j``. A bank is the instance
    ``x_cell_i_j`` of its own subcircuit, see :func:`cell_models`. A selector is the source ``b_selector_i_j``, behind
    it the node ``selected_i_j``.

    Parameters
    ----------
    cells : LinearCells, BankCells, SinhCells or SelectedCells
        All of the array's.
    row, column : int
        Which of them.
    word_node, bit_node : str
        The nodes of its word line and its bit line.

    Raises
    ------
    InputError
        For other kinds of cells or of switches, and numbers that no deck can hold.
    """
    place, at = f"{row}_{column}", (row, column)
    name = f"cell_{place}"
    match cells:
        case LinearCells():
            conductance = float(cells.conductances[at])
            if conductance > 0:
                yield Resistor(name=f"r_{name}", plus=word_node, minus=bit_node, resistance=1.0 / conductance)
        case SinhCells():
            yield from _sinh_conductor(name, word_node, bit_node, cells.conductances[at], cells.v_scale[at])
        case BankCells():
            inside = _inside(cells, row, column)
            yield Instance(name=f"x_{name}", ports=(word_node, bit_node, *inside.ports[2:]), model=name)
        case SelectedCells():
            middle = f"selected_{place}"
            behind = list(cell_elements(cells.cells, row, column, middle, bit_node))
            if behind:
                v_selector = cells.v_selector[at]
                conductance = cells.i_selector[at] / v_selector
                yield from _sinh_conductor(f"selector_{place}", word_node, middle, conductance, v_selector)
            yield from behind
        case _:
            raise _unknown(cells)


def shared_elements(cells: CellLaw) -> tuple[Element, ...]:
    """What all cells share: the source that holds the gates of closed transistors, where there are any."""
    match cells:
        case LinearCells() | SinhCells():
            return ()
        case BankCells():
            v_gate = gate_voltage(cells.bank.switch)
            if v_gate is None or not _actual_mask(cells).any():
                return ()
            return (VoltageSource(name=f"v_{GATE_ON}", plus=GATE_ON, minus=GROUND, voltage=v_gate),)
        case SelectedCells():
            return shared_elements(cells.cells)
        case _:
            raise _unknown(cells)


def cell_models(cells: CellLaw) -> tuple[Model, ...]:
    """The models that the cells' elements name.

    Of banks these are those of their switches, and for each cell the subcircuit ``cell_i_j`` with the ports ``word``
    and ``bit`` and, where a transistor is closed, ``gate_on``; the gates of open ones are on ground.
    """
    match cells:
        case LinearCells() | SinhCells():
            return ()
        case BankCells():
            inside = (_inside(cells, i, j) for i, j in np.ndindex(*cells.shape))
            return (*branch_writer(cells.bank).models, *inside)
        case SelectedCells():
            return cell_models(cells.cells)
        case _:
            raise _unknown(cells)


def _inside(cells: BankCells, row: int, column: int) -> Subcircuit:
    """The bank of one cell."""
    closed = _actual_mask(cells)[row, column]
    return bank_subcircuit(
        cells.bank,
        (row, column),
        closed,
        name=f"cell_{row}_{column}",
        ends=("word", "bit"),
        gates=np.where(closed, GATE_ON, GROUND).tolist(),
        comment=f"word line {row}, bit line {column}: code {code_of(closed)}",
    )


@lru_cache(maxsize=2)
def _actual_mask(cells: BankCells) -> NDArray[np.bool_]:
    """Which switches of all cells are closed, (m, n, k): stuck and blown ones whatever is asked for."""
    return cells.bank.actual_mask(cells.mask)


def cell_temperature(cells: CellLaw) -> float:
    """At which the cells are, °C: that of their banks, whose resistances are given as they are there."""
    match cells:
        case LinearCells() | SinhCells():
            return NOMINAL_CELSIUS
        case BankCells():
            return cells.bank.temperature
        case SelectedCells():
            return cell_temperature(cells.cells)
        case _:
            raise _unknown(cells)


def _sinh_conductor(name: str, plus: str, minus: str, conductance: float, v_scale: float) -> Iterator[Element]:
    """``b_name``, but for a conductor that takes no current."""
    if conductance > 0:
        sizes = {"conductance": float(conductance), "v_scale": float(v_scale)}
        yield SinhConductor(name=f"b_{name}", plus=plus, minus=minus, **sizes)


def _unknown(cells: CellLaw) -> InputError:
    return InputError("cells", "LinearCells, BankCells, SinhCells or SelectedCells", cells)
