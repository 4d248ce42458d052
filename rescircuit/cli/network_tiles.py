"""The options of one tile of a network, as ``export``, ``verify`` and ``draw`` take them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rescircuit.cli.bank_options import parse_range
from rescircuit.cli.circuit_subjects import Subject
from rescircuit.cli.circuit_tables import read_matrix
from rescircuit.cli.console import counting
from rescircuit.cli.network_checks import check_tile_chip
from rescircuit.cli.network_files import InputShape, LayersFile, fitted, read_inputs, read_network
from rescircuit.cli.network_options import CHIP_NAMES, ChipOptions
from rescircuit.cli.option_groups import field_names, option_name, option_names
from rescircuit.cli.outputs import naming
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.checks import Array
    from rescircuit.cli.array_options import Wiring
    from rescircuit.network import AnalogNetwork, ArraySpec, Network

__all__ = ["SAVED_TILE_TAKES", "TILE_NAMES", "TileOptions", "read_saved_tile", "read_tile"]


@dataclass(frozen=True, kw_only=True)
class TileOptions:
    """Which tile of a network, or of its chip, and what drives it."""

    layers: LayersFile = None
    input_shape: InputShape = None
    layer: Annotated[int, typer.Option(help="The tile's layer, of those with weights, counted from 0.")] = 0
    tile: Annotated[int, typer.Option(help="Which tile of that layer, counted from 0.")] = 0
    tile_cells: Annotated[
        str | None,
        typer.Option(
            help="banks: each cell with its resistors and switches; conductances: one resistor a cell, as inference "
            "takes it, and always where cells are no banks.",
            show_default="banks",
        ),
    ] = None
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
    positions: Annotated[
        str | None,
        typer.Option(
            help="Of a convolution, with --inputs: which of its positions drive the tile, row after row, such as 3, or "
            "0:8; by default that with the largest inputs.",
            show_default=False,
        ),
    ] = None


TILE_NAMES = {
    **CHIP_NAMES,
    **option_names(TileOptions),
    "voltages": "--voltages",
    "index": "--tile",
    "path": "FILE",
}
# Of a chip that was saved: its network, arrays and ranges are in the file.
SAVED_TILE_TAKES = frozenset(field_names(TileOptions)) - {"layers", "input_shape"}


def read_tile(
    file: Path,
    chip: ChipOptions,
    options: TileOptions,
    wiring: Wiring,
    voltages: Path | None,
    report: Callable[[str, float, float], None],
) -> Subject:
    """A tile of a network, which is programmed onto its chip as ``simulate network`` does it."""
    from rescircuit.network import map_network
    from rescircuit.network.arrays.placement import cells_of

    _check_drive(options, voltages)
    check_tile_chip(chip, driven=options.inputs is not None)
    network = read_network(file, options.layers, options.input_shape)
    x = _inputs(options, network)
    spec, _ = chip.spec(wiring.r_word_line, wiring.r_bit_line)
    _check_tile(network, spec, options)
    analog = map_network(
        network,
        spec,
        seed=chip.seed,
        calibration_inputs=x,
        compensation=chip.compensation,
        progress=counting(report, "programming cells", cells_of(network, spec)),
    )
    return _driven(analog, options, x, voltages)


def read_saved_tile(file: Path, options: TileOptions, voltages: Path | None) -> Subject:
    """A tile of a programmed chip, as :func:`rescircuit.network.save_analog` wrote it."""
    from rescircuit.network import load_analog

    _check_drive(options, voltages)
    analog = load_analog(file)
    x = _inputs(options, analog.network)
    _check_tile(analog.network, analog.spec, options)
    return _driven(analog, options, x, voltages)


def _check_drive(options: TileOptions, voltages: Path | None) -> None:
    """Refuse options of inputs without inputs, and voltages beside them."""
    for name in ("samples", "positions"):
        if getattr(options, name) is not None and options.inputs is None:
            raise InputError(option_name(name), "left out without --inputs", getattr(options, name))
    if options.inputs is not None and voltages is not None:
        raise InputError("--voltages", "left out with --inputs", str(voltages))


def _inputs(options: TileOptions, network: Network) -> Array | None:
    """The network's inputs, where they are given."""
    if options.inputs is None:
        return None
    with naming({"x": "--inputs"}):
        return fitted(read_inputs(options.inputs)[0], network)


def _driven(analog: AnalogNetwork, options: TileOptions, x: Array | None, voltages: Path | None) -> Subject:
    """The tile, with what drives it."""
    tile = analog.tile(options.layer, options.tile, cells=options.tile_cells)
    if x is not None:
        chosen = x[parse_range("--samples", options.samples or "0", len(x))]
        rows = _phases(tile.rows(chosen), options)
        return Subject(thing=tile, options={"voltages": tile.voltages(rows)})
    return Subject(thing=tile, options={} if voltages is None else {"voltages": read_matrix(voltages, "voltages")})


def _check_tile(network: Network, spec: ArraySpec, options: TileOptions) -> None:
    """Refuse before the network is programmed a layer that is not there, and unknown cells."""
    from rescircuit.checks import whole_number
    from rescircuit.network.layers import Conv
    from rescircuit.network.programmed_tile import CELLS

    whole_number("--layer", options.layer, 0, len(network.weighted) - 1)
    number, layer = network.weighted_layers[options.layer]
    shape = network.source_shapes(number)[0]
    if options.positions is not None and not isinstance(layer, Conv) and layer.positions(shape) == 1:
        raise InputError("--positions", "left out for a layer with one position", options.positions)
    if options.tile_cells not in (None, *CELLS):
        raise InputError("--tile-cells", f"one of {', '.join(CELLS)}", options.tile_cells)
    if options.tile_cells == "banks" and spec.cells != "banks":
        raise InputError("--tile-cells", f"conductances for a tile of {spec.cells}", options.tile_cells)


def _phases(rows: Array, options: TileOptions) -> Array:
    """What drives a tile, of what it multiplies (k, positions, inputs): chosen positions, and two phases if signed."""
    import numpy as np

    strongest = int(np.abs(rows).sum(axis=(0, 2)).argmax())
    chosen = rows[:, parse_range("--positions", options.positions or str(strongest), rows.shape[1])]
    given = chosen.reshape(-1, chosen.shape[-1])
    return np.concatenate([np.maximum(given, 0.0), np.maximum(-given, 0.0)]) if (given < 0).any() else given
