"""ONNX operators that arrange numbers: flattening, constants, and the shapes that exporters compute in the graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from rescircuit.network.importers.onnx_nodes import Node, Operator, Signal, Values
from rescircuit.network.importers.onnx_tensors import type_name
from rescircuit.network.importers.representable import filled_in, flattened_from
from rescircuit.network.layers import Flatten, Shape

__all__ = ["OPERATORS"]

_BATCH = -(1 << 40)  # the size of the batch in shapes computed in the graph, which is known only when a network is used
_MOST_SIZES = 64  # numbers in such a shape
_MOST_AXES = 8


def _flatten(node: Node) -> Signal:
    signal, axis = node.signal(), node.attributes["axis"]
    rank = len(signal.shape) + 1
    if axis not in (1, 1 - rank):
        raise node.refused("one along all axes behind the batch's", f"axis {axis}")
    return _reshaped(node, signal, (math.prod(signal.shape),))


def _reshape(node: Node) -> Signal | Values:
    sizes = node.whole_numbers("shape", 1)
    if sizes is None or (node.attributes["allowzero"] and 0 in sizes):
        raise node.refused("one with a constant shape without sizes of 0", sizes)
    if node.is_constant():
        return _constant(node, lambda values: values.reshape([_kept(values.shape, k, n) for k, n in enumerate(sizes)]))
    signal = node.signal()
    open_or_batch = [_BATCH, -1, 0] if node.building.batch is None else [_BATCH, -1, 0, node.building.batch]
    wanted = [_kept((0, *signal.shape), k, n) for k, n in enumerate(sizes)]
    if not sizes or sizes[0] not in open_or_batch or wanted[1:].count(-1) + (sizes[0] == -1) > 1:
        raise node.refused("a shape whose first size is the batch's", sizes)
    return _reshaped(node, signal, filled_in(wanted[1:], math.prod(signal.shape)))


def _kept(shape: Sequence[int], place: int, size: int) -> int:
    """A size of 0 in Reshape stands for the input's at that place."""
    return shape[place] if size == 0 and place < len(shape) else size


def _squeeze(node: Node) -> Signal | Values:
    axes = node.whole_numbers("axes", 1)
    if node.is_constant():
        return _constant(node, lambda values: np.squeeze(values, None if axes is None else tuple(axes)))
    signal = node.signal()
    if axes is None:
        raise node.refused("one that names its axes", "none", "The batch may be of one input.")
    rank = len(signal.shape) + 1
    axes = [axis + rank if axis < 0 else axis for axis in axes]
    if not all(1 <= axis < rank and signal.shape[axis - 1] == 1 for axis in axes):
        raise node.refused(f"one of axes of size 1 of {('batch', *signal.shape)}", f"axes {axes}")
    return _reshaped(node, signal, tuple(size for axis, size in enumerate(signal.shape, 1) if axis not in axes))


def _unsqueeze(node: Node) -> Values:
    axes = node.whole_numbers("axes", 1)
    if axes is None or len(axes) > _MOST_AXES or not node.is_constant():
        raise node.refused("one of constants", "the output of a layer", "Axes cannot be added to what layers give.")
    return _constant(node, lambda values: np.expand_dims(values, tuple(axes)))


def _reshaped(node: Node, signal: Signal, shape: Shape) -> Signal:
    """The signal in another shape: the same, or its last axes as one."""
    if shape == signal.shape:
        return signal
    start = flattened_from(signal.shape, shape)
    if start is None:
        required = "one that makes one axis of the last ones, behind the batch's"
        raise node.refused(required, f"shape {signal.shape} to {shape}")
    return node.building.add(Flatten(start=start, name=node.name), signal)


def _identity(node: Node) -> Signal | Values:
    return _constant(node, lambda values: values) if node.is_constant() else node.signal()


def _dropout(node: Node) -> Signal | Values:
    if node.has(2) and (not node.is_constant(2) or np.asarray(node.inputs[2]).any()):
        raise node.refused("one for inference", "training_mode", "Export the model in its evaluation mode.")
    return node.signal()


