"""One node of an ONNX graph while it is turned into a layer, and the layers made so far."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rescircuit.errors import InputError
from rescircuit.network.importers.onnx_graph import MOST_NUMBERS
from rescircuit.network.importers.onnx_tensors import Values, attribute_value, first_words
from rescircuit.network.layers import Layer, Scale, Shape, WeightedLayer

__all__ = ["Building", "Node", "Operator", "Signal", "Values"]

_MOST_NUMBERS_IN_ALL = 1 << 28  # that all layers together may give for one input
_LONGEST_NAME = 60


@dataclass(frozen=True, kw_only=True)
class Signal:
    """What a layer gives.

    Attributes
    ----------
    number : int
        The layer's; -1 for the network's input.
    shape : tuple of int
        Of one input, without the batch.
    shared : bool
        Whether more than one node takes it.
    """

    number: int
    shape: Shape
    shared: bool = False


@dataclass(kw_only=True, eq=False)
class Building:
    """The layers made so far, with what bounds them.

    Attributes
    ----------
    input_shape : tuple of int
    batch : int or None
        The number of inputs that the file is made for, if it says one.
    opset : int
        The version of the operators.
    most_weights : int
        How many numbers weights and constants may have in all: a file can name one tensor many times.
    layers, sources : list
        As :class:`~rescircuit.network.layers.Network` takes them.
    """

    input_shape: Shape
    batch: int | None
    opset: int
    most_weights: int
    layers: list[Layer] = field(default_factory=list)
    sources: list[tuple[int, ...]] = field(default_factory=list)
    # With the number of the last one of that name. Files of networks call the network's input so.
    _names: dict[str, int] = field(default_factory=lambda: {"input": 1})
    _weights: int = 0
    _numbers: int = 0

    def add(self, layer: Layer, *inputs: Signal) -> Signal:
        """Put a layer behind the others."""
        shape = layer.output_shape(*(signal.shape for signal in inputs))
        size = math.prod(shape)
        self._numbers += size
        if size > MOST_NUMBERS or self._numbers > _MOST_NUMBERS_IN_ALL:
            required = f"of at most {MOST_NUMBERS} numbers, and {_MOST_NUMBERS_IN_ALL} with those of all layers before"
            raise InputError(f"output of {layer.name}", required, f"shape {shape}")
        if isinstance(layer, WeightedLayer | Scale):
            self.count(layer.weight.size if isinstance(layer, WeightedLayer) else layer.scale.size, layer.name)
        self.layers.append(layer)
        self.sources.append(tuple(signal.number for signal in inputs))
        return Signal(number=len(self.layers) - 1, shape=shape)

    def count(self, numbers: int, name: str) -> None:
        """Count numbers that are kept, and refuse more than there can be in an honest file."""
        self._weights += numbers
        if self._weights > self.most_weights:
            raise InputError(f"weights up to {name}", f"at most {self.most_weights}, by the file's size", self._weights)

    def layer_behind(self, signal: Signal) -> Layer | None:
        """The layer that gives a signal that one node alone takes."""
        return None if signal.number < 0 or signal.shared else self.layers[signal.number]

    def free_name(self, wanted: str, otherwise: str) -> str:
        """A name that no other layer has and that files of networks take: letters, digits, and ``_ - .`` between."""
        name = re.sub(r"[^A-Za-z0-9_.-]+", "_", wanted.replace("/", "."))
        name = re.sub(r"\.{2,}", ".", name)[:_LONGEST_NAME].strip("._-")
        name = name or f"{otherwise.lower()}{len(self.layers) + 1}"
        free = name
        while free in self._names:
            self._names[name] += 1
            free = f"{name}_{self._names[name]}"
        self._names[free] = 1
        return free


@dataclass(frozen=True, kw_only=True, eq=False)
class Node:
    """A node with what it takes.

    Attributes
    ----------
    place : str
        What messages call it.
    name : str
        For its layer.
    inputs : tuple
        A signal, an array of constants, or None where an optional one is left out.
    attributes : mapping
        Values by name, the usual ones where the file says none.
    building : Building
    """

    place: str
    name: str
    inputs: tuple[Signal | Values | None, ...]
    attributes: Mapping[str, Any]
    building: Building

    def refused(self, required: str, got: object, hint: str = "") -> InputError:
        """The error of a node that cannot be taken as it is."""
        return InputError(self.place, required, got, hint)

    def has(self, number: int) -> bool:
        """Whether an optional input is there."""
        return number < len(self.inputs) and self.inputs[number] is not None

    def signal(self, number: int = 0) -> Signal:
        """An input that comes from a layer or from outside."""
        value = self.inputs[number] if self.has(number) else None
        if not isinstance(value, Signal):
            raise self.refused(f"a node whose input {number + 1} comes from layers", _kind(value))
        return value

    def floats(self, number: int) -> Values:
        """An input that is constant, in double precision."""
        values = self._constant(number)
        if values.dtype.kind != "f":
            raise self.refused(f"a node whose input {number + 1} is an array of floats", values.dtype.name)
        return values

    def whole_numbers(self, attribute: str, number: int) -> list[int] | None:
        """A list that is an attribute in older versions of the operators and an input in newer ones."""
        if self.attributes[attribute] is not None:
            return self.attributes[attribute]
        if not self.has(number):
            return None
        values = self._constant(number)
        if values.dtype.kind != "i" or values.size > 64:
            raise self.refused(f"a node whose input {number + 1} is a short list of whole numbers", _kind(values))
        return [int(value) for value in values.ravel()]

    def is_constant(self, number: int = 0) -> bool:
        """Whether an input is an array."""
        return isinstance(self.inputs[number] if self.has(number) else None, np.ndarray)

    def _constant(self, number: int) -> Values:
        value = self.inputs[number] if self.has(number) else None
        if not isinstance(value, np.ndarray):
            raise self.refused(f"a node whose input {number + 1} is constant", _kind(value))
        return value


@dataclass(frozen=True, kw_only=True, eq=False)
class Operator:
    """How nodes of one operator become layers.

    Attributes
    ----------
    convert : callable
        From a :class:`Node` to what it gives: a signal, or constants.
    attributes : mapping
        The usual values of the attributes that are understood; where there is none, the attribute's type.
    """

    convert: Callable[[Node], Signal | Values]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def attributes_of(self, proto: Any, place: str) -> dict[str, Any]:
        """The attributes of a ``NodeProto``.

        Raises
        ------
        InputError
            For unknown ones, whose meaning would be lost, and values of other types.
        """
        values = {name: None if isinstance(usual, type) else usual for name, usual in self.attributes.items()}
        for attribute in proto.attribute:
            where = f"attribute {first_words(attribute.name)} of {place}"
            if attribute.name not in self.attributes:
                known = ", ".join(self.attributes) or "none"
                raise InputError(where, f"one that is understood ({known})", "another")
            value = attribute_value(attribute, where)
            usual = self.attributes[attribute.name]
            wanted = usual if isinstance(usual, type) else type(usual)
            if not isinstance(value, wanted):
                raise InputError(where, f"of type {wanted.__name__}", type(value).__name__)
            values[attribute.name] = value
        return values


def _kind(value: Signal | Values | None) -> str:
    if value is None:
        return "none"
    return f"constants of shape {value.shape}" if isinstance(value, np.ndarray) else "the output of a layer"
