"""Any dense network in a random one of one layer more: Burkholz's construction, as Kumar and Natale use it.

Burkholz, "Most activation functions can win the lottery without excessive depth" (2022); Kumar, "Phase transition"
(2025), section 5.2.2, theorem 7 and lemma 8; Kumar and Natale, "Quantization vs pruning" (2025), theorem 2. The first
layer of the target becomes two random ones, as with Pensia et al., but each of its outputs comes n times, from as many
rows of random weights. These copies are the units of a block for the next layer of the target: a weight is the sum of
a subset of a row's n random weights for them. So each further layer takes one random layer, whose rows are again
copied; the last one's need not be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.network.layers import Activation, Dense, Flatten, Layer, Network
from rescircuit.pruning.constructions.burkholz_plan import Plan, planned, problems_of, shapes_of
from rescircuit.pruning.constructions.construction import Construction, checked_epsilon, checked_range
from rescircuit.pruning.constructions.error_intervals import (
    Emulated,
    Reach,
    check_chain,
    domain,
    emulated_reach,
    passed_reach,
    weighted_reach,
)
from rescircuit.pruning.constructions.gadgets import (
    Blocks,
    Progress,
    PrunedRows,
    check_size,
    pruned_rows,
    refuse_beyond,
    shares,
    uniform_weights,
)
from rescircuit.pruning.constructions.input_blocks import input_blocks
from rescircuit.pruning.constructions.tensors import PrunedTensor

__all__ = ["burkholz"]

_UPWARDS = 1.0 + 2.0**-30  # above the rounding of the bound's own sums


@dataclass(frozen=True, kw_only=True, eq=False)
class _Copies:
    """A random layer of copies of a target's outputs, and of constants for the biases of the next layer.

    Attributes
    ----------
    rows : PrunedRows
        Of the copies alone.
    tensors : list of PrunedTensor
        Weights and, where there are constants, biases, of all rows.
    constants : array (count,)
        Their values behind the ReLU; 0 for those that were pruned.
    """

    rows: PrunedRows
    tensors: list[PrunedTensor]
    constants: Array

    def layer(self) -> Dense:
        """The layer itself."""
        bias = self.tensors[1].pruned if len(self.tensors) > 1 else None
        name = self.tensors[0].name.removesuffix(".weight")
        return Dense(weight=self.tensors[0].pruned, bias=bias, name=name)


def burkholz(
    target: Network,
    epsilon: float,
    *,
    items: Any = None,
    seed: int = 0,
    input_range: tuple[float, float] = (-1.0, 1.0),
    progress: Progress | None = None,
) -> Construction:
    """Draw a random network of one layer more than the target, and prune it to the target.

    Parameters
    ----------
    target : Network
        Dense layers with a ReLU between them, perhaps flattened inputs. Biases of the first layer are made as by
        :func:`~rescircuit.pruning.constructions.pensia.pensia`; those of later layers of hidden units of which only the
        random bias is kept.
    epsilon : float
        The largest error of any output over the whole domain.
    items : int or sequence of int, optional
        n for all layers of the target or for each: the hidden units of the first layer for an input and a sign of it,
        and the copies of each output that the following layers' weights are chosen from. By default what `epsilon`
        needs, see :func:`~rescircuit.pruning.constructions.item_counts.items_needed`.
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
    """
    before, dense, after = _layers(target)
    epsilon, inputs = checked_epsilon(epsilon), checked_range(input_range)
    reaches = _reaches(target, inputs)
    plans = planned(dense, reaches, epsilon, items)
    drawn = tuple(plan.copies for plan in plans)
    signed = inputs[0] < 0.0
    shapes = shapes_of(dense, plans, signed)
    check_size(sum((columns + 1) * rows for rows, columns in shapes), drawn)
    report = shares(progress, problems_of(dense, plans, signed))

    first = input_blocks("layer1.first", dense[0], plans[0].copies, signed=signed, relu=True, seed=seed)
    groups = [Blocks(coefficients=first.coefficients, targets=first.targets(dense[0]), counts=plans[0].weights)]
    layers: list[Layer] = [*before, *first.layers()]
    tensors = first.tensors()
    solved: list[PrunedRows] = []
    error = np.zeros(0)
    for number, layer in enumerate(dense):
        name = f"layer{number + 1}" if number else "layer1.second"
        following = plans[number + 1] if number + 1 < len(dense) else None
        made = _copied(name, groups, following, seed, report)
        if number:
            emulated = _linear(made.rows, layer, solved[-1].weight.random.shape[0])
            grown = _sensitivity(made.rows, len(error)) @ error
        else:
            emulated, grown = first.emulated(made.rows), 0.0
        error = _own_error(layer, emulated, reaches[number], following) * _UPWARDS + grown * _UPWARDS
        layers += [made.layer(), *([] if following is None else [Activation(kind="relu", name=f"{name}.relu")])]
        tensors += made.tensors
        solved.append(made.rows)
        if following is not None:
            groups = _next_groups(dense[number + 1], following, made.constants)
    bound = float(error.max())
    if bound > epsilon:
        refuse_beyond(solved)
    return Construction(
        method="burkholz",
        target=target,
        network=Network([*layers, *after], target.input_shape),
        tensors=tuple(tensors),
        promised=epsilon,
        bound=bound,
        input_range=inputs,
        items=drawn,
        seed=seed,
        residual=max(rows.residual for rows in solved),
    )


def _layers(target: Network) -> tuple[list[Layer], list[Dense], list[Layer]]:
    """Flattening before, the dense layers, and a last ReLU if there is one."""
    check_chain(target, (Dense,))
    rest = list(target.layers)
    before: list[Layer] = []
    while isinstance(rest[0], Flatten):
        before.append(rest.pop(0))
    dense, between = rest[::2], rest[1::2]
    relu = all(isinstance(layer, Activation) and layer.kind == "relu" for layer in between)
    if not relu or not all(isinstance(layer, Dense) for layer in dense) or len(target.shapes[len(before)]) > 1:
        required = "dense layers with a ReLU after each but perhaps the last, and nothing else behind flattened inputs"
        raise InputError("target", required, ", ".join(type(layer).__name__ for layer in rest))
    return before, [layer for layer in dense if isinstance(layer, Dense)], between[len(dense) - 1 :]


def _reaches(target: Network, inputs: tuple[float, float]) -> list[Reach]:
    """What goes into each dense layer of the target, without errors."""
    reach, found = domain(target, inputs), []
    for layer in target.layers:
        if isinstance(layer, Dense):
            found.append(reach)
            reach = weighted_reach(layer, reach)
        else:
            reach = passed_reach(layer, reach)
    return found


def _copied(name: str, groups: list[Blocks], following: Plan | None, seed: int, progress: Progress | None) -> _Copies:
    """Draw and prune a layer, with as many copies of each output as the next layer wants, and its constants."""
    if following is None:
        rows = pruned_rows(name, groups, seed=seed, progress=progress)
        return _Copies(rows=rows, tensors=[rows.weight], constants=np.zeros(0))
    rows = pruned_rows(name, groups, seed=seed, copies=following.copies, progress=progress)
    count = following.constants
    if count == 0:
        return _Copies(rows=rows, tensors=[rows.weight], constants=np.zeros(0))
    copies, columns = rows.weight.random.shape
    outputs = len(groups[0].targets)
    biases = uniform_weights(seed, f"{name}.bias", following.copies, (outputs,)).T.ravel()
    constants = uniform_weights(seed, f"{name}.constants", count, ())
    weight = PrunedTensor(
        name=f"{name}.weight",
        random=np.vstack([rows.weight.random, uniform_weights(seed, f"{name}.unused", count, (columns,))]),
        mask=np.vstack([rows.weight.mask, np.zeros((count, columns), np.bool_)]),
    )
    random = np.append(biases, constants)
    bias = PrunedTensor(name=f"{name}.bias", random=random, mask=(np.arange(len(random)) >= copies) & (random > 0.0))
    return _Copies(rows=rows, tensors=[weight, bias], constants=bias.pruned[copies:])


def _next_groups(layer: Dense, plan: Plan, constants: Array) -> list[Blocks]:
    """The copies of each input, which are what they stand for, and the constants."""
    copies = np.ones((layer.weight.shape[1], plan.copies))
    groups = [Blocks(coefficients=copies, targets=layer.weight, counts=plan.weights)]
    if plan.biases is not None:
        groups.append(Blocks(coefficients=constants[None], targets=layer.bias[:, None], counts=plan.biases))
    return groups


def _linear(rows: PrunedRows, layer: Dense, terms: int) -> Emulated:
    """What a layer does to the values that its inputs are copies of."""
    inputs = layer.weight.shape[1]
    return Emulated(
        positive=rows.sums[:, :inputs],
        negative=rows.sums[:, :inputs],
        bias=rows.sums[:, inputs:].sum(axis=1),
        magnitude=rows.magnitudes[:, :inputs],
        bias_magnitude=rows.magnitudes[:, inputs:].sum(axis=1),
        terms=terms + 4,
    )


def _sensitivity(rows: PrunedRows, copies: int) -> Array:
    """The slopes (rows, copies) for each copy; constants have no errors."""
    return np.abs(rows.weight.pruned[:, :copies])


def _own_error(layer: Dense, emulated: Emulated, reach: Reach, following: Plan | None) -> Array:
    """The largest errors of a layer's copies for inputs without errors, rounding included."""
    copies = 1 if following is None else following.copies
    repeated = replace(layer, weight=np.repeat(layer.weight, copies, axis=0), bias=np.repeat(layer.bias, copies))
    return emulated_reach(repeated, emulated, reach).error
