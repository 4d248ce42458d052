"""Arrays of numbers in zarr stores of strangers.

The metadata are read and judged here, before zarr is loaded: what type the numbers have, how many there are, how large
a piece is decoded at once, and with which codecs. A store that lacks some of its chunks is refused, as zarr would put
the fill value, mostly 0, in place of what was measured.
"""

from __future__ import annotations

import json
import math
import os
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescircuit.errors import InputError
from rescircuit.files import LARGEST_BYTES, file_size

__all__ = ["choose_array", "read_zarr"]

_LARGEST_METADATA = 1 << 20  # bytes
_LARGEST_CHUNK = 1 << 28  # bytes, decoded
_MOST_CHUNKS = 1_000_000
_BYTES_AT_ONCE = 1 << 25  # of numbers read from a zarr store

_TYPES_V3 = {"bool", "float16", "float32", "float64"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}
_TYPE_V2 = re.compile(r"\|b1|\|[iu]1|[<>]([iu][248]|f[248])")
_CODECS_V3 = {"blosc", "bytes", "crc32c", "gzip", "sharding_indexed", "transpose", "zstd"}
_CODECS_V2 = {"blosc", "bz2", "crc32", "delta", "gzip", "lz4", "lzma", "shuffle", "zlib", "zstd"}
_CHUNK_KEY = re.compile(r"(c[/.])?\d+([/.]\d+)*")


def read_zarr(path: Path, name: str) -> NDArray[Any]:
    """The array `name`, or the only one, of a zarr store of format 2 or 3, a folder or a zip file.

    Raises
    ------
    InputError
        For what is no zarr store, is damaged or incomplete, needs codecs beyond the common ones, or claims more than
        a GiB of numbers or anything but numbers.
    """
    try:
        with _zarr_store(path) as store:
            arrays = {folder: found for folder, found in _zarr_arrays(store) if found is not None}
            folder = "" if "" in arrays else choose_array(arrays, name, path)
            layout = _checked_layout(f"{folder or name} in {path.name}", arrays[folder], store.sizes(folder))
            return _read_in_pieces(store.open, folder, layout)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - from a stranger's bytes zarr and its codecs raise anything
        reason = getattr(error, "strerror", None) or f"{error}".rstrip(".")
        if isinstance(error, KeyError):
            reason = f"Its metadata lack {reason}"
        raise InputError("file", "a readable zarr store", str(path), f"{reason}.") from None


def choose_array(names: Iterable[str], name: str, path: Path) -> str:
    """The array called `name`, or the only one."""
    found = list(names)
    if name in found:
        return name
    if len(found) != 1:
        raise InputError(path.name, f"with one array, or one named {name}", ", ".join(found) or "none")
    return found[0]


class _Folder:
    """A zarr store in a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def children(self) -> list[str]:
        return sorted(entry.name for entry in os.scandir(self._path) if entry.is_dir())

    def text(self, key: str) -> bytes | None:
        file = self._path / key
        if not file.exists():
            return None
        if file_size(file) > _LARGEST_METADATA:
            raise InputError(key, f"at most {_LARGEST_METADATA} bytes", f"{file_size(file)} bytes")
        return file.read_bytes()

    def sizes(self, folder: str) -> Iterator[tuple[str, int]]:
        top = self._path / folder
        for here, folders, files in os.walk(top, onerror=_raise):
            for name in folders:
                if Path(here, name).is_symlink():  # it may lead anywhere, back into itself, say
                    raise InputError("store", "without links to other folders", str(Path(here, name)))
            for name in files:
                file = Path(here, name)
                yield file.relative_to(top).as_posix(), file_size(file)

    def open(self) -> Any:
        from zarr.storage import LocalStore

        return LocalStore(self._path, read_only=True)


class _Zip:
    """A zarr store in a zip file."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self._sizes = {entry.filename: entry.file_size for entry in archive.infolist() if not entry.is_dir()}

    def children(self) -> list[str]:
        return sorted({name.partition("/")[0] for name in self._sizes if "/" in name})

    def text(self, key: str) -> bytes | None:
        if key not in self._sizes:
            return None
        if self._sizes[key] > _LARGEST_METADATA:
            raise InputError(key, f"at most {_LARGEST_METADATA} bytes", f"{self._sizes[key]} bytes")
        return self._archive.read(key)

    def sizes(self, folder: str) -> Iterator[tuple[str, int]]:
        start = f"{folder}/" if folder else ""
        yield from ((key.removeprefix(start), size) for key, size in self._sizes.items() if key.startswith(start))

    def open(self) -> Any:
        from zarr.storage import ZipStore

        return ZipStore(self._path, mode="r", read_only=True)


class _Layout(NamedTuple):
    """What the metadata of a zarr array say: its shape, that of a stored piece, and that of a decoded one."""

    zarr_format: Literal[2, 3]
    shape: list[int]
    stored: list[int]
    chunks: list[int]


@contextmanager
def _zarr_store(path: Path) -> Iterator[_Folder | _Zip]:
    if path.is_dir():
        yield _Folder(path)
        return
    size = file_size(path)
    if size > LARGEST_BYTES:
        raise InputError("file", f"at most {LARGEST_BYTES} bytes", str(path))
    with zipfile.ZipFile(path) as archive:
        yield _Zip(path, archive)


