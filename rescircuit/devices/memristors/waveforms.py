"""Voltages over time: what a memristor is driven with, here and in decks.

Each waveform knows the times at which it is not smooth and those at which it crosses a voltage, so that an integrator
can step exactly onto them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np

from rescircuit.checks import (
    Array,
    finite_array,
    finite_number,
    non_negative_number,
    positive_number,
)
from rescircuit.errors import InputError

__all__ = ["PiecewiseLinear", "Pulses", "Sine", "Waveform"]

_LOWEST, _HIGHEST = 1e-15, 1e18  # Hz: beyond what anyone measures, within what floats still multiply
_MOST_PERIODS = 1_000_000  # of a sine within one simulation
_MOST_CORNERS = 1_000_000  # of a train of pulses within one simulation


@runtime_checkable
class Waveform(Protocol):
    """A voltage over time."""

    def voltages(self, times: Any) -> Array:
        """Volt at `times` (second, 0 or later), of their shape."""
        ...

    def corners(self, duration: float) -> Array:
        """Times after 0 and before `duration` at which the slope jumps, second, ascending."""
        ...

    def crossings(self, level: float, duration: float) -> Array:
        """Times after 0 and before `duration` at which the voltage passes `level` volt, second, ascending."""
        ...

    @property
    def largest(self) -> float:
        """An upper limit of the voltage's magnitude, volt."""
        ...


@dataclass(frozen=True, kw_only=True)
class Sine:
    """``offset + amplitude * sin(2 pi frequency t + phase)``.

    Parameters
    ----------
    amplitude : float
        Volt, above 0.
    frequency : float
        Hertz, above 0.
    offset : float
        Volt.
    phase : float
        Radian.
    """

    amplitude: float
    frequency: float
    offset: float = 0.0
    phase: float = 0.0

    def __post_init__(self) -> None:
        positive_number("amplitude", self.amplitude, "V")
        if not _LOWEST <= positive_number("frequency", self.frequency, "Hz") <= _HIGHEST:
            raise InputError("frequency", f"from {_LOWEST:g} to {_HIGHEST:g} (Hz)", self.frequency)
        finite_number("offset", self.offset)
        finite_number("phase", self.phase)

    @property
    def period(self) -> float:
        """Second."""
        return 1.0 / self.frequency

    @property
    def largest(self) -> float:
        """The voltage's largest magnitude, volt."""
        return abs(self.offset) + self.amplitude

    def voltages(self, times: Any) -> Array:
        """Volt at `times`, second."""
        angle = 2.0 * math.pi * self.frequency * np.asarray(times, float) + self.phase
        return self.offset + self.amplitude * np.sin(angle)

    def corners(self, duration: float) -> Array:  # noqa: ARG002 - a sine has none, however long it lasts
        """No times: a sine is smooth."""
        return np.empty(0)

    def crossings(self, level: float, duration: float) -> Array:
        """Times within `duration` (second) at which the voltage passes `level` (volt)."""
        if duration * self.frequency > _MOST_PERIODS:
            raise InputError("duration", f"at most {_MOST_PERIODS} periods of the sine", f"{duration:g} s")
        height = (level - self.offset) / self.amplitude
        if not -1.0 < height < 1.0:  # at a crest it touches the level and turns back
            return np.empty(0)
        rising = math.asin(height)
        found = []
        for angle in (rising, math.pi - rising):
            first = (angle - self.phase) / (2.0 * math.pi)
            turns = np.arange(math.floor(-first), math.ceil(duration * self.frequency - first) + 1)
            found.append((first + turns) / self.frequency)
        times = np.sort(np.concatenate(found))
        return times[(times > 0) & (times < duration)]


