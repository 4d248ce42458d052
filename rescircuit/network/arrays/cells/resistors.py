"""Cells of one imprecise resistor each, made at the value asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rescircuit.checks import Array
from rescircuit.devices import Coefficients
from rescircuit.devices.coefficients import ROOM_TEMPERATURE
from rescircuit.network.arrays.cells.curvature import curvature
from rescircuit.network.arrays.cells.orders import Order
from rescircuit.network.arrays.cells.single import SingleCells, SingleMaker

__all__ = ["ResistorMaker", "SingleResistors"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SingleResistors(SingleCells):
    """One resistor a cell, or none where nothing is to conduct; see :class:`~rescircuit.network.arrays.TileCells`."""

    named: ClassVar[str] = "resistors"

    @property
    def coefficients(self) -> Coefficients:
        """How the resistors move with temperature, voltage and age: numbers, or arrays (i, lines)."""
        return self.spec.resistor.sample_coefficients(
            self.programmed.shape, seed=self.seed, chip=self.chip, start=self.first_cell
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

    def _factors(self, name: str) -> Array:
        conditions = self.spec.conditions
        if name == "temperature":
            return 1.0 / self.coefficients.at(conditions.temperature, 0.0)
        return 1.0 / self.coefficients.at(ROOM_TEMPERATURE, conditions.age)


class ResistorMaker(SingleMaker[SingleResistors]):
    """Single resistors of one layer."""

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
