"""What a solution says about its array: where voltage is lost, where power goes, how dense the currents are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array, positive_array, positive_number
from rescircuit.crossbar.kept import kept
from rescircuit.crossbar.solution import TOO_MANY_DECADES, CrossbarSolution
from rescircuit.crossbar.topology import Flags, Nodes
from rescircuit.errors import InputError, SolutionError

__all__ = [
    "BALANCE_LIMIT",
    "COPPER_LIMIT",
    "CurrentDensity",
    "IrDrop",
    "Power",
    "current_density",
    "ir_drop",
    "power",
]

BALANCE_LIMIT = 1e-9  # of the power supplied; a healthy solution has 1e-16 to 1e-13
COPPER_LIMIT = 1e10  # A/m², 1 MA/cm²: what copper lines usually bear for years


@dataclass(frozen=True, kw_only=True, eq=False)
class IrDrop:
    """Voltage that wires, drivers and senses keep from the cells; leading axes are the batch's.

    Attributes
    ----------
    drop : array (..., m, n)
        ``applied`` less the voltage across the cell, volt; NaN where the word line or the bit line floats.
    applied : array (..., m, n)
        The word line's source less what the bit line's end is held at, volt; NaN where one of them floats.
    """

    drop: Array
    applied: Array

    @kept
    def relative(self) -> Array:
        """The drop as a share of the voltage applied, (..., m, n); NaN where none is."""
        unknown = np.full_like(self.drop, np.nan)
        return np.divide(self.drop, self.applied, out=unknown, where=self.applied != 0)

    @property
    def worst(self) -> Array:
        """The drop of the largest size, (...), volt, without its sign."""
        return _largest(self.drop)

    @property
    def mean(self) -> Array:
        """The mean size of the drops, (...), volt."""
        return _mean(self.drop)

    @property
    def worst_relative(self) -> Array:
        """The largest size of a drop as a share of the voltage applied, (...); NaN where none is."""
        return _largest(self.relative)

    @property
    def mean_relative(self) -> Array:
        """The mean size of the drops as shares of the voltages applied, (...); NaN where none is."""
        return _mean(self.relative)

    @property
    def worst_cell(self) -> Nodes:
        """Row and column of the cell with the worst drop, (..., 2)."""
        shape = self.drop.shape
        flat = np.fmax(np.abs(self.drop), 0.0).reshape(*shape[:-2], -1).argmax(axis=-1)
        return np.stack(np.unravel_index(flat, shape[-2:]), axis=-1)


def ir_drop(solution: CrossbarSolution) -> IrDrop:
    """What wires, drivers and senses keep from each cell of the voltage that is applied to it.

    Parameters
    ----------
    solution : CrossbarSolution
        Of linear or of other cells.

    Raises
    ------
    InputError
        For an array without any cell between a driven and a sensed line.

    Examples
    --------
    >>> import rescircuit as rc
    >>> from rescircuit.crossbar.readings import ir_drop
    >>> lost = ir_drop(rc.Crossbar([[1e-3, 2e-3]], r_word_line=10, r_bit_line=10).solve([0.1]))
    >>> round(float(lost.worst), 5), lost.worst_cell
    (0.00657, array([0, 1]))
    """
    topology = _checked(solution).topology
    held = topology.driven[:, np.newaxis] & topology.sensed
    if not held.any():
        raise InputError("the array", "with a driven word line and a sensed bit line", "one without")
    applied = solution.driver_voltages[..., :, np.newaxis] - solution.sense_voltages[..., np.newaxis, :]
    applied = np.where(held, applied, np.nan)
    return IrDrop(drop=applied - (solution.word_line_voltages - solution.bit_line_voltages), applied=applied)


@dataclass(frozen=True, kw_only=True, eq=False)
class Power:
    """Where an array's power comes from and goes, watt; leading axes are the batch's.

    Attributes
    ----------
    word_segments, bit_segments : array (..., m, n + 1), (..., m + 1, n)
        In the wires alone, without drivers and senses.
    drivers, senses : array (..., m), (..., n)
        In the resistances between sources and word lines, at both ends together, and between bit lines and virtual
        grounds.
    cells : array (..., m, n)
        In the cells.
    supplied : array (...)
        By all sources together; what sources take up counts as negative.
    """

    word_segments: Array
    bit_segments: Array
    drivers: Array
    senses: Array
    cells: Array
    supplied: Array

    @kept
    def total(self) -> Array:
        """Dissipated in all resistances and cells, (...), watt."""
        arrays = self.word_segments.sum(axis=(-2, -1)) + self.bit_segments.sum(axis=(-2, -1))
        return arrays + self.cells.sum(axis=(-2, -1)) + self.drivers.sum(axis=-1) + self.senses.sum(axis=-1)

    @kept
    def balance(self) -> Array:
        """``|supplied - total| / supplied``, (...): 0 by Tellegen's theorem, but for rounding."""
        apart = np.abs(self.supplied - self.total)
        return np.divide(apart, np.abs(self.supplied), out=np.where(apart > 0, np.inf, 0.0), where=self.supplied != 0)


