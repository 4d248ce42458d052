"""Whole filters pruned from random convolutional networks (da Cunha 2023, chapter 5).

Each layer ``K * X`` becomes two normal ones, ``U * relu(V * X)``. V is 1 x 1, with 2n channels for each input channel,
and a 2n-channel-blocked mask (definition 5.3.1) leaves each channel one input only. A channel with a positive weight
then passes the positive part of its input, one with a negative weight the negative part (lemma 5.4.4)::

    relu((V . S) * X) = (V . S)+ * X+  +  (V . S)- * X-

U is d x d and is not pruned. What is removed are whole filters of V, and with them the channels of U that they feed. So
the sum over the filters of an input channel t that stay, of vectors of all d x d x c1 numbers that U has for them, is
to be the target's::

    sum_k U_k V_tk ~ K_t        over those with V_tk > 0, and once more over those with V_tk < 0

which is a subset-sum problem of vectors, whose numbers share the factor V_tk. It is solved exactly here, for as many
vectors as that is possible. The theorem's n = C (d^2 c1)^6 log^3(d^2 c1 c0 l / epsilon) is far beyond, and nobody knows
its C.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rescircuit.checks import Array, whole_number
from rescircuit.errors import InputError
from rescircuit.network.layers import Network, WeightedLayer
from rescircuit.pruning.constructions.construction import checked_epsilon, checked_range
from rescircuit.pruning.constructions.error_intervals import (
    SMALLEST,
    Emulated,
    check_chain,
    error_bound,
    non_negative_layers,
)
from rescircuit.pruning.constructions.filters import LARGEST_DIMENSION, Filters, nearest_filters
from rescircuit.pruning.constructions.gadgets import Progress
from rescircuit.pruning.constructions.item_counts import given_items
from rescircuit.pruning.constructions.removals import Removal, StructuredConstruction
from rescircuit.pruning.constructions.stages import (
    BoolArray,
    Draw,
    Stage,
    joined,
    single_position,
    stage_of,
    staged,
)
from rescircuit.subsetsum.solution import OPTIMAL

__all__ = ["structured"]

_USUAL_ITEMS = 28


class _Kept(NamedTuple):
    """The filters of a layer that stay, (groups, inputs, 2 n), and what was found for each channel and sign."""

    mask: BoolArray
    plus: list[Filters]
    minus: list[Filters]


def structured(
    target: Network,
    epsilon: float | None = None,
    *,
    items: Any = None,
    size: int | None = None,
    time_limit: float | None = None,
    seed: int = 0,
    input_range: tuple[float, float] = (-1.0, 1.0),
    progress: Progress | None = None,
) -> StructuredConstruction:
    """A random network and the filters to remove from it such that the target is left (theorem 5.3.1).

    Parameters
    ----------
    target : Network
        A chain of convolutions and dense layers without biases, with rectified units, pools and Flatten between. For
        each input channel the kernels have at most 8 numbers, as two outputs of 2 x 2 kernels have.
    epsilon : float, optional
        The largest error of any output over the whole domain. By default what is reached is promised.
    items : int or sequence of int, optional
        n, for all layers or for each: 2 n filters for each input channel, of which about n have each sign. By default
        28, which takes a fraction of a second for each channel. Of each sign the first 44 are used.
    size : int, optional
        How many filters of each sign stay for each input channel (theorem 5.3.2 is about such subsets); by default as
        many as are best. The kernels may then have at most 7 numbers.
    time_limit : float, optional
        Seconds for each channel and sign. Then all filters are used, and an answer may be the best found only.
    seed : int
        With the same seed more items begin with the fewer.
    input_range : (float, float)
        The least and the largest value of an input. Where inputs are never negative, as in later layers, all filters
        with negative weights are removed.
    progress : callable, optional
        Called with the share of the work done since the last call.

    Returns
    -------
    StructuredConstruction
        The weights are standard normal.

    Raises
    ------
    InputError
        For other layers, biases, or kernels of more numbers.
    SolutionError
        If the error proved is above `epsilon`: take more items, or another seed.

    Examples
    --------
    >>> from rescircuit.network.layers import Conv, Network
    >>> target = Network([Conv(weight=[[[0.5, -0.25]]])], input_shape=(1, 8))
    >>> found = structured(target, 0.01, items=28)
    >>> found.bound <= 0.01, found.filters
    (True, 56)
    """
    wanted = None if epsilon is None else checked_epsilon(epsilon)
    domain = checked_range(input_range)
    most = None if size is None else whole_number("size", size, 1)
    _check_target(check_chain(target), most)
    signs = non_negative_layers(target, domain)
    layers = dict(target.weighted_layers)
    given = given_items(_USUAL_ITEMS if items is None else items, len(layers))
    counts = dict(zip(layers, given, strict=True))
    kept: dict[int, _Kept] = {}
    names: dict[int, str] = {}
    share = 1.0 / sum(_problems(layers[number], signed=not signs[number]) for number in layers)

    def nearest(vectors: Array, goal: Array) -> Filters:
        found = nearest_filters(vectors, goal, size=most, time_limit=time_limit)
        if progress is not None:
            progress(share)
        return found

    def stage(number: int, name: str) -> Stage:
        layer, names[number] = layers[number], name
        v, u = _drawn(layer, Draw(seed=seed, name=name), counts[number])
        kept[number] = _kept(layer, v, u, nearest, signed=not signs[number])
        return _stage(layer, name, v, u, kept[number])

    stages = staged(target, stage)
    bound = error_bound(target, stages.emulated, domain)
    promised = bound if wanted is None else wanted
    return StructuredConstruction(
        method="structured",
        target=target,
        network=stages.network,
        tensors=stages.tensors,
        promised=promised,
        bound=bound,
        input_range=domain,
        items=tuple(counts.values()),
        seed=seed,
        residual=stages.residual,
        proved=all(each.status == OPTIMAL for layer in kept.values() for each in (*layer.plus, *layer.minus)),
        removals=tuple(_removal(names[k], layers[k], kept[k], promised / len(layers)) for k in layers),
    )


def _check_target(target: Network, size: int | None) -> None:
    largest = LARGEST_DIMENSION - (size is not None)
    for _, layer in target.weighted_layers:
        if layer.bias.any():
            raise InputError("target", "without biases, which the theorem has none of", f"some in '{layer.name}'")
        if _dimension(layer) > largest:
            required = f"of kernels with at most {largest} numbers for an input channel, in all outputs of its group"
            hint = "Nearest subsets of longer vectors are beyond what can be proved."
            raise InputError("target", required, f"{_dimension(layer)} in '{layer.name}'", hint)


def _dimension(layer: WeightedLayer) -> int:
    """Numbers that an input channel is multiplied by: positions of the kernel times outputs of its group."""
    return layer.outputs // layer.groups * math.prod(layer.weight.shape[2:])


def _problems(layer: WeightedLayer, *, signed: bool) -> int:
    return layer.groups * layer.weight.shape[1] * (2 if signed else 1)


def _theorem_items(layer: WeightedLayer, share: float) -> float:
    """``(d^2 c1)^6 log^3(d^2 c1 c0 / share)``, the share of the error being epsilon / l."""
    vectors = _dimension(layer)
    logarithm = math.log(vectors * layer.weight.shape[1]) - math.log(max(share, SMALLEST))
    return vectors**6 * max(logarithm, 0.0) ** 3


def _drawn(layer: WeightedLayer, draw: Draw, n: int) -> tuple[Array, Array]:
    """V (2 n, groups, inputs, inputs) and U (2 n, outputs, inputs, positions)."""
    inputs, positions = layer.weight.shape[1], math.prod(layer.weight.shape[2:])
    v = draw.normal("first.weight", (2 * n, layer.groups, inputs, inputs))
    return v, draw.normal("second.weight", (2 * n, layer.outputs, inputs, positions))


def _kept(
    layer: WeightedLayer, v: Array, u: Array, nearest: Callable[[Array, Array], Filters], *, signed: bool
) -> _Kept:
    """The filters that stay: nearest to the target's kernels for the positive parts of inputs, and for the negative."""
    count, groups, inputs, _ = v.shape
    outputs = layer.outputs // groups
    weight = layer.weight.reshape(groups, outputs, inputs, -1)
    mask, plus, minus = np.zeros((groups, inputs, count), np.bool_), [], []
    for group, channel in np.ndindex(groups, inputs):
        factor = v[:, group, channel, channel]
        vectors = u[:, group * outputs : (group + 1) * outputs, channel].reshape(count, -1) * factor[:, None]
        goal = weight[group, :, channel].ravel()
        for sign, found in ((1.0, plus), (-1.0, minus))[: 2 if signed else 1]:
            found.append(nearest(np.where(sign * factor[:, None] > 0.0, vectors, 0.0), goal))
            mask[group, channel] |= found[-1].mask
    return _Kept(mask, plus, minus)


