"""Convolutional networks by pruning random ones (da Cunha, Natale and Viennot 2022; da Cunha 2023, chapter 4).

Each layer ``K * X`` becomes two random ones, ``V * relu(U * X)``. The inputs are never negative, so that without its
negative entries U passes the rectified unit, and the two are one convolution (equation 4.1) with the kernel::

    L_ijk = sum_t V_t U+_ijkt

Each of its entries is a sum of random numbers, in which pruning an entry of U leaves out a term: a subset-sum problem
for each weight, solved exactly here. A bias is one more weight, of an input that is constantly 1 (footnote 1): the
random biases of the first layer are pruned like its weights.

The two may be the other way round (section 4.2.1, and Burkholz 2022): kernels of single positions first, a number of
channels for each input channel, which d x d kernels then mix. A channel with a positive weight passes the positive part
of its input, one with a negative weight the negative part, so that inputs of both signs are taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from rescircuit.errors import InputError
from rescircuit.network.layers import Network, WeightedLayer
from rescircuit.pruning.constructions.construction import Construction, checked_epsilon, checked_range
from rescircuit.pruning.constructions.error_intervals import (
    check_chain,
    error_bound,
    non_negative_layers,
    tolerances,
)
from rescircuit.pruning.constructions.gadgets import Progress
from rescircuit.pruning.constructions.item_counts import given_items
from rescircuit.pruning.constructions.kernels_first import kernels_first
from rescircuit.pruning.constructions.points_first import points_first
from rescircuit.pruning.constructions.stages import Draw, Stage, staged

__all__ = ["KERNELS_FIRST", "POINTS_FIRST", "convolutional"]

KERNELS_FIRST, POINTS_FIRST = "kernels first", "points first"
_METHODS = {KERNELS_FIRST: "convolutional", POINTS_FIRST: "convolutional, points first"}
_LEAST_CHOSEN, _LARGEST_CHOSEN = 8, 72  # items, about half of which are left by their signs
_SCALE = 16.0  # c, and what the worst output lies above the mean
_SHARE = 0.95  # of epsilon that the layers may take one by one: together they take a little more than their sum


def convolutional(
    target: Network,
    epsilon: float,
    *,
    order: str = KERNELS_FIRST,
    items: Any = None,
    seed: int = 0,
    input_range: tuple[float, float] = (0.0, 1.0),
    progress: Progress | None = None,
) -> Construction:
    """A random convolutional network and the masks that prune it to a target (theorem 4.2.3).

    Parameters
    ----------
    target : Network
        A chain of convolutions, with any stride, padding, dilation and groups, and of dense layers, each taken for a
        convolution of one position; between them rectified units, pools and Flatten.
    epsilon : float
        The largest error of any output over the whole domain.
    order : str
        ``"kernels first"``, for inputs that are never negative: d x d kernels, n for each output channel, of which
        entries are pruned, and then a 1 x 1 convolution with a block-diagonal mask (lemma 4.2.2). Or
        ``"points first"``: a 1 x 1 convolution with n channels for each input channel, and then d x d kernels, of which
        entries are pruned.
    items : int or sequence of int, optional
        Random numbers for each weight, of all layers or of each. About half are left by their signs, of which the
        first 36 are used. By default each layer begins with as many as bring a weight, on average, as close as its
        share of `epsilon` asks for, and takes a tenth more until the error of this layer alone is within its share, or
        there are 72.
    seed : int
        With the same seed more items begin with the fewer.
    input_range : (float, float)
        The least and the largest value of an input.
    progress : callable, optional
        Called with the share of the work done since the last call.

    Returns
    -------
    Construction
        The weights are uniform on (-1, 1). Its bound is by interval arithmetic through all layers.

    Raises
    ------
    InputError
        For other layers, or inputs that may be negative where they must not be.
    SolutionError
        If the error proved for the best masks is above `epsilon`: take more items, or another seed.

    Examples
    --------
    >>> from rescircuit.network.layers import Conv, Network
    >>> target = Network([Conv(weight=[[[0.5, -0.25]], [[0.125, 0.75]]])], input_shape=(1, 8))
    >>> found = convolutional(target, 0.01)
    >>> found.bound <= 0.01
    True
    """
    check_chain(target)
    wanted = checked_epsilon(epsilon)
    domain = checked_range(input_range)
    if not isinstance(order, str) or order not in _METHODS:
        raise InputError("order", f"'{KERNELS_FIRST}' or '{POINTS_FIRST}'", order)
    task = _Task(target=target, order=order, seed=seed, signs=non_negative_layers(target, domain))
    layers = len(target.weighted)
    given = (None,) * layers if items is None else given_items(items, layers)
    chosen: dict[int, int] = {}

    def stage(number: int, name: str) -> Stage:
        count = given[len(chosen)]
        if count is None:
            found, chosen[number] = _grown(task, number, name, wanted, domain)
        else:
            found, chosen[number] = task.stage(number, name, count, 0.0), count
        if progress is not None:
            progress(1.0 / layers)
        return found

    stages = staged(target, stage)
    return Construction(
        method=_METHODS[order],
        target=target,
        network=stages.network,
        tensors=stages.tensors,
        promised=wanted,
        bound=error_bound(target, stages.emulated, domain),
        input_range=domain,
        items=tuple(chosen.values()),
        seed=seed,
        residual=stages.residual,
    )


@dataclass(frozen=True, kw_only=True)
class _Task:
    """A target, and how its layers are made."""

    target: Network
    order: str
    seed: int
    signs: dict[int, bool]  # whether a layer's inputs are never negative

    def stage(self, number: int, name: str, items: int, tolerance: float) -> Stage:
        """What stands for this layer, of so many random numbers for each weight."""
        layer, draw = dict(self.target.weighted_layers)[number], Draw(seed=self.seed, name=name)
        if self.order == POINTS_FIRST:
            shape = self.target.source_shapes(number)[0]
            return points_first(layer, draw, items, shape, signed=not self.signs[number], tolerance=tolerance)
        _require_non_negative(layer, known=self.signs[number])
        return kernels_first(layer, draw, items, tolerance=tolerance)


def _grown(task: _Task, number: int, name: str, epsilon: float, domain: tuple[float, float]) -> tuple[Stage, int]:
    """A layer of so many items that its error alone is within its share, and how many these are."""
    shares = tolerances(task.target, epsilon, domain)
    count = _fewest_items(shares[number])
    while True:
        found = task.stage(number, name, count, shares[number])
        alone = error_bound(task.target, {number: found.emulated}, domain)
        if alone <= _SHARE * epsilon / len(shares) or count == _LARGEST_CHOSEN:
            return found, count
        count = min(_LARGEST_CHOSEN, count + max(2, count // 10))


def _fewest_items(tolerance: float) -> int:
    """Random numbers for each weight with which the mean distance of a subset from its weight is about the tolerance.

    Of n items m are left by their signs, a binomial number, and the best subset is about ``c 2**-m`` from its weight.
    On average over m that is ``c (3/4)**n``.
    """
    return min(
        _LARGEST_CHOSEN, max(_LEAST_CHOSEN, math.ceil((math.log(_SCALE) - math.log(tolerance)) / math.log(4.0 / 3.0)))
    )


def _require_non_negative(layer: WeightedLayer, *, known: bool) -> None:
    if not known:
        hint = f"Those of both signs are for the order '{POINTS_FIRST}' (method convolutional-points)."
        required = "from 0 on, and behind a rectified unit in each later layer"
        raise InputError("input_range", required, f"what may be negative at layer '{layer.name}'", hint)
