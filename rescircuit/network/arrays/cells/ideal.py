"""Cells that are exactly what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rescircuit.checks import Array
from rescircuit.network.arrays.cells.causes import with_causes
from rescircuit.network.arrays.cells.faults import faulty
from rescircuit.network.arrays.cells.orders import Order, Progress, tile_by_tile
from rescircuit.network.arrays.schemes import Window
from rescircuit.network.arrays.spec import ArraySpec

__all__ = ["IdealCells", "IdealMaker"]


@dataclass(frozen=True, kw_only=True, eq=False)
class IdealCells:
    """Ideal conductances, which faults alone can change; see :class:`~rescircuit.network.arrays.TileCells`."""

    spec: ArraySpec
    seed: int
    chip: int
    first_cell: int
    programmed: Array
    largest: float

    @property
    def kind(self) -> str:
        """``"ideal"``."""
        return "ideal"

    @property
    def believed(self) -> Array:
        """`programmed` itself."""
        return self.programmed

    def conductances(self, effects: Iterable[str], *, asked: Array, targets: Array) -> Array:
        """See :class:`~rescircuit.network.arrays.TileCells`."""
        return with_causes(
            effects,
            asked=asked,
            targets=targets,
            believed=self.programmed,
            programmed=self.programmed,
            stuck=lambda: faulty(self, self.programmed, self.largest),
            factors=lambda _: np.ones(()),
        )

    def curvature(self) -> Array:
        """Zeros: they are linear."""
        return np.zeros(self.programmed.shape)

    def read_noise(self, conductances: Array) -> float:  # noqa: ARG002 - the same for all
        """None of their own."""
        return 0.0


@dataclass(frozen=True, kw_only=True)
class IdealMaker:
    """Ideal cells of one layer, with the range of a bank of nominal resistors."""

    spec: ArraySpec
    seed: int
    chip: int

    @property
    def window(self) -> Window:
        """From 0 to what a bank of nominal resistors conducts, without its switches."""
        return Window(low=0.0, high=self.spec.bank_size / self.spec.resistor.nominal)

    def make(self, orders: Sequence[Order], progress: Progress) -> list[IdealCells]:
        """The cells of each tile."""
        return tile_by_tile(self._made, orders, progress)

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
