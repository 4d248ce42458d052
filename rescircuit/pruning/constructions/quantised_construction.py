"""What is proved of a quantised network that stands for another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rescircuit.errors import InputError, SolutionError
from rescircuit.pruning.constructions.counting import parameter_bound
from rescircuit.pruning.constructions.precision import Integers, QuantisedNetwork, whole_array
from rescircuit.pruning.constructions.tensors import PrunedTensor
from rescircuit.tables import Table

__all__ = ["MORE_ITEMS", "QuantisedConstruction", "roundings"]

MORE_ITEMS = "More items for each weight make a subset likelier, and another seed may have one."
_AT_ONCE = 1 << 22  # numbers that a layer gives, for some of the inputs at a time


@dataclass(frozen=True, kw_only=True, eq=False)
class QuantisedConstruction:
    """A quantised target and the random network that, pruned, is the same function.

    Attributes
    ----------
    method : str
        ``"pensia"`` or ``"burkholz"``.
    target, network : QuantisedNetwork
        The weights of `network` are its tensors times their masks.
    tensors : tuple of PrunedTensor
        The random weights in parts of their layer, at the reduced precision, and the masks.
    random_parts : int
        ``1 / delta_in``: the precision that they were drawn at.
    items : tuple of int
        For each layer of the target, random numbers for each subset: half the nodes of an input, or the copies.
    seed : int

    Raises
    ------
    InputError
        For a network that is anything but the tensors times their masks, or that rounds elsewhere.
    SolutionError
        If a weight is not exactly the sum that stands for it: then nothing is proved.
    """

    method: str
    target: QuantisedNetwork = field(repr=False)
    network: QuantisedNetwork = field(repr=False)
    tensors: tuple[PrunedTensor, ...] = field(repr=False)
    random_parts: int
    items: tuple[int, ...]
    seed: int

    def __post_init__(self) -> None:
        for weight, tensor in zip(self.network.weights, self.tensors, strict=True):
            if not np.array_equal(weight, tensor.pruned):
                raise InputError("network", "the random tensors times their masks", tensor.name)
        rounded = roundings(self.target, self.method)
        if self.network.rounded != rounded:
            raise InputError("network", f"rounded as its target is, {rounded}", self.network.rounded)
        wrong = _wrong_weights(self.method, self.target, self.network)
        if wrong:
            raise SolutionError(f"{self.method}: weights that differ from the target's", wrong, 0, MORE_ITEMS)

    @property
    def promised(self) -> float:
        """The largest difference of any output that is allowed: none."""
        return 0.0

    @property
    def bound(self) -> float:
        """The largest difference that is possible, for any inputs whatever: none, as every weight is exact."""
        return 0.0

    @property
    def size(self) -> int:
        """Random weights, those pruned among them."""
        return sum(tensor.size for tensor in self.tensors)

    @property
    def not_zero(self) -> int:
        """Random weights that were not 0 before pruning, which theorem 3 counts."""
        return sum(int(np.count_nonzero(tensor.random)) for tensor in self.tensors)

    @property
    def kept(self) -> int:
        """Random weights that stay."""
        return sum(tensor.kept for tensor in self.tensors)

    @property
    def sparsity(self) -> float:
        """The share of the random weights that are pruned."""
        return 1.0 - self.kept / self.size

    @property
    def target_size(self) -> int:
        """Weights of the target."""
        return self.target.size

    @property
    def overparameterisation(self) -> float:
        """Random weights for each weight of the target."""
        return self.size / self.target_size

    @property
    def lower_bound(self) -> float:
        """Random weights that are not 0 which any network must have that can be pruned to all such targets.

        Theorem 3 for each layer, with probability 1, at the target's precision.
        """
        layers = zip(self.target.weights, self.target.parts, strict=True)
        return sum(parameter_bound(weight.size, parts) for weight, parts in layers)

    @property
    def ratio(self) -> float:
        """Random weights that are not 0, to those that there must be."""
        return self.not_zero / self.lower_bound

    def differing(self, inputs: Any, parts: int) -> int:
        """How many outputs differ from the target's for inputs (k, in) of precision ``1 / parts``, in parts."""
        return sum(int(np.count_nonzero(each)) for each, _ in self._differences(inputs, parts))

    def measured(self, inputs: Any, parts: int) -> float:
        """The largest difference of an output of the target and of the pruned network."""
        return max(int(np.abs(each).max()) / unit for each, unit in self._differences(inputs, parts))

    def _differences(self, inputs: Any, parts: int) -> Iterator[tuple[Integers, int]]:
        """The differences of the outputs, and the parts that they are in, for some of the inputs at a time."""
        values = np.atleast_1d(whole_array("inputs", inputs))
        at_once = max(1, _AT_ONCE // max(self.network.widths))
        for first in range(0, max(1, len(values)), at_once):
            some = values[first : first + at_once]
            (wanted, unit), (got, same) = self.target(some, parts), self.network(some, parts)
            yield wanted.astype(object) * same - got.astype(object) * unit, unit * same

    def as_dict(self) -> dict[str, Any]:
        """All figures, for JSON."""
        names = ("method", "promised", "bound", "random_parts", "items", "seed", "size", "not_zero", "kept")
        names += ("sparsity", "target_size", "overparameterisation", "lower_bound", "ratio")
        return {name: getattr(self, name) for name in names} | {
            "widths": self.target.widths,
            "target_parts": self.target.parts,
            "parts": self.network.parts,
            "activations": self.network.rounded,
            "tensors": [
                {"name": each.name, "shape": each.random.shape, "kept": each.kept, "sparsity": each.sparsity}
                for each in self.tensors
            ],
        }

    def table(self) -> Table:
        """The tensors and, in the last row, all of them."""
        rows = [
            (each.name, " x ".join(map(str, each.random.shape)), f"{each.size:,}", f"{each.kept:,}")
            for each in self.tensors
        ]
        rows.append(("in all", "", f"{self.size:,}", f"{self.kept:,}"))
        title = f"{self.method}: {self.target_size:,} quantised weights, exactly, in {self.size:,} random ones"
        return Table(title=title, columns=("tensor", "shape", "random", "kept"), rows=tuple(rows))


def roundings(target: QuantisedNetwork, method: str) -> tuple[int | None, ...]:
    """Where the larger network rounds: behind the layers whose outputs are those of a layer of the target."""
    if method == "pensia":
        return tuple(each for rounded in target.rounded for each in (None, rounded))
    return None, *target.rounded


def _wrong_weights(method: str, target: QuantisedNetwork, network: QuantisedNetwork) -> int:
    """Weights of the target that the network's do not sum to, in whole numbers; 0 proves it for every input.

    Of two layers whose nodes see one input each, the output is the sum over inputs of ``v * u * x`` over the nodes with
    ``u * x > 0``: so the products over nodes with ``u > 0``, and over those with ``u < 0``, must both be the weight.
    """
    wrong, place, copies = 0, 0, 1
    for layer, (weight, parts) in enumerate(zip(target.weights, target.parts, strict=True)):
        first = network.weights[place].astype(object)
        if method == "pensia" or layer == 0:
            wrong += int(np.count_nonzero(np.count_nonzero(first, axis=1) > 1))
            second = network.weights[place + 1].astype(object)
            sums = [second @ np.maximum(first, 0)] + ([second @ np.minimum(first, 0)] if layer == 0 else [])
            factor, rows, place = network.parts[place] * network.parts[place + 1], len(second), place + 2
        else:
            sums = [first.reshape(len(first), weight.shape[1], copies).sum(axis=2)]
            factor, rows, place = network.parts[place], len(first), place + 1
        copies = rows // len(weight)
        wanted = np.repeat(weight, copies, axis=0).astype(object) * factor
        wrong += sum(int(np.count_nonzero(each * parts != wanted)) for each in sums)
    return wrong
