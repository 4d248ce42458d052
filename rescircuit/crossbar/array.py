"""The crossbar itself: conductances and wires in, currents and voltages out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from rescircuit.checks import Array, non_negative_array, whole_number
from rescircuit.crossbar.kept import kept
from rescircuit.crossbar.kirchhoff import updated
from rescircuit.crossbar.solution import CrossbarSolution, check_certificate, current_error
from rescircuit.crossbar.topology import LARGEST, wired, without_infinity
from rescircuit.crossbar.wired_array import WiredArray
from rescircuit.crossbar.wiring import DEFAULT_MEMORY, LinearSystem, check_memory, laplacian
from rescircuit.errors import InputError

__all__ = ["Crossbar", "checked_cells"]

_SOLUTIONS_AT_ONCE = 32
_GOOD_ENOUGH = 1e-13  # residual and relative error that no refinement is needed for
_MOST_UPDATED = 1 / 8  # of a side's cells: then compiling anew takes as long
_UPDATE_ERROR = 1e-10  # relative, of each element of an updated map


class Crossbar(WiredArray):
    """An m x n resistive crossbar with wires (figure 6.2 of da Cunha 2023).

    Word lines are driven by ideal voltage sources, behind `r_driver`; bit lines end in virtual grounds, behind
    `r_sense`.

    Parameters
    ----------
    conductances : array (m, n)
        ``conductances[i, j]`` joins word line i to bit line j, siemens; 0 is an open cell, ``inf`` a shorted one.
    r_word_line : float or array broadcastable to (m, n + 1)
        The wire segment before each cell on its word line, ohm, and after the last one; that at an end which is not
        driven is not part of the circuit. ``inf`` is a broken wire.
    r_bit_line : float or array broadcastable to (m + 1, n)
        The wire segment above the first cell of each bit line, and below each cell. Zero joins the nodes at both ends
        of a segment into one, exactly.
    r_driver : float or array broadcastable to (m,)
        Between each word line's source and each of its driven ends, ohm.
    r_sense : float or array broadcastable to (n,)
        Between each of a bit line's sensed ends and its virtual ground, ohm.
    drive : str or sequence of str
        Where word lines are driven: ``"left"``, ``"right"``, ``"both"`` or ``"floating"``; one for all, or m of them.
        A floating line is connected to nothing but its cells: its voltage is an outcome, and what is given for it is
        not used.
    sense : str or sequence of str
        Where bit lines are sensed: ``"bottom"``, ``"top"``, ``"both"`` or ``"floating"``.
    memory_limit : int
        Arrays that need more, bytes, are refused before the work starts.
    threads : int, optional
        How many may compute; by default as many as there are cores. Results do not depend on it beyond 1e-13.
    progress : callable, optional
        Called with the share of the work that is done.

    Raises
    ------
    InputError
        For conductances or resistances that are negative or NaN, empty arrays, shapes that don't match, a line without
        a path to any source or virtual ground, sources that zero resistances join, or an array that is too large.

    Examples
    --------
    >>> import rescircuit as rc
    >>> crossbar = rc.Crossbar([[1e-3, 2e-3], [3e-3, 4e-3]], r_word_line=10, r_bit_line=10)
    >>> crossbar.effective_conductances().round(6)
    array([[0.000928, 0.001771],
           [0.002707, 0.003412]])
    """

    def __init__(
        self,
        conductances: Any,
        r_word_line: Any = 0.0,
        r_bit_line: Any = 0.0,
        *,
        r_driver: Any = 0.0,
        r_sense: Any = 0.0,
        drive: str | Sequence[str] = "left",
        sense: str | Sequence[str] = "bottom",
        memory_limit: int = DEFAULT_MEMORY,
        threads: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        shape = getattr(conductances, "shape", ())
        if len(shape) == 2:  # before anything of this size is made
            check_memory(shape, memory_limit)
        cells = checked_cells(conductances)
        check_memory(cells.shape, memory_limit)
        self._conductances = cells
        self._memory_limit = memory_limit
        self._origin: Crossbar | None = None
        self._threads = None if threads is None else whole_number("threads", threads, 1)
        self._progress = progress
        self.topology = wired(cells.shape, r_word_line, r_bit_line, r_driver, r_sense, drive, sense, np.isinf(cells))
        self.topology.check_paths(cells > 0)

    @property
    def conductances(self) -> Array:
        """The cells, siemens, (m, n)."""
        return self._conductances

    def effective_conductances(self) -> Array:
        """The exact linear map of the array with its wires, siemens, (m, n): ``currents = voltages @ this``.

        Element (i, j) is the current into the virtual ground of bit line j for 1 V on word line i alone. It is
        computed once, by sums of positive numbers only: each element is accurate to some 1e-13 of itself, however
        far the conductances of cells and wires lie apart.
        """
        return self._effective.copy()

    def terminal_admittance(self) -> Array:
        """The admittance matrix between word lines' sources and bit lines' virtual grounds, siemens, (m + n, m + n).

        Its product with their voltages, word lines first, gives the currents out of them. The rows of floating lines
        are zero.
        """
        return laplacian(self.system.between_lines)

    def port_admittance(self) -> Array:
        """The admittance matrix between all ends of all lines, siemens, (2m + 2n, 2m + 2n).

        The order is: left ends of the word lines, right ends, top ends of the bit lines, bottom ends. All ends are
        kept, driven and sensed or not, at the far side of their segments of wire and without drivers and senses.
        Its product with the ends' voltages gives the currents into the array.

        Raises
        ------
        InputError
            For a line without resistance, whose two ends are one node.
        """
        m, n = self.shape
        topology = self.topology
        for name, segments in (("r_word_line", topology.r_word_line), ("r_bit_line", topology.r_bit_line.T)):
            if (segments == 0).all(axis=1).any():
                line = int(np.flatnonzero((segments == 0).all(axis=1))[0])
                hint = "Without it the line's two ends are one node, and no finite admittance lies between them."
                raise InputError(name, f"above 0 ohm somewhere on line {line}", 0.0, hint)
        every = wired((m, n), topology.r_word_line, topology.r_bit_line, 0.0, 0.0, "both", "both", topology.shorted)
        every.check_paths(self._conductances > 0)  # a short may join two ends, too
        return laplacian(
            LinearSystem(every, self._conductances, self._threads, self._progress).elimination.conductances()
        )

    def with_cells(self, rows: Any, columns: Any, conductances: Any) -> Crossbar:
        """The same array with a few other cells: a switch toggled, a fault.

        The new array's :meth:`effective_conductances` come from this one's by an update of low rank, from factors that
        this one keeps from its first such update on. It is compiled anew instead when more than an eighth of min(m, n)
        cells have changed since, when a cell is or becomes a short, or when rounding would spoil an element of the
        map by more than 1e-10 of itself.

        Parameters
        ----------
        rows, columns : int or int array (k,)
            The cells.
        conductances : float or array (k,)
            Their new values, siemens.

        Raises
        ------
        InputError
            For cells that are not there, that are named twice, or values that are not conductances.
        """
        rows, columns, values = self._checked_changes(rows, columns, conductances)
        cells, before = self._conductances.copy(), self._conductances[rows, columns]
        cells[rows, columns] = values
        cells.flags.writeable = False
        changed = copy(self)
        for name in ("_effective", "system"):
            vars(changed).pop(name, None)
        changed._conductances = cells
        changed._origin = self._origin or self
        if np.isinf([before, values]).any():
            changed.topology = replace(self.topology, shorted=np.isinf(cells))
        if np.isinf(values).any() or (values == 0).any():  # what may short-circuit sources, or cut off a line
            changed.topology.check_paths(cells > 0)
        return changed

    def __getstate__(self) -> dict[str, Any]:
        """For other processes: all but who watches, and what is computed again when it is needed."""
        return {name: value for name, value in vars(self).items() if name not in ("_progress", "system")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _progress=None)
        self._conductances.flags.writeable = False

    def __repr__(self) -> str:
        m, n = self.shape
        return f"<Crossbar of {m} word lines and {n} bit lines>"

    def __matmul__(self, other: Any) -> Array:
        raise InputError("crossbar @ ...", "written as voltages @ crossbar", other)

    def __rmatmul__(self, voltages: Any) -> Array:
        """``voltages @ crossbar``: output currents (..., n), ampere, for voltages (..., m)."""
        inputs = np.asarray(voltages)
        if inputs.dtype.kind != "f" or inputs.ndim == 0 or inputs.shape[-1] != self.shape[0]:
            inputs = self.checked_voltages("voltages", voltages, "word")
        currents = inputs @ self._effective
        if not np.isfinite(currents.sum()):  # one look at the result finds what is not finite in the inputs
            self.checked_voltages("voltages", voltages, "word")
            raise InputError("voltages", "of a size for which the currents are finite", float(np.abs(inputs).max()))
        return currents

    __array_ufunc__ = None  # so that numpy leaves ``array @ crossbar`` to us

    def solve(self, voltages: Any, bit_line_voltages: Any = 0.0) -> CrossbarSolution:
        """All voltages and currents.

        Parameters
        ----------
        voltages : array (m,) or (..., m)
            Of the word lines' sources, volt, any sign.
        bit_line_voltages : float or array (n,) or (..., n)
            What the bit lines' ends are held at, volt: other than 0 V in half-select schemes.

        Raises
        ------
        InputError
            For voltages that are not finite or not m to an input.
        SolutionError
            If Kirchhoff's current law is not met to :data:`rescircuit.crossbar.solution.RESIDUAL_LIMIT`, or an output
            current is in doubt by more than :data:`rescircuit.crossbar.solution.CURRENT_LIMIT`: with cells that
            conduct some 1e7 times better than the wires, doubles no longer tell their ends apart.
        """
        drivers, senses, batch = self.checked_ends(voltages, bit_line_voltages)
        held = 6 * len(drivers) + 14 * min(len(drivers), _SOLUTIONS_AT_ONCE)
        check_memory(self.shape, self._memory_limit, arrays=held)
        parts = [
            self._solve(drivers[start : start + _SOLUTIONS_AT_ONCE], senses[start : start + _SOLUTIONS_AT_ONCE])
            for start in range(0, len(drivers), _SOLUTIONS_AT_ONCE)
        ]
        words, bits, through, out_of, into = (np.concatenate([part[k] for part in parts]) for k in range(5))
        return CrossbarSolution.of(
            self.topology,
            *(drivers, senses, words, bits, through),
            (out_of, into),
            batch=batch,
            kcl_residual=max(part[5] for part in parts),
            current_error=max(part[6] for part in parts),
            condition=lambda: self.system.condition,
        )

    @kept
    def system(self) -> LinearSystem:
        """The array's equations, and what is kept of their solution."""
        return LinearSystem(self.topology, self._conductances, self._threads, self._progress)

    @kept
    def _effective(self) -> Array:
        if self._without_resistance:
            return self._conductances
        updated = None if self._origin is None else self._updated(self._origin)
        return self.system.transfer() if updated is None else updated

    def _updated(self, origin: Crossbar) -> Array | None:
        """The map as an update of that of an array that differs in a few cells; none where that does not serve."""
        before, after = origin.conductances, self._conductances
        rows, columns = np.divmod(np.flatnonzero(before != after), self.shape[1])
        both = np.concatenate([before[rows, columns], after[rows, columns]])
        if rows.size > _MOST_UPDATED * min(self.shape) or np.isinf(both).any():
            return None
        effective = origin._effective
        if not rows.size:
            return effective
        found, amplified = origin.system.change_of_transfer(rows, columns, after[rows, columns] - before[rows, columns])
        if not np.isfinite(amplified):
            return None
        error = np.finfo(float).eps * amplified * updated(effective, found)
        return found if error <= _UPDATE_ERROR else None

    def _checked_changes(self, rows: Any, columns: Any, conductances: Any) -> tuple[Any, Any, Array]:
        places = []
        for name, given, count in (("rows", rows, self.shape[0]), ("columns", columns, self.shape[1])):
            indices = np.atleast_1d(np.asarray(given))
            required = f"whole numbers from 0 to {count - 1}"
            if indices.ndim != 1 or indices.dtype.kind not in "iu" or ((indices < 0) | (indices >= count)).any():
                raise InputError(name, required, given)
            places.append(indices.astype(np.intp))
        values = checked_cells(np.atleast_1d(conductances)[np.newaxis])[0]
        try:
            row, column, values = np.broadcast_arrays(*places, values)
        except ValueError:
            shapes = ", ".join(str(each.shape) for each in (*places, values))
            raise InputError("rows, columns and conductances", "of one length", f"shapes {shapes}") from None
        if len(set(zip(row.tolist(), column.tolist(), strict=True))) < row.size:
            raise InputError("rows and columns", "different cells", "one of them twice")
        return row, column, values

    @property
    def _without_resistance(self) -> bool:
        """Whether each cell stands between a source and a virtual ground, and nothing else."""
        topology = self.topology
        lines = (topology.word_segments[:, :-1], topology.word_segments[:, 1:])
        others = (topology.bit_segments[:-1], topology.bit_segments[1:])
        along = (lines[0] == 0).all() or (lines[1] == 0).all()
        down = (others[0] == 0).all() or (others[1] == 0).all()
        return bool(along and down and not topology.shorted.any())

    def _solve(self, drivers: Array, senses: Array) -> tuple[Array, Array, Array, Array, Array, float, float]:
        """Voltages of the cells' ends and currents through cells, (k, m, n), of the ends, residual, and error."""
        system, cells = self.system, self.system.cells
        low, high = self.voltage_range(drivers, senses)
        # A voltage that all nodes share drives nothing, and only costs digits.
        common = np.where(low > 0, low, np.where(high < 0, high, 0.0))
        drivers, senses, low, high = drivers - common[:, 0], senses - common[:, 0], low - common, high - common
        slopes, ends = np.broadcast_to(cells, (len(drivers), *self.shape)), system.end_currents(drivers, senses)
        words, bits = system.voltages(drivers, senses)
        for refined in (False, True):
            words, bits = np.clip(words, low, high), np.clip(bits, low, high)
            through = cells * (words - bits)
            at_words, at_bits, residuals = system.defects(through, slopes, drivers, senses, words, bits)
            if self.topology.shorted.any():
                through = through + system.joined_currents(through, slopes, drivers, senses, words, bits)
            residual, error = float(residuals.max()), current_error(self.topology, through, ends)
            if refined or (error <= _GOOD_ENOUGH and residual <= _GOOD_ENOUGH):
                break
            # Where cells conduct better than their wires, their voltages are small differences of large ones.
            change = system.corrections(at_words, at_bits)
            words, bits = words + change[0], bits + change[1]
        check_certificate(residual, error)
        return words + common, bits + common, through, *ends, residual, error


def checked_cells(conductances: Any) -> Array:
    """Cells as an array (m, n) that cannot be written to; ``inf`` is a shorted one."""
    finite, shorted = without_infinity(conductances)
    cells = non_negative_array("conductances", finite, "S")
    if cells.ndim != 2:
        raise InputError("conductances", "an array (m, n)", f"shape {cells.shape}")
    if cells.max() > LARGEST:
        raise InputError("conductances", f"at most {LARGEST:g} S", float(cells.max()), "inf stands for a short.")
    least = cells[cells > 0].min(initial=1.0)
    if least < 1.0 / LARGEST:
        raise InputError("conductances", f"0 or at least {1 / LARGEST:g} S", float(least), "0 stands for an open cell.")
    if shorted.any():
        cells = np.where(shorted, np.inf, cells)
    cells.flags.writeable = False
    return cells
