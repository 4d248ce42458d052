"""Networks: layers, importers, their mapping to tiles of an analog array, inference, and why the result differs.

This index loads each name from its home when it is first used, so that a part does not load the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rescircuit.network.arrays import ArraySpec, Conditions, Converters, Tile, Writing
    from rescircuit.network.explaining import Explanation, explain
    from rescircuit.network.files import load_network, save_network
    from rescircuit.network.files.chips import load_analog, save_analog
    from rescircuit.network.importers import from_onnx, from_sklearn, from_torch, to_torch
    from rescircuit.network.inference import AnalogLayer, AnalogNetwork
    from rescircuit.network.layers import Activation, Add, AvgPool, Conv, Dense, Flatten, MaxPool, Network
    from rescircuit.network.mapping import map_network
    from rescircuit.network.programmed_tile import ProgrammedTile

__all__ = [
    "Activation",
    "Add",
    "AnalogLayer",
    "AnalogNetwork",
    "ArraySpec",
    "AvgPool",
    "Conditions",
    "Conv",
    "Converters",
    "Dense",
    "Explanation",
    "Flatten",
    "MaxPool",
    "Network",
    "ProgrammedTile",
    "Tile",
    "Writing",
    "explain",
    "from_onnx",
    "from_sklearn",
    "from_torch",
    "load_analog",
    "load_network",
    "map_network",
    "save_analog",
    "save_network",
    "to_torch",
]

_HOMES = {
    "arrays": ("ArraySpec", "Conditions", "Converters", "Tile", "Writing"),
    "explaining": ("Explanation", "explain"),
    "files": ("load_network", "save_network"),
    "files.chips": ("load_analog", "save_analog"),
    "importers": ("from_onnx", "from_sklearn", "from_torch", "to_torch"),
    "inference": ("AnalogLayer", "AnalogNetwork"),
    "layers": ("Activation", "Add", "AvgPool", "Conv", "Dense", "Flatten", "MaxPool", "Network"),
    "mapping": ("map_network",),
    "programmed_tile": ("ProgrammedTile",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
