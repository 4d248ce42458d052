"""The graph of an ONNX model: one input, one output, and the nodes between them, in order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rescircuit.errors import InputError
from rescircuit.network.importers.onnx_tensors import first_words, refuse_external, type_name
from rescircuit.network.layers import Shape

__all__ = ["MOST_NUMBERS", "OnnxGraph", "graph_of", "is_of_onnx", "place_of"]

MOST_NUMBERS = 1 << 24  # that one layer may give for one input

_OLDEST_OPSET, _NEWEST_OPSET = 7, 28  # older ones broadcast otherwise; newer ones may change what operators mean
_DOMAINS = ("", "ai.onnx")  # two names of ONNX's own operators


@dataclass(frozen=True, kw_only=True, eq=False)
class OnnxGraph:
    """What of a model's graph leads to its output, with names as in the file.

    Attributes
    ----------
    nodes : sequence of (int, NodeProto)
        Each with its place among all nodes of the file; inputs are made by earlier ones.
    total : int
        How many nodes the file has.
    tensors : mapping
        The ``TensorProto`` of each initialiser by name.
    input_name, output_name : str
    input_shape : tuple of int
        Without the batch.
    batch : int or None
        The number of inputs that the file is made for, if it says one.
    output_shape : tuple of (int or None), or None
        As the file declares it, without the batch; None for sizes that it leaves open.
    uses : Counter
        How often each name is taken.
    opset : int
    """

    nodes: Sequence[tuple[int, Any]]
    total: int
    tensors: Mapping[str, Any]
    input_name: str
    input_shape: Shape
    batch: int | None
    output_name: str
    output_shape: tuple[int | None, ...] | None
    uses: Counter[str]
    opset: int


def graph_of(model: Any, input_shape: Shape | None = None) -> OnnxGraph:
    """The graph of a ``ModelProto``, its names and order checked; of inputs of this shape, where it leaves that open.

    Raises
    ------
    InputError
        For versions that are not known, another number of inputs or outputs than one, sizes that are left open, names
        that mean two things or nothing, cycles, and weights in other files.
    """
    opset = _opset(model)
    graph = model.graph
    tensors = _tensors(graph)
    (entry,) = _exactly_one("input", [value for value in graph.input if value.name not in tensors])
    (result,) = _exactly_one("output", list(graph.output))
    makers = _makers(graph, tensors, entry.name)
    nodes = _leading_to(result.name, graph.node, makers, {entry.name, *tensors})
    sizes = _input_sizes(entry, input_shape)
    return OnnxGraph(
        nodes=nodes,
        total=len(graph.node),
        tensors=tensors,
        input_name=entry.name,
        input_shape=tuple(size or 0 for size in sizes[1:]),
        batch=sizes[0],
        output_name=result.name,
        output_shape=_output_sizes(result),
        uses=Counter([result.name, *(name for _, node in nodes for name in node.input)]),
        opset=opset,
    )


def is_of_onnx(node: Any) -> bool:
    """Whether a node's operator is one of ONNX's own."""
    return node.domain in _DOMAINS


def place_of(number: int, total: int, node: Any) -> str:
    """What a message calls a node."""
    name = f" {first_words(node.name)}" if node.name else ""
    operator = node.op_type if is_of_onnx(node) else f"{node.domain}.{node.op_type}"
    return f"{first_words(operator)}{name} (node {number + 1} of {total})"


def _opset(model: Any) -> int:
    versions = {entry.version for entry in model.opset_import if entry.domain in _DOMAINS}
    if not model.HasField("graph") or not versions:
        raise InputError("file", "an ONNX model with a graph and the version of its operators", "none")
    if len(versions) > 1 or not _OLDEST_OPSET <= min(versions) <= _NEWEST_OPSET:
        hint = "Convert it with onnx.version_converter, or export it anew."
        required = f"one from {_OLDEST_OPSET} to {_NEWEST_OPSET}"
        raise InputError("opset of the file", required, ", ".join(map(str, sorted(versions)[:4])), hint)
    return min(versions)


def _tensors(graph: Any) -> dict[str, Any]:
    if graph.sparse_initializer:
        raise InputError("weights of the file", "dense", "sparse initialisers")
    tensors: dict[str, Any] = {}
    for tensor in graph.initializer:
        where = f"initialiser {first_words(tensor.name)}"
        if not tensor.name or tensor.name in tensors:
            raise InputError(where, "a name of its own", tensor.name)
        refuse_external(tensor, where)
        tensors[tensor.name] = tensor
    return tensors


def _exactly_one(what: str, values: list[Any]) -> list[Any]:
    if len(values) != 1:
        names = ", ".join(first_words(value.name) for value in values[:5]) or "none"
        raise InputError(f"{what}s of the file", f"one {what}", f"{len(values)}: {names}")
    return values


def _makers(graph: Any, tensors: Mapping[str, Any], entry: str) -> dict[str, int]:
    """The number of the node that makes each name."""
    makers: dict[str, int] = {}
    for number, node in enumerate(graph.node):
        for name in node.output:
            if not name:  # an optional output that nobody wants
                continue
            if name in makers or name in tensors or name == entry:
                where = f"output of {place_of(number, len(graph.node), node)}"
                raise InputError(where, "a name of its own", first_words(name))
            makers[name] = number
    return makers


def _leading_to(result: str, nodes: Any, makers: Mapping[str, int], given: set[str]) -> tuple[tuple[int, Any], ...]:
    """The nodes that the output needs, in the file's order, which must be one that can be computed."""
    if result not in makers:
        raise InputError("output of the file", "made by a node", first_words(result))
    nodes = list(nodes)
    needed: set[int] = set()
    waiting = [makers[result]]
    while waiting:
        number = waiting.pop()
        if number in needed:
            continue
        needed.add(number)
        for name in nodes[number].input:
            if not name or name in given:  # an optional input that is left out
                continue
            _check_taken(name, number, nodes, makers)
            waiting.append(makers[name])
    _check_first(result, nodes[makers[result]], "the file")
    return tuple((number, nodes[number]) for number in sorted(needed))


