"""A layer of a target as d x d kernels and a mixture of their outputs, pruned (da Cunha 2023, lemma 4.2.2)."""

from __future__ import annotations

import numpy as np

from rescircuit.network.layers import WeightedLayer
from rescircuit.pruning.constructions.error_intervals import Emulated
from rescircuit.pruning.constructions.stages import Draw, Stage, joined, scalar_subsets, single_position, stage_of

__all__ = ["kernels_first"]


def kernels_first(layer: WeightedLayer, draw: Draw, n: int, *, tolerance: float) -> Stage:
    """``V * relu(U * X)``, U of the target's kernels, n for each output channel (lemma 4.2.2)."""
    out, mixed = layer.outputs, layer.outputs // layer.groups
    kernel, entries = layer.weight.shape[1:], layer.weight[0].size
    biased = bool(layer.bias.any())
    u, v = draw.uniform("first.weight", (n, out, *kernel)), draw.uniform("second.weight", (n, out, mixed))
    biases = draw.uniform("first.bias", (n, out, int(biased)))

    place = np.arange(out) % mixed  # of an output channel in its group
    entering = np.concatenate([u.reshape(n, out, entries), biases], axis=2)
    items = np.maximum(entering, 0.0) * v[:, np.arange(out), place][:, :, None]
    goals = np.concatenate([layer.weight.reshape(out, -1), layer.bias[:, None]], axis=1)[:, : items.shape[2]]
    found = scalar_subsets(np.moveaxis(items, 0, -1), goals, tolerance)
    chosen = np.moveaxis(found.mask, -1, 0)

    blocks = np.broadcast_to(place[:, None] == np.arange(mixed), v.shape)
    parts = {
        "first.weight": joined(u, chosen[:, :, :entries].reshape(u.shape), 1, (out * n, *kernel)),
        "second.weight": joined(v, blocks, 2, (out, mixed * n, *single_position(layer))),
    }
    if biased:
        parts["first.bias"] = joined(biases, chosen[:, :, entries:], 1, (out * n,))
    sizes = (np.abs(items) * chosen).sum(axis=0)
    emulated = Emulated(
        positive=found.total[:, :entries].reshape(layer.weight.shape),
        negative=found.total[:, :entries].reshape(layer.weight.shape),
        bias=found.total[:, entries:].sum(axis=1),
        magnitude=sizes[:, :entries].reshape(layer.weight.shape),
        bias_magnitude=sizes[:, entries:].sum(axis=1),
        terms=entries + mixed * n,
    )
    return stage_of(layer, draw.name, parts, emulated, found.residual, kernels="first")
