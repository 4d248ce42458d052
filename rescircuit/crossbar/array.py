"""The crossbar itself: conductances and wires in, currents and voltages out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array, non_negative_array
from rescircuit.crossbar.nodal import TOO_MANY_DECADES, NodalSystem
from rescircuit.crossbar.topology import Topology
from rescircuit.errors import InputError, SolutionError

__all__ = ["CURRENT_LIMIT", "Crossbar", "CrossbarSolution"]

CURRENT_LIMIT = 1e-9  # relative
_NOTHING = 1e-6  # of the largest line's current: a smaller one counts as so much
_SOLUTIONS_AT_ONCE = 32
_LARGEST = 1e30  # siemens, and its inverse the least wire resistance in ohm: beyond lies nothing physical


@dataclass(frozen=True, kw_only=True)
class CrossbarSolution:
    """What an array does at given input voltages; leading axes are the batch's.

    Attributes
    ----------
    output_currents : array (..., n)
        Into the virtual ground at each bit line's end, ampere: the sum of its cells' currents.
    word_line_voltages, bit_line_voltages : array (..., m, n)
        At the cells' ends, volt.
    device_currents : array (..., m, n)
        Through the cells, from word line to bit line, ampere.
    kcl_residual : float
        Kirchhoff's current law as a backward error, the worst of the batch: ``|Y v - i| / (|Y| |v| + |i|)``.
    current_error : float
        Estimate of the output currents' largest relative error, from what another step of refinement would change.
    condition_estimate : float
        Estimate of the nodal matrix's condition number in the 1-norm.
    """

    output_currents: Array
    word_line_voltages: Array
    bit_line_voltages: Array
    device_currents: Array
    kcl_residual: float
    current_error: float
    condition_estimate: float


class Crossbar:
    """An m x n resistive crossbar with wires (figure 6.2 of da Cunha 2023).

    Word lines are driven at their left ends by ideal sources, bit lines end at their bottom in virtual grounds.

    Parameters
    ----------
    conductances : array (m, n)
        ``conductances[i, j]`` joins word line i to bit line j, siemens; 0 is an open cell.
    r_word_line : float or array broadcastable to (m, n + 1)
        The wire segment before each cell on its word line, ohm. The last column would lead to the right ends,
        which are not connected, and is not part of the circuit.
    r_bit_line : float or array broadcastable to (m + 1, n)
        The wire segment after each cell on its bit line, ohm. The first row would lead to the top ends, likewise.
        Zero joins the nodes at both ends into one, exactly.

    Raises
    ------
    InputError
        For conductances or resistances that are negative or not finite, empty arrays, and shapes that don't match.
    """

    def __init__(self, conductances: Any, r_word_line: Any = 0.0, r_bit_line: Any = 0.0) -> None:
        cells = non_negative_array("conductances", conductances, "S")
        if cells.ndim != 2:
            raise InputError("conductances", "an array (m, n)", f"shape {cells.shape}")
        if cells.max() > _LARGEST:
            raise InputError("conductances", f"at most {_LARGEST:g} S", float(cells.max()), "Join its nodes instead.")
        cells.flags.writeable = False
        m, n = cells.shape
        self.topology = Topology(
            conductances=cells,
            r_word_line=_segments("r_word_line", r_word_line, (m, n + 1)),
            r_bit_line=_segments("r_bit_line", r_bit_line, (m + 1, n)),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Word lines m and bit lines n."""
        return self.topology.shape

    @property
    def conductances(self) -> Array:
        """The cells, siemens, (m, n)."""
        return self.topology.conductances

    def effective_conductances(self) -> Array:
        """The exact linear map of the array with its wires, siemens, (m, n): ``currents = voltages @ this``.

        Element (i, j) is the current into the virtual ground of bit line j for 1 V on word line i alone. It is
        computed once, by one solution for each word line or, as the network is reciprocal, for each bit line,
        whichever are fewer.
        """
        return self._effective.copy()

    def solve(self, voltages: Any) -> CrossbarSolution:
        """All voltages and currents.

        Parameters
        ----------
        voltages : array (m,) or (..., m)
            At the driven ends of the word lines, volt, any sign.

        Raises
        ------
        InputError
            For voltages that are not finite or not m to an input.
        SolutionError
            If Kirchhoff's current law is not met to :data:`rescircuit.crossbar.nodal.RESIDUAL_LIMIT`, or an output
            current is in doubt by more than :data:`CURRENT_LIMIT`: with cells that conduct some 1e7 times better than
            the wires, doubles no longer tell their ends apart.
        """
        m, n = self.shape
        inputs = finite_array("voltages", voltages, "V")
        if inputs.ndim == 0 or inputs.shape[-1] != m:
            raise InputError("voltages", f"of shape (..., {m}), one a word line", f"shape {inputs.shape}")
        driven = inputs.reshape(-1, m)
        word, bit, residual, doubt = self._cell_voltages(np.hstack([driven, np.zeros((len(driven), n))]))
        through = self.conductances * (word - bit)
        error = _checked_currents(through, self.conductances * doubt, axis=1)
        batch = inputs.shape[:-1]
        return CrossbarSolution(
            output_currents=through.sum(axis=1).reshape(*batch, n),
            word_line_voltages=word.reshape(*batch, m, n),
            bit_line_voltages=bit.reshape(*batch, m, n),
            device_currents=through.reshape(*batch, m, n),
            kcl_residual=residual,
            current_error=error,
            condition_estimate=self._system.condition_estimate,
        )

    @cached_property
    def _effective(self) -> Array:
        m, n = self.shape
        from_words = m <= n
        driven = np.hstack([np.eye(m), np.zeros((m, n))]) if from_words else np.hstack([np.zeros((n, m)), np.eye(n)])
        rows = []
        for start in range(0, len(driven), _SOLUTIONS_AT_ONCE):  # all nodes of all solutions would take much memory
            word, bit, _, doubt = self._cell_voltages(driven[start : start + _SOLUTIONS_AT_ONCE])
            # A line's current is the sum of its cells' currents, not the difference of two wire voltages.
            through = self.conductances * (word - bit)
            axis = 1 if from_words else 2
            _checked_currents(through, self.conductances * doubt, axis=axis)
            rows.append(through.sum(axis=axis))
        return np.concatenate(rows) if from_words else -np.concatenate(rows).T

    @cached_property
    def _system(self) -> NodalSystem:
        topology = self.topology
        held = np.concatenate([topology.drivers, topology.senses])
        return NodalSystem(topology.representative.size, topology.branches, held)

    def _cell_voltages(self, held: Array) -> tuple[Array, Array, float, Array]:
        """Voltages (k, m, n) on both sides of the cells for voltages (k, m + n) of drivers and senses.

        With them Kirchhoff's residual, and the doubt about the voltages across the cells.
        """
        nodes, change, residual = self._system.solve(held)
        words, bits = self.topology.word_nodes, self.topology.bit_nodes
        return nodes[:, words], nodes[:, bits], residual, change[:, words] - change[:, bits]


