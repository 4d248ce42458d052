"""The options of a network's converters and amplifiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.option_groups import option_names
from rescircuit.cli.outputs import naming

if TYPE_CHECKING:
    from rescircuit.network.arrays import Converters

__all__ = ["AmplifierOptions", "ConverterOptions"]


@dataclass(frozen=True, kw_only=True)
class AmplifierOptions:
    """The read-out amplifiers behind the bit lines."""

    amplifier_gain: Annotated[
        float | None,
        typer.Option(help="Open-loop gain of the read-out amplifiers; ideal if left out.", show_default=False),
    ] = None
    amplifier_offset: Annotated[str, typer.Option(help="Standard deviation of their input offset, volt.")] = "0V"
    feedback: Annotated[str, typer.Option(help="Their feedback resistors.")] = "10kohm"

    def read(self) -> dict[str, float]:
        """What Converters takes of them."""
        from rescircuit.quantities import parse_quantity

        return {
            "amplifier_offset": parse_quantity(self.amplifier_offset, "V", argument="--amplifier-offset"),
            "amplifier_gain": float("inf") if self.amplifier_gain is None else self.amplifier_gain,
            "feedback_resistance": parse_quantity(self.feedback, "ohm", argument="--feedback"),
        }


@dataclass(frozen=True, kw_only=True)
class ConverterOptions:
    """Converters and the ranges of those at the outputs."""

    adc_bits: Annotated[
        int | None, typer.Option(help="Output converters' bits; ideal if left out.", show_default=False)
    ] = None
    adc_range: Annotated[
        str,
        typer.Option(
            help="Their full scale: all, what any inputs can make; of the given inputs their peak, a percentile, or "
            "what has the least-error; or fixed."
        ),
    ] = "peak"
    adc_percentile: Annotated[float, typer.Option(help="Of the currents' magnitudes, with percentile.")] = 99.9
    adc_full_scale: Annotated[str | None, typer.Option(help="With fixed, such as 5uA.", show_default=False)] = None
    tile_ranges: Annotated[
        bool, typer.Option("--tile-ranges", help="A range for each tile, and not for each layer.")
    ] = False
    adc_noise: Annotated[float, typer.Option(help="Of each conversion, LSB rms.")] = 0.0
    adc_offset: Annotated[float, typer.Option(help="Standard deviation between converters, LSB.")] = 0.0
    dac_noise: Annotated[float, typer.Option(help="Of the input converters, LSB rms.")] = 0.0
    dac_offset: Annotated[float, typer.Option(help="Of the input converters, LSB.")] = 0.0
    slice_bits: Annotated[
        int | None,
        typer.Option(
            help="Inputs are applied and read in slices of so many bits; by default whole.", show_default=False
        ),
    ] = None

    def read(self, amplifiers: AmplifierOptions) -> Converters:
        """Their description, and that of the amplifiers before them."""
        from rescircuit.network.arrays import Converters
        from rescircuit.quantities import parse_quantity

        full_scale = self.adc_full_scale
        with naming(_CONVERTER_NAMES):
            made: Any = Converters
            return made(
                adc_range=self.adc_range.replace("-", "_"),
                percentile=self.adc_percentile,
                adc_full_scale=None
                if full_scale is None
                else parse_quantity(full_scale, "A", argument="--adc-full-scale"),
                shared_range=not self.tile_ranges,
                adc_offset=self.adc_offset,
                adc_noise=self.adc_noise,
                dac_offset=self.dac_offset,
                dac_noise=self.dac_noise,
                slice_bits=self.slice_bits,
                **amplifiers.read(),
            )


_CONVERTER_NAMES = {
    **option_names(ConverterOptions, AmplifierOptions),
    "percentile": "--adc-percentile",
    "feedback_resistance": "--feedback",
}
