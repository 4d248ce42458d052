"""From weights to programmed cells on tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.network.arrays import ArraySpec, Tile
from rescircuit.network.arrays.absorbing import TargetTile, absorbing_cells
from rescircuit.network.arrays.cells import BankMaker, CellMaker, Order, cell_maker
from rescircuit.network.arrays.distorting import Distorted, distorted_plan
from rescircuit.network.arrays.placement import Place, network_places
from rescircuit.network.arrays.plan import LayerPlan
from rescircuit.network.arrays.reach import typical_inputs
from rescircuit.network.compensation import Moments, input_moments
from rescircuit.network.inference import AnalogLayer, AnalogNetwork, calibration_rows
from rescircuit.network.layers import Network, WeightedLayer

__all__ = ["COMPENSATIONS", "map_network"]

COMPENSATIONS = ("wires", "columns")
_SMALLEST, _LARGEST = 1e-100, 1e100  # of numbers that are scaled to volts and siemens
_POSITIONS = 64  # of a convolution that each sample adds to the moments: neighbours are alike

_Progress = Callable[[float], None]


def map_network(
    network: Network,
    spec: ArraySpec,
    *,
    seed: int,
    chip: int = 0,
    calibration_inputs: Any | None = None,
    compensation: str | Iterable[str] = (),
    progress: _Progress | None = None,
) -> AnalogNetwork:
    """Sample a chip, program every weight of `network` on it, and lay it out on tiles.

    A weight w is a difference of two cells, ``w * siemens_per_weight``, see `scheme` in :class:`ArraySpec`. Banks are
    programmed exactly; the second one of a pair makes up for the error of the first. Layers are mapped one after the
    other, their tiles too, and banks some rows at a time. What is kept are three numbers a cell: what it was asked to
    conduct, what it conducts, and its setting; of calibrated banks what they are believed to conduct, too.

    Parameters
    ----------
    network : Network
    spec : ArraySpec
    seed, chip : int
        Which chip: its cells are numbered layer by layer, tile by tile.
    calibration_inputs : array (..., *input shape), optional
        Typical inputs; the converters' ranges are set to what they need. Without them, ranges hold for all inputs
        from 0 to 1 (or -1 to 1), which wastes resolution.
    compensation : iterable of str
        Any of ``"wires"``: targets are distorted so that the array with its wires has the wanted differences; and
        ``"columns"``: banks are programmed row after row, each row absorbing the errors of those before it, as the
        calibration inputs weigh them.
    progress : callable, optional
        Called with the number of cells programmed since the last call; where rows absorb errors, from other threads,
        by one of them at a time.

    Returns
    -------
    AnalogNetwork

    Raises
    ------
    InputError
        For what is no network or spec, a seed or chip out of range, calibration inputs of another shape, numbers beyond
        1e100, compensation that is not known or has nothing to go by, or differences out of reach behind wires.
    """
    _check_parts(network, spec, seed, chip)
    chosen = _checked_compensation(compensation, spec, calibration_inputs)
    samples, taken, bounds = typical_inputs(network, calibration_inputs)
    _check_bounds(network, bounds)
    moments = input_moments(network, samples, positions=_POSITIONS) if "columns" in chosen else {}
    layers = []
    for number, weighted, places in network_places(network, spec):
        mapping = _Mapping(
            weighted=weighted,
            spec=spec,
            seed=seed,
            chip=chip,
            places=places,
            input_full_scale=bounds[number],
            compensation=chosen,
            moments=moments.pop(number, None),
            progress=progress or _nobody,
        )
        rows = calibration_rows(weighted, taken.pop(number)) if taken else None
        layers.append(mapping.layer(number, rows))
    return AnalogNetwork(network=network, layers=tuple(layers), spec=spec, seed=seed, chip=chip, compensation=chosen)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Mapping:
    """One layer on its way to tiles."""

    weighted: WeightedLayer
    spec: ArraySpec
    seed: int
    chip: int
    places: tuple[Place, ...]
    input_full_scale: float
    compensation: frozenset[str]
    moments: Moments | None
    progress: _Progress

    def layer(self, number: int, calibration_rows: Array | None) -> AnalogLayer:
        """The layer with all its tiles programmed."""
        maker = cell_maker(
            self.spec,
            seed=self.seed,
            chip=self.chip,
            shapes=tuple((place.first_cell, place.shape) for place in self.places),
        )
        plan = LayerPlan.scaled(self.weighted, self.spec, self.places, maker.window, self.input_full_scale)
        distorted: tuple[Distorted, ...] | None = None
        if "wires" in self.compensation:
            plan, distorted = distorted_plan(plan)
        correction = None
        if "columns" in self.compensation:
            tiles, correction = self._absorbing(plan, maker, distorted)
        else:
            tiles = self._programmed(plan, maker, distorted)
        return AnalogLayer(
            number=number,
            weighted=self.weighted,
            tiles=tiles,
            siemens_per_weight=plan.siemens_per_weight,
            input_full_scale=self.input_full_scale,
            cell_full_scale=plan.window.high,
            calibration_inputs=calibration_rows,
            bias_correction=correction,
            spec=self.spec,
        )

    def _programmed(
        self, plan: LayerPlan, maker: CellMaker, distorted: tuple[Distorted, ...] | None
    ) -> tuple[Tile, ...]:
        asked = [plan.asked(place) for place in self.places]
        targets = asked if distorted is None else [each.targets for each in distorted]
        orders = [
            Order(first_cell=place.first_cell, targets=each, lines=place.lines)
            for place, each in zip(self.places, targets, strict=True)
        ]
        made = maker.make(orders, self.progress)
        return tuple(map(Place.tile, self.places, asked, targets, made))

    def _absorbing(
        self, plan: LayerPlan, maker: CellMaker, distorted: tuple[Distorted, ...] | None
    ) -> tuple[tuple[Tile, ...], Array | None]:
        """Tiles programmed column by column, and what the layer's biases have to make up for, (out,)."""
        assert isinstance(maker, BankMaker) and self.moments is not None  # noqa: S101, PT018 - checked at the start
        asked = [plan.asked(place) for place in self.places]
        targets = [
            TargetTile(
                place=place,
                targets=asked[k] if distorted is None else distorted[k].targets,
                slopes=None if distorted is None else distorted[k].slopes,
            )
            for k, place in enumerate(self.places)
        ]
        on_line = any(place.has_bias for place in self.places)
        moments = self.moments.with_constant(self.input_full_scale) if on_line else self.moments
        # A digital bias takes what errors do to outputs' means; copies share it, each with errors of its own.
        centred = not on_line and all(place.copy == 0 for place in self.places)
        cells, correction = absorbing_cells(plan, maker, targets, moments, self.progress, centred=centred)
        tiles = tuple(
            tile.place.tile(wanted, tile.targets, each)
            for tile, wanted, each in zip(targets, asked, cells, strict=True)
        )
        return tiles, correction if centred else None


