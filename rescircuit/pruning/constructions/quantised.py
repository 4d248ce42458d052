"""Quantised networks represented exactly by pruning random ones: Kumar and Natale (2025).

A random network of precision ``delta_in`` is reduced to ``delta`` and pruned until its outputs are those of a target
of precision ``delta_t``, for every input, to the last bit. As all numbers are whole multiples of ``delta``, each weight
is a subset-sum problem in whole numbers, which either has a solution or has none.

*Theorem 1* (with the structure of Pensia et al. 2020): two layers stand for one. A weight w from input j is a sum of
products: ``w * x = sum of v_k * relu(u_k * x)`` for ``x > 0`` over nodes with ``u_k > 0``, and for ``x < 0`` over those
with ``u_k < 0``; products have the precision ``delta**2``. Each input has ``2 n`` nodes, which the outputs share. In
the paper half of them serve each sign, and of either half those of the wrong sign are pruned; here a node serves the
sign that it has. Behind a ReLU inputs are not negative, so that there only nodes with ``u_k > 0`` have work.

*Theorem 2* (after Burkholz 2022): ``l + 1`` layers stand for l. The first two give every output several times over, and
a weight of a later layer is the sum of a subset of the random weights from the copies of its input. Precision
``delta`` alone, and not its square, is then to be had. Of the paper's ``log2(1 / delta)`` copies a weight has less
than one subset in the mean (kappa is 1, and lemma 4 asks for less): 22 % to 32 % of weights have one, and four copies
more give 89 %. The default is higher.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError, SolutionError
from rescircuit.pruning.constructions.counting import items_needed
from rescircuit.pruning.constructions.exact_subsets import exact_subsets
from rescircuit.pruning.constructions.gadgets import check_size
from rescircuit.pruning.constructions.precision import QuantisedNetwork, drawn_integers, rounded_down
from rescircuit.pruning.constructions.quantised_construction import MORE_ITEMS, QuantisedConstruction, roundings
from rescircuit.pruning.constructions.tensors import PrunedTensor

__all__ = ["represent_exactly", "represented_share"]

_METHODS = ("pensia", "burkholz")
_LARGEST_PARTS = 2**16  # products of two fit 33 bits, for which 44 items are plenty
_MOST_ITEMS = 64  # a problem


def represent_exactly(
    target: QuantisedNetwork,
    *,
    parts: int,
    random_parts: int | None = None,
    method: str = "pensia",
    items: int | None = None,
    seed: int = 0,
) -> QuantisedConstruction:
    """Prune a random quantised network until it is the target, for every input and to the last bit.

    Parameters
    ----------
    target : QuantisedNetwork
        Double mixed-precision: every layer's outputs are rounded.
    parts : int
        ``1 / delta``, to which the random weights are reduced. ``delta**2`` must divide the target's precision, and for
        the later layers of ``"burkholz"`` ``delta`` must.
    random_parts : int, optional
        ``1 / delta_in``, at least `parts`; the same if left out.
    method : str
        ``"pensia"`` (theorem 1) or ``"burkholz"`` (theorem 2).
    items : int, optional
        n: half the nodes for each input, and the copies of each output; chosen by
        :func:`~rescircuit.pruning.constructions.counting.items_needed` if left out. Of the same seed, a network of more
        items holds that of fewer.
    seed : int

    Raises
    ------
    InputError
        For precisions that do not divide each other, and random networks that memory would not hold.
    SolutionError
        If weights have no exact subset: how many.

    Examples
    --------
    >>> from rescircuit.pruning.constructions.precision import random_quantised_network
    >>> target = random_quantised_network((4, 3, 2), parts=16, activations=64, seed=1)
    >>> made = represent_exactly(target, parts=16)
    >>> made.differing([[5, -64, 0, 33]], parts=64)
    0
    """
    plan = _planned(target, parts, random_parts, method, items, seed)
    tensors, failed, problems = _pruned(plan)
    if failed:
        what = f"{method}: weights without an exact subset, of {problems}"
        raise SolutionError(what, failed, 0, MORE_ITEMS)
    network = QuantisedNetwork(
        weights=tuple(tensor.pruned for tensor in tensors),
        parts=(parts,) * len(tensors),
        rounded=roundings(target, method),
    )
    return QuantisedConstruction(
        method=method,
        target=target,
        network=network,
        tensors=tensors,
        random_parts=plan.random_parts,
        items=plan.items,
        seed=seed,
    )


def represented_share(
    target: QuantisedNetwork,
    *,
    parts: int,
    random_parts: int | None = None,
    method: str = "pensia",
    items: int | None = None,
    seed: int = 0,
) -> float:
    """The share of the subset-sum problems of :func:`represent_exactly` that have a solution."""
    _, failed, problems = _pruned(_planned(target, parts, random_parts, method, items, seed))
    return 1.0 - failed / problems


# --- what is to be done -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Plan:
    target: QuantisedNetwork
    method: str
    parts: int
    random_parts: int
    items: tuple[int, ...]  # of each layer of the target
    copies: tuple[int, ...]  # of the outputs of each layer of the target
    goals: tuple[NDArray[np.int64], ...]  # what the subsets must sum to
    seed: int


def _planned(
    target: QuantisedNetwork, parts: int, random_parts: int | None, method: str, items: int | None, seed: int
) -> _Plan:
    if not isinstance(target, QuantisedNetwork):
        raise InputError("target", "a QuantisedNetwork", target)
    if method not in _METHODS:
        raise InputError("method", " or ".join(_METHODS), method)
    whole_number("parts", parts, 1, _LARGEST_PARTS)
    random_parts = parts if random_parts is None else whole_number("random_parts", random_parts, parts, 2**40)
    if any(rounded is None for rounded in target.rounded):
        raise InputError("target", "of rounded outputs in every layer (double mixed precision)", target.rounded)
    by_products = [method == "pensia" or layer == 0 for layer in range(len(target.weights))]
    goals = tuple(
        _goals(weight, of_layer, parts**2 if products else parts)
        for weight, of_layer, products in zip(target.weights, target.parts, by_products, strict=True)
    )
    if items is None:
        counts = _default_items(target, parts, random_parts, by_products)
    else:
        counts = (whole_number("items", items, 1, _MOST_ITEMS),) * len(goals)
    copies = [1 if products else count for products, count in zip(by_products[1:], counts[1:], strict=True)] + [1]
    plan = _Plan(
        target=target,
        method=method,
        parts=parts,
        random_parts=random_parts,
        items=counts,
        copies=tuple(copies),
        goals=goals,
        seed=seed,
    )
    _check_size(plan, by_products)
    return plan


def _goals(weight: NDArray[np.int64], of_layer: int, parts: int) -> NDArray[np.int64]:
    """Weights of precision ``1 / of_layer`` in whole numbers of ``1 / parts``."""
    factor, rest = divmod(parts, of_layer)
    if rest:
        needed = "of a precision that the sums of random weights have"
        hint = f"A part of {of_layer} is no whole number of parts of {parts}; take a multiple (parts)."
        raise InputError("target", needed, of_layer, hint)
    return weight * factor


def _default_items(target: QuantisedNetwork, parts: int, random_parts: int, by_products: list[bool]) -> tuple[int, ...]:
    problems = 2 * target.size if all(by_products) else 64 * target.size  # with copies there are some 30 times as many
    usable = (random_parts - -(-random_parts // parts) + 1) / (2 * random_parts + 1)  # positive after rounding down
    return tuple(
        min(_MOST_ITEMS, items_needed(problems, parts**2, usable=usable) if products else items_needed(problems, parts))
        for products in by_products
    )


def _check_size(plan: _Plan, by_products: list[bool]) -> None:
    widths, before, size = plan.target.widths, 1, 0
    for layer, products in enumerate(by_products):
        inputs, outputs = widths[layer] * before, widths[layer + 1] * plan.copies[layer]
        nodes = 2 * plan.items[layer] * inputs
        size += nodes * (inputs + outputs) if products else inputs * outputs
        before = plan.copies[layer]
    check_size(size, plan.items, "a smaller target needs fewer")


# --- drawing and pruning ----------------------------------------------------------------------------------------------


def _pruned(plan: _Plan) -> tuple[tuple[PrunedTensor, ...], int, int]:
    """The pruned tensors, the subset-sum problems that have no solution, and how many there are."""
    tensors: list[PrunedTensor] = []
    failed = problems = 0
    for layer, goals in enumerate(plan.goals):
        copies = plan.copies[layer]
        wanted = np.repeat(goals, copies, axis=0)
        if plan.method == "pensia" or layer == 0:
            made, solved = _two_layers(plan, layer, wanted, signed=layer == 0)
        else:
            made, solved = _one_layer(plan, layer, wanted, plan.copies[layer - 1])
        tensors.extend(made)
        failed += int(np.count_nonzero(~solved))
        problems += solved.size
    return tuple(tensors), failed, problems


def _two_layers(
    plan: _Plan, layer: int, goals: NDArray[np.int64], *, signed: bool
) -> tuple[list[PrunedTensor], NDArray[np.bool_]]:
    """Theorem 1, lemma 7: two pruned layers whose products are a layer of the target."""
    outputs, inputs = goals.shape
    nodes = 2 * plan.items[layer]
    first = _drawn(plan, f"{layer} first", nodes, inputs * inputs).reshape(nodes, inputs, inputs)
    second = np.stack([_drawn(plan, f"{layer} second", nodes, inputs, chip=row) for row in _rows(plan, layer)])
    # Node k of input j sees this input alone: the diagonal of the blocks.
    own = first.diagonal(axis1=1, axis2=2)  # (nodes, inputs)
    signs = (1, -1) if signed else (1,)
    mask = np.zeros(second.shape, np.bool_)  # (outputs, nodes, inputs)
    solved = np.zeros((len(signs), outputs, inputs), np.bool_)
    for place, sign in enumerate(signs):
        usable = np.maximum(sign * own, 0)
        # For x below 0 the node gives |u| |x|, and w x is wanted: the sum of v |u| must be -w.
        products = (usable * second).transpose(0, 2, 1).reshape(-1, nodes)
        chosen, exact = exact_subsets(products, sign * goals.ravel())
        mask |= chosen.reshape(outputs, inputs, nodes).transpose(0, 2, 1)
        solved[place] = exact.reshape(outputs, inputs)
    used = np.asarray(mask.any(axis=0))  # (nodes, inputs)
    first_mask = used[:, :, np.newaxis] & np.eye(inputs, dtype=np.bool_)
    return [
        _tensor(f"layer {layer + 1}, first", first, first_mask, (nodes * inputs, inputs)),
        _tensor(f"layer {layer + 1}, second", second, mask, (outputs, nodes * inputs)),
    ], solved


def _one_layer(
    plan: _Plan, layer: int, goals: NDArray[np.int64], copies: int
) -> tuple[list[PrunedTensor], NDArray[np.bool_]]:
    """Theorem 2: weights from the copies of an input, some of which sum to the weight of the target."""
    outputs, inputs = goals.shape
    random = np.stack([_drawn(plan, f"{layer} copies", copies, inputs, chip=row) for row in _rows(plan, layer)])
    problems = random.transpose(0, 2, 1).reshape(-1, copies)
    chosen, exact = exact_subsets(problems, goals.ravel())
    # Copy c of input j is input number j * copies + c.
    shape = (outputs, inputs * copies)
    return [
        PrunedTensor(name=f"layer {layer + 1}", random=problems.reshape(shape), mask=chosen.reshape(shape)),
    ], exact.reshape(outputs, inputs)


def _rows(plan: _Plan, layer: int) -> list[int]:
    """A number for each row of random weights, output by output, copy by copy; more copies leave the others' as is."""
    outputs = plan.target.widths[layer + 1]
    return [copy * outputs + output for output in range(outputs) for copy in range(plan.copies[layer])]


def _tensor(name: str, random: NDArray[np.int64], mask: NDArray[np.bool_], shape: tuple[int, int]) -> PrunedTensor:
    return PrunedTensor(name=name, random=random.reshape(shape), mask=mask.reshape(shape))


def _drawn(plan: _Plan, place: str, items: int, width: int, chip: int = 0) -> NDArray[np.int64]:
    """Random weights (items, width) reduced to the precision delta; more items go on where fewer end.

    With copies no weight is drawn as 0, as theorem 2 has it.
    """
    stream = Stream(seed=plan.seed, chip=chip, source=f"quantised {place}")
    drawn = drawn_integers(stream, plan.random_parts, items * width, zero=plan.method == "pensia")
    return rounded_down(drawn, plan.random_parts, plan.parts).astype(np.int64).reshape(items, width)
