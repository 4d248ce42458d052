"""The crossbar itself: conductances and wires in, currents and voltages out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from rescircuit.checks import Array, non_negative_array
from rescircuit.crossbar.solution import CrossbarSolution, checked_currents
from rescircuit.crossbar.topology import LARGEST, wired
from rescircuit.crossbar.wired_array import WiredArray
from rescircuit.crossbar.wiring import DEFAULT_MEMORY, LinearSystem, check_memory
from rescircuit.errors import InputError

__all__ = ["Crossbar"]

_SOLUTIONS_AT_ONCE = 32


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
        progress: Callable[[float], None] | None = None,
    ) -> None:
        cells = _checked_cells(conductances)
        check_memory(cells.shape, memory_limit)
        self._conductances = cells
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

    def __rmatmul__(self, voltages: Any) -> Array:
        """``voltages @ crossbar``: output currents (..., n), ampere, for voltages (..., m)."""
        return self.checked_voltages("voltages", voltages, "word") @ self._effective

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
        parts = [
            self._solve(drivers[start : start + _SOLUTIONS_AT_ONCE], senses[start : start + _SOLUTIONS_AT_ONCE])
            for start in range(0, len(drivers), _SOLUTIONS_AT_ONCE)
        ]
        words, bits, through = (np.concatenate([part[k] for part in parts]) for k in range(3))
        return CrossbarSolution.of(
            self.topology,
            *(drivers, senses, words, bits, through),
            batch=batch,
            kcl_residual=max(part[3] for part in parts),
            current_error=max(part[4] for part in parts),
            condition=lambda: self.system.condition,
        )

    @cached_property
    def system(self) -> LinearSystem:
        """The array's equations, and what is kept of their solution."""
        return LinearSystem(self.topology, self._conductances, self._progress)

    @cached_property
    def _effective(self) -> Array:
        if self._without_resistance:
            return self._conductances
        return self.system.transfer()

    @property
    def _without_resistance(self) -> bool:
        """Whether each cell stands between a source and a virtual ground, and nothing else."""
        topology = self.topology
        lines = (topology.word_segments[:, :-1], topology.word_segments[:, 1:])
        others = (topology.bit_segments[:-1], topology.bit_segments[1:])
        along = (lines[0] == 0).all() or (lines[1] == 0).all()
        down = (others[0] == 0).all() or (others[1] == 0).all()
        return bool(along and down and not topology.shorted.any())

    def _solve(self, drivers: Array, senses: Array) -> tuple[Array, Array, Array, float, float]:
        """Voltages of the cells' ends and currents through cells, (k, m, n), residual, and relative error."""
        system, cells = self.system, self.system.cells
        words, bits = system.voltages(drivers, senses)
        # One step of refinement, and another one that only tells how much is still in doubt.
        slopes = np.broadcast_to(cells, words.shape)
        change = system.corrections(*system.defects(cells * (words - bits), slopes, drivers, senses, words, bits)[:2])
        words, bits = words + change[0], bits + change[1]
        through = cells * (words - bits)
        at_words, at_bits, residuals = system.defects(through, slopes, drivers, senses, words, bits)
        residual = float(residuals.max())
        doubt = system.corrections(at_words, at_bits)
        if self.topology.shorted.any():
            through = through + system.joined_currents(at_words, at_bits)
        ends = system.end_currents(drivers, senses)
        error = checked_currents(self.topology, through, cells * (doubt[0] - doubt[1]), ends, residual)
        return words, bits, through, residual, error


def _checked_cells(conductances: Any) -> Array:
    """Cells as an array (m, n) that cannot be written to; ``inf`` is a shorted one."""
    try:
        raw = np.asarray(conductances, dtype=np.float64)
        shorted = np.isposinf(raw)
    except (TypeError, ValueError):
        raw, shorted = conductances, np.zeros((), bool)
    cells = non_negative_array("conductances", np.where(shorted, 1.0, raw) if shorted.any() else conductances, "S")
    if cells.ndim != 2:
        raise InputError("conductances", "an array (m, n)", f"shape {cells.shape}")
    if cells.max() > LARGEST:
        raise InputError("conductances", f"at most {LARGEST:g} S", float(cells.max()), "inf stands for a short.")
    if shorted.any():
        cells = np.where(shorted, np.inf, cells)
    cells.flags.writeable = False
    return cells
