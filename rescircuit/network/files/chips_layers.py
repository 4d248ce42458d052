"""The layers of saved chips: what their tiles' cells are, in a few arrays for each layer.

Of a layer called ``fc`` there are, tile by tile and in each in C order,

``fc/tiles`` : int64 (tiles, 10)
    Where each tile stands, see `COLUMNS`; it has to be what the network and the spec make of it.
``fc/asked``, ``fc/programmed`` : float64 (cells,)
    Siemens. Ideal cells have no ``programmed``: they are what they were programmed to.
``fc/targets`` : float64 (cells of such tiles,)
    Where tiles were programmed to other conductances than asked for.
``fc/believed`` : float64 (cells,)
    Of banks that were measured.
``fc/settings`` : uint8 (cells, bytes)
    Of banks, a bit for each switch.

and of the layer as a whole ``fc/siemens_per_weight`` (out,) and, where there are any, ``fc/calibration_inputs``
(groups, rows, inputs) and ``fc/bias_correction`` (out,).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_array, non_negative_array, positive_array
from rescircuit.errors import InputError
from rescircuit.network.arrays import ArraySpec, Tile, TileCells
from rescircuit.network.arrays.cells import (
    IdealCells,
    ProgrammedBanks,
    SingleResistors,
    WrittenMemristors,
    cell_maker,
)
from rescircuit.network.arrays.placement import Place, each_place
from rescircuit.network.files.chips_spec import LayerScales
from rescircuit.network.inference import AnalogLayer
from rescircuit.network.layers import Network, WeightedLayer

__all__ = ["COLUMNS", "Arrays", "SavedChip", "layer_arrays"]

Arrays = dict[str, NDArray[Any]]

COLUMNS = (
    "group",
    "copy",
    "first input",
    "number of inputs",
    "first output",
    "number of outputs",
    "word lines",
    "bit lines",
    "first cell",
    "has targets of its own",
)
_ROUNDING = 1e-9


def layer_arrays(layer: AnalogLayer) -> Arrays:
    """The arrays of a layer, by their names in the file."""
    tiles = layer.tiles
    parts: Arrays = {
        "tiles": np.array([[*_stands(tile), tile.targets is not tile.asked] for tile in tiles], np.int64),
        "siemens_per_weight": np.asarray(layer.siemens_per_weight, float),
        "asked": _joined([tile.asked for tile in tiles]),
    }
    distorted = [tile.targets for tile in tiles if tile.targets is not tile.asked]
    if distorted:
        parts["targets"] = _joined(distorted)
    if layer.spec.cells != "ideal":
        parts["programmed"] = _joined([tile.cells.programmed for tile in tiles])
    if layer.spec.calibration is not None:
        parts["believed"] = _joined([tile.cells.believed for tile in tiles])
    packed = [cells.packed for tile in tiles if isinstance(cells := tile.cells, ProgrammedBanks)]
    if packed:
        parts["settings"] = np.concatenate([each.reshape(-1, each.shape[-1]) for each in packed])
    for name in ("calibration_inputs", "bias_correction"):
        if getattr(layer, name) is not None:
            parts[name] = np.ascontiguousarray(getattr(layer, name))
    return {f"{layer.weighted.name}/{name}": array for name, array in parts.items()}


@dataclass(frozen=True, kw_only=True, eq=False)
class SavedChip:
    """A file's arrays on their way to layers of tiles.

    Attributes
    ----------
    name : str
        What messages call the file.
    network : Network
    spec : ArraySpec
    seed, chip : int
    arrays : dict
        Those of layers' tiles; what has been read is taken out.
    """

    name: str
    network: Network
    spec: ArraySpec
    seed: int
    chip: int
    arrays: Arrays

    def layers(self, scales: Sequence[LayerScales]) -> tuple[AnalogLayer, ...]:
        """All layers of the network with weights.

        Raises
        ------
        InputError
            For arrays that are missing, that no layer has, of other shapes than the network and the spec make them, or
            with values that cells cannot have.
        """
        weighted = self.network.weighted_layers
        expected, got = [layer.name for _, layer in weighted], [each.name for each in scales]
        if expected != got:
            raise InputError(f"chip in {self.name}: layers", f"of the network's layers: {_list(expected)}", _list(got))
        layers, first_cell = [], 0
        for (number, layer), own in zip(weighted, scales, strict=True):
            reader = _LayerReader(saved=self, number=number, weighted=layer, scales=own)
            layers.append(reader.layer(first_cell))
            first_cell += sum(tile.asked.size for tile in layers[-1].tiles)
        if self.arrays:
            raise InputError(self.name, "a file with arrays of its layers alone", _list(sorted(self.arrays)))
        return tuple(layers)


@dataclass(frozen=True, kw_only=True, eq=False)
class _LayerReader:
    """One layer of a file."""

    saved: SavedChip
    number: int
    weighted: WeightedLayer
    scales: LayerScales

    def layer(self, first_cell: int) -> AnalogLayer:
        """The layer, whose cells are numbered from `first_cell` on."""
        spec, weighted = self.saved.spec, self.weighted
        table = self._take("tiles", np.int64, (None, len(COLUMNS)))
        places = self._places(table, first_cell)
        groups, inputs, outputs = weighted.matrices.shape
        rows = self._take("calibration_inputs", float, (groups, None, inputs), optional=True)
        if rows is not None:
            rows = finite_array(*self._named("calibration_inputs", rows))
            self._within("calibration_inputs", np.abs(rows), self.scales.input_full_scale)
        correction = self._take("bias_correction", float, (groups * outputs,), optional=True)
        return AnalogLayer(
            number=self.number,
            weighted=weighted,
            tiles=tuple(self._tiles(places, table[:, -1])),
            siemens_per_weight=positive_array(
                *self._named("siemens_per_weight", self._take("siemens_per_weight", float, (groups * outputs,))), "S"
            ),
            input_full_scale=self.scales.input_full_scale,
            cell_full_scale=self.scales.cell_full_scale,
            calibration_inputs=rows,
            bias_correction=None if correction is None else finite_array(*self._named("bias_correction", correction)),
            spec=spec,
        )

    def _places(self, table: NDArray[Any], first_cell: int) -> list[Place]:
        """Where the tiles stand; looked at one by one, as the file may have fewer than its spec makes."""
        positions = self.weighted.positions(self.saved.network.source_shapes(self.number)[0])
        expected = each_place(self.weighted, self.saved.spec, positions=positions, first_cell=first_cell)
        required = "as the network and the spec make them"
        places = []
        for number, row in enumerate(table.tolist()):
            place = next(expected, None)
            if place is None or row[:-1] != _stands_there(place) or row[-1] not in (0, 1):
                raise InputError(f"{self._name('tiles')} at index {number}", required, row)
            places.append(place)
        if next(expected, None) is not None:
            raise InputError(self._name("tiles"), required, f"{len(places)} of them")
        return places

    def _tiles(self, places: Sequence[Place], distorted: NDArray[Any]) -> Iterator[Tile]:
        cells = sum(place.cells for place in places)
        high = self.scales.cell_full_scale
        asked = self._conductances("asked", cells, high)
        own = sum(place.cells for place, flag in zip(places, distorted, strict=True) if flag)
        targets = self._conductances("targets", own, high) if own else asked
        make = self._cells(cells)
        first, first_target = 0, 0
        for place, flag in zip(places, distorted, strict=True):
            part = slice(first, first + place.cells)
            wanted = asked[part].reshape(place.shape)
            programmed_to = wanted
            if flag:
                programmed_to = targets[first_target : first_target + place.cells].reshape(place.shape)
                first_target += place.cells
            yield place.tile(wanted, programmed_to, make(place, part, programmed_to))
            first = part.stop

    def _cells(self, count: int) -> Callable[[Place, slice, Array], TileCells]:
        """Makes the cells of a tile, of its part of all the layer's, and of its targets."""
        saved = self.saved
        common: dict[str, Any] = {"spec": saved.spec, "seed": saved.seed, "chip": saved.chip}
        if saved.spec.cells == "banks":
            return self._banks(count, common)
        high = cell_maker(saved.spec, seed=saved.seed, chip=saved.chip, shapes=()).window.high
        if self.scales.cell_full_scale != high:
            argument = f"chip in {saved.name}: {self.weighted.name}: cell_full_scale"
            raise InputError(argument, f"{high!r}, as the spec has it", self.scales.cell_full_scale)
        if saved.spec.cells == "ideal":
            return lambda place, _, targets: IdealCells(
                **common, first_cell=place.first_cell, programmed=targets, largest=high
            )
        programmed = self._conductances("programmed", count)
        if saved.spec.cells == "resistors":
            return lambda place, part, _: SingleResistors(
                **common,
                first_cell=place.first_cell,
                programmed=programmed[part].reshape(place.shape),
                largest=high,
            )
        return lambda place, part, targets: WrittenMemristors(
            **common,
            first_cell=place.first_cell,
            targets=targets,
            programmed=programmed[part].reshape(place.shape),
        )

    def _banks(self, count: int, common: dict[str, Any]) -> Callable[[Place, slice, Array], TileCells]:
        spec = self.saved.spec
        programmed = self._conductances("programmed", count)
        settings = self._take("settings", np.uint8, (count, -(-spec.bank_size // 8)))
        believed = programmed
        if spec.calibration is not None:  # a bank that conducts little may be believed to conduct less than nothing
            believed = finite_array(*self._named("believed", self._take("believed", float, (count,))), "S")

        def make(place: Place, part: slice, _: Array) -> ProgrammedBanks:
            conducts = programmed[part].reshape(place.shape)
            return ProgrammedBanks(
                **common,
                first_cell=place.first_cell,
                packed=settings[part].reshape(*place.shape, -1),
                programmed=conducts,
                believed=conducts if believed is programmed else believed[part].reshape(place.shape),
            )

        return make

    def _conductances(self, part: str, count: int, high: float | None = None) -> Array:
        values = non_negative_array(*self._named(part, self._take(part, float, (count,))), "S")
        if high is not None:
            self._within(part, values, high)
        return values

    def _within(self, part: str, values: Array, high: float) -> None:
        """Refuse values above `high`; by rounding they may be."""
        if float(values.max()) > high * (1 + _ROUNDING):
            raise InputError(self._name(part), f"of values up to {high:g}", float(values.max()))

    def _take(self, part: str, kind: Any, shape: tuple[int | None, ...], *, optional: bool = False) -> Any:
        """An array of the file, with its type and shape as they must be; of a length of None any above 0."""
        name = self._name(part)
        array = self.saved.arrays.pop(name.partition(": ")[2], None)
        if array is None:
            if optional:
                return None
            raise InputError(name, "there", "nothing")
        fits = len(array.shape) == len(shape) and all(
            length == wanted if wanted is not None else length > 0
            for length, wanted in zip(array.shape, shape, strict=True)
        )
        if array.dtype != np.dtype(kind) or not fits:
            lengths = ", ".join("any" if wanted is None else str(wanted) for wanted in shape)
            required = f"{np.dtype(kind).name} of shape ({lengths}{',' if len(shape) == 1 else ''})"
            raise InputError(name, required, f"{array.dtype.name} of shape {array.shape}")
        return array

    def _named(self, part: str, array: Array) -> tuple[str, Array]:
        return self._name(part), array

    def _name(self, part: str) -> str:
        return f"{self.saved.name}: {self.weighted.name}/{part}"


def _stands(tile: Tile) -> list[int]:
    """Where a tile stands, as `COLUMNS` say."""
    return _row(tile, tile.inputs, tile.outputs, tile.shape)


def _stands_there(place: Place) -> list[int]:
    return _row(place, place.inputs, place.outputs, place.shape)


def _row(where: Any, inputs: slice, outputs: slice, shape: tuple[int, int]) -> list[int]:
    of_slices = [inputs.start, inputs.stop - inputs.start, outputs.start, outputs.stop - outputs.start]
    return [where.group, where.copy, *of_slices, *shape, where.first_cell]


def _joined(arrays: Sequence[Array]) -> Array:
    return np.concatenate([np.asarray(array, float).reshape(-1) for array in arrays])


def _list(names: Sequence[str], shown: int = 3) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
