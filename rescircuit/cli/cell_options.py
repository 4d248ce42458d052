"""The options of a network's cells: memristors and how they are written, and what banks are measured through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from rescircuit.cli.option_groups import given_options, option_name, option_names
from rescircuit.cli.outputs import naming
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.calibration import ReadOut
    from rescircuit.devices import Memristor
    from rescircuit.network.arrays import Writing

__all__ = ["CalibrationOptions", "MemristorOptions"]

_MEMRISTORS = "reram"  # the process whose memristors are taken where none is named
_BITS = {"--adc-bits": "--calibrate-bits"}


@dataclass(frozen=True, kw_only=True)
class MemristorOptions:
    """Cells that are memristors, and how they are written."""

    memristor: Annotated[
        str | None,
        typer.Option(help="A process with memristors: reram, pcm, or a TOML file.", show_default=_MEMRISTORS),
    ] = None
    write_tolerance: Annotated[str, typer.Option(help="What a read may differ by, of the largest conductance.")] = "1%"
    most_writes: Annotated[int, typer.Option(help="Writes allowed for each.")] = 20
    write_averages: Annotated[int, typer.Option(help="Reads whose mean is compared.")] = 1

    @property
    def name(self) -> str:
        """The process's name, or its file."""
        return self.memristor or _MEMRISTORS

    def device(self, cells: str) -> Memristor | None:
        """The device of these cells; options without memristors are refused."""
        from rescircuit.devices import load_process

        if cells != "memristors":
            for name, value in given_options(self):
                raise InputError(option_name(name), "left out without --cells memristors", value)
            return None
        with naming({"process": "--memristor"}):
            return load_process(self.name).make_memristor()

    def writing(self) -> Writing:
        """How they are written."""
        from rescircuit.network.arrays import Writing
        from rescircuit.quantities import parse_quantity

        with naming(
            {"tolerance_share": "--write-tolerance", "averages": "--write-averages", **option_names(type(self))}
        ):
            return Writing(
                tolerance_share=parse_quantity(self.write_tolerance, argument="--write-tolerance"),
                most_writes=self.most_writes,
                averages=self.write_averages,
            )


@dataclass(frozen=True, kw_only=True)
class CalibrationOptions:
    """The read-out through which banks are measured before they are programmed."""

    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate", help="Measure banks before programming; by default their values are known exactly."
        ),
    ] = False
    calibrate_bits: Annotated[int, typer.Option(help="Its converter's bits.")] = 12
    calibrate_noise: Annotated[str, typer.Option(help="Its noise, a sample, ampere rms.")] = "0A"
    calibrate_dither: Annotated[float, typer.Option(help="Width of its uniform dither, LSB.")] = 0.0
    calibrate_averages: Annotated[int, typer.Option(help="Samples averaged in a reading.")] = 1
    calibrate_offset: Annotated[str, typer.Option(help="Standard deviation of its offset, ampere.")] = "0A"
    calibrate_gain_error: Annotated[str, typer.Option(help="Standard deviation of its gain error, such as 1%.")] = "0"
    calibrate_inl: Annotated[float, typer.Option(help="Its integral non-linearity, LSB rms.")] = 0.0

    def read_out(self) -> ReadOut | None:
        """Its datasheet; None where values are known exactly."""
        from rescircuit.cli.read_out_options import ReadOutOptions

        if not self.calibrate:
            for name, value in given_options(self):
                raise InputError(option_name(name), "left out without --calibrate", value)
            return None
        names = ("noise", "dither", "averages", "offset", "gain_error", "inl")
        with naming({option_name(each): f"--calibrate-{option_name(each)[2:]}" for each in names} | _BITS):
            return ReadOutOptions(
                adc_bits=self.calibrate_bits, **{each: getattr(self, f"calibrate_{each}") for each in names}
            ).read()
