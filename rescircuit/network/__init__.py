"""Networks: layers, importers, and their mapping to tiles of an analog array."""

from rescircuit.network.analog import AnalogLayer, AnalogNetwork, Tile
from rescircuit.network.importers import from_sklearn, load_network, save_network
from rescircuit.network.layers import Dense, Network
from rescircuit.network.mapping import ArraySpec, map_network
from rescircuit.network.programmed_tile import ProgrammedTile

__all__ = [
    "AnalogLayer",
    "AnalogNetwork",
    "ArraySpec",
    "Dense",
    "Network",
    "ProgrammedTile",
    "Tile",
    "from_sklearn",
    "load_network",
    "map_network",
    "save_network",
]
