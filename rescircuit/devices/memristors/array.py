"""Arrays of memristors: an immutable state, and reads and writes that leave it as it was and return another.

All randomness belongs to a device's number on its chip, and to the number of the write or read. So an array may be
sampled, written and read whole or in pieces, with the same bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, checked_shape, finite_array, non_negative_number, whole_number
from rescircuit.devices.memristors.states import Memristor
from rescircuit.devices.streams import Stream, exponential, logarithm
from rescircuit.errors import InputError

__all__ = ["MemristorArray"]

_ARRAYS = ("conductances", "writes", "written_at", "stuck", "lifetimes", "exponents")
_ENDLESS = np.inf  # writes


@dataclass(frozen=True, kw_only=True, eq=False)
class MemristorArray:
    """Memristors as they are now; made by :meth:`sample` and :meth:`write`.

    Attributes
    ----------
    memristor : Memristor
        What all of them are like.
    conductances : array (...)
        What each was left at by its last write, siemens, before any drift.
    writes : int array (...)
        Writes done to each.
    written_at : array (...)
        When each last took a write, second.
    stuck : bool array (...)
        Which were made unable to leave an end of the window.
    lifetimes : array (...)
        How many writes each lives through; infinite without an endurance.
    exponents : array (...)
        Each one's exponent of drift; 0 of stuck ones.
    seed, chip, start : int
        Where the sample comes from, and the number on the chip of the first device; others follow in C order.
    reads : int
        The number of the next read that write-verify does; all below may have been done.
    """

    memristor: Memristor
    conductances: Array
    writes: NDArray[np.int64]
    written_at: Array
    stuck: NDArray[np.bool_]
    lifetimes: Array
    exponents: Array
    seed: int
    chip: int = 0
    start: int = 0
    reads: int = 0

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            array = np.asarray(getattr(self, name))  # of one device NumPy's functions make plain numbers
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @classmethod
    def sample(
        cls, memristor: Memristor, shape: int | tuple[int, ...] = (), *, seed: int, chip: int = 0, start: int = 0
    ) -> MemristorArray:
        """Fresh devices, all at `g_min` but for those stuck at `g_max`.

        Parameters
        ----------
        memristor : Memristor
            What they are like.
        shape : int or tuple of int
            Shape of the array; devices are numbered in C order.
        seed, chip : int
            Which chip, see :class:`~rescircuit.devices.streams.Stream`.
        start : int
            Number on the chip of the first device.

        Raises
        ------
        InputError
            For what is no memristor, or a shape or a number that is not whole.
        """
        if not isinstance(memristor, Memristor):
            raise InputError("memristor", "a Memristor", memristor)
        shape = checked_shape(shape)
        count = math.prod(shape)
        start = whole_number("start", start, 0)

        def stream(part: str) -> Stream:
            return Stream(seed=seed, chip=chip, source=f"memristor.{part}")

        place = stream("stuck").uniform(count, start)
        low = place < memristor.stuck_at_g_min
        high = place >= 1.0 - memristor.stuck_at_g_max
        exponents = np.full(count, float(memristor.drift_exponent))
        if memristor.drift_exponent_spread:
            spread = memristor.drift_exponent_spread * stream("drift").normal(count, start)
            exponents = np.maximum(exponents + spread, 0.0)
        exponents[low | high] = 0.0  # they cannot leave their end of the window
        lifetimes = np.full(count, _ENDLESS if memristor.endurance is None else float(memristor.endurance))
        if memristor.endurance is not None and memristor.endurance_spread:
            lifetimes *= exponential(memristor.endurance_spread * stream("endurance").normal(count, start))
        return cls(
            memristor=memristor,
            conductances=np.where(high, memristor.g_max, memristor.g_min).reshape(shape),
            writes=np.zeros(shape, np.int64),
            written_at=np.zeros(shape),
            stuck=(low | high).reshape(shape),
            lifetimes=lifetimes.reshape(shape),
            exponents=exponents.reshape(shape),
            seed=seed,
            chip=chip,
            start=start,
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.conductances.shape

    @property
    def worn_out(self) -> NDArray[np.bool_]:
        """Which devices have had more writes than they live through, (...)."""
        return self.writes > self.lifetimes

    def at(self, time: float) -> Array:
        """Conductances at `time` (second), drifted since each was written, without read noise, siemens, (...).

        Raises
        ------
        InputError
            For a time before the last write.
        """
        time = non_negative_number("time", time, "s")
        if self.written_at.size and time < self.written_at.max():
            raise InputError("time", f"not before the last write, at {self.written_at.max():g} s", time)
        age = np.maximum((time - self.written_at) / self.memristor.drift_reference_time, 1.0)
        return self.conductances * exponential(-self.exponents * logarithm(age))

    def read(self, number: int, *, time: float) -> Array:
        """What a read finds, siemens, (...).

        Parameters
        ----------
        number : int
            Which read: the same number brings the same noise.
        time : float
            When, second.
        """
        number = whole_number("number", number, 0)
        conductances = self.at(time)
        if self.memristor.read_noise == (0.0, 0.0):
            return conductances
        noise = self._normal(f"read.{number}")
        return conductances * (1.0 + self.memristor.spread("read_noise", conductances) * noise)

    def write(self, targets: Any, mask: Any = None, *, time: float = 0.0) -> MemristorArray:
        """The array after one write pulse, without a look at where it landed.

        Parameters
        ----------
        targets : array, broadcastable to the array's shape
            Siemens, from `g_min` to `g_max`; each write aims at the nearest of the memristor's levels.
        mask : bool array, broadcastable to the array's shape, optional
            Which devices to write; by default all.
        time : float
            When, second.

        Raises
        ------
        InputError
            For targets outside the window, a mask that is not boolean, shapes that do not fit, or a time before the
            last write.
        """
        aims = self.memristor.nearest_levels(self.checked_targets(targets))
        chosen = self._checked_mask(mask)
        time = non_negative_number("time", time, "s")
        if self.written_at.size and time < self.written_at.max():
            raise InputError("time", f"not before the last write, at {self.written_at.max():g} s", time)
        writes = self.writes + chosen
        lasting = chosen & ~self.stuck & (writes <= self.lifetimes)
        conductances, changed = np.where(lasting, self._landed(aims, lasting, writes), self.conductances), lasting
        if self.memristor.worn_at == "g_max":
            failing = chosen & ~self.stuck & (writes > self.lifetimes)
            conductances, changed = np.where(failing, self.memristor.g_max, conductances), lasting | failing
        return replace(
            self,
            conductances=conductances,
            writes=writes,
            written_at=np.where(changed, time, self.written_at),
        )

    def checked_targets(self, targets: Any) -> Array:
        """`targets` as conductances (siemens) of the array's shape, within the window.

        Raises
        ------
        InputError
            For others.
        """
        wanted = finite_array("targets", targets, "S", allow_empty=True)
        part = self.memristor
        outside = (wanted < part.g_min) | (wanted > part.g_max)
        if outside.any():
            raise InputError("targets", f"from g_min to g_max, {part.g_min:g} to {part.g_max:g} S", wanted[outside][0])
        return self._broadcast("targets", wanted)

    def _landed(self, aims: Array, lasting: NDArray[np.bool_], writes: NDArray[np.int64]) -> Array:
        """Where this write leaves those that take it, siemens, (...)."""
        part = self.memristor
        landed = aims
        if part.programming_error != (0.0, 0.0):
            noise = np.zeros(self.shape)
            for number in np.unique(writes[lasting]).tolist():  # each device's own count, whatever the others had
                these = lasting & (writes == number)
                noise[these] = self._normal(f"write.{number}")[these]
            deviation = part.spread("programming_error", aims) * noise
            landed = (
                aims + part.g_max * deviation if part.programming_law == "normal" else aims * exponential(deviation)
            )
        used = np.minimum(writes / self.lifetimes, 1.0)  # 0 without an endurance
        closed = 0.5 * part.wear * used * (part.g_max - part.g_min)
        return np.minimum(np.maximum(landed, part.g_min + closed), part.g_max - closed)

    def _normal(self, part: str) -> Array:
        stream = Stream(seed=self.seed, chip=self.chip, source=f"memristor.{part}")
        return stream.normal(self.conductances.size, self.start).reshape(self.shape)

    def _checked_mask(self, mask: Any) -> NDArray[np.bool_]:
        if mask is None:
            return np.ones(self.shape, bool)
        chosen = np.asarray(mask)
        if chosen.dtype != np.bool_:
            raise InputError("mask", "booleans, one a device", f"shape {chosen.shape} of {chosen.dtype.name}")
        return self._broadcast("mask", chosen)

    def _broadcast(self, argument: str, array: NDArray[Any]) -> NDArray[Any]:
        try:
            return np.broadcast_to(array, self.shape)
        except ValueError:
            raise InputError(argument, f"of a shape that broadcasts to {self.shape}", f"shape {array.shape}") from None
