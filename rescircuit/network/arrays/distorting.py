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
from rescircuit.errors import SolutionError
from rescircuit.network.arrays.cells.orders import in_stoppable_threads
from rescircuit.network.arrays.placement import Place
from rescircuit.network.arrays.plan import LayerPlan
from rescircuit.network.compensation import Predistortion, predistorted

__all__ = ["Distorted", "distorted_plan"]

_MOST_ROUNDS = 20


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

    Raises
    ------
    SolutionError
        If no common scale is found.
    """
    originals = [place for place in plan.places if place.copy == 0]
    copies = len(plan.places) // len(originals)
    found = _each_predistorted(plan, originals)
    for _ in range(_MOST_ROUNDS):
        reached = [np.where(each.feasible, 1.0, each.scale) for each in found]
        scale = _common(plan, originals, reached)
        plan = replace(plan, siemens_per_weight=plan.siemens_per_weight * scale)
        # A tile that reached just this has its targets; the others fall back to it.
        stale = [k for k, place in enumerate(originals) if np.any(scale[plan.columns(place)] < reached[k])]
        if not stale:
            break
        for k, each in zip(stale, _each_predistorted(plan, [originals[k] for k in stale]), strict=True):
            found[k] = each
        if all(found[k].feasible for k in stale):
            break
        # With a scale for each output, outputs load each other: a tile may reach a little less than it promised, and
        # what the others reached of the scale before is 1 of the new one.
        found = [each if k in stale else replace(each, scale=1.0) for k, each in enumerate(found)]
    else:
        worst = min(float(np.min(each.scale)) for each in found)
        hint = "Take shorter wires, smaller tiles, a smaller swing, or one scale for the layer."
        raise SolutionError("one scale for all tiles behind their wires", 1.0 - worst, 0.0, hint)
    final = [Distorted(targets=each.targets, slopes=each.slopes) for each in found]
    return plan, tuple(final * copies)


def _common(plan: LayerPlan, places: Sequence[Place], reached: Sequence[Array]) -> Array:
    """The scale (out,) that all tiles can reach: the least, of each output or of the whole layer."""
    scale = np.ones(plan.siemens_per_weight.shape)
    for place, own in zip(places, reached, strict=True):
        columns = plan.columns(place)
        scale[columns] = np.minimum(scale[columns], own)
    return np.full_like(scale, scale.min()) if plan.spec.scaling == "tensor" else scale


def _each_predistorted(plan: LayerPlan, places: Sequence[Place]) -> list[Predistortion]:
    """Tiles side by side, each in one thread: the same bits on any machine's number of cores."""

    def task(place: Place) -> Callable[[Event], Predistortion]:
        return lambda stop: _predistorted(plan, place, stop)

    with one_blas_thread():
        return in_stoppable_threads([task(place) for place in places])


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
