"""The options of a network's chip and of one of its tiles, and the files that describe its inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.bank_options import parse_range
from rescircuit.cli.circuit_subjects import Subject
from rescircuit.cli.circuit_tables import naming_option, read_matrix
from rescircuit.cli.console import SEED_OPTION, counting
from rescircuit.cli.option_groups import option_name, option_names
from rescircuit.cli.process_banks import usable_switch
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.checks import Array
    from rescircuit.cli.array_options import Wiring
    from rescircuit.devices import Process
    from rescircuit.network import ArraySpec, Network

__all__ = ["CHIP_NAMES", "TILE_NAMES", "ChipOptions", "TileOptions", "read_network_inputs", "read_tile"]


@dataclass(frozen=True, kw_only=True)
class ChipOptions:
    """The chip that a network is programmed onto."""

    process: Annotated[str, typer.Option(help="A process's name, or a TOML file of your own.")] = "polysilicon"
    nominal: Annotated[str, typer.Option(help="Nominal resistance.")] = "1meg"
    bank_size: Annotated[int, typer.Option(help="Resistors in a bank.")] = 12
    rows: Annotated[int, typer.Option(help="Word lines of a tile.")] = 128
    cols: Annotated[int, typer.Option(help="Bit lines of a tile; an output takes two.")] = 128
    dac_bits: Annotated[
        int | None, typer.Option(help="Input converters' bits; ideal if left out.", show_default=False)
    ] = None
    seed: Annotated[int, SEED_OPTION] = 1

    def spec(self, r_word_line: str, r_bit_line: str, adc_bits: int | None = None) -> tuple[ArraySpec, Process]:
        """The arrays that it offers, with wires as text, and the process that it is made in."""
        from rescircuit.bank import DEFAULT_READ_VOLTAGE
        from rescircuit.devices import load_process
        from rescircuit.network import ArraySpec
        from rescircuit.quantities import parse_quantity

        made = load_process(self.process)
        spec = ArraySpec(
            rows=self.rows,
            cols=self.cols,
            bank_size=self.bank_size,
            r_word_line=parse_quantity(r_word_line, "ohm", argument="--r-word-line"),
            r_bit_line=parse_quantity(r_bit_line, "ohm", argument="--r-bit-line"),
            dac_bits=self.dac_bits,
            adc_bits=adc_bits,
            resistor=made.make_resistor(parse_quantity(self.nominal, "ohm", argument="--nominal")),
            switch=usable_switch(made, DEFAULT_READ_VOLTAGE),
            nominals=made.nominals,
        )
        return spec, made


@dataclass(frozen=True, kw_only=True)
class TileOptions:
    """Which tile of a network, and what drives it."""

    layer: Annotated[int, typer.Option(help="The tile's layer, counted from 0.")] = 0
    tile: Annotated[int, typer.Option(help="Which tile of that layer, counted from 0.")] = 0
    tile_cells: Annotated[
        str,
        typer.Option(
            help="banks: each cell with its resistors and switches; conductances: one resistor a cell, as inference "
            "takes it."
        ),
    ] = "banks"
    inputs: Annotated[
        Path | None,
        typer.Option(
            help="The network's inputs (.npz with x, or .csv): all set the ranges, as in simulate network, and "
            "--samples of them drive the tile.",
            show_default=False,
        ),
    ] = None
    samples: Annotated[
        str | None,
        typer.Option(help="Which of --inputs, such as 3, or 0:8; by default the first.", show_default=False),
    ] = None


CHIP_NAMES = {
    **option_names(ChipOptions),
    **{name: option_name(name) for name in ("r_word_line", "r_bit_line", "adc_bits")},
    "file": "FILE",
    "n": "--bank-size",
    "x": "--inputs",
}
TILE_NAMES = {
    **CHIP_NAMES,
    **option_names(TileOptions),
    "voltages": "--voltages",
    "index": "--tile",
    "cells": "--tile-cells",
}


def read_tile(
    file: Path,
    chip: ChipOptions,
    options: TileOptions,
    wiring: Wiring,
    voltages: Path | None,
    report: Callable[[str, float, float], None],
) -> Subject:
    """A tile of a network, which is programmed onto its chip as ``simulate network`` does it."""
    from rescircuit.network import load_network, map_network

    if options.samples is not None and options.inputs is None:
        raise InputError("--samples", "left out without --inputs", options.samples)
    if options.inputs is not None and voltages is not None:
        raise InputError("--voltages", "left out with --inputs", str(voltages))
    network = load_network(file)
    x = None
    if options.inputs is not None:
        x, _ = read_network_inputs(options.inputs)
    spec, _ = chip.spec(wiring.r_word_line, wiring.r_bit_line)
    _check_tile(network, options)
    count = counting(report, "programming banks", 2 * sum(layer.weight.size for layer in network.layers))
    analog = map_network(network, spec, seed=chip.seed, calibration_inputs=x, progress=count)
    tile = analog.tile(options.layer, options.tile, cells=options.tile_cells)
    if x is not None:
        chosen = x[parse_range("--samples", options.samples or "0", len(x))]
        return Subject(thing=tile, options={"voltages": tile.voltages(_phases(network, options.layer, chosen))})
    return Subject(thing=tile, options={} if voltages is None else {"voltages": read_matrix(voltages, "voltages")})


def read_network_inputs(file: Path) -> tuple[Array, Any]:
    """A network's inputs x (k, in), and the array y of an npz file, unchecked, or None; errors name ``--inputs``."""
    from rescircuit.checks import finite_array
    from rescircuit.files import read_csv, read_npz

    with naming_option("--inputs"):
        if file.suffix.lower() == ".csv":
            return read_csv(file), None
        arrays = read_npz(file)
        if "x" not in arrays:
            raise InputError(file.name, "an archive with an array x (k, in)", ", ".join(arrays))
        x = finite_array(f"x in {file.name}", arrays["x"])
        if x.ndim != 2:
            raise InputError(file.name, "an archive with x (k, in)", f"shape {x.shape}")
        return x, arrays.get("y")


def _check_tile(network: Network, options: TileOptions) -> None:
    """Refuse before the network is programmed a layer that is not there, and unknown cells."""
    from rescircuit.checks import whole_number
    from rescircuit.network.programmed_tile import CELLS

    whole_number("--layer", options.layer, 0, len(network.layers) - 1)
    if options.tile_cells not in CELLS:
        raise InputError("--tile-cells", f"one of {', '.join(CELLS)}", options.tile_cells)


def _phases(network: Network, layer: int, x: Any) -> Array:
    """What a layer gets for inputs (k, in) of the network, by exact layers before it; signed ones take two phases."""
    import numpy as np

    for dense in network.layers[:layer]:
        x = dense(x)
    return np.concatenate([np.maximum(x, 0.0), np.maximum(-x, 0.0)]) if (x < 0).any() else x
