"""Layers that arrange, add and scale what others give."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rescircuit.checks import Array, finite_array, whole_number
from rescircuit.errors import InputError
from rescircuit.network.layers.layer import Shape, refused_shape, sole

__all__ = ["Add", "Flatten", "Scale"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Flatten:
    """All axes of one input from `start` on become one: channels change slowest, as in PyTorch.

    Parameters
    ----------
    start : int
        Counted from the input's first axis, without the batch.
    name : str
        For messages, files and reports.

    Raises
    ------
    InputError
        For a start below zero.
    """

    start: int = 0
    name: str = "flatten"

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", whole_number(f"{self.name}.start", self.start, 0))

    def __call__(self, *x: Array) -> Array:
        """(k, ..., product of the axes from `start` on)."""
        (inputs,) = x
        return inputs.reshape(len(inputs), *self.output_shape(inputs.shape[1:]))

    def output_shape(self, *shapes: Shape) -> Shape:
        """(..., product of the axes from `start` on)."""
        shape = sole(self.name, shapes)
        if len(shape) <= self.start:
            raise refused_shape(self.name, f"with more than {self.start} axes", shape)
        return (*shape[: self.start], math.prod(shape[self.start :]))


@dataclass(frozen=True, kw_only=True, eq=False)
class Add:
    """The sum of two or more arrays of one shape, as where a residual connection comes back.

    Parameters
    ----------
    name : str
        For messages, files and reports.
    """

    name: str = "add"

    def __call__(self, *x: Array) -> Array:
        """The sum, from the first to the last."""
        total = x[0] + x[1]
        for more in x[2:]:
            total += more
        return total

    def output_shape(self, *shapes: Shape) -> Shape:
        """The shape of each of the inputs."""
        if len(shapes) < 2:
            raise InputError(f"inputs of layer '{self.name}'", "at least two", len(shapes))
        for shape in shapes[1:]:
            if shape != shapes[0]:
                raise refused_shape(self.name, f"{shapes[0]} as its first", shape)
        return shapes[0]


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """``scale * x + shift`` with a scale and a shift for each channel: a batch normalisation after training.

    Parameters
    ----------
    scale, shift : array (channels,)
    name : str
        For messages, files and reports.

    Raises
    ------
    InputError
        For arrays of other shapes, or values that are not finite.
    """

    scale: Array
    shift: Array
    name: str = "scale"

    def __post_init__(self) -> None:
        scale = finite_array(f"{self.name}.scale", self.scale)
        shift = finite_array(f"{self.name}.shift", self.shift)
        if scale.ndim != 1:
            raise InputError(f"{self.name}.scale", "of shape (channels,)", f"shape {scale.shape}")
        if shift.shape != scale.shape:
            raise InputError(f"{self.name}.shift", f"of shape {scale.shape}", f"shape {shift.shape}")
        for name, values in (("scale", scale), ("shift", shift)):
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    def __call__(self, *x: Array) -> Array:
        """Outputs of the inputs' shape."""
        (inputs,) = x
        axes = (-1, *(1,) * (inputs.ndim - 2))
        return inputs * self.scale.reshape(axes) + self.shift.reshape(axes)

    def output_shape(self, *shapes: Shape) -> Shape:
        """The input's."""
        shape = sole(self.name, shapes)
        if not shape or shape[0] != len(self.scale):
            raise refused_shape(self.name, f"({len(self.scale)}, ...)", shape)
        return shape
