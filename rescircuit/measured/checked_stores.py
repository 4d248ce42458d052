"""Zarr stores that know when they are damaged: named arrays, their provenance, and the digests of all of it.

A changed byte anywhere in a store is found, unless it changes nothing that is read. How a store lies on the disk, see
:mod:`rescircuit.measured.store_format`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from rescircuit.errors import InputError
from rescircuit.files import LARGEST_BYTES, file_size
from rescircuit.measured.store_format import (
    FORMAT,
    LARGEST_METADATA,
    Layout,
    array_metadata,
    chunk_digest,
    chunk_file,
    group_metadata,
)

__all__ = ["CheckedStore", "is_checked_store", "open_checked_store", "read_bytes"]


@dataclass(frozen=True, kw_only=True)
class CheckedStore:
    """A whole store whose metadata were found sound; its chunks are checked as they are read.

    Parameters
    ----------
    path : Path
        The folder.
    layout : Layout
        Its arrays.
    provenance : dict
        Where the values come from, as JSON has it.
    digests : dict of tuple of str
        Of each array the digest of each chunk.
    """

    path: Path
    layout: Layout
    provenance: dict[str, Any]
    digests: Mapping[str, tuple[str, ...]]

    def read(self, names: Iterable[str] | None = None, rows: slice | None = None) -> dict[str, NDArray[Any]]:
        """Arrays by name (rows, ...), all of them or those of `names`, whole or only some `rows`; read-only.

        Raises
        ------
        InputError
            For a chunk that is missing, of another length or not as it was written, numbers that are not finite, rows
            or names that are not there, or more than a GiB at once.
        """
        wanted = self._known(names)
        start, stop = self._bounds(rows)
        total = (stop - start) * sum(self.layout.columns[name].row_bytes for name in wanted)
        if total > LARGEST_BYTES:
            hint = "Read a part of the rows, or fewer arrays."
            raise InputError(f"what is read of {self.path.name}", f"at most {LARGEST_BYTES} bytes", total, hint)
        first, last = start // self.layout.chunk_rows, (stop - 1) // self.layout.chunk_rows
        for name in wanted:  # before memory is taken for what files only claim
            for chunk in range(first, last + 1):
                self._check_size(name, chunk)
        return {name: self._array(name, start, stop) for name in wanted}

    def _known(self, names: Iterable[str] | None) -> list[str]:
        there = list(self.layout.columns)
        wanted = there if names is None else list(names)
        for name in wanted:
            if name not in there:
                raise InputError(f"array of {self.path.name}", f"one of {', '.join(there)}", name)
        return wanted

    def _bounds(self, rows: slice | None) -> tuple[int, int]:
        if rows is None:
            return 0, self.layout.rows
        required = f"a slice of step 1 that holds some of the {self.layout.rows} rows"
        try:
            start, stop, step = rows.indices(self.layout.rows)
        except (AttributeError, TypeError, ValueError):
            raise InputError("rows", required, rows) from None
        if step != 1 or start >= stop:
            raise InputError("rows", required, rows)
        return start, stop

    def _array(self, name: str, start: int, stop: int) -> NDArray[Any]:
        column = self.layout.columns[name]
        array = np.empty((stop - start, *column.shape), np.dtype(column.kind))
        for chunk in range(start // self.layout.chunk_rows, (stop - 1) // self.layout.chunk_rows + 1):
            held = self.layout.rows_of(chunk)
            low, high = max(start, held.start), min(stop, held.stop)
            part = self._chunk(name, chunk)[low - held.start : high - held.start]
            array[low - start : high - start] = part
        array.flags.writeable = False
        return array

    def _check_size(self, name: str, chunk: int) -> Path:
        path = self.path / chunk_file(name, self.layout.columns[name], chunk)
        expected = self.layout.chunk_rows * self.layout.columns[name].row_bytes
        where = f"chunk {chunk} of {name} in {self.path.name}"
        try:
            size = file_size(path)
        except (OSError, ValueError) as error:
            raise InputError(where, "a readable file", str(path), f"{getattr(error, 'strerror', error)}.") from None
        if size != expected:
            raise InputError(where, f"{expected} bytes long", size, "The store is damaged.")
        return path

    def _chunk(self, name: str, chunk: int) -> NDArray[Any]:
        """All rows of a chunk, those that fill up the last one included."""
        column = self.layout.columns[name]
        path = self._check_size(name, chunk)
        raw = read_bytes(path, self.layout.chunk_rows * column.row_bytes)
        where = f"chunk {chunk} of {name} in {self.path.name}"
        if chunk_digest(name, chunk, raw) != self.digests[name][chunk]:
            raise InputError(where, "as it was written", "other bytes", "The store is damaged.")
        if column.kind == "bool" and np.frombuffer(raw, np.uint8).max() > 1:
            raise InputError(where, "0 or 1 everywhere", "other bytes")
        values = np.frombuffer(raw, column.stored)
        if column.kind == "float64" and not np.isfinite(values).all():
            raise InputError(where, "finite numbers", float(values[~np.isfinite(values)][0]))
        return values.reshape(self.layout.chunk_rows, *column.shape)


def open_checked_store(path: str | Path) -> CheckedStore:
    """Read and judge the metadata of a store, whoever wrote it.

    Raises
    ------
    InputError
        For what is no such store, is not whole, or was changed since it was written.
    """
    path = Path(path)
    root = _parsed(path)
    attributes = root.get("attributes") if isinstance(root, dict) else None
    if not isinstance(attributes, dict) or attributes.get("format") != FORMAT:
        _refuse(path, f"Its metadata do not say {FORMAT!r}.")
    try:
        layout = Layout.from_dict(attributes)
        digests = {name: tuple(attributes["digests"][name]) for name in layout.columns}
        provenance = attributes["provenance"]
        whole = root == json.loads(group_metadata(layout, provenance, digests))
    except (InputError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        _refuse(path, f"Its metadata are damaged: {error}".rstrip(".") + ".")
    if not whole:
        _refuse(path, "Its metadata were changed since they were written.")
    if any(len(of_array) != layout.chunks for of_array in digests.values()):
        _refuse(path, "It lacks the digests of some chunks.")
    for name, column in layout.columns.items():
        if _bounded(path, f"{name}/zarr.json") != array_metadata(layout, column):
            _refuse(path, f"The metadata of {name} were changed since they were written.")
    return CheckedStore(path=path, layout=layout, provenance=provenance, digests=digests)


def is_checked_store(path: Path) -> bool:
    """Whether there is a folder whose metadata at least claim to be a checked store's."""
    try:
        content = json.loads(read_bytes(path / "zarr.json", LARGEST_METADATA))
        return content["attributes"]["format"] == FORMAT
    except (InputError, ValueError, TypeError, KeyError, RecursionError):
        return False


def read_bytes(path: Path, most: int) -> bytes:
    """What a file holds, but no more than one byte beyond `most`."""
    try:
        with path.open("rb") as stream:
            return stream.read(most + 1)
    except OSError as error:
        raise InputError("file", "a readable file", str(path), f"{error.strerror}.") from None


def _parsed(path: Path) -> Any:
    content = _bounded(path, "zarr.json")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):  # no UTF-8, no JSON, brackets too deep
        _refuse(path, "Its metadata are no JSON.")


def _bounded(path: Path, key: str) -> bytes:
    """A metadata file, if it is a regular one and not too long."""
    try:
        size = file_size(path / key)
    except (OSError, ValueError) as error:
        _refuse(path, f"{key}: {getattr(error, 'strerror', None) or error}.")
    if size > LARGEST_METADATA:
        _refuse(path, f"{key} has more than {LARGEST_METADATA} bytes.")
    return read_bytes(path / key, LARGEST_METADATA)


def _refuse(path: Path, hint: str) -> NoReturn:
    raise InputError("store", "a whole store of checked arrays", str(path), hint) from None
