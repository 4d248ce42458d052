"""The options of a network's chip: what it is made of, how weights are laid out on it, and what it is exposed to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.cell_options import CalibrationOptions, MemristorOptions
from rescircuit.cli.console import SEED_OPTION
from rescircuit.cli.converter_options import AmplifierOptions, ConverterOptions
from rescircuit.cli.network_checks import check_chip, check_compensation, remark_on
from rescircuit.cli.option_groups import option_name, option_names
from rescircuit.cli.outputs import naming
from rescircuit.cli.process_banks import usable_switch
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.devices import Process
    from rescircuit.network import ArraySpec
    from rescircuit.network.arrays import Conditions

__all__ = ["CHIP_NAMES", "ChipOptions"]


@dataclass(frozen=True, kw_only=True)
class WeightOptions:
    """How weights become conductances."""

    cells: Annotated[
        str | None,
        typer.Option(
            help="banks: programmable banks; resistors: single ones, as made; memristors; ideal: exactly what is "
            "asked for.",
            show_default="banks",
        ),
    ] = None
    scheme: Annotated[
        str,
        typer.Option(
            help="A weight is the difference of two cells near the middle of their range (middle), of two of which "
            "one is off (one-side), or of a cell and a column for all (offset)."
        ),
    ] = "middle"
    subtraction: Annotated[str, typer.Option(help="analog, of currents; or digital, behind two converters.")] = "analog"
    scaling: Annotated[str, typer.Option(help="tensor: one scale a layer; column: one an output.")] = "tensor"
    bias: Annotated[str, typer.Option(help="digital, or word-line: on a word line of its own.")] = "digital"
    pairs: Annotated[str, typer.Option(help="Banks of a pair are programmed in-turn, or as one problem: joint.")] = (
        "in-turn"
    )
    swing: Annotated[str, typer.Option(help="The share of a cell's range that weights use.")] = "50%"
    v_read: Annotated[str | None, typer.Option(help="The largest input voltage.", show_default="0.1V")] = None
    positions_per_copy: Annotated[
        int | None,
        typer.Option(
            help="Positions of a convolution that a copy of its tiles serves; by default one copy serves all.",
            show_default=False,
        ),
    ] = None
    compensate: Annotated[
        str | None,
        typer.Option(
            help="wires: targets such that the array with its wires has the wanted conductances; columns: each cell "
            "makes up for the errors of those before it, on the inputs; or both, with a comma.",
            show_default=False,
        ),
    ] = None

    def read(self) -> dict[str, Any]:
        """What an ArraySpec takes of them."""
        from rescircuit.quantities import parse_quantity

        choices = ("scheme", "subtraction", "scaling", "bias", "pairs")
        return {
            "cells": "banks" if self.cells is None else self.cells,
            **{name: getattr(self, name).replace("-", "_") for name in choices},
            "swing": parse_quantity(self.swing, argument="--swing"),
            "positions_per_copy": self.positions_per_copy,
        }

    def compensation(self) -> tuple[str, ...]:
        """What targets are compensated for, as map_network takes it."""
        from rescircuit.network.mapping import COMPENSATIONS

        asked = [] if self.compensate is None else [part.strip() for part in self.compensate.split(",")]
        for part in asked:
            if part not in COMPENSATIONS:
                raise InputError("--compensate", f"{' or '.join(COMPENSATIONS)}, or both with a comma", self.compensate)
        return tuple(dict.fromkeys(asked))


@dataclass(frozen=True, kw_only=True)
class ConditionOptions:
    """What the programmed chip is exposed to."""

    temperature: Annotated[
        str | None, typer.Option(help="Where it is used, °C; it is programmed at 27 °C.", show_default="27")
    ] = None
    age: Annotated[str, typer.Option(help="Between programming and use, second; a year is 3.2e7.")] = "0s"
    read_noise: Annotated[str, typer.Option(help="Of each cell, each read, relative, such as 1%.")] = "0"
    bandwidth: Annotated[
        str | None, typer.Option(help="Of the read-out, for thermal noise, such as 10megHz.", show_default=False)
    ] = None
    stuck_open: Annotated[str, typer.Option(help="Share of the switches, or of single cells, such as 0.1%.")] = "0"
    stuck_closed: Annotated[str, typer.Option(help="Likewise.")] = "0"
    known_faults: Annotated[
        bool, typer.Option("--known-faults", help="Programming knows stuck switches and works around them.")
    ] = False

    def read(self) -> Conditions:
        """The conditions."""
        from rescircuit.network.arrays import Conditions
        from rescircuit.quantities import parse_quantity

        values: dict[str, Any] = {
            name: parse_quantity(getattr(self, name), unit, argument=option_name(name))
            for name, unit in (("age", "s"), ("read_noise", ""), ("stuck_open", ""), ("stuck_closed", ""))
        }
        for name, unit in (("temperature", "degC"), ("bandwidth", "Hz")):
            if getattr(self, name) is not None:
                values[name] = parse_quantity(getattr(self, name), unit, argument=option_name(name))
        with naming(option_names(type(self))):
            return Conditions(**values, known_faults=self.known_faults)


@dataclass(frozen=True, kw_only=True)
class ChipOptions:
    """The chip that a network is programmed onto."""

    process: Annotated[str, typer.Option(help="A process's name, or a TOML file of your own.")] = "polysilicon"
    nominal: Annotated[str, typer.Option(help="Nominal resistance.")] = "1meg"
    bank_size: Annotated[int, typer.Option(help="Resistors in a bank.")] = 12
    rows: Annotated[int, typer.Option(help="Word lines of a tile.")] = 128
    cols: Annotated[int, typer.Option(help="Bit lines of a tile; an output takes two, but with --scheme offset.")] = 128
    dac_bits: Annotated[
        int | None, typer.Option(help="Input converters' bits; ideal if left out.", show_default=False)
    ] = None
    seed: Annotated[int, SEED_OPTION] = 1
    weights: Annotated[WeightOptions, "A network's weights on the chip"] = field(default_factory=WeightOptions)
    memristors: Annotated[MemristorOptions, "A network's cells that are memristors"] = field(
        default_factory=MemristorOptions
    )
    calibration: Annotated[CalibrationOptions, "Calibration before a network is programmed"] = field(
        default_factory=CalibrationOptions
    )
    amplifiers: Annotated[AmplifierOptions, "A network's read-out amplifiers"] = field(default_factory=AmplifierOptions)
    conditions: Annotated[ConditionOptions, "A network's chip in use"] = field(default_factory=ConditionOptions)

    @property
    def compensation(self) -> tuple[str, ...]:
        """What targets are compensated for."""
        return self.weights.compensation()

    def spec(
        self, r_word_line: str, r_bit_line: str, converters: ConverterOptions | None = None
    ) -> tuple[ArraySpec, Process]:
        """The arrays that it offers, with wires as text, and the process that it is made in."""
        from rescircuit.bank import DEFAULT_READ_VOLTAGE
        from rescircuit.devices import load_process
        from rescircuit.network import ArraySpec
        from rescircuit.quantities import parse_quantity

        converters = converters or ConverterOptions()
        check_chip(self, converters)
        made = load_process(self.process)
        weights = self.weights.read()
        v_read = self.weights.v_read
        volt = DEFAULT_READ_VOLTAGE if v_read is None else parse_quantity(v_read, "V", argument="--v-read")
        with naming(CHIP_NAMES):
            spec = ArraySpec(
                rows=self.rows,
                cols=self.cols,
                bank_size=self.bank_size,
                r_word_line=parse_quantity(r_word_line, "ohm", argument="--r-word-line"),
                r_bit_line=parse_quantity(r_bit_line, "ohm", argument="--r-bit-line"),
                dac_bits=self.dac_bits,
                adc_bits=converters.adc_bits,
                resistor=made.make_resistor(parse_quantity(self.nominal, "ohm", argument="--nominal")),
                switch=usable_switch(made, volt),
                nominals=made.nominals,
                v_read=volt,
                memristor=self.memristors.device(weights["cells"]),
                writing=self.memristors.writing(),
                calibration=self.calibration.read_out(),
                converters=converters.read(self.amplifiers),
                conditions=self.conditions.read(),
                **weights,
            )
        check_compensation(spec, self.compensation, self.weights.compensate)
        own = {"memristors": self.memristors.name, "ideal": "an ideal cell"}
        remark_on(spec, own.get(spec.cells, made.name))
        return spec, made


CHIP_NAMES = {
    **option_names(ChipOptions),
    **{name: option_name(name) for name in ("r_word_line", "r_bit_line", "adc_bits", "input_shape")},
    "file": "FILE",
    "n": "--bank-size",
    "x": "--inputs",
    "compensation": "--compensate",
    "calibration_inputs": "--inputs",
    "calibration": "--calibrate",
    "conditions": "--stuck-open",
}
