"""Cells that are stuck as a whole: open, or shorted to the largest conductance."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from rescircuit.checks import Array
from rescircuit.network.arrays.spec import ArraySpec

__all__ = ["faulty"]


class _Placed(Protocol):
    """Cells with a place on a chip."""

    @property
    def spec(self) -> ArraySpec: ...

    @property
    def seed(self) -> int: ...

    @property
    def chip(self) -> int: ...

    @property
    def first_cell(self) -> int: ...


def faulty(cells: _Placed, conductances: Array, largest: float) -> Array:
    """`conductances` (i, lines) with the stuck ones at 0 and at `largest`, siemens."""
    flags = cells.spec.conditions.faults.sample(
        conductances.shape, seed=cells.seed, chip=cells.chip, start=cells.first_cell
    )
    for name, end in (("stuck_open", 0.0), ("stuck_closed", largest)):
        where = flags[name]
        if where is not None:
            conductances = np.where(where, end, conductances)
    return conductances