def _transpose(node: Node) -> Signal | Values:
    perm = node.attributes["perm"]
    if node.is_constant():
        return _constant(node, lambda values: np.transpose(values, perm))
    signal = node.signal()
    if perm != list(range(len(signal.shape) + 1)):
        raise node.refused("one of constants", f"perm {perm} of the output of a layer")
    return signal


def _value(node: Node) -> Values:
    given = [(name, value) for name, value in node.attributes.items() if value is not None]
    if len(given) != 1:
        raise node.refused(f"one with one of {', '.join(node.attributes)}", [name for name, _ in given])
    dtype = {"value_float": np.float64, "value_floats": np.float64, "value_int": np.int64, "value_ints": np.int64}
    name, value = given[0]
    return _constant(node, lambda _: np.asarray(value, dtype.get(name)), np.empty(0))


def _shape(node: Node) -> Values:
    """The size of the batch is not known: it stays a mark that only Reshape understands."""
    sizes = np.array([_BATCH, *node.signal().shape], np.int64)
    return sizes[node.attributes["start"] : node.attributes["end"]]


def _gather(node: Node) -> Values:
    sizes, places = _sizes(node, 0), _sizes(node, 1)
    if node.attributes["axis"] or sizes.ndim != 1:
        raise node.refused("one of sizes of a shape", f"shape {sizes.shape}")
    return _constant(node, lambda values: values[places], sizes)


def _concat(node: Node) -> Values:
    parts = [_sizes(node, number) for number in range(len(node.inputs))]
    if sum(part.size for part in parts) > _MOST_SIZES:
        raise node.refused(f"one of at most {_MOST_SIZES} sizes of a shape", "more")
    return _constant(node, lambda _: np.concatenate(parts), np.empty(0))


def _sizes(node: Node, number: int) -> Values:
    values = node.inputs[number] if node.has(number) else None
    if not isinstance(values, np.ndarray) or values.dtype.kind != "i" or values.size > _MOST_SIZES:
        raise node.refused("one of sizes of a shape", "other things")
    return values


def _cast(node: Node) -> Signal | Values:
    """Between kinds of floats nothing changes: all are computed in double precision."""
    kinds = {"f": ("FLOAT", "DOUBLE"), "i": ("INT64",)}
    kind = np.asarray(node.inputs[0]).dtype.kind if node.is_constant() else "f"
    wanted = None if node.attributes["to"] is None else type_name(node.attributes["to"])
    if wanted not in kinds.get(kind, ()):
        raise node.refused("one from floats to FLOAT or DOUBLE, or from whole numbers to INT64", wanted)
    return _identity(node)


def _constant(node: Node, change: Callable[[Values], Values], given: Values | None = None) -> Values:
    """What becomes of an array of constants, the node's first input unless given; InputError where NumPy refuses."""
    values: Values = np.asarray(node.inputs[0]) if given is None else given
    try:
        changed = np.asarray(change(values))
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise node.refused("one that suits its constants", f"shape {values.shape}", f"{error}.") from None
    if changed.ndim > _MOST_AXES:
        raise node.refused(f"one of at most {_MOST_AXES} axes", changed.ndim)
    node.building.count(changed.size, node.name)
    return changed


OPERATORS = {
    "Flatten": Operator(convert=_flatten, attributes={"axis": 1}),
    "Reshape": Operator(convert=_reshape, attributes={"shape": list, "allowzero": 0}),
    "Squeeze": Operator(convert=_squeeze, attributes={"axes": list}),
    "Unsqueeze": Operator(convert=_unsqueeze, attributes={"axes": list}),
    "Identity": Operator(convert=_identity),
    "Dropout": Operator(convert=_dropout, attributes={"ratio": 0.5, "seed": 0}),
    "Transpose": Operator(convert=_transpose, attributes={"perm": list}),
    "Constant": Operator(
        convert=_value,
        attributes={
            "value": np.ndarray,
            "value_float": float,
            "value_floats": list,
            "value_int": int,
            "value_ints": list,
        },
    ),
    "Shape": Operator(convert=_shape, attributes={"start": 0, "end": int}),
    "Gather": Operator(convert=_gather, attributes={"axis": 0}),
    "Concat": Operator(convert=_concat, attributes={"axis": int}),
    "Cast": Operator(convert=_cast, attributes={"to": int, "saturate": 1, "round_mode": "up"}),
}
