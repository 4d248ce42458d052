"""What a layer file may say: the kinds of layers, and the fields of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool

from rescircuit.checks import whole_number
from rescircuit.devices.processes import Section
from rescircuit.errors import InputError
from rescircuit.network.layers import (
    Activation,
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    Add,
    AvgPool,
    Conv,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    Scale,
)

__all__ = ["INPUT", "LayerFile", "LayerSections", "checked_name", "section_of"]

INPUT = "input"  # what layers call the network's input
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:")


def checked_name(name: str, argument: str = "value") -> str:
    """A layer's name if it can stand in files: it becomes part of arrays' names and, perhaps, of files'.

    Raises
    ------
    InputError
        For characters of paths and the like, and for the name of the network's input.
    """
    if name == INPUT:
        raise InputError(argument, f'a name other than "{INPUT}", which is the network\'s input', name)
    if not 0 < len(name) <= 100 or not set(name) <= _LETTERS or name[0] in ".-:" or ".." in name:
        required = (
            "a name of at most 100 letters, digits, _, -, : and single dots that begins with one of the first three"
        )
        raise InputError(argument, required, name)
    return name


Name = Annotated[str, AfterValidator(checked_name)]
Size = Annotated[int, BeforeValidator(lambda value: whole_number("value", value, 1))]
Numbers = Any  # one or an array of them: the layer itself looks at what it is given


class LayerSection(Section):
    """A layer of the file. Fields left out are as the layer has them by default.

    Attributes
    ----------
    layer_type : callable
        The layer that it describes.
    needed, optional : tuple of str
        The arrays of the layer, which the file with the weights holds as ``NAME.weight`` and so on.
    """

    layer_type: ClassVar[Callable[..., Layer]]
    needed: ClassVar[tuple[str, ...]] = ()
    optional: ClassVar[tuple[str, ...]] = ()

    inputs: Annotated[list[str], Field(min_length=1, max_length=1000)] | None = None

    def make(self, arrays: Mapping[str, Any]) -> Layer:
        """The layer with its arrays, by their names in it."""
        return type(self).layer_type(**self._fields(), **arrays)

    def _fields(self) -> dict[str, Any]:
        given = {name: getattr(self, name) for name in self.model_fields_set - {"kind", "inputs"}}
        return {name: value for name, value in given.items() if value is not None}


class _Weighted(LayerSection):
    """What layers with arrays share."""

    name: Name


class _Unweighted(LayerSection):
    """What layers without arrays share."""

    name: Name | None = None


class DenseSection(_Weighted):
    """``dense``, with the arrays ``NAME.weight`` and perhaps ``NAME.bias``."""

    layer_type = Dense
    needed, optional = ("weight",), ("bias",)
    kind: Literal["dense"]


class ConvSection(_Weighted):
    """``conv``, likewise."""

    layer_type = Conv
    needed, optional = ("weight",), ("bias",)
    kind: Literal["conv"]
    stride: Numbers = 1
    padding: Numbers = 0
    dilation: Numbers = 1
    groups: Numbers = 1


class ScaleSection(_Weighted):
    """``scale``, with the arrays ``NAME.scale`` and ``NAME.shift``."""

    layer_type = Scale
    needed = ("scale", "shift")
    kind: Literal["scale"]


class _WindowPooling(_Unweighted):
    """What poolings by windows of one size share."""

    kernel: Numbers
    stride: Numbers = None
    padding: Numbers = 0
    dilation: Numbers = 1
    ceil_mode: StrictBool = False


class MaxPoolSection(_WindowPooling):
    """``max_pool``."""

    layer_type = MaxPool
    kind: Literal["max_pool"]


class AvgPoolSection(_WindowPooling):
    """``avg_pool``."""

    layer_type = AvgPool
    kind: Literal["avg_pool"]
    count_include_pad: StrictBool = True


class AdaptiveMaxPoolSection(_Unweighted):
    """``adaptive_max_pool``."""

    layer_type = AdaptiveMaxPool
    kind: Literal["adaptive_max_pool"]
    output: Numbers


class AdaptiveAvgPoolSection(_Unweighted):
    """``adaptive_avg_pool``."""

    layer_type = AdaptiveAvgPool
    kind: Literal["adaptive_avg_pool"]
    output: Numbers


class FlattenSection(_Unweighted):
    """``flatten``."""

    layer_type = Flatten
    kind: Literal["flatten"]
    start: Numbers = 0


class AddSection(_Unweighted):
    """``add``."""

    layer_type = Add
    kind: Literal["add"]


class ActivationSection(_Unweighted):
    """``relu`` and the other kinds of :class:`~rescircuit.network.layers.Activation`."""

    layer_type = Activation
    kind: Literal[
        "identity",
        "relu",
        "leaky_relu",
        "elu",
        "gelu",
        "gelu_tanh",
        "silu",
        "tanh",
        "logistic",
        "hardtanh",
        "softplus",
        "hardswish",
        "hardsigmoid",
        "softmax",
        "log_softmax",
    ]
    parameters: tuple[Any, ...] = ()

    def _fields(self) -> dict[str, Any]:
        return {"kind": self.kind, **super()._fields()}


LayerSections = (
    DenseSection
    | ConvSection
    | ScaleSection
    | MaxPoolSection
    | AvgPoolSection
    | AdaptiveMaxPoolSection
    | AdaptiveAvgPoolSection
    | FlattenSection
    | AddSection
    | ActivationSection
)


class LayerFile(Section):
    """A layer file: the shape of one input, and the layers in their order."""

    input: Annotated[list[Size], Field(min_length=1, max_length=8)]
    layers: Annotated[
        list[Annotated[LayerSections, Field(discriminator="kind")]], Field(min_length=1, max_length=10_000)
    ]


def section_of(layer: Layer) -> type[LayerSections]:
    """The section that describes a layer.

    Raises
    ------
    InputError
        For a layer of somebody's own.
    """
    for section in get_args(LayerSections):
        if type(layer) is section.layer_type:
            return section
    raise InputError(f"layer {layer.name}", "of a kind that files know", type(layer).__name__)
