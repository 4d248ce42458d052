"""Random networks pruned: to a given target, by the constructions of the theorems, or by training the masks.

This index loads each name from its home when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rescircuit.pruning.chip import RandomChip, random_chip
    from rescircuit.pruning.constructions import Construction, PrunedTensor, construct, random_target
    from rescircuit.pruning.files import load_tensors, save_construction
    from rescircuit.pruning.training import Labelled, TrainedMasks, TrainingSettings, train_masks

__all__ = [
    "Construction",
    "Labelled",
    "PrunedTensor",
    "RandomChip",
    "TrainedMasks",
    "TrainingSettings",
    "construct",
    "load_tensors",
    "random_chip",
    "random_target",
    "save_construction",
    "train_masks",
]

_HOMES = {
    "chip": (
        "RandomChip",
        "random_chip",
    ),
    "constructions": (
        "Construction",
        "PrunedTensor",
        "construct",
        "random_target",
    ),
    "files": (
        "load_tensors",
        "save_construction",
    ),
    "training": (
        "Labelled",
        "TrainedMasks",
        "TrainingSettings",
        "train_masks",
    ),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
