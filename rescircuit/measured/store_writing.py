"""Checked stores in the making: chunk by chunk, so that whoever is interrupted goes on where it was.

What is not whole yet lies in a folder beside the target, with ``.partial`` at the end of its name. There ``.progress``
says what the store is to be and, a line each, which chunks are there with which digests; a line is added once its
chunk is written. Killed at any instant, a writer leaves that folder, or the whole store under its own name.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import whole_number
from rescircuit.errors import InputError
from rescircuit.measured.checked_stores import is_checked_store, read_bytes
from rescircuit.measured.folders import LOCK, NEW, keep_safe, locked, put, sync, told
from rescircuit.measured.store_format import (
    FORMAT,
    LARGEST_METADATA,
    Column,
    Layout,
    array_metadata,
    canonical_json,
    chunk_bytes,
    chunk_digest,
    chunk_file,
    group_metadata,
)

__all__ = ["StoreWriter", "save_checked_store"]

# Neither can be the name of an array.
_PROGRESS = ".progress"
_REPLACED = ".replaced"


def save_checked_store(
    path: str | Path,
    arrays: Mapping[str, NDArray[Any]],
    *,
    chunk_rows: int,
    provenance: Mapping[str, Any],
    replace: bool = False,
) -> Path:
    """Write arrays of floats or flags (rows, ...) at once, see :class:`StoreWriter`."""
    columns, rows = {}, 1
    for name, array in arrays.items():
        columns[name] = Column(kind="bool" if array.dtype == np.bool_ else "float64", shape=array.shape[1:])
        rows = len(array)
    layout = Layout(columns=columns, rows=rows, chunk_rows=chunk_rows)
    with StoreWriter(path, layout=layout, provenance=provenance, replace=replace) as writer:
        for chunk in range(layout.chunks):  # those of an earlier attempt too: its arrays may have been others
            writer.write(chunk, {name: array[layout.rows_of(chunk)] for name, array in arrays.items()})
        return writer.finish()


class StoreWriter:
    """Writes a store, or goes on with one; a context manager that holds the store's lock.

    Parameters
    ----------
    path : str or Path
        The folder that the store becomes.
    layout : Layout
        Its arrays.
    provenance : dict
        Where the values come from, as JSON has it.
    replace : bool
        Whether a store that is there is replaced, once the new one is whole.
    may_differ : tuple of str
        Fields of the provenance that are not compared when an interrupted store is continued, ``"date"``, say, or
        ``"made.date"`` of a dict in it; it keeps those that it was begun with.

    Raises
    ------
    InputError
        For a path that is taken, a store that another process is writing, one begun with another provenance or layout,
        or a folder that cannot be written to.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        layout: Layout,
        provenance: Mapping[str, Any],
        replace: bool = False,
        may_differ: tuple[str, ...] = (),
    ) -> None:
        self._target = Path(os.path.realpath(path))
        self._partial = self._target.with_name(self._target.name + ".partial")
        self._layout, self._replace = layout, replace
        self._provenance = _as_json(provenance)
        if len(group_metadata(layout, self._provenance, {})) > LARGEST_METADATA // 8:
            raise InputError("provenance", f"at most {LARGEST_METADATA // 8} bytes of text", "more")
        self._done: dict[int, list[str]] = {}
        self._check_target()
        with told(self._partial):
            self._lock = locked(self._partial)
            try:
                self._begin(may_differ)
            except BaseException:
                self._lock.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.close()  # and so opens the lock

    @property
    def provenance(self) -> dict[str, Any]:
        """The provenance that the store gets: of a continued one, that which it was begun with."""
        return self._provenance

    @property
    def pending(self) -> list[int]:
        """The chunks that are still to be written, in order."""
        return [chunk for chunk in range(self._layout.chunks) if chunk not in self._done]

    def write(self, chunk: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write one chunk of every array, (rows of the chunk, ...) each.

        Raises
        ------
        InputError
            For arrays of other names, shapes or types, numbers that are not finite, or a full disk.
        """
        chunk = whole_number("chunk", chunk, 0, self._layout.chunks - 1)
        if set(arrays) != set(self._layout.columns):
            raise InputError("arrays", f"named {', '.join(self._layout.columns)}", ", ".join(arrays))
        rows = self._layout.rows_of(chunk)
        digests = []
        with told(self._partial):
            for name, column in self._layout.columns.items():
                values = np.asarray(arrays[name])
                _check_values(name, column, values, rows.stop - rows.start)
                raw = chunk_bytes(column, values, self._layout.chunk_rows)
                file = self._partial / chunk_file(name, column, chunk)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(raw)
                digests.append(chunk_digest(name, chunk, raw))
            with (self._partial / _PROGRESS).open("a", encoding="ascii") as stream:
                stream.write(_progress_line(chunk, digests))
        self._done[chunk] = digests

    def finish(self) -> Path:
        """Read all chunks back, and give the store its name.

        Raises
        ------
        InputError
            While chunks are pending, if one does not read back as it was written, or if the path has been taken.
        """
        if self.pending:
            there = f"{len(self._done)} of {self._layout.chunks} chunks"
            raise InputError("store", "complete before it is finished", there)
        with told(self._partial):
            for chunk, digests in self._done.items():
                if not self._is_whole(chunk, digests):
                    raise InputError(f"chunk {chunk} of {self._partial.name}", "as it was written", "other bytes")
            listed = {name: [self._done[k][i] for k in range(self._layout.chunks)]
                      for i, name in enumerate(self._layout.columns)}  # fmt: skip
            put(self._partial / "zarr.json", group_metadata(self._layout, self._provenance, listed))
            keep_safe(self._partial)
            self._check_target()
            replaced = self._partial / _REPLACED
            if self._target.exists():
                if replaced.exists():  # from a writer that was killed two lines below
                    shutil.rmtree(replaced)
                self._target.rename(replaced)
            self._partial.rename(self._target)
            sync(self._target.parent)
            if (self._target / _REPLACED).exists():
                shutil.rmtree(self._target / _REPLACED)
            (self._target / _PROGRESS).unlink()
            (self._target / LOCK).unlink()
        self._lock.close()
        return self._target

    def _check_target(self) -> None:
        if not os.path.lexists(self._target):
            return
        if not self._replace:
            raise InputError("path", "free", str(self._target), "Remove what is there, or ask for it to be replaced.")
        if not is_checked_store(self._target):
            raise InputError("path", "free, or a store to be replaced", str(self._target), "Something else is there.")

    def _begin(self, may_differ: tuple[str, ...]) -> None:
        """Find out what is there already, and note what is to be."""
        plan = {"format": FORMAT, "provenance": self._provenance, **self._layout.to_dict()}
        progress = self._partial / _PROGRESS
        remedy = f"Remove {self._partial} to begin anew."
        if progress.exists():
            first, *lines = read_bytes(progress, 2 * LARGEST_METADATA).decode("ascii", "replace").split("\n")
            begun = _parsed_plan(first, self._partial, remedy)
            _compare(begun, plan, may_differ, self._partial, remedy)
            self._provenance = plan["provenance"] = begun["provenance"]
            for line in lines[:-1]:  # the last is empty, or was not written to its end
                self._take(line)
        elif {entry.name for entry in self._partial.iterdir()} - {LOCK, _PROGRESS + NEW}:
            raise InputError("path", "without other things in its .partial folder", str(self._partial), remedy)
        text = [canonical_json(plan) + "\n", *(_progress_line(*item) for item in self._done.items())]
        put(progress, "".join(text).encode("ascii"))
        for name, column in self._layout.columns.items():
            (self._partial / name).mkdir(exist_ok=True)
            put(self._partial / name / "zarr.json", array_metadata(self._layout, column))

    def _take(self, line: str) -> None:
        """Count a chunk as done whose line says so and whose bytes are as it says."""
        number, *digests = line.split(" ")
        if number.isdigit() and len(digests) == len(self._layout.columns) and int(number) < self._layout.chunks:
            chunk = int(number)
            self._done.pop(chunk, None)
            if self._is_whole(chunk, digests):
                self._done[chunk] = digests

    def _is_whole(self, chunk: int, digests: list[str]) -> bool:
        for (name, column), digest in zip(self._layout.columns.items(), digests, strict=True):
            file = self._partial / chunk_file(name, column, chunk)
            if not file.is_file():
                return False
            size = self._layout.chunk_rows * column.row_bytes
            raw = read_bytes(file, size)
            if len(raw) != size or chunk_digest(name, chunk, raw) != digest:
                return False
        return True


def _check_values(name: str, column: Column, values: NDArray[Any], rows: int) -> None:
    shape = (rows, *column.shape)
    if values.shape != shape or values.dtype != np.dtype(column.kind):
        raise InputError(name, f"{column.kind} of shape {shape}", f"shape {values.shape} of {values.dtype.name}")
    if column.kind == "float64" and not np.isfinite(values).all():
        raise InputError(name, "finite numbers", float(values[~np.isfinite(values)][0]))


def _as_json(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """A copy as it reads back."""
    try:
        return json.loads(canonical_json(dict(provenance)))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError("provenance", "text, finite numbers, lists and dicts", provenance, f"{error}.") from None


def _progress_line(chunk: int, digests: list[str]) -> str:
    return " ".join([str(chunk), *digests]) + "\n"


def _parsed_plan(line: str, partial: Path, remedy: str) -> dict[str, Any]:
    try:
        plan = json.loads(line)
        Layout.from_dict(plan)
        if plan["format"] == FORMAT and isinstance(plan["provenance"], dict):
            return plan
    except (InputError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
        pass
    raise InputError("store", "one that was begun as this one", str(partial), f"Its .progress is damaged. {remedy}")


def _compare(
    begun: dict[str, Any], plan: dict[str, Any], may_differ: tuple[str, ...], partial: Path, hint: str
) -> None:
    """Refuse to go on with a store that was begun as another, and say what differs."""
    old, new = (dict(_flat(part.pop("provenance"))) | dict(_flat(part)) for part in ({**begun}, {**plan}))
    for field in sorted({*old, *new} - {*may_differ}):
        there, now = (part.get(field, "absent") for part in (old, new))
        if there != now:
            raise InputError(f"{field} of {partial.name}", f"{there} as it was begun", now, hint)


def _flat(content: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, str]]:
    """Fields by their names, those of dicts with a dot, and their values as JSON."""
    for name, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{start}{name}.")
        else:
            yield start + name, canonical_json(value)
