"""A layer's targets distorted against the wires, so that its tiles have the wanted differences with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from threading import Event

import numpy as np

from rescircuit.checks import Array
from rescircuit.crossbar import Crossbar
from rescircuit.crossbar.blas_threads import one_blas_thread
from rescircuit.network.arrays.cells.orders import in_threads
from rescircuit.network.arrays.placement import Place
from rescircuit.network.arrays.plan import LayerPlan
from rescircuit.network.compensation import Predistortion, predistorted

__all__ = ["Distorted", "distorted_plan"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Distorted:
    """What a tile is programmed to.

    Attributes
    ----------
    targets : array (i, lines)
        Siemens.
    slopes : array (i, lines)
        What a change of each cell is worth outside, from 0 to 1.
    """

    targets: Array
    slopes: Array


def distorted_plan(plan: LayerPlan) -> tuple[LayerPlan, tuple[Distorted, ...]]:
    """The plan with its scale as far reduced as wires make necessary, and the targets of each of its tiles.

    All tiles of a layer (with a scale for each output: all that add to it) keep one scale, the least that any of them
    can reach. Copies of a tile have the same targets.
    """
    originals = [place for place in plan.places if place.copy == 0]
    first = _each_predistorted(plan, originals)
    scale = np.ones(plan.siemens_per_weight.shape)
    for place, found in zip(originals, first, strict=True):
        columns = plan.columns(place)
        scale[columns] = np.minimum(scale[columns], found.scale)
    if plan.spec.scaling == "tensor":
        scale[:] = scale.min()
    scaled = replace(plan, siemens_per_weight=plan.siemens_per_weight * scale)
    reduced = [
        bool(np.any(scale[plan.columns(place)] < np.asarray(found.scale)))
        for place, found in zip(originals, first, strict=True)
    ]
    again = iter(_each_predistorted(scaled, [place for place, anew in zip(originals, reduced, strict=True) if anew]))
    kept = [next(again) if anew else found for found, anew in zip(first, reduced, strict=True)]
    final = [Distorted(targets=each.targets, slopes=each.slopes) for each in kept]
    copies = len(plan.places) // len(originals)
    return scaled, tuple(final * copies)


def _each_predistorted(plan: LayerPlan, places: Sequence[Place]) -> list[Predistortion]:
    """Tiles side by side, each in one thread: the same bits on any machine's number of cores."""

    def task(place: Place) -> Callable[[Event], Predistortion]:
        return lambda stop: _predistorted(plan, place, stop)

    with one_blas_thread():
        return in_threads([task(place) for place in places])


def _predistorted(plan: LayerPlan, place: Place, stop: Event) -> Predistortion:
    spec = plan.spec

    def effective_of(cells: Array) -> Array:
        if stop.is_set():
            raise CancelledError
        sense = spec.converters.input_resistance
        return Crossbar(cells, spec.r_word_line, spec.r_bit_line, r_sense=sense, threads=1).effective_conductances()

    return predistorted(
        plan.difference(place),
        plan.asked(place),
        effective_of,
        plus=place.lines.plus,
        minus=place.lines.minus,
        low=plan.window.low,
        high=plan.window.high,
        scheme=spec.scheme,
        scaling=spec.scaling,
    )
