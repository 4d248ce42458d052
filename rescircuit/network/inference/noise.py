"""What differs from read to read: the noise of cells, of all resistances, and of converters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann

from rescircuit.checks import Array
from rescircuit.devices.coefficients import ROOM_TEMPERATURE
from rescircuit.devices.streams import Stream
from rescircuit.network.arrays import ArraySpec
from rescircuit.network.inference.maps import TileMap, closed_loop_gain

__all__ = ["Read", "TileNoise", "factor", "relative_read_noise", "thermal_covariance"]

_ABSOLUTE_ZERO = -273.15  # °C


@dataclass(frozen=True, kw_only=True)
class Read:
    """Which of all reads of a chip: noise is a function of it.

    Attributes
    ----------
    seed, chip : int
        Which chip.
    number : int
        Of the read.
    first, count : int
        The inputs' places in the batch.
    chosen : int array or None
        Which of them are read, counted from `first`; ``None`` for all.
    phase, part : int
        0 for the phase of positive inputs, 1 for that of negative ones; which slice of the inputs.
    """

    seed: int
    chip: int
    number: int
    first: int
    count: int
    chosen: NDArray[np.intp] | None = None
    phase: int = 0
    part: int = 0

    def normal(self, source: str, each: int) -> Array:
        """Standard normal numbers, `each` of them for each input that is read, (k, each)."""
        name = f"network.read.{self.number}.{source}.{self.phase}.{self.part}"
        stream = Stream(seed=self.seed, chip=self.chip, source=name)
        numbers = stream.normal(self.count * each, self.first * each).reshape(self.count, each)
        return numbers if self.chosen is None else numbers[self.chosen]


@dataclass(frozen=True, kw_only=True, eq=False)
class TileNoise:
    """The noise of what a tile's converters see, in steps of them.

    Attributes
    ----------
    name : str
        Of the tile, for the sources of chance.
    cells : array (i, q) or None
        Variance that each word line's cells bring for a code of 1, which grows with the code's square: of the `q`
        converters, or of the bit lines where these share one.
    shared : (plus, minus, scale) or None
        Where converters share lines: those whose noise each sees, the first less the second, int arrays (o,), and its
        steps for 1 A, (o,); the variance is then in A².
    thermal : array (o, o) or None
        A square root of the covariance, see :func:`factor`.
    converter : float
        Of each conversion, rms.
    """

    name: str
    cells: Array | None
    shared: tuple[NDArray[np.intp], NDArray[np.intp], Array] | None
    thermal: Array | None
    converter: float

    def add_to(self, currents: Array, squares: Array | None, read: Read) -> None:
        """Add a read's noise to currents (o, k, positions), for the squares of their codes, (i, k positions)."""
        outputs, k, positions = currents.shape

        def normal(source: str, count: int) -> Array:
            numbers = read.normal(f"{source}.{self.name}", positions * count)
            return numbers.reshape(k, positions, count).transpose(2, 0, 1)

        if self.cells is not None and squares is not None:
            spread = np.sqrt(np.maximum(self.cells.T @ squares, 0.0)).reshape(-1, k, positions)
            spread *= normal("cells", len(spread))
            if self.shared is None:
                currents += spread
            else:
                plus, minus, scale = self.shared
                currents += (spread[plus] - spread[minus]) * scale[:, np.newaxis, np.newaxis]
        if self.thermal is not None:
            currents += np.tensordot(self.thermal, normal("thermal", outputs), axes=1)
        if self.converter:
            currents += self.converter * normal("adc", outputs)


def relative_read_noise(tile_map: TileMap, effects: frozenset[str]) -> Any:
    """Standard deviation of each cell's conductance from read to read, relative: (i, lines), or one number for all."""
    if "read_noise" not in effects:
        return 0.0
    cells = tile_map.tile.conductances(tile_map.effects)
    return np.hypot(tile_map.spec.conditions.read_noise, tile_map.tile.cells.read_noise(cells))


def thermal_covariance(tile_map: TileMap, effects: frozenset[str]) -> Array | None:
    """Covariance of the bit lines' currents by thermal noise, A², (lines, lines); none without it.

    ``4 k T Y`` times the bandwidth, see :func:`rescircuit.crossbar.thermal_noise`, behind the amplifiers' gain;
    their input resistances count as resistors.
    """
    spec: ArraySpec = tile_map.spec
    bandwidth = spec.conditions.bandwidth
    if "thermal_noise" not in effects or bandwidth is None:
        return None
    warm = "temperature" in effects or "temperature" not in spec.effects  # cells that do not mind are warm all the same
    celsius = spec.conditions.temperature if warm else ROOM_TEMPERATURE
    gain = closed_loop_gain(spec.converters, effects)
    return 4.0 * Boltzmann * (celsius - _ABSOLUTE_ZERO) * bandwidth * gain**2 * tile_map.admittance


def factor(covariance: Array) -> Array:
    """The symmetric square root of a covariance: independent standard normal numbers times it have the covariance."""
    values, vectors = np.linalg.eigh(0.5 * (covariance + covariance.T))
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
