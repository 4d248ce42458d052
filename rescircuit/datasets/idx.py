"""IDX files, in which MNIST and its like are kept: read with suspicion, compressed or not.

Two zeros, the type of the numbers, the number of axes, the axes' lengths as big-endian 32-bit integers, and then the
numbers, row by row (LeCun, Cortes and Burges, "The MNIST database of handwritten digits"). Bytes are the only type that
data sets of images use, and the only one read here.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from rescircuit.errors import InputError
from rescircuit.files import LARGEST_BYTES, file_size

__all__ = ["opened", "read_idx"]

_BYTES = 0x08  # the type of numbers
_GZIP = b"\x1f\x8b"
_MOST_AXES = 4
_DEFLATE = 1032  # bytes that one byte of a deflated stream can stand for at most (RFC 1951: 258 in two bits)
_CHUNK = 1 << 20


def read_idx(path: str | Path, axes: int | None = None) -> NDArray[np.uint8]:
    """The bytes of an IDX file, plain or compressed by gzip, in the shape that it declares.

    What the file declares is held against its length before any memory is taken, and no more is decompressed than was
    declared.

    Parameters
    ----------
    path : path
    axes : int, optional
        How many axes it has to have: 1 for labels, 3 for images.

    Raises
    ------
    InputError
        For an unreadable or damaged file, another format, numbers that are not bytes, other axes, more than a GiB, and
        a file that is shorter or longer than it declares.
    """
    path = Path(path)
    with opened(path) as (stream, most):
        shape = _read_header(path, stream, axes)
        declared = math.prod(shape)
        if declared > LARGEST_BYTES:
            raise InputError(path.name, f"at most {LARGEST_BYTES} bytes of numbers", f"{declared} bytes declared")
        if declared > most:
            raise _truncated(path, shape)
        content = bytearray()
        while chunk := stream.read(min(_CHUNK, declared - len(content))):
            content += chunk
        if len(content) < declared:
            raise _truncated(path, shape)
        if stream.read(1):  # of a compressed file this reads, and checks, its closing checksum too
            raise InputError(path.name, "an IDX file that ends with its numbers", f"more than shape {shape}")
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """A file's content, unpacked if it is compressed, and how many bytes that can be at most.

    Raises
    ------
    InputError
        For a file that cannot be read or unpacked, within the block too.
    """
    try:
        size = file_size(path)
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
            raw.seek(0, os.SEEK_SET)
            if not packed:
                yield raw, size
                return
            with gzip.GzipFile(fileobj=raw) as stream:
                yield cast(BinaryIO, stream), _DEFLATE * size
    except InputError:  # a ValueError
        raise
    except EOFError:
        raise InputError(path.name, "a whole file", "one that is cut short", "Fetch it again.") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(path.name, "an undamaged gzip file", str(error), "Fetch it again.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError("file", "a readable file", str(path), f"{reason}.") from None


def _read_header(path: Path, stream: BinaryIO, axes: int | None) -> tuple[int, ...]:
    """The shape that the file declares."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        required = "an IDX file, which begins with two zeros, a type and a number of axes"
        raise InputError(path.name, required, f"the bytes {magic.hex(' ') or 'of an empty file'}")
    if magic[2] != _BYTES:
        raise InputError(path.name, "an IDX file of unsigned bytes (type 0x08)", f"type 0x{magic[2]:02x}")
    if axes is not None and magic[3] != axes:
        what = {1: "labels, with one axis", 3: "images, with three axes"}.get(axes, f"{axes} axes")
        raise InputError(path.name, f"an IDX file of {what}", f"{magic[3]} axes")
    if not 1 <= magic[3] <= _MOST_AXES:
        raise InputError(path.name, f"an IDX file with 1 to {_MOST_AXES} axes", f"{magic[3]} axes")
    lengths = stream.read(4 * magic[3])
    if len(lengths) < 4 * magic[3]:
        raise InputError(path.name, "a whole IDX file", "one that is cut short in its header")
    return struct.unpack(f">{magic[3]}I", lengths)


def _truncated(path: Path, shape: tuple[int, ...]) -> InputError:
    got = f"fewer bytes than shape {shape} has"
    return InputError(path.name, "an IDX file as long as it declares", got, "Fetch it again.")
