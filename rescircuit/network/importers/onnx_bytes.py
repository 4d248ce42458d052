"""The bytes of an ONNX file as a protobuf message, weighed before anything is built from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rescircuit.errors import InputError
from rescircuit.extras import optional_package
from rescircuit.files import read_bytes

__all__ = ["read_model"]

_MOST_FIELDS = 1 << 18  # a field of two bytes can become an object of hundreds; the largest networks have a tenth
_MOST_PACKED = 1 << 26  # bytes of packed whole numbers, each of which can become eight
_DEEPEST = 32  # messages inside one another; a graph without graphs inside has 6
_LONGEST_VARINT = 10
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5  # the kinds of fields in the wire format; groups have gone out of use


def read_model(path: Path) -> tuple[Any, int]:
    """The model of a file, an ``onnx.ModelProto``, and the file's size in bytes.

    Raises
    ------
    InputError
        For an unreadable file, one that is too large, bytes that are no model, and messages that would take many times
        the file's size in memory.
    MissingToolError
        Without the package onnx.
    """
    ModelProto = optional_package("onnx", "reading ONNX files").ModelProto
    DecodeError = optional_package("google.protobuf.message", "reading ONNX files", extra="onnx").DecodeError
    content = read_bytes(path)
    _weigh(content, ModelProto.DESCRIPTOR, path.name)
    try:
        return ModelProto.FromString(content), len(content)
    except (DecodeError, ValueError):
        raise _damaged(path.name) from None


def _damaged(file: str) -> InputError:
    return InputError("file", "a whole ONNX model", file, "Its bytes are no message of ONNX; it may be cut off.")


def _weigh(content: bytes, model: Any, file: str) -> None:
    """Walk over the wire format and refuse what protobuf would build too much of.

    Source: https://protobuf.dev/programming-guides/encoding/
    """
    fields = packed = 0  # how many fields there are, and how many bytes of packed whole numbers
    messages = [(0, len(content), model, 0)]
    while messages:
        at, end, descriptor, depth = messages.pop()
        known = descriptor.fields_by_number
        while at < end:
            tag, at = _varint(content, at, end, file)
            start, at = _value(content, at, end, tag & 7, file)
            field = known.get(tag >> 3)
            fields += 1
            if tag & 7 == _LENGTH and field is not None:
                if field.message_type is not None:
                    messages.append((start, at, field.message_type, depth + 1))
                elif field.type in _packable(field):
                    packed += at - start
                elif field.type == field.TYPE_STRING:
                    _check_text(content[start:at], file)
            if fields > _MOST_FIELDS or packed > _MOST_PACKED or depth > _DEEPEST:
                required = f"a model of at most {_MOST_FIELDS} fields, {_DEEPEST} deep, and {_MOST_PACKED} packed bytes"
                raise InputError("file", required, file)


def _check_text(content: bytes, file: str) -> None:
    """Names that are no text would come as bytes."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("file", "an ONNX model with names in UTF-8", file) from None


def _packable(field: Any) -> tuple[int, ...]:
    """The types of whole numbers whose bytes vary in number, as the library counts them."""
    return (field.TYPE_INT32, field.TYPE_INT64, field.TYPE_UINT32, field.TYPE_UINT64, field.TYPE_ENUM, field.TYPE_BOOL)


def _value(content: bytes, at: int, end: int, kind: int, file: str) -> tuple[int, int]:
    """Where a field's value begins and ends."""
    start = at
    if kind == _VARINT:
        _, at = _varint(content, at, end, file)
    elif kind == _LENGTH:
        length, start = _varint(content, at, end, file)
        at = start + length
    elif kind in (_FIXED64, _FIXED32):
        at += 8 if kind == _FIXED64 else 4
    else:
        raise _damaged(file)
    if at > end:
        raise _damaged(file)
    return start, at


def _varint(content: bytes, at: int, end: int, file: str) -> tuple[int, int]:
    """A whole number of seven bits a byte, and where it ends."""
    value = 0
    for place, byte in enumerate(content[at : min(at + _LONGEST_VARINT, end)]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise _damaged(file)
