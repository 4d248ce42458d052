"""Saved chips: networks on programmed tiles, in one npz file that is read without running anything.

The file holds the digital network, as :func:`rescircuit.network.save_network` writes it, a text ``chip``
(:mod:`rescircuit.network.files.chips_spec`) and each layer's cells (:mod:`rescircuit.network.files.chips_layers`). What
only some causes of error need, such as the resistors of banks, is not in it: it is sampled again from the chip's seed,
as it is for the chip that was saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rescircuit.errors import InputError
from rescircuit.network.arrays import ArraySpec, Tile
from rescircuit.network.arrays.cells import (
    IdealCells,
    ProgrammedBanks,
    SingleResistors,
    WrittenMemristors,
)
from rescircuit.network.arrays.schemes import bit_lines
from rescircuit.network.files.chips_layers import SavedChip, layer_arrays
from rescircuit.network.files.chips_spec import chip_text, described_spec, read_chip_text
from rescircuit.network.files.containers import read_container, write_container
from rescircuit.network.files.layer_text import LARGEST_TEXT, layers_of, layers_text
from rescircuit.network.files.networks import network_arrays, network_of
from rescircuit.network.inference import AnalogLayer, AnalogNetwork

__all__ = ["load_analog", "save_analog"]

_TEXT = "chip"
_CELLS = {
    "banks": ProgrammedBanks,
    "ideal": IdealCells,
    "resistors": SingleResistors,
    "memristors": WrittenMemristors,
}
# What a chip may be looked at with after it was programmed: cells do not depend on it.
_AFTERWARDS = ("r_word_line", "r_bit_line", "dac_bits", "adc_bits", "converters")


def save_analog(analog: AnalogNetwork, path: str | Path) -> Path:
    """Write a network on a chip, as :func:`load_analog` reads it.

    What is loaded gives the same outputs to the last bit, noise included. The same chip makes the same bytes.

    Parameters
    ----------
    analog : AnalogNetwork
        As :func:`rescircuit.map_network` makes them, or such a one with other wires, converters or effects.
    path : path
        Ends in ``.npz``.

    Raises
    ------
    InputError
        For layers, switches, laws or cells of somebody's own, a chip too large to be read again, another ending, or a
        folder that cannot be written to; all but the last before anything is written.
    """
    path = _checked_path(path)
    if not isinstance(analog, AnalogNetwork):
        raise InputError("analog", "an AnalogNetwork, as map_network makes it", analog)
    layers = layers_text(analog.network)
    _check(analog)
    text = chip_text(
        analog.spec,
        seed=analog.seed,
        chip=analog.chip,
        effects=sorted(analog.effects),
        compensation=sorted(analog.compensation),
        layers=[
            {
                "name": layer.weighted.name,
                "input_full_scale": float(layer.input_full_scale),
                "cell_full_scale": float(layer.cell_full_scale),
            }
            for layer in analog.layers
        ],
    )
    arrays: dict[str, Any] = network_arrays(analog.network)
    for layer in analog.layers:
        arrays |= layer_arrays(layer)
    arrays[_TEXT] = np.array(text)
    _loaded("the chip", layers, arrays)  # so that nothing is written that cannot be read
    return write_container(path, arrays, layers)


def load_analog(path: str | Path) -> AnalogNetwork:
    """Read a network on a chip.

    Parameters
    ----------
    path : path
        What :func:`save_analog` wrote.

    Raises
    ------
    InputError
        For an unreadable or damaged file; unknown, missing or ill-valued fields and arrays; and arrays that do not
        belong to the network and the spec.
    """
    path = _checked_path(path)
    container = read_container(path)
    return _loaded(path.name, container.layers, container.arrays)


def _loaded(name: str, layers: str | None, arrays: Mapping[str, Any]) -> AnalogNetwork:
    """The chip of these texts and arrays; the latter stay as they are, and the chip keeps parts of them."""
    text = arrays.get(_TEXT)
    if text is None or layers is None or text.dtype.kind != "U" or text.ndim:
        hint = "load_network reads networks alone."
        raise InputError(name, "a chip, as save_analog writes it", ", ".join(arrays), hint)
    if len(layers) > LARGEST_TEXT:
        raise InputError(f"layers in {name}", f"a text of at most {LARGEST_TEXT} characters", len(layers))
    content = read_chip_text(name, str(text))
    own = {key: array for key, array in arrays.items() if "/" in key}
    digital = {key: array for key, array in arrays.items() if key not in own and key != _TEXT}
    network = network_of(name, digital, layers_of(f"in {name}", layers.encode()))
    spec = content.spec.build()
    saved = SavedChip(name=name, network=network, spec=spec, seed=content.seed, chip=content.chip, arrays=own)
    analog = AnalogNetwork(
        network=network,
        layers=saved.layers(content.layers),
        spec=spec,
        seed=content.seed,
        chip=content.chip,
        compensation=frozenset(content.compensation),
    )
    unknown = [effect for effect in content.effects if effect not in analog.present_effects]
    if unknown:
        raise InputError(f"chip in {name}: effects", f"of {', '.join(sorted(analog.present_effects))}", unknown[0])
    return analog.with_effects(content.effects)


def _checked_path(path: str | Path) -> Path:
    path = Path(path)
    if path.suffix.lower() != ".npz":
        raise InputError("path", "a chip's file, which ends in .npz", str(path))
    return path


def _check(analog: AnalogNetwork) -> None:
    """Refuse a chip of which a file would not say all."""
    weighted = analog.network.weighted_layers
    layers = [(layer.number, layer.weighted) for layer in analog.layers]
    if len(weighted) != len(layers) or any(
        a != b or x is not y for (a, x), (b, y) in zip(weighted, layers, strict=True)
    ):
        raise InputError("analog.layers", "the network's layers with weights, in their order", analog.layers)
    known = _SameSpec(analog.spec)
    for layer in analog.layers:
        if layer.spec is not analog.spec and described_spec(layer.spec) != known.described:
            raise InputError(f"layer {layer.weighted.name}", "of the chip's spec", layer.spec)
        for index, tile in enumerate(layer.tiles):
            _check_tile(analog, layer, tile, f"tile {index} of layer {layer.weighted.name}", known)


def _check_tile(analog: AnalogNetwork, layer: AnalogLayer, tile: Tile, where: str, known: _SameSpec) -> None:
    cells: Any = tile.cells
    if type(cells) is not _CELLS[analog.spec.cells]:
        raise InputError(where, f"of {_CELLS[analog.spec.cells].__name__}", type(cells).__name__)
    lines = bit_lines(analog.spec.scheme, tile.outputs.stop - tile.outputs.start)
    identity = (cells.seed, cells.chip, cells.first_cell) == (analog.seed, analog.chip, tile.first_cell)
    drawn = np.array_equal(lines.plus, tile.plus) and np.array_equal(lines.minus, tile.minus)
    if not (identity and drawn and known.fits(cells.spec)):
        raise InputError(where, "as map_network makes it of the chip's spec and seed", cells)
    if isinstance(cells, IdealCells | SingleResistors) and cells.largest != layer.cell_full_scale:
        raise InputError(where, f"of cells up to {layer.cell_full_scale:g} S", cells.largest)
    made = {IdealCells: "programmed", WrittenMemristors: "targets"}.get(type(cells))
    if made is not None and not np.array_equal(getattr(cells, made), tile.targets):
        raise InputError(where, "of cells that were programmed to its targets", type(cells).__name__)


class _SameSpec:
    """Whether other specs make the same cells as one does."""

    def __init__(self, spec: ArraySpec) -> None:
        self.described = described_spec(spec)
        self._same = [spec]

    def fits(self, spec: ArraySpec) -> bool:
        """Whether it differs at most in what a chip is looked at with."""
        if any(spec is each for each in self._same):
            return True
        other = described_spec(spec)
        fits = all(other[name] == value for name, value in self.described.items() if name not in _AFTERWARDS)
        if fits:
            self._same.append(spec)
        return fits
