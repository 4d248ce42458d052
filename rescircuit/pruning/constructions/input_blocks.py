"""A random first layer pruned to blocks of hidden units that each see one input, or none and give a constant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.network.layers import Activation, Dense, Layer
from rescircuit.pruning.constructions.error_intervals import Emulated
from rescircuit.pruning.constructions.gadgets import PrunedRows, uniform_weights
from rescircuit.pruning.constructions.tensors import PrunedTensor

__all__ = ["InputBlocks", "input_blocks"]


@dataclass(frozen=True, kw_only=True, eq=False)
class InputBlocks:
    """A random first layer pruned to blocks, each of n hidden units that see one input.

    Attributes
    ----------
    weight : PrunedTensor
        (blocks * n, in).
    bias : PrunedTensor or None
        (blocks * n,): what is left of it are the constants of the last block, where the target has biases.
    relu : bool
    inputs, signs : int array (blocks,)
        Which input each block sees (the number of inputs for none), and whether its units are on for positive inputs
        (1), negative ones (-1) or both (0).
    coefficients : array (blocks, n)
    """

    weight: PrunedTensor
    bias: PrunedTensor | None
    relu: bool
    inputs: NDArray[np.intp]
    signs: NDArray[np.intp]
    coefficients: Array

    def layers(self) -> list[Layer]:
        """The layer, and the ReLU behind it if there is one."""
        name = self.weight.name.removesuffix(".weight")
        bias = None if self.bias is None else self.bias.pruned
        dense = Dense(weight=self.weight.pruned, bias=bias, name=name)
        return [dense, Activation(kind="relu", name=f"{name}.relu")] if self.relu else [dense]

    def tensors(self) -> list[PrunedTensor]:
        """Its weights and, if it has any, its biases."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]

    def targets(self, layer: Dense) -> Array:
        """The target's weight or bias for each block, (out, blocks)."""
        return np.column_stack([layer.weight, layer.bias])[:, self.inputs]

    def emulated(self, rows: PrunedRows) -> Emulated:
        """What both layers do to the inputs."""
        inputs = self.weight.random.shape[1]
        slopes, sizes = np.zeros((2, len(rows.sums), inputs)), np.zeros((len(rows.sums), inputs))
        bias, bias_magnitude = np.zeros((2, len(rows.sums)))
        for block, (source, sign) in enumerate(zip(self.inputs, self.signs, strict=True)):
            if source == inputs:
                bias, bias_magnitude = rows.sums[:, block], rows.magnitudes[:, block]
                continue
            if sign >= 0:
                slopes[0, :, source] = rows.sums[:, block]
            if sign <= 0:
                slopes[1, :, source] = rows.sums[:, block]
            sizes[:, source] = np.maximum(sizes[:, source], rows.magnitudes[:, block])
        return Emulated(
            positive=slopes[0],
            negative=slopes[1],
            bias=bias,
            magnitude=sizes,
            bias_magnitude=bias_magnitude,
            terms=self.coefficients.size + inputs + 4,
        )


def input_blocks(name: str, layer: Dense, n: int, *, signed: bool, relu: bool, seed: int) -> InputBlocks:
    """Draw a first layer and prune it to blocks of n units for each input of a layer of the target.

    Parameters
    ----------
    name : str
    layer : Dense
        Of the target. Where it has biases, there is one more block, of constants.
    n : int
    signed : bool
        Whether each input has a block for its positive values and one for its negative values.
    relu : bool
        Whether a ReLU follows: then a block keeps only the units that are on for its values.
    seed : int
    """
    inputs, biased = layer.weight.shape[1], int(layer.bias.any())
    seen = np.concatenate([np.arange(inputs + biased), np.arange(inputs * signed)])
    signs = np.repeat([1, -1], [inputs + biased, inputs * signed]) if relu else np.zeros(len(seen), np.intp)
    random = uniform_weights(seed, name, n, (len(seen), inputs + biased)).transpose(1, 0, 2)
    mask = np.broadcast_to(np.arange(inputs + biased) == seen[:, None, None], random.shape)
    if relu:
        mask = mask & (np.sign(random) == signs[:, None, None])
    coefficients = np.where(mask, random, 0.0).sum(axis=2)
    weights, masks = random.reshape(-1, inputs + biased), mask.reshape(-1, inputs + biased)
    bias = None
    if biased:
        bias = PrunedTensor(name=f"{name}.bias", random=weights[:, -1].copy(), mask=masks[:, -1].copy())
    return InputBlocks(
        weight=PrunedTensor(
            name=f"{name}.weight",
            random=np.ascontiguousarray(weights[:, :inputs]),
            mask=np.ascontiguousarray(masks[:, :inputs]),
        ),
        bias=bias,
        relu=relu,
        inputs=seen,
        signs=signs,
        coefficients=coefficients,
    )