def _stage(layer: WeightedLayer, name: str, v: Array, u: Array, kept: _Kept) -> Stage:
    count, groups, inputs, _ = v.shape
    kernel = layer.weight.shape[2:]
    stays = np.moveaxis(kept.mask, -1, 0)  # (2 n, groups, inputs)
    open_v = stays[..., None] & (np.arange(inputs)[:, None] == np.arange(inputs))
    open_u = np.broadcast_to(np.repeat(stays, layer.outputs // groups, axis=1)[..., None], u.shape)
    parts = {
        "first.weight": joined(v, open_v, 2, (groups * inputs * count, inputs, *single_position(layer))),
        "second.weight": joined(u, open_u, 2, (layer.outputs, inputs * count, *kernel)),
    }
    own = np.diagonal(v, axis1=2, axis2=3)
    sizes = np.abs(u * np.repeat(own, layer.outputs // groups, axis=1)[..., None]) * open_u
    plus = _sums(layer, kept.plus)
    emulated = Emulated(
        positive=plus,
        negative=_sums(layer, kept.minus) if kept.minus else plus,
        bias=np.zeros(layer.outputs),
        magnitude=sizes.sum(axis=0).reshape(layer.weight.shape),
        bias_magnitude=np.zeros(layer.outputs),
        terms=inputs + u[:, 0].size,
    )
    return stage_of(layer, name, parts, emulated, _farthest(kept), kernels="second")


def _sums(layer: WeightedLayer, found: list[Filters]) -> Array:
    """What stands for the target's weights: the sums of the filters that stay."""
    inputs, outputs = layer.weight.shape[1], layer.outputs // layer.groups
    totals = np.stack([each.total for each in found]).reshape(layer.groups, inputs, outputs, -1)
    return totals.swapaxes(1, 2).reshape(layer.weight.shape)


def _farthest(kept: _Kept) -> float:
    return max(each.distance for each in (*kept.plus, *kept.minus))


def _removal(name: str, layer: WeightedLayer, kept: _Kept, share: float) -> Removal:
    every = (*kept.plus, *kept.minus)
    return Removal(
        name=name,
        kept=kept.mask,
        dimension=_dimension(layer),
        distance=_farthest(kept),
        bound=max(each.bound for each in every),
        proved=all(each.status == OPTIMAL for each in every),
        theorem_items=_theorem_items(layer, share),
    )