def _check_taken(name: str, number: int, nodes: list[Any], makers: Mapping[str, int]) -> None:
    where = place_of(number, len(nodes), nodes[number])
    if name not in makers:
        raise InputError(f"input {first_words(name)} of {where}", "given or made by a node", "neither")
    if makers[name] >= number:
        hint = "The nodes form a cycle or are out of order."
        raise InputError(f"input {first_words(name)} of {where}", "made by an earlier node", "a later one", hint)
    _check_first(name, nodes[makers[name]], where)


def _check_first(name: str, maker: Any, taker: str) -> None:
    """Indices of maxima, masks and statistics are made for training."""
    if name != maker.output[0]:
        raise InputError(f"input of {taker}", "the first output of a node", f"another one, {first_words(name)}")


def _input_sizes(value: Any, given: Shape | None) -> tuple[int | None, ...]:
    """The sizes of the input's axes, the first of which may be left open."""
    where = f"input {first_words(value.name)} of the file"
    tensor = value.type.tensor_type
    kind = type_name(tensor.elem_type)
    if kind not in ("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16"):
        raise InputError(where, "a tensor of floats", f"type {kind}")
    sizes = _sizes(value)
    if given is not None:
        sizes = _agreed(sizes, given)
    if sizes is None or not 2 <= len(sizes) <= 4:
        required = "of shape (batch, channels), perhaps with one or two axes of positions"
        raise InputError(where, required, "no shape" if sizes is None else f"{len(sizes)} axes")
    if None in sizes[1:] or math.prod(size or 1 for size in sizes[1:]) > MOST_NUMBERS:
        named = ", ".join("open" if size is None else str(size) for size in sizes)
        required = f"of sizes that are given but for the batch's, at most {MOST_NUMBERS} numbers in all"
        hint = "Export the model with one size of inputs, or give the shape of one input."
        raise InputError(where, required, f"shape ({named})", hint)
    return sizes


def _agreed(sizes: tuple[int | None, ...] | None, given: Shape) -> tuple[int | None, ...]:
    """The file's sizes, with those that it leaves open as they are given."""
    if sizes is None:
        return (None, *given)
    own = sizes[1:]
    if len(own) != len(given) or any(size not in (None, said) for size, said in zip(own, given, strict=True)):
        named = ", ".join("any" if size is None else str(size) for size in own)
        raise InputError("input_shape", f"of sizes ({named}), as the file has them", f"shape {given}")
    return (sizes[0], *given)


def _output_sizes(value: Any) -> tuple[int | None, ...] | None:
    sizes = _sizes(value)
    return None if sizes is None else sizes[1:]


def _sizes(value: Any) -> tuple[int | None, ...] | None:
    """The size of each axis, None where it is left open or not above 0; None where there is no shape."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return tuple(dim.dim_value if dim.dim_value > 0 else None for dim in tensor.shape.dim)
