"""What stands at the crossings of tiles: sampled, and programmed to targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rescircuit.network.arrays.cells.bank_maker import BankMaker, BanksInTheMaking, Shapes
from rescircuit.network.arrays.cells.banks import ProgrammedBanks
from rescircuit.network.arrays.cells.ideal import IdealCells, IdealMaker
from rescircuit.network.arrays.cells.memristors import MemristorMaker, WrittenMemristors
from rescircuit.network.arrays.cells.orders import Order, Progress
from rescircuit.network.arrays.cells.resistors import ResistorMaker, SingleResistors
from rescircuit.network.arrays.schemes import Window
from rescircuit.network.arrays.spec import ArraySpec
from rescircuit.network.arrays.tiles import TileCells

__all__ = [
    "BankMaker",
    "BanksInTheMaking",
    "CellMaker",
    "IdealCells",
    "IdealMaker",
    "MemristorMaker",
    "Order",
    "ProgrammedBanks",
    "ResistorMaker",
    "Shapes",
    "SingleResistors",
    "WrittenMemristors",
    "cell_maker",
]


class CellMaker(Protocol):
    """Makes the cells of one layer."""

    @property
    def window(self) -> Window:
        """What every one of them can be."""
        ...

    def make(self, orders: Sequence[Order], progress: Progress) -> Sequence[TileCells]:
        """The cells (i, lines) of each tile, programmed to their targets.

        `progress` is called with the number of cells programmed since the last call.
        """
        ...


def cell_maker(spec: ArraySpec, *, seed: int, chip: int, shapes: Shapes) -> CellMaker:
    """The maker of a layer's cells of the kind that the spec says.

    Parameters
    ----------
    spec, seed, chip
        Which chip.
    shapes : tuple of (int, (int, int))
        The number of the first cell, and the shape (i, lines), of each of the layer's tiles.
    """
    if spec.cells == "banks":
        return BankMaker(spec=spec, seed=seed, chip=chip, shapes=shapes)
    kinds = {"ideal": IdealMaker, "resistors": ResistorMaker, "memristors": MemristorMaker}
    return kinds[spec.cells](spec=spec, seed=seed, chip=chip)
