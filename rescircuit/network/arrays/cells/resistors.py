"""Cells of one imprecise resistor each, made at the value asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rescircuit.checks import Array
from rescircuit.devices import Coefficients
from rescircuit.devices.coefficients import ROOM_TEMPERATURE
from rescircuit.network.arrays.cells.causes import with_causes
from rescircuit.network.arrays.cells.curvature import curvature
from rescircuit.network.arrays.cells.faults import faulty
from rescircuit.network.arrays.cells.orders import Order, Progress, tile_by_tile
from rescircuit.network.arrays.schemes import Window
from rescircuit.network.arrays.spec import ArraySpec

__all__ = ["ResistorMaker", "SingleResistors"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SingleResistors:
    """One resistor a cell, or none where nothing is to conduct; see :class:`~rescircuit.network.arrays.TileCells`."""

    spec: ArraySpec
    seed: int
    chip: int
    first_cell: int
    programmed: Array
    largest: float

    @property
    def kind(self) -> str:
        """``"resistors"``."""
        return "resistors"

    @property
    def believed(self) -> Array:
        """`programmed` itself: nothing is measured."""
        return self.programmed

    @property
    def coefficients(self) -> Coefficients:
        """How the resistors move with temperature, voltage and age: numbers, or arrays (i, lines)."""
        return self.spec.resistor.sample_coefficients(
            self.programmed.shape, seed=self.seed, chip=self.chip, start=self.first_cell
        )

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
        """Of their voltage coefficients."""
        if not self.coefficients.voltage_dependent:
            return np.zeros(self.programmed.shape)
        v_read = self.spec.v_read
        at_read, _ = self.coefficients.with_voltage(np.asarray(v_read))

        def relative(share: float) -> Array:
            return np.broadcast_to(
                at_read / self.coefficients.with_voltage(np.asarray(share * v_read))[0], self.programmed.shape
            )

        return curvature(relative)

    def read_noise(self, conductances: Array) -> float:  # noqa: ARG002 - the same for all
        """None of their own."""
        return 0.0

    def _factors(self, name: str) -> Array:
        conditions = self.spec.conditions
        if name == "temperature":
            return 1.0 / self.coefficients.at(conditions.temperature, 0.0)
        return 1.0 / self.coefficients.at(ROOM_TEMPERATURE, conditions.age)


@dataclass(frozen=True, kw_only=True)
class ResistorMaker:
    """Single resistors of one layer, with the range of a bank of nominal ones."""

    spec: ArraySpec
    seed: int
    chip: int

    @property
    def window(self) -> Window:
        """From 0, no resistor, to what a bank of nominal resistors conducts."""
        return Window(low=0.0, high=self.spec.bank_size / self.spec.resistor.nominal)

    def make(self, orders: Sequence[Order], progress: Progress) -> list[SingleResistors]:
        """The cells of each tile."""
        return tile_by_tile(self._made, orders, progress)

    def _made(self, order: Order) -> SingleResistors:
        """Cells (i, lines), made at their targets with the process's variation."""
        targets = order.targets
        there = targets > 0
        nominals = np.divide(1.0, targets, out=np.full(targets.shape, self.spec.resistor.nominal), where=there)
        made = self.spec.resistor.sample(
            targets.shape, seed=self.seed, chip=self.chip, start=order.first_cell, nominals=nominals
        )
        return SingleResistors(
            spec=self.spec,
            seed=self.seed,
            chip=self.chip,
            first_cell=order.first_cell,
            programmed=np.where(there, 1.0 / made, 0.0),
            largest=self.window.high,
        )