def _zarr_arrays(store: _Folder | _Zip) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """The metadata of the root, if it is an array, and of the arrays in it."""
    root = _metadata(store, "")
    yield "", root
    if root is None:
        yield from ((child, _metadata(store, f"{child}/")) for child in store.children())


def _metadata(store: _Folder | _Zip, start: str) -> dict[str, Any] | None:
    """What describes the array in the folder `start`, if there is one."""
    text = store.text(f"{start}zarr.json")
    found = json.loads(text or store.text(f"{start}.zarray") or b"{}")
    is_array = found.get("node_type") == "array" if text else bool(found)
    return found if is_array else None


def _checked_layout(where: str, metadata: dict[str, Any], sizes: Iterable[tuple[str, int]]) -> _Layout:
    """Judge an array by its metadata and the sizes of its files."""
    layout = _layout_v3(where, metadata) if metadata.get("zarr_format") == 3 else _layout_v2(where, metadata)
    _, shape, stored, chunks = layout
    for lengths in (shape, stored, chunks):
        proper = isinstance(lengths, list) and all(type(length) is int and length >= 0 for length in lengths)
        if not proper or not shape or len(lengths) != len(shape) or (lengths is not shape and 0 in lengths):
            raise InputError(where, "an array with regular chunks", f"shape {shape} in chunks of {lengths}")
    if 8 * math.prod(shape) > LARGEST_BYTES:
        raise InputError(where, f"at most {LARGEST_BYTES // 8} numbers", f"shape {tuple(shape)}")
    if 8 * math.prod(stored) > _LARGEST_CHUNK:
        raise InputError(where, f"in chunks of at most {_LARGEST_CHUNK // 8} numbers", f"shape {tuple(stored)}")
    if math.prod(-(-length // piece) for length, piece in zip(shape, chunks, strict=True)) > _MOST_CHUNKS:
        raise InputError(where, f"in at most {_MOST_CHUNKS} chunks", f"shape {tuple(shape)} in {tuple(chunks)}")
    expected = math.prod(-(-length // piece) for length, piece in zip(shape, stored, strict=True))
    there = total = 0
    for key, size in sizes:
        there += _CHUNK_KEY.fullmatch(key) is not None
        total += size
        if total > LARGEST_BYTES or there > 2 * _MOST_CHUNKS:
            raise InputError(where, f"at most {LARGEST_BYTES} bytes in {_MOST_CHUNKS} files", "more")
    if there < expected:
        hint = "What is not there would read as the fill value; write_empty_chunks stores chunks that equal it."
        raise InputError(where, "complete", f"{there} of {expected} chunks", hint)
    return layout


def _layout_v3(where: str, metadata: dict[str, Any]) -> _Layout:
    if metadata["data_type"] not in _TYPES_V3:
        raise InputError(where, "of numbers", metadata["data_type"])
    if metadata["chunk_grid"]["name"] != "regular":
        raise InputError(where, "in regular chunks", metadata["chunk_grid"]["name"])
    stored = chunks = metadata["chunk_grid"]["configuration"]["chunk_shape"]
    unseen = list(metadata["codecs"])
    while unseen:
        codec = unseen.pop()
        if codec["name"] not in _CODECS_V3:
            raise InputError(where, f"encoded with {', '.join(sorted(_CODECS_V3))}", codec["name"])
        if codec["name"] == "sharding_indexed":
            chunks = codec["configuration"]["chunk_shape"]
            unseen += codec["configuration"]["codecs"] + codec["configuration"]["index_codecs"]
    return _Layout(3, metadata["shape"], stored, chunks)


def _layout_v2(where: str, metadata: dict[str, Any]) -> _Layout:
    dtype = metadata["dtype"]
    if not isinstance(dtype, str) or not _TYPE_V2.fullmatch(dtype):
        raise InputError(where, "of numbers", dtype, "Pickles are not read." if dtype == "|O" else "")
    for codec in (metadata["compressor"], *(metadata["filters"] or [])):
        if codec is not None and codec["id"] not in _CODECS_V2:
            raise InputError(where, f"encoded with {', '.join(sorted(_CODECS_V2))}", codec["id"])
    return _Layout(2, metadata["shape"], metadata["chunks"], metadata["chunks"])


def _read_in_pieces(open_store: Callable[[], Any], folder: str, layout: _Layout) -> NDArray[Any]:
    """The numbers, as many rows of chunks at a time as make some 32 MiB."""
    import zarr

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr's remarks on formats are not for who only reads numbers
        with open_store() as store:
            array = zarr.open_array(store, path=folder, mode="r", zarr_format=layout.zarr_format)
            shape = tuple(layout.shape)
            values = np.empty(shape, np.bool_ if array.dtype == np.bool_ else np.float64)
            row = max(1, 8 * math.prod(shape[1:]) * layout.stored[0])
            rows = max(1, _BYTES_AT_ONCE // row) * layout.stored[0]
            for start in range(0, shape[0], rows):
                values[start : start + rows] = array[start : start + rows]
    return values


def _raise(error: OSError) -> None:
    raise error
