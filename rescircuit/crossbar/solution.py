"""What an array does at given voltages, with the certificate of its solution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from rescircuit.checks import Array
from rescircuit.crossbar.kept import kept
from rescircuit.crossbar.topology import Flags, Topology
from rescircuit.errors import SolutionError

__all__ = [
    "CURRENT_LIMIT",
    "RESIDUAL_LIMIT",
    "TOO_MANY_DECADES",
    "CrossbarSolution",
    "check_certificate",
    "current_error",
]

RESIDUAL_LIMIT = 1e-12  # backward error; a healthy solution has 1e-17 to 1e-15
CURRENT_LIMIT = 1e-9  # relative
TOO_MANY_DECADES = "The conductances span too many decades; leave out cells and wires that do not matter."
_NOTHING = 1e-6  # of the largest line's current: a smaller one counts as so much


@dataclass(frozen=True, kw_only=True, eq=False)
class CrossbarSolution:
    """What an array does at given input voltages; leading axes are the batch's.

    Attributes
    ----------
    topology : Topology
        The array's nodes and wires.
    driver_voltages, sense_voltages : array (..., m), (..., n)
        What the lines' ends are held at, volt; of no meaning at floating lines.
    output_currents : array (..., n)
        Into the virtual ground of each bit line, ampere; 0 of a floating line. Of a linear array they are by the map
        between the lines' ends, whose elements are right to some 1e-13 of themselves, of others the sums of the cells'
        currents.
    input_currents : array (..., m)
        Out of the source of each word line, ampere; 0 of a floating line.
    word_line_voltages, bit_line_voltages : array (..., m, n)
        At the cells' ends, volt.
    device_currents : array (..., m, n)
        Through the cells, from word line to bit line, ampere.
    kcl_residual : float
        Kirchhoff's current law as a backward error, the worst of the batch: ``|Y v - i| / (|Y| |v| + |i|)``.
    current_error : float
        How far the sums of the cells' currents along each line are from its current by the map between the lines'
        ends, the largest, relative to the sum of their magnitudes or a millionth of the largest line's. Lines with a
        shorted cell are left out: its current is known to an ulp of a voltage over the wires around it. Of non-linear
        cells: what another of Newton's steps would change, likewise.
    iterations : int
        Of Newton's method; 0 for a linear array.
    """

    topology: Topology
    driver_voltages: Array
    sense_voltages: Array
    output_currents: Array
    input_currents: Array
    word_line_voltages: Array
    bit_line_voltages: Array
    device_currents: Array
    kcl_residual: float
    current_error: float
    iterations: int = 0
    condition: Callable[[], float] = field(repr=False)

    @classmethod
    def of(
        cls,
        topology: Topology,
        drivers: Array,
        senses: Array,
        words: Array,
        bits: Array,
        through: Array,
        ends: tuple[Array, Array],
        *,
        batch: tuple[int, ...],
        kcl_residual: float,
        current_error: float,
        condition: Callable[[], float],
        iterations: int = 0,
    ) -> CrossbarSolution:
        """Collect a batch that was solved as one axis, under its own shape."""
        m, n = topology.shape
        return cls(
            topology=topology,
            driver_voltages=drivers.reshape(*batch, m),
            sense_voltages=senses.reshape(*batch, n),
            output_currents=np.where(topology.sensed, ends[1], 0.0).reshape(*batch, n),
            input_currents=np.where(topology.driven, ends[0], 0.0).reshape(*batch, m),
            word_line_voltages=words.reshape(*batch, m, n),
            bit_line_voltages=bits.reshape(*batch, m, n),
            device_currents=through.reshape(*batch, m, n),
            kcl_residual=kcl_residual,
            current_error=current_error,
            iterations=iterations,
            condition=condition,
        )

    @property
    def condition_estimate(self) -> float:
        """The condition number of the nodes' conductance matrix in the 1-norm; computed once for an array."""
        return self.condition()

    @kept
    def word_wire_currents(self) -> Array:
        """Currents to the right through the word lines' segments, (..., m, n + 1), ampere.

        Sums of the cells' currents along the line, not differences of nearly equal voltages. In a line without any
        resistance that is driven at both ends they are those of equal, vanishing resistances.
        """
        topology = self.topology
        return _along(self.device_currents, topology.word_segments, topology.left, topology.right)

    @kept
    def bit_wire_currents(self) -> Array:
        """Currents downwards through the bit lines' segments, (..., m + 1, n), ampere."""
        topology, swap = self.topology, (-1, -2)
        leaving = -np.swapaxes(self.device_currents, *swap)
        return np.swapaxes(_along(leaving, topology.bit_segments.T, topology.top, topology.bottom), *swap)

    def __getstate__(self) -> dict[str, object]:
        """For other processes: the condition number as a number."""
        known = self.condition_estimate
        return {**vars(self), "condition": _Known(known)}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state)


