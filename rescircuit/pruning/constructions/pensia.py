"""Any dense network in a random one of twice its depth: the construction of Pensia et al.

Pensia, Rajput, Nagle, Vishwakarma, Papailiopoulos, "Optimal lottery tickets via subset sum: logarithmic
over-parameterization is sufficient" (2020), section 3. Each layer of the target, ``W x``, becomes two random ones,
``N s(M x)``. M is pruned to a block of hidden units for each input, which all rows of N share; then N is pruned, so
that each weight is the sum of a subset of products of both layers' weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.network.layers import Activation, Dense, Layer, Network
from rescircuit.pruning.constructions.construction import Construction, checked_epsilon, checked_range
from rescircuit.pruning.constructions.error_intervals import (
    Emulated,
    check_chain,
    error_bound,
    non_negative_layers,
    tolerances,
)
from rescircuit.pruning.constructions.gadgets import (
    Blocks,
    Progress,
    PrunedRows,
    check_size,
    pruned_rows,
    uniform_weights,
)
from rescircuit.pruning.constructions.item_counts import (
    PRODUCTS,
    SIGNED_PRODUCTS,
    UNIFORM,
    Counts,
    Law,
    given_items,
    items_needed,
)
from rescircuit.pruning.constructions.tensors import PrunedTensor

__all__ = ["GADGETS", "Gadget", "InputBlocks", "input_blocks", "pensia", "refuse_beyond", "shares"]


@dataclass(frozen=True, kw_only=True)
class Gadget:
    """How two layers stand for one weight.

    Attributes
    ----------
    method : str
    law : Law
        Of the items.
    relu : bool
        Whether there is a ReLU between the layers. Then positive inputs need hidden units with positive weights, and
        negative inputs others with negative ones.
    random : bool
        Whether the second layer is random, or of ones.
    """

    method: str
    law: Law
    relu: bool
    random: bool


GADGETS = {
    "relu": Gadget(method="pensia", law=SIGNED_PRODUCTS, relu=True, random=True),
    "linear": Gadget(method="pensia-linear", law=PRODUCTS, relu=False, random=True),
    "ones": Gadget(method="pensia-ones", law=UNIFORM, relu=False, random=False),
}


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


def pensia(
    target: Network,
    epsilon: float,
    *,
    gadget: str = "relu",
    items: Any = None,
    seed: int = 0,
    input_range: tuple[float, float] = (-1.0, 1.0),
    progress: Progress | None = None,
) -> Construction:
    """Draw a random network of twice the target's depth and prune it to the target.

    Parameters
    ----------
    target : Network
        Dense layers, ReLU between them or nothing, perhaps flattened inputs. A single weight, neuron or layer is one
        dense layer. Biases are made of hidden units of which only the random bias is kept.
    epsilon : float
        The largest error of any output over the whole domain.
    gadget : str
        ``"relu"``: figure 1c, with a ReLU between both random layers; an input that can be negative has 2 n hidden
        units, n for each sign of it, about half of which have weights of the right sign.
        ``"linear"``: the same without the ReLU, n hidden units for each input.
        ``"ones"``: figure 1b, a second layer of ones, of which the subset is chosen.
    items : int or sequence of int, optional
        n, for all layers of the target or for each; by default what `epsilon` needs, see
        :func:`~rescircuit.pruning.constructions.item_counts.items_needed`. A subset is first chosen from some 24 of
        them, and only where that is not close enough for `epsilon` from all, at most 44.
    seed : int
    input_range : (float, float)
        The domain: the least and the largest value of each input.
    progress : callable, optional
        Called with the share of the work done since the last call.

    Raises
    ------
    InputError
        For other targets, weights that the items do not reach, or a random network that memory would not hold.
    SolutionError
        If the error proved for the masks found is above `epsilon`.

    Examples
    --------
    >>> import numpy as np
    >>> from rescircuit.network import Dense, Network
    >>> found = pensia(Network([Dense(weight=[[0.6, -0.3]])]), 0.01)
    >>> found.bound <= 0.01, found.measured(np.array([[1.0, 1.0], [-1.0, 0.5]])) <= found.bound
    (True, True)
    """
    kind = _checked_gadget(gadget)
    check_chain(target, (Dense,))
    epsilon, domain = checked_epsilon(epsilon), checked_range(input_range)
    signed = {number: kind.relu and not positive for number, positive in non_negative_layers(target, domain).items()}
    counts = _counts(target, kind, epsilon, items, domain)
    drawn = tuple(each.drawn for each in counts.values())
    check_size(sum(_size(layer, counts[number].drawn, signed[number]) for number, layer in _dense(target)), drawn)

    report = shares(progress, sum(_problems(layer, signed[number]) for number, layer in _dense(target)))
    layers: list[Layer] = []
    tensors: list[PrunedTensor] = []
    emulated: dict[int, Emulated] = {}
    solved: list[PrunedRows] = []
    for number, layer in enumerate(target.layers):
        if not isinstance(layer, Dense):
            layers.append(layer)
            continue
        name = f"layer{len(solved) + 1}"
        first = input_blocks(
            f"{name}.first", layer, counts[number].drawn, signed=signed[number], relu=kind.relu, seed=seed
        )
        blocks = Blocks(coefficients=first.coefficients, targets=first.targets(layer), counts=counts[number])
        rows = pruned_rows(f"{name}.second", [blocks], seed=seed, random=kind.random, progress=report)
        layers += [*first.layers(), Dense(weight=rows.weight.pruned, name=f"{name}.second")]
        tensors += [*first.tensors(), rows.weight]
        emulated[number] = first.emulated(rows)
        solved.append(rows)
    bound = error_bound(target, emulated, domain)
    if bound > epsilon:
        refuse_beyond(solved)
    return Construction(
        method=kind.method,
        target=target,
        network=Network(layers, target.input_shape),
        tensors=tuple(tensors),
        promised=epsilon,
        bound=bound,
        input_range=domain,
        items=drawn,
        seed=seed,
        residual=max(rows.residual for rows in solved),
        lower_bound=_lower_bound(target, epsilon),
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


def shares(progress: Progress | None, total: int) -> Progress | None:
    """What solvers may tell the number of solved problems to, for one who wants to know shares of `total`."""
    return None if progress is None else lambda done: progress(done / total)


def refuse_beyond(solved: list[PrunedRows]) -> None:
    """Refuse the target, by the farthest weight that is out of its items' reach, if there is one."""
    worst = max(solved, key=lambda rows: rows.residual)
    if worst.beyond is None:
        return
    weight, low, high = worst.beyond
    name = worst.weight.name.removesuffix(".weight")
    required = f"from {low:.3g} to {high:.3g}, which is how far all of its items together reach"
    raise InputError(f"a weight of the target in {name}", required, weight, "More items reach farther.")


