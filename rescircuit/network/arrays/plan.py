"""A layer's weights as wanted differences of conductances, tile by tile, before any cell is programmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.network.arrays.placement import Place
from rescircuit.network.arrays.schemes import Window, asked_conductances, largest_difference
from rescircuit.network.arrays.spec import ArraySpec
from rescircuit.network.layers import WeightedLayer

__all__ = ["LayerPlan"]

# Training leaves weights of 1e-30 and less behind: they are as good as 0.
_LEAST_WEIGHT = 1e-100  # for a scale of their own
_LEAST = 1e-27  # siemens, for cells


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerPlan:
    """What a layer's tiles are to be.

    Attributes
    ----------
    weighted : WeightedLayer
    spec : ArraySpec
    places : tuple of Place
    window : Window
        What each of its cells can be.
    input_full_scale : float
        The input that the largest voltage stands for.
    siemens_per_weight : array (out,)
        The difference of conductances that stands for a weight of 1.
    """

    weighted: WeightedLayer
    spec: ArraySpec
    places: tuple[Place, ...]
    window: Window
    input_full_scale: float
    siemens_per_weight: Array

    @classmethod
    def scaled(
        cls,
        weighted: WeightedLayer,
        spec: ArraySpec,
        places: tuple[Place, ...],
        window: Window,
        input_full_scale: float,
    ) -> LayerPlan:
        """Scaled so that the largest weight of the layer, or of each output, fills the range."""
        matrices = weighted.matrices
        largest = np.maximum(matrices.max(axis=1), -matrices.min(axis=1)).ravel()
        if any(place.has_bias for place in places):
            largest = np.maximum(largest, np.abs(weighted.bias) / input_full_scale)
        largest = np.where(largest < _LEAST_WEIGHT, 0.0, largest)
        overall = float(largest.max()) or 1.0
        own = largest if spec.scaling == "column" else np.full(largest.shape, overall)
        reach = largest_difference(spec.scheme, window, spec.swing)
        return cls(
            weighted=weighted,
            spec=spec,
            places=places,
            window=window,
            input_full_scale=input_full_scale,
            siemens_per_weight=reach / np.where(own > 0, own, overall),
        )

    def columns(self, place: Place) -> slice:
        """Which of all the layer's outputs a tile adds to."""
        first = place.group * self.weighted.matrices.shape[2]
        return slice(first + place.outputs.start, first + place.outputs.stop)

    def difference(self, place: Place) -> Array:
        """Wanted between each output's two lines, siemens, (i, o); a bias's word line last. 0 where next to nothing."""
        columns = self.columns(place)
        weights: Any = self.weighted.matrices[place.group, place.inputs, place.outputs]
        if place.has_bias:
            weights = np.vstack([weights, self.weighted.bias[columns] / self.input_full_scale])
        wanted = weights * self.siemens_per_weight[columns]
        return np.where(np.abs(wanted) < _LEAST, 0.0, wanted)

    def asked(self, place: Place) -> Array:
        """What the tile's cells are to be without wires, siemens, (i, lines)."""
        return asked_conductances(self.spec.scheme, self.difference(place), place.lines, self.window)
