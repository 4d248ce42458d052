"""Cells that are exactly what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rescircuit.network.arrays.cells.orders import Order
from rescircuit.network.arrays.cells.single import SingleCells, SingleMaker

__all__ = ["IdealCells", "IdealMaker"]


@dataclass(frozen=True, kw_only=True, eq=False)
class IdealCells(SingleCells):
    """Ideal conductances, which faults alone can change; see :class:`~rescircuit.network.arrays.TileCells`."""

    named: ClassVar[str] = "ideal"


class IdealMaker(SingleMaker[IdealCells]):
    """Ideal cells of one layer."""

    def _made(self, order: Order) -> IdealCells:
        """Cells (i, lines) that are their targets."""
        return IdealCells(
            spec=self.spec,
            seed=self.seed,
            chip=self.chip,
            first_cell=order.first_cell,
            programmed=order.targets,
            largest=self.window.high,
        )
