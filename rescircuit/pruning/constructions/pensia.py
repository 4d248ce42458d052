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

from rescircuit.errors import InputError
from rescircuit.network.layers import Dense, Layer, Network
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
    refuse_beyond,
    shares,
)
from rescircuit.pruning.constructions.input_blocks import input_blocks
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

__all__ = ["GADGETS", "Gadget", "pensia"]


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
