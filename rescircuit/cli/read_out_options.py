"""The options that describe a chip's read-out, shared by the commands that measure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated

import typer

from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.calibration import ReadOut

__all__ = [
    "AdcBits",
    "AmplifierGain",
    "AmplifierOffset",
    "Averages",
    "Dither",
    "Feedback",
    "FullScale",
    "GainError",
    "Inl",
    "Noise",
    "Offset",
    "ReadOutOptions",
    "Reference",
    "ReferenceMismatch",
]

AdcBits = Annotated[
    int | None,
    typer.Option(help="Resolution of the converter; by default 12, and of a bench unknown.", show_default=False),
]
FullScale = Annotated[
    str | None,
    typer.Option(help="Current at its top code, such as 2uA; by default fitted to the patterns.", show_default=False),
]
Noise = Annotated[str, typer.Option(help="Input-referred noise of one sample, ampere rms.")]
Dither = Annotated[float, typer.Option(help="Width of a uniform dither, LSB; 1 makes averaging unbiased.")]
Averages = Annotated[int, typer.Option(help="Samples averaged in a reading.")]
Offset = Annotated[str, typer.Option(help="Standard deviation of the converter's offset, ampere.")]
GainError = Annotated[str, typer.Option(help="Standard deviation of the gain error, such as 1%.")]
Inl = Annotated[float, typer.Option(help="Integral non-linearity, LSB rms.")]
Feedback = Annotated[
    str | None,
    typer.Option(help="Feedback resistor of the amplifier, ohm; needed for the next two.", show_default=False),
]
AmplifierOffset = Annotated[str, typer.Option(help="Standard deviation of the amplifier's input offset, volt.")]
AmplifierGain = Annotated[
    float | None, typer.Option(help="Open-loop gain, volt per volt; by default infinite.", show_default=False)
]
Reference = Annotated[
    str | None,
    typer.Option(
        help="Nominal value, ohm, of a resistor of the same material that is read too: values are then ratios to it.",
        show_default=False,
    ),
]
ReferenceMismatch = Annotated[str, typer.Option(help="Standard deviation of the reference's own value, such as 0.1%.")]

_DEFAULT_BITS = 12
_SIZES = ("full_scale", "noise", "dither", "offset", "inl", "feedback", "amplifier_offset", "amplifier_gain")
_LARGEST = 1e15  # in the units of the options, far beyond any instrument
_NAMES = {"resistance": "--reference", "mismatch": "--reference-mismatch"}


@dataclass(frozen=True, kw_only=True)
class ReadOutOptions:
    """These options, as text where they are quantities."""

    adc_bits: int | None = None
    full_scale: str | None = None
    noise: str = "0A"
    dither: float = 0.0
    averages: int = 1
    offset: str = "0A"
    gain_error: str = "0"
    inl: float = 0.0
    feedback: str | None = None
    amplifier_offset: str = "0V"
    amplifier_gain: float | None = None
    reference: str | None = None
    reference_mismatch: str = "0"

    def of_a_bench(self) -> ReadOut | None:
        """The datasheet of an instrument; None where nothing is said about it."""
        if self.adc_bits is not None:
            return self.read()
        for field in fields(self):
            if getattr(self, field.name) != field.default:
                hint = "A bench's read-out is described with its resolution, or not at all."
                raise InputError("--adc-bits", f"given with {_option(field.name)}", None, hint)
        return None

    def read(self) -> ReadOut:
        """The datasheet; errors name the option."""
        from rescircuit.calibration import ReadOut
        from rescircuit.calibration import Reference as ReferenceResistor
        from rescircuit.quantities import parse_quantity

        def quantity(name: str, unit: str) -> float | None:
            text = getattr(self, name)
            return None if text is None else parse_quantity(text, unit, argument=_option(name))

        try:
            reference = None
            if self.reference is None and self.reference_mismatch != "0":
                raise InputError("--reference", "given with --reference-mismatch", None)
            if self.reference is not None:
                reference = ReferenceResistor(
                    resistance=quantity("reference", "ohm") or 0.0, mismatch=quantity("reference_mismatch", "") or 0.0
                )
            sheet = ReadOut(
                adc_bits=_DEFAULT_BITS if self.adc_bits is None else self.adc_bits,
                full_scale=quantity("full_scale", "A"),
                noise=quantity("noise", "A") or 0.0,
                dither=self.dither,
                averages=self.averages,
                offset=quantity("offset", "A") or 0.0,
                gain_error=quantity("gain_error", "") or 0.0,
                inl=self.inl,
                feedback=quantity("feedback", "ohm"),
                amplifier_offset=quantity("amplifier_offset", "V") or 0.0,
                amplifier_gain=self.amplifier_gain,
                reference=reference,
            )
            _check_sizes(sheet)
        except InputError as error:
            name = _NAMES.get(error.argument, error.argument if error.argument[0] == "-" else _option(error.argument))
            raise InputError(name, error.required, error.got, error.hint) from None
        return sheet


def _check_sizes(sheet: ReadOut) -> None:
    """Refuse numbers whose squares are beyond all floats."""
    for name in _SIZES:
        value = getattr(sheet, name)
        if value is not None and value > _LARGEST:
            raise InputError(name, f"at most {_LARGEST:g}", value)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
