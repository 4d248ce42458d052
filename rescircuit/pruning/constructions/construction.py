"""What a construction gives: a random network, the masks that prune it to a target, and the proof of its error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rescircuit.checks import finite_number, non_negative_number, positive_number
from rescircuit.errors import InputError, SolutionError
from rescircuit.network.layers import Network, checked_inputs
from rescircuit.pruning.constructions.tensors import PrunedTensor
from rescircuit.tables import Table, figure

__all__ = ["Construction", "checked_epsilon", "checked_range"]

_PARTS = ("weight", "bias")
_LARGEST = 1e30  # of magnitudes, so that products of many are numbers of float64; and no error asked for is smaller
_HINT = "More items a weight come closer, and so may another seed."


@dataclass(frozen=True, kw_only=True, eq=False)
class Construction:
    """A target network, a random network pruned to it, and how far their outputs may differ.

    Parameters
    ----------
    method : str
        Such as ``"pensia"``.
    target : Network
    network : Network
        The pruned random network: the weights of each of its layers are those of the tensor ``NAME.weight``, times
        its mask, bit for bit; its biases those of ``NAME.bias`` where there is such a tensor, otherwise zeros.
    tensors : tuple of PrunedTensor
        What was drawn at random, in the order of the layers (for Pensia's figure 1b a layer of ones among it).
    promised : float
        The error asked for: the largest difference of any output, over the whole domain.
    bound : float
        The error proved for these masks over the whole domain, rounding of the arithmetic included.
    input_range : (float, float)
        The domain: the least and the largest value of each input.
    items : tuple of int
        For each layer of the target, how many random numbers a weight's subset is chosen from.
    seed : int
    residual : float
        The largest distance of a subset's sum from its weight.
    proved : bool
        Whether each subset is proved to be the closest of all of the numbers that it was chosen from.
    lower_bound : float, optional
        Weights that any random network must have which can be pruned to every target of this shape with this error,
        by counting, where a theorem says so.

    Raises
    ------
    InputError
        For weights that are not a tensor's times its mask, or a domain that is none.
    SolutionError
        If the bound is above what is promised.
    """

    method: str
    target: Network = field(repr=False)
    network: Network = field(repr=False)
    tensors: tuple[PrunedTensor, ...] = field(repr=False)
    promised: float
    bound: float
    input_range: tuple[float, float]
    items: tuple[int, ...]
    seed: int
    residual: float = 0.0
    proved: bool = True
    lower_bound: float | None = None

    def __post_init__(self) -> None:
        non_negative_number("promised", self.promised)
        non_negative_number("bound", self.bound)
        object.__setattr__(self, "input_range", checked_range(self.input_range))
        _check_tensors(self.network, self.tensors)
        if self.bound > self.promised:
            what = f"{self.method}: proved error of the outputs against the error promised"
            raise SolutionError(what, self.bound, self.promised, _HINT)

    @property
    def size(self) -> int:
        """Random weights, those pruned among them, biases included."""
        return sum(tensor.size for tensor in self.tensors)

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
        """Weights of the target, and its biases that are not 0."""
        return sum(layer.weight.size + int(np.count_nonzero(layer.bias)) for _, layer in self.target.weighted_layers)

    @property
    def overparameterisation(self) -> float:
        """Random weights for each weight of the target."""
        return self.size / self.target_size

    def measured(self, inputs: Any) -> float:
        """The largest difference of an output of the target and of the pruned network.

        Parameters
        ----------
        inputs : array (k, *input_shape)
            Inside the domain.

        Raises
        ------
        InputError
            For inputs of another shape, or outside the domain, for which nothing is promised.
        """
        x, _ = checked_inputs(inputs, self.target.input_shape)
        low, high = self.input_range
        outside = (x < low) | (x > high)
        if outside.any():
            raise InputError("inputs", f"numbers from {low:g} to {high:g}", float(x[outside][0]))
        return float(np.abs(self.target(x) - self.network(x)).max())

    def as_dict(self) -> dict[str, Any]:
        """All figures, for JSON."""
        names = ("method", "promised", "bound", "input_range", "items", "seed", "residual", "proved", "size", "kept")
        names += ("sparsity", "target_size", "overparameterisation", "lower_bound")
        return {name: getattr(self, name) for name in names} | {
            "tensors": [
                {"name": each.name, "shape": each.random.shape, "kept": each.kept, "sparsity": each.sparsity}
                for each in self.tensors
            ]
        }

    def table(self) -> Table:
        """The tensors and, in the last row, all of them."""
        rows = [
            (each.name, " x ".join(map(str, each.random.shape)), f"{each.size:,}", f"{each.kept:,}", _share(each))
            for each in self.tensors
        ]
        rows.append(("in all", "", f"{self.size:,}", f"{self.kept:,}", _share(self)))
        title = (
            f"{self.method}: a target of {self.target_size:,} weights in {self.size:,} random ones "
            f"({figure(self.overparameterisation)} each), error at most {figure(self.bound)}, "
            f"{figure(self.promised)} promised"
        )
        return Table(title=title, columns=("tensor", "shape", "random", "kept", "pruned"), rows=tuple(rows))


def checked_epsilon(value: Any) -> float:
    """The error asked for, from 1e-30 to 1e30.

    Raises
    ------
    InputError
        For others.
    """
    epsilon = positive_number("epsilon", value)
    if not 1.0 / _LARGEST <= epsilon <= _LARGEST:
        raise InputError("epsilon", f"from {1.0 / _LARGEST:g} to {_LARGEST:g}", value)
    return epsilon


def checked_range(value: Any, argument: str = "input_range") -> tuple[float, float]:
    """The least and the largest value of inputs, the first below the second.

    Raises
    ------
    InputError
        For others.
    """
    required = "a pair of numbers, the least and the largest value of an input"
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise InputError(argument, required, value)
    low, high = (finite_number(argument, each, required) for each in value)
    if low >= high:
        raise InputError(argument, f"{required}, the first below the second", value)
    if max(-low, high) > _LARGEST:
        raise InputError(argument, f"{required}, neither beyond {_LARGEST:g}", value)
    return low, high


def _share(part: PrunedTensor | Construction) -> str:
    return f"{part.sparsity:.1%}"


def _check_tensors(network: Network, tensors: tuple[PrunedTensor, ...]) -> None:
    """Refuse a network that is anything but the tensors times their masks."""
    by_name = {tensor.name: tensor for tensor in tensors}
    expected = {f"{layer.name}.{part}": getattr(layer, part) for _, layer in network.weighted_layers for part in _PARTS}
    unknown = [name for name in by_name if name not in expected]
    if unknown or len(by_name) < len(tensors):
        raise InputError("tensors", f"of {', '.join(expected)}, each once", [tensor.name for tensor in tensors])
    for name, values in expected.items():
        if name in by_name:
            same = np.array_equal(values, by_name[name].pruned)
        else:
            same = name.endswith(".bias") and not values.any()
        if not same:
            raise InputError(f"network's {name}", "a random tensor times its mask", "other numbers")
