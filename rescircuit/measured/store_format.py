"""How a checked store lies on the disk: a folder, a zarr group of format 3 that any zarr reader opens.

Its arrays share their first axis, the rows, and are cut along it alone. The chunks lie there as they are,
little-endian: conductances shrink by 6 % under zstd, at half the speed, and without a codec a stranger's file is of
one known size and no decoder runs on its bytes. The metadata of the group carry, beside the provenance, a BLAKE2
digest of each chunk and a seal over all of that; those of the arrays follow from it to the byte. The seal has no key:
it finds accidents, and is no signature.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import whole_number
from rescircuit.errors import InputError

__all__ = [
    "FORMAT",
    "LARGEST_METADATA",
    "Column",
    "Layout",
    "array_metadata",
    "canonical_json",
    "chunk_bytes",
    "chunk_digest",
    "chunk_file",
    "group_metadata",
]

FORMAT = "rescircuit store 1"
LARGEST_METADATA = 1 << 22  # bytes: room for the digests of 100,000 chunks
_LARGEST_CHUNK = 1 << 28  # bytes
_MOST_CHUNKS = 100_000  # of all arrays together
_DIGEST_SIZE = 16  # bytes
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)  # of an array, and therefore of its folder
_MOST_AXES = 8

Kind = Literal["float64", "bool"]
_STORED = {"float64": np.dtype("<f8"), "bool": np.dtype("?")}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One array of a store: what its numbers are, and the shape (...) of one row."""

    kind: Kind = "float64"
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InputError("kind", f"one of {', '.join(get_args(Kind))}", self.kind)
        if not isinstance(self.shape, tuple) or len(self.shape) > _MOST_AXES:
            raise InputError("shape", f"a tuple of at most {_MOST_AXES} lengths", self.shape)
        for length in self.shape:
            whole_number("shape", length, 1, 1 << 40)

    @property
    def stored(self) -> np.dtype[Any]:
        """The type of the numbers on the disk."""
        return _STORED[self.kind]

    @property
    def row_bytes(self) -> int:
        """What one row takes, bytes."""
        return self.stored.itemsize * math.prod(self.shape)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a store is cut: its arrays by name, their rows, and the rows of one chunk.

    Raises
    ------
    InputError
        For names that are no plain words, lengths that are no whole numbers, or chunks of more than 256 MiB.
    """

    columns: Mapping[str, Column]
    rows: int
    chunk_rows: int

    def __post_init__(self) -> None:
        if not self.columns:
            raise InputError("columns", "at least one array", "none")
        for name in self.columns:
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise InputError("columns", "named with small letters, digits and underscores", name)
        whole_number("rows", self.rows, 1, 1 << 40)
        whole_number("chunk_rows", self.chunk_rows, 1, 1 << 40)
        for name, column in self.columns.items():
            size = self.chunk_rows * column.row_bytes
            if size > _LARGEST_CHUNK:
                hint = "Take fewer rows to a chunk."
                raise InputError(f"a chunk of {name}", f"at most {_LARGEST_CHUNK} bytes", size, hint)
        whole_number("chunks", self.chunks * len(self.columns), 1, _MOST_CHUNKS, "Take more rows to a chunk.")

    @property
    def chunks(self) -> int:
        """Chunks of each array."""
        return -(-self.rows // self.chunk_rows)

    def rows_of(self, chunk: int) -> slice:
        """The rows that a chunk holds."""
        start = chunk * self.chunk_rows
        return slice(start, min(start + self.chunk_rows, self.rows))

    def to_dict(self) -> dict[str, Any]:
        """The layout as JSON has it."""
        columns = {name: {"kind": part.kind, "shape": list(part.shape)} for name, part in self.columns.items()}
        return {"rows": self.rows, "chunk_rows": self.chunk_rows, "columns": columns}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Layout:
        """The layout that :meth:`to_dict` gave; a ``KeyError`` or ``TypeError`` for anything of another form."""
        columns = {
            name: Column(kind=part["kind"], shape=tuple(part["shape"])) for name, part in content["columns"].items()
        }
        return cls(columns=columns, rows=content["rows"], chunk_rows=content["chunk_rows"])


def group_metadata(layout: Layout, provenance: Mapping[str, Any], digests: Mapping[str, Iterable[str]]) -> bytes:
    """What the group's ``zarr.json`` holds: provenance, layout and digests as attributes, and the seal over them."""
    attributes: dict[str, Any] = {"format": FORMAT, "provenance": dict(provenance), **layout.to_dict()}
    attributes["digests"] = {name: list(of_array) for name, of_array in digests.items()}
    attributes["seal"] = blake2b(canonical_json(attributes).encode(), digest_size=_DIGEST_SIZE).hexdigest()
    content = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()


def array_metadata(layout: Layout, column: Column) -> bytes:
    """What an array's ``zarr.json`` holds (zarr's specification, version 3.1)."""
    is_bool = column.kind == "bool"
    content = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [layout.rows, *column.shape],
        "data_type": column.kind,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [layout.chunk_rows, *column.shape]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": False if is_bool else 0.0,
        "codecs": [{"name": "bytes"} if is_bool else {"name": "bytes", "configuration": {"endian": "little"}}],
        "attributes": {},
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def chunk_file(name: str, column: Column, chunk: int) -> str:
    """Where in the folder a chunk lies, by zarr's default naming."""
    return "/".join([name, "c", str(chunk), *("0" for _ in column.shape)])


def chunk_bytes(column: Column, values: NDArray[Any], chunk_rows: int) -> bytes:
    """A chunk (rows, ...) as it is stored; one of too few rows, the last, is filled up with zeros."""
    raw = np.ascontiguousarray(values, dtype=column.stored).tobytes()
    return raw + bytes(chunk_rows * column.row_bytes - len(raw))


def chunk_digest(name: str, chunk: int, raw: bytes) -> str:
    """BLAKE2 over the array's name, the chunk's number and its bytes."""
    digest = blake2b(f"{name}/{chunk}/".encode(), digest_size=_DIGEST_SIZE)
    digest.update(raw)
    return digest.hexdigest()


def canonical_json(content: Any) -> str:
    """The one text of a JSON value; a ``ValueError`` or ``TypeError`` for what JSON does not have, NaN too."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
