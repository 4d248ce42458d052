"""GELU as ONNX files before opset 20 have it: x (1 + erf(x / sqrt(2))) / 2, in five nodes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.network.importers.onnx_nodes import Building, Node, Operator, Signal, Values
from rescircuit.network.layers import Activation, Scale, Shape

__all__ = ["OPERATORS", "gelu_of", "one_added", "refuse_rest"]

_CLOSE = 2e-4  # constants may come from half precision, whose sqrt(2) is 1.1e-4 too small


@dataclass(frozen=True, kw_only=True, eq=False)
class _ErrorFunction:
    """Stands for erf(x / sqrt(2)), or one more, until the product with x makes it a GELU: no layer computes it."""

    name: str
    place: str
    plus_one: bool = False

    def output_shape(self, *shapes: Shape) -> Shape:
        """The input's."""
        return shapes[0]

    def __call__(self, *x: Array) -> Array:
        raise NotImplementedError


def _erf(node: Node) -> Signal:
    building, signal = node.building, node.signal()
    layer = building.layer_behind(signal)
    if not isinstance(layer, Scale) or layer.shift.any() or not np.allclose(layer.scale, math.sqrt(0.5), rtol=_CLOSE):
        raise node.refused("a part of GELU, of x / sqrt(2)", "another argument")
    building.layers[signal.number] = _ErrorFunction(name=node.name, place=node.place)
    return signal


def one_added(node: Node, signal: Signal, shift: Values) -> bool:
    """Whether a constant that is added to a signal is GELU's one, which is then kept in mind."""
    layer = node.building.layer_behind(signal)
    if not isinstance(layer, _ErrorFunction) or layer.plus_one or shift.size != 1 or shift.item() != 1.0:
        return False
    node.building.layers[signal.number] = replace(layer, plus_one=True)
    return True


def gelu_of(node: Node, gate: Signal, signal: Signal) -> Signal | None:
    """Twice the GELU of a signal, if `gate` is one more than its error function."""
    building = node.building
    layer = building.layer_behind(gate)
    if not isinstance(layer, _ErrorFunction) or not layer.plus_one or building.sources[gate.number] != (signal.number,):
        return None
    building.layers[gate.number] = Activation(kind="gelu", name=layer.name)
    ones = np.ones(signal.shape[0])
    return building.add(Scale(scale=2.0 * ones, shift=0.0 * ones, name=node.name), gate)


def refuse_rest(building: Building) -> None:
    """Raise for an error function that did not become part of a GELU."""
    for layer in building.layers:
        if isinstance(layer, _ErrorFunction):
            raise InputError(layer.place, "a part of GELU, x (1 + erf(x / sqrt(2))) / 2", "another use of it")


OPERATORS = {"Erf": Operator(convert=_erf)}
