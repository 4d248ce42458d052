"""Reading one cell of an array: what the other lines are held at, and the currents that sneak past the cell.

Schemes as in Chen (2013, IEEE Transactions on Electron Devices 60(4)) and Linn, Rosezin, Tappertzhofen, Böttger and
Waser (2012, Nanotechnology 23, 305205).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse.csgraph import connected_components

from rescircuit.bank import DEFAULT_READ_VOLTAGE
from rescircuit.checks import Array, non_negative_number, positive_number, whole_number
from rescircuit.crossbar.array import Crossbar
from rescircuit.crossbar.readings import power
from rescircuit.crossbar.solution import CURRENT_LIMIT
from rescircuit.crossbar.topology import LARGEST, Flags, Nodes
from rescircuit.errors import InputError, SolutionError

__all__ = ["SCHEMES", "CellReading", "ReadMargin", "ReadVoltages", "read_cell", "read_margin", "read_voltages"]

# What unselected word lines and bit lines are held at, as shares of the read voltage; None where they float.
SCHEMES: dict[str, tuple[float, float] | None] = {
    "ground": (0.0, 0.0),
    "v/2": (1 / 2, 1 / 2),
    "v/3": (1 / 3, 2 / 3),
    "floating": None,
}
_CELLS_AT_ONCE = 32
_ELIMINATED = 1e-13  # the relative accuracy of an elimination
_LEAST_SHARE = _ELIMINATED / CURRENT_LIMIT
_MAKE_ANEW = "Its wires conduct far worse than the cell; make the array anew with the cell in its other state."


class ReadVoltages(NamedTuple):
    """What the lines are held at while one cell is read.

    Attributes
    ----------
    words, bits : array (m,), (n,)
        Volt; 0 at lines that float, where it has no meaning.
    floating_words, floating_bits : bool array (m,), (n,)
        The lines that are connected to nothing but the array.
    """

    words: Array
    bits: Array
    floating_words: Flags
    floating_bits: Flags


def read_voltages(shape: tuple[int, int], row: int, column: int, v_read: float, scheme: str) -> ReadVoltages:
    """The lines' voltages when a cell is read: its word line at `v_read`, its bit line at 0 V.

    Parameters
    ----------
    shape : (int, int)
        Word lines m and bit lines n.
    row, column : int
        The cell.
    v_read : float
        Volt, above zero.
    scheme : str
        What unselected lines are at: ``"ground"``, 0 V; ``"v/2"``, half of `v_read`; ``"v/3"``, word lines at a
        third of `v_read` and bit lines at two thirds; ``"floating"``, nothing.

    Raises
    ------
    InputError
        For a cell outside the array, a voltage that is not above zero and a scheme that is unknown.

    Examples
    --------
    >>> from rescircuit.crossbar.schemes import read_voltages
    >>> read_voltages((2, 2), 0, 1, 0.3, "v/3")[:2]
    (array([0.3, 0.1]), array([0.2, 0. ]))
    """
    m, n = (whole_number("shape", lines, 1) for lines in shape)
    row, column = whole_number("row", row, 0, m - 1), whole_number("column", column, 0, n - 1)
    volts = positive_number("v_read", v_read, "V")
    others = _checked_scheme(scheme)
    selected_word, selected_bit = np.arange(m) == row, np.arange(n) == column
    at_words, at_bits = others or (0.0, 0.0)
    return ReadVoltages(
        words=np.where(selected_word, volts, at_words * volts),
        bits=np.where(selected_bit, 0.0, at_bits * volts),
        floating_words=~selected_word & (others is None),
        floating_bits=~selected_bit & (others is None),
    )


@dataclass(frozen=True, kw_only=True)
class CellReading:
    """What is sensed when one cell is read.

    Attributes
    ----------
    current : float
        Into the virtual ground of the cell's bit line, ampere.
    cell_current : float
        Through the cell itself, ampere.
    ideal : float
        Through the cell if the whole read voltage stood across it, ampere.
    power : float
        That all sources together supply, watt.
    """

    current: float
    cell_current: float
    ideal: float
    power: float

    @property
    def sneak(self) -> float:
        """What is sensed without having passed the cell, ampere."""
        return self.current - self.cell_current


def read_cell(
    crossbar: Crossbar, row: int, column: int, *, v_read: float = DEFAULT_READ_VOLTAGE, scheme: str = "ground"
) -> CellReading:
    """Read one cell, with all wires and all other cells.

    A floating line is cut off from its source; one that is driven or sensed at both its ends stays joined there.

    Parameters
    ----------
    crossbar : Crossbar
        m word lines and n bit lines; its choice of the ends that are driven and sensed stays.
    row, column, v_read, scheme
        See :func:`read_voltages`.

    Raises
    ------
    InputError
        As :func:`read_voltages`, and for a cell on a line that is not driven or sensed, or that is shorted.
    SolutionError
        As :meth:`rescircuit.Crossbar.solve`.

    Examples
    --------
    Three cells in series carry current around the one that is read:

    >>> import rescircuit as rc
    >>> from rescircuit.crossbar.schemes import read_cell
    >>> reading = read_cell(rc.Crossbar([[1e-6, 3e-5], [3e-5, 3e-5]]), 0, 0, scheme="floating")
    >>> round(reading.cell_current, 12), round(reading.sneak, 12)
    (1e-07, 1e-06)
    """
    _check_cell(crossbar, row, column)
    ends = _end_voltages(crossbar.shape, crossbar.terminal_admittance(), row, column, v_read, scheme)
    solution = crossbar.solve(ends[: crossbar.shape[0]], ends[crossbar.shape[0] :])
    return CellReading(
        current=float(solution.output_currents[column]),
        cell_current=float(solution.device_currents[row, column]),
        ideal=float(crossbar.conductances[row, column] * v_read),
        power=float(power(solution).supplied),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadMargin:
    """How well two states of each of k cells are told apart.

    Attributes
    ----------
    cells : int array (k, 2)
        Row and column.
    on, off : array (k,)
        The currents sensed with the cell in either state, ampere.
    """

    cells: Nodes
    on: Array
    off: Array

    @property
    def margins(self) -> Array:
        """``(I_on - I_off) / I_on``, (k,): 1 when nothing sneaks past a cell that is off; NaN where nothing flows."""
        return np.divide(self.on - self.off, self.on, out=np.full_like(self.on, np.nan), where=self.on != 0)

    @property
    def worst(self) -> float:
        """The smallest margin."""
        return float(np.fmin.reduce(self.margins))

    @property
    def worst_cell(self) -> tuple[int, int]:
        """Row and column of the cell with the smallest margin."""
        row, column = self.cells[int(np.fmin(self.margins, np.inf).argmin())]
        return int(row), int(column)


def read_margin(
    crossbar: Crossbar,
    *,
    g_on: float,
    g_off: float,
    scheme: str = "ground",
    v_read: float = DEFAULT_READ_VOLTAGE,
    cells: Sequence[tuple[int, int]] | None = None,
) -> ReadMargin:
    """Read cells in both of their states, all others as they are.

    The array is eliminated once. Another conductance of one cell then changes the admittance between its ends by a
    matrix of rank one (Sherman and Morrison 1950, Annals of Mathematical Statistics 21): with ``t`` what arrives at
    the ends when 1 A is let into the cell's word line and out of its bit line, and ``z`` the voltage this makes across
    the cell, ``Y`` becomes ``Y + t tᵀ δ / (1 + δ z)``.

    Parameters
    ----------
    crossbar : Crossbar
        m word lines and n bit lines.
    g_on, g_off : float
        The two states of a cell, siemens.
    scheme, v_read
        See :func:`read_voltages`, and :func:`read_cell` for lines that float.
    cells : sequence of (int, int), optional
        Rows and columns; by default the four corners and the centre.

    Raises
    ------
    InputError
        As :func:`read_cell`, and if `g_on` is not above `g_off`.
    SolutionError
        If a cell conducts so much better than its wires that too few digits of its other state's currents are left.

    Examples
    --------
    The worst case of an array, all other cells on:

    >>> import numpy as np, rescircuit as rc
    >>> from rescircuit.crossbar.schemes import read_margin
    >>> crossbar = rc.Crossbar(np.full((8, 8), 1e-4), r_word_line=2.0, r_bit_line=2.0)
    >>> [round(read_margin(crossbar, g_on=1e-4, g_off=1e-6, scheme=s).worst, 3) for s in ("ground", "floating")]
    [0.99, 0.23]
    """
    on, off = positive_number("g_on", g_on, "S"), non_negative_number("g_off", g_off, "S")
    if not off < on <= LARGEST:
        raise InputError("g_on", f"above g_off ({off:g} S) and at most {LARGEST:g} S", on)
    chosen = _corners_and_centre(crossbar.shape) if cells is None else _checked_cells(cells)
    for row, column in chosen:
        _check_cell(crossbar, row, column)
    admittance = crossbar.terminal_admittance()
    currents = np.empty((len(chosen), 2))
    for k, ((row, column), own) in enumerate(zip(chosen, _cells_seen(crossbar, chosen), strict=True)):
        for state, conductance in enumerate((on, off)):
            changed = own.changed(admittance, conductance - crossbar.conductances[row, column])
            ends = _end_voltages(crossbar.shape, changed, row, column, v_read, scheme)
            currents[k, state] = -changed[crossbar.shape[0] + column] @ ends
    return ReadMargin(cells=np.array(chosen, dtype=np.intp), on=currents[:, 0], off=currents[:, 1])


@dataclass(frozen=True, kw_only=True, eq=False)
class _CellSeen:
    """What 1 A, let into a cell's word line and out of its bit line, does while all ends are at 0 V.

    Attributes
    ----------
    arrived : array (m + n,)
        What arrives at the ends, ampere.
    across : float
        The voltage of the cell, volt.
    alone : float
        The share of that current which would leave the cell by its wires.
    """

    arrived: Array
    across: float
    alone: float

    def changed(self, admittance: Array, change: float) -> Array:
        """The admittance between the ends, (m + n, m + n), once the cell conducts so much more, siemens."""
        if change == 0 or not self.arrived.any():  # nothing leaves the cell's own surroundings
            return admittance
        share = 1.0 + change * self.across
        if not (share > _LEAST_SHARE and self.alone > _LEAST_SHARE):
            error = _ELIMINATED / max(min(share, self.alone), _ELIMINATED)
            raise SolutionError("The change of a cell", error, CURRENT_LIMIT, _MAKE_ANEW)
        return admittance + np.outer(self.arrived, self.arrived) * (change / share)


def _cells_seen(crossbar: Crossbar, cells: Sequence[tuple[int, int]]) -> Iterator[_CellSeen]:
    """Each cell as its array sees it; some are solved for at a time."""
    for start in range(0, len(cells), _CELLS_AT_ONCE):
        rows, columns = np.array(cells[start : start + _CELLS_AT_ONCE], dtype=np.intp).T
        count = np.arange(rows.size)
        words = np.zeros((rows.size, *crossbar.shape))
        words[count, rows, columns] = 1.0
        arrived = np.concatenate(crossbar.system.arriving(words, -words), axis=1)
        v_words, v_bits = crossbar.system.corrections(words, -words)
        across = (v_words - v_bits)[count, rows, columns]
        alone = 1.0 - crossbar.conductances[rows, columns] * across
        for own, volts, share in zip(arrived, across, alone, strict=True):
            yield _CellSeen(arrived=own, across=float(volts), alone=float(share))


def _end_voltages(
    shape: tuple[int, int], admittance: Array, row: int, column: int, v_read: float, scheme: str
) -> Array:
    """Voltages of all lines' ends, (m + n,), those of floating lines such that no current flows into them.

    Floating lines without a connection to the cell's own two stay at 0 V.
    """
    lines = read_voltages(shape, row, column, v_read, scheme)
    ends = np.concatenate([lines.words, lines.bits])
    floating = np.concatenate([lines.floating_words, lines.floating_bits])
    if floating.any():
        _, part = connected_components(admittance != 0, directed=False)
        floating &= np.isin(part, part[~floating])
    if floating.any():
        free, arriving = np.ix_(floating, floating), -admittance[np.ix_(floating, ~floating)] @ ends[~floating]
        ends[floating] = cho_solve(cho_factor(admittance[free]), arriving)
    return ends


def _corners_and_centre(shape: tuple[int, int]) -> list[tuple[int, int]]:
    """Each of them once, by rows."""
    m, n = shape
    corners = {(row, column) for row in (0, m - 1) for column in (0, n - 1)}
    return sorted(corners | {(m // 2, n // 2)})


def _checked_cells(cells: Any) -> list[tuple[int, int]]:
    """Cells as pairs, at least one."""
    try:
        chosen = [(row, column) for row, column in cells]
    except (TypeError, ValueError):
        raise InputError("cells", "pairs of a row and a column", cells) from None
    if not chosen:
        raise InputError("cells", "at least one row and column", cells)
    return chosen


def _check_cell(crossbar: Crossbar, row: int, column: int) -> None:
    """Refuse a cell that can't be read."""
    m, n = crossbar.shape
    row, column = whole_number("row", row, 0, m - 1), whole_number("column", column, 0, n - 1)
    if not crossbar.topology.driven[row]:
        raise InputError("row", "a word line that is driven", row)
    if not crossbar.topology.sensed[column]:
        raise InputError("column", "a bit line that is sensed", column)
    if np.isinf(crossbar.conductances[row, column]):
        raise InputError("the cell", "one that is not shorted", f"row {row}, column {column}")


def _checked_scheme(scheme: Any) -> tuple[float, float] | None:
    if not isinstance(scheme, str) or scheme not in SCHEMES:
        raise InputError("scheme", f"one of {', '.join(map(repr, SCHEMES))}", scheme)
    return SCHEMES[scheme]