def power(solution: CrossbarSolution) -> Power:
    """The power in each segment, driver, sense and cell, and what the sources supply.

    Parameters
    ----------
    solution : CrossbarSolution
        Of linear or of other cells.

    Raises
    ------
    SolutionError
        If supplied and dissipated power differ by more than :data:`BALANCE_LIMIT`: Tellegen's theorem (Philips
        Research Reports 7, 1952) holds for any voltages and currents that obey Kirchhoff's laws, so a solution that
        breaks it is wrong.

    Examples
    --------
    >>> import rescircuit as rc
    >>> from rescircuit.crossbar.readings import power
    >>> spent = power(rc.Crossbar([[1e-3]], r_word_line=500, r_bit_line=500).solve([1.0]))
    >>> round(float(spent.supplied), 9), spent.cells.round(9)
    (0.0005, array([[0.00025]]))
    """
    topology = _checked(solution).topology
    along, down = solution.word_wire_currents, solution.bit_wire_currents
    arriving = np.stack([along[..., 0] * topology.left, along[..., -1] * topology.right])
    leaving = np.stack([down[..., 0, :] * topology.top, down[..., -1, :] * topology.bottom])
    across = solution.word_line_voltages - solution.bit_line_voltages
    spent = Power(
        word_segments=_heat(topology.r_word_line, along, np.isfinite(topology.word_segments)),
        bit_segments=_heat(topology.r_bit_line, down, np.isfinite(topology.bit_segments)),
        drivers=_heat(topology.r_driver, arriving, np.isfinite(topology.r_driver)).sum(axis=0),
        senses=_heat(topology.r_sense, leaving, np.isfinite(topology.r_sense)).sum(axis=0),
        cells=solution.device_currents * across,
        supplied=_supplied(solution),
    )
    worst = float(spent.balance.max())
    if not worst <= BALANCE_LIMIT:
        raise SolutionError("The balance of the array's power", worst, BALANCE_LIMIT, TOO_MANY_DECADES)
    return spent


@dataclass(frozen=True, kw_only=True, eq=False)
class CurrentDensity:
    """How dense the currents in the wires are, A/m²; leading axes are the batch's.

    Attributes
    ----------
    word_segments, bit_segments : array (..., m, n + 1), (..., m + 1, n)
        Without their sign; 0 in segments that are broken or not connected.
    limit : float
        What the wires bear.
    share_above : array (...)
        Of all segments that are part of the circuit: those above the limit.
    """

    word_segments: Array
    bit_segments: Array
    limit: float
    share_above: Array

    @property
    def worst(self) -> Array:
        """The densest current, (...)."""
        return np.maximum(self.word_segments.max(axis=(-2, -1)), self.bit_segments.max(axis=(-2, -1)))

    @property
    def worst_segment(self) -> tuple[str, int, int]:
        """``"word"`` or ``"bit"``, row and column of the segment with the densest current of all the batch."""
        words = self.word_segments.max() >= self.bit_segments.max()
        segments = self.word_segments if words else self.bit_segments
        row, column = np.unravel_index(int(segments.argmax()), segments.shape)[-2:]
        return "word" if words else "bit", int(row), int(column)


