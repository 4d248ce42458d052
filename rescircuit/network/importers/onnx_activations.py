"""ONNX operators that are functions of single numbers, and the softmax."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rescircuit.network.importers.onnx_nodes import Node, Operator, Signal
from rescircuit.network.importers.representable import clipping
from rescircuit.network.layers import Activation

__all__ = ["OPERATORS"]

_NO_THRESHOLD = 1e3  # far above 37, from where on softplus(x) is x in double precision


def _activation(kind: str, *attributes: str) -> Callable[[Node], Signal]:
    """The conversion to an activation whose parameters are these attributes."""

    def convert(node: Node) -> Signal:
        parameters = [node.attributes[name] for name in attributes]
        return node.building.add(Activation(kind=kind, parameters=parameters, name=node.name), node.signal())

    return convert


def _gelu(node: Node) -> Signal:
    kinds = {"none": "gelu", "tanh": "gelu_tanh"}
    if node.attributes["approximate"] not in kinds:
        raise node.refused("one whose approximate is none or tanh", node.attributes["approximate"])
    return _activation(kinds[node.attributes["approximate"]])(node)


def _softplus(node: Node) -> Signal:
    layer = Activation(kind="softplus", parameters=(1.0, _NO_THRESHOLD), name=node.name)
    return node.building.add(layer, node.signal())


def _swish(node: Node) -> Signal:
    if node.attributes["alpha"] != 1.0:
        raise node.refused("one whose alpha is 1", node.attributes["alpha"])
    return _activation("silu")(node)


def _clip(node: Node) -> Signal:
    low, high = (_bound(node, name, number) for name, number in (("min", 1), ("max", 2)))
    if low is not None and high is not None and low > high:
        raise node.refused("one whose min is at most its max", f"{low:g} and {high:g}")
    return node.building.add(clipping(node.name, low, high), node.signal())


def _bound(node: Node, name: str, number: int) -> float | None:
    """A limit of Clip: an attribute before version 11, an input since."""
    if not node.has(number):
        return node.attributes[name]
    values = node.floats(number)
    if values.size != 1 or np.isnan(values).any():
        raise node.refused(f"one whose {name} is one number", f"shape {values.shape}")
    return float(values.item())


def _softmax(kind: str) -> Callable[[Node], Signal]:
    def convert(node: Node) -> Signal:
        signal, given = node.signal(), node.attributes["axis"]
        rank = len(signal.shape) + 1
        old = node.building.opset < 13  # then all axes from this one on were taken together
        axis = (1 if old else -1) if given is None else given
        axis = axis + rank if axis < 0 else axis
        if not 1 <= axis < rank or (old and any(size != 1 for size in signal.shape[axis:])):
            raise node.refused("one along a single axis of each input", f"axis {given} of shape {signal.shape}")
        return node.building.add(Activation(kind=kind, parameters=(axis - 1,), name=node.name), signal)

    return convert


OPERATORS = {
    "Relu": Operator(convert=_activation("relu")),
    "LeakyRelu": Operator(convert=_activation("leaky_relu", "alpha"), attributes={"alpha": 0.01}),
    "Elu": Operator(convert=_activation("elu", "alpha"), attributes={"alpha": 1.0}),
    "Gelu": Operator(convert=_gelu, attributes={"approximate": "none"}),
    "Swish": Operator(convert=_swish, attributes={"alpha": 1.0}),
    "Sigmoid": Operator(convert=_activation("logistic")),
    "Tanh": Operator(convert=_activation("tanh")),
    "HardSigmoid": Operator(
        convert=_activation("hardsigmoid", "alpha", "beta"), attributes={"alpha": 0.2, "beta": 0.5}
    ),
    "HardSwish": Operator(convert=_activation("hardswish")),
    "Softplus": Operator(convert=_softplus),
    "Clip": Operator(convert=_clip, attributes={"min": float, "max": float}),
    "Softmax": Operator(convert=_softmax("softmax"), attributes={"axis": int}),
    "LogSoftmax": Operator(convert=_softmax("log_softmax"), attributes={"axis": int}),
}
