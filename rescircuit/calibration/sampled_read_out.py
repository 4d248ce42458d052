"""One read-out as it was made: with the errors that it has for good, and the noise of its samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rescircuit.calibration.non_linearity import inl_modes
from rescircuit.checks import Array
from rescircuit.devices.streams import Stream

if TYPE_CHECKING:
    from rescircuit.calibration.read_out import ReadOut

__all__ = ["SampledReadOut"]

_SAMPLES_AT_ONCE = 1 << 18


@dataclass(frozen=True, kw_only=True, eq=False)
class SampledReadOut:
    """A read-out as it was made. All its errors are arrays (1,), or (b,) where each of b banks has one of its own.

    Attributes
    ----------
    read_out : ReadOut
        Its datasheet.
    offset : array (b,)
        Of the converter, ampere.
    gain_error : array (b,)
        Relative.
    amplifier_offset : array (b,)
        Volt.
    amplifier_gain : array (b,) or None
        Open-loop.
    reference_deviation : array (b,)
        Of the reference from the die's resistors, relative.
    inl_weights : array (4, b)
        Of the modes of :func:`inl_modes`, LSB.
    """

    read_out: ReadOut
    offset: Array
    gain_error: Array
    amplifier_offset: Array
    amplifier_gain: Array | None
    reference_deviation: Array
    inl_weights: Array

    @property
    def count(self) -> int:
        """How many read-outs these are."""
        return self.offset.size

    def part(self, start: int, stop: int) -> SampledReadOut:
        """Those of the banks `start` to `stop - 1`; a single read-out serves all banks."""
        if self.count == 1:
            return self
        names = ("offset", "gain_error", "amplifier_offset", "amplifier_gain", "reference_deviation", "inl_weights")
        parts = {name: getattr(self, name) for name in names}
        return replace(self, **{k: None if v is None else v[..., start:stop] for k, v in parts.items()})

    def with_range(self, full_scale: float | None) -> SampledReadOut:
        """The same read-out, with the same errors, switched to another full scale (ampere)."""
        return replace(self, read_out=replace(self.read_out, full_scale=full_scale))

    def with_averages(self, averages: int) -> SampledReadOut:
        """The same read-out, with the same errors, averaging so many samples."""
        return replace(self, read_out=replace(self.read_out, averages=averages))

    def read(
        self, currents: Array, *, seed: int, chip: int = 0, start: int = 0, source: str = "read_out"
    ) -> tuple[Array, NDArray[np.bool_]]:
        """What the converter says of `currents`, averaged, and which readings were cut off at its ends.

        Parameters
        ----------
        currents : array (q, b)
            From the amplifier, ampere: q readings of each of b banks.
        seed, chip, source
            Of the noise, see :class:`~rescircuit.devices.streams.Stream`.
        start : int
            Number of the first bank; noise belongs to bank, reading and sample, in any chunking.

        Returns
        -------
        readings : array (q, b)
            Ampere, by the nominal range.
        clipped : bool array (q, b)
            Whether any sample was beyond the range.
        """
        out = self.read_out
        q, b = currents.shape
        step, bottom = out.step, out.headroom * out.range_ampere
        ideal = (1.0 + self.gain_error) * currents + self.offset
        place = (ideal + bottom) / step
        top = float(2**out.adc_bits - 1)
        if out.inl:
            modes = inl_modes(np.clip(place / top, 0.0, 1.0))
            for weight, mode in zip(self.inl_weights, modes, strict=True):
                place = place + weight * mode
        place = place.T.reshape(-1)  # bank after bank, the readings of each together
        relative = out.relative_noise * ideal.T.reshape(-1)
        spread = np.sqrt(out.noise**2 + relative * relative) / step  # a library's hypot differs between machines
        total = np.empty(b * q)
        clipped = np.empty(b * q, np.bool_)
        # Without noise and dither all samples are the same.
        samples = out.averages if out.noise or out.relative_noise or out.dither else 1
        block = max(1, _SAMPLES_AT_ONCE // samples)
        for first in range(0, b * q, block):
            rows = slice(first, min(first + block, b * q))
            shape = (rows.stop - first, samples)
            values = np.repeat(place[rows, np.newaxis], samples, axis=1)
            index = (start * q + first) * samples
            if out.noise or out.relative_noise:
                noise = Stream(seed=seed, chip=chip, source=f"{source}.noise").normal(values.size, index)
                values += spread[rows, np.newaxis] * noise.reshape(shape)
            if out.dither:
                dither = Stream(seed=seed, chip=chip, source=f"{source}.dither").uniform(values.size, index)
                values += out.dither * (dither.reshape(shape) - 0.5)
            codes = np.floor(values + 0.5)
            clipped[rows] = ((codes < 0) | (codes > top)).any(axis=1)
            total[rows] = np.clip(codes, 0.0, top).sum(axis=1) / samples  # whole numbers: exact in any order
        return (total.reshape(b, q) * step - bottom).T, clipped.reshape(b, q).T
