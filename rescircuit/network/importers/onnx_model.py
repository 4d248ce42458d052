"""Networks from ONNX files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rescircuit.checks import whole_number
from rescircuit.errors import InputError
from rescircuit.network.importers import onnx_activations, onnx_gelu, onnx_shapes, onnx_weighted, onnx_windows
from rescircuit.network.importers.batch_norm import folded
from rescircuit.network.importers.onnx_bytes import read_model
from rescircuit.network.importers.onnx_graph import OnnxGraph, graph_of, is_of_onnx, place_of
from rescircuit.network.importers.onnx_nodes import Building, Node, Operator, Signal, Values
from rescircuit.network.importers.onnx_tensors import first_words, tensor_array
from rescircuit.network.layers import Network, Shape

__all__ = ["from_onnx"]

_OPERATORS: dict[str, Operator] = {
    **onnx_activations.OPERATORS,
    **onnx_gelu.OPERATORS,
    **onnx_shapes.OPERATORS,
    **onnx_weighted.OPERATORS,
    **onnx_windows.OPERATORS,
}
_MOST_NAMED = 12  # nodes that one message names
_SMALLEST_SHARE = 1 << 24  # constants that any file may have, however small it is


def from_onnx(path: str | Path, input_shape: Sequence[int] | None = None) -> Network:
    """The network of an ONNX file, opsets 7 to 28, with one input and one output.

    Batch normalisations, and constants that are added or multiplied, are folded into the weights before them where
    that is exact. Nodes that the output does not need are left out. What the file says of its batch is not kept: a
    network takes any number of inputs.

    Parameters
    ----------
    path : str or Path
        The file is not trusted: its size and declared sizes are checked before memory is taken, nothing outside it is
        read, and names are kept to letters, digits and ``_ - .``.
    input_shape : tuple of int, optional
        Of one input, without the batch, such as ``(3, 32, 32)``: for files that leave sizes open. It must agree with
        those that the file gives.

    Raises
    ------
    InputError
        For an unreadable or damaged file, operators that no layer stands for (all are named), and whatever else is
        beyond a network of layers: subgraphs, several inputs, open sizes that are not given, external data.
    MissingToolError
        Without the package onnx (``pip install 'rescircuit[onnx]'``).
    """
    if not isinstance(path, str | Path):
        raise InputError("path", "the path of an ONNX file", path)
    model, size = read_model(Path(path))
    return _network_of(graph_of(model, _checked_shape(input_shape)), size)


def _checked_shape(sizes: Any) -> Shape | None:
    if sizes is None:
        return None
    if not isinstance(sizes, Sequence) or isinstance(sizes, str) or not 1 <= len(sizes) <= 3:
        raise InputError("input_shape", "one to three sizes, such as (3, 32, 32)", sizes)
    return tuple(whole_number("input_shape", size, 1) for size in sizes)


def _network_of(graph: OnnxGraph, file_size: int) -> Network:
    _refuse_unsupported(graph)
    building = Building(
        input_shape=graph.input_shape,
        batch=graph.batch,
        opset=graph.opset,
        most_weights=2 * file_size + _SMALLEST_SHARE,  # a number takes two bytes or more, and may be changed once
    )
    values: dict[str, Signal | Values] = {graph.input_name: Signal(number=-1, shape=graph.input_shape)}
    for number, proto in graph.nodes:
        values[proto.output[0]] = _converted(number, proto, graph, building, values)
    result = values[graph.output_name]
    if not isinstance(result, Signal) or not building.layers or result.number != len(building.layers) - 1:
        raise InputError("output of the file", "computed from its input by at least one layer", "none")
    _check_declared(graph, result)
    onnx_gelu.refuse_rest(building)
    return folded(Network(tuple(building.layers), input_shape=graph.input_shape, sources=tuple(building.sources)))


def _refuse_unsupported(graph: OnnxGraph) -> None:
    """One message for all nodes whose operators no layer stands for."""
    unknown = [
        place_of(number, graph.total, node)
        for number, node in graph.nodes
        if not is_of_onnx(node) or node.op_type not in _OPERATORS
    ]
    if unknown:
        named = ", ".join(unknown[:_MOST_NAMED])
        more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
        required = "made of what a network can represent"
        raise InputError("nodes of the file", required, f"{len(unknown)} others", f"Unsupported: {named}{more}.")


def _converted(
    number: int, proto: Any, graph: OnnxGraph, building: Building, values: dict[str, Signal | Values]
) -> Signal | Values:
    place = place_of(number, graph.total, proto)
    operator = _OPERATORS[proto.op_type]
    attributes = operator.attributes_of(proto, place)
    name = building.free_name(proto.name or proto.output[0], proto.op_type)
    inputs = tuple(_taken(taken, graph, values) for taken in proto.input)
    node = Node(place=place, name=name, inputs=inputs, attributes=attributes, building=building)
    return operator.convert(node)


def _taken(name: str, graph: OnnxGraph, values: dict[str, Signal | Values]) -> Signal | Values | None:
    if not name:
        return None
    if name in graph.tensors:
        return tensor_array(graph.tensors[name], f"initialiser {first_words(name)}")
    value = values[name]
    if isinstance(value, Signal) and graph.uses[name] > 1:
        return Signal(number=value.number, shape=value.shape, shared=True)
    return value


def _check_declared(graph: OnnxGraph, result: Signal) -> None:
    """What the file says of its output's shape shows whether it was understood."""
    declared = graph.output_shape
    if declared is None:
        return
    agrees = len(declared) == len(result.shape) and all(
        size in (None, computed) for size, computed in zip(declared, result.shape, strict=True)
    )
    if not agrees:
        raise InputError("output of the file", f"of shape {result.shape}, as its nodes give it", f"shape {declared}")
