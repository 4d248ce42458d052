"""Networks of a stated precision, in whole numbers: what they compute is exact to the last bit.

A number of precision ``delta = 1 / parts`` is a whole number of `parts`. Kumar and Natale (2025), section 4.1, take
powers of two, and Kumar (2025), section 5.1, powers of ten; any whole number of parts will do here. Values are int64
where none can overflow, which is checked before a layer is computed, and Python's integers otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError

__all__ = ["Integers", "QuantisedNetwork", "drawn_integers", "random_quantised_network", "rounded_down", "whole_array"]

Integers = NDArray[Any]  # of int64, or of Python's integers

_ROOM = 2**62  # below it int64 is safe, sums of two included
_MOST_WEIGHTS = 2**24  # of a random target
_LARGEST_DRAWN = 2**40  # of which 64 random bits are a multiple, to one part in 2**23


@dataclass(frozen=True, kw_only=True, eq=False)
class QuantisedNetwork:
    """Layers of weights that are whole numbers of parts, with ReLU between them.

    Definitions 3 to 6 of Kumar and Natale (2025): ``[W_l relu([... relu([W_1 x]) ...])]``, where ``[.]`` stands behind
    the layers whose outputs are rounded, all of them in a double mixed-precision network, the even ones in a triple
    mixed-precision one. ReLU and rounding may change places, as both are monotonic and 0 is on every grid.

    Attributes
    ----------
    weights : tuple of int64 arrays (out, in)
        Layer by layer; a weight is this number divided by the layer's parts.
    parts : tuple of int
        ``1 / delta`` of each layer.
    rounded : tuple of int or None
        ``1 / gamma``, to which each layer's outputs are rounded downwards; None where they stay as they are.

    Raises
    ------
    InputError
        For shapes that do not follow each other, and weights beyond -1 to 1.
    """

    weights: tuple[NDArray[np.int64], ...] = field(repr=False)
    parts: tuple[int, ...]
    rounded: tuple[int | None, ...]

    def __post_init__(self) -> None:
        if not self.weights or not len(self.weights) == len(self.parts) == len(self.rounded):
            got = f"{len(self.weights)}, {len(self.parts)} and {len(self.rounded)}"
            raise InputError("weights, parts and rounded", "as many of each, at least one", got)
        width = None
        for layer, (weight, parts, rounded) in enumerate(zip(self.weights, self.parts, self.rounded, strict=True)):
            name = f"weights[{layer}]"
            whole_number(f"parts[{layer}]", parts, 1)
            if rounded is not None:
                whole_number(f"rounded[{layer}]", rounded, 1)
            if (
                weight.dtype != np.int64
                or weight.ndim != 2
                or 0 in weight.shape
                or width not in (None, weight.shape[1])
            ):
                required = f"int64 of shape (out, {'in' if width is None else width})"
                raise InputError(name, required, f"{weight.dtype} of shape {weight.shape}")
            if max(-int(weight.min()), int(weight.max())) > parts:
                raise InputError(name, f"from -{parts} to {parts} parts", int(weight.flat[np.abs(weight).argmax()]))
            width = weight.shape[0]

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs, and outputs of each layer."""
        return self.weights[0].shape[1], *(weight.shape[0] for weight in self.weights)

    @property
    def size(self) -> int:
        """Weights, zeros among them."""
        return sum(weight.size for weight in self.weights)

    def __call__(self, inputs: Any, parts: int) -> tuple[Integers, int]:
        """The outputs for inputs of precision ``1 / parts``.

        Parameters
        ----------
        inputs : int array (k, in)
            In parts.
        parts : int

        Returns
        -------
        (int array (k, out), int)
            The outputs, and the parts that they are in.
        """
        parts = whole_number("parts", parts, 1)
        values = whole_array("inputs", inputs)
        if values.ndim != 2 or values.shape[1] != self.widths[0] or values.size == 0:
            raise InputError("inputs", f"of shape (k, {self.widths[0]})", f"shape {values.shape}")
        last = len(self.weights) - 1
        for layer, (weight, of_layer, rounded) in enumerate(zip(self.weights, self.parts, self.rounded, strict=True)):
            values, parts = _product(values, weight), parts * of_layer
            if layer < last:
                values = np.maximum(values, 0)
            if rounded is not None:
                values, parts = rounded_down(values, parts, rounded), rounded
        return values, parts


def rounded_down(values: Integers, parts: int, to: int) -> Integers:
    """Numbers of precision ``1 / parts`` in whole numbers of ``1 / to``, rounded downwards: the paper's ``[.]``."""
    common = math.gcd(parts, to)
    factor, divisor = to // common, parts // common
    if values.dtype == object or _largest(values) * factor >= _ROOM or divisor >= _ROOM:
        values = values.astype(object)
    return values * factor // divisor


def whole_array(argument: str, values: Any) -> Integers:
    """`values` as an array of int64 or of Python's integers; refuses what is not whole."""
    array = np.asarray(values)
    if array.dtype == object and all(isinstance(value, int) for value in array.flat):
        return array
    if array.dtype.kind not in "iu" or (array.dtype == np.uint64 and array.size and int(array.max()) >= _ROOM):
        raise InputError(argument, "whole numbers", f"{array.dtype} of shape {array.shape}")
    return array.astype(np.int64)


def drawn_integers(stream: Stream, largest: int, count: int, start: int = 0, *, zero: bool = True) -> NDArray[np.int64]:
    """Uniform on the whole numbers from ``-largest`` to ``largest``, with or without 0, shape (count,)."""
    whole_number("largest", largest, 1, _LARGEST_DRAWN)
    choices = 2 * largest + int(zero)
    drawn = (stream.words(count, start) % np.uint64(choices)).astype(np.int64) - largest
    return drawn if zero else drawn + (drawn >= 0)


def random_quantised_network(
    widths: tuple[int, ...], *, parts: int, activations: int, seed: int = 0
) -> QuantisedNetwork:
    """A double mixed-precision network with weights uniform on all numbers of its precision (definitions 4 and 5).

    Parameters
    ----------
    widths : tuple of int
        Inputs, and outputs of each layer.
    parts, activations : int
        ``1 / delta`` of the weights and ``1 / gamma`` of what the layers give.
    seed : int

    Raises
    ------
    InputError
        For fewer than two widths, and those of more than 2**24 weights.
    """
    if not isinstance(widths, tuple | list) or len(widths) < 2:
        raise InputError("widths", "two numbers or more", widths)
    sizes = [whole_number("widths", width, 1, 10**5) for width in widths]
    if sum(inputs * outputs for inputs, outputs in pairwise(sizes)) > _MOST_WEIGHTS:
        raise InputError("widths", f"those of at most {_MOST_WEIGHTS:,} weights", widths)
    weights = []
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        stream = Stream(seed=seed, source=f"quantised target {layer}")
        weights.append(drawn_integers(stream, parts, inputs * outputs).reshape(outputs, inputs))
    layers = len(weights)
    return QuantisedNetwork(weights=tuple(weights), parts=(parts,) * layers, rounded=(activations,) * layers)


def _product(values: Integers, weight: NDArray[np.int64]) -> Integers:
    """``values @ weight.T``, in Python's integers where a sum might not fit into 64 bits."""
    if values.dtype != object and _largest(values) * int(np.abs(weight).sum(axis=1).max()) < _ROOM:
        return values @ weight.T
    return values.astype(object) @ weight.astype(object).T


def _largest(values: Integers) -> int:
    return max(-int(values.min()), int(values.max()))
