"""Differential pairs: the currents of both banks and their difference, and the voltages inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rescircuit.bank import DifferentialPair, Mask, PairSetting
from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.spice.makers.pair import DIFFERENCE, SIDES, pair_circuit
from rescircuit.spice.verification.agreement import LIMITS
from rescircuit.spice.verification.cases.banks import kind_of_bank, read_voltages, stacked_at
from rescircuit.spice.verification.cases.case import Asked, Case
from rescircuit.spice.verification.cases.inner_voltages import VOLTAGES, inner_nodes_of, inner_reference, inner_voltages
from rescircuit.spice.verification.comparison import Reference

__all__ = ["pair_case"]

_ROUGHER = ("tabulated", "mos", "sinh", "linear")  # of two kinds of bank the first holds


def pair_case(pair: DifferentialPair, asked: Asked) -> Case:
    """A differential pair."""
    asked.only(pair, "mask", "setting", "voltages", "temperature", bit_line_voltages="Its outputs are held at 0 V.")
    if pair.shape:
        raise InputError("pair", "a single pair, of shape ()", f"shape {pair.shape}")
    mask = asked.mask_or_setting(pair, PairSetting)
    mask = np.ones(pair.n, bool) if mask is None else mask
    inputs = read_voltages(pair, asked)
    circuit = pair_circuit(pair, mask=mask, voltages=inputs, temperature=asked.temperature, comment=asked.comment)
    kinds = {kind_of_bank(bank) for bank in (pair.positive, pair.negative)}
    limit = LIMITS[next(kind for kind in _ROUGHER if kind in kinds)]
    settings: dict[str, Mask] = dict(zip(SIDES, pair.split(mask), strict=True))
    own = {side: inner_nodes_of(getattr(pair, side), f"x_{side}", circuit) for side in SIDES}
    nodes = [node for inside in own.values() for node in inside]

    def inside_both(moved: DifferentialPair) -> Array:
        sides = [side for side in SIDES if own[side]]
        found = [inner_voltages(getattr(moved, side), settings[side], inputs, own[side]) for side in sides]
        return np.concatenate(found, axis=-1)

    def ours(_: Any) -> dict[str, Array]:
        def at(law: Callable[[DifferentialPair], Array]) -> Array:
            return stacked_at(pair, asked.temperature, law)

        found = {
            f"{side}_currents": at(lambda moved, side=side: getattr(moved, side).current(settings[side], inputs))
            for side in SIDES
        }
        found[f"{DIFFERENCE}_currents"] = at(lambda moved: moved.current(mask, inputs))
        if nodes:
            found[VOLTAGES] = at(inside_both)
        return found

    def theirs(result: Any) -> dict[str, Reference]:
        sides = {side: result.source_currents[f"v_{side}"] for side in SIDES}
        floor, terms = limit.floor_of_currents(), sum(np.abs(values) for values in sides.values())
        found = {
            f"{side}_currents": Reference(
                values=values, unit="A", element=lambda _, side=side: f"v_{side}", floor=floor, limit=limit
            )
            for side, values in sides.items()
        }
        found[f"{DIFFERENCE}_currents"] = Reference(
            values=result.node_voltages[DIFFERENCE],
            unit="A",
            element=lambda _: "r_difference",
            floor=np.maximum(floor, terms),
            limit=limit,
        )
        if nodes:
            found[VOLTAGES] = inner_reference(nodes, inputs, result, limit)
        return found

    return Case(circuit=circuit, ours=ours, theirs=theirs)
