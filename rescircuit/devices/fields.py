"""Variation that depends on the place: a die's gradients, and a field whose neighbours resemble each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_array, finite_number, non_negative_number
from rescircuit.devices.placement import Placement, checked_placement, checked_span
from rescircuit.devices.streams import Stream, exponential, normal_quantile
from rescircuit.errors import InputError

__all__ = ["CorrelatedField", "Gradient"]

_TAPS = 20  # lattice points in a window along an axis: the first left out is 5 lengths away, its weight 1.4e-11
_FARTHEST = 2**20  # lattice points from 0: at a length of 0.1 mm that is 52 m
_ORIGIN = 2 * _FARTHEST  # number of the lattice's column 0 in its row's stream, which has no negative ones
_TILE = 2**16  # elements worked on at once
_NOISE = 2**18  # lattice points worked on at once


@dataclass(frozen=True, kw_only=True)
class Gradient:
    """A slope and a bow across each die: the relative deviation ``linear · d + dᵀ Q d``, `d` from the centre.

    Parameters
    ----------
    linear : (float, float)
        Slopes along x and y, per metre: 1 % across a die of 5 mm is 2.
    quadratic : (float, float, float)
        ``Qxx``, ``Qxy`` (= ``Qyx``, so that it counts twice) and ``Qyy``, per square metre.
    linear_spread, quadratic_spread : float
        Standard deviations by which every coefficient of each die is off these, per metre and per square metre.
    centre : (float, float)
        Where the deviation is 0, metre.

    Raises
    ------
    InputError
        For a number outside its range.
    """

    linear: tuple[float, float] = (0.0, 0.0)
    quadratic: tuple[float, float, float] = (0.0, 0.0, 0.0)
    linear_spread: float = 0.0
    quadratic_spread: float = 0.0
    centre: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        for name, size, unit in (("linear", 2, "per metre"), ("quadratic", 3, "per m²"), ("centre", 2, "metre")):
            values = finite_array(name, getattr(self, name), unit)
            if values.shape != (size,):
                raise InputError(name, f"{size} numbers ({unit})", getattr(self, name))
            object.__setattr__(self, name, tuple(values.tolist()))
        non_negative_number("linear_spread", self.linear_spread, "per metre")
        non_negative_number("quadratic_spread", self.quadratic_spread, "per m²")

    def deviations(
        self, placement: Placement, count: int, start: int = 0, *, seed: int, chip: int = 0, source: str = "gradient"
    ) -> Array:
        """Relative deviations of the elements `start` to `start + count - 1` of a chip, shape (count,)."""
        checked_placement(placement)
        normal = Stream(seed=seed, chip=chip, source=source).normal(5)
        gx, gy = self.linear + self.linear_spread * normal[:2]
        qxx, qxy, qyy = self.quadratic + self.quadratic_spread * normal[2:]
        x, y = placement.positions(count, start)
        x, y = x - self.centre[0], y - self.centre[1]
        with np.errstate(over="ignore", invalid="ignore"):  # whoever uses deviations finds what is beyond all bounds
            return (gx + qxx * x + 2.0 * qxy * y) * x + (gy + qyy * y) * y


@dataclass(frozen=True, kw_only=True)
class CorrelatedField:
    """Normal variation whose covariance at a distance `d` is ``spread**2 * exp(-d**2 / (2 * length**2))``.

    White noise on a square lattice of spacing ``length / 2``, each point of it a random number of its own, seen through
    a window ``exp(-t**2 / length**2)`` around each element. The window's weights are scaled so that the variance is
    exact at every place; by Poisson's sum over the lattice, the covariance is right to some 1e-8 of the variance. The
    value is a function of the chip and the place alone, whatever else stands there.

    Parameters
    ----------
    spread : float
        Standard deviation, relative, at least 0 and below 0.1.
    length : float
        Correlation length, metre, from 1e-9 to 1000: at this distance the correlation is 0.61, at three times it 0.011.

    Raises
    ------
    InputError
        For a number outside its range.
    """

    spread: float
    length: float

    def __post_init__(self) -> None:
        required = "a relative standard deviation of at least 0 and below 0.1, such as 0.005"
        if not 0 <= finite_number("spread", self.spread, required) < 0.1:
            raise InputError("spread", required, self.spread)
        required = "a correlation length from 1e-9 to 1000 (metre), such as 5e-4"
        if not 1e-9 <= finite_number("length", self.length, required) <= 1e3:
            raise InputError("length", required, self.length)

    def deviations(
        self, placement: Placement, count: int, start: int = 0, *, seed: int, chip: int = 0, source: str = "field"
    ) -> Array:
        """Relative deviations of the elements `start` to `start + count - 1` of a chip, shape (count,).

        Raises
        ------
        InputError
            For elements so far apart that there would be nothing to share, or so far out that the lattice would be
            enormous.
        """
        count, start = checked_span(count, start)
        self._check_pitch(checked_placement(placement))
        result = np.empty(count)
        done = 0
        while done < count:  # the rest of a row, whole rows, the beginning of a row
            row, column = divmod(start + done, placement.columns)
            rows, columns = 1, min(count - done, placement.columns - column, _TILE)
            if columns == placement.columns:
                rows = (count - done) // columns
            x = placement.column_positions(np.arange(column, column + columns))
            y = placement.row_positions(np.arange(row, row + rows))
            noise = _Noise(seed=seed, chip=chip, source=source)
            result[done : done + rows * columns] = self._values(x, y, noise).ravel()
            done += rows * columns
        result *= self.spread
        return result

    def _check_pitch(self, placement: Placement) -> None:
        least = math.sqrt(placement.pitch_x * placement.pitch_y) / 2.0
        if placement.columns > 1 and self.length < least:
            required = f"at least {least:.3g} m, half the elements' pitch"
            hint = "So far apart, elements vary independently: use local or mismatch instead of a field."
            raise InputError("length", required, self.length, hint)

    def _values(self, x: Array, y: Array, noise: _Noise) -> Array:
        """The field at the crossings of columns and rows, (rows, columns), with a standard deviation of 1."""
        across, along = self._window("x", x), self._window("y", y)
        values = np.zeros((y.size, x.size))
        band = max(1, _TILE // x.size)
        lines = _Lines(np.empty(0, dtype=np.int64), np.empty((0, x.size)))
        for first in range(0, y.size, band):
            part = slice(first, first + band)
            firsts = along.firsts[part]
            lines = lines.moved_to(np.unique(np.unique(firsts)[:, np.newaxis] + np.arange(_TAPS)), across, noise)
            places = np.searchsorted(lines.numbers, firsts)
            for k in range(_TAPS):  # a fixed order of additions: the same bits in any chunking
                values[part] += along.weights[k, part, np.newaxis] * lines.values[places + k]
        return values

    def _window(self, axis: str, positions: Array) -> _Window:
        cells = positions / (self.length / 2.0)
        if cells.size and max(-cells.min(), cells.max()) > _FARTHEST:
            required = f"within {_FARTHEST * self.length / 2.0:.3g} m from 0 along {axis}"
            hint = "Raise the field's length or move the placement's origin."
            raise InputError("placement", required, float(np.abs(positions).max()), hint)
        firsts = np.floor(cells) - (_TAPS // 2 - 1)
        offsets = cells - firsts
        weights = np.array([exponential(-0.25 * (offsets - k) * (offsets - k)) for k in range(_TAPS)])
        square = np.zeros_like(cells)
        for weight in weights:
            square += weight * weight
        return _Window(firsts.astype(np.int64), weights / np.sqrt(square))


class _Window(NamedTuple):
    """Along one axis: the first lattice point that each position sees, and the weights of all, (taps, positions)."""

    firsts: NDArray[np.int64]
    weights: Array


@dataclass(frozen=True, kw_only=True)
class _Noise:
    """White noise on the lattice, a stream for each of its rows."""

    seed: int
    chip: int
    source: str

    def values(self, rows: NDArray[np.int64], first: int, count: int) -> Array:
        """Standard normal values, (rows, count), from column `first` on."""
        uniforms = np.empty((rows.size, count))
        for k, row in enumerate(rows.tolist()):
            stream = Stream(seed=self.seed, chip=self.chip, source=f"{self.source}.{row}")
            uniforms[k] = stream.uniform(count, first + _ORIGIN)
        return normal_quantile(uniforms)


class _Lines(NamedTuple):
    """Rows of the lattice, seen through the columns' windows: numbers (k,) in rising order, values (k, columns)."""

    numbers: NDArray[np.int64]
    values: Array

    def moved_to(self, numbers: NDArray[np.int64], across: _Window, noise: _Noise) -> _Lines:
        """The lines of other rows; those that are here already are not computed again."""
        values = np.empty((numbers.size, self.values.shape[1]))
        known = np.isin(numbers, self.numbers)
        values[known] = self.values[np.isin(self.numbers, numbers)]
        first = int(across.firsts[0])
        columns, width = across.firsts - first, int(across.firsts[-1]) - first + _TAPS
        new = np.flatnonzero(~known)
        step = max(1, _NOISE // max(width, columns.size))
        for part in (new[k : k + step] for k in range(0, new.size, step)):
            values[part] = _through(across.weights, columns, noise.values(numbers[part], first, width))
        return _Lines(numbers, values)


def _through(weights: Array, columns: NDArray[np.int64], noise: Array) -> Array:
    """Rows of noise, (k, width), seen through the columns' windows, (k, columns)."""
    lines = np.zeros((noise.shape[0], columns.size))
    for k in range(_TAPS):
        lines += weights[k] * noise[:, columns + k]
    return lines
