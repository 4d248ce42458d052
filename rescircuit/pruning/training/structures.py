"""The structures of Pensia et al. (2020), figure 1c, as layers to be pruned.

In the place of a weight w from input j to output i stand `pairs` paths through hidden units of their own,
x_j -> a_jk x_j -> b_ijk a_jk x_j, with or without a rectifier in the middle. The hidden units of input j serve all
outputs (lemma 3), so the first layer has `pairs` units for each input, and only the second layer, b, is pruned.

A unit's paths are proportional to its input, or with the rectifier to the input's positive or its negative part. The
sum over the paths is therefore one effective weight from each input, or from each part: that is how the structure is
trained here, with the same numbers and `pairs` times less arithmetic. :meth:`Gadgets.pruned` gives both layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import whole_number
from rescircuit.compiled import kernel
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.network.importers.torch_package import Tensor, torch
from rescircuit.network.layers import Activation, Add, Dense, Layer, Network, Scale, WeightedLayer
from rescircuit.pruning.training.random_weights import random_weights

__all__ = ["Gadgets", "gadget_models"]


class Gadgets:
    """A dense layer made of random paths, of which the second halves are pruned.

    Parameters
    ----------
    first : array (in, pairs)
        The hidden units' weights, a.
    second : array (out, in, pairs)
        The weights from them to the outputs, b.
    relu : bool
        Whether the hidden units rectify.
    signed : bool
        Whether inputs can be negative; where they can't, as behind a rectifier, units that only negative ones would
        drive are left out of the arithmetic.

    Raises
    ------
    InputError
        For arrays whose shapes do not fit.
    """

    def __init__(self, first: Any, second: Any, *, relu: bool, signed: bool = True) -> None:
        self.first, self.second = np.asarray(first, np.float32), np.asarray(second, np.float32)
        if self.second.ndim != 3 or self.first.shape != self.second.shape[1:]:
            required = "of shapes (in, pairs) and (out, in, pairs)"
            raise InputError("first and second", required, f"{self.first.shape} and {self.second.shape}")
        self.relu, self.signed = relu, signed
        self._parts = _parts(self.first, relu=relu, signed=signed)
        # The pairs' axis first: sums over it then run along whole rows.
        paths = self.second * (np.abs(self.first) if relu else self.first)
        self._paths = np.ascontiguousarray(paths.transpose(2, 0, 1))

    kind = "Gadgets"

    @property
    def mask_shape(self) -> tuple[int, ...]:
        """(pairs, out, in)."""
        out, inputs, pairs = self.second.shape
        return pairs, out, inputs

    def weight(self, mask: Tensor) -> Tensor:
        """The sums over the paths that stay: (out, in), or (out, 2 in) where positive and negative parts differ."""
        return _Sums.apply(mask, self._paths, self._parts)

    def inputs(self, x: Tensor) -> Tensor:
        """The inputs, or their positive and negative parts (k, 2 in) where these have weights of their own."""
        return x if len(self._parts) == 1 else torch.cat((x.clamp(min=0), (-x).clamp(min=0)), dim=-1)

    def outputs(self, y: Tensor, training: bool) -> Tensor:  # noqa: ARG002 - there is no noise
        """As they are."""
        return y

    def refresh(self, mask: NDArray[np.bool_]) -> None:
        """Nothing depends on it."""

    def pruned(self, layer: WeightedLayer, mask: NDArray[np.bool_]) -> Sequence[Layer]:
        """Two dense layers: the hidden units, which stay as they are, and b times the mask; with or without a ReLU."""
        out, inputs, pairs = self.second.shape
        units = np.zeros((inputs, pairs, inputs))
        places = np.arange(inputs)
        units[places, :, places] = self.first
        hidden = Dense(weight=units.reshape(inputs * pairs, inputs), name=f"{layer.name}_units")
        between = (Activation(kind="relu", name=f"{layer.name}_relu"),) if self.relu else ()
        second = np.where(mask.transpose(1, 2, 0), self.second, 0.0).reshape(out, inputs * pairs)
        return (hidden, *between, replace(layer, weight=second))


def gadget_models(
    template: Network,
    *,
    pairs: int,
    relu: bool,
    seed: int,
    signed_inputs: bool = True,
    distribution: str = "kaiming-normal",
) -> dict[int, Gadgets]:
    """The structure in the place of every dense layer, with random weights.

    Parameters
    ----------
    template : Network
    pairs : int
        Paths for each weight, 5 in the paper.
    relu : bool
        With the rectifier of figure 1c, or with the identity in its place.
    seed : int
    signed_inputs : bool
        Whether the network's inputs can be negative.
    distribution : str
        Of :func:`random_weights`.
    """
    whole_number("pairs", pairs, 1, 1000)
    models = {}
    for number, layer in template.weighted_layers:
        if not isinstance(layer, Dense):
            continue
        out, inputs = layer.weight.shape
        one, two = (Stream(seed=seed, source=f"pruning.training.gadgets.{number}.{part}") for part in "ab")
        first = random_weights(distribution, (inputs, pairs), 1, one)
        second = random_weights(distribution, (out, inputs, pairs), inputs * pairs, two)
        signed = _is_signed(template, number, signed_inputs)
        models[number] = Gadgets(first, second, relu=relu, signed=signed)
    return models


def _parts(first: NDArray[np.float32], *, relu: bool, signed: bool) -> NDArray[np.float32]:
    """1 where a unit takes its input, or with rectifiers its positive and its negative part: (parts, pairs, in)."""
    if not relu:
        return np.ones((1, *first.T.shape), np.float32)
    halves = (first.T > 0, first.T < 0)
    return np.array(halves if signed else halves[:1], np.float32)


class _Sums(torch.autograd.Function):
    """The effective weights of a mask, in one pass over it each way."""

    @staticmethod
    def forward(ctx: Any, mask: Tensor, paths: NDArray[np.float32], parts: NDArray[np.float32]) -> Tensor:
        ctx.paths, ctx.parts = paths, parts
        _, out, inputs = paths.shape
        weight = np.zeros((out, len(parts), inputs), np.float32)
        _sum_paths(mask.detach().numpy(), paths, parts, weight)
        return torch.from_numpy(weight).reshape(out, -1)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None]:
        pairs, out, inputs = ctx.paths.shape
        gradient = np.empty((pairs, out, inputs), np.float32)
        slopes = grad_outputs[0].contiguous().numpy().reshape(out, len(ctx.parts), inputs)
        _share_slopes(slopes, ctx.paths, ctx.parts, gradient)
        return torch.from_numpy(gradient), None, None


@kernel
def _sum_paths(mask: Any, paths: Any, parts: Any, weight: Any) -> None:
    """weight[o, p, i] = sum over k of mask[k, o, i] paths[k, o, i] parts[p, k, i]."""
    for o in range(paths.shape[1]):
        for k in range(paths.shape[0]):
            kept, path = mask[k, o], paths[k, o]
            for p in range(parts.shape[0]):
                part, total = parts[p, k], weight[o, p]
                for i in range(total.size):
                    total[i] += kept[i] * path[i] * part[i]


@kernel
def _share_slopes(slopes: Any, paths: Any, parts: Any, gradient: Any) -> None:
    """gradient[k, o, i] = paths[k, o, i] times the sum over p of slopes[o, p, i] parts[p, k, i]."""
    for o in range(paths.shape[1]):
        for k in range(paths.shape[0]):
            path, out = paths[k, o], gradient[k, o]
            part, slope = parts[0, k], slopes[o, 0]
            for i in range(out.size):
                out[i] = path[i] * slope[i] * part[i]
            if parts.shape[0] > 1:
                part, slope = parts[1, k], slopes[o, 1]
                for i in range(out.size):
                    out[i] += path[i] * slope[i] * part[i]


def _is_signed(template: Network, number: int, signed_inputs: bool) -> bool:
    """Whether a layer's inputs can be negative: not behind a rectifier, through whatever does not add or weigh."""
    (source,) = template.sources[number]
    while source >= 0:
        layer = template.layers[source]
        if isinstance(layer, Activation):
            return layer.kind not in ("relu", "logistic", "softmax")
        if isinstance(layer, WeightedLayer | Add | Scale):
            return True
        (source,) = template.sources[source]
    return signed_inputs
