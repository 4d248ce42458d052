"""Masks as the bits that are shifted into the chip: all banks in the order of their numbers on it.

The form is that of :mod:`rescircuit.calibration.bit_streams`: bank after bank, in each switch 0 first. Banks are
numbered layer by layer, tile by tile, and in each tile word line by word line; the two banks of a weight stand side by
side.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from rescircuit.bank import Mask
from rescircuit.calibration import read_bit_stream, write_bit_stream
from rescircuit.calibration.csv_files import mask_hex, mask_text
from rescircuit.errors import InputError
from rescircuit.files import write_lines
from rescircuit.pruning.chip.chips import Masks, RandomChip

__all__ = ["read_masks", "scan_order", "write_mask_table", "write_masks"]


def scan_order(chip: RandomChip, masks: Masks) -> Mask:
    """The settings of all banks in the order of their numbers, (cells, n).

    Raises
    ------
    InputError
        For masks that are not the chip's.
    """
    chip.check(masks)
    n = chip.spec.bank_size
    tiles = [
        layer.on_tile(layer.switches(masks[layer.number]), place).reshape(-1, n)
        for layer in chip.layers
        for place in layer.places
    ]
    return np.concatenate(tiles)


def write_masks(chip: RandomChip, masks: Masks, path: str | Path) -> Path:
    """Write masks as a bit stream, and ``<path>.json`` that describes it.

    Raises
    ------
    InputError
        For masks that are not the chip's, or a folder that cannot be written to.
    """
    return write_bit_stream(scan_order(chip, masks), path)


def write_mask_table(chip: RandomChip, masks: Masks, path: str | Path) -> Path:
    """Write masks as a table in the same order, a row a bank: its number, where it stands, its mask and that in hex.

    The columns are bank, layer, tile, word_line, bit_line, mask (switch 0 first) and hex (switch k is bit k).

    Raises
    ------
    InputError
        For masks that are not the chip's, or a folder that cannot be written to.
    """
    chip.check(masks)
    return write_lines(path, chain(["bank,layer,tile,word_line,bit_line,mask,hex"], _rows(chip, masks)))


def _rows(chip: RandomChip, masks: Masks) -> Iterator[str]:
    for layer in chip.layers:
        settings = layer.switches(masks[layer.number])
        for number, place in enumerate(layer.places):
            lines = place.shape[1]
            for k, mask in enumerate(layer.on_tile(settings, place).reshape(place.cells, -1)):
                stands = f"{layer.weighted.name},{number},{k // lines},{k % lines}"
                yield f"{place.first_cell + k},{stands},{mask_text(mask)},{mask_hex(mask)}"


def read_masks(chip: RandomChip, path: str | Path) -> dict[int, Mask]:
    """The masks of a bit stream that :func:`write_masks` wrote for such a chip, by layer.

    Raises
    ------
    InputError
        For files that are missing or damaged, as many bits as another chip has, or pairs whose switches differ on a
        chip where one bit sets both.
    """
    for each in (str(path), f"{path}.json"):
        if not os.path.isfile(each):  # noqa: PTH113 - Path.is_file raises for long names
            required = "a file that write_masks wrote, with its description in .json beside it"
            raise InputError("bit stream", required, str(path), f"There is no {Path(each).name}.")
    bits = read_bit_stream(path)
    expected = (chip.cells, chip.spec.bank_size)
    if bits.shape != expected:
        raise InputError("bit stream", f"of {expected[0]} banks of {expected[1]} switches", f"shape {bits.shape}")
    masks, first = {}, 0
    for layer in chip.layers:
        tiles = []
        for place in layer.places:
            tiles.append(bits[first : first + place.cells].reshape(*place.shape, -1))
            first += place.cells
        both = layer.off_tiles(tiles)
        if chip.signs == "differential":
            if (both[..., 0, :] != both[..., 1, :]).any():
                hint = "With differential signs both switches of a pair stand alike."
                raise InputError("bit stream", "of pairs set alike", str(path), hint)
            both = np.ascontiguousarray(both[..., 0, :])
        masks[layer.number] = both
    return masks
