"""Banks made for a layer: sampled, measured if the spec says so, and programmed some rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import cached_property
from threading import Event

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank import Bank
from rescircuit.calibration import ReadOut
from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.network.arrays.cells.bank_rows import BankRows, largest_reading
from rescircuit.network.arrays.cells.banks import ProgrammedBanks, known_faults, rows_at_once
from rescircuit.network.arrays.cells.orders import Order, Progress, Task, in_stoppable_threads, run_tasks
from rescircuit.network.arrays.schemes import Lines, Window
from rescircuit.network.arrays.spec import ArraySpec

__all__ = ["BankMaker", "BanksInTheMaking", "Shapes"]

Shapes = tuple[tuple[int, tuple[int, int]], ...]

_SMALLEST = 1 << 8  # of a part's banks, those that are looked at with their switches


@dataclass(frozen=True, kw_only=True)
class BankMaker:
    """Banks of one layer: sampled, measured if the spec says so, and programmed.

    Parameters
    ----------
    spec, seed, chip
        Which chip.
    shapes : tuple of (int, (int, int))
        The number of the first bank, and the shape (i, lines), of each of the layer's tiles.
    """

    spec: ArraySpec
    seed: int
    chip: int
    shapes: Shapes

    @property
    def window(self) -> Window:
        """From 0 to what the smallest of all banks conducts, sampled for this and dropped again."""
        return Window(low=0.0, high=self._smallest_full_scale)

    @cached_property
    def _smallest_full_scale(self) -> float:
        read_out = self.read_out
        if read_out is None:
            return min(self._each_part(lambda _, bank: _smallest(bank)))

        def known(start: int, bank: Bank) -> float:
            return float(BankRows.known(self.spec, bank, start, read_out).full_scale.min())

        smallest = min(self._each_part(known))
        if smallest == np.inf:
            hint = "Measure with more bits or averages, or take a chip with fewer faults."
            raise InputError("calibration", "one that finds a bank in which every switch counts", "none", hint)
        return smallest

    @cached_property
    def read_out(self) -> ReadOut | None:
        """What the banks are measured through; its range is that of the spec, or fits the layer's banks."""
        read_out = self.spec.calibration
        if read_out is None or read_out.full_scale is not None:
            return read_out
        largest = max(self._each_part(lambda _, bank: largest_reading(bank, read_out)))
        return read_out.ranged_for(largest, self.spec.v_read)

    def make(self, orders: Sequence[Order], progress: Progress) -> list[ProgrammedBanks]:
        """Banks (i, lines) of each tile programmed to their targets, parts of the rows side by side."""
        making = [self.begin(order.first_cell, order.shape) for order in orders]

        def task(order: Order, cells: BanksInTheMaking, rows: slice) -> Task:
            return lambda stop: cells.program(rows, order.targets[rows], order.lines, stop).size

        tasks = [
            task(order, cells, rows)
            for order, cells in zip(orders, making, strict=True)
            for rows in rows_at_once(order.shape)
        ]
        run_tasks(tasks, progress)
        return [cells.finished() for cells in making]

    def begin(self, first_cell: int, shape: tuple[int, int]) -> BanksInTheMaking:
        """A tile's banks, to be programmed some rows at a time."""
        return BanksInTheMaking(self, first_cell, shape)

    def rows(self, first_cell: int, lines: int, rows: slice) -> BankRows:
        """The banks of some rows of a tile, sampled, and measured if the spec says so."""
        start = first_cell + rows.start * lines
        return BankRows.known(self.spec, self._bank(start, (rows.stop - rows.start, lines)), start, self.read_out)

    def _each_part(self, value: Callable[[int, Bank], float]) -> list[float]:
        """A number for each part of the layer's banks, by the part's first bank's number and the banks."""

        def task(start: int, shape: tuple[int, int]) -> Callable[[Event], float]:
            return lambda _: value(start, self._bank(start, shape))

        parts = [
            task(first_cell + rows.start * shape[1], (rows.stop - rows.start, shape[1]))
            for first_cell, shape in self.shapes
            for rows in rows_at_once(shape)
        ]
        return in_stoppable_threads(parts)

    def _bank(self, start: int, shape: tuple[int, int]) -> Bank:
        return self.spec.sample(shape, seed=self.seed, chip=self.chip, start=start, faults=known_faults(self.spec))


class BanksInTheMaking:
    """A tile's banks while they are programmed."""

    def __init__(self, maker: BankMaker, first_cell: int, shape: tuple[int, int]) -> None:
        self._maker = maker
        self._first_cell = first_cell
        self._packed = np.zeros((*shape, -(-maker.spec.bank_size // 8)), np.uint8)
        self._programmed = np.zeros(shape)
        self._believed = self._programmed if maker.read_out is None else np.zeros(shape)

    def program(self, rows: slice, targets: Array, lines: Lines, stop: Event) -> Array:
        """Program some word lines' banks to targets (r, lines); what they are believed to conduct, siemens.

        Raises
        ------
        CancelledError
            Once `stop` is set.
        """

        def check(_: float) -> None:
            if stop.is_set():
                raise CancelledError

        check(0)
        sampled = self._maker.rows(self._first_cell, self._programmed.shape[1], rows)
        found = sampled.programmed(targets, lines, check)
        self._packed[rows] = np.packbits(found.mask, axis=-1)
        self._programmed[rows] = found.programmed
        self._believed[rows] = found.believed
        return found.believed

    def finished(self) -> ProgrammedBanks:
        """All of them."""
        maker = self._maker
        return ProgrammedBanks(
            spec=maker.spec,
            seed=maker.seed,
            chip=maker.chip,
            first_cell=self._first_cell,
            packed=self._packed,
            programmed=self._programmed,
            believed=self._believed,
        )


def _smallest(bank: Bank) -> float:
    """The smallest full scale: of the banks whose resistors alone conduct least, to which switches add little.

    Faults do not count: a few such banks should not make all weights smaller.
    """
    least = np.unravel_index(_of_least(bank.resistances), bank.shape)
    return float(bank.part(least).on_conductances.sum(axis=-1).min())


def _of_least(resistances: Array) -> NDArray[np.intp]:
    """The places, in C order, of the banks (..., n) that conduct least."""
    conductances = (1.0 / resistances).sum(axis=-1).ravel()
    if conductances.size <= _SMALLEST:
        return np.arange(conductances.size)
    return np.argpartition(conductances, _SMALLEST)[:_SMALLEST]
