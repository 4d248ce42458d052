"""All switches of an array as the bits that are shifted into a chip's scan chain.

A file of bytes, and beside it a description, of the same name with ``.json`` added. The banks follow one another in C
order (the last axis of the array fastest); of each bank switch 0 comes first; the first bit is the most significant
one of the first byte; a closed switch is a 1. Zeros fill up the last byte.
"""

from __future__ import annotations

import json
import math
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from rescircuit.bank import Mask
from rescircuit.errors import InputError
from rescircuit.files import LARGEST_BYTES, file_size, write_atomically, write_text

__all__ = ["read_bit_stream", "write_bit_stream"]

_FORMAT = "rescircuit bit stream 1"
_ORDER = (
    "Banks one after the other in C order (the last axis fastest); in each bank switch 0 first; "
    "most significant bit of each byte first; 1 is a closed switch; zeros fill up the last byte."
)
_LARGEST_DESCRIPTION = 1 << 16  # bytes


def write_bit_stream(mask: Any, path: str | Path) -> Path:
    """Write all switches in scan order, and ``<path>.json`` that describes them.

    Parameters
    ----------
    mask : bool array (..., n)
        ``True`` where a switch is closed; leading axes number the banks.
    path : str or Path
        For the bytes.

    Raises
    ------
    InputError
        For anything but booleans, none at all, or a folder that cannot be written to.
    """
    switches = np.asarray(mask)
    if switches.dtype != np.bool_ or switches.ndim == 0 or switches.size == 0:
        raise InputError("mask", "booleans (..., n)", f"shape {switches.shape} of {switches.dtype.name}")
    path = Path(path)
    raw = np.packbits(switches.reshape(-1)).tobytes()
    written = write_atomically(path, lambda temporary: temporary.write_bytes(raw))
    content = {
        "format": _FORMAT,
        "file": path.name,
        "order": _ORDER,
        "banks": list(switches.shape[:-1]),
        "switches_per_bank": switches.shape[-1],
        "bits": switches.size,
        "bytes": len(raw),
        "padding_bits": 8 * len(raw) - switches.size,
        "blake2b": blake2b(raw).hexdigest(),
    }
    write_text(_description_of(path), json.dumps(content, indent=2) + "\n")
    return written


def read_bit_stream(path: str | Path) -> Mask:
    """The switches (..., n) that :func:`write_bit_stream` wrote.

    Raises
    ------
    InputError
        For files that are missing, do not belong together, or were changed.
    """
    path = Path(path)
    beside = _description_of(path)
    try:
        content = json.loads(_bounded(beside, _LARGEST_DESCRIPTION))
        shape = (*content["banks"], content["switches_per_bank"])
        bits, digest = content["bits"], content["blake2b"]
        sound = content["format"] == _FORMAT and content["order"] == _ORDER and content["file"] == path.name
        sound = sound and all(type(length) is int and length > 0 for length in shape) and bits == math.prod(shape)
        sound = sound and content["bytes"] == -(-bits // 8) and content["padding_bits"] == -bits % 8
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("description", "of a bit stream", str(beside), f"{error}.") from None
    if not sound:
        raise InputError("description", f"of a bit stream in the file {path.name}", str(beside))
    raw = _bounded(path, LARGEST_BYTES // 8)
    if len(raw) != content["bytes"]:
        raise InputError("bit stream", f"{content['bytes']} bytes long", f"{len(raw)} bytes in {path.name}")
    if blake2b(raw).hexdigest() != digest:
        raise InputError("bit stream", "the one that its description is of", str(path), "Its bytes differ.")
    unpacked = np.unpackbits(np.frombuffer(raw, np.uint8)).astype(np.bool_)
    if unpacked[bits:].any():
        raise InputError("bit stream", "filled up with zeros", str(path))
    return unpacked[:bits].reshape(shape)


def _description_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _bounded(path: Path, most: int) -> bytes:
    try:
        if file_size(path) > most:
            raise InputError("file", f"at most {most} bytes", str(path))
        return path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("file", "a readable file", str(path), f"{getattr(error, 'strerror', error)}.") from None
