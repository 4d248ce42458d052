"""Where weights stand: which tile has which part of which layer, and how much of it that takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rescircuit.checks import Array
from rescircuit.network.arrays.schemes import Lines, bit_lines
from rescircuit.network.arrays.tiles import Tile, TileCells
from rescircuit.network.layers import Network, WeightedLayer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rescircuit.network.arrays.spec import ArraySpec

__all__ = ["Place", "PlacedLayer", "TilePlacement", "cells_of", "each_place", "network_places", "placement_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """A tile of a layer before there are cells on it; see :class:`~rescircuit.network.arrays.Tile`."""

    group: int
    copy: int
    inputs: slice
    outputs: slice
    has_bias: bool
    lines: Lines
    first_cell: int

    @property
    def shape(self) -> tuple[int, int]:
        """Word lines and bit lines in use."""
        return self.inputs.stop - self.inputs.start + self.has_bias, self.lines.count

    @property
    def cells(self) -> int:
        """How many cells it takes."""
        return self.shape[0] * self.shape[1]

    def tile(self, asked: Array, targets: Array, cells: TileCells) -> Tile:
        """The tile, once there are cells on it."""
        return Tile(
            inputs=self.inputs,
            outputs=self.outputs,
            group=self.group,
            copy=self.copy,
            plus=self.lines.plus,
            minus=self.lines.minus,
            asked=asked,
            targets=targets,
            cells=cells,
            first_cell=self.first_cell,
        )


def network_places(network: Network, spec: ArraySpec) -> Iterator[tuple[int, WeightedLayer, tuple[Place, ...]]]:
    """Each layer with weights, by its number, and its tiles; cells are numbered through all layers."""
    first_cell = 0
    for number, layer in network.weighted_layers:
        positions = layer.positions(network.source_shapes(number)[0])
        places = tuple(each_place(layer, spec, positions=positions, first_cell=first_cell))
        first_cell += sum(place.cells for place in places)
        yield number, layer, places


def cells_of(network: Network, spec: ArraySpec) -> int:
    """How many cells a network takes."""
    return sum(place.cells for _, _, places in network_places(network, spec) for place in places)


def each_place(weighted: WeightedLayer, spec: ArraySpec, *, positions: int, first_cell: int) -> Iterator[Place]:
    """The tiles of a layer whose matrices are used at so many positions, its cells numbered from `first_cell` on.

    A layer whose biases are all 0 takes no word line for them.
    """
    groups, inputs, outputs = weighted.matrices.shape
    has_bias = spec.bias == "word_line" and bool(weighted.bias.any())
    served = positions if spec.positions_per_copy is None else spec.positions_per_copy
    for copy in range(-(-positions // served)):
        for group in range(groups):
            for rows in _input_blocks(inputs, spec.rows, has_bias):
                for columns in _blocks(0, outputs, spec.outputs_per_tile):
                    place = Place(
                        group=group,
                        copy=copy,
                        inputs=rows,
                        outputs=columns,
                        has_bias=has_bias and rows.start == 0,
                        lines=bit_lines(spec.scheme, columns.stop - columns.start),
                        first_cell=first_cell,
                    )
                    yield place
                    first_cell += place.cells


def _input_blocks(inputs: int, rows: int, has_bias: bool) -> Iterator[slice]:
    """Which inputs each row of tiles takes: the first one has a word line less if one is the bias's."""
    first = min(rows - has_bias, inputs)
    yield slice(0, first)
    yield from _blocks(first, inputs, rows)


def _blocks(start: int, stop: int, size: int) -> Iterator[slice]:
    for first in range(start, stop, size):
        yield slice(first, min(first + size, stop))


@dataclass(frozen=True, kw_only=True)
class TilePlacement:
    """One tile in the table of a chip.

    Attributes
    ----------
    layer : str
        The layer's name.
    number : int
        Its place among the network's layers.
    tile : int
        The tile's number within its layer, as in ``analog.tile(...)``.
    group, copy : int
        Which group of channels, and which of the copies that share the layer's positions.
    inputs, outputs : (int, int)
        The first and the last of the group's inputs and outputs.
    word_lines, bit_lines : int
        In use.
    has_bias : bool
        Whether the last word line is the bias's.
    share : float
        Of the tile's crossings that are in use, 0 to 1.
    """

    layer: str
    number: int
    tile: int
    group: int
    copy: int
    inputs: tuple[int, int]
    outputs: tuple[int, int]
    word_lines: int
    bit_lines: int
    has_bias: bool
    share: float


class PlacedLayer(Protocol):
    """What the table needs of a layer on tiles."""

    @property
    def number(self) -> int:
        """Its place among the network's layers."""
        ...

    @property
    def weighted(self) -> WeightedLayer:
        """The layer in digital arithmetic."""
        ...

    @property
    def tiles(self) -> Sequence[Tile]:
        """Its tiles."""
        ...

    @property
    def spec(self) -> ArraySpec:
        """The arrays that they are."""
        ...


def placement_of(layers: Sequence[PlacedLayer]) -> tuple[TilePlacement, ...]:
    """The table of all tiles, layer by layer."""
    return tuple(
        TilePlacement(
            layer=layer.weighted.name,
            number=layer.number,
            tile=index,
            group=tile.group,
            copy=tile.copy,
            inputs=(tile.inputs.start, tile.inputs.stop - 1),
            outputs=(tile.outputs.start, tile.outputs.stop - 1),
            word_lines=tile.shape[0],
            bit_lines=tile.shape[1],
            has_bias=tile.has_bias,
            share=tile.shape[0] * tile.shape[1] / (layer.spec.rows * layer.spec.cols),
        )
        for layer in layers
        for index, tile in enumerate(layer.tiles)
    )
