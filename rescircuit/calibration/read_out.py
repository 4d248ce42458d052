"""A chip's own read-out: what its datasheet says.

Two kinds of error are kept apart. Noise and dither are drawn anew for every sample and average out. Offset, gain
error, integral non-linearity and the amplifier's errors are drawn once for a read-out: however often it reads, they
stay, and only an error bar that contains them is an honest one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rescircuit.bank import Bank
from rescircuit.calibration.conductances import largest_conductances
from rescircuit.calibration.non_linearity import INL_SPREADS
from rescircuit.calibration.patterns import Patterns, as_patterns
from rescircuit.calibration.sampled_read_out import SampledReadOut
from rescircuit.checks import finite_number, non_negative_number, positive_number, whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError

__all__ = ["ReadOut", "Reference"]

MARGIN = 1.25  # of a fitted full scale over the largest current
_SOURCES = 8  # normal deviates of one read-out: offset, gain, amplifier's offset and gain, reference, three spare
_MOST_AVERAGES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A resistor of the banks' material on the same chip, read through the same path as the banks.

    A reading divided by the reference's is free of the gain error, of what the die's resistors have in common and of
    their temperature. Values are then relative: siemens on a scale where the reference has its nominal resistance.

    Parameters
    ----------
    resistance : float
        Its nominal resistance, ohm.
    mismatch : float
        Standard deviation of its own deviation from the die's resistors, relative; the scale is uncertain by it.
    """

    resistance: float
    mismatch: float = 0.0

    def __post_init__(self) -> None:
        positive_number("resistance", self.resistance, "ohm")
        required = "a relative standard deviation of at least 0 and below 0.1"
        if not 0 <= finite_number("mismatch", self.mismatch, required) < 0.1:
            raise InputError("mismatch", required, self.mismatch)


