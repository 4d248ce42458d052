"""From weights to programmed cells: what arrays offer, how weights are laid out on tiles, and what cells are."""

from rescircuit.network.arrays.conditions import CELL_EFFECTS, EFFECTS, Conditions
from rescircuit.network.arrays.converters_spec import Converters
from rescircuit.network.arrays.placement import TilePlacement, placement_of
from rescircuit.network.arrays.spec import ArraySpec
from rescircuit.network.arrays.tiles import Tile, TileCells
from rescircuit.network.arrays.writing import Writing

__all__ = [
    "CELL_EFFECTS",
    "EFFECTS",
    "ArraySpec",
    "Conditions",
    "Converters",
    "Tile",
    "TileCells",
    "TilePlacement",
    "Writing",
    "placement_of",
]
