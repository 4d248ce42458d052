"""What a layer's weights are, given its mask: in digital arithmetic here, on a chip in :mod:`rescircuit.pruning.chip`.

The trainer knows masks and scores; a model says what weights a mask makes, what drives them and what is read off them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import finite_array
from rescircuit.network.importers.torch_package import Tensor, torch
from rescircuit.network.layers import Layer
from rescircuit.network.layers.weighted import WeightedLayer

__all__ = ["DigitalWeights", "WeightModel"]


@runtime_checkable
class WeightModel(Protocol):
    """What a trained layer is, given the mask of its random weights.

    The layer's product is ``outputs(product(inputs(x), weight(mask)), training) + bias``; the bias is the layer's own
    and stays as it is. Everything is float32.
    """

    @property
    def kind(self) -> str:
        """What it is, and all that training depends on beside its weights: checkpoints of another kind are refused."""
        ...

    @property
    def mask_shape(self) -> tuple[int, ...]:
        """The shape of the mask: a bit for each random weight, whatever axes these have."""
        ...

    def weight(self, mask: Tensor) -> Tensor:
        """The layer's effective weight (out, in, ...) for a mask of 0 and 1 of `mask_shape`, in float32.

        Differentiable in the mask, as if its values were any: the straight-through gradient goes on to the scores.
        """
        ...

    def inputs(self, x: Tensor) -> Tensor:
        """What drives the weights for the layer's inputs (k, ...): the inputs themselves, or what a converter gives."""
        ...

    def outputs(self, y: Tensor, training: bool) -> Tensor:
        """What is read of the products (k, ...): themselves, or with noise and as a converter reads them."""
        ...

    def refresh(self, mask: NDArray[np.bool_]) -> None:
        """Look at the mask as it is now: each ``refresh_every`` steps of an epoch, from its first, and before tests."""
        ...

    def pruned(self, layer: WeightedLayer, mask: NDArray[np.bool_]) -> Sequence[Layer]:
        """The layers, in digital arithmetic and in float64, that stand in the layer's place once it is pruned."""
        ...


class DigitalWeights:
    """Random weights in digital arithmetic: the weight is the random one times the mask.

    Parameters
    ----------
    random : array (out, in, ...)
        As drawn; kept in float32.

    Raises
    ------
    InputError
        For values that are not finite.
    """

    def __init__(self, random: Any) -> None:
        self.random = finite_array("random", random).astype(np.float32)
        self._random = torch.from_numpy(self.random)

    kind = "DigitalWeights"

    @property
    def mask_shape(self) -> tuple[int, ...]:
        """The weights' own."""
        return self.random.shape

    def weight(self, mask: Tensor) -> Tensor:
        """The random weights times the mask."""
        return self._random * mask

    def inputs(self, x: Tensor) -> Tensor:
        """As they are."""
        return x

    def outputs(self, y: Tensor, training: bool) -> Tensor:  # noqa: ARG002 - there is no noise
        """As they are."""
        return y

    def refresh(self, mask: NDArray[np.bool_]) -> None:
        """Nothing depends on it."""

    def pruned(self, layer: WeightedLayer, mask: NDArray[np.bool_]) -> Sequence[Layer]:
        """The layer with the random weights times the mask."""
        return (replace(layer, weight=self.random * mask),)
