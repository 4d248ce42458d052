"""ONNX operators on windows of positions: pooling, and what convolutions share with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rescircuit.network.importers.onnx_nodes import Node, Operator, Signal
from rescircuit.network.importers.representable import over_positions
from rescircuit.network.layers import AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, Flatten, MaxPool, Shape

__all__ = ["OPERATORS", "WINDOW", "window_of"]

WINDOW = {"auto_pad": "NOTSET", "pads": list, "strides": list, "dilations": list}

_LARGEST = 1 << 14  # positions of a window, of its padding or its stride


def window_of(node: Node, kernel: Sequence[int], positions: Shape) -> dict[str, Any]:
    """Stride, padding in pairs, and dilation of a node, as layers take them."""
    axes = len(kernel)
    for name, least, count in (("strides", 1, axes), ("dilations", 1, axes), ("pads", 0, 2 * axes)):
        _check(node, name, node.attributes[name], least, count)
    _check(node, "kernel_shape", list(kernel), 1, len(positions))
    strides = node.attributes["strides"] or [1] * axes
    dilations = node.attributes["dilations"] or [1] * axes
    pads = node.attributes["pads"] or [0] * 2 * axes
    padding = list(zip(pads[:axes], pads[axes:], strict=True))
    auto = node.attributes["auto_pad"]
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        spans = [(size - 1) * step + 1 for size, step in zip(kernel, dilations, strict=True)]
        padding = [
            _same(length, span, stride, auto == "SAME_UPPER")
            for length, span, stride in zip(positions, spans, strides, strict=True)
        ]
    elif auto == "VALID":
        padding = [(0, 0)] * axes
    elif auto != "NOTSET":
        raise node.refused("one whose auto_pad is NOTSET, SAME_UPPER, SAME_LOWER or VALID", auto)
    return {"stride": strides, "padding": padding, "dilation": dilations}


def _check(node: Node, name: str, values: list[int] | None, least: int, count: int) -> None:
    if values is not None and (len(values) != count or not all(least <= value <= _LARGEST for value in values)):
        raise node.refused(f"one whose {name} are {count} numbers from {least} to {_LARGEST}", values)


def _same(length: int, span: int, stride: int, upper: bool) -> tuple[int, int]:
    """Padding (before, after) by which there are ceil(length / stride) windows; the odd one is after if `upper`."""
    total = max((-(-length // stride) - 1) * stride + span - length, 0)
    less, more = total // 2, total - total // 2
    return (less, more) if upper else (more, less)


def _pooling(node: Node) -> tuple[Signal, dict[str, Any]]:
    """The input of a pooling, and its arguments."""
    signal, kernel = node.signal(), node.attributes["kernel_shape"]
    if kernel is None or len(signal.shape) not in (2, 3):
        raise node.refused("a pooling with kernel_shape over one or two axes of positions", f"shape {signal.shape}")
    window = window_of(node, kernel, signal.shape[1:])
    return signal, {"kernel": kernel, "ceil_mode": bool(node.attributes["ceil_mode"]), "name": node.name, **window}


def _max_pool(node: Node) -> Signal:
    signal, arguments = _pooling(node)
    return node.building.add(MaxPool(**arguments), signal)


def _average_pool(node: Node) -> Signal:
    signal, arguments = _pooling(node)
    counted = bool(node.attributes["count_include_pad"])
    return node.building.add(AvgPool(count_include_pad=counted, **arguments), signal)


def _global_average_pool(node: Node) -> Signal:
    signal = node.signal()
    return node.building.add(AdaptiveAvgPool(output=1, axes=_axes(node, signal), name=node.name), signal)


def _global_max_pool(node: Node) -> Signal:
    signal = node.signal()
    return node.building.add(AdaptiveMaxPool(output=1, axes=_axes(node, signal), name=node.name), signal)


def _reduce_mean(node: Node) -> Signal:
    """The mean over all positions, which some exporters write for global pooling."""
    signal = node.signal()
    count = _axes(node, signal)
    axes = node.whole_numbers("axes", 1)
    if axes is None or not over_positions(axes, signal.shape):
        raise node.refused("a mean over all axes of positions", f"axes {axes}")
    pooled = node.building.add(AdaptiveAvgPool(output=1, axes=count, name=node.name), signal)
    if node.attributes["keepdims"]:
        return pooled
    return node.building.add(Flatten(name=node.building.free_name(f"{node.name}.flatten", "flatten")), pooled)


def _axes(node: Node, signal: Signal) -> int:
    if len(signal.shape) not in (2, 3):
        raise node.refused("a pooling over one or two axes of positions", f"shape {signal.shape}")
    return len(signal.shape) - 1


_POOL = {**WINDOW, "kernel_shape": list, "ceil_mode": 0}

OPERATORS = {
    "MaxPool": Operator(convert=_max_pool, attributes={**_POOL, "storage_order": 0}),
    "AveragePool": Operator(convert=_average_pool, attributes={**_POOL, "count_include_pad": 0}),
    "GlobalAveragePool": Operator(convert=_global_average_pool),
    "GlobalMaxPool": Operator(convert=_global_max_pool),
    "ReduceMean": Operator(convert=_reduce_mean, attributes={"axes": list, "keepdims": 1, "noop_with_empty_axes": 0}),
}
