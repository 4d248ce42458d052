"""What every layer of a network is, and the checks that all share."""

from __future__ import annotations

import math
from typing import Any, Protocol, runtime_checkable

import numpy as np

from rescircuit.checks import Array, whole_number
from rescircuit.errors import InputError

__all__ = ["Layer", "Shape", "per_axis", "refuse_large", "refused_shape", "sole"]

_LONGEST = 1 << 24  # positions along an axis
_LARGEST = 1 << 28  # numbers that an input makes a layer hold: 2 GiB, and a guard against files that ask for more

Shape = tuple[int, ...]


@runtime_checkable
class Layer(Protocol):
    """A step of a network in digital arithmetic, which takes one array or several and gives one.

    Shapes are those of one input: channels first, then positions, as in PyTorch. Arrays have one more axis before
    them, that of the batch.
    """

    @property
    def name(self) -> str:
        """For messages, files and reports."""
        ...

    def output_shape(self, *shapes: Shape) -> Shape:
        """The shape of the output for inputs of these shapes; InputError for others."""
        ...

    def __call__(self, *x: Array) -> Array:
        """The output (k, ...) for inputs (k, ...)."""
        ...


def sole(name: str, inputs: tuple[Any, ...]) -> Any:
    """The one input, or the shape of it, of a layer that takes one; InputError for more or none."""
    if len(inputs) != 1:
        raise InputError(f"inputs of layer '{name}'", "one", len(inputs))
    return inputs[0]


def refused_shape(name: str, required: str, shape: Shape) -> InputError:
    """The error of a layer that cannot take an input of this shape."""
    return InputError(f"input of layer '{name}'", f"of shape {required}", f"shape {shape}")


def refuse_large(what: str, shape: Shape) -> None:
    """Refuse shapes of more numbers than a layer may hold for one input, with an InputError."""
    if math.prod(shape) > _LARGEST:
        raise InputError(what, f"of at most {_LARGEST} numbers", f"shape {shape}")


def per_axis(argument: str, value: Any, axes: int, least: int) -> tuple[int, ...]:
    """One whole number for each axis of positions, from one for all or from one for each.

    Raises
    ------
    InputError
        For others.
    """
    values = tuple(value) if isinstance(value, tuple | list | np.ndarray) else (value,) * axes
    if len(values) != axes:
        raise InputError(argument, f"a whole number, or {axes} of them", value)
    return tuple(whole_number(argument, each, least, _LONGEST) for each in values)
