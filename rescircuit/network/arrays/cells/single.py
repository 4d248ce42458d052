"""What cells without switches have in common: one conductance each, made once and for all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import numpy as np

from rescircuit.checks import Array
from rescircuit.network.arrays.cells.causes import with_causes
from rescircuit.network.arrays.cells.faults import faulty
from rescircuit.network.arrays.cells.orders import Order, Progress, tile_by_tile
from rescircuit.network.arrays.schemes import Window
from rescircuit.network.arrays.spec import ArraySpec

__all__ = ["SingleCells", "SingleMaker"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SingleCells:
    """Cells of one conductance each; see :class:`~rescircuit.network.arrays.TileCells`."""

    named: ClassVar[str]

    spec: ArraySpec
    seed: int
    chip: int
    first_cell: int
    programmed: Array
    largest: float

    @property
    def kind(self) -> str:
        """As a spec names them."""
        return self.named

    @property
    def believed(self) -> Array:
        """`programmed` itself: nothing is measured."""
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
            factors=self._factors,
        )

    def curvature(self) -> Array:
        """Zeros: they are linear."""
        return np.zeros(self.programmed.shape)

    def read_noise(self, conductances: Array) -> float:  # noqa: ARG002 - the same for all
        """None of their own."""
        return 0.0

    def _factors(self, name: str) -> Array:  # noqa: ARG002 - nothing moves these
        """What the cause `name` multiplies each conductance by."""
        return np.ones(())


Cells = TypeVar("Cells", bound=SingleCells)


@dataclass(frozen=True, kw_only=True)
class SingleMaker(ABC, Generic[Cells]):
    """Such cells of one layer, with the range of a bank of nominal resistors, without its switches."""

    spec: ArraySpec
    seed: int
    chip: int

    @property
    def window(self) -> Window:
        """From 0, no cell, to what a bank of nominal resistors conducts."""
        return Window(low=0.0, high=self.spec.bank_size / self.spec.resistor.nominal)

    def make(self, orders: Sequence[Order], progress: Progress) -> list[Cells]:
        """The cells of each tile."""
        return tile_by_tile(self._made, orders, progress)

    @abstractmethod
    def _made(self, order: Order) -> Cells:
        """The cells (i, lines) of a tile."""
