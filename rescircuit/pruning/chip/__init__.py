"""Pruning on the chip: random resistors are the weights, switches the mask, and training may see wires and converters.

This index loads each name from its home when it is first used: PyTorch is needed by what trains alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rescircuit.pruning.chip.bits import read_masks, scan_order, write_mask_table, write_masks
    from rescircuit.pruning.chip.chips import RandomChip, random_chip
    from rescircuit.pruning.chip.in_loop import ChipWeights
    from rescircuit.pruning.chip.settings import SIGNS

__all__ = [
    "SIGNS",
    "ChipWeights",
    "RandomChip",
    "random_chip",
    "read_masks",
    "scan_order",
    "write_mask_table",
    "write_masks",
]

_HOMES = {
    "bits": ("read_masks", "scan_order", "write_mask_table", "write_masks"),
    "in_loop": ("ChipWeights",),
    "chips": ("RandomChip", "random_chip"),
    "settings": ("SIGNS",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
