"""Files of arrays by name, with a text for the layers: npz and safetensors, read without running anything."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from rescircuit.errors import InputError, shorten
from rescircuit.files import LARGEST_BYTES, read_bytes, read_npz, write_atomically

__all__ = ["Container", "read_container", "write_container"]

_LARGEST_NUMBERS = 1 << 28  # 2 GiB once they are float64
_LARGEST_HEADER = 1 << 23  # bytes of a safetensors file's JSON
_LARGEST_HEAD = 1 << 10  # bytes that a file takes for an array besides its numbers
_LAYERS = "layers"  # the entry with the text
_TYPES = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "BF16": np.uint16,  # the upper halves of float32
    "I64": np.int64,
    "I32": np.int32,
    "I16": np.int16,
    "I8": np.int8,
    "U64": np.uint64,
    "U32": np.uint32,
    "U16": np.uint16,
    "U8": np.uint8,
}

Arrays = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Container:
    """What a file holds.

    Parameters
    ----------
    arrays : dict
        By name.
    layers : str or None
        The text that tells the layers.
    ordered : bool
        Whether the arrays stand as they were written; programs that write safetensors sort them by their names.
    """

    arrays: Arrays
    layers: str | None
    ordered: bool


def read_container(path: Path) -> Container:
    """The content of an npz or a safetensors file.

    Raises
    ------
    InputError
        For another kind of file, an unreadable or damaged one, objects, or too many numbers.
    """
    sorts = _is_safetensors(path)
    arrays, layers = (_read_safetensors if sorts else _read_npz)(path)
    numbers = sum(array.size for array in arrays.values())
    if numbers > _LARGEST_NUMBERS:
        raise InputError(path.name, f"of at most {_LARGEST_NUMBERS} numbers", numbers)
    return Container(arrays=arrays, layers=layers, ordered=not sorts)


def write_container(path: Path, arrays: Mapping[str, Any], layers: str) -> Path:
    """Write arrays and the text as :func:`read_container` reads them, the same bytes for the same content.

    Raises
    ------
    InputError
        For a name with another ending, more than can be read again, or a folder that cannot be written to.
    """
    sorts = _is_safetensors(path)
    numbers = sum(array.size for array in arrays.values())
    size = 4 * len(layers) + sum(array.nbytes + _LARGEST_HEAD for array in arrays.values())
    if numbers > _LARGEST_NUMBERS or size > LARGEST_BYTES:
        required = f"of at most {_LARGEST_NUMBERS} numbers and {LARGEST_BYTES} bytes"
        raise InputError(path.name, required, f"{numbers} numbers and {size} bytes")
    if sorts:  # which takes arrays as they lie in memory
        content = _safetensors().save(
            {name: np.ascontiguousarray(array) for name, array in arrays.items()}, {_LAYERS: layers}
        )
        return write_atomically(path, lambda temporary: temporary.write_bytes(content))

    def write(temporary: Path) -> None:
        with temporary.open("wb") as stream:
            np.savez(stream, **{_LAYERS: np.array(layers)}, **arrays)

    return write_atomically(path, write)


def _is_safetensors(path: Path) -> bool:
    ending = path.suffix.lower()
    if ending not in (".npz", ".safetensors"):
        hint = ""
        if ending in (".pt", ".pth", ".pkl", ".pickle"):
            hint = "Pickles can run anything and are not read: save a PyTorch state dictionary as safetensors."
        raise InputError("file", "a network's, .npz or .safetensors", str(path), hint)
    return ending == ".safetensors"


def _read_npz(path: Path) -> tuple[Arrays, str | None]:
    arrays = read_npz(path)
    text = arrays.pop(_LAYERS, None)
    if text is None:
        return arrays, None
    if text.dtype.kind != "U" or text.ndim:
        raise InputError(f"{path.name}: {_LAYERS}", "one text", f"shape {text.shape} of {text.dtype.name}")
    return arrays, str(text)


def _read_safetensors(path: Path) -> tuple[Arrays, str | None]:
    content = read_bytes(path)
    _check_header(path, content)
    safetensors = _safetensors()
    try:
        with safetensors.safe_open(path, framework="numpy") as stream:
            layers = (stream.metadata() or {}).get(_LAYERS)
            _check_declared(path, stream)
        tensors = safetensors.deserialize(content)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - the reader's own errors have a class without a public name
        reason = shorten(str(error), 200).strip("'\"").rstrip(".") + "."
        raise InputError("file", "a readable safetensors file", str(path), reason) from None
    return {name: _array(tensor) for name, tensor in sorted(tensors, key=itemgetter(0))}, layers


def _check_header(path: Path, content: bytes) -> None:
    """Refuse files whose first bytes declare a header that cannot be, or that is larger than a network needs."""
    if len(content) < 8:
        raise InputError("file", "a safetensors file, which begins with its header's size", str(path))
    header = struct.unpack_from("<Q", content)[0]
    if header > min(len(content) - 8, _LARGEST_HEADER):
        required = f"of at most {_LARGEST_HEADER} bytes, within the file"
        raise InputError(f"header of {path.name}", required, f"{header} bytes in a file of {len(content)}")


def _check_declared(path: Path, stream: Any) -> None:
    """Refuse types that are no numbers; sizes and places were compared with the file when it was opened."""
    for name in stream.keys():  # noqa: SIM118 - it is no dictionary
        part = stream.get_slice(name)
        if part.get_dtype() not in _TYPES:
            raise InputError(f"{path.name}: {shorten(name)}", f"of a type among {', '.join(_TYPES)}", part.get_dtype())
        shape = part.get_shape()
        if len(shape) > 8 or math.prod(shape) > _LARGEST_NUMBERS:
            raise InputError(
                f"{path.name}: {shorten(name)}", f"of at most {_LARGEST_NUMBERS} numbers", f"shape {shape}"
            )


def _array(tensor: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    kind = _TYPES[tensor["dtype"]]
    array = np.frombuffer(tensor["data"], dtype=np.dtype(kind).newbyteorder("<")).reshape(tensor["shape"])
    if tensor["dtype"] == "BF16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array


def _safetensors() -> Any:
    """The package with its functions on NumPy's arrays, loaded when it is first used."""
    import safetensors.numpy

    return safetensors.numpy