def _nobody(done: float) -> None:
    """Told of progress."""


def _check_parts(network: Any, spec: Any, seed: Any, chip: Any) -> None:
    """Refuse what is no network on no array of no chip."""
    for name, value, kind in (("network", network, Network), ("spec", spec, ArraySpec)):
        if not isinstance(value, kind):
            raise InputError(name, f"{'an' if kind is ArraySpec else 'a'} {kind.__name__}", value)
    _ = Stream(seed=seed, chip=chip, source="network")  # whose checks are the only ones where cells take no chance


def _check_bounds(network: Network, bounds: Mapping[int, float]) -> None:
    """Refuse layers whose inputs are too large or too small, or weights too large, for scales to volts and siemens."""
    for number, layer in network.weighted_layers:
        bound = bounds[number]
        if not _SMALLEST <= bound <= _LARGEST:
            required = f"of inputs whose largest is from {_SMALLEST:g} to {_LARGEST:g}"
            raise InputError(layer.name, required, bound, "Scale the network's weights.")
        largest = max(float(np.abs(layer.weight).max()), float(np.abs(layer.bias).max()))
        if largest > _LARGEST:
            raise InputError(f"{layer.name}.weight", f"at most {_LARGEST:g}, as its bias", largest)


def _checked_compensation(
    compensation: str | Iterable[str], spec: ArraySpec, calibration_inputs: Any | None
) -> frozenset[str]:
    several = isinstance(compensation, Iterable) and not isinstance(compensation, str)
    names: tuple[Any, ...] = tuple(compensation) if several else (compensation,)
    for name in names:
        if name not in COMPENSATIONS:
            raise InputError("compensation", f"any of {', '.join(COMPENSATIONS)}", name)
    if "columns" in names:
        if spec.cells != "banks":
            raise InputError("compensation", 'without "columns" for other cells than banks', spec.cells)
        if calibration_inputs is None:
            hint = "They say how much each error counts."
            raise InputError("calibration_inputs", 'given with compensation "columns"', None, hint)
    # Where nothing lies between sources, cells and amplifiers, there is nothing to distort targets against.
    resistance = spec.r_word_line + spec.r_bit_line + spec.converters.input_resistance
    return frozenset(names) if resistance > 0 else frozenset(names) - {"wires"}
