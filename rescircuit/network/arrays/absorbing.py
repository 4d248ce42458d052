"""Columns programmed row after row over all tiles of an output, each row absorbing the errors of those before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event, Lock

import numpy as np

from rescircuit.checks import Array
from rescircuit.crossbar.blas_threads import one_blas_thread
from rescircuit.network.arrays.cells import BankMaker, BanksInTheMaking, ProgrammedBanks
from rescircuit.network.arrays.cells.orders import Progress, in_stoppable_threads
from rescircuit.network.arrays.placement import Place
from rescircuit.network.arrays.plan import LayerPlan
from rescircuit.network.arrays.schemes import asked_conductances
from rescircuit.network.compensation import Moments, absorbed

__all__ = ["TargetTile", "absorbing_cells"]


@dataclass(frozen=True, kw_only=True, eq=False)
class TargetTile:
    """A tile before it is programmed: its place, the targets of its cells, and what changes of them are worth."""

    place: Place
    targets: Array
    slopes: Array | None

    def worth(self, row: int) -> Array:
        """What a change of each cell of a row is worth outside, (lines,)."""
        return np.ones(self.targets.shape[1]) if self.slopes is None else self.slopes[row]


def absorbing_cells(
    plan: LayerPlan,
    maker: BankMaker,
    tiles: Sequence[TargetTile],
    moments: Moments,
    progress: Progress,
    *,
    centred: bool,
) -> tuple[list[ProgrammedBanks], Array]:
    """The programmed banks of each tile, and what is to be added to the layer's biases, (out,).

    Parameters
    ----------
    plan : LayerPlan
    maker : BankMaker
    tiles : sequence of TargetTile
        All of the layer's.
    moments : Moments
        Of what the matrices multiply; with a bias's word line as the last input where there is one.
    progress : callable
        Called with the number of cells programmed since the last call, from threads, by one of them at a time.
    centred : bool
        Whether what errors do to an output's mean is left to its bias, which then has to be digital.
    """
    making = [maker.begin(tile.place.first_cell, tile.place.shape) for tile in tiles]
    correction = np.zeros(plan.siemens_per_weight.shape)
    one_at_a_time = Lock()

    def tell(done: float) -> None:
        with one_at_a_time:
            progress(done)

    def task(copy: int, group: int) -> Callable[[Event], None]:
        own = [
            (tile, cells)
            for tile, cells in zip(tiles, making, strict=True)
            if (tile.place.copy, tile.place.group) == (copy, group)
        ]

        def absorb(stop: Event) -> None:
            column = _Column(plan, own, stop, tell)
            found = absorbed(
                column.wanted,
                moments.second[group],
                column.program,
                mean=moments.mean[group] if centred else None,
                low=-column.most,
                high=column.most,
                order="largest",
            )
            first = group * found.bias_correction.size
            at = slice(first, first + found.bias_correction.size)
            correction[at] = found.bias_correction / plan.siemens_per_weight[at]

        return absorb

    keys = sorted({(tile.place.copy, tile.place.group) for tile in tiles})
    with one_blas_thread():  # sums in one order, however many cores there are
        in_stoppable_threads([task(*key) for key in keys])
    return [cells.finished() for cells in making], correction


class _Column:
    """All tiles of one group's matrix, as one matrix of what they are worth outside, siemens."""

    def __init__(
        self,
        plan: LayerPlan,
        tiles: Sequence[tuple[TargetTile, BanksInTheMaking]],
        stop: Event,
        progress: Progress,
    ) -> None:
        self._plan = plan
        self._stop = stop
        self._progress = progress
        self._tiles = tiles
        has_bias = any(tile.place.has_bias for tile, _ in tiles)
        _, inputs, outputs = plan.weighted.matrices.shape
        self._inputs = inputs
        self.wanted = np.empty((inputs + has_bias, outputs))
        self.most = np.empty(self.wanted.shape)
        share = 0.5 if plan.spec.scheme == "offset" else 1.0
        for tile, _ in tiles:
            place = tile.place
            worth = np.ones(place.shape) if tile.slopes is None else tile.slopes
            rows = list(self._rows(place))
            self.wanted[rows, place.outputs] = plan.difference(place)
            self.most[rows, place.outputs] = share * plan.window.width * worth[:, place.lines.plus]

    def program(self, row: int, wanted: Array) -> Array:
        """Program a row of all tiles that have it to differences (out,), siemens; what they are believed to have."""
        achieved = np.empty(wanted.shape)
        for tile, cells in self._tiles:
            at = self._row_within(tile.place, row)
            if at is not None:
                outputs = tile.place.outputs
                change = wanted[outputs] - self.wanted[row, outputs]
                achieved[outputs] = self.wanted[row, outputs] + self._programmed(tile, cells, at, change)
                self._progress(tile.place.shape[1])
        return achieved

    def _programmed(self, tile: TargetTile, cells: BanksInTheMaking, at: int, change: Array) -> Array:
        """The change of the differences that a row's banks came to, where one was wanted, (o,)."""
        lines, worth, targets = tile.place.lines, tile.worth(at), tile.targets[at]
        new = self._moved(targets, change, worth, tile)
        rows = slice(at, at + 1)
        moved = worth * (cells.program(rows, new[np.newaxis], lines, self._stop)[0] - targets)
        return moved[lines.plus] - moved[lines.minus]

    def _moved(self, targets: Array, change: Array, worth: Array, tile: TargetTile) -> Array:
        """Targets (lines,) of a row for a change of its differences (o,), as the scheme shares it between lines."""
        scheme, window, lines = self._plan.spec.scheme, self._plan.window, tile.place.lines
        plus, minus = lines.plus, lines.minus
        if scheme == "one_side":
            difference = targets[plus] - targets[minus] + change / worth[plus]
            return asked_conductances(scheme, difference[np.newaxis], lines, window)[0]
        new, share = targets.copy(), 1.0 if scheme == "offset" else 0.5
        new[plus] += share * change / worth[plus]
        if scheme == "middle":
            new[minus] -= share * change / worth[minus]
        return np.clip(new, window.low, window.high)

    def _rows(self, place: Place) -> Iterator[int]:
        """The matrix's rows of a tile's word lines, in their order; the bias's is the last of all."""
        yield from range(place.inputs.start, place.inputs.stop)
        if place.has_bias:
            yield self._inputs

    def _row_within(self, place: Place, row: int) -> int | None:
        """Which of a tile's word lines a row of the matrix is, if any."""
        if place.inputs.start <= row < place.inputs.stop:
            return row - place.inputs.start
        return place.shape[0] - 1 if place.has_bias and row == self._inputs else None