@dataclass(frozen=True, kw_only=True)
class ReadOut:
    """The datasheet of a read-out: a transimpedance amplifier, and a converter behind it.

    Parameters
    ----------
    adc_bits : int
        Resolution, 1 to 24 bits.
    full_scale : float or None
        Current at the converter's top code, ampere. None: fitted to the largest current of the patterns, see
        :meth:`fitted_to`.
    headroom : float
        The part of the full scale that the converter reaches below zero current, so that offset and noise are not
        cut off there, 0 to 1.
    noise : float
        Input-referred noise of one sample, ampere rms.
    relative_noise : float
        Noise of one sample in proportion to the reading (the noise of a reference voltage), relative rms.
    dither : float
        Width of a uniform dither that is added before the converter and not subtracted after it, in LSB; 0 for none,
        1 makes the mean of many codes unbiased.
    averages : int
        Samples averaged in a reading.
    zero : bool
        Whether each bank is also read at zero input voltage, and that reading subtracted: takes the offset out.
    offset : float
        Standard deviation of the converter's offset, ampere.
    gain_error : float
        Standard deviation of the relative gain error (the feedback resistor's and the converter's), at most 0.5. Error
        bars are of first order in it: with 0.1 they hold as they claim, with 0.3 two of them hold 89 % of the truths.
    inl : float
        Integral non-linearity, LSB rms over the range, between the end points.
    feedback : float or None
        Feedback resistor of the amplifier, ohm; needed where its offset or finite gain is given.
    amplifier_offset : float
        Standard deviation of the amplifier's input offset, volt.
    amplifier_gain : float or None
        Nominal open-loop gain; None for an ideal amplifier.
    amplifier_gain_spread : float
        Standard deviation of the open-loop gain's reciprocal, relative, at most 0.2.
    reference : Reference or None
        For ratiometric readings; None for absolute ones.

    Raises
    ------
    InputError
        For a value outside its range.
    """

    adc_bits: int = 12
    full_scale: float | None = None
    headroom: float = 0.0625
    noise: float = 0.0
    relative_noise: float = 0.0
    dither: float = 0.0
    averages: int = 1
    zero: bool = True
    offset: float = 0.0
    gain_error: float = 0.0
    inl: float = 0.0
    feedback: float | None = None
    amplifier_offset: float = 0.0
    amplifier_gain: float | None = None
    amplifier_gain_spread: float = 0.0
    reference: Reference | None = None

    def __post_init__(self) -> None:
        whole_number("adc_bits", self.adc_bits, 1, 24)
        whole_number("averages", self.averages, 1, _MOST_AVERAGES)
        units = {"noise": "A", "offset": "A", "inl": "LSB", "dither": "LSB", "amplifier_offset": "V"}
        for name, unit in units.items():
            non_negative_number(name, getattr(self, name), unit)
        for name, unit in (("full_scale", "A"), ("feedback", "ohm")):
            if getattr(self, name) is not None:
                positive_number(name, getattr(self, name), unit)
        limits = {"headroom": 1.0, "relative_noise": 0.5, "gain_error": 0.5, "amplifier_gain_spread": 0.2}
        for name, high in limits.items():
            required = f"a number from 0 to {high:g}"
            if not 0 <= finite_number(name, getattr(self, name), required) <= high:
                raise InputError(name, required, getattr(self, name))
        self._check_amplifier()
        if not isinstance(self.zero, bool | np.bool_):
            raise InputError("zero", "True or False", self.zero)
        if self.reference is not None and not isinstance(self.reference, Reference):
            raise InputError("reference", "a Reference or None", self.reference)

    def _check_amplifier(self) -> None:
        if self.amplifier_gain is not None and positive_number("amplifier_gain", self.amplifier_gain) < 10:
            raise InputError("amplifier_gain", "an open-loop gain of at least 10", self.amplifier_gain)
        real = self.amplifier_gain is not None or self.amplifier_offset > 0
        if real and self.feedback is None:
            raise InputError("feedback", "a resistance (ohm) where the amplifier is not ideal", None)
        if self.amplifier_gain_spread > 0 and self.amplifier_gain is None:
            raise InputError("amplifier_gain", "given where it has a spread", None)

    @property
    def step(self) -> float:
        """Current of one code (LSB), ampere."""
        return self.range_ampere * (1.0 + self.headroom) / (2**self.adc_bits - 1)

    @property
    def range_ampere(self) -> float:
        """The full scale, ampere; refuses one that is still to be fitted."""
        if self.full_scale is None:
            raise InputError("full_scale", "a current (A)", None, "ReadOut.fitted_to(bank, patterns) fits it.")
        return self.full_scale

    @property
    def lasting_gain_error(self) -> float:
        """The relative gain error that is left in the values: none in ratios to a reference."""
        return self.gain_error if self.reference is None else 0.0

    @property
    def reads_closed(self) -> bool:
        """Whether a reading at zero input with all switches closed is taken, which shows the amplifier's offset.

        A ratio to the reference does not need it: the offset changes both readings alike.
        """
        return self.zero and self.amplifier_offset > 0 and self.reference is None

    def fitted_to(self, bank: Bank, patterns: Patterns | str, *, margin: float = MARGIN) -> ReadOut:
        """The same with its full scale at `margin` times the largest current of any pattern of any bank in `bank`.

        For a range that is set before the chip is known, `bank` is the nominal one and the margin covers the die's
        variation, the offset and the noise. For a chip that is measured in chunks the range has to be fitted once,
        before the first.
        """
        if positive_number("margin", margin) < 1:
            raise InputError("margin", "at least 1", margin)
        if not isinstance(bank, Bank):
            raise InputError("bank", "a Bank", bank)
        patterns = as_patterns(patterns, bank.n)
        return self.ranged_for(float(largest_conductances(bank, patterns.matrix).max()), bank.v_read, margin=margin)

    def ranged_for(self, conductance: float, v_read: float, *, margin: float = MARGIN) -> ReadOut:
        """The same with its full scale at `margin` times the current of `conductance` (S), or of the reference."""
        if self.reference is not None:
            conductance = max(conductance, 1.0 / self.reference.resistance)
        if conductance <= 0:
            raise InputError("bank", "a bank that conducts", "no current in any pattern")
        return replace(self, full_scale=margin * conductance * v_read)

    def sample(self, seed: int, number: int = 0, count: int | None = None) -> SampledReadOut:
        """One read-out as it was made: its offset, gain error and the like, drawn once and for all.

        Parameters
        ----------
        seed, number : int
            Which read-out; each number has errors of its own.
        count : int, optional
            As many read-outs from `number` on, for as many banks: each bank is read by one of its own.
        """
        many = whole_number("count", 1 if count is None else count, 1)
        number = whole_number("number", number, 0)
        stream = Stream(seed=seed, source="read_out.errors")
        size = _SOURCES + len(INL_SPREADS)
        normal = stream.normal(many * size, number * size).reshape(many, size).T
        weights = normal[_SOURCES:] * (self.inl * INL_SPREADS)[:, np.newaxis]
        gain = None
        if self.amplifier_gain is not None:
            # It is the reciprocal that counts and is taken as normal; a tenth of the nominal is its least.
            gain = self.amplifier_gain / np.maximum(1.0 + self.amplifier_gain_spread * normal[3], 0.1)
        mismatch = 0.0 if self.reference is None else self.reference.mismatch
        return SampledReadOut(
            read_out=self,
            offset=self.offset * normal[0],
            gain_error=self.gain_error * normal[1],
            amplifier_offset=self.amplifier_offset * normal[2],
            amplifier_gain=gain,
            reference_deviation=mismatch * normal[4],
            inl_weights=weights,
        )