def _checked_currents(through: Array, doubt: Array, axis: int) -> float:
    """The largest relative error of lines' currents, the sums of `through` along `axis`; too large a one is refused."""
    size = np.abs(through).sum(axis=axis)
    scale = np.maximum(size, _NOTHING * size.max(axis=-1, keepdims=True))
    error = np.divide(np.abs(doubt.sum(axis=axis)), scale, out=np.zeros_like(scale), where=scale > 0)
    worst = float(error.max())
    if not worst <= CURRENT_LIMIT:
        raise SolutionError("Currents of the array", worst, CURRENT_LIMIT, TOO_MANY_DECADES)
    return worst


def _segments(argument: str, values: Any, shape: tuple[int, int]) -> Array:
    """Wire segments as an array of `shape`."""
    segments = non_negative_array(argument, values, "ohm")
    wires = segments[segments > 0]
    if wires.size and not 1.0 / _LARGEST <= wires.min() <= wires.max() <= _LARGEST:
        raise InputError(argument, f"0, or from {1 / _LARGEST:g} to {_LARGEST:g} ohm", float(wires.min()))
    try:
        return np.broadcast_to(segments, shape)
    except ValueError:
        raise InputError(
            argument, f"a number or of a shape that broadcasts to {shape}", f"shape {segments.shape}"
        ) from None
