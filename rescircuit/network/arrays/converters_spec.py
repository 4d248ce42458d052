"""What stands at the ends of an array's lines: converters and read-out amplifiers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from rescircuit.checks import finite_number, non_negative_number, positive_number, whole_number
from rescircuit.errors import InputError

__all__ = ["ADC_RANGES", "Converters"]

AdcRange = Literal["all", "peak", "percentile", "least_error", "fixed"]
ADC_RANGES: tuple[str, ...] = get_args(AdcRange)
_LEAST_GAIN = 10.0


@dataclass(frozen=True, kw_only=True)
class Converters:
    """Converters and amplifiers beyond their resolution, which is in `dac_bits` and `adc_bits` of an `ArraySpec`.

    Converters that are ideal there, ``None``, have neither ranges nor slices, offsets or noise: an `ArraySpec` refuses
    slices, offsets and noise of such ones.

    Parameters
    ----------
    adc_range : str
        What the output converters' full scale is set to: ``"all"``, the largest current that any inputs within full
        scale can make; of the calibration inputs ``"peak"``, the largest current, ``"percentile"``, or
        ``"least_error"``, the full scale with the least squared error of conversion; or ``"fixed"``. Without
        calibration inputs, or where they bring no current, the middle three are ``"all"``. The currents are those
        without noise, of up to 8192 of a layer's positions.
    percentile : float
        Of the currents' magnitudes, above 0 to 100.
    adc_full_scale : float or None
        Ampere; with ``"fixed"`` and only then.
    shared_range : bool
        Whether all tiles of a layer have one range, or each its own.
    adc_offset, dac_offset : float
        Standard deviation of the offset between converters, LSB.
    adc_noise, dac_noise : float
        Of each conversion, LSB rms.
    amplifier_offset : float
        Standard deviation between bit lines of the read-out amplifiers' input offset, volt.
    amplifier_gain : float
        Open-loop gain A of the transimpedance amplifiers; ``inf`` for ideal ones.
    feedback_resistance : float
        R_f, ohm. An amplifier of finite gain is a resistance ``R_f / (1 + A)`` behind its bit line.
    slice_bits : int or None
        Inputs are applied in slices of so many bits, each read and digitised by itself; ``None``: whole.

    Raises
    ------
    InputError
        For values outside these ranges.
    """

    adc_range: AdcRange = "peak"
    percentile: float = 99.9
    adc_full_scale: float | None = None
    shared_range: bool = True
    adc_offset: float = 0.0
    adc_noise: float = 0.0
    dac_offset: float = 0.0
    dac_noise: float = 0.0
    amplifier_offset: float = 0.0
    amplifier_gain: float = math.inf
    feedback_resistance: float = 10e3
    slice_bits: int | None = None

    def __post_init__(self) -> None:
        if self.adc_range not in ADC_RANGES:
            raise InputError("adc_range", f"one of {', '.join(ADC_RANGES)}", self.adc_range)
        if positive_number("percentile", self.percentile) > 100:
            raise InputError("percentile", "above 0 and at most 100", self.percentile)
        if self.adc_full_scale is not None:
            positive_number("adc_full_scale", self.adc_full_scale, "A")
        if (self.adc_range == "fixed") != (self.adc_full_scale is not None):
            raise InputError("adc_full_scale", 'given with adc_range="fixed" and only then', self.adc_full_scale)
        if not isinstance(self.shared_range, bool | np.bool_):
            raise InputError("shared_range", "True or False", self.shared_range)
        for name in ("adc_offset", "adc_noise", "dac_offset", "dac_noise"):
            non_negative_number(name, getattr(self, name), "LSB")
        non_negative_number("amplifier_offset", self.amplifier_offset, "V")
        self._check_gain()
        positive_number("feedback_resistance", self.feedback_resistance, "ohm")
        if self.slice_bits is not None:
            whole_number("slice_bits", self.slice_bits, 1, 32, "Without it inputs are applied whole.")

    def without(self, *, inputs: bool, outputs: bool) -> Converters:
        """The same without offsets, noise and slices of input converters, of output converters, or of both."""
        own = dict.fromkeys(("dac_offset", "dac_noise"), 0.0) | {"slice_bits": None} if inputs else {}
        return replace(self, **own, **(dict.fromkeys(("adc_offset", "adc_noise"), 0.0) if outputs else {}))

    def _check_gain(self) -> None:
        required = f"an open-loop gain of at least {_LEAST_GAIN:g}, or infinity"
        if self.amplifier_gain != math.inf and finite_number("amplifier_gain", self.amplifier_gain, required) < 10:
            raise InputError("amplifier_gain", required, self.amplifier_gain)

    @property
    def input_resistance(self) -> float:
        """What an amplifier of finite gain puts behind its bit line, ohm: ``R_f / (1 + A)``."""
        return self.feedback_resistance / (1.0 + self.amplifier_gain)
