"""ONNX operators with weights or constants for each channel: Gemm, MatMul, Conv, BatchNormalization, arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rescircuit.network.importers.batch_norm import batch_norm
from rescircuit.network.importers.onnx_gelu import gelu_of, one_added
from rescircuit.network.importers.onnx_nodes import Node, Operator, Signal, Values
from rescircuit.network.importers.onnx_windows import WINDOW, window_of
from rescircuit.network.importers.representable import differing_axes
from rescircuit.network.layers import Activation, Add, Conv, Dense, Scale, Shape

__all__ = ["OPERATORS"]

_ONE, _ZERO = np.array(1.0), np.array(0.0)


def _gemm(node: Node) -> Signal:
    signal, weight = node.signal(), node.floats(1)
    if node.attributes["transA"] or len(signal.shape) != 1:
        raise node.refused("a product of (batch, inputs) with weights", f"shape {('batch', *signal.shape)}, transA")
    weight = _matrix(node, weight if node.attributes["transB"] else weight.T)
    bias = None
    if node.has(2):
        bias = node.attributes["beta"] * _for_last_axis(node, node.floats(2), len(weight))
    layer = Dense(weight=node.attributes["alpha"] * weight, bias=bias, name=node.name)
    return node.building.add(layer, signal)


def _matmul(node: Node) -> Signal:
    return node.building.add(Dense(weight=_matrix(node, node.floats(1).T), name=node.name), node.signal())


def _matrix(node: Node, weight: Values) -> Values:
    if weight.ndim != 2:
        raise node.refused("a product with a matrix", f"shape {weight.shape}")
    return weight


def _for_last_axis(node: Node, values: Values, length: int) -> Values:
    if values.size not in (1, length) or any(size != 1 for size in values.shape[:-1]):
        raise node.refused(f"one with a bias for each of {length} outputs", f"shape {values.shape}")
    return np.broadcast_to(values.ravel(), (length,))


def _conv(node: Node) -> Signal:
    signal, weight = node.signal(), node.floats(1)
    kernel = weight.shape[2:]
    if len(kernel) not in (1, 2) or len(kernel) != len(signal.shape) - 1:
        raise node.refused("a convolution over one or two axes of positions", f"shape {weight.shape}")
    if node.attributes["kernel_shape"] not in (None, list(kernel)):
        raise node.refused(f"one whose kernel_shape is {list(kernel)}, its weights'", node.attributes["kernel_shape"])
    layer = Conv(
        weight=weight,
        bias=node.floats(2) if node.has(2) else None,
        groups=node.attributes["group"],
        name=node.name,
        **window_of(node, kernel, signal.shape[1:]),
    )
    return node.building.add(layer, signal)


def _batch_normalisation(node: Node) -> Signal:
    signal = node.signal()
    if node.attributes["training_mode"] or not node.attributes["spatial"]:
        raise node.refused("one for inference, a value for each channel", "training_mode or spatial=0")
    weight, bias, mean, variance = (node.floats(number) for number in range(1, 5))
    epsilon = node.attributes["epsilon"]
    layer = batch_norm(node.name, mean=mean, variance=variance, epsilon=epsilon, weight=weight, bias=bias)
    return node.building.add(layer, signal)


def _add(node: Node) -> Signal:
    if len(node.inputs) == 2 and (node.is_constant(0) or node.is_constant(1)):
        number = int(node.is_constant(1))
        signal, shift = node.signal(1 - number), node.floats(number)
        return signal if one_added(node, signal, shift) else _scaled(node, signal, shift=shift)
    signals = [node.signal(number) for number in range(len(node.inputs))]
    if len(signals) == 1:
        return signals[0]
    return node.building.add(Add(name=node.name), *signals)


def _sub(node: Node) -> Signal:
    if node.is_constant(0):
        return _scaled(node, node.signal(1), scale=-_ONE, shift=node.floats(0))
    return _scaled(node, node.signal(0), shift=-node.floats(1))


def _mul(node: Node) -> Signal:
    for number in (0, 1):
        if node.is_constant(number):
            return _scaled(node, node.signal(1 - number), scale=node.floats(number))
    return _gated(node, node.signal(0), node.signal(1))


def _div(node: Node) -> Signal:
    divisor = node.floats(1)
    if not divisor.all():
        raise node.refused("a division by other numbers than 0", 0.0)
    return _scaled(node, node.signal(0), scale=1.0 / divisor)


def _gated(node: Node, first: Signal, second: Signal) -> Signal:
    """x times a function of x: what older versions of ONNX had for SiLU, Hardswish and GELU."""
    building = node.building
    for gate, signal in ((first, second), (second, first)):
        gelu = gelu_of(node, gate, signal)
        if gelu is not None:
            return gelu
        layer = building.layer_behind(gate)
        if not isinstance(layer, Activation) or building.sources[gate.number] != (signal.number,):
            continue
        kind = {"logistic": "silu", "hardsigmoid": "hardswish"}.get(layer.kind)
        if kind == "silu" or (kind and np.allclose(layer.parameters, (1 / 6, 0.5), rtol=1e-6, atol=0.0)):
            building.layers[gate.number] = Activation(kind=kind, name=layer.name)
            return gate
    raise node.refused("a product with constants, or of x with its sigmoid", "a product of two layers' outputs")


def _scaled(node: Node, signal: Signal, *, scale: Values = _ONE, shift: Values = _ZERO) -> Signal:
    """The signal times constants plus constants: in the weights before it, or as a layer of its own."""
    axes = {axis for values in (scale, shift) for axis in _axes(node, values, signal.shape)}
    layer = node.building.layer_behind(signal)
    if isinstance(layer, Dense) and axes <= {len(signal.shape) - 1}:  # its channels are on the last axis, not the first
        factors, shifts = (np.broadcast_to(values.ravel(), layer.bias.shape) for values in (scale, shift))
        weight, bias = layer.weight * factors[:, np.newaxis], layer.bias * factors + shifts
        node.building.layers[signal.number] = replace(layer, weight=weight, bias=bias)
        return signal
    if not axes <= {0}:
        raise node.refused("one with a constant for each channel", "constants for positions")
    channels = (signal.shape[0],)
    factors, shifts = (np.broadcast_to(values.ravel(), channels) for values in (scale, shift))
    if isinstance(layer, Scale):
        return _rescaled(node, signal, factors * layer.scale, layer.shift * factors + shifts)
    return node.building.add(Scale(scale=factors, shift=shifts, name=node.name), signal)


def _rescaled(node: Node, signal: Signal, scale: Values, shift: Values) -> Signal:
    """The signal with its scale replaced, or without a layer for it where it would change nothing."""
    layers, sources = node.building.layers, node.building.sources
    if np.all(scale == 1.0) and not shift.any() and signal.number == len(layers) - 1 and signal.number:
        layers.pop()
        return replace(signal, number=sources.pop()[0], shared=True)  # others may take what it took
    layers[signal.number] = Scale(scale=scale, shift=shift, name=layers[signal.number].name)
    return signal


def _axes(node: Node, values: Values, shape: Shape) -> tuple[int, ...]:
    """The one axis of an input along which constants differ, or none."""
    axes = differing_axes(values.shape, shape)
    if axes is None or len(axes) > 1:
        raise node.refused(f"one with a constant for each channel of {shape}", f"shape {values.shape}")
    return axes


OPERATORS = {
    "Gemm": Operator(convert=_gemm, attributes={"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 0}),
    "MatMul": Operator(convert=_matmul),
    "Conv": Operator(convert=_conv, attributes={**WINDOW, "kernel_shape": list, "group": 1}),
    "BatchNormalization": Operator(
        convert=_batch_normalisation,
        attributes={"epsilon": 1e-5, "momentum": 0.9, "spatial": 1, "training_mode": 0},
    ),
    "Add": Operator(convert=_add),
    "Sum": Operator(convert=_add),
    "Sub": Operator(convert=_sub),
    "Mul": Operator(convert=_mul),
    "Div": Operator(convert=_div),
}
