"""Constructions from which whole filters were removed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rescircuit.network.layers import Layer, Network
from rescircuit.pruning.constructions.construction import Construction
from rescircuit.pruning.constructions.stages import BoolArray
from rescircuit.tables import Table, figure

__all__ = ["Removal", "StructuredConstruction"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Removal:
    """What was removed for one layer of the target.

    Attributes
    ----------
    name : str
    kept : bool array (groups, inputs, 2 n)
        Which filters stay, of those that see an input channel.
    dimension : int
        Numbers in a vector: positions of the kernel times output channels of a group.
    distance : float
        The farthest that the sum of the filters that stay is from the target's kernels, in the max-norm.
    bound : float
        Proved: the farthest of the distances that no subset of each channel's filters is below.
    proved : bool
        Whether all subsets are the nearest that there are.
    theorem_items : float
        ``(d^2 c1)^6 log^3(d^2 c1 c0 l / epsilon)``: the theorem's n is this times a constant that nobody knows.
    """

    name: str
    kept: BoolArray
    dimension: int
    distance: float
    bound: float
    proved: bool
    theorem_items: float

    @property
    def filters(self) -> int:
        """How many there were."""
        return self.kept.size

    @property
    def removed(self) -> int:
        """How many of them were removed."""
        return self.filters - int(np.count_nonzero(self.kept))


@dataclass(frozen=True, kw_only=True, eq=False)
class StructuredConstruction(Construction):
    """A construction from which whole filters were removed.

    Attributes
    ----------
    removals : tuple of Removal
        For each layer of the target.
    """

    removals: tuple[Removal, ...]

    @property
    def filters(self) -> int:
        """Filters of all first layers."""
        return sum(each.filters for each in self.removals)

    @property
    def removed(self) -> int:
        """How many of them were removed."""
        return sum(each.removed for each in self.removals)

    def compact(self) -> Network:
        """The pruned network without the filters that were removed: smaller, and with the same outputs.

        Groups keep equally many filters, so that those with fewer have some of zeros.
        """
        left: dict[str, Layer] = {}
        layers = {layer.name: layer for _, layer in self.network.weighted_layers}
        for each in self.removals:
            first, second = layers[f"{each.name}.first"], layers[f"{each.name}.second"]
            groups = each.kept.shape[0]
            kept = each.kept.reshape(groups, -1)
            stay = np.sort(np.argsort(~kept, axis=1, kind="stable")[:, : max(1, int(kept.sum(axis=1).max()))], axis=1)
            rows = (stay + kept.shape[1] * np.arange(groups)[:, None]).ravel()
            own = np.repeat(stay, second.outputs // groups, axis=0)  # the channels of a group, for each of its outputs
            left[first.name] = replace(first, weight=first.weight[rows], bias=None)
            left[second.name] = replace(second, weight=second.weight[np.arange(second.outputs)[:, None], own])
        return Network([left.get(layer.name, layer) for layer in self.network.layers], self.network.input_shape)

    def as_dict(self) -> dict[str, Any]:
        """All figures, for JSON."""
        names = ("name", "dimension", "filters", "removed", "distance", "bound", "proved", "theorem_items")
        layers = [{name: getattr(each, name) for name in names} for each in self.removals]
        return super().as_dict() | {"filters": self.filters, "removed": self.removed, "removals": layers}

    def table(self) -> Table:
        """The tensors; its title says how many filters were removed."""
        table = super().table()
        return replace(table, title=f"{table.title}; {self.removed:,} of {self.filters:,} filters removed")

    def removal_table(self) -> Table:
        """The filters of each layer."""
        rows = tuple(
            (
                each.name,
                str(each.dimension),
                str(each.filters),
                str(each.removed),
                figure(each.distance),
                "nearest" if each.proved else f"none below {figure(each.bound)}",
                figure(each.theorem_items),
            )
            for each in self.removals
        )
        columns = ("layer", "numbers in a vector", "filters", "removed", "distance", "proved", "theorem's n over C")
        return Table(title="Filters removed", columns=columns, rows=rows)
