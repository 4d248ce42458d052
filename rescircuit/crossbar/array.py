"""The crossbar itself: conductances and wires in, currents and voltages out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array, non_negative_array
from rescircuit.crossbar.nodal import NodalSystem
from rescircuit.crossbar.topology import Topology
from rescircuit.errors import InputError

__all__ = ["Crossbar", "CrossbarSolution"]


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
    condition_estimate : float
        Estimate of the nodal matrix's condition number in the 1-norm.
    """

    output_currents: Array
    word_line_voltages: Array
    bit_line_voltages: Array
    device_currents: Array
    kcl_residual: float
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
            If Kirchhoff's current law is not met to :data:`rescircuit.crossbar.nodal.RESIDUAL_LIMIT`.
        """
        m, n = self.shape
        inputs = finite_array("voltages", voltages, "V")
        if inputs.ndim == 0 or inputs.shape[-1] != m:
            raise InputError("voltages", f"of shape (..., {m}), one a word line", f"shape {inputs.shape}")
        driven = inputs.reshape(-1, m)
        word, bit, residual = self._cell_voltages(np.hstack([driven, np.zeros((len(driven), n))]))
        through = self.conductances * (word - bit)
        batch = inputs.shape[:-1]
        return CrossbarSolution(
            output_currents=through.sum(axis=1).reshape(*batch, n),
            word_line_voltages=word.reshape(*batch, m, n),
            bit_line_voltages=bit.reshape(*batch, m, n),
            device_currents=through.reshape(*batch, m, n),
            kcl_residual=residual,
            condition_estimate=self._system.condition_estimate,
        )

    @cached_property
    def _effective(self) -> Array:
        m, n = self.shape
        from_words = m <= n
        driven = np.hstack([np.eye(m), np.zeros((m, n))]) if from_words else np.hstack([np.zeros((n, m)), np.eye(n)])
        word, bit, _ = self._cell_voltages(driven)
        # A line's current is the sum of its cells' currents, not the difference of two nearly equal wire voltages.
        if from_words:
            return (self.conductances * (word - bit)).sum(axis=1)
        return (self.conductances * (bit - word)).sum(axis=2).T

    @cached_property
    def _system(self) -> NodalSystem:
        topology = self.topology
        held = np.concatenate([topology.drivers, topology.senses])
        return NodalSystem(topology.representative.size, topology.branches, held)

    def _cell_voltages(self, held: Array) -> tuple[Array, Array, float]:
        """Voltages (k, m, n) on both sides of the cells, for voltages (k, m + n) of drivers and senses."""
        nodes, residual = self._system.solve(held)
        return nodes[:, self.topology.word_nodes], nodes[:, self.topology.bit_nodes], residual


def _segments(argument: str, values: Any, shape: tuple[int, int]) -> Array:
    """Wire segments as an array of `shape`."""
    segments = non_negative_array(argument, values, "ohm")
    try:
        return np.broadcast_to(segments, shape)
    except ValueError:
        raise InputError(
            argument, f"a number or of a shape that broadcasts to {shape}", f"shape {segments.shape}"
        ) from None