@dataclass(frozen=True, kw_only=True, eq=False)
class PiecewiseLinear:
    """Straight lines between points; after the last one the voltage stays.

    Parameters
    ----------
    times : sequence of float
        Second, two or more, the first one 0, each after the one before.
    voltages_at : sequence of float
        Volt at these times.
    """

    times: Sequence[float]
    voltages_at: Sequence[float]

    def __post_init__(self) -> None:
        times = finite_array("times", self.times, "s")
        volts = finite_array("voltages_at", self.voltages_at, "V")
        if times.ndim != 1 or times.size < 2 or times[0] != 0 or (np.diff(times) <= 0).any():
            raise InputError("times", "a row of two or more ascending times (s) that begins with 0", self.times)
        if volts.shape != times.shape:
            raise InputError("voltages_at", f"{times.size} voltages, one for each time", f"shape {volts.shape}")
        object.__setattr__(self, "times", tuple(times.tolist()))
        object.__setattr__(self, "voltages_at", tuple(volts.tolist()))

    @cached_property
    def _points(self) -> tuple[Array, Array]:
        return np.array(self.times), np.array(self.voltages_at)

    @property
    def largest(self) -> float:
        """The voltage's largest magnitude, volt."""
        return float(np.abs(self._points[1]).max())

    def voltages(self, times: Any) -> Array:
        """Volt at `times`, second."""
        return np.interp(np.asarray(times, float), *self._points)

    def corners(self, duration: float) -> Array:
        """The points' times within `duration`, second."""
        times = self._points[0]
        return times[(times > 0) & (times < duration)]

    def crossings(self, level: float, duration: float) -> Array:
        """Times within `duration` (second) at which the voltage passes `level` (volt) between two points."""
        times, volts = self._points
        above = volts - level
        passing = np.flatnonzero(above[:-1] * above[1:] < 0)
        share = above[passing] / (above[passing] - above[passing + 1])
        found = times[passing] + share * (times[passing + 1] - times[passing])
        return found[(found > 0) & (found < duration)]


@dataclass(frozen=True, kw_only=True)
class Pulses:
    """A train of trapezoidal pulses, as SPICE's ``pulse``.

    Parameters
    ----------
    low, high : float
        The voltage between pulses and on their tops, volt.
    delay : float
        When the first pulse begins to rise, second.
    rise, fall : float
        Lengths of the edges, second, above 0.
    width : float
        Length of the top, second.
    period : float
        From pulse to pulse, second; at least as long as one pulse.
    """

    low: float = 0.0
    high: float
    delay: float = 0.0
    rise: float
    width: float
    fall: float
    period: float

    def __post_init__(self) -> None:
        finite_number("low", self.low)
        finite_number("high", self.high)
        for name in ("delay", "width"):
            non_negative_number(name, getattr(self, name), "s")
        for name in ("rise", "fall", "period"):
            positive_number(name, getattr(self, name), "s")
        length = self.rise + self.width + self.fall
        if self.period < length * (1.0 - 1e-12):  # a sum of decimals may be rounded up
            raise InputError("period", f"at least the length of one pulse, {length:g} s", self.period)

    @property
    def largest(self) -> float:
        """The voltage's largest magnitude, volt."""
        return max(abs(self.low), abs(self.high))

    def voltages(self, times: Any) -> Array:
        """Volt at `times`, second."""
        since = np.asarray(times, float) - self.delay
        inside = np.where(since < 0, 0.0, since % self.period)
        ends = np.cumsum([0.0, self.rise, self.width, self.fall])
        return np.interp(inside, ends, [self.low, self.high, self.high, self.low])

    def corners(self, duration: float) -> Array:
        """The times of the pulses' corners within `duration`, second."""
        return self.as_lines(duration).corners(duration)

    def crossings(self, level: float, duration: float) -> Array:
        """Times within `duration` (second) at which the voltage passes `level` (volt)."""
        return self.as_lines(duration).crossings(level, duration)

    def as_lines(self, duration: float) -> PiecewiseLinear:
        """The pulses that begin before `duration` (second) as straight lines.

        Raises
        ------
        InputError
            For more than a million corners.
        """
        count = max(0, math.ceil((duration - self.delay) / self.period))
        if 4 * count > _MOST_CORNERS:
            required = f"at most {_MOST_CORNERS // 4} periods of the pulses"
            raise InputError("duration", required, f"{count} periods")
        shape = np.cumsum([0.0, self.rise, self.width, self.fall])
        starts = self.delay + self.period * np.arange(count)
        after = max(duration, self.delay + self.period * count) + self.period
        times = np.concatenate([[0.0], (starts[:, np.newaxis] + shape).ravel(), [after]])
        volts = np.concatenate([[self.low], np.tile([self.low, self.high, self.high, self.low], count), [self.low]])
        kept = np.concatenate([[True], np.diff(times) > 0])  # no gap between pulses, or no delay: points coincide
        return PiecewiseLinear(times=times[kept].tolist(), voltages_at=volts[kept].tolist())