def current_density(solution: CrossbarSolution, cross_section: Any, limit: float = COPPER_LIMIT) -> CurrentDensity:
    """Current densities in the wires, against what they bear before electromigration wears them out.

    The mean time to failure falls with the square of the density (Black 1969, IEEE Transactions on Electron Devices
    16(4)), so a single crowded segment decides on a line's life.

    Parameters
    ----------
    solution : CrossbarSolution
        Of linear or of other cells.
    cross_section : float or pair of float
        Of the wires, m²: one for all, or that of word lines and that of bit lines.
    limit : float
        A/m².

    Raises
    ------
    InputError
        For cross-sections or a limit that are not above zero, and for more than two cross-sections.

    Examples
    --------
    Wires of 50 nm x 100 nm:

    >>> import rescircuit as rc
    >>> from rescircuit.crossbar.readings import current_density
    >>> density = current_density(rc.Crossbar([[1e-3, 2e-3]]).solve([0.1]), 50e-9 * 100e-9)
    >>> round(float(density.worst), -8), density.worst_segment, float(density.share_above)
    (60000000000.0, ('word', 0, 0), 1.0)
    """
    sections = positive_array("cross_section", cross_section, "m²")
    if sections.shape not in ((), (2,)):
        raise InputError("cross_section", "one number or a pair, of word and bit lines", f"shape {sections.shape}")
    section_word, section_bit = np.broadcast_to(sections, 2)
    bearable = positive_number("limit", limit, "A/m²")
    topology = _checked(solution).topology
    there = (np.isfinite(topology.word_segments), np.isfinite(topology.bit_segments))
    words = np.where(there[0], np.abs(solution.word_wire_currents) / section_word, 0.0)
    bits = np.where(there[1], np.abs(solution.bit_wire_currents) / section_bit, 0.0)
    above = (words > bearable).sum(axis=(-2, -1)) + (bits > bearable).sum(axis=(-2, -1))
    return CurrentDensity(
        word_segments=words,
        bit_segments=bits,
        limit=bearable,
        share_above=above / (there[0].sum() + there[1].sum()),
    )


def _checked(solution: Any) -> CrossbarSolution:
    """A solution, and not the array that it is of."""
    if not isinstance(solution, CrossbarSolution):
        raise InputError("solution", "what an array's solve() returned", solution)
    return solution


def _supplied(solution: CrossbarSolution) -> Array:
    """Power of all sources, (...), watt.

    Currents into and out of the array are equal, so voltages may count from any level: from the lowest source no
    large, equal powers cancel.
    """
    topology = _checked(solution).topology
    drivers, senses = solution.driver_voltages, solution.sense_voltages
    held = np.concatenate([drivers[..., topology.driven], senses[..., topology.sensed]], axis=-1)
    lowest = held.min(axis=-1, keepdims=True)
    given = np.where(topology.driven, (drivers - lowest) * solution.input_currents, 0.0).sum(axis=-1)
    taken = np.where(topology.sensed, (senses - lowest) * solution.output_currents, 0.0).sum(axis=-1)
    return given - taken


def _heat(resistance: Array, current: Array, conducting: Flags) -> Array:
    """``R I²`` where a resistance is part of the circuit, watt."""
    return np.where(conducting, resistance, 0.0) * np.where(conducting, current, 0.0) ** 2


def _largest(drops: Array) -> Array:
    return np.fmax.reduce(np.abs(drops), axis=(-2, -1))


def _mean(drops: Array) -> Array:
    """Mean size of the drops that are known, (...)."""
    known = ~np.isnan(drops)
    count = known.sum(axis=(-2, -1))
    total = np.where(known, np.abs(drops), 0.0).sum(axis=(-2, -1))
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
