"""Tensors and attributes of an ONNX model as arrays and numbers, checked against what the file holds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rescircuit.errors import InputError
from rescircuit.extras import optional_package

__all__ = ["Values", "attribute_value", "first_words", "refuse_external", "tensor_array", "type_name"]

Values = np.ndarray[Any, Any]

_MOST_AXES = 8
# By the names of onnx.TensorProto.DataType: what the numbers are in the file's raw bytes, and which field they are in
# where they are not raw. Other types are quantised ones, texts and complex numbers.
_TYPES = {
    "FLOAT": ("<f4", "float_data"),
    "DOUBLE": ("<f8", "double_data"),
    "FLOAT16": ("<f2", "int32_data"),
    "BFLOAT16": ("<u2", "int32_data"),
    "INT64": ("<i8", "int64_data"),
    "INT32": ("<i4", "int32_data"),
    "BOOL": ("?", "int32_data"),
}


def first_words(text: str, length: int = 40) -> str:
    """A name from a file for a message: printable, and not longer than this."""
    printable = "".join(c if c.isprintable() else "?" for c in text[:length])
    return printable + "..." if len(text) > length else printable


def refuse_external(tensor: Any, where: str) -> None:
    """Raise for a tensor whose numbers lie in another file, which could be any file of the machine."""
    if tensor.data_location == tensor.EXTERNAL or tensor.external_data:
        hint = "Other files are not followed: their names may lead anywhere. Save the model with its weights inside."
        raise InputError(where, "inside the file", "external data", hint)


def tensor_array(tensor: Any, where: str) -> Values:
    """The numbers of a ``TensorProto``: floats in double precision, whole numbers as int64, truths as bool.

    Raises
    ------
    InputError
        For external data, another type, or a shape that is not as large as the data.
    """
    refuse_external(tensor, where)
    kind = type_name(tensor.data_type)
    if kind not in _TYPES:
        raise InputError(where, f"of a type among {', '.join(_TYPES)}", kind)
    shape = tuple(tensor.dims)
    if tensor.HasField("segment") or len(shape) > _MOST_AXES or any(size < 0 for size in shape):
        raise InputError(where, f"one whole array of at most {_MOST_AXES} axes", f"shape {shape}")
    dtype, field = np.dtype(_TYPES[kind][0]), _TYPES[kind][1]
    raw, typed = tensor.raw_data, getattr(tensor, field)
    there = len(raw) // dtype.itemsize if raw else len(typed)
    if there != math.prod(shape) or (raw and len(raw) % dtype.itemsize):
        raise InputError(where, f"as many numbers as its shape {shape} says", f"{there} numbers")
    if raw:
        values = np.frombuffer(raw, dtype)
    elif kind in ("FLOAT16", "BFLOAT16"):  # each number's bits stand in a whole number
        bits = np.array(typed, np.int64)
        if bits.size and not 0 <= bits.min() <= bits.max() < 1 << 16:
            raise InputError(where, "numbers of 16 bits", "more bits")
        values = bits.astype("<u2").view(dtype)
    else:
        values = np.array(typed, dtype)
    return _widened(values, kind).reshape(shape)


def attribute_value(attribute: Any, where: str) -> Any:
    """A number, a text, a list of numbers, or an array; InputError for graphs, references and all else."""
    kind = attribute.AttributeType.Name(attribute.type) if _known(attribute) else str(attribute.type)
    if kind == "FLOAT" and math.isfinite(attribute.f):
        return float(attribute.f)
    if kind == "INT":
        return int(attribute.i)
    if kind == "STRING":
        return attribute.s.decode("utf-8", "replace")
    if kind == "INTS":
        return [int(value) for value in attribute.ints]
    if kind == "FLOATS":
        return [float(value) for value in attribute.floats]
    if kind == "TENSOR":
        return tensor_array(attribute.t, where)
    raise InputError(where, "a finite number, numbers, a text or a tensor", kind)


def _known(attribute: Any) -> bool:
    return attribute.type in attribute.AttributeType.values() and not attribute.ref_attr_name


def type_name(number: int) -> str:
    """What ONNX calls a type of numbers, such as FLOAT."""
    types = optional_package("onnx", "reading ONNX files").TensorProto.DataType
    return types.Name(number) if number in types.values() else str(number)


def _widened(values: Values, kind: str) -> Values:
    if kind == "BFLOAT16":  # the upper half of a number in single precision
        values = (values.astype(np.uint32) << 16).view(np.float32)
    if kind == "BOOL":
        return values
    # A signalling NaN says so on its way to double precision; whoever uses the numbers refuses it.
    with np.errstate(invalid="ignore"):
        return values.astype(np.int64 if kind.startswith("INT") else np.float64)
