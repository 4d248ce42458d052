"""A layer of random weights: sampled banks on tiles, as those who train its mask know them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank import Mask
from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.network.arrays import ArraySpec
from rescircuit.network.arrays.cells import BankMaker, ProgrammedBanks
from rescircuit.network.arrays.cells.bank_rows import BankRows
from rescircuit.network.arrays.cells.banks import known_faults, rows_at_once
from rescircuit.network.arrays.placement import Place
from rescircuit.network.layers import WeightedLayer
from rescircuit.pruning.chip.attenuation import slopes_of
from rescircuit.pruning.chip.settings import Signs, siemens_per_weight

__all__ = ["RandomLayer", "sampled_layer"]

_Progress = Callable[[float], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class RandomLayer:
    """The banks of one layer: a weight is the difference of two, a mask says which of their switches are closed.

    Attributes
    ----------
    number : int
        Of the layer in the network.
    weighted : WeightedLayer
        The template's layer: its shape, bias and name count, its weights do not.
    spec, seed, chip
        Which chip.
    signs : "column" or "differential"
    spread : float
        Of the weights, see :func:`rescircuit.pruning.chip.settings.siemens_per_weight`.
    places : tuple of Place
        Its tiles.
    items : array (*weight's shape, 2, n)
        What closing each switch is believed to add to the conductance of a weight's positive and negative bank,
        siemens; 0 of switches that are known to be stuck.
    offset : array (*weight's shape, 2)
        What the banks are believed to conduct with all switches open that open, siemens.
    measured : bool
        Whether beliefs are those of a calibration, and differ from the truth.
    """

    number: int
    weighted: WeightedLayer
    spec: ArraySpec
    seed: int
    chip: int
    signs: Signs
    spread: float
    places: tuple[Place, ...]
    items: Array
    offset: Array
    measured: bool

    @property
    def mask_shape(self) -> tuple[int, ...]:
        """(*weight's shape, 2, n) with signs by column; (*weight's shape, n) where a bit sets both switches of a pair.

        n is the number of resistors in a bank.
        """
        shape, n = self.weighted.weight.shape, self.items.shape[-1]
        return (*shape, 2, n) if self.signs == "column" else (*shape, n)

    @cached_property
    def siemens_per_weight(self) -> float:
        """The difference of effective conductances, behind the wires, that stands for a weight of 1.

        See :func:`rescircuit.pruning.chip.settings.siemens_per_weight`; what wires take is that of tiles whose every
        switch is half closed.
        """
        halves = self.offset + 0.5 * self.items.sum(axis=-1)
        left = self.off_tiles([slopes_of(self.on_tile(halves, place), self.spec) for place in self.places])
        items, inputs = left[..., np.newaxis] * self.items, self.weighted.weight[0].size
        return siemens_per_weight(items, self.signs, inputs, self.spread)

    def switches(self, mask: Any) -> Mask:
        """A mask as the settings of both banks of each weight, (*weight's shape, 2, n).

        Raises
        ------
        InputError
            For anything but truth values of the mask's shape.
        """
        given = np.asarray(mask)
        if given.dtype != np.bool_ or given.shape != self.mask_shape:
            required = f"truth values of shape {self.mask_shape}"
            raise InputError(f"mask of {self.weighted.name}", required, f"{given.dtype.name} of shape {given.shape}")
        if self.signs == "column":
            return given
        return np.broadcast_to(given[..., np.newaxis, :], self.items.shape)

    def believed(self, mask: Any) -> Array:
        """What both banks of each weight are believed to conduct, siemens, (*weight's shape, 2)."""
        return self.offset + np.where(self.switches(mask), self.items, 0.0).sum(axis=-1)

    def weight(self, mask: Any) -> Array:
        """The weights by what is believed, without wires, of the weight's shape."""
        sides = np.maximum(self.believed(mask), 0.0)
        return (sides[..., 0] - sides[..., 1]) / self.siemens_per_weight

    def on_tile(self, values: NDArray[Any], place: Place) -> NDArray[Any]:
        """Of values (*weight's shape, 2, ...) those of a tile's cells, (i, lines, ...)."""
        part = self._matrices(values)[place.group, place.outputs, place.inputs]
        return np.ascontiguousarray(np.moveaxis(part, 0, 1)).reshape(*place.shape, *part.shape[3:])

    def off_tiles(self, values: list[NDArray[Any]]) -> NDArray[Any]:
        """Values of each tile's cells, (i, lines, ...), as those of all weights, (*weight's shape, 2, ...)."""
        more = values[0].shape[2:]
        whole = np.empty((*self.weighted.weight.shape, 2, *more), values[0].dtype)
        matrices = self._matrices(whole)
        for place, each in zip(self.places, values, strict=True):
            inputs, lines = place.shape
            matrices[place.group, place.outputs, place.inputs] = np.moveaxis(
                each.reshape(inputs, lines // 2, 2, *more), 0, 1
            )
        return whole

    def cells(self, mask: Any) -> list[Array]:
        """What the cells of each tile are believed to conduct, siemens, at least 0, (i, lines)."""
        believed = np.maximum(self.believed(mask), 0.0)
        return [self.on_tile(believed, place) for place in self.places]

    def programmed(self, mask: Any) -> list[ProgrammedBanks]:
        """The banks of each tile in their settings, as they are in truth; sampled again."""
        settings, believed = self.switches(mask), self.believed(mask) if self.measured else None
        found = []
        for place in self.places:
            tile = self.on_tile(settings, place)
            conducts = self._truth(place, tile)
            found.append(
                ProgrammedBanks(
                    spec=self.spec,
                    seed=self.seed,
                    chip=self.chip,
                    first_cell=place.first_cell,
                    packed=np.packbits(tile, axis=-1),
                    programmed=conducts,
                    believed=conducts if believed is None else self.on_tile(believed, place),
                )
            )
        return found

    def _truth(self, place: Place, mask: Mask) -> Array:
        conducts = np.empty(place.shape)
        for rows in rows_at_once(place.shape):
            shape = rows.stop - rows.start, place.shape[1]
            start = place.first_cell + rows.start * shape[1]
            faults = known_faults(self.spec)
            bank = self.spec.sample(shape, seed=self.seed, chip=self.chip, start=start, faults=faults)
            closed = bank.actual_mask(mask[rows])
            conducts[rows] = np.where(closed, bank.on_conductances, bank.off_conductances).sum(axis=-1)
        return conducts

    def _matrices(self, values: NDArray[Any]) -> NDArray[Any]:
        """A view (groups, outputs of a group, inputs, 2, ...) of values (*weight's shape, 2, ...)."""
        weighted, axes = self.weighted, self.weighted.weight.ndim
        groups = weighted.groups
        return values.reshape(groups, weighted.outputs // groups, weighted.weight[0].size, *values.shape[axes:])


def sampled_layer(
    number: int,
    weighted: WeightedLayer,
    places: tuple[Place, ...],
    spec: ArraySpec,
    *,
    seed: int,
    chip: int,
    signs: Signs,
    spread: float,
    progress: _Progress,
) -> RandomLayer:
    """Sample a layer's banks, and measure them if the spec says so."""
    shapes = tuple((place.first_cell, place.shape) for place in places)
    maker = BankMaker(spec=spec, seed=seed, chip=chip, shapes=shapes)
    items, offsets = [], []
    for place in places:
        known = [_known(maker.rows(place.first_cell, place.shape[1], rows)) for rows in rows_at_once(place.shape)]
        items.append(np.concatenate([each for each, _ in known]))
        offsets.append(np.concatenate([each for _, each in known]))
        progress(place.cells)
    nothing = np.zeros(0)
    empty = RandomLayer(
        number=number,
        weighted=weighted,
        spec=spec,
        seed=seed,
        chip=chip,
        signs=signs,
        spread=spread,
        places=places,
        items=nothing,
        offset=nothing,
        measured=spec.calibration is not None,
    )
    whole, rest = empty.off_tiles(items), empty.off_tiles(offsets)
    for array in (whole, rest):
        array.flags.writeable = False
    return RandomLayer(**{**vars(empty), "items": whole, "offset": rest})


def _known(rows: BankRows) -> tuple[Array, Array]:
    """What each switch of some banks adds, (r, lines, n), and what the banks conduct without, (r, lines), siemens."""
    problem = rows.problem
    items, offset = problem["items"] / rows.unit, problem["offset"] / rows.unit
    closed, stays_open = problem["chosen"], problem["excluded"]
    if closed is not None:
        offset = offset + np.where(closed, items, 0.0).sum(axis=-1)
        items = np.where(closed, 0.0, items)
    return (items if stays_open is None else np.where(stays_open, 0.0, items)), offset
