"""Networks in digital arithmetic: the reference that the array is measured against."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array, whole_number
from rescircuit.errors import InputError
from rescircuit.network.layers.layer import Layer, Shape, refuse_large
from rescircuit.network.layers.summary import COLUMNS, row_texts, shape_text, totals_text
from rescircuit.network.layers.weighted import Dense, WeightedLayer
from rescircuit.network.text_table import text_table

__all__ = ["Network", "checked_inputs"]

_NUMBERS_AT_ONCE = 1 << 21  # 16 MiB: what a batch's part holds in the layers, of the size of processors' caches


@dataclass(frozen=True, eq=False)
class Network:
    """Layers, each of which takes the outputs of earlier ones; the last one's output is the network's.

    Parameters
    ----------
    layers : sequence of Layer
    input_shape : tuple of int, optional
        The shape of one input, channels first, then positions; not needed where the first layer is dense.
    sources : sequence of sequences of int, optional
        For each layer the numbers of the earlier layers whose outputs it takes, -1 for the network's input; by default
        each takes the one before.

    Attributes
    ----------
    shapes : tuple
        The shape of each layer's output.

    Raises
    ------
    InputError
        For layers that do not take what others give, whose output is for nobody, or that would take it before it is
        there.
    """

    layers: Sequence[Layer]
    input_shape: Any = None
    sources: Any = None
    shapes: tuple[Shape, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        layers = _checked_layers(self.layers)
        values = {
            "layers": layers,
            "input_shape": _input_shape(self.input_shape, layers[0]),
            "sources": _checked_sources(self.sources, layers),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "shapes", self._shapes())

    def __repr__(self) -> str:
        shapes = f"{shape_text(self.input_shape)} -> {shape_text(self.output_shape)}"
        return f"Network({shapes}, {len(self.layers)} layers, {self.weights:,} weights)"

    def summary(self) -> str:
        """A table of the layers as text: which layers each takes, what it gives, its weights and multiplications."""
        heads = f"Inputs of shape {shape_text(self.input_shape)}", ""
        table = text_table([COLUMNS, *row_texts(self)], texts=3)
        return "\n".join([*heads, table, "", totals_text(self)])

    def __call__(self, x: Any) -> Array:
        """Outputs (..., *output_shape) for inputs (..., *input_shape), in float64.

        Inputs go through the layers in parts of the batch, so that memory stays within bounds.

        Raises
        ------
        InputError
            For inputs of another shape, or that are not finite.
        """
        inputs, batch = checked_inputs(x, self.input_shape)
        out = np.empty((len(inputs), *self.output_shape))
        count = self.inputs_at_once()
        for first in range(0, len(inputs), count):
            part = slice(first, first + count)
            out[part] = self.run(inputs[part])[-1]
        return out.reshape(*batch, *self.output_shape)

    def run(self, x: Array, apply: Callable[..., Array] | None = None) -> list[Array]:
        """Every layer's output (k, ...) for inputs (k, *input_shape), which are not looked at.

        Parameters
        ----------
        x : array (k, *input_shape)
        apply : callable, optional
            ``apply(number, layer, *inputs)`` gives a layer's output in the place of ``layer(*inputs)``.
        """
        outputs: list[Array] = []
        for number, (layer, sources) in enumerate(zip(self.layers, self.sources, strict=True)):
            inputs = [x if source < 0 else outputs[source] for source in sources]
            outputs.append(layer(*inputs) if apply is None else apply(number, layer, *inputs))
        return outputs

    def inputs_at_once(self, numbers: int = _NUMBERS_AT_ONCE) -> int:
        """How many inputs go through the layers together if these hold about so many numbers, at least one."""
        rows = [1]
        for number in self.weighted:
            layer, (shape,) = self.layers[number], self.source_shapes(number)
            if isinstance(layer, WeightedLayer):
                rows.append(layer.positions(shape) * layer.weight[0].size * layer.groups)
        return max(1, numbers // (sum(math.prod(shape) for shape in self.shapes) + max(rows)))

    def source_shapes(self, number: int) -> tuple[Shape, ...]:
        """The shapes of what layer `number` takes."""
        return tuple(self.input_shape if source < 0 else self.shapes[source] for source in self.sources[number])

    @property
    def output_shape(self) -> Shape:
        """The shape of one output."""
        return self.shapes[-1]

    @property
    def inputs(self) -> int:
        """How many numbers one input has."""
        return math.prod(self.input_shape)

    @property
    def outputs(self) -> int:
        """How many numbers one output has, along its last axis."""
        return self.output_shape[-1]

    @property
    def weighted(self) -> tuple[int, ...]:
        """The numbers of the layers with weights."""
        return tuple(number for number, _ in self.weighted_layers)

    @property
    def weighted_layers(self) -> tuple[tuple[int, WeightedLayer], ...]:
        """The layers with weights, each with its number."""
        return tuple((number, layer) for number, layer in enumerate(self.layers) if isinstance(layer, WeightedLayer))

    @property
    def weights(self) -> int:
        """How many weights all layers have together, biases not counted."""
        return sum(layer.weight.size for _, layer in self.weighted_layers)

    def _shapes(self) -> tuple[Shape, ...]:
        shapes: list[Shape] = []
        for layer, sources in zip(self.layers, self.sources, strict=True):
            taken = (self.input_shape if source < 0 else shapes[source] for source in sources)
            shapes.append(layer.output_shape(*taken))
            refuse_large(f"output of layer '{layer.name}'", shapes[-1])
        return tuple(shapes)


def checked_inputs(x: Any, input_shape: Shape) -> tuple[Array, Shape]:
    """Network inputs as a float64 array (k, *input_shape), and the shape of the batch that they came in.

    Raises
    ------
    InputError
        For what is not finite or of another shape.
    """
    x = finite_array("x", x)
    axes = x.ndim - len(input_shape)
    if axes < 0 or x.shape[axes:] != input_shape:
        raise InputError("x", f"of shape (..., {', '.join(map(str, input_shape))})", f"shape {x.shape}")
    return x.reshape(-1, *input_shape), x.shape[:axes]


def _checked_layers(layers: Any) -> tuple[Layer, ...]:
    layers = tuple(layers) if isinstance(layers, Sequence) else (layers,)
    if not layers:
        raise InputError("layers", "at least one layer", "none")
    for layer in layers:
        if isinstance(layer, type) or not isinstance(layer, Layer):
            raise InputError("layers", "layers, such as Dense or Activation", layer)
    return layers


def _input_shape(shape: Any, first: Layer) -> Shape:
    if shape is None:
        if not isinstance(first, Dense):
            hint = "One input's, such as (1, 28, 28) for images of one channel."
            raise InputError("input_shape", f"given, as layer '{first.name}' takes inputs of many shapes", None, hint)
        return (first.weight.shape[1],)
    sizes = tuple(shape) if isinstance(shape, Sequence | np.ndarray) else (shape,)
    if not sizes:
        raise InputError("input_shape", "at least one whole number", shape)
    checked = tuple(whole_number("input_shape", size, 1) for size in sizes)
    refuse_large("input_shape", checked)
    return checked


def _checked_sources(sources: Any, layers: Sequence[Layer]) -> tuple[tuple[int, ...], ...]:
    if sources is None:
        return tuple((number - 1,) for number in range(len(layers)))
    if not isinstance(sources, Sequence) or not all(isinstance(each, Sequence) for each in sources):
        raise InputError("sources", "for each layer the numbers of those before it", sources)
    if len(sources) != len(layers):
        raise InputError("sources", f"of {len(layers)} layers", len(sources))
    checked = tuple(
        tuple(whole_number(f"sources of layer '{layer.name}'", source, -1, number - 1) for source in taken)
        for number, (layer, taken) in enumerate(zip(layers, sources, strict=True))
    )
    taken = {source for each in checked for source in each}
    for number, layer in enumerate(layers[:-1]):
        if number not in taken:
            raise InputError(f"output of layer '{layer.name}'", "taken by a later layer", "none that takes it")
    return checked