def _checked_gadget(gadget: Any) -> Gadget:
    if not isinstance(gadget, str) or gadget not in GADGETS:
        raise InputError("gadget", f"one of {', '.join(GADGETS)}", gadget)
    return GADGETS[gadget]


def _dense(target: Network) -> list[tuple[int, Dense]]:
    return [(number, layer) for number, layer in target.weighted_layers if isinstance(layer, Dense)]


def _counts(
    target: Network, kind: Gadget, epsilon: float, items: Any, domain: tuple[float, float]
) -> dict[int, Counts]:
    """The numbers for each weight, by the numbers of the layers."""
    dense = _dense(target)
    wanted = (None,) * len(dense) if items is None else given_items(items, len(dense))
    allowed = tolerances(target, epsilon, domain)
    return {
        number: items_needed(
            allowed[number],
            np.append(layer.weight, layer.bias[layer.bias != 0.0]),
            kind.law,
            argument="epsilon",
            given=given,
        )
        for (number, layer), given in zip(dense, wanted, strict=True)
    }


def _blocks(layer: Dense, signed: bool) -> int:
    return layer.weight.shape[1] * (1 + signed) + bool(layer.bias.any())


def _problems(layer: Dense, signed: bool) -> int:
    return _blocks(layer, signed) * layer.outputs


def _size(layer: Dense, n: int, signed: bool) -> int:
    """Random numbers of both layers."""
    inputs = layer.weight.shape[1] + bool(layer.bias.any())
    return _blocks(layer, signed) * n * (inputs + layer.outputs)


def _lower_bound(target: Network, epsilon: float) -> float | None:
    """Theorem 2: what any random network needs that can be pruned, with probability 1/2, to each linear map.

    Linear maps of d numbers to d' whose outputs are at most 1 over the domain, in the norm of that, fill a ball, of
    which ``(1 / (2 epsilon))**(d d')`` maps lie 2 epsilon apart. So many, but for a factor of 2, are the subsets of m
    weights: ``2**(m + 1) > (1 / (2 epsilon))**(d d')``. The theorem does not speak of deeper targets.
    """
    if len(target.layers) > 1 or epsilon >= 0.5:
        return None
    return target.weights * float(np.log2(1.0 / (2.0 * epsilon))) - 1.0
