"""Cells of one memristor each, written and verified."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rescircuit.checks import Array
from rescircuit.devices import Memristor, MemristorArray, WriteVerifyResult, write_verify
from rescircuit.errors import InputError
from rescircuit.network.arrays.cells.causes import with_causes
from rescircuit.network.arrays.cells.orders import Order, Progress, tile_by_tile
from rescircuit.network.arrays.schemes import Window
from rescircuit.network.arrays.spec import ArraySpec

__all__ = ["MemristorMaker", "WrittenMemristors"]


@dataclass(frozen=True, kw_only=True, eq=False)
class WrittenMemristors:
    """One memristor a cell; see :class:`~rescircuit.network.arrays.TileCells`.

    Devices that are stuck are a cause of their own: `programmed` is what writing would have made of them otherwise.
    """

    spec: ArraySpec
    seed: int
    chip: int
    first_cell: int
    targets: Array
    programmed: Array

    @property
    def kind(self) -> str:
        """``"memristors"``."""
        return "memristors"

    @property
    def believed(self) -> Array:
        """`programmed` itself: errors of reading are the memristor's own, and part of programming."""
        return self.programmed

    def conductances(self, effects: Iterable[str], *, asked: Array, targets: Array) -> Array:
        """See :class:`~rescircuit.network.arrays.TileCells`."""
        chosen = frozenset(effects)
        return with_causes(
            chosen,
            asked=asked,
            targets=targets,
            believed=self.programmed,
            programmed=self.programmed,
            stuck=self._stuck,
            factors=lambda name: self._factors(name, stuck="stuck" in chosen),
        )

    def curvature(self) -> Array:
        """Zeros: their current is taken as linear."""
        return np.zeros(self.programmed.shape)

    def read_noise(self, conductances: Array) -> Array:
        """The memristor's, at these conductances, (i, lines)."""
        return _memristor(self.spec).spread("read_noise", conductances)

    @property
    def _fresh(self) -> MemristorArray:
        """The devices before they were written, the stuck ones among them."""
        return MemristorArray.sample(
            _memristor(self.spec), self.programmed.shape, seed=self.seed, chip=self.chip, start=self.first_cell
        )

    def _stuck(self) -> Array:
        fresh = self._fresh
        return np.where(fresh.stuck, fresh.conductances, self.programmed)

    def _factors(self, name: str, *, stuck: bool) -> Array:
        """How they have drifted, but for those that are stuck, if any are; the law has no temperature."""
        if name == "temperature":
            return np.ones(())
        written = _written(self.spec, self.seed, self.chip, self.first_cell, self.targets)
        at_end = written.array.at(written.finished_at)
        drifted = written.array.at(written.finished_at + self.spec.conditions.age) / at_end
        return np.where(self._fresh.stuck, 1.0, drifted) if stuck else drifted


@dataclass(frozen=True, kw_only=True)
class MemristorMaker:
    """Memristors of one layer."""

    spec: ArraySpec
    seed: int
    chip: int

    @property
    def window(self) -> Window:
        """The memristor's own."""
        part = _memristor(self.spec)
        return Window(low=part.g_min, high=part.g_max)

    def make(self, orders: Sequence[Order], progress: Progress) -> list[WrittenMemristors]:
        """The cells of each tile."""
        return tile_by_tile(self._made, orders, progress)

    def _made(self, order: Order) -> WrittenMemristors:
        """Cells (i, lines), each written until a read agrees with its target."""
        written = _written(self.spec, self.seed, self.chip, order.first_cell, order.targets)
        return WrittenMemristors(
            spec=self.spec,
            seed=self.seed,
            chip=self.chip,
            first_cell=order.first_cell,
            targets=order.targets,
            programmed=written.array.at(written.finished_at),
        )


def _memristor(spec: ArraySpec) -> Memristor:
    if spec.memristor is None:
        raise InputError("memristor", "a Memristor", None)
    return spec.memristor


def _written(spec: ArraySpec, seed: int, chip: int, first_cell: int, targets: Array) -> WriteVerifyResult:
    """The same devices without those that are stuck: each has its own random numbers, whatever the others do."""
    healthy = replace(_memristor(spec), stuck_at_g_min=0.0, stuck_at_g_max=0.0)
    fresh = MemristorArray.sample(healthy, targets.shape, seed=seed, chip=chip, start=first_cell)
    writing = spec.writing
    return write_verify(
        fresh,
        targets,
        tolerance=writing.tolerance_share * healthy.g_max,
        most_writes=writing.most_writes,
        averages=writing.averages,
        v_read=spec.v_read,
    )[1]
