"""Two random layers for each layer of a target: how their tensors are drawn and put together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.devices.streams import Stream
from rescircuit.network.layers import Activation, Conv, Layer, Network, WeightedLayer
from rescircuit.pruning.constructions.error_intervals import Emulated
from rescircuit.pruning.constructions.gadgets import check_size, uniform_weights
from rescircuit.pruning.constructions.proved_subsets import proved_subsets
from rescircuit.pruning.constructions.tensors import PrunedTensor

__all__ = [
    "BoolArray",
    "Draw",
    "Stage",
    "Stages",
    "Subsets",
    "joined",
    "scalar_subsets",
    "single_position",
    "stage_of",
    "staged",
]

BoolArray = NDArray[np.bool_]
_OFFERED = 36  # items of which a subset is chosen; each more takes 1.4 times as long
_FEWEST = 8  # beside as many as halve a distance of 1 down to the tolerance


@dataclass(frozen=True, kw_only=True)
class Draw:
    """Where a target layer's random tensors come from.

    A tensor's first axis, the random numbers for each weight, changes slowest: more of them begin with the same ones.
    """

    seed: int
    name: str  # the target layer's

    def uniform(self, part: str, shape: tuple[int, ...]) -> Array:
        """A tensor of this shape, uniform on (-1, 1)."""
        check_size(math.prod(shape), shape[:1])
        return uniform_weights(self.seed, self._source(part), shape[0], shape[1:])

    def normal(self, part: str, shape: tuple[int, ...]) -> Array:
        """A tensor of this shape, standard normal."""
        check_size(math.prod(shape), shape[:1])
        return Stream(seed=self.seed, source=self._source(part)).normal(math.prod(shape)).reshape(shape)

    def _source(self, part: str) -> str:
        return f"pruning.{self.name}.{part}"


class Subsets(NamedTuple):
    """The subsets (..., n) of items that come closest to targets (...)."""

    mask: BoolArray
    total: Array
    residual: float


class Stage(NamedTuple):
    """What stands for one layer of the target: two random layers, pruned, with a rectified unit between them."""

    layers: tuple[Layer, Layer, Layer]
    tensors: tuple[PrunedTensor, ...]
    emulated: Emulated
    residual: float


class Stages(NamedTuple):
    """All of them put together, by the number of the target's layer."""

    network: Network
    tensors: tuple[PrunedTensor, ...]
    emulated: dict[int, Emulated]
    residual: float


def scalar_subsets(items: Array, targets: Array, tolerance: float = 0.0) -> Subsets:
    """The subset of each row of items (..., n) that comes closest to its target (...).

    Zeros are never chosen. Of the other items the first few are offered, whose subsets are on average well within the
    tolerance, and then 36 to those rows that are not; of these the subset is the closest there is.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C ended the work before.
    """
    rows, goals = items.reshape(-1, items.shape[-1]), np.asarray(targets).reshape(-1)
    counts = np.count_nonzero(rows, axis=1)
    order = np.argsort(rows == 0.0, axis=1, kind="stable")
    mask, total, residual = np.zeros(rows.shape, np.bool_), np.zeros(len(rows)), -goals
    few = _OFFERED if tolerance <= 0.0 else min(_OFFERED, _FEWEST + max(0, math.ceil(-math.log2(tolerance))))
    for offered in dict.fromkeys((few, _OFFERED)):
        left = np.flatnonzero((np.abs(residual) > tolerance) & ((counts > few) | (offered == few)))
        if not left.size:
            break
        shown = order[left, : min(offered, max(1, counts[left].max()))]
        solution = proved_subsets(rows[left[:, None], shown], goals[left])
        mask[left] = False
        mask[left[:, None], shown] = solution.mask
        total[left], residual[left] = solution.total, solution.residual
    return Subsets(mask.reshape(items.shape), total.reshape(items.shape[:-1]), float(np.abs(residual).max()))


def staged(target: Network, make: Callable[[int, str], Stage]) -> Stages:
    """The target with a stage in the place of each layer with weights; `make` is told its number and a name."""
    names = [layer.name for _, layer in target.weighted_layers]
    unique = len(set(names)) == len(names)
    stages = {
        number: make(number, layer.name if unique else f"{number}.{layer.name}")
        for number, layer in target.weighted_layers
    }
    layers: list[Layer] = []
    for number, layer in enumerate(target.layers):
        layers.extend(stages[number].layers if number in stages else (layer,))
    return Stages(
        network=Network(layers, target.input_shape),
        tensors=tuple(tensor for stage in stages.values() for tensor in stage.tensors),
        emulated={number: stage.emulated for number, stage in stages.items()},
        residual=max(stage.residual for stage in stages.values()),
    )


def stage_of(
    layer: WeightedLayer,
    name: str,
    parts: dict[str, tuple[Array, BoolArray]],
    emulated: Emulated,
    residual: float,
    *,
    kernels: str,
) -> Stage:
    """The two layers ``NAME.first`` and ``NAME.second`` that stand for a layer of the target.

    Parameters
    ----------
    layer : WeightedLayer
    name : str
    parts : dict
        Random tensors and their masks, as the layers have them, by ``"first.weight"`` and the like.
    emulated : Emulated
    residual : float
        The largest distance of a subset from its weight.
    kernels : str
        ``"first"`` or ``"second"``: which has the target's kernels, stride, padding and dilation. The other one's are
        single positions.
    """
    tensors = tuple(
        PrunedTensor(name=f"{name}.{part}", random=random, mask=mask) for part, (random, mask) in parts.items()
    )
    pruned = {tensor.name: tensor.pruned for tensor in tensors}
    first, second = (
        type(layer)(
            weight=pruned[f"{name}.{part}.weight"],
            bias=pruned.get(f"{name}.{part}.bias"),
            name=f"{name}.{part}",
            **_arguments(layer, sliding=kernels == part),
        )
        for part in ("first", "second")
    )
    return Stage(
        layers=(first, Activation(kind="relu", name=f"{name}.relu"), second),
        tensors=tensors,
        emulated=emulated,
        residual=residual,
    )


def joined(random: Array, mask: BoolArray, axis: int, shape: tuple[int, ...]) -> tuple[Array, BoolArray]:
    """A random tensor and its mask as a layer has them: the first axis becomes this one, and some are joined."""
    return np.moveaxis(random, 0, axis).reshape(shape), np.moveaxis(mask, 0, axis).reshape(shape)


def single_position(layer: WeightedLayer) -> tuple[int, ...]:
    """The kernel of one position, with as many axes as the layer's own."""
    return (1,) * (layer.weight.ndim - 2)


def _arguments(layer: WeightedLayer, *, sliding: bool) -> dict[str, Any]:
    """What a convolution is made with beside its weights."""
    names = ("stride", "padding", "dilation", "groups") if sliding else ("groups",)
    return {name: getattr(layer, name) for name in names} if isinstance(layer, Conv) else {}
