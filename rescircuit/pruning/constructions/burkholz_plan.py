"""How many random numbers each layer of a target gets in Burkholz's construction, and what layers this makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.network.layers import Dense
from rescircuit.pruning.constructions.error_intervals import SMALLEST, Reach
from rescircuit.pruning.constructions.item_counts import (
    SIGNED_PRODUCTS,
    UNIFORM,
    Counts,
    Law,
    given_items,
    items_needed,
)

__all__ = ["Plan", "planned", "problems_of", "shapes_of"]

_CHOSEN = 0.35  # of n random weights, the sum of the magnitudes of those in a subset: n / 4 and some more


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The random numbers for each weight of a layer of the target, and for each bias.

    Of the first layer's biases there are as many as of its weights; later ones have none where there are no biases.
    """

    weights: Counts
    biases: Counts | None = None

    @property
    def copies(self) -> int:
        """Of each input of the layer."""
        return self.weights.drawn

    @property
    def constants(self) -> int:
        """Hidden units before the layer that are for its biases."""
        return 0 if self.biases is None else self.biases.drawn


def planned(dense: list[Dense], reaches: list[Reach], epsilon: float, items: Any) -> list[Plan]:
    """The numbers of each layer, from the last one backwards.

    Each layer may add the same share of the error. What an earlier one adds is multiplied by the magnitudes of all
    chosen weights behind it.
    """
    given = (None,) * len(dense) if items is None else given_items(items, len(dense))
    plans: list[Plan] = []
    gain = 1.0
    for number in range(len(dense) - 1, -1, -1):
        layer, reach = dense[number], reaches[number]
        largest = float(np.maximum(np.abs(reach.low), np.abs(reach.high)).sum())
        tolerance = epsilon / len(dense) / gain / max(largest + bool(layer.bias.any()), SMALLEST)
        copies = plans[0].copies if plans else 1
        plans.insert(0, _plan(layer, tolerance, copies, given[number], first=number == 0))
        gain *= max(1.0, _CHOSEN * plans[0].copies * layer.weight.shape[1])
    return plans


def _plan(layer: Dense, tolerance: float, copies: int, given: int | None, *, first: bool) -> Plan:
    bias = np.repeat(layer.bias[layer.bias != 0.0], copies)
    weights = np.repeat(layer.weight, copies)

    def needed(values: Array, law: Law) -> Counts:
        return items_needed(tolerance, values, law, argument="epsilon", given=given)

    if first:
        return Plan(weights=needed(np.append(weights, bias), SIGNED_PRODUCTS))
    return Plan(weights=needed(weights, UNIFORM), biases=needed(bias, SIGNED_PRODUCTS) if bias.size else None)


def _rows(dense: list[Dense], plans: list[Plan], number: int) -> int:
    """Rows of the random layer that stands for a layer of the target: copies and constants."""
    if number + 1 == len(dense):
        return dense[number].outputs
    following = plans[number + 1]
    return dense[number].outputs * following.copies + following.constants


def shapes_of(dense: list[Dense], plans: list[Plan], signed: bool) -> list[tuple[int, int]]:
    """Rows and columns of all random layers."""
    inputs = dense[0].weight.shape[1]
    columns = plans[0].copies * (inputs * (1 + signed) + bool(dense[0].bias.any()))
    found = [(columns, inputs)]
    for number in range(len(dense)):
        found.append((_rows(dense, plans, number), found[-1][0]))
    return found


def problems_of(dense: list[Dense], plans: list[Plan], signed: bool) -> int:
    """Subset-sum problems in all."""
    total = 0
    for number, layer in enumerate(dense):
        copies = plans[number + 1].copies if number + 1 < len(dense) else 1
        blocks = layer.weight.shape[1] * (1 if number else 1 + signed) + bool(layer.bias.any())
        total += layer.outputs * copies * blocks
    return total