@dataclass(frozen=True)
class _Known:
    """A number that is computed already."""

    value: float

    def __call__(self) -> float:
        return self.value


def _along(leaving: Array, segments: Array, first: Flags, last: Flags) -> Array:
    """Currents through the segments (m, n + 1) of lines that lose `leaving` (..., m, n) on the way."""
    passed = np.zeros((*leaving.shape[:-1], leaving.shape[-1] + 1))
    np.cumsum(leaving, axis=-1, out=passed[..., 1:])
    total = passed[..., -1]
    # Held at both ends by one source, the drops around the loop cancel: sum(r (start - passed)) = 0. A broken segment
    # carries nothing, so what has been passed before it came from the first end.
    broken = np.isinf(segments)
    weights = np.where(broken.any(axis=-1, keepdims=True), broken, segments)
    weights = np.where((weights == 0).all(axis=-1, keepdims=True), 1.0, weights)
    looped = (weights * passed).sum(axis=-1) / weights.sum(axis=-1)
    start = np.where(first & last, looped, np.where(first, total, 0.0))
    return start[..., np.newaxis] - passed


def current_error(topology: Topology, through: Array, ends: tuple[Array, Array]) -> float:
    """The largest relative error of the lines' currents.

    Parameters
    ----------
    through : array (k, m, n)
        Cells' currents, ampere.
    ends : arrays (k, m), (k, n)
        Currents out of the sources and into the virtual grounds by the map between the lines' ends, ampere.
    """
    worst = 0.0
    for axis, held, by_map in ((2, topology.driven, ends[0]), (1, topology.sensed, ends[1])):
        known = np.where(held, by_map, 0.0)
        size = np.maximum(np.abs(through).sum(axis=axis), np.abs(known))
        scale = np.maximum(size, _NOTHING * size.max(axis=-1, keepdims=True))
        # A floating line's currents sum to nothing. That through a short is only known to an ulp of a voltage over the
        # wires around it; what its lines carry is known from the map alone.
        checked = ~topology.shorted.any(axis=axis - 1)
        apart = np.where(checked, np.abs(through.sum(axis=axis) - known), 0.0)
        errors = np.divide(apart, scale, out=np.zeros_like(scale), where=scale != 0)
        worst = float(np.maximum(worst, errors.max()))  # what is not a number stays so
    return worst


def check_certificate(residual: float, error: float) -> None:
    """Refuse a solution that violates Kirchhoff's current law, or whose currents are in doubt.

    Raises
    ------
    SolutionError
        For a residual above :data:`RESIDUAL_LIMIT`, or an error above :data:`CURRENT_LIMIT`.
    """
    for what, value, limit in (
        ("Kirchhoff's current law in the array", residual, RESIDUAL_LIMIT),
        ("Currents of the array", error, CURRENT_LIMIT),
    ):
        if not value <= limit:
            raise SolutionError(what, value, limit, TOO_MANY_DECADES)
